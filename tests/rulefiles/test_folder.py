"""A folder of rules: every problem at once with its place, a version that follows the content, a cache that can only help."""

import datetime as dt
import json

import pytest

from advisor.domain.errors import RuleError
from advisor.domain.firm import read_firm
from advisor.rulefiles.folder import SINGLE, read_rules
from advisor.shipped import shipped
from tests.rulefiles.written import KEPT, LEASE, lines_of, problems_of, replace_in, small_copy_of_the_rules

DAY = dt.date(2026, 11, 24)


@pytest.fixture
def folder(tmp_path):
    """The shipped rules with four instruments."""
    return small_copy_of_the_rules(tmp_path)


def told(folder):
    return [(problem.code, str(problem.place)) for problem in problems_of(folder)]


def place_of(folder, name, part, inside=""):
    """The place of a text in a file, counted by hand from the file itself; `inside` is found to the right of it."""
    for number, line in enumerate(lines_of(folder, name)):
        if part in line:
            return f"{name}:{number}:{line.index(inside, line.index(part)) + 1}"
    raise AssertionError(f"{name} does not hold {part!r}")


# ---------------------------------------------------------------- what is wrong, and where


def test_the_folder_that_the_tests_spoil_has_no_problem(folder):
    assert told(folder) == []
    assert len(read_rules(folder).instruments) > len(KEPT)


def test_a_misspelt_fact_is_told_with_file_line_column_and_what_was_meant(folder):
    replace_in(folder, LEASE, "if: not blacklisted", "if: not blacklistd")
    (problem,) = problems_of(folder)
    assert problem.code == "unknown_fact"
    assert str(problem.place) == place_of(folder, LEASE, "if: not blacklistd", "blacklistd")
    assert problem.say("en").endswith("'blacklistd' is not a fact; did you mean 'blacklisted'?")
    assert problem.say("zh").endswith("没有“blacklistd”这个指标；是不是“blacklisted”？")


@pytest.mark.parametrize(
    "written",
    [
        '"not blacklistd"',
        "'not blacklistd'",
        "\"'equipment' in purposes and not blacklistd\"",
        "'''equipment'' in purposes and not blacklistd'",
    ],
)
def test_a_misspelt_fact_in_a_quoted_condition_is_told_at_its_own_place(folder, written):
    replace_in(folder, LEASE, "if: not blacklisted", f"if: {written}")
    ((_, place),) = told(folder)
    assert place == place_of(folder, LEASE, "not blacklistd", "blacklistd")


def test_a_missing_key_is_told(folder):
    replace_in(folder, LEASE, "family: leasing\n", "")
    assert ("missing_key", f"{LEASE}:2:1") in told(folder)


def test_a_misspelt_key_is_told_with_what_was_meant(folder):
    replace_in(folder, LEASE, "apply_at:", "aply_at:")
    problems = problems_of(folder)
    assert [problem.code for problem in problems] == ["unknown_key", "missing_key"]
    assert problems[0].text.en == "'aply_at' is not a key here; did you mean 'apply_at'?"


def test_problems_of_many_files_are_all_told_at_once(folder):
    replace_in(folder, LEASE, "if: not blacklisted", "if: not blacklistd")
    replace_in(folder, LEASE, "origin: practice", "origin: habit")
    replace_in(folder, "instruments/loan/srdi_loan.yaml", "status: live", "status: lively")
    replace_in(folder, "gates.yaml", "if: blacklisted", "if: blacklistedd")
    replace_in(folder, "plausibility.yaml", "if: cash_cny > total_assets_cny", "if: cash_cny > total_asets_cny")
    assert sorted(told(folder)) == sorted(
        [
            ("unknown_fact", place_of(folder, LEASE, "blacklistd", "blacklistd")),
            ("unknown_word", place_of(folder, LEASE, "origin: habit", "habit")),
            ("unknown_word", place_of(folder, "instruments/loan/srdi_loan.yaml", "lively", "lively")),
            ("unknown_fact", place_of(folder, "gates.yaml", "blacklistedd", "blacklistedd")),
            ("unknown_fact", place_of(folder, "plausibility.yaml", "total_asets_cny", "total_asets_cny")),
        ]
    )


def test_mistakes_of_yaml_in_many_files_are_all_told_at_once(folder):
    replace_in(folder, LEASE, "status: live", "status: live\nstatus: pilot")
    replace_in(folder, "ranking.yaml", "targeted: 3 ", "targeted: no ")
    assert sorted(code for code, _ in told(folder)) == ["duplicate_key", "quote_it"]


