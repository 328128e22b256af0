"""The programme finds the mix that a search through every subset finds, and keeps to each of its constraints."""

from dataclasses import replace
from itertools import chain, combinations

import numpy as np
import pytest
from scipy.optimize import linprog

from advisor.planning.mix import Cap, Exclusion, Line, Relief, Task, best_mix
from advisor.planning.rules import Effort

NO_EFFORT = Effort(0, 0, 0)
MILLION = 1_000_000.0


def line(name, high=10.0, price=0.05, low=0.01, **more):
    """A line in millions."""
    return Line(name, low * MILLION, high * MILLION, price, **more)


def task(*lines, need=10.0, **more):
    """A task in millions, without effort and with room for all lines unless told."""
    return Task(need * MILLION, lines, more.pop("most_lines", len(lines)), more.pop("effort", NO_EFFORT), **more)


def drawn(found):
    """What is drawn, in millions."""
    return {name: amount / MILLION for name, amount in found.amounts.items()}


# ------------------------------------------------------------ every subset


def random_task(seed):
    """A small task with every kind of constraint; some need more than can be had."""
    rng = np.random.default_rng(seed)
    names = [f"line{place}" for place in range(5)]
    lines = tuple(
        Line(
            name, low := round(float(rng.uniform(0.2, 2)) * MILLION), low + round(float(rng.uniform(0, 5)) * MILLION),
            float(rng.uniform(0.01, 0.3)), tuple(rng.choice(["a", "b", "c", "d"], size=2, replace=False)), int(rng.integers(1, 90)),
        )
        for name in names
    )  # fmt: skip
    caps = tuple(
        Cap(
            f"cap{place}",
            round(float(rng.uniform(0, 6)) * MILLION),
            {name: float(rng.uniform(0.5, 3)) for name in rng.choice(names, 3, replace=False)},
        )
        for place in range(2)
    )
    reliefs = (
        Relief("back", 0.02, 60_000, tuple(rng.choice(names, 2, replace=False)), ("e",)),
        Relief("other", 0.03, 20_000, tuple(rng.choice(names, 2, replace=False))),
    )
    exclusions = (Exclusion("pair", tuple(rng.choice(names, 2, replace=False))), Exclusion("reliefs", ("back", "other")))
    purposes = tuple(tuple(rng.choice(names, 2, replace=False)) for _ in range(2))
    return Task(
        round(float(rng.uniform(2, 12)) * MILLION),
        lines,
        3,
        Effort(3_000, 500, 100),
        caps,
        reliefs,
        exclusions,
        purposes,
        float(rng.uniform(0, 80_000)),
    )


def of_one_subset(one, chosen, relieved, objective):
    """The best gap or burden when exactly these lines and reliefs are drawn: a linear programme; None where it cannot be."""
    lines = [found for found in one.lines if found.id in chosen]
    back = [found for found in one.reliefs if found.id in relieved]
    columns = len(lines) + len(back)
    upper = [([cap.weights.get(found.id, 0.0) for found in lines] + [0.0] * len(back), cap.room) for cap in one.caps]
    for place, relief in enumerate(back):
        row = [-relief.rate if found.id in relief.on else 0.0 for found in lines] + [0.0] * len(back)
        row[len(lines) + place] = 1.0
        upper.append((row, 0.0))
    upper.append(([1.0] * len(lines) + [0.0] * len(back), one.need))
    bounds = [(found.low, found.high) for found in lines] + [(0.0, relief.most) for relief in back]
    if columns == 0:
        return one.need, 0.0
    matrix, room = [row for row, _ in upper], [room for _, room in upper]
    covered = [-1.0] * len(lines) + [0.0] * len(back)
    if objective is None:
        found = linprog(covered, matrix, room, bounds=bounds)
        return None if found.status else (one.need + found.fun, 0.0)
    matrix, room = [*matrix, covered], [*room, objective - one.need + 0.05]
    found = linprog([each.price for each in lines] + [-1.0] * len(back), matrix, room, bounds=bounds)
    return None if found.status else (objective, found.fun)


