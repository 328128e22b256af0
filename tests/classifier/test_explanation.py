"""Why the model sees a firm as it does: what each answer added, what is worth asking next, and how the firm compares."""

from itertools import permutations
from math import log

import numpy as np
import polars as pl
import pytest

from advisor.classifier.book import LATEST_FLOWS, Book
from advisor.classifier.explanation import (
    COMPARED,
    EXACT,
    PLAIN,
    WORTH_ASKING,
    best_questions,
    compare,
    entropy_fall,
    explain,
    shapley,
    typical,
    worths,
)
from advisor.classifier.inputs import ANSWERS, BASIC, FACTS, INPUTS, NAMES, NEEDED, TIERS
from advisor.classifier.model import StageModel
from advisor.classifier.network import Network
from advisor.domain.stage import PATTERNS, STAGES

FIRM = {
    "revenue_cny": 80e6, "revenue_y1_cny": 60e6, "net_profit_cny": 5e6, "net_profit_y1_cny": 3e6, "total_assets_cny": 100e6,
    "total_assets_y1_cny": 80e6, "total_liabilities_cny": 55e6, "total_liabilities_y1_cny": 40e6, "pays_dividend": True, "ebit_cny": 8e6,
    "current_assets_cny": 60e6, "current_liabilities_cny": 35e6, "current_assets_y1_cny": 45e6, "current_liabilities_y1_cny": 30e6,
    "cash_cny": 10e6, "cash_y1_cny": 12e6, "interest_debt_cny": 30e6, "interest_debt_y1_cny": 18e6, "capex_cny": 9e6,
    "depreciation_cny": 3e6, "retained_earnings_cny": 20e6, "selling_admin_expense_cny": 11e6, "fixed_assets_cny": 30e6,
    "inventory_cny": 20e6, "inventory_y1_cny": 15e6, "receivables_cny": 22e6, "receivables_y1_cny": 14e6, "opcf_y1_cny": -2e6,
    "invcf_y1_cny": -6e6, "fincf_y1_cny": 7e6, "revenue_y2_cny": 50e6, "net_profit_y2_cny": 2e6,
}  # fmt: skip
SHORT = {fact: FIRM[fact] for fact in BASIC}
FLAGGED = np.array([place for place, one in enumerate(INPUTS) if one.flagged])
NOTHING_WORTH = np.zeros((len(TIERS), len(ANSWERS)))
NOTHING_TYPICAL = np.full((len(STAGES), len(NAMES), 3), np.nan)


def rows_of(*names):
    """Where inputs, and the flags of their absence, enter the network."""
    places = [NAMES.index(name) for name in names]
    return places + [len(NAMES) + int(np.flatnonzero(place == FLAGGED)[0]) for place in places if place in FLAGGED]


def model_of(first, last=None):
    """A model whose first layer (and second, if there are two) has the weights given; the same temperature in every tier."""
    layers = [first] if last is None else [first, last]
    network = Network(np.zeros(len(NAMES)), np.full(len(NAMES), 0.2), FLAGGED, tuple(layers), tuple(np.zeros(layer.shape[1]) for layer in layers))
    return StageModel(network, np.ones(len(TIERS)), np.zeros(len(TIERS)))


def random_weights(seed=0, hidden=12):
    draw = np.random.default_rng(seed)
    return draw.normal(0, 0.5, (len(NAMES) + len(FLAGGED), hidden)), draw.normal(0, 1.0, (hidden, len(PATTERNS)))


def told(model, known, catalogue, rules, early="growth", worth=NOTHING_WORTH, usual=NOTHING_TYPICAL, **more):
    return explain(model, known, early, catalogue, rules.stages, worth, usual, **more)


def reading(*stages):
    """Eight patterns read as stages, those that are not named as decline."""
    found = np.zeros((len(PATTERNS), len(STAGES)))
    found[range(len(PATTERNS)), [STAGES.index(stage) for stage in (*stages, *["decline"] * (len(PATTERNS) - len(stages)))]] = 1
    return found


