"""Random conditions and firms over a small catalogue that has everything: words, lists, dates, derived facts, a size class."""

import datetime as dt

from hypothesis import strategies as st

from advisor.domain.condition import AS_OF, Choice, Constant, Formula, Junction, Name, Test, value
from tests.made_up import catalogue_of, fact, tree, words

SIZES = ("micro", "small", "medium", "large")
GRADES = ("A", "B", "C")
TITLES = ("hnte", "srdi", "giant")
CITIES = ("重庆", "重庆高新区", "成都", "")
NUMBERS = (-2, -1, -0.5, 0, 0.1, 0.5, 1, 2, 3, 20, 300, 1e15)
"""Few numbers, so that thresholds are met exactly as often as not."""
DATES = tuple(
    dt.date(year, month, day) for year, month, day in ((2019, 12, 31), (2020, 2, 29), (2021, 2, 28), (2021, 3, 1), (2026, 11, 24), (2027, 1, 1))
)
DAY = dt.date(2026, 11, 24)


def _size():
    bounds = [
        tree(f"city == '重庆' and staff >= {staff} and sales >= {sales} or city == '成都' and staff >= {sales}")
        for staff, sales in ((300, 20), (20, 3), (2, 1))
    ]
    large, medium, small = bounds
    return Choice(large, Constant("large"), Choice(medium, Constant("medium"), Choice(small, Constant("small"), Constant("micro"))))


CATALOGUE = catalogue_of(
    fact("staff", "int"), fact("sales", "money"), fact("debt", "money"), fact("share", "ratio"), fact("listed", "bool"), fact("blacklisted", "bool"),
    fact("city", "text"), fact("grade", "choice", options=GRADES), fact("titles", "choices", options=TITLES), fact("founded", "date"),
    size=("choice", _size(), {"options": {size: words(size) for size in SIZES}}),
    is_small=("bool", "size in ('micro', 'small')"),
    age=("number", "years_between(founded, as_of)"),
    leverage=("ratio", "debt / sales"),
    cover=("number", "99 if debt == 0 else sales / debt"),
    clean=("bool", "not blacklisted and (debt == 0 or listed)"),
    solid=("bool", "clean and not leverage > 0.5 and is_small"),
)  # fmt: skip

NAMES = CATALOGUE.namings


def _named(kind):
    return st.sampled_from([name for name, naming in NAMES.items() if naming.kind == kind]).map(Name)


def _pairs(strategy):
    return st.tuples(strategy, strategy)


def _some(of, least=0):
    return st.lists(st.sampled_from(of), min_size=least, max_size=3, unique=True).map(tuple)


numbers = st.sampled_from(NUMBERS)
dates = st.sampled_from(DATES)


def _bigger_numbers(smaller):
    return st.one_of(
        st.builds(lambda op, args: Formula(op, args), st.sampled_from("+-*/"), _pairs(smaller)),
        st.builds(lambda op, args: Formula(op, args), st.sampled_from(["min", "max"]), st.lists(smaller, min_size=2, max_size=3).map(tuple)),
        st.builds(lambda op, arg: Formula(op, (arg,)), st.sampled_from(["abs", "sqrt"]), smaller),
        st.builds(lambda arg: Formula("neg", (arg,)), smaller.filter(lambda node: not isinstance(node, Constant))),
        st.builds(Choice, _named("bool"), smaller, smaller),
    )


years = _pairs(_named("date")).map(lambda args: Formula("years_between", args))
number_trees = st.recursive(st.one_of(_named("number"), numbers.map(Constant), years), _bigger_numbers, max_leaves=5)

_ORDER = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])
_SAME = st.sampled_from(["==", "!="])


def _facts_first(test):
    """As the parser has it: where one side is a constant, it stands on the right."""
    return not isinstance(test.left, Constant) or isinstance(test.right, Constant)


def _test(op, left, right):
    return st.builds(Test, op, left, right).filter(_facts_first)


def _words_of(name):
    return {"size": SIZES, "grade": GRADES, "city": CITIES}[name]


_chosen = st.sampled_from(["size", "grade", "city"])
_prefixes = st.builds(lambda length: Formula("prefix", (Name("city"), Constant(length))), st.integers(0, 3))

single_tests = st.one_of(
    _test(_ORDER, number_trees, number_trees),
    _test(_ORDER, _named("number"), numbers.map(Constant)),
    _test(_ORDER, _named("date").filter(lambda name: name.id != AS_OF), dates.map(Constant)),
    _test(_ORDER, _named("date"), _named("date")),
    _test(_SAME, _named("bool"), st.booleans().map(Constant)),
    _chosen.flatmap(lambda name: st.builds(Test, _SAME, st.just(Name(name)), st.sampled_from(_words_of(name)).map(Constant))),
    _chosen.flatmap(lambda name: st.builds(Test, st.just("in"), st.just(Name(name)), _some(_words_of(name)).map(Constant))),
    st.builds(Test, _SAME, _prefixes, st.sampled_from(CITIES).map(Constant)),
    st.builds(Test, st.just("in"), _prefixes, _some(CITIES).map(Constant)),
    st.builds(Test, st.just("contains"), st.just(Name("titles")), st.sampled_from(TITLES).map(Constant)),
    st.builds(Test, st.sampled_from(["has_any", "has_all"]), st.just(Name("titles")), _some(TITLES).map(Constant)),
    st.builds(Test, st.just("starts_with"), st.just(Name("city")), st.sampled_from(["重", "重庆", "成", ""]).map(Constant)),
    st.builds(Test, st.just("starts_with"), st.just(Name("city")), _prefixes),
)


def _bigger(smaller):
    several = st.lists(smaller, min_size=2, max_size=4).map(tuple)
    return st.one_of(
        st.builds(Junction, st.sampled_from(["and", "or"]), several),
        st.builds(lambda part: Junction("not", (part,)), smaller),
        st.builds(Choice, smaller, smaller, smaller),
    )


conditions = st.recursive(st.one_of(_named("bool"), single_tests), _bigger, max_leaves=8)
"""Anything that says yes or no."""
trees = st.one_of(conditions, number_trees)
"""Anything that may be read."""

_ANSWERS = {
    "staff": st.integers(-1, 21) | st.sampled_from([300, 299]),
    "sales": numbers,
    "debt": numbers,
    "share": st.sampled_from([0, 0.1, 0.5, 1]),
    "listed": st.booleans(),
    "blacklisted": st.booleans(),
    "city": st.sampled_from(CITIES),
    "grade": st.sampled_from(GRADES),
    "titles": _some(TITLES),
    "founded": dates,
}
full_firms = st.fixed_dictionaries(_ANSWERS)
"""Firms of which everything is known."""
firms = st.fixed_dictionaries({name: st.none() | answers for name, answers in _ANSWERS.items()})
"""Firms of which some things are known."""


def everything_known(firm):
    """The firm's facts with what follows from them, worked out one by one in order."""
    known = {**firm, AS_OF: DAY}
    for name, derived in CATALOGUE.derived.items():
        known[name] = value(CATALOGUE.unfolded(derived.formula), known)
    return known


def parts_of(firm):
    """The same firm with some of its facts unknown."""
    return st.sets(st.sampled_from(sorted(firm))).map(lambda kept: {name: answer if name in kept else None for name, answer in firm.items()})
