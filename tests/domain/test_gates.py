"""Gates above single instruments, and pairs that may not be drawn together."""

import datetime as dt

import pytest

from advisor.domain.advice import advise
from advisor.domain.condition import value
from advisor.domain.firm import read_firm
from advisor.domain.gates import Gate, Gates, Pair
from tests.made_up import instrument, tree, words

DAY = dt.date(2026, 11, 24)


def gate(condition="blacklisted", **more):
    return Gate("gate", tree(condition), words("reason"), "practice", **more)


def test_a_gate_concerns_the_families_and_instruments_it_names():
    one = gate(families=("loan",), instruments=("lease",))
    assert one.concerns(instrument("a", family="loan"))
    assert one.concerns(instrument("lease", family="leasing"))
    assert not one.concerns(instrument("b", family="leasing"))


def test_a_spared_instrument_passes_whatever_its_family():
    one = gate(families=("subsidy",), spared=("rd",), instruments=("rd",))
    assert not one.concerns(instrument("rd", family="subsidy"))
    assert one.concerns(instrument("other", family="subsidy"))


@pytest.mark.parametrize(("blacklisted", "shut"), [(True, True), (False, False), (None, False)])
def test_a_gate_is_shut_only_while_its_condition_is_known_to_hold(blacklisted, shut):
    one = gate(families=("loan",))
    assert bool(Gates((one,), ()).shut({one.condition: value(one.condition, {"blacklisted": blacklisted})})) is shut


def test_a_pair_knows_the_partner():
    pair = Pair("a", "b", words("one loan, one subsidy"))
    assert (pair.other("a"), pair.other("b"), pair.other("c")) == ("b", "a", None)


# ---------------------------------------------------------------- the shipped gates

CLEAN = {
    "region": "chongqing",
    "entity_type": "limited_company",
    "industry_class": "wholesale",
    "employees": 24,
    "revenue_cny": 51e6,
    "major_violation_3y": False,
    "overdue_loans": 0,
    "loan_class": "normal",
    "controller_credit_ok": True,
    "good_receivables_cny": 5e6,
    "established_date": "2011-08-01",
}


def matched(rules, **facts):
    return {match.instrument.id: match for match in advise(read_firm(facts, rules.catalogue), DAY, rules).matches}


def test_a_blacklisted_firm_is_sent_to_repair_its_record_first(rules):
    matches = matched(rules, **CLEAN, blacklisted=True)
    for match in matches.values():
        blocked = [one.id for one in match.blocked_by]
        spared = match.instrument.id in ("rd_super_deduction", "equipment_one_time_deduction", "arrears_clearance", "credit_repair")
        concerned = match.instrument.family in ("loan", "guarantee", "bond", "listing", "leasing", "subsidy") and not spared
        assert ("blacklisted_firm" in blocked) is concerned, match.instrument.id
        assert not (match.open_now and concerned)


@pytest.mark.parametrize("facts", [{"blacklisted": False}, {}])
def test_a_firm_not_known_to_be_blacklisted_is_not_blocked(rules, facts):
    assert all(not match.blocked_by for match in matched(rules, **CLEAN, **facts).values())


def test_a_gate_leaves_the_instruments_own_verdict_alone(rules):
    """Blocked is not refused: the instrument's own rule still says what it says."""
    decline = {**CLEAN, "blacklisted": False, "cannot_pay_due": True, "ebit_cny": -1e6, "interest_expense_cny": 9e5, "has_bank_loan": False}
    match = matched(rules, **decline)["first_time_borrower_loan"]
    assert (match.eligibility, match.open_now, match.rank) == ("eligible", False, None)
    assert [one.id for one in match.blocked_by] == ["declining_and_cannot_cover_interest"]
    assert "衰退期" in match.blocked_by[0].reason.zh


def test_a_declining_firm_that_covers_its_interest_may_still_borrow(rules):
    decline = {**CLEAN, "blacklisted": False, "cannot_pay_due": True, "ebit_cny": 2e6, "interest_expense_cny": 9e5, "has_bank_loan": False}
    assert matched(rules, **decline)["first_time_borrower_loan"].open_now


def test_costly_lending_comes_last_of_what_is_open(rules):
    matches = matched(rules, **CLEAN, blacklisted=False, has_bank_loan=True, purposes=["working_capital"], need_cny=3e5, need_months=3)
    last = matches["micro_lending_company_loan"]
    assert last.open_now
    assert last.demoted
    assert last.rank == max(match.rank for match in matches.values() if match.rank)
    assert last.blocked_by == ()


def test_gates_and_pairs_name_instruments_that_exist(rules):
    ids = {one.id for one in rules.instruments}
    for one in rules.gates.gates:
        assert {*one.instruments, *one.spared} <= ids
    for pair in rules.gates.no_double_subsidy:
        assert {pair.first, pair.second} <= ids
