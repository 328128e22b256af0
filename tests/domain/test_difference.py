"""What two rule sets say differently: nothing overlooked, nothing told that means the same, everything in words."""

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from itertools import permutations, zip_longest
from typing import Literal, get_args, get_origin, get_type_hints

import pytest

from advisor.domain.condition import Constant, Node, facts_in, negated
from advisor.domain.difference import as_dict, compare
from advisor.domain.instrument import Validity
from advisor.domain.notation import parse_condition
from advisor.domain.text import Text
from tests.made_up import criterion, instrument, words

DAY = dt.date(2026, 11, 24)
NEXT_YEAR = dt.date(2027, 1, 1)


@pytest.fixture(scope="module")
def bare(rules):
    """The shipped rules without instruments and without their sources: what is compared here in a moment."""
    return replace(rules, instruments=(), sources={})


@pytest.fixture
def lend(bare):
    """Rules with one loan, whose criteria are given as (role, condition)."""

    def rules_with(*criteria, instrument_id="loan", **more):
        made = (criterion(role, written, bare.catalogue, **(left[0] if left else {})) for role, written, *left in criteria)
        return replace(bare, instruments=(instrument(instrument_id, *made, **more),))

    return rules_with


def only(difference):
    """The one rule that differs."""
    (one,) = difference.amended
    return one


def said(amended, lang="en"):
    """What is told of a rule: label, before, after."""
    return [tuple(words and words[lang] for words in (one.label, one.before, one.after)) for one in amended.amendments]


def with_formula(rules, fact_id, written, **more):
    """The same rules with another formula for a derived fact."""
    problems = []
    node = parse_condition(written, rules.catalogue.namings, problems) if isinstance(written, str) else written
    assert problems == []
    derived = {**rules.catalogue.derived, fact_id: replace(rules.catalogue.derived[fact_id], formula=node, **more)}
    return replace(rules, catalogue=replace(rules.catalogue, derived=derived))


# ---------------------------------------------------------------- nothing is overlooked


NO_MEANING = {
    ("RuleSet", "version"), ("RuleSet", "checked_on"), ("RuleSet", "_editions"), ("RuleSet", "_tests"),
    ("Catalogue", "estimated"), ("Catalogue", "_unfolded"), ("Instrument", "examples"), ("Instrument", "other_version"),
}  # fmt: skip
"""When and how it was written, what is kept for speed, what follows from the rest, and the author's own trials."""


def is_rule(thing):
    return is_dataclass(thing) and not isinstance(thing, Node | Text | Validity)


def places(thing, path=()):
    """Every field of every rule that holds no further rule itself: class and name, where it stands, its value and type."""
    if is_rule(thing):
        hints = get_type_hints(type(thing))
        for field in fields(thing):
            if (type(thing).__name__, field.name) not in NO_MEANING:
                value, here = getattr(thing, field.name), (*path, field.name)
                if not is_rule(value):
                    yield (type(thing).__name__, field.name), here, value, hints[field.name]
                yield from places(value, here)
    elif isinstance(thing, tuple | Mapping):
        for name, part in thing.items() if isinstance(thing, Mapping) else enumerate(thing):
            yield from places(part, (*path, name))


def otherwise(value, hint):
    """Another value of the same kind."""
    known = [word for part in (hint, *get_args(hint)) if get_origin(part) is Literal for word in get_args(part) if word != value]
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 1
        case str():
            return known[0] if known else f"{value}_otherwise"
        case Text():
            return Text(f"{value.zh}（改）", f"{value.en} (new)")
        case Validity():
            return Validity(dt.date(2001, 2, 3), None)
        case tuple():
            return (*value[:-1], value[-1] + 1) if isinstance(value[-1], int | float) else value[:-1]
        case Mapping():
            *rest, (last, part) = value.items()
            if hasattr(part, "id"):  # others may read it, so that it cannot be left out
                return {**value, "another": replace(part, id="another")}
            return {**dict(rest), last: otherwise(part, None)} if isinstance(part, int | float | Text) else dict(rest)
        case _:
            return negated(value)


