"""A synthetic population of firms of Chongqing and China: seeded, streamed and plausible, for demonstrations and benchmarks.

Firms are made in blocks, each from the seed and its own number: a row depends on nothing but the seed, the day and its
position, so that a longer population begins with the shorter one and memory stays bounded.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa

from advisor.domain.facts import Catalogue, Fact, FactKind
from advisor.population.accounts import accounts
from advisor.population.draws import Array, Columns, Draws, Mask, Words
from advisor.population.life import COOPERATIVE, SELF_EMPLOYED, SOLE, TEAM, Life, identity, lives, people
from advisor.population.market import collateral, customers, need, shareholders, tax
from advisor.population.names import PREFIXES, codes, names
from advisor.population.standing import credit, loans_due, technology
from advisor.population.trades import TRADES
from advisor.tables.export import open_writer

CHUNK = 131_072
"""Firms of a frame."""
BLOCK = 10_000
"""Firms made at a time; raising it changes every population."""
NOTICE = "synthetic firms: drawn at random, no real enterprise"
"""What a file of these firms says of itself, under the metadata key `synthetic`."""

_DTYPES: Mapping[FactKind, pl.DataType] = {
    "text": pl.String(), "choice": pl.String(), "choices": pl.String(), "bool": pl.Boolean(), "date": pl.Date(),
    "int": pl.Int32(), "number": pl.Float64(), "money": pl.Float64(), "ratio": pl.Float64(),
}  # fmt: skip

_TRADE_WORDS = tuple(dict.fromkeys(word for trade in TRADES for word in trade.words))
_WORDS = pl.Series(_TRADE_WORDS)
_WORD = np.array([[_TRADE_WORDS.index(trade.words[turn % len(trade.words)]) for turn in range(2)] for trade in TRADES])
_ENDINGS = pl.Series(["有限公司", "有限责任公司", "股份有限公司", "合伙企业（有限合伙）", "", "经营部", "专业合作社", "创业团队", "中心"])
_ENDING = np.array([[0, 1], [2, 2], [3, 3], [5, 8], [4, 5], [6, 6], [7, 7]])

_KNOWLEDGE: Mapping[str, tuple[float, float, tuple[str, ...]]] = {
    "register": (2.2, 0.5, ("gb_code", "district", "in_park", "cluster_33618", "completed_share_reform", "ownership")),
    "people": (0.6, 0.7, ("social_insured", "employee_change_1y_pct", "key_group_hires_1y", "layoff_rate_prev_year", "bachelor_staff_ratio",
                          "wage_or_social_arrears", "founder_groups", "founder_other_loans")),
    "sales": (1.6, 0.7, ("revenue_cny", "net_profit_cny")),
    "history": (0.2, 0.7, ("revenue_y1_cny", "revenue_y2_cny", "net_profit_y1_cny", "net_profit_y2_cny")),
    "balance": (0.1, 0.75, ("total_assets_cny", "total_liabilities_cny", "cash_cny", "receivables_cny", "inventory_cny", "fixed_assets_cny",
                            "equipment_book_cny", "paid_in_capital_cny", "receivables_overdue_ratio")),
    "statements": (-1.4, 0.8, ("current_assets_cny", "current_liabilities_cny", "ebit_cny", "depreciation_cny", "retained_earnings_cny",
                               "taxable_income_cny", "total_cost_cny", "selling_admin_expense_cny", "roe_weighted", "capex_cny")),
    "opening": (-1.8, 0.8, ("total_assets_y1_cny", "total_liabilities_y1_cny", "cash_y1_cny", "interest_debt_y1_cny", "current_assets_y1_cny",
                            "current_liabilities_y1_cny", "inventory_y1_cny", "receivables_y1_cny")),
    "flows": (-2.0, 0.8, ("opcf_cny", "invcf_cny", "fincf_cny")),
    "flows_before": (-2.6, 0.8, ("opcf_y1_cny", "opcf_y2_cny", "invcf_y1_cny", "invcf_y2_cny", "fincf_y1_cny", "fincf_y2_cny")),
    "answers": (1.8, 0.3, ("ops_brought_cash", "spent_on_investment", "raised_more_than_repaid", "pays_dividend")),
    "debt": (0.5, 0.7, ("interest_debt_cny", "short_debt_cny", "interest_expense_cny", "loan_due_days", "loan_due_cny", "has_bank_loan",
                        "overdue_loans", "overdue_days_max", "loan_class", "financial_creditor_count", "bank_agrees_renewal")),
    "credit": (1.8, 0.5, ("blacklisted", "controller_credit_ok", "tax_grade", "major_litigation", "major_violation_3y", "cannot_pay_due",
                          "court_status", "data_authorised", "external_guarantee_cny")),
    "technology": (0.4, 0.6, ("rd_staff", "rd_expense_cny", "rd_expense_y1_cny", "rd_expense_y2_cny", "class1_ip", "class2_ip", "certs",
                              "kv_grade", "hitech_income_ratio", "main_business_ratio", "product_stage", "tech_from_university", "first_set",
                              "years_in_niche", "ip_value_cny", "tech_transfer_income_cny")),
    "market": (-1.2, 0.7, ("niche_share", "niche_rank_cn", "niche_share_global", "niche_rank_global", "srdi_score")),
    "trade": (0.6, 0.6, ("top1_customer_ratio", "good_receivables_cny", "core_debtor", "core_confirms", "orders_cny", "warehouse_goods_cny",
                         "gov_contract_cny", "bills_held_cny", "export_revenue_cny", "export_receivable_cny", "export_rebate_cny",
                         "has_export_insurance")),
    "collateral": (0.2, 0.6, ("realestate_collateral_cny", "equipment_encumbered", "stable_cf_asset_cny", "stable_cf_asset_type",
                              "carbon_quota_t", "emission_permit_value_cny", "data_asset_value_cny")),
    "need": (2.4, 0.3, ("purposes", "need_cny", "need_months", "project_invest_cny", "accepts_dilution", "green_project", "deal_price_cny",
                        "deal_equity_pct")),
    "equity": (1.0, 0.6, ("listing_status", "equity_raised_2y_cny", "rating", "wants_listing", "neeq_months", "est_market_cap_cny",
                          "bond_issues_3y")),
    "trouble": (0.8, 0.5, ("viable_core", "investor_interest", "creditor_support_ratio")),
    "tax": (0.4, 0.6, ("vat_general_taxpayer", "tax_by_books", "vat_retained_credit_cny", "encouraged_industry_revenue_ratio")),
}  # fmt: skip
"""What is known or unknown together: the log-odds of knowing it for a firm without staff, and how they rise with log staff."""
_FORGOTTEN = 0.03
"""The share of single facts missing among those whose group is known."""


def firms(count: int, catalogue: Catalogue, day: dt.date, seed: int = 1, chunk: int = CHUNK) -> Iterator[pl.DataFrame]:
    """Yield `count` firms in frames of `chunk` rows, the last perhaps shorter.

    The columns are `firm_id`, `name` and every fact of the catalogue in raw form: money in CNY, shares as fractions,
    choices as Enum of option ids, several choices joined by ";" (a lone ";" is a list known to be empty), null for
    unknown. A fact of the catalogue that the population does not know of is unknown of every firm. Raises ValueError
    for a chunk below one row.
    """
    if chunk < 1:
        raise ValueError(chunk)
    held: list[pl.DataFrame] = []
    rows = 0
    for number in range(-(-count // BLOCK)):
        made = _block(number, catalogue, day, seed).head(count - number * BLOCK)
        held.append(made)
        rows += made.height
        while rows >= chunk:
            joined = pl.concat(held)
            yield joined.head(chunk)
            rows -= chunk
            held = [joined.tail(rows)] if rows else []
    if rows:
        yield pl.concat(held)


def write_firms(
    path: Path,
    count: int,
    catalogue: Catalogue,
    day: dt.date,
    seed: int = 1,
    *,
    chunk: int = CHUNK,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Write `count` firms as CSV, XLSX or Parquet by the ending; `progress` is told how many are done, and of how many.

    The metadata of Parquet, one row group a chunk, says that the firms are synthetic. Raises InputError when the file
    cannot be written.
    """
    about = {"synthetic": NOTICE, "seed": str(seed), "as_of": day.isoformat()}
    done = 0
    empty = _block(0, catalogue, day, seed).clear()
    with open_writer(path, empty.columns, about=about) as writer:
        for frame in firms(count, catalogue, day, seed, chunk) if count else [empty]:
            writer.write(frame)
            done += frame.height
            if progress is not None:
                progress(done, count)


