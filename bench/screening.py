"""A portfolio: what it costs to read, to screen and to write firms by the million, and what other engines cost for the verdicts alone.

    make bench-screen                      a million firms, other engines beside ours, files end to end
    python -m bench.screening nation DIR   60 million firms, Parquet to Parquet, written below DIR (takes minutes and gigabytes)

Figures are CPU-seconds for a million firms, user and system, of every thread and child of this process; ratios are taken in
one run. Firms are synthetic (docs/explanation/synthetic-firms.md) with all facts as columns.
"""

from __future__ import annotations

import datetime as dt
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("POLARS_MAX_THREADS", "1")  # one thread each while parts are measured by themselves

import polars as pl
import pyarrow.parquet as pq

from advisor.domain.firm import read_firm
from advisor.population.firms import firms
from advisor.screening.screen import Screen
from advisor.service.advisor import make_advisor
from advisor.service.demo import write_demo
from advisor.service.screening import FileScreening
from advisor.tables.export import open_writer
from advisor.tables.table import open_table
from bench.single_firm import answered, cel_programs, zen_table

DAY = dt.date(2026, 11, 24)
MILLION = 1_000_000
BATCH = 262_144
NATION = 60


def main() -> None:
    """Measure and print."""
    if len(sys.argv) > 2 and sys.argv[1] == "nation":
        nation(Path(sys.argv[2]))
        return
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}")
    with tempfile.TemporaryDirectory() as folder:
        own = steps(Path(folder))
        peers(own)
        files(Path(folder))


SPARED = ("opcf_cny", "established_date", "industry_class", "gb_code", "entity_type")
"""Facts that spare the stage model a firm: without them every firm is asked about."""


def steps(folder: Path, count: int = MILLION) -> float:
    """Print what each step costs in one thread, by the million firms; return the cost of the conditions alone."""
    adviser = make_advisor()
    file, rows = folder / "firms.parquet", count / MILLION
    line("synthetic firms made and written", spent(lambda: write_demo(adviser, count, file, as_of=DAY)) / rows)
    with pq.ParquetFile(file) as opened:
        scan = (
            min(spent(lambda: [opened.read_row_group(group, use_threads=False) for group in range(opened.num_row_groups)]) for _ in range(3)) / rows
        )
    line(f"bare scan of the {len(open_table(file).headers)} columns (pyarrow)", scan)
    screening = FileScreening(adviser, file, DAY)
    portfolio = screening.screen
    batches = [batch.rechunk() for batch in screening.table.batches(BATCH)]
    facts = [portfolio.reader(batch, 1).facts for batch in batches]
    compiled = spent(lambda: Screen(portfolio.rules, DAY, set(facts[0].columns)))
    print(f"{'compiling the rules for a table':<58} {compiled:8.2f} s")
    stage = portfolio.screen._stage
    asked = [stage.asked(batch) for batch in facts]
    everyone = [batch.with_columns([pl.lit(None, dtype=batch.schema[name]).alias(name) for name in SPARED]) for batch in facts]
    works: dict[str, Callable[[int], object]] = {
        "cells read and checked": lambda number: portfolio.reader(batches[number], 1),
        "conditions, stage, warnings, gates": lambda number: portfolio.screen._columns.read(asked[number]),
        "the stage model, where it is asked": lambda number: stage.asked(facts[number]),
        "the stage model, every firm asked": lambda number: stage.asked(everyone[number]),
        "the same, counted, ranked (top 5), missing facts": lambda number: portfolio.screen(facts[number]),
        "raw batch to result": lambda number: portfolio(batches[number], 1),
    }
    cost = {}
    for name, work in works.items():
        work(0)
        cost[name] = min(spent(lambda work=work: [work(number) for number in range(len(batches))]) for _ in range(2)) / rows  # type: ignore[misc]
        line(name, cost[name], scan)
    result = folder / "result.parquet"
    line("Parquet to Parquet, one process", spent(lambda: screening.write(result, "zh")) / rows, scan)
    return cost["conditions, stage, warnings, gates"]


def peers(own: float) -> None:
    """Print what other engines cost for the verdicts of all instruments, as ratios to our cost for a million firms."""
    adviser = make_advisor()
    rules = adviser.rules.as_of(DAY)
    some = next(firms(200, rules.catalogue, DAY)).rows(named=True)
    known = [answered(rules.known(read_firm(_given(row), rules.catalogue), DAY)[0], rules.catalogue) for row in some]
    print("\nother engines, verdicts of all instruments only, firms that have answered everything:")
    for name, make in (("zen decision table", zen_table), ("CEL (Rust), one program each", cel_programs)):
        run, agreement = make(rules.instruments, known[0], rules)
        seconds = spent(lambda run=run: [run() for _ in range(200)]) / 200  # type: ignore[misc]
        print(f"{name:<58} {seconds * MILLION:8.0f} s   {seconds * MILLION / own:8.0f} x ours   {agreement}")
    seconds = zen_batch(rules.instruments, known) / len(known)
    print(f"{'zen decision table, all firms in one call':<58} {seconds * MILLION:8.0f} s   {seconds * MILLION / own:8.0f} x ours")


