"""A stage model on the terminal: how far its training is, how good it is, and its card."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text as Line

from advisor.classifier.training import Progress as Tell
from advisor.domain.stage import StageRules
from advisor.domain.text import Lang, Text
from advisor.terminal.folding import folded
from advisor.terminal.saying import Say, heading

Json = Mapping[str, Any]

TIER = {
    "T0": Text("只答基本问题（两年的收入、利润、资产、负债，是否分红）", "basic answers only (sales, profit, assets, debts of two years, dividends)"),
    "T1": Text("答了一年的报表", "one year's statements answered"),
    "T2": Text("答了两年的资产负债表", "two balance sheets answered"),
    "T3": Text("还答了前年的现金流", "the cash flows of the year before answered too"),
}
LEVEL = {
    "patterns8": Text("八种现金流组合", "eight patterns"),
    "classes5": Text("五类（Dickinson）", "five classes (Dickinson)"),
    "stages4": Text("四个阶段", "four stages"),
    "classes3": Text("三类：成长、成熟、衰退", "three classes"),
}
MEASURE = {
    "accuracy": Text("准确率", "Accuracy"),
    "balanced_accuracy": Text("平衡准确率", "Balanced"),
    "macro_f1": Text("宏F1", "Macro F1"),
    "kappa": Text("Kappa", "Kappa"),
    "log_loss": Text("对数损失", "Log-loss"),
    "ece": Text("校准误差", "ECE"),
}
INTERVALS = "成绩（方括号内为95%区间，按企业重抽）", "Scores (95% intervals in brackets, firms drawn anew)"
WIDE = 140
"""Narrower terminals show no intervals of scores."""
SHARES = ("accuracy", "balanced_accuracy", "ece")
"""Measures said in per cent."""
BASELINE = {
    "majority": Text("只看各类占比", "frequencies alone"),
    "anthony_ramesh": Text("Anthony & Ramesh 1992", "Anthony & Ramesh 1992"),
    "re_ta_logit": Text("留存收益占比（DeAngelo 2006）", "retained earnings (DeAngelo 2006)"),
    "faff_discriminant": Text("判别分析（Faff 2016）", "discriminant (Faff 2016)"),
    "multinomial_logit": Text("多项逻辑回归，同样的输入", "multinomial logit, same inputs"),
}
SLICE = {
    "pre_ipo": Text("上市前的年度", "Years before listing"),
    "assets_under_300m": Text("总资产不到3亿元", "Assets under CNY 300 million"),
    "size_quartile": Text("按总资产分四等份（1最小）", "By total assets, quartiles (1 smallest)"),
    "year": Text("按年度", "By year"),
}
LEFT_OUT = {
    "financial": Text("金融或房地产企业", "financial or real-estate"),
    "label_not_ok": Text("标明不可用", "marked unusable"),
    "flow_missing": Text("现金流缺失或为零", "a cash flow missing or zero"),
    "not_judged": Text("不在所评年度，或缺上年数据", "other years, or no year before"),
}
VERDICT_STYLE = {"fits": "green", "with_care": "yellow", "does_not_serve": "red"}


@contextmanager
def progress(lang: Lang, console: Console | None = None) -> Iterator[Tell]:
    """Show on standard error how far the training is, and the time that is left."""
    say, out = Say(lang), console or Console(stderr=True, highlight=False)
    bar = Progress(
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn(compact=True),
        console=out, transient=True, disable=not out.is_terminal,
    )  # fmt: skip
    with bar:
        task = bar.add_task(say("训练", "Training"), total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)


# ---------------------------------------------------------------- an evaluation


def print_evaluation(found: Json, rules: StageRules, lang: Lang, console: Console | None = None) -> None:
    """Print how good a model is: the verdict first, then scores, baselines, what it abstains from, classes and kinds of firms."""
    out, say = console or Console(highlight=False), Say(lang)
    parts: list[RenderableType] = [Line(line) for line in _what(found, say)]
    verdict = found["verdict"]
    parts.append(Line(verdict["text"][lang], style=f"bold {VERDICT_STYLE[verdict['id']]}"))
    parts += [heading(say(*(INTERVALS if out.width >= WIDE else ("成绩", "Scores")))), _scores(found, say, brackets=out.width >= WIDE)]
    if found["baselines"]:
        parts += [heading(say("与更简单的办法相比（五类）", "Beside simpler ways (five classes)")), _baselines(found, say)]
    parts += [heading(say("给出结论的把握", "What is named, and how surely")), *(Line(line) for line in _abstention(found, say))]
    parts += [_coverage(found, say)]
    labels = [say(rules.classes[name]) for name in found["classes5"]["names"]]
    parts += [
        heading(say("五类：实际（行）与判定（列）", "Five classes: truth (rows), class named (columns)")),
        _confusion(found["classes5"], labels, say),
    ]
    if "answers" in found:
        parts += [heading(say("加上三个现金问题的回答", "With answers to the three cash questions")), *(Line(line) for line in _answers(found, say))]
    parts += [heading(say("各类企业（五类）", "Kinds of firms (five classes)")), _slices(found["slices"], say)]
    parts += [Line(line, style="dim") for line in _rest(found, say)]
    out.print(folded(parts))


def _what(found: Json, say: Say) -> Iterator[str]:
    first, last = found["years"]
    yield say(
        f"{found['firms']:,} 家企业的 {found['rows']:,} 个年度（{first}–{last}），与年报中的三项现金流对照",
        f"{found['rows']:,} firm-years of {found['firms']:,} firms ({first}–{last}), beside the three cash flows they reported",
    )
    if found["protocol"] == "folds":
        yield say(
            f"分 {found['folds']} 份，每份由没有见过这些企业的模型评判",
            f"{found['folds']} folds, each judged by a model that has not seen its firms",
        )
    else:
        yield say(f"模型 {found['model_version']}，按训练好的样子评判", f"Model {found['model_version']}, as it was trained")
    blank = say(f"，随机空缺 {found['blank']:.0%}", f", {found['blank']:.0%} of answers missing") if found["blank"] else ""
    yield f"{found['tier']}{say('：', ': ')}{say(TIER[found['tier']])}{blank}"


def _cell(name: str, value: float) -> str:
    return f"{value:.1%}" if name in SHARES else f"{value:.3f}"


def _scores(found: Json, say: Say, *, brackets: bool) -> Table:
    table = _table("", *(say(text) for text in MEASURE.values()))
    for level, label in LEVEL.items():
        scores = found[level]
        cells = []
        for name in MEASURE:
            low, high = (_cell(name, value).removesuffix("%") for value in scores["interval"][name])
            cells.append(_cell(name, scores[name]) + (f" [{low}–{high}]" if brackets else ""))
        table.add_row(f"  {say(label)}", *map(Line, cells))
    return table


def _baselines(found: Json, say: Say) -> Table:
    shown = ("accuracy", "macro_f1", "log_loss", "ece")
    table = _table("", *(say(MEASURE[name]) for name in shown), say("模型多对", "Model right more"))
    model = found["classes5"]
    table.add_row(Line(say("  模型", "  the model"), style="bold"), *(Line(_cell(name, model[name]), style="bold") for name in shown), "")
    for name, levels in found["baselines"].items():
        gain = found["gains"][name]["classes5"]["accuracy"]
        low, high = gain["interval"]
        told = Line(f"{gain['gain']:+.1%} [{low:+.1%}, {high:+.1%}]", style="green" if low > 0 else "red" if high < 0 else "yellow")
        table.add_row(f"  {say(BASELINE[name])}", *(_cell(one, levels["classes5"][one]) for one in shown), told)
    return table


def _abstention(found: Json, say: Say) -> Iterator[str]:
    told = found["abstention"]
    if told["asked"] < 1:
        yield say(
            f"  {told['asked']:.1%} 的企业年度答得够多，会去问模型。", f"  Enough was answered to ask the model in {told['asked']:.1%} of firm-years."
        )
    right = "" if told["accuracy"] is None else say(f"，其中 {told['accuracy']:.1%} 说对", f", {told['accuracy']:.1%} of them right")
    yield say(
        f"  {told['named']:.1%} 的企业年度说出了四个阶段之一（概率达到{told['named_from']:.0%}）{right}。",
        f"  One of the four stages is named (at a probability of {told['named_from']:.0%}) in {told['named']:.1%} of firm-years{right}.",
    )
    yield say(
        f"  给出的可能阶段平均 {told['set_size']:.2f} 个，{told['set_coverage']:.1%} 含有实际的阶段（目标90%）。",
        f"  The set of possible stages holds {told['set_size']:.2f} on average and the true one in {told['set_coverage']:.1%} (aim: 90%).",
    )


def _coverage(found: Json, say: Say) -> Table:
    curves = {level: {round(point["coverage"] * 100): point["accuracy"] for point in found[level]["coverage"]} for level in ("stages4", "classes5")}
    table = _table(say("  只判定最有把握的", "  Surest only"), *(f"{share}%" for share in curves["stages4"]))
    for level, curve in curves.items():
        table.add_row(f"  {say(LEVEL[level])}", *(f"{value:.1%}" for value in curve.values()))
    return table


def _confusion(found: Json, labels: Sequence[str], say: Say) -> Table:
    table = _table("", *labels, say("召回率", "Recall"), say("精确率", "Precision"))
    for label, counts, one in zip(labels, found["confusion"], found["classes"].values(), strict=True):
        shares = ("—" if one[name] is None else f"{one[name]:.0%}" for name in ("recall", "precision"))
        table.add_row(f"  {label}", *(f"{count:,}" for count in counts), *shares)
    return table


def _answers(found: Json, say: Say) -> Iterator[str]:
    told = found["answers"]
    alone, with_model = told["sign_rule"], told["model"]["accuracy"]
    yield say(
        f"  每个问题有 {told['error']:.0%} 答错时：只看回答 {alone:.1%} 说对，与模型合看 {with_model:.1%}（五类）。",
        f"  With each answered wrongly in {told['error']:.0%}: {alone:.1%} right by answers alone, {with_model:.1%} with the model (five classes).",
    )


def _slices(slices: Json, say: Say) -> Table:
    shown = ("accuracy", "macro_f1", "log_loss", "ece")
    table = _table("", say("企业年度", "Firm-years"), *(say(MEASURE[name]) for name in shown))
    words = {"yes": say("是", "yes"), "no": say("否", "no")}
    for kind, groups in slices.items():
        for name, one in groups.items():
            title = f"{say(SLICE[kind])}{say('：', ': ')}{words.get(name, name)}"
            table.add_row(f"  {title}", f"{one['rows']:,}", *(_cell(measure, one[measure]) for measure in shown))
    return table


def _rest(found: Json, say: Say) -> Iterator[str]:
    yield ""
    rule = found["sign_rule"]
    if rule["rows"]:
        yield say(
            f"文件自己写明类别的 {rule['rows']:,} 个年度中，{rule['agree']:.1%} 与现金流方向的规则一致。",
            f"Of {rule['rows']:,} firm-years whose class the file names, {rule['agree']:.1%} agree with the rule of cash-flow signs.",
        )
    yield from _left_out(found["left_out"], say)
    yield from (say(f"图：{path}", f"Picture: {path}") for path in found.get("plots", ()))


def _left_out(counts: Mapping[str, int], say: Say) -> Iterator[str]:
    told = [f"{say(LEFT_OUT[name])} {count:,}" for name, count in counts.items() if count]
    if told:
        yield say("没有采用的行：", "Rows not taken: ") + say.join(told)


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column(first)
    for title in others:
        table.add_column(title, justify="right")
    return table


# ---------------------------------------------------------------- a card


def print_card(card: Json, lang: Lang, console: Console | None = None) -> None:
    """Print where a model comes from, how good it is at each tier, and what it was not tried on."""
    out, say = console or Console(highlight=False), Say(lang)
    parts: list[RenderableType] = [Line(say(f"阶段模型 {card['version']}", f"Stage model {card['version']}"), style="bold")]
    if "trained_on" in card:
        parts.append(
            Line(
                say(
                    f"{card['trained_on']} 训练，{card['firms']:,} 家企业的 {card['rows']:,} 个年度",
                    f"Trained on {card['trained_on']} from {card['rows']:,} firm-years of {card['firms']:,} firms",
                )
            )
        )
    if card.get("data"):
        parts.append(heading(say("数据", "Data")))
        parts += [Line(line) for one in card["data"] for line in _data_lines(one, say)]
        parts += [Line(say("  来源：", "  Source: ") + source[lang]) for source in card["sources"]]
    if card.get("scores"):
        folds = card["scores"]["folds"]
        title = say(f"成绩（分{folds}份，都是没有见过的企业；五类）", f"Scores ({folds} folds, firms never seen; five classes)")
        parts += [heading(title), _card_scores(card["scores"], say), _slices(card["scores"]["T2"]["slices"], say)]
    if card.get("elsewhere"):
        parts.append(heading(say("在别处的企业上（两份资产负债表；五类）", "On firms elsewhere (two balance sheets; five classes)")))
        parts += [Line(line) for line in _elsewhere(card["elsewhere"], say)]
    if card.get("limits"):
        parts.append(heading(say("限制", "Limits")))
        parts += [Line(f"  {one[lang]}") for one in card["limits"]]
    out.print(folded(parts))


def _elsewhere(elsewhere: Sequence[Json], say: Say) -> Iterator[str]:
    """Yield two lines for each file of firms elsewhere: what it is, and how the model did."""
    for found in elsewhere:
        told = found["T2"]
        figures = say("，", ", ").join(f"{say(label)} {_cell(one, told['classes5'][one])}" for one, label in MEASURE.items())
        yield f"  {found['name'][say.lang]}"
        yield say(f"    {told['rows']:,} 个企业年度：", f"    {told['rows']:,} firm-years: ") + figures
        yield f"    {told['verdict']['text'][say.lang]}"


def _data_lines(one: Json, say: Say) -> Iterator[str]:
    first, last = one["years"]
    yield say(
        f"  {one['file']}：{one['firms']:,} 家，{one['rows']:,} 个年度，{first}–{last}，SHA-256 {one['sha256'][:12]}…",
        f"  {one['file']}: {one['rows']:,} firm-years of {one['firms']:,} firms, {first}–{last}, SHA-256 {one['sha256'][:12]}…",
    )
    yield from (f"    {line}" for line in _left_out(one["left_out"], say))


def _card_scores(scores: Json, say: Say) -> Table:
    table = _table("", *(say(text) for text in MEASURE.values()))
    for tier, label in TIER.items():
        if tier in scores:
            told = scores[tier]["classes5"]
            table.add_row(f"  {tier} {say(label)}", *(_cell(name, told[name]) for name in MEASURE))
    return table
