"""What the head of a column says of its period."""

from datetime import date

import pytest

from advisor.statements.periods import Heading, Period, Unclear, parse_heading, resolve, told_period

END = date(2024, 12, 31)


@pytest.mark.parametrize(("text", "end", "months", "word"), [
    ("2024-12-31", END, None, ""), ("20241231", END, None, ""), ("2024/12/31", END, None, ""), ("2024.12.31", END, None, ""),
    ("２０２４年１２月３１日", END, None, ""), ("2024-12-31 00:00:00", END, None, ""), ("截至2024年12月31日", END, None, ""),
    ("2024", END, 12, ""), ("2024.0", END, 12, ""), ("2024年", END, 12, ""), ("2024 年度", END, 12, ""), ("FY2024", END, 12, ""),
    ("2024年1-12月", END, 12, ""), ("2024年1—9月", date(2024, 9, 30), 9, ""), ("2024年10至12月", END, 3, ""),
    ("2024年第三季度", date(2024, 9, 30), 3, ""), ("2024Q4", END, 3, ""), ("2024年前三季度", date(2024, 9, 30), 9, ""),
    ("2024年半年度", date(2024, 6, 30), 6, ""), ("2024年2月", date(2024, 2, 29), 1, ""), ("2024年末", END, 12, "end"),
    ("2024年初", END, 12, "start"), ("期末余额(2024-12-31)", END, None, "end"), ("本期发生额（2024年1-9月）", date(2024, 9, 30), 9, "now"),
    ("期末余额", None, None, "end"), ("年初余额", None, None, "start"), ("本年累计金额", None, None, "year"), ("上年金额", None, None, "last_year"),
    ("金额（万元）", None, None, "now"), ("2024年度（经审计）", END, 12, ""),
])  # fmt: skip
def test_a_head_tells(text, end, months, word):
    assert parse_heading(text) == Heading(end, months, word)


@pytest.mark.parametrize("text", [
    "", "项目", "行次", "2024年预算", "2024E", "2024年与2023年", "2024年12月31日与2023年12月31日", "同比", "1234567",
    "2024-13-31", "2024年2月30日", "20240",
    "2024年合并", "增减额",
])  # fmt: skip
def test_a_head_that_is_not_fully_understood_tells_nothing(text):
    assert parse_heading(text) is None


def test_titles_tell_one_period_or_are_refused():
    assert told_period(["编制单位：甲", "2024年12月31日", "2024年度"]) == Heading(END, 12, "")
    assert told_period(["2024年1月1日至2024年12月31日"]) == Heading(END, 12, "")
    assert told_period(["所属期：2024-10-01 至 2024-12-31"]) == Heading(END, 3, "")
    assert told_period(["电话 20231234", "财会〔2019〕6号", "注册资本2000万元"]) is None
    with pytest.raises(Unclear):
        told_period(["2024年12月31日", "2023年12月31日"])
    with pytest.raises(Unclear):
        told_period(["2024年第四季度", "2024年度"])


def resolved(head, *titles, flow=True, year=None, cumulated=False):
    return resolve(parse_heading(head), told_period(titles), year, is_flow=flow, cumulated=cumulated)


@pytest.mark.parametrize(("head", "titles", "period"), [
    ("2024-12-31", [], Period(END, 12)), ("2024-09-30", [], Period(date(2024, 9, 30), 9)), ("2024年12月", [], Period(END, 1)),
    ("本年累计金额", ["2024年12月"], Period(END, 12)), ("上年金额", ["2024年12月"], Period(date(2023, 12, 31), 12)),
    ("上年同期", ["2024年2月"], Period(date(2023, 2, 28), 2)), ("本月金额", ["2024年12月"], Period(END, 1)),
    ("本期金额", ["2024年12月"], Period(END, 1)), ("本期金额", ["2024年9月30日"], Period(date(2024, 9, 30), 9)),
    ("本期金额", ["2024年12月31日"], None), ("期末余额", ["2024年12月31日"], None), ("本年累计金额", [], None),
])  # fmt: skip
def test_the_span_of_a_flow(head, titles, period):
    assert resolved(head, *titles) == period


def test_this_period_beside_the_year_so_far_is_a_part_of_it():
    assert resolved("本期金额", "2024年12月31日", cumulated=True) == Period(END, 1)


@pytest.mark.parametrize(("head", "titles", "day"), [
    ("2024-09-30", [], date(2024, 9, 30)), ("期末余额", ["2024年12月31日"], END), ("年初余额", ["2024年9月30日"], date(2023, 12, 31)),
    ("年初余额(2024年1月1日)", [], date(2023, 12, 31)), ("期初余额(2023-12-31)", [], date(2023, 12, 31)), ("2024年初", [], date(2023, 12, 31)),
    ("期初余额", ["2024年12月31日"], date(2023, 12, 31)), ("上年年末余额", ["2024年度"], date(2023, 12, 31)),
])  # fmt: skip
def test_the_day_of_a_balance(head, titles, day):
    assert resolved(head, *titles, flow=False) == Period(day, 0)


def test_a_year_ends_on_31_december():
    assert Period(END, 12).is_year
    assert Period(END, 0).is_year
    assert not Period(date(2024, 9, 30), 12).is_year
    assert not Period(END, 9).is_year
