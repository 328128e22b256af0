"""The road ahead in words: a timeline in both languages, and the same as plain data."""

import datetime as dt
import io
import json

import pytest
from rich.console import Console

from advisor.domain.condition import AS_OF, Constant, Name, Test
from advisor.domain.firm import read_firm
from advisor.domain.road import Because, Lapse, Milestone, Road, road
from advisor.service.road import road_view
from advisor.terminal.road import print_road, road_lines
from advisor.terminal.saying import Say
from tests.examples import DAY, FIRMS

NEW_YEAR, BIRTHDAY = dt.date(2027, 1, 1), dt.date(2027, 3, 1)
OLDER = Because("years_established", Test(">=", Name("years_established"), Constant(1)), True, 1.0)
GROWN = Because("revenue_cny", Test("<=", Name("revenue_cny"), Constant(2_000_000)), False, 3_000_000.0)
SEASONED = Because("years_in_niche", Test(">=", Name("years_in_niche"), Constant(3)), True, 3.0)
ENDED = Because(AS_OF, Test("<=", Name(AS_OF), Constant(dt.date(2026, 12, 31))), False, NEW_YEAR)
BEGUN = Because(AS_OF, Test(">=", Name(AS_OF), Constant(NEW_YEAR)), True, NEW_YEAR)


def made(rules, *milestones, growth="none", rate=None, lapses=(), questions=()):
    return Road(read_firm({}, rules.catalogue), DAY, DAY.replace(year=2029), rules, growth, rate, milestones, tuple(lapses), tuple(questions))


def named(rules, instrument_id):
    return rules.versions(instrument_id)[0]


def rung(rules, rung_id):
    return next(one for one in rules.ladder.rungs if one.id == rung_id)


def told(found, lang):
    """The lines between the assumption and the promise."""
    return [line.plain for line in road_lines(found, Say(lang))][2:-1]


def test_what_opens_on_one_day_for_one_reason_is_told_in_one_breath(rules):
    found = made(rules, *(Milestone(BIRTHDAY, named(rules, one), "opens", (OLDER,)) for one in ("tax_credit_loan", "cash_flow_credit_loan")))
    names = {lang: [named(rules, one).name[lang] for one in ("tax_credit_loan", "cash_flow_credit_loan")] for lang in ("zh", "en")}
    assert told(found, "zh") == [f"  2027-03-01  + 可以申请：{'、'.join(names['zh'])}", "      成立年限不低于1年"]
    assert told(found, "en") == [f"  2027-03-01  + opens: {', '.join(names['en'])}", "      Years since establishment: at least 1 years"]


def test_what_closes_says_what_holds_instead(rules):
    found = made(rules, Milestone(BIRTHDAY, named(rules, "tax_credit_loan"), "closes", (GROWN,)))
    assert told(found, "zh")[1] == "      去年营业收入超过200万元"
    assert told(found, "en")[1] == "      Revenue, latest year: above CNY 2 million"


def test_an_end_is_told_by_its_last_day_and_a_beginning_by_its_first(rules):
    name = named(rules, "tax_credit_loan").name
    ended = made(rules, Milestone(NEW_YEAR, named(rules, "tax_credit_loan"), "expires", (ENDED,)))
    begun = made(rules, Milestone(NEW_YEAR, named(rules, "tax_credit_loan"), "opens", (BEGUN,)))
    assert told(ended, "zh") == [f"  2026-12-31  × 最后一天：{name.zh}"]
    assert told(ended, "en") == [f"  2026-12-31  × last day: {name.en}"]
    assert told(begun, "zh")[1] == "      规则自2027-01-01起施行"
    assert told(begun, "en")[1] == "      its rule starts on 2027-01-01"


def test_a_day_reckoned_from_a_rounded_duration_is_told_as_rough(rules):
    found = made(rules, Milestone(BIRTHDAY, rung(rules, "srdi_sme"), "rung_reached", (SEASONED,)))
    assert told(found, "zh")[0] == "  约 2027-03-01  ★ 称号条件齐了：专精特新中小企业"
    assert told(found, "en")[0] == "  about 2027-03-01  ★ title within reach: SRDI SME"
    assert road_view(found, "en")["milestones"][0]["about"] is True


def test_a_stage_is_told_by_its_name(rules):
    found = made(rules, Milestone(BIRTHDAY, "mature", "stage_reached", (OLDER,)))
    assert told(found, "zh")[0] == "  2027-03-01  → 进入新阶段：成熟"
    assert road_view(found, "en")["milestones"][0] | {"because": None} == {
        "day": "2027-03-01", "kind": "stage", "id": "mature", "name": "mature", "turn": "stage_reached", "because": None, "about": False,
        "assumption": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("growth", "rate", "zh", "en"),
    [
        ("none", None, "账面数字也不变", "the accounts stay as told too"),
        ("flat", 0.0, "每年的账都与去年一样", "repeat the last"),
        ("as_last_year", 0.3077, "每年变动+30.8%", "change by +30.8% a year"),
        ("as_last_year", -0.26, "每年变动-26%", "change by -26% a year"),
        ("as_last_year", None, "所以不作增长假设", "so none is assumed"),
    ],
)
def test_the_road_begins_with_what_is_assumed(rules, growth, rate, zh, en):
    found = made(rules, growth=growth, rate=rate)
    for lang, said in (("zh", zh), ("en", en)):
        assert said in [line.plain for line in road_lines(found, Say(lang))][1]
        assert said in road_view(found, lang)["assumption"]


def test_what_rests_on_growth_says_so(rules):
    found = made(rules, Milestone(BIRTHDAY, named(rules, "tax_credit_loan"), "closes", (GROWN,), "flat"), growth="flat", rate=0.0)
    assert told(found, "zh")[-1] == "      以上面的增长假设为前提"
    assert told(found, "en")[-1] == "      only under the growth assumed above"


def test_a_road_without_milestones_says_that_none_is_certain(rules):
    assert told(made(rules), "zh") == ["  按已知情况，这段时间里没有能确定的变化。"]
    assert told(made(rules), "en") == ["  With what is known, no change is certain in this time."]


def test_what_runs_down_names_what_is_open_until_then(rules):
    renewal = named(rules, "renewal_without_repayment")
    found = made(rules, lapses=[Lapse(BIRTHDAY, "loan_due_days", (renewal,)), Lapse(BIRTHDAY, "loan_due_days", ())])
    assert told(found, "zh")[1:] == [
        "  2027-03-01  ! 最近到期贷款剩余天数数到零，之后要重新填；在那之前可以申请：无还本续贷",
        "  2027-03-01  ! 最近到期贷款剩余天数数到零，之后要重新填",
    ]
    assert road_view(found, "zh")["lapses"][0] == {
        "last_day": "2027-03-01", "fact": "loan_due_days", "sentence": told(found, "zh")[1].removeprefix("  2027-03-01  ! "),
        "instruments": ["renewal_without_repayment"],
    }  # fmt: skip


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("name", FIRMS)
def test_the_examples_have_a_road_in_both_languages_that_is_json(name, lang, rules):
    found = road(read_firm(FIRMS[name], rules.catalogue), DAY, rules, growth="as_last_year")
    view = road_view(found, lang)
    assert json.loads(json.dumps(view, allow_nan=False)) == view
    assert len(view["milestones"]) == len(found.milestones)
    console = Console(width=120, record=True, file=io.StringIO())
    print_road(found, lang, console)
    printed = "".join(console.export_text().split())
    for one in (*view["milestones"], *view["questions"]):
        assert "".join((one.get("name") or one["question"]).split()) in printed
