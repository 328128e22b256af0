"""A portfolio as it comes: what its columns hold is found, keys and other columns come through, unread cells are told."""

import threading

import polars as pl
import pytest

from advisor.domain.errors import InputError
from advisor.screening.portfolio import PortfolioScreen
from tests.screening.agreement import DAY, Concluded, differing, stage_model


def screened(edition, raw, first_row=2, **more):
    return PortfolioScreen(edition, DAY, raw.columns, model=stage_model(), **more)(raw, first_row)


def test_keys_and_other_columns_come_first_in_their_order_and_as_they_are(edition):
    raw = pl.DataFrame({"备注": ["甲", None], "资产总计(万元)": ["100", "200"], "firm_id": ["a", "b"], "note": [1.5, 2.5], "职工人数": ["5", "6"]})
    found = screened(edition, raw)
    assert found.frame.columns[:4] == ["备注", "firm_id", "note", "stage"]
    assert found.frame.columns[-1] == "issues"
    assert found.frame.select("备注", "firm_id", "note").equals(raw.select("备注", "firm_id", "note"))


def test_results_do_not_depend_on_the_order_of_columns_or_on_their_names(edition, advised, rules):
    raw, concluded = advised
    labels = {fact.id: fact.label.zh for fact in rules.catalogue.facts.values()}
    turned = raw.select(reversed(raw.columns)).rename(labels)
    assert differing([one.row(5, wide=False) for one in concluded], screened(edition, turned).frame)[1] == []


def test_units_in_a_header_are_heard(edition):
    plain = pl.DataFrame({"total_assets_cny": [5e6, 2.5e7], "opcf_cny": [-1e6, 2e6], "employees": [8, 20]})
    named = pl.DataFrame({"资产总计（万元）": ["500", "2,500"], "opcf_cny(万元)": [-100, 200], "employees": ["8", "20人"]})
    assert screened(edition, named).frame.equals(screened(edition, plain).frame)


def test_an_industry_is_told_by_the_registered_code(edition, rules):
    coded = pl.DataFrame({"gb_code": ["C3911", "F5100", None, "?"], "employees": [10, 10, 10, 10], "revenue_cny": [1e7, 1e7, 1e7, 1e7]})
    industries = [rules.catalogue.industry_of(code) for code in ("C3911", "F5100")]
    found = screened(edition, coded, wide=True).frame
    both = screened(edition, coded.with_columns(industry_class=pl.Series([*industries, None, None])), wide=True).frame
    assert found.equals(both)
    assert found["size_class"].to_list()[0] is not None
    assert found["size_class"].to_list()[2] is None


@pytest.mark.parametrize("name", ["stage", "top1", "issues", "p_growth", "gates", "missing3"])
def test_a_column_with_the_name_of_a_result_is_kept_under_another_name(edition, name):
    raw = pl.DataFrame({"employees": ["5"], name: ["theirs"]})
    found = screened(edition, raw).frame
    assert found.columns[0] == f"{name}_input"
    assert found[f"{name}_input"].to_list() == ["theirs"]
    assert found.columns.count(name) == 1


def test_a_column_with_the_name_of_an_instrument_is_kept_where_instruments_are_columns(edition):
    raw = pl.DataFrame({"employees": ["5"], "direct_lease": ["yes, since 2020"]})
    assert screened(edition, raw).frame["direct_lease"].to_list() == ["yes, since 2020"]
    wide = screened(edition, raw, wide=True).frame
    assert wide["direct_lease_input"].to_list() == ["yes, since 2020"]
    assert wide["direct_lease"].dtype == pl.Int8


def test_two_columns_that_would_get_the_same_name_are_both_kept(edition):
    raw = pl.DataFrame({"employees": ["5"], "stage": ["one"], "stage_input": ["two"]})
    found = screened(edition, raw).frame
    assert [cell for cell in found.row(0) if cell in ("one", "two")] == ["one", "two"]


