"""What a cell of a statement is worth, and in which unit a sheet says that it is written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from math import gcd
from unicodedata import normalize

from advisor.domain.figures import MAX_NUMBER, read_figure

UNITS: Mapping[str, int] = {"元": 1, "千元": 10**3, "万元": 10**4, "十万元": 10**5, "百万元": 10**6, "千万元": 10**7, "亿元": 10**8}
"""The units of statements in yuan."""
_ENGLISH: Mapping[str, str] = {"": "元", "'000": "千元", "THOUSAND": "千元", "MILLION": "百万元", "MN": "百万元"}

_YUAN = r"(?:人民币)?(?P<zh>(?:十万|百万|千万|千|万|亿)?元)|(?:RMB|CNY)(?P<en>'000|THOUSAND|MILLION|MN)?"
_STATED = re.compile(r"(?:^|[^\w]|金额|货币|计量|列报|计价)单位[:为是]*(?P<rest>.+)$")
_LEADING = re.compile(rf"(?:{_YUAN})(?=$|[^\w□☑]|币种)(?!/股)")
_BRACKETED = re.compile(rf"[(\[](?:人民币:|单位:?)?(?:{_YUAN})[)\]]?$")
_ALONE = re.compile(_YUAN)
_OTHER = r"[百千万亿]*(?:美元|港元|港币|欧元|英镑|日元|USD|HKD|EUR|GBP|JPY|US\$|HK\$)"
_FOREIGN = re.compile(rf"(?<!编制)(?:单位|币种|货币)[:为是]*{_OTHER}|[(\[,]{_OTHER}")

_BLANK = frozenset({"", "-", "--", "---", "—", "——", "–", "/", "\\", "N/A", "n/a", "不适用", "无", "…"})
_PLAIN = re.compile(r"[-+(]?\s*¥?\s*(?:0|[1-9]\d{0,2}(?:,\d{3})+|[1-9]\d*|(?=\.))(?:\.\d*)?\s*\)?")
_CENT = Decimal("0.01")


def tight(text: str) -> str:
    """Return a text without width and spaces."""
    return re.sub(r"\s+", "", normalize("NFKC", text))


def stated_units(texts: Iterable[str]) -> set[str]:
    """Return the units that titles and heads state: 单位：万元, （千元）, 人民币元; 编制单位 is a firm."""
    found: set[str] = set()
    for text in map(tight, texts):
        stated = _STATED.search(text.upper())
        head = _LEADING.match(stated["rest"]) if stated else None
        if stated and head:
            found.add(_name(head))
            found.update(_name(other) for other in _ALONE.finditer(stated["rest"], head.end()) if other["zh"])
        elif (found_here := _BRACKETED.search(text.upper()) or _ALONE.fullmatch(text.upper())) is not None:
            found.add(_name(found_here))
    return found


def bracketed_unit(label: str) -> str | None:
    """Return the unit in brackets at the end of a label, also where the end is cut off; None for none, and for amounts a share."""
    found = _BRACKETED.search(tight(label).upper())
    return _name(found) if found else None


def is_foreign(text: str) -> bool:
    """Return whether a text says that amounts are in another currency."""
    return _FOREIGN.search(tight(text).upper()) is not None


def _name(found: re.Match[str]) -> str:
    return found["zh"] or _ENGLISH[found["en"] or ""]


def is_blank(cell: str) -> bool:
    """Return whether a cell says nothing, in one of the ways of writing that."""
    return tight(cell) in _BLANK


def amount(cell: str, unit: str) -> float | None:
    """Return the yuan in a cell, to the cent; None for an empty one.

    Raises ValueError for all that is not plainly one figure: a unit of its own, an exponent (digits are lost), a
    leading zero (the rest of a figure cut at its comma), an error of the spreadsheet.
    """
    if is_blank(cell):
        return None
    written = tight(cell).replace("\N{MINUS SIGN}", "-")
    figure: float | None = read_figure(written, "CNY") if _PLAIN.fullmatch(written) else None
    if figure is None:
        raise ValueError(cell)
    yuan = float((Decimal(str(figure)) * UNITS[unit]).quantize(_CENT))
    if abs(yuan) > MAX_NUMBER:
        raise ValueError(cell)
    return 0.0 if yuan == 0 else yuan


def step(amounts: Iterable[float]) -> float:
    """Return the largest power of ten, from a cent to 100 million yuan, of which all amounts are multiples: by so much they may be rounded."""
    cents = gcd(*(round(100 * yuan) for yuan in amounts))
    return 10.0 ** (next((power for power in range(10, 0, -1) if cents and cents % 10**power == 0), 0) - 2)
