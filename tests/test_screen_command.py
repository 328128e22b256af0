"""`advisor screen` and `advisor demo-data`: what is printed names the counts, errors come in words, exit codes say how it ended."""

import io
import json
import os
import re
import subprocess
import sys
import zipfile
from collections import Counter
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from advisor.domain.words import LEVEL
from advisor.population.firms import firms
from advisor.screening.portfolio import PortfolioScreen
from tests.screening.agreement import DAY, stage_model

ROOT = Path(__file__).parent.parent
FIRMS = 1_500
LANGS = ("zh", "en")


def words(printed):
    """What was printed, without the folding of lines."""
    return " ".join(printed.split())


@pytest.fixture(scope="module")
def raw(rules):
    return next(firms(FIRMS, rules.catalogue, DAY, seed=3))


@pytest.fixture(scope="module")
def file(raw, tmp_path_factory):
    path = tmp_path_factory.mktemp("firms") / "firms.csv"
    raw.rename({"employees": "职工人数"}).insert_column(1, pl.lit("记").alias("备注")).write_csv(path)
    return path


@pytest.fixture(scope="module")
def screened(rules, file):
    """The same firms through the screen."""
    table = pl.read_csv(file, infer_schema=False)
    return PortfolioScreen(rules.as_of(DAY), DAY, table.columns, model=stage_model())(table, 2)


# ---------------------------------------------------------------- screen

SAID = {
    "zh": (f"筛查了 {FIRMS:,} 家企业", "所处阶段", "资金链", "最多企业可以申请的工具", "缺口", "最缺的情况", "结果：", "不是批准，也不保证"),
    "en": (f"{FIRMS:,} firms screened", "Stage of life", "Money chain", "Instruments open to most firms", "Gaps", "What is missing most",
           "Written:", "no approval and no promise"),
}  # fmt: skip


@pytest.mark.parametrize("lang", LANGS)
def test_the_summary_names_what_was_counted(advisor, rules, file, screened, tmp_path, lang):
    code, out, err = advisor("screen", file, tmp_path / "out.csv", "--as-of", DAY, "--lang", lang)
    assert code == 0
    for part in SAID[lang]:
        assert part in words(out)
    edition, tally = rules.as_of(DAY), screened.tally
    for stage, count in tally.stages.items():
        label = edition.ruleset.stages.labels[stage][lang] if stage else {"zh": "没有定", "en": "not named"}[lang]
        assert re.search(rf"{label} +█* +{count:,} +{count / FIRMS:.1%}", out), label
    for level, count in tally.levels.items():
        assert re.search(rf"{LEVEL[level][lang]} +█* +{count:,} +{count / FIRMS:.1%}", out), level
    best = int(tally.open_now.argmax())
    name = edition.instruments[best].name[lang]
    assert re.search(rf"{re.escape(name)} +{tally.open_now[best]:,} +{tally.undetermined[best]:,}\b", out)
    missing = Counter(tally.missing).most_common(1)[0]
    assert rules.catalogue.facts[missing[0]].label[lang] in out
    assert f"{missing[1] / FIRMS:.1f}" in out
    assert edition.ruleset.version in out
    assert DAY.isoformat() in out
    assert "None" not in out + err
    for written in ("out.csv", "out.issues.csv", "out.cover.json"):
        assert written in out.replace("\n", "")
        assert (tmp_path / written).exists()


@pytest.mark.parametrize("lang", LANGS)
def test_what_the_columns_hold_is_told_before_the_work(advisor, rules, file, tmp_path, lang):
    _, _, err = advisor("screen", file, tmp_path / "out.parquet", "--as-of", DAY, "--lang", lang)
    count = len(rules.catalogue.facts)
    said = {"zh": f"{count + 3} 列中认出 {count} 个指标（共 {count} 个）", "en": f"{count} of {count} facts were found in {count + 3} columns"}
    assert said[lang] in words(err)
    assert "备注" in err
    assert {"zh": "原样保留", "en": "passed through"}[lang] in err


def test_columns_with_units_and_slips_are_told_one_by_one(advisor, tmp_path):
    (tmp_path / "firms.csv").write_text("企业名称,资产总计（万元）,employes,资产负债率\n甲,100,5,0.5\n", encoding="utf-8")
    code, _, err = advisor("screen", tmp_path / "firms.csv", tmp_path / "out.csv", "--as-of", DAY, "--lang", "en")
    assert code == 0
    told = words(err)
    assert "Total assets (total_assets_cny)" in told
    assert "unit: 万元 (×10,000)" in told
    assert "did you mean 'Employees' (employees)?" in told
    assert "is worked out; this column is not read" in told


