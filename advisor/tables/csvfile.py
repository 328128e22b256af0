"""CSV as people send it: encoding and separator are found, rows are parsed by blocks, and nothing is lost without a word."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import polars as pl

from advisor.domain.errors import InputError
from advisor.tables.header import named, refusal

BLOCK = 16 << 20
"""Bytes that are parsed at once."""
LONGEST_ROW = 128 << 20
"""Bytes without the end of a row after which a quote is taken to be left open."""
HEAD = 1 << 20
"""Bytes at the beginning in which the header stands and the separator shows."""
SEPARATORS = ",;\t"


@dataclass(frozen=True, slots=True)
class Layout:
    """How a CSV file is written: its header ends before line `lines + 1`, and `blank` empty rows stand above it.

    `expected` is about how many rows stand below: a line counts as a row, even inside of quotes.
    """

    path: Path
    encoding: str
    old_mac: bool
    separator: str
    headers: tuple[str, ...]
    lines: int
    blank: int
    expected: int


def read_layout(path: Path) -> Layout:
    """Return how the file is written. Raises InputError where it is no text, in no known encoding or without a header."""
    encoding, every = _encoding(path)
    raw = next(_texts(path, encoding, HEAD), b"")
    old_mac = b"\r" in raw and b"\n" not in raw
    head = raw.replace(b"\r", b"\n").decode(errors="ignore") if old_mac else raw.decode(errors="ignore")
    if "\0" in head:
        zh, en = "这不是文本文件；如果是 Excel 文件，请把扩展名改为 .xlsx", "this is no text; if it comes from Excel, let its name end in .xlsx"
        raise refusal(path, "unreadable_table", zh, en)
    separator = _separator(head)
    records = csv.reader(io.StringIO(head, newline=""), delimiter=separator)
    try:
        for blank, cells in enumerate(records):
            if any(cell.strip() for cell in cells):
                headers = named(cells, path, records.line_num)
                return Layout(path, encoding, old_mac, separator, headers, records.line_num, blank, max(0, every - records.line_num))
    except csv.Error as error:
        raise _bad_quote(path, records.line_num) from error
    raise refusal(path, "no_header", "文件是空的，第一行应为表头", "the file is empty; its first row should hold the headers")


def _encoding(path: Path) -> tuple[str, int]:
    """Return the encoding in which the whole file reads, and its lines. Raises InputError naming the line where none does."""
    with path.open("rb") as file:
        start = file.read(4)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        candidates = ["utf-16"]
    elif start.startswith(codecs.BOM_UTF8):
        candidates = ["utf-8-sig"]
    else:
        candidates = ["utf-8", "gb18030"]
    failures = []
    for encoding in candidates:
        reads, lines = _read_through(path, encoding)
        if reads:
            return encoding, lines
        failures.append(lines)
    line = max(failures) + 1
    zh = "这一行的文字不是 UTF-8、UTF-16 或 GB18030 编码，请另存为 UTF-8 的 CSV"
    en = "this line is not text in UTF-8, UTF-16 or GB18030; save the file as CSV in UTF-8"
    raise refusal(path, "bad_encoding", zh, en, line)


def _read_through(path: Path, encoding: str) -> tuple[bool, int]:
    """Return whether the file reads in an encoding, and how many ends of lines stand in what could be read."""
    decoder = codecs.getincrementaldecoder(encoding)()
    line = 0
    with path.open("rb") as file:
        while True:
            block = file.read(BLOCK // 8)
            if encoding == "utf-8" and block.isascii() and block and not decoder.getstate()[0]:
                line += block.count(b"\n")
                continue
            try:
                line += decoder.decode(block, final=not block).count("\n")
            except UnicodeDecodeError as error:
                return False, line + error.object[: error.start].decode(encoding, errors="ignore").count("\n")
            if not block:
                return True, line


def _texts(path: Path, encoding: str, size: int) -> Iterator[bytes]:
    """Yield the file's text as UTF-8, without a byte order mark, by blocks of about `size` bytes."""
    with path.open("rb") as file:
        if encoding.startswith("utf-8"):
            file.seek(3 if encoding == "utf-8-sig" else 0)
            while block := file.read(size):
                yield block
            return
        decoder = codecs.getincrementaldecoder(encoding)()
        while block := file.read(size):
            yield decoder.decode(block).encode()


