"""What synthetic firms trade, own, want and are worth: customers, collateral, tax, the need for money, shareholders."""

from __future__ import annotations

import numpy as np

from advisor.population.accounts import Accounts
from advisor.population.draws import NOTHING, Array, Columns, Draws, Words, money, ratio, weighted
from advisor.population.life import DECLINING, GROWING, JOINT_STOCK, TEAM, YOUNG, Life
from advisor.population.trades import TRADES, coded

_BIG_BUYERS = np.select(
    [coded(("C", "B")), coded(("E",)), coded(("I", "M", "N")), coded(("F51", "G")), coded(("F52", "H", "O"))], [0.35, 0.4, 0.3, 0.2, 0.03], 0.12
)
_PUBLIC_BUYERS = np.select([coded(("E", "I65", "M", "N")), coded(("C", "L", "K7020"))], [0.14, 0.06], 0.015)
_HEAVY = coded(("C26", "C30", "C31", "C32", "D44"))
_DATA = coded(("I",))
_ENCOURAGED = np.select([coded(("C", "D", "I65", "M", "N", "G59")), coded(("E", "L"))], [0.4, 0.12], 0.04)
_ASSET_TYPES = ("mall_retail", "office", "complex", "rental_housing", "industrial_park", "warehouse", "energy", "hotel", "data_centre",
                "lease_claims", "receivables", "transport", "urban_renewal", "mall_retail;office", NOTHING)  # fmt: skip
_HOLDS = {
    "K7010": [25, 20, 15, 15, 8, 0, 0, 5, 0, 0, 0, 0, 5, 7], "L7211": [8, 22, 10, 8, 35, 5, 0, 0, 0, 0, 0, 4, 4, 4],
    "G5930": [0, 0, 0, 0, 10, 90, 0, 0, 0, 0, 0, 0, 0, 0], "D4416": [0, 0, 0, 0, 0, 0, 100, 0, 0, 0, 0, 0, 0, 0],
    "D4430": [0, 0, 0, 0, 0, 0, 100, 0, 0, 0, 0, 0, 0, 0], "H6110": [0, 0, 5, 0, 0, 0, 0, 95, 0, 0, 0, 0, 0, 0],
    "I6550": [0, 0, 0, 0, 10, 0, 0, 0, 90, 0, 0, 0, 0, 0], "L7111": [0, 0, 0, 0, 0, 0, 0, 0, 0, 100, 0, 0, 0, 0],
    "N7721": [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 30, 70, 0, 0],
}  # fmt: skip
_HOLDERS = coded(tuple(_HOLDS))
_ASSET_TYPE = weighted(*(_HOLDS.get(trade.code, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 100, 0, 0, 0]) for trade in TRADES))

_WANTS = (
    ("working_capital", 12, 0.12), ("working_capital;payroll", 12, 0.10), ("payroll", 6, 0.05), ("equipment", 36, 0.15),
    ("equipment;working_capital", 36, 0.2), ("tech_upgrade;equipment", 36, 0.25), ("tech_upgrade;green_project", 60, 0.25),
    ("plant;equipment", 60, 0.5), ("plant", 72, 0.6), ("rd;working_capital", 24, 0.15), ("rd;equity_growth", 36, 0.5),
    ("equity_growth", 60, 0.6), ("equity_growth;working_capital", 36, 0.4), ("export;working_capital", 6, 0.12), ("bid_performance", 12, 0.08),
    ("bid_performance;working_capital", 12, 0.12), ("green_project", 60, 0.3), ("risk_transfer", 12, 0.03), ("compliance_tax", 12, 0.03),
    ("technology_acquisition;rd", 36, 0.2), ("refinance", 12, 0.15), ("refinance;working_capital", 12, 0.2), ("restructure;refinance", 24, 0.3),
    ("merger", 60, 0.8), ("merger;equity_growth", 60, 0.8), ("exit", 36, 0.4), ("exit;equity_growth", 36, 0.5),
)  # fmt: skip
_PURPOSES = (*(purpose for purpose, _, _ in _WANTS), NOTHING)
_MONTHS = np.array([months for _, months, _ in _WANTS])
_SIZE_OF_NEED = np.array([share for _, _, share in _WANTS])
_INVESTS = np.array([bool({"equipment", "tech_upgrade", "plant", "green_project"} & set(purpose.split(";"))) for purpose, _, _ in _WANTS])
_BUYS = np.array(["merger" in purpose for purpose, _, _ in _WANTS])
_NEED = weighted(
    #  wc wcp pay  eq eqw  tu tug  pl  pl  rd rde  eg egw  ex bid bdw  gp  rt  ct  ta  rf rfw  rs   m  me    x  xe
    [46, 10, 4, 12, 10, 0, 0, 0.5, 0.5, 0, 0, 3, 3, 2, 2, 2, 0, 1, 2, 0.3, 2, 2, 0, 0, 0, 0, 0],
    [32, 5, 2, 10, 8, 0, 0, 1, 3, 0, 0, 2, 3, 3, 5, 5, 1, 2, 3, 0.5, 6, 6, 0.5, 0.6, 0.3, 0.3, 0.2],
    [16, 3, 2, 14, 12, 16, 4, 5, 2, 3, 0, 2, 3, 5, 2, 2, 2, 1, 2, 1, 4, 4, 0.5, 0.7, 0.4, 0.3, 0.3],
    [10, 2, 1, 5, 4, 5, 1, 1, 0.5, 16, 18, 12, 10, 2, 1, 2, 1, 1, 2, 5, 1, 1, 0.3, 0.8, 0.6, 0.6, 0.6],
    [14, 8, 8, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 1, 0, 24, 22, 18, 0, 0, 2, 0.5],
    [14, 1, 0, 8, 8, 12, 14, 14, 16, 2, 1, 3, 2, 4, 3, 2, 10, 2, 2, 1, 4, 4, 1, 6, 3, 1, 1],
)  # fmt: skip
_PLAIN, _SETTLED, _MAKERS, _RESEARCHERS, _STRAINED, _BIG = range(6)

