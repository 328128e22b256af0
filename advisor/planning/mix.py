"""The mix of least burden among candidate lines: a small mixed-integer programme.

The gap is made as small as it can be; among mixes with that gap, the burden is. With y whether a line is drawn and
x how much of it,

    low y <= x <= high y,   sum x + gap = need,   sum y <= most lines,
    sum weight x <= room              for every cap,
    sum y <= 1                        for every exclusion,
    relief <= rate (sum x of its loans),   relief <= most z,   z whether it is drawn,
    burden = sum price x - sum relief + effort for lines, for papers (once each) and for the longest wait
             + a weight for each purpose that no line serves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp  # type: ignore[import-untyped]

from advisor.planning.rules import Effort

SCALE = 10_000.0
"""The programme counts in ten thousand CNY: figures near 1 suit its tolerances."""
SAME_GAP_CNY = 0.05
"""Gaps this near are the same; amounts are then said in whole CNY."""


@dataclass(frozen=True, slots=True)
class Line:
    """One instrument as a candidate: the amounts it comes in (CNY), the burden of each CNY over the whole need, papers, days.

    Its least amount is above 0, or it could serve a purpose with nothing.
    """

    id: str
    low: float
    high: float
    price: float
    documents: tuple[str, ...] = ()
    days: int = 0


@dataclass(frozen=True, slots=True)
class Cap:
    """What several lines may draw together: the sum of weight times amount is at most `room` CNY."""

    id: str
    room: float
    weights: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Relief:
    """What comes back on the amounts of some lines: `rate` of each CNY over the whole need, at most `most` CNY."""

    id: str
    rate: float
    most: float
    on: tuple[str, ...]
    documents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Lines and reliefs of which at most one is drawn."""

    id: str
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Task:
    """A need in CNY and everything that may meet it. Members of caps, reliefs and exclusions that are no candidates are passed over."""

    need: float
    lines: tuple[Line, ...]
    most_lines: int
    effort: Effort
    caps: tuple[Cap, ...] = ()
    reliefs: tuple[Relief, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()
    purposes: tuple[tuple[str, ...], ...] = ()
    """For each purpose, the lines that serve it."""
    idle_cny: float = 0.0
    """What a purpose weighs that no line serves."""


@dataclass(frozen=True, slots=True)
class Mix:
    """What is drawn of each line and relief (CNY), what stays uncovered, and the burden over the whole need."""

    amounts: Mapping[str, float]
    reliefs: Mapping[str, float]
    gap: float
    burden: float


def best_mix(task: Task, without: Sequence[frozenset[str]] = ()) -> Mix:
    """Return the mix of smallest gap and then least burden; of each set in `without`, at least one line is left out."""
    program = _Program(task, without)
    least = program.solve(program.gap_only())
    gap = float(least[program.gap])
    found = program.solve(program.burden(), gap + SAME_GAP_CNY / SCALE)
    return program.mix(found)


class _Program:
    """The columns (amounts, drawn, reliefs, drawn, papers, purposes not served, wait, gap) and rows of a task."""

    def __init__(self, task: Task, without: Sequence[frozenset[str]]) -> None:
        self.task = task
        lines, reliefs = len(task.lines), len(task.reliefs)
        self.choices: tuple[Line | Relief, ...] = (*task.lines, *task.reliefs)
        papers = tuple(dict.fromkeys(paper for one in self.choices for paper in one.documents))
        self.amount = {line.id: place for place, line in enumerate(task.lines)}
        self.relief = {relief.id: 2 * lines + place for place, relief in enumerate(task.reliefs)}
        self.drawn = {one: place + lines for one, place in self.amount.items()} | {one: place + reliefs for one, place in self.relief.items()}
        self.paper = {paper: 2 * (lines + reliefs) + place for place, paper in enumerate(papers)}
        self.idle = range(2 * (lines + reliefs) + len(papers), 2 * (lines + reliefs) + len(papers) + len(task.purposes))
        self.wait = self.idle.stop
        self.gap = self.wait + 1
        self.rows: list[dict[int, float]] = []
        self.lows: list[float] = []
        self.highs: list[float] = []
        self._write(without)

    def _row(self, weights: Mapping[int, float], high: float, low: float = -np.inf) -> None:
        self.rows.append(dict(weights))
        self.lows.append(low)
        self.highs.append(high)

    def _write(self, without: Sequence[frozenset[str]]) -> None:
        task, amount, drawn = self.task, self.amount, self.drawn
        need = task.need / SCALE
        self._row({**dict.fromkeys(amount.values(), 1.0), self.gap: 1.0}, need, need)
        self._row({drawn[line.id]: 1.0 for line in task.lines}, task.most_lines)
        for line in task.lines:
            at, used = amount[line.id], drawn[line.id]
            self._row({at: 1.0, used: -min(line.high, task.need) / SCALE}, 0.0)
            self._row({at: -1.0, used: line.low / SCALE}, 0.0)
            self._row({used: float(line.days), self.wait: -1.0}, 0.0)
        for one in self.choices:
            for paper in one.documents:
                self._row({drawn[one.id]: 1.0, self.paper[paper]: -1.0}, 0.0)
        for cap in task.caps:
            self._row({amount[name]: weight for name, weight in cap.weights.items() if name in amount}, cap.room / SCALE)
        for relief in task.reliefs:
            at = self.relief[relief.id]
            self._row({at: 1.0, **{amount[name]: -relief.rate for name in relief.on if name in amount}}, 0.0)
            self._row({at: 1.0, drawn[relief.id]: -min(relief.most, relief.rate * task.need) / SCALE}, 0.0)
        for exclusion in task.exclusions:
            self._row({drawn[name]: 1.0 for name in exclusion.members if name in drawn}, 1.0)
        for at, serving in zip(self.idle, task.purposes, strict=True):
            self._row({at: -1.0, **{drawn[name]: -1.0 for name in serving if name in drawn}}, -1.0)
        for chosen in without:
            self._row({drawn[name]: 1.0 for name in chosen}, len(chosen) - 1.0)

    def gap_only(self) -> np.ndarray:
        """Return the objective that counts the gap alone."""
        cost = np.zeros(self.gap + 1)
        cost[self.gap] = 1.0
        return cost

    def burden(self) -> np.ndarray:
        """Return the objective that counts prices, reliefs and effort."""
        cost, effort = np.zeros(self.gap + 1), self.task.effort
        for line in self.task.lines:
            cost[self.amount[line.id]] = line.price
            cost[self.drawn[line.id]] = effort.line_cny / SCALE
        cost[list(self.relief.values())] = -1.0
        cost[list(self.paper.values())] = effort.document_cny / SCALE
        cost[list(self.idle)] = self.task.idle_cny / SCALE
        cost[self.wait] = effort.day_cny / SCALE
        return cost

    def solve(self, cost: np.ndarray, most_gap: float = np.inf) -> np.ndarray:
        """Return the columns of the best solution, with a gap of at most `most_gap` ten thousand CNY."""
        columns = self.gap + 1
        matrix = np.zeros((len(self.rows), columns))
        for row, weights in enumerate(self.rows):
            matrix[row, list(weights)] = list(weights.values())
        whole = np.zeros(columns)
        whole[list(self.drawn.values())] = 1
        high = np.full(columns, np.inf)
        high[list(self.drawn.values())] = 1.0
        high[self.gap] = most_gap
        found = milp(
            cost, constraints=LinearConstraint(matrix, self.lows, self.highs), integrality=whole,
            bounds=Bounds(0.0, high), options={"mip_rel_gap": 0.0},
        )  # fmt: skip
        assert found.x is not None, found.message  # nothing drawn and all of it a gap is always allowed
        columns_found: np.ndarray = found.x
        return columns_found

    def mix(self, found: np.ndarray) -> Mix:
        """Return a solution in whole CNY, what is not drawn left out."""

        def drawn(places: Mapping[str, int]) -> dict[str, float]:
            found_cny = {name: float(round(found[at] * SCALE)) for name, at in places.items() if found[self.drawn[name]] > 0.5}
            return {name: cny for name, cny in found_cny.items() if cny > 0}

        amounts = drawn(self.amount)
        gap = self.task.need - sum(amounts.values())
        return Mix(amounts, drawn(self.relief), gap if gap > len(amounts) else 0.0, float(self.burden() @ found) * SCALE)
