"""A learned stage over a table: who is asked about, and what stands beside the facts."""

import numpy as np
import polars as pl
import pytest

from advisor.domain.firm import read_firm
from advisor.domain.stage import FLOWS, PATTERNS
from advisor.screening.learned import InputColumns, Learned
from advisor.screening.outcome import learned_share
from advisor.screening.screen import Screen
from tests.classifier.test_inputs import FULL
from tests.screening.agreement import DAY, engine_frame, stage_model, synthetic_firms


@pytest.fixture(scope="module")
def known(rules):
    return synthetic_firms(rules, DAY, 400, seed=3)[1]


@pytest.fixture(scope="module")
def learned(rules):
    return Learned(stage_model(), rules.stages, rules.catalogue, DAY, set(rules.catalogue.facts))


def test_the_shares_beside_the_facts_are_those_of_each_firm(rules, edition, learned, known):
    frame = learned(engine_frame(known, rules.catalogue))
    asked = 0
    for firm, row in zip(known, frame.select(learned.names).rows(), strict=True):
        estimate = edition.known(firm, DAY, stage_model())[1]
        assert row == ((None,) * 8 if estimate.opinion is None else tuple(estimate.opinion.patterns.values()))
        asked += estimate.opinion is not None
    assert 0 < asked < len(known)


def test_facts_pass_through(rules, learned, known):
    facts = engine_frame(known, rules.catalogue)
    frame = learned(facts)
    assert frame.columns == [*facts.columns, *(learned_share(pattern) for pattern in PATTERNS)]
    assert frame.select(facts.columns).equals(facts)


def test_where_three_flows_decide_the_model_is_spared(rules, learned, known):
    flows = [pl.lit(5e6).alias(f"{flow}_cny") for flow in FLOWS]
    frame = learned(engine_frame(known, rules.catalogue).with_columns([*flows, pl.lit(1e7).alias("total_assets_cny")]))
    assert frame.select(learned.names).null_count().row(0) == (len(known),) * 8


def test_a_table_that_lacks_what_the_model_needs_is_not_asked_about(rules):
    few = Learned(stage_model(), rules.stages, rules.catalogue, DAY, {"revenue_cny", "employees"})
    frame = few(pl.DataFrame({"revenue_cny": [1e6, None], "employees": [3.0, 4.0]}))
    assert frame.select(few.names).null_count().row(0) == (2,) * 8


def test_an_empty_table_stays_empty(rules, learned, known):
    assert learned(engine_frame(known, rules.catalogue).clear()).height == 0


def test_inputs_of_facts_that_a_table_lacks_are_unknown(rules):
    model = stage_model()
    inputs, asked = InputColumns(model.trees, rules.catalogue, DAY, {"revenue_cny"})(pl.DataFrame({"revenue_cny": [1e6, None]}))
    assert np.isnan(inputs[1]).all()
    assert np.isfinite(inputs[0]).sum() == 1  # sales beside what stands in for assets
    assert asked.all()


def test_a_model_behind_three_clear_flows_names_no_stage_in_a_table_either(rules):
    """The eighth pattern of a firm whose product is unknown: the statement names no stage, and a sure model does not speak for it."""
    facts = {**FULL, "established_date": "2012-01-01", "opcf_cny": -9e6, "invcf_cny": -9e6, "fincf_cny": 2e7, "revenue_cny": 1.5e7}
    firm = read_firm(facts, rules.catalogue)
    frame, _ = Screen(rules.as_of(DAY), DAY, set(rules.catalogue.facts), model=stage_model())(engine_frame([firm], rules.catalogue))
    estimate = rules.as_of(DAY).known(firm, DAY, stage_model())[1]
    assert (frame["stage"][0], frame["stage_source"][0]) == (estimate.stage, estimate.source)
    assert estimate.source != "model"
