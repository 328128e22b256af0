"""What the shipped rules must hold, whatever they come to say."""

import dataclasses
import datetime as dt
import re
from collections.abc import Mapping

import pytest

from advisor.domain.condition import Constant, Name, Test, nodes_in
from advisor.domain.firm import read_firm
from advisor.domain.instrument import FAMILIES, Validity
from advisor.domain.reasons import wanted_of
from advisor.domain.text import Text
from advisor.domain.wording import sentence
from advisor.rulefiles.yamlfile import read_yaml
from advisor.shipped import shipped

FOLDER = shipped("rules")
DAY = dt.date(2026, 11, 24)
IDS = sorted(path.stem for path in (FOLDER / "instruments").glob("*/*.yaml"))

CHINESE = re.compile(r"[㐀-鿿　-〿＀-￯]")
QUOTED = re.compile(r"“[^”]*”|‘[^’]*’|'[^']*'|\"[^\"]*\"|《[^》]*》|\([^)]*\)")
"""In an English text a Chinese name may stand in quotes or brackets."""
RAW_ID = re.compile(r"[a-z0-9]_[a-z0-9]")
INTERNAL = re.compile(r"\b(assumed|recalled|verified|estimate|practice|policy|TODO|FIXME|TBD|XXX)\b", re.IGNORECASE)

ADDED_FACTS = {
    "total_assets_y1_cny", "total_liabilities_y1_cny", "cash_y1_cny", "interest_debt_y1_cny", "current_assets_y1_cny",
    "current_liabilities_y1_cny", "inventory_y1_cny", "receivables_y1_cny", "capex_cny", "fixed_assets_cny", "selling_admin_expense_cny",
    "pays_dividend", "invcf_cny", "fincf_cny", "invcf_y1_cny", "invcf_y2_cny", "fincf_y1_cny", "fincf_y2_cny", "ops_brought_cash",
    "spent_on_investment", "raised_more_than_repaid",
}  # fmt: skip


def current(rules):
    return [one for one in rules.instruments if not one.other_version]


def texts_in(thing, path=""):
    """Yield every text of the rules with the way to it."""
    if isinstance(thing, Text):
        yield path, thing
    elif dataclasses.is_dataclass(thing):
        name = getattr(thing, "id", "")
        for part in dataclasses.fields(thing):
            if not part.name.startswith("_"):
                yield from texts_in(getattr(thing, part.name), f"{path} {name}.{part.name}")
    elif isinstance(thing, Mapping):
        for key, value in thing.items():
            yield from texts_in(value, f"{path}[{key}]")
    elif isinstance(thing, tuple | list):
        for position, value in enumerate(thing):
            yield from texts_in(value, f"{path}[{position}]")


@pytest.fixture(scope="module")
def every_text(rules):
    found = list(texts_in(rules))
    assert len(found) > 4000
    return found


@pytest.fixture(scope="module")
def every_condition(rules):
    """Every condition of the rules with what it belongs to."""
    found = [(f"{one.id}.{criterion.role}", wanted_of(criterion)) for one in rules.instruments for criterion in one.criteria]
    found += [(f"{one.id}.{criterion.role}", criterion.condition) for one in rules.instruments for criterion in one.criteria]
    found += [(f"gate {gate.id}", gate.condition) for gate in rules.gates.gates]
    found += [(f"check {check.id}", check.condition) for check in rules.checks]
    found += [(f"rung {rung.id}", criterion.condition) for rung in rules.ladder.rungs for criterion in rung.criteria]
    found += [("ladder.suppress", condition) for condition, _ in rules.ladder.suppress]
    found += [("stages", condition) for condition in rules.stages.conditions()]
    found += [("warnings", condition) for condition in rules.warnings.conditions()]
    return found


# ---------------------------------------------------------------- how much there is


def test_there_are_173_instruments_each_in_its_own_file(rules):
    assert len(IDS) == 173
    assert sorted(one.id for one in current(rules)) == IDS


def test_every_family_has_instruments(rules):
    assert {one.family for one in current(rules)} == set(FAMILIES)


