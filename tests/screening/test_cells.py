"""Cells: what a file holds read into facts, with nothing lost in silence."""

import datetime as dt
import math
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.domain.errors import InputError
from advisor.screening.cells import BLANKS, LONGEST_SHOWN, Reader
from advisor.screening.columns import DTYPES
from advisor.screening.mapping import map_headers
from tests.made_up import catalogue_of, fact

FACTS = {
    "money": fact("sales", "money", low=0.0),
    "ratio": fact("share", "ratio", low=0.0, high=1.0),
    "int": fact("due", "int", low=0.0, high=400.0, specials={9999.0: None}, unit="day"),
    "number": fact("points", "number", low=0.0, high=100.0),
    "bool": fact("listed", "bool"),
    "date": fact("founded", "date"),
    "text": fact("city", "text"),
    "choice": fact("grade", "choice", options=("a", "b", "none")),
    "choices": fact("purposes", "choices", options=("equipment", "rd", "working_capital")),
}
RESULT = fact("profit", "money")
MONTHS = fact("tenor", "int", low=0.0, unit="month")
CATALOGUE = catalogue_of(*FACTS.values(), RESULT, MONTHS)


def read(fact_id, cells, header=None, first_row=2):
    """One column read: its facts as a list, its issues as (row, code), and the reader."""
    series = cells if isinstance(cells, pl.Series) else pl.Series(cells, dtype=pl.String, strict=True)
    header = header or fact_id
    reader = Reader(map_headers([header], CATALOGUE), CATALOGUE)
    found = reader(pl.DataFrame({header: series}), first_row)
    return found.facts[fact_id].to_list(), [(row, code) for row, code in found.issues.select("row", "code").iter_rows()]


def engine(one, value):
    """A value as it stands in a frame."""
    if one.kind == "choice" and value is not None:
        return list(one.options).index(value)
    if one.kind == "choices" and value is not None:
        return sum(1 << list(one.options).index(option) for option in value)
    return value


def asked(one, cells):
    """What `Fact.read` says of every cell: values, and (row, code) of what it refuses."""
    values, refused = [], []
    for row, cell in enumerate(cells, 2):
        try:
            values.append(engine(one, one.read(cell)))
        except InputError as error:
            values.append(None)
            refused.append((row, error.problems[0].code))
    return values, refused


# ---------------------------------------------------------------- the law: a cell gives what Fact.read gives


NUMBERS = [
    "1200", " 1200 ", "１２００", "1,200", "1，200", "1,2", "1_200", "50万", "50万元", "1.2亿", "¥1,200", "CNY 1,200", "(500)", "（500）", "负3",
    "亏1.5万", "-5", "−5", "+5", ".5", "5.", "1e5", "1E+5", "1e-3000", "1e-400", "1e300", "1e400", "0", "-0", "0.0000000", "0.00000001",
    "0.000001", "1000000000000000", "1000000000000001", "35%", "３５％", "0.35", "120%", "1.5", "35.0", "9999", "401", "100.0", "3天", "3人",
    "inf", "-inf", "NaN", "Infinity", "#VALUE!", "#DIV/0!", "1.2.3", "0x10", "三", "١٢", "1\N{NO-BREAK SPACE}", "一百", "9007199254740993",
    "0.1", "123456789.123456789",
]  # fmt: skip
WORDS = [
    "是", "否", "有", "无", "没有", "对", "y", "N", "Yes", "TRUE", "false", "1", "0", "√", "×", "2", "maybe", "a", "A", "ａ", "b", "none", "c",
    "不清楚", "unknown", "N/A", "NULL", "null", "", "  ", "equipment", "EQUIPMENT", "equipment;rd", "equipment、RD", "rd,rd", "rd；equipment",
    "rd|working_capital", "rd equipment", "rd;x", ";", "、", "2024-03-01", "2024/3/1", "2024.3.1", "2024年3月1日", "2024年3月", "2024-03",
    "２０２４-０３-０１", "2024-02-30", "1850-01-01", "2300-01-01", "0001-01-01", "2024", "20", "01/03/2024", "Mar 2024", "渝北区", "x" * 201,
    "x" * 200, "\t是\n",
]  # fmt: skip
ANY_NUMBER = st.one_of(
    st.floats(width=64).map(repr), st.integers(-(10**17), 10**17).map(str), st.decimals(-(10**9), 10**9, places=4).map(str),
    st.integers(0, 10**9).map("{:,}".format), st.integers(0, 200).map("{}%".format), st.integers(0, 10**6).map("{}万".format),
)  # fmt: skip
CELL = st.one_of(st.none(), st.sampled_from(NUMBERS + WORDS), ANY_NUMBER, st.text("是否ab, ;、-./:年月日0123456789eE元万亿%()", max_size=12))
BEYOND = {"choices": {"无", "没有", "none"}, "choice": {"无", "没有"}, "bool": {"1.0", "0.0"}}
"""What files are granted beyond forms, tested further down."""


