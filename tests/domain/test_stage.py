"""The stage of a firm: patterns, answers, rules, legal facts, and when nothing is said."""

import datetime as dt

import pytest

from advisor.domain.firm import read_firm
from advisor.domain.stage import PATTERNS, STAGES, Opinion

DAY = dt.date(2026, 11, 24)
ASSETS = 100_000_000
SIGN = {"+": 5_000_000, "-": -5_000_000}  # five per cent of assets: material
ANSWERS = {
    "ops_brought_cash": {"+": True, "-": False},
    "spent_on_investment": {"+": False, "-": True},
    "raised_more_than_repaid": {"+": True, "-": False},
}
OLD_AND_EARNING = {"established_date": "2005-01-01", "product_stage": "mass_production", "net_profit_cny": 3_000_000}
ALL_CLEAR = {"court_status": "none", "cannot_pay_due": False}


def flows(pattern, suffix="", size=1.0):
    return {f"{name}{suffix}_cny": SIGN[sign] * size for name, sign in zip(("opcf", "invcf", "fincf"), pattern, strict=True)}


def answers(pattern):
    return {fact: words[sign] for (fact, words), sign in zip(ANSWERS.items(), pattern, strict=True)}


@pytest.fixture
def staged(rules):
    def estimate(model=None, **facts):
        return rules.as_of(DAY).known(read_firm(facts, rules.catalogue), DAY, model)[1]

    return estimate


def evidence(found, witness, year=0):
    return next((piece for piece in found.evidence if piece.witness == witness and piece.year == year), None)


# ---------------------------------------------------------------- the eight patterns


@pytest.mark.parametrize(
    ("pattern", "class5", "stage"),
    [
        ("+-+", "growth", "growth"),
        ("+--", "mature", "mature"),
        ("---", "shakeout", "decline"),
        ("+++", "shakeout", "decline"),
        ("++-", "shakeout", "decline"),
        ("-++", "decline", "decline"),
        ("-+-", "decline", "decline"),
    ],
)
def test_seven_patterns_have_one_class_and_one_stage(staged, pattern, class5, stage):
    piece = evidence(staged(total_assets_cny=ASSETS, **flows(pattern)), "statements")
    assert (piece.pattern, piece.class5, piece.stage, piece.shakeout) == (pattern, class5, stage, class5 == "shakeout")


@pytest.mark.parametrize(
    ("facts", "stage"),
    [
        ({"established_date": "2025-01-01"}, "startup"),
        ({**OLD_AND_EARNING, "product_stage": "prototype", "revenue_cny": 8_000_000}, "startup"),
        ({**OLD_AND_EARNING, "product_stage": "prototype", "revenue_cny": 80_000_000}, "growth"),
        ({"established_date": "2005-01-01", "net_profit_cny": 3_000_000, "revenue_cny": 80_000_000}, "growth"),
        ({**OLD_AND_EARNING, "net_profit_cny": -1}, "startup"),
        (OLD_AND_EARNING, "growth"),
        ({}, None),
        ({"established_date": "2005-01-01"}, None),
    ],
)
def test_the_eighth_is_a_startup_a_growing_firm_or_either(staged, facts, stage):
    piece = evidence(staged(total_assets_cny=ASSETS, **flows("--+"), **facts), "statements")
    assert (piece.pattern, piece.class5, piece.stage) == ("--+", "introduction", stage)


def test_the_eighth_pattern_says_in_words_how_it_was_read(staged):
    texts = [
        evidence(staged(total_assets_cny=ASSETS, **flows("--+"), **facts), "statements").text
        for facts in (OLD_AND_EARNING, {}, {"net_profit_cny": -1})
    ]
    assert "借款铺货" in texts[0].zh
    assert "可能是初创" in texts[1].zh
    assert "读作初创" in texts[2].zh
    assert len({text.en for text in texts}) == 3


