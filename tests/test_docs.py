"""The documentation names everything there is, its links lead somewhere, and its commands run."""

import argparse
import ast
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from advisor.cli import FAMILIES, STAGES, _parser
from advisor.domain.condition import FUNCTIONS, Operator
from advisor.domain.notation import _CALLS
from advisor.screening.sql import DIALECTS
from advisor.screening.wording import ISSUE_TITLES, TITLES
from advisor.shipped import shipped

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted([ROOT / "README.md", *DOCS.rglob("*.md")])


def page(name):
    return (DOCS / name).read_text(encoding="utf-8")


def named(word, text):
    """Whether a word stands in a text as code, not as a part of a longer word."""
    return re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text) is not None


# ---------------------------------------------------------------- commands


def commands(parser, before=()):
    """Yield each command with its options and arguments."""
    below = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not below:
        yield " ".join(before), [action for action in parser._actions if not isinstance(action, argparse._HelpAction)]
    for action in below:
        for name, inner in action.choices.items():
            yield from commands(inner, (*before, name))


COMMANDS = dict(commands(_parser()))


def test_the_commands_are_these():
    assert list(COMMANDS) == [
        "advise", "plan", "road", "statements", "screen", "demo-data", "instruments", "rules check", "rules explain", "rules diff", "rules sql",
        "train", "evaluate", "model card",
    ]  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_and_each_of_its_options_and_words_is_named(command):
    text = page("reference/commands.md")
    assert f"advisor {command}" in text
    for action in COMMANDS[command]:
        for option in action.option_strings or [(action.metavar or action.dest).upper()]:
            assert named(option, text), option
        for word in action.choices or ():
            assert named(word, text), word


def test_every_exit_code_and_variable_is_named():
    text = page("reference/commands.md")
    for word in ("ADVISOR_HOME", "| 0 |", "| 1 |", "| 2 |", "| 130 |"):
        assert word in text


def test_every_family_and_stage_is_named():
    text = page("reference/commands.md")
    assert [word for word in (*FAMILIES, *STAGES) if not named(word, text)] == []


# ---------------------------------------------------------------- facts, the condition language, errors


def test_every_fact_is_named(rules):
    text = page("reference/facts.md")
    catalogue = rules.catalogue
    every = (*catalogue.facts, *catalogue.derived, *catalogue.estimated)
    assert [name for name in every if not named(name, text)] == []


def test_every_option_of_a_fact_is_named(rules):
    text = page("reference/facts.md")
    assert [(fact.id, word) for fact in rules.catalogue.facts.values() for word in fact.options if not named(word, text)] == []


def test_every_operator_and_function_of_the_condition_language_is_named():
    text = page("reference/conditions.md")
    code = " ".join(re.findall(r"`([^`\n]+)`", text) + re.findall(r"```.*?\n(.*?)```", text, flags=re.DOTALL))
    written = {"contains": "in", "neg": "-"}
    wanted = {written.get(word, word) for word in (*get_args(Operator), *FUNCTIONS, *_CALLS)}
    wanted |= {"and", "or", "not", "not in", "if", "else", "as_of", "lifecycle_stage"}
    tokens = set(re.findall(r"not in|\w+|[<>=!]=|[-+*/<>]", code))
    assert sorted(wanted - tokens) == []


SECOND = ("refusal", "_refusal", "where")
"""What takes a file, a fact or the refused rows first, then the code."""


