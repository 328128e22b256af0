"""advisor screen, advisor demo-data: many firms at once."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from advisor.cli import STOPPED

SETTINGS = {
    "OPENBLAS_NUM_THREADS": "1",
    "ARROW_DEFAULT_MEMORY_POOL": "mimalloc",
    "MIMALLOC_PURGE_DELAY": "1000",
    "_RJEM_MALLOC_CONF": "dirty_decay_ms:1000,muzzy_decay_ms:1000",
}
"""Batch follows batch, so Arrow and Polars use memory again rather than give it back in between; the workers are the threads."""


def screen(arguments: argparse.Namespace) -> int:
    """Screen a file of firms and print what came out."""
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    from advisor.screening.run import Stopped
    from advisor.screening.wording import Wording
    from advisor.screening.workers import cores
    from advisor.service.advisor import SHIPPED, make_advisor
    from advisor.service.screening import FileScreening
    from advisor.terminal.screening import print_columns, print_summary, progress

    adviser = make_advisor(arguments.rules, model=arguments.model or SHIPPED)
    if arguments.engine == "spark":
        from advisor.service.cluster import ClusterScreening

        cluster = ClusterScreening(adviser, arguments.input, arguments.as_of, columns=arguments.columns, top=arguments.top, wide=arguments.wide)
        print_columns(cluster.mapping, arguments.lang)
        print_summary(cluster.write(arguments.output), Wording(cluster.rules, arguments.lang), arguments.lang)
        return 0
    screening = FileScreening(adviser, arguments.input, arguments.as_of, columns=arguments.columns, top=arguments.top, wide=arguments.wide)
    print_columns(screening.mapping, arguments.lang)
    try:
        with progress(arguments.lang) as tell:
            summary = screening.write(Path(arguments.output), arguments.lang, tell, workers=cores())
    except Stopped as stopped:
        zh = f"已停止，没有留下半份结果。做完的 {stopped.kept:,} 家已存好，再执行同一条命令就接着做。"
        en = f"Stopped; no half result was left. {stopped.kept:,} firms are kept: the same command goes on from there."
        print(zh if arguments.lang == "zh" else en, file=sys.stderr)
        return STOPPED
    print_summary(summary, Wording(screening.screen.rules, arguments.lang), arguments.lang)
    return 0


def demo_data(arguments: argparse.Namespace) -> int:
    """Write made-up firms."""
    from advisor.service.advisor import make_advisor
    from advisor.service.demo import write_demo
    from advisor.terminal.screening import progress

    adviser = make_advisor(arguments.rules)
    with progress(arguments.lang) as tell:
        write_demo(adviser, arguments.count, arguments.output, arguments.seed, arguments.as_of, tell)
    zh = f"写好 {arguments.count:,} 家虚构企业：{arguments.output}"
    en = f"{arguments.count:,} made-up firms written: {arguments.output}"
    print(zh if arguments.lang == "zh" else en)
    return 0