def test_a_file_in_the_wrong_place_is_told_where_it_belongs(folder):
    moved = folder / "instruments" / "loan" / "direct_lease.yaml"
    (folder / LEASE).rename(moved)
    problems = problems_of(folder)
    assert [(problem.code, problem.place.file) for problem in problems] == [("wrong_place", "instruments/loan/direct_lease.yaml")]
    assert LEASE in problems[0].text.en


def test_an_id_used_twice_is_refused(folder):
    copy = folder / "instruments" / "loan" / "direct_lease.yaml"
    copy.write_bytes((folder / LEASE).read_bytes())
    assert {code for code, _ in told(folder)} == {"wrong_place", "duplicate_id"}


def test_an_instrument_taken_away_is_missed_by_the_rules_that_name_it(folder):
    (folder / "instruments" / "loan" / "micro_lending_company_loan.yaml").unlink()
    assert {(code, place.split(":")[0]) for code, place in told(folder)} == {("unknown_word", "gates.yaml")}


def test_two_versions_in_force_on_one_day_are_refused(folder):
    replace_in(folder, "instruments/loan/startup_guaranteed_loan_personal.yaml", "to: 2025-05-31", "to: 2025-06-01")
    (problem,) = problems_of(folder)
    assert (problem.code, problem.place.file) == ("overlap", "instruments/loan/startup_guaranteed_loan_personal.yaml")
    assert "2025-06-01" in problem.text.en


@pytest.mark.parametrize("name", SINGLE)
def test_a_missing_file_is_named(folder, name):
    (folder / f"{name}.yaml").unlink()
    ((code, place),) = told(folder)
    assert (code, place) == ("missing_file", str(folder / f"{name}.yaml"))


def test_a_folder_that_is_not_there_misses_every_file(tmp_path):
    assert [code for code, _ in told(tmp_path / "nowhere")] == ["missing_file"] * len(SINGLE)


def test_a_file_that_is_not_utf8_is_named(folder):
    path = folder / LEASE
    path.write_bytes(path.read_text(encoding="utf-8").encode("gb18030"))
    assert told(folder) == [("not_utf8", LEASE)]


@pytest.mark.parametrize("name", SINGLE)
def test_an_empty_file_is_a_problem_and_no_crash(folder, name):
    (folder / f"{name}.yaml").write_text("# nothing yet\n", encoding="utf-8")
    assert any(place.startswith(f"{name}.yaml") for _, place in told(folder))


def test_an_instrument_file_without_content_is_a_problem_and_no_crash(folder):
    (folder / LEASE).write_text("", encoding="utf-8")
    assert any(place.startswith(LEASE) for _, place in told(folder))


@pytest.mark.parametrize("name", SINGLE)
def test_a_list_where_a_mapping_belongs_is_a_problem_and_no_crash(folder, name):
    (folder / f"{name}.yaml").write_text("- 1\n", encoding="utf-8")
    assert any(place.startswith(f"{name}.yaml") for _, place in told(folder))


def test_derived_facts_that_rest_on_each_other_are_refused(folder):
    replace_in(folder, "derived.yaml", "formula: total_assets_cny - total_liabilities_cny", "formula: debt_ratio * total_assets_cny")
    replace_in(folder, "derived.yaml", "formula: total_liabilities_cny / total_assets_cny", "formula: net_assets_cny / total_assets_cny")
    assert "circle" in {code for code, _ in told(folder)}


def test_a_choice_of_several_has_no_more_options_than_a_number_has_bits(folder):
    many = "".join(f"      title_{number}: {{zh: 称号{number}, en: Title {number}}}\n" for number in range(60))
    replace_in(folder, "facts.yaml", "      cq_tech_firm: {zh", f"{many}      cq_tech_firm: {{zh")
    assert "options" in {code for code, _ in told(folder)}


def test_another_word_stands_for_one_option_only(folder):
    replace_in(folder, "facts.yaml", "      sichuan: [四川省, 川]", "      sichuan: [四川省, 重庆]")
    assert "name_taken" in {code for code, _ in told(folder)}
    assert told(folder)[0][1].startswith("facts.yaml")


def test_a_derived_fact_may_not_take_the_name_of_a_fact(folder):
    replace_in(folder, "derived.yaml", "  net_assets_cny:\n", "  employees:\n")
    assert "name_taken" in {code for code, _ in told(folder)}


def test_problems_stand_in_the_error_in_both_languages(folder):
    replace_in(folder, LEASE, "if: not blacklisted", "if: not blacklistd")
    with pytest.raises(RuleError) as caught:
        read_rules(folder)
    assert isinstance(caught.value, ValueError)
    assert str(caught.value) == caught.value.say("en") != caught.value.say("zh")


