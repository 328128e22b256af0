"""Facts: what people write read into values, and what follows from them."""

import datetime as dt

import pytest

from advisor.domain.condition import Choice, Constant, Name, Test
from advisor.domain.errors import InputError
from advisor.domain.facts import MAX_WORDS, Changeability, unfold
from advisor.domain.text import Text
from tests.made_up import catalogue_of, fact, tree, words

MONEY = fact("sales", "money", low=0.0)
RESULT = fact("profit", "money")
STAFF = fact("staff", "int", low=0.0, unit="person")
SHARE = fact("share", "ratio", low=0.0, high=1.0)
CHANGE = fact("change", "ratio", low=-1.0)
POINTS = fact("points", "number", low=0.0, high=100.0)
DUE = fact("due", "int", low=0.0, high=400.0, specials={9999.0: words("no loan")})
LISTED = fact("listed", "bool")
CITY = fact("city", "text")
FOUNDED = fact("founded", "date")
GRADE = fact("grade", "choice", options=("a", "b", "none"))
TITLES = fact("titles", "choices", options=("hnte", "srdi", "giant"))


def refused(one, raw):
    with pytest.raises(InputError) as caught:
        one.read(raw)
    (problem,) = caught.value.problems
    return problem


# ---------------------------------------------------------------- numbers as people write them


@pytest.mark.parametrize(
    ("written", "yuan"),
    [
        (1200, 1200),
        (1200.5, 1200.5),
        (0, 0),
        (-0.0, 0),
        ("1200", 1200),
        ("1,200,000", 1_200_000),
        ("1，200，000", 1_200_000),
        ("1_200_000", 1_200_000),
        ("50万", 500_000),
        ("50万元", 500_000),
        ("50 万元", 500_000),
        ("1.2亿", 120_000_000),
        ("3千", 3_000),
        ("3百万", 3_000_000),
        ("2千万", 20_000_000),
        ("1万亿", 1_000_000_000_000),
        ("¥1,200", 1200),
        ("CNY 1,200", 1200),
        ("1200元", 1200),
        ("1200人民币", 1200),
        ("１２００", 1200),
        ("５０万", 500_000),
        (" 1200 ", 1200),
        ("1e6", 1_000_000),
        (".5万", 5_000),
        ("+12", 12),
        ("2.01万", 20_100),
        ("1.005亿", 100_500_000),
        ("8.2万", 82_000),
    ],
)
def test_money(written, yuan):
    assert MONEY.read(written) == yuan


@pytest.mark.parametrize("written", ["-65万", "(65万)", "（65万）", "－65万", "(650,000)", "−65万", -650_000])
def test_losses_are_written_with_a_minus_or_in_brackets(written):
    assert RESULT.read(written) == -650_000


@pytest.mark.parametrize(
    ("written", "fraction"),
    [("35%", 0.35), ("35％", 0.35), ("３５％", 0.35), (0.35, 0.35), ("0.35", 0.35), ("100%", 1), ("0%", 0), ("0.5%", 0.005)],
)
def test_shares(written, fraction):
    assert SHARE.read(written) == pytest.approx(fraction)


def test_a_fall_is_a_negative_share():
    assert CHANGE.read("-22%") == pytest.approx(-0.22)


@pytest.mark.parametrize(("written", "people"), [(12, 12), (12.0, 12), ("12人", 12), ("1千", 1000), ("2.01万", 20_100), ("1,200 人", 1200)])
def test_whole_numbers(written, people):
    assert STAFF.read(written) == people
    assert isinstance(STAFF.read(written), int)


def test_money_and_shares_are_kept_as_decimals():
    assert isinstance(MONEY.read(1200), float)
    assert isinstance(SHARE.read(1), float)


# ---------------------------------------------------------------- words, dates, yes and no


@pytest.mark.parametrize("word", [True, "是", "有", "对", "yes", "Yes", "Y", "true", "TRUE", "1", 1, "√", " 是 "])
def test_words_for_yes(word):
    assert LISTED.read(word) is True


@pytest.mark.parametrize("word", [False, "否", "无", "没有", "不", "no", "N", "false", "0", 0, "×"])
def test_words_for_no(word):
    assert LISTED.read(word) is False


