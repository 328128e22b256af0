"""What was understood of uploaded statements, printed: each fact with its line, and all that was left out."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text as Line

from advisor.domain.facts import Catalogue
from advisor.domain.text import Lang
from advisor.domain.wording import say_value
from advisor.statements.reading import Understood
from advisor.terminal.folding import Fold
from advisor.terminal.saying import Say, heading

SHOWN = 20


def print_understood(found: Understood, catalogue: Catalogue, lang: Lang, console: Console | None = None) -> None:
    """Print the facts beside the lines they come from, then what was not understood, then what to look at."""
    out, say = console or Console(highlight=False), Say(lang)
    units = say("、", ", ").join(found.units)
    out.print(heading(say(f"{found.year}年的报表，单位：{units}", f"Statements of {found.year}, in {units}")))
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 2, 0, 0))
    for title in (say("指标", "Fact"), say("金额", "Amount"), say("来自哪一行", "From the line")):
        table.add_column(title, justify="right" if title == say("金额", "Amount") else "left")
    for fact, value in found.facts.items():
        named = catalogue.facts[fact]
        lines = say("、", ", ").join(dict.fromkeys(line.label.strip() for line in found.origins[fact]))
        table.add_row(Line(say(named.label)), Line(say(say_value(value, named))), Line(lines, style="dim"))
    out.print(table)
    if found.unmatched:
        labels = [line.label.strip() for line in found.unmatched]
        more = len(labels) - SHOWN
        told = say("、", ", ").join(labels[:SHOWN]) + (say(f"等{len(labels)}行", f" and {more} more") if more > 0 else "")
        out.print(Fold(Line(say("没有用到的行：", "Lines not used: ") + told, style="dim")))
    if found.warnings:
        out.print(heading(say("请看一下", "Please check")))
        for problem in found.warnings[:SHOWN]:
            out.print(Fold(Line(f"  {problem.say(lang)}", style="yellow")))
