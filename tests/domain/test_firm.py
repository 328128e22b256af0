"""A firm from a mapping: every problem at once, and unknown kept unknown."""

import datetime as dt

import pytest

from advisor.domain.errors import InputError
from advisor.domain.firm import read_firm
from advisor.rulefiles.yamlfile import read_yaml
from advisor.shipped import shipped


def problems_of(given, catalogue):
    with pytest.raises(InputError) as caught:
        read_firm(given, catalogue)
    return caught.value.problems


def test_a_firm_is_the_facts_it_gave(catalogue):
    firm = read_firm({"region": "重庆", "employees": "40人", "revenue_cny": "1200万", "certs": ["hnte"]}, catalogue)
    assert firm.facts == {"region": "chongqing", "employees": 40, "revenue_cny": 12_000_000, "certs": ("hnte",)}


@pytest.mark.parametrize("nothing", [None, "", "不清楚", "unknown"])
def test_a_fact_that_nobody_knows_is_not_among_them(catalogue, nothing):
    firm = read_firm({"region": "chongqing", "employees": nothing, "blacklisted": nothing}, catalogue)
    assert firm.facts == {"region": "chongqing"}


def test_zero_no_and_an_empty_list_are_known(catalogue):
    firm = read_firm({"employees": 0, "blacklisted": False, "certs": []}, catalogue)
    assert firm.facts == {"employees": 0, "blacklisted": False, "certs": ()}


def test_a_firm_of_which_nothing_is_known_is_a_firm(catalogue):
    assert read_firm({}, catalogue).facts == {}


def test_name_number_and_date_stand_beside_the_facts(catalogue):
    firm = read_firm({"firm_id": 17, "name": "山城智联", "as_of": "2026-11-24"}, catalogue)
    assert (firm.firm_id, firm.name, firm.as_of, firm.facts) == ("17", "山城智联", dt.date(2026, 11, 24), {})
    assert read_firm({"as_of": dt.date(2026, 1, 2)}, catalogue).as_of == dt.date(2026, 1, 2)


def test_an_unknown_id_gets_a_suggestion_in_both_languages(catalogue):
    (problem,) = problems_of({"revenu_cny": 5}, catalogue)
    assert problem.code == "unknown_fact"
    assert problem.text.zh == "没有“revenu_cny”这个指标；是不是“revenue_cny”？"
    assert problem.text.en == "'revenu_cny' is not a fact; did you mean 'revenue_cny'?"


def test_an_unknown_id_like_no_other_gets_none(catalogue):
    (problem,) = problems_of({"zzz": 5}, catalogue)
    assert problem.text.en == "'zzz' is not a fact"


def test_an_unknown_id_is_refused_even_when_its_value_is_unknown(catalogue):
    assert [problem.code for problem in problems_of({"revenu_cny": None}, catalogue)] == ["unknown_fact"]


def test_what_is_worked_out_cannot_be_given_and_the_facts_behind_it_are_named(catalogue):
    (problem,) = problems_of({"debt_ratio": 0.4}, catalogue)
    assert problem.code == "derived_fact"
    assert problem.text.zh == "“debt_ratio”是推算出来的，不能直接填；请填：total_liabilities_cny、total_assets_cny"
    assert problem.text.en == "'debt_ratio' is worked out, not given; give total_liabilities_cny, total_assets_cny"


def test_the_stage_cannot_be_given_either(catalogue):
    assert [problem.code for problem in problems_of({"lifecycle_stage": "growth"}, catalogue)] == ["derived_fact"]


@pytest.mark.parametrize("raw", ["tomorrow", "2026-02-30", 3, True, "1899-12-31", "9999-12-31", dt.date(2201, 1, 1)])
def test_a_date_that_is_none_is_refused(catalogue, raw):
    assert [problem.code for problem in problems_of({"as_of": raw}, catalogue)] == ["bad_date"]


def test_all_problems_of_a_firm_are_named_at_once(catalogue):
    given = {
        "employees": -1,
        "revenu_cny": 5,
        "debt_ratio": 0.4,
        "revenue_cny": float("nan"),
        "region": "chonqing",
        "blacklisted": "maybe",
        "as_of": "x",
        "name": "y",
    }
    codes = [problem.code for problem in problems_of(given, catalogue)]
    assert codes == ["out_of_range", "unknown_fact", "derived_fact", "not_finite", "unknown_option", "wrong_kind", "bad_date"]


def test_the_error_says_all_of_them_in_either_language(catalogue):
    with pytest.raises(ValueError) as caught:
        read_firm({"employees": -1, "revenu_cny": 5}, catalogue)
    assert len(caught.value.say("zh").splitlines()) == len(str(caught.value).splitlines()) == 2
    assert "从业人员数（employees）" in caught.value.say("zh")


def test_changing_some_facts_leaves_the_firm_as_it_was(catalogue):
    firm = read_firm({"firm_id": "a", "employees": 40, "blacklisted": False}, catalogue)
    changed = firm.with_facts({"employees": 50})
    assert (firm.facts["employees"], changed.facts["employees"], changed.facts["blacklisted"], changed.firm_id) == (40, 50, False, "a")
    with pytest.raises(TypeError):
        firm.facts["employees"] = 1


@pytest.mark.parametrize("name", ["startup_team", "growth_maker", "declining_trader"])
def test_the_example_firms_are_read(catalogue, name):
    path = shipped("data") / "examples" / f"{name}.yaml"
    firm = read_firm(read_yaml(path.read_text(encoding="utf-8"), path.name).data, catalogue)
    assert firm.name
    assert len(firm.facts) >= 15
