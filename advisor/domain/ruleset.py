"""Everything the rule files say: immutable, versioned by its content, and cut to a date before it is used."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple

from advisor.domain.changes import Changer
from advisor.domain.condition import AS_OF, Constant, Formula, Known, Name, Node, Test, Value, conjuncts, facts_in, nodes_in
from advisor.domain.errors import Problem, UnknownId, did_you_mean
from advisor.domain.facts import Catalogue
from advisor.domain.firm import Firm
from advisor.domain.gates import Gates
from advisor.domain.instrument import Criterion, Instrument, Source
from advisor.domain.ladder import LadderRules
from advisor.domain.program import Program, Row
from advisor.domain.ranking import Ranking, Standing, standing_parts
from advisor.domain.reasons import Reason, Wanted, tests_of
from advisor.domain.stage import Model, StageEstimate, StageRules, estimate
from advisor.domain.text import Text
from advisor.domain.warning import WarningRules

STAGE_FACT = "lifecycle_stage"


@dataclass(frozen=True, slots=True)
class Check:
    """A contradiction or a likely slip of unit: when the condition holds, the owner is asked to look again."""

    id: str
    condition: Node
    text: Text


@dataclass(frozen=True, eq=False)
class RuleSet:
    """All rules with all their versions. `version` is a hash of the files; `checked_on` when they were last read."""

    version: str
    checked_on: dt.date
    catalogue: Catalogue
    instruments: tuple[Instrument, ...]
    stages: StageRules
    warnings: WarningRules
    ladder: LadderRules
    gates: Gates
    ranking: Ranking
    checks: tuple[Check, ...]
    sources: Mapping[str, Source]
    documents: Mapping[str, Text]
    topics: Mapping[str, Text]
    found_in: Mapping[str, Text]
    _editions: dict[tuple[int, ...], InForce] = field(default_factory=dict, repr=False)
    _tests: dict[Criterion, tuple[Wanted, ...]] = field(default_factory=dict, repr=False)

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what was compiled: it holds in this process only."""
        return {**self.__dict__, "_editions": {}, "_tests": {}}

    def as_of(self, day: dt.date) -> InForce:
        """Return the rules in force on a day; the same object for all days between two changes of rules."""
        instruments = tuple(one for one in self.instruments if day in one.validity)
        rungs = tuple(rung for rung in self.ladder.rungs if day in rung.validity)
        key = tuple(id(rule) for rule in (*instruments, *rungs))
        if key not in self._editions:
            self._editions[key] = InForce(self, instruments, replace(self.ladder, rungs=rungs))
        return self._editions[key]

    def tests(self, criterion: Criterion) -> tuple[Wanted, ...]:
        """Return the single tests a criterion is made of; the same objects every time."""
        found = self._tests.get(criterion)
        if found is None:
            found = self._tests[criterion] = tests_of(criterion, self.catalogue)
        return found

    def asked_by(self, instrument: Instrument) -> frozenset[str]:
        """Return every fact an instrument's rule reads, by name or behind a derived fact."""
        return frozenset((*facts_in(instrument.rule), *self.catalogue.asked(instrument.rule)))

    def not_in_force(self, day: dt.date) -> tuple[Instrument, ...]:
        """Return the current version of each instrument that has no version in force on a day."""
        here = {one.id for one in self.instruments if day in one.validity}
        return tuple(one for one in self.instruments if one.id not in here and not one.other_version)

    def versions(self, instrument_id: str) -> tuple[Instrument, ...]:
        """Return every version of one instrument, the current first. Raises UnknownId."""
        found = tuple(one for one in self.instruments if one.id == instrument_id)
        if not found:
            guess = did_you_mean(instrument_id, {one.id for one in self.instruments})
            text = Text(f"没有“{instrument_id}”这个工具{guess.zh}", f"'{instrument_id}' is not an instrument{guess.en}")
            raise UnknownId([Problem("unknown_instrument", text)])
        return found