DICKINSON = reading("growth", "growth", "mature")


# ---------------------------------------------------------------- what each answer added


def test_where_players_do_not_meet_each_is_worth_what_it_brings():
    brings = np.array([3.0, -1.0, 0.0, 0.5])
    found = shapley(lambda coalitions: ((coalitions[:, None] >> np.arange(4) & 1) @ brings)[:, None], 4)
    assert found[:, 0] == pytest.approx(brings)


def test_with_few_players_a_share_is_the_mean_over_every_order():
    worth = np.random.default_rng(1).normal(size=(16, 2))
    wanted = np.zeros((4, 2))
    for order in permutations(range(4)):
        there = 0
        for player in order:
            wanted[player] += (worth[there | 1 << player] - worth[there]) / 24
            there |= 1 << player
    assert shapley(lambda coalitions: worth[coalitions], 4) == pytest.approx(wanted)


@pytest.mark.parametrize("players", [EXACT, EXACT + 1, 18])
def test_what_two_players_bring_together_is_halved_also_where_orders_are_drawn(players):
    draw = np.random.default_rng(2)
    alone, together = draw.normal(size=players), np.triu(draw.normal(size=(players, players)), 1)

    def value(coalitions):
        there = (coalitions[:, None] >> np.arange(players) & 1).astype(float)
        return (there @ alone + np.einsum("ni,ij,nj->n", there, together, there))[:, None]

    assert shapley(value, players)[:, 0] == pytest.approx(alone + (together.sum(axis=0) + together.sum(axis=1)) / 2)


@pytest.mark.parametrize("players", [3, EXACT + 2])
def test_all_coalitions_are_asked_at_once_and_none_twice(players):
    asked = []

    def value(coalitions):
        asked.append(coalitions)
        return np.zeros((len(coalitions), 1))

    shapley(value, players)
    assert len(asked) == 1
    assert len(set(asked[0].tolist())) == len(asked[0])


@pytest.mark.parametrize("known", [SHORT, FIRM], ids=["every subset", "drawn orders"])
@pytest.mark.parametrize("early", ["growth", "startup", "decline", None])
def test_the_moves_lead_from_knowing_nothing_to_what_the_model_says(known, early, catalogue, rules):
    model = model_of(*random_weights())
    found = told(model, known, catalogue, rules, early)
    patterns = model(known).patterns
    split = {None: {"startup": 0.5, "growth": 0.5}}.get(early, {early: 1.0})
    says = {stage: patterns["--+"] * split.get(stage, 0.0) for stage in STAGES}
    for pattern, share in patterns.items():
        if pattern != "--+":
            says[rules.stages.patterns[pattern].stage] += share
    reached = {stage: found.moves.base[stage] + sum(move.toward[stage] for move in found.moves.moves) for stage in STAGES}
    assert reached == pytest.approx(says, abs=1e-6)
    assert sum(found.moves.base.values()) == pytest.approx(1)
    assert len(found.moves.moves) == sum(any(fact in known for fact in answer.facts) for answer in ANSWERS)


def test_with_nothing_known_every_firm_starts_from_the_same(catalogue, rules):
    model = model_of(*random_weights())
    assert told(model, SHORT, catalogue, rules).moves.base == told(model, FIRM, catalogue, rules).moves.base


@pytest.mark.parametrize("known", [SHORT, FIRM], ids=["every subset", "drawn orders"])
def test_an_answer_that_the_network_does_not_read_moves_nothing(known, catalogue, rules):
    first, last = random_weights(3)
    first[rows_of("dividend")] = 0
    moves = {move.answer: move for move in told(model_of(first, last), known, catalogue, rules).moves.moves}
    assert moves["dividend"].toward == pytest.approx(dict.fromkeys(STAGES, 0.0), abs=1e-9)
    assert moves["assets"].size > 0.001


