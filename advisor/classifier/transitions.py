"""The year after: what class comes next, from this year's pattern alone or from the statements as well.

The plain forecast is Markov's: of the firms that had this pattern, how many were in each class a year later. A multinomial
logit on the year's ratios, cash flows and pattern takes its place only where it proves better on firms and years it has
not seen. Classes are the five of Dickinson (2011, The Accounting Review 86(6)). scikit-learn learns; NumPy alone answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass
from typing import Any, get_args

import numpy as np
import numpy.typing as npt

from advisor.classifier.network import Floats, Network, softmax, spread
from advisor.classifier.scores import measures
from advisor.domain.stage import PATTERNS, Class5

Ints = npt.NDArray[np.integer[Any]]

CLASSES: tuple[Class5, ...] = get_args(Class5)
NEEDED_GAIN = 0.05
"""The logit is asked where its log-loss is below Markov's by at least this fraction."""
FOLDS = 5
STRENGTH = 0.03
"""The logit's C in scikit-learn, the inverse of its penalty; between 0.01 and 0.1 it made no difference on Chinese listed firms."""
MATERIAL = 0.01
"""The width of a flow, as a fraction of total assets: below it the sign is near chance."""
_FLOWS = 3
# Shares of the inputs taken away, and the weight of such rows: learned from full rows alone, the logit reads what is missing
# as middling, and tells firms that gave little worse than Markov does.
_BLANKED = ((0.0, 0.8), (0.5, 0.1), (1.0, 0.1))


@dataclass(frozen=True, slots=True)
class Score:
    """How good a forecast was on firms and years it had not seen: log-loss in nats, the others as fractions."""

    log_loss: float
    accuracy: float
    ece: float