def test_nine_instruments_are_only_proposed(rules):
    assert sum(one.status == "proposed" for one in current(rules)) == 9


def test_there_are_128_facts_and_21_for_the_stage(catalogue):
    assert len(catalogue.facts) == 128 + 21
    assert catalogue.facts.keys() >= ADDED_FACTS
    assert len(ADDED_FACTS) == 21


def test_at_least_33_facts_are_derived(catalogue):
    assert len(catalogue.derived) >= 33
    assert "size_class" in catalogue.derived


def test_the_rules_say_when_they_were_last_checked(rules):
    assert rules.checked_on == read_date("about.yaml", "checked_on")


def read_date(name, key):
    return dt.date.fromisoformat(read_yaml((FOLDER / name).read_text(encoding="utf-8"), name).data[key])


# ---------------------------------------------------------------- every instrument


@pytest.mark.parametrize("instrument_id", IDS)
def test_an_instrument_has_examples_on_both_sides_that_differ_in_one_fact(instrument_id, rules):
    examples = rules.versions(instrument_id)[0].examples
    good = [example for example in examples if example.expect == "eligible"]
    bad = [example for example in examples if example.expect == "ineligible"]
    assert good
    assert bad
    pairs = [(one.firm, other.firm) for one in good for other in bad if one.as_of == other.as_of]
    assert 1 in [sum(first.get(fact) != second.get(fact) for fact in first.keys() | second.keys()) for first, second in pairs]


def test_every_amount_and_time_runs_from_less_to_more(rules):
    for one in rules.instruments:
        offer = one.offer
        for low, high in ((offer.min_cny, offer.max_cny), (offer.min_months, offer.max_months), one.lead_days):
            assert low is None or high is None or 0 <= low <= high, one.id


def test_an_instrument_that_is_said_to_have_an_end_date_has_one(rules):
    assert [one.id for one in current(rules) if one.status == "expiring" and one.validity.last is None] == []


def test_an_instrument_with_an_end_is_not_called_proposed(rules):
    assert [one.id for one in current(rules) if one.status == "proposed" and one.validity != Validity()] == []


def test_local_instruments_ask_where_the_firm_is(rules):
    for one in current(rules):
        if one.scope != "national":
            asked = {name for criterion in one.criteria for name in rules.catalogue.asked(criterion.condition)}
            assert asked & {"region", "district"}, one.id


def test_an_instrument_that_claims_a_published_rule_names_it(rules):
    for one in current(rules):
        if one.confidence == "verified":
            assert one.basis, one.id
            assert one.sources, one.id


def test_every_document_of_a_rule_is_dated_by_year_month_or_day(rules):
    dates = {(one.id, basis.date) for one in current(rules) for basis in one.basis if basis.date is not None}
    assert sorted((name, date) for name, date in dates if not re.fullmatch(r"\d{4}(-\d\d(-\d\d)?)?", date)) == []


def test_every_source_id_exists(rules):
    for one in rules.instruments:
        named = {*one.sources, *(source for criterion in one.criteria for source in criterion.sources)}
        assert named <= rules.sources.keys(), one.id


def test_every_source_an_owner_is_sent_to_is_official_or_press(rules):
    shown = [source for source in rules.sources.values() if source.shown]
    assert shown
    assert {source.kind for source in shown} <= {"official", "media"}


def test_every_paper_that_is_asked_for_has_a_name(rules):
    for one in rules.instruments:
        assert set(one.documents) <= rules.documents.keys(), one.id


# ---------------------------------------------------------------- words


def test_no_text_is_empty_in_either_language(every_text):
    assert [path for path, text in every_text if not text.zh.strip() or not text.en.strip()] == []


def test_english_texts_hold_chinese_only_in_quotes_or_brackets(every_text):
    assert [(path, text.en) for path, text in every_text if CHINESE.search(QUOTED.sub("", text.en))] == []


def test_chinese_texts_are_chinese(every_text):
    """A few are names in Latin letters, such as those of stock-exchange boards or models."""
    assert [(path, text.zh) for path, text in every_text if not CHINESE.search(text.zh) and len(text.zh) > 12] == []


