"""Conditions over a table: numbers and single tests as Polars expressions, yes and no as bits.

The third reading of a condition beside `condition.value` and `program.Program`; the tests hold them together. Trees are
put into a graph (graph.py) first, so that each distinct part is worked out once. A part that is used more than once, or
asked for, becomes a column. The logic over the tests runs eight firms a byte (bits.py): there are far more `and`, `or` and
`not` than tests. Facts stand in the frame in engine form (cells.py): numbers as Float64, options as positions, lists of
options as bits, null for unknown.
"""

from __future__ import annotations

import functools
import operator
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from advisor.domain.condition import BOUND
from advisor.domain.facts import FactKind
from advisor.screening.bits import Truth, truth_of
from advisor.screening.graph import Graph, Part

DTYPES: Mapping[FactKind, type[pl.DataType]] = {
    "money": pl.Float64, "ratio": pl.Float64, "number": pl.Float64, "int": pl.Float64,
    "bool": pl.Boolean, "date": pl.Date, "text": pl.String, "choice": pl.UInt8, "choices": pl.UInt64,
}  # fmt: skip
"""How the facts of each kind stand in a frame."""
Whole = npt.NDArray[np.integer[Any]]

READ_TWICE = frozenset({"bounded", "divide_by_one", "min", "max", "sqrt", "in", "choice_if_known", "agreed"})
"""Operations whose expression names an argument more than once: it is to be a column first."""
LOGIC = frozenset({"and", "or", "not"})
WIDENING = frozenset({"+", "-", "*", "/", "divide_by_one", "neg", "abs", "min", "max", "choice", "choice_if_known", "agreed", "or_else"})
INLINE = frozenset({"fact", "constant", "word"})


class Reading:
    """What a table's firms give: words and numbers as columns, yes and no as bits, by the name of the output."""

    def __init__(self, frame: pl.DataFrame, truths: Mapping[int, Truth], outputs: Mapping[str, int], exprs: Mapping[int, pl.Expr]) -> None:
        self.height = frame.height
        self._truths, self._outputs = truths, outputs
        values = {name: exprs[number].alias(name) for name, number in outputs.items() if number not in truths}
        self._values = frame.with_columns(list(values.values())).select(list(values)) if values else pl.DataFrame(height=frame.height)

    def truth(self, name: str) -> Truth:
        """Return an output that says yes or no."""
        number = self._outputs[name]
        return self._truths[number] if number in self._truths else truth_of(self._values[name].cast(pl.Boolean))

    def column(self, name: str) -> pl.Series:
        """Return an output as a column."""
        number = self._outputs[name]
        return self._truths[number].column(self.height).alias(name) if number in self._truths else self._values[name]


@dataclass(slots=True)
class _Phase:
    """Some columns, level by level, and then some logic on them."""

    levels: dict[int, list[pl.Expr]] = field(default_factory=dict)
    to_bits: list[int] = field(default_factory=list)
    logic: list[int] = field(default_factory=list)
    to_columns: list[int] = field(default_factory=list)


