"""The command line: advisor advise, instruments, rules. Errors become exit codes here and nowhere else.

0: done. 1: `rules check` found problems. 2: the input, the rules or the arguments cannot be used; nothing was done.
Heavy imports stand inside the commands, so that `--help` answers at once.
"""

from __future__ import annotations

import argparse
import datetime as dt
import io
import json
import os
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from advisor.domain.text import Lang

MAX_INPUT = 2_000_000
MAX_FIRMS = 1_000
FAMILIES = ("equity", "loan", "bond", "listing", "guarantee", "leasing", "subsidy", "rescue", "service")
STAGES = ("startup", "growth", "mature", "decline")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks a character shows a mark, and goes on
    arguments = _parser().parse_args(argv)
    from advisor.domain.errors import AdvisorError

    try:
        code = int(arguments.run(arguments))
        sys.stdout.flush()
        return code
    except AdvisorError as error:
        print(error.say(arguments.lang), file=sys.stderr)
    except BrokenPipeError:  # whoever reads our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        print(f"{error.filename or ''}: {error.strerror or error}", file=sys.stderr)
    return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="advisor", description="接力：企业全生命周期金融顾问 / Relay: lifecycle finance advice for firms")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--lang", choices=("zh", "en"), default="zh", help="语言 / language (default: zh)")
    common.add_argument("--rules", type=Path, metavar="DIR", help="规则文件夹 / folder of rules (default: the shipped rules)")
    commands = parser.add_subparsers(dest="command", required=True)

    advise = commands.add_parser("advise", parents=[common], help="给企业出建议 / advise one firm or several")
    advise.add_argument("file", help="YAML 或 JSON，一家企业或一个列表；- 表示标准输入 / one firm or a list; - reads standard input")
    advise.add_argument("--as-of", type=_day, metavar="DATE", help="按哪一天的规则 / rules of which day (default: today)")
    advise.add_argument("--format", choices=("text", "json"), default="text")
    advise.add_argument("--why", action="append", default=[], metavar="ID", help="逐条说明某个工具 / every test of one instrument")
    advise.add_argument("--all", action="store_true", help="列出全部工具 / list every instrument")
    advise.set_defaults(run=_advise)

    instruments = commands.add_parser("instruments", parents=[common], help="列出工具 / list instruments")
    instruments.add_argument("--stage", choices=STAGES)
    instruments.add_argument("--family", choices=FAMILIES)
    instruments.add_argument("--as-of", type=_day, metavar="DATE")
    instruments.add_argument("--format", choices=("text", "json"), default="text")
    instruments.set_defaults(run=_instruments)

    rules = commands.add_parser("rules", help="检查和解释规则 / check and explain rules").add_subparsers(dest="what", required=True)
    check = rules.add_parser("check", parents=[common], help="一次报出全部问题 / report every problem at once")
    check.add_argument("folder", nargs="?", type=Path, metavar="DIR")
    check.set_defaults(run=_check)
    explain = rules.add_parser("explain", parents=[common], help="用文字解释一个工具或指标 / an instrument or fact in words")
    explain.add_argument("id")
    explain.add_argument("--as-of", type=_day, metavar="DATE")
    explain.set_defaults(run=_explain)
    return parser


def _day(written: str) -> dt.date:
    from advisor.domain.errors import InputError
    from advisor.domain.firm import usable_day

    try:
        return usable_day(written)
    except InputError:
        raise argparse.ArgumentTypeError(f"“{written}”不是日期，请写成 2026-01-31 / not a date like 2026-01-31") from None


