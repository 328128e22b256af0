"""Rule files for tests to write: a copy of the shipped folder to spoil, and one instrument read alone."""

import re
import shutil

from advisor.domain.errors import RuleError
from advisor.rulefiles.entry import Book, Entry
from advisor.rulefiles.folder import read_rules
from advisor.rulefiles.instruments import read_instrument
from advisor.rulefiles.yamlfile import YamlFile
from advisor.shipped import shipped

LEASE = "instruments/leasing/direct_lease.yaml"
"""A file that most tests spoil: it has every kind of key but versions."""


def copy_of_the_rules(tmp_path):
    """A folder of its own with the shipped rules."""
    return shutil.copytree(shipped("rules"), tmp_path / "rules")


KEPT = (
    LEASE,
    "instruments/loan/micro_lending_company_loan.yaml",
    "instruments/loan/srdi_loan.yaml",
    "instruments/loan/startup_guaranteed_loan_personal.yaml",
)


def small_copy_of_the_rules(tmp_path):
    """The same with four instruments only, so that it is read in a moment; what names the others is emptied."""
    folder = copy_of_the_rules(tmp_path)
    for path in folder.glob("instruments/*/*.yaml"):
        if path.relative_to(folder).as_posix() not in KEPT:
            path.unlink()
    for name, keys in (("gates.yaml", "instruments|spare|pair"), ("ladder.yaml", "unlocks"), ("warnings.yaml", "instruments")):
        written = (folder / name).read_text(encoding="utf-8")
        written = re.sub(rf"\b({keys}): \[[^\]]*\]", r"\1: []", written)
        (folder / name).write_text(written.partition("no_double_subsidy:")[0], encoding="utf-8")
    return folder


def replace_in(folder, name, old, new):
    """Replace one place of a file; the text must be there, so that no test spoils nothing."""
    written = (folder / name).read_text(encoding="utf-8")
    assert old in written, f"{name} does not hold {old!r}"
    (folder / name).write_text(written.replace(old, new, 1), encoding="utf-8")


def lines_of(folder, name):
    """The lines of a file, the first at position 1."""
    return ["", *(folder / name).read_text(encoding="utf-8").splitlines()]


def problems_of(folder, cache=None):
    """Every problem of a folder that cannot be read."""
    try:
        read_rules(folder, cache)
    except RuleError as error:
        return error.problems
    return ()


def problems_of_instrument(content, rules):
    """Every problem of one instrument given as plain data, read alone against the shipped rules."""
    book = Book(names=dict(rules.catalogue.namings))
    entry = Entry(YamlFile("spoilt.yaml", content), book, content)
    read_instrument(entry, rules.sources, rules.documents, rules.catalogue.facts["purposes"].options)
    return book.problems