class Places(NamedTuple):
    """A single test, and where its verdict, its left and its right side stand in a program's row."""

    wanted: Wanted
    verdict: int
    left: int
    right: int
    direction: int
    number: int
    """The same for all tests that stand at the same places, counted from 0."""

    def read(self, row: Row) -> tuple[bool | None, Value | None, float | None]:
        """Return whether the test holds, what is known, and how far a number lies inside what is wanted."""
        known = row[self.left]
        margin = None
        if self.direction and isinstance(known, int | float) and isinstance(bound := row[self.right], int | float):
            margin = (known - bound) * self.direction
        return row[self.verdict], known, margin  # type: ignore[return-value]


@dataclass(frozen=True, slots=True)
class Line:
    """One criterion made ready: where its values stand in a program's row."""

    criterion: Criterion
    position: int
    place: int
    opposite: bool
    """Whether the firm should not satisfy the condition: roles exclude and avoid."""
    tests: tuple[Places, ...]

    def holds(self, row: Row) -> bool | None:
        """Return whether what the criterion wants holds."""
        verdict = row[self.place]
        return verdict if verdict is None else (not verdict) if self.opposite else bool(verdict)

    def reasons(self, row: Row) -> Iterator[Reason]:
        """Yield the criterion's single tests, each with what was known and the margin."""
        holds = self.holds(row)
        for test in self.tests:
            verdict, known, margin = test.read(row)
            yield Reason(self.criterion, self.position, holds, test.wanted, verdict, known, margin)


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """One instrument made ready to be matched."""

    instrument: Instrument
    place: int
    lines: tuple[Line, ...]
    preferred: tuple[int, ...]
    avoided: tuple[int, ...]
    standing: Standing
    settled: tuple[int, ...]
    """Conditions of the rule that rest on nothing a firm can change: where one fails, no change is sought."""
    ages: tuple[tuple[str, float, bool], ...]
    """Tests on an age: the date it counts from, the years wanted, and whether they must be exceeded."""


@dataclass(frozen=True, slots=True)
class Reading:
    """All that follows from a firm's facts on a date, before anything is matched."""

    known: Known
    row: Row
    index: Mapping[Node, int]
    stage: StageEstimate

    def __getitem__(self, node: Node) -> Value | None:
        return self.row[self.index[node]]


