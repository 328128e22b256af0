"""The network in plain arrays: inputs in, shares of the eight patterns out. NumPy alone.

A multilayer perceptron with rectified units, as `sklearn.neural_network.MLPClassifier` trains it: the change of cash is the
sum of the three flows, and units that add learn such identities where trees must cut them into steps.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

SPAN = 20.0
"""Inputs further from the middle than so many of its widths count as that far."""
BEND = 3.0
BLOCK = 8_192
"""Rows worked out at once, so that what lies between the layers stays in the processor's caches."""


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """Middle and width of each input, the inputs whose absence is told, and the weights of each layer."""

    middle: Floats
    width: Floats
    flagged: npt.NDArray[np.int64]
    weights: tuple[Floats, ...]
    biases: tuple[Floats, ...]

    def scaled(self, inputs: Floats) -> Floats:
        """Return what enters the first layer, n x (inputs + flags): bent towards the middle, 0 and a flag where not known."""
        z = (inputs - self.middle) / self.width
        unknown = np.isnan(z)
        z[unknown] = 0.0
        np.clip(z, -SPAN, SPAN, out=z)
        z /= 1 + np.abs(z) / BEND
        return np.concatenate([z, unknown[:, self.flagged]], axis=1)

    def scores(self, inputs: Floats) -> Floats:
        """Return the eight scores (log shares up to a constant) of each row of inputs, n x f with NaN for unknown."""
        found = np.empty((len(inputs), len(self.biases[-1])))
        for start in range(0, len(inputs), BLOCK):
            layer = self.scaled(inputs[start : start + BLOCK])
            for place, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
                if place:
                    np.maximum(layer, 0.0, out=layer)
                layer = layer @ weight
                layer += bias
            found[start : start + BLOCK] = layer
        return found

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return everything as arrays by name."""
        named: dict[str, npt.NDArray[np.generic]] = {"middle": self.middle, "width": self.width, "flagged": self.flagged}
        for place, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            named |= {f"weight{place}": weight, f"bias{place}": bias}
        return named

    @classmethod
    def from_arrays(cls, named: Mapping[str, npt.NDArray[np.generic]]) -> Network:
        """Return the network that `arrays` described. Raises KeyError, ValueError for arrays that do not fit together."""
        layers = sum(name.startswith("weight") for name in named)
        weights = tuple(named[f"weight{place}"].astype(np.float64) for place in range(layers))
        biases = tuple(named[f"bias{place}"].astype(np.float64) for place in range(layers))
        found = cls(named["middle"].astype(np.float64), named["width"].astype(np.float64), named["flagged"].astype(np.int64), weights, biases)
        sizes = [len(found.middle) + len(found.flagged), *(len(bias) for bias in biases)]
        if not layers or [weight.shape for weight in weights] != list(pairwise(sizes)):
            raise ValueError("layers do not fit together")
        return found


def spread(inputs: Floats) -> tuple[Floats, Floats]:
    """Return the middle of each input, n x f with NaN for unknown, and how far three quarters of the rows lie from it at most."""
    middle, width = np.zeros(inputs.shape[1]), np.ones(inputs.shape[1])
    for place, column in enumerate(inputs.T):
        known = column[~np.isnan(column)]
        if len(known):
            middle[place] = np.median(known)
            width[place] = np.percentile(np.abs(known - middle[place]), 75) or 1.0
    return middle, width


def softmax(scores: Floats, temperature: Floats | float = 1.0) -> Floats:
    """Return shares that add up to one along the last axis, from scores divided by a temperature."""
    scores = scores / temperature
    scores -= scores.max(axis=-1, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=-1, keepdims=True)
    return scores


def digest(named: Mapping[str, npt.NDArray[np.generic]]) -> str:
    """Return a hash of arrays and their names."""
    whole = hashlib.sha256()
    for name in sorted(named):
        array = np.ascontiguousarray(named[name])
        whole.update(f"{name} {array.dtype.str} {array.shape};".encode())
        whole.update(array.tobytes())
    return whole.hexdigest()
