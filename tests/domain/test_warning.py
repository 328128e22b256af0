"""Fund-chain early warning: levels, floors, exemptions, and what must be known before green is said."""

import datetime as dt

import pytest

from advisor.domain.advice import advise
from advisor.domain.condition import Constant, value
from advisor.domain.firm import read_firm
from advisor.domain.warning import DistressModel, Indicator, LevelRule, Response, Signal, WarningRules, watch
from tests.made_up import tree, words

DAY = dt.date(2026, 11, 24)


def indicator(name, reading, amber, red, weight=2, **more):
    conditions = {key: tree(more.pop(key)) for key in ("exempt",) if key in more}
    return Indicator(name, words(name), tree(reading), tree(amber), tree(red), weight, "times", "assumed", **conditions, **more)


CASH = indicator("cash", "sales", "sales < 10", "sales < 5")
DEBT = indicator("debt", "debt", "debt > 10", "debt > 20", weight=3)


def rules_of(*indicators, signals=(), models=(), floors=(), responses=(), amber_from=2, red_from=8, green_needs_share=0.4):
    return WarningRules(indicators, signals, models, floors, responses, {"green": 0, "amber": 1, "red": 3}, amber_from, red_from, green_needs_share)


def watched(rules, **known):
    return watch({node: value(node, known) for node in rules.conditions()}, rules)


def shown(chain):
    return [(alarm.id, alarm.level) for alarm in chain.alarms]


# ---------------------------------------------------------------- levels


@pytest.mark.parametrize(
    ("sales", "debt", "score", "level"),
    [
        (50, 5, 0, "green"),
        (9, 5, 2, "amber"),  # amber from 2 on
        (4, 5, 6, "amber"),
        (9, 30, 11, "red"),
        (4, 15, 9, "red"),
        (50, 30, 9, "red"),
    ],
)
def test_weight_times_points_make_the_score_and_the_score_the_level(sales, debt, score, level):
    chain = watched(rules_of(CASH, DEBT), sales=sales, debt=debt)
    assert (chain.score, chain.level) == (score, level)


def test_bounds_of_the_levels_are_inclusive():
    assert watched(rules_of(CASH, DEBT, amber_from=3), sales=9, debt=5).level == "green"
    assert watched(rules_of(CASH, DEBT, amber_from=2), sales=9, debt=5).level == "amber"
    assert watched(rules_of(CASH, DEBT, red_from=9), sales=50, debt=30).level == "red"
    assert watched(rules_of(CASH, DEBT, red_from=10), sales=50, debt=30).level == "amber"


def test_alarms_name_what_stands_at_amber_or_red_the_worst_first():
    chain = watched(rules_of(CASH, DEBT), sales=9, debt=30)
    assert shown(chain) == [("debt", "red"), ("cash", "amber")]
    assert [alarm.known for alarm in chain.alarms] == [30, 9]
    assert [alarm.threshold for alarm in chain.alarms] == [DEBT.red, CASH.amber]
    assert watched(rules_of(CASH, DEBT), sales=50, debt=5).alarms == ()


@pytest.mark.parametrize(
    ("amber", "red", "level"),
    [
        (True, None, "amber"),
        (None, None, None),
        (False, None, None),
        (None, False, None),
        (True, False, "amber"),
        (False, False, "green"),
        (None, True, "red"),
    ],
)
def test_an_indicator_half_known_counts_only_as_far_as_it_is_sure(amber, red, level):
    one = indicator("one", "sales", "listed", "blacklisted")
    chain = watched(rules_of(one, amber_from=1), sales=1, listed=amber, blacklisted=red)
    assert shown(chain) == ([("one", level)] if level in ("amber", "red") else [])
    assert chain.known_share == (0 if level is None else 1)


def test_a_signal_adds_points_and_one_that_cannot_be_asked_adds_none():
    happened = Signal("overdue", words("overdue"), "red", words("report"), tree("listed"))
    unasked = Signal("invoices", words("invoices"), "red", words("tax"))
    rules = rules_of(CASH, signals=(happened, unasked))
    assert watched(rules, sales=50, listed=True).score == 3
    assert shown(watched(rules, sales=50, listed=True)) == [("overdue", "red")]
    assert watched(rules, sales=50, listed=False).score == watched(rules, sales=50).score == 0


# ---------------------------------------------------------------- floors, exemptions, no double count


@pytest.mark.parametrize(
    ("listed", "floor", "level"), [(True, "red", "red"), (True, "amber", "amber"), (False, "red", "green"), (None, "red", "green")]
)
def test_a_floor_holds_the_level_up_whatever_the_score(listed, floor, level):
    rules = rules_of(CASH, floors=(LevelRule(floor, tree("listed"), words("overdue")),))
    chain = watched(rules, sales=50, listed=listed)
    assert (chain.level, chain.score) == (level, 0)
    assert shown(chain) == ([(f"floor_{floor}", floor)] if listed else [])


