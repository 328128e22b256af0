"""The whole advice for a firm: order, blocks, what is missing, what would help, and by which day's rules."""

import datetime as dt

import pytest

from advisor.domain.advice import QUESTIONS, advise
from advisor.domain.condition import Name
from advisor.domain.errors import UnknownId
from advisor.domain.firm import read_firm
from advisor.rulefiles.yamlfile import read_yaml
from advisor.shipped import shipped

DAY = dt.date(2026, 11, 24)
GROUPS = ("open", "eligible", "undetermined", "ineligible", "watch")


def example(name):
    path = shipped("data") / "examples" / f"{name}.yaml"
    return read_yaml(path.read_text(encoding="utf-8"), path.name).data


FIRMS = {
    "empty": {},
    "startup_team": example("startup_team"),
    "growth_maker": example("growth_maker"),
    "declining_trader": example("declining_trader"),
    "blacklisted_maker": {**example("growth_maker"), "blacklisted": True},
    "overdue_maker": {**example("growth_maker"), "overdue_loans": 1},
    "unregistered_team": {
        "region": "chongqing",
        "entity_type": "unregistered_team",
        "founder_groups": ["graduate"],
        "product_stage": "lab",
        "purposes": ["rd"],
    },
    "baby": {**example("growth_maker"), "established_date": "2026-08-01"},
    "nothing_but_zeros": {
        "revenue_cny": 0,
        "employees": 0,
        "total_assets_cny": 0,
        "total_liabilities_cny": 0,
        "net_profit_cny": 0,
        "rd_expense_cny": 0,
    },
}


@pytest.fixture(params=FIRMS, ids=list(FIRMS))
def firm(request, catalogue):
    return read_firm(FIRMS[request.param], catalogue)


@pytest.fixture
def advice(firm, rules):
    return advise(firm, DAY, rules)


@pytest.fixture
def advised(rules):
    def advised(day=DAY, **facts):
        return advise(read_firm(facts, rules.catalogue), day, rules)

    return advised


def match_of(advice, instrument_id):
    return next(match for match in advice.matches if match.instrument.id == instrument_id)


def group(match):
    if match.watch:
        return "watch"
    return "open" if match.open_now else match.eligibility


# ---------------------------------------------------------------- order


def test_every_instrument_in_force_is_matched_exactly_once(advice, rules):
    ids = [match.instrument.id for match in advice.matches]
    assert sorted(ids) == sorted(one.id for one in rules.instruments if DAY in one.validity)
    assert len(set(ids)) == len(ids)


def test_ranks_count_from_one_without_gaps_over_what_is_open_now_and_nothing_else(advice):
    ranked = [match.rank for match in advice.matches if match.open_now]
    assert ranked == list(range(1, len(ranked) + 1))
    assert {match.rank for match in advice.matches if not match.open_now} <= {None}


def test_matches_stand_in_the_order_of_use(advice):
    places = [GROUPS.index(group(match)) for match in advice.matches]
    assert places == sorted(places)


def test_the_better_fit_comes_first_and_the_demoted_last(advice):
    ranked = [(match.demoted, -match.suitability.score) for match in advice.matches if match.open_now]
    assert ranked == sorted(ranked)


def test_what_is_only_proposed_is_never_ranked_or_called_open(advice):
    proposed = [match for match in advice.matches if match.instrument.status == "proposed"]
    assert len(proposed) == 9
    assert not any(match.open_now or match.rank or match.one_step_away for match in proposed)


def test_what_is_blocked_is_never_ranked(advice):
    for match in advice.matches:
        if match.blocked_by:
            assert not match.open_now
            assert match.rank is None


def test_a_suitability_lies_between_zero_and_one(advice):
    for match in advice.matches:
        assert (match.suitability is None) is (match.eligibility == "ineligible")
        if match.suitability is not None:
            assert 0 <= match.suitability.score <= 1
            assert all(part is None or 0 <= part <= 1 + 1e-9 for part in match.suitability.parts.values())


