"""What would change it: the smallest set of changeable facts that turns a refusal around.

The search walks the tree of what is wanted. A test that fails is repaired by moving one changeable fact to the
nearest honest value that passes; `and` needs the repairs of all its parts, `or` of one. Facts that are fixed,
or that could only be changed by gaming, are never moved, and no fact is moved in a dishonest direction. Each
candidate set is then tried on the firm itself, side effects included; the first that turns the verdict wins,
in the order fewest facts, least effort, smallest step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import permutations
from typing import Literal, NamedTuple

from advisor.domain.condition import (
    Choice,
    Junction,
    Known,
    Name,
    Node,
    Reading,
    Test,
    Value,
    conjuncts,
    facts_in,
    judge,
    negated,
    nodes_in,
    reading,
    rebuild,
    value,
)
from advisor.domain.facts import EFFORTS, Catalogue, Effort, Fact, Speed
from advisor.domain.moves import honest, plain_values, turning_points
from advisor.domain.program import Row
from advisor.domain.reasons import positive

KEPT = 6
"""Candidate repairs kept for each part of a tree, the best first."""
ROUNDS = 3
"""How often side effects of a change are repaired before it is given up."""
EXACT = 2
"""Up to this many facts, every value at which a test turns is tried, so that none smaller is overlooked."""
FAR = 1.5
"""A number that must grow by more than half, fall below two thirds or change its sign is far away: years, never an easy step."""

Repair = Mapping[str, Value]
Time = Literal["weeks", "months", "years"]
_SPEED: dict[Speed, int] = {"fast": 0, "slow": 1, "fixed": 9}


@dataclass(frozen=True, slots=True)
class Change:
    """One fact to move: from what is known to what is needed, with how hard and how slow that is."""

    fact: str
    known: Value | None
    needed: Value
    effort: Effort
    speed: Speed
    far: bool = False

    @property
    def time(self) -> Time:
        """How long it takes: weeks, months or years."""
        return "years" if self.far else "weeks" if self.speed == "fast" else "months"


Reader = Callable[[Repair], Known]
"""Everything known of the firm once some facts are changed, derived facts included."""


class _Part(NamedTuple):
    """One condition of a goal: the facts it rests on, those that may be moved, its reading with derived facts inlined."""

    node: Node
    asked: frozenset[str]
    movable: frozenset[str]
    read: Reading
    estimated: bool


class Changer:
    """Finds the smallest changes under one catalogue; what it learns of a condition is kept for the next firm."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.weight = {fact.id: 1 + EFFORTS.index(fact.change.effort) + _SPEED[fact.change.speed] for fact in catalogue.facts.values()}
        self.positive = cache(positive)
        self.inlined = cache(self._inlined)
        self.facts = cache(self._facts)
        self.movable = cache(self._movable)
        self.parts = cache(self._parts)
        self.ways = cache(self._ways)

    def search(self, known: Known, reread: Reader, index: Mapping[Node, int] | None = None, row: Row = ()) -> Search:
        """Return a search for one firm; it may be asked about many goals.

        `row` holds the verdicts known already, at the places that `index` gives.
        """
        return Search(self, known, reread, index or {}, row)

    def conditions(self, goal: Node) -> Iterator[Node]:
        """Yield the parts of a goal whose verdicts a search will ask for first."""
        for node in nodes_in(self.positive(goal)):
            if isinstance(node, Junction | Test) or (isinstance(node, Name) and self.catalogue[node.id].kind == "bool"):
                yield node

    # ------------------------------------------------------------ what is learned of conditions, kept

    def _inlined(self, node: Node) -> Node:
        """Return the tree with every derived fact replaced by its formula."""

        def change(node: Node) -> Node:
            return self.inlined(self.catalogue.derived[node.id].formula) if isinstance(node, Name) and node.id in self.catalogue.derived else node

        return rebuild(self.catalogue.unfolded(node), change)

    def _facts(self, node: Node) -> frozenset[str]:
        """Return the facts a condition rests on."""
        return frozenset(self.catalogue.asked(node))

    def _movable(self, node: Node) -> tuple[Fact, ...]:
        """Return the facts behind a condition that may be changed on purpose."""
        facts = self.catalogue.facts
        return tuple(facts[name] for name in self.catalogue.asked(node, estimates=False) if facts[name].change.allowed)

    def _parts(self, goal: Node) -> tuple[_Part, ...]:
        """Return the conditions that must all hold, ready to be judged again after a change."""
        return tuple(
            _Part(
                part,
                self.facts(part),
                frozenset(fact.id for fact in self.movable(part)),
                reading(self.inlined(part)),
                any(name in self.catalogue.estimated for name in facts_in(part)),
            )
            for part in conjuncts(goal)
        )

    def _ways(self, goal: Node, fact_id: str) -> tuple[Node, ...]:
        """Return every single test of a fact in a goal, over base facts, and the opposite of each."""
        kind = Name if self.catalogue.facts[fact_id].kind == "bool" else Test
        tests = [node for node in nodes_in(self.inlined(goal)) if isinstance(node, kind) and fact_id in facts_in(node)]
        return tuple(dict.fromkeys(way for test in tests for way in (positive(test), positive(negated(test)))))