def _block(number: int, catalogue: Catalogue, day: dt.date, seed: int) -> pl.DataFrame:
    draws = Draws(seed, number, BLOCK)
    life, columns = lives(draws), Columns()
    identity(draws, life, day, columns)
    people(draws, life, columns)
    books = accounts(draws, life, columns)
    level = technology(draws, life, books, columns)
    credit(draws, life, books, columns)
    loans_due(draws, life, books, columns)
    customers(draws, life, books, columns)
    collateral(draws, life, books, columns)
    tax(draws, life, books, columns)
    need(draws, life, books, columns)
    shareholders(draws, life, books, level, columns)
    _forget(draws, life, columns)
    facts = [_series(fact, columns) for fact in catalogue.facts.values()]
    return pl.DataFrame([*_identifiers(draws, life, seed, number * BLOCK), *facts])


def _identifiers(draws: Draws, life: Life, seed: int, first: int) -> list[pl.Series]:
    prefix = np.zeros(BLOCK, dtype=np.uint8)
    for form, kind in ((SELF_EMPLOYED, "self_employed"), (COOPERATIVE, "cooperative"), (TEAM, "none")):
        prefix[life.form == form] = PREFIXES.index(kind)
    turn = draws.chance(0.5).astype(np.uint8)
    small_trader = np.isin(life.form, (SOLE, SELF_EMPLOYED, COOPERATIVE))
    called = names(draws, life.place, small_trader, _WORDS, _WORD[life.trade, turn], _ENDINGS, _ENDING[life.form, turn])
    return [codes(seed, first, life.place, prefix).alias("firm_id"), called.alias("name")]


