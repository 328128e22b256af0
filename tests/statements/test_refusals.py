"""Nothing is guessed: what is not certain is refused, and what is left out is named."""

import pytest

from advisor.domain.errors import InputError
from tests.statements.made_up import BALANCE, CASH, INCOME, TODAY, sheet, table, told

HEAD = ["项目", "2024年度", "2023年度"]
UNIT = ["单位：万元"]


def refused(*grids, **how):
    with pytest.raises(InputError) as caught:
        told(*grids, **how)
    for problem in caught.value.problems:
        assert problem.text.zh
        assert problem.text.en
    return caught.value.problems[0].code


def codes(*grids, **how):
    return [warning.code for warning in told(*grids, **how).warnings]


def test_without_a_unit_nothing_is_read_and_the_user_may_say_it():
    grid = table(INCOME, HEAD, ["编制单位：百万元丰公司"])
    assert refused(grid) == "no_unit"
    assert told(grid, unit="千元").facts["revenue_cny"] == 2000e3


def test_what_a_sheet_says_of_its_unit_goes_before_what_the_user_says():
    assert told(table(INCOME, HEAD, UNIT), unit="元").facts["revenue_cny"] == 2000e4


@pytest.mark.parametrize("titles", [["单位：元/万元"], ["单位：元", "金额单位：万元"], ["单位：万元", "（千元）"]])
def test_two_units_in_one_sheet_are_refused(titles):
    assert refused(table(INCOME, HEAD, titles)) == "units_differ"


def test_a_label_whose_unit_differs_from_that_of_its_sheet_is_refused():
    assert refused(table({"营业收入（元）": (2000, 1750)}, HEAD, UNIT)) == "units_differ"


def test_a_line_without_a_unit_among_lines_with_different_ones_is_refused():
    assert refused(table({"营业收入（亿元）": (2, 1), "利润总额（万元）": (2, 1), "净利润": (2, 1)}, HEAD)) == "no_unit"


@pytest.mark.parametrize("title", ["单位：美元", "单位：千美元", "金额单位：万元 币种：港币", "（USD）"])
def test_another_currency_is_refused(title):
    assert refused(table(INCOME, HEAD, [title])) == "foreign_currency"


def test_years_that_no_title_tells_are_refused_and_the_user_may_say_them():
    grid = table(INCOME, ["项目", "本年金额", "上年金额"], UNIT)
    assert refused(grid) == "period_unclear"
    assert told(grid, year=2024).facts["revenue_y1_cny"] == 1750e4


def test_this_period_to_31_december_may_be_december_alone_and_the_user_may_say_it_is_the_year():
    grid = table(INCOME, ["项目", "本期金额", "上期金额"], UNIT, ["", "2024年12月31日"])
    assert refused(grid) == "period_unclear"
    assert told(grid, year=2024).facts["revenue_cny"] == 2000e4
    assert told(table(INCOME, ["项目", "本期金额", "上期金额"], UNIT, ["", "2024年度"])).facts["revenue_cny"] == 2000e4


def test_the_opening_column_of_a_monthly_balance_sheet_may_be_that_of_the_month():
    assert refused(table(BALANCE, ["项目", "期末余额", "期初余额"], [*UNIT, "2024年12月"])) == "period_unclear"


def test_titles_that_tell_two_dates_are_refused_but_not_the_day_of_printing():
    head = ["项目", "本年累计金额", "上年金额"]
    assert refused(table(INCOME, head, UNIT, ["2024年度"], ["2023年度"])) == "period_unclear"
    assert told(table(INCOME, head, UNIT, ["2024年度"], ["打印日期：2025-03-02"])).year == 2024
    assert told(table(INCOME, head, UNIT, ["所属期起：2024-01-01", "", "所属期止：2024-12-31"])).year == 2024


def test_months_of_the_year_so_far_are_no_year():
    head = ["项目", "本年累计金额", "上年同期"]
    assert refused(table(INCOME, head, UNIT, ["2024年9月"])) == "no_whole_year"
    assert refused(table({"营业收入": [20]}, ["项目", "2024年10-12月"], UNIT)) == "no_whole_year"
    assert refused(table({"营业收入": [20]}, ["项目", "2024年第四季度"], UNIT)) == "no_whole_year"


def test_a_year_that_is_not_over_is_left_out():
    grid = table({label: (9, *cells) for label, cells in INCOME.items()}, ["项目", "2026年", "2025年", "2024年"], UNIT)
    assert told(grid).facts["revenue_cny"] == 2000e4
    assert codes(grid) == ["future_period"]


def test_a_year_that_the_statements_do_not_hold_is_refused():
    assert refused(table(INCOME, HEAD, UNIT), year=2025) == "no_whole_year"


