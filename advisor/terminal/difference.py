"""What two rule sets say differently, printed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from rich.console import Console, RenderableType
from rich.text import Text as Line

from advisor.domain.difference import DECIDING, Amended, Amendment, Difference, Happened
from advisor.domain.statement import KINDS, Kind
from advisor.domain.text import Lang, Text
from advisor.terminal.folding import Fold
from advisor.terminal.saying import Say, heading

GROUP: Mapping[Kind, Text] = {
    "instrument": Text("工具", "Instruments"),
    "fact": Text("指标", "Facts"),
    "derived": Text("推算的指标", "Derived facts"),
    "size": Text("企业划型", "Size standard"),
    "stage": Text("生命周期阶段", "Lifecycle stage"),
    "warning": Text("资金链预警", "Fund-chain warning"),
    "indicator": Text("预警指标", "Warning indicators"),
    "signal": Text("预警信号", "Warning signals"),
    "model": Text("困境模型", "Distress models"),
    "gate": Text("闸门", "Gates"),
    "pair": Text("不能同享的工具", "Instruments that exclude each other"),
    "ladder": Text("称号阶梯", "Ladder of titles"),
    "rung": Text("称号", "Titles"),
    "ranking": Text("排序", "Ranking"),
    "check": Text("填报核对", "Plausibility checks"),
    "document": Text("材料名称", "Documents"),
    "source": Text("出处", "Sources"),
    "topic": Text("主题名称", "Topics"),
    "place": Text("指标出处", "Places where figures are found"),
}
HAPPENED: Mapping[Happened, tuple[str, str, Text]] = {
    "added": ("+", "green", Text("新增", "added")),
    "removed": ("−", "red", Text("删去", "removed")),
    "changed": ("~", "yellow", Text("修订", "changed")),
}
ON_DAY: Mapping[str, Text] = {
    "starts": Text("{day} 当天由不适用变为适用", "newly in force on {day}"),
    "ends": Text("{day} 当天不再适用", "no longer in force on {day}"),
    "same": Text("{day} 当天规定不变", "its rules on {day} stay the same"),
    "never": Text("{day} 当天不适用", "not in force on {day}"),
}
TELLING = (*DECIDING, "min_cny", "max_cny", "valid_from", "valid_to")
"""What is told of an instrument or a fact that was added; `rules explain` tells the rest."""
SHORT = 24
"""Words that explain are shown when they are no longer; else only that they changed."""
NAMED = 12
"""So many rules touched by one change are named."""


def print_difference(difference: Difference, lang: Lang, impact: RenderableType | None = None, console: Console | None = None) -> None:
    """Print what changed between two rule sets, what that touches, and `impact`: what it does to a portfolio, made ready to draw."""
    out, say = console or Console(highlight=False), Say(lang)
    for line in _headline(difference, say):
        out.print(Fold(line))
    for kind in KINDS:
        members = [one for one in difference.amended if one.kind == kind]
        if members:
            out.print(heading(f"{say(GROUP[kind])}{say(f'（{len(members)}）', f' ({len(members)})')}"))
        for one in members:
            for line in _amended_lines(one, difference, say):
                out.print(Fold(line))
    for line in _touched_lines(difference, say):
        out.print(Fold(line))
    if impact is not None:
        out.print(impact)


def _headline(difference: Difference, say: Say) -> Iterator[Line]:
    (old, new), (read, read_again) = difference.versions, difference.checked_on
    yield Line.assemble(
        (say(f"规则 {old} → {new}", f"Rules {old} → {new}"), "bold"),
        (say(f"，按 {difference.day} 看", f", as seen on {difference.day}"), "dim"),
    )
    if read != read_again:
        yield Line(say(f"  核对日期 {read} → {read_again}", f"  Last read {read} → {read_again}"), style="dim")
    if difference.same:
        how = Text("是同一套规则", "The rules are the same") if old == new else SAME
        yield Line(say(how) + say("。", "."))
        return
    counts = Counter(one.happened for one in difference.amended)
    told = (
        say(f"{say(word)} {counts[happened]} 处", f"{counts[happened]} {say(word)}")
        for happened, (_, _, word) in HAPPENED.items()
        if counts[happened]
    )
    yield Line(say.join(told) + say("。", "."))


SAME = Text("两套规则意思相同，只有注释、例子或写法不同", "Both say the same; only comments, examples or spelling differ")


def _amended_lines(one: Amended, difference: Difference, say: Say) -> Iterator[Line]:
    mark, style, word = HAPPENED[one.happened]
    line = Line.assemble((f"{mark} ", style), (say(one.name), "bold"), (f"  {one.id}  ", "dim"), (say(word), style))
    if one.kind in ("instrument", "rung") and one.on_day in ON_DAY:
        line.append(say("，", ", ") + say(ON_DAY[one.on_day].fill(day=difference.day.isoformat())), style="bold" if one.on_day != "same" else "dim")
    yield line
    brief = one.kind in ("instrument", "fact", "source")
    if one.happened == "removed":
        return
    for amendment in one.amendments:
        if one.happened == "added" and (amendment.wording or (brief and amendment.aspect not in TELLING)):
            continue
        if not amendment.wording or _short(amendment, say):
            yield from _amendment_lines(amendment, say)
    if one.happened == "changed":
        yield from _wording_lines((amendment for amendment in one.amendments if amendment.wording and not _short(amendment, say)), say)


def _short(one: Amendment, say: Say) -> bool:
    """Return whether both wordings can be shown in one line."""
    return all(len(words[say.lang]) <= SHORT for words in (one.before, one.after) if words is not None) and not _same_here(one, say)


def _same_here(one: Amendment, say: Say) -> bool:
    """Return whether only the other language's words differ."""
    return one.before is not None and one.after is not None and one.before[say.lang] == one.after[say.lang]


