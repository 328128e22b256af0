"""What each instrument can bring, with the shipped rules and the example maker of parts, one fact changed at a time."""

from dataclasses import replace

import pytest

from advisor.domain.advice import advise
from advisor.domain.firm import read_firm
from advisor.planning.candidates import Need, gather
from advisor.service.planning import plan_rules
from tests.examples import DAY, FIRMS

MILLION = 1_000_000
EQUIPMENT = Need(8 * MILLION, 24, ("equipment",), 90)
MAKER = FIRMS["growth_maker"]
CASH = Need(8 * MILLION, 12, ("working_capital",), 90)


@pytest.fixture(scope="module")
def plans(rules):
    return plan_rules(rules)


@pytest.fixture(scope="module")
def found(rules, plans):
    """The candidates for a need of the example maker, some of its facts or the plan's rules changed."""

    def candidates(need, change=None, **facts):
        known = {name: value for name, value in {**MAKER, **facts}.items() if value is not None}
        return gather(advise(read_firm(known, rules.catalogue), DAY, rules), need, plans if change is None else change)

    return candidates


def line_of(candidates, name):
    return next((line for line in candidates.task.lines if line.id == name), None)


def why_not(candidates, name):
    return next((one.code for one in candidates.left_out if one.match.instrument.id == name), None)


def limit_of(candidates, name):
    return next(limit for limit in candidates.limits if limit.id == name)


def test_only_what_is_open_now_is_a_candidate(found):
    assert line_of(found(CASH), "receivable_pledge_loan") is not None
    blocked = found(CASH, blacklisted=True)
    assert line_of(blocked, "receivable_pledge_loan") is None


def test_an_instrument_for_another_purpose_is_neither_a_candidate_nor_named(found):
    candidates = found(EQUIPMENT)
    assert line_of(candidates, "receivable_pledge_loan") is None
    assert why_not(candidates, "receivable_pledge_loan") is None


def test_the_amounts_are_those_of_the_offer_and_never_more_than_the_need(found):
    leasing = line_of(found(replace(EQUIPMENT, amount_cny=2 * MILLION)), "operating_lease")
    assert (leasing.low, leasing.high) == (200_000, 2 * MILLION)
    assert line_of(found(CASH), "cq_knowledge_value_loan").high == 5 * MILLION


@pytest.mark.parametrize(
    ("need", "name", "code"),
    [
        (replace(CASH, months=36), "receivable_pledge_loan", "too_short"),
        (replace(CASH, months=6), "tech_medium_term_wc_loan", "too_long"),
        (replace(CASH, within_days=10), "receivable_pledge_loan", "too_late"),
        (replace(CASH, amount_cny=400_000), "receivable_pledge_loan", "starts_above"),
        (replace(CASH, amount_cny=300 * MILLION), "cq_knowledge_value_loan", "too_small"),
        (CASH, "joint_service_team", "no_money"),
        (EQUIPMENT, "equipment_one_time_deduction", "pays_afterwards"),
    ],
)
def test_what_cannot_be_used_is_left_out_with_the_reason(found, need, name, code):
    candidates = found(need)
    assert line_of(candidates, name) is None
    assert why_not(candidates, name) == code


def test_an_instrument_just_quick_long_and_small_enough_is_used(found):
    edge = Need(500_000, 12, ("working_capital",), 20)
    assert line_of(found(edge), "receivable_pledge_loan") is not None


def test_equity_may_last_longer_than_the_need(found):
    candidates = found(replace(CASH, amount_cny=2 * MILLION, months=3, within_days=400), accepts_dilution=True)
    assert line_of(candidates, "cq_angel_guidance_fund") is not None


def test_equity_slower_than_the_need_is_left_out(found):
    candidates = found(CASH, accepts_dilution=True)
    assert why_not(candidates, "cq_angel_guidance_fund") == "too_late"


def test_an_unsecured_loan_whose_limit_was_not_seen_counts_up_to_the_careful_figure(found, plans):
    assert line_of(found(CASH), "cq_liangjiang_tech_growth_loan").high == plans.unseen_limit_cny


def test_a_lease_leaves_the_down_payment_to_the_firm(found):
    assert line_of(found(EQUIPMENT), "direct_lease").high == 0.85 * 8 * MILLION


def test_loans_on_the_same_receivables_share_them(found):
    pool = limit_of(found(CASH), "receivables")
    assert set(pool.weights) >= {"receivable_pledge_loan", "commercial_factoring", "core_ecert_financing"}
    assert pool.room == 0.7 * 15 * MILLION


def test_a_loan_with_a_lower_share_takes_more_of_the_pool(found):
    pool = limit_of(found(CASH), "equipment")
    assert pool.room == 0.5 * 19 * MILLION
    assert pool.weights == {"movable_asset_mortgage_loan": 0.5 / 0.4, "sale_leaseback": 1.0}


def test_an_unknown_asset_leaves_no_room_and_names_the_fact(found):
    candidates = found(CASH, equipment_encumbered=None)
    pool = limit_of(candidates, "equipment")
    assert (pool.room, pool.cap.room) == (None, 0)
    assert pool.waits_for == ("equipment_encumbered",)


