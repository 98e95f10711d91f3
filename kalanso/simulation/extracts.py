"""How would partners hand these data over?

Writes messy source files of the example country, as people send them: a DHIS2 export, a facility
list, outlines of districts, a wide workbook with French months, the Learning Hub's report. Tests and
the how-to pages import them; what the mess is, is said with each file.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pyarrow.compute as pc
import shapely

from kalanso.simulation.country import ExampleCountry
from kalanso.simulation.gazetteer import without_accents

YEAR = 2024
REGION = "Ségou"
MONTHS = (
    "Janvier", "Février", "Mars", "Avril", "Mai", "Juin", "Juillet", "Août", "Septembre", "Octobre",
    "Novembre", "Décembre",
)  # fmt: skip
DATA_ELEMENTS = {
    ("bcg_doses", "0-11m"): "PEV - BCG 0-11 mois",
    ("dtp1_doses", "0-11m"): "PEV - Penta 1 0-11 mois",
    ("dtp1_doses", "12-23m"): "PEV - Penta 1 12-23 mois",
    ("dtp3_doses", "0-11m"): "PEV - Penta 3 0-11 mois",
    ("mcv1_doses", "0-11m"): "PEV - VAR 1 0-11 mois",
}
STRATEGIES = {
    "all": "default", "fixed": "Fixe", "outreach": "Avancée", "mobile": "Mobile", "catch_up": "Rattrapage",
    "campaign": "Campagne",
}  # fmt: skip
NOTES = (
    "Source : SNIS, extraction du 15/01/2025 (DÉMO, données simulées)",
    "NB : une case vide veut dire que le rapport n'est pas parvenu.",
)


def write_extracts(country: ExampleCountry, folder: Path) -> Mapping[str, Path]:
    """Write the source files into a folder and return them by name.

    Names: `dhis2` (long CSV), `facilities` (semicolons, decimal commas), `districts` (GeoJSON),
    `workbook` (XLSX, one sheet per dose), `hub_report` (CSV).
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    written = {
        "dhis2": _dhis2(country, folder / f"snis_export_{YEAR}.csv"),
        "facilities": _facility_list(country, folder / "liste_formations_sanitaires.csv"),
        "districts": _districts(country, folder / "districts.geojson"),
        "workbook": _workbook(country, folder / f"penta_{YEAR}_par_mois.xlsx"),
        "hub_report": folder / "capev_rapport_trimestriel.csv",
    }
    written["hub_report"].write_text(country.hub_report, encoding="utf-8")
    return written


def _one_region(country: ExampleCountry) -> dict[str, str]:
    """Return the places below one health region, each with the name of its district."""
    parents = country.place_parents.to_pandas()
    health = parents[parents["tree"] == "health"]
    places = country.places.to_pandas().set_index("place_code")
    region = places.index[(places["level"] == "region") & (places["name"] == REGION)][0]
    districts = health.loc[health["parent_code"] == region, "place_code"]
    found: dict[str, str] = {}
    for district in districts:
        name = str(places.loc[district, "name"])
        areas = health.loc[health["parent_code"] == district, "place_code"]
        below = health.loc[health["parent_code"].isin(areas), "place_code"]
        found |= dict.fromkeys([district, *areas, *below], name)
    return found


def _dhis2(country: ExampleCountry, path: Path) -> Path:
    """Write a year of one region as DHIS2 exports it: long, by identifier and option combination.

    Mess: facilities by DHIS2 identifiers only, blanks left out, one line twice, a trailing blank line.
    """
    inside = _one_region(country)
    codes = country.place_codes.to_pandas()
    dhis2 = codes[codes["system"] == "demo-dhis2"].set_index("place_code")
    identifiers, names = dhis2["code"].to_dict(), dhis2["name"].to_dict()
    wanted = pc.and_(
        pc.equal(pc.year(country.observations["period_start"]), YEAR),
        pc.equal(country.observations["period_type"], "month"),
    )
    rows = country.observations.filter(wanted).to_pandas()
    rows = rows[rows["place_code"].isin(inside.keys()) & rows["value"].notna()]
    lines = [
        [
            DATA_ELEMENTS[row.indicator, row.age_band],
            row.period,
            identifiers[row.place_code],
            names[row.place_code],
            f"{row.product.capitalize()}, {STRATEGIES[row.strategy]}"
            if row.product
            else STRATEGIES[row.strategy],
            f"{row.value:.0f}",
        ]
        for row in rows.itertuples(index=False)
        if (row.indicator, row.age_band) in DATA_ELEMENTS and row.strategy in STRATEGIES
    ]
    heading = ["dataElement", "period", "orgUnit", "orgUnitName", "categoryOptionCombo", "value"]
    _write_csv(path, [heading, *lines, lines[-1]], end="\n")
    return path


