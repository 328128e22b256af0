"""A tree written as text and read again is the same tree."""

from hypothesis import example, given

from advisor.domain.notation import kind_of, parse, text
from tests.made_up import tree
from tests.properties.trees import NAMES, conditions, trees


def read_again(node):
    problems = []
    again = parse(text(node), NAMES, problems)
    assert problems == [], (text(node), [problem.say("en") for problem in problems])
    return again


@given(trees)
@example(tree("staff - (sales - debt)"))
@example(tree("(1 if listed else 2) if blacklisted else (3 if listed else 4)"))
@example(tree("not (not listed and (blacklisted or staff > 1))"))
@example(tree("-(-staff) - -1.5"))
def test_text_and_back(node):
    assert read_again(node) == node


@given(trees)
def test_the_text_is_the_same_the_second_time(node):
    assert text(read_again(node)) == text(node)


@given(trees)
def test_the_kind_survives(node):
    assert kind_of(read_again(node), NAMES) == kind_of(node, NAMES)


@given(conditions)
def test_a_condition_stays_one(node):
    assert kind_of(node, NAMES) == "bool"


def test_every_shipped_condition_survives(rules):
    names = rules.catalogue.namings
    criteria = [criterion.condition for one in rules.instruments for criterion in one.criteria]
    formulas = [derived.formula for derived in rules.catalogue.derived.values() if len(text(derived.formula)) <= 4000]
    for node in (*criteria, *formulas):
        problems = []
        assert parse(text(node), names, problems) == node, text(node)
        assert problems == []
