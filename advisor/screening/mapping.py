"""Which column of a file holds which fact, and in which unit.

A header names a fact by its id, its label in either language or one of its synonyms. Spaces, case, full width, hyphens
and underscores do not matter. A unit in brackets or right behind the name (万元, %, 个月, "10k CNY") tells what the
figures below are worth in the fact's own unit.
"""

from __future__ import annotations

import re
from collections import abc
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from unicodedata import normalize

from advisor.domain.condition import Name
from advisor.domain.errors import InputError, Problem, did_you_mean, nearest
from advisor.domain.facts import AnyFact, Catalogue, Fact
from advisor.domain.text import Lang, Text

Given = abc.Mapping[str, "str | abc.Mapping[str, str | None] | None"]
"""What a user says of columns: a fact id, `{fact: id, unit: 万元}`, or None for a column that is only passed through."""

KEYS: abc.Mapping[str, Text] = {"firm_id": Text("企业代码", "Firm id"), "name": Text("企业名称", "Name")}
"""Columns that say which firm a row is."""

_KEY_NAMES: abc.Mapping[str, tuple[str, ...]] = {
    "firm_id": ("firm_id", "统一社会信用代码", "社会信用代码", "信用代码", "unified social credit code", "credit code", "uscc", "企业代码",
                "企业编号", "客户编号", "客户号", "company id", "id"),
    "name": ("name", "企业名称", "公司名称", "单位名称", "客户名称", "商户名称", "名称", "company name", "firm name", "enterprise name", "company"),
}  # fmt: skip
"""The usual words, the plainest first; where a file has several, the plainest counts."""

NUMBERS = ("money", "ratio", "int", "number")
"""The kinds of fact that may have a unit."""

_MONEY: abc.Mapping[float, tuple[str, ...]] = {
    1: ("",), 1e3: ("千", "k", "000", "thousand"), 1e4: ("万", "10k", "10000", "tenthousand"), 1e5: ("十万", "100k"),
    1e6: ("百万", "m", "mn", "mln", "million"), 1e7: ("千万", "10m", "10million"), 1e8: ("亿", "100m", "100million"),
    1e9: ("十亿", "b", "bn", "billion"),
}  # fmt: skip
_CURRENCY = ("元", "人民币", "元人民币", "cny", "rmb", "yuan", "¥")
_UNITS: abc.Mapping[str, abc.Mapping[str, float]] = {
    "CNY": {form: worth for worth, scales in _MONEY.items() for scale in scales for word in ("", *_CURRENCY)
            for form in (scale + word, word + scale, "人民币" + scale + word) if form},
    "fraction": {"%": 0.01, "percent": 0.01, "pct": 0.01, "百分比": 0.01, "百分数": 0.01, "‰": 0.001, "permille": 0.001, "小数": 1, "fraction": 1},
    "person": {"人": 1, "名": 1, "个": 1, "person": 1, "persons": 1, "people": 1, "万人": 1e4},
    "day": {"天": 1, "日": 1, "day": 1, "days": 1},
    "month": {"月": 1, "个月": 1, "month": 1, "months": 1, "年": 12, "year": 12, "years": 12},
    "year": {"年": 1, "year": 1, "years": 1},
    "count": {"笔": 1, "个": 1, "次": 1, "期": 1, "count": 1},
    "item": {"件": 1, "项": 1, "个": 1, "item": 1, "items": 1},
    "institution": {"家": 1, "个": 1, "institutions": 1},
    "tCO2": {"吨": 1, "t": 1, "tco2": 1, "tonnes": 1, "万吨": 1e4},
    "point": {"分": 1, "point": 1, "points": 1},
    "rank": {"名": 1, "位": 1, "rank": 1},
    "phase": {"期": 1, "phase": 1},
}  # fmt: skip
"""What one of each unit is worth in the unit of a fact, written as `_key` leaves it."""
_EVERY_UNIT = frozenset(word for words in _UNITS.values() for word in words)
_FOREIGN = re.compile(r"美元|港元|港币|欧元|英镑|日元|usd|hkd|eur|gbp|jpy|[$€£]")
_REMARKS = frozenset({
    "是/否", "是否", "有/无", "y/n", "yes/no", "1/0", "0/1", "true/false", "年月日", "年/月/日", "yyyymmdd", "yyyy/mm/dd", "yyyy.mm.dd", "date",
    "多选", "可多选", "单选", "代码", "code",
})  # fmt: skip
"""What may stand in brackets to tell how an answer is written, not in which unit."""
_SHOWN_UNITS = ("元", "千元", "万元", "百万元", "亿元", "%", "‰", "人", "天", "月", "年", "笔", "件", "家", "吨", "分", "名", "期")
_BRACKET = re.compile(r"\(([^()]*)\)$|\[([^\[\]]*)\]$|【([^【】]*)】$")
_LONGEST_UNIT = 16


