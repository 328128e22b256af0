"""The documented JSON: every advice fits docs/reference/advice.schema.json, and the schema describes all of it."""

import json
from pathlib import Path

import jsonschema
import pytest

import advisor
from advisor.service.advisor import Advisor
from advisor.service.view import as_dict, dump
from tests.examples import DAY, FIRMS, strict_json

Draft = jsonschema.Draft202012Validator
SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "reference" / "advice.schema.json").read_text(encoding="utf-8"))
VALIDATOR = Draft(SCHEMA, format_checker=Draft.FORMAT_CHECKER)

WRECKED = {
    "entity_type": "joint_stock", "region": "chongqing", "industry_class": "industry", "gb_code": "C3670", "established_date": "2001-02-28",
    "employees": 40, "revenue_cny": 5_000_000, "revenue_y1_cny": 20_000_000, "net_profit_cny": -9_000_000, "net_profit_y1_cny": -1_000_000,
    "total_assets_cny": 30_000_000, "total_liabilities_cny": 45_000_000, "current_assets_cny": 6_000_000, "current_liabilities_cny": 40_000_000,
    "interest_expense_cny": 3_000_000, "ebit_cny": -6_000_000, "retained_earnings_cny": -20_000_000, "opcf_cny": -4_000_000, "invcf_cny": 1_000_000,
    "fincf_cny": 2_000_000, "opcf_y1_cny": -1_000_000, "invcf_y1_cny": -5_000, "fincf_y1_cny": 10_000, "overdue_loans": 3, "overdue_days_max": 95,
    "cannot_pay_due": True, "court_status": "reorganisation", "blacklisted": True, "wage_or_social_arrears": True, "cash_cny": 90_000_000,
    "purposes": ["restructure"], "need_cny": 1e9, "need_months": 1, "certs": ["hnte", "srdi_sme"],
}  # fmt: skip
"""A firm for which nearly every alarm, override, gate and check speaks."""


GIVEN = {"empty": {}, "wrecked": WRECKED, **FIRMS}
"""The firms tried here."""


@pytest.fixture(scope="module")
def views(rules):
    """The advice for every firm here, in both languages, read back from its JSON."""
    adviser = Advisor(rules)
    found = {}
    for name, facts in GIVEN.items():
        advice = adviser.advise(facts, DAY)
        for lang in ("zh", "en"):
            found[name, lang] = strict_json(dump(advice, lang))
    return found


everywhere = pytest.mark.parametrize(("name", "lang"), [(name, lang) for name in GIVEN for lang in ("zh", "en")])


# ---------------------------------------------------------------- the schema


def test_the_schema_is_a_schema():
    Draft.check_schema(SCHEMA)


