"""Print docs/reference/facts.md from the shipped rules: python docs/reference/make_facts.py > docs/reference/facts.md."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from advisor.domain.facts import Catalogue, DerivedFact, Fact
from advisor.domain.notation import text
from advisor.rulefiles.folder import read_rules
from advisor.shipped import shipped

HEAD = """\
# Facts

Printed from `rules/facts.yaml`, `rules/derived.yaml` and `rules/size_standard.yaml` by
[make_facts.py](make_facts.py); do not edit by hand. To renew it from the repository root:

    .venv/bin/python docs/reference/make_facts.py > docs/reference/facts.md

Every fact is optional: what is not given is unknown, never zero and never "no". `advisor rules explain ID` prints one
fact with its question and where its figure is found.

- **Kind**: `text`; `choice` (one word); `choices` (a list of words); `bool`; `int`; `number`; `money` (yuan);
  `ratio` (a fraction, 0.35 for 35 %); `date`.
- **Figures** other than zero lie between 0.000001 and 10¹⁵ in size. They may be written `12000000`, `1,200万` or `0.12亿`, shares
  `0.35` or `35%`, losses `-5`, `负5`, `亏5` or `(5)`. Commas stand only between thousands: `1,2万` is refused. A figure is read in the fact's
  own unit: for months `3年` is 36. A unit of something else, such as `3万元` for people, is refused.
- **Industry**: where `industry_class` is not given, it follows from `gb_code` (the longest beginning listed under `codes` in
  `rules/size_standard.yaml`). What is given stands.
- **Ages** are unknown while the date they start from lies in the future.
- **Dates** are written `2022-04-01`, `2022/4/1`, `2022.4.1` or `2022年4月1日`, without a day for the first of the month, and lie in
  the years 1900 to 2200.
- **Range**: the lowest and the highest value taken, both included; `…` means that there is no bound.
- **Tier**: 1 is asked first, 3 last; *hard* marks what most owners must look up.
- **Change**: how fast the fact can be changed on purpose, the only direction that may be advised, and the effort. *fixed* and
  *never advised* facts are not moved when the smallest change is sought ([changes](../explanation/changes.md)); *moves with time*
  marks those that change by themselves ([ladder](../explanation/ladder.md)).

Three keys of a firm are no facts: `firm_id`, `name` and `as_of`.
"""

DERIVED = """
## Derived facts

These follow from others and are never given. A formula is in the [condition language](conditions.md); where anything
it needs is unknown, or a denominator is zero, the derived fact is unknown.

| Id | 中文 | English | Kind | Unit | Formula |
|---|---|---|---|---|---|
"""

OTHERS = """
## Names that are neither

- `lifecycle_stage` is estimated ([stage](../explanation/stage.md)): `startup`, `growth`, `mature`, `decline`, or unknown.
- `as_of` is the date the question is asked for.

## Words for choices

What may be given for the facts of kind `choice` and `choices`: the word itself, or its Chinese or English label.
"""


def page() -> str:
    """Return the whole page."""
    catalogue = read_rules(shipped("rules")).catalogue
    parts = [HEAD, f"\n## Facts that are asked ({len(catalogue.facts)})\n\n", *_facts(catalogue), DERIVED, *_derived(catalogue), OTHERS]
    parts += [_options(fact) for fact in catalogue.facts.values() if fact.options]
    return "".join(parts)


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def _facts(catalogue: Catalogue) -> Iterator[str]:
    yield "| Id | 中文 | English | Kind | Unit | Range | Tier | Change |\n|---|---|---|---|---|---|---|---|\n"
    for fact in catalogue.facts.values():
        tier = f"{fact.tier}, hard" if fact.hard else str(fact.tier)
        yield _row((f"`{fact.id}`", fact.label.zh, fact.label.en, fact.kind, fact.unit or "", _range(fact), tier, _change(fact)))


def _range(fact: Fact) -> str:
    if fact.low is None and fact.high is None:
        return "any" if fact.kind in ("int", "number", "money", "ratio") else ""
    return f"{'…' if fact.low is None else f'{fact.low:g}'} to {'…' if fact.high is None else f'{fact.high:g}'}"


def _change(fact: Fact) -> str:
    change = fact.change
    if not change.allowed:
        return ("never advised" if change.gaming else "fixed") + (", moves with time" if change.ages else "")
    match change.toward:
        case bool():
            toward = "to yes" if change.toward else "to no"
        case tuple():
            toward = "to " + ", ".join(change.toward)
        case "any":
            toward = "either way"
        case "add":
            toward = "only adding"
        case _:
            toward = change.toward
    return f"{change.speed}, {toward}, {change.effort} effort"


def _derived(catalogue: Catalogue) -> Iterator[str]:
    for fact in catalogue.derived.values():
        yield _row((f"`{fact.id}`", fact.label.zh, fact.label.en, fact.kind, fact.unit or "", _formula(fact)))


def _formula(fact: DerivedFact) -> str:
    if fact.id == "size_class":
        return f"the bounds by industry in `rules/size_standard.yaml`: {', '.join(fact.options)}"
    return f"`{text(fact.formula)}`"


def _options(fact: Fact) -> str:
    rows = "".join(f"- `{word}`: {label.zh}, {label.en}\n" for word, label in fact.options.items())
    return f"\n### {fact.id}\n\n{rows}"


if __name__ == "__main__":
    print(page(), end="")
