"""Conditions and figures in words, Chinese and English."""

import datetime as dt

import pytest

from advisor.domain.condition import Constant
from advisor.domain.facts import Fact
from advisor.domain.text import Text
from advisor.domain.wording import NO, OR, UNKNOWN, YES, money, percent, plain, say_value, sentence, within
from tests.made_up import catalogue_of, tree


def fact(fact_id, kind, zh, en, **more):
    return Fact(fact_id, kind, Text(zh, en), Text(zh, en), "people", 1, **more)


HERE = catalogue_of(
    fact("staff", "int", "人数", "Staff", unit="person"),
    fact("sales", "money", "收入", "Sales"),
    fact("debt", "money", "负债", "Debt"),
    fact("share", "ratio", "占比", "Share"),
    fact("founded", "date", "成立日期", "Founded"),
    fact("city", "text", "城市", "City"),
    fact("listed", "bool", "已上市", "Listed", statements={True: Text("已经上市", "is listed"), False: Text("没有上市", "is not listed")}),
    fact("insured", "bool", "已参保", "Insured"),
    fact("grade", "choice", "评级", "Grade", options={"A": Text("甲", "first"), "B": Text("乙", "second")}),
    fact("titles", "choices", "称号", "Titles", options={"hnte": Text("高企", "HNTE"), "srdi": Text("专精特新", "SRDI")}),
    fact("due", "int", "到期", "Due", unit="day", specials={9999.0: Text("没有贷款", "no loan")}),
    leverage=("ratio", "debt / sales"),
)


def said(written):
    return sentence(tree(written, HERE.namings), HERE)


# ---------------------------------------------------------------- figures


@pytest.mark.parametrize(
    ("cny", "zh", "en"),
    [
        (0, "0元", "CNY 0"),
        (800, "800元", "CNY 800"),
        (9_999, "9,999元", "CNY 9,999"),
        (10_000, "1万元", "CNY 10,000"),
        (15_500, "1.55万元", "CNY 15,500"),
        (500_000, "50万元", "CNY 500,000"),
        (3_000_000, "300万元", "CNY 3 million"),
        (99_990_000, "9,999万元", "CNY 99.99 million"),
        (100_000_000, "1亿元", "CNY 100 million"),
        (1_200_000_000, "12亿元", "CNY 1.2 billion"),
        (-650_000, "-65万元", "CNY -650,000"),
        (12_345_678, "1,234.57万元", "CNY 12.35 million"),
    ],
)
def test_money(cny, zh, en):
    assert money(cny) == Text(zh, en)


@pytest.mark.parametrize(
    ("share", "written"),
    [
        (0.055, "5.5%"),
        (0.35, "35%"),
        (0, "0%"),
        (1, "100%"),
        (-0.22, "-22%"),
        (0.123, "12.3%"),
        (0.1234, "12.3%"),
        (1 / 3, "33.3%"),
        (0.29, "29%"),
        (2.5, "250%"),
    ],
)
def test_per_cent(share, written):
    assert percent(share) == written


@pytest.mark.parametrize(
    ("number", "written"), [(1234567, "1,234,567"), (3.0, "3"), (3.5, "3.5"), (3.14159, "3.14"), (0.999, "1"), (-1234.5, "-1,234.5"), (0, "0")]
)
def test_numbers(number, written):
    assert plain(number) == written


@pytest.mark.parametrize(
    ("first", "last", "zh", "en"),
    [("a", "b", "a至b", "a to b"), (None, "b", "最高b", "up to b"), ("a", None, "a起", "from a"), (None, None, "", "")],
)
def test_bounds(first, last, zh, en):
    assert (within("zh", first, last), within("en", first, last)) == (zh, en)


@pytest.mark.parametrize(
    ("name", "value", "zh", "en"),
    [
        ("staff", 12, "12人", "12 people"),
        ("staff", None, UNKNOWN.zh, UNKNOWN.en),
        ("sales", 3e6, "300万元", "CNY 3 million"),
        ("share", 0.055, "5.5%", "5.5%"),
        ("listed", True, YES.zh, YES.en),
        ("listed", False, NO.zh, NO.en),
        ("grade", "A", "甲", "first"),
        ("grade", "Z", "Z", "Z"),
        ("titles", ("hnte", "srdi"), "高企、专精特新", "HNTE, SRDI"),
        ("titles", (), "无", "none"),
        ("founded", dt.date(2024, 3, 1), "2024-03-01", "2024-03-01"),
        ("due", 9999, "没有贷款", "no loan"),
        ("due", 30, "30天", "30 days"),
        ("city", "重庆", "重庆", "重庆"),
    ],
)
def test_a_value_is_shown_as_its_fact_wants_it(name, value, zh, en):
    assert say_value(value, HERE[name]) == Text(zh, en)


def test_one_of_several_reads_with_or():
    assert say_value(("hnte", "srdi"), HERE["titles"], OR) == Text("高企或专精特新", "HNTE or SRDI")


# ---------------------------------------------------------------- sentences