def searched(one):
    """The least gap, and the least burden with that gap, over every subset of lines and reliefs."""
    names = [found.id for found in (*one.lines, *one.reliefs)]
    subsets = []
    for subset in chain.from_iterable(combinations(names, size) for size in range(len(names) + 1)):
        chosen, relieved = [n for n in subset if n.startswith("line")], [n for n in subset if not n.startswith("line")]
        if len(chosen) <= one.most_lines and all(len(set(subset) & set(exclusion.members)) <= 1 for exclusion in one.exclusions):
            subsets.append((chosen, relieved))
    gap = min(found[0] for each in subsets if (found := of_one_subset(one, *each, None)))
    burden = np.inf
    for chosen, relieved in subsets:
        found = of_one_subset(one, chosen, relieved, gap)
        if found is None or (not chosen and one.need > gap + 0.05):
            continue
        papers = {paper for each in (*one.lines, *one.reliefs) if each.id in (*chosen, *relieved) for paper in each.documents}
        wait = max((each.days for each in one.lines if each.id in chosen), default=0)
        idle = sum(not set(serving) & set(chosen) for serving in one.purposes) * one.idle_cny
        burden = min(burden, found[1] + 3_000 * len(chosen) + 500 * len(papers) + 100 * wait + idle)
    return gap, burden


@pytest.mark.parametrize("seed", range(40))
def test_the_mix_is_the_best_of_all_subsets(seed):
    one = random_task(seed)
    gap, burden = searched(one)
    found = best_mix(one)
    assert found.gap == pytest.approx(gap, abs=5)
    assert found.burden == pytest.approx(burden, abs=5)


def test_some_of_the_random_tasks_leave_a_gap_and_some_do_not():
    gaps = [best_mix(random_task(seed)).gap for seed in range(40)]
    assert 5 < sum(gap == 0 for gap in gaps) < 35


# ------------------------------------------------------------ each constraint


def test_the_cheaper_line_comes_first_and_the_dearer_one_covers_the_rest():
    found = best_mix(task(line("dear", price=0.08), line("cheap", high=6, price=0.03)))
    assert drawn(found) == {"cheap": 6, "dear": 4}
    assert found.gap == 0


def test_covering_more_comes_before_costing_less():
    found = best_mix(task(line("cheap", high=6, price=0.01), line("dear", high=3, price=0.9)))
    assert drawn(found) == {"cheap": 6, "dear": 3}
    assert found.gap == MILLION


def test_no_more_than_the_need_is_drawn():
    assert drawn(best_mix(task(line("free", high=50, price=0.0)))) == {"free": 10}


def test_a_line_is_drawn_from_its_least_amount_or_not_at_all():
    found = best_mix(task(line("cheap", high=8, price=0.01), line("large", low=5, price=0.05)))
    assert drawn(found) == {"cheap": 5, "large": 5}
    assert drawn(best_mix(task(line("huge", low=11, high=20)))) == {}


def test_lines_that_share_a_collateral_use_it_once():
    house = Cap("house", 3 * MILLION, {"one": 0.5, "two": 0.5})
    found = best_mix(task(line("one"), line("two"), caps=(house,)))
    assert sum(drawn(found).values()) == pytest.approx(6)


def test_a_cap_without_room_leaves_nothing():
    found = best_mix(task(line("one"), caps=(Cap("unknown", 0.0, {"one": 1.0}),)))
    assert found.amounts == {}
    assert found.gap == 10 * MILLION


def test_no_more_lines_than_allowed_are_drawn():
    lines = [line(f"small{place}", high=3) for place in range(4)]
    assert len(best_mix(task(*lines, most_lines=2)).amounts) == 2
    assert len(best_mix(task(*lines, most_lines=4)).amounts) == 4