def is_more(kind, cell):
    word = "" if cell is None else cell.strip()
    return word in BLANKS or word in BEYOND.get(kind, ()) or (kind == "date" and (word[:5].isdigit() or ":" in word))


@pytest.mark.parametrize("kind", FACTS)
@settings(max_examples=40)
@given(cells=st.lists(CELL, min_size=1, max_size=30))
def test_a_text_cell_gives_what_the_fact_reads(kind, cells):
    one = FACTS[kind]
    cells = [cell for cell in cells if not is_more(kind, cell)]
    values, refused = asked(one, cells)
    assert read(one.id, cells) == (values, refused)
    assert read(one.id, pl.Series(cells, dtype=pl.String).cast(pl.Categorical)) == (values, refused)


@pytest.mark.parametrize("kind", ["money", "ratio", "int", "number"])
@pytest.mark.parametrize("cells", [NUMBERS, WORDS])
def test_every_known_way_to_write_a_number_gives_what_the_fact_reads(kind, cells):
    one = FACTS[kind]
    assert read(one.id, cells) == asked(one, cells)


FLOATS = st.one_of(
    st.none(), st.floats(width=64), st.sampled_from([0.0, -0.0, 1e-6, 9.99e-7, 1e15, 1.1e15, math.nan, math.inf, -math.inf, 0.5, 35.0, 9999.0])
)


@pytest.mark.parametrize("kind", ["money", "ratio", "int", "number"])
@settings(max_examples=40)
@given(cells=st.lists(FLOATS, max_size=20))
def test_a_number_cell_gives_what_the_fact_reads(kind, cells):
    one = FACTS[kind]
    assert read(one.id, pl.Series(cells, dtype=pl.Float64, nan_to_null=False)) == asked(one, cells)


@pytest.mark.parametrize("kind", ["money", "ratio", "int", "number", "bool", "choice"])
@settings(max_examples=40)
@given(cells=st.lists(st.one_of(st.none(), st.integers(-2, 500), st.integers(-(2**62), 2**62)), max_size=20))
def test_a_whole_number_cell_gives_what_the_fact_reads(kind, cells):
    one = FACTS[kind]
    assert read(one.id, pl.Series(cells, dtype=pl.Int64)) == asked(one, cells)


@settings(max_examples=40)
@given(cells=st.lists(st.one_of(st.none(), st.dates()), max_size=20))
def test_a_date_cell_gives_what_the_fact_reads(cells):
    assert read("founded", pl.Series(cells, dtype=pl.Date)) == asked(FACTS["date"], cells)
    moments = pl.Series(cells, dtype=pl.Date).cast(pl.Datetime("us"))
    assert read("founded", moments) == asked(FACTS["date"], cells)


LISTS = st.one_of(st.none(), st.lists(st.sampled_from(["equipment", "RD", "x", None, "working_capital"]), max_size=4))


@settings(max_examples=40)
@given(cells=st.lists(LISTS, max_size=10))
def test_a_list_cell_gives_what_the_fact_reads(cells):
    assert read("purposes", pl.Series(cells, dtype=pl.List(pl.String))) == asked(FACTS["choices"], cells)


