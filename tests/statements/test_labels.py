"""Labels are known however they are decorated, and facts are those of the catalogue."""

import pytest

from advisor.statements.figures import UNITS, amount, bracketed_unit, stated_units, step
from advisor.statements.labels import MEASURES, classified, items


@pytest.mark.parametrize("label", [
    "净利润", "五、净利润（净亏损以“－”号填列）", " 四、 净 利 润 ", "净利润(万元)", "净利润(万元", "净利润：", "减：净利润", "（一）净利润",
    "净利润（亏损总额以'-'填列）",
])  # fmt: skip
def test_a_decorated_label_is_known(label):
    assert items(label)["income"] == "net_profit"


@pytest.mark.parametrize(("label", "item"), [
    ("负债和所有者权益（或股东权益）总计", "liabilities_and_equity"), ("实收资本（或股本）", "capital"), ("其中：营业收入", "revenue"),
    ("加:期初现金及现金等价物余额", "opening_cash"), ("固定资产账面价值", "fixed_assets"), ("所有者权益(或股东权益)合计", "equity"),
])  # fmt: skip
def test_synonyms_are_known(label, item):
    assert item in items(label).values()


@pytest.mark.parametrize("label", [
    "", "净利润(母公司)", "归属于母公司所有者的净利润", "净利润率", "营业收入增长率", "非流动资产合计数", "应收票据及应收账款",
    "主营业务收入", "利息支出", "持续经营净利润",
])  # fmt: skip
def test_a_label_that_says_something_else_is_not_known(label):
    assert items(label) == {}


def test_the_net_profit_below_the_cash_flows_is_that_of_the_supplement():
    assert classified("净利润", "supplement") == ("supplement", "again_profit")
    assert classified("净利润", "balance") == ("income", "net_profit")
    assert classified("附注", "cash") == ("supplement", None)
    assert classified("某行", "cash") == ("cash", None)


def test_every_measure_is_a_fact_in_yuan_with_the_sign_that_the_catalogue_allows(catalogue):
    for measure in MEASURES:
        for back in range(measure.years):
            fact = catalogue.facts[measure.fact(back)]
            assert (fact.unit, fact.low == 0) == ("CNY", not measure.signed), fact.id


@pytest.mark.parametrize(("text", "units"), [
    ("单位：千元", {"千元"}), ("单 位:人民币万元", {"万元"}), ("金额单位：元（列至角分）", {"元"}),
    ("（百万元）", {"百万元"}), ("人民币元", {"元"}),
    ("编制单位：元丰公司", set()), ("单位：元丰公司", set()), ("单位：万元 币种：人民币", {"万元"}), ("单位：元/万元", {"元", "万元"}),
    ("单位：□元 □万元", set()),
    ("期末余额（亿元）", {"亿元"}), ("Unit: RMB'000", set()), ("（RMB million）", {"百万元"}), ("注册资本2000万元", set()),
    ("基本每股收益(元/股)", set()),
])  # fmt: skip
def test_a_title_states_a_unit(text, units):
    assert stated_units([text]) == units


def test_a_label_may_end_in_its_unit():
    assert [bracketed_unit(label) for label in ("营业收入(万元)", "存货（人民币：元）", "拆入资金净增加额(万元", "每股收益(元/股)", "存货")] == [
        "万元",
        "元",
        "万元",
        None,
        None,
    ]


@pytest.mark.parametrize(("cell", "yuan"), [
    ("1,234.56", 12345600.0), ("(500)", -5e6), ("（５００）", -5e6), ("−5", -5e4), ("0", 0.0), ("-0", 0.0), ("0.1", 1000.0),
    ("¥3", 3e4),
    ("28307198.699999999", 283071987000.0), ("", None), ("--", None), ("—", None), ("不适用", None), (".5", 5000.0),
])  # fmt: skip
def test_a_cell_is_worth(cell, yuan):
    assert amount(cell, "万元") == yuan


def test_amounts_may_be_rounded_by_what_divides_all_of_them():
    assert step([12.34, 5.0]) == 0.01
    assert step([20_000.0, 130_000.0]) == 10_000
    assert step([0.0, 0.0]) == 0.01
    assert set(UNITS.values()) == {10**power for power in (0, 3, 4, 5, 6, 7, 8)}