_MARKETS = ("unlisted", "cq_otc", "neeq_base", "neeq_innovation", "bse", "star", "chinext", "main_board", "hk")
_MARKET = weighted([990, 10, 0, 0, 0, 0, 0, 0, 0], [600, 100, 180, 120, 0, 0, 0, 0, 0], [480, 10, 100, 130, 60, 50, 70, 80, 20])
_BSE, _NEEQ_BASE, _LISTED = _MARKETS.index("bse"), _MARKETS.index("neeq_base"), _MARKETS.index("bse")
_RATINGS = ("none", "A", "AA_minus", "AA", "AA_plus", "AAA")
_RATING = weighted([1, 0, 0, 0, 0, 0], [70, 8, 9, 9, 3, 1], [15, 5, 10, 35, 22, 13])


def customers(draws: Draws, life: Life, books: Accounts, columns: Columns) -> None:
    """Add who buys, what is ordered and exported, and which receivables are good; no part exceeds its whole."""
    sales, receivables = books.sales, books.receivables
    core = draws.chance(_BIG_BUYERS[life.trade] * (0.5 + 0.5 * (life.staff > 10))) & (life.form != TEAM)
    exports = draws.chance(life.of_trade("export") * (0.7 + 0.8 * (life.staff > 50))) & (sales > 0)
    abroad = money(sales * draws.share(0.03, 0.7) * exports)
    owed_abroad = money(np.minimum(abroad * draws.share(0.05, 0.35), 0.5 * receivables))
    late = draws.share(0.0, 0.3) * draws.chance(0.6) + 0.35 * life.trouble * draws.share()
    makes_to_order = (life.makes | (_PUBLIC_BUYERS[life.trade] > 0.1)) & draws.chance(0.6)
    columns.put(
        top1_customer_ratio=ratio(draws.share() ** np.where(core, 1.0, 2.2) * 0.9 * (sales > 0)),
        receivables_overdue_ratio=ratio(late * (receivables > 0)),
        good_receivables_cny=money(receivables * draws.share(0.15, 0.95) * (core | draws.chance(0.06))),
        core_debtor=core,
        core_confirms=core & draws.chance(0.3),
        orders_cny=money(sales * draws.share(0.05, 0.6) * makes_to_order),
        gov_contract_cny=money(sales * draws.share(0.03, 0.35) * draws.chance(_PUBLIC_BUYERS[life.trade])),
        bills_held_cny=money(receivables * draws.share(0.05, 0.4) * draws.chance(0.02 + 0.14 * life.makes)),
        export_revenue_cny=abroad,
        export_receivable_cny=owed_abroad,
        export_rebate_cny=money(abroad * 0.13 * draws.share(0.02, 0.2) * draws.chance(0.7)),
        has_export_insurance=exports & draws.chance(0.3),
    )


def collateral(draws: Draws, life: Life, books: Accounts, columns: Columns) -> None:
    """Add what can be pledged or sold on: property, goods, rights and claims with steady income."""
    fixed = columns["fixed_assets_cny"]
    big = life.staff > 80
    steady = draws.chance(np.where(_HOLDERS[life.trade], np.where(big, 0.6, 0.06), np.where(big, 0.03, 0.0005)))
    income = money(books.assets * draws.share(0.15, 0.8) * (steady & (books.assets > 8e6)))
    types = np.where(income > 0, draws.pick(_ASSET_TYPE, life.trade), len(_ASSET_TYPES) - 1).astype(np.uint8)
    heavy = _HEAVY[life.trade] & (life.staff > 40)
    patents = columns["class1_ip"]
    columns.put(
        realestate_collateral_cny=money(fixed * draws.share(0.3, 1.3) * (draws.chance(0.12 + 0.25 * (life.staff > 30)) & (fixed > 40_000))),
        warehouse_goods_cny=money(books.stock * draws.share(0.2, 0.9) * draws.chance(np.where(coded(("F51",))[life.trade], 0.12, 0.02))),
        stable_cf_asset_cny=income,
        stable_cf_asset_type=Words(types, _ASSET_TYPES),
        carbon_quota_t=np.rint(books.sales / 4_000 * draws.share() * (heavy & draws.chance(0.3))).astype(np.int32),
        emission_permit_value_cny=money(books.sales * draws.share(0.001, 0.01) * (heavy & draws.chance(0.25))),
        data_asset_value_cny=money(books.sales * draws.share(0.02, 0.3) * (_DATA[life.trade] & draws.chance(0.04))),
    )
    appraised = (patents > 0) & draws.chance(0.25)
    columns.put_where(appraised | (patents == 0), ip_value_cny=money(patents * 600_000 * draws.factor(0.8) * appraised))