def test_of_an_exclusion_one_line_is_drawn():
    both = Exclusion("kind", ("one", "two"))
    found = best_mix(task(line("one", high=5), line("two", high=6), exclusions=(both,)))
    assert drawn(found) == {"two": 6}


def test_a_relief_lowers_the_burden_and_never_the_gap():
    loan = line("loan", high=6, price=0.05)
    found = best_mix(task(loan, reliefs=(Relief("back", 0.02, MILLION, ("loan",)),)))
    assert found.reliefs == {"back": 120_000}
    assert found.gap == 4 * MILLION
    assert found.burden == pytest.approx(0.03 * 6 * MILLION, abs=1)


def test_a_relief_gives_back_no_more_than_its_most():
    found = best_mix(task(line("loan"), reliefs=(Relief("back", 0.02, 50_000, ("loan",)),)))
    assert found.reliefs == {"back": 50_000}


def test_a_relief_needs_the_loan_it_is_for():
    found = best_mix(task(line("loan"), reliefs=(Relief("back", 0.02, 50_000, ("another",)),)))
    assert found.reliefs == {}


def test_two_reliefs_that_exclude_each_other_are_not_both_drawn():
    back = (Relief("less", 0.01, MILLION, ("loan",)), Relief("more", 0.02, MILLION, ("loan",)))
    both = best_mix(task(line("loan"), reliefs=back))
    one = best_mix(task(line("loan"), reliefs=back, exclusions=(Exclusion("pair", ("less", "more")),)))
    assert set(both.reliefs) == {"less", "more"}
    assert set(one.reliefs) == {"more"}


def test_papers_that_two_lines_ask_for_are_prepared_once():
    alike = [line("one", high=5, documents=("BL", "FS1")), line("two", high=5, documents=("BL", "CR"))]
    found = best_mix(task(*alike, effort=Effort(0, 1_000, 0)))
    assert found.burden == pytest.approx(0.05 * 10 * MILLION + 3_000, abs=1)


def test_only_the_longest_wait_counts():
    found = best_mix(task(line("one", high=5, days=20), line("two", high=5, days=60), effort=Effort(0, 0, 100)))
    assert found.burden == pytest.approx(0.05 * 10 * MILLION + 6_000, abs=1)


def test_a_second_line_has_to_be_worth_its_work():
    lines = line("cheap", high=9, price=0.05), line("whole", price=0.051)
    assert len(best_mix(task(*lines)).amounts) == 2
    assert drawn(best_mix(task(*lines, effort=Effort(20_000, 0, 0)))) == {"whole": 10}


def test_a_line_that_serves_more_purposes_is_preferred_at_nearly_the_same_price():
    one = task(line("narrow", price=0.050), line("broad", price=0.051), most_lines=1, purposes=(("narrow", "broad"), ("broad",)))
    assert drawn(best_mix(one)) == {"narrow": 10}
    assert drawn(best_mix(replace(one, idle_cny=5_000))) == {"narrow": 10}
    assert drawn(best_mix(replace(one, idle_cny=20_000))) == {"broad": 10}


def test_a_mix_that_is_not_wanted_again_differs_in_what_it_leaves_out():
    one = task(line("first", high=10, price=0.01), line("second", price=0.02), line("third", price=0.03))
    again = best_mix(one, [frozenset({"first"})])
    third = best_mix(one, [frozenset({"first"}), frozenset(again.amounts)])
    assert (drawn(again), drawn(third)) == ({"second": 10}, {"third": 10})


def test_with_no_line_at_all_the_gap_is_the_need():
    found = best_mix(task())
    assert (found.amounts, found.gap) == ({}, 10 * MILLION)


def test_what_a_constraint_names_and_is_no_candidate_is_passed_over():
    one = task(line("one"))
    odd = replace(one, caps=(Cap("cap", 0.0, {"gone": 1.0}),), exclusions=(Exclusion("pair", ("gone", "one")),), purposes=(("gone",),))
    assert drawn(best_mix(odd)) == {"one": 10}
