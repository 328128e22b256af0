"""The example firms' plans under the shipped rules, with facts changed."""

from advisor.domain.advice import advise
from advisor.domain.firm import read_firm
from advisor.planning.plan import plan
from advisor.service.planning import need_of
from tests.examples import DAY, FIRMS

MILLION = 1_000_000


def advice_of(rules, name, **facts):
    """The advice for an example firm; a fact set to None is not known."""
    known = {fact: value for fact, value in {**FIRMS[name], **facts}.items() if value is not None}
    return advise(read_firm(known, rules.catalogue), DAY, rules)


def planned(rules, plans, name, need=None, **facts):
    """The plan for an example firm, and the advice it rests on; `need` overrides what the firm says it needs."""
    advice = advice_of(rules, name, **facts)
    return plan(advice, need_of(advice, plans, **(need or {})), plans), advice
