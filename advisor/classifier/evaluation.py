"""Judging the stage model: its shares beside the flows that firms reported, beside simpler ways, and among kinds of firms.

The rows of a firm are never on both sides: whatever learns from a file (a model trained anew, the baselines) learns from
other firms than it judges. All rows are judged once, then scored together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
import numpy.typing as npt

from advisor.classifier.book import NEEDED_FOR, Book, Ints
from advisor.classifier.inputs import BASIC, NAMES, NEEDED, Tier
from advisor.classifier.model import StageModel, tiers_of
from advisor.classifier.network import Bools, Floats
from advisor.classifier.scores import intervals, measures, reliability, resamples, scores, tally
from advisor.classifier.training import Progress, Recipe, Table, early_as, learnable, to_stages, train
from advisor.domain.errors import InputError, Problem
from advisor.domain.facts import Catalogue
from advisor.domain.stage import PATTERNS, STAGES, Class5, StageRules
from advisor.domain.text import Text

Json = dict[str, Any]

CLASSES5: tuple[Class5, ...] = get_args(Class5)
CLASSES3 = ("growth", "mature", "decline")
"""As Chinese studies have them: introduction counts as growth, shake-out as decline."""
NAMES_OF: Mapping[str, tuple[str, ...]] = {"patterns8": PATTERNS, "classes5": CLASSES5, "stages4": STAGES, "classes3": CLASSES3}
MEASURES = ("accuracy", "balanced_accuracy", "macro_f1", "kappa", "log_loss", "ece")
SLICED = ("accuracy", "macro_f1", "log_loss", "ece")
GAINS: Mapping[str, int] = {"accuracy": 1, "macro_f1": 1, "log_loss": -1}
"""What a model gains over a baseline, and whether more of it is better."""

FOLDS, FEWEST = 5, 10
"""Parts that the firms of a file are split into, and the fewest firms to learn from."""
FITS_ECE, CARE_ECE, CARE_ACCURACY = 0.03, 0.06, 0.60
SMALL_CNY = 300_000_000
"""Total assets under which a listed firm is small: the nearest that listed firms come to the firms advised."""

VERDICTS: Mapping[str, Text] = {
    "fits": Text("模型适用于这些企业：给出的概率与实际相符", "The model fits these firms: its probabilities come true as said"),
    "with_care": Text(
        "可以参考，但要留心：给出的概率与实际有些偏差（校准误差{ece}，准确率{accuracy}）",
        "Of use with care: its probabilities are somewhat off (calibration error {ece}, accuracy {accuracy})",
    ),
    "does_not_serve": Text(
        "这些企业不在模型的适用范围内：给出的概率与实际不符（校准误差{ece}，准确率{accuracy}），请改用三项现金流判断，或用自己的数据重新训练",
        "The model does not serve these firms: its probabilities do not come true as said (calibration error {ece}, accuracy {accuracy});"
        " tell the stage from the three cash flows, or train on data of your own",
    ),
}
BY_CHANCE = Text(
    "（企业年度太少，单凭偶然，校准误差也会到{chance}；再多评一些才说得准）",
    " (few firm-years: chance alone brings the calibration error to {chance}; more are needed to be sure)",
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What firms are taken to have answered; `blank` and `answers_error` are fractions."""

    tier: Tier = "T2"
    blank: float = 0.0
    """How often an answer is missing."""
    answers_error: float | None = None
    """How often each of the three cash questions is answered wrongly; None where they are not asked."""
    seed: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Rows of a book that a model judges, and rows of other firms from which may be learned for them; one entry a row."""

    judged: Bools
    learned: Bools
    model: StageModel


# ---------------------------------------------------------------- who judges which rows


def split_by_firm(book: Book, folds: int = FOLDS, *, until: int | None = None, since: int | None = None, seed: int = 1) -> list[tuple[Bools, Bools]]:
    """Return for each fold the rows judged, from the year `since` on, and those learned from: of other firms, up to the year `until`.

    Raises InputError where there are fewer firms than folds, or no such years.
    """
    firms, firm = np.unique(book.entity, return_inverse=True)
    if len(firms) < folds:
        zh, en = f"企业太少：只有{len(firms)}家，分不成{folds}份", f"too few firms: {len(firms)} cannot be split into {folds} folds"
        raise InputError([Problem("too_few_firms", Text(zh, en))])
    fold = (np.random.default_rng(seed).permutation(len(firms)) % folds)[firm]
    early, late = _years(book, until, since)
    return [((fold == one) & late, (fold != one) & early) for one in range(folds)]


def _years(book: Book, until: int | None, since: int | None) -> tuple[Bools, Bools]:
    """Return the rows up to one year and those from another on. Raises InputError where there are none."""
    early = np.ones(len(book), dtype=np.bool_) if until is None else book.year <= until
    late = np.ones(len(book), dtype=np.bool_) if since is None else book.year >= since
    if not early.any() or not late.any():
        first, last = book.year.min(), book.year.max()
        zh, en = f"文件里只有{first}到{last}年，选不出这样的年度", f"the file holds the years {first} to {last} and none of those asked for"
        raise InputError([Problem("no_such_years", Text(zh, en))])
    return early, late


def in_folds(
    book: Book,
    split: Sequence[tuple[Bools, Bools]],
    catalogue: Catalogue,
    rules: StageRules,
    recipe: Recipe | None = None,
    progress: Progress | None = None,
) -> list[Part]:
    """Return each fold with a model trained on its other firms; `progress` is told of epochs. Raises InputError as `lessons_of` does."""
    recipe = recipe or Recipe()
    found: list[Part] = []
    for place, (judged, learned) in enumerate(split):
        step = after(progress, place, len(split), 2 * recipe.epochs * len(split))
        found.append(Part(judged, learned, train(lessons_of(book.rows(learned)), catalogue, rules, recipe, step)))
    return found


def as_trained(book: Book, model: StageModel, *, since: int | None = None, seed: int = 1) -> list[Part]:
    """Return the rows from the year `since` on with a model as it is; only the baselines learn from the file, where it has firms enough."""
    if book.firms < FOLDS:
        _, late = _years(book, None, since)
        return [Part(late, np.zeros(len(book), dtype=np.bool_), model)]
    return [Part(judged, learned, model) for judged, learned in split_by_firm(book, since=since, seed=seed)]


def lessons_of(book: Book) -> Book:
    """Return the rows that a model can be trained on. Raises InputError where they are of fewer than FEWEST firms."""
    lessons = learnable(book)
    if lessons.firms < FEWEST:
        zh = f"企业太少：有上年资产可学的只有{lessons.firms}家，至少要{FEWEST}家"
        en = f"too few firms: {lessons.firms} with total assets of the year before to learn from, at least {FEWEST} are needed"
        raise InputError([Problem("too_few_firms", Text(zh, en))])
    return lessons


def after(progress: Progress | None, done: int, jobs: int, of: int) -> Progress | None:
    """Return what to tell while the job after `done` others of `jobs` runs."""
    if progress is None:
        return None
    return lambda step, steps: progress((done * steps + step) * of // (jobs * steps), of)


# ---------------------------------------------------------------- classes


def readings(shares: Floats, early: Ints, rules: StageRules) -> dict[str, Floats]:
    """Return shares of the patterns, n x 8, also as shares of five classes, four stages and three classes, each n x its classes.

    `early` is the stage, a place in STAGES, that "--+" is read as.
    """
    five = np.zeros((len(shares), len(CLASSES5)))
    for place, signs in enumerate(PATTERNS):
        five[:, CLASSES5.index(rules.patterns[signs].class5)] += shares[:, place]
    three = np.column_stack([five[:, 0] + five[:, 1], five[:, 2], five[:, 3] + five[:, 4]])
    return {"patterns8": shares, "classes5": five, "stages4": to_stages(shares, early, rules), "classes3": three}


def truths(pattern: Ints, early: Ints, rules: StageRules) -> dict[str, Ints]:
    """Return the class of each pattern, as a place in NAMES_OF."""
    return {name: sure.argmax(axis=1) for name, sure in readings(np.eye(len(PATTERNS))[pattern], early, rules).items()}


# ---------------------------------------------------------------- what is judged


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """The judged rows, what was answered, and what was said of them: shares are n x 8, `least` n conformal bounds."""

    book: Book
    inputs: Floats
    shares: Floats
    least: Floats
    baselines: Mapping[str, Floats]
    asked: Bools
    """Where enough was answered for the model to be asked at all."""


def judge(book: Book, jury: Sequence[Part], catalogue: Catalogue, asked: Asked, baselines: Sequence[str] | None = None) -> Judged:
    """Return what the models, and the baselines (all, unless some are named), say of the rows they judge.

    Raises InputError where no row holds what the tier needs.
    """
    from advisor.classifier.baselines import BASELINES  # imported here: the card of a model is read without scikit-learn

    table, random = Table(book, catalogue), np.random.default_rng(asked.seed)
    complete = table.inputs(book.as_asked(asked.tier))
    answered = book.as_asked(asked.tier).blanked(asked.blank, random) if asked.blank else book.as_asked(asked.tier)
    inputs = table.inputs(answered) if asked.blank else complete
    usable = np.logical_and.reduce([book.facts[fact].is_not_null().to_numpy() for fact in NEEDED_FOR[asked.tier]])
    shares, least = np.full((len(book), len(PATTERNS)), np.nan), np.full(len(book), np.nan)
    others = {name: np.full((len(book), len(PATTERNS)), np.nan) for name in (BASELINES if baselines is None else baselines)}
    for part in jury:
        judged, learned = part.judged & usable, _repeated(book.pattern, part.learned & usable)
        if not judged.any():
            continue
        shares[judged] = part.model.shares(inputs[judged])
        least[judged] = part.model.least[tiers_of(inputs[judged])]
        for name, said in others.items():
            if learned.any():
                said[judged] = BASELINES[name]().fit(_plain(complete[learned]), book.pattern[learned]).shares(_plain(inputs[judged]))
    rows = np.flatnonzero(~np.isnan(least))
    if not len(rows):
        zh, en = f"没有一行具备{asked.tier}所需的上年数据", f"no row holds what {asked.tier} needs of the year before"
        raise InputError([Problem("no_prior_year", Text(zh, en))])
    enough = np.sum([answered.facts[fact].is_not_null().to_numpy() for fact in BASIC], axis=0) >= NEEDED
    by_baselines = {name: said[rows] for name, said in others.items() if not np.isnan(said[rows]).any()}
    return Judged(book.rows(rows), inputs[rows], shares[rows], least[rows], by_baselines, enough[rows])


def _repeated(pattern: Ints, rows: Bools) -> Bools:
    """Return the rows whose pattern another one has too: one firm-year alone has no spread that a baseline could learn."""
    found: Bools = rows & (np.bincount(pattern[rows], minlength=len(PATTERNS)) > 1)[pattern]
    return found


def _plain(inputs: Floats) -> Any:
    """Return inputs as the baselines see them; the age of a firm is not in its accounts."""
    from advisor.classifier.baselines import BaselineRows

    called = {"re": "retained", "ebit": "operating_profit", "capex": "capital_spending"}
    columns = {name: inputs[:, NAMES.index(called.get(name, name))] for name in ("asset_growth", "sales_growth", "re", "ebit", "capex", "dividend")}
    return BaselineRows({**columns, "age": np.full(len(inputs), np.nan)}, inputs)


# ---------------------------------------------------------------- figures


def evaluate(
    book: Book, jury: Sequence[Part], catalogue: Catalogue, rules: StageRules, asked: Asked | None = None, baselines: Sequence[str] | None = None
) -> Json:
    """Return everything about what the models of `jury` say of a book, ready for JSON; the keys are in docs/reference/commands.md.

    Raises InputError as `judge` does.
    """
    asked = asked or Asked()
    judged = judge(book, jury, catalogue, asked, baselines)
    early = early_as(judged.book)
    truth, said = truths(judged.book.pattern, early, rules), readings(judged.shares, early, rules)
    classes = {name: _scored(truth[name], said[name], judged.book, names) for name, names in NAMES_OF.items()}
    versions = {part.model.version for part in jury}
    found: Json = {
        "tier": asked.tier,
        "blank": asked.blank,
        "rows": len(judged.book),
        "firms": judged.book.firms,
        "years": [int(judged.book.year.min()), int(judged.book.year.max())],
        "left_out": {**book.left_out, "not_judged": len(book) - len(judged.book)},
        "seed": asked.seed,
        "model_version": versions.pop() if len(versions) == 1 else None,
        **classes,
        "verdict": verdict(classes["classes5"], error_by_chance(said["classes5"])),
    }
    by_baselines = {name: readings(shares, early, rules) for name, shares in judged.baselines.items()}
    found["baselines"] = {name: {level: measures(truth[level], shares[level]) for level in NAMES_OF} for name, shares in by_baselines.items()}
    found["gains"] = {
        name: {level: _gains(truth[level], said[level], shares[level], judged.book.entity) for level in NAMES_OF}
        for name, shares in by_baselines.items()
    }
    found["sign_rule"] = _sign_rule(book, truths(book.pattern, early_as(book), rules)["classes5"])
    found["abstention"] = _abstention(truth["stages4"], said["stages4"], judged, rules.named_from)
    found["slices"] = _slices(truth["classes5"], said["classes5"], judged.book)
    if asked.answers_error is not None:
        found["answers"] = _with_answers(judged, asked.answers_error, rules, np.random.default_rng(asked.seed))
    return found


def verdict(found: Mapping[str, Any], by_chance: float = 0.0) -> Json:
    """Return whether the model fits firms on whose five classes it scored so: its id, and in words.

    A model serves where that is shown. `by_chance` is the calibration error that chance alone may bring on so many rows; where it
    explains the error found, the words say so.
    """
    ece, accuracy = found["ece"], found["accuracy"]
    if ece <= FITS_ECE:
        name = "fits"
    elif ece <= CARE_ECE and accuracy >= CARE_ACCURACY:
        name = "with_care"
    else:
        name = "does_not_serve"
    text = VERDICTS[name] + (BY_CHANCE if FITS_ECE < ece <= by_chance else Text("", ""))
    text = text.fill(ece=f"{ece:.1%}", accuracy=f"{accuracy:.0%}", chance=f"{by_chance:.1%}")
    return {"id": name, "by_chance": by_chance, "text": _plain_text(text)}


def error_by_chance(shares: Floats, draws: int = 100, seed: int = 0) -> float:
    """Return the calibration error that 95 % of draws stay under when the truth is drawn from the shares themselves.

    Consistency resampling (Bröcker & Smith 2007, Weather and Forecasting 22): few rows look ill calibrated even where every share is true.
    """
    random, upper = np.random.default_rng(seed), shares.cumsum(axis=1)
    errors = []
    for _ in range(draws):
        truth = np.minimum((random.random((len(shares), 1)) > upper).sum(axis=1), shares.shape[1] - 1)
        errors.append(measures(truth, shares)["ece"])
    return float(np.quantile(errors, 0.95))


def _plain_text(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}


def _scored(truth: Ints, shares: Floats, book: Book, names: Sequence[str]) -> Json:
    told = {"interval": intervals(truth, shares, book.entity), "reliability": reliability(truth, shares)}
    return {"names": list(names), **scores(truth, shares, names), **told}


def _gains(truth: Ints, shares: Floats, others: Floats, entity: npt.NDArray[np.str_], draws: int = 200) -> Json:
    """Return by how much shares are better than others, with the 95 % interval over the same firms drawn anew."""
    firms, firm = np.unique(entity, return_inverse=True)
    weights = resamples(len(firms), draws, 0)
    here, drawn = [], []
    for one in (shares, others):
        here.append(measures(truth, one))
        drawn.append(tally(truth, one, firm, len(firms)).weighed(weights).measures())
    return {
        name: {
            "gain": sign * (here[0][name] - here[1][name]),
            "interval": np.quantile(sign * (drawn[0][name] - drawn[1][name]), (0.025, 0.975)).tolist(),
        }
        for name, sign in GAINS.items()
    }


def _sign_rule(book: Book, truth: Ints) -> Json:
    """Return how often the class that the file names is the one its flows stand for, over all rows that were read."""
    named = np.array([one in CLASSES5 for one in book.stage5.tolist()], dtype=np.bool_)
    told = np.array([CLASSES5.index(one) for one in book.stage5[named].tolist()], dtype=np.int64)
    return {"rows": int(named.sum()), "agree": float((told == truth[named]).mean()) if named.any() else None}


def _abstention(truth: Ints, shares: Floats, judged: Judged, named_from: float) -> Json:
    """Return how often a stage is named and right, and how often the set of stages given instead holds the true one."""
    top = shares.max(axis=1)
    named = (top >= named_from) & judged.asked
    held = shares >= np.minimum(judged.least, top)[:, None]
    return {
        "asked": float(judged.asked.mean()),
        "named_from": named_from,
        "named": float(named.mean()),
        "accuracy": float((shares.argmax(axis=1) == truth)[named].mean()) if named.any() else None,
        "set_coverage": float(held[np.arange(len(truth)), truth].mean()),
        "set_size": float(held.sum(axis=1).mean()),
    }


def _slices(truth: Ints, shares: Floats, book: Book) -> Json:
    """Return the figures of the five classes among kinds of firm-years; kinds without a row are left out."""
    assets = book.facts["total_assets_cny"].to_numpy()
    known = ~np.isnan(assets)
    quartile = np.searchsorted(np.quantile(assets[known], (0.25, 0.5, 0.75)), assets, side="left") + 1
    kinds: dict[str, dict[str, Bools]] = {
        "pre_ipo": {"yes": book.pre_ipo, "no": ~book.pre_ipo},
        "assets_under_300m": {"yes": known & (assets < SMALL_CNY), "no": known & (assets >= SMALL_CNY)},
        "size_quartile": {str(one): known & (quartile == one) for one in range(1, 5)},
        "year": {str(one): book.year == one for one in np.unique(book.year).tolist()},
    }
    return {kind: {name: _slice(truth[rows], shares[rows]) for name, rows in groups.items() if rows.any()} for kind, groups in kinds.items()}


def _slice(truth: Ints, shares: Floats) -> Json:
    figures = measures(truth, shares)
    return {"rows": len(truth), **{name: figures[name] for name in SLICED}}


# ---------------------------------------------------------------- with the three cash questions


def told_by(pattern: Ints, error: float, random: np.random.Generator) -> Bools:
    """Return answers to the three cash questions as signs, n x 3 (operating, investing, financing; true for +), each wrong with a probability."""
    signs = np.array([[sign == "+" for sign in signs] for signs in PATTERNS])
    return signs[pattern] ^ (random.random((len(pattern), 3)) < error)


def joined(shares: Floats, told: Bools, trust: float) -> Floats:
    """Return shares of the patterns, n x 8, after answers, n x 3, each right with probability `trust` (Bayes)."""
    signs = np.array([[sign == "+" for sign in signs] for signs in PATTERNS])
    likely = np.where(told[:, None, :] == signs[None], trust, 1 - trust).prod(axis=2)
    found = shares * likely
    # A share rounded to nothing everywhere the answers point leaves the answers alone to speak.
    found[found.sum(axis=1) <= 0] = likely[found.sum(axis=1) <= 0]
    return np.asarray(found / found.sum(axis=1, keepdims=True), dtype=np.float64)


def _with_answers(judged: Judged, error: float, rules: StageRules, random: np.random.Generator) -> Json:
    """Return the five classes by the model with simulated answers, and by the answers' signs alone."""
    book, early = judged.book, early_as(judged.book)
    told = told_by(book.pattern, error, random)
    truth = truths(book.pattern, early, rules)["classes5"]
    fused = readings(joined(judged.shares, told, rules.trust["answer"]), early, rules)["classes5"]
    codes = {signs: place for place, signs in enumerate(PATTERNS)}
    alone = np.array([codes["".join("+" if sign else "-" for sign in row)] for row in told.tolist()], dtype=np.int64)
    by_rule = truths(alone, early, rules)["classes5"]
    return {"error": error, "model": _scored(truth, fused, book, CLASSES5), "sign_rule": float((by_rule == truth).mean())}
