"""The stage model as it is used: one firm or a table in, the shares of the eight patterns out; its file, and its card."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import numpy as np
import numpy.typing as npt

from advisor.classifier.inputs import ANSWERS, INPUTS, NAMES, NEEDED, TIERS, basics_known, definitions, input_trees
from advisor.classifier.network import Floats, Network, digest, softmax
from advisor.classifier.transitions import NextYear
from advisor.domain.condition import Constant, Known, Node, Test
from advisor.domain.errors import InputError, Place, Problem
from advisor.domain.program import Program
from advisor.domain.stage import PATTERNS, STAGES, Opinion
from advisor.domain.text import Text

WEIGHTS, CARD = "weights.npz", "card.json"
PLACES = 7
"""Shares are rounded to so many places: one firm and a table add in another order, and must say the same."""
MOST_BYTES = 50_000_000
REMEMBERED = 256


@dataclass(frozen=True, eq=False)
class StageModel:
    """A learned stage. `temperature` and `least` have one entry a tier, `inputs` the names of the inputs it was trained on."""

    network: Network
    temperature: Floats
    least: Floats
    next_year: NextYear | None = None
    worth: Floats | None = None
    """What each answer settles, tiers x answers: the average fall of log-loss, in nats (explanation.py)."""
    typical: Floats | None = None
    """Quartiles of the inputs by stage, stages x inputs x 3."""
    card: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        trees = input_trees()
        object.__setattr__(self, "trees", trees)
        object.__setattr__(self, "enough", Test(">=", basics_known(), Constant(NEEDED)))
        object.__setattr__(self, "version", digest(self._arrays())[:12])
        object.__setattr__(self, "_program", Program([*trees.values(), self.enough], {}))
        object.__setattr__(self, "_remembered", lru_cache(maxsize=REMEMBERED)(self._opinion))

    trees: Mapping[str, Node] = field(init=False, repr=False)
    enough: Node = field(init=False, repr=False)
    version: str = field(init=False)
    """A hash of the weights and of how the inputs are made."""
    patterns = PATTERNS

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel to another process as what it was made from."""
        return StageModel, (self.network, self.temperature, self.least, self.next_year, self.worth, self.typical, self.card)

    def __call__(self, known: Known) -> Opinion | None:
        """Return the model's opinion of a firm; None where fewer than NEEDED basic facts are known."""
        *inputs, enough = self._program(known)  # type: ignore[attr-defined]
        if enough is not True:
            return None
        found: Opinion = self._remembered(tuple(inputs))  # type: ignore[attr-defined]
        return found

    def _opinion(self, inputs: tuple[float | None, ...]) -> Opinion:
        row = np.array([inputs], dtype=np.float64)
        tier = int(tiers_of(row)[0])
        return Opinion(dict(zip(PATTERNS, self.shares(row)[0].tolist(), strict=True)), float(self.least[tier]), TIERS[tier], self.version)

    def shares(self, inputs: Floats) -> Floats:
        """Return the shares of the eight patterns, n x 8, from inputs, n x f in the order of `trees` with NaN for unknown."""
        scores = self.network.scores(inputs)
        return np.round(softmax(scores, self.temperature[tiers_of(inputs)][:, None]), PLACES)

    # ------------------------------------------------------------ the file

    def _arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        formulas = np.array(definitions())
        later = {} if self.next_year is None else {f"next_{name}": array for name, array in self.next_year.arrays().items()}
        summary = {name: array for name, array in (("worth", self.worth), ("typical", self.typical)) if array is not None}
        return {**self.network.arrays(), "temperature": self.temperature, "least": self.least, "inputs": formulas, **summary, **later}

    def save(self, folder: Path) -> None:
        """Write the weights as plain arrays and the card as JSON."""
        folder.mkdir(parents=True, exist_ok=True)
        packed = io.BytesIO()
        np.savez_compressed(packed, allow_pickle=False, **self._arrays())
        for name, content in ((WEIGHTS, packed.getvalue()), (CARD, (json.dumps(self.card, ensure_ascii=False, indent=1) + "\n").encode())):
            written = folder / f".{name}.part"
            written.write_bytes(content)
            written.replace(folder / name)


