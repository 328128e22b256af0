"""How large the number of a formula may become, so that a bound is written only where it may be met."""

from __future__ import annotations

from math import inf, sqrt, ulp
from typing import NamedTuple

from advisor.domain.condition import BOUND, Choice, Constant, Formula, Node
from advisor.domain.figures import MAX_NUMBER, MIN_NUMBER


class Size(NamedTuple):
    """How large a number may be, and a power of two of which it is a whole multiple (0 where none is known)."""

    most: float
    step: float


_FIGURE = Size(MAX_NUMBER, ulp(MIN_NUMBER))
_SMALLEST_STEP = 1e-150
"""Below, steps are no longer followed: nothing may be lost to underflow."""


class Sizes:
    """The sizes of formulas, each worked out once."""

    def __init__(self) -> None:
        self._sizes: dict[Node, Size] = {}

    def __call__(self, node: Node) -> Size:
        """Return the size of a lowered formula's number."""
        found = self._sizes.get(node)
        if found is None:
            most, step = self._sized(node)
            found = self._sizes[node] = Size(most, step if step > _SMALLEST_STEP else 0)
        return found

    def _sized(self, node: Node) -> tuple[float, float]:
        match node:
            case Constant(int() | float() as number):
                return abs(float(number)), ulp(float(number)) if number else inf
            case Formula("*", (one, other)):
                (most, step), (most_too, step_too) = self(one), self(other)
                return most * most_too, step * step_too if inf not in (step, step_too) else inf
            case Formula("/", (one, other)):
                (most, step), (most_too, step_too) = self(one), self(other)
                return most / step_too if step_too else inf, ulp(step / most_too) if step < inf and 0 < most_too < inf else 0
            case Formula("+" | "-", (one, other)):
                (most, step), (most_too, step_too) = self(one), self(other)
                return most + most_too, min(step, step_too)
            case Formula("sqrt", (number,)):
                most, step = self(number)
                return max(1.0, sqrt(most)), ulp(sqrt(step)) if step < inf else inf
            case Formula("bounded", (number,)):
                return BOUND, self(number).step
            case Formula("neg" | "abs" | "min" | "max" | "or_else", args):
                sizes = [self(arg) for arg in args]
                return max(size.most for size in sizes), min(size.step for size in sizes)
            case Formula("when", (_, number)):
                return self(number)
            case Choice(_, then, other):
                sizes = [self(then), self(other)]
                return max(size.most for size in sizes), min(size.step for size in sizes)
            case Formula("march_year" | "march_day" | "days_before" | "anniversaries", _):
                return 1e7, 1
            case _:
                return _FIGURE
