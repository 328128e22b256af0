"""The road ahead and statements from the command line: text, JSON, and what is refused."""

import json

import pytest

MAKER = "data/examples/growth_maker.yaml"
ON = ("--as-of", "2026-11-24")
SHEET = """资产负债表,,
单位：万元,2025年12月31日,2024年12月31日
资产总计,1200,1000
负债合计,500,400
货币资金,90.5,80
固定收益凭证,1,1
"""


@pytest.mark.parametrize(("lang", "word"), [("zh", "前面的路"), ("en", "ahead")])
def test_the_road_is_printed(advisor, lang, word):
    code, out, complaints = advisor("road", MAKER, "--lang", lang, *ON)
    assert (code, complaints) == (0, "")
    assert word in out


def test_what_growth_is_assumed_is_said_and_days_stand_in_order(advisor):
    still, growing = (json.loads(advisor("road", MAKER, "--growth", growth, "--format", "json", *ON)[1]) for growth in ("none", "as_last_year"))
    assert (still["growth"]["scenario"], growing["growth"]["scenario"]) == ("none", "as_last_year")
    assert still["milestones"]
    assert all(one["assumption"] is None for one in still["milestones"])
    for found in (still, growing):
        days = [one["day"] for one in found["milestones"]]
        assert days == sorted(days)


def test_a_list_has_no_road(advisor, tmp_path):
    firms = tmp_path / "firms.yaml"
    firms.write_text("- employees: 12\n- employees: 13\n", encoding="utf-8")
    assert "一次只能给一家企业" in advisor("road", firms, *ON)[2]


def test_statements_become_facts_that_can_be_advised_on(advisor, tmp_path):
    sheet = tmp_path / "报表.csv"
    sheet.write_text(SHEET, encoding="gb18030")
    code, out, _ = advisor("statements", sheet, "--format", "json", *ON)
    found = json.loads(out)
    assert (code, found["year"], found["units"]) == (0, 2025, ["万元"])
    assert found["facts"]["total_assets_cny"] == 12_000_000
    assert found["facts"]["total_liabilities_y1_cny"] == 4_000_000
    assert [line["label"] for line in found["unmatched"]] == ["固定收益凭证"]
    firm = tmp_path / "firm.json"
    firm.write_text(json.dumps(found["facts"]), encoding="utf-8")
    assert advisor("advise", firm, *ON)[0] == 0


@pytest.mark.parametrize(
    ("lang", "words"), [("zh", ("2025年的报表", "没有用到的行：固定收益凭证")), ("en", ("Statements of 2025", "Lines not used:"))]
)
def test_statements_are_printed_with_their_lines(advisor, tmp_path, lang, words):
    sheet = tmp_path / "报表.csv"
    sheet.write_text(SHEET, encoding="utf-8")
    _, out, _ = advisor("statements", sheet, "--lang", lang, *ON)
    assert [word for word in words if word not in out] == []


def test_a_sheet_without_a_unit_is_refused_until_one_is_given(advisor, tmp_path):
    sheet = tmp_path / "报表.csv"
    sheet.write_text(SHEET.replace("单位：万元", "项目"), encoding="utf-8")
    assert advisor("statements", sheet, *ON)[0] == 2
    code, out, _ = advisor("statements", sheet, "--unit", "千元", "--format", "json", *ON)
    assert (code, json.loads(out)["facts"]["cash_cny"]) == (0, 90_500)
    assert "不认识单位" in advisor("statements", sheet, "--unit", "美元", *ON)[2]