def test_answers_that_the_network_reads_alike_move_alike(catalogue, rules):
    first, last = random_weights(4)
    first[rows_of("receivables")] = first[rows_of("inventory")]
    known = {**SHORT, "inventory_cny": 20e6, "receivables_cny": 20e6}
    moves = {move.answer: move for move in told(model_of(first, last), known, catalogue, rules).moves.moves}
    assert moves["inventory"].toward == pytest.approx(moves["receivables"].toward)
    assert moves["inventory"].size > 0.001


def test_the_largest_move_comes_first(catalogue, rules):
    sizes = [move.size for move in told(model_of(*random_weights()), FIRM, catalogue, rules).moves.moves]
    assert sizes == sorted(sizes, reverse=True)


def test_the_same_firm_is_explained_the_same_and_no_answer_is_unknown(catalogue, rules):
    model = model_of(*random_weights())
    once = told(model, FIRM, catalogue, rules)
    unknown = dict.fromkeys(("opcf_cny", "ops_brought_cash"))
    assert told(model, dict(reversed(FIRM.items())) | unknown, catalogue, rules) == once


def test_a_firm_that_the_model_is_not_asked_about_is_not_explained(catalogue, rules):
    model = model_of(*random_weights())
    few = {fact: FIRM[fact] for fact in BASIC[: NEEDED - 1]}
    assert told(model, few, catalogue, rules) is None
    assert told(model, FIRM | {"industry_class": "real_estate"}, catalogue, rules) is None
    assert told(model, FIRM | {"industry_class": "industry"}, catalogue, rules) is not None


# ---------------------------------------------------------------- what is worth asking


def test_a_cash_answer_between_two_stages_settles_what_an_error_leaves():
    patterns = np.array([0, 0.5, 0.5, 0, 0, 0, 0, 0])
    left = -(0.9 * log(0.9) + 0.1 * log(0.1))
    assert entropy_fall(patterns, DICKINSON, 2, 0.9) == pytest.approx(log(2) - left)


@pytest.mark.parametrize(("position", "trust"), [(0, 0.9), (1, 0.9), (2, 0.5)], ids=["same operating", "same investing", "a coin"])
def test_an_answer_that_tells_nothing_settles_nothing(position, trust):
    assert entropy_fall(np.array([0, 0.5, 0.5, 0, 0, 0, 0, 0]), DICKINSON, position, trust) == pytest.approx(0, abs=1e-12)


def test_telling_patterns_of_one_stage_apart_settles_nothing():
    assert entropy_fall(np.array([0.5, 0.5, 0, 0, 0, 0, 0, 0]), DICKINSON, 0, 0.9) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_a_surer_answer_settles_more_and_never_more_than_there_is(seed):
    patterns = np.random.default_rng(seed).dirichlet(np.ones(8))
    falls = [entropy_fall(patterns, DICKINSON, 0, trust) for trust in (0.5, 0.7, 0.9, 1.0)]
    stages = patterns @ DICKINSON
    assert falls == sorted(falls)
    assert 0 <= falls[-1] <= -(stages[stages > 0] * np.log(stages[stages > 0])).sum()


EVEN = np.full(8, 1 / 8)


def asked(known, worth, catalogue, rules, patterns=EVEN):
    return best_questions(patterns, DICKINSON, known, catalogue, rules.stages, worth)


def worth_of(**answers):
    return np.array([answers.get(answer.id, 0.0) for answer in ANSWERS])


def test_the_two_best_questions_are_asked_in_the_owners_words(catalogue, rules):
    first, second = asked({}, worth_of(dividend=3.0, debt=2.0, cash=1.0), catalogue, rules)
    assert (first.facts, first.gain) == (("pays_dividend",), 3.0)
    assert first.label == catalogue.facts["pays_dividend"].question
    assert (second.facts, second.gain) == (("interest_debt_cny", "interest_debt_y1_cny"), 2.0)
    assert second.label.en == f"{catalogue.facts['interest_debt_cny'].question.en} {catalogue.facts['interest_debt_y1_cny'].question.en}"


