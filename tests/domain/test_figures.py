"""Figures as people write them: scales, units, signs, and what is refused rather than guessed."""

import pytest

from advisor.domain.figures import read_figure


@pytest.mark.parametrize(
    ("written", "unit", "number"),
    [
        ("6800万", "CNY", 68_000_000),
        ("6,800万元", "CNY", 68_000_000),
        ("1.005亿", "CNY", 100_500_000),
        ("3个亿", "CNY", 300_000_000),
        ("1200万人民币", "CNY", 12_000_000),
        ("1200万元人民币", "CNY", 12_000_000),
        ("¥500", "CNY", 500),
        ("CNY 5 million", "CNY", 5_000_000),
        ("负300万元", "CNY", -3_000_000),
        ("亏65万", "CNY", -650_000),
        ("\N{MINUS SIGN}65万", "CNY", -650_000),
        ("(500)", "CNY", -500),
        ("20_000_000", "CNY", 20_000_000),
        ("1e6", "CNY", 1_000_000),
        ("12人", "person", 12),
        ("3年", "month", 36),
        ("18个月", "month", 18),
        ("90天", "day", 90),
        ("2.5年", "year", 2.5),
        ("35%", "fraction", 0.35),
        ("0.35", "fraction", 0.35),
        ("3件", "item", 3),
    ],
)
def test_a_figure_is_read_in_the_unit_of_its_fact(written, unit, number):
    assert read_figure(written, unit) == number


@pytest.mark.parametrize(
    ("written", "unit"),
    [
        ("30%", "CNY"),
        ("5人", "CNY"),
        ("3万元", "person"),
        ("3年", "day"),
        ("5元", "fraction"),
        ("1,5万", "CNY"),
        ("12,34", "CNY"),
        ("(-500)", "CNY"),
        ("--5", "CNY"),
        ("5万5", "CNY"),
        ("约500万", "CNY"),
        ("5-8万", "CNY"),
        ("", "CNY"),
        ("万", "CNY"),
        ("12人", None),
    ],
)
def test_what_could_mean_two_things_is_no_figure(written, unit):
    assert read_figure(written, unit) is None


def test_yes_and_no_are_no_figures():
    assert read_figure(True, "CNY") is None
