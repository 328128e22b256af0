"""What can go wrong, and how it is said.

    AdvisorError
    ├── InputError       facts of a firm that cannot be taken (also a ValueError)
    ├── RuleError        rule files that cannot be read (also a ValueError)
    └── UnknownId        an instrument, fact or date that the rules do not hold (also a LookupError)

Every error carries its `problems`: all that was found, not only the first, each in Chinese and English.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import NamedTuple

from advisor.domain.text import Lang, Text


class Place(NamedTuple):
    """Where something is written: a file, and its line and column counted from 1."""

    file: str = ""
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return ":".join(str(part) for part in self if part)

    def right(self, columns: int) -> Place:
        """Return the place some columns further right."""
        return self._replace(column=self.column + columns)


NOWHERE = Place()


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: a stable code, what it is and what to do, and where it stands."""

    code: str
    text: Text
    place: Place = NOWHERE

    def say(self, lang: Lang) -> str:
        """Return the problem as one line, its place first."""
        place = str(self.place)
        return f"{place}: {self.text[lang]}" if place else self.text[lang]


class AdvisorError(Exception):
    """Anything this product refuses, with every problem found."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problem.say("en") for problem in self.problems))

    def __reduce__(self) -> tuple[type[AdvisorError], tuple[tuple[Problem, ...]]]:
        """Travel to another process with the problems, not only their text."""
        return type(self), (self.problems,)

    def say(self, lang: Lang) -> str:
        """Return all problems, one a line."""
        return "\n".join(problem.say(lang) for problem in self.problems)


class InputError(AdvisorError, ValueError):
    """Facts of a firm that cannot be taken as they stand."""


class RuleError(AdvisorError, ValueError):
    """Rule files that cannot be read."""


class UnknownId(AdvisorError, LookupError):
    """An id that the rules do not hold."""


LONGEST_WORD = 60
"""Longer words are compared by their beginning: comparing takes time."""


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that `word` was probably meant to be."""
    found = get_close_matches(word[:LONGEST_WORD], list(known), n=1, cutoff=0.6)
    return found[0] if found else None


def did_you_mean(word: str, known: Iterable[str]) -> Text:
    """Return "; did you mean …?" in both languages, or nothing."""
    guess = nearest(word, known)
    if guess is None:
        return Text("", "")
    return Text(f"；是不是“{guess}”？", f"; did you mean '{guess}'?")