def test_many_facts_are_asked_for_under_one_name(catalogue, rules):
    first, *_ = asked({}, worth_of(past_flows=3.0), catalogue, rules)
    assert (first.label.zh, first.label.en) == ("前年的三项现金流各是多少？", "What were the cash flows of the year before?")


def test_only_what_is_missing_is_asked(catalogue, rules):
    worth = worth_of(debt=3.0, dividend=2.0)
    first, _ = asked({"interest_debt_cny": 1e6, "pays_dividend": False}, worth, catalogue, rules)
    assert first.facts == ("interest_debt_y1_cny",)
    cash = dict.fromkeys(("opcf_cny", "invcf_cny"), 1e6) | {"raised_more_than_repaid": True}
    assert asked(FIRM | cash, worth, catalogue, rules) == ()


def test_a_flow_of_zero_has_no_sign_so_its_question_stays(catalogue, rules):
    known = FIRM | {"opcf_cny": 1e6, "invcf_cny": -1e6, "fincf_cny": 0.0}
    assert [question.facts for question in asked(known, worth_of(), catalogue, rules)] == [("raised_more_than_repaid",)]


def test_questions_about_cash_and_accounts_are_weighed_against_each_other(catalogue, rules):
    best, second = asked({}, worth_of(), catalogue, rules)
    inventory = ("inventory_cny", "inventory_y1_cny")
    assert [one.facts for one in asked({}, worth_of(inventory=best.gain * 1.01), catalogue, rules)] == [inventory, best.facts]
    assert [one.facts for one in asked({}, worth_of(inventory=second.gain * 0.99), catalogue, rules)] == [best.facts, second.facts]


def test_a_question_hardly_worth_an_answer_is_not_asked(catalogue, rules):
    certain = np.eye(8)[2]
    assert asked({}, worth_of(debt=WORTH_ASKING * 0.99, cash=-1.0), catalogue, rules, certain) == ()
    assert len(asked({}, worth_of(debt=WORTH_ASKING * 1.01), catalogue, rules, certain)) == 1


def test_what_cash_answers_told_already_is_not_counted_again(catalogue, rules):
    even = model_of(np.zeros((len(NAMES) + len(FLAGGED), len(PATTERNS))))
    before = told(even, FIRM, catalogue, rules)
    after = told(even, FIRM | {"ops_brought_cash": True, "spent_on_investment": True}, catalogue, rules)
    patterns = np.array([0.9 * 0.1, 0.9 * 0.9, 0.9 * 0.9, 0.9 * 0.1, 0.1 * 0.9, 0.1 * 0.9, 0.1 * 0.1, 0.1 * 0.1])
    gain = entropy_fall(patterns / patterns.sum(), DICKINSON, 2, rules.stages.trust["answer"])
    assert [(question.facts, question.gain) for question in after.questions] == [(("raised_more_than_repaid",), pytest.approx(gain))]
    assert len(before.questions) == 2
    assert {move.size for move in after.moves.moves} == {0.0}


# ---------------------------------------------------------------- a book, and what it teaches


def book_of(patterns, **facts):
    """A book of one firm a row; a fact that is not given is that of FIRM, cash flows are unknown."""
    rows = len(patterns)
    columns = {fact: [FIRM[fact]] * rows for fact in FACTS} | {fact: list(values) for fact, values in facts.items()}
    frame = pl.DataFrame(columns, schema={fact: pl.Boolean if fact == "pays_dividend" else pl.Float64 for fact in FACTS})
    frame = frame.with_columns([pl.lit(None, pl.Float64).alias(flow) for flow in LATEST_FLOWS])
    names = np.array([f"firm {row}" for row in range(rows)])
    return Book(
        frame, names, np.full(rows, 2020), np.array([PATTERNS.index(signs) for signs in patterns]),
        np.zeros(rows, dtype=bool), {}, np.full(rows, None, dtype=object),
    )  # fmt: skip


