"""Small made-up catalogues, conditions and criteria, for tests that read better without the shipped rules."""

from advisor.domain.condition import Choice, Constant
from advisor.domain.facts import CONDITION_KINDS, Catalogue, Changeability, DerivedFact, Fact
from advisor.domain.instrument import Criterion, Instrument, Offer, Validity
from advisor.domain.notation import Naming, parse, parse_condition
from advisor.domain.text import Text

NAMINGS = {
    "staff": Naming("number"),
    "sales": Naming("number"),
    "debt": Naming("number"),
    "listed": Naming("bool"),
    "blacklisted": Naming("bool"),
    "city": Naming("text"),
    "grade": Naming("text", frozenset({"A", "B", "C"})),
    "titles": Naming("choices", frozenset({"hnte", "srdi", "giant"})),
    "founded": Naming("date"),
    "as_of": Naming("date"),
}
"""Names enough for every operator of the language."""


def words(written):
    """The same words in both languages."""
    return Text(written, written)


def tree(written, names=NAMINGS):
    """The tree of a text that is known to be right."""
    problems = []
    node = parse(written, names, problems)
    assert problems == [], [problem.say("en") for problem in problems]
    return node


def fact(fact_id, kind, **more):
    """A fact whose label is its id unless told."""
    label = more.pop("label", words(fact_id))
    options = {option: words(option.upper()) for option in more.pop("options", ())}
    change = more.pop("change", Changeability("slow"))
    return Fact(fact_id, kind, label, label, "people", 1, options=options, change=change, **more)


def catalogue_of(*facts, **formulas):
    """A catalogue of facts and of derived facts: id=(kind, formula) or id=(kind, formula, more)."""
    by_id = {one.id: one for one in facts}
    names = {one.id: one.naming for one in facts} | {"as_of": Naming("date")}
    derived = {}
    for fact_id, (kind, formula, *more) in formulas.items():
        node = formula if isinstance(formula, Choice | Constant) else tree(formula, names)
        derived[fact_id] = DerivedFact(fact_id, kind, words(fact_id), node, **(more[0] if more else {}))
        names[fact_id] = Naming(CONDITION_KINDS[kind], frozenset(derived[fact_id].options))
    return Catalogue(by_id, derived)


def criterion(role, written, catalogue, **more):
    """A criterion from its text."""
    problems = []
    node = parse_condition(written, catalogue.namings, problems)
    assert problems == [], [problem.say("en") for problem in problems]
    return Criterion(role, node, more.pop("origin", "policy"), **more)


def instrument(instrument_id, *criteria, family="loan", **more):
    """An instrument of which only what a test speaks of matters."""
    offer = Offer(words("price"), words("security"), more.pop("cost", "market"), **more.pop("offer", {}))
    return Instrument(
        id=instrument_id, family=family, name=words(instrument_id), summary=words("summary"), stages=more.pop("stages", ("growth",)),
        purposes=more.pop("purposes", ("equipment",)), core=False, scope="national", status=more.pop("status", "live"),
        confidence=more.pop("confidence", "verified"), caveat=words("caveat"), provider=words("provider"), apply_at=words("bank"), offer=offer,
        documents=more.pop("documents", ()), lead_days=more.pop("lead_days", (1, 5)), criteria=tuple(criteria),
        validity=more.pop("validity", Validity()), **more,
    )  # fmt: skip
