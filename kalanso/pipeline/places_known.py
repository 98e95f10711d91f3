"""Which places does a store know, in the form that matching wants?

Reads the tables of places once per import. Deciding which listed name is which place belongs to
`placing`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
import pyarrow as pa

from kalanso.places import tables as place_tables
from kalanso.store import Store


@dataclass(frozen=True, kw_only=True)
class KnownPlaces:
    """The place tables of a store as they stand, as data frames in their declared columns."""

    country: str
    places: pd.DataFrame
    parents: pd.DataFrame
    codes: pd.DataFrame
    reviewed: pd.DataFrame
    boundaries: pd.DataFrame

    @classmethod
    def of(cls, store: Store) -> KnownPlaces:
        """Read the tables of places of one store."""
        read = {
            name: store.read(spec).to_pyarrow().to_pandas()
            for name, spec in (
                ("places", place_tables.PLACES),
                ("parents", place_tables.PLACE_PARENTS),
                ("codes", place_tables.PLACE_CODES),
                ("reviewed", place_tables.PLACE_MATCHES),
                ("boundaries", place_tables.PLACE_BOUNDARIES),
            )
        }
        return cls(country=store.country, **read)

    @property
    def taken(self) -> list[str]:
        """Every code ever given; one that stands only in `place_codes` belongs to an import cut short."""
        return sorted({*self.places["place_code"], *self.codes["place_code"]})

    @property
    def levels(self) -> dict[str, str]:
        """The level of each place."""
        return dict(zip(self.places["place_code"], self.places["level"], strict=True))

    def has_level(self, level: str) -> bool:
        """Whether the store has any place of a level."""
        return bool((self.places["level"] == level).any())

    def parent_links(self) -> dict[tuple[str, str], dict[str, Any]]:
        """Return the present row of `place_parents` by place and tree (open-ended links only)."""
        rows = records(self.parents[self.parents["valid_to"].isna()])
        return {(row["place_code"], row["tree"]): row for row in rows}

    def frame(self, level: str) -> pd.DataFrame:
        """Return the places of one level as `places.match` wants them.

        `parent_name` is the place above in the health tree where there is one: people look for a centre
        in its area, not in its commune. It is empty below the country itself, which would otherwise
        stand against any region that a list names as parent.
        """
        names = dict(zip(self.places["place_code"], self.places["name"], strict=True))
        above: dict[str, list[str]] = {}
        for link in sorted(records(self.parents), key=_present_health_first):
            above.setdefault(link["place_code"], []).append(link["parent_code"])
        spellings = self.codes.groupby("place_code")["name"].agg(set).to_dict()
        rows = []
        for place in records(self.places[self.places["level"] == level]):
            code, name = place["place_code"], place["name"]
            parents = [names[p] for p in above.get(code, []) if p in names and p != self.country]
            rows.append(
                {
                    "place_code": code, "name": name, "level": level,
                    "parent_name": parents[0] if parents else "",
                    "ancestor_names": [
                        names[a] for a in self._ancestors(code, above) if a in names and a != self.country
                    ],
                    "aliases": sorted(spellings.get(code, set()) - {name}),
                    "latitude": place["latitude"], "longitude": place["longitude"],
                }
            )  # fmt: skip
        columns = [
            "place_code",
            "name",
            "level",
            "parent_name",
            "ancestor_names",
            "aliases",
            "latitude",
            "longitude",
        ]
        return pd.DataFrame(rows, columns=columns)

    @staticmethod
    def _ancestors(place: str, above: dict[str, list[str]]) -> list[str]:
        found: list[str] = []
        waiting = list(above.get(place, []))
        while waiting:
            code = waiting.pop(0)
            if code not in found:
                found.append(code)
                waiting += above.get(code, [])
        return found


def _present_health_first(link: dict[str, Any]) -> tuple[bool, bool]:
    return link["tree"] != "health", link["valid_to"] is not None


def records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a data frame as dicts, with None where nothing stands."""
    plain = rows.astype(object).where(rows.notna(), None)
    return [{str(name): value for name, value in row.items()} for row in plain.to_dict("records")]


def listed_frame(places: pa.Table) -> pd.DataFrame:
    """Return LISTED_PLACES rows as a data frame with plain strings, ordered from the top down."""
    rows = places.to_pandas()
    for name in ("code", "name", "parent_code", "parent_name", "level", "tree", "kind"):
        rows[name] = rows[name].astype(object).where(rows[name].notna(), "").map(str)
    return rows.reset_index(drop=True)


def day_before(day: date) -> date:
    """Return the last day on which something held that changed on a day."""
    return date.fromordinal(day.toordinal() - 1)
