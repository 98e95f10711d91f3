"""How is a message of a telephone kept exactly once, whatever happens to the network?

The record that it becomes and the mark that it came are written in one transaction.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from kalanso.hub.offline.forms import Differs, Sent, form_named
from kalanso.hub.offline.models import Received

_LOG = logging.getLogger(__name__)
State = Literal["kept", "already", "conflict", "invalid", "later"]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What became of one message. A telephone forgets it after `kept` and `already`, and only then."""

    uuid: UUID
    state: State
    sentence: str = ""
    address: str = ""
    theirs: Mapping[str, str] = field(default_factory=dict)
    merge: Mapping[str, str] = field(default_factory=dict)

    def told(self) -> dict[str, Any]:
        """Return the answer as it travels."""
        return {**vars(self), "uuid": str(self.uuid), "theirs": dict(self.theirs), "merge": dict(self.merge)}


def keep(*, by: Any, sent: Sent, now: datetime) -> Answer:
    """Hand a message to the app whose form it is, once, and say what became of it."""
    earlier = _earlier(by, sent)
    if earlier is not None:
        return earlier
    try:
        return Answer(uuid=sent.uuid, state="kept", address=_receive(by, sent, now))
    except Differs as differs:
        return Answer(
            uuid=sent.uuid,
            state="conflict",
            sentence=str(differs),
            theirs=differs.theirs,
            merge=differs.merge,
        )
    except ValidationError as error:
        return Answer(uuid=sent.uuid, state="invalid", sentence=" ".join(error.messages))
    except PermissionDenied as error:
        told = str(error) or _("Votre rôle ou vos lieux ne permettent plus cet envoi.")
        return Answer(uuid=sent.uuid, state="invalid", sentence=told)
    except IntegrityError:  # the same message came twice at once, and the other was first
        earlier = _earlier(by, sent)
        if earlier is not None:
            return earlier
        return _later(sent)
    except Exception:
        return _later(sent)


@transaction.atomic
def _receive(by: Any, sent: Sent, now: datetime) -> str:
    form = form_named(sent.form)
    if form is None or sent.version not in {form.version, *form.accepts}:
        raise ValidationError(_("Ce formulaire a changé. Recopiez votre texte dans le nouveau."))
    mark = Received.objects.create(
        uuid=sent.uuid, person_id=by.pk, form=sent.form, form_version=sent.version, captured=sent.captured,
        received=now,
    )  # fmt: skip
    mark.address = import_string(form.receive)(by=by, sent=sent, now=now)
    mark.save(update_fields=["address"])
    return mark.address


def _earlier(by: Any, sent: Sent) -> Answer | None:
    """Return the answer to a message that came before; one of somebody else is not told."""
    mark = Received.objects.filter(uuid=sent.uuid).first()
    if mark is None:
        return None
    if mark.person_id != by.pk:
        told = _("Ce message a été envoyé par une autre personne.")
        return Answer(uuid=sent.uuid, state="invalid", sentence=told)
    return Answer(uuid=sent.uuid, state="already", address=mark.address)


def _later(sent: Sent) -> Answer:
    """Say that the fault is ours: the telephone keeps the message and sends it again."""
    _LOG.exception("message %s of form %s could not be kept", sent.uuid, sent.form)
    told = _("Le site n'a pas pu l'enregistrer. Il reste sur ce téléphone et repartira.")
    return Answer(uuid=sent.uuid, state="later", sentence=told)
