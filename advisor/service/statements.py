"""Uploaded statements as a use case: files in, what was understood as plain data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from advisor.domain.errors import InputError, Problem
from advisor.domain.facts import Catalogue
from advisor.domain.text import Lang, Text
from advisor.statements.figures import UNITS
from advisor.statements.reading import Understood, read_statements

Json = dict[str, Any]
MOST_FILES = 12


def understood(files: Sequence[Path], as_of: dt.date, *, unit: str | None = None, year: int | None = None) -> Understood:
    """Return what the files tell on a day. Raises InputError for files, units and periods that are not certain."""
    if len(files) > MOST_FILES:
        raise InputError([Problem("too_many", Text(f"一次最多{MOST_FILES}个文件", f"at most {MOST_FILES} files at once"))])
    if unit is not None and unit not in UNITS:
        listed = "、".join(UNITS)
        raise InputError([Problem("unknown_unit", Text(f"不认识单位“{unit}”，可以是{listed}", f"'{unit}' is none of the units {listed}"))])
    return read_statements(files, as_of, unit=unit, year=year)


def statements_view(found: Understood, catalogue: Catalogue, lang: Lang) -> Json:
    """Return what was understood as JSON holds it: `facts` in yuan can be given to `advise` as they are."""
    return {
        "year": found.year,
        "units": list(found.units),
        "facts": dict(found.facts),
        "from": {
            fact: {"label": catalogue.facts[fact].label[lang], "lines": [{"label": line.label, "place": str(line.place)} for line in lines]}
            for fact, lines in found.origins.items()
        },
        "unmatched": [{"label": line.label, "cells": list(line.cells), "place": str(line.place)} for line in found.unmatched],
        "warnings": [{"code": problem.code, "message": problem.say(lang)} for problem in found.warnings],
    }
