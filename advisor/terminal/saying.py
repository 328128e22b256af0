"""What the terminal's pages share: the language, marks, and how an instrument is named."""

from __future__ import annotations

from collections.abc import Iterable

from rich.text import Text as Line

from advisor.domain.instrument import Instrument
from advisor.domain.text import Lang, Text

MARKS = {True: ("✓", "green"), False: ("✗", "red"), None: ("?", "yellow")}


class Say:
    """Picks the language."""

    def __init__(self, lang: Lang) -> None:
        self.lang = lang

    def __call__(self, zh: str | Text, en: str = "") -> str:
        """Return a text, or one of two words, in the language."""
        return zh[self.lang] if isinstance(zh, Text) else zh if self.lang == "zh" else en

    def join(self, parts: Iterable[str]) -> str:
        """Return the parts as a list in words."""
        return ("、" if self.lang == "zh" else ", ").join(parts)


def heading(title: str) -> Line:
    """Return a section's title."""
    return Line(f"\n{title}", style="bold cyan")


def basis_line(one: Instrument, say: Say) -> str:
    """Return the documents an instrument rests on, in words."""
    named = [f"{say(basis.title)}{say('（', ' (')}{basis.doc_no}{say('）', ')')}" if basis.doc_no else say(basis.title) for basis in one.basis]
    return say("；", "; ").join(named)
