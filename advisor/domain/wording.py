"""Conditions, facts and figures in words, Chinese and English."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import assert_never

from advisor.domain.condition import AS_OF, OPPOSITE, Choice, Constant, Formula, Junction, Name, Node, Test, Value, negated
from advisor.domain.facts import AnyFact, Catalogue
from advisor.domain.text import Lang, Text

AND, OR, COMMA = Text("和", " and "), Text("或", " or "), Text("、", ", ")
YES, NO, UNKNOWN = Text("是", "yes"), Text("否", "no"), Text("不清楚", "not known")

_COMPARED: dict[str, Text] = {
    "<": Text("{fact}低于{value}", "{fact}: below {value}"),
    "<=": Text("{fact}不超过{value}", "{fact}: at most {value}"),
    ">": Text("{fact}超过{value}", "{fact}: above {value}"),
    ">=": Text("{fact}不低于{value}", "{fact}: at least {value}"),
    "==": Text("{fact}为{value}", "{fact}: {value}"),
    "!=": Text("{fact}不是{value}", "{fact}: not {value}"),
    "in": Text("{fact}为{value}", "{fact}: {value}"),
    "contains": Text("{fact}包括{value}", "{fact}: including {value}"),
    "has_any": Text("{fact}包括{value}", "{fact}: including {value}"),
    "has_all": Text("{fact}同时包括{value}", "{fact}: including all of {value}"),
    "starts_with": Text("{fact}以{value}开头", "{fact}: beginning with {value}"),
}
_DATED: dict[Text, Text] = {
    _COMPARED["<"]: Text("{fact}早于{value}", "{fact}: before {value}"),
    _COMPARED["<="]: Text("{fact}不晚于{value}", "{fact}: on or before {value}"),
    _COMPARED[">"]: Text("{fact}晚于{value}", "{fact}: after {value}"),
    _COMPARED[">="]: Text("{fact}不早于{value}", "{fact}: on or after {value}"),
}
_NOT: dict[str, Text] = {
    "in": Text("{fact}不是{value}", "{fact}: not {value}"),
    "contains": Text("{fact}不包括{value}", "{fact}: without {value}"),
    "has_any": Text("{fact}不包括{value}", "{fact}: without {value}"),
    "has_all": Text("{fact}不同时包括{value}", "{fact}: without all of {value}"),
    "starts_with": Text("{fact}不以{value}开头", "{fact}: not beginning with {value}"),
}
_SIGNS = {"+": " + ", "-": " − ", "*": " × ", "/": " ÷ "}
_FUNCTIONS: dict[str, Text] = {
    "min": Text("{all}中较小的", "the smaller of {all}"),
    "max": Text("{all}中较大的", "the larger of {all}"),
    "min of many": Text("{all}中最小的", "the smallest of {all}"),
    "max of many": Text("{all}中最大的", "the largest of {all}"),
    "abs": Text("{0}的绝对值", "the size of {0}"),
    "sqrt": Text("{0}的平方根", "the square root of {0}"),
    "years_between": Text("从{0}到{1}的年数", "the years from {0} to {1}"),
    "prefix": Text("{0}的前{1}位", "the first {1} characters of {0}"),
    "neg": Text("−{0}", "−{0}"),
}
_UNITS: dict[str, Text] = {
    "person": Text("人", " people"), "month": Text("个月", " months"), "day": Text("天", " days"), "year": Text("年", " years"),
    "item": Text("件", ""), "tCO2": Text("吨", " t CO2"), "point": Text("分", " points"), "rank": Text("名", ""),
    "phase": Text("期", ""), "count": Text("笔", ""), "institution": Text("家", ""), "times": Text("倍", " times"), "issue": Text("期", ""),
}  # fmt: skip


def sentence(node: Node, catalogue: Catalogue) -> Text:
    """Return the condition as a sentence in both languages."""
    match node:
        case Constant(True):
            return Text("任何情况下", "in every case")
        case Constant(constant):
            return say_value(constant, None)
        case Name(name):
            return _statement(name, True, catalogue)
        case Junction("not", (Name(name),)):
            return _statement(name, False, catalogue)
        case Junction("not", (Test(op, left, right),)) if op in OPPOSITE:
            return sentence(Test(OPPOSITE[op], left, right), catalogue)
        case Junction("not", (Test(op, left, right),)):
            return _compared(_NOT[op], left, right, catalogue)
        case Junction("not", (Junction("not", (part,)),)):
            return sentence(part, catalogue)
        case Junction("not", (Junction(op, parts),)):
            return _joined("or" if op == "and" else "and", [sentence(negated(part), catalogue) for part in parts], parts)
        case Junction("not", (part,)):
            return Text("并非（{part}）", "not ({part})").fill(part=sentence(part, catalogue))
        case Junction(op, parts):
            return _joined(op, [sentence(part, catalogue) for part in parts], parts)
        case Test(op, left, right):
            return _compared(_COMPARED[op], left, right, catalogue)
        case Choice(condition, then, other):
            pattern = Text("如果{c}，则{a}，否则{b}", "if {c} then {a}, otherwise {b}")
            return pattern.fill(c=sentence(condition, catalogue), a=_expression(then, catalogue), b=_expression(other, catalogue))
        case Formula():
            return _expression(node, catalogue)
        case _:
            assert_never(node)


def _joined(op: str, said: Sequence[Text], parts: Sequence[Node]) -> Text:
    between = Text("，并且", " and ") if op == "and" else Text("，或者", ", or ")
    pieces = [
        Text(f"（{piece.zh}）", f"({piece.en})") if isinstance(part, Junction) and part.op not in (op, "not") else piece
        for piece, part in zip(said, parts, strict=True)
    ]
    return Text(between.zh.join(piece.zh for piece in pieces), between.en.join(piece.en for piece in pieces))


def _statement(name: str, verdict: bool, catalogue: Catalogue) -> Text:
    """Return "not on a blacklist" rather than "on a blacklist: no" where the catalogue has the words."""
    fact = catalogue[name]
    words = fact.statements.get(verdict)
    if words is not None:
        return words
    return Text("“{fact}”为{value}", "{fact}: {value}").fill(fact=fact.label, value=YES if verdict else NO)


def _compared(pattern: Text, left: Node, right: Node, catalogue: Catalogue) -> Text:
    fact = catalogue[left.id] if isinstance(left, Name) and left.id != AS_OF else None
    subject = _expression(left, catalogue)
    if isinstance(right, Constant):
        if isinstance(right.value, dt.date):
            pattern = _DATED.get(pattern, pattern)
        like = fact or _measured(left, catalogue)
        every = pattern in (_COMPARED["has_all"], _NOT["has_all"])
        return pattern.fill(fact=subject, value=say_value(right.value, like, AND if every else OR))
    return pattern.fill(fact=subject, value=_expression(right, catalogue))


def _measured(node: Node, catalogue: Catalogue) -> AnyFact | None:
    """Return a fact whose unit a formula shares, so that sums of money read as money."""
    if isinstance(node, Formula) and node.op in ("+", "-", "min", "max", "abs", "neg", "*", "/"):
        for arg in node.args:
            if isinstance(arg, Name) and arg.id in catalogue:
                ratio = node.op == "/" and isinstance(node.args[1], Name)
                return None if ratio else catalogue[arg.id]
            found = _measured(arg, catalogue)
            if found is not None:
                return found
    return None


def _expression(node: Node, catalogue: Catalogue) -> Text:
    match node:
        case Name(name):
            return Text("当日", "the day asked for") if name == AS_OF else catalogue[name].label
        case Constant(constant):
            return say_value(constant, None)
        case Formula(op, (left, right)) if op in _SIGNS:
            a, b = _expression(left, catalogue), _expression(right, catalogue)
            if op in "*/":
                a, b = (_bracketed(text, part) for text, part in ((a, left), (b, right)))
            if op == "*" and isinstance(left, Constant) and isinstance(left.value, float) and 0 < left.value < 1:
                return Text("{b}的{p}", "{p} of {b}").fill(b=b, p=percent(left.value))
            return Text(a.zh + _SIGNS[op] + b.zh, a.en + _SIGNS[op] + b.en)
        case Formula(op, args):
            said = [_expression(arg, catalogue) for arg in args]
            every = _listed(said, AND)
            words = _FUNCTIONS[f"{op} of many" if op in ("min", "max") and len(args) > 2 else op]
            zh = words.zh.format(*(part.zh for part in said), all=every.zh)
            return Text(zh, words.en.format(*(part.en for part in said), all=every.en))
        case _:
            return sentence(node, catalogue)


def _bracketed(said: Text, node: Node) -> Text:
    if isinstance(node, Formula) and node.op in ("+", "-"):
        return Text(f"（{said.zh}）", f"({said.en})")
    return said


def say_value(value: Value | None, fact: AnyFact | None, last: Text = COMMA) -> Text:
    """Return a value as it is shown beside its fact: money in 万元 or "CNY 5 million", shares in per cent."""
    if value is None:
        return UNKNOWN
    if isinstance(value, bool):
        return YES if value else NO
    if isinstance(value, tuple):
        return _listed([say_value(word, fact) for word in value], last) if value else Text("无", "none")
    if isinstance(value, str):
        return fact.options.get(value, Text(value, value)) if fact is not None else Text(value, value)
    if isinstance(value, dt.date):
        return Text(value.isoformat(), value.isoformat())
    if fact is not None:
        if value in fact.specials:
            return fact.specials[value]
        if fact.kind == "money":
            return money(value)
        if fact.kind == "ratio":
            return Text(percent(value), percent(value))
    unit = _UNITS.get(fact.unit or "", Text("", "")) if fact is not None else Text("", "")
    return Text(plain(value), plain(value)) + unit


def _listed(said: Sequence[Text], last: Text) -> Text:
    """Return "甲、乙或丙" / "a, b or c"."""
    *first, final = said
    if not first:
        return final
    return Text("、".join(part.zh for part in first) + last.zh + final.zh, ", ".join(part.en for part in first) + last.en + final.en)


def money(cny: float) -> Text:
    """Return an amount in yuan as 300万元 / CNY 3 million."""
    size, sign = abs(cny), "-" if cny < 0 else ""
    zh = f"{sign}{plain(size / 1e8)}亿元" if size >= 1e8 else f"{sign}{plain(size / 1e4)}万元" if size >= 1e4 else f"{sign}{plain(size)}元"
    en = (
        f"CNY {sign}{plain(size / 1e9)} billion" if size >= 1e9
        else f"CNY {sign}{plain(size / 1e6)} million" if size >= 1e6
        else f"CNY {sign}{plain(size)}"
    )  # fmt: skip
    return Text(zh, en)


def percent(share: float) -> str:
    """Return a fraction as per cent: 0.055 as 5.5%."""
    return f"{share * 100:.10g}%" if abs(share * 1000 % 1) < 1e-9 else f"{share * 100:.1f}%"


def plain(number: float) -> str:
    """Return a number with separators and no needless decimals."""
    rounded = round(float(number), 2)
    return f"{rounded:,.0f}" if rounded == int(rounded) else f"{rounded:,.2f}".rstrip("0")


def within(lang: Lang, first: str | None, last: str | None) -> str:
    """Return "20万元至200万元", "up to CNY 2 million", or an empty text when neither bound is known."""
    if first and last:
        return f"{first}至{last}" if lang == "zh" else f"{first} to {last}"
    if last:
        return f"最高{last}" if lang == "zh" else f"up to {last}"
    if first:
        return f"{first}起" if lang == "zh" else f"from {first}"
    return ""
