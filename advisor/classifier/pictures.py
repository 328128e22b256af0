"""An evaluation drawn as SVG files, for documentation and for a bank's validation report.

Every position is fixed or estimated here: no font of the machine is measured, so that Chinese fits where no Chinese font is installed,
and the same evaluation gives the same bytes everywhere. Loading this module loads Altair.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any, NamedTuple

import altair as alt
import vl_convert

from advisor.domain.text import Lang, Text

Rows = list[dict[str, Any]]
Styles = Mapping[str, tuple[str, list[int]]]
"""The colour and the dashes of each line by its name."""

ACCENT = "#1f6fb5"
INK, GREY, PALE = "#333333", "#8a8a8a", "#e4e4e4"
FONT = "Noto Sans CJK SC, Microsoft YaHei, PingFang SC, sans-serif"
SIZE, HEADING, EDGE = 12, 15, 16
"""Of letters, of the letters of a heading, and of the margin left of it, in pixels."""
NARROW = 0.58
"""The width of a Latin letter over its height; a Chinese one is as wide as high."""

LINES = (("#86b6e3", [1, 0]), (ACCENT, [1, 0]), ("#0d3258", [1, 0]), ("#a3a3a3", [5, 3]), ("#4d4d4d", [5, 3]))
"""Colour and dashes of the classes, in the order of life."""
MOST_EFFECTS, MOST_BARS = 8, 20
FEWEST_APART = 48
"""Pixels between the numbers along a log scale."""

CONFIG = {
    "background": "white",
    "font": FONT,
    "view": {"stroke": None},
    "axis": {
        "labelFontSize": SIZE,
        "labelColor": INK,
        "labelOverlap": False,
        "labelLimit": 0,
        "titleFontSize": SIZE,
        "titleFontWeight": "normal",
        "titleColor": INK,
        "titleLimit": 0,
        "titlePadding": 8,
        "gridColor": PALE,
        "domainColor": GREY,
        "tickColor": GREY,
    },
}

SAID_AND_WAS = Text("给出的概率与实际比例", "Probabilities said, and the shares that came true")
SAID = Text("给出的概率", "Probability said")
WAS = Text("实际比例", "Share that came true")
CALIBRATION = Text(
    "校准误差（ECE）{error}；点越大，企业年度越多（最大{most}）",
    "Calibration error (ECE) {error}; larger dots: more firm-years (up to {most})",
)
TOO_CAUTIOUS = Text("线上：过于保守", "Above: too cautious")
TOO_SURE = Text("线下：过于自信", "Below: too sure")
TRUTH_AND_NAMED = Text("实际类别与判定类别", "Classes as they were, and as they were named")
CELLS = Text("准确率{accuracy}；格中为占本行的比例和企业年度数", "Accuracy {accuracy}; in a cell: its share of the row, and firm-years")
NAMED = Text("判定", "Named")
TRUTH = Text("实际", "Was")
SUREST = Text("只判定最有把握的企业年度时的准确率", "Accuracy where only the surest firm-years are named")
ALL_NAMED = Text("全部判定时：四阶段{stages}，五类{classes}", "With all named: four stages {stages}, five classes {classes}")
COVERAGE = Text("作出判定的比例", "Share that is named")
ACCURACY = Text("准确率", "Accuracy")
STAGES4 = Text("四阶段", "Four stages")
CLASSES5 = Text("五类", "Five classes")
LEARNING = Text("训练企业越多，效果如何", "What more firms to train on bring")
LEARNT = Text("{first}家企业时准确率{low}，{last}家时{high}", "Accuracy {low} with {first} firms, {high} with {last}")
FIRMS = Text("训练的企业数（对数刻度）", "Firms trained on (log scale)")
LOG_LOSS = Text("对数损失（越低越好）", "Log-loss (lower is better)")
EFFECTS = Text("概率随输入怎样变化", "How probabilities move along an input")
MOVERS = Text("变动最大的{count}个输入；纵轴为各类的概率", "The {count} inputs that move them most; vertical axis: probability of a class")
IMPORTANCE = Text("哪些输入最重要", "Which inputs matter most")
FOREMOST = Text("前{count}个输入；增加得越多，输入越重要", "The first {count}; the more it rises, the more the input matters")
RISE = Text("没有该输入时对数损失的增加", "Rise of log-loss without the input")


class Picture(NamedTuple):
    """A chart with its heading; pixels that it takes, and room for axes and words around it."""

    chart: alt.TopLevelMixin
    heading: str
    finding: str
    """The figures behind it, in a line below the heading."""
    width: float
    height: float
    left: float = 56
    top: float = 96
    bottom: float = 52
    right: float = 24


def draw(result: Mapping[str, Any], folder: Path, labels: Mapping[str, Text], lang: Lang = "zh") -> list[Path]:
    """Write an evaluation as SVG files into a folder and return their paths; a part that the evaluation lacks gets no file.

    `result` has "classes5" and "stages4" (shares are fractions 0-1; rows of a confusion are the truth, columns the class named), and may have
    "learning_curve", "effects" and "importance"; `labels` names each class of "classes5". Bins and rows without firm-years are left blank.
    The folder is made where it does not exist. Raises KeyError where a part or a label is missing, OSError where a file cannot be written.
    """
    classes, stages = result["classes5"], result["stages4"]
    names = {class_id: labels[class_id][lang] for class_id in classes["names"]}
    pictures = {
        "reliability": _reliability(classes, lang),
        "confusion": _confusion(classes, names, lang),
        "coverage": _coverage(stages, classes, lang),
    }
    if result.get("learning_curve"):
        pictures["learning_curve"] = _learning_curve(result["learning_curve"], lang)
    if result.get("effects"):
        pictures["effects"] = _effects(list(result["effects"].values()), names, lang)
    if result.get("importance"):
        pictures["importance"] = _importance(result["importance"], lang)
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, picture in pictures.items():
        path = folder / f"{name}.svg"
        path.write_text(_svg(picture), encoding="utf-8", newline="\n")
        written.append(path)
    return written


def _svg(picture: Picture) -> str:
    vega = vl_convert.vegalite_to_vega(picture.chart.to_dict(), vl_version=alt.SCHEMA_VERSION.rpartition(".")[0], config=CONFIG)
    # Vega would fit the picture to its letters as the machine's fonts measure them, and place its own headings likewise.
    vega["autosize"] = {"type": "none"}
    vega["width"], vega["height"] = picture.width, picture.height
    letters = max(_width(picture.heading) * HEADING / SIZE, _width(picture.finding)) + 2 * EDGE
    right = max(picture.right, letters - picture.left - picture.width)
    vega["padding"] = {"left": picture.left, "top": picture.top, "right": right, "bottom": picture.bottom}
    x = EDGE - picture.left
    vega["marks"] += [
        _vega_words(picture.heading, x, 26 - picture.top, fontSize=HEADING, fontWeight="bold"),
        _vega_words(picture.finding, x, 46 - picture.top, fontSize=SIZE, fill="#5c5c5c"),
    ]
    return vl_convert.vega_to_svg(vega, allowed_base_urls=[])


def _vega_words(text: str, x: float, y: float, **style: str | float) -> dict[str, Any]:
    look = {"x": x, "y": y, "text": text, "fill": INK, "font": FONT, **style}
    return {"type": "text", "encode": {"enter": {name: {"value": value} for name, value in look.items()}}}


def _reliability(found: Mapping[str, Any], lang: Lang) -> Picture:
    side = 360
    bins = [{key: row[key] for key in ("said", "was", "rows")} for row in found["reliability"] if row["rows"]]
    most = max((row["rows"] for row in bins), default=1)
    dots = (
        alt.Chart(_table(bins), width=side, height=side)
        .mark_circle(color=ACCENT, opacity=0.85)
        .encode(
            x=alt.X("said:Q", scale=alt.Scale(domain=[0, 1]), axis=_percent_below(SAID[lang])),
            y=alt.Y("was:Q", scale=alt.Scale(domain=[0, 1]), axis=_left(WAS[lang], ".0%")),
            size=alt.Size("rows:Q", scale=alt.Scale(domain=[0, most], range=[12, 500]), legend=None),
        )
    )
    ends = _table([{"said": 0, "was": 0}, {"said": 1, "was": 1}])
    diagonal = alt.Chart(ends).mark_line(color=GREY, strokeDash=[4, 4]).encode(x="said:Q", y="was:Q")
    sides = [_words(TOO_CAUTIOUS[lang], 8, 12, color=GREY), _words(TOO_SURE[lang], side - 8, side - 12, color=GREY, align="right")]
    finding = CALIBRATION.fill(error=f"{found['ece']:.1%}", most=f"{most:,}")
    return Picture(alt.layer(diagonal, dots, *sides), SAID_AND_WAS[lang], finding[lang], side, side)


def _confusion(found: Mapping[str, Any], names: Mapping[str, str], lang: Lang) -> Picture:
    wide, high = 96, 54
    order = list(names.values())
    cells: Rows = []
    for truth, row in zip(order, found["confusion"], strict=True):
        total = sum(row)
        for named, rows in zip(order, row, strict=True):
            share = rows / total if total else 0.0
            cells.append({"truth": truth, "named": named, "share": share, "said": f"{share:.0%}" if total else "–", "rows": f"{rows:,}"})
    x = alt.X("named:N", sort=order, scale=alt.Scale(paddingInner=0, paddingOuter=0), axis=_names_axis(NAMED[lang], "top"))
    y = alt.Y("truth:N", sort=order, scale=alt.Scale(paddingInner=0, paddingOuter=0), axis=_names_axis(TRUTH[lang], "left"))
    width, height = wide * len(order), high * len(order)
    base = alt.Chart(_table(cells), width=width, height=height).encode(x=x, y=y)
    shade = alt.Color("share:Q", scale=alt.Scale(domain=[0, 1], range=["#ffffff", ACCENT], interpolate="rgb"), legend=None)
    ink = alt.when("datum.share > 0.55").then(alt.value("#ffffff")).otherwise(alt.value(INK))
    chart = alt.layer(
        base.mark_rect(stroke=PALE).encode(color=shade),
        base.mark_text(fontSize=14, dy=-7).encode(text="said:N", color=ink),
        base.mark_text(fontSize=11, dy=11).encode(text="rows:N", color=ink),
    )
    finding = CELLS.fill(accuracy=f"{found['accuracy']:.1%}")
    left = EDGE + 10 + max(_width(name) for name in (*order, TRUTH[lang]))
    return Picture(chart, TRUTH_AND_NAMED[lang], finding[lang], width, height, left=left, top=112, bottom=20)


def _coverage(stages: Mapping[str, Any], classes: Mapping[str, Any], lang: Lang) -> Picture:
    width, height = 440, 280
    series = {STAGES4[lang]: stages, CLASSES5[lang]: classes}
    styles: Styles = {STAGES4[lang]: (ACCENT, [1, 0]), CLASSES5[lang]: ("#6b6b6b", [5, 3])}
    rows = [{"name": name, **{key: point[key] for key in ("coverage", "accuracy")}} for name, found in series.items() for point in found["coverage"]]
    # To the full 10 % below the lowest, so that the axis starts on a line.
    floor = math.floor(min((row["accuracy"] for row in rows), default=0.0) * 10) / 10
    lines = (
        alt.Chart(_table(rows), width=width, height=height)
        .mark_line(strokeWidth=2, point={"filled": True, "size": 30})
        .encode(
            x=alt.X("coverage:Q", scale=alt.Scale(domain=[0, 1]), axis=_percent_below(COVERAGE[lang])),
            y=alt.Y("accuracy:Q", scale=alt.Scale(domain=[floor, 1]), axis=_left(ACCURACY[lang], ".0%")),
            **_by_name(styles),
        )
    )
    finding = ALL_NAMED.fill(stages=f"{stages['accuracy']:.1%}", classes=f"{classes['accuracy']:.1%}")
    return Picture(alt.layer(lines, *_key(styles, 200, -16)), SUREST[lang], finding[lang], width, height)


def _learning_curve(points: Sequence[Mapping[str, Any]], lang: Lang) -> Picture:
    width, height, apart = 320, 240, 112
    points = sorted(points, key=lambda point: point["firms"])
    rows = [{key: point[key] for key in ("firms", "accuracy", "log_loss")} for point in points]
    few, many = rows[0]["firms"], rows[-1]["firms"]
    x = alt.X(
        "firms:Q",
        scale=alt.Scale(type="log", domain=[few, many] if few < many else [few / 2, few * 2], nice=False),
        axis=alt.Axis(title=FIRMS[lang], format=",d", values=_legible([row["firms"] for row in rows], width), grid=False),
    )

    def curve(field: str, axis: alt.Axis, number: str) -> alt.LayerChart | alt.FacetChart:
        y = alt.Y(f"{field}:Q", scale=alt.Scale(zero=False, nice=True, padding=12), axis=axis)
        line = alt.Chart(_table(rows), width=width, height=height).mark_line(color=ACCENT, point={"filled": True, "color": ACCENT, "size": 40})
        last = alt.Chart(_table(rows[-1:])).mark_text(align="left", dx=8, fontSize=SIZE, color=INK)
        return alt.layer(line.encode(x=x, y=y), last.encode(x=x, y=y, text=alt.Text(f"{field}:Q", format=number)))

    chart = alt.hconcat(
        curve("log_loss", _left(LOG_LOSS[lang], ".2f"), ".3f"),
        curve("accuracy", _left(ACCURACY[lang], ".1%"), ".1%"),
        bounds="flush",
        spacing=apart,
    )
    low, high = (f"{row['accuracy']:.1%}" for row in (rows[0], rows[-1]))
    finding = LEARNT.fill(first=f"{few:,}", last=f"{many:,}", low=low, high=high)
    return Picture(chart, LEARNING[lang], finding[lang], 2 * width + apart, height, right=64)


def _effects(inputs: Sequence[Mapping[str, Any]], names: Mapping[str, str], lang: Lang) -> Picture:
    width, height, apart, below = 350, 130, 66, 66
    inputs = sorted(inputs, key=_moved, reverse=True)[:MOST_EFFECTS]
    highest = max(share for one in inputs for shares in one["shares"].values() for share in shares)
    y = alt.Y("share:Q", scale=alt.Scale(domain=[0, math.ceil(highest * 10) / 10]), axis=alt.Axis(title=None, tickCount=4, format=".0%"))
    styles = dict(zip(names.values(), cycle(LINES), strict=False))
    panels: list[alt.LayerChart | alt.FacetChart] = []
    for one in inputs:
        rows = [
            {"name": name, "at": at, "share": share}
            for class_id, name in names.items()
            for at, share in zip(one["at"], one["shares"][class_id], strict=True)
        ]
        x = alt.X("at:Q", scale=alt.Scale(zero=False, nice=False), axis=_numbers_below(one["at"], lang))
        lines = alt.Chart(_table(rows), width=width, height=height).mark_line(strokeWidth=2).encode(x=x, y=y, **_by_name(styles))
        key = [] if panels else _key(styles, 0, -44)
        panels.append(alt.layer(lines, _words(one["label"][lang], 0, -16, fontWeight="bold"), *key))
    columns = min(2, len(panels))
    chart = alt.concat(*panels, columns=columns, bounds="flush", spacing={"row": below, "column": apart})
    across, down = columns * (width + apart) - apart, math.ceil(len(panels) / columns) * (height + below) - below
    return Picture(chart, EFFECTS[lang], MOVERS.fill(count=str(len(panels)))[lang], across, down, top=124, bottom=36)


def _moved(one: Mapping[str, Any]) -> float:
    """Return how far the shares move between their lowest and their highest, summed over the classes."""
    return float(sum(max(shares) - min(shares) for shares in one["shares"].values()))


def _importance(inputs: Sequence[Mapping[str, Any]], lang: Lang) -> Picture:
    width, high = 380, 24
    inputs = sorted(inputs, key=lambda one: -one["log_loss_rise"])[:MOST_BARS]
    # The place keeps two inputs of the same name apart.
    rows = [
        {"place": place, "name": one["label"][lang], "rise": one["log_loss_rise"], "end": max(0.0, one["log_loss_rise"])}
        for place, one in enumerate(inputs)
    ]
    height = high * len(rows)
    y = alt.Y("place:O", axis=None, scale=alt.Scale(paddingInner=0.3, paddingOuter=0.15))
    base = alt.Chart(_table(rows), width=width, height=height).encode(y=y)
    rise = alt.X("rise:Q", axis=alt.Axis(title=RISE[lang], tickCount=5, format="~g"))
    chart = alt.layer(
        base.mark_bar(color=ACCENT).encode(x=rise),
        base.mark_text(align="left", dx=5, fontSize=SIZE, color=INK).encode(x="end:Q", text=alt.Text("rise:Q", format=".3f")),
        base.mark_text(align="right", fontSize=SIZE, color=INK).encode(x=alt.value(-8), text="name:N"),
    )
    left = EDGE + 8 + max(_width(row["name"]) for row in rows)
    return Picture(chart, IMPORTANCE[lang], FOREMOST.fill(count=str(len(rows)))[lang], width, height, left=left, top=64, right=64)


def _table(rows: Rows) -> alt.InlineData:
    return alt.InlineData(values=rows)


def _percent_below(title: str) -> alt.Axis:
    return alt.Axis(title=title, format=".0%", tickCount=5)


def _numbers_below(values: Sequence[float], lang: Lang) -> alt.Axis:
    if max(abs(value) for value in values) < 1e5:
        return alt.Axis(title=None, tickCount=5, grid=False)
    words = "format(datum.value / 1e4, ',') + '万'" if lang == "zh" else "format(datum.value / 1e6, ',') + 'm'"
    return alt.Axis(title=None, tickCount=5, grid=False, labelExpr=words)


def _left(title: str, number: str) -> alt.Axis:
    """Return an upright axis whose title lies above it, so that Chinese need not be read sideways."""
    return alt.Axis(title=title, format=number, tickCount=5, titleAngle=0, titleAlign="left", titleBaseline="bottom", titleX=-40, titleY=-10)


def _names_axis(title: str, orient: Any) -> alt.Axis:
    corner: dict[str, Any] = {"titleAngle": 0, "titleAlign": "right", "titleX": -8, "titleY": -9} if orient == "left" else {}
    return alt.Axis(title=title, orient=orient, labelAngle=0, domain=False, ticks=False, labelPadding=8, titlePadding=8, grid=False, **corner)


def _by_name(styles: Styles) -> dict[str, Any]:
    names, colours, dashes = list(styles), [colour for colour, _ in styles.values()], [dash for _, dash in styles.values()]
    return {
        "color": alt.Color("name:N", scale=alt.Scale(domain=names, range=colours), legend=None),
        "strokeDash": alt.StrokeDash("name:N", scale=alt.Scale(domain=names, range=dashes), legend=None),
    }


def _key(styles: Styles, x: float, y: float) -> Iterator[alt.Chart]:
    """Yield what each line stands for, side by side; Vega's own legend would measure letters."""
    for name, (colour, dash) in styles.items():
        rule = alt.Chart(_table([{}])).mark_rule(color=colour, strokeDash=dash, strokeWidth=2)
        yield rule.encode(x=alt.value(x), x2=alt.value(x + 24), y=alt.value(y))
        yield _words(name, x + 30, y)
        x += 50 + _width(name)


def _words(text: str, x: float, y: float, **style: Any) -> alt.Chart:
    mark = {"align": "left", "baseline": "middle", "color": INK, "fontSize": SIZE, **style}
    chart: alt.Chart = alt.Chart(_table([{}])).mark_text(**mark).encode(x=alt.value(x), y=alt.value(y), text=alt.value(text))
    return chart


def _width(text: str) -> float:
    """Return about how many pixels a text of `SIZE` takes, rather too many than too few."""
    return SIZE * sum(1.0 if unicodedata.east_asian_width(letter) in "WFA" else NARROW for letter in text)


def _legible(values: Sequence[int], width: float) -> list[int]:
    """Return the last of the values and those before it that stand apart on a log scale of this many pixels."""
    kept = [values[-1]]
    across = math.log(values[-1] / values[0]) if values[-1] > values[0] else 1.0
    for value in reversed(values[:-1]):
        if math.log(kept[-1] / value) / across * width >= FEWEST_APART:
            kept.append(value)
    return kept[::-1]
