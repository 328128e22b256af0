"""Conditions as text: what may be written, and how every mistake is named."""

import datetime as dt

import pytest

from advisor.domain.condition import Choice, Constant, Formula, Junction, Name, Test
from advisor.domain.errors import Place
from advisor.domain.notation import MAX_DEPTH, MAX_TEXT, kind_of, parse, parse_condition, text
from tests.made_up import NAMINGS, tree

STAFF, SALES, LISTED, TITLES = Name("staff"), Name("sales"), Name("listed"), Name("titles")


def problems_of(written, read=parse):
    """What is wrong with a text that begins at line 7, column 9."""
    problems = []
    node = read(written, NAMINGS, problems, Place("rule.yaml", 7, 9))
    assert (node is None) == bool(problems)
    return problems


def found(written):
    """(code, column counted from 0 inside the text) of each problem."""
    return [(problem.code, problem.place.column - 9) for problem in problems_of(written)]


# ---------------------------------------------------------------- what may be written


@pytest.mark.parametrize(
    ("written", "node"),
    [
        ("staff < 300", Test("<", STAFF, Constant(300))),
        ("staff <= 300", Test("<=", STAFF, Constant(300))),
        ("staff > 300", Test(">", STAFF, Constant(300))),
        ("staff >= 300", Test(">=", STAFF, Constant(300))),
        ("staff == 300", Test("==", STAFF, Constant(300))),
        ("staff != 300", Test("!=", STAFF, Constant(300))),
        ("staff > sales", Test(">", STAFF, SALES)),
        ("sales >= 20_000_000", Test(">=", SALES, Constant(20_000_000))),
        ("sales > -0.5", Test(">", SALES, Constant(-0.5))),
        ("listed", LISTED),
        ("not listed", Junction("not", (LISTED,))),
        ("listed == True", Test("==", LISTED, Constant(True))),
        ("listed and blacklisted", Junction("and", (LISTED, Name("blacklisted")))),
        ("listed or blacklisted", Junction("or", (LISTED, Name("blacklisted")))),
        ("grade in ('A', 'B')", Test("in", Name("grade"), Constant(("A", "B")))),
        ("grade in ['A', 'B']", Test("in", Name("grade"), Constant(("A", "B")))),
        ("grade not in ('A',)", Junction("not", (Test("in", Name("grade"), Constant(("A",))),))),
        ("grade == 'A'", Test("==", Name("grade"), Constant("A"))),
        ("'hnte' in titles", Test("contains", TITLES, Constant("hnte"))),
        ("'hnte' not in titles", Junction("not", (Test("contains", TITLES, Constant("hnte")),))),
        ("has_any(titles, ('hnte', 'srdi'))", Test("has_any", TITLES, Constant(("hnte", "srdi")))),
        ("has_all(titles, ('hnte', 'srdi'))", Test("has_all", TITLES, Constant(("hnte", "srdi")))),
        ("starts_with(city, '重')", Test("starts_with", Name("city"), Constant("重"))),
        ("prefix(city, 3) == 'C36'", Test("==", Formula("prefix", (Name("city"), Constant(3))), Constant("C36"))),
        ("founded >= '2020-01-31'", Test(">=", Name("founded"), Constant(dt.date(2020, 1, 31)))),
        ("founded > as_of", Test(">", Name("founded"), Name("as_of"))),
        ("staff + sales", Formula("+", (STAFF, SALES))),
        ("staff - sales", Formula("-", (STAFF, SALES))),
        ("staff * sales", Formula("*", (STAFF, SALES))),
        ("staff / sales", Formula("/", (STAFF, SALES))),
        ("-staff", Formula("neg", (STAFF,))),
        ("abs(staff)", Formula("abs", (STAFF,))),
        ("sqrt(staff)", Formula("sqrt", (STAFF,))),
        ("min(staff, sales, 3)", Formula("min", (STAFF, SALES, Constant(3)))),
        ("max(staff, sales)", Formula("max", (STAFF, SALES))),
        ("years_between(founded, as_of)", Formula("years_between", (Name("founded"), Name("as_of")))),
        ("1 if listed else 2", Choice(LISTED, Constant(1), Constant(2))),
        ("True", Constant(True)),
    ],
)
def test_each_form_of_the_language(written, node):
    assert tree(written) == node
    assert tree(text(node)) == node


def test_a_chain_of_comparisons_is_all_of_its_links():
    assert tree("10 < staff <= 300") == Junction("and", (Test(">", STAFF, Constant(10)), Test("<=", STAFF, Constant(300))))
    assert tree("1 < staff < sales < 9") == tree("staff > 1 and staff < sales and sales < 9")


@pytest.mark.parametrize(
    ("written", "mirrored"),
    [
        ("3 < staff", "staff > 3"),
        ("3 <= staff", "staff >= 3"),
        ("3 > staff", "staff < 3"),
        ("3 >= staff", "staff <= 3"),
        ("3 == staff", "staff == 3"),
        ("3 != staff", "staff != 3"),
        ("'2020-01-01' < founded", "founded > '2020-01-01'"),
        ("'A' == grade", "grade == 'A'"),
        ("True == listed", "listed == True"),
    ],
)
def test_a_constant_on_the_left_is_mirrored(written, mirrored):
    assert tree(written) == tree(mirrored)


