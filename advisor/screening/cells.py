"""The cells of a file read into facts in engine form, and what could not be read.

A cell gives what `Fact.read` gives for it. What that refuses becomes unknown and an issue with its row, its column and
the code of the refusal: nothing is lost in silence. A file is not a form, so `read_cell` takes some more: what programs
write for nothing (`-`, `#N/A`), Excel's day numbers, 20240301, times of day, 1.0 for yes, "无" for an empty list.
Columns that are typed, or numbers written plainly, are read whole; of everything else each distinct word is read once.
"""

from __future__ import annotations

import datetime as dt
import re
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from unicodedata import category, normalize

import numpy as np
import polars as pl

from advisor.domain.condition import Value
from advisor.domain.dates import FIRST_YEAR, LAST_YEAR
from advisor.domain.errors import InputError, Problem
from advisor.domain.facts import UNKNOWN_WORDS, Catalogue, Fact
from advisor.domain.figures import MAX_NUMBER, MIN_NUMBER, read_figure
from advisor.domain.text import Text
from advisor.screening.columns import DTYPES
from advisor.screening.mapping import NUMBERS, Column, Mapping, unit_factor
from advisor.screening.words import Faults, Words, unknown

ISSUES = pl.Schema({"row": pl.Int64, "column": pl.String, "fact": pl.String, "code": pl.String, "value": pl.String})
"""One refused cell a row: row number as the file's reader counts, header, fact id (or `firm_id`), code, cell as written."""
LONGEST_SHOWN = 60

BLANKS = frozenset({"-", "--", "---", "—", "——", "–", "/", "//", "\\", "\\n", "#n/a", "<na>", "na", "(null)", "(空)", "(空白)", "空"})
"""What stands for nothing in a file. A dash may mean zero to its writer; it is read as unknown, which claims less."""
NONE_WORDS = frozenset({"无", "没有", "none"})
"""The empty list, or the option `none` of a fact that has one. For yes and no "无" is no; for a figure it is refused."""
_FIRST_SERIAL, _LAST_SERIAL = 10_000, 73_050
"""Excel's numbers of the days from 1927-05-18 to 2099-12-31."""
_EXCEL_ZERO = dt.date(1899, 12, 30)
_TIMED = re.compile(r"(\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?)[T\s]+\d{1,2}[:时]\d{1,2}分?(?::?\d{1,2}(?:\.\d*)?秒?)?\s*(?:Z|UTC|[-+]\d{2}:?\d{2})?")
_OWN_UNIT = re.compile(r"(?<=[\d.])\s*([^\d.,()\s][^\d()]*)(?=\)?$)")
_PLAIN = r"^[ \t]*-?([0-9]{1,3}(,[0-9]{3})+|[0-9]+)(\.[0-9]+)?[ \t]*$"
_ROUNDED_ID = r"^\d(\.\d+)?[eE]\+?\d{2}$"
_EXACT = 2**53
_MICRO = 10**6


@dataclass(frozen=True, slots=True)
class Cells:
    """A batch that was read: one row a firm in each of `facts` and `keys`, one row a refused cell in `issues`."""

    facts: pl.DataFrame
    """The mapped facts in engine form, `purposes.first` behind `purposes`, and `industry_class` where a code tells it."""
    issues: pl.DataFrame
    keys: pl.DataFrame
    """`firm_id` and `name` as text, as far as the file has them."""