def _is_far(now: Value | None, needed: Value) -> bool:
    if isinstance(now, bool) or not isinstance(now, int | float) or not isinstance(needed, int | float):
        return False
    low, high = sorted((abs(now), abs(needed)))
    return now * needed < 0 or high > FAR * max(low, 1.0)


class Search:
    """Finds repairs for one firm; verdicts and repairs of a condition are worked out once."""

    def __init__(self, changer: Changer, known: Known, reread: Reader, index: Mapping[Node, int], row: Row) -> None:
        self.changer, self.known, self.reader = changer, known, reread
        self.catalogue = changer.catalogue
        self._index, self._row = index, row
        self._verdicts: dict[Node, bool | None] = {}
        self._repairs: dict[Node, list[Repair]] = {}
        self._reread: dict[frozenset[tuple[str, Value]], Known] = {}
        self._distances: dict[tuple[str, Value], float] = {}

    def reread(self, repair: Repair) -> Known:
        """Return everything known of the firm once some facts are changed."""
        key = frozenset(repair.items())
        found = self._reread.get(key)
        if found is None:
            found = self._reread[key] = self.reader(repair)
        return found

    def smallest(self, goal: Node) -> tuple[tuple[Change, ...], bool | None]:
        """Return the smallest set of changes after which `goal` no longer fails, and the verdict then.

        () where no honest change turns it. A set that settles the verdict is preferred to a smaller one that
        only leaves it open for want of other answers.
        """
        found: dict[bool | None, Repair] = {}
        candidates = self.repairs(self.changer.positive(goal))
        for first in candidates:
            settled = found.get(True)
            if settled is not None and self.burden(first) >= self.burden(settled):
                break
            repair, verdict = self._with_side_effects(goal, first)
            if verdict is not False and (verdict not in found or self.burden(repair) < self.burden(found[verdict])):
                found[verdict] = repair
        for verdict in (True, None):
            best = found.get(verdict)
            if best is not None or (candidates and not found):
                best = self._tried_out(goal, verdict, len(best) if best is not None else EXACT + 1) or best
            if best is not None:
                return self._changes(self._needed(goal, best, verdict)), verdict
        return (), False

    def _needed(self, goal: Node, repair: Repair, verdict: bool | None) -> Repair:
        """Return a repair without the facts it does as well without, such as those another moves through the stage."""
        for fact in repair if len(repair) > 1 else ():
            without = {name: needed for name, needed in repair.items() if name != fact}
            if self._verdict_after(goal, without) is verdict:
                return self._needed(goal, without, verdict)
        return repair

    def _tried_out(self, goal: Node, verdict: bool | None, below: int) -> Repair | None:
        """Return a repair of fewer than `below` facts to a verdict, every honest value at which a test turns being tried.

        A single change must touch every condition that fails, two together must cover them: mostly none can.
        """
        failing = [part.movable for part in self.changer.parts(goal) if self.verdict(part.node) is False]
        movable = self.changer.movable(goal)
        for fact in movable if below > 1 else ():
            if all(fact.id in asked for asked in failing):
                for repair in self._turning(goal, fact, {}):
                    if self._verdict_after(goal, repair) is verdict:
                        return repair
        for one, other in permutations(movable, 2) if below > EXACT else ():
            if all(one.id in asked or other.id in asked for asked in failing):
                for half in self._turning(goal, one, {}):
                    for repair in self._turning(goal, other, half):
                        if self._verdict_after(goal, repair) is verdict:
                            return repair
        return None

    def _turning(self, goal: Node, fact: Fact, half: Repair) -> Iterator[Repair]:
        """Yield `half` with one more fact moved to each honest value at which a test of the goal turns."""
        known = {**self.known, **half}
        now = self.known.get(fact.id)
        values: dict[Value, None] = {}
        for way in self.changer.ways(goal, fact.id):
            plain = plain_values(way, fact, now)
            values.update(dict.fromkeys(plain if plain is not None else turning_points(way, fact, known)))
        for needed in values:
            if needed != now and honest(fact, now, needed):
                yield {**half, fact.id: needed}

    def _with_side_effects(self, goal: Node, first: Repair) -> tuple[Repair, bool | None]:
        """Return a repair that also mends what it breaks elsewhere, and the verdict it leads to."""
        repair, verdict = first, self._verdict_after(goal, first)
        for _ in range(ROUNDS):
            if verdict is not False:
                break
            anew = self.changer.search(self.reread(repair), self.reader)
            further = [self._moved({**repair, **again}) for again in anew.repairs(self.changer.positive(goal)) if again]
            if not further:
                break
            verdicts = [self._verdict_after(goal, whole) for whole in further]
            best = verdicts.index(True) if True in verdicts else verdicts.index(None) if None in verdicts else 0
            repair, verdict = further[best], verdicts[best]
        return repair, verdict

    def _moved(self, repair: Repair) -> Repair:
        """Return a repair without the facts that end where they began."""
        return {fact: needed for fact, needed in repair.items() if needed != self.known.get(fact)}

    def _verdict_after(self, goal: Node, repair: Repair) -> bool | None:
        """Return the goal's verdict once some facts are changed; parts that do not read them keep theirs."""
        after = {**self.known, **repair}.get
        changed = repair.keys()
        unknown = False
        for part in self.changer.parts(goal):
            if part.asked.isdisjoint(changed):
                verdict: Value | None = self.verdict(part.node)
            elif part.estimated:
                verdict = part.read(self.reread(repair).get)
            else:
                verdict = part.read(after)
            if verdict is False:
                return False
            if verdict is None:
                if self.verdict(part.node) is True:
                    return False  # a figure that could be worked out no longer can: a division by zero
                unknown = True
        return None if unknown else True

    def _changes(self, repair: Repair) -> tuple[Change, ...]:
        return tuple(self._change(fact, self.known.get(fact), needed) for fact, needed in repair.items())

    def _change(self, fact: str, now: Value | None, needed: Value) -> Change:
        how = self.catalogue.facts[fact].change
        far = how.speed != "fast" and _is_far(now, needed)
        return Change(fact, now, needed, "high" if far else how.effort, how.speed, far)

    def verdict(self, node: Node) -> bool | None:
        """Return the verdict of a condition as the firm stands."""
        place = self._index.get(node)
        if place is not None:
            return self._row[place]  # type: ignore[return-value]
        if node not in self._verdicts:
            self._verdicts[node] = self.catalogue.judge(node, self.known)
        return self._verdicts[node]

    def burden(self, repair: Repair) -> tuple[int, int, float, str]:
        """Return what a repair costs: facts moved, effort and slowness, relative distance, then its facts by name."""
        weight, distance = 0, 0.0
        for fact, needed in repair.items():
            weight += self.changer.weight[fact]
            distance += self._distance(fact, needed)
        return len(repair), weight, distance, ",".join(repair)

    def _distance(self, fact: str, needed: Value) -> float:
        distance = self._distances.get((fact, needed))
        if distance is None:
            now, distance = self.known.get(fact), 1.0
            if isinstance(now, int | float) and isinstance(needed, int | float):
                distance = abs(needed - now) / max(abs(now), abs(needed), 1.0)
            self._distances[fact, needed] = distance
        return distance

    def repairs(self, node: Node) -> list[Repair]:
        """Return repairs after which no part of the node is known to fail, least burden first."""
        if self.verdict(node) is not False:
            return [{}]
        found = self._repairs.get(node)
        if found is None:
            found = self._repairs[node] = self._found(node)
        return found

    def _found(self, node: Node) -> list[Repair]:
        match node:
            case Junction("and", parts):
                failing = [part for part in parts if self.verdict(part) is False]
                if any(not self.changer.movable(part) for part in failing):
                    return []
                merged: list[Repair] = [{}]
                for done, part in enumerate(failing, 1):
                    options = self.repairs(part)
                    if not options:
                        return []
                    merged = self._best(whole for left in merged for whole in self._joined(left, part, options, failing[:done]))
                return merged
            case Junction("or", parts):
                return self._best(repair for part in parts for repair in self.repairs(part))
            case Choice(condition, then, other):
                ways = (Junction("and", (condition, then)), Junction("and", (negated(condition), other)))
                return self._best(repair for way in ways for repair in self.repairs(self.changer.positive(way)))
            case Name(name) | Junction("not", (Name(name),)) if name in self.catalogue.derived:
                formula = self.catalogue.derived[name].formula
                return self.repairs(self.changer.positive(formula if isinstance(node, Name) else negated(formula)))
            case Name() | Junction() | Test():
                return self._best(self._leaf(node))
            case _:
                return []

    def _best(self, repairs: Iterator[Repair]) -> list[Repair]:
        distinct = {frozenset(repair.items()): repair for repair in repairs}
        if len(distinct) < 2:
            return list(distinct.values())
        return sorted(distinct.values(), key=self.burden)[:KEPT]

    def _joined(self, left: Repair, part: Node, options: list[Repair], mended: list[Node]) -> Iterator[Repair]:
        """Yield `left` with a repair of one more part; where both move the same fact, only what mends all parts so far."""
        if left and not left.keys().isdisjoint(self.changer.facts(part)) and self._holds([part], left):
            yield left
            return
        for right in options:
            shared = [fact for fact in right if fact in left and left[fact] != right[fact]]
            if not shared:
                yield {**left, **right}
            elif all(isinstance(left[fact], tuple) for fact in shared):
                both = {fact: tuple(dict.fromkeys((*left[fact], *right[fact]))) for fact in shared}  # type: ignore[misc]
                yield {**left, **right, **both}
            else:
                ways = ({**left, **right}, {**right, **left})
                yield from [whole for whole in ways if self._holds(mended, whole)] or ways

    def _holds(self, parts: list[Node], repair: Repair) -> bool:
        """Return whether no part is known to fail once some facts are changed."""
        after = {**self.known, **repair}
        return all(judge(self.changer.inlined(part), after) is not False for part in parts)

    # ------------------------------------------------------------ one test

    def _leaf(self, node: Node) -> Iterator[Repair]:
        test = self.catalogue.unfolded(node)
        if isinstance(test, Choice):
            yield from self.repairs(test)
            return
        alone = False
        for fact in self.changer.movable(node):
            now = self.known.get(fact.id)
            plain = plain_values(node, fact, now)
            for needed in plain if plain is not None else self._tried(fact, node):
                if needed != now and honest(fact, now, needed):
                    alone = True
                    yield {fact.id: needed}
        if not alone:
            yield from self._together(node)

    def _together(self, node: Node) -> Iterator[Repair]:
        """Yield repairs of a test that needs two facts: one moved as far as it may go, the other as far as it must."""
        movable = self.changer.movable(node)
        for one in movable if len(movable) > 1 else ():
            for bound in (one.low, one.high):
                if bound is None or not honest(one, self.known.get(one.id), bound):
                    continue
                half = {**self.known, one.id: bound}
                for other in movable:
                    for needed in turning_points(self.changer.inlined(node), other, half) if other is not one else ():
                        if honest(other, self.known.get(other.id), needed) and value(self.changer.inlined(node), {**half, other.id: needed}) is True:
                            yield {one.id: bound, other.id: needed}

    def _tried(self, fact: Fact, node: Node) -> Iterator[Value]:
        """Yield the nearest value of one fact at which a test over a formula holds, all else unchanged."""
        inlined, after, now = self.changer.inlined(node), dict(self.known), self.known.get(fact.id)
        passing = []
        for needed in turning_points(inlined, fact, self.known):
            after[fact.id] = needed
            if needed != now and honest(fact, now, needed) and value(inlined, after) is True:
                passing.append(needed)
        if passing:
            yield min(passing, key=lambda needed: self._distance(fact.id, needed))