def test_an_earlier_year_may_be_asked_for():
    found = told(table(INCOME, HEAD, UNIT), year=2023)
    assert (found.facts["revenue_cny"], "revenue_y1_cny" in found.facts) == (1750e4, False)


@pytest.mark.parametrize("lines", [
    {"营业收入": (50, 60)},
    {"营业收入": (70, 60), "期初现金余额": (9, 5), "期末现金余额": (4, 9)},
])  # fmt: skip
def test_columns_of_single_quarters_are_refused(lines):
    assert refused(table(lines, ["项目", "2024-12-31", "2024-09-30"], UNIT)) == "single_quarters"


@pytest.mark.parametrize("head", ["2024年预算数", "2024年与2023年", "同比增长", "2024E"])
def test_a_column_whose_head_is_not_understood_is_left_out_by_name(head):
    warnings = told(table({label: (*cells, 5) for label, cells in INCOME.items()}, [*HEAD, head], UNIT)).warnings
    assert [(one.code, head in one.text.zh) for one in warnings] == [("left_out", True)]


def test_figures_under_no_head_are_refused():
    assert refused(table({label: (*cells, 5) for label, cells in INCOME.items()}, HEAD, UNIT)) == "period_unclear"


def test_thousands_that_commas_cut_into_cells_are_refused():
    rows = [UNIT, HEAD, ["营业收入", "1", "234", "1", "100"], ["净利润", "12", "11"]]
    assert refused(sheet(rows, by_commas=True)) == "ragged_row"
    assert refused(sheet([UNIT, HEAD, ["营业收入", "1", "234"], ["净利润", "12"], ["所得税", "1", "000.5"]], by_commas=True)) == "ragged_row"
    assert codes(sheet([UNIT, HEAD, ["营业收入", "2", "034"], ["净利润", "12", "11"]], by_commas=True)) == ["unread_cell"]


@pytest.mark.parametrize(
    "cell", ["1.2亿", "12%", "1.23E+10", "#REF!", "####", "1,2", "1.234,56", "012", "12 34 a", "2024-12-31", "(-5)", "负5", "9" * 17]
)
def test_a_cell_that_is_not_one_plain_figure_is_named_and_its_fact_stays_unknown(cell):
    found = told(table({"营业收入": (2000, 1750), "净利润": (cell, 12)}, HEAD, UNIT))
    assert [(one.code, one.place.line, one.place.column) for one in found.warnings] == [("unread_cell", 4, 2)]
    assert ("net_profit_cny" in found.facts, found.facts["net_profit_y1_cny"]) == (False, 12e4)


def test_two_figures_for_one_line_and_year_are_both_left_out():
    twice = table(INCOME, HEAD, UNIT), table({"营业收入": (2001, 1750)}, HEAD, UNIT)
    found = told(*twice)
    assert ("revenue_cny" in found.facts, found.facts["revenue_y1_cny"]) == (False, 1750e4)
    assert [one.code for one in found.warnings] == ["two_figures"]
    assert "revenue_cny" not in told(table({"营业收入": (2000, 1750)}, ["项目", "2024年", "2024年度"], UNIT), table(BALANCE, HEAD, UNIT)).facts


def test_a_file_without_statements_is_refused_and_a_sheet_without_is_named():
    aside = sheet([["备注", "2024年"], ["员工", "3"]], name="备注")
    assert refused(aside) == "no_statement"
    assert refused() == "no_statement"
    assert codes(table(INCOME, HEAD, UNIT), aside) == ["left_out"]


def test_a_negative_amount_of_what_cannot_be_negative_is_left_out():
    found = told(table(BALANCE | {"存货": (-3, 148)}, HEAD, UNIT))
    assert ("inventory_cny" in found.facts, [one.code for one in found.warnings]) == (False, ["negative_line"])


@pytest.mark.parametrize(("lines", "code"), [
    (BALANCE | {"资产总计": (1547, 1320)}, "does_not_balance"),
    (CASH | {"投资活动产生的现金流量净额": (58, -45)}, "cash_does_not_add_up"),
    (BALANCE | {"期末现金余额": (6_120_000, 480)}, "scales_differ"),
])  # fmt: skip
def test_statements_that_do_not_agree_are_doubted(lines, code):
    assert codes(table(lines, HEAD, UNIT)) == [code]
    assert codes(table(BALANCE | CASH, HEAD, UNIT)) == []


def test_rounding_is_no_doubt():
    assert codes(table(CASH | {"现金净增加额": (133, 60), "五、现金及现金等价物净增加额": ("", "")}, HEAD, UNIT)) == []


