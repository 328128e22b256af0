"""The screening inside a Spark cluster: the very same function over the Arrow batches of a Spark DataFrame.

The rules travel with the task, so that every executor has those of the driver whatever rules are installed there; each
Python process of an executor compiles them once. pyspark comes with the extra `[spark]`; only the driver imports it here.
"""

from __future__ import annotations

import datetime as dt
import pickle
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import polars as pl
import polars.selectors as cs
import pyarrow as pa

from advisor.domain.ruleset import RuleSet
from advisor.screening.learned import TableModel
from advisor.screening.mapping import Given, Mapping
from advisor.screening.portfolio import PortfolioScreen
from advisor.screening.screen import BLOCK, TOP, Tally
from advisor.tables.header import refuse_doubled

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


@dataclass(slots=True)
class Counted:
    """What is counted over some firms: the tally, and the cells that could not be read."""

    tally: Tally
    issues: int = 0


class Adding:
    """How an accumulator of Spark adds up what was counted where the work is done."""

    def zero(self, counted: Counted) -> Counted:
        """Return the count over no firm."""
        return Counted(Tally(counted.tally.instruments))

    def addInPlace(self, counted: Counted, other: Counted) -> Counted:
        """Count other firms too."""
        counted.tally.add(other.tally)
        counted.issues += other.issues
        return counted


Count = Callable[[Counted], None]
"""Told what was counted: the `add` of an accumulator."""


def screen_on_cluster(
    frame: DataFrame,
    rules: RuleSet,
    day: dt.date,
    *,
    given: Given | None = None,
    top: int = TOP,
    wide: bool = False,
    model: TableModel | None = None,
    count: Count | None = None,
) -> DataFrame:
    """Return a DataFrame with one row of conclusions a firm under the rules of a day, worked out when it is used.

    Columns are found, read, carried through and concluded as `PortfolioScreen` does it. Ids and keys are strings, shares
    doubles, counts integers, the columns of `wide` bytes; a carried column keeps its type. Rows have no numbers in a
    cluster: how many cells of a firm could not be read stands in `issues`, which ones is not told. Raises InputError
    where the columns or `given`, the user's mapping, cannot be understood.
    """
    from pyspark.sql.pandas.types import from_arrow_schema
    from pyspark.sql.types import StructField, StructType

    headers = tuple(frame.columns)
    refuse_doubled(headers)
    order = pickle.dumps((rules, day, headers, None if given is None else dict(given), top, wide, model))
    screen = _compiled(order)
    known = _known_to_arrow(frame.toDF(*(f"c{place}" for place in range(len(headers)))))  # Spark cannot pass on a header with a dot
    fields = list(from_arrow_schema(screen.schema))
    for place, header in screen.untouched.items():
        fields[place] = StructField(fields[place].name, known.schema[headers.index(header)].dataType)

    def screened(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        yield from _screened(batches, order, count)

    return known.mapInArrow(screened, StructType(fields))


class ArrowScreen:
    """A `PortfolioScreen` that takes and gives Arrow tables. What it need not read never leaves Arrow."""

    def __init__(self, screen: PortfolioScreen) -> None:
        self._screen = screen
        mapping = screen.mapping
        found = _plain(screen.blank).schema
        self._read = {column.header for column in mapping.columns} | set(mapping.keys.values())
        held = {column.header for column in mapping.columns}
        carried = [header for header in mapping.headers if header not in held]
        self.untouched = {place: header for place, header in enumerate(carried) if header not in self._read}
        """The columns that are carried through as they are: place in the result, and header."""
        self.schema: pa.Schema = found

    @property
    def mapping(self) -> Mapping:
        """What each column holds."""
        return self._screen.mapping

    def __call__(self, firms: pa.Table) -> tuple[pa.Table, Counted]:
        """Return the conclusions for each row, in order, and what was counted; the columns are taken by their order."""
        firms = firms.rename_columns(self.mapping.headers)
        unread = pl.Series([None]).new_from_index(0, firms.num_rows)
        raw = [pl.Series(header, firms.column(header)) if header in self._read else unread.alias(header) for header in self.mapping.headers]
        screened = self._screen(pl.DataFrame(raw), 1)
        found = _plain(screened.frame)
        for place, header in self.untouched.items():
            found = found.set_column(place, header, firms.column(header))
        return found.rename_columns(self.schema.names), Counted(screened.tally, screened.issues.height)


@lru_cache(maxsize=2)
def _compiled(order: bytes) -> ArrowScreen:
    rules, day, headers, given, top, wide, model = pickle.loads(order)  # noqa: S301  the driver wrote it, whose code runs here anyway
    return ArrowScreen(PortfolioScreen(rules.as_of(day), day, headers, given=given, top=top, wide=wide, model=model))


def _screened(batches: Iterable[pa.RecordBatch], order: bytes, count: Count | None) -> Iterator[pa.RecordBatch]:
    screen = _compiled(order)
    for firms in _gathered(batches):
        found, counted = screen(firms)
        if count is not None:
            count(counted)
        yield from found.combine_chunks().to_batches()


def _gathered(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Yield tables of at least a block of rows but for the last: small batches cost more a firm."""
    held: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        held.append(batch)
        rows += batch.num_rows
        if rows >= BLOCK:
            yield pa.Table.from_batches(held)
            held, rows = [], 0
    if rows:
        yield pa.Table.from_batches(held)


def _plain(frame: pl.DataFrame) -> pa.Table:
    """Return a frame as Arrow with no types but those Spark has: no codes, no unsigned numbers."""
    plain = frame.with_columns(cs.enum().cast(pl.String), cs.unsigned_integer().cast(pl.Int32), cs.float().cast(pl.Float64))
    return plain.to_arrow(compat_level=pl.CompatLevel.oldest())


def _known_to_arrow(frame: DataFrame) -> DataFrame:
    """Return a DataFrame whose spans of months, which Arrow does not know in Python, are text."""
    from pyspark.sql.types import CalendarIntervalType, YearMonthIntervalType

    spans = [field.name for field in frame.schema if isinstance(field.dataType, CalendarIntervalType | YearMonthIntervalType)]
    return frame.withColumns({name: frame[name].cast("string") for name in spans}) if spans else frame
