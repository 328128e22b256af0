"""A financing plan as a use case: what is needed, the plan for it, and the plan in words and as plain data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from advisor.domain.advice import Advice
from advisor.domain.errors import InputError, Problem, RuleError
from advisor.domain.ruleset import RuleSet
from advisor.domain.text import Lang, Text
from advisor.domain.wording import COMMA, money, percent
from advisor.domain.words import NO_PROMISE
from advisor.planning.candidates import Limit, Need
from advisor.planning.plan import Binding, Enlarging, FinancingPlan, Item, Proposal, plan
from advisor.planning.rules import Band, PlanRules
from advisor.rulefiles.entry import Book, Entry
from advisor.rulefiles.plan import read_plan_rules
from advisor.rulefiles.yamlfile import read_yaml
from advisor.shipped import shipped

Json = dict[str, Any]
ASKED = ("need_cny", "need_months", "purposes")
FEW = 5
"""So many questions are said."""


def plan_rules(rules: RuleSet, file: Path | None = None) -> PlanRules:
    """Return the rules of plan.yaml, shipped or of a file of one's own. Raises RuleError with every problem."""
    path = file if file is not None else shipped("rules") / "plan.yaml"
    book = Book(names=dict(rules.catalogue.namings))
    yaml = read_yaml(path.read_text(encoding="utf-8"), path.name)
    found = read_plan_rules(Entry(yaml, book, yaml.data), {one.id: one for one in rules.instruments}, rules.catalogue.facts["purposes"].options)
    if book.problems:
        raise RuleError(book.problems)
    return found


def need_of(
    advice: Advice,
    rules: PlanRules,
    *,
    amount_cny: float | None = None,
    months: int | None = None,
    purposes: Sequence[str] | None = None,
    within_days: int | None = None,
) -> Need:
    """Return the need as told, else as the firm's facts say. Raises InputError naming every fact that is missing or out of range.

    Without `within_days`, a loan that falls due sets the day where debt is to be refinanced; else the rules' own default.
    """
    facts, catalogue = advice.firm.facts, advice.ruleset.catalogue
    told = (amount_cny, months, None if purposes is None else tuple(purposes))
    values = {name: given if given is not None else facts.get(name) for name, given in zip(ASKED, told, strict=True)}
    problems: list[Problem] = []
    for name, value in values.items():
        label = catalogue.facts[name].label
        if value is None or value == ():
            problems.append(Problem("need_unknown", Text("要先知道：{fact}", "needed for a plan: {fact}").fill(fact=label)))
        elif isinstance(value, int | float) and value <= 0:
            problems.append(Problem("need_unknown", Text("{fact}要大于0", "{fact} must be above 0").fill(fact=label)))
    strange = [purpose for purpose in values["purposes"] or () if purpose not in catalogue.facts["purposes"].options]  # type: ignore[union-attr]
    problems += [Problem("unknown_word", Text(f"不认识用款目的“{one}”", f"'{one}' is not a purpose")) for one in strange]
    if within_days is not None and within_days < 0:
        problems.append(Problem("need_unknown", Text("用款日期不能在过去", "the money cannot be needed in the past")))
    if problems:
        raise InputError(problems)
    days = within_days
    if days is None:
        due = facts.get("loan_due_days")
        wanted: tuple[str, ...] = values["purposes"]  # type: ignore[assignment]
        days = min(rules.within_days, int(due)) if isinstance(due, int | float) and "refinance" in wanted else rules.within_days
    return Need(float(values["need_cny"]), int(values["need_months"]), tuple(values["purposes"]), days)  # type: ignore[arg-type]


def make_plan(advice: Advice, rules: PlanRules, need: Need | None = None) -> FinancingPlan:
    """Return the plan for a need, by default the one the firm's facts name. Raises InputError as `need_of` does."""
    return plan(advice, need_of(advice, rules) if need is None else need, rules)


# ---------------------------------------------------------------- words


