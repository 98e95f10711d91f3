"""What becomes of one row of a table, and of one number in it?

The rules that both ways of reading a mapped table share: in memory (`mapped`) and streamed
(`streaming`). A verdict is what was understood, or the message id of the reason why it was skipped
or rejected. Nothing here knows how a file is opened or where rows go.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from kalanso.sources.column_maps import CODES, REPORTS, ColumnMap, Meaning
from kalanso.sources.headings import quality_code, recognised, slug
from kalanso.sources.layouts import Layout, is_total, meaning_of, overlaid, period_of
from kalanso.sources.months import month_number, plain, year_number
from kalanso.sources.numbers import is_blank, written_number
from kalanso.sources.workbooks import Cell, FaultyCell
from kalanso.vocabulary import NotAPeriod, Period

SHARE_LIMIT = 2.0  # administrative coverage passes 100 %, but a share of 200 % is a percent
NUMBER_LIMIT = 1e15  # beyond, neighbouring whole numbers can no longer be told apart
NOTE_WORDS = (
    r"(?:sources?|notes?|nb|n\.b|remarques?|legende|legend|mise a jour|date d|extrait|extraction|download|"
    r"generated|genere|imprime|donnees|data |copyright)\b|[*(©†]"
)
NUMBER_START = r"^\s*[-+\u2212]?\s*[.,]?[0-9]"
_NOTE = re.compile(NOTE_WORDS)
_NUMBER_START = re.compile(NUMBER_START)
_ERROR_TEXT = re.compile(r"#(?:REF|DIV/0|VALUE|VALEUR|NAME|NOM|NULL|NUM|NOMBRE|N/A|CALC|SPILL)[!?]?")


@dataclass(frozen=True)
class Reason:
    """Why a row or value was skipped or rejected, and in which part of the map (a role)."""

    id: str
    role: str = ""
    expected: str | None = None

    @property
    def skipped(self) -> bool:
        """Whether it was no data at all, rather than data that cannot be used."""
        return self.id.startswith("sources.skipped.")


@dataclass(frozen=True)
class ListedPlace:
    """A place as the table names it; `code` is the spelling where the table has no codes."""

    code: str
    name: str
    parent: str


@dataclass(frozen=True)
class Value:
    """A number to be stored, its status, and message ids of what looks doubtful in it."""

    number: float | None
    status: str
    doubts: tuple[str, ...] = ()


def cell_text(cell: Cell) -> str:
    """Return a cell as text: spaces made plain, whole numbers without a point, dates in ISO form."""
    if cell is None:
        return ""
    if isinstance(cell, (datetime, date)):
        return cell.isoformat()
    return " ".join(str(cell).split())


def is_valued(cell: Cell) -> bool:
    """Return whether a cell starts like a number, or holds a fault where one was."""
    if cell is None:
        return False
    if isinstance(cell, str):
        return _NUMBER_START.match(cell) is not None or _ERROR_TEXT.match(cell) is not None
    return True


def is_note(text: str) -> bool:
    """Return whether a text starts as a note under a table does."""
    return _NOTE.match(plain(text)) is not None


def judge_place(code: Cell, name: Cell, parent: Cell, column_map: ColumnMap) -> ListedPlace | Reason:
    """Return the place that three cells name."""
    for role, cell in (("place.code", code), ("place.name", name), ("place.parent", parent)):
        if isinstance(cell, FaultyCell) or (isinstance(cell, str) and _ERROR_TEXT.fullmatch(cell.strip())):
            return Reason("sources.rejected.error_cell", role)
    texts = [cell_text(cell) for cell in (code, name, parent)]
    if any(is_total(text, column_map.totals) for text in texts):
        return Reason("sources.skipped.total")
    if not any(texts[:2]) or (not texts[0] and is_blank(texts[1])):
        return Reason("sources.rejected.no_place", "place.name" if column_map.place.name else "place.code")
    if _NUMBER_START.match(texts[1]) and re.fullmatch(r"[-\d.,\s%]+", texts[1]):
        return Reason("sources.rejected.shifted", "place.name")
    return ListedPlace(texts[0] or texts[1], texts[1] or texts[0], texts[2])


def judge_period(whole: Cell, year: Cell, month: Cell, column_map: ColumnMap) -> Period | Reason:
    """Return the period that its column, or the columns of year and month, name."""
    settings = column_map.period
    if settings.column:
        return _one_cell_period(whole, column_map)
    if settings.constant:
        return period_of(settings.constant, column_map)
    number: int | None = settings.year_is
    if settings.year:
        number = year_number(year)
        if number is None:
            return _unknown_period(year, "period.year")
    which = month_number(month)
    if which is None or number is None:
        return _unknown_period(month, "period.month")
    return Period.month(number, which)


def _one_cell_period(cell: Cell, column_map: ColumnMap) -> Period | Reason:
    if isinstance(cell, FaultyCell):
        return Reason("sources.rejected.error_cell", "period.column")
    try:
        return period_of(cell, column_map)
    except NotAPeriod as error:
        if cell is not None and "may be" in str(error):
            return Reason("sources.rejected.ambiguous_period", "period.column")
        return _unknown_period(cell, "period.column")


def _unknown_period(cell: Cell, role: str) -> Reason:
    if isinstance(cell, FaultyCell):
        return Reason("sources.rejected.error_cell", role)
    blank = not cell_text(cell)
    return Reason("sources.rejected.no_period" if blank else "sources.rejected.unknown_period", role)


def judge_indicator(name: Cell, column_map: ColumnMap) -> Meaning | Reason:
    """Return what the name of an indicator in a long table means."""
    text = cell_text(name)
    if isinstance(name, FaultyCell):
        return Reason("sources.rejected.error_cell", "indicator")
    if is_blank(text):
        return Reason("sources.rejected.no_indicator", "indicator")
    if known := meaning_of(text, column_map):
        return known
    if not column_map.indicators or column_map.other_columns == "keep":
        return recognised(text) or Meaning(indicator=slug(text))
    if column_map.other_columns == "ignore":
        return Reason("sources.skipped.other_indicator")
    return Reason("sources.rejected.unknown_indicator", "indicator")


def judge_quality(role: str, word: Cell, column_map: ColumnMap) -> str | Reason:
    """Return the code of an age band, strategy, sector, sex or product that a cell names."""
    text = cell_text(word)
    if not text:
        return ""
    code = quality_code(role, text, column_map.labels)
    if code is None or (role in CODES and code not in CODES[role]):
        return Reason("sources.rejected.unknown_label", role, ", ".join(CODES.get(role, ())))
    return code


def completed(meaning: Meaning) -> Meaning:
    """Return a meaning without blanks: doses of unsaid age are `unknown`, all else is `all`."""
    counted = meaning.indicator.endswith("_doses")
    stock = meaning.indicator.startswith(("stock_", "doses_"))
    age = meaning.age_band or ("unknown" if counted and not stock else "all")
    return replace(
        meaning,
        age_band=age,
        strategy=meaning.strategy or "all",
        sector=meaning.sector or "all",
        sex=meaning.sex or "all",
        unit=meaning.unit or "count",
    )


def judge_value(cell: Cell, unit: str, decimal: str, blanks: frozenset[str]) -> Value | Reason:
    """Return the number that a cell holds, in the stored unit (shares, never percent)."""
    if isinstance(cell, FaultyCell):
        case = "error_cell" if cell.kind == "error" else "formula"
        return Reason(f"sources.rejected.{case}", "value")
    if isinstance(cell, bool) or not (cell is None or isinstance(cell, (str, int, float))):
        return Reason("sources.rejected.not_a_number", "value")
    percent = False
    if cell is None or isinstance(cell, str):
        text = cell or ""
        if is_blank(text, blanks):
            return Value(None, "missing")
        if _ERROR_TEXT.fullmatch(text.strip()):
            return Reason("sources.rejected.error_cell", "value")
        written = written_number(text)
        number = written.value(decimal)
        percent = written.percent
        if number is None:
            case = "ambiguous_number" if written.ambiguous and not decimal else "not_a_number"
            return Reason(f"sources.rejected.{case}", "value")
    else:
        number = float(cell)
    return _in_unit(number, unit, percent)


def _in_unit(number: float, unit: str, percent: bool) -> Value | Reason:
    if not abs(number) < NUMBER_LIMIT:
        return Reason("sources.rejected.out_of_range", "value")
    if unit == "count":
        if percent:
            return Reason("sources.rejected.percent_sign", "value")
        doubts = ["sources.suspicious.negative"] if number < 0 else []
        doubts += [] if number.is_integer() else ["sources.suspicious.fractional"]
        return _valued(number, doubts)
    if unit == "percent" or percent:
        number /= 100
    elif number > SHARE_LIMIT:
        return Reason("sources.rejected.percent_where_share", "value", "0–1")
    doubts = ["sources.suspicious.negative"] if number < 0 else []
    return _valued(number, [*doubts, *(["sources.suspicious.above_100_percent"] if number > 1 else [])])


def _valued(number: float, doubts: list[str]) -> Value:
    number += 0.0  # -0 is 0
    return Value(number, "zero" if number == 0 else "reported", tuple(doubts))


def judge_reports(
    cells: Sequence[Cell], roles: Sequence[str], decimal: str
) -> dict[str, float | None] | Reason:
    """Return the reports expected, received and on time that stand on a row."""
    found: dict[str, float | None] = dict.fromkeys(REPORTS)
    for role, cell in zip(roles, cells, strict=True):
        verdict = judge_value(cell, "count", decimal, frozenset())
        if isinstance(verdict, Reason):
            return replace(verdict, role=role)
        if verdict.number is not None and verdict.number < 0:
            return Reason("sources.rejected.out_of_range", role)
        found[role] = verdict.number
    return found


def judge_qualities(
    row: Sequence[Cell], layout: Layout, base: Meaning, column_map: ColumnMap
) -> Meaning | Reason:
    """Return a meaning completed by the indicator and qualities that stand in a row's own columns."""
    meaning = base
    at = layout.of("indicator")
    if at is not None:
        found = judge_indicator(row[at], column_map)
        if isinstance(found, Reason):
            return found
        meaning = overlaid(meaning, found)
    for role in ("product", "age_band", "strategy", "sector", "sex"):
        at = layout.of(role)
        if at is None:
            continue
        code = judge_quality(role, row[at], column_map)
        if isinstance(code, Reason):
            return code
        meaning = replace(meaning, **{role: code}) if code else meaning
    return completed(meaning)
