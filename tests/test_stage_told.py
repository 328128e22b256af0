"""The learned stage from the command line: told, explained, with a model of one's own, and without scikit-learn."""

import json
import subprocess
import sys

import pytest

from advisor.cli import main
from advisor.service.advisor import SHIPPED, make_advisor
from advisor.service.view import dump
from tests.classifier.test_inputs import FULL
from tests.classifier.test_model import made
from tests.examples import DAY

FIRM = {"established_date": "2011-05-06", "industry_class": "industry", **FULL}


@pytest.fixture
def firm(tmp_path):
    file = tmp_path / "firm.json"
    file.write_text(json.dumps(FIRM), encoding="utf-8")
    return str(file)


@pytest.fixture
def own_model(tmp_path):
    made().save(tmp_path / "model")
    return str(tmp_path / "model")


def told(capsys, *arguments):
    assert main(["advise", *arguments, "--as-of", str(DAY)]) == 0
    return capsys.readouterr().out


def test_the_json_names_the_model_and_explains_it_when_asked(firm, capsys, stage_model):
    plain, asked = (json.loads(told(capsys, firm, "--format", "json", *more))["stage"] for more in ((), ("--why", "stage")))
    assert plain["model"] == {"version": stage_model.version, "tier": "T3"}
    assert plain["explanation"] is None
    moves = asked["explanation"]["moves"]
    assert {move["answer"] for move in moves} > {"debt", "cash", "sales"}
    for stage, share in asked["probabilities"].items():  # no cash answer was given: the model is all there is
        assert asked["explanation"]["base"][stage] + sum(move["toward"][stage] for move in moves) == pytest.approx(share, abs=0.002)


def test_an_old_firm_with_a_loss_and_falling_sales_is_explained_as_it_was_read(tmp_path, capsys):
    file = tmp_path / "shrinking.json"
    file.write_text(json.dumps({**FIRM, "net_profit_cny": -4e6, "revenue_cny": 40e6}), encoding="utf-8")
    found = json.loads(told(capsys, str(file), "--format", "json", "--why", "stage"))["stage"]
    moves, base = found["explanation"]["moves"], found["explanation"]["base"]
    assert base["startup"] == 0
    for stage, share in found["probabilities"].items():
        assert base[stage] + sum(move["toward"][stage] for move in moves) == pytest.approx(share, abs=0.002)


@pytest.mark.parametrize(("lang", "lead", "ask"), [("zh", "模型为什么这么看：", "中间一半"), ("en", "Why the model says so: ", "The middle half")])
def test_the_text_says_why_and_how_the_firm_compares(firm, capsys, lang, lead, ask):
    text = told(capsys, firm, "--lang", lang)
    assert lead in text
    assert ask in text
    alone = told(capsys, firm, "--lang", lang, "--why", "stage")
    assert lead in alone
    assert len(alone) < len(text) / 3


def test_a_firm_the_model_is_not_asked_about_is_told_why(tmp_path, capsys):
    file = tmp_path / "young.json"
    file.write_text(json.dumps({**FIRM, "established_date": "2025-05-06"}), encoding="utf-8")
    found = json.loads(told(capsys, str(file), "--format", "json", "--why", "stage"))["stage"]
    assert (found["model"], found["explanation"]) == (None, None)
    assert any(piece["witness"] == "model" and "没有问它" in piece["text"] for piece in found["evidence"])


def test_a_model_of_ones_own_takes_the_place_of_the_shipped_one(firm, own_model, capsys):
    found = json.loads(told(capsys, firm, "--format", "json", "--model", own_model))["stage"]
    assert found["model"]["version"] == made().version


def test_a_folder_without_a_model_is_refused_in_words(firm, tmp_path, capsys):
    assert main(["advise", firm, "--model", str(tmp_path / "nothing")]) == 2
    assert "这里没有阶段模型" in capsys.readouterr().err


def test_without_a_model_statements_answers_and_rules_remain():
    adviser = make_advisor(model=None)
    advice = adviser.advise(FIRM, DAY)
    assert adviser.explain_stage(advice) is None
    assert not any(piece.witness == "model" for piece in advice.stage.evidence)
    assert json.loads(dump(advice, "en"))["stage"]["model"] is None


def test_scikit_learn_is_not_needed_to_advise_or_to_screen(firm, tmp_path):
    """Forbidden to import, it is not missed."""
    book = tmp_path / "book.csv"
    book.write_text(",".join(FIRM) + "\n" + ",".join(str(value) for value in FIRM.values()) + "\n", encoding="utf-8")
    code = (
        "import sys; sys.modules['sklearn'] = None; from advisor.cli import main;"
        f"assert main(['advise', {firm!r}, '--format', 'json', '--why', 'stage']) == 0;"
        f"assert main(['screen', {str(book)!r}, {str(tmp_path / 'out.parquet')!r}]) == 0"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert SHIPPED.is_dir()
