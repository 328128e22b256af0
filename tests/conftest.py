"""What every test may ask for: the shipped rules, read once, and a home folder of its own."""

import pytest
from hypothesis import settings

from advisor.rulefiles.folder import read_rules
from advisor.shipped import shipped

settings.register_profile("default", deadline=None, derandomize=True, max_examples=150)
settings.load_profile("default")


@pytest.fixture(scope="session")
def rules(tmp_path_factory):
    """The shipped rules."""
    return read_rules(shipped("rules"), tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def catalogue(rules):
    """The shipped facts."""
    return rules.catalogue


@pytest.fixture(autouse=True)
def advisor_home(tmp_path_factory, monkeypatch):
    """Nothing a test does is written into the home folder of whoever runs it."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("ADVISOR_HOME", str(home))
    return home
