"""What the tests of screening share: the shipped rules of a day, and firms advised one by one, which takes its time."""

import pytest

from advisor.population.firms import firms
from tests.screening.agreement import DAY, Concluded, nasty_firms, synthetic_firms


@pytest.fixture(scope="package")
def edition(rules):
    """The shipped rules in force on the day."""
    return rules.as_of(DAY)


@pytest.fixture(scope="package")
def synthetic(rules):
    """A raw table of synthetic firms."""
    return next(firms(3_000, rules.catalogue, DAY))


@pytest.fixture(scope="package")
def advised(rules):
    """The first of the synthetic firms, raw, and what is concluded for each."""
    raw, known = synthetic_firms(rules, DAY, 80)
    return raw, [Concluded(firm, DAY, rules) for firm in known]


@pytest.fixture(scope="package")
def nasty(rules):
    """Firms drawn from the bounds of the rules, and what is concluded for each."""
    known = nasty_firms(rules, DAY, 120)
    return known, [Concluded(firm, DAY, rules) for firm in known]
