"""What a change of rules does to a portfolio, counted against two screenings of the same firms."""

from collections import Counter

import polars as pl
import pytest

from advisor.domain.errors import InputError
from advisor.domain.ruleset import STAGE_FACT
from advisor.rulefiles.folder import read_rules
from advisor.screening.columns import Columns, Graph
from advisor.screening.impact import NEED_BOUNDS, TURNS, impact
from advisor.screening.outcome import named_stage, stage_probabilities
from advisor.screening.portfolio import PortfolioScreen
from advisor.tables.table import open_table
from tests.rulefiles.written import LEASE, copy_of_the_rules, replace_in
from tests.screening.agreement import DAY

EDITS = (
    (LEASE, "years_established >= 1 or", "years_established >= 6 or"),
    ("warnings.yaml", "amber_from: 8", "amber_from: 5"),
    ("stages.yaml", "named_from: 0.55", "named_from: 0.7"),
    ("size_standard.yaml", "medium: {employees: 300, revenue_cny: 20_000_000}", "medium: {employees: 250, revenue_cny: 20_000_000}"),
)


@pytest.fixture(scope="module")
def after(tmp_path_factory):
    """The shipped rules after a change of a threshold, of the stage, of the warning level and of the size classes."""
    folder = copy_of_the_rules(tmp_path_factory.mktemp("after"))
    for name, old, new in EDITS:
        replace_in(folder, name, old, new)
    return read_rules(folder, tmp_path_factory.mktemp("cache")).as_of(DAY)


@pytest.fixture(scope="module")
def file(synthetic, tmp_path_factory):
    path = tmp_path_factory.mktemp("portfolio") / "firms.parquet"
    synthetic.write_parquet(path)
    return path


@pytest.fixture(scope="module")
def found(edition, after, file):
    return impact(open_table(file), edition, after, DAY, keep_rows=True)


def standings(edition, raw):
    """For each instrument with an operating rule, "open", "unknown" or "closed" for every firm; and the frame."""
    screen = PortfolioScreen(edition, DAY, raw.columns, wide=True)
    frame, facts = screen(raw, 1).frame, screen.reader(raw, 1).facts
    stages = edition.ruleset.stages
    graph = Graph(edition.catalogue, DAY, set(facts.columns), {STAGE_FACT: named_stage(stage_probabilities(stages), stages)})
    barring = [gate for gate in edition.ruleset.gates.gates if not gate.demotes]
    holding = Columns({gate.id: graph.part(gate.condition) for gate in barring}, graph)(facts).rows()
    shut = [{gate.id for gate, holds in zip(barring, row, strict=True) if holds} for row in holding]
    read = {}
    for one in edition.instruments:
        if one.status != "proposed":
            before = {gate.id for gate in barring if gate.concerns(one)}
            read[one.id] = [
                "closed" if before & gates else {1: "open", 0: "closed", None: "unknown"}[met]
                for met, gates in zip(frame[one.id].to_list(), shut, strict=True)
            ]
    return read, frame


def turn_of(was, now):
    if was == now:
        return None
    if now == "open":
        return "gained"
    if now == "unknown":
        return "now_unknown"
    return "lost" if was == "open" else "now_known"


@pytest.fixture(scope="module")
def counted(edition, after, synthetic):
    """The same, counted firm by firm: (instrument, turn) -> rows; and both frames."""
    (before, old), (now, new) = standings(edition, synthetic), standings(after, synthetic)
    nothing = ["closed"] * synthetic.height
    moved = {}
    for name in {**before, **now}:
        for row, pair in enumerate(zip(before.get(name, nothing), now.get(name, nothing), strict=True)):
            if (turn := turn_of(*pair)) is not None:
                moved.setdefault((name, turn), []).append(row)
    return moved, old, new


def test_who_gains_and_loses_each_instrument_is_what_two_screenings_differ_in(found, counted):
    assert found.firms == 3_000
    assert {key: one.firms for key, one in found.moved.items()} == {key: len(rows) for key, rows in counted[0].items()}
    assert {turn for _, turn in found.moved} >= {"lost", "gained"}
    assert {turn for _, turn in found.moved} <= set(TURNS)


def test_a_firm_is_touched_once_however_many_instruments_turn(found, counted):
    assert found.touched == len({row for rows in counted[0].values() for row in rows})
    assert 0 < found.touched < 3_000


def test_what_the_firms_need_is_added_up(found, counted, synthetic):
    need = synthetic["need_cny"].fill_null(0.0).to_list()
    for key, rows in counted[0].items():
        assert found.moved[key].need_cny == pytest.approx(sum(need[row] for row in rows))


