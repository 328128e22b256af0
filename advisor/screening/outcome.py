"""What is concluded for a firm beside the verdicts, as trees: the four stage probabilities, the stage, the fund-chain level.

`domain.stage.estimate` and `domain.warning.watch` say the same for one firm, with their evidence in words; the order of
every sum and product here is theirs, so that a table gets the very same numbers. Trees can be read by any engine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce

from advisor.domain.condition import TRUE, Choice, Constant, Formula, Name, Node, Test, all_of, any_of, negated
from advisor.domain.stage import ANSWER_SIGNS, ANSWERS, FLOWS, STAGES, Stage, StageRules
from advisor.domain.warning import Indicator, Level, WarningRules

ZERO, ONE, FALSE = Constant(0.0), Constant(1.0), Constant(False)
UNKNOWN = Constant(None)  # type: ignore[arg-type]  # written in no rule
LEVELS: tuple[Level, ...] = ("green", "amber", "red")


def _is_true(condition: Node) -> Node:
    """Return whether a condition is known to hold: yes or no, never unknown."""
    return Formula("or_else", (condition, FALSE))


def _is_false(condition: Node) -> Node:
    return Formula("or_else", (negated(condition), FALSE))


def _is_unknown(condition: Node) -> Node:
    return negated(any_of([_is_true(condition), _is_false(condition)]))


def _is_known(number: Node) -> Node:
    return _is_true(Test("==", number, number))


def _sum(numbers: Iterable[Node]) -> Node:
    """Return the sum, added one after another."""
    return reduce(lambda one, other: Formula("+", (one, other)), numbers)


def _product(one: Node, other: Node) -> Node:
    return Formula("*", (one, other))


# ---------------------------------------------------------------- stage


def learned_share(pattern: str) -> str:
    """Return the name of the column that holds a model's share of a pattern."""
    return f"learned {pattern}"


def model_asked(rules: StageRules, enough: Node) -> Node:
    """Return a tree for whether a learned model is to be asked: enough was answered, it knows such firms, no flows decide alone."""
    return all_of([_is_true(enough), negated(_is_true(rules.unlearned.condition)), negated(_all_material(rules))])


def stage_probabilities(rules: StageRules, *, learned: bool = False) -> dict[Stage, Node]:
    """Return a tree for the probability of each stage, as `domain.stage.estimate` has them.

    With `learned` the table holds a model's shares (`learned_share`), null in the rows where it was not asked.
    """
    from_flows = _from_flows(_patterns_heard(rules, learned), rules)
    from_rules = _from_rules(rules)
    joined = _normalised({stage: _product(from_flows[stage], from_rules[stage]) for stage in STAGES})
    settled = _all_material(rules)
    if learned:
        settled = any_of([settled, _model_spoke(rules)])
    shares = {stage: Choice(settled, from_flows[stage], joined[stage]) for stage in STAGES}
    certain = rules.override_probability
    found: dict[Stage, Node] = {}
    for stage in STAGES:
        overridden: Node = shares[stage]
        for rule in reversed(rules.overrides):  # the first that holds decides
            mixed = _product(Constant(1 - certain), shares[stage])
            mixed = Formula("+", (mixed, Constant(certain if rule.stage == stage else 0.0)))
            overridden = Choice(_is_true(rule.condition), mixed, overridden)
        found[stage] = overridden
    return found


def named_stage(probabilities: Mapping[Stage, Node], rules: StageRules) -> Node:
    """Return a tree for the stage that is named; unknown where none is likely enough."""
    largest = Formula("max", tuple(probabilities[stage] for stage in STAGES))
    word: Node = Constant(STAGES[-1])
    for stage in reversed(STAGES[:-1]):
        word = Choice(Test("==", probabilities[stage], largest), Constant(stage), word)
    return Choice(Test(">=", largest, Constant(rules.named_from)), word, UNKNOWN)


