"""The year ahead: the table is counted, the logit is asked only where it proves better, and NumPy says what scikit-learn learned."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from advisor.classifier import transitions
from advisor.classifier.network import Network, softmax
from advisor.classifier.transitions import CLASSES, NEEDED_GAIN, NextYear, fit_logit, learn, markov_table
from advisor.domain.stage import PATTERNS

CHAIN = np.random.default_rng(7).dirichlet(np.full(len(CLASSES), 0.7), len(PATTERNS))
FIRMS = 500
SIGNS = np.array([[1.0 if sign == "+" else -1.0 for sign in pattern] for pattern in PATTERNS])


def firm_years(firms=FIRMS, years=8, told=0.0, seed=1):
    """Firm-years whose next class follows the chain by pattern, tilted by the first input as strongly as `told` says; the second input is noise."""
    draw = np.random.default_rng(seed)
    rows = firms * years
    pattern = draw.integers(0, len(PATTERNS), rows)
    inputs = draw.standard_normal((rows, 2))
    shares = CHAIN[pattern] * np.exp(told * inputs[:, :1] * np.arange(-2, 3))
    ends = np.cumsum(shares / shares.sum(axis=1, keepdims=True), axis=1)
    ends[:, -1] = 1.0
    return {
        "inputs": inputs,
        "flows": SIGNS[pattern] * draw.uniform(0.001, 0.2, (rows, 3)),
        "pattern": pattern,
        "next_class": (draw.random((rows, 1)) > ends).sum(axis=1),
        "entity": np.repeat([f"firm {number}" for number in range(firms)], years),
        "year": np.tile(np.arange(2010, 2010 + years), firms),
    }


def asked(rows, some=slice(None)):
    return rows["inputs"][some], rows["flows"][some], rows["pattern"][some]


def loss(rows, shares):
    """Log-loss in nats."""
    return -np.log(shares[np.arange(len(shares)), rows["next_class"]]).mean()


@pytest.fixture(scope="module")
def telling():
    """Firm-years whose inputs tell much of the year after."""
    return firm_years(told=2.0)


@pytest.fixture(scope="module")
def learned(telling):
    return learn(**telling)


# ---------------------------------------------------------------- the table


def test_the_table_recovers_the_chain_that_made_the_years():
    rows = firm_years(firms=20_000)
    assert np.abs(markov_table(rows["pattern"], rows["next_class"]) - CHAIN).max() < 0.01


def test_every_pair_is_counted_once_more_than_it_was_seen():
    table = markov_table(np.array([2, 2, 2]), np.array([2, 2, 1]))
    assert table[2].tolist() == [1 / 8, 2 / 8, 3 / 8, 1 / 8, 1 / 8]
    assert table[0].tolist() == [1 / 5] * 5


def test_markov_mixes_over_a_pattern_that_is_not_sure(learned):
    shares = np.zeros((2, 8))
    shares[0, 3] = 1.0
    shares[1, [1, 2]] = 0.25, 0.75
    mixed = learned.mixed(shares)
    assert mixed[0].tolist() == learned.markov[3].tolist()
    assert mixed[1] == pytest.approx(0.25 * learned.markov[1] + 0.75 * learned.markov[2])


# ---------------------------------------------------------------- which of the two


def test_the_logit_is_asked_where_inputs_tell_the_year_after(telling, learned):
    fresh = firm_years(told=2.0, seed=2)
    assert learned.improves
    assert learned.logit_score.log_loss < (1 - NEEDED_GAIN) * learned.markov_score.log_loss
    assert loss(fresh, learned.shares(*asked(fresh))) <= learned.logit_score.log_loss + 0.02
    assert loss(fresh, learned.markov[fresh["pattern"]]) == pytest.approx(learned.markov_score.log_loss, abs=0.03)


def test_markov_answers_where_inputs_are_noise():
    rows = firm_years()
    learned = learn(**rows)
    assert not learned.improves
    assert learned.shares(*asked(rows)).tolist() == learned.markov[rows["pattern"]].tolist()


def test_what_tells_known_firms_alone_is_no_improvement():
    # Each firm has a class it is always in next, and inputs by which it is recognised: worth nothing for another firm.
    rows, draw = firm_years(firms=150), np.random.default_rng(3)
    rows["inputs"] = draw.standard_normal((150, 100)).repeat(8, axis=0)
    rows["next_class"] = draw.integers(0, len(CLASSES), 150).repeat(8)
    assert not learn(**rows).improves
    assert learn(**rows | {"entity": np.arange(len(rows["year"]))}).improves


@pytest.mark.parametrize("tells", ["earlier", "later"])
def test_what_holds_in_one_half_of_the_years_alone_is_no_improvement(telling, tells):
    noise, later = firm_years(seed=2), telling["year"] >= 2014
    kept = later if tells == "later" else ~later
    mixed = {name: np.where(kept if column.ndim == 1 else kept[:, None], column, noise[name]) for name, column in telling.items()}
    assert not learn(**mixed).improves


def test_a_small_improvement_is_not_worth_a_logit():
    learned = learn(**firm_years(firms=2_000, told=0.4))
    assert learned.logit_score.log_loss < learned.markov_score.log_loss
    assert not learned.improves


def test_the_same_seed_learns_the_same(telling, learned):
    again = learn(**telling)
    assert {name: array.tolist() for name, array in again.arrays().items()} == {name: array.tolist() for name, array in learned.arrays().items()}


# ---------------------------------------------------------------- shares


def test_shares_are_those_of_scikit_learn(telling, learned, monkeypatch):
    kept = []
    fit = LogisticRegression.fit
    monkeypatch.setattr(LogisticRegression, "fit", lambda self, *seen: kept.append(self) or fit(self, *seen))
    rows = np.hstack([telling["inputs"], telling["flows"], np.eye(8)[telling["pattern"]]])
    logit = fit_logit(rows, telling["next_class"], np.random.default_rng(0))
    scaled = Network(logit.middle, logit.width, np.arange(0), (), ()).scaled(rows)
    shares = replace(learned, logit=logit, improves=True).shares(*asked(telling))
    assert shares == pytest.approx(kept[0].predict_proba(scaled), abs=1e-9)


def test_a_table_says_what_each_firm_is_told_alone(telling, learned):
    some = slice(0, 200)
    alone = np.vstack([learned.shares(*asked(telling, slice(row, row + 1))) for row in range(200)])
    assert learned.shares(*asked(telling, some)) == pytest.approx(alone, abs=1e-12)
    assert alone.sum(axis=1) == pytest.approx(np.ones(200))


def test_a_missing_input_counts_as_the_middle_one(telling, learned):
    _, flows, pattern = asked(telling, slice(0, 50))
    middle = np.tile(learned.logit.middle[:2], (50, 1))
    assert learned.shares(np.full((50, 2), np.nan), flows, pattern).tolist() == learned.shares(middle, flows, pattern).tolist()


def test_rows_with_inputs_taken_away_teach_what_to_tell_firms_that_gave_none(telling, monkeypatch):
    fresh = firm_years(told=2.0, seed=2)
    rows = np.hstack([telling["inputs"], telling["flows"], np.eye(8)[telling["pattern"]]])
    unknown = np.hstack([np.full_like(fresh["inputs"], np.nan), fresh["flows"], np.eye(8)[fresh["pattern"]]])

    def learned_loss():
        return loss(fresh, softmax(fit_logit(rows, telling["next_class"], np.random.default_rng(0)).scores(unknown)))

    with_taken_away = learned_loss()
    monkeypatch.setattr(transitions, "_BLANKED", ((0.0, 1.0),))
    assert with_taken_away < learned_loss() - 0.02


def test_a_firm_whose_flows_are_not_known_is_told_by_its_pattern(telling, learned):
    inputs, flows, pattern = asked(telling, slice(0, 2))
    flows = np.array([[np.nan, 0.1, 0.1], flows[1]])
    shares = learned.shares(inputs, flows, pattern)
    assert shares[0].tolist() == learned.markov[pattern[0]].tolist()
    assert shares[1] == pytest.approx(learned.shares(*asked(telling, slice(1, 2)))[0])


def test_a_class_that_never_came_next_keeps_a_share(telling):
    rows = telling | {"next_class": np.minimum(telling["next_class"], 3)}
    learned = learn(**rows)
    shares = learned.shares(*asked(rows))
    assert learned.improves
    assert 0 < shares[:, 4].min() <= shares[:, 4].max() < 0.01


# ---------------------------------------------------------------- little to learn from


def test_inputs_that_are_never_known_or_never_differ_do_no_harm(telling):
    rows = telling | {"inputs": np.column_stack([telling["inputs"], np.full(len(telling["year"]), np.nan), np.ones(len(telling["year"]))])}
    assert learn(**rows).improves


def test_firms_of_one_year_are_still_scored_on_other_firms():
    assert learn(**firm_years(firms=1_500, years=1, told=2.0)).improves


def test_two_firms_are_enough_to_learn_and_one_is_not():
    assert learn(**firm_years(firms=2, years=3)).shares(np.zeros((1, 2)), np.zeros((1, 3)), np.array([2])).sum() == pytest.approx(1)
    with pytest.raises(ValueError, match="two or more"):
        learn(**firm_years(firms=1))


def test_flows_that_are_not_numbers_cannot_be_learned_from(telling):
    flows = telling["flows"].copy()
    flows[3, 1] = np.nan
    with pytest.raises(ValueError, match="1 firm-years"):
        learn(**telling | {"flows": flows})


# ---------------------------------------------------------------- kept


def test_what_is_kept_comes_back_the_same(learned, telling, tmp_path):
    np.savez(tmp_path / "kept.npz", allow_pickle=False, **learned.arrays())
    with np.load(tmp_path / "kept.npz", allow_pickle=False) as kept:
        back = NextYear.from_arrays(dict(kept))
    assert (back.improves, back.markov_score, back.logit_score) == (learned.improves, learned.markov_score, learned.logit_score)
    assert back.markov.tolist() == learned.markov.tolist()
    assert back.shares(*asked(telling)).tolist() == learned.shares(*asked(telling)).tolist()


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("markov", np.ones((8, 4)), "other patterns"),
        ("scores", np.ones((2, 2)), "or scores"),
        ("bias0", np.ones(4), "layers do not fit"),
        ("weight0", np.ones((3, 5)), "layers do not fit"),
    ],
)
def test_arrays_that_do_not_fit_together_are_refused(learned, name, array, message):
    with pytest.raises(ValueError, match=message):
        NextYear.from_arrays(learned.arrays() | {name: array})


def test_a_firm_is_answered_without_scikit_learn():
    script = "import sys, advisor.classifier.transitions; sys.exit('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
