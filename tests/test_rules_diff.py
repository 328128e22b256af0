"""Two folders of rules compared and printed: what a change of the files says to whoever must approve it."""

import csv
import datetime as dt
import io
import os
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from rich.console import Console
from rich.panel import Panel

from advisor.cli import main
from advisor.domain.difference import compare
from advisor.domain.instrument import Criterion
from advisor.domain.statement import KINDS
from advisor.domain.words import LEVEL
from advisor.population.firms import write_firms
from advisor.rulefiles.folder import read_rules
from advisor.screening.portfolio import PortfolioScreen
from advisor.shipped import shipped
from advisor.terminal.difference import GROUP, print_difference
from tests.examples import strict_json
from tests.made_up import instrument
from tests.rulefiles.written import LEASE, copy_of_the_rules, replace_in, small_copy_of_the_rules
from tests.screening.agreement import stage_model

DAY = dt.date(2026, 11, 24)
FOUNDERS = "instruments/loan/startup_guaranteed_loan_personal.yaml"
EDITS = (
    (LEASE, "zh: 设备直接租赁\n", "zh: 设备直租\n"),
    (LEASE, "max_cny: 300000000", "max_cny: 500000000"),
    (LEASE, "years_established >= 1 or", "years_established >= 2 or"),
    (LEASE, "  - if: not blacklisted\n    origin: practice\n", ""),
    (LEASE, "if: need_months >= 24", "if: need_months >= 24\n    origin: estimate\n  - if: rd_ratio >= 0.03"),
    (LEASE, "documents: [BL, QUO,", "documents: [BL, ID,"),
    (LEASE, "可减轻一次买断的压力", "可以减轻一次买断的压力"),
    (LEASE, "首付约10%至20%", "首付约10%至30%"),
    ("facts.yaml", "sichuan: {zh: 四川, en: Sichuan}", "sichuan: {zh: 四川, en: Sichuan}\n      free_port: {zh: 自由港, en: Free port}"),
    ("size_standard.yaml", "medium: {employees: 300, revenue_cny: 20_000_000}", "medium: {employees: 250, revenue_cny: 20_000_000}"),
    ("derived.yaml", "formula: total_liabilities_cny / total_assets_cny", "formula: (total_liabilities_cny - short_debt_cny) / total_assets_cny"),
    ("stages.yaml", "revenue_cagr2 >= 0.15 or", "revenue_cagr2 >= 0.20 or"),
    ("stages.yaml", "named_from: 0.55", "named_from: 0.6"),
    ("warnings.yaml", "construction: {amber: reading > 0.75", "construction: {amber: reading > 0.76"),
    ("warnings.yaml", "unit: times, weight: 2, confidence: assumed", "unit: times, weight: 4, confidence: assumed"),
    ("warnings.yaml", "{level: red, if: cannot_pay_due,", "{level: amber, if: cannot_pay_due,"),
    ("warnings.yaml", "amber_from: 8", "amber_from: 7"),
    ("gates.yaml", "interest_cover < 1\n", "interest_cover < 1.5\n"),
    ("ladder.yaml", "near_misses: 2 ", "near_misses: 3 "),
    ("ranking.yaml", "weights: {stage: 0.20", "weights: {stage: 0.25"),
    ("plausibility.yaml", "if: cash_cny > total_assets_cny", "if: cash_cny > 1.1 * total_assets_cny"),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The shipped rules with four instruments; never changed here."""
    return small_copy_of_the_rules(tmp_path_factory.mktemp("old"))


@pytest.fixture(scope="module")
def old(folder):
    """Those rules, read."""
    return read_rules(folder)


@pytest.fixture
def after(folder, old, tmp_path):
    """What differs once a copy of the folder was edited: (file, text there, text instead)."""

    def compared(*edits, day=DAY):
        copy = shutil.copytree(folder, tmp_path / "new")
        for name, there, instead in edits:
            replace_in(copy, name, there, instead)
        return compare(old, read_rules(copy), day)

    return compared


@pytest.fixture(scope="module")
def edited(folder, old, tmp_path_factory):
    """What differs after one edit of nearly every kind of rule."""
    copy = shutil.copytree(folder, tmp_path_factory.mktemp("new") / "rules")
    for name, there, instead in EDITS:
        replace_in(copy, name, there, instead)
    (copy / FOUNDERS).unlink()
    return compare(old, read_rules(copy), DAY)


def printed(difference, lang, width=200, **more):
    """What stands on the screen, one line each, blank lines left out."""
    screen = io.StringIO()
    print_difference(difference, lang, console=Console(file=screen, width=width), **more)
    return [line.strip() for line in screen.getvalue().splitlines() if line.strip()]


def block(lines, first):
    """The lines from the one that begins so to the next that begins a rule or a section."""
    start = next(position for position, line in enumerate(lines) if line.startswith(first))
    end = next((position for position, line in enumerate(lines) if position > start and (line[0] in "~+−" or "（" in line[-4:])), len(lines))
    return lines[start + 1 : end]


# ---------------------------------------------------------------- what is printed


def test_an_instrument_is_told_by_what_changed_old_beside_new(edited):
    assert block(printed(edited, "zh"), "~ 设备直租  direct_lease  修订") == [
        "名称：设备直接租赁 → 设备直租",
        "最高金额：3亿元 → 5亿元",
        "价格：",
        "原  综合年成本约4%至8%（金融租赁公司约3.5%至6%），首付约10%至20%；凭经验，未核实。",
        "现  综合年成本约4%至8%（金融租赁公司约3.5%至6%），首付约10%至30%；凭经验，未核实。",
        "材料：删去 设备采购合同或报价单",
        "材料：增加 法定代表人和实际控制人的身份证",
        "必须满足：删去 不在失信、经营异常或严重违法名单上",
        "必须满足：",
        "原  成立年限不低于1年，或者近两年机构股权融资超过0元",
        "现  成立年限不低于2年，或者近两年机构股权融资超过0元",
        "加分：增加 研发费用占收入比不低于3%",
        "文字有改动：简介",
    ]


def test_in_english_what_was_changed_in_chinese_only_is_said_to_be_so(edited):
    lines = printed(edited, "en")
    assert "Name: only the Chinese was changed" in lines
    assert "Largest amount: CNY 300 million → CNY 500 million" in lines
    assert "required: removed not on any dishonesty, abnormal-operation or violation list" in lines
    assert "Wording changed: summary" in lines


@pytest.mark.parametrize(
    "told",
    [
        "规则 {old} → {new}，按 2026-11-24 看",
        "− 创业担保贷款（个人）  startup_guaranteed_loan_personal  删去，2026-11-24 当天不再适用",
        "选项（free_port）：增加 自由港",
        "权重（阶段）：0.2 → 0.25",
        "从多大概率起说出阶段：0.55 → 0.6",
        "黄灯起点：8 → 7",
        "权重：2 → 4",
        "黄灯（建筑业）：资产负债率超过75% → 资产负债率超过76%",
        "有到期还不上的债务：至少红灯 → 至少黄灯",
        "差几条以内算接近：2 → 3",
        "何时提醒：货币资金超过资产总额 → 货币资金超过1.1 × 资产总额",
        "何时关闭：生命周期阶段为衰退，并且利息保障倍数低于1倍 → 生命周期阶段为衰退，并且利息保障倍数低于1.5倍",
        "现  近两年收入复合增长率不低于20%，或者（成立年限低于8年，并且研发费用占收入比不低于5%）",
        "现  （负债总额 − 一年内到期的有息债务） ÷ 资产总额",
    ],
)
def test_every_kind_of_rule_is_told_in_the_words_of_a_finance_person(edited, told):
    assert told.format(old=edited.versions[0], new=edited.versions[1]) in printed(edited, "zh")


def test_the_size_standard_names_the_industry_and_class_whose_bounds_moved(edited):
    assert block(printed(edited, "zh"), "~ 企业规模  size_class") == [
        "工业（采矿、制造、电力燃气水）：中型：",
        "原  从业人员数不低于300人，并且去年营业收入不低于2,000万元",
        "现  从业人员数不低于250人，并且去年营业收入不低于2,000万元",
    ]


def test_what_rests_on_a_changed_fact_is_named_at_the_end(edited):
    lines = printed(edited, "en")
    end = lines[lines.index("Touched indirectly") :]
    assert "Liabilities to assets  Instruments (1): SRDI firm loan" in end
    assert any(line.startswith("Lifecycle stage  Gates (1): In decline") for line in end)
    assert not any("Direct finance lease" in line for line in end)


def test_a_file_that_was_added_is_told_with_its_conditions(edited, folder, old, tmp_path):
    copy = shutil.copytree(folder, tmp_path / "less")
    (copy / FOUNDERS).unlink()
    lines = block(printed(compare(read_rules(copy), old, DAY), "zh"), "+ 创业担保贷款（个人）")
    assert "生效日：增加 2025-06-01" in lines
    assert "必须满足：增加 注册省市为重庆" in lines
    assert not any(line.startswith("材料") for line in lines)


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("width", [40, 80, 200])
def test_nothing_is_lost_on_a_narrow_screen(edited, lang, width):
    def letters(lines):
        return "".join("".join(lines).split())

    assert letters(printed(edited, lang, width)) == letters(printed(edited, lang, 1000))


def test_what_it_does_to_a_portfolio_stands_at_the_end(edited):
    *told, _, impact, _ = printed(edited, "zh", impact=Panel("3家企业受影响"))
    assert told == printed(edited, "zh")
    assert impact.strip("│ ") == "3家企业受影响"


def test_every_kind_of_rule_has_a_heading():
    assert set(GROUP) == set(KINDS)


# ---------------------------------------------------------------- no difference


def test_other_comments_order_and_spelling_are_no_difference(after):
    found = after(
        (LEASE, "lead_days: [10, 30]", "lead_days: [10, 30]   # as a lessor says"),
        (LEASE, "stages: [startup, growth, mature]", "stages: [mature, growth, startup]"),
        (LEASE, "min_cny: 500000\n", "min_cny: 500_000.0\n"),
        (LEASE, "if: years_established >= 1 or equity_raised_2y_cny > 0", "if: (years_established >= 1.0) or equity_raised_2y_cny > 0"),
        ("ranking.yaml", "stage: 0.20", "stage: 0.2"),
        ("about.yaml", "checked_on: 2026-11-24", "checked_on: 2026-12-01"),
    )
    assert found.same
    assert found.versions[0] != found.versions[1]
    assert printed(found, "zh")[1:] == ["核对日期 2026-11-24 → 2026-12-01", "两套规则意思相同，只有注释、例子或写法不同。"]
    assert printed(found, "en")[-1] == "Both say the same; only comments, examples or spelling differ."


def test_a_folder_compared_with_itself_is_the_same(old):
    assert printed(compare(old, old, DAY), "en")[-1] == "The rules are the same."


# ---------------------------------------------------------------- time


ALWAYS = "valid: {from: null, to: null}"


def test_rules_from_next_year_on_leave_the_day_as_it_is(after):
    """The file describes next year, and keeps this year's amount as another version."""
    this_year = "versions: [{valid: {from: null, to: 2026-12-31}, note: {zh: 今年, en: this year}, amount: {min_cny: 500000, max_cny: 300000000}}]"
    found = after((LEASE, ALWAYS, f"valid: {{from: 2027-01-01, to: null}}\n{this_year}"), (LEASE, "max_cny: 300000000\n", "max_cny: 500000000\n"))
    lines = printed(found, "zh")
    assert "~ 设备直接租赁  direct_lease  修订，2026-11-24 当天规定不变" in lines
    assert {"生效日：增加 2027-01-01", "最高金额：3亿元 → 5亿元", "另一时期的规定：增加 至2026-12-31"} <= set(lines)


@pytest.mark.parametrize(
    ("day", "told"),
    [(DAY, "2026-11-24 当天不再适用"), (dt.date(2026, 1, 1), "2026-01-01 当天规定不变"), (dt.date(2026, 6, 30), "2026-06-30 当天规定不变")],
)
def test_a_last_day_takes_an_instrument_out_of_force_behind_it(after, day, told):
    (line,) = [line for line in printed(after((LEASE, ALWAYS, "valid: {from: null, to: 2026-06-30}"), day=day), "zh") if "direct_lease" in line]
    assert line == f"~ 设备直接租赁  direct_lease  修订，{told}"


# ---------------------------------------------------------------- the command, on a portfolio

ROOT = Path(__file__).parent.parent
SHIPPED = shipped("rules")
FIRMS = 3_000
TURNS = {
    "gained": ("现在可申请", "opens"), "lost": ("不再可申请", "closes"),
    "now_unknown": ("变为还不能判断", "becomes unknown"), "now_known": ("变为条件不符", "becomes known as not met"),
}  # fmt: skip


@pytest.fixture
def rules_diff(command_home, monkeypatch, capsys):
    """Run `advisor rules diff` in this process: its exit code, what it printed, and its errors."""
    monkeypatch.setenv("ADVISOR_HOME", str(command_home))
    monkeypatch.setenv("COLUMNS", "300")

    def run(*arguments):
        code = main(["rules", "diff", *map(str, arguments), "--as-of", DAY.isoformat()])
        return code, *capsys.readouterr()

    return run


@pytest.fixture(scope="module")
def stricter(tmp_path_factory):
    """A copy of the shipped rules in which a lessor asks for five years instead of one."""
    folder = copy_of_the_rules(tmp_path_factory.mktemp("stricter"))
    replace_in(folder, LEASE, "if: years_established >= 1 or", "if: years_established >= 5 or")
    return folder


@pytest.fixture(scope="module")
def warier(tmp_path_factory):
    """A copy in which a stage is named sooner, fewer points turn the fund chain amber, and a gate shuts for more firms in decline."""
    folder = copy_of_the_rules(tmp_path_factory.mktemp("warier"))
    replace_in(folder, "stages.yaml", "named_from: 0.55", "named_from: 0.4")
    replace_in(folder, "gates.yaml", "interest_cover < 1\n", "interest_cover < 3\n")
    replace_in(folder, "warnings.yaml", "amber_from: 8", "amber_from: 6")
    return folder


@pytest.fixture(scope="module")
def portfolio(catalogue, tmp_path_factory):
    """A Parquet file of synthetic firms."""
    path = tmp_path_factory.mktemp("portfolio") / "firms.parquet"
    write_firms(path, FIRMS, catalogue, DAY)
    return path


class Counted:
    """What a change does to firms, counted from what either set of rules concludes for each of them."""

    def __init__(self, firms, old, new):
        self.firms, (self.before, states), (self.after, states_after) = firms, old, new
        assert set(states) == set(states_after)
        self.turns = {}
        for name, state in states.items():
            for place, (was, now) in enumerate(zip(state, states_after[name], strict=True)):
                if was != now:
                    turn = {"open": "gained", "unknown": "now_unknown", "no": "lost" if was == "open" else "now_known"}[now]
                    self.turns.setdefault((name, turn), []).append(place)
        self.touched = len({place for places in self.turns.values() for place in places})

    def moved(self, column):
        """How many firms move from one word of a column to another."""
        pairs = zip(self.before[column], self.after[column], strict=True)
        return Counter((was, now) for was, now in pairs if was != now)


def screened(rules, firms):
    """The conclusions, and for each instrument whether it is open to a firm, known not to be, or unknown.

    Whether a gate is shut is asked like an instrument: the screening names a gate only where it holds something back.
    """
    gates = [gate for gate in rules.gates.gates if not gate.demotes]
    asked = [instrument(f"gate_{gate.id}", Criterion("hard", gate.condition, gate.origin)) for gate in gates]
    edition = replace(rules, instruments=(*rules.instruments, *asked)).as_of(DAY)
    found = PortfolioScreen(edition, DAY, firms.columns, wide=True, model=stage_model())(firms, 1).frame
    states = {}
    for one in rules.as_of(DAY).instruments:
        if one.status != "proposed":
            shut = zip(*(found[f"gate_{gate.id}"] for gate in gates if gate.concerns(one)), strict=True)
            met = found[one.id].to_list()
            states[one.id] = [
                "no" if 1 in bars else {1: "open", 0: "no", None: "unknown"}[said] for said, bars in zip(met, [*shut] or [()] * len(met), strict=True)
            ]
    return found, states


@pytest.fixture(scope="module")
def counted(rules, stricter, warier, portfolio):
    """What each change does, counted here, by (old, new)."""
    firms = pl.read_parquet(portfolio)
    found = {folder: screened(read, firms) for folder, read in ((SHIPPED, rules), (stricter, read_rules(stricter)), (warier, read_rules(warier)))}
    pairs = ((SHIPPED, stricter), (stricter, SHIPPED), (SHIPPED, warier))
    return {(old, new): Counted(firms, found[old], found[new]) for old, new in pairs}


def test_the_portfolio_meets_every_turn(counted):
    """Otherwise the tests below would prove little."""
    assert {turn for one in counted.values() for _, turn in one.turns} == set(TURNS)
    assert max(one.touched for one in counted.values()) < FIRMS
    assert all(any(one.moved(column) for one in counted.values()) for column in ("stage", "fund_chain"))


@pytest.mark.parametrize(("change", "lang"), [(0, "zh"), (1, "en"), (2, "en")], ids=["stricter", "milder", "warier"])
def test_every_count_is_that_of_screening_the_firms_under_both_rules(rules_diff, counted, portfolio, change, lang):
    (old, new), wanted = list(counted.items())[change]
    code, out, complaints = rules_diff(old, new, "--portfolio", portfolio, "--format", "json", "--lang", lang)
    assert (code, complaints) == (0, "")
    view = strict_json(out)
    impact = view["impact"]
    assert (view["lang"], impact["firms"], impact["touched"]) == (lang, FIRMS, wanted.touched)
    told = {(name, turn): one for name, turns in impact["instruments"].items() for turn, one in turns.items()}
    assert {key: one["firms"] for key, one in told.items()} == {key: len(places) for key, places in wanted.turns.items()}
    for key, places in wanted.turns.items():
        assert told[key]["need_cny"] == pytest.approx(wanted.firms["need_cny"].gather(places).sum())
        for frame, column in ((wanted.after, "stage"), (wanted.after, "size_class"), (wanted.firms, "industry_class"), (wanted.firms, "district")):
            assert told[key]["by"][column] == Counter(word or "" for word in frame[column].gather(places))
        assert sum(told[key]["by"]["need"].values()) == len(places)
    for name, column in (("stages", "stage"), ("fund_chain", "fund_chain")):
        assert {(move["from"], move["to"]): move["firms"] for move in impact[name]} == wanted.moved(column)


@pytest.mark.parametrize(("lang", "word"), [("zh", 0), ("en", 1)])
def test_what_is_printed_holds_the_same_counts(rules_diff, rules, counted, stricter, portfolio, lang, word):
    wanted = counted[SHIPPED, stricter]
    code, out, complaints = rules_diff(SHIPPED, stricter, "--portfolio", portfolio, "--lang", lang)
    assert (code, complaints) == (0, "")
    share = f"{wanted.touched / FIRMS:.1%}"
    assert (f"对 {FIRMS:,} 家企业的影响", f"What it does to {FIRMS:,} firms")[word] in out
    assert (f"{wanted.touched} 家（{share}）", f"For {wanted.touched} ({share})")[word] in out
    names = {one.id: one.name for one in rules.instruments}
    for (name, turn), places in wanted.turns.items():
        line = f"{names[name][lang]}  {TURNS[turn][word]} {len(places)}"
        assert any(told.strip().startswith(line) for told in out.splitlines()), line
    assert ("现  成立年限不低于5年", "now  Years since establishment: at least 5 years")[word] in out


def test_stages_and_levels_that_move_are_printed(rules_diff, rules, counted, warier, portfolio):
    wanted = counted[SHIPPED, warier]
    stages = {None: "没有定", **{stage: text.zh for stage, text in rules.stages.labels.items()}}
    levels = {level: text.zh for level, text in LEVEL.items()}
    moves = [(names, wanted.moved(column)) for names, column in ((stages, "stage"), (levels, "fund_chain"))]
    lines = [line.split() for line in rules_diff(SHIPPED, warier, "--portfolio", portfolio)[1].splitlines()]
    told = [(line[0], line[2], line[3]) for line in lines if line[1:2] == ["→"] and line[-1] == "家"]
    assert Counter(told) == Counter((names[was], names[now], f"{count:,}") for names, moved in moves for (was, now), count in moved.items())


@pytest.mark.parametrize(("lang", "word"), [("zh", 0), ("en", 1)])
def test_the_list_of_firms_holds_exactly_those_the_change_touches(rules_diff, counted, stricter, portfolio, tmp_path, lang, word):
    wanted = counted[SHIPPED, stricter]
    out = tmp_path / "firms.csv"
    assert rules_diff(SHIPPED, stricter, "--portfolio", portfolio, "--firms", out, "--lang", lang)[0] == 0
    with out.open(encoding="utf-8-sig", newline="") as lines:
        titles, *rows = csv.reader(lines)
    assert titles == [["firm_id", "name", "行", "工具", "变化"], ["firm_id", "name", "Row", "Instrument", "Change"]][word]
    keys = wanted.firms.select("firm_id", "name").rows()
    touched = [(*keys[place], str(1 + place), name, TURNS[turn][word]) for (name, turn), places in wanted.turns.items() for place in places]
    assert sorted(map(tuple, rows)) == sorted(touched)


def test_a_change_that_touches_nobody_gives_an_empty_list(rules_diff, folder, portfolio, tmp_path):
    out = tmp_path / "firms.csv"
    code, told, _ = rules_diff(folder, folder, "--portfolio", portfolio, "--firms", out)
    assert code == 0
    assert "没有一家企业受影响" in told
    assert len(out.read_text(encoding="utf-8-sig").splitlines()) == 1


def test_the_command_answers_as_a_process_of_its_own(command_home, stricter, counted, portfolio, tmp_path):
    """A spreadsheet's CSV and the mapping of its columns, in Chinese on a narrow screen."""
    firms = pl.read_parquet(portfolio, columns=["firm_id", "established_date", "equity_raised_2y_cny"])
    firms.rename({"established_date": "何时办的"}).write_csv(tmp_path / "firms.csv", include_bom=True)
    (tmp_path / "columns.yaml").write_text("何时办的: established_date\n", encoding="utf-8")
    arguments = ["--portfolio", str(tmp_path / "firms.csv"), "--columns", str(tmp_path / "columns.yaml"), "--as-of", DAY.isoformat()]
    command = [sys.executable, "-m", "advisor", "rules", "diff", str(SHIPPED), str(stricter), *arguments]
    environment = {**os.environ, "ADVISOR_HOME": str(command_home), "COLUMNS": "60", "PYTHONWARNINGS": "error"}
    ended = subprocess.run(command, capture_output=True, cwd=ROOT, env=environment, check=False)
    assert (ended.returncode, ended.stderr.decode()) == (0, "")
    assert f"对 {FIRMS:,} 家企业的影响" in ended.stdout.decode()
    assert "设备直接租赁  变为条件不符" in ended.stdout.decode()


@pytest.mark.parametrize(
    ("written", "zh", "en"),
    [
        ("firm_id,colour\na,red\n", "没有一列是认得的指标", "no column is a known fact"),
        ("colour,shape\nred,round\n", "没有一列是认得的指标", "no column is a known fact"),
        ("employees,从业人员数\n3,4\n", "从业人员", "employees"),
        ("", "是空的", "is empty"),
    ],
)
def test_a_portfolio_that_cannot_be_read_is_refused_in_words(rules_diff, folder, tmp_path, written, zh, en):
    firms, out = tmp_path / "firms.csv", tmp_path / "out.csv"
    firms.write_text(written, encoding="utf-8")
    for lang, words in (("zh", zh), ("en", en)):
        code, printed, complaints = rules_diff(folder, folder, "--portfolio", firms, "--firms", out, "--lang", lang)
        assert (code, printed) == (2, "")
        assert words in complaints
    assert not out.exists()


def test_a_folder_that_holds_no_rules_is_refused(rules_diff, folder, tmp_path):
    code, out, complaints = rules_diff(folder, tmp_path, "--lang", "en")
    assert (code, out) == (2, "")
    assert "facts.yaml" in complaints