@dataclass(frozen=True, eq=False)
class InForce:
    """The rules in force on a day, compiled."""

    ruleset: RuleSet
    instruments: tuple[Instrument, ...]
    ladder: LadderRules

    @property
    def catalogue(self) -> Catalogue:
        """The facts the rules speak of."""
        return self.ruleset.catalogue

    @cached_property
    def _first(self) -> Program:
        """Derived facts and the stage rules."""
        nodes = [Name(name) for name in self.catalogue.derived]
        return Program([*nodes, *self.ruleset.stages.conditions()], self.catalogue.derived)

    @cached_property
    def _second(self) -> Program:
        """Everything else, the lifecycle stage being known."""
        nodes: list[Node] = []
        for instrument in self.instruments:
            nodes += [instrument.rule, *self.changer.conditions(instrument.rule)]
            for criterion in instrument.criteria:
                nodes.append(criterion.condition)
                for wanted in self.ruleset.tests(criterion):
                    nodes += [wanted.test, wanted.measured, wanted.wanted]
        rules = self.ruleset
        nodes += [*rules.warnings.conditions(), *self.ladder.conditions()]
        nodes += [gate.condition for gate in rules.gates.gates]
        nodes += [check.condition for check in rules.checks]
        return Program(nodes, self.catalogue.derived, given=True)

    @cached_property
    def _verdicts(self) -> Program:
        """Only the verdicts of the instruments, straight from the facts."""
        return Program([one.rule for one in self.instruments], self.catalogue.derived)

    @cached_property
    def _verdict_places(self) -> tuple[int, ...]:
        return tuple(self._verdicts.index[one.rule] for one in self.instruments)

    @cached_property
    def plans(self) -> tuple[Plan, ...]:
        """The instruments made ready, in order."""
        index = self._second.index
        asking = Counter(c.condition for one in self.instruments for c in one.having("hard"))
        shares = {condition: count / len(self.instruments) for condition, count in asking.items()}
        plans = []
        numbers: dict[tuple[int, int, int], int] = {}

        def places(wanted: Wanted) -> Places:
            at = index[wanted.test], index[wanted.measured], index[wanted.wanted]
            return Places(wanted, *at, wanted.direction, numbers.setdefault(at, len(numbers)))

        for one in self.instruments:
            lines = tuple(
                Line(
                    criterion, position, index[criterion.condition], criterion.role in ("exclude", "avoid"),
                    tuple(places(wanted) for wanted in self.ruleset.tests(criterion)),
                )
                for position, criterion in enumerate(one.criteria)
            )  # fmt: skip
            plans.append(
                Plan(
                    one, index[one.rule], lines,
                    tuple(line.place for line in lines if line.criterion.role == "prefer"),
                    tuple(line.place for line in lines if line.criterion.role == "avoid"),
                    standing_parts(one, shares, self.ruleset.ranking),
                    tuple(index[c] for c in conjuncts(one.rule) if c in index and not self.changer.movable(c)), tuple(self._ages(one)),
                )
            )  # fmt: skip
        return tuple(plans)

    def _ages(self, instrument: Instrument) -> Iterator[tuple[str, float, bool]]:
        """Yield the tests that time alone may turn: the date counted from, the years wanted, whether they must be exceeded."""
        for node in nodes_in(instrument.rule):
            match node:
                case Test(op, Name(name), Constant(int() | float() as years)) if name in self.catalogue.derived and years > 0:
                    match self.catalogue.derived[name].formula:
                        case Formula("years_between", (Name(start), Name(end))) if end == AS_OF:
                            yield start, float(years), op in (">", "<=")

    @cached_property
    def changer(self) -> Changer:
        """Finds what would change a verdict."""
        return Changer(self.catalogue)

    @cached_property
    def reads_stage(self) -> frozenset[str]:
        """The instruments whose own criteria ask for the lifecycle stage."""
        return frozenset(one.id for one in self.instruments if STAGE_FACT in facts_in(one.rule))

    @cached_property
    def fixed(self) -> frozenset[Node]:
        """The ladder's conditions that neither a firm nor time can change."""
        facts = self.catalogue.facts
        return frozenset(
            c.condition
            for rung in self.ladder.rungs
            for c in rung.criteria
            if all(facts[name].change.speed == "fixed" for name in self.catalogue.asked(c.condition)) and not self.catalogue.ages(c.condition)
        )

    def known(self, firm: Firm, day: dt.date, model: Model | None = None) -> tuple[dict[str, Value | None], StageEstimate]:
        """Return what is known of a firm, derived facts and the named stage included, and the stage estimate."""
        known: dict[str, Value | None] = {**firm.facts, AS_OF: day}
        program = self._first
        row = program(known)
        known.update(zip(self.catalogue.derived, row, strict=False))
        verdicts = {node: row[program.index[node]] for node in self.ruleset.stages.conditions()}
        stage = estimate(known, verdicts, self.ruleset.stages, model)  # type: ignore[arg-type]
        known[STAGE_FACT] = stage.stage
        return known, stage

    def read(self, firm: Firm, day: dt.date, model: Model | None = None) -> Reading:
        """Return everything that follows from a firm's facts on a day."""
        known, stage = self.known(firm, day, model)
        return Reading(known, self._second(known), self._second.index, stage)

    def verdicts(self, firm: Firm, day: dt.date, model: Model | None = None) -> tuple[bool | None, ...]:
        """Return True, False or None for each instrument, in order, and nothing else: the quick answer."""
        known: dict[str, Value | None] = {**firm.facts, AS_OF: day}
        if self.reads_stage:
            known = self.known(firm, day, model)[0]
        row = self._verdicts(known)
        return tuple(row[place] for place in self._verdict_places)  # type: ignore[misc]
