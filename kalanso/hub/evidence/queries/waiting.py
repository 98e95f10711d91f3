"""What waits at the evidence desk for somebody: names to decide, sheets to publish, runs to review or validate?"""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from kalanso.hub.evidence.models import Connection, PlaceName, Upload
from kalanso.hub.evidence.queries.matches import SETTLED
from kalanso.hub.evidence.queries.runs import held_checks, visible_runs
from kalanso.hub.evidence.queries.sources import title_of
from kalanso.hub.evidence.queries.uploads import language, visible_uploads
from kalanso.hub.evidence.queries.worklist import open_questions
from kalanso.hub.people.permissions import may
from kalanso.hub.people.queries.tasks import Task
from kalanso.vocabulary import format_value

FEW = 3
# In which state a run waits for whom, and for what.
RUN_TASKS: tuple[tuple[str, str, Any], ...] = (
    (
        "technical_review",
        "evidence.validate_run",
        gettext_lazy("Valider ou rendre le calcul en revue technique"),
    ),
    ("validated", "evidence.publish_run", gettext_lazy("Publier le calcul validé")),
)


def _sheets(person: Any) -> QuerySet[Upload]:
    """Return the sheets that one may see, without whom and what they belong to: titles need no more."""
    return visible_uploads(person).select_related(None)


def names(person: Any) -> list[Task]:
    """Return the sheets that one may match and in which names wait for a decision."""
    undecided = PlaceName.objects.filter(decision__in=("open", "later")).exclude(
        decision="open", status__in=SETTLED
    )
    open_ones = _sheets(person).filter(state=Upload.State.TRIED, names__in=undecided)
    found = []
    for upload in open_ones.distinct().order_by("received")[: FEW * 2]:
        if may(person, "evidence.match", upload):
            says = _("Dire quels lieux sont les noms douteux de %(sheet)s") % {"sheet": upload}
            found.append(
                Task(says=says, address=reverse("upload_names", args=[upload.pk]), since=upload.received)
            )
    return found[:FEW]


def sheets(person: Any) -> list[Task]:
    """Return the sheets whose columns wait for whoever brought them, and those that one may publish."""
    found = []
    for upload in _sheets(person).filter(state=Upload.State.MAPPING, by=person).order_by("received")[:FEW]:
        says = _("Vérifier les colonnes de %(sheet)s") % {"sheet": upload}
        found.append(
            Task(says=says, address=reverse("upload_columns", args=[upload.pk]), since=upload.received)
        )
    for upload in _sheets(person).filter(state=Upload.State.TRIED).order_by("received")[: FEW * 2]:
        if may(person, "evidence.publish", upload):
            says = _("Relire et publier %(sheet)s") % {"sheet": upload}
            found.append(Task(says=says, address=reverse("upload", args=[upload.pk]), since=upload.received))
    return found[: 2 * FEW]


def runs(person: Any) -> list[Task]:
    """Return the runs that wait for somebody's review, validation or publication."""
    found = _unsigned(person)
    for state, verb, says in RUN_TASKS:
        if may(person, verb):
            for run in visible_runs(person).filter(state=state).exclude(asked_by=person)[:FEW]:
                since = run.ended or run.asked
                found.append(Task(says=str(says), address=reverse("runs_one", args=[run.pk]), since=since))
    return found


def _unsigned(person: Any) -> list[Task]:
    """Return the runs under review of which nobody has signed any point yet, for those who may."""
    if not may(person, "evidence.review_run"):
        return []
    waiting = visible_runs(person).filter(state="technical_review").exclude(asked_by=person)
    return [
        Task(
            says=_("Relire et signer le calcul %(n)s, en revue technique") % {"n": run.pk},
            address=reverse("runs_check", args=[run.pk]), since=run.ended or run.asked,
        )
        for run in waiting[:FEW]
        if not held_checks(run)
    ]  # fmt: skip


def questions(person: Any) -> list[Task]:
    """Return the questions that the newest month asks of somebody's places, as one task."""
    if not may(person, "evidence.set_finding"):
        return []
    number, place, month = open_questions(person, datetime.now(UTC).date())
    if not number or place is None or month is None:
        return []
    says = ngettext(
        "%(place)s, %(month)s : poser %(n)s question sur les données",
        "%(place)s, %(month)s : poser %(n)s questions sur les données",
        number,
    ) % {
        "n": format_value(number, "count", language()),
        "place": place.name,
        "month": format_value(month.code, "period", language()),
    }
    query = urlencode({"lieu": place.code, "periode": month.code})
    since = datetime.combine(month.end, time(), tzinfo=UTC)
    return [Task(says=says, address=f"{reverse('worklist')}?{query}", since=since)]


def sheet_called(pk: Any) -> str:
    """Return what a sheet is called; nothing where it is gone."""
    found = Upload.objects.filter(pk=pk).first()
    return str(found) if found is not None else ""


def run_called(pk: Any) -> str:
    """Return what a run is called."""
    return _("Calcul %(n)s") % {"n": pk}


def connection_called(pk: Any) -> str:
    """Return what a connected server is called; nothing where it is gone."""
    found = Connection.objects.filter(pk=pk).first()
    return title_of(found.source) if found is not None else ""


# What the jobs of the desk are about, by the argument that names it.
THINGS = {"upload": sheet_called, "run": run_called, "connection": connection_called}
