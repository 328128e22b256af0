"""The baselines: shares of every pattern from whatever accounts there are, and each sees what its paper sees."""

import numpy as np
import pytest

from advisor.classifier.baselines import BASELINES, BaselineRows

COLUMNS = ("asset_growth", "sales_growth", "re", "ebit", "capex", "dividend", "age")


def accounts(seed, rows=400, unknown=0.1, **replaced):
    """Random firm-years; a replaced column is the same number everywhere, or given."""
    draw = np.random.default_rng(seed)
    columns = {name: draw.standard_normal(rows) for name in COLUMNS}
    columns["dividend"] = draw.integers(0, 2, rows).astype(float)
    columns["age"] = draw.integers(0, 60, rows).astype(float)
    for column in columns.values():
        column[draw.random(rows) < unknown] = np.nan
    columns |= {name: np.full(rows, value, dtype=float) for name, value in replaced.items()}
    return BaselineRows(columns, np.column_stack([*columns.values(), draw.standard_normal((rows, 3))]))


def patterns(seed, rows=400, present=range(8)):
    return np.random.default_rng(seed).choice(list(present), rows)


def learned(name, rows, pattern):
    return BASELINES[name]().fit(rows, pattern)


def assert_shares(found, rows):
    assert found.shape == (rows, 8)
    assert found.dtype == np.float64
    assert (found > 0).all()
    assert found.sum(axis=1) == pytest.approx(1)


every = pytest.mark.parametrize("name", BASELINES)


def test_there_are_five():
    assert tuple(BASELINES) == ("majority", "anthony_ramesh", "re_ta_logit", "faff_discriminant", "multinomial_logit")


# ---------------------------------------------------------------- any accounts


@every
@pytest.mark.parametrize(
    "training",
    [
        accounts(0),
        accounts(0, age=np.nan),
        accounts(0, **dict.fromkeys(COLUMNS, np.nan)),
        accounts(0, re=0.3, capex=0.0, dividend=1.0),
        accounts(0, **dict.fromkeys(COLUMNS, 0.5)),
        accounts(0, re=np.geomspace(1e-9, 1e9, 400)),
    ],
    ids=["gaps", "no age", "nothing known", "some constant", "all constant", "extremes"],
)
def test_every_pattern_gets_a_share_whatever_is_known(name, training):
    baseline = learned(name, training, patterns(1))
    assert_shares(baseline.shares(training), 400)
    assert_shares(baseline.shares(accounts(2, 50, unknown=0.5)), 50)


@every
@pytest.mark.parametrize("present", [range(8), (0, 2, 5), (2, 7), (6,)], ids=["all", "three", "two", "one"])
def test_a_pattern_never_seen_is_unlikely_and_not_impossible(name, present):
    rows = accounts(3)
    found = learned(name, rows, patterns(4, present=present)).shares(rows)
    absent = [kind for kind in range(8) if kind not in present]
    assert_shares(found, 400)
    assert found[:, absent] == pytest.approx(1 / 408)


@every
def test_a_column_that_is_the_pattern_itself_is_borne(name):
    pattern = patterns(16)
    rows = accounts(16, **dict.fromkeys(COLUMNS, 0.0) | {"re": pattern})
    assert_shares(learned(name, rows, pattern).shares(rows), 400)


@every
@pytest.mark.parametrize("rows", [1, 2, 5])
def test_a_handful_of_firms_is_enough_to_learn_from(name, rows):
    baseline = learned(name, accounts(5, rows), np.arange(rows))
    assert_shares(baseline.shares(accounts(6, 10)), 10)


@every
def test_the_same_rows_teach_the_same(name):
    rows, pattern = accounts(7), patterns(7)
    assert np.array_equal(learned(name, rows, pattern).shares(rows), learned(name, rows, pattern).shares(rows))


@every
def test_a_firm_is_judged_alike_alone_and_among_others(name):
    rows = accounts(8, 30)
    baseline = learned(name, accounts(9), patterns(9))
    third = BaselineRows({column: values[2:3] for column, values in rows.columns.items()}, rows.inputs[2:3])
    assert baseline.shares(third)[0] == pytest.approx(baseline.shares(rows)[2])


