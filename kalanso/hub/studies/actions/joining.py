"""How is a part of the answers added to what had come, so that nothing is counted twice?

The part is kept as it came; beside it stands a file put together of all, in which the newest version of an interview stands alone.
"""

from __future__ import annotations

import csv
import hashlib
import tempfile
from datetime import datetime
from pathlib import Path

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from kalanso.hub.people.models import Person
from kalanso.hub.people.permissions import refuse_unless
from kalanso.hub.studies.actions.files import take
from kalanso.hub.studies.models import Round, RoundFile
from kalanso.surveys.instruments.answers import IDS

csv.field_size_limit(10_000_000)


def add(
    *, by: Person, one: Round, kind: str, draft: Path, file_name: str, sha256: str, now: datetime
) -> RoundFile:
    """Keep a part as it came, and put it together with what stood; `draft` is moved away. The first part is the whole.

    Raises ValidationError where interviews cannot be told apart: no key, or another one than before.
    """
    refuse_unless(by, "studies.declare", one)
    before = RoundFile.objects.filter(round=one, kind=kind, replaced__isnull=True).first()
    if before is None:
        return take(by=by, one=one, kind=kind, draft=draft, file_name=file_name, sha256=sha256, now=now)
    if kind == RoundFile.Kind.SAMPLE:
        raise ValidationError(_("Un échantillon ne vient pas par parties : apportez-le entier."), code="part")
    with tempfile.NamedTemporaryFile(delete=False, prefix="kalanso-round-") as target:
        whole = Path(target.name)
    try:
        put_together(before.path, draft, whole)
        part = take(
            by=by, one=one, kind=kind, draft=draft, file_name=file_name, sha256=sha256, now=now, replaced=True
        )
        made = hashlib.sha256(whole.read_bytes()).hexdigest()
        parts = [*(before.joined or [before.pk]), part.pk]
        return take(
            by=by, one=one, kind=kind, draft=whole, file_name=file_name, sha256=made, now=now, joined=parts
        )
    finally:
        whole.unlink(missing_ok=True)


def put_together(before: Path, part: Path, target: Path) -> None:
    """Write the interviews of both files; of one that stands in both, the version of the part, in the place of the earlier."""
    old_names, old = _read(before)
    new_names, new = _read(part)
    key = next((name for name in IDS if name in new_names), None)
    if key is None or key not in old_names:
        raise ValidationError(
            _("Ce fichier n'a pas la même colonne qui distingue les interviews (comme KEY ou _uuid) : il ne peut pas être ajouté. Apportez l'export entier."),
            code="key",
        )  # fmt: skip
    if any(not row[key] for row in (*old, *new)):
        raise ValidationError(
            _("Des interviews de ce fichier n'ont rien dans la colonne %(key)s : il ne peut pas être ajouté. Apportez l'export entier.") % {"key": key},
            code="key",
        )  # fmt: skip
    rows = {row[key]: row for row in old}
    rows.update({row[key]: row for row in new})
    names = list(dict.fromkeys([*old_names, *new_names]))
    with target.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, names, restval="")
        writer.writeheader()
        writer.writerows(rows.values())


def _read(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream)
        try:
            rows = [{name: value or "" for name, value in row.items() if name is not None} for row in reader]
        except (csv.Error, UnicodeDecodeError) as error:
            raise ValidationError(
                _("Ce fichier ne se lit pas jusqu'au bout : exportez-le de nouveau."), code="csv"
            ) from error
        return list(reader.fieldnames or []), rows
