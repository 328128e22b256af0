"""A table of firms gets what each firm would get alone, under the shipped rules; and what is counted over it is true."""

import datetime as dt
import json
from collections import Counter

import numpy as np
import polars as pl
import pytest

from advisor.domain.instrument import FAMILIES
from advisor.domain.stage import STAGES
from advisor.screening.portfolio import PortfolioScreen
from advisor.screening.screen import Screen, Tally
from tests.screening.agreement import (
    DAY,
    bounds_of,
    compare_nasty,
    compare_synthetic,
    differing,
    engine_frame,
    nasty_firms,
    stage_model,
    synthetic_firms,
)


def portfolio(rules, raw, **more):
    return PortfolioScreen(rules.as_of(DAY), DAY, raw.columns, model=stage_model(), **more)


@pytest.fixture(scope="module")
def screened(rules, synthetic):
    """Three thousand synthetic firms, a column an instrument, and their tally."""
    found = portfolio(rules, synthetic, wide=True)(synthetic, 1)
    return found.frame, found.tally


# ---------------------------------------------------------------- the same answer


@pytest.mark.parametrize("top", [1, 5, 20])
def test_synthetic_firms_get_the_conclusions_that_each_would_get_alone(rules, advised, top):
    raw, concluded = advised
    cells, wrong = differing([one.row(top, wide=True) for one in concluded], portfolio(rules, raw, top=top, wide=True)(raw, 1).frame)
    assert wrong == []
    assert cells == len(concluded) * (len(rules.as_of(DAY).instruments) + 15 + 2 * top)


@pytest.mark.parametrize("top", [1, 5, 20])
def test_contradictory_firms_on_the_bounds_of_the_rules_get_the_conclusions_that_each_would_get_alone(rules, edition, nasty, top):
    known, concluded = nasty
    frame, _ = Screen(edition, DAY, set(rules.catalogue.facts), top=top, wide=True, model=stage_model())(engine_frame(known, rules.catalogue))
    assert differing([one.row(top, wide=True) for one in concluded], frame)[1] == []


def test_the_firms_compared_meet_every_outcome(nasty, advised, edition):
    """A comparison is worth as much as what it meets."""
    every = [*nasty[1], *advised[1]]
    assert {one.advice.stage.stage for one in every} == {*STAGES, None}
    assert {one.advice.fund_chain.level for one in every} == {"green", "amber", "red", None}
    assert {one.advice.stage.source for one in every} == {"legal_solvency", "statements", "answers", "model", "rules", None}
    assert {one.advice.size_class for one in every} == {*edition.catalogue["size_class"].options, None}
    assert {gate for one in every for gate in one.gates} == {gate.id for gate in edition.ruleset.gates.gates if not gate.demotes}
    assert any(match.demoted for one in every for match in one.ranked)
    assert {match.eligibility for one in every for match in one.judged} == {"eligible", "ineligible", "undetermined"}
    opened = {match.instrument.id for one in every for match in one.ranked}
    assert len(opened) > len(edition.instruments) / 2


@pytest.mark.parametrize("day", [dt.date(2023, 6, 1), dt.date(2024, 2, 29), dt.date(2028, 1, 1)], ids=str)
def test_on_another_day_the_versions_of_that_day_decide(rules, edition, day):
    raw, known = synthetic_firms(rules, day, 12, seed=5)
    assert compare_synthetic(rules, day, raw, known)[1] == []
    assert compare_nasty(rules, day, nasty_firms(rules, day, 12, seed=6))[1] == []
    assert rules.as_of(day).instruments != edition.instruments


def test_facts_a_table_does_not_hold_are_unknown(rules, edition, nasty):
    held = [name for place, name in enumerate(rules.catalogue.facts) if place % 3]
    facts = engine_frame(nasty[0], rules.catalogue)
    part = facts.select(name for name in facts.columns if name.split(".")[0] in held)
    blank = facts.with_columns(pl.lit(None, dtype=facts.schema[name]).alias(name) for name in facts.columns if name not in part.columns)
    found, _ = Screen(edition, DAY, held, wide=True, model=stage_model())(part)
    wanted, _ = Screen(edition, DAY, set(rules.catalogue.facts), wide=True, model=stage_model())(blank)
    assert found.equals(wanted)


def test_a_table_of_firms_without_a_single_fact_is_screened_too(edition):
    frame, tally = Screen(edition, DAY, ())(pl.DataFrame(height=3))
    assert frame.height == tally.firms == 3
    assert frame["stage"].to_list() == [None] * 3
    assert frame["top1"].to_list() == [None] * 3
    assert (frame["undetermined"] > 100).all()


def test_an_empty_table_has_all_columns_and_counts_nothing(rules, edition):
    facts = engine_frame([], rules.catalogue)
    screen = Screen(edition, DAY, set(rules.catalogue.facts), wide=True, model=stage_model())
    frame, tally = screen(facts)
    assert frame.height == tally.firms == 0
    assert frame.schema == screen(facts.clear(1))[0].schema
    assert not tally.open_now.any()


def test_without_the_wide_columns_everything_else_is_the_same(rules, synthetic, screened):
    narrow = portfolio(rules, synthetic)(synthetic, 1)
    assert narrow.frame.equals(screened[0].select(narrow.frame.columns))
    assert screened[0].width == narrow.frame.width + len(rules.as_of(DAY).instruments)
    assert narrow.tally.as_dict() == screened[1].as_dict()


