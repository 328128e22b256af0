"""Workers give what one process gives: the same firms in the same order, and the same errors in words."""

import datetime as dt
import multiprocessing
import os
import pickle
import signal

import polars as pl
import pytest

from advisor.domain.errors import InputError, Place, Problem
from advisor.domain.text import Text
from advisor.population.firms import firms
from advisor.screening import workers
from advisor.screening.portfolio import PortfolioScreen
from advisor.screening.screen import Tally
from advisor.tables.table import open_table

DAY = dt.date(2026, 11, 24)


@pytest.fixture(autouse=True)
def even_for_few(monkeypatch):
    """Workers are started however few firms there are."""
    monkeypatch.setattr(workers, "FEW", 0)


@pytest.fixture(scope="module")
def some(catalogue):
    """Synthetic firms; one cell of their last column of figures is no figure once they are text."""
    return next(firms(2_000, catalogue, DAY))


@pytest.fixture(scope="module")
def files(some, tmp_path_factory):
    """The same firms as Parquet in row groups of 300, in two files, and as CSV."""
    folder = tmp_path_factory.mktemp("firms")
    (folder / "parts").mkdir()
    some[:1_100].write_parquet(folder / "parts" / "a.parquet", row_group_size=300)
    some[1_100:].write_parquet(folder / "parts" / "b.parquet", row_group_size=300)
    text = some.with_columns(pl.col(pl.Enum).cast(pl.String), employees=pl.col("employees").cast(pl.String))
    text.with_columns(pl.when(pl.int_range(pl.len()) == 777).then(pl.lit("many")).otherwise("employees").alias("employees")).write_csv(
        folder / "firms.csv"
    )
    return {"parquet": folder / "parts", "csv": folder / "firms.csv"}


def all_of(batches, ids):
    frames, issues, tally = [], [], Tally(ids)
    for batch in batches:
        frames.append(batch.frame)
        issues.append(batch.issues)
        tally.add(batch.tally)
    return pl.concat(frames, how="vertical_relaxed"), pl.concat(issues), tally.as_dict()


@pytest.mark.parametrize(("kind", "skip"), [("parquet", 0), ("parquet", 700), ("csv", 0), ("csv", 1_201)])
def test_two_workers_give_what_one_process_gives(rules, files, kind, skip):
    table = open_table(files[kind])
    screen = PortfolioScreen(rules.as_of(DAY), DAY, table.headers)
    alone, together = (all_of(workers.screened(table, screen, skip, 400, count), screen.screen.ids) for count in (1, 2))
    assert alone[0].height == 2_000 - skip
    assert together[0].equals(alone[0], null_equal=True)
    assert together[1].equals(alone[1], null_equal=True)
    assert alone[1].height == (kind == "csv" and skip < 777)
    assert {**together[2], "stages": 0} == {**alone[2], "stages": 0}
    assert sorted(together[2]["stages"].items()) == sorted(alone[2]["stages"].items())


def test_a_damaged_piece_is_told_as_it_would_be_here(rules, some, tmp_path):
    path = tmp_path / "firms.parquet"
    some.write_parquet(path, row_group_size=300)
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2 : len(raw) // 2 + 20_000] = bytes(20_000)
    path.write_bytes(raw)
    table = open_table(path)
    screen = PortfolioScreen(rules.as_of(DAY), DAY, table.headers)
    with pytest.raises(InputError) as refused:
        all_of(workers.screened(table, screen, 0, 300, 2), screen.screen.ids)
    assert [problem.code for problem in refused.value.problems] == ["unreadable_table"]


def test_a_worker_that_the_system_stops_is_an_error_in_words(rules, files):
    table = open_table(files["csv"])
    screen = PortfolioScreen(rules.as_of(DAY), DAY, table.headers)
    batches = workers.screened(table, screen, 0, 100, 2)
    next(batches)
    for process in multiprocessing.active_children():
        os.kill(process.pid, signal.SIGKILL)
    with pytest.raises(InputError) as refused:
        list(batches)
    assert [problem.code for problem in refused.value.problems] == ["worker_stopped"]


def test_no_worker_is_left_when_nobody_wants_more(rules, files):
    table = open_table(files["csv"])
    batches = workers.screened(table, PortfolioScreen(rules.as_of(DAY), DAY, table.headers), 0, 100, 2)
    next(batches)
    assert multiprocessing.active_children()
    batches.close()
    assert not multiprocessing.active_children()


def test_errors_travel_with_their_problems():
    error = InputError([Problem("code", Text("中文", "English"), Place("file", 3))])
    assert pickle.loads(pickle.dumps(error)).problems == error.problems
