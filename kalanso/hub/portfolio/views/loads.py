"""How does somebody bring a sheet of the portfolio, read what it would change, and have it done?"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from kalanso.hub.people.models import PlaceMirror
from kalanso.hub.people.permissions import WHOLE_COUNTRY, refuse_unless
from kalanso.hub.people.queries.language import page_language
from kalanso.hub.portfolio.actions import loads as actions
from kalanso.hub.portfolio.forms.loads import LoadForm, clean_name
from kalanso.hub.portfolio.models import Load
from kalanso.hub.portfolio.queries import listed, shown_changes
from kalanso.hub.portfolio.views import does, now
from kalanso.sources import BadFile

PAGE = 60


@login_required
def load(request: HttpRequest) -> HttpResponse:
    """Take a sheet, and say what it would change."""
    refuse_unless(request.user, "portfolio.load", WHOLE_COUNTRY)
    given: tuple[Any, ...] = (request.POST, request.FILES) if request.method == "POST" else ()
    form = LoadForm(*given)
    if request.method == "POST" and form.is_valid():
        draft, sha256 = form.keep()
        try:
            one = actions.try_sheet(
                by=request.user, organisation=form.cleaned_data["organisation"], path=draft, sheet=form.cleaned_data["sheet"],
                file_name=clean_name(request.FILES["file"].name or ""), sha256=sha256, now=now(),
            )  # fmt: skip
        except BadFile as error:
            form.add_error("file", error.message(page_language()).render(page_language()))
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return redirect("load", pk=one.pk)
        finally:
            draft.unlink(missing_ok=True)
    context = {"form": form, "loads": Load.objects.select_related("by")[:10]}
    return render(request, "portfolio/load_new.html", context, status=422 if form.errors else 200)


@login_required
@require_GET
def template(request: HttpRequest) -> HttpResponse:
    """Hand out a sheet to fill in."""
    refuse_unless(request.user, "portfolio.load", WHOLE_COUNTRY)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    answer = HttpResponse(listed.template(), content_type=kind)
    answer["Content-Disposition"] = 'attachment; filename="portefeuille-modele.xlsx"'
    return answer


def _one(request: HttpRequest, pk: int) -> Load:
    refuse_unless(request.user, "portfolio.load", WHOLE_COUNTRY)
    found = Load.objects.select_related("by", "organisation").filter(pk=pk).first()
    if found is None:
        raise Http404(_("Aucune feuille ne se trouve à cette adresse."))
    return found


@login_required
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what a sheet would change, or changed, and what of it cannot be kept."""
    found = _one(request, pk)
    names = dict(PlaceMirror.objects.filter(level="district").values_list("code", "name"))
    pages = Paginator(found.changes, PAGE)
    page = pages.get_page(request.GET.get("page"))
    context = {
        "load": found, "changes": [shown_changes.told(change, names) for change in page.object_list],
        "pager": {"number": page.number, "pages": pages.num_pages},
        "faults": [(fault["row"], fault["column"], actions.fault_says(fault, page_language())) for fault in found.faults],
        "skipped": shown_changes.skipped(found),
    }  # fmt: skip
    return render(request, "portfolio/load.html", context)


@login_required
@require_POST
def apply(request: HttpRequest, pk: int) -> HttpResponse:
    """Do what a sheet shows."""
    found = _one(request, pk)
    done = does(request, lambda: actions.apply(by=request.user, one=found, now=now()))
    if done is not None and done.status == Load.Status.TRIED:
        messages.warning(
            request,
            _(
                "Le portefeuille a changé depuis l'essai : relisez ce que la feuille changerait, puis chargez."
            ),
        )
    elif done is not None:
        messages.success(request, _("Feuille chargée."))
    return redirect("load", pk=pk)


@login_required
@require_POST
def discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a sheet aside."""
    found = _one(request, pk)
    does(
        request,
        lambda: actions.discard(by=request.user, one=found, now=now()),
        _("Feuille écartée : rien n'a changé."),
    )
    return redirect("portfolio")
