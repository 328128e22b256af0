"""The day or the span of time that the head of a column speaks of.

A fiscal year is the calendar year (会计法 §11), so a whole year ends on 31 December. Figures of a flow under a bare date
run from 1 January to that date, as statements that are made during the year do (企业会计准则第32号).
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from advisor.statements.figures import tight

Word = Literal["", "end", "start", "opening", "year", "last_year", "now", "before", "month"]
"""What a head says besides a date: 期末; 年初; 期初; 本年累计; 上年; 本期; 上期; 本月."""


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A span of whole months that ends on a day, or with 0 months the day itself."""

    end: date
    months: int

    @property
    def is_year(self) -> bool:
        """Whether it is a calendar year or the last day of one."""
        return (self.end.month, self.end.day) == (12, 31) and self.months in (0, 12)

    def __str__(self) -> str:
        return f"{self.end} ({self.months}m)" if self.months else str(self.end)


@dataclass(frozen=True, slots=True)
class Heading:
    """What a head says: an end, the months up to it where it tells them, and a word."""

    end: date | None
    months: int | None
    word: Word


class Unclear(ValueError):
    """Titles that name several periods."""


_SENSES: Mapping[Word, str] = {
    "end": "期末余额 期末数 期末金额 期末 年末余额 年末数 年末金额 年末 本年末 本期末 末 底 末余额 末数",
    "start": "年初余额 年初数 年初金额 年初 上年年末余额 上年年末数 上年年末 上年末余额 上年末数 上年末 初 初余额 初数",
    "opening": "期初余额 期初数 期初金额 期初 上期末",
    "year": "本年累计金额 本年累计数 本年累计发生额 本年累计 本年金额 本年数 本年发生额 本年实际 本年 本年度 累计金额 累计数 累计发生额",
    "last_year": "上年金额 上年数 上年发生额 上年累计金额 上年累计数 上年累计 上年同期金额 上年同期数 上年同期累计 上年同期 上年实际 上年 上年度",
    "now": "本期金额 本期数 本期发生额 本期 金额 数额 余额 发生额",
    "before": "上期金额 上期数 上期发生额 上期",
    "month": "本月金额 本月数 本月发生额 本月 当月金额 当月数 本季金额 本季数",
}
_WORDS: Mapping[str, Word] = {word: sense for sense, words in _SENSES.items() for word in words.split()}
_EARLIER: frozenset[Word] = frozenset({"last_year", "before"})
_AUDIT = re.compile(r"\((?:未经?审计?|已?经?审计|已审)\)|\((?:人民币|单位:?)?[十百千万亿]*元\)")
_EDGE = " ()[]:,、_-\n"

_Y, _M, _D = r"(?P<y>(?:19|20)\d\d)", r"(?P<m>1[0-2]|0?[1-9])", r"(?P<d>3[01]|[12]\d|0?[1-9])"
_QUARTERS = {"一": 1, "二": 2, "三": 3, "四": 4, "1": 1, "2": 2, "3": 3, "4": 4}


def _last_day(year: int, month: int) -> date:
    return date(year, month, monthrange(year, month)[1])


def _span(found: re.Match[str]) -> tuple[date, int]:
    first, last = int(found["m"]), int(found["n"])
    return _last_day(int(found["y"]), last), max(1, last - first + 1)


_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], tuple[date, int | None]]], ...] = (
    (re.compile(rf"{_Y}年?度?{_M}月?-(?P<n>1[0-2]|0?[1-9])月(?:份|累计)?"), _span),
    (re.compile(rf"(?<!\d){_Y}(?:(?P<s>[-/.年]){_M}[-/.月]{_D}日?|(?P<m8>0[1-9]|1[0-2])(?P<d8>0[1-9]|[12]\d|3[01]))(?![\d月])"),
     lambda found: (date(int(found["y"]), int(found["m"] or found["m8"]), int(found["d"] or found["d8"])), None)),
    (re.compile(rf"{_Y}年?度?(?:第?(?P<q>[一二三四1-4])季度?|Q(?P<q4>[1-4]))"),
     lambda found: (_last_day(int(found["y"]), 3 * _QUARTERS[found["q"] or found["q4"]]), 3)),
    (re.compile(rf"{_Y}年?度?前三季度"), lambda found: (_last_day(int(found["y"]), 9), 9)),
    (re.compile(rf"{_Y}年?(?:上半年度?|半年度|中期|H1)"), lambda found: (_last_day(int(found["y"]), 6), 6)),
    (re.compile(rf"(?<!\d){_Y}[-/.年]{_M}(?:月份?)?(?![\d月])"), lambda found: (_last_day(int(found["y"]), int(found["m"])), 1)),
    (re.compile(rf"(?<!\d){_Y}年度?"), lambda found: (date(int(found["y"]), 12, 31), 12)),
)  # fmt: skip
_BARE_YEAR = re.compile(r"(?:FY)?(?P<y>(?:19|20)\d\d)(?:\.0)?(?P<rest>\D.*)?", re.DOTALL)


