"""What does a store hold for those who compute: observations, trees, and what is known of places?

Reads tables once and hands them to the checks and to the evaluator. What is computed from them is
said by `check` and `publish`. What somebody publishes meanwhile is not heard: a computation of hours ends on
the snapshots with which it began.
"""

from __future__ import annotations

from collections.abc import Mapping
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
from kalanso.store import Manifest, Store, TableSpec
from kalanso.surveys.tables import SURVEY_EVIDENCE
from kalanso.vocabulary import Tree


class NothingToWorkOn(ValueError):
    """A store without observations."""


@dataclass(frozen=True)
class Holdings:
    """The tables of one store, as its engine reads them on one day.

    `snapshots` name the one of each table that is read, a table without a name being empty; unless stated, the
    newest of the moment in which the first is asked for.
    """

    store: Store
    today: date
    snapshots: Mapping[str, str] | None = None

    @cached_property
    def standing(self) -> Mapping[str, Manifest]:
        """The snapshot of each table on which everything here rests; raises NoSuchSnapshot for one that is gone."""
        if self.snapshots is not None:
            return {name: self.store.as_of(name, one) for name, one in self.snapshots.items()}
        newest = {name: self.store.latest(name) for name in self.store.tables()}
        return {name: found for name, found in newest.items() if found is not None}

    def manifest(self, spec: TableSpec) -> Manifest | None:
        """The snapshot of a table, or None where it had none."""
        return self.standing.get(spec.name)

    def read(self, spec: TableSpec) -> ir.Table:
        """The rows of a table in its snapshot; none where it had none."""
        found = self.manifest(spec)
        return self.store.read(spec, as_of=found.id) if found is not None else self.store.read(spec).limit(0)

    @cached_property
    def pack(self) -> definitions.Pack:
        """The definitions of the store's country."""
        return definitions.load(self.store.country)

    @cached_property
    def observations(self) -> ir.Table:
        """Every number as reported; refused where there is none."""
        manifest = self.manifest(OBSERVATIONS)
        if manifest is None or not manifest.rows:
            raise NothingToWorkOn(
                f"{self.store.folder}: expected observations, found none; import a file first "
                "(kalanso import --help)"
            )
        return self.read(OBSERVATIONS)

    @cached_property
    def stated_infants(self) -> ir.Table:
        """Surviving infants of a year, of both sexes, as sources state them in their own numbers."""
        o = self.observations
        return o.filter(
            (o.indicator == "surviving_infants")
            & (o.period_type == "year")
            & o.value.notnull()
            & (o.sex == "all")
        )

    @cached_property
    def events(self) -> ir.Table | None:
        """Dated events, or None where none were imported."""
        return self._if_any(EVENTS)

    @cached_property
    def places(self) -> pd.DataFrame:
        """All places."""
        return self.read(PLACES).to_pandas()

    @cached_property
    def parents(self) -> pd.DataFrame:
        """The links of both trees."""
        return self.read(PLACE_PARENTS).to_pandas()

    @cached_property
    def boundaries(self) -> pd.DataFrame:
        """All outlines."""
        return self.read(PLACE_BOUNDARIES).to_pandas()

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
        specs = (OBSERVATIONS, PLACES, PLACE_PARENTS, EVENTS)
        return tuple(m.id for m in map(self.manifest, specs) if m is not None)

    def heard_from(self) -> tuple[str, ...]:
        """The snapshots on which an estimate rests: those of `made_from`, and of studies where some were published."""
        studies = self.manifest(SURVEY_EVIDENCE)
        return (*self.made_from(), studies.id) if studies is not None else self.made_from()

    def sources(self) -> tuple[str, ...]:
        """The imports whose numbers stand in the observations."""
        manifest = self.manifest(OBSERVATIONS)
        parts = manifest.parts if manifest else ()
        return tuple(sorted({str(part.bucket["source"]) for part in parts}))

    def published_coverage(self, spec: TableSpec) -> ir.Table | None:
        """Coverage that others published, or None where none was imported."""
        return self._if_any(spec)

    def _if_any(self, spec: TableSpec) -> ir.Table | None:
        manifest = self.manifest(spec)
        return self.read(spec) if manifest and manifest.rows else None


def still_stand(store: Store, snapshots: Mapping[str, str]) -> bool:
    """Return whether a computation may go on with these snapshots, by table.

    Not where one of them is gone, or where something was taken back since: nobody shall be told numbers that rest
    on a withdrawn sheet by a computation that could have known.
    """
    for table, name in snapshots.items():
        history = store.history(table)
        at = next((number for number, one in enumerate(history) if one.id == name), None)
        if at is None or any(one.kind == "withdrawal" for one in history[at + 1 :]):
            return False
    return bool(snapshots)