@pytest.mark.parametrize(
    ("pattern", "stage"),
    [
        ("+-+", "growth"),
        ("+--", "mature"),
        ("---", "decline"),
        ("+++", "decline"),
        ("++-", "decline"),
        ("-++", "decline"),
        ("-+-", "decline"),
        ("--+", "growth"),
    ],
)
@pytest.mark.parametrize(
    "rules_say",
    [
        {"revenue_cny": 100e6, "revenue_y2_cny": 50e6},  # growth
        {"revenue_cny": 100e6, "revenue_y1_cny": 100e6, "revenue_y2_cny": 100e6, "rd_expense_cny": 0},  # mature
        {"revenue_cny": 50e6, "revenue_y1_cny": 100e6, "revenue_y2_cny": 100e6},  # nothing that would outrank
    ],
)
def test_three_material_flows_decide_whatever_the_rules_say(staged, pattern, stage, rules_say):
    found = staged(total_assets_cny=ASSETS, total_liabilities_cny=ASSETS / 2, **flows(pattern), **OLD_AND_EARNING, **ALL_CLEAR, **rules_say)
    assert found.stage == stage


# ---------------------------------------------------------------- small and missing flows


@pytest.mark.parametrize(("share", "borderline"), [(0.0099, True), (0.01, False), (0.02, False)])
def test_a_flow_under_one_per_cent_of_assets_is_borderline(staged, share, borderline):
    facts = flows("+--") | {"fincf_cny": -share * ASSETS, "total_assets_cny": ASSETS}
    assert evidence(staged(**facts), "statements").borderline is borderline


def test_a_borderline_flow_names_the_stage_it_borders_on(staged):
    piece = evidence(staged(**(flows("+--") | {"fincf_cny": -500_000, "total_assets_cny": ASSETS})), "statements")
    assert (piece.stage, piece.neighbours) == ("mature", ("growth",))
    assert "不到总资产的1%" in piece.text.zh
    assert "under 1% of total assets" in piece.text.en


def test_two_borderline_flows_name_two_neighbours(staged):
    piece = evidence(staged(**(flows("+--") | {"opcf_cny": 500_000, "fincf_cny": -500_000, "total_assets_cny": ASSETS})), "statements")
    assert (piece.stage, set(piece.neighbours)) == ("mature", {"decline", "growth"})


def test_a_neighbour_of_the_same_stage_is_none(staged):
    piece = evidence(staged(**(flows("+++") | {"fincf_cny": 500_000, "total_assets_cny": ASSETS})), "statements")
    assert (piece.borderline, piece.neighbours) == (True, ())  # "++-" is decline as well


def test_a_borderline_flow_decides_less(staged):
    clear = staged(**flows("+--"), total_assets_cny=ASSETS)
    doubtful = staged(**(flows("+--") | {"fincf_cny": -500_000}), total_assets_cny=ASSETS)
    assert doubtful.probabilities["mature"] < clear.probabilities["mature"]
    assert doubtful.probabilities["growth"] > clear.probabilities["growth"]


def test_with_assets_unknown_no_flow_is_borderline(staged):
    assert evidence(staged(opcf_cny=1, invcf_cny=-1, fincf_cny=-1), "statements").borderline is False


@pytest.mark.parametrize("missing", [{"fincf_cny": 0}, {"fincf_cny": None}, {"opcf_cny": 0}, {"invcf_cny": None}])
def test_a_flow_that_is_zero_or_missing_leaves_the_statement_without_a_verdict(staged, missing):
    piece = evidence(staged(**(flows("+--") | missing | {"total_assets_cny": ASSETS})), "statements")
    assert (piece.stage, piece.pattern, piece.class5) == (None, None, None)


def test_two_flows_still_move_the_probabilities(staged):
    nothing, two = staged(), staged(opcf_cny=5e6, invcf_cny=-5e6, total_assets_cny=ASSETS)
    assert two.probabilities["mature"] > nothing.probabilities["mature"]
    assert two.probabilities["startup"] < nothing.probabilities["startup"]


# ---------------------------------------------------------------- answers


@pytest.mark.parametrize("pattern", ["+-+", "+--", "---", "+++", "++-", "-++", "-+-"])
def test_three_answers_read_like_three_signs(staged, rules, pattern):
    piece = evidence(staged(**answers(pattern)), "answers")
    assert (piece.pattern, piece.stage, piece.class5) == (pattern, rules.stages.patterns[pattern].stage, rules.stages.patterns[pattern].class5)


def test_answers_decide_less_than_statements(staged):
    told, seen = staged(**answers("-++")), staged(total_assets_cny=ASSETS, **flows("-++"))
    assert told.probabilities["decline"] < seen.probabilities["decline"]
    assert told.probabilities["decline"] > staged().probabilities["decline"]


def test_two_answers_name_no_stage(staged):
    piece = evidence(staged(ops_brought_cash=True, spent_on_investment=True), "answers")
    assert (piece.stage, piece.pattern) == (None, None)
    assert piece.text.zh == "您对2个现金问题的回答"