def _smooth(text: str) -> str:
    return re.sub(r"[—–~至到]+", "-", re.sub(r"截[至止]|00:00:00$", "", tight(text)))


def _dated(text: str) -> tuple[date, int | None, str] | None:
    """Return the first date or span in a text, and the text without it."""
    for form, reading in _FORMS:
        if found := form.search(text):
            try:
                return *reading(found), text[: found.start()] + " " + text[found.end() :]
            except ValueError:  # the 31st of a month that has 30 days
                return None
    return None


def parse_heading(text: str) -> Heading | None:
    """Return what the head of a column says of its period; None where anything in it is not understood, such as 2025年预算."""
    word = _AUDIT.sub("", _smooth(text))
    end, months = None, None
    if found := _dated(word):
        end, months, word = found
        if _dated(word):
            return None
    elif bare := _BARE_YEAR.fullmatch(word):
        end, months, word = date(int(bare["y"]), 12, 31), 12, bare["rest"] or ""
    word = word.replace(" ", "").strip(_EDGE)
    if word in _WORDS:
        return Heading(end, months, _WORDS[word])
    return Heading(end, months, "") if end and not word else None


_OTHER_DAYS = re.compile(r"编制日期|编报日期|填报|填表|制表|打印|报送|导出|审核|成立|签发|报出")


def told_period(texts: Iterable[str]) -> Heading | None:
    """Return the period that titles tell for the whole sheet, None for none. Raises Unclear where they tell different ones."""
    found = {one for text in texts if not _OTHER_DAYS.search(tight(text)) for one in _dates(_smooth(text))}
    days = sorted({end for end, months in found if months is None})
    if len(days) == 2 and days[0].day == 1 and days[0] < days[1]:  # from … to …
        found = {one for one in found if one != (days[0], None)} - {(days[1], None)}
        found.add((days[1], 12 * (days[1].year - days[0].year) + days[1].month - days[0].month + 1))
    spans = {months for _, months in found if months is not None}
    if len({end for end, _ in found}) > 1 or len(spans) > 1:
        raise Unclear("、".join(sorted({str(end) for end, _ in found})))
    return Heading(next(iter(found))[0], next(iter(spans), None), "") if found else None


def _dates(text: str) -> Iterator[tuple[date, int | None]]:
    while found := _dated(text):
        end, months, text = found
        yield end, months


def resolve(heading: Heading, told: Heading | None, year: int | None, *, is_flow: bool, cumulated: bool) -> Period | None:
    """Return the period of a column, None where it cannot be told.

    `told` is what the titles say, `year` the whole year that the user says the current column covers, and `cumulated`
    whether another column beside it holds the year so far: then 本期 is a part of it.
    """
    end, months = heading.end, heading.months
    if end is None and told is not None:
        end, months = told.end, told.months
    if end is None and year is not None:
        end, months = date(year, 12, 31), 12
    if end is None:
        return None
    is_own, is_confirmed = heading.end is not None, year == end.year and (end.month, end.day) == (12, 31)
    if is_flow:
        length = _length(heading.word, end, months, is_confirmed=is_confirmed, is_own=is_own, cumulated=cumulated)
        return None if length is None else Period(_year_before(end) if heading.word in _EARLIER and not is_own else end, length)
    return _day(heading.word, end, months, is_confirmed=is_confirmed, is_own=is_own)


def _length(word: Word, end: date, months: int | None, *, is_confirmed: bool, is_own: bool, cumulated: bool) -> int | None:
    match word:
        case "end" | "start" | "opening":
            return None
        case "month":
            return 1
        case "year" | "last_year":
            return end.month
        case "":
            return end.month if months is None else months
        case "now" | "before":
            if cumulated and not is_own:
                return 1
            if months is None and (end.month, end.day) == (12, 31):
                return 12 if is_confirmed else None  # 本期 under 31 December may be December alone
            return end.month if months is None else months


def _day(word: Word, end: date, months: int | None, *, is_confirmed: bool, is_own: bool) -> Period | None:
    if word == "month":
        return None
    if word not in ("start", "opening", *_EARLIER):
        return Period(end, 0)
    if not is_own:
        if word == "opening" and months in (1, 3) and not is_confirmed:
            return None  # the first day of the year, or of the month?
        return Period(date(end.year - 1, 12, 31), 0)
    if months is None:
        return Period(end - timedelta(days=1) if end.day == 1 else end, 0)
    return Period(date(end.year - 1, 12, 31), 0) if months == 12 else None


def _year_before(end: date) -> date:
    return _last_day(end.year - 1, end.month) if end == _last_day(end.year, end.month) else end.replace(year=end.year - 1)
