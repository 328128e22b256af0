"""One screening from file to file: read, screen, write, with progress, and with what is done kept when it is stopped.

Batches are screened in this process or by workers (workers.py) and written in their order. A long run is cut into parts; a
part that is complete is kept in a folder of its own, named by everything the result depends on, so that the same command
goes on where it stopped.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from advisor.domain.errors import InputError, Place, Problem
from advisor.domain.text import Lang, Text
from advisor.screening.mapping import Mapping
from advisor.screening.portfolio import PortfolioScreen, Screened
from advisor.screening.screen import Tally
from advisor.screening.wording import ISSUE_TITLES, Wording
from advisor.screening.workers import screened
from advisor.tables.export import MAX_SHEET_ROWS, open_writer, too_many_rows
from advisor.tables.table import Table, open_table

BATCH = 65_536
PART = 16 * BATCH
"""Firms of a part that is kept when a run is stopped."""
KEPT_DAYS = 7
"""So long the parts of a stopped run are kept."""
MOST_ISSUES_ON_SHEET = 100_000

Progress = Callable[[int, int | None], None]
"""Told how many firms are done, and how many there are where that is known."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What a screening did: the tally, and where the results, the unread cells and the cover were written."""

    tally: Tally
    mapping: Mapping
    issues: int
    seconds: float
    resumed: int
    """Firms that an earlier run had done."""
    cover: dict[str, Any]
    files: tuple[Path | str, ...]
    listed: bool = True
    """Whether the cells that could not be read are listed one by one."""


@dataclass(slots=True)
class Stopped(Exception):
    """The user stopped the run; so many firms are kept for the next."""

    kept: int


@dataclass(slots=True)
class _Done:
    """What the parts written so far amount to."""

    firms: int = 0
    issues: int = 0
    parts: int = 0
    tally: dict[str, Any] = field(default_factory=dict)


def screen_table(
    table: Table,
    target: Path,
    screen: PortfolioScreen,
    lang: Lang,
    work: Path,
    progress: Progress | None = None,
    *,
    part: int = PART,
    workers: int = 1,
) -> Summary:
    """Screen a table into a file, or into a folder of Parquet files where `target` is one or has no ending.

    Results are in words for CSV and XLSX, in ids for Parquet. Cells that could not be read and the cover go on sheets of an
    XLSX file, else into `<name>.issues.csv` and `<name>.cover.json` beside the target. `work` is where parts are kept. More
    than one of `workers` are processes of their own; they import the program that is running, which must allow that.
    Raises InputError for a table that cannot be read or a target that cannot be written, and Stopped.
    """
    started = time.monotonic()
    folder = target.suffix == "" or target.is_dir()
    _check_target(table, target, folder)
    kept = _Kept(work / _fingerprint(table, target, screen, lang, part))
    _forget_old(work)
    tell = progress or (lambda done, of: None)
    done = kept.load()
    resumed = done.firms
    tally = Tally.from_dict(done.tally) if done.tally else Tally(screen.screen.ids)
    tell(done.firms, table.expected)
    writer: _Part | None = None
    try:
        with closing(screened(table, screen, done.firms, BATCH, workers)) as batches:  # no worker goes on when we do not
            for batch in batches:
                if writer is None:
                    writer = kept.open_part(screen, done.parts)
                writer.write(batch)
                tally.add(batch.tally)
                done.firms += batch.frame.height
                done.issues += batch.issues.height
                tell(done.firms, table.expected)
                if writer.firms >= part:
                    kept.finish(writer, done, tally)
                    writer = None
        if writer is not None or not done.parts:
            writer = writer or kept.open_part(screen, done.parts)
            kept.finish(writer, done, tally)
            writer = None
    except KeyboardInterrupt:
        raise Stopped(kept.load().firms) from None
    finally:
        if writer is not None:
            writer.abort()
    cover = _cover(table, screen, done, tally, time.monotonic() - started)
    files = _assemble(kept, target, screen, lang, cover, done, folder)
    kept.clear()
    return Summary(tally, screen.mapping, done.issues, time.monotonic() - started, resumed, cover, files)


