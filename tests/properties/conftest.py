"""Random firms that answer every shipped fact."""

import datetime as dt

import pytest
from hypothesis import strategies as st

from advisor.domain.condition import Constant, Name, Test, nodes_in
from advisor.domain.facts import MAX_NUMBER


def _answer(fact, interesting):
    match fact.kind:
        case "bool":
            return st.booleans()
        case "choice":
            return st.sampled_from(list(fact.options))
        case "choices":
            return st.lists(st.sampled_from(list(fact.options)), max_size=3, unique=True).map(tuple)
        case "date":
            return st.dates(dt.date(1990, 1, 1), dt.date(2027, 12, 31))
        case "text":
            return st.sampled_from(["高新区", "两江新区", "渝北区", "C3670", "C26", "F51", "I65"])
        case "int":
            return st.integers(int(fact.low or 0), int(min(fact.high or 3000, 3000))) | _near(fact, interesting).map(round)
        case _:
            low, high = -1e9 if fact.low is None else fact.low, 1e10 if fact.high is None else fact.high
            return st.floats(low, high, allow_subnormal=False) | _near(fact, interesting)


def _near(fact, interesting):
    """Thresholds of the rules, and one step beside them."""
    step = {"ratio": 0.001, "number": 0.01}.get(fact.kind, 1)
    fitting = [
        number + shift
        for number in sorted(interesting)
        for shift in (-step, 0, step)
        if (fact.low is None or number + shift >= fact.low) and number + shift <= (MAX_NUMBER if fact.high is None else fact.high)
    ]
    return st.sampled_from(fitting or [fact.low or 0])


@pytest.fixture(scope="session")
def random_firms(rules):
    """Firms with a random answer to every shipped fact, thresholds met exactly more often than chance would have it."""
    thresholds = {}
    for one in rules.instruments:
        for node in nodes_in(one.rule):
            if (
                isinstance(node, Test)
                and isinstance(node.left, Name)
                and isinstance(node.right, Constant)
                and isinstance(node.right.value, int | float)
            ):
                thresholds.setdefault(node.left.id, set()).add(node.right.value)
    return st.fixed_dictionaries({fact.id: _answer(fact, thresholds.get(fact.id, ())) for fact in rules.catalogue.facts.values()})