def test_a_firm_gets_the_same_wherever_it_stands_in_a_table(rules, synthetic, screened):
    screen = portfolio(rules, synthetic, wide=True)
    for start, height in ((0, 1), (7, 8), (13, 17), (2_983, 17), (1_001, 1_000)):
        assert screen(synthetic[start : start + height], 1).frame.equals(screened[0][start : start + height]), (start, height)


def test_a_table_of_several_blocks_is_the_same_as_its_pieces(rules, synthetic, screened):
    times = 23
    found = portfolio(rules, synthetic)(pl.concat([synthetic] * times), 1)
    wanted = screened[0].select(found.frame.columns)
    assert found.frame.height > 65_536
    for place in range(times):
        assert found.frame[place * 3_000 : (place + 1) * 3_000].equals(wanted), place
    one, many = screened[1].as_dict(), found.tally.as_dict()
    assert many["stages"] == {stage: firms * times for stage, firms in one["stages"].items()}
    assert np.array_equal(np.array(many["gaps"]), np.array(one["gaps"]) * times)
    assert many["missing"] == {fact: firms * times for fact, firms in one["missing"].items()}
    assert many["open_now"] == [firms * times for firms in one["open_now"]]


# ---------------------------------------------------------------- what is counted


def test_stages_levels_and_sizes_are_counted(screened):
    frame, tally = screened
    assert tally.firms == frame.height == 3_000
    for counted, column in ((tally.stages, "stage"), (tally.levels, "fund_chain"), (tally.sizes, "size_class")):
        assert {word: firms for word, firms in counted.items() if firms} == Counter(frame[column].to_list())
        assert sum(counted.values()) == 3_000


@pytest.fixture(scope="module")
def standings(edition, screened):
    """For each instrument with an operating rule, which firms may apply now and of which that is unknown."""
    frame, _ = screened
    shut = [set(gates.split(";")) for gates in frame["gates"].to_list()]
    found = {}
    for one in edition.instruments:
        if one.status != "proposed":
            before = {gate.id for gate in edition.ruleset.gates.gates if not gate.demotes and gate.concerns(one)}
            met = frame[one.id].to_list()
            found[one] = [cell == 1 and not before & gates for cell, gates in zip(met, shut, strict=True)], [cell is None for cell in met]
    return found


def test_for_each_instrument_the_firms_that_may_apply_and_the_undecided_are_counted(edition, screened, standings):
    _, tally = screened
    assert tally.instruments == tuple(one.id for one in edition.instruments)
    counted = dict(zip(tally.instruments, zip(tally.open_now.tolist(), tally.undetermined.tolist(), strict=True), strict=True))
    assert counted == {one.id: tuple(sum(cells) for cells in standings.get(one, ((), ()))) for one in edition.instruments}


def test_the_counts_of_a_firm_add_up(screened, standings):
    frame, _ = screened
    opened = np.sum([cells for cells, _ in standings.values()], axis=0)
    assert (frame["eligible"].cast(int) - frame["blocked"].cast(int)).to_list() == opened.tolist()
    assert frame["undetermined"].cast(int).to_list() == np.sum([cells for _, cells in standings.values()], axis=0).tolist()
    assert (frame["top1"].is_null() == pl.Series(opened == 0)).all()


def test_a_gap_is_a_firm_for_which_nothing_of_a_family_is_open(screened, standings):
    frame, tally = screened
    stages = frame["stage"].to_list()
    for place, family in enumerate(FAMILIES):
        reached = np.any([cells for one, (cells, _) in standings.items() if one.family == family], axis=0)
        without = Counter(stage for stage, some in zip(stages, reached, strict=True) if not some)
        assert tally.gaps[:, place].tolist() == [without[stage] for stage in (*STAGES, None)], family


def test_shut_gates_are_counted(screened):
    frame, tally = screened
    gates = Counter(gate for joined in frame["gates"].to_list() for gate in joined.split(";") if gate)
    assert {gate: firms for gate, firms in tally.gates.items() if firms} == gates
    assert len(gates) > 2


def test_verdicts_that_wait_for_a_fact_are_counted(rules, advised):
    raw, concluded = advised
    tally = portfolio(rules, raw)(raw, 1).tally
    assert {fact: waits for fact, waits in tally.missing.items() if waits} == sum((one.waiting for one in concluded), Counter())


def test_a_tally_survives_being_written_down(screened):
    plain = screened[1].as_dict()
    again = Tally.from_dict(json.loads(json.dumps(plain)))
    assert again.as_dict() == plain
    assert again.stages == screened[1].stages


def test_the_tallies_of_two_halves_add_up_to_that_of_the_whole(rules, synthetic, screened):
    screen = portfolio(rules, synthetic)
    whole = Tally(screened[1].instruments)
    for half in (synthetic[:1_111], synthetic[1_111:]):
        whole.add(screen(half, 1).tally)
    assert whole.as_dict() == screened[1].as_dict()


def test_nasty_firms_stand_on_the_bounds_of_the_rules(rules, nasty):
    by_fact, _ = bounds_of(rules)
    met = {name for name, bounds in by_fact.items() for firm in nasty[0] if name and firm.facts.get(name) in bounds}
    assert len(met) > len(by_fact) / 2
