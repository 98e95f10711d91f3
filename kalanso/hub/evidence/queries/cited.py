"""How are findings of the checks known where a decision, an action or an obstacle rests on them, and what of the estimate stands in an agenda?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from kalanso.hub.evidence.models import Run
from kalanso.hub.evidence.queries import cleared, findings, published
from kalanso.hub.evidence.queries.findings import FINDING
from kalanso.hub.evidence.queries.sources import distinct_titles
from kalanso.hub.evidence.queries.uploads import language
from kalanso.hub.people.queries.citations import Cited
from kalanso.hub.people.queries.places import names_of
from kalanso.hub.portfolio.queries.agenda import Part, Point
from kalanso.quality.sentences import sentence
from kalanso.quality.tables import QUALITY_FINDINGS

LONGEST = 160


def cited(reader: Any, keys: Sequence[str]) -> dict[str, Cited]:
    """Return the findings among some keys that the reader may see, also where the checks no longer find them."""
    if not published.sees(QUALITY_FINDINGS):
        return {}
    rows = findings.among(keys)
    rows |= cleared.among([key for key in keys if key not in rows])
    names = names_of({row["place_code"] for row in rows.values()})
    return {
        key: Cited(
            object_type=FINDING, object_id=key, kind=_kind(row), place_code=row["place_code"],
            name=_name(row, names.get(row["place_code"], row["place_code"])), address=reverse("finding", args=[key]),
        )
        for key, row in rows.items()
    }  # fmt: skip


def _kind(row: dict[str, Any]) -> str:
    return _("Alerte de qualité levée") if "cleared" in row else _("Alerte de qualité")


def _name(row: dict[str, Any], place: str) -> str:
    told = sentence(row["message"], row["params"], published.pack(), language(), distinct_titles())
    told = told if place in told else f"{place} : {told}"
    return told if len(told) <= LONGEST else f"{told[: LONGEST - 1]}…"


def released(reader: Any, place: str, first: date, last: date) -> list[Part]:
    """Return the runs of the estimate that were published between two days."""
    begins, ends = datetime.combine(first, time.min, UTC), datetime.combine(last, time.min, UTC)
    rows = Run.objects.filter(steps__after="published", steps__at__gte=begins, steps__at__lt=ends).distinct()
    points = [
        Point(says=_("Calcul « %(name)s »") % {"name": run.name or run.why}, address=reverse("runs_one", args=[run.pk]), beside=run.get_state_display())
        for run in rows[:12]
    ]  # fmt: skip
    return [Part(title=_("Estimations publiées"), points=points, total=rows.count())]
