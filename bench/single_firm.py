"""One firm: how long advice takes here, and how long other engines take for the verdicts alone.

    make bench

Every engine is asked about the same instruments on the same firm in the same process, in turn; figures are medians.
The peers get the derived facts worked out for them and a firm that has answered everything, since they know no
"unknown"; they return no changes, no ranking and no missing facts.
"""

from __future__ import annotations

import datetime as dt
import gc
import json
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from advisor.cli.advise import read_firms
from advisor.domain.firm import read_firm
from advisor.service.advisor import make_advisor
from advisor.service.view import dump
from bench.translate import to_cel, to_zen

ROOT = Path(__file__).parent.parent
DAY = dt.date(2026, 11, 24)
ROUNDS = 40
DEFAULTS = {"bool": False, "text": "", "choice": "", "choices": [], "date": "2020-01-01"}


def main() -> None:
    """Measure and print."""
    adviser = make_advisor()
    rules = adviser.rules.as_of(DAY)
    facts = read_firms(str(ROOT / "data" / "examples" / "growth_maker.yaml"))
    firm = read_firm(facts, adviser.rules.catalogue)
    known = answered(rules.known(firm, DAY)[0], adviser.rules.catalogue)
    gc.collect()
    gc.freeze()  # as a server does after loading, so that collections need not walk the rules again

    runs: dict[str, Callable[[], object]] = {
        "verdicts alone": lambda: rules.verdicts(firm, DAY),
        "full advice, JSON": lambda: dump(adviser.advise(facts, DAY), "zh"),
    }
    agreement = {}
    for name, make in (("zen decision table with trace", zen_table), ("CEL, one program each", cel_programs)):
        run, agreement[name] = make(rules.instruments, known, rules)
        runs[name] = run
    times = measured(runs)

    print(f"{platform.processor() or platform.machine()}, {platform.system()}, Python {platform.python_version()}")
    print(f"{len(rules.instruments)} instruments, {sum(len(plan.lines) for plan in rules.plans)} criteria, {len(firm.facts)} facts known")
    for name, micro in times.items():
        ratio = times[name] / times["verdicts alone"]
        print(f"{name:<32} p50 {micro:9.1f} us   {ratio:7.1f} x verdicts alone   {agreement.get(name, '')}")
    for name, command in (
        ("advisor --help", ["--help"]),
        ("advisor advise, cold start", ["advise", str(ROOT / "data" / "examples" / "growth_maker.yaml")]),
    ):
        print(f"{name:<32} p50 {cold(command):9.2f} s")


def measured(runs: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Return the median microseconds of each run, the runs taking turns."""
    for run in runs.values():
        run()
    taken: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(ROUNDS):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            taken[name].append((time.perf_counter() - start) * 1e6)
    return {name: statistics.median(times) for name, times in taken.items()}


def cold(arguments: list[str]) -> float:
    """Return the median seconds of a fresh process."""
    taken = []
    for _ in range(7):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-m", "advisor", *arguments], stdout=subprocess.DEVNULL, check=True)
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def answered(known: dict, catalogue) -> dict:
    """Return everything known, the unknown answered with a harmless value, as JSON can hold it."""
    full = {}
    for name in (*catalogue.facts, *catalogue.derived, "lifecycle_stage"):
        value, kind = known.get(name), catalogue[name].kind
        if value is None:
            value = DEFAULTS.get(kind, 0.0)
        if isinstance(value, dt.date):
            value = value.isoformat()
        elif isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        full[name] = list(value) if isinstance(value, tuple) else value
    return full


def zen_graph(instruments):
    """Return one decision table, one row an instrument, in zen's own form."""
    rows = [{"_id": one.id, "input": to_zen(one.rule), "output": json.dumps(one.id)} for one in instruments]
    content = {
        "hitPolicy": "collect",
        "rules": rows,
        "inputs": [{"id": "input", "name": "rule", "field": ""}],
        "outputs": [{"id": "output", "name": "id", "field": "id"}],
    }
    return {
        "nodes": [
            {"id": "in", "type": "inputNode", "name": "in", "position": {"x": 0, "y": 0}},
            {"id": "table", "type": "decisionTableNode", "name": "table", "position": {"x": 1, "y": 0}, "content": content},
            {"id": "out", "type": "outputNode", "name": "out", "position": {"x": 2, "y": 0}},
        ],
        "edges": [
            {"id": "a", "sourceId": "in", "targetId": "table", "type": "edge"},
            {"id": "b", "sourceId": "table", "targetId": "out", "type": "edge"},
        ],
    }


def zen_table(instruments, known, rules):
    """Return a run of one decision table, one row an instrument, with trace."""
    import zen

    decision = zen.ZenEngine().create_decision(json.dumps(zen_graph(instruments)))

    def run():
        return decision.evaluate(known, {"trace": True})

    found = {row["id"] for row in run()["result"]}
    return run, agreed(found, instruments, known, rules)


def cel_programs(instruments, known, rules):
    """Return a run of one compiled program an instrument."""
    import cel

    programs = {one.id: cel.compile(to_cel(one.rule)) for one in instruments}
    context = cel.Context(known)

    def run():
        return {name for name, program in programs.items() if program.execute(context) is True}

    return run, agreed(run(), instruments, known, rules)


def agreed(found, instruments, known, rules) -> str:
    """Return in words how many verdicts agree with ours on the same answers."""
    own = {one.id for one in instruments if rules.catalogue.judge(one.rule, comparable(known, rules)) is True}
    same = len(instruments) - len(own ^ found)
    return f"{same} of {len(instruments)} verdicts as ours"


def comparable(known, rules):
    """Return the answers as our own reader holds them: lists as tuples."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in known.items()}


if __name__ == "__main__":
    main()
