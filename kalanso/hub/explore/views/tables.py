"""Which tables are published, what stands in them, and where did it come from?"""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from kalanso.hub.explore.forms import TableFilter
from kalanso.hub.explore.panels import meaning, table_question
from kalanso.hub.explore.queries import findings, shelf, tables
from kalanso.hub.explore.queries.places import folded
from kalanso.hub.explore.queries.shelf import Shelf
from kalanso.hub.explore.queries.words import SENTENCES, THEMES
from kalanso.hub.explore.views import table_pictures
from kalanso.quality.tables import QUALITY_FINDINGS
from kalanso.sources.tables import IMPORTS
from kalanso.store import Manifest, NoSuchSnapshot, TableSpec


def evidence(request: HttpRequest) -> HttpResponse:
    """Show on what the numbers rest: tables, quality, imports, method."""
    here = shelf.current()
    return render(
        request,
        "explore/evidence.html",
        {
            "cards": [card for card in tables.cards(here) if card.manifest],
            "checks": findings.by_check(here, findings.Wanted()),
            "findings": findings.total(here, findings.Wanted()),
            "imports": tables.newest_imports(here) if here.sees(IMPORTS) else [],
            "imports_open": here.sees(IMPORTS),
            "findings_open": here.sees(QUALITY_FINDINGS),
        },
    )


def listing(request: HttpRequest) -> HttpResponse:
    """List every table that the reader may see by what it is about, those of some words alone where asked."""
    text = request.GET.get("q", "").strip()[:120]
    found = [card for card in tables.counted(shelf.current()) if _speaks_of(card.spec, text)]
    published = [card for card in found if card.manifest]
    return render(
        request,
        "explore/tables.html",
        {
            "text": text,
            "published": published,
            "themes": _by_theme(published),
            "awaited": [card for card in found if not card.manifest],
        },
    )


def _speaks_of(spec: TableSpec, text: str) -> bool:
    """Say whether every word of a text stands in what a table is called, asks or means."""
    told = folded(f"{spec.name} {table_question(spec.name, spec.meaning)} {meaning(spec.meaning)}")
    return all(word in told for word in folded(text).split())


def _by_theme(cards: list[tables.TableCard]) -> list[tuple[str, str, list[tables.TableCard]]]:
    """Return (heading, anchor, its tables) for each theme that has any."""
    named = frozenset().union(*(names for _heading, _anchor, names in THEMES))
    rest = [card for card in cards if card.spec.name not in named]
    groups = [(str(h), a, [card for card in cards if card.spec.name in names]) for h, a, names in THEMES]
    return [group for group in (*groups, (_("Autres tables"), "autres", rest)) if group[2]]


def opened(request: HttpRequest, name: str) -> tuple[Shelf, TableSpec, str | None, Manifest | None]:
    """Return a table with the snapshot that the address names, or refuse helpfully."""
    here = shelf.current()
    as_of = request.GET.get("as_of") or None
    try:
        spec = tables.find(here, name)
        return here, spec, as_of, here.manifest(spec, as_of)
    except tables.NoSuchTable as error:
        raise Http404(_("Aucune table publiée ne s'appelle « %(name)s ».") % {"name": name}) from error
    except NoSuchSnapshot as error:
        raise Http404(
            _("La table « %(name)s » n'a pas d'état « %(as_of)s » ; sa page de provenance les liste.")
            % {"name": name, "as_of": as_of}
        ) from error


def frame(request: HttpRequest, name: str, tab: str) -> dict[str, Any]:
    """Return what the tabs of one table share."""
    here, spec, as_of, manifest = opened(request, name)
    form = TableFilter(here, spec, as_of, request.GET)
    return {
        "here": here,
        "spec": spec,
        "as_of": as_of,
        "manifest": manifest,
        "rows_seen": tables.count(here, name, tables.Selection(as_of=as_of)) if manifest else 0,
        "form": form,
        "chosen_place": form.place(),
        "applied": form.applied(),
        "selection": form.selection(as_of),
        "question": table_question(spec.name, spec.meaning),
        "tab": tab,
    }


SAID = {*SENTENCES, "caveat", "reason", "note"}  # columns that hold whole sentences
LEAD = {"place_code", "period", "indicator", "value"}  # what stands first where rows are cards


def rows(request: HttpRequest, name: str) -> HttpResponse:
    """Show the rows of a table, page by page."""
    context = frame(request, name, "rows")
    asked = request.GET.get("page", "1")
    number = int(asked) if asked.isdigit() and len(asked) < 8 else 1
    page = tables.page(context["here"], name, context["selection"], number)
    spec: TableSpec = context["spec"]
    columns = [spec.column(column) for column in tables.told_columns(spec)]
    cells = [(row, [(column, row[column.name]) for column in columns]) for row in page.rows]
    return render(
        request,
        "explore/table.html",
        {
            **context,
            "page": page,
            "columns": columns,
            "cells": cells,
            "described": _described(spec),
            "sentences": SAID,
            "lead": LEAD,
        },
    )


def chart(request: HttpRequest, name: str) -> HttpResponse:
    """Show a table as a chart."""
    context = frame(request, name, "chart")
    picture = table_pictures.chart(context["here"], context["spec"], context["selection"])
    return render(request, "explore/drawn.html", {**context, "picture": picture})


def map_(request: HttpRequest, name: str) -> HttpResponse:
    """Show a table as a map."""
    context = frame(request, name, "map")
    picture = table_pictures.mapped(context["here"], context["spec"], context["selection"])
    return render(request, "explore/drawn.html", {**context, "picture": picture})


def provenance(request: HttpRequest, name: str) -> HttpResponse:
    """Show where a table came from, and every state it was in."""
    context = frame(request, name, "provenance")
    history = tables.history(context["here"], context["spec"])
    # The size of other states would tell how much of them is withheld.
    context["sees_everything"] = tables.sees_everything(context["here"])
    withdrawn = {m.withdrew: m for m in history if m.withdrew}
    context |= {
        "history": [(manifest, withdrawn.get(manifest.id)) for manifest in history],
        "withdrawn_by": withdrawn.get(context["manifest"].id) if context["manifest"] else None,
    }
    return render(request, "explore/provenance.html", context)


def _described(spec: TableSpec) -> list[tuple[str, str, str, bool]]:
    return [(c.name, meaning(c.meaning), c.unit, c.nullable) for c in spec.columns]
