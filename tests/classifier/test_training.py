"""Training and calibration: what is masked, what a temperature and a conformal bound promise, how patterns are read."""

import dataclasses

import numpy as np
import polars as pl
import pytest

from advisor.classifier.book import Book, consecutive, read_book
from advisor.classifier.inputs import ANSWERS, FACTS, NAMES, TIERS
from advisor.classifier.model import tiers_of
from advisor.classifier.network import softmax
from advisor.classifier.training import (
    Recipe,
    Table,
    best_temperature,
    conformal_bound,
    early_as,
    fit_network,
    learnable,
    stage_of,
    to_stages,
    train,
)
from advisor.domain.stage import PATTERNS, STAGES
from tests.classifier.firm_years import QUICK, firm_years


@pytest.fixture(scope="module")
def book(catalogue, tmp_path_factory):
    file = tmp_path_factory.mktemp("book") / "firms.parquet"
    firm_years(80, 5).write_parquet(file)
    return learnable(read_book([file], catalogue))


# ---------------------------------------------------------------- masks


def test_answers_are_taken_away_whole_and_as_often_as_the_recipe_says(book, catalogue):
    recipe = dataclasses.replace(QUICK, tiers=(0.0, 0.0, 1.0, 0.0), blanks=(0.3,))
    table = Table(book, catalogue)
    full, masked = table.inputs(book.as_asked("T2")), table.masked(recipe, np.random.default_rng(0))
    for name in ("margin", "cash", "receivables_change"):  # of one or two answers
        place = NAMES.index(name)
        lost = np.isnan(masked[:, place]) & ~np.isnan(full[:, place])
        assert lost.mean() == pytest.approx(1 - 0.7 ** (2 if name == "margin" else 1), abs=0.08), name
    kept = ~np.isnan(masked)
    simple = [place for place, name in enumerate(NAMES) if name in ("dividend", "sales_growth", "margin", "overheads")]
    assert (masked[:, simple][kept[:, simple]] == full[:, simple][kept[:, simple]]).all()


def test_every_tier_is_met_in_training(book, catalogue):
    masked = Table(book, catalogue).masked(dataclasses.replace(QUICK, blanks=(0.0,)), np.random.default_rng(0))
    assert np.bincount(tiers_of(masked), minlength=len(TIERS)) / len(masked) == pytest.approx(QUICK.tiers, abs=0.1)


def test_a_blanked_book_lacks_whole_answers(book):
    blanked = book.blanked(0.5, np.random.default_rng(0))
    for answer in ANSWERS:
        unknown = blanked.facts.select(pl.col(list(answer.facts)).is_null())
        was = book.facts.select(pl.col(list(answer.facts)).is_null())
        lost = unknown.select(pl.all_horizontal(pl.all())).to_series()
        assert 0.3 < lost.mean() <= 1
        assert unknown.filter(~lost).equals(was.filter(~lost))


# ---------------------------------------------------------------- training


def test_the_same_recipe_gives_the_same_model(book, catalogue, rules):
    one, other = (train(book, catalogue, rules.stages, QUICK) for _ in range(2))
    assert one.version == other.version
    assert train(book, catalogue, rules.stages, dataclasses.replace(QUICK, seed=2)).version != one.version


def test_the_weights_are_the_mean_of_the_last_epochs(book, catalogue):
    table, epochs = Table(book, catalogue), 3
    every = [fit_network(table, dataclasses.replace(QUICK, epochs=epochs, averaged=share)) for share in (1 / 3, 2 / 3)]
    shorter = fit_network(table, dataclasses.replace(QUICK, epochs=epochs - 1, averaged=1 / 2))
    assert every[1].weights[0] == pytest.approx((every[0].weights[0] + shorter.weights[0]) / 2)


def test_progress_counts_both_trainings(book, catalogue, rules):
    told = []
    train(book, catalogue, rules.stages, dataclasses.replace(QUICK, epochs=2), lambda done, of: told.append((done, of)))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


