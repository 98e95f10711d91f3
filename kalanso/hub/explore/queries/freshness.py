"""Do the analyses of all sources know what was published last?

A computation that changes nothing leaves no trace in the store: the work that was done since is asked too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from kalanso.hub.evidence.queries.figures import RECOMPUTE, SET_BESIDE
from kalanso.hub.explore.queries.shelf import Shelf
from kalanso.hub.jobs.models import Job
from kalanso.triangulation.tables import TRIANGULATION_FINDINGS

# What the analyses read that other work brings; checks and indicators come with the analyses themselves.
BROUGHT = (
    "observations", "places", "place_parents", "place_contexts", "coverage_series", "coverage_estimates_yearly", "events", "recounts",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Freshness:
    """When the sources were last set beside one another, and whether newer data exist.

    `newer` is when the newest data were published that were not read, `waiting` whether work is under way that will.
    """

    computed: datetime
    newer: datetime | None = None
    waiting: bool = False


def freshness(shelf: Shelf) -> Freshness | None:
    """Return how fresh the analyses are; None where they were never made."""
    manifest = shelf.store.latest(TRIANGULATION_FINDINGS.name)
    if manifest is None:
        return None
    work = Job.objects.filter(kind__in=(RECOMPUTE, SET_BESIDE))
    last = work.filter(state=Job.State.DONE, started__isnull=False).order_by("-started").first()
    computed = max(manifest.created, last.started) if last is not None and last.started else manifest.created
    heard = set(manifest.provenance.made_from)
    newest = (shelf.store.latest(name) for name in BROUGHT)
    unheard = [
        one.created for one in newest if one is not None and one.id not in heard and one.created > computed
    ]
    under_way = work.filter(state__in=(Job.State.WAITING, Job.State.RUNNING)).exists()
    return Freshness(computed=computed, newer=max(unheard, default=None), waiting=under_way)
