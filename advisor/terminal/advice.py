"""The advice for one firm, printed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text as Line

from advisor.domain import words
from advisor.domain.advice import Advice
from advisor.domain.instrument import Instrument
from advisor.domain.matching import NEED, Match
from advisor.domain.stage import STAGES
from advisor.domain.text import Lang, Text
from advisor.domain.warning import Alarm
from advisor.domain.wording import percent, plain
from advisor.service.view import amount_range, change_sentence, criterion_sentence, tenor_range, warnings_of
from advisor.terminal.folding import Fold, folded
from advisor.terminal.saying import MARKS, Say, heading
from advisor.terminal.trace import card, changes_line, not_in_force, trace

if TYPE_CHECKING:
    from advisor.classifier.explanation import Explained

SHOWN = 10
FIRST_CHOICE = 0.5
"""From this suitability on the first instrument is recommended in full."""
LEVEL_STYLE = {"green": "bold green", "amber": "bold yellow", "red": "bold red", None: "dim"}


def print_advice(
    advice: Advice,
    lang: Lang,
    *,
    why: Sequence[str] = (),
    stage_only: bool = False,
    everything: bool = False,
    explained: Explained | None = None,
    console: Console | None = None,
) -> None:
    """Print the advice for one firm; with `why`, every test of those instruments instead of the lists.

    `explained` is why the stage model sees the firm as it does; with `stage_only`, nothing but the stage is printed.
    """
    out = console or Console(highlight=False)
    say = Say(lang)
    out.print(_headline(advice, say))
    if why:
        by_id = {found.instrument.id: found for found in advice.matches}
        for instrument_id in why:
            out.print(trace(by_id[instrument_id], advice.ruleset, say) if instrument_id in by_id else not_in_force(instrument_id, advice, say))
        return
    if stage_only:
        out.print(_stage(advice, say, explained))
        return
    for shown in (_checks(advice, say), _stage(advice, say, explained), _fund_chain(advice, say), _ladder(advice, say)):
        if shown is not None:
            out.print(shown)
    limit = None if everything else SHOWN
    out.print(_open_now(advice, say, limit, wide=out.width >= 120))
    for section in (
        _one_step(advice, say, limit),
        _blocked(advice, say),
        _questions(advice, say, limit),
        _refused(advice, say, limit),
        _watched(advice, say),
    ):
        if section is not None:
            out.print(section)
    out.print(Fold(Line(_footer(advice, say), style="dim")))


def _headline(advice: Advice, say: Say) -> Panel:
    firm, rules = advice.firm, advice.ruleset
    stage = advice.stage.stage
    size = advice.size_class
    name = firm.name or firm.firm_id or say("（未命名企业）", "(unnamed firm)")
    stage_text = (
        f"{say(rules.stages.labels[stage])} {percent(round(advice.stage.probabilities[stage], 2))}"
        if stage is not None
        else say("还看不出", "too early to tell")
        if _nothing_told(advice)
        else say("未定，可能是", "not clear, perhaps ") + say("或", " or ").join(say(rules.stages.labels[s]) for s in advice.stage.candidates)
    )
    size_text = say(rules.catalogue["size_class"].options[str(size)]) if size is not None else say("还不知道", "not known")
    level = advice.fund_chain.level
    grid = Table.grid(padding=(0, 3))
    grid.add_row(
        Line.assemble((say("阶段 ", "Stage "), "dim"), (stage_text, "bold")),
        Line.assemble((say("规模 ", "Size "), "dim"), (size_text, "bold")),
        Line.assemble((say("资金链 ", "Money chain "), "dim"), (say(words.LEVEL[level]), LEVEL_STYLE[level])),
    )
    grid_and_counts = Group(grid, Fold(Line(_counts(advice, say))))
    return Panel(grid_and_counts, title=Line(name, style="bold"), subtitle=f"{advice.as_of}", box=box.ROUNDED, padding=(0, 1))


def _meaning(advice: Advice) -> Text:
    """Return what the named stage means; decline has other words where shake-out is all that speaks for it."""
    stages, stage = advice.ruleset.stages, advice.stage.stage or "growth"
    speaking = [piece for piece in advice.stage.evidence if piece.stage == stage and piece.year == 0 and piece.witness != "rules"]
    shaken = stage == "decline" and bool(speaking) and all(piece.shakeout for piece in speaking)
    return stages.shakeout_meaning if shaken else stages.meanings[stage]


def _nothing_told(advice: Advice) -> bool:
    """Return whether no witness said anything of the stage."""
    return advice.stage.opinion is None and all(piece.stage is None for piece in advice.stage.evidence)


def _counts(advice: Advice, say: Say) -> str:
    """Return how many instruments stand where; the numbers add up to all of them."""
    watched = sum(found.watch for found in advice.matches)
    open_now = sum(found.open_now for found in advice.matches)
    held = sum(bool(found.blocked_by) and found.eligibility == "eligible" and not found.watch for found in advice.matches)
    asked = sum(found.eligibility == "undetermined" and not found.watch for found in advice.matches)
    refused = len(advice.matches) - open_now - held - asked - watched
    parts = [
        (open_now, "个现在可以申请", "can be applied for now"),
        (held, "个条件相符但先别申请", "are met but better held back"),
        (asked, "个还要您补充情况", "need more answers"),
        (refused, "个条件不符", "are not met"),
        (watched, "个只宜关注", "are only to be watched"),
    ]
    said = [say(f"{count}{zh}", f"{count} {en}") for count, zh, en in parts if count]
    return say(f"{len(advice.matches)}个工具：", f"{len(advice.matches)} instruments: ") + say("，", ", ").join(said) + say("。", ".")


def _stage(advice: Advice, say: Say, explained: Explained | None = None) -> Group:
    labels = advice.ruleset.stages.labels
    bars = Line("  ")
    for stage in STAGES:
        share = advice.stage.probabilities[stage]
        bars.append(f"{say(labels[stage])} ", style="bold" if stage == advice.stage.stage else "dim")
        bars.append("█" * round(share * 12) or "▏", style="cyan" if stage == advice.stage.stage else "dim")
        bars.append(f" {share:.0%}   ", style="dim")
    lines: list[Line] = [heading(say("处在哪个阶段", "Stage of life"))]
    if _nothing_told(advice):
        lines.append(Line(say("  还看不出，请先回答后面的问题。", "  Too early to tell; please answer the questions below."), style="dim"))
        return folded(lines)
    lines.append(bars)
    if advice.stage.stage is not None:
        lines.append(Line(f"  {say(_meaning(advice))}"))
    for piece in advice.stage.evidence:
        ago = say(f"（{piece.year}年前）", f" ({piece.year} years before)") if piece.year else ""
        verdict = say(labels[piece.stage]) if piece.stage is not None else say("未能判断", "no verdict")
        if piece.witness == "rules" and advice.stage.opinion is not None:
            ago = say("（仅供参考）", " (shown only)")
        line = Line(f"  · {say(words.WITNESS[piece.witness])}{ago}：" if say.lang == "zh" else f"  · {say(words.WITNESS[piece.witness])}{ago}: ")
        line.append(verdict, style="bold")
        line.append(f"  {say(piece.text)}", style="dim")
        if piece.neighbours:
            line.append(say("；也可能是", "; or else ") + say.join(say(labels[stage]) for stage in piece.neighbours), style="dim")
        if piece.not_ruled_out:
            line.append(say("；尚不能排除", "; not ruled out: ") + say.join(say(labels[stage]) for stage in piece.not_ruled_out), style="dim")
        lines.append(line)
    if advice.stage.disagreement:
        lines.append(Line(say("  各方证据不一致，请客户经理再看一眼。", "  The evidence disagrees; an officer should look again."), style="yellow"))
    if explained is not None:
        from advisor.terminal.stage import explanation_lines  # it needs NumPy, which takes its time

        lines += explanation_lines(explained, advice.ruleset.stages, say)
    return folded(lines)


def _fund_chain(advice: Advice, say: Say) -> Group:
    chain = advice.fund_chain
    lines = [heading(say("资金链", "Money chain"))]
    known = say(f"（已知指标占权重的{chain.known_share:.0%}）", f" ({chain.known_share:.0%} of the indicators' weight is known)")
    lines.append(Line.assemble("  ", (say(words.LEVEL[chain.level]), LEVEL_STYLE[chain.level]), (known, "dim")))
    for alarm in chain.alarms:
        line = Line("  ")
        line.append("● ", style=LEVEL_STYLE[alarm.level])
        line.append(say(alarm.label))
        line.append(_alarm_reading(alarm, advice, say), style="dim")
        lines.append(line)
    for reading in chain.models:
        zone = {"safe": say("安全", "safe"), "grey": say("灰色地带", "grey"), "distress": say("困境", "distressed")}[reading.zone]
        lines.append(Line(f"  · {say(reading.model.label)}: {reading.score:.2f} {zone}", style="dim"))
    lines += [Line(f"  → {say(response.text)}", style="bold") for response in chain.responses]
    return folded(lines)


def _alarm_reading(alarm: Alarm, advice: Advice, say: Say) -> str:
    if alarm.known is None or alarm.threshold is None or isinstance(alarm.known, bool):
        return ""
    number = alarm.known if isinstance(alarm.known, int | float) else 0.0
    unit = {"times": say("倍", "×"), "day": say("天", " days"), "month": say("个月", " months")}.get(alarm.unit, "")
    shown = percent(round(number, 3)) if alarm.unit == "fraction" else f"{plain(number)}{unit}"
    return say(f"  现为 {shown}", f"  now {shown}")


def _ladder(advice: Advice, say: Say) -> Group | None:
    step = advice.ladder
    lines = [heading(say("称号阶梯", "Ladder of titles"))]
    names = say.join(say(rung.name) for rung in step.held or ())
    held = names or (say("还不知道", "not known") if step.held is None else say("还没有", "none yet"))
    lines.append(Line(say(f"  已有：{held}", f"  Held: {held}")))
    if step.suppressed is not None:
        lines.append(Line(f"  {say(step.suppressed)}", style="dim"))
    if step.next is not None:
        missing = len(step.unmet) + len(step.unknown)
        unmet, unknown = len(step.unmet), len(step.unknown)
        summary = say("能核对的条件都符合", "what can be checked is met")
        if missing:
            summary = say(f"差 {unmet} 条，还有 {unknown} 条要您补充", f"{unmet} unmet, {unknown} more answers needed")
        lines.append(Line.assemble(say("  下一步：", "  Next: "), (say(step.next.name), "bold"), (f"  {summary}", "dim")))
        for criteria, holds in ((step.unmet, False), (step.unknown, None)):
            for criterion in criteria:
                mark, style = MARKS[holds]
                lines.append(Line.assemble("    ", (mark, style), f" {say(criterion_sentence(criterion, advice.ruleset.catalogue))}"))
        if step.next.extra is not None:
            lines.append(Line(f"    {say(step.next.extra)}", style="dim"))
        lines.append(Line(f"    {say(step.next.caveat)}", style="dim"))
    return folded(lines)


def _checks(advice: Advice, say: Say) -> Group | None:
    warnings = warnings_of(advice)
    if not warnings:
        return None
    return folded([heading(say("请核对", "Please check")), *(Line(f"  ! {say(message)}", style="yellow") for _, message in warnings)])


def _open_now(advice: Advice, say: Say, limit: int | None, *, wide: bool) -> Group:
    found = [one for one in advice.matches if one.open_now]
    title = heading(say(f"现在可以申请（{len(found)}）", f"Can be applied for now ({len(found)})"))
    if not found:
        return Group(title, Line(say("  现有情况下还没有。", "  None with what is known."), style="dim"))
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), show_edge=False, expand=True)
    table.add_column("#", justify="right", style="dim")
    table.add_column(say("工具", "Instrument"), ratio=1)
    table.add_column(say("适合度", "Fit"), justify="right", no_wrap=True)
    table.add_column(say("金额", "Amount"), no_wrap=True)
    if wide:
        table.add_column(say("期限", "Tenor"), no_wrap=True)
        table.add_column(say("成本", "Cost"), no_wrap=True)
    table.add_column(say("天数", "Days"), justify="right", no_wrap=True)
    for one in found[:limit]:
        assert one.suitability is not None
        low, high = one.instrument.lead_days
        terms = (tenor_range(one.instrument, say.lang), say(words.COST[one.instrument.offer.cost])) if wide else ()
        table.add_row(
            str(one.rank), Fold(_name(one, say), 3), f"{one.suitability.score:.2f}", amount_range(one.instrument, say.lang), *terms,
            f"{low}–{high}",
        )  # fmt: skip
    parts: list[RenderableType] = [title, table]
    if limit is not None and len(found) > limit:
        parts.append(Line(say(f"  还有 {len(found) - limit} 个，用 --all 全部列出", f"  {len(found) - limit} more; --all lists them"), style="dim"))
    first = found[0]
    if first.suitability is not None and first.suitability.score >= FIRST_CHOICE:
        parts.append(Padding(card(first, advice.ruleset, say), (1, 2)))
    else:
        parts.append(Line(say("  目前没有特别合适的，以上可以了解。", "  Nothing fits well yet; these are open."), style="dim"))
    return Group(*parts)


def _name(found: Match, say: Say) -> Line:
    """Return an instrument's name with its family before it, and what to know at a glance behind it."""
    one = found.instrument
    line = Line.assemble((f"{_family(one, say)} ", "cyan"), say(one.name))
    if found.demoted:
        line.append(say("  最后再考虑", "  last resort"), style="yellow")
    if one.status == "pilot" and "试点" not in one.name.zh:
        line.append(say("  试点", "  pilot"), style="yellow")
    if one.validity.last is not None:
        line.append(say(f"  至{one.validity.last}", f"  until {one.validity.last}"), style="yellow")
    return line


