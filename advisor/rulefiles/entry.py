"""One value of a rule file, read key by key; what is wrong is noted with file, line and column."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from advisor.domain.condition import TRUE, Constant, Node
from advisor.domain.dates import iso_date
from advisor.domain.errors import Problem, did_you_mean
from advisor.domain.figures import MAX_NUMBER
from advisor.domain.instrument import Validity
from advisor.domain.notation import Naming, parse, parse_condition
from advisor.domain.text import Text
from advisor.rulefiles.yamlfile import Path, YamlFile


@dataclass
class Book:
    """What reading a whole folder collects: the names conditions may use, and every problem."""

    names: dict[str, Naming] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    parsed: dict[tuple[str, bool], Node] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entry:
    """A value at a path of a file. Readers return a stand-in after noting a problem, so that reading goes on."""

    file: YamlFile
    book: Book
    value: Any
    path: Path = ()

    def refuse(self, code: str, zh: str, en: str, key: str | None = None) -> None:
        """Note a problem at this entry or at one of its keys."""
        path = self.path if key is None else (*self.path, key)
        self.book.problems.append(Problem(code, Text(zh, en), self.file.place(path)))

    # ------------------------------------------------------------ structure

    def has(self, key: str) -> bool:
        """Return whether the key is there and not null."""
        return isinstance(self.value, dict) and self.value.get(key) is not None

    def at(self, key: str) -> Entry:
        """Return the entry of a key; an entry of None, noted as a problem, where it is missing."""
        if not isinstance(self.value, dict):
            self.refuse("not_a_mapping", "这里应是键值对", "a mapping is expected here")
            return Entry(self.file, self.book, None, self.path)
        if key not in self.value:
            self.refuse("missing_key", f"缺少“{key}”", f"'{key}' is missing")
        elif self.value[key] is None:
            self.refuse("blank", f"“{key}”不能是 null", f"'{key}' cannot be null", key)
        return Entry(self.file, self.book, self.value.get(key), (*self.path, key))

    def items(self, key: str | None = None) -> list[Entry]:
        """Return the entries of a list (under a key); none when the key is absent."""
        if key is not None:
            return self.at(key).items() if self.has(key) else []
        if not isinstance(self.value, list):
            self.refuse("not_a_list", "这里应是列表", "a list is expected here")
            return []
        return [Entry(self.file, self.book, item, (*self.path, position)) for position, item in enumerate(self.value)]

    def pairs(self, key: str | None = None) -> list[tuple[str, Entry]]:
        """Return the entries of a mapping (under a key) with their keys; none when the key is absent."""
        if key is not None:
            return self.at(key).pairs() if self.has(key) else []
        if not isinstance(self.value, dict):
            self.refuse("not_a_mapping", "这里应是键值对", "a mapping is expected here")
            return []
        return [(name, Entry(self.file, self.book, item, (*self.path, name))) for name, item in self.value.items()]

    def only(self, *keys: str) -> None:
        """Note every key that has no meaning here."""
        for name, entry in self.pairs():
            if name not in keys:
                guess = did_you_mean(name, keys)
                entry.refuse("unknown_key", f"没有“{name}”这个键{guess.zh}", f"'{name}' is not a key here{guess.en}")

    # ------------------------------------------------------------ values

    def text(self, key: str) -> Text:
        """Return a text in both languages."""
        entry = self.at(key)
        value = entry.value
        if isinstance(value, dict) and set(value) == {"zh", "en"} and all(isinstance(v, str) and v.strip() for v in value.values()):
            return Text(value["zh"], value["en"])
        if value is not None:
            entry.refuse("both_languages", f"“{key}”要有中文zh和英文en", f"'{key}' needs both zh and en")
        return Text("", "")

    def maybe_text(self, key: str) -> Text | None:
        """Return a text, or None where it is absent."""
        return self.text(key) if self.has(key) else None

    def string(self, key: str) -> str:
        """Return a text without translation: an id, a document number."""
        entry = self.at(key)
        if isinstance(entry.value, str):
            return entry.value
        if entry.value is not None:
            entry.refuse("wrong_kind", f"“{key}”应是文字", f"'{key}' should be text")
        return ""

    def maybe_string(self, key: str) -> str | None:
        """Return a text without translation, or None where it is absent."""
        return self.string(key) if self.has(key) else None

    def word(self, key: str, allowed: Collection[str]) -> Any:
        """Return one of the words allowed."""
        entry = self.at(key)
        return entry.one_of(allowed) if entry.value is not None else next(iter(allowed), "")

    def one_of(self, allowed: Collection[str]) -> Any:
        """Return this value as one of the words allowed."""
        if isinstance(self.value, str) and self.value in allowed:
            return self.value
        guess = did_you_mean(str(self.value), allowed)
        choices = ", ".join(allowed) if len(allowed) <= 12 else ""
        hint = Text(f"（可用：{choices}）", f" (one of: {choices})") if choices else Text("", "")
        self.refuse("unknown_word", f"不认识“{self.value}”{guess.zh}{hint.zh}", f"'{self.value}' is not known here{guess.en}{hint.en}")
        return next(iter(allowed), "")

    def words(self, key: str, allowed: Collection[str] | None = None) -> tuple[Any, ...]:
        """Return a list of words; () where the key is absent."""
        return tuple(entry.one_of(allowed) if allowed is not None else str(entry.value) for entry in self.items(key))

    def number(self, key: str) -> float:
        """Return a number."""
        entry = self.at(key)
        if _is_number(entry.value):
            return entry.value  # type: ignore[no-any-return]
        if entry.value is not None:
            entry.refuse("wrong_kind", f"“{key}”应是数字", f"'{key}' should be a number")
        return 0.0

    def share(self, key: str) -> float:
        """Return a number between 0 and 1."""
        found = self.number(key)
        if not 0 <= found <= 1:
            self.refuse("not_a_share", f"“{key}”应在0到1之间", f"'{key}' should lie between 0 and 1", key)
            return 0.0
        return found

    def shares(self, key: str, names: Collection[str]) -> dict[Any, float]:
        """Return a mapping with exactly these words, each to a number between 0 and 1."""
        entry = self.at(key)
        entry.only(*names)
        return {name: entry.share(name) for name in names}

    def bounds(self, low: str, high: str) -> tuple[Any, Any]:
        """Return two numbers under two keys, each None where it is not known, the first not above the second."""
        found = self.maybe_number(low), self.maybe_number(high)
        if found[0] is not None and found[1] is not None and found[0] > found[1]:
            self.refuse("upside_down", f"“{low}”大于“{high}”", f"'{low}' is larger than '{high}'", low)
        return found

    def span(self, key: str) -> tuple[float, float]:
        """Return two different numbers, the lower first."""
        low, high = self.numbers(key)
        if low is None or high is None or low >= high:
            self.refuse("upside_down", f"“{key}”应是两个不同的数字，小的在前", f"'{key}' should be two different numbers, the lower first", key)
            return 0.0, 1.0
        return low, high

    def maybe_number(self, key: str) -> Any:
        """Return a number, or None where it is absent or null."""
        return self.number(key) if self.has(key) else None

    def numbers(self, key: str) -> tuple[Any, ...]:
        """Return a list of two bounds; null stands for no bound."""
        entry = self.at(key)
        value = entry.value
        if isinstance(value, list) and len(value) == 2 and all(v is None or _is_number(v) for v in value):
            return tuple(value)
        if value is not None:
            entry.refuse("two_numbers", f"“{key}”应是两个数字", f"'{key}' should be two numbers")
        return (0, 0)

    def flag(self, key: str, default: bool = False) -> bool:
        """Return true or false; the default where the key is absent."""
        if not self.has(key):
            return default
        entry = self.at(key)
        if not isinstance(entry.value, bool):
            entry.refuse("wrong_kind", f"“{key}”应是 true 或 false", f"'{key}' should be true or false")
            return default
        return entry.value

    def day(self, key: str) -> dt.date | None:
        """Return a date, or None where it is absent or null."""
        if not self.has(key):
            return None
        entry = self.at(key)
        try:
            return iso_date(str(entry.value))
        except ValueError:
            entry.refuse("bad_date", f"“{entry.value}”不是 YYYY-MM-DD 形式的日期", f"'{entry.value}' is not a date like 2026-01-31")
            return None

    def validity(self) -> Validity:
        """Return the first and last day under the key `valid`; no bounds where it is absent."""
        if not self.has("valid"):
            return Validity()
        entry = self.at("valid")
        entry.only("from", "to")
        found = Validity(entry.day("from"), entry.day("to"))
        if found.first and found.last and found.first > found.last:
            entry.refuse("empty_period", "开始日期在结束日期之后", "the first day lies after the last")
        return found

    # ------------------------------------------------------------ conditions

    def condition(self, key: str = "if") -> Node:
        """Return the condition under a key."""
        return self._parsed(key, yes_or_no=True)

    def formula(self, key: str) -> Node:
        """Return the formula under a key, of any kind."""
        return self._parsed(key, yes_or_no=False)

    def _parsed(self, key: str, *, yes_or_no: bool) -> Node:
        entry = self.at(key)
        if entry.value is None:
            return TRUE
        written = str(entry.value)
        known = self.book.parsed.get((written, yes_or_no))
        if known is not None:
            return known
        before = len(self.book.problems)
        parser = parse_condition if yes_or_no else parse
        place = self.file.place(entry.path)
        node = parser(written, self.book.names, self.book.problems, place)
        if entry.path in self.file.doubled:  # 'it''s': each quote inside stands twice in the file
            for at in range(before, len(self.book.problems)):
                problem = self.book.problems[at]
                extra = written[: problem.place.column - place.column].count("'")
                self.book.problems[at] = replace(problem, place=problem.place.right(extra))
        if node is None:
            assert len(self.book.problems) > before
            return TRUE if yes_or_no else Constant(0)
        self.book.parsed[(written, yes_or_no)] = node
        return node


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= MAX_NUMBER


def texts(pairs: list[tuple[str, Entry]]) -> Mapping[str, Text]:
    """Return a mapping of words to their texts, each entry being {zh, en} itself."""
    found = {}
    for name, entry in pairs:
        holder = Entry(entry.file, entry.book, {name: entry.value}, entry.path[:-1])
        found[name] = holder.text(name)
    return found
