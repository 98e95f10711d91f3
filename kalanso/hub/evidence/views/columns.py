"""How does a person say what the columns of a sheet mean?"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import yaml
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from kalanso.hub.evidence.actions import uploads as actions
from kalanso.hub.evidence.forms.columns import ColumnsForm, MapTextForm, reason_words
from kalanso.hub.evidence.models import Upload
from kalanso.hub.evidence.queries import uploads as queries
from kalanso.hub.evidence.views.uploads import found


def _ready(request: HttpRequest, key: UUID) -> tuple[Upload, HttpResponse | None]:
    """Return a sheet whose columns somebody may say, or where to go instead."""
    upload = found(request, key)
    if not queries.rights(request.user, upload).map:
        raise PermissionDenied(_("Votre rôle ne permet pas de dire ce que sont les colonnes de ce fichier."))
    if not upload.has_columns_to_say:
        return upload, redirect("upload", key=upload.pk)
    if upload.state not in {Upload.State.MAPPING, Upload.State.TRIED} and not (
        upload.state == Upload.State.TRYING and upload.stuck
    ):
        return upload, redirect("upload", key=upload.pk)
    return upload, None


def _keep(
    request: HttpRequest, upload: Upload, form: Any, document: dict[str, Any], name: str
) -> HttpResponse | None:
    try:
        actions.map_columns(
            by=request.user, upload=upload, document=document, name=name, version=form.cleaned_data["version"],
            now=datetime.now(UTC),
        )  # fmt: skip
    except ValidationError as error:
        form.add_error(None, error)
        return None
    return redirect("upload", key=upload.pk)


@login_required
def columns(request: HttpRequest, key: UUID) -> HttpResponse:
    """Ask what each column means, with what the machine guessed and examples of what stands there."""
    upload, elsewhere = _ready(request, key)
    if elsewhere is not None:
        return elsewhere
    form = ColumnsForm(upload, request.POST or None, examples=queries.sees_rows(request.user, upload))
    if request.method == "POST" and form.is_valid():
        answer = _keep(
            request, upload, form, form.cleaned_data["document"], form.cleaned_data["name"].strip()
        )
        if answer is not None:
            return answer
    return render(
        request,
        "evidence/columns.html",
        {
            "upload": upload, "form": form, "fault": queries.fault_of(upload),
            "reasons": [reason_words(told, form.pack) for told in upload.reading.get("reasons", [])],
        },
        status=422 if form.errors else 200,
    )  # fmt: skip


@login_required
def as_text(request: HttpRequest, key: UUID) -> HttpResponse:
    """Ask for the map as text: for whoever knows the command line, and for shapes that no form foresees."""
    upload, elsewhere = _ready(request, key)
    if elsewhere is not None:
        return elsewhere
    form = MapTextForm(request.POST or None, initial={"text": _yaml(upload), "version": upload.version})
    if request.method == "POST" and form.is_valid():
        name = upload.saved_map.name if upload.saved_map else ""
        answer = _keep(request, upload, form, form.cleaned_data["text"], name)
        if answer is not None:
            return answer
    return render(
        request,
        "evidence/map_text.html",
        {"upload": upload, "form": form},
        status=422 if form.errors else 200,
    )


def _yaml(upload: Upload) -> str:
    return str(yaml.safe_dump(upload.column_map, allow_unicode=True, sort_keys=False, width=110))


@login_required
def download(request: HttpRequest, key: UUID) -> HttpResponse:
    """Give the map as the command line reads it."""
    upload = found(request, key)
    response = HttpResponse(_yaml(upload), content_type="application/yaml; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="plan-{str(upload.pk)[:8]}.yaml"'
    return response
