"""A plan and its grounds for the example firms: what it covers, what binds, what else there is, which answers would help."""

from dataclasses import replace

import pytest

from advisor.domain.advice import advise
from advisor.domain.firm import read_firm
from advisor.planning.candidates import Need, gather
from advisor.planning.plan import plan
from advisor.service.planning import plan_rules
from tests.examples import DAY, FIRMS
from tests.planning.firms import MILLION, advice_of, planned

STRONG = {"ebit_cny": 50 * MILLION, "total_liabilities_cny": 20 * MILLION}
YEAR = {"months": 12, "purposes": ["working_capital"]}


@pytest.fixture(scope="module")
def plans(rules):
    return plan_rules(rules)


@pytest.mark.parametrize("name", FIRMS)
@pytest.mark.parametrize("amount", [100_000, 3 * MILLION, 90 * MILLION])
@pytest.mark.parametrize("purposes", [["working_capital"], ["equipment"], ["rd", "refinance"]])
def test_every_mix_keeps_to_every_limit_and_says_the_gap(rules, plans, name, amount, purposes):
    found, _ = planned(rules, plans, name, {"amount_cny": amount, "purposes": purposes}, accepts_dilution=True)
    for mix in (found.best, *found.alternatives):
        assert mix.covered_cny + mix.gap_cny == pytest.approx(amount, abs=10)
        assert len(mix.items) <= plans.most_lines
        for limit in found.limits:
            assert limit.used(mix.amounts) <= max(0, limit.room or 0) + 10
        for item in mix.items:
            offer = item.match.instrument.offer
            assert item.match.open_now
            assert (offer.min_cny or 0) - 1 <= item.amount_cny <= (offer.max_cny or amount) + 1
            assert offer.max_months is None or offer.max_months >= found.need.months
            assert item.match.instrument.lead_days[1] <= found.need.within_days
            assert not set(item.match.not_with) & mix.names


def test_the_maker_of_parts_is_bounded_by_its_earnings_and_told_so(rules, plans):
    found, _ = planned(rules, plans, "growth_maker")
    assert (found.best.covered_cny, found.best.gap_cny) == (4_400_000, 3_600_000)
    assert [one.id for one in found.binding] == ["earnings"]
    assert found.binding[0].gap_less == pytest.approx(3_600_000)
    assert [one.facts for one in found.enlarging] == [("depreciation_cny",)]


def test_the_answer_that_was_asked_for_enlarges_the_plan(rules, plans):
    found, _ = planned(rules, plans, "growth_maker", depreciation_cny=900_000)
    assert found.best.gap_cny == 0
    assert found.enlarging == ()


def test_more_of_an_asset_that_is_not_known_is_never_counted(rules, plans):
    need = {"amount_cny": 20 * MILLION, **YEAR}
    unknown, _ = planned(rules, plans, "growth_maker", need, revenue_cny=None, good_receivables_cny=None, equipment_book_cny=None)
    known, _ = planned(rules, plans, "growth_maker", need)
    assert unknown.best.covered_cny < known.best.covered_cny


def test_earnings_that_are_not_known_carry_no_debt_and_are_asked_for(rules, plans):
    found, _ = planned(rules, plans, "growth_maker", ebit_cny=None, net_profit_cny=None)
    assert found.best.items == ()
    [asked] = found.enlarging
    assert {"ebit_cny", "depreciation_cny"} == set(asked.facts)
    assert asked.gap_less == 8 * MILLION
    assert found.binding == ()  # what is not known is asked, not blamed


def test_two_answers_that_help_only_together_are_both_asked(rules, plans):
    found, _ = planned(rules, plans, "growth_maker", ebit_cny=None, net_profit_cny=None, total_assets_cny=None)
    assert {one.limit.id for one in found.enlarging} == {"earnings", "liabilities"}


def test_over_a_year_the_receivables_cover_what_earnings_do_not_carry(rules, plans):
    found, _ = planned(rules, plans, "growth_maker", YEAR)
    assert found.best.gap_cny == 0
    assert len(found.best.items) == 2
    claims = [item for item in found.best.items if item.stands_on is not None and item.stands_on.id == "receivables"]
    assert [item.filled for item in claims] == ["rest"]
    [carried] = [item for item in found.best.items if item not in claims]
    assert (carried.filled, carried.filled_by.id) == ("shared_limit", "earnings")


def test_the_cheapest_loan_alone_would_have_left_a_part_uncovered(rules, plans):
    found, _ = planned(rules, plans, "growth_maker", YEAR)
    assert found.single.gap_cny == pytest.approx(3_600_000)
    assert found.single.items[0].price == plans.rates["low"]


def test_a_plan_of_one_line_is_not_compared_with_itself(rules, plans):
    found, _ = planned(rules, plans, "startup_team")
    assert len(found.best.items) == 1
    assert found.single is None


