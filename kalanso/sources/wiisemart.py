"""What coverage did WHO, UNICEF and household surveys publish for the country?

Reads the coverage export of the WHO immunization data portal (WIISEMart), long files of reported
numbers, of survey results, and short lists with the source in words. Administrative, official,
WHO/UNICEF (WUENIC) and survey series stay apart: nothing is merged or chosen. Percents become
shares; what exceeds 1 stays as it is.
"""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from kalanso.sources.countries import country_code, country_name
from kalanso.sources.headings import slug
from kalanso.sources.listed_rows import Dialect, Ledger, ListedRow, ListedRows, find_rows, is_note
from kalanso.sources.months import year_number
from kalanso.sources.readings import LISTED_COVERAGE, LISTED_PLACES, Reading
from kalanso.sources.receipts import Receipt
from kalanso.sources.workbooks import Limits, open_workbook
from kalanso.vocabulary import Message, Period

EXPORT = Dialect(
    name="export",
    fields={
        "group": ("GROUP",), "country": ("CODE",), "name": ("NAME",), "year": ("YEAR",), "antigen": ("ANTIGEN",),
        "category": ("COVERAGE_CATEGORY",), "target": ("TARGET_NUMBER",), "doses": ("DOSES",),
        "coverage": ("COVERAGE",),
    },
    required=("country", "year", "antigen", "category", "coverage"),
)  # fmt: skip
SURVEYS = Dialect(
    name="surveys",
    fields={
        "country": ("iso3", "ISO3"), "antigen": ("vaccine",), "year": ("birth_cohort_year", "cohortYear", "cohort"),
        "survey": ("survey_id", "surveyId"), "title": ("title", "surveyNameEnglish"),
        "collected": ("year_collected", "collectEnd", "collectBegin"), "cards": ("card_retention", "cardsSeen"),
        "confirm": ("confirm", "evidence"), "age": ("age", "ageVaccination"), "timeliness": ("timeliness",),
        "validity": ("validity",), "children": ("sample_size", "Sample_Size", "denominator"),
        "coverage": ("coverage",),
    },
    required=("country", "antigen", "year", "survey", "confirm", "coverage"),
)  # fmt: skip
REPORTED = Dialect(
    name="reported",
    fields={
        "country": ("iso3", "CODE"), "antigen": ("vaccine", "antigen"), "year": ("year",), "kind": ("kind",),
        "value": ("value",),
    },
    required=("country", "antigen", "year", "kind", "value"),
)  # fmt: skip
WORDED = Dialect(
    name="worded",
    fields={
        "country": ("iso3", "country", "CODE"), "year": ("year",), "antigen": ("indicator", "vaccine", "antigen"),
        "coverage": ("coverage", "value"), "source": ("source", "category"),
    },
    required=("year", "antigen", "coverage", "source"),
)  # fmt: skip
DIALECTS = (EXPORT, SURVEYS, REPORTED, WORDED)

# Codes of WHO and UNICEF -> name of the dose; others keep a slug.
ANTIGENS = {
    "dtpcv1": "dtp1", "dtpcv2": "dtp2", "dtpcv3": "dtp3", "dtpcvb": "dtp_booster", "dtp4": "dtp_booster",
    "pol1": "opv1", "pol2": "opv2", "pol3": "opv3", "hepbbd": "hepb0", "hepbb": "hepb0", "hepb_bd": "hepb0",
    "yfv": "yf", "menga": "mena", "rota1": "rota1", "ipv1_frac": "ipv1_fractional", "ipv2_frac": "ipv2_fractional",
}  # fmt: skip
_MEASURES = {
    "admin": ("ADMIN", "coverage"), "administrative": ("ADMIN", "coverage"), "gov": ("OFFICIAL", "coverage"),
    "official": ("OFFICIAL", "coverage"), "legacy": ("WUENIC", "coverage"), "wuenic": ("WUENIC", "coverage"),
    "vaccinated": ("ADMIN", "doses"), "doses": ("ADMIN", "doses"), "target": ("ADMIN", "target"),
}  # fmt: skip
_EVIDENCE = {
    "card": "card", "history": "history", "card or history": "card or history", "c or h": "card or history",
    "recall": "history", "crude": "",
}  # fmt: skip
_KEY = (
    "indicator",
    "period",
    "category",
    "survey",
    "evidence",
    "validity",
    "children_age",
    "vaccinated_by",
    "vintage",
)
GAP = 0.015  # published percents are whole numbers: coverage and doses/target agree within this