def test_a_floor_never_lowers_a_level():
    rules = rules_of(DEBT, floors=(LevelRule("amber", tree("listed"), words("soon due")),))
    assert watched(rules, debt=30, listed=True).level == "red"


def test_an_exempt_firm_stands_at_green_and_counts_as_known():
    rules = rules_of(indicator("cash", "sales", "sales < 10", "sales < 5", exempt="listed"))
    assert (watched(rules, sales=1, listed=True).level, watched(rules, sales=1, listed=True).known_share) == ("green", 1)
    assert watched(rules, sales=1, listed=False).level == "amber"
    assert watched(rules, sales=1).level is None  # perhaps exempt, so nothing is added


def test_the_same_trouble_counts_once():
    again = indicator("again", "sales", "sales < 10", "sales < 5", unless="cash")
    chain = watched(rules_of(CASH, again), sales=4)
    assert (chain.score, shown(chain)) == (6, [("cash", "red")])
    assert chain.known_share == 1


def test_the_second_counts_when_the_first_stays_silent():
    first = indicator("first", "debt", "debt > 10", "debt > 20")
    again = indicator("again", "sales", "sales < 10", "sales < 5", unless="first")
    assert shown(watched(rules_of(first, again), sales=4, debt=5)) == [("again", "red")]
    assert shown(watched(rules_of(first, again), sales=4)) == [("again", "red")]


# ---------------------------------------------------------------- what is unknown


def test_green_is_only_said_when_enough_is_known():
    rules = rules_of(CASH, DEBT)  # weights 2 and 3
    assert (watched(rules, sales=50).level, watched(rules, sales=50).known_share) == ("green", 0.4)
    assert watched(rules_of(CASH, DEBT, green_needs_share=0.41), sales=50).level is None
    assert (watched(rules).level, watched(rules).known_share) == (None, 0)


def test_trouble_is_said_however_little_is_known():
    rules = rules_of(CASH, DEBT, green_needs_share=1.0)
    assert watched(rules, sales=9).level == "amber"
    assert watched(rules, debt=30).level == "red"


def test_what_is_unknown_adds_nothing():
    assert watched(rules_of(CASH, DEBT), sales=9).score == 2


# ---------------------------------------------------------------- models and responses


@pytest.mark.parametrize(("sales", "zone"), [(0, "distress"), (9.99, "distress"), (10, "grey"), (20, "grey"), (20.01, "safe")])
def test_a_distress_model_has_three_zones(sales, zone):
    model = DistressModel("z", words("z"), tree("sales"), tree("not listed"), 10, 20, words("paper"), "recalled")
    (reading,) = watched(rules_of(CASH, models=(model,)), sales=sales, listed=False).models
    assert (reading.score, reading.zone) == (sales, zone)


@pytest.mark.parametrize(("listed", "sales", "count"), [(True, 5, 0), (None, 5, 1), (False, None, 0)])
def test_a_distress_model_is_silent_where_it_does_not_apply_or_cannot_be_computed(listed, sales, count):
    model = DistressModel("z", words("z"), tree("sales"), tree("not listed"), 10, 20, words("paper"), "recalled")
    assert len(watched(rules_of(CASH, models=(model,)), sales=sales, listed=listed).models) == count


def test_a_distress_model_is_a_vote_not_the_verdict():
    model = DistressModel("z", words("z"), tree("debt"), Constant(True), 10, 20, words("paper"), "recalled")
    assert watched(rules_of(CASH, models=(model,)), sales=50, debt=-99).level == "green"


def test_responses_answer_the_level_that_is_said():
    responses = (
        Response("amber", Constant(True), ("a",), words("a")),
        Response("red", tree("listed"), ("b",), words("b")),
        Response("red", tree("not listed"), ("c",), words("c")),
    )
    rules = rules_of(DEBT, responses=responses)
    assert [r.instruments for r in watched(rules, debt=15).responses] == [("a",)]
    assert [r.instruments for r in watched(rules, debt=30, listed=True).responses] == [("b",)]
    assert [r.instruments for r in watched(rules, debt=30).responses] == [("b",), ("c",)]  # while unknown, both
    assert watched(rules, debt=5).responses == ()


# ---------------------------------------------------------------- the shipped rules


@pytest.fixture
def chain(rules):
    def chain(**facts):
        return advise(read_firm(facts, rules.catalogue), DAY, rules).fund_chain

    return chain


