"""The statement laid out in steps, so that no part is written twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from sqlglot import exp

from advisor.domain.condition import Choice, Constant, Formula, Name, Node, Test, children
from advisor.screening.sql.cleaning import Cleaning
from advisor.screening.sql.expressions import case_of, column_of, columns_in, named, negation, whole
from advisor.screening.sql.lowering import Lowering, may_agree
from advisor.screening.sql.writing import Writer

_KEPT_APART = ("postgres", "sqlite")
"""Where steps must be asked for as they stand: the planner would write the parts back into each other."""


class Statement:
    """Lays the parts out in steps, each step carrying only the columns still needed."""

    def __init__(self, dialect: str, lowering: Lowering, outputs: Mapping[str, Node], table: exp.Table, keys: Sequence[str]) -> None:
        self._dialect, self._lowering, self._table, self._keys = dialect, lowering, table, keys
        order = _parents_first(outputs.values())
        taken = {node.id.casefold() for node in order if isinstance(node, Name)}
        names = (name for number in range(1, 10**9) if (name := f"part{number}") not in taken)
        shared = dict(zip(reversed(_written_twice(order, outputs.values(), lowering)), names, strict=False))
        columns = {node: node.id for node in order if isinstance(node, Name)} | shared
        self._writer = Writer(dialect, lowering, columns)
        self._clean = Cleaning(self._writer, lowering.catalogue)
        self._facts = [node.id for node in order if isinstance(node, Name)]
        self._parts = {name: self._writer.expression(node) for node, name in shared.items()}
        self._outputs = {name: self._verdict(node) for name, node in outputs.items()}
        self._key_names = [f"key{position}" for position in range(1, len(keys) + 1)]
        while taken & set(self._key_names):
            self._key_names = [f"{name}_" for name in self._key_names]

    def _verdict(self, node: Node) -> exp.Expr:
        written = self._writer(node)
        if self._lowering.kind(node) != "bool":
            return written
        return case_of([(written, whole(1)), (negation(written.copy()), whole(0))])

    def select(self) -> exp.Select:
        """Return the whole statement."""
        levels: dict[str, int] = {}
        for name, part in self._parts.items():
            levels[name] = 1 + max((levels.get(column, 0) for column in columns_in(part)), default=0)
        last = 1 + max(levels.values(), default=0)
        needed_until: dict[str, int] = {}
        for name, part in self._parts.items():
            needed_until |= {column: max(levels[name], needed_until.get(column, 0)) for column in columns_in(part)}
        for output in self._outputs.values():
            needed_until |= dict.fromkeys(columns_in(output), last)

        made = {name: named(self._clean(name), name) for name in self._facts}
        made_keys = [named(self._clean.source(key), name) for key, name in zip(self._keys, self._key_names, strict=True)]
        steps = [("facts", exp.Select(expressions=[*made_keys, *made.values()]).from_(self._table, copy=False))]
        standing = list(made)
        for level in range(1, last):
            kept = [name for name in standing if needed_until[name] > level]
            new = [name for name in self._parts if levels[name] == level]
            columns = [*(column_of(name) for name in (*self._key_names, *kept)), *(named(self._parts[name], name) for name in new)]
            steps.append((f"step{level}", exp.Select(expressions=columns).from_(steps[-1][0], copy=False)))
            standing = [*kept, *new]
        keys = [named(column_of(name), key) for name, key in zip(self._key_names, self._keys, strict=True)]
        columns = [*keys, *(named(output, name) for name, output in self._outputs.items())]
        select = exp.Select(expressions=columns or [whole(1)]).from_(steps[-1][0], copy=False)
        for name, step in steps:
            select = select.with_(name, as_=step, materialized=True if self._dialect in _KEPT_APART else None, copy=False)
        return select


def _parents_first(roots: Iterable[Node]) -> list[Node]:
    """Return every distinct node, each before all below it."""
    found: dict[Node, None] = {}

    def visit(node: Node) -> None:
        if node not in found:
            for child in children(node):
                visit(child)
            found[node] = None

    for root in roots:
        visit(root)
    return list(reversed(found))


def _written_twice(parents_first: Iterable[Node], roots: Iterable[Node], lowering: Lowering) -> list[Node]:
    """Return the parts that would stand in the text more than once; a quotient stays behind its guard."""
    times: Counter[Node] = Counter()
    for root in roots:
        times[root] += 2  # a verdict is asked twice: does it hold, does it not
    twice: list[Node] = []
    for node in parents_first:
        inside = times[node]
        if isinstance(node, Constant | Name):
            continue
        if inside > 1 and not _needs_its_guard(node):
            twice.append(node)
            inside = 1
        for child, mentions in zip(children(node), _mentions(node, lowering), strict=True):
            times[child] += inside * mentions
    return twice


def _mentions(node: Node, lowering: Lowering) -> Sequence[int]:
    """Return how often the text of a node holds that of each child."""
    match node:
        case Formula("min" | "max", _) | Formula("march_year" | "march_day" | "bounded", _):
            return [2] * len(children(node))
        case Formula("days_before", _):
            return [4]
        case Test("has_any" | "has_all", _, Constant(tuple() as wanted)):
            return [max(2, len(wanted)), 1]
        case Test("starts_with", _, _):
            return [1, 2]
        case Choice(condition, then, other) if not lowering.is_certain(condition):
            return [2, 2, 2] if may_agree(then, other) else [2, 1, 1]
        case _:
            return [1] * len(children(node))


def _needs_its_guard(node: Node) -> bool:
    """Return whether some engine would fail on the node if it stood alone: a division by zero, a root of less."""
    match node:
        case Formula("/", (_, divisor)):
            return not isinstance(divisor, Constant)
        case Formula("sqrt", _):
            return True
        case Formula("bounded", (number,)):
            return _needs_its_guard(number)
    return False
