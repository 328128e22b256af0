"""A financing plan, printed."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.text import Text as Line

from advisor.domain.advice import Advice
from advisor.domain.text import Lang
from advisor.domain.wording import money
from advisor.domain.words import CONFIDENCE, NO_PROMISE
from advisor.planning.plan import FinancingPlan, Item
from advisor.service import planning as said
from advisor.terminal.folding import Fold
from advisor.terminal.saying import Say, heading

LEFT_OUT = 6
"""So many of what was left out are named; the JSON names all."""
TOLD_FIRST = ("too_late", "too_short", "too_long", "starts_above", "too_small", "pays_afterwards")


def print_plan(found: FinancingPlan, advice: Advice, lang: Lang, console: Console | None = None) -> None:
    """Print a plan with its grounds: the mix, its cost, what binds, what else there is, what would help, what was left out."""
    out, say = console or Console(highlight=False), Say(lang)
    for line in plan_lines(found, advice, say):
        out.print(Fold(line))


def plan_lines(found: FinancingPlan, advice: Advice, say: Say) -> Iterable[Line]:
    """Yield the lines of a plan."""
    best = found.best
    yield heading(say("融资方案", "Financing plan"))
    yield Line(f"  {say(said.headline(found))}", style="bold green" if not best.gap_cny else "bold yellow" if best.items else "bold red")
    yield from (Line(f"  {say(one)}", style="dim") for one in said.assumptions(found, advice))
    for place, item in enumerate(best.items, 1):
        yield from _item(place, item, len(best.items) == 1, say)
    yield from (Line(f"  {say(one)}") for one in said.costs(best))
    drawn = [limit for limit in found.limits if limit.used(best.amounts) > 0]
    if drawn:
        yield heading(say("用了多少余地", "Room used"))
        yield from (Line.assemble(f"  {say(said.used(limit, found))}", (f"  {say(CONFIDENCE[limit.confidence])}", "dim")) for limit in drawn)
    alone = said.single(found)
    if alone is not None or found.alternatives:
        yield heading(say("换一种办法", "Other ways"))
        if alone is not None:
            yield Line(f"  {say(alone)}")
        yield from (Line(f"  {say(said.instead(other, best))}") for other in found.alternatives)
    if found.binding:
        yield heading(say("卡在哪里", "What binds"))
        yield from (Line(f"  {say(said.bound(one))}") for one in found.binding)
    yield from _questions(found, advice, say)
    told = sorted((one for one in found.left_out if one.code in TOLD_FIRST), key=lambda one: TOLD_FIRST.index(one.code))
    if told:
        yield heading(say("可以申请但没有用上", "Open, but not used"))
        colon = say("：", ": ")
        yield from (Line(f"  {say(one.match.instrument.name)}{colon}{say(one.reason)}") for one in told[:LEFT_OUT])
    yield Line(f"\n{say(NO_PROMISE)}", style="dim")


def _item(place: int, item: Item, alone: bool, say: Say) -> Iterable[Line]:
    one = item.match.instrument
    yield Line.assemble(f"  {place}. ", (say(one.name), "bold"), f"  {say(money(item.amount_cny))}", (f"  {_yearly(item, say)}", "dim"))
    yield Line(f"     {say(said.role(item))}{say('；', '; ')}{say(said.filled(item, alone))}")
    yield Line(f"     {say(one.offer.price)}", style="dim")


def _yearly(item: Item, say: Say) -> str:
    band = say(said.price(item.price))
    if item.money == "equity":
        return say(f"投资人期望每年{band}", f"investors expect {band} a year")
    return say(f"每年约{band}", f"about {band} a year")


def _questions(found: FinancingPlan, advice: Advice, say: Say) -> Iterable[Line]:
    facts = advice.ruleset.catalogue.facts
    if found.enlarging:
        yield heading(say("回答这些，方案可能更大或更便宜", "Answers that could enlarge the plan or make it cheaper"))
        yield from (Line(f"  ? {say(said.enlarged(one, advice))}") for one in found.enlarging)
    waiting = said.waiting_facts(found)
    if waiting:
        count = len(found.narrowing)
        yield heading(
            say(f"还不能判断、也许能补缺口的工具有{count}个，先回答", f"Not yet judged, though they might narrow the gap: {count}; answer first")
        )
        for name, number in waiting:
            yield Line.assemble(f"  ? {say(facts[name].question)}", (say(f"（{number}个工具在等）", f" (instruments waiting: {number})"), "dim"))
