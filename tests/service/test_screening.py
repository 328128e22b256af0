"""Screening in memory: frames of pandas and Polars in, frames of the same kind out, no cell taken for what it is not."""

import datetime as dt

import numpy as np
import pandas as pd
import polars as pl
import pytest

from advisor.domain.errors import InputError
from advisor.screening.screen import MOST_TOP
from advisor.service.advisor import Advisor
from advisor.service.screening import FileScreening, given_columns, screen, screen_frame
from tests.examples import DAY, FIRMS


@pytest.fixture(scope="module")
def adviser(rules):
    return Advisor(rules, today=lambda: DAY)


FACTS = {
    "firm_id": ["a", "b", "c"], "employees": [8, None, 900], "revenue_cny": [2e6, 5e7, None], "blacklisted": [False, None, True],
    "region": ["chongqing", "chongqing", None], "industry_class": ["industry", None, "retail"],
    "established_date": [dt.date(2020, 2, 29), None, dt.date(1999, 1, 1)],
    "purposes": ["equipment;working_capital", None, "working_capital"],
}  # fmt: skip


@pytest.fixture(scope="module")
def wanted(adviser):
    """What a Polars frame gets."""
    return screen(pl.DataFrame(FACTS), adviser=adviser, wide=True)


def same(found, wanted):
    """Whether a pandas frame says the same as one of Polars."""
    assert list(found.columns) == wanted.columns
    for name in wanted.columns:
        cells = [None if pd.isna(cell) else cell for cell in found[name].tolist()]
        assert cells == wanted[name].to_list(), name


def test_a_polars_frame_gives_a_polars_frame_with_a_row_a_firm(wanted):
    assert isinstance(wanted, pl.DataFrame)
    assert wanted["firm_id"].to_list() == ["a", "b", "c"]
    assert wanted["size_class"].null_count() < 3


@pytest.mark.parametrize("backend", ["numpy", "numpy_nullable", "pyarrow"])
def test_a_pandas_frame_gives_a_pandas_frame_whatever_stands_for_unknown(adviser, wanted, backend):
    frame = pd.DataFrame(FACTS)
    if backend != "numpy":
        frame = frame.convert_dtypes(dtype_backend=backend)
    found = screen(frame, adviser=adviser, wide=True)
    assert isinstance(found, pd.DataFrame)
    same(found, wanted)


@pytest.mark.parametrize("nothing", [None, np.nan, pd.NA, pd.NaT, "", "不清楚", "#N/A"], ids=repr)
def test_every_way_to_say_nothing_is_unknown(adviser, wanted, nothing):
    frame = pd.DataFrame({name: pd.Series([nothing if cell is None else cell for cell in cells], dtype=object) for name, cells in FACTS.items()})
    found = screen(frame, adviser=adviser, wide=True)
    assert found["issues"].tolist() == [0, 0, 0]
    same(found, wanted)


def test_the_index_is_kept(adviser, wanted):
    frame = pd.DataFrame(FACTS, index=pd.Index([30, 10, 10], name="number"))
    found = screen(frame, adviser=adviser, wide=True)
    assert found.index.equals(frame.index)
    assert found.index.name == "number"
    same(found, wanted)
    levels = pd.MultiIndex.from_tuples([("x", 1), ("x", 2), ("y", 1)], names=["park", "place"])
    assert screen(frame.set_index(levels), adviser=adviser).index.equals(levels)


def test_a_frame_stays_as_it_was(adviser):
    frame = pd.DataFrame(FACTS)
    before = frame.copy(deep=True)
    screen(frame, adviser=adviser)
    pd.testing.assert_frame_equal(frame, before)


def test_categories_and_lists_are_read_as_words(adviser, wanted):
    lists = [["equipment", "working_capital"], None, ["working_capital"]]
    frame = pd.DataFrame(FACTS)
    frame["region"] = frame["region"].astype("category")
    frame["purposes"] = pd.Series(lists, dtype=object)
    same(screen(frame, adviser=adviser, wide=True), wanted)
    polars = pl.DataFrame(FACTS).with_columns(pl.col("region").cast(pl.Categorical), pl.Series("purposes", lists))
    assert screen(polars, adviser=adviser, wide=True).equals(wanted)


