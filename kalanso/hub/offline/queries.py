"""What did a telephone send, and what does it need to know to work without network?"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from kalanso.hub.offline.forms import Sent, form_named

MOST_AT_ONCE = 20
LONGEST_FIELD = 20_000
PROGRAMS = ("page", "outbox", "sending", "writing")  # in the order in which a page needs them
WORKER = Path(__file__).parent / "static" / "offline" / "worker.js"


class Unreadable(ValueError):
    """What came is no list of messages; the telephone keeps them."""


def messages_of(request: HttpRequest) -> list[Any]:
    """Return the messages of a request, not yet looked at, or raise Unreadable."""
    try:
        rows = json.loads(request.POST.get("records", ""))
    except ValueError as error:
        raise Unreadable("records: expected JSON") from error
    if not isinstance(rows, list) or not 1 <= len(rows) <= MOST_AT_ONCE:
        raise Unreadable(f"records: expected a list of 1 to {MOST_AT_ONCE}")
    if not all(isinstance(row, dict) and _uuid(row.get("uuid")) for row in rows):
        raise Unreadable("records: expected each to have a uuid")
    return rows


def sent_of(row: Mapping[str, Any], files: Mapping[str, Any], *, person_id: int) -> Sent:
    """Return a message as its form declares it, or raise ValidationError with a sentence."""
    uuid = _uuid(row["uuid"])
    assert uuid is not None
    if row.get("person") != person_id:
        raise ValidationError(
            _(
                "Une autre personne a écrit ce message sur ce téléphone : elle doit se connecter pour l'envoyer."
            )
        )
    form, version = form_named(row.get("form")), row.get("version")
    if form is None or not isinstance(version, int) or isinstance(version, bool):
        raise ValidationError(_("Ce formulaire n'existe plus. Recopiez votre texte dans un autre."))
    fields = row.get("fields")
    if not isinstance(fields, dict) or not all(
        name in form.fields and isinstance(value, str) and len(value) <= LONGEST_FIELD and "\x00" not in value
        for name, value in fields.items()
    ):
        raise ValidationError(_("Ce message est abîmé. Recopiez votre texte dans le formulaire."))
    found = {name: files[f"{row['uuid']}/{name}"] for name in form.photos if f"{row['uuid']}/{name}" in files}
    return Sent(
        uuid=uuid, form=form.name, version=version, captured=_moment(row.get("captured_at")), fields=fields,
        photos=found,
    )  # fmt: skip


def _uuid(text: Any) -> UUID | None:
    try:
        return UUID(text) if isinstance(text, str) and len(text) == 36 else None
    except ValueError:
        return None


def _moment(text: Any) -> datetime:
    """Return when a message was written; a clock that says nothing sensible counts as now."""
    now = datetime.now(UTC)
    try:
        told = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return now
    return told if told.tzinfo is not None and datetime(2020, 1, 1, tzinfo=UTC) < told else now


def programs() -> list[str]:
    """Return the addresses of the scripts of a page for somebody who is logged in."""
    return [static(f"offline/{name}.js") for name in PROGRAMS]


def worker() -> str:
    """Return the program that keeps pages: what it must know of this edition, then the program itself."""
    nothing: dict[str, str] = {}
    for language in dict(settings.LANGUAGES):
        with override(language):
            nothing[language] = reverse("offline_nothing")
    known = {
        "edition": settings.KALANSO_EDITION,
        "shell": [static("site/kalanso.css"), static("site/bogolan.svg"), static("site/kalanso.svg"),
                  *programs(), static("offline/desk.js"), *nothing.values()],
        "nothing": nothing,
        "fixed": settings.STATIC_URL,
    }  # fmt: skip
    return f"const KALANSO = {json.dumps(known)};\n{WORKER.read_text(encoding='utf-8')}"


def manifest() -> dict[str, Any]:
    """Return how a telephone shows the hub beside its programs."""
    return {
        "id": "/",
        "name": "Kalanso",
        "short_name": "Kalanso",
        "description": _("Trouver les enfants que les vaccins n'ont pas atteints."),
        "start_url": reverse("home"),
        "scope": "/",
        "display": "standalone",
        "background_color": "#fffdf8",
        "theme_color": "#28427b",
        "icons": [
            {"src": static("offline/icon-192.png"), "sizes": "192x192", "type": "image/png", "purpose": "any"},
            {"src": static("offline/icon-512.png"), "sizes": "512x512", "type": "image/png", "purpose": "any"},
            {"src": static("offline/icon-full.png"), "sizes": "512x512", "type": "image/png", "purpose": "maskable"},
        ],
    }  # fmt: skip
