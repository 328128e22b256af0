"""Advice as plain data, in one language: the documented JSON (docs/reference/advice.schema.json).

What is the same for every firm (names, offers, sources, the words of each test) is prepared once and kept.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from advisor.domain.advice import Advice
from advisor.domain.changes import Change
from advisor.domain.condition import Constant, Value
from advisor.domain.facts import Catalogue
from advisor.domain.instrument import Criterion, Instrument
from advisor.domain.ladder import Climb
from advisor.domain.matching import Match
from advisor.domain.notation import text
from advisor.domain.reasons import Wanted, wanted_of
from advisor.domain.ruleset import Line, Places, Plan, RuleSet
from advisor.domain.stage import STAGES, Evidence
from advisor.domain.text import Lang, Text
from advisor.domain.warning import FundChain
from advisor.domain.wording import money, say_value, sentence, within

if TYPE_CHECKING:
    from advisor.classifier.explanation import Explained

Json = dict[str, Any]


def dump(advice: Advice | Sequence[Advice], lang: Lang, *, indent: bool = False, explained: Explained | None = None) -> bytes:
    """Return the advice of one firm (an object) or several (a list) as UTF-8 JSON; with `explained`, why the model sees the one firm so."""
    view = _view(advice, lang, explained) if isinstance(advice, Advice) else [_view(one, lang) for one in advice]
    packed = orjson.dumps(view)
    return orjson.dumps(orjson.loads(packed), option=orjson.OPT_INDENT_2) if indent else packed


def as_dict(advice: Advice, lang: Lang = "zh") -> Json:
    """Return the advice as plain data: words in one language, values as they were given, unknown as None."""
    view: Json = orjson.loads(dump(advice, lang))
    return view


def _view(advice: Advice, lang: Lang, explained: Explained | None = None) -> Json:
    rules, best = advice.ruleset, advice.best_change
    tails: dict[int, bytes] = {}
    return {
        "as_of": advice.as_of.isoformat(),
        "rules_version": rules.version,
        "rules_checked_on": rules.checked_on.isoformat(),
        "lang": lang,
        "firm_id": advice.firm.firm_id,
        "firm_name": advice.firm.name,
        "stage": _stage(advice, lang, explained),
        "size_class": advice.size_class,
        "fund_chain": _fund_chain(advice.fund_chain, lang),
        "ladder": _ladder(advice.ladder, advice.ladder_missing, rules.catalogue, lang),
        "matches": [_match(found, rules, lang, tails) for found in advice.matches],
        "best_change": None if best is None else {**change_view(best.change, rules.catalogue, lang), "unlocks": best.unlocks},
        "questions": [
            {"fact": asked.fact, "question": rules.catalogue.facts[asked.fact].question[lang], "decides": asked.decides} for asked in advice.questions
        ],
        "warnings": [{"code": code, "message": message[lang]} for code, message in warnings_of(advice)],
        "not_in_force": [
            {"id": one.id, "name": one.name[lang], "from": _day(one.validity.first), "to": _day(one.validity.last)} for one in advice.not_in_force
        ],
    }


def warnings_of(advice: Advice) -> list[tuple[str, Text]]:
    """Return what the owner should look at again: contradictions, and figures far from what firms have."""
    found = [(check.id, check.text) for check in advice.checks]
    for name in advice.unusual:
        fact = advice.ruleset.catalogue.facts[name]
        shown = say_value(advice.firm.facts[name], fact)
        zh, en = f"{fact.label.zh}为{shown.zh}，很少见，单位是不是填错了", f"{fact.label.en}: {shown.en} is unusual; is the unit right?"
        found.append((f"unusual_{name}", Text(zh, en)))
    return found


def _day(day: dt.date | None) -> str | None:
    return None if day is None else day.isoformat()


def plain_value(value: Value | None) -> object:
    """Return a value as JSON holds it."""
    return value.isoformat() if isinstance(value, dt.date) else value


# ---------------------------------------------------------------- stage, fund chain, ladder


def _stage(advice: Advice, lang: Lang, explained: Explained | None) -> Json:
    estimate, labels, opinion = advice.stage, advice.ruleset.stages.labels, advice.stage.opinion
    return {
        "stage": estimate.stage,
        "label": None if estimate.stage is None else labels[estimate.stage][lang],
        "probabilities": {stage: round(estimate.probabilities[stage], 4) for stage in STAGES},
        "candidates": list(estimate.candidates),
        "disagreement": estimate.disagreement,
        "model": None if opinion is None else {"version": opinion.version, "tier": opinion.tier},
        "explanation": _explanation(explained, advice.ruleset, lang),
        "evidence": [_evidence(piece, lang) for piece in estimate.evidence],
    }


def _explanation(explained: Explained | None, rules: RuleSet, lang: Lang) -> Json | None:
    if explained is None:
        return None
    from advisor.service.explained import stage_explanation_view  # it needs NumPy, which takes its time

    return stage_explanation_view(explained, rules.stages, lang)


def _evidence(piece: Evidence, lang: Lang) -> Json:
    return {
        "witness": piece.witness,
        "stage": piece.stage,
        "text": piece.text[lang],
        "years_back": piece.year,
        "pattern": piece.pattern,
        "class5": piece.class5,
        "shakeout": piece.shakeout,
        "borderline": piece.borderline,
        "neighbours": list(piece.neighbours),
        "not_ruled_out": list(piece.not_ruled_out),
    }


def _fund_chain(chain: FundChain, lang: Lang) -> Json:
    return {
        "level": chain.level,
        "score": chain.score,
        "known_share": round(chain.known_share, 3),
        "signals": [
            {
                "id": alarm.id,
                "kind": alarm.kind,
                "level": alarm.level,
                "label": alarm.label[lang],
                "known": plain_value(alarm.known),
                "threshold": None if alarm.threshold is None else text(alarm.threshold),
                "unit": alarm.unit,
                "confidence": alarm.confidence,
            }
            for alarm in chain.alarms
        ],
        "models": [
            {
                "id": reading.model.id, "label": reading.model.label[lang], "score": round(reading.score, 3), "zone": reading.zone,
                "source": reading.model.source[lang], "confidence": reading.model.confidence,
            }
            for reading in chain.models
        ],
        "responses": [
            {"text": response.text[lang], "instruments": list(response.instruments)} for response in chain.responses
        ],
    }  # fmt: skip


def _ladder(step: Climb, missing: tuple[str, ...], catalogue: Catalogue, lang: Lang) -> Json:
    rung = step.next
    return {
        "held": None if step.held is None else [held.id for held in step.held],
        "next": None if rung is None else rung.id,
        "next_name": None if rung is None else rung.name[lang],
        "near": step.near,
        "missing": [
            {"criterion": text(c.condition), "sentence": criterion_sentence(c, catalogue)[lang], "holds": holds, "origin": c.origin}
            for criteria, holds in ((step.unmet, False), (step.unknown, None))
            for c in criteria
        ],
        "missing_facts": list(missing),
        "also_needed": None if rung is None or rung.extra is None else rung.extra[lang],
        "authority": None if rung is None else rung.authority[lang],
        "unlocks": [] if rung is None else list(rung.unlocks),
        "caveat": None if rung is None else rung.caveat[lang],
        "suppressed": None if step.suppressed is None else step.suppressed[lang],
    }


# ---------------------------------------------------------------- matches


def _match(found: Match, rules: RuleSet, lang: Lang, tails: dict[int, bytes]) -> orjson.Fragment:
    fit, words = found.suitability, _words(rules, lang)
    own = orjson.dumps(
        {
            "eligibility": found.eligibility,
            "watch": found.watch,
            "blocked_by": [{"id": gate.id, "reason": gate.reason[lang], "origin": gate.origin} for gate in found.blocked_by],
            "last_resort": found.demoted,
            "suitability": None if fit is None else fit.score,
            "suitability_parts": None if fit is None else fit.parts,
            "rank": found.rank,
            "missing": found.missing,
            "changes": [change_view(change, rules.catalogue, lang) for change in found.changes],
            "after_changes": found.after_changes,
            "wait_until": found.wait_until,
            "not_with": found.not_with,
        }
    )
    row = found.row
    prefix, tests = words.of(found.plan)
    pieces = [prefix, b',"reasons":[']
    for said, place, verdicts, test in tests:
        tail = tails.get(test.number)
        if tail is None:
            tail = tails[test.number] = _tail(*test.read(row))
        pieces += (said, verdicts[row[place]], tail)
    pieces[-1] = pieces[-1].removesuffix(b",")
    pieces += (b"],", own[1:])
    return orjson.Fragment(b"".join(pieces))


def _tail(holds: bool | None, known: Value | None, margin: float | None) -> bytes:
    """Return the end of a reason as JSON; the same test of two instruments has the same."""
    return b',"holds":%b,"known":%b,"margin":%b},' % (_VERDICTS[holds], orjson.dumps(known), orjson.dumps(margin))


_VERDICTS: dict[object, bytes] = {True: b"true", False: b"false", None: b"null"}
_OPPOSITES: dict[object, bytes] = {True: b"false", False: b"true", None: b"null"}


class _Said(NamedTuple):
    """A test's words as JSON up to its criterion's verdict, and where that verdict stands."""

    words: bytes
    place: int
    verdicts: dict[object, bytes]
    test: Places


class _Words:
    """What is the same for every firm, as JSON ready to be joined with the firm's own."""

    def __init__(self, rules: RuleSet, lang: Lang) -> None:
        self.rules, self.lang = rules, lang
        self._kept: dict[Plan, tuple[bytes, tuple[_Said, ...]]] = {}

    def of(self, plan: Plan) -> tuple[bytes, tuple[_Said, ...]]:
        """Return an instrument's own words without the closing brace, and those of each of its tests in order."""
        found = self._kept.get(plan)
        if found is None:
            tests = tuple(self._said(plan, line, test) for line in plan.lines for test in line.tests)
            found = self._kept[plan] = orjson.dumps(instrument_view(plan.instrument, self.rules, self.lang))[:-1], tests
        return found

    def _said(self, plan: Plan, line: Line, test: Places) -> _Said:
        words = _test_words(line.criterion, test.wanted, plan.instrument, self.rules, self.lang)
        opened = orjson.dumps({**words, "criterion": line.position})[:-1] + b',"criterion_holds":'
        return _Said(opened, line.place, _OPPOSITES if line.opposite else _VERDICTS, test)


