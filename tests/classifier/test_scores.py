"""How good shares are: the measures as scikit-learn has them, calibration by hand, and intervals from whole firms."""

import json

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, balanced_accuracy_score, cohen_kappa_score, confusion_matrix, f1_score, log_loss, recall_score

from advisor.classifier.scores import coverage, intervals, reliability, resamples, scores, tally

NAMES = ("introduction", "growth", "mature", "shakeout", "decline")
MEASURES = ("accuracy", "balanced_accuracy", "macro_f1", "kappa", "log_loss", "ece")


def drawn(seed, rows=300, present=NAMES, skill=1.0):
    """Random shares that lean towards the truth; only some classes occur."""
    draw = np.random.default_rng(seed)
    truth = draw.choice([NAMES.index(name) for name in present], rows)
    shares = draw.dirichlet(np.full(len(NAMES), 0.5), rows)
    shares[np.arange(rows), truth] += skill * draw.random(rows)
    return truth, shares / shares.sum(axis=1, keepdims=True)


def sure(*said):
    """Shares that leave no doubt."""
    return np.eye(len(NAMES))[list(said)]


def of_scikit_learn(truth, shares):
    said = shares.argmax(axis=1)
    seen = sorted({*truth.tolist(), *said.tolist()})
    occur = sorted(set(truth.tolist()))
    return {
        "accuracy": accuracy_score(truth, said),
        # Balanced accuracy is the mean recall, but warns where a class is said that never occurs.
        "balanced_accuracy": balanced_accuracy_score(truth, said)
        if seen == occur and seen[1:]
        else recall_score(truth, said, labels=occur, average="macro"),
        "macro_f1": f1_score(truth, said, labels=seen, average="macro"),
        "kappa": cohen_kappa_score(truth, said) if len(seen) > 1 else 0.0,
        "log_loss": log_loss(truth, shares, labels=range(len(NAMES))),
    }


# ---------------------------------------------------------------- measures


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize(
    ("rows", "present"),
    [(300, NAMES), (300, ("growth", "decline")), (40, ("mature",)), (7, NAMES), (1, NAMES)],
    ids=["all", "two", "one", "few", "row"],
)
def test_the_measures_are_those_of_scikit_learn(seed, rows, present):
    truth, shares = drawn(seed, rows, present)
    found = scores(truth, shares, NAMES)
    wanted = of_scikit_learn(truth, shares)
    assert {name: found[name] for name in wanted} == pytest.approx(wanted, abs=1e-12)
    assert found["confusion"] == confusion_matrix(truth, shares.argmax(axis=1), labels=range(len(NAMES))).tolist()


def test_shares_without_doubt_and_without_fault_are_perfect():
    found = scores(np.array([0, 1, 4]), sure(0, 1, 4), NAMES)
    assert [found[name] for name in MEASURES] == pytest.approx([1, 1, 1, 1, 0, 0], abs=1e-12)


def test_a_class_ruled_out_that_came_true_costs_much_and_not_everything():
    assert scores(np.array([0]), sure(1), NAMES)["log_loss"] == pytest.approx(-np.log(np.finfo(float).eps))


def test_agreement_that_chance_alone_brings_is_worth_nothing():
    assert scores(np.array([2, 2, 2]), sure(2, 2, 2), NAMES)["kappa"] == 0.0


def test_a_class_tells_its_recall_and_precision_or_that_they_have_no_meaning():
    classes = scores(np.array([0, 0, 1, 1]), sure(0, 1, 1, 2), NAMES)["classes"]
    assert classes["introduction"] == {"rows": 2, "said": 1, "recall": 0.5, "precision": 1.0, "f1": pytest.approx(2 / 3)}
    assert classes["mature"] == {"rows": 0, "said": 1, "recall": None, "precision": 0.0, "f1": 0.0}
    assert classes["decline"] == {"rows": 0, "said": 0, "recall": None, "precision": None, "f1": None}


def test_scores_are_json():
    found = scores(*drawn(0), NAMES)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert tuple(found) == ("rows", *MEASURES, "coverage", "confusion", "classes")


@pytest.mark.parametrize(
    ("truth", "shares", "says"),
    [
        (np.array([], dtype=int), np.zeros((0, 5)), "one or more truths"),
        (np.array([0, 1]), sure(0), "one or more truths"),
        (np.array([0]), np.array([1.0]), "one or more truths"),
        (np.array([5]), sure(0), "from 5 to 5"),
        (np.array([-1]), sure(0), "from -1 to -1"),
        (np.array([0]), np.full((1, 5), np.nan), "1 rows"),
    ],
    ids=["no rows", "lengths", "no classes", "too high", "too low", "not a number"],
)
def test_what_cannot_be_scored_is_refused(truth, shares, says):
    for of in (lambda: scores(truth, shares, NAMES), lambda: intervals(truth, shares, truth), lambda: reliability(truth, shares)):
        with pytest.raises(ValueError, match=says):
            of()


def test_names_that_are_not_those_of_the_classes_are_refused():
    with pytest.raises(ValueError, match="4 names for 5 classes"):
        scores(np.array([0]), sure(0), NAMES[:4])


# ---------------------------------------------------------------- honesty


def test_the_calibration_error_is_the_gap_between_said_and_was_over_all_rows():
    shares = np.array([[0.9, 0.1], [0.9, 0.1], [0.7, 0.3], [0.3, 0.7]])
    found = scores(np.array([0, 1, 0, 0]), shares, ("yes", "no"))
    assert found["ece"] == pytest.approx((abs(1 - 1.8) + abs(1 - 1.4)) / 4)