@pytest.mark.parametrize("lang", LANGS)
def test_cells_that_were_not_understood_are_counted(advisor, tmp_path, lang):
    (tmp_path / "firms.csv").write_text("employees,revenue_cny\nmany,1\n5,x\n-3,y\n", encoding="utf-8")
    code, out, _ = advisor("screen", tmp_path / "firms.csv", tmp_path / "out.csv", "--as-of", DAY, "--lang", lang)
    assert code == 0
    assert {"zh": "4 格没读懂", "en": "4 cells were not understood"}[lang] in words(out)
    assert len((tmp_path / "out.issues.csv").read_text(encoding="utf-8").splitlines()) == 5


@pytest.mark.parametrize(("lang", "said"), [("zh", "文件里没有企业"), ("en", "no firm in the file")])
def test_a_file_without_firms_is_no_error(advisor, tmp_path, lang, said):
    (tmp_path / "none.csv").write_text("employees\n", encoding="utf-8")
    code, out, _ = advisor("screen", tmp_path / "none.csv", tmp_path / "out.xlsx", "--lang", lang)
    assert code == 0
    assert said in out


@pytest.mark.parametrize(
    ("lang", "title", "said"),
    [
        ("zh", "最多企业可以申请的工具 已知的情况还不够", "筛查了 1 家企业"),
        ("en", "Instruments open to most firms Too little is known", "1 firm screened"),
    ],
)
def test_where_nothing_is_surely_open_that_is_said_under_its_heading(advisor, tmp_path, lang, title, said):
    file = tmp_path / "one.csv"
    file.write_text("Company name,Headcount\nA,40\n", encoding="utf-8")
    code, out, _ = advisor("screen", file, tmp_path / "result.csv", "--lang", lang)
    assert code == 0
    assert said in out
    assert title in words(out)


def test_a_columns_file_top_and_wide_are_heard(advisor, tmp_path):
    (tmp_path / "firms.csv").write_text("kopf,umsatz\n8,200\n", encoding="utf-8")
    (tmp_path / "columns.yaml").write_text("kopf: employees\numsatz: {fact: revenue_cny, unit: 万元}\n", encoding="utf-8")
    options = ("--columns", tmp_path / "columns.yaml", "--top", 2, "--wide", "--as-of", "2023-06-01")
    code, _, err = advisor("screen", tmp_path / "firms.csv", tmp_path / "out.parquet", *options)
    assert code == 0, err
    found = pl.read_parquet(tmp_path / "out.parquet")
    assert "kopf" not in found.columns
    assert [name for name in found.columns if re.fullmatch(r"top\d+", name)] == ["top1", "top2"]
    assert "direct_lease" in found.columns
    assert json.loads((tmp_path / "out.cover.json").read_text(encoding="utf-8"))["as_of"] == "2023-06-01"


def altered(path, alter):
    """Write a workbook of one firm whose parts, by name, have been altered."""
    book, kept = openpyxl.Workbook(), io.BytesIO()
    for row in (["employees"], [5]):
        book.active.append(row)
    book.save(kept)
    with zipfile.ZipFile(kept) as source, zipfile.ZipFile(path, "w") as target:
        for name, written in alter({name: source.read(name) for name in source.namelist()}).items():
            target.writestr(name, written)


SHEET = "xl/worksheets/sheet1.xml"
HOSTILE = {
    "macros": lambda parts: parts | {"xl/vbaProject.bin": b"macro"},
    "entities": lambda parts: parts | {SHEET: b'<!DOCTYPE x [<!ENTITY a "b">]>' + parts[SHEET]},
    "no workbook": lambda parts: {"readme.txt": b"nothing"},
}


@pytest.mark.parametrize(("hostile", "lang"), [("macros", "zh"), ("entities", "en"), ("no workbook", "zh")])
def test_a_hostile_workbook_is_refused_in_words(advisor, tmp_path, hostile, lang):
    altered(tmp_path / "evil.xlsx", HOSTILE[hostile])
    code, out, err = advisor("screen", tmp_path / "evil.xlsx", tmp_path / "out.csv", "--lang", lang)
    assert (code, out) == (2, "")
    assert "evil.xlsx" in err
    assert "Traceback" not in err
    assert bool(re.search("[一-鿿]", err)) is (lang == "zh")
    assert not (tmp_path / "out.csv").exists()


REFUSED = {
    "no such file": ("none.csv", "out.csv", {}, "没有这个文件", "no such file"),
    "an unknown kind": ("firms.doc", "out.csv", {}, "不认识这种文件", "not known"),
    "no known column": ("firms.csv", "out.csv", {"firms.csv": "colour\nred\n"}, "没有一列是认得的指标", "no column is a known fact"),
    "two columns for one fact": ("firms.csv", "out.csv", {"firms.csv": "employees,职工人数\n1,2\n"}, "两列都是", "both hold"),
    "a row too long": ("firms.csv", "out.csv", {"firms.csv": "employees\n1\n2,3\n"}, "这一行有2格", "this row has 2 cells"),
    "over the input": ("firms.csv", "firms.csv", {"firms.csv": "employees\n1\n"}, "不能写在原文件上", "may not be written over the input"),
    "a kind of result that is none": ("firms.csv", "out.doc", {"firms.csv": "employees\n1\n"}, "可以写成 .csv", "are written as .csv"),
    "a folder that is none": ("firms.csv", "no/out.csv", {"firms.csv": "employees\n1\n"}, "写不了这个文件", "cannot be written"),
}