def reads_dividends():
    """A model to which a dividend says mature, no dividend the same as every pattern, and nothing else says anything."""
    weights = np.zeros((len(NAMES) + len(FLAGGED), len(PATTERNS)))
    weights[NAMES.index("dividend"), PATTERNS.index("+--")] = 1.0
    return model_of(weights)


def test_an_answer_is_worth_the_log_loss_it_saves_and_one_that_is_not_read_nothing(catalogue):
    model = reads_dividends()
    found = worths(model, book_of(["+--", "+--"]), catalogue)
    saved = log(model(FIRM).patterns["+--"]) - log(1 / 8)
    dividend = [answer.id for answer in ANSWERS].index("dividend")
    assert found.shape == (len(TIERS), len(ANSWERS))
    assert found[:, dividend] == pytest.approx(saved, abs=1e-5)
    assert saved > 0.5
    assert not np.delete(found, dividend, axis=1).any()


def test_an_answer_that_misleads_costs(catalogue):
    dividend = [answer.id for answer in ANSWERS].index("dividend")
    assert (worths(reads_dividends(), book_of(["-++"]), catalogue)[:, dividend] < 0).all()


def test_rows_without_an_answer_do_not_thin_its_worth(catalogue):
    dividend = [answer.id for answer in ANSWERS].index("dividend")
    once = worths(reads_dividends(), book_of(["+--"]), catalogue)
    thin = worths(reads_dividends(), book_of(["+--"] * 3, pays_dividend=[True, None, None]), catalogue)
    none = worths(reads_dividends(), book_of(["+--"], pays_dividend=[None]), catalogue)
    assert thin[:, dividend] == pytest.approx(once[:, dividend])
    assert not none.any()


def test_quartiles_are_those_of_the_firms_of_a_stage(catalogue, rules):
    profits = [1e6, 2e6, 3e6, 4e6, 5e6, 50e6]
    found = typical(book_of(["+--"] * 5 + ["+-+"], net_profit_cny=profits), catalogue, rules.stages)
    place = NAMES.index("return_on_assets")
    assert found.shape == (len(STAGES), len(NAMES), 3)
    assert found[STAGES.index("mature"), place] == pytest.approx([0.02, 0.03, 0.04])
    assert found[STAGES.index("growth"), place] == pytest.approx([0.5, 0.5, 0.5])
    assert np.isnan(found[STAGES.index("decline")]).all()


def test_what_no_firm_of_a_stage_told_is_not_typical(catalogue, rules):
    found = typical(book_of(["+--", "+--"], net_profit_cny=[None, None]), catalogue, rules.stages)[STAGES.index("mature")]
    assert np.isnan(found[NAMES.index("return_on_assets")]).all()
    assert np.isfinite(found[NAMES.index("leverage")]).all()


# ---------------------------------------------------------------- how the firm compares


def usual(**medians):
    """Quartiles 0.1 either side of a median that is that of the four stages in order."""
    found = NOTHING_TYPICAL.copy()
    for name, four in medians.items():
        found[:, NAMES.index(name)] = np.array(four)[:, None] + np.array([-0.1, 0.0, 0.1])
    return found


def inputs_of(**known):
    found = np.full(len(NAMES), np.nan)
    for name, value in known.items():
        found[NAMES.index(name)] = value
    return found


def test_a_firm_is_compared_first_in_what_sets_its_stage_apart():
    quartiles = usual(leverage=(0.5, 0.5, 0.4, 0.5), cash=(0.1, 0.1, 0.4, 0.1), debt=(0.2, 0.2, 0.2, 0.9))
    cash, leverage, debt = compare(inputs_of(leverage=0.55, cash=0.35, debt=0.2), quartiles, "mature")
    assert (cash.input, cash.value, cash.within) == ("cash", 0.35, True)
    assert (cash.low, cash.middle, cash.high) == pytest.approx((0.3, 0.4, 0.5))
    assert (leverage.input, leverage.within) == ("leverage", False)
    assert debt.input == "debt"


