"""A table of firms screened: facts in, conclusions out. Pure: the same function on one machine and inside a cluster.

What `domain.advice.advise` concludes for one firm is concluded here for every row: stage, size, fund chain, verdicts,
gates, the best instruments in order, and the facts that hold up most verdicts. Words are given as ids; `wording.py`
says them in a language.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from advisor.domain.condition import Name
from advisor.domain.instrument import FAMILIES
from advisor.domain.ruleset import STAGE_FACT, InForce
from advisor.domain.stage import STAGES, WITNESSES
from advisor.screening.bits import Bits, Bytes, Truth, count, spread
from advisor.screening.columns import Columns
from advisor.screening.learned import StageColumns, TableModel
from advisor.screening.missing import Waiting
from advisor.screening.outcome import LEVELS, fund_chain_level, stage_source
from advisor.screening.ranking import Ranker, Wishes, wishes_of

TOP = 5
MOST_TOP = 20
MISSING = 3
BLOCK = 131_072
"""Rows that are concluded at once: their bytes stay in the processor's caches."""
SEPARATOR = ";"


@dataclass(slots=True)
class Tally:
    """What is counted over a table. Matrices have a row for each stage, the last for firms whose stage is not named."""

    instruments: tuple[str, ...]
    firms: int = 0
    stages: Counter[str | None] = field(default_factory=Counter)
    levels: Counter[str | None] = field(default_factory=Counter)
    sizes: Counter[str | None] = field(default_factory=Counter)
    gates: Counter[str] = field(default_factory=Counter)
    open_now: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    undetermined: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    gaps: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros((len(STAGES) + 1, len(FAMILIES)), dtype=np.int64))
    """Stage by family: firms for which no instrument of the family is open."""
    missing: Counter[str] = field(default_factory=Counter)
    """How many verdicts wait for a fact, over all firms."""

    def __post_init__(self) -> None:
        if not len(self.open_now):
            self.open_now = np.zeros(len(self.instruments), dtype=np.int64)
            self.undetermined = np.zeros(len(self.instruments), dtype=np.int64)

    def count_words(self, words: Mapping[str, pl.Series]) -> None:
        """Count the stages, levels and sizes of a table."""
        for mine, name in ((self.stages, "stage"), (self.levels, "fund_chain"), (self.sizes, "size_class")):
            mine.update(dict(words[name].alias("word").value_counts().iter_rows()))

    def count_block(
        self, height: int, stage: npt.NDArray[np.uint8], reached: npt.NDArray[np.uint8], shut: Mapping[str, int], waits: Mapping[str, int]
    ) -> None:
        """Count what was concluded for some rows; `reached` says for each family whether an instrument of it is open."""
        self.firms += height
        every = np.bincount(stage, minlength=len(STAGES) + 1)
        for family, some in enumerate(reached):
            self.gaps[:, family] += every - np.bincount(stage, weights=some, minlength=len(STAGES) + 1).astype(np.int64)
        self.gates.update(shut)
        self.missing.update(waits)

    def as_dict(self) -> dict[str, Any]:
        """Return the counts as plain data; unknown is named "" there."""
        plain: dict[str, Any] = {"instruments": list(self.instruments), "firms": self.firms}
        for name in ("stages", "levels", "sizes", "gates", "missing"):
            plain[name] = {key or "": int(value) for key, value in getattr(self, name).items()}
        return plain | {name: getattr(self, name).tolist() for name in ("open_now", "undetermined", "gaps")}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Tally:
        """Return the tally that `as_dict` described."""
        found = cls(tuple(plain["instruments"]), plain["firms"], gates=Counter(plain["gates"]), missing=Counter(plain["missing"]))
        for name in ("stages", "levels", "sizes"):
            setattr(found, name, Counter({key or None: value for key, value in plain[name].items()}))
        for name in ("open_now", "undetermined", "gaps"):
            setattr(found, name, np.array(plain[name], dtype=np.int64))
        return found

    def add(self, other: Tally) -> None:
        """Count another table's firms too."""
        self.firms += other.firms
        for name in ("stages", "levels", "sizes", "gates", "missing"):
            getattr(self, name).update(getattr(other, name))
        self.open_now += other.open_now
        self.undetermined += other.undetermined
        self.gaps += other.gaps