@pytest.mark.parametrize(
    ("written", "again"),
    [
        ("staff > 1 or listed and blacklisted", "staff > 1 or listed and blacklisted"),
        ("(staff > 1 or listed) and blacklisted", "(staff > 1 or listed) and blacklisted"),
        ("not (listed or blacklisted)", "not (listed or blacklisted)"),
        ("not listed or blacklisted", "not listed or blacklisted"),
        ("staff - (sales - debt) > 1000", "staff - (sales - debt) > 1_000"),
        ("staff / (sales * debt)", "staff / (sales * debt)"),
        ("-(staff + sales) * 2", "-(staff + sales) * 2"),
        ("2 - -5 * staff", "2 - -5 * staff"),
        ("(1 if listed else 2) + 3", "(1 if listed else 2) + 3"),
        ("1 if listed else 2 if blacklisted else 3", "1 if listed else 2 if blacklisted else 3"),
        ("(1 if listed else 2) if blacklisted else 3", "(1 if listed else 2) if blacklisted else 3"),
        ("not 'hnte' in titles", "not 'hnte' in titles"),
        ("grade in ('A',)", "grade in ('A',)"),
        ("grade in ()", "grade in ()"),
        ("city == '高新区'", "city == '高新区'"),
        ('city == "it\'s"', 'city == "it\'s"'),
        ("(staff > 1) == listed", "(staff > 1) == listed"),
    ],
)
def test_brackets_are_written_where_they_are_needed_and_only_there(written, again):
    assert text(tree(written)) == again
    assert tree(again) == tree(written)


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("staff", "number"),
        ("staff > 1", "bool"),
        ("listed", "bool"),
        ("city", "text"),
        ("titles", "choices"),
        ("founded", "date"),
        ("prefix(city, 1)", "text"),
        ("'A' if listed else 'B'", "text"),
        ("1 if listed else 2", "number"),
        ("('hnte',)", "choices"),
        ("not listed", "bool"),
        ("-staff", "number"),
    ],
)
def test_the_kind_of_what_a_text_yields(written, kind):
    assert kind_of(tree(written), NAMINGS) == kind


def test_a_condition_must_say_yes_or_no():
    assert [problem.code for problem in problems_of("staff + 1", parse_condition)] == ["not_a_condition"]
    assert problems_of("staff > 1", parse_condition) == []
    assert problems_of(True, parse_condition) == []  # YAML has already read the word


# ---------------------------------------------------------------- every mistake, its place and what was meant


@pytest.mark.parametrize(
    ("written", "code", "column", "suggestion"),
    [
        ("listed and stafff > 3", "unknown_fact", 11, "staff"),
        ("listed and quite_another > 3", "unknown_fact", 11, None),
        ("listed and grade == 'AA'", "unknown_option", 11, "A"),
        ("'hntee' in titles", "unknown_option", 0, "hnte"),
        ("has_any(titles, ('srdii', 'hnte'))", "unknown_option", 0, "srdi"),
        ("listed or has_anny(titles, ('srdi',))", "unknown_function", 10, "has_any"),
        ("listed or open('x')", "unknown_function", 10, None),
        ("listed and staff > 'many'", "kind_mismatch", 11, None),
        ("staff + listed", "kind_mismatch", 8, None),
        ("listed and staff", "kind_mismatch", 11, None),
        ("not staff", "kind_mismatch", 4, None),
        ("-listed", "kind_mismatch", 1, None),
        ("listed < blacklisted", "kind_mismatch", 0, None),
        ("titles == ('hnte',)", "kind_mismatch", 0, None),
        ("staff in ('A',)", "kind_mismatch", 0, None),
        ("grade in 'AB'", "kind_mismatch", 0, None),
        ("has_any(grade, ('A',))", "kind_mismatch", 8, None),
        ("1 if staff else 2", "kind_mismatch", 5, None),
        ("1 if listed else 'two'", "kind_mismatch", 17, None),
        ("abs(staff, sales)", "argument_count", 0, None),
        ("min(staff)", "argument_count", 0, None),
        ("years_between(founded)", "argument_count", 0, None),
        ("founded > '2020-02-30'", "bad_date", 0, None),
        ("founded > 'last year'", "bad_date", 0, None),
        ("grade in ('A', 3)", "bad_list", 15, None),
        ("grade in ('A', staff)", "bad_list", 15, None),
        ("staff > 1e999", "bad_constant", 8, None),
        ("staff > 1_000_000_000_000_001", "bad_constant", 8, None),
        ("staff > None", "bad_constant", 8, None),
        ("staff > 3j", "bad_constant", 8, None),
        ("city == b'x'", "bad_constant", 8, None),
        ("listed is True", "not_in_language", 0, None),
        ("listed and (staff > 3", "syntax", 11, None),
        ("staff >> > 3", "syntax", 9, None),
        ("", "syntax", 0, None),
    ],
)
def test_a_mistake_is_named_with_its_column_and_what_was_probably_meant(written, code, column, suggestion):
    (problem,) = problems_of(written)
    assert problem.code == code
    assert problem.place[:2] == ("rule.yaml", 7)
    assert problem.place.column - 9 == column
    assert problem.text.zh != problem.text.en
    if suggestion is None:
        assert "did you mean" not in problem.text.en
    else:
        assert f"did you mean '{suggestion}'?" in problem.text.en
        assert f"是不是“{suggestion}”" in problem.text.zh


