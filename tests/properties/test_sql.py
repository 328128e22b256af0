"""The reading of one firm and the SQL statement say the same: on DuckDB, SQLite and PostgreSQL, in every cell."""

import datetime as dt
import sqlite3
from contextlib import closing
from math import inf, nan, nextafter

import duckdb
import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.domain.condition import BOUND, Choice, Constant, Formula, Junction, Name, Test, value
from advisor.screening.sql import TESTED, Query
from tests.properties.trees import CATALOGUE, DAY, everything_known, firms, trees

DERIVED = {name: fact.formula for name, fact in CATALOGUE.derived.items()}
NUMBERS = tuple(name for name, fact in CATALOGUE.facts.items() if fact.naming.kind == "number")
NO_FIGURES = (nan, inf, -inf, 1e300, -1e300, nextafter(1e15, inf), nextafter(1e-6, 0), -1e-300)
"""Numbers that are no answer: they count as unknown."""
TYPES = {
    "duckdb": {"number": "DOUBLE", "bool": "BOOLEAN", "date": "DATE", "text": "VARCHAR", "choices": "VARCHAR"},
    "postgres": {"number": "DOUBLE PRECISION", "bool": "BOOLEAN", "date": "DATE", "text": "TEXT", "choices": "TEXT"},
    "sqlite": {"number": "REAL", "bool": "INTEGER", "date": "TEXT", "text": "TEXT", "choices": "TEXT"},
}


class Engine:
    """A database with the table of firms in it, told afresh for each question."""

    def __init__(self, dialect, connection):
        self.dialect, self.connection = dialect, connection
        types = TYPES[dialect]
        columns = ", ".join(f'"{name}" {types[fact.naming.kind]}' for name, fact in CATALOGUE.facts.items())
        self.ask(f"CREATE TEMPORARY TABLE enterprises (firm_no INTEGER, {columns})")

    def ask(self, statement):
        return self.connection.execute(statement)

    def fill(self, statement, rows):
        cursor = self.connection.cursor() if self.dialect == "postgres" else self.connection  # a DuckDB cursor sees no temporary table
        cursor.executemany(statement, rows)

    def answers(self, nodes, rows):
        self.ask("DELETE FROM enterprises")
        mark = "%s" if self.dialect == "postgres" else "?"
        stored = [[number, *(self.stored(row[name]) for name in CATALOGUE.facts)] for number, row in enumerate(rows)]
        self.fill(f"INSERT INTO enterprises VALUES ({', '.join([mark] * (1 + len(CATALOGUE.facts)))})", stored)
        outputs = {f"o{number}": node for number, node in enumerate(nodes)}
        statement = Query(outputs, ["firm_no"], "enterprises", CATALOGUE, DERIVED, DAY).sql(self.dialect)
        found = self.ask(statement).fetchall()
        assert sorted(row[0] for row in found) == list(range(len(rows)))
        return [row[1:] for row in sorted(found)]

    def stored(self, answer):
        if isinstance(answer, tuple):
            return ";".join(answer) or ";"
        if isinstance(answer, dt.date) and self.dialect == "sqlite":
            return answer.isoformat()
        return float(answer) if type(answer) is int else answer


def postgres_connection():
    problems = []
    for place in ({"host": "127.0.0.1", "port": 5432}, {"host": "/var/run/postgresql"}):
        for user in ("postgres", "root", "test"):
            try:
                return psycopg.connect(user=user, dbname="postgres", connect_timeout=2, autocommit=True, **place)
            except psycopg.OperationalError as error:
                problems.append(str(error).splitlines()[0])
    pytest.skip(f"no PostgreSQL server answers: {problems[0]}")


CONNECT = {"duckdb": duckdb.connect, "sqlite": lambda: sqlite3.connect(":memory:"), "postgres": postgres_connection}


@pytest.fixture(scope="module", params=TESTED)
def engine(request):
    with closing(CONNECT[request.param]()) as connection:
        yield Engine(request.param, connection)


def as_the_table_has_it(firm):
    """The firm the kernel sees: numbers are doubles; those that are no figures, and a text of nothing, are not known."""
    return {
        name: None if answer in NO_FIGURES or answer != answer or answer == "" else float(answer) if type(answer) is int else answer
        for name, answer in firm.items()
    }


