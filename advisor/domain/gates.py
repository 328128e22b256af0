"""Gates: rules above single instruments, that block, put last, or forbid two together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from advisor.domain.condition import Node, Value
from advisor.domain.instrument import Family, Instrument, Origin
from advisor.domain.text import Text


@dataclass(frozen=True, slots=True)
class Gate:
    """While `condition` holds, the instruments concerned are not to be applied for, or only as a last resort."""

    id: str
    condition: Node
    reason: Text
    origin: Origin
    families: tuple[Family, ...] = ()
    instruments: tuple[str, ...] = ()
    spared: tuple[str, ...] = ()
    demotes: bool = False

    def concerns(self, instrument: Instrument) -> bool:
        """Return whether the gate stands before this instrument."""
        if instrument.id in self.spared:
            return False
        return instrument.id in self.instruments or instrument.family in self.families


def blocking(shut: Iterable[Gate], instrument: Instrument) -> tuple[Gate, ...]:
    """Return those of the gates that stand shut before an instrument and block it."""
    return tuple(gate for gate in shut if not gate.demotes and gate.concerns(instrument))


@dataclass(frozen=True, slots=True)
class Pair:
    """Two instruments that may not be drawn for the same spending."""

    first: str
    second: str
    reason: Text

    def other(self, instrument_id: str) -> str | None:
        """Return the partner of an instrument, or None when the pair does not concern it."""
        return {self.first: self.second, self.second: self.first}.get(instrument_id)


@dataclass(frozen=True, slots=True)
class Gates:
    """All gates and pairs."""

    gates: tuple[Gate, ...]
    no_double_subsidy: tuple[Pair, ...]

    def shut(self, states: Mapping[Node, Value | None]) -> tuple[Gate, ...]:
        """Return the gates whose condition holds for a firm."""
        return tuple(gate for gate in self.gates if states[gate.condition] is True)
