"""Training a stage model, judging one, and reading its card, as use cases.

scikit-learn and the table engine are imported inside the functions: to hold a model nobody needs them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advisor.classifier.model import WEIGHTS, StageModel, load_model
from advisor.domain.errors import InputError, Place, Problem
from advisor.domain.text import Lang, Text
from advisor.service.advisor import SHIPPED, Advisor

if TYPE_CHECKING:
    from advisor.classifier.book import Book
    from advisor.classifier.evaluation import Asked, Part
    from advisor.classifier.training import Progress, Recipe
    from advisor.classifier.transitions import NextYear

Json = dict[str, Any]

CARD_TIERS = ("T0", "T1", "T2")
WORSE_ECE = 0.005
"""A new model whose calibration error is higher by more than this does not take the old one's place."""
FEWEST_NEW, HELD_OUT = 200, 5
"""Rows of later years that suffice to compare on them alone; one firm in so many is held out to compare."""
FEWEST_FOLLOWING = 20
"""Firm-years that must come before each class for the year ahead to be learned."""

LIMITS = (
    Text("只在所列数据那样的企业上检验过；别处的企业要先评判", "Tested on firms like those of the data named; judge it before it serves others"),
    Text("不含金融企业和房地产企业", "Holds no financial and no real-estate firms"),
    Text(
        "学的是现金流方向的组合（Dickinson 2011），不是企业的全部处境",
        "It learns the signs of the cash flows (Dickinson 2011), not everything about a firm",
    ),
)
TOO_ROSY = Text(
    "模型就是用这个文件训练的，又按训练好的样子评判，成绩会偏高",
    "The model was trained on this file and is judged as trained: the figures are too rosy",
)
FOLDS_INSTEAD = Text(
    "模型就是用这个文件训练的，所以改为分{folds}份：每份都用其余企业重新训练的模型来评判",
    "The model was trained on this file, so it is judged in {folds} folds, each by a model trained anew on the other firms",
)


@cache
def default_model() -> StageModel:
    """Return the shipped stage model, read once. Raises InputError where there is none."""
    return load_model(SHIPPED)


def model_card(folder: Path | None = None) -> Json:
    """Return the card of the model in a folder, or of the shipped one, with its version. Raises InputError as `load_model` does."""
    model = default_model() if folder is None else load_model(folder)
    return {**model.card, "version": model.version}


# ---------------------------------------------------------------- train


def train_model(
    files: Sequence[str | Path],
    out: Path,
    adviser: Advisor,
    *,
    force: bool = False,
    sources: Sequence[Text] = (),
    limits: Sequence[Text] = (),
    elsewhere: Sequence[tuple[Text, Path]] = (),
    recipe: Recipe | None = None,
    progress: Progress | None = None,
) -> Json:
    """Train a model on files of firm-years, judge it in five folds, write it with its card to a folder, and return the card.

    `elsewhere` are files of other firms, with what they are called, on which the finished model is judged for the card.
    Raises InputError for files that cannot be used, with `worse_model` where the folder holds a better calibrated model
    (unless `force`), and with `unwritable_folder` where it cannot be written; then nothing is overwritten.
    """
    from advisor.classifier.book import read_book
    from advisor.classifier.evaluation import FOLDS, in_folds, lessons_of, split_by_firm
    from advisor.classifier.training import Recipe, train

    recipe, catalogue, rules = recipe or Recipe(), adviser.rules.catalogue, adviser.rules.stages
    book = read_book(files, catalogue)
    lessons, split = lessons_of(book), split_by_firm(book)
    data = [_described(Path(file), adviser) for file in files]
    _make(out)
    old = None
    if not force and (out / WEIGHTS).exists():
        # One that cannot be read, or was made for other inputs, is no rival.
        with suppress(InputError):
            old = load_model(out)
    later = old is not None and not _same_files(old, data)
    tell = _Jobs(progress, FOLDS + 1 + later)

    jury = in_folds(book, split, catalogue, rules, recipe, tell.some(FOLDS))
    scores = _card_scores(book, jury, adviser)
    if old is not None:
        _refuse_worse(_compared_anew(old, book, adviser, recipe, tell.some(1)) if later else (_calibration(scores["T2"]), _old_scores(old)), out)
    model = train(lessons, catalogue, rules, recipe, tell.some(1))
    model = _explained(replace(model, next_year=_next_year(book, adviser)), lessons, adviser)
    card = {
        "version": model.version,
        "trained_on": adviser.today().isoformat(),
        "recipe": {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(recipe).items()},
        "rows": len(lessons),
        "firms": lessons.firms,
        "data": data,
        "sources": [_both(one) for one in sources],
        "scores": scores,
        "elsewhere": [{"name": _both(name), **_elsewhere(file, model, adviser)} for name, file in elsewhere],
        "limits": [_both(one) for one in (*limits, *LIMITS)],
    }
    try:
        replace(model, card=card).save(out)
    except OSError as error:
        raise _unwritable(out, error) from error
    return card