def headline(found: FinancingPlan) -> Text:
    """Return what the plan covers, and the gap where it does not cover all."""
    best, need = found.best, money(found.need.amount_cny)
    if not best.items:
        return Text(
            "按现在知道的情况，{need}一点也覆盖不了；缺口就是全部。", "On what is known, none of {need} can be covered: the gap is all of it."
        ).fill(need=need)
    if best.gap_cny:
        words = Text(
            "需要{need}，按现在知道的情况最多覆盖{covered}；覆盖不了的缺口是{gap}。",
            "Of {need}, at most {covered} can be covered on what is known; the gap that cannot be covered is {gap}.",
        )
        return words.fill(need=need, covered=money(best.covered_cny), gap=money(best.gap_cny))
    if len(best.items) == 1:
        return Text("按现在知道的情况，一笔就够{need}。", "On what is known, one line is enough for {need}.").fill(need=need)
    return Text("按现在知道的情况，{n}笔合起来够{need}。", "On what is known, {n} lines add up to {need}.").fill(n=str(len(best.items)), need=need)


def assumptions(found: FinancingPlan, advice: Advice) -> tuple[Text, ...]:
    """Return what the plan takes for granted, and purposes that none of its lines serves."""
    options = advice.ruleset.catalogue.facts["purposes"].options
    need = found.need
    said = [
        Text("按{months}个月、{days}天内用款计算。", "For {months} months, with the money needed within {days} days.").fill(
            months=str(need.months), days=str(need.within_days)
        )
    ]
    if len(need.purposes) > 1:
        said.append(
            Text(
                "哪项用途各要多少还不知道，这里当作可以任意分配；各项金额清楚以后，最好分开各算一次。",
                "How much is for which purpose is not known: any split is assumed. Once it is, plan each on its own.",
            )
        )
        idle = [options[purpose] for purpose in found.idle]
        if idle and found.best.items:
            said.append(Text("没有一笔可以用于：{idle}。", "No line pays for: {idle}.").fill(idle=_listed(idle)))
    return tuple(said)


def role(item: Item) -> Text:
    """Return what a line is there for and what stands behind it."""
    if item.money == "equity":
        said = Text("股权资金：没有还款日，要出让股份", "equity: no day of repayment, paid in shares")
    elif item.money == "grant":
        said = Text("拨款：不用还", "a grant: not repaid")
    elif item.stands_on is not None:
        said = Text("靠“{asset}”支撑", "rests on: {asset}").fill(asset=item.stands_on.label)
    else:
        said = Text("不占用企业现有资产", "ties up nothing the firm owns")
    return said if item.particular is None else said + Text("；", "; ") + item.particular


def filled(item: Item, alone: bool) -> Text:
    """Return why a line is drawn to this amount and not more; `alone` where it is the only one."""
    if item.filled == "own_limit":
        return Text("用到它自己的上限", "drawn to its own limit")
    if item.filled_by is not None:
        return Text("用到“{limit}”的上限", "drawn to the limit of: {limit}").fill(limit=item.filled_by.label)
    return Text("一笔补足全部", "covers all of it") if alone else Text("补足余下的部分", "covers the rest")


def price(band: Band) -> Text:
    """Return an indicative yearly price."""
    low, high = (percent(share) for share in band)
    return Text(f"{low}至{high}", f"{low} to {high}") if low != high else Text(low, low)


def between(band: Band) -> Text:
    """Return a range of money."""
    low, high = money(round(band[0])), money(round(band[1]))
    return Text("{low}至{high}", "{low} to {high}").fill(low=low, high=high) if low != high else low


