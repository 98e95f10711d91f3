"""How does a report that was written on a telephone without network become one of the hub's?"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from kalanso.hub.offline.forms import Differs, Sent
from kalanso.hub.people.models import Person
from kalanso.hub.portfolio.actions import reports
from kalanso.hub.portfolio.models import Cell
from kalanso.hub.portfolio.queries.reports import address_of


def report(*, by: Person, sent: Sent, now: datetime) -> str:
    """Keep a report and return where it is shown; where it changed meanwhile, both are told."""
    given = sent.fields
    cell = (
        Cell.objects.select_related("intervention").filter(pk=_number(given.get("cell"), needed=True)).first()
    )
    if cell is None:
        raise ValidationError(_("Cette ligne du portefeuille n'existe plus."))
    said: dict[str, Any] = {name: _number(given.get(name)) for name in ("quantity", "reached", "expected")}
    said["narrative"] = given.get("narrative", "")
    try:
        kept = reports.write(
            by=by, cell=cell, period=given.get("period", ""), said=said, now=now, version=_number(given.get("version")) or 0, key=sent.uuid,
            photo=sent.photos.get("photo"), photo_alt=given.get("photo_alt", ""), send=given.get("send") == "1",
        )  # fmt: skip
    except reports.ChangedMeanwhile as meanwhile:
        stands = meanwhile.report
        if not stands.open:
            raise ValidationError(
                _(
                    "Ce rapport est déjà envoyé : il ne se change plus d'ici. Votre texte reste sur ce téléphone."
                )
            ) from meanwhile
        theirs = {
            name: "" if getattr(stands, name) is None else str(getattr(stands, name)) for name in reports.SAID
        }
        raise Differs(
            " ".join(meanwhile.messages), theirs=theirs, merge={"version": str(stands.version)}
        ) from meanwhile
    return address_of(kept)


def _number(text: str | None, *, needed: bool = False) -> int | None:
    bare = (text or "").strip()
    if not bare and not needed:
        return None
    if not bare.isdigit() or len(bare) > 9:
        raise ValidationError(
            _("Un nombre est attendu, sans virgule ni lettre : %(found)s") % {"found": bare or "—"}
        )
    return int(bare)
