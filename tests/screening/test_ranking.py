"""The best instruments of many firms at once, against the suitability of each instrument for each firm."""

import numpy as np
import pytest

from advisor.domain.ranking import suitability
from advisor.domain.stage import STAGES
from advisor.screening.ranking import Ranker, Wishes

FIRMS = 200


class Drawn:
    """Random firms: what they need, how likely each stage is, what is open, preferred, avoided and put last."""

    def __init__(self, edition, seed, share_open):
        draw = np.random.default_rng(seed)
        self.edition, self.plans = edition, edition.plans
        self.options = tuple(edition.catalogue.facts["purposes"].options)
        self.needs = [None if draw.random() < 0.3 else float(draw.choice([0, 1e5, 5e5, 3e6, 1e7, 2e9, draw.uniform(1, 1e8)])) for _ in range(FIRMS)]
        self.months = [None if draw.random() < 0.3 else int(draw.choice([0, 1, 6, 12, 36, 60, 400])) for _ in range(FIRMS)]
        self.purposes = [None if draw.random() < 0.2 else tuple(draw.permutation(self.options)[: draw.integers(0, 5)].tolist()) for _ in range(FIRMS)]
        shares = draw.dirichlet([0.5] * len(STAGES), FIRMS)
        self.probabilities = [dict(zip(STAGES, row.tolist(), strict=True)) for row in shares]
        self.open = draw.random((len(self.plans), FIRMS)) < share_open
        self.last = [draw.random(FIRMS) < 0.3 if draw.random() < 0.2 else None for _ in self.plans]
        self.preferred = [[(draw.random(FIRMS) < 0.5, draw.random(FIRMS) < 0.7) for _ in plan.preferred] for plan in self.plans]
        self.avoided = [[draw.random(FIRMS) < 0.3 for _ in plan.avoided] for plan in self.plans]

    def best(self, top):
        """What the table finds: for each firm (instrument, suitability), the best first."""
        bits = [sum(1 << self.options.index(word) for word in words or ()) for words in self.purposes]
        first = [self.options.index(words[0]) if words else 0 for words in self.purposes]
        needs, months = (np.array([np.nan if one is None else one for one in column], dtype=np.float64) for column in (self.needs, self.months))
        stages = {}
        for plan in self.plans:
            share = np.array([row[plan.instrument.stages[0]] for row in self.probabilities])
            for stage in plan.instrument.stages[1:]:
                share = share + [row[stage] for row in self.probabilities]
            stages[plan.instrument.stages] = share
        ranker = Ranker(self.plans, self.edition.ruleset.ranking, self.edition.catalogue)
        wishes = Wishes(needs, months, np.array(bits, dtype=np.uint64), np.array(first, dtype=np.uint8))
        rows = [np.flatnonzero(here) for here in self.open]
        told = [[(holds & known, known) for holds, known in these] for these in self.preferred]
        found, scores = ranker.best(top, FIRMS, rows, self.last, stages, wishes, told, self.avoided)
        return [
            [(self.plans[place].instrument.id, score) for place, score in zip(places, fits, strict=True) if place >= 0]
            for places, fits in zip(found.T.tolist(), scores.T.tolist(), strict=True)
        ]

    def alone(self, firm, top):
        """The same for one firm, instrument after instrument."""
        known = {"purposes": self.purposes[firm], "need_cny": self.needs[firm], "need_months": self.months[firm]}
        ranked = []
        for place, plan in enumerate(self.plans):
            if self.open[place][firm]:
                held = [bool(holds[firm]) if known[firm] else None for holds, known in self.preferred[place]]
                avoided = sum(bool(reason[firm]) for reason in self.avoided[place])
                fit = suitability(
                    plan.instrument, plan.standing, known, self.probabilities[firm], held, avoided, self.edition.ruleset.ranking
                ).score  # fmt: skip
                last = self.last[place] is not None and bool(self.last[place][firm])
                ranked.append((last, -fit, plan.instrument.id))
        return [(name, -fit) for _, fit, name in sorted(ranked)[:top]]


@pytest.mark.parametrize(("top", "share_open"), [(1, 0.5), (5, 0.1), (5, 1.0), (20, 0.1), (20, 0.7)])
def test_the_best_are_those_of_one_firm_in_the_same_order_with_the_same_suitability(edition, top, share_open):
    drawn = Drawn(edition, seed=top, share_open=share_open)
    assert drawn.best(top) == [drawn.alone(firm, top) for firm in range(FIRMS)]


def test_the_first_of_many_are_the_same_as_the_first_of_few(edition):
    drawn = Drawn(edition, seed=9, share_open=0.4)
    assert [best[:3] for best in drawn.best(20)] == drawn.best(3)


def test_a_firm_to_which_nothing_is_open_has_no_best_instrument(edition):
    assert Drawn(edition, seed=3, share_open=0.0).best(5) == [[]] * FIRMS


def test_what_is_put_last_stands_behind_what_suits_less(edition):
    drawn = Drawn(edition, seed=4, share_open=0.05)
    best = drawn.best(20)
    demoted = {plan.instrument.id: last for plan, last in zip(drawn.plans, drawn.last, strict=True) if last is not None}
    turned = 0
    for firm, names in enumerate(best):
        last = [name in demoted and bool(demoted[name][firm]) for name, _ in names]
        assert last == sorted(last)
        turned += any(last) and names[last.index(True)][1] > min(fit for _, fit in names[: last.index(True)] or [("", 9.0)])
    assert turned > 10
