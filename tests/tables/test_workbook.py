"""A spreadsheet is read in a process of its own, and one that would do harm is refused by name before that."""

import datetime as dt
import io
import tempfile
import zipfile
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from advisor.domain.errors import InputError
from advisor.tables.table import open_table

SHEET = "xl/worksheets/sheet1.xml"


def workbook(rows=(("编号", "名称"), ("1", "甲"))):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


@pytest.fixture
def altered(tmp_path):
    """A workbook made anew with its sheet changed or with further members."""

    def make(change=lambda sheet: sheet, **members):
        path = tmp_path / "firms.xlsx"
        with zipfile.ZipFile(io.BytesIO(workbook())) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
            for name in old.namelist():
                content = old.read(name)
                new.writestr(name, change(content) if name == SHEET else content)
            for name, content in members.items():
                new.writestr(name, content)
        return path

    return make


def with_row(row):
    return lambda sheet: sheet.replace(b"</sheetData>", row + b"</sheetData>")


def refusal_of(path):
    with pytest.raises(InputError) as caught:
        open_table(path)
    (problem,) = caught.value.problems
    assert problem.place.file == "firms.xlsx"
    return problem


def read(path, **how):
    return pl.concat(open_table(path, **how).batches())


# ---------------------------------------------------------------- honest files


def test_cells_keep_their_kind_and_mixed_columns_become_text(tmp_path):
    rows = [
        ["编号", "金额", "混合", "日期", "时间", "是否", None, "空"],
        ["500112345678901234", 1.5, "x", dt.date(2024, 3, 1), dt.datetime(2024, 3, 1, 12, 30), True, "u", None],
        [None] * 8,
        ["02", "#N/A", dt.date(2020, 1, 1), dt.date(2024, 3, 2), dt.datetime(2024, 3, 2), False, None, None],
        ["3", 7, 3, None, None, None, None, None],
        [None] * 7 + [" "],
    ]
    path = tmp_path / "firms.xlsx"
    path.write_bytes(workbook(rows))
    frame = read(path)
    assert frame.columns == ["编号", "金额", "混合", "日期", "时间", "是否", "#7", "空"]
    assert frame.rows() == [
        ("500112345678901234", "1.5", "x", dt.date(2024, 3, 1), dt.datetime(2024, 3, 1, 12, 30), True, "u", None),
        (None,) * 8,
        ("02", "#N/A", "2020-01-01", dt.date(2024, 3, 2), dt.datetime(2024, 3, 2), False, None, None),
        ("3", "7", "3", None, None, None, None, None),
    ]


def test_a_number_after_a_thousand_texts_is_not_lost(tmp_path):
    path = tmp_path / "firms.xlsx"
    path.write_bytes(workbook([["a"], *([n] for n in range(1500)), ["无"]]))
    assert read(path)["a"].to_list()[-2:] == ["1499", "无"]


def test_the_sheet_is_the_first_visible_one_with_content_or_the_one_named(tmp_path):
    book = openpyxl.Workbook()
    book.active.title = "空"
    for name in ("选项", "企业", "附表"):
        book.create_sheet(name).append([name])
    book["选项"].sheet_state = "hidden"
    path = tmp_path / "firms.xlsx"
    book.save(path)
    assert open_table(path).headers == ("企业",)
    assert open_table(path, sheet="附表").headers == ("附表",)
    with pytest.raises(InputError, match="there is no sheet '别的'"):
        open_table(path, sheet="别的")
    with pytest.raises(InputError, match="should hold the headers"):
        open_table(path, sheet="空")


def test_columns_named_twice_are_told_as_they_are_written(tmp_path):
    path = tmp_path / "firms.xlsx"
    path.write_bytes(workbook([["收入", "收入", "收入_1"], [1, 2, 3]]))
    problem = refusal_of(path)
    assert problem.code == "duplicate_column"
    assert problem.text.zh.endswith("：收入")


