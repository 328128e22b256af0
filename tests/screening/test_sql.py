"""The shipped rules as SQL: in every dialect, and run on engines against the verdicts of one firm at a time."""

import datetime as dt
import random
import sqlite3
from contextlib import closing
from itertools import pairwise
from math import inf, nextafter

import duckdb
import polars as pl
import pytest
import sqlglot
from sqlglot import exp

from advisor.domain.condition import Constant, Formula, Name, Test
from advisor.domain.errors import InputError
from advisor.domain.firm import read_firm
from advisor.domain.ruleset import STAGE_FACT
from advisor.population.firms import firms as made_up_firms
from advisor.screening.cells import Reader
from advisor.screening.mapping import map_headers
from advisor.screening.sql import DIALECTS, TESTED, Query
from tests.properties.test_sql import TYPES, postgres_connection

DAY = dt.date(2026, 11, 24)
FIRMS = 250
CONNECT = {"duckdb": duckdb.connect, "sqlite": lambda: sqlite3.connect(":memory:"), "postgres": postgres_connection}


@pytest.fixture(scope="module")
def edition(rules):
    return rules.as_of(DAY)


@pytest.fixture(scope="module")
def query(edition):
    derived = {name: fact.formula for name, fact in edition.catalogue.derived.items()}
    return Query({one.id: one.rule for one in edition.instruments}, ["firm_id"], "enterprises", edition.catalogue, derived, DAY)


def random_answer(fact, draw):
    match fact.kind:
        case "bool":
            return draw.random() < 0.5
        case "choice":
            return draw.choice(list(fact.options))
        case "choices":
            return tuple(draw.sample(list(fact.options), draw.randint(0, min(3, len(fact.options)))))
        case "date":
            return dt.date(1990, 1, 1) + dt.timedelta(draw.randint(0, 13_900)) if draw.random() < 0.9 else dt.date(2024, 2, 29)
        case "text":
            return draw.choice(["高新区", "两江新区", "渝北区", "C3670", "C26", "F51", "I65"])
        case _:
            low, high = fact.typical or (fact.low or 0, fact.high or 1000)
            number = draw.choice([0, low, high, draw.uniform(low, high), round(draw.uniform(low, high), 2), *fact.specials])
            number = max(number, fact.low or 0)
            return float(round(number) if fact.kind == "int" else number)


@pytest.fixture(scope="module")
def firms(edition):
    """Firms with random answers: some know nearly everything, some nearly nothing."""
    draw = random.Random(20261124)
    found = []
    for _ in range(FIRMS):
        share = draw.choice([0.2, 0.6, 0.95, 1.0])
        found.append({fact.id: random_answer(fact, draw) for fact in edition.catalogue.facts.values() if draw.random() < share})
    return found


def verdicts(edition, firm):
    return tuple(None if said is None else int(said) for said in edition.verdicts(read_firm(firm, edition.catalogue), DAY))


def table_of(edition, firms, dialect):
    """The statements' table: names and types of its columns, and its rows."""
    facts = edition.catalogue.facts
    columns = {"firm_id": "text", **{name: fact.naming.kind for name, fact in facts.items()}, STAGE_FACT: "text"}

    def stored(answer):
        if isinstance(answer, tuple):
            return ";".join(answer) or ";"
        return answer.isoformat() if isinstance(answer, dt.date) and dialect == "sqlite" else answer

    rows = []
    for number, firm in enumerate(firms):
        stage = edition.known(read_firm(firm, edition.catalogue), DAY)[0][STAGE_FACT]
        rows.append([f"firm{number:05}", *(stored(firm.get(name)) for name in facts), stage])
    declared = ", ".join(f'"{name}" {TYPES[dialect][kind]}' for name, kind in columns.items())
    mark = "%s" if dialect == "postgres" else "?"
    return f"CREATE TEMPORARY TABLE enterprises ({declared})", f"INSERT INTO enterprises VALUES ({', '.join([mark] * len(columns))})", rows


@pytest.mark.parametrize("dialect", TESTED)
def test_every_shipped_verdict_is_the_same_in_a_database(edition, query, firms, dialect):
    create, insert, rows = table_of(edition, firms, dialect)
    with closing(CONNECT[dialect]()) as connection:
        connection.execute(create)
        (connection.cursor() if dialect == "postgres" else connection).executemany(insert, rows)
        found = {row[0]: row[1:] for row in connection.execute(query.sql(dialect)).fetchall()}
    differing = [
        (row[0], one.id, want, got)
        for row, firm in zip(rows, firms, strict=True)
        for one, want, got in zip(edition.instruments, verdicts(edition, firm), found[row[0]], strict=True)
        if want != got
    ]
    assert differing == []
    assert len(found) == FIRMS
    assert {verdict for row in found.values() for verdict in row} == {0, 1, None}


