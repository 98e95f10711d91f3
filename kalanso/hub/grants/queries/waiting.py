"""Which money waits for somebody: entries of others to reconcile, questions about their own?"""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kalanso.hub.grants.models import Entry
from kalanso.hub.grants.queries.scope import language, visible_entries
from kalanso.hub.people.permissions import may
from kalanso.hub.people.queries.tasks import Task
from kalanso.vocabulary import format_value

FEW = 3


def unreconciled(person: Any) -> QuerySet[Entry]:
    """Return the entries that somebody may reconcile: those of others, without an open question, the oldest first."""
    if not may(person, "grants.reconcile"):
        return Entry.objects.none()
    waiting = visible_entries(person).filter(reconciled__isnull=True, question="").exclude(by=person)
    return waiting.order_by("written", "pk")


def to_reconcile(person: Any) -> list[Task]:
    """Return the queue of entries as one task."""
    found = unreconciled(person)
    first = found.first()
    if first is None:
        return []
    n = found.count()
    says = ngettext(
        "Rapprocher %(n)s écriture de sa pièce", "Rapprocher %(n)s écritures de leurs pièces", n
    ) % {"n": format_value(n, "count", language())}
    return [Task(says=says, address=reverse("grant_reconciliation"), since=first.written)]


def questioned(person: Any) -> list[Task]:
    """Return one's own entries about which somebody asked."""
    asked = (
        Entry.objects.filter(by=person)
        .exclude(question="")
        .select_related("line__grant", "line__intervention")
    )
    return [
        Task(
            says=_("Répondre à une question sur la pièce « %(piece)s »") % {"piece": one.reference},
            address=reverse("grant_line", args=[one.line_id]), since=one.written,
        )
        for one in asked.order_by("written")[:FEW]
    ]  # fmt: skip
