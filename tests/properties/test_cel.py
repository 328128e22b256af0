"""Two engines of the Common Expression Language, of other makers, as judges of the three values.

In CEL a missing variable is an error, and `&&` and `||` drop an error where the other side decides: what Kleene says of
unknown. What CEL says otherwise is written around: `c ? a : b` fails with its condition, so a choice becomes `||` of
`&&`; lists of nothing and `all` forget a missing list; doubles divide by zero.
"""

import datetime as dt
import json
from itertools import product

import cel
import pytest
from cel_expr_python import cel as cel_cpp
from hypothesis import event, given, settings
from hypothesis import strategies as st

from advisor.domain.condition import Choice, Constant, Formula, Junction, Name, Test, judge, nodes_in
from advisor.domain.firm import Firm
from tests.made_up import tree
from tests.properties.trees import CATALOGUE, DAY, NAMES, conditions, everything_known, firms

FAILS = "(1 / 0 == 1)"
"""Unknown, said in CEL."""


class NotInCel(Exception):
    """A condition that CEL has no words for: a root, a part of a word, years between days. Ages are given, worked out before."""


def cel_of(node):
    """A condition in CEL: every number a double, every day the number of days since year 1."""
    match node:
        case Constant(bool() as yes):
            return "true" if yes else "false"
        case Constant(int() | float() as number):
            return f"({float(number)!r})"
        case Constant(dt.date() as day):
            return f"({float(day.toordinal())!r})"
        case Constant(value):
            return json.dumps(value, ensure_ascii=False)
        case Name(name):
            return name
        case Formula("/", (left, right)):
            return f"({cel_of(right)} != 0.0 ? {cel_of(left)} / {cel_of(right)} : double(1 / 0))"
        case Formula("+" | "-" | "*" as op, (left, right)):
            return f"({cel_of(left)} {op} {cel_of(right)})"
        case Formula("neg", (arg,)):
            return f"(-{cel_of(arg)})"
        case Formula("abs", (arg,)):
            return f"({cel_of(arg)} < 0.0 ? -{cel_of(arg)} : {cel_of(arg)})"
        case Formula("min" | "max" as op, (first, *more)):
            written = cel_of(first)
            for other in map(cel_of, more):
                written = f"({written} {'<=' if op == 'min' else '>='} {other} ? {written} : {other})"
            return written
        case Formula():
            raise NotInCel(node.op)
        case Test():
            return comparison_in_cel(node)
        case Junction("not", (part,)):
            return f"(!{cel_of(part)})"
        case Junction(op, parts):
            return f"({(' && ' if op == 'and' else ' || ').join(map(cel_of, parts))})"
        case Choice(condition, then, other):
            c, a, b = cel_of(condition), cel_of(then), cel_of(other)
            return f"(({c} && {a}) || (!{c} && {b}) || ({a} && {b}))"


def comparison_in_cel(node):
    for choice in nodes_in(node):
        if isinstance(choice, Choice):
            return lifted(node, choice)
    have = cel_of(node.left)
    match node:
        case Test("in" | "has_any", _, Constant(())):
            return f"({have} == {have} ? false : false)"
        case Test("has_all", _, Constant(())):
            return f"({have} == {have} ? true : true)"
        case Test("in", _, Constant(wanted)):
            return f"({' || '.join(f'{have} == {cel_of(Constant(word))}' for word in wanted)})"
        case Test("contains", _, wanted):
            return f"({cel_of(wanted)} in {have})"
        case Test("has_any", _, wanted):
            return f"{have}.exists(x, x in {cel_of(wanted)})"
        case Test("has_all", _, wanted):
            return f"{cel_of(wanted)}.all(x, x in {have})"
        case Test("starts_with", _, wanted):
            return f"{have}.startsWith({cel_of(wanted)})"
        case Test(op, _, wanted):
            return f"({have} {op} {cel_of(wanted)})"


def lifted(node, choice):
    """A test on a choice of values, asked of both; where the choice is open it is known only if both values are the same."""
    then, other = (replaced(node, choice, branch) for branch in (choice.then, choice.other))
    settled = f"({cel_of(choice.condition)} || !{cel_of(choice.condition)} || {cel_of(Test('==', choice.then, choice.other))})"
    return f"({settled} ? {cel_of(Choice(choice.condition, then, other))} : {FAILS})"


def replaced(node, old, new):
    if node is old:
        return new
    match node:
        case Formula(op, args):
            return Formula(op, tuple(replaced(arg, old, new) for arg in args))
        case Test(op, left, right):
            return Test(op, replaced(left, old, new), replaced(right, old, new))
        case Choice(condition, then, other):
            return Choice(*(replaced(part, old, new) for part in (condition, then, other)))
    return node


# ---------------------------------------------------------------- the two engines


