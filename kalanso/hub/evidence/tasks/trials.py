"""What does a dry run tell beyond the fate of each row: numbers that look mistyped, places that the sheet lacks, its months?"""

from __future__ import annotations

import json
from typing import Any

from kalanso import pipeline
from kalanso.hub.evidence.models import Upload
from kalanso.hub.people.models import PlaceMirror
from kalanso.places.names import normalise

DOUBTS, RESPELLED = 200, 500  # kept with the sheet; what is beyond is counted


def looked_through(upload: Upload, imported: pipeline.Imported) -> dict[str, Any]:
    """Return what only a dry run finds, for its receipt: doubtful numbers, whether the sheet was too long to look for them, codes of places that it lacks and of those that it is about, periods of which it speaks."""
    doubts = [dict(one) for one in imported.doubts or ()]
    expected = _expected(upload)
    return {
        "doubts": doubts[:DOUBTS],
        "doubts_total": len(doubts),
        "unchecked": upload.has_columns_to_say and imported.doubts is None,
        "lacking": [code for code in expected if code not in imported.placed],
        "places_expected": len(expected),
        "about": sorted(imported.placed),
        "periods": list(imported.periods),
        **_respelled(imported),
    }


def _respelled(imported: pipeline.Imported) -> dict[str, Any]:
    """Return the names that are one place's own but for a word or a spelling, such as CSCom before it; the first, and how many."""
    found = []
    for match in imported.matches.to_dict("records"):
        if match["status"] != "matched":
            continue
        evidence = json.loads(match["candidates"])
        if evidence["reason"] != "same_name":  # what is only alike is asked about as a name
            continue
        place = next(
            (one for one in evidence["candidates"] if one["place_code"] == match["place_code"]), None
        )
        if place is not None and normalise(match["name"]) != normalise(place["name"]):
            found.append({"name": match["name"], "place": match["place_code"]})
    return {"respelled": found[:RESPELLED], "respelled_total": len(found)}


def _expected(upload: Upload) -> list[str]:
    """Return the places of the sheet's level in the place it speaks for; none for the whole country."""
    level = str(upload.column_map.get("place", {}).get("level", ""))
    home = PlaceMirror.objects.filter(code=upload.place_code).first() if upload.place_code else None
    if home is None or home.level == level:
        return []
    below = PlaceMirror.objects.filter(path__startswith=home.path, level=level)
    return list(below.order_by("name").values_list("code", flat=True))
