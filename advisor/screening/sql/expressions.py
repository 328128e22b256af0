"""Pieces of statements, as sqlglot has them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlglot import exp


def column_of(name: str) -> exp.Column:
    """Return a column of the step before, by its name."""
    return exp.column(name, quoted=True)


def columns_in(expression: exp.Expr) -> Iterator[str]:
    """Yield the names of the columns that an expression reads."""
    return (column.name for column in expression.find_all(exp.Column))


def named(expression: exp.Expr, name: str) -> exp.Expr:
    """Return an expression as a column of its own."""
    return exp.alias_(expression, name, quoted=True, copy=False)


def whole(number: int) -> exp.Literal:
    """Return a literal whole number, for positions and lengths."""
    return exp.Literal(this=str(number), is_string=False)


def wrapped(expression: exp.Expr) -> exp.Expr:
    """Return an expression that may stand beside an operator, in parentheses where it needs them."""
    loose = isinstance(expression, exp.Binary | exp.Unary | exp.Between | exp.In) and not isinstance(expression, exp.Paren)
    return exp.paren(expression, copy=False) if loose else expression


def negation(expression: exp.Expr) -> exp.Expr:
    """Return the opposite of a condition; unknown stays unknown."""
    return exp.Not(this=wrapped(expression))


def case_of(branches: Sequence[tuple[exp.Expr, exp.Expr]], otherwise: exp.Expr | None = None) -> exp.Case:
    """Return the value of the first branch whose condition holds, else `otherwise` or NULL."""
    whens = [exp.If(this=condition, true=value) for condition, value in branches]
    return exp.Case(ifs=whens, default=otherwise)
