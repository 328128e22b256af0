"""One firm and a table of firms get the same answer: every conclusion of a table against that of `advise`, cell by cell.

`python -m tests.screening.agreement 20000` compares so many synthetic firms, with `--nasty` firms drawn from the bounds
of the rules. Exit code 1 where a cell differs.
"""

import argparse
import datetime as dt
import functools
import itertools
import multiprocessing
import random
import sys
import tempfile
from collections import Counter
from pathlib import Path

import polars as pl

from advisor.classifier.model import load_model
from advisor.domain.advice import advise
from advisor.domain.condition import Constant, Name, Test, nodes_in
from advisor.domain.figures import MIN_NUMBER
from advisor.domain.firm import read_firm
from advisor.domain.stage import STAGES
from advisor.population.firms import firms
from advisor.rulefiles.folder import read_rules
from advisor.screening.columns import DTYPES
from advisor.screening.portfolio import PortfolioScreen
from advisor.screening.screen import MISSING, SEPARATOR, Screen
from advisor.service.advisor import SHIPPED
from advisor.shipped import shipped

DAY = dt.date(2026, 11, 24)
EXAMPLES_SHOWN = 20
VERDICTS = {"eligible": 1, "ineligible": 0, "undetermined": None}


# ---------------------------------------------------------------- firms


def synthetic_firms(rules, day, count, seed=1):
    """Synthetic firms twice: the raw table, and firm by firm."""
    raw = next(firms(count, rules.catalogue, day, seed, chunk=count))
    return raw, [read_firm(row, rules.catalogue) for row in raw.to_dicts()]


def bounds_of(rules):
    """The numbers that conditions hold a fact or a formula against: by fact, and all of them."""
    ruleset = rules.ruleset if hasattr(rules, "ruleset") else rules
    conditions = [criterion.condition for one in ruleset.instruments for criterion in one.criteria]
    conditions += [gate.condition for gate in ruleset.gates.gates]
    conditions += [*ruleset.warnings.conditions(), *ruleset.stages.conditions()]
    conditions += [derived.formula for derived in ruleset.catalogue.derived.values()]
    found = {}
    for node in itertools.chain.from_iterable(map(nodes_in, conditions)):
        match node:
            case Test(_, left, Constant(int() | float() as bound)) if not isinstance(bound, bool):
                found.setdefault(left.id if isinstance(left, Name) else None, set()).add(bound)
    every = sorted(set().union(*found.values()))
    return {name: sorted(bounds) for name, bounds in found.items()}, every


def nasty_firms(rules, day, count, seed=1):
    """Firms nobody meets: contradictions, figures on the bounds of the rules and beside them, days in the future."""
    draw = random.Random(seed)
    by_fact, every = bounds_of(rules)
    shares = [bound for bound in every if 0 < bound <= 1]

    def number(fact):
        low, high = -1e13 if fact.low is None else fact.low, 1e13 if fact.high is None else fact.high
        bound = draw.choice(by_fact.get(fact.id, every))
        usual = fact.typical or (low, high)
        wild = draw.choice([low, high, 0, bound, bound + 1, bound - 1, bound * (1 - 1e-9), draw.uniform(*usual), *fact.specials])
        if fact.kind == "money" and draw.random() < 0.5:  # quotients of these meet their bounds exactly
            wild = draw.choice([1, 1, *shares]) * draw.choice([1e6, 1e7, 5e7, -1e7])
        wild = float(round(wild)) if fact.kind == "int" else float(wild)
        wild = wild if wild in fact.specials else min(max(wild, low), high)
        return wild if abs(wild) >= MIN_NUMBER else 0.0

    def answer(fact):
        match fact.kind:
            case "bool":
                return draw.random() < 0.5
            case "choice":
                return draw.choice(list(fact.options))
            case "choices":
                return draw.sample(list(fact.options), draw.randint(0, min(4, len(fact.options))))
            case "date":
                whole = day.replace(year=day.year - draw.choice([0, 1, 2, 3, 5, 8, 15, -1]), day=min(day.day, 28))
                return draw.choice([dt.date(2024, 2, 29), day, whole, whole + dt.timedelta(draw.randint(-3, 3))])
            case "text":
                return draw.choice(["C3911", "C2710", "I6510", "F5100", "C36", "渝北区", "高新区", "Z", *fact.suggestions])
            case _:
                return number(fact)

    found = []
    for _ in range(count):
        told = draw.choice([0.1, 0.4, 0.7, 0.9, 1.0])
        found.append(read_firm({fact.id: answer(fact) for fact in rules.catalogue.facts.values() if draw.random() < told}, rules.catalogue))
    return found


def engine_frame(known, catalogue):
    """Firms as a table reads them: one column a fact in engine form."""
    columns = {}
    for name, fact in catalogue.facts.items():
        answers, places = [firm.facts.get(name) for firm in known], {option: place for place, option in enumerate(fact.options)}
        if fact.kind == "choice":
            answers = [None if one is None else places[one] for one in answers]
        elif fact.kind == "choices":
            if name == "purposes":
                columns["purposes.first"] = pl.Series([places[one[0]] if one else None for one in answers], dtype=pl.UInt8)
            answers = [None if one is None else sum(1 << places[word] for word in one) for one in answers]
        elif DTYPES[fact.kind] == pl.Float64:
            answers = [None if one is None else float(one) for one in answers]
        columns[name] = pl.Series(answers, dtype=DTYPES[fact.kind])
    return pl.DataFrame(columns)


