"""From file to file: what comes out is what the screen says, nothing is half-written, and what was stopped goes on."""

import csv
import datetime as dt
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import ClassVar

import openpyxl
import polars as pl
import pytest

from advisor.domain.errors import InputError
from advisor.screening import run
from advisor.screening.portfolio import PortfolioScreen
from advisor.screening.run import Stopped, screen_table
from advisor.screening.wording import ISSUE_TITLES, Wording
from advisor.tables.table import open_table
from tests.screening.agreement import DAY

ROOT = Path(__file__).parents[2]
FIRMS = 400
EXTRAS = ("备注", "stage", "来源")
"""Columns of the user: beside the facts, and one of them named like a result."""


@pytest.fixture(scope="module")
def raw(synthetic):
    """Firms with columns of the user between them."""
    few = synthetic[:FIRMS]
    return few.select(
        pl.lit("记").alias("备注"), "firm_id", pl.col("firm_id").str.slice(0, 4).alias("stage"), *few.columns[1:40],
        pl.int_range(FIRMS).alias("来源"), *few.columns[40:],
    )  # fmt: skip


@pytest.fixture(scope="module")
def inputs(raw, tmp_path_factory):
    """The same firms in every kind of file."""
    folder = tmp_path_factory.mktemp("inputs")
    plain = raw.with_columns(pl.col(name).cast(pl.String) for name, kind in raw.schema.items() if isinstance(kind, pl.Enum))
    plain.write_csv(folder / "firms.csv", include_bom=True)
    plain.write_parquet(folder / "firms.parquet")
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("firms")
    sheet.append(plain.columns)
    for row in plain.rows():
        sheet.append(row)
    book.save(folder / "firms.xlsx")
    (folder / "parts").mkdir()
    for place, part in enumerate(plain.iter_slices(150)):
        part.write_parquet(folder / "parts" / f"{place}.parquet")
    return folder


@pytest.fixture(scope="module")
def expected(edition, raw):
    """What the screen says of the frame."""
    return PortfolioScreen(edition, DAY, raw.columns)(raw, 1)


class Job:
    """Screens files into a folder of its own."""

    def __init__(self, edition, folder):
        self.edition, self.folder, self.work = edition, folder, folder / "work"

    compiled: ClassVar = {}
    """Screens by what was asked: to compile one takes longer than to screen a few hundred firms."""

    def __call__(self, source, target, lang="en", **more):
        table = open_table(source)
        given = {name: more.pop(name) for name in ("top", "wide", "given") if name in more}
        asked = json.dumps([table.headers, given])
        screen = self.compiled.get(asked)
        if screen is None:
            screen = self.compiled[asked] = PortfolioScreen(self.edition, DAY, table.headers, **given)
        return screen_table(table, self.folder / target, screen, lang, self.work, **more)

    def left(self):
        """Names of everything in the folder, what is kept of parts aside."""
        return sorted(path.name for path in self.folder.iterdir() if path.name != "work")


@pytest.fixture
def job(edition, tmp_path):
    return Job(edition, tmp_path)


def cells_of(file):
    """The header and rows of a result, all as text."""
    if file.suffix == ".csv":
        with file.open(encoding="utf-8-sig", newline="") as opened:
            return list(csv.reader(opened))
    return rows_of(openpyxl.load_workbook(file).worksheets[0])