def test_a_figure_is_believed_before_an_answer(staged):
    found = staged(total_assets_cny=ASSETS, **flows("+--"), **answers("-++"))
    assert evidence(found, "answers") is None
    assert found.probabilities == staged(total_assets_cny=ASSETS, **flows("+--")).probabilities


def test_an_answer_fills_in_for_a_missing_figure(staged):
    found = staged(total_assets_cny=ASSETS, **(flows("+--") | {"fincf_cny": None}), raised_more_than_repaid=False)
    piece = evidence(found, "answers")
    assert (piece.pattern, piece.stage) == ("+--", "mature")
    assert "1个现金问题" in piece.text.zh


# ---------------------------------------------------------------- the rules


@pytest.mark.parametrize(
    ("facts", "stage", "not_ruled_out"),
    [
        ({"entity_type": "unregistered_team"}, "startup", ("decline",)),
        (
            {"established_date": "2025-01-01", **ALL_CLEAR, "total_assets_cny": 2, "total_liabilities_cny": 1, "revenue_y1_cny": 0, "revenue_cny": 1},
            "startup",
            (),
        ),
        ({**OLD_AND_EARNING, **ALL_CLEAR}, "mature", ("decline", "startup", "growth")),
        ({**OLD_AND_EARNING, **ALL_CLEAR, "entity_type": "limited_company"}, "mature", ("decline", "growth")),
        ({"revenue_cny": 100e6, "revenue_y2_cny": 50e6, "entity_type": "limited_company", **OLD_AND_EARNING}, "growth", ("decline",)),
        ({}, None, ("decline", "startup", "growth", "mature")),
        ({"cannot_pay_due": True}, "decline", ()),
    ],
)
def test_the_first_true_rule_speaks_and_the_open_ones_before_it_are_not_ruled_out(staged, facts, stage, not_ruled_out):
    piece = evidence(staged(**facts), "rules")
    assert (piece.stage, piece.not_ruled_out) == (stage, not_ruled_out)


def test_a_rule_that_is_not_ruled_out_keeps_a_share(staged):
    solvent = {"total_assets_cny": 2e6, "total_liabilities_cny": 1e6, "revenue_cny": 1e6, "revenue_y1_cny": 1e6}
    open_, closed = staged(**OLD_AND_EARNING), staged(**OLD_AND_EARNING, **ALL_CLEAR, **solvent)
    assert "decline" in evidence(open_, "rules").not_ruled_out
    assert "decline" not in evidence(closed, "rules").not_ruled_out
    assert open_.probabilities["decline"] > closed.probabilities["decline"]


def test_rules_are_softened_never_certain(staged):
    found = staged(entity_type="unregistered_team")
    assert all(0 < share < 1 for share in found.probabilities.values())


# ---------------------------------------------------------------- legal and solvency facts


@pytest.mark.parametrize(
    "fact",
    [{"court_status": "reorganisation"}, {"cannot_pay_due": True}, {"total_assets_cny": 1e6, "total_liabilities_cny": 2e6}],
)
def test_legal_and_solvency_facts_outrank_cash_flows(staged, fact):
    found = staged(**({"total_assets_cny": ASSETS} | flows("+-+") | OLD_AND_EARNING | fact))
    assert found.stage == "decline"
    assert found.probabilities["decline"] >= 0.9
    assert evidence(found, "legal_solvency").stage == "decline"
    assert evidence(found, "statements").stage == "growth"  # still shown


def test_every_legal_fact_that_holds_is_shown(staged):
    found = staged(court_status="liquidation", cannot_pay_due=True)
    assert sum(piece.witness == "legal_solvency" for piece in found.evidence) == 2


def test_an_unknown_court_status_outranks_nothing(staged):
    assert evidence(staged(**flows("+-+")), "legal_solvency") is None


# ---------------------------------------------------------------- a whole picture


@pytest.mark.parametrize("facts", [{}, {"region": "chongqing"}, {"employees": 40, "industry_class": "industry"}])
def test_of_a_firm_hardly_known_no_stage_is_named(staged, facts):
    found = staged(**facts)
    assert found.stage is None
    assert len(found.candidates) >= 3


