"""Why: criteria taken apart, with margins, and the facts an undecided one waits for."""

import datetime as dt

import pytest

from advisor.domain.advice import advise
from advisor.domain.condition import Constant, Junction, Name, value
from advisor.domain.firm import read_firm
from advisor.domain.notation import text
from advisor.domain.reasons import open_facts, positive, spelled_out, wanted_of
from advisor.domain.reasons import tests_of as single_tests
from tests.made_up import catalogue_of, criterion, fact, tree

HERE = catalogue_of(
    fact("staff", "int", low=0.0), fact("sales", "money"), fact("debt", "money"), fact("listed", "bool"), fact("blacklisted", "bool"),
    fact("grade", "choice", options=("A", "B", "C")), fact("titles", "choices", options=("hnte", "srdi", "giant")), fact("founded", "date"),
    clean=("bool", "not blacklisted and debt == 0", {"spelled_out": True}),
    leverage=("ratio", "debt / sales"),
)  # fmt: skip


def taken_apart(role, written):
    return single_tests(criterion(role, written, HERE), HERE)


def spoken(role, written):
    """Each single test as (fact, operator, wanted)."""
    return [(one.fact, one.operator, text(one.wanted)) for one in taken_apart(role, written)]


# ---------------------------------------------------------------- taken apart


def test_a_criterion_is_taken_apart_into_its_single_tests():
    assert spoken("hard", "staff <= 300 and (grade == 'A' or 'hnte' in titles) and not listed") == [
        ("staff", "<=", "300"),
        ("grade", "==", "'A'"),
        ("titles", "contains", "'hnte'"),
        ("listed", "==", "False"),
    ]


@pytest.mark.parametrize("role", ["exclude", "avoid"])
@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("staff < 300", ("staff", ">=", "300")), ("staff <= 300", ("staff", ">", "300")), ("staff > 300", ("staff", "<=", "300")),
        ("staff >= 300", ("staff", "<", "300")), ("grade == 'A'", ("grade", "!=", "'A'")), ("grade != 'A'", ("grade", "==", "'A'")),
        ("listed", ("listed", "==", "False")), ("not listed", ("listed", "==", "True")),
    ],
)  # fmt: skip
def test_what_excludes_is_spoken_of_as_its_opposite(role, written, wanted):
    assert spoken(role, written) == [wanted]
    assert spoken("hard", written) != [wanted]


def test_the_opposite_of_several_is_one_of_the_opposites():
    assert wanted_of(criterion("exclude", "staff < 3 and listed", HERE)) == Junction("not", (tree("staff < 3 and listed"),))
    assert positive(Junction("not", (tree("staff < 3 and listed"),))) == tree("staff >= 3 or not listed")


@pytest.mark.parametrize(
    ("written", "pushed"),
    [
        ("not (listed or staff > 3)", "not listed and staff <= 3"),
        ("not not listed", "listed"),
        ("not (not listed and blacklisted)", "listed or not blacklisted"),
        ("not grade in ('A',)", "grade not in ('A',)"),
        ("not (listed if blacklisted else staff > 3)", "not listed if blacklisted else staff <= 3"),
        ("listed and not (staff > 3 and not blacklisted)", "listed and (staff <= 3 or blacklisted)"),
    ],
)
def test_not_is_pushed_down_to_the_single_tests(written, pushed):
    assert positive(tree(written)) == tree(pushed)


@pytest.mark.parametrize("staff", [None, 2, 3, 4])
@pytest.mark.parametrize("listed", [None, True, False])
@pytest.mark.parametrize("blacklisted", [None, True, False])
def test_pushing_not_down_changes_no_verdict(staff, listed, blacklisted):
    known = {"staff": staff, "listed": listed, "blacklisted": blacklisted}
    for written in ("not (listed or staff > 3)", "not (listed and not (staff < 3 or blacklisted))", "not (listed if blacklisted else staff == 3)"):
        assert value(positive(tree(written)), known) is value(tree(written), known)


def test_not_true_is_false():
    assert positive(Junction("not", (Constant(True),))) == Constant(False)


def test_a_derived_fact_that_asks_for_it_is_shown_by_its_parts():
    assert spoken("hard", "clean") == [("blacklisted", "==", "False"), ("debt", "==", "0")]
    assert spoken("exclude", "clean") == [("blacklisted", "==", "True"), ("debt", "!=", "0")]
    assert spelled_out(Name("leverage"), HERE) == Name("leverage")


def test_a_formula_is_named_after_the_first_fact_it_reads():
    (one,) = taken_apart("hard", "debt / sales <= 0.7")
    assert (one.fact, text(one.measured)) == ("debt", "debt / sales")


@pytest.mark.parametrize(("operator", "direction"), [("<", -1), ("<=", -1), (">", 1), (">=", 1), ("==", 0), ("!=", 0)])
def test_more_or_less_is_better(operator, direction):
    assert taken_apart("hard", f"staff {operator} 3")[0].direction == direction


# ---------------------------------------------------------------- margins, on a shipped instrument

DAY = dt.date(2026, 11, 24)


def reasons(rules, instrument_id, **facts):
    """The reasons of one instrument by role and fact."""
    advice = advise(read_firm(facts, rules.catalogue), DAY, rules)
    found = next(match for match in advice.matches if match.instrument.id == instrument_id)
    return {(reason.criterion.role, reason.wanted.fact): reason for reason in found.reasons}


@pytest.mark.parametrize(("good", "holds", "margin"), [(600_000, True, 100_000), (500_000, True, 0), (499_999, False, -1), (None, None, None)])
def test_a_margin_is_positive_inside_and_negative_outside(rules, good, holds, margin):
    """A pledge of receivables wants CNY 500,000 of good ones."""
    reason = reasons(rules, "receivable_pledge_loan", good_receivables_cny=good)["hard", "good_receivables_cny"]
    assert (reason.holds, reason.known, reason.margin) == (holds, good, margin)