def test_an_empty_list_is_known_to_be_empty_and_a_missing_one_is_unknown(adviser):
    frame = pd.DataFrame({"certs": pd.Series([[], None, ["hnte"]], dtype=object)})
    found = screen(frame, adviser=adviser, wide=True)
    asked = screen(pl.DataFrame({"certs": [";", None, "hnte"]}), adviser=adviser, wide=True)
    same(found, asked)
    assert asked["undetermined"][0] < asked["undetermined"][1]


def test_columns_of_mixed_cells_are_read_cell_by_cell(adviser):
    mixed = pd.DataFrame(
        {
            "employees": pd.Series([8, "9人", "many", None, 3.0], dtype=object),
            "revenue_cny": pd.Series(["200万", 2_000_000, 2e6, np.nan, dt.date(2020, 1, 1)], dtype=object),
            "blacklisted": pd.Series([True, "否", 0, None, "maybe"], dtype=object),
            "established_date": pd.Series([dt.date(2020, 1, 1), "2020-01-01", pd.Timestamp("2020-01-01 08:30"), None, 20200101], dtype=object),
        }
    )
    plain = pl.DataFrame(
        {
            "employees": [8, 9, None, None, 3], "revenue_cny": [2e6, 2e6, 2e6, None, None], "blacklisted": [True, False, False, None, None],
            "established_date": [dt.date(2020, 1, 1)] * 3 + [None, dt.date(2020, 1, 1)],
        }
    )  # fmt: skip
    found, wanted = screen(mixed, adviser=adviser, wide=True), screen(plain, adviser=adviser, wide=True)
    assert found["issues"].tolist() == [0, 0, 1, 0, 2]
    same(found.drop(columns="issues"), wanted.drop("issues"))


def test_lists_and_nothing_are_read_as_such_beside_a_column_of_mixed_cells(adviser):
    frame = pd.DataFrame(
        {
            "employees": pd.Series([8, "9人", None], dtype=object),
            "certs": pd.Series([["hnte"], None, []], dtype=object),
            "tax_grade": pd.Series(["A", None, np.nan], dtype=object),
        }
    )
    plain = pl.DataFrame({"employees": [8, 9, None], "certs": ["hnte", None, ";"], "tax_grade": ["A", None, None]})
    same(screen(frame, adviser=adviser, wide=True), screen(plain, adviser=adviser, wide=True))


def test_columns_named_by_numbers_come_through(adviser):
    frame = pd.DataFrame({7: ["x"], "employees": [5]})
    assert screen(frame, adviser=adviser).columns[0] == "7"


def test_two_columns_of_one_name_are_refused_in_words(adviser):
    frame = pd.DataFrame([[5, 6]], columns=["employees", "employees"])
    with pytest.raises(InputError):
        screen(frame, adviser=adviser)


def test_an_empty_frame_gives_all_columns(adviser, wanted):
    assert screen(pl.DataFrame(FACTS).clear(), adviser=adviser, wide=True).columns == wanted.columns
    found = screen(pd.DataFrame(FACTS).iloc[:0], adviser=adviser, wide=True)
    assert list(found.columns) == wanted.columns
    assert len(found) == 0


def test_each_firm_gets_the_stage_that_advice_gives_it(adviser):
    """The example firms of the documentation."""
    every = list(FIRMS.values())
    rows = [{name: cell for name, cell in firm.items() if name != "as_of"} for firm in every]
    found = screen(pd.DataFrame(rows), DAY, adviser=adviser)
    assert found["issues"].tolist() == [0] * len(every)
    for row, firm in zip(pl.from_pandas(found).to_dicts(), every, strict=True):
        advice = adviser.advise(firm, DAY)
        best = next(match for match in advice.matches if match.rank == 1)
        assert (row["stage"], row["fund_chain"], row["size_class"]) == (advice.stage.stage, advice.fund_chain.level, advice.size_class)
        assert (row["top1"], row["top1_fit"]) == (best.instrument.id, best.suitability.score)


