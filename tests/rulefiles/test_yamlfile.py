"""Strict YAML: what is refused, where it stands, and what stays plain."""

import math

import pytest

from advisor.domain.errors import RuleError
from advisor.rulefiles.yamlfile import MAX_BYTES, MAX_DEPTH, read_yaml


def data_of(text, **more):
    return read_yaml(text, "rules.yaml", **more).data


def problems_of(text, **more):
    with pytest.raises(RuleError) as caught:
        read_yaml(text, "rules.yaml", **more)
    return [(problem.code, str(problem.place)) for problem in caught.value.problems]


# ---------------------------------------------------------------- what is read


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("300", 300),
        ("-300", -300),
        ("0", 0),
        ("20_000_000", 20_000_000),
        ("0.35", 0.35),
        ("5.", 5.0),
        ("1e6", 1_000_000.0),
        ("1.5E-3", 0.0015),
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("growth", "growth"),
        ("True", "True"),
        ("2026-01-31", "2026-01-31"),
        ("2026-01", "2026-01"),
        ("100%", "100%"),
        ("渝中区", "渝中区"),
        ("'no'", "no"),
        ('"012"', "012"),
        ("'12:30'", "12:30"),
        ("'300'", "300"),
        ("''", ""),
    ],
)
def test_a_value_is_what_its_author_sees(written, meant):
    read = data_of(f"fact: {written}")["fact"]
    assert read == meant
    assert type(read) is type(meant)


def test_lists_and_mappings_keep_their_order():
    assert data_of("b: [3, 1]\na:\n  - x: 1\n  - z: 2\n") == {"b": [3, 1], "a": [{"x": 1}, {"z": 2}]}
    assert list(data_of("b: 1\na: 2\n")) == ["b", "a"]


def test_an_empty_file_is_none():
    assert data_of("# only a remark\n") is None


def test_each_value_knows_its_line_and_column():
    file = read_yaml("name: a\nhard:\n  - if: x\n    origin: policy\n", "rules.yaml")
    assert str(file.place(("name",))) == "rules.yaml:1:7"
    assert str(file.place(("hard", 0, "origin"))) == "rules.yaml:4:13"


def test_a_value_that_is_not_there_has_the_place_of_what_would_hold_it():
    file = read_yaml("name: a\nhard:\n  - if: x\n", "rules.yaml")
    assert str(file.place(("hard", 0, "origin", "deeper"))) == "rules.yaml:3:5"


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    "trap", ["yes", "no", "on", "off", "y", "n", "NO", "Yes", "ON", "012", "007", "12:30", "12:30:00", ".nan", ".inf", "-.inf", ".NaN"]
)
def test_a_word_that_yaml_would_misread_needs_quotes(trap):
    assert problems_of(f"first: 1\nfact: {trap}") == [("quote_it", "rules.yaml:2:7")]
    assert data_of(f"fact: '{trap}'") == {"fact": trap}


@pytest.mark.parametrize("trap", ["no", "NO", "on", "012"])
def test_a_key_that_yaml_would_misread_needs_quotes(trap):
    assert problems_of(f"first: 1\n{trap}: 2") == [("quote_it", "rules.yaml:2:1")]


def test_a_key_given_twice_is_refused_at_its_second_place():
    assert problems_of("fact: 1\nother: 2\nfact: 3\n") == [("duplicate_key", "rules.yaml:3:1")]


def test_a_key_given_twice_deep_inside_is_refused():
    assert problems_of("a:\n  - {x: 1, z: 2, x: 3}\n") == [("duplicate_key", "rules.yaml:2:18")]


def test_the_same_key_in_two_mappings_is_no_duplicate():
    assert data_of("- {x: 1}\n- {x: 2}\n") == [{"x": 1}, {"x": 2}]


@pytest.mark.parametrize("text", ["a: &one {x: 1}\nb: *one\n", "a: &one [1]\nb:\n  - *one\n"])
def test_an_alias_is_refused(text):
    assert [code for code, _ in problems_of(text)] == ["anchor"]


