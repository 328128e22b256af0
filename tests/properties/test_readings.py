"""Two readings of a condition, tree walk and compiled program, say the same of every firm."""

from hypothesis import given
from hypothesis import strategies as st

from advisor.domain.condition import AS_OF, Name, value
from advisor.domain.program import Program
from tests.properties.trees import CATALOGUE, DAY, everything_known, firms, trees


def alike(one, other):
    return type(one) is type(other) and one == other


@given(trees, firms)
def test_walking_a_tree_and_running_its_program_say_the_same(node, firm):
    compiled = Program([node], CATALOGUE.derived)({**firm, AS_OF: DAY})[0]
    walked = value(CATALOGUE.unfolded(node), everything_known(firm))
    assert alike(compiled, walked)


@given(trees, firms)
def test_a_program_that_is_given_what_follows_says_the_same(node, firm):
    known = everything_known(firm)
    assert alike(Program([node], CATALOGUE.derived, given=True)(known)[0], value(CATALOGUE.unfolded(node), known))


@given(firms)
def test_derived_facts_are_the_same_compiled_or_worked_out_one_by_one(firm):
    row = Program([Name(name) for name in CATALOGUE.derived], CATALOGUE.derived)({**firm, AS_OF: DAY})
    known = everything_known(firm)
    assert all(alike(found, known[name]) for name, found in zip(CATALOGUE.derived, row, strict=True))


@given(st.lists(trees, min_size=1, max_size=5), firms)
def test_many_conditions_compiled_together_say_what_each_says_alone(nodes, firm):
    known = {**firm, AS_OF: DAY}
    together = Program(nodes, CATALOGUE.derived)
    row = together(known)
    assert all(alike(row[together.index[node]], Program([node], CATALOGUE.derived)(known)[0]) for node in nodes)
    assert together.nodes == tuple(dict.fromkeys(nodes))


def test_no_condition_makes_an_empty_row():
    assert Program([], {})({}) == ()
