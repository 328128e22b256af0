"""How one fact may move so that one test holds: which values, and which of them are honest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import ceil, floor

from advisor.domain.condition import Constant, Junction, Known, Name, Node, Test, Value, reading
from advisor.domain.facts import Fact, FactKind
from advisor.domain.figures import MAX_NUMBER

SECANTS = 12
"""Steps towards the value at which a formula turns."""
HALVINGS = 4
"""Half-steps back from a value at which a formula has none."""
_STEPS: dict[FactKind, float] = {"int": 1, "money": 1.0, "ratio": 0.001, "number": 0.01}
"""The steps in which people name figures: whole counts and yuan, tenths of a per cent."""
_COMPARED = frozenset(("<", "<=", ">", ">=", "==", "!="))


def turning_points(node: Node, fact: Fact, known: Known) -> Iterator[Value]:
    """Yield values of a number next to where a comparison over base facts turns, all else as known.

    The two sides are functions of the fact, brought together by the secant rule: at once where they are straight
    lines, as sums and most ratios are.
    """
    test = node.parts[0] if isinstance(node, Junction) else node
    if fact.kind not in _STEPS or not isinstance(test, Test) or test.op not in _COMPARED:
        return
    left, right, after = reading(test.left), reading(test.right), dict(known)

    def apart(number: float) -> float | None:
        after[fact.id] = number
        have, want = left(after.get), right(after.get)
        return have - want if isinstance(have, int | float) and isinstance(want, int | float) else None

    now = known.get(fact.id)
    start = float(now) if isinstance(now, int | float) else 0.0
    step = max(_STEPS[fact.kind], abs(start) / 64)
    for ahead in (start + step, start - step):
        root = _root(apart, start, ahead, fact)
        if root is not None:
            yield from _rounded(root, fact)


def _root(apart: Callable[[float], float | None], last: float, here: float, fact: Fact) -> float | None:
    """Return a number inside the fact's range at which two sides meet, sought by the secant rule from two starts."""
    low, high = fact.low if fact.low is not None else -MAX_NUMBER, fact.high if fact.high is not None else MAX_NUMBER
    before = apart(last)
    here, there = min(max(here, low), high), None
    for _ in range(SECANTS):
        there = apart(here)
        for _ in range(HALVINGS):
            if there is not None:
                break
            here = (here + last) / 2  # stepped on a pole: come nearer
            there = apart(here)
        if there is None or before is None or before == there:
            return here if there == 0 else None
        following = min(max(here - there * (here - last) / (there - before), low), high)
        if abs(following - here) < _STEPS[fact.kind] / 8:
            return following
        last, before, here = here, there, following
    return here


def plain_values(node: Node, fact: Fact, now: Value | None) -> tuple[Value, ...] | None:
    """Return the values that make a test of one fact against a constant hold; None where it is not that plain."""
    match node:
        case Name(fact.id):
            return (True,)
        case Junction("not", (Name(fact.id),)):
            return (False,)
        case Test(_, Name(fact.id), Constant(float() as wanted)) if fact.kind == "int" and wanted != int(wanted):
            return None
        case Test("==" | ">=" | "<=", Name(fact.id), Constant(wanted)):
            return (wanted,)
        case Test(">" | "<" | "!=" as op, Name(fact.id), Constant(int() | float() as wanted)):
            steps = (_STEPS[fact.kind], -_STEPS[fact.kind])
            return tuple(round(wanted + step, 6) for step in (steps if op == "!=" else steps[:1] if op == ">" else steps[1:]))
        case Test("!=", Name(fact.id), Constant(wanted)):
            return tuple(option for option in fact.options if option != wanted)
        case Test("in", Name(fact.id), Constant(tuple() as words)):
            return words
        case Junction("not", (Test("in", Name(fact.id), Constant(tuple() as words)),)):
            return tuple(option for option in fact.options if option not in words)
        case Test("contains" | "has_any" | "has_all" as op, Name(fact.id), Constant(wanted)):
            words = wanted if isinstance(wanted, tuple) else (str(wanted),)
            have = now if isinstance(now, tuple) else ()
            every = tuple(dict.fromkeys((*have, *words)))
            return (every,) if op == "has_all" else tuple((*have, word) for word in words)
        case Junction("not", (Test("contains" | "has_any", Name(fact.id), Constant(wanted)),)):
            words = wanted if isinstance(wanted, tuple) else (str(wanted),)
            return (tuple(word for word in (now if isinstance(now, tuple) else ()) if word not in words),)
        case _:
            return None


def honest(fact: Fact, now: Value | None, needed: Value) -> bool:
    """Return whether the move goes in a direction that may be advised and stays inside the fact's range."""
    if isinstance(needed, int | float) and not _within(needed, fact):
        return False
    toward = fact.change.toward
    if toward == "any":
        return True
    if isinstance(toward, bool):
        return needed is toward
    if fact.change.start and now not in fact.change.start:
        return False
    if isinstance(toward, tuple) and isinstance(needed, tuple):
        have = set(now if isinstance(now, tuple) else ())
        return set(needed) >= have and set(toward) >= set(needed) - have
    if isinstance(toward, tuple):
        return needed in toward
    if toward == "add":
        return isinstance(needed, tuple) and set(needed) >= set(now if isinstance(now, tuple) else ())
    if isinstance(now, int | float) and isinstance(needed, int | float):
        return needed > now if toward == "up" else needed < now
    return False


def _within(number: float, fact: Fact) -> bool:
    return (fact.low is None or number >= fact.low) and (fact.high is None or number <= fact.high)


def _rounded(root: float, fact: Fact) -> Iterator[Value]:
    """Yield values next to a threshold, on it and on both sides, in steps that people use."""
    step = _STEPS[fact.kind]
    steps = root / step
    for number in dict.fromkeys((round(steps), floor(steps), ceil(steps), round(steps) - 1, round(steps) + 1)):
        yield number if fact.kind == "int" else round(number * step, 6)