def _forget(draws: Draws, life: Life, columns: Columns) -> None:
    """Make facts unknown, whole groups at a time and more of them in small firms."""
    size = np.log(life.staff + 1).astype(np.float32)
    limit = np.uint16(_FORGOTTEN * 65_535)
    for base, rise, facts in _KNOWLEDGE.values():
        lost = ~draws.chance(1 / (1 + np.exp(-(np.float32(base) + np.float32(rise) * size))))
        bits = draws.bits()
        for turn, fact_id in enumerate(facts):
            missing = lost | (bits * np.uint16(40_503 + 2 * turn) < limit)
            columns.unknown[fact_id] = missing | columns.unknown[fact_id] if fact_id in columns.unknown else missing


def _series(fact: Fact, columns: Columns) -> pl.Series:
    made, unknown = columns.made.get(fact.id), columns.unknown.get(fact.id)
    if made is None:
        return pl.Series(fact.id, [None], dtype=_DTYPES[fact.kind]).new_from_index(0, BLOCK)
    if isinstance(made, Words):
        positions = _arrow(made.codes.astype(np.uint32), unknown)
        return pl.Series(fact.id, made.words, dtype=pl.Enum(made.words)).gather(pl.Series(positions))
    return pl.Series(fact.id, _arrow(made, unknown))


def _arrow(values: Array, unknown: Mask | None) -> pa.Array:
    """Return values as an Arrow array without copying them; masks become bits."""
    known = None if unknown is None else pa.py_buffer(np.packbits(~unknown, bitorder="little"))
    if values.dtype == np.bool_:
        return pa.Array.from_buffers(pa.bool_(), len(values), [known, pa.py_buffer(np.packbits(values, bitorder="little"))])
    if values.dtype.kind == "M":
        return pa.Array.from_buffers(pa.date32(), len(values), [known, pa.py_buffer(values.astype(np.int32))])
    return pa.Array.from_buffers(pa.from_numpy_dtype(values.dtype), len(values), [known, pa.py_buffer(values)])
