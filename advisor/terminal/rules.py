"""Instruments, rules and facts, printed."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text as Line

from advisor.domain import words
from advisor.domain.facts import AnyFact, DerivedFact, Fact
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
    for title in (say("编号", "Id"), say("名称", "Name"), say("类", "Family"), say("状态", "Status"), say("金额", "Amount"), say("核实", "Checked")):
        table.add_column(title)
    for one in instruments:
        table.add_row(
            one.id,
            say(one.name),
            say(words.FAMILY[one.family]),
            say(words.STATUS[one.status]),
            amount_range(one, lang),
            say(words.CONFIDENCE[one.confidence]),
        )
    out.print(table)


def print_rule(one: Instrument, versions: Sequence[Instrument], rules: RuleSet, lang: Lang, console: Console | None = None) -> None:
    """Print an instrument's rule in words, with the text of each condition beside it."""
    out, say = console or Console(highlight=False), Say(lang)
    out.print(Line(f"{say(one.name)}  ({one.id})", style="bold"))
    out.print(f"  {say(one.summary)}")
    for criterion in one.criteria:
        out.print(_criterion_line(criterion, rules, say))
        out.print(Line(f"      {text(criterion.condition)}", style="dim"))
        if criterion.reason is not None:
            out.print(Line(f"      {say(criterion.reason)}", style="dim"))
    if len(versions) > 1:
        out.print(heading(say("不同时期的规定", "Other periods")))
        for version in versions:
            first, last = version.validity.first or "…", version.validity.last or "…"
            amount = amount_range(version, lang)
            note = f"  {say(version.history)}" if version.other_version and version.history is not None else ""
            out.print(Line(f"  {first} — {last}  {amount}{note}", style="bold" if version is one else "dim"))
    out.print(Line.assemble((say("\n依据  ", "\nBasis  "), "bold"), basis_line(one, say)))
    out.print(Line.assemble((say("提醒  ", "Caveat  "), "bold"), f"{say(words.CONFIDENCE[one.confidence])}{say('；', '; ')}{say(one.caveat)}"))
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
        out.print(f"  {say(fact.question)}")
        out.print(Line(say("  在哪找：", "  Found in: ") + say.join(say(rules.found_in[code]) for code in fact.found), style="dim"))
        if fact.options:
            for option, label in fact.options.items():
                out.print(Line(f"    {option}  {say(label)}", style="dim"))
    elif isinstance(fact, DerivedFact):
        out.print(Line(f"  = {text(fact.formula)}"), soft_wrap=True)
        if fact.note is not None:
            out.print(Fold(Line(f"  {say(fact.note)}")))
    users = [one for one in rules.instruments if not one.other_version and fact.id in rules.asked_by(one)]
    out.print(
        Line(
            say(f"  {len(users)} 个工具用到它：", f"  Read by {len(users)} instruments: ") + say.join(say(one.name) for one in users[:12]),
            style="dim",
        )
    )