def _both(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}


def _make(folder: Path) -> None:
    """Make a folder before hours are spent on what shall be in it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(folder, error) from error


def _unwritable(folder: Path, error: OSError) -> InputError:
    reason = error.strerror or str(error)
    return InputError([Problem("unwritable_folder", Text(f"写不进去：{reason}", f"it cannot be written: {reason}"), Place(str(folder)))])


@dataclass(slots=True)
class _Jobs:
    """Tells of several jobs as one: so many parts, of which some are done."""

    tell: Progress | None
    of: int
    done: int = 0

    def some(self, count: int) -> Progress | None:
        """Return what to tell while `count` parts are worked on."""
        if self.tell is None:
            return None
        tell, before, of = self.tell, self.done, self.of
        self.done += count
        return lambda done, steps: tell(before * steps + done * count, of * steps)


def _described(file: Path, adviser: Advisor) -> Json:
    """Return what the card says of a file."""
    from advisor.classifier.book import read_book

    book = read_book([file], adviser.rules.catalogue)
    years = [int(book.year.min()), int(book.year.max())]
    return {"file": file.name, "sha256": _digest(file), "rows": len(book), "firms": book.firms, "years": years, "left_out": dict(book.left_out)}


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _card_scores(book: Book, jury: Sequence[Part], adviser: Advisor) -> Json:
    """Return the figures of the card by tier; among kinds of firms at the last one."""
    from advisor.classifier.evaluation import MEASURES, NAMES_OF, Asked, evaluate

    found: Json = {"protocol": "folds", "folds": len(jury)}
    for tier in CARD_TIERS:
        told = evaluate(book, jury, adviser.rules.catalogue, adviser.rules.stages, Asked(tier), baselines=())  # type: ignore[arg-type]
        levels = {level: {name: told[level][name] for name in (*MEASURES, "interval")} for level in NAMES_OF}
        found[tier] = {"rows": told["rows"], "firms": told["firms"], **levels, "abstention": told["abstention"]}
        if tier == CARD_TIERS[-1]:
            found[tier] |= {"slices": told["slices"], "verdict": told["verdict"]}
    return found


def _elsewhere(file: Path, model: StageModel, adviser: Advisor) -> Json:
    """Return how the finished model does on the firms of another file, at each tier."""
    from advisor.classifier.book import read_book
    from advisor.classifier.evaluation import MEASURES, Asked, as_trained, evaluate

    catalogue, rules = adviser.rules.catalogue, adviser.rules.stages
    book, found = read_book([file], catalogue), {}
    for tier in CARD_TIERS:
        told = evaluate(book, as_trained(book, model), catalogue, rules, Asked(tier), baselines=())  # type: ignore[arg-type]
        found[tier] = {name: told[name] for name in ("rows", "firms", "verdict")} | {"classes5": {name: told["classes5"][name] for name in MEASURES}}
    return found


def _next_year(book: Book, adviser: Advisor) -> NextYear | None:
    """Return the year ahead learned from rows that have a next year; None where a class follows too seldom."""
    import numpy as np

    from advisor.classifier.book import LATEST_FLOWS, consecutive
    from advisor.classifier.evaluation import CLASSES5, truths
    from advisor.classifier.training import Table, early_as
    from advisor.classifier.transitions import learn

    here, there = consecutive(book)
    now = book.rows(here)
    follows = truths(book.pattern, early_as(book), adviser.rules.stages)["classes5"][there]
    assets = now.facts["total_assets_cny"].to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        flows = np.column_stack([now.facts[flow].to_numpy() for flow in LATEST_FLOWS]) / assets[:, None]
    told = np.isfinite(flows).all(axis=1)
    if np.bincount(follows[told], minlength=len(CLASSES5)).min() < FEWEST_FOLLOWING:
        return None
    inputs = Table(now, adviser.rules.catalogue).inputs()
    return learn(inputs[told], flows[told], now.pattern[told], follows[told], now.entity[told], now.year[told])


def _explained(model: StageModel, lessons: Book, adviser: Advisor) -> StageModel:
    """Return the model with what its explanations rest on."""
    from advisor.classifier import explanation

    catalogue, rules = adviser.rules.catalogue, adviser.rules.stages
    return replace(model, worth=explanation.worths(model, lessons, catalogue), typical=explanation.typical(lessons, catalogue, rules))


# ---------------------------------------------------------------- an old model in the same place


def _same_files(old: StageModel, data: Sequence[Mapping[str, Any]]) -> bool:
    return {one["sha256"] for one in data} == _learned_from(old) and "T2" in old.card.get("scores", {})


def _learned_from(model: StageModel) -> set[str]:
    return {one["sha256"] for one in model.card.get("data", ())}


def _calibration(told: Mapping[str, Any]) -> tuple[float, float]:
    """Return log-loss and calibration error of the five classes."""
    return told["classes5"]["log_loss"], told["classes5"]["ece"]


def _old_scores(old: StageModel) -> tuple[float, float]:
    return _calibration(old.card["scores"]["T2"])


def _compared_anew(
    old: StageModel, book: Book, adviser: Advisor, recipe: Recipe, progress: Progress | None
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the calibration of a new and an old model on one firm in five, the new one trained on the others.

    The old one may have learned from these firms, so only years after those it knows are compared where they are enough.
    """
    from advisor.classifier.evaluation import Asked, Part, evaluate, in_folds, split_by_firm

    catalogue, rules = adviser.rules.catalogue, adviser.rules.stages
    judged, learned = split_by_firm(book, HELD_OUT, seed=2)[0]
    last = max((one["years"][1] for one in old.card.get("data", ())), default=None)
    later = judged & (book.year > last) if last is not None else judged
    if later.sum() >= FEWEST_NEW:
        judged = later
    (new,) = in_folds(book, [(judged, learned)], catalogue, rules, recipe, progress)
    asked = Asked("T2")
    told = [evaluate(book, [Part(judged, learned, model)], catalogue, rules, asked, baselines=()) for model in (new.model, old)]
    return _calibration(told[0]), _calibration(told[1])


