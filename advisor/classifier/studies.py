"""Studies of a model beyond its figures: how it grows with firms, what each input does, what each answer is worth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import polars as pl

from advisor.classifier.book import Book
from advisor.classifier.evaluation import CLASSES5, FEWEST, SLICED, Asked, Json, Judged, Part, after, judge, lessons_of, readings, truths
from advisor.classifier.inputs import ANSWERS, INPUTS, NAMES
from advisor.classifier.network import Bools, Floats
from advisor.classifier.scores import measures
from advisor.classifier.training import Progress, Recipe, Table, early_as, train
from advisor.domain.facts import Catalogue
from advisor.domain.stage import StageRules

SAMPLE, GRID, SHOWN = 2_000, 15, 8
CURVE = (0.05, 0.10, 0.25, 0.50, 1.0)


def learning_curve(
    book: Book,
    split: tuple[Bools, Bools],
    catalogue: Catalogue,
    rules: StageRules,
    asked: Asked | None = None,
    recipe: Recipe | None = None,
    progress: Progress | None = None,
) -> list[Json]:
    """Return how good the model is on one fold when trained on CURVE shares of its other firms, each share within the next."""
    recipe, asked = recipe or Recipe(), asked or Asked()
    judged, learned = split
    firms = np.random.default_rng(asked.seed).permutation(np.unique(book.entity[learned]))
    found = []
    for place, share in enumerate(CURVE):
        some = learned & np.isin(book.entity, firms[: max(FEWEST, round(share * len(firms)))])
        step = after(progress, place, len(CURVE), 2 * recipe.epochs * len(CURVE))
        lessons = lessons_of(book.rows(some))
        jury = [Part(judged, some, train(lessons, catalogue, rules, recipe, step))]
        told = judge(book, jury, catalogue, asked, baselines=())
        early = early_as(told.book)
        figures = measures(truths(told.book.pattern, early, rules)["classes5"], readings(told.shares, early, rules)["classes5"])
        found.append({"firms": lessons.firms, "rows": len(lessons), **{name: figures[name] for name in SLICED}})
    return found


def effects(book: Book, part: Part, catalogue: Catalogue, rules: StageRules, asked: Asked | None = None) -> Json:
    """Return the mean shares of the five classes along each of the SHOWN inputs that matter most, by id (partial dependence, Friedman 2001).

    What matters is how much log-loss rises when an input's values are dealt out anew (Breiman 2001); unknown values stay unknown.
    """
    asked = replace(asked or Asked(), blank=0.0)
    random = np.random.default_rng(asked.seed)
    told, loss = _sample(book, part, catalogue, rules, asked, random)
    early, inputs = early_as(told.book), told.inputs
    whole = loss(told.shares)
    rises = np.zeros(len(NAMES))
    for column in range(len(NAMES)):
        known = np.flatnonzero(~np.isnan(inputs[:, column]))
        if len(known):
            dealt = inputs.copy()
            dealt[known, column] = inputs[random.permutation(known), column]
            rises[column] = loss(part.model.shares(dealt)) - whole
    found: Json = {}
    for column in np.argsort(-rises, kind="stable")[:SHOWN].tolist():
        rows = np.flatnonzero(~np.isnan(inputs[:, column]))
        at = np.unique(np.quantile(inputs[rows, column], np.linspace(0.02, 0.98, GRID))) if len(rows) else np.empty(0)
        if len(at) < 2:
            continue
        means = []
        for value in at.tolist():
            moved = inputs[rows].copy()
            moved[:, column] = value
            means.append(readings(part.model.shares(moved), early[rows], rules)["classes5"].mean(axis=0))
        shares = dict(zip(CLASSES5, np.transpose(means).tolist(), strict=True))
        found[INPUTS[column].id] = {
            "label": {"zh": INPUTS[column].label.zh, "en": INPUTS[column].label.en},
            "rise": float(rises[column]),
            "at": at.tolist(),
            "shares": shares,
        }
    return found


def importance(book: Book, part: Part, catalogue: Catalogue, rules: StageRules, asked: Asked | None = None) -> list[Json]:
    """Return how much the log-loss of the five classes rises when each answer is not given, the largest first."""
    asked = replace(asked or Asked(), blank=0.0)
    told, loss = _sample(book, part, catalogue, rules, asked, np.random.default_rng(asked.seed))
    table, whole, found = Table(told.book, catalogue), loss(told.shares), []
    given = told.book.as_asked(asked.tier)
    for answer in ANSWERS:
        blank = [pl.lit(None, dtype=given.facts.schema[fact]).alias(fact) for fact in answer.facts]
        without = replace(given, facts=given.facts.with_columns(blank))
        found.append(
            {
                "answer": answer.id,
                "label": {"zh": answer.label.zh, "en": answer.label.en},
                "log_loss_rise": loss(part.model.shares(table.inputs(without))) - whole,
            }
        )
    return sorted(found, key=lambda one: -one["log_loss_rise"])


def _sample(
    book: Book, part: Part, catalogue: Catalogue, rules: StageRules, asked: Asked, random: np.random.Generator
) -> tuple[Judged, Callable[[Floats], float]]:
    """Return at most SAMPLE judged rows, and what gives the log-loss of the five classes for shares of patterns said of them."""
    rows = np.flatnonzero(part.judged)
    some = np.zeros(len(book), dtype=np.bool_)
    some[random.permutation(rows)[:SAMPLE]] = True
    told = judge(book, [Part(some, part.learned, part.model)], catalogue, asked, baselines=())
    early = early_as(told.book)
    truth = truths(told.book.pattern, early, rules)["classes5"]
    return told, lambda shares: measures(truth, readings(shares, early, rules)["classes5"])["log_loss"]
