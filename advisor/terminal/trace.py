"""One instrument for one firm, in full: the first choice as a card, or every test of it."""

from __future__ import annotations

from rich import box
from rich.console import RenderableType
from rich.panel import Panel
from rich.text import Text as Line

from advisor.domain import words
from advisor.domain.advice import Advice
from advisor.domain.matching import Match
from advisor.domain.reasons import Reason
from advisor.domain.ruleset import RuleSet
from advisor.domain.wording import say_value, sentence
from advisor.service.view import change_sentence, criterion_sentence
from advisor.terminal.folding import Fold, folded
from advisor.terminal.saying import MARKS, Say, basis_line


def card(found: Match, rules: RuleSet, say: Say) -> Panel:
    """Return the first choice in full: what it is, why it fits, what to bring, where to go, how sure we are."""
    one = found.instrument
    lines = [Line(say(one.summary))]
    held = [reason for reason in found.reasons if reason.criterion.role in ("hard", "any_of", "exclude") and reason.holds]
    lines += [Line.assemble("  ", ("✓ ", "green"), _test_line(reason, rules, say)) for reason in held[:6]]
    for label, value in (
        (say("价格", "Price"), say(one.offer.price)),
        (say("担保", "Security"), say(one.offer.security)),
        (say("材料", "Papers"), say.join(say(rules.documents[code]) for code in one.documents)),
        (say("去哪办", "Where"), say(one.apply_at)),
        (say("依据", "Basis"), basis_line(one, say)),
        (say("提醒", "Caveat"), f"{say(words.CONFIDENCE[one.confidence])}{say('。', '. ')}{say(one.caveat)}"),
    ):
        lines.append(Line.assemble((f"{label}  ", "bold"), value))
    title = Line(say(f"首选：{say(one.name)}", f"First choice: {say(one.name)}"))
    return Panel(folded(lines), title=title, title_align="left", box=box.ROUNDED, border_style="cyan", padding=(0, 1))


def _test_line(reason: Reason, rules: RuleSet, say: Say, *, origin: bool = True) -> Line:
    """Return a test in words, what is known, and who asks for it."""
    line = Line(say(sentence(reason.wanted.test, rules.catalogue)))
    fact = rules.catalogue[reason.wanted.fact] if reason.wanted.fact else None
    told = reason.wanted.operator == "==" and reason.holds  # the sentence has said the answer
    if not isinstance(reason.known, bool) and not told:
        shown = say(say_value(reason.known, fact))
        line.append(say(f"，现为{shown}", f"; now {shown}"), style="dim")
    if origin:
        line.append(f"  [{say(words.ORIGIN[reason.criterion.origin])}]", style="dim")
    return line


def trace(found: Match, rules: RuleSet, say: Say) -> Panel:
    """Return every criterion of an instrument with its tests, and what would change the verdict."""
    one = found.instrument
    lines: list[RenderableType] = [Line(say(one.summary)), Line("")]
    verdict = Line.assemble((say(words.ELIGIBILITY[found.eligibility]), "bold"), f"  {say(words.STATUS[one.status])}")
    lines.append(verdict)
    for line in found.plan.lines:
        reasons = tuple(line.reasons(found.row))
        criterion, holds = line.criterion, line.holds(found.row)
        mark, style = MARKS[holds]
        head = Line.assemble((f"{mark} ", style), (f"{say(words.WANTED_ROLE[criterion.role])}  ", "dim"))
        if len(reasons) == 1 and criterion.title is None:
            head.append(_test_line(reasons[0], rules, say))
            lines.append(Fold(head, 4))
        else:
            head.append(say(criterion_sentence(criterion, rules.catalogue)))
            head.append(f"  [{say(words.ORIGIN[criterion.origin])}]", style="dim")
            lines.append(Fold(head, 4))
            for reason in reasons:
                mark, style = MARKS[reason.holds]
                lines.append(Fold(Line.assemble("    ", (f"{mark} ", style), _test_line(reason, rules, say, origin=False)), 6))
        if criterion.reason is not None and holds is False:
            lines.append(Fold(Line(f"    {say(criterion.reason)}", style="yellow")))
    lines += [Line.assemble((say("暂缓：", "Held back: "), "bold yellow"), say(gate.reason)) for gate in found.blocked_by]
    if found.missing:
        asked = say.join(say(rules.catalogue[fact].label) for fact in found.missing)
        lines.append(Line.assemble((say("还要知道：", "Still to know: "), "bold"), asked))
    if found.changes:
        lines.append(Line.assemble((say("怎样才行：", "What would change it: "), "bold"), changes_line(found, rules, say)))
    if found.wait_until is not None:
        lines.append(Line(say(f"到{found.wait_until}自然满足年限", f"time alone opens it on {found.wait_until}"), style="bold"))
    if found.eligibility == "ineligible" and not found.changes and found.wait_until is None:
        lines.append(
            Line(
                say("没有正当的办法能改变：不符的条件不由企业选择。", "No honest change would turn it: what fails is not the firm's to choose."),
                style="dim",
            )
        )
    lines.append(Line.assemble((say("依据  ", "Basis  "), "bold"), basis_line(one, say)))
    lines.append(Line.assemble((say("提醒  ", "Caveat  "), "bold"), say(one.caveat)))
    return Panel(folded(lines), title=Line(say(one.name)), title_align="left", box=box.ROUNDED, padding=(0, 1))


def changes_line(found: Match, rules: RuleSet, say: Say) -> str:
    """Return what would change a verdict, with how hard it is and how long it takes."""
    said = say("；", "; ").join(say(change_sentence(change, rules.catalogue)) for change in found.changes)
    times = [change.time for change in found.changes]
    slowest = max(times, key=list(words.TIME).index)
    hardest = max((change.effort for change in found.changes), key=list(words.EFFORT).index)
    tail = say(words.EFFORT[hardest]) + say("，", ", ") + say(words.TIME[slowest])
    if found.after_changes == "undetermined":
        tail += say("；之后还要补充情况", "; more answers are needed then")
    return say(f"{said}（{tail}）", f"{said} ({tail})")


def not_in_force(instrument_id: str, advice: Advice, say: Say) -> RenderableType:
    """Return when an instrument that has no rule on the day was in force."""
    one = next(one for one in advice.not_in_force if one.id == instrument_id)
    first, last = one.validity.first or "…", one.validity.last or "…"
    return Fold(
        Line(
            say(f"{one.name.zh}：{advice.as_of}不在有效期内（{first}至{last}）", f"{one.name.en}: not in force on {advice.as_of} ({first} to {last})")
        )
    )
