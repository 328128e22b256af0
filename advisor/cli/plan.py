"""advisor plan: the mix of instruments that covers what a firm needs, from a YAML or JSON file."""

from __future__ import annotations

import argparse
import json
from pathlib import Path


def run(arguments: argparse.Namespace) -> int:
    """Plan for one firm and print the plan."""
    from advisor.cli.advise import read_one_firm
    from advisor.service.advisor import SHIPPED, make_advisor
    from advisor.service.planning import make_plan, need_of, plan_rules, plan_view
    from advisor.terminal.plan import print_plan

    given = read_one_firm(arguments.file)
    adviser = make_advisor(arguments.rules, model=arguments.model or SHIPPED)
    own = None if arguments.rules is None else Path(arguments.rules) / "plan.yaml"
    rules = plan_rules(adviser.rules, own if own is not None and own.is_file() else None)
    advice = adviser.advise(given, arguments.as_of)
    need = need_of(
        advice, rules, amount_cny=arguments.amount, months=arguments.months, purposes=arguments.purpose or None, within_days=arguments.within
    )
    found = make_plan(advice, rules, need)
    if arguments.format == "json":
        print(json.dumps(plan_view(found, advice, arguments.lang), ensure_ascii=False, indent=1))
    else:
        print_plan(found, advice, arguments.lang)
    return 0
