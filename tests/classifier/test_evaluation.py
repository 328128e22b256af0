"""Judging the model: who judges whom, how shares are read as classes, and what the figures say."""

import json

import numpy as np
import polars as pl
import pytest

from advisor.classifier.baselines import BASELINES
from advisor.classifier.book import read_book
from advisor.classifier.evaluation import (
    NAMES_OF,
    Asked,
    Part,
    as_trained,
    error_by_chance,
    evaluate,
    in_folds,
    joined,
    judge,
    lessons_of,
    readings,
    split_by_firm,
    told_by,
    truths,
    verdict,
)
from advisor.classifier.inputs import ANSWERS
from advisor.classifier.studies import CURVE, effects, importance, learning_curve
from advisor.classifier.training import early_as
from advisor.domain.errors import InputError
from advisor.domain.stage import PATTERNS, STAGES
from tests.classifier.firm_years import QUICK, as_listed, firm_years

SCORES = {
    "names",
    "rows",
    "accuracy",
    "balanced_accuracy",
    "macro_f1",
    "kappa",
    "log_loss",
    "ece",
    "coverage",
    "confusion",
    "classes",
    "interval",
    "reliability",
}


def written(frame, folder, name="firms.parquet"):
    frame.write_parquet(folder / name)
    return folder / name


@pytest.fixture(scope="module")
def book(catalogue, tmp_path_factory):
    return read_book([written(firm_years(), tmp_path_factory.mktemp("book"))], catalogue)


@pytest.fixture(scope="module")
def jury(book, catalogue, rules):
    return in_folds(book, split_by_firm(book), catalogue, rules.stages, QUICK)


@pytest.fixture(scope="module")
def found(book, jury, catalogue, rules):
    return evaluate(book, jury, catalogue, rules.stages, Asked("T2", answers_error=0.2))


# ---------------------------------------------------------------- files


def test_either_naming_of_columns_gives_the_same_book(book, catalogue, tmp_path):
    other = read_book([written(as_listed(firm_years()), tmp_path)], catalogue)
    assert other.facts.equals(book.facts)
    assert other.pattern.tolist() == book.pattern.tolist()
    assert [signs for signs in PATTERNS if signs not in {PATTERNS[place] for place in book.pattern}] == []


def test_what_cannot_be_learned_from_is_left_out_and_counted(book, catalogue, tmp_path):
    row = pl.int_range(pl.len())
    spoilt = firm_years().with_columns(
        financial=row < 3,
        label_ok=row != 10,
        opcf_cny=pl.when(row == 20).then(0.0).otherwise("opcf_cny"),
        fincf_cny=pl.when(row.is_in([30, 31])).then(None).otherwise("fincf_cny"),
    )
    kept = read_book([written(spoilt, tmp_path)], catalogue)
    assert kept.left_out == {"financial": 3, "label_not_ok": 1, "flow_missing": 3}
    assert len(kept) == len(book) - 7


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda frame: frame.drop("fincf_cny"), "columns_missing"),
        (lambda frame: frame.drop("entity"), "columns_missing"),
        (lambda frame: frame.drop("fiscal_year"), "columns_missing"),
        (lambda frame: frame.head(0), "no_rows_to_learn"),
        (lambda frame: frame.with_columns(financial=True), "no_rows_to_learn"),
        (lambda frame: frame.with_columns(gb_code=pl.lit("J6621")), "no_rows_to_learn"),
        (lambda frame: frame.with_columns(fiscal_year=pl.lit("2020A")), "column_unusable"),
        (lambda frame: frame.with_columns(financial=pl.lit("是")), "column_unusable"),
        (lambda frame: frame.with_columns(revenue_cny=pl.lit("1,200万")), "column_unusable"),
        (lambda frame: frame.with_columns(fiscal_year=pl.lit(None, dtype=pl.Int64)), "firm_or_year_missing"),
        (lambda frame: frame.with_columns(entity=pl.lit(None, dtype=pl.String)), "firm_or_year_missing"),
        (lambda frame: pl.concat([frame, frame.head(1)]), "doubled_rows"),
    ],
    ids=[
        "a flow",
        "the firm",
        "the year",
        "no row",
        "financial firms only",
        "banks by their code",
        "a year in words",
        "yes in words",
        "money in words",
        "no year",
        "no firm",
        "twice",
    ],
)
def test_a_file_that_lacks_what_is_needed_is_refused(change, code, catalogue, tmp_path):
    with pytest.raises(InputError) as refused:
        read_book([written(change(firm_years(4, 2)), tmp_path)], catalogue)
    assert [problem.code for problem in refused.value.problems] == [code]


