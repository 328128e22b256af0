"""The road ahead: what time and a stated growth turn, on the very day, and nothing that is not known."""

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.domain.advice import advise
from advisor.domain.firm import read_firm
from advisor.domain.instrument import Instrument
from advisor.domain.notation import text
from advisor.domain.road import GROWTHS, growth_rate, projected, road

DAY = dt.date(2026, 11, 24)
ONE = dt.timedelta(days=1)
YOUNG = {
    "region": "chongqing", "entity_type": "limited_company", "established_date": "2026-03-01", "overdue_loans": 0, "loan_class": "normal",
    "controller_credit_ok": True, "blacklisted": False, "data_authorised": True, "revenue_cny": "200万", "tax_grade": "B",
}  # fmt: skip
MEDIUM = {
    "entity_type": "limited_company", "industry_class": "industry", "employees": 400, "revenue_cny": "3000万", "overdue_loans": 0,
    "loan_class": "normal", "blacklisted": False, "loan_due_cny": "200万",
}  # fmt: skip
QUOTED = {
    "region": "chongqing", "entity_type": "joint_stock", "established_date": "2012-05-01", "listing_status": "neeq_innovation", "neeq_months": 8,
    "major_litigation": False, "blacklisted": False, "major_violation_3y": False, "total_assets_cny": 250000000,
    "total_liabilities_cny": 90000000, "paid_in_capital_cny": 40000000, "net_profit_cny": 38000000, "net_profit_y1_cny": 32000000,
    "roe_weighted": 0.08, "revenue_cny": 300000000, "revenue_y1_cny": 260000000, "opcf_cny": 30000000, "rd_expense_cny": 12000000,
    "rd_expense_y1_cny": 10000000, "est_market_cap_cny": 700000000, "certs": ["srdi_sme"],
}  # fmt: skip
CANDIDATE = {
    "region": "chongqing", "entity_type": "limited_company", "established_date": "2019-05-20", "industry_class": "industry", "gb_code": "C3670",
    "employees": 86, "revenue_cny": "6800万", "revenue_y1_cny": "5200万", "revenue_y2_cny": "4100万", "net_profit_cny": "410万",
    "total_assets_cny": "7200万", "total_liabilities_cny": "4100万", "rd_expense_cny": "330万", "rd_expense_y1_cny": "240万",
    "rd_expense_y2_cny": "200万", "rd_staff": 14, "class1_ip": 3, "class2_ip": 16, "certs": ["cq_tech_firm", "tech_sme", "innovative_sme"],
    "main_business_ratio": "92%", "years_in_niche": 2.5, "srdi_score": 60, "blacklisted": False, "major_violation_3y": False,
    "hitech_income_ratio": "50%", "court_status": "none", "cannot_pay_due": False,
}  # fmt: skip

FAILING = {
    **YOUNG, "established_date": "2022-01-10", "net_profit_cny": "-90万", "revenue_cny": "900万", "revenue_y1_cny": "950万", "ebit_cny": "-50万",
    "interest_expense_cny": "20万", "total_assets_cny": "1000万", "total_liabilities_cny": "600万", "opcf_cny": "-80万", "invcf_cny": "-60万",
    "fincf_cny": "120万", "employees": 20, "industry_class": "software_it", "court_status": "none", "cannot_pay_due": False,
    "major_violation_3y": False, "wage_or_social_arrears": False,
}  # fmt: skip
FIFTH_BIRTHDAY = dt.date(2027, 1, 10)


def ahead(rules, facts, day=DAY, **options):
    return road(read_firm(facts, rules.catalogue), day, rules, **options)


def turns(found, subject):
    return [(one.day, one.turn) for one in found.milestones if one.id == subject]


def reasons(found, subject):
    return [(text(because.test), because.holds, because.known) for one in found.milestones if one.id == subject for because in one.because]


# ---------------------------------------------------------------- time alone


def test_an_instrument_opens_on_the_anniversary_its_rule_asks_for(rules):
    found = ahead(rules, YOUNG)
    assert turns(found, "tax_credit_loan") == [(dt.date(2027, 3, 1), "opens")]
    assert reasons(found, "tax_credit_loan") == [("years_established >= 1", True, 1.0)]


def test_months_on_the_neeq_open_the_beijing_exchange(rules):
    found = ahead(rules, QUOTED)
    assert turns(found, "bse_ipo") == [(dt.date(2027, 3, 24), "opens")]
    assert reasons(found, "bse_ipo") == [("neeq_months >= 12", True, 12)]


