"""Conditions as text: parsed into trees with every mistake named, and written out again.

Python's own parser makes the syntax tree; this module turns it into the node types of condition.py and refuses
all else, with line, column and a "did you mean".
"""

from __future__ import annotations

import ast
import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, assert_never

from advisor.domain.condition import Choice, Constant, Formula, Junction, Name, Node, Operator, Test, Value, all_of
from advisor.domain.dates import iso_date
from advisor.domain.errors import NOWHERE, Place, Problem, did_you_mean
from advisor.domain.figures import MAX_NUMBER, MIN_NUMBER
from advisor.domain.text import Text

Kind = Literal["bool", "number", "text", "choices", "date"]

MAX_TEXT = 4000
MAX_DEPTH = 60
MAX_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Naming:
    """What the parser must know of a name: its kind and, for choices, the words allowed."""

    kind: Kind
    options: frozenset[str] = frozenset()


# ---------------------------------------------------------------- tree -> text


def text(node: Node) -> str:
    """Return the condition as an author would write it; parsing it again gives the same tree."""
    return _text(node, 0)


# Python's own precedence, lowest first: if-else, or, and, not, comparison, + -, * /, unary minus.
_LEVELS = {"if": 1, "or": 2, "and": 3, "not": 4, "test": 5, "+": 6, "-": 6, "*": 7, "/": 7, "neg": 8}


def _text(node: Node, outer: int) -> str:
    level = 9
    match node:
        case Constant(constant):
            written = _constant_text(constant)
            level = 8 if written.startswith("-") else 9
        case Name(name):
            written = name
        case Formula("neg", (arg,)):
            level = _LEVELS["neg"]
            written = f"-{_text(arg, level)}"
        case Formula("+" | "-" | "*" | "/" as op, (left, right)):
            level = _LEVELS[op]
            written = f"{_text(left, level)} {op} {_text(right, level + 1)}"
        case Formula(op, args):
            written = f"{op}({', '.join(_text(arg, 0) for arg in args)})"
        case Test("has_any" | "has_all" | "starts_with" as op, left, right):
            written = f"{op}({_text(left, 0)}, {_text(right, 0)})"
        case Test("contains", left, right):
            level = _LEVELS["test"]
            written = f"{_text(right, level + 1)} in {_text(left, level + 1)}"
        case Test(op, left, right):
            level = _LEVELS["test"]
            written = f"{_text(left, level + 1)} {op} {_text(right, level + 1)}"
        case Junction("not", (Test("in", left, right),)):
            level = _LEVELS["test"]
            written = f"{_text(left, level + 1)} not in {_text(right, level + 1)}"
        case Junction("not", (part,)):
            level = _LEVELS["not"]
            written = f"not {_text(part, level)}"
        case Junction(op, parts):
            level = _LEVELS[op]
            written = f" {op} ".join(_text(part, level + 1) for part in parts)
        case Choice(condition, then, other):
            level = _LEVELS["if"]
            written = f"{_text(then, level + 1)} if {_text(condition, level + 1)} else {_text(other, level)}"
        case _:
            assert_never(node)
    return f"({written})" if level < outer else written


def _constant_text(constant: Value) -> str:
    if isinstance(constant, tuple):
        return "(" + ", ".join(map(repr, constant)) + ("," if len(constant) == 1 else "") + ")"
    if isinstance(constant, dt.date):
        return repr(constant.isoformat())
    if isinstance(constant, int) and not isinstance(constant, bool):
        return f"{constant:_}"
    return repr(constant)


# ---------------------------------------------------------------- text -> tree


def parse(written: str, names: Mapping[str, Naming], problems: list[Problem], place: Place = NOWHERE) -> Node | None:
    """Return the tree of a condition or formula, or None after adding to `problems` what is wrong with it.

    `names` are the facts that may be used; `place` is where the text begins, for the problems.
    """
    parser = _Parser(names, place)
    node = parser.read(str(written))
    problems.extend(parser.problems)
    return None if parser.problems else node


