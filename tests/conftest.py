"""What every test may ask for: the shipped rules, read once, and a home folder of its own."""

import pytest
from hypothesis import settings

from advisor.classifier.model import load_model
from advisor.cli import main
from advisor.rulefiles.folder import read_rules
from advisor.service.advisor import SHIPPED
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


@pytest.fixture(scope="session")
def stage_model():
    """The shipped stage model."""
    return load_model(SHIPPED)


@pytest.fixture(scope="session")
def command_home(tmp_path_factory):
    """One home folder for the commands that tests run, so that the rules are parsed once."""
    return tmp_path_factory.mktemp("command-home")


@pytest.fixture
def advisor(command_home, monkeypatch, capfd):
    """Run the command in this process: its exit code, what it printed and what it said of itself."""
    monkeypatch.setenv("ADVISOR_HOME", str(command_home))
    monkeypatch.setenv("COLUMNS", "120")

    def run(*arguments):
        capfd.readouterr()
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as ended:
            code = ended.code
        return code, *capfd.readouterr()

    return run


@pytest.fixture(autouse=True)
def advisor_home(tmp_path_factory, monkeypatch):
    """Nothing a test does is written into the home folder of whoever runs it."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("ADVISOR_HOME", str(home))
    return home