@pytest.mark.parametrize(
    "facts",
    [
        {},
        ALL_CLEAR,
        OLD_AND_EARNING,
        flows("--+"),
        {**flows("-++"), **OLD_AND_EARNING},
        {"cannot_pay_due": True, **flows("+-+")},
        answers("+--"),
        {"opcf_cny": 0},
    ],
)
def test_probabilities_sum_to_one(staged, facts):
    found = staged(**facts)
    assert set(found.probabilities) == set(STAGES)
    assert sum(found.probabilities.values()) == pytest.approx(1)


def test_the_named_stage_is_the_likeliest_from_a_threshold_on(staged, rules):
    for facts in ({}, OLD_AND_EARNING, {**OLD_AND_EARNING, **ALL_CLEAR}, flows("+--"), {"established_date": "2025-01-01"}):
        found = staged(**facts)
        likeliest = max(STAGES, key=found.probabilities.get)
        assert found.stage == (likeliest if found.probabilities[likeliest] >= rules.stages.named_from else None)


def test_candidates_hold_at_least_four_fifths(staged):
    for facts in ({}, OLD_AND_EARNING, {**flows("+--"), "total_assets_cny": ASSETS}):
        found = staged(**facts)
        held = [found.probabilities[stage] for stage in found.candidates]
        assert sum(held) >= 0.8
        assert sum(held[:-1]) < 0.8
        assert held == sorted(held, reverse=True)


def test_several_years_are_shown_latest_first(staged):
    found = staged(total_assets_cny=ASSETS, **flows("+--"), **flows("+-+", "_y1"), **flows("--+", "_y2"))
    seen = [(piece.year, piece.pattern) for piece in found.evidence if piece.witness == "statements"]
    assert seen == [(0, "+--"), (1, "+-+"), (2, "--+")]


def test_earlier_years_are_shown_but_do_not_decide(staged):
    now = {"total_assets_cny": ASSETS, **flows("+--")}
    assert staged(**now, **flows("-++", "_y1")).probabilities == staged(**now).probabilities


def test_an_earlier_years_flows_are_measured_by_that_years_assets(staged):
    now = {"total_assets_cny": ASSETS, **flows("+--", "_y1", size=0.1)}  # half a per cent of today's assets
    assert evidence(staged(**now), "statements", year=1).borderline is True
    assert evidence(staged(**now, total_assets_y1_cny=ASSETS / 10), "statements", year=1).borderline is False


def test_an_earlier_year_is_never_judged_by_todays_age(staged):
    found = staged(total_assets_cny=ASSETS, **flows("--+", "_y1"), **OLD_AND_EARNING)
    assert evidence(found, "statements", year=1).stage is None


def test_witnesses_that_disagree_are_flagged(staged):
    assert staged(total_assets_cny=ASSETS, **flows("+-+"), **OLD_AND_EARNING).disagreement  # the rules say mature
    assert not staged(total_assets_cny=ASSETS, **flows("+--"), **OLD_AND_EARNING).disagreement
    assert not staged().disagreement


def test_an_earlier_year_is_no_disagreement(staged):
    assert not staged(total_assets_cny=ASSETS, **flows("+--"), **flows("-++", "_y1"), **OLD_AND_EARNING).disagreement


# ---------------------------------------------------------------- a learned model


def opinion(**patterns):
    """A model that always says the same; patterns are given as `pnm` for "+-+"."""
    shares = dict.fromkeys(PATTERNS, 0.0) | {"".join({"p": "+", "m": "-"}[sign] for sign in name): share for name, share in patterns.items()}
    return lambda known: Opinion(shares, least=0.15, tier="T2")


def test_a_model_takes_the_place_of_priors_and_rules(staged):
    found = staged(opinion(pmp=0.7, pmm=0.3), **OLD_AND_EARNING, **ALL_CLEAR)
    assert found.probabilities == pytest.approx({"startup": 0, "growth": 0.7, "mature": 0.3, "decline": 0})
    piece = evidence(found, "model")
    assert (piece.pattern, piece.stage, piece.class5) == ("+-+", "growth", "growth")
    assert "growth 70%, mature 30%" in piece.text.en
    assert evidence(found, "rules").stage == "mature"  # heard and shown, but it decides nothing
    assert not found.disagreement


def test_a_decline_that_only_the_rules_see_is_worth_a_look(staged):
    shrinking = {"revenue_cny": 6e6, "revenue_y1_cny": 9e6, "net_profit_cny": -1, "net_profit_y1_cny": -1, "established_date": "2005-01-01"}
    found = staged(opinion(pmm=0.9, pmp=0.1), **shrinking)
    assert (found.stage, found.disagreement) == ("mature", True)


