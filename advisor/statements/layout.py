"""Where the lines, the periods and the unit of a statement stand in a sheet: in columns or rows, on one side or two, one below the other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from advisor.domain.errors import InputError, Problem
from advisor.domain.text import Text
from advisor.statements.figures import amount, bracketed_unit, is_blank, is_foreign, stated_units, tight
from advisor.statements.labels import Statement, classified, items
from advisor.statements.periods import Heading, Unclear, parse_heading, told_period
from advisor.statements.sheets import Grid

_HEADS = frozenset({
    "项目", "资产", "负债和所有者权益", "负债及所有者权益", "负债和股东权益", "报告日期", "报表日期", "日期", "年份", "年度", "会计年度", "科目",
    "指标", "时间", "报告期", "期间", "科目名称", "项目名称", "序号", "行次", "",
})  # fmt: skip
_UNREAD = frozenset({"行次", "附注", "注释", "附注编号", "备注", "序号", "说明"})
_CUT = re.compile(r"(?:-?\d{1,3}(?:,\d{3})*(?:\.\d+)?)?")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of figures, the column of its labels, and its head."""

    at: int
    labels: int
    title: str
    heading: Heading


@dataclass(frozen=True, slots=True)
class Row:
    """A line as it stands: its statement and item where they are known, and the cells under each column."""

    at: int
    labels: int
    label: str
    statement: Statement | None
    item: str | None
    unit: str | None


@dataclass(frozen=True)
class Block:
    """Lines under one head; `unit` and `told` are what titles and heads say for all of them."""

    grid: Grid
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    unit: str | None
    told: Heading | None
    unread: tuple[str, ...]
    titles: tuple[str, ...]

    def cell(self, row: Row, column: Column) -> str:
        """Return what is written for a line in a column."""
        return self.grid.rows[row.at][column.at]

    def under(self, row: Row) -> tuple[Column, ...]:
        """Return the columns that belong to a line."""
        return tuple(column for column in self.columns if column.labels == row.labels)


def blocks(grid: Grid) -> list[Block]:
    """Return the statements in a sheet; none where no line under a period is known.

    Raises InputError where a unit is foreign or two are named, where titles tell several periods, where a column of
    figures has no head, or a row of CSV is longer than its head.
    """
    if _most_in_a_row(grid) > _most_in_a_row(grid.turned()):
        grid = grid.turned()
    known = [row for row, cells in enumerate(grid.rows) if any(items(cell) for cell in cells)]
    if not known:
        return []
    found: list[Block] = []
    start = 0
    for head, end in pairwise([*_heads(grid, known), len(grid.rows)]):
        body = [row for row in known if head < row < end]
        if body:
            found.append(_block(grid, start, head, body[0], end, found[-1] if found else None))
            start = body[-1] + 1
    return [block for block in found if any(row.item for row in block.rows)]


def _most_in_a_row(grid: Grid) -> int:
    return max((sum(bool(items(cell)) for cell in cells) for cells in grid.rows), default=0)


def _heads(grid: Grid, known: list[int]) -> list[int]:
    """Return the rows that hold the heads of columns, the lowest where several follow one another."""
    heads: list[int] = []
    for row, cells in enumerate(grid.rows):
        if _is_head(cells, is_first=not heads and row < known[0]):
            if heads and not any(heads[-1] < line < row for line in known):
                heads.pop()
            heads.append(row)
    return heads


def _is_head(cells: tuple[str, ...], *, is_first: bool) -> bool:
    """Return whether a row holds heads; but for the first, bare numbers such as 2024 may as well be figures of a line that is not known."""
    if any(items(cell) for cell in cells) or "编制" in "".join(cells):
        return False
    headings = [cell for cell in cells if parse_heading(cell)]
    label = tight(cells[0])
    if not headings or (":" in label and not stated_units([label])):
        return False
    if label in _HEADS:
        return bool(label) or is_first or any(not _is_figure(cell) for cell in headings)
    others = [cell for cell in cells[1:] if not is_blank(cell) and parse_heading(cell) is None]
    return (is_first or not any(map(_is_figure, headings))) and not any(map(_is_figure, others)) and not parse_heading(cells[0])


def _is_figure(cell: str) -> bool:
    try:
        return amount(cell, "元") is not None
    except ValueError:
        return False


