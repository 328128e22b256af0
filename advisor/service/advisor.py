"""An adviser: the rules read once, then any number of firms advised."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from advisor.domain.advice import Advice, advise
from advisor.domain.firm import Firm, read_firm, usable_day
from advisor.domain.ruleset import RuleSet
from advisor.domain.stage import Model
from advisor.rulefiles.folder import read_rules
from advisor.shipped import shipped


class Advisor:
    """Advises firms under one set of rules."""

    def __init__(self, rules: RuleSet, *, today: Callable[[], dt.date] = dt.date.today, model: Model | None = None) -> None:
        self.rules, self.today, self.model = rules, today, model

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

    def read(self, facts: Mapping[str, object], as_of: dt.date | None = None) -> tuple[Firm, dt.date]:
        """Return a firm and the day it is to be advised for. Raises InputError as `advise` does."""
        firm = read_firm(facts, self.rules.catalogue)
        return firm, firm.as_of or self.today() if as_of is None else usable_day(as_of)

    def verdicts(self, facts: Mapping[str, object], as_of: dt.date | None = None) -> dict[str, bool | None]:
        """Return only the verdicts: True, False or None (undetermined) for each instrument in force."""
        firm, day = self.read(facts, as_of)
        rules = self.rules.as_of(day)
        return dict(zip((one.id for one in rules.instruments), rules.verdicts(firm, day, self.model), strict=True))


def make_advisor(folder: Path | str | None = None, *, cache: Path | None = None, model: Model | None = None) -> Advisor:
    """Return an adviser under the shipped rules, or those of `folder`. Raises RuleError.

    `cache` is where the parsed rules are kept; by default a folder of the user's, `ADVISOR_HOME` when set.
    """
    kept = cache
    if kept is None:
        with suppress(RuntimeError):  # a user without a home: the rules are parsed each time
            kept = home() / "cache"
    rules = read_rules(Path(folder) if folder is not None else shipped("rules"), kept)
    return Advisor(rules, model=model)


def home() -> Path:
    """Return the folder for what the product writes: `ADVISOR_HOME`, or the user's data folder."""
    named = os.environ.get("ADVISOR_HOME")
    if named:
        return Path(named)
    base = os.environ.get("XDG_DATA_HOME") or os.environ.get("LOCALAPPDATA")
    return (Path(base) if base else Path.home() / ".local" / "share") / "advisor"
