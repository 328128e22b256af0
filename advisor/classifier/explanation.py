"""What the stage model says of one firm beyond the numbers: which answers moved it, which answers would settle most, and how
the firm compares with others of its stage.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import factorial

import numpy as np
import polars as pl

from advisor.classifier.book import Book, Ints
from advisor.classifier.inputs import ANSWERS, FACTS, NAMES, TIERS, Answer, Tier
from advisor.classifier.model import PLACES, StageModel, tiers_of
from advisor.classifier.network import Floats
from advisor.classifier.training import Table, early_as, input_columns, stage_of
from advisor.domain.condition import Value
from advisor.domain.facts import Catalogue
from advisor.domain.stage import ANSWERS as CASH_QUESTIONS
from advisor.domain.stage import FLOWS, PATTERNS, STAGES, Stage, StageRules, signs_heard, stage_of_pattern
from advisor.domain.text import Text

EXACT = 10
"""Up to so many answers every subset of them is scored; beyond, orders are drawn."""
PAIRS = 64
"""So many orders of the answers are drawn, each with its reverse."""
SEED = 1
QUESTIONS, COMPARED = 2, 5
WORTH_ASKING = 0.01
"""Questions that are expected to settle less, in nats, are not asked."""
QUARTILES = (25, 50, 75)

PLAIN: Mapping[str, Text] = {
    "asset_growth": Text("资产比上年增长", "growth of assets"),
    "sales_growth": Text("收入比上年增长", "growth of sales"),
    "margin": Text("净利润占收入", "net profit to sales"),
    "return_on_assets": Text("净利润占资产", "net profit to assets"),
    "turnover": Text("收入相当于资产的", "sales to assets"),
    "leverage": Text("负债占资产", "liabilities to assets"),
    "profit_change": Text("净利润的增减占资产", "change of net profit to assets"),
    "owners_money": Text("股东投入减分红占资产", "owners' money in, less dividends, to assets"),
    "retained": Text("历年留存的利润占资产", "retained earnings to assets"),
    "operating_profit": Text("息税前利润占资产", "profit before interest and tax to assets"),
    "current_assets": Text("流动资产占资产", "current assets to assets"),
    "current_liabilities": Text("流动负债占资产", "current liabilities to assets"),
    "cash": Text("货币资金占资产", "cash to assets"),
    "debt": Text("有息债务占资产", "interest-bearing debt to assets"),
    "capital_spending": Text("买设备建厂房的钱占资产", "capital spending to assets"),
    "depreciation": Text("折旧摊销占资产", "depreciation to assets"),
    "overheads": Text("销售和管理费用占收入", "selling and administrative expense to sales"),
    "fixed_assets": Text("固定资产占资产", "fixed assets to assets"),
    "inventory": Text("存货占资产", "inventory to assets"),
    "receivables": Text("应收账款占资产", "receivables to assets"),
    "cash_change": Text("货币资金的增减占资产", "change of cash to assets"),
    "debt_change": Text("有息债务的增减占资产", "change of debt to assets"),
    "receivables_change": Text("应收账款的增减占资产", "change of receivables to assets"),
    "inventory_change": Text("存货的增减占资产", "change of inventory to assets"),
    "current_liabilities_change": Text("流动负债的增减占资产", "change of current liabilities to assets"),
    "long_assets_change": Text("长期资产的增减占资产", "change of long-lived assets to assets"),
    "operating_before": Text("前年日常经营净收的现金占资产", "net cash from daily business to assets the year before"),
    "investing_before": Text(
        "前年投资净收回的现金占资产（负数为净投入）", "net cash back from investment (below zero: put in) to assets the year before"
    ),
    "financing_before": Text("前年从银行和股东净拿到的钱占资产", "net money from banks and owners to assets the year before"),
    "operating_best": Text("日常经营净收的现金占资产（按账面估算）", "net cash from daily business to assets, told from the accounts"),
    "investing_best": Text(
        "投资净收回的现金占资产（负数为净投入，按账面估算）", "net cash back from investment (below zero: put in) to assets, told from the accounts"
    ),
    "financing_best": Text("从银行和股东净拿到的钱占资产（按账面估算）", "net money from banks and owners to assets, told from the accounts"),
}
"""The inputs in which an owner can compare the firm: no yes or no, and of several estimates of one thing the best."""


@dataclass(frozen=True, slots=True)
class Move:
    """How far one answer moved the four stages, in shares of one that add up to zero."""

    answer: str
    label: Text
    toward: Mapping[Stage, float]

    @property
    def size(self) -> float:
        """How much it moved in all."""
        return sum(abs(step) for step in self.toward.values())


@dataclass(frozen=True, slots=True)
class Moves:
    """The stages as the model sees them with nothing answered, and what each answer added, the largest first.

    `base` and all moves together are the stages with everything answered.
    """

    base: Mapping[Stage, float]
    moves: tuple[Move, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """Facts still to be told, the question in words, and by how many nats the answer is expected to settle the matter."""

    facts: tuple[str, ...]
    label: Text
    gain: float


@dataclass(frozen=True, slots=True)
class Likeness:
    """A firm's ratio beside the quartiles of the firms of a stage, all as fractions; growth is over the year before."""

    input: str
    label: Text
    value: float
    low: float
    middle: float
    high: float

    @property
    def within(self) -> bool:
        """Whether the firm lies in the middle half."""
        return self.low <= self.value <= self.high