def _family(one: Instrument, say: Say) -> str:
    return words.FAMILY[one.family].zh[0] if say.lang == "zh" else f"[{words.FAMILY[one.family].en.split()[0].lower()}]"


def _one_step(advice: Advice, say: Say, limit: int | None) -> Group | None:
    facts = advice.ruleset.catalogue.facts
    away = [found for found in advice.matches if found.one_step_away and not found.open_now]
    other_need = [found for found in away if any(facts[change.fact].topic == NEED for change in found.changes)]
    near = [found for found in away if found not in other_need]
    if not away:
        return None
    lines = [heading(say(f"差一步（{len(near)}）", f"One step away ({len(near)})"))]
    best = advice.best_change
    if best is not None:
        said = say(change_sentence(best.change, advice.ruleset.catalogue))
        lines.append(
            Line.assemble(
                say("  最划算的一步：", "  The best single step: "),
                (said, "bold"),
                say(
                    f"，可打开 {len(best.unlocks)} 个工具", f", opens {len(best.unlocks)} {'instrument' if len(best.unlocks) == 1 else 'instruments'}"
                ),
            )
        )
    groups: dict[str, list[Match]] = {}
    for found in near:
        groups.setdefault(changes_line(found, advice.ruleset, say), []).append(found)
    ordered = sorted(groups.items(), key=lambda item: (len(item[1][0].changes), -len(item[1])))
    for said, members in ordered[:limit]:
        lines.append(Line(f"  → {said}"))
        names = say.join(say(found.instrument.name) for found in members)
        lines.append(Line(f"      {names}", style="dim"))
    if limit is not None and len(ordered) > limit:
        lines.append(Line(say("  更多用 --all 列出", "  --all lists more"), style="dim"))
    if other_need:
        lines.append(Line(say("  如果确实另有这样的用途或金额，还可看：", "  If the firm really has another use or amount in mind, also:")))
        names = say.join(say(found.instrument.name) for found in other_need)
        lines.append(Line(f"      {names}", style="dim"))
    return folded(lines)


