"""Yes, no and unknown as bits: eight firms a byte, so that a whole table of verdicts is combined and counted at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

Bits = npt.NDArray[np.uint8]
"""Eight rows a byte, the first row lowest; what stands behind the last row means nothing."""
Bytes = npt.NDArray[np.uint8]
"""One row a byte, 0 or 1."""


class Truth(NamedTuple):
    """Where a condition is known to hold, and where it is known not to; unknown where neither."""

    yes: Bits
    no: Bits

    @classmethod
    def constant(cls, value: bool | None, height: int) -> Truth:
        """Return the same for every row."""
        nothing = np.zeros((height + 7) // 8, dtype=np.uint8)
        return cls(~nothing if value is True else nothing, ~nothing if value is False else nothing)

    @classmethod
    def all_of(cls, parts: Sequence[Truth]) -> Truth:
        """Return whether all hold (Kleene): no where one does not, yes where all do."""
        return cls(_all([part.yes for part in parts]), _any([part.no for part in parts]))

    @classmethod
    def any_of(cls, parts: Sequence[Truth]) -> Truth:
        """Return whether at least one holds (Kleene): yes where one does, no where none does."""
        return cls(_any([part.yes for part in parts]), _all([part.no for part in parts]))

    def __invert__(self) -> Truth:
        return Truth(self.no, self.yes)

    def or_else(self, other: Truth) -> Truth:
        """Return this where it is known, else the other."""
        unknown = ~(self.yes | self.no)
        return Truth(self.yes | (unknown & other.yes), self.no | (unknown & other.no))

    def unknown(self) -> Truth:
        """Return whether it is unknown: yes or no."""
        known = self.yes | self.no
        return Truth(~known, known)

    def rows(self, start: int, end: int) -> Truth:
        """Return some rows; `start` is a multiple of 8."""
        return Truth(self.yes[start // 8 : (end + 7) // 8], self.no[start // 8 : (end + 7) // 8])

    def column(self, height: int) -> pl.Series:
        """Return a column of yes, no and null."""
        known = self.yes | self.no
        array = pa.BooleanArray.from_buffers(pa.bool_(), height, [pa.py_buffer(known), pa.py_buffer(self.yes)])
        return pl.Series(array, dtype=pl.Boolean)


def _all(parts: Sequence[Bits]) -> Bits:
    found: Bits = np.bitwise_and(parts[0], parts[1])
    for part in parts[2:]:
        np.bitwise_and(found, part, out=found)
    return found


def _any(parts: Sequence[Bits]) -> Bits:
    found: Bits = np.bitwise_or(parts[0], parts[1])
    for part in parts[2:]:
        np.bitwise_or(found, part, out=found)
    return found


def truth_of(column: pl.Series) -> Truth:
    """Return a column of yes, no and null as bits."""
    array = column.rechunk().to_arrow()
    validity, data = array.buffers()
    yes = _aligned(data, array.offset, len(column))
    if validity is None:
        return Truth(yes, ~yes)
    known = _aligned(validity, array.offset, len(column))
    return Truth(known & yes, known & ~yes)


def _aligned(buffer: object, offset: int, height: int) -> Bits:
    raw = np.frombuffer(buffer, dtype=np.uint8)  # type: ignore[call-overload]
    first, shift = divmod(offset, 8)
    found: Bits = raw[first : first + (height + shift + 7) // 8]
    if shift:
        return np.packbits(np.unpackbits(found, bitorder="little")[shift : shift + height], bitorder="little")
    return found[: (height + 7) // 8]


def spread(bits: Bits, height: int) -> Bytes:
    """Return one byte, 0 or 1, for each row."""
    return np.unpackbits(bits, count=height, bitorder="little")


def count(bits: Bits, height: int) -> int:
    """Return how many rows say yes."""
    if height % 8:
        last = int(bits[height // 8]) & (1 << height % 8) - 1
        return int(np.bitwise_count(bits[: height // 8]).sum()) + last.bit_count()
    return int(np.bitwise_count(bits[: height // 8]).sum())