def test_months_on_the_neeq_are_counted_only_while_the_firm_is_known_to_be_quoted(rules):
    for listing in ({"listing_status": "unlisted"}, {"listing_status": None}):
        firm = read_firm({**QUOTED, **listing}, rules.catalogue)
        assert projected(firm, DAY, DAY.replace(year=2029), rules.catalogue).facts["neeq_months"] == 8


def test_a_renewal_opens_ninety_days_before_the_loan_falls_due_and_is_open_until_then(rules):
    found = ahead(rules, {**MEDIUM, "loan_due_days": 100})
    assert turns(found, "renewal_without_repayment")[0] == (DAY + dt.timedelta(days=10), "opens")
    (lapse,) = found.lapses
    assert (lapse.last, lapse.fact, [one.id for one in lapse.instruments]) == (
        DAY + dt.timedelta(days=100), "loan_due_days", ["renewal_without_repayment"]
    )  # fmt: skip


def test_what_has_run_down_is_unknown_and_no_turn(rules):
    firm = read_firm({**MEDIUM, "loan_due_days": 100}, rules.catalogue)
    due = DAY + dt.timedelta(days=100)
    assert projected(firm, DAY, due, rules.catalogue).facts["loan_due_days"] == 0
    assert not {"loan_due_days", "loan_due_cny"} & set(projected(firm, DAY, due + ONE, rules.catalogue).facts)
    assert len(turns(ahead(rules, {**MEDIUM, "loan_due_days": 100}), "renewal_without_repayment")) == 1


def test_no_loan_at_all_stays_no_loan_at_all(rules):
    firm = read_firm({**MEDIUM, "loan_due_days": 9999}, rules.catalogue)
    assert projected(firm, DAY, DAY.replace(year=2029), rules.catalogue).facts["loan_due_days"] == 9999


def test_a_new_version_of_a_rule_closes_what_it_no_longer_allows(rules):
    found = ahead(rules, {**MEDIUM, "loan_due_days": 380})
    assert turns(found, "renewal_without_repayment") == [(dt.date(2027, 9, 10), "opens"), (dt.date(2027, 10, 1), "closes")]
    assert reasons(found, "renewal_without_repayment")[1:] == [
        ("as_of >= '2027-10-01'", True, dt.date(2027, 10, 1)),
        ("is_micro_small", False, False),
        ("entity_type == 'self_employed'", False, "limited_company"),
    ]


def test_an_open_instrument_whose_rule_ends_expires_on_the_day_after(rules):
    found = ahead(rules, {**MEDIUM, "loan_due_days": 9999, "purposes": ["equipment"], "region": "chongqing"})
    ended = [one for one in found.milestones if one.turn == "expires"]
    assert ended
    for one in ended:
        assert one.day == one.subject.validity.last + ONE


@pytest.mark.parametrize(("told", "day"), [(2.5, dt.date(2027, 5, 26)), (2, dt.date(2027, 11, 24))])
def test_a_title_comes_within_reach_when_the_years_in_the_niche_are_full(rules, told, day):
    found = ahead(rules, {**CANDIDATE, "years_in_niche": told})
    assert turns(found, "srdi_sme") == [(day, "rung_reached")]
    assert reasons(found, "srdi_sme")[0][:2] == ("years_in_niche >= 3", True)
    step = advise(projected(found.firm, DAY, day, rules.catalogue), day, rules).ladder
    assert "years_in_niche >= 3" not in [text(c.condition) for c in step.unmet]


def test_titles_nobody_has_told_are_asked_for_and_not_on_the_road(rules):
    found = ahead(rules, {**CANDIDATE, "certs": None})
    assert turns(found, "srdi_sme") == []
    assert "certs" in [asked.fact for asked in found.questions]


def test_the_stage_turns_on_the_birthday_its_rule_asks_for(rules):
    facts = {**CANDIDATE, "established_date": "2022-06-10", "revenue_cny": "1000万", "revenue_y1_cny": "980万", "revenue_y2_cny": "970万"}
    found = ahead(rules, facts)
    stages = [(one.day, one.subject) for one in found.milestones if one.turn == "stage_reached"]
    for day, stage in stages:
        assert advise(projected(found.firm, DAY, day, rules.catalogue), day, rules).stage.stage == stage
    assert stages[0][0] == dt.date(2027, 6, 10)


def test_the_last_day_of_the_road_belongs_to_it(rules):
    found = ahead(rules, {**YOUNG, "established_date": DAY.isoformat()}, years=1)
    assert found.end == dt.date(2027, 11, 24)
    assert turns(found, "tax_credit_loan") == [(found.end, "opens")]


