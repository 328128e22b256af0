"""The advice for one firm: what a page shows and a case keeps."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass

from advisor.domain.condition import Value
from advisor.domain.firm import Firm
from advisor.domain.instrument import Instrument
from advisor.domain.ladder import Climb, climb
from advisor.domain.matching import BestChange, Match, match
from advisor.domain.reasons import open_facts
from advisor.domain.ruleset import Check, RuleSet
from advisor.domain.stage import Model, StageEstimate
from advisor.domain.warning import FundChain, watch

QUESTIONS = 5


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """A fact that is not known, and how many undecided instruments wait for it."""

    fact: str
    decides: int


@dataclass(frozen=True, slots=True)
class Advice:
    """Everything said to one firm on one day, with the version of the rules that said it."""

    firm: Firm
    as_of: dt.date
    ruleset: RuleSet
    stage: StageEstimate
    size_class: Value | None
    fund_chain: FundChain
    ladder: Climb
    ladder_missing: tuple[str, ...]
    matches: tuple[Match, ...]
    best_change: BestChange | None
    questions: tuple[OpenQuestion, ...]
    checks: tuple[Check, ...]
    unusual: tuple[str, ...]
    """Facts whose value is far from what firms have, zero apart: perhaps a slip of unit."""
    not_in_force: tuple[Instrument, ...]


def advise(firm: Firm, day: dt.date, ruleset: RuleSet, model: Model | None = None) -> Advice:
    """Return the advice for a firm as of a day."""
    rules = ruleset.as_of(day)
    reading = rules.read(firm, day, model)
    matches, best = match(firm, day, reading, rules, model)
    titles = firm.facts.get("certs")
    step = climb(titles if isinstance(titles, tuple) else None, reading, rules.ladder, rules.fixed)  # type: ignore[arg-type]
    waiting = [] if isinstance(titles, tuple) or step.suppressed is not None else ["certs"]
    waiting += [fact for c in step.unknown for fact in open_facts(c.condition, reading.known, rules.catalogue)]
    asked = Counter(fact for found in matches if not found.watch for fact in found.missing if fact not in firm.facts)
    tier = {fact: rules.catalogue.facts[fact].tier for fact in asked}
    worth: Counter[str] = Counter()
    for found in matches:
        if not found.watch and found.suitability is not None:
            worth.update(dict.fromkeys(found.missing, found.suitability.score))
    first = sorted(asked, key=lambda fact: (-round(worth[fact], 6), tier[fact]))[:QUESTIONS]
    return Advice(
        firm=firm,
        as_of=day,
        ruleset=ruleset,
        stage=reading.stage,
        size_class=reading.known.get("size_class"),
        fund_chain=watch(reading, ruleset.warnings),  # type: ignore[arg-type]
        ladder=step,
        ladder_missing=tuple(dict.fromkeys(waiting)),
        matches=matches,
        best_change=best,
        questions=tuple(OpenQuestion(fact, asked[fact]) for fact in first),
        checks=tuple(check for check in ruleset.checks if reading[check.condition] is True),
        unusual=tuple(name for name, value in firm.facts.items() if rules.catalogue.facts[name].is_unusual(value)),
        not_in_force=ruleset.not_in_force(day),
    )