def test_chinese_texts_hold_no_word_of_the_workshop(every_text):
    assert [(path, text.zh) for path, text in every_text if INTERNAL.search(text.zh)] == []


def test_no_text_holds_a_mark_of_unfinished_work(every_text):
    assert [(path, text.en) for path, text in every_text if re.search(r"\b(TODO|FIXME|TBD|XXX)\b", text.en)] == []


def test_no_text_shows_a_raw_id(every_text):
    assert [(path, text) for path, text in every_text if RAW_ID.search(text.zh) or RAW_ID.search(text.en)] == []


def test_english_texts_are_not_the_chinese_ones_again(every_text):
    same = {text.zh for _, text in every_text if text.zh == text.en}
    assert [words for words in same if CHINESE.search(words)] == []


# ---------------------------------------------------------------- conditions in words


def own_words(condition, catalogue):
    """The words a condition compares a free text with: names of districts, which have no translation."""
    found = set()
    for node in nodes_in(condition):
        if isinstance(node, Test) and isinstance(node.left, Name) and isinstance(node.right, Constant) and node.left.id in catalogue:
            value = node.right.value
            if catalogue[node.left.id].kind == "text":
                found.update(value if isinstance(value, tuple) else (value,))
    return found


def test_every_condition_reads_as_a_sentence_in_both_languages(every_condition, catalogue):
    for owner, condition in every_condition:
        said = sentence(condition, catalogue)
        assert said.zh.strip(), owner
        assert said.en.strip(), owner


def test_no_sentence_of_a_condition_shows_a_raw_id_or_a_hole(every_condition, catalogue):
    for owner, condition in every_condition:
        said = sentence(condition, catalogue)
        for words in (said.zh, said.en):
            assert not RAW_ID.search(words), (owner, words)
            assert not re.search(r"[{}]|\bTrue\b|\bFalse\b|\bnan\b|\d{7,}", words), (owner, words)


def test_no_english_sentence_of_a_condition_is_part_chinese(every_condition, catalogue):
    for owner, condition in every_condition:
        words = sentence(condition, catalogue).en
        for name in own_words(condition, catalogue):
            words = words.replace(str(name), "")
        assert not CHINESE.search(words), (owner, words)


def test_no_chinese_sentence_of_a_condition_is_part_english(every_condition, catalogue):
    for owner, condition in every_condition:
        words = sentence(condition, catalogue).zh
        assert not re.search(r"\b(and|or|not|the|of|yes|no|CNY|million)\b", words), (owner, words)


# ---------------------------------------------------------------- size standard, gates, what names what


def size_examples():
    content = read_yaml((FOLDER / "size_standard.yaml").read_text(encoding="utf-8"), "size_standard.yaml").data
    return [(example["firm"], example["expect"]) for example in content["examples"]]


@pytest.mark.parametrize(("firm", "size"), size_examples(), ids=str)
def test_the_examples_of_the_size_standard_come_out_as_written(firm, size, rules):
    reading = rules.as_of(DAY).read(read_firm(firm, rules.catalogue), DAY)
    assert reading.known["size_class"] == size


def test_the_size_standard_has_examples_of_every_class():
    assert {size for _, size in size_examples()} == {"large", "medium", "small", "micro"}


def size_bounds():
    industries = read_yaml((FOLDER / "size_standard.yaml").read_text(encoding="utf-8"), "size_standard.yaml").data["industries"]
    return [(industry, size, bounds[size]) for industry, bounds in industries.items() for size in ("large", "medium", "small")]


@pytest.mark.parametrize(("industry", "size", "bounds"), size_bounds(), ids=lambda value: value if isinstance(value, str) else "")
def test_a_firm_on_the_bound_is_in_the_class_and_one_short_of_any_bound_is_not(industry, size, bounds, rules):
    def class_of(facts):
        return rules.as_of(DAY).read(read_firm({"industry_class": industry, **facts}, rules.catalogue), DAY).known["size_class"]

    assert class_of(bounds) == size
    for fact, bound in bounds.items():
        assert class_of({**bounds, fact: bound - 1}) in {"large": ("medium",), "medium": ("small",), "small": ("micro",)}[size]