def test_a_line_drawn_to_its_own_limit_says_so_and_binds(rules, plans):
    only_bought = replace(plans, terms={**plans.terms, "operating_lease": replace(plans.terms["operating_lease"], money="none")})
    found, _ = planned(
        rules, only_bought, "growth_maker", {"purposes": ["equipment"]}, **STRONG, revenue_cny=None, project_invest_cny=0, equipment_book_cny=0
    )
    [leased] = found.best.items
    assert (leased.match.instrument.id, leased.amount_cny, leased.filled) == ("direct_lease", 6_800_000, "own_limit")
    assert ("direct_lease", 1_200_000) in {(one.id, one.gap_less) for one in found.binding}


def test_the_number_of_lines_binds_where_one_more_would_help(rules, plans):
    found, _ = planned(rules, replace(plans, most_lines=2), "growth_maker", {"amount_cny": 40 * MILLION, **YEAR}, **STRONG)
    assert "most_lines" in {one.id for one in found.binding}
    four, _ = planned(rules, plans, "growth_maker", {"amount_cny": 40 * MILLION, **YEAR}, **STRONG)
    assert four.best.gap_cny < found.best.gap_cny


def test_each_alternative_leaves_out_a_line_of_every_better_mix(rules, plans):
    found, _ = planned(rules, plans, "growth_maker", YEAR)
    mixes = [found.best, *found.alternatives]
    assert len(mixes) == 3
    for place, mix in enumerate(mixes):
        assert all(better.names - mix.names for better in mixes[:place])
        assert all((better.gap_cny, better.burden) <= (mix.gap_cny + 1, mix.burden + 1) for better in mixes[:place])


def test_with_nothing_open_the_gap_is_the_whole_need(rules, plans):
    found, _ = planned(rules, plans, "growth_maker", blacklisted=True)
    assert found.best.items == ()
    assert found.best.gap_cny == 8 * MILLION
    assert (found.alternatives, found.single, found.binding) == ((), None, ())


def test_a_firm_of_which_nothing_is_known_gets_no_line(rules, plans):
    advice = advise(read_firm({}, rules.catalogue), DAY, rules)
    found = plan(advice, Need(MILLION, 12, ("working_capital",), 90), plans)
    assert found.best.items == ()
    assert found.best.gap_cny == MILLION
    assert found.narrowing != ()


def test_only_instruments_that_would_narrow_the_gap_are_named_as_undetermined(rules, plans):
    advice = advice_of(rules, "growth_maker")
    found, _ = planned(rules, plans, "growth_maker")
    possible = gather(advice, found.need, plans).possible
    assert "mortgage_wc_loan" in possible
    assert "mortgage_wc_loan" not in {one.instrument.id for one in found.narrowing}  # no room for more debt, whatever the property
    larger, _ = planned(rules, plans, "growth_maker", {"amount_cny": 70 * MILLION, **YEAR}, **STRONG)
    assert "mortgage_wc_loan" in {one.instrument.id for one in larger.narrowing}


def test_without_a_gap_nothing_undetermined_is_asked(rules, plans):
    found, _ = planned(rules, plans, "growth_maker", YEAR)
    assert found.narrowing == ()


def test_the_trader_renews_the_loan_that_falls_due_in_time(rules, plans):
    found, _ = planned(rules, plans, "declining_trader")
    assert found.need.within_days == 25
    assert found.best.amounts == {"renewal_without_repayment": 6 * MILLION}
    assert "too_late" in {one.code for one in found.left_out}
    assert found.idle == ("working_capital",)


def test_a_loan_renewed_covers_no_more_than_the_loan(rules, plans):
    found, _ = planned(rules, plans, "declining_trader", {"amount_cny": 9 * MILLION})
    assert found.best.gap_cny == 3 * MILLION
    assert "loan_due" in {one.id for one in found.binding}


def test_equity_is_said_apart_from_interest(rules, plans):
    need = {"amount_cny": 20 * MILLION, "months": 48, "purposes": ["equity_growth"], "within_days": 400}
    found, _ = planned(rules, plans, "growth_maker", need, accepts_dilution=True)
    assert found.best.equity_cny == found.best.covered_cny > 0
    assert found.best.interest == (0, 0)


def test_a_subsidy_comes_back_on_the_loan_and_covers_nothing(rules, plans):
    need = {"amount_cny": 12 * MILLION, "months": 24, "purposes": ["equipment"]}
    found, _ = planned(rules, plans, "growth_maker", need, depreciation_cny=2 * MILLION, project_invest_cny=20 * MILLION)
    [back] = found.best.returned
    assert back.back_cny == pytest.approx(0.03 * 12 * MILLION)
    assert found.best.covered_cny == 12 * MILLION
    assert "sme_fixed_asset_interest_subsidy" not in found.best.names


def test_the_plan_is_the_same_every_time(rules, plans):
    one, other = (planned(rules, plans, "growth_maker", YEAR)[0] for _ in range(2))
    assert one.best.amounts == other.best.amounts
    assert [mix.amounts for mix in one.alternatives] == [mix.amounts for mix in other.alternatives]
