"""The condition language read for one firm: three values, and what is unknown."""

import datetime as dt
from math import isfinite

import pytest

from advisor.domain.condition import (
    FUNCTIONS,
    OPERATORS,
    TRUE,
    Choice,
    Constant,
    Formula,
    Junction,
    Name,
    Test,
    all_of,
    any_of,
    conjuncts,
    facts_in,
    judge,
    negated,
    nodes_in,
    rebuild,
    value,
    years_between,
)
from advisor.domain.facts import FIRST_YEAR, LAST_YEAR
from tests.made_up import tree

T, F, U = True, False, None


def said(written, **known):
    return value(tree(written), known)


# ---------------------------------------------------------------- the three-valued tables


@pytest.mark.parametrize(
    ("left", "right", "both"),
    [(T, T, T), (T, F, F), (T, U, U), (F, T, F), (F, F, F), (F, U, F), (U, T, U), (U, F, F), (U, U, U)],
)
def test_and_is_false_as_soon_as_one_part_is_and_unknown_while_one_might_be(left, right, both):
    assert said("listed and blacklisted", listed=left, blacklisted=right) is both


@pytest.mark.parametrize(
    ("left", "right", "either"),
    [(T, T, T), (T, F, T), (T, U, T), (F, T, T), (F, F, F), (F, U, U), (U, T, T), (U, F, U), (U, U, U)],
)
def test_or_is_true_as_soon_as_one_part_is_and_unknown_while_one_might_be(left, right, either):
    assert said("listed or blacklisted", listed=left, blacklisted=right) is either


@pytest.mark.parametrize(("verdict", "opposite"), [(T, F), (F, T), (U, U)])
def test_not_leaves_the_unknown_unknown(verdict, opposite):
    assert said("not listed", listed=verdict) is opposite


@pytest.mark.parametrize(
    ("condition", "then", "other", "chosen"),
    [
        (T, 1, 2, 1), (F, 1, 2, 2), (U, 1, 2, U),
        (U, 5, 5, 5), (U, 5, U, U), (U, U, 5, U), (U, U, U, U),
        (T, U, 2, U), (T, 1, U, 1), (F, U, 2, 2), (F, 1, U, U),
    ],
)  # fmt: skip
def test_a_choice_takes_the_branch_it_knows_or_what_both_branches_agree_on(condition, then, other, chosen):
    assert said("staff if listed else sales", listed=condition, staff=then, sales=other) == chosen


@pytest.mark.parametrize("operator", ["<", "<=", ">", ">=", "==", "!="])
def test_a_comparison_with_something_unknown_is_unknown(operator):
    assert said(f"staff {operator} 3") is None
    assert said(f"staff {operator} sales", staff=3) is None
    assert said(f"staff {operator} sales", sales=3) is None


@pytest.mark.parametrize("written", ["grade in ('A', 'B')", "'hnte' in titles", "has_any(titles, ('hnte',))", "has_all(titles, ('hnte',))"])
def test_a_word_test_on_something_unknown_is_unknown(written):
    assert said(written) is None


@pytest.mark.parametrize(
    "written", ["staff + 1", "staff * 0", "-staff", "abs(staff)", "min(staff, 3)", "sqrt(staff)", "years_between(founded, as_of)"]
)
def test_arithmetic_with_something_unknown_is_unknown_even_times_zero(written):
    assert said(written, as_of=dt.date(2026, 1, 1)) is None


def test_an_unknown_fact_and_an_absent_one_are_the_same():
    assert said("staff > 3", staff=None) is said("staff > 3") is None


def test_zero_and_no_are_answers():
    assert said("staff == 0", staff=0) is True
    assert said("listed", listed=False) is False


def test_an_empty_list_of_titles_is_an_answer_too():
    assert said("'hnte' in titles", titles=()) is False


# ---------------------------------------------------------------- each operator and function


