"""The command line. Errors become exit codes here and nowhere else.

0: done. 1: `rules check` found problems. 2: the input, the rules or the arguments cannot be used; nothing was done.
130: stopped by the user; what was finished is kept. Heavy imports stand inside the commands, so that `--help` answers
at once.
"""

from __future__ import annotations

import argparse
import datetime as dt
import importlib
import io
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

FAMILIES = ("equity", "loan", "bond", "listing", "guarantee", "leasing", "subsidy", "rescue", "service")
GROWTHS = ("none", "flat", "as_last_year")
TIERS = ("T0", "T1", "T2", "T3")
STAGES = ("startup", "growth", "mature", "decline")
MOST_FIRMS = 1_000_000_000
STOPPED = 130


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
    except KeyboardInterrupt:
        print("已停止。" if arguments.lang == "zh" else "Stopped.", file=sys.stderr)
        return STOPPED
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
    advise.add_argument(
        "--why", action="append", default=[], metavar="ID", help="逐条说明某个工具，或写 stage 说明阶段 / every test of one instrument, or `stage`"
    )
    advise.add_argument("--model", type=Path, metavar="DIR", help="用哪个阶段模型 / which stage model (default: the shipped one)")
    advise.add_argument("--all", action="store_true", help="列出全部工具 / list every instrument")
    advise.set_defaults(run=_command("advise", "run"))

    plan = commands.add_parser("plan", parents=[common], help="把能申请的拼成一个融资方案 / put what is open together to cover a need")
    plan.add_argument("file", help="YAML 或 JSON，一家企业；- 表示标准输入 / one firm; - reads standard input")
    plan.add_argument("--amount", type=_amount, metavar="CNY", help="要多少钱，元 / how much, in CNY (default: the firm's need_cny)")
    plan.add_argument("--months", type=_up_to(600), metavar="N", help="用几个月 / for how many months (default: need_months)")
    plan.add_argument("--purpose", action="append", default=[], metavar="ID", help="用来做什么 / what for (default: purposes)")
    plan.add_argument("--within", type=_up_to(3650), metavar="DAYS", help="几天内要用 / within how many days it is needed")
    plan.add_argument("--as-of", type=_day, metavar="DATE", help="按哪一天的规则 / rules of which day (default: today)")
    plan.add_argument("--model", type=Path, metavar="DIR", help="用哪个阶段模型 / which stage model (default: the shipped one)")
    plan.add_argument("--format", choices=("text", "json"), default="text")
    plan.set_defaults(run=_command("plan", "run"))

    road = commands.add_parser("road", parents=[common], help="往后三年哪天会开、会关 / what opens and closes in the years ahead")
    road.add_argument("file", help="YAML 或 JSON，一家企业；- 表示标准输入 / one firm; - reads standard input")
    road.add_argument("--years", type=_up_to(10), default=3, metavar="N", help="往后看几年 / how many years ahead (default: 3)")
    road.add_argument("--growth", choices=GROWTHS, default="none", help="假定账面怎么变 / how the accounts are taken to move (default: none)")
    road.add_argument("--as-of", type=_day, metavar="DATE", help="从哪一天看起 / from which day on (default: today)")
    road.add_argument("--model", type=Path, metavar="DIR", help="用哪个阶段模型 / which stage model (default: the shipped one)")
    road.add_argument("--format", choices=("text", "json"), default="text")
    road.set_defaults(run=_command("road", "run"))

    statements = commands.add_parser("statements", parents=[common], help="读财务报表，变成指标 / read financial statements into facts")
    statements.add_argument("files", nargs="+", type=Path, metavar="FILE", help="资产负债表、利润表、现金流量表：xlsx、csv / the statements")
    statements.add_argument("--unit", metavar="UNIT", help="表上没写单位时：元 千元 万元 百万元 亿元 / where the sheets name no unit")
    statements.add_argument(
        "--year", type=_up_to(2200, 1900), metavar="YEAR", help="表上没写年度时是哪一年 / which year, where the sheets do not tell"
    )
    statements.add_argument("--as-of", type=_day, metavar="DATE")
    statements.add_argument("--format", choices=("text", "json"), default="text")
    statements.set_defaults(run=_command("statements", "run"))

    screen = commands.add_parser("screen", parents=[common], help="成批筛查企业 / screen a portfolio of firms")
    screen.add_argument("input", help="CSV、XLSX、Parquet，或装 Parquet 的文件夹 / CSV, XLSX, Parquet, a folder or glob of Parquet")
    screen.add_argument("output", help="结果：.csv .xlsx .parquet，或一个文件夹 / a file by its ending, or a folder")
    screen.add_argument("--as-of", type=_day, metavar="DATE", help="按哪一天的规则 / rules of which day (default: today)")
    screen.add_argument("--columns", type=Path, metavar="YAML", help="各列是什么 / what each column holds (default: told by the headers)")
    screen.add_argument("--wide", action="store_true", help="每个工具一列 / one column an instrument: 1, 0 or empty")
    screen.add_argument("--top", type=_up_to(20), default=5, metavar="N", help="推荐几个工具 / how many instruments to name (default: 5)")
    screen.add_argument("--model", type=Path, metavar="DIR", help="用哪个阶段模型 / which stage model (default: the shipped one)")
    screen.add_argument("--engine", choices=("polars", "spark"), default="polars", help="在本机还是集群上算 / this machine or a cluster")
    screen.set_defaults(run=_command("screening", "screen"))

    demo = commands.add_parser("demo-data", parents=[common], help="造一批虚构企业 / make up firms for a try")
    demo.add_argument("count", type=_up_to(MOST_FIRMS), metavar="N", help="多少家 / how many")
    demo.add_argument("output", type=Path, help="写到哪里：.csv .xlsx .parquet / where to write them")
    demo.add_argument("--seed", type=_up_to(2**32), default=1, help="同一个种子造出同一批 / the same seed makes the same firms (default: 1)")
    demo.add_argument("--as-of", type=_day, metavar="DATE")
    demo.set_defaults(run=_command("screening", "demo_data"))

    instruments = commands.add_parser("instruments", parents=[common], help="列出工具 / list instruments")
    instruments.add_argument("--stage", choices=STAGES)
    instruments.add_argument("--family", choices=FAMILIES)
    instruments.add_argument("--as-of", type=_day, metavar="DATE")
    instruments.add_argument("--format", choices=("text", "json"), default="text")
    instruments.set_defaults(run=_command("rules", "instruments"))

    rules = commands.add_parser("rules", help="检查、解释和比较规则 / check, explain and compare rules").add_subparsers(dest="what", required=True)
    check = rules.add_parser("check", parents=[common], help="一次报出全部问题 / report every problem at once")
    check.add_argument("folder", nargs="?", type=Path, metavar="DIR")
    check.set_defaults(run=_command("rules", "check"))
    explain = rules.add_parser("explain", parents=[common], help="用文字解释一个工具或指标 / an instrument or fact in words")
    explain.add_argument("id")
    explain.add_argument("--as-of", type=_day, metavar="DATE")
    explain.set_defaults(run=_command("rules", "explain"))
    diff = rules.add_parser("diff", parents=[common], help="比较两套规则 / what a change of rules changes, and for whom")
    diff.add_argument("old", type=Path, metavar="OLD")
    diff.add_argument("new", type=Path, metavar="NEW")
    diff.add_argument("--portfolio", metavar="FILE", help="对这批企业有什么影响 / what it does to these firms")
    diff.add_argument("--firms", type=Path, metavar="OUT", help="把受影响的企业写成清单 / write the list of firms it touches")
    diff.add_argument("--model", type=Path, metavar="DIR", help="用哪个阶段模型 / which stage model (default: the shipped one)")
    diff.add_argument("--columns", type=Path, metavar="YAML")
    diff.add_argument("--as-of", type=_day, metavar="DATE")
    diff.add_argument("--format", choices=("text", "json"), default="text")
    diff.set_defaults(run=_command("rules", "diff"))
    sql = rules.add_parser("sql", parents=[common], help="写成数据库能执行的语句 / the rules as a statement for a warehouse")
    sql.add_argument("--dialect", default="duckdb", metavar="NAME", help="duckdb postgres spark trino hive clickhouse … (default: duckdb)")
    sql.add_argument("--table", default="firms", metavar="T", help="企业表的名字 / the table of firms (default: firms)")
    sql.add_argument("--key", action="append", metavar="COLUMN", help="照抄的列 / columns to carry through (default: firm_id)")
    sql.add_argument("--as-of", type=_day, metavar="DATE")
    sql.set_defaults(run=_command("rules", "sql"))

    train = commands.add_parser("train", parents=[common], help="用企业年度数据训练阶段模型 / train the stage model on firm-years")
    train.add_argument("files", nargs="+", metavar="FIRMS", help="企业年度，Parquet / firm-years as Parquet")
    train.add_argument("--out", type=Path, required=True, metavar="DIR", help="模型写到哪里 / where to write the model")
    train.add_argument("--force", action="store_true", help="即使校准得更差也替换原有模型 / replace a model there even if it was better calibrated")
    train.add_argument(
        "--source", action="append", default=[], type=_in_both, metavar="TEXT", help="数据来源，写进模型卡 / where the data come from, for the card"
    )
    train.add_argument(
        "--limit", action="append", default=[], type=_in_both, metavar="TEXT", help="不适用于什么，写进模型卡 / what it is not good for, for the card"
    )
    train.add_argument(
        "--elsewhere", action="append", default=[], type=_named_file, metavar="NAME=FIRMS",
        help="再用别处的企业考一考，写进模型卡 / firms elsewhere to judge it on, for the card",
    )  # fmt: skip
    train.set_defaults(run=_command("model", "train"))

    evaluate = commands.add_parser("evaluate", parents=[common], help="评判阶段模型 / judge the stage model on firm-years")
    evaluate.add_argument("files", nargs="+", metavar="FIRMS", help="企业年度，Parquet / firm-years as Parquet")
    evaluate.add_argument("--tier", choices=TIERS, default="T2", help="企业答了多少 / how much firms answered (default: T2)")
    evaluate.add_argument("--model", type=Path, metavar="DIR", help="评判哪个模型 / which model (default: the shipped one)")
    evaluate.add_argument("--folds", type=_up_to(20, 2), metavar="N", help="分N份，各用其余企业重新训练 / train anew on the other firms, N times")
    evaluate.add_argument("--as-trained", action="store_true", help="用训练过的文件也照样评判 / as it is, even on a file it was trained on")
    evaluate.add_argument(
        "--answers-error", type=_share, metavar="E", help="三个现金问题各有多大比例答错 / how often a cash question is answered wrongly"
    )
    evaluate.add_argument("--blank", type=_share, default=0.0, metavar="S", help="多大比例的问题没有回答 / share of answers that are missing")
    evaluate.add_argument("--until", type=_up_to(2200, 1900), metavar="YEAR", help="只用到这一年为止的数据训练 / train on years up to this one")
    evaluate.add_argument(
        "--from", type=_up_to(2200, 1900), dest="since", metavar="YEAR", help="只评判从这一年起的数据 / judge years from this one on"
    )
    evaluate.add_argument("--plots", type=Path, metavar="DIR", help="画图，SVG / draw pictures, as SVG")
    evaluate.add_argument("--format", choices=("text", "json"), default="text")
    evaluate.set_defaults(run=_command("model", "evaluate"))

    model = commands.add_parser("model", help="模型的来历 / where a model comes from").add_subparsers(dest="what", required=True)
    card = model.add_parser("card", parents=[common], help="数据、成绩和限制 / its data, scores and limits")
    card.add_argument("--model", type=Path, metavar="DIR", help="哪个模型 / which model (default: the shipped one)")
    card.add_argument("--format", choices=("text", "json"), default="text")
    card.set_defaults(run=_command("model", "card"))
    return parser