def test_what_is_no_parquet_file_is_refused(catalogue, tmp_path):
    (tmp_path / "firms.parquet").write_text("revenue_cny\n1\n")
    for name in ("firms.parquet", "none.parquet"):
        with pytest.raises(InputError) as refused:
            read_book([tmp_path / name], catalogue)
        assert [problem.code for problem in refused.value.problems] == ["unreadable"]


# ---------------------------------------------------------------- who judges whom


@pytest.mark.parametrize("folds", [2, 5, 60])
def test_every_row_is_judged_once_and_never_by_its_own_firm(book, folds):
    split = split_by_firm(book, folds)
    assert np.sum([judged for judged, _ in split], axis=0).tolist() == [1] * len(book)
    for judged, learned in split:
        assert set(book.entity[judged]) & set(book.entity[learned]) == set()
        assert set(book.entity[judged]) | set(book.entity[learned]) == set(book.entity)


def test_years_can_be_kept_apart_too(book):
    for judged, learned in split_by_firm(book, until=2011, since=2013):
        assert set(book.year[judged]) == {2013, 2014}
        assert set(book.year[learned]) == {2010, 2011}


def test_more_folds_than_firms_and_years_that_are_not_there_are_refused(book):
    for wanted, code in (({"folds": 61}, "too_few_firms"), ({"since": 2015}, "no_such_years"), ({"until": 2009}, "no_such_years")):
        with pytest.raises(InputError) as refused:
            split_by_firm(book, **wanted)
        assert [problem.code for problem in refused.value.problems] == [code]


def test_a_handful_of_firms_is_too_few_to_learn_from_but_can_be_judged(book, jury, catalogue, rules):
    few = book.rows(np.isin(book.entity, np.unique(book.entity)[:4]))
    with pytest.raises(InputError, match="too few firms: 4"):
        lessons_of(few)
    told = evaluate(few, as_trained(few, jury[0].model), catalogue, rules.stages)
    assert (told["firms"], told["rows"], told["baselines"]) == (4, 20, {})
    assert told["model_version"] == jury[0].model.version


def test_rows_without_the_year_before_are_not_judged(book, jury, catalogue, rules):
    told = evaluate(book, jury, catalogue, rules.stages, Asked("T3"), baselines=())
    assert told["years"] == [2011, 2014]
    assert told["left_out"]["not_judged"] == 60
    first = book.rows(book.year == 2010)
    everything = np.ones(len(first), dtype=bool)
    with pytest.raises(InputError, match="T3"):
        judge(first, [Part(everything, everything, jury[0].model)], catalogue, Asked("T3"))


# ---------------------------------------------------------------- classes


def test_shares_of_patterns_add_up_to_shares_of_classes(rules):
    shares = np.array([[0.3, 0.2, 0.1, 0.05, 0.05, 0.1, 0.15, 0.05]] * 2)
    early = np.array([STAGES.index("startup"), STAGES.index("growth")])
    read = readings(shares, early, rules.stages)
    assert read["classes5"][0].tolist() == pytest.approx([0.3, 0.2, 0.1, 0.2, 0.2])
    assert read["stages4"].tolist() == [pytest.approx([0.3, 0.2, 0.1, 0.4]), pytest.approx([0, 0.5, 0.1, 0.4])]
    assert read["classes3"][1].tolist() == pytest.approx([0.5, 0.1, 0.4])


def test_the_true_class_is_that_of_the_true_pattern(rules):
    early = np.full(8, STAGES.index("growth"))
    found = {name: [NAMES_OF[name][place] for place in places] for name, places in truths(np.arange(8), early, rules.stages).items()}
    assert found["patterns8"] == list(PATTERNS)
    assert found["classes5"] == ["introduction", "growth", "mature", *["shakeout"] * 3, *["decline"] * 2]
    assert found["stages4"] == ["growth", "growth", "mature", *["decline"] * 5]
    assert found["classes3"] == ["growth", "growth", "mature", *["decline"] * 5]