# ---------------------------------------------------------------- cells that are no answers


def slips(fact, dialect):
    """Cells at the edge of what the fact takes and beyond it, as a column of the dialect may hold them."""
    match fact.kind:
        case "bool":
            return [True, False, None] if dialect != "sqlite" else [1, 0, 2, -1, None]
        case "date":
            days = [dt.date(1899, 12, 31), dt.date(1900, 1, 1), dt.date(2200, 12, 31), dt.date(2201, 1, 1), dt.date(2020, 2, 29), None]
            return days if dialect != "sqlite" else [*(day and day.isoformat() for day in days), "2023-02-29", "2023-13-01", "soon", ""]
        case "text":
            return ["", " ", "C36", "c36", "K7010", "K70", "Z9", None]
        case "choice":
            return ["", " ", *list(fact.options)[:2], list(fact.options)[-1], "mars", "chongqing;mars", None]
        case "choices":
            return ["", " ", ";", *list(fact.options)[:2], ";".join(list(fact.options)[:2]), None]
        case _:
            bounds = [bound for bound in (fact.low, fact.high, *fact.specials, 1e-6, 1e15, -1e-6, -1e15) if bound is not None]
            around = [near for bound in bounds for near in (bound, nextafter(bound, inf), nextafter(bound, -inf), bound + 1, bound - 1)]
            return [*around, 0.5, 1.5, -1.5, 9999.5, inf, -inf, float("nan"), None]


def spoilt(frame, catalogue, dialect, share, draw):
    """The frame as a table of the dialect has it, with a share of the cells of facts replaced by slips."""
    stored = frame.with_columns(pl.col(pl.Enum).cast(pl.String))
    if dialect == "sqlite":
        stored = stored.with_columns(pl.col(pl.Date).dt.to_string("%Y-%m-%d"), pl.col(pl.Boolean).cast(pl.Int8))
    columns = []
    for name, column in zip(stored.columns, stored, strict=True):
        dtype = pl.Float64 if column.dtype.is_integer() and name in catalogue.facts and catalogue.facts[name].kind != "bool" else column.dtype
        cells = column.to_list()
        if name in catalogue.facts:
            wrong = slips(catalogue.facts[name], dialect)
            cells = [draw.choice(wrong) if draw.random() < share else cell for cell in cells]
        columns.append(pl.Series(name, cells, dtype, strict=False))
    return pl.DataFrame(columns)


def load(connection, frame, catalogue, dialect):
    """Put a frame into a temporary table `enterprises`."""
    kinds = {name: catalogue[name].naming.kind if name in catalogue else "text" for name in frame.columns}
    columns = ", ".join(f'"{name}" {TYPES[dialect][kind]}' for name, kind in kinds.items())
    mark = "%s" if dialect == "postgres" else "?"
    connection.execute(f"CREATE TEMPORARY TABLE enterprises ({columns})")
    cursor = connection.cursor() if dialect == "postgres" else connection
    cursor.executemany(f"INSERT INTO enterprises VALUES ({', '.join([mark] * frame.width)})", frame.rows())


def as_written(facts, catalogue):
    """Facts in engine form as the statement gives them: 1 and 0, an option by its id, a list as the set of its ids."""
    found = {}
    for name, fact in catalogue.facts.items():
        options = list(fact.options)
        match fact.kind:
            case "bool":
                found[name] = facts[name].cast(pl.Int8).to_list()
            case "choice":
                found[name] = [None if place is None else options[place] for place in facts[name]]
            case "choices":
                found[name] = [None if bits is None else {option for bit, option in enumerate(options) if bits >> bit & 1} for bits in facts[name]]
            case _:
                found[name] = facts[name].to_list()
    return found


def as_given(name, answer, catalogue, dialect):
    """What the statement gave for a fact, in the terms of `as_written`."""
    if catalogue.facts[name].kind == "choices" and answer is not None:
        return set(answer.split(";")) - {""}
    return dt.date.fromisoformat(answer) if catalogue.facts[name].kind == "date" and dialect == "sqlite" and answer else answer


