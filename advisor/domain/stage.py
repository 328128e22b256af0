"""Where a firm stands in its life: four probabilities, and every piece of evidence behind them.

Four witnesses are heard. *Statements*: the signs of the three cash flows make one of eight patterns
(Dickinson 2011, The Accounting Review 86(6)), which read as his five classes and our four stages. *Answers*:
the owner's three yes-or-no answers are the same signs, less certain. *Rules*: ordered conditions in
`rules/stages.yaml`. A learned *model* tells the patterns from the accounts; where it speaks it takes the place of the
priors and of the rules, for it was measured and they were not. Legal and solvency facts outrank all of them. The formula
stands in `docs/explanation/stage.md`; its numbers stand in `rules/stages.yaml`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from advisor.domain.condition import Known, Node
from advisor.domain.figures import total
from advisor.domain.text import Text

Stage = Literal["startup", "growth", "mature", "decline"]
STAGES: tuple[Stage, ...] = get_args(Stage)
Class5 = Literal["introduction", "growth", "mature", "shakeout", "decline"]
Pattern = str
"""Signs of operating, investing and financing cash flow, such as "+--"."""
PATTERNS: tuple[Pattern, ...] = ("--+", "+-+", "+--", "---", "+++", "++-", "-++", "-+-")

FLOWS = ("opcf", "invcf", "fincf")
ANSWERS = ("ops_brought_cash", "spent_on_investment", "raised_more_than_repaid")
# "Spent more on investment than came back" means that the investing flow is negative.
ANSWER_SIGNS = ({True: "+", False: "-"}, {True: "-", False: "+"}, {True: "+", False: "-"})
YEARS = ("", "_y1", "_y2")


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a learned model says of a firm."""

    patterns: Mapping[Pattern, float]
    """Probabilities over the eight patterns."""
    least: float
    """The stages at least so likely hold the true one in nine firm-years of ten (split conformal, firms not trained on, no cash answers)."""
    tier: str
    """How much was answered, from "T0" to "T3"."""
    version: str = ""
    """Which model says it."""


Model = Callable[[Known], Opinion | None]
"""A learned stage; None where too little was answered."""


@dataclass(frozen=True, slots=True)
class PatternMeaning:
    """What one of the eight patterns stands for."""

    class5: Class5
    stage: Stage
    prior: float


@dataclass(frozen=True, slots=True)
class StageRule:
    """One ordered rule: the stage it names when it is true."""

    stage: Stage
    condition: Node
    text: Text


@dataclass(frozen=True, slots=True)
class Unlearned:
    """The firms of which a learned model knows nothing, and why in words."""

    condition: Node
    text: Text
    unproved: Node
    """Where it is asked although nothing was proved for such firms."""
    caveat: Text


@dataclass(frozen=True, slots=True)
class StageRules:
    """Everything `rules/stages.yaml` says; shares and probabilities are fractions."""

    labels: Mapping[Stage, Text]
    meanings: Mapping[Stage, Text]
    shakeout_meaning: Text
    """What decline means where shake-out prevails."""
    classes: Mapping[Class5, Text]
    patterns: Mapping[Pattern, PatternMeaning]
    early: StageRule
    """When `--+` is a startup; when false it is growth on borrowed working capital."""
    late: StageRule
    """When `--+` is decline, whatever `early` says."""
    early_unknown_share: float
    rules: tuple[StageRule, ...]
    overrides: tuple[StageRule, ...]
    unlearned: Unlearned
    trust: Mapping[str, float]
    """How often a sign is right: material, moderate, small, unmeasured, answer."""
    material: tuple[float, float]
    """Shares of total assets: below the first a flow is small, from the second on it is material."""
    rules_reliability: float
    not_ruled_out_share: float
    override_probability: float
    named_from: float
    candidates_share: float

    def conditions(self) -> tuple[Node, ...]:
        """Return every condition, to be compiled together."""
        return (
            *(rule.condition for rule in (self.early, self.late, *self.rules, *self.overrides)),
            self.unlearned.condition,
            self.unlearned.unproved,
        )


Witness = Literal["legal_solvency", "statements", "answers", "model", "rules"]
WITNESSES: tuple[Witness, ...] = get_args(Witness)
"""Who speaks of the stage, those with most authority first."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One witness: who says it, what stage follows, and in which words."""

    witness: Witness
    stage: Stage | None
    text: Text
    year: int = 0
    """Years back: 0 is the latest."""
    pattern: Pattern | None = None
    class5: Class5 | None = None
    borderline: bool = False
    neighbours: tuple[Stage, ...] = ()
    shakeout: bool = False
    not_ruled_out: tuple[Stage, ...] = ()