# ---------------------------------------------------------------- calibration


@pytest.mark.parametrize("true", [0.6, 1.0, 1.8])
def test_the_temperature_of_scores_that_are_too_sure_or_too_shy_is_found(true):
    draw = np.random.default_rng(0)
    scores = draw.normal(size=(20_000, 8)) * 2
    shares = softmax(scores, true)
    pattern = (shares.cumsum(axis=1) < draw.random((len(shares), 1))).sum(axis=1)
    assert best_temperature(scores, pattern) == pytest.approx(true, abs=0.05)


def test_the_set_of_likely_stages_holds_the_true_one_as_often_as_promised():
    draw = np.random.default_rng(0)
    shares = softmax(draw.normal(size=(6_000, 4)) * 1.5)
    truth = (shares.cumsum(axis=1) < draw.random((len(shares), 1))).sum(axis=1)
    bound = conformal_bound(shares[:2_000], truth[:2_000])
    held = shares[np.arange(2_000, 6_000), truth[2_000:]] >= bound
    assert held.mean() == pytest.approx(0.9, abs=0.02)


def test_a_handful_of_firms_promises_nothing_and_keeps_every_stage():
    assert conformal_bound(np.array([[0.9, 0.1]] * 5), np.zeros(5, dtype=int)) == 0


# ---------------------------------------------------------------- reading


def test_the_eighth_pattern_is_read_by_profit_and_sales(book, rules):
    facts = pl.DataFrame({"net_profit_cny": [1.0, -1.0, -1.0, None], "revenue_cny": [5.0, 5.0, 3.0, 5.0], "revenue_y1_cny": [4.0] * 4})
    early = early_as(dataclasses.replace(book, facts=facts))
    assert [STAGES[place] for place in early] == ["growth", "startup", "decline", "growth"]
    pattern = np.full(4, PATTERNS.index("--+"))
    assert stage_of(pattern, early, rules.stages).tolist() == early.tolist()
    assert to_stages(np.eye(8)[pattern], early, rules.stages).argmax(axis=1).tolist() == early.tolist()


@pytest.mark.parametrize("pattern", PATTERNS)
def test_shares_of_stages_follow_the_rules(pattern, rules):
    early = np.array([STAGES.index("growth")])
    shares = to_stages(np.eye(8)[[PATTERNS.index(pattern)]], early, rules.stages)
    wanted = "growth" if pattern == "--+" else rules.stages.patterns[pattern].stage
    assert shares.tolist() == [[float(stage == wanted) for stage in STAGES]]


# ---------------------------------------------------------------- the book


def test_earlier_years_of_a_firm_fill_what_its_rows_lack(catalogue, tmp_path):
    frame = firm_years(12, 4).drop("opcf_y1_cny", "revenue_y2_cny", strict=False)
    frame.write_parquet(tmp_path / "firms.parquet")
    book = read_book([tmp_path / "firms.parquet"], catalogue)
    here, there = consecutive(book)
    assert len(here) == len(book) - book.firms
    assert (book.facts["opcf_y1_cny"][there] == book.facts["opcf_cny"][here]).all()
    assert (book.facts["revenue_y2_cny"][there].to_numpy() == book.facts["revenue_y1_cny"][here].to_numpy()).mean() == 1
    assert (book.entity[here] == book.entity[there]).all()
    assert (book.year[there] - book.year[here] == 1).all()


def test_a_tier_hides_what_it_does_not_ask(book):
    assert isinstance(book, Book)
    for place, tier in enumerate(TIERS):
        known = {fact for fact, count in zip(FACTS, book.as_asked(tier).facts.select(list(FACTS)).count().row(0), strict=True) if count}
        assert known <= {fact for fact, asked in FACTS.items() if TIERS.index(asked) <= place}


def test_defaults_of_the_recipe_add_up():
    assert sum(Recipe().tiers) == pytest.approx(1)
