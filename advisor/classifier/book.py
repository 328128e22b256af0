"""A book: firm-years with their accounts and their cash flows, from which a stage can be learned and against which it is judged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from advisor.classifier.inputs import ANSWERS, FACTS, TIERS, Tier
from advisor.domain.errors import InputError, Place, Problem
from advisor.domain.facts import Catalogue
from advisor.domain.stage import FLOWS, PATTERNS
from advisor.domain.text import Text

Ints = npt.NDArray[np.int64]

OTHER_NAMES: Mapping[str, str] = {
    "revenue_cny": "revenue", "revenue_y1_cny": "revenue_lag", "net_profit_cny": "net_income", "net_profit_y1_cny": "net_income_lag",
    "total_assets_cny": "total_assets", "total_assets_y1_cny": "total_assets_lag", "total_liabilities_cny": "total_liabilities",
    "total_liabilities_y1_cny": "total_liabilities_lag", "pays_dividend": "dividend_flag", "ebit_cny": "op_income",
    "current_assets_cny": "current_assets", "current_assets_y1_cny": "current_assets_lag", "current_liabilities_cny": "current_liabilities",
    "current_liabilities_y1_cny": "current_liabilities_lag", "cash_cny": "cash", "cash_y1_cny": "cash_lag", "interest_debt_cny": "total_debt",
    "interest_debt_y1_cny": "total_debt_lag", "capex_cny": "capex", "depreciation_cny": "da", "retained_earnings_cny": "retained_earnings",
    "selling_admin_expense_cny": "sga", "fixed_assets_cny": "ppe", "inventory_cny": "inventory", "inventory_y1_cny": "inventory_lag",
    "receivables_cny": "receivables", "receivables_y1_cny": "receivables_lag", "opcf_cny": "cfo", "invcf_cny": "cfi", "fincf_cny": "cff",
}  # fmt: skip
"""How data sets of listed firms call the facts."""
LATEST_FLOWS = tuple(f"{flow}_cny" for flow in FLOWS)
NEEDED_FOR: Mapping[Tier, tuple[str, ...]] = {
    "T0": ("total_assets_y1_cny",), "T1": ("total_assets_y1_cny",), "T2": ("total_assets_y1_cny",), "T3": ("total_assets_y1_cny", "opcf_y1_cny"),
}  # fmt: skip
"""Without these a row cannot be judged at a tier."""
FROM_EARLIER: Mapping[str, str] = {
    "opcf_y1_cny": "opcf_cny", "invcf_y1_cny": "invcf_cny", "fincf_y1_cny": "fincf_cny",
    "revenue_y2_cny": "revenue_y1_cny", "net_profit_y2_cny": "net_profit_y1_cny",
}  # fmt: skip
"""Facts taken from the same firm's row of the year before, where the row itself has none."""


@dataclass(frozen=True, eq=False)
class Book:
    """Firm-years. `facts` has one column a fact; the arrays have one entry a row."""

    facts: pl.DataFrame
    entity: npt.NDArray[np.str_]
    year: Ints
    pattern: Ints
    """Place in PATTERNS of the signs of the year's cash flows."""
    pre_ipo: npt.NDArray[np.bool_]
    left_out: Mapping[str, int]
    """Rows that were not taken, by the reason."""
    stage5: npt.NDArray[np.object_]
    """The class the file itself names, or None."""

    def __len__(self) -> int:
        return len(self.pattern)

    @property
    def firms(self) -> int:
        """How many firms there are."""
        return len(np.unique(self.entity))

    def rows(self, which: npt.NDArray[np.bool_] | Ints) -> Book:
        """Return some of the rows."""
        places = np.flatnonzero(which) if which.dtype == np.bool_ else which
        kept = {name: getattr(self, name)[places] for name in ("entity", "year", "pattern", "pre_ipo", "stage5")}
        return replace(self, facts=self.facts[places], **kept)

    def with_prior_year(self, tier: Tier) -> Book:
        """Return the rows that hold what a tier cannot do without."""
        wanted = [self.facts[fact].is_not_null().to_numpy() for fact in NEEDED_FOR[tier]]
        return self.rows(np.logical_and.reduce(wanted))

    def as_asked(self, asked: Tier | Ints) -> Book:
        """Return the same rows as if only a tier's questions had been answered: one tier for all rows, or a place in TIERS for each."""
        place = TIERS.index(asked) if isinstance(asked, str) else asked
        return self._keeping({fact: place >= TIERS.index(tier) for fact, tier in FACTS.items()})

    def blanked(self, share: npt.NDArray[np.float64] | float, random: np.random.Generator) -> Book:
        """Return the same rows with each answer taken away with a probability, one for all rows or one a row."""
        kept = {answer.id: random.random(len(self)) >= share for answer in ANSWERS}
        return self._keeping({fact: kept[answer.id] for answer in ANSWERS for fact in answer.facts})

    def _keeping(self, kept: Mapping[str, npt.NDArray[np.bool_] | bool]) -> Book:
        """Return the same rows with facts unknown where they are not kept."""
        gone = [pl.when(pl.lit(pl.Series(np.broadcast_to(where, len(self))))).then(pl.col(fact)).alias(fact) for fact, where in kept.items()]
        return replace(self, facts=self.facts.with_columns(gone))


