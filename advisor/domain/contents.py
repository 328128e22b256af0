"""What the rules say, subject by subject: every term and every clause that can differ between two rule sets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from advisor.domain import words
from advisor.domain.condition import Choice, Constant, Name, Test, all_of, conjuncts
from advisor.domain.facts import DerivedFact, Fact
from advisor.domain.gates import Gate
from advisor.domain.instrument import Instrument
from advisor.domain.ladder import LadderRules, Rung
from advisor.domain.ranking import Ranking
from advisor.domain.ruleset import STAGE_FACT, RuleSet
from advisor.domain.stage import StageRules
from advisor.domain.statement import (
    Clause,
    Kind,
    Subject,
    Term,
    alone,
    basis_terms,
    condition_term,
    criterion_clause,
    figure_terms,
    instrument_name,
    joined,
    member_terms,
    options_of,
    say_plain,
    term,
    text_terms,
    validity_terms,
    version_of,
    worded_clause,
)
from advisor.domain.text import Text
from advisor.domain.warning import Indicator, WarningRules
from advisor.domain.wording import money, say_value, sentence

INDUSTRY_CODES = "industry_codes"
"""The subject that says which industry each registered code belongs to."""
_LEVELS: Mapping[str, Text] = {level: words.LEVEL[level] for level in ("green", "amber", "red")}
_SPEED: Mapping[str, Text] = {"fixed": Text("不能改变", "cannot be changed"), "slow": Text("较慢", "slow"), "fast": Text("较快", "fast")}
_TOWARD: Mapping[object, Text] = {
    "up": Text("提高", "up"), "down": Text("降低", "down"), "any": Text("都可以", "either way"), "add": Text("增加选项", "more options"),
}  # fmt: skip
_SCOPE: Mapping[str, Text] = {
    "national": Text("全国", "national"), "chongqing": Text("重庆", "Chongqing"), "district": Text("区县", "district"),
}  # fmt: skip
_SOURCE_KIND: Mapping[str, Text] = {
    "official": Text("官方", "official"), "media": Text("媒体", "media"), "repost": Text("转载", "repost"),
    "secondary": Text("二手资料", "secondary"),
}  # fmt: skip


def subjects(rules: RuleSet) -> Iterator[Subject]:
    """Yield everything the rules say, one subject after the other."""
    yield from _instruments(rules)
    for fact in rules.catalogue.facts.values():
        yield alone("fact", fact.id, fact.label, _fact_terms(fact, rules))
    for derived in rules.catalogue.derived.values():
        yield alone("size" if derived.id == "size_class" else "derived", derived.id, derived.label, _derived_terms(derived, rules))
    codes, industries = rules.catalogue.industry_codes, options_of("industry_class", rules)
    by_code = (term(f"code.{code}", f"代码{code}", f"Code {code}", industry, industries.get(industry)) for code, industry in codes.items())
    yield alone("size", INDUSTRY_CODES, Text("行业代码所属行业", "Industries of the codes"), by_code)
    yield _stage(rules.stages, rules)
    yield from _warnings(rules.warnings, rules)
    yield from (alone("gate", gate.id, gate.reason, _gate_terms(gate, rules)) for gate in rules.gates.gates)
    for pair in rules.gates.no_double_subsidy:
        both = sorted((pair.first, pair.second))
        name = instrument_name(both[0], rules) + Text("、", ", ") + instrument_name(both[1], rules)
        yield alone("pair", "+".join(both), name, [term("reason", "理由", "Reason", pair.reason)])
    yield from _ladder(rules.ladder, rules)
    yield alone("ranking", "ranking", Text("排序", "Ranking"), _ranking_terms(rules.ranking))
    for check in rules.checks:
        terms = [condition_term("if", "何时提醒", "When it is said", check.condition, rules), term("text", "提醒", "What is said", check.text)]
        yield alone("check", check.id, check.text, terms)
    for source in rules.sources.values():
        kind = term("kind", "性质", "Kind", source.kind, _SOURCE_KIND[source.kind], wording=True)
        address = term("url", "网址", "Address", source.url, wording=True)
        yield alone("source", source.id, source.title, [term("text", "名称", "Name", source.title, wording=True), kind, address])
    named: tuple[tuple[Kind, Mapping[str, Text]], ...] = (("document", rules.documents), ("topic", rules.topics), ("place", rules.found_in))
    for kind_of_word, texts in named:
        for word, said in texts.items():
            yield alone(kind_of_word, word, said, [term("text", "名称", "Name", said, wording=True)])


# ---------------------------------------------------------------- instruments, criteria


def _instruments(rules: RuleSet) -> Iterator[Subject]:
    versions: dict[str, list[Instrument]] = {}
    for one in rules.instruments:
        versions.setdefault(one.id, []).append(one)
    for name, found in versions.items():
        laid_out = (version_of(_instrument_terms(one, rules), (criterion_clause(c, rules) for c in one.criteria), one.validity) for one in found)
        yield Subject("instrument", name, found[0].name, tuple(laid_out))


def _instrument_terms(one: Instrument, rules: RuleSet) -> Iterator[Term]:
    offer, stages, purposes = one.offer, rules.stages.labels, options_of("purposes", rules)
    yield term("name", "名称", "Name", one.name)
    yield term("family", "类别", "Family", one.family, words.FAMILY[one.family])
    yield term("status", "状态", "Status", one.status, words.STATUS[one.status])
    yield term("confidence", "核实程度", "Checked", one.confidence, words.CONFIDENCE[one.confidence])
    yield from validity_terms(one.validity)
    yield term("scope", "适用范围", "Scope", one.scope, _SCOPE[one.scope])
    yield term("core", "重点工具", "Core instrument", one.core)
    yield from member_terms("stages", "阶段", "Stage", one.stages, lambda name: stages[name])  # type: ignore[index]
    yield from member_terms("purposes", "用途", "Purpose", one.purposes, lambda name: purposes.get(name, Text(name, name)))
    yield term("min_cny", "最低金额", "Smallest amount", offer.min_cny, _cny(offer.min_cny))
    yield term("max_cny", "最高金额", "Largest amount", offer.max_cny, _cny(offer.max_cny))
    yield term("min_months", "最短期限", "Shortest tenor", offer.min_months, _count(offer.min_months, "个月", "month"))
    yield term("max_months", "最长期限", "Longest tenor", offer.max_months, _count(offer.max_months, "个月", "month"))
    yield term("cost", "成本", "Cost", offer.cost, words.COST[offer.cost])
    yield term("price", "价格", "Price", offer.price)
    yield term("security", "担保", "Security", offer.security)
    yield term("lead_days", "办理天数", "Days until a decision", one.lead_days)
    yield from member_terms("documents", "材料", "Document", one.documents, lambda code: rules.documents[code])
    yield term("provider", "办理机构", "Provider", one.provider)
    yield term("apply_at", "办理渠道", "Where to apply", one.apply_at)
    yield from basis_terms(one.basis)
    yield term("summary", "简介", "summary", one.summary, wording=True)
    yield term("caveat", "提醒", "caveat", one.caveat, wording=True)
    yield term("amount_note", "金额说明", "note on the amount", offer.amount_note, wording=True)
    yield term("tenor_note", "期限说明", "note on the tenor", offer.tenor_note, wording=True)
    yield term("history", "沿革", "history", one.history, wording=True)
    yield from member_terms("sources", "出处", "sources", one.sources, lambda name: rules.sources[name].title, wording=True)


def _cny(amount: float | None) -> Text | None:
    return None if amount is None else money(amount)


def _count(number: int | None, zh: str, en: str) -> Text | None:
    return None if number is None else Text(f"{number:g}{zh}", f"{number:g} {en}{'' if number == 1 else 's'}")


# ---------------------------------------------------------------- facts


def _fact_terms(fact: Fact, rules: RuleSet) -> Iterator[Term]:
    change = fact.change
    yield from _named_fact_terms(fact)
    for aspect, zh, en, bound in (
        ("low", "最小可填", "Least that may be given", fact.low),
        ("high", "最大可填", "Most that may be given", fact.high),
    ):
        yield term(aspect, zh, en, bound, None if bound is None else say_value(bound, fact))
    if fact.typical is not None:
        yield term("typical", "常见范围", "Usual range", fact.typical, joined("至", " to ", (say_value(bound, fact) for bound in fact.typical)))
    yield term("speed", "改变的快慢", "How fast it can be changed", change.speed, _SPEED[change.speed])
    toward = say_value(change.toward, fact) if isinstance(change.toward, tuple) else _TOWARD.get(change.toward)
    yield term("toward", "可建议的方向", "Direction that may be advised", change.toward, toward)
    yield from member_terms("from", "只能从此改起", "To be moved from", change.start, lambda option: fact.options.get(option, say_plain(option)))
    yield term("effort", "改变的难易", "Effort of a change", change.effort, words.EFFORT[change.effort])
    yield term("gaming", "从不建议改动", "Never advised to change", change.gaming)
    yield term("ages", "随时间变化", "Moves as time passes", change.ages)
    yield term("tier", "提问先后", "How early it is asked", fact.tier)
    yield term("hard", "须查资料", "Must be looked up", fact.hard)
    yield term("topic", "主题", "topic", fact.topic, rules.topics.get(fact.topic), wording=True)
    yield term("question", "问法", "question", fact.question, wording=True)
    yield from member_terms("found", "在哪找", "where it is found", fact.found, lambda code: rules.found_in[code], wording=True)
    yield from member_terms("synonyms", "同义词", "synonym", fact.synonyms, say_plain, wording=True)
    for word, option in fact.also.items():
        label = f"选项的别名（{word}）", f"other word for an option ({word})"
        yield term(f"also.{word}", *label, option, fact.options.get(option), wording=True)
    also = (f"{word} = {option}" for word, option in fact.also.items())
    yield from member_terms("also", "选项的其他说法", "other word for an option", also, say_plain, wording=True)
    yield from member_terms("suggestions", "提示词", "suggestion", fact.suggestions, say_plain, wording=True)


def _named_fact_terms(fact: Fact | DerivedFact) -> Iterator[Term]:
    """Yield what asked and derived facts have in common."""
    yield term("label", "名称", "name", fact.label, wording=True)
    yield term("kind", "类型", "Kind", fact.kind)
    yield term("unit", "单位", "Unit", fact.unit)
    yield from text_terms("options", "选项", "Option", fact.options)
    yield from text_terms("specials", "特别取值", "Special value", fact.specials)
    statements = {"yes" if verdict else "no": said for verdict, said in fact.statements.items()}
    yield from text_terms("statements", "说法", "statement", statements, wording=True)


def _derived_terms(fact: DerivedFact, rules: RuleSet) -> Iterator[Term]:
    yield from _named_fact_terms(fact)
    yield from _size_bounds(fact, rules) or [condition_term("formula", "算法", "Worked out as", fact.formula, rules)]
    yield term("note", "说明", "note", fact.note, wording=True)
    yield term("spelled_out", "理由里拆开说", "shown by its parts", fact.spelled_out, wording=True)


def _size_bounds(fact: DerivedFact, rules: RuleSet) -> list[Term]:
    """Return the bounds of each class in each industry; none where the formula is no such table."""
    industries, found, node = options_of("industry_class", rules), [], fact.formula
    while isinstance(node, Choice):
        rows = getattr(node.condition, "parts", (node.condition,))
        for row in rows:
            match node.then, conjuncts(row):
                case Constant(str(size)), (Test("==", Name("industry_class"), Constant(str(industry))), *bounds):
                    label = industries.get(industry, say_plain(industry)) + Text("：", ": ") + fact.options.get(size, say_plain(size))
                    said = sentence(all_of(bounds), rules.catalogue)
                    found.append(Term(f"bounds.{industry}.{size}", label, all_of(bounds), said))
                case _:
                    return []
        node = node.other
    return [*found, condition_term("others", "其余", "All others", node, rules)] if found else []


# ---------------------------------------------------------------- stage, fund chain


def _stage(stages: StageRules, rules: RuleSet) -> Subject:
    def clauses() -> Iterator[Clause]:
        early, when = stages.early, Text("现金流为“负负正”时算", "Where the flows are - - +: ")
        yield worded_clause(f"early.{early.stage}", when + stages.labels[early.stage], early.condition, rules, early.text)
        late = stages.late
        yield worded_clause(f"late.{late.stage}", when + stages.labels[late.stage], late.condition, rules, late.text)
        unlearned, what = stages.unlearned, Text("不问统计模型的企业", "Firms the learned model is not asked about")
        yield worded_clause("learned.unless", what, unlearned.condition, rules, unlearned.text)
        doubtful = Text("统计模型没有验证过的企业", "Firms the learned model was not validated on")
        yield worded_clause("learned.unproved", doubtful, unlearned.unproved, rules, unlearned.caveat)
        for aspect, zh, en, listed in (("rules", "判为", "Rule for ", stages.rules), ("overrides", "直接判为", "Decides for ", stages.overrides)):
            for rule in listed:
                label = Text(zh, en) + stages.labels[rule.stage]
                yield worded_clause(f"{aspect}.{rule.stage}", label, rule.condition, rules, rule.text, key=rule.stage if aspect == "rules" else None)

    return Subject("stage", STAGE_FACT, Text("生命周期阶段", "Lifecycle stage"), (version_of(_stage_terms(stages), clauses()),), ordered=True)


def _stage_terms(stages: StageRules) -> Iterator[Term]:
    for signs, meaning in stages.patterns.items():
        zh, en = f"现金流{signs}的", f"Flows {signs}: "
        yield term(f"patterns.{signs}.stage", f"{zh}阶段", f"{en}stage", meaning.stage, stages.labels[meaning.stage])
        yield term(f"patterns.{signs}.class5", f"{zh}五分类", f"{en}class", meaning.class5, stages.classes.get(meaning.class5))
        yield term(f"patterns.{signs}.prior", f"{zh}先验", f"{en}prior", meaning.prior)
    yield from figure_terms("trust", "现金流正负号的可信度", "Trust in a sign", stages.trust)
    for aspect, zh, en in (
        ("early_unknown_share", "情况不明时算初创的份额", "Share that counts as startup while unknown"),
        ("material", "现金流算大算小的界限（占总资产）", "Flows count as small and as material from (share of assets)"),
        ("rules_reliability", "阶段规则的可信度", "Reliability of the rules"),
        ("not_ruled_out_share", "尚不能排除的份额", "Share of what is not ruled out"),
        ("override_probability", "直接判定后的概率", "Probability after a deciding fact"),
        ("named_from", "从多大概率起说出阶段", "Probability from which a stage is named"),
        ("candidates_share", "列出可能阶段直到合计", "Likeliest stages shown until they hold"),
    ):
        yield term(aspect, zh, en, getattr(stages, aspect))
    yield from text_terms("labels", "阶段名称", "stage name", stages.labels, wording=True)
    yield from text_terms("meanings", "阶段含义", "meaning of a stage", stages.meanings, wording=True)
    yield term("shakeout_meaning", "动荡期占多数时的含义", "Meaning where shake-out prevails", stages.shakeout_meaning, wording=True)
    yield from text_terms("classes", "五分类名称", "class name", stages.classes, wording=True)


def _warnings(warnings: WarningRules, rules: RuleSet) -> Iterator[Subject]:
    def clauses() -> Iterator[Clause]:
        for floor in warnings.floors:
            label = Text("至少", "At least ") + words.LEVEL[floor.level]
            yield worded_clause(f"floors.{floor.level}", label, floor.condition, rules, floor.text)
        for response in warnings.responses:
            label = words.LEVEL[response.level] + Text("时的应对", ": what answers it")
            terms = member_terms("instruments", "应对工具", "Instrument", response.instruments, lambda name: instrument_name(name, rules))
            yield worded_clause(f"responses.{response.level}", label, response.condition, rules, response.text, terms)

    terms = [
        *figure_terms("points", "分值", "Points", warnings.points, _LEVELS),
        term("amber_from", "黄灯起点", "Amber from", warnings.amber_from),
        term("red_from", "红灯起点", "Red from", warnings.red_from),
        term("green_needs_share", "说绿灯所需的已知份额", "Share to be known before green is said", warnings.green_needs_share),
    ]
    yield Subject("warning", "fund_chain", Text("资金链预警", "Fund-chain warning"), (version_of(terms, clauses()),))
    yield from (alone("indicator", one.id, one.label, _indicator_terms(one, rules)) for one in warnings.indicators)
    for signal in warnings.signals:
        terms = [
            term("label", "名称", "name", signal.label, wording=True),
            condition_term("if", "条件", "Condition", signal.condition, rules),
            term("level", "级别", "Level", signal.level, words.LEVEL[signal.level]),
            term("source", "来源", "source", signal.source, wording=True),
        ]
        yield alone("signal", signal.id, signal.label, terms)
    for model in warnings.models:
        terms = [
            term("label", "名称", "name", model.label, wording=True),
            condition_term("formula", "算法", "Worked out as", model.formula, rules),
            condition_term("applies", "适用于", "Applies where", model.applies, rules),
            term("distress", "低于此为困境", "Distressed below", model.distress),
            term("safe", "高于此为安全", "Safe above", model.safe),
            term("source", "来源", "source", model.source, wording=True),
            term("confidence", "核实程度", "Checked", model.confidence, words.CONFIDENCE[model.confidence]),
        ]
        yield alone("model", model.id, model.label, terms)


def _indicator_terms(one: Indicator, rules: RuleSet) -> Iterator[Term]:
    yield term("label", "名称", "name", one.label, wording=True)
    yield condition_term("reading", "算法", "Worked out as", one.reading, rules)
    for aspect, node in (("amber", one.amber), ("red", one.red)):
        label = words.LEVEL[aspect]
        while isinstance(node, Choice):
            match node.condition:
                case Test("==", Name("industry_class"), Constant(str(industry))):
                    of = options_of("industry_class", rules).get(industry, say_plain(industry))
                    yield condition_term(f"{aspect}.{industry}", f"{label.zh}（{of.zh}）", f"{label.en} ({of.en})", node.then, rules)
                    node = node.other
                case _:
                    break
        yield condition_term(aspect, label.zh, label.en, node, rules)
    yield term("weight", "权重", "Weight", one.weight)
    yield term("unit", "单位", "Unit", one.unit)
    yield term("confidence", "核实程度", "Checked", one.confidence, words.CONFIDENCE[one.confidence])
    yield condition_term("exempt", "何时不计", "Does not count where", one.exempt, rules)
    others = {other.id: other.label for other in rules.warnings.indicators}
    yield term("unless", "已由此项计入", "Counted already by", one.unless, others.get(one.unless or ""))


# ---------------------------------------------------------------- gates, ladder, ranking


def _gate_terms(gate: Gate, rules: RuleSet) -> Iterator[Term]:
    yield condition_term("if", "何时关闭", "Shut while", gate.condition, rules)
    yield term("demotes", "只排到最后，不拦", "Puts last instead of blocking", gate.demotes)
    yield term("origin", "谁的要求", "Who asks it", gate.origin, words.ORIGIN[gate.origin])
    yield from member_terms("families", "涉及类别", "Family concerned", gate.families, lambda name: words.FAMILY[name])
    for aspect, zh, en, ids in (("instruments", "涉及工具", "Instrument concerned", gate.instruments), ("spared", "除外", "Spared", gate.spared)):
        yield from member_terms(aspect, zh, en, ids, lambda name: instrument_name(name, rules))
    yield term("reason", "理由", "Reason", gate.reason)


def _ladder(ladder: LadderRules, rules: RuleSet) -> Iterator[Subject]:
    versions: dict[str, list[Rung]] = {}
    for rung in ladder.rungs:
        versions.setdefault(rung.id, []).append(rung)
    order = tuple(versions)
    names = [found[0].name for found in versions.values()]
    terms = [
        term("order", "从低到高", "From low to high", order, joined("、", ", ", names)),
        term("near_misses", "差几条以内算接近", "Near with up to this many unmet", ladder.near_misses),
    ]
    clauses = [worded_clause("suppress", Text("不提称号的情形", "No title is named where"), node, rules, said) for node, said in ladder.suppress]
    yield Subject("ladder", "ladder", Text("称号阶梯", "Ladder of titles"), (version_of(terms, clauses),), ordered=True)
    for name, found in versions.items():
        laid_out = (version_of(_rung_terms(one, rules), (criterion_clause(c, rules) for c in one.criteria), one.validity) for one in found)
        yield Subject("rung", name, found[0].name, tuple(laid_out))


def _rung_terms(rung: Rung, rules: RuleSet) -> Iterator[Term]:
    titles = options_of("certs", rules)
    yield term("name", "名称", "Name", rung.name)
    yield from validity_terms(rung.validity)
    yield term("confidence", "核实程度", "Checked", rung.confidence, words.CONFIDENCE[rung.confidence])
    yield term("valid_years", "有效期", "Valid for", rung.valid_years, _count(rung.valid_years, "年", "year"))
    yield from member_terms("covered_by", "已含在更高称号里", "Covered by", rung.covered_by, lambda name: titles.get(name, say_plain(name)))
    yield from member_terms("unlocks", "可打开的工具", "Opens", rung.unlocks, lambda name: instrument_name(name, rules))
    yield term("authority", "认定部门", "Authority", rung.authority)
    yield term("extra", "另外还要", "Also asked", rung.extra)
    yield from basis_terms(rung.basis)
    yield term("caveat", "提醒", "caveat", rung.caveat, wording=True)


def _ranking_terms(ranking: Ranking) -> Iterator[Term]:
    yield from figure_terms("weights", "权重", "Weight", ranking.weights, _PARTS)
    yield from figure_terms("purpose", "用途相合的分值", "Value of a purpose met", ranking.purpose, _PURPOSE)
    yield from figure_terms("cost", "成本的分值", "Value of a cost", ranking.cost, words.COST)
    yield from figure_terms("status", "状态的系数", "Factor of a status", ranking.status, words.STATUS)
    yield from figure_terms("family", "类别的系数", "Factor of a family", ranking.family, words.FAMILY)
    yield from figure_terms("confidence", "核实程度的分值", "Value of what was checked", ranking.confidence, words.CONFIDENCE)
    yield term("documents", "材料数（最好至最差）", "Number of documents, best to worst", ranking.documents)
    yield term("lead_days", "办理天数（最好至最差）", "Days until a decision, best to worst", ranking.lead_days)
    yield term("targeted", "几条专有条件算完全对口", "Conditions of its own that make it fully targeted", ranking.targeted)
    yield term("avoid_factor", "每条“不宜”的系数", "Factor of each reason against it", ranking.avoid_factor)
    yield from figure_terms("misfit", "金额差得太远", "Amounts far off", dict(zip(("below", "factor"), ranking.misfit, strict=True)), _MISFIT)


_PARTS: Mapping[str, Text] = {
    "stage": Text("阶段", "stage"), "purpose": Text("用途", "purpose"), "preferences": Text("加分条件", "preferences"),
    "amount": Text("金额", "amount"), "tenor": Text("期限", "tenor"), "targeted": Text("对口程度", "targeted"), "cost": Text("成本", "cost"),
    "effort": Text("材料多少", "effort"), "lead_time": Text("办理快慢", "lead time"), "confidence": Text("核实程度", "confidence"),
}  # fmt: skip
_PURPOSE: Mapping[str, Text] = {
    "any": Text("有一项相合", "any met"), "coverage": Text("相合的多少", "how many met"), "focus": Text("专一程度", "how exactly"),
}  # fmt: skip
_MISFIT: Mapping[str, Text] = {"below": Text("低于此份额", "share below which"), "factor": Text("乘以此系数", "factor")}
