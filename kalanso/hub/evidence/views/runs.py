"""Which runs are there, how does one of them stand, and what may be done with it?"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from kalanso.coverage import Question
from kalanso.hub.evidence.actions import runs as actions
from kalanso.hub.evidence.forms.runs import FULL, PREVIEW, QUARTERS, Asking, Checking, Origin, Reason
from kalanso.hub.evidence.models import Run, RunCheck
from kalanso.hub.evidence.permissions import BACKWARD
from kalanso.hub.evidence.queries import assumptions
from kalanso.hub.evidence.queries import runs as queries
from kalanso.hub.jobs.queries import behind
from kalanso.hub.people.models import Event
from kalanso.hub.people.permissions import WHOLE_COUNTRY, may, refuse_unless

A_PAGE = 20


def _now() -> datetime:
    return datetime.now(UTC)


def _may_ask(person: Any) -> tuple[bool, bool]:
    """Return whether somebody may ask for previews, and for runs to be published."""
    return may(person, "evidence.ask_preview", WHOLE_COUNTRY), may(person, "evidence.ask_run", WHOLE_COUNTRY)


def told(request: HttpRequest, refusal: ValidationError) -> None:
    """Say on the next page why something was refused."""
    for sentence in refusal.messages:
        messages.error(request, sentence)


@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """Show the runs that the reader may know of, and which one each circle of readers sees."""
    previews, runs = _may_ask(request.user)
    page = Paginator(queries.visible_runs(request.user), A_PAGE).get_page(request.GET.get("page"))
    programme = queries.in_programme(request.user)
    return render(
        request,
        "evidence/runs.html",
        {
            "page_of_runs": page, "programme": programme, "circles": queries.circles() if programme else None,
            "may_ask": previews, "behind": behind() if programme else None, "outside": queries.outside() if runs else None,
            "shown": queries.shown_for(request.user), "reason_form": Origin(),
        },
    )  # fmt: skip


@login_required
def look(request: HttpRequest) -> HttpResponse:
    """Show what an estimate would hear now, or have it counted."""
    refuse_unless(request.user, "evidence.ask_preview", WHOLE_COUNTRY)
    asked = request.POST.get("quarters") or request.GET.get("trimestres") or ""
    quarters = int(asked) if asked.isdigit() and int(asked) in QUARTERS else QUARTERS[0]
    if request.method == "POST":
        actions.ask_look(by=request.user, quarters=quarters, snapshots=queries.snapshots(), now=_now())
        return redirect(f"{request.path}?trimestres={quarters}")
    job, fresh = queries.last_look(quarters)
    found = job.answer if job is not None and job.state == "done" else None
    return render(
        request,
        "evidence/runs_look.html",
        {"job": job, "fresh": fresh, "found": found, "quarters": quarters, "choices": QUARTERS},
    )


@login_required
def ask(request: HttpRequest) -> HttpResponse:
    """Ask the question, let it be read once more, and start its run."""
    previews, runs = _may_ask(request.user)
    if not previews:
        refuse_unless(request.user, "evidence.ask_preview", WHOLE_COUNTRY)
    like = queries.visible_runs(request.user).filter(pk=_number(request.GET.get("comme"))).first()
    if request.method != "POST":
        start = Asking.of(like) if like else {"kind": PREVIEW}
        if runs and request.GET.get("sorte") == FULL:
            start |= {"kind": FULL}
        form = Asking(initial=start, previews_only=not runs)
        return render(request, "evidence/runs_ask.html", {"form": form, "like": like})
    form = Asking(request.POST, previews_only=not runs)
    if not form.is_valid() or "back" in request.POST:
        return render(request, "evidence/runs_ask.html", {"form": form, "like": like})
    question: Question = form.cleaned_data["question"]
    if "sure" not in request.POST:
        moved = [field.label for field in form if field.name.startswith("part_")
                 and form.cleaned_data[field.name] != field.initial]  # fmt: skip
        hidden = [(name, value) for name in form.fields for value in request.POST.getlist(name)]
        job, fresh = queries.last_look(form.cleaned_data["quarters"])
        return render(
            request,
            "evidence/runs_review.html",
            {
                "form": form, "question": question, "moved": moved, "hidden": hidden, "told": form.cleaned_data,
                "looked": job is not None and job.state == "done" and fresh,
            },
        )  # fmt: skip
    run = actions.ask_run(
        by=request.user, question=question, quarters=form.cleaned_data["quarters"], why=form.cleaned_data["why"],
        snapshots=queries.snapshots(), now=_now(),
    )  # fmt: skip
    return redirect("runs_one", run.pk)


def _number(text: str | None) -> int:
    return int(text) if text and text.isdigit() and len(text) < 10 else 0


def one_of(request: HttpRequest, pk: int) -> Run:
    """Return a run that the reader may know of, or raise Http404."""
    return get_object_or_404(queries.visible_runs(request.user), pk=pk)


def one(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one run: how it stands, its numbers, its gates, what it heard, who decided what."""
    run = one_of(request, pk)
    programme = queries.in_programme(request.user)
    open_steps = actions.steps_open(request.user, run) if request.user.is_authenticated else []
    context: dict[str, Any] = {
        "run": run, "programme": programme, "numbers": queries.headline(run), "full": FULL,
        "supposed": assumptions.moved(run.question),
        "may_preview": request.user.is_authenticated and _may_ask(request.user)[0],
    }  # fmt: skip
    if programme:
        context |= {
            "steps": run.steps.select_related("by"), "held": list(queries.held_checks(run).values()),
            "before": queries.last_validated(run), "cut": queries.cut_beside(run),
            "may_cancel": not run.over and (run.asked_by_id == request.user.pk or may(request.user, "evidence.cancel_run", run)),
            "may_ask": _may_ask(request.user)[1], "may_check": run.state == "technical_review" and may(request.user, "evidence.review_run", run),
            "onward": [after for after in open_steps if (run.state, after) not in BACKWARD],
            "backward": [after for after in open_steps if (run.state, after) in BACKWARD],
            "events": Event.objects.filter(object_type="evidence.run", object_id=str(run.pk)).select_related("by")[:30],
            "others": queries.visible_runs(request.user).filter(work=Run.Work.DONE).exclude(pk=run.pk)[:20],
            "parts": [(name, value) for name, value in run.question.items() if isinstance(value, bool)],
        }  # fmt: skip
    return render(request, "evidence/runs_one.html", context)


