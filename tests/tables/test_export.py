"""Results are written whole or not at all, and no cell of theirs is ever taken for a formula."""

import csv
import datetime as dt
import zipfile
from contextlib import suppress
from pathlib import Path

import openpyxl
import polars as pl
import pyarrow.parquet as pq
import pytest

from advisor.domain.errors import InputError
from advisor.tables import export
from advisor.tables.export import open_writer
from advisor.tables.table import open_table

FRAME = pl.DataFrame(
    {
        "id": ["500112345678901234", "02", "3"],
        "name": ['甲"公司', "乙,公司\n二厂", None],
        "amount": [1.5, None, 1e13],
        "count": [1, 2, None],
        "day": [dt.date(2024, 3, 1), None, dt.date(2026, 1, 31)],
        "fits": [True, False, None],
        "stage": pl.Series(["growth", None, "growth"], dtype=pl.Categorical),
    }
)
HEADERS = ["编号", "名称", "金额", "数目", "日期", "可否", "阶段"]
FORMATS = [".csv", ".xlsx", ".parquet"]
HOSTILE = ["=cmd|'/c calc'!A0", "@SUM(A1)", "+1+2", "-2+3", "\t=1", "\r=1", "＝1+1", '=HYPERLINK("http://x")']


@pytest.mark.parametrize("ending", FORMATS)
def test_what_is_written_reads_back(tmp_path, ending):
    path = tmp_path / f"results{ending}"
    with open_writer(path, HEADERS) as writer:
        writer.write(FRAME[:2])
        writer.write(FRAME[2:])
    table = open_table(path)
    assert table.headers == tuple(HEADERS)
    read = pl.concat(table.batches())
    if ending == ".csv":
        assert read.rows() == [
            ("500112345678901234", '甲"公司', "1.5", "1", "2024-03-01", "true", "growth"),
            ("02", "乙,公司\n二厂", None, "2", None, "false", None),
            ("3", None, "10000000000000", None, "2026-01-31", None, "growth"),
        ]
    else:
        assert read.rows() == FRAME.rows()
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("ending", FORMATS)
def test_no_rows_are_a_header_alone(tmp_path, ending):
    path = tmp_path / f"results{ending}"
    open_writer(path, HEADERS).close()
    assert open_table(path).headers == tuple(HEADERS)
    assert not any(batch.height for batch in open_table(path).batches())


def test_csv_begins_with_the_mark_by_which_excel_knows_chinese(tmp_path):
    with open_writer(tmp_path / "results.csv", HEADERS) as writer:
        writer.write(FRAME)
    assert (tmp_path / "results.csv").read_bytes().startswith(b"\xef\xbb\xbf" + ",".join(HEADERS).encode())


@pytest.mark.parametrize("kind", [pl.String, pl.Categorical, pl.Enum(HOSTILE)])
def test_no_csv_cell_begins_like_a_formula(tmp_path, kind):
    path = tmp_path / "results.csv"
    with open_writer(path, ["=1+2"]) as writer:
        writer.write(pl.DataFrame({"x": pl.Series(HOSTILE, dtype=kind)}))
    with path.open(encoding="utf-8-sig", newline="") as file:
        assert [row[0] for row in csv.reader(file)] == ["'=1+2", *("'" + cell for cell in HOSTILE)]


def test_numbers_stay_numbers_in_csv(tmp_path):
    numbers = ["-5", "+8.5", "-1,200.00", "-3e5", "-12%"]
    with open_writer(tmp_path / "results.csv", ["n", "f"]) as writer:
        writer.write(pl.DataFrame({"n": numbers, "f": [-1.5] * 5}))
    assert pl.concat(open_table(tmp_path / "results.csv").batches()).rows() == [(number, "-1.5") for number in numbers]


def test_no_xlsx_cell_is_a_formula_or_a_link(tmp_path):
    path = tmp_path / "results.xlsx"
    with open_writer(path, ["=1+2"]) as writer:
        writer.write(pl.DataFrame({"x": [*HOSTILE, "http://example.com"]}))
    with zipfile.ZipFile(path) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in sheet
    assert b"<hyperlink" not in sheet
    cells = openpyxl.load_workbook(path).active["A"]
    assert {cell.data_type for cell in cells[1:]} <= {"s", "inlineStr"}


