"""The financing plan from the command line: text, JSON, other needs, and what is refused."""

import json

import pytest

MAKER = "data/examples/growth_maker.yaml"
ON = ("--as-of", "2026-11-24")


@pytest.mark.parametrize(
    ("lang", "words"), [("zh", ("融资方案", "用了多少余地", "不是批准")), ("en", ("Financing plan", "Room used", "no approval"))]
)
def test_a_plan_is_printed_with_its_grounds(advisor, lang, words):
    code, out, complaints = advisor("plan", MAKER, "--months", 12, "--lang", lang, *ON)
    assert (code, complaints) == (0, "")
    assert [word for word in words if word not in out] == []


def test_the_plan_as_json_adds_up(advisor):
    code, out, _ = advisor("plan", MAKER, "--amount", "500万", "--months", 12, "--format", "json", *ON)
    found = json.loads(out)
    assert code == 0
    assert found["need"]["amount_cny"] == 5_000_000
    best = found["plan"]
    assert sum(line["amount_cny"] for line in best["items"]) == pytest.approx(best["covered_cny"])
    assert best["covered_cny"] + best["gap_cny"] == pytest.approx(5_000_000)


def test_rules_of_ones_own_bring_their_own_plan_file(advisor, tmp_path):
    from tests.rulefiles.written import copy_of_the_rules

    folder = copy_of_the_rules(tmp_path / "rules")
    plan = folder / "plan.yaml"
    plan.write_text(plan.read_text(encoding="utf-8").replace("within_days: 90 ", "within_days: 45 "), encoding="utf-8")
    _, out, _ = advisor("plan", MAKER, "--rules", folder, "--format", "json", *ON)
    assert json.loads(out)["need"]["within_days"] == 45


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("--amount", "很多"), "不是金额"),
        (("--amount", "0"), "不是金额"),
        (("--purpose", "yacht"), "不认识用款目的"),
        (("--months", "0"), "应为1到600"),
    ],
)
def test_a_need_that_cannot_be_is_refused_in_words(advisor, arguments, word):
    code, out, complaints = advisor("plan", MAKER, *arguments, *ON)
    assert (code, out) == (2, "")
    assert word in complaints


def test_what_must_be_known_first_is_named(advisor, tmp_path):
    firm = tmp_path / "firm.yaml"
    firm.write_text("employees: 12\n", encoding="utf-8")
    code, _, complaints = advisor("plan", firm, "--lang", "en", *ON)
    assert code == 2
    assert "Amount needed" in complaints


def test_a_list_of_firms_is_refused(advisor, tmp_path):
    firms = tmp_path / "firms.yaml"
    firms.write_text("- employees: 12\n- employees: 13\n", encoding="utf-8")
    code, _, complaints = advisor("plan", firms, *ON)
    assert code == 2
    assert "一次只能给一家企业" in complaints
