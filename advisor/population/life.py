"""The hidden life of a synthetic firm: trade, stage, age, size, legal form and trouble, drawn together."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np

from advisor.population.draws import Array, Columns, Draws, Mask, Words, ratio, weighted
from advisor.population.names import PLACES, REGION_OF, REGIONS, places
from advisor.population.trades import CODES, INDUSTRIES, INDUSTRY_OF, MAKES, TRADES, coded, figures

YOUNG, GROWING, MATURE, DECLINING = range(4)
FORMS = ("limited_company", "joint_stock", "partnership", "sole_proprietor_enterprise", "self_employed", "cooperative", "unregistered_team")
LIMITED, JOINT_STOCK, PARTNERSHIP, SOLE, SELF_EMPLOYED, COOPERATIVE, TEAM = range(7)
OWNERS = ("private", "state_owned", "mixed", "foreign")

_TRADES = weighted([trade.weight for trade in TRADES])
_STAGES = weighted([21, 27, 41, 11])
_FARMS, _STREET = coded(("A",)), coded(("F52", "H62", "H613", "O80", "G5430"))
_FORM_GROUP = np.where(_FARMS, 1, np.where(_STREET, 2, 0))
_FORMS = weighted([885, 0, 35, 35, 45, 0, 0], [440, 0, 20, 60, 130, 350, 0], [520, 0, 25, 55, 400, 0, 0])
_OWNERS = weighted([950, 12, 13, 25], [760, 120, 60, 60])
_YOUNGEST, _OLDEST = np.array([0.05, 1.6, 4.0, 4.0]), np.array([3.4, 12.0, 30.0, 26.0])
_STAGE_STAFF = np.array([-0.75, 0.05, 0.25, -0.05])
_TROUBLE = np.array([0.025, 0.02, 0.015, 0.22])
_SECTOR_WORDS = tuple(dict.fromkeys(tag for trade in TRADES for tag in trade.sectors))
_SECTORS = weighted(*([trade.sectors.count(word) / len(trade.sectors) for word in _SECTOR_WORDS] for trade in TRADES))
_FOUNDERS = ("none", "graduate", "veteran", "registered_unemployed", "hardship", "released", "overcapacity_worker", "online_merchant",
             "rural_returnee", "poverty_alleviated", "graduate;rural_returnee", "veteran;rural_returnee")  # fmt: skip
_FOUNDER_GROUPS = weighted([76, 12, 3, 2, 0.6, 0.2, 0.3, 1.4, 3, 0.5, 0.6, 0.4], [45, 6, 4, 6, 3, 0.6, 0.8, 9, 18, 5, 1.6, 1])
_TECH_DISTRICTS = np.isin([place.district for place in PLACES], ["两江新区", "高新区", "南山区", "海淀区", "浦东新区", "滨海新区"])
_CLUSTERS = MAKES & ~coded(("C1811", "C2110", "C2319", "C4210"))


@dataclass(frozen=True, slots=True)
class Life:
    """What the facts of a block are drawn from; `stage` and `form` are positions, `age` is in years."""

    place: Array
    trade: Array
    stage: Array
    form: Array
    owner: Array
    age: Array
    staff: Array
    trouble: Mask
    """In financial trouble now."""
    researches: Mask
    in_chongqing: Mask

    @property
    def company(self) -> Mask:
        """Whether it is a limited or joint-stock company."""
        return self.form <= JOINT_STOCK

    @property
    def makes(self) -> Mask:
        """Whether it is a manufacturer."""
        return MAKES[self.trade]

    def of_trade(self, name: str) -> Array:
        """Return one figure of each firm's trade."""
        return figures(name)[self.trade]


