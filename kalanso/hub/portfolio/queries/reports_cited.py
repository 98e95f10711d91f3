"""How are reports on interventions known where something rests on them, and which does a meeting speak of?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from kalanso.hub.people.permissions import may
from kalanso.hub.people.queries.citations import Cited
from kalanso.hub.people.queries.language import page_language
from kalanso.hub.portfolio.models import Report
from kalanso.hub.portfolio.queries import keeping, scope
from kalanso.hub.portfolio.queries.agenda import SHOWN, Part, Point
from kalanso.hub.portfolio.queries.reports import address_of, readable
from kalanso.vocabulary import format_value

REPORT = "portfolio.report"


def reports(person: Any, keys: Sequence[str]) -> dict[str, Cited]:
    """Return the reports that somebody may read among some keys; not those of protected work kept from them."""
    if not may(person, "portfolio.read"):
        return {}
    rows = Report.objects.select_related("cell__intervention", "cell__organisation").filter(
        pk__in=[key for key in keys if key.isdecimal() and len(key) < 15]
    )
    return {
        str(one.pk): Cited(
            object_type=REPORT, object_id=str(one.pk), kind=_("Rapport d'intervention"), name=_called(one), address=address_of(one),
            place_code=one.place_code,
        )
        for one in rows
        if scope.detail(person, one.cell) and readable(person, one.cell).filter(pk=one.pk).exists()
    }  # fmt: skip


def _called(one: Report) -> str:
    language = page_language()
    return f"{one.cell} · {format_value(one.period, 'period', language)}"


def of_reports(reader: Any, place: str, first: date, last: date) -> list[Part]:
    """Return the reports that were sent back and not sent again since."""
    if not may(reader, "portfolio.read"):
        return []
    begins, ends = (datetime.combine(day, time.min, UTC) for day in (first, last))
    seen = ~keeping.kept_from(
        reader, Q(cell__sensitive=True) | keeping.flagged("cell__place_code"), "cell__place_code"
    )
    rows = Report.objects.filter(
        seen, keeping.below(place, "cell__place_code") if place else ~Q(pk__in=()), state=Report.State.RETURNED, reviewed__gte=begins, reviewed__lt=ends
    )  # fmt: skip
    known = [
        one
        for one in rows.select_related("cell__intervention")
        if may(reader, "portfolio.report", one.cell) or may(reader, "portfolio.approve", one)
    ]
    points = [
        Point(says=_called(one), beside=one.note, address=address_of(one), mark=f"{REPORT}:{one.pk}") for one in known[:SHOWN]
    ]  # fmt: skip
    return [Part(title=_("Rapports renvoyés à leur équipe"), points=points, total=len(known))]