@pytest.mark.parametrize("tag", ["!money 5", "!!python/object:os.system x", "!<tag:example.org,2026:x> z", "!money {a: 1}", "!money [5]"])
def test_a_tag_is_refused(tag):
    assert problems_of(f"fact: {tag}") == [("tag", "rules.yaml:1:7")]


def test_a_value_left_blank_is_refused_in_rules_and_unknown_in_a_firm():
    assert problems_of("fact:\n") == [("blank", "rules.yaml:1:6")]
    assert read_yaml("fact:\n", "firm.yaml", strict=False).data == {"fact": None}


def test_a_key_that_is_no_word_is_refused():
    assert problems_of("? [a, b]\n: 1\n") == [("bad_key", "rules.yaml:1:3")]


def test_nesting_has_a_limit():
    assert data_of("[" * MAX_DEPTH + "]" * MAX_DEPTH) is not None
    assert ("too_deep", f"rules.yaml:1:{MAX_DEPTH + 1}") in problems_of("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1))


def test_nesting_by_the_thousand_is_refused_and_does_no_harm():
    assert problems_of("[" * 3000 + "]" * 3000)[0][0] in ("too_deep", "yaml_syntax")


def test_size_has_a_limit_counted_in_bytes():
    within = "# " + "渝" * ((MAX_BYTES - 12) // 3) + "\na: 1"
    assert data_of(within) == {"a": 1}
    assert problems_of(within + "#" * 20) == [("too_large", "rules.yaml")]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a: [1, 2\n", "rules.yaml:2:1"),
        ("a: 1\n b: 2\n", "rules.yaml:2:3"),
        ("a: 'open\n", "rules.yaml:2:1"),
        ("a: 1\n\tb: 2\n", "rules.yaml:2:1"),
        ("a: b: c\n", "rules.yaml:1:5"),
        ("a: 1\n---\nb: 2\n", "rules.yaml:2:1"),
    ],
)
def test_a_mistake_of_syntax_is_named_with_its_place(text, place):
    assert problems_of(text) == [("yaml_syntax", place)]


def test_a_character_that_no_text_holds_is_refused():
    assert problems_of("a: \x00") == [("yaml_syntax", "rules.yaml")]


def test_all_problems_of_a_file_are_told_at_once():
    text = "a: no\nb: &x 1\nc: *x\na: 012\nd: !t 5\n"
    assert sorted(code for code, _ in problems_of(text)) == ["anchor", "duplicate_key", "quote_it", "quote_it", "tag"]


def test_every_problem_is_said_in_both_languages():
    with pytest.raises(RuleError) as caught:
        read_yaml("a: no\nb: 1\nb: 2", "rules.yaml")
    assert caught.value.say("zh") == "rules.yaml:1:4: “no”要加引号，否则YAML会误读\nrules.yaml:3:1: “b”写了两次"
    assert caught.value.say("en") == "rules.yaml:1:4: quote 'no': YAML would misread it\nrules.yaml:3:1: 'b' stands here twice"


# ---------------------------------------------------------------- files of firms: not strict


@pytest.mark.parametrize("word", ["yes", "no", "on", "NO", "012", "12:30", ".inf"])
def test_in_a_file_of_a_firm_such_words_stay_text(word):
    assert data_of(f"fact: {word}", strict=False) == {"fact": word}


def test_in_a_file_of_a_firm_nan_stays_nan_so_that_the_fact_refuses_it():
    assert math.isnan(data_of("fact: .nan", strict=False)["fact"])


@pytest.mark.parametrize(
    ("text", "code"), [("a: 1\na: 2", "duplicate_key"), ("a: &x [1]\nb: *x", "anchor"), ("a: !t 1", "tag"), ("a: [", "yaml_syntax")]
)
def test_a_file_of_a_firm_is_spared_nothing_else(text, code):
    assert problems_of(text, strict=False)[0][0] == code