# ---------------------------------------------------------------- figures


def test_the_figures_are_json_with_every_part(found):
    assert json.loads(json.dumps(found)) == found
    assert {"tier", "rows", "firms", "years", "left_out", "seed", "model_version", "verdict", "gains", "abstention", "slices", "answers"} <= set(
        found
    )
    assert [set(found[level]) for level in NAMES_OF] == [SCORES] * 4
    assert set(found["baselines"]) == set(found["gains"]) == set(BASELINES)
    assert (found["rows"], found["firms"], found["model_version"]) == (300, 60, None)


def test_the_model_learns_what_the_simpler_ways_cannot(found):
    assert found["classes5"]["accuracy"] > 0.7
    for name in ("majority", "anthony_ramesh", "re_ta_logit", "faff_discriminant"):
        gain = found["gains"][name]["classes5"]
        assert gain["accuracy"]["interval"][0] > 0
        assert gain["accuracy"]["gain"] == pytest.approx(found["classes5"]["accuracy"] - found["baselines"][name]["classes5"]["accuracy"])
        assert gain["log_loss"]["gain"] == pytest.approx(found["baselines"][name]["classes5"]["log_loss"] - found["classes5"]["log_loss"])


def test_the_same_evaluation_gives_the_same_figures(book, jury, catalogue, rules, found):
    assert evaluate(book, jury, catalogue, rules.stages, Asked("T2", answers_error=0.2)) == found


def test_fewer_answers_tell_less(book, jury, catalogue, rules, found):
    told = [evaluate(book, jury, catalogue, rules.stages, asked, baselines=()) for asked in (Asked("T0"), Asked("T2", blank=0.5))]
    for less in told:
        assert less["classes5"]["log_loss"] > found["classes5"]["log_loss"]
    assert told[0]["abstention"]["asked"] == 1.0
    assert 0.3 < told[1]["abstention"]["asked"] < 1.0


def test_the_class_a_file_names_is_held_against_its_flows(book, jury, catalogue, rules, found):
    assert found["sign_rule"] == {"rows": 300, "agree": 1.0}
    wrong = book.stage5.copy()
    wrong[:30], wrong[30:60] = "nonsense", np.where(wrong[30:60] == "mature", "decline", "mature")
    told = evaluate(type(book)(**{**vars(book), "stage5": wrong}), jury, catalogue, rules.stages, baselines=())
    assert told["sign_rule"] == {"rows": 270, "agree": pytest.approx(240 / 270)}


def test_naming_only_likely_stages_is_more_often_right(found):
    told = found["abstention"]
    assert 0.5 < told["named"] < 1
    assert told["accuracy"] > found["stages4"]["accuracy"]
    assert told["set_coverage"] > 0.8
    assert 1 <= told["set_size"] < 2.5


def test_kinds_of_firms_have_figures_of_their_own(book, found):
    slices = found["slices"]
    assert {kind: sum(one["rows"] for one in groups.values()) for kind, groups in slices.items()} == dict.fromkeys(slices, 300)
    assert set(slices) == {"pre_ipo", "assets_under_300m", "size_quartile", "year"}
    assert [one["rows"] for one in slices["size_quartile"].values()] == [75] * 4
    assert list(slices["year"]) == ["2010", "2011", "2012", "2013", "2014"]
    small = int((book.facts["total_assets_cny"] < 3e8).sum())
    assert slices["assets_under_300m"]["yes"]["rows"] == small > 0
    right = sum(one["rows"] * one["accuracy"] for one in slices["year"].values())
    assert right / 300 == pytest.approx(found["classes5"]["accuracy"])


@pytest.mark.parametrize(
    ("ece", "accuracy", "name"),
    [(0.03, 0.2, "fits"), (0.031, 0.60, "with_care"), (0.06, 0.8, "with_care"), (0.031, 0.59, "does_not_serve"), (0.061, 0.9, "does_not_serve")],
)
def test_the_verdict_follows_from_calibration_and_accuracy(ece, accuracy, name):
    told = verdict({"ece": ece, "accuracy": accuracy})
    assert told["id"] == name
    assert "{" not in told["text"]["zh"] + told["text"]["en"]