@every
@pytest.mark.parametrize("pattern", [[], [8], [-1]], ids=["none", "a ninth", "below the first"])
def test_a_baseline_is_taught_patterns_only(name, pattern):
    with pytest.raises(ValueError, match="one or more patterns from 0 to 7"):
        learned(name, accounts(0, len(pattern)), np.array(pattern, dtype=int))


# ---------------------------------------------------------------- what each sees


def test_majority_says_how_often_each_pattern_occurred_with_one_more_of_each():
    pattern = np.array([2] * 6 + [0] * 3 + [7])
    found = learned("majority", accounts(0, 10), pattern).shares(accounts(1, 2))
    assert found[0] * 18 == pytest.approx([4, 1, 7, 1, 1, 1, 1, 2])
    assert found[1] == pytest.approx(found[0])


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("anthony_ramesh", "dividend"),
        ("anthony_ramesh", "sales_growth"),
        ("anthony_ramesh", "capex"),
        ("anthony_ramesh", "age"),
        ("re_ta_logit", "re"),
        ("faff_discriminant", "age"),
        ("faff_discriminant", "re"),
        ("faff_discriminant", "ebit"),
        ("faff_discriminant", "asset_growth"),
    ],
)
def test_a_pattern_that_follows_a_column_of_the_paper_is_found(name, column):
    rows = accounts(10, 2000, unknown=0)
    values = rows.columns[column]
    pattern = np.where(values > np.median(values) if column != "dividend" else values == 1, 2, 0)
    found = learned(name, rows, pattern).shares(rows).argmax(axis=1)
    assert (found == pattern).mean() > 0.6


def test_a_pattern_that_follows_an_input_is_found_by_the_logit_on_all():
    rows = accounts(11, 2000)
    pattern = np.digitize(rows.inputs[:, -1], [-0.5, 0.5])
    assert (learned("multinomial_logit", rows, pattern).shares(rows).argmax(axis=1) == pattern).mean() > 0.9


def test_a_pattern_that_follows_what_is_missing_is_found_by_the_logit_on_all():
    rows = accounts(12, 2000, unknown=0.4)
    pattern = np.where(np.isnan(rows.inputs[:, 0]), 5, 1)
    assert (learned("multinomial_logit", rows, pattern).shares(rows).argmax(axis=1) == pattern).all()


@pytest.mark.parametrize(("name", "seen"), [("re_ta_logit", {"re"}), ("anthony_ramesh", {"dividend", "sales_growth", "capex", "age"})])
def test_a_paper_sees_nothing_else(name, seen):
    rows = accounts(13)
    baseline = learned(name, rows, patterns(13))
    other = BaselineRows({column: values if column in seen else -values for column, values in rows.columns.items()}, -rows.inputs)
    assert np.array_equal(baseline.shares(other), baseline.shares(rows))


def test_in_the_composite_age_and_a_dividend_weigh_against_growth_and_capital_spending():
    rows = accounts(14, 2000, unknown=0)
    ranked = {column: rows.columns[column].argsort().argsort() / 2000 for column in ("age", "sales_growth", "capex")}
    old = ranked["age"] + rows.columns["dividend"] / 2 - ranked["sales_growth"] - ranked["capex"] > -0.25
    found = learned("anthony_ramesh", rows, np.where(old, 2, 0)).shares(rows).argmax(axis=1)
    assert (found == np.where(old, 2, 0)).mean() > 0.95


@pytest.mark.parametrize("column", ["dividend", "sales_growth", "capex", "age"])
def test_in_the_composite_an_unknown_is_neither_young_nor_old(column):
    training = accounts(17, 401, unknown=0, **{column: np.arange(401)})
    baseline = learned("anthony_ramesh", training, np.digitize(np.arange(401), [100, 300]))
    unknown, middle = (baseline.shares(accounts(18, 5, unknown=0, **{column: value})) for value in (np.nan, 200))
    assert unknown == pytest.approx(middle)


def test_one_absurd_ratio_does_not_turn_the_verdict_on_the_others():
    re = np.linspace(-1, 1, 400)
    pattern = np.where(re > 0, 2, 0)
    absurd = np.where(np.arange(400) == 399, -1e6, re)
    for name in ("re_ta_logit", "faff_discriminant"):
        found = learned(name, accounts(15, re=absurd), pattern).shares(accounts(15, re=re)).argmax(axis=1)
        assert (found == pattern).mean() > 0.95
