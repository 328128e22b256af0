"""Screening as a use case: a file of firms, or a frame in memory, under an adviser's rules."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import polars as pl

from advisor.domain.errors import InputError, Place, Problem
from advisor.domain.firm import usable_day
from advisor.domain.text import Lang, Text
from advisor.rulefiles.yamlfile import read_yaml
from advisor.screening.mapping import Given, Mapping
from advisor.screening.portfolio import PortfolioScreen, Screened
from advisor.screening.run import Progress, Summary, screen_table
from advisor.screening.screen import MOST_TOP, SEPARATOR, TOP
from advisor.service.advisor import Advisor, home, make_advisor
from advisor.tables.header import refuse_doubled
from advisor.tables.table import Table, open_table

if TYPE_CHECKING:
    import pandas as pd

Frame = TypeVar("Frame", "pd.DataFrame", pl.DataFrame)

MOST_GIVEN = 1_000_000


class FileScreening:
    """A file of firms whose columns are understood, ready to be screened."""

    def __init__(
        self, adviser: Advisor, source: str | Path, as_of: dt.date | None = None, *, columns: Path | None = None, top: int = TOP, wide: bool = False
    ) -> None:
        """Open a file. `columns` is a YAML file that says what each column holds. Raises InputError."""
        self.table: Table = open_table(source)
        self.screen = _portfolio_screen(adviser, self.table.headers, as_of, given_columns(columns), top, wide)
        refuse_nothing_known(self.mapping, self.table.name)

    @property
    def mapping(self) -> Mapping:
        """What each column holds."""
        return self.screen.mapping

    def write(self, target: Path, lang: Lang, progress: Progress | None = None, *, workers: int = 1) -> Summary:
        """Screen every firm and write the results; see `screening.run.screen_table`."""
        return screen_table(self.table, target, self.screen, lang, home() / "screening", progress, workers=workers)


def screen_frame(
    adviser: Advisor, frame: Frame, as_of: dt.date | None = None, *, given: Given | None = None, top: int = TOP, wide: bool = False
) -> Screened:
    """Return the screening of a pandas or Polars frame, its columns found as those of a file are. Raises InputError."""
    raw = frame if isinstance(frame, pl.DataFrame) else _from_pandas(frame)
    screen = _portfolio_screen(adviser, raw.columns, as_of, given, top, wide)
    refuse_nothing_known(screen.mapping, "")
    return screen(raw, 1)


def screen(frame: Frame, as_of: dt.date | None = None, *, top: int = TOP, wide: bool = False, adviser: Advisor | None = None) -> Frame:
    """Return one row of conclusions a firm, in the order and the kind of frame given, pandas or Polars.

    Columns are found by fact id, label or synonym; money in CNY, shares as fractions, unless a header names another unit.
    The others are carried through. Then come `stage`, its four probabilities, `size_class`, `fund_chain`, counts, the `top`
    instruments with their suitability (0-1), shut gates, the facts most worth asking, and `issues`, the number of cells that
    could not be read and count as unknown; `wide` adds one column an instrument: 1, 0 or null. The date is `as_of`, else
    today. Raises InputError when no column is a fact or two columns are the same fact.
    """
    found = screen_frame(adviser or make_advisor(), frame, as_of, top=top, wide=wide).frame
    if isinstance(frame, pl.DataFrame):
        return found
    return found.to_pandas().set_index(frame.index)


def given_columns(file: Path | None) -> Given | None:
    """Return the mapping that a YAML file gives: `header: fact`, `header: {fact, unit}` or `header: null`. Raises InputError."""
    if file is None:
        return None
    with file.open("rb") as opened:
        raw = opened.read(MOST_GIVEN + 1)
    if len(raw) > MOST_GIVEN:
        zh, en = f"超过{MOST_GIVEN // 1_000_000}MB", f"larger than {MOST_GIVEN // 1_000_000} MB"
        raise InputError([Problem("too_large", Text(zh, en), Place(file.name))])
    try:
        data: Any = read_yaml(raw.decode("utf-8-sig"), file.name, strict=False).data
    except UnicodeDecodeError as error:
        raise InputError([Problem("not_utf8", Text("不是UTF-8编码的文本", "not UTF-8 text"), Place(file.name))]) from error
    if not isinstance(data, dict):
        zh, en = "应写成“列名: 指标”", "should hold 'column: fact'"
        raise InputError([Problem("bad_columns_file", Text(zh, en), Place(file.name))])
    return data


def _portfolio_screen(
    adviser: Advisor, headers: list[str] | tuple[str, ...], as_of: dt.date | None, given: Given | None, top: int, wide: bool
) -> PortfolioScreen:
    if not 1 <= top <= MOST_TOP:
        raise InputError([Problem("top_out_of_range", Text(f"推荐数应在1到{MOST_TOP}之间", f"top should lie between 1 and {MOST_TOP}"))])
    day = adviser.today() if as_of is None else usable_day(as_of)
    return PortfolioScreen(adviser.rules.as_of(day), day, headers, given=given, top=top, wide=wide, model=adviser.model)


def refuse_nothing_known(mapping: Mapping, name: str) -> None:
    """Raise InputError where no column holds a fact: every firm would be unknown."""
    if mapping.columns:
        return
    zh = "没有一列是认得的指标；请看 docs/reference/facts.md 里的名称，或用 --columns 说明各列是什么"
    en = "no column is a known fact; see the names in docs/reference/facts.md, or say with --columns what each column holds"
    raise InputError([Problem("no_fact_column", Text(zh, en), Place(name))])


def _from_pandas(frame: pd.DataFrame) -> pl.DataFrame:
    """Return the same table; a column of mixed cells becomes text, its lists joined. Raises InputError for two columns of one name."""
    names = [str(name) for name in frame.columns]
    refuse_doubled(names)
    return pl.DataFrame([_column(name, frame.iloc[:, place]) for place, name in enumerate(names)])


def _column(name: str, cells: pd.Series) -> pl.Series:
    try:
        return pl.from_pandas(cells).alias(name)
    except (TypeError, ValueError, pl.exceptions.PolarsError):
        return pl.Series(name, [_as_text(cell) for cell in cells], dtype=pl.String)


def _as_text(cell: object) -> str | None:
    import pandas as pd

    if isinstance(cell, list | tuple | set):
        return SEPARATOR.join(str(word) for word in cell) or SEPARATOR  # which is how files write the empty list
    return None if pd.isna(cell) else str(cell)  # type: ignore[call-overload]
