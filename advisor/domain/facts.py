"""What can be known of a firm: facts that are asked for, and derived facts that follow from them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args
from unicodedata import normalize

from advisor.domain.condition import AS_OF, Choice, Constant, Known, Name, Node, Test, Value, facts_in, judge, rebuild
from advisor.domain.dates import FIRST_YEAR, LAST_YEAR
from advisor.domain.errors import InputError, Problem, did_you_mean
from advisor.domain.figures import MAX_NUMBER, MIN_NUMBER, read_figure
from advisor.domain.notation import Kind, Naming
from advisor.domain.text import Text

FactKind = Literal["text", "choice", "choices", "bool", "int", "number", "money", "ratio", "date"]
Speed = Literal["fixed", "slow", "fast"]
Effort = Literal["low", "medium", "high"]
EFFORTS: tuple[Effort, ...] = get_args(Effort)

CONDITION_KINDS: dict[FactKind, Kind] = {
    "text": "text", "choice": "text", "choices": "choices", "bool": "bool", "date": "date",
    "int": "number", "number": "number", "money": "number", "ratio": "number",
}  # fmt: skip

MAX_WORDS = 200


@dataclass(frozen=True, slots=True)
class Changeability:
    """Whether and how a firm may change a fact on purpose.

    `toward` is the only honest direction: "up", "down", "any", "add" (for choices), True or False, or the
    options that may be reached. `gaming` marks facts that nobody is ever advised to change.
    """

    speed: Speed
    toward: str | bool | tuple[str, ...] = "any"
    effort: Effort = "medium"
    gaming: bool = False
    start: tuple[str, ...] = ()
    """The options from which alone a choice may be moved; empty for any."""
    ages: bool = False
    """Whether the fact moves by itself as time passes."""

    @property
    def allowed(self) -> bool:
        """Whether a change of this fact may be advised at all."""
        return self.speed != "fixed" and not self.gaming


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that can be asked of a firm. Money is in CNY, shares are fractions, ranges are inclusive."""

    id: str
    kind: FactKind
    label: Text
    question: Text
    topic: str
    tier: int
    unit: str | None = None
    hard: bool = False
    low: float | None = None
    high: float | None = None
    options: Mapping[str, Text] = field(default_factory=dict)
    specials: Mapping[float, Text] = field(default_factory=dict)
    typical: tuple[float, float] | None = None
    found: tuple[str, ...] = ()
    synonyms: tuple[str, ...] = ()
    also: Mapping[str, str] = field(default_factory=dict)
    """Other words for the options, as they are seen in files, each with its option."""
    suggestions: tuple[str, ...] = ()
    statements: Mapping[bool, Text] = field(default_factory=dict)
    change: Changeability = Changeability("fixed")

    @property
    def naming(self) -> Naming:
        """What the condition language must know of it."""
        return Naming(CONDITION_KINDS[self.kind], frozenset(self.options))

    def read(self, raw: object) -> Value | None:
        """Return the fact's value from what was given; None, "" and "不清楚" mean unknown.

        Numbers may come as text with 万, 亿, %, thousands separators or full-width digits, yes and no in
        Chinese or English, dates as 2024-03-01 or 2024年3月1日. Raises InputError in the user's words.
        """
        if isinstance(raw, str):
            raw = normalize("NFKC", raw).strip()
        if raw is None or (isinstance(raw, str) and raw.casefold() in UNKNOWN_WORDS):
            return None
        if isinstance(raw, list | tuple | set) and self.kind != "choices":
            raise self._refuse("wrong_kind", raw, Text("只能填一个值", "takes one value, not a list"))
        match self.kind:
            case "bool":
                return self._bool(raw)
            case "text":
                return self._text(raw)
            case "choice":
                return self._option(raw)
            case "choices":
                return self._options(raw)
            case "date":
                return self._date(raw)
            case _:
                return self._number(raw)

    def is_unusual(self, value: Value) -> bool:
        """Return whether a number lies far from what firms have; a zero is an honest answer."""
        if self.typical is None or isinstance(value, bool) or not isinstance(value, int | float):
            return False
        return value != 0 and value not in self.specials and not self.typical[0] <= value <= self.typical[1]

    def _refuse(self, code: str, raw: object, why: Text) -> InputError:
        try:
            shown = str(raw)[:60]
        except ValueError:  # a whole number of thousands of digits
            shown = "…"
        text = Text(f"{self.label.zh}（{self.id}）：“{shown}”{why.zh}", f"{self.label.en} ({self.id}): '{shown}' {why.en}")
        return InputError([Problem(code, text)])

    def _bool(self, raw: object) -> bool:
        if isinstance(raw, bool):
            return raw
        word = str(raw).casefold()
        if word in YES_WORDS:
            return True
        if word in NO_WORDS:
            return False
        raise self._refuse("wrong_kind", raw, Text("不是“是”或“否”", "is neither yes nor no"))

    def _text(self, raw: object) -> str:
        if not isinstance(raw, str) or len(raw) > MAX_WORDS:
            raise self._refuse("wrong_kind", raw, Text(f"应为不超过{MAX_WORDS}字的文字", f"should be text of at most {MAX_WORDS} characters"))
        return raw

    def _option(self, raw: object) -> str:
        word = normalize("NFKC", str(raw)).strip()
        option = self._known_option(word)
        if option is not None:
            return option
        labels = {label.zh: option for option, label in self.options.items()}
        guess = did_you_mean(word, [*self.options, *labels])
        options = ", ".join(self.options)
        raise self._refuse(
            "unknown_option", raw, Text(f"不是可选项{guess.zh}（可选：{options}）", f"is not an option{guess.en} (options: {options})")
        )

    def _known_option(self, word: str) -> str | None:
        """Return the option that a word names by its id or by its label in either language."""
        if word in self.options:
            return word
        for option, label in self.options.items():
            if word.casefold() in (normalize("NFKC", label.zh).casefold(), label.en.casefold(), option.casefold()):
                return option
        return self.also.get(word.casefold())

    def _options(self, raw: object) -> tuple[str, ...] | None:
        if isinstance(raw, str) and self._known_option(raw) is None:
            raw = [part for part in re.split(r"[,，、;；|\s]+", raw) if part]
        if isinstance(raw, str):
            raw = [raw]
        if not isinstance(raw, list | tuple | set):
            raise self._refuse("wrong_kind", raw, Text("应为列表", "should be a list"))
        if len(raw) > MAX_WORDS:
            raise self._refuse("wrong_kind", raw, Text("列表太长", "is too long a list"))
        given = [part for part in raw if part is not None]
        return tuple(dict.fromkeys(self._option(part) for part in given)) if given or not raw else None

    def _date(self, raw: object) -> dt.date:
        day = self._any_date(raw)
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise self._refuse(
                "out_of_range", raw, Text(f"应在{FIRST_YEAR}年到{LAST_YEAR}年之间", f"should lie between {FIRST_YEAR} and {LAST_YEAR}")
            )
        return day

    def _any_date(self, raw: object) -> dt.date:
        if isinstance(raw, dt.datetime):
            raw = raw.date()
        if isinstance(raw, dt.date):
            return raw
        numbers = re.fullmatch(r"(\d{4})[-/.年](\d{1,2})(?:[-/.月](\d{1,2})日?|月?)", str(raw))
        try:
            if numbers:
                return dt.date(int(numbers[1]), int(numbers[2]), int(numbers[3] or 1))
        except ValueError:
            pass
        raise self._refuse("wrong_kind", raw, Text("不是日期，请写成 2024-03-01", "is not a date; write it like 2024-03-01"))

    def _number(self, raw: object) -> float | int:
        number = read_figure(raw, {"money": "CNY", "ratio": "fraction"}.get(self.kind, self.unit))
        if number is None:
            if any(character.isdigit() for character in str(raw)[:60]):
                raise self._refuse("wrong_kind", raw, Text("不是这一项能用的数字，看看单位", "is not a number usable here; look at its unit"))
            raise self._refuse("wrong_kind", raw, Text("不是数字", "is not a number"))
        if not (number == 0 or MIN_NUMBER <= abs(number) <= MAX_NUMBER):  # NaN fails every comparison
            raise self._refuse("not_finite", raw, Text("不是有限的数字", "is not a finite number of usable size"))
        if self.kind == "int":
            if number != int(number):
                raise self._refuse("wrong_kind", raw, Text("应为整数", "should be a whole number"))
            number = int(number)
        if number in self.specials:
            return number
        if (self.low is not None and number < self.low) or (self.high is not None and number > self.high):
            raise self._refuse("out_of_range", raw, self._range_text())
        return number if self.kind == "int" else float(number)

    def _range_text(self) -> Text:
        percent = Text("（请用小数，如 0.35 表示 35%，或写成 35%）", " (write 35% as 0.35 or as '35%')") if self.kind == "ratio" else Text("", "")
        if self.low is None or self.high is None:
            bound, zh, en = (self.high, "不大于", "at most") if self.low is None else (self.low, "不小于", "at least")
            return Text(f"应{zh}{bound:g}", f"should be {en} {bound:g}") + percent
        return Text(f"应在{self.low:g}到{self.high:g}之间", f"should be between {self.low:g} and {self.high:g}") + percent