@pytest.mark.parametrize(
    ("written", "zh", "en"),
    [
        ("staff < 300", "人数低于300人", "Staff: below 300 people"),
        ("staff <= 300", "人数不超过300人", "Staff: at most 300 people"),
        ("staff > 300", "人数超过300人", "Staff: above 300 people"),
        ("staff >= 300", "人数不低于300人", "Staff: at least 300 people"),
        ("staff == 300", "人数为300人", "Staff: 300 people"),
        ("staff != 300", "人数不是300人", "Staff: not 300 people"),
        ("grade == 'A'", "评级为甲", "Grade: first"),
        ("grade in ('A', 'B')", "评级为甲或乙", "Grade: first or second"),
        ("'hnte' in titles", "称号包括高企", "Titles: including HNTE"),
        ("has_any(titles, ('hnte', 'srdi'))", "称号包括高企或专精特新", "Titles: including HNTE or SRDI"),
        ("starts_with(city, '重')", "城市以重开头", "City: beginning with 重"),
        ("listed", "已经上市", "is listed"),
        ("insured", "“已参保”为是", "Insured: yes"),
        ("sales >= 20_000_000", "收入不低于2,000万元", "Sales: at least CNY 20 million"),
        ("share <= 0.35", "占比不超过35%", "Share: at most 35%"),
        ("leverage <= 0.7", "leverage不超过70%", "leverage: at most 70%"),
        ("founded == '2020-01-01'", "成立日期为2020-01-01", "Founded: 2020-01-01"),
        ("founded != as_of", "成立日期不是当日", "Founded: not the day asked for"),
    ],
)
def test_each_operator_has_its_words(written, zh, en):
    assert said(written) == Text(zh, en)


def test_all_of_several_reads_with_and():
    zh, en = said("has_all(titles, ('hnte', 'srdi'))").zh, said("has_all(titles, ('hnte', 'srdi'))").en
    assert (zh, en) == ("称号同时包括高企和专精特新", "Titles: including all of HNTE and SRDI")


@pytest.mark.parametrize(
    ("written", "same"),
    [
        ("not (staff < 300)", "staff >= 300"),
        ("not (staff <= 300)", "staff > 300"),
        ("not (staff > 300)", "staff <= 300"),
        ("not (staff >= 300)", "staff < 300"),
        ("not (staff == 300)", "staff != 300"),
        ("not (staff != 300)", "staff == 300"),
        ("not not listed", "listed"),
        ("not (listed and staff > 3)", "not listed or staff <= 3"),
        ("not (listed or staff > 3)", "not listed and staff <= 3"),
    ],
)
def test_an_opposite_is_said_plainly(written, same):
    assert said(written) == said(same)


@pytest.mark.parametrize(
    ("written", "zh", "en"),
    [
        ("grade not in ('A', 'B')", "评级不是甲或乙", "Grade: not first or second"),
        ("'hnte' not in titles", "称号不包括高企", "Titles: without HNTE"),
        ("not has_any(titles, ('hnte', 'srdi'))", "称号不包括高企或专精特新", "Titles: without HNTE or SRDI"),
        ("not starts_with(city, '重')", "城市不以重开头", "City: not beginning with 重"),
        ("not listed", "没有上市", "is not listed"),
        ("not insured", "“已参保”为否", "Insured: no"),
    ],
)
def test_what_has_no_opposite_is_negated(written, zh, en):
    assert said(written) == Text(zh, en)


@pytest.mark.parametrize(
    ("written", "zh", "en"),
    [
        ("listed and staff > 3", "已经上市，并且人数超过3人", "is listed and Staff: above 3 people"),
        ("listed or staff > 3", "已经上市，或者人数超过3人", "is listed, or Staff: above 3 people"),
        (
            "(listed or insured) and staff > 3",
            "（已经上市，或者“已参保”为是），并且人数超过3人",
            "(is listed, or Insured: yes) and Staff: above 3 people",
        ),
        ("debt / sales <= 0.7", "负债 ÷ 收入不超过0.7", "Debt ÷ Sales: at most 0.7"),
        ("(debt + sales) * 2 > 300", "（负债 + 收入） × 2超过300元", "(Debt + Sales) × 2: above CNY 300"),
        ("debt > 0.7 * sales", "负债超过收入的70%", "Debt: above 70% of Sales"),
        ("debt - sales > 10_000", "负债 − 收入超过1万元", "Debt − Sales: above CNY 10,000"),
        ("min(debt, sales) > 10_000", "负债和收入中较小的超过1万元", "the smaller of Debt and Sales: above CNY 10,000"),
        ("max(debt, sales) > 10_000", "负债和收入中较大的超过1万元", "the larger of Debt and Sales: above CNY 10,000"),
        ("abs(debt) > 10_000", "负债的绝对值超过1万元", "the size of Debt: above CNY 10,000"),
        ("sqrt(staff) > 3", "人数的平方根超过3", "the square root of Staff: above 3"),
        ("years_between(founded, as_of) >= 3", "从成立日期到当日的年数不低于3", "the years from Founded to the day asked for: at least 3"),
        ("prefix(city, 2) == 'CQ'", "城市的前2位为CQ", "the first 2 characters of City: CQ"),
        ("-debt < 0", "−负债低于0元", "−Debt: below CNY 0"),
        (
            "staff > 9 if listed else staff > 3",
            "如果已经上市，则人数超过9人，否则人数超过3人",
            "if is listed then Staff: above 9 people, otherwise Staff: above 3 people",
        ),
    ],
)
def test_longer_conditions(written, zh, en):
    assert said(written) == Text(zh, en)


def test_in_every_case():
    assert sentence(Constant(True), HERE) == Text("任何情况下", "in every case")


def test_three_words_are_joined_like_two():
    assert say_value(("hnte", "srdi", "x"), HERE["titles"], OR) == Text("高企、专精特新或x", "HNTE, SRDI or x")


@pytest.mark.parametrize("written", ["min(debt, sales, 50_000) > 10_000", "max(debt, sales, 50_000) > 10_000"])
def test_no_part_of_a_formula_is_left_unsaid(written):
    assert "50,000" in said(written).en
    assert "5万" in said(written).zh or "50,000" in said(written).zh


def test_every_condition_of_the_shipped_rules_has_a_sentence_in_both_languages(rules):
    for one in rules.instruments:
        for criterion in one.criteria:
            words = sentence(criterion.condition, rules.catalogue)
            assert words.zh
            assert words.en
            assert "_cny" not in words.zh + words.en