def test_gates_name_instruments_that_exist(rules):
    for gate in rules.gates.gates:
        assert {*gate.instruments, *gate.spared} <= set(IDS), gate.id
        assert set(gate.families) <= set(FAMILIES), gate.id
        assert gate.families or gate.instruments, f"{gate.id} stands before nothing"


def test_pairs_without_double_subsidy_are_two_different_instruments(rules):
    assert rules.gates.no_double_subsidy
    for pair in rules.gates.no_double_subsidy:
        assert {pair.first, pair.second} <= set(IDS)
        assert pair.first != pair.second


def test_what_answers_an_alarm_and_what_a_title_unlocks_exists(rules):
    named = {name for response in rules.warnings.responses for name in response.instruments}
    named |= {name for rung in rules.ladder.rungs for name in rung.unlocks}
    assert named
    assert named <= set(IDS)


def test_every_id_is_used_once_across_gates_checks_and_alarms(rules):
    for things in (rules.gates.gates, rules.checks, rules.warnings.indicators, rules.warnings.signals):
        ids = [thing.id for thing in things]
        assert len(ids) == len(set(ids))


def test_an_indicator_that_steps_back_names_one_that_stands_before_it(rules):
    ids = [indicator.id for indicator in rules.warnings.indicators]
    for position, indicator in enumerate(rules.warnings.indicators):
        assert indicator.unless is None or indicator.unless in ids[:position], indicator.id


# ---------------------------------------------------------------- the catalogue


def test_every_fact_that_is_asked_has_question_topic_and_place(rules):
    for fact in rules.catalogue.facts.values():
        assert fact.topic in rules.topics, fact.id
        assert fact.found, fact.id
        assert set(fact.found) <= rules.found_in.keys(), fact.id
        assert fact.question.zh.endswith(("？", "。")), fact.id


def test_the_facts_that_no_rule_reads_are_known(rules, every_condition):
    """They are kept for a learned stage and for the officer; a fact that falls out of all rules shows up here."""
    by_name = {"purposes", "need_cny", "need_months", "certs"}
    by_the_stage = {f"{flow}{year}_cny" for flow in ("opcf", "invcf", "fincf") for year in ("", "_y1", "_y2")}
    by_the_stage |= {"ops_brought_cash", "spent_on_investment", "raised_more_than_repaid"}
    by_conditions = {name for _, condition in every_condition for name in rules.catalogue.asked(condition)}
    assert rules.catalogue.facts.keys() - by_name - by_the_stage - by_conditions == {
        "bond_issues_3y", "total_liabilities_y1_cny", "cash_y1_cny", "interest_debt_y1_cny", "current_assets_y1_cny", "current_liabilities_y1_cny",
        "inventory_y1_cny", "receivables_y1_cny", "capex_cny", "fixed_assets_cny", "selling_admin_expense_cny", "pays_dividend",
    }  # fmt: skip


def test_no_two_facts_share_a_label_or_a_synonym(catalogue):
    for words in (lambda fact: [fact.label.zh], lambda fact: [fact.label.en], lambda fact: fact.synonyms):
        owner = {}
        for fact in catalogue.facts.values():
            for word in words(fact):
                assert owner.setdefault(word.casefold(), fact.id) == fact.id, word


def test_no_fact_that_nobody_may_change_has_an_honest_direction(catalogue):
    for fact in catalogue.facts.values():
        if fact.change.speed == "fixed":
            assert not fact.change.allowed, fact.id


def test_an_honest_direction_fits_the_kind_of_the_fact(catalogue):
    for fact in catalogue.facts.values():
        if not fact.change.allowed:
            continue
        toward = fact.change.toward
        match fact.kind:
            case "bool":
                assert isinstance(toward, bool) or toward == "any", fact.id
            case "choices":
                assert toward in ("add", "any") or set(toward) <= fact.options.keys(), fact.id
            case "choice":
                assert toward == "any" or set(toward) <= fact.options.keys(), fact.id
            case _:
                assert toward in ("up", "down", "any"), fact.id
