"""A learned stage over a table: the inputs as columns, the model's shares of the eight patterns as columns beside the facts.

The model itself is handed in (`TableModel`); nothing here knows how it was learned.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt
import polars as pl

from advisor.domain.condition import Node
from advisor.domain.facts import Catalogue
from advisor.domain.ruleset import STAGE_FACT, RuleSet
from advisor.domain.stage import StageRules
from advisor.screening.columns import Columns
from advisor.screening.graph import Graph
from advisor.screening.outcome import learned_share, model_asked, named_stage, stage_probabilities

Floats = npt.NDArray[np.float64]


class TableModel(Protocol):
    """A learned stage as a table needs it."""

    @property
    def version(self) -> str:
        """What tells one model from another."""

    @property
    def patterns(self) -> Sequence[str]:
        """The patterns, in the order of the shares."""

    @property
    def trees(self) -> Mapping[str, Node]:
        """The inputs, in order: each a tree over facts that yields a number."""

    @property
    def enough(self) -> Node:
        """The condition under which enough was answered."""

    def shares(self, inputs: Floats) -> Floats:
        """Return the shares, n x 8, from the inputs, n x f with NaN for unknown."""


class InputColumns:
    """Works out inputs over a table that holds the facts `known`."""

    def __init__(self, trees: Mapping[str, Node], catalogue: Catalogue, day: dt.date, known: Collection[str], asked: Node | None = None) -> None:
        self.names = tuple(trees)
        graph = Graph(catalogue, day, known)
        outputs = {name: graph.part(tree) for name, tree in trees.items()}
        self._asked = asked is not None
        if asked is not None:
            outputs["asked"] = graph.known_true(graph.part(asked))
        self._columns = Columns(outputs, graph)

    def __call__(self, facts: pl.DataFrame) -> tuple[Floats, npt.NDArray[np.bool_]]:
        """Return the inputs, n x f with NaN for unknown, and for each row whether the model is asked."""
        reading = self._columns.read(facts)
        found = np.empty((facts.height, len(self.names)))
        for place, name in enumerate(self.names):
            column = reading.column(name)
            found[:, place] = np.nan if column.dtype == pl.Null else column.cast(pl.Float64).to_numpy()
        asked = np.ones(facts.height, dtype=np.bool_)
        if self._asked:
            asked = reading.column("asked").fill_null(False).to_numpy()
        return found, asked


class Learned:
    """Adds a model's shares to tables that hold the facts `known`; null in the rows where the model is not asked."""

    def __init__(self, model: TableModel, rules: StageRules, catalogue: Catalogue, day: dt.date, known: Collection[str]) -> None:
        self.names = tuple(learned_share(pattern) for pattern in model.patterns)
        self._model = model
        self._inputs = InputColumns(model.trees, catalogue, day, known, model_asked(rules, model.enough))

    def __call__(self, facts: pl.DataFrame) -> pl.DataFrame:
        """Return the facts with the shares beside them."""
        inputs, asked = self._inputs(facts)
        places = np.flatnonzero(asked)
        found = np.full((len(self.names), facts.height), np.nan)
        if len(places):
            found[:, places] = self._model.shares(inputs if len(places) == facts.height else inputs[places]).T
        return facts.with_columns([pl.Series(name, column, nan_to_null=True) for name, column in zip(self.names, found, strict=True)])


class StageColumns:
    """The graph of a table in which the stage can be asked for, and the model, if any, that is asked first."""

    def __init__(self, ruleset: RuleSet, day: dt.date, known: Collection[str], model: TableModel | None) -> None:
        self._learned = None if model is None else Learned(model, ruleset.stages, ruleset.catalogue, day, known)
        self.learned = self._learned is not None
        self.probabilities = stage_probabilities(ruleset.stages, learned=self.learned)
        shares = () if self._learned is None else self._learned.names
        self.graph = Graph(ruleset.catalogue, day, known, {STAGE_FACT: named_stage(self.probabilities, ruleset.stages)}, shares)

    def asked(self, facts: pl.DataFrame) -> pl.DataFrame:
        """Return the facts with what the model says of them."""
        return facts if self._learned is None else self._learned(facts)
