"""What two rule sets say differently, in words: the content of a change of rules.

Every rule is laid out as a subject with terms and clauses (statement.py, contents.py). Two rule sets differ where these
differ: comments, order of keys, examples and spelling of numbers do not count. A condition is the same when its tree is
equal.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

from advisor.domain.condition import Constant, Node, facts_in, rebuild
from advisor.domain.contents import INDUSTRY_CODES, subjects
from advisor.domain.instrument import Validity
from advisor.domain.notation import text
from advisor.domain.ruleset import STAGE_FACT, RuleSet
from advisor.domain.statement import KINDS, Clause, Kind, Subject, Term, Version, joined
from advisor.domain.text import Lang, Text

Happened = Literal["added", "removed", "changed"]
OnDay = Literal["starts", "ends", "changed", "same", "never"]
"""What the day sees: newly in force, no longer in force, other rules, the same rules (perhaps in other words), or none before and after."""
DECIDING = ("hard", "any_of", "exclude")
"""Roles that decide who is eligible."""
TIMING = ("valid_from", "valid_to", "history")
"""Terms that say when a version holds, not what it says."""

Item = TypeVar("Item")
Json = dict[str, object]


# ---------------------------------------------------------------- what differs


@dataclass(frozen=True, slots=True)
class Amendment:
    """One thing said otherwise; `before` is None where nothing was said, `after` where nothing is said any more.

    `old` and `new` are the values behind the words (CNY, months, days, fractions). `wording` marks texts that
    explain and decide nothing. `period` names the version, where it is not the one the file describes first.
    """

    aspect: str
    label: Text
    before: Text | None
    after: Text | None
    old: object = None
    new: object = None
    wording: bool = False
    period: Text | None = None


@dataclass(frozen=True, slots=True)
class Amended:
    """An instrument, a fact or another rule that was added, removed or changed, and what the day sees of it."""

    kind: Kind
    id: str
    name: Text
    happened: Happened
    on_day: OnDay
    amendments: tuple[Amendment, ...]


@dataclass(frozen=True, slots=True)
class Touched:
    """A rule that reads, by name or behind other facts, what was changed elsewhere: `through` are those facts."""

    kind: Kind
    id: str
    name: Text
    through: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """What two rule sets say differently, as one day sees it; `versions` and `checked_on` are (old, new)."""

    day: dt.date
    versions: tuple[str, str]
    checked_on: tuple[dt.date, dt.date]
    amended: tuple[Amended, ...]
    touched: tuple[Touched, ...]
    labels: Mapping[str, Text]
    """The names of the facts that rules are touched through."""

    @property
    def same(self) -> bool:
        """Whether both say the same, however it is written."""
        return not self.amended


def compare(old: RuleSet, new: RuleSet, day: dt.date) -> Difference:
    """Return what `new` says otherwise than `old`, instruments first; `day` tells which versions are in force.

    Instruments touched indirectly are those whose eligibility rests on a derived fact or a stage that changed; that
    the order of all instruments rests on the stage and on the weights goes without saying.
    """
    before, after = (_numbered(subjects(rules), lambda subject: f"{subject.kind} {subject.id}") for rules in (old, new))
    amended = [_amended(before.get(key), after.get(key), day) for key in dict.fromkeys((*before, *after))]
    found = sorted((one for one in amended if one is not None), key=lambda one: KINDS.index(one.kind))
    touched = tuple(_touched([after[key] for key in after if key in before], found, new))
    labels = {name: new.catalogue[name].label for one in touched for name in one.through}
    return Difference(day, (old.version, new.version), (old.checked_on, new.checked_on), tuple(found), touched, labels)


def as_dict(difference: Difference, lang: Lang = "zh") -> Json:
    """Return a difference as plain data: words in one language, conditions behind them as they are written."""
    versions, checked_on = difference.versions, difference.checked_on
    return {
        "as_of": difference.day.isoformat(),
        "lang": lang,
        "old": {"rules_version": versions[0], "rules_checked_on": checked_on[0].isoformat()},
        "new": {"rules_version": versions[1], "rules_checked_on": checked_on[1].isoformat()},
        "same": difference.same,
        "changes": [
            {
                "kind": one.kind, "id": one.id, "name": one.name[lang], "happened": one.happened, "on_day": one.on_day,
                "amendments": [_amendment_view(amendment, lang) for amendment in one.amendments],
            }
            for one in difference.amended
        ],
        "touched": [{"kind": one.kind, "id": one.id, "name": one.name[lang], "through": list(one.through)} for one in difference.touched],
    }  # fmt: skip


def _amendment_view(one: Amendment, lang: Lang) -> Json:
    return {
        "aspect": one.aspect, "label": one.label[lang], "before": one.before and one.before[lang], "after": one.after and one.after[lang],
        "old": _plain(one.old, lang), "new": _plain(one.new, lang), "wording": one.wording, "period": one.period and one.period[lang],
    }  # fmt: skip


def _plain(value: object, lang: Lang) -> object:
    """Return a value as JSON holds it."""
    if isinstance(value, Node):
        return text(value)
    match value:
        case Text():
            return value[lang]
        case dt.date():
            return value.isoformat()
        case tuple():
            return [_plain(part, lang) for part in value]
        case _:
            return value


# ---------------------------------------------------------------- subjects compared


def _numbered(items: Iterable[Item], key: Callable[[Item], str]) -> dict[tuple[str, int], Item]:
    """Return items by their key and a number that keeps apart those with the same key."""
    seen: Counter[str] = Counter()
    found: dict[tuple[str, int], Item] = {}
    for item in items:
        seen[key(item)] += 1
        found[key(item), seen[key(item)]] = item
    return found


def _amended(old: Subject | None, new: Subject | None, day: dt.date) -> Amended | None:
    """Return what became of a rule, or None where it says the same."""
    shown = new or old
    if old == new or shown is None:
        return None
    if old is None or new is None:
        happened: Happened = "added" if old is None else "removed"
        amendments = _within(old and old.versions[0], new and new.versions[0], shown.ordered)
        return Amended(shown.kind, shown.id, shown.name, happened, _on_day(old, new, day), tuple(amendments))
    found: dict[Amendment, None] = {}
    for one, other in _pairs_of_versions(old.versions, new.versions):
        if one is None or other is None:
            before, after = (version and _period(version.validity) for version in (one, other))
            found[Amendment("version", Text("另一时期的规定", "Rules of another period"), before, after)] = None
        if other is None:
            continue
        for amendment in _within(one or old.versions[0], other, shown.ordered):
            if amendment in found or (one is None and amendment.aspect in TIMING):
                continue  # a version repeats what all versions share
            period = None if one is not None and other is new.versions[0] else _period(other.validity)
            found[replace(amendment, period=period)] = None
    return Amended(shown.kind, shown.id, shown.name, "changed", _on_day(old, new, day), tuple(found)) if found else None


def _pairs_of_versions(old: Sequence[Version], new: Sequence[Version]) -> Iterator[tuple[Version | None, Version | None]]:
    """Yield the versions side by side, the current one first: those of the same period, or else both current, or else overlapping."""
    left = {version.validity: version for version in old}
    found = {version.validity: left.pop(version.validity, None) for version in new}
    for version in new:
        if found[version.validity] is None:
            wanted = (old[0],) if version is new[0] else tuple(left.values())
            found[version.validity] = next((left.pop(one.validity) for one in wanted if one.validity in left and _overlap(one, version)), None)
    yield from ((found[version.validity], version) for version in new)
    yield from ((version, None) for version in left.values())


def _overlap(one: Version, other: Version) -> bool:
    first = max(version.validity.first or dt.date.min for version in (one, other))
    return first <= min(version.validity.last or dt.date.max for version in (one, other))


def _on_day(old: Subject | None, new: Subject | None, day: dt.date) -> OnDay:
    one, other = (None if s is None else next((v for v in s.versions if day in v.validity), None) for s in (old, new))
    if one is None or other is None:
        return "never" if one is other else "starts" if one is None else "ends"
    assert new is not None
    decides = (not amendment.wording and amendment.aspect not in TIMING for amendment in _within(one, other, new.ordered))
    return "changed" if any(decides) else "same"


def _period(validity: Validity) -> Text:
    first, last = validity.first, validity.last
    if first and last:
        return Text(f"{first}至{last}", f"{first} to {last}")
    if first or last:
        return Text(f"{first}起", f"from {first}") if first else Text(f"至{last}", f"until {last}")
    return Text("不限期", "without a bound in time")


def _within(old: Version | None, new: Version | None, ordered: bool) -> Iterator[Amendment]:
    """Yield what two versions say differently."""
    yield from _terms_amended(old.terms if old else (), new.terms if new else ())
    before, after = old.clauses if old else (), new.clauses if new else ()
    pairs = _paired(before, after)
    for one, other in pairs:
        yield from _clause_amended(one, other)
    kept = sorted((before.index(one), after.index(other)) for one, other in pairs if one and other)
    if ordered and [place for _, place in kept] != sorted(place for _, place in kept):
        first, then = (joined("；", "; ", (clause.label + Text("：", ": ") + clause.said for clause in clauses)) for clauses in (before, after))
        yield Amendment("order", Text("先后次序", "Order"), first, then)


def _terms_amended(old: Iterable[Term], new: Iterable[Term], of: Text | None = None) -> Iterator[Amendment]:
    before, after = (_numbered(terms, lambda term: term.aspect) for terms in (old, new))
    keys = dict.fromkeys((*before, *after))
    groups = list(dict.fromkeys(aspect.partition(".")[0] for aspect, _ in keys))
    for key in sorted(keys, key=lambda key: groups.index(key[0].partition(".")[0])):  # members of one list together
        one, other = before.get(key), after.get(key)
        if one is None or other is None or one.value != other.value:
            shown = other or one
            assert shown is not None
            label = shown.label if of is None else Text("{what}（{of}）", "{what} ({of})").fill(what=shown.label, of=of)
            yield _amendment(shown.aspect, label, one and (one.value, one.said), other and (other.value, other.said), wording=shown.wording)


def _clause_amended(old: Clause | None, new: Clause | None) -> Iterator[Amendment]:
    shown = new or old
    assert shown is not None
    if old is None or new is None or old.node != new.node:
        yield _amendment(shown.aspect, shown.label, old and (old.node, old.said), new and (new.node, new.said))
    if old is not None and new is not None:
        if old.aspect != new.aspect:
            yield _amendment("role", new.said, (old.aspect, old.label), (new.aspect, new.label))
        yield from _terms_amended(old.terms, new.terms, of=new.said)


def _amendment(aspect: str, label: Text, old: tuple[object, Text] | None, new: tuple[object, Text] | None, *, wording: bool = False) -> Amendment:
    """Return an amendment; words that hide what differs (0.151 and 0.1512 are both 15.1%) are followed by the value itself."""
    before, after = old and old[1], new and new[1]
    if old and new and not isinstance(new[0], Text) and (old[1].zh == new[1].zh or old[1].en == new[1].en):
        before, after = (Text("{said}（{value}）", "{said} ({value})").fill(said=said, value=str(_plain(value, "en"))) for value, said in (old, new))
    return Amendment(aspect, label, before, after, old and old[0], new and new[0], wording)


# ---------------------------------------------------------------- conditions matched


def _paired(old: Sequence[Clause], new: Sequence[Clause]) -> list[tuple[Clause | None, Clause | None]]:
    """Return the clauses side by side: the same condition, then other figures in it, then the same facts, then what is left."""
    left, right = list(old), list(new)
    found: list[tuple[Clause, Clause]] = []
    for likeness in _LIKENESSES:
        for one in tuple(left):
            like = likeness(one)
            other = next((other for other in right if likeness(other) == like), None) if like is not None else None
            if other is not None:
                found.append((one, other))
                left.remove(one)
                right.remove(other)
    pairs: list[tuple[Clause | None, Clause | None]] = [*found, *((one, None) for one in left), *((None, other) for other in right)]
    return sorted(pairs, key=lambda pair: old.index(pair[0]) if pair[0] else len(old))


def _shape(node: Node) -> Node:
    """Return the tree without its figures and words."""
    return rebuild(node, lambda part: Constant(False) if isinstance(part, Constant) else part)


_LIKENESSES: tuple[Callable[[Clause], Hashable | None], ...] = (
    lambda clause: (clause.aspect, clause.key, clause.node),
    lambda clause: clause.node,
    lambda clause: (clause.aspect, clause.key, _shape(clause.node)),
    lambda clause: (clause.aspect, clause.key, frozenset(facts_in(clause.node))),
    lambda clause: None if clause.key is None else (clause.aspect, clause.key),
    lambda clause: (clause.aspect, frozenset(facts_in(clause.node))),
)


# ---------------------------------------------------------------- rules touched through others


def _touched(subjects: Iterable[Subject], amended: Iterable[Amended], rules: RuleSet) -> Iterator[Touched]:
    """Yield the rules that read a changed derived fact, the industry behind a code, or the stage."""
    judged = [one for one in amended if one.kind in ("derived", "size", "stage") and one.happened == "changed"]
    roots = ("industry_class" if one.id == INDUSTRY_CODES else one.id for one in judged if any(not amendment.wording for amendment in one.amendments))
    behind: dict[str, dict[str, None]] = {name: {name: None} for name in roots}

    def through(nodes: Iterable[Node]) -> dict[str, None]:
        return {root: None for node in nodes for name in facts_in(node) for root in behind.get(name, ())}

    for name, fact in rules.catalogue.derived.items():
        behind[name] = {**behind.get(name, {}), **through([fact.formula])}
    behind[STAGE_FACT] = {**behind.get(STAGE_FACT, {}), **through(rules.stages.conditions())}
    for subject in subjects:
        if subject.kind in ("derived", "size"):
            continue
        found = through(node for version in subject.versions for node in _deciding_nodes(subject, version))
        if found:
            yield Touched(subject.kind, subject.id, subject.name, tuple(found))


def _deciding_nodes(subject: Subject, version: Version) -> Iterator[Node]:
    yield from (clause.node for clause in version.clauses if subject.kind != "instrument" or clause.aspect in DECIDING)
    yield from (term.value for term in version.terms if isinstance(term.value, Node))
