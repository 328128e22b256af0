"""How good shares are as statements about a class: right or wrong, honest or not, and how surely we know it.

Every measure follows from sums over rows. The sums are kept firm by firm, so drawing firms anew is weighing their sums.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.integer[Any]]

BINS = 15
"""Bins of the top share in the calibration error, as in Guo et al. (2017)."""

_SMALLEST = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, slots=True)
class Tally:
    """Sums over the rows of each group: all that the measures need, and additive.

    `confusion` is groups x classes x classes (truth, then class said), `loss` is groups (nats), `excess` is groups x bins:
    rows that were right less the sum of their top shares.
    """

    confusion: Floats
    loss: Floats
    excess: Floats

    def weighed(self, weights: Ints | Floats) -> Tally:
        """Return one tally for each row of `weights` (draws x groups): each group counted that many times."""
        factors = weights.astype(np.float64)
        return Tally(np.tensordot(factors, self.confusion, 1), factors @ self.loss, factors @ self.excess)

    def measures(self) -> dict[str, Floats]:
        """Return each measure for each group; a group needs a row.

        - accuracy: fraction of rows whose class said, the one of the highest share, is the truth.
        - balanced_accuracy: mean recall over the classes that occur.
        - macro_f1: mean F1 over the classes that occur or are said.
        - kappa: agreement beyond chance (Cohen 1960); 0 where chance alone already agrees on every row.
        - log_loss: mean of -ln(share of the truth), shares kept within 2.2e-16 of 0 and 1.
        - ece: sum over bins of the top share of |rows right - sum of top shares|, over all rows (Guo et al. 2017, ICML).
        """
        right = np.diagonal(self.confusion, axis1=1, axis2=2)
        were, said = self.confusion.sum(axis=2), self.confusion.sum(axis=1)
        rows, agreed, by_chance = were.sum(axis=1), right.sum(axis=1), (were * said).sum(axis=1)
        recall, f1 = _fraction(right, were), _fraction(2 * right, were + said)
        return {
            "accuracy": agreed / rows,
            "balanced_accuracy": np.nanmean(recall, axis=1),
            "macro_f1": np.nanmean(f1, axis=1),
            "kappa": np.nan_to_num(_fraction(rows * agreed - by_chance, rows**2 - by_chance), nan=0.0),
            "log_loss": self.loss / rows,
            "ece": np.abs(self.excess).sum(axis=1) / rows,
        }


def tally(truth: Ints, shares: Floats, group: Ints, groups: int) -> Tally:
    """Return the sums of `truth` (n, positions of classes) and `shares` (n x classes) for each of `groups` groups; `group` (n) is the one of a row.

    Raises ValueError where there is no row, lengths differ, a share is not a number, or a truth is no class.
    """
    _check(truth, shares)
    kinds = shares.shape[1]
    said, top = _said(shares)
    confusion = np.bincount((group * kinds + truth) * kinds + said, minlength=groups * kinds * kinds)
    loss = -np.log(np.clip(shares[np.arange(len(truth)), truth], _SMALLEST, 1 - _SMALLEST))
    return Tally(
        confusion.reshape(groups, kinds, kinds).astype(np.float64),
        _sums(group, loss, groups),
        _sums(group * BINS + _bin_of(top, BINS), (said == truth) - top, groups * BINS).reshape(groups, BINS),
    )


def scores(truth: Ints, shares: Floats, names: Sequence[str]) -> dict[str, Any]:
    """Return every measure of `shares` (n x classes, fractions) against `truth` (n, positions in `names`), ready for JSON.

    `classes` has rows, rows said, recall, precision and F1 by name, None where undefined; `confusion` has truth down and
    the class said across. Raises ValueError as `tally` does, and where `names` do not match the classes.
    """
    summed = tally(truth, shares, np.zeros(len(truth), dtype=np.int64), 1)
    confusion = summed.confusion[0]
    return {
        "rows": len(truth),
        **{name: float(value[0]) for name, value in summed.measures().items()},
        "coverage": coverage(truth, shares),
        "confusion": confusion.astype(int).tolist(),
        "classes": {name: _of_class(confusion, place) for place, name in _numbered(names, shares.shape[1])},
    }


def intervals(truth: Ints, shares: Floats, entity: NDArray[Any], *, draws: int = 200, seed: int = 0) -> dict[str, list[float]]:
    """Return the 95 % percentile interval of each measure, firms (`entity`, n) drawn anew with all their years (bootstrap, Efron 1979).

    The years of one firm resemble each other: drawing rows would promise more than is known. Raises ValueError as `tally` does.
    """
    firms, firm = np.unique(entity, return_inverse=True)
    drawn = tally(truth, shares, firm, len(firms)).weighed(resamples(len(firms), draws, seed))
    return {name: np.quantile(values, (0.025, 0.975)).tolist() for name, values in drawn.measures().items()}


def resamples(firms: int, draws: int, seed: int) -> NDArray[np.int64]:
    """Return how often each firm is drawn (draws x firms); every row sums to `firms`, and the same seed compares two models on the same firms."""
    return np.random.default_rng(seed).multinomial(firms, np.full(firms, 1 / firms), size=draws)


def coverage(truth: Ints, shares: Floats) -> list[dict[str, float]]:
    """Return the accuracy on the most confident rows, from all of them down to a tenth.

    `coverage` is the fraction of rows kept (rounded up to a row), `from` the lowest top share among them. Rows that tie at `from` count in part, so
    that the order of rows does not matter.
    """
    _check(truth, shares)
    said, top = _said(shares)
    right, ranked = said == truth, np.sort(top)[::-1]
    curve = []
    for tenths in range(10, 0, -1):
        kept = -(-tenths * len(top) // 10)
        lowest = ranked[kept - 1]
        surer, tied = top > lowest, top == lowest
        hits = right[surer].sum() + (kept - surer.sum()) * right[tied].mean()
        curve.append({"coverage": tenths / 10, "accuracy": float(hits / kept), "from": float(lowest)})
    return curve


def reliability(truth: Ints, shares: Floats, bins: int = BINS) -> list[dict[str, float]]:
    """Return what was said and what was, by bins of the top share of equal width; bins without rows are left out.

    A bin holds the rows above `from` up to and including `to`; `said` is their mean top share, `was` the fraction that was right.
    """
    _check(truth, shares)
    said, top = _said(shares)
    place = _bin_of(top, bins)
    held = [(one, place == one) for one in np.unique(place).tolist()]
    return [
        {
            "from": one / bins,
            "to": (one + 1) / bins,
            "rows": int(here.sum()),
            "said": float(top[here].mean()),
            "was": float((said == truth)[here].mean()),
        }
        for one, here in held
    ]


def _check(truth: Ints, shares: Floats) -> None:
    if shares.ndim != 2 or truth.shape != shares.shape[:1] or not truth.size:
        raise ValueError(f"one row of shares for each of one or more truths is needed, not {shares.shape} for {truth.shape}")
    if not np.isfinite(shares).all():
        raise ValueError(f"{int((~np.isfinite(shares)).any(axis=1).sum())} rows have shares that are not numbers")
    if truth.min() < 0 or truth.max() >= shares.shape[1]:
        raise ValueError(f"truths run from {truth.min()} to {truth.max()}, classes from 0 to {shares.shape[1] - 1}")


def measures(truth: Ints, shares: Floats) -> dict[str, float]:
    """Return the measures of shares, n x k, against the true classes, places in 0 to k - 1."""
    return {name: float(value[0]) for name, value in tally(truth, shares, np.zeros(len(truth), dtype=np.int64), 1).measures().items()}


def _said(shares: Floats) -> tuple[NDArray[np.intp], Floats]:
    return shares.argmax(axis=1), shares.max(axis=1)


def _bin_of(top: Floats, bins: int) -> NDArray[np.intp]:
    return np.searchsorted(np.arange(1, bins) / bins, top, side="left")


def _sums(place: Ints, values: Floats, places: int) -> Floats:
    return np.bincount(place, weights=values, minlength=places).astype(np.float64)


def _fraction(part: Floats, whole: Floats) -> Floats:
    found: Floats = np.divide(part, whole, out=np.full(whole.shape, np.nan), where=whole > 0)
    return found


def _numbered(names: Sequence[str], kinds: int) -> list[tuple[int, str]]:
    if len(names) != kinds:
        raise ValueError(f"{len(names)} names for {kinds} classes")
    return list(enumerate(names))


def _of_class(confusion: Floats, place: int) -> dict[str, float | None]:
    right, were, said = confusion[place, place], confusion[place].sum(), confusion[:, place].sum()
    return {
        "rows": int(were),
        "said": int(said),
        "recall": float(right / were) if were else None,
        "precision": float(right / said) if said else None,
        "f1": float(2 * right / (were + said)) if were + said else None,
    }
