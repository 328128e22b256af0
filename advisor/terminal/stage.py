"""Why the stage model sees a firm as it does, printed below the stage."""

from __future__ import annotations

from rich.text import Text as Line

from advisor.classifier.explanation import Explained
from advisor.domain.stage import StageRules
from advisor.service.explained import compared, settling, why
from advisor.terminal.saying import Say


def explanation_lines(explained: Explained, rules: StageRules, say: Say) -> list[Line]:
    """Return the lines: what moved the stage, how the firm compares, which questions would settle most; each only where there is any."""
    lines = [Line(f"  {say(said)}") for said in (why(explained, rules), compared(explained, rules)) if said is not None]
    lead, *questions = settling(explained) or (None,)
    if lead is not None:
        lines.append(Line(f"  {say(lead)}"))
        lines += [Line(f"    ? {say(question)}") for question in questions]
    return lines
