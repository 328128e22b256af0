"""Firm-years made up for tests: balance sheets that hold together, whose changes follow from the three cash flows of a hidden stage."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from advisor.classifier.book import OTHER_NAMES
from advisor.classifier.training import Recipe
from advisor.domain.stage import PATTERNS

QUICK = Recipe(hidden=(16,), epochs=4, copies=1, rate=0.01, batch=32)
"""A recipe that takes a second and learns something."""

CLASSES = dict(zip(PATTERNS, ("introduction", "growth", "mature", "shakeout", "shakeout", "shakeout", "decline", "decline"), strict=True))
# How often each pattern occurs in a hidden stage: young, growing, settled, shrinking.
_PATTERNS_OF = np.array(
    [
        [0.70, 0.15, 0.05, 0.02, 0.02, 0.02, 0.02, 0.02],
        [0.15, 0.65, 0.10, 0.02, 0.02, 0.02, 0.02, 0.02],
        [0.03, 0.10, 0.70, 0.02, 0.02, 0.09, 0.02, 0.02],
        [0.05, 0.05, 0.05, 0.15, 0.10, 0.20, 0.20, 0.20],
    ]
)
_GROWTH = np.array([0.25, 0.15, 0.04, -0.12])
_FIRST = 2010


@dataclass
class _Firms:
    """Balance sheets of one day, one entry a firm."""

    cash: np.ndarray
    receivables: np.ndarray
    inventory: np.ndarray
    fixed: np.ndarray
    other: np.ndarray
    payables: np.ndarray
    debt: np.ndarray
    retained: np.ndarray
    paid_in: np.ndarray

    def sheet(self, suffix=""):
        current = self.cash + self.receivables + self.inventory
        columns = {
            "cash": self.cash, "receivables": self.receivables, "inventory": self.inventory, "interest_debt": self.debt,
            "current_assets": current, "current_liabilities": self.payables + 0.4 * self.debt,
            "total_assets": current + self.fixed + self.other, "total_liabilities": self.payables + self.debt,
        }  # fmt: skip
        return {f"{name}{suffix}_cny": value for name, value in columns.items()}


def firm_years(firms=60, years=5, seed=0):
    """A frame of firms x years, columns named as the facts; every flow differs from zero, no firm is financial."""
    random = np.random.default_rng(seed)
    size = np.exp(random.normal(19, 1.2, firms))
    stage = random.integers(0, 4, firms)
    share = random.dirichlet([3, 2, 2, 4, 3], firms).T * size
    held = _Firms(*share, 0.15 * size, 0.3 * size, 0.1 * size, 0.45 * size)
    sales, profit = 0.7 * size, 0.03 * size
    frames = []
    for year in range(years):
        stage = np.where(random.random(firms) < 0.15, np.minimum(stage + 1, 3), stage)
        columns, held, sales, profit = _a_year(held, stage, sales, profit, random)
        frames.append(
            pl.DataFrame(
                {
                    "entity": [f"E{firm:03d}" for firm in range(firms)],
                    "fiscal_year": np.full(firms, _FIRST + year),
                    "pre_ipo": np.full(firms, year == 0),
                    "financial": np.zeros(firms, dtype=bool),
                    "label_ok": np.ones(firms, dtype=bool),
                    **columns,
                }
            )
        )
    return pl.concat(frames)


def _a_year(before, stage, sales, profit, random):
    firms = len(stage)
    pattern = np.array([random.choice(8, p=_PATTERNS_OF[one]) for one in stage])
    signs = np.array([[1 if sign == "+" else -1 for sign in signs] for signs in PATTERNS])[pattern]
    assets = before.sheet()["total_assets_cny"]
    operating, investing, financing = (signs * assets[:, None] * np.exp(random.normal(-2.8, 0.5, (firms, 3)))).T
    investing = np.minimum(investing, 0.3 * before.other)
    # Cash never runs out: whoever would is lent the rest.
    short = np.maximum(0, 0.02 * assets - (before.cash + operating + investing + financing))
    financing = np.where(financing + short == 0, short + 1, financing + short)
    told = signs_to_pattern(operating, investing, financing)

    swing = [np.exp(random.normal(_GROWTH[stage] * 0.6, 0.08)) for _ in range(3)]
    receivables, inventory, payables = before.receivables * swing[0], before.inventory * swing[1], before.payables * swing[2]
    depreciation = 0.06 * before.fixed
    spent = np.maximum(-investing, 0) * 0.9 + 0.02 * before.fixed
    tied = receivables - before.receivables + inventory - before.inventory - payables + before.payables
    earned = operating - depreciation + tied
    borrowed = np.clip(0.7 * financing, -0.9 * before.debt, None)
    pays = (earned > 0) & (stage >= 2)
    after = _Firms(
        before.cash + operating + investing + financing, receivables, inventory, before.fixed + spent - depreciation,
        before.other - investing - spent, payables, before.debt + borrowed, before.retained + earned, before.paid_in + financing - borrowed,
    )  # fmt: skip
    sold = sales * np.exp(random.normal(_GROWTH[stage], 0.1))
    columns = {
        "revenue_cny": sold, "revenue_y1_cny": sales, "net_profit_cny": earned, "net_profit_y1_cny": profit, "ebit_cny": earned + 0.05 * before.debt,
        "capex_cny": spent, "depreciation_cny": depreciation, "retained_earnings_cny": after.retained, "selling_admin_expense_cny": 0.1 * sold,
        "fixed_assets_cny": after.fixed, "pays_dividend": pays, **after.sheet(), **before.sheet("_y1"),
        "opcf_cny": operating, "invcf_cny": investing, "fincf_cny": financing,
        "stage5": [CLASSES[one] for one in told],
    }  # fmt: skip
    return columns, after, sold, earned


def signs_to_pattern(*flows):
    """The pattern of each firm's flows."""
    return ["".join("+" if flow > 0 else "-" for flow in row) for row in zip(*flows, strict=True)]


def as_listed(frame):
    """The same firm-years, columns named as data sets of listed firms name them."""
    names = {fact: name for fact, name in OTHER_NAMES.items() if fact in frame.columns}
    return frame.with_columns(pl.col("pays_dividend").cast(pl.Float64)).rename(names)
