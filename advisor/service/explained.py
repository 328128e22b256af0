"""Why the stage model sees a firm as it does, in plain words and as plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from advisor.classifier.explanation import Explained, Likeness, Move
from advisor.domain.stage import STAGES, Stage, StageRules
from advisor.domain.text import Lang, Text

MOVERS, SETTLING, COMPARISONS = 3, 2, 3
"""So many of each are said in words; the data hold all."""


def why(explained: Explained, rules: StageRules) -> Text | None:
    """Return in one sentence which answers moved the stage most; None where none moved it by a point."""
    told = [(*_direction(move), move) for move in explained.moves.moves[:MOVERS] if _points(move)]
    parts: list[Text] = []
    for (stage, toward), same in groupby(told, key=lambda one: one[:2]):
        words = (
            Text("{answers}提高了{stage}的可能", "{answers} for {stage}")
            if toward
            else Text("{answers}降低了{stage}的可能", "{answers} against {stage}")
        )
        answers = [move.label + _signed(move, first=not parts and not place) for place, (*_, move) in enumerate(same)]
        parts.append(words.fill(answers=_joined(answers, Text("、", ", ")), stage=rules.labels[stage]))
    return Text("模型为什么这么看：{parts}", "Why the model says so: {parts}").fill(parts=_joined(parts, Text("；", "; "))) if parts else None


def settling(explained: Explained) -> tuple[Text, ...]:
    """Return a lead and the questions whose answers would say most; nothing where no question is left."""
    asked = [question.label for question in explained.questions[:SETTLING]]
    if not asked:
        return ()
    if len(asked) == 1:
        return Text("再回答这个问题最能说清：", "This answer would settle most:"), *asked
    return Text("再回答这两个问题最能说清：", "These two answers would settle most:"), *asked


def compared(explained: Explained, rules: StageRules) -> Text | None:
    """Return in one sentence how the firm compares with the middle half of the firms of its stage; None where nothing can be compared."""
    parts = [_beside(likeness) for likeness in explained.likeness[:COMPARISONS]]
    words = Text("{stage}阶段的企业，中间一半在这些范围：{parts}", "The middle half of the firms in {stage}: {parts}")
    return words.fill(stage=rules.labels[explained.stage], parts=_joined(parts, Text("；", "; "))) if parts else None


def stage_explanation_view(explained: Explained, rules: StageRules, lang: Lang) -> dict[str, Any]:
    """Return the explanation as JSON holds it: shares and ratios as fractions, gains in nats, words in one language."""
    reasons, comparison = why(explained, rules), compared(explained, rules)
    return {
        "tier": explained.tier,
        "compared_with": explained.stage,
        "base": _rounded(explained.moves.base),
        "moves": [{"answer": move.answer, "label": move.label[lang], "toward": _rounded(move.toward)} for move in explained.moves.moves],
        "questions": [
            {"facts": list(question.facts), "question": question.label[lang], "gain": round(question.gain, 4)} for question in explained.questions
        ],
        "likeness": [
            {
                "input": one.input, "label": one.label[lang], "value": round(one.value, 4), "low": round(one.low, 4),
                "middle": round(one.middle, 4), "high": round(one.high, 4), "within": one.within,
            }
            for one in explained.likeness
        ],
        "why": None if reasons is None else reasons[lang],
        "comparison": None if comparison is None else comparison[lang],
    }  # fmt: skip


def _rounded(shares: Mapping[Stage, float]) -> dict[Stage, float]:
    return {stage: round(share, 4) for stage, share in shares.items()}


def _direction(move: Move) -> tuple[Stage, bool]:
    """Return the stage that an answer moved most, and whether towards it."""
    stage = max(STAGES, key=lambda stage: abs(move.toward[stage]))
    return stage, move.toward[stage] > 0


def _points(move: Move) -> int:
    """Return by how many percentage points an answer moved the stage it moved most."""
    stage, _ = _direction(move)
    return round(abs(move.toward[stage]) * 100)


def _signed(move: Move, *, first: bool) -> Text:
    """Return the points in brackets, with their unit the first time."""
    points = str(_points(move))
    unit = Text("个百分点", " points" if _points(move) != 1 else " point") if first else Text("", "")
    return Text("（{points}{unit}）", " ({points}{unit})").fill(points=points, unit=unit)


def _beside(one: Likeness) -> Text:
    places = 0 if one.high - one.low >= 0.05 else 1
    low, high, value = (_percent(share, places) for share in (one.low, one.high, one.value))
    return Text("{label} {low}至{high}（贵公司{value}）", "{label} {low} to {high} (your firm {value})").fill(
        label=one.label, low=low, high=high, value=value
    )


def _percent(share: float, places: int) -> str:
    """Return a fraction as per cent, with a true minus and no minus before zero."""
    rounded = round(share * 100, places)
    return f"{'−' if rounded < 0 else ''}{abs(rounded):.{places}f}%"


def _joined(parts: Sequence[Text], between: Text) -> Text:
    return Text(between.zh.join(part.zh for part in parts), between.en.join(part.en for part in parts))