@dataclass(frozen=True, slots=True)
class Column:
    """A column that holds a fact; `factor` turns its figures into the fact's own unit, `unit` is as written."""

    header: str
    fact_id: str
    factor: float = 1.0
    unit: str | None = None


@dataclass(frozen=True)
class Mapping:
    """What every column of a file is, in the order of the file."""

    headers: tuple[str, ...]
    columns: tuple[Column, ...]
    keys: abc.Mapping[str, str]
    """The headers of `firm_id` and `name`, where there are such columns."""
    derived: abc.Mapping[str, str]
    """Headers of facts that are worked out: these columns are not read."""
    hints: abc.Mapping[str, str]
    """Headers that are nearly a fact, or a fact that another column was given for, each with the id of that fact."""
    catalogue: Catalogue = field(repr=False, compare=False)

    @cached_property
    def extras(self) -> tuple[str, ...]:
        """The headers that pass through unread."""
        read = {column.header for column in self.columns} | set(self.keys.values())
        return tuple(header for header in self.headers if header not in read)

    @cached_property
    def known(self) -> frozenset[str]:
        """The facts of which something may be known: those that columns hold, and the industry, which its code tells."""
        held = {column.fact_id for column in self.columns}
        return frozenset(held | {"industry_class"} if "gb_code" in held else held)

    @cached_property
    def unmapped(self) -> tuple[str, ...]:
        """The facts that no column holds: unknown for every firm."""
        held = {column.fact_id for column in self.columns}
        return tuple(fact_id for fact_id in self.catalogue.facts if fact_id not in held)

    def lines(self, lang: Lang) -> list[tuple[str, str, str]]:
        """Return a row for each column: its header, what it holds, and a remark."""
        facts = {column.header: column for column in self.columns}
        keys = {header: key for key, header in self.keys.items()}
        rows: list[tuple[str, str, str]] = []
        for header in self.headers:
            if header in facts:
                column = facts[header]
                fact = self.catalogue[column.fact_id]
                factor = f"{column.factor:,.0f}" if column.factor >= 1 else f"{column.factor:g}"
                remark = Text(f"单位：{column.unit}（×{factor}）", f"unit: {column.unit} (×{factor})") if column.unit else Text("", "")
                rows.append((header, f"{fact.label[lang]} ({fact.id})", remark[lang]))
            elif header in keys:
                rows.append((header, f"{KEYS[keys[header]][lang]} ({keys[header]})", ""))
            else:
                rows.append((header, "", self._remark(header)[lang]))
        return rows

    def _remark(self, header: str) -> Text:
        if header in self.derived:
            fact = self.catalogue[self.derived[header]]
            return Text(f"{fact.label.zh}由其他指标推算，不读这一列", f"{fact.label.en} is worked out; this column is not read")
        if header in self.hints:
            fact = self.catalogue[self.hints[header]]
            return Text(f"原样保留；是不是“{fact.label.zh}”（{fact.id}）？", f"passed through; did you mean '{fact.label.en}' ({fact.id})?")
        return Text("原样保留", "passed through")

    def as_given(self) -> dict[str, str | dict[str, str] | None]:
        """Return the mapping in the form in which a user may give it, every column named."""
        given: dict[str, str | dict[str, str] | None] = dict.fromkeys(self.headers)
        given.update({header: key for key, header in self.keys.items()})
        for column in self.columns:
            given[column.header] = column.fact_id if column.unit is None else {"fact": column.fact_id, "unit": column.unit}
        return given


