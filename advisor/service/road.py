"""The road ahead as plain data and in words, in one language."""

from __future__ import annotations

from collections.abc import Mapping

from advisor.domain.condition import AS_OF, Constant, Test, negated
from advisor.domain.instrument import Instrument
from advisor.domain.ladder import Rung
from advisor.domain.notation import text
from advisor.domain.reasons import positive
from advisor.domain.road import Because, Growth, Lapse, Milestone, Road, Turn
from advisor.domain.ruleset import RuleSet
from advisor.domain.text import Lang, Text
from advisor.domain.wording import percent, say_value, sentence
from advisor.service.view import Json, plain_value

TURN: Mapping[Turn, Text] = {
    "opens": Text("可以申请", "opens"),
    "closes": Text("条件不再符合", "closes"),
    "expires": Text("最后一天", "last day"),
    "rung_reached": Text("称号条件齐了", "title within reach"),
    "stage_reached": Text("进入新阶段", "enters a new stage"),
}
_ACCOUNTS: Mapping[Growth, Text] = {
    "none": Text("账面数字也不变", "the accounts stay as told too"),
    "flat": Text(
        "假设每年的账都与去年一样，每年1月1日换成新一年的数", "each year's accounts are assumed to repeat the last, new ones each 1 January"
    ),
    "as_last_year": Text(
        "假设收入每年变动{rate}（同去年），账上各项同比例变动，每年1月1日换成新一年的数",
        "revenue is assumed to change by {rate} a year, as last year, and all accounts in proportion, new ones each 1 January",
    ),
}
_NO_RATE = Text("去年的收入增幅算不出来，所以不作增长假设", "last year's growth cannot be worked out, so none is assumed")
_ALL_ELSE = Text(
    "只看时间和已公布的规则：其余情况都按现在填的不变，规则也可能延期或修改；",
    "Only time and the rules published so far are looked at: all else stays as told, and rules may be prolonged or changed; ",
)


def road_view(road: Road, lang: Lang) -> Json:
    """Return the road as plain data: words in one language, days as ISO text, the growth rate a fraction or None."""
    catalogue = road.ruleset.catalogue
    return {
        "as_of": road.day.isoformat(),
        "until": road.end.isoformat(),
        "rules_version": road.ruleset.version,
        "rules_checked_on": road.ruleset.checked_on.isoformat(),
        "lang": lang,
        "firm_id": road.firm.firm_id,
        "firm_name": road.firm.name,
        "growth": {"scenario": road.growth, "rate": road.rate},
        "assumption": assumption_sentence(road)[lang],
        "milestones": [_milestone(one, road.ruleset, lang) for one in road.milestones],
        "lapses": [
            {
                "last_day": one.last.isoformat(), "fact": one.fact, "sentence": lapse_sentence(one, road.ruleset)[lang],
                "instruments": [instrument.id for instrument in one.instruments],
            }
            for one in road.lapses
        ],
        "questions": [
            {"fact": asked.fact, "question": catalogue.facts[asked.fact].question[lang], "decides": asked.decides} for asked in road.questions
        ],
    }  # fmt: skip


def _milestone(one: Milestone, rules: RuleSet, lang: Lang) -> Json:
    return {
        "day": one.day.isoformat(),
        "kind": "instrument" if isinstance(one.subject, Instrument) else "rung" if isinstance(one.subject, Rung) else "stage",
        "id": one.id,
        "name": subject_name(one, rules)[lang],
        "turn": one.turn,
        "because": [
            {
                "fact": because.fact, "test": text(because.test), "holds": because.holds, "known": plain_value(because.known),
                "sentence": because_sentence(because, rules)[lang],
            }
            for because in one.because
        ],
        "about": is_about(one, rules),
        "assumption": one.assumption,
    }  # fmt: skip


def subject_name(one: Milestone, rules: RuleSet) -> Text:
    """Return the name of what turns."""
    return rules.stages.labels[one.subject] if isinstance(one.subject, str) else one.subject.name


def is_about(one: Milestone, rules: RuleSet) -> bool:
    """Return whether the day is as rough as a duration told in months or years, whose own first day nobody gave."""
    facts = rules.catalogue.facts
    return any(
        because.fact in facts and facts[because.fact].change.ages and facts[because.fact].unit != "day" for because in one.because
    )  # fmt: skip


def because_sentence(because: Because, rules: RuleSet) -> Text:
    """Return what turned, in words, as it is from the day on: "years since establishment: at least 3"."""
    match because.test:
        case Test(_, _, Constant(bound)) if because.fact == AS_OF:
            day = say_value(bound, None)
            pattern = Text("规则自{day}起施行", "its rule starts on {day}") if because.holds else Text("规则到{day}为止", "its rule ends on {day}")
            return pattern.fill(day=day)
    return sentence(because.test if because.holds else positive(negated(because.test)), rules.catalogue)


def lapse_sentence(lapse: Lapse, rules: RuleSet) -> Text:
    """Return what will have run down and must be told anew, and which instruments are open only until then."""
    said = Text("{fact}数到零，之后要重新填", "{fact}: down to 0, to be told anew after that")
    said = said.fill(fact=rules.catalogue.facts[lapse.fact].label)
    if lapse.instruments:
        names = Text("、".join(one.name.zh for one in lapse.instruments), ", ".join(one.name.en for one in lapse.instruments))
        said += Text("；在那之前可以申请：{names}", "; open until then: {names}").fill(names=names)
    return said


def assumption_sentence(road: Road) -> Text:
    """Return what is assumed of the years ahead, in one sentence."""
    if road.growth == "as_last_year" and road.rate is None:
        accounts = _NO_RATE
    else:
        accounts = _ACCOUNTS[road.growth].fill(rate=f"{'+' if (road.rate or 0) > 0 else ''}{percent(round(road.rate or 0.0, 3))}")
    return _ALL_ELSE + accounts + Text("。", ".")
