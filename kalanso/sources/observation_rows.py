"""How do judged numbers become the tables that every reader returns?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from kalanso.sources.column_maps import ColumnMap, Meaning
from kalanso.sources.judging import ListedPlace, Value
from kalanso.sources.readings import LISTED_OBSERVATIONS, LISTED_PLACES
from kalanso.vocabulary import Period


def listed_places(places: Mapping[ListedPlace, int], column_map: ColumnMap) -> pa.Table:
    """Return every place that a stored number names, with the row where it stood first."""
    settings = column_map.place
    rows = [
        {
            "code": place.code, "name": place.name, "parent_code": "", "parent_name": place.parent,
            "level": settings.level, "tree": settings.tree, "kind": settings.kind,
            "latitude": None, "longitude": None, "geometry": None, "row": row,
        }
        for place, row in places.items()
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=LISTED_PLACES)


@dataclass
class ObservationRows:
    """Rows of LISTED_OBSERVATIONS, kept column by column."""

    columns: dict[str, list[Any]] = field(
        default_factory=lambda: {name: [] for name in LISTED_OBSERVATIONS.names}
    )

    def add(
        self,
        place: ListedPlace,
        period: Period,
        meaning: Meaning,
        value: Value,
        reports: Mapping[str, float | None],
    ) -> None:
        """Append one number."""
        row = {
            "listed_code": place.code, "listed_name": place.name, "listed_parent": place.parent,
            "period": period.code, "period_type": period.type.value, "period_start": period.start,
            "indicator": meaning.indicator, "value": value.number, "status": value.status,
            "product": meaning.product, "age_band": meaning.age_band, "strategy": meaning.strategy,
            "sector": meaning.sector, "sex": meaning.sex, **reports,
        }  # fmt: skip
        for name, column in self.columns.items():
            column.append(row[name])

    def table(self) -> pa.Table:
        """Return the rows as a table."""
        return pa.table(self.columns, schema=LISTED_OBSERVATIONS)