def test_only_what_is_known_of_the_firm_and_of_the_stage_is_compared():
    quartiles = usual(leverage=(0.5, 0.5, 0.4, 0.5), cash=(0.1, 0.1, 0.4, 0.1))
    assert [one.input for one in compare(inputs_of(cash=0.2, inventory=0.3), quartiles, "growth")] == ["cash"]
    quartiles[STAGES.index("growth")] = np.nan
    assert compare(inputs_of(cash=0.2), quartiles, "growth") == ()


def test_an_input_is_compared_only_where_it_differs_among_the_firms_of_the_stage():
    quartiles = usual(cash=(0.1, 0.1, 0.4, 0.1))
    quartiles[STAGES.index("mature"), NAMES.index("cash")] = 0.4
    assert compare(inputs_of(cash=0.4), quartiles, "mature") == ()


def test_at_most_five_inputs_are_compared_and_none_that_an_owner_cannot_read():
    everything = dict.fromkeys(NAMES, (0.1, 0.2, 0.3, 0.4))
    found = compare(inputs_of(**dict.fromkeys(NAMES, 0.1)), usual(**everything), "decline")
    assert len(found) == COMPARED
    assert {"dividend", "operating_estimate", "operating_by_cash", "investing_estimate", "financing_estimate"}.isdisjoint(PLAIN)
    assert set(PLAIN) < set(NAMES)


def test_growth_is_told_over_the_year_before(catalogue, rules):
    known = FIRM | {"revenue_cny": 150e6, "revenue_y1_cny": 100e6, "total_assets_cny": 120e6, "total_assets_y1_cny": 100e6}
    quartiles = usual(sales_growth=(0.3, 0.2, 0.1, 0.0), asset_growth=(0.3, 0.2, 0.1, 0.0))
    found = {one.input: one for one in told(model_of(*random_weights()), known, catalogue, rules, usual=quartiles, stage="mature").likeness}
    assert (found["sales_growth"].value, found["asset_growth"].value) == pytest.approx((0.5, 0.2))
    assert (found["sales_growth"].low, found["sales_growth"].high) == pytest.approx((0.0, 0.5))
    assert found["asset_growth"].high == pytest.approx(0.25)


def test_growth_from_nothing_is_not_compared():
    assert compare(inputs_of(sales_growth=1.0), usual(sales_growth=(0.3, 0.2, 0.1, 0.0)), "mature") == ()


def test_a_firm_is_compared_with_its_likeliest_stage_unless_told(catalogue, rules):
    model = reads_dividends()
    assert told(model, FIRM, catalogue, rules).stage == "mature"
    assert told(model, FIRM, catalogue, rules, stage="decline").stage == "decline"
    cash_says = {"ops_brought_cash": True, "spent_on_investment": True, "raised_more_than_repaid": True}
    assert told(model, FIRM | cash_says, catalogue, rules).stage == "growth"


@pytest.mark.parametrize(("until", "tier"), [("T0", "T0"), ("T1", "T1"), ("T2", "T2"), ("T3", "T3")])
def test_questions_are_weighed_as_among_firms_that_answered_as_much(until, tier, catalogue, rules):
    known = {fact: FIRM[fact] for fact, first in FACTS.items() if TIERS.index(first) <= TIERS.index(until) and fact != "pays_dividend"}
    worth = NOTHING_WORTH.copy()
    worth[:, [answer.id for answer in ANSWERS].index("dividend")] = np.arange(len(TIERS)) + 5.0
    found = told(model_of(*random_weights()), known, catalogue, rules, worth=worth)
    assert found.tier == tier
    assert found.questions[0].gain == TIERS.index(tier) + 5.0
