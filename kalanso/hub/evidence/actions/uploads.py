"""How does a sheet come in, get its columns said, its dry run, its publication, or its end?

Nothing is read or published here: each step asks the worker and notes what it answered. A step that was
asked while another is under way is refused, so that pressing a button twice asks once.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from kalanso.hub.evidence.actions.notices import tell_bringer
from kalanso.hub.evidence.models import SavedMap, Upload
from kalanso.hub.evidence.queries.connections import is_connected
from kalanso.hub.evidence.queries.uploads import mark_of
from kalanso.hub.jobs.actions import ask, cancel
from kalanso.hub.people.actions import record
from kalanso.hub.people.models import Organisation, Person
from kalanso.hub.people.permissions import WHOLE_COUNTRY, may, refuse_unless
from kalanso.hub.people.queries.access import access_of

State = Upload.State


def receive(
    *, by: Person, draft: Path, file_name: str, kind: str, sha256: str, place_code: str,
    organisation: Organisation, source: str, reader: str = Upload.Reader.TABLES, now: datetime,
) -> Upload:  # fmt: skip
    """Keep a sheet under its cleaned name, out of reach of any web server, and have it read.

    `draft` is moved away. Raises PermissionDenied where somebody may not speak for that place, with nothing
    kept.
    """
    upload = Upload(
        id=uuid4(), by=by, organisation=organisation, place_code=place_code, source=source,
        file_name=file_name, kind=kind, reader=reader, size=draft.stat().st_size, sha256=sha256, received=now,
    )  # fmt: skip
    refuse_unless(by, "evidence.upload", upload)
    if organisation.pk not in {m.organisation_id for m in access_of(by).memberships}:
        raise ValidationError(_("Vous ne travaillez pas pour cette organisation."), code="organisation")
    _refuse_connected(source)
    upload.folder.mkdir(parents=True, mode=0o700)
    try:
        shutil.move(draft, upload.path)
        upload.path.chmod(0o600)
        _to_disk(upload.path)
        with transaction.atomic():
            upload.save(force_insert=True)
            _ask(upload, "evidence.read", by=by, now=now)
            record(
                by=by,
                verb="evidence.uploaded",
                thing=upload,
                now=now,
                after={"source": source, "reader": str(reader)},
            )
    except BaseException:
        shutil.rmtree(upload.folder, ignore_errors=True)
        raise
    return upload


def _refuse_connected(source: str) -> None:
    """Refuse numbers of a source that comes by itself: what a pull brings would replace them."""
    if is_connected(source):
        raise ValidationError(
            _("Cette source vient d'elle-même d'un serveur relié : la collecte suivante remplacerait votre feuille."),
            code="connected",
        )  # fmt: skip


def _to_disk(path: Path) -> None:
    """Wait until a file would survive a power cut: it is acknowledged right after."""
    for one in (path, path.parent):
        handle = os.open(one, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _ask(upload: Upload, kind: str, *, by: Person, now: datetime, **arguments: Any) -> None:
    upload.asked_times += 1
    upload.job = ask(
        by=by, kind=kind, arguments={"upload": str(upload.pk), **arguments},
        key=f"{kind}:{upload.pk}:{upload.asked_times}", now=now, place_code=upload.place_code,
        organisation_id=upload.organisation_id,
    )  # fmt: skip
    upload.save()


def _held(upload: Upload) -> Upload:
    return Upload.objects.select_for_update(of=("self",)).select_related("job").get(pk=upload.pk)


def _refuse_unless_in(upload: Upload, *states: str) -> None:
    if upload.state not in states or upload.waits:
        raise ValidationError(
            _("Ce fichier est « %(state)s » : cette étape n'est pas possible maintenant. Rechargez la page.")
            % {"state": upload.get_state_display()},
            code="state",
        )


@transaction.atomic
def read_again(*, by: Person, upload: Upload, sheet: str = "", now: datetime) -> Upload:
    """Have a sheet read once more: another sheet of its workbook, or after a fault of the machine."""
    held = _held(upload)
    refuse_unless(by, "evidence.map", held)
    _refuse_unless_in(held, State.READING, State.REFUSED, State.MAPPING, State.TRIED)
    held.state, held.fault, held.version = State.READING, {}, held.version + 1
    _ask(held, "evidence.read", by=by, now=now, sheet=sheet)
    record(by=by, verb="evidence.read_again", thing=held, now=now)
    return held


@transaction.atomic
def map_columns(
    *, by: Person, upload: Upload, document: Mapping[str, Any], name: str, version: int, now: datetime
) -> Upload:
    """Keep what the columns mean, under a name for the next sheet of this shape, and have it tried out.

    `version` is that of the sheet when the person opened the form; a sheet that somebody else changed
    meanwhile is refused.
    """
    held = _held(upload)
    refuse_unless(by, "evidence.map", held)
    _refuse_unless_in(held, State.MAPPING, State.TRIED, State.TRYING)
    if not held.has_columns_to_say:
        raise ValidationError(
            _("Les colonnes de ce tableau se reconnaissent à leurs titres : elles ne se changent pas."),
            code="reader",
        )
    if held.version != version:
        raise ValidationError(
            _("Quelqu'un a changé ce fichier pendant que vous écriviez. Rechargez la page et reprenez."),
            code="version",
        )
    before = {"saved_map": held.saved_map_id}
    held.column_map = dict(document)
    if name:
        held.saved_map = _save_map(by=by, upload=held, name=name, now=now)
    held.version += 1
    held.tried, held.receipt = "", {}
    record(
        by=by,
        verb="evidence.mapped",
        thing=held,
        now=now,
        before=before,
        after={"saved_map": held.saved_map_id},
    )
    return try_out(held, by=by, now=now)


def _save_map(*, by: Person, upload: Upload, name: str, now: datetime) -> SavedMap:
    shared = may(by, "evidence.publish", WHOLE_COUNTRY)
    other = SavedMap.objects.filter(organisation=upload.organisation, name=name, shared=True).first()
    if other is not None and other.saved_by_id != by.pk and not shared:
        raise ValidationError(_("Ce nom est celui d'un plan partagé : choisissez-en un autre."), code="name")
    saved, _made = SavedMap.objects.update_or_create(
        organisation=upload.organisation, name=name,
        defaults={
            "headings": upload.reading.get("mark", ""), "document": upload.column_map, "shared": shared,
            "saved_by": by, "saved": now,
        },
    )  # fmt: skip
    return saved


@transaction.atomic
def try_again(*, by: Person, upload: Upload, now: datetime) -> Upload:
    """Have the dry run done once more: after decisions on names, or after a fault of the machine."""
    held = _held(upload)
    refuse_unless(by, "evidence.match", held)
    _refuse_unless_in(held, State.TRIED, State.TRYING)
    return try_out(held, by=by, now=now)


def try_out(held: Upload, *, by: Person, now: datetime) -> Upload:
    """Ask for the dry run of a sheet that the caller holds."""
    held.state, held.fault = State.TRYING, {}
    _ask(held, "evidence.try", by=by, now=now)
    return held


@transaction.atomic
def ask_to_publish(*, by: Person, upload: Upload, now: datetime) -> Upload:
    """Have exactly what was tried published; what changed since the dry run must be tried again first."""
    held = _held(upload)
    refuse_unless(by, "evidence.publish", held)
    _refuse_connected(held.source)
    _refuse_unless_in(held, State.TRIED, State.PUBLISHING)
    if not held.tried or held.tried != mark_of(held):
        raise ValidationError(
            _("Des décisions ont changé depuis l'essai. Refaites l'essai, relisez, puis publiez."),
            code="changed",
        )
    if not held.receipt.get("stored"):
        raise ValidationError(_("Aucune ligne ne serait gardée : il n'y a rien à publier."), code="empty")
    again = held.state == State.PUBLISHING
    held.state, held.fault = State.PUBLISHING, {}
    held.publish_asked = held.publish_asked if again else now
    held.published_by = by
    try:
        with transaction.atomic():
            _ask(held, "evidence.publish", by=by, now=now)
    except IntegrityError as error:
        raise ValidationError(
            _("Ce même fichier est déjà publié sous cette source. Retirez d'abord l'autre."), code="twice"
        ) from error
    record(by=by, verb="evidence.publish_asked", thing=held, now=now, after={"import": held.import_id})
    return held


@transaction.atomic
def discard(*, by: Person, upload: Upload, reason: str, now: datetime) -> Upload:
    """Put a sheet aside; nothing of it was published. The file stays with its history."""
    held = _held(upload)
    refuse_unless(by, "evidence.upload", held)
    if held.state not in {*Upload.OPEN, State.REFUSED}:
        _refuse_unless_in(held)
    # What others asked for ends by itself: nobody waits for its answer any more.
    if held.job is not None and not held.job.over and held.job.asked_by_id == by.pk:
        cancel(by=by, job=held.job, now=now)
    before = {"state": held.state}
    held.state, held.ended, held.reason = State.DISCARDED, now, reason
    held.save()
    record(
        by=by, verb="evidence.discarded", thing=held, now=now, before=before, after={"state": held.state},
        reason=reason,
    )  # fmt: skip
    tell_bringer(held, "evidence.sheet_discarded", by=by, now=now, reason=reason)
    return held


@transaction.atomic
def ask_to_withdraw(*, by: Person, upload: Upload, reason: str, now: datetime) -> Upload:
    """Have what a sheet brought taken back, with a reason that readers will see."""
    held = _held(upload)
    refuse_unless(by, "evidence.withdraw", held)
    _refuse_unless_in(held, State.PUBLISHED, State.WITHDRAWING)
    if not reason.strip():
        raise ValidationError(_("Dites pourquoi : les lecteurs verront cette raison."), code="reason")
    held.state, held.reason, held.fault = State.WITHDRAWING, reason.strip(), {}
    _ask(held, "evidence.withdraw", by=by, now=now)
    record(by=by, verb="evidence.withdraw_asked", thing=held, now=now, reason=held.reason)
    return held
