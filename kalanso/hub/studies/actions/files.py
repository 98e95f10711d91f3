"""How do answers and sample of a round come in?"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from kalanso.hub.people.actions import record
from kalanso.hub.people.models import Person
from kalanso.hub.people.permissions import refuse_unless
from kalanso.hub.studies.actions.rounds import held, refuse_published, refuse_under_way
from kalanso.hub.studies.models import ETHICS, Round, RoundFile

# Of a round without a household survey, a table and the export of a form say the same: what comes last counts, and that alone.
INSTEAD = {"table": ("answers", "listed"), "answers": ("table",), "listed": ("table",)}


def take(
    *, by: Person, one: Round, kind: str, draft: Path, file_name: str, sha256: str, now: datetime, joined: Sequence[int] = (),
    replaced: bool = False,
) -> RoundFile:  # fmt: skip
    """Keep a file of a round, out of reach of any web server; that before it stays, replaced. `draft` is moved away.

    `joined` names the files of which this one was put together; `replaced`: it is kept as it came and stands for nothing by itself.
    Without ethics nothing is kept.
    """
    refuse_unless(by, "studies.declare", one)
    path: Path | None = None
    try:
        with transaction.atomic():
            kept = held(one)
            refuse_unless(by, "studies.declare", kept)
            refuse_published(kept)
            refuse_under_way(kept)
            refuse_without_ethics(kept, today=now.date())
            if not replaced:
                gone = [kind, *INSTEAD.get(kind, ())] if not kept.of_households else [kind]
                RoundFile.objects.filter(round=kept, kind__in=gone, replaced__isnull=True).update(
                    replaced=now
                )
            file = RoundFile.objects.create(
                round=kept, kind=kind, file_name=file_name, size=draft.stat().st_size, sha256=sha256, by=by, received=now,
                joined=list(joined), replaced=now if replaced else None,
                **{name: getattr(kept, name) for name in ETHICS},
            )  # fmt: skip
            kept.taken = kept.taken or now
            kept.version += 1
            kept.save()
            record(
                by=by, verb="studies.file_taken", thing=kept, now=now,
                after={"file": str(file), "kind": str(kind), "sha256": sha256},
            )  # fmt: skip
            path = file.path
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            shutil.move(draft, path)
            path.chmod(0o600)
            _to_disk(path)
    except BaseException:
        if path is not None:
            path.unlink(missing_ok=True)
        raise
    return file


def refuse_without_ethics(one: Round, *, today: date) -> None:
    """Refuse answers of a study whose approvals are not all said, or whose data should be destroyed by now."""
    if not one.ethics_said:
        raise ValidationError(
            _(
                "Aucun fichier n'est pris avant que l'éthique soit dite : accord, déclaration des données, consentement, conservation, destruction."
            ),
            code="ethics",
        )
    if one.destroyed is not None:
        raise ValidationError(
            _(
                "Les fichiers bruts de cette étude ont été détruits : rien n'y est plus ajouté ni analysé de nouveau."
            ),
            code="destroyed",
        )
    if one.destroyed_on is not None and one.destroyed_on < today:
        raise ValidationError(
            _("Le jour est passé où les données de cette étude devaient être détruites : aucun fichier n'est plus pris ni lu."),
            code="destroyed",
        )  # fmt: skip


def _to_disk(path: Path) -> None:
    """Wait until a file would survive a power cut: it is acknowledged right after."""
    for one in (path, path.parent):
        handle = os.open(one, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
