"""How does a person say what a finding of the checks is, and ask the checks to run again?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kalanso.hub.evidence.actions.notices import tell_of_question
from kalanso.hub.evidence.actions.versions import refuse_stale, save_next
from kalanso.hub.evidence.models import FindingStatus
from kalanso.hub.jobs.actions import ask
from kalanso.hub.jobs.models import Job
from kalanso.hub.people.actions import record, state_of
from kalanso.hub.people.models import Person
from kalanso.hub.people.permissions import WHOLE_COUNTRY, Somewhere, refuse_unless
from kalanso.quality.tables import OF_SILENCE

Status = FindingStatus.Status
LONGEST_COMMENT = 1000
# What is asked of somebody who closes a finding without a word; whoever comes after would not know why.
WORDS_NEEDED: Mapping[str, Any] = {
    Status.EXPLAINED: gettext_lazy("Dites en une phrase ce qui explique ce nombre."),
    Status.NO_ERROR: gettext_lazy("Dites en une phrase pourquoi ce n'est pas une erreur."),
}

# How closing a finding reads in the trail; what only goes on is one sentence.
VERBS: Mapping[str, str] = {
    Status.EXPLAINED: "evidence.finding_explained",
    Status.CORRECTED: "evidence.finding_corrected",
    Status.NO_ERROR: "evidence.finding_dismissed",
    Status.HANDED_ON: "evidence.finding_handed_on",
    Status.NOT_ENTERED: "evidence.finding_place",
    Status.PLACE_CLOSED: "evidence.finding_place",
    Status.NOT_VACCINATING: "evidence.finding_place",
}


@transaction.atomic
def set_status(
    *, by: Person, finding: Mapping[str, Any], status: str, comment: str, version: int, now: datetime
) -> FindingStatus:
    """Keep what somebody says of a finding. `version` is that which they saw: 0 for a new one.

    Where it is passed on, those who may answer at the post that is asked are told.
    """
    refuse_unless(by, "evidence.set_finding", Somewhere(finding["place_code"]))
    if status not in Status.values:
        raise ValidationError(_("Choisissez un statut de la liste."), code="status")
    if status in OF_SILENCE and finding["check"] != "silence":
        raise ValidationError(_("Cette réponse ne vaut que pour une structure silencieuse."), code="status")
    if status in WORDS_NEEDED and not comment.strip():
        raise ValidationError(str(WORDS_NEEDED[status]), code="comment")
    held = FindingStatus.objects.select_for_update().filter(key=finding["key"]).first()
    stale = _("Quelqu'un a changé ce statut pendant que vous écriviez. Rechargez la page et reprenez.")
    refuse_stale(held, version, stale)
    before = state_of(held, "status", "comment") if held else {}
    held = held or FindingStatus(
        key=finding["key"], check_name=finding["check"], version=0,
        **{name: finding[name] for name in ("source", "place_code", "period", "indicator", "detail")},
    )  # fmt: skip
    held.status, held.comment, held.by, held.at = status, comment.strip(), by, now
    save_next(held, stale)
    record(
        by=by, verb=VERBS.get(status, "evidence.finding_set"), thing=held, now=now, before=before,
        after=state_of(held, "status", "comment"),
    )  # fmt: skip
    if status == Status.HANDED_ON:
        tell_of_question(held, finding, by=by, now=now)
    return held


@transaction.atomic
def ask_to_check(*, by: Person, now: datetime) -> Job:
    """Have the checks run over all observations; asking while they wait or run asks nothing more."""
    refuse_unless(by, "evidence.publish", WHOLE_COUNTRY)
    under_way = Job.objects.filter(kind="evidence.check", state__in=("waiting", "running")).first()
    if under_way is not None:
        return under_way
    job = ask(by=by, kind="evidence.check", arguments={}, key=f"evidence.check:{now.isoformat()}", now=now)
    record(by=by, verb="evidence.check_asked", thing=job, now=now)
    return job
