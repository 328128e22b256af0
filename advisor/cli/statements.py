"""advisor statements: what financial statements say of a firm, as facts."""

from __future__ import annotations

import argparse
import datetime as dt
import json


def run(arguments: argparse.Namespace) -> int:
    """Read the files and print what was understood."""
    from advisor.service.advisor import make_advisor
    from advisor.service.statements import statements_view, understood
    from advisor.terminal.statements import print_understood

    catalogue = make_advisor(arguments.rules, model=None).rules.catalogue
    found = understood(arguments.files, arguments.as_of or dt.date.today(), unit=arguments.unit, year=arguments.year)
    if arguments.format == "json":
        print(json.dumps(statements_view(found, catalogue, arguments.lang), ensure_ascii=False, indent=1))
    else:
        print_understood(found, catalogue, arguments.lang)
    return 0