def stage_source(rules: StageRules, *, learned: bool = False) -> Node:
    """Return a tree for the witness that names a stage with most authority, as `StageEstimate.source` has it."""
    given = [_flow(position)[1] for position in range(len(FLOWS))]
    said = [_is_known(Name(answer)) for answer in ANSWERS]
    heard = all_of(any_of(pair) for pair in zip(given, said, strict=True))
    answered = any_of([all_of([negated(flow), answer]) for flow, answer in zip(given, said, strict=True)])
    doubtful = all_of(
        [
            _is_unknown(rules.early.condition),
            negated(_is_true(rules.late.condition)),
            *(_has_sign(position, sign) for position, sign in enumerate("--+")),
        ]
    )
    spoken: Node = Choice(any_of([_is_true(rule.condition) for rule in rules.rules]), Constant("rules"), UNKNOWN)
    if learned:
        alone = _from_flows({pattern: Name(learned_share(pattern)) for pattern in rules.patterns}, rules)
        likely = Test(">=", Formula("max", tuple(alone.values())), Constant(rules.named_from))
        spoken = Choice(_is_true(likely), Constant("model"), spoken)
    for condition, witness in (
        (all_of([heard, answered, negated(doubtful)]), "answers"),
        (all_of([*given, negated(doubtful)]), "statements"),
        (any_of([_is_true(rule.condition) for rule in rules.overrides]), "legal_solvency"),
    ):
        spoken = Choice(condition, Constant(witness), spoken)
    return spoken


def _has_sign(position: int, sign: str) -> Node:
    flow, given = _flow(position)
    said = Test("==", Name(ANSWERS[position]), Constant(ANSWER_SIGNS[position][True] == sign))
    return Choice(given, _is_true(Test(">" if sign == "+" else "<", flow, Constant(0))), _is_true(said))


def _flow(position: int) -> tuple[Node, Node]:
    """Return the latest flow, and whether it is known and not zero."""
    flow = Name(f"{FLOWS[position]}_cny")
    return flow, _is_true(Test("!=", flow, Constant(0)))


def _trust_is(position: int, rules: StageRules) -> dict[str, Node]:
    """Return for each name of a trust the condition under which the latest flow has it."""
    flow, given = _flow(position)
    assets = Name("total_assets_cny")
    measured = _is_true(Test(">", assets, Constant(0)))
    share = Formula("/", (Formula("abs", (flow,)), assets))
    small, moderate = (Test("<", share, Constant(bound)) for bound in rules.material)
    return {
        "unmeasured": all_of([given, negated(measured)]),
        "small": all_of([given, measured, small]),
        "moderate": all_of([given, measured, negated(small), moderate]),
        "material": all_of([given, measured, negated(small), negated(moderate)]),
    }


def _all_material(rules: StageRules) -> Node:
    return all_of(_is_true(_trust_is(position, rules)["material"]) for position in range(len(FLOWS)))


def _model_spoke(rules: StageRules) -> Node:
    return _is_known(Name(learned_share(next(iter(rules.patterns)))))


def _patterns_heard(rules: StageRules, learned: bool) -> dict[str, Node]:
    """Return the share of each pattern once flows and answers are heard, not scaled."""
    patterns: dict[str, Node] = {pattern: Constant(meaning.prior) for pattern, meaning in rules.patterns.items()}
    if learned:
        settled = _all_material(rules)
        patterns = {pattern: Choice(settled, prior, Formula("or_else", (Name(learned_share(pattern)), prior))) for pattern, prior in patterns.items()}
    for position in range(len(FLOWS)):
        for sign in "+-":
            factor = _factor(position, sign, rules)
            patterns = {p: _product(share, factor) if p[position] == sign else share for p, share in patterns.items()}
    return patterns


def _from_flows(patterns: Mapping[str, Node], rules: StageRules) -> dict[Stage, Node]:
    startup_share = Formula("or_else", (Choice(rules.early.condition, ONE, ZERO), Constant(rules.early_unknown_share)))
    late = _is_true(rules.late.condition)
    shares: dict[Stage, list[Node]] = {stage: [] for stage in STAGES}
    for pattern, share in patterns.items():
        if pattern == "--+":
            shares["startup"].append(Choice(late, ZERO, _product(share, startup_share)))
            shares["growth"].append(Choice(late, ZERO, _product(share, Formula("-", (ONE, startup_share)))))
            shares["decline"].append(Choice(late, share, ZERO))
        else:
            shares[rules.patterns[pattern].stage].append(share)
    return _normalised({stage: _sum(found) if found else ZERO for stage, found in shares.items()})


def _factor(position: int, sign: str, rules: StageRules) -> Node:
    """Return by how much a flow's or an answer's sign makes a pattern with `sign` there likelier; 1 where nothing is known."""
    flow, _ = _flow(position)
    same = Test(">" if sign == "+" else "<", flow, Constant(0))
    answer = Name(ANSWERS[position])
    said = Test("==", answer, Constant(ANSWER_SIGNS[position][True] == sign))
    factor: Node = Formula("or_else", (_believed(said, rules.trust["answer"]), ONE))
    for name, condition in _trust_is(position, rules).items():
        factor = Choice(_is_true(condition), _believed(same, rules.trust[name]), factor)
    return factor