def said(node, firm):
    found = value(CATALOGUE.unfolded(node), everything_known(as_the_table_has_it(firm)))
    return int(found) if isinstance(found, bool) else found


def differing(engine, nodes, rows):
    answers = engine.answers(nodes, rows)
    return [
        (node, row, said(node, row), got)
        for row, line in zip(rows, answers, strict=True)
        for node, got in zip(nodes, line, strict=True)
        if said(node, row) != got
    ]


@st.composite
def firms_with_slips(draw):
    firm = dict(draw(firms))
    if draw(st.integers(0, 3)) == 0:
        firm[draw(st.sampled_from(NUMBERS))] = draw(st.sampled_from(NO_FIGURES))
    return firm


@settings(max_examples=12)
@given(st.lists(trees, min_size=12, max_size=25), st.lists(firms_with_slips(), min_size=15, max_size=30))
def test_one_statement_says_of_every_firm_what_each_tree_says(engine, nodes, rows):
    assert differing(engine, nodes, rows) == []


# ---------------------------------------------------------------- what random trees seldom meet

KNOWN = {"staff": 4, "sales": 1e15, "debt": 1e-6, "share": 0.1, "listed": True, "blacklisted": False, "city": "重庆高新区", "grade": "A"}
FULL = {**KNOWN, "titles": ("hnte",), "founded": dt.date(2020, 2, 29)}
NOBODY = dict.fromkeys(FULL)


def power(node, times):
    for _ in range(times - 1):
        node = Formula("*", (node, Name("sales")))
    return node


@pytest.mark.parametrize("times", [2, 6, 7, 14])
def test_what_leaves_all_bounds_is_unknown(engine, times):
    large = power(Name("sales"), times)
    tiny = Formula("/", (Constant(1), large))
    nodes = [
        large,
        Formula("/", (large, Name("debt"))),
        Formula("neg", (large,)),
        tiny,
        Formula("/", (Name("sales"), tiny)),
        Test(">", large, Constant(1)),
    ]
    assert differing(engine, nodes, [FULL, NOBODY, {**FULL, "sales": -1e15}, {**FULL, "sales": 0}]) == []


def test_the_bound_is_met_exactly(engine):
    nodes = [Formula(op, (Name("sales"), Constant(number))) for op, number in (("*", BOUND / 1e15), ("*", nextafter(BOUND / 1e15, 0)), ("/", 1e-85))]
    assert differing(engine, nodes, [FULL, {**FULL, "sales": 9.9e14}]) == []


def test_a_difference_of_nearly_equal_figures_divides(engine):
    rest = Formula("-", (Formula("+", (Name("share"), Constant(0.2))), Constant(0.3)))
    nodes = [Formula("/", (Name("sales"), rest)), Formula("/", (Constant(1), Formula("*", (rest, rest))))]
    assert differing(engine, nodes, [FULL, {**FULL, "share": 0.09999999999999998}]) == []


@settings(max_examples=10)
@given(st.lists(st.floats(1e-6, 1e15) | st.floats(-1e15, -1e-6) | st.integers(-(2**53), 2**53).map(float), min_size=20, max_size=40))
def test_a_number_written_in_a_condition_is_the_same_double_in_the_engine(engine, figures):
    assert engine.answers([Constant(figure) for figure in figures], [FULL]) == [tuple(figures)]


DAYS = [dt.date(year, month, day) for year in (1900, 1999, 2000, 2020, 2023, 2024) for month, day in ((1, 1), (2, 28), (3, 1), (12, 31))]
LEAP_DAYS = [dt.date(year, 2, 29) for year in (1996, 2000, 2020, 2024)]


@settings(max_examples=5)
@given(st.lists(st.sampled_from(DAYS + LEAP_DAYS) | st.dates(dt.date(1900, 1, 1), dt.date(2200, 12, 31)), min_size=30, max_size=60))
def test_years_between_two_days_are_the_same_double(engine, days):
    against = [Constant(day) for day in (*DAYS[::8], *LEAP_DAYS[1::2], DAY)]
    nodes = [Formula("years_between", pair) for day in against for pair in ((Name("founded"), day), (day, Name("founded")))]
    assert differing(engine, nodes, [{**NOBODY, "founded": day} for day in [*days, *DAYS, *LEAP_DAYS]]) == []