def put(thing, path, value):
    """The same rules with another value at one place."""
    if not path:
        return value
    first, *rest = path
    if is_dataclass(thing):
        return replace(thing, **{first: put(getattr(thing, first), rest, value)})
    if isinstance(thing, tuple):
        return (*thing[:first], put(thing[first], rest, value), *thing[first + 1 :])
    return {**thing, first: put(thing[first], rest, value)}


SECTION = {
    "instrument": "instruments", "fact": "catalogue", "derived": "catalogue", "size": "catalogue", "stage": "stages", "warning": "warnings",
    "indicator": "warnings", "signal": "warnings", "model": "warnings", "gate": "gates", "pair": "gates", "ladder": "ladder", "rung": "ladder",
    "check": "checks", "document": "documents", "source": "sources", "topic": "topics", "place": "found_in",
}  # fmt: skip
"""Where in the rule set each kind of rule stands, where the names differ."""


def test_a_change_of_any_field_of_any_rule_is_told_and_nothing_else(rules):
    """A field that is added to a rule and forgotten in the comparison fails this test."""
    filled, every = {}, set()
    for field, path, value, hint in places(rules):
        every.add(field)
        if value not in (None, (), {}):
            filled.setdefault(field, (path, value, hint))
    assert every - set(filled) == {("Criterion", "sources")}, "these fields are empty in all shipped rules: try them on their own"
    kept = sorted({path[1] for path, _, _ in filled.values() if path[0] == "instruments" and len(path) > 1})
    instruments = tuple(rules.instruments[position] for position in kept)
    named = {next(iter(rules.sources)), *(source for one in instruments for source in one.sources)}
    base = replace(rules, instruments=instruments, sources={name: source for name, source in rules.sources.items() if name in named})
    by_section = {}
    for field, (path, value, hint) in filled.items():
        if path == ("instruments",):
            value = base.instruments
        elif path[0] == "instruments":
            path = ("instruments", kept.index(path[1]), *path[2:])
        by_section.setdefault(path[0], []).append((field, path, otherwise(value, hint)))
    for changed in zip_longest(*by_section.values()):  # one field of every section at once: each must be told, and no other
        new = base
        for _, path, value in filter(None, changed):
            new = put(new, path, value)
        told = {SECTION.get(one.kind, one.kind) for one in compare(base, new, DAY).amended}
        assert told == {path[0] for _, path, _ in filter(None, changed)}, [field for field, _, _ in filter(None, changed)]


def test_the_same_rules_differ_in_nothing(rules):
    found = compare(rules, replace(rules, version="other"), DAY)
    assert found.same
    assert found.amended == found.touched == ()


# ---------------------------------------------------------------- instruments come, go and change


def test_an_instrument_that_was_added_says_whether_the_day_sees_it(bare, lend):
    new = lend(("hard", "is_company"))
    later = lend(("hard", "is_company"), validity=Validity(NEXT_YEAR, None))
    assert (only(compare(bare, new, DAY)).happened, only(compare(bare, new, DAY)).on_day) == ("added", "starts")
    assert (only(compare(bare, later, DAY)).happened, only(compare(bare, later, DAY)).on_day) == ("added", "never")
    assert ("required", None, "a limited or joint-stock company") in said(only(compare(bare, new, DAY)))


def test_an_instrument_that_was_removed_is_no_longer_in_force(bare, lend):
    gone = only(compare(lend(("hard", "is_company")), bare, DAY))
    assert (gone.id, gone.happened, gone.on_day) == ("loan", "removed", "ends")


def test_a_new_last_day_takes_an_instrument_out_of_force(lend):
    ended = only(compare(lend(("hard", "is_company")), lend(("hard", "is_company"), validity=Validity(None, dt.date(2026, 6, 30))), DAY))
    assert ended.on_day == "ends"
    assert said(ended) == [("In force until", None, "2026-06-30")]