def test_formats_without_content_far_away_and_a_boastful_dimension_do_no_harm(altered):
    far_format = with_row(b'<row r="1048576"><c r="XFD1048576" s="0"/></row>')
    path = altered(lambda sheet: far_format(sheet).replace(b'ref="A1:B2"', b'ref="A1:XFD1048576"'))
    assert read(path).rows() == [("1", "甲")]


# ---------------------------------------------------------------- hostile files


@pytest.mark.parametrize("cell", ["XFD1048576", "AMJ1048576", "AMK2", "ZZZZ3", "A1048577"])
@pytest.mark.parametrize("quote", ['"', "'"])
def test_a_cell_far_away_is_refused_before_anything_is_parsed(altered, cell, quote):
    path = altered(with_row(f"<row><c r={quote}{cell}{quote}><v>1</v></c></row>".encode()))
    assert path.stat().st_size < 6_000
    assert refusal_of(path).code == "far_cell"


def test_a_far_cell_that_the_survey_cannot_see_ends_the_parser_and_not_the_caller(altered):
    hidden = altered(with_row(b'<row r = "1048576"><c r = "AMJ1048576"><v>1</v></c></row>'))
    assert refusal_of(hidden).code == "workbook_stopped"
    assert read(altered()).rows() == [("1", "甲")]


def test_entities_are_refused(altered):
    laughs = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><worksheet'
    assert refusal_of(altered(lambda sheet: sheet.replace(b"<worksheet", laughs, 1))).code == "workbook_entities"


def test_a_zip_bomb_is_refused_by_what_it_declares(altered):
    assert refusal_of(altered(**{"xl/worksheets/sheet2.xml": b" " * (60 << 20)})).code == "workbook_too_large"


def test_an_archive_of_thousands_of_parts_is_refused(altered):
    assert refusal_of(altered(**{f"xl/{number}.xml": b"" for number in range(1100)})).code == "workbook_too_large"


def test_macros_are_refused(altered):
    assert refusal_of(altered(**{"xl/vbaProject.bin": b"x"})).code == "workbook_macros"


def test_links_to_other_files_are_refused(altered):
    assert refusal_of(altered(**{"xl/externalLinks/externalLink1.xml": b"<x/>"})).code == "workbook_links"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le") + b"\0" * 600, "workbook_locked"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 2000, "not_a_workbook"),
        ("编号,名称\n1,甲\n".encode("gb18030"), "not_a_workbook"),
        (b"", "not_a_workbook"),
        (workbook()[:-400], "workbook_damaged"),
        (workbook()[:200], "workbook_damaged"),
    ],
    ids=["locked", "xls", "csv", "empty", "tail lost", "head only"],
)
def test_what_only_ends_in_xlsx_is_called_what_it_is(tmp_path, content, code):
    path = tmp_path / "firms.xlsx"
    path.write_bytes(content)
    assert refusal_of(path).code == code


def test_an_archive_that_is_no_workbook_is_called_so(tmp_path):
    path = tmp_path / "firms.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("content.xml", "<x/>")
    assert refusal_of(path).code == "not_a_workbook"


def test_a_sheet_whose_tags_do_not_match_is_damaged(altered):
    assert refusal_of(altered(with_row(b'<row r="3"><c r="A3"><v>1</c></v></row>'))).code == "workbook_damaged"


def test_a_member_with_a_flipped_bit_is_damaged(tmp_path):
    content = bytearray(workbook())
    content[content.find(SHEET.encode()) + 60] ^= 255
    path = tmp_path / "firms.xlsx"
    path.write_bytes(content)
    assert refusal_of(path).code == "workbook_damaged"


# ---------------------------------------------------------------- what is left behind


def test_no_temporary_file_outlives_the_table(tmp_path, altered, monkeypatch):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    batches = open_table(altered()).batches()
    assert next(batches).rows() == [("1", "甲")]
    assert any(temporary.iterdir())
    del batches
    assert not any(Path(temporary).iterdir())
    refusal_of(altered(with_row(b'<row r="AMK2"><c r="AMK2"><v>1</v></c></row>')))
    assert not any(Path(temporary).iterdir())