def _facility_list(country: ExampleCountry, path: Path) -> Path:
    """Write health centres and hospitals as an older list spells them.

    Mess: semicolons, decimal commas, no accents, capitals, trailing spaces, some without position, one
    with longitude and latitude exchanged, one listed twice.
    """
    codes = country.place_codes.to_pandas()
    listed = codes[codes["system"] == "demo-snis"]
    places = {row["place_code"]: row for row in country.places.to_pylist()}
    lines: list[list[str]] = []
    for number, row in enumerate(listed.itertuples(index=False)):
        place = places[row.place_code]
        spot = [_comma(place["latitude"]), _comma(place["longitude"])]
        if number % 23 == 7:
            spot = ["", ""]
        if number == 3:
            spot.reverse()
        name = row.name + ("  " if number % 11 == 4 else "")
        lines.append([str(number + 1), row.parent_name, name, without_accents(place["kind"]), *spot])
    heading = ["N°", "District", "Formation sanitaire", "Type", "Latitude", "Longitude"]
    _write_csv(path, [heading, *lines, lines[5]], delimiter=";", encoding="cp1252")
    return path


def _comma(number: float) -> str:
    return f"{number:.4f}".replace(".", ",")


def _districts(country: ExampleCountry, path: Path) -> Path:
    """Write the outlines of districts, with their names as the file's author spelled them."""
    places = country.places.to_pandas().set_index("place_code")
    features: list[dict[str, Any]] = []
    for row in country.place_boundaries.to_pylist():
        place = places.loc[row["place_code"]]
        if place["level"] == "district":
            shape = shapely.geometry.mapping(shapely.from_wkb(row["geometry"]))
            properties = {"NOM_DIST": without_accents(place["name"]).upper(), "Note": "DEMO"}
            features.append({"type": "Feature", "properties": properties, "geometry": shape})
    collection = {"type": "FeatureCollection", "features": features}
    path.write_text(json.dumps(collection), encoding="utf-8")
    return path


def _workbook(country: ExampleCountry, path: Path) -> Path:
    """Write doses by health area and month as a wide workbook.

    Mess: a title above, district cells merged over their areas, months in French (one without its
    accent), thousands set apart by a non-breaking space as text, totals and notes below.
    """
    doses = _doses_by_area(country)
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for indicator, title in (("dtp1_doses", "Penta 1"), ("dtp3_doses", "Penta 3")):
        sheet = book.create_sheet(title)
        sheet.append([f"Doses de {title} (0-11 mois) par aire de santé, {YEAR} – DÉMO"])
        months = [*MONTHS[:-1], "Decembre"] if indicator == "dtp3_doses" else list(MONTHS)
        sheet.append([])
        sheet.append(["District", "Aire de santé", *[f"{name} {YEAR}" for name in months]])
        table = doses[doses["indicator"] == indicator]
        for (district, area), own in table.groupby(["district", "area"], sort=True):
            by_month = dict(zip(own["month"], own["value"], strict=True))
            sheet.append([district, area, *[_cell(by_month.get(m)) for m in range(1, 13)]])
        _merge_districts(sheet)
        totals = table.groupby("month")["value"].sum()
        sheet.append(["TOTAL", None, *[_cell(totals.get(m, 0)) for m in range(1, 13)]])
        sheet.append([])
        for note in NOTES:
            sheet.append([note])
    book.save(path)
    return path


def _doses_by_area(country: ExampleCountry) -> pd.DataFrame:
    """Return routine doses under one by district, health area and month, blank where nothing came."""
    inside = _one_region(country)
    places = country.places.to_pandas().set_index("place_code")
    parents = country.place_parents.to_pandas()
    above = parents[parents["tree"] == "health"].set_index("place_code")["parent_code"]
    rows = country.observations.filter(
        pc.and_(
            pc.equal(pc.year(country.observations["period_start"]), YEAR),
            pc.equal(country.observations["age_band"], "0-11m"),
        )
    ).to_pandas()
    routine = ~rows["strategy"].isin(["campaign", "catch_up"])
    rows = rows[routine & rows["place_code"].isin(inside.keys()) & rows["value"].notna()]
    rows = rows[rows["place_code"].map(above).map(places["level"]) == "health_area"].copy()
    area = rows["place_code"].map(above)
    rows["district"], rows["area"] = area.map(inside), area.map(places["name"])
    rows["month"] = pd.to_datetime(rows["period_start"]).dt.month
    return rows.groupby(["indicator", "district", "area", "month"], as_index=False)["value"].sum()


def _cell(value: float | None) -> object:
    if value is None:
        return None
    whole = int(value)
    return whole if whole < 1000 else f"{whole:,}".replace(",", "\u00a0")


def _merge_districts(sheet: Any) -> None:
    first = 4
    while first <= sheet.max_row:
        last = first
        while last < sheet.max_row and sheet.cell(last + 1, 1).value == sheet.cell(first, 1).value:
            last += 1
        if last > first:
            sheet.merge_cells(start_row=first, end_row=last, start_column=1, end_column=1)
        first = last + 1


def _write_csv(
    path: Path,
    lines: Iterable[Sequence[str]],
    *,
    delimiter: str = ",",
    encoding: str = "utf-8",
    end: str = "",
) -> None:
    with path.open("w", encoding=encoding, newline="") as stream:
        csv.writer(stream, delimiter=delimiter, lineterminator="\r\n").writerows(lines)
        stream.write(end)
