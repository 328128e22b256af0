"""The lines of Chinese statements and the facts they tell.

The labels are those of 会小企01/02/03 (小企业会计准则, 财会〔2011〕17号) and of the general form (企业会计准则, 财会〔2018〕15号,
财会〔2019〕6号, and their forerunners as data services still print them). They stand here as Python, not in rules/: an
accounting standard names them, not a policy, and they hold no threshold.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from unicodedata import normalize

Statement = Literal["balance", "income", "cash", "supplement"]
"""The supplement stands below the cash-flow statement and begins anew from the net profit."""

_LINES: Mapping[Statement, Mapping[str, str]] = {
    "balance": {
        "cash": "货币资金",
        "bills": "应收票据",
        "receivables": "应收账款 应收账款净额",
        "inventory": "存货 存货净额",
        "current_assets": "流动资产合计 流动资产总计",
        "fixed_assets": "固定资产 固定资产账面价值 固定资产净额",
        "fixed_assets_net": "固定资产净值",
        "total_assets": "资产总计 资产合计 资产总额",
        "short_loans": "短期借款",
        "short_bonds": "应付短期债券 短期应付债券 应付短期融资券",
        "bills_payable": "应付票据",
        "due_within_year": "一年内到期的非流动负债 一年内到期的长期负债",
        "current_liabilities": "流动负债合计 流动负债总计",
        "long_loans": "长期借款",
        "bonds": "应付债券",
        "leases": "租赁负债",
        "long_liabilities": "非流动负债合计 长期负债合计",
        "total_liabilities": "负债合计 负债总计 负债总额",
        "capital": "实收资本 股本",
        "surplus": "盈余公积",
        "undistributed": "未分配利润",
        "equity": "所有者权益合计 股东权益合计 所有者权益总计 净资产合计",
        "liabilities_and_equity": "负债和所有者权益总计 负债和股东权益总计 负债及所有者权益总计 负债及股东权益总计 "
                                  "负债和所有者权益合计 负债及所有者权益合计",
    },
    "income": {
        "total_revenue": "营业总收入",
        "revenue": "营业收入 营业收入合计",
        "total_cost": "营业总成本",
        "selling": "销售费用 营业费用",
        "admin": "管理费用",
        "research": "研发费用",
        "interest": "利息费用",
        "profit_before_tax": "利润总额",
        "net_profit": "净利润",
    },
    "cash": {
        "operating": "经营活动产生的现金流量净额 经营活动现金流量净额",
        "capex": "购建固定资产、无形资产和其他长期资产支付的现金 购建固定资产、无形资产和其他长期资产所支付的现金 "
                 "购建固定资产、无形资产和其他非流动资产支付的现金",
        "investing": "投资活动产生的现金流量净额 投资活动现金流量净额",
        "financing": "筹资活动产生的现金流量净额 筹资活动现金流量净额",
        "exchange": "汇率变动对现金及现金等价物的影响 汇率变动对现金的影响 汇率变动对现金的影响额",
        "change": "现金及现金等价物净增加额 现金净增加额",
        "opening_cash": "期初现金及现金等价物余额 期初现金余额",
        "closing_cash": "期末现金及现金等价物余额 期末现金余额",
    },
    "supplement": {
        "again_profit": "净利润",
        "again_operating": "经营活动产生的现金流量净额 经营活动产生现金流量净额",
        "depreciation": "固定资产折旧、油气资产折耗、生产性物资折旧 固定资产折旧、油气资产折耗、生产性生物资产折旧 固定资产折旧",
        "amortisation": "无形资产摊销",
        "deferred": "长期待摊费用摊销",
    },
}  # fmt: skip
_OPENS_SUPPLEMENT = frozenset({"附注", "补充资料", "现金流量表补充资料", "将净利润调节为经营活动现金流量"})

_ITEMS: dict[str, dict[Statement, str]] = {}
for _statement, _lines in _LINES.items():
    for _item, _words in _lines.items():
        for _word in _words.split():
            _ITEMS.setdefault(_word, {})[_statement] = _item

_LONGEST = 80
"""Characters of the longest label, decorated."""

FLOWS: frozenset[Statement] = frozenset({"income", "cash", "supplement"})
"""The statements of what happened in a span of time; the balance sheet is of a day."""


@dataclass(frozen=True, slots=True)
class Measure:
    """How facts follow from lines: the sum of `parts` of each of the last `years` years, or `instead` where no line of the part stands.

    A blank part leaves the fact unknown. Only where every section in `sections` adds up to its total without the
    part, a part that is blank or not listed is nothing.
    """

    stem: str
    parts: tuple[str, ...]
    years: int = 1
    signed: bool = False
    instead: str | None = None
    sections: tuple[str, ...] = ()

    def fact(self, back: int = 0) -> str:
        """Return the id of the fact, `back` years before the last."""
        return f"{self.stem}_y{back}_cny" if back else f"{self.stem}_cny"


MEASURES = (
    Measure("revenue", ("revenue",), 3, instead="total_revenue"),
    Measure("net_profit", ("net_profit",), 3, signed=True),
    Measure("rd_expense", ("research",), 3),
    Measure("selling_admin_expense", ("selling", "admin")),
    Measure("total_cost", ("total_cost",)),
    Measure("interest_expense", ("interest",)),
    Measure("ebit", ("profit_before_tax", "interest"), signed=True),
    Measure("opcf", ("operating",), 3, signed=True),
    Measure("invcf", ("investing",), 3, signed=True),
    Measure("fincf", ("financing",), 3, signed=True),
    Measure("capex", ("capex",)),
    Measure("depreciation", ("depreciation", "amortisation", "deferred")),
    Measure("total_assets", ("total_assets",), 2),
    Measure("total_liabilities", ("total_liabilities",), 2),
    Measure("current_assets", ("current_assets",), 2),
    Measure("current_liabilities", ("current_liabilities",), 2),
    Measure("cash", ("cash",), 2),
    Measure("receivables", ("receivables",), 2),
    Measure("inventory", ("inventory",), 2),
    Measure("bills_held", ("bills",)),
    Measure("fixed_assets", ("fixed_assets",), instead="fixed_assets_net"),
    Measure("paid_in_capital", ("capital",)),
    Measure("retained_earnings", ("surplus", "undistributed"), signed=True),
    Measure("short_debt", ("short_loans", "short_bonds", "bills_payable", "due_within_year"), sections=("current_liabilities",)),
    Measure("interest_debt", ("short_loans", "short_bonds", "due_within_year", "long_loans", "bonds", "leases"), 2,
            sections=("current_liabilities", "long_liabilities")),
)  # fmt: skip
"""What the statements tell of the catalogue's facts. What a form leaves open (dividends, interest under 利息支出) is not told."""