def test_a_calibration_error_that_chance_may_have_brought_is_said_to_be_so():
    shares = np.random.default_rng(0).dirichlet([1.5] * 5, 20_000)
    few, many = error_by_chance(shares[:200]), error_by_chance(shares)
    assert many < 0.02 < 0.06 < few
    told = verdict({"ece": few - 0.001, "accuracy": 0.9}, few)
    assert told["id"] == "does_not_serve"  # it serves where that is shown
    assert "chance alone" in told["text"]["en"]
    assert "chance" not in verdict({"ece": few + 0.001, "accuracy": 0.9}, few)["text"]["en"]
    assert verdict({"ece": 0.02, "accuracy": 0.5}, few)["id"] == "fits"


# ---------------------------------------------------------------- with answers


def test_answers_are_wrong_as_often_as_said():
    pattern = np.tile(np.arange(8), 2_000)
    signs = np.array([[sign == "+" for sign in PATTERNS[place]] for place in pattern])
    assert (told_by(pattern, 0.0, np.random.default_rng(0)) == signs).all()
    assert (told_by(pattern, 0.2, np.random.default_rng(0)) != signs).mean(axis=0).tolist() == pytest.approx([0.2] * 3, abs=0.01)


def test_answers_are_weighed_by_bayes():
    told = np.array([[True, False, False]])
    even = joined(np.full((1, 8), 1 / 8), told, 0.9)[0]
    assert even[PATTERNS.index("+--")] == pytest.approx(0.9**3)
    assert even[PATTERNS.index("+-+")] == pytest.approx(0.9**2 * 0.1)
    assert even[PATTERNS.index("-++")] == pytest.approx(0.1**3)
    sure = joined(np.eye(8)[[PATTERNS.index("--+")]], told, 0.9)[0]
    assert sure[PATTERNS.index("--+")] == 1


def test_with_a_fifth_of_the_answers_wrong_the_model_and_the_answers_are_no_worse_than_either_alone(found):
    told = found["answers"]
    assert told["error"] == 0.2
    assert 0.4 < told["sign_rule"] < 0.7
    assert told["model"]["accuracy"] >= found["classes5"]["accuracy"] > told["sign_rule"] + 0.1


# ---------------------------------------------------------------- what pictures show


def test_more_firms_to_learn_from_make_a_better_model(book, catalogue, rules):
    steps = []
    curve = learning_curve(book, split_by_firm(book)[0], catalogue, rules.stages, recipe=QUICK, progress=lambda done, of: steps.append((done, of)))
    assert [point["firms"] for point in curve] == [10, 10, 12, 24, 48]
    assert curve[-1]["log_loss"] < curve[0]["log_loss"]
    assert steps == sorted(steps)
    assert steps[-1] == (40, 40)
    assert len(steps) == 40 == 2 * QUICK.epochs * len(CURVE)


def test_the_effects_are_shares_of_the_five_classes_along_an_input(book, jury, catalogue, rules):
    shown = effects(book, jury[0], catalogue, rules.stages)
    assert len(shown) == 8
    assert "capital_spending" in shown
    for one in shown.values():
        assert one["at"] == sorted(set(one["at"]))
        assert np.sum(list(one["shares"].values()), axis=0).tolist() == pytest.approx([1.0] * len(one["at"]))
    rises = [one["rise"] for one in shown.values()]
    assert rises == sorted(rises, reverse=True)
    assert rises[0] > 0


def test_an_answer_matters_by_what_is_lost_without_it(book, jury, catalogue, rules):
    listed = importance(book, jury[0], catalogue, rules.stages)
    assert {one["answer"] for one in listed} == {answer.id for answer in ANSWERS}
    rises = {one["answer"]: one["log_loss_rise"] for one in listed}
    assert list(rises.values()) == sorted(rises.values(), reverse=True)
    assert rises["assets"] > 0.02
    # Not asked at this tier, so nothing is lost.
    assert rises["past_flows"] == rises["past_results"] == 0.0


def test_what_the_early_pattern_is_read_as_does_not_depend_on_what_was_answered(book, jury, catalogue):
    told = judge(book, jury, catalogue, Asked("T2", blank=0.5), baselines=())
    assert early_as(told.book).tolist() == early_as(book).tolist()