class Reader:
    """Reads batch after batch of one table. It remembers words: one reader for one thread."""

    def __init__(self, mapping: Mapping, catalogue: Catalogue) -> None:
        self._mapping = mapping
        self._catalogue = catalogue
        self._columns = [_FactColumn(column, catalogue.facts[column.fact_id]) for column in mapping.columns]
        industry = catalogue.facts.get("industry_class")
        self._industries = Words(lambda code: _place(industry, catalogue.industry_of(code)), pl.UInt8()) if industry else None

    def __call__(self, raw: pl.DataFrame, first_row: int) -> Cells:
        """Return the facts of a batch of raw columns; its first row is row `first_row` of the file."""
        raw = raw.rechunk()
        facts: list[pl.Series] = []
        issues: list[pl.DataFrame] = []
        for column in self._columns:
            cells = _joined(raw[column.header])
            values, faults = column.read(cells)
            facts.append(values.alias(column.fact.id))
            issues += (_issues(cells, fault, column.header, column.fact.id, first_row) for fault in faults)
            if column.fact.id == "purposes":
                facts.append(column.read_first(cells).alias("purposes.first"))
        keys = self._keys(raw, first_row, issues)
        found = pl.concat(issues).sort("row", maintain_order=True) if issues else pl.DataFrame(schema=ISSUES)
        return Cells(self._with_industry(pl.DataFrame(facts)), found, keys)

    def worded(self, issues: pl.DataFrame) -> pl.DataFrame:
        """Return issues with columns `zh` and `en` that say what is wrong. Meant for what people read, some thousands."""
        columns = {column.header: column for column in self._columns}
        distinct = issues.select("column", "code", "value").unique(maintain_order=True)
        texts = [
            columns[header].explain(code, value) if header in columns else _digits_lost(header, value) for header, code, value in distinct.iter_rows()
        ]
        words = [pl.Series("zh", [text.zh for text in texts], pl.String), pl.Series("en", [text.en for text in texts], pl.String)]
        return issues.join(distinct.with_columns(words), on=["column", "code", "value"], how="left", nulls_equal=True, maintain_order="left")

    def _keys(self, raw: pl.DataFrame, first_row: int, issues: list[pl.DataFrame]) -> pl.DataFrame:
        keys: list[pl.Series] = []
        for key, header in self._mapping.keys.items():
            cells = raw[header]
            keys.append(_text_of(cells).alias(key))
            rounded = _rounded(cells) if key == "firm_id" else None
            if rounded is not None and rounded.any():
                issues.append(_issues(cells, Faults.where(rounded, "digits_lost"), header, key, first_row))
        return pl.DataFrame(keys)

    def _with_industry(self, facts: pl.DataFrame) -> pl.DataFrame:
        """Fill the industry in from the registered code, where it is not given."""
        if "gb_code" not in facts.columns or self._industries is None:
            return facts
        if "industry_class" not in facts.columns:
            return facts.with_columns(self._industries.read(facts["gb_code"])[0].alias("industry_class"))
        given = facts["industry_class"]
        if not given.null_count():
            return facts
        missing = given.is_null().arg_true()
        filled, _ = self._industries.read(facts["gb_code"].gather(missing))
        return facts.with_columns(given.scatter(missing, filled))


# ---------------------------------------------------------------- one cell


def read_cell(raw: object, fact: Fact, column: Column) -> Value | None:
    """Return the value of one cell; None where it is unknown. Raises InputError in the user's words.

    Under a header with a unit a bare number is in that unit. A cell with a unit of its own must then name the same one;
    under a header without a unit, `Fact.read` reads the cell's own.
    """
    if isinstance(raw, str):
        raw = normalize("NFKC", raw).strip()
        if raw.casefold() in BLANKS:
            return None
        if any(category(character) in ("Cc", "Cs") and character not in "\t\n\r" for character in raw):
            raise _refusal(fact, "not_text", _shown(raw), Text("里有不成字的字符", "holds characters that are no text"))
    match fact.kind:
        case "bool":
            return fact.read({"1.0": "1", "0.0": "0"}.get(str(raw), raw))
        case "date":
            return fact.read(_day(raw))
        case "choice" | "choices":
            return _read_options(raw, fact)
        case "text":
            return fact.read(raw)
        case _:
            return fact.read(raw) if column.unit is None else _read_figure(raw, fact, column)