@pytest.mark.parametrize("dialect", TESTED)
def test_a_cell_that_is_no_answer_is_unknown_in_a_database_as_it_is_in_a_file(edition, dialect):
    """Every fact at its bounds, beyond them and in words that say nothing; the industry follows from the code."""
    catalogue = edition.catalogue
    (frame,) = made_up_firms(150, catalogue, DAY, 3)
    frame = frame.select("firm_id", *catalogue.facts).sort("firm_id")
    nasty = spoilt(frame, catalogue, dialect, 0.7, random.Random(20261124))
    query = Query({name: Name(name) for name in catalogue.facts}, ["firm_id"], "enterprises", catalogue, {}, DAY)
    with closing(CONNECT[dialect]()) as connection:
        load(connection, nasty, catalogue, dialect)
        rows = sorted(connection.execute(query.sql(dialect)).fetchall())
    cells = Reader(map_headers(nasty.columns, catalogue), catalogue)(nasty, 1)
    assert [row[0] for row in rows] == frame["firm_id"].to_list()
    wanted = as_written(cells.facts, catalogue)
    differing = [
        (name, nasty[name][number], wanted[name][number], got)
        for number, row in enumerate(rows)
        for name, given in zip(catalogue.facts, row[1:], strict=True)
        if (got := as_given(name, given, catalogue, dialect)) != wanted[name][number]
    ]
    assert differing == []
    refused = set(cells.issues["fact"])
    bounded = {name for name, fact in catalogue.facts.items() if fact.kind in ("int", "money", "number", "ratio", "choice", "date")}
    assert bounded <= refused
    by_code = [
        (code, industry)
        for code, given, industry in zip(nasty["gb_code"], nasty["industry_class"], wanted["industry_class"], strict=True)
        if given not in catalogue.facts["industry_class"].options and industry
    ]
    assert {("C36", "industry"), ("K7010", "real_estate")} <= set(by_code)
    assert not {"K70", "c36", "Z9", "", " ", None} & {code for code, _ in by_code}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_statement_is_read_back_in_its_own_dialect(edition, query, dialect):
    found = sqlglot.parse_one(query.sql(dialect), dialect=dialect)
    assert [column.alias_or_name for column in found.expressions] == ["firm_id", *(one.id for one in edition.instruments)]
    assert not list(found.find_all(exp.Anonymous)) or dialect in ("clickhouse", "sqlite")


def test_each_step_carries_only_what_is_still_needed(query):
    found = sqlglot.parse_one(query.sql("postgres"), dialect="postgres")
    steps = [*(step.this for step in found.ctes), found]
    for made, following in pairwise(steps):
        used = {column.name for column in following.find_all(exp.Column) if column.find_ancestor(exp.Select) is following}
        assert {column.alias_or_name for column in made.expressions} == used


def test_the_keys_and_outputs_may_have_any_name(edition):
    for dialect, connect in (("duckdb", duckdb.connect), ("sqlite", lambda: sqlite3.connect(":memory:"))):
        with closing(connect()) as connection:
            connection.execute('CREATE TABLE "my firms" ("信用代码" VARCHAR, part1 VARCHAR, employees DOUBLE)')
            connection.execute("INSERT INTO \"my firms\" VALUES ('91', 'x', 4), ('92', 'y', NULL)")
            few = Test("<", Name("employees"), Constant(5))
            asked = Query(
                {'少"于5': few, "select": Formula("+", (Name("employees"), Constant(1)))},
                ["信用代码", "part1"],
                '"my firms"',
                edition.catalogue,
                {},
                DAY,
            )
            cursor = connection.execute(asked.sql(dialect))
            assert [column[0] for column in cursor.description] == ["信用代码", "part1", '少"于5', "select"]
            assert sorted(cursor.fetchall()) == [("91", "x", 1, 5.0), ("92", "y", None, None)]


@pytest.mark.parametrize(
    ("code", "said", "dialect", "table", "keys"),
    [
        ("unknown_dialect", "did you mean 'postgres'", "postgress", "t", ["firm_id"]),
        ("unknown_dialect", "no columns of true and false", "tsql", "t", ["firm_id"]),
        ("unknown_dialect", "no columns of true and false", "oracle", "t", ["firm_id"]),
        ("bad_table", "'a b; drop' is not the name", "duckdb", "a b; drop", ["firm_id"]),
        ("bad_table", "'t where 1=1' is not the name", "sqlite", "t where 1=1", ["firm_id"]),
        ("bad_table", "'t\"' is not the name", "postgres", 't"', ["firm_id"]),
        ("bad_table", "'' is not the name", "duckdb", "", ["firm_id"]),
        ("duplicate_column", "share a name: firm_id, FIRM_ID", "duckdb", "t", ["firm_id", "FIRM_ID"]),
    ],
)
def test_what_cannot_be_said_is_refused_in_words(edition, code, said, dialect, table, keys):
    with pytest.raises(InputError) as refused:
        Query({"listed": Constant(True)}, keys, table, edition.catalogue, {}, DAY).sql(dialect)
    assert [problem.code for problem in refused.value.problems] == [code]
    assert said in refused.value.say("en")


def test_a_right_side_that_is_not_written_out_is_refused(edition):
    condition = Test("has_any", Name("purposes"), Name("purposes"))
    with pytest.raises(InputError, match="its right side must be written out"):
        Query({"any": condition}, ["firm_id"], "t", edition.catalogue, {}, DAY).sql("duckdb")