def read(path: Path, *, country: str, vintage: str = "", limits: Limits | None = None) -> Reading:
    """Return the published coverage of one country, as rows of LISTED_COVERAGE.

    `country` is the ISO code of the country whose rows are kept; those of other countries and
    regions are counted as skipped. `vintage` is the edition (by default the date in the name of the
    file, or the last year in it), since these series are revised backwards every year. Raises
    BadFile where the headings are of no known table.
    """
    book = open_workbook(Path(path), limits=limits)
    found = find_rows(book, DIALECTS, reader="wiisemart")
    receipt = Receipt(
        reader="wiisemart", file_name=book.file, unit="values" if found.dialect is REPORTED else "rows"
    )
    edition = vintage or export_date(book.file) or _last_year(found)
    series = _Series(found, Ledger(receipt=receipt, sheet=found.sheet.name), country, edition)
    for row in found.rows:
        series.take(row)
    series.finish()
    receipt.notes.append(Message("sources.wiisemart.kept_apart", {"vintage": edition}))
    receipt.check()
    name = country_name(country)
    place = {
        "code": country, "name": name, "parent_code": "", "parent_name": "", "level": "country",
        "tree": "administrative", "kind": "", "latitude": None, "longitude": None, "geometry": None,
        "row": found.heading_row,
    }  # fmt: skip
    return Reading(
        receipt=receipt, system="who-unicef", vintage=edition,
        places=pa.Table.from_pylist([place], schema=LISTED_PLACES),
        coverage=series.table(name), counted={(country, ""): receipt.stored},
        facts={"source": {"surveys": "who-surveys", "reported": "who-reported"}.get(found.dialect.name, "who-unicef")},
    )  # fmt: skip


def export_date(file: str) -> str:
    """Return the date of export that a file name carries, as 2025-07-30, or an empty text.

    The portal writes `... 2025-30-07 12-30 UTC.xlsx`: year, day, month.
    """
    for first, second, third in re.findall(r"(20\d\d)[-_. ]?(\d\d)[-_. ]?(\d\d)(?!\d)", file):
        for month, day in ((third, second), (second, third)):
            try:
                return datetime(int(first), int(month), int(day)).strftime("%Y-%m-%d")  # noqa: DTZ001
            except ValueError:
                continue
    return ""


def _last_year(found: ListedRows) -> str:
    years = [year for row in found.rows if (year := year_number(row.cells.get("year"))) is not None]
    return str(max(years, default=""))


def indicator(antigen: str) -> str:
    """Return the code of the coverage indicator for an antigen as WHO, UNICEF or a survey names it."""
    code = slug(antigen)
    return f"{ANTIGENS.get(code, ANTIGENS.get(code.replace('_', ''), code))}_coverage"


