"""The rules of a day as one statement that a warehouse runs where the data lie."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from advisor.domain.condition import Name
from advisor.domain.firm import usable_day
from advisor.domain.ruleset import STAGE_FACT
from advisor.domain.stage import STAGES
from advisor.screening.outcome import fund_chain_level, named_stage, stage_probabilities
from advisor.screening.sql import Query
from advisor.service.advisor import Advisor

WITHOUT_MODEL = "/* stage, p_*: 不含统计模型，只由报表、回答和规则得出 / without the learned model: from statements, answers and rules alone */"


def statement(adviser: Advisor, dialect: str, table: str = "firms", keys: Sequence[str] = ("firm_id",), as_of: dt.date | None = None) -> str:
    """Return the statement: keys, the stage with its probabilities, size class, fund chain, and 1, 0 or null an instrument.

    The stage follows from statements, answers and rules: a learned model is no SQL, and the first line says so where the
    adviser has one. Raises InputError for an unknown dialect or names that cannot be columns. The form of the table is
    that of `screening.sql`.
    """
    day = adviser.today() if as_of is None else usable_day(as_of)
    rules, ruleset = adviser.rules.as_of(day), adviser.rules
    probabilities = stage_probabilities(ruleset.stages)
    outputs = {
        "stage": Name(STAGE_FACT),
        **{f"p_{stage}": probabilities[stage] for stage in STAGES},
        "size_class": Name("size_class"),
        "fund_chain": fund_chain_level(ruleset.warnings),
        **{one.id: one.rule for one in rules.instruments},
    }
    derived = {name: fact.formula for name, fact in rules.catalogue.derived.items()}
    derived[STAGE_FACT] = named_stage(probabilities, ruleset.stages)
    written = Query(outputs, keys, table, rules.catalogue, derived, day).sql(dialect)
    return f"{WITHOUT_MODEL}\n{written}" if adviser.has_model else written
