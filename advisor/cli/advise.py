"""advisor advise: advice for one firm or several, from a YAML or JSON file."""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

MAX_INPUT = 2_000_000
MAX_FIRMS = 1_000
STAGE = "stage"
"""What `--why` is asked beside the instruments."""


def run(arguments: argparse.Namespace) -> int:
    """Advise every firm of the file."""
    from advisor.domain.errors import InputError
    from advisor.domain.firm import MOST_PROBLEMS
    from advisor.service.advisor import SHIPPED, make_advisor

    given = read_firms(arguments.file)
    adviser = make_advisor(arguments.rules, model=arguments.model or SHIPPED)
    asked = [instrument_id for instrument_id in arguments.why if instrument_id != STAGE]
    for instrument_id in asked:
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
            advice = adviser.advise_firm(firm, day)
            explained = adviser.explain_stage(advice) if STAGE in arguments.why else None
            out.write(dump(advice, arguments.lang, indent=sys.stdout.isatty(), explained=explained))
        out.write(b"]\n" if many else b"\n")
        return 0
    from advisor.terminal.advice import print_advice

    for firm, day in read:
        advice = adviser.advise_firm(firm, day)
        print_advice(
            advice, arguments.lang, why=tuple(asked), stage_only=STAGE in arguments.why and not asked, everything=arguments.all,
            explained=None if asked else adviser.explain_stage(advice),
        )  # fmt: skip
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


def read_one_firm(name: str) -> dict[str, Any]:
    """Return the one firm of a YAML or JSON file. Raises InputError, also for a list."""
    from advisor.domain.errors import InputError, Place, Problem
    from advisor.domain.text import Text

    given = read_firms(name)
    if isinstance(given, list):
        raise InputError([Problem("one_firm", Text("这里一次只能给一家企业", "this is done for one firm at a time"), Place(name))])
    return given


class _Twice(Exception):
    """A key that stands twice in a JSON object."""


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _Twice(key)
        found[key] = value
    return found
