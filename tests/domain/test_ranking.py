"""Suitability: each part, and the weighted mean of those that can be told."""

from dataclasses import replace

import pytest

from advisor.domain.ranking import PARTS, Standing, standing_parts, suitability
from tests.made_up import catalogue_of, criterion, fact, instrument

HERE = catalogue_of(fact("staff", "int"), fact("sales", "money"), fact("listed", "bool"))
STAGES = {"startup": 0.1, "growth": 0.6, "mature": 0.2, "decline": 0.1}
EVEN = {"targeted": 0.5, "cost": 0.5, "effort": 0.5, "lead_time": 0.5, "confidence": 0.5}


@pytest.fixture
def ranking(rules):
    return rules.ranking


def suits(ranking, one=None, *, known=None, standing=EVEN, preferences=(), avoided=0, stages=STAGES):
    weights = ranking.weights
    standing = Standing(standing, sum(weights[part] for part in standing), sum(weights[part] * share for part, share in standing.items()))
    return suitability(one or instrument("one"), standing, known or {}, stages, list(preferences), avoided, ranking)


def always(one, shares, ranking):
    """The parts that are the same for every firm."""
    return standing_parts(one, shares, ranking).parts


# ---------------------------------------------------------------- the parts that hang on the firm


@pytest.mark.parametrize(("stages", "part"), [(("growth",), 0.6), (("growth", "mature"), 0.8), (("startup", "growth", "mature", "decline"), 1.0)])
def test_the_stage_counts_by_its_probability(ranking, stages, part):
    assert suits(ranking, instrument("one", stages=stages)).parts["stage"] == pytest.approx(part)


@pytest.mark.parametrize(
    ("wanted", "served", "part"),
    [
        (("equipment",), ("equipment",), 1.0),
        (("equipment",), ("equipment", "plant"), 0.875),  # 0.4 for any + 0.35 for all of the wish + 0.25 x 1/2 for focus
        (("equipment", "rd"), ("equipment",), 0.4 + 0.35 * 2 / 3 + 0.25),  # what is named first counts double
        (("rd", "equipment"), ("equipment",), 0.4 + 0.35 * 1 / 3 + 0.25),
        (("rd",), ("equipment",), 0.0),
        ((), ("equipment",), None),
        (None, ("equipment",), None),
    ],
)
def test_the_purpose_counts_by_coverage_and_focus(ranking, wanted, served, part):
    assert suits(ranking, instrument("one", purposes=served), known={"purposes": wanted}).parts["purpose"] == (
        part if part is None else pytest.approx(part)
    )


@pytest.mark.parametrize(
    ("need", "low", "high", "part"),
    [
        (100, 50, 200, 1.0),
        (50, 50, 200, 1.0),
        (200, 50, 200, 1.0),
        (400, 50, 200, 0.5),
        (25, 50, 200, 0.5),
        (100, None, 200, 1.0),
        (100, 50, None, 1.0),
        (100, None, None, None),
        (None, 50, 200, None),
        (0, 50, 200, None),
        (10, 50, None, 0.2),
        (1000, None, 200, 0.2),
    ],
)
def test_amount_and_tenor_count_less_the_further_they_lie_outside(ranking, need, low, high, part):
    one = instrument("one", offer={"min_cny": low, "max_cny": high, "min_months": low, "max_months": high})
    found = suits(ranking, one, known={"need_cny": need, "need_months": need})
    assert (found.parts["amount"], found.parts["tenor"]) == (part, part)


@pytest.mark.parametrize(
    ("preferences", "part"), [((), None), ((None,), None), ((True,), 1.0), ((False,), 0.0), ((True, False), 0.5), ((True, None), 1.0)]
)
def test_preferences_count_as_far_as_they_are_known(ranking, preferences, part):
    assert suits(ranking, preferences=preferences).parts["preferences"] == part


# ---------------------------------------------------------------- the parts that are the same for every firm


def test_what_was_made_for_few_stands_before_what_is_open_to_all(ranking):
    common, rare = criterion("hard", "listed", HERE), criterion("hard", "staff > 3", HERE)
    shares = {common.condition: 1.0, rare.condition: 0.01}
    one_targets = {name: always(instrument(name, *criteria), shares, ranking)["targeted"] for name, criteria in
                   (("open", ()), ("common", (common,)), ("rare", (common, rare)))}  # fmt: skip
    assert one_targets == {"open": 0, "common": 0, "rare": pytest.approx(1 / ranking.targeted)}