def codes(path):
    """Yield every problem code that a module may give: the first argument of Problem(…), refuse(…) and their like, or the second."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            position = 1 if name in SECOND or (path.name, name) == ("yamlfile.py", "refuse") else 0
            if name in ("Problem", "refuse", "_refuse", *SECOND) and len(node.args) > position:
                code = node.args[position]
                if isinstance(code, ast.Constant) and isinstance(code.value, str):
                    yield code.value


def test_every_code_of_a_problem_is_explained():
    found = {code for path in (ROOT / "advisor").rglob("*.py") for code in codes(path)}
    assert {"unknown_fact", "duplicate_key", "overlap", "kind_mismatch", "example", "unknown_instrument"} <= found
    text = page("reference/errors.md")
    assert sorted(code for code in found if f"`{code}`" not in text) == []


def test_no_code_is_explained_that_does_not_exist():
    found = {code for path in (ROOT / "advisor").rglob("*.py") for code in codes(path)}
    explained = re.findall(r"^\| `([a-z0-9_]+)` \|", page("reference/errors.md"), flags=re.MULTILINE)
    assert len(explained) > 40
    assert sorted(set(explained) - found) == []


def test_every_result_of_a_screening_is_named_with_its_titles():
    text = page("reference/screening.md")
    titles = {**TITLES, **ISSUE_TITLES}
    numbered = re.compile(r"(top|missing)(?!1(_fit)?$)\d+")
    wanted = {name: title for name, title in titles.items() if not numbered.match(name)}
    assert [name for name in wanted if not named(name, text)] == []
    assert [title for title in wanted.values() if title.zh not in text or title.en not in text] == []
    assert [f"p_{stage}" for stage in STAGES if not named(f"p_{stage}", text)] == []


def test_every_dialect_is_named():
    for name in ("reference/commands.md", "how-to/run-rules-in-a-warehouse.md"):
        assert [dialect for dialect in DIALECTS if f"`{dialect}`" not in page(name)] == []


def test_every_rule_file_and_key_of_an_instrument_is_named():
    text = page("reference/rule-files.md")
    assert [path.name for path in sorted(shipped("rules").glob("*.*")) if path.name not in text] == []


# ---------------------------------------------------------------- links and commands


def links(path):
    """Yield the targets of relative links of a page, code blocks left out."""
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if not re.match(r"[a-z]+:", target):
            yield target


def anchors(path):
    """The anchors of a page's headings, as the usual renderers make them."""
    heads = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-") for head in heads}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(path):
    broken = []
    for target in links(path):
        file, _, anchor = target.partition("#")
        there = (path.parent / file).resolve() if file else path
        if not there.exists() or (anchor and anchor not in anchors(there)):
            broken.append(target)
    assert broken == []


def test_every_page_can_be_reached_from_the_readme():
    seen, open_pages = set(), [ROOT / "README.md"]
    while open_pages:
        path = open_pages.pop()
        if path in seen or path.suffix != ".md":
            continue
        seen.add(path)
        for target in links(path):
            there = (path.parent / target.partition("#")[0]).resolve()
            open_pages += sorted(there.glob("*.md")) if there.is_dir() else [there]
    assert [str(path.relative_to(ROOT)) for path in PAGES if path.resolve() not in seen] == []


def console(name):
    """The commands of a page's console blocks."""
    blocks = re.findall(r"```console\n(.*?)```", page(name), flags=re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.startswith("advisor ")]


def test_both_tutorials_show_the_same_commands():
    def bare(name):
        return [line.replace(" --lang en", "").replace(" --lang zh", "") for line in console(name)]

    assert len(bare("tutorial.md")) >= 5
    assert bare("tutorial.md") == bare("tutorial.zh.md")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("docs-home")


@pytest.mark.parametrize(
    "line", sorted({*console("tutorial.md"), *console("tutorial.zh.md"), *console("reference/commands.md"), *console("how-to/use-the-json.md")})
)
def test_a_command_of_the_documentation_runs(line, home):
    assert not set(line) & set("|><;&$`"), "a plain command, without a shell"
    _, *arguments = shlex.split(line)
    environment = {**os.environ, "ADVISOR_HOME": str(home)}
    ended = subprocess.run([sys.executable, "-m", "advisor", *arguments], cwd=ROOT, env=environment, capture_output=True, check=False)
    assert ended.returncode == 0, ended.stderr.decode()
    assert ended.stdout.strip()


def test_the_readme_example_in_python_runs():
    (block,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.DOTALL)
    names = {}
    exec(block, names)
    assert sum(names["advice"].stage.probabilities.values()) == pytest.approx(1)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_documentation_speaks_only_of_the_product(path):
    text = path.read_text(encoding="utf-8")
    assert re.findall(r"(?<![\w.])/(?:work|tmp|home|root)\b\S*", text) == []
    assert re.findall(r"\b(?:TODO|FIXME|TBD)\b", text) == []
