"""Which file of a round without a household survey may come in: its table, or the export of its form?

Refused and looked at as files of household surveys are; what makes the difference is which headings are known.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from kalanso.hub.studies.forms.files import RoundFileForm, lacking
from kalanso.hub.studies.models import Round, RoundFile
from kalanso.surveys.instruments.without_households import FORMS

Way, Kind = Round.Way, RoundFile.Kind
# The headings of the table of each way; see `kalanso.surveys.ways`.
TABLES: dict[str, tuple[str, ...]] = {
    Way.LOTS: ("round", "place_code", "indicator", "children", "vaccinated", "interviewed_from", "interviewed_to"),
    Way.PHONE: ("respondent", "vaccinated", "numbers_held"),
    Way.RESPONDENT_DRIVEN: ("person", "recruiter", "network_size", "vaccinated", "position"),
    Way.TIME_LOCATION: ("person", "site_day", "p_site_day", "counted", "interviewed", "visits", "vaccinated"),
    Way.CAPTURE_RECAPTURE: ("count",),
    Way.SETTLEMENTS: ("settlement", "place_code", "buildings", "visited"),
}  # fmt: skip
EXPORT = ("consent",)  # of every form
LISTED = ("listed_code", "checked")
LARGER = ("place_code", "larger_place", "children")


def known_files(way: str) -> dict[str, tuple[str, ...]]:
    """Return the kinds of files of a way with the headings by which each is known, those with most said first."""
    found: dict[str, tuple[str, ...]] = {}
    if way == Way.LOTS:
        found[Kind.LARGER] = LARGER
    if way in TABLES:
        found[Kind.TABLE] = TABLES[way]
    if way == Way.KEY_INFORMANTS:
        found[Kind.LISTED] = LISTED
    if way in FORMS:
        found[Kind.ANSWERS] = EXPORT
    return found


class HeardFileForm(RoundFileForm):
    """One file of a round without a household survey."""

    adds = None  # type: ignore[assignment]
    second = None  # type: ignore[assignment]

    def __init__(self, *args: Any, way: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.known = known_files(way)
        told = " ; ".join(
            f"{Kind(kind).label} ({', '.join(headings)})" for kind, headings in self.known.items()
        )
        self.fields["file"].help_text = _(
            "Un fichier CSV en UTF-8, dont la première ligne porte ces mots : %(files)s. Kalanso reconnaît lequel c'est. 50 Mo au plus ; sans noms, téléphones ni coordonnées."
        ) % {"files": told}

    def kind_of(self, headings: list[str]) -> str | None:
        """Return which file of the way has these headings; None where it is none."""
        return next((str(kind) for kind, wanted in self.known.items() if not lacking(wanted, headings)), None)

    def says_unknown(self, headings: list[str]) -> str:
        """Say what lacks for each file that the way knows."""
        told = " ; ".join(
            f"{Kind(kind).label} : {', '.join(lacking(wanted, headings))}"
            for kind, wanted in self.known.items()
        )
        return _("Ce fichier n'est aucun de ceux de ce chemin. Il y manque : %(files)s.") % {"files": told}