def test_a_gate_that_time_shuts_closes_what_stands_behind_it(rules):
    found = ahead(rules, FAILING)
    assert [(one.day, one.subject) for one in found.milestones if one.turn == "stage_reached"] == [(FIFTH_BIRTHDAY, "decline")]
    closed = {one.id for one in found.milestones if (one.day, one.turn) == (FIFTH_BIRTHDAY, "closes")}
    assert "gov_financing_guarantee" in closed  # nothing in its own rule moves with time
    (before, _), (after, _) = (open_on(found.firm, day, rules, None) for day in (FIFTH_BIRTHDAY - ONE, FIFTH_BIRTHDAY))
    assert closed == before - after
    shut = [text(because.test) for one in found.milestones if one.id in closed for because in one.because]
    assert set(shut) == {"lifecycle_stage != 'decline'"}


def test_what_a_gate_holds_back_does_not_open(rules):
    facts = {**YOUNG, "total_assets_cny": 100, "total_liabilities_cny": 200, "ebit_cny": -100, "interest_expense_cny": 10}
    found = ahead(rules, facts)
    day = dt.date(2027, 3, 1)
    meant = next(
        one for one in advise(projected(found.firm, DAY, day, rules.catalogue), day, rules).matches if one.instrument.id == "tax_credit_loan"
    )
    assert (meant.eligibility, bool(meant.blocked_by)) == ("eligible", True)
    assert turns(found, "tax_credit_loan") == []


def test_what_is_only_proposed_is_not_on_the_road(rules):
    proposed = replace(rules, instruments=tuple(replace(one, status="proposed") for one in rules.instruments), _editions={}, _tests={})
    assert ahead(rules, YOUNG).milestones
    assert [one for one in ahead(proposed, YOUNG).milestones if isinstance(one.subject, Instrument)] == []


@pytest.mark.parametrize("facts", [{"certs": ["tech_sme", "little_giant"]}, {"certs": ["tech_sme", "srdi_sme"]}, {"court_status": "reorganisation"}])
def test_a_title_held_or_covered_or_pointless_is_not_on_the_road(rules, facts):
    assert turns(ahead(rules, CANDIDATE), "srdi_sme")
    assert turns(ahead(rules, {**CANDIDATE, **facts}), "srdi_sme") == []


# ---------------------------------------------------------------- growth


@pytest.mark.parametrize(("growth", "rate"), [("none", None), ("flat", 0.0), ("as_last_year", 0.25)])
def test_a_scenario_means_a_yearly_rate(rules, growth, rate):
    assert growth_rate(read_firm({"revenue_cny": 1250, "revenue_y1_cny": 1000}, rules.catalogue), growth) == rate


@pytest.mark.parametrize("facts", [{"revenue_cny": 1250}, {"revenue_y1_cny": 1000}, {"revenue_cny": 1250, "revenue_y1_cny": 0}])
def test_no_growth_is_assumed_that_cannot_be_worked_out(rules, facts):
    found = ahead(rules, facts, growth="as_last_year")
    assert found.rate is None
    assert all(one.assumption is None for one in found.milestones)


def test_on_new_years_day_the_accounts_move_one_year_and_keep_their_proportions(rules):
    firm = read_firm({**CANDIDATE, "net_profit_y1_cny": "280万"}, rules.catalogue)
    before, after = (projected(firm, DAY, day, rules.catalogue, 0.5).facts for day in (dt.date(2026, 12, 31), dt.date(2027, 1, 1)))
    assert before == firm.facts | {"years_in_niche": before["years_in_niche"]}
    assert [after[f"revenue{year}_cny"] for year in ("", "_y1", "_y2")] == [102e6, 68e6, 52e6]
    assert [after[f"net_profit{year}_cny"] for year in ("", "_y1", "_y2")] == [6.15e6, 4.1e6, 2.8e6]
    assert after["total_liabilities_cny"] / after["total_assets_cny"] == before["total_liabilities_cny"] / before["total_assets_cny"]
    assert after["employees"] == before["employees"]


def test_a_year_that_was_not_told_does_not_become_known(rules):
    firm = read_firm({"revenue_cny": 100, "revenue_y2_cny": 50}, rules.catalogue)
    assert dict(projected(firm, DAY, dt.date(2027, 1, 1), rules.catalogue, 0.0).facts) == {"revenue_cny": 100, "revenue_y1_cny": 100}