def _amendment_lines(one: Amendment, say: Say) -> Iterator[Line]:
    period = say(f"〔{one.period.zh}〕", f"[{one.period.en}] ") if one.period is not None else ""
    line = Line.assemble("    ", (period, "dim"), (say(one.label), "cyan"), say("：", ": "))
    if _same_here(one, say):
        line.append(say("只改了英文", "only the Chinese was changed"), style="dim")
    elif one.before is not None and one.after is not None:
        before, after = one.before[say.lang], one.after[say.lang]
        if max(len(before), len(after)) > SHORT:
            yield line
            yield Line.assemble((say("      原  ", "      was  "), "dim"), (before, "red"))
            yield Line.assemble((say("      现  ", "      now  "), "dim"), (after, "green"))
            return
        line.append_text(Line.assemble((before, "red"), " → ", (after, "green")))
    elif one.after is not None:
        line.append_text(Line.assemble((say("增加 ", "added "), "green"), one.after[say.lang]))
    elif one.before is not None:
        line.append_text(Line.assemble((say("删去 ", "removed "), "red"), one.before[say.lang]))
    yield line


def _wording_lines(reworded: Iterable[Amendment], say: Say) -> Iterator[Line]:
    labels = dict.fromkeys(say(one.label) for one in reworded)
    if labels:
        yield Line(say("    文字有改动：", "    Wording changed: ") + say.join(labels), style="dim")


def _touched_lines(difference: Difference, say: Say) -> Iterator[Line]:
    """Yield for each fact that changed the rules that rest on it, instruments first."""
    if difference.touched:
        yield heading(say("间接受影响", "Touched indirectly"))
    for name in dict.fromkeys(name for one in difference.touched for name in one.through):
        for kind in KINDS:
            names = [say(one.name) for one in difference.touched if one.kind == kind and name in one.through]
            if names:
                more = "" if len(names) <= NAMED else say("等", " and others")
                line = Line.assemble("  ", (say(difference.labels[name]), "bold"), "  ", (say(GROUP[kind]), "cyan"))
                yield line.append(say(f"（{len(names)}）：", f" ({len(names)}): ") + say.join(names[:NAMED]) + more)