@dataclass(frozen=True, slots=True)
class Explained:
    """Why the model sees a firm as it does. `stage` is the one the firm is compared with."""

    tier: Tier
    stage: Stage
    moves: Moves
    questions: tuple[Question, ...]
    likeness: tuple[Likeness, ...]


def explain(
    model: StageModel,
    known: Mapping[str, Value | None],
    early: Stage | None,
    catalogue: Catalogue,
    rules: StageRules,
    worth: Floats,
    typical: Floats,
    stage: Stage | None = None,
) -> Explained | None:
    """Return why the model sees a firm as it does; None where it is not asked.

    `early` is what "--+" is read as (`domain.stage.read_early`). `worth` is what `worths` returned and `typical`
    what `typical` returned. The firm is compared with firms of `stage`: unless given, the likeliest by the model and what is known of
    the three cash flows.
    """
    opinion = model(known)
    if opinion is None or catalogue.judge(rules.unlearned.condition, known) is True:
        return None
    reading = _reading(rules, early)
    inputs, moves = _moves(model, known, catalogue, reading)
    tier = int(tiers_of(inputs[None])[0])
    patterns = _heard(np.array([opinion.patterns[pattern] for pattern in PATTERNS]), known, rules)
    likeliest = STAGES[int((patterns @ reading).argmax())]
    return Explained(
        TIERS[tier],
        stage or likeliest,
        moves,
        best_questions(patterns, reading, known, catalogue, rules, worth[tier]),
        compare(inputs, typical, stage or likeliest),
    )


def _reading(rules: StageRules, early: Stage | None) -> Floats:
    """Return how the eight patterns read as the four stages, 8 x 4 with rows that add up to one."""
    found = np.zeros((len(PATTERNS), len(STAGES)))
    for place, pattern in enumerate(PATTERNS):
        stage = stage_of_pattern(pattern, rules, early)
        if stage is None:
            found[place, STAGES.index("startup")] = rules.early_unknown_share
            found[place, STAGES.index("growth")] = 1 - rules.early_unknown_share
        else:
            found[place, STAGES.index(stage)] = 1.0
    return found


# ---------------------------------------------------------------- which answers moved it


def _moves(model: StageModel, known: Mapping[str, Value | None], catalogue: Catalogue, reading: Floats) -> tuple[Floats, Moves]:
    """Return the firm's inputs, and what each of its answers added to the stages."""
    given = [answer for answer in ANSWERS if any(known.get(fact) is not None for fact in answer.facts)]
    columns = input_columns(catalogue)

    def stages(coalitions: Ints) -> Floats:
        shares: Floats = model.shares(columns(_copies(known, given, coalitions))[0]) @ reading
        shares /= shares.sum(axis=1, keepdims=True)
        return shares

    steps = shapley(stages, len(given))
    nothing, everything = 0, (1 << len(given)) - 1
    inputs = columns(_copies(known, given, np.array([everything])))[0][0]
    base = stages(np.array([nothing]))[0]
    moves = [Move(answer.id, answer.label, _by_stage(step)) for answer, step in zip(given, steps, strict=True)]
    return inputs, Moves(_by_stage(base), tuple(sorted(moves, key=lambda move: -move.size)))


def _by_stage(shares: Floats) -> dict[Stage, float]:
    return dict(zip(STAGES, shares.tolist(), strict=True))


