"""How does somebody bring a sheet of money, read what it would change, and have it applied or put aside?"""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kalanso.hub.grants.actions import loads as actions
from kalanso.hub.grants.forms.entries import MoneyFileForm
from kalanso.hub.grants.models import MoneyLoad
from kalanso.hub.grants.queries import scope
from kalanso.hub.grants.queries.sheets import HEADINGS, NoHeadings
from kalanso.hub.grants.views import now, page_of, said
from kalanso.hub.people.permissions import WHOLE_COUNTRY, may
from kalanso.sources import BadFile

PAGE, SHOWN = 20, 200


def _refuse_readers(request: HttpRequest) -> None:
    if not may(request.user, "grants.load"):
        raise PermissionDenied(_("Le CNI et les partenaires apportent des feuilles d'argent."))


def _visible(request: HttpRequest) -> QuerySet[MoneyLoad]:
    found = MoneyLoad.objects.select_related("grant", "by")
    return found if may(request.user, "grants.manage", WHOLE_COUNTRY) else found.filter(by=request.user)


def _one(request: HttpRequest, pk: int) -> MoneyLoad:
    found = _visible(request).filter(pk=pk).first()
    if found is None or not may(request.user, "grants.load"):
        raise Http404(_("Aucune feuille ne porte cette adresse, ou elle n'est pas pour vous."))
    return found


@login_required
def listing(request: HttpRequest) -> HttpResponse:
    """List the sheets that were brought, the newest first."""
    _refuse_readers(request)
    rows = _visible(request)
    pager = page_of(request, rows.count(), PAGE)
    return render(
        request, "grants/loads.html", {"rows": rows[(pager["number"] - 1) * PAGE :][:PAGE], "pager": pager}
    )


@login_required
def new(request: HttpRequest) -> HttpResponse:
    """Take a sheet in and say what it would change; nothing is changed yet."""
    _refuse_readers(request)
    too_large = bool(request.method == "POST" and getattr(request, "too_large", False))
    given = (request.POST, request.FILES) if request.method == "POST" else ()
    form = MoneyFileForm(scope.visible_grants(request.user), *given, too_large=too_large)
    if request.method == "POST" and form.is_valid():
        draft, sha256 = form.keep()
        try:
            load = actions.attempt(
                by=request.user, grant=form.cleaned_data["grant"], kind=form.cleaned_data["kind"], path=draft,
                file_name=form.cleaned_data["file"].name or "feuille", sha256=sha256, now=now(),
            )  # fmt: skip
        except BadFile as error:
            form.add_error("file", error.render(scope.language()))
        except NoHeadings as error:
            wanted = ", ".join(f"« {HEADINGS[name][0]} »" for name in error.missing)
            form.add_error("file", _("Il manque ces titres de colonnes : %(columns)s.") % {"columns": wanted})
        else:
            return redirect("grant_load", pk=load.pk)
        finally:
            draft.unlink(missing_ok=True)
    return render(request, "grants/new_load.html", {"form": form}, status=422 if form.errors else 200)


@login_required
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what a sheet would change, row by row, and apply it."""
    load = _one(request, pk)
    if request.method == "POST":
        said(request, lambda: actions.apply(by=request.user, load=load, now=now()), _("Feuille chargée."))
        return redirect("grant_load", pk=load.pk)
    names = scope.place_names({change["place"] for change in load.changes[:SHOWN]})
    context = {
        "load": load, "changes": load.changes[:SHOWN], "more": max(0, len(load.changes) - SHOWN), "faults": load.faults[:SHOWN],
        "more_faults": max(0, len(load.faults) - SHOWN), "names": names,
    }  # fmt: skip
    return render(request, "grants/load.html", context)


@login_required
@require_POST
def discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a tried sheet aside."""
    load = _one(request, pk)
    said(
        request,
        lambda: actions.discard(by=request.user, load=load, now=now()),
        _("Feuille écartée : rien n'a changé."),
    )
    return redirect("grant_loads")