def zen_batch(instruments, known) -> float:  # type: ignore[no-untyped-def]
    """Return the CPU-seconds of one call that judges many firms."""
    import json

    import zen

    from bench.single_firm import zen_graph

    graph = json.dumps(zen_graph(instruments))
    engine = zen.ZenEngine({"loader": lambda key: graph})
    requests = [{"key": "rules", "context": firm} for firm in known]
    engine.evaluate_batch(requests[:2])
    return spent(lambda: engine.evaluate_batch(requests))


def files(folder: Path, count: int = MILLION, on_sheet: int = 100_000) -> None:
    """Print what files take end to end, in fresh processes: seconds on the wall, CPU-seconds and peak memory."""
    adviser = make_advisor()
    print("\nfiles end to end, the whole command, cold:")
    wanted = ("firm_id", "name", *list(adviser.rules.catalogue.facts)[:38])
    narrow = folder / "narrow.csv"
    with narrow.open("wb") as out:
        for number, frame in enumerate(firms(count, adviser.rules.catalogue, DAY)):
            frame.select(wanted).write_csv(out, include_header=number == 0)
    sheet = folder / "firms.xlsx"
    with open_writer(sheet, wanted) as writer:
        for frame in firms(on_sheet, adviser.rules.catalogue, DAY):
            writer.write(frame.select(wanted))
    for name, source, target in (
        (f"{count:,}-row CSV of 40 columns to CSV", narrow, "result.csv"),
        (f"{count:,}-row CSV of 40 columns to Parquet", narrow, "csv.parquet"),
        (f"{on_sheet:,}-row XLSX of 40 columns to XLSX", sheet, "result.xlsx"),
        (f"{count:,} firms, all facts, Parquet to Parquet", folder / "firms.parquet", "all.parquet"),
    ):
        wall, cpu, memory = command("screen", str(source), str(folder / target), "--as-of", str(DAY))
        print(f"{name:<58} {wall:8.2f} s wall {cpu:8.2f} CPU-s {memory:6.0f} MB")
    rules = folder / "rules"
    subprocess.run(["cp", "-r", str(Path(__file__).parent.parent / "rules"), str(rules)], check=True)
    changed = rules / "instruments" / "leasing" / "direct_lease.yaml"
    changed.write_text(changed.read_text(encoding="utf-8").replace("years_established >= 1", "years_established >= 3"), encoding="utf-8")
    old = str(Path(__file__).parent.parent / "rules")
    command("rules", "diff", old, str(rules), "--as-of", str(DAY))  # both are parsed once, and kept
    wall, cpu, memory = command("rules", "diff", old, str(rules), "--portfolio", str(folder / "firms.parquet"), "--as-of", str(DAY))
    print(f"{f'rules diff over {count:,} firms':<58} {wall:8.2f} s wall {cpu:8.2f} CPU-s {memory:6.0f} MB")


def nation(folder: Path) -> None:
    """Screen 1, 6 and 60 million firms in files of a million; six files are distinct, the others are links to them."""
    folder.mkdir(parents=True, exist_ok=True)
    adviser = make_advisor()
    distinct = []
    for number in range(6):
        file = folder / f"distinct-{number}.parquet"
        if not file.exists():
            write_demo(adviser, MILLION, file, seed=number + 1, as_of=DAY)
        distinct.append(file)
    for millions in (1, 6, NATION):
        source = folder / f"firms-{millions}"
        source.mkdir(exist_ok=True)
        for number in range(millions):
            link = source / f"part-{number:03}.parquet"
            if not link.exists():
                os.link(distinct[number % len(distinct)], link)
        target = folder / f"result-{millions}"
        subprocess.run(["rm", "-rf", str(target)], check=True)
        wall, cpu, memory = command("screen", str(source), str(target), "--as-of", str(DAY))
        each = f"{wall / millions:6.2f} s wall, {cpu / millions:6.2f} CPU-s a million"
        print(f"{millions:3} million firms {wall:8.1f} s wall {cpu:8.1f} CPU-s {memory:6.0f} MB   {each}", flush=True)


def command(*arguments: str) -> tuple[float, float, float]:
    """Run a command in a fresh process; return seconds on the wall, CPU-seconds and peak megabytes, its workers included."""
    start = time.monotonic()
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen([sys.executable, "-m", "advisor", *arguments], env=_plain_environment(), **silent)
    peak, done = 0.0, False
    while not done:
        peak = max(peak, _memory(process.pid))
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        done = pid != 0
        time.sleep(0 if done else 0.1)
    wall = time.monotonic() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if status:
        raise RuntimeError(f"{arguments} ended with {process.returncode}")
    return wall, usage.ru_utime + usage.ru_stime, peak


def _memory(pid: int) -> float:
    """Return the megabytes that a process and those it started hold, pages that they share counted once (Linux; else 0)."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
        own = sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
        return own + sum(_memory(int(child)) for child in children)
    except OSError:  # it has just ended
        return 0.0


def _plain_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "POLARS_MAX_THREADS"}


def _given(row: dict) -> dict:
    return {name: value for name, value in row.items() if value is not None}


def spent(run: Callable[[], object]) -> float:
    """Return the CPU-seconds of a call, all threads."""
    start = time.process_time()
    run()
    return time.process_time() - start


def line(name: str, seconds: float, scan: float | None = None) -> None:
    """Print one figure for a million firms, and how many times the bare scan it is."""
    print(f"{name:<58} {seconds:8.2f} CPU-s" + (f"   {seconds / scan:5.2f} x scan" if scan else ""), flush=True)


if __name__ == "__main__":
    main()
