"""The standing of synthetic firms: technology and titles, the record of credit, trouble and what is owed when."""

from __future__ import annotations

from itertools import product

import numpy as np

from advisor.population.accounts import Accounts
from advisor.population.draws import NOTHING, Array, Columns, Draws, Words, money, ratio, weighted
from advisor.population.life import GROWING, SELF_EMPLOYED, TEAM, YOUNG, Life
from advisor.population.trades import coded

NO_LOAN_DUE = 9999
"""Days given for a firm without a loan outstanding."""

_LEVELS = ("", "tech_sme", "tech_sme;innovative_sme", "tech_sme;innovative_sme;srdi_sme", "innovative_sme;srdi_sme;little_giant",
           "srdi_sme;little_giant;champion")  # fmt: skip
_INNOVATIVE, _SPECIALISED, _GIANT, _CHAMPION = 2, 3, 4, 5
_HONOURS = ("", "gazelle", "unicorn", "national_tech_center", "green_factory", "double_hundred", "national_tech_center;green_factory",
            "green_factory;double_hundred")  # fmt: skip
_TITLES = tuple(";".join(filter(None, titles)) or NOTHING for titles in product(("", "cq_tech_firm"), _LEVELS, ("", "hnte"), _HONOURS))
_HONOUR = weighted([994, 2, 0, 0, 3, 1, 0, 0], [880, 60, 1, 2, 30, 20, 5, 2], [520, 70, 12, 90, 120, 80, 78, 30])
_RECOGNISED = np.array([0.12, 0.3, 0.5, 0.75, 0.95, 0.97])
_STAGES_OF_PRODUCT = ("idea", "lab", "prototype", "pilot", "small_batch", "mass_production")
_PRODUCT = weighted([15, 25, 30, 25, 5, 0], [2, 6, 14, 18, 35, 25], [0, 0, 1, 3, 14, 82], [0, 0, 0, 0.3, 4, 95.7])
_GRADES = ("A", "B", "C", "D", "E", "none")
_GRADE = weighted([10, 22, 30, 20, 10, 8])
_CLINICAL = coded(("C2710", "C2762", "C3581", "M7340"))
_PHASE = weighted([55, 18, 12, 8, 7])
_TAX_GRADES = ("A", "B", "M", "C", "D", "none")
_TAX_GRADE = weighted([26, 52, 12, 5, 1, 4], [0, 12, 76, 2, 1, 9], [4, 25, 12, 30, 25, 4], [2, 14, 18, 2, 1, 63])
_LOAN_CLASSES = ("none", "normal", "special_mention", "substandard", "doubtful", "loss")
_COURTS = ("none", "pre_reorganisation", "reorganisation", "liquidation")
_COURT = weighted([0, 40, 35, 25])


def technology(draws: Draws, life: Life, books: Accounts, columns: Columns) -> Array:
    """Add research, intellectual property and titles, each title with those below it; return the level of the ladder."""
    firm, sales, age = life.researches & life.company, books.sales, life.age
    luck = draws.share()
    ladder = (
        (0.66, firm & (sales <= 200e6)),
        (0.38, firm & (age >= 1.5)),
        (0.25, firm & (sales >= 15e6) & (age >= 3)),
        (0.08, firm & (sales >= 50e6) & (age >= 4)),
        (0.04, firm & (sales >= 200e6) & (age >= 10) & life.makes),
    )
    level = np.zeros(draws.rows, dtype=np.uint8)
    for rung, (share, fits) in enumerate(ladder, start=1):
        level[fits & (luck < share)] = rung
    recognised = firm & (age >= 1) & (sales > 0) & draws.chance(_RECOGNISED[level])
    registered = firm & life.in_chongqing & draws.chance(0.3 + 0.45 * (level > 0))
    eminent = np.where(level >= _SPECIALISED, 2, firm.astype(np.uint8))
    honour = draws.pick(_HONOUR, eminent)
    title = ((registered * len(_LEVELS) + level) * 2 + recognised) * len(_HONOURS) + honour

    effort = np.where(recognised, draws.share(0.053, 0.14), draws.share(0.012, 0.09)) * life.researches
    unsold = life.researches & (sales == 0)
    floor = np.where(level >= _GIANT, 6.5e6, np.where(level >= _SPECIALISED, 1.1e6, 0.0))
    spent = np.where(unsold, life.staff * 60_000 * draws.share(0.2, 1.2), np.maximum(sales * effort, floor))
    sales_1, sales_2 = columns["revenue_y1_cny"], columns["revenue_y2_cny"]
    patents = np.floor(life.researches * draws.share(0.0, 1.4) * np.array([0.8, 1.4, 2.2, 6, 14, 45])[level] * (1 + life.staff / 400))
    patents = np.where(level >= _GIANT, np.maximum(patents, 4), np.where(level >= _SPECIALISED, np.maximum(patents, 1), patents))
    designs = np.floor((1 + 3 * level + life.staff / 40) * draws.share(0.0, 2.2) * np.where(life.researches, 1.0, 0.1 * life.company))
    designs[recognised & (patents == 0)] += 1
    columns.put(
        certs=Words(title.astype(np.uint8), _TITLES),
        rd_expense_cny=money(spent),
        rd_expense_y1_cny=money(np.maximum(sales_1 * effort * draws.factor(0.12), floor * (sales_1 > 0))),
        rd_expense_y2_cny=money(sales_2 * effort * draws.factor(0.15)),
        class1_ip=patents.astype(np.int32),
        class2_ip=designs.astype(np.int32),
        hitech_income_ratio=ratio(np.where(recognised, draws.share(0.61, 0.99), draws.share(0.1, 0.9) * life.researches) * (sales > 0)),
        main_business_ratio=ratio(draws.share(np.where(level >= _GIANT, 0.9, np.where(level >= _SPECIALISED, 0.8, 0.55)), 1.0)),
        kv_grade=Words(np.where(registered, draws.pick(_GRADE), _GRADES.index("none")).astype(np.uint8), _GRADES),
        tech_from_university=life.researches & draws.chance(np.where(life.stage == YOUNG, 0.25, 0.08)),
        first_set=life.makes & (level >= _INNOVATIVE) & draws.chance(0.12),
    )  # fmt: skip
    maturity = np.where(unsold | (life.form == TEAM), 0, np.where(life.researches & (life.stage == YOUNG), 1, np.where(life.researches, 2, 3)))
    columns.put_where(life.researches | life.makes, product_stage=Words(draws.pick(_PRODUCT, maturity), _STAGES_OF_PRODUCT))
    columns.put_where(_CLINICAL[life.trade], clinical_phase=draws.pick(_PHASE).astype(np.int32))
    columns.put_where((life.researches | life.makes) & (life.form != TEAM), years_in_niche=np.rint(age * draws.share(0.5, 1.0) * 10) / 10 + 0.1)
    columns.put_where(level >= _INNOVATIVE, srdi_score=np.rint(np.clip(38 + 9 * level + draws.normal(0, 7), 5, 98)))
    ranks = np.floor(1 + 9 * draws.share() ** 2 * np.where(level >= _GIANT, 0.7, 3.0))
    columns.put_where(
        level >= _SPECIALISED,
        niche_share=ratio(draws.share(0.01, 0.14) + 0.1 * (level >= _GIANT) * draws.share()),
        niche_rank_cn=ranks.astype(np.int32),
        niche_share_global=ratio(draws.share(0.0, 0.06) + 0.12 * (level >= _CHAMPION) * draws.share()),
        niche_rank_global=np.where(level >= _CHAMPION, draws.whole(1, 4), draws.whole(5, 90)).astype(np.int32),
    )  # fmt: skip
    return level


