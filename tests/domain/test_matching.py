"""What is said beyond a verdict: the best single change, waiting, and changes that lift a gate."""

import datetime as dt

import pytest

from advisor.domain.firm import read_firm
from advisor.service.advisor import Advisor

DAY = dt.date(2026, 11, 24)
TRADER = {
    "region": "chongqing", "entity_type": "limited_company", "established_date": "2011-08-01", "industry_class": "wholesale",
    "ownership": "private", "employees": 24, "revenue_cny": "5100万", "revenue_y1_cny": "6900万", "net_profit_cny": "-260万",
    "net_profit_y1_cny": "-110万", "total_assets_cny": "4600万", "total_liabilities_cny": "3900万", "interest_expense_cny": "88万",
    "ebit_cny": "-120万", "overdue_loans": 0, "loan_class": "normal", "blacklisted": False, "controller_credit_ok": True,
    "major_violation_3y": False, "cannot_pay_due": False, "court_status": "none", "data_authorised": True, "tax_grade": "B",
}  # fmt: skip


@pytest.fixture
def adviser(rules):
    return Advisor(rules)


def open_ids(advice):
    return {found.instrument.id for found in advice.matches if found.open_now}


def applied(facts, changes):
    return {**facts, **{change.fact: change.needed for change in changes}}


@pytest.mark.parametrize("need", ["800万", None])
def test_the_best_single_change_opens_what_it_says_and_more_than_it_closes(adviser, need):
    facts = {**TRADER, "data_authorised": False, "ebit_cny": "200万", "need_cny": need}
    before = adviser.advise(facts, DAY)
    best = before.best_change
    assert best is not None
    after = adviser.advise(applied(facts, [best.change]), DAY)
    assert set(best.unlocks) == open_ids(after) - open_ids(before)
    assert len(best.unlocks) > len(open_ids(before) - open_ids(after))


def test_no_other_single_change_in_reach_opens_more(adviser):
    before = adviser.advise({**TRADER, "data_authorised": False, "ebit_cny": "200万"}, DAY)
    gains = {}
    for found in before.matches:
        if (
            len(found.changes) == 1
            and found.one_step_away
            and found.changes[0].fact not in ("purposes", "need_cny", "need_months", "project_invest_cny")
        ):
            after = adviser.advise(applied({**TRADER, "data_authorised": False, "ebit_cny": "200万"}, found.changes), DAY)
            gains[found.instrument.id] = len(open_ids(after) - open_ids(before)) - len(open_ids(before) - open_ids(after))
    best = before.best_change
    assert len(best.unlocks) >= max(gains.values())


def test_a_firm_held_back_by_a_gate_learns_what_lifts_it(adviser):
    advice = adviser.advise(TRADER, DAY)
    held = [found for found in advice.matches if found.blocked_by and found.eligibility == "eligible"]
    assert held
    for found in held:
        assert found.changes, found.instrument.id
        after = adviser.advise(applied(TRADER, found.changes), DAY)
        now = next(one for one in after.matches if one.instrument.id == found.instrument.id)
        assert not now.blocked_by, found.instrument.id
        assert now.eligibility == found.after_changes


def test_every_proposed_change_turns_its_verdict(adviser, rules):
    for facts in (TRADER, {"region": "chongqing", "entity_type": "limited_company", "established_date": "2025-03-01", "revenue_cny": "120万"}):
        for found in adviser.advise(facts, DAY).matches:
            if found.changes:
                after = adviser.advise(applied(facts, found.changes), DAY)
                now = next(one for one in after.matches if one.instrument.id == found.instrument.id)
                assert now.eligibility == found.after_changes, found.instrument.id
                assert not now.blocked_by, found.instrument.id


def test_waiting_opens_on_the_day_told_and_not_the_day_before(adviser, rules):
    facts = {
        "region": "chongqing", "entity_type": "limited_company", "established_date": "2026-03-01", "overdue_loans": 0, "loan_class": "normal",
        "controller_credit_ok": True, "blacklisted": False, "data_authorised": True, "revenue_cny": "200万", "tax_grade": "B",
    }  # fmt: skip
    told = {found.instrument.id: found.wait_until for found in adviser.advise(facts, DAY).matches if found.wait_until}
    assert told["tax_credit_loan"] == dt.date(2027, 3, 1)
    for name, day in told.items():
        for when, expected in ((day, "eligible"), (day - dt.timedelta(days=1), "ineligible")):
            found = next(one for one in adviser.advise(facts, when).matches if one.instrument.id == name)
            assert found.eligibility == expected, name


def test_nobody_is_told_to_wait_beyond_the_end_of_a_rule(adviser, rules):
    for established in ("2024-01-01", "2026-06-01"):
        facts = {"region": "chongqing", "entity_type": "limited_company", "established_date": established, "social_insured": 5}
        for found in adviser.advise(facts, DAY).matches:
            assert found.wait_until is None or found.wait_until in found.instrument.validity


def test_a_firm_read_twice_is_the_same_firm(rules):
    assert read_firm(TRADER, rules.catalogue).facts == read_firm(dict(reversed(TRADER.items())), rules.catalogue).facts