def _separator(head: str) -> str:
    """Return the separator under which the first rows have most often as many cells as the header, and more than one."""

    def score(separator: str) -> tuple[float, int]:
        try:
            records = [cells for cells in islice(csv.reader(io.StringIO(head, newline=""), delimiter=separator), 50) if any(cells)]
        except csv.Error:
            return 0, 0
        width = len(records[0]) if records else 0
        alike = sum(len(cells) == width for cells in records)
        return (alike / len(records) if width > 1 else 0, width)

    return max(SEPARATORS, key=score)


def read_frames(layout: Layout, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
    """Yield some columns as text, in the order given; an empty cell is null. Raises InputError naming a row that cannot be read."""
    positions = [layout.headers.index(name) for name in columns]
    line = 1 + layout.lines
    for text in _without_empty_end(_whole_rows(layout)):
        yield _frame(layout, text, line, positions)
        line += text.count(b"\n")


def _whole_rows(layout: Layout) -> Iterator[bytes]:
    """Yield the rows below the header in blocks that end where a row ends, outside of quotes."""
    rest = b""
    to_skip = layout.lines
    for block in _texts(layout.path, layout.encoding, BLOCK):
        rest += block.replace(b"\r", b"\n") if layout.old_mac else block
        while to_skip and (end := rest.find(b"\n")) >= 0:
            rest = rest[end + 1 :]
            to_skip -= 1
        end = 0 if to_skip else _last_row_end(rest)
        if end or len(rest) > LONGEST_ROW:  # a quote that never closes is found when the block is parsed
            yield rest[: end or len(rest)]
            rest = rest[end or len(rest) :]
    if rest and not to_skip:
        yield rest


def _last_row_end(text: bytes) -> int:
    quotes = text.count(b'"')
    end = len(text)
    while (end := text.rfind(b"\n", 0, end)) >= 0:
        if (quotes - text.count(b'"', end)) % 2 == 0:
            return end + 1
    return 0


def _without_empty_end(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the blocks without the empty rows at the end of the file, which spreadsheets like to leave."""
    held = b""
    for block in blocks:
        content = len(block.rstrip(b"\r\n\t ,;"))
        end = block.find(b"\n", content) + 1 or len(block)
        if content or len(held) > LONGEST_ROW:
            yield held + block[:end]
            held = block[end:]
        else:
            held += block


def _frame(layout: Layout, text: bytes, line: int, positions: list[int]) -> pl.DataFrame:
    title = layout.separator.join(map(str, range(len(layout.headers)))).encode() + b"\n"

    def parse(lenient: bool) -> pl.DataFrame:
        frame = pl.read_csv(
            title + text,
            columns=positions,
            separator=layout.separator,
            infer_schema=False,
            null_values=[""],
            truncate_ragged_lines=lenient,
        )
        return frame.select(pl.col(str(position)).alias(layout.headers[position]) for position in positions)

    try:
        return parse(lenient=False)
    except pl.exceptions.PolarsError:
        _refuse_rows(layout, text, line)
    try:
        return parse(lenient=True)  # what is cut off has been seen to be empty
    except pl.exceptions.PolarsError as error:
        raise _bad_quote(layout.path, line) from error


def _refuse_rows(layout: Layout, text: bytes, line: int) -> None:
    """Raise InputError naming the first row that is longer than the header or badly quoted; return if there is none."""
    raw = ""

    def lines() -> Iterator[str]:
        nonlocal raw
        for one in io.StringIO(text.decode(), newline=""):
            raw += one
            yield one

    records = csv.reader(lines(), delimiter=layout.separator, strict=True)
    width, start = len(layout.headers), line
    try:
        for cells in records:
            if any(cell.strip() for cell in cells[width:]):
                zh = f"这一行有{len(cells)}格，表头只有{width}列；含“{layout.separator}”的内容要加引号"
                en = f"this row has {len(cells)} cells, the header only {width}; put quotes around text that holds '{layout.separator}'"
                raise refusal(layout.path, "ragged_row", zh, en, start)
            if raw.count('"') % 2:
                raise _bad_quote(layout.path, start)
            raw, start = "", line + records.line_num
    except csv.Error as error:
        raise _bad_quote(layout.path, start) from error


def _bad_quote(path: Path, line: int) -> InputError:
    zh = "这一行的引号不成对或位置不对；文字里的引号要写两遍，并把整格用引号括起来"
    en = "a quote in this row is not closed or out of place; write quotes inside text twice and put the whole cell in quotes"
    return refusal(path, "bad_quote", zh, en, line)
