"""Which records of studies does the library get to read, and how are its rows built?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kalanso.hub.studies.models import PlaceVoices, Round
from kalanso.surveys.tables import SURVEY_VOICES


def voices() -> Iterator[dict[str, Any]]:
    """Yield where published studies listened to people."""
    heard = PlaceVoices.objects.filter(round__state=Round.State.PUBLISHED).select_related("round")
    for one in heard.order_by("round__survey", "place_code"):
        yield {
            "round": one.round.survey, "place_code": one.place_code, "interviews": one.interviews,
            "focus_groups": one.focus_groups,
        }  # fmt: skip


EXPORTS = ((SURVEY_VOICES, voices),)
