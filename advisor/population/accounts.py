"""The accounts of synthetic firms: sales, a balance sheet that balances, and cash flows that explain the change of cash."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from advisor.population.draws import Array, Columns, Draws, Mask, money, ratio
from advisor.population.life import COOPERATIVE, DECLINING, GROWING, MATURE, SELF_EMPLOYED, TEAM, YOUNG, Life

_SALES = np.array([0.55, 1.0, 1.1, 0.75])
_GROWTH = np.array([0.5, 0.3, 0.04, -0.17])
_GROWTH_SPREAD = np.array([0.45, 0.16, 0.1, 0.14])
_MARGIN = np.array([-0.06, 0.01, 0.01, -0.075])
_MARGIN_SPREAD = np.array([0.13, 0.05, 0.035, 0.06])
_DEBT = np.array([0.4, 0.5, 0.42, 0.6])
_CASH = np.array([0.22, 0.12, 0.12, 0.07])
_OPERATING = np.array([-0.08, 0.08, 0.1, -0.05])
_EXISTED = (1.0, 2.0)
"""Age in years from which a firm had a year before, and one before that."""


@dataclass(frozen=True, slots=True)
class Accounts:
    """The figures that other facts are drawn from, in CNY."""

    sales: Array
    profit: Array
    assets: Array
    debt: Array
    short_debt: Array
    receivables: Array
    stock: Array
    borrowed: Mask
    """Whether a bank has ever lent to it."""
    raised: Array


def accounts(draws: Draws, life: Life, columns: Columns) -> Accounts:
    """Add every figure of the three statements and of the year before."""
    lived = tuple(life.age >= years for years in _EXISTED)
    unsold = (life.form == TEAM) | life.researches & (life.stage == YOUNG) & draws.chance(0.3)
    burned = _results(draws, life, columns, unsold, lived)
    raised = _raised(draws, life)
    _assets(draws, life, columns, burned, raised)
    borrowed, leverage = _debts(draws, life, columns)
    _taxes_and_owners(draws, life, columns, raised)
    columns.put(has_bank_loan=borrowed)
    opening = _opening(draws, columns, lived[0], leverage)
    _flows(draws, life, columns, columns["cash_cny"] - opening, lived)
    return Accounts(
        columns["revenue_cny"], columns["net_profit_cny"], columns["total_assets_cny"], columns["interest_debt_cny"],
        columns["short_debt_cny"], columns["receivables_cny"], columns["inventory_cny"], borrowed, raised,
    )  # fmt: skip


def _results(draws: Draws, life: Life, columns: Columns, unsold: Mask, lived: tuple[Mask, ...]) -> Array:
    """Add sales and profit of three years, and return what firms without sales spend in one."""
    before, earlier = lived
    sales = money(life.staff * life.of_trade("sales") * 1_000 * _SALES[life.stage] * draws.factor(0.45)) * ~unsold
    sales_1 = money(sales / (1 + _growth(draws, life))) * before
    sales_2 = money(sales_1 / (1 + _growth(draws, life))) * earlier
    burned: Array = life.staff * 90_000 * draws.share(0.3, 1.4) * unsold
    registered = life.form != TEAM
    for year, turnover, existed in (("", sales, registered), ("_y1", sales_1, before), ("_y2", sales_2, earlier)):
        columns.put(**{f"revenue{year}_cny": turnover, f"net_profit{year}_cny": money(_profit(draws, life, turnover) - burned * existed)})
    return burned


def _assets(draws: Draws, life: Life, columns: Columns, burned: Array, raised: Array) -> None:
    """Add the assets, summed up from their parts."""
    sales, staff = columns["revenue_cny"], life.staff
    receivables = money(sales * life.of_trade("credit_days") / 365 * draws.factor(0.45) * (1 + 0.4 * life.trouble))
    stock = money(sales * life.of_trade("stock_days") / 365 * draws.factor(0.5))
    fixed = money((sales * life.of_trade("fixed") + staff * 8_000) * draws.factor(0.5) * (life.form != TEAM))
    other = money((sales * 0.04 + staff * 3_000) * draws.factor(0.5))
    intangible = money(fixed * draws.share(0.0, 0.35))
    reserve = (receivables + stock + fixed + other + intangible) * _CASH[life.stage] + burned * 0.8
    cash = money(reserve * draws.factor(0.7) * (1 - 0.7 * life.trouble) + 0.4 * raised + 1_000)
    current = cash + receivables + stock + other
    columns.put(
        cash_cny=cash, receivables_cny=receivables, inventory_cny=stock, current_assets_cny=current, fixed_assets_cny=fixed,
        total_assets_cny=current + fixed + intangible, depreciation_cny=money(fixed * draws.share(0.05, 0.13)),
    )  # fmt: skip
    columns.put_where(~np.isin(life.form, (SELF_EMPLOYED, COOPERATIVE, TEAM)), equipment_book_cny=money(fixed * draws.share(0.15, 0.9)))


def _debts(draws: Draws, life: Life, columns: Columns) -> tuple[Mask, Array]:
    """Add what is owed, and return which firms have ever borrowed and what part of the assets is owed."""
    size = np.log(life.staff + 1)
    usual = np.clip(0.16 + 0.13 * size, 0.0, 0.95) * np.where(life.stage == YOUNG, 0.55, 1.0)
    borrowed = draws.chance(usual + 0.5 * life.trouble) & (life.form != TEAM)
    owes = borrowed & draws.chance(0.82)
    leverage: Array = np.clip(draws.normal(_DEBT[life.stage] + 0.28 * life.trouble - 0.08 * ~owes, 0.15), 0.02, 1.45)
    liabilities = money(columns["total_assets_cny"] * leverage)
    debt = money(liabilities * draws.share(0.15, 0.7) * (owes & (liabilities > 250_000)))
    long_debt = money(debt * draws.share(0.1, 0.85) * draws.chance(0.3 + 0.04 * size))
    columns.put(
        total_liabilities_cny=liabilities, interest_debt_cny=debt, short_debt_cny=debt - long_debt,
        current_liabilities_cny=liabilities - long_debt - money((liabilities - debt) * draws.share(0.0, 0.12)),
        interest_expense_cny=money(debt * draws.share(0.028, 0.065)),
    )  # fmt: skip
    columns.put_where(~columns.unknown["equipment_book_cny"], equipment_encumbered=owes & draws.chance(0.3))
    return borrowed, leverage


def _taxes_and_owners(draws: Draws, life: Life, columns: Columns, raised: Array) -> None:
    """Add profit before tax and interest, costs, and what of the equity was paid in and what was kept."""
    profit = columns["net_profit_cny"]
    pretax = np.where(profit > 0, money(profit * draws.share(1.02, 1.25)), profit)
    costs = np.maximum(columns["revenue_cny"] - pretax, 0.0)
    assets, reserve = columns["total_assets_cny"], money(0.8 * raised)
    equity = assets - columns["total_liabilities_cny"]
    paid_in = money(np.maximum(np.maximum(equity - reserve, 0.25 * assets) * draws.share(0.2, 0.75), 10_000))
    pays = np.where(life.stage == DECLINING, 0.05, 0.02 + 0.04 * np.log(life.staff + 1))
    columns.put(
        ebit_cny=pretax + columns["interest_expense_cny"], taxable_income_cny=money(pretax * draws.share(0.75, 1.1)),
        total_cost_cny=costs, selling_admin_expense_cny=money(costs * draws.share(0.04, 0.28)),
        paid_in_capital_cny=paid_in, retained_earnings_cny=equity - paid_in - reserve, equity_raised_2y_cny=raised,
        roe_weighted=ratio(np.where(equity > 0, profit / np.maximum(equity, 1.0), 0.0), -1.0, 1.0),
        pays_dividend=(profit > 0) & draws.chance(pays) & ~life.trouble,
    )  # fmt: skip


def _growth(draws: Draws, life: Life) -> Array:
    usual = _GROWTH[life.stage] - 0.1 * life.trouble
    return np.clip(draws.normal(usual, _GROWTH_SPREAD[life.stage]), -0.7, 3.0)


def _profit(draws: Draws, life: Life, sales: Array) -> Array:
    usual = life.of_trade("margin") + _MARGIN[life.stage] - 0.08 * life.trouble
    profit: Array = sales * np.clip(draws.normal(usual, _MARGIN_SPREAD[life.stage]), -1.5, 0.45)
    return profit


def _raised(draws: Draws, life: Life) -> Array:
    """Return what investors put in over two years; few firms but those that research, and then by size."""
    found = life.company & draws.chance(np.where(life.researches, np.array([0.16, 0.14, 0.05, 0.02])[life.stage], 0.002))
    return money(found * np.clip(life.staff * 200_000 * draws.factor(1.1), 500_000, 3_000_000_000))


def _opening(draws: Draws, columns: Columns, before: Mask, leverage: Array) -> Array:
    """Add the balance sheet of a year before, drawn through this year's proportions, and return its cash."""
    assets = columns["total_assets_cny"]
    trend = columns["revenue_y1_cny"] / np.maximum(columns["revenue_cny"], 1.0)
    total = money(assets * np.clip(0.35 + 0.65 * trend, 0.3, 2.0) * draws.factor(0.08)) * before
    liabilities = money(total * np.clip(leverage * draws.factor(0.08), 0.02, 1.4))
    change = total / assets
    cash = money(np.minimum(columns["cash_cny"] * change * draws.factor(0.25), total))
    receivables = money(np.minimum(columns["receivables_cny"] * change * draws.factor(0.12), total - cash))
    stock = money(np.minimum(columns["inventory_cny"] * change * draws.factor(0.12), total - cash - receivables))
    held = cash + receivables + stock
    share_of_debt = columns["interest_debt_cny"] / np.maximum(columns["total_liabilities_cny"], 1.0)
    debt = money(liabilities * np.minimum(share_of_debt * draws.factor(0.15), 1.0))
    columns.put(
        total_assets_y1_cny=total, total_liabilities_y1_cny=liabilities, cash_y1_cny=cash, receivables_y1_cny=receivables, inventory_y1_cny=stock,
        current_assets_y1_cny=held + money((total - held) * draws.share(0.0, 0.3)), interest_debt_y1_cny=debt,
        current_liabilities_y1_cny=liabilities - money((liabilities - debt) * draws.share(0.0, 0.12)),
    )  # fmt: skip
    return cash