def costs(proposal: Proposal) -> tuple[Text, ...]:
    """Return what a mix costs a year, in interest and in shares, and what may be claimed back."""
    said: list[Text] = []
    if proposal.interest[1]:
        words = Text(
            "每年利息和费用约{range}（按价格档次估计，以机构报价为准）。",
            "About {range} a year in interest and fees (by price class; the institution names the real one).",
        )
        said.append(words.fill(range=between(proposal.interest)))
    elif proposal.items and not proposal.equity_cny:
        said.append(Text("没有利息。", "No interest."))
    if proposal.equity_cny:
        band = next(item.price for item in proposal.items if item.money == "equity")
        words = Text(
            "股权{equity}不付利息，代价是股份；投资人一般期望每年{band}的回报。",
            "{equity} of equity bears no interest but costs shares; investors usually expect {band} a year.",
        )
        said.append(words.fill(equity=money(proposal.equity_cny), band=price(band)))
    for one in proposal.returned:
        words = Text(
            "付息以后可申请“{name}”，整个期间最多返还{back}；它不能用来付这笔支出。",
            "After interest is paid, {name} can be applied for: at most {back} over the whole time; it cannot fund the spending.",
        )
        said.append(words.fill(name=one.match.instrument.name, back=money(one.back_cny)))
    if proposal.items:
        words = Text("共要准备{papers}种材料，最慢的一笔约{days}天。", "{papers} kinds of papers in all; the slowest line takes up to {days} days.")
        said.append(words.fill(papers=str(len(proposal.documents)), days=str(proposal.longest_days)))
    return tuple(said)


def single(found: FinancingPlan) -> Text | None:
    """Return what the cheapest loan alone would have left uncovered; None where the plan is one line or none."""
    if found.single is None:
        return None
    one = found.single
    item = one.items[0]
    if one.gap_cny:
        words = Text(
            "如果只办最便宜的一笔（{name}，每年{price}），只能覆盖{covered}，还差{gap}。",
            "The cheapest alone ({name}, {price} a year) would cover {covered} and leave {gap} uncovered.",
        )
    else:
        words = Text(
            "只办最便宜的一笔（{name}，每年{price}）金额也够；把适合程度和手续算上，上面的组合负担更轻。",
            "The cheapest alone ({name}, {price} a year) would be enough; with fit and effort counted, the mix above weighs less.",
        )
    return words.fill(name=item.match.instrument.name, price=price(item.price), covered=money(one.covered_cny), gap=money(one.gap_cny))


def bound(one: Binding) -> Text:
    """Return what binds the plan, and what would be better without it."""
    effect = (
        Text("没有这一条，缺口可少{less}", "without it the gap would be smaller by {less}").fill(less=money(one.gap_less))
        if one.gap_less
        else Text("没有这一条，会更便宜或更省事", "without it the mix would be cheaper or less work")
    )
    return Text("{label}（{reason}）：{effect}。", "{label} ({reason}): {effect}.").fill(label=one.label, reason=one.reason, effect=effect)


def used(limit: Limit, found: FinancingPlan) -> Text:
    """Return how much of a limit the plan takes; an unknown one leaves no room."""
    label = limit.label
    if limit.room is None:
        return Text("{label}：还不知道，按没有计算", "{label}: not known, counted as none").fill(label=label)
    if limit.room <= 0:
        return Text("{label}：没有余地", "{label}: no room").fill(label=label)
    words = Text("{label}：{room}，用了{used}", "{label}: {room}, of which {used} is used")
    return words.fill(label=label, room=money(round(limit.room)), used=money(round(limit.used(found.best.amounts))))


def enlarged(one: Enlarging, advice: Advice) -> Text:
    """Return which answers could enlarge the plan, and by how much at most."""
    facts = advice.ruleset.catalogue.facts
    asked = _listed([facts[name].label for name in one.facts])
    words = Text("{facts}——关系到“{limit}”", "{facts} — it decides on: {limit}").fill(facts=asked, limit=one.limit.label)
    if one.gap_less < 1:
        return words + Text("，可能更便宜或更省事", "; the mix could be cheaper or less work")
    return words + Text("，缺口最多可少{less}", "; the gap could shrink by at most {less}").fill(less=money(one.gap_less))


def waiting_facts(found: FinancingPlan) -> list[tuple[str, int]]:
    """Return facts that instruments which might close the gap still wait for, with how many wait, most first."""
    counted = Counter(name for one in found.narrowing for name in one.missing)
    return sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:FEW]