def test_a_blank_debt_is_nothing_only_where_its_section_adds_up_without_it():
    lines = BALANCE | {"短期借款": ("", 150), "流动负债合计": (200, 320)}
    assert told(table(lines, HEAD, UNIT)).facts["short_debt_cny"] == 20e4
    lines = BALANCE | {"短期借款": ("", 150)}
    found = told(table(lines, HEAD, UNIT)).facts
    assert ("short_debt_cny" in found, "interest_debt_cny" in found, found["interest_debt_y1_cny"]) == (False, False, 270e4)


def test_a_blank_part_leaves_a_sum_unknown():
    assert "selling_admin_expense_cny" not in told(table(INCOME | {"销售费用": ("--", 1)}, HEAD, UNIT)).facts


def test_depreciation_counts_only_where_the_supplement_agrees_with_the_statement():
    supplement = {
        "净利润": (120, 0),
        "固定资产折旧": (50, 0),
        "无形资产摊销": (4, 0),
        "长期待摊费用摊销": (1, 0),
        "经营活动产生的现金流量净额 ": (210, 0),
    }
    found = told(table(CASH | supplement, HEAD, UNIT))
    assert found.facts["depreciation_cny"] == 55e4
    assert (found.facts["opcf_cny"], "net_profit_cny" in found.facts) == (210e4, False)
    assert "depreciation_cny" not in told(table(CASH | supplement, HEAD, UNIT), year=2023).facts


def test_total_revenue_stands_in_only_where_no_line_says_revenue():
    total = {"一、营业总收入": (2100, 1800)}
    assert told(table(INCOME | total, HEAD, UNIT)).facts["revenue_cny"] == 2000e4
    assert told(table(total, HEAD, UNIT)).facts["revenue_cny"] == 2100e4


def test_a_unit_that_does_not_exist_is_an_error_of_the_caller():
    with pytest.raises(ValueError, match="万元"):
        told(table(INCOME, HEAD), unit="wan")


def test_lines_that_are_not_known_are_kept_in_sight():
    found = told(table(INCOME | {"某新准则的行": (5, 6), "基本每股收益(元/股)": (0.5, 0.4)}, HEAD, UNIT))
    unmatched = {line.label: line for line in found.unmatched}
    assert unmatched["某新准则的行"].cells == ("5", "6")
    assert unmatched["基本每股收益(元/股)"].amounts == {}
    assert TODAY.year - found.year == 2


def test_figures_that_look_like_years_are_no_heads():
    lines = {"主营业务收入": (2000, 1990), "营业收入": (2010, 1995), "": (2001, 1991), "净利润": (12, 11)}
    found = told(table(lines, HEAD, UNIT)).facts
    assert (found["revenue_cny"], found["revenue_y1_cny"], found["net_profit_cny"]) == (2010e4, 1995e4, 12e4)


def test_the_first_and_last_day_of_a_span_are_no_heads_of_columns():
    rows = [UNIT, ["所属期起", "2024-01-01", "所属期止", "2024-12-31"], ["项目", "行次", "期末余额", "年初余额"]]
    found = told(sheet([*rows, *([label, 1, *cells] for label, cells in BALANCE.items())])).facts
    assert (found["total_assets_cny"], found["total_assets_y1_cny"]) == (1500e4, 1320e4)


def test_a_unit_in_the_heads_of_one_statement_is_not_that_of_the_next():
    rows = [["项目", "2024年（万元）"], ["营业收入", 20], ["项目", "2024年12月31日"], ["资产总计", 30]]
    assert refused(sheet(rows)) == "no_unit"
    assert told(sheet([UNIT, ["项目", "2024年"], *rows[1:]])).facts == {"revenue_cny": 20e4, "total_assets_cny": 30e4}


def test_a_sheet_named_for_another_year_than_its_title_is_refused():
    rows = [UNIT, ["2023年度"], ["项目", "本年累计金额"], ["营业收入", 20]]
    assert refused(sheet(rows, "2024年")) == "period_unclear"
    assert told(sheet(rows, "2023年利润表")).year == 2023
    assert told(sheet([UNIT, *rows[2:]], "2024年")).year == 2024


def test_amounts_a_share_may_have_a_unit_of_their_own():
    assert codes(table(INCOME | {"基本每股收益（元）": (0.5, 0.4)}, HEAD, UNIT)) == []


def test_what_the_supplement_repeats_is_not_read_twice():
    supplement = {"附注": ("", ""), "净利润": (0, 0), "现金及现金等价物净增加额": (0, 0)}
    assert codes(table(INCOME, HEAD, UNIT), table(CASH | supplement, HEAD, UNIT)) == []
