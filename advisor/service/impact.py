"""What a change of rules does to a file of firms, as a use case."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import polars as pl

from advisor.domain.text import Lang, Text
from advisor.screening.impact import Impact, impact
from advisor.screening.mapping import map_headers
from advisor.service.advisor import Advisor
from advisor.service.screening import given_columns, refuse_nothing_known
from advisor.tables.export import open_writer
from advisor.tables.table import open_table

TURN = {
    "gained": Text("现在可申请", "opens"),
    "lost": Text("不再可申请", "closes"),
    "now_unknown": Text("变为还不能判断", "becomes unknown"),
    "now_known": Text("变为条件不符", "becomes known as not met"),
}
_TITLES = {"row": Text("行", "Row"), "instrument": Text("工具", "Instrument"), "turn": Text("变化", "Change")}


def impact_of(old: Advisor, new: Advisor, portfolio: str | Path, day: dt.date, *, columns: Path | None = None, keep_rows: bool = False) -> Impact:
    """Return what the change does to the firms of a file. Raises InputError for a file that cannot be read."""
    table, given = open_table(portfolio), given_columns(columns)
    refuse_nothing_known(map_headers(table.headers, new.rules.catalogue, given), table.name)
    return impact(table, old.rules.as_of(day), new.rules.as_of(day), day, given=given, keep_rows=keep_rows, model=new.model)


def write_touched(found: Impact, target: Path, lang: Lang) -> None:
    """Write one row for each firm and instrument that the change touches. Raises InputError when that cannot be written."""
    frames = found.rows or [pl.DataFrame(schema=dict.fromkeys(_TITLES, pl.String()))]
    headers = [_TITLES[name][lang] if name in _TITLES else name for name in frames[0].columns]
    with open_writer(target, headers) as writer:
        for frame in frames:
            writer.write(frame.with_columns(pl.col("turn").replace_strict({turn: text[lang] for turn, text in TURN.items()}, return_dtype=pl.String)))


def impact_view(found: Impact) -> dict[str, Any]:
    """Return an impact as plain data: counts of firms, needs in CNY; an unknown group is named ""."""
    moved: dict[str, dict[str, Any]] = {}
    for (name, turn), one in found.moved.items():
        groups = {group: {word or "": count for word, count in counts.items()} for group, counts in one.groups.items()}
        moved.setdefault(name, {})[turn] = {"firms": one.firms, "need_cny": one.need_cny, "by": groups}
    moves = {
        name: [{"from": was, "to": now, "firms": count} for (was, now), count in table.items()]
        for name, table in (("stages", found.stages), ("fund_chain", found.levels))
    }
    return {"firms": found.firms, "touched": found.touched, "instruments": moved, **moves}
