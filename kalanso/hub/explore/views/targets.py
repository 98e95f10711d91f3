"""Which targets could be proposed to the national centre, beside those in use?"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pandas as pd
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from kalanso.hub.evidence.queries.sources import called
from kalanso.hub.explore.panels import locale, pack
from kalanso.hub.explore.queries import beside as queries
from kalanso.hub.explore.queries import doors, places, shelf
from kalanso.hub.explore.queries.freshness import freshness
from kalanso.hub.explore.queries.places import Place
from kalanso.hub.explore.queries.proofs import proofs
from kalanso.hub.explore.queries.shelf import Shelf
from kalanso.hub.explore.views import asked
from kalanso.pipeline.targets import About, target_book
from kalanso.triangulation.tables import PROPOSED_TARGETS

ROWS_SHOWN = 60
FAR = 0.1  # from the target in use, as the reader is told


def targets(request: HttpRequest) -> HttpResponse:
    """Show present and proposed targets of a place and those inside it, and why."""
    own = shelf.current()
    where = asked.where(request, own)
    if unclear := asked.unclear(request, where):
        return unclear
    here = doors.reading(own, where.place)
    if closed := asked.closed(request, here, "targets", where.place):
        return closed
    place = where.place
    rows = queries.targets(here, place.code) if place else []
    context = asked.shared(request, here, place) | {
        "wrong_place": where.wrong, "fresh": freshness(here), "manifest": here.manifest(PROPOSED_TARGETS),
        "own": next((_proved(here, row) for row in rows if place and row["place_code"] == place.code), None),
        "rows": [row | {"sources_told": ", ".join(called(json.loads(row["sources"])))} for row in rows[:ROWS_SHOWN]], "more": max(0, len(rows) - ROWS_SHOWN), "count": len(rows),
        "far": sum(row["ratio"] is not None and abs(row["ratio"] - 1) > FAR for row in rows),
        "by_estimate": queries.rests_on_estimate(rows),
    }  # fmt: skip
    return render(request, "explore/targets.html", context)


def _proved(here: Shelf, row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "proofs": proofs(here, json.loads(row["evidence"]), row["place_code"])}


def workbook(request: HttpRequest) -> HttpResponse | FileResponse:
    """Send the same rows, all of them, as the workbook that the national centre answers."""
    own = shelf.current()
    where = asked.where(request, own)
    here = doors.reading(own, where.place)
    manifest = here.manifest(PROPOSED_TARGETS) if here.sees(PROPOSED_TARGETS) else None
    rows = queries.targets(here, where.place.code) if where.place and manifest else []
    if manifest is None or where.place is None or not rows:
        raise Http404(_("Aucune cible proposée ne peut être montrée ici."))
    known = places.tree(here).places
    names, parents = _named(list(known.values()))
    about = About(snapshot=manifest.id, day=datetime.now(UTC).date(), demo=here.store.demo)
    frame = pd.DataFrame(rows).astype(dict.fromkeys(("present", "proposed", "low", "high", "ratio"), float))
    book = target_book(frame, names, parents, pack=pack(), about=about, locale=locale())
    stream = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    book.save(stream)
    stream.seek(0)
    return FileResponse(stream, as_attachment=True, filename=f"{manifest.id}-{where.place.code}.xlsx")


def _named(known: Sequence[Place]) -> tuple[dict[str, str], dict[str, str]]:
    return {one.code: one.name for one in known}, {one.code: one.parent or "" for one in known}