@pytest.mark.parametrize("kind", FACTS)
@pytest.mark.parametrize(
    "cells",
    [
        pl.Series([True, None, False]),
        pl.Series([dt.date(2024, 1, 1), None]),
        pl.Series([["x", "y"], None]),
        pl.Series([dt.time(1, 2), None]),
        pl.Series([dt.timedelta(days=1)]),
        pl.Series([{"a": 1}]),
        pl.Series([b"\xff"]),
        pl.Series([None, None]),
        pl.Series(["a"], dtype=pl.Enum(["a", "b"])),
        pl.Series([Decimal("1.50")]),
    ],
    ids=lambda cells: str(cells.dtype),
)
def test_a_column_of_any_type_gives_facts_in_engine_form_or_issues(kind, cells):
    one = FACTS[kind]
    reader = Reader(map_headers([one.id], CATALOGUE), CATALOGUE)
    found = reader(pl.DataFrame({one.id: cells}), 1)
    assert found.facts[one.id].dtype == DTYPES[kind]
    unread = (found.facts[one.id].is_null() & cells.is_not_null()).sum()
    assert found.issues.height == unread
    assert reader.worded(found.issues).select("zh", "en").null_count().row(0) == (0, 0)


# ---------------------------------------------------------------- units of headers


PLACES = st.decimals(-(10**9), 10**9, places=6)


@pytest.mark.parametrize(("unit", "worth"), [("元", "1"), ("千元", "1000"), ("万元", "10000"), ("百万元", "1000000"), ("亿元", "100000000")])
@settings(max_examples=40)
@given(cells=st.lists(PLACES, max_size=20))
def test_a_bare_number_counts_in_the_unit_of_its_header_as_decimals_do(unit, worth, cells):
    cells = [cell for cell in cells if abs(cell) * Decimal(worth) <= 10**14]
    wanted = [float(cell * Decimal(worth)) for cell in cells]
    header = f"profit（{unit}）"
    assert read("profit", [f"{cell:f}" for cell in cells], header) == (wanted, [])
    assert read("profit", pl.Series([float(cell) for cell in cells], dtype=pl.Float64), header) == (wanted, [])


@pytest.mark.parametrize(
    ("header", "cell", "value"),
    [
        ("sales（万元）", "1,200", 12_000_000),
        ("sales（万元）", "１２００", 12_000_000),
        ("sales（万元）", "¥1.005", 10_050),
        ("sales（万元）", "1200万元", 12_000_000),
        ("sales（万元）", "1200 万", 12_000_000),
        ("profit（万元）", "（12.5）", -125_000),
        ("profit（万元）", "负3万元", -30_000),
        ("profit（万元）", "4.35", 43_500),
        ("share（%）", "35", 0.35),
        ("share（%）", "8.7", 0.087),
        ("share（%）", "35%", 0.35),
        ("share（‰）", "35‰", 0.035),
        ("tenor（年）", "3", 36),
        ("tenor（年）", "1.5", 18),
        ("tenor（年）", "3年", 36),
        ("sales", "1,200万元", 12_000_000),
        ("share", "35%", 0.35),
        ("tenor", "3年", 36),
    ],
)
def test_a_unit_of_the_cell_and_a_unit_of_the_header_work_together(header, cell, value):
    assert read(header.split("（")[0], [cell], header) == ([value], [])


@pytest.mark.parametrize(
    ("header", "cell"),
    [("sales（万元）", "1200元"), ("sales（万元）", "0.5亿"), ("sales（元）", "1200万元"), ("tenor（年）", "36个月"), ("share（‰）", "35%")],
)
def test_a_cell_that_contradicts_the_unit_of_its_header_is_an_issue(header, cell):
    fact_id = header.split("（")[0]
    reader = Reader(map_headers([header], CATALOGUE), CATALOGUE)
    found = reader(pl.DataFrame({header: [cell]}), 2)
    assert found.facts[fact_id].to_list() == [None]
    (issue,) = reader.worded(found.issues).iter_rows(named=True)
    assert issue["code"] == "unit_differs"
    assert cell in issue["zh"]
    assert cell in issue["en"]


@pytest.mark.parametrize(
    ("header", "cell", "code"),
    [
        ("share（%）", "120", "out_of_range"),
        ("sales（亿元）", "1e9", "not_finite"),
        ("tenor（年）", "0.3", "wrong_kind"),
        ("sales（万元）", "3人", "wrong_kind"),
        ("sales（万元）", "abc", "wrong_kind"),
    ],
)
def test_what_is_out_of_bounds_in_the_own_unit_of_the_fact_is_an_issue(header, cell, code):
    fact_id = header.split("（")[0]
    assert read(fact_id, [cell], header) == ([None], [(2, code)])
    if cell[0].isdigit() and cell[-1].isdigit():
        assert read(fact_id, pl.Series([float(cell)]), header) == ([None], [(2, code)])