@dataclass(frozen=True, slots=True, eq=False)
class NextYear:
    """The learned year ahead: Markov's table, patterns x classes, and the logit on inputs, flows and pattern, with the scores of both.

    The logit is a network without hidden layers; `improves` says whether it is asked at all.
    """

    markov: Floats
    logit: Network
    improves: bool
    markov_score: Score
    logit_score: Score

    def shares(self, inputs: Floats, flows: Floats, pattern: Ints) -> Floats:
        """Return the shares of next year's classes, n x 5, of firms whose pattern is known.

        `inputs` are n x f with NaN for unknown, `flows` n x 3 (operating, investing, financing) as fractions of total
        assets, `pattern` n places in PATTERNS. Where a flow is NaN, Markov answers. Raises ValueError for another number of
        inputs than was learned, once the logit is asked.
        """
        found: Floats = self.markov[pattern]
        if self.improves:
            told = ~np.isnan(flows).any(axis=1)
            found[told] = softmax(self.logit.scores(_beside(inputs[told], flows[told], pattern[told])))
        return found

    def mixed(self, pattern_shares: Floats) -> Floats:
        """Return the shares of next year's classes, n x 5, of firms of which only the shares of the patterns, n x 8, are known."""
        mixed: Floats = pattern_shares @ self.markov
        return mixed

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return everything as arrays by name."""
        scores = np.array([astuple(self.markov_score), astuple(self.logit_score)])
        return {"markov": self.markov, "improves": np.array(self.improves), "scores": scores, **self.logit.arrays()}

    @classmethod
    def from_arrays(cls, named: Mapping[str, npt.NDArray[np.generic]]) -> NextYear:
        """Return what `arrays` described. Raises KeyError, ValueError for arrays that do not fit together."""
        markov, logit, scores = named["markov"].astype(np.float64), Network.from_arrays(named), named["scores"].astype(np.float64)
        if markov.shape != (len(PATTERNS), len(CLASSES)) or logit.biases[-1].shape != (len(CLASSES),) or scores.shape != (2, 3):
            raise ValueError("other patterns, classes or scores")
        of_markov, of_logit = (Score(*row) for row in scores.tolist())
        return cls(markov, logit, bool(named["improves"]), of_markov, of_logit)


def markov_table(pattern: Ints, next_class: Ints) -> Floats:
    """Return how often each class followed each pattern, patterns x classes, every pair counted once more than it was seen (Laplace)."""
    seen = np.bincount(pattern * len(CLASSES) + next_class, minlength=len(PATTERNS) * len(CLASSES))
    table = seen.reshape(len(PATTERNS), len(CLASSES)) + 1.0
    shares: Floats = table / table.sum(axis=1, keepdims=True)
    return shares


def learn(inputs: Floats, flows: Floats, pattern: Ints, next_class: Ints, entity: npt.NDArray[Any], year: Ints, *, seed: int = 0) -> NextYear:
    """Return the year ahead learned from n firm-years and the class of the year after each, a place in CLASSES.

    `inputs`, `flows` and `pattern` are as in `NextYear.shares`, `entity` names the firm, `year` is the year of the inputs.
    Both forecasts are scored on firms they did not learn from, in the years from the middle one on, having learned only
    what was known by then; the logit improves where it wins by NEEDED_GAIN. Raises ValueError where there are fewer than
    two firms or flows are not numbers.
    """
    if not np.isfinite(flows).all():
        raise ValueError(f"{int((~np.isfinite(flows)).any(axis=1).sum())} firm-years have flows that are not numbers")
    random = np.random.default_rng(seed)
    firms, firm = np.unique(entity, return_inverse=True)
    if len(firms) < 2:
        raise ValueError("one firm cannot be told from another: two or more are needed")
    fold = random.permutation(len(firms))[firm] % FOLDS
    later = year >= np.median(year)
    # The class after the year before the middle one is known in the middle one.
    earlier = ~later if not later.all() else later
    of_markov, of_logit = np.full((2, len(year), len(CLASSES)), np.nan)
    for one in np.unique(fold[later]):
        train, held = earlier & (fold != one), later & (fold == one)
        of_markov[held] = markov_table(pattern[train], next_class[train])[pattern[held]]
        logit = fit_logit(_beside(inputs[train], flows[train], pattern[train]), next_class[train], random)
        of_logit[held] = softmax(logit.scores(_beside(inputs[held], flows[held], pattern[held])))
    markov_score, logit_score = (_score(next_class[later], said[later]) for said in (of_markov, of_logit))
    return NextYear(
        markov_table(pattern, next_class),
        fit_logit(_beside(inputs, flows, pattern), next_class, random),
        logit_score.log_loss <= (1 - NEEDED_GAIN) * markov_score.log_loss,
        markov_score,
        logit_score,
    )


def fit_logit(rows: Floats, next_class: Ints, random: np.random.Generator) -> Network:
    """Return the logit learned from n rows of inputs, flows and pattern side by side."""
    # Imported here: a firm is answered without it, and it is slow to load.
    from sklearn.linear_model import LogisticRegression

    middle, width = _spread(rows)
    blank = Network(middle, width, np.arange(0), (), ())
    # One row of which nothing is known for each class, so that a class that never came keeps a share, as in the table.
    seen, weights = [np.zeros((len(CLASSES), len(middle)))], [np.ones(len(CLASSES))]
    followed = np.concatenate([np.arange(len(CLASSES)), np.tile(next_class, len(_BLANKED))])
    for share, weight in _BLANKED:
        copy = rows.copy()
        inputs = copy[:, : -_FLOWS - len(PATTERNS)]
        inputs[random.random(inputs.shape) < share] = np.nan
        seen.append(blank.scaled(copy))
        weights.append(np.full(len(rows), weight))
    learner = LogisticRegression(C=STRENGTH, max_iter=500)
    learner.fit(np.concatenate(seen), followed, np.concatenate(weights))
    return Network(middle, width, np.arange(0), (learner.coef_.T,), (learner.intercept_,))


def _beside(inputs: Floats, flows: Floats, pattern: Ints) -> Floats:
    return np.hstack([inputs, flows, np.eye(len(PATTERNS))[pattern]])


def _spread(rows: Floats) -> tuple[Floats, Floats]:
    """Return middle and width of each column; flows and patterns keep their zero."""
    inputs = rows.shape[1] - _FLOWS - len(PATTERNS)
    middle, width = np.zeros(rows.shape[1]), np.ones(rows.shape[1])
    middle[:inputs], width[:inputs] = spread(rows[:, :inputs])
    width[inputs : inputs + _FLOWS] = MATERIAL
    return middle, width


def _score(truth: Ints, shares: Floats) -> Score:
    found = measures(truth, shares)
    return Score(*(found[name] for name in ("log_loss", "accuracy", "ece")))