@lru_cache(maxsize=8)
def _words(rules: RuleSet, lang: Lang) -> _Words:
    return _Words(rules, lang)


def _test_words(criterion: Criterion, wanted: Wanted, instrument: Instrument, rules: RuleSet, lang: Lang) -> Json:
    """Return what is the same for every firm in the reason of a test."""
    source = "; ".join(rules.sources[name].title[lang] for name in criterion.sources) or None
    if source is None and criterion.origin == "policy" and instrument.basis:
        source = instrument.basis[0].doc_no or instrument.basis[0].title[lang]
    return {
        "role": criterion.role,
        "route": criterion.route,
        "title": None if criterion.title is None else criterion.title[lang],
        "fact": wanted.fact,
        "label": rules.catalogue[wanted.fact].label[lang] if wanted.fact else "",
        "operator": wanted.operator,
        "wanted": _wanted_value(wanted),
        "sentence": sentence(wanted.test, rules.catalogue)[lang],
        "origin": criterion.origin,
        "source": source,
        "advice": None if criterion.reason is None else criterion.reason[lang],
    }


def _wanted_value(wanted: Wanted) -> object:
    return plain_value(wanted.wanted.value) if isinstance(wanted.wanted, Constant) else text(wanted.wanted)


def instrument_view(one: Instrument, rules: RuleSet, lang: Lang) -> Json:
    """Return an instrument itself as plain data: the part of a match that is the same for every firm."""
    offer = one.offer
    return {
        "id": one.id,
        "name": one.name[lang],
        "family": one.family,
        "summary": one.summary[lang],
        "status": one.status,
        "scope": one.scope,
        "stages": one.stages,
        "purposes": one.purposes,
        "valid": {"from": _day(one.validity.first), "to": _day(one.validity.last)},
        "confidence": one.confidence,
        "caveat": one.caveat[lang],
        "provider": one.provider[lang],
        "apply_at": one.apply_at[lang],
        "offer": {
            "min_cny": offer.min_cny, "max_cny": offer.max_cny, "amount_note": _maybe(offer.amount_note, lang),
            "min_months": offer.min_months, "max_months": offer.max_months, "tenor_note": _maybe(offer.tenor_note, lang),
            "price": offer.price[lang], "cost": offer.cost, "security": offer.security[lang],
        },
        "documents": [{"code": code, "name": rules.documents[code][lang]} for code in one.documents],
        "lead_days": one.lead_days,
        "basis": [
            {
                "title": basis.title[lang], "issuer": basis.issuer[lang], "doc_no": basis.doc_no, "date": basis.date,
                "effective": _maybe(basis.effective, lang),
            }
            for basis in one.basis
        ],
        "sources": [
            {"id": source.id, "title": source.title[lang], "url": source.url, "kind": source.kind}
            for source in (rules.sources[name] for name in one.sources)
            if source.shown
        ],
        "history": _maybe(one.history, lang),
    }  # fmt: skip


