"""Pictures of an evaluation: complete, legible, self-contained, and the same every time."""

import re
import unicodedata
import xml.etree.ElementTree as ET
from itertools import combinations

import pytest

from advisor.classifier.pictures import draw
from advisor.domain.text import Text

SVG = "{http://www.w3.org/2000/svg}"
LABELS = {
    "introduction": Text("导入期", "introduction"),
    "growth": Text("增长期", "growth"),
    "mature": Text("成熟期", "maturity"),
    "shakeout": Text("动荡期", "shake-out"),
    "decline": Text("衰退期 <&>", "decline <&>"),
}
CONFUSION = [[80, 10, 0, 5, 5], [12, 1200, 300, 60, 28], [0, 250, 2100, 90, 60], [3, 40, 60, 90, 7], [0, 0, 0, 0, 0]]
ALWAYS = ["reliability.svg", "confusion.svg", "coverage.svg"]
LANGS = ("zh", "en")


def scores(names, accuracy):
    return {
        "names": names,
        "accuracy": accuracy,
        "ece": 0.0234,
        "log_loss": 0.71,
        "confusion": CONFUSION,
        "coverage": [{"coverage": part / 10, "accuracy": accuracy + (10 - part) / 60, "from": 0.2} for part in range(10, 0, -1)],
        "reliability": [
            {"from": 0.0, "to": 0.4, "rows": 0, "said": 0.0, "was": 0.0},
            {"from": 0.4, "to": 0.7, "rows": 1400, "said": 0.55, "was": 0.52},
            {"from": 0.7, "to": 1.0, "rows": 3000, "said": 0.85, "was": 0.86},
        ],
    }


def effect(place, moves):
    """One input; its larger `moves`, the more the shares move along it."""
    at = [step * 3e7 for step in range(4)] if place == 0 else [0.0, 0.1, 0.4, 1.5]
    shares = {name: [0.2, 0.2, 0.2, 0.2] for name in LABELS} | {"growth": [0.2, 0.25, 0.3, 0.2 + moves], "mature": [0.2, 0.15, 0.1, 0.2 - moves]}
    return {"label": {"zh": f"第{place}项占总资产的比例", "en": f"Item {place} over total assets"}, "at": at, "shares": shares}


