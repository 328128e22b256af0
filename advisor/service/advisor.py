"""An adviser: the rules read once, then any number of firms advised."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.domain.advice import Advice, advise
from advisor.domain.firm import Firm, read_firm, usable_day
from advisor.domain.ruleset import RuleSet
from advisor.domain.stage import read_early
from advisor.rulefiles.folder import read_rules
from advisor.shipped import shipped

if TYPE_CHECKING:
    from advisor.classifier.explanation import Explained
    from advisor.classifier.model import StageModel

SHIPPED = shipped("data") / "stage_model"
"""The stage model that comes with the product."""
SETTLED = 0.9
"""From this probability on no question about the stage is worth asking."""


class Advisor:
    """Advises firms under one set of rules, and with one stage model or none."""

    def __init__(self, rules: RuleSet, *, today: Callable[[], dt.date] = dt.date.today, model: StageModel | Path | None = None) -> None:
        self.rules, self.today, self._model = rules, today, model

    @property
    def has_model(self) -> bool:
        """Whether there is a stage model, read or not."""
        return self._model is not None

    @cached_property
    def model(self) -> StageModel | None:
        """The learned stage, read from its folder when it is first asked. Raises InputError."""
        if not isinstance(self._model, Path):
            return self._model
        from advisor.classifier.model import load_model  # NumPy takes its time, and few commands need it

        return load_model(self._model)

    def advise(self, facts: Mapping[str, object], as_of: dt.date | None = None) -> Advice:
        """Return the advice for a firm given as a mapping of fact ids to values.

        Money is in CNY, shares are fractions, dates are dates or ISO text; None or a missing key means unknown.
        The mapping may also hold `firm_id`, `name` and `as_of`. The date is `as_of`, else the mapping's own, else
        today. Raises InputError with every problem of the input at once.
        """
        return self.advise_firm(*self.read(facts, as_of))

    def advise_firm(self, firm: Firm, day: dt.date) -> Advice:
        """Return the advice for a firm that has been read."""
        return advise(firm, day, self.rules, self.model)

    def explain_stage(self, advice: Advice) -> Explained | None:
        """Return why the stage model sees the firm as it does; None where it has no say in the stage."""
        from advisor.classifier.explanation import explain

        model, rules = self.model, advice.ruleset
        if model is None or advice.stage.opinion is None or model.worth is None or model.typical is None:
            return None
        known, estimate = rules.as_of(advice.as_of).known(advice.firm, advice.as_of, model)
        early, late = (rules.catalogue.judge(rule.condition, known) for rule in (rules.stages.early, rules.stages.late))
        found = explain(model, known, read_early(early, late), rules.catalogue, rules.stages, model.worth, model.typical, estimate.stage)
        settled = estimate.stage is not None and estimate.probabilities[estimate.stage] >= SETTLED
        return replace(found, questions=()) if found is not None and settled else found

    def read(self, facts: Mapping[str, object], as_of: dt.date | None = None) -> tuple[Firm, dt.date]:
        """Return a firm and the day it is to be advised for. Raises InputError as `advise` does."""
        firm = read_firm(facts, self.rules.catalogue)
        return firm, firm.as_of or self.today() if as_of is None else usable_day(as_of)

    def verdicts(self, facts: Mapping[str, object], as_of: dt.date | None = None) -> dict[str, bool | None]:
        """Return only the verdicts: True, False or None (undetermined) for each instrument in force."""
        firm, day = self.read(facts, as_of)
        rules = self.rules.as_of(day)
        return dict(zip((one.id for one in rules.instruments), rules.verdicts(firm, day, self.model), strict=True))


def make_advisor(folder: Path | str | None = None, *, cache: Path | None = None, model: StageModel | Path | str | None = SHIPPED) -> Advisor:
    """Return an adviser under the shipped rules and stage model, or those of `folder` and `model`. Raises RuleError, InputError.

    `cache` is where the parsed rules are kept; by default a folder of the user's, `ADVISOR_HOME` when set. `model` None
    means that no model is asked: the stage follows from statements, answers and rules alone.
    """
    kept = cache
    if kept is None:
        with suppress(RuntimeError):  # a user without a home: the rules are parsed each time
            kept = home() / "cache"
    rules = read_rules(Path(folder) if folder is not None else shipped("rules"), kept)
    return Advisor(rules, model=Path(model) if isinstance(model, str) else model)


def home() -> Path:
    """Return the folder for what the product writes: `ADVISOR_HOME`, or the user's data folder."""
    named = os.environ.get("ADVISOR_HOME")
    if named:
        return Path(named)
    base = os.environ.get("XDG_DATA_HOME") or os.environ.get("LOCALAPPDATA")
    return (Path(base) if base else Path.home() / ".local" / "share") / "advisor"
