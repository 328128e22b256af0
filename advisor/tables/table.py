"""A table of firms as it lies in a file: CSV, XLSX, Parquet or a folder of Parquet, as batches of raw columns."""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from advisor.domain.errors import InputError
from advisor.tables.csvfile import read_frames, read_layout
from advisor.tables.header import named, refusal
from advisor.tables.workbook import read_workbook

Format = Literal["csv", "xlsx", "parquet"]
FORMATS: dict[str, Format] = {".csv": "csv", ".txt": "csv", ".tsv": "csv", ".xlsx": "xlsx", ".parquet": "parquet"}

ROWS = 262_144
"""Rows of a batch, when nothing else is said."""
LIGHT = 4
"""Bytes a value in Parquet, packed as dictionary; heavier columns hold mostly different values and stay text."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Row groups of a Parquet file that are read at once; `first` counts the rows of the table before it."""

    file: Path
    groups: tuple[int, ...]
    first: int
    rows: int


@dataclass(frozen=True, eq=False)
class Table:
    """A table whose columns have been found and whose rows have not been read.

    `headers` are as written; a column without one is named by its position, as #3. `rows` is None where it is not
    cheaply known. `first_row` is the number of the first row as a reader of the file sees it.
    """

    source: str
    name: str
    format: Format
    headers: tuple[str, ...]
    rows: int | None
    first_row: int
    files: tuple[Path, ...]
    _read: Callable[[int, int, Sequence[str]], Iterator[pl.DataFrame]]
    _expected: int | None = None
    _pieces: Callable[[int], list[Piece]] | None = None
    _read_piece: Callable[[Piece, int, Sequence[str]], Iterator[pl.DataFrame]] | None = None

    @property
    def expected(self) -> int | None:
        """About how many rows there are, where that is cheaply told."""
        return self._expected if self.rows is None else self.rows

    def batches(self, rows: int = ROWS, skip: int = 0, columns: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
        """Yield the rows in order, at most `rows` at a time, without the first `skip`; `columns` keeps some, in that order.

        An empty cell is null. Memory is bounded by the batch, not by the file. Raises InputError where a row cannot be
        read, and ValueError for columns that the table does not have.
        """
        wanted = self.headers if columns is None else tuple(columns)
        missing = [name for name in wanted if name not in self.headers]
        if missing:
            raise ValueError(f"no such columns: {missing}")
        return self._read(rows, skip, wanted)

    def pieces(self, rows: int = ROWS) -> list[Piece] | None:
        """Return the pieces that can be read by themselves, of about `rows` rows or one row group; None where only reading in order will do."""
        return None if self._pieces is None else self._pieces(rows)

    def read(self, piece: Piece, rows: int = ROWS) -> Iterator[pl.DataFrame]:
        """Yield the rows of a piece, at most `rows` at a time. Raises InputError where they cannot be read."""
        assert self._read_piece is not None
        return self._read_piece(piece, rows, self.headers)

    def digest(self) -> str:
        """Return the SHA-256 of the content in hexadecimal; of several files, that of their names and contents."""
        digests = [_digest(file) for file in self.files]
        if len(digests) == 1:
            return digests[0]
        listing = "".join(f"{file.name}\0{digest}\n" for file, digest in zip(self.files, digests, strict=True))
        return hashlib.sha256(listing.encode()).hexdigest()


def open_table(source: str | Path, sheet: str | None = None) -> Table:
    """Return the table in a file, or in a folder or glob of Parquet files taken in the order of their names.

    `sheet` names a sheet of an XLSX file; otherwise the first with content is taken. Raises InputError for what is
    missing, of an unknown kind, damaged or without a header.
    """
    path = Path(source)
    if not path.is_file():
        return _open_parquet(str(source), str(source), _parquet_files(path))
    try:
        match FORMATS.get(path.suffix.lower()):
            case "csv":
                return _open_csv(path)
            case "xlsx":
                return _open_xlsx(path, sheet)
            case "parquet":
                return _open_parquet(str(source), path.name, [path])
    except OSError as error:
        raise refusal(path, "unreadable_table", f"读不了（{error.strerror}）", f"it cannot be read ({error.strerror})") from error
    kinds = " ".join(FORMATS)
    zh, en = f"不认识这种文件，可用的是：{kinds}", f"files of this kind are not known; known are: {kinds}"
    raise refusal(path, "unknown_format", zh, en)


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _sliced(frames: Iterable[pl.DataFrame], rows: int, skip: int) -> Iterator[pl.DataFrame]:
    for frame in frames:
        left = frame.slice(skip)
        skip = max(0, skip - frame.height)
        if left.height:
            yield from left.iter_slices(rows)


def _gathered(frames: Iterable[pl.DataFrame], rows: int) -> Iterator[pl.DataFrame]:
    held: list[pl.DataFrame] = []
    height = 0
    for frame in frames:
        held.append(frame)
        height += frame.height
        if height >= rows:
            whole = pl.concat(held)
            yield whole[:rows]
            held, height = [whole[rows:]], height - rows
    if height:
        yield pl.concat(held)


# ---------------------------------------------------------------- Parquet


def _parquet_files(path: Path) -> list[Path]:
    """Return the Parquet files of a folder or glob. Raises InputError when there are none."""
    if path.is_dir():
        found = [file for file in path.rglob("*") if file.suffix.lower() == ".parquet" and not file.name.startswith((".", "_"))]
    else:
        root = Path(path.anchor) if path.anchor else Path()
        pattern = str(path.relative_to(path.anchor)) if path.anchor else str(path)
        found = [file for file in root.glob(pattern) if file.is_file()] if re.search(r"[*?\[]", pattern) else []
        if any(file.suffix.lower() != ".parquet" for file in found):
            zh, en = "一次读多个文件时，都要是 .parquet", "several files at once must all be .parquet"
            raise refusal(path, "unknown_format", zh, en)
    if not found:
        is_folder = path.is_dir()
        zh = "文件夹里没有 .parquet 文件" if is_folder else "没有这个文件"
        en = "the folder holds no .parquet file" if is_folder else "there is no such file"
        raise refusal(path, "no_such_table", zh, en)
    return sorted(found)


def _open_parquet(source: str, name: str, files: list[Path]) -> Table:
    kinds: dict[str, pa.DataType] = {}
    headers: tuple[str, ...] = ()
    packed: list[str] = []
    groups: list[tuple[Path, list[int]]] = []
    for file in files:
        with _parquet(file) as opened:
            schema = opened.schema_arrow
            found = {field.name: _plain(field.type) for field in schema}
            if not kinds:
                kinds, headers, packed = found, named(schema.names, file, 0), _packed(opened)
            elif found != kinds:
                raise _different(file, files[0], kinds, found)
            groups.append((file, [opened.metadata.row_group(group).num_rows for group in range(opened.num_row_groups)]))

    def pieces(size: int) -> list[Piece]:
        return list(_pieces(groups, size))

    def read_piece(piece: Piece, size: int, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        with _parquet(piece.file, packed) as opened:
            try:
                yield from _read_groups(opened, piece, size, list(columns))
            except (pa.ArrowException, OSError) as error:
                raise _damaged(piece.file, error) from error

    def read(size: int, skip: int, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        for piece in pieces(size):
            if piece.first + piece.rows > skip:
                yield from _sliced(read_piece(piece, size, columns), size, max(0, skip - piece.first))

    rows = sum(sum(sizes) for _, sizes in groups)
    return Table(source, name, "parquet", headers, rows, 1, tuple(files), read, None, pieces, read_piece)


def _pieces(files: list[tuple[Path, list[int]]], size: int) -> Iterator[Piece]:
    """Yield small row groups of a file together, large ones by themselves."""
    first = 0
    for file, sizes in files:
        groups: tuple[int, ...] = ()
        rows = 0
        for group, height in enumerate(sizes):
            if groups and rows + height > size:
                yield Piece(file, groups, first, rows)
                groups, first, rows = (), first + rows, 0
            groups, rows = (*groups, group), rows + height
        if groups:
            yield Piece(file, groups, first, rows)
        first += rows


def _parquet(file: Path, packed: Sequence[str] = ()) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(file, memory_map=True, read_dictionary=list(packed))
    except (pa.ArrowException, OSError) as error:
        raise _damaged(file, error) from error


def _read_groups(opened: pq.ParquetFile, piece: Piece, size: int, columns: list[str]) -> Iterator[pl.DataFrame]:
    """Yield the rows of some row groups: at once, or a very large group bit by bit."""
    if piece.rows > 4 * size:
        parts = opened.iter_batches(size, row_groups=list(piece.groups), columns=columns, use_threads=False)
        yield from _sliced((_frame(part, columns) for part in parts), size, 0)
    else:
        yield from _sliced([_frame(opened.read_row_groups(list(piece.groups), columns, use_threads=False), columns)], size, 0)


def _frame(table: pa.Table | pa.RecordBatch, columns: list[str]) -> pl.DataFrame:
    frame = pl.from_arrow(table, rechunk=False)
    assert isinstance(frame, pl.DataFrame)
    return frame.select(columns)


def _packed(opened: pq.ParquetFile) -> list[str]:
    """Return the text columns that the file keeps as dictionaries of few values."""
    texts = {field.name for field in opened.schema_arrow if pa.types.is_string(field.type) or pa.types.is_large_string(field.type)}
    heavy: set[str] = set()
    seen: set[str] = set()
    for group in range(min(opened.num_row_groups, 8)):
        described = opened.metadata.row_group(group)
        for position in range(described.num_columns):
            column = described.column(position)
            statistics = column.statistics
            nulls = statistics.null_count if statistics is not None and statistics.has_null_count else 0
            known = column.num_values - nulls
            seen.add(column.path_in_schema)
            if not column.has_dictionary_page or column.total_uncompressed_size > LIGHT * known + nulls / 4:
                heavy.add(column.path_in_schema)
    return sorted(texts & seen - heavy)


def _plain(kind: pa.DataType) -> pa.DataType:
    """Return the type of the values, however they are packed."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return pa.string() if pa.types.is_large_string(kind) or pa.types.is_string_view(kind) else kind


def _different(file: Path, first: Path, kinds: dict[str, pa.DataType], found: dict[str, pa.DataType]) -> InputError:
    names = [name for name in kinds | found if kinds.get(name) != found.get(name)][:5]
    zh = f"与{first.name}的列不同：{'、'.join(names)}"
    en = f"its columns differ from those of {first.name}: {', '.join(names)}"
    return refusal(file, "different_columns", zh, en)


def _damaged(file: Path, error: Exception) -> InputError:
    why = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
    return refusal(file, "unreadable_table", f"文件已损坏或不是 Parquet（{why}）", f"the file is damaged or no Parquet ({why})")


# ---------------------------------------------------------------- XLSX


def _open_xlsx(path: Path, sheet: str | None) -> Table:
    folder = Path(tempfile.mkdtemp(prefix="workbook-"))
    try:
        found = read_workbook(path, folder, sheet)
        headers = named(found.headers, path, found.first_row - 1)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise

    def read(size: int, skip: int, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        with pa.memory_map(str(found.file)) as file:
            rows = pa.ipc.open_file(file).get_batch(0)
            for start in range(skip, rows.num_rows, size):
                part = rows.slice(start, size).rename_columns(headers)
                yield _frame(part, list(columns))

    weakref.finalize(found, shutil.rmtree, folder, ignore_errors=True)
    return Table(str(path), path.name, "xlsx", headers, found.rows, found.first_row, (path,), read)


# ---------------------------------------------------------------- CSV


def _open_csv(path: Path) -> Table:
    layout = read_layout(path)

    def read(size: int, skip: int, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        return _gathered(_sliced(read_frames(layout, columns), size, skip), size)

    return Table(str(path), path.name, "csv", layout.headers, None, layout.blank + 2, (path,), read, layout.expected)