def parse_condition(written: str | bool, names: Mapping[str, Naming], problems: list[Problem], place: Place = NOWHERE) -> Node | None:
    """Return the tree of a condition, refusing formulas that do not say yes or no."""
    node = parse(str(written), names, problems, place)
    if node is not None and kind_of(node, names) != "bool":
        wrong = Text(f"“{written}”不是条件:它的结果不是“是”或“否”", f"'{written}' is not a condition: it does not say yes or no")
        problems.append(Problem("not_a_condition", wrong, place))
        return None
    return node


def kind_of(node: Node, names: Mapping[str, Naming]) -> Kind:
    """Return the kind of value a tree yields."""
    match node:
        case Constant(constant):
            return _constant_kind(constant)
        case Name(name):
            return names[name].kind
        case Formula(op, _):
            return "text" if op == "prefix" else "number"
        case Test() | Junction():
            return "bool"
        case Choice(_, then, _):
            return kind_of(then, names)
        case _:
            assert_never(node)


def _constant_kind(constant: Value) -> Kind:
    match constant:
        case bool():
            return "bool"
        case int() | float():
            return "number"
        case str():
            return "text"
        case dt.date():
            return "date"
        case _:
            return "choices"


_COMPARISONS: dict[type[ast.cmpop], Operator] = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
}  # fmt: skip
_ARITHMETIC: dict[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_MIRRORED: dict[Operator, Operator] = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
_CALLS = ("has_any", "has_all", "starts_with", "min", "max", "abs", "sqrt", "years_between", "prefix")


class _Refused(Exception):
    """A part that cannot be read; its problem is already noted."""


class _Parser:
    """Turns one text into a tree, noting every problem with its column."""

    def __init__(self, names: Mapping[str, Naming], place: Place) -> None:
        self.names, self.place = names, place
        self.written, self.lead = "", 0
        self.problems: list[Problem] = []

    def refuse(self, code: str, at: ast.AST | int, zh: str, en: str) -> _Refused:
        offset = at if isinstance(at, int) else self.characters(getattr(at, "col_offset", 0))
        self.problems.append(Problem(code, Text(zh, en), self.place.right(self.lead + offset)))
        return _Refused()

    def shown(self, tree: ast.AST) -> str:
        """Return a part as it was written, cut where it is long."""
        part = ast.get_source_segment(self.written, tree) or self.written
        return part if len(part) <= MAX_SHOWN else part[:MAX_SHOWN] + "…"

    def characters(self, offset: int) -> int:
        """Return a byte offset of Python's parser as a count of characters."""
        return len(self.written.encode()[:offset].decode(errors="ignore"))

    def read(self, written: str) -> Node | None:
        self.written = written.strip()
        self.lead = len(written) - len(written.lstrip())
        try:
            if len(written) > MAX_TEXT:
                raise self.refuse("too_long", 0, f"条件超过{MAX_TEXT}个字符", f"longer than {MAX_TEXT} characters")
            try:
                tree = ast.parse(self.written, mode="eval")
            except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
                column = (getattr(error, "offset", None) or 1) - 1
                raise self.refuse("syntax", column, f"读不懂“{self.written}”", f"cannot read '{self.written}'") from error
            return self.node(tree.body, 0)
        except _Refused:
            return None

    def many(self, items: Iterable[ast.expr], depth: int) -> tuple[Node, ...]:
        """Read several parts, so that all their problems are found before giving up."""
        items, nodes = list(items), []
        for item in items:
            try:
                nodes.append(self.node(item, depth))
            except _Refused:
                continue
        if len(nodes) < len(items):
            raise _Refused
        return tuple(nodes)

    def node(self, tree: ast.expr, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise self.refuse("too_deep", tree, "条件嵌套太深", "nested too deeply")
        match tree:
            case ast.Constant():
                return self.constant(tree)
            case ast.Name():
                return self.name(tree)
            case ast.List() | ast.Tuple() | ast.Set():
                return Constant(tuple(self.word(item) for item in tree.elts))
            case ast.BoolOp(op, parts):
                nodes = self.many(parts, depth + 1)
                for part, written in zip(nodes, parts, strict=True):
                    self.expect(part, "bool", written)
                return Junction("and" if isinstance(op, ast.And) else "or", nodes)
            case ast.UnaryOp(ast.Not(), operand):
                part = self.node(operand, depth + 1)
                self.expect(part, "bool", operand)
                return Junction("not", (part,))
            case ast.UnaryOp(ast.USub(), operand):
                part = self.node(operand, depth + 1)
                self.expect(part, "number", operand)
                if isinstance(part, Constant) and isinstance(part.value, int | float):
                    return Constant(-part.value)
                return Formula("neg", (part,))
            case ast.BinOp(left, op, right) if type(op) in _ARITHMETIC:
                args = self.many((left, right), depth + 1)
                for arg, written in zip(args, (left, right), strict=True):
                    self.expect(arg, "number", written)
                return Formula(_ARITHMETIC[type(op)], args)
            case ast.Compare():
                return self.compare(tree, depth)
            case ast.IfExp(condition, then, other):
                branches = self.many((condition, then, other), depth + 1)
                self.expect(branches[0], "bool", condition)
                self.expect(branches[2], kind_of(branches[1], self.names), other)
                return Choice(*branches)
            case ast.Call(ast.Name(function), args) if not tree.keywords:
                return self.call(function, args, tree, depth)
            case _:
                raise self.refuse(
                    "not_in_language", tree,
                    f"条件语言里没有这种写法：“{self.shown}”", f"not part of the condition language: '{self.shown}'",
                )  # fmt: skip

    def constant(self, tree: ast.Constant) -> Constant:
        if isinstance(tree.value, bool | str):
            return Constant(tree.value)
        if isinstance(tree.value, int | float) and (tree.value == 0 or MIN_NUMBER <= abs(tree.value) <= MAX_NUMBER):
            return Constant(tree.value)
        raise self.refuse("bad_constant", tree, f"不能用的值：{self.shown(tree)}", f"not a usable value: {self.shown(tree)}")

    def word(self, tree: ast.expr) -> str:
        if isinstance(tree, ast.Constant) and isinstance(tree.value, str):
            return tree.value
        raise self.refuse("bad_list", tree, "列表里只能写带引号的词", "a list may hold only quoted words")

    def name(self, tree: ast.Name) -> Name:
        if tree.id not in self.names:
            guess = did_you_mean(tree.id, self.names)
            raise self.refuse("unknown_fact", tree, f"没有“{tree.id}”这个指标{guess.zh}", f"'{tree.id}' is not a fact{guess.en}")
        return Name(tree.id)

    def compare(self, tree: ast.Compare, depth: int) -> Node:
        """Read `a < b`, `a < b <= c`, `x in (…)`, `'word' in choices`; constants go to the right."""
        operands = [tree.left, *tree.comparators]
        nodes = self.many(operands, depth + 1)
        tests: list[Node] = []
        for op, left, right, at in zip(tree.ops, nodes, nodes[1:], operands, strict=False):
            if isinstance(op, ast.In | ast.NotIn):
                test = self.membership(left, right, at)
                tests.append(Junction("not", (test,)) if isinstance(op, ast.NotIn) else test)
            elif type(op) in _COMPARISONS:
                tests.append(self.comparison(_COMPARISONS[type(op)], left, right, at))
            else:
                raise self.refuse("not_in_language", at, "不能用的比较", "this comparison is not part of the language")
        return all_of(tests)

    def comparison(self, op: Operator, left: Node, right: Node, at: ast.expr) -> Test:
        if isinstance(left, Constant) and not isinstance(right, Constant):
            left, right, op = right, left, _MIRRORED[op]
        kinds = kind_of(left, self.names), kind_of(right, self.names)
        if kinds == ("date", "text") and isinstance(right, Constant):
            right = self.date(right, at)
        elif kinds[0] != kinds[1] or kinds[0] == "choices" or (kinds[0] == "bool" and op not in ("==", "!=")):
            raise self.refuse(
                "kind_mismatch", at,
                f"“{text(left)}”和“{text(right)}”不能这样比较", f"'{text(left)}' and '{text(right)}' cannot be compared so",
            )  # fmt: skip
        self.check_words(left, right, at)
        return Test(op, left, right)

    def date(self, node: Constant, at: ast.expr) -> Constant:
        try:
            return Constant(iso_date(str(node.value)))
        except ValueError as error:
            raise self.refuse("bad_date", at, f"“{node.value}”不是 YYYY-MM-DD 形式的日期", f"'{node.value}' is not a date like 2026-01-31") from error

    def membership(self, left: Node, right: Node, at: ast.expr) -> Test:
        kinds = kind_of(left, self.names), kind_of(right, self.names)
        if kinds == ("text", "choices") and isinstance(right, Constant) and not isinstance(left, Constant):
            self.check_words(left, right, at)
            return Test("in", left, right)
        if kinds == ("text", "choices") and isinstance(left, Constant) and isinstance(right, Name):
            self.check_words(right, left, at)
            return Test("contains", right, left)
        raise self.refuse("kind_mismatch", at, "“in”的左边或右边不对", "'in' needs a word and a list")

    def call(self, function: str, args: list[ast.expr], tree: ast.Call, depth: int) -> Node:
        if function not in _CALLS:
            guess = did_you_mean(function, _CALLS)
            raise self.refuse("unknown_function", tree, f"没有函数“{function}”{guess.zh}", f"no function '{function}'{guess.en}")
        nodes = self.many(args, depth + 1)
        wanted: tuple[Kind, ...]
        match function:
            case "has_any" | "has_all":
                wanted = ("choices", "choices")
            case "starts_with":
                wanted = ("text", "text")
            case "prefix":
                wanted = ("text", "number")
            case "years_between":
                wanted = ("date", "date")
            case "abs" | "sqrt":
                wanted = ("number",)
            case _:
                wanted = tuple("number" for _ in range(max(2, len(nodes))))
        if len(nodes) != len(wanted):
            raise self.refuse("argument_count", tree, f"“{function}”需要{len(wanted)}个参数", f"'{function}' takes {len(wanted)} arguments")
        for node, kind, at in zip(nodes, wanted, args, strict=True):
            self.expect(node, kind, at)
        match function:
            case "has_any" | "has_all" | "starts_with" as op:
                self.check_words(nodes[0], nodes[1], tree)
                return Test(op, nodes[0], nodes[1])
            case _:
                return Formula(function, nodes)

    def expect(self, node: Node, kind: Kind, at: ast.expr) -> None:
        found = kind_of(node, self.names)
        if found != kind:
            raise self.refuse(
                "kind_mismatch", at,
                f"“{text(node)}”应当是{KINDS[kind].zh}，却是{KINDS[found].zh}",
                f"'{text(node)}' should be {KINDS[kind].en} but is {KINDS[found].en}",
            )  # fmt: skip

    def check_words(self, left: Node, right: Node, at: ast.AST) -> None:
        """Refuse a word that is not among the options of the fact it is compared with."""
        if not (isinstance(left, Name) and isinstance(right, Constant)):
            return
        options = self.names[left.id].options
        words = right.value if isinstance(right.value, tuple) else (right.value,)
        for word in words:
            if options and isinstance(word, str) and word not in options:
                guess = did_you_mean(word, options)
                raise self.refuse(
                    "unknown_option", at,
                    f"“{left.id}”没有选项“{word}”{guess.zh}", f"'{word}' is not an option of '{left.id}'{guess.en}",
                )  # fmt: skip


KINDS: dict[Kind, Text] = {
    "bool": Text("是或否", "yes or no"),
    "number": Text("数字", "a number"),
    "text": Text("文字", "a word"),
    "choices": Text("多选", "a list of words"),
    "date": Text("日期", "a date"),
}
