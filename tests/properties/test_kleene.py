"""The laws of three values, and that learning a fact never turns a decided verdict around."""

from hypothesis import assume, given
from hypothesis import strategies as st

from advisor.domain.condition import AS_OF, Junction, judge
from advisor.domain.firm import Firm
from advisor.domain.reasons import positive
from tests.properties.trees import CATALOGUE, DAY, conditions, everything_known, firms, full_firms, parts_of, trees


def said(node, firm):
    return CATALOGUE.judge(node, everything_known(firm))


def both(*parts):
    return Junction("and", parts)


def either(*parts):
    return Junction("or", parts)


def opposite(node):
    return Junction("not", (node,))


@given(conditions, conditions, firms)
def test_the_order_of_parts_does_not_matter(one, two, firm):
    assert said(both(one, two), firm) is said(both(two, one), firm)
    assert said(either(one, two), firm) is said(either(two, one), firm)


@given(conditions, conditions, conditions, firms)
def test_brackets_among_the_same_do_not_matter(one, two, three, firm):
    assert said(both(both(one, two), three), firm) is said(both(one, both(two, three)), firm) is said(both(one, two, three), firm)
    assert said(either(either(one, two), three), firm) is said(either(one, either(two, three)), firm) is said(either(one, two, three), firm)


@given(conditions, conditions, firms)
def test_de_morgan(one, two, firm):
    assert said(opposite(both(one, two)), firm) is said(either(opposite(one), opposite(two)), firm)
    assert said(opposite(either(one, two)), firm) is said(both(opposite(one), opposite(two)), firm)


@given(conditions, firms)
def test_twice_not_is_nothing(node, firm):
    assert said(opposite(opposite(node)), firm) is said(node, firm)


@given(conditions, firms)
def test_a_part_repeated_says_no_more(node, firm):
    assert said(both(node, node), firm) is said(either(node, node), firm) is said(node, firm)


@given(conditions, firms)
def test_a_verdict_is_true_false_or_none(node, firm):
    assert said(node, firm) in (True, False, None)


@given(conditions, firms)
def test_pushing_not_down_to_the_tests_changes_nothing(node, firm):
    assert said(positive(opposite(node)), firm) is said(opposite(node), firm)
    assert said(positive(node), firm) is said(node, firm)


@given(trees, st.data())
def test_learning_a_fact_never_turns_a_decided_verdict_around(node, data):
    full = data.draw(full_firms)
    partly = data.draw(parts_of(full))
    before = CATALOGUE.unfolded(node)
    known, more = everything_known(partly), everything_known(full)
    first = judge(before, known)
    assume(first is not None)
    assert judge(before, more) is first


# ---------------------------------------------------------------- the shipped rules


@given(data=st.data())
def test_learning_a_fact_never_turns_a_decided_shipped_verdict_around(rules, random_firms, data):
    full = data.draw(random_firms)
    share = data.draw(st.floats(0, 1))
    order = data.draw(st.randoms(use_true_random=False))
    partly = {name: answer for name, answer in full.items() if order.random() < share}
    edition = rules.as_of(DAY)
    before, after = edition.verdicts(Firm(partly), DAY), edition.verdicts(Firm(full), DAY)
    for one, first, then in zip(edition.instruments, before, after, strict=True):
        assert first is None or first is then, one.id


@given(data=st.data())
def test_every_shipped_condition_reads_the_same_walked_and_compiled(rules, random_firms, data):
    full = data.draw(random_firms)
    kept = data.draw(st.sets(st.sampled_from(sorted(full))))
    edition = rules.as_of(DAY)
    firm = Firm({name: full[name] for name in kept})
    reading = edition.read(firm, DAY)
    for one, verdict in zip(edition.instruments, edition.verdicts(firm, DAY), strict=True):
        assert rules.catalogue.judge(one.rule, reading.known) is verdict is reading[one.rule], one.id
    for node in (*rules.warnings.conditions(), *edition.ladder.conditions()):
        assert rules.catalogue.judge(node, reading.known) == (None if reading[node] is None else bool(reading[node]))
    assert reading.known[AS_OF] == DAY
