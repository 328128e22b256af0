"""Headers: which column of a file holds which fact, in which unit."""

import pytest

from advisor.domain.errors import InputError
from advisor.screening.mapping import Column, map_headers


def held(catalogue, header, given=None):
    """What the one column of a file holds: its fact and factor, or nothing."""
    columns = map_headers([header], catalogue, given).columns
    return (columns[0].fact_id, columns[0].factor) if columns else None


def refused(catalogue, headers, given=None):
    with pytest.raises(InputError) as caught:
        map_headers(headers, catalogue, given)
    return caught.value.problems


@pytest.mark.parametrize(
    "header",
    [
        "revenue_cny",
        "REVENUE_CNY",
        "Revenue CNY",
        "revenue-cny",
        "去年营业收入",
        " 去年营业收入 ",
        "Revenue, latest year",
        "营收",
        "销 售 额",
        "revenue",
        "营业收入*",
    ],
)
def test_a_header_names_a_fact_by_its_id_its_labels_or_a_synonym(catalogue, header):
    assert held(catalogue, header) == ("revenue_cny", 1.0)


@pytest.mark.parametrize(
    ("header", "fact_id"),
    [("ＥＢＩＴ", "ebit_cny"), ("所属行业（划型用）", "industry_class"), ("项目总投资(不含土地)", "project_invest_cny"), ("33618", "cluster_33618")],
)
def test_full_width_and_brackets_of_a_label_do_not_matter(catalogue, header, fact_id):
    assert held(catalogue, header) == (fact_id, 1.0)


def test_every_fact_is_found_by_each_of_its_names(catalogue):
    names = {fact.id: (fact.id, fact.label.zh, fact.label.en, *fact.synonyms) for fact in catalogue.facts.values()}
    for place in range(max(map(len, names.values()))):
        headers = {named[place]: fact_id for fact_id, named in names.items() if place < len(named)}
        assert {column.header: column.fact_id for column in map_headers(list(headers), catalogue).columns} == headers


@pytest.mark.parametrize(
    ("header", "fact_id", "factor"),
    [
        ("营业收入（万元）", "revenue_cny", 1e4),
        ("营业收入(元)", "revenue_cny", 1),
        ("营业收入【亿元】", "revenue_cny", 1e8),
        ("营业收入[千元]", "revenue_cny", 1e3),
        ("营业收入（单位：百万元）", "revenue_cny", 1e6),
        ("营业收入（人民币万元）", "revenue_cny", 1e4),
        ("营业收入（万）", "revenue_cny", 1e4),
        ("营业收入万元", "revenue_cny", 1e4),
        ("营业收入 万元", "revenue_cny", 1e4),
        ("营业收入_亿元", "revenue_cny", 1e8),
        ("营业收入/元", "revenue_cny", 1),
        ("revenue_cny（万元）", "revenue_cny", 1e4),
        ("Revenue (10k CNY)", "revenue_cny", 1e4),
        ("Revenue (CNY million)", "revenue_cny", 1e6),
        ("Revenue (RMB '000)", "revenue_cny", 1e3),
        ("Revenue, latest year (CNY, bn)", "revenue_cny", 1e9),
        ("revenue in 10k CNY", "revenue_cny", 1e4),
        ("revenue RMB", "revenue_cny", 1),
        ("项目总投资（不含土地）（万元）", "project_invest_cny", 1e4),
        ("主营占比%", "main_business_ratio", 0.01),
        ("主营占比（％）", "main_business_ratio", 0.01),
        ("市场份额(‰)", "niche_share", 0.001),
        ("Largest customer's share of revenue (percent)", "top1_customer_ratio", 0.01),
        ("从业人员数（人）", "employees", 1),
        ("需要期限（年）", "need_months", 12),
        ("需要期限（个月）", "need_months", 1),
        ("最长逾期天数（天）", "overdue_days_max", 1),
        ("从事细分市场年数（年）", "years_in_niche", 1),
        ("碳配额（吨）", "carbon_quota_t", 1),
    ],
)
def test_a_unit_in_brackets_or_behind_the_name_gives_a_factor(catalogue, header, fact_id, factor):
    assert held(catalogue, header) == (fact_id, factor)


@pytest.mark.parametrize("header", ["成立日期（年月日）", "成立日期 (YYYY-MM-DD)", "一般纳税人（是/否）"])
def test_a_remark_on_how_answers_are_written_is_no_unit(catalogue, header):
    assert held(catalogue, header) in {("established_date", 1.0), ("vat_general_taxpayer", 1.0)}


@pytest.mark.parametrize(
    "header", ["营业收入（人）", "员工人数（万元）", "主营占比（天）", "营业收入（万美元）", "Revenue (USD)", "企业性质（万元）"]
)
def test_a_unit_that_does_not_suit_the_fact_is_refused(catalogue, header):
    (problem,) = refused(catalogue, [header])
    assert problem.code == "unit_mismatch"
    assert header in problem.text.zh
    assert header in problem.text.en


@pytest.mark.parametrize("header", ["估值日", "行业名", "备注", "营业收入（期末）", "revenuek", "收入来源"])
def test_what_is_not_clearly_a_fact_passes_through(catalogue, header):
    found = map_headers([header], catalogue)
    assert found.columns == ()
    assert found.extras == (header,)


def test_a_header_that_is_nearly_a_fact_is_told(catalogue):
    found = map_headers(["应收帐款", "revenue_cyn", "zzz"], catalogue)
    assert found.hints == {"应收帐款": "receivables_cny", "revenue_cyn": "revenue_cny"}
    assert found.extras == ("应收帐款", "revenue_cyn", "zzz")


