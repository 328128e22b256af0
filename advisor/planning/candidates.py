"""What each open instrument can bring to a need, what limits several of them together, and what was left out, with the reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from advisor.domain.advice import Advice
from advisor.domain.condition import AS_OF, Known, Node, facts_in
from advisor.domain.instrument import Confidence, Instrument
from advisor.domain.matching import Match
from advisor.domain.program import Program, Row
from advisor.domain.reasons import open_facts
from advisor.domain.text import Text
from advisor.domain.wording import money
from advisor.planning.mix import Cap, Exclusion, Line, Relief, Task
from advisor.planning.rules import Ground, PlanRules, Pool

NO_POOL = "none"
OWN_LIMIT = Text("：按规定算出的额度", ": the amount its own rule allows")


@dataclass(frozen=True, slots=True)
class Need:
    """Money to be found: CNY, for how many months, for which of the purposes of `facts.yaml`, and within how many days."""

    amount_cny: float
    months: int
    purposes: tuple[str, ...]
    within_days: int


@dataclass(frozen=True, slots=True)
class Limit:
    """Room that lines share: `room` in CNY of money, None while unknown (which leaves none); `weights` what a CNY of each line takes of it.

    `waits_for` are facts whose answer would make the room known, or show that it is larger.
    """

    id: str
    label: Text
    reason: Text
    confidence: Confidence
    room: float | None
    weights: Mapping[str, float]
    waits_for: tuple[str, ...]

    @property
    def cap(self) -> Cap:
        """The limit as the programme takes it."""
        return Cap(self.id, max(0.0, self.room or 0.0), self.weights)

    def used(self, amounts: Mapping[str, float]) -> float:
        """Return how much of the room a mix takes, in CNY."""
        return sum(weight * amounts.get(name, 0.0) for name, weight in self.weights.items())


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An open instrument that serves the purpose and yet is no part of any mix."""

    match: Match
    code: str
    reason: Text


@dataclass(frozen=True, slots=True)
class Candidates:
    """Everything a mix is chosen from."""

    matches: Mapping[str, Match]
    task: Task
    limits: tuple[Limit, ...]
    reasons: Mapping[str, Text]
    """Why the members of each exclusion go together only one at a time."""
    left_out: tuple[LeftOut, ...]
    possible: Mapping[str, Line]
    """What undetermined instruments could bring, if their answers made them open."""


def gather(advice: Advice, need: Need, rules: PlanRules) -> Candidates:
    """Return what the open instruments of an advice can bring to a need."""
    lines: list[Line] = []
    left_out: list[LeftOut] = []
    possible: dict[str, Line] = {}
    reliefs = {relief.id for relief in rules.reliefs}
    served = [found for found in advice.matches if not found.watch and set(need.purposes) & set(_purposes(found.instrument, rules))]
    for found in served:
        one = found.instrument
        line = _line(found, need, rules)
        if found.eligibility == "undetermined" and not found.blocked_by and isinstance(line, Line):
            possible[one.id] = line
        if not found.open_now or one.id in reliefs:
            continue
        if isinstance(line, Line):
            lines.append(line)
        else:
            left_out.append(LeftOut(found, *line))
    matches = {found.instrument.id: found for found in served}
    drawn = [matches[line.id] for line in lines]
    limits = tuple(_limits(advice, drawn, [matches[name] for name in possible], rules))
    open_reliefs = tuple(_reliefs(matches, drawn, need, rules))
    excluded = dict(_exclusions(advice, {line.id for line in lines} | {relief.id for relief in open_reliefs}, rules))
    task = Task(
        need.amount_cny, tuple(lines), rules.most_lines, rules.effort, tuple(limit.cap for limit in limits), open_reliefs, tuple(excluded),
        tuple(tuple(line.id for line in lines if purpose in _purposes(matches[line.id].instrument, rules)) for purpose in need.purposes),
        rules.idle * need.amount_cny,
    )  # fmt: skip
    reasons = {exclusion.id: reason for exclusion, reason in excluded.items()}
    return Candidates(matches, task, limits, reasons, tuple(left_out), possible)


def _purposes(one: Instrument, rules: PlanRules) -> tuple[str, ...]:
    own = rules.terms_of(one).purposes
    return one.purposes if own is None else own


def _line(found: Match, need: Need, rules: PlanRules) -> Line | tuple[str, Text]:
    """Return what an instrument can bring, or the code and words of why it cannot be part of the plan."""
    one, terms, kind = found.instrument, rules.terms_of(found.instrument), rules.money_of(found.instrument)
    offer, days = one.offer, one.lead_days[1]
    if kind == "none":
        if one.family == "subsidy":
            return "pays_afterwards", Text("先花钱、后给钱，不能用来付这笔支出", "it pays after the spending and cannot fund it")
        return "no_money", terms.reason or Text("本身不带来资金", "brings no money itself")
    if days > need.within_days:
        zh, en = f"最慢要{days}天，等不及{need.within_days}天内用款", f"may take {days} days, and the money is needed within {need.within_days}"
        return "too_late", Text(zh, en)
    if offer.max_months is not None and offer.max_months < need.months:
        zh, en = f"最长{offer.max_months}个月，短于需要的{need.months}个月", f"runs {offer.max_months} months at most, {need.months} are needed"
        return "too_short", Text(zh, en)
    if kind == "debt" and offer.min_months is not None and offer.min_months > rules.longer * need.months:
        zh, en = (
            f"至少{offer.min_months}个月，远超需要的{need.months}个月",
            f"runs at least {offer.min_months} months, far beyond the {need.months} needed",
        )
        return "too_long", Text(zh, en)
    least = offer.min_cny or 0.0
    if least > need.amount_cny:
        start = money(least)
        return "starts_above", Text("{start}起，超过需要的金额", "starts at {start}, above the need").fill(start=start)
    most = offer.max_cny if offer.max_cny is not None else need.amount_cny
    if offer.max_cny is None and terms.limit is None and pool_of(one, rules) is _unsecured(rules):
        most = max(least, rules.unseen_limit_cny)
    most = min(most, need.amount_cny * terms.share_of_need)
    least = max(least, rules.smallest_share * need.amount_cny)
    if most < least:
        return "too_small", Text("能给的太少，不值得另办一笔", "brings too little to be worth its papers")
    low, high = rules.band(one)
    fit = found.suitability.score if found.suitability is not None else 0.0
    yearly = (low + high) / 2 + rules.misfit * (1 - fit)
    return Line(one.id, least, most, yearly * need.months / 12, one.documents, days)


