"""Where do the indicators of the performance framework stand, and how does somebody take them along?"""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET
from openpyxl import Workbook

from kalanso.hub.explore.panels import period as period_words
from kalanso.hub.explore.queries import doors, places, shelf
from kalanso.hub.explore.queries import indicator_parts as framework_parts
from kalanso.hub.explore.queries import indicator_rows as framework
from kalanso.hub.explore.queries.indicator_rows import Asked, Row
from kalanso.hub.explore.views import asked as choices
from kalanso.hub.explore.views.asked import Choice
from kalanso.hub.grants.panels.framework import BASES, FLAGS, REASONS, VERDICTS
from kalanso.hub.grants.queries import framework as of_grants
from kalanso.hub.grants.queries import scope as money
from kalanso.hub.people.permissions import WHOLE_COUNTRY, may, refuse_unless
from kalanso.hub.portfolio.queries import framework as of_portfolio
from kalanso.hub.portfolio.queries.reports import last_quarter
from kalanso.vocabulary import Period, no_formula

OFFERED = 16  # quarters that can be chosen
COLUMNS = (
    "indicator", "frame", "chain", "name", "grant", "place", "place_name", "quarter", "basis", "unit", "value", "low", "high", "numerator",
    "denominator", "reason", "flags", "counted", "left_out", "baseline", "baseline_day", "target", "target_day", "expected", "verdict", "source",
    "snapshot",
)  # fmt: skip


@login_required
@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """Say how many indicators are on their way, and where each stands."""
    said = _asked(request)
    if isinstance(said, HttpResponse):
        return said
    one, context = said
    rows = framework.rows(one)
    told = {name: sum(row.verdict == name for row in rows) for name in VERDICTS}
    context |= {
        "rows": rows, "steps": [(step, [row for row in rows if row.chain == step]) for step in of_grants.CHAIN],
        "known": sum(row.measure.known for row in rows), "well": told["reached"] + told["on_way"], "behind": told["off"],
        "judged": sum(n for name, n in told.items() if name != "unknown"), "manages": may(request.user, "grants.manage", WHOLE_COUNTRY),
    }  # fmt: skip
    return render(request, "site/indicators.html", context)


@login_required
@require_GET
def indicator(request: HttpRequest, key: str) -> HttpResponse:
    """Say what one indicator is, how it moved, and what it is in the parts of the place."""
    said = _asked(request)
    if isinstance(said, HttpResponse):
        return said
    one, context = said
    rows = [row for row in framework.rows(one) if row.key == key]
    if not rows:
        raise Http404(_("Aucun indicateur ne porte ce nom, ou il n'est pas pour vous."))
    agreed = [other for other in of_grants.agreed(request.user, one.grant) if other.key == key]
    fed = (key in of_portfolio.WHOLES or key.startswith("own-")) and may(
        request.user, "grants.manage", WHOLE_COUNTRY
    )
    context |= {
        "rows": rows, "row": rows[0], "agreed": agreed, "fed": fed, "report_days": framework.report_days(),
        "parts": framework_parts.by_place(one, key, rows[0].unit), "contexts": framework_parts.by_context(one, key, rows[0].unit),
        "estimated": any(row.basis == "estimated" for row in rows),
    }  # fmt: skip
    return render(request, "site/indicator.html", context)


@login_required
@require_GET
def download(request: HttpRequest, form: str) -> HttpResponse | FileResponse:
    """Send the indicators of the quarter and of those before it: a line for each indicator, basis and quarter."""
    if form not in ("csv", "xlsx"):
        raise Http404(_("Ce fichier n'existe pas sous cette forme."))
    said = _asked(request)
    if isinstance(said, HttpResponse):
        return said
    one, _context = said
    lines = [COLUMNS, *_lines(one)]
    name = f"kalanso-indicateurs-{one.place.code}-{one.quarter}.{form}"
    if form == "csv":
        text = io.StringIO()
        csv.writer(text).writerows([no_formula(value) for value in line] for line in lines)
        answer = HttpResponse("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer
    return _book(one, lines, name)


def _book(one: Asked, lines: list[tuple[Any, ...]], name: str) -> FileResponse:
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_("Données"))
    for line in lines:
        sheet.append([no_formula(value) for value in line])
    about = book.create_sheet(_("Provenance"))
    about.append([_("État au"), one.today.isoformat()])
    if one.here.store.demo:
        about.append([_("DÉMO")])
    for words in (BASES, REASONS, FLAGS, VERDICTS):
        for code, word in words.items():
            about.append([code, str(word[1] if isinstance(word, tuple) else word)])
    stream = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    book.save(stream)
    stream.seek(0)
    return FileResponse(stream, as_attachment=True, filename=name)


