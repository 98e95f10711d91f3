"""How do two runs differ, and what do official figures say beside the estimate?"""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from kalanso.hub.evidence.actions import runs as actions
from kalanso.hub.evidence.forms.runs import Wording
from kalanso.hub.evidence.models import AgreedSentence, Run
from kalanso.hub.evidence.queries import runs as queries
from kalanso.hub.evidence.views.runs import one_of
from kalanso.hub.people.permissions import WHOLE_COUNTRY, may, refuse_unless
from kalanso.vocabulary import no_formula


def _pair(request: HttpRequest) -> tuple[Run, Run] | None:
    """Return the two runs that the address names: computed, and known to the reader."""
    codes = [request.GET.get(name, "") for name in ("a", "b")]
    if not all(code.isdigit() and len(code) < 10 for code in codes):
        return None
    found = [one_of(request, int(code)) for code in codes]
    if any(run.work != Run.Work.DONE for run in found):
        raise Http404(_("Seuls des calculs terminés se comparent."))
    return found[0], found[1]


def _asked(request: HttpRequest) -> tuple[str, str]:
    level, dose = request.GET.get("niveau", ""), request.GET.get("vaccin", "")
    return (
        level if level in queries.LEVELS else "district",
        dose if dose in {"dtp1", "dtp3"} else "dtp1",
    )


@login_required
@require_GET
def compare(request: HttpRequest) -> HttpResponse:
    """Set two runs beside one another: question, evidence, the country, the places that moved most."""
    refuse_unless(request.user, "evidence.read_runs", WHOLE_COUNTRY)
    done = queries.visible_runs(request.user).filter(work=Run.Work.DONE)
    context: dict[str, Any] = {"runs": done[:100], "pair": (pair := _pair(request))}
    if pair is not None:
        first, second = pair
        level, dose = _asked(request)
        moved = queries.moved_places(first, second, level, dose)
        shown = moved[: queries.MOST_PLACES]
        context |= {
            "first": first, "second": second, "level": level, "dose": dose, "levels": queries.LEVELS,
            "doses": ("dtp1", "dtp3"), "differences": queries.differences(first, second),
            "evidence": queries.evidence_differences(first, second),
            "heard_unknown": any(one.evidence.get("tables") is None for one in (first, second)),
            "same_evidence": first.snapshots == second.snapshots, "national": queries.national(first, second),
            "moved": shown, "left_out": len(moved) - len(shown), "apart": sum(row.apart for row in moved), "of": len(moved),
        }  # fmt: skip
    return render(request, "evidence/runs_compare.html", context)


@login_required
@require_GET
def compare_csv(request: HttpRequest) -> HttpResponse:
    """Give the places of a comparison as a file, every one that the reader may see."""
    refuse_unless(request.user, "evidence.read_runs", WHOLE_COUNTRY)
    pair = _pair(request)
    if pair is None:
        raise Http404(_("Il faut deux calculs à comparer."))
    level, dose = _asked(request)
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = (
        f'attachment; filename="calculs-{pair[0].pk}-{pair[1].pk}-{level}-{dose}.csv"'
    )
    response.write("\ufeff")
    names = [f"{name}_{end}" for name in ("coverage", "missed_children") for end in ("mean", "q025", "q975")]
    writer = csv.writer(response)
    writer.writerow(
        ["place_code", "place", "period", "indicator", *(f"{n}_{r.pk}" for r in pair for n in names)]
    )
    for row in queries.moved_places(*pair, level, dose):
        sides = [side[name] for side in (row.first, row.second) for name in names]
        writer.writerow([row.code, no_formula(row.name), row.period, dose, *sides])
    return response


@require_GET
def official(request: HttpRequest) -> HttpResponse:
    """Set the official series of the country beside the estimate that the reader may see, with the sentence."""
    run = queries.shown_for(request.user)
    _level, dose = _asked(request)
    return render(
        request,
        "evidence/official.html",
        {
            "run": run,
            "dose": dose,
            "doses": ("dtp1", "dtp3"),
            "years": queries.official(run, dose),
            "may_agree": request.user.is_authenticated
            and may(request.user, "evidence.agree_sentence", WHOLE_COUNTRY),
        },
    )


@login_required
def sentence(request: HttpRequest) -> HttpResponse:
    """Let the centre word the agreed sentence; earlier versions stay."""
    refuse_unless(request.user, "evidence.agree_sentence", WHOLE_COUNTRY)
    last = queries.agreed()
    start = {"fr": last.fr, "en": last.en, "after": last.version} if last else {"after": 0}
    form = Wording(request.POST if request.method == "POST" else None, initial=start)
    if request.method == "POST" and form.is_valid():
        try:
            actions.agree_sentence(by=request.user, now=datetime.now(UTC), **form.cleaned_data)
            messages.success(request, _("La phrase est convenue ; toutes les pages la montrent."))
            return redirect("official")
        except ValidationError as refusal:
            form.add_error(None, refusal)
    return render(
        request,
        "evidence/sentence.html",
        {"form": form, "versions": AgreedSentence.objects.select_related("by")[:20]},
    )