def map_headers(headers: Sequence[str], catalogue: Catalogue, given: Given | None = None) -> Mapping:
    """Return what each column of a file holds; what `given` says of a column goes before what its header says.

    Raises InputError with every problem: two columns for one fact, a unit that does not suit it, and in `given` columns
    that the file lacks, unknown facts and units.
    """
    problems: list[Problem] = []
    said = dict(_read_given(given or {}, headers, catalogue, problems))
    names = _names(catalogue)
    found = {header: said[header] if header in said else _recognise(header, names, catalogue, problems) for header in headers}
    hints: dict[str, str] = {}
    taken = {place.fact_id for header, place in found.items() if place and header in said}
    columns: dict[str, Column] = {}
    derived: dict[str, str] = {}
    for header, place in found.items():
        if place is None or place.fact_id in KEYS:
            continue
        if place.fact_id not in catalogue.facts:
            derived[header] = place.fact_id
        elif place.fact_id in taken and header not in said:
            hints[header] = place.fact_id
        elif place.fact_id in columns:
            problems.append(_two_columns(columns[place.fact_id].header, header, catalogue.facts[place.fact_id]))
        else:
            columns[place.fact_id] = place
    keys = _keys(found, said)
    if problems:
        raise InputError(problems)
    for header in headers:
        if found[header] is None and header not in said and (guess := _nearly(header, names)) is not None:
            hints[header] = guess
    frozen = MappingProxyType
    return Mapping(tuple(headers), tuple(columns.values()), frozen(keys), frozen(derived), frozen(hints), catalogue)


def unit_factor(written: str, fact: Fact) -> float | None:
    """Return what one of a unit is worth in the fact's own unit (CNY, fractions, months …); None where it does not suit."""
    own = {"money": "CNY", "ratio": "fraction"}.get(fact.kind, fact.unit or "")
    return _UNITS.get(own, {}).get(_key(written)) if fact.kind in NUMBERS else None


# ---------------------------------------------------------------- headers


def _key(written: str) -> str:
    return re.sub(r"[\s_\-–—·*:,'’\"“”]+", "", normalize("NFKC", written)).casefold()


def _names(catalogue: Catalogue) -> dict[str, str]:
    """Return the fact id or key that each name stands for; an id goes before a label, a label before a synonym."""
    names: dict[str, str] = {}
    every: tuple[AnyFact, ...] = (*catalogue.facts.values(), *catalogue.derived.values(), *catalogue.estimated.values())
    named = [(fact.id, fact.id) for fact in every]
    named += [(word, key) for key, words in _KEY_NAMES.items() for word in words]
    named += [(label, fact.id) for fact in every for label in (fact.label.zh, fact.label.en)]
    named += [(synonym, fact.id) for fact in catalogue.facts.values() for synonym in fact.synonyms]
    for written, fact_id in named:
        names.setdefault(_key(written), fact_id)
    return names


def _recognise(header: str, names: abc.Mapping[str, str], catalogue: Catalogue, problems: list[Problem]) -> Column | None:
    whole = names.get(_key(header))
    if whole is not None:
        return Column(header, whole)
    for head, unit, bracketed in _splits(header):
        fact_id = names.get(_key(head), "")
        if fact_id in catalogue.facts:
            fact = catalogue.facts[fact_id]
            factor = unit_factor(unit, fact)
            if factor is not None:
                return Column(header, fact_id, factor, unit)
            if bracketed and fact.kind not in NUMBERS and _key(unit) in _REMARKS:
                return Column(header, fact_id)
            if bracketed and _is_unit(unit):
                problems.append(_unsuitable(header, unit, fact))
        elif fact_id in catalogue and _is_unit(unit):
            return Column(header, fact_id)
    return None


def _splits(header: str) -> Iterator[tuple[str, str, bool]]:
    """Yield the ways to take a header for a name and its unit: the unit in brackets, or behind it, the longest unit first."""
    written = normalize("NFKC", header).strip().rstrip("*: ")
    bracket = _BRACKET.search(written)
    if bracket:
        yield written[: bracket.start()], _unit(next(part for part in bracket.groups() if part is not None)), True
        return
    for start in range(max(1, len(written) - _LONGEST_UNIT), len(written)):
        before, after = written[start - 1], written[start]
        if not (before.isascii() and before.isalnum() and after.isascii() and after.isalnum()):  # never within a word
            yield written[:start], _unit(written[start:]), False


def _unit(written: str) -> str:
    return re.sub(r"^[\s_/,:\-]*(单位|unit\b|in\b)?[\s_/,:\-]*", "", written, flags=re.IGNORECASE).strip()


def _is_unit(written: str) -> bool:
    return _key(written) in _EVERY_UNIT or _FOREIGN.search(_key(written)) is not None


def _keys(found: abc.Mapping[str, Column | None], said: abc.Mapping[str, Column | None]) -> dict[str, str]:
    keys: dict[str, str] = {}
    for key, words in _KEY_NAMES.items():
        order = [_key(word) for word in words]
        headers = [header for header, place in found.items() if place is not None and place.fact_id == key]
        headers.sort(key=lambda header: -1 if header in said else order.index(_key(header)))
        if headers:
            keys[key] = headers[0]
    return keys