def instead(other: Proposal, best: Proposal) -> Text:
    """Return an alternative in one sentence: without which lines, with which, and what it costs and covers."""
    missing = [item.match.instrument.name for item in best.items if item.match.instrument.id not in other.names]
    parts = [Text("{name}{amount}", "{name} {amount}").fill(name=item.match.instrument.name, amount=money(item.amount_cny)) for item in other.items]
    said = Text("不用{missing}：{parts}", "Without {missing}: {parts}").fill(missing=_listed(missing), parts=_listed(parts, Text("＋", " + ")))
    if other.interest[1]:
        said += Text("，每年利息和费用约{range}", ", about {range} a year").fill(range=between(other.interest))
    if other.gap_cny:
        said += Text("，还差{gap}", ", {gap} uncovered").fill(gap=money(other.gap_cny))
    return said + Text("。", ".")


def _listed(said: Sequence[Text], between_them: Text = COMMA) -> Text:
    return Text(between_them.zh.join(one.zh for one in said), between_them.en.join(one.en for one in said))


# ---------------------------------------------------------------- plain data


def plan_view(found: FinancingPlan, advice: Advice, lang: Lang) -> Json:
    """Return a plan as plain data: money in CNY, prices as fractions a year, words in one language."""
    need, facts = found.need, advice.ruleset.catalogue.facts
    alone = single(found)
    return {
        "as_of": advice.as_of.isoformat(),
        "rules_version": advice.ruleset.version,
        "lang": lang,
        "firm_id": advice.firm.firm_id,
        "need": {"amount_cny": need.amount_cny, "months": need.months, "purposes": list(need.purposes), "within_days": need.within_days},
        "headline": headline(found)[lang],
        "assumptions": [one[lang] for one in assumptions(found, advice)],
        "purposes_not_served": list(found.idle),
        "plan": _proposal(found.best, lang),
        "alternatives": [{**_proposal(other, lang), "text": instead(other, found.best)[lang]} for other in found.alternatives],
        "cheapest_alone": None if found.single is None or alone is None else {**_proposal(found.single, lang), "text": alone[lang]},
        "limits": [
            {
                "id": limit.id, "label": limit.label[lang], "reason": limit.reason[lang], "confidence": limit.confidence, "room_cny": limit.room,
                "used_cny": round(limit.used(found.best.amounts)), "waits_for": list(limit.waits_for),
            }
            for limit in found.limits
        ],
        "binding": [
            {"id": one.id, "gap_less_cny": one.gap_less, "cheaper": one.burden_less > 0, "text": bound(one)[lang]} for one in found.binding
        ],
        "enlarging": [
            {
                "limit": one.limit.id, "facts": list(one.facts), "questions": [facts[name].question[lang] for name in one.facts],
                "gap_less_cny": one.gap_less, "text": enlarged(one, advice)[lang],
            }
            for one in found.enlarging
        ],
        "narrowing": [{"id": one.instrument.id, "missing": list(one.missing)} for one in found.narrowing],
        "left_out": [{"id": one.match.instrument.id, "code": one.code, "reason": one.reason[lang]} for one in found.left_out],
        "note": NO_PROMISE[lang],
    }  # fmt: skip


def _proposal(proposal: Proposal, lang: Lang) -> Json:
    return {
        "items": [
            {
                "id": item.match.instrument.id, "name": item.match.instrument.name[lang], "amount_cny": item.amount_cny, "money": item.money,
                "price": list(item.price), "offer": item.match.instrument.offer.price[lang], "role": role(item)[lang],
                "why_this_much": filled(item, len(proposal.items) == 1)[lang],
                "stands_on": None if item.stands_on is None else item.stands_on.id, "lead_days": list(item.match.instrument.lead_days),
            }
            for item in proposal.items
        ],
        "returned": [{"id": one.match.instrument.id, "name": one.match.instrument.name[lang], "back_cny": one.back_cny} for one in proposal.returned],
        "covered_cny": proposal.covered_cny,
        "gap_cny": proposal.gap_cny,
        "interest_cny": [round(side) for side in proposal.interest],
        "equity_cny": proposal.equity_cny,
        "documents": list(proposal.documents),
        "longest_days": proposal.longest_days,
        "costs": [one[lang] for one in costs(proposal)],
    }  # fmt: skip
