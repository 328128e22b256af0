"""The page of facts says what the shipped rules say."""

import runpy
from pathlib import Path

REFERENCE = Path(__file__).parent.parent / "docs" / "reference"


def test_the_page_of_facts_is_what_its_script_prints():
    printed = runpy.run_path(str(REFERENCE / "make_facts.py"))["page"]()
    assert (REFERENCE / "facts.md").read_text(encoding="utf-8") == printed, "renew it: python docs/reference/make_facts.py > docs/reference/facts.md"


def test_the_page_of_facts_names_every_fact_and_derived_fact(rules):
    written = (REFERENCE / "facts.md").read_text(encoding="utf-8")
    missing = [name for name in (*rules.catalogue.facts, *rules.catalogue.derived) if f"| `{name}` |" not in written]
    assert missing == []
