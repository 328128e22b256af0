"""The condition language: a small tree of tests on facts, and its reading of one firm.

A condition is written in a subset of Python expressions, which bank staff read aloud (notation.py):

    employees <= 300 and revenue_cny < 20_000_000 and size_class in ('micro', 'small')

The three values are those of Kleene: True, False and None for unknown. What is absent is unknown; a division by
zero is unknown; NaN and infinities never arise, since facts are finite and bounded.
"""

from __future__ import annotations

import datetime as dt
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import sqrt
from typing import Literal, assert_never

from advisor.domain.dates import years_between

Scalar = bool | int | float | str | dt.date
Value = Scalar | tuple[str, ...]
Known = Mapping[str, Value | None]
Getter = Callable[[str], Value | None]
Reading = Callable[[Getter], Value | None]

Operator = Literal["<", "<=", ">", ">=", "==", "!=", "in", "contains", "has_any", "has_all", "starts_with"]

AS_OF = "as_of"
"""The date a question is asked for; conditions may use it like a fact."""
BOUND = 1e100
"""No product or quotient goes beyond: NaN and infinities never arise."""


class _Hashed:
    """Keeps a node's hash: trees are looked up by the thousand, and hashing one walks all of it."""

    __slots__ = ("_hash",)
    __match_args__: tuple[str, ...]

    _hash: int

    def __hash__(self) -> int:
        try:
            return self._hash
        except AttributeError:
            found: int = hash((type(self).__name__, *(getattr(self, name) for name in self.__match_args__)))
            object.__setattr__(self, "_hash", found)
            return found


@dataclass(frozen=True, slots=True)
class Constant(_Hashed):
    """A value written in the condition. Yes is not 1, although Python says so."""

    __hash__ = _Hashed.__hash__

    value: Value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Constant) and self.value == other.value and isinstance(self.value, bool) is isinstance(other.value, bool)


@dataclass(frozen=True, slots=True)
class Name(_Hashed):
    """A fact, asked for or derived."""

    __hash__ = _Hashed.__hash__

    id: str


@dataclass(frozen=True, slots=True)
class Formula(_Hashed):
    """Arithmetic or a function over numbers and dates: + - * / neg min max abs sqrt years_between prefix.

    `or_else`, the first of its arguments that is known, is no word of the language: with it a verdict could turn
    when an unknown is answered. It serves estimates, which weigh what is unknown (screening/outcome.py).
    """

    __hash__ = _Hashed.__hash__

    op: str
    args: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Test(_Hashed):
    """One comparison: what the firm has on the left, what is wanted on the right."""

    __hash__ = _Hashed.__hash__

    op: Operator
    left: Node
    right: Node

    __test__ = False  # pytest would take the class for a test


@dataclass(frozen=True, slots=True)
class Junction(_Hashed):
    """`and`, `or` over several parts, or `not` over one."""

    __hash__ = _Hashed.__hash__

    op: Literal["and", "or", "not"]
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Choice(_Hashed):
    """`then if condition else other`; where the condition is unknown, what both branches agree on."""

    __hash__ = _Hashed.__hash__

    condition: Node
    then: Node
    other: Node


Node = Constant | Name | Formula | Test | Junction | Choice

TRUE = Constant(True)


# ---------------------------------------------------------------- reading one firm


def value(node: Node, known: Known) -> Value | None:
    """Return what the tree says of a firm: True, False or a value, or None where it is unknown."""
    return reading(node)(known.get)


def judge(node: Node, known: Known) -> bool | None:
    """Return whether the condition holds for the firm: True, False, or None where that is unknown."""
    verdict = reading(node)(known.get)
    return None if verdict is None else bool(verdict)


@lru_cache(maxsize=65536)
def reading(node: Node) -> Reading:
    """Return the tree as a function of what is known: one closure a node, walked once, kept."""
    match node:
        case Constant(constant):
            return lambda get: constant
        case Name(name):
            return lambda get: get(name)
        case Formula("or_else", (first, otherwise)):
            return _first_known(reading(first), reading(otherwise))
        case Formula(op, args):
            return _formula(FUNCTIONS[op], tuple(reading(arg) for arg in args))
        case Test(op, Name(name), Constant(wanted)):
            return _plain_test(OPERATORS[op], name, wanted)
        case Test(op, left, right):
            return _formula(OPERATORS[op], (reading(left), reading(right)))
        case Junction("not", (part,)):
            return _opposite(reading(part))
        case Junction(op, parts):
            return _junction(tuple(reading(part) for part in parts), decisive=op == "or")
        case Choice(condition, then, other):
            return _choice(reading(condition), reading(then), reading(other))
        case _:
            assert_never(node)


def _plain_test(compare: Callable[..., bool], name: str, wanted: Value) -> Reading:
    def read(get: Getter) -> Value | None:
        have = get(name)
        return None if have is None else compare(have, wanted)

    return read