def test_columns_count_characters_not_bytes():
    assert found("city == '高新区' and stafff > 3") == [("unknown_fact", 18)]


def test_columns_count_blanks_at_the_beginning():
    assert found("  stafff > 3") == [("unknown_fact", 2)]


def test_all_mistakes_of_one_text_are_named_at_once():
    written = "stafff > 3 and sales < 'x' and grade == 'Z' and has_ani(titles, ('hnte',)) and min(staf, deb) > 1 or listed.x"
    assert found(written) == [
        ("unknown_fact", written.index("stafff")),
        ("kind_mismatch", written.index("sales")),
        ("unknown_option", written.index("grade")),
        ("unknown_function", written.index("has_ani")),
        ("unknown_fact", written.index("staf,")),
        ("unknown_fact", written.index("deb)")),
        ("not_in_language", written.index("listed.x")),
    ]


def test_mistakes_are_added_to_those_already_found():
    problems = problems_of("stafff > 3")
    parse("salez > 3", NAMINGS, problems)
    assert [problem.code for problem in problems] == ["unknown_fact", "unknown_fact"]


# ---------------------------------------------------------------- Python that is not part of it


@pytest.mark.parametrize(
    "written",
    [
        "listed.real",
        "titles[0] == 'hnte'",
        "(lambda: listed)()",
        "lambda: True",
        "(staff := 3) > 2",
        "f'{city}' == 'x'",
        "[t for t in titles]",
        "{'a': 1}",
        "staff % 2 == 0",
        "staff ** 2 > 4",
        "staff // 2 > 1",
        "staff & 1 == 0",
        "~staff == 0",
        "+staff > 1",
        "staff if listed else +sales",
        "min(*titles)",
        "min(staff, key=sales)",
        "(yield)",
        "city.startswith('x')",
        "titles[0:1]",
        "listed @ listed",
        "(await listed)",
    ],
)
def test_other_python_is_refused_as_not_part_of_the_language(written):
    (problem,) = problems_of(written)
    assert problem.code in ("not_in_language", "syntax")
    assert "" not in (problem.text.zh, problem.text.en)


@pytest.mark.parametrize("written", ["open('x')", "eval('1')", "__import__('os')", "print(staff)", "getattr(city, 'x')"])
def test_functions_of_python_are_not_known(written):
    assert [problem.code for problem in problems_of(written)] == ["unknown_function"]


@pytest.mark.parametrize(
    "written", ["listed; blacklisted", "import os", "listed\nblacklisted", "def f(): pass", "staff > 3 # note\nand listed", "\0"]
)
def test_statements_are_refused(written):
    assert [problem.code for problem in problems_of(written)] == ["syntax"]


def test_a_text_that_is_too_long_is_refused():
    fitting = "listed" + " " * (MAX_TEXT - len("listed"))
    assert problems_of(fitting) == []
    assert [problem.code for problem in problems_of(fitting + " ")] == ["too_long"]


def test_nesting_is_limited():
    def nested(depth):
        return "not " * depth + "listed"

    assert problems_of(nested(MAX_DEPTH)) == []
    assert [problem.code for problem in problems_of(nested(MAX_DEPTH + 1))] == ["too_deep"]


@pytest.mark.parametrize(
    "written",
    [
        "not " * 900 + "listed",
        "-" * 3000 + "staff",
        "(" * 1900 + "listed" + ")" * 1900,
        "min(" * 700 + "staff" + ")" * 700,
        "staff" + " + staff" * 490,
        "staff" + " ** staff" * 400,
        "staff" + ".a" * 1900,
        "staff" + "[0]" * 1300,
        "lambda:" * 500 + "1",
        "[" * 1900 + "]" * 1900,
        "listed and (" * 300 + "listed" + ")" * 300,
        "1 if listed else " * 200 + "2",
        "staff" + "()" * 1900,
    ],
)
def test_huge_nesting_is_refused_not_crashed_on(written):
    assert len(written) <= MAX_TEXT
    assert {problem.code for problem in problems_of(written)} <= {"too_deep", "syntax", "not_in_language"}


@pytest.mark.parametrize("number", ["9" * 3900, "0x" + "f" * 3900, "1" + "0" * 400, "-" + "9" * 30, "1e308"])
def test_huge_numbers_are_refused_not_crashed_on(number):
    assert [problem.code for problem in problems_of(f"staff > {number}")] == ["bad_constant"]
