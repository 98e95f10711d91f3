"""How does a person bring a sheet, follow it, and have it published, put aside or taken back?"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import islice
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kalanso.hub.evidence.actions import uploads as actions
from kalanso.hub.evidence.forms.columns import ColumnsForm
from kalanso.hub.evidence.forms.uploads import BlankSheetForm, ReasonForm, UploadForm, clean_name
from kalanso.hub.evidence.models import Upload
from kalanso.hub.evidence.queries import blank_sheets, doubts, figures, matches
from kalanso.hub.evidence.queries import uploads as queries
from kalanso.hub.evidence.queries.first_rows import first_rows
from kalanso.hub.evidence.queries.sources import title_of, titles
from kalanso.hub.evidence.views import done
from kalanso.hub.people.permissions import may

PAGE = 20


def found(request: HttpRequest, key: UUID) -> Upload:
    """Return a sheet that the reader may see; any other does not exist for them."""
    upload = queries.visible_uploads(request.user).filter(pk=key).first()
    if upload is None:
        raise Http404(_("Aucun fichier déposé ne porte cette adresse, ou il n'est pas pour vous."))
    return upload


def _page_of(upload: Upload) -> str:
    return reverse("upload", args=[upload.pk])


def refuse_rows(request: HttpRequest, upload: Upload) -> None:
    """Refuse rows about places under a security flag to those who do not see such places as they are."""
    if not queries.sees_rows(request.user, upload):
        raise PermissionDenied(
            _(
                "Ce fichier parle de lieux protégés : ses lignes ne sont montrées qu'aux équipes de ces lieux et au CNI."
            )
        )


@login_required
def listing(request: HttpRequest) -> HttpResponse:
    """List the sheets that the reader may see, the newest first."""
    if not may(request.user, "evidence.read_upload"):
        raise PermissionDenied(
            _("Les fichiers déposés sont pour les équipes qui en déposent ou les relisent.")
        )
    rows = queries.visible_uploads(request.user)
    state = request.GET.get("etat", "")
    chosen = rows.filter(state=state) if state in Upload.State.values else rows
    asked = request.GET.get("page", "1")
    pages = max(1, -(-chosen.count() // PAGE))
    number = min(max(1, int(asked) if asked.isdigit() and len(asked) < 8 else 1), pages)
    shown = list(chosen[(number - 1) * PAGE : number * PAGE])
    names = queries.place_names({one.place_code for one in shown})
    called = titles({one.source for one in shown})
    return render(
        request,
        "evidence/uploads.html",
        {
            "rows": [(one, names.get(one.place_code, one.place_code), called[one.source]) for one in shown],
            "waiting": rows.filter(state=Upload.State.TRIED).count(),
            "states": Upload.State.choices, "state": state, "pager": {"number": number, "pages": pages},
            "may_bring": may(request.user, "evidence.upload"),
        },
    )  # fmt: skip


@login_required
def new(request: HttpRequest) -> HttpResponse:
    """Take a sheet in; what is in it is found out by the worker."""
    if not may(request.user, "evidence.upload") or not queries.homes(request.user):
        raise PermissionDenied(_("Votre rôle ne permet pas de déposer des fichiers."))
    too_large = bool(
        request.method == "POST" and request.POST is not None and getattr(request, "too_large", False)
    )
    given = (request.POST, request.FILES) if request.method == "POST" else ()
    form = UploadForm(
        request.user, *given, too_large=too_large, initial={"place": request.GET.get("lieu", "")}
    )
    if request.method == "POST" and form.is_valid():
        draft, sha256 = form.keep()
        earlier = queries.same_file(request.user, sha256).first()
        try:
            upload = actions.receive(
                by=request.user, draft=draft, file_name=clean_name(request.FILES["file"].name, form.kind),
                kind=form.kind, sha256=sha256, place_code=form.cleaned_data["place"],
                organisation=form.cleaned_data["organisation"], source=form.cleaned_data["source"],
                reader=form.cleaned_data["reader"],
                now=datetime.now(UTC),
            )  # fmt: skip
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Fichier reçu et gardé."))
            if earlier is not None:
                messages.warning(
                    request,
                    _(
                        "Ce même fichier a déjà été déposé par %(who)s (« %(state)s »). Écartez celui-ci si c'est une erreur."
                    )
                    % {"who": earlier.by, "state": earlier.get_state_display()},
                )
            return redirect("upload", key=upload.pk)
        finally:
            draft.unlink(missing_ok=True)
    return render(
        request,
        "evidence/new.html",
        {"form": form, "blank": BlankSheetForm(request.user)},
        status=422 if form.errors else 200,
    )


@login_required
def one(request: HttpRequest, key: UUID) -> HttpResponse:
    """Say how far a sheet is and what to do next."""
    upload = found(request, key)
    return render(request, "evidence/upload.html", _about(request, upload))


def _about(request: HttpRequest, upload: Upload) -> dict[str, Any]:
    followed = figures.following(upload)
    return {
        "upload": upload,
        "place": queries.place_names({upload.place_code}).get(upload.place_code, upload.place_code),
        "source": title_of(upload.source),
        "rights": queries.rights(request.user, upload),
        "fault": queries.fault_of(upload),
        "figures": followed,
        "awaited": figures.awaited(request.user, upload, followed),
        "names": matches.standing(upload),
        "known_columns": blank_sheets.was_not_asked(upload),
        "changed": bool(upload.tried) and upload.tried != queries.mark_of(upload),
        "same": queries.same_file(request.user, upload.sha256).exclude(pk=upload.pk).first(),
    }


@login_required
@require_POST
def read_again(request: HttpRequest, key: UUID) -> HttpResponse:
    """Have another sheet of the workbook read, or the same once more."""
    upload = found(request, key)
    sheet = request.POST.get("sheet", "")
    if sheet and sheet not in upload.reading.get("sheets", ()):
        sheet = ""
    return done(
        request,
        _page_of(upload),
        lambda: actions.read_again(by=request.user, upload=upload, sheet=sheet, now=datetime.now(UTC)),
    )


@login_required
@require_POST
def try_again(request: HttpRequest, key: UUID) -> HttpResponse:
    """Have the dry run done once more."""
    upload = found(request, key)
    return done(
        request,
        _page_of(upload),
        lambda: actions.try_again(by=request.user, upload=upload, now=datetime.now(UTC)),
    )


def _first(rows: Iterable[dict[str, Any]]) -> tuple[list[dict[str, Any]], bool]:
    """Return the first rows of a list, and whether there are more."""
    found = list(islice(rows, queries.SHOWN + 1))
    return found[: queries.SHOWN], len(found) > queries.SHOWN


@login_required
def receipt(request: HttpRequest, key: UUID) -> HttpResponse:
    """Show what became of every row."""
    upload = found(request, key)
    if not upload.receipt:
        raise Http404(
            _("Ce fichier n'a pas encore d'accusé de réception : dites d'abord ce que sont ses colonnes.")
        )
    about = _about(request, upload)
    shown, more = _first(queries.refused(upload) if about["rights"].rows else ())
    undecided, _more = _first(queries.undecided(upload) if about["rights"].rows else ())
    waiting, refused = queries.left_out(upload.receipt)
    rows = about["rights"].rows
    return render(
        request,
        "evidence/receipt.html",
        {
            **about,
            "waiting_total": waiting, "rejected_total": refused,
            "doubts": doubts.doubts(upload) if rows else [],
            "lacking": doubts.lacking(upload) if rows else [],
            "alike": doubts.taken_by_likeness(request.user, upload),
            "respelled": doubts.respelled(upload) if rows else [],
            "receipt": upload.receipt,
            "first": first_rows(upload) if rows else None,
            "skipped": queries.counted(upload.receipt, "skipped"),
            "rejected": queries.counted(upload.receipt, "rejected"),
            "suspicious": queries.counted(upload.receipt, "suspicious"),
            "skipped_total": sum(upload.receipt.get("skipped", {}).values()),
            "suspicious_total": sum(upload.receipt.get("suspicious", {}).values())
            + upload.receipt.get("doubts_total", 0),
            "notes": [queries.message_text(note) for note in upload.receipt.get("notes", [])],
            "shown": shown, "more": more, "undecided": undecided,
            "recognised": ColumnsForm(upload, examples=False).recognised(),
        },
    )  # fmt: skip


def safe_cell(text: Any) -> str:
    """Return a text that no spreadsheet takes for a formula; a dash alone is none."""
    told = "" if text is None else str(text)
    begins = told.lstrip("\ufeff \n")[:1]
    return f"'{told}" if begins and begins in "=+-@\t\r|%" and told != "-" else told


def csv_answer(name: str, headings: list[str], rows: Any) -> HttpResponse:
    """Answer with a CSV file that spreadsheets of any country open with its letters intact."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow(headings)
    for row in rows:
        writer.writerow([safe_cell(cell) for cell in row])
    response = HttpResponse("\ufeff" + stream.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@login_required
def rejected(request: HttpRequest, key: UUID) -> HttpResponse:
    """Give the refused rows as a file, to be corrected where they come from."""
    upload = found(request, key)
    refuse_rows(request, upload)
    headings = [_("feuille"), _("ligne"), _("colonne"), _("raison"), _("trouvé"), _("attendu")]
    rows = (
        (r["sheet"], r["row"], r["column"], r["why"], r["found"], r["expected"])
        for r in queries.rejected(upload)
    )
    return csv_answer(f"refusees-{str(upload.pk)[:8]}.csv", headings, rows)


@login_required
def publish(request: HttpRequest, key: UUID) -> HttpResponse:
    """Ask before publishing; then have it done."""
    upload = found(request, key)
    if not queries.rights(request.user, upload).publish:
        raise PermissionDenied(_("Publier est le rôle du CNI et de l'administrateur."))
    if request.method == "POST":
        return done(
            request,
            _page_of(upload),
            lambda: actions.ask_to_publish(by=request.user, upload=upload, now=datetime.now(UTC)),
        )
    about = _about(request, upload)
    return render(
        request,
        "evidence/publish.html",
        {**about, "receipt": upload.receipt, "first": first_rows(upload) if about["rights"].rows else None,
         "lacking": doubts.lacking(upload) if about["rights"].rows else [],
         "rivals": doubts.rivals(request.user, upload),
         "rejected_total": queries.left_out(upload.receipt)[1],
         "doubts_total": upload.receipt.get("doubts_total", 0)},
    )  # fmt: skip


@login_required
def discard(request: HttpRequest, key: UUID) -> HttpResponse:
    """Put a sheet aside, with a reason."""
    upload = found(request, key)
    if not queries.rights(request.user, upload).bring:
        raise PermissionDenied(_("Ce fichier n'est pas le vôtre ni celui de vos lieux."))
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return done(
            request, _page_of(upload),
            lambda: actions.discard(
                by=request.user, upload=upload, reason=form.cleaned_data["reason"], now=datetime.now(UTC)
            ),
            _("Fichier écarté : rien n'en a été publié."),
        )  # fmt: skip
    return render(
        request, "evidence/discard.html", {"upload": upload, "form": form}, status=422 if form.errors else 200
    )


@login_required
def withdraw(request: HttpRequest, key: UUID) -> HttpResponse:
    """Say what a withdrawal takes along, ask why, and have it done."""
    upload = found(request, key)
    if not queries.rights(request.user, upload).withdraw:
        raise PermissionDenied(_("Retirer des données publiées est le rôle du CNI et de l'administrateur."))
    if upload.state not in {Upload.State.PUBLISHED, Upload.State.WITHDRAWING}:
        raise Http404(_("Rien de ce fichier n'est publié : il n'y a rien à retirer."))
    form = ReasonForm(request.POST or None)
    along = queries.taken_along(upload)
    if request.method == "POST" and form.is_valid() and along.possible:
        return done(
            request, _page_of(upload),
            lambda: actions.ask_to_withdraw(
                by=request.user, upload=upload, reason=form.cleaned_data["reason"], now=datetime.now(UTC)
            ),
        )  # fmt: skip
    refused = bool(form.errors) or (request.method == "POST" and not along.possible)
    return render(
        request, "evidence/withdraw.html", {"upload": upload, "form": form, "along": along},
        status=422 if refused else 200,
    )  # fmt: skip
