"""`advisor rules sql`: the statement it prints, run by a database, concludes what the screening of the same firms concludes."""

import datetime as dt
import random
import sqlite3
from contextlib import closing

import duckdb
import polars as pl
import pytest

from advisor.cli import main
from advisor.domain.stage import STAGES
from advisor.population.firms import firms, write_firms
from advisor.screening.portfolio import PortfolioScreen
from tests.screening.test_sql import CONNECT, load, spoilt

DAY = dt.date(2026, 11, 24)
EARLIER = dt.date(2025, 5, 31)
SEED = 7
CONCLUDED = ("stage", *(f"p_{stage}" for stage in STAGES), "size_class", "fund_chain")


@pytest.fixture
def rules_sql(command_home, monkeypatch, capsys):
    """Run `advisor rules sql`: its exit code, what it printed, and its errors."""
    monkeypatch.setenv("ADVISOR_HOME", str(command_home))

    def run(*arguments):
        code = main(["rules", "sql", *map(str, arguments)])
        return code, *capsys.readouterr()

    return run


@pytest.fixture(scope="module")
def portfolio(catalogue, tmp_path_factory):
    """A Parquet file of 2,000 synthetic firms."""
    path = tmp_path_factory.mktemp("portfolio") / "firms.parquet"
    write_firms(path, 2000, catalogue, DAY, SEED)
    return path


def answered(connection, statement):
    """The names of the columns, and the rows in the order of their keys."""
    cursor = connection.execute(statement)
    return [column[0] for column in cursor.description], sorted(cursor.fetchall(), key=lambda row: row[0])


def screened(rules, day, frame):
    """What the screening concludes for each firm of a frame, under the names of the statement."""
    edition = rules.as_of(day)
    found = PortfolioScreen(edition, day, frame.columns, wide=True)(frame, 1).frame
    names = ["firm_id", *CONCLUDED, *(one.id for one in edition.instruments)]
    return names, sorted(found.select(names).rows(), key=lambda row: row[0])


@pytest.mark.parametrize("day", [DAY, EARLIER])
def test_a_database_concludes_for_every_firm_what_the_screening_concludes(rules_sql, rules, portfolio, day):
    """2,000 firms, every cell: stage, probabilities to the last digit, size, fund chain, and each verdict."""
    code, statement, complaints = rules_sql("--as-of", day)
    assert (code, complaints) == (0, "")
    with closing(duckdb.connect()) as connection:
        connection.execute(f"CREATE VIEW firms AS FROM read_parquet('{portfolio}')")
        names, rows = answered(connection, statement)
    wanted_names, wanted = screened(rules, day, pl.read_parquet(portfolio))
    assert names == wanted_names
    assert len(rows) == 2000
    differing = [
        (row[0], name, want, got)
        for row, wanted_row in zip(rows, wanted, strict=True)
        for name, got, want in zip(names, row, wanted_row, strict=True)
        if got != want
    ]
    assert differing == []
    assert {verdict for row in rows for verdict in row[1 + len(CONCLUDED) :]} == {0, 1, None}
    assert {row[1] for row in rows} == {*STAGES, None}
    assert {row[names.index("fund_chain")] for row in rows} == {"green", "amber", "red", None}


@pytest.mark.parametrize("dialect", ["duckdb", "postgres", "sqlite"])
def test_what_is_no_answer_refuses_no_firm_in_a_database_either(rules_sql, rules, dialect):
    """300 firms with a slip in every tenth cell: figures out of range, unknown options, empty texts, days of other centuries."""
    (sound,) = firms(300, rules.catalogue, DAY, SEED)
    frame = spoilt(sound, rules.catalogue, dialect, 0.1, random.Random(SEED))
    code, statement, _ = rules_sql("--dialect", dialect, "--table", "enterprises", "--as-of", DAY)
    assert code == 0
    with closing(CONNECT[dialect]()) as connection:
        load(connection, frame, rules.catalogue, dialect)
        names, rows = answered(connection, statement)
    assert (names, rows) == screened(rules, DAY, frame)
    assert rows != screened(rules, DAY, sound)[1]


def test_the_day_decides_which_instruments_are_columns(rules_sql, rules):
    """What came into force since stands in the later statement only."""
    earlier, later = ({one.id for one in rules.as_of(day).instruments} for day in (EARLIER, DAY))
    (new, *_) = sorted(later - earlier)
    assert f'AS "{new}"' in rules_sql("--as-of", DAY)[1]
    assert f'AS "{new}"' not in rules_sql("--as-of", EARLIER)[1]


def test_without_a_day_the_statement_is_that_of_today(rules_sql):
    before = dt.date.today()
    statement = rules_sql()[1]
    assert statement in {rules_sql("--as-of", day)[1] for day in {before, dt.date.today()}}


def test_table_and_keys_are_those_asked_for(rules_sql, portfolio):
    code, statement, _ = rules_sql("--table", 'risk."firms of 2026"', "--key", "name", "--key", "firm_id", "--as-of", DAY)
    assert code == 0
    with closing(duckdb.connect()) as connection:
        connection.execute("CREATE SCHEMA risk")
        connection.execute(f"CREATE TABLE risk.\"firms of 2026\" AS FROM read_parquet('{portfolio}') LIMIT 20")
        names, rows = answered(connection, statement)
        keys = answered(connection, 'SELECT name, firm_id FROM risk."firms of 2026"')[1]
    assert names[:3] == ["name", "firm_id", "stage"]
    assert sorted(row[:2] for row in rows) == sorted(keys)


def test_the_dialect_is_the_one_asked_for(rules_sql, rules):
    """SQLite has no booleans and no dates: it reads 0 and 1, and text."""
    (frame,) = firms(40, rules.catalogue, DAY, SEED)
    stored = frame.with_columns(pl.col(pl.Date).dt.to_string("%Y-%m-%d"), pl.col(pl.Boolean).cast(pl.Int8))
    code, statement, _ = rules_sql("--dialect", "sqlite", "--as-of", DAY)
    assert code == 0
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(f"CREATE TABLE firms ({', '.join(stored.columns)})")
        connection.executemany(f"INSERT INTO firms VALUES ({', '.join('?' * stored.width)})", stored.rows())
        assert answered(connection, statement) == screened(rules, DAY, frame)


@pytest.mark.parametrize(
    ("arguments", "zh", "en"),
    [
        (("--dialect", "postgress"), "没有“postgress”这种 SQL", "'postgress' is not a dialect of SQL; did you mean 'postgres'?"),
        (("--dialect", "oracle"), "“oracle”没有真假值的列", "'oracle' has no columns of true and false"),
        (("--table", "firms; drop table firms"), "“firms; drop table firms”不是表名", "'firms; drop table firms' is not the name of a table"),
        (("--key", "firm_id", "--key", "stage"), "结果里有同名的列：stage", "columns of the result share a name: stage"),
    ],
)
def test_what_cannot_be_written_is_refused_in_words_and_nothing_is_printed(rules_sql, arguments, zh, en):
    for lang, words in (("zh", zh), ("en", en)):
        code, printed, complaints = rules_sql(*arguments, "--lang", lang)
        assert (code, printed) == (2, "")
        assert words in complaints