@dataclass(frozen=True, slots=True)
class StageEstimate:
    """Four probabilities that sum to one, the stage they name (or None), and the evidence."""

    stage: Stage | None
    probabilities: Mapping[Stage, float]
    evidence: tuple[Evidence, ...]
    disagreement: bool = False
    candidates_share: float = 1.0
    opinion: Opinion | None = None
    """What the learned model said, where the probabilities rest on it."""

    @property
    def source(self) -> Witness | None:
        """The witness of the latest year with most authority among those that name a stage."""
        speaking = {piece.witness for piece in self.evidence if piece.stage is not None and piece.year == 0}
        if self.opinion is None:
            speaking.discard("model")
        return next((witness for witness in WITNESSES if witness in speaking), None)

    @property
    def candidates(self) -> tuple[Stage, ...]:
        """The likeliest stages that together hold `candidates_share`; where a model spoke, its conformal set."""
        found: list[Stage] = []
        likeliest_first = sorted(STAGES, key=lambda stage: -self.probabilities[stage])
        if self.opinion is not None:
            return tuple(stage for stage in likeliest_first if self.probabilities[stage] >= self.opinion.least) or (likeliest_first[0],)
        for stage in likeliest_first:
            if sum(self.probabilities[known] for known in found) >= self.candidates_share:
                break
            found.append(stage)
        return tuple(found)


def estimate(known: Known, verdicts: Mapping[Node, bool | None], rules: StageRules, model: Model | None = None) -> StageEstimate:
    """Return the stage of a firm from what is known and from the verdicts on the stage rules' conditions."""
    early = read_early(verdicts[rules.early.condition], verdicts[rules.late.condition])
    evidence: list[Evidence] = []

    patterns = {pattern: meaning.prior for pattern, meaning in rules.patterns.items()}
    opinion = None
    if model is not None and verdicts[rules.unlearned.condition] is True:
        evidence.append(Evidence("model", None, _NOT_ASKED.fill(why=rules.unlearned.text)))
    elif model is not None:
        opinion = model(known)
    if opinion is not None:
        evidence.append(_learned(opinion, rules, early, unproved=verdicts[rules.unlearned.unproved] is True))
    heard = signs_heard(known, rules)
    settled = [source for _, _, source in heard] == ["material"] * len(FLOWS)
    if settled:  # three material flows need no second opinion
        opinion = None
    elif opinion is not None:
        patterns = dict(opinion.patterns)

    for year, suffix in enumerate(YEARS):
        seen = _statement(known, suffix, year, rules, early)
        if seen is not None:
            evidence.append(seen)
    given = [(position, sign) for position, sign, source in heard if source != "answer"]
    if 0 < len(given) < len(FLOWS):
        evidence.append(Evidence("statements", None, _some_flows(given)))
    if any(source == "answer" for _, _, source in heard):
        evidence.append(_answers(heard, rules, early))
    for position, sign, source in heard:
        trust = rules.trust[source]
        patterns = {p: share * (trust if p[position] == sign else 1 - trust) for p, share in patterns.items()}
    from_flows = _stages(patterns, rules, early)

    ruled = _walk(verdicts, rules)
    evidence.append(ruled)
    probabilities = from_flows
    if opinion is None and not settled:
        from_rules = _rule_shares(ruled, rules)
        probabilities = _normalised({stage: from_flows[stage] * from_rules[stage] for stage in STAGES})

    overriding = [rule for rule in rules.overrides if verdicts[rule.condition] is True]
    evidence += [Evidence("legal_solvency", rule.stage, rule.text) for rule in overriding]
    if overriding:
        certain = rules.override_probability
        probabilities = {stage: (1 - certain) * share + (certain if stage == overriding[0].stage else 0.0) for stage, share in probabilities.items()}

    likeliest_stage = max(STAGES, key=lambda stage: probabilities[stage])
    named = likeliest_stage if probabilities[likeliest_stage] >= rules.named_from else None
    counted = {piece.stage for piece in evidence if piece.stage is not None and piece.year == 0 and (opinion is None or piece.witness != "rules")}
    if opinion is not None:  # the rules do not weigh in, but a decline they see is worth a look; so is a stage the model did not name
        counted |= {stage for stage in (named, "decline" if ruled.stage == "decline" else None) if stage is not None}
    return StageEstimate(named, probabilities, tuple(evidence), len(counted) > 1, rules.candidates_share, opinion)


def read_early(early: bool | None, late: bool | None) -> Stage | None:
    """Return the stage `--+` is read as, from the verdicts of its two rules; None where it is startup or growth."""
    if late is True:
        return "decline"
    return None if early is None else "startup" if early else "growth"


