"""Reading a file key by key: what stands in for a value that is wrong, and how the problem is told."""

import datetime as dt

import pytest

from advisor.domain.condition import TRUE, Constant, Name, Test
from advisor.domain.instrument import Validity
from advisor.domain.notation import Naming
from advisor.domain.text import Text
from advisor.rulefiles.entry import Book, Entry, texts
from advisor.rulefiles.yamlfile import read_yaml

QUOTE = "'"
"""What stands in quotes begins behind them."""


def entry_of(text):
    file = read_yaml(text, "rules.yaml")
    return Entry(file, Book(names={"employees": Naming("number"), "listed": Naming("bool")}), file.data)


def told(entry):
    return [(problem.code, str(problem.place)) for problem in entry.book.problems]


# ---------------------------------------------------------------- structure


NEEDED = [
    pytest.param(lambda entry: entry.word("key", ("verified", "recalled")), id="word"),
    pytest.param(lambda entry: entry.string("key"), id="string"),
    pytest.param(lambda entry: entry.number("key"), id="number"),
    pytest.param(lambda entry: entry.text("key"), id="text"),
    pytest.param(lambda entry: entry.numbers("key"), id="two numbers"),
    pytest.param(lambda entry: entry.condition("key"), id="condition"),
    pytest.param(lambda entry: entry.formula("key"), id="formula"),
]
"""The readers of keys that may not be left out."""


@pytest.mark.parametrize("read", NEEDED)
def test_a_missing_key_is_told_once_at_the_mapping(read):
    entry = entry_of("other: 1\n")
    read(entry)
    assert told(entry) == [("missing_key", "rules.yaml:1:1")]


def test_an_unknown_key_gets_a_suggestion():
    entry = entry_of("orgin: policy\n")
    entry.only("if", "origin")
    assert told(entry) == [("unknown_key", "rules.yaml:1:8")]
    assert entry.book.problems[0].text == Text("没有“orgin”这个键；是不是“origin”？", "'orgin' is not a key here; did you mean 'origin'?")


@pytest.mark.parametrize("text", ["- 1\n", "word\n", "5\n"])
def test_where_a_mapping_is_expected_nothing_else_will_do(text):
    entry = entry_of(text)
    assert entry.pairs() == []
    assert told(entry) == [("not_a_mapping", "rules.yaml:1:1")]


def test_where_a_list_is_expected_nothing_else_will_do():
    entry = entry_of("stages: growth\n")
    assert entry.words("stages") == ()
    assert told(entry) == [("not_a_list", "rules.yaml:1:9")]


def test_a_list_that_is_absent_is_empty():
    entry = entry_of("a: 1\n")
    assert entry.words("sources") == ()
    assert entry.items("basis") == []
    assert told(entry) == []


# ---------------------------------------------------------------- values


def test_a_text_needs_both_languages_and_nothing_else():
    good = entry_of("name: {zh: 名, en: name}\n")
    assert good.text("name") == Text("名", "name")
    assert told(good) == []


@pytest.mark.parametrize(
    "value",
    ["{zh: 名}", "{en: name}", "{zh: 名, en: name, fr: nom}", "{zh: 名, en: ' '}", "{zh: '', en: name}", "name", "5", "[]", "{zh: 1, en: 2}"],
)
def test_a_text_in_one_language_or_none_is_refused(value):
    entry = entry_of(f"name: {value}\n")
    assert entry.text("name") == Text("", "")
    assert told(entry) == [("both_languages", "rules.yaml:1:7")]


def test_a_needed_text_is_never_null():
    entry = entry_of("name: null\n")
    assert entry.text("name") == Text("", "")
    assert [code for code, _ in told(entry)] == ["blank"]


def test_texts_by_word_are_each_checked():
    entry = entry_of("a: {zh: 甲, en: a}\nb: {zh: 乙}\n")
    assert texts(entry.pairs())["a"] == Text("甲", "a")
    assert told(entry) == [("both_languages", "rules.yaml:2:4")]


def test_a_word_outside_the_list_is_told_with_the_words_allowed():
    entry = entry_of("status: lively\n")
    assert entry.word("status", ("live", "pilot")) == "live"
    assert told(entry) == [("unknown_word", "rules.yaml:1:9")]
    assert entry.book.problems[0].text.en == "'lively' is not known here; did you mean 'live'? (one of: live, pilot)"


def test_a_long_list_of_words_allowed_is_not_recited():
    entry = entry_of("source: S99\n")
    entry.word("source", [f"S{number:02}" for number in range(50)])
    assert "one of" not in entry.book.problems[0].text.en


