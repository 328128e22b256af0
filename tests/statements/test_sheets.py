"""Files are what they hold, not what they are named, and harmful or foreign ones are refused with what to do."""

import datetime as dt

import openpyxl
import pytest

from advisor.domain.errors import InputError
from advisor.statements import sheets
from advisor.statements.sheets import read_sheets


@pytest.fixture
def file(tmp_path):
    def make(content, name="报表.xls"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return make


@pytest.mark.parametrize(("content", "code"), [
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "not_a_workbook"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "workbook_locked"),
    (b"PK\x03\x04" + b"\0" * 60, "workbook_damaged"),
    (b"<html><table><tr><td>1</td></tr></table></html>", "not_a_workbook"),
    (b"  <?xml version='1.0'?><Workbook/>", "not_a_workbook"),
    (b"%PDF-1.7 text", "unreadable_table"),
    (b"a,b\n1,\0", "unreadable_table"),
    ("项目,2024\n营业收入,1".encode("utf-16-le"), "bad_encoding"),
    (b"\xff\xff\x80,1\n", "bad_encoding"),
    (b'a,"b\n1,2\n', "bad_quote"),
    (b"a,b\n" * 2001, "statement_too_large"),
    (b"a" + b",1" * 300, "statement_too_large"),
    (b"x" * (sheets.MAX_BYTES + 1), "statement_too_large"),
])  # fmt: skip
def test_a_file_is_refused_by_name(file, content, code):
    with pytest.raises(InputError) as caught:
        read_sheets(file(content))
    (problem,) = caught.value.problems
    assert (problem.code, problem.place.file) == (code, "报表.xls")


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InputError, match="read"):
        read_sheets(tmp_path / "none.csv")


def test_commas_in_cells_need_quotes_and_tabs_do_not_need_commas(file):
    assert read_sheets(file('项目,2024\n收入,"1,234"\n'))[0].rows == (("项目", "2024"), ("收入", "1,234"))
    (grid,) = read_sheets(file("项目\t2024\n收入\t1,234\n净利润\n"))
    assert (grid.rows[1:], grid.by_commas) == ((("收入", "1,234"), ("净利润", "")), False)
    assert read_sheets(file("项目;2024\n收入;1,5\n"))[0].rows[1] == ("收入", "1,5")


def test_an_empty_file_has_no_statement(file):
    assert read_sheets(file(b""))[0].rows == ()


def test_cells_of_a_workbook_keep_their_digits_and_their_places(tmp_path):
    book = openpyxl.Workbook()
    book.active.append([])
    for row in (["项目", dt.date(2024, 12, 31), 2023], ["营业收入", 12345678.9, 100], ["", None, None], ["净利润", 1e-5, True]):
        book.active.append(row)
    book.create_sheet("空")
    book.save(tmp_path / "b.xlsx")
    (grid,) = read_sheets(tmp_path / "b.xlsx")
    shown = [list(row) for row in grid.rows]
    assert shown[0] == ["项目", "2024-12-31", "2023"]
    assert shown[1][:2] == ["营业收入", "12345678.9"]
    assert shown[3][:2] == ["净利润", "0.00001"]
    assert grid.place(1, 1) == ("b.xlsx[Sheet]", 3, 2)
    assert grid.turned().place(1, 0) == ("b.xlsx[Sheet]", 2, 2)


def test_a_workbook_of_too_many_sheets_or_rows_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(sheets, "MAX_ROWS", 3)
    book = openpyxl.Workbook()
    for row in range(4):
        book.active.append([row])
    book.save(tmp_path / "b.xlsx")
    with pytest.raises(InputError, match="too large"):
        read_sheets(tmp_path / "b.xlsx")
