"""Synthetic firms: the same every time, streamed, well formed, plausible together, and unknown where a firm would not know."""

import datetime as dt
import re
from itertools import pairwise

import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest

from advisor.domain.condition import AS_OF, judge
from advisor.domain.facts import Catalogue
from advisor.domain.warning import watch
from advisor.population.firms import BLOCK, NOTICE, firms, write_firms
from advisor.population.names import PLACES
from advisor.service.advisor import Advisor
from tests.made_up import fact

DAY = dt.date(2026, 11, 24)
MANY = 200_000
SUMS = 1e-3


def made(catalogue, count, **how):
    return pl.concat(firms(count, catalogue, DAY, **how))


@pytest.fixture(scope="module")
def many(catalogue):
    """A population large enough for the rare."""
    return made(catalogue, MANY)


@pytest.fixture(scope="module")
def some(many):
    """A few thousand firms, for readings one by one."""
    return many.head(3_000)


@pytest.fixture(scope="module")
def known(some):
    """What is known of each of these firms, lists as tuples."""
    rows = []
    for row in some.drop("firm_id", "name").iter_rows(named=True):
        facts = {name: value for name, value in row.items() if value is not None}
        for name in ("certs", "purposes", "sector_tags", "founder_groups", "stable_cf_asset_type"):
            if name in facts:
                facts[name] = tuple(filter(None, facts[name].split(";")))
        rows.append(facts)
    return rows


# ---------------------------------------------------------------- a stream


def test_the_same_seed_gives_the_same_firms_and_another_seed_gives_others(catalogue):
    once, again, other = made(catalogue, 500), made(catalogue, 500), made(catalogue, 500, seed=2)
    assert once.equals(again, null_equal=True)
    assert not once.equals(other, null_equal=True)


def test_chunks_have_the_size_asked_for_and_do_not_change_the_firms(catalogue):
    count = BLOCK + 700
    chunks = list(firms(count, catalogue, DAY, chunk=4_000))
    assert [chunk.height for chunk in chunks] == [4_000, 4_000, 2_700]
    assert pl.concat(chunks).equals(made(catalogue, count), null_equal=True)


def test_a_longer_population_begins_with_the_shorter_one(catalogue, many):
    assert made(catalogue, BLOCK + 1).equals(many.head(BLOCK + 1), null_equal=True)


def test_no_firms_are_no_frames_and_a_chunk_needs_a_row(catalogue):
    assert list(firms(0, catalogue, DAY)) == []
    with pytest.raises(ValueError):
        next(firms(1, catalogue, DAY, chunk=0))


# ---------------------------------------------------------------- codes and names


def is_social_credit_code(code):
    """GB 32100 and GB 11714 as they are written, one character at a time."""
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    if not re.fullmatch(f"[{alphabet}]{{18}}", code):
        return False
    total = sum(alphabet.index(letter) * 3**place for place, letter in enumerate(code[:17]))
    if alphabet[-total % 31] != code[17]:
        return False
    weights = (3, 7, 9, 10, 5, 8, 4, 2)
    rest = 11 - sum(int(letter, 36) * weight for letter, weight in zip(code[8:16], weights, strict=True)) % 11
    return code[16] == {10: "X", 11: "0"}.get(rest, str(rest))


def test_the_check_knows_the_example_of_the_standard_and_a_slip_in_it():
    assert is_social_credit_code("91350100M000100Y43")
    assert not is_social_credit_code("91350100M000100Y44")
    assert not is_social_credit_code("91350100M000200Y43")


def test_every_firm_has_a_well_formed_code_of_its_own_and_of_its_place(many):
    codes = many["firm_id"]
    assert codes.n_unique() == MANY
    assert all(is_social_credit_code(code) for code in codes.head(5_000))
    region = {place.code: place.region for place in PLACES}
    for code, said in many.select("firm_id", "region").head(5_000).iter_rows():
        assert said == region[code[2:8]]


