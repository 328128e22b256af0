"""Days: how they are written, which are usable, and the years between two of them."""

from __future__ import annotations

import datetime as dt
import re

FIRST_YEAR, LAST_YEAR = 1900, 2200
"""Days outside are slips of the pen."""

_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")


def iso_date(written: str) -> dt.date:
    """Return a day written as 2026-01-31 and in no other way. Raises ValueError."""
    if not _ISO.fullmatch(written):
        raise ValueError(written)
    return dt.date.fromisoformat(written)


def years_between(start: dt.date, end: dt.date) -> float | None:
    """Return the years from `start` to `end`, None where it lies before; that of 29 February has its anniversary on 1 March."""
    if end < start:
        return None
    whole = end.year - start.year
    if _anniversary(start, whole) > end:
        whole -= 1
    last, following = _anniversary(start, whole), _anniversary(start, whole + 1)
    return whole + (end - last).days / (following - last).days


def _anniversary(start: dt.date, years: int) -> dt.date:
    try:
        return start.replace(year=start.year + years)
    except ValueError:  # 29 February in a common year
        return dt.date(start.year + years, 3, 1)
