"""Figures as people write them: 1,200万元, ３５％, 负3.5亿, (500), 3年."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from math import floor

MIN_NUMBER, MAX_NUMBER = 1e-6, 1e15
"""Zero apart, figures outside are slips; the bounds also keep sums, products and quotients finite."""

_SCALES: Mapping[str, int] = {
    "千": 10**3, "万": 10**4, "十万": 10**5, "百万": 10**6, "千万": 10**7, "亿": 10**8, "十亿": 10**9, "百亿": 10**10,
    "千亿": 10**11, "万亿": 10**12, "thousand": 10**3, "million": 10**6, "billion": 10**9,
}  # fmt: skip
_UNITS: Mapping[str, Mapping[str, str]] = {
    "CNY": {"元": "1", "人民币": "1", "元人民币": "1", "块": "1", "yuan": "1", "rmb": "1", "cny": "1"},
    "person": {"人": "1", "名": "1", "people": "1"},
    "fraction": {"%": "0.01"},
    "day": {"天": "1", "日": "1", "days": "1"},
    "month": {"个月": "1", "月": "1", "年": "12", "months": "1", "years": "12"},
    "year": {"年": "1", "years": "1"},
    "count": {"笔": "1", "个": "1"},
    "item": {"件": "1", "项": "1", "个": "1"},
    "institution": {"家": "1"},
    "tCO2": {"吨": "1", "t": "1"},
    "point": {"分": "1"},
    "rank": {"名": "1", "位": "1"},
    "phase": {"期": "1"},
}
"""The units that may stand behind a figure, by the unit of its fact, each with what it is worth."""

_SCALE_WORDS = "|".join(sorted(_SCALES, key=len, reverse=True))
_FIGURE = re.compile(
    rf"(?P<sign>[-+负亏])?\s*(?:¥|CNY|RMB)?\s*(?P<digits>\d{{1,3}}(?:,\d{{3}})+(?:\.\d*)?|\d+(?:_\d+)*(?:\.\d*)?|\.\d+)"
    rf"(?P<power>[eE][-+]?\d{{1,3}})?\s*(?:个)?(?P<scale>{_SCALE_WORDS})?\s*(?P<unit>\D*)"
)


def read_figure(raw: object, unit: str | None) -> float | int | None:
    """Return the number that was given, as a number or as text in the fact's own unit; None where it is none.

    Brackets are how accountants write a loss. A unit of something else ("3万元" for a count of people) is refused.
    """
    if isinstance(raw, bool):
        return None
    if isinstance(raw, int | float):
        return raw
    written = str(raw).replace("\N{MINUS SIGN}", "-").strip()
    bracketed = written.startswith("(") and written.endswith(")")
    found = _FIGURE.fullmatch(written[1:-1].strip() if bracketed else written)
    if found is None or (bracketed and found["sign"]):
        return None
    worth = _UNITS.get(unit or "", {}).get(found["unit"].strip().casefold(), None) if found["unit"].strip() else "1"
    if worth is None:
        return None
    number = Decimal(found["digits"].replace(",", "").replace("_", "") + (found["power"] or ""))
    number *= _SCALES.get(found["scale"] or "", 1) * Decimal(worth)
    if bracketed or found["sign"] in ("-", "负", "亏"):
        number = -number
    whole = abs(number) < MAX_NUMBER and number == int(number) and unit != "fraction"
    return int(number) if whole else float(number)


def total(numbers: Iterable[float]) -> float:
    """Return the sum, added one after another: `sum` rounds otherwise from Python 3.12 on, and a table must agree."""
    found = 0.0
    for number in numbers:
        found += number
    return found


def to_four_places(number: float) -> float:
    """Return a number from 0 to 1 to four places, half up, by steps that any engine can repeat."""
    return floor(number * 10_000 + 0.5) / 10_000
