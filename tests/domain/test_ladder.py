"""The ladder of titles: what is held, what comes next, what is missing, and by which day's rules."""

import datetime as dt

import pytest

from advisor.domain.advice import advise
from advisor.domain.condition import value
from advisor.domain.firm import read_firm
from advisor.domain.instrument import Criterion
from advisor.domain.ladder import LadderRules, Rung, climb
from advisor.domain.notation import text
from tests.made_up import tree, words

DAY = dt.date(2026, 11, 24)
LAST_OLD, FIRST_NEW = dt.date(2026, 3, 31), dt.date(2026, 4, 1)


def rung(name, *criteria, covered_by=()):
    return Rung(
        name,
        words(name),
        words("bureau"),
        tuple(Criterion("hard", tree(c), "policy") for c in criteria),
        covered_by,
        (),
        3,
        "verified",
        words("caveat"),
    )


TECH = rung("tech", "staff <= 500", "sales <= 200", covered_by=("giant",))
HNTE = rung("hnte", "sales >= 10", "debt >= 1", "'hnte' not in titles")
GIANT = rung("giant", "sales >= 50", "listed")


def climbed(held=(), *, rungs=(TECH, HNTE, GIANT), suppress=(), near_misses=1, fixed=(), **known):
    rules = LadderRules(rungs, tuple((tree(condition), words(said)) for condition, said in suppress), near_misses)
    return climb(held, {node: value(node, known) for node in rules.conditions()}, rules, frozenset(tree(node) for node in fixed))


# ---------------------------------------------------------------- a made-up ladder


def test_the_next_rung_is_the_lowest_not_held():
    assert climbed().next is TECH
    assert climbed(("tech",)).next is HNTE
    assert climbed(("tech", "hnte")).next is GIANT
    assert climbed(("tech", "hnte", "giant")).next is None


def test_titles_held_are_listed_from_low_to_high_and_others_passed_over():
    assert climbed(("giant", "tech", "gazelle")).held == (TECH, GIANT)
    assert climbed(()).held == ()


def test_titles_nobody_has_told_are_not_called_none():
    assert climbed(None).held is None
    assert climbed(None).next is climbed(()).next


def test_a_rung_below_a_higher_title_is_not_named():
    assert climbed(("giant",)).next is HNTE  # "tech" is covered by "giant"


def test_what_is_missing_is_told_apart_from_what_is_unknown():
    step = climbed(("tech",), sales=5, titles=())
    assert [text(c.condition) for c in step.unmet] == ["sales >= 10"]
    assert [text(c.condition) for c in step.unknown] == ["debt >= 1"]


@pytest.mark.parametrize(("staff", "sales", "near"), [(400, 100, True), (600, 100, True), (600, 300, False), (None, None, True)])
def test_a_rung_is_near_while_few_criteria_fail(staff, sales, near):
    assert climbed(staff=staff, sales=sales).near is near


def test_a_rung_out_of_reach_for_good_is_passed_over():
    assert climbed(staff=600, fixed=("staff <= 500",)).next is HNTE
    assert climbed(staff=600).next is TECH
    assert climbed(fixed=("staff <= 500",)).next is TECH  # unknown is not out of reach


def test_a_suppressed_firm_is_told_why_and_no_next_rung():
    step = climbed(("tech",), suppress=(("blacklisted", "first the record"),), blacklisted=True)
    assert (step.next, step.suppressed, step.held) == (None, words("first the record"), (TECH,))


@pytest.mark.parametrize("blacklisted", [False, None])
def test_what_is_not_sure_suppresses_nothing(blacklisted):
    assert climbed(suppress=(("blacklisted", "x"),), blacklisted=blacklisted).next is TECH


# ---------------------------------------------------------------- the shipped ladder

MAKER = {
    "region": "chongqing",
    "entity_type": "limited_company",
    "established_date": "2015-01-01",
    "blacklisted": False,
    "major_violation_3y": False,
    "industry_class": "industry",
    "gb_code": "C3670",
    "employees": 120,
    "revenue_cny": 12e6,
    "revenue_y1_cny": 11e6,
    "revenue_y2_cny": 10e6,
    "total_assets_cny": 10e6,
    "total_liabilities_cny": 4e6,
    "net_profit_cny": 1e6,
    "rd_expense_cny": 1.2e6,
    "rd_expense_y1_cny": 1.1e6,
    "class1_ip": 1,
    "class2_ip": 2,
    "main_business_ratio": 0.85,
    "years_in_niche": 3,
    "srdi_score": 60,
    "equity_raised_2y_cny": 0,
    "certs": ["cq_tech_firm", "tech_sme", "innovative_sme", "hnte"],
    "court_status": "none",
    "cannot_pay_due": False,
}