@pytest.mark.parametrize(
    ("written", "below", "at", "above"),
    [
        ("staff < 300", T, F, F), ("staff <= 300", T, T, F), ("staff > 300", F, F, T),
        ("staff >= 300", F, T, T), ("staff == 300", F, T, F), ("staff != 300", T, F, T),
    ],
)  # fmt: skip
def test_each_comparison_on_both_sides_of_its_threshold(written, below, at, above):
    assert [said(written, staff=staff) for staff in (299, 300, 301)] == [below, at, above]


@pytest.mark.parametrize(
    ("written", "titles", "verdict"),
    [
        ("'hnte' in titles", ("srdi", "hnte"), T), ("'hnte' in titles", ("srdi",), F),
        ("has_any(titles, ('hnte', 'giant'))", ("giant",), T), ("has_any(titles, ('hnte', 'giant'))", ("srdi",), F),
        ("has_all(titles, ('hnte', 'giant'))", ("giant", "srdi", "hnte"), T), ("has_all(titles, ('hnte', 'giant'))", ("giant",), F),
        ("has_any(titles, ())", ("hnte",), F), ("has_all(titles, ())", ("hnte",), T),
        ("'hnte' not in titles", ("srdi",), T),
    ],
)  # fmt: skip
def test_titles_are_looked_through(written, titles, verdict):
    assert said(written, titles=titles) is verdict


def test_words_are_compared_whole_or_by_their_beginning():
    assert said("grade in ('A', 'B')", grade="B") is True
    assert said("grade not in ('A', 'B')", grade="C") is True
    assert said("starts_with(city, '重')", city="重庆") is True
    assert said("starts_with(city, '重')", city="成都") is False
    assert said("prefix(city, 2) == 'C3'", city="C36") is True


def test_dates_are_compared_with_dates():
    assert said("founded < '2020-01-01'", founded=dt.date(2019, 12, 31)) is True
    assert said("founded < '2020-01-01'", founded=dt.date(2020, 1, 1)) is False


@pytest.mark.parametrize(
    ("written", "result"),
    [
        ("staff + sales", 15), ("staff - sales", 9), ("staff * sales", 36), ("staff / sales", 4), ("-staff", -12), ("abs(sales - staff)", 9),
        ("min(staff, sales)", 3), ("max(staff, sales, 20)", 20), ("sqrt(staff * sales)", 6), ("staff - (sales - 1)", 10),
    ],
)  # fmt: skip
def test_arithmetic(written, result):
    assert said(written, staff=12, sales=3) == result


def test_every_function_and_operator_of_the_language_is_tried_somewhere_here():
    assert set(FUNCTIONS) == {"+", "-", "*", "/", "neg", "abs", "min", "max", "sqrt", "years_between", "prefix"}
    assert set(OPERATORS) == {"<", "<=", ">", ">=", "==", "!=", "in", "contains", "has_any", "has_all", "starts_with"}


# ---------------------------------------------------------------- no number that is none


@pytest.mark.parametrize("nothing", [0, 0.0, -0.0])
def test_a_division_by_zero_is_unknown(nothing):
    assert said("debt / sales", debt=5, sales=nothing) is None
    assert said("debt / sales > 0.5", debt=5, sales=nothing) is None


def test_nothing_over_nothing_is_unknown_too():
    assert said("debt / sales", debt=0, sales=0) is None


def test_the_root_of_a_negative_number_is_unknown():
    assert said("sqrt(sales)", sales=-1) is None


@pytest.mark.parametrize(
    ("written", "known"),
    [
        ("debt / sales", {"debt": 1e15, "sales": 5e-324}),
        ("debt / sales - debt / sales", {"debt": 1e15, "sales": 5e-324}),
        (" * ".join(["sales"] * 24), {"sales": 1e15}),
        ("sqrt(" + " * ".join(["staff"] * 24) + ")", {"staff": 10**15}),
        ("(" + " * ".join(["staff"] * 24) + ") / 2", {"staff": 10**15}),
    ],
)
def test_neither_nan_nor_infinity_ever_arises(written, known):
    result = said(written, **known)
    assert result is None or isfinite(result)


# ---------------------------------------------------------------- years


