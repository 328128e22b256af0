"""The columns of the table as the rules read them: what the cell of a file would be refused for is NULL."""

from __future__ import annotations

import datetime as dt

from sqlglot import exp

from advisor.domain.dates import FIRST_YEAR, LAST_YEAR
from advisor.domain.facts import AnyFact, Catalogue, Fact
from advisor.domain.figures import MAX_NUMBER, MIN_NUMBER
from advisor.screening.sql.expressions import case_of, whole
from advisor.screening.sql.writing import Writer

_LOOSE = ("sqlite", "mysql")
"""Where a column of yes and no may hold any number."""
_FIRST_DAY, _LAST_DAY = dt.date(FIRST_YEAR, 1, 1), dt.date(LAST_YEAR, 12, 31)


class Cleaning:
    """Writes the expressions of the first step."""

    def __init__(self, writer: Writer, catalogue: Catalogue) -> None:
        self._writer, self._catalogue, self._dialect = writer, catalogue, writer.dialect

    def source(self, name: str) -> exp.Column:
        """Return a column of the table; Snowflake finds it under capitals unless the name is quoted."""
        return exp.column(name, table="firms", quoted=self._dialect != "snowflake")

    def __call__(self, fact_id: str) -> exp.Expr:
        """Return a column of the table as the fact that it holds. Raises KeyError for a name the catalogue does not have."""
        fact = self._catalogue[fact_id]
        match fact.kind:
            case "bool":
                return self._flag(self.source(fact_id))
            case "date":
                return self._day(self.source(fact_id))
            case "text" | "choice" | "choices":
                word = self._option(fact) if fact.kind == "choice" else self._text(self.source(fact_id))
                return exp.Collate(this=word, expression=exp.to_identifier("C", quoted=True)) if self._dialect == "postgres" else word
            case _:
                return self._number(fact)

    def _number(self, fact: AnyFact) -> exp.Expr:
        column = self.source(fact.id)
        least = max(fact.low, -MAX_NUMBER) if isinstance(fact, Fact) and fact.low is not None else -MAX_NUMBER
        most = min(fact.high, MAX_NUMBER) if isinstance(fact, Fact) and fact.high is not None else MAX_NUMBER
        is_whole = fact.kind == "int"
        spans = [(least, most)] if is_whole else [(max(least, MIN_NUMBER), most), (least, min(most, -MIN_NUMBER))]
        spans = [(low, high) for low, high in spans if low <= high]
        points = [point for point in {0.0, *fact.specials} if not any(low <= point <= high for low, high in spans)]
        points = sorted(point for point in points if point in fact.specials or least <= point <= most)
        taken: list[exp.Expr] = [exp.EQ(this=column.copy(), expression=self._figure(point)) for point in points]
        for low, high in spans:
            within: exp.Expr = exp.Between(this=column.copy(), low=self._figure(low), high=self._figure(high))
            if is_whole:
                within = exp.and_(within, exp.EQ(this=self._writer.floor(column.copy()), expression=column.copy()), copy=False)
            taken.append(within)
        return case_of([(exp.or_(*taken, copy=False), exp.cast(column, "double", copy=False))])

    def _figure(self, number: float) -> exp.Expr:
        return self._writer.number(float(number)) if number else whole(0)

    def _flag(self, column: exp.Column) -> exp.Expr:
        return case_of([(exp.In(this=column.copy(), expressions=[whole(0), whole(1)]), column)]) if self._dialect in _LOOSE else column

    def _day(self, column: exp.Column) -> exp.Expr:
        day: exp.Expr = column if self._dialect == "sqlite" else exp.cast(column, self._writer.date_type, copy=False)
        usable: exp.Expr = exp.Between(this=day.copy(), low=self._writer.day(_FIRST_DAY), high=self._writer.day(_LAST_DAY))
        if self._dialect == "sqlite":  # which has no dates: a day that it would write otherwise is none
            rewritten = exp.Anonymous(this="DATE", expressions=[column.copy(), exp.Literal.string("0 days")])
            usable = exp.and_(usable, exp.EQ(this=rewritten, expression=column.copy()), copy=False)
        return case_of([(usable, day)])

    def _text(self, column: exp.Column) -> exp.Expr:
        """An empty cell, or one of blanks, claims nothing."""
        return case_of([(exp.NEQ(this=exp.Trim(this=column.copy()), expression=exp.Literal.string("")), column)])

    def _option(self, fact: AnyFact) -> exp.Expr:
        """Return the option; that of the industry where none is given follows from the industry code."""
        column = self.source(fact.id)
        branches = [(self._writer.one_of(column.copy(), fact.options), column)]
        return case_of([*branches, *self._industries()] if fact.id == "industry_class" else branches)

    def _industries(self) -> list[tuple[exp.Expr, exp.Expr]]:
        """Return the industries by the beginnings of codes, the longest beginnings first."""
        beginnings: dict[tuple[int, str], list[str]] = {}
        for beginning, industry in self._catalogue.industry_codes.items():
            beginnings.setdefault((-len(beginning), industry), []).append(beginning)
        return [
            (
                self._writer.one_of(self._writer.beginning(self.source("gb_code"), whole(-length)), beginnings[length, industry]),
                exp.Literal.string(industry),
            )
            for length, industry in sorted(beginnings)
        ]