def tax(draws: Draws, life: Life, books: Accounts, columns: Columns) -> None:
    """Add how the firm is taxed and what the tax office owes it."""
    sales = books.sales
    general = (sales > 5e6) | draws.chance(0.3) & life.company
    western = life.in_chongqing & draws.chance(_ENCOURAGED[life.trade])
    columns.put(
        vat_general_taxpayer=general,
        tax_by_books=draws.chance(np.where(life.company, 0.8 + 0.15 * (life.staff > 30), 0.12)),
        vat_retained_credit_cny=money(sales * draws.share(0.001, 0.03) * (general & draws.chance(0.18))),
        tech_transfer_income_cny=money(sales * draws.share(0.01, 0.2) * (life.researches & draws.chance(0.06))),
        encouraged_industry_revenue_ratio=ratio(np.where(western, draws.share(0.5, 1.0), 0.0)),
    )


def need(draws: Draws, life: Life, books: Accounts, columns: Columns) -> None:
    """Add what money is wanted for, how much and for how long; the amount grows with the firm."""
    big = (life.staff > 300) | (books.assets > 1e9)
    group = np.select(
        [life.trouble, big, life.researches, life.makes, life.stage == YOUNG], [_STRAINED, _BIG, _RESEARCHERS, _MAKERS, _PLAIN], _SETTLED
    )
    group[draws.chance(0.35) & (life.stage == DECLINING)] = _STRAINED
    want = draws.pick(_NEED, group)
    basis = np.maximum(books.sales, 0.7 * books.assets) + life.staff * 20_000
    wanted = np.maximum(np.rint(basis * _SIZE_OF_NEED[want] * draws.factor(0.5) / 10_000), 1.0) * 10_000
    none = draws.chance(0.04)
    invests, buys = _INVESTS[want] & ~none, _BUYS[want] & ~none
    columns.put(
        purposes=Words(np.where(none, len(_WANTS), want).astype(np.uint8), _PURPOSES),
        need_cny=wanted * ~none,
        accepts_dilution=life.company & draws.chance(np.where(life.researches, 0.55, 0.22)) | (life.form == TEAM) & draws.chance(0.8),
        green_project=np.array(["green_project" in one for one in _PURPOSES])[np.where(none, len(_WANTS), want)] | invests & draws.chance(0.08),
    )
    columns.put_where(~none, need_months=np.maximum(np.rint(_MONTHS[want] * draws.share(0.5, 1.4)), 1).astype(np.int32))
    columns.put_where(invests, project_invest_cny=money(wanted * draws.share(1.05, 2.2)))
    columns.put_where(buys, deal_price_cny=money(wanted * draws.share(1.1, 2.5)), deal_equity_pct=ratio(draws.share(0.05, 1.0)))


def shareholders(draws: Draws, life: Life, books: Accounts, level: Array, columns: Columns) -> None:
    """Add quotation, value, rating and the wish to list: rare, and for joint-stock companies and large firms alone."""
    tier = np.where((life.form == JOINT_STOCK) & ~life.trouble, 1 + (books.sales > 150e6) * (life.age >= 4), 0)
    market = np.where(life.company, draws.pick(_MARKET, tier), 0)
    market = np.where((tier == 0) & ~life.in_chongqing, 0, market)
    quoted = (market >= _NEEQ_BASE) & (market <= _BSE)
    months = np.clip(np.rint(life.age * 12 * draws.share(0.1, 0.6)), 1, 150)
    value = np.maximum(books.raised * draws.share(5.0, 14.0), np.maximum(books.profit, 0.0) * draws.share(8.0, 25.0))
    value = np.where(books.raised > 0, value, np.maximum(value, books.assets * draws.share(0.5, 1.5) * (1 + 2 * draws.share() * life.researches)))
    valued = (books.raised > 0) | (market >= _NEEQ_BASE) | (life.staff > 400)
    grade = np.where(life.company & ~life.trouble, (books.assets > 300e6).astype(int) + (books.assets > 2e9), 0)
    bonds = np.where((grade > 0) & draws.chance(0.12 * grade), draws.whole(1, 5), 0)
    columns.put(
        listing_status=Words(market.astype(np.uint8), _MARKETS),
        rating=Words(draws.pick(_RATING, grade), _RATINGS),
        bond_issues_3y=bonds.astype(np.int32),
        wants_listing=life.company & (market < _LISTED) & draws.chance(0.01 + 0.06 * level + 0.05 * (life.stage == GROWING) * life.researches),
        neeq_months=np.where(quoted, months, 0).astype(np.int32),
    )
    columns.put_where(valued, est_market_cap_cny=money(np.maximum(value, 1e6)))
