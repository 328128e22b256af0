"""The inputs of the stage model: ratios and changes made from facts, and the answers they rest on.

Each input is a formula in the language of the rules, so that one firm and a table of firms get the same number from the
same text. There is no size in it: every amount stands beside total assets, sales or itself. Cash flows of the year that is
told are never inputs; those of the year before are, for firms that have them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Literal, get_args

from advisor.domain.condition import Choice, Constant, Formula, Name, Node, Test
from advisor.domain.notation import Naming, parse
from advisor.domain.text import Text

Tier = Literal["T0", "T1", "T2", "T3"]
"""How much was answered: results and balance totals of two years; one full year; two balance sheets; also the year before."""
TIERS: tuple[Tier, ...] = get_args(Tier)


@dataclass(frozen=True, slots=True)
class Answer:
    """Facts that an owner gives together, and from which tier on they are asked."""

    id: str
    label: Text
    facts: Mapping[str, Tier]


def _answer(name: str, zh: str, en: str, **facts: Tier) -> Answer:
    return Answer(name, Text(zh, en), facts)


ANSWERS: tuple[Answer, ...] = (
    _answer("sales", "两年的营业收入", "sales of two years", revenue_cny="T0", revenue_y1_cny="T0"),
    _answer("profit", "两年的净利润", "net profit of two years", net_profit_cny="T0", net_profit_y1_cny="T0"),
    _answer("assets", "两年的资产总额", "total assets of two years", total_assets_cny="T0", total_assets_y1_cny="T0"),
    _answer("liabilities", "两年的负债总额", "total liabilities of two years", total_liabilities_cny="T0", total_liabilities_y1_cny="T0"),
    _answer("dividend", "是否分红", "whether dividends were paid", pays_dividend="T0"),
    _answer("operating_profit", "息税前利润", "profit before interest and tax", ebit_cny="T1"),
    _answer(
        "current", "流动资产和流动负债", "current assets and current liabilities",
        current_assets_cny="T1", current_liabilities_cny="T1", current_assets_y1_cny="T2", current_liabilities_y1_cny="T2",
    ),
    _answer("cash", "货币资金", "cash in the bank", cash_cny="T1", cash_y1_cny="T2"),
    _answer("debt", "有息债务", "interest-bearing debt", interest_debt_cny="T1", interest_debt_y1_cny="T2"),
    _answer("capital_spending", "买设备建厂房花的钱", "capital spending", capex_cny="T1"),
    _answer("depreciation", "折旧摊销", "depreciation and amortisation", depreciation_cny="T1"),
    _answer("retained", "历年留存的利润", "retained earnings", retained_earnings_cny="T1"),
    _answer("overheads", "销售和管理费用", "selling and administrative expense", selling_admin_expense_cny="T1"),
    _answer("fixed", "固定资产", "fixed assets", fixed_assets_cny="T1"),
    _answer("inventory", "存货", "inventory", inventory_cny="T1", inventory_y1_cny="T2"),
    _answer("receivables", "应收账款", "receivables", receivables_cny="T1", receivables_y1_cny="T2"),
    _answer("past_flows", "前年的三项现金流", "the cash flows of the year before", opcf_y1_cny="T3", invcf_y1_cny="T3", fincf_y1_cny="T3"),
    _answer("past_results", "大前年的收入和利润", "sales and profit two years before", revenue_y2_cny="T3", net_profit_y2_cny="T3"),
)  # fmt: skip
FACTS: Mapping[str, Tier] = {fact: tier for answer in ANSWERS for fact, tier in answer.facts.items()}
BASIC = tuple(fact for fact, tier in FACTS.items() if tier == "T0")
"""The facts of the first tier: below `NEEDED` of them the model says nothing."""
NEEDED = 5

# The amount that others are measured by: total assets, or what stands in for it (medians of the Chinese listed firms that
# the shipped model was trained on: current assets 55 %, liabilities 42 %, sales 60 %, cash 12 % of assets).
_SCALE = (
    "total_assets_cny", "current_assets_cny / 0.55", "total_liabilities_cny / 0.42", "revenue_cny / 0.6", "cash_cny / 0.12",
)  # fmt: skip

_ABOVE_ZERO = ("scale", "scale_before")
_UNKNOWN = Constant(None)  # type: ignore[arg-type]  # written in no rule

# Where several formulas are given, the first that is known counts. Later ones may name earlier ones.
_PARTS: Mapping[str, tuple[str, ...]] = {
    "scale": _SCALE,
    "scale_before": ("total_assets_y1_cny", "scale"),
    "equity_change": ("total_assets_cny - total_liabilities_cny - total_assets_y1_cny + total_liabilities_y1_cny",),
    "result": ("net_profit_cny", "ebit_cny"),
    "wear": ("depreciation_cny", "0.025 * scale"),
    "stock_change": ("inventory_cny - inventory_y1_cny", "0 * scale"),
    "credit_change": ("receivables_cny - receivables_y1_cny", "0 * scale"),
    "owed_change": (
        "total_liabilities_cny - total_liabilities_y1_cny - interest_debt_cny + interest_debt_y1_cny",
        "current_liabilities_cny - current_liabilities_y1_cny", "0 * scale",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Input:
    """One input: its name in words, its formula (the first known of several), and the tier it belongs to."""

    id: str
    label: Text
    formulas: tuple[str, ...]
    tier: Tier
    flagged: bool = False
    """Whether the network is also told that it is not known."""


def _input(name: str, tier: Tier, zh: str, en: str, *formulas: str, flagged: bool = False) -> Input:
    return Input(name, Text(zh, en), formulas, tier, flagged)


INPUTS: tuple[Input, ...] = (
    _input("asset_growth", "T0", "资产增长", "growth of assets", "(total_assets_cny - total_assets_y1_cny) / scale", flagged=True),
    _input("sales_growth", "T0", "收入增长", "growth of sales", "(revenue_cny - revenue_y1_cny) / (revenue_cny + revenue_y1_cny)", flagged=True),
    _input("margin", "T0", "净利率", "net margin", "net_profit_cny / revenue_cny"),
    _input("return_on_assets", "T0", "资产净利率", "return on assets", "net_profit_cny / scale", flagged=True),
    _input("turnover", "T0", "资产周转", "sales to assets", "revenue_cny / scale"),
    _input("leverage", "T0", "资产负债率", "liabilities to assets", "total_liabilities_cny / scale", flagged=True),
    _input("dividend", "T0", "分红", "dividends", "1 if pays_dividend else 0", flagged=True),
    _input("profit_change", "T0", "利润变化", "change of profit", "(net_profit_cny - net_profit_y1_cny) / scale"),
    _input("owners_money", "T0", "股东投入减分红", "owners' money in, less dividends", "(equity_change - net_profit_cny) / scale"),
    _input("retained", "T1", "留存利润", "retained earnings to assets", "retained_earnings_cny / scale", flagged=True),
    _input("operating_profit", "T1", "息税前利润率", "operating profit to assets", "ebit_cny / scale", flagged=True),
    _input("current_assets", "T1", "流动资产占比", "current assets to assets", "current_assets_cny / scale", flagged=True),
    _input("current_liabilities", "T1", "流动负债占比", "current liabilities to assets", "current_liabilities_cny / scale"),
    _input("cash", "T1", "货币资金占比", "cash to assets", "cash_cny / scale", flagged=True),
    _input("debt", "T1", "有息债务占比", "debt to assets", "interest_debt_cny / scale", flagged=True),
    _input("capital_spending", "T1", "资本开支占比", "capital spending to assets", "capex_cny / scale", flagged=True),
    _input("depreciation", "T1", "折旧占比", "depreciation to assets", "depreciation_cny / scale", flagged=True),
    _input("overheads", "T1", "销售管理费用率", "overheads to sales", "selling_admin_expense_cny / revenue_cny", flagged=True),
    _input("fixed_assets", "T1", "固定资产占比", "fixed assets to assets", "fixed_assets_cny / scale", flagged=True),
    _input("inventory", "T1", "存货占比", "inventory to assets", "inventory_cny / scale", flagged=True),
    _input("receivables", "T1", "应收占比", "receivables to assets", "receivables_cny / scale", flagged=True),
    _input("cash_change", "T2", "现金变化", "change of cash", "(cash_cny - cash_y1_cny) / scale", flagged=True),
    _input("debt_change", "T2", "债务变化", "change of debt", "(interest_debt_cny - interest_debt_y1_cny) / scale", flagged=True),
    _input("receivables_change", "T2", "应收变化", "change of receivables", "(receivables_cny - receivables_y1_cny) / scale", flagged=True),
    _input("inventory_change", "T2", "存货变化", "change of inventory", "(inventory_cny - inventory_y1_cny) / scale", flagged=True),
    _input(
        "working_assets_change", "T2", "非现金流动资产变化", "change of current assets other than cash",
        "(current_assets_cny - cash_cny - current_assets_y1_cny + cash_y1_cny) / scale", flagged=True,
    ),
    _input(
        "working_liabilities_change", "T2", "无息负债变化", "change of liabilities other than debt",
        "(total_liabilities_cny - interest_debt_cny - total_liabilities_y1_cny + interest_debt_y1_cny) / scale",
    ),
    _input(
        "current_liabilities_change", "T2", "流动负债变化", "change of current liabilities",
        "(current_liabilities_cny - current_liabilities_y1_cny) / scale",
    ),
    _input(
        "long_assets_change", "T2", "长期资产变化", "change of long-lived assets",
        "(total_assets_cny - current_assets_cny - total_assets_y1_cny + current_assets_y1_cny) / scale",
    ),
    # The three flows estimated from the accounts: the change of cash is their sum, which ties them together.
    _input(
        "financing_estimate", "T2", "按账面估算的筹资", "financing told from the accounts",
        "(interest_debt_cny - interest_debt_y1_cny + equity_change - net_profit_cny) / scale",
    ),
    _input(
        "investing_estimate", "T2", "按账面估算的投资", "investing told from the accounts",
        "-(capex_cny + current_assets_cny - cash_cny - inventory_cny - receivables_cny"
        " - current_assets_y1_cny + cash_y1_cny + inventory_y1_cny + receivables_y1_cny) / scale",
    ),
    _input(
        "operating_estimate", "T2", "按账面估算的经营现金", "operating cash told from the accounts",
        "(net_profit_cny + depreciation_cny - (receivables_cny - receivables_y1_cny) - (inventory_cny - inventory_y1_cny)"
        " + total_liabilities_cny - interest_debt_cny - total_liabilities_y1_cny + interest_debt_y1_cny) / scale",
    ),
    _input(
        "operating_by_cash", "T2", "按现金变化倒推的经营现金", "operating cash told from the change of cash",
        "(cash_cny - cash_y1_cny - interest_debt_cny + interest_debt_y1_cny - equity_change + net_profit_cny + capex_cny) / scale",
    ),
    _input("operating_before", "T3", "前年经营现金流", "operating cash flow of the year before", "opcf_y1_cny / scale_before", flagged=True),
    _input("investing_before", "T3", "前年投资现金流", "investing cash flow of the year before", "invcf_y1_cny / scale_before"),
    _input("financing_before", "T3", "前年筹资现金流", "financing cash flow of the year before", "fincf_y1_cny / scale_before"),
    _input(
        "sales_growth_before", "T3", "前年收入增长", "growth of sales the year before",
        "(revenue_y1_cny - revenue_y2_cny) / (revenue_y1_cny + revenue_y2_cny)", flagged=True,
    ),
    _input(
        "operating_best", "T0", "估算的经营现金", "best estimate of operating cash",
        "operating_estimate", "operating_by_cash", "(result + wear - credit_change - stock_change + owed_change) / scale",
    ),
    _input(
        "investing_best", "T1", "估算的投资支出", "best estimate of investing",
        "investing_estimate", "-capex_cny / scale",
        "-(total_assets_cny - current_assets_cny - total_assets_y1_cny + current_assets_y1_cny + depreciation_cny) / scale",
    ),
    _input(
        "financing_best", "T0", "估算的筹资", "best estimate of financing",
        "financing_estimate", "debt_change", "(cash_cny - cash_y1_cny - net_profit_cny - depreciation_cny + capex_cny) / scale",
        "(total_liabilities_cny - total_liabilities_y1_cny + equity_change - net_profit_cny) / scale",
    ),
)  # fmt: skip
NAMES = tuple(one.id for one in INPUTS)


def input_trees() -> dict[str, Node]:
    """Return the tree of each input, in order: a number, or unknown."""
    names = {fact: Naming("bool" if fact == "pays_dividend" else "number") for fact in FACTS}
    defined: dict[str, Node] = {}
    for name, formulas in (*_PARTS.items(), *((one.id, one.formulas) for one in INPUTS)):
        known = names | dict.fromkeys(defined, Naming("number"))
        trees = [_read(text, known, defined) for text in formulas]
        if name in _ABOVE_ZERO:  # an amount of nothing measures nothing
            trees = [Choice(Formula("or_else", (Test(">", tree, Constant(0)), Constant(False))), tree, _UNKNOWN) for tree in trees]
        defined[name] = reduce(lambda first, other: Formula("or_else", (first, other)), trees)
    return {one.id: defined[one.id] for one in INPUTS}


def definitions() -> list[str]:
    """Return how every input is made, as text: a model is good for these and no others."""
    return [f"{name}: {' | '.join(formulas)}" for name, formulas in (*_PARTS.items(), *((one.id, one.formulas) for one in INPUTS))]


def basics_known() -> Node:
    """Return the tree that counts the known facts of the first tier."""
    flags = [Choice(Formula("or_else", (_is_known(fact), Constant(False))), Constant(1), Constant(0)) for fact in BASIC]
    return reduce(lambda one, other: Formula("+", (one, other)), flags)  # type: ignore[arg-type, return-value]


def _is_known(fact: str) -> Node:
    number = Choice(Name(fact), Constant(1), Constant(0)) if fact == "pays_dividend" else Name(fact)
    return Test("==", number, number)


def _read(text: str, names: Mapping[str, Naming], defined: Mapping[str, Node]) -> Node:
    problems: list[object] = []
    tree = parse(text, names, problems)  # type: ignore[arg-type]
    assert tree is not None, problems
    return _filled(tree, defined)


def _filled(node: Node, defined: Mapping[str, Node]) -> Node:
    """Return a tree with names of other inputs replaced by their trees."""
    match node:
        case Name(name):
            return defined.get(name, node)
        case Formula(op, args):
            return Formula(op, tuple(_filled(arg, defined) for arg in args))
        case _:
            return node
