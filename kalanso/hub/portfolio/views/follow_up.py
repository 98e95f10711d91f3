"""How does somebody set an action, do it, show that it is done, and see that another did?"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from kalanso.hub.people.permissions import may, refuse_unless
from kalanso.hub.people.queries.places import names_of
from kalanso.hub.portfolio import views
from kalanso.hub.portfolio.actions import follow_up as actions
from kalanso.hub.portfolio.forms.follow_up import ActionFilter, ActionForm, CancelForm, CloseForm, VerdictForm
from kalanso.hub.portfolio.models import ActionPoint
from kalanso.hub.portfolio.queries import follow_up as queries


def _asked(request: HttpRequest) -> tuple[ActionFilter, Any, Any]:
    form = ActionFilter(request.GET)
    place = views.place_asked(request)
    return form, form.wanted(place.code if place is not None else ""), place


@login_required
def listing(request: HttpRequest) -> HttpResponse:
    """List the actions that the reader may see, what is due first above."""
    views.refuse_outsiders(request)
    form, wanted, place = _asked(request)
    day = views.now().date()
    found = queries.narrowed(queries.visible_actions(request.user), wanted, request.user, day)
    counts = queries.counts(found, day)
    rows, pager = views.page_of(request, found.order_by("due", "pk"), queries.SHOWN, total=counts["all"])
    names = names_of({one.place_code for one in rows})
    return render(
        request,
        "portfolio/follow_up/actions.html",
        {
            "form": form, "pager": pager, "narrowed": any(vars(wanted).values()), "limited_to": place,
            "rows": [(one, one.days_late(day), names.get(one.place_code, one.place_code)) for one in rows],
            "to_do": counts["to_do"], "late": counts["late"], "to_verify": counts["to_verify"], "kept": queries.kept_counts(request.user, day=day),
            "may_set": may(request.user, "portfolio.set_action"), "query": request.GET.urlencode(),
        },
    )  # fmt: skip


@login_required
@require_GET
def download(request: HttpRequest) -> HttpResponse:
    """Send the list as a file."""
    views.refuse_outsiders(request)
    _form, wanted, _place = _asked(request)
    day = views.now().date()
    found = queries.narrowed(queries.visible_actions(request.user), wanted, request.user, day)
    rows = list(found.prefetch_related("closed_by", "verified_by"))
    names = names_of({one.place_code for one in rows})
    headings = [
        _("Numéro"), _("Ce qu'il y a à faire"), _("Code du lieu"), _("Lieu"), _("Personne responsable"), _("Organisation"),
        _("Échéance"), _("Priorité"), _("État"), _("Jours de retard"), _("Ce qui a été fait"), _("Fermée par"),
        _("Vérifiée par"), _("Répond à"),
    ]  # fmt: skip
    return views.csv_answer(_("actions"), headings, (
        (
            one.reference, one.text, one.place_code, names.get(one.place_code, ""), one.owner, one.organisation,
            one.due.isoformat(), one.get_priority_display(), one.get_state_display(), one.days_late(day), one.closing,
            one.closed_by or "", one.verified_by or "", one.factor or one.cell or "",
        )
        for one in rows
    ))  # fmt: skip


@login_required
def new(request: HttpRequest) -> HttpResponse:
    """Set an action, from nothing or from what the reader was looking at."""
    refuse_unless(request.user, "portfolio.set_action")
    origin, at = views.came_from(request), views.now()
    form = ActionForm(request.user, request.POST or None, today=at.date(), came_from=origin)
    if request.method == "POST" and form.is_valid():
        marks = [form.cleaned_data["rests_on"]] if form.cleaned_data["rests_on"] else []
        made = views.done(
            form, lambda: actions.set_action(by=request.user, said=form.said(), rests_on=marks, now=at)
        )
        if made is not None:
            told = _("L'action %(reference)s est créée ; %(who)s est prévenu.")
            messages.success(request, told % {"reference": made.reference, "who": made.owner})
            return redirect("action", reference=made.reference)
    context = {"form": form, "origin": origin}
    return render(request, "portfolio/follow_up/set.html", context, status=422 if form.errors else 200)


def _context(request: HttpRequest, one: ActionPoint) -> dict[str, Any]:
    names = names_of({one.place_code})
    return {
        "action": one, "place_is": names.get(one.place_code, one.place_code), "days_late": one.days_late(views.now().date()),
        "rights": queries.rights(request.user, one), "mark": f"{queries.NAME}:{one.pk}",
    }  # fmt: skip


@login_required
def one(request: HttpRequest, reference: str) -> HttpResponse:
    """Show an action: what is to do, by whom, how far it is, and what shows it."""
    found = queries.one_action(request.user, reference)
    context = {**_context(request, found), "is_kept": queries.is_kept(found), "told": found.escalations.all()}
    return render(request, "portfolio/follow_up/action.html", context)


@login_required
def edit(request: HttpRequest, reference: str) -> HttpResponse:
    """Correct an action."""
    found = queries.one_action(request.user, reference)
    refuse_unless(request.user, "portfolio.set_action", found)
    form = ActionForm(request.user, request.POST or None, today=views.now().date(), one=found)
    if request.method == "POST" and form.is_valid():
        kept = views.done(form, lambda: actions.correct_action(
            by=request.user, one=found, said=form.said(), version=views.version_of(request), now=views.now()
        ))  # fmt: skip
        if kept is not None:
            messages.success(request, _("Correction gardée."))
            return redirect("action", reference=found.reference)
    context = {**_context(request, found), "form": form}
    return render(request, "portfolio/follow_up/edit.html", context, status=422 if form.errors else 200)


@login_required
def close(request: HttpRequest, reference: str) -> HttpResponse:
    """Say that an action is done, with what shows it."""
    found = queries.one_action(request.user, reference)
    if found.owner_id != request.user.pk and not may(request.user, "portfolio.set_action", found):
        raise PermissionDenied(
            _("Seule la personne responsable, ou l'équipe du lieu, dit qu'une action est faite.")
        )
    too_large = bool(request.method == "POST" and getattr(request, "too_large", False))
    sent = (request.POST, request.FILES) if request.method == "POST" else ()
    form = CloseForm(*sent, too_large=too_large, initial={"version": found.version})
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        kept = views.done(form, lambda: actions.close_action(
            by=request.user, one=found, closing=given["closing"], link=given["link"], photo=given["photo"],
            photo_alt=given["photo_alt"], version=given["version"], now=views.now(),
        ))  # fmt: skip
        if kept is not None:
            messages.success(request, _("C'est noté. Une autre personne vérifie."))
            return redirect("action", reference=found.reference)
    context = {**_context(request, found), "form": form}
    return render(request, "portfolio/follow_up/close.html", context, status=422 if form.errors else 200)


@login_required
def verify(request: HttpRequest, reference: str) -> HttpResponse:
    """Say whether what somebody else closed is done indeed."""
    found = queries.one_action(request.user, reference)
    refuse_unless(request.user, "portfolio.verify_action", found)
    form = VerdictForm(request.POST or None, initial={"version": found.version})
    if request.method == "POST" and form.is_valid():
        given, more = form.cleaned_data, {"by": request.user, "one": found, "now": views.now()}
        if given["verdict"] == "yes":
            kept = views.done(form, lambda: actions.verify_action(version=given["version"], **more))
        else:
            kept = views.done(
                form, lambda: actions.reopen_action(reason=given["reason"], version=given["version"], **more)
            )
        if kept is not None:
            messages.success(
                request, _("Action vérifiée.") if given["verdict"] == "yes" else _("Action rouverte.")
            )
            return redirect("action", reference=found.reference)
    context = {**_context(request, found), "form": form}
    return render(request, "portfolio/follow_up/verify.html", context, status=422 if form.errors else 200)


@login_required
def cancel(request: HttpRequest, reference: str) -> HttpResponse:
    """Say why an action will not be done."""
    found = queries.one_action(request.user, reference)
    refuse_unless(request.user, "portfolio.set_action", found)
    form = CancelForm(request.POST or None, initial={"version": found.version})
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        kept = views.done(form, lambda: actions.cancel_action(
            by=request.user, one=found, reason=given["reason"], version=given["version"], now=views.now()
        ))  # fmt: skip
        if kept is not None:
            messages.success(request, _("Action annulée ; son numéro reste."))
            return redirect("action", reference=found.reference)
    context = {**_context(request, found), "form": form}
    return render(request, "portfolio/follow_up/cancel.html", context, status=422 if form.errors else 200)


@login_required
@require_GET
def photo(request: HttpRequest, reference: str) -> FileResponse:
    """Send the photo that shows what was done, to who may read the action."""
    found = queries.one_action(request.user, reference)
    if not found.photo:
        raise Http404
    response = FileResponse(found.photo.open("rb"), content_type="image/jpeg")
    response["Cache-Control"] = "private, max-age=3600"
    response["X-Content-Type-Options"] = "nosniff"
    return response
