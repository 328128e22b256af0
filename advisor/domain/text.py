"""Text in Chinese and English, written side by side so that neither can be forgotten."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Lang = Literal["zh", "en"]


@dataclass(frozen=True, slots=True)
class Text:
    """The same thing said in both languages."""

    zh: str
    en: str

    def __getitem__(self, lang: Lang) -> str:
        return self.zh if lang == "zh" else self.en

    def __add__(self, other: Text) -> Text:
        return Text(self.zh + other.zh, self.en + other.en)

    def fill(self, **parts: Text | str) -> Text:
        """Return the text with its `{names}` filled in, each in its own language."""
        zh = {name: part.zh if isinstance(part, Text) else part for name, part in parts.items()}
        en = {name: part.en if isinstance(part, Text) else part for name, part in parts.items()}
        return Text(self.zh.format_map(zh), self.en.format_map(en))
