"""The third reading of a condition: over a table it says of every row what walking the tree says of that firm."""

import datetime as dt

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.domain.condition import AS_OF, Choice, Constant, Formula, Junction, Name, Test, value
from advisor.domain.dates import years_between
from advisor.domain.reasons import open_facts
from advisor.screening.columns import DTYPES, Columns, Graph
from tests.made_up import tree
from tests.properties.trees import CATALOGUE, DAY, NAMES, conditions, everything_known, firms, trees

FACTS = tuple(CATALOGUE.facts)
some_trees = st.lists(trees, min_size=1, max_size=12, unique=True)
some_firms = st.lists(firms, min_size=1, max_size=20)
few_examples = settings(max_examples=40)
"""Each compiles a dozen trees and reads them for up to twenty firms."""


def engine_form(known, facts=FACTS):
    """Firms as a table in engine form."""
    columns = {}
    for name in facts:
        fact = CATALOGUE.facts[name]
        answers, options = [firm[name] for firm in known], list(fact.options)
        if fact.kind == "choice":
            answers = [None if one is None else options.index(one) for one in answers]
        elif fact.kind == "choices":
            answers = [None if one is None else sum(1 << options.index(word) for word in one) for one in answers]
        elif DTYPES[fact.kind] == pl.Float64:
            answers = [None if one is None else float(one) for one in answers]
        columns[name] = pl.Series(answers, dtype=DTYPES[fact.kind])
    return pl.DataFrame(columns)


def read(nodes, known, facts=FACTS):
    """What the trees say of every firm, a column a tree, where a table holds `facts`."""
    graph = Graph(CATALOGUE, DAY, set(facts))
    columns = Columns({str(number): graph.part(node) for number, node in enumerate(nodes)}, graph)
    return columns(engine_form(known, facts))


def said(node, firm):
    return value(CATALOGUE.unfolded(node), everything_known(firm))


def alike(one, other):
    """Equal, and both or neither a yes or no."""
    return one == other and isinstance(one, bool) is isinstance(other, bool)


@given(some_trees, some_firms)
@few_examples
def test_columns_say_of_every_firm_what_walking_the_tree_says(nodes, known):
    found = read(nodes, known)
    for number, node in enumerate(nodes):
        for firm, got in zip(known, found[str(number)].to_list(), strict=True):
            assert alike(got, said(node, firm)), (node, firm, got)


@given(some_trees, some_firms, st.sets(st.sampled_from(FACTS)))
@few_examples
def test_what_a_table_does_not_hold_is_unknown_of_every_firm(nodes, known, held):
    facts = [name for name in FACTS if name in held]
    found = read(nodes, known, facts) if facts else None
    for firm in known:
        firm |= {name: None for name in FACTS if name not in held}
    found = read(nodes, known) if found is None else found
    for number, node in enumerate(nodes):
        assert all(alike(got, said(node, firm)) for firm, got in zip(known, _long(found[str(number)], known), strict=True))


def _long(column, known):
    """A column that rests on no fact has one row; it holds for all."""
    cells = column.to_list()
    return cells * len(known) if len(cells) == 1 else cells


@given(some_trees, some_firms)
@few_examples
def test_an_empty_table_gives_the_same_columns_without_a_row(nodes, known):
    full, empty = read(nodes, known), read(nodes, [])
    assert empty.height == 0
    assert empty.schema == full.schema


@given(some_trees, some_firms)
@few_examples
def test_a_firm_gets_the_same_answer_alone_and_among_others(nodes, known):
    together = read(nodes, known)
    assert read(nodes, known[-1:]).rows() == [together.row(together.height - 1)]


@given(st.lists(conditions, min_size=1, max_size=8, unique=True), some_firms)
@few_examples
def test_an_undecided_condition_waits_for_the_facts_that_one_firm_would_be_asked(nodes, known):
    graph = Graph(CATALOGUE, DAY, set(FACTS))
    waiting = {f"{number}:{fact}": part for number, node in enumerate(nodes) for fact, part in graph.open_facts(node).items()}
    found = Columns(waiting, graph)(engine_form(known)) if waiting else pl.DataFrame()
    for place, firm in enumerate(known):
        everything = everything_known(firm)
        for number, node in enumerate(nodes):
            asked = {fact for fact in open_facts(CATALOGUE.unfolded(node), everything, CATALOGUE) if firm.get(fact, True) is None}
            told = {name.split(":")[1] for name in found.columns if name.startswith(f"{number}:") and _long(found[name], known)[place] is True}
            assert told == asked, (node, firm)


@given(st.lists(conditions, min_size=1, max_size=8, unique=True), some_firms)
@few_examples
def test_whether_something_is_unknown_is_itself_always_known(nodes, known):
    graph = Graph(CATALOGUE, DAY, set(FACTS))
    columns = Columns({str(number): graph.unknown(graph.part(node)) for number, node in enumerate(nodes)}, graph)
    found = columns(engine_form(known))
    for number, node in enumerate(nodes):
        assert _long(found[str(number)], known) == [said(node, firm) is None for firm in known]


DAYS = st.dates(dt.date(1900, 1, 1), dt.date(2100, 12, 31)) | st.sampled_from(
    [dt.date(year, *day) for year in (1999, 2000, 2020, 2023) for day in ((2, 28), (3, 1), (12, 31), (1, 1))] + [dt.date(2020, 2, 29)]
)


