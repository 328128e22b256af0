"""One part of the statement: a lowered node as an expression that says the same in the engine."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import assert_never

from sqlglot import exp

from advisor.domain.condition import Choice, Constant, Formula, Junction, Name, Node, Test, Value
from advisor.domain.notation import Kind
from advisor.screening.sql.expressions import case_of, column_of, negation, whole, wrapped
from advisor.screening.sql.lowering import Lowering, may_agree

_UNTYPED_DECIMALS = ("postgres", "snowflake")
"""Where 1e-1 is a decimal number unless it is told otherwise."""


class Writer:
    """Writes a lowered node; a part with a column of its own is written as that column."""

    def __init__(self, dialect: str, lowering: Lowering, columns: Mapping[Node, str]) -> None:
        self.dialect, self.lowering, self.columns = dialect, lowering, columns
        self.date_type = exp.DType.DATE32 if dialect == "clickhouse" else exp.DType.DATE

    def __call__(self, node: Node) -> exp.Expr:
        """Return the column of a node that has one, else its expression."""
        name = self.columns.get(node)
        return self.expression(node) if name is None else column_of(name)

    def expression(self, node: Node) -> exp.Expr:
        """Return the expression of a node, whether or not it has a column."""
        match node:
            case Constant(constant):
                return self._constant(constant)
            case Name(name):
                return column_of(name)
            case Formula(op, args):
                return self._formula(op, args)
            case Test(op, left, right):
                return self._test(op, left, right)
            case Junction("not", (part,)):
                return negation(self(part))
            case Junction("and", parts):
                return exp.and_(*(wrapped(self(part)) for part in parts), copy=False)
            case Junction(_, parts):
                return exp.or_(*(wrapped(self(part)) for part in parts), copy=False)
            case Choice(condition, then, other) if self.lowering.is_certain(condition):
                return case_of([(self(condition), self(then))], self(other))
            case Choice(condition, then, other) if not may_agree(then, other):
                return case_of([(self(condition), self(then)), (negation(self(condition)), self(other))])
            case Choice(condition, then, other):
                agree = exp.EQ(this=wrapped(self(then)), expression=wrapped(self(other)))
                return case_of([(self(condition), self(then)), (negation(self(condition)), self(other)), (agree, self(then))])
            case _:
                assert_never(node)

    # constants

    def _constant(self, value: Value) -> exp.Expr:
        match value:
            case bool():
                return exp.true() if value else exp.false()
            case int() | float():
                return self.number(float(value))
            case str():
                return exp.Literal.string(value)
            case dt.date():
                return self.day(value)
            case _:
                return exp.Literal.string(";".join(value) or ";")

    def number(self, number: float) -> exp.Expr:
        """Return a literal that every engine reads as this very double: with an exponent none takes it for a decimal."""
        written = repr(abs(number))
        written = written if "e" in written else f"{written.removesuffix('.0')}e0"
        short = f"{abs(number):.0e}"
        literal: exp.Expr = exp.Literal.number(short if float(short) == abs(number) and len(short) < len(written) else written)
        if self.dialect in _UNTYPED_DECIMALS:
            literal = exp.cast(literal, "double", copy=False)
        return exp.Neg(this=literal) if number < 0 else literal

    def day(self, day: dt.date) -> exp.Expr:
        """Return a literal day."""
        written = exp.Literal.string(day.isoformat())
        return written if self.dialect == "sqlite" else exp.cast(written, self.date_type, copy=False)

    def _unknown(self, kind: Kind | None) -> exp.Expr:
        """Return NULL, of the type a column of it should have."""
        match kind:
            case None:
                return exp.null()
            case "bool":
                return exp.cast(exp.null(), exp.DType.BOOLEAN, copy=False)
            case "number":
                return exp.cast(exp.null(), exp.DType.DOUBLE, copy=False)
            case "date":
                return exp.cast(exp.null(), self.date_type, copy=False)
            case _:
                return exp.cast(exp.null(), exp.DType.TEXT, copy=False)

    # formulas

    def _formula(self, op: str, args: tuple[Node, ...]) -> exp.Expr:
        written = [wrapped(self(arg)) for arg in args]
        match op, written:
            case "unknown", [_]:
                return self._unknown(self.lowering.kind(Formula(op, args)))
            case "+", [left, right]:
                return exp.Add(this=left, expression=right)
            case "-", [left, right]:
                return exp.Sub(this=left, expression=right)
            case "*", [left, right]:
                return exp.Mul(this=left, expression=right)
            case "/", [left, right]:
                return self._quotient(left, right)
            case "neg", [number]:
                return exp.Neg(this=number)
            case "abs", [number]:
                return exp.Abs(this=number)
            case "sqrt", [number]:
                return exp.Sqrt(this=number)
            case "min", [one, other]:
                return case_of([(exp.LTE(this=one, expression=other), one.copy()), (exp.LT(this=other.copy(), expression=one.copy()), other.copy())])
            case "max", [one, other]:
                return case_of([(exp.GTE(this=one, expression=other), one.copy()), (exp.GT(this=other.copy(), expression=one.copy()), other.copy())])
            case "bounded", [number]:
                return case_of([(exp.LT(this=exp.Abs(this=number), expression=self._constant(1e100)), self(args[0]))])
            case "when", [condition, value]:
                return case_of([(condition, value)])
            case "or_else", [value, other]:
                return exp.Coalesce(this=value, expressions=[other])
            case "prefix", [word, _]:
                assert isinstance(args[1], Constant)
                return self.beginning(word, whole(int(args[1].value)))  # type: ignore[arg-type]
            case _:
                return self._calendar(op, written)

    def _calendar(self, op: str, args: list[exp.Expr]) -> exp.Expr:
        """Write the parts of years_between: years that begin on 1 March, so that 29 February is the last day of one."""
        match op, args:
            case "march_year", [day]:
                before_march = exp.LT(this=self._part_of(day.copy(), "month"), expression=self.number(3))
                return exp.Sub(this=self._part_of(day, "year"), expression=case_of([(before_march, self.number(1))], self.number(0)))
            case "march_day", [day]:
                month = self._part_of(day.copy(), "month")
                shift = case_of([(exp.LT(this=month.copy(), expression=self.number(3)), self.number(9))], self.number(-3))
                months = exp.paren(exp.Add(this=month, expression=shift), copy=False)
                days = exp.Add(this=exp.Mul(this=self.number(153), expression=months), expression=self.number(2))
                return exp.Add(this=self.floor(self._quotient(exp.paren(days, copy=False), self.number(5))), expression=self._part_of(day, "day"))
            case "days_before", [year]:
                total: exp.Expr = exp.Mul(this=self.number(365), expression=year)
                for every, join in ((4, exp.Add), (100, exp.Sub), (400, exp.Add)):
                    leap = self.floor(self._quotient(year.copy(), self.number(every)))
                    total = join(this=total, expression=leap)
                return total
            case "anniversaries", [first_year, first_day, last_year, last_day]:
                not_yet = case_of([(exp.GT(this=first_day, expression=last_day), self.number(1))], self.number(0))
                return exp.Sub(this=exp.Sub(this=last_year, expression=first_year), expression=not_yet)
        raise AssertionError(op)

    def _quotient(self, numerator: exp.Expr, denominator: exp.Expr) -> exp.Expr:
        return exp.Div(this=numerator, expression=denominator, typed=True, safe=False)

    def _part_of(self, day: exp.Expr, part: str) -> exp.Expr:
        if self.dialect != "sqlite":
            return exp.cast(exp.Extract(this=exp.var(part.upper()), expression=day), "double", copy=False)
        start, length = {"year": (1, 4), "month": (6, 2), "day": (9, 2)}[part]
        return exp.cast(exp.Substring(this=day, start=whole(start), length=whole(length)), "double", copy=False)

    def floor(self, number: exp.Expr) -> exp.Expr:
        """Return a number rounded down, in SQLite towards zero."""
        if self.dialect == "sqlite":
            return exp.cast(number, "bigint", copy=False)
        return exp.Floor(this=number)

    def beginning(self, word: exp.Expr, length: exp.Expr) -> exp.Expr:
        """Return the first characters, counted in code points."""
        if self.dialect == "clickhouse":
            return exp.Anonymous(this="substringUTF8", expressions=[word, whole(1), length])
        return exp.Substring(this=word, start=whole(1), length=length)

    # tests

    def _test(self, op: str, left: Node, right: Node) -> exp.Expr:
        match op, right:
            case ("in", Constant(tuple() as words)):
                if not words:
                    return self._once_known(left, False)
                return self.one_of(self(left), words)
            case ("has_any" | "has_all", Constant(tuple() as words)):
                if not words:
                    return self._once_known(left, op == "has_all")
                join = exp.or_ if op == "has_any" else exp.and_
                return join(*(self._holds(left, Constant(word)) for word in words), copy=False)
            case ("contains", _):
                return self._holds(left, right)
            case ("starts_with", Constant(str() as start)):
                beginning = self.beginning(self(left), whole(len(start)))
                return exp.EQ(this=self._as_bytes(beginning), expression=self._exact(right)) if start else self._once_known(left, True)
            case ("starts_with", _):
                beginning = self.beginning(self(left), exp.Length(this=self(right)))
                return exp.EQ(this=self._as_bytes(beginning), expression=wrapped(self._exact(right)))
            case _:
                return _COMPARISONS[op](this=wrapped(self._exact(left)), expression=wrapped(self._exact(right)))

    def one_of(self, word: exp.Expr, words: Iterable[str]) -> exp.Expr:
        """Return whether a word is one of some, character by character."""
        return exp.In(this=wrapped(self._as_bytes(word)), expressions=[self._as_bytes(exp.Literal.string(one)) for one in words])

    def _once_known(self, node: Node, verdict: bool) -> exp.Expr:
        known = exp.Not(this=exp.Is(this=wrapped(self(node)), expression=exp.null()))
        return case_of([(known, exp.true() if verdict else exp.false())])

    def _holds(self, have: Node, word: Node) -> exp.Expr:
        wanted = exp.Literal.string(f";{word.value};") if isinstance(word, Constant) else _between_semicolons(wrapped(self(word)))
        found = exp.StrPosition(this=self._as_bytes(_between_semicolons(wrapped(self(have)))), substr=self._as_bytes(wanted))
        return exp.GT(this=found, expression=whole(0))

    def _exact(self, node: Node) -> exp.Expr:
        return self._as_bytes(self(node)) if self.lowering.kind(node) in ("text", "choices") else self(node)

    def _as_bytes(self, word: exp.Expr) -> exp.Expr:
        """Return a word that is compared character by character, where an engine would fold case and trailing blanks."""
        return exp.cast(word, "binary", copy=False) if self.dialect == "mysql" else word


_COMPARISONS: Mapping[str, type[exp.Binary]] = {"<": exp.LT, "<=": exp.LTE, ">": exp.GT, ">=": exp.GTE, "==": exp.EQ, "!=": exp.NEQ}


def _between_semicolons(words: exp.Expr) -> exp.Expr:
    return exp.DPipe(this=exp.DPipe(this=exp.Literal.string(";"), expression=words), expression=exp.Literal.string(";"), safe=False)
