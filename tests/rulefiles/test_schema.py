"""The schema that guides editors, the template that analysts copy, and the reader that decides: all three say the same."""

import copy
import json
from typing import get_args

import jsonschema
import pytest

from advisor.domain.instrument import FAMILIES, Confidence, Cost, Eligibility, Origin, Scope, Status
from advisor.domain.stage import STAGES
from advisor.rulefiles.examples import try_examples
from advisor.rulefiles.folder import read_rules
from advisor.rulefiles.instruments import PRIORITIES, ROLES
from advisor.rulefiles.yamlfile import read_yaml
from advisor.shipped import shipped
from tests.rulefiles.written import problems_of_instrument, small_copy_of_the_rules

FILES = sorted((shipped("rules") / "instruments").glob("*/*.yaml"))
TEMPLATE = shipped("rules") / "instrument.template.yaml"
Draft = jsonschema.Draft202012Validator

SCHEMA = json.loads((shipped("rules") / "instrument.schema.json").read_text(encoding="utf-8"))
VALIDATOR = Draft(SCHEMA, format_checker=Draft.FORMAT_CHECKER)


def content_of(path):
    """A file's content as the reader sees it: dates stay text."""
    return read_yaml(path.read_text(encoding="utf-8"), path.name).data


def complaints(content):
    return [f"{'/'.join(map(str, error.absolute_path))}: {error.message}" for error in VALIDATOR.iter_errors(content)]


def described(node, path=""):
    """Yield each key the schema knows, with its description, its own or that of what it refers to."""
    if isinstance(node, dict):
        for key, value in node.get("properties", {}).items():
            target = SCHEMA["$defs"][value["$ref"].rpartition("/")[2]] if "$ref" in value else value
            yield f"{path}/{key}", value.get("description") or target.get("description", "")
        for key, value in node.items():
            if key not in ("required", "enum", "examples"):
                yield from described(value, f"{path}/{key}")
    elif isinstance(node, list):
        for position, value in enumerate(node):
            yield from described(value, f"{path}/{position}")


# ---------------------------------------------------------------- the schema itself


def test_the_schema_is_a_schema():
    Draft.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_every_key_is_described_in_chinese_and_english():
    keys = dict(described(SCHEMA))
    assert len(keys) > 60
    for key, description in keys.items():
        assert any("一" <= letter <= "鿿" for letter in description), f"{key}: no Chinese"
        assert sum(letter.isascii() and letter.isalpha() for letter in description) >= 8, f"{key}: no English"


def test_the_words_of_the_schema_are_those_of_the_product(rules):
    properties = SCHEMA["properties"]
    assert properties["family"]["enum"] == list(FAMILIES)
    assert properties["stages"]["items"]["enum"] == list(STAGES)
    assert properties["purposes"]["items"]["enum"] == list(rules.catalogue.facts["purposes"].options)
    assert properties["documents"]["items"]["enum"] == list(rules.documents)
    assert properties["scope"]["enum"] == list(get_args(Scope))
    assert properties["priority"]["enum"] == list(PRIORITIES)
    assert properties["status"]["enum"] == list(get_args(Status))
    assert properties["confidence"]["enum"] == list(get_args(Confidence))
    assert properties["offer"]["properties"]["cost"]["enum"] == list(get_args(Cost))
    assert SCHEMA["$defs"]["origin"]["enum"] == list(get_args(Origin))
    example = properties["examples"]["items"]["properties"]
    assert example["expect"]["enum"] == list(get_args(Eligibility))
    assert example["firm"]["propertyNames"]["enum"] == list(rules.catalogue.facts)
    assert [role for role in properties if role in ROLES] == list(ROLES)


def test_every_source_id_fits_the_pattern_of_the_schema(rules):
    ids = Draft(SCHEMA["$defs"]["source_id"])
    assert [name for name in rules.sources if not ids.is_valid(name)] == []


# ---------------------------------------------------------------- good files pass both


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_shipped_file_fits_the_schema(path):
    assert complaints(content_of(path)) == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_shipped_file_tells_editors_where_the_schema_is(path):
    first = path.read_text(encoding="utf-8").splitlines()[0]
    pointer = first.removeprefix("# yaml-language-server: $schema=")
    assert (path.parent / pointer).resolve() == (shipped("rules") / "instrument.schema.json").resolve()


# ---------------------------------------------------------------- the template


