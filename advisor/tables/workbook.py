"""XLSX read safely: the file is surveyed before anything parses it, then parsed by a process of its own under limits.

A few kilobytes of XLSX can ask for hundreds of gigabytes: a parser keeps the whole rectangle between the first and
the last cell. So nothing is parsed before the survey has seen every member of the archive, and the parser may neither
take more memory nor more time than an honest file of that size needs.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import ModuleType
from xml.etree import ElementTree

import fastexcel
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from advisor.domain.errors import InputError
from advisor.tables.header import refusal

resource: ModuleType | None
try:
    import resource
except ImportError:  # Windows: only the patience of the caller limits the parser
    resource = None

MAX_COLUMNS = 1_024
MAX_ROWS = 1_048_576
MAX_AREA = 200_000_000
"""Rows times columns of the rectangle in use."""
SPARSE_AREA, SPARSE_SHARE = 5_000_000, 50
"""A rectangle larger than this may not be larger than its cells times this: a stray cell far away makes it so."""
MAX_MEMBERS = 1_000
MAX_UNPACKED = 4 << 30
MAX_RATIO, RATIO_FREE = 60, 50 << 20
"""How much smaller packed than unpacked; below so many bytes unpacked it does not matter."""
BLOCK = 8 << 20

_RELATIONS = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Sheet:
    """A sheet read: its headers as written (blank where there is none), and the Arrow file that holds its rows by position."""

    name: str
    headers: tuple[str, ...]
    first_row: int
    """The number of the first row below the headers, as Excel shows it."""
    rows: int
    file: Path


@dataclass(slots=True)
class Extent:
    """Where the cells of one sheet lie; rows and columns count from 1."""

    cells: int = 0
    unplaced: int = 0
    """Values in cells that do not say where they are; they follow one another."""
    first_row: int = MAX_ROWS
    last_row: int = 0
    last_column: int = 0

    @property
    def area(self) -> int:
        """Rows times columns of the rectangle in use."""
        return max(0, self.last_row - self.first_row + 1) * self.last_column

    @property
    def is_used(self) -> bool:
        """Whether the sheet holds anything."""
        return self.cells > 0 or self.unplaced > 0

    @property
    def header_row(self) -> int:
        """The first row with content."""
        return self.first_row if self.cells else 1


@dataclass(frozen=True, slots=True)
class Survey:
    """What an XLSX file holds, found without parsing it: the sheets with content in reading order, and the bytes unpacked."""

    sheets: dict[str, Extent]
    every_sheet: tuple[str, ...]
    unpacked: int


# ---------------------------------------------------------------- reading


def read_workbook(path: Path, folder: Path, sheet: str | None = None) -> Sheet:
    """Return a sheet, its rows written as an Arrow file into `folder`: the one named, else the first with content, visible ones first.

    Raises InputError, naming what is wrong, for files that are damaged, locked, no XLSX or dangerous to read.
    """
    found = survey(path)
    name = _chosen(found, path, sheet)
    extent = found.sheets.get(name, Extent())
    if not extent.is_used:
        raise refusal(path, "no_header", "没有内容，第一行应为表头", "it is empty; its first row should hold the headers")
    memory = (2 << 30) + 48 * extent.area + 64 * (extent.cells + extent.unplaced) + 3 * found.unpacked
    seconds = 6 + found.unpacked // (10 << 20)
    _parse_apart(path, folder, name, extent.header_row, memory, seconds)
    headers = tuple(json.loads((folder / "headers.json").read_text(encoding="utf-8")))
    with pa.memory_map(str(folder / "rows.arrow")) as file:
        rows = pa.ipc.open_file(file).get_batch(0).num_rows
    return Sheet(name, headers, extent.header_row + 1, rows, folder / "rows.arrow")


def _chosen(found: Survey, path: Path, sheet: str | None) -> str:
    if sheet is None:
        return next(iter(found.sheets), "")
    if sheet not in found.every_sheet:
        names = "、".join(found.every_sheet), ", ".join(found.every_sheet)
        raise refusal(path, "no_such_sheet", f"没有工作表“{sheet}”（有：{names[0]}）", f"there is no sheet '{sheet}' (there are: {names[1]})")
    return sheet


def _parse_apart(path: Path, folder: Path, sheet: str, header_row: int, memory: int, seconds: int) -> None:
    """Parse in another process. Raises InputError when it fails or is stopped by its limits."""
    order = json.dumps([str(path.resolve()), str(folder), sheet, header_row, memory, seconds])
    search = os.pathsep.join(part for part in sys.path if part)
    environment = os.environ | {"PYTHONPATH": search, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    patience = seconds + 3 if resource is None else 3 * seconds  # a busy machine may give the parser a third of its time
    command = [sys.executable, "-P", "-m", "advisor.tables.workbook", order]
    try:
        ended = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=patience, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        raise _stopped(path) from None
    if ended.returncode == UNREADABLE:
        why = ended.stderr.decode(errors="replace").strip().splitlines()[-1][:200]
        raise _damaged(path, why)
    if ended.returncode:
        raise _stopped(path)


# ---------------------------------------------------------------- the survey


def survey(path: Path) -> Survey:
    """Return what the file holds. Raises InputError for anything that should not be parsed."""
    _refuse_other_kinds(path)
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            _refuse_members(path, members)
            extents = {member.filename: _extent(path, archive, member) for member in members}
            names = _sheets(archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, KeyError, ValueError, ElementTree.ParseError) as error:
        if isinstance(error, InputError):
            raise
        raise _damaged(path, str(error)) from error
    used = {name: extents[member] for name, member in names.items() if member in extents and extents[member].is_used}
    return Survey(used, tuple(names), sum(member.file_size for member in members))


def _refuse_other_kinds(path: Path) -> None:
    with path.open("rb") as file:
        start = file.read(8)
        if start.startswith(b"\xd0\xcf\x11\xe0"):  # the container of .xls, and of locked .xlsx
            if any("EncryptedPackage".encode("utf-16-le") in block for block in iter(lambda: file.read(BLOCK), b"")):
                raise _locked(path)
            raise _no_workbook(path, "这是旧版 .xls 文件，请在 Excel 里另存为 .xlsx", "this is an old .xls file; save it as .xlsx in Excel")
    if not start.startswith(b"PK"):
        raise _no_workbook(
            path, "这不是 .xlsx 文件；如果是文本，请把扩展名改为 .csv", "this is no .xlsx file; if it is text, let its name end in .csv"
        )


def _refuse_members(path: Path, members: list[zipfile.ZipInfo]) -> None:
    names = [member.filename for member in members]
    lower = [name.lower() for name in names]
    if any(member.flag_bits & 1 for member in members):
        raise _locked(path)
    if any(name.endswith("vbaproject.bin") for name in lower):
        raise refusal(path, "workbook_macros", "含有宏，请另存为不含宏的 .xlsx", "it holds macros; save it as .xlsx without macros")
    if any("externallinks/" in name for name in lower):
        zh, en = "链接了别的文件，请在“数据→编辑链接”里断开链接", "it links to other files; break the links under Data > Edit Links"
        raise refusal(path, "workbook_links", zh, en)
    if "xl/workbook.xml" not in names:
        raise _no_workbook(path, "这不是 .xlsx 文件，请在 Excel 里另存为 .xlsx", "this is no .xlsx file; save it as .xlsx in Excel")
    if len(set(lower)) < len(lower):
        raise _damaged(path, "a member stands in it twice")
    packed, unpacked = sum(member.compress_size for member in members), sum(member.file_size for member in members)
    if len(members) > MAX_MEMBERS or unpacked > MAX_UNPACKED or (unpacked > RATIO_FREE and unpacked > MAX_RATIO * packed):
        zh = f"解压后过大（{len(members)}个部分，{unpacked >> 20}MB，压缩{unpacked // max(packed, 1)}倍），请改用 CSV"
        en = f"it unpacks to too much ({len(members)} parts, {unpacked >> 20} MB, {unpacked // max(packed, 1)} times its size); use CSV"
        raise refusal(path, "workbook_too_large", zh, en)


def _sheets(archive: zipfile.ZipFile) -> dict[str, str]:
    """Return the archive member of every sheet by name, visible sheets first, else in the order of the tabs."""
    # No entity is left to expand: members that declare a document type have been refused.
    relations = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314
    targets = {relation.get("Id"): relation.get("Target", "") for relation in relations}
    sheets = [element for element in ElementTree.fromstring(archive.read("xl/workbook.xml")).iter() if element.tag.endswith("}sheet")]  # noqa: S314
    sheets.sort(key=lambda element: element.get("state", "visible") != "visible")
    return {element.get("name", ""): str(PurePosixPath("/xl") / targets[element.get(f"{_RELATIONS}id")])[1:] for element in sheets}


def _extent(path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Extent:
    """Return where the cells of a member lie; every member is looked at, for any may be declared a sheet."""
    extent = Extent()
    for text in _whole_tags(archive, member):
        if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
            raise refusal(path, "workbook_entities", "XML里定义了实体，可能是恶意文件", "its XML declares entities, as harmful files do")
        if b"\0" in text and member.filename.endswith((".xml", ".rels")):
            raise _damaged(path, f"{member.filename} is not UTF-8")
        _extend(extent, text)
        if extent.last_column > MAX_COLUMNS or extent.last_row > MAX_ROWS:
            raise _far_cell(path, extent)
    sparse = extent.area > max(SPARSE_AREA, SPARSE_SHARE * extent.cells)
    if extent.area > MAX_AREA or sparse:
        raise _far_cell(path, extent)
    return extent


def _whole_tags(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield the text of a member in blocks that cut no tag."""
    rest = b""
    with archive.open(member) as file:
        while block := file.read(BLOCK):
            text = rest + block
            cut = text.rfind(b"<", 0 if len(text) < 2 * BLOCK else len(text))
            rest = text[cut:] if cut > 0 else b""
            yield text[:cut] if cut > 0 else text
    yield rest