def read_book(files: Sequence[str | Path], catalogue: Catalogue) -> Book:
    """Return the firm-years of Parquet files that can be learned from.

    Columns are named as the facts, or as data sets of listed firms name them (OTHER_NAMES); `entity` or `firm_id` says which
    rows are one firm, `fiscal_year` the year. Left out are financial firms (`financial`, or `gb_code` J and K), rows with `label_ok` false, and rows
    where one of the three cash flows is missing or zero. Raises InputError for files that lack what is needed.
    """
    frames = [_read(Path(file), catalogue) for file in files]
    frame = pl.concat(frames, how="diagonal_relaxed")
    if frame.select("entity", "fiscal_year").is_duplicated().any():
        raise _refuse("doubled_rows", "同一家企业的同一年度出现两次", "a firm's year stands there twice", files[0])
    reasons: dict[str, int] = {}
    for reason, keep in (
        ("financial", ~(pl.col("financial").fill_null(False) | pl.col("gb_code").str.contains("^[JK]").fill_null(False))),
        ("label_not_ok", pl.col("label_ok").fill_null(True)),
        ("flow_missing", pl.all_horizontal([pl.col(flow).fill_null(0) != 0 for flow in LATEST_FLOWS])),
    ):
        kept = frame.filter(keep)
        reasons[reason] = frame.height - kept.height
        frame = kept
    if not frame.height:
        raise _refuse(
            "no_rows_to_learn", "没有一行同时有三项现金流，且不是金融企业", "no row has all three cash flows and is not a financial firm", files[0]
        )
    frame = _with_earlier(frame)
    signs = sum((frame[flow] > 0).cast(pl.Int64).to_numpy() << (2 - place) for place, flow in enumerate(LATEST_FLOWS))
    codes = [sum((sign == "+") << (2 - place) for place, sign in enumerate(pattern)) for pattern in PATTERNS]
    return Book(
        facts=frame.select([*FACTS, *LATEST_FLOWS]),
        entity=frame["entity"].cast(pl.String).to_numpy().astype(np.str_),
        year=frame["fiscal_year"].to_numpy().astype(np.int64),
        pattern=np.argsort(codes)[signs],
        pre_ipo=frame["pre_ipo"].fill_null(False).to_numpy(),
        left_out=reasons,
        stage5=np.array(frame["stage5"].to_list(), dtype=np.object_),
    )


