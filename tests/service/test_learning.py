"""Training and judging a model as use cases: what the card says, what is refused, and what is never overwritten."""

import datetime as dt
import hashlib
import json

import numpy as np
import polars as pl
import pytest

from advisor.classifier.model import CARD, WEIGHTS, load_model
from advisor.classifier.training import Recipe
from advisor.domain.errors import InputError
from advisor.domain.text import Text
from advisor.service.advisor import Advisor
from advisor.service.learning import default_model, evaluate_model, model_card, train_model
from tests.classifier.firm_years import QUICK, as_listed, firm_years

DAY = dt.date(2026, 11, 24)
POOR = Recipe(hidden=(4,), epochs=3, copies=1, rate=1e-5, batch=32)
"""A recipe that learns next to nothing."""


@pytest.fixture(scope="module")
def adviser(rules):
    return Advisor(rules, today=lambda: DAY)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The same firms, a year apart, and other firms."""
    folder, frame = tmp_path_factory.mktemp("files"), firm_years(60, 6)
    frame.filter(pl.col("fiscal_year") < 2015).write_parquet(folder / "first.parquet")
    frame.write_parquet(folder / "more.parquet")
    others = as_listed(firm_years(40, 4, seed=5))
    others.with_columns(("other " + pl.col("entity").cast(pl.String)).alias("entity")).write_parquet(folder / "others.parquet")
    return {path.stem: path for path in folder.iterdir()}


@pytest.fixture(scope="module")
def trained(adviser, files, tmp_path_factory):
    """A model learned from the first file."""
    folder = tmp_path_factory.mktemp("trained") / "model"
    train_model([files["first"]], folder, adviser, recipe=QUICK, sources=[Text("虚构", "made up")], limits=[Text("只供测试", "for tests only")])
    return folder


@pytest.fixture(scope="module")
def poor(adviser, files, trained, tmp_path_factory):
    """A poor model learned from the first file, forced into the place of a better one."""
    folder = copied(trained, tmp_path_factory.mktemp("poor") / "model")
    train_model([files["first"]], folder, adviser, recipe=POOR, force=True)
    return folder


def copied(folder, target):
    target.mkdir()
    for file in folder.iterdir():
        (target / file.name).write_bytes(file.read_bytes())
    return target


def contents(folder):
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def refusal(call):
    with pytest.raises(InputError) as refused:
        call()
    return [problem.code for problem in refused.value.problems]


# ---------------------------------------------------------------- train


def test_the_card_says_what_the_model_was_learned_from_and_how_good_it_is(trained, files):
    card = json.loads((trained / CARD).read_bytes())
    assert card["trained_on"] == "2026-11-24"
    assert card["version"] == load_model(trained).version
    assert card["sources"] == [{"zh": "虚构", "en": "made up"}]
    assert card["limits"][0] == {"zh": "只供测试", "en": "for tests only"}
    assert card["recipe"]["epochs"] == QUICK.epochs
    assert (card["rows"], card["firms"]) == (300, 60)
    (file,) = card["data"]
    assert file["sha256"] == hashlib.sha256(files["first"].read_bytes()).hexdigest()
    assert {name: file[name] for name in ("file", "rows", "firms", "years")} == {
        "file": "first.parquet",
        "rows": 300,
        "firms": 60,
        "years": [2010, 2014],
    }
    assert file["left_out"] == {"financial": 0, "label_not_ok": 0, "flow_missing": 0}
    assert all(limit["zh"] and limit["en"] for limit in card["limits"])
    tiers = [card["scores"][tier]["classes5"] for tier in ("T0", "T1", "T2")]
    assert tiers[2]["log_loss"] < tiers[0]["log_loss"]
    assert set(card["scores"]["T2"]["slices"]) == {"pre_ipo", "assets_under_300m", "size_quartile", "year"}


def test_a_model_can_be_used_after_it_was_written(trained, rules):
    model = load_model(trained)
    facts = firm_years(1, 1).row(0, named=True)
    opinion = model({fact: facts.get(fact) for fact in rules.catalogue.facts})
    assert sum(opinion.patterns.values()) == pytest.approx(1, abs=1e-6)
    assert opinion.tier == "T2"
    assert 0 < opinion.least < 1


def test_the_year_ahead_is_learned(trained):
    assert load_model(trained).next_year.markov.sum(axis=1).tolist() == pytest.approx([1.0] * 8)


def test_few_firms_teach_no_year_ahead_and_a_model_that_cannot_be_read_is_no_rival(adviser, tmp_path):
    (tmp_path / WEIGHTS).write_bytes(b"nothing")
    (tmp_path / CARD).write_text("{}")
    firm_years(15, 2).write_parquet(tmp_path / "few.parquet")
    train_model([tmp_path / "few.parquet"], tmp_path, adviser, recipe=POOR)
    assert load_model(tmp_path).next_year is None
    assert model_card(tmp_path)["rows"] == 30


def test_several_files_are_learned_from_together_step_by_step_however_their_columns_are_named(adviser, files, tmp_path):
    steps = []
    both = [files["first"], files["others"]]
    card = train_model(both, tmp_path, adviser, recipe=POOR, progress=lambda done, of: steps.append(done / of))
    assert [(one["file"], one["rows"]) for one in card["data"]] == [("first.parquet", 300), ("others.parquet", 160)]
    assert card["rows"] == 460
    assert steps == sorted(steps)
    assert len(steps) == 36 == 6 * 2 * POOR.epochs
    assert steps[-1] == 1


def test_too_few_firms_are_refused_and_nothing_is_written(adviser, tmp_path):
    firm_years(9, 3).write_parquet(tmp_path / "few.parquet")
    assert refusal(lambda: train_model([tmp_path / "few.parquet"], tmp_path / "model", adviser, recipe=QUICK)) == ["too_few_firms"]
    assert not (tmp_path / "model").exists()


def test_a_place_that_cannot_be_written_is_found_out_before_the_training(adviser, files, tmp_path):
    (tmp_path / "taken").write_text("a file")
    steps = []

    def train():
        train_model([files["first"]], tmp_path / "taken", adviser, recipe=QUICK, progress=lambda *step: steps.append(step))

    assert refusal(train) == ["unwritable_folder"]
    assert steps == []


# ---------------------------------------------------------------- an old model in the same place


def test_a_worse_calibrated_model_does_not_take_the_place_of_a_better_one(adviser, files, trained, tmp_path):
    folder = copied(trained, tmp_path / "model")
    for file in ("first", "more"):
        assert refusal(lambda file=file: train_model([files[file]], folder, adviser, recipe=POOR)) == ["worse_model"]
    assert contents(folder) == contents(trained)


def test_a_worse_model_takes_the_place_when_it_must(poor, trained):
    before, after = model_card(trained), model_card(poor)
    assert after["scores"]["T2"]["classes5"]["log_loss"] > before["scores"]["T2"]["classes5"]["log_loss"]
    assert after["version"] == load_model(poor).version != before["version"]


@pytest.mark.parametrize("file", ["first", "others"])
def test_a_better_calibrated_model_takes_the_place(file, adviser, files, poor, tmp_path):
    folder = copied(poor, tmp_path / "model")
    train_model([files[file]], folder, adviser, recipe=QUICK)
    assert model_card(folder)["recipe"]["epochs"] == QUICK.epochs


def test_training_again_in_the_same_way_gives_the_same_model_and_is_no_worse(adviser, files, trained, tmp_path):
    folder = copied(trained, tmp_path / "model")
    train_model([files["first"]], folder, adviser, recipe=QUICK)
    assert model_card(folder)["version"] == model_card(trained)["version"]


# ---------------------------------------------------------------- evaluate


def test_other_firms_are_judged_by_the_model_as_it_is(adviser, files, trained):
    found = evaluate_model([files["others"]], adviser, folder=trained)
    assert (found["protocol"], found["note"], found["model_version"]) == ("as_trained", None, load_model(trained).version)
    assert found["files"] == [{"file": "others.parquet", "sha256": hashlib.sha256(files["others"].read_bytes()).hexdigest()}]
    assert found["rows"] == 160


def test_a_file_that_the_model_was_trained_on_is_judged_in_folds_by_its_recipe(adviser, files, trained):
    found = evaluate_model([files["first"]], adviser, folder=trained)
    assert (found["protocol"], found["folds"], found["model_version"]) == ("folds", 5, None)
    assert "5" in found["note"]["zh"]
    kept = model_card(trained)["scores"]["T2"]
    assert found["classes5"]["log_loss"] == pytest.approx(kept["classes5"]["log_loss"])


def test_a_file_that_the_model_was_trained_on_can_be_judged_as_it_is_with_a_warning(adviser, files, trained):
    found = evaluate_model([files["first"]], adviser, folder=trained, trained=True)
    assert found["protocol"] == "as_trained"
    assert "偏高" in found["note"]["zh"]


def test_years_are_kept_apart_in_folds(adviser, files):
    found = evaluate_model([files["more"]], adviser, folds=3, until=2012, since=2014, recipe=QUICK)
    assert (found["folds"], found["years"], found["until"], found["from"]) == (3, [2014, 2015], 2012, 2014)
    assert found["left_out"]["not_judged"] == 240


def test_what_contradicts_itself_is_refused(adviser, files, trained):
    for wanted in ({"folds": 2}, {"until": 2012}):
        assert refusal(lambda wanted=wanted: evaluate_model([files["first"]], adviser, folder=trained, trained=True, **wanted)) == [
            "as_trained_in_folds"
        ]


def test_there_must_be_a_model(adviser, files, tmp_path):
    assert refusal(lambda: evaluate_model([files["first"]], adviser, folder=tmp_path)) == ["model_missing"]
    assert refusal(lambda: model_card(tmp_path)) == ["model_missing"]


def test_pictures_are_drawn_where_they_are_asked_for(adviser, files, trained, tmp_path):
    found = evaluate_model([files["others"]], adviser, folder=trained, plots=tmp_path / "plots", recipe=POOR)
    names = sorted(file.name for file in (tmp_path / "plots").iterdir())
    assert names == ["confusion.svg", "coverage.svg", "effects.svg", "importance.svg", "learning_curve.svg", "reliability.svg"]
    assert len(found["plots"]) == 6
    assert [point["firms"] for point in found["learning_curve"]] == [10, 10, 10, 16, 32]
    json.dumps(found)


# ---------------------------------------------------------------- the shipped model


def test_the_shipped_model_is_read_once():
    assert default_model() is default_model()
    assert model_card()["version"] == default_model().version
    assert np.isfinite(default_model().temperature).all()
