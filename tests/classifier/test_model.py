"""The stage model as it is used: one firm, a table, its file."""

import dataclasses
import pickle
from itertools import pairwise

import numpy as np
import polars as pl
import pytest

from advisor.classifier.inputs import FACTS, INPUTS, TIERS, input_trees
from advisor.classifier.model import CARD, WEIGHTS, StageModel, load_model, tiers_of
from advisor.classifier.network import Network, digest, softmax
from advisor.classifier.training import ANY_DAY
from advisor.domain.errors import InputError
from advisor.domain.stage import PATTERNS
from advisor.screening.learned import InputColumns
from tests.classifier.test_inputs import FULL


def made(seed=0, hidden=(7, 5)):
    """A model with weights drawn at random: what it says is nonsense, how it says it is not."""
    draw = np.random.default_rng(seed)
    flagged = np.array([place for place, one in enumerate(INPUTS) if one.flagged])
    sizes = [len(INPUTS) + len(flagged), *hidden, len(PATTERNS)]
    weights = tuple(draw.normal(size=shape) / 3 for shape in pairwise(sizes))
    biases = tuple(draw.normal(size=size) / 3 for size in sizes[1:])
    network = Network(draw.normal(size=len(INPUTS)) / 10, draw.uniform(0.1, 1, len(INPUTS)), flagged, weights, biases)
    return StageModel(network, np.array([1.0, 1.1, 1.2, 1.3]), np.array([0.1, 0.15, 0.2, 0.25]), card={"name": "made up"})


@pytest.fixture(scope="module")
def model():
    return made()


def firms(count, seed=0):
    """Firms that answered more or less."""
    draw = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        told = draw.uniform(0.2, 1)
        firm = {fact: bool(draw.random() < 0.5) if known is True else known * draw.uniform(0.2, 3) for fact, known in FULL.items()}
        found.append({fact: known for fact, known in firm.items() if draw.random() < told})
    return found


def table(known):
    return pl.DataFrame(
        {fact: pl.Series([one.get(fact) for one in known], dtype=pl.Boolean if fact == "pays_dividend" else pl.Float64) for fact in FACTS}
    )


def inputs_of(known, catalogue):
    return InputColumns(input_trees(), catalogue, ANY_DAY, tuple(FACTS))(table(known))[0]


def test_a_table_and_its_firms_one_by_one_are_told_the_same(model, catalogue):
    known = firms(300)
    shares = model.shares(inputs_of(known, catalogue))
    alone = [model(one) for one in known]
    assert {opinion is None for opinion in alone} == {True, False}
    for opinion, row in zip(alone, shares, strict=True):
        assert opinion is None or list(opinion.patterns.values()) == row.tolist()


def test_shares_add_up_to_one(model, catalogue):
    shares = model.shares(inputs_of(firms(50), catalogue))
    assert shares.sum(axis=1) == pytest.approx(1, abs=1e-6)
    assert (shares >= 0).all()


def test_shares_do_not_depend_on_the_rows_beside_them(model, catalogue):
    inputs = inputs_of(firms(2_000), catalogue)
    assert (model.shares(inputs)[7::13] == model.shares(inputs[7::13].copy())).all()


def test_too_few_answers_give_no_opinion(model):
    few = {fact: FULL[fact] for fact in ("revenue_cny", "revenue_y1_cny", "net_profit_cny", "total_assets_cny", "cash_cny", "capex_cny")}
    assert model(few) is None
    assert model(few | {"pays_dividend": False}) is not None


@pytest.mark.parametrize("place", range(len(TIERS)))
def test_the_tier_is_told_by_what_was_answered(model, catalogue, place):
    known = {fact: answer for fact, answer in FULL.items() if TIERS.index(FACTS[fact]) <= place}
    assert tiers_of(inputs_of([known], catalogue)).tolist() == [place]
    opinion = model(known)
    assert (opinion.tier, opinion.least) == (TIERS[place], model.least[place])
    scores = model.network.scores(inputs_of([known], catalogue))
    assert list(opinion.patterns.values()) == pytest.approx(softmax(scores, model.temperature[place])[0].tolist(), abs=1e-7)


