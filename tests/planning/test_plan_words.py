"""A plan in words and as JSON: what it covers, what it costs, the gap, without any promise."""

import json
import re
from io import StringIO

import orjson
import pytest
from rich.console import Console

from advisor.domain.errors import InputError
from advisor.service.planning import headline, need_of, plan_rules, plan_view
from advisor.terminal.plan import print_plan
from tests.examples import FIRMS
from tests.planning.firms import MILLION, advice_of, planned

YEAR = {"months": 12, "purposes": ["working_capital"]}
PROMISES = re.compile(r"likely|guaranteed to|will be approved|will get|certain|一定能|保证能|必然|肯定|很可能|有望")


@pytest.fixture(scope="module")
def plans(rules):
    return plan_rules(rules)


def printed(found, advice, lang):
    console = Console(width=400, highlight=False, record=True, file=StringIO())
    print_plan(found, advice, lang, console)
    return console.export_text()


CASES = [(name, {}) for name in FIRMS] + [
    ("growth_maker", YEAR),
    ("growth_maker", {"amount_cny": 70 * MILLION, **YEAR}),
    ("startup_team", {"amount_cny": 5 * MILLION, "months": 48, "purposes": ["equity_growth"], "within_days": 400}),
]


@pytest.mark.parametrize(("name", "need"), CASES)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_text_is_whole_in_both_languages_and_promises_nothing(rules, plans, name, need, lang):
    found, advice = planned(rules, plans, name, need, accepts_dilution=True)
    text = printed(found, advice, lang)
    assert "{" not in text
    assert "None" not in text
    assert not PROMISES.search(text)
    for item in found.best.items:
        assert item.match.instrument.name[lang] in text
    assert (re.search(r"[一-鿿]", re.sub(r"（[^）]*）", "", text)) is None) == (lang == "en")
    assert "不是批准" in text or "no approval and no promise" in text


@pytest.mark.parametrize(
    ("name", "need", "said"),
    [
        (
            "growth_maker",
            {},
            "Of CNY 8 million, at most CNY 4.4 million can be covered on what is known; the gap that cannot be covered is CNY 3.6 million.",
        ),
        ("growth_maker", YEAR, "On what is known, 2 lines add up to CNY 8 million."),
        ("declining_trader", {}, "On what is known, one line is enough for CNY 6 million."),
        ("declining_trader", {"purposes": ["plant"]}, "On what is known, none of CNY 6 million can be covered: the gap is all of it."),
    ],
)
def test_the_headline_says_what_is_covered_and_what_is_not(rules, plans, name, need, said):
    assert headline(planned(rules, plans, name, need)[0]).en == said


def test_the_text_says_cost_alternative_cap_and_question(rules, plans):
    text = printed(*planned(rules, plans, "growth_maker"), "en")
    assert "About CNY 123,200 to CNY 176,000 a year in interest and fees" in text
    assert "Without Relending-backed tech and upgrade loan: " in text
    assert "without it the gap would be smaller by CNY 3.6 million" in text
    assert "? Depreciation and amortisation — it decides on: Debt that earnings can carry" in text
    assert "assumed from usual practice" in text


def test_the_text_says_what_the_cheapest_alone_would_leave_uncovered(rules, plans):
    text = printed(*planned(rules, plans, "growth_maker", YEAR), "zh")
    assert "如果只办最便宜的一笔" in text
    assert "只能覆盖440万元，还差360万元" in text


def test_purposes_that_share_one_amount_are_said_to_be_split_at_will(rules, plans):
    several = plan_view(*planned(rules, plans, "declining_trader"), "en")
    assert [said for said in several["assumptions"] if "any split is assumed" in said]
    assert several["purposes_not_served"] == ["working_capital"]
    assert "No line pays for: Working capital." in several["assumptions"]
    one = plan_view(*planned(rules, plans, "declining_trader", {"purposes": ["refinance"]}), "en")
    assert len(one["assumptions"]) == 1


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_json_adds_up(rules, plans, lang):
    view = json.loads(orjson.dumps(plan_view(*planned(rules, plans, "growth_maker", YEAR), lang)))
    plan = view["plan"]
    assert sum(item["amount_cny"] for item in plan["items"]) == plan["covered_cny"] == view["need"]["amount_cny"] - plan["gap_cny"]
    assert plan["interest_cny"][0] < plan["interest_cny"][1]
    earnings = next(limit for limit in view["limits"] if limit["id"] == "earnings")
    assert earnings["used_cny"] <= earnings["room_cny"]
    assert earnings["waits_for"] == ["depreciation_cny"]
    assert view["cheapest_alone"]["gap_cny"] > 0
    assert {one["code"] for one in view["left_out"]} >= {"no_money", "too_late"}


def test_a_need_is_taken_from_the_facts_unless_told(rules, plans):
    advice = advice_of(rules, "growth_maker")
    assert need_of(advice, plans).amount_cny == 8 * MILLION
    told = need_of(advice, plans, amount_cny=3 * MILLION, months=6, purposes=["rd"], within_days=14)
    assert (told.amount_cny, told.months, told.purposes, told.within_days) == (3 * MILLION, 6, ("rd",), 14)


def test_a_loan_that_falls_due_sets_the_day_where_it_is_to_be_refinanced(rules, plans):
    trader = advice_of(rules, "declining_trader")
    assert need_of(trader, plans).within_days == 25
    assert need_of(trader, plans, purposes=["working_capital"]).within_days == plans.within_days
    assert need_of(advice_of(rules, "declining_trader", loan_due_days=300), plans).within_days == plans.within_days


def test_everything_that_is_missing_of_a_need_is_named_at_once(rules, plans):
    advice = advice_of(rules, "growth_maker", need_cny=None, need_months=None, purposes=None)
    with pytest.raises(InputError) as refused:
        need_of(advice, plans)
    assert [problem.code for problem in refused.value.problems] == ["need_unknown"] * 3
    assert "Amount needed" in refused.value.say("en")


@pytest.mark.parametrize("told", [{"amount_cny": 0}, {"amount_cny": -5}, {"months": 0}, {"purposes": []}, {"purposes": ["fun"]}, {"within_days": -1}])
def test_a_need_that_makes_no_sense_is_refused(rules, plans, told):
    with pytest.raises(InputError):
        need_of(advice_of(rules, "growth_maker"), plans, **told)
