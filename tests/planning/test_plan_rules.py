"""rules/plan.yaml is read whole, and what is wrong in it is said with its place."""

import pytest

from advisor.domain.errors import RuleError
from advisor.planning.candidates import pool_of
from advisor.service.planning import plan_rules
from advisor.shipped import shipped


@pytest.fixture(scope="module")
def plans(rules):
    return plan_rules(rules)


@pytest.fixture
def problems(rules, tmp_path):
    """The problems of the shipped file after one place of it was replaced."""

    def spoil(old, new):
        written = (shipped("rules") / "plan.yaml").read_text(encoding="utf-8")
        assert old in written
        file = tmp_path / "plan.yaml"
        file.write_text(written.replace(old, new, 1), encoding="utf-8")
        with pytest.raises(RuleError) as refused:
            plan_rules(rules, file)
        return refused.value.problems

    return spoil


@pytest.mark.parametrize(
    ("name", "pool"),
    [
        ("mortgage_wc_loan", "property"),
        ("order_financing", "orders"),
        ("gov_procurement_loan", "gov_contract"),
        ("commercial_factoring", "receivables"),
        ("warehouse_receipt_loan", "goods"),
        ("export_rebate_loan", "export_rebate"),
        ("ma_loan_control", "deal"),
        ("cq_tech_upgrade_special_loan", "project"),
        ("sale_leaseback", "equipment"),
        ("renewal_without_repayment", "loan_due"),
        ("ip_pledge_loan", "ip"),
        ("tax_credit_loan", "turnover"),
        ("startup_guaranteed_loan_sme", None),
        ("direct_lease", None),
        ("mtn", None),
        ("growth_pe", None),
    ],
)
def test_an_instrument_draws_on_what_its_rule_asks_for_unless_told(rules, plans, name, pool):
    found = pool_of(rules.versions(name)[0], plans)
    assert (found.id if found is not None else None) == pool


@pytest.mark.parametrize(
    ("name", "money"),
    [
        ("tax_credit_loan", "debt"),
        ("growth_pe", "equity"),
        ("cq_poc_support", "grant"),
        ("gov_financing_guarantee", "debt"),
        ("performance_bond", "none"),
        ("rd_super_deduction", "none"),
        ("ip_for_equity", "none"),
    ],
)
def test_every_instrument_brings_one_kind_of_money_or_none(rules, plans, name, money):
    assert plans.money_of(rules.versions(name)[0]) == money


def test_the_price_is_that_of_the_cost_class_unless_the_family_differs(rules, plans):
    loan, lease = rules.versions("tax_credit_loan")[0], rules.versions("direct_lease")[0]
    assert loan.offer.cost == lease.offer.cost == "market"
    assert plans.band(loan) == (0.030, 0.050)
    assert plans.band(lease) == (0.045, 0.085)


@pytest.mark.parametrize(
    ("old", "new", "code", "said"),
    [
        ("  bill_discount: {", "  bill_discuont: {", "unknown_word", "bill_discuont"),
        ("spares: [cq_seed_fund,", "spares: [cq_sed_fund,", "unknown_word", "cq_sed_fund"),
        ("asks: bills_held_cny", "asks: bills_cny", "unknown_word", "bills_cny"),
        ("formulas: [bills_held_cny]", "formulas: [bills_hold_cny]", "unknown_fact", "bills_hold_cny"),
        ("market: [0.030, 0.050]", "market: [0.050, 0.030]", "upside_down", "market"),
        ("high: [0.12, 0.24]", "high: [null, 0.24]", "upside_down", "high"),
        ("share: 0.97", "share: 0", "not_a_share", "share"),
        ("share: 0.97", "share: 1.2", "not_a_share", "share"),
        ("purposes: [refinance], adds_debt", "purposes: [refinancing], adds_debt", "unknown_word", "refinancing"),
        ("unsecured: turnover", "unsecured: sales", "unknown_word", "sales"),
        ("within_days: 90", "within: 90", "unknown_key", "within"),
        ("{id: permits,", "{id: carbon,", "duplicate_id", "carbon"),
        ("of: equity", "of: shares", "unknown_word", "shares"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(problems, old, new, code, said):
    found = problems(old, new)
    assert (code, True) in {(problem.code, said in problem.text.en) for problem in found}
    assert all(problem.place.file == "plan.yaml" and problem.place.line for problem in found)
