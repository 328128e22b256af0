"""Golden advice for the example firms: what the product says of them, in a form short enough to review.

    python -m tests.golden.renew

writes the files anew from what the product says now. Look at the difference as at any change of code.
"""

import json
from pathlib import Path

from advisor.rulefiles.folder import read_rules
from advisor.service.advisor import SHIPPED, Advisor
from advisor.shipped import shipped
from tests.examples import DAY, FIRMS

HERE = Path(__file__).parent


def digest(advice):
    """The advice without words and without what is the same for every firm."""
    best = advice.best_change
    return {
        "stage": advice.stage.stage,
        "probabilities": {stage: round(share, 2) for stage, share in advice.stage.probabilities.items()},
        "size": advice.size_class,
        "level": advice.fund_chain.level,
        "ladder": {
            "held": None if advice.ladder.held is None else [rung.id for rung in advice.ladder.held],
            "next": None if advice.ladder.next is None else advice.ladder.next.id,
        },
        "best_change": None if best is None else {"change": {best.change.fact: _plain(best.change.needed)}, "unlocks": sorted(best.unlocks)},
        "questions": [asked.fact for asked in advice.questions],
        "ranks": [found.instrument.id for found in advice.matches if found.rank is not None],
        "blocked": {found.instrument.id: [gate.id for gate in found.blocked_by] for found in _by_id(advice) if found.blocked_by},
        "eligibility": {found.instrument.id: found.eligibility for found in _by_id(advice)},
        "changes": {
            found.instrument.id: {change.fact: _plain(change.needed) for change in found.changes} for found in _by_id(advice) if found.changes
        },
        "wait_until": {found.instrument.id: str(found.wait_until) for found in _by_id(advice) if found.wait_until is not None},
    }


def _by_id(advice):
    return sorted(advice.matches, key=lambda found: found.instrument.id)


def _plain(value):
    return list(value) if isinstance(value, tuple) else value if isinstance(value, bool | int | float | str) else str(value)


def golden_path(name):
    """Where the golden advice of an example firm stands."""
    return HERE / f"{name}.json"


def written(content):
    """The digest as a file: one line a match, so that a difference reads as a list."""
    parts = []
    for key, value in content.items():
        if isinstance(value, dict) and len(value) > 6:
            lines = ",\n".join(f"    {json.dumps(name)}: {json.dumps(inner, ensure_ascii=False)}" for name, inner in value.items())
            parts.append(f"  {json.dumps(key)}: {{\n{lines}\n  }}")
        elif isinstance(value, list) and len(value) > 6:
            lines = ",\n".join(f"    {json.dumps(item)}" for item in value)
            parts.append(f"  {json.dumps(key)}: [\n{lines}\n  ]")
        else:
            parts.append(f"  {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    adviser = Advisor(read_rules(shipped("rules")), model=SHIPPED)
    for firm_name, facts in FIRMS.items():
        golden_path(firm_name).write_text(written(digest(adviser.advise(facts, DAY))), encoding="utf-8")
        print(golden_path(firm_name))
