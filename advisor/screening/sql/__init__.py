"""The rules as one SQL statement, for firms that live in a warehouse.

    WITH facts AS (SELECT keys and facts made clean), step1 AS (...), step2 AS (...) SELECT keys, outputs FROM stepN

Conditions are first brought down to what every engine has, then written through sqlglot's expression classes. A part
that would be written twice gets a column of its own in a step, so the text stays short.

How a table of firms must stand: one column a fact, named by its id, NULL for unknown.

    money, ratio, number, int   any numeric type, in the unit of the fact
    bool                        BOOLEAN; 0 and 1 in SQLite and MySQL
    date                        DATE; text like 2026-01-31 in SQLite, Date32 in ClickHouse
    text, choice                text; a choice by its id
    choices                     text: ids joined by ";" without blanks; ";" for a list known to be empty

A cell that a file would be refused for counts as unknown here too: a number that the fact does not take (NaN, infinities,
sizes beyond all measure, out of its range, a fraction where it counts), a day outside 1900 to 2200, a word that is no option,
an empty text. Where `industry_class` is unknown it follows from the column `gb_code`. What a file is read for beyond that is
not read here: labels and other words for options, units, words for unknown in a text. In a list an unknown word is passed over.

Verdicts come out as 1, 0 or NULL; other outputs as the value they have. Order of rows is not kept: name the keys.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp, parse_one
from sqlglot.errors import ParseError, TokenError

from advisor.domain.condition import Node
from advisor.domain.errors import InputError, Problem, did_you_mean
from advisor.domain.facts import Catalogue
from advisor.domain.text import Text
from advisor.screening.sql.lowering import Lowering
from advisor.screening.sql.steps import Statement

TESTED = ("duckdb", "postgres", "sqlite")
"""Dialects whose statements the tests run on the engine itself, against the reading of one firm."""
DIALECTS = (*TESTED, "bigquery", "clickhouse", "hive", "mysql", "snowflake", "spark", "trino")
"""All dialects; those that are not in TESTED are written to the same pattern and parsed back, but not run."""

_NO_BOOLEANS = ("oracle", "tsql")


@dataclass(frozen=True, slots=True, eq=False)
class Query:
    """Named conditions and formulas, asked of every firm of a table on a day.

    `derived` are formulas to be worked out on the way, by name; every other name is a column of the table whose
    kind the catalogue knows. `keys` are columns handed through as they are.
    """

    outputs: Mapping[str, Node]
    keys: Sequence[str]
    table: str
    catalogue: Catalogue
    derived: Mapping[str, Node]
    day: dt.date

    def sql(self, dialect: str, *, pretty: bool = True) -> str:
        """Return the statement. Raises InputError for a dialect or table name that cannot be, or a column named twice."""
        _check_dialect(dialect)
        _check_columns((*self.keys, *self.outputs))
        lowering = Lowering(self.catalogue, self.derived, self.day)
        outputs = {name: lowering(node) for name, node in self.outputs.items()}
        statement = Statement(dialect, lowering, outputs, _table(self.table, dialect), self.keys).select()
        return statement.sql(dialect=dialect, pretty=pretty, copy=False)


def _check_dialect(dialect: str) -> None:
    if dialect in _NO_BOOLEANS:
        zh, en = f"“{dialect}”没有真假值的列，写不出等价的语句", f"'{dialect}' has no columns of true and false: no equal statement can be written"
        raise InputError([Problem("unknown_dialect", Text(zh, en))])
    if dialect not in DIALECTS:
        guess = did_you_mean(dialect, DIALECTS)
        text = Text(f"没有“{dialect}”这种 SQL{guess.zh}（可选：", f"'{dialect}' is not a dialect of SQL{guess.en} (dialects: ")
        raise InputError([Problem("unknown_dialect", text + Text(f"{', '.join(DIALECTS)}）", f"{', '.join(DIALECTS)})"))])


def _check_columns(names: Sequence[str]) -> None:
    count = Counter(name.casefold() for name in names)
    twice = [name for name in dict.fromkeys(names) if count[name.casefold()] > 1]
    if twice:
        shown = ", ".join(twice)
        raise InputError([Problem("duplicate_column", Text(f"结果里有同名的列：{shown}", f"columns of the result share a name: {shown}"))])


def _table(name: str, dialect: str) -> exp.Table:
    try:
        table = parse_one(name, dialect=dialect, into=exp.Table)
    except (ParseError, TokenError):
        table = exp.Table()
    if not table.name or {part for part, written in table.args.items() if written} - {"this", "db", "catalog"}:
        raise InputError([Problem("bad_table", Text(f"“{name}”不是表名", f"'{name}' is not the name of a table"))])
    return exp.alias_(table, "firms", table=True)  # type: ignore[return-value]