def _command(module: str, name: str) -> Callable[[argparse.Namespace], int]:
    """Return a command that is imported when it runs."""

    def run(arguments: argparse.Namespace) -> int:
        return int(getattr(importlib.import_module(f"advisor.cli.{module}"), name)(arguments))

    return run


def _day(written: str) -> dt.date:
    from advisor.domain.errors import InputError
    from advisor.domain.firm import usable_day

    try:
        return usable_day(written)
    except InputError:
        raise argparse.ArgumentTypeError(f"“{written}”不是日期，请写成 2026-01-31 / not a date like 2026-01-31") from None


def _amount(written: str) -> float:
    from advisor.domain.figures import MAX_NUMBER, read_figure

    found = read_figure(written, "CNY")
    if found is None or not 1 <= found < MAX_NUMBER:
        raise argparse.ArgumentTypeError(f"“{written}”不是金额，请写成 500万 或 5000000 / not an amount like 5000000")
    return float(found)


def _in_both(written: str) -> object:
    """Read a text in Chinese and English with " / " between them, or in one language for both."""
    from advisor.domain.text import Text

    zh, parted, en = written.partition(" / ")
    return Text(zh, en if parted else zh)


def _named_file(written: str) -> tuple[object, Path]:
    name, _, file = written.rpartition("=")
    if not name or not file:
        raise argparse.ArgumentTypeError("应写成 名称=文件 / should be NAME=FILE")
    return _in_both(name), Path(file)


def _up_to(most: int, least: int = 1) -> Callable[[str], int]:
    """Return a reader of whole numbers from `least` to `most`."""

    def read(written: str) -> int:
        number = int(written) if written.isascii() and written.isdigit() and len(written) < 12 else 0
        if not least <= number <= most:
            raise argparse.ArgumentTypeError(f"应为{least}到{most}的整数 / should be a whole number from {least} to {most}")
        return number

    return read


def _share(written: str) -> float:
    """Read a fraction from 0 up to, and not including, 1."""
    try:
        number = float(written)
    except ValueError:
        number = -1.0
    if not 0 <= number < 1:
        raise argparse.ArgumentTypeError("应为0到1之间的小数，如0.2 / should be a fraction from 0 to below 1, such as 0.2")
    return number