def test_what_a_code_begins_with_tells_the_legal_form(many):
    start = many.select(pl.col("entity_type").cast(pl.String), pl.col("firm_id").str.head(2).alias("start")).unique().sort("entity_type")
    assert dict(start.iter_rows()) == {
        "limited_company": "91", "joint_stock": "91", "partnership": "91", "sole_proprietor_enterprise": "91",
        "self_employed": "92", "cooperative": "93", "unregistered_team": "Y1",
    }  # fmt: skip


def test_names_are_chinese_and_end_as_their_legal_form_does(many):
    endings = {"joint_stock": "股份有限公司", "partnership": "合伙企业（有限合伙）", "cooperative": "专业合作社", "unregistered_team": "创业团队"}
    for form, ending in endings.items():
        assert many.filter(pl.col("entity_type") == form)["name"].str.ends_with(ending).all()
    assert many["name"].str.contains(r"^[\p{Han}（）]{6,30}$").all()


# ---------------------------------------------------------------- raw form


def test_there_is_a_column_for_every_fact_and_none_is_unknown_of_all(catalogue, many):
    assert many.columns == ["firm_id", "name", *catalogue.facts]
    assert [name for name in catalogue.facts if many[name].null_count() == MANY] == []


def test_every_known_value_is_one_that_the_catalogue_reads_as_itself(catalogue, some):
    for fact_id, asked in catalogue.facts.items():
        for raw in some[fact_id].drop_nulls().unique():
            read = asked.read(raw)
            expected = tuple(filter(None, raw.split(";"))) if asked.kind == "choices" else raw
            assert read == expected, fact_id


def test_no_number_is_infinite_or_not_a_number(many):
    numbers = many.select(pl.selectors.float())
    assert numbers.select(pl.all().is_finite().all()).row(0) == (True,) * numbers.width


def test_a_fact_the_population_does_not_know_of_is_unknown_of_every_firm():
    told = Catalogue({one.id: one for one in (fact("revenue_cny", "money"), fact("moons", "int"), fact("colour", "choice", options=("red",)))})
    frame = next(firms(10, told, DAY))
    assert frame.columns == ["firm_id", "name", "revenue_cny", "moons", "colour"]
    assert frame["moons"].null_count() == frame["colour"].null_count() == 10


def test_a_parquet_file_says_that_its_firms_are_synthetic_and_keeps_words_as_dictionaries(catalogue, tmp_path, some):
    path = tmp_path / "firms.parquet"
    write_firms(path, 3_000, catalogue, DAY, chunk=1_000)
    file = pq.ParquetFile(path)
    assert file.schema_arrow.metadata[b"synthetic"] == NOTICE.encode()
    assert (file.metadata.num_rows, [entry.name for entry in tmp_path.iterdir()]) == (3_000, ["firms.parquet"])
    for fact_id, asked in catalogue.facts.items():
        if asked.kind in ("choice", "choices"):
            assert str(file.schema_arrow.field(fact_id).type).startswith("dictionary"), fact_id
    assert pl.from_arrow(file.read()).equals(some, null_equal=True)


def test_two_files_of_the_same_firms_have_the_same_bytes(catalogue, tmp_path):
    for name in ("one.parquet", "two.parquet"):
        write_firms(tmp_path / name, 300, catalogue, DAY)
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()


def test_a_population_of_nobody_is_a_file_without_rows(catalogue, tmp_path):
    write_firms(tmp_path / "none.csv", 0, catalogue, DAY)
    assert (tmp_path / "none.csv").read_text(encoding="utf-8-sig").count("\n") == 1


def test_progress_tells_how_many_are_done(catalogue, tmp_path):
    told = []
    write_firms(tmp_path / "some.csv", 2_500, catalogue, DAY, chunk=1_000, progress=lambda done, of: told.append((done, of)))
    assert told == [(1_000, 2_500), (2_000, 2_500), (2_500, 2_500)]


# ---------------------------------------------------------------- plausible together