def _read(file: Path, catalogue: Catalogue) -> pl.DataFrame:
    try:
        frame = pl.read_parquet(file)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise _refuse("unreadable", "不是能读的 Parquet 文件", "not a Parquet file that can be read", file) from error
    named = {fact: fact if fact in frame.columns else other for fact, other in OTHER_NAMES.items() if {fact, other} & set(frame.columns)}
    firm = next((name for name in ("entity", "firm_id") if name in frame.columns), None)
    missing = [fact for fact in (*LATEST_FLOWS, "total_assets_cny") if fact not in named]
    missing += [
        name for name, found in (("entity", firm), ("fiscal_year", "fiscal_year" if "fiscal_year" in frame.columns else None)) if found is None
    ]
    if missing or firm is None:
        listed = ", ".join(missing)
        raise _refuse("columns_missing", f"缺少列：{listed}", f"columns are missing: {listed}", file)
    held = {fact: named.get(fact, fact) for fact in (*FACTS, *LATEST_FLOWS) if fact in named or fact in frame.columns}
    _refuse_unusable(frame, held, firm, file)
    columns = [pl.col(firm).cast(pl.String).alias("entity"), pl.col("fiscal_year").cast(pl.Int64)]
    for fact in (*FACTS, *LATEST_FLOWS):
        name = named.get(fact, fact if fact in frame.columns else None)
        columns.append(_amount(fact, name, catalogue))
    for name, dtype in (("financial", pl.Boolean), ("label_ok", pl.Boolean), ("pre_ipo", pl.Boolean), ("stage5", pl.String), ("gb_code", pl.String)):
        columns.append((pl.col(name) if name in frame.columns else pl.lit(None)).cast(dtype).alias(name))
    return frame.select(columns)


def _amount(fact: str, name: str | None, catalogue: Catalogue) -> pl.Expr:
    """Return the column of a fact; what is no finite number within the fact's range is unknown."""
    known = catalogue.facts[fact]
    if name is None:
        return pl.lit(None, dtype=pl.Boolean if known.kind == "bool" else pl.Float64).alias(fact)
    if known.kind == "bool":
        return (pl.col(name).cast(pl.Float64) == 1).alias(fact)
    number = pl.col(name).cast(pl.Float64)
    usable = number.is_finite()
    if known.low is not None:
        usable &= number >= known.low
    return pl.when(usable).then(number).alias(fact)


def _refuse_unusable(frame: pl.DataFrame, columns: Mapping[str, str], firm: str, file: Path) -> None:
    """Raise InputError for columns that hold no numbers, or no yes and no, and for rows without firm or year, or there twice."""
    numbers = [
        name for name in ("fiscal_year", *columns.values()) if not (frame.schema[name].is_numeric() or frame.schema[name] in (pl.Boolean, pl.Null))
    ]
    flags = [name for name in ("financial", "label_ok", "pre_ipo") if name in frame.columns and frame.schema[name] not in (pl.Boolean, pl.Null)]
    if numbers or flags:
        listed = ", ".join([*numbers, *flags])
        raise _refuse("column_unusable", f"这些列应是数字，或是和否：{listed}", f"these columns should hold numbers, or yes and no: {listed}", file)
    year = "fiscal_year"
    if frame.select(pl.any_horizontal(pl.col(firm, year).is_null()).any()).item():
        raise _refuse("firm_or_year_missing", f"有的行没有企业（{firm}）或年度（{year}）", f"some rows have no firm ({firm}) or year ({year})", file)


def _with_earlier(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the rows with facts of earlier years filled from the firm's own rows of the year before."""
    earlier = frame.select("entity", pl.col("fiscal_year") + 1, *(pl.col(fact).alias(f"{wanted}@") for wanted, fact in FROM_EARLIER.items()))
    joined = frame.join(
        earlier.unique(["entity", "fiscal_year"], keep="first", maintain_order=True), ["entity", "fiscal_year"], "left", maintain_order="left"
    )
    return joined.with_columns([pl.coalesce(fact, f"{fact}@").alias(fact) for fact in FROM_EARLIER]).select(frame.columns)


def _refuse(code: str, zh: str, en: str, file: str | Path) -> InputError:
    return InputError([Problem(code, Text(zh, en), Place(str(file)))])


def consecutive(book: Book) -> tuple[Ints, Ints]:
    """Return the places of the rows that have a next year, and those of that next year."""
    place = {key: row for row, key in enumerate(zip(book.entity.tolist(), book.year.tolist(), strict=True))}
    pairs = [(row, place[entity, year + 1]) for (entity, year), row in place.items() if (entity, year + 1) in place]
    here: Iterable[int] = (row for row, _ in pairs)
    there: Iterable[int] = (row for _, row in pairs)
    return np.fromiter(here, np.int64), np.fromiter(there, np.int64)