class _Series:
    """Collects the rows of one country, one entry per series and year."""

    def __init__(self, found: ListedRows, ledger: Ledger, country: str, vintage: str) -> None:
        self.found, self.ledger, self.country, self.vintage = found, ledger, country, vintage
        self.entries: dict[tuple[Any, ...], dict[str, Any]] = {}
        self.filled: dict[tuple[Any, ...], tuple[float | None, ListedRow | None]] = {}
        self.percent = self._is_percent()

    def _is_percent(self) -> bool:
        """Published coverage is in percent; a list whose largest value is near 1 is in shares."""
        if self.found.dialect is not WORDED:
            return True
        values = [v for row in self.found.rows if isinstance(v := self.found.number(row, "coverage"), float)]
        return bool(values) and max(values) > 2

    def take(self, row: ListedRow) -> None:
        """Store, skip or refuse one row."""
        year = year_number(row.cells.get("year"))
        if year is None and is_note(row, ("year", "coverage", "value")):
            self.ledger.skip("sources.skipped.note")
            return
        if "country" in row.cells and self._elsewhere(row):
            return
        if year is None:
            self._reject("sources.rejected.unknown_period", row, "year")
            return
        if not row.text("antigen"):
            self._reject("sources.rejected.no_indicator", row, "antigen")
            return
        column = self._column()
        entry = self._entry(row, Period.parse(str(year)))
        if entry is None:
            return
        value = self.found.number(row, column)
        if value is None and not any(self.found.number(row, f) is not None for f in ("doses", "target")):
            self.ledger.skip("sources.skipped.blank_value")
        elif isinstance(value, str):
            self._reject(value, row, column)
        elif value is not None and value < 0:
            self._reject("sources.rejected.out_of_range", row, column, "≥ 0")
        else:
            self._put(row, entry, value)

    def _column(self) -> str:
        return "value" if self.found.dialect is REPORTED else "coverage"

    def _elsewhere(self, row: ListedRow) -> bool:
        said = row.text("country")
        if said and country_code(said) == self.country:
            return False
        group = row.text("group").upper()
        if not said or (group and group != "COUNTRIES") or country_code(said) is None:
            self.ledger.skip("sources.skipped.not_a_country")
        else:
            self.ledger.skip("sources.skipped.other_country")
        return True

    def _reject(self, reason: str, row: ListedRow, field: str, expected: object = None) -> None:
        self.ledger.reject(
            reason,
            row.number,
            column=self.found.headings.get(field, ""),
            found=row.cells.get(field),
            expected=expected,
        )

    def _entry(self, row: ListedRow, period: Period) -> dict[str, Any] | None:
        entry: dict[str, Any] = {
            "period": period.code, "period_type": period.type.value, "period_start": period.start,
            "indicator": indicator(row.text("antigen")), "category": "OTHER", "coverage": None, "doses": None,
            "target": None, "survey": "", "survey_title": None, "evidence": "", "validity": "", "children_age": "",
            "vaccinated_by": "", "collected_year": None, "card_seen_share": None, "children": None,
            "vintage": self.vintage, "measure": "coverage",
        }  # fmt: skip
        return _FILL[self.found.dialect.name](self, row, entry)

    def _put(self, row: ListedRow, entry: dict[str, Any], value: float | None) -> None:
        measure = entry.pop("measure")
        key = tuple(entry[name] for name in _KEY)
        if measure == "coverage" and value is not None:
            value = value / 100 if self.percent else value
            entry["coverage"] = value
        else:
            entry[measure] = value
        if (key, measure) in self.filled:
            self._repeat(row, key, measure, value)
            return
        self.filled[key, measure] = (value, row)
        if key in self.entries:
            self.entries[key][measure] = entry[measure]
        else:
            self.entries[key] = entry
        self.ledger.store()
        self.ledger.doubt("sources.suspicious.above_100_percent", measure == "coverage" and (value or 0) > 1)
        self.ledger.doubt("sources.suspicious.no_children", entry["survey"] != "" and entry["children"] == 0)

    def _repeat(self, row: ListedRow, key: tuple[Any, ...], measure: str, value: float | None) -> None:
        """Keep one of equal repetitions, and none of those that differ."""
        stored, first = self.filled[key, measure]
        if first is not None and stored == value:
            self.ledger.skip("sources.skipped.repeated_equally")
            self.ledger.doubt("sources.suspicious.repeated_equally")
            return
        if first is not None:
            self.entries[key][measure] = None
            self.filled[key, measure] = (None, None)
            self.ledger.unstore()
            self._reject("sources.rejected.repeated_differently", first, self._column(), row.number)
        self._reject(
            "sources.rejected.repeated_differently", row, self._column(), first.number if first else None
        )

    def finish(self) -> None:
        """Drop what contradictions emptied, and compare coverage with doses over target."""
        empty = [
            k
            for k, e in self.entries.items()
            if e["coverage"] is None and e["doses"] is None and e["target"] is None
        ]
        for key in empty:
            del self.entries[key]
        for entry in self.entries.values():
            coverage, doses, target = entry["coverage"], entry["doses"], entry["target"]
            if coverage is not None and doses is not None and target:
                self.ledger.doubt(
                    "sources.suspicious.coverage_not_doses_by_target", abs(coverage - doses / target) > GAP
                )

    def table(self, name: str) -> pa.Table:
        """Return the entries as LISTED_COVERAGE."""
        place = {"listed_code": self.country, "listed_name": name, "listed_parent": ""}
        return pa.Table.from_pylist(
            [{**place, **entry} for entry in self.entries.values()], schema=LISTED_COVERAGE
        )