PARTS = [
    ("current_assets_cny", "total_assets_cny"), ("cash_cny", "current_assets_cny"), ("receivables_cny", "current_assets_cny"),
    ("inventory_cny", "current_assets_cny"), ("fixed_assets_cny", "total_assets_cny"), ("equipment_book_cny", "fixed_assets_cny"),
    ("current_liabilities_cny", "total_liabilities_cny"), ("interest_debt_cny", "total_liabilities_cny"),
    ("short_debt_cny", "interest_debt_cny"), ("short_debt_cny", "current_liabilities_cny"), ("loan_due_cny", "interest_debt_cny"),
    ("good_receivables_cny", "receivables_cny"), ("export_revenue_cny", "revenue_cny"), ("export_receivable_cny", "receivables_cny"),
    ("social_insured", "employees"), ("rd_staff", "employees"), ("key_group_hires_1y", "employees"), ("warehouse_goods_cny", "inventory_cny"),
    ("current_assets_y1_cny", "total_assets_y1_cny"), ("current_liabilities_y1_cny", "total_liabilities_y1_cny"),
    ("interest_debt_y1_cny", "total_liabilities_y1_cny"), ("cash_y1_cny", "current_assets_y1_cny"), ("net_profit_cny", "revenue_cny"),
]  # fmt: skip


@pytest.mark.parametrize(("part", "whole"), PARTS)
def test_no_part_is_larger_than_its_whole(many, part, whole):
    both = many.select(part, whole).drop_nulls()
    assert both.height > 10_000
    assert (both[part] <= both[whole] + SUMS).all()


def test_current_assets_hold_cash_receivables_and_stock_together(many):
    sums = many.drop_nulls(["current_assets_cny", "cash_cny", "receivables_cny", "inventory_cny"])
    assert (sums["cash_cny"] + sums["receivables_cny"] + sums["inventory_cny"] <= sums["current_assets_cny"] + SUMS).all()


def test_equity_is_what_owners_paid_in_and_the_firm_kept(many):
    told = many.drop_nulls(["total_assets_cny", "total_liabilities_cny", "paid_in_capital_cny", "retained_earnings_cny", "equity_raised_2y_cny"])
    equity = told["total_assets_cny"] - told["total_liabilities_cny"]
    kept = told["paid_in_capital_cny"] + told["retained_earnings_cny"]
    without_investors = told["equity_raised_2y_cny"] == 0
    assert ((equity - kept).abs().filter(without_investors) < SUMS).all()
    assert (equity - kept >= -SUMS).all()


def test_the_three_cash_flows_are_the_change_of_cash(many):
    told = many.drop_nulls(["opcf_cny", "invcf_cny", "fincf_cny", "cash_cny", "cash_y1_cny"])
    change = told["opcf_cny"] + told["invcf_cny"] + told["fincf_cny"] - (told["cash_cny"] - told["cash_y1_cny"])
    assert told.height > 10_000
    assert change.abs().max() < SUMS


def test_the_answers_of_owners_agree_with_their_statements_but_for_slips(many):
    for answer, agrees in (("ops_brought_cash", pl.col("opcf_cny") > 0), ("spent_on_investment", pl.col("invcf_cny") < 0)):
        share = many.select((pl.col(answer) == agrees).mean()).item()
        assert 0.95 < share < 0.99


def test_a_firm_that_never_borrowed_owes_no_bank(many):
    never = many.filter(~pl.col("has_bank_loan"))
    for owed in ("interest_debt_cny", "short_debt_cny", "loan_due_cny", "overdue_loans", "overdue_days_max"):
        assert never[owed].max() == 0
    assert set(never["loan_class"].drop_nulls()) == {"none"}


def test_titles_come_with_the_research_and_patents_they_ask_for(many):
    giants = many.filter(pl.col("certs").cast(pl.String).str.contains("little_giant"))
    assert giants.height > 20
    assert giants["certs"].cast(pl.String).str.contains("srdi_sme").all()
    assert giants["class1_ip"].min() >= 4
    assert giants["rd_expense_cny"].min() > 6_000_000
    recognised = many.filter(pl.col("certs").cast(pl.String).str.contains("hnte"))
    assert (recognised["class1_ip"] + recognised["class2_ip"]).min() >= 1


def test_listed_firms_are_few_large_joint_stock_companies(many):
    listed = many.filter(pl.col("listing_status").cast(pl.String).is_in(["bse", "star", "chinext", "main_board", "hk"]))
    assert 0 < listed.height < MANY / 500
    assert set(listed["entity_type"]) == {"joint_stock"}
    assert listed["revenue_cny"].min() > 100_000_000


