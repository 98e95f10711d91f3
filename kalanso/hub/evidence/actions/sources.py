"""How does somebody write down what a source is?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from kalanso.hub.evidence.actions.versions import refuse_stale, save_next
from kalanso.hub.evidence.models import SourceCard
from kalanso.hub.people.actions import record, state_of
from kalanso.hub.people.models import Person
from kalanso.hub.people.permissions import refuse_unless

COLUMNS = (
    "title", "what", "importer", "licence", "contact", "cadence", "patience_days", "owner", "system", "levels", "population", "periods",
    "denominator", "places_list", "identifiers", "access", "funder", "funding_ends", "agreement", "request", "next_release", "fallback",
    "biases", "notes",
)  # fmt: skip


@transaction.atomic
def describe(*, by: Person, code: str, words: Mapping[str, Any], version: int, now: datetime) -> SourceCard:
    """Keep what somebody says of a source. `version` is that which they saw: 0 for one without words."""
    refuse_unless(by, "evidence.edit_source")
    held = SourceCard.objects.select_for_update().filter(code=code).first()
    stale = _("Quelqu'un a changé cette fiche pendant que vous écriviez. Rechargez la page et reprenez.")
    refuse_stale(held, version, stale)
    before = state_of(held, *COLUMNS) if held else {}
    held = held or SourceCard(code=code, version=0)
    for name in COLUMNS:
        if name in words:
            setattr(held, name, words[name])
    held.changed_by, held.changed = by, now
    save_next(held, stale)
    record(
        by=by, verb="evidence.source_described", thing=held, now=now, before=before,
        after=state_of(held, *COLUMNS),
    )  # fmt: skip
    return held