def _export(series: _Series, row: ListedRow, entry: dict[str, Any]) -> dict[str, Any] | None:
    category = row.text("category").upper()
    # Further categories (HPV, PCV ...) are WHO's own computations: kept, but as none of the three.
    entry["category"] = category if category in {"ADMIN", "OFFICIAL", "WUENIC"} else "OTHER"
    entry["evidence"] = "" if entry["category"] == category else category.lower()
    for field in ("doses", "target"):
        number = series.found.number(row, field)
        if isinstance(number, str) or (number is not None and number < 0):
            series._reject(number if isinstance(number, str) else "sources.rejected.out_of_range", row, field)
            return None
        entry[field] = number
    return entry


def _reported(series: _Series, row: ListedRow, entry: dict[str, Any]) -> dict[str, Any] | None:
    kind = row.text("kind").lower()
    if kind not in _MEASURES:
        series._reject("sources.rejected.unknown_label", row, "kind", ", ".join(_MEASURES))
        return None
    entry["category"], entry["measure"] = _MEASURES[kind]
    if kind == "legacy":
        entry["vintage"] = "legacy"  # an edition before the one of the file, which the file does not date
    return entry


def _survey(series: _Series, row: ListedRow, entry: dict[str, Any]) -> dict[str, Any] | None:
    confirm = row.text("confirm").lower()
    by = re.search(r"<\s*(\d+)\s*m", confirm)
    evidence = re.sub(r"\s*<\s*\d+\s*m\w*", "", confirm).strip()
    if evidence not in _EVIDENCE:
        series._reject("sources.rejected.unknown_label", row, "confirm", ", ".join(e for e in _EVIDENCE if e))
        return None
    numbers = {}
    for field in ("collected", "cards", "children"):
        number = series.found.number(row, field)
        if isinstance(number, str) or (number is not None and number < 0):
            series._reject(number if isinstance(number, str) else "sources.rejected.out_of_range", row, field)
            return None
        numbers[field] = number
    cards = numbers["cards"]
    return entry | {
        "category": "SURVEY", "survey": row.text("survey"), "survey_title": row.text("title") or None,
        "evidence": _EVIDENCE[evidence], "validity": row.text("validity").lower() or "crude",
        "children_age": row.text("age"), "vaccinated_by": f"{by[1]} m" if by else row.text("timeliness"),
        "collected_year": None if numbers["collected"] is None else int(numbers["collected"]),
        "card_seen_share": None if cards is None or cards > 100 else cards / 100, "children": numbers["children"],
    }  # fmt: skip


def _worded(series: _Series, row: ListedRow, entry: dict[str, Any]) -> dict[str, Any] | None:
    said = row.text("source")
    named = {
        "wuenic": "WUENIC",
        "who/unicef": "WUENIC",
        "who-unicef": "WUENIC",
        "admin": "ADMIN",
        "official": "OFFICIAL",
    }
    category = next((code for word, code in named.items() if said.lower().startswith(word)), None)
    if category:
        return entry | {"category": category}
    if not re.search(
        r"\b(?:dhs|eds|mics|survey|enquete|enquête|smart|cluster|pev|epi|mis|kmis)", said.lower()
    ):
        series._reject("sources.rejected.unknown_label", row, "source", "WUENIC, ADMIN, OFFICIAL, DHS ...")
        return None
    ages = re.search(r"(\d+)\s*[-–]\s*(\d+)\s*m", said.lower())
    year = re.search(r"(?:19|20)\d\d", said)
    return entry | {
        "category": "SURVEY", "survey": slug(re.sub(r"\(.*\)", "", said)), "survey_title": said,
        "children_age": f"{ages[1]}-{ages[2]} m" if ages else "",
        "collected_year": int(year[0]) if year else None,
    }  # fmt: skip


_FILL = {"export": _export, "surveys": _survey, "reported": _reported, "worded": _worded}