def test_amounts_tenors_and_what_joins_or_leaves_a_list_are_told_in_words(lend):
    old = lend(offer={"max_cny": 3e6, "max_months": 12}, purposes=("equipment", "payroll"), documents=("BL",))
    new = lend(offer={"max_cny": 5e6, "max_months": 36}, purposes=("plant", "equipment"), documents=("BL", "CR"), confidence="assumed")
    assert said(only(compare(old, new, DAY)), "zh") == [
        ("核实程度", "已查到文件或报道", "按惯例估计"),
        ("用途", old.catalogue.facts["purposes"].options["payroll"].zh, None),
        ("用途", None, old.catalogue.facts["purposes"].options["plant"].zh),
        ("最高金额", "300万元", "500万元"),
        ("最长期限", "12个月", "36个月"),
        ("材料", None, old.documents["CR"].zh),
    ]


# ---------------------------------------------------------------- criteria


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            [("hard", "employees <= 300")], [("hard", "employees <= 250")],
            [("required", "Employees: at most 300 people", "Employees: at most 250 people")],
        ),
        (
            [("hard", "employees <= 300"), ("hard", "is_company")], [("hard", "is_company"), ("hard", "employees > 300")],
            [("required", "Employees: at most 300 people", "Employees: above 300 people")],
        ),
        (
            [("hard", "is_company")], [("prefer", "is_company")],
            [("a limited or joint-stock company", "required", "preferred")],
        ),
        (
            [("hard", "is_company")], [("hard", "employees > 3")],
            [("required", "a limited or joint-stock company", None), ("required", None, "Employees: above 3 people")],
        ),
        (
            [("hard", "is_company")], [("hard", "is_company", {"origin": "practice"})],
            [("Who asks it (a limited or joint-stock company)", "published policy", "bank practice")],
        ),
        (
            [("any_of", "employees > 3", {"route": "a", "title": words("A")}), ("any_of", "is_company", {"route": "b", "title": words("B")})],
            [("any_of", "is_company", {"route": "b", "title": words("B")}), ("any_of", "revenue_cny > 0", {"route": "a", "title": words("A")})],
            [("one of these routes: A", "Employees: above 3 people", "Revenue, latest year: above CNY 0")],
        ),
        (
            [("hard", "employees > 3"), ("hard", "employees < 9")], [("hard", "employees < 8"), ("hard", "employees > 4")],
            [
                ("required", "Employees: above 3 people", "Employees: above 4 people"),
                ("required", "Employees: below 9 people", "Employees: below 8 people"),
            ],
        ),
    ],
    ids=["another figure", "another comparison of the same fact", "another role", "other facts", "another origin", "the same route", "nearest"],
)  # fmt: skip
def test_a_criterion_is_compared_with_the_one_it_came_from(lend, old, new, told):
    assert said(only(compare(lend(*old), lend(*new), DAY))) == told


def test_the_sources_of_a_criterion_are_told_by_title(rules, bare):
    def with_sources(*sources):
        return replace(
            bare, sources=rules.sources, instruments=(instrument("loan", criterion("hard", "is_company", bare.catalogue, sources=sources)),)
        )

    title = rules.sources["S36"].title.en
    found = only(compare(with_sources(), with_sources("S36"), DAY))
    assert said(found) == [("sources (a limited or joint-stock company)", None, title)]


def test_the_order_of_criteria_stages_and_purposes_means_nothing(lend):
    criteria = (("hard", "is_company"), ("hard", "employees > 3"), ("prefer", "not blacklisted"))
    old = lend(*criteria, purposes=("equipment", "plant"), stages=("growth", "mature"))
    for order in permutations(criteria):
        assert compare(old, lend(*order, purposes=("plant", "equipment"), stages=("mature", "growth")), DAY).same


