"""Which facts hold up the most verdicts of each firm of a table: `domain.reasons.open_facts`, counted over the instruments."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from advisor.domain.condition import conjuncts
from advisor.domain.instrument import Instrument
from advisor.screening.bits import Bits, Bytes, spread
from advisor.screening.graph import Graph

Keys = npt.NDArray[np.unsignedinteger[Any]]


class Waiting:
    """For each fact, the instruments that may wait for it and the parts of the graph that say when they do."""

    def __init__(self, instruments: Sequence[Instrument], graph: Graph) -> None:
        catalogue = graph.catalogue
        waiting: dict[str, dict[tuple[int, ...], list[int]]] = {}
        for position, instrument in enumerate(instruments):
            when: dict[str, list[int]] = {}
            for condition in conjuncts(instrument.rule):
                for fact, part in graph.open_facts(condition).items():
                    when.setdefault(fact, []).append(part)
            for fact, parts in when.items():
                waiting.setdefault(fact, {}).setdefault(tuple(sorted(set(parts))), []).append(position)
        places = {fact: place for place, fact in enumerate(catalogue.facts)}
        self.facts = tuple(sorted(waiting, key=lambda fact: (catalogue.facts[fact].tier, places[fact])))
        self._groups = [list(waiting[fact].items()) for fact in self.facts]
        small = len(instruments) < 256 and len(self.facts) < 256
        self._key_dtype: type[np.unsignedinteger[Any]] = np.uint16 if small else np.uint32
        self._bits = 8 if small else 16
        self._last = (1 << self._bits) - 1
        counts = np.arange(len(instruments) + 1, dtype=np.int64)
        self._keys: list[Keys] = [
            np.where(counts > 0, (counts << self._bits) + (self._last - place), 0).astype(self._key_dtype) for place in range(len(self.facts))
        ]
        """For each fact: what a count is compared as, larger for larger counts and for facts that are asked earlier."""
        self._dtype: type[np.unsignedinteger[Any]] = np.uint8 if len(instruments) < 256 else np.uint16
        self.parts = tuple({part: None for groups in self._groups for parts, _ in groups for part in parts})

    def most(
        self, number: int, undecided: Sequence[Bytes], when: Callable[[int], Bits], height: int
    ) -> tuple[npt.NDArray[np.int16], Mapping[str, int]]:
        """Return for each rank and firm the position in `facts` of what holds up most verdicts, -1 for none; and all counts.

        `undecided` are the firms by instrument, a byte each; `when` gives the bits of a part. Of facts with equal counts the
        one that is asked earlier comes first.
        """
        found: Keys = np.zeros((number, height), dtype=self._key_dtype)
        totals: dict[str, int] = {}
        for place, (fact, groups) in enumerate(zip(self.facts, self._groups, strict=True)):
            waits: Keys = np.zeros(height, dtype=self._dtype)
            for parts, instruments in groups:
                waiting = when(parts[0]) if len(parts) == 1 else np.bitwise_or.reduce([when(part) for part in parts])
                if not waiting.any():
                    continue
                sums: Keys = undecided[instruments[0]].astype(self._dtype)
                for instrument in instruments[1:]:
                    sums += undecided[instrument]
                sums *= spread(waiting, height)
                waits += sums
            totals[fact] = int(waits.sum(dtype=np.int64))
            if totals[fact]:
                _keep_largest(found, self._keys[place][waits])
        positions = np.where(found > 0, self._last - (found & self._last).astype(np.int32), -1).astype(np.int16)
        return positions, totals


def _keep_largest(kept: Keys, new: Keys) -> None:
    """Put new values among the largest, which stand in descending order."""
    for rank in range(len(kept)):
        larger = np.maximum(kept[rank], new)
        new = np.minimum(kept[rank], new)
        kept[rank] = larger
