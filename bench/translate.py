"""Our conditions in two other languages, so that other engines can be asked the same."""

from __future__ import annotations

import json
from typing import assert_never

from advisor.domain.condition import Choice, Constant, Formula, Junction, Name, Node, Test, Value


def to_zen(node: Node) -> str:
    """Return a condition in the expression language of zen-engine."""
    match node:
        case Constant(value):
            return _literal(value, number=str)
        case Name(name):
            return name
        case Formula("+" | "-" | "*" | "/" as op, (left, right)):
            return f"({to_zen(left)} {op} {to_zen(right)})"
        case Formula("neg", (arg,)):
            return f"(-{to_zen(arg)})"
        case Formula(op, args):
            return f"{op}({'[' if op in ('min', 'max') else ''}{', '.join(map(to_zen, args))}{']' if op in ('min', 'max') else ''})"
        case Test("contains", left, right):
            return f"({to_zen(right)} in {to_zen(left)})"
        case Test("has_any", left, right):
            return f"some({to_zen(left)}, # in {to_zen(right)})"
        case Test("has_all", left, right):
            return f"all({to_zen(right)}, # in {to_zen(left)})"
        case Test("starts_with", left, right):
            return f"startsWith({to_zen(left)}, {to_zen(right)})"
        case Test(op, left, right):
            return f"({to_zen(left)} {op} {to_zen(right)})"
        case Junction("not", (part,)):
            return f"(not {to_zen(part)})"
        case Junction(op, parts):
            return "(" + f" {op} ".join(map(to_zen, parts)) + ")"
        case Choice(condition, then, other):
            return f"({to_zen(condition)} ? {to_zen(then)} : {to_zen(other)})"
        case _:
            assert_never(node)


def to_cel(node: Node) -> str:
    """Return a condition in the Common Expression Language; every number is a double."""
    match node:
        case Constant(value):
            return _literal(value, number=lambda number: repr(float(number)))
        case Name(name):
            return name
        case Formula("+" | "-" | "*" | "/" as op, (left, right)):
            return f"({to_cel(left)} {op} {to_cel(right)})"
        case Formula("neg", (arg,)):
            return f"(-{to_cel(arg)})"
        case Formula(op, args):
            return f"{op}({', '.join(map(to_cel, args))})"
        case Test("contains", left, right):
            return f"({to_cel(right)} in {to_cel(left)})"
        case Test("has_any", left, right):
            return f"{to_cel(left)}.exists(x, x in {to_cel(right)})"
        case Test("has_all", left, right):
            return f"{to_cel(right)}.all(x, x in {to_cel(left)})"
        case Test("starts_with", left, right):
            return f"{to_cel(left)}.startsWith({to_cel(right)})"
        case Test(op, left, right):
            return f"({to_cel(left)} {op} {to_cel(right)})"
        case Junction("not", (part,)):
            return f"(!{to_cel(part)})"
        case Junction(op, parts):
            return "(" + (" && " if op == "and" else " || ").join(map(to_cel, parts)) + ")"
        case Choice(condition, then, other):
            return f"({to_cel(condition)} ? {to_cel(then)} : {to_cel(other)})"
        case _:
            assert_never(node)


def _literal(value: Value, number) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return number(value)
    if isinstance(value, tuple):
        return "[" + ", ".join(json.dumps(word, ensure_ascii=False) for word in value) + "]"
    return json.dumps(str(value), ensure_ascii=False)
