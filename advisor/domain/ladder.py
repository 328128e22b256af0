"""The ladder of titles: tech SME, innovative SME, HNTE, SRDI, little giant, champion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from advisor.domain.condition import Node, Value
from advisor.domain.instrument import Basis, Confidence, Criterion, Validity
from advisor.domain.text import Text


@dataclass(frozen=True, slots=True)
class Rung:
    """One title and what it takes, as the rules stand during `validity`."""

    id: str
    name: Text
    authority: Text
    criteria: tuple[Criterion, ...]
    covered_by: tuple[str, ...]
    """Higher titles that make this one pointless to seek."""
    unlocks: tuple[str, ...]
    valid_years: int | None
    confidence: Confidence
    caveat: Text
    basis: tuple[Basis, ...] = ()
    extra: Text | None = None
    """What the rules also ask and no fact covers."""
    validity: Validity = field(default_factory=Validity)


@dataclass(frozen=True, slots=True)
class LadderRules:
    """The rungs from low to high, all versions, and when no next rung is named."""

    rungs: tuple[Rung, ...]
    suppress: tuple[tuple[Node, Text], ...]
    near_misses: int
    """Up to this many unmet criteria a rung counts as near."""

    def conditions(self) -> tuple[Node, ...]:
        """Return every condition to be compiled."""
        rungs = [criterion.condition for rung in self.rungs for criterion in rung.criteria]
        return (*rungs, *(condition for condition, _ in self.suppress))


@dataclass(frozen=True, slots=True)
class Climb:
    """Where a firm stands on the ladder.

    `unmet` are the criteria of the next rung that fail; `unknown` those that need answers.
    """

    held: tuple[Rung, ...] | None
    """None where the firm has not said which titles it holds."""
    next: Rung | None
    unmet: tuple[Criterion, ...]
    unknown: tuple[Criterion, ...]
    near: bool
    suppressed: Text | None


def climb(held: tuple[str, ...] | None, states: Mapping[Node, Value | None], rules: LadderRules, fixed: frozenset[Node]) -> Climb:
    """Return the rungs held, the next one, and what is missing for it.

    The next rung is the lowest that is not held, not covered by a held one, and not out of reach for good
    (a condition in `fixed`, which no firm can change, is false).
    """
    titles = held or ()
    holding = None if held is None else tuple(rung for rung in rules.rungs if rung.id in titles)
    for condition, text in rules.suppress:
        if states[condition] is True:
            return Climb(holding, None, (), (), False, text)
    for rung in rules.rungs:
        if rung.id in titles or any(title in titles for title in rung.covered_by):
            continue
        if any(c.condition in fixed and states[c.condition] is False for c in rung.criteria):
            continue
        unmet = tuple(c for c in rung.criteria if states[c.condition] is False)
        unknown = tuple(c for c in rung.criteria if states[c.condition] is None)
        return Climb(holding, rung, unmet, unknown, len(unmet) <= rules.near_misses, None)
    return Climb(holding, None, (), (), False, None)
