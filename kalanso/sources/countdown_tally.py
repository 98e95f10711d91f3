"""What has been read of a Countdown workbook so far, and under which names?

Names of districts over all sheets, rows as columns, the receipt, and the reports of each form until
the numbers that they belong to are met. Which cell is read when is decided in `countdown`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from kalanso.places import normalise
from kalanso.sources.countdown_headings import ColumnMeaning
from kalanso.sources.numbers import is_blank, written_number
from kalanso.sources.readings import LISTED_OBSERVATIONS
from kalanso.sources.receipts import Receipt, Rejection
from kalanso.sources.workbooks import Cell, FaultyCell
from kalanso.vocabulary import Period

LISTED_REJECTIONS = 5_000  # beyond these only counted
Place = str  # normalised name of a district, the key under which sheets meet


@dataclass(kw_only=True)
class Names:
    """How each district is written, and on which sheets it stands."""

    spelling: dict[Place, str] = field(default_factory=dict)
    region: dict[Place, str] = field(default_factory=dict)
    row: dict[Place, int] = field(default_factory=dict)
    variants: dict[Place, set[str]] = field(default_factory=lambda: defaultdict(set))
    sheets: dict[Place, set[str]] = field(default_factory=lambda: defaultdict(set))

    def meet(self, raw: object, sheet: str, row: int) -> Place:
        """Note a spelling and return the key under which all spellings meet."""
        written = " ".join(str(raw).split())
        place = normalise(written)
        self.spelling.setdefault(place, written)
        self.row.setdefault(place, row)
        self.variants[place].add(str(raw))
        self.sheets[place].add(sheet)
        return place


@dataclass(kw_only=True)
class Tally:
    """What has been read so far: rows as columns, the receipt, and reports by form."""

    receipt: Receipt
    names: Names = field(default_factory=Names)
    rows: dict[str, list[Any]] = field(
        default_factory=lambda: {name: [] for name in LISTED_OBSERVATIONS.names}
    )
    reports: dict[tuple[Place, str], dict[str, dict[str, float]]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    carried: set[tuple[Place, str, str]] = field(default_factory=set)
    seen: dict[tuple[Any, ...], str] = field(default_factory=dict)
    counted: Counter[Place] = field(default_factory=Counter)
    periods: set[Period] = field(default_factory=set)
    places_of_rows: list[Place] = field(default_factory=list)

    def reject(self, reason: str, sheet: str, row: int, column: str = "", found: object = None, n: int = 1,
               expected: str | None = None) -> None:  # fmt: skip
        """Count `n` values as refused, the first of them in the list."""
        if len(self.receipt.rejections) >= LISTED_REJECTIONS:
            self.receipt.rejected_beyond_list[reason] += n
            return
        text = None if found is None else str(found)
        self.receipt.rejections.append(
            Rejection(reason=reason, sheet=sheet, row=row, column=column, found=text, expected=expected)
        )
        self.receipt.rejected_beyond_list[reason] += n - 1

    def store(self, place: Place, period: Period, meaning: ColumnMeaning, value: float | None) -> None:
        """Add one observation."""
        status = "missing" if value is None else "zero" if value == 0 else "reported"
        self.periods.add(period)
        self.places_of_rows.append(place)
        told = {
            "period": period.code, "period_type": period.type.value, "period_start": period.start,
            "indicator": meaning.indicator, "value": value, "status": status, "product": meaning.product,
            "age_band": meaning.age_band, "strategy": "all", "sector": "all", "sex": "all",
            **self._reports(place, period, meaning.form),
        }  # fmt: skip
        for name, cell in told.items():
            self.rows[name].append(cell)

    def _reports(self, place: Place, period: Period, form: str) -> dict[str, float | None]:
        found = self.reports.get((place, period.code), {}).get(form, {}) if form else {}
        if found:
            self.carried.add((place, period.code, form))
        return {
            "reports_expected": found.get("expected"),
            "reports_received": found.get("received"),
            "reports_on_time": found.get("on_time"),
        }


BLANK, BAD = object(), object()


def number_in(cell: Cell) -> Any:
    """Return the number of a cell, or BLANK where it holds none, or BAD where it holds something else."""
    if cell is None:
        return BLANK
    if isinstance(cell, (bool, FaultyCell)):
        return BAD
    if isinstance(cell, (int, float)):
        return float(cell)
    if isinstance(cell, str):
        if is_blank(cell):
            return BLANK
        number = written_number(cell)
        value = number.value("")
        return BAD if value is None or number.percent else value
    return BAD