_NUMBERING = re.compile(r"^(?:[一二三四五六七八九十]+[、.,:]|\([一二三四五六七八九十\d]+\)|\d+[、.](?!\d))")
_PREFIX = re.compile(r"^(?:加|减|其中|其中项|[△☆*#▲])[:、]?(?=.{2})")
_REMARK = re.compile(r"\((?:[^()]*(?:填列|以[“\"-])[^()]*|或?股本|或?股东权益|或?所有者权益|净额|账面价值|合计)\)")
_UNIT = re.compile(r"[(\[](?:人民币|单位:?)?(?:十|百|千|万|亿)*元[)\]]?$")


def plain(label: str) -> str:
    """Return a label without width, spaces, numbering, 加/减/其中 and remarks on how to fill it in."""
    word = re.sub(r"\s+", "", normalize("NFKC", label)).rstrip(":")
    word = _UNIT.sub("", _REMARK.sub("", word))
    while (bare := _PREFIX.sub("", _NUMBERING.sub("", word))) != word:
        word = bare
    return word.rstrip(":")


def items(label: str) -> Mapping[Statement, str]:
    """Return the items that a label names, by statement; none for an unknown label."""
    return _ITEMS.get(plain(label), {}) if label and len(label) <= _LONGEST and not label.isascii() else {}


def sign(label: str) -> int:
    """Return how a line counts in the total below it: -1 for 减, 0 for 其中, else 1."""
    word = _NUMBERING.sub("", re.sub(r"\s+", "", normalize("NFKC", label)))
    return 0 if word.startswith("其中") else -1 if word.startswith("减") else 1


def classified(label: str, current: Statement | None) -> tuple[Statement | None, str | None]:
    """Return in which statement a line stands that follows one of `current`, and its item."""
    if plain(label) in _OPENS_SUPPLEMENT:
        return "supplement", None
    found = items(label)
    if not found:
        return current, None
    if current == "supplement" and found.get("cash") in ("change", "opening_cash", "closing_cash"):
        return current, None  # the supplement reconciles them once more
    statement = current if current is not None and current in found else next(iter(found))
    return statement, found[statement]


def fact_of(item: str | None) -> str | None:
    """Return the first fact that rests on an item."""
    return next((measure.fact() for measure in MEASURES if item in measure.parts or item == measure.instead), None) if item else None
