"""What a change of rules does to a portfolio: who gains and who loses each instrument, whose stage or warning level moves.

Both sets of rules are read over the same firms on the same day. Only what differs is looked at closer, so a million firms
take seconds.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import polars as pl

from advisor.domain.condition import Name
from advisor.domain.instrument import Instrument
from advisor.domain.ruleset import STAGE_FACT, InForce
from advisor.domain.stage import STAGES
from advisor.screening.bits import Bits, Bytes, spread
from advisor.screening.cells import Reader
from advisor.screening.columns import Columns, Reading
from advisor.screening.learned import StageColumns, TableModel
from advisor.screening.mapping import Given, map_headers
from advisor.screening.mapping import Mapping as ColumnMapping
from advisor.screening.outcome import LEVELS, fund_chain_level
from advisor.tables.table import Table

Turn = Literal["gained", "lost", "now_unknown", "now_known"]
TURNS: tuple[Turn, ...] = ("gained", "lost", "now_unknown", "now_known")
"""Open now and not before; open before and not now; decided before and unknown now; unknown before and refused now."""
NEED_BOUNDS = (500_000, 1_000_000, 5_000_000, 10_000_000, 50_000_000)
"""Bounds of the groups of needed amounts, in CNY."""


@dataclass(slots=True)
class Moved:
    """Firms that one instrument's rule treats otherwise: how many, what they need in CNY, and how they are spread."""

    firms: int = 0
    need_cny: float = 0.0
    groups: dict[str, Counter[str | None]] = field(default_factory=dict)


@dataclass(slots=True)
class Impact:
    """What a change of rules does to the firms of a portfolio, on a day. `rows` are the firms it touches, if kept."""

    firms: int = 0
    touched: int = 0
    """Firms for which the answer on at least one instrument changes."""
    moved: dict[tuple[str, Turn], Moved] = field(default_factory=dict)
    """By instrument and turn."""
    stages: Counter[tuple[str | None, str | None]] = field(default_factory=Counter)
    levels: Counter[tuple[str | None, str | None]] = field(default_factory=Counter)
    """How many firms move from one stage or level to another."""
    rows: list[pl.DataFrame] = field(default_factory=list)


def impact(
    table: Table, old: InForce, new: InForce, day: dt.date, *, given: Given | None = None, keep_rows: bool = False, model: TableModel | None = None
) -> Impact:
    """Return what it does to the firms of a table when `new` takes the place of `old`; the learned stage stays the same.

    Raises InputError for a table that cannot be read.
    """
    names, moves = _differing(old, new)
    sides = tuple(_Side(rules, day, table.headers, given, names, model, moves=moves) for rules in (old, new))
    found = Impact()
    keys = list(sides[1].mapping.keys.values())
    needed = list(dict.fromkeys([*(column.header for side in sides for column in side.mapping.columns), *keys]))
    row = table.first_row
    for raw in table.batches(columns=needed):
        _add(found, _compare(sides, names, raw, row, keys, keep_rows))
        row += raw.height
    return found


def _differing(old: InForce, new: InForce) -> tuple[tuple[str, ...], bool]:
    """Return the instruments on offer whose answer may differ, and whether stages and levels may: the others need not be read."""
    offered = [{one.id: one for one in rules.instruments if one.status != "proposed"} for rules in (old, new)]
    names = tuple(dict.fromkeys((*offered[0], *offered[1])))
    before, after = old.ruleset, new.ruleset
    same_facts = (before.catalogue.facts, before.catalogue.industry_codes) == (after.catalogue.facts, after.catalogue.industry_codes)
    formulas = [{name: fact.formula for name, fact in rules.catalogue.derived.items()} for rules in (before, after)]
    if not same_facts or formulas[0] != formulas[1] or before.stages != after.stages:
        return names, True
    if before.gates == after.gates:
        names = tuple(name for name in names if not _same(offered[0].get(name), offered[1].get(name)))
    return names, before.warnings != after.warnings


def _same(one: Instrument | None, other: Instrument | None) -> bool:
    return one is not None and other is not None and (one.rule, one.family) == (other.rule, other.family)


class _Side:
    """One set of rules, compiled for the columns of a table and the instruments named."""

    def __init__(
        self,
        rules: InForce,
        day: dt.date,
        headers: Sequence[str],
        given: Given | None,
        names: Sequence[str],
        model: TableModel | None,
        *,
        moves: bool,
    ) -> None:
        self.rules, self.moves = rules, moves
        catalogue, ruleset = rules.catalogue, rules.ruleset
        self.mapping: ColumnMapping = map_headers(headers, catalogue, given)
        self.reader = Reader(self.mapping, catalogue)
        self.instruments = [one for one in rules.instruments if one.id in names and one.status != "proposed"]
        self._stage = StageColumns(ruleset, day, self.mapping.known, model)
        graph = self._stage.graph
        outputs = {f"verdict:{one.id}": graph.part(one.rule) for one in self.instruments}
        outputs |= {f"gate:{gate.id}": graph.part(gate.condition) for gate in ruleset.gates.gates}
        outputs["stage"], outputs["size_class"] = graph.part(Name(STAGE_FACT)), graph.part(Name("size_class"))
        if moves:
            outputs["fund_chain"] = graph.part(fund_chain_level(ruleset.warnings), LEVELS)
        self._columns = Columns(outputs, graph)

    def read(self, facts: pl.DataFrame) -> tuple[Reading, dict[str, tuple[Bits, Bits]]]:
        """Return everything read, and for each instrument where it is open and where that is unknown."""
        reading = self._columns.read(self._stage.asked(facts))
        states: dict[str, tuple[Bits, Bits]] = {}
        for one in self.instruments:
            verdict = reading.truth(f"verdict:{one.id}")
            free, unknown = ~np.zeros_like(verdict.yes), ~(verdict.yes | verdict.no)
            for gate in self.rules.ruleset.gates.gates:
                if not gate.demotes and gate.concerns(one):
                    free &= ~reading.truth(f"gate:{gate.id}").yes
            states[one.id] = verdict.yes & free, unknown & free  # behind a shut gate it is neither
        return reading, states