def test_equipment_that_is_pledged_does_not_count(found):
    assert limit_of(found(CASH, equipment_encumbered=True), "equipment").room == 0


def test_debt_is_bounded_by_earnings_and_by_assets(found):
    candidates = found(CASH, depreciation_cny=1 * MILLION)
    assert limit_of(candidates, "earnings").room == 4 * (5.6 + 1.0) * MILLION - 18 * MILLION
    assert limit_of(candidates, "liabilities").room == pytest.approx((0.7 * 72 - 41) / 0.3 * MILLION)


def test_without_depreciation_earnings_count_at_the_lower_figure_and_the_answer_is_asked(found):
    earnings = limit_of(found(CASH), "earnings")
    assert earnings.room == 4 * 5.6 * MILLION - 18 * MILLION
    assert earnings.waits_for == ("depreciation_cny",)


def test_debt_beyond_what_is_carried_leaves_no_room(found):
    assert limit_of(found(CASH, interest_debt_cny="1亿"), "earnings").cap.room == 0


def test_a_claim_that_is_sold_adds_no_debt(found):
    candidates = found(CASH)
    assert "core_ecert_financing" not in limit_of(candidates, "earnings").weights
    assert "receivable_pledge_loan" in limit_of(candidates, "earnings").weights


def test_an_instrument_with_its_own_formula_is_bounded_by_it(found):
    assert limit_of(found(CASH), "cq_knowledge_value_loan").room == 4 * MILLION
    assert limit_of(found(CASH, kv_grade="D"), "cq_knowledge_value_loan").room == 1_600_000


def test_an_equity_round_is_bounded_by_the_valuation_or_a_careful_substitute(found):
    patient = replace(CASH, within_days=400, months=36)
    valued = found(patient, accepts_dilution=True, est_market_cap_cny="9000万")
    assert limit_of(valued, "stake").room == 30 * MILLION
    assert limit_of(found(patient, accepts_dilution=True), "stake").room == (72 - 41) * MILLION


def test_renewing_a_loan_pays_for_nothing_but_the_old_loan(found):
    assert line_of(found(CASH), "renewal_without_repayment") is None
    candidates = found(Need(5 * MILLION, 12, ("refinance",), 30))
    assert line_of(candidates, "renewal_without_repayment") is not None
    assert limit_of(candidates, "loan_due").room == 5 * MILLION
    assert all("renewal_without_repayment" not in limit.weights for limit in candidates.limits if limit.id != "loan_due")


def test_an_interest_subsidy_lowers_the_price_of_market_loans_for_its_purpose_only(found):
    [relief, other] = found(EQUIPMENT).task.reliefs
    assert {relief.id, other.id} == {"sme_fixed_asset_interest_subsidy", "equipment_renewal_interest_subsidy"}
    assert "movable_asset_mortgage_loan" in relief.on
    assert "tech_innovation_relending_loan" not in relief.on  # cheap already: it carries public money
    assert relief.rate == pytest.approx(0.03)  # 1.5 points for two years
    assert found(replace(EQUIPMENT, purposes=("equipment", "working_capital"))).task.reliefs == ()


def test_two_subsidies_on_one_loan_exclude_each_other(found):
    pairs = [set(exclusion.members) for exclusion in found(EQUIPMENT).task.exclusions]
    assert {"sme_fixed_asset_interest_subsidy", "equipment_renewal_interest_subsidy"} in pairs


def test_of_a_group_only_the_candidates_exclude_each_other(found):
    members = next(exclusion.members for exclusion in found(CASH).task.exclusions if exclusion.id == "risk_shared")
    assert "cq_knowledge_value_loan" in members
    assert "srdi_loan" not in members  # not open to this firm


def test_a_loan_that_suits_less_weighs_more(found, plans):
    careless = replace(plans, misfit=0.0)
    plain, weighed = line_of(found(CASH, careless), "receivable_pledge_loan"), line_of(found(CASH), "receivable_pledge_loan")
    assert plain.price == pytest.approx(0.04)
    assert plain.price < weighed.price < 0.04 + plans.misfit


def test_the_price_is_for_as_long_as_the_money_is_needed(found, plans):
    half = line_of(found(replace(CASH, months=6), replace(plans, misfit=0.0)), "receivable_pledge_loan")
    assert half.price == pytest.approx(0.02)


def test_what_is_undetermined_is_kept_as_possible(found):
    candidates = found(replace(CASH, months=24))
    assert "mortgage_wc_loan" in candidates.possible
    assert line_of(candidates, "mortgage_wc_loan") is None
    assert "mortgage_wc_loan" in limit_of(candidates, "earnings").weights


def test_what_is_only_proposed_is_never_possible(found):
    candidates = found(Need(2 * MILLION, 24, ("rd",), 400), product_stage=None)
    assert "cq_pilot_maturation_fund" not in {*candidates.possible, *candidates.matches}