@pytest.mark.parametrize(("overdue", "holds", "margin"), [(0.30, True, 0.05), (0.35, True, 0.0), (0.40, False, -0.05)])
def test_the_margin_of_what_speaks_against_is_measured_from_the_other_side(rules, overdue, holds, margin):
    """Better not with more than 35 % of receivables overdue."""
    reason = reasons(rules, "receivable_pledge_loan", receivables_overdue_ratio=overdue)["avoid", "receivables_overdue_ratio"]
    assert (reason.holds, reason.criterion_holds) == (holds, holds)
    assert reason.margin == pytest.approx(margin)


def test_dates_and_words_have_no_margin(rules):
    found = reasons(rules, "hnte_income_tax_15", certs=["hnte"], entity_type="limited_company")
    assert {reason.margin for (_, name), reason in found.items() if name in ("certs", "entity_type")} == {None}


def test_every_reason_of_a_real_firm_agrees_with_its_margin(rules):
    facts = {
        "region": "chongqing", "employees": 86, "revenue_cny": 68e6, "revenue_y1_cny": 52e6, "total_assets_cny": 72e6, "total_liabilities_cny": 41e6,
        "established_date": "2019-05-20", "rd_expense_cny": 3.3e6, "class1_ip": 3, "need_cny": 8e6, "receivables_cny": 21e6, "overdue_loans": 0,
    }  # fmt: skip
    advice = advise(read_firm(facts, rules.catalogue), DAY, rules)
    measured = [reason for match in advice.matches for reason in match.reasons if reason.margin is not None]
    assert len(measured) > 100
    assert {reason.criterion.role for reason in measured} >= {"hard", "avoid"}
    for reason in measured:
        strict = reason.wanted.operator in ("<", ">")
        assert reason.holds is (reason.margin > 0 if strict else reason.margin >= 0), text(reason.wanted.test)


@pytest.mark.parametrize(("arrears", "holds"), [(True, False), (False, True), (None, None)])
def test_an_exclusion_is_judged_by_what_is_wanted_instead(rules, arrears, holds):
    """No technical upgrade loan while wages are owed."""
    reason = reasons(rules, "cq_tech_upgrade_special_loan", wage_or_social_arrears=arrears)["exclude", "wage_or_social_arrears"]
    assert (reason.holds, reason.criterion_holds, reason.known, text(reason.wanted.wanted)) == (holds, holds, arrears, "False")


# ---------------------------------------------------------------- what is still asked


@pytest.mark.parametrize(
    ("written", "known", "waits_for"),
    [
        ("staff > 3 and sales > 5", {}, ("staff", "sales")),
        ("staff > 3 and sales > 5", {"staff": 4}, ("sales",)),
        ("staff > 3 and sales > 5", {"staff": 2}, ()),  # decided: nothing can matter any more
        ("staff > 3 or sales > 5", {"staff": 4}, ()),
        ("staff > 3 or sales > 5", {"staff": 2}, ("sales",)),
        ("(staff > 3 or listed) and sales > 5", {"listed": True}, ("sales",)),
        ("not (listed and blacklisted)", {"listed": True}, ("blacklisted",)),
        ("debt / sales < 0.5", {"debt": 3}, ("sales",)),
        ("leverage < 0.5", {}, ("debt", "sales")),
        ("clean", {"blacklisted": False}, ("debt",)),
        ("staff > 3 if listed else sales > 3", {"listed": True}, ("staff",)),
        ("staff > 3 if listed else sales > 3", {"listed": False}, ("sales",)),
        ("staff > 3 if listed else sales > 3", {"staff": 1}, ("listed", "sales")),
        ("founded < as_of", {}, ("founded",)),
        ("staff > 3 and staff < 9", {}, ("staff",)),
    ],
)
def test_only_what_can_still_matter_is_asked(written, known, waits_for):
    seen = {"as_of": DAY, **known}
    seen = {**seen, **{name: value(one.formula, seen) for name, one in HERE.derived.items()}}
    assert open_facts(tree(written, HERE.namings), seen, HERE) == waits_for


@pytest.mark.parametrize(
    ("known", "waits_for"),
    [
        ({}, {"industry_class", "employees", "revenue_cny", "total_assets_cny"}),
        ({"industry_class": "industry"}, {"employees", "revenue_cny"}),
        ({"industry_class": "construction"}, {"revenue_cny", "total_assets_cny"}),
        ({"industry_class": "other_unlisted"}, {"employees"}),
        ({"industry_class": "industry", "employees": 1500}, {"revenue_cny"}),
        ({"industry_class": "industry", "employees": 10}, set()),  # micro, whatever it sells
    ],
)
def test_the_size_class_asks_only_for_what_its_industry_counts(rules, known, waits_for):
    node = tree("size_class in ('micro', 'small')", rules.catalogue.namings)
    everything, _ = rules.as_of(DAY).known(read_firm(known, rules.catalogue), DAY)
    assert set(open_facts(node, everything, rules.catalogue)) == waits_for


def test_the_stage_asks_for_what_its_rules_rest_on(rules):
    node = tree("lifecycle_stage == 'decline'", rules.catalogue.namings)
    known, _ = rules.as_of(DAY).known(read_firm({"court_status": "none"}, rules.catalogue), DAY)
    waits_for = open_facts(node, known, rules.catalogue)
    assert "cannot_pay_due" in waits_for
    assert "court_status" not in waits_for