def test_a_number_written_otherwise_is_the_same_number(lend):
    assert compare(lend(("hard", "employees <= 300")), lend(("hard", "employees <= 300.0")), DAY).same


def test_words_that_hide_what_differs_are_followed_by_the_condition_itself(lend):
    found = only(compare(lend(("hard", "debt_ratio <= 0.151")), lend(("hard", "debt_ratio <= 0.1512")), DAY))
    assert said(found) == [
        (
            "required",
            "Liabilities to assets: at most 15.1% (debt_ratio <= 0.151)",
            "Liabilities to assets: at most 15.1% (debt_ratio <= 0.1512)",
        )
    ]


# ---------------------------------------------------------------- versions


def test_rules_for_next_year_are_told_and_leave_the_day_as_it_is(lend):
    """The usual way of a change: the file now describes next year first, and keeps this year as another version."""
    old = lend(("hard", "employees <= 300"))
    next_year = lend(("hard", "employees <= 250"), validity=Validity(NEXT_YEAR, None))
    this_year = lend(("hard", "employees <= 300"), validity=Validity(None, dt.date(2026, 12, 31)), other_version=True)
    both = replace(next_year, instruments=(*next_year.instruments, *this_year.instruments))
    found = only(compare(old, both, DAY))
    assert found.on_day == "same"
    assert only(compare(old, both, NEXT_YEAR)).on_day == "changed"
    assert said(found) == [
        ("In force from", None, "2027-01-01"),
        ("required", "Employees: at most 300 people", "Employees: at most 250 people"),
        ("Rules of another period", None, "until 2026-12-31"),
    ]


def test_a_further_version_is_told_with_its_period_and_what_it_says_otherwise(lend):
    this_year = lend(("hard", "employees <= 300"), validity=Validity(None, dt.date(2026, 12, 31)))
    next_year = lend(("hard", "employees <= 250"), validity=Validity(NEXT_YEAR, None), other_version=True)
    found = only(compare(this_year, replace(this_year, instruments=(*this_year.instruments, *next_year.instruments)), DAY))
    assert found.on_day == "same"
    assert [(one.aspect, one.period and one.period.en) for one in found.amendments] == [("version", None), ("hard", "from 2027-01-01")]


def test_an_earlier_version_whose_first_day_moved_is_the_same_version(lend):
    def since(first):
        earlier = lend(("hard", "is_company"), validity=Validity(first, dt.date(2025, 12, 31)), other_version=True)
        current = lend(("hard", "is_company"), validity=Validity(dt.date(2026, 1, 1), None))
        return replace(current, instruments=(*current.instruments, *earlier.instruments))

    found = only(compare(since(dt.date(2023, 1, 1)), since(dt.date(2023, 7, 1)), DAY))
    assert said(found) == [("In force from", "2023-01-01", "2023-07-01")]
    assert [one.period.en for one in found.amendments] == ["2023-07-01 to 2025-12-31"]


def test_what_all_versions_share_is_told_once(lend):
    def versions(name):
        periods = (Validity(NEXT_YEAR, None), Validity(None, dt.date(2026, 12, 31)))
        made = [lend(("hard", "is_company"), validity=period).instruments[0] for period in periods]
        return replace(lend(), instruments=tuple(replace(one, name=words(name)) for one in made))

    assert said(only(compare(versions("old name"), versions("new name"), DAY))) == [("Name", "old name", "new name")]


# ---------------------------------------------------------------- what others rest on


def test_another_formula_touches_what_reads_it_by_name_or_behind_other_facts(lend):
    old = lend(("hard", "clean_record"), ("hard", "is_company"))
    found = compare(old, with_formula(old, "clean_record", "not blacklisted"), DAY)
    assert [(one.kind, one.id) for one in found.amended] == [("derived", "clean_record")]
    assert ("instrument", "loan", ("clean_record",)) in [(one.kind, one.id, one.through) for one in found.touched]
    direct = lend(("hard", "blacklisted or is_company"))
    assert all(one.kind != "instrument" for one in compare(direct, with_formula(direct, "clean_record", "not blacklisted"), DAY).touched)


