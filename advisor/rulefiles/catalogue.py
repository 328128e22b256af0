"""facts.yaml, derived.yaml and size_standard.yaml -> Catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args
from unicodedata import normalize

from advisor.domain.condition import AS_OF, Choice, Constant, Name, Node, Test, all_of, any_of, facts_in
from advisor.domain.facts import CONDITION_KINDS, Catalogue, Changeability, DerivedFact, Effort, EstimatedFact, Fact, FactKind, Speed
from advisor.domain.notation import Naming
from advisor.domain.text import Text
from advisor.rulefiles.entry import Entry, texts

MOST_OPTIONS = (255, 64)
"""How many options a choice may have, and a choice of several: a table holds them as one byte, and as bits of one number."""
SIZE_FACTS = ("employees", "revenue_cny", "total_assets_cny")
SIZE_CLASSES = ("large", "medium", "small")


def read_facts(root: Entry) -> tuple[dict[str, Fact], Mapping[str, Text], Mapping[str, Text]]:
    """Return the facts by id, the topics, and the places where figures are found."""
    root.only("facts", "found_in", "topics")
    topics, found_in = texts(root.pairs("topics")), texts(root.pairs("found_in"))
    facts = {name: _fact(name, entry, topics, found_in) for name, entry in root.pairs("facts")}
    for fact in facts.values():
        root.book.names[fact.id] = fact.naming
    root.book.names[AS_OF] = Naming("date")
    return facts, topics, found_in


def _fact(name: str, entry: Entry, topics: Mapping[str, Text], found_in: Mapping[str, Text]) -> Fact:
    entry.only("kind", "unit", "range", "topic", "tier", "hard", "label", "question", "statements", "found", "options", "specials",
               "synonyms", "also", "suggestions", "typical", "change")  # fmt: skip
    kind: FactKind = entry.word("kind", get_args(FactKind))
    low, high = entry.numbers("range") if entry.has("range") else (None, None)
    options = texts(entry.pairs("options"))
    if (kind in ("choice", "choices")) != bool(options):
        entry.refuse("options", "选择题要有选项，其他题不要", "choices need options, other kinds have none")
    if len(options) > MOST_OPTIONS[kind == "choices"]:
        most = MOST_OPTIONS[kind == "choices"]
        entry.refuse("options", f"选项最多{most}个", f"there are at most {most} options")
    return Fact(
        id=name,
        kind=kind,
        label=entry.text("label"),
        question=entry.text("question"),
        topic=entry.word("topic", topics),
        tier=int(entry.number("tier")),
        unit=entry.maybe_string("unit"),
        hard=entry.flag("hard"),
        low=low,
        high=high,
        options=options,
        specials={float(number): text for number, text in texts(entry.pairs("specials")).items()},
        typical=entry.numbers("typical") if entry.has("typical") else None,
        found=entry.words("found", found_in),
        synonyms=entry.words("synonyms"),
        also=_also(entry, options),
        suggestions=entry.words("suggestions"),
        statements=_statements(entry),
        change=_change(entry.at("change"), options),
    )


def _statements(entry: Entry) -> dict[bool, Text]:
    if entry.has("statements"):
        entry.at("statements").only("yes", "no")
    return {name == "yes": text for name, text in texts(entry.pairs("statements")).items()}


def _also(entry: Entry, options: Mapping[str, Text]) -> dict[str, str]:
    """Return the option for each other word, as words are compared: full width and case do not count."""
    if not entry.has("also"):
        return {}
    entry.at("also").only(*options)
    taken = {word.casefold() for option, label in options.items() for word in (option, normalize("NFKC", label.zh), label.en)}
    found: dict[str, str] = {}
    for option, _ in entry.pairs("also"):
        for word in entry.at("also").words(option):
            plain = normalize("NFKC", word).strip().casefold()
            if plain in taken or plain in found:
                entry.refuse("name_taken", f"“{word}”已是一个选项的说法", f"'{word}' already stands for an option")
            found[plain] = option
    return found


def _change(entry: Entry, options: Mapping[str, Text]) -> Changeability:
    entry.only("speed", "toward", "from", "effort", "gaming", "ages")
    toward: str | bool | tuple[str, ...] = "any"
    if entry.has("toward"):
        if isinstance(entry.value["toward"], list):
            toward = entry.words("toward", options)
        else:
            word = str(entry.value["toward"]).lower()
            toward = {"true": True, "false": False}.get(word) if word in ("true", "false") else entry.word("toward", ("up", "down", "any", "add"))  # type: ignore[assignment]
    effort: Effort = entry.word("effort", get_args(Effort)) if entry.has("effort") else "medium"
    return Changeability(entry.word("speed", get_args(Speed)), toward, effort, entry.flag("gaming"), entry.words("from", options), entry.flag("ages"))


def read_derived(root: Entry, size: Entry, facts: dict[str, Fact]) -> dict[str, DerivedFact]:
    """Return the derived facts, the size class first, in an order in which each may be computed."""
    root.only("derived")
    derived = {"size_class": _size_class(size, facts)}
    root.book.names["size_class"] = derived["size_class"].naming
    entries = root.pairs("derived")
    for name, entry in entries:  # names first: a formula may use one that stands below it
        if name in facts:
            entry.refuse("name_taken", f"“{name}”已是要填的指标", f"'{name}' is a fact already")
        root.book.names[name] = Naming(CONDITION_KINDS[entry.word("kind", get_args(FactKind))])
    for name, entry in entries:
        derived[name] = _derived(name, entry)
    return _in_order(derived, dict(entries))


def _derived(name: str, entry: Entry) -> DerivedFact:
    entry.only("kind", "unit", "label", "note", "statements", "cases", "formula", "spelled_out")
    formula = entry.formula("formula")
    specials: dict[float, Text] = {}
    for case in reversed(entry.items("cases")):
        case.only("if", "then", "shown")
        then = case.number("then")
        formula = Choice(case.condition(), Constant(then), formula)
        if case.has("shown"):
            specials[then] = case.text("shown")
    return DerivedFact(
        name, entry.word("kind", get_args(FactKind)), entry.text("label"), formula, entry.maybe_string("unit"),
        note=entry.maybe_text("note"), statements=_statements(entry), specials=specials, spelled_out=entry.flag("spelled_out"),
    )  # fmt: skip


def _in_order(derived: dict[str, DerivedFact], entries: dict[str, Entry]) -> dict[str, DerivedFact]:
    """Return the derived facts, each behind those it rests on; a circle is a problem."""
    placed: dict[str, DerivedFact] = {}
    trail: list[str] = []

    def place(name: str) -> None:
        if name in placed:
            return
        if name in trail:
            circle = " → ".join((*trail[trail.index(name) :], name))
            entries[name].refuse("circle", f"推算成了循环：{circle}", f"these rest on each other: {circle}")
            return
        trail.append(name)
        for needed in facts_in(derived[name].formula):
            if needed in derived:
                place(needed)
        trail.pop()
        placed[name] = derived[name]

    for name in derived:
        place(name)
    return placed


def _size_class(root: Entry, facts: dict[str, Fact]) -> DerivedFact:
    """Return the size class as a choice: for each class, its bounds in any of the industries."""
    root.only("basis", "sources", "classes", "industries", "codes", "notes", "examples")
    classes = texts(root.pairs("classes"))
    node: Node = Constant("micro")
    for size in reversed(SIZE_CLASSES):
        rows: list[Node] = []
        for industry, entry in root.pairs("industries"):
            entry.only("label", "confidence", *SIZE_CLASSES)
            here = Test("==", Name("industry_class"), Constant(industry))
            bounds = entry.at(size)
            bounds.only(*SIZE_FACTS)
            rows.append(all_of([here, *(Test(">=", Name(name), Constant(bounds.number(name))) for name, _ in bounds.pairs())]))
        node = Choice(any_of(rows), Constant(size), node)
    missing = set(facts["industry_class"].options) ^ {name for name, _ in root.pairs("industries")} if "industry_class" in facts else set()
    for name in sorted(missing):
        root.refuse("industries", f"行业“{name}”在指标和划型标准里不一致", f"industry '{name}' is not in both the facts and the size standard")
    return DerivedFact("size_class", "choice", Text("企业规模", "Size class"), node, options=classes)


def estimated_stage(labels: Mapping[str, Text], conditions: tuple[Node, ...], catalogue: Catalogue) -> EstimatedFact:
    """Return the lifecycle stage as a fact, resting on what its rules ask."""
    asked = dict.fromkeys(name for condition in conditions for name in catalogue.asked(condition))
    return EstimatedFact("lifecycle_stage", Text("生命周期阶段", "Lifecycle stage"), labels, tuple(asked))
