"""Training: a network over masked answers, a temperature for each tier, a conformal bound.

Every epoch takes other answers away from every firm-year, so that one network serves few answers and many. The weights of
the last epochs are averaged (Izmailov et al. 2018, Averaging Weights Leads to Wider Optima), which stands for an ensemble.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from advisor.classifier.book import Book, Ints
from advisor.classifier.inputs import FACTS, INPUTS, TIERS, Tier, input_trees
from advisor.classifier.model import PLACES, StageModel, tiers_of
from advisor.classifier.network import Floats, Network, softmax, spread
from advisor.domain.facts import Catalogue
from advisor.domain.stage import PATTERNS, STAGES, StageRules
from advisor.screening.learned import InputColumns

ANY_DAY = dt.date(2000, 1, 1)
"""The inputs ask for no date."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the network is trained. Defaults were chosen on the Chinese listed firms, five-fold by firm."""

    hidden: tuple[int, ...] = (96, 48, 24)
    epochs: int = 120
    averaged: float = 0.4
    """The share of the epochs, at the end, whose weights are averaged."""
    copies: int = 2
    """So many differently masked copies of the book make an epoch."""
    rate: float = 0.003
    decay: float = 0.2
    batch: int = 512
    tiers: tuple[float, ...] = (0.20, 0.18, 0.42, 0.20)
    """How often a row is asked as in each tier."""
    blanks: tuple[float, ...] = (0.0, 0.0, 0.15, 0.3, 0.5)
    """How often an answer is missing, one of these for each row and epoch."""
    held_out: float = 0.2
    """The share of firms kept apart to set temperature and bound; the network that ships is then trained on all."""
    seed: int = 1


Progress = Callable[[int, int], None]


def input_columns(catalogue: Catalogue) -> InputColumns:
    """Return what works out the inputs over a table that has a column for each of FACTS."""
    return InputColumns(input_trees(), catalogue, ANY_DAY, tuple(FACTS))


class Table:
    """The inputs of a book, made once more for other masks."""

    def __init__(self, book: Book, catalogue: Catalogue) -> None:
        self.book = book
        self._columns = input_columns(catalogue)

    def inputs(self, book: Book | None = None) -> Floats:
        """Return the inputs of the book, or of another, n x f with NaN for unknown."""
        found, _ = self._columns((book or self.book).facts)
        return found

    def masked(self, recipe: Recipe, random: np.random.Generator) -> Floats:
        """Return the inputs with answers taken away at random, as the recipe says."""
        rows = len(self.book)
        asked = random.choice(len(TIERS), size=rows, p=recipe.tiers)
        rate = random.choice(recipe.blanks, size=rows)
        return self.inputs(self.book.blanked(rate, random).as_asked(asked))


def train(book: Book, catalogue: Catalogue, rules: StageRules, recipe: Recipe | None = None, progress: Progress | None = None) -> StageModel:
    """Return a model learned from a book: calibrated on firms held out, then trained on all of it."""
    recipe = recipe or Recipe()
    random = np.random.default_rng(recipe.seed)
    firms = np.unique(book.entity)
    apart = random.permutation(firms)[: max(1, round(recipe.held_out * len(firms)))]
    aside = np.isin(book.entity, apart)
    steps = Steps(progress, 2 * recipe.epochs)
    first = fit_network(Table(book.rows(~aside), catalogue), recipe, steps)
    temperature, least = calibrate(first, book.rows(aside), catalogue, rules)
    network = fit_network(Table(book, catalogue), recipe, steps)
    return StageModel(network, temperature, least)


@dataclass(slots=True)
class Steps:
    """Counts epochs for whoever waits."""

    tell: Progress | None
    of: int
    done: int = 0

    def step(self) -> None:
        """Say that another epoch is done."""
        self.done += 1
        if self.tell is not None:
            self.tell(self.done, self.of)