def test_the_same_firm_gets_the_same_advice(firm, rules):
    once, again = advise(firm, DAY, rules), advise(firm, DAY, rules)
    assert [(match.instrument.id, match.rank, match.missing) for match in once.matches] == [
        (m.instrument.id, m.rank, m.missing) for m in again.matches
    ]
    assert (once.best_change, once.questions, once.stage) == (again.best_change, again.questions, again.stage)


def test_the_quick_verdicts_are_those_of_the_advice(firm, advice, rules):
    words = {True: "eligible", False: "ineligible", None: "undetermined"}
    edition = rules.as_of(DAY)
    quick = dict(zip((one.id for one in edition.instruments), edition.verdicts(firm, DAY), strict=True))
    assert {match.instrument.id: match.eligibility for match in advice.matches} == {name: words[verdict] for name, verdict in quick.items()}


# ---------------------------------------------------------------- why


def failing(match):
    return [reason for reason in match.reasons if reason.criterion_holds is False and reason.criterion.role in ("hard", "any_of", "exclude")]


def test_nothing_is_refused_without_a_failing_reason(advice):
    for match in advice.matches:
        if match.eligibility == "ineligible":
            assert any(reason.holds is False for reason in failing(match)), match.instrument.id


def test_nothing_is_called_eligible_against_a_failing_requirement(advice):
    for match in advice.matches:
        if match.eligibility == "eligible":
            assert all(reason.criterion.role == "any_of" for reason in failing(match)), match.instrument.id


def test_an_undetermined_verdict_says_which_facts_it_waits_for(advice, firm):
    for match in advice.matches:
        if match.eligibility == "undetermined":
            assert match.missing, match.instrument.id
            # A fact that is known is only asked again where it is a zero that nothing can be divided by.
            assert all(firm.facts.get(name, 0) == 0 for name in match.missing), match.instrument.id
        else:
            assert match.missing == ()


def test_a_verdict_that_cannot_be_computed_is_not_left_without_a_word(advised):
    """Without sales and without R&D there is no R&D ratio, whatever else the firm answers."""
    facts = {"entity_type": "limited_company", "industry_class": "software_it", "employees": 5, "revenue_cny": 0, "rd_expense_cny": 0,
             "established_date": "2019-01-01", "accepts_dilution": True, "est_market_cap_cny": 1e7}  # fmt: skip
    match = match_of(advised(**facts), "national_vc_guidance_fund")
    assert match.eligibility != "undetermined" or match.missing


def test_questions_are_those_that_the_most_suitable_undecided_instruments_wait_for(advice):
    waiting = [match for match in advice.matches if not match.watch]

    def worth(fact):
        return sum(match.suitability.score for match in waiting if fact in match.missing)

    counts = [(question.decides, sum(question.fact in match.missing for match in waiting)) for question in advice.questions]
    assert all(said == counted > 0 for said, counted in counts)
    worths = [worth(question.fact) for question in advice.questions]
    assert worths == pytest.approx(sorted(worths, reverse=True))
    assert len(advice.questions) <= QUESTIONS
    asked = {question.fact for question in advice.questions}
    others = {fact for match in waiting for fact in match.missing} - asked
    others -= set(advice.firm.facts)
    assert all(worth(fact) <= min(worths, default=0) + 1e-5 for fact in others)


def test_of_a_firm_of_which_nothing_is_known_nearly_nothing_is_refused(advised):
    advice = advised()
    assert {match.eligibility for match in advice.matches if match.instrument.status != "proposed"} <= {"undetermined", "eligible"}
    assert len(advice.questions) == QUESTIONS


# ---------------------------------------------------------------- together, blocked, later


def test_two_supports_for_the_same_spending_name_each_other(advised):
    advice = advised(**FIRMS["growth_maker"])
    pair = ("sme_fixed_asset_interest_subsidy", "equipment_renewal_interest_subsidy")
    assert [match_of(advice, one).open_now for one in pair] == [True, True]
    assert match_of(advice, pair[0]).not_with == (pair[1],)
    assert match_of(advice, pair[1]).not_with == (pair[0],)


def test_what_is_not_open_warns_against_nothing(advice):
    open_ids = {match.instrument.id for match in advice.matches if match.open_now}
    for match in advice.matches:
        assert set(match.not_with) <= open_ids
        assert match.open_now or match.not_with == ()


