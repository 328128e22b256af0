"""Every instrument judged for one firm: eligibility, gates, suitability, rank, reasons, what is missing, what would change it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from advisor.domain.changes import Change, Repair, Search
from advisor.domain.condition import Known, Node, all_of, negated
from advisor.domain.dates import years_between
from advisor.domain.facts import EFFORTS
from advisor.domain.firm import Firm
from advisor.domain.gates import Gate, blocking
from advisor.domain.instrument import Eligibility, Instrument, eligibility
from advisor.domain.program import Row
from advisor.domain.ranking import Suitability, suitability
from advisor.domain.reasons import Reason, open_facts
from advisor.domain.ruleset import InForce, Plan, Reading
from advisor.domain.stage import Model

WAIT_YEARS = 10
"""Nobody is told to wait longer than this."""
NEED = "need"
"""The topic of facts that say what the money is for: no advice to change the need itself."""


@dataclass(slots=True)
class Match:
    """One instrument judged for one firm.

    `rank` counts 1, 2, 3 … over what can be applied for. `missing` are the facts an undetermined verdict waits
    for. `changes` is the smallest set of facts that would make a refused or blocked instrument available,
    `after_changes` the verdict then; `wait_until` the day from which time alone does it.
    """

    plan: Plan
    row: Row
    eligibility: Eligibility
    blocked_by: tuple[Gate, ...]
    missing: tuple[str, ...] = ()
    suitability: Suitability | None = None
    demoted: bool = False
    rank: int | None = None
    changes: tuple[Change, ...] = ()
    after_changes: Eligibility | None = None
    wait_until: dt.date | None = None
    not_with: tuple[str, ...] = ()

    @property
    def instrument(self) -> Instrument:
        """The instrument judged."""
        return self.plan.instrument

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Every single test of every criterion, in order."""
        return tuple(reason for line in self.plan.lines for reason in line.reasons(self.row))

    @property
    def watch(self) -> bool:
        """Whether this is only to be watched: named or proposed, with no operating rule."""
        return self.instrument.status == "proposed"

    @property
    def open_now(self) -> bool:
        """Whether the firm may apply."""
        return self.eligibility == "eligible" and not self.blocked_by and not self.watch

    @property
    def one_step_away(self) -> bool:
        """Whether a change within reach would open it."""
        return self.after_changes == "eligible" and not self.watch and not any(change.far for change in self.changes)


@dataclass(frozen=True, slots=True)
class BestChange:
    """The one change that opens the most instruments."""

    change: Change
    unlocks: tuple[str, ...]


def match(firm: Firm, day: dt.date, reading: Reading, rules: InForce, model: Model | None = None) -> tuple[tuple[Match, ...], BestChange | None]:
    """Return a match for every instrument in force, what can be applied for first, and the best single change."""

    def reread(repair: Repair) -> Known:
        return rules.known(firm.with_facts(repair), day, model)[0]

    search = rules.changer.search(reading.known, reread, reading.index, reading.row)
    waiting: dict[Node, tuple[str, ...]] = {}
    shut = rules.ruleset.gates.shut(reading)  # type: ignore[arg-type]
    matches = [_match(plan, firm, day, reading, rules, search, shut, waiting, model) for plan in rules.plans]
    ordered = _ranked(matches, rules)
    return ordered, _best_change(ordered, firm, day, rules, model)


def _match(
    plan: Plan,
    firm: Firm,
    day: dt.date,
    reading: Reading,
    rules: InForce,
    search: Search,
    shut: tuple[Gate, ...],
    waiting: dict[Node, tuple[str, ...]],
    model: Model | None,
) -> Match:
    row, instrument = reading.row, plan.instrument
    verdict: bool | None = row[plan.place]  # type: ignore[assignment]
    blocked = blocking(shut, instrument)
    found = Match(plan, row, eligibility(verdict), blocked)
    if verdict is not False:
        found.suitability = suitability(
            instrument, plan.standing, reading.known, reading.stage.probabilities,
            [row[place] for place in plan.preferred],  # type: ignore[misc]
            sum(row[place] is True for place in plan.avoided), rules.ruleset.ranking,
        )  # fmt: skip
        found.demoted = any(gate.demotes and gate.concerns(instrument) for gate in shut)
    if verdict is None:
        found.missing = open_facts(instrument.rule, reading.known, rules.catalogue, waiting)
    if verdict is False or blocked:
        goal = all_of([instrument.rule, *(negated(gate.condition) for gate in blocked)]) if blocked else instrument.rule
        if not any(row[place] is False for place in plan.settled):
            found.changes, after = search.smallest(goal)
            if found.changes:
                found.after_changes = eligibility(after)
        if not found.changes and plan.ages:
            found.wait_until = _wait(plan, firm, day, rules, model)
    return found