def _blocked(advice: Advice, say: Say) -> Group | None:
    held = [found for found in advice.matches if found.blocked_by and found.eligibility == "eligible"]
    if not held:
        return None
    lines = [heading(say(f"条件相符但先别申请（{len(held)}）", f"Conditions met, but hold back ({len(held)})"))]
    for gate in dict.fromkeys(gate for found in held for gate in found.blocked_by):
        lines.append(Line(f"  {say(gate.reason)}", style="yellow"))
        lines.append(Line("    " + say.join(say(found.instrument.name) for found in held if gate in found.blocked_by), style="dim"))
    return folded(lines)


def _questions(advice: Advice, say: Say, limit: int | None) -> Group | None:
    open_ones = [found for found in advice.matches if found.eligibility == "undetermined" and not found.watch]
    if not open_ones:
        return None
    lines = [heading(say(f"还要您补充（{len(open_ones)} 个工具等着）", f"Tell us more ({len(open_ones)} instruments wait)"))]
    for asked in advice.questions:
        question = say(advice.ruleset.catalogue.facts[asked.fact].question)
        lines.append(Line.assemble(f"  ? {question}", (say(f"  关系到 {asked.decides} 个工具", f"  matters for {asked.decides}"), "dim")))
    if limit is None:
        for found in open_ones:
            missing = say.join(say(advice.ruleset.catalogue[fact].label) for fact in found.missing)
            lines.append(Line.assemble(f"    {say(found.instrument.name)}", (say(f"：缺 {missing}", f": {missing}"), "dim")))
    return folded(lines)


