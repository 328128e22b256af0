"""Many trees as one graph: equal parts are one, what is constant is folded away, and what cannot be known counts as unknown.

The graph says what is to be worked out; `columns.py` works it out over a table.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import frexp
from typing import Any, assert_never

from advisor.domain.condition import (
    AS_OF,
    BOUND,
    FUNCTIONS,
    OPERATORS,
    OPPOSITE,
    Choice,
    Constant,
    Formula,
    Junction,
    Name,
    Node,
    Operator,
    Test,
    Value,
    children,
)
from advisor.domain.facts import Catalogue
from advisor.domain.figures import MAX_NUMBER, MIN_NUMBER

ORDERINGS = ("<", "<=", ">", ">=", "==", "!=")
TRUTH = frozenset({*ORDERINGS, "and", "or", "not", "in", "any_bit", "all_bits", "starts_with", "unknown"})
"""Operations that say yes or no."""
ALWAYS_CERTAIN = frozenset({"constant", "word"})
CERTAIN_AS_ARGS = frozenset({*ORDERINGS, "+", "-", "*", "neg", "abs", "min", "max", "and", "or", "not", "in", "any_bit", "all_bits", "choice"})
"""Operations that are never unknown where no argument is."""
STRICT = frozenset(
    {*ORDERINGS, "+", "-", "*", "/", "divide_by_one", "neg", "abs", "min", "max", "not", "in", "any_bit", "all_bits", "prefix", "starts_with"}
)
"""Operations that are unknown exactly where an argument is."""
SMALL = frozenset({"+", "-", "neg", "abs", "min", "max", "choice"})
MOST_SMALL = 2**15 - 1


@dataclass(frozen=True, slots=True)
class Part:
    """One operation of the graph on earlier parts.

    `most` and `least` bound the size of a number other than zero. `certain` parts are never unknown, `truth` parts say
    yes or no. `small` ones are whole numbers of two bytes, which are added four times as fast.
    """

    op: str
    args: tuple[int, ...] = ()
    detail: Any = None
    most: float = MAX_NUMBER
    least: float = 0.0
    certain: bool = False
    small: bool = False
    truth: bool = False


class Graph:
    """The distinct parts of many trees, by number. What is constant is folded, also by what is not `known` at all."""

    def __init__(
        self, catalogue: Catalogue, day: dt.date, known: Collection[str], estimates: Mapping[str, Node] | None = None, shares: Collection[str] = ()
    ) -> None:
        """`shares` are columns beside the facts that hold numbers from 0 to 1."""
        self.catalogue, self.day, self.known, self.shares = catalogue, day, known, frozenset(shares)
        self.estimates = estimates or {}
        self.parts: list[Part] = []
        self._numbers: dict[tuple[str, tuple[int, ...], Any], int] = {}
        self._nodes: dict[tuple[Node, tuple[str, ...] | None], int] = {}
        self._names: dict[str, int] = {}
        self._open: dict[Node, dict[str, int]] = {}

    # ------------------------------------------------------------ making parts

    def add(self, op: str, args: tuple[int, ...] = (), detail: Any = None, **more: Any) -> int:
        """Return the number of a part, the same for equal parts."""
        key = (op, args, (type(detail).__name__, detail))
        found = self._numbers.get(key)
        if found is None:
            found = self._numbers[key] = len(self.parts)
            here = [self.parts[arg] for arg in args]
            more.setdefault("certain", op in ALWAYS_CERTAIN or (op in CERTAIN_AS_ARGS and all(part.certain for part in here)))
            values = here[1:] if op == "choice" else here
            more.setdefault("truth", op in TRUTH or (op == "or_else" and here[1].truth))
            more.setdefault("small", op in SMALL and all(part.small for part in values) and more["most"] <= MOST_SMALL)
            self.parts.append(Part(op, args, detail, **more))
        return found

    def constant(self, value: Value | None) -> int:
        """Return the part of a constant; None is unknown."""
        size = float(abs(value)) if isinstance(value, int | float) else 0.0
        small = type(value) in (int, float) and value == int(size) * (-1 if value < 0 else 1) and size <= MOST_SMALL  # type: ignore[operator]
        return self.add("constant", detail=value, most=size, least=size, certain=value is not None, small=small, truth=isinstance(value, bool))

    def constant_of(self, part: int) -> tuple[bool, Any]:
        """Return whether a part is constant, and its value; that of a word is the position of the option."""
        found = self.parts[part]
        return found.op in ("constant", "word"), found.detail

    def all_constant(self, args: Iterable[int]) -> list[Any] | None:
        """Return the values of parts that are all constant, else None."""
        values = [self.constant_of(arg) for arg in args]
        return [value for _, value in values] if all(constant for constant, _ in values) else None

    # ------------------------------------------------------------ trees to parts

    def part(self, node: Node, options: tuple[str, ...] | None = None) -> int:
        """Return the part that stands for a tree; `options` are those its words are positions of."""
        found = self._nodes.get((node, options))
        if found is None:
            found = self._nodes[node, options] = self._part(node, options)
        return found

    def _part(self, node: Node, options: tuple[str, ...] | None) -> int:
        match node:
            case Constant(str() as word) if options is not None:
                return self.add("word", detail=options.index(word), certain=True)
            case Constant(value):
                return self.constant(value)
            case Name(name):
                return self._name(name)
            case Formula("or_else", (first, otherwise)):
                return self._or_else(self.part(first, options), self.part(otherwise, options))
            case Formula(op, args):
                return self._formula(op, tuple(self.part(arg) for arg in args))
            case Test():
                return self._test(node)
            case Junction("not", (inner,)):
                return self.opposite(self.part(inner))
            case Junction(op, inner):
                return self.junction(op, [self.part(one) for one in inner])
            case Choice(condition, then, other):
                return self._choice(self.part(condition), self.part(then, options), self.part(other, options))
            case _:
                assert_never(node)

    def _name(self, name: str) -> int:
        found = self._names.get(name)
        if found is None:
            found = self._names[name] = self._named(name)
        return found

    def _named(self, name: str) -> int:
        if name == AS_OF:
            return self.constant(self.day)
        if name in self.estimates:
            return self.part(self.estimates[name], tuple(self.catalogue[name].options))
        if name in self.shares:
            return self.add("fact", detail=name, most=1.0)
        fact = self.catalogue[name]
        options = tuple(fact.options) if fact.kind in ("choice", "choices") else None
        if name in self.catalogue.derived:
            return self.part(self.catalogue.derived[name].formula, options)
        if name not in self.known:
            return self.constant(None)
        return self.add("fact", detail=name, most=MAX_NUMBER, least=MIN_NUMBER, truth=fact.kind == "bool")

    def _formula(self, op: str, args: tuple[int, ...]) -> int:
        constants = self.all_constant(args)
        if constants is not None:
            return self.constant(None if None in constants else FUNCTIONS[op](*constants))
        if any(self.constant_of(arg) == (True, None) for arg in args):
            return self.constant(None)
        most, least = [self.parts[arg].most for arg in args], [self.parts[arg].least for arg in args]
        match op:
            case "+" | "-":
                return self.add(op, args, most=sum(most))
            case "*":
                product = self.add(op, args, most=most[0] * most[1], least=least[0] * least[1])
                return product if most[0] * most[1] < BOUND else self.add("bounded", (product,), most=BOUND)
            case "/":
                constant, divisor = self.constant_of(args[1])
                if constant and divisor and most[0] / least[1] < BOUND:
                    exact = frexp(divisor)[0] in (0.5, -0.5)
                    return self.add("/" if exact else "divide_by_one", args, most=most[0] / least[1])
                bound = min(most[0] / least[1], BOUND) if least[1] else BOUND
                return self.add("bounded", (self.add(op, args, most=bound),), most=bound)
            case "neg" | "abs":
                return self.add(op, args, most=most[0], least=least[0])
            case "min" | "max":
                return self.add(op, args, most=max(most), least=min(least))
            case _:
                return self.add(op, args, most=max(MAX_NUMBER, *most) if op == "sqrt" else MAX_NUMBER)

    def _or_else(self, first: int, otherwise: int) -> int:
        constant, value = self.constant_of(first)
        if constant:
            return otherwise if value is None else first
        if self.constant_of(otherwise) == (True, None):
            return first
        here, there = self.parts[first], self.parts[otherwise]
        if here.certain:
            return first
        most, least = max(here.most, there.most), min(here.least, there.least)
        return self.add("or_else", (first, otherwise), most=most, least=least, certain=there.certain)

    def opposite(self, part: int) -> int:
        """Return the part that says the contrary."""
        found = self.parts[part]
        if found.op == "constant":
            return self.constant(None if found.detail is None else not found.detail)
        if found.op == "not":
            return found.args[0]
        if found.op in OPPOSITE:
            return self.add(OPPOSITE[found.op], found.args)
        return self.add("not", (part,))

    def junction(self, op: str, parts: Iterable[int]) -> int:
        """Return `and` or `or` over parts, without repeats and constants."""
        decisive = op == "or"
        kept: dict[int, None] = {}
        unknown = False
        for part in parts:
            constant, value = self.constant_of(part)
            if not constant:
                kept[part] = None
            elif value is decisive:
                return part
            elif value is None:
                unknown = True
        if unknown:
            kept[self.constant(None)] = None
        for part in list(kept):  # a or (a and b) is a
            found = self.parts[part]
            if found.op == ("and" if decisive else "or") and any(arg in kept for arg in found.args):
                del kept[part]
        if not kept:
            return self.constant(not decisive)
        return next(iter(kept)) if len(kept) == 1 else self.add(op, tuple(sorted(kept)))

    def _choice(self, condition: int, then: int, other: int) -> int:
        constant, value = self.constant_of(condition)
        if then == other or (constant and value is True):
            return then
        if constant and value is False:
            return other
        sides = self.all_constant((then, other))
        if constant and sides is not None:
            return self.constant(None)
        if self.parts[then].truth and self.parts[other].truth:
            either = [self.junction("and", (condition, then)), self.junction("and", (self.opposite(condition), other))]
            return self.junction("or", [*either, self.junction("and", (then, other))])
        here, there = self.parts[then], self.parts[other]
        if not self.parts[condition].certain:
            agreed = sides is not None and sides[0] != sides[1]
            known = self.constant(None) if agreed else self.add("agreed", (then, other), most=here.most, least=here.least)
            unsure = (condition, then, other, known)
            return self.add("choice_if_known", unsure, most=max(here.most, there.most), least=min(here.least, there.least))
        return self.add("choice", (condition, then, other), most=max(here.most, there.most), least=min(here.least, there.least))

    # ------------------------------------------------------------ what is not known

    def unknown(self, part: int) -> int:
        """Return the part that says whether another is unknown."""
        found = self.parts[part]
        if found.certain or found.op == "constant":
            return self.constant(not found.certain)
        if found.op in STRICT:
            return self.junction("or", [self.unknown(arg) for arg in found.args])
        return self.add("unknown", (part,), certain=True)

    def open_facts(self, node: Node) -> dict[str, int]:
        """Return for each fact the part that says whether an undecided condition waits for it, as `reasons.open_facts` does."""
        found = self._open.get(node)
        if found is None:
            waiting: dict[str, list[int]] = {}
            for fact, when in self._waiting(node):
                waiting.setdefault(fact, []).append(when)
            undecided = self.unknown(self.part(node))
            parts = {fact: self.junction("and", [undecided, self.junction("or", when)]) for fact, when in waiting.items()}
            found = self._open[node] = {fact: part for fact, part in parts.items() if self.constant_of(part) != (True, False)}
        return found

    def _waiting(self, node: Node) -> Iterator[tuple[str, int]]:
        if isinstance(node, Test):
            node = self.catalogue.unfolded(node)
        match node:
            case Name(name) if name in self.catalogue.derived:
                yield from self.open_facts(self.catalogue.derived[name].formula).items()
            case Name(name) if name in self.catalogue.estimated:
                yield from ((fact, self._fact_unknown(fact)) for fact in self.catalogue.estimated[name].rests_on)
            case Name(name) if name in self.catalogue.facts:
                yield name, self._fact_unknown(name)
            case Choice(condition, then, other):
                holds = self.part(condition)
                undecided = self.unknown(holds)
                yield from self.open_facts(condition).items()
                for branch, taken in ((then, holds), (other, self.opposite(holds))):
                    for fact, when in self.open_facts(branch).items():
                        yield fact, self.junction("and", [when, self.junction("or", [undecided, self.known_true(taken)])])
            case _:
                for child in children(node):
                    yield from self.open_facts(child).items()

    def _fact_unknown(self, name: str) -> int:
        return self.unknown(self._name(name))

    def known_true(self, part: int) -> int:
        """Return the part that says whether another is known to hold."""
        return self._or_else(part, self.constant(False))

    # ------------------------------------------------------------ tests

    def _test(self, test: Test) -> int:
        op, left, right = test.op, test.left, test.right
        if isinstance(left, Name) and left.id in self.catalogue.derived:
            unfolded = self.catalogue.unfolded(test)
            if unfolded != test:
                return self.part(unfolded)
        options = self._options(left)
        if options is not None and isinstance(right, Constant):
            return self._word_test(op, left, right.value, options)
        have, want = self.part(left), self.part(right)
        constants = self.all_constant((have, want))
        if constants is not None:
            return self.constant(None if None in constants else OPERATORS[op](*constants))
        if self.constant_of(have) == (True, None) or self.constant_of(want) == (True, None):
            return self.constant(None)
        if op == "in":
            return self.add("in", (have,), self.constant_of(want)[1])
        if op in ("==", "!=") and isinstance(self.constant_of(want)[1], bool):
            return have if (op == "==") is self.constant_of(want)[1] else self.opposite(have)
        return self.add(op, (have, want))

    def _options(self, node: Node) -> tuple[str, ...] | None:
        """Return the options of a fact whose words are positions, as long as it is known at all."""
        if not isinstance(node, Name) or node.id == AS_OF or node.id in self.shares:
            return None
        fact = self.catalogue[node.id]
        return tuple(fact.options) if fact.kind in ("choice", "choices") else None

    def _word_test(self, op: Operator, left: Node, wanted: Value, options: tuple[str, ...]) -> int:
        have = self.part(left, options)
        if self.constant_of(have) == (True, None):
            return have
        words = wanted if isinstance(wanted, tuple) else (str(wanted),)
        places = tuple(sorted(options.index(word) for word in set(words) if word in options))
        match op:
            case "==":
                return self._positions(have, places)
            case "!=":
                return self.opposite(self._positions(have, places))
            case "in":
                return self._positions(have, places)
            case "contains" | "has_any":
                return self.add("any_bit", (have,), sum(1 << place for place in places))
            case "has_all":
                return self.add("all_bits", (have,), sum(1 << place for place in places))
            case _:
                raise NotImplementedError(f"{op} on a chosen word")

    def _positions(self, have: int, places: tuple[int, ...]) -> int:
        constant, value = self.constant_of(have)
        return self.constant(value in places) if constant else self.add("in", (have,), places)