@pytest.mark.parametrize("header", ["资产负债率", "资产负债率（%）", "debt_ratio", "Size class", "生命周期阶段"])
def test_a_fact_that_is_worked_out_is_told_and_not_read(catalogue, header):
    found = map_headers([header], catalogue)
    assert list(found.derived) == [header]
    assert found.columns == ()
    assert found.extras == (header,)


def test_a_firm_is_known_by_its_code_and_name(catalogue):
    assert dict(map_headers(["统一社会信用代码", "企业名称", "营收"], catalogue).keys) == {"firm_id": "统一社会信用代码", "name": "企业名称"}
    assert dict(map_headers(["Company Name", "firm id"], catalogue).keys) == {"firm_id": "firm id", "name": "Company Name"}


def test_of_several_codes_the_plainest_is_the_key_and_the_others_pass_through(catalogue):
    found = map_headers(["客户号", "信用代码"], catalogue)
    assert found.keys["firm_id"] == "信用代码"
    assert found.extras == ("客户号",)


def test_two_columns_for_one_fact_are_refused_by_name(catalogue):
    (problem,) = refused(catalogue, ["营业收入", "备注", "revenue_cny"])
    assert problem.code == "two_columns"
    for words in (problem.text.zh, problem.text.en):
        assert "营业收入" in words
        assert "revenue_cny" in words


def test_every_problem_of_the_headers_is_told_at_once(catalogue):
    codes = [problem.code for problem in refused(catalogue, ["营业收入", "营收", "人数（万元）"], {"x": "revenue_cny"})]
    assert sorted(codes) == ["two_columns", "unit_mismatch", "unknown_column"]


# ---------------------------------------------------------------- what the user gives


def test_what_is_given_goes_before_the_header(catalogue):
    given = {"a": "employees", "b": {"fact": "revenue_cny", "unit": "万元"}, "员工人数": None, "c": "firm_id"}
    found = map_headers(["a", "b", "员工人数", "c"], catalogue, given)
    assert found.columns == (Column("a", "employees"), Column("b", "revenue_cny", 1e4, "万元"))
    assert found.extras == ("员工人数",)
    assert found.keys == {"firm_id": "c"}


def test_a_header_gives_way_to_the_column_that_was_given_for_its_fact(catalogue):
    found = map_headers(["营业收入", "审计后收入"], catalogue, {"审计后收入": "revenue_cny"})
    assert [column.header for column in found.columns] == ["审计后收入"]
    assert found.hints == {"营业收入": "revenue_cny"}


def test_two_columns_given_for_one_fact_are_refused(catalogue):
    (problem,) = refused(catalogue, ["a", "b"], {"a": "revenue_cny", "b": "revenue_cny"})
    assert problem.code == "two_columns"


@pytest.mark.parametrize(
    ("given", "code", "hint"),
    [
        ({"收入": "revenue_cny"}, "unknown_column", "收入表"),
        ({"收入表": "revenu_cny"}, "unknown_fact", "revenue_cny"),
        ({"收入表": "debt_ratio"}, "derived_fact", "total_assets_cny"),
        ({"收入表": {"fact": "revenue_cny", "unit": "万圆"}}, "unknown_unit", "万元"),
        ({"收入表": {"fact": "revenue_cny", "unit": "人"}}, "unit_mismatch", "人"),
        ({"收入表": {"fact": "ownership", "unit": "元"}}, "unit_mismatch", "元"),
        ({"收入表": {"unit": "元"}}, "bad_mapping", "fact"),
        ({"收入表": ["revenue_cny"]}, "bad_mapping", "fact"),
        ({"收入表": 7}, "bad_mapping", "fact"),
    ],
)
def test_a_slip_in_what_is_given_is_refused_with_a_likely_word(catalogue, given, code, hint):
    (problem,) = refused(catalogue, ["收入表"], given)
    assert problem.code == code
    assert hint in problem.text.zh
    assert hint in problem.text.en


# ---------------------------------------------------------------- the result


HEADERS = ["信用代码", "企业名称", "营业收入（万元）", "主营占比%", "资产负债率", "应收帐款", "备注", "成立日期"]


def test_a_mapping_saved_and_given_again_says_the_same(catalogue):
    found = map_headers(HEADERS, catalogue)
    again = map_headers(HEADERS, catalogue, found.as_given())
    assert (again.columns, again.keys, again.extras) == (found.columns, found.keys, found.extras)
    assert found.as_given()["营业收入（万元）"] == {"fact": "revenue_cny", "unit": "万元"}
    assert found.as_given()["备注"] is None


def test_every_column_has_a_line_in_both_languages(catalogue):
    found = map_headers(HEADERS, catalogue)
    zh, en = {row[0]: row[1:] for row in found.lines("zh")}, {row[0]: row[1:] for row in found.lines("en")}
    assert list(zh) == list(en) == HEADERS
    assert zh["营业收入（万元）"] == ("去年营业收入 (revenue_cny)", "单位：万元（×10,000）")
    assert en["企业名称"] == ("Name (name)", "")
    assert "推算" in zh["资产负债率"][1]
    assert "did you mean 'Accounts receivable'" in en["应收帐款"][1]
    assert en["备注"] == ("", "passed through")


def test_facts_without_a_column_are_told(catalogue):
    found = map_headers(["revenue_cny"], catalogue)
    assert len(found.unmapped) == len(catalogue.facts) - 1
    assert "revenue_cny" not in found.unmapped