@pytest.mark.parametrize(
    ("industry", "ratio", "level"),
    [
        ("industry", 0.65, None), ("industry", 0.66, "amber"), ("industry", 0.81, "red"),
        ("construction", 0.75, None), ("construction", 0.76, "amber"), ("construction", 0.86, "red"),
        ("software_it", 0.55, None), ("software_it", 0.56, "amber"), ("software_it", 0.71, "red"),
        ("leasing_business", 0.80, None), ("leasing_business", 0.81, "amber"), ("leasing_business", 0.91, "red"),
    ],
)  # fmt: skip
def test_thresholds_are_those_of_the_industry(chain, industry, ratio, level):
    found = chain(industry_class=industry, total_assets_cny=1_000_000, total_liabilities_cny=round(ratio * 1_000_000))
    assert {alarm.id: alarm.level for alarm in found.alarms}.get("debt_ratio") == level


def test_with_the_industry_unknown_no_threshold_of_one_industry_is_used(chain):
    found = chain(total_assets_cny=1_000_000, total_liabilities_cny=700_000)  # much for a maker, little for a builder
    assert "debt_ratio" not in {alarm.id for alarm in found.alarms}


@pytest.mark.parametrize(
    "facts",
    [{"overdue_loans": 1}, {"cannot_pay_due": True}, {"total_assets_cny": 1e6, "total_liabilities_cny": 2e6}, {"opcf_cny": -12e6, "cash_cny": 2.9e6},
     {"loan_due_days": 25, "loan_due_cny": 6e6, "cash_cny": 1e6, "good_receivables_cny": 0, "bank_agrees_renewal": False}],
)  # fmt: skip
def test_some_facts_are_red_by_themselves(chain, facts):
    assert chain(**facts).level == "red"


def test_a_renewal_agreed_takes_the_red_floor_away(chain):
    due = {"loan_due_days": 25, "loan_due_cny": 6e6, "cash_cny": 1e6, "good_receivables_cny": 0}
    assert chain(**due, bank_agrees_renewal=True).level == "amber"


def test_of_a_firm_of_which_nothing_is_known_no_level_is_said(chain):
    assert (chain().level, chain().known_share, chain().alarms) == (None, 0, ())


def test_young_firms_with_fresh_equity_may_burn_cash(chain):
    burning = {
        "established_date": "2025-03-01",
        "entity_type": "limited_company",
        "opcf_cny": -5e6,
        "opcf_y1_cny": -4e6,
        "cash_cny": 40e6,
        "revenue_cny": 1e6,
        "product_stage": "prototype",
        "net_profit_cny": -5e6,
        "cannot_pay_due": False,
        "court_status": "none",
    }
    without = {alarm.id for alarm in chain(**burning, equity_raised_2y_cny=1e6).alarms}
    with_ = {alarm.id for alarm in chain(**burning, equity_raised_2y_cny=30e6).alarms}
    assert "opcf_two_year_negative" in without
    assert "opcf_two_year_negative" not in with_


def test_two_bad_years_are_not_counted_again_against_short_debt(chain):
    facts = {"opcf_cny": -9e5, "opcf_y1_cny": -4e5, "short_debt_cny": 15e6, "cash_cny": 13e5, "equity_raised_2y_cny": 0}
    assert "opcf_short_debt" not in {alarm.id for alarm in chain(**facts).alarms}
    assert "opcf_short_debt" in {alarm.id for alarm in chain(**facts | {"opcf_y1_cny": 1e5}).alarms}


def test_a_maker_and_a_trader_are_scored_by_their_own_model(chain):
    accounts = {
        "current_assets_cny": 5e6,
        "current_liabilities_cny": 3e6,
        "total_assets_cny": 10e6,
        "total_liabilities_cny": 4e6,
        "retained_earnings_cny": 2e6,
        "ebit_cny": 1e6,
        "revenue_cny": 12e6,
    }
    maker = chain(industry_class="industry", gb_code="C3670", **accounts)
    trader = chain(industry_class="wholesale", gb_code="F5100", **accounts)
    assert [reading.model.id for reading in maker.models] == ["altman_z_prime"]
    assert [reading.model.id for reading in trader.models] == ["altman_z_double_prime"]
    assert maker.models[0].score == pytest.approx(0.717 * 0.2 + 0.847 * 0.2 + 3.107 * 0.1 + 0.420 * 6 / 4 + 0.998 * 1.2)
    assert trader.models[0].score == pytest.approx(6.56 * 0.2 + 3.26 * 0.2 + 6.72 * 0.1 + 1.05 * 6 / 4)
    assert trader.models[0].zone == "safe"


def test_no_shipped_indicator_is_double_counted_against_an_unknown_one(rules):
    names = [one.id for one in rules.warnings.indicators]
    for one in rules.warnings.indicators:
        assert one.unless is None or names.index(one.unless) < names.index(one.id)