def test_a_blacklisted_firm_learns_which_gate_is_shut_and_that_clearing_it_helps(advised):
    match = match_of(advised(**FIRMS["blacklisted_maker"]), "direct_lease")
    assert [gate.id for gate in match.blocked_by] == ["blacklisted_firm"]
    assert {change.fact: change.needed for change in match.changes}.get("blacklisted") is False
    assert match.after_changes == "eligible"


@pytest.mark.parametrize("instrument_id", ["inclusive_credit_loan", "cash_flow_credit_loan"])
def test_a_firm_that_is_only_too_young_is_told_the_day(advised, instrument_id):
    facts = {"region": "chongqing", "entity_type": "limited_company", "established_date": "2026-03-10", "overdue_loans": 0, "loan_class": "none",
             "controller_credit_ok": True, "blacklisted": False, "major_violation_3y": False, "industry_class": "software_it", "employees": 9,
             "revenue_cny": 1.2e6, "data_authorised": True, "opcf_cny": 1e5, "need_cny": 5e5, "need_months": 12, "has_bank_loan": False,
             "tax_grade": "A", "cannot_pay_due": False, "court_status": "none", "wage_or_social_arrears": False}  # fmt: skip
    match = match_of(advised(**facts), instrument_id)
    assert (match.eligibility, match.changes, match.wait_until) == ("ineligible", (), dt.date(2027, 3, 10))
    assert match_of(advised(dt.date(2027, 3, 9), **facts), instrument_id).eligibility == "ineligible"
    assert match_of(advised(dt.date(2027, 3, 10), **facts), instrument_id).eligibility == "eligible"


def test_waiting_is_only_advised_where_it_turns_the_verdict(firm, advice, rules):
    for match in advice.matches:
        if match.wait_until is not None:
            assert DAY < match.wait_until < DAY.replace(year=DAY.year + 11)
            assert match.instrument.id not in {one.id for one in rules.not_in_force(DAY)}
            later = rules.as_of(DAY).read(firm, match.wait_until)
            assert later[match.instrument.rule] is True


@pytest.mark.parametrize("founded", ["1900-01-01", "2020-02-29", "2026-11-25", "2200-12-31"])
@pytest.mark.parametrize("day", [dt.date(1900, 1, 1), DAY, dt.date(2200, 12, 31)])
def test_no_date_of_establishment_stops_the_advice(advised, founded, day):
    facts = {"region": "chongqing", "entity_type": "limited_company", "blacklisted": False, "major_violation_3y": False}
    advice = advised(day, established_date=founded, **facts)
    assert len(advice.matches) + len(advice.not_in_force) == 173


# ---------------------------------------------------------------- the one change that helps most


def test_the_best_change_opens_what_it_says(firm, advice, rules):
    if advice.best_change is None:
        assert not any(len(match.changes) == 1 and match.one_step_away and match.changes[0].fact not in need_facts(rules) for match in advice.matches)
        return
    change = advice.best_change.change
    before = {match.instrument.id for match in advice.matches if match.open_now}
    after = {match.instrument.id for match in advise(firm.with_facts({change.fact: change.needed}), DAY, rules).matches if match.open_now}
    assert set(advice.best_change.unlocks) == after - before
    assert advice.best_change.unlocks


def need_facts(rules):
    return {fact.id for fact in rules.catalogue.facts.values() if fact.topic == "need" and not fact.id.startswith("accepts")}


def test_the_best_change_is_one_that_may_be_advised(advice, rules):
    if advice.best_change is not None:
        fact = rules.catalogue.facts[advice.best_change.change.fact]
        assert fact.change.allowed
        assert fact.id not in ("need_cny", "need_months", "purposes")


def test_of_a_growing_maker_it_is_known_which_change_helps_most(advised):
    best = advised(**FIRMS["growth_maker"]).best_change
    assert (best.change.fact, best.change.needed) == ("accepts_dilution", True)
    assert "venture_capital_market" in best.unlocks


# ---------------------------------------------------------------- dated rules


