"""The inputs of the stage model: what they are made of, that size is no part of them, and what stands in for what is not known."""

import pytest

from advisor.classifier.inputs import ANSWERS, BASIC, FACTS, INPUTS, NEEDED, TIERS, basics_known, input_trees
from advisor.domain.condition import facts_in, value

FULL = {
    "revenue_cny": 60e6, "revenue_y1_cny": 50e6, "revenue_y2_cny": 45e6, "net_profit_cny": 4e6, "net_profit_y1_cny": 3e6, "net_profit_y2_cny": 2e6,
    "total_assets_cny": 100e6, "total_assets_y1_cny": 80e6, "total_liabilities_cny": 50e6, "total_liabilities_y1_cny": 36e6, "pays_dividend": True,
    "ebit_cny": 6e6, "current_assets_cny": 55e6, "current_assets_y1_cny": 44e6, "current_liabilities_cny": 30e6, "current_liabilities_y1_cny": 24e6,
    "cash_cny": 12e6, "cash_y1_cny": 10e6, "interest_debt_cny": 30e6, "interest_debt_y1_cny": 20e6, "capex_cny": 11e6, "depreciation_cny": 3e6,
    "retained_earnings_cny": 10e6, "selling_admin_expense_cny": 5e6, "fixed_assets_cny": 30e6, "inventory_cny": 15e6, "inventory_y1_cny": 12e6,
    "receivables_cny": 20e6, "receivables_y1_cny": 15e6, "opcf_y1_cny": 2e6, "invcf_y1_cny": -5e6, "fincf_y1_cny": 4e6,
}  # fmt: skip
TREES = input_trees()


def told(known):
    return {name: value(tree, known) for name, tree in TREES.items()}


def test_every_fact_is_one_of_the_catalogue_and_every_input_rests_on_answers(catalogue):
    assert FULL.keys() == FACTS.keys()
    assert set(FACTS) <= set(catalogue.facts)
    for name, tree in TREES.items():
        assert set(facts_in(tree)) <= set(FACTS), name


def test_no_cash_flow_of_the_year_that_is_told_is_asked():
    assert not {"opcf_cny", "invcf_cny", "fincf_cny"} & set(FACTS)


def test_a_firm_that_answered_everything_has_every_input():
    assert [name for name, number in told(FULL).items() if number is None] == []


def test_a_firm_that_answered_nothing_has_none():
    assert set(told({}).values()) == {None}


@pytest.mark.parametrize("size", [1e-4, 7.0, 1e4])
def test_size_is_no_part_of_any_input(size):
    scaled = {fact: known if known is True else known * size for fact, known in FULL.items()}
    assert told(scaled) == pytest.approx(told(FULL), rel=1e-12)


def test_the_flows_told_from_the_accounts_add_up_to_the_change_of_cash():
    inputs = told(FULL)
    assert inputs["operating_by_cash"] + inputs["financing_estimate"] - inputs["capital_spending"] == pytest.approx(inputs["cash_change"])


def test_where_total_assets_are_not_known_something_stands_in():
    without = told({fact: known for fact, known in FULL.items() if fact != "total_assets_cny"})
    assert without["return_on_assets"] == pytest.approx(4e6 / (55e6 / 0.55))
    assert without["asset_growth"] is None
    assert told({"cash_cny": 12e6, "net_profit_cny": 1e6})["return_on_assets"] == pytest.approx(0.01)


def test_assets_of_nothing_measure_nothing():
    for fact in ("total_assets_cny", "total_assets_y1_cny"):
        assert told(FULL | {fact: 0})["return_on_assets"] is not None
    assert told(FULL | {"total_assets_cny": 0})["cash"] == pytest.approx(12e6 / (55e6 / 0.55))


def test_a_denominator_of_zero_is_unknown():
    assert told(FULL | {"revenue_cny": 0})["margin"] is None
    assert told(FULL | {"revenue_cny": 0, "revenue_y1_cny": 0})["sales_growth"] is None


@pytest.mark.parametrize("tier", TIERS)
def test_a_tier_asks_for_the_facts_of_its_inputs_only(tier):
    asked = {fact: known for fact, known in FULL.items() if TIERS.index(FACTS[fact]) <= TIERS.index(tier)}
    inputs = told(asked)
    for one in INPUTS:
        if TIERS.index(one.tier) <= TIERS.index(tier):
            assert inputs[one.id] is not None, one.id
        elif len(one.formulas) == 1:
            assert inputs[one.id] is None, one.id


def test_the_basic_facts_are_counted():
    assert value(basics_known(), {}) == 0
    assert value(basics_known(), FULL) == len(BASIC) >= NEEDED
    assert value(basics_known(), {"pays_dividend": False, "revenue_cny": 0, "cash_cny": 5}) == 2


def test_every_fact_belongs_to_one_answer():
    every = [fact for answer in ANSWERS for fact in answer.facts]
    assert len(every) == len(set(every))


def test_labels_are_told_in_both_languages():
    for one in (*INPUTS, *ANSWERS):
        assert one.label.zh != one.label.en