def test_words_are_compared_character_by_character(engine):
    words = ["a_b", "a%b", "axb", "A_B", "a_b ", "重庆", "重", "𠮷野家", "𠮷", "é", "e\u0301", "it's", "back\\slash", ""]
    tests = [Test(op, Name("city"), Constant(word)) for word in words for op in ("==", "!=", "starts_with")]
    prefixes = [Formula("prefix", (Name("city"), Constant(length))) for length in range(4)]
    choice = Choice(Name("listed"), Constant("A"), Name("grade"))
    nodes = [
        *tests,
        *prefixes,
        Test("starts_with", Name("city"), prefixes[1]),
        Test("starts_with", Name("city"), choice),
        Test("in", Name("city"), Constant(("it's", "重"))),
    ]
    assert differing(engine, nodes, [{**FULL, "city": word, "listed": None} for word in words] + [FULL, NOBODY]) == []


def test_an_id_that_is_part_of_another_is_not_found_in_a_list(engine):
    nodes = [Test("contains", Name("titles"), Constant(word)) for word in ("hnt", "nte", "hnte", "srdi;giant", "h_te")]
    nodes += [Test(op, Name("titles"), Constant(words)) for op in ("has_any", "has_all") for words in ((), ("hnte", "srdi"))]
    nodes += [Test("contains", Name("titles"), Name("city")), Name("titles")]
    rows = [{**FULL, "titles": titles, "city": "srdi"} for titles in ((), ("hnte",), ("srdi", "hnte"), None)]
    assert [line[:-1] for line in engine.answers(nodes, rows)] == [tuple(said(node, row) for node in nodes[:-1]) for row in rows]
    assert [line[-1] for line in engine.answers(nodes, rows)] == [";", "hnte", "srdi;hnte", None]


def test_a_lone_semicolon_is_a_list_known_to_be_empty_and_an_empty_text_is_unknown(engine):
    """As in a file: an empty cell claims nothing."""
    nodes = [Test("contains", Name("titles"), Constant("hnte")), *(Test(op, Name("titles"), Constant(())) for op in ("has_any", "has_all"))]
    nodes += [Formula("or_else", (nodes[0], Constant(True))), Name("titles")]
    assert engine.answers(nodes, [{**FULL, "titles": ";"}, {**FULL, "titles": ""}]) == [(0, 0, 1, 0, ";"), (None, None, None, 1, None)]


def test_or_else_gives_the_first_that_is_known(engine):
    unknown = Constant(None)
    nodes = [
        Formula("or_else", (Name("listed"), Constant(False))), Formula("or_else", (Name("debt"), Name("sales"))),
        Choice(Formula("or_else", (Name("listed"), Constant(False))), Name("city"), unknown), Choice(Name("listed"), unknown, Constant("yes")),
        Choice(Name("listed"), unknown, Name("blacklisted")), unknown,
        Test("<", unknown, Name("sales")), Formula("or_else", (unknown, Name("sales"))),
        Junction("and", (Choice(Name("blacklisted"), unknown, Name("listed")), Name("listed"))),
    ]  # fmt: skip
    rows = [
        {**FULL, "listed": listed, "blacklisted": black, "debt": debt}
        for listed in (True, False, None)
        for black in (True, None)
        for debt in (3, None)
    ]
    assert differing(engine, nodes, rows) == []


def test_yes_is_not_one(engine):
    nodes = [Choice(Name("listed"), Constant(1), Constant(0)), Choice(Name("listed"), Constant(True), Constant(False))]
    nodes += [Formula("+", (nodes[0], Constant(1))), Test("==", nodes[1], Constant(True))]
    assert differing(engine, nodes, [FULL, NOBODY, {**FULL, "listed": False}]) == []


def test_a_tall_tower_of_choices_stays_a_short_text():
    tower = Name("sales")
    for number in range(40):
        tower = Choice(Test("<", tower, Constant(number)), Formula("+", (tower, Constant(1))), Formula("min", (tower, Name("debt"), Name("staff"))))
    query = Query({"tower": tower}, ["firm_no"], "enterprises", CATALOGUE, DERIVED, DAY)
    assert max(len(query.sql(dialect)) for dialect in TESTED) < 100_000
