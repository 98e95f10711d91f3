"""How does somebody read a discussion, take part in it, and see its photos?"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST, require_safe

from kalanso.hub.people.actions import discussion as actions
from kalanso.hub.people.forms.discussion import ChangeCommentForm, CommentForm
from kalanso.hub.people.models import Comment
from kalanso.hub.people.panels.discussion import told
from kalanso.hub.people.permissions import may
from kalanso.hub.people.queries.discussion import comment_for, told_nobody
from kalanso.hub.people.queries.subjects import NoSubject, Subject, may_read, subject


@login_required
@require_safe
def discussion(request: HttpRequest, object_type: str, object_id: str) -> HttpResponse:
    """Show what was said of one thing on a page of its own."""
    return _page(request, _about(request, object_type, object_id))


@login_required
@require_POST
def write(request: HttpRequest, object_type: str, object_id: str) -> HttpResponse:
    """Add a comment from a plain form, and return to where it was written."""
    about = _about(request, object_type, object_id)
    form, now = CommentForm(request.POST, request.FILES), datetime.now(UTC)
    if form.is_valid():
        given = form.cleaned_data
        try:
            comment = actions.write_comment(
                by=request.user, key=given["key"], object_type=about.object_type, object_id=about.object_id,
                place_code=about.place_code, text=given["text"], answers=_answered(request, given["answers"]),
                photo=given["photo"], photo_alt=given["photo_alt"], written=now, now=now,
            )  # fmt: skip
        except ValidationError as error:
            _place_error(form, error)
        else:
            _say_who_was_told(request, comment)
            return redirect(f"{about.address}#commentaire-{comment.pk}")
    return _page(request, about, form, status=422)


@login_required
def change(request: HttpRequest, key: UUID) -> HttpResponse:
    """Change one's own comment; where it changed meanwhile, both texts stand side by side."""
    comment, about = _found(request, key)
    if comment.by_id != request.user.pk or comment.withdrawn is not None:
        raise PermissionDenied(_("Seul l'auteur modifie son commentaire."))
    form = ChangeCommentForm(request.POST or None, initial={"text": comment.text, "version": comment.version})
    theirs, status = None, 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                actions.change_comment(by=request.user, key=key, **form.cleaned_data, now=datetime.now(UTC))
                return redirect(f"{about.address}#commentaire-{comment.pk}")
            except actions.ChangedMeanwhile as changed:
                theirs, status = changed.comment, 409
                again = {"text": form.cleaned_data["text"], "version": theirs.version}
                form = ChangeCommentForm(initial=again)
            except ValidationError as error:
                _place_error(form, error)
    context = {"form": form, "comment": comment, "about": about, "theirs": theirs}
    return render(request, "people/change_comment.html", context, status=status)


@login_required
def withdraw(request: HttpRequest, key: UUID) -> HttpResponse:
    """Ask whether a comment shall be taken back, and take it back."""
    comment, about = _found(request, key)
    if comment.by_id != request.user.pk and not may(request.user, "people.withdraw_comment", about):
        raise PermissionDenied(_("Seuls l'auteur et le responsable du lieu retirent un commentaire."))
    if request.method == "POST":
        reason = request.POST.get("reason", "")
        actions.withdraw_comment(by=request.user, key=key, reason=reason, now=datetime.now(UTC))
        messages.success(request, _("Le commentaire est retiré."))
        return redirect(f"{about.address}#discussion")
    return render(request, "people/withdraw_comment.html", {"comment": comment, "about": about})


@login_required
@require_POST
def follow(request: HttpRequest, object_type: str, object_id: str) -> HttpResponse:
    """Follow a discussion, or follow it no longer."""
    about = _about(request, object_type, object_id)
    if request.POST.get("suivre") == "non":
        actions.unfollow(by=request.user, about=about)
        messages.success(request, _("Vous ne suivez plus cette discussion."))
    else:
        actions.follow(by=request.user, about=about, now=datetime.now(UTC))
        messages.success(request, _("Vous serez prévenu de ce qui s'écrit ici."))
    return redirect(f"{about.address}#discussion")


@login_required
@require_GET
def photo(request: HttpRequest, key: UUID) -> HttpResponse | FileResponse:
    """Send the photo of a comment to who may read the comment; to others it is not there."""
    comment, _about_it = _found(request, key)
    if not comment.photo or comment.withdrawn is not None:
        raise Http404
    etag = f'"{comment.photo.name.rsplit("/", 1)[-1]}"'
    response: HttpResponse | FileResponse
    if etag in [
        part.strip().removeprefix("W/") for part in request.headers.get("If-None-Match", "").split(",")
    ]:
        response = HttpResponseNotModified()
    else:
        try:
            response = FileResponse(comment.photo.open("rb"), content_type="image/jpeg")
        except FileNotFoundError as error:
            raise Http404 from error
        response["Content-Disposition"] = "inline"
        response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["ETag"] = etag
    # Kept by the reader's own browser, and asked for again each time: who loses the right loses the photo.
    response["Cache-Control"] = "private, no-cache"
    return response


def _about(request: HttpRequest, object_type: str, object_id: str) -> Subject:
    """Return what is discussed; what the reader may not know of is not there."""
    try:
        about = subject(object_type, object_id)
    except NoSubject as error:
        raise Http404 from error
    if not may_read(request.user, about):
        raise Http404
    return about


def _found(request: HttpRequest, key: UUID) -> tuple[Comment, Subject]:
    try:
        return comment_for(request.user, key)
    except NoSubject as error:
        raise Http404 from error


def _answered(request: HttpRequest, key: UUID | None) -> Comment | None:
    if key is None:
        return None
    try:
        return comment_for(request.user, key)[0]
    except NoSubject as error:
        raise ValidationError(
            _("Le commentaire auquel vous répondez n'est plus là."), code="answers"
        ) from error


def _place_error(form: Any, error: ValidationError) -> None:
    """Show a refusal beside the field that it is about."""
    form.add_error(error.code if error.code in form.fields else None, error)


def _say_who_was_told(request: HttpRequest, comment: Comment) -> None:
    names = [str(mention.person) for mention in comment.mentions.select_related("person")]
    if names:
        messages.success(
            request, _("Commentaire enregistré. Prévenus : %(names)s.") % {"names": ", ".join(names)}
        )
    else:
        messages.success(request, _("Commentaire enregistré."))
    nobody = told_nobody(comment.text, subject(comment.object_type, comment.object_id))
    if nobody:
        messages.warning(
            request,
            _(
                "Personne n'est prévenu sous ces noms : %(names)s. Vérifiez l'identifiant, ou choisissez-le dans « Qui prévenir ? »."
            )
            % {"names": ", ".join(f"@{name}" for name in nobody)},
        )


def _page(
    request: HttpRequest, about: Subject, form: CommentForm | None = None, *, status: int = 200
) -> HttpResponse:
    if form is None and (answers := request.GET.get("repondre")):
        form = CommentForm(initial={"answers": answers})
    context = told(request.user, about, form) | {"answered": form["answers"].value() if form else None}
    return render(request, "people/discussion_page.html", context, status=status)