def _check_target(table: Table, target: Path, folder: bool) -> None:
    """Raise InputError where the results cannot be put there, before any work is done."""
    if any(target.exists() and target.resolve() == file.resolve() for file in table.files):
        raise InputError(
            [Problem("target_is_source", Text("结果不能写在原文件上", "the result may not be written over the input"), Place(str(target)))]
        )
    if folder:
        if target.is_dir() and any(target.iterdir()):
            zh, en = "结果文件夹里已有别的文件，请换一个空的", "the folder for the results holds other files; name an empty one"
            raise InputError([Problem("folder_not_empty", Text(zh, en), Place(str(target)))])
        nearest = next(folder for folder in target.absolute().parents if folder.exists())
        open_writer(nearest / f"{target.name}.parquet", ["x"]).abort()
        return
    if target.suffix.lower() == ".xlsx" and (table.rows or 0) > MAX_SHEET_ROWS:
        raise too_many_rows(target)
    open_writer(target, ["x"]).abort()


def _fingerprint(table: Table, target: Path, screen: PortfolioScreen, lang: Lang, part: int) -> str:
    """Return a name for everything the result depends on."""
    files = [(str(file.resolve()), (stat := file.stat()).st_size, stat.st_mtime_ns) for file in table.files]
    what = [
        files,
        screen.rules.ruleset.version,
        screen.model_version,
        screen.day.isoformat(),
        screen.mapping.as_given(),
        screen.blank.columns,
        str(target.resolve()),
        lang,
        part,
    ]
    return hashlib.sha256(json.dumps(what, ensure_ascii=False).encode()).hexdigest()[:16]


def _forget_old(work: Path) -> None:
    """Delete what was kept of runs that nobody took up again."""
    for folder in work.glob("*"):
        if time.time() - folder.stat().st_mtime > KEPT_DAYS * 86_400:
            shutil.rmtree(folder, ignore_errors=True)