@given(st.lists(DAYS | st.none(), min_size=1, max_size=300), DAYS)
def test_years_between_days_are_the_same_to_the_last_bit(starts, day):
    graph = Graph(CATALOGUE, day, {"founded"})
    columns = Columns({"age": graph.part(Formula("years_between", (Name("founded"), Name(AS_OF))))}, graph)
    found = columns(pl.DataFrame({"founded": pl.Series(starts, dtype=pl.Date)}))["age"].to_list()
    assert found == [None if start is None else years_between(start, day) for start in starts]


# ---------------------------------------------------------------- what need not be read


def part_of(graph, written):
    return graph.part(tree(written, NAMES))


@pytest.fixture
def graph():
    return Graph(CATALOGUE, DAY, set(FACTS))


NEW_YEAR = Constant(dt.date(2026, 1, 1))


@pytest.mark.parametrize(
    ("node", "known"),
    [
        (Test("==", Formula("+", (Constant(1), Constant(2))), Constant(3)), True),
        (Test(">=", Name(AS_OF), NEW_YEAR), True),
        (Test("<", Name(AS_OF), NEW_YEAR), False),
        (Formula("/", (Constant(1), Constant(0))), None),
        (Formula("sqrt", (Constant(-1),)), None),
        (Formula("*", (Constant(1e60), Constant(1e60))), None),
    ],
    ids=str,
)
def test_what_rests_on_no_fact_is_worked_out_once(graph, node, known):
    assert graph.constant_of(graph.part(node)) == (True, known)


YES, NO = Constant(True), Constant(False)


@pytest.mark.parametrize(
    ("node", "folded"),
    [
        (Junction("and", (Name("blacklisted"), NO)), NO),
        (Junction("or", (Name("blacklisted"), YES)), YES),
        (Junction("and", (Name("blacklisted"), YES)), Name("blacklisted")),
        (Junction("or", (Name("blacklisted"), NO)), Name("blacklisted")),
        (Junction("not", (Junction("not", (Name("blacklisted"),)),)), Name("blacklisted")),
        (Choice(YES, Name("blacklisted"), Name("clean")), Name("blacklisted")),
        (Choice(NO, Name("clean"), Name("blacklisted")), Name("blacklisted")),
        (Choice(Name("clean"), Name("blacklisted"), Name("blacklisted")), Name("blacklisted")),
        (Junction("or", (Name("blacklisted"), Junction("and", (Name("blacklisted"), Name("clean"))))), Name("blacklisted")),
        (Junction("and", (Name("blacklisted"), Junction("or", (Name("clean"), Name("blacklisted"))))), Name("blacklisted")),
        (Junction("and", (Name("blacklisted"), Name("blacklisted"))), Name("blacklisted")),
        (Junction("and", (Name("clean"), Name("blacklisted"))), Junction("and", (Name("blacklisted"), Name("clean")))),
    ],
    ids=str,
)
def test_what_constants_and_repetition_decide_is_the_same_part(graph, node, folded):
    assert graph.part(node) == graph.part(folded)


def test_equal_parts_of_many_trees_are_worked_out_once(graph):
    part_of(graph, "staff > 2 and sales > 3 or debt / sales > 1")
    before = len(graph.parts)
    part_of(graph, "sales > 3 and staff > 2 or debt / sales > 1")
    assert len(graph.parts) == before


def test_a_fact_that_is_not_known_folds_away_with_all_that_hangs_on_it():
    graph = Graph(CATALOGUE, DAY, {"staff"})
    assert graph.constant_of(part_of(graph, "debt / sales > 1")) == (True, None)
    assert graph.constant_of(part_of(graph, "debt / sales > 1 and 1 > 2")) == (True, False)
    assert part_of(graph, "staff > 2 or staff > 2 and debt / sales > 1") == part_of(graph, "staff > 2")
    assert {part.detail for part in graph.parts if part.op == "fact"} == {"staff"}


def test_yes_and_one_are_two_constants(graph):
    assert graph.constant(True) != graph.constant(1)


@pytest.mark.parametrize("divisor", [3, 7, 10, 49, 0.1, 12, 2, 8])
def test_a_quotient_by_one_number_is_rounded_as_one_firm_has_it(graph, divisor):
    """Vector engines like to multiply by the reciprocal instead, which differs in the last bit."""
    numbers = [float(number) for number in range(1, 2_000)]
    columns = Columns({"share": graph.part(Formula("/", (Name("sales"), Constant(divisor))))}, graph)
    assert columns(pl.DataFrame({"sales": numbers}))["share"].to_list() == [number / divisor for number in numbers]


@pytest.mark.parametrize(
    "written",
    [
        "30000 * (20000 if listed else 10000)",
        "(30000 if listed else 1) + (30000 if blacklisted else 2)",
        "(30000 if listed else 1) - (-30000 if blacklisted else 2)",
        "(30000 if listed else 1) * (30000 if blacklisted else 2)",
        "abs(0 - (30000 if listed else 1) - (2767 if listed else 1) - 2)",
        "(100 if listed else 3) / (7 if blacklisted else 9)",
        "min(30000 if listed else 1, 40000 if blacklisted else 2)",
        "sqrt(2 if listed else 3)",
        "(300 if listed else 1) * (100 if blacklisted else 2) / 7",
        "(30000 if listed else 1) + (30000 if blacklisted else 2) > 59999",
    ],
)
def test_whole_numbers_written_in_a_rule_neither_run_over_nor_round(graph, written):
    node, known = tree(written, NAMES), [{"listed": one, "blacklisted": other} for one in (True, False, None) for other in (True, False, None)]
    columns = Columns({"found": graph.part(node)}, graph)
    assert columns(pl.DataFrame(known, schema={"listed": pl.Boolean, "blacklisted": pl.Boolean}))["found"].to_list() == [
        value(node, firm) for firm in known
    ]
