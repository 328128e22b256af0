"""Made-up firms as a use case: a file of them, for a try."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

from advisor.population.firms import write_firms
from advisor.service.advisor import Advisor


def write_demo(
    adviser: Advisor, count: int, target: Path, seed: int = 1, as_of: dt.date | None = None, progress: Callable[[int, int], None] | None = None
) -> None:
    """Write `count` synthetic firms as CSV, XLSX or Parquet by the ending. Raises InputError when that cannot be written."""
    write_firms(target, count, adviser.rules.catalogue, as_of or adviser.today(), seed, progress=progress)