@pytest.mark.parametrize(
    ("start", "end", "years"),
    [
        ((2020, 5, 20), (2026, 5, 20), 6),
        ((2020, 5, 20), (2020, 5, 20), 0),
        ((2020, 2, 29), (2024, 2, 29), 4),
        ((2020, 2, 29), (2021, 3, 1), 1),  # in a common year 29 February is reached on 1 March
        ((2021, 2, 28), (2024, 2, 28), 3),
        ((2020, 1, 1), (2021, 7, 2), 1 + 182 / 365),
    ],
)
def test_years_are_whole_on_anniversaries(start, end, years):
    assert years_between(dt.date(*start), dt.date(*end)) == pytest.approx(years)


@pytest.mark.parametrize("start", [dt.date(2020, 5, 20), dt.date(2020, 2, 29), dt.date(2019, 12, 31), dt.date(2020, 1, 1)])
def test_the_day_before_an_anniversary_is_not_yet_a_year(start):
    for years in range(1, 9):
        day = (
            dt.date(start.year + years, 3, 1)
            if (start.month, start.day) == (2, 29) and (start.year + years) % 4
            else start.replace(year=start.year + years)
        )
        assert years_between(start, day) == years
        assert years - 0.01 < years_between(start, day - dt.timedelta(days=1)) < years


def test_years_never_run_backwards():
    start, days = dt.date(2020, 2, 29), [dt.date(2020, 2, 29) + dt.timedelta(days=n) for n in range(2200)]
    counted = [years_between(start, day) for day in days]
    assert counted == sorted(counted)


@pytest.mark.parametrize("start", [dt.date(FIRST_YEAR, 1, 1), dt.date(2020, 2, 29), dt.date(2020, 12, 29), dt.date(LAST_YEAR, 12, 31)])
@pytest.mark.parametrize("end", [dt.date(FIRST_YEAR, 1, 1), dt.date(2026, 11, 24), dt.date(LAST_YEAR, 12, 31)])
def test_years_are_counted_from_any_date_a_firm_may_give_to_any_other(start, end):
    if end < start:
        assert years_between(start, end) is None  # a firm that does not exist yet has no age
        return
    assert years_between(start, end) == pytest.approx((end - start).days / 365.2425, abs=0.01)


# ---------------------------------------------------------------- walking trees


def test_the_facts_of_a_condition_are_named_once_in_order_of_appearance():
    assert facts_in(tree("sales > 3 and (staff < 2 or sales < debt)")) == ("sales", "staff", "debt")


def test_all_nodes_are_walked_parents_first():
    node = tree("staff > 3 if listed else not blacklisted")
    assert [type(part) for part in nodes_in(node)] == [Choice, Name, Test, Name, Constant, Junction, Name]


def test_rebuilding_with_no_change_gives_the_same_tree():
    node = tree("(staff > 3 if listed else not blacklisted) and debt / sales < 0.5 and grade in ('A',)")
    assert rebuild(node, lambda part: part) == node


def test_rebuilding_changes_every_node_below():
    renamed = rebuild(tree("min(sales, debt) > 3 if listed else sales > 1"), lambda part: Name("staff") if part == Name("sales") else part)
    assert renamed == tree("min(staff, debt) > 3 if listed else staff > 1")


def test_conditions_are_joined_and_taken_apart():
    one, two = tree("listed"), tree("staff > 3")
    assert all_of([]) is TRUE
    assert all_of([one]) == any_of([one]) == one
    assert conjuncts(all_of([one, two])) == (one, two)
    assert conjuncts(any_of([one, two])) == (any_of([one, two]),)
    assert negated(negated(one)) == one


def test_a_verdict_is_yes_no_or_none():
    assert judge(tree("staff > 3"), {"staff": 4}) is True
    assert judge(TRUE, {}) is True
    assert judge(tree("staff > 3"), {}) is None


def test_equal_trees_are_found_by_each_other():
    assert {tree("staff > 3"): "here"}[Test(">", Name("staff"), Constant(3))] == "here"
    assert tree("staff > 3") != tree("staff >= 3")
    assert Formula("+", (Name("a"), Name("b"))) != Formula("-", (Name("a"), Name("b")))