def load_model(folder: Path) -> StageModel:
    """Return the model kept in a folder. Raises InputError where there is none, or where it was made for other inputs."""
    try:
        arrays, card = _arrays_in(folder / WEIGHTS), json.loads(_read(folder / CARD))
        later = {name.removeprefix("next_"): array for name, array in arrays.items() if name.startswith("next_")}
        model = StageModel(
            Network.from_arrays(arrays), arrays["temperature"].astype(np.float64), arrays["least"].astype(np.float64),
            NextYear.from_arrays(later) if later else None, arrays.get("worth"), arrays.get("typical"), card,
        )  # fmt: skip
        _check(model, arrays)
    except FileNotFoundError as error:
        raise _refuse("model_missing", "这里没有阶段模型", "there is no stage model here", folder) from error
    except (OSError, ValueError, KeyError, IndexError, EOFError, RecursionError, BadZipFile) as error:
        raise _refuse(
            "model_unusable",
            "阶段模型读不了，或是为别的输入训练的；请重新训练",
            "the stage model cannot be read or was trained for other inputs; train it again",
            folder,
        ) from error
    return model


def _read(file: Path) -> bytes:
    if file.stat().st_size > MOST_BYTES:
        raise ValueError("too large")
    return file.read_bytes()


def _arrays_in(file: Path) -> dict[str, npt.NDArray[Any]]:
    packed = _read(file)
    with ZipFile(io.BytesIO(packed)) as opened:
        if sum(part.file_size for part in opened.infolist()) > MOST_BYTES:
            raise ValueError("too large once unpacked")
    with np.load(io.BytesIO(packed), allow_pickle=False) as kept:
        return {name: kept[name] for name in kept.files}


def _check(model: StageModel, arrays: Mapping[str, npt.NDArray[np.generic]]) -> None:
    """Raise ValueError for a model that would fail, or mislead, when it is used."""
    network, tiers = model.network, len(TIERS)
    shapes = {
        (tiers,): (model.temperature, model.least), (len(NAMES),): (network.middle, network.width), (len(PATTERNS),): (network.biases[-1],),
        (tiers, len(ANSWERS)): () if model.worth is None else (model.worth,),
        (len(STAGES), len(NAMES), 3): () if model.typical is None else (model.typical,),
    }  # fmt: skip
    finite = (network.middle, network.width, *network.weights, *network.biases, model.temperature, model.least)
    if arrays["inputs"].tolist() != definitions() or network.flagged.tolist() != [place for place, one in enumerate(INPUTS) if one.flagged]:
        raise ValueError("other inputs")
    if any(array.shape != shape for shape, found in shapes.items() for array in found):
        raise ValueError("other sizes")
    if not all(np.isfinite(array).all() for array in finite) or (network.width <= 0).any() or (model.temperature <= 0).any():
        raise ValueError("no usable numbers")
    if not isinstance(model.card, dict) or model.card.get("version", model.version) != model.version:
        raise ValueError("the card of another model")


def _refuse(code: str, zh: str, en: str, folder: Path) -> InputError:
    return InputError([Problem(code, Text(zh, en), Place(str(folder)))])


def tiers_of(inputs: Floats) -> npt.NDArray[np.int64]:
    """Return for each row of inputs how much was answered, as a place in TIERS."""
    found = np.zeros(len(inputs), dtype=np.int64)
    for place, tier in enumerate(TIERS):
        columns = [column for column, one in enumerate(INPUTS) if one.tier == tier and len(one.formulas) == 1]
        found[~np.isnan(inputs[:, columns]).all(axis=1)] = place
    return found
