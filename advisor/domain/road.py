"""The road ahead of one firm: on which days instruments open, close or expire, titles come within reach, the stage turns.

Nothing is foretold: the facts are carried forward and the dated rules asked again. Time moves the ages, the days to a
maturity and the rules in force; the accounts move only under a growth that is assumed, on each 1 January, all lines in
the same proportion; everything else stays as told. A verdict that is undetermined is no turn. Between two days on which
a test over time turns nothing can change, so only these days are read: each is found by bisection.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal, TypeVar, get_args

from advisor.domain.advice import OpenQuestion
from advisor.domain.condition import AS_OF, OPPOSITE, Constant, Getter, Known, Name, Node, Test, Value, all_of, facts_in, nodes_in, reading, value
from advisor.domain.dates import years_between
from advisor.domain.facts import Catalogue, Fact
from advisor.domain.firm import Firm
from advisor.domain.gates import blocking
from advisor.domain.instrument import Criterion, Instrument, Validity
from advisor.domain.ladder import Rung
from advisor.domain.reasons import open_facts, tests_of, wanted_of
from advisor.domain.ruleset import STAGE_FACT, RuleSet
from advisor.domain.stage import YEARS, Model, Stage

Growth = Literal["none", "flat", "as_last_year"]
"""What is assumed of the accounts: nothing; each year like the last; the growth of the last year again."""
GROWTHS: tuple[Growth, ...] = get_args(Growth)
Turn = Literal["opens", "closes", "expires", "rung_reached", "stage_reached"]
TURNS: tuple[Turn, ...] = get_args(Turn)

_Key = tuple[str, str]
Rule = TypeVar("Rule", Instrument, Rung)

QUESTIONS = 3
_ONE_DAY = dt.timedelta(days=1)
STEP = dt.timedelta(days=30)
"""Within this a comparison over time turns once at most."""

ACCOUNTS = ("sales", "profit_cash", "balance")
"""The topics whose amounts grow together."""
ALSO_ACCOUNTS = ("rd_expense", "short_debt", "interest_debt", "interest_expense")
"""Amounts of other topics that are lines of the accounts too."""
RUNS_WHILE: Mapping[str, tuple[str, tuple[str, ...]]] = {"neeq_months": ("listing_status", ("neeq_base", "neeq_innovation"))}
"""Durations that grow only while another fact holds: months on the NEEQ are counted while the firm is quoted there."""
LAPSES_WITH: Mapping[str, tuple[str, ...]] = {"loan_due_days": ("loan_due_cny",)}
"""What is no longer known once a day counted down to has passed: which loan is the next one then, nobody has told."""


@dataclass(frozen=True, slots=True)
class Because:
    """A single test that turned: whether it holds from the day on, and what is known of its fact then.

    `fact` is `as_of` where the rule itself begins or ends.
    """

    fact: str
    test: Node
    holds: bool
    known: Value | None


@dataclass(frozen=True, slots=True)
class Milestone:
    """The first day on which something is otherwise than the day before."""

    day: dt.date
    subject: Instrument | Rung | Stage
    turn: Turn
    because: tuple[Because, ...]
    assumption: Growth | None = None
    """The growth without which this would not come on this day; None where time alone brings it."""

    @property
    def id(self) -> str:
        """The id of what turns."""
        return self.subject if isinstance(self.subject, str) else self.subject.id


@dataclass(frozen=True, slots=True)
class Lapse:
    """A fact that nobody can know after a day, and the instruments open until then that wait for a new answer from then on."""

    last: dt.date
    fact: str
    instruments: tuple[Instrument, ...]


@dataclass(frozen=True, slots=True)
class Road:
    """The milestones from `day` (not included) to `end` (included), the earliest first.

    `rate` is the yearly growth assumed, a fraction; None where none is assumed or last year's cannot be told.
    `questions` are the unknown facts for which most instruments and titles with a dated turn wait.
    """

    firm: Firm
    day: dt.date
    end: dt.date
    ruleset: RuleSet
    growth: Growth
    rate: float | None
    milestones: tuple[Milestone, ...]
    lapses: tuple[Lapse, ...]
    questions: tuple[OpenQuestion, ...]


def road(firm: Firm, day: dt.date, ruleset: RuleSet, model: Model | None = None, years: int = 3, growth: Growth = "none") -> Road:
    """Return the road ahead of a firm whose facts are those of `day`; raises ValueError for less than one year.

    On each milestone's day `advise(projected(...))` gives the verdict told, and the day before it did not. A learned model
    is taken to read no ages, so that it changes its mind on no other days.
    """
    if years < 1:
        raise ValueError(years)
    end = _years_later(day, years)
    rate = growth_rate(firm, growth)
    walk = _Walk(firm, day, end, ruleset, model, rate)
    found = walk.milestones()
    if rate is not None:
        sure = {(one.day, one.id, one.turn) for one in _Walk(firm, day, end, ruleset, model, None).milestones()}
        found = [one if (one.day, one.id, one.turn) in sure else replace(one, assumption=growth) for one in found]
    found.sort(key=lambda one: (one.day, TURNS.index(one.turn), one.id))
    return Road(firm, day, end, ruleset, growth, rate, tuple(found), tuple(walk.lapses), tuple(walk.questions()))


def growth_rate(firm: Firm, growth: Growth) -> float | None:
    """Return the yearly growth a scenario means for a firm, a fraction; None where it assumes none or too little is known."""
    if growth != "as_last_year":
        return 0.0 if growth == "flat" else None
    now, before = firm.facts.get("revenue_cny"), firm.facts.get("revenue_y1_cny")
    if not isinstance(now, int | float) or not isinstance(before, int | float) or before <= 0:
        return None
    return now / before - 1


def projected(firm: Firm, day: dt.date, then: dt.date, catalogue: Catalogue, rate: float | None = None) -> Firm:
    """Return the firm as it will be on a later day, if nothing happens but time and a yearly growth of `rate` (None: no new accounts).

    Durations grow, days to a maturity shrink, and are unknown once they have passed. On each 1 January the amounts of
    the last year become those of the year before, and the new ones are (1 + rate) times as large.
    """
    facts = dict(firm.facts)
    if rate is not None:
        for _ in range(day.year, then.year):
            _new_year(facts, rate, catalogue)
    for fact in _ageing(catalogue):
        told = facts.get(fact.id)
        if isinstance(told, bool) or not isinstance(told, int | float) or told in fact.specials:
            continue
        aged = _aged(fact, told, firm, day, then)
        if aged is None:
            for name in (fact.id, *LAPSES_WITH.get(fact.id, ())):
                facts.pop(name, None)
        else:
            facts[fact.id] = aged
    return Firm(facts, firm.firm_id, firm.name, firm.as_of)


def _ageing(catalogue: Catalogue) -> list[Fact]:
    return [fact for fact in catalogue.facts.values() if fact.change.ages]


def _aged(fact: Fact, told: float, firm: Firm, day: dt.date, then: dt.date) -> float | None:
    """Return what a duration has become, by its unit; None once the day counted down to has passed."""
    if fact.unit == "day":
        left = told - (then - day).days
        return left if left >= 0 else None
    other, running = RUNS_WHILE.get(fact.id, (fact.id, ()))
    if running and firm.facts.get(other) not in running:
        return told
    return told + (_whole_months(day, then) if fact.unit == "month" else years_between(day, then) or 0)


def _whole_months(day: dt.date, then: dt.date) -> int:
    return (then.year - day.year) * 12 + then.month - day.month - (then.day < day.day)


def _years_later(day: dt.date, years: int) -> dt.date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February in a common year
        return dt.date(day.year + years, 3, 1)


def _new_year(facts: dict[str, Value], rate: float, catalogue: Catalogue) -> None:
    """Move the amounts of the accounts by one year."""
    for latest in _accounts(catalogue):
        series = [name for name in (_year_of(latest, suffix) for suffix in YEARS) if name in catalogue.facts]
        amounts = [facts.get(name) for name in series]
        last = amounts[0]
        following = last * (1 + rate) if isinstance(last, int | float) else None
        for name, amount in zip(series, [following, *amounts], strict=False):
            if amount is None:
                facts.pop(name, None)
            else:
                facts[name] = amount


def _accounts(catalogue: Catalogue) -> list[str]:
    """Return the amounts of the latest year that are lines of the accounts."""
    earlier = {_year_of(name, suffix) for name in catalogue.facts for suffix in YEARS[1:]}
    return [
        fact.id
        for fact in catalogue.facts.values()
        if fact.kind == "money" and fact.id not in earlier and (fact.topic in ACCOUNTS or fact.id.removesuffix("_cny") in ALSO_ACCOUNTS)
    ]


def _year_of(latest: str, suffix: str) -> str:
    return f"{latest.removesuffix('_cny')}{suffix}_cny"


# ---------------------------------------------------------------- days on which a test over time turns


@lru_cache(maxsize=8)
def _over_time(ruleset: RuleSet) -> tuple[tuple[Node, Node], ...]:
    """Return the two sides of every comparison of which one moves with time."""
    catalogue = ruleset.catalogue
    conditions: list[Node] = [one.rule for one in ruleset.instruments]
    conditions += [gate.condition for gate in ruleset.gates.gates]
    conditions += [*ruleset.stages.conditions(), *ruleset.ladder.conditions(), *(fact.formula for fact in catalogue.derived.values())]
    tests = dict.fromkeys(node for condition in conditions for node in nodes_in(condition) if isinstance(node, Test))
    return tuple(dict.fromkeys((test.left, test.right) for test in tests if test.op in OPPOSITE and catalogue.ages(test)))


def _turning_days(read: Callable[[dt.date], Value | None], day: dt.date, end: dt.date) -> Iterator[dt.date]:
    """Yield the first day of each new value."""
    while day < end:
        ahead, now = min(day + STEP, end), read(day)
        if read(ahead) is now:
            day = ahead
            continue
        while (ahead - day).days > 1:
            middle = day + (ahead - day) // 2
            if read(middle) is now:
                day = middle
            else:
                ahead = middle
        yield ahead
        day = ahead


# ---------------------------------------------------------------- one firm, day by day


class _Moment:
    """What holds of the firm on one day; a verdict is worked out once."""

    def __init__(self, day: dt.date, known: Known, stage: Stage | None, catalogue: Catalogue) -> None:
        self.day, self.known, self.stage, self.catalogue = day, known, stage, catalogue
        self._verdicts: dict[Node, bool | None] = {}

    def judge(self, node: Node) -> bool | None:
        """Return whether a condition holds."""
        if node not in self._verdicts:
            self._verdicts[node] = self.catalogue.judge(node, self.known)
        return self._verdicts[node]


class _Walk:
    """Reads one firm on each day on which something may turn."""

    def __init__(self, firm: Firm, day: dt.date, end: dt.date, ruleset: RuleSet, model: Model | None, rate: float | None) -> None:
        self.firm, self.day, self.end, self.ruleset, self.model, self.rate = firm, day, end, ruleset, model, rate
        self.catalogue = ruleset.catalogue
        self.rules = ruleset.as_of(day)
        self.grown = frozenset(_accounts(self.catalogue)) if rate is not None else frozenset()
        self.gates = [gate for gate in ruleset.gates.gates if not gate.demotes]
        self.titles = firm.facts.get("certs")
        self.subjects: dict[_Key, tuple[Instrument, ...] | tuple[Rung, ...]]
        self.subjects = {("instrument", key): versions for key, versions in self._instruments()}
        self.subjects |= {("rung", key): versions for key, versions in self._rungs()}
        self.lapses: list[Lapse] = []
        self._getters: dict[dt.date, Getter] = {}
        self._first = self._moment(day)

    def milestones(self) -> list[Milestone]:
        """Return every milestone, and fill the lapses."""
        before, found = self._first, list[Milestone]()
        states = self._states(before)
        settled = {key: state for key, state in states.items() if state is not None}
        stage = before.stage
        for day in self._days():
            now, earlier = self._moment(day), states
            states = self._states(now)
            for key, state in states.items():
                if state is None:
                    continue
                if settled.setdefault(key, state) is not state:
                    settled[key] = state
                    found += self._turned(key, state, before, now)
            if now.stage is not None and stage is not None and now.stage != stage:
                because = tuple(self._stage_because(before, now))
                if because or before.stage is not None:
                    found.append(Milestone(day, now.stage, "stage_reached", because))
            stage = now.stage or stage
            for fact, last in self._due().items():
                if day == last + _ONE_DAY:
                    gone = [self._in_force(key, last) for key, state in states.items() if state is None and earlier[key] is True]
                    self.lapses.append(Lapse(last, fact, tuple(one for one in gone if isinstance(one, Instrument))))
            before = now
        return found

    def questions(self) -> list[OpenQuestion]:
        """Return the facts for which most undecided instruments and titles with a dated turn wait, those nearest a verdict first."""
        last = self._moment(self.end)
        waiting: Counter[str] = Counter()
        worth: Counter[str] = Counter()
        for key, state in self._states(self._first).items():
            one = self._in_force(key, self.day)
            if state is None and one is not None and (self._dated(one.validity) or self._may_turn(one, last)):
                missing = {name for name in self._missing(one) if name not in self.firm.facts}
                waiting.update(missing)
                worth.update(dict.fromkeys(missing, 1 / max(len(missing), 1)))
        tier = {name: self.catalogue.facts[name].tier for name in waiting}
        first = sorted(waiting, key=lambda name: (-round(worth[name], 6), tier[name], name))
        return [OpenQuestion(name, waiting[name]) for name in first[:QUESTIONS]]

    # ------------------------------------------------------------ which days, and what is known on them

    def _days(self) -> list[dt.date]:
        """Return the days after the first on which a rule begins or ends, a test over time turns, or new accounts come."""
        days: set[dt.date] = set()
        for one in (one for versions in self.subjects.values() for one in versions):
            days.update(bound for bound in (one.validity.first, one.validity.last and one.validity.last + _ONE_DAY) if bound is not None)
        days.update(last + _ONE_DAY for last in self._due().values())
        if self.rate is not None:
            days.update(dt.date(year, 1, 1) for year in range(self.day.year + 1, self.end.year + 1))
        for left, right in _over_time(self.ruleset):
            # Each of the two turns once while time runs one way; an equality holds between their days.
            days.update(_turning_days(self._reading_of(Test(">=", left, right)), self.day, self.end))
            days.update(_turning_days(self._reading_of(Test(">", left, right)), self.day, self.end))
        return sorted(day for day in days if self.day < day <= self.end)

    def _reading_of(self, test: Node) -> Callable[[dt.date], Value | None]:
        read = reading(test)
        return lambda day: read(self._getter(day))

    def _getter(self, day: dt.date) -> Getter:
        """Return what looks up a fact on a day; derived facts are worked out only when asked for."""
        if day not in self._getters:
            known: dict[str, Value | None] = {**self._projected(day).facts, AS_OF: day}
            derived = self.catalogue.derived

            def get(name: str) -> Value | None:
                return reading(derived[name].formula)(get) if name in derived else known.get(name)

            self._getters[day] = get
        return self._getters[day]

    def _projected(self, day: dt.date) -> Firm:
        return projected(self.firm, self.day, day, self.catalogue, self.rate)

    def _moment(self, day: dt.date) -> _Moment:
        known, estimate = self.rules.known(self._projected(day), day, self.model)
        return _Moment(day, known, estimate.stage, self.catalogue)

    def _due(self) -> dict[str, dt.date]:
        """Return the days counted down to that come before the end."""
        told = [(fact, self.firm.facts.get(fact.id)) for fact in _ageing(self.catalogue) if fact.unit == "day"]
        return {
            fact.id: self.day + dt.timedelta(days=int(left))
            for fact, left in told
            if isinstance(left, int | float) and left not in fact.specials and left < (self.end - self.day).days
        }

    # ------------------------------------------------------------ what may turn

    def _instruments(self) -> Iterator[tuple[str, tuple[Instrument, ...]]]:
        """Yield each instrument whose verdict may turn on the way, in its versions of that time; none that is only to be watched."""
        stirred = [gate for gate in self.gates if self._moves(gate.condition)]
        for key, versions in _by_id(self.ruleset.instruments).items():
            here = tuple(one for one in versions if self._overlaps(one.validity) and one.status != "proposed")
            if any(self._dated(one.validity) or self._moves(one.rule) or blocking(stirred, one) for one in here):
                yield key, here

    def _rungs(self) -> Iterator[tuple[str, tuple[Rung, ...]]]:
        """Yield the titles neither held nor covered by a higher one."""
        held = self.titles if isinstance(self.titles, tuple) else ()
        for key, versions in _by_id(self.ruleset.ladder.rungs).items():
            here = tuple(one for one in versions if self._overlaps(one.validity) and not {key, *one.covered_by}.intersection(held))
            if here:
                yield key, here

    def _moves(self, node: Node) -> bool:
        return self.catalogue.ages(node) or STAGE_FACT in facts_in(node) or not self.grown.isdisjoint(self.catalogue.asked(node))

    def _overlaps(self, validity: Validity) -> bool:
        return (validity.first is None or validity.first <= self.end) and (validity.last is None or self.day <= validity.last)

    def _dated(self, validity: Validity) -> bool:
        """Return whether a rule begins or ends on the way."""
        begins = validity.first is not None and self.day < validity.first <= self.end
        return begins or (validity.last is not None and self.day <= validity.last < self.end)

    def _may_turn(self, one: Instrument | Rung, last: _Moment) -> bool:
        """Return whether a test over time turns on the way, or would if its fact were known."""
        for wanted in (wanted for criterion in self._wanted_by(one) for wanted in tests_of(criterion, self.catalogue)):
            if self.catalogue.ages(wanted.test):
                holds = self._first.judge(wanted.test)
                if holds is None or holds is not last.judge(wanted.test):
                    return True
        return False

    # ------------------------------------------------------------ what holds, and why it turned

    def _in_force(self, key: _Key, day: dt.date) -> Instrument | Rung | None:
        return next((one for one in self.subjects[key] if day in one.validity), None)

    def _states(self, moment: _Moment) -> dict[_Key, bool | None]:
        """Return which instruments can be applied for and which titles are within reach; None is unknown."""
        shut = [gate for gate in self.gates if moment.judge(gate.condition) is True]
        suppressed = any(moment.judge(condition) is True for condition, _ in self.ruleset.ladder.suppress)
        states: dict[_Key, bool | None] = {}
        for key in self.subjects:
            one = self._in_force(key, moment.day)
            if one is None:
                states[key] = False
            elif isinstance(one, Instrument):
                states[key] = False if blocking(shut, one) else moment.judge(one.rule)
            elif suppressed:
                states[key] = False
            else:
                states[key] = moment.judge(all_of(c.condition for c in one.criteria)) if isinstance(self.titles, tuple) else None
        return states

    def _wanted_by(self, one: Instrument | Rung) -> Iterator[Criterion]:
        """Yield all that decides: an instrument's own criteria and the gates before it, a title's and what makes it pointless."""
        yield from (criterion for criterion in one.criteria if criterion.role not in ("prefer", "avoid"))
        if isinstance(one, Instrument):
            yield from (Criterion("exclude", gate.condition, gate.origin) for gate in blocking(self.gates, one))
        else:
            yield from (Criterion("exclude", condition, "estimate") for condition, _ in self.ruleset.ladder.suppress)

    def _missing(self, one: Instrument | Rung) -> Iterator[str]:
        if isinstance(one, Rung) and self.titles is None:
            yield "certs"
        for criterion in one.criteria:
            if criterion.role not in ("prefer", "avoid"):
                yield from open_facts(criterion.condition, self._first.known, self.catalogue)

    def _turned(self, key: _Key, state: bool, before: _Moment, now: _Moment) -> Iterator[Milestone]:
        """Yield the milestone of a turn, unless nothing known brought it: what was unknown the day before is no turn."""
        old, new = self._in_force(key, before.day), self._in_force(key, now.day)
        because = tuple(dict.fromkeys(self._because(old, new, state, before, now)))
        one = new or old
        if because and one is not None:
            turn: Turn = "expires" if new is None else "closes" if not state else "opens" if isinstance(one, Instrument) else "rung_reached"
            yield Milestone(now.day, one, turn, because)

    def _because(self, old: Instrument | Rung | None, new: Instrument | Rung | None, state: bool, before: _Moment, now: _Moment) -> Iterator[Because]:
        if old is not new:
            if old is not None and self._own_verdict(old, before) is None:
                return
            if new is not None and new.validity.first is not None:
                yield Because(AS_OF, Test(">=", Name(AS_OF), Constant(new.validity.first)), True, now.day)
            elif old is not None and old.validity.last is not None:
                yield Because(AS_OF, Test("<=", Name(AS_OF), Constant(old.validity.last)), False, now.day)
        if new is None:
            return
        for criterion in self._wanted_by(new):
            if now.judge(wanted_of(criterion)) is state:
                for wanted in tests_of(criterion, self.catalogue):
                    was = before.judge(wanted.test)
                    if now.judge(wanted.test) is state and (was is (not state) or (old is not new and not state)):
                        yield Because(wanted.fact, wanted.test, state, value(wanted.measured, now.known))

    def _own_verdict(self, one: Instrument | Rung, moment: _Moment) -> bool | None:
        return moment.judge(one.rule if isinstance(one, Instrument) else all_of(c.condition for c in one.criteria))

    def _stage_because(self, before: _Moment, now: _Moment) -> Iterator[Because]:
        """Yield the single tests of the stage rules that turned."""
        seen = set[Node]()
        for condition in self.ruleset.stages.conditions():
            for wanted in tests_of(Criterion("hard", condition, "estimate"), self.catalogue):
                was, holds = before.judge(wanted.test), now.judge(wanted.test)
                if wanted.test not in seen and was is not None and holds is not None and was is not holds:
                    seen.add(wanted.test)
                    yield Because(wanted.fact, wanted.test, holds, value(wanted.measured, now.known))


def _by_id(rules: Iterable[Rule]) -> dict[str, list[Rule]]:
    found: dict[str, list[Rule]] = {}
    for one in rules:
        found.setdefault(one.id, []).append(one)
    return found