class Columns:
    """Parts of a graph compiled for tables: call it with a frame of facts in engine form, get one column an output."""

    def __init__(self, outputs: Mapping[str, int], graph: Graph) -> None:
        self.outputs = dict(outputs)
        self._parts = graph.parts
        self._exprs: dict[int, pl.Expr] = {}
        self._phases: list[_Phase] = []
        self._plan()

    def __call__(self, facts: pl.DataFrame) -> pl.DataFrame:
        """Return the outputs for each row of a frame of facts."""
        reading = self.read(facts)
        return pl.DataFrame([reading.column(name) for name in self.outputs]) if self.outputs else pl.DataFrame(height=facts.height)

    def read(self, facts: pl.DataFrame) -> Reading:
        """Return what the firms of a frame give."""
        frame, truths = facts, dict[int, Truth]()
        for phase in self._phases:
            lazy = frame.lazy()
            for level in sorted(phase.levels):
                lazy = lazy.with_columns(phase.levels[level])
            if phase.levels:
                frame = lazy.collect(optimizations=pl.QueryOptFlags.none())
            for number in phase.to_bits:
                part = self._parts[number]
                truths[number] = truth_of(frame[part.detail if part.op == "fact" else _column(number)])
            for number in phase.logic:
                truths[number] = self._logic(number, truths, facts.height)
            if phase.to_columns:
                frame = frame.with_columns([truths[number].column(facts.height).alias(_column(number)) for number in phase.to_columns])
        return Reading(frame, truths, self.outputs, self._exprs)

    def _logic(self, number: int, truths: Mapping[int, Truth], height: int) -> Truth:
        part = self._parts[number]
        match part.op:
            case "constant":
                return Truth.constant(part.detail, height)
            case "not":
                return ~truths[part.args[0]]
            case "and":
                return Truth.all_of([truths[arg] for arg in part.args])
            case "or":
                return Truth.any_of([truths[arg] for arg in part.args])
            case "or_else":
                return truths[part.args[0]].or_else(truths[part.args[1]])
            case "unknown":
                return truths[part.args[0]].unknown()
            case _:
                raise NotImplementedError(part.op)

    # ------------------------------------------------------------ planning

    def _plan(self) -> None:
        alive, uses = self._alive()
        wanted = set(self.outputs.values())
        phase: dict[int, int] = {}
        level: dict[int, int] = {}
        read_as_bits: set[int] = set()
        read_as_column: set[int] = set()
        for number in alive:  # arguments have lower numbers than what is made of them
            part = self._parts[number]
            if self._is_logic(part):
                phase[number] = max((phase[arg] for arg in part.args), default=0)
                read_as_bits.update(part.args)
            else:
                phase[number] = max((phase[arg] + self._is_logic(self._parts[arg]) for arg in part.args), default=0)
                read_as_column.update(arg for arg in part.args if self._is_logic(self._parts[arg]))
        read_as_bits.update(number for number in wanted if self._parts[number].truth)
        self._phases = [_Phase() for _ in range(max(phase.values(), default=0) + 1)]
        for number in alive:
            part, here = self._parts[number], self._phases[phase[number]]
            if self._is_logic(part):
                here.logic.append(number)
                if number in read_as_column:
                    here.to_columns.append(number)
                self._exprs[number] = pl.col(_column(number))
                continue
            expr = self._expr(part)
            level[number] = max((level.get(arg, 0) for arg in part.args if phase[arg] == phase[number]), default=0)
            if part.op not in INLINE and (uses[number] > 1 or number in wanted or number in read_as_bits):
                level[number] += 1
                here.levels.setdefault(level[number], []).append(expr.alias(_column(number)))
                expr = pl.col(_column(number))
            if number in read_as_bits:
                here.to_bits.append(number)
            self._exprs[number] = expr

    def _alive(self) -> tuple[list[int], Counter[int]]:
        """Return the parts that the outputs rest on, and how often each is read."""
        uses: Counter[int] = Counter()
        alive = set(self.outputs.values())
        stack = list(alive)
        while stack:
            part = self._parts[stack.pop()]
            for arg in part.args:
                uses[arg] += 2 if part.op in READ_TWICE else 1
                if arg not in alive:
                    alive.add(arg)
                    stack.append(arg)
        return sorted(alive), uses

    def _is_logic(self, part: Part) -> bool:
        """Return whether a part is worked out on bits."""
        if part.op == "constant":
            return part.truth or part.detail is None
        return part.op in LOGIC or (part.op in ("or_else", "unknown") and self._parts[part.args[0]].truth)

    def _expr(self, part: Part) -> pl.Expr:
        args = [self._exprs[arg] for arg in part.args]
        if part.op in WIDENING and not part.small:  # else two bytes would run over
            args = [expr.cast(pl.Float64) if self._parts[arg].small else expr for arg, expr in zip(part.args, args, strict=True)]
        match part.op:
            case "constant":
                return _literal(part)
            case "word":
                return pl.lit(part.detail, dtype=pl.UInt8)
            case "fact":
                return pl.col(part.detail)
            case "<" | "<=" | ">" | ">=" | "==" | "!=" | "+" | "-":
                expr: pl.Expr = COMPARE[part.op](args[0], args[1])
                return expr
            case "*":
                return args[0] * args[1]
            case "/":
                return args[0] / args[1]
            case "divide_by_one":  # by one number Polars multiplies with its reciprocal, which rounds otherwise
                return args[0] / (args[0] * 0.0 + args[1])
            case "bounded":
                return pl.when(args[0].abs() < BOUND).then(args[0])  # NaN counts as the greatest
            case "neg":
                return -args[0]
            case "abs":
                return args[0].abs()
            case "sqrt":
                return pl.when(args[0] >= 0).then(args[0].sqrt())
            case "min":
                return functools.reduce(lambda a, b: pl.when(b < a).then(b).when(b >= a).then(a), args)
            case "max":
                return functools.reduce(lambda a, b: pl.when(b > a).then(b).when(b <= a).then(a), args)
            case "years_between":
                return pl.map_batches(args, _years_between, return_dtype=pl.Float64())
            case "prefix":
                return args[0].str.slice(0, int(self._parts[part.args[1]].detail))
            case "starts_with":
                return args[0].str.starts_with(args[1])
            case "in":
                return _is_in(args[0], part.detail)
            case "any_bit":
                return (args[0] & pl.lit(part.detail, dtype=pl.UInt64)) != 0
            case "all_bits":
                bits = pl.lit(part.detail, dtype=pl.UInt64)
                return (args[0] & bits) == bits
            case "or_else":
                return args[0].fill_null(args[1])
            case "unknown":
                return args[0].is_null()
            case "choice":
                return pl.when(args[0]).then(args[1]).otherwise(args[2])
            case "choice_if_known":
                condition, then, other, agreed = args
                return pl.when(condition).then(then).when(condition.is_null()).then(agreed).otherwise(other)
            case "agreed":
                return pl.when(args[0] == args[1]).then(args[0])
            case _:
                raise NotImplementedError(part.op)


