"""How does somebody declare a round, bring its files, have it analysed, and how is it published or withdrawn?"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kalanso.hub.people.permissions import may, refuse_unless
from kalanso.hub.people.queries.places import names_of
from kalanso.hub.studies.actions import analyses, field, joining
from kalanso.hub.studies.actions import files as file_actions
from kalanso.hub.studies.actions import rounds as actions
from kalanso.hub.studies.forms import access as access_forms
from kalanso.hub.studies.forms.files import RoundFileForm, WithdrawForm, clean_name
from kalanso.hub.studies.forms.heard_files import HeardFileForm
from kalanso.hub.studies.forms.rounds import RoundForm, dose_name, initial_of, scopes
from kalanso.hub.studies.models import Correction, Round
from kalanso.hub.studies.queries import heard, steps
from kalanso.hub.studies.queries import rounds as queries
from kalanso.hub.studies.views import context_of
from kalanso.hub.studies.views.layouts import cohorts_of

PAGE = 20


def _now() -> datetime:
    return datetime.now(UTC)


@login_required
def listing(request: HttpRequest) -> HttpResponse:
    """List the rounds that the reader may see, the newest first."""
    if not may(request.user, "studies.read_published"):
        raise PermissionDenied(_("Les études sont pour les équipes du programme et leurs partenaires."))
    rows = queries.visible_rounds(request.user)
    asked = request.GET.get("page", "1")
    pages = max(1, -(-rows.count() // PAGE))
    number = min(max(1, int(asked) if asked.isdigit() and len(asked) < 8 else 1), pages)
    shown = list(rows[(number - 1) * PAGE : number * PAGE])
    names = names_of({one.place_code for one in shown})
    return render(
        request,
        "studies/rounds.html",
        {
            "rows": [(one, queries.title_of(one), names.get(one.place_code, one.place_code)) for one in shown],
            "published": rows.filter(state=Round.State.PUBLISHED).count(),
            "waiting": rows.filter(state=Round.State.ANALYSED).count(),
            "pager": {"number": number, "pages": pages},
            "may_declare": may(request.user, "studies.declare"),
        },
    )  # fmt: skip


@login_required
def new(request: HttpRequest) -> HttpResponse:
    """Declare a round."""
    if not may(request.user, "studies.declare"):
        raise PermissionDenied(_("Une étude est déclarée par les chercheurs et le CNI."))
    form = RoundForm(request.user, request.POST or None, today=_now().date())
    if request.method == "POST" and form.is_valid():
        try:
            one = actions.declare(by=request.user, said=form.said(), now=_now())
        except ValidationError as error:
            form.add_error("survey" if error.code == "survey" else None, error)
        else:
            messages.success(request, _("Étude déclarée."))
            return redirect("round", pk=one.pk)
    return render(request, "studies/declare.html", {"form": form}, status=422 if form.errors else 200)


@login_required
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """Say how far a round is and what to do next."""
    found = queries.one_round(request.user, pk)
    context = context_of(request, found)
    if context["rights"].read:
        context["files"] = stand = queries.files_of(found)
        context["newest"] = queries.newest_analysis(found)
        context["changed"] = queries.changed_since(found, stand)
        context["decided"] = queries.decided_since(found)
        context["way"] = steps.way(
            found, request.user, files=stand, newest=context["newest"], today=_now().date()
        )
        context["may_analyse"] = (
            context["rights"].analyse and found.state != Round.State.PUBLISHED and queries.analysable(found, stand)
            and found.last_day <= _now().date() and found.destroyed is None and not (context["newest"] and context["newest"].waits)
        )  # fmt: skip
    context["ages"] = [ages for _name, ages in cohorts_of(found)] or [heard.ages(found)]
    context["settings"] = heard.settings(found) if not found.of_households else []
    context["doses"] = [dose_name(code) for code in found.doses]
    context["dose"] = heard.dose(found) if not found.of_households else ""
    context["scopes"] = _scopes(found)
    return render(request, "studies/round.html", context)


def _scopes(found: Round) -> list[tuple[str, str]]:
    """Return the doses offered in some places only, and these places in words."""
    names = names_of({code for codes in found.scopes.values() for code in codes})
    return [
        (
            ", ".join(dose_name(dose) for dose in doses),
            ", ".join(names.get(code, code) for code in found.scopes[scope]),
        )
        for scope, doses in scopes().items()
        if scope in found.scopes
    ]


@login_required
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Correct what was declared."""
    found = queries.one_round(request.user, pk)
    refuse_unless(request.user, "studies.declare", found)
    version = request.POST.get("version", "")
    form = _form_of(request, found)
    if request.method == "POST" and form.is_valid():
        try:
            actions.correct(
                by=request.user, one=found, said=form.said(), version=int(version) if version.isdigit() else 0, now=_now()
            )  # fmt: skip
        except ValidationError as error:
            form.add_error("survey" if error.code == "survey" else None, error)
        else:
            messages.success(request, _("Étude corrigée."))
            return redirect("round", pk=found.pk)
    context = {**context_of(request, found), "form": form}
    if not found.of_households:
        context |= {"way_name": found.get_way_display(), "when": heard.WHEN[Round.Way(found.way)]}
    return render(request, "studies/declare.html", context, status=422 if form.errors else 200)