# ---------------------------------------------------------------- conclusions


@functools.cache
def stage_model():
    """The shipped stage model, asked on both sides."""
    return load_model(SHIPPED)


class Concluded:
    """What `advise` concludes for one firm, in the words of a table."""

    def __init__(self, firm, day, ruleset):
        advice = advise(firm, day, ruleset, stage_model())
        self.advice = advice
        self.judged = [match for match in advice.matches if not match.watch]
        held = {gate.id for match in self.judged if match.eligibility == "eligible" for gate in match.blocked_by}
        self.gates = [gate.id for gate in ruleset.gates.gates if gate.id in held]
        self.ranked = sorted((match for match in advice.matches if match.rank), key=lambda match: match.rank)
        self.waiting = Counter(fact for match in self.judged for fact in match.missing if fact not in firm.facts)
        places = {fact: (one.tier, place) for place, (fact, one) in enumerate(ruleset.catalogue.facts.items())}
        self.asked = sorted(self.waiting, key=lambda fact: (-self.waiting[fact], places[fact]))

    def row(self, top, *, wide):
        """The row that a table should hold for the firm."""
        advice = self.advice
        eligible = [match for match in self.judged if match.eligibility == "eligible"]
        row = {
            "stage": advice.stage.stage,
            "stage_source": advice.stage.source,
            **{f"p_{stage}": advice.stage.probabilities[stage] for stage in STAGES},
            "size_class": advice.size_class,
            "fund_chain": advice.fund_chain.level,
            "eligible": len(eligible),
            "blocked": sum(not match.open_now for match in eligible),
            "undetermined": sum(match.eligibility == "undetermined" for match in self.judged),
        }
        for place in range(top):
            best = self.ranked[place] if place < len(self.ranked) else None
            row[f"top{place + 1}"] = best and best.instrument.id
            row[f"top{place + 1}_fit"] = best and best.suitability.score
        row["gates"] = SEPARATOR.join(self.gates)
        for place in range(MISSING):
            row[f"missing{place + 1}"] = self.asked[place] if place < len(self.asked) else None
        if wide:
            row |= {match.instrument.id: VERDICTS[match.eligibility] for match in advice.matches}
        return row


def differing(expected, frame):
    """Compare rows with a frame: how many cells there are, and (row, column, expected, found) for each that differs."""
    found = frame.to_dicts()
    assert len(expected) == len(found)
    assert not expected or set(expected[0]) <= set(frame.columns), set(expected[0]) - set(frame.columns)
    wrong = [
        (place, name, cell, got[name])
        for place, (row, got) in enumerate(zip(expected, found, strict=True))
        for name, cell in row.items()
        if got[name] != cell or isinstance(got[name], bool) or (isinstance(cell, float) and not isinstance(got[name], float))
    ]
    return sum(map(len, expected)), wrong


def compare_synthetic(ruleset, day, raw, known, top=5):
    """Compare the raw table of some firms with their advice; see `differing`."""
    screen = PortfolioScreen(ruleset.as_of(day), day, raw.columns, top=top, wide=True, model=stage_model())
    return differing([Concluded(firm, day, ruleset).row(top, wide=True) for firm in known], screen(raw, 1).frame)


def compare_nasty(ruleset, day, known, top=5):
    """Compare firms in engine form with their advice; see `differing`."""
    screen = Screen(ruleset.as_of(day), day, set(ruleset.catalogue.facts), top=top, wide=True, model=stage_model())
    frame, _ = screen(engine_frame(known, ruleset.catalogue))
    return differing([Concluded(firm, day, ruleset).row(top, wide=True) for firm in known], frame)


# ---------------------------------------------------------------- at length

PIECE = 500


@functools.cache
def _rules(cache):
    return read_rules(shipped("rules"), Path(cache))


def _work(piece):
    number, count, day, seed, nasty, cache = piece
    ruleset = _rules(cache)
    if nasty:
        return compare_nasty(ruleset, day, nasty_firms(ruleset, day, count, seed * 1_000_003 + number))
    start = number * PIECE
    raw = next(itertools.islice(firms(start + count, ruleset.catalogue, day, seed, chunk=PIECE), number, None))
    return compare_synthetic(ruleset, day, raw, [read_firm(row, ruleset.catalogue) for row in raw.to_dicts()])


def main(arguments=None):
    """Compare as many firms as asked, in two processes, and say what differs."""
    parser = argparse.ArgumentParser(prog="python -m tests.screening.agreement", description=__doc__.splitlines()[0])
    parser.add_argument("count", type=int)
    parser.add_argument("--as-of", type=dt.date.fromisoformat, default=DAY)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--nasty", action="store_true")
    asked = parser.parse_args(arguments)
    cells, wrong = 0, []
    with tempfile.TemporaryDirectory() as cache, multiprocessing.get_context("spawn").Pool(2) as pool:
        pieces = [
            (number, min(PIECE, asked.count - start), asked.as_of, asked.seed, asked.nasty, cache)
            for number, start in enumerate(range(0, asked.count, PIECE))
        ]
        for number, (compared, found) in enumerate(pool.imap(_work, pieces)):
            cells += compared
            wrong += [(number * PIECE + place, *rest) for place, *rest in found]
    for place, name, cell, got in wrong[:EXAMPLES_SHOWN]:
        print(f"firm {place + 1}, {name}: {cell!r} for the firm alone, {got!r} in the table")
    print(f"{asked.count} firms, {cells} cells compared, {len(wrong)} differ")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
