"""Conditions and formulas brought down to what every engine has."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Literal, assert_never

from advisor.domain.condition import AS_OF, BOUND, Choice, Constant, Formula, Junction, Name, Node, Test, children, value
from advisor.domain.errors import InputError, Problem
from advisor.domain.facts import Catalogue
from advisor.domain.notation import Kind
from advisor.domain.notation import text as written
from advisor.domain.text import Text
from advisor.screening.sql.sizes import Sizes


class Lowering:
    """Brings a node down to simpler ones; the same node always gives the same.

    Derived names become their formulas and the as-of date a constant. What holds no fact is worked out at once. A choice
    between verdicts becomes `or` of `and`; min and max take two; years_between is reckoned from years, months and days.
    Beside those of the language there are these formulas:

        unknown(kind)                 no value
        when(condition, value)        the value where the condition holds, else unknown
        bounded(number)               the number where it is smaller than BOUND in size, else unknown
        march_year, march_day(date)   the year that began on 1 March, and the day in it counted from 1
        days_before(march_year)       days before 1 March of a year
        anniversaries(y1, d1, y2, d2) whole years between two such days

    A quotient is plain and stands behind its guard, and so does a root.
    """

    def __init__(self, catalogue: Catalogue, derived: Mapping[str, Node], day: dt.date) -> None:
        self.catalogue, self.derived, self.day = catalogue, derived, day
        self._lowered: dict[Node, Node] = {}
        self._same: dict[Node, Node] = {}
        self._certain: dict[Node, bool] = {}
        self._size = Sizes()

    def __call__(self, node: Node) -> Node:
        """Return the node in simpler terms. Raises KeyError for a name that is neither derived nor in the catalogue."""
        found = self._lowered.get(node)
        if found is None:
            found = self._lowered[node] = self._kept(self._lower(node))
        return found

    def _kept(self, node: Node) -> Node:
        return self._same.setdefault(node, node)

    def _lower(self, node: Node) -> Node:
        if isinstance(node, Test) and isinstance(node.left, Name) and node.left.id in self.catalogue.derived:
            unfolded = self.catalogue.unfolded(node)
            if unfolded is not node and not isinstance(unfolded, Test):
                return self(unfolded)
        match node:
            case Constant(constant):
                return _unknown(None) if constant is None else node
            case Name(name):
                return Constant(self.day) if name == AS_OF else self(self.derived[name]) if name in self.derived else node
            case Formula("or_else", (value, other)):
                return self._or_else(self(value), self(other))
            case Formula(op, args):
                return self._settled(Formula(op, tuple(self(arg) for arg in args)), self._formula)
            case Test(op, left, right):
                return self._settled(Test(op, self(left), self(right)), self._test)
            case Junction(op, parts):
                return self._junction(op, tuple(self(part) for part in parts))
            case Choice(condition, then, other):
                return self._choice(self(condition), self(then), self(other))
            case _:
                assert_never(node)

    def _settled(self, node: Formula | Test, lower: Callable[..., Node]) -> Node:
        """Work out what holds no fact, or lower the rest."""
        if any(is_unknown(child) for child in children(node)):
            return _unknown(self.kind(node))
        if all(isinstance(child, Constant) for child in children(node)):
            said = value(node, {})
            return _unknown(self.kind(node)) if said is None else Constant(said)
        return self._kept(lower(node))

    def _formula(self, node: Formula) -> Node:
        match node:
            case Formula("*", _):
                return self._bounded(node)
            case Formula("/", (_, divisor)):
                if divisor == Constant(0):
                    return _unknown("number")
                quotient = self._bounded(node)
                return quotient if isinstance(divisor, Constant) else Formula("when", (Test("!=", divisor, Constant(0)), quotient))
            case Formula("sqrt", (number,)):
                return Formula("when", (Test(">=", number, Constant(0)), node))
            case Formula("min" | "max" as op, (one, two, *more)) if more:
                return self._formula(Formula(op, (self._kept(Formula(op, (one, two))), *more)))
            case Formula("years_between", (start, end)):
                return self._years_between(start, end)
            case Formula("prefix", (_, length)) if not isinstance(length, Constant):
                raise _not_in_sql(node)
        return node

    def _bounded(self, node: Node) -> Node:
        return node if self._size(node).most < BOUND else Formula("bounded", (node,))

    def _years_between(self, start: Node, end: Node) -> Node:
        def part(op: str, day: Node) -> Node:
            return Constant(float(_CALENDAR[op](day.value))) if isinstance(day, Constant) else self._kept(Formula(op, (day,)))

        def combined(op: str, *args: Node) -> Node:
            return self._kept(Formula(op, args))

        first_year, first_day, last_year, last_day = (part(op, day) for day in (start, end) for op in ("march_year", "march_day"))
        whole = combined("anniversaries", first_year, first_day, last_year, last_day)
        year = combined("+", first_year, whole)
        begun, following = part("days_before", year), part("days_before", combined("+", year, Constant(1)))
        days = combined("-", combined("+", part("days_before", last_year), last_day), combined("+", begun, first_day))
        years = combined("+", whole, combined("/", days, combined("-", following, begun)))
        return Formula("when", (self._kept(Test(">=", end, start)), years))

    def _test(self, node: Test) -> Node:
        match node:
            case Test("==" | "!=", left, Constant(bool() as wanted)):
                return left if wanted is (node.op == "==") else self._junction("not", (left,))
            case Test("has_any" | "has_all" | "in", _, right) if not isinstance(right, Constant):
                raise _not_in_sql(node)
        return node

    def _junction(self, op: Literal["and", "or", "not"], parts: tuple[Node, ...]) -> Node:
        if op == "not":
            (part,) = parts
            if is_unknown(part):
                return part
            if isinstance(part, Constant):
                return Constant(not part.value)
            return part.parts[0] if isinstance(part, Junction) and part.op == "not" else self._kept(Junction("not", parts))
        decisive, neutral = Constant(op == "or"), Constant(op == "and")
        if decisive in parts:
            return decisive
        left = tuple(dict.fromkeys(part for part in parts if part != neutral))
        return self._kept(Junction(op, left)) if len(left) > 1 else left[0] if left else neutral

    def _choice(self, condition: Node, then: Node, other: Node) -> Node:
        if isinstance(condition, Constant):
            return then if condition.value else other
        if then == other:
            return then
        kind = self.kind(then) or self.kind(other)
        then, other = (_unknown(kind) if is_unknown(branch) else branch for branch in (then, other))
        if kind == "bool":
            yes = self._junction("and", (condition, then))
            no = self._junction("and", (self._junction("not", (condition,)), other))
            both = () if self.is_certain(condition) else (self._junction("and", (then, other)),)
            return self._junction("or", (yes, no, *both))
        return self._kept(Choice(condition, then, other))

    def _or_else(self, value: Node, other: Node) -> Node:
        if isinstance(value, Constant) or is_unknown(other):
            return value
        return other if is_unknown(value) else self._kept(Formula("or_else", (value, other)))

    def kind(self, node: Node) -> Kind | None:
        """Return what a node gives; None for a bare unknown, which may be anything."""
        match node:
            case Constant(bool()) | Test() | Junction():
                return "bool"
            case Constant(int() | float()):
                return "number"
            case Constant(str()) | Formula("prefix", _):
                return "text"
            case Constant(dt.date()):
                return "date"
            case Constant(constant):
                return None if constant is None else "choices"
            case Name(name):
                return "date" if name == AS_OF else self.kind(self.derived[name]) if name in self.derived else self.catalogue[name].naming.kind
            case Formula("unknown", (Constant(kind),)):
                return kind or None  # type: ignore[return-value]
            case Formula("or_else", (one, other)) | Choice(_, one, other):
                return self.kind(one) or self.kind(other)
            case Formula("min" | "max", (first, *_)) | Formula("when", (_, first)):
                return self.kind(first)
            case Formula():
                return "number"
            case _:
                assert_never(node)

    def is_certain(self, condition: Node) -> bool:
        """Return whether a lowered condition is never unknown."""
        found = self._certain.get(condition)
        if found is None:
            match condition:
                case Constant():
                    found = True
                case Formula("or_else", (_, other)):
                    found = self.is_certain(other)
                case Junction(_, parts):
                    found = all(self.is_certain(part) for part in parts)
                case _:
                    found = False
            self._certain[condition] = found
        return found


def _unknown(kind: Kind | None) -> Node:
    return Formula("unknown", (Constant(kind or ""),))


def is_unknown(node: Node) -> bool:
    """Return whether a lowered node has no value, whatever the firm."""
    return isinstance(node, Formula) and node.op == "unknown"


def may_agree(then: Node, other: Node) -> bool:
    """Return whether two branches may have the same value."""
    return not (is_unknown(then) or is_unknown(other) or (isinstance(then, Constant) and isinstance(other, Constant)))


def _not_in_sql(node: Node) -> InputError:
    shown = written(node)
    return InputError(
        [
            Problem(
                "not_in_sql", Text(f"“{shown}”写不成 SQL：右边应是写明的值", f"'{shown}' cannot be said in SQL: its right side must be written out")
            )
        ]
    )


def _march_year(day: dt.date) -> int:
    return day.year - (day.month < 3)


def _march_day(day: dt.date) -> int:
    return (153 * ((day.month + 9) % 12) + 2) // 5 + day.day


def _days_before(year: int) -> int:
    return 365 * year + year // 4 - year // 100 + year // 400


_CALENDAR: Mapping[str, Callable[..., int]] = {"march_year": _march_year, "march_day": _march_day, "days_before": _days_before}
