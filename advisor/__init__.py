"""Relay (接力): which financing instruments fit a Chinese firm at its stage of life, why, and what would change it.

import advisor
advice = advisor.make_advisor().advise({"region": "chongqing", "employees": 40}, as_of=date(2026, 11, 24))
advice.stage.stage, advice.matches[0].instrument.id
advisor.as_dict(advice, lang="en")      # the documented JSON as plain data
advisor.screen(frame)                   # the same rules over a pandas or Polars frame, one row a firm
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from advisor.domain.advice import Advice
from advisor.domain.errors import AdvisorError, InputError, RuleError, UnknownId
from advisor.domain.firm import Firm
from advisor.service.advisor import Advisor, make_advisor
from advisor.service.view import as_dict

if TYPE_CHECKING:
    from advisor.service.screening import screen

__all__ = ["Advice", "Advisor", "AdvisorError", "Firm", "InputError", "RuleError", "UnknownId", "as_dict", "make_advisor", "screen"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Import what works on tables when it is asked for: its libraries take time to load."""
    if name == "screen":
        from advisor.service import screening

        return screening.screen
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
