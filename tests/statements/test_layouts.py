"""The layouts in which statements come: each mirrored with a firm that does not exist."""

import openpyxl
import pytest

from advisor.domain.errors import InputError
from advisor.statements.reading import read_statements
from tests.statements.made_up import BALANCE, CASH, INCOME, TODAY, as_csv, sheet, table, told

FACTS = {
    "revenue_cny": 2000e4, "revenue_y1_cny": 1750e4, "net_profit_cny": 120e4, "net_profit_y1_cny": -40e4, "total_assets_cny": 1500e4,
    "total_assets_y1_cny": 1320e4, "opcf_cny": 210e4, "invcf_cny": -58e4, "fincf_cny": -20e4, "fincf_y1_cny": 10e4, "ebit_cny": 178e4,
    "selling_admin_expense_cny": 320e4, "retained_earnings_cny": 400e4, "interest_debt_cny": 320e4, "short_debt_cny": 220e4,
}  # fmt: skip


def those(facts):
    return {fact: facts.get(fact) for fact in FACTS}


def dated(lines, *dates):
    return [["报告日期", *dates, ""], *([f"{label}(万元)", *cells, ""] for label, cells in lines.items())]


def test_a_data_service_writes_the_unit_into_the_labels_and_mixes_quarters_in_newest_first(tmp_path):
    files = []
    for name, lines in (("zcfzb", BALANCE), ("lrb", INCOME), ("xjllb", CASH)):
        partly = {label: (now // 2 if "期初" not in label else now, now, before) for label, (now, before) in lines.items()}
        path = tmp_path / f"{name}.csv"
        path.write_bytes(as_csv(dated(partly, "2025-09-30", "2024-12-31", "2023-12-31")).encode("gb18030"))
        files.append(path)
    found = read_statements(files, TODAY)
    assert those(found.facts) == FACTS
    assert found.year == 2024
    assert [(one.code, "2025-09-30" in one.text.en) for one in found.warnings] == [("part_year", True)]


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8", "utf-8-sig", "utf-16"])
def test_tab_separated_text_named_xls_is_read_with_its_row_of_units_and_without_its_empty_column(tmp_path, encoding):
    path = tmp_path / "balance_sheet.xls"
    rows = [["报表日期", "20241231", "20231231", "19700101", ""], ["单位", "万元", "万元", "", ""], ["流动资产"]]
    rows += [[label, *cells, 0, ""] for label, cells in (BALANCE | INCOME | CASH).items()]
    path.write_bytes(as_csv(rows, "\t").encode(encoding))
    found = read_statements([path], TODAY)
    assert those(found.facts) == FACTS
    assert {period.end.year for period in found.periods} == {2024, 2023}


def test_nine_months_of_a_listed_report_are_no_year_and_its_opening_balance_is_one(tmp_path):
    book = openpyxl.Workbook()
    for title, lines, now, before in (
        ("资产负债表", BALANCE, "期末余额(2025-09-30)", "期初余额(2024-12-31)"),
        ("利润表", INCOME, "本期发生额(2025年1-9月)", "上期发生额(2024年1-9月)"),
        ("现金流量表", CASH, "本期发生额(2025年1-9月)", "上期发生额(2024年1-9月)"),
    ):
        page = book.create_sheet(title)
        for row in (
            [f"甲公司2025年第三季度 - 合并{title}"],
            ["单位：千元"],
            ["项目", now, before],
            *([label, *cells] for label, cells in lines.items()),
        ):
            page.append(row)
    aside = book.create_sheet("工具")
    aside.append(["字段名", "值（千元转万元）", "说明"])
    aside.append(["revenue", 2000, "营业收入"])
    del book["Sheet"]
    book.save(tmp_path / "report.xlsx")
    found = read_statements([tmp_path / "report.xlsx"], TODAY)
    assert found.facts["total_assets_cny"] == 1320e3
    assert [fact for fact in found.facts if fact.startswith(("revenue", "opcf", "net_profit"))] == []
    assert {one.code for one in found.warnings} == {"part_year", "left_out"}
    revenue = next(line for line in found.lines if line.item == "revenue")
    assert {str(period): yuan for period, yuan in revenue.amounts.items()} == {"2025-09-30 (9m)": 2000e3, "2024-09-30 (9m)": 1750e3}


def test_a_template_without_figures_is_said_to_be_empty():
    with pytest.raises(InputError) as caught:
        told(
            table(dict.fromkeys(BALANCE, ("", "")), ["报表日期", "2023年", "2024年"]),
            table(dict.fromkeys(INCOME, ("-", 0)), ["项目", "2024年", "2023年"]),
        )
    assert [problem.code for problem in caught.value.problems] == ["statement_empty", "statement_empty"]


def test_the_form_for_small_enterprises_has_two_sides_line_numbers_and_the_month_beside_the_year():
    labels = list(BALANCE)
    left, right = labels[:7], labels[7:]
    rows = [["资产负债表"], ["会小企01表"], ["编制单位：元丰贸易公司", "", "", "2024年12月31日", "", "", "", "单位：万元"],
            ["资  产", "行次", "期末余额", "年初余额", "负债和所有者权益", "行次", "期末余额", "年初余额"],
            ["流动资产：", "", "", "", "流动负债："]]  # fmt: skip
    for at, label in enumerate(right):
        first = [left[at], at + 1, *BALANCE[left[at]]] if at < len(left) else [""] * 4
        rows.append([*first, label, at + 31, *BALANCE[label]])

    def flows(title, lines):
        head = ["项    目", "行次", "本年累计金额", "本月金额", "上年金额"]
        body = [[label, at, now, 7, before] for at, (label, (now, before)) in enumerate(lines.items(), 1)]
        return sheet([[title], ["编制单位：元丰贸易公司", "", "2024年12月", "单位：万元"], head, *body])

    found = told(sheet(rows), flows("利润表", INCOME), flows("现金流量表", CASH))
    assert those(found.facts) == FACTS
    assert {line.label for line in found.origins["interest_debt_cny"]} == {"短期借款", "长期借款", "一年内到期的非流动负债"}


def test_periods_may_stand_in_rows_and_each_line_may_have_a_unit_of_its_own():
    lines = BALANCE | INCOME | CASH
    scaled = {label: 1e-4 if label == "资产总计" else 1 for label in lines}
    head = ["年份", *(f"{label}（{'亿元' if label == '资产总计' else '万元'}）" for label in lines)]
    found = told(
        sheet([head, *([year, *(cells[at] * scaled[label] for label, cells in lines.items())] for at, year in ((1, "2023"), (0, "2024年度")))])
    )
    assert those(found.facts) == FACTS
    assert found.origins["revenue_cny"][0].place[1:] == (1, 2 + list(lines).index("一、营业收入"))


def test_statements_may_stand_one_below_the_other_with_periods_in_either_order():
    rows = [["单位：万元"]]
    for lines, head in (
        (BALANCE, ["项目", "2023年12月31日", "2024年12月31日"]),
        (INCOME, ["项目", "2023年度", "2024年度"]),
        (CASH, ["项目", "2024", "2023"]),
    ):
        turn = 1 if head[-1] == "2023" else -1
        rows += [["某某表"], head, *([label, *cells[::turn]] for label, cells in lines.items()), []]
    assert those(told(sheet(rows)).facts) == FACTS


def test_dates_may_stand_above_the_heads_of_several_columns():
    head = [["", "2024年12月31日", "", "2023年12月31日", ""], ["项目", "附注", "期末余额", "附注", "期末余额"]]
    rows = [[label, "五、1", now, "五、1", before] for label, (now, before) in BALANCE.items()]
    with pytest.raises(InputError, match="head"):
        told(sheet([["单位：万元"], ["项目", "期末余额"], *([label, now, before] for label, (now, before) in BALANCE.items())]))
    spread = [["单位：万元"], ["", "2024年度", "2023年度"], ["项目", "金额", "金额"], *([label, *cells] for label, cells in INCOME.items())]
    assert told(sheet(spread)).facts["revenue_y1_cny"] == 1750e4
    assert told(sheet([["单位：万元"], *head, *rows])).facts["total_assets_y1_cny"] == 1320e4


def test_the_year_before_comes_from_statements_of_that_year_too():
    income = [
        table({label: [cells[at]] for label, cells in INCOME.items()}, ["项目", year], ["单位：万元"]) for at, year in ((0, "2024年"), (1, "2023年"))
    ]
    assert told(*income).facts["revenue_y1_cny"] == 1750e4
