"""The road ahead, printed as a timeline."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from itertools import groupby

from rich.console import Console
from rich.text import Text as Line

from advisor.domain import words
from advisor.domain.road import Because, Growth, Milestone, Road, Turn
from advisor.domain.text import Lang
from advisor.service.road import TURN, assumption_sentence, because_sentence, is_about, lapse_sentence, subject_name
from advisor.terminal.folding import Fold
from advisor.terminal.saying import Say, heading

MARK: Mapping[Turn, tuple[str, str]] = {
    "opens": ("+", "green"),
    "closes": ("−", "red"),
    "expires": ("×", "yellow"),
    "rung_reached": ("★", "green"),
    "stage_reached": ("→", "cyan"),
}


def print_road(road: Road, lang: Lang, console: Console | None = None) -> None:
    """Print the road ahead of one firm."""
    out = console or Console(highlight=False)
    for line in road_lines(road, Say(lang)):
        out.print(Fold(line))


def road_lines(road: Road, say: Say) -> Iterator[Line]:
    """Yield the lines of a timeline: what is assumed, day by day what turns and why, what nobody can see yet, what to answer."""
    rules = road.ruleset
    yield heading(say(f"前面的路（{road.day} 至 {road.end}）", f"The road ahead ({road.day} to {road.end})"))
    yield Line(f"  {say(assumption_sentence(road))}", style="dim")
    if not road.milestones:
        yield Line(say("  按已知情况，这段时间里没有能确定的变化。", "  With what is known, no change is certain in this time."), style="dim")
    for (day, _, because, assumption), members in groupby(road.milestones, key=_together):
        yield from _milestone_lines(list(members), day, because, assumption, road, say)
    for lapse in road.lapses:
        yield Line(f"  {lapse.last}  ! {say(lapse_sentence(lapse, rules))}", style="yellow")
    if road.questions:
        yield Line(say("  再告诉我们这些，可能看到更多：", "  These answers may show more of the road:"))
    for asked in road.questions:
        yield Line.assemble(
            f"    ? {say(rules.catalogue.facts[asked.fact].question)}",
            (say(f"  关系到 {asked.decides} 项", f"  matters for {asked.decides}"), "dim"),
        )
    yield Line(f"  {say(words.NO_PROMISE)}", style="dim")


def _together(one: Milestone) -> tuple[dt.date, Turn, tuple[Because, ...], Growth | None]:
    """Return what milestones told in one breath share."""
    return one.day, one.turn, one.because, one.assumption


def _milestone_lines(
    members: list[Milestone], day: dt.date, because: tuple[Because, ...], assumption: Growth | None, road: Road, say: Say
) -> Iterator[Line]:
    first, rules = members[0], road.ruleset
    shown = day - dt.timedelta(days=1) if first.turn == "expires" else day
    mark, style = MARK[first.turn]
    about = say("约 ", "about ") if is_about(first, rules) else ""
    names = say.join(say(subject_name(one, rules)) for one in members)
    yield Line.assemble(f"  {about}{shown}  ", (f"{mark} {say(TURN[first.turn])}", style), say("：", ": "), (names, "bold"))
    reasons = say("；", "; ").join(dict.fromkeys(say(because_sentence(one, rules)) for one in because))
    if reasons and first.turn != "expires":
        yield Line(f"      {reasons}", style="dim")
    if assumption is not None:
        yield Line(say("      以上面的增长假设为前提", "      only under the growth assumed above"), style="yellow")
