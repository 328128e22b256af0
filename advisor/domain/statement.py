"""What one rule says, laid out so that it can be compared: a subject with terms and clauses, each with its words.

A term has a label, a value, and the value in words; a clause is a condition with the role it plays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Literal, NamedTuple, TypeVar, get_args

from advisor.domain import words
from advisor.domain.condition import Node
from advisor.domain.instrument import Basis, Criterion, Validity
from advisor.domain.ruleset import RuleSet
from advisor.domain.text import Text
from advisor.domain.wording import NO, YES, sentence

Kind = Literal[
    "instrument", "fact", "derived", "size", "stage", "warning", "indicator", "signal", "model", "gate", "pair", "ladder", "rung", "ranking",
    "check", "document", "source", "topic", "place",
]  # fmt: skip
KINDS: tuple[Kind, ...] = get_args(Kind)
ALWAYS = Validity()

Key = TypeVar("Key")


class Term(NamedTuple):
    """One thing a rule says: under which label, which value, and the value in words."""

    aspect: str
    label: Text
    value: object
    said: Text
    wording: bool = False


class Clause(NamedTuple):
    """A condition of a rule; `aspect` is what it decides, `key` its own name where it has one."""

    aspect: str
    label: Text
    node: Node
    said: Text
    terms: tuple[Term, ...] = ()
    key: str | None = None


class Version(NamedTuple):
    """What a rule says during `validity`."""

    terms: tuple[Term, ...]
    clauses: tuple[Clause, ...] = ()
    validity: Validity = ALWAYS


class Subject(NamedTuple):
    """A rule with its versions, the current one first; `ordered` where its clauses are tried one after the other."""

    kind: Kind
    id: str
    name: Text
    versions: tuple[Version, ...]
    ordered: bool = False


# ---------------------------------------------------------------- subjects, terms and clauses made


def alone(kind: Kind, subject_id: str, name: Text, terms: Iterable[Term]) -> Subject:
    """Return a subject that has one version only."""
    return Subject(kind, subject_id, name, (version_of(terms),))


def version_of(terms: Iterable[Term], clauses: Iterable[Clause] = (), validity: Validity = ALWAYS) -> Version:
    """Return a version; terms without a value say nothing and are left out."""
    return Version(tuple(one for one in terms if one.value is not None), tuple(clauses), validity)


def term(aspect: str, zh: str, en: str, value: object, said: Text | None = None, *, wording: bool = False) -> Term:
    """Return a term; a value without words of its own is said as it is."""
    return Term(aspect, Text(zh, en), value, said if said is not None else say_plain(value), wording)


def condition_term(aspect: str, zh: str, en: str, node: Node | None, rules: RuleSet) -> Term:
    """Return a term whose value is a condition or a formula; None where the rule has none."""
    return term(aspect, zh, en, node, None if node is None else sentence(node, rules.catalogue))


def member_terms(aspect: str, zh: str, en: str, ids: Iterable[str], names: Callable[[str], Text], *, wording: bool = False) -> Iterator[Term]:
    """Yield one term for each member of a set, so that what joins and what leaves is told alone."""
    return (term(f"{aspect}.{name}", zh, en, name, names(name), wording=wording) for name in ids)


def text_terms(aspect: str, zh: str, en: str, texts: Mapping[Key, Text], *, wording: bool = False) -> Iterator[Term]:
    """Yield one term for each of some named texts."""
    return (term(f"{aspect}.{name}", f"{zh}（{name}）", f"{en} ({name})", said, wording=wording) for name, said in texts.items())


def figure_terms(aspect: str, zh: str, en: str, figures: Mapping[Key, float], names: Mapping[str, Text] | None = None) -> Iterator[Term]:
    """Yield one term for each of some named figures; `names` says the names in words."""
    for name, figure in figures.items():
        of = (names or {}).get(str(name), Text(str(name), str(name)))
        yield term(f"{aspect}.{name}", f"{zh}（{of.zh}）", f"{en} ({of.en})", figure)


def say_plain(value: object) -> Text:
    """Return a bare value in words."""
    match value:
        case Text():
            return value
        case bool():
            return YES if value else NO
        case int() | float():
            said = f"{value:,.10g}"
        case tuple():
            return joined("至", " to ", (say_plain(part) for part in value))
        case _:
            said = str(value)
    return Text(said, said)


def joined(zh: str, en: str, parts: Iterable[Text]) -> Text:
    """Return texts joined in each language by what stands between them there."""
    said = list(parts)
    return Text(zh.join(part.zh for part in said), en.join(part.en for part in said))


def options_of(name: str, rules: RuleSet) -> Mapping[str, Text]:
    """Return the words of a fact's options; none where the rules have no such fact."""
    fact = rules.catalogue.facts.get(name)
    return fact.options if fact is not None else {}


def instrument_name(instrument_id: str, rules: RuleSet) -> Text:
    """Return the name of an instrument, its id where the rules do not have it."""
    return next((one.name for one in rules.instruments if one.id == instrument_id), Text(instrument_id, instrument_id))


def validity_terms(validity: Validity) -> Iterator[Term]:
    """Yield the first and the last day of a version."""
    yield term("valid_from", "生效日", "In force from", validity.first)
    yield term("valid_to", "失效日", "In force until", validity.last)


def basis_terms(basis: Iterable[Basis]) -> Iterator[Term]:
    """Yield one term for each document that a rule rests on."""
    for one in basis:
        value = (one.title, one.issuer, one.doc_no, one.date, one.effective)
        said = joined("，", ", ", (say_plain(part) for part in value if part is not None))
        yield term(f"basis.{one.doc_no or one.title.zh}", "依据", "Basis", value, said)


def criterion_clause(one: Criterion, rules: RuleSet) -> Clause:
    """Return a criterion of an instrument or a title as a clause."""
    label = words.ROLE[one.role]
    terms = [
        term("origin", "谁的要求", "Who asks it", one.origin, words.ORIGIN[one.origin]),
        term("title", "标题", "title", one.title, wording=True),
        term("reason", "为什么不宜", "Why not", one.reason),
        term("route", "路径编号", "Route", one.route),
        *member_terms("sources", "出处", "sources", one.sources, lambda name: rules.sources[name].title, wording=True),
    ]
    titled = label if one.title is None else label + Text("：", ": ") + one.title
    said = sentence(one.condition, rules.catalogue)
    return Clause(one.role, titled, one.condition, said, tuple(said for said in terms if said.value is not None), one.route)


def worded_clause(aspect: str, label: Text, node: Node, rules: RuleSet, said: Text, terms: Iterable[Term] = (), key: str | None = None) -> Clause:
    """Return a condition whose text says it in the rule's own words."""
    return Clause(aspect, label, node, sentence(node, rules.catalogue), (term("text", "文字", "text", said, wording=True), *terms), key)