def _maybe(words: Text | None, lang: Lang) -> str | None:
    return None if words is None else words[lang]


# ---------------------------------------------------------------- changes and sentences


def change_view(change: Change, catalogue: Catalogue, lang: Lang) -> Json:
    """Return one change: the fact, its value now, the value needed, effort and time, and a sentence."""
    return {
        "fact": change.fact,
        "known": plain_value(change.known),
        "needed": plain_value(change.needed),
        "effort": change.effort,
        "time": change.time,
        "sentence": change_sentence(change, catalogue)[lang],
    }


def change_sentence(change: Change, catalogue: Catalogue) -> Text:
    """Return a change in words: "raise revenue from CNY 1 million to CNY 2 million"."""
    fact = catalogue.facts[change.fact]
    needed = say_value(change.needed, fact)
    if isinstance(change.needed, bool):
        return fact.statements.get(change.needed) or Text(f"“{fact.label.zh}”变为{needed.zh}", f"'{fact.label.en}' becomes {needed.en}")
    if isinstance(change.needed, tuple):
        have = change.known if isinstance(change.known, tuple) else ()
        added = tuple(word for word in change.needed if word not in have)
        if added:
            words = say_value(added, fact)
            return Text(f"{fact.label.zh}增加：{words.zh}", f"{fact.label.en}: add {words.en}")
    now = say_value(change.known, fact)
    if fact.kind == "money" and change.needed == 1 and isinstance(change.known, int | float) and change.known <= 0:
        return Text(f"{fact.label.zh}转为正数（现为{now.zh}）", f"{fact.label.en} above zero (now {now.en})")
    if change.known is not None and fact.unit is not None:
        return Text(f"{fact.label.zh}从{now.zh}到{needed.zh}", f"{fact.label.en}: from {now.en} to {needed.en}")
    return Text(f"{fact.label.zh}改为“{needed.zh}”（现为{now.zh}）", f"{fact.label.en} becomes '{needed.en}' (now {now.en})")


def criterion_sentence(criterion: Criterion, catalogue: Catalogue) -> Text:
    """Return what a criterion wants, in words; its own title where it has one."""
    return criterion.title or sentence(wanted_of(criterion), catalogue)


def amount_range(one: Instrument, lang: Lang) -> str:
    """Return the amounts offered, in words."""
    low, high = one.offer.min_cny, one.offer.max_cny
    return within(lang, money(low)[lang] if low else None, money(high)[lang] if high else None)


def tenor_range(one: Instrument, lang: Lang) -> str:
    """Return the tenors offered, in words."""
    low, high = one.offer.min_months, one.offer.max_months

    def months(count: int) -> str:
        return f"{count}个月" if lang == "zh" else f"{count} month" if count == 1 else f"{count} months"

    if low == high and low:
        return months(low)
    return within(lang, months(low) if low else None, months(high) if high else None)