# ---------------------------------------------------------------- more than a form takes


@pytest.mark.parametrize("kind", FACTS)
@pytest.mark.parametrize("cell", ["-", "--", "—", "——", "－", "/", "#N/A", "NULL", "N/A", "\\N", "<NA>", " - ", "", "未知"])
def test_what_programs_write_for_nothing_is_unknown_and_no_issue(kind, cell):
    assert read(FACTS[kind].id, [cell]) == ([None], [])


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("45352", dt.date(2024, 3, 1)),
        ("45352.0", dt.date(2024, 3, 1)),
        ("45352.75", dt.date(2024, 3, 1)),
        ("20240301", dt.date(2024, 3, 1)),
        ("202403", dt.date(2024, 3, 1)),
        ("2024年3月", dt.date(2024, 3, 1)),
        ("2024-03-01 00:00:00", dt.date(2024, 3, 1)),
        ("2024-03-01T23:59:59.123+08:00", dt.date(2024, 3, 1)),
        ("2024/3/1 0:00", dt.date(2024, 3, 1)),
        ("2024年3月1日 8时30分", dt.date(2024, 3, 1)),
    ],
)
def test_dates_may_come_as_programs_write_them(cell, day):
    assert read("founded", [cell]) == ([day], [])


@pytest.mark.parametrize("cell", ["2019", "9999", "80000", "20241301", "20240230", "202413", "1900", "0", "12345678901", "2024-03-01 noon"])
def test_a_number_that_is_hardly_a_day_is_an_issue(cell):
    values, issues = read("founded", [cell])
    assert values == [None]
    assert len(issues) == 1


def test_number_columns_of_days_are_excel_days():
    cells = pl.Series([45352.0, 45352.99, 20240301.0, 2019.0, 2024.1, 1e300, math.nan, math.inf, None])
    values, issues = read("founded", cells)
    assert values == [dt.date(2024, 3, 1)] * 3 + [None] * 6
    assert [row for row, _ in issues] == [5, 6, 7, 8, 9]
    assert read("founded", pl.Series([45352, 20240301])) == ([dt.date(2024, 3, 1)] * 2, [])


def test_yes_and_no_may_come_as_numbers():
    assert read("listed", ["1", "0", "1.0", "0.0"]) == ([True, False, True, False], [])
    assert read("listed", pl.Series([1.0, 0.0, None, 2.0, math.nan])) == ([True, False, None, None, None], [(5, "wrong_kind"), (6, "wrong_kind")])
    assert read("listed", pl.Series([1, 0, 2])) == ([True, False, None], [(4, "wrong_kind")])


def test_other_words_for_an_option_are_read_as_in_a_form(catalogue):
    """As spreadsheets write them: 重庆市 for 重庆."""
    spoken = [one for one in catalogue.facts.values() if one.also]
    assert len(spoken) > 5
    for one in spoken:
        cells = [*one.also, *(f" {word.upper()}" for word in one.also)]
        found = Reader(map_headers([one.id], catalogue), catalogue)(pl.DataFrame({one.id: cells}), 2)
        assert (found.facts[one.id].to_list(), found.issues.height) == ([engine(one, one.read(cell)) for cell in cells], 0)


def test_none_is_an_answer_where_a_list_or_an_option_can_say_it():
    assert read("purposes", ["无", "没有", "none", "无 "]) == ([0, 0, 0, 0], [])
    assert read("grade", ["无", "None"]) == ([2, 2], [])
    assert read("listed", ["无"]) == ([False], [])
    assert read("sales", ["无"]) == ([None], [(2, "wrong_kind")])


def test_labels_with_spaces_of_their_own_may_be_listed(catalogue):
    cells = ["Research and development;Equipment", "还旧债、续贷；买设备", "研发、Export", "Tax relief and compliance"]
    found = Reader(map_headers(["purposes"], catalogue), catalogue)(pl.DataFrame({"purposes": cells}), 1)
    options = list(catalogue.facts["purposes"].options)
    wanted = [("rd", "equipment"), ("refinance", "equipment"), ("rd", "export"), ("compliance_tax",)]
    assert found.facts["purposes"].to_list() == [sum(1 << options.index(word) for word in words) for words in wanted]
    assert found.issues.is_empty()