COMPARE: Mapping[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
    "+": operator.add, "-": operator.sub,
}  # fmt: skip


def _column(number: int) -> str:
    return f"@{number}"


def _literal(part: Part) -> pl.Expr:
    if part.small:
        return pl.lit(int(part.detail), dtype=pl.Int16)
    if isinstance(part.detail, int | float) and not isinstance(part.detail, bool):
        return pl.lit(float(part.detail))
    return pl.lit(part.detail)


def _is_in(have: pl.Expr, wanted: tuple[Any, ...]) -> pl.Expr:
    if not wanted:
        return pl.when(have.is_not_null()).then(pl.lit(False))
    if isinstance(wanted[0], int):
        return functools.reduce(operator.or_, (have == pl.lit(place, dtype=pl.UInt8) for place in wanted))
    return functools.reduce(operator.or_, (have == pl.lit(word) for word in wanted))


def _years_between(days: Sequence[pl.Series]) -> pl.Series:
    """Return what `dates.years_between` does; where the end is one day, each start is worked out once."""
    known = days[0].is_not_null() & days[1].is_not_null() & (days[1] >= days[0])
    start, end = (day.cast(pl.Int32).fill_null(0).to_numpy() for day in days)
    if len(end) == 1 and len(start) and len(start) > (span := int(np.ptp(start)) + 1):
        years = _years(np.arange(span, dtype=np.int64) + start.min(), end)[start - start.min()]
    else:
        years = _years(start, end)
    found = pl.Series(days[0].name, years, dtype=pl.Float64)
    return found if known.all() else found.set(~known, None)


def _years(start: Whole, end: Whole) -> npt.NDArray[np.float64]:
    """Return the years between days, in whole numbers: a day that a month lacks is the first of the next by itself."""
    year, month, day = _calendar(start)
    this_year, *rest = _calendar(end)
    today = _day_number(this_year, *rest)
    whole = this_year - year
    whole = whole - (_day_number(year + whole, month, day) > today)
    since, until = (_day_number(year + whole + ahead, month, day) for ahead in (0, 1))
    years: npt.NDArray[np.float64] = whole + np.true_divide(today - since, until - since)
    return years


def _calendar(days: Whole) -> tuple[Whole, Whole, Whole]:
    """Return year, month and day of the month of days counted from 1970."""
    dates = days.astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    whole_months = months.astype(np.int64)
    return whole_months // 12 + 1970, whole_months % 12 + 1, (dates - months).astype(np.int64) + 1


def _day_number(year: Whole, month: Whole, day: Whole) -> Whole:
    """Return the days since the first of March of the year 0, in the Gregorian calendar."""
    early = (month <= 2).astype(np.int64)
    year, month = year - early, month + 12 * early - 3
    days: Whole = day + (153 * month + 2) // 5 + 365 * year + year // 4 - year // 100 + year // 400
    return days
