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
from kalanso.places.names import normalise
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
        rows = self.parents[self.parents["valid_to"].isna()].astype(object)
        rows = rows.where(rows.notna(), None)
        return {(row["place_code"], row["tree"]): row for row in rows.to_dict("records")}

    def frame(self, level: str) -> pd.DataFrame:
        """Return the places of one level as `places.match` wants them.

        `parent_name` is empty below the country itself, which would otherwise stand against any
        region that a list names as parent.
        """
        names = dict(zip(self.places["place_code"], self.places["name"], strict=True))
        above: dict[str, list[str]] = {}
        for row in self.parents.itertuples():
            above.setdefault(row.place_code, []).append(row.parent_code)
        spellings = self.codes.groupby("place_code")["name"].agg(set).to_dict()
        rows = []
        for place in self.places[self.places["level"] == level].itertuples():
            ancestors = self._ancestors(place.place_code, above)
            parents = [names[p] for p in above.get(place.place_code, []) if p in names and p != self.country]
            rows.append(
                {
                    "place_code": place.place_code, "name": place.name, "level": level,
                    "parent_name": parents[0] if parents else "",
                    "ancestor_names": [names[a] for a in ancestors if a in names and a != self.country],
                    "aliases": sorted(spellings.get(place.place_code, set()) - {place.name}),
                    "latitude": place.latitude, "longitude": place.longitude,
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

    def named(self, name: str, above_depth: int, depths: dict[str, int]) -> str | None:
        """Return the one place of this name on a higher rung, the lowest such rung first."""
        wanted = normalise(name)
        fits = [
            (depths[row.level], row.place_code)
            for row in self.places.itertuples()
            if depths[row.level] < above_depth and normalise(row.name) == wanted
        ]
        deepest = max((depth for depth, _ in fits), default=None)
        lowest = [code for depth, code in fits if depth == deepest]
        return lowest[0] if len(lowest) == 1 else None


def listed_frame(places: pa.Table) -> pd.DataFrame:
    """Return LISTED_PLACES rows as a data frame with plain strings, ordered from the top down."""
    rows = places.to_pandas()
    for name in ("code", "name", "parent_code", "parent_name", "level", "tree", "kind"):
        rows[name] = rows[name].astype(object).where(rows[name].notna(), "").map(str)
    return rows.reset_index(drop=True)


def day_before(day: date) -> date:
    """Return the last day on which something held that changed on a day."""
    return date.fromordinal(day.toordinal() - 1)