@pytest.mark.parametrize("one", [MONEY, STAFF, SHARE, LISTED, CITY, FOUNDED, GRADE, TITLES], ids=lambda one: one.kind)
@pytest.mark.parametrize("word", [None, "", "  ", "不清楚", "不知道", "未知", "不确定", "unknown", "Not sure", "N/A", "null", "ｎ／ａ"])
def test_words_for_not_known(one, word):
    assert one.read(word) is None


@pytest.mark.parametrize(
    "written",
    [
        "2024-03-01",
        "2024/3/1",
        "2024.3.1",
        "2024年3月1日",
        "2024年03月01日",
        "2024年3月",
        "2024-03",
        "２０２４－０３－０１",
        dt.date(2024, 3, 1),
        dt.datetime(2024, 3, 1, 12, 30),
    ],
)
def test_dates(written):
    assert FOUNDED.read(written) == dt.date(2024, 3, 1)
    assert type(FOUNDED.read(written)) is dt.date


@pytest.mark.parametrize("written", ["a", "A", " a ", "Ａ"])
def test_an_option_is_found_by_its_id_or_label(written):
    assert GRADE.read(written) == "a"


def test_an_option_is_found_by_its_label_in_either_language():
    towns = fact("town", "choice", options=("cq",))
    towns.options["cq"] = Text("重庆", "Chongqing")
    assert towns.read("重庆") == towns.read("chongqing") == towns.read("CQ") == "cq"


@pytest.mark.parametrize(
    ("written", "titles"),
    [
        (["hnte", "srdi"], ("hnte", "srdi")),
        ("hnte,srdi", ("hnte", "srdi")),
        ("hnte，srdi", ("hnte", "srdi")),
        ("hnte、srdi；giant", ("hnte", "srdi", "giant")),
        ("hnte", ("hnte",)),
        (["hnte", "hnte"], ("hnte",)),
        ([], ()),
        (("giant",), ("giant",)),
        (["HNTE"], ("hnte",)),
        (["ｈｎｔｅ"], ("hnte",)),
    ],
)
def test_several_options(written, titles):
    assert TITLES.read(written) == titles


@pytest.mark.parametrize("written", [[None], ["hnte", None], [None, None]])
def test_an_empty_place_in_a_list_is_not_the_option_none(written):
    groups = fact("groups", "choices", options=("hnte", "none"))
    try:
        taken = groups.read(written)
    except InputError:  # refusing it is as honest as passing it over
        taken = None
    assert "none" not in (taken or ())


def test_an_option_with_blanks_in_its_label_is_found_when_it_stands_alone():
    titles = fact("titles", "choices", options=("tech",))
    titles.options["tech"] = Text("科技型", "Technology-based SME")
    assert titles.read(["Technology-based SME"]) == ("tech",)
    assert titles.read("Technology-based SME") == ("tech",)


# ---------------------------------------------------------------- what is refused


def briefly(raw):
    return str(raw)[:20] if isinstance(raw, int | str) else None


