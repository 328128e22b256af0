"""A table of firms is read as it lies in its file: CSV, XLSX, Parquet; what cannot be read is refused in words."""

import csv
import datetime as dt
import hashlib

import openpyxl
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.domain.errors import InputError
from advisor.tables import csvfile
from advisor.tables.table import open_table

FIRMS = "编号,名称,营业收入\n1,重庆甲公司,1200\n2,重庆乙公司,\n3,,7.5\n"
ROWS = [("1", "重庆甲公司", "1200"), ("2", "重庆乙公司", None), ("3", None, "7.5")]


@pytest.fixture
def csv_file(tmp_path):
    def write(content, name="firms.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def rows_of(table, **how):
    return [row for batch in table.batches(**how) for row in batch.rows()]


def refused(source):
    with pytest.raises(InputError) as caught:
        list(open_table(source).batches())
    (problem,) = caught.value.problems
    assert problem.text.zh
    assert problem.text.en
    return problem


# ---------------------------------------------------------------- CSV


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_csv_reads_the_same_in_every_usual_encoding(csv_file, encoding):
    table = open_table(csv_file(FIRMS.encode(encoding)))
    assert (table.format, table.headers, table.first_row) == ("csv", ("编号", "名称", "营业收入"), 2)
    assert rows_of(table) == ROWS


def test_gb18030_reads_across_blocks(csv_file, monkeypatch):
    monkeypatch.setattr(csvfile, "BLOCK", 101)
    lines = "".join(f"{number},重庆市第{number}𬭚公司\n" for number in range(300))
    table = open_table(csv_file(("编号,名称\n" + lines).encode("gb18030")))
    assert rows_of(table) == [(str(number), f"重庆市第{number}𬭚公司") for number in range(300)]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_separator_and_line_ends_are_found(csv_file, separator, ending):
    table = open_table(csv_file(FIRMS.replace(",", separator).replace("\n", ending)))
    assert table.headers == ("编号", "名称", "营业收入")
    assert rows_of(table) == ROWS


def test_a_decimal_comma_is_not_taken_for_the_separator(csv_file):
    assert rows_of(open_table(csv_file("编号;收入\n1;1,5\n2;2,5\n"))) == [("1", "1,5"), ("2", "2,5")]


def test_quoted_cells_keep_separators_quotes_and_line_ends(csv_file, monkeypatch):
    monkeypatch.setattr(csvfile, "BLOCK", 16)
    table = open_table(csv_file('"编\n号",b\n"1,2","第一行\n第二行"\n3,"他说""好"""\n"",""\n4,x'))
    assert table.headers == ("编\n号", "b")
    assert rows_of(table) == [("1,2", "第一行\n第二行"), ("3", '他说"好"'), (None, None), ("4", "x")]


def test_a_short_row_is_unknown_at_its_end_and_empty_cells_too_many_do_no_harm(csv_file):
    assert rows_of(open_table(csv_file("a,b,c\n1\n2,3,4,,\n5,6,7,\n"))) == [("1", None, None), ("2", "3", "4"), ("5", "6", "7")]


def test_a_row_with_more_cells_than_the_header_is_refused_by_its_line(csv_file):
    problem = refused(csv_file('a,b\n1,"x\ny"\n2,3\n4,5,6\n'))
    assert (problem.code, problem.place.line) == ("ragged_row", 5)


@pytest.mark.parametrize("row", ['2,5"管', '2,"开', '2,"甲"乙'])
def test_a_quote_out_of_place_is_refused_by_its_line(csv_file, row):
    problem = refused(csv_file(f"a,b\n1,x\n{row}\n3,y\n"))
    assert (problem.code, problem.place.line) == ("bad_quote", 3)


def test_empty_rows_keep_their_number_and_those_at_the_end_are_dropped(csv_file):
    table = open_table(csv_file("\n\na,b\n1,2\n\n3,4\n,\n\n , \n"))
    assert table.first_row == 4
    assert rows_of(table) == [("1", "2"), (None, None), ("3", "4")]


def test_a_header_alone_is_a_table_without_rows(csv_file):
    table = open_table(csv_file("a,b"))
    assert table.headers == ("a", "b")
    assert rows_of(table) == []


def test_a_column_without_header_is_named_by_its_position(csv_file):
    assert open_table(csv_file("a,,c\n1,2,3\n")).headers == ("a", "#2", "c")


@pytest.mark.parametrize("content", ["", "\n\n", "1,2,3\n4,5,6\n"])
def test_a_file_without_header_is_refused(csv_file, content):
    assert refused(csv_file(content)).code == "no_header"


def test_columns_named_twice_are_told(csv_file):
    problem = refused(csv_file("收入,名称,收入\n1,2,3\n"))
    assert problem.code == "duplicate_column"
    assert "收入" in problem.text.zh
    assert "名称" not in problem.text.zh


def test_text_in_no_known_encoding_is_refused_by_its_line(csv_file):
    problem = refused(csv_file("a,b\n1,重\n".encode("gb18030") + b"2,\xff\xff\n3,4\n"))
    assert (problem.code, problem.place.line) == ("bad_encoding", 3)


def test_a_broken_character_far_down_in_utf8_is_found_before_any_row_is_read(csv_file):
    path = csv_file(b"a,b\n" + "1,甲\n".encode() * 1000 + b"2,\xff\n")
    with pytest.raises(InputError) as caught:
        open_table(path)
    assert caught.value.problems[0].place.line == 1002


def test_a_workbook_renamed_to_csv_is_refused(csv_file):
    assert refused(csv_file(b"PK\x03\x04\x14\x00\x00\x00\x08\x00")).code == "unreadable_table"


def test_batches_of_any_size_add_up_to_the_whole(csv_file, monkeypatch):
    monkeypatch.setattr(csvfile, "BLOCK", 64)
    table = open_table(csv_file("a,b\n" + "".join(f"{n},x{n}\n" for n in range(100))))
    whole = rows_of(table)
    assert len(whole) == 100
    assert [batch.height for batch in table.batches(rows=30)] == [30, 30, 30, 10]
    assert rows_of(table, rows=7, skip=33) == whole[33:]
    assert rows_of(table, skip=100) == []
    assert rows_of(table, columns=["b"]) == [(b,) for _, b in whole]
    assert rows_of(table, columns=["b", "a"]) == [(b, a) for a, b in whole]
    with pytest.raises(ValueError, match="no such columns"):
        table.batches(columns=["c"])


@settings(max_examples=60)
@given(st.lists(st.tuples(st.just("x"), *[st.text("ab\",;\n\t 重='", max_size=8)] * 2), max_size=12), st.integers(1, 40))
def test_whatever_a_csv_writer_wrote_is_read_back_in_blocks_of_any_size(tmp_path_factory, rows, block):
    path = tmp_path_factory.mktemp("csv") / "firms.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("a", "b", "c"), *rows])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csvfile, "BLOCK", block)
        assert rows_of(open_table(path)) == [tuple(cell or None for cell in row) for row in rows]


def test_the_digest_is_that_of_the_content(csv_file):
    assert open_table(csv_file(FIRMS)).digest() == hashlib.sha256(FIRMS.encode()).hexdigest()


# ---------------------------------------------------------------- Parquet


def firms(count, start=0):
    numbers = range(start, start + count)
    return pa.table(
        {
            "编号": [f"N{number:017}" for number in numbers],
            "规模": [("micro", "small")[number % 2] for number in numbers],
            "收入": [None if number % 5 == 0 else number / 2 for number in numbers],
            "成立": [dt.date(2020, 1, 1)] * count,
        }
    )


@pytest.mark.parametrize("group", [10, 100, 1000])
def test_parquet_comes_in_batches_whatever_its_row_groups(tmp_path, group):
    path = tmp_path / "firms.PARQUET"
    pq.write_table(firms(1000), path, row_group_size=group)
    table = open_table(path)
    assert (table.format, table.rows, table.first_row) == ("parquet", 1000, 1)
    whole = pl.from_arrow(firms(1000)).rows()
    assert rows_of(table) == whole
    assert rows_of(table, rows=64) == whole
    assert max(batch.height for batch in table.batches(rows=64)) <= 64
    for skip in (1, 99, 100, 555, 1000):
        assert rows_of(table, rows=150, skip=skip) == whole[skip:]
    assert rows_of(table, columns=["收入", "编号"], skip=998) == [(499.0, f"N{998:017}"), (499.5, f"N{999:017}")]


def test_text_of_few_values_is_read_as_categories_and_identifiers_as_text(tmp_path):
    path = tmp_path / "firms.parquet"
    pq.write_table(firms(1000), path)
    (batch,) = open_table(path).batches()
    assert batch.dtypes == [pl.String, pl.Categorical, pl.Float64, pl.Date]


def test_a_folder_and_a_glob_read_their_files_by_name(tmp_path):
    for name, start in (("b", 100), ("a", 0), ("c", 200)):
        pq.write_table(firms(100, start), tmp_path / f"{name}.parquet")
    (tmp_path / "_SUCCESS").touch()
    whole = pl.from_arrow(firms(300)).rows()
    folder, glob = open_table(tmp_path), open_table(str(tmp_path / "[ab]*.parquet"))
    assert (folder.rows, glob.rows) == (300, 200)
    assert rows_of(folder) == whole
    assert rows_of(folder, rows=70, skip=150) == whole[150:]
    assert rows_of(glob) == whole[:200]
    assert folder.digest() != glob.digest()


def test_a_file_with_other_columns_is_refused_by_name(tmp_path):
    pq.write_table(firms(10), tmp_path / "a.parquet")
    pq.write_table(firms(10).drop_columns(["收入"]), tmp_path / "b.parquet")
    problem = refused(tmp_path)
    assert (problem.code, problem.place.file) == ("different_columns", "b.parquet")
    assert "收入" in problem.text.zh


@pytest.mark.parametrize("cut", [slice(0, 900), slice(500, None), slice(0, 0)])
def test_a_damaged_parquet_file_is_refused_by_name(tmp_path, cut):
    pq.write_table(firms(1000), tmp_path / "a.parquet")
    content = (tmp_path / "a.parquet").read_bytes()
    (tmp_path / "b.parquet").write_bytes(content[cut])
    problem = refused(tmp_path)
    assert (problem.code, problem.place.file) == ("unreadable_table", "b.parquet")


# ---------------------------------------------------------------- what is no table


def test_what_is_missing_or_of_an_unknown_kind_is_refused(tmp_path):
    (tmp_path / "firms.doc").write_text("x")
    assert refused(tmp_path / "none.csv").code == "no_such_table"
    assert refused(tmp_path / "*.parquet").code == "no_such_table"
    assert refused(tmp_path).code == "no_such_table"
    assert refused(tmp_path / "firms.doc").code == "unknown_format"


# ---------------------------------------------------------------- XLSX


def test_a_workbook_is_a_table_like_the_others(tmp_path):
    book = openpyxl.Workbook()
    book.active.title = "说明"
    sheet = book.create_sheet("企业")
    for row in [[], ["编号", "收入"], *([f"N{number}", number] for number in range(50))]:
        sheet.append(row)
    book.save(tmp_path / "firms.xlsx")
    table = open_table(tmp_path / "firms.xlsx")
    whole = [(f"N{number}", float(number)) for number in range(50)]
    assert (table.format, table.headers, table.rows, table.first_row) == ("xlsx", ("编号", "收入"), 50, 3)
    assert rows_of(table) == whole
    assert rows_of(table, rows=8, skip=13) == whole[13:]
    assert rows_of(table, columns=["收入"], skip=48) == [(48.0,), (49.0,)]