@pytest.mark.parametrize("group", ["stage", "size_class", "industry_class", "district"])
def test_they_are_spread_over_groups(found, counted, synthetic, rules, group):
    words = (counted[2] if group in counted[2].columns else synthetic)[group].cast(pl.String).to_list()
    if group == "industry_class":  # the registered code tells it where it is not given
        codes = [code and rules.catalogue.industry_of(code) for code in synthetic["gb_code"].to_list()]
        words = [told or known for told, known in zip(words, codes, strict=True)]
    for key, rows in counted[0].items():
        assert found.moved[key].groups[group] == Counter(words[row] for row in rows), key


def test_needs_are_spread_over_bounds_of_which_the_lower_belongs_to_its_group(edition, after, synthetic, tmp_path):
    needs = [None, 0.0, 499_999.0, 500_000.0, 999_999.99, *map(float, NEED_BOUNDS), 1e9] * 200
    synthetic[: len(needs)].with_columns(need_cny=pl.Series(needs)).write_parquet(tmp_path / "firms.parquet")
    one = impact(open_table(tmp_path / "firms.parquet"), edition, after, DAY, keep_rows=True)
    rows = pl.concat(one.rows)

    def group(need):
        if need is None:
            return None
        low = max((bound for bound in NEED_BOUNDS if bound <= need), default="")
        return f"{low}-{min((bound for bound in NEED_BOUNDS if bound > need), default='')}"

    for (name, turn), moved in one.moved.items():
        touched = rows.filter(instrument=name, turn=turn)["row"].to_list()
        assert moved.groups["need"] == Counter(group(needs[row - 1]) for row in touched)


@pytest.mark.parametrize(("moves", "column"), [("stages", "stage"), ("levels", "fund_chain")])
def test_firms_whose_stage_or_level_moves_are_counted_from_where_to_where(found, counted, moves, column):
    _, old, new = counted
    pairs = Counter(zip(old[column].to_list(), new[column].to_list(), strict=True))
    wanted = {(was, now): firms for (was, now), firms in pairs.items() if was != now}
    assert getattr(found, moves) == wanted
    assert wanted


def test_the_firms_are_listed_with_their_keys_and_their_row(found, counted, synthetic):
    listed = pl.concat(found.rows)
    assert listed.columns == ["firm_id", "name", "row", "instrument", "turn"]
    wanted = {(*synthetic.row(row)[:2], row + 1, name, turn) for (name, turn), rows in counted[0].items() for row in rows}
    assert listed.height == len(wanted)
    assert set(listed.rows()) == wanted


def test_the_same_rules_touch_nobody(edition, file):
    none = impact(open_table(file), edition, edition, DAY, keep_rows=True)
    assert (none.firms, none.touched, none.moved, none.stages, none.levels) == (3_000, 0, {}, {}, {})
    assert sum(frame.height for frame in none.rows) == 0


def test_turned_round_what_was_gained_is_lost(edition, after, file, found):
    back = impact(open_table(file), after, edition, DAY)
    forth = {key: one.firms for key, one in found.moved.items() if key[1] in ("gained", "lost")}
    assert back.rows == []
    for (name, turn), firms in forth.items():
        if turn == "lost":
            assert back.moved[name, "gained"].firms >= firms
    assert back.stages == {(now, was): firms for (was, now), firms in found.stages.items()}
    assert back.levels == {(now, was): firms for (was, now), firms in found.levels.items()}


def test_a_number_of_firms_that_fills_no_byte_counts_no_one_beyond_them(edition, after, synthetic, tmp_path):
    for height in (1, 3, 9):
        synthetic[:height].write_parquet(tmp_path / "few.parquet")
        few = impact(open_table(tmp_path / "few.parquet"), edition, after, DAY)
        assert few.firms == height
        assert all(0 < one.firms <= height for one in few.moved.values()), height


def test_an_instrument_that_goes_or_comes_closes_or_opens_for_all_who_had_it(edition, synthetic, file, tmp_path, rules):
    """Under the rules of a day on which some instruments are not in force yet."""
    early = rules.as_of(DAY.replace(year=2023))
    come = {one.id for one in edition.instruments if one.status != "proposed"} - {one.id for one in early.instruments}
    one = impact(open_table(file), early, edition, DAY)
    now, _ = standings(edition, synthetic)
    assert come
    for name in come:
        found = one.moved.get((name, "gained"))
        assert (found.firms if found else 0) == now[name].count("open")


def test_an_empty_portfolio_is_touched_by_nothing(edition, after, synthetic, tmp_path):
    synthetic.clear().write_parquet(tmp_path / "none.parquet")
    none = impact(open_table(tmp_path / "none.parquet"), edition, after, DAY)
    assert (none.firms, none.touched, none.moved) == (0, 0, {})


def test_headers_that_cannot_be_understood_are_refused(edition, after, tmp_path):
    (tmp_path / "twice.csv").write_text("employees,职工人数\n1,2\n", encoding="utf-8")
    with pytest.raises(InputError):
        impact(open_table(tmp_path / "twice.csv"), edition, after, DAY)