def _form_of(request: HttpRequest, found: Round) -> RoundForm | access_forms.AccessForm:
    """Return what was declared of a round, to correct it."""
    if found.of_households:
        return RoundForm(request.user, request.POST or None, initial=initial_of(found), today=_now().date())
    return access_forms.AccessForm(
        request.user, request.POST or None, initial=access_forms.initial_of(found), way=found.way, today=_now().date()
    )  # fmt: skip


@login_required
def files(request: HttpRequest, pk: int) -> HttpResponse:
    """Take answers and sample in; what is in them is found out by the worker."""
    found = queries.one_round(request.user, pk)
    refuse_unless(request.user, "studies.declare", found)
    too_large = bool(request.method == "POST" and getattr(request, "too_large", False))
    given = (request.POST, request.FILES) if request.method == "POST" else ()
    stand = queries.files_of(found)
    form = (
        RoundFileForm(*given, too_large=too_large)
        if found.of_households
        else HeardFileForm(*given, way=found.way, too_large=too_large)
    )
    if request.method == "POST" and form.is_valid():
        draft, sha256 = form.keep()
        try:
            keep = joining.add if form.cleaned_data.get("adds") else file_actions.take
            keep(
                by=request.user, one=found, kind=form.cleaned_data["kind"], draft=draft,
                file_name=clean_name(request.FILES["file"].name), sha256=sha256, now=_now(),
            )  # fmt: skip
        except ValidationError as error:
            form.add_error(None, error)
        else:
            if found.of_households:
                field.ask_count(by=request.user, one=found, now=_now())
            messages.success(request, _("Fichier reçu et gardé."))
            return redirect("round", pk=found.pk)
        finally:
            draft.unlink(missing_ok=True)
    context = {**context_of(request, found), "form": form, "files": stand}
    return render(request, "studies/files.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def analyse(request: HttpRequest, pk: int) -> HttpResponse:
    """Have the files that stand analysed."""
    found = queries.one_round(request.user, pk)
    refuse_unless(request.user, "studies.analyse", found)
    return _done(request, found, lambda: analyses.ask_analysis(by=request.user, one=found, now=_now()))


@login_required
def publish(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what publishing does, and do it."""
    found = queries.one_round(request.user, pk)
    refuse_unless(request.user, "studies.publish", found)
    if request.method == "POST":
        return _done(
            request, found, lambda: actions.let_out(by=request.user, one=found, now=_now()), _("Étude publiée.")
        )  # fmt: skip
    context = context_of(request, found)
    context["changed"] = queries.changed_since(found, queries.files_of(found))
    waiting = found.corrections.filter(state=Correction.State.PROPOSED).exists()
    context["decided"] = waiting or queries.decided_since(found)
    context["speaks"] = found.of_households or found.shown is None or heard.speaks(found.shown)
    return render(request, "studies/publish.html", context)


@login_required
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask why a published round is withdrawn, and withdraw it."""
    found = queries.one_round(request.user, pk)
    refuse_unless(request.user, "studies.publish", found)
    form = WithdrawForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        return _done(
            request, found, lambda: actions.withdraw(by=request.user, one=found, reason=reason, now=_now()), _("Étude retirée.")
        )  # fmt: skip
    context = {**context_of(request, found), "form": form}
    return render(request, "studies/withdraw.html", context, status=422 if form.errors else 200)


def _done(request: HttpRequest, found: Round, do: Callable[[], Any], told: str = "") -> HttpResponse:
    """Do something, say how it went, and go on to the page of the round."""
    try:
        do()
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        if told:
            messages.success(request, told)
    return redirect("round", pk=found.pk)
