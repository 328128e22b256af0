"""What a plan may draw: the judgements of `rules/plan.yaml`. Money in CNY, rates and shares as fractions a year or of 1."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from advisor.domain.condition import Node
from advisor.domain.instrument import Confidence, Cost, Family, Instrument
from advisor.domain.text import Text

Money = Literal["debt", "equity", "grant", "none"]
MONEY: tuple[Money, ...] = get_args(Money)
Band = tuple[float, float]
"""The lowest and the highest indicative price a year."""


@dataclass(frozen=True, slots=True)
class Ground:
    """A room in CNY and why it is drawn there: the first of `formulas` that can be worked out counts."""

    id: str
    label: Text
    formulas: tuple[Node, ...]
    reason: Text
    confidence: Confidence


@dataclass(frozen=True, slots=True)
class Room(Ground):
    """What the firm as a whole can carry of one kind of money; `spared` instruments do not count against it."""

    of: Money
    spared: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pool(Ground):
    """What stands behind single lines. One CNY of it carries `share`; a line belongs here when its rule reads the fact `asks`."""

    share: float
    asks: str | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """Where an instrument differs from what its family, rule and offer say; None where it does not."""

    money: Money | None = None
    purposes: tuple[str, ...] | None = None
    pool: str | None = None
    """The id of a pool, or "none"."""
    share: float | None = None
    adds_debt: bool = True
    limit: Node | None = None
    share_of_need: float = 1.0
    reason: Text | None = None


@dataclass(frozen=True, slots=True)
class OneOf:
    """Instruments of which a plan takes at most one."""

    id: str
    instruments: tuple[str, ...]
    reason: Text


@dataclass(frozen=True, slots=True)
class InterestRelief:
    """A subsidy on interest: `rate` of the loan a year for so many years, at most `most_cny` a year (None: no bound)."""

    id: str
    rate: float
    years: float
    most_cny: float | None = None


@dataclass(frozen=True, slots=True)
class Effort:
    """What the work weighs: a line, a paper (once, whoever asks for it), and a day until the last line decides."""

    line_cny: float
    document_cny: float
    day_cny: float


ORDINARY = Terms()


@dataclass(frozen=True, slots=True)
class PlanRules:
    """Everything `rules/plan.yaml` says."""

    within_days: int
    smallest_share: float
    most_lines: int
    longer: float
    unseen_limit_cny: float
    effort: Effort
    misfit: float
    idle: float
    rates: Mapping[Cost, Band]
    family_rates: Mapping[Family, Mapping[Cost, Band]]
    money: Mapping[Family, Money]
    rooms: tuple[Room, ...]
    pools: tuple[Pool, ...]
    unsecured: str
    terms: Mapping[str, Terms]
    one_of: tuple[OneOf, ...]
    reliefs: tuple[InterestRelief, ...]

    def terms_of(self, instrument: Instrument) -> Terms:
        """Return an instrument's own terms, or the ordinary ones."""
        return self.terms.get(instrument.id, ORDINARY)

    def money_of(self, instrument: Instrument) -> Money:
        """Return what kind of money an instrument brings."""
        return self.terms_of(instrument).money or self.money.get(instrument.family, "none")

    def band(self, instrument: Instrument) -> Band:
        """Return an instrument's indicative yearly price."""
        cost = instrument.offer.cost
        return self.family_rates.get(instrument.family, {}).get(cost) or self.rates[cost]

    def nodes(self) -> Iterator[Node]:
        """Yield every formula."""
        for ground in (*self.rooms, *self.pools):
            yield from ground.formulas
        yield from (terms.limit for terms in self.terms.values() if terms.limit is not None)
