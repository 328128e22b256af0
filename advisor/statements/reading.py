"""From uploaded statements to facts: each line with its period and its yuan, the facts that follow, and all that was left out, by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from advisor.domain.errors import InputError, Place, Problem
from advisor.domain.text import Text
from advisor.statements import checks
from advisor.statements.figures import UNITS, amount, is_blank
from advisor.statements.labels import FLOWS, MEASURES, Measure, fact_of, plain, sign
from advisor.statements.layout import Block, Row, blocks
from advisor.statements.periods import Period, resolve
from advisor.statements.sheets import Grid, read_sheets

_TOTALS = frozenset(total for measure in MEASURES for total in measure.sections)
MOST_WARNINGS = 50
"""Cells that cannot be read are named up to this."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it was understood: `cells` as written, and the yuan by period where they could be read.

    `item` is what the label names, `fact` the first fact that rests on it; both are None for a line that is not known.
    """

    label: str
    item: str | None
    fact: str | None
    cells: tuple[str, ...]
    unit: str | None
    amounts: Mapping[Period, float]
    place: Place


@dataclass(frozen=True, slots=True)
class Understood:
    """What statements tell of a firm: facts in yuan for `year` and the years before it, each with the lines it comes from.

    `periods` are all that columns speak of, also those that are no whole years and give no facts.
    """

    year: int
    facts: Mapping[str, float]
    origins: Mapping[str, tuple[Line, ...]]
    lines: tuple[Line, ...]
    unmatched: tuple[Line, ...]
    units: tuple[str, ...]
    periods: tuple[Period, ...]
    warnings: tuple[Problem, ...]


def read_statements(paths: Iterable[Path], as_of: date, *, unit: str | None = None, year: int | None = None) -> Understood:
    """Return what the files tell on a day; see `understand`. Raises InputError as well for files that cannot be read."""
    return understand([grid for path in paths for grid in read_sheets(path)], as_of, unit=unit, year=year)


def understand(grids: Sequence[Grid], as_of: date, *, unit: str | None = None, year: int | None = None) -> Understood:
    """Return what sheets tell on a day.

    `unit` is what the user says where a sheet names none; `year` is the whole year that 本年 and 期末 stand for where
    titles do not tell, and the last year of the facts. Raises InputError where there is no statement, none with
    figures or no whole year, where a unit or a period is not certain, and ValueError for a `unit` that is not known.
    """
    if unit is not None and unit not in UNITS:
        raise ValueError(f"unit is one of {', '.join(UNITS)}, not {unit}")
    found = [(grid, blocks(grid)) for grid in grids]
    if not any(held for _, held in found):
        zh, en = "没有找到资产负债表、利润表或现金流量表的行和期间", "no line and period of a balance sheet, income or cash-flow statement was found"
        raise InputError([Problem("no_statement", Text(zh, en), Place(grids[0].source) if grids else Place())])
    warnings = [_left_out(grid.name or grid.source, Place(grid.source)) for grid, held in found if not held]
    empty: list[Problem] = []
    lines: list[Line] = []
    proved: set[tuple[str, Period]] = set()
    for block in (block for _, held in found for block in held):
        warnings += [_left_out(title, block.grid.place(0, 0)) for title in block.unread]
        if all(_says_nothing(block.cell(row, column)) for row in block.rows for column in block.under(row)):
            empty.append(Problem("statement_empty", Text("有行名，没有数字", "it has labels but no figures"), block.grid.place(0, 0)))
            continue
        read = list(_lines(block, unit, year, warnings))
        lines += read
        proved |= _proved(read)
    if not lines:
        raise InputError(empty)
    amounts = _gathered(lines, warnings)
    checks.refuse_single_quarters(amounts, lines[0].place)
    whole = _whole_years(amounts, as_of, year, warnings)
    last = year or max(period.end.year for period in whole)
    warnings += checks.doubts({period: known for period, known in whole.items() if period.end.year > last - 3})
    facts, origins = _facts(last, whole, proved, lines, warnings)
    known = tuple(line for line in lines if line.item)
    unmatched = tuple(line for line in lines if not line.item)
    units = tuple(dict.fromkeys(line.unit for line in known if line.unit))
    return Understood(last, facts, origins, known, unmatched, units, tuple(sorted(amounts, reverse=True)), (*warnings, *empty))


# ---------------------------------------------------------------- lines


def _lines(block: Block, unit: str | None, year: int | None, warnings: list[Problem]) -> Iterator[Line]:
    own = {row.unit for row in block.rows if row.item}
    flows, days = _periods(block, year, is_flow=True), _periods(block, year, is_flow=False)
    common = block.unit or (next(iter(own)) if len(own) == 1 else None) or unit
    for row in block.rows:
        columns = block.under(row)
        cells = tuple(block.cell(row, column) for column in columns)
        place = block.grid.place(row.at, row.labels)
        if row.item is None and all(is_blank(cell) for cell in cells):
            continue
        told = _unit(row, block.unit, common, place)
        amounts: dict[Period, float] = {}
        twice: set[Period] = set()
        for column, cell in zip(columns, cells, strict=True):
            yuan = _yuan(row, cell, told, block.grid.place(row.at, column.at), warnings)
            if yuan is None or row.statement is None:
                continue
            period = (flows if row.statement in FLOWS else days)[column.at]
            if period is None and row.item:
                raise _unclear(column.title, block.grid.place(row.at, column.at))
            if period is not None and amounts.setdefault(period, yuan) != yuan:
                twice.add(period)
                warnings.append(_two_figures(row.label, period, block.grid.place(row.at, column.at)))
        kept = {period: yuan for period, yuan in amounts.items() if period not in twice}
        yield Line(row.label, row.item, fact_of(row.item), cells, told, kept, place)


def _unit(row: Row, stated: str | None, common: str | None, place: Place) -> str | None:
    """Return the unit of a line, None only for a line that is not known. Raises InputError where it is not certain."""
    if row.item and row.unit and stated and row.unit != stated:
        zh, en = f"“{row.label}”与表头的单位“{stated}”不同", f"'{row.label}' differs from the unit of its sheet, {stated}"
        raise InputError([Problem("units_differ", Text(zh, en), place)])
    unit = row.unit or common
    if unit is None and row.item:
        zh = f"“{row.label}”没有写明单位，请指明是元、千元还是万元"
        en = f"'{row.label}' names no unit; say whether it is 元, 千元 or 万元"
        raise InputError([Problem("no_unit", Text(zh, en), place)])
    return unit if row.item or "每股" not in row.label else None


def _periods(block: Block, year: int | None, *, is_flow: bool) -> dict[int, Period | None]:
    """Return the period of each column, None where it is not certain."""
    cumulated = any(column.heading.word == "year" and column.heading.end is None for column in block.columns)
    return {column.at: resolve(column.heading, block.told, year, is_flow=is_flow, cumulated=cumulated) for column in block.columns}


def _unclear(title: str, place: Place) -> InputError:
    zh = f"不能确定“{title}”是哪一年、是不是全年，请说明报表年度"
    en = f"'{title}': which year this is, and whether all of it, is not certain; say of which year the statements are"
    return InputError([Problem("period_unclear", Text(zh, en), place)])


def _yuan(row: Row, cell: str, unit: str | None, place: Place, warnings: list[Problem]) -> float | None:
    try:
        return amount(cell, unit) if unit else None
    except ValueError:
        if row.item and len(warnings) < MOST_WARNINGS:
            zh, en = f"“{row.label}”的“{cell[:40]}”不是一个数，未采用", f"'{row.label}': '{cell[:40]}' is not one plain figure and is not used"
            warnings.append(Problem("unread_cell", Text(zh, en), place))
        return None


def _says_nothing(cell: str) -> bool:
    try:
        return not amount(cell, "亿元")  # a cent in that unit is something
    except ValueError:
        return False


def _proved(lines: Sequence[Line]) -> set[tuple[str, Period]]:
    """Return the totals, by period, to which the lines since the total before add up."""
    proved: set[tuple[str, Period]] = set()
    sections: dict[Period, list[float]] = {}
    for line in lines:
        for period, yuan in line.amounts.items():
            section = sections.setdefault(period, [])
            if line.item in _TOTALS and checks.adds_up(section, yuan):
                proved.add((line.item or "", period))
            if plain(line.label).endswith(("合计", "总计")):
                section.clear()
            else:
                section.append(sign(line.label) * yuan)
    return proved


# ---------------------------------------------------------------- periods


def _gathered(lines: Sequence[Line], warnings: list[Problem]) -> dict[Period, dict[str, float]]:
    """Return the yuan by period and item, without what is told twice and differently, and without periods of nothing but zeros."""
    amounts: dict[Period, dict[str, float]] = {}
    twice: set[tuple[Period, str]] = set()
    for line in lines:
        for period, yuan in line.amounts.items() if line.item else ():
            known = amounts.setdefault(period, {})
            if known.setdefault(line.item or "", yuan) != yuan and (period, line.item) not in twice:
                twice.add((period, line.item or ""))
                warnings.append(_two_figures(line.label, period, line.place))
    for period, item in twice:
        del amounts[period][item]
    for known in amounts.values():
        if "again_operating" not in known or known["again_operating"] != known.get("operating"):
            for item in ("depreciation", "amortisation", "deferred"):
                known.pop(item, None)  # data services print zeros where the supplement was not published
    return {period: known for period, known in amounts.items() if any(known.values())}


def _whole_years(amounts: checks.ByPeriod, as_of: date, year: int | None, warnings: list[Problem]) -> checks.ByPeriod:
    """Return what is known of calendar years that are over, up to `year`; what is left out is told."""
    future = sorted({period.end for period in amounts if period.end > as_of})
    parts = sorted({period.end for period in amounts if period.end <= as_of and not period.is_year})
    left: list[Problem] = []
    if future:
        days = ", ".join(map(str, future))
        left.append(Problem("future_period", Text(f"还没到期，未采用：{days}", f"not over yet, not used: {days}")))
    if parts:
        days = ", ".join(map(str, parts))
        left.append(
            Problem(
                "part_year", Text(f"截至这些日期的数不是全年数，未采用：{days}", f"figures to these dates are of no whole year, not used: {days}")
            )
        )
    whole = {period: known for period, known in amounts.items() if period.is_year and period.end <= as_of and period.end.year <= (year or 9999)}
    if not whole or year not in (None, *(period.end.year for period in whole)):
        zh, en = "没有一个完整年度（1月1日至12月31日），请上传年度报表", "there is no whole year (January to December); upload yearly statements"
        raise InputError([Problem("no_whole_year", Text(zh, en)), *left, *warnings])
    warnings += left
    return whole


# ---------------------------------------------------------------- facts


def _facts(
    last: int, amounts: checks.ByPeriod, proved: set[tuple[str, Period]], lines: Sequence[Line], warnings: list[Problem]
) -> tuple[dict[str, float], dict[str, tuple[Line, ...]]]:
    facts: dict[str, float] = {}
    origins: dict[str, tuple[Line, ...]] = {}
    for measure, back in ((one, back) for one in MEASURES for back in range(one.years)):
        end = date(last - back, 12, 31)
        day = Period(end, 0)
        known = {**amounts.get(Period(end, 12), {}), **amounts.get(day, {})}
        parts = _parts(measure, known, {total for total, period in proved if period == day})
        yuan = round(sum(known[part] for part in parts), 2)
        if yuan < 0 and not measure.signed:
            zh, en = f"{measure.fact(back)}在{end}为负数，未采用", f"{measure.fact(back)} is negative at {end} and is not used"
            warnings.append(Problem("negative_line", Text(zh, en)))
        elif parts:
            facts[measure.fact(back)] = yuan
            origins[measure.fact(back)] = tuple(line for line in lines if line.item in parts)
    return facts, origins


def _parts(measure: Measure, known: Mapping[str, float], proved: set[str]) -> tuple[str, ...]:
    """Return the items whose sum is the measure; none where it is not known."""
    given = tuple(part for part in measure.parts if part in known)
    if measure.sections:
        return given if proved.issuperset(measure.sections) else ()
    if given == measure.parts:
        return given
    return (measure.instead,) if measure.instead is not None and measure.instead in known else ()


def _two_figures(label: str, period: Period, place: Place) -> Problem:
    zh, en = f"“{label}”在{period.end}有两个不同的数，未采用", f"'{label}' has two different figures for {period.end}; neither is used"
    return Problem("two_figures", Text(zh, en), place)


def _left_out(title: str, place: Place) -> Problem:
    return Problem("left_out", Text(f"没有读：{title}", f"not read: {title}"), place)