def test_a_rule_whose_end_has_passed_is_listed_as_not_in_force(advised):
    advice = advised()
    assert "unemployment_stability_refund" in [one.id for one in advice.not_in_force]
    assert not {one.id for one in advice.not_in_force} & {match.instrument.id for match in advice.matches}


@pytest.mark.parametrize(("day", "max_cny"), [(dt.date(2025, 5, 31), 300_000), (dt.date(2025, 6, 1), 500_000), (DAY, 500_000)])
def test_the_personal_startup_loan_rose_in_june_2025(advised, day, max_cny):
    match = match_of(advised(day, region="chongqing"), "startup_guaranteed_loan_personal")
    assert match.instrument.offer.max_cny == max_cny
    assert day in match.instrument.validity


@pytest.mark.parametrize(
    "instrument_id", ["equipment_renewal_interest_subsidy", "service_sector_interest_subsidy", "sme_fixed_asset_interest_subsidy"]
)
def test_interest_subsidies_end_with_2026(advised, instrument_id):
    last, after = advised(dt.date(2026, 12, 31)), advised(dt.date(2027, 1, 1))
    assert instrument_id in {match.instrument.id for match in last.matches}
    assert instrument_id not in {match.instrument.id for match in after.matches}
    assert instrument_id in {one.id for one in after.not_in_force}
    assert instrument_id not in {one.id for one in last.not_in_force}


def test_no_day_has_two_versions_of_one_instrument(rules):
    days = {bound for one in rules.instruments for bound in (one.validity.first, one.validity.last) if bound}
    for day in sorted(days | {one + dt.timedelta(days=1) for one in days}):
        ids = [one.id for one in rules.as_of(day).instruments]
        assert len(ids) == len(set(ids)), day
        assert set(ids) | {one.id for one in rules.not_in_force(day)} == {one.id for one in rules.instruments}


def test_days_between_two_changes_of_rules_share_one_edition(rules):
    assert rules.as_of(DAY) is rules.as_of(DAY + dt.timedelta(days=1))
    assert rules.as_of(dt.date(2025, 5, 31)) is not rules.as_of(dt.date(2025, 6, 1))


def test_all_versions_of_an_instrument_are_found_the_current_first(rules):
    versions = rules.versions("startup_guaranteed_loan_sme")
    assert [one.validity.first for one in versions] == [dt.date(2025, 6, 1), dt.date(2023, 10, 1), None]
    assert [one.other_version for one in versions] == [False, True, True]


def test_an_instrument_that_does_not_exist_gets_a_suggestion(rules):
    with pytest.raises(UnknownId) as caught:
        rules.versions("direct_leese")
    assert "did you mean 'direct_lease'?" in str(caught.value)
    assert "是不是“direct_lease”" in caught.value.say("zh")


# ---------------------------------------------------------------- beside the matches


def test_size_and_contradictions_are_told(advised):
    advice = advised(industry_class="industry", employees=350, revenue_cny=18e6, cash_cny=9e6, total_assets_cny=5e6)
    assert advice.size_class == "small"
    assert [check.id for check in advice.checks] == ["cash_above_total_assets"]
    assert advised(employees=350).size_class is None
    assert advised().checks == ()


def test_figures_far_from_what_firms_have_are_told(advised, rules):
    low, high = rules.catalogue.facts["revenue_cny"].typical
    assert advised(revenue_cny=low / 2).unusual == ("revenue_cny",)
    assert advised(revenue_cny=0, employees=30).unusual == ()
    assert advised(revenue_cny=(low + high) / 2).unusual == ()


def test_what_was_read_and_by_which_rules_is_kept(advised, rules):
    advice = advised(employees=40)
    assert (advice.firm.facts, advice.as_of, advice.ruleset.version) == ({"employees": 40}, DAY, rules.version)


def test_facts_an_instrument_asks_are_found_behind_what_is_derived(rules):
    asked = rules.asked_by(rules.versions("inclusive_credit_loan")[0])
    assert {"credit_ok", "overdue_loans", "established_date"} <= asked
    assert rules.catalogue.asked(Name("years_established")) == ("established_date",)
