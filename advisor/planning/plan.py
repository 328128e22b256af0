"""A financing plan: the mix for a need, and the grounds for it: roles, cost, what binds, what else there is, which answers would help."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from advisor.domain.advice import Advice
from advisor.domain.matching import Match
from advisor.domain.text import Text
from advisor.domain.wording import money
from advisor.planning.candidates import Candidates, LeftOut, Limit, Need, gather, without_limits
from advisor.planning.mix import Mix, Task, best_mix
from advisor.planning.rules import Band, Money, PlanRules

ALTERNATIVES = 2
WORTH_SAYING = 0.01
"""Changes below this share of the need (gap) or of the burden are not worth a sentence."""
ONE_OF_A_KIND = Text("同类只用一种", "One of a kind")
Filled = Literal["own_limit", "shared_limit", "rest"]


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a mix: CNY drawn, what kind of money, its yearly price, and why not more of it."""

    match: Match
    amount_cny: float
    money: Money
    price: Band
    stands_on: Limit | None
    """What stands behind it; None where nothing of the firm's does."""
    particular: Text | None
    """What the rules say of this instrument alone."""
    filled: Filled
    filled_by: Limit | None


@dataclass(frozen=True, slots=True)
class Returned:
    """An interest subsidy of a mix: CNY that would come back over the whole need, after it was paid."""

    match: Match
    back_cny: float


@dataclass(frozen=True, slots=True)
class Proposal:
    """A mix said in full: money in CNY; `interest` is the lowest and highest yearly price of the debt in it, before subsidies."""

    items: tuple[Item, ...]
    returned: tuple[Returned, ...]
    gap_cny: float
    interest: Band
    burden: float
    longest_days: int

    @property
    def covered_cny(self) -> float:
        """What the lines bring together."""
        return sum(item.amount_cny for item in self.items)

    @property
    def equity_cny(self) -> float:
        """What of it is paid for in shares."""
        return sum(item.amount_cny for item in self.items if item.money == "equity")

    @property
    def amounts(self) -> dict[str, float]:
        """CNY by instrument."""
        return {item.match.instrument.id: item.amount_cny for item in self.items}

    @property
    def documents(self) -> tuple[str, ...]:
        """The papers that all lines ask for together, each once."""
        return tuple(dict.fromkeys(paper for item in self.items for paper in item.match.instrument.documents))

    @property
    def names(self) -> frozenset[str]:
        """The ids of its lines."""
        return frozenset(item.match.instrument.id for item in self.items)


@dataclass(frozen=True, slots=True)
class Binding:
    """Something without which the plan would be better: the gap and the burden would shrink by so many CNY."""

    id: str
    label: Text
    reason: Text
    gap_less: float
    burden_less: float


@dataclass(frozen=True, slots=True)
class Enlarging:
    """A limit that is unknown, or known only at a careful figure, and facts that could raise it; `gap_less` at the very most."""

    limit: Limit
    facts: tuple[str, ...]
    gap_less: float


@dataclass(frozen=True, slots=True)
class FinancingPlan:
    """The plan for one need. `single` is the cheapest instrument on its own, None where the plan has one line or none."""

    need: Need
    best: Proposal
    idle: tuple[str, ...]
    """Purposes that none of its lines serves."""
    alternatives: tuple[Proposal, ...]
    single: Proposal | None
    limits: tuple[Limit, ...]
    binding: tuple[Binding, ...]
    enlarging: tuple[Enlarging, ...]
    narrowing: tuple[Match, ...]
    """Undetermined instruments that could narrow the gap, were they open and secured; nothing where there is no gap."""
    left_out: tuple[LeftOut, ...]


def plan(advice: Advice, need: Need, rules: PlanRules) -> FinancingPlan:
    """Return the mix of open instruments that covers most of a need, and among those the one of least burden.

    Suitability, effort and price decide as `rules/plan.yaml` weighs them. What is unknown leaves no room.
    """
    candidates = gather(advice, need, rules)
    task = candidates.task
    best = best_mix(task)
    others: list[Mix] = []
    while best.amounts and len(others) < ALTERNATIVES:
        other = best_mix(task, [frozenset(one.amounts) for one in (best, *others)])
        if not other.amounts:
            break
        others.append(other)
    proposal = _proposal(best, candidates, need, rules)
    return FinancingPlan(
        need, proposal,
        tuple(purpose for purpose, serving in zip(need.purposes, task.purposes, strict=True) if not proposal.names & set(serving)),
        tuple(_proposal(other, candidates, need, rules) for other in others),
        _single(best, candidates, need, rules),
        candidates.limits,
        tuple(_binding(best, candidates)),
        tuple(_enlarging(best, candidates)),
        tuple(_narrowing(best, candidates)) if best.gap else (),
        candidates.left_out,
    )  # fmt: skip


def _proposal(mix: Mix, candidates: Candidates, need: Need, rules: PlanRules) -> Proposal:
    items = tuple(_items(mix, candidates, rules))
    debts = [item for item in items if item.money != "equity"]
    low, high = (sum(item.amount_cny * item.price[side] for item in debts) for side in (0, 1))
    returned = tuple(Returned(candidates.matches[name], back) for name, back in mix.reliefs.items() if back > 0)
    days = max((item.match.instrument.lead_days[1] for item in items), default=0)
    return Proposal(items, returned, mix.gap, (low, high), mix.burden, days)


