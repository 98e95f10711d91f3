"""How does an obstacle that was named on a telephone without network arrive?"""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.translation import gettext as _

from kalanso.hub.offline.forms import Sent
from kalanso.hub.people.models import Person
from kalanso.hub.portfolio.actions.factors import cell_of, name_factor


def factor(*, by: Person, sent: Sent, now: datetime) -> str:
    """Add a factor and return where it is shown; the key of the message is its own."""
    given = sent.fields
    severity = given.get("severity", "")
    if not severity.isdigit() or len(severity) > 2:
        raise ValidationError(_("Ce message est abîmé. Recopiez votre texte dans le formulaire."))
    cell = given.get("cell", "")
    if cell and cell_of(cell) is None:
        raise ValidationError(
            _("L'intervention choisie n'est plus dans le portefeuille. Choisissez-en une autre, ou aucune.")
        )
    made = name_factor(
        by=by, key=sent.uuid, written=sent.captured, now=now, rests_on=given.get("rests_on", ""),
        number=given.get("number", ""), source=given.get("source", ""),
        said={
            "kind": given.get("kind", ""), "domain": given.get("domain", ""), "level": given.get("level", ""),
            "place_code": given.get("place", ""), "severity": int(severity), "what": given.get("what", "")[:2000],
            "cell": cell_of(cell) if cell else None,
        },
    )  # fmt: skip
    return reverse("factor", args=[made.pk])
