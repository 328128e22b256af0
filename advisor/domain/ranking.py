"""Suitability: how well an instrument fits stage, purpose, amount and tenor, and what it costs in money, effort, time.

The formula stands in `docs/explanation/ranking.md`, its weights in `rules/ranking.yaml`. It is a weighted mean of
the parts that can be told; a part that is unknown is left out, never taken as zero.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log

from advisor.domain.condition import Known, Node
from advisor.domain.figures import to_four_places, total
from advisor.domain.instrument import Confidence, Cost, Family, Instrument, Status
from advisor.domain.stage import Stage

PARTS = ("stage", "purpose", "preferences", "amount", "tenor", "targeted", "cost", "effort", "lead_time", "confidence")


@dataclass(frozen=True, slots=True)
class Ranking:
    """Weights of the parts, values of the cost classes, and where effort and lead time count as best and worst."""

    weights: Mapping[str, float]
    purpose: Mapping[str, float]
    cost: Mapping[Cost, float]
    status: Mapping[Status, float]
    family: Mapping[Family, float]
    documents: tuple[float, float]
    lead_days: tuple[float, float]
    confidence: Mapping[Confidence, float]
    targeted: float
    """How many criteria that no other instrument has make an instrument fully targeted."""
    avoid_factor: float
    misfit: tuple[float, float]
    """Below the first share of amounts that meet, the score is cut by the second."""

    def __post_init__(self) -> None:
        assert set(self.weights) == set(PARTS)


@dataclass(frozen=True, slots=True)
class Suitability:
    """A number between 0 and 1, and the parts it is made of; a part that cannot be told is None."""

    score: float
    parts: Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class Standing:
    """The parts that are the same for every firm, the weight they have together, and their weighted sum."""

    parts: Mapping[str, float]
    weight: float
    score: float


def standing_parts(instrument: Instrument, shares: Mapping[Node, float], ranking: Ranking) -> Standing:
    """Return the parts that are the same for every firm.

    `shares` says for each hard condition which share of all instruments asks it. A condition that only one
    asks counts 1, one that all ask counts 0, in between by the logarithm: what was made for firms like this one
    stands before what is open to everybody.
    """
    rarest = log(min(shares.values(), default=1.0))
    special = sum(log(shares[criterion.condition]) / rarest for criterion in instrument.having("hard")) if rarest else 0.0
    parts = {
        "targeted": min(1.0, special / ranking.targeted),
        "cost": ranking.cost[instrument.offer.cost],
        "effort": _falling(len(instrument.documents), ranking.documents),
        "lead_time": _falling(sum(instrument.lead_days) / 2, ranking.lead_days),
        "confidence": ranking.confidence[instrument.confidence],
    }
    weights = ranking.weights
    return Standing(parts, sum(weights[part] for part in parts), sum(weights[part] * share for part, share in parts.items()))


def suitability(
    instrument: Instrument,
    standing: Standing,
    known: Known,
    probabilities: Mapping[Stage, float],
    preferences: Sequence[bool | None],
    avoided: int,
    ranking: Ranking,
) -> Suitability:
    """Return how well an instrument suits a firm.

    `standing` are its parts that are the same for every firm, `preferences` the verdicts on the criteria of the
    role prefer; `avoided` counts the reasons of the role avoid that hold.
    """
    offer = instrument.offer
    held = [verdict for verdict in preferences if verdict is not None]
    parts: dict[str, float | None] = {
        "stage": total(probabilities[stage] for stage in instrument.stages),
        "purpose": _purpose(known.get("purposes"), instrument.purposes, ranking.purpose),
        "preferences": sum(held) / len(held) if held else None,
        "amount": _inside(known.get("need_cny"), offer.min_cny, offer.max_cny),
        "tenor": _inside(known.get("need_months"), offer.min_months, offer.max_months),
    }
    weights, weight, score = ranking.weights, standing.weight, standing.score
    for part, share in parts.items():
        if share is not None:
            weight += weights[part]
            score += weights[part] * share
    parts.update(standing.parts)
    score *= ranking.family.get(instrument.family, 1.0) * ranking.status.get(instrument.status, 1.0) * ranking.avoid_factor**avoided
    if parts["amount"] is not None and parts["amount"] < ranking.misfit[0]:
        score *= ranking.misfit[1]
    return Suitability(to_four_places(score / weight), parts)


def _purpose(wanted: object, served: tuple[str, ...], value: Mapping[str, float]) -> float | None:
    """Return how well the purposes served meet those wanted: any at all, how many of them, and how exactly."""
    if not isinstance(wanted, tuple) or not wanted:
        return None
    counted = [*wanted, wanted[0]]  # the purpose named first counts double
    shared = len(set(wanted) & set(served))
    if not shared:
        return 0.0
    coverage = sum(purpose in served for purpose in counted) / len(counted)
    return value["any"] + value["coverage"] * coverage + value["focus"] * shared / len(served)


def _inside(need: object, low: float | None, high: float | None) -> float | None:
    """Return 1 when a need lies inside the bounds, less the further it lies outside; None when nothing is known."""
    if not isinstance(need, int | float) or need <= 0 or (low is None and high is None):
        return None
    if high is not None and need > high:
        return high / need
    return need / low if low is not None and need < low else 1.0


def _falling(amount: float, bounds: tuple[float, float]) -> float:
    """Return 1 at or below the first bound, 0 at or above the second, straight between."""
    best, worst = bounds
    return min(1.0, max(0.0, (worst - amount) / (worst - best)))