def test_being_targeted_counts_at_most_once(ranking):
    criteria = [criterion("hard", f"staff > {n}", HERE) for n in range(9)]
    assert always(instrument("one", *criteria), {c.condition: 0.01 for c in criteria}, ranking)["targeted"] == 1


def test_where_all_ask_the_same_nothing_is_targeted(ranking):
    only = criterion("hard", "listed", HERE)
    assert always(instrument("one", only), {only.condition: 1.0}, ranking)["targeted"] == 0


@pytest.mark.parametrize(("documents", "part"), [(0, 1.0), (2, 1.0), (7, 0.5), (12, 0.0), (20, 0.0)])
def test_papers_count_between_their_bounds(ranking, documents, part):
    one = instrument("one", documents=("ID",) * documents)
    assert always(one, {criterion("hard", "listed", HERE).condition: 0.5}, ranking)["effort"] == pytest.approx(part)


@pytest.mark.parametrize(("days", "part"), [((1, 5), 1.0), ((0, 243), 0.5), ((240, 240), 0.0), ((300, 900), 0.0)])
def test_waiting_counts_by_the_middle_of_its_range(ranking, days, part):
    one = instrument("one", lead_days=days)
    assert always(one, {criterion("hard", "listed", HERE).condition: 0.5}, ranking)["lead_time"] == pytest.approx(part)


@pytest.mark.parametrize(("cost", "confidence"), [("earns", "verified"), ("high", "assumed"), ("dilution", "recalled")])
def test_cost_and_confidence_have_their_value_from_the_rules(ranking, cost, confidence):
    parts = always(instrument("one", cost=cost, confidence=confidence), {criterion("hard", "listed", HERE).condition: 0.5}, ranking)
    assert (parts["cost"], parts["confidence"]) == (ranking.cost[cost], ranking.confidence[confidence])


def test_weight_and_sum_of_the_standing_parts_belong_together(ranking):
    only = criterion("hard", "listed", HERE)
    found = standing_parts(instrument("one", only), {only.condition: 0.1}, ranking)
    assert found.weight == pytest.approx(sum(ranking.weights[part] for part in found.parts))
    assert found.score == pytest.approx(sum(ranking.weights[part] * share for part, share in found.parts.items()))
    assert set(found.parts) == set(EVEN)


# ---------------------------------------------------------------- the whole


def test_the_score_is_the_weighted_mean_of_the_parts_that_are_known(ranking):
    found = suits(ranking)
    known = {part: share for part, share in found.parts.items() if share is not None}
    assert set(known) == {"stage", *EVEN}
    mean = sum(ranking.weights[part] * share for part, share in known.items()) / sum(ranking.weights[part] for part in known)
    assert found.score == pytest.approx(mean, abs=1e-4)


def test_a_part_that_is_unknown_is_left_out_never_taken_as_zero(ranking):
    perfect = dict.fromkeys(EVEN, 1.0)
    certain = {"startup": 0.0, "growth": 1.0, "mature": 0.0, "decline": 0.0}
    assert suits(ranking, standing=perfect, stages=certain).score == 1.0
    assert suits(ranking, standing=perfect, stages=certain, known={"purposes": ("rd",)}).score < 1.0


@pytest.mark.parametrize("family", ["loan", "guarantee", "subsidy", "service"])
def test_what_brings_no_money_itself_stands_behind_what_does(ranking, family):
    factor = ranking.family.get(family, 1.0)
    assert suits(ranking, instrument("one", family=family)).score == pytest.approx(factor * suits(ranking).score, abs=1e-4)


@pytest.mark.parametrize("avoided", [0, 1, 2])
def test_each_reason_against_takes_its_share(ranking, avoided):
    assert suits(ranking, avoided=avoided).score == pytest.approx(suits(ranking).score * ranking.avoid_factor**avoided, abs=1e-4)


def test_every_part_has_a_weight_and_no_other(rules):
    assert set(rules.ranking.weights) == set(PARTS)
    assert sum(rules.ranking.weights.values()) == pytest.approx(1)
    with pytest.raises(AssertionError):
        replace(rules.ranking, weights={"stage": 1.0})
