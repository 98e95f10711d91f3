"""Which headings has a sheet that Kalanso hands out, and which sheets need no question about their columns?

A sheet whose headings a person has explained before, or that Kalanso handed out, is tried at once: a trial
publishes nothing, and its receipt says how each column was read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Any

from django.utils.translation import gettext_lazy as _

from kalanso.definitions import Pack
from kalanso.hub.evidence.models import Upload
from kalanso.sources.months import plain

# As sheets call them, whatever the language of the page: the words that are recognised.
COUNTED = ("BCG", "Penta 1", "Penta 3", "VAR 1")
PLACES = ("Aire de santé", "District", "Lieu")
MONTH = "Mois"
INFANTS, TWO_YEARS, UNSAID = "0-11", "0-23", "non-dit"
AGES = (
    (INFANTS, _("0 à 11 mois seulement")),
    (TWO_YEARS, _("0 à 11 mois et 12 à 23 mois, à part")),
    (UNSAID, _("sans âge : Kalanso le demandera")),
)
VISITS = "visites"
VISITED = ("Mois", "Vaccin", "Registre", "Feuille de pointage", "Rapport mensuel", "DHIS2")
COUNTED_AGAIN = ("Penta 1", "Penta 3", "VAR 1")
WORDS = {INFANTS: ("0-11 mois",), TWO_YEARS: ("0-11 mois", "12-23 mois"), UNSAID: ("",)}


def headings(place: str, ages: str) -> list[str]:
    """Return the headings of a sheet to fill in: what its lines are, the month, then each number to give."""
    return [place, MONTH, *(f"{one} {age}".strip() for one in COUNTED for age in WORDS[ages])]


def mark(named: Sequence[str]) -> str:
    """Return the fingerprint of headings, whatever their case and accents."""
    return hashlib.sha256("\n".join(plain(one) for one in named).encode()).hexdigest()


@cache
def handed_out() -> frozenset[str]:
    """Return the fingerprints of all sheets that Kalanso hands out."""
    return frozenset(mark(headings(place, ages)) for place in PLACES for ages in WORDS)


def needs_no_question(
    reading: Mapping[str, Any], saved: Mapping[str, Any] | None, *, pack: Pack, levels: Collection[str]
) -> bool:
    """Whether the columns of a sheet are known: by a person's earlier answers, or because Kalanso wrote them.

    A period that stands in no column is asked each time: the answer of last month would be wrong.
    """
    told = saved if saved is not None else reading["map"]
    period, place = told.get("period", {}), told.get("place", {})
    if place.get("level") not in levels or period.get("constant") or period.get("year_is"):
        return False
    if not (period.get("column") or (period.get("year") and period.get("month"))):
        return False
    return saved is not None or (reading["mark"] in handed_out() and _all_said(told, reading, pack))


def was_not_asked(upload: Upload) -> bool:
    """Whether the columns of a sheet are read as somebody said of others, or as its model says."""
    if not upload.column_map or upload.state in {Upload.State.READING, Upload.State.MAPPING}:
        return False
    if upload.saved_map is not None:
        return bool(upload.column_map == upload.saved_map.document)
    return upload.reading.get("mark") in handed_out() and upload.column_map == upload.reading["map"]


def _all_said(told: Mapping[str, Any], reading: Mapping[str, Any], pack: Pack) -> bool:
    """Whether each number has a meaning that is known, and each dose its age; columns left empty are none."""
    empty = {column["reference"] for column in reading["columns"] if not column["examples"]}
    meanings = list(told.get("indicators", {}).values())
    known = [pack.indicators.get(one.get("indicator", "")) for one in meanings]
    aged = all(
        one is not None and (not one.ages or told.get("age_band"))
        for one, told in zip(known, meanings, strict=True)
    )
    return bool(meanings) and aged and set(told.get("ignore", ())) <= empty