def _nearly(header: str, names: abc.Mapping[str, str]) -> str | None:
    bare = re.sub(r"\(.*\)$", "", normalize("NFKC", header))
    for word in dict.fromkeys((header, bare)):
        key = _key(word)
        if key in names and names[key] not in KEYS:
            return names[key]
        close = nearest(key, (name for name, fact_id in names.items() if fact_id not in KEYS)) if len(key) > 2 else None
        if close is not None:
            return names[close]
    return None


# ---------------------------------------------------------------- what the user gives


def _read_given(given: Given, headers: Iterable[str], catalogue: Catalogue, problems: list[Problem]) -> Iterator[tuple[str, Column | None]]:
    known = tuple(headers)
    for header, what in given.items():
        if header not in known:
            guess = did_you_mean(str(header), known)
            problems.append(Problem("unknown_column", Text(f"文件里没有“{header}”这一列{guess.zh}", f"the file has no column '{header}'{guess.en}")))
            continue
        if what is None:
            yield header, None
            continue
        fact_id, unit = (what, None) if isinstance(what, str) else _parts(header, what, problems)
        if fact_id is None:
            continue
        if fact_id in KEYS and unit is None:
            yield header, Column(header, fact_id)
            continue
        fact = catalogue.facts.get(fact_id)
        if fact is None:
            problems.append(_no_fact(header, fact_id, catalogue))
            continue
        factor = 1.0 if unit is None else unit_factor(unit, fact)
        if factor is None:
            problems.append(_unsuitable(header, unit or "", fact) if _is_unit(unit or "") else _unknown_unit(header, unit or "", fact))
            continue
        yield header, Column(header, fact_id, factor, unit)


def _parts(header: str, what: object, problems: list[Problem]) -> tuple[str | None, str | None]:
    if isinstance(what, abc.Mapping) and set(what) <= {"fact", "unit"} and isinstance(what.get("fact"), str):
        unit = what.get("unit")
        if unit is None or isinstance(unit, str):
            return what["fact"], unit
    zh = f"“{header}”：请写指标名，或 {{fact: 指标名, unit: 单位}}，或 null"
    problems.append(Problem("bad_mapping", Text(zh, f"'{header}': write a fact id, or {{fact: id, unit: unit}}, or null")))
    return None, None


def _no_fact(header: str, fact_id: str, catalogue: Catalogue) -> Problem:
    if fact_id in catalogue:
        needed = catalogue.asked(Name(fact_id))
        zh = f"“{header}”：“{fact_id}”是推算出来的，不能直接读；请给出：{'、'.join(needed)}"
        return Problem("derived_fact", Text(zh, f"'{header}': '{fact_id}' is worked out, not read; give {', '.join(needed)}"))
    guess = did_you_mean(fact_id, (*catalogue.facts, *KEYS))
    return Problem("unknown_fact", Text(f"“{header}”：没有“{fact_id}”这个指标{guess.zh}", f"'{header}': '{fact_id}' is not a fact{guess.en}"))


def _two_columns(one: str, other: str, fact: Fact) -> Problem:
    zh = f"“{one}”和“{other}”两列都是{fact.label.zh}（{fact.id}）；请在对应表里把其中一列写成 null"
    en = f"columns '{one}' and '{other}' both hold {fact.label.en} ({fact.id}); set one of them to null in the mapping"
    return Problem("two_columns", Text(zh, en))


def _unsuitable(header: str, unit: str, fact: Fact) -> Problem:
    zh = f"“{header}”：单位“{unit}”不能用于{fact.label.zh}（{fact.id}）"
    return Problem("unit_mismatch", Text(zh, f"'{header}': the unit '{unit}' does not suit {fact.label.en} ({fact.id})"))


def _unknown_unit(header: str, unit: str, fact: Fact) -> Problem:
    known = [word for word in _SHOWN_UNITS if unit_factor(word, fact) is not None]
    guess = did_you_mean(unit, known)
    zh, en = f"“{header}”：不认识单位“{unit}”{guess.zh}", f"'{header}': '{unit}' is not a known unit{guess.en}"
    if known and not guess.zh:
        zh, en = f"{zh}（可用：{'、'.join(known)}）", f"{en} (usable: {', '.join(known)})"
    return Problem("unknown_unit", Text(zh, en))
