"""The sheets of an uploaded file as grids of text, whatever the name of the file says it is."""

from __future__ import annotations

import codecs
import csv
import datetime as dt
import io
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import pyarrow as pa

from advisor.domain.errors import InputError, Place
from advisor.tables.header import refusal
from advisor.tables.workbook import read_workbook, survey

MAX_BYTES = 4 << 20
"""Bytes of a text file."""
MAX_ROWS, MAX_COLUMNS, MAX_CELLS, MAX_SHEETS = 2_000, 300, 100_000, 20

_MARKUP = ("<html", "<!doctype", "<table", "<?xml", "mime-version")
_NO_TEXT = ("%pdf", "{\\rtf")


@dataclass(frozen=True, slots=True)
class Grid:
    """The cells of one sheet, all rows of one width; `is_turned` where rows and columns have changed places."""

    source: str
    name: str
    rows: tuple[tuple[str, ...], ...]
    first_row: int = 1
    by_commas: bool = False
    is_turned: bool = False

    def place(self, row: int, column: int) -> Place:
        """Return where a cell stands in the file."""
        if self.is_turned:
            row, column = column, row
        return Place(self.source, self.first_row + row, column + 1)

    def turned(self) -> Grid:
        """Return the grid with its columns as rows."""
        return replace(self, rows=tuple(zip(*self.rows, strict=True)), is_turned=not self.is_turned)


def read_sheets(path: Path) -> list[Grid]:
    """Return every sheet with content. Raises InputError for files that are neither .xlsx nor text, or damaged, too large, dangerous to read."""
    try:
        with path.open("rb") as file:
            start = file.read(8)
        return _workbook(path) if start.startswith((b"PK", b"\xd0\xcf\x11\xe0")) else [_text(path)]
    except OSError as error:
        if isinstance(error, InputError):
            raise
        raise refusal(path, "unreadable_table", f"读不了（{error.strerror}）", f"it cannot be read ({error.strerror})") from error


def _workbook(path: Path) -> list[Grid]:
    extents = survey(path).sheets
    if len(extents) > MAX_SHEETS or any(extent.last_row > MAX_ROWS or extent.last_column > MAX_COLUMNS for extent in extents.values()):
        raise _too_large(path)
    grids = []
    for name in extents:
        with tempfile.TemporaryDirectory(prefix="statement-") as folder:
            sheet = read_workbook(path, Path(folder), name)
            with pa.OSFile(str(sheet.file)) as file:
                columns = [column.to_pylist() for column in pa.ipc.open_file(file).get_batch(0).columns]
        rows = [sheet.headers, *([_shown(cell) for cell in row] for row in zip(*columns, strict=True))]
        grids.append(_grid(f"{path.name}[{name}]", name, rows, sheet.first_row - 1))
    return grids


def _shown(cell: object) -> str:
    match cell:
        case None:
            return ""
        case float():
            return format(Decimal(str(cell)), "f")
        case dt.datetime():
            return cell.date().isoformat()
        case _:
            return str(cell)


def _text(path: Path) -> Grid:
    raw = path.read_bytes()
    if len(raw) > MAX_BYTES:
        raise _too_large(path)
    text = _decoded(path, raw)
    start = text.lstrip()[:200].lower()
    if start.startswith(_MARKUP):
        zh, en = "这是网页或 XML，请在 Excel 里打开后另存为 .xlsx", "this is a web page or XML; open it in Excel and save it as .xlsx"
        raise refusal(path, "not_a_workbook", zh, en)
    if "\0" in text or start.startswith(_NO_TEXT):
        zh, en = "这既不是 .xlsx 也不是文本，请在 Excel 里另存为 .xlsx", "this is neither .xlsx nor text; save it as .xlsx in Excel"
        raise refusal(path, "unreadable_table", zh, en)
    lines = [line for line in text.splitlines() if line.strip()]
    tabs = sum("\t" in line for line in lines)
    separator = "\t" if 2 * tabs > len(lines) else max(",;", key=lambda one: sum(one in line for line in lines))
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except csv.Error as error:
        zh, en = "引号不成对或位置不对，请另存为 .xlsx", "a quote is not closed or out of place; save it as .xlsx"
        raise refusal(path, "bad_quote", zh, en) from error
    if len(rows) > MAX_ROWS or any(len(row) > MAX_COLUMNS for row in rows):
        raise _too_large(path)
    return _grid(path.name, "", rows, 1, by_commas=separator == ",")


def _decoded(path: Path, raw: bytes) -> str:
    encodings = ["utf-16"] if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    zh, en = "文字不是 UTF-8、UTF-16 或 GB18030 编码，请另存为 UTF-8 的 CSV", "this is not text in UTF-8, UTF-16 or GB18030; save it as CSV in UTF-8"
    raise refusal(path, "bad_encoding", zh, en)


def _grid(source: str, name: str, rows: Sequence[Sequence[str]], first_row: int, *, by_commas: bool = False) -> Grid:
    written = [[cell.strip() for cell in row] for row in rows]
    width = max(map(len, written), default=0)
    if width * len(written) > MAX_CELLS:
        raise _too_large(source)
    return Grid(source, name, tuple(tuple(row + [""] * (width - len(row))) for row in written), first_row, by_commas)


def _too_large(path: Path | str) -> InputError:
    zh = f"文件太大，不像财务报表（最多{MAX_SHEETS}张表，每张{MAX_ROWS}行{MAX_COLUMNS}列）；请只留下三张报表"
    en = f"too large for statements (at most {MAX_SHEETS} sheets of {MAX_ROWS} rows and {MAX_COLUMNS} columns); keep the three statements only"
    return refusal(path, "statement_too_large", zh, en)