def test_the_template_fits_the_schema():
    assert complaints(content_of(TEMPLATE)) == []


def test_the_template_shows_every_key_in_the_order_of_the_shipped_files():
    order = list(content_of(TEMPLATE))
    assert order == list(SCHEMA["properties"])
    for path in FILES:
        keys = list(content_of(path))
        assert keys == [key for key in order if key in keys], path.stem


def test_every_key_of_the_template_but_its_plain_text_is_explained_above_it():
    lines = TEMPLATE.read_text(encoding="utf-8").splitlines()
    explained = [lines[position - 1].startswith("#") for position, line in enumerate(lines) if line[:1].isalpha()]
    assert len(explained) == len(SCHEMA["properties"])
    assert all(explained)


def test_a_copy_of_the_template_is_read_and_its_examples_come_out_as_written(tmp_path):
    folder = small_copy_of_the_rules(tmp_path)
    one = content_of(TEMPLATE)
    (folder / "instruments" / one["family"] / f"{one['id']}.yaml").write_bytes(TEMPLATE.read_bytes())
    rules = read_rules(folder)
    current, older = rules.versions(one["id"])
    assert (current.offer.max_cny, older.offer.max_cny) == (20_000_000, 10_000_000)
    assert [example.expect for example in current.examples] == ["eligible", "ineligible"]
    assert list(try_examples(rules)) == []


def test_the_examples_of_the_template_differ_in_one_fact_on_the_two_sides_of_a_threshold():
    first, second = (example["firm"] for example in content_of(TEMPLATE)["examples"])
    assert {fact for fact in first if first[fact] != second[fact]} == {"project_invest_cny"}
    assert first.keys() == second.keys()


# ---------------------------------------------------------------- broken files are refused by both

GONE = object()


def spoilt(*path_and_value):
    """The template's content with one place changed, or taken away."""
    *path, last, value = path_and_value
    content = copy.deepcopy(content_of(TEMPLATE))
    holder = content
    for step in path:
        holder = holder[step]
    if value is GONE:
        del holder[last]
    else:
        holder[last] = value
    return content


def test_the_content_that_is_spoilt_below_is_good(rules):
    content = spoilt("id", "another_id")
    assert complaints(content) == []
    assert problems_of_instrument(content, rules) == []


ONE_SIDED = [{"as_of": "2026-11-24", "firm": {}, "expect": "eligible", "why": {"zh": "好", "en": "good"}}] * 2