def test_shake_out_that_prevails_in_decline_is_marked(staged):
    told = ({"ppm": 0.7, "pmm": 0.3}, {"mpm": 0.7, "pmm": 0.3})
    shaken, sunk = (evidence(staged(opinion(**shares), **OLD_AND_EARNING), "model") for shares in told)
    assert (shaken.stage, shaken.shakeout, sunk.stage, sunk.shakeout) == ("decline", True, "decline", False)
    assert "of which shake-out 70%" in shaken.text.en
    assert "动荡期" not in sunk.text.zh


def test_a_flow_or_two_of_a_statement_are_named_as_evidence(staged):
    piece = evidence(staged(total_assets_cny=ASSETS, opcf_cny=-5e6, fincf_cny=5e6), "statements")
    assert (piece.stage, piece.pattern) == (None, None)
    assert piece.text.zh == "只知道一部分现金流：经营−、筹资+"
    assert piece.text.en == "some cash flows are known: operating −, financing +"


def test_a_model_says_where_nothing_was_proved(staged):
    small, larger = (evidence(staged(opinion(pmp=1.0), total_assets_cny=assets, **OLD_AND_EARNING), "model") for assets in (4e5, 4e7))
    assert "not validated" in small.text.en
    assert "not validated" not in larger.text.en


def test_answers_join_a_model_by_their_trust(staged):
    found = staged(opinion(pmp=0.6, pmm=0.4), **OLD_AND_EARNING, raised_more_than_repaid=False)
    assert found.probabilities["mature"] == pytest.approx(0.4 * 0.9 / (0.4 * 0.9 + 0.6 * 0.1))


@pytest.mark.parametrize("pattern", PATTERNS)
def test_three_material_flows_decide_whatever_a_model_says(staged, pattern):
    facts = {"total_assets_cny": ASSETS, **flows(pattern), **OLD_AND_EARNING}
    found = staged(opinion(pmp=0.6, pmm=0.4), **facts)
    assert found.stage == evidence(found, "statements").stage
    assert found.probabilities == staged(**facts).probabilities


def test_a_model_that_is_not_sure_names_no_stage_but_a_set(staged):
    found = staged(opinion(pmp=0.5, pmm=0.4, ppm=0.1), **OLD_AND_EARNING)
    assert (found.stage, evidence(found, "model").stage) == (None, None)
    assert found.candidates == ("growth", "mature")


def test_a_model_sees_what_is_known_of_the_firm(staged):
    seen = {}

    def looking(known):
        seen.update(known)

    staged(looking, employees=40, rd_staff=4)
    assert (seen["employees"], seen["rd_staff_ratio"], seen["as_of"]) == (40, 0.1, DAY)


def test_a_model_that_abstains_changes_nothing(staged):
    found = staged(lambda known: None, **OLD_AND_EARNING)
    assert evidence(found, "model") is None
    assert found.probabilities == staged(**OLD_AND_EARNING).probabilities


@pytest.mark.parametrize(
    "facts",
    [
        {"entity_type": "unregistered_team"},
        {"established_date": "2024-06-01"},
        {"established_date": "2022-06-01", "revenue_cny": 8_000_000},
        {"industry_class": "real_estate"},
        {"gb_code": "J6621"},
        {"gb_code": "K7010"},
    ],
)
def test_a_model_is_not_asked_about_firms_it_has_not_learned_from(staged, facts):
    found = staged(opinion(pmp=1.0), **facts)
    assert found.probabilities == staged(**facts).probabilities
    piece = evidence(found, "model")
    assert piece.stage is None
    assert "not asked" in piece.text.en


def test_legal_facts_outrank_a_model_too(staged):
    assert staged(opinion(pmp=1.0), cannot_pay_due=True).stage == "decline"


def test_an_established_firm_with_a_loss_and_falling_sales_is_no_startup(staged):
    shrinking = {"established_date": "2005-01-01", "net_profit_cny": -1, "revenue_cny": 8e6, "revenue_y1_cny": 9e6}
    found = staged(total_assets_cny=ASSETS, **flows("--+"), **shrinking)
    assert found.stage == "decline"
    assert "读作衰退" in evidence(found, "statements").text.zh
    assert staged(total_assets_cny=ASSETS, **flows("--+"), **shrinking | {"revenue_y1_cny": 7e6}).stage == "startup"
