"""What every file of firms must have, a header, and how a file is refused."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from advisor.domain.errors import InputError, Place, Problem
from advisor.domain.text import Text


def refusal(path: Path | str, code: str, zh: str, en: str, line: int = 0) -> InputError:
    """Return the error for a file, and for a line of it counted from 1."""
    return InputError([Problem(code, Text(zh, en), Place(Path(path).name, line))])


def named(cells: Sequence[str], path: Path, line: int) -> tuple[str, ...]:
    """Return the headers, blank ones named by their position. Raises InputError where they cannot be headers."""
    if not any(_is_words(cell) for cell in cells):
        raise refusal(path, "no_header", "第一行应为表头，即各列的名称", "the first row should hold the headers, the names of the columns", line)
    headers = tuple(cell if cell.strip() else f"#{position}" for position, cell in enumerate(cells, 1))
    refuse_doubled(headers, path, line)
    return headers


def refuse_doubled(headers: Sequence[str], path: Path | str = "", line: int = 0) -> None:
    """Raise InputError where two columns have one name; a table that lies in no file has no path."""
    doubled = sorted({header for header in headers if headers.count(header) > 1}, key=headers.index)
    if doubled:
        zh, en = f"这些列名出现了不止一次：{'、'.join(doubled)}", f"these columns are named more than once: {', '.join(doubled)}"
        raise refusal(path, "duplicate_column", zh, en, line)


def _is_words(cell: str) -> bool:
    return bool(cell.strip()) and not re.fullmatch(r"[-+\d.,%eE/:\s]+", cell)