@pytest.mark.parametrize(("source", "target", "written", "zh", "en"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_screened_is_refused_in_the_language_asked(advisor, tmp_path, source, target, written, zh, en):
    (tmp_path / "firms.doc").write_text("employees\n1\n")
    for name, text in written.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    before = sorted(tmp_path.iterdir())
    for lang, said in (("zh", zh), ("en", en)):
        code, out, err = advisor("screen", tmp_path / source, tmp_path / target, "--lang", lang)
        assert (code, out) == (2, "")
        assert said in err
    assert sorted(tmp_path.iterdir()) == before
    for name, text in written.items():
        assert (tmp_path / name).read_text(encoding="utf-8") == text


@pytest.mark.parametrize(("option", "value"), [("--top", "0"), ("--top", "21"), ("--top", "many"), ("--as-of", "2026-02-30"), ("--engine", "abacus")])
def test_options_that_cannot_be_used_show_how_the_command_is_used(advisor, file, tmp_path, option, value):
    code, out, err = advisor("screen", file, tmp_path / "out.csv", option, value)
    assert (code, out) == (2, "")
    assert "usage: advisor screen" in err
    assert not list(tmp_path.iterdir())


def test_bad_rules_are_refused_before_any_work(advisor, file, tmp_path):
    code, out, err = advisor("screen", file, tmp_path / "out.csv", "--rules", tmp_path / "no-rules", "--lang", "en")
    assert (code, out) == (2, "")
    assert "this rule file is missing" in err


def test_the_command_is_a_process_of_its_own_too(command_home, file, tmp_path):
    """Results on standard output, how far it is on standard error; a warning would be an error."""
    environment = {**os.environ, "ADVISOR_HOME": str(command_home), "COLUMNS": "120", "PYTHONWARNINGS": "error", "PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-m", "advisor", "screen", file, tmp_path / "out.xlsx", "--as-of", str(DAY)]
    ended = subprocess.run(list(map(str, command)), cwd=ROOT, env=environment, capture_output=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert f"{FIRMS:,}".encode() in ended.stdout
    assert openpyxl.load_workbook(tmp_path / "out.xlsx", read_only=True).sheetnames[0] == "结果"


# ---------------------------------------------------------------- demo-data


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_made_up_firms_are_written_and_can_be_screened(advisor, rules, tmp_path, ending):
    code, out, _ = advisor("demo-data", 300, tmp_path / f"firms.{ending}", "--as-of", DAY, "--seed", 4, "--lang", "en")
    assert code == 0
    assert "300 made-up firms written" in out
    code, out, err = advisor("screen", tmp_path / f"firms.{ending}", tmp_path / "out.parquet", "--as-of", DAY, "--lang", "en")
    assert code == 0, err
    made = next(firms(300, rules.catalogue, DAY, seed=4))
    wanted = PortfolioScreen(rules.as_of(DAY), DAY, made.columns, model=stage_model())(made, 1).frame
    found = pl.read_parquet(tmp_path / "out.parquet")
    assert "not understood" not in out
    assert found.select(pl.all().cast(pl.String)).equals(wanted.select(pl.all().cast(pl.String)))


def test_the_same_seed_makes_the_same_firms_and_another_others(advisor, tmp_path):
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        assert advisor("demo-data", 50, tmp_path / f"{name}.parquet", "--seed", seed, "--as-of", DAY)[0] == 0
    one, same, other = (pl.read_parquet(tmp_path / f"{name}.parquet") for name in "abc")
    assert one.equals(same)
    assert not one.equals(other)


@pytest.mark.parametrize("count", ["0", "-5", "1e6", "many", "1000000001"])
def test_a_number_of_firms_that_is_none_is_refused(advisor, tmp_path, count):
    code, out, err = advisor("demo-data", count, tmp_path / "firms.csv")
    assert (code, out) == (2, "")
    assert "1000000000" in err or "usage: advisor demo-data" in err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("lang", "said"), [("zh", "写不了"), ("en", "cannot be written")])
def test_firms_that_cannot_be_written_are_refused_in_words(advisor, tmp_path, lang, said):
    code, out, err = advisor("demo-data", 10, tmp_path / "no" / "firms.csv", "--lang", lang)
    assert (code, out) == (2, "")
    assert said in err