@dataclass(frozen=True, slots=True)
class DerivedFact:
    """A fact that follows from others by a formula of the condition language."""

    id: str
    kind: FactKind
    label: Text
    formula: Node
    unit: str | None = None
    options: Mapping[str, Text] = field(default_factory=dict)
    note: Text | None = None
    statements: Mapping[bool, Text] = field(default_factory=dict)
    specials: Mapping[float, Text] = field(default_factory=dict)
    """Values with a name of their own, such as 99 for "no interest to pay"."""
    spelled_out: bool = False
    """Whether reasons show the tests behind it instead of its own name."""

    @property
    def naming(self) -> Naming:
        """What the condition language must know of it."""
        return Naming(CONDITION_KINDS[self.kind], frozenset(self.options))


@dataclass(frozen=True, slots=True)
class EstimatedFact:
    """A fact that is neither asked nor computed but estimated: the lifecycle stage. `rests_on` are base facts."""

    id: str
    label: Text
    options: Mapping[str, Text]
    rests_on: tuple[str, ...] = ()
    kind: FactKind = "choice"
    unit: str | None = None
    specials: Mapping[float, Text] = field(default_factory=dict)
    statements: Mapping[bool, Text] = field(default_factory=dict)

    @property
    def naming(self) -> Naming:
        """What the condition language must know of it."""
        return Naming("text", frozenset(self.options))


