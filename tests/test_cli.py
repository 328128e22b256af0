"""The command line as people and programs meet it: a process of its own, its output, its errors, its exit code."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from advisor.cli import main
from advisor.cli.advise import MAX_INPUT
from tests.examples import strict_json
from tests.rulefiles.written import LEASE, copy_of_the_rules, replace_in, small_copy_of_the_rules

ROOT = Path(__file__).parent.parent
GROWTH, STARTUP, DECLINE = (f"data/examples/{name}.yaml" for name in ("growth_maker", "startup_team", "declining_trader"))
DAY = "2026-11-24"
Draft = jsonschema.Draft202012Validator
SCHEMA = json.loads((ROOT / "docs" / "reference" / "advice.schema.json").read_text(encoding="utf-8"))


class Ended:
    """A command that has run: its exit code and what it wrote."""

    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out.decode("utf-8"), err.decode("utf-8")

    @property
    def words(self):
        """What was written, without the folding of lines."""
        return " ".join(self.out.split())


@pytest.fixture
def advisor(command_home):
    """Run `advisor` with arguments and, perhaps, standard input."""

    def run(*arguments, given=b"", **variables):
        environment = {**os.environ, "ADVISOR_HOME": str(command_home), "COLUMNS": "120", "PYTHONWARNINGS": "error", **variables}
        given = given.encode() if isinstance(given, str) else given
        command = [sys.executable, "-m", "advisor", *map(str, arguments)]
        ended = subprocess.run(command, input=given, capture_output=True, cwd=ROOT, env=environment, check=False)
        return Ended(ended.returncode, ended.stdout, ended.stderr)

    return run


@pytest.fixture
def refused(command_home, monkeypatch, capfdbinary):
    """Run `advisor` in this process, which is quicker, where it is to refuse; a crash shows as one."""
    monkeypatch.setenv("ADVISOR_HOME", str(command_home))
    monkeypatch.chdir(ROOT)

    def run(*arguments):
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as ended:
            code = ended.code
        return Ended(code, *capfdbinary.readouterr())

    return run


# ---------------------------------------------------------------- advise


def test_advice_is_printed_in_chinese_unless_asked_otherwise(advisor):
    ended = advisor("advise", GROWTH, "--as-of", DAY)
    assert (ended.code, ended.err) == (0, "")
    for part in ("渝成精密（示例）", "阶段 成长", "资金链", "现在可以申请", "首选：", "依据", "提醒", "规则版本", "不是批准"):
        assert part in ended.out
    assert "None" not in ended.out


def test_advice_is_printed_in_english_when_asked(advisor):
    ended = advisor("advise", GROWTH, "--as-of", DAY, "--lang", "en")
    assert (ended.code, ended.err) == (0, "")
    for part in ("Stage growth", "Money chain", "Can be applied for now", "First choice:", "Basis", "Caveat", "no approval and no promise"):
        assert part in ended.words


def test_a_firm_of_which_nothing_is_known_gets_questions_and_no_verdict(advisor):
    ended = advisor("advise", "-", "--as-of", DAY, "--lang", "en", given="{}")
    assert ended.code == 0
    assert "unnamed firm" in ended.out
    assert "too early to tell" in ended.out
    assert "Tell us more" in ended.out


def test_json_is_one_object_that_fits_its_schema(advisor):
    ended = advisor("advise", DECLINE, "--format", "json", "--as-of", DAY, "--lang", "en")
    assert (ended.code, ended.err) == (0, "")
    view = strict_json(ended.out)
    Draft(SCHEMA).validate(view)
    assert (view["as_of"], view["lang"], view["firm_id"]) == (DAY, "en", "example-decline")


def test_a_list_of_firms_becomes_a_list_of_advice_in_the_same_order(advisor):
    firms = json.dumps([{"firm_id": "a", "employees": 5}, {"firm_id": "b"}, {"firm_id": "c", "region": "chongqing"}])
    ended = advisor("advise", "-", "--format", "json", "--as-of", DAY, given=firms)
    views = strict_json(ended.out)
    assert [view["firm_id"] for view in views] == ["a", "b", "c"]
    for view in views:
        Draft(SCHEMA).validate(view)


def test_a_list_of_one_stays_a_list(advisor):
    ended = advisor("advise", "-", "--format", "json", given="- firm_id: only\n")
    assert [view["firm_id"] for view in strict_json(ended.out)] == ["only"]


def test_several_firms_are_printed_one_after_the_other(advisor):
    ended = advisor("advise", "-", "--lang", "en", given="- name: First Firm\n- name: Second Firm\n")
    assert 0 <= ended.out.index("First Firm") < ended.out.index("Second Firm")


def test_yaml_and_json_of_the_same_firm_get_the_same_advice(advisor):
    as_yaml = advisor("advise", "-", "--format", "json", "--as-of", DAY, given="employees: 40\nrevenue_cny: 1800万\nblacklisted: no\n")
    as_json = advisor("advise", "-", "--format", "json", "--as-of", DAY, given='{"employees": 40, "revenue_cny": 18000000, "blacklisted": false}')
    assert as_yaml.code == 0
    assert strict_json(as_yaml.out) == strict_json(as_json.out)


def test_a_byte_order_mark_does_no_harm(advisor):
    assert advisor("advise", "-", given=b"\xef\xbb\xbfemployees: 40\n").code == 0


def test_the_date_decides_which_rules_hold(advisor):
    """The startup loan to individuals offers CNY 500,000 since 1 June 2025, before that 300,000."""

    def most(*dated):
        view = strict_json(advisor("advise", "-", "--format", "json", *dated, given=f"region: chongqing{chr(10)}as_of: 2025-05-31").out)
        return view["as_of"], next(found["offer"]["max_cny"] for found in view["matches"] if found["id"] == "startup_guaranteed_loan_personal")

    assert most("--as-of", "2025-06-01") == ("2025-06-01", 500_000)
    assert most() == ("2025-05-31", 300_000), "without --as-of the firm's own date holds"


def test_why_shows_every_test_of_the_instruments_named_and_nothing_else(advisor):
    ended = advisor("advise", GROWTH, "--as-of", DAY, "--lang", "en", "--why", "direct_lease", "--why", "tax_credit_loan")
    assert ended.code == 0
    assert "Direct finance lease" in ended.out
    assert "at least 1 year" in ended.out
    assert "What would change it" in ended.out
    assert "Can be applied for now" not in ended.out


def test_all_lists_every_instrument_that_is_open(advisor):
    short, full = (advisor("advise", GROWTH, "--as-of", DAY, "--lang", "en", *more).out for more in ((), ("--all",)))
    assert "--all lists them" in short
    assert "--all lists them" not in full
    assert len(full) > len(short)


@pytest.mark.parametrize(("lang", "columns"), [("zh", "40"), ("en", "60"), ("zh", "200")])
def test_no_line_is_wider_than_the_window(advisor, lang, columns):
    from rich.cells import cell_len

    ended = advisor("advise", GROWTH, "--as-of", DAY, "--lang", lang, "--all", COLUMNS=columns)
    assert max(cell_len(line) for line in ended.out.splitlines()) <= int(columns)


def test_output_needs_no_particular_code_page(advisor):
    ended = advisor("advise", STARTUP, PYTHONIOENCODING="ascii")
    assert ended.code == 0
    assert "Traceback" not in ended.err


# ---------------------------------------------------------------- instruments


def test_instruments_are_listed_by_stage_and_family(advisor):
    ended = advisor("instruments", "--stage", "growth", "--family", "leasing", "--lang", "en", "--as-of", DAY)
    assert ended.code == 0
    assert "3 instruments" in ended.out
    assert "direct_lease" in ended.out


def test_instruments_as_json_are_those_in_force(advisor):
    listed = strict_json(advisor("instruments", "--format", "json", "--lang", "en", "--as-of", DAY).out)
    growing = strict_json(advisor("instruments", "--format", "json", "--stage", "growth", "--family", "loan", "--as-of", DAY).out)
    assert len(listed) == 172
    assert {one["family"] for one in growing} == {"loan"}
    assert all("growth" in one["stages"] for one in growing)
    assert {one["id"] for one in growing} < {one["id"] for one in listed}
    keys = {key: SCHEMA["$defs"]["match"]["properties"][key] for key in listed[0]}
    Draft({"type": "array", "items": {"type": "object", "properties": keys, "required": list(keys)}, "$defs": SCHEMA["$defs"]}).validate(listed)


# ---------------------------------------------------------------- rules


@pytest.mark.parametrize(("lang", "said"), [("zh", "没有问题：173 个工具"), ("en", "no problems: 173 instruments")])
def test_the_shipped_rules_have_no_problem(advisor, lang, said):
    ended = advisor("rules", "check", "--lang", lang)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith(said)


def test_rules_with_problems_are_listed_and_end_with_1(advisor, tmp_path):
    folder = small_copy_of_the_rules(tmp_path)
    replace_in(folder, LEASE, "if: not blacklisted", "if: not blacklistd")
    replace_in(folder, "gates.yaml", "if: blacklisted", "if: blacklistedd")
    for arguments in (("rules", "check", folder, "--lang", "en"), ("rules", "check", "--rules", folder, "--lang", "en")):
        ended = advisor(*arguments)
        assert ended.code == 1
        assert len(ended.out.splitlines()) == 2
        assert f"{LEASE}:" in ended.out
        assert "did you mean 'blacklisted'?" in ended.out
        assert ended.err.strip() == "2 problems"


def test_one_problem_is_one_problem(advisor, tmp_path):
    folder = small_copy_of_the_rules(tmp_path)
    replace_in(folder, LEASE, "if: not blacklisted", "if: not blacklistd")
    assert advisor("rules", "check", folder, "--lang", "en").err.strip() == "1 problem"


def test_an_example_that_does_not_come_out_ends_with_1(advisor, tmp_path):
    folder = copy_of_the_rules(tmp_path)
    replace_in(folder, LEASE, "expect: ineligible", "expect: undetermined")
    ended = advisor("rules", "check", folder, "--lang", "zh")
    assert ended.code == 1
    assert re.fullmatch(rf"{LEASE}:\d+:\d+: 第2个例子：应为undetermined，实为ineligible", ended.out.strip())


def test_an_instrument_is_explained_in_words_with_its_other_periods(advisor):
    ended = advisor("rules", "explain", "startup_guaranteed_loan_personal", "--lang", "en")
    assert ended.code == 0
    for part in ("Startup guaranteed loan", "required", "published policy", "Other periods", "2025-06-01", "Caveat"):
        assert part in ended.out
    older = advisor("rules", "explain", "startup_guaranteed_loan_personal", "--as-of", "2025-05-31")
    assert "不同时期的规定" in older.out


@pytest.mark.parametrize(
    ("fact", "parts"),
    [
        ("revenue_cny", ("Revenue, latest year", "Found in", "Read by")),
        ("region", ("chongqing", "Province of registration")),
        ("debt_ratio", ("total_liabilities_cny / total_assets_cny",)),
        ("size_class", ("Size class", "industry_class")),
        ("lifecycle_stage", ("Lifecycle stage", "startup", "growth", "mature", "decline")),
    ],
)
def test_a_fact_is_explained(advisor, fact, parts):
    ended = advisor("rules", "explain", fact, "--lang", "en")
    assert ended.code == 0
    for part in parts:
        assert part in ended.out


# ---------------------------------------------------------------- what cannot be used: exit code 2, nothing on stdout

BAD_FACTS = {
    "an unknown fact": ("employes: 5", ("没有“employes”这个指标；是不是“employees”？", "'employes' is not a fact; did you mean 'employees'?")),
    "a derived fact": ("debt_ratio: 0.5", ("请填：total_liabilities_cny、total_assets_cny", "give total_liabilities_cny, total_assets_cny")),
    "the wrong kind": ("employees: many", ("不是数字", "is not a number")),
    "a fraction of a person": ("employees: 2.5", ("应为整数", "should be a whole number")),
    "a list for one value": ("employees: [5]", ("只能填一个值", "takes one value")),
    "a word that is no option": ("region: chongqin", ("是不是“chongqing”", "did you mean 'chongqing'")),
    "out of range": ("employees: -1", ("应不小于0", "should be at least 0")),
    "per cent without its sign": ("top1_customer_ratio: 46", ("如 0.35 表示 35%", "write 35% as 0.35")),
    "not a number, in YAML": ("revenue_cny: .nan", ("不是有限的数字", "is not a finite number")),
    "not a number, in JSON": ('{"revenue_cny": NaN}', ("不是有限的数字", "is not a finite number")),
    "infinite": ('{"revenue_cny": 1e999}', ("不是有限的数字", "is not a finite number")),
    "a key twice, in YAML": ("employees: 1\nemployees: 2", ("“employees”写了两次", "'employees' stands here twice")),
    "a date that is none": ("established_date: 2026-02-30", ("不是日期", "is not a date")),
    "an own date that is none": ("as_of: 2026-13-01", ("不是可用的日期", "is not a usable date")),
    "nothing": ("", ("应是一家企业", "should hold one firm")),
    "only a remark": ("# nothing yet\n", ("应是一家企业", "should hold one firm")),
    "an empty list": ("[]", ("应是一家企业", "should hold one firm")),
    "a bare number": ("5", ("应是一家企业", "should hold one firm")),
    "a list with a word": ("- employees: 1\n- five", ("应是一家企业", "should hold one firm")),
    "not UTF-8": ("企业: 一".encode("gb18030"), ("UTF-8", "UTF-8")),
    "broken YAML": ("a: [1", ("YAML写法有误", "not valid YAML")),
    "an alias": ("name: &x one\nfirm_id: *x", ("锚点", "anchors")),
    "deep nesting": ("name: " + "[" * 100 + "]" * 100, ("嵌套太深", "nested too deeply")),
    "too large": (b"#" * (MAX_INPUT + 1), (f"超过{MAX_INPUT // 1_000_000}MB", f"larger than {MAX_INPUT // 1_000_000} MB")),
    "a list with one bad firm": ("- employees: 1\n- employees: x\n- employees: 3", ("第2家：", "firm 2: ")),
}


@pytest.mark.parametrize(("given", "said"), BAD_FACTS.values(), ids=BAD_FACTS)
def test_facts_that_cannot_be_used_are_refused_in_the_language_asked_and_nothing_is_done(refused, tmp_path, given, said):
    file = tmp_path / "firm"
    file.write_bytes(given.encode() if isinstance(given, str) else given)
    for lang, part in zip(("zh", "en"), said, strict=True):
        ended = refused("advise", file, "--format", "json", "--lang", lang)
        assert (ended.code, ended.out) == (2, "")
        assert part in ended.err


def test_a_refusal_ends_the_process_with_2_and_leaves_standard_output_empty(advisor):
    ended = advisor("advise", "-", "--format", "json", "--lang", "en", given="- employees: 1\n- employees: x\n- employees: 3")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == "firm 2: Employees (employees): 'x' is not a number\n"


def test_all_problems_of_all_firms_are_told_at_once(advisor):
    ended = advisor("advise", "-", "--lang", "en", given="- {employees: x, revenu_cny: 1}\n- {employees: 1}\n- {region: mars}\n")
    assert (ended.code, ended.out) == (2, "")
    assert [line.split(":")[0] for line in ended.err.splitlines()] == ["firm 1", "firm 1", "firm 3"]


BAD_JSON = {
    "a key twice": ('{"employees": 1, "employees": 2}', "employees"),
    "an open bracket": ('{"employees": 1', "读不懂"),
    "nesting without end": ("[" * 100_000, "读不懂"),
    "half a character": (r'{"name": "\ud800"}', "name"),
    "half a character in a fact": (r'{"district": "\ud800"}', "district"),
    "a number of many digits": ('{"employees": ' + "9" * 5000 + "}", "读不懂"),
}


@pytest.mark.parametrize(("given", "part"), BAD_JSON.values(), ids=BAD_JSON)
def test_json_that_cannot_be_used_is_refused_in_chinese_when_chinese_is_asked(refused, tmp_path, given, part):
    file = tmp_path / "firm.json"
    file.write_text(given, encoding="utf-8")
    ended = refused("advise", file, "--lang", "zh", "--format", "json")
    assert (ended.code, ended.out) == (2, "")
    assert part in ended.err
    assert not re.search(r"[a-z]{3,} [a-z]{2,} ", ended.err), "it is said in English"


def test_yaml_nested_without_end_is_refused_and_does_not_bring_the_process_down(advisor):
    ended = advisor("advise", "-", "--lang", "en", given="name: " + "[" * 200_000 + "]" * 200_000)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.strip()


BAD_ARGUMENTS = {
    "a date that is none": (("advise", GROWTH, "--as-of", "2026-02-30"), ("不是日期", "not a date like 2026-01-31")),
    "a date in words": (("instruments", "--as-of", "today"), ("不是日期", "not a date like 2026-01-31")),
    "an unknown instrument": (("advise", GROWTH, "--why", "direct_leese"), ("是不是“direct_lease”", "did you mean 'direct_lease'")),
    "an unknown instrument to explain": (("rules", "explain", "direct_leese"), ("是不是“direct_lease”", "did you mean 'direct_lease'")),
    "an unknown fact to explain": (("rules", "explain", "revenu_cny"), ("是不是“revenue_cny”", "did you mean 'revenue_cny'")),
    "a missing file": (("advise", "no_such_firm.yaml"), ("no_such_firm.yaml", "no_such_firm.yaml")),
    "a folder for a file": (("advise", "data"), ("data", "data")),
    "a missing rules folder": (("advise", GROWTH, "--rules", "no_such_rules"), ("缺少这个规则文件", "this rule file is missing")),
    "a missing rules folder to list": (("instruments", "--rules", "no_such_rules"), ("缺少这个规则文件", "this rule file is missing")),
    "a file for a rules folder": (("rules", "explain", "region", "--rules", GROWTH), ("缺少这个规则文件", "this rule file is missing")),
}


@pytest.mark.parametrize(("arguments", "said"), BAD_ARGUMENTS.values(), ids=BAD_ARGUMENTS)
def test_arguments_that_cannot_be_used_are_refused_in_the_language_asked(refused, arguments, said):
    for lang, part in zip(("zh", "en"), said, strict=True):
        ended = refused(*arguments, "--lang", lang)
        assert (ended.code, ended.out) == (2, "")
        assert part in ended.err


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("advise",),
        ("advice", GROWTH),
        ("advise", GROWTH, "--lang", "fr"),
        ("instruments", "--stage", "old"),
        ("rules",),
        ("advise", GROWTH, "--format", "xml"),
    ],
    ids=str,
)
def test_a_command_that_is_none_shows_how_it_is_used(refused, arguments):
    ended = refused(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert "usage: advisor" in ended.err


def test_bad_rules_are_refused_before_anything_is_said(advisor, tmp_path):
    folder = small_copy_of_the_rules(tmp_path)
    replace_in(folder, LEASE, "if: not blacklisted", "if: not blacklistd")
    ended = advisor("advise", GROWTH, "--rules", folder, "--lang", "en")
    assert (ended.code, ended.out) == (2, "")
    assert "did you mean 'blacklisted'?" in ended.err


@pytest.mark.parametrize("day", ["0001-01-01", "9999-06-01", "9999-12-31"])
def test_a_day_that_no_calendar_of_firms_holds_is_refused_wherever_it_is_given(refused, tmp_path, day):
    firm, dated = tmp_path / "firm.yaml", tmp_path / "dated.yaml"
    firm.write_text("established_date: 1990-01-29\n", encoding="utf-8")
    dated.write_text(f"established_date: 1990-01-29\nas_of: {day}\n", encoding="utf-8")
    for arguments in (("advise", firm, "--as-of", day), ("advise", dated), ("instruments", "--as-of", day)):
        ended = refused(*arguments)
        assert (ended.code, ended.out) == (2, "")


def test_help_names_every_command_in_both_languages(advisor):
    ended = advisor("--help")
    assert ended.code == 0
    for part in ("advise", "instruments", "rules", "企业", "firm"):
        assert part in ended.out


def test_a_reader_that_goes_away_is_no_error(command_home):
    command = f"{sys.executable} -m advisor advise {GROWTH} --format json | head -c 10 > {os.devnull}; exit ${{PIPESTATUS[0]}}"
    ended = subprocess.run(["bash", "-c", command], cwd=ROOT, env={**os.environ, "ADVISOR_HOME": str(command_home)}, capture_output=True, check=False)
    assert b"Traceback" not in ended.stderr
    assert ended.returncode in (0, 141)


@pytest.mark.parametrize("name", ["[/x] 渝成", "[red]Acme[/red]", "[bold"])
def test_a_name_is_shown_as_it_was_given(advisor, tmp_path, name):
    file = tmp_path / "firm.json"
    file.write_text(json.dumps({"name": name, "region": "chongqing"}), encoding="utf-8")
    ended = advisor("advise", file)
    assert (ended.code, ended.err) == (0, "")
    assert name in ended.out


@pytest.mark.parametrize("key", ["name", "district", "firm_id"])
def test_what_would_steer_a_terminal_is_refused(refused, tmp_path, key):
    file = tmp_path / "firm.json"
    file.write_text(json.dumps({key: "渝\x1b]0;owned\x07成"}), encoding="utf-8")
    ended = refused("advise", file)
    assert ended.code == 2
    assert "\x1b" not in ended.err
    assert key in ended.err


def test_a_list_has_a_limit(refused, tmp_path):
    file = tmp_path / "firms.json"
    file.write_text("[" + ",".join(["{}"] * 1001) + "]", encoding="utf-8")
    assert "1000" in refused("advise", file).err


def test_the_words_of_the_command_line_are_those_of_the_kernel():
    """They are written again there so that --help loads nothing else."""
    from advisor import cli
    from advisor.domain.instrument import FAMILIES
    from advisor.domain.stage import STAGES

    assert (cli.FAMILIES, cli.STAGES) == (FAMILIES, STAGES)