def test_scoring_is_what_scikit_learn_predicts(catalogue):
    from sklearn.neural_network import MLPClassifier

    known = firms(400)
    inputs, draw = inputs_of(known, catalogue), np.random.default_rng(1)
    bare = Network(np.zeros(len(INPUTS)), np.full(len(INPUTS), 0.3), np.arange(5), (), ())
    learner = MLPClassifier((9, 6), random_state=0, max_iter=3)
    learner.partial_fit(bare.scaled(inputs), draw.integers(0, 8, len(known)), classes=np.arange(8))
    network = dataclasses.replace(bare, weights=tuple(learner.coefs_), biases=tuple(learner.intercepts_))
    assert np.abs(softmax(network.scores(inputs)) - learner.predict_proba(bare.scaled(inputs))).max() < 1e-12


# ---------------------------------------------------------------- the file


def test_a_model_comes_back_from_its_folder(model, tmp_path, catalogue):
    model.save(tmp_path)
    again = load_model(tmp_path)
    assert (again.version, again.card) == (model.version, model.card)
    assert again(FULL) == model(FULL)


def test_a_model_travels_to_another_process(model):
    again = pickle.loads(pickle.dumps(model))
    assert again.version == model.version
    assert again(FULL) == model(FULL)


def test_the_version_is_that_of_the_weights(model):
    assert model.version == made().version != made(seed=1).version
    assert dataclasses.replace(model, card={"other": "card"}).version == model.version


def test_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(InputError) as refused:
        load_model(tmp_path)
    assert refused.value.problems[0].code == "model_missing"


def other_inputs(arrays):
    return arrays | {"inputs": np.array(["sales: revenue_cny"])}


def other_layers(arrays):
    return arrays | {"weight0": arrays["weight0"][:-1]}


def code_inside(arrays):
    return arrays | {"inputs": np.array([print], dtype=object)}


def no_numbers(arrays):
    return arrays | {"weight1": np.full_like(arrays["weight1"], np.nan)}


def no_temperature(arrays):
    return arrays | {"temperature": np.zeros(4)}


def other_flags(arrays):
    return arrays | {"flagged": arrays["flagged"] + 1_000}


def other_quartiles(arrays):
    return arrays | {"typical": np.zeros((4, 2, 3))}


def huge(arrays):
    return arrays | {"worth": np.zeros(10_000_000)}


@pytest.mark.parametrize("spoil", [other_inputs, other_layers, code_inside, no_numbers, no_temperature, other_flags, other_quartiles, huge])
def test_a_file_that_is_no_model_of_these_inputs_is_refused(model, tmp_path, spoil):
    model.save(tmp_path)
    with np.load(tmp_path / WEIGHTS) as kept:
        arrays = dict(kept)
    np.savez_compressed(tmp_path / WEIGHTS, **spoil(arrays))
    with pytest.raises(InputError) as refused:
        load_model(tmp_path)
    assert refused.value.problems[0].code == "model_unusable"


@pytest.mark.parametrize("card", ["[]", "[" * 100_000, '{"version": "0123456789ab"}'])
def test_a_card_that_is_none_of_the_model_is_refused(model, tmp_path, card):
    model.save(tmp_path)
    (tmp_path / CARD).write_text(card, encoding="utf-8")
    with pytest.raises(InputError):
        load_model(tmp_path)


def test_a_broken_file_is_refused(model, tmp_path):
    model.save(tmp_path)
    (tmp_path / WEIGHTS).write_bytes(b"PK\x03\x04 broken")
    with pytest.raises(InputError):
        load_model(tmp_path)


def test_the_shipped_model_is_whole_and_says_where_it_comes_from(stage_model):
    assert stage_model(FULL).tier == "T3"
    assert stage_model.card["version"] == stage_model.version
    assert stage_model.card["limits"]


def test_a_digest_tells_names_and_numbers_apart():
    one = {"a": np.zeros(2), "b": np.ones(2)}
    assert digest(one) == digest(dict(reversed(one.items())))
    assert len({digest(one), digest({"a": np.ones(2), "b": np.zeros(2)}), digest({"a": np.zeros((1, 2)), "b": np.ones(2)})}) == 3