def test_what_only_growth_opens_is_marked_as_assumed(rules):
    facts = {**YOUNG, "revenue_cny": "120万", "revenue_y1_cny": "80万", "rd_expense_cny": "40万"}
    found, sure = ahead(rules, facts, growth="as_last_year"), ahead(rules, facts)
    assert turns(found, "rd_failure_insurance") == [(dt.date(2027, 1, 1), "opens")]
    assert turns(sure, "rd_failure_insurance") == []
    assert [one.id for one in found.milestones if one.assumption == "as_last_year"] == ["rd_failure_insurance"]
    assert [(one.day, one.id) for one in found.milestones if one.assumption is None] == [(one.day, one.id) for one in sure.milestones]


# ---------------------------------------------------------------- honesty


def test_a_firm_of_which_nothing_is_known_has_no_road(rules):
    found = ahead(rules, {})
    assert found.milestones == ()
    assert found.questions


def test_only_unknown_facts_are_asked_for(rules):
    for facts in (YOUNG, QUOTED, CANDIDATE):
        found = ahead(rules, facts)
        assert not {asked.fact for asked in found.questions} & set(found.firm.facts)


def test_a_road_shorter_than_a_year_is_refused(rules):
    with pytest.raises(ValueError, match="0"):
        ahead(rules, YOUNG, years=0)


def test_a_longer_road_begins_like_a_shorter_one(rules):
    short, long = ahead(rules, YOUNG, years=1), ahead(rules, YOUNG, years=4)
    assert short.milestones == tuple(one for one in long.milestones if one.day <= short.end)


def open_on(firm, day, rules, rate):
    advice = advise(projected(firm, DAY, day, rules.catalogue, rate), day, rules)
    return {found.instrument.id for found in advice.matches if found.open_now}, advice


FIRMS = st.fixed_dictionaries(
    {
        "base": st.sampled_from([YOUNG, QUOTED, CANDIDATE, {**CANDIDATE, **YOUNG}, {**QUOTED, **MEDIUM}]),
        "established_date": st.dates(dt.date(2016, 1, 1), DAY),
        "years_in_niche": st.sampled_from([None, 0, 1.7, 2.999, 9.3]),
        "loan_due_days": st.sampled_from([None, 0, 95, 1094, 1095, 1096, 9999]),
        "purposes": st.sampled_from([None, ["equipment"], ["working_capital", "refinance"], ["rd", "plant"]]),
    }
)


@settings(max_examples=20)
@given(drawn=FIRMS, growth=st.sampled_from(GROWTHS))
def test_on_its_day_each_milestone_is_what_advice_says_then_and_the_day_before_it_was_not(rules, drawn, growth):
    given_facts = {**drawn.pop("base"), **{name: value for name, value in drawn.items() if value is not None}}
    found = ahead(rules, given_facts, growth=growth)
    for day in {one.day for one in found.milestones}:
        (now, advice), (before, _) = (open_on(found.firm, when, rules, found.rate) for when in (day, day - ONE))
        for one in (one for one in found.milestones if one.day == day):
            if one.turn == "stage_reached":
                assert advice.stage.stage == one.subject
            elif isinstance(one.subject, Instrument):
                assert (one.id in now) is (one.turn == "opens"), one
                assert one.turn != "opens" or one.id not in before, one


@settings(max_examples=20)
@given(drawn=FIRMS, growth=st.sampled_from(GROWTHS), later=st.integers(1, 1095))
def test_between_milestones_no_known_verdict_turns(rules, drawn, growth, later):
    given_facts = {**drawn.pop("base"), **{name: value for name, value in drawn.items() if value is not None}, "loan_due_days": 9999}
    found = ahead(rules, given_facts, growth=growth)
    day = DAY + dt.timedelta(days=later)
    firm = projected(found.firm, DAY, day, rules.catalogue, found.rate)
    concerned = {
        one.id for one in rules.instruments for gate in rules.gates.gates if gate.concerns(one) and "lifecycle_stage" in text(gate.condition)
    }
    first, then = ({**dict.fromkeys(one.id for one in rules.instruments)} for _ in range(2))
    for verdicts, who, when in ((first, found.firm, DAY), (then, firm, day)):
        in_force = rules.as_of(when)
        judged = dict(zip((one.id for one in in_force.instruments), in_force.verdicts(who, when), strict=True))
        verdicts.update({name: judged.get(name, False) for name in verdicts})
    watched = {one.id for one in rules.instruments if one.status == "proposed"}
    for name in first.keys() - concerned - watched:
        if first[name] is not None and then[name] is not None:
            count = sum(one.id == name and one.day <= day for one in found.milestones if isinstance(one.subject, Instrument))
            assert (first[name] is not then[name]) is bool(count % 2), name
