"""Stage, money chain and size as trees: read over a table they give the very numbers of the estimate for one firm."""

from dataclasses import replace

import polars as pl
import pytest

from advisor.domain.condition import Name
from advisor.domain.ruleset import STAGE_FACT
from advisor.domain.stage import ANSWERS, FLOWS, STAGES, WITNESSES
from advisor.domain.warning import watch
from advisor.screening.columns import Columns, Graph
from advisor.screening.outcome import LEVELS, fund_chain_level, named_stage, stage_probabilities, stage_source
from tests.screening.agreement import DAY, engine_frame, nasty_firms

FIRMS = 400


def read(edition, known):
    """Stage, its probabilities and its witness, money chain and size for every firm, in words."""
    ruleset, catalogue = edition.ruleset, edition.catalogue
    probabilities = stage_probabilities(ruleset.stages)
    graph = Graph(catalogue, DAY, set(catalogue.facts), {STAGE_FACT: named_stage(probabilities, ruleset.stages)})
    outputs = {stage: graph.part(tree) for stage, tree in probabilities.items()}
    outputs |= {"stage": graph.part(Name(STAGE_FACT)), "source": graph.part(stage_source(ruleset.stages), WITNESSES)}
    outputs |= {"level": graph.part(fund_chain_level(ruleset.warnings), LEVELS), "size": graph.part(Name("size_class"))}
    words = {"stage": STAGES, "source": WITNESSES, "level": LEVELS, "size": tuple(catalogue["size_class"].options)}
    rows = Columns(outputs, graph)(engine_frame(known, catalogue)).to_dicts()
    return [row | {name: None if row[name] is None else said[row[name]] for name, said in words.items()} for row in rows]


def alone(edition, firm):
    """The same for one firm."""
    reading = edition.read(firm, DAY)
    level = watch(reading, edition.ruleset.warnings).level
    said = {"stage": reading.stage.stage, "source": reading.stage.source, "level": level, "size": reading.known["size_class"]}
    return {**reading.stage.probabilities, **said}


@pytest.fixture(scope="module")
def firms(rules):
    return nasty_firms(rules, DAY, FIRMS, seed=2)


def test_every_outcome_is_that_of_one_firm_to_the_last_bit(edition, firms):
    assert read(edition, firms) == [alone(edition, firm) for firm in firms]


def test_the_witnesses_of_the_flows_are_heard_alike(rules, edition, firms):
    """Every way of knowing three flows: by statement or by answer, at zero, beside unknown or worthless assets."""
    known = []
    for number, firm in enumerate(firms[:243]):
        facts = {name: answer for name, answer in firm.facts.items() if not name.startswith(FLOWS) and name not in ANSWERS}
        facts["total_assets_cny"] = (None, 0.0, 1e7)[number % 3]
        for place, (flow, answer) in enumerate(zip(FLOWS, ANSWERS, strict=True)):
            facts[f"{flow}_cny"] = (None, 0.0, -2e4, 3e5, -5e6)[(number // 3 + 2 * place * number) % 5]
            facts[answer] = (None, True, False)[(number // 7 + place) % 3]
        known.append(replace(firm, facts={name: answer for name, answer in facts.items() if answer is not None}))
    found = read(edition, known)
    assert found == [alone(edition, firm) for firm in known]
    assert {row["source"] for row in found} == {*WITNESSES} - {"model"} | {None}


def test_firms_of_which_nothing_is_known_have_no_stage_and_no_level(edition, firms):
    nothing = [replace(firms[0], facts={})]
    row = read(edition, nothing)[0]
    assert row == alone(edition, nothing[0])
    assert (row["stage"], row["source"], row["level"], row["size"]) == (None, None, None, None)


def test_the_probabilities_of_a_stage_add_up_to_one(edition, firms):
    frame = pl.DataFrame(read(edition, firms))
    assert (frame.select(pl.sum_horizontal(STAGES)).to_series() - 1).abs().max() < 1e-12
    assert frame.select(pl.min_horizontal(STAGES)).to_series().min() >= 0