def test_all_instruments_that_rest_on_the_size_are_touched_and_no_others(rules):
    def rests_on_size(name):
        derived = rules.catalogue.derived
        return name == "size_class" or (name in derived and any(map(rests_on_size, facts_in(derived[name].formula))))

    found = compare(rules, with_formula(rules, "size_class", Constant("micro")), DAY)
    touched = {one.id for one in found.touched if one.kind == "instrument"}
    assert touched == {one.id for one in rules.instruments if any(map(rests_on_size, facts_in(one.rule)))}
    assert 20 < len(touched) < 100


def test_a_preference_touches_nobodys_eligibility(lend):
    old = lend(("hard", "is_company"), ("prefer", "clean_record"))
    assert all(one.kind != "instrument" for one in compare(old, with_formula(old, "clean_record", "not blacklisted"), DAY).touched)


def test_another_name_of_a_derived_fact_touches_nothing(lend):
    old = lend(("hard", "clean_record"))
    found = compare(old, with_formula(old, "clean_record", old.catalogue.derived["clean_record"].formula, label=words("spotless")), DAY)
    assert [one.wording for one in only(found).amendments] == [True]
    assert found.touched == ()


def test_a_size_that_rests_on_no_table_is_told_as_a_whole(bare):
    found = only(compare(bare, with_formula(bare, "size_class", Constant("micro")), DAY))
    assert ("Worked out as", None, "micro") in said(found)


def test_stage_rules_are_tried_in_order_so_another_order_is_told(bare):
    rules = bare.stages.rules
    found = compare(bare, replace(bare, stages=replace(bare.stages, rules=(rules[1], rules[0], *rules[2:]))), DAY)
    assert [one.aspect for one in only(found).amendments] == ["order"]
    assert "lifecycle_stage" in {name for one in found.touched for name in one.through}


def test_another_industry_of_a_code_touches_what_asks_for_the_industry(lend):
    old = lend(("hard", "industry_class == 'industry'"))
    codes = {**old.catalogue.industry_codes, "C": "construction"}
    found = compare(old, replace(old, catalogue=replace(old.catalogue, industry_codes=codes)), DAY)
    assert said(only(found), "zh") == [("代码C", "工业（采矿、制造、电力燃气水）", "建筑业")]
    assert ("loan", ("industry_class",)) in [(one.id, one.through) for one in found.touched]


# ---------------------------------------------------------------- plain data


def test_the_plain_data_holds_words_values_and_conditions(lend):
    old, new = lend(("hard", "employees <= 300"), offer={"max_cny": 3e6}), lend(("hard", "employees <= 250"), offer={"max_cny": 5e6})
    found = compare(old, replace(new, version="new", checked_on=NEXT_YEAR), DAY)
    view = as_dict(found, "en")
    assert json.loads(json.dumps(view)) == view
    assert (view["same"], view["as_of"], view["new"]) == (False, "2026-11-24", {"rules_version": "new", "rules_checked_on": "2027-01-01"})
    amount, hard = view["changes"][0]["amendments"]
    assert (amount["aspect"], amount["old"], amount["new"], amount["after"]) == ("max_cny", 3e6, 5e6, "CNY 5 million")
    assert (hard["old"], hard["new"], hard["before"]) == ("employees <= 300", "employees <= 250", "Employees: at most 300 people")


def test_every_difference_between_two_whole_rule_sets_is_plain_data_in_both_languages(rules, bare):
    for lang in ("zh", "en"):
        view = as_dict(compare(bare, rules, DAY), lang)
        assert json.loads(json.dumps(view, allow_nan=False)) == view
        assert {change["happened"] for change in view["changes"]} == {"added"}