def _believed(holds: Node, trust: float) -> Node:
    return Choice(holds, Constant(trust), Constant(1 - trust))


def _normalised(shares: Mapping[Stage, Node]) -> dict[Stage, Node]:
    whole = _sum(shares.values())
    return {stage: Formula("/", (share, whole)) for stage, share in shares.items()}


def _from_rules(rules: StageRules) -> dict[Stage, Node]:
    """Return the rules' shares: the first true rule speaks; stages left unknown before it keep a share of what is left."""
    shares: dict[Stage, Node] = dict.fromkeys(STAGES, ZERO)
    waiting: dict[Stage, Node] = {}
    left: Node = ONE
    silent: Node = TRUE
    speaks: list[tuple[Stage, Node]] = []
    for rule in rules.rules:
        speaks.append((rule.stage, all_of([silent, _is_true(rule.condition)])))
        opens = all_of([silent, _is_unknown(rule.condition), negated(waiting.get(rule.stage, FALSE))])
        kept = _product(left, Constant(rules.not_ruled_out_share))
        shares[rule.stage] = Choice(opens, kept, shares[rule.stage])
        left = Choice(opens, Formula("-", (left, kept)), left)
        waiting[rule.stage] = any_of([waiting.get(rule.stage, FALSE), opens])
        silent = all_of([silent, negated(_is_true(rule.condition))])
    reliable = rules.rules_reliability
    found: dict[Stage, Node] = {}
    for stage in STAGES:
        spoken = any_of([here for named, here in speaks if named == stage] or [FALSE])
        share = Choice(spoken, Formula("+", (shares[stage], left)), shares[stage])
        share = Choice(silent, Formula("+", (shares[stage], Formula("/", (left, Constant(len(STAGES)))))), share)
        found[stage] = Formula("+", (_product(Constant(reliable), share), Constant((1 - reliable) / len(STAGES))))
    return found


# ---------------------------------------------------------------- fund chain


def fund_chain_level(rules: WarningRules) -> Node:
    """Return a tree for the level, as `domain.warning.watch` has it; unknown where too little is known to say green."""
    points: list[Node] = []
    weights: list[Node] = []
    firing: dict[str, Node] = {}
    for indicator in rules.indicators:
        stands = _stands(indicator)
        counted = negated(firing[indicator.unless]) if indicator.unless in firing else TRUE
        firing[indicator.id] = all_of([any_of([stands["amber"], stands["red"]]), counted])
        points += [_weigh(all_of([stands[level], counted]), indicator.weight * rules.points[level]) for level in LEVELS]
        weights.append(_weigh(any_of(list(stands.values())), indicator.weight))
    points += [_weigh(_is_true(signal.condition), rules.points[signal.level]) for signal in rules.signals if signal.condition is not None]
    score = _sum(points)
    floors = {level: any_of([_is_true(floor.condition) for floor in rules.floors if floor.level == level] or [FALSE]) for level in LEVELS}
    red = any_of([Test(">=", score, Constant(rules.red_from)), floors["red"]])
    amber = any_of([Test(">=", score, Constant(rules.amber_from)), floors["amber"]])
    known_share = Formula("/", (_sum(weights), Constant(sum(indicator.weight for indicator in rules.indicators))))
    enough = negated(Test("<", known_share, Constant(rules.green_needs_share)))
    return Choice(red, Constant("red"), Choice(amber, Constant("amber"), Choice(enough, Constant("green"), UNKNOWN)))


def _weigh(condition: Node, points: float) -> Node:
    return Choice(condition, Constant(float(points)), ZERO)


def _stands(indicator: Indicator) -> dict[Level, Node]:
    """Return for each level the yes or no whether the indicator stands there; none where it is unknown or does not apply."""
    red, amber = indicator.red, indicator.amber
    exempt = indicator.exempt if indicator.exempt is not None else FALSE
    judged = all_of([negated(_is_true(exempt)), negated(all_of([_is_unknown(exempt), negated(_is_false(amber))]))])
    at_red = all_of([judged, _is_true(red)])
    at_amber = all_of([judged, negated(_is_true(red)), _is_true(amber)])
    at_green = any_of([_is_true(exempt), all_of([judged, _is_false(red), _is_false(amber)])])
    return {"green": at_green, "amber": at_amber, "red": at_red}