def _unsecured(rules: PlanRules) -> Pool:
    return next(pool for pool in rules.pools if pool.id == rules.unsecured)


def pool_of(one: Instrument, rules: PlanRules) -> Pool | None:
    """Return the pool an instrument draws on: the one named, else the first whose fact its rule reads, else (for loans) the unsecured one."""
    named = rules.terms_of(one).pool
    if named is not None:
        return None if named == NO_POOL else next(pool for pool in rules.pools if pool.id == named)
    read = facts_in(one.rule)
    asked = next((pool for pool in rules.pools if pool.asks in read), None) if rules.money_of(one) == "debt" else None
    return asked or (_unsecured(rules) if one.family == "loan" else None)


def _limits(advice: Advice, drawn: Sequence[Match], possible: Sequence[Match], rules: PlanRules) -> Iterator[Limit]:
    """Yield the limits that concern the candidates: what the firm can carry, what stands behind them, and their own formulas.

    What the firm can carry concerns the possible ones too; what would stand behind them is not asked before they are open.
    """
    catalogue = advice.ruleset.catalogue
    known: dict[str, object] = {**advice.firm.facts, AS_OF: advice.as_of}
    program = Program(rules.nodes(), catalogue.derived)
    row = program(known)  # type: ignore[arg-type]

    def limit(ground: Ground, weights: Mapping[str, float], share: float = 1.0) -> Limit:
        room, waits = _room(ground.formulas, program, row, advice, known)  # type: ignore[arg-type]
        return Limit(ground.id, ground.label, ground.reason, ground.confidence, None if room is None else share * room, weights, waits)

    instruments = [found.instrument for found in drawn]
    for room in rules.rooms:
        weights = {
            one.id: 1.0
            for one in (*instruments, *(found.instrument for found in possible))
            if rules.money_of(one) == room.of and one.id not in room.spared and (room.of != "debt" or rules.terms_of(one).adds_debt)
        }
        if weights:
            yield limit(room, weights)
    for pool in rules.pools:
        weights = {one.id: pool.share / (rules.terms_of(one).share or pool.share) for one in instruments if pool_of(one, rules) is pool}
        if weights:
            yield limit(pool, weights, pool.share)
    for one in instruments:
        terms = rules.terms_of(one)
        if terms.limit is not None:
            own = Ground(one.id, one.name + OWN_LIMIT, (terms.limit,), terms.reason or OWN_LIMIT, "recalled")
            yield limit(own, {one.id: 1.0})


def _room(formulas: Sequence[Node], program: Program, row: Row, advice: Advice, known: Known) -> tuple[float | None, tuple[str, ...]]:
    """Return the first room that can be worked out, and the facts that a better one waits for."""
    waits: tuple[str, ...] = ()
    for formula in formulas:
        room = row[program.index[formula]]
        if isinstance(room, int | float):
            return float(room), waits
        waits = waits or open_facts(formula, known, advice.ruleset.catalogue)
    return None, waits


def _reliefs(matches: Mapping[str, Match], drawn: Sequence[Match], need: Need, rules: PlanRules) -> Iterator[Relief]:
    """Yield the open interest subsidies that the need concerns, on the market-priced loans of their kind."""
    for relief in rules.reliefs:
        found = matches.get(relief.id)
        if found is None or not found.open_now:
            continue
        kind = set(found.instrument.purposes)
        if not set(need.purposes) <= kind:  # how much of the money is spent on what the subsidy is for is not known
            continue
        on = tuple(
            one.instrument.id
            for one in drawn
            if one.instrument.family == "loan" and one.instrument.offer.cost == "market" and kind & set(one.instrument.purposes)
        )
        years = min(relief.years, need.months / 12)
        most = relief.most_cny if relief.most_cny is not None else relief.rate * need.amount_cny
        if on:
            yield Relief(relief.id, relief.rate * years, most * years, on, found.instrument.documents)


def _exclusions(advice: Advice, candidates: set[str], rules: PlanRules) -> Iterator[tuple[Exclusion, Text]]:
    """Yield the pairs that may not be drawn together and the groups of which one is drawn, each with the reason."""
    for pair in advice.ruleset.gates.no_double_subsidy:
        if {pair.first, pair.second} <= candidates:
            yield Exclusion(f"{pair.first}+{pair.second}", (pair.first, pair.second)), pair.reason
    for group in rules.one_of:
        members = tuple(name for name in group.instruments if name in candidates)
        if len(members) > 1:
            yield Exclusion(group.id, members), group.reason


def without_limits(task: Task, *limit_ids: str) -> Task:
    """Return the task as if some limits were not there."""
    return replace(task, caps=tuple(cap for cap in task.caps if cap.id not in limit_ids))
