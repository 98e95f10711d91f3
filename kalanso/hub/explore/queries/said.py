"""What may a page say of a place's estimate where it is not the page of the estimate itself?

A number never goes without the run that it comes from. Of a run that failed its own check no number leaves the
pages of the estimate, which say at their head that nothing may be decided on it.
"""

from __future__ import annotations

from dataclasses import dataclass

from kalanso.hub.evidence.queries.runs import SetAside
from kalanso.hub.explore.queries import estimates, runs
from kalanso.hub.explore.queries.estimates import Estimate
from kalanso.hub.explore.queries.runs import Run
from kalanso.hub.explore.queries.shelf import Shelf


@dataclass(frozen=True, kw_only=True)
class Said:
    """The newest estimate of a place with its run; no estimate where the run failed its check."""

    place_code: str
    run: Run
    estimate: Estimate | None


def newest(here: Shelf, code: str) -> Said | None:
    """Return the newest estimate of a place that the reader may see; None where there is none."""
    run, period = runs.run(here), next(iter(estimates.spans(here)), None)
    found = estimates.values(here, "dtp1", period).get(code) if period else None
    if run is None or found is None:
        return None
    return Said(place_code=code, run=run, estimate=None if run.unsettled else found)


def aside(here: Shelf) -> SetAside | None:
    """Return who set the only run aside that there is, so that a page says why it shows no estimate."""
    held = runs.held(here)
    return held.set_aside if held else None


def tellable(here: Shelf) -> bool:
    """Whether numbers of the reader's run may stand on other pages than its own."""
    run = runs.run(here)
    return run is not None and not run.unsettled