def _day(raw: object) -> object:
    """Return the day that Excel's number, 20240301, 202403 or a time of a day stands for, anything else as it is."""
    word = str(raw)
    timed = _TIMED.fullmatch(word)
    if timed:
        return timed[1]
    if not re.fullmatch(r"\d{5,8}(\.\d*)?", word):
        return raw
    number = int(float(word))
    if _FIRST_SERIAL <= number <= _LAST_SERIAL:
        return _EXCEL_ZERO + dt.timedelta(days=number)
    year, month, day = (number // 100, number % 100, 1) if number < 10**6 else (number // 10_000, number // 100 % 100, number % 100)
    try:
        return dt.date(year, month, day) if FIRST_YEAR <= year <= LAST_YEAR else raw
    except ValueError:
        return raw


def _read_options(raw: object, fact: Fact) -> Value | None:
    if not isinstance(raw, str):
        return fact.read(raw)
    if raw.casefold() in NONE_WORDS:
        if "none" in fact.options:
            return fact.read("none")
        if fact.kind == "choices":
            return ()
    try:
        return fact.read(raw)
    except InputError:
        parts = [part.strip() for part in re.split(r"[;|\n]", raw) if part.strip()]
        if fact.kind == "choices" and len(parts) > 1:
            with suppress(InputError):  # "Machine tools;Software": labels with spaces of their own
                return fact.read(parts)
        raise


def _read_figure(raw: object, fact: Fact, column: Column) -> Value | None:
    bare = raw
    if isinstance(raw, str) and (own := _OWN_UNIT.search(raw)):
        if unit_factor(own[1], fact) != column.factor:
            fact.read(raw)  # refuses what is no number of this fact at all
            zh, en = f"的单位和表头的“{column.unit}”不一致", f"has another unit than the header, '{column.unit}'"
            raise _refusal(fact, "unit_differs", _shown(raw), Text(zh, en))
        bare = raw[: own.start()] + raw[own.end() :]
    number = read_figure(bare, None)
    if number is None or not abs(number) < _MICRO * MAX_NUMBER:  # NaN and infinities among them
        return fact.read(raw)
    return fact.read(float(Decimal(str(number)) * Decimal(str(column.factor))))


def _refusal(fact: Fact, code: str, shown: str, why: Text) -> InputError:
    zh, en = f"{fact.label.zh}（{fact.id}）：“{shown}”{why.zh}", f"{fact.label.en} ({fact.id}): '{shown}' {why.en}"
    return InputError([Problem(code, Text(zh, en))])


def _shown(written: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f-\x9f]", "\N{REPLACEMENT CHARACTER}", written[:LONGEST_SHOWN])


def _digits_lost(header: str, value: str) -> Text:
    zh = f"“{header}”列的“{value}”丢了末尾的数字；请把这一列改成文本格式，重新填写"
    return Text(zh, f"'{value}' in column '{header}' has lost its last digits; format the column as text and enter them again")


def _place(fact: Fact, option: str | None) -> int | None:
    return None if option is None else list(fact.options).index(option)


# ---------------------------------------------------------------- one column


class _FactColumn:
    """Reads the column of one fact."""

    def __init__(self, column: Column, fact: Fact) -> None:
        self.header = column.header
        self.fact = fact
        self._column = column
        self._dtype = DTYPES[fact.kind]()
        self._words = Words(self._value, self._dtype)
        self._first_words = Words(self._first, pl.UInt8())
        self._options = {option: place for place, option in enumerate(fact.options)}
        labels = [word for option, label in fact.options.items() for word in (option, normalize("NFKC", label.zh), label.en)]
        self._option_words = frozenset({*(word.casefold() for word in labels), *fact.also, *NONE_WORDS, *BLANKS, *UNKNOWN_WORDS})

    def read(self, cells: pl.Series) -> tuple[pl.Series, list[Faults]]:
        """Return the fact of every row in engine form, and which cells were refused."""
        kind, dtype = self.fact.kind, cells.dtype
        if dtype == pl.Null:
            return cells.cast(self._dtype), []
        if kind in NUMBERS and (dtype == pl.String or dtype.is_numeric()):
            return self._read_numbers(cells)
        if _is_text(cells):
            return self._words.read(cells)
        if kind == "bool" and (dtype == pl.Boolean or dtype.is_numeric()):
            return _read_flags(cells)
        if kind == "date" and isinstance(dtype, pl.Date | pl.Datetime):
            return _read_days(cells.dt.date())
        if kind == "date" and dtype.is_numeric():
            return self._words.read(cells.cast(pl.Float64).floor().cast(pl.String))
        if dtype.is_numeric() and kind in ("text", "choice"):
            return self._words.read(_text_of(cells))
        return unknown(len(cells), self._dtype), [Faults.where(cells.is_not_null(), "wrong_kind")]

    def read_first(self, cells: pl.Series) -> pl.Series:
        """Return the option that each list names first."""
        return self._first_words.read(cells)[0] if _is_text(cells) else unknown(len(cells), pl.UInt8())

    def explain(self, code: str, value: str) -> Text:
        """Return the words for a refused cell that is known by its code and what it showed."""
        number = read_figure(value, None) if self.fact.kind in NUMBERS else None
        for raw in (value, number, float(value) if value in ("NaN", "inf", "-inf") else None):
            try:
                read_cell(raw, self.fact, self._column)
            except InputError as error:
                if error.problems[0].code == code:
                    return error.problems[0].text
        return _refusal(self.fact, code, value, Text("不能用于这一项", "cannot be used here")).problems[0].text

    def _value(self, word: str) -> object:
        if self.fact.options and not self._may_name_options(word):
            raise InputError([Problem("unknown_option", self.fact.label)])  # the full words look for a likely option, which takes time
        value = read_cell(_unlisted(word), self.fact, self._column)
        if self.fact.kind == "choice" and isinstance(value, str):
            return self._options[value]
        return sum(1 << self._options[option] for option in value) if isinstance(value, tuple) else value

    def _may_name_options(self, word: str) -> bool:
        if self.fact.kind == "choices" and re.search(r"[,，、;；|\s]", word):
            return True
        return normalize("NFKC", word).strip().casefold() in self._option_words

    def _first(self, word: str) -> object:
        value = read_cell(_unlisted(word), self.fact, self._column)
        return self._options[value[0]] if isinstance(value, tuple) and value else None

    def _read_numbers(self, cells: pl.Series) -> tuple[pl.Series, list[Faults]]:
        factor = self._column.factor
        if cells.dtype != pl.String:
            whole = cells.dtype.is_integer() and factor == int(factor)
            values, faults = self._bounded(_scaled(cells.cast(pl.Float64), factor), whole=whole)
            return values, faults
        numbers = cells.cast(pl.Float64, strict=False)
        odd = self._odd(cells, numbers)
        if odd is None:
            return self._bounded(_scaled(numbers, factor))
        places = odd.arg_true()
        written = cells.gather(places)
        plain = written.set(~written.str.contains(_PLAIN), None).str.strip_chars().str.replace_all(",", "", literal=True).cast(pl.Float64)
        values, faults = self._bounded(_scaled(numbers.scatter(places, plain), factor))
        rest = plain.is_null().arg_true()
        places = places.gather(rest)
        read, refused = self._words.read(written.gather(rest))
        return values.scatter(places, read), faults + [Faults(places.gather(fault.places), fault.codes) for fault in refused]

    def _odd(self, cells: pl.Series, numbers: pl.Series) -> pl.Series | None:
        """Return which texts the plain cast does not read as `Fact.read` does; None where there are none.

        The cast takes more in one thing alone: exponents of four digits and more, as in 1e0005.
        """
        tiny = (numbers == 0) & (cells.str.len_bytes() >= 6)  # perhaps 1e-3000
        if numbers.null_count() == cells.null_count() and not tiny.any() and _is_sound(numbers):
            return None
        odd = (numbers.is_null() & cells.is_not_null()) | tiny.fill_null(False) | ~numbers.is_finite().fill_null(True)
        return odd if odd.any() else None

    def _bounded(self, values: pl.Series, *, whole: bool = False) -> tuple[pl.Series, list[Faults]]:
        """Return the numbers that `Fact.read` takes, and where and why it refuses the others."""
        fact = self.fact
        least = -np.inf if fact.low is None else fact.low
        most = np.inf if fact.high is None else fact.high
        whole = whole or fact.kind != "int"
        if _is_sound(values.fill_null(least) if least > 0 else values, least, most, whole=whole):
            return values, []
        size = values.abs()
        usable = (values == 0) | ((size >= MIN_NUMBER) & (size <= MAX_NUMBER))
        fraction = (values.floor() != values) if not whole else pl.Series([False]).new_from_index(0, len(values))
        outside = ((values < least) | (values > most)) & ~values.is_in(list(fact.specials))
        codes = pl.select(
            pl.when(~usable).then(pl.lit("not_finite")).when(fraction).then(pl.lit("wrong_kind")).when(outside).then(pl.lit("out_of_range"))
        ).to_series()
        return values.set(codes.is_not_null(), None), [Faults.of(codes)]


# ---------------------------------------------------------------- whole columns


def _is_text(cells: pl.Series) -> bool:
    return isinstance(cells.dtype, pl.String | pl.Categorical | pl.Enum)


def _is_sound(values: pl.Series, least: float = -np.inf, most: float = np.inf, *, whole: bool = True) -> bool:
    """Return whether surely all numbers are 0 or of usable size, lie between the bounds and are whole, unless they are `whole` already.

    What stands behind nulls, mostly zeros, is looked at too.
    """
    if not len(values):
        return True
    held = values.to_arrow()
    numbers = np.frombuffer(held.buffers()[1], np.float64, len(held), held.offset * 8)
    for start in range(0, len(numbers), _BLOCK):
        block = numbers[start : start + _BLOCK]
        sizes = block.view(np.uint64) & _MAGNITUDE
        if sizes.max() > _LARGEST:
            return False
        sizes -= _ONE  # zero becomes the largest of all
        if sizes.min() < _SMALLEST or (least > -np.inf and block.min() < least) or (most < np.inf and block.max() > most):
            return False
        if not (whole or np.array_equal(np.floor(block), block)):
            return False
    return True


_BLOCK = 32_768
"""So many numbers are looked at together: they stay in the processor's cache."""
_MAGNITUDE, _ONE = np.uint64(2**63 - 1), np.uint64(1)
_SMALLEST, _LARGEST = np.array([MIN_NUMBER, MAX_NUMBER]).view(np.uint64) - np.array([1, 0], np.uint64)
"""Sizes of floats order as their bits do, NaN and the infinities above all."""


def _scaled(values: pl.Series, factor: float) -> pl.Series:
    """Return numbers times a factor as decimals are multiplied: exact up to six decimal places, else to the last bit."""
    if factor == 1:
        return values
    numbers = values.to_numpy()  # NumPy divides; Polars multiplies by the reciprocal of a constant, which rounds twice
    scaled = np.empty(len(numbers))
    share = Fraction(str(factor)) / _MICRO
    with np.errstate(all="ignore"):
        for start in range(0, len(numbers), _BLOCK):
            block = numbers[start : start + _BLOCK]
            micro = np.rint(block * _MICRO)
            exact = (micro / _MICRO == block) & (np.abs(micro) * share.numerator < _EXACT)
            scaled[start : start + _BLOCK] = np.where(exact, micro * share.numerator / share.denominator, block * factor)
    return pl.Series(values.name, scaled).set(values.is_null(), None)


def _read_flags(cells: pl.Series) -> tuple[pl.Series, list[Faults]]:
    if cells.dtype == pl.Boolean:
        return cells, []
    yes = cells == 1
    refused = ~(yes | (cells == 0)).fill_null(True)
    return (yes.set(refused, None), [Faults.where(refused, "wrong_kind")]) if refused.any() else (yes, [])


def _read_days(days: pl.Series) -> tuple[pl.Series, list[Faults]]:
    numbers = days.to_physical()
    outside = ((numbers < _FIRST_DAY) | (numbers > _LAST_DAY)).fill_null(False)
    if not outside.any():
        return days, []
    return numbers.set(outside, None).cast(pl.Date), [Faults.where(outside, "out_of_range")]


_FIRST_DAY = (dt.date(FIRST_YEAR, 1, 1) - dt.date(1970, 1, 1)).days
_LAST_DAY = (dt.date(LAST_YEAR, 12, 31) - dt.date(1970, 1, 1)).days


def _joined(cells: pl.Series) -> pl.Series:
    """Return a column of lists of text as text that `_unlisted` takes apart; other columns as they are."""
    dtype = cells.dtype
    if not isinstance(dtype, pl.List | pl.Array) or not isinstance(dtype.inner, pl.String | pl.Categorical | pl.Enum):
        return cells
    lists = cells.cast(pl.List(pl.String))
    unknown = (lists.list.len() > 0) & (lists.list.drop_nulls().list.len() == 0)
    return (_LIST_MARK + lists.list.join(_LIST_MARK, ignore_nulls=True)).set(unknown, None)


def _unlisted(word: str) -> object:
    return [part for part in word[1:].split(_LIST_MARK) if part] if word.startswith(_LIST_MARK) else word


_LIST_MARK = "\x1f"


def _text_of(cells: pl.Series) -> pl.Series:
    """Return cells as text; whole numbers keep their digits and get no point."""
    dtype = cells.dtype
    if dtype.is_float():
        whole = (cells.floor() == cells) & (cells.abs() < _EXACT)
        return cells.cast(pl.Int64, strict=False).cast(pl.String).zip_with(whole.fill_null(False), cells.cast(pl.String))
    if dtype.is_nested() or isinstance(dtype, pl.Object | pl.Binary | pl.Duration):
        return pl.Series([None if cell is None else str(cell) for cell in cells.to_list()], dtype=pl.String)
    return cells.cast(pl.String)


def _rounded(cells: pl.Series) -> pl.Series | None:
    """Return which ids a spreadsheet has turned into rounded numbers, None where surely none."""
    if cells.dtype.is_float():
        return ((cells.abs() >= _EXACT) | (cells.floor() != cells)).fill_null(False)
    if cells.dtype != pl.String:
        return None
    doubtful = (cells.str.len_bytes() != _ID_LENGTH).fill_null(False)  # an id of full length is none, and most are of full length
    return doubtful.scatter(places, cells.gather(places).str.contains(_ROUNDED_ID)) if len(places := doubtful.arg_true()) else None


_ID_LENGTH = 18


def _issues(cells: pl.Series, faults: Faults, header: str, fact_id: str, first_row: int) -> pl.DataFrame:
    shown = _text_of(cells.gather(faults.places)).str.strip_prefix(_LIST_MARK).str.replace_all(_LIST_MARK, ";", literal=True)
    shown = shown.str.slice(0, LONGEST_SHOWN).str.replace_all(r"[\x00-\x1f\x7f-\x9f]", "\N{REPLACEMENT CHARACTER}")
    return pl.DataFrame({"row": faults.places.cast(pl.Int64) + first_row, "value": shown, "code": faults.codes}).select(
        "row", pl.lit(header).alias("column"), pl.lit(fact_id).alias("fact"), "code", "value"
    )
