"""advisor instruments, advisor rules: what the rules say, whether they are sound, and what a change of them does."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from advisor.domain.text import Lang


def instruments(arguments: argparse.Namespace) -> int:
    """List instruments."""
    from advisor.service.advisor import make_advisor

    adviser = make_advisor(arguments.rules)
    in_force = adviser.rules.as_of(arguments.as_of or adviser.today()).instruments
    chosen = [
        one
        for one in in_force
        if (arguments.stage is None or arguments.stage in one.stages) and (arguments.family is None or one.family == arguments.family)
    ]
    if arguments.format == "json":
        import orjson

        from advisor.service.view import instrument_view

        sys.stdout.buffer.write(orjson.dumps([instrument_view(one, adviser.rules, arguments.lang) for one in chosen]) + b"\n")
        return 0
    from advisor.terminal.rules import print_instruments

    print_instruments(chosen, arguments.lang)
    return 0


def check(arguments: argparse.Namespace) -> int:
    """Report every problem of the rule files."""
    from advisor.domain.errors import RuleError
    from advisor.rulefiles.examples import try_examples
    from advisor.rulefiles.folder import read_rules
    from advisor.service.planning import plan_rules
    from advisor.shipped import shipped

    folder = arguments.folder or arguments.rules or shipped("rules")
    lang: Lang = arguments.lang
    try:
        rules = read_rules(folder)
        problems = list(try_examples(rules))
        if (folder / "plan.yaml").is_file():
            plan_rules(rules, folder / "plan.yaml")
    except RuleError as error:
        problems = list(error.problems)
    for problem in problems:
        print(problem.say(lang))
    if problems:
        plural = "" if len(problems) == 1 else "s"
        print(f"{len(problems)} 个问题" if lang == "zh" else f"{len(problems)} problem{plural}", file=sys.stderr)
        return 1
    count = sum(not one.other_version for one in rules.instruments)
    examples = sum(len(one.examples) for one in rules.instruments)
    zh = f"没有问题：{count} 个工具，{examples} 个例子全部符合，规则版本 {rules.version}"
    en = f"no problems: {count} instruments, all {examples} examples as expected, rules version {rules.version}"
    print(zh if lang == "zh" else en)
    return 0


def explain(arguments: argparse.Namespace) -> int:
    """Say an instrument or a fact in words."""
    from advisor.domain.errors import Problem, UnknownId, did_you_mean
    from advisor.domain.text import Text
    from advisor.service.advisor import make_advisor
    from advisor.terminal.rules import print_fact, print_rule

    adviser = make_advisor(arguments.rules)
    catalogue = adviser.rules.catalogue
    if arguments.id in catalogue:
        print_fact(catalogue[arguments.id], adviser.rules, arguments.lang)
        return 0
    instruments = {one.id for one in adviser.rules.instruments}
    if arguments.id not in instruments:
        guess = did_you_mean(arguments.id, (*instruments, *catalogue.facts, *catalogue.derived))
        zh, en = f"没有“{arguments.id}”这个工具或指标{guess.zh}", f"'{arguments.id}' is neither an instrument nor a fact{guess.en}"
        raise UnknownId([Problem("unknown_id", Text(zh, en))])
    versions = adviser.rules.versions(arguments.id)
    day = arguments.as_of or adviser.today()
    chosen = next((one for one in versions if day in one.validity), versions[0])
    print_rule(chosen, versions, adviser.rules, arguments.lang)
    return 0


def diff(arguments: argparse.Namespace) -> int:
    """Say what a change of rules changes, and for whom."""
    from advisor.domain.difference import as_dict, compare
    from advisor.domain.errors import InputError, Problem
    from advisor.domain.text import Text
    from advisor.service.advisor import SHIPPED, make_advisor
    from advisor.service.impact import impact_of, impact_view, write_touched

    old, new = (make_advisor(folder, model=arguments.model or SHIPPED) for folder in (arguments.old, arguments.new))
    day = arguments.as_of or new.today()
    if arguments.firms is not None and arguments.portfolio is None:
        zh, en = "--firms 要和 --portfolio 一起用", "--firms needs --portfolio"
        raise InputError([Problem("no_portfolio", Text(zh, en))])
    difference = compare(old.rules, new.rules, day)
    found = None
    if arguments.portfolio is not None:
        found = impact_of(old, new, arguments.portfolio, day, columns=arguments.columns, keep_rows=arguments.firms is not None)
        if arguments.firms is not None:
            write_touched(found, arguments.firms, arguments.lang)
    if arguments.format == "json":
        import orjson

        view = as_dict(difference, arguments.lang)
        if found is not None:
            view["impact"] = impact_view(found)
        sys.stdout.buffer.write(orjson.dumps(view) + b"\n")
        return 0
    from advisor.terminal.difference import print_difference
    from advisor.terminal.impact import impact_lines

    shown = None if found is None else impact_lines(found, old.rules.as_of(day), new.rules.as_of(day), arguments.lang)
    print_difference(difference, arguments.lang, shown)
    return 0


def sql(arguments: argparse.Namespace) -> int:
    """Print the rules as one statement for a warehouse."""
    from advisor.service.advisor import make_advisor
    from advisor.service.warehouse import statement

    adviser = make_advisor(arguments.rules)
    print(statement(adviser, arguments.dialect, arguments.table, arguments.key or ["firm_id"], arguments.as_of))
    return 0
