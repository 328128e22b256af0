"""Results written as CSV, XLSX or Parquet: beside the target first, and moved into place only when complete."""

from __future__ import annotations

import os
import secrets
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from rustpy_xlsxwriter import write_worksheets

from advisor.domain.errors import InputError, Place, Problem
from advisor.domain.text import Text

MAX_SHEET_ROWS = 1_048_575
"""Rows of an XLSX sheet below its header."""
MAX_CELL = 32_767
"""Characters of an XLSX cell."""
LONGEST_TITLE = 31

FORMULA = r"^[=+\-@\t\r＝＋－＠]"
"""How text begins that a spreadsheet would take for a formula."""
NUMBER = r"^[+-]?\d[\d,]*(\.\d*)?([eE][+-]?\d+)?%?$"


class Writer(ABC):
    """A file of results in the making. As a context it is closed at the end, and aborted when something was raised.

    Until `close` the target stays as it was. A failing write aborts and raises InputError.
    """

    def __init__(self, path: Path, headers: Sequence[str]) -> None:
        self.path, self.headers = path, tuple(headers)
        self.part = path.with_name(f".{path.name[:80]}.{secrets.token_hex(4)}.part")
        self.sheets: dict[str, pl.DataFrame] = {}
        try:
            if path.is_dir() or (path.exists() and not os.access(path, os.W_OK)):
                raise PermissionError(13, "Permission denied")
            self.part.touch(exist_ok=False)
        except OSError as error:
            raise self._unwritable(error) from error

    def write(self, frame: pl.DataFrame) -> None:
        """Append rows; columns go by position, under the headers. Raises InputError where they cannot be written."""
        if frame.width != len(self.headers):
            raise ValueError(f"{frame.width} columns for {len(self.headers)} headers")
        self._guarded(lambda: self._write(frame.rename(dict(zip(frame.columns, self.headers, strict=True)))))

    def attach(self, title: str, frame: pl.DataFrame) -> bool:
        """Add a further small sheet and return True; False where the format holds no sheets, and nothing is kept."""
        return False

    def close(self) -> None:
        """Complete the file and move it to its place."""
        self._guarded(self._finish)
        self._guarded(lambda: self.part.replace(self.path))

    def abort(self) -> None:
        """Leave nothing behind; the target stays as it was."""
        self._release()
        self.part.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if kind is None:
            self.close()
        else:
            self.abort()

    def _guarded(self, act: Callable[[], object]) -> None:
        try:
            act()
        except (OSError, pl.exceptions.PolarsError, pa.ArrowException, ValueError) as error:
            self.abort()
            if isinstance(error, InputError):
                raise
            raise self._unwritable(error) from error

    def _unwritable(self, error: Exception) -> InputError:
        why = getattr(error, "strerror", None) or str(error)[:120]
        zh = f"写不了这个文件（{why}）；看看文件夹是否存在、是否可写，文件是否正在 Excel 里打开"
        en = f"the file cannot be written ({why}); look whether its folder exists and may be written to, and whether it is open in Excel"
        return InputError([Problem("unwritable_file", Text(zh, en), Place(str(self.path)))])

    @abstractmethod
    def _write(self, frame: pl.DataFrame) -> None: ...

    @abstractmethod
    def _finish(self) -> None: ...

    @abstractmethod
    def _release(self) -> None: ...


def open_writer(path: str | Path, headers: Sequence[str], title: str = "Results", about: Mapping[str, str] | None = None) -> Writer:
    """Return a writer for the format that the name ends in: .csv, .xlsx or .parquet.

    `title` names the first sheet of XLSX; what the file is `about` is kept in the metadata of Parquet.
    Raises InputError, before any work is done, when the format is unknown or the file cannot be written.
    """
    target = Path(path)
    match target.suffix.lower():
        case ".csv":
            return _CsvWriter(target, headers)
        case ".xlsx":
            return _XlsxWriter(target, headers, title)
        case ".parquet":
            return _ParquetWriter(target, headers, about or {})
    zh, en = "结果可以写成 .csv、.xlsx 或 .parquet", "results are written as .csv, .xlsx or .parquet"
    raise InputError([Problem("unknown_format", Text(zh, en), Place(str(path)))])


class _CsvWriter(Writer):
    """UTF-8 with a byte order mark, so that Excel shows Chinese; no cell is taken for a formula."""

    def __init__(self, path: Path, headers: Sequence[str]) -> None:
        super().__init__(path, headers)
        self.file = self.part.open("wb")
        titles = pl.DataFrame([harmless(pl.Series(self.headers, dtype=pl.String))]).transpose()
        self._guarded(lambda: titles.write_csv(self.file, include_bom=True, include_header=False))

    def _write(self, frame: pl.DataFrame) -> None:
        frame.with_columns(harmless(column) for column in frame).write_csv(self.file, include_header=False, float_scientific=False)

    def _finish(self) -> None:
        self.file.close()

    def _release(self) -> None:
        self.file.close()


