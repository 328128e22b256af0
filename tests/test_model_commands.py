"""`advisor train`, `advisor evaluate`, `advisor model card`: what is printed, what is JSON, what is refused in words."""

import json
import subprocess
import sys
from dataclasses import replace
from functools import partial

import pytest

from advisor.classifier import inputs
from advisor.classifier.model import CARD, load_model
from advisor.cli import TIERS
from advisor.service import learning
from advisor.service.advisor import Advisor
from tests.classifier.firm_years import QUICK, firm_years

LANGS = ("zh", "en")
POOR = replace(QUICK, hidden=(4,), epochs=3, rate=1e-5)
TRAIN = learning.train_model


def trained_by(recipe, monkeypatch):
    """Let the command train by a recipe."""
    monkeypatch.setattr(learning, "train_model", partial(TRAIN, recipe=recipe))


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Training takes a second, not minutes."""
    monkeypatch.setattr(learning, "evaluate_model", partial(learning.evaluate_model, recipe=QUICK))
    trained_by(QUICK, monkeypatch)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("firms")
    firm_years().write_parquet(folder / "firms.parquet")
    firm_years(30, 3, seed=9).write_parquet(folder / "others.parquet")
    return {path.stem: path for path in folder.iterdir()}


@pytest.fixture(scope="module")
def model(rules, files, tmp_path_factory):
    """A model trained on the first file."""
    folder = tmp_path_factory.mktemp("kept") / "model"
    TRAIN([files["firms"]], folder, Advisor(rules), recipe=QUICK)
    return folder


def bare(printed):
    """What was printed, without spaces and the folding of lines."""
    return "".join(printed.split())


def test_a_model_is_trained_and_its_card_printed(advisor, files, tmp_path):
    out = tmp_path / "model"
    code, printed, said = advisor("train", files["firms"], "--out", out, "--source", "annual reports", "--source", "by hand", "--lang", "en")
    assert (code, said) == (0, "")
    card = json.loads((out / CARD).read_bytes())
    assert card["version"] == load_model(out).version
    assert card["recipe"]["epochs"] == QUICK.epochs
    for word in (card["version"], "300 firm-years of 60 firms", "annual reports", "by hand", "Limits", f"Model written: {out}"):
        assert word in printed


def test_a_worse_model_is_refused_and_forced(advisor, files, model, monkeypatch, tmp_path):
    (tmp_path / "model").mkdir()
    for file in model.iterdir():
        (tmp_path / "model" / file.name).write_bytes(file.read_bytes())
    trained_by(POOR, monkeypatch)
    code, printed, said = advisor("train", files["firms"], "--out", tmp_path / "model", "--lang", "en")
    assert (code, printed) == (2, "")
    assert "worse calibrated than the one here" in said
    assert "--force" in said
    assert load_model(tmp_path / "model").version == load_model(model).version
    code, _, _ = advisor("train", files["firms"], "--out", tmp_path / "model", "--force")
    assert code == 0
    assert load_model(tmp_path / "model").version != load_model(model).version


@pytest.mark.parametrize("lang", LANGS)
def test_an_evaluation_is_printed_with_its_verdict_baselines_and_confusion(lang, advisor, files, model):
    asked = ("--model", model, "--answers-error", "0.2", "--blank", "0.2", "--tier", "T1", "--lang", lang)
    code, printed, said = advisor("evaluate", files["others"], *asked)
    assert (code, said) == (0, "")
    wanted = {
        "zh": (
            "30 家企业的 90 个年度",
            "T1：",
            "随机空缺 20%",
            "多项逻辑回归",
            "四个阶段",
            "动荡期",
            "每个问题有 20% 答错",
            "按年度：2012",
            "校准误差",
        ),
        "en": (
            "90 firm-years of 30 firms",
            "T1: ",
            "20% of answers missing",
            "multinomial logit",
            "four stages",
            "shake-out",
            "wrongly in 20%",
            "By year: 2012",
        ),
    }
    assert [word for word in wanted[lang] if word not in printed] == []
    assert load_model(model).version in printed


def test_an_evaluation_as_json_has_the_documented_keys(advisor, files, model):
    code, printed, _ = advisor("evaluate", files["others"], "--model", model, "--format", "json")
    assert code == 0
    assert set(json.loads(printed)) == {
        "protocol", "folds", "until", "from", "note", "files", "tier", "blank", "rows", "firms", "years", "left_out", "seed", "model_version",
        "patterns8", "classes5", "stages4", "classes3", "verdict", "baselines", "gains", "sign_rule", "abstention", "slices",
    }  # fmt: skip


def test_a_file_the_model_was_trained_on_is_judged_in_folds_and_as_trained_only_on_demand(advisor, files, model):
    code, printed, said = advisor("evaluate", files["firms"], "--model", model, "--lang", "en")
    assert code == 0
    assert "was trained on this file, so it is judged in 5 folds" in said
    assert "each judged by a model that has not seen its firms" in printed
    code, printed, said = advisor("evaluate", files["firms"], "--model", model, "--as-trained", "--lang", "en")
    assert code == 0
    assert "too rosy" in said
    assert "as it was trained" in printed


def test_years_are_kept_apart(advisor, files):
    code, printed, _ = advisor("evaluate", files["firms"], "--folds", "2", "--until", "2012", "--from", "2013", "--format", "json")
    found = json.loads(printed)
    assert code == 0
    assert (found["protocol"], found["folds"], found["years"], found["rows"]) == ("folds", 2, [2013, 2014], 120)


def test_pictures_are_named(advisor, files, model, tmp_path):
    code, printed, _ = advisor("evaluate", files["others"], "--model", model, "--plots", tmp_path, "--lang", "en")
    assert code == 0
    assert f"Picture: {tmp_path / 'confusion.svg'}" in printed
    assert "Classes as they were" in (tmp_path / "confusion.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize("lang", LANGS)
def test_the_card_of_a_model_is_printed_and_given_as_json(lang, advisor, model):
    code, printed, _ = advisor("model", "card", "--model", model, "--lang", lang)
    assert code == 0
    card = json.loads((model / CARD).read_bytes())
    assert card["version"] in printed
    assert [limit for limit in card["limits"] if bare(limit[lang]) not in bare(printed)] == []
    code, printed, _ = advisor("model", "card", "--model", model, "--format", "json")
    assert (code, json.loads(printed)) == (0, card)


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ("text", "Parquet"),
        (None, "Parquet"),
        (lambda frame: frame.drop("opcf_cny"), "opcf_cny"),
        (lambda frame: frame.head(0), "all three cash flows"),
        (lambda frame: frame.filter(frame["entity"] < "E004"), "too few firms"),
    ],
    ids=["not Parquet", "no file", "a column missing", "no rows", "few firms"],
)
def test_a_file_that_cannot_be_learned_from_is_refused_in_words(content, word, advisor, tmp_path):
    file, out = tmp_path / "firms.parquet", tmp_path / "model"
    if callable(content):
        content(firm_years(12, 2)).write_parquet(file)
    elif content is not None:
        file.write_text(content)
    code, printed, said = advisor("train", file, "--out", out, "--lang", "en")
    assert (code, printed) == (2, "")
    assert word in said
    assert not out.exists()


@pytest.mark.parametrize(
    "wrong",
    [["--tier", "T9"], ["--folds", "1"], ["--answers-error", "1"], ["--blank", "-0.1"], ["--blank", "much"], ["--until", "19"], ["--from", "soon"]],
    ids=" ".join,
)
def test_options_out_of_range_are_refused(wrong, advisor, files):
    code, printed, said = advisor("evaluate", files["firms"], *wrong)
    assert (code, printed) == (2, "")
    assert wrong[0] in said


def test_options_that_contradict_each_other_are_refused(advisor, files, model):
    code, _, said = advisor("evaluate", files["firms"], "--model", model, "--as-trained", "--folds", "3")
    assert code == 2
    assert "--as-trained" in said


def test_a_folder_without_a_model_is_refused(advisor, files, tmp_path):
    for arguments in (("model", "card"), ("evaluate", files["firms"])):
        code, printed, said = advisor(*arguments, "--model", tmp_path, "--lang", "en")
        assert (code, printed) == (2, "")
        assert "there is no stage model here" in said


def test_the_tiers_that_can_be_asked_are_those_of_the_model():
    assert TIERS == inputs.TIERS


def test_help_loads_neither_the_table_engine_nor_the_learner():
    told = "import sys; from advisor.cli import main\ntry: main(['train', '--help'])\nexcept SystemExit: pass\nprint('loaded', *sys.modules)"
    printed = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True).stdout
    loaded = set(printed.rpartition("loaded ")[2].split())
    assert "advisor.cli" in loaded
    assert loaded & {"sklearn", "polars", "numpy", "rich", "altair"} == set()