def test_the_purpose_named_first_has_a_column_of_its_own():
    for cells in (
        ["rd;equipment", "equipment", ";", None, "x"],
        pl.Series([["rd", "equipment"], ["equipment"], [], None, ["x"]]),
        pl.Series(["rd;equipment", "equipment", ";", None, "x"]).cast(pl.Categorical),
    ):
        found = Reader(map_headers(["purposes"], CATALOGUE), CATALOGUE)(pl.DataFrame({"purposes": cells}), 1)
        assert found.facts.columns == ["purposes", "purposes.first"]
        assert found.facts["purposes"].to_list() == [3, 1, 0, None, None]
        assert found.facts["purposes.first"].to_list() == [1, 0, None, None, None]
        assert found.facts["purposes.first"].dtype == pl.UInt8
        assert found.issues.height == 1


def test_whole_numbers_are_text_where_text_is_wanted():
    assert read("city", pl.Series([3660, None])) == (["3660", None], [])
    assert read("city", pl.Series([3660.0, None])) == (["3660", None], [])


# ---------------------------------------------------------------- issues


def test_an_issue_names_row_column_fact_code_and_the_cell_as_written():
    header = "sales（万元）"
    reader = Reader(map_headers(["name", header, "share"], CATALOGUE), CATALOGUE)
    table = pl.DataFrame({"name": ["甲", "乙", "丙"], header: ["1", "二", "x" * 99], "share": [0.5, 0.1, 35.0]})
    found = reader(table, 1002)
    assert found.issues.rows() == [
        (1003, header, "sales", "wrong_kind", "二"),
        (1004, header, "sales", "wrong_kind", "x" * LONGEST_SHOWN),
        (1004, "share", "share", "out_of_range", "35"),
    ]
    assert found.keys.rows() == [("甲",), ("乙",), ("丙",)]


@settings(max_examples=10)
@given(cells=st.lists(CELL, max_size=20))
def test_the_words_of_an_issue_are_those_of_the_fact(cells):
    for one in FACTS.values():
        reader = Reader(map_headers([one.id], CATALOGUE), CATALOGUE)
        issues = reader.worded(reader(pl.DataFrame({one.id: pl.Series(cells, dtype=pl.String)}), 0).issues)
        for issue in issues.iter_rows(named=True):
            cell = cells[issue["row"]]
            if len(cell) <= LONGEST_SHOWN and issue["code"] != "not_text":
                with pytest.raises(InputError) as caught:
                    one.read(cell)
                (problem,) = caught.value.problems
                assert (issue["code"], issue["zh"], issue["en"]) == (problem.code, problem.text.zh, problem.text.en)


def test_characters_that_are_no_text_are_an_issue_and_are_not_shown():
    reader = Reader(map_headers(["city"], CATALOGUE), CATALOGUE)
    found = reader(pl.DataFrame({"city": ["渝\x00北", "a\x1bb", "两江\n新区"]}), 1)
    assert found.issues["code"].to_list() == ["not_text", "not_text"]
    assert "\x00" not in found.issues["value"][0]
    assert found.facts["city"].to_list() == [None, None, "两江\n新区"]


def test_a_firm_id_keeps_its_digits_and_one_that_lost_them_is_told(catalogue):
    ids = ["91500000MA5U4XXX1X", "9.15E+17", "9.15000112345678E+17", "00123", "1E5", None]
    reader = Reader(map_headers(["统一社会信用代码"], catalogue), catalogue)
    found = reader(pl.DataFrame({"统一社会信用代码": ids}), 2)
    assert found.keys["firm_id"].to_list() == ids
    assert found.issues.select("row", "fact", "code").rows() == [(3, "firm_id", "digits_lost"), (4, "firm_id", "digits_lost")]
    assert "9.15E+17" in reader.worded(found.issues)["zh"][0]
    numbers = reader(pl.DataFrame({"统一社会信用代码": [500112.0, 9.15e17, None]}), 2)
    assert numbers.keys["firm_id"].to_list()[0] == "500112"
    assert numbers.issues.select("row", "code").rows() == [(3, "digits_lost")]
    whole = reader(pl.DataFrame({"统一社会信用代码": [915001123456789012]}), 2)
    assert whole.keys["firm_id"].to_list() == ["915001123456789012"]
    assert whole.issues.is_empty()


