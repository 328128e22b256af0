"""Seeded draws for a block of synthetic firms, and the columns they fill."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[Any]
Mask = NDArray[np.bool_]

NOTHING = ";"
"""How a known empty list is written in a text column: a list with nothing on either side of its separator."""

_SLOTS = 4096


@dataclass(frozen=True, slots=True)
class Words:
    """A column of few distinct words: `codes` are positions in `words`."""

    codes: Array
    words: tuple[str, ...]


@dataclass(slots=True)
class Columns:
    """The facts of a block by id, and where they are unknown because they do not apply."""

    made: dict[str, Array | Words] = field(default_factory=dict)
    unknown: dict[str, Mask] = field(default_factory=dict)

    def put(self, **facts: Array | Words) -> None:
        """Add facts that are known of every firm."""
        self.made.update(facts)

    def put_where(self, applies: Mask, **facts: Array | Words) -> None:
        """Add facts that are known only where they apply."""
        self.put(**facts)
        self.unknown.update(dict.fromkeys(facts, ~applies))

    def __getitem__(self, fact_id: str) -> Array:
        made = self.made[fact_id]
        return made.codes if isinstance(made, Words) else made


class Draws:
    """Random columns of `rows` values each; the same for the same seed, block and order of asking."""

    def __init__(self, seed: int, block: int, rows: int) -> None:
        self.rows = rows
        self._random = np.random.Generator(np.random.SFC64(np.random.SeedSequence((seed, block))))

    def share(self, low: ArrayLike = 0.0, high: ArrayLike = 1.0) -> Array:
        """Return numbers spread evenly between two bounds."""
        spread: Array = np.asarray(low) + self._random.random(self.rows) * (np.asarray(high) - np.asarray(low))
        return spread

    def normal(self, centre: ArrayLike = 0.0, spread: ArrayLike = 1.0) -> Array:
        """Return normally distributed numbers."""
        drawn: Array = np.asarray(centre) + self._random.standard_normal(self.rows, dtype=np.float32) * np.asarray(spread)
        return drawn

    def factor(self, spread: float) -> Array:
        """Return lognormal factors around 1."""
        factors: Array = np.exp(self._random.standard_normal(self.rows, dtype=np.float32) * np.float32(spread)).astype(np.float64)
        return factors

    def chance(self, probability: ArrayLike) -> Mask:
        """Return where something that has this probability happens."""
        return self._random.random(self.rows, dtype=np.float32) < np.asarray(probability)

    def whole(self, low: int, high: Array | int) -> Array:
        """Return whole numbers from `low` to `high`, both included."""
        drawn: Array = (low + self._random.random(self.rows) * (np.asarray(high) + 1 - low)).astype(np.int32)
        return drawn

    def pick(self, table: Array, group: Array | None = None) -> Array:
        """Return positions drawn with the weights a table was made of, by group where it has several."""
        slots = self._random.integers(0, _SLOTS, self.rows, dtype=np.uint16)
        drawn: Array = table[0, slots] if group is None else table[group, slots]
        return drawn

    def bits(self) -> NDArray[np.uint16]:
        """Return 16 random bits a firm."""
        return self._random.integers(0, 65536, self.rows, dtype=np.uint16)


def weighted(*groups: Sequence[float]) -> Array:
    """Return the table for `Draws.pick`: one row a group; a weight above zero is drawn at least sometimes."""
    table = np.empty((len(groups), _SLOTS), dtype=np.uint8)
    for row, weights in zip(table, groups, strict=True):
        ends = np.rint(np.cumsum(weights) / sum(weights) * _SLOTS).astype(int)
        row[:] = np.repeat(np.arange(len(weights)), np.diff(ends, prepend=0))
    return table


def money(amount: Array) -> Array:
    """Return amounts in full hundreds of CNY, so that sums are exact; amounts under CNY 1,000 are nothing."""
    hundreds: Array = np.rint(amount / 100.0)
    return hundreds * (np.abs(hundreds) >= 10) * 100.0


def ratio(share: Array, low: float = 0.0, high: float = 1.0) -> Array:
    """Return fractions of four decimals between two bounds."""
    rounded: Array = np.rint(np.clip(share, low, high) * 10_000.0)
    return rounded / 10_000.0
