"""What the stage model must beat: five published or obvious ways to tell a pattern from accounts.

Only evaluation needs them; they learn from the same rows as the model and are judged on the same firms.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.dummy import DummyClassifier
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline, make_union
from sklearn.preprocessing import QuantileTransformer, StandardScaler

Floats = NDArray[np.float64]
Ints = NDArray[np.integer[Any]]

_KINDS = 8  # of patterns of cash flow signs
_TAILS = (0.01, 0.99)


@dataclass(frozen=True)
class BaselineRows:
    """Firm-years as the baselines see them, NaN where unknown.

    `columns` (n each): asset_growth, sales_growth, re, ebit and capex as fractions (the last three of total assets), dividend 0 or 1,
    age in years. `inputs` (n x any number) is whatever the model itself sees.
    """

    columns: Mapping[str, Floats]
    inputs: Floats

    def taken(self, *names: str) -> Floats:
        """Return some columns side by side (n x names); KeyError where one is missing."""
        return np.column_stack([self.columns[name] for name in names])


Look = Callable[[BaselineRows], Floats]
"""From firm-years to what a classifier sees (n x any number)."""


@dataclass
class Baseline:
    """One way to tell patterns: what it looks at, learned on training rows, and the classifier on top."""

    look: Callable[[BaselineRows], Look]
    classifier: Callable[[int], Any]

    def fit(self, rows: BaselineRows, pattern: Ints) -> Self:
        """Learn from firm-years and their patterns (n, 0 to 7); ValueError where there is none, or another number."""
        if not len(pattern) or pattern.min() < 0 or pattern.max() >= _KINDS:
            raise ValueError(f"a baseline learns from one or more patterns from 0 to {_KINDS - 1}")
        self.look_ = self.look(rows)
        present, self.rows_ = np.unique(pattern), len(pattern)
        # The others refuse to learn from a single pattern, or from each pattern once.
        chosen = self.classifier(self.rows_) if 1 < len(present) < self.rows_ else DummyClassifier()
        self.classifier_ = chosen.fit(self.look_(rows), pattern)
        return self

    def shares(self, rows: BaselineRows) -> Floats:
        """Return the share of each pattern (n x 8), each above 0 and each row summing to 1.

        One imagined training row of each pattern (Laplace 1814) keeps a pattern that was never seen from being impossible.
        """
        found = np.zeros((len(rows.inputs), _KINDS))
        found[:, self.classifier_.classes_] = self.classifier_.predict_proba(self.look_(rows))
        return (found * self.rows_ + 1) / (self.rows_ + _KINDS)


def _inputs(_training: BaselineRows) -> Look:
    return lambda rows: rows.inputs


def _within_tails(*names: str) -> Callable[[BaselineRows], Look]:
    """Look at columns, cut off at the 1st and 99th percentile of the training rows; their median where unknown."""

    def learned(training: BaselineRows) -> Look:
        imputer = SimpleImputer(strategy="median", keep_empty_features=True)
        low, high = np.quantile(imputer.fit_transform(training.taken(*names)), _TAILS, axis=0)
        return lambda rows: np.clip(imputer.transform(rows.taken(*names)), low, high)

    return learned


def _composite(training: BaselineRows) -> Look:
    """Add up ranks among the training rows: a payer, slow growth, little capital spending and age all count as old.

    Anthony & Ramesh rank dividends over income and capital spending over firm value; whether a dividend is paid, and
    total assets, stand in for them.
    """
    signs = {"dividend": 1, "sales_growth": -1, "capex": -1, "age": 1}
    ordered = {name: np.sort(column[~np.isnan(column)]) for name, column in zip(signs, training.taken(*signs).T, strict=True)}

    def score(rows: BaselineRows) -> Floats:
        total = np.zeros(len(rows.inputs))
        for name, sign in signs.items():
            total += sign * _rank(rows.columns[name], ordered[name])
        return total[:, None]

    return score


def _rank(values: Floats, ordered: Floats) -> Floats:
    """Return the fraction of `ordered` below each value, ties half; one half where the value or all of them are unknown."""
    if not len(ordered):
        return np.full(len(values), 0.5)
    between = np.searchsorted(ordered, values, side="left") + np.searchsorted(ordered, values, side="right")
    return np.where(np.isnan(values), 0.5, between / (2 * len(ordered)))


def _majority(_rows: int) -> Any:
    return DummyClassifier()


def _logit(_rows: int) -> Pipeline:
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=3000, tol=1e-3))


def _discriminant(_rows: int) -> LinearDiscriminantAnalysis:
    # This solver bears columns that do not vary.
    return LinearDiscriminantAnalysis(solver="lsqr")


def _logit_on_all(rows: int) -> Pipeline:
    normal = QuantileTransformer(n_quantiles=min(1000, rows), output_distribution="normal", random_state=0)
    known = make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True), normal)
    return make_pipeline(make_union(known, MissingIndicator(features="all")), LogisticRegression(C=0.3, max_iter=3000, tol=1e-3))


BASELINES: Mapping[str, Callable[[], Baseline]] = MappingProxyType(
    {
        # The frequencies of the patterns, whatever the firm.
        "majority": lambda: Baseline(_inputs, _majority),
        # Anthony & Ramesh (1992), Journal of Accounting and Economics 15.
        "anthony_ramesh": lambda: Baseline(_composite, _logit),
        # DeAngelo, DeAngelo & Stulz (2006), Journal of Financial Economics 81.
        "re_ta_logit": lambda: Baseline(_within_tails("re"), _logit),
        # Faff, Kwok, Podolski & Wong (2016), Journal of Banking & Finance.
        "faff_discriminant": lambda: Baseline(_within_tails("age", "re", "ebit", "asset_growth"), _discriminant),
        "multinomial_logit": lambda: Baseline(_inputs, _logit_on_all),
    }
)
"""A fresh baseline by name."""
