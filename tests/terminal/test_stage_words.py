"""The stage explained in words, for an owner without a degree in finance, in both languages and as plain data."""

import json

import pytest

from advisor.classifier.explanation import Explained, Likeness, Move, Moves, Question
from advisor.domain.stage import STAGES
from advisor.domain.text import Text
from advisor.service.explained import stage_explanation_view
from advisor.terminal.saying import Say
from advisor.terminal.stage import explanation_lines

BASE = dict(zip(STAGES, (0.0, 0.5, 0.3, 0.2), strict=True))


def move(answer, zh, en, *toward):
    return Move(answer, Text(zh, en), dict(zip(STAGES, toward, strict=True)))


RECEIVABLES = move("receivables", "应收账款", "receivables", 0, 0.14, -0.1, -0.04)
INVENTORY = move("inventory", "存货", "inventory", 0, 0.09, -0.05, -0.04)
CASH = move("cash", "货币资金", "cash in the bank", 0, 0.04, -0.0851, 0.0451)
HARDLY = move("overheads", "销售和管理费用", "selling and administrative expense", 0, 0.004, -0.004, 0)
INVESTED = Question(("spent_on_investment",), Text("投资花的钱更多吗？", "Was more invested?"), 0.21)
RAISED = Question(("raised_more_than_repaid",), Text("借来的钱更多吗？", "Was more raised?"), 0.1)
GROWTH = Likeness("asset_growth", Text("资产比上年增长", "growth of assets"), 0.12, 0.05, 0.1, 0.21)
DEBT = Likeness("debt_change", Text("有息债务的增减占资产", "change of debt"), -0.05, -0.0304, 0.0, 0.0041)


def explained(moves=(), questions=(), likeness=(), stage="growth"):
    return Explained("T2", stage, Moves(BASE, tuple(moves)), tuple(questions), tuple(likeness))


def lines(rules, lang, *args, **parts):
    return [line.plain for line in explanation_lines(explained(*args, **parts), rules.stages, Say(lang))]


@pytest.mark.parametrize(
    ("lang", "says"),
    [
        (
            "zh",
            [
                "  模型为什么这么看：应收账款（14个百分点）、存货（9）提高了成长的可能；货币资金（9）降低了成熟的可能",
                "  成长阶段的企业，中间一半在这些范围：资产比上年增长 5%至21%（贵公司12%）；有息债务的增减占资产 −3.0%至0.4%（贵公司−5.0%）",
                "  再回答这两个问题最能说清：",
                "    ? 投资花的钱更多吗？",
                "    ? 借来的钱更多吗？",
            ],
        ),
        (
            "en",
            [
                "  Why the model says so: receivables (14 points), inventory (9) for growth; cash in the bank (9) against mature",
                "  The middle half of the firms in growth: "
                "growth of assets 5% to 21% (your firm 12%); change of debt −3.0% to 0.4% (your firm −5.0%)",
                "  These two answers would settle most:",
                "    ? Was more invested?",
                "    ? Was more raised?",
            ],
        ),
    ],
)
def test_an_owner_is_told_why_with_whom_compared_and_what_to_answer_next(lang, says, rules):
    assert lines(rules, lang, [RECEIVABLES, INVENTORY, CASH], [INVESTED, RAISED], [GROWTH, DEBT]) == says


def test_at_most_three_answers_and_three_comparisons_are_told(rules):
    why, beside = lines(rules, "en", [RECEIVABLES, INVENTORY, CASH, RECEIVABLES], (), [GROWTH, DEBT, GROWTH, DEBT])
    assert why.count("receivables") == 1
    assert beside.count("your firm") == 3


def test_answers_that_moved_less_than_a_point_are_not_told(rules):
    assert lines(rules, "zh", [CASH, HARDLY]) == ["  模型为什么这么看：货币资金（9个百分点）降低了成熟的可能"]
    assert lines(rules, "en", [HARDLY]) == []


def test_one_question_is_not_two(rules):
    assert lines(rules, "zh", questions=[RAISED]) == ["  再回答这个问题最能说清：", "    ? 借来的钱更多吗？"]
    assert lines(rules, "en", questions=[RAISED]) == ["  This answer would settle most:", "    ? Was more raised?"]


def test_one_point_is_not_points(rules):
    one = move("debt", "有息债务", "debt", 0, 0.01, -0.005, -0.005)
    assert lines(rules, "en", [one]) == ["  Why the model says so: debt (1 point) for growth"]


def test_where_there_is_nothing_to_tell_nothing_is_told(rules):
    assert lines(rules, "zh") == lines(rules, "en") == []


def test_a_share_that_rounds_to_zero_has_no_minus(rules):
    near = Likeness("turnover", Text("收入相当于资产的", "sales to assets"), -0.004, -0.001, 0.5, 12.0)
    assert lines(rules, "en", likeness=[near]) == ["  The middle half of the firms in growth: sales to assets 0% to 1200% (your firm 0%)"]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_data_hold_every_number_and_are_json(lang, rules):
    found = explained([RECEIVABLES, INVENTORY, CASH, HARDLY], [INVESTED, RAISED], [GROWTH, DEBT])
    view = stage_explanation_view(found, rules.stages, lang)
    assert json.loads(json.dumps(view, allow_nan=False)) == view
    assert (view["tier"], view["compared_with"], view["base"]) == ("T2", "growth", BASE)
    assert [one["answer"] for one in view["moves"]] == ["receivables", "inventory", "cash", "overheads"]
    assert view["moves"][2] == {"answer": "cash", "label": CASH.label[lang], "toward": dict(zip(STAGES, (0, 0.04, -0.0851, 0.0451), strict=True))}
    assert view["questions"][0] == {"facts": ["spent_on_investment"], "question": INVESTED.label[lang], "gain": 0.21}
    assert view["likeness"][1] == {
        "input": "debt_change", "label": DEBT.label[lang], "value": -0.05, "low": -0.0304, "middle": 0.0, "high": 0.0041, "within": False,
    }  # fmt: skip
    spoken = lines(rules, lang, [RECEIVABLES, INVENTORY, CASH, HARDLY], [INVESTED, RAISED], [GROWTH, DEBT])
    assert [f"  {view['why']}", f"  {view['comparison']}"] == spoken[:2]


def test_data_say_null_where_there_is_nothing_to_tell(rules):
    view = stage_explanation_view(explained(), rules.stages, "en")
    assert (view["why"], view["comparison"], view["questions"], view["likeness"]) == (None, None, [], [])
