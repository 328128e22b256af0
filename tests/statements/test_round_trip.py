"""A written table reads back exactly: whatever the unit, the order of years, the orientation and the way of writing figures."""

import random
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from advisor.domain.errors import InputError
from advisor.statements.figures import UNITS
from advisor.statements.labels import MEASURES
from tests.statements.made_up import sheet, told

LABELS = {
    "revenue": "营业收入", "net_profit": "净利润", "rd_expense": "研发费用", "total_cost": "营业总成本", "interest_expense": "利息费用",
    "total_assets": "资产总计", "total_liabilities": "负债合计", "current_assets": "流动资产合计", "current_liabilities": "流动负债合计",
    "cash": "货币资金", "receivables": "应收账款", "inventory": "存货", "opcf": "经营活动产生的现金流量净额", "invcf": "投资活动产生的现金流量净额",
    "fincf": "筹资活动产生的现金流量净额", "capex": "购建固定资产、无形资产和其他长期资产支付的现金",
}  # fmt: skip
STEMS = {measure.stem: measure for measure in MEASURES}


def written(yuan, unit, style):
    figure = Decimal(yuan) / 100 / UNITS[unit]
    plain = f"{abs(figure):,f}" if style % 2 else f"{abs(figure):f}"
    return plain if figure >= 0 else f"({plain})" if style // 2 else f"-{plain}"


@given(st.data())
def test_random_figures_read_back(data):
    draw = data.draw
    unit = draw(st.sampled_from(list(UNITS)))
    years = draw(st.permutations([2022, 2023, 2024]))
    stems = draw(st.lists(st.sampled_from(list(LABELS)), min_size=2, unique=True))
    # from 1 cent on: a year without any figure but zeros counts as not reported
    cents = {
        (stem, year): draw(st.integers(1, 10**13)) * (draw(st.sampled_from([1, -1])) if STEMS[stem].signed else 1) for stem in stems for year in years
    }
    style, date = draw(st.integers(0, 3)), draw(st.sampled_from(["{}-12-31", "{}年", "{}1231", "{}年12月31日", "{}"]))
    in_labels, turned = draw(st.booleans()), draw(st.booleans())
    head = ["项目", *(date.format(year) for year in years)]
    rows = [head, *([LABELS[stem] + f"（{unit}）" * in_labels, *(written(cents[stem, year], unit, style) for year in years)] for stem in stems)]
    if turned:
        rows = [list(row) for row in zip(*rows, strict=True)]
    if not in_labels:
        rows.insert(0, [f"单位：{unit}"])
    found = told(sheet(rows)).facts
    expected = {STEMS[stem].fact(2024 - year): cents / 100 for (stem, year), cents in cents.items() if 2024 - year < STEMS[stem].years}
    assert found == expected


WORDS = (
    "", "营业收入", "资产总计", "净利润", "期末余额", "年初余额", "本年累计金额", "2024", "2023年", "2024-12-31", "单位：万元", "单位：美元",
    "1,234", "-5", "12%", "项目", "\x00", "＝1+1",
)  # fmt: skip


@given(st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=6), max_size=8), st.integers(0, 10**6))
def test_any_grid_is_read_or_refused_by_name(rows, seed):
    rows = rows or [[""]]
    random.Random(seed).shuffle(rows)
    try:
        years = {told(sheet(rows)).year}
    except InputError as error:
        years = {2024} if all(problem.code and problem.text.zh and problem.text.en for problem in error.problems) else set()
    assert years <= {2022, 2023, 2024}
    assert years