class Screen:
    """The rules of a day compiled for tables that hold the facts `known`.

    Call it with a frame of facts in engine form (cells.py): it returns a frame with one row a firm, and what was counted.
    Columns: stage, stage_source, p_<stage>, size_class, fund_chain, eligible (conditions met), blocked (of those, behind a
    gate), undetermined, top<n> and top<n>_fit, gates, missing<n>; `wide` adds one column an instrument: 1 conditions met,
    0 not met, null not known. Instruments that are only proposed are in the wide columns and nowhere else. `model` is the
    learned stage that is asked beside the rules.
    """

    def __init__(
        self, rules: InForce, day: dt.date, known: Collection[str], *, top: int = TOP, wide: bool = False, model: TableModel | None = None
    ) -> None:
        self.rules, self.top, self.wide = rules, top, wide
        ruleset, catalogue = rules.ruleset, rules.catalogue
        self.plans = rules.plans
        self.ids = tuple(plan.instrument.id for plan in self.plans)
        self._stage = StageColumns(ruleset, day, known, model)
        graph = self._stage.graph
        outputs = {f"p_{stage}": graph.part(tree) for stage, tree in self._stage.probabilities.items()}
        outputs["stage"] = graph.part(Name(STAGE_FACT))
        outputs["stage_source"] = graph.part(stage_source(ruleset.stages, learned=self._stage.learned), WITNESSES)
        outputs["size_class"] = graph.part(Name("size_class"))
        outputs["fund_chain"] = graph.part(fund_chain_level(ruleset.warnings), LEVELS)
        self._gates = ruleset.gates.gates
        conditions = {f"gate:{gate.id}": gate.condition for gate in self._gates}
        self._preferred: list[list[str]] = []
        self._avoided: list[list[str]] = []
        for position, plan in enumerate(self.plans):
            conditions[f"verdict:{position}"] = plan.instrument.rule
            for role, columns in (("prefer", self._preferred), ("avoid", self._avoided)):
                named = {f"{role}:{position}:{number}": one.condition for number, one in enumerate(plan.instrument.having(role))}  # type: ignore[arg-type]
                columns.append(list(named))
                conditions |= named
        self._waiting = Waiting([plan.instrument for plan in self.plans], graph)
        parts = {name: graph.part(condition) for name, condition in conditions.items()} | {f"open:{part}": part for part in self._waiting.parts}
        self._conditions = tuple(parts)
        self._columns = Columns(outputs | parts, graph)
        self._bars, self._demoters = (
            [[place for place, gate in enumerate(self._gates) if gate.demotes is demotes and gate.concerns(plan.instrument)] for plan in self.plans]
            for demotes in (False, True)
        )
        blocking = [gate.id for gate in self._gates if not gate.demotes]
        self._gate_words = tuple(
            SEPARATOR.join(name for place, name in enumerate(blocking) if code >> place & 1) for code in range(1 << len(blocking))
        )
        self._names, self._facts = pl.Enum(self.ids), pl.Enum(self._waiting.facts)
        self._ranker = Ranker(self.plans, ruleset.ranking, catalogue)
        self._stage_sets = tuple(dict.fromkeys(plan.instrument.stages for plan in self.plans))
        self._words: Mapping[str, Sequence[str]] = {
            "stage": STAGES, "stage_source": WITNESSES, "fund_chain": LEVELS, "size_class": tuple(catalogue["size_class"].options)
        }  # fmt: skip

    def __call__(self, facts: pl.DataFrame) -> tuple[pl.DataFrame, Tally]:
        """Return the conclusions for each row, in order, and the tally of the table."""
        reading, wishes = self._columns.read(self._stage.asked(facts)), wishes_of(facts)
        words = {name: codes_to_words(reading.column(name), options) for name, options in self._words.items()}
        truths = {name: reading.truth(name) for name in self._conditions}
        probabilities = {stage: reading.column(f"p_{stage}").to_numpy() for stage in STAGES}
        stage = words["stage"].to_physical().fill_null(len(STAGES)).to_numpy()
        tally = Tally(self.ids)
        tally.count_words(words)
        blocks = []
        for start in range(0, max(facts.height, 1), BLOCK):  # an empty table has one empty block
            end = min(start + BLOCK, facts.height)
            block = _Block(
                {name: truth.rows(start, end) for name, truth in truths.items()},
                {name: share[start:end] for name, share in probabilities.items()},
                wishes.rows(start, end),
                stage[start:end],
            )
            blocks.append(self._conclude(block, tally))
        found = {name: np.concatenate([block[name] for block in blocks], axis=-1) for name in blocks[0]}
        frame = {
            "stage": words["stage"], "stage_source": words["stage_source"],
            **{f"p_{name}": reading.column(f"p_{name}") for name in STAGES},
            "size_class": words["size_class"], "fund_chain": words["fund_chain"],
            **{name: pl.Series(found[name]) for name in ("eligible", "blocked", "undetermined")},
        }  # fmt: skip
        for rank in range(self.top):
            frame[f"top{rank + 1}"] = _picked(found["top"][rank], self._names)
            frame[f"top{rank + 1}_fit"] = pl.Series(found["fit"][rank]).fill_nan(None)
        frame["gates"] = codes_to_words(pl.Series(found["gates"]), self._gate_words)
        for rank in range(MISSING):
            frame[f"missing{rank + 1}"] = _picked(found["missing"][rank], self._facts)
        if self.wide:
            frame |= {name: reading.column(f"verdict:{position}").cast(pl.Int8) for position, name in enumerate(self.ids)}
        return pl.DataFrame([column.alias(name) for name, column in frame.items()]), tally

    def _conclude(self, block: _Block, tally: Tally) -> dict[str, npt.NDArray[Any]]:
        """Return what is concluded for a block of rows, and count it."""
        height = block.height
        shut = [block.yes(f"gate:{gate.id}") for gate in self._gates]
        open_now: list[Bytes] = []
        undecided: list[Bytes] = []
        eligible, opened, unknown = (np.zeros(height, dtype=np.uint16) for _ in range(3))
        reached = np.zeros((len(FAMILIES), height), dtype=np.uint8)
        nothing = np.zeros(height, dtype=np.uint8)
        for position, plan in enumerate(self.plans):
            if plan.instrument.status == "proposed":
                open_now.append(nothing)
                undecided.append(nothing)
                continue
            verdict = block.truths[f"verdict:{position}"]
            bar = _any_of(shut, self._bars[position])
            open_now.append(spread(verdict.yes if bar is None else verdict.yes & ~bar, height))
            undecided.append(spread(~(verdict.yes | verdict.no), height))
            eligible += open_now[-1] if bar is None else spread(verdict.yes, height)
            opened += open_now[-1]
            unknown += undecided[-1]
            reached[FAMILIES.index(plan.instrument.family)] |= open_now[-1]
            tally.open_now[position] += np.count_nonzero(open_now[-1])
            tally.undetermined[position] += np.count_nonzero(undecided[-1])
        last = [_any_of(shut, gates) for gates in self._demoters]
        top, fit = self._ranker.best(
            self.top, height,
            [np.flatnonzero(opened_rows.view(np.bool_)) for opened_rows in open_now],
            [None if bits is None else spread(bits, height).view(np.bool_) for bits in last],
            {stages: _added([block.probabilities[stage] for stage in stages]) for stages in self._stage_sets},
            block.wishes,
            [[block.told(name) for name in names] for names in self._preferred],
            [[spread(block.yes(name), height).view(np.bool_) for name in names] for names in self._avoided],
        )  # fmt: skip
        missing, waits = self._waiting.most(MISSING, undecided, lambda part: block.yes(f"open:{part}"), height)
        blocking = [(gate.id, bits & held) for gate, bits, held in zip(self._gates, shut, self._held(block), strict=True) if not gate.demotes]
        tally.count_block(height, block.stage, reached, {name: count(bits, height) for name, bits in blocking}, waits)
        gates = np.zeros(height, dtype=np.uint16)
        for place, (_, bits) in enumerate(blocking):
            gates |= spread(bits, height).astype(np.uint16) << place
        return {
            "eligible": eligible,
            "blocked": eligible - opened,
            "undetermined": unknown,
            "top": top,
            "fit": fit,
            "missing": missing,
            "gates": gates,
        }

    def _held(self, block: _Block) -> list[Bits]:
        """Return for each gate where the conditions of an instrument behind it are met, so that it holds something back."""
        found = [np.zeros_like(block.yes("verdict:0")) for _ in self._gates]
        for position, gates in enumerate(self._bars):
            if self.plans[position].instrument.status != "proposed":
                for place in gates:
                    found[place] = found[place] | block.yes(f"verdict:{position}")
        return found