def test_the_industry_code_belongs_to_the_industry(catalogue, many):
    for code, industry in many.select("gb_code", "industry_class").drop_nulls().unique().iter_rows():
        assert catalogue.industry_of(code) in (industry, None)
        assert code.startswith("C") <= (industry == "industry")


def test_signs_of_trouble_come_together(many):
    overdue, fine = many.filter(pl.col("overdue_loans") > 0), many.filter(pl.col("overdue_loans") == 0)
    assert 0.005 < overdue.height / MANY < 0.05
    for sign in ("wage_or_social_arrears", "major_litigation", "blacklisted", "cannot_pay_due"):
        assert overdue[sign].mean() > 5 * fine[sign].mean()


def test_what_is_needed_grows_with_the_firm(many):
    small, large = many.filter(pl.col("employees") <= 10), many.filter(pl.col("employees") > 200)
    assert large["need_cny"].median() > 20 * small["need_cny"].median()


def test_hardly_any_check_for_slips_speaks(rules, known):
    fired = sum(any(judge(check.condition, {**facts, AS_OF: DAY}) is True for check in rules.checks) for facts in known)
    assert fired < 0.01 * len(known)


# ---------------------------------------------------------------- unknown facts


def test_small_firms_know_less_than_large_ones(many):
    bounds = [0, 5, 20, 100, 500, 20_000]
    missing = many.select("employees", pl.mean_horizontal(pl.all().is_null()).alias("share"))
    shares = [missing.filter(pl.col("employees").is_between(low + 1, high))["share"].mean() for low, high in pairwise(bounds)]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > 0.3
    assert shares[-1] < 0.15


def test_statements_are_mostly_known_or_unknown_together(many):
    flows = many.select(pl.sum_horizontal(pl.col("opcf_cny", "invcf_cny", "fincf_cny").is_null()))["opcf_cny"].to_numpy()
    assert np.isin(flows, (0, 3)).mean() > 0.9
    assert 0.2 < (flows == 3).mean() < 0.9


def test_a_team_without_registration_has_no_date_of_establishment_and_no_industry_code(many):
    teams = many.filter(pl.col("entity_type") == "unregistered_team")
    assert teams.height > 100
    assert teams["established_date"].null_count() == teams["gb_code"].null_count() == teams.height


# ---------------------------------------------------------------- a lively mix


def test_places_sizes_stages_and_fund_chains_are_all_there(rules, many, known):
    assert 0.58 < (many["region"] == "chongqing").mean() < 0.62
    assert many["district"].n_unique() > 70
    in_force = rules.as_of(DAY)
    stages, sizes, chains = [], [], []
    firm_of = Advisor(rules).read
    for facts in known[:1_000]:
        reading = in_force.read(firm_of(facts, DAY)[0], DAY, None)
        stages.append(reading.stage.stage)
        sizes.append(reading.known.get("size_class"))
        chains.append(watch(reading, rules.warnings).level)
    assert min(stages.count(stage) for stage in ("startup", "growth", "mature", "decline")) > 50
    assert min(chains.count(level) for level in ("green", "amber", "red")) > 50
    assert sizes.count("micro") > sizes.count("small") > sizes.count("medium") > 5


def test_most_instruments_are_open_to_some_of_a_few_thousand_firms_and_no_verdict_is_missing(rules, known):
    advisor = Advisor(rules)
    seen = {}
    for facts in known[:2_000]:
        for instrument_id, verdict in advisor.verdicts(facts, DAY).items():
            seen.setdefault(instrument_id, set()).add(verdict)
    assert sum(True in verdicts for verdicts in seen.values()) > 0.85 * len(seen)
    assert set.union(*seen.values()) == {True, False, None}


def test_firms_can_be_advised_as_they_are(rules, some):
    advisor = Advisor(rules)
    found = set()
    for row in some.head(60).iter_rows(named=True):
        advice = advisor.advise(row, DAY)
        assert advice.firm.name == row["name"]
        found |= {match.eligibility for match in advice.matches}
    assert found == {"eligible", "ineligible", "undetermined"}
