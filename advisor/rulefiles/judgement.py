"""stages.yaml, warnings.yaml, ladder.yaml, ranking.yaml, plausibility.yaml -> the rules that judge a firm as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import get_args

from advisor.domain.condition import Choice, Constant, Name, Node, Test, rebuild
from advisor.domain.instrument import FAMILIES, Confidence, Cost, Criterion, Instrument, Source, Status
from advisor.domain.ladder import LadderRules, Rung
from advisor.domain.notation import Naming, kind_of
from advisor.domain.ranking import PARTS, Ranking
from advisor.domain.ruleset import Check
from advisor.domain.stage import PATTERNS, STAGES, Class5, PatternMeaning, StageRule, StageRules, Unlearned
from advisor.domain.warning import DistressModel, Indicator, Level, LevelRule, Response, Signal, WarningRules
from advisor.rulefiles.entry import Entry, texts
from advisor.rulefiles.instruments import read_basis, read_criteria, refuse_overlaps

READING = "reading"
TRUSTS = ("material", "moderate", "small", "unmeasured", "answer")
LEVELS: tuple[Level, ...] = get_args(Level)


def read_stages(root: Entry) -> StageRules:
    """Return the stage rules."""
    root.only(
        "stages", "shakeout_meaning", "classes", "named_from", "patterns", "early", "late", "rules", "overrides",
        "learned", "trust", "material", "rules_reliability", "not_ruled_out_share", "override_probability", "candidates_share",
    )  # fmt: skip
    stages = {stage: root.at("stages").at(stage) for stage in STAGES}
    root.at("stages").only(*STAGES)
    patterns = {}
    for signs, entry in root.pairs("patterns"):
        entry.only("class5", "stage", "prior")
        if signs not in PATTERNS:
            entry.refuse("patterns", f"“{signs}”不是三个正负号", f"'{signs}' is not three signs")
        patterns[signs] = PatternMeaning(entry.word("class5", get_args(Class5)), entry.word("stage", STAGES), entry.number("prior"))
    if set(patterns) != set(PATTERNS) or abs(sum(p.prior for p in patterns.values()) - 1) > 1e-9:
        root.refuse("patterns", "要有八种现金流组合，先验合计为1", "eight patterns are needed, their priors summing to 1")
    early = root.at("early")
    early.only("if", "text", "unknown_share")
    late, learned = root.at("late"), root.at("learned")
    late.only("if", "text")
    learned.only("unless", "text", "unproved", "caveat")
    return StageRules(
        labels={stage: entry.text("label") for stage, entry in stages.items()},
        meanings={stage: entry.text("meaning") for stage, entry in stages.items()},
        shakeout_meaning=root.text("shakeout_meaning"),
        classes=texts(root.pairs("classes")),  # type: ignore[arg-type]
        patterns=patterns,
        early=StageRule("startup", early.condition(), early.text("text")),
        late=StageRule("decline", late.condition(), late.text("text")),
        early_unknown_share=early.share("unknown_share"),
        rules=tuple(_stage_rule(entry) for entry in root.items("rules")),
        overrides=tuple(_stage_rule(entry) for entry in root.items("overrides")),
        unlearned=Unlearned(learned.condition("unless"), learned.text("text"), learned.condition("unproved"), learned.text("caveat")),
        trust=root.shares("trust", TRUSTS),
        material=root.span("material"),
        rules_reliability=root.share("rules_reliability"),
        not_ruled_out_share=root.share("not_ruled_out_share"),
        override_probability=root.share("override_probability"),
        named_from=root.share("named_from"),
        candidates_share=root.share("candidates_share"),
    )


def _stage_rule(entry: Entry) -> StageRule:
    entry.only("stage", "if", "text")
    return StageRule(entry.word("stage", STAGES), entry.condition(), entry.text("text"))


def read_warnings(root: Entry, industries: Mapping[str, object], instruments: Mapping[str, Instrument]) -> WarningRules:
    """Return the fund-chain warning rules."""
    root.only("points", "amber_from", "red_from", "green_needs_share", "indicators", "signals", "models", "floors", "responses")
    indicators = tuple(_indicator(entry, industries) for entry in root.items("indicators"))
    seen: set[str] = set()
    for entry, indicator in zip(root.items("indicators"), indicators, strict=True):
        if indicator.unless is not None and indicator.unless not in seen:
            entry.refuse("unless", "unless 要写排在前面的一个指标", "unless must name an indicator that stands before", "unless")
        seen.add(indicator.id)
    return WarningRules(
        indicators=indicators,
        signals=tuple(_signal(entry) for entry in root.items("signals")),
        models=tuple(_model(entry) for entry in root.items("models")),
        floors=tuple(LevelRule(entry.word("level", LEVELS), entry.condition(), entry.text("text")) for entry in root.items("floors")),
        responses=tuple(
            Response(entry.word("level", LEVELS), entry.condition(), entry.words("instruments", instruments), entry.text("text"))
            for entry in root.items("responses")
        ),
        points={level: root.at("points").number(level) for level in LEVELS},
        amber_from=root.number("amber_from"),
        red_from=root.number("red_from"),
        green_needs_share=root.share("green_needs_share"),
    )


def _indicator(entry: Entry, industries: Mapping[str, object]) -> Indicator:
    entry.only("id", "label", "reading", "amber", "red", "by_industry", "exempt", "unless", "unit", "weight", "confidence")
    reading = entry.formula("reading")
    levels: dict[str, Node] = {}
    entry.book.names[READING] = Naming(kind_of(reading, entry.book.names))
    for level in ("amber", "red"):
        levels[level] = entry.condition(level)
        for industry, row in entry.pairs("by_industry"):
            row.only("amber", "red")
            if industry not in industries:
                row.refuse("unknown_word", f"没有行业“{industry}”", f"no industry '{industry}'")
            # Where the industry is unknown, a choice still knows what all industries agree on.
            levels[level] = Choice(Test("==", Name("industry_class"), Constant(industry)), row.condition(level), levels[level])
    del entry.book.names[READING]
    entry.book.parsed = {key: node for key, node in entry.book.parsed.items() if READING not in key[0]}

    def put_reading(node: Node) -> Node:
        return rebuild(node, lambda part: reading if part == Name(READING) else part)

    return Indicator(
        id=entry.string("id"),
        label=entry.text("label"),
        reading=reading,
        amber=put_reading(levels["amber"]),
        red=put_reading(levels["red"]),
        weight=entry.number("weight"),
        unit=entry.string("unit"),
        confidence=entry.word("confidence", get_args(Confidence)),
        exempt=entry.condition("exempt") if entry.has("exempt") else None,
        unless=entry.maybe_string("unless"),
    )


def _signal(entry: Entry) -> Signal:
    entry.only("id", "label", "if", "level", "source")
    condition = entry.condition() if entry.has("if") else None
    return Signal(entry.string("id"), entry.text("label"), entry.word("level", LEVELS), entry.text("source"), condition)


def _model(entry: Entry) -> DistressModel:
    entry.only("id", "label", "formula", "applies", "distress", "safe", "source", "confidence")
    return DistressModel(
        entry.string("id"), entry.text("label"), entry.formula("formula"), entry.condition("applies"), entry.number("distress"),
        entry.number("safe"), entry.text("source"), entry.word("confidence", get_args(Confidence)),
    )  # fmt: skip


def read_ladder(root: Entry, sources: Mapping[str, Source], instruments: Mapping[str, Instrument], titles: Mapping[str, object]) -> LadderRules:
    """Return the ladder with all versions of its rungs, low to high."""
    root.only("near_misses", "suppress", "rungs")
    rungs: list[Rung] = []
    for entry in root.items("rungs"):
        rungs += _rungs(entry, sources, instruments, titles)
    suppress = []
    for entry in root.items("suppress"):
        entry.only("if", "text")
        suppress.append((entry.condition(), entry.text("text")))
    return LadderRules(tuple(rungs), tuple(suppress), int(root.number("near_misses")))


def _rungs(entry: Entry, sources: Mapping[str, Source], instruments: Mapping[str, Instrument], titles: Mapping[str, object]) -> list[Rung]:
    entry.only("id", "name", "authority", "covered_by", "valid_years", "unlocks", "confidence", "caveat", "extra", "basis", "sources",
               "valid", "criteria", "versions")  # fmt: skip
    years = entry.maybe_number("valid_years")
    entry.words("sources", sources)
    current = Rung(
        id=entry.word("id", titles),
        name=entry.text("name"),
        authority=entry.text("authority"),
        criteria=_criteria(entry, sources),
        covered_by=entry.words("covered_by", titles),
        unlocks=entry.words("unlocks", instruments),
        valid_years=None if years is None else int(years),
        confidence=entry.word("confidence", get_args(Confidence)),
        caveat=entry.text("caveat"),
        basis=tuple(read_basis(basis) for basis in entry.items("basis")),
        extra=entry.maybe_text("extra"),
        validity=entry.validity(),
    )
    others = []
    for version in entry.items("versions"):
        version.only("valid", "criteria")
        others.append(replace(current, criteria=_criteria(version, sources), validity=version.validity()))
    refuse_overlaps(entry, [rung.validity for rung in (current, *others)])
    return [current, *others]


def _criteria(entry: Entry, sources: Mapping[str, Source]) -> tuple[Criterion, ...]:
    renamed = Entry(entry.file, entry.book, {"hard": entry.value.get("criteria")} if isinstance(entry.value, dict) else {}, entry.path)
    return tuple(read_criteria(renamed, "hard", sources))


def read_ranking(root: Entry) -> Ranking:
    """Return the weights of the ranking."""
    root.only("weights", "purpose", "cost", "status", "family", "documents", "lead_days", "confidence", "targeted", "avoid_factor", "misfit")
    family = root.at("family")
    family.only(*FAMILIES)
    weights = root.shares("weights", PARTS)
    root.at("status").only(*get_args(Status))
    misfit = root.shares("misfit", ("below", "factor"))
    targeted = root.number("targeted")
    if targeted <= 0 or sum(weights.values()) <= 0:
        root.refuse("not_positive", "targeted 和权重合计要大于0", "targeted and the sum of the weights must be above 0")
    return Ranking(
        weights=weights,
        purpose=root.shares("purpose", ("any", "coverage", "focus")),
        cost=root.shares("cost", get_args(Cost)),
        family={name: family.share(name) for name, _ in family.pairs()},  # type: ignore[misc]
        status={name: root.at("status").share(name) for name, _ in root.pairs("status")},  # type: ignore[misc]
        misfit=(misfit["below"], misfit["factor"]),
        documents=root.span("documents"),
        lead_days=root.span("lead_days"),
        confidence=root.shares("confidence", get_args(Confidence)),
        targeted=targeted,
        avoid_factor=root.share("avoid_factor"),
    )


def read_checks(root: Entry) -> tuple[Check, ...]:
    """Return the plausibility checks."""
    root.only("checks")
    checks = []
    for entry in root.items("checks"):
        entry.only("id", "if", "text")
        checks.append(Check(entry.string("id"), entry.condition(), entry.text("text")))
    return tuple(checks)
