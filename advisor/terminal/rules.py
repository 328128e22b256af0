"""Instruments, rules and facts, printed."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text as Line

from advisor.domain import words
from advisor.domain.facts import AnyFact, DerivedFact, EstimatedFact, Fact
from advisor.domain.instrument import Criterion, Instrument
from advisor.domain.notation import text
from advisor.domain.ruleset import RuleSet
from advisor.domain.text import Lang
from advisor.domain.wording import sentence
from advisor.service.view import amount_range
from advisor.terminal.folding import Fold
from advisor.terminal.saying import Say, basis_line, heading


def print_instruments(instruments: Sequence[Instrument], lang: Lang, console: Console | None = None) -> None:
    """Print a table of instruments."""
    out, say = console or Console(highlight=False), Say(lang)
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, title=say(f"{len(instruments)} 个工具", f"{len(instruments)} instruments"))
    wide = out.width >= 140
    table.add_column(say("编号", "Id"), no_wrap=True)
    table.add_column(say("名称", "Name"))
    for title in (say("类", "Family"), say("状态", "Status"), say("核实", "Checked")) if wide else ():
        table.add_column(title)
    table.add_column(say("金额", "Amount"))
    for one in instruments:
        more = (words.FAMILY[one.family], words.STATUS[one.status], words.CONFIDENCE[one.confidence]) if wide else ()
        table.add_row(one.id, Fold(Line(say(one.name))), *(say(text) for text in more), amount_range(one, lang))
    out.print(table)


def print_rule(one: Instrument, versions: Sequence[Instrument], rules: RuleSet, lang: Lang, console: Console | None = None) -> None:
    """Print an instrument's rule in words, with the text of each condition beside it."""
    out, say = console or Console(highlight=False), Say(lang)
    out.print(Line(f"{say(one.name)}  ({one.id})", style="bold"))
    out.print(Fold(Line(f"  {say(one.summary)}")))
    for criterion in one.criteria:
        out.print(Fold(_criterion_line(criterion, rules, say), 6))
        out.print(Fold(Line(f"      {text(criterion.condition)}", style="dim")))
        if criterion.reason is not None:
            out.print(Fold(Line(f"      {say(criterion.reason)}", style="dim")))
    if len(versions) > 1:
        out.print(heading(say("不同时期的规定", "Other periods")))
        for version in versions:
            first, last = version.validity.first or "…", version.validity.last or "…"
            amount = amount_range(version, lang)
            note = f"  {say(version.history)}" if version.other_version and version.history is not None else ""
            out.print(Fold(Line(f"  {first} — {last}  {amount}{note}", style="bold" if version is one else "dim"), 4))
    out.print()
    out.print(Fold(Line.assemble((say("依据  ", "Basis  "), "bold"), basis_line(one, say))))
    checked = f"{say(words.CONFIDENCE[one.confidence])}{say('。', '. ')}{say(one.caveat)}"
    out.print(Fold(Line.assemble((say("提醒  ", "Caveat  "), "bold"), checked)))
    for name in one.sources:
        if rules.sources[name].shown:
            out.print(Line(f"  {say(rules.sources[name].title)}  {rules.sources[name].url}", style="dim"))


def _criterion_line(criterion: Criterion, rules: RuleSet, say: Say) -> Line:
    role = say(words.ROLE[criterion.role])
    line = Line.assemble((f"  {role}  ", "cyan"))
    if criterion.title is not None:
        line.append(f"{say(criterion.title)}{say('：', ': ')}", style="bold")
    line.append(say(sentence(criterion.condition, rules.catalogue)))
    line.append(f"  [{say(words.ORIGIN[criterion.origin])}]", style="dim")
    return line


def print_fact(fact: AnyFact, rules: RuleSet, lang: Lang, console: Console | None = None) -> None:
    """Print what a fact is, where it is found, and whether it can be changed."""
    out, say = console or Console(highlight=False), Say(lang)
    out.print(Line(f"{say(fact.label)}  ({fact.id})", style="bold"))
    if isinstance(fact, Fact):
        out.print(Fold(Line(f"  {say(fact.question)}")))
        out.print(Line(say("  在哪找：", "  Found in: ") + say.join(say(rules.found_in[code]) for code in fact.found), style="dim"))
        if fact.options:
            for option, label in fact.options.items():
                out.print(Line(f"    {option}  {say(label)}", style="dim"))
    elif isinstance(fact, DerivedFact):
        out.print(Line(f"  = {text(fact.formula)}"), soft_wrap=True)
        if fact.note is not None:
            out.print(Fold(Line(f"  {say(fact.note)}")))
    elif isinstance(fact, EstimatedFact):
        for stage, label in fact.options.items():
            out.print(Fold(Line(f"    {stage}  {say(label)}", style="dim")))
        out.print(
            Fold(
                Line(say("  由这些推断：", "  Estimated from: ") + say.join(say(rules.catalogue[name].label) for name in fact.rests_on), style="dim")
            )
        )
    users = [one for one in rules.instruments if not one.other_version and fact.id in rules.asked_by(one)]
    if users:
        names = say.join(say(one.name) for one in users[:12])
        more = "" if len(users) <= 12 else say("等", " and others")
        out.print(Fold(Line(say(f"  {len(users)} 个工具用到它：", f"  Read by {len(users)} instruments: ") + names + more, style="dim")))