def given_to_cel(known):
    """Facts as CEL takes them: what is unknown is left out."""

    def plain(answer):
        if isinstance(answer, dt.date):
            return float(answer.toordinal())
        if isinstance(answer, tuple):
            return list(answer)
        return answer if isinstance(answer, bool | str) else float(answer)

    return {name: plain(answer) for name, answer in known.items() if answer is not None}


def by_rust(written, namings=NAMES):
    program = cel.compile(written)

    def verdict(facts):
        try:
            found = program.execute(cel.Context(facts))
        except (RuntimeError, ValueError, TypeError, ZeroDivisionError):  # what it raises for a missing name or a division by zero
            return None
        assert isinstance(found, bool)
        return found

    return verdict


TYPES = {
    "number": cel_cpp.Type.DOUBLE,
    "date": cel_cpp.Type.DOUBLE,
    "bool": cel_cpp.Type.BOOL,
    "text": cel_cpp.Type.STRING,
    "choices": cel_cpp.Type.List(cel_cpp.Type.STRING),
}


def by_cpp(written, namings=NAMES):
    environment = cel_cpp.NewEnv(variables={name: TYPES[naming.kind] for name, naming in namings.items()})
    program = environment.compile(written)

    def verdict(facts):
        found = program.eval(data=facts)
        if found.type() == cel_cpp.Type.ERROR:
            return None
        assert found.type() == cel_cpp.Type.BOOL
        return found.value()

    return verdict


ENGINES = {"Rust": by_rust, "C++": by_cpp}


def sayable(node, catalogue=CATALOGUE):
    """The condition in CEL, or None where CEL has no words for it."""
    try:
        return cel_of(catalogue.unfolded(node))
    except NotInCel:
        return None


@pytest.mark.parametrize("engine", ENGINES)
@settings(max_examples=25)
@given(st.lists(conditions, min_size=8, max_size=16), st.lists(firms, min_size=6, max_size=12))
def test_what_cel_can_say_it_says_as_the_kernel_does(engine, nodes, rows):
    differing = []
    for node in nodes:
        written = sayable(node)
        event("said in CEL" if written else "beyond CEL")
        if written is None:
            continue
        verdict = ENGINES[engine](written)
        for firm in rows:
            known = everything_known(firm)
            want, got = judge(CATALOGUE.unfolded(node), known), verdict(given_to_cel(known))
            if want is not got:
                differing.append((written, firm, want, got))
    assert differing == []


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("op", ["and", "or"])
def test_every_pair_of_values_joins_as_kleene_says(engine, op):
    verdict = ENGINES[engine](cel_of(Junction(op, (Name("listed"), Name("blacklisted")))))
    for one, other in product((True, False, None), repeat=2):
        known = {"listed": one, "blacklisted": other}
        assert verdict(given_to_cel(known)) is judge(Junction(op, (Name("listed"), Name("blacklisted"))), known)


@pytest.mark.parametrize("engine", ENGINES)
def test_cel_fails_with_the_condition_of_a_choice_where_both_branches_agree(engine):
    """The reason why a choice is not written with `?:` here."""
    assert ENGINES[engine]("listed ? true : true")({}) is None
    assert judge(Choice(Name("listed"), Constant(True), Constant(True)), {}) is True
    assert ENGINES[engine](cel_of(Choice(Name("listed"), Constant(True), Constant(True))))({}) is True


@pytest.mark.parametrize("written", ["sqrt(sales) > 2", "years_between(founded, as_of) >= 1", "prefix(city, 1) == '重'"])
def test_cel_has_no_words_for_roots_ages_and_parts_of_words(written):
    assert sayable(tree(written)) is None


@pytest.fixture(scope="module", params=ENGINES)
def shipped_in_cel(request, rules):
    """The shipped rules as programs of one engine, None where one needs a root."""
    catalogue = rules.catalogue
    written = [sayable(one.rule, catalogue) for one in rules.as_of(DAY).instruments]
    return [said and ENGINES[request.param](said, catalogue.namings) for said in written]


@settings(max_examples=8)
@given(data=st.data())
def test_the_shipped_rules_say_the_same_in_cel(shipped_in_cel, rules, random_firms, data):
    edition = rules.as_of(DAY)
    full = data.draw(random_firms)
    share = data.draw(st.sampled_from([0.3, 0.7, 0.95, 1.0]))
    order = data.draw(st.randoms(use_true_random=False))
    firm = Firm({name: answer for name, answer in full.items() if order.random() < share})
    facts = given_to_cel(edition.read(firm, DAY).known)
    judged = zip(edition.instruments, edition.verdicts(firm, DAY), shipped_in_cel, strict=True)
    assert [(one.id, want) for one, want, verdict in judged if verdict and verdict(facts) is not want] == []


def test_nearly_all_shipped_rules_can_be_said_in_cel(shipped_in_cel):
    assert shipped_in_cel.count(None) <= len(shipped_in_cel) // 50