def stage_of_pattern(pattern: Pattern, rules: StageRules, early: Stage | None) -> Stage | None:
    """Return the stage a pattern stands for; `early` is what `--+` is read as, None where it could be startup or growth."""
    return early if pattern == "--+" else rules.patterns[pattern].stage


def _stages(patterns: Mapping[Pattern, float], rules: StageRules, early: Stage | None) -> dict[Stage, float]:
    shares: dict[Stage, float] = dict.fromkeys(STAGES, 0.0)
    for pattern, share in patterns.items():
        stage = stage_of_pattern(pattern, rules, early)
        if stage is None:
            shares["startup"] += share * rules.early_unknown_share
            shares["growth"] += share * (1 - rules.early_unknown_share)
        else:
            shares[stage] += share
    return _normalised(shares)


def _normalised(shares: Mapping[Stage, float]) -> dict[Stage, float]:
    whole = total(shares.values())
    return {stage: share / whole for stage, share in shares.items()}


def _size(flow: float, known: Known, rules: StageRules, suffix: str = "") -> str:
    """Return how large a flow is beside total assets of its year (the latest where unknown), as the name of a trust."""
    assets = known.get(f"total_assets{suffix}_cny") or known.get("total_assets_cny")
    if not isinstance(assets, int | float) or assets <= 0:
        return "unmeasured"
    share = abs(flow) / assets
    return "small" if share < rules.material[0] else "moderate" if share < rules.material[1] else "material"


def _flows(known: Known, suffix: str) -> tuple[float | None, ...]:
    flows = (known.get(f"{flow}{suffix}_cny") for flow in FLOWS)
    return tuple(flow if isinstance(flow, int | float) and flow != 0 else None for flow in flows)


def signs_heard(known: Known, rules: StageRules) -> list[tuple[int, str, str]]:
    """Return (flow, sign, trust) for each flow of the latest year: from statements where known, else answers."""
    heard = []
    for position, flow in enumerate(_flows(known, "")):
        if flow is not None:
            heard.append((position, "+" if flow > 0 else "-", _size(flow, known, rules)))
        elif isinstance(answer := known.get(ANSWERS[position]), bool):
            heard.append((position, ANSWER_SIGNS[position][answer], "answer"))
    return heard


def _statement(known: Known, suffix: str, year: int, rules: StageRules, early: Stage | None) -> Evidence | None:
    """Return the verdict of one year's three flows; None where one is zero or missing."""
    flows = _flows(known, suffix)
    signed = [flow for flow in flows if flow is not None]
    if len(signed) < len(FLOWS):
        return None
    pattern = "".join("+" if flow > 0 else "-" for flow in signed)
    doubtful = [position for position, flow in enumerate(signed) if _size(flow, known, rules, suffix) == "small"]
    seen = _pattern_evidence("statements", pattern, rules, early if year == 0 else None, year)
    neighbours = []
    for position in doubtful:
        flipped = pattern[:position] + ("-" if pattern[position] == "+" else "+") + pattern[position + 1 :]
        other = stage_of_pattern(flipped, rules, early if year == 0 else None)
        either: tuple[Stage, ...] = ("startup", "growth") if other is None else (other,)
        neighbours += [neighbour for neighbour in either if neighbour != seen.stage and neighbour not in neighbours]
    if not doubtful:
        return seen
    text = seen.text + Text(
        "；有一项现金流不到总资产的{share}，属于边缘情形", "; one flow is under {share} of total assets, so this is borderline"
    ).fill(share=f"{rules.material[0]:.0%}")
    return Evidence(
        "statements", seen.stage, text, year, pattern, seen.class5, True, tuple(neighbours), seen.shakeout
    )  # fmt: skip


_NOT_ASKED = Text("没有问它：{why}", "not asked: {why}")
_FLOW_NAMES = (Text("经营", "operating"), Text("投资", "investing"), Text("筹资", "financing"))


def _some_flows(given: list[tuple[int, str]]) -> Text:
    """Return which of the three flows a statement gives, and their signs."""
    text = Text("只知道一部分现金流：", "some cash flows are known: ")
    for place, (position, sign) in enumerate(given):
        shown = "−" if sign == "-" else sign
        text += (Text("、", ", ") if place else Text("", "")) + _FLOW_NAMES[position] + Text(shown, f" {shown}")
    return text