def _lines(one: Asked) -> Iterator[tuple[Any, ...]]:
    for row in framework.rows(one):
        for measure in (*row.trend[:-1], row.measure):
            last = measure is row.measure
            yield (
                row.key, row.frame, row.chain, row.name, row.of_grant.code if row.of_grant else row.agreed.grant.code if row.agreed else "",
                one.place.code, one.place.name, measure.period, measure.basis, measure.unit, measure.value, measure.low, measure.high,
                measure.numerator, measure.denominator, measure.reason, " ".join(measure.flags), measure.counted, measure.left_out,
                *(_agreed(row) if last else [None] * 6), measure.source, measure.snapshot,
            )  # fmt: skip


def _agreed(row: Row) -> list[Any]:
    if row.agreed is None:
        return [None] * 5 + [""]
    one = row.agreed
    days = [day.isoformat() if day else None for day in (one.baseline_day, one.target_day)]
    ends = [float(value) if value is not None else None for value in (one.baseline, one.target)]
    return [ends[0], days[0], ends[1], days[1], row.expected, row.verdict]


def _asked(request: HttpRequest) -> tuple[Asked, dict[str, Any]] | HttpResponse:
    """Return of what the address asks, and what pages say of it; a page where the place is not clear."""
    refuse_unless(request.user, "portfolio.read")
    own, today = shelf.current(), datetime.now(UTC).date()
    where = choices.where(request, own)
    if not request.GET.get("lieu"):
        where = choices.Where(place=places.tree(own).root())
    if unclear := choices.unclear(request, where):
        return unclear
    if where.place is None:
        raise Http404(_("Aucun lieu n'est encore publié."))
    quarter, grant = _quarter(request, today), _grant(request)
    chosen = next((one for one in money.visible_grants(request.user) if str(one.pk) == grant.value), None)
    here = doors.reading(own, where.place)
    one = Asked(
        person=request.user, here=here, place=where.place, quarter=quarter.value, today=today, grant=chosen
    )
    return one, {
        "place": where.place, "wrong_place": where.wrong, "quarter": quarter, "which": grant, "grant": chosen,
        "wrong": [choice for choice in (quarter, grant) if choice.wrong], "choosable": _places(own, where.place.code), "today": today,
        "whole": one.whole_country, "report_url": f"lieu={where.place.code}&trimestre={quarter.value}&subvention={grant.value}",
        "demo_store": own.store.demo,
    }  # fmt: skip


def _quarter(request: HttpRequest, today: date) -> Choice:
    last = Period.parse(last_quarter(today))
    offered = [str(last + 1 + -step) for step in range(OFFERED)]
    return choices.choose(
        request,
        "trimestre",
        _("Trimestre"),
        [(code, period_words(code)) for code in offered],
        usual=str(last),
    )


def _grant(request: HttpRequest) -> Choice:
    grants = [
        (str(one.pk), f"{one.code} · {money.title_of(one)}") for one in money.visible_grants(request.user)
    ]
    return choices.choose(request, "subvention", _("Subvention"), [("", _("Tout le cadre")), *grants])


def _places(here: shelf.Shelf, chosen: str) -> list[tuple[str, str, bool]]:
    """Return the country, regions and districts to choose from, each below the one it lies in; the chosen one among them."""
    known = places.tree(here)
    root = known.root()
    found = [(root.code, root.name)] if root else []
    for region in known.children(root.code) if root else []:
        found.append((region.code, f"– {region.name}"))
        found += [
            (one.code, f"– – {one.name}") for one in known.children(region.code) if one.level == "district"
        ]
    if chosen not in {code for code, _name in found}:
        found.append((chosen, known.places[chosen].name))
    return [(code, name, code == chosen) for code, name in found]
