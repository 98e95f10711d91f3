"""Which evidence lies on the table, and which is missing?

Holds the input tables of one country, checked, with the snapshots from which they were made; answers
what several analyses ask of them: the tree, the population that does not come from the programme,
and the reference to which a row of evidence leads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

import pandas as pd

from kalanso.triangulation.faults import TriangulationRefused
from kalanso.triangulation.inputs import INPUTS, each

# Sources of populations that do not come from the programme, the surest first.
INDEPENDENT = ("headcount", "census", "un", "gridded")


@dataclass(frozen=True, kw_only=True, eq=False)
class Dossier:
    """The evidence of one country on one day.

    `tables` maps names of INPUTS to rows; `thresholds` is the pack's section `triangulation`;
    `snapshots` maps published tables to the snapshot that was read. Build it with `dossier`.
    """

    today: date
    tables: Mapping[str, pd.DataFrame]
    thresholds: Mapping[str, Any]
    snapshots: Mapping[str, str] = field(default_factory=dict)

    def rows(self, name: str) -> pd.DataFrame:
        """Return an input table; one that was not given has its columns and no rows."""
        if name in self.tables:
            return self.tables[name]
        return INPUTS[name].checked(pd.DataFrame(columns=[c.name for c in INPUTS[name].columns]))

    def of_place(self, name: str, place: str) -> list[Any]:
        """Return the rows of an input table that speak of one place, as named tuples."""
        if name not in self._parts:
            # One pass over the table: a filter for each of thousands of places would take minutes.
            parts: dict[str, list[Any]] = {}
            for row in each(self.rows(name)):
                parts.setdefault(row.place_code, []).append(row)
            self._parts[name] = parts
        return self._parts[name].get(place, [])

    def has(self, name: str) -> bool:
        """Whether an input table has rows."""
        return len(self.rows(name)) > 0

    def threshold(self, path: str) -> float:
        """Return a number of the pack by its dotted path below `triangulation`."""
        found: Any = self.thresholds
        for part in path.split("."):
            if not isinstance(found, Mapping) or part not in found:
                raise TriangulationRefused("triangulation.refused.threshold", path=path)
            found = found[part]
        return float(found)

    @cached_property
    def parents(self) -> dict[str, str]:
        """The place above each place."""
        places = self.rows("places")
        return dict(zip(places["place_code"], places["parent_code"], strict=True))

    @cached_property
    def levels(self) -> dict[str, str]:
        """The level of each place."""
        places = self.rows("places")
        return dict(zip(places["place_code"], places["level"], strict=True))

    @cached_property
    def names(self) -> dict[str, str]:
        """The name of each place."""
        places = self.rows("places")
        return dict(zip(places["place_code"], places["name"], strict=True))

    @cached_property
    def root(self) -> str:
        """The place above all others."""
        tops = sorted(code for code, above in self.parents.items() if not above)
        return tops[0] if tops else ""

    def children(self, code: str) -> list[str]:
        """Return the places just below one."""
        return self._below.get(code, [])

    @cached_property
    def _below(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for code, above in sorted(self.parents.items()):
            found.setdefault(above, []).append(code)
        return found

    def of_level(self, level: str) -> list[str]:
        """Return the places of a level, in order."""
        return sorted(code for code, own in self.levels.items() if own == level)

    @cached_property
    def _parts(self) -> dict[str, dict[str, list[Any]]]:
        return {}

    @cached_property
    def _independent(self) -> dict[str, list[tuple[int, int, float, Any]]]:
        found: dict[str, list[tuple[int, int, float, Any]]] = {}
        order = {kind: number for number, kind in enumerate(INDEPENDENT)}
        rows = self.rows("populations")
        for row in each(rows[rows["kind"].isin(INDEPENDENT)]):
            found.setdefault(row.place_code, []).append(
                (row.year, order[row.kind], row.surviving_infants, row)
            )
        return found

    def independent_infants(self, place: str, year: int) -> tuple[float, Any] | None:
        """Return surviving infants by the nearest independent source, grown to the year, with its row.

        Sources further away than `population.years` years say nothing; the growth is `population.growth`
        a year.
        """
        reach, growth = self.threshold("population.years"), self.threshold("population.growth")
        near = [item for item in self._independent.get(place, []) if abs(item[0] - year) <= reach]
        if not near:
            return None
        best = min(near, key=lambda item: (abs(item[0] - year), item[1], str(item[3].source)))
        return best[2] * (1 + growth) ** (year - best[0]), best[3]

    def evidence(self, name: str, row: Any) -> dict[str, Any]:
        """Return where a row of an input table comes from: table, key, and the snapshot that was read."""
        table = INPUTS[name]
        origin = str(getattr(row, "table", "") or table.origin)
        key = {column: _plain(getattr(row, column)) for column in table.key}
        return {"table": origin, "key": key, "snapshot": self.snapshots.get(origin, "")}


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value


def dossier(
    *,
    today: date,
    thresholds: Mapping[str, Any],
    snapshots: Mapping[str, str] | None = None,
    **tables: pd.DataFrame | None,
) -> Dossier:
    """Return the evidence of a country out of tables in the columns of INPUTS.

    Raises TriangulationRefused, naming table, row and column, where a table cannot be used.
    """
    if unknown := sorted(set(tables) - set(INPUTS)):
        raise TriangulationRefused("triangulation.refused.table", found=unknown[0], known=", ".join(INPUTS))
    checked = {name: INPUTS[name].checked(rows) for name, rows in tables.items() if rows is not None}
    return Dossier(today=today, tables=checked, thresholds=thresholds, snapshots=snapshots or {})