@pytest.mark.parametrize(
    ("one", "raw", "code"),
    [
        (MONEY, -1, "out_of_range"),
        (MONEY, "-1元", "out_of_range"),
        (SHARE, 35, "out_of_range"),
        (SHARE, 1.0001, "out_of_range"),
        (SHARE, "101%", "out_of_range"),
        (CHANGE, -1.01, "out_of_range"),
        (DUE, 401, "out_of_range"),
        (DUE, 9998, "out_of_range"),
        (MONEY, float("nan"), "not_finite"),
        (MONEY, float("inf"), "not_finite"),
        (RESULT, float("-inf"), "not_finite"),
        (MONEY, 1e16, "not_finite"),
        (MONEY, "1e400", "not_finite"),
        (MONEY, "9" * 400, "not_finite"),
        (MONEY, 10**400, "not_finite"),
        (STAFF, 10**400, "not_finite"),
        (STAFF, -(10**400), "not_finite"),
        (STAFF, float("nan"), "not_finite"),
        (SHARE, float("nan"), "not_finite"),
        (MONEY, "many", "wrong_kind"),
        (MONEY, True, "wrong_kind"),
        (STAFF, False, "wrong_kind"),
        (MONEY, "nan", "wrong_kind"),
        (MONEY, "inf", "wrong_kind"),
        (MONEY, "12万3", "wrong_kind"),
        (MONEY, "万", "wrong_kind"),
        (MONEY, {"a": 1}, "wrong_kind"),
        (MONEY, "0x10", "wrong_kind"),
        (MONEY, "--5", "wrong_kind"),
        (STAFF, 12.5, "wrong_kind"),
        (STAFF, "12.5人", "wrong_kind"),
        (MONEY, [1], "wrong_kind"),
        (STAFF, (1,), "wrong_kind"),
        (CITY, ["x"], "wrong_kind"),
        (GRADE, ["a"], "wrong_kind"),
        (LISTED, [True], "wrong_kind"),
        (FOUNDED, ["2024-03-01"], "wrong_kind"),
        (MONEY, [], "wrong_kind"),
        (LISTED, "maybe", "wrong_kind"),
        (LISTED, 2, "wrong_kind"),
        (CITY, 3670, "wrong_kind"),
        (CITY, "x" * (MAX_WORDS + 1), "wrong_kind"),
        (FOUNDED, "2024-02-30", "wrong_kind"),
        (FOUNDED, "2024-13-01", "wrong_kind"),
        (FOUNDED, 2024, "wrong_kind"),
        (FOUNDED, "last year", "wrong_kind"),
        (FOUNDED, "0000-01-01", "wrong_kind"),
        (FOUNDED, "1899-12-31", "out_of_range"),
        (FOUNDED, dt.date(2201, 1, 1), "out_of_range"),
        (FOUNDED, "9999年12月", "out_of_range"),
        (TITLES, 3, "wrong_kind"),
        (TITLES, ["hnte"] * (MAX_WORDS + 1), "wrong_kind"),
        (TITLES, {"hnte": True}, "wrong_kind"),
        (GRADE, "z", "unknown_option"),
        (GRADE, True, "unknown_option"),
        (GRADE, 3, "unknown_option"),
        (TITLES, ["hnte", "x"], "unknown_option"),
        (TITLES, "hnte x", "unknown_option"),
    ],
    ids=briefly,
)
def test_what_cannot_be_taken_is_refused(one, raw, code):
    assert refused(one, raw).code == code


def test_bounds_are_inclusive_and_a_named_value_may_lie_outside():
    assert [SHARE.read(0), SHARE.read(1)] == [0, 1]
    assert [FOUNDED.read("1900-01-01"), FOUNDED.read("2200-12-31")] == [dt.date(1900, 1, 1), dt.date(2200, 12, 31)]
    assert [CHANGE.read(-1), POINTS.read(100), DUE.read(400), DUE.read(9999)] == [-1, 100, 400, 9999]


LABELLED = {"label": Text("从业人员数", "Employees")}


@pytest.mark.parametrize(
    ("one", "raw", "zh", "en"),
    [
        (fact("staff", "int", low=0.0, **LABELLED), -3, "从业人员数（staff）：“-3”应不小于0", "Employees (staff): '-3' should be at least 0"),
        (fact("staff", "int", high=9.0, **LABELLED), 10, "从业人员数（staff）：“10”应不大于9", "Employees (staff): '10' should be at most 9"),
        (
            fact("staff", "int", low=1.0, high=9.0, **LABELLED),
            10,
            "从业人员数（staff）：“10”应在1到9之间",
            "Employees (staff): '10' should be between 1 and 9",
        ),
        (fact("staff", "int", **LABELLED), 1.5, "从业人员数（staff）：“1.5”应为整数", "Employees (staff): '1.5' should be a whole number"),
        (fact("staff", "int", **LABELLED), "x", "从业人员数（staff）：“x”不是数字", "Employees (staff): 'x' is not a number"),
        (fact("staff", "int", **LABELLED), [1], "从业人员数（staff）：“[1]”只能填一个值", "Employees (staff): '[1]' takes one value, not a list"),
        (fact("staff", "bool", **LABELLED), "x", "从业人员数（staff）：“x”不是“是”或“否”", "Employees (staff): 'x' is neither yes nor no"),
        (
            fact("staff", "date", **LABELLED),
            "x",
            "从业人员数（staff）：“x”不是日期，请写成 2024-03-01",
            "Employees (staff): 'x' is not a date; write it like 2024-03-01",
        ),
        (
            fact("staff", "money", **LABELLED),
            float("nan"),
            "从业人员数（staff）：“nan”不是有限的数字",
            "Employees (staff): 'nan' is not a finite number of usable size",
        ),
    ],
)
def test_refusals_say_what_was_given_and_what_is_wanted_in_both_languages(one, raw, zh, en):
    assert refused(one, raw).text == Text(zh, en)