# ---------------------------------------------------------------- batches


def test_batch_after_batch_is_read_as_the_whole():
    cells = [f"{number}万" if number % 7 else "x" for number in range(200)]
    days = [f"2024-{1 + number % 12}-1" if number % 5 else "不清楚" for number in range(200)]
    for dtype in (pl.String, pl.Categorical):
        table = pl.DataFrame({"sales": cells, "founded": days}, schema={"sales": dtype, "founded": dtype})
        mapping = map_headers(table.columns, CATALOGUE)
        whole, reader = Reader(mapping, CATALOGUE)(table, 2), Reader(mapping, CATALOGUE)
        parts = [reader(table[start : start + 30], 2 + start) for start in range(0, 200, 30)]
        assert pl.concat([part.facts for part in parts]).equals(whole.facts)
        assert pl.concat([part.issues for part in parts]).equals(whole.issues)


def test_coded_words_are_told_apart_although_their_codes_come_again():
    reader = Reader(map_headers(["grade", "listed"], CATALOGUE), CATALOGUE)
    for first, second in (("a", "b"), ("b", "a"), ("none", "b")):
        for dtype in (pl.Categorical, pl.Enum([second, first]), pl.Categorical(pl.Categories(f"{first} first", physical=pl.UInt8))):
            table = pl.DataFrame(
                {"grade": pl.Series([first, None, second], dtype=dtype), "listed": pl.Series(["是", "否", None]).cast(pl.Categorical)}
            )
            found = reader(table, 1)
            options = list(FACTS["choice"].options)
            assert found.facts["grade"].to_list() == [options.index(first), None, options.index(second)]
            assert found.facts["listed"].to_list() == [True, False, None]


def test_more_words_than_are_remembered_are_read_all_the_same(monkeypatch):
    monkeypatch.setattr("advisor.screening.words.MOST_WORDS", 10)
    reader = Reader(map_headers(["city"], CATALOGUE), CATALOGUE)
    for start in range(0, 60, 6):
        cells = [f"城{number}" for number in range(start, start + 9)]
        for dtype in (pl.String, pl.Categorical):
            assert reader(pl.DataFrame({"city": pl.Series(cells).cast(dtype)}), 1).facts["city"].to_list() == cells


def test_a_table_without_rows_gives_columns_without_rows(catalogue):
    table = pl.DataFrame(
        schema={"revenue_cny": pl.Float64, "need_cny": pl.String, "region": pl.Categorical, "gb_code": pl.String, "purposes": pl.String}
    )
    found = Reader(map_headers(table.columns, catalogue), catalogue)(table, 2)
    assert found.facts.columns == ["revenue_cny", "need_cny", "region", "gb_code", "purposes", "purposes.first", "industry_class"]
    assert found.facts.height == found.issues.height == 0


def test_a_column_in_pieces_is_read_as_one():
    pieces = pl.concat([pl.DataFrame({"sales": [1.0, 2.0]}), pl.DataFrame({"sales": [-3.0]})], rechunk=False)
    found = Reader(map_headers(["sales"], CATALOGUE), CATALOGUE)(pieces, 1)
    assert found.facts["sales"].to_list() == [1.0, 2.0, None]


# ---------------------------------------------------------------- the industry behind a registered code


@pytest.mark.parametrize("dtype", [pl.String, pl.Categorical])
def test_the_registered_code_tells_the_industry_where_it_is_not_given(catalogue, dtype):
    table = pl.DataFrame({"gb_code": ["C3660", "F5192", "F51", "XX", None], "industry_class": [None, "retail", "不清楚", None, None]}).cast(dtype)
    found = Reader(map_headers(table.columns, catalogue), catalogue)(table, 1)
    place = {option: place for place, option in enumerate(catalogue.facts["industry_class"].options)}
    assert found.facts["industry_class"].to_list() == [place["industry"], place["retail"], place["wholesale"], None, None]
    alone = Reader(map_headers(["gb_code"], catalogue), catalogue)(table.select("gb_code"), 1)
    assert alone.facts["industry_class"].to_list() == [place["industry"], place["wholesale"], place["wholesale"], None, None]
    assert alone.facts["industry_class"].dtype == pl.UInt8
