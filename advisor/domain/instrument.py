"""An instrument: a way to finance, or a support that changes financing, with the criteria a firm must meet.

Instruments and criteria are compared by identity: each is one place in the rule files.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, get_args

from advisor.domain.condition import Node, all_of, any_of, negated
from advisor.domain.errors import NOWHERE, Place
from advisor.domain.stage import Stage
from advisor.domain.text import Text

Family = Literal["equity", "loan", "bond", "listing", "guarantee", "leasing", "subsidy", "rescue", "service"]
FAMILIES: tuple[Family, ...] = get_args(Family)
Status = Literal["live", "pilot", "expiring", "proposed"]
Confidence = Literal["verified", "recalled", "assumed"]
Origin = Literal["policy", "practice", "estimate"]
Role = Literal["hard", "any_of", "exclude", "prefer", "avoid"]
Cost = Literal["earns", "free", "low", "market", "high", "dilution"]
Scope = Literal["national", "chongqing", "district"]
SourceKind = Literal["official", "media", "repost", "secondary"]


@dataclass(frozen=True, slots=True)
class Validity:
    """The first and last day a rule holds; None means that no bound is known."""

    first: dt.date | None = None
    last: dt.date | None = None

    def __contains__(self, day: dt.date) -> bool:
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)


@dataclass(frozen=True, slots=True)
class Source:
    """A page on which a rule was seen."""

    id: str
    title: Text
    kind: SourceKind
    url: str | None = None

    @property
    def shown(self) -> bool:
        """Whether owners may be sent there: official and media addresses only."""
        return self.url is not None and self.kind in ("official", "media")


@dataclass(frozen=True, slots=True)
class Basis:
    """The document a rule rests on; `date` may be a year, a month or a day."""

    title: Text
    issuer: Text
    doc_no: str | None = None
    date: str | None = None
    effective: Text | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """What is offered: amounts in CNY, tenors in months; None means that no bound is known."""

    price: Text
    security: Text
    cost: Cost
    min_cny: float | None = None
    max_cny: float | None = None
    amount_note: Text | None = None
    min_months: int | None = None
    max_months: int | None = None
    tenor_note: Text | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Criterion:
    """A condition of an instrument: what it decides (role) and who says so (origin).

    `route` groups the criteria of `any_of`; `reason` says why a good banker would not offer it (role avoid).
    """

    role: Role
    condition: Node
    origin: Origin
    route: str | None = None
    title: Text | None = None
    reason: Text | None = None
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Instrument:
    """One instrument as its rules stand during `validity`."""

    id: str
    family: Family
    name: Text
    summary: Text
    stages: tuple[Stage, ...]
    purposes: tuple[str, ...]
    core: bool
    scope: Scope
    status: Status
    confidence: Confidence
    caveat: Text
    provider: Text
    apply_at: Text
    offer: Offer
    documents: tuple[str, ...]
    lead_days: tuple[int, int]
    criteria: tuple[Criterion, ...]
    basis: tuple[Basis, ...] = ()
    sources: tuple[str, ...] = ()
    validity: Validity = field(default_factory=Validity)
    history: Text | None = None
    other_version: bool = False
    """Whether this version is not the one the file describes first: an older or a later one."""

    examples: tuple[Example, ...] = field(default=(), repr=False)

    def having(self, role: Role) -> tuple[Criterion, ...]:
        """Return the criteria of one role."""
        return tuple(criterion for criterion in self.criteria if criterion.role == role)

    @cached_property
    def rule(self) -> Node:
        """Eligibility as one condition: every hard one, at least one route, no exclusion."""
        parts = [criterion.condition for criterion in self.having("hard")]
        routes = [criterion.condition for criterion in self.having("any_of")]
        if routes:
            parts.append(any_of(routes))
        parts += [negated(criterion.condition) for criterion in self.having("exclude")]
        return all_of(parts)


Eligibility = Literal["eligible", "ineligible", "undetermined"]


def eligibility(verdict: bool | None) -> Eligibility:
    """Return the word for a verdict."""
    return "undetermined" if verdict is None else "eligible" if verdict else "ineligible"


@dataclass(frozen=True, slots=True)
class Example:
    """A firm and the verdict that the rule's author expects for it."""

    firm: dict[str, object]
    expect: Eligibility
    as_of: dt.date
    why: Text
    place: Place = field(default=NOWHERE, compare=False)
    """Where it is written."""