def test_a_share_given_as_per_cent_is_told_how_to_write_it():
    text = refused(SHARE, 35).text
    assert "0.35 表示 35%" in text.zh
    assert "write 35% as 0.35" in text.en


def test_a_misspelt_option_gets_a_suggestion_and_the_options():
    text = refused(TITLES, ["hnt"]).text
    assert "是不是“hnte”" in text.zh
    assert "did you mean 'hnte'?" in text.en
    assert "hnte, srdi, giant" in text.en


def test_what_was_given_is_cut_short_in_refusals():
    assert len(refused(MONEY, "x" * 10_000).text.en) < 150


def test_every_shipped_fact_takes_not_known_and_refuses_nan_inside_numbers(catalogue):
    for one in catalogue.facts.values():
        assert one.read(None) is None
        if one.kind in ("int", "number", "money", "ratio"):
            assert refused(one, float("nan")).code == "not_finite"


# ---------------------------------------------------------------- the catalogue


SIZES = Choice(tree("staff >= 300"), Constant("large"), Choice(tree("staff >= 20"), Constant("small"), Constant("micro")))


@pytest.fixture
def small():
    """Two facts, a size class that follows from them, and what follows from that."""
    return catalogue_of(
        STAFF, MONEY, LISTED, FOUNDED,
        size=("choice", SIZES, {"options": {size: words(size) for size in ("large", "small", "micro")}}),
        is_small=("bool", "size in ('micro', 'small')"),
        age=("number", "years_between(founded, as_of)"),
        rich=("bool", "sales / staff > 1_000_000 and is_small"),
    )  # fmt: skip


def test_a_catalogue_finds_facts_of_every_sort(small):
    assert small["staff"] is STAFF
    assert small["age"].kind == "number"
    assert "rich" in small
    assert "poor" not in small
    with pytest.raises(KeyError):
        small["poor"]


def test_the_facts_behind_a_condition_are_found_through_what_is_derived(small):
    assert small.asked(Name("rich")) == ("sales", "staff")
    assert small.asked(Name("age")) == ("founded",)  # the date itself is not asked of anybody


def test_a_test_on_a_word_that_follows_is_asked_of_every_branch(small):
    def among(word):
        return Test("in", Constant(word), Constant(("micro", "small")))

    node = small.derived["is_small"].formula
    assert unfold(node, small.derived) == Choice(tree("staff >= 300"), among("large"), Choice(tree("staff >= 20"), among("small"), among("micro")))
    assert small.unfolded(node) is small.unfolded(node)


def test_a_class_can_be_ruled_out_before_it_is_known():
    bounds = Choice(tree("staff >= 300 and sales >= 20"), Constant("medium"), Choice(tree("staff >= 20"), Constant("small"), Constant("micro")))
    names = {"options": {size: words(size) for size in ("medium", "small", "micro")}}
    here = catalogue_of(STAFF, MONEY, size=("choice", bounds, names))
    medium = here.unfolded(tree("size in ('medium',)", here.namings))
    small_or_micro = here.unfolded(tree("size in ('micro', 'small')", here.namings))
    known = {"sales": 5, "staff": None, "size": None}
    assert here.judge(medium, known) is False
    assert here.judge(small_or_micro, known) is True


@pytest.mark.parametrize(
    ("value", "unusual"),
    [(0, False), (9_999, True), (10_000, False), (5e6, False), (1e9, False), (1e9 + 1, True), (-5, True), (777, False), (True, False)],
)
def test_a_figure_far_from_what_firms_have_is_noticed(value, unusual):
    one = fact("sales", "money", typical=(10_000, 1e9), specials={777.0: words("named")})
    assert one.is_unusual(value) is unusual
    assert MONEY.is_unusual(value) is False  # nothing is known of what is usual


def test_what_may_be_changed_is_neither_fixed_nor_gaming():
    assert Changeability("slow").allowed
    assert Changeability("fast").allowed
    assert not Changeability("fixed").allowed
    assert not Changeability("slow", gaming=True).allowed


def test_an_option_may_be_named_by_other_words(catalogue):
    assert [catalogue.facts["region"].read(word) for word in ("重庆市", "四川省", "广东", "新疆维吾尔自治区")] == [
        "chongqing",
        "sichuan",
        "other_cn",
        "other_cn",
    ]
    assert catalogue.facts["certs"].read("专精特新、高企；瞪羚") == ("srdi_sme", "hnte", "gazelle")
    assert catalogue.facts["purposes"].read("流动资金") == ("working_capital",)