def _wait(plan: Plan, firm: Firm, day: dt.date, rules: InForce, model: Model | None) -> dt.date | None:
    """Return the first day on which time alone opens the instrument, as the rules stand today."""
    gates = rules.ruleset.gates
    for start_name, years, strict in plan.ages:
        start = firm.facts.get(start_name)
        if not isinstance(start, dt.date) or not start <= day:
            continue
        then = _after(start, years) + dt.timedelta(days=strict)
        if then <= day or (years_between(day, then) or 0) > WAIT_YEARS or then not in plan.instrument.validity:
            continue
        reading = rules.read(firm, then, model)
        shut = gates.shut(reading)  # type: ignore[arg-type]
        if reading.row[plan.place] is True and not blocking(shut, plan.instrument):
            return then
    return None


def _after(start: dt.date, years: float) -> dt.date:
    """Return the first day on which `years` have passed since `start`."""
    day = start + dt.timedelta(days=int(years * 365))
    while (years_between(start, day) or 0) < years:
        day += dt.timedelta(days=1)
    return day


def _ranked(matches: list[Match], rules: InForce) -> tuple[Match, ...]:
    """Return the matches in the order of use: open ones ranked, then blocked, undetermined, refused, and watched."""

    def order(found: Match) -> tuple[int, bool, bool, float, str]:
        group = 0 if found.open_now else 4 if found.watch else {"eligible": 1, "undetermined": 2, "ineligible": 3}[found.eligibility]
        fit = found.suitability.score if found.suitability is not None else -len(found.changes) if found.changes else -9
        return group, found.demoted, not found.one_step_away, -fit, found.instrument.id

    matches.sort(key=order)
    open_matches = [found for found in matches if found.open_now]
    open_ids = {found.instrument.id for found in open_matches}
    pairs = rules.ruleset.gates.no_double_subsidy
    for rank, found in enumerate(open_matches, 1):
        found.rank = rank
        others = (pair.other(found.instrument.id) for pair in pairs)
        found.not_with = tuple(other for other in others if other in open_ids)
    return tuple(matches)


def _best_change(matches: tuple[Match, ...], firm: Firm, day: dt.date, rules: InForce, model: Model | None) -> BestChange | None:
    """Return the single change within reach that opens most instruments beyond those it closes, least effort among equals."""
    facts = rules.catalogue.facts
    singles = {
        (found.changes[0].fact, found.changes[0].needed): found.changes[0]
        for found in matches
        if len(found.changes) == 1 and found.one_step_away and facts[found.changes[0].fact].topic != NEED
    }
    open_before = {found.instrument.id for found in matches if found.open_now}
    best: tuple[int, int, str, BestChange] | None = None
    for change in singles.values():
        after = rules.read(firm.with_facts({change.fact: change.needed}), day, model)
        shut = rules.ruleset.gates.shut(after)  # type: ignore[arg-type]
        open_after = [
            plan.instrument.id
            for plan in rules.plans
            if after.row[plan.place] is True and plan.instrument.status != "proposed" and not blocking(shut, plan.instrument)
        ]
        unlocks = tuple(name for name in open_after if name not in open_before)
        closed = open_before.difference(open_after)
        standing = (len(closed) - len(unlocks), EFFORTS.index(change.effort), change.fact, BestChange(change, unlocks))
        if len(unlocks) > len(closed) and (best is None or standing[:3] < best[:3]):
            best = standing
    return None if best is None else best[3]