def _compare(sides: Sequence[_Side], names: Sequence[str], raw: pl.DataFrame, row: int, keys: Sequence[str], keep_rows: bool) -> Impact:
    old, new = sides
    height = raw.height
    facts = new.reader(raw, row).facts
    same = old.rules.catalogue.facts == new.rules.catalogue.facts
    before_facts = facts if same else old.reader(raw, row).facts
    before, states_before = old.read(before_facts)
    after, states_after = new.read(facts)
    found = Impact(firms=height)
    nothing = np.zeros((height + 7) // 8, dtype=np.uint8)
    touched = nothing.copy()
    groups = _groups(after, facts, new)
    need = facts["need_cny"].fill_null(0.0).to_numpy() if "need_cny" in facts.columns else np.zeros(height)
    rows: list[pl.DataFrame] = []
    for name in names:
        was, was_unknown = states_before.get(name, (nothing, nothing))
        is_open, is_unknown = states_after.get(name, (nothing, nothing))
        for turn, bits in (
            ("gained", is_open & ~was), ("lost", was & ~is_open & ~is_unknown), ("now_unknown", is_unknown & ~was_unknown),
            ("now_known", was_unknown & ~is_unknown & ~is_open),
        ):  # fmt: skip
            if not bits.any():
                continue
            touched |= bits
            where = np.flatnonzero(spread(bits, height))
            found.moved[name, turn] = Moved(  # type: ignore[index]
                len(where), float(need[where].sum()), {group: _counted(words, where) for group, words in groups.items()}
            )
            if keep_rows:
                rows.append(_listed(raw, keys, where, row, name, turn))
    found.touched = int(spread(touched, height).sum())
    if new.moves:
        found.stages = _moves(before.column("stage"), after.column("stage"), STAGES)
        found.levels = _moves(before.column("fund_chain"), after.column("fund_chain"), LEVELS)
    found.rows = [pl.concat(rows)] if rows else []
    return found


def _groups(after: Reading, facts: pl.DataFrame, side: _Side) -> dict[str, tuple[Bytes, Sequence[str | None]]]:
    """Return for each way of grouping the code of each firm's group, and the words for the codes; the last stands for unknown."""
    catalogue = side.rules.catalogue
    found: dict[str, tuple[Bytes, Sequence[str | None]]] = {}
    for name, column, words in (
        ("stage", after.column("stage"), STAGES), ("size_class", after.column("size_class"), tuple(catalogue["size_class"].options)),
        ("industry_class", facts["industry_class"] if "industry_class" in facts.columns else None, tuple(catalogue["industry_class"].options)),
    ):  # fmt: skip
        if column is not None:
            found[name] = column.cast(pl.UInt8).fill_null(len(words)).to_numpy(), (*words, None)
    if "district" in facts.columns:
        named = facts["district"].drop_nulls().unique(maintain_order=True).to_list()
        codes = facts["district"].cast(pl.Enum(named)).to_physical().cast(pl.UInt32).fill_null(len(named)).to_numpy()
        found["district"] = codes, (*named, None)
    if "need_cny" in facts.columns:
        need = facts["need_cny"].to_numpy()
        codes = np.where(np.isnan(need), len(NEED_BOUNDS) + 1, np.searchsorted(NEED_BOUNDS, need, side="right"))
        found["need"] = codes, (*(f"{low}-{high}" for low, high in zip(("", *NEED_BOUNDS), (*NEED_BOUNDS, ""), strict=True)), None)
    return found


def _counted(group: tuple[Bytes, Sequence[str | None]], where: np.ndarray) -> Counter[str | None]:
    codes, words = group
    counts = np.bincount(codes[where], minlength=len(words))
    return Counter({words[code]: int(counts[code]) for code in np.flatnonzero(counts).tolist()})


def _moves(before: pl.Series, after: pl.Series, words: Sequence[str]) -> Counter[tuple[str | None, str | None]]:
    size = len(words) + 1
    codes = [column.cast(pl.UInt8).fill_null(len(words)).to_numpy().astype(np.intp) for column in (before, after)]
    counts = np.bincount(codes[0] * size + codes[1], minlength=size * size).reshape(size, size)
    named = (*words, None)
    return Counter({(named[was], named[now]): int(counts[was, now]) for was, now in zip(*np.nonzero(counts), strict=True) if was != now})


def _listed(raw: pl.DataFrame, keys: Sequence[str], where: np.ndarray, row: int, name: str, turn: str) -> pl.DataFrame:
    chosen = raw.select(keys)[where] if keys else pl.DataFrame(height=len(where))
    return chosen.with_columns(pl.Series("row", where + row), instrument=pl.lit(name), turn=pl.lit(turn)).with_columns(pl.col(keys).cast(pl.String))


def _add(found: Impact, part: Impact) -> None:
    found.firms += part.firms
    found.touched += part.touched
    for key, moved in part.moved.items():
        mine = found.moved.setdefault(key, Moved())
        mine.firms += moved.firms
        mine.need_cny += moved.need_cny
        for group, counts in moved.groups.items():
            mine.groups.setdefault(group, Counter()).update(counts)
    found.stages.update(part.stages)
    found.levels.update(part.levels)
    found.rows += part.rows
