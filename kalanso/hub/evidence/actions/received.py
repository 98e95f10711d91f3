"""How does an answer that was written on a telephone without network reach its finding?"""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.translation import gettext as _

from kalanso.hub.evidence.actions.findings import set_status
from kalanso.hub.evidence.models import FindingStatus
from kalanso.hub.evidence.queries import findings, worklist
from kalanso.hub.offline.forms import Differs, Sent
from kalanso.hub.people.models import Person


def finding_answer(*, by: Person, sent: Sent, now: datetime) -> str:
    """Keep what was said and return where it is shown; where somebody spoke meanwhile, both words are told."""
    given = sent.fields
    finding = findings.one(given.get("key", "")[:64])
    if finding is None:
        raise ValidationError(_("Cette alerte n'existe plus, ou elle n'est pas pour vous."))
    told = given.get("version", "")
    version = int(told) if told.isdigit() and len(told) < 9 else -1
    try:
        set_status(
            by=by, finding=finding, status=given.get("status", ""), comment=given.get("comment", ""),
            version=version, now=now,
        )  # fmt: skip
    except ValidationError as error:
        held = FindingStatus.objects.filter(key=finding["key"]).first()
        if getattr(error, "code", "") != "version" or held is None:
            raise
        raise Differs(
            " ".join(error.messages),
            theirs={"comment": f"{held.get_status_display()} : {held.comment}".strip(" :")},
            merge={"version": str(held.version)},
        ) from error
    if sent.version == 1:  # written before forms said where they stood
        return reverse("finding", args=[finding["key"]])
    return worklist.list_again(given.get("back", ""), finding["key"])
