"""Fund-chain early warning: indicators and signals weighed into green, amber or red.

The level is a lower bound on trouble: what is unknown adds nothing. So green is only said when enough is
known; with less, and nothing alarming, the level is None.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from advisor.domain.condition import Node, Value
from advisor.domain.instrument import Confidence
from advisor.domain.text import Text

Level = Literal["green", "amber", "red"]
States = Mapping[Node, Value | None]


@dataclass(frozen=True, slots=True)
class Indicator:
    """A figure with an amber and a red condition; `weight` counts in the score.

    `unless` names the indicator that already counts the same thing; `exempt` says when it does not apply.
    """

    id: str
    label: Text
    reading: Node
    amber: Node
    red: Node
    weight: float
    unit: str
    confidence: Confidence
    exempt: Node | None = None
    unless: str | None = None


@dataclass(frozen=True, slots=True)
class Signal:
    """Something that happened; without a condition it is named but cannot be asked yet."""

    id: str
    label: Text
    level: Level
    source: Text
    condition: Node | None = None


@dataclass(frozen=True, slots=True)
class DistressModel:
    """A published score: distressed below `distress`, safe above `safe`, grey between."""

    id: str
    label: Text
    formula: Node
    applies: Node
    distress: float
    safe: float
    source: Text
    confidence: Confidence


@dataclass(frozen=True, slots=True)
class LevelRule:
    """A condition that sets the level at least this high, whatever the score."""

    level: Level
    condition: Node
    text: Text


@dataclass(frozen=True, slots=True)
class Response:
    """Instruments that answer a level, when its condition holds."""

    level: Level
    condition: Node
    instruments: tuple[str, ...]
    text: Text


@dataclass(frozen=True, slots=True)
class WarningRules:
    """Everything `rules/warnings.yaml` says."""

    indicators: tuple[Indicator, ...]
    signals: tuple[Signal, ...]
    models: tuple[DistressModel, ...]
    floors: tuple[LevelRule, ...]
    responses: tuple[Response, ...]
    points: Mapping[Level, float]
    amber_from: float
    red_from: float
    green_needs_share: float
    """Share of the indicators' weight that must be known before green is said."""

    def conditions(self) -> tuple[Node, ...]:
        """Return every node to be compiled."""
        nodes: list[Node] = []
        for indicator in self.indicators:
            nodes += [indicator.reading, indicator.amber, indicator.red]
            nodes += [indicator.exempt] if indicator.exempt is not None else []
        nodes += [signal.condition for signal in self.signals if signal.condition is not None]
        for model in self.models:
            nodes += [model.formula, model.applies]
        nodes += [rule.condition for rule in self.floors]
        nodes += [response.condition for response in self.responses]
        return tuple(nodes)


@dataclass(frozen=True, slots=True)
class Alarm:
    """One indicator or signal that stands at amber or red."""

    id: str
    kind: Literal["indicator", "signal", "floor"]
    level: Level
    label: Text
    known: Value | None = None
    threshold: Node | None = None
    unit: str = ""
    confidence: Confidence = "assumed"


@dataclass(frozen=True, slots=True)
class ModelReading:
    """What a published distress model says of the firm: one vote, not the verdict."""

    model: DistressModel
    score: float
    zone: Literal["safe", "grey", "distress"]


@dataclass(frozen=True, slots=True)
class FundChain:
    """The level (None when too little is known to say green), why, and how much was known."""

    level: Level | None
    score: float
    alarms: tuple[Alarm, ...]
    known_share: float
    models: tuple[ModelReading, ...]
    responses: tuple[Response, ...]


_ORDER: dict[Level, int] = {"green": 0, "amber": 1, "red": 2}


def watch(states: States, rules: WarningRules) -> FundChain:
    """Return the fund-chain level of a firm from the values of the warning rules' nodes."""
    alarms: list[Alarm] = []
    score = known = 0.0
    firing: set[str] = set()
    for indicator in rules.indicators:
        stands = _indicator_level(indicator, states)
        if stands is None:
            continue
        known += indicator.weight
        if indicator.unless in firing:
            continue
        score += indicator.weight * rules.points[stands]
        if stands != "green":
            firing.add(indicator.id)
            threshold = indicator.red if stands == "red" else indicator.amber
            alarms.append(
                Alarm(indicator.id, "indicator", stands, indicator.label, states[indicator.reading], threshold,
                      indicator.unit, indicator.confidence)
            )  # fmt: skip
    for signal in rules.signals:
        if signal.condition is not None and states[signal.condition] is True:
            score += rules.points[signal.level]
            alarms.append(Alarm(signal.id, "signal", signal.level, signal.label))
    level: Level = "red" if score >= rules.red_from else "amber" if score >= rules.amber_from else "green"
    for floor in rules.floors:
        if states[floor.condition] is not True:
            continue
        if all(alarm.level != floor.level for alarm in alarms):  # else something has said it already
            alarms.append(Alarm(f"floor_{floor.level}", "floor", floor.level, floor.text))
        level = floor.level if _ORDER[floor.level] > _ORDER[level] else level
    total = sum(indicator.weight for indicator in rules.indicators)
    known_share = known / total
    said = None if level == "green" and known_share < rules.green_needs_share else level
    alarms.sort(key=lambda alarm: -_ORDER[alarm.level])
    responses = tuple(r for r in rules.responses if r.level == said and states[r.condition] is not False)
    return FundChain(said, score, tuple(alarms), known_share, _readings(states, rules), responses)


def _indicator_level(indicator: Indicator, states: States) -> Level | None:
    """Return where an indicator stands, or None where it is unknown or does not apply."""
    exempt = states[indicator.exempt] if indicator.exempt is not None else False
    if exempt is True:
        return "green"
    red, amber = states[indicator.red], states[indicator.amber]
    if exempt is None and amber is not False:
        return None
    if red is True:
        return "red"
    if red is None:
        return "amber" if amber is True else None
    return "amber" if amber is True else None if amber is None else "green"


def _readings(states: States, rules: WarningRules) -> tuple[ModelReading, ...]:
    readings = []
    for model in rules.models:
        score = states[model.formula]
        if states[model.applies] is not False and isinstance(score, int | float):
            zone: Literal["safe", "grey", "distress"] = "distress" if score < model.distress else "safe" if score > model.safe else "grey"
            readings.append(ModelReading(model, float(score), zone))
    return tuple(readings)
