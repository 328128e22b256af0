"""The examples in the rule files: every one comes out as its author wrote, and one that does not is reported."""

import datetime as dt
from dataclasses import replace

import pytest

from advisor.domain.errors import Place
from advisor.domain.firm import read_firm
from advisor.domain.instrument import Example, eligibility
from advisor.domain.text import Text
from advisor.rulefiles.examples import try_examples
from advisor.rulefiles.folder import read_rules
from advisor.shipped import shipped
from tests.rulefiles.written import LEASE, copy_of_the_rules, replace_in

IDS = sorted(path.stem for path in (shipped("rules") / "instruments").glob("*/*.yaml"))
DAY = dt.date(2026, 11, 24)


@pytest.mark.parametrize("instrument_id", IDS)
def test_each_example_of_an_instrument_comes_out_as_its_author_expects(instrument_id, rules):
    current = rules.versions(instrument_id)[0]
    found = []
    for example in current.examples:
        in_force = rules.as_of(example.as_of)
        position = [one.id for one in in_force.instruments].index(instrument_id)
        verdicts = in_force.verdicts(read_firm(example.firm, rules.catalogue), example.as_of)
        found.append((example.why.en, eligibility(verdicts[position])))
    assert found == [(example.why.en, example.expect) for example in current.examples]


def test_trying_all_examples_of_the_shipped_rules_reports_nothing(rules):
    assert list(try_examples(rules)) == []


@pytest.fixture
def with_examples(rules):
    """The shipped rules in which the direct lease has other examples."""

    def put(*examples):
        return replace(rules, instruments=tuple(replace(one, examples=examples if one.id == "direct_lease" else ()) for one in rules.instruments))

    return put


def reported(rules):
    return [(problem.code, problem.place.file, problem.text.en) for problem in try_examples(rules)]


GOOD = {"entity_type": "limited_company", "purposes": ["equipment"], "blacklisted": False, "established_date": "2015-01-01"}
WHY = Text("因为", "because")


def test_a_wrong_verdict_is_reported_with_file_and_number(with_examples):
    right, wrong = Example(GOOD, "eligible", DAY, WHY), Example(GOOD, "ineligible", DAY, WHY, Place(LEASE, 9, 5))
    assert reported(with_examples(right, wrong)) == [("example", LEASE, "example 2: should be ineligible but is eligible")]


def test_a_firm_that_cannot_be_read_is_reported(with_examples):
    wrong = Example({**GOOD, "employes": 5}, "eligible", DAY, WHY, Place(LEASE, 3, 5))
    assert reported(with_examples(wrong)) == [("example", LEASE, "example 1: 'employes' is not a fact; did you mean 'employees'?")]


def test_each_problem_of_such_a_firm_is_reported(with_examples):
    wrong = Example({"employees": -1, "revenue_cny": "much"}, "eligible", DAY, WHY)
    assert len(reported(with_examples(wrong))) == 2


def test_a_derived_fact_in_an_example_is_reported(with_examples):
    wrong = Example({"years_established": 5}, "eligible", DAY, WHY)
    ((_, _, told),) = reported(with_examples(wrong))
    assert "established_date" in told


def test_an_example_outside_the_time_of_its_instrument_is_reported(rules):
    one = replace(rules.versions("startup_guaranteed_loan_personal")[0], validity=replace(rules.instruments[0].validity, first=dt.date(2027, 1, 1)))
    assert {told for _, _, told in reported(replace(rules, instruments=(one,)))} == {
        f"example {number}: is not in force on its date" for number in range(1, len(one.examples) + 1)
    }


def test_an_example_spoilt_in_its_file_is_reported(tmp_path):
    folder = copy_of_the_rules(tmp_path)
    replace_in(folder, LEASE, "established_date: 2025-12-10, equity_raised_2y_cny: 0", "established_date: 2025-11-10, equity_raised_2y_cny: 0")
    assert reported(read_rules(folder)) == [("example", LEASE, "example 2: should be ineligible but is eligible")]