def test_xlsx_holds_further_sheets_and_freezes_its_header(tmp_path):
    path = tmp_path / "results.xlsx"
    with open_writer(path, HEADERS, title="结果") as writer:
        assert writer.attach("汇总", pl.DataFrame({"阶段": ["growth"], "企业": [2]}))
        writer.write(FRAME)
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["结果", "汇总"]
    assert book["结果"].freeze_panes == "A2"
    assert book["结果"]["A2"].value == "500112345678901234"
    assert book["结果"]["E2"].value.date() == dt.date(2024, 3, 1)
    assert [cell.value for cell in book["汇总"][2]] == ["growth", 2]


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_formats_without_sheets_say_so(tmp_path, ending):
    with open_writer(tmp_path / f"results{ending}", HEADERS) as writer:
        assert not writer.attach("汇总", FRAME)


def test_every_frame_is_a_row_group_and_only_text_that_repeats_itself_is_packed_as_dictionary(tmp_path):
    path = tmp_path / "results.parquet"
    frame = pl.concat([FRAME] * 4).with_columns(id=pl.int_range(12).cast(pl.String))
    with open_writer(path, HEADERS) as writer:
        writer.write(frame)
        writer.write(frame[:1])
    described = pq.ParquetFile(path).metadata
    assert [described.row_group(group).num_rows for group in range(described.num_row_groups)] == [12, 1]
    packed = [described.row_group(0).column(place).has_dictionary_page for place in range(7)]
    assert packed == [False, True, False, False, False, False, True]
    assert described.row_group(0).column(0).compression == "ZSTD"


def test_more_rows_than_excel_holds_are_refused_with_the_way_out(tmp_path, monkeypatch):
    monkeypatch.setattr(export, "MAX_SHEET_ROWS", 4)
    writer = open_writer(tmp_path / "results.xlsx", HEADERS)
    writer.write(FRAME)
    with pytest.raises(InputError, match="write CSV or Parquet") as caught:
        writer.write(FRAME)
    assert caught.value.problems[0].code == "too_many_rows"
    assert list(tmp_path.iterdir()) == []


# ---------------------------------------------------------------- whole or not at all


@pytest.mark.parametrize("ending", FORMATS)
def test_an_aborted_run_leaves_what_was_there_before(tmp_path, ending):
    path = tmp_path / f"results{ending}"
    path.write_text("before")
    with suppress(RuntimeError), open_writer(path, HEADERS) as writer:
        writer.write(FRAME)
        raise RuntimeError
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [(path.name, "before")]


@pytest.mark.parametrize("ending", FORMATS)
def test_nothing_stands_at_the_target_before_it_is_complete(tmp_path, ending):
    path = tmp_path / f"results{ending}"
    writer = open_writer(path, HEADERS)
    writer.write(FRAME)
    assert not path.exists()
    writer.close()
    assert path.exists()


def test_a_target_that_cannot_be_written_is_told_before_any_work(tmp_path):
    (tmp_path / "folder.csv").mkdir()
    for target in (tmp_path / "missing" / "results.csv", tmp_path / "folder.csv"):
        with pytest.raises(InputError) as caught:
            open_writer(target, HEADERS)
        assert caught.value.problems[0].code == "unwritable_file"
    with pytest.raises(InputError) as caught:
        open_writer(tmp_path / "results.pdf", HEADERS)
    assert caught.value.problems[0].code == "unknown_format"
    assert [file.name for file in tmp_path.iterdir()] == ["folder.csv"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_told_and_leaves_nothing(tmp_path):
    writer = open_writer(tmp_path / "results.csv", HEADERS)
    writer.file.close()
    writer.file = Path("/dev/full").open("wb")  # noqa: SIM115
    with pytest.raises(InputError) as caught:
        writer.write(pl.concat([FRAME] * 20_000))
    assert caught.value.problems[0].code == "unwritable_file"
    assert list(tmp_path.iterdir()) == []


def test_a_frame_of_another_width_is_a_mistake_of_the_caller(tmp_path):
    with open_writer(tmp_path / "results.csv", HEADERS) as writer, pytest.raises(ValueError, match="2 columns for 7 headers"):
        writer.write(FRAME[:, :2])
