"""Batches screened ahead by other processes and handed back in their order; in one process threads would wait for each other.

Parquet is read by the workers themselves, piece by piece; other files are read here and sent to them.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress

import polars as pl

from advisor.domain.errors import InputError, Place, Problem
from advisor.domain.text import Text
from advisor.screening.portfolio import PortfolioScreen, Screened
from advisor.tables.table import Piece, Table, open_table

FEW = 300_000
"""So many firms are screened here: to start workers takes as long."""
MOST_WORKERS = 8

_worker: tuple[PortfolioScreen, Table | None, int] | None = None
"""What a worker process works with: set when it starts."""
THREADS = ("POLARS_MAX_THREADS", "OPENBLAS_NUM_THREADS")
"""How many threads a worker has is said in these variables."""


def screened(table: Table, screen: PortfolioScreen, skip: int, batch: int, workers: int) -> Generator[Screened, None, None]:
    """Yield the firms of a table in order, without the first `skip`, at most `batch` at a time. Raises InputError."""
    if workers < 2 or (table.expected or 0) - skip <= FEW:
        row = table.first_row + skip
        for raw in table.batches(batch, skip):
            yield screen(raw, row)
            row += raw.height
        return
    pieces = table.pieces(batch)
    with _pool(screen, table if pieces is not None else None, batch, workers) as pool:
        if pieces is None:
            yield from _in_order(_sent(pool, table, skip, batch), workers)
        else:
            yield from _in_order(_read_there(pool, pieces, skip), workers)


def cores() -> int:
    """Return how many workers this machine can keep busy."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(count, MOST_WORKERS)


def _sent(pool: ProcessPoolExecutor, table: Table, skip: int, batch: int) -> Iterator[Future[list[Screened]]]:
    row = table.first_row + skip
    for raw in table.batches(batch, skip):
        yield pool.submit(_screen, raw, row)
        row += raw.height


def _read_there(pool: ProcessPoolExecutor, pieces: list[Piece], skip: int) -> Iterator[Future[list[Screened]]]:
    for piece in pieces:
        if piece.first + piece.rows > skip:
            yield pool.submit(_read_and_screen, piece, max(0, skip - piece.first))


def _in_order(tasks: Iterator[Future[list[Screened]]], workers: int) -> Iterator[Screened]:
    waiting: deque[Future[list[Screened]]] = deque()
    try:
        for task in tasks:
            waiting.append(task)
            if len(waiting) > workers:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()
    except BrokenProcessPool as error:
        zh = "筛查进程被系统中止，多半是内存不够；请关掉别的程序，或用 Parquet 分批来"
        en = "a worker was stopped by the system, most likely for lack of memory; close other programs, or screen fewer firms at once"
        raise InputError([Problem("worker_stopped", Text(zh, en), Place())]) from error


@contextmanager
def _pool(screen: PortfolioScreen, table: Table | None, batch: int, workers: int) -> Iterator[ProcessPoolExecutor]:
    """Give worker processes, each with one thread for columns; when it is left, they are stopped."""
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, "1"))  # read when a worker loads Polars and NumPy
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _start, (screen, None if table is None else table.source, batch))
    try:
        yield pool
    except BaseException:
        for process in list((pool._processes or {}).values()):  # nobody waits for what they are at
            process.terminate()
        # Before Python 3.11.5 a pool waits for ever where a worker died while a batch was written to it: python/cpython#94777.
        with suppress(AttributeError, OSError):
            pool._call_queue._reader.close()  # type: ignore[attr-defined]
        raise
    finally:
        pool.shutdown(cancel_futures=True)
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _start(screen: PortfolioScreen, source: str | None, batch: int) -> None:
    global _worker
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the main process hears it, and stops us
    _worker = screen, None if source is None else open_table(source), batch


def _screen(raw: pl.DataFrame, row: int) -> list[Screened]:
    assert _worker is not None
    return [_worker[0](raw, row)]


def _read_and_screen(piece: Piece, skip: int) -> list[Screened]:
    assert _worker is not None
    screen, table, batch = _worker
    assert table is not None
    found: list[Screened] = []
    row = table.first_row + piece.first
    for raw in table.read(piece, batch):
        if skip < raw.height:
            found.append(screen(raw[skip:], row + skip))
        row, skip = row + raw.height, max(0, skip - raw.height)
    return found
