"""Lines folded where Chinese may be folded; Rich folds at spaces only, which Chinese does not have."""

from __future__ import annotations

from collections.abc import Iterable

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.text import Text as Line


class Fold:
    """A line folded between characters, never before closing punctuation; continued lines keep the first one's indent."""

    def __init__(self, line: Line, indent: int | None = None) -> None:
        self.line = line
        self.indent = indent if indent is not None else len(line.plain) - len(line.plain.lstrip())

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        rest, width = self.line, options.max_width
        indent = ""
        while rest.plain:
            room = width - len(indent)
            cut = _fold_at(rest.plain, room)
            head, rest = (rest, Line()) if cut >= len(rest.plain) else rest.divide([cut])
            head.rstrip()
            yield Line.assemble(indent, head)
            while rest.plain.startswith(" "):
                rest = rest[1:]
            indent = " " * self.indent


def _fold_at(plain: str, room: int) -> int:
    """Return how many characters fit into `room` cells, ending where a line may end."""
    used = fits = 0
    for character in plain:
        used += cell_len(character)
        if used > room:
            break
        fits += 1
    if fits == len(plain):
        return fits
    cut = fits
    while cut > 1 and not _may_fold(plain[cut - 1], plain[cut]):
        cut -= 1
    return cut if cut > 1 else max(fits, 1)


def _may_fold(before: str, after: str) -> bool:
    if after in "，。；：、！？）》”’％%·":
        return False
    if before in "（《“‘":
        return False
    return " " in (before, after) or cell_len(before) == 2 or cell_len(after) == 2


def folded(lines: Iterable[RenderableType]) -> Group:
    """Return lines and other things to draw as one, every line folded."""
    return Group(*(Fold(line) if isinstance(line, Line) else line for line in lines))