def code_of(act):
    with pytest.raises(InputError) as refused:
        act()
    return [problem.code for problem in refused.value.problems]


@pytest.mark.parametrize("kind", [pl.DataFrame, pd.DataFrame])
def test_a_frame_without_a_known_column_is_refused(adviser, kind):
    assert code_of(lambda: screen(kind({"colour": ["red"], "firm_id": ["a"]}), adviser=adviser)) == ["no_fact_column"]


@pytest.mark.parametrize("top", [0, -1, MOST_TOP + 1])
def test_a_number_of_choices_out_of_range_is_refused(adviser, top):
    assert code_of(lambda: screen(pl.DataFrame(FACTS), adviser=adviser, top=top)) == ["top_out_of_range"]


def test_a_day_that_no_calendar_of_firms_holds_is_refused(adviser):
    assert code_of(lambda: screen(pl.DataFrame(FACTS), dt.date(1, 1, 1), adviser=adviser)) == ["bad_date"]


def test_a_mapping_may_be_given(adviser):
    found = screen_frame(adviser, pl.DataFrame({"kopf": [8]}), given={"kopf": "employees"})
    assert found.tally.firms == 1
    assert found.frame.drop("issues").equals(screen(pl.DataFrame({"employees": [8]}), adviser=adviser).drop("issues"))


# ---------------------------------------------------------------- the file that says what columns hold


def yaml_of(tmp_path, written):
    file = tmp_path / "columns.yaml"
    file.write_bytes(written if isinstance(written, bytes) else written.encode())
    return file


def test_a_columns_file_says_what_each_column_holds(adviser, tmp_path):
    (tmp_path / "firms.csv").write_text("人头,产值,employees\n8,200,900\n", encoding="utf-8")
    columns = yaml_of(tmp_path, "\ufeff人头: employees\n产值: {fact: revenue_cny, unit: 万元}\nemployees: null\n")
    found = FileScreening(adviser, tmp_path / "firms.csv", DAY, columns=columns)
    assert {column.header: (column.fact_id, column.factor) for column in found.mapping.columns} == {
        "人头": ("employees", 1.0),
        "产值": ("revenue_cny", 1e4),
    }
    summary = found.write(tmp_path / "out.parquet", "zh")
    frame = pl.read_parquet(tmp_path / "out.parquet")
    assert summary.tally.firms == 1
    plain = screen(pl.DataFrame({"employees": [8], "revenue_cny": [2e6]}), DAY, adviser=adviser)
    assert frame.drop("employees").select(pl.exclude(pl.Categorical)).rows() == plain.select(frame.drop("employees").columns).rows()


BAD_COLUMNS = {
    "a column the file lacks": ("heads: employees", "unknown_column"),
    "an unknown fact": ("人头: employes", "unknown_fact"),
    "a derived fact": ("人头: debt_ratio", "derived_fact"),
    "an unknown unit": ("人头: {fact: revenue_cny, unit: 万里}", "unknown_unit"),
    "a unit of something else": ("人头: {fact: employees, unit: 万元}", "unit_mismatch"),
    "a list": ("- 人头", "bad_columns_file"),
    "a word": ("人头", "bad_columns_file"),
    "another form": ("人头: [employees]", "bad_mapping"),
    "another encoding": ("人头: employees".encode("gb18030"), "not_utf8"),
}


@pytest.mark.parametrize(("written", "code"), BAD_COLUMNS.values(), ids=BAD_COLUMNS)
def test_a_columns_file_that_cannot_be_used_is_refused(adviser, tmp_path, written, code):
    (tmp_path / "firms.csv").write_text("人头,employees\n8,9\n", encoding="utf-8")
    assert code_of(lambda: FileScreening(adviser, tmp_path / "firms.csv", DAY, columns=yaml_of(tmp_path, written))) == [code]


def test_without_a_columns_file_the_headers_tell():
    assert given_columns(None) is None