def _learned(opinion: Opinion, rules: StageRules, early: Stage | None, *, unproved: bool) -> Evidence:
    """Return what the model says; a stage only where one is likely enough to be named."""
    shares = _stages(opinion.patterns, rules, early)
    likeliest = max(STAGES, key=lambda stage: shares[stage])
    pattern = max(opinion.patterns, key=lambda pattern: opinion.patterns[pattern])
    shaken = total(share for signs, share in opinion.patterns.items() if rules.patterns[signs].class5 == "shakeout")
    text = Text("按账面看，", "from the accounts: ")
    told = [stage for stage in sorted(STAGES, key=lambda stage: -shares[stage]) if shares[stage] >= _SHOWN_FROM]
    for place, stage in enumerate(told):
        text += (Text("、", ", ") if place else Text("", "")) + rules.labels[stage] + Text(f"{shares[stage]:.0%}", f" {shares[stage]:.0%}")
        if stage == "decline" and shaken >= _SHOWN_FROM:
            text += Text(f"（其中动荡期{shaken:.0%}）", f" (of which shake-out {shaken:.0%})")
    if unproved:
        text += Text("；", "; ") + rules.unlearned.caveat
    named = likeliest if shares[likeliest] >= rules.named_from else None
    shakeout = named == "decline" and shaken > shares["decline"] / 2
    return Evidence("model", named, text, pattern=pattern, class5=rules.patterns[pattern].class5, shakeout=shakeout)


_SHOWN_FROM = 0.005
"""Shares below are not worth a word."""


def _pattern_evidence(witness: Literal["statements"], pattern: Pattern, rules: StageRules, early: Stage | None, year: int = 0) -> Evidence:
    meaning = rules.patterns[pattern]
    stage = stage_of_pattern(pattern, rules, early)
    signs = pattern.replace("-", "−")
    text = Text("经营、投资、筹资现金流的方向为{signs}：{class5}", "operating, investing and financing cash flow {signs}: {class5}")
    text = text.fill(signs=signs, class5=rules.classes[meaning.class5])
    if pattern == "--+":
        text += {
            "startup": Text("；{early}，读作初创", "; {early}: read as startup"),
            "decline": Text("；{late}，读作衰退", "; {late}: read as decline"),
            "growth": Text(
                "；没有以下任何一种：{early}，读作靠借款铺货的成长期", "; none of these: {early}; so read as growth on borrowed working capital"
            ),
            None: Text(
                "；可能是初创，也可能是靠借款铺货的成长期，要看：{early}", "; startup, or growth on borrowed working capital, depending on: {early}"
            ),
        }[early].fill(early=rules.early.text, late=rules.late.text)
    shakeout = meaning.class5 == "shakeout"
    if shakeout:
        text += Text("（动荡期，归入衰退）", " (shake-out, counted inside decline)")
    return Evidence(witness, stage, text, year, pattern, meaning.class5, shakeout=shakeout)


def _answers(heard: list[tuple[int, str, str]], rules: StageRules, early: Stage | None) -> Evidence:
    """Return what the owner's answers say; a stage only when all three signs are known."""
    answered = sum(source == "answer" for _, _, source in heard)
    stage, pattern, class5 = None, None, None
    if len(heard) == len(FLOWS):
        pattern = "".join(sign for _, sign, _ in heard)
        stage, class5 = stage_of_pattern(pattern, rules, early), rules.patterns[pattern].class5
    text = Text(f"您对{answered}个现金问题的回答", f"your answers to {answered} of the three cash questions")
    if class5 is not None:
        text += Text("：", ": ") + rules.classes[class5]
    return Evidence("answers", stage, text, pattern=pattern, class5=class5, shakeout=class5 == "shakeout")


def _walk(verdicts: Mapping[Node, bool | None], rules: StageRules) -> Evidence:
    """Walk the ordered rules: the first true one speaks; those left unknown before it are not ruled out."""
    open_stages: list[Stage] = []
    for rule in rules.rules:
        verdict = verdicts[rule.condition]
        if verdict is True:
            return Evidence("rules", rule.stage, rule.text, not_ruled_out=tuple(open_stages))
        if verdict is None and rule.stage not in open_stages:
            open_stages.append(rule.stage)
    text = Text("现有情况还不足以让阶段规则下结论", "too little is known for the stage rules to speak")
    return Evidence("rules", None, text, not_ruled_out=tuple(open_stages))


def _rule_shares(ruled: Evidence, rules: StageRules) -> dict[Stage, float]:
    """Return the rules' probabilities: stages not ruled out keep a share of what is left, then all is softened."""
    shares: dict[Stage, float] = dict.fromkeys(STAGES, 0.0)
    left = 1.0
    for stage in ruled.not_ruled_out:
        shares[stage] = left * rules.not_ruled_out_share
        left -= shares[stage]
    if ruled.stage is not None:
        shares[ruled.stage] += left
    else:
        for stage in STAGES:
            shares[stage] += left / len(STAGES)
    reliable = rules.rules_reliability
    return {stage: reliable * share + (1 - reliable) / len(STAGES) for stage, share in shares.items()}
