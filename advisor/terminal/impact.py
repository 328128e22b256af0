"""What a change of rules does to a portfolio, printed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text as Line

from advisor.domain import words
from advisor.domain.ruleset import InForce
from advisor.domain.text import Lang, Text
from advisor.domain.wording import money
from advisor.screening.impact import TURNS, Impact, Moved
from advisor.service.impact import TURN
from advisor.terminal.folding import Fold
from advisor.terminal.saying import Say, heading

GROUP = {
    "stage": Text("阶段", "stage"), "size_class": Text("规模", "size"), "industry_class": Text("行业", "industry"),
    "district": Text("区县", "district"), "need": Text("需要的金额", "amount needed"),
}  # fmt: skip
STYLE = {"gained": "green", "lost": "red", "now_unknown": "yellow", "now_known": "dim"}
SHOWN, NAMED = 12, 5


def impact_lines(found: Impact, old: InForce, new: InForce, lang: Lang) -> RenderableType:
    """Return who gains and who loses, ready to draw."""
    say = Say(lang)
    title = heading(say(f"对 {found.firms:,} 家企业的影响", f"What it does to {found.firms:,} firms"))
    if not found.moved and not found.stages and not found.levels:
        return Group(title, Line(say("  没有一家企业受影响。", "  No firm is touched.")))
    names = {one.id: one.name for rules in (old, new) for one in rules.instruments}
    share = found.touched / found.firms if found.firms else 0.0
    parts: list[RenderableType] = [
        title,
        Line(
            say(
                f"  {found.touched:,} 家（{share:.1%}）有工具的结论变了。",
                f"  For {found.touched:,} ({share:.1%}) the verdict on an instrument changes.",
            )
        ),
    ]
    order = sorted(found.moved.items(), key=lambda item: (TURNS.index(item[0][1]), -item[1].firms))
    for (name, turn), moved in order[:SHOWN]:
        amount = say(f"，合计需要 {say(money(moved.need_cny))}", f", together in need of {say(money(moved.need_cny))}") if moved.need_cny else ""
        count = say(f"{moved.firms:,} 家", f"{moved.firms:,} firms")
        parts.append(Fold(Line.assemble("  ", (say(names[name]), "bold"), "  ", (f"{say(TURN[turn])} {count}", STYLE[turn]), amount), 4))
        parts += [Fold(Line(f"    {line}", style="dim"), 6) for line in _groups(moved, new, say)]
    if len(order) > SHOWN:
        parts.append(
            Line(
                say(f"  另有 {len(order) - SHOWN} 项，见 JSON 或企业清单。", f"  {len(order) - SHOWN} more: see the JSON or the list of firms."),
                style="dim",
            )
        )
    parts += _moves(found, new, say)
    return Group(*parts)


def _groups(moved: Moved, rules: InForce, say: Say) -> Iterator[str]:
    for group, counts in moved.groups.items():
        most = sorted(counts.items(), key=lambda item: -item[1])
        told = [f"{_group_word(group, word, rules, say)} {count:,}" for word, count in most[:NAMED]]
        if len(most) > NAMED:
            told.append(say(f"其他 {sum(count for _, count in most[NAMED:]):,}", f"others {sum(count for _, count in most[NAMED:]):,}"))
        yield say(f"按{GROUP[group].zh}：", f"by {GROUP[group].en}: ") + say.join(told)


def _group_word(group: str, word: str | None, rules: InForce, say: Say) -> str:
    if word is None:
        return say("不清楚", "unknown")
    if group == "stage":
        return say(rules.ruleset.stages.labels[word])  # type: ignore[index]
    if group == "need":
        low, high = (say(money(float(bound))) if bound else "" for bound in word.split("-"))
        if not low:
            return say(f"{high}以下", f"under {high}")
        return say(f"{low}到{high}", f"{low} to {high}") if high else say(f"{low}及以上", f"{low} and more")
    if group == "district":
        return word
    return say(rules.catalogue[group].options[word])


def _moves(found: Impact, rules: InForce, say: Say) -> Iterator[RenderableType]:
    stages: Mapping[str | None, str] = {None: say("没有定", "not named"), **{stage: say(text) for stage, text in rules.ruleset.stages.labels.items()}}
    levels: Mapping[str | None, str] = {level: say(text) for level, text in words.LEVEL.items()}
    for title, moves, named in (
        (say("阶段变动", "Stages that move"), found.stages, stages),
        (say("资金链变动", "Money-chain levels that move"), found.levels, levels),
    ):
        if not moves:
            continue
        table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
        for (was, now), count in sorted(moves.items(), key=lambda item: -item[1])[:SHOWN]:
            table.add_row(f"  {named[was]} → {named[now]}", say(f"{count:,} 家", f"{count:,} firms"))
        yield heading(title)
        yield table
