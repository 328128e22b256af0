"""The words of a column, each read once: a million cells hold few of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl

from advisor.domain.errors import InputError

MOST_WORDS = 50_000
"""So many distinct words of a column are remembered from one batch to the next."""


@dataclass(frozen=True, slots=True)
class Faults:
    """Where cells were refused, and the code of each."""

    places: pl.Series
    codes: pl.Series

    @classmethod
    def where(cls, refused: pl.Series, code: str) -> Faults:
        """Return faults that all have one code, from which cells were refused."""
        places = refused.arg_true()
        return cls(places, pl.Series([code], dtype=pl.String).new_from_index(0, len(places)))

    @classmethod
    def of(cls, codes: pl.Series) -> Faults:
        """Return faults from a column of codes, null where a cell was taken."""
        places = codes.is_not_null().arg_true()
        return cls(places, codes.gather(places))


class Words:
    """The words a column has shown and the value of each, so that no word is read twice."""

    def __init__(self, read: Callable[[str], object], dtype: pl.DataType) -> None:
        self._read = read
        self._dtype = dtype
        self._forget()

    def read(self, cells: pl.Series) -> tuple[pl.Series, list[Faults]]:
        """Return the values of text or coded text, and what was refused."""
        if cells.dtype == pl.String:
            places = self._places(cells)
        else:
            codes = cells.to_physical()
            highest = codes.max()
            if self._pool is not None and cells.dtype == self._pool.dtype and (not isinstance(highest, int) or highest < len(self._of_code)):
                values = self._of_code.gather(codes)
                if values.null_count() == cells.null_count():
                    return values, []
            places = self._places_of(cells, codes)
        values = self._values.gather(places)
        if values.null_count() > cells.null_count() and self._refused.null_count() < len(self._refused):
            return values, [Faults.of(self._refused.gather(places))]
        return values, []

    def _forget(self) -> None:
        self._words = pl.Series(dtype=pl.String)
        self._enum = pl.Enum([])
        self._values = pl.Series(dtype=self._dtype)
        self._refused = pl.Series(dtype=pl.String)
        self._pool: pl.Series | None = None  # an empty column: while it lives, its codes keep their meaning
        self._place_of_code = pl.Series(dtype=pl.UInt32)
        self._of_code = pl.Series(dtype=self._dtype)

    def _places(self, cells: pl.Series) -> pl.Series:
        """Return the place among the known words of each cell, reading the words that are new."""
        places = cells.cast(self._enum, strict=False)
        if places.null_count() > cells.null_count():
            new = cells.filter(places.is_null() & cells.is_not_null()).unique()
            if len(self._words) + len(new) > MOST_WORDS:
                self._forget()
                new = cells.drop_nulls().unique()
            self._learn(new)
            places = cells.cast(self._enum, strict=False)
        return places.to_physical()

    def _learn(self, new: pl.Series) -> None:
        values: list[object] = []
        refused: list[str | None] = []
        for word in new.to_list():
            try:
                values.append(self._read(word))
                refused.append(None)
            except InputError as error:
                values.append(None)
                refused.append(error.problems[0].code)
        self._words = pl.concat([self._words, new])
        self._enum = pl.Enum(self._words)
        self._values = pl.concat([self._values, pl.Series(values, dtype=self._dtype)])
        self._refused = pl.concat([self._refused, pl.Series(refused, dtype=pl.String)])

    def _places_of(self, cells: pl.Series, codes: pl.Series) -> pl.Series:
        used = np.flatnonzero(np.bincount(codes.drop_nulls().to_numpy()))
        held = pl.Series(used, dtype=codes.dtype)
        words = cells.dtype.categories.gather(held) if isinstance(cells.dtype, pl.Enum) else held.cat.to(cells.dtype).cast(pl.String)
        places = self._places(words).cast(pl.UInt32)
        if self._pool is None or self._pool.dtype != cells.dtype:
            self._place_of_code = pl.Series(dtype=pl.UInt32)
        self._pool = cells.clear()
        further = int(used[-1]) + 1 - len(self._place_of_code) if len(used) else 0
        blank = unknown(max(0, further), pl.UInt32())
        self._place_of_code = pl.concat([self._place_of_code, blank]).rechunk().scatter(held, places)
        self._of_code = self._values.gather(self._place_of_code)
        return self._place_of_code.gather(codes)


def unknown(rows: int, dtype: pl.DataType) -> pl.Series:
    """Return a column of so many unknowns."""
    return pl.Series([None], dtype=dtype).new_from_index(0, rows)