@dataclass(frozen=True, slots=True)
class _Block:
    """So many rows as the processor's caches hold, and what was read of them."""

    truths: Mapping[str, Truth]
    probabilities: Mapping[str, npt.NDArray[np.float64]]
    wishes: Wishes
    stage: npt.NDArray[np.uint8]

    @property
    def height(self) -> int:
        return len(self.stage)

    def yes(self, name: str) -> Bits:
        """Return where a condition is known to hold."""
        return self.truths[name].yes

    def told(self, name: str) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
        """Return a byte for each row: whether a condition holds, and whether that is known."""
        truth = self.truths[name]
        return spread(truth.yes, self.height).view(np.bool_), spread(truth.yes | truth.no, self.height).view(np.bool_)


def _added(shares: Sequence[npt.NDArray[np.float64]]) -> npt.NDArray[np.float64]:
    found = 0.0 + shares[0]
    for share in shares[1:]:
        found = found + share
    return found


def _any_of(bits: Sequence[Bits], places: Sequence[int]) -> Bits | None:
    """Return where one of some conditions holds; None where there is none of them."""
    if not places:
        return None
    return bits[places[0]] if len(places) == 1 else np.bitwise_or.reduce([bits[place] for place in places])


def codes_to_words(codes: pl.Series, words: Sequence[str]) -> pl.Series:
    """Return a column of words from one of their positions."""
    return codes.cast(_position_type(len(words))).cat.to(pl.Enum(words))


def _picked(positions: npt.NDArray[np.int16], words: pl.Enum) -> pl.Series:
    found = pl.Series(positions)
    return found.set(found < 0, None).cast(_position_type(len(words.categories))).cat.to(words)


def _position_type(words: int) -> pl.DataType:
    """Return the type of positions among so many words, as Polars holds them."""
    return pl.UInt8() if words < 2**8 else pl.UInt16() if words < 2**16 else pl.UInt32()