@pytest.fixture
def ladder(rules):
    def ladder(day=DAY, **changed):
        return advise(read_firm({**MAKER, **changed}, rules.catalogue), day, rules).ladder

    return ladder


def unmet(step):
    return [text(criterion.condition) for criterion in step.unmet]


def test_the_new_measures_hold_from_april_2026(ladder):
    """SRDI until 31 March 2026: CNY 10 million of sales; since then CNY 15 million."""
    old, new = ladder(LAST_OLD), ladder(FIRST_NEW)
    assert (old.next.id, unmet(old), old.unknown) == ("srdi_sme", [], ())
    assert (new.next.id, unmet(new)) == ("srdi_sme", ["revenue_cny >= 15_000_000 or equity_raised_2y_cny >= 20_000_000"])
    assert new.near


@pytest.mark.parametrize(("day", "score", "met"), [(LAST_OLD, 60, True), (LAST_OLD, 59, False), (FIRST_NEW, 50, True), (FIRST_NEW, 49, False)])
def test_the_score_wanted_fell_in_april_2026(ladder, day, score, met):
    assert any("srdi_score" in condition for condition in unmet(ladder(day, srdi_score=score))) is not met


def test_the_little_giant_wants_more_since_april_2026(ladder):
    held = [*MAKER["certs"], "srdi_sme"]
    giant = {
        "certs": held,
        "years_in_niche": 3,
        "main_business_ratio": 0.75,
        "class1_ip": 2,
        "niche_share": 0.1,
        "revenue_cny": 100e6,
        "revenue_y2_cny": 80e6,
        "rd_expense_cny": 10e6,
        "rd_expense_y1_cny": 9e6,
        "revenue_y1_cny": 90e6,
    }
    assert unmet(ladder(LAST_OLD, **giant)) == []
    assert unmet(ladder(FIRST_NEW, **giant)) == ["main_business_ratio >= 0.9", "class1_ip >= 4"]


@pytest.mark.parametrize(
    "changed", [{"certs": ["cq_tech_firm", "tech_sme", "innovative_sme"], "established_date": "2026-06-01"}, {"years_in_niche": 2}]
)
def test_a_rung_that_only_time_is_missing_for_is_not_out_of_reach(ladder, changed):
    """An HNTE must be a year old, an SRDI firm three years in its niche: both come by themselves."""
    assert ladder(**changed).next.id == ("hnte" if "certs" in changed else "srdi_sme")


def test_each_day_has_one_version_of_each_rung(rules):
    for day in (dt.date(2023, 1, 1), LAST_OLD, FIRST_NEW, DAY, dt.date(2030, 1, 1)):
        ids = [one.id for one in rules.as_of(day).ladder.rungs]
        assert ids == ["cq_tech_firm", "tech_sme", "innovative_sme", "hnte", "srdi_sme", "little_giant", "champion"]


def test_a_higher_title_covers_the_lower_ones(ladder):
    step = ladder(certs=["srdi_sme"])
    assert step.next.id not in ("tech_sme", "innovative_sme")
    assert ladder(certs=["cq_tech_firm", "hnte", "srdi_sme"]).next.id == "little_giant"


def test_a_firm_elsewhere_is_not_sent_to_chongqings_register(ladder):
    assert ladder(region="chongqing", certs=[]).next.id == "cq_tech_firm"
    assert ladder(region="sichuan", certs=[]).next.id == "tech_sme"


@pytest.mark.parametrize(
    "changed", [{"entity_type": "self_employed"}, {"cannot_pay_due": True}, {"rd_expense_cny": 0, "class1_ip": 0, "class2_ip": 0}]
)
def test_some_firms_are_not_sent_up_the_ladder_at_all(ladder, changed):
    step = ladder(**changed)
    assert step.next is None
    assert step.suppressed.zh
    assert step.suppressed.en


def test_questions_are_asked_for_what_the_next_rung_waits_for(rules):
    firm = {key: given for key, given in MAKER.items() if key not in ("srdi_score", "main_business_ratio")}
    advice = advise(read_firm(firm, rules.catalogue), DAY, rules)
    assert set(advice.ladder_missing) == {"srdi_score", "main_business_ratio"}