def _flows(draws: Draws, life: Life, columns: Columns, change: Array, lived: tuple[Mask, ...]) -> None:
    """Add three years of cash flows whose signs follow the stage, and the owner's three answers about the last."""
    stage, assets = life.stage, columns["total_assets_cny"]
    way = draws.share()
    invests = np.select(
        [stage == YOUNG, stage == GROWING, stage == MATURE, way < 0.3, way < 0.65],
        [draws.share(-1.0, -0.1), draws.share(-3.0, -1.15), draws.share(-0.8, -0.1), draws.share(-0.5, -0.05), draws.share(0.1, 0.8)],
        draws.share(1.1, 1.9),
    )
    capacity = np.where(life.trouble, -0.05, _OPERATING[stage])
    margin = 0.25 * columns["net_profit_cny"] / assets
    operating = money(assets * np.clip(draws.normal(capacity + margin, 0.045), -0.6, 0.4))
    investing = money(np.abs(operating) * invests)
    columns.put(
        opcf_cny=operating, invcf_cny=investing, fincf_cny=change - operating - investing,
        capex_cny=money(np.maximum(-investing, 0.0) * draws.share(0.8, 1.15)),
    )  # fmt: skip
    earned, spent = operating, investing
    for year, existed in zip(("y1", "y2"), lived, strict=True):
        shrink = draws.normal(0.85, 0.3) * existed
        earned, spent = money(earned * shrink), money(spent * np.abs(shrink) * draws.factor(0.2))
        financing = money(-(earned + spent) * draws.factor(0.15))
        columns.put(**{f"opcf_{year}_cny": earned, f"invcf_{year}_cny": spent, f"fincf_{year}_cny": financing})
    slips = [draws.chance(0.03) for _ in range(3)]
    columns.put(
        ops_brought_cash=(operating > 0) ^ slips[0],
        spent_on_investment=(investing < 0) ^ slips[1],
        raised_more_than_repaid=(columns["fincf_cny"] > 0) ^ slips[2],
    )