def test_each_word_of_a_list_has_its_own_place():
    entry = entry_of("stages: [growth, grown, mature, ripe]\n")
    assert entry.words("stages", ("startup", "growth", "mature", "decline"))[0] == "growth"
    assert told(entry) == [("unknown_word", "rules.yaml:1:18"), ("unknown_word", "rules.yaml:1:33")]


@pytest.mark.parametrize("value", ["'5'", "true", "five", "[5]", "5万"])
def test_a_number_is_a_number(value):
    entry = entry_of(f"weight: {value}\n")
    assert entry.number("weight") == 0
    assert told(entry) == [("wrong_kind", f"rules.yaml:1:{9 + value.startswith(QUOTE)}")]


@pytest.mark.parametrize("value", ["[1]", "[1, 2, 3]", "[a, b]", "[1, true]", "1"])
def test_two_numbers_are_two_numbers(value):
    entry = entry_of(f"range: {value}\n")
    assert entry.numbers("range") == (0, 0)
    assert told(entry) == [("two_numbers", "rules.yaml:1:8")]


def test_a_bound_may_be_left_open():
    entry = entry_of("range: [0, null]\n")
    assert entry.numbers("range") == (0, None)
    assert told(entry) == []


@pytest.mark.parametrize("value", ["'true'", "1", "yes please"])
def test_a_flag_is_true_or_false(value):
    entry = entry_of(f"hard: {value}\n")
    assert entry.flag("hard") is False
    assert told(entry) == [("wrong_kind", f"rules.yaml:1:{7 + value.startswith(QUOTE)}")]


def test_a_string_is_text_so_that_a_year_needs_quotes():
    entry = entry_of("date: 2025\nother: '2025'\n")
    assert (entry.string("date"), entry.string("other")) == ("", "2025")
    assert told(entry) == [("wrong_kind", "rules.yaml:1:7")]


@pytest.mark.parametrize("value", ["2026-13-01", "2026-02-30", "2026-1-1", "2026", "20260101", "2026-W01-1", "tomorrow", "true"])
def test_a_day_is_written_year_month_day(value):
    entry = entry_of(f"from: {value}\n")
    assert entry.day("from") is None
    assert told(entry) == [("bad_date", "rules.yaml:1:7")]


def test_a_period_may_be_open_at_both_ends():
    assert entry_of("valid: {from: null, to: null}\n").validity() == Validity()
    assert entry_of("a: 1\n").validity() == Validity()
    assert entry_of("valid: {from: 2026-01-01}\n").validity() == Validity(dt.date(2026, 1, 1))


def test_a_period_that_ends_before_it_begins_is_refused():
    entry = entry_of("valid: {from: 2026-02-01, to: 2026-01-31}\n")
    entry.validity()
    assert told(entry) == [("empty_period", "rules.yaml:1:8")]


# ---------------------------------------------------------------- null is not a value where one is needed


@pytest.mark.parametrize("read", NEEDED)
def test_null_at_a_needed_key_is_a_problem_and_never_a_default(read):
    entry = entry_of("other: 1\nkey: null\n")
    read(entry)
    assert len(told(entry)) == 1


# ---------------------------------------------------------------- conditions


def test_a_condition_is_read_with_the_names_of_the_book():
    entry = entry_of("if: employees <= 300\n")
    assert entry.condition() == Test("<=", Name("employees"), Constant(300))
    assert told(entry) == []


def test_a_misspelt_fact_is_told_at_its_own_column():
    entry = entry_of("a: 1\nif: listed and employes <= 300\n")
    assert entry.condition() == TRUE
    assert told(entry) == [("unknown_fact", "rules.yaml:2:16")]
    assert entry.book.problems[0].text.en == "'employes' is not a fact; did you mean 'employees'?"


def test_a_condition_must_say_yes_or_no_and_a_formula_need_not():
    entry = entry_of("if: employees + 1\n")
    assert entry.condition() == TRUE
    assert told(entry) == [("not_a_condition", "rules.yaml:1:5")]
    again = entry_of("if: employees + 1\n")
    again.formula("if")
    assert told(again) == []


def test_the_same_text_wrong_in_two_places_is_told_twice():
    entry = entry_of("a: {if: employes > 1}\nb: {if: employes > 1}\n")
    entry.at("a").condition()
    entry.at("b").condition()
    assert told(entry) == [("unknown_fact", "rules.yaml:1:9"), ("unknown_fact", "rules.yaml:2:9")]


def test_true_without_quotes_is_a_condition_that_always_holds():
    entry = entry_of("if: true\n")
    assert entry.condition() == TRUE
    assert told(entry) == []
