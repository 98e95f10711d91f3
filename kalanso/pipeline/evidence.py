"""What does a store hold for those who compute: observations, trees, and what is known of places?

Reads tables once and hands them to the checks and to the evaluator. What is computed from them is
said by `check` and `publish`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import ibis.expr.types as ir
import pandas as pd
import pyarrow as pa

from kalanso import definitions, places
from kalanso.indicators.tables import EVENTS, OBSERVATIONS
from kalanso.places.tables import PLACE_BOUNDARIES, PLACE_PARENTS, PLACES
from kalanso.store import Store, TableSpec
from kalanso.vocabulary import Tree


class NothingToWorkOn(ValueError):
    """A store without observations."""


@dataclass(frozen=True)
class Holdings:
    """The tables of one store, as its engine reads them on one day."""

    store: Store
    today: date

    @cached_property
    def pack(self) -> definitions.Pack:
        """The definitions of the store's country."""
        return definitions.load(self.store.country)

    @cached_property
    def observations(self) -> ir.Table:
        """Every number as reported; refused where there is none."""
        manifest = self.store.latest(OBSERVATIONS.name)
        if manifest is None or not manifest.rows:
            raise NothingToWorkOn(
                f"{self.store.folder}: expected observations, found none; import a file first "
                "(kalanso import --help)"
            )
        return self.store.read(OBSERVATIONS)

    @cached_property
    def events(self) -> ir.Table | None:
        """Dated events, or None where none were imported."""
        return self._if_any(EVENTS)

    @cached_property
    def places(self) -> pd.DataFrame:
        """All places."""
        return self.store.read(PLACES).to_pandas()

    @cached_property
    def parents(self) -> pd.DataFrame:
        """The links of both trees."""
        return self.store.read(PLACE_PARENTS).to_pandas()

    @cached_property
    def boundaries(self) -> pd.DataFrame:
        """All outlines."""
        return self.store.read(PLACE_BOUNDARIES).to_pandas()

    def lineage(self, tree: Tree) -> ir.Table:
        """Each place with itself and all places above it today, in the engine."""
        return self.rows(places.lineage(self.parents, self.places, tree=tree.value, on=self.today))

    def trees(self) -> list[Tree]:
        """The trees in which at least one place stands."""
        found = set(self.parents["tree"]) if len(self.parents) else set()
        return [tree for tree in Tree if tree.value in found] or [Tree.HEALTH]

    def rows(self, frame: Any) -> ir.Table:
        """Put rows of memory into the engine."""
        table = frame if isinstance(frame, pa.Table) else pa.Table.from_pandas(frame, preserve_index=False)
        return self.store.engine.rows(table)

    def made_from(self) -> tuple[str, ...]:
        """The snapshots on which results rest."""
        names = (OBSERVATIONS.name, PLACES.name, PLACE_PARENTS.name, EVENTS.name)
        return tuple(m.id for m in map(self.store.latest, names) if m is not None)

    def sources(self) -> tuple[str, ...]:
        """The imports whose numbers stand in the observations."""
        manifest = self.store.latest(OBSERVATIONS.name)
        parts = manifest.parts if manifest else ()
        return tuple(sorted({str(part.bucket["source"]) for part in parts}))

    def published_coverage(self, spec: TableSpec) -> ir.Table | None:
        """Coverage that others published, or None where none was imported."""
        return self._if_any(spec)

    def _if_any(self, spec: TableSpec) -> ir.Table | None:
        manifest = self.store.latest(spec.name)
        return self.store.read(spec) if manifest and manifest.rows else None