def keys_of(schema):
    if isinstance(schema, dict):
        for key, value in schema.get("properties", {}).items():
            yield key, value
        for value in schema.values():
            yield from keys_of(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from keys_of(value)


def test_every_key_of_the_schema_is_described():
    keys = list(keys_of(SCHEMA))
    assert len(keys) > 120
    for key, value in keys:
        described = value.get("description") or SCHEMA["$defs"][value["$ref"].rpartition("/")[2]]["description"]
        assert described.endswith("."), key


@everywhere
def test_an_advice_fits_the_schema(name, lang, views):
    problems = [f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}" for error in VALIDATOR.iter_errors(views[name, lang])]
    assert problems == []


def test_the_firms_tried_fill_every_list_of_the_schema_but_those_no_rule_uses(views):
    """A list that stays empty in all of them would leave its description untried."""
    filled = set()

    def walk(value, path):
        if isinstance(value, dict):
            for key, part in value.items():
                walk(part, f"{path}/{key}")
        elif isinstance(value, list):
            if value:
                filled.add(path)
            for part in value:
                walk(part, path)

    for view in views.values():
        walk(view, "")
    lists = {
        "/stage/evidence", "/stage/candidates", "/stage/evidence/neighbours", "/stage/evidence/not_ruled_out", "/fund_chain/signals",
        "/fund_chain/models", "/fund_chain/responses", "/fund_chain/responses/instruments", "/ladder/held", "/ladder/missing",
        "/ladder/missing_facts", "/ladder/unlocks", "/matches", "/matches/reasons", "/matches/blocked_by", "/matches/missing", "/matches/changes",
        "/matches/documents", "/matches/basis", "/matches/sources", "/matches/not_with", "/best_change/unlocks", "/questions", "/warnings",
        "/not_in_force",
    }  # fmt: skip
    assert lists - filled == set()


# ---------------------------------------------------------------- what the schema cannot say


@everywhere
def test_what_is_said_holds_together(name, lang, views):
    view = views[name, lang]
    assert sum(view["stage"]["probabilities"].values()) == pytest.approx(1, abs=0.001)
    ranks = [found["rank"] for found in view["matches"] if found["rank"] is not None]
    assert ranks == list(range(1, len(ranks) + 1))
    for found in view["matches"]:
        assert (found["suitability"] is None) == (found["eligibility"] == "ineligible")
        assert (found["suitability_parts"] is None) == (found["suitability"] is None)
        assert bool(found["changes"]) == (found["after_changes"] is not None)
        assert bool(found["missing"]) == (found["eligibility"] == "undetermined")
        assert found["rank"] is None or (found["eligibility"] == "eligible" and not found["blocked_by"] and not found["watch"])


@pytest.mark.parametrize("name", GIVEN)
def test_only_the_words_differ_between_the_languages(name, views):
    words = {
        "lang", "label", "text", "name", "next_name", "summary", "caveat", "provider", "apply_at", "amount_note", "tenor_note", "price", "security",
        "title", "issuer", "effective", "history", "sentence", "source", "advice", "reason", "question", "message", "also_needed", "authority",
        "suppressed",
    }  # fmt: skip

    def bare(value):
        if isinstance(value, dict):
            return {key: bare(part) for key, part in value.items() if key not in words}
        return [bare(part) for part in value] if isinstance(value, list) else value

    assert bare(views[name, "zh"]) == bare(views[name, "en"])


@pytest.mark.parametrize("name", GIVEN)
def test_english_advice_holds_chinese_only_where_names_have_no_other_form(name, views):
    """Firm names, districts and document numbers stay as they are written."""
    spared = {"firm_name", "known", "wanted", "doc_no", "date", "source", "criterion"}

    def chinese(value, key=""):
        if isinstance(value, dict):
            for part, inner in value.items():
                if part not in spared:
                    yield from chinese(inner, part)
        elif isinstance(value, list):
            for inner in value:
                yield from chinese(inner, key)
        elif isinstance(value, str) and key != "sentence" and any("一" <= letter <= "鿿" for letter in value):
            quoted = value.split("“")[0] + "".join(piece.partition("”")[2] for piece in value.split("“")[1:])
            if any("一" <= letter <= "鿿" for letter in quoted):
                yield key, value

    assert list(chinese(views[name, "en"])) == []


def test_several_firms_are_a_list_in_their_order(rules, views):
    adviser = Advisor(rules)
    both = [adviser.advise(FIRMS[name], DAY) for name in ("startup_team", "declining_trader")]
    assert strict_json(dump(both, "en")) == [views["startup_team", "en"], views["declining_trader", "en"]]
    assert strict_json(dump([], "en")) == []


def test_indented_json_says_the_same(rules):
    advice = Advisor(rules).advise({}, DAY)
    assert strict_json(dump(advice, "zh", indent=True)) == strict_json(dump(advice, "zh"))
    assert dump(advice, "zh", indent=True).count(b"\n") > 1000


def test_from_python_the_same_is_plain_data(rules, views):
    advice = Advisor(rules).advise(FIRMS["growth_maker"], DAY)
    assert as_dict(advice, "en") == views["growth_maker", "en"]
    assert advisor.as_dict(advice)["lang"] == "zh"


def test_what_was_given_comes_back_as_it_was_read(views):
    known = {reason["fact"]: reason["known"] for found in views["growth_maker", "en"]["matches"] for reason in found["reasons"]}
    assert known["employees"] == 86
    assert known["revenue_cny"] == 68_000_000
    assert known["purposes"] == ["equipment", "working_capital"]
    assert known["blacklisted"] is False
    assert known["project_invest_cny"] == 12_000_000


def test_what_was_not_given_is_null_and_never_no_or_zero(views):
    for found in views["empty", "en"]["matches"]:
        for reason in found["reasons"]:
            assert reason["known"] is None, reason
            assert reason["holds"] is None, reason
            assert reason["margin"] is None, reason
