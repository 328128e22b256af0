"""Results in words: every id of every result has a name in both languages."""

import polars as pl
import pytest

from advisor.screening.portfolio import PortfolioScreen
from advisor.screening.wording import TITLES, Wording
from tests.screening.agreement import DAY

LANGS = ("zh", "en")
ID = r"^[a-z0-9]+(_[a-z0-9]+)+$"


@pytest.fixture(scope="module")
def screened(edition, synthetic):
    screen = PortfolioScreen(edition, DAY, synthetic.columns, wide=True, top=20)
    return screen, screen(synthetic, 1).frame


@pytest.mark.parametrize("lang", LANGS)
def test_no_id_is_left_in_titles_or_cells(edition, screened, lang):
    screen, frame = screened
    said = Wording(edition, lang).say(frame, screen.results)
    headers = Wording(edition, lang).headers(frame.columns, screen.results)
    assert len(set(headers)) == len(headers) == frame.width
    assert not any(pl.Series(headers[2:]).str.contains(ID))
    for column in said.get_columns()[2:]:
        if column.dtype == pl.String:
            assert not column.drop_nulls().str.contains(ID).any(), column.name


@pytest.mark.parametrize("lang", LANGS)
def test_words_stand_where_their_ids_stood(edition, rules, screened, lang):
    screen, frame = screened
    said = Wording(edition, lang).say(frame, screen.results)
    assert said.columns == frame.columns
    assert said.select("firm_id", "name").equals(frame.select("firm_id", "name"))
    names = {one.id: one.name[lang] for one in edition.instruments}
    assert said["top1"].to_list() == [one and names[one] for one in frame["top1"].to_list()]
    assert said["missing1"].to_list() == [one and rules.catalogue.facts[one].label[lang] for one in frame["missing1"].to_list()]
    assert said["stage"].to_list() == [one and edition.ruleset.stages.labels[one][lang] for one in frame["stage"].to_list()]
    reasons = {gate.id: gate.reason[lang] for gate in edition.ruleset.gates.gates}
    assert said["gates"].to_list() == [";".join(reasons[one] for one in joined.split(";") if one) or None for joined in frame["gates"].to_list()]
    for name in ("stage_source", "size_class", "fund_chain"):
        assert said[name].is_null().equals(frame[name].is_null())
        assert said[name].n_unique() == frame[name].n_unique()


def test_the_two_languages_say_the_same_of_the_same_firms(edition, screened):
    screen, frame = screened
    zh, en = (Wording(edition, lang).say(frame, screen.results) for lang in LANGS)
    for name in ("stage", "fund_chain", "size_class", "top1", "missing1"):
        pairs = pl.DataFrame([zh[name].alias("zh"), en[name].alias("en")]).unique()
        assert pairs["zh"].n_unique() == pairs["en"].n_unique() == pairs.height, name


def test_shares_are_shown_to_four_places_and_counts_as_they_are(edition, screened):
    screen, frame = screened
    said = Wording(edition, "zh").say(frame, screen.results)
    assert said["p_growth"].to_list() == [round(share, 4) for share in frame["p_growth"].to_list()]
    assert said["top1_fit"].equals(frame["top1_fit"])
    assert said["eligible"].equals(frame["eligible"])
    assert said["direct_lease"].equals(frame["direct_lease"])


@pytest.mark.parametrize("lang", LANGS)
def test_an_instrument_that_is_only_proposed_says_so(edition, lang):
    proposed = next(one for one in edition.instruments if one.status == "proposed")
    title = Wording(edition, lang).title(proposed.id)
    assert title.startswith(proposed.name[lang])
    assert {"zh": "提议", "en": "proposed"}[lang] in title


def test_a_column_of_the_user_keeps_its_header_and_a_result_of_the_same_title_tells_its_id(edition):
    screen = PortfolioScreen(edition, DAY, ["阶段", "employees", "Money chain"])
    for lang, title in (("zh", "阶段 (stage)"), ("en", "Money chain (fund_chain)")):
        headers = Wording(edition, lang).headers(screen.blank.columns, screen.results)
        assert headers[:2] == ["阶段", "Money chain"]
        assert title in headers


@pytest.mark.parametrize("top", [1, 20])
def test_every_result_has_a_title_of_its_own(edition, top):
    screen = PortfolioScreen(edition, DAY, ["employees"], top=top)
    results = screen.blank.columns[-screen.results :]
    assert {name for name in results if not name.startswith("p_")} <= set(TITLES)
    for lang in LANGS:
        headers = Wording(edition, lang).headers(results, screen.results)
        assert len(set(headers)) == len(results)
        assert not set(headers) & set(results)
