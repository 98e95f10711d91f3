"""What coverage did districts report to WHO and UNICEF (subnational joint reporting form)?

Since 2017 countries give numerator, denominator and coverage of DTP1, DTP3 and MCV1 at the second
level. The columns of these files are not fixed: headings are known by aliases, and a file with a
heading that nobody knows is refused, since a column taken for another is worse than none.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa

from kalanso.sources.countries import country_code
from kalanso.sources.faults import BadFile
from kalanso.sources.headings import slug
from kalanso.sources.listed_rows import Dialect, Ledger, ListedRow, ListedRows, bare, find_rows, is_note
from kalanso.sources.months import year_number
from kalanso.sources.readings import LISTED_COVERAGE, LISTED_PLACES, Reading
from kalanso.sources.receipts import Receipt
from kalanso.sources.wiisemart import ANTIGENS, export_date
from kalanso.sources.workbooks import Limits, open_workbook
from kalanso.vocabulary import Message, Period

SUBNATIONAL = Dialect(
    name="subnational",
    fields={
        "country": ("ISO3", "iso_3_code", "CODE", "country_code", "ISO"),
        "region": ("admin1", "adm1", "admin1_name", "adm1_name", "region", "province", "admin_1"),
        "place": ("admin2", "adm2", "admin2_name", "adm2_name", "district", "admin_2", "district_name"),
        "year": ("year", "annee", "année", "reporting_year"),
        "antigen": ("vaccine", "antigen", "vaccine_code", "antigene", "antigène", "vaccin"),
        "doses": ("numerator", "doses", "children_vaccinated", "numerateur", "numérateur", "vaccinated"),
        "target": ("denominator", "target", "target_number", "denominateur", "dénominateur", "target_population"),
        "coverage": ("coverage", "coverage_percent", "couverture", "admin_coverage"),
    },
    required=("place", "year", "antigen", "doses", "target"),
)  # fmt: skip
# Headings that say nothing that is kept: names of the country, codes without a vintage.
KNOWN_BESIDE = frozenset(
    map(bare, (
        "country", "country_name", "pays", "who_region", "admin1_code", "admin2_code", "adm1_code", "adm2_code", "group",
        "vaccine_description", "antigen_description", "comment", "comments",
    ))
)  # fmt: skip
NEAR = 0.015  # published percents are whole numbers


def read(
    path: Path, *, country: str, level: str = "", vintage: str = "", limits: Limits | None = None
) -> Reading:
    """Return the coverage that districts reported, as administrative rows of LISTED_COVERAGE.

    `level` is that of the places, a district unless stated. `vintage` is the edition, by default the date in
    the name of the file or the last year. The receipt counts rows. Raises BadFile where a heading is
    missing or unknown.
    """
    book = open_workbook(Path(path), limits=limits)
    found = find_rows(book, (SUBNATIONAL,), reader="subnational")
    _refuse_unknown(found, book.file)
    receipt = Receipt(reader="subnational", file_name=book.file)
    run = _Run(found, Ledger(receipt=receipt, sheet=found.sheet.name), country)
    for row in found.rows:
        run.take(row)
    edition = (
        vintage
        or export_date(book.file)
        or max((str(row["period"]) for row in run.rows.values()), default="")
    )
    receipt.notes.append(Message("sources.subnational.kept", {"vintage": edition}))
    receipt.check()
    return Reading(
        receipt=receipt, system="who-subnational", vintage=edition, places=run.places(level or "district"),
        coverage=pa.Table.from_pylist(
            [row | {"vintage": edition} for row in run.rows.values()], schema=LISTED_COVERAGE
        ),
        facts={"source": "who-subnational"}, licence="CC BY-NC-SA 3.0 IGO",
    )  # fmt: skip


def _refuse_unknown(found: ListedRows, file: str) -> None:
    """Raise BadFile at the first heading that is neither a known alias nor known to say nothing."""
    known = {bare(name) for names in SUBNATIONAL.fields.values() for name in names} | KNOWN_BESIDE
    for cell in found.sheet.rows[found.heading_row - 1]:
        if cell is not None and str(cell).strip() and bare(cell) not in known:
            raise BadFile(
                "sources.subnational.unknown_heading", file=file, sheet=found.sheet.name, row=found.heading_row,
                column=str(cell), found=str(cell),
                expected=", ".join(names[0] for names in SUBNATIONAL.fields.values()),
            )  # fmt: skip


class _Run:
    """One pass over the rows: each is stored, skipped or rejected with its reason."""

    def __init__(self, found: ListedRows, ledger: Ledger, country: str) -> None:
        self.found, self.ledger, self.country = found, ledger, country
        self.rows: dict[tuple[str, str, str, str], dict[str, Any]] = {}
        self.first: dict[tuple[str, str], int] = {}

    def take(self, row: ListedRow) -> None:
        """Judge one row."""
        if is_note(row, ("year", "doses", "target")):
            self.ledger.skip("sources.skipped.note")
            return
        said = row.text("country")
        if said and country_code(said) not in (None, self.country):
            self.ledger.skip("sources.skipped.other_country")
            return
        year = year_number(row.cells.get("year"))
        if year is None:
            self.ledger.reject(
                "sources.rejected.unknown_period", row.number, column="year", found=row.text("year")
            )
            return
        if not row.text("place"):
            self.ledger.reject("sources.rejected.no_place", row.number, column="place")
            return
        numbers = self._numbers(row)
        if numbers is not None:
            self._keep(row, year, numbers)

    def _numbers(self, row: ListedRow) -> dict[str, float | None] | None:
        numbers: dict[str, float | None] = {}
        for field in ("doses", "target", "coverage"):
            value = self.found.number(row, field)
            if isinstance(value, str) or (value is not None and value < 0):
                reason = value if isinstance(value, str) else "sources.rejected.out_of_range"
                self.ledger.reject(reason, row.number, column=field, found=row.text(field))
                return None
            numbers[field] = value
        if numbers["doses"] is None and numbers["coverage"] is None:
            self.ledger.skip("sources.skipped.blank_value")
            return None
        return numbers

    def _keep(self, row: ListedRow, year: int, numbers: dict[str, float | None]) -> None:
        """Store a row once; an equal one is skipped, one with other numbers refused."""
        code = row.text("antigen").lower()
        indicator = f"{ANTIGENS.get(code, slug(code))}_coverage"
        place = (row.text("place"), row.text("region"))
        period = Period.parse(str(year))
        told = {
            "listed_code": place[0], "listed_name": place[0], "listed_parent": place[1], "period": period.code,
            "period_type": period.type.value, "period_start": period.start, "indicator": indicator,
            "category": "ADMIN", "coverage": self._share(numbers), "doses": numbers["doses"],
            "target": numbers["target"], "survey": "", "evidence": "", "validity": "", "children_age": "",
            "vaccinated_by": "",
        }  # fmt: skip
        key = (*place, period.code, indicator)
        if key in self.rows:
            if self.rows[key] == told:
                self.ledger.skip("sources.skipped.repeated_equally")
            else:
                self.ledger.reject("sources.rejected.repeated_differently", row.number, found=place[0])
            return
        self.rows[key] = told
        self.first.setdefault(place, row.number)
        self.ledger.store()

    def _share(self, numbers: dict[str, float | None]) -> float | None:
        """Return doses / target; the stated percent where one of them is missing. Doubts are counted."""
        doses, target, stated = numbers["doses"], numbers["target"], numbers["coverage"]
        said = None if stated is None else stated / 100
        share = doses / target if doses is not None and target else said
        self.ledger.doubt("sources.suspicious.above_100_percent", share is not None and share > 1)
        apart = share is not None and said is not None and abs(share - said) > NEAR
        self.ledger.doubt("sources.suspicious.coverage_not_doses_by_target", apart)
        return share

    def places(self, level: str) -> pa.Table:
        """Return the districts that a stored row names."""
        rows = [
            {
                "code": name, "name": name, "parent_code": "", "parent_name": region, "level": level, "tree": "health",
                "kind": "", "latitude": None, "longitude": None, "geometry": None, "row": number,
            }
            for (name, region), number in self.first.items()
        ]  # fmt: skip
        return pa.Table.from_pylist(rows, schema=LISTED_PLACES)