def _extend(extent: Extent, text: bytes) -> None:
    """Take the cells of a text into the extent; cells without content, which only carry a format, do not count."""
    raw = np.frombuffer(text + b">" * 16, np.uint8)
    quotes = (raw[3:] == ord('"')) | (raw[3:] == ord("'"))
    at = np.flatnonzero((raw[1:-2] == ord("r")) & (raw[2:-1] == ord("=")) & quotes & (raw[:-3] <= ord(" "))) + 4
    at = at[(raw[at] & 0xDF >= ord("A")) & (raw[at] & 0xDF <= ord("Z"))]
    ends = np.flatnonzero(raw == ord(">"))
    at = at[raw[ends[np.searchsorted(ends, at)] - 1] != ord("/")]
    if not at.size:
        extent.unplaced += text.count(b"<v>")
        return
    column, row = np.zeros(at.size, np.int64), np.zeros(at.size, np.int64)
    place = at.copy()
    for _ in range(4):
        letter = (raw[place] & 0xDF).astype(np.int64) - ord("A") + 1
        is_letter = (letter >= 1) & (letter <= 26) & (raw[place] >= ord("A"))
        column = np.where(is_letter, column * 26 + letter, column)
        place += is_letter
    for _ in range(8):
        digit = raw[place].astype(np.int64) - ord("0")
        is_digit = (digit >= 0) & (digit <= 9)
        row = np.where(is_digit, row * 10 + digit, row)
        place += is_digit
    extent.cells += at.size
    extent.first_row = min(extent.first_row, int(row.min()))
    extent.last_row = max(extent.last_row, int(row.max()))
    extent.last_column = max(extent.last_column, int(column.max()))