class _ParquetWriter(Writer):
    """Every frame written becomes a row group; only text that repeats itself is packed as dictionary, which is where it pays."""

    writer: pq.ParquetWriter | None = None

    def __init__(self, path: Path, headers: Sequence[str], about: Mapping[str, str]) -> None:
        super().__init__(path, headers)
        self.about = about

    def _write(self, frame: pl.DataFrame) -> None:
        table = frame.to_arrow(compat_level=pl.CompatLevel.oldest()).replace_schema_metadata(dict(self.about))
        if self.writer is None:
            packed = [column.name for column in frame if _repeats(column)]
            self.writer = pq.ParquetWriter(
                self.part, table.schema, compression="zstd", compression_level=1, use_dictionary=packed, write_statistics=False
            )
        self.writer.write_table(table.cast(self.writer.schema), row_group_size=max(1, table.num_rows))

    def _finish(self) -> None:
        if self.writer is None:
            self._write(pl.DataFrame(schema=dict.fromkeys(self.headers, pl.String)))
        self._release()

    def _release(self) -> None:
        if self.writer is not None:
            self.writer.close()


class _XlsxWriter(Writer):
    """The results on the first sheet, its header frozen; nothing is written as a formula. Rows are kept until the end."""

    def __init__(self, path: Path, headers: Sequence[str], title: str) -> None:
        super().__init__(path, headers)
        self.title = title
        self.frames: list[pl.DataFrame] = []
        self.rows = 0

    def attach(self, title: str, frame: pl.DataFrame) -> bool:
        self.sheets[title] = frame
        return True

    def _write(self, frame: pl.DataFrame) -> None:
        self.rows += frame.height
        if self.rows > MAX_SHEET_ROWS:
            raise too_many_rows(self.path)
        self.frames.append(frame)

    def _finish(self) -> None:
        results = pl.concat(self.frames, how="vertical_relaxed") if self.frames else pl.DataFrame(schema=dict.fromkeys(self.headers, pl.String))
        sheets = {self.title: results, **self.sheets}
        for title, frame in sheets.items():
            if frame.height > MAX_SHEET_ROWS or not 0 < len(title) <= LONGEST_TITLE:
                raise ValueError(f"sheet {title!r}")
        with self.part.open("wb") as file:
            write_worksheets(
                [(title, frame.select(_for_sheet(column) for column in frame)) for title, frame in sheets.items()],
                file,
                freeze_panes={"general": {"row": 1, "col": 0}},
                bold_headers=True,
                autofit=True,
                autofilter={self.title: True},
                datetime_format="yyyy-mm-dd",
            )

    def _release(self) -> None:
        self.frames.clear()


def too_many_rows(path: Path) -> InputError:
    """Return the error for results that no sheet of Excel can hold."""
    zh = f"超过{MAX_SHEET_ROWS}行，Excel 放不下；请写成 CSV 或 Parquet"
    en = f"more than {MAX_SHEET_ROWS} rows do not fit into Excel; write CSV or Parquet"
    return InputError([Problem("too_many_rows", Text(zh, en), Place(str(path)))])


def harmless(column: pl.Series) -> pl.Series:
    """Return the column with an apostrophe before text that a spreadsheet would take for a formula; numbers stay."""
    if column.dtype in (pl.Categorical, pl.Enum):
        if not column.unique().cast(pl.String).str.contains(FORMULA).any():
            return column
        column = column.cast(pl.String)
    if column.dtype != pl.String:
        return column
    risky = column.str.contains(FORMULA) & ~column.str.contains(NUMBER)
    if not risky.any():
        return column
    return pl.select(pl.when(risky).then("'" + column).otherwise(column).alias(column.name)).to_series()


def _repeats(column: pl.Series) -> bool:
    if column.dtype in (pl.Categorical, pl.Enum):
        return True
    sample = column.head(1_000)
    return column.dtype == pl.String and 2 * sample.n_unique() <= len(sample)


def _for_sheet(column: pl.Series) -> pl.Series:
    if column.dtype in (pl.Categorical, pl.Enum):
        column = column.cast(pl.String)
    if column.dtype == pl.String and (column.str.len_chars() > MAX_CELL).any():
        raise ValueError(f"{column.name}: more than {MAX_CELL} characters in a cell")
    return column