# ---------------------------------------------------------------- version


def test_the_version_follows_every_byte_and_nothing_else(folder):
    first = read_rules(folder).version
    (folder / LEASE).touch()
    (folder / "README.md").write_text("no rule file", encoding="utf-8")
    assert read_rules(folder).version == first
    path = folder / LEASE
    before = path.read_bytes()
    path.write_bytes(before + b"\n")
    assert read_rules(folder).version != first
    path.write_bytes(before)
    assert read_rules(folder).version == first


def test_a_remark_more_in_any_file_is_another_version(folder):
    versions = [read_rules(folder).version]
    for name in (*(f"{name}.yaml" for name in SINGLE), LEASE):
        with (folder / name).open("a", encoding="utf-8") as written:
            written.write("# remark\n")
        versions.append(read_rules(folder).version)
    assert len(set(versions)) == len(SINGLE) + 2


def test_the_version_does_not_depend_on_where_the_folder_stands(folder, tmp_path):
    first = read_rules(folder).version
    assert read_rules(folder.rename(tmp_path / "elsewhere")).version == first


# ---------------------------------------------------------------- cache


def kept(cache):
    return sorted(path.name for path in cache.iterdir())


def answers(rules):
    """What a set of rules says of a few firms: equal answers, equal rules."""
    firms = (
        {"region": "chongqing", "employees": 40},
        {"entity_type": "limited_company", "established_date": "2019-05-20", "revenue_cny": 68_000_000},
    )
    ids = [one.id for one in rules.as_of(DAY).instruments]
    return ids, [rules.as_of(DAY).verdicts(read_firm(firm, rules.catalogue), DAY) for firm in firms]


def test_the_cache_is_written_once_and_read_the_next_time(folder, tmp_path):
    cache = tmp_path / "cache"
    first = read_rules(folder, cache)
    assert len(kept(cache)) == 1
    path = cache / kept(cache)[0]
    assert first.version in path.name
    content = json.loads(path.read_text(encoding="utf-8"))
    content[LEASE]["name"]["en"] = "Lease from the cache"
    path.write_text(json.dumps(content), encoding="utf-8")
    assert read_rules(folder, cache).versions("direct_lease")[0].name.en == "Lease from the cache"


def test_rules_from_the_cache_are_those_of_the_files(tmp_path):
    from_files, from_cache = read_rules(shipped("rules"), tmp_path), read_rules(shipped("rules"), tmp_path)
    assert from_cache.version == from_files.version
    assert from_cache.checked_on == from_files.checked_on
    assert from_cache.catalogue == from_files.catalogue
    assert from_cache.sources == from_files.sources
    assert from_cache.stages == from_files.stages
    assert from_cache.ranking == from_files.ranking
    assert [one.rule for one in from_cache.instruments] == [one.rule for one in from_files.instruments]
    assert [one.offer for one in from_cache.instruments] == [one.offer for one in from_files.instruments]
    assert [one.examples for one in from_cache.instruments] == [one.examples for one in from_files.instruments]
    assert answers(from_cache) == answers(from_files)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[]", b"5", b"{}", b'{"about.yaml": 1}'])
def test_a_cache_that_cannot_be_read_is_passed_over(folder, tmp_path, content):
    cache = tmp_path / "cache"
    version = read_rules(folder, cache).version
    (path,) = cache.iterdir()
    path.write_bytes(content)
    again = read_rules(folder, cache)
    assert again.version == version
    assert again.versions("direct_lease")[0].name.en == "Direct finance lease"


def test_rules_of_several_versions_are_kept_side_by_side(folder, tmp_path):
    cache = tmp_path / "cache"
    read_rules(folder, cache)
    before = kept(cache)
    replace_in(folder, LEASE, "status: live", "status: pilot")
    assert read_rules(folder, cache).versions("direct_lease")[0].status == "pilot"
    assert len(kept(cache)) == 2
    assert set(before) < set(kept(cache))


def test_rules_with_problems_leave_no_cache(folder, tmp_path):
    replace_in(folder, LEASE, "if: not blacklisted", "if: not blacklistd")
    assert problems_of(folder, tmp_path / "cache")
    assert not (tmp_path / "cache").exists()


def test_a_cache_that_cannot_be_written_only_costs_time(folder, tmp_path):
    blocked = tmp_path / "blocked"
    blocked.write_text("a file stands where the folder should be", encoding="utf-8")
    assert read_rules(folder, blocked / "cache").version
    assert blocked.read_text(encoding="utf-8") == "a file stands where the folder should be"
