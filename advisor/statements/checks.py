"""What must hold between the lines of one period: sections add up, assets are financed, flows explain the cash."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import permutations

from advisor.domain.errors import InputError, Place, Problem
from advisor.domain.text import Text
from advisor.statements.figures import step
from advisor.statements.periods import Period

ByPeriod = Mapping[Period, Mapping[str, float]]
"""Yuan by item, of each period."""

_OTHER_SCALE = 500
"""Cash in hand and in the cash-flow statement differ by less, where both are written in the unit that they name."""


def adds_up(parts: Sequence[float], total: float) -> bool:
    """Return whether there are parts and they add up to a total, both in yuan, within rounding."""
    return bool(parts) and _agree(total, parts, 1e-3)


def _agree(total: float, parts: Sequence[float], share: float) -> bool:
    """Return whether parts are a total but for rounding, whose step is at most a share of the largest figure."""
    figures = [total, *parts]
    rounding = min(step(figures), share * max(map(abs, figures)))
    return abs(total - sum(parts)) <= len(figures) * rounding / 2 + 0.005


def doubts(amounts: ByPeriod) -> Iterator[Problem]:
    """Yield a warning for each period in which the statements do not agree with one another."""
    for period, known in sorted(amounts.items(), reverse=True):
        if not (_holds(known, "total_assets", "total_liabilities", "equity") and _holds(known, "total_assets", "liabilities_and_equity")):
            zh, en = f"{period.end}：资产不等于负债加所有者权益", f"{period.end}: assets are not liabilities plus equity"
            yield Problem("does_not_balance", Text(zh, en))
        flows = ("operating", "investing", "financing", *(("exchange",) if "exchange" in known else ()))
        if not (_holds(known, "change", *flows) and _holds(known, "closing_cash", "opening_cash", "change")):
            zh, en = f"{period.end}：三项现金流量之和与现金净增加额对不上", f"{period.end}: the three cash flows do not explain the change in cash"
            yield Problem("cash_does_not_add_up", Text(zh, en))
        ends = sorted((amounts.get(Period(period.end, 0), {}).get("cash", 0.0), known.get("closing_cash", 0.0)))
        if ends[0] > 0 and ends[1] > _OTHER_SCALE * ends[0]:
            times = f"{ends[1] / ends[0]:,.0f}"
            zh = f"{period.end}：资产负债表的货币资金与现金流量表的期末现金相差{times}倍，请核对单位"
            en = f"{period.end}: cash differs {times} times between balance sheet and cash-flow statement; check the units"
            yield Problem("scales_differ", Text(zh, en))


def _holds(known: Mapping[str, float], total: str, *parts: str) -> bool:
    return total not in known or any(part not in known for part in parts) or _agree(known[total], [known[part] for part in parts], 1e-2)


def refuse_single_quarters(amounts: ByPeriod, place: Place) -> None:
    """Raise InputError where columns under bare dates hold single quarters.

    A year sells no less than its own first nine months, and its cash opens where that of its first quarter does.
    """
    for early, late in permutations(amounts, 2):
        if early.end.year == late.end.year and 0 < early.months == early.end.month < late.months == late.end.month:
            sold, sold_later = (amounts[one].get("revenue", amounts[one].get("total_revenue", 0.0)) for one in (early, late))
            opened, opened_later = (amounts[one].get("opening_cash", 0.0) for one in (early, late))
            if 0 < sold_later < sold or (opened_later and opened != opened_later == amounts[early].get("closing_cash")):
                zh = f"到{late.end}的一列不像全年累计数：与到{early.end}的一列像是单季数，请换成年度报表"
                en = f"the columns to {early.end} and {late.end} look like single quarters, not like the year so far; use yearly statements"
                raise InputError([Problem("single_quarters", Text(zh, en), place)])
