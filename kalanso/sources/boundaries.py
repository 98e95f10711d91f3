"""Which outlines of places does a boundary file hold?

Reads GeoJSON of geoBoundaries, OCHA's COD-AB, DHIS2 or any other publisher; where features name the
place above, that place is listed too. Whether outlines are sound is asked by `kalanso.places`.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from kalanso import places
from kalanso.sources.archives import inspect
from kalanso.sources.countries import country_code
from kalanso.sources.editions import ADMIN_LEVELS, level_named, tree_of, year_in
from kalanso.sources.faults import BadFile
from kalanso.sources.readings import LISTED_PLACES, Reading
from kalanso.sources.receipts import Receipt
from kalanso.sources.workbooks import Limits, load, refuse_other_formats
from kalanso.vocabulary import Level

_ABOVE = {
    Level.CERCLE.value: Level.REGION.value, Level.DISTRICT.value: Level.REGION.value,
    Level.ARRONDISSEMENT.value: Level.CERCLE.value, Level.COMMUNE.value: Level.CERCLE.value,
    Level.HEALTH_AREA.value: Level.DISTRICT.value,
}  # fmt: skip


def read(
    path: Path, *, country: str = "", level: str = "", tree: str = "", vintage: str = "", licence: str = "",
    properties: Mapping[str, str] | None = None, limits: Limits | None = None,
) -> Reading:  # fmt: skip
    """Return the places of a boundary file with their outlines, as rows of LISTED_PLACES.

    `level` is that of the features; left out, it is taken from what the file says (ADM1, adm2_pcode)
    or from its name. `vintage` is the edition, by default the year in the name of the file.
    `properties` says in which property name, code, parent_name or parent_code stand where they are
    not recognised. Raises BadFile where the file is no GeoJSON or its level cannot be told, and
    PlacesRefused, with feature and property, where its content cannot be used.
    """
    path = Path(path)
    raw = load(path, limits or Limits())
    if not raw.startswith(b"PK"):
        refuse_other_formats(raw[:65536], raw, path.name)
    raw = _unpacked(raw, path, level, limits or Limits())
    first = _first_properties(raw)
    stated = _stated_country(first)
    if country and stated not in {None, country}:
        raise BadFile("sources.boundaries.other_country", file=path, expected=country, found=stated)
    rung = level or _stated_level(first) or level_named(_stem(path))
    if not rung:
        raise BadFile("sources.boundaries.no_level", file=path, found=", ".join(first) or "–")
    stands = tree or tree_of(rung)
    listed = places.from_geojson(
        path if path.suffix != ".zip" else raw.decode("utf-8-sig"),
        level=rung,
        tree=stands,
        properties=properties,
    )
    receipt = Receipt(reader="boundaries", file_name=path.name, unit="rows")
    receipt.read = receipt.stored = listed.num_rows
    rows = listed.to_pylist()
    for row in rows:
        if row["geometry"] is None:
            receipt.suspicious["sources.suspicious.without_outline"] += 1
    receipt.check()
    above = _parents(rows, _ABOVE.get(rung, ""), stands)
    return Reading(
        receipt=receipt, system=_system(first, rung), vintage=vintage or year_in(path.name),
        places=pa.Table.from_pylist([*above, *rows], schema=LISTED_PLACES), licence=licence,
        counted={(row["code"], row["parent_name"]): 0 for row in above},
    )  # fmt: skip


def _unpacked(raw: bytes, path: Path, level: str, limits: Limits) -> bytes:
    """Return the GeoJSON inside an archive (OCHA publishes one with all levels), or the bytes as they are."""
    if not raw.startswith(b"PK"):
        return raw
    inspect(io.BytesIO(raw), file=path.name, limits=limits)
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        names = [name for name in archive.namelist() if name.lower().endswith((".geojson", ".json"))]
        rungs = [str(rung) for rung, named in ADMIN_LEVELS.items() if named == level]
        fits = [
            name for name in names if any(re.search(rf"(?i)adm(?:in)?_?{rung}(?!\d)", name) for rung in rungs)
        ]
        chosen = fits if len(fits) == 1 else names
        if len(chosen) != 1:
            raise BadFile("sources.boundaries.which_member", file=path, found=", ".join(names) or "–")
        return archive.read(chosen[0])


def _stated_country(first: Mapping[str, Any]) -> str | None:
    """Return the country that a feature names, or None."""
    for name, value in first.items():
        if re.fullmatch(r"(?i)shapeGroup|country_pcode|adm(?:in)?0_?pcode|iso3?|iso_?a3", name) and value:
            return country_code(value)
    return None


def _first_properties(raw: bytes) -> dict[str, Any]:
    # What is no JSON is refused by the reader of outlines, which says where.
    try:
        content = json.loads(raw.decode("utf-8-sig"))
        features = content.get("features") or [content]
        return dict(features[0].get("properties") or {})
    except (ValueError, AttributeError, TypeError, IndexError):
        return {}


def _stated_level(first: Mapping[str, Any]) -> str:
    if found := re.fullmatch(r"ADM(\d)", str(first.get("shapeType", ""))):
        return ADMIN_LEVELS.get(int(found[1]), "")
    rungs = [int(m[1]) for name in first if (m := re.fullmatch(r"(?i)adm(?:in)?(\d)_?pcode", name))]
    return ADMIN_LEVELS.get(max(rungs), "") if rungs else ""


def _stem(path: Path) -> str:
    return re.sub(r"[\W_]*\d{4}[\W_]*", "", path.stem.split(".")[0])


def _system(first: Mapping[str, Any], level: str) -> str:
    names = {name.lower() for name in first}
    if any("pcode" in name for name in names):
        return "cod-ab"
    # Without codes the spelling is the code: a commune may be written like its region.
    return f"geoboundaries-{level}" if "shapename" in names else f"boundaries-{level}"


def _parents(rows: list[dict[str, Any]], level: str, tree: str) -> list[dict[str, Any]]:
    """Return the places above as places of their own, without outline."""
    if not level:
        return []
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        if row["parent_name"]:
            code = row["parent_code"] or row["parent_name"]
            found.setdefault(
                (code, ""),
                {
                    "code": code, "name": row["parent_name"], "parent_code": "", "parent_name": "", "level": level,
                    "tree": tree, "kind": "", "latitude": None, "longitude": None, "geometry": None,
                    "row": row["row"],
                },
            )  # fmt: skip
    return list(found.values())