def _items(mix: Mix, candidates: Candidates, rules: PlanRules) -> Iterator[Item]:
    """Yield the lines, the largest first, each with what fills it."""
    tight = [limit for limit in candidates.limits if _tight(limit, mix)]
    most = {line.id: line.high for line in candidates.task.lines}
    pools = {pool.id for pool in rules.pools}
    for name, amount in sorted(mix.amounts.items(), key=lambda item: (-item[1], item[0])):
        found = candidates.matches[name]
        binding = next((limit for limit in tight if name in limit.weights), None)
        own = amount >= most[name] - 1 and amount < candidates.task.need - 1
        yield Item(
            found, amount, rules.money_of(found.instrument), rules.band(found.instrument),
            next((limit for limit in candidates.limits if limit.id in pools and name in limit.weights), None),
            rules.terms_of(found.instrument).reason,
            "own_limit" if own else "shared_limit" if binding is not None else "rest",
            None if own else binding,
        )  # fmt: skip


def _tight(limit: Limit, mix: Mix) -> bool:
    return limit.used(mix.amounts) >= limit.cap.room - 1 - sum(limit.weights.values())


def _single(best: Mix, candidates: Candidates, need: Need, rules: PlanRules) -> Proposal | None:
    """Return the cheapest line alone, at as much as it can bring; among equals the one that brings more."""
    if len(best.amounts) < 2:
        return None
    alone = []
    for line in candidates.task.lines:
        mix = best_mix(replace(candidates.task, lines=(line,)))
        if mix.amounts and rules.money_of(candidates.matches[line.id].instrument) != "equity":
            alone.append((sum(rules.band(candidates.matches[line.id].instrument)), mix.gap, line.id, mix))
    return _proposal(min(alone, key=lambda one: one[:3])[3], candidates, need, rules) if alone else None


def _binding(best: Mix, candidates: Candidates) -> Iterator[Binding]:
    """Yield what would make the plan better if it were not there, what closes most of the gap first."""
    task = candidates.task
    found: list[Binding] = []

    def weigh(name: str, label: Text, reason: Text, relaxed: Task) -> None:
        other = best_mix(relaxed)
        if _better(other, best, task):
            closed = max(0.0, best.gap - other.gap)
            found.append(Binding(name, label, reason, closed, 0.0 if closed else best.burden - other.burden))

    for limit in candidates.limits:
        if limit.room is not None and _tight(limit, best):
            weigh(limit.id, limit.label, limit.reason, without_limits(task, limit.id))
    for line in task.lines:
        if line.id in best.amounts and best.amounts[line.id] >= line.high - 1 and line.high < task.need - 1:
            name = candidates.matches[line.id].instrument.name
            label = Text("{name}的上限", "{name}: its upper limit").fill(name=name)
            reason = Text("单户最多{most}", "at most {most} to one firm").fill(most=money(line.high))
            weigh(line.id, label, reason, replace(task, lines=tuple(replace(one, high=task.need) if one is line else one for one in task.lines)))
    for exclusion in task.exclusions:
        if any(name in best.amounts or name in best.reliefs for name in exclusion.members):
            others = tuple(one for one in task.exclusions if one is not exclusion)
            weigh(exclusion.id, ONE_OF_A_KIND, candidates.reasons[exclusion.id], replace(task, exclusions=others))
    if len(best.amounts) == task.most_lines:
        label, reason = Text("笔数上限", "Number of lines"), Text("一次最多办{n}笔", "at most {n} lines at once").fill(n=str(task.most_lines))
        weigh("most_lines", label, reason, replace(task, most_lines=len(task.lines)))
    yield from sorted(found, key=lambda one: (-one.gap_less, -one.burden_less, one.id))


def _enlarging(best: Mix, candidates: Candidates) -> Iterator[Enlarging]:
    """Yield the limits whose missing facts could make the plan better.

    A limit counts when lifting it helps on its own, or when all unknown ones are lifted and putting it back hurts.
    """
    open_limits = [limit for limit in candidates.limits if limit.waits_for]
    lifted = without_limits(candidates.task, *(limit.id for limit in open_limits))
    all_lifted = best_mix(lifted) if open_limits else best
    for limit in open_limits:
        alone = best_mix(without_limits(candidates.task, limit.id))
        without = best_mix(replace(lifted, caps=(*lifted.caps, limit.cap)))
        if _better(alone, best, candidates.task) or _better(all_lifted, without, candidates.task):
            yield Enlarging(limit, limit.waits_for, best.gap - min(alone.gap, all_lifted.gap))


def _narrowing(best: Mix, candidates: Candidates) -> Iterator[Match]:
    """Yield the undetermined instruments that would narrow the gap, what is unknown of the firm's room taken as enough."""
    task = without_limits(candidates.task, *(limit.id for limit in candidates.limits if limit.room is None))
    gap = best_mix(task).gap
    for name, line in candidates.possible.items():
        if best_mix(replace(task, lines=(*task.lines, line))).gap < gap - WORTH_SAYING * task.need:
            yield candidates.matches[name]


def _better(one: Mix, other: Mix, task: Task) -> bool:
    gap_less, burden_less = other.gap - one.gap, other.burden - one.burden
    return gap_less > WORTH_SAYING * task.need or (gap_less > -1 and burden_less > WORTH_SAYING * max(other.burden, 1.0))