def _formula(function: Callable[..., Value | None], args: tuple[Reading, ...]) -> Reading:
    def read(get: Getter) -> Value | None:
        values = [arg(get) for arg in args]
        return None if None in values else function(*values)

    return read


def _first_known(first: Reading, otherwise: Reading) -> Reading:
    def read(get: Getter) -> Value | None:
        found = first(get)
        return otherwise(get) if found is None else found

    return read


def _opposite(part: Reading) -> Reading:
    def read(get: Getter) -> Value | None:
        verdict = part(get)
        return None if verdict is None else not verdict

    return read


def _junction(parts: tuple[Reading, ...], *, decisive: bool) -> Reading:
    def read(get: Getter) -> Value | None:
        unknown = False
        for part in parts:
            verdict = part(get)
            if verdict is None:
                unknown = True
            elif verdict is decisive:
                return decisive
        return None if unknown else not decisive

    return read


def _choice(condition: Reading, then: Reading, other: Reading) -> Reading:
    def read(get: Getter) -> Value | None:
        chosen = condition(get)
        if chosen is None:
            first, second = then(get), other(get)
            return first if first == second else None
        return then(get) if chosen else other(get)

    return read


def times(one: float, other: float) -> float | None:
    """Return a product; None, unknown, where it leaves all bounds."""
    product = one * other
    return product if -BOUND < product < BOUND else None


def divide(numerator: float, denominator: float) -> float | None:
    """Return a quotient; None, unknown, for a zero denominator or where it leaves all bounds."""
    if not denominator:
        return None
    quotient = numerator / denominator
    return quotient if -BOUND < quotient < BOUND else None


FUNCTIONS: dict[str, Callable[..., Value | None]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": times,
    "/": divide,
    "neg": operator.neg,
    "abs": abs,
    "min": min,
    "max": max,
    "sqrt": lambda number: sqrt(number) if number >= 0 else None,
    "years_between": years_between,
    "prefix": lambda word, length: word[: int(length)],
}

OPERATORS: dict[Operator, Callable[..., bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "in": lambda word, words: word in words,
    "contains": operator.contains,
    "has_any": lambda have, wanted: not set(wanted).isdisjoint(have),
    "has_all": lambda have, wanted: set(wanted).issubset(have),
    "starts_with": lambda word, start: word.startswith(start),
}


OPPOSITE: dict[Operator, Operator] = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}
"""Comparisons that say the contrary; unknown stays unknown under both."""


# ---------------------------------------------------------------- walks


def children(node: Node) -> tuple[Node, ...]:
    """Return the nodes directly below."""
    match node:
        case Constant() | Name():
            return ()
        case Formula(_, args):
            return args
        case Test(_, left, right):
            return (left, right)
        case Junction(_, parts):
            return parts
        case Choice(condition, then, other):
            return (condition, then, other)
        case _:
            assert_never(node)


def nodes_in(node: Node) -> Iterator[Node]:
    """Yield the node and all below it, parents first."""
    yield node
    for child in children(node):
        yield from nodes_in(child)


@lru_cache(maxsize=65536)
def facts_in(node: Node) -> tuple[str, ...]:
    """Return the ids the condition reads, in order of appearance."""
    return tuple(dict.fromkeys(n.id for n in nodes_in(node) if isinstance(n, Name)))


def rebuild(node: Node, change: Callable[[Node], Node]) -> Node:
    """Return the tree with `change` applied to every node, the lowest first."""
    match node:
        case Constant() | Name():
            return change(node)
        case Formula(op, args):
            return change(Formula(op, tuple(rebuild(arg, change) for arg in args)))
        case Test(op, left, right):
            return change(Test(op, rebuild(left, change), rebuild(right, change)))
        case Junction(op, parts):
            return change(Junction(op, tuple(rebuild(part, change) for part in parts)))
        case Choice(condition, then, other):
            return change(Choice(*(rebuild(part, change) for part in (condition, then, other))))
        case _:
            assert_never(node)


def all_of(parts: Iterable[Node]) -> Node:
    """Return one condition that holds when every part does; with no part, always."""
    nodes = tuple(parts)
    return nodes[0] if len(nodes) == 1 else Junction("and", nodes) if nodes else TRUE


def any_of(parts: Iterable[Node]) -> Node:
    """Return one condition that holds when at least one part does."""
    nodes = tuple(parts)
    return nodes[0] if len(nodes) == 1 else Junction("or", nodes)


def conjuncts(node: Node) -> tuple[Node, ...]:
    """Return the conditions that must all hold."""
    return node.parts if isinstance(node, Junction) and node.op == "and" else (node,)


def negated(node: Node) -> Node:
    """Return the opposite condition."""
    return node.parts[0] if isinstance(node, Junction) and node.op == "not" else Junction("not", (node,))