def _refuse_worse(compared: tuple[tuple[float, float], tuple[float, float]], out: Path) -> None:
    (loss, ece), (old_loss, old_ece) = compared
    if loss <= old_loss and ece <= old_ece + WORSE_ECE:
        return
    figures = {"loss": f"{loss:.4f}", "old_loss": f"{old_loss:.4f}", "ece": f"{ece:.4f}", "old_ece": f"{old_ece:.4f}"}
    text = Text(
        "新模型校准得比这里原有的差，没有覆盖：对数损失{loss}（原{old_loss}），校准误差{ece}（原{old_ece}）；仍要替换请加 --force",
        "the new model is worse calibrated than the one here, which was kept: log-loss {loss} (old {old_loss}),"
        " calibration error {ece} (old {old_ece}); --force replaces it all the same",
    )
    raise InputError([Problem("worse_model", text.fill(**figures), Place(str(out)))])


# ---------------------------------------------------------------- evaluate


def evaluate_model(
    files: Sequence[str | Path],
    adviser: Advisor,
    *,
    asked: Asked | None = None,
    folder: Path | None = None,
    folds: int | None = None,
    trained: bool = False,
    until: int | None = None,
    since: int | None = None,
    plots: Path | None = None,
    lang: Lang = "zh",
    recipe: Recipe | None = None,
    progress: Progress | None = None,
) -> Json:
    """Judge a stage model on files of firm-years and return the figures, ready for JSON; `plots` is a folder for pictures.

    The model of `folder`, or the shipped one, is judged as it is. In `folds`, with `until`, or where it was trained on one
    of the files (unless `trained`), models are trained anew on other firms instead, by the `recipe`, or that of the model.
    Raises InputError for files, models, years or options that cannot be used.
    """
    from advisor.classifier.book import read_book
    from advisor.classifier.evaluation import FOLDS, Asked, as_trained, evaluate, in_folds, split_by_firm

    if trained and (folds is not None or until is not None):
        zh, en = "--as-trained 不能与 --folds、--until 同用", "--as-trained cannot go with --folds or --until"
        raise InputError([Problem("as_trained_in_folds", Text(zh, en))])
    asked, catalogue, rules = asked or Asked(), adviser.rules.catalogue, adviser.rules.stages
    book = read_book(files, catalogue)
    if plots is not None:
        _make(plots)
    listed = [{"file": Path(file).name, "sha256": _digest(Path(file))} for file in files]
    model, note = None, None
    if folder is not None or (folds is None and until is None):
        model = default_model() if folder is None else load_model(folder)
        recipe = recipe or _recipe_of(model)
        seen = bool(_learned_from(model) & {one["sha256"] for one in listed})
        if seen and trained:
            note = TOO_ROSY
        elif seen and folds is None and until is None:
            folds = FOLDS
            note = FOLDS_INSTEAD.fill(folds=str(folds))
    anew = folds is not None or until is not None
    tell = _Jobs(progress, anew + (plots is not None))
    if model is not None and not anew:
        jury = as_trained(book, model, since=since, seed=asked.seed)
    else:
        split = split_by_firm(book, folds or FOLDS, until=until, since=since, seed=asked.seed)
        jury = in_folds(book, split, catalogue, rules, recipe, tell.some(1))
    found: Json = {
        "protocol": "folds" if anew else "as_trained",
        "folds": len(jury) if anew else None,
        "until": until,
        "from": since,
        "note": None if note is None else {"zh": note.zh, "en": note.en},
        "files": listed,
        **evaluate(book, jury, catalogue, rules, asked),
    }
    if plots is not None:
        found |= _studied(book, jury[0], adviser, asked, recipe, tell.some(1))
        found["plots"] = [str(path) for path in _drawn(found, plots, adviser, lang)]
    return found


