"""A firm: what is known of one enterprise, as of a date."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from unicodedata import category

from advisor.domain.condition import Name, Value
from advisor.domain.dates import FIRST_YEAR, LAST_YEAR, iso_date
from advisor.domain.errors import InputError, Problem, did_you_mean
from advisor.domain.facts import Catalogue
from advisor.domain.text import Text

MOST_PROBLEMS = 50
"""So many problems are told; beyond, the input is another kind of file."""
RESERVED = ("firm_id", "name", "as_of")
"""Keys beside the facts: who the firm is, and the date its facts are asked for."""


@dataclass(frozen=True, slots=True)
class Firm:
    """The facts known of one enterprise; a fact that is not in `facts` is unknown."""

    facts: Mapping[str, Value]
    firm_id: str | None = None
    name: str | None = None
    as_of: dt.date | None = None

    def with_facts(self, changed: Mapping[str, Value]) -> Firm:
        """Return the same firm with some facts changed."""
        return Firm(MappingProxyType({**self.facts, **changed}), self.firm_id, self.name, self.as_of)


def read_firm(given: Mapping[str, object], catalogue: Catalogue) -> Firm:
    """Return the firm that a mapping of fact ids describes.

    Beside facts the mapping may hold `firm_id`, `name` and `as_of`. Raises InputError with every problem at
    once: unknown ids with a suggestion, derived facts given as input, wrong kinds, figures out of range.
    """
    if not isinstance(given, Mapping):
        raise InputError([Problem("not_a_firm", Text("应是一家企业（指标: 值）", "should hold one firm (fact: value)"))])
    problems: list[Problem] = []
    facts: dict[str, Value] = {}
    for key, raw in given.items():
        if len(problems) >= MOST_PROBLEMS:
            break
        if not _is_text(key) or not _is_text(raw):
            shown = ascii(key)[1:-1][:60]
            problems.append(Problem("not_text", Text(f"“{shown}”里有不成字的字符", f"'{shown}' holds characters that are no text")))
            continue
        if key in RESERVED:
            continue
        fact = catalogue.facts.get(str(key))
        if fact is None:
            problems.append(_unknown(str(key), catalogue))
            continue
        try:
            value = fact.read(raw)
        except InputError as error:
            problems.extend(error.problems)
            continue
        if value is not None:
            facts[fact.id] = value
    as_of = _as_of(given.get("as_of"), problems)
    if problems:
        raise InputError(problems)
    code = facts.get("gb_code")
    if isinstance(code, str) and "industry_class" not in facts and (industry := catalogue.industry_of(code)) is not None:
        facts["industry_class"] = industry  # the registered code says it; nobody is asked twice
    words = {key: None if given.get(key) is None else str(given[key])[:200] for key in ("firm_id", "name")}
    return Firm(MappingProxyType(facts), words["firm_id"], words["name"], as_of)


def _is_text(raw: object) -> bool:
    """Return whether a text can be shown: control characters and halves of surrogate pairs cannot."""
    return not isinstance(raw, str) or not any(category(character) in ("Cc", "Cs") for character in raw if character not in "\t\n")


def _unknown(key: str, catalogue: Catalogue) -> Problem:
    if key in catalogue:
        needed = catalogue.asked(Name(key))
        zh, en = f"“{key}”是推算出来的，不能直接填；请填：{'、'.join(needed)}", f"'{key}' is worked out, not given; give {', '.join(needed)}"
        return Problem("derived_fact", Text(zh, en))
    guess = did_you_mean(key, (*catalogue.facts, *RESERVED))
    return Problem("unknown_fact", Text(f"没有“{key}”这个指标{guess.zh}", f"'{key}' is not a fact{guess.en}"))


def _as_of(raw: object, problems: list[Problem]) -> dt.date | None:
    if raw is None:
        return None
    try:
        return usable_day(raw)
    except InputError as error:
        problems.extend(error.problems)
        return None


def usable_day(raw: object) -> dt.date:
    """Return a day to ask for, from a date or ISO text. Raises InputError for what is none, or lies centuries away."""
    try:
        day = raw.date() if isinstance(raw, dt.datetime) else raw if isinstance(raw, dt.date) else iso_date(str(raw))
        if FIRST_YEAR <= day.year <= LAST_YEAR:
            return day
    except ValueError:
        pass
    zh, en = f"as_of：“{raw}”不是可用的日期，请写成 2026-01-31", f"as_of: '{raw}' is not a usable date; write it like 2026-01-31"
    raise InputError([Problem("bad_date", Text(zh, en))])
