"""Which column of a population table counts whom, and in which unit?

Knows the tables of the UN (thousands and rates by year), of OCHA (COD-PS: sex and age by P-code)
and of statistics offices (men, women, households by place). Labels that contradict the codes beside
them are not believed.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from kalanso.places import normalise
from kalanso.sources.countries import country_code, country_name
from kalanso.sources.editions import ADMIN_LEVELS, level_named, tree_of, year_in
from kalanso.sources.faults import BadFile
from kalanso.sources.listed_rows import Dialect, Ledger, ListedRow, ListedRows, is_note
from kalanso.sources.months import year_number
from kalanso.sources.readings import LISTED_OBSERVATIONS
from kalanso.sources.workbooks import Cell
from kalanso.vocabulary import Level, Period, PeriodType

WPP = Dialect(
    name="un-wpp",
    fields={
        "country": ("ISO3_code", "iso3"), "code": ("country_code", "LocID"), "location": ("Location",),
        "variant": ("Variant",), "year": ("year", "Time"), "births": ("births", "Births"), "deaths": ("deaths", "Deaths"),
        "cbr": ("cbr", "CBR"), "cdr": ("cdr", "CDR"), "growthrate": ("growthrate", "PopGrowthRate"),
        "change": ("PopChange",), "population": ("TPopulation1July",), "surviving": ("LBsurvivingAge1",),
        "natural": ("NatChangeRT",), "migration": ("cnmr", "CNMR"), "under5deaths": ("Under5Deaths",),
        "infantdeaths": ("InfantDeaths",),
    },
    required=("country", "year", "births", "cbr"),
)  # fmt: skip
# field -> (indicator, factor that makes persons or shares)
_WPP_VALUES = {
    "births": ("live_births", 1000.0), "deaths": ("deaths_all_ages", 1000.0), "cbr": ("crude_birth_rate", 0.001),
    "cdr": ("crude_death_rate", 0.001), "growthrate": ("population_growth_rate", 0.01),
    "change": ("population_change", 1000.0), "population": ("population_total", 1000.0),
    "surviving": ("surviving_infants", 1000.0), "natural": ("natural_growth_rate", 0.001),
    "migration": ("net_migration_rate", 0.001), "under5deaths": ("under_5_deaths_estimated", 1000.0),
    "infantdeaths": ("infant_deaths_estimated", 1000.0),
}  # fmt: skip
COHORTS = Dialect(
    name="unpd-cohorts",
    fields={"country": ("iso3", "country"), "year": ("year",), "kind": ("kind",), "value": ("value",)},
    required=("country", "year", "kind", "value"),
)
_COHORTS = (
    (r"births?(?:_.*)?|naissances?(?:_.*)?", "live_births"),
    (r"si(?:_.*)?|surviving.*|nourrissons.*", "surviving_infants"),
)
COD_PS = Dialect(
    name="cod-ps",
    fields={
        **{f"name{n}": (f"admin{n}Name_fr", f"admin{n}Name_en", f"admin{n}Name", f"ADM{n}_FR", f"ADM{n}_EN", f"ADM{n}_NAME") for n in range(4)},
        **{f"code{n}": (f"admin{n}Pcode", f"ADM{n}_PCODE") for n in range(4)},
        "total": ("T_TL",), "male": ("M_TL",), "female": ("F_TL",), "under5": ("T_00_04",), "year": ("year", "Year"),
    },
    required=("name0", "name1", "total"),
)  # fmt: skip
CENSUS = Dialect(
    name="census",
    fields={
        "code": ("Location", "code", "Pcode"), "above": ("Region", "Région", "District", "Province"),
        "cercle": ("Cercle", "Cercles", "Département"), "commune": ("Commune", "Communes"),
        "district": ("District sanitaire", "Districts sanitaires", "Health district"),
        "other_name": ("Location frenchname", "Nom français"),
        "households": ("Ménages", "Households", "Nombre de ménages"),
        "total": ("Population résidente", "Population totale", "Population", "Total", "Total population", "Ensemble"),
        "male": ("Population résidente2 (Hommes)", "Population résidente (Hommes)", "Hommes", "Masculin", "Male"),
        "female": ("Population résidente (Femelles)", "Population résidente (Femmes)", "Femmes", "Féminin", "Female"),
        "under1": ("Population de moins de 1 an", "0-11 mois", "Moins d'un an"), "year": ("Année", "Year"),
    },
    required=("total", "above"),
)  # fmt: skip
BY_YEAR = (WPP, COHORTS)
BY_PLACE = (COD_PS, CENSUS)
_BY_PLACE_VALUES = {
    "total": ("population_total", "all"), "male": ("population_total", "male"), "female": ("population_total", "female"),
    "households": ("households", "all"), "under5": ("population_under_5", "all"), "under1": ("population_under_1", "all"),
}  # fmt: skip


@dataclass(kw_only=True)
class Collected:
    """What one table gave: rows of LISTED_OBSERVATIONS and of LISTED_PLACES."""

    country: str
    file: str
    year: int | None = None
    level: str = ""
    rows: list[dict[str, Any]] = field(default_factory=list)
    places: list[dict[str, Any]] = field(default_factory=list)
    keys: dict[tuple[Any, ...], tuple[float | None, int] | None] = field(default_factory=dict)

    def name(self, dialect: str, vintage: str) -> tuple[str, str]:
        """Return the source name and the edition: the year in the file name, or the last year of the rows."""
        last = max((row["period"] for row in self.rows), default="")
        edition = vintage or (str(self.year) if self.year else "") or year_in(self.file) or last
        stated = re.search(r"(?i)wpp\D?(\d{4})", self.file)
        edition = vintage or (stated[1] if stated else edition)
        return (dialect if dialect == "unpd-cohorts" else f"{dialect}-{edition}"), edition

    def counted(self) -> dict[tuple[str, str], int]:
        """Return how many values stand for each place."""
        return dict(Counter((row["listed_code"], row["listed_parent"]) for row in self.rows))

    def add(
        self, place: dict[str, Any], year: int, indicator: str, value: float | None, sex: str, row: int
    ) -> tuple[str, int]:
        """Add one value; return `new`, `same` or `other` beside an earlier one, and the row of that one.

        Values that contradict each other are none of them kept; 0 stands for a row refused before.
        """
        period = Period(type=PeriodType.YEAR, year=year)
        key = (place["code"], place["parent_name"], period.code, indicator, sex)
        if key in self.keys:
            earlier = self.keys[key]
            if earlier is not None and earlier[0] == value:
                return "same", earlier[1]
            self.keys[key] = None
            self.rows = [r for r in self.rows if r["key"] != key]
            return "other", earlier[1] if earlier else 0
        self.keys[key] = (value, row)
        self.rows.append(
            {
                "key": key,
                "listed_code": place["code"], "listed_name": place["name"], "listed_parent": place["parent_name"],
                "period": period.code, "period_type": period.type.value, "period_start": period.start,
                "indicator": indicator, "value": value,
                "status": "missing" if value is None else "zero" if value == 0 else "reported",
                "product": "", "age_band": "all", "strategy": "all", "sector": "all", "sex": sex,
                "reports_expected": None, "reports_received": None, "reports_on_time": None,
            }
        )  # fmt: skip
        return "new", row

    def table(self) -> pa.Table:
        """Return the rows as LISTED_OBSERVATIONS."""
        rows = [{name: cell for name, cell in row.items() if name != "key"} for row in self.rows]
        return pa.Table.from_pylist(rows, schema=LISTED_OBSERVATIONS)


def _place(code: str, name: str, parent_code: str, parent: str, level: str, row: int) -> dict[str, Any]:
    return {
        "code": code, "name": name, "parent_code": parent_code, "parent_name": parent, "level": level,
        "tree": tree_of(level), "kind": "", "latitude": None, "longitude": None, "geometry": None, "row": row,
    }  # fmt: skip


def read_by_year(found: ListedRows, ledger: Ledger, collected: Collected) -> None:
    """Collect the yearly values of the country itself."""
    nation = _place(
        collected.country, country_name(collected.country), "", "", Level.COUNTRY.value, found.heading_row
    )
    collected.places.append(nation)
    long = found.dialect is COHORTS
    fields = ["value"] if long else [f for f in _WPP_VALUES if f in found.headings]
    for row in found.rows:
        if not row.text("country") and is_note(row, ("year", *fields)):
            ledger.skip("sources.skipped.note", len(fields))
        elif country_code(row.text("country") or row.text("code")) != collected.country:
            ledger.skip("sources.skipped.other_country", len(fields))
        elif row.text("variant") and row.text("variant").lower() not in {"medium", "estimates"}:
            ledger.skip("sources.skipped.other_variant", len(fields))
        elif (year := year_number(row.cells.get("year"))) is None:
            ledger.reject(
                "sources.rejected.unknown_period", row.number, column=found.headings["year"],
                found=row.cells.get("year"), n=len(fields),
            )  # fmt: skip
        else:
            for name in fields:
                meaning = _cohort(row) if long else _WPP_VALUES[name]
                if meaning is None:
                    ledger.reject(
                        "sources.rejected.unknown_label", row.number, column=found.headings["kind"],
                        found=row.cells.get("kind"), expected="births, si",
                    )  # fmt: skip
                    continue
                _put(found, ledger, collected, nation, row, name, (meaning[0], "all", meaning[1]), year)


def _cohort(row: ListedRow) -> tuple[str, float] | None:
    kind = row.text("kind").lower()
    return next(((code, 1.0) for form, code in _COHORTS if re.fullmatch(form, kind)), None)


_SIGNED = {"population_change", "population_growth_rate", "natural_growth_rate", "net_migration_rate"}


def _put(
    found: ListedRows, ledger: Ledger, collected: Collected, place: dict[str, Any], row: ListedRow, name: str,
    meaning: tuple[str, str, float], year: int,
) -> None:  # fmt: skip
    indicator, sex, factor = meaning
    value = found.number(row, name)
    column = found.headings.get(name, "")
    if isinstance(value, str):
        ledger.reject(value, row.number, column=column, found=row.cells.get(name))
    elif value is not None and value < 0 and indicator not in _SIGNED:
        ledger.reject("sources.rejected.out_of_range", row.number, column=column, found=value, expected="≥ 0")
    else:
        number = None if value is None else round(value * factor, 9)
        outcome, earlier = collected.add(place, year, indicator, number, sex, row.number)
        _book(ledger, outcome, earlier, row.number, column, f"{place['name']} {year}")


def _book(ledger: Ledger, outcome: str, earlier: int, row: int, column: str, shown: str) -> None:
    """Count one value as stored, as a repetition, or as one of two that contradict each other."""
    if outcome == "new":
        ledger.store()
    elif outcome == "same":
        ledger.skip("sources.skipped.repeated_equally")
        ledger.doubt("sources.suspicious.repeated_equally")
    else:
        reason = "sources.rejected.repeated_differently"
        if earlier:
            ledger.unstore()
            ledger.reject(reason, earlier, column=column, found=shown, expected=row)
        ledger.reject(reason, row, column=column, found=shown, expected=earlier or None)


def read_by_place(found: ListedRows, ledger: Ledger, collected: Collected) -> None:
    """Collect the values of each place for the year of the table."""
    fields = [name for name in _BY_PLACE_VALUES if name in found.headings]
    rung, name_of, code_of, above_of = _columns(found, collected)
    doubtful = _doubtful_labels(found, code_of, above_of) if found.dialect is CENSUS else set()
    for row in found.rows:
        name = row.text(name_of)
        if is_note(row, fields):
            ledger.skip("sources.skipped.note", len(fields))
            continue
        if not name:
            ledger.reject(
                "sources.rejected.no_place", row.number, found=row.text(code_of) or None, n=len(fields)
            )
            continue
        year = year_number(row.cells.get("year")) or collected.year or int(year_in(collected.file) or 0)
        if not year:
            raise BadFile("sources.population.no_year", file=collected.file, row=row.number)
        above = row.text(above_of)
        if normalise(above) in doubtful:
            ledger.doubt("sources.suspicious.label_against_code")
            above = ""
        place = _place(row.text(code_of) or name, name, _parent_code(row, code_of), above, rung, row.number)
        before = len(collected.rows)
        for field_name in fields:
            indicator, sex = _BY_PLACE_VALUES[field_name]
            _put(found, ledger, collected, place, row, field_name, (indicator, sex, 1.0), year)
        if len(collected.rows) > before:
            collected.places.append(place)
        _doubt_sum(found, ledger, row)


def _columns(found: ListedRows, collected: Collected) -> tuple[str, str, str, str]:
    """Return the level of the places and the fields of their name, their code and the name above."""
    if found.dialect is COD_PS:
        depth = max(n for n in range(4) if f"name{n}" in found.headings)
        level = collected.level or ADMIN_LEVELS[depth]
        return level, f"name{depth}", f"code{depth}", f"name{depth - 1}" if depth > 1 else ""
    for name in ("commune", "district", "cercle"):
        if name in found.headings:
            return collected.level or level_named(name), name, "code", "above"
    level = collected.level or level_named(found.headings["above"])
    if not level:
        raise BadFile("sources.population.no_level", file=collected.file, found=found.headings["above"])
    return level, "above", "code", ""


def _parent_code(row: ListedRow, code_of: str) -> str:
    return (
        row.text(f"code{int(code_of[-1]) - 1}") if code_of[-1:].isdigit() and code_of[-1] not in "01" else ""
    )


def _doubt_sum(found: ListedRows, ledger: Ledger, row: ListedRow) -> None:
    parts = [found.number(row, name) for name in ("male", "female", "total") if name in found.headings]
    if len(parts) == 3 and all(isinstance(part, float) for part in parts):
        male, female, total = (float(part) for part in parts if part is not None)
        ledger.doubt("sources.suspicious.total_not_sum", abs(male + female - total) > 0.5)


def _doubtful_labels(found: ListedRows, code_of: str, above_of: str) -> set[str]:
    """Return labels of the place above that stand over more than one group of codes.

    A code such as ML-7-GC says its group itself. A label that stands over two groups is wrong for one
    of them, and the table does not say for which: it is believed for neither.
    """
    groups: dict[str, set[str]] = defaultdict(set)
    for row in found.rows:
        group, above = _group(row.cells.get(code_of)), normalise(row.text(above_of))
        if group and above:
            groups[above].add(group)
    if len({group for found_groups in groups.values() for group in found_groups}) < 2:
        return set()
    return {label for label, found_groups in groups.items() if len(found_groups) > 1}


def _group(code: Cell) -> str:
    parts = re.split(r"[-_./]", str(code or ""))
    return "-".join(parts[:2]) if len(parts) >= 2 else ""