def rows_of(sheet):
    """The rows of a sheet as text; whole numbers as Excel shows them."""

    def shown(cell):
        return "" if cell is None else f"{cell:g}" if isinstance(cell, float) and cell == int(cell) else str(cell)

    return [[shown(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]


def as_text(frame):
    return [[("" if cell is None else str(cell)) for cell in row] for row in frame.rows()]


# ---------------------------------------------------------------- files in, files out

SOURCES = ("firms.csv", "firms.xlsx", "firms.parquet", "parts")


@pytest.mark.parametrize("source", SOURCES)
def test_every_kind_of_file_gives_what_the_screen_says_of_the_frame(job, inputs, expected, source):
    summary = job(inputs / source, "out.parquet")
    found = pl.read_parquet(job.folder / "out.parquet")
    assert found.columns == expected.frame.columns
    assert found.columns[:5] == ["备注", "firm_id", "stage_input", "name", "来源"]
    results = expected.frame.columns[5:]
    assert found.select(pl.col(results).cast(pl.String)).equals(expected.frame.select(pl.col(results).cast(pl.String)))
    assert found["stage_input"].to_list() == expected.frame["stage_input"].to_list()
    assert [int(cell) for cell in found["来源"].to_list()] == list(range(FIRMS))
    assert summary.tally.as_dict() == expected.tally.as_dict()
    assert (summary.issues, summary.resumed) == (0, 0)


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("target", ["out.csv", "out.xlsx"])
def test_files_for_people_are_in_words(job, edition, inputs, expected, target, lang):
    job(inputs / "firms.parquet", target, lang)
    header, *rows = cells_of(job.folder / target)
    wording, results = Wording(edition, lang), expected.frame.width - 5
    assert header == wording.headers(expected.frame.columns, results)
    wanted = wording.say(expected.frame, results)
    numbers = [place for place, kind in enumerate(wanted.dtypes) if kind == pl.Float64]
    for row, want in zip(rows, as_text(wanted), strict=True):
        for place in numbers:
            row[place], want[place] = ("" if cell == "" else float(cell) for cell in (row[place], want[place]))
        assert row == want


def test_a_target_without_an_ending_becomes_a_folder_of_parquet(job, inputs, expected):
    summary = job(inputs / "firms.csv", "results")
    parts = sorted((job.folder / "results").iterdir())
    assert [part.suffix for part in parts] == [".parquet"]
    again = open_table(job.folder / "results")
    assert again.rows == FIRMS
    assert tuple(expected.frame.columns) == again.headers
    assert summary.files[0] == job.folder / "results"
    assert job.left() == ["results", "results.cover.json", "results.issues.csv"]


@pytest.mark.parametrize("target", ["out.csv", "out.parquet", "out"])
def test_unread_cells_and_the_cover_lie_beside_the_result(job, inputs, target):
    summary = job(inputs / "firms.csv", target)
    assert job.left() == sorted([target, "out.cover.json", "out.issues.csv"])
    assert sorted(file.name for file in summary.files) == job.left()
    assert not job.work.exists() or not list(job.work.iterdir()), "nothing is kept of a run that is complete"


def test_a_workbook_holds_the_unread_cells_and_the_cover_itself(job, inputs):
    summary = job(inputs / "firms.csv", "out.xlsx")
    assert job.left() == ["out.xlsx"]
    assert summary.files == (job.folder / "out.xlsx",)
    book = openpyxl.load_workbook(job.folder / "out.xlsx")
    assert book.sheetnames == ["Results", "Cells not understood", "About"]
    about = dict(book["About"].iter_rows(min_row=2, values_only=True))
    assert (about["firms"], about["rules_version"]) == (str(FIRMS), summary.cover["rules_version"])


def test_the_cover_tells_what_a_reader_must_know_to_repeat_the_result(job, edition, inputs, expected):
    job(inputs / "firms.csv", "out.csv")
    cover = json.loads((job.folder / "out.cover.json").read_text(encoding="utf-8"))
    assert cover["input"] == "firms.csv"
    assert cover["sha256"] == hashlib.sha256((inputs / "firms.csv").read_bytes()).hexdigest()
    assert cover["rules_version"] == edition.ruleset.version
    assert cover["as_of"] == DAY.isoformat()
    assert dt.datetime.fromisoformat(cover["written_at"]).utcoffset() == dt.timedelta(0)
    assert (cover["firms"], cover["instruments"], cover["cells_not_understood"]) == (FIRMS, len(edition.instruments), 0)
    for name, counted in (("stages", expected.tally.stages), ("fund_chain", expected.tally.levels), ("size_classes", expected.tally.sizes)):
        assert cover[name] == {word or "unknown": firms for word, firms in counted.items()}
    assert cover["columns"]["备注"] is None
    assert cover["columns"]["employees"] == "employees"


def test_the_mapping_on_the_cover_may_be_given_again(job, inputs):
    first = job(inputs / "firms.csv", "out.parquet")
    again = job(inputs / "firms.csv", "again.parquet", given=first.cover["columns"])
    assert (job.folder / "out.parquet").read_bytes() == (job.folder / "again.parquet").read_bytes()
    assert again.cover["columns"] == first.cover["columns"]


@pytest.mark.parametrize("ending", ["csv", "xlsx", "parquet"])
def test_a_file_without_firms_gives_a_result_without_rows(job, inputs, ending):
    raw = pl.read_parquet(inputs / "firms.parquet").clear()
    raw.write_csv(job.folder / "none.csv")
    summary = job(job.folder / "none.csv", f"out.{ending}")
    assert summary.tally.firms == 0
    found = job.folder / f"out.{ending}"
    rows = pl.read_parquet(found).rows() if ending == "parquet" else cells_of(found)[1:]
    assert rows == []
    header = pl.read_parquet_schema(found) if ending == "parquet" else cells_of(found)[0]
    assert len(header) > 20


def test_wide_and_top_reach_the_file(job, edition, inputs):
    job(inputs / "parts", "out.parquet", wide=True, top=2)
    found = pl.read_parquet(job.folder / "out.parquet")
    assert {one.id for one in edition.instruments} <= set(found.columns)
    assert "top2" in found.columns
    assert "top3" not in found.columns


def test_progress_tells_how_many_firms_are_done(job, inputs):
    told = []
    job(inputs / "firms.parquet", "out.csv", progress=lambda done, of: told.append((done, of)))
    assert told[0] == (0, FIRMS)
    assert told[-1] == (FIRMS, FIRMS)
    assert told == sorted(told)


# ---------------------------------------------------------------- unread cells

BAD = "\n".join(
    ["备注,企业代码,职工人数,revenue_cny,tax_grade", "", "好,a,5,100万,A", "坏,b,many,∞,Z", "空,c,,,", "负,d,-3,200万,B", '"两\n行",e,x,1,A']
)


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("target", ["out.csv", "out.xlsx"])
def test_cells_that_cannot_be_read_are_listed_by_their_row_in_the_language_asked(job, lang, target):
    source = job.folder / "bad.csv"
    source.write_text(BAD.replace("\n\n", "\n"), encoding="utf-8")
    summary = job(source, target, lang)
    listed = cells_of(job.folder / "out.issues.csv") if target == "out.csv" else rows_of(openpyxl.load_workbook(job.folder / target).worksheets[1])
    assert listed[0] == [title[lang] for title in ISSUE_TITLES.values()]
    assert [row[:4] for row in listed[1:]] == [
        ["3", "职工人数", "employees", "wrong_kind"],
        ["3", "revenue_cny", "revenue_cny", "wrong_kind"],
        ["3", "tax_grade", "tax_grade", "unknown_option"],
        ["5", "职工人数", "employees", "out_of_range"],
        ["6", "职工人数", "employees", "wrong_kind"],
    ]
    assert [row[4].lstrip("'") for row in listed[1:]] == ["many", "∞", "Z", "-3", "x"]
    assert all(({"zh": "不是数字", "en": "is not a number"}[lang] in row[5]) for row in (listed[1], listed[5]))
    assert summary.issues == summary.cover["cells_not_understood"] == 5
    rows = cells_of(job.folder / target)[1:]
    assert [row[-1] for row in rows] == ["0", "3", "0", "1", "1"]
    assert [row[1] for row in rows] == ["a", "b", "c", "d", "e"]
    assert rows[4][0] == "两\n行"


FORMULAS = ("=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "＝1+1", '=HYPERLINK("http://x")')


@pytest.mark.parametrize("target", ["out.csv", "out.xlsx"])
def test_no_cell_of_a_result_is_a_formula(job, target):
    """Neither in what is carried through, nor in a header, nor among the unread cells."""
    frame = pl.DataFrame({"=note": FORMULAS, "name": FORMULAS, "职工人数": FORMULAS, "金额": ["-12.5", "+3", "-1,000", "5%", "=2", "-", ""]})
    frame.write_csv(job.folder / "evil.csv")
    job(job.folder / "evil.csv", target)
    if target == "out.csv":
        for file in ("out.csv", "out.issues.csv"):
            written = [cell for row in cells_of(job.folder / file) for cell in row]
            assert not [
                cell for cell in written if cell[:1] in ("=", "@", "\t", "＝") or (cell[:1] in "+-" and not cell[1:2].isdigit() and len(cell) > 1)
            ]
            assert [cell for cell in written if cell.startswith("'=1+1")]
    else:
        book = openpyxl.load_workbook(job.folder / target)
        kinds = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
        assert "f" not in kinds
        assert "=1+1" in [row[0] for row in book.worksheets[0].iter_rows(values_only=True)]


# ---------------------------------------------------------------- refused before any work


def code_of(refused):
    return [problem.code for problem in refused.value.problems]


def no_work(done, of):
    raise AssertionError(f"work had begun: {done} of {of}")


@pytest.mark.parametrize("source", ["firms.csv", "firms.parquet"])
def test_a_result_is_never_written_over_its_input(job, inputs, edition, source):
    before = (inputs / source).read_bytes()
    beside = Job(edition, inputs)
    for target in (source, f"parts/../{source}"):
        with pytest.raises(InputError) as refused:
            beside(inputs / source, target, progress=no_work)
        assert code_of(refused) == ["target_is_source"]
    assert (inputs / source).read_bytes() == before
    (job.folder / "link.csv").symlink_to(inputs / source)
    with pytest.raises(InputError) as refused:
        job(inputs / source, "link.csv", progress=no_work)
    assert code_of(refused) == ["target_is_source"]


def test_a_folder_that_holds_other_files_is_left_alone(job, inputs):
    (job.folder / "full").mkdir()
    (job.folder / "full" / "mine.txt").write_text("mine")
    with pytest.raises(InputError) as refused:
        job(inputs / "firms.csv", "full", progress=no_work)
    assert code_of(refused) == ["folder_not_empty"]
    assert [file.name for file in (job.folder / "full").iterdir()] == ["mine.txt"]


def test_an_empty_folder_may_be_filled(job, inputs):
    (job.folder / "empty").mkdir()
    assert job(inputs / "firms.csv", "empty").tally.firms == FIRMS


UNWRITABLE = {
    "no_such_folder/out.csv": "unwritable_file",
    "out.doc": "unknown_format",
    "file.txt/out.csv": "unwritable_file",
    "file.txt/out": "unwritable_file",
}


@pytest.mark.parametrize(("target", "code"), UNWRITABLE.items())
def test_a_target_that_cannot_be_written_is_refused_before_any_work(job, inputs, target, code):
    (job.folder / "file.txt").write_text("a file")
    with pytest.raises(InputError) as refused:
        job(inputs / "firms.csv", target, progress=no_work)
    assert code_of(refused) == [code]
    assert job.left() == ["file.txt"]


# ---------------------------------------------------------------- stopped in the middle


def test_nothing_is_left_of_a_result_when_a_row_in_the_middle_cannot_be_read(job, monkeypatch):
    """And what stood there before stays."""
    source = job.folder / "long.csv"
    remark = "一个很长的备注，" * 4
    with source.open("w", encoding="utf-8") as file:
        file.write("firm_id,职工人数,备注\n")
        file.writelines(f"f{number},{number % 500},{remark}\n" for number in range(300_000))
        file.write(f"f300000,5,{remark},one cell too many\n")
        file.writelines(f"f{number},5,{remark}\n" for number in range(300_001, 300_500))
    (job.folder / "out.csv").write_text("what was there before")
    monkeypatch.setattr(run, "BATCH", 50_000)
    told = []
    with pytest.raises(InputError) as refused:
        job(source, "out.csv", part=50_000, progress=lambda done, of: told.append(done))
    problem = refused.value.problems[0]
    assert (problem.code, problem.place.line) == ("ragged_row", 300_002)
    assert max(told) > 0, "the error should stand behind work that was done"
    assert job.left() == ["long.csv", "out.csv"]
    assert (job.folder / "out.csv").read_text() == "what was there before"
    assert not list(job.work.rglob("*.part"))


@pytest.fixture
def stopped_half_way(job, inputs, monkeypatch):
    """A run of four parts that was stopped after two, and its input."""
    monkeypatch.setattr(run, "BATCH", 100)
    source = job.folder / "input.csv"
    source.write_bytes((inputs / "firms.csv").read_bytes())

    def stop(done, of):
        if done == 200:
            raise KeyboardInterrupt

    with pytest.raises(Stopped) as stopped:
        job(source, "out.parquet", part=100, progress=stop)
    assert stopped.value.kept in (100, 200)
    return source


def test_the_same_question_goes_on_from_what_was_kept(job, expected, stopped_half_way):
    summary = job(stopped_half_way, "out.parquet", part=100)
    assert summary.resumed in (100, 200)
    assert summary.tally.as_dict() == expected.tally.as_dict()
    found = pl.read_parquet(job.folder / "out.parquet")
    assert found["firm_id"].to_list() == expected.frame["firm_id"].to_list()


CHANGED = {
    "another file": {"target": "other.parquet"},
    "another language": {"lang": "zh"},
    "another number of choices": {"top": 2},
    "a column an instrument": {"wide": True},
    "another mapping": {"given": {"employees": None}},
}


@pytest.mark.parametrize("change", CHANGED.values(), ids=CHANGED)
def test_another_question_does_not_go_on_from_what_was_kept(job, stopped_half_way, change):
    summary = job(stopped_half_way, part=100, **{"target": "out.parquet", **change})
    assert summary.resumed == 0
    assert summary.tally.firms == FIRMS


def test_a_changed_input_does_not_go_on_from_what_was_kept(job, stopped_half_way):
    lines = stopped_half_way.read_bytes().splitlines(keepends=True)
    stopped_half_way.write_bytes(b"".join([lines[0], *reversed(lines[1:])]))
    summary = job(stopped_half_way, "out.parquet", part=100)
    assert summary.resumed == 0
    assert pl.read_parquet(job.folder / "out.parquet")["来源"].cast(int).to_list() == list(range(FIRMS))[::-1]


MANY = 60_000
SLOWLY = f"""
import sys
import advisor.screening.run as run
run.BATCH = 10_000
run.screen_table.__kwdefaults__["part"] = 10_000
from advisor.cli import main
sys.exit(main(["screen", *sys.argv[1:], "--as-of", "{DAY}", "--lang", "en"]))
"""
"""The command with small parts, so that it can be stopped between two of them."""


@pytest.fixture(scope="module")
def many(synthetic, tmp_path_factory):
    """A file that takes a while."""
    file = tmp_path_factory.mktemp("many") / "many.parquet"
    pl.concat([synthetic.select(pl.exclude("firm_id"))] * (MANY // 3_000)).with_row_index("firm_id").write_parquet(file)
    return file


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home-of-a-run")


def start(home, *arguments):
    environment = {**os.environ, "ADVISOR_HOME": str(home), "COLUMNS": "120", "PYTHONWARNINGS": "error"}
    command = [sys.executable, "-c", SLOWLY, *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8")


def done_in(home):
    """How many firms are kept of a run that is going on or was stopped."""
    states = list(home.glob("screening/*/done.json"))
    return json.loads(states[0].read_text())["firms"] if states else 0


def stopped(home, source, target):
    """Start the command, stop it as Ctrl-C does once two parts are kept; its exit code and what it said."""
    process = start(home, source, target)
    while process.poll() is None and done_in(home) < 20_000:
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def content(folder):
    """Names and bytes of all files below a folder; of covers what does not tell the time."""
    found = {}
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            what = file.read_bytes()
            if file.name.endswith("cover.json"):
                what = {name: value for name, value in json.loads(what).items() if name not in ("written_at", "seconds")}
            found[str(file.relative_to(folder))] = what
    return found


def test_a_run_that_is_stopped_leaves_no_result_and_the_same_command_goes_on_to_the_very_same(home, many, tmp_path):
    whole, place, target = tmp_path / "undisturbed", tmp_path / "stopped", "out.csv"
    whole.mkdir()
    place.mkdir()
    code, out, err = stopped(home, many, place / target)
    assert (code, out) == (130, ""), err
    assert list(place.iterdir()) == []
    kept = done_in(home)
    assert 20_000 <= kept < MANY
    assert f"{kept:,} firms are kept" in err
    assert not list(home.rglob("*.part"))

    again = start(home, many, place / target)
    out, err = again.communicate(timeout=60)
    assert again.returncode == 0, err
    assert f"It went on after {kept:,} firms done before" in out
    assert f"{MANY:,} firms screened" in out
    assert not list(home.glob("screening/*"))

    undisturbed = start(home, many, whole / target)
    out, err = undisturbed.communicate(timeout=60)
    assert undisturbed.returncode == 0, err
    assert "It went on after" not in out
    assert content(place) == content(whole)