AnyFact = Fact | DerivedFact | EstimatedFact


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All facts: asked for, derived (in an order in which each may be computed), and estimated."""

    facts: Mapping[str, Fact]
    derived: Mapping[str, DerivedFact] = field(default_factory=dict)
    estimated: Mapping[str, EstimatedFact] = field(default_factory=dict)
    industry_codes: Mapping[str, str] = field(default_factory=dict)
    """The industry that the beginning of an industry code stands for; the longest beginning decides."""
    _unfolded: dict[Node, Node] = field(default_factory=dict, repr=False, compare=False)

    def __getitem__(self, fact_id: str) -> AnyFact:
        return self.facts.get(fact_id) or self.derived.get(fact_id) or self.estimated[fact_id]

    def __contains__(self, fact_id: object) -> bool:
        return fact_id in self.facts or fact_id in self.derived or fact_id in self.estimated

    @property
    def namings(self) -> dict[str, Naming]:
        """Every name the condition language may use, the as-of date included."""
        every: tuple[AnyFact, ...] = (*self.facts.values(), *self.derived.values(), *self.estimated.values())
        return {**{fact.id: fact.naming for fact in every}, AS_OF: Naming("date")}

    def industry_of(self, code: str) -> str | None:
        """Return the industry an industry code stands for, or None where no beginning of it is known."""
        for length in range(len(code), 0, -1):
            found = self.industry_codes.get(code[:length])
            if found is not None:
                return found
        return None

    def unfolded(self, node: Node) -> Node:
        """Return the condition with tests on a chosen word asked of every branch, kept for the next time."""
        found = self._unfolded.get(node)
        if found is None:
            found = self._unfolded[node] = unfold(node, self.derived)
        return found

    def judge(self, node: Node, known: Known) -> bool | None:
        """Return the verdict of a condition for what is known, derived facts included."""
        return judge(self.unfolded(node), known)

    def ages(self, node: Node) -> bool:
        """Return whether time alone may turn a condition."""
        for name in facts_in(node):
            if name == AS_OF or (name in self.facts and self.facts[name].change.ages):
                return True
            if name in self.derived and self.ages(self.derived[name].formula):
                return True
        return False

    def asked(self, node: Node, *, estimates: bool = True) -> tuple[str, ...]:
        """Return the facts a condition rests on, those behind derived facts included, in order of appearance.

        Without `estimates` those that only move an estimate, the lifecycle stage, are left out.
        """
        found: dict[str, None] = {}
        for name in facts_in(node):
            if name in self.derived:
                found.update(dict.fromkeys(self.asked(self.derived[name].formula, estimates=estimates)))
            elif name in self.estimated:
                found.update(dict.fromkeys(self.estimated[name].rests_on if estimates else ()))
            elif name in self.facts:
                found[name] = None
        return tuple(found)


def unfold(node: Node, derived: Mapping[str, DerivedFact]) -> Node:
    """Return the condition with tests on a chosen word turned into the choice itself.

    `size_class in ('micro', 'small')` can be known although the class is not: a firm too small to be medium
    is micro or small. Asking the test of every branch, instead of the one unknown word, keeps that knowledge.
    """

    def change(node: Node) -> Node:
        if isinstance(node, Test) and isinstance(node.left, Name) and isinstance(node.right, Constant):
            definition = derived.get(node.left.id)
            if definition is not None and isinstance(definition.formula, Choice):
                return _ask_branches(definition.formula, node)
        return node

    return rebuild(node, change)


def _ask_branches(branch: Node, test: Test) -> Node:
    if isinstance(branch, Choice):
        return Choice(branch.condition, _ask_branches(branch.then, test), _ask_branches(branch.other, test))
    return Test(test.op, branch, test.right)


UNKNOWN_WORDS = frozenset({"", "不清楚", "不知道", "未知", "不确定", "unknown", "not sure", "n/a", "null", "none given"})
YES_WORDS = frozenset({"是", "有", "对", "y", "yes", "true", "1", "√"})
NO_WORDS = frozenset({"否", "无", "没有", "不", "n", "no", "false", "0", "×"})