def _copies(known: Mapping[str, Value | None], answers: Sequence[Answer], coalitions: Ints) -> pl.DataFrame:
    """Return one copy of the firm for each coalition, whose bits say which of the answers are left."""
    left = {fact: coalitions >> place & 1 == 1 for place, answer in enumerate(answers) for fact in answer.facts}
    columns = []
    for fact in FACTS:
        match known.get(fact):
            case bool(yes):
                copies = pl.Series(fact, [yes if kept else None for kept in left[fact].tolist()], pl.Boolean)
            case int(amount) | float(amount):
                copies = pl.Series(fact, np.where(left[fact], float(amount), np.nan), nan_to_null=True)
            case _:
                copies = pl.Series(fact, [None], pl.Boolean if fact == "pays_dividend" else pl.Float64).new_from_index(0, len(coalitions))
        columns.append(copies)
    return pl.DataFrame(columns)


def shapley(value: Callable[[Ints], Floats], players: int) -> Floats:
    """Return what each player adds to a game, players x k (Shapley 1953, A Value for n-Person Games).

    `value` is asked once, for distinct coalitions written as bits, and gives k numbers for each. Exact up to EXACT players;
    beyond, the mean over PAIRS orders and their reverses (Mitchell et al. 2022, Sampling Permutations for Shapley Value
    Estimation, JMLR 23), the same at every call. Either way all shares add up to the value of all less that of none.
    """
    return _over_subsets(value, players) if players <= EXACT else _over_orders(value, players)


def _over_subsets(value: Callable[[Ints], Floats], players: int) -> Floats:
    coalitions = np.arange(1 << players)
    worth, size = value(coalitions), np.bitwise_count(coalitions)
    weight = np.array([factorial(others) * factorial(players - others - 1) / factorial(players) for others in range(players)])
    found = np.empty((players, worth.shape[1]))
    for player in range(players):
        without = coalitions[coalitions >> player & 1 == 0]
        found[player] = weight[size[without]] @ (worth[without | 1 << player] - worth[without])
    return found


def _over_orders(value: Callable[[Ints], Floats], players: int) -> Floats:
    drawn = np.random.default_rng(SEED).permuted(np.tile(np.arange(players), (PAIRS, 1)), axis=1)
    orders = np.concatenate([drawn, drawn[:, ::-1]])
    joined = np.cumsum(1 << orders, axis=1)
    coalitions, place = np.unique(np.column_stack([np.zeros(len(orders), dtype=np.int64), joined]), return_inverse=True)
    worth = value(coalitions)[place.reshape(len(orders), players + 1)]
    added = np.diff(worth, axis=1)
    return np.array([added[orders == player].mean(axis=0) for player in range(players)])


# ---------------------------------------------------------------- which questions would settle most


def best_questions(
    patterns: Floats,
    reading: Floats,
    known: Mapping[str, Value | None],
    catalogue: Catalogue,
    rules: StageRules,
    worth: Floats,
) -> tuple[Question, ...]:
    """Return the questions, QUESTIONS at most, whose answers are expected to settle most.

    For a question about cash that is the fall of the entropy of the four stages, exactly, by Bayes over the eight `patterns`;
    for accounts it is `worth`, what such an answer took off the log-loss among the firms learned from, one number an answer
    (a row of `worths`). An answer given in part counts as open.
    """
    found = [
        Question((fact,), catalogue.facts[fact].question, entropy_fall(patterns, reading, place, rules.trust["answer"]))
        for place, fact in enumerate(CASH_QUESTIONS)
        if known.get(fact) is None and not known.get(f"{FLOWS[place]}_cny")
    ]
    for answer, gain in zip(ANSWERS, worth.tolist(), strict=True):
        facts = tuple(fact for fact in answer.facts if known.get(fact) is None)
        if facts:
            found.append(Question(facts, _in_words(answer, facts, catalogue), gain))
    return tuple(sorted((question for question in found if question.gain >= WORTH_ASKING), key=lambda question: -question.gain)[:QUESTIONS])


def _in_words(answer: Answer, facts: Sequence[str], catalogue: Catalogue) -> Text:
    if len(facts) > 2:
        return Text("{label}各是多少？", "What were {label}?").fill(label=answer.label)
    questions = [catalogue.facts[fact].question for fact in facts]
    return Text("".join(asked.zh for asked in questions), " ".join(asked.en for asked in questions))


def _heard(patterns: Floats, known: Mapping[str, Value | None], rules: StageRules) -> Floats:
    """Return the shares of the patterns after what is known of the signs of the latest year, as the stage is estimated."""
    for position, sign, source in signs_heard(known, rules):
        patterns = patterns * _likelihood(position, sign, rules.trust[source])
    whole: float = patterns.sum()
    return patterns / whole