BARE = {"classes5": scores(list(LABELS), 0.734), "stages4": scores(["startup", "growth", "mature", "decline"], 0.812)}
FULL = BARE | {
    "learning_curve": [
        {"firms": 2000, "rows": 14_000, "accuracy": 0.734, "macro_f1": 0.61, "log_loss": 0.712},
        {"firms": 1900, "rows": 13_000, "accuracy": 0.731, "macro_f1": 0.6, "log_loss": 0.72},
        {"firms": 250, "rows": 1_700, "accuracy": 0.655, "macro_f1": 0.5, "log_loss": 0.93},
    ],
    "effects": {f"input_{place}": effect(place, 0.19 - place / 100) for place in range(10)},
    "importance": [
        {
            "label": {"zh": "资本支出占折旧的倍数（三年平均）", "en": "Capital spending over depreciation, mean of three years"},
            "log_loss_rise": 0.012,
        },
        {"label": {"zh": "营业收入增长率", "en": "Growth of revenue"}, "log_loss_rise": 0.21},
        {"label": {"zh": "是否分红", "en": "Pays a dividend"}, "log_loss_rise": -0.001},
    ],
}
PICTURES = [f"{name}.svg" for name in ("reliability", "confusion", "coverage", "learning_curve", "effects", "importance")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The full evaluation drawn in both languages, in a folder each."""
    made = tmp_path_factory.mktemp("pictures")
    for lang in LANGS:
        draw(FULL, made / lang, LABELS, lang)
    return made


def words(path):
    return [text for text in ET.parse(path).getroot().itertext() if text.strip()]


def boxes(node, x=0.0, y=0.0):
    """Yield each text of a drawing with about the rectangle it takes: left, top, right, bottom."""
    moved = re.match(r"translate\(([-\d.e]+),([-\d.e]+)\)", node.get("transform", ""))
    if moved:
        x, y = x + float(moved[1]), y + float(moved[2])
    if node.tag == f"{SVG}text" and node.text:
        size = float(node.get("font-size").removesuffix("px"))
        width = size * sum(1.0 if unicodedata.east_asian_width(letter) in "WF" else 0.5 for letter in node.text)
        left = x - {"start": 0.0, "middle": width / 2, "end": width}[node.get("text-anchor", "start")]
        yield node.text, (left, y - 0.75 * size, left + width, y + 0.1 * size)
    for child in node:
        yield from boxes(child, x, y)


# ---------------------------------------------------------------- what is drawn


def test_each_part_of_an_evaluation_gets_a_picture(tmp_path):
    written = draw(FULL, tmp_path / "new", LABELS)
    assert [path.name for path in written] == PICTURES
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == sorted(PICTURES)


def test_a_part_that_is_missing_or_empty_gets_none(tmp_path):
    written = draw(BARE | {"learning_curve": [], "effects": {}}, tmp_path, LABELS)
    assert [path.name for path in written] == ALWAYS
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(ALWAYS)


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("name", ["confusion.svg", "effects.svg"])
def test_every_class_is_named_in_the_language(folder, name, lang):
    assert {label[lang] for label in LABELS.values()} <= set(words(folder / lang / name))


@pytest.mark.parametrize("name", PICTURES)
def test_headings_are_in_the_language(folder, name):
    zh, en = (" ".join(words(folder / lang / name)) for lang in LANGS)
    assert re.search(r"[一-鿿]", zh)
    assert not re.search(r"[一-鿿]", en)


def test_a_cell_shows_its_share_of_the_row_and_its_firm_years(folder):
    shown = words(folder / "zh" / "confusion.svg")
    assert {"75%", "1,200", "84%", "2,100"} <= set(shown)
    assert "准确率73.4%；格中为占本行的比例和企业年度数" in shown


def test_a_class_that_no_firm_year_had_has_no_shares(folder):
    assert words(folder / "zh" / "confusion.svg").count("–") == len(LABELS)


def test_a_bin_without_firm_years_has_no_dot(folder):
    dots = [node.get("aria-label") for node in ET.parse(folder / "en" / "reliability.svg").iter() if node.get("aria-roledescription") == "circle"]
    assert len(dots) == 2
    assert "Calibration error (ECE) 2.3%; larger dots: more firm-years (up to 3,000)" in words(folder / "en" / "reliability.svg")


def test_the_curve_runs_from_few_firms_to_many_and_leaves_out_what_would_not_be_legible(folder):
    shown = words(folder / "en" / "learning_curve.svg")
    assert "Accuracy 65.5% with 250 firms, 73.4% with 2,000" in shown
    assert {"250", "2,000", "0.712", "73.4%"} <= set(shown)
    assert "1,900" not in shown


def test_the_eight_inputs_that_move_the_shares_most_are_shown_the_strongest_first(folder):
    shown = [text for text in words(folder / "en" / "effects.svg") if text.startswith("Item")]
    assert shown == [f"Item {place} over total assets" for place in range(8)]


def test_large_amounts_are_written_as_bankers_write_them(folder):
    assert "2,000万" in words(folder / "zh" / "effects.svg")
    assert "20m" in words(folder / "en" / "effects.svg")


def test_inputs_are_listed_by_what_they_matter(folder):
    shown = [text for text in words(folder / "zh" / "importance.svg") if text in {"资本支出占折旧的倍数（三年平均）", "营业收入增长率", "是否分红"}]
    assert shown == ["营业收入增长率", "资本支出占折旧的倍数（三年平均）", "是否分红"]
    assert {"0.210", "0.012", "−0.001"} <= set(words(folder / "zh" / "importance.svg"))


def test_a_class_without_a_label_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(KeyError, match="decline"):
        draw(BARE, tmp_path / "none", {name: label for name, label in LABELS.items() if name != "decline"})
    assert not (tmp_path / "none").exists()


# ---------------------------------------------------------------- how it is drawn


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("name", PICTURES)
def test_no_words_overlap_or_leave_the_picture(folder, name, lang):
    root = ET.parse(folder / lang / name).getroot()
    width, height = float(root.get("width")), float(root.get("height"))
    drawn = list(boxes(root))
    assert len(drawn) > 5
    for text, (left, top, right, bottom) in drawn:
        assert left >= 0, text
        assert top >= 0, text
        assert right <= width, text
        assert bottom <= height, text
    for (one, (left, top, right, bottom)), (other, (left2, top2, right2, bottom2)) in combinations(drawn, 2):
        assert right <= left2 or right2 <= left or bottom <= top2 or bottom2 <= top, (one, other)


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_runs_nothing_and_fetches_nothing(folder, name):
    drawn = (folder / "zh" / name).read_text(encoding="utf-8")
    tags = {node.tag.removeprefix(SVG) for node in ET.fromstring(drawn).iter()}
    assert tags <= {"svg", "g", "path", "text", "tspan", "rect", "line", "defs", "clipPath"}
    assert "href" not in drawn
    assert "url(" not in drawn.replace("url(#", "")
    assert set(re.findall(r"https?://[^\"' ]+", drawn)) <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


def test_the_same_evaluation_gives_the_same_bytes(folder, tmp_path):
    for path in draw(FULL, tmp_path, LABELS, "en"):
        assert path.read_bytes() == (folder / "en" / path.name).read_bytes()
