"""What the product says of the example firms is what was reviewed."""

import json

import pytest

from advisor.service.advisor import SHIPPED, Advisor
from tests.examples import DAY, FIRMS
from tests.golden.renew import HERE, digest, golden_path, written

HOW = "if the difference is wanted: python -m tests.golden.renew, then review it"


@pytest.mark.parametrize("name", FIRMS)
def test_the_advice_for_an_example_firm_is_the_one_that_was_reviewed(name, rules):
    said = json.loads(written(digest(Advisor(rules, model=SHIPPED).advise(FIRMS[name], DAY))))
    reviewed = json.loads(golden_path(name).read_text(encoding="utf-8"))
    assert said.keys() == reviewed.keys(), HOW
    for part, expected in reviewed.items():
        assert said[part] == expected, f"{name}, {part}: {HOW}"


def test_every_example_firm_has_its_golden_advice_and_no_file_is_left_over():
    assert {path.stem for path in HERE.glob("*.json")} == set(FIRMS)
    assert len(FIRMS) == 3


@pytest.mark.parametrize("name", FIRMS)
def test_a_golden_file_stands_as_it_would_be_written(name):
    text = golden_path(name).read_text(encoding="utf-8")
    assert written(json.loads(text)) == text
