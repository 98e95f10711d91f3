"""At which address do the rows stand on which a sentence rests?

A row of evidence names a table, a key and a snapshot; its key is that of what the analyses read, which is not always a
column of the table. A link opens the table in that snapshot, narrowed as far as its filters go.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from kalanso.hub.explore.queries import doors
from kalanso.hub.explore.queries.analyses import ORIGINS
from kalanso.hub.explore.queries.shelf import Shelf

# kind of a coverage -> category of `coverage_series`
CATEGORIES = {
    "administrative": "ADMIN", "official": "OFFICIAL", "who_unicef": "WUENIC", "survey": "SURVEY", "external": "OTHER",
}  # fmt: skip
YEARLY = {"indicator_values", "coverage_series", "coverage_estimates_yearly", "triangulation"}


@dataclass(frozen=True, kw_only=True)
class Proof:
    """Rows of a published table: what they are called, of when and where; no address where the reader may not open them."""

    table: str
    period: str = ""
    place: str = ""
    address: str = ""

    @property
    def called(self) -> str:
        """What kind of evidence it is."""
        return str(ORIGINS.get(self.table, self.table))


def proofs(shelf: Shelf, evidence: Iterable[Mapping[str, Any]], own: str = "") -> list[Proof]:
    """Return the links of some rows of evidence, each once; `own` is the place of which the sentence speaks."""
    found = []
    for item in evidence:
        key = item["key"]
        place = str(key.get("place_code", ""))
        found.append(
            Proof(
                table=item["table"], period=str(key.get("year") or key.get("period") or ""), place="" if place == own else place,
                address=_address(shelf, item["table"], key, item.get("snapshot", "")),
            )
        )  # fmt: skip
    return list(dict.fromkeys(found))


def _address(shelf: Shelf, table: str, key: Mapping[str, Any], snapshot: str) -> str:
    if not doors.is_open(shelf, table):
        return ""
    wanted = {"lieu": key.get("place_code"), **_narrowed(table, key), "as_of": snapshot}
    kept = {name: value for name, value in wanted.items() if value}
    return f"{reverse('table', args=[table])}?{urlencode(kept)}"


def _narrowed(table: str, key: Mapping[str, Any]) -> dict[str, Any]:
    """Return the filters of a table that a key of evidence answers."""
    when = str(key.get("year") or key.get("period") or "")
    dose = str(key.get("indicator") or "")
    if table == "quality_findings":
        return {
            "controle": key.get("check"),
            "indicateur": dose,
            "periode": when,
            "source": key.get("source"),
        }
    if table == "triangulation":
        return {"analyse": key.get("analysis"), "periode": when}
    if table == "coverage_series":
        category = CATEGORIES.get(str(key.get("kind", "survey")), "")
        return {"indicateur": f"{dose}_coverage" if dose else "", "periode": when, "categorie": category}
    if table == "indicator_values":
        # Counts are named as the table names them, coverage by its dose alone.
        name = f"{dose}_coverage" if "year" in key else dose
        return {"indicateur": name, "periode": when, "source": key.get("source")}
    if table == "observations":
        if "year" in key:
            return {"indicateur": "surviving_infants", "periode": when}
        return {"indicateur": f"{dose}_doses" if "sector" in key else ""}
    return {"periode": when} if table in YEARLY else {}