@pytest.mark.parametrize("seed", range(5))
def test_the_calibration_error_is_what_the_plot_of_reliability_shows(seed):
    truth, shares = drawn(seed)
    plot = reliability(truth, shares)
    gaps = sum(one["rows"] * abs(one["said"] - one["was"]) for one in plot)
    assert sum(one["rows"] for one in plot) == len(truth)
    assert all(one["from"] < one["said"] <= one["to"] for one in plot)
    assert scores(truth, shares, NAMES)["ece"] == pytest.approx(gaps / len(truth))


def test_shares_that_come_true_as_often_as_they_say_are_calibrated():
    draw = np.random.default_rng(0)
    shares = draw.dirichlet(np.ones(5), 50_000)
    truth = (draw.random(50_000)[:, None] > shares.cumsum(axis=1)).sum(axis=1).clip(max=4)
    assert scores(truth, shares, NAMES)["ece"] < 0.01
    assert scores(truth, np.eye(5)[shares.argmax(axis=1)], NAMES)["ece"] > 0.3


def test_a_top_share_on_an_edge_belongs_to_the_bin_below():
    assert reliability(np.array([0, 0]), np.array([[0.5, 0.5], [1.0, 0.0]]), bins=2) == [
        {"from": 0.0, "to": 0.5, "rows": 1, "said": 0.5, "was": 1.0},
        {"from": 0.5, "to": 1.0, "rows": 1, "said": 1.0, "was": 1.0},
    ]


# ---------------------------------------------------------------- confidence


def test_the_surest_rows_are_judged_first():
    tops = np.linspace(1.0, 0.55, 10)
    shares = np.column_stack([tops, 1 - tops])
    truth = np.array([0, 0, 0, 0, 0, 0, 0, 1, 1, 1])
    curve = coverage(truth, shares)
    assert [point["coverage"] for point in curve] == [1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1]
    assert [point["accuracy"] for point in curve] == pytest.approx([7 / 10, 7 / 9, 7 / 8, 1, 1, 1, 1, 1, 1, 1])
    assert [point["from"] for point in curve] == pytest.approx(tops[::-1].tolist())


def test_a_part_of_a_row_is_a_row():
    curve = coverage(np.array([0, 0, 1]), np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3]]))
    assert [point["from"] for point in curve] == [0.7] * 4 + [0.8] * 3 + [0.9] * 3


def test_the_accuracy_of_all_rows_is_the_accuracy():
    truth, shares = drawn(3)
    assert coverage(truth, shares)[0]["accuracy"] == pytest.approx(scores(truth, shares, NAMES)["accuracy"])


def test_rows_equally_sure_are_not_told_apart_by_their_order():
    truth = np.array([0] * 5 + [1] * 5)
    same = np.tile([0.6, 0.4], (10, 1))
    assert {point["accuracy"] for point in coverage(truth, same)} == {0.5}
    assert coverage(truth[::-1], same) == coverage(truth, same)


# ---------------------------------------------------------------- firms drawn anew


@pytest.mark.parametrize("seed", range(3))
def test_an_interval_is_that_of_the_measures_over_the_years_of_drawn_firms(seed):
    truth, shares = drawn(seed, 120, skill=0.5)
    firm = np.random.default_rng(seed).integers(0, 25, 120)
    names = np.array([f"firm {number:02}" for number in firm])
    seen = np.unique(firm)
    drawn_measures = []
    for times in resamples(len(seen), 30, seed):
        rows = np.repeat(np.arange(120), times[np.searchsorted(seen, firm)])
        again = scores(truth[rows], shares[rows], NAMES)
        drawn_measures.append([again[name] for name in MEASURES])
    low, high = np.quantile(drawn_measures, (0.025, 0.975), axis=0)
    found = intervals(truth, shares, names, draws=30, seed=seed)
    assert tuple(found) == MEASURES
    assert [found[name][0] for name in MEASURES] == pytest.approx(low.tolist())
    assert [found[name][1] for name in MEASURES] == pytest.approx(high.tolist())


def test_groups_counted_once_are_the_rows_together():
    truth, shares = drawn(5)
    firm = np.random.default_rng(5).integers(0, 40, len(truth))
    apart = tally(truth, shares, firm, 40).weighed(np.ones((1, 40))).measures()
    together = scores(truth, shares, NAMES)
    assert {name: float(value[0]) for name, value in apart.items()} == pytest.approx({name: together[name] for name in MEASURES})


def test_every_draw_has_as_many_firms_and_the_same_seed_draws_the_same():
    assert set(resamples(50, 20, 1).sum(axis=1).tolist()) == {50}
    assert (resamples(50, 20, 1) == resamples(50, 20, 1)).all()
    assert (resamples(50, 20, 1) != resamples(50, 20, 2)).any()


def test_the_same_year_told_many_times_makes_no_firm_surer():
    truth, shares = drawn(7, 60, skill=0.3)
    firm, told = np.arange(60), np.repeat(np.arange(60), 20)
    once, often = intervals(truth, shares, firm), intervals(truth[told], shares[told], firm[told])
    by_row = intervals(truth[told], shares[told], np.arange(1200))
    assert often["accuracy"] == pytest.approx(once["accuracy"])
    assert np.ptp(by_row["accuracy"]) < np.ptp(once["accuracy"]) / 2


def test_a_single_firm_has_no_width():
    found = intervals(np.array([0, 1]), sure(0, 0), np.array(["one", "one"]))
    assert found["accuracy"] == [0.5, 0.5]
