"""A portfolio as it comes, raw columns and all: what its columns hold is found once, then batch after batch is screened."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from advisor.domain.ruleset import InForce, RuleSet
from advisor.screening.cells import Cells, Reader
from advisor.screening.learned import TableModel
from advisor.screening.mapping import Given, map_headers
from advisor.screening.screen import TOP, Screen, Tally

ISSUES = "issues"
"""The result column that counts a firm's cells that could not be read."""


@dataclass(frozen=True, slots=True)
class Screened:
    """Some firms screened: one row a firm in `frame`, one row a cell that could not be read in `issues`."""

    frame: pl.DataFrame
    issues: pl.DataFrame
    tally: Tally


class PortfolioScreen:
    """Screens tables with given headers under the rules of a day.

    Raises InputError when the headers or `given`, the user's mapping, cannot be understood.
    """

    def __init__(
        self,
        rules: InForce,
        day: dt.date,
        headers: Sequence[str],
        *,
        given: Given | None = None,
        top: int = TOP,
        wide: bool = False,
        model: TableModel | None = None,
    ) -> None:
        self.rules, self.day = rules, day
        self.model_version = None if model is None else model.version
        self._made_from = (rules.ruleset, day, tuple(headers), None if given is None else dict(given), top, wide, model)
        self.mapping = map_headers(headers, rules.catalogue, given)
        self.screen = Screen(rules, day, self.mapping.known, top=top, wide=wide, model=model)
        self.reader = Reader(self.mapping, rules.catalogue)
        held = {column.header for column in self.mapping.columns}
        nothing = pl.DataFrame({header: [] for header in headers}, schema=dict.fromkeys(headers, pl.String()))
        cells = self.reader(nothing, 1)
        found, _ = self.screen(cells.facts)
        results = (*found.columns, ISSUES)
        self.results = len(results)
        """How many of the last columns are results."""
        self._carried = _names([header for header in headers if header not in held], results)
        self.blank = self._joined(nothing, cells, found, 1)

    def __call__(self, raw: pl.DataFrame, first_row: int) -> Screened:
        """Return what is concluded for a batch whose first row is row `first_row` of the file.

        The columns that hold no fact come first, as they are; then those of `Screen`, then the number of unread cells. A
        carried column with the name of a result, be it in other case, gets `_input` behind its name.
        """
        cells = self.reader(raw, first_row)
        found, tally = self.screen(cells.facts if cells.facts.width else pl.DataFrame(height=raw.height))
        return Screened(self._joined(raw, cells, found, first_row), cells.issues, tally)

    def _joined(self, raw: pl.DataFrame, cells: Cells, found: pl.DataFrame, first_row: int) -> pl.DataFrame:
        keys = {header: cells.keys[key] for key, header in self.mapping.keys.items()}
        carried = [keys.get(header, raw[header]).alias(name) for header, name in self._carried.items()]
        return pl.DataFrame([*carried, *found.get_columns(), _unread(cells.issues, raw.height, first_row)])

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel to another process as what it was made from."""
        return _made_again, self._made_from


def _made_again(
    ruleset: RuleSet, day: dt.date, headers: Sequence[str], given: Given | None, top: int, wide: bool, model: TableModel | None
) -> PortfolioScreen:
    return PortfolioScreen(ruleset.as_of(day), day, headers, given=given, top=top, wide=wide, model=model)


def _names(headers: Sequence[str], results: Sequence[str]) -> dict[str, str]:
    """Return for each carried column a name that no result and no other column has, whatever the case."""
    taken = {name.casefold() for name in (*results, *headers)}
    found = {}
    for header in headers:
        name = header
        if name.casefold() in results:
            while name.casefold() in taken:
                name = f"{name}_input"
            taken.add(name.casefold())
        found[header] = name
    return found


def _unread(issues: pl.DataFrame, height: int, first_row: int) -> pl.Series:
    counts = pl.zeros(height, dtype=pl.UInt16, eager=True).alias(ISSUES)
    if not issues.height:
        return counts
    rows = issues["row"].value_counts()
    return counts.scatter((rows["row"] - first_row).to_list(), rows["count"].cast(pl.UInt16))