def _recipe_of(model: StageModel) -> Recipe | None:
    """Return the recipe that a model's card names; None where it names none that is known."""
    from advisor.classifier.training import Recipe

    kept = model.card.get("recipe", {})
    if set(kept) != {field.name for field in fields(Recipe)}:
        return None
    plain: Json = {name: tuple(value) if isinstance(value, list) else value for name, value in kept.items()}
    return Recipe(**plain)


def _studied(book: Book, part: Part, adviser: Advisor, asked: Asked, recipe: Recipe | None, progress: Progress | None) -> Json:
    """Return what only the pictures show, by the model of one fold."""
    from advisor.classifier.studies import effects, importance, learning_curve

    catalogue, rules = adviser.rules.catalogue, adviser.rules.stages
    curve = learning_curve(book, (part.judged, part.learned), catalogue, rules, asked, recipe, progress) if part.learned.any() else []
    return {
        "learning_curve": curve,
        "effects": effects(book, part, catalogue, rules, asked),
        "importance": importance(book, part, catalogue, rules, asked),
    }


def _drawn(found: Json, folder: Path, adviser: Advisor, lang: Lang) -> list[Path]:
    from advisor.classifier.pictures import draw  # imported here: it loads the whole drawing engine

    try:
        return draw(found, folder, adviser.rules.stages.classes, lang)  # type: ignore[arg-type]
    except OSError as error:
        raise _unwritable(folder, error) from error
