"""How does everything that is computed without an estimate follow the observations, after somebody published or withdrew numbers?

Checks and indicators first, since pages wait for them; then the catalogue of sources and the analyses that set
every source beside every other, which read them. What an estimate makes of them is asked for apart.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from kalanso.indicators.tables import INDICATOR_VALUES, OBSERVATIONS
from kalanso.pipeline.catalogue import catalogue
from kalanso.pipeline.check import check
from kalanso.pipeline.evidence import Holdings
from kalanso.pipeline.progress import Cancel, Progress, never, quiet
from kalanso.pipeline.publish import publish
from kalanso.pipeline.triangulate import triangulate
from kalanso.quality.tables import QUALITY_FINDINGS
from kalanso.store import Store, TableSpec
from kalanso.triangulation.tables import TRIANGULATION_FINDINGS

Once: TypeAlias = Callable[[str, Callable[[], Any]], None]
# Where each part of the work begins and ends, as progress shows it.
PARTS = {"check": (0.0, 0.3), "publish": (0.3, 0.7), "catalogue": (0.7, 0.85), "triangulate": (0.85, 1.0)}


@dataclass(frozen=True, kw_only=True)
class Recomputed:
    """The number of the observations on which everything rests at least, and how many rows stand in three tables."""

    observations: int
    findings: int
    rows: int
    beside: int


def every_time(_step: str, do: Callable[[], Any]) -> None:
    """Do a step, whatever was done before."""
    do()


def recompute(
    store: Store, *, once: Once = every_time, progress: Progress = quiet, cancel: Cancel = never, now: datetime
) -> Recomputed:  # fmt: skip
    """Run the checks, evaluate the indicators, measure the sources and set them beside one another.

    Indicators keep the state that readers see now. Running it again on the same observations changes nothing. `once`
    is told a name for each part that holds while the observations, the places and the events stay what they are, so
    that work which was cut short goes on where it stopped. Raises NothingToWorkOn, Cancelled or TriangulationRefused.
    """
    holdings = Holdings(store, now.date())
    holdings.observations  # noqa: B018 - refuses a store without any before a part writes what it found in nothing
    newest, shown = store.latest(OBSERVATIONS.name), store.latest(INDICATOR_VALUES.name)
    state = shown.provenance.state if shown else "draft"
    verbs: dict[str, Callable[[Progress], Any]] = {
        "check": lambda told: check(store, progress=told, cancel=cancel, now=now),
        "publish": lambda told: publish(store, state=state, progress=told, cancel=cancel, now=now),
        "catalogue": lambda told: catalogue(store, progress=told, cancel=cancel, now=now),
        "triangulate": lambda told: triangulate(store, progress=told, cancel=cancel, now=now),
    }
    mark = " ".join(holdings.made_from())
    for name, (start, end) in PARTS.items():
        _part(once, f"{name} {mark}", verbs[name], _within(progress, start, end))
    return Recomputed(
        observations=newest.number if newest else 0, findings=_rows(store, QUALITY_FINDINGS),
        rows=_rows(store, INDICATOR_VALUES), beside=_rows(store, TRIANGULATION_FINDINGS),
    )  # fmt: skip


def _part(once: Once, step: str, verb: Callable[[Progress], Any], progress: Progress) -> None:
    once(step, lambda: verb(progress))


def _within(progress: Progress, start: float, end: float) -> Progress:
    """Report a part of the work as a part of the whole."""
    return lambda message, share: progress(message, start + (end - start) * share)


def _rows(store: Store, spec: TableSpec) -> int:
    manifest = store.latest(spec.name)
    return manifest.rows if manifest else 0
