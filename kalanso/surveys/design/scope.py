"""Of which places does a result speak?

Places that were chosen, such as the catchment areas of a hub, stand for nobody but themselves; places that were drawn
stand for the frame.
"""

from __future__ import annotations

from collections.abc import Sequence

from kalanso.vocabulary import Message


def scope(places: Sequence[str], *, chosen: bool, frame: str = "") -> Message:
    """Return the label that travels with every number of a survey.

    `chosen` places are named; drawn ones stand for `frame`, the name of the population from which they were drawn.
    """
    if not places or (not chosen and not frame.strip()):
        raise ValueError("expected at least one place, and for drawn places the name of their frame")
    told = {"n": len(places), "places": ", ".join(places), "frame": frame}
    return Message("surveys.design.scope.chosen" if chosen else "surveys.design.scope.drawn", told)
