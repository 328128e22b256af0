"""What holds of the advice for every firm whatever, the shipped rules given."""

from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.domain.advice import advise
from advisor.domain.firm import Firm
from tests.properties.trees import DAY

DECIDING = ("hard", "any_of", "exclude")


@settings(max_examples=25)
@given(data=st.data())
def test_ranks_reasons_and_questions_hold_together(rules, random_firms, data):
    full = data.draw(random_firms)
    kept = data.draw(st.sets(st.sampled_from(sorted(full))))
    advice = advise(Firm({name: full[name] for name in kept}), DAY, rules)
    ranked = [match.rank for match in advice.matches if match.open_now]
    assert ranked == list(range(1, len(ranked) + 1))
    assert abs(sum(advice.stage.probabilities.values()) - 1) < 1e-9
    for match in advice.matches:
        assert (match.rank is not None) is match.open_now
        assert not (match.watch and match.open_now)
        assert match.suitability is None or 0 <= match.suitability.score <= 1
        assert not set(match.missing) & kept
        if match.eligibility == "ineligible":
            assert any(reason.holds is False and reason.criterion_holds is False and reason.criterion.role in DECIDING for reason in match.reasons)


@settings(max_examples=25)
@given(data=st.data())
def test_of_a_firm_that_answered_everything_nothing_more_is_asked(rules, random_firms, data):
    firm = Firm(data.draw(random_firms))
    advice = advise(firm, DAY, rules)
    assert advice.questions == ()
    assert all(match.missing == () for match in advice.matches)