def _block(grid: Grid, start: int, head: int, first: int, end: int, above: Block | None) -> Block:
    labels = _label_columns(grid, first, end)
    _refuse_long_rows(grid, head, first, end)
    spans = _spans(grid, head)
    columns, unread = _columns(grid, head, first, end, labels, spans)
    place = grid.place(head, 0)
    heads = [*grid.rows[head], *(cell for row in range(head + 1, first) for at, cell in enumerate(grid.rows[row]) if at not in labels)]
    titles = [cell for row in range(start, head) for cell in grid.rows[row]]
    aside = [cell for row in range(first, end) for at, cell in enumerate(grid.rows[row]) if "单位" in tight(cell) and at not in labels]
    for cell in (*titles, *heads, *aside):
        if is_foreign(cell):
            zh, en = f"“{cell}”不是人民币，请换算成人民币后再上传", f"'{cell}' is not in yuan; convert the statements first"
            raise InputError([Problem("foreign_currency", Text(zh, en), place)])
    units = stated_units([*titles, *heads, *aside])
    if len(units) > 1:
        zh, en = f"同一张表写了几种单位（{'、'.join(sorted(units))}）", f"one sheet names several units ({', '.join(sorted(units))})"
        raise InputError([Problem("units_differ", Text(zh, en), place)])
    dated = [cell for row in range(start, head - bool(spans)) for cell in grid.rows[row]] + [grid.rows[head][at] for at in labels]
    try:
        named = told_period([grid.name])
        told = told_period(dated) or named or told_period(above.titles if above else ())
        if told and named and told.end and named.end and told.end.year != named.end.year:
            raise Unclear(f"{told.end}、{grid.name}")
    except Unclear as error:
        zh, en = f"表头有几个不同的日期（{error}），请只留报表所属期", f"the titles name several periods ({error}); keep the one the statement is of"
        raise InputError([Problem("period_unclear", Text(zh, en), place)]) from error
    rows = tuple(_rows(grid, first, end, labels))
    units = units or stated_units(above.titles if above else ())  # 单位 above the first of several statements
    return Block(grid, columns, rows, next(iter(units), None), told, unread, (*(above.titles if above else ()), *titles))


def _refuse_long_rows(grid: Grid, head: int, first: int, end: int) -> None:
    """Raise InputError where a row of CSV is longer than its head, or all look as if commas between thousands had cut figures into cells."""
    last = max(at for at, cell in enumerate(grid.rows[head]) if cell)
    lines = [row for row in range(first, end) if grid.by_commas and any(items(cell) for cell in grid.rows[row])]
    figures = [[cell for cell in grid.rows[row] if _is_figure(cell)] for row in lines]
    is_cut = any(len(cells) > 1 for cells in figures) and all(_CUT.fullmatch(",".join(cells)) for cells in figures)
    for row in range(first, end) if grid.by_commas else ():
        if is_cut or any(grid.rows[row][last + 1 :]):
            zh = "这一行的格数多于表头；带千分位逗号的数字要加引号，或另存为 .xlsx"
            en = "this row has more cells than the head; put figures with thousands separators in quotes, or save as .xlsx"
            raise InputError([Problem("ragged_row", Text(zh, en), grid.place(row, last + 1))])


def _label_columns(grid: Grid, first: int, end: int) -> list[int]:
    width = len(grid.rows[0])
    known = [sum(bool(items(grid.rows[row][at])) for row in range(first, end)) for at in range(width)]
    return [at for at in range(width) if known[at] and known[at] * 4 >= max(known)]


def _columns(grid: Grid, head: int, first: int, end: int, labels: list[int], spans: dict[int, str]) -> tuple[tuple[Column, ...], tuple[str, ...]]:
    columns: list[Column] = []
    unread: list[str] = []
    for at, written in enumerate(grid.rows[head]):
        side = max((label for label in labels if label < at), default=None)
        if side is None or at in labels:
            continue
        own = parse_heading(written)
        title = written if own and own.end else spans.get(at, "") + written
        heading = parse_heading(title)
        if heading is not None:
            columns.append(Column(at, side, title, heading))
        elif tight(written) not in _UNREAD and any(_is_figure(grid.rows[row][at]) and items(grid.rows[row][side]) for row in range(first, end)):
            if not written:
                zh, en = "这一列有数字却没有表头，不知道是哪一期", "this column has figures but no head: its period is not known"
                raise InputError([Problem("period_unclear", Text(zh, en), grid.place(head, at))])
            unread.append(title)
    return tuple(columns), tuple(unread)


def _spans(grid: Grid, head: int) -> dict[int, str]:
    """Return the dates that stand above several columns each, merged cells spread to the right."""
    above = grid.rows[head - 1] if head else ("",)
    if tight(above[0]) not in _HEADS or any(cell and not parse_heading(cell) for cell in above[1:]):
        return {}
    dated = [at for at, cell in enumerate(above) if (found := parse_heading(cell)) and found.end]
    if len(dated) < 2:  # a single date above the heads is a title
        return {}
    return {at: above[first] for first, last in pairwise([*dated, len(above)]) for at in range(first, last)}


def _rows(grid: Grid, first: int, end: int, labels: list[int]) -> Iterator[Row]:
    for side in labels:
        statement: Statement | None = None
        for at in range(first, end):
            label = grid.rows[at][side]
            if label:
                statement, item = classified(label, statement)
                yield Row(at, side, label, statement, item, bracketed_unit(label))
                if item == "closing_cash":
                    statement = "supplement"