@login_required
@require_POST
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop a run."""
    run = one_of(request, pk)
    try:
        actions.cancel_run(by=request.user, run=run, now=_now())
        messages.success(
            request,
            _("L'arrêt est demandé ; le calcul s'arrête à sa prochaine étape, en moins d'une minute."),
        )
    except ValidationError as refusal:
        told(request, refusal)
    return redirect("runs_one", run.pk)


@login_required
@require_POST
def cut(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for the cut version of a run, to be set beside it."""
    run = one_of(request, pk)
    question = Question.from_dict(run.question).with_(cut=True, preview=True)
    made = actions.ask_run(
        by=request.user, question=question, quarters=run.quarters, snapshots=queries.snapshots(), now=_now(),
        why=_("Version coupée du calcul %(n)s, à regarder à côté.") % {"n": run.pk},
    )  # fmt: skip
    return redirect("runs_one", made.pk)


@login_required
@require_POST
def adopt(request: HttpRequest) -> HttpResponse:
    """Write a run computed outside the hub into the list."""
    refuse_unless(request.user, "evidence.ask_run", WHOLE_COUNTRY)
    found = queries.outside()
    form = Origin(request.POST)
    if found is None or not form.is_valid():
        messages.error(request, _("Il n'y a pas de calcul à inscrire, ou la raison manque."))
        return redirect("runs")
    run = actions.adopt_run(by=request.user, name=found["name"], why=form.cleaned_data["reason"], now=_now())
    return redirect("runs_one", run.pk)


@login_required
def check(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a reviewer go through the points and sign them."""
    run = one_of(request, pk)
    refuse_unless(request.user, "evidence.review_run", run)
    before, beside = queries.last_validated(run), queries.cut_beside(run)
    hints = {
        RunCheck.Point.GATES: ngettext(
            "%(passed)s contrôle passé sur %(n)s.", "%(passed)s contrôles passés sur %(n)s.", len(run.gates)
        )
        % {"n": len(run.gates), "passed": sum(gate["passed"] for gate in run.gates)},
        RunCheck.Point.CUT: _("La version coupée est calculée : comparez-les.")
        if beside
        else _(
            "La version coupée n'est pas calculée : demandez-la sur la page du calcul, ou écrivez pourquoi vous vous en passez."
        ),
        RunCheck.Point.PROVISIONAL: _("Provisoires : %(codes)s.") % {"codes": ", ".join(run.provisional)}
        if run.provisional
        else _("Aucun trimestre n'est provisoire."),
        RunCheck.Point.DIFFERENCE: _("À comparer au calcul %(n)s.") % {"n": before.pk}
        if before
        else _("Aucun calcul n'a encore été validé : écrivez-le dans la note."),
    }
    form = Checking(
        request.POST if request.method == "POST" else None, held=queries.held_checks(run), hints=hints
    )
    if request.method == "POST" and form.is_valid():
        try:
            actions.check_run(by=request.user, run=run, answers=form.answers(), now=_now())
            messages.success(request, _("Votre relecture est signée."))
            return redirect("runs_one", run.pk)
        except ValidationError as refusal:
            form.add_error(None, refusal)
    return render(
        request,
        "evidence/runs_check.html",
        {"run": run, "form": form, "before": before, "cut": beside},
    )


@login_required
def step(request: HttpRequest, pk: int, after: str) -> HttpResponse:
    """Ask once more, with a reason where it goes back, then let a run out or take it back."""
    run = one_of(request, pk)
    if after not in actions.steps_open(request.user, run):
        raise PermissionDenied(_("De là où il est, votre rôle ne mène pas ce calcul à cette étape."))
    back = (run.state, after) in BACKWARD
    form = Reason(request.POST if request.method == "POST" else None) if back else None
    refused: list[str] = []
    try:
        actions.refuse_step(request.user, run, after, reason="-")
    except ValidationError as refusal:
        refused = refusal.messages
    if request.method == "POST" and not refused and (form is None or form.is_valid()):
        reason = form.cleaned_data["reason"] if form is not None else ""
        try:
            actions.move_run(by=request.user, run=run, after=after, reason=reason, now=_now())
            messages.success(
                request, _("C'est décidé. Les tables publiées suivent dès que la file de travail y est.")
            )
            return redirect("runs_one", run.pk)
        except ValidationError as refusal:
            refused = refusal.messages
    return render(
        request,
        "evidence/runs_step.html",
        {
            "run": run,
            "after": after,
            "after_name": Run.State(after).label,
            "back": back,
            "form": form,
            "refused": refused,
            "now": queries.circles(),
        },
        status=409 if refused and request.method == "POST" else 200,
    )