def _refused(advice: Advice, say: Say, limit: int | None) -> Group | None:
    refused = [found for found in advice.matches if found.eligibility == "ineligible" and not found.one_step_away and not found.watch]
    if not refused:
        return None
    lines = [heading(say(f"条件不符（{len(refused)}）", f"Not met ({len(refused)})"))]
    if limit is not None:
        example = refused[0].instrument.id
        lines.append(
            Line(say(f"  想知道为什么不行：--why {example}；用 --all 全部列出", f"  To see why not: --why {example}; --all lists them"), style="dim")
        )
        return folded(lines)
    for found in refused:
        failing = next(
            (reason for reason in found.reasons if reason.criterion_holds is False and reason.criterion.role in ("hard", "any_of", "exclude")), None
        )
        why = say(criterion_sentence(failing.criterion, advice.ruleset.catalogue)) if failing is not None else ""
        lines.append(Line.assemble("  ", ("✗ ", "red"), say(found.instrument.name), (say(f"：要求{why}", f": needs {why}"), "dim")))
    return folded(lines)


def _watched(advice: Advice, say: Say) -> Group | None:
    watched = [found for found in advice.matches if found.watch]
    if not watched:
        return None
    names = say.join(say(found.instrument.name) for found in watched)
    return folded([heading(say("只宜关注，尚无办法可申请", "To watch only; there is nothing to apply for yet")), Line(f"  {names}", style="dim")])


def _footer(advice: Advice, say: Say) -> str:
    rules = advice.ruleset
    version = say(f"\n规则版本 {rules.version}，核对于 {rules.checked_on}。", f"\nRules version {rules.version}, checked on {rules.checked_on}. ")
    return version + say(words.NO_PROMISE)