class _Kept:
    """The folder of a run's finished parts."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.state = folder, folder / "done.json"

    def load(self) -> _Done:
        try:
            return _Done(**json.loads(self.state.read_bytes()))
        except (OSError, ValueError, TypeError):
            return _Done()

    def finish(self, writer: _Part, done: _Done, tally: Tally) -> None:
        """Complete a part, and note that it and what was counted so far are kept."""
        writer.close()
        done.parts, done.tally = done.parts + 1, tally.as_dict()
        self._save(done)

    def _save(self, done: _Done) -> None:
        _write_whole(self.state, json.dumps({name: getattr(done, name) for name in done.__slots__}))

    def open_part(self, screen: PortfolioScreen, number: int) -> _Part:
        self.folder.mkdir(parents=True, exist_ok=True)
        return _Part(self.results(number), self.issues(number), screen)

    def results(self, number: int) -> Path:
        return self.folder / f"part-{number:05}.parquet"

    def issues(self, number: int) -> Path:
        return self.folder / f"issues-{number:05}.parquet"

    def clear(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


class _Part:
    """One part in the making: results and unread cells as Parquet."""

    def __init__(self, results: Path, issues: Path, screen: PortfolioScreen) -> None:
        self._issues, self._blank = issues, screen.blank
        self._writer = open_writer(results, screen.blank.columns)
        self._unread: list[pl.DataFrame] = []
        self.firms = 0

    def write(self, screened: Screened) -> None:
        self._writer.write(screened.frame)
        if screened.issues.height:
            self._unread.append(screened.issues)
        self.firms += screened.frame.height

    def close(self) -> None:
        if not self.firms:
            self._writer.write(self._blank)
        self._writer.close()
        if self._unread:
            pl.concat(self._unread).write_parquet(self._issues)

    def abort(self) -> None:
        self._writer.abort()


def _cover(table: Table, screen: PortfolioScreen, done: _Done, tally: Tally, seconds: float) -> dict[str, Any]:
    """Return what a reader must know to trust and to repeat the result."""
    return {
        "input": table.name,
        "sha256": table.digest(),
        "rules_version": screen.rules.ruleset.version,
        "model_version": screen.model_version,
        "rules_checked_on": screen.rules.ruleset.checked_on.isoformat(),
        "as_of": screen.day.isoformat(),
        "written_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "firms": tally.firms,
        "instruments": len(screen.rules.instruments),
        "cells_not_understood": done.issues,
        "seconds": round(seconds, 2),
        "stages": _named(tally.stages),
        "fund_chain": _named(tally.levels),
        "size_classes": _named(tally.sizes),
        "columns": screen.mapping.as_given(),
    }


def _named(counts: dict[str | None, int]) -> dict[str, int]:
    return {"unknown" if name is None else name: number for name, number in counts.items()}


def _assemble(kept: _Kept, target: Path, screen: PortfolioScreen, lang: Lang, cover: dict[str, Any], done: _Done, folder: bool) -> tuple[Path, ...]:
    """Put the results in place, and the unread cells and the cover with them."""
    parts = [kept.results(number) for number in range(done.parts)]
    if folder:
        _gather(parts, target)
        beside = target
    else:
        beside = target.with_suffix("")
        if target.suffix.lower() == ".parquet":
            _join(parts, target)
        else:
            _in_words(parts, target, screen, lang, cover, kept, done)
            if target.suffix.lower() == ".xlsx":
                return (target,)
    issues, page = beside.with_name(f"{beside.name}.issues.csv"), beside.with_name(f"{beside.name}.cover.json")
    titles = [title[lang] for title in ISSUE_TITLES.values()]
    with open_writer(issues, titles) as writer:
        for frame in _unread(kept, done, screen, lang):
            writer.write(frame)
    _write_whole(page, json.dumps(cover, ensure_ascii=False, indent=1) + "\n")
    return (target, issues, page)


def _write_whole(page: Path, text: str) -> None:
    """Write a text file that is there whole or not at all."""
    written = page.with_name(f".{page.name}.part")
    written.write_text(text, encoding="utf-8")
    written.replace(page)


def _gather(parts: list[Path], target: Path) -> None:
    """Put the parts into a folder that is there whole or not at all."""
    making = target.with_name(f".{target.name}.part")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(parents=True)
    try:
        for part in parts:
            _link(part, making / part.name)
        if target.is_dir():
            target.rmdir()
        making.replace(target)
    finally:
        shutil.rmtree(making, ignore_errors=True)


def _link(part: Path, place: Path) -> None:
    """Let a kept part be found at a place too: what is kept stays until all is done."""
    try:
        place.hardlink_to(part)
    except OSError:  # another disk
        shutil.copyfile(part, place)


def _join(parts: list[Path], target: Path) -> None:
    if len(parts) == 1:
        making = target.with_name(f".{target.name}.part")
        making.unlink(missing_ok=True)
        _link(parts[0], making)
        making.replace(target)
        return
    with open_writer(target, list(pl.read_parquet_schema(parts[0]))) as writer:
        for frame in _frames(parts):
            writer.write(frame)


def _frames(parts: Iterable[Path]) -> Iterator[pl.DataFrame]:
    for part in parts:
        yield from open_table(part).batches(BATCH)


def _in_words(parts: list[Path], target: Path, screen: PortfolioScreen, lang: Lang, cover: dict[str, Any], kept: _Kept, done: _Done) -> None:
    wording, results = Wording(screen.rules, lang), screen.results
    columns = screen.blank.columns
    with open_writer(target, wording.headers(columns, results), title=Text("结果", "Results")[lang]) as writer:
        for frame in _frames(parts):
            writer.write(wording.say(frame, results))
        issues = list(_unread(kept, done, screen, lang, MOST_ISSUES_ON_SHEET))
        titles = [title[lang] for title in ISSUE_TITLES.values()]
        frame = pl.concat(issues) if issues else pl.DataFrame(schema=dict.fromkeys(titles, pl.String()))
        writer.attach(Text("没读懂的格", "Cells not understood")[lang], frame)
        rows = [(name, value if isinstance(value, int | float | str) else json.dumps(value, ensure_ascii=False)) for name, value in cover.items()]
        writer.attach(Text("说明", "About")[lang], pl.DataFrame({"item": [name for name, _ in rows], "value": [str(value) for _, value in rows]}))


def _unread(kept: _Kept, done: _Done, screen: PortfolioScreen, lang: Lang, most: int | None = None) -> Iterator[pl.DataFrame]:
    """Yield the unread cells with their explanation in a language."""
    left = most
    for number in range(done.parts):
        if not kept.issues(number).exists() or left == 0:
            continue
        issues = pl.read_parquet(kept.issues(number), n_rows=left)
        left = None if left is None else left - issues.height
        worded = screen.reader.worded(issues).select(*(issues.columns), pl.col(lang).alias("message"))
        yield worded.rename({name: title[lang] for name, title in ISSUE_TITLES.items()})
