"""How do pages of the portfolio answer?"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from kalanso.hub.people.models import PlaceMirror
from kalanso.hub.people.permissions import may
from kalanso.hub.people.queries.access import Reach
from kalanso.hub.people.queries.citations import Cited, named
from kalanso.hub.people.queries.places import places_meant
from kalanso.hub.portfolio.models import Cell
from kalanso.vocabulary import no_formula

LONGEST_MARK = 270
LEVELS = frozenset({"country", "region", "district", "health_area", "facility"})


def now() -> datetime:
    """Return the moment by which an action is dated."""
    return datetime.now(UTC)


def refuse_outsiders(request: HttpRequest) -> None:
    """Refuse who does not read the portfolio."""
    if not may(request.user, "portfolio.read"):
        raise PermissionDenied(
            _("Le portefeuille est pour les équipes du programme, leurs partenaires et les bailleurs.")
        )


def not_kept_if_sensitive(answer: HttpResponse, cell: Cell) -> HttpResponse:
    """Ask telephones to keep no copy of a page about protected work: copies are not encrypted."""
    if cell.sensitive:
        answer["X-Kalanso-Keep"] = "0"
    return answer


def came_from(request: HttpRequest) -> Cited | None:
    """Return what a page was opened from (`?from=type:key`, or what the form carried along)."""
    mark = request.POST.get("rests_on") or request.GET.get("from", "")
    return named(request.user, mark[:LONGEST_MARK]) if mark else None


def place_asked(request: HttpRequest) -> PlaceMirror | None:
    """Return the place that a list is narrowed to; a word that means none is said aloud."""
    asked = request.GET.get("lieu", "").strip()[:100]
    if not asked:
        return None
    meant = places_meant(asked, within=Reach(everywhere=True))
    # A district and its cercle often share a name: work is led in the district.
    found = sorted(meant, key=lambda one: one.level not in LEVELS)
    if not found:
        told = _("Aucun lieu ne s'appelle « %(what)s » : la liste n'est pas limitée à un lieu.")
        messages.warning(request, told % {"what": asked})
        return None
    return found[0]


def page_of(
    request: HttpRequest, rows: QuerySet[Any], size: int, *, total: int | None = None
) -> tuple[list[Any], dict[str, int]]:
    """Return one page of a list, and what its pager needs; `total` is how many rows there are where that is known."""
    total = rows.count() if total is None else total
    asked, pages = request.GET.get("page", "1"), max(1, -(-total // size))
    number = min(max(1, int(asked) if asked.isdigit() and len(asked) < 8 else 1), pages)
    shown = list(rows[(number - 1) * size : number * size]) if total else []
    return shown, {"number": number, "pages": pages, "found": total}


def version_of(request: HttpRequest) -> int:
    """Return the version that a form was filled in at; 0 where it says none, which never stands."""
    told = request.POST.get("version", "")
    return int(told) if told.isdigit() and len(told) < 9 else 0


def done(form: Form, do: Callable[[], Any]) -> Any:
    """Do something and return what came of it; None where it was refused, which the form then says."""
    try:
        return do()
    except ValidationError as error:
        if hasattr(error, "error_dict"):
            form.add_error(None, [told for several in error.messages for told in [several]])  # type: ignore[arg-type]
        else:
            code = str(getattr(error, "code", "") or "")
            form.add_error(code if code in form.fields else None, error)
        return None


def csv_answer(name: str, headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> HttpResponse:
    """Return a file for spreadsheets; no cell of it is taken for a formula."""
    response = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")
    writer = csv.writer(response)
    writer.writerow(headings)
    for row in rows:
        writer.writerow([no_formula(str(value)) for value in row])
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def does(request: HttpRequest, do: Callable[[], Any], told: str = "") -> Any:
    """Do something and say how it went; None where it was refused with a sentence."""
    try:
        done = do()
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return None
    if told:
        messages.success(request, told)
    return done
