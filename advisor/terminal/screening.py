"""A screening on the terminal: what the columns hold, how far it is, and what came out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from rich import box
from rich.console import Console, Group
from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, Task, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text as Line

from advisor.domain import words
from advisor.domain.instrument import FAMILIES
from advisor.domain.stage import STAGES
from advisor.domain.text import Lang
from advisor.screening.mapping import Mapping as Columns
from advisor.screening.run import Progress as Tell
from advisor.screening.run import Summary
from advisor.screening.screen import Tally
from advisor.screening.wording import NOT_NAMED, Wording
from advisor.terminal.folding import Fold
from advisor.terminal.saying import Say, heading

LEVEL_STYLE: Mapping[str | None, str] = {"green": "green", "amber": "yellow", "red": "red", None: "dim"}
BAR = 30
SHOWN = 10
MOST_COLUMNS = 12
"""More columns that are understood as their headers say are not listed one by one."""


def print_columns(columns: Columns, lang: Lang, console: Console | None = None) -> None:
    """Print what each column of a file holds; columns whose header is the fact itself only in number."""
    out, say = console or Console(highlight=False, stderr=True), Say(lang)
    plain = {column.header for column in columns.columns if column.unit is None}
    lines = columns.lines(lang)
    telling = [line for line in lines if line[0] not in plain or len(plain) <= MOST_COLUMNS]
    table = Table(box=box.SIMPLE_HEAD, show_edge=False)
    for title in (say("文件里的列", "Column of the file"), say("指标", "Fact"), say("说明", "Remark")):
        table.add_column(title)
    for header, fact, remark in telling:
        table.add_row(header, fact or "—", Line(remark, style="dim"))
    if telling:
        out.print(table)
    counts = len(columns.columns), len(columns.catalogue.facts), len(columns.headers)
    out.print(
        Fold(
            Line(
                say(
                    f"{counts[2]} 列中认出 {counts[0]} 个指标（共 {counts[1]} 个）；没有的都按“不清楚”算。",
                    f"{counts[0]} of {counts[1]} facts were found in {counts[2]} columns; the others are unknown for every firm.",
                )
            )
        )
    )


@contextmanager
def progress(lang: Lang, console: Console | None = None) -> Iterator[Tell]:
    """Show how many firms are done, how fast, and the time that is left."""
    say = Say(lang)
    bar = Progress(
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), _Firms(say), _Speed(say), TimeRemainingColumn(compact=True),
        console=console or Console(stderr=True, highlight=False), transient=True,
    )  # fmt: skip
    with bar:
        task = bar.add_task(say("筛查", "Screening"), total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)


class _Firms(ProgressColumn):
    def __init__(self, say: Say) -> None:
        super().__init__()
        self.say = say

    def render(self, task: Task) -> Line:
        of = f"/{task.total:,.0f}" if task.total else ""
        return Line(self.say(f"{task.completed:,.0f}{of} 家", f"{task.completed:,.0f}{of} firms"))


class _Speed(ProgressColumn):
    def __init__(self, say: Say) -> None:
        super().__init__()
        self.say = say

    def render(self, task: Task) -> Line:
        speed = f"{task.speed:,.0f}" if task.speed else "—"
        return Line(self.say(f"{speed} 家/秒", f"{speed} firms/s"), style="dim")


def print_summary(summary: Summary, wording: Wording, lang: Lang, console: Console | None = None) -> None:
    """Print what came out: stages, money chain, instruments, gaps, and where the results are."""
    out, say = console or Console(highlight=False), Say(lang)
    tally = summary.tally
    if not tally.firms:
        out.print(say("文件里没有企业。", "There is no firm in the file."))
    else:
        out.print(Line(say(f"筛查了 {tally.firms:,} 家企业", f"{tally.firms:,} firm{'' if tally.firms == 1 else 's'} screened"), style="bold"))
        for title, counts, names, styles in _mixes(tally, wording, say):
            out.print(_bars(title, counts, names, styles, tally.firms))
        out.print(_instruments(tally, wording, say))
        out.print(_gaps(tally, wording, say))
        out.print(_missing(tally, wording, say))
    out.print(_footer(summary, say))


def _mixes(
    tally: Tally, wording: Wording, say: Say
) -> Iterator[tuple[str, Mapping[str | None, int], Mapping[str | None, str], Mapping[str | None, str]]]:
    stages: dict[str | None, str] = {None: say(NOT_NAMED)}
    stages = {**{stage: wording.word("stage", stage) for stage in STAGES}, **stages}
    yield say("所处阶段", "Stage of life"), tally.stages, stages, {None: "dim"}
    yield say("资金链", "Money chain"), tally.levels, {level: say(text) for level, text in words.LEVEL.items()}, LEVEL_STYLE


def _bars(title: str, counts: Mapping[str | None, int], names: Mapping[str | None, str], styles: Mapping[str | None, str], firms: int) -> Group:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for _ in range(4):
        table.add_column(justify="left")
    for name, label in names.items():
        count = counts.get(name, 0)
        share = count / firms
        style = styles.get(name, "cyan")
        table.add_row(f"  {label}", Line("█" * round(share * BAR), style=style), f"{count:,}", f"{share:.1%}")
    return Group(heading(title), table)


def _instruments(tally: Tally, wording: Wording, say: Say) -> Group:
    order = sorted(range(len(tally.instruments)), key=lambda position: -tally.open_now[position])[:SHOWN]
    table = Table(box=None, show_header=True, header_style="dim", padding=(0, 2, 0, 0))
    for title, justify in (
        (say("  工具", "  Instrument"), "left"),
        (say("现在可申请", "Open now"), "right"),
        (say("还不能判断", "Not yet known"), "right"),
    ):
        table.add_column(title, justify=justify)  # type: ignore[arg-type]
    for position in order:
        if tally.open_now[position]:
            name = wording.instruments[tally.instruments[position]]
            table.add_row(f"  {name}", f"{tally.open_now[position]:,}", f"{tally.undetermined[position]:,}")
    headline = heading(say("最多企业可以申请的工具", "Instruments open to most firms"))
    if not table.row_count:
        return Group(
            headline,
            Fold(
                Line(say("  已知的情况还不够，没有一个工具能确定可以申请。", "  Too little is known: no instrument is surely open to any of them."))
            ),
        )
    return Group(headline, table)


def _gaps(tally: Tally, wording: Wording, say: Say) -> Group:
    """Say, for each stage and family, which share of the firms has nothing open there."""
    totals = [tally.stages.get(stage, 0) for stage in (*STAGES, None)]
    table = Table(box=None, header_style="dim", padding=(0, 1, 0, 0))
    table.add_column(say("  阶段", "  Stage"))
    for family in FAMILIES:
        table.add_column(say(words.FAMILY[family]).split(" ")[0], justify="right")
    for row, (stage, total) in enumerate(zip((*STAGES, None), totals, strict=True)):
        if not total:
            continue
        shares = (tally.gaps[row] / total).tolist()
        cells = [Line(f"{share:.0%}", style="red" if share >= 0.9 else "yellow" if share >= 0.5 else "green") for share in shares]
        table.add_row(f"  {say(NOT_NAMED) if stage is None else wording.word('stage', stage)}", *cells)
    title = heading(say("缺口：该阶段企业里没有任何可申请工具的比例", "Gaps: share of a stage's firms with nothing open in a family"))
    return Group(title, table)


def _missing(tally: Tally, wording: Wording, say: Say) -> Group:
    most = sorted(tally.missing.items(), key=lambda item: -item[1])[:5]
    lines = [
        Fold(
            Line(
                say(
                    f"  {wording.facts[fact]}：{count / tally.firms:.1f} 个工具／家",
                    f"  {wording.facts[fact]}: {count / tally.firms:.1f} instruments a firm",
                )
            )
        )
        for fact, count in most
        if count
    ]
    return Group(heading(say("最缺的情况（补上就能判断）", "What is missing most (answers would decide)")), *lines)


def _footer(summary: Summary, say: Say) -> Group:
    cover = summary.cover
    speed = (summary.tally.firms - summary.resumed) / summary.seconds if summary.seconds else 0.0
    lines = [""]
    if summary.resumed:
        lines.append(say(f"接着上次做完的 {summary.resumed:,} 家继续。", f"It went on after {summary.resumed:,} firms done before."))
    if summary.issues and not summary.listed:
        lines.append(say(f"{summary.issues:,} 格没读懂，按“不清楚”算。", f"{summary.issues:,} cells were not understood; they count as unknown."))
    elif summary.issues:
        lines.append(
            say(
                f"{summary.issues:,} 格没读懂，按“不清楚”算，已逐格列出。",
                f"{summary.issues:,} cells were not understood; they count as unknown and are listed.",
            )
        )
    lines.append(
        say(f"用时 {summary.seconds:.1f} 秒，每秒 {speed:,.0f} 家。", f"It took {summary.seconds:.1f} seconds, {speed:,.0f} firms a second.")
    )
    lines += [say(f"结果：{file}", f"Written: {file}") for file in summary.files]
    version, day = cover["rules_version"], cover["as_of"]
    note = say(f"规则版本 {version}，按 {day} 的规定。", f"Rules version {version}, as of {day}. ") + say(words.NO_PROMISE)
    return Group(*(Fold(Line(line)) for line in lines), Fold(Line(note, style="dim")))
