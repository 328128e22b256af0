"""plan.yaml -> the rules that put instruments together."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, get_args

from advisor.domain.instrument import FAMILIES, Confidence, Cost, Instrument
from advisor.planning.rules import MONEY, Band, Effort, InterestRelief, OneOf, PlanRules, Pool, Room, Terms
from advisor.rulefiles.entry import Entry

COSTS: tuple[Cost, ...] = get_args(Cost)
NO_POOL = "none"


def read_plan_rules(root: Entry, instruments: Mapping[str, Instrument], purposes: Collection[str]) -> PlanRules:
    """Return the rules of plan.yaml. What is wrong is noted in the entry's book; facts in formulas are looked up there."""
    root.only("within_days", "smallest_share", "most_lines", "longer", "unseen_limit_cny", "effort", "misfit", "idle", "rates", "family_rates",
              "money", "rooms", "pools", "unsecured", "terms", "one_of", "reliefs")  # fmt: skip
    effort = root.at("effort")
    effort.only("line_cny", "document_cny", "day_cny")
    root.at("rates").only(*COSTS)
    root.at("money").only(*FAMILIES)
    pools = tuple(_pool(entry) for entry in root.items("pools"))
    rooms = tuple(_room(entry, instruments) for entry in root.items("rooms"))
    names = [pool.id for pool in pools]
    taken: set[str] = set(instruments)
    for entry, ground in zip((*root.items("rooms"), *root.items("pools")), (*rooms, *pools), strict=True):
        if ground.id in taken:
            entry.refuse("duplicate_id", f"编号“{ground.id}”已被使用", f"the id '{ground.id}' is taken", "id")
        taken.add(ground.id)
    terms = {}
    for name, entry in root.pairs("terms"):
        _known(name, entry, instruments)
        terms[name] = _terms(entry, names, purposes)
    return PlanRules(
        within_days=int(root.number("within_days")),
        smallest_share=root.share("smallest_share"),
        most_lines=int(root.number("most_lines")),
        longer=root.number("longer"),
        unseen_limit_cny=root.number("unseen_limit_cny"),
        effort=Effort(effort.number("line_cny"), effort.number("document_cny"), effort.number("day_cny")),
        misfit=root.share("misfit"),
        idle=root.share("idle"),
        rates={cost: _band(root.at("rates"), cost) for cost in COSTS},
        family_rates={family: _bands(entry) for family, entry in _by_family(root, "family_rates")},
        money={family: root.at("money").word(family, MONEY) for family, _ in _by_family(root, "money")},
        rooms=rooms,
        pools=pools,
        unsecured=root.word("unsecured", names),
        terms=terms,
        one_of=tuple(_one_of(entry, instruments) for entry in root.items("one_of")),
        reliefs=tuple(_relief(entry, instruments) for entry in root.items("reliefs")),
    )


def _by_family(root: Entry, key: str) -> list[tuple[Any, Entry]]:
    root.at(key).only(*FAMILIES)
    return [(family, entry) for family, entry in root.pairs(key) if family in FAMILIES]


def _bands(entry: Entry) -> dict[Cost, Band]:
    entry.only(*COSTS)
    return {cost: _band(entry, cost) for cost in COSTS if entry.has(cost)}


def _band(entry: Entry, key: str) -> Band:
    """Return a price band; both ends may be the same."""
    low, high = entry.numbers(key)
    if low is None or high is None or not 0 <= low <= high:
        entry.refuse("upside_down", f"“{key}”应是两个不小于0的数字，小的在前", f"'{key}' should be two numbers from 0 on, the lower first", key)
        return 0.0, 0.0
    return low, high


def _ground(entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.string("id"),
        "label": entry.text("label"),
        "formulas": tuple(_formula(entry.at("formulas"), place) for place in range(len(entry.items("formulas")))),
        "reason": entry.text("reason"),
        "confidence": entry.word("confidence", get_args(Confidence)),
    }


def _formula(formulas: Entry, place: int) -> Any:
    """Return the formula at a place of a list, by way of an entry that holds it under that place."""
    return Entry(formulas.file, formulas.book, dict(enumerate(formulas.value)), formulas.path).formula(place)  # type: ignore[arg-type]


def _room(entry: Entry, instruments: Mapping[str, Instrument]) -> Room:
    entry.only("id", "of", "label", "formulas", "reason", "confidence", "spares")
    return Room(**_ground(entry), of=entry.word("of", MONEY), spared=entry.words("spares", instruments))


def _pool(entry: Entry) -> Pool:
    entry.only("id", "asks", "share", "label", "formulas", "reason", "confidence")
    asks = entry.maybe_string("asks")
    if asks is not None and asks not in entry.book.names:
        entry.refuse("unknown_word", f"没有指标“{asks}”", f"no fact '{asks}'", "asks")
    return Pool(**_ground(entry), share=_carried(entry), asks=asks)


def _carried(entry: Entry) -> float:
    """Return a share above 0: what carries nothing is no pool."""
    share = entry.share("share")
    if share == 0:
        entry.refuse("not_a_share", "“share”要大于0", "'share' should be above 0", "share")
        return 1.0
    return share


def _terms(entry: Entry, pools: Collection[str], purposes: Collection[str]) -> Terms:
    entry.only("money", "purposes", "pool", "share", "adds_debt", "limit", "share_of_need", "reason")
    return Terms(
        money=entry.word("money", MONEY) if entry.has("money") else None,
        purposes=entry.words("purposes", purposes) if entry.has("purposes") else None,
        pool=entry.word("pool", (*pools, NO_POOL)) if entry.has("pool") else None,
        share=_carried(entry) if entry.has("share") else None,
        adds_debt=entry.flag("adds_debt", default=True),
        limit=entry.formula("limit") if entry.has("limit") else None,
        share_of_need=entry.share("share_of_need") if entry.has("share_of_need") else 1.0,
        reason=entry.text("reason"),
    )


def _one_of(entry: Entry, instruments: Mapping[str, Instrument]) -> OneOf:
    entry.only("id", "reason", "instruments")
    return OneOf(entry.string("id"), entry.words("instruments", instruments), entry.text("reason"))


def _relief(entry: Entry, instruments: Mapping[str, Instrument]) -> InterestRelief:
    entry.only("id", "rate", "years", "most_cny")
    name = entry.word("id", instruments)
    return InterestRelief(name, entry.share("rate"), entry.number("years"), entry.maybe_number("most_cny"))


def _known(name: str, entry: Entry, instruments: Collection[str]) -> None:
    if name not in instruments:
        entry.refuse("unknown_word", f"没有“{name}”这个工具", f"'{name}' is not an instrument")
