"""instruments/, sources.yaml, documents.yaml, gates.yaml -> instruments with all their versions, and gates."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import get_args

from advisor.domain.gates import Gate, Gates, Pair
from advisor.domain.instrument import (
    FAMILIES,
    Basis,
    Confidence,
    Cost,
    Criterion,
    Eligibility,
    Example,
    Instrument,
    Offer,
    Origin,
    Role,
    Scope,
    Source,
    SourceKind,
    Status,
    Validity,
)
from advisor.domain.stage import STAGES
from advisor.domain.text import Text
from advisor.rulefiles.entry import Entry

ROLES: tuple[Role, ...] = get_args(Role)
PRIORITIES = ("core", "extended")


def read_sources(root: Entry) -> dict[str, Source]:
    """Return the sources by id."""
    root.only("sources")
    found = {}
    for name, entry in root.pairs("sources"):
        entry.only("title", "kind", "url")
        url = entry.maybe_string("url")
        if url is not None and not url.startswith(("http://", "https://")):
            entry.refuse("bad_address", "网址要以http开头", "an address begins with http", "url")
        found[name] = Source(name, entry.text("title"), entry.word("kind", get_args(SourceKind)), url)
    return found


def read_instrument(root: Entry, sources: Mapping[str, Source], documents: Mapping[str, Text], purposes: Mapping[str, Text]) -> list[Instrument]:
    """Return the current version of one instrument, then its other versions."""
    root.only(
        "id", "family", "name", "summary", "stages", "purposes", "scope", "priority", "status", "confidence", "caveat", "valid",
        "provider", "apply_at", "offer", "documents", "lead_days", *ROLES, "basis", "sources", "evidence", "history", "versions",
        "examples",
    )  # fmt: skip
    shown = root.words("sources", sources)
    for entry in root.items("evidence"):
        entry.only("source", "seen")
        entry.word("source", sources)
    current = Instrument(
        id=root.string("id"),
        family=root.word("family", FAMILIES),
        name=root.text("name"),
        summary=root.text("summary"),
        stages=root.words("stages", STAGES),
        purposes=root.words("purposes", purposes),
        core=root.word("priority", PRIORITIES) == "core",
        scope=root.word("scope", get_args(Scope)),
        status=root.word("status", get_args(Status)),
        confidence=root.word("confidence", get_args(Confidence)),
        caveat=root.text("caveat"),
        provider=root.text("provider"),
        apply_at=root.text("apply_at"),
        offer=_offer(root.at("offer")),
        documents=root.words("documents", documents),
        lead_days=_lead_days(root),
        criteria=tuple(criterion for role in ROLES for criterion in read_criteria(root, role, sources)),
        basis=tuple(read_basis(entry) for entry in root.items("basis")),
        sources=shown,
        validity=root.validity(),
        history=root.maybe_text("history"),
        examples=_examples(root),
    )
    if not current.stages or not current.purposes or not current.having("hard"):
        root.refuse("empty", "stages、purposes、hard 都不能为空", "stages, purposes and hard must not be empty")
    if {example.expect for example in current.examples} < {"eligible", "ineligible"}:
        root.refuse("examples", "至少要有一个符合和一个不符合的例子", "at least one eligible and one ineligible example are needed")
    versions = [current, *(_version(entry, current, sources) for entry in root.items("versions"))]
    refuse_overlaps(root, [one.validity for one in versions])
    return versions


def _lead_days(root: Entry) -> tuple[int, int]:
    low, high = root.numbers("lead_days")
    if low is None or high is None or low > high:
        root.refuse("upside_down", "lead_days 要写最少和最多天数", "lead_days needs the least and the most days", "lead_days")
        return (0, 0)
    return int(low), int(high)


def _offer(entry: Entry) -> Offer:
    entry.only("amount", "tenor", "price", "cost", "security")
    amount, tenor = entry.at("amount"), entry.at("tenor")
    amount.only("min_cny", "max_cny", "note")
    tenor.only("min_months", "max_months", "note")
    min_cny, max_cny = amount.bounds("min_cny", "max_cny")
    min_months, max_months = tenor.bounds("min_months", "max_months")
    return Offer(
        price=entry.text("price"),
        security=entry.text("security"),
        cost=entry.word("cost", get_args(Cost)),
        min_cny=min_cny,
        max_cny=max_cny,
        amount_note=amount.maybe_text("note"),
        min_months=min_months,
        max_months=max_months,
        tenor_note=tenor.maybe_text("note"),
    )  # fmt: skip


def read_criteria(root: Entry, role: Role, sources: Mapping[str, Source]) -> list[Criterion]:
    """Return the criteria of one role, in order."""
    found = []
    own = {"any_of": ("route", "name"), "avoid": ("title", "reason")}.get(role, ("title",))
    for entry in root.items(role):
        entry.only("if", "origin", "sources", *own)
        found.append(
            Criterion(
                role=role,
                condition=entry.condition(),
                origin=entry.word("origin", get_args(Origin)),
                route=entry.string("route") if role == "any_of" else None,
                title=entry.text("name") if role == "any_of" else entry.maybe_text("title"),
                reason=entry.text("reason") if role == "avoid" else None,
                sources=entry.words("sources", sources),
            )
        )
    return found


def read_basis(entry: Entry) -> Basis:
    """Return one document a rule rests on."""
    entry.only("title", "issuer", "doc_no", "date", "effective")
    return Basis(entry.text("title"), entry.text("issuer"), entry.maybe_string("doc_no"), entry.maybe_string("date"), entry.maybe_text("effective"))


def _version(entry: Entry, current: Instrument, sources: Mapping[str, Source]) -> Instrument:
    """Return another version: what the entry says, the rest as in the current one."""
    entry.only("valid", "note", "amount", "tenor", "price", *ROLES)
    offer = current.offer
    if entry.has("amount"):
        amount = entry.at("amount")
        amount.only("min_cny", "max_cny", "note")
        offer = replace(offer, min_cny=amount.maybe_number("min_cny"), max_cny=amount.maybe_number("max_cny"), amount_note=amount.maybe_text("note"))
    if entry.has("tenor"):
        tenor = entry.at("tenor")
        tenor.only("min_months", "max_months", "note")
        offer = replace(
            offer, min_months=tenor.maybe_number("min_months"), max_months=tenor.maybe_number("max_months"),
            tenor_note=tenor.maybe_text("note"),
        )  # fmt: skip
    if entry.has("price"):
        offer = replace(offer, price=entry.text("price"))
    criteria: list[Criterion] = []
    for role in ROLES:
        criteria += read_criteria(entry, role, sources) if entry.has(role) else current.having(role)
    return replace(
        current, offer=offer, criteria=tuple(criteria), validity=entry.validity(), history=entry.text("note"), other_version=True, examples=()
    )


def refuse_overlaps(root: Entry, versions: Sequence[Validity]) -> None:
    """Note it when two versions claim the same day, so that one date has one answer."""
    for one, other in combinations(versions, 2):
        first = max(version.first or dt.date.min for version in (one, other))
        last = min(version.last or dt.date.max for version in (one, other))
        if first <= last:
            root.refuse("overlap", f"两个版本在{first}都有效", f"two versions are both in force on {first}")


def _examples(root: Entry) -> tuple[Example, ...]:
    found = []
    for entry in root.items("examples"):
        entry.only("as_of", "firm", "expect", "why")
        entry.at("as_of")
        firm = entry.at("firm")
        firm.pairs()
        found.append(
            Example(
                firm.value if isinstance(firm.value, dict) else {},
                entry.word("expect", get_args(Eligibility)),
                entry.day("as_of") or dt.date(2000, 1, 1),
                entry.text("why"),
                entry.file.place(entry.path),
            )
        )
    return tuple(found)


def read_gates(root: Entry, instruments: Mapping[str, Instrument]) -> Gates:
    """Return the gates and the pairs without double subsidy."""
    root.only("gates", "no_double_subsidy")
    gates = []
    for entry in root.items("gates"):
        entry.only("id", "if", "origin", "block", "demote", "reason")
        families, named, spared = (), (), ()
        if entry.has("block"):
            block = entry.at("block")
            block.only("families", "instruments", "spare")
            families, named, spared = block.words("families", FAMILIES), block.words("instruments", instruments), block.words("spare", instruments)
        demotes = entry.has("demote")
        if demotes == entry.has("block"):
            entry.refuse("gate", "要写 block 或 demote 其中一个", "exactly one of block and demote is needed")
        named = entry.words("demote", instruments) if demotes else named
        gates.append(
            Gate(
                entry.string("id"), entry.condition(), entry.text("reason"), entry.word("origin", get_args(Origin)), families, named, spared, demotes
            )
        )
    pairs = []
    for entry in root.items("no_double_subsidy"):
        entry.only("pair", "reason")
        pair = entry.words("pair", instruments)
        if len(set(pair)) != 2:
            entry.refuse("pair", "要写两个不同的工具", "two different instruments are needed")
            continue
        pairs.append(Pair(pair[0], pair[1], entry.text("reason")))
    return Gates(tuple(gates), tuple(pairs))