def credit(draws: Draws, life: Life, books: Accounts, columns: Columns) -> None:
    """Add the record of credit and what troubled firms go through; the signs of trouble come together."""
    trouble = life.trouble
    overdue = books.borrowed & draws.chance(np.where(trouble, 0.55, 0.004))
    days = np.where(overdue, np.clip(np.rint(60 * draws.factor(1.2)), 1, 1_500), 0)
    loans = np.where(overdue, 1 + np.floor(draws.share() ** 2 * 4), 0)
    graded = np.select([days > 360, days > 180, days > 90, days > 0], [5, 4, 3, 2], 1 + (trouble & draws.chance(0.25)))
    cannot_pay = trouble & draws.chance(0.35 + 0.2 * overdue)
    court = np.where(cannot_pay & life.company & draws.chance(0.12), draws.pick(_COURT), 0)
    group = np.where(life.form >= SELF_EMPLOYED, 3, np.where(trouble, 2, np.where(life.age < 2, 1, 0)))
    columns.put(
        overdue_loans=loans.astype(np.int32),
        overdue_days_max=days.astype(np.int32),
        loan_class=Words(np.where(books.debt > 0, graded, 0).astype(np.uint8), _LOAN_CLASSES),
        blacklisted=draws.chance(np.where(trouble, 0.2, 0.006)) | (court == 3),
        controller_credit_ok=~draws.chance(np.where(trouble, 0.4, 0.03)),
        tax_grade=Words(draws.pick(_TAX_GRADE, group), _TAX_GRADES),
        major_litigation=draws.chance(np.where(trouble, 0.3, 0.012)) | (court > 0),
        major_violation_3y=draws.chance(np.where(trouble, 0.04, 0.008)),
        data_authorised=draws.chance(0.78),
        cannot_pay_due=cannot_pay,
        court_status=Words(court.astype(np.uint8), _COURTS),
        external_guarantee_cny=money(books.assets * draws.share(0.02, 0.7) * draws.chance(0.015 + 0.12 * (life.staff > 100))),
    )  # fmt: skip
    columns.put_where(trouble, viable_core=draws.chance(0.5 + 0.3 * (books.profit > 0)), investor_interest=draws.chance(0.15))
    columns.put_where(cannot_pay, creditor_support_ratio=ratio(draws.share(0.05, 0.85)))


def loans_due(draws: Draws, life: Life, books: Accounts, columns: Columns) -> None:
    """Add the loan that falls due next and the number of lenders, in keeping with the debt."""
    owes, short = books.debt > 0, books.short_debt > 0
    days = np.where(short, draws.whole(1, 365), np.where(owes, draws.whole(366, 1_800), NO_LOAN_DUE))
    lenders = 1 + np.floor(draws.share() * np.clip(np.log(np.maximum(books.debt, 1.0) / 1e6), 0.3, 12.0))
    agreed = draws.chance(np.where(life.trouble, 0.06, 0.45 + 0.1 * (life.stage == GROWING)))
    columns.put(
        loan_due_days=days.astype(np.int32),
        loan_due_cny=money(np.where(short, books.short_debt, books.debt) * draws.share(0.15, 1.0)),
        financial_creditor_count=np.where(owes, lenders, 0).astype(np.int32),
    )
    columns.put_where(days <= 90, bank_agrees_renewal=agreed)