def fit_network(table: Table, recipe: Recipe, steps: Steps | None = None) -> Network:
    """Return the network trained on a table of firm-years."""
    from sklearn.neural_network import MLPClassifier

    random = np.random.default_rng(recipe.seed)
    middle, width = spread(table.inputs())
    flagged = np.array([place for place, one in enumerate(INPUTS) if one.flagged], dtype=np.int64)
    frame = Network(middle, width, flagged, (), ())
    learner = MLPClassifier(
        recipe.hidden, alpha=recipe.decay, learning_rate_init=recipe.rate, batch_size=min(recipe.batch, len(table.book)), random_state=recipe.seed
    )
    pattern = np.tile(table.book.pattern, recipe.copies)
    summed: list[Floats] = []
    averaged = 0
    for epoch in range(recipe.epochs):
        rows = np.concatenate([frame.scaled(table.masked(recipe, random)) for _ in range(recipe.copies)])
        order = random.permutation(len(rows))
        learner.partial_fit(rows[order], pattern[order], classes=np.arange(len(PATTERNS)))
        if epoch >= min(recipe.epochs * (1 - recipe.averaged), recipe.epochs - 1):
            averaged += 1
            now = [*learner.coefs_, *learner.intercepts_]
            summed = [one + other for one, other in zip(summed, now, strict=True)] if summed else [one.copy() for one in now]
        if steps is not None:
            steps.step()
    layers = len(learner.coefs_)
    mean = [one / averaged for one in summed]
    return Network(middle, width, flagged, tuple(mean[:layers]), tuple(mean[layers:]))


# ---------------------------------------------------------------- calibration


def calibrate(network: Network, book: Book, catalogue: Catalogue, rules: StageRules) -> tuple[Floats, Floats]:
    """Return for each tier the temperature and the conformal bound, from firms the network was not trained on."""
    table, reading = Table(book, catalogue), early_as(book)
    temperature, least = np.ones(len(TIERS)), np.zeros(len(TIERS))
    for place, tier in enumerate(TIERS):
        inputs = table.inputs(book.as_asked(tier))
        there = tiers_of(inputs) == place
        if not there.any():
            temperature[place], least[place] = temperature[place - 1], least[place - 1]
            continue
        scores, pattern = network.scores(inputs[there]), book.pattern[there]
        temperature[place] = best_temperature(scores, pattern)
        shares = np.round(softmax(scores, temperature[place]), PLACES)
        early = reading[there]
        least[place] = conformal_bound(to_stages(shares, early, rules), stage_of(pattern, early, rules))
    return temperature, least


def best_temperature(scores: Floats, pattern: Ints) -> float:
    """Return the temperature with the least log-loss (Guo et al. 2017, On Calibration of Modern Neural Networks), by golden section."""

    def loss(log_temperature: float) -> float:
        shares = softmax(scores, float(np.exp(log_temperature)))
        return float(-np.log(np.clip(shares[np.arange(len(pattern)), pattern], 1e-12, None)).mean())

    low, high, ratio = np.log(0.4), np.log(3.0), (np.sqrt(5) - 1) / 2
    for _ in range(40):
        one, other = high - ratio * (high - low), low + ratio * (high - low)
        if loss(one) < loss(other):
            high = other
        else:
            low = one
    return float(np.exp((low + high) / 2))


def conformal_bound(shares: Floats, truth: Ints, coverage: float = 0.9) -> float:
    """Return the bound for which the classes with at least that share hold the true one with probability `coverage`.

    Split conformal prediction on the share of the true class (Sadinle, Lei & Wasserman 2019, JASA 114).
    """
    true_share = np.sort(shares[np.arange(len(truth)), truth])
    place = int(np.floor((1 - coverage) * (len(truth) + 1))) - 1
    return float(true_share[place]) if place >= 0 else 0.0


# ---------------------------------------------------------------- patterns read as stages


def early_as(book: Book) -> Ints:
    """Return the stage, as a place in STAGES, that "--+" is read as: by the rules for a firm that is no longer young.

    Startup with a loss, decline with a loss and falling sales, else growth.
    """
    loss = (book.facts["net_profit_cny"] < 0).fill_null(False).to_numpy()
    falling = (book.facts["revenue_cny"] < book.facts["revenue_y1_cny"]).fill_null(False).to_numpy()
    return np.where(loss, np.where(falling, STAGES.index("decline"), STAGES.index("startup")), STAGES.index("growth"))


def stage_of(pattern: Ints, early: Ints, rules: StageRules) -> Ints:
    """Return the stage, as a place in STAGES, of each pattern; `early` is what "--+" is read as."""
    found: Ints = to_stages(np.eye(len(PATTERNS))[pattern], early, rules).argmax(axis=1)
    return found


def to_stages(shares: Floats, early: Ints, rules: StageRules) -> Floats:
    """Return the shares of the four stages, n x 4, from those of the patterns."""
    found = np.zeros((len(shares), len(STAGES)))
    for place, signs in enumerate(PATTERNS):
        if signs == "--+":
            found[np.arange(len(shares)), early] += shares[:, place]
        else:
            found[:, STAGES.index(rules.patterns[signs].stage)] += shares[:, place]
    return found


def learnable(book: Book, tier: Tier = "T2") -> Book:
    """Return the rows that a model is trained on: those that have the year before."""
    return book.with_prior_year(tier)