BROKEN = {
    **{f"no {key}": (key, GONE) for key in SCHEMA["required"]},
    **{f"nothing under {key}": (key, None) for key in SCHEMA["required"]},
    "a key nobody knows": ("colour", "red"),
    "a misspelt key": ("purpose", ["equipment"]),
    "a name in one language": ("name", {"zh": "名"}),
    "a name without words": ("name", {"zh": "名", "en": "  "}),
    "a name as bare text": ("name", "name"),
    "a third language": ("summary", {"zh": "句", "en": "s", "fr": "p"}),
    "a family nobody knows": ("family", "lottery"),
    "a stage nobody knows": ("stages", ["grown"]),
    "no stage": ("stages", []),
    "stages as a word": ("stages", "growth"),
    "a purpose nobody knows": ("purposes", ["holiday"]),
    "no purpose": ("purposes", []),
    "a scope nobody knows": ("scope", "world"),
    "a status nobody knows": ("status", "dead"),
    "a status as a flag": ("status", True),
    "a confidence nobody knows": ("confidence", "sure"),
    "a priority nobody knows": ("priority", "top"),
    "a paper nobody knows": ("documents", ["PASSPORT"]),
    "papers as a word": ("documents", "BL"),
    "one lead time": ("lead_days", [10]),
    "three lead times": ("lead_days", [1, 2, 3]),
    "lead times in words": ("lead_days", ["ten", "thirty"]),
    "lead times left open": ("lead_days", [None, None]),
    "a date that is none": ("valid", {"from": "2026-13-01", "to": None}),
    "a date without dashes": ("valid", {"from": 20260101, "to": None}),
    "a period with a third key": ("valid", {"from": None, "to": None, "until": None}),
    "an offer without amounts": ("offer", "amount", GONE),
    "an offer without tenors": ("offer", "tenor", GONE),
    "an offer without price": ("offer", "price", GONE),
    "an offer without cost class": ("offer", "cost", GONE),
    "an offer without security": ("offer", "security", GONE),
    "a cost class nobody knows": ("offer", "cost", "cheap"),
    "a cost class left blank": ("offer", "cost", None),
    "an amount as text": ("offer", "amount", "min_cny", "500000"),
    "an amount in words": ("offer", "amount", "max_cny", "2000万"),
    "a misspelt bound": ("offer", "amount", "max_yuan", 5),
    "a tenor as text": ("offer", "tenor", "max_months", "60"),
    "a note in one language": ("offer", "amount", "note", {"zh": "注"}),
    "no hard condition": ("hard", []),
    "a hard condition without if": ("hard", 0, "if", GONE),
    "a hard condition left blank": ("hard", 0, "if", None),
    "a hard condition without origin": ("hard", 0, "origin", GONE),
    "an origin left blank": ("hard", 0, "origin", None),
    "an origin nobody knows": ("hard", 0, "origin", "hearsay"),
    "a condition with a key nobody knows": ("hard", 0, "because", "so"),
    "conditions as a mapping": ("hard", {"if": "is_sme", "origin": "policy"}),
    "a condition as bare text": ("hard", 0, "is_sme"),
    "a route without its id": ("any_of", 0, "route", GONE),
    "a route without name": ("any_of", 0, "name", GONE),
    "a route named on a hard condition": ("hard", 0, "route", "by_age"),
    "a reason on a hard condition": ("hard", 0, "reason", {"zh": "因", "en": "because"}),
    "an avoid without reason": ("avoid", 0, "reason", GONE),
    "a source of a condition in the wrong form": ("hard", 0, "sources", ["source 5"]),
    "a document without title": ("basis", 0, "title", GONE),
    "a document without issuer": ("basis", 0, "issuer", GONE),
    "a year that is a number": ("basis", 0, "date", 2025),
    "a document with a key nobody knows": ("basis", 0, "number", "1"),
    "a source in the wrong form": ("sources", ["source 5"]),
    "evidence without source": ("evidence", 0, "source", GONE),
    "evidence with a key nobody knows": ("evidence", 0, "page", "5"),
    "a history in one language": ("history", {"en": "since 2026"}),
    "a version without its period": ("versions", 0, "valid", GONE),
    "a version without note": ("versions", 0, "note", GONE),
    "a version with a key it cannot change": ("versions", 0, "family", "loan"),
    "no examples": ("examples", []),
    "examples on one side only": ("examples", ONE_SIDED),
    "an example without date": ("examples", 0, "as_of", GONE),
    "an example with its date left blank": ("examples", 0, "as_of", None),
    "an example without firm": ("examples", 0, "firm", GONE),
    "an example whose firm is a list": ("examples", 0, "firm", ["chongqing"]),
    "an example without verdict": ("examples", 0, "expect", GONE),
    "an example with a verdict nobody knows": ("examples", 0, "expect", "maybe"),
    "an example without why": ("examples", 0, "why", GONE),
    "an example on a date that is none": ("examples", 0, "as_of", "2026-02-30"),
    "an example with a key nobody knows": ("examples", 0, "name", "firm"),
}


@pytest.mark.parametrize("change", BROKEN.values(), ids=BROKEN)
def test_what_the_schema_refuses_the_reader_refuses_too(change, rules):
    content = spoilt(*change)
    assert complaints(content), "the schema lets this pass"
    assert problems_of_instrument(content, rules), "the reader lets this pass"


@pytest.mark.parametrize(
    "change",
    [
        ("exclude", GONE),
        ("any_of", GONE),
        ("prefer", GONE),
        ("avoid", GONE),
        ("versions", GONE),
        ("evidence", GONE),
        ("history", GONE),
        ("basis", []),
        ("sources", []),
        ("documents", []),
        ("valid", {"from": "2026-01-01"}),
        ("versions", 0, "valid", {"to": "2025-12-31"}),
        ("basis", 0, "doc_no", GONE),
        ("basis", 0, "effective", GONE),
        ("offer", "amount", {"min_cny": None, "max_cny": None}),
        ("offer", "tenor", {"min_months": None, "max_months": None}),
        ("hard", 0, "if", True),
        ("hard", 0, "sources", ["S01"]),
        ("hard", 0, "title", {"zh": "名", "en": "name"}),
    ],
    ids=str,
)
def test_what_may_be_left_out_or_open_passes_both(change, rules):
    content = spoilt(*change)
    assert complaints(content) == []
    assert problems_of_instrument(content, rules) == []