def _likelihood(position: int, sign: str, trust: float) -> Floats:
    return np.array([trust if pattern[position] == sign else 1 - trust for pattern in PATTERNS])


def entropy_fall(patterns: Floats, reading: Floats, position: int, trust: float) -> float:
    """Return by how many nats the sign of one flow, right with probability `trust`, is expected to lower the stages' entropy."""
    expected = 0.0
    for sign in "+-":
        joint = patterns * _likelihood(position, sign, trust)
        if joint.sum() > 0:
            expected += joint.sum() * _entropy(joint / joint.sum() @ reading)
    return float(max(0.0, _entropy(patterns @ reading) - expected))


def _entropy(shares: Floats) -> float:
    there = shares[shares > 0]
    return float(-(there * np.log(there)).sum())


def worths(model: StageModel, book: Book, catalogue: Catalogue) -> Floats:
    """Return what each answer is worth, tiers x answers: how far it takes down the log-loss (nats) of the eight patterns.

    The rows are asked as in the tier, once with nothing of the answer and once with all of it, also what is asked later only.
    Counted are the rows in which any of it is known; 0 where there is none.
    """
    columns = input_columns(catalogue)
    found = np.zeros((len(TIERS), len(ANSWERS)))

    def losses(facts: pl.DataFrame) -> Floats:
        shares = model.shares(columns(facts)[0])
        lost: Floats = -np.log(np.maximum(shares[np.arange(len(book)), book.pattern], 10.0**-PLACES))
        return lost

    for column, answer in enumerate(ANSWERS):
        given = book.facts.select(list(answer.facts))
        nothing = [pl.lit(None, dtype).alias(fact) for fact, dtype in given.schema.items()]
        known = given.select(pl.any_horizontal(pl.all().is_not_null())).to_series().to_numpy()
        for row, tier in enumerate(TIERS if known.any() else ()):
            asked = book.as_asked(tier).facts
            fall = losses(asked.with_columns(nothing)) - losses(asked.with_columns(given.get_columns()))
            found[row, column] = fall[known].mean()
    return found


# ---------------------------------------------------------------- how the firm compares


def typical(book: Book, catalogue: Catalogue, rules: StageRules) -> Floats:
    """Return the quartiles of each input among the firms of each stage, stages x inputs x 3; NaN where nothing is known."""
    inputs = Table(book, catalogue).inputs()
    stage = stage_of(book.pattern, early_as(book), rules)
    found = np.full((len(STAGES), len(NAMES), len(QUARTILES)), np.nan)
    for place in range(len(STAGES)):
        for column, values in enumerate(inputs[stage == place].T):
            known = values[~np.isnan(values)]
            if len(known):
                found[place, column] = np.percentile(known, QUARTILES)
    return found


def compare(inputs: Floats, typical: Floats, stage: Stage) -> tuple[Likeness, ...]:
    """Return the firm beside the firms of a stage, in the COMPARED known inputs that set this stage apart most.

    An input sets it apart by how far its median lies from that of the other stage in the middle, in its own interquartile ranges:
    the mean would only tell who makes a loss, as start-ups do by definition.
    """
    own = typical[STAGES.index(stage)]
    others = np.delete(typical[:, :, 1], STAGES.index(stage), axis=0)
    apart: list[tuple[float, Likeness]] = []
    for name, label in PLAIN.items():
        place = NAMES.index(name)
        low, middle, high = own[place]
        gaps = np.abs(others[:, place] - middle)
        gaps = gaps[~np.isnan(gaps)]
        if not len(gaps) or not high > low:
            continue
        shown = _growth(name, np.array([inputs[place], low, middle, high]))
        if np.isfinite(shown).all():
            apart.append((float(np.median(gaps) / (high - low)), Likeness(name, label, *shown.tolist())))
    return tuple(likeness for _, likeness in sorted(apart, key=lambda pair: -pair[0])[:COMPARED])


def _growth(name: str, inputs: Floats) -> Floats:
    """Return growth over the year before, as people know it, from the input that has bounds; other inputs as they are."""
    share = {"asset_growth": 1, "sales_growth": 2}.get(name)  # (now - before) / now; (now - before) / (now + before)
    if share is None:
        return inputs
    with np.errstate(divide="ignore"):
        found: Floats = share * inputs / (1 - inputs)
    return found