# ---------------------------------------------------------------- refusals


def _no_workbook(path: Path, zh: str, en: str) -> InputError:
    return refusal(path, "not_a_workbook", zh, en)


def _locked(path: Path) -> InputError:
    return refusal(path, "workbook_locked", "有密码保护，请去掉密码再另存", "it is protected by a password; save it without one")


def _damaged(path: Path, why: str) -> InputError:
    return refusal(
        path, "workbook_damaged", f"文件已损坏（{why}），请在 Excel 里打开后另存", f"the file is damaged ({why}); open it in Excel and save it again"
    )


def _stopped(path: Path) -> InputError:
    zh, en = "读取时超出了时间或内存限制，已停止；请改用 CSV", "reading it took more time or memory than its size allows and was stopped; use CSV"
    return refusal(path, "workbook_stopped", zh, en)


def _far_cell(path: Path, extent: Extent) -> InputError:
    corner = f"{_letters(extent.last_column)}{extent.last_row}"
    zh = f"有内容的单元格一直到{corner}，却大多是空的或超出了{MAX_COLUMNS}列、{MAX_ROWS}行；请删掉远处的单元格后另存"
    en = f"its cells reach to {corner}, mostly empty or beyond {MAX_COLUMNS} columns and {MAX_ROWS} rows; delete the far cells and save it again"
    return refusal(path, "far_cell", zh, en)


def _letters(column: int) -> str:
    letters = ""
    while column > 0:
        column, last = divmod(column - 1, 26)
        letters = chr(ord("A") + last) + letters
    return letters