def _advise(arguments: argparse.Namespace) -> int:
    from advisor.domain.errors import InputError
    from advisor.domain.firm import MOST_PROBLEMS
    from advisor.service.advisor import make_advisor

    given = read_firms(arguments.file)
    adviser = make_advisor(arguments.rules)
    for instrument_id in arguments.why:
        adviser.rules.versions(instrument_id)
    firms = given if isinstance(given, list) else [given]
    read, problems = [], []
    for position, facts in enumerate(firms, 1):  # all are read before anything is said: nothing is left half-done
        try:
            read.append(adviser.read(facts, arguments.as_of))
        except InputError as error:
            problems += [_numbered(problem, position, len(firms)) for problem in error.problems]
    if problems:
        raise InputError(problems[:MOST_PROBLEMS])
    if arguments.format == "json":
        from advisor.service.view import dump

        out, many = sys.stdout.buffer, isinstance(given, list)
        for position, (firm, day) in enumerate(read):
            out.write((b"," if position else b"[") if many else b"")
            out.write(dump(adviser.advise_firm(firm, day), arguments.lang, indent=sys.stdout.isatty()))
        out.write(b"]\n" if many else b"\n")
        return 0
    from advisor.terminal.advice import print_advice

    for firm, day in read:
        print_advice(adviser.advise_firm(firm, day), arguments.lang, why=tuple(arguments.why), everything=arguments.all)
    return 0


def _numbered(problem: Any, position: int, count: int) -> Any:
    from dataclasses import replace

    from advisor.domain.text import Text

    return problem if count == 1 else replace(problem, text=Text(f"第{position}家：", f"firm {position}: ") + problem.text)


def read_firms(name: str) -> dict[str, Any] | list[dict[str, Any]]:
    """Return the firm or firms of a YAML or JSON file, "-" being standard input. Raises InputError."""
    from advisor.domain.errors import InputError, Place, Problem, RuleError
    from advisor.domain.text import Text
    from advisor.rulefiles.yamlfile import read_yaml

    with nullcontext(sys.stdin.buffer) if name == "-" else Path(name).open("rb") as source:
        raw = source.read(MAX_INPUT + 1)

    def refuse(code: str, zh: str, en: str) -> InputError:
        return InputError([Problem(code, Text(zh, en), Place(name))])

    if len(raw) > MAX_INPUT:
        raise refuse(
            "too_large",
            f"超过{MAX_INPUT // 1_000_000}MB；成批企业请用批量筛查",
            f"larger than {MAX_INPUT // 1_000_000} MB; screen a portfolio instead",
        )
    try:
        written = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise refuse("not_utf8", "不是UTF-8编码的文本", "not UTF-8 text") from error
    try:
        if written.lstrip()[:1] in ("{", "["):
            data = json.loads(written, object_pairs_hook=_no_duplicates)
        else:
            data = read_yaml(written, name, strict=False).data
    except RuleError as error:
        raise InputError(error.problems) from error
    except _Twice as error:
        raise refuse("duplicate_key", f"“{error}”写了两次", f"'{error}' stands there twice") from error
    except json.JSONDecodeError as error:
        raise refuse("syntax", f"第{error.lineno}行第{error.colno}列读不懂", f"line {error.lineno}, column {error.colno}: {error.msg}") from error
    except (ValueError, RecursionError) as error:
        raise refuse("syntax", "读不懂：嵌套太深或数字太长", "cannot be read: nested too deeply or a number too long") from error
    if isinstance(data, list) and len(data) > MAX_FIRMS:
        raise refuse("too_many", f"一次最多{MAX_FIRMS}家；成批企业请用批量筛查", f"at most {MAX_FIRMS} firms at once; screen a portfolio instead")
    if isinstance(data, dict) or (isinstance(data, list) and data and all(isinstance(item, dict) for item in data)):
        return data
    raise refuse("not_a_firm", "应是一家企业（指标: 值），或企业的列表", "should hold one firm (fact: value) or a list of firms")


class _Twice(Exception):
    """A key that stands twice in a JSON object."""


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _Twice(key)
        found[key] = value
    return found


def _instruments(arguments: argparse.Namespace) -> int:
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


def _check(arguments: argparse.Namespace) -> int:
    from advisor.domain.errors import RuleError
    from advisor.rulefiles.examples import try_examples
    from advisor.rulefiles.folder import read_rules
    from advisor.shipped import shipped

    folder = arguments.folder or arguments.rules or shipped("rules")
    lang: Lang = arguments.lang
    try:
        rules = read_rules(folder)
        problems = list(try_examples(rules))
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


def _explain(arguments: argparse.Namespace) -> int:
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
