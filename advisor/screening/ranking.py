"""The best instruments of each firm of a table: `domain.ranking.suitability` over columns, step by step the same.

Only what a firm may apply for is scored, so the work follows the number of open instruments, not that of all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from advisor.domain.facts import Catalogue
from advisor.domain.ranking import Ranking
from advisor.domain.ruleset import Plan

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.intp]
Whole = npt.NDArray[np.integer[Any]]

_PURPOSE, _AMOUNT, _TENOR = 1, 2, 4
"""What a firm has told, as bits of a code."""
_PLACES = 10_000
_MOST_PURPOSES = 65
_ID_BITS, _SCORE_BITS = 12, 0x3FFF
_FIRST = 1 << 27
"""Set in the key of an instrument that is not put last."""


class Wishes(NamedTuple):
    """What a firm needs: amount in CNY and tenor in months (NaN where unknown), purposes as bits with the first by position."""

    amount: Floats
    tenor: Floats
    purposes: npt.NDArray[np.uint64]
    first: npt.NDArray[np.uint8]

    def rows(self, start: int, end: int) -> Wishes:
        """Return the wishes of some rows."""
        return Wishes(self.amount[start:end], self.tenor[start:end], self.purposes[start:end], self.first[start:end])


FIRST_PURPOSE = "purposes.first"
"""The column beside the bits of `purposes`: the position of the one named first."""


def wishes_of(facts: pl.DataFrame) -> Wishes:
    """Return what the firms of a frame of facts need."""

    def numbers(name: str) -> Floats:
        if name not in facts.columns:
            return np.full(facts.height, np.nan)
        return facts[name].fill_null(np.nan).to_numpy()

    def codes(name: str, dtype: type[np.uint64] | type[np.uint8]) -> npt.NDArray[Any]:
        if name not in facts.columns:
            return np.zeros(facts.height, dtype=dtype)
        return facts[name].fill_null(0).to_numpy().astype(dtype, copy=False)

    return Wishes(numbers("need_cny"), numbers("need_months"), codes("purposes", np.uint64), codes(FIRST_PURPOSE, np.uint8))


class _Told:
    """The wishes of a block made ready: which of purposes, amount and tenor each firm has told, and harmless values where not."""

    def __init__(self, wishes: Wishes) -> None:
        with np.errstate(invalid="ignore"):
            amount, tenor = wishes.amount > 0, wishes.tenor > 0
        self.amount, self.tenor = np.where(amount, wishes.amount, 1.0), np.where(tenor, wishes.tenor, 1.0)
        self.purposes, self.first = wishes.purposes, wishes.first
        self.named = np.bitwise_count(wishes.purposes).astype(np.int16)
        self.code = ((self.named > 0) * _PURPOSE + amount * _AMOUNT + tenor * _TENOR).astype(np.int8)


class Ranker:
    """Puts the open instruments of each firm in order, those first that can score most: the others often need no scoring."""

    def __init__(self, plans: Sequence[Plan], ranking: Ranking, catalogue: Catalogue) -> None:
        self.plans, self.ranking = plans, ranking
        options = tuple(catalogue.facts["purposes"].options)
        self._served = [sum(1 << options.index(purpose) for purpose in plan.instrument.purposes) for plan in plans]
        self._first_served = [np.array([served >> place & 1 for place in range(_MOST_PURPOSES)], dtype=np.int16) for served in self._served]
        self._fits = {count: self._fit_table(count) for count in {len(plan.instrument.purposes) for plan in plans}}
        by_id = sorted(range(len(plans)), key=lambda position: plans[position].instrument.id, reverse=True)
        self._by_id = np.array(by_id, dtype=np.int16)
        self._id_place = [by_id.index(position) for position in range(len(plans))]
        self._most = [self._highest_score(plan) for plan in plans]
        self._order = sorted(range(len(plans)), key=lambda position: -self._most[position])

    def best(
        self,
        top: int,
        height: int,
        open_now: Sequence[Rows],
        last: Sequence[Bools | None],
        stages: Mapping[tuple[str, ...], Floats],
        wishes: Wishes,
        preferred: Sequence[Sequence[tuple[Bools, Bools]]],
        avoided: Sequence[Sequence[Bools]],
    ) -> tuple[npt.NDArray[np.int16], Floats]:
        """Return for each of `top` ranks and `height` firms the position of an instrument, -1 for none, and its suitability.

        By instrument: the rows where it is open, where it is put last, for each preference whether it holds and whether that
        is known, and each reason against it. `stages` holds the probability of each set of stages.
        """
        told = _Told(wishes)
        kept = np.full((top, height), -1, dtype=np.int32)
        for position in self._order:
            rows = open_now[position]
            place = self._id_place[position]
            rows = rows[kept[-1][rows] < (_FIRST | self._most[position] << _ID_BITS | place)]
            if not len(rows):
                continue
            stage = stages[self.plans[position].instrument.stages]
            key = (self._scores(position, rows, stage, told, preferred[position], avoided[position]) << _ID_BITS) | place
            demoted = last[position]
            key |= _FIRST if demoted is None else np.where(demoted[rows], 0, _FIRST)
            better = key > kept[-1][rows]
            _insert(kept, rows[better], key[better].astype(np.int32))
        there = kept >= 0
        instruments = np.where(there, self._by_id[np.where(there, kept, 0) & (1 << _ID_BITS) - 1], -1).astype(np.int16)
        scores = np.where(there, (kept >> _ID_BITS & _SCORE_BITS) / _PLACES, np.nan)
        return instruments, scores

    def _highest_score(self, plan: Plan) -> int:
        """Return a bound that no firm's score passes, in ten-thousandths: as if all that is told of a firm fitted fully."""
        ranking, standing = self.ranking, plan.standing
        told = sum(ranking.weights.values()) - standing.weight
        factor = ranking.family.get(plan.instrument.family, 1.0) * ranking.status.get(plan.instrument.status, 1.0)
        return int((standing.score + told) / (standing.weight + told) * factor * _PLACES) + 1

    def _scores(
        self, position: int, rows: Rows, stage: Floats, told: _Told, preferred: Sequence[tuple[Bools, Bools]], avoided: Sequence[Bools]
    ) -> Whole:
        """Return the suitability in ten-thousandths, in the order of steps of `domain.ranking.suitability`.

        A part that cannot be told adds 0 to score and weight, which changes neither.
        """
        ranking, plan = self.ranking, self.plans[position]
        weights, offer, code = ranking.weights, plan.instrument.offer, told.code[rows]
        score: Any = plan.standing.score + weights["stage"] * stage[rows]
        score += weights["purpose"] * self._purpose(position, rows, told)
        held = _preferences(rows, preferred)
        if held is not None:
            score += weights["preferences"] * np.where(np.isnan(held), 0.0, held)
        amount = _inside(told.amount[rows], offer.min_cny, offer.max_cny)
        if amount is not None:
            amount[code & _AMOUNT == 0] = 0.0
            score += weights["amount"] * amount
        tenor = _inside(told.tenor[rows], offer.min_months, offer.max_months)
        if tenor is not None:
            tenor[code & _TENOR == 0] = 0.0
            score += weights["tenor"] * tenor
        factor = ranking.family.get(plan.instrument.family, 1.0) * ranking.status.get(plan.instrument.status, 1.0)
        if avoided:
            counts = sum(reason[rows].astype(np.intp) for reason in avoided)
            score *= (factor * np.array([ranking.avoid_factor**count for count in range(len(avoided) + 1)]))[counts]
        else:
            score *= factor * ranking.avoid_factor**0
        if amount is not None:
            low = (amount < ranking.misfit[0]) & (code & _AMOUNT != 0)
            score[low] *= ranking.misfit[1]
        if held is None:
            weight = self._weights(position, amount is not None, tenor is not None, held=False)[code]
        else:
            both = [self._weights(position, amount is not None, tenor is not None, held=known) for known in (False, True)]
            weight = np.where(np.isnan(held), both[0][code], both[1][code])
        score /= weight
        score *= _PLACES
        score += 0.5
        found: Whole = score.astype(np.int32)
        return found

    def _weights(self, position: int, amount: bool, tenor: bool, *, held: bool) -> Floats:
        """Return the weight of what is told, by the code of what a firm has told."""
        weights, start = self.ranking.weights, self.plans[position].standing.weight + self.ranking.weights["stage"]
        found = []
        for code in range(8):
            weight = start
            for part, is_told in (
                ("purpose", code & _PURPOSE), ("preferences", held), ("amount", amount and code & _AMOUNT), ("tenor", tenor and code & _TENOR)
            ):  # fmt: skip
                weight = weight + weights[part] if is_told else weight
            found.append(weight)
        return np.array(found)

    def _purpose(self, position: int, rows: Rows, told: _Told) -> Floats:
        """Return how well the purposes fit, looked up by how many are named, how many of them are served, and whether the first is."""
        shared = np.bitwise_count(told.purposes[rows] & np.uint64(self._served[position]))
        place = told.named[rows] * (2 * _MOST_PURPOSES) + shared + shared
        place += self._first_served[position][told.first[rows]]
        found: Floats = self._fits[len(self.plans[position].instrument.purposes)][place]
        return found

    def _fit_table(self, served: int) -> Floats:
        value = self.ranking.purpose
        found = np.zeros((_MOST_PURPOSES, _MOST_PURPOSES, 2))
        for named in range(1, _MOST_PURPOSES):
            for shared in range(1, named + 1):
                for first in (0, 1):
                    coverage = (shared + first) / (named + 1)
                    found[named, shared, first] = value["any"] + value["coverage"] * coverage + value["focus"] * shared / served
        return found.ravel()


def _insert(kept: npt.NDArray[np.int32], rows: Rows, keys: npt.NDArray[np.int32]) -> None:
    """Put new keys among the largest of their rows, which stand in descending order."""
    for rank in range(len(kept)):
        here = kept[rank][rows]
        kept[rank][rows] = np.maximum(here, keys)
        keys = np.minimum(here, keys)


def _preferences(rows: Rows, preferred: Sequence[tuple[Bools, Bools]]) -> Floats | None:
    if not preferred:
        return None
    held, told = (np.array([pair[place][rows] for pair in preferred]).sum(axis=0) for place in (0, 1))
    with np.errstate(invalid="ignore"):
        share: Floats = np.true_divide(held, told)
    return share


def _inside(need: Floats, low: float | None, high: float | None) -> Floats | None:
    """Return 1 when a need lies inside the bounds, less the further it lies outside; None without bounds."""
    if low is None and high is None:
        return None
    share: Floats = np.ones_like(need) if high is None else high / need
    if low:
        np.minimum(share, need / low, out=share)
    np.minimum(share, 1.0, out=share)
    return share