def lives(draws: Draws) -> Life:
    """Return the hidden lives of a block."""
    place, trade, stage = places(draws), draws.pick(_TRADES), draws.pick(_STAGES)
    form = draws.pick(_FORMS, _FORM_GROUP[trade])
    age = _YOUNGEST[stage] + (_OLDEST - _YOUNGEST)[stage] * draws.share() ** np.where(stage == YOUNG, 1.0, 1.5)
    small_form = form >= PARTNERSHIP
    technology = figures("technology")[trade]
    large = draws.chance(0.011) & (stage != YOUNG) & ~small_form & ~_STREET[trade]
    size = np.log(figures("staff"))[trade] + _STAGE_STAFF[stage] + draws.normal(0.0, 1.1) + np.where(large, draws.share(2.2, 4.4), 0.0)
    size = np.where(small_form, 0.55 * size, size)
    team = (form == LIMITED) & (stage == YOUNG) & draws.chance(0.14 * technology)
    form[team], age[team] = TEAM, 0.1
    size[team] = np.minimum(size[team], 2.0)
    staff = np.clip(np.rint(np.exp(size)), 1, 18_000)
    form[(form == LIMITED) & draws.chance(0.16 * (staff > 60) + 0.3 * (staff > 250))] = JOINT_STOCK
    owner = draws.pick(_OWNERS, (staff > 300).astype(np.uint8))
    owner[(form >= SOLE) & (form <= TEAM)] = 0
    researches = (form <= JOINT_STOCK) & draws.chance(technology * (0.55 + 0.45 * np.minimum(staff / 60, 1.0))) | (form == TEAM)
    trouble = draws.chance(_TROUBLE[stage]) & (form != TEAM)
    return Life(place, trade, stage, form, owner, age, staff, trouble, researches, REGION_OF[place] == 0)


def identity(draws: Draws, life: Life, day: dt.date, columns: Columns) -> None:
    """Add who the firms are and whom they employ."""
    registered = life.form != TEAM
    founded = np.datetime64(day) - np.rint(life.age * 365.25).astype("timedelta64[D]")
    district_words = tuple(dict.fromkeys(place.district for place in PLACES))
    district = np.array([district_words.index(place.district) for place in PLACES], dtype=np.uint8)[life.place]
    columns.put(
        region=Words(REGION_OF[life.place], REGIONS),
        district=Words(district, district_words),
        entity_type=Words(life.form, FORMS),
        industry_class=Words(INDUSTRY_OF[life.trade], INDUSTRIES),
        sector_tags=Words(draws.pick(_SECTORS, life.trade), _SECTOR_WORDS),
        ownership=Words(life.owner, OWNERS),
        in_park=draws.chance(np.where(life.makes, 0.45, 0.08) + 0.3 * _TECH_DISTRICTS[life.place]),
        cluster_33618=life.in_chongqing & _CLUSTERS[life.trade] & draws.chance(0.08 + 0.3 * (life.staff > 50)),
        completed_share_reform=life.form == JOINT_STOCK,
    )
    columns.put_where(registered, established_date=founded, gb_code=Words(life.trade, CODES))


def people(draws: Draws, life: Life, columns: Columns) -> None:
    """Add staff, insured staff, research staff and how they changed; no part exceeds the whole."""
    staff = life.staff
    insured = np.floor(staff * draws.share(np.where(staff > 30, 0.7, 0.2), 1.0))
    informal = (life.form == SELF_EMPLOYED) & draws.chance(0.6) | (life.form == TEAM)
    insured[informal] = 0
    change = draws.normal(np.array([0.25, 0.12, 0.0, -0.14])[life.stage] - 0.1 * life.trouble, 0.1)
    scientists = np.where(life.researches, draws.share(0.08, 0.45), draws.share(0.0, 0.04))
    research_staff = np.floor(staff * scientists)
    research_staff = np.where(life.researches, np.maximum(research_staff, 1), research_staff)
    hires = np.floor(staff * draws.share(0.0, 0.25) * draws.chance(0.35))
    farm_or_street = (_FARMS | _STREET)[life.trade]
    columns.put(
        employees=staff.astype(np.int32),
        social_insured=insured.astype(np.int32),
        rd_staff=research_staff.astype(np.int32),
        employee_change_1y_pct=ratio(change, -0.8, 2.0),
        key_group_hires_1y=hires.astype(np.int32),
        founder_groups=Words(draws.pick(_FOUNDER_GROUPS, farm_or_street.astype(np.uint8)), _FOUNDERS),
        founder_other_loans=draws.chance(0.22),
        wage_or_social_arrears=draws.chance(np.where(life.trouble, 0.28, 0.006)),
        layoff_rate_prev_year=ratio(np.maximum(-change, 0.0) * draws.share(0.3, 1.0)),
        bachelor_staff_ratio=ratio(np.minimum(scientists * 1.4 + draws.share(0.02, 0.3), 1.0)),
    )
