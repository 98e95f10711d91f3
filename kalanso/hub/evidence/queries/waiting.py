"""What waits at the evidence desk for somebody: names to decide, sheets to publish, runs to review or validate?"""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kalanso.hub.evidence.models import Upload
from kalanso.hub.evidence.queries.runs import visible_runs
from kalanso.hub.evidence.queries.uploads import visible_uploads
from kalanso.hub.people.permissions import may
from kalanso.hub.people.queries.tasks import Task

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


def names(person: Any) -> list[Task]:
    """Return the sheets that one may match and in which names wait for a decision."""
    open_ones = visible_uploads(person).filter(
        state=Upload.State.TRIED, names__decision__in=("open", "later")
    )
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
    for upload in (
        visible_uploads(person).filter(state=Upload.State.MAPPING, by=person).order_by("received")[:FEW]
    ):
        says = _("Vérifier les colonnes de %(sheet)s") % {"sheet": upload}
        found.append(
            Task(says=says, address=reverse("upload_columns", args=[upload.pk]), since=upload.received)
        )
    for upload in visible_uploads(person).filter(state=Upload.State.TRIED).order_by("received")[: FEW * 2]:
        if may(person, "evidence.publish", upload):
            says = _("Relire et publier %(sheet)s") % {"sheet": upload}
            found.append(Task(says=says, address=reverse("upload", args=[upload.pk]), since=upload.received))
    return found[: 2 * FEW]


def runs(person: Any) -> list[Task]:
    """Return the runs that wait for somebody's review, validation or publication."""
    found = []
    for state, verb, says in RUN_TASKS:
        if may(person, verb):
            for run in visible_runs(person).filter(state=state).exclude(asked_by=person)[:FEW]:
                since = run.ended or run.asked
                found.append(Task(says=str(says), address=reverse("runs_one", args=[run.pk]), since=since))
    return found
