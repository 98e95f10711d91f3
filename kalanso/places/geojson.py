"""Which places, with which outlines, does a GeoJSON file hold?

Reads files of geoBoundaries (`shapeName`), of OCHA's COD-AB (P-codes), of DHIS2, and any other with
a map of its properties. Whether the outlines are sound is the question of `outlines`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from kalanso.places.faults import PlacesRefused
from kalanso.places.listed import listed_table
from kalanso.places.shapes import Spot, shape_of, where
from kalanso.vocabulary import Message

FIELDS = ("code", "name", "parent_code", "parent_name", "kind")
_LONGITUDE_LATITUDE = frozenset({"OGC:CRS84", "EPSG:4326"})
_PLAIN = {  # properties of no particular publisher, the first that is there wins
    "code": ("pcode", "code", "shapeISO", "iso", "id", "uid", "shapeID"),
    "name": ("name", "shapeName", "nom", "name_fr", "name_en", "label"),
    "parent_code": ("parent_code", "parent_id", "parentCode", "parent"),
    "parent_name": ("parent_name", "parentName"),
    "kind": ("kind", "type"),
}


def from_geojson(
    source: Path | str | Mapping[str, Any],
    *,
    level: str,
    tree: str = "administrative",
    properties: Mapping[str, str | Sequence[str]] | None = None,
    notes: list[Message] | None = None,
) -> pa.Table:
    """Return the places of a GeoJSON file, a text of it, or a parsed one, as LISTED_PLACES.

    `properties` says which property holds code, name, parent_code, parent_name or kind; what it
    leaves out is recognised by the usual names (geoBoundaries, COD-AB, plain). Coordinates without a
    stated reference system are longitude and latitude (RFC 7946 §4); a stated other one is
    converted. `latitude` and `longitude` are those of the point, or of a point inside the outline;
    a feature without geometry stays, with both empty. `row` counts features from 1. Outlines with
    open rings are mended only where `notes` is given, and each mending is noted there. Raises
    PlacesRefused where the file is no GeoJSON, has no name for a place, has an outline that cannot
    be read, or coordinates that cannot be degrees.
    """
    origin, content = _content(source)
    features = _features(content, origin)
    names = _property_names(features, properties or {}, origin)
    convert = _conversion(content, origin)
    records = []
    for row, feature in enumerate(features, start=1):
        said = feature.get("properties") or {}
        record = {field: _first(said, names[field]) for field in FIELDS}
        record["code"] = record["code"] or feature.get("id", "")
        if not str(record["name"] or "").strip():
            raise PlacesRefused(
                "places.refused.nameless", file=origin, row=row, column=", ".join(names["name"]),
                found=", ".join(said),
            )  # fmt: skip
        about = Spot(file=origin, row=row, name=str(record["name"]).strip())
        shape = shape_of(feature.get("geometry"), about, convert=convert, notes=notes)
        records.append({**record, **where(shape), "level": level, "tree": tree, "row": row})
    return listed_table(records)


def _content(source: Path | str | Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    if isinstance(source, Mapping):
        return "GeoJSON", source
    inline = isinstance(source, str) and source.lstrip().startswith(("{", "["))
    origin = "GeoJSON" if inline else Path(source).name
    try:
        content = json.loads(str(source) if inline else Path(source).read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError as error:
        raise PlacesRefused("places.refused.encoding", file=origin, at=error.start) from error
    except json.JSONDecodeError as error:
        raise PlacesRefused(
            "places.refused.json", file=origin, row=error.lineno, column=error.colno, found=error.msg
        ) from error
    if not isinstance(content, Mapping):
        raise PlacesRefused("places.refused.geojson", file=origin, found=type(content).__name__)
    return origin, content


def _features(content: Mapping[str, Any], origin: str) -> list[Mapping[str, Any]]:
    if content.get("type") == "Feature":
        return [content]
    features = content.get("features")
    if content.get("type") != "FeatureCollection" or not isinstance(features, list):
        raise PlacesRefused("places.refused.geojson", file=origin, found=str(content.get("type")))
    return features


def _property_names(
    features: Sequence[Mapping[str, Any]], given: Mapping[str, str | Sequence[str]], origin: str
) -> dict[str, tuple[str, ...]]:
    if unknown := set(given) - set(FIELDS):
        raise PlacesRefused(
            "places.refused.property_map",
            file=origin,
            found=", ".join(sorted(unknown)),
            expected=", ".join(FIELDS),
        )
    present = list(dict.fromkeys(name for feature in features for name in feature.get("properties") or {}))
    usual = _cod_ab(present)
    names = {}
    for field in FIELDS:
        if field in given:
            wanted = (given[field],) if isinstance(given[field], str) else tuple(given[field])
            if features and not any(name in present for name in wanted):
                raise PlacesRefused(
                    "places.refused.property", file=origin, expected=", ".join(map(str, wanted)),
                    found=", ".join(present),
                )  # fmt: skip
            names[field] = tuple(map(str, wanted))
            continue
        plain = [name for wish in _PLAIN[field] for name in present if name.casefold() == wish.casefold()]
        names[field] = (*usual.get(field, ()), *plain)
    return names


def _cod_ab(present: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Recognise ADM2_PCODE, ADM2_FR, adm2_pcode, adm2, adm2_name, admin2Pcode, admin2Name_fr."""
    codes: dict[int, list[str]] = {}
    names: dict[int, list[str]] = {}
    for name in present:
        if found := re.fullmatch(r"adm(?:in)?(\d)_?pcode", name, re.IGNORECASE):
            codes.setdefault(int(found[1]), []).append(name)
        elif found := re.fullmatch(r"adm(?:in)?(\d)(?:_?name)?(?:_?(?:[a-z]{2}))?", name, re.IGNORECASE):
            names.setdefault(int(found[1]), []).append(name)
    if not names:
        return {}
    deepest = max(names)
    usual = {"name": tuple(names[deepest]), "code": tuple(codes.get(deepest, ()))}
    if deepest:
        usual["parent_name"] = tuple(names.get(deepest - 1, ()))
        usual["parent_code"] = tuple(codes.get(deepest - 1, ()))
    return usual


def _first(said: Mapping[str, Any], names: Sequence[str]) -> Any:
    for name in names:
        value = said.get(name)
        if isinstance(value, Mapping):
            value = value.get("id")
        if value not in (None, ""):
            return value
    return ""


def _conversion(content: Mapping[str, Any], origin: str) -> Transformer | None:
    stated = content.get("crs")
    if not isinstance(stated, Mapping):
        return None
    name = str((stated.get("properties") or {}).get("name", ""))
    try:
        reference = CRS.from_user_input(name)
    except CRSError as error:
        raise PlacesRefused("places.refused.crs", file=origin, found=name) from error
    if ":".join(reference.to_authority() or ()) in _LONGITUDE_LATITUDE:
        return None
    return Transformer.from_crs(reference, "OGC:CRS84", always_xy=True)