# ---------------------------------------------------------------- the process that parses

UNREADABLE = 3
"""The exit status of the parsing process for a file that the parser refuses."""

ERROR_CELLS = {
    "NA": "#N/A", "Div0": "#DIV/0!", "Name": "#NAME?", "Null": "#NULL!", "Num": "#NUM!", "Ref": "#REF!", "Value": "#VALUE!",
    "GettingData": "#GETTING_DATA",
}  # fmt: skip


def _work(path: str, folder: str, sheet: str, header_row: int, memory: int, seconds: int) -> int:
    _limit(memory, seconds)
    try:
        reader = fastexcel.read_excel(path)
        loaded = reader.load_sheet(sheet, header_row=header_row - 1, schema_sample_rows=None, skip_whitespace_tail_rows=True, whitespace_as_null=True)
        rows, errors = loaded.to_arrow_with_errors()
        headers = _headers(reader, sheet, rows.schema.names)
    except fastexcel.FastExcelError as error:
        print(str(error).splitlines()[0], file=sys.stderr)
        return UNREADABLE
    columns = [_tidy(column) for column in rows.columns]
    for position, texts in _error_texts(errors).items():
        columns[position] = _with_texts(columns[position], texts)
    kept = [position for position, column in enumerate(columns) if headers[position].strip() or column.null_count < len(column)]
    batch = pa.RecordBatch.from_arrays([columns[position] for position in kept], [str(position) for position in kept])
    with pa.OSFile(str(Path(folder) / "rows.arrow"), "wb") as sink, pa.ipc.new_file(sink, batch.schema) as writer:
        writer.write_batch(batch)
    (Path(folder) / "headers.json").write_text(json.dumps([headers[position] for position in kept]), encoding="utf-8")
    return 0


def _limit(memory: int, seconds: int) -> None:
    if resource is not None:
        for kind, limit in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CPU, seconds), (resource.RLIMIT_CORE, 0)):
            with suppress(ValueError, OSError):  # a lower limit holds already
                resource.setrlimit(kind, (limit, limit))


def _headers(reader: fastexcel.ExcelReader, sheet: str, names: list[str]) -> list[str]:
    """Return the headers as written: the parser renames doubled ones and invents missing ones, so those are looked up again."""
    known = set(names)
    if not any(name.startswith("__UNNAMED__") or (re.search(r"_\d+$", name) and name.rpartition("_")[0] in known) for name in names):
        return names
    row = reader.load_sheet(sheet, header_row=None, n_rows=1, schema_sample_rows=1, whitespace_as_null=True).to_arrow()
    return ["" if cell is None else str(cell) for cell in (column[0].as_py() for column in _strings(row.columns))]


def _strings(columns: list[pa.Array]) -> list[pa.Array]:
    return [_tidy(column).cast(pa.string()) for column in columns]


def _tidy(column: pa.Array) -> pa.Array:
    """Return days as dates where no cell has a time, also among text."""
    if pa.types.is_null(column.type):
        return column.cast(pa.string())
    if pa.types.is_timestamp(column.type):
        days = column.cast(pa.date32())
        return days if days.cast(column.type).equals(column) else column
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return pc.replace_substring_regex(column, pattern=r"^(\d{4}-\d{2}-\d{2}) 00:00:00$", replacement=r"\1")
    return column


def _error_texts(errors: fastexcel.CellErrors | None) -> dict[int, dict[int, str]]:
    """Return what stood in cells that hold an error such as #N/A, by column and row: the parser leaves them empty."""
    texts: dict[int, dict[int, str]] = {}
    for error in errors.errors if errors is not None else ():
        row, column = error.offset_position
        kind = re.search(r"Error\((\w+)\)", error.detail)
        texts.setdefault(column, {})[row] = ERROR_CELLS.get(kind[1], f"#{kind[1]}") if kind else error.detail
    return texts


def _with_texts(column: pa.Array, texts: dict[int, str]) -> pa.Array:
    """Return the column as text, with some cells replaced."""
    rows = [row for row in sorted(texts) if row < len(column)]
    mask = np.zeros(len(column), bool)
    mask[rows] = True
    return pc.replace_with_mask(column.cast(pa.string()), pa.array(mask), pa.array([texts[row] for row in rows], pa.string()))


if __name__ == "__main__":
    sys.exit(_work(*json.loads(sys.argv[1])))