def test_cells_that_cannot_be_read_are_unknown_and_listed_with_their_row(edition):
    raw = pl.DataFrame(
        {
            "firm_id": ["a", "b", "c", "d"],
            "职工人数": ["5", "many", "", "-3"],
            "revenue_cny": ["1e6", "∞", "不清楚", "2,000万"],
            "tax_grade": ["A", "Z", None, "B"],
        }
    )
    found = screened(edition, raw, first_row=7)
    assert found.issues.select("row", "column", "fact", "code", "value").rows() == [
        (8, "职工人数", "employees", "wrong_kind", "many"),
        (8, "revenue_cny", "revenue_cny", "wrong_kind", "∞"),
        (8, "tax_grade", "tax_grade", "unknown_option", "Z"),
        (10, "职工人数", "employees", "out_of_range", "-3"),
    ]  # fmt: skip
    assert found.frame["issues"].to_list() == [0, 3, 0, 1]
    blank = raw.with_columns(
        pl.Series("职工人数", ["5", None, None, None]), pl.Series("revenue_cny", ["1e6", None, None, "2,000万"]),
        pl.Series("tax_grade", ["A", None, None, "B"]),
    )  # fmt: skip
    assert found.frame.drop("issues").equals(screened(edition, blank).frame.drop("issues"))


def test_a_firm_with_hundreds_of_bad_cells_is_counted_right(edition, rules):
    raw = pl.DataFrame({name: ["~~~"] for name, fact in rules.catalogue.facts.items() if fact.kind != "text"})
    found = screened(edition, raw)
    assert found.frame["issues"].to_list() == [raw.width] == [found.issues.height]


def test_an_empty_table_gives_all_columns_without_a_row(edition, synthetic):
    screen = PortfolioScreen(edition, DAY, synthetic.columns)
    found = screen(synthetic.clear(), 2)
    assert (found.frame.height, found.issues.height, found.tally.firms) == (0, 0, 0)
    assert found.frame.columns == screen(synthetic[:1], 2).frame.columns == screen.blank.columns
    assert found.frame.columns[-screen.results] == "stage"


def test_a_table_in_which_no_column_is_a_fact_leaves_everything_unknown(edition):
    found = screened(edition, pl.DataFrame({"colour": ["red", "blue"]}))
    assert found.frame["colour"].to_list() == ["red", "blue"]
    assert found.frame["stage"].to_list() == [None, None]


def test_a_mapping_that_is_given_goes_before_what_headers_say(edition):
    raw = pl.DataFrame({"kopf": ["8"], "employees": ["900"], "umsatz": ["1200"]})
    given = {"kopf": "employees", "employees": None, "umsatz": {"fact": "revenue_cny", "unit": "万元"}}
    found = screened(edition, raw, given=given).frame
    plain = screened(edition, pl.DataFrame({"employees": [8], "revenue_cny": [1.2e7]})).frame
    assert found.drop("employees").equals(plain)
    assert found["employees"].to_list() == ["900"]


def test_headers_that_cannot_be_understood_are_refused_all_at_once(edition):
    with pytest.raises(InputError) as refused:
        PortfolioScreen(edition, DAY, ["employees", "职工人数", "revenue_cny(人)"])
    assert sorted(problem.code for problem in refused.value.problems) == ["two_columns", "unit_mismatch"]


def test_threads_may_share_a_screen(edition, synthetic):
    screen = PortfolioScreen(edition, DAY, synthetic.columns)
    alone = [screen(part, 1).frame for part in synthetic.iter_slices(500)]
    found = {}
    workers = [
        threading.Thread(target=lambda place=place, part=part: found.update({place: screen(part, 1).frame}))
        for place, part in enumerate(synthetic.iter_slices(500))
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert all(found[place].equals(wanted) for place, wanted in enumerate(alone))
    assert len(found) == len(alone)


def test_firms_read_from_text_conclude_as_those_read_from_types(edition, advised):
    """As CSV has it: every cell is text."""
    raw, concluded = advised
    text = raw.select(pl.col(name).cast(pl.String) for name in raw.columns)
    assert isinstance(concluded[0], Concluded)
    assert differing([one.row(5, wide=False) for one in concluded], screened(edition, text).frame)[1] == []
