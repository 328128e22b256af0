"""The examples in the rule files, tried: does each firm get the verdict its author expects?"""

from __future__ import annotations

from collections.abc import Iterator

from advisor.domain.errors import InputError, Place, Problem
from advisor.domain.firm import read_firm
from advisor.domain.instrument import eligibility
from advisor.domain.ruleset import RuleSet
from advisor.domain.text import Text


def try_examples(rules: RuleSet) -> Iterator[Problem]:
    """Yield a problem for every example that does not come out as expected."""
    for instrument in rules.instruments:
        for number, example in enumerate(instrument.examples, 1):
            place = example.place
            in_force = rules.as_of(example.as_of)
            position = next((at for at, one in enumerate(in_force.instruments) if one.id == instrument.id), None)
            if position is None:
                yield _wrong(place, number, Text("在该日期不在有效期内", "is not in force on its date"))
                continue
            try:
                firm = read_firm(example.firm, rules.catalogue)
            except InputError as error:
                for problem in error.problems:
                    yield _wrong(place, number, problem.text)
                continue
            found = eligibility(in_force.verdicts(firm, example.as_of)[position])
            if found != example.expect:
                yield _wrong(place, number, Text(f"应为{example.expect}，实为{found}", f"should be {example.expect} but is {found}"))


def _wrong(place: Place, number: int, why: Text) -> Problem:
    return Problem("example", Text(f"第{number}个例子：", f"example {number}: ") + why, place)
