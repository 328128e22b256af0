"""Why: each criterion taken apart into single tests, with what was known, what was wanted, and the margin."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from advisor.domain.condition import (
    AS_OF,
    OPPOSITE,
    Choice,
    Constant,
    Junction,
    Known,
    Name,
    Node,
    Operator,
    Test,
    Value,
    children,
    judge,
    negated,
    rebuild,
    value,
)
from advisor.domain.facts import Catalogue
from advisor.domain.instrument import Criterion


@dataclass(frozen=True, slots=True, eq=False)
class Wanted:
    """One test of a criterion: the fact first read, and what is wanted of it.

    `measured` is the left side, a fact or a formula; `wanted` the right side, True or False for yes/no facts.
    """

    test: Node
    fact: str
    measured: Node
    operator: Operator
    wanted: Node

    @property
    def direction(self) -> int:
        """+1 where more is better, -1 where less is, 0 where nothing can be measured."""
        return 1 if self.operator in (">", ">=") else -1 if self.operator in ("<", "<=") else 0


class Reason(NamedTuple):
    """One test of one criterion, judged for a firm.

    `holds` is the test's verdict, `criterion_holds` that of the whole criterion; for criteria of the roles
    exclude and avoid both speak of the opposite, what is wanted. `margin` is how far a number lies inside
    (positive) or outside (negative) of what is wanted, in the fact's unit.
    """

    criterion: Criterion
    position: int
    criterion_holds: bool | None
    wanted: Wanted
    holds: bool | None
    known: Value | None
    margin: float | None


def wanted_of(criterion: Criterion) -> Node:
    """Return what a firm should satisfy: the condition itself, or its opposite for exclude and avoid."""
    return negated(criterion.condition) if criterion.role in ("exclude", "avoid") else criterion.condition


def spelled_out(node: Node, catalogue: Catalogue) -> Node:
    """Return the condition with such derived facts as ask to be shown by their parts replaced by their formula."""

    def change(node: Node) -> Node:
        if isinstance(node, Name) and node.id in catalogue.derived and catalogue.derived[node.id].spelled_out:
            return spelled_out(catalogue.derived[node.id].formula, catalogue)
        return node

    return rebuild(node, change)


def positive(node: Node) -> Node:
    """Return the same condition with `not` pushed down to the single tests; unknown stays unknown."""
    match node:
        case Junction("not", (Junction("not", (part,)),)):
            return positive(part)
        case Junction("not", (Junction(op, parts),)):
            return Junction("or" if op == "and" else "and", tuple(positive(negated(part)) for part in parts))
        case Junction("not", (Test(op, left, right),)) if op in OPPOSITE:
            return Test(OPPOSITE[op], left, right)
        case Junction("not", (Choice(condition, then, other),)):
            return Choice(condition, positive(negated(then)), positive(negated(other)))
        case Junction("not", (Constant(bool(verdict)),)):
            return Constant(not verdict)
        case Junction("and" | "or" as op, parts):
            return Junction(op, tuple(positive(part) for part in parts))
        case _:
            return node


def tests_of(criterion: Criterion, catalogue: Catalogue) -> tuple[Wanted, ...]:
    """Return the single tests a criterion is made of."""
    return tuple(_tests(positive(spelled_out(wanted_of(criterion), catalogue)), catalogue))


def _tests(node: Node, catalogue: Catalogue) -> Iterator[Wanted]:
    match node:
        case Junction("and" | "or", parts):
            for part in parts:
                yield from _tests(part, catalogue)
        case Choice():
            for part in children(node):
                yield from _tests(part, catalogue)
        case Test(op, left, right):
            yield Wanted(node, _first_fact(node, catalogue), left, op, right)
        case Name(name):
            yield Wanted(node, name, node, "==", Constant(True))
        case Junction("not", (Name(name) as fact,)):
            yield Wanted(node, name, fact, "==", Constant(False))
        case Junction("not", (Test(op, left, right),)):
            yield Wanted(node, _first_fact(node, catalogue), left, op, right)
        case _:
            return


def _first_fact(node: Node, catalogue: Catalogue) -> str:
    names = [n.id for n in _walk_names(node) if n.id != AS_OF]
    return names[0] if names else ""


def _walk_names(node: Node) -> Iterator[Name]:
    if isinstance(node, Name):
        yield node
    for child in children(node):
        yield from _walk_names(child)


def open_facts(node: Node, known: Known, catalogue: Catalogue, seen: dict[Node, tuple[str, ...]] | None = None) -> tuple[str, ...]:
    """Return the facts whose answers an undecided condition still waits for, in order of appearance.

    Parts that are decided are passed over: nobody is asked for what cannot matter any more.
    """
    cache = {} if seen is None else seen
    found = cache.get(node)
    if found is None:
        found = cache[node] = tuple(dict.fromkeys(_open(node, known, catalogue, cache)))
    return found


def _open(node: Node, known: Known, catalogue: Catalogue, cache: dict[Node, tuple[str, ...]]) -> Iterator[str]:
    node = catalogue.unfolded(node)
    if isinstance(node, Name):
        if known.get(node.id) is None:
            if node.id in catalogue.derived:
                yield from open_facts(catalogue.derived[node.id].formula, known, catalogue, cache)
            elif node.id in catalogue.estimated:
                yield from (fact for fact in catalogue.estimated[node.id].rests_on if known.get(fact) is None)
            elif node.id in catalogue.facts:
                yield node.id
        return
    if isinstance(node, Constant) or value(node, known) is not None:
        return
    if isinstance(node, Choice) and judge(node.condition, known) is not None:
        yield from open_facts(node.then if judge(node.condition, known) else node.other, known, catalogue, cache)
        return
    waiting = [name for child in children(node) for name in open_facts(child, known, catalogue, cache)]
    yield from waiting
    if not waiting:  # everything is known, yet a figure cannot be worked out: a division by zero
        yield from catalogue.asked(node)
