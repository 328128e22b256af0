"""Made-up statements: figures of a firm that does not exist, laid out as files bring them."""

import csv
import io
from datetime import date

from advisor.statements.reading import understand
from advisor.statements.sheets import Grid

TODAY = date(2026, 11, 24)

BALANCE = {
    "货币资金": (612, 480),
    "应收票据": (30, 12),
    "应收账款": (205, 160),
    "存货": (153, 148),
    "流动资产合计": (1000, 800),
    "固定资产": (500, 520),
    "资产总计": (1500, 1320),
    "短期借款": (200, 150),
    "应付账款": (180, 170),
    "一年内到期的非流动负债": (20, 0),
    "流动负债合计": (400, 320),
    "长期借款": (100, 120),
    "非流动负债合计": (100, 120),
    "负债合计": (500, 440),
    "实收资本": (600, 600),
    "盈余公积": (40, 28),
    "未分配利润": (360, 252),
    "所有者权益合计": (1000, 880),
    "负债和所有者权益总计": (1500, 1320),
}
INCOME = {"一、营业收入": (2000, 1750), "减：营业成本": (1400, 1200), "销售费用": (150, 140), "管理费用": (170, 160), "研发费用": (90, 70),
          "其中：利息费用": (18, 17), "三、利润总额（亏损总额以“-”号填列）": (160, -40), "四、净利润（净亏损以“－”号填列）": (120, -40)}  # fmt: skip
CASH = {"经营活动产生的现金流量净额": (210, 95), "购建固定资产、无形资产和其他长期资产支付的现金": (60, 45), "投资活动产生的现金流量净额": (-58, -45),
        "筹资活动产生的现金流量净额": (-20, 10), "五、现金及现金等价物净增加额": (132, 60), "加：期初现金及现金等价物余额": (480, 420),
        "六、期末现金及现金等价物余额": (612, 480)}  # fmt: skip


def sheet(rows, name="", **how):
    """Return rows of a sheet as a grid; what is left out at their ends is empty."""
    width = max(map(len, rows))
    return Grid("报表.xlsx", name, tuple(tuple(map(str, [*row, *[""] * (width - len(row))])) for row in rows), **how)


def table(lines, head, *above):
    """Return a sheet of lines below a head, titles above it."""
    return sheet([*above, head, *([label, *cells] for label, cells in lines.items())])


def told(*grids, **how):
    return understand(grids, TODAY, **how)


def as_csv(rows, separator=","):
    written = io.StringIO()
    csv.writer(written, delimiter=separator).writerows(rows)
    return written.getvalue()
