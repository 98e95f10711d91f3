"""How do tests plan interventions in districts, and bring a sheet of them?"""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from typing import Any

from openpyxl import Workbook

NOW = datetime(2025, 3, 1, 8, 0, tzinfo=UTC)
PAGE = "/agir/portefeuille/"


def house(code: str = "house") -> Any:
    """Return an organisation."""
    from kalanso.hub.people.models import Organisation

    return Organisation.objects.get_or_create(code=code, defaults={"name": code.title(), "kind": "cso"})[0]


def intervention(by: Any, code: str = "INT-001", **changes: Any) -> Any:
    """Return an intervention that somebody added."""
    from kalanso.hub.portfolio.actions.interventions import add

    said = {
        "code": code,
        "title_fr": "Séances du soir",
        "lead": house(),
        "approach": "extended_hours",
        "unit": "séances tenues",
        "steps": ["reach"],
    }
    return add(by=by, said=said | changes, now=NOW)


def planned(by: Any, one: Any, place_code: str, **changes: Any) -> Any:
    """Return a cell that somebody planned."""
    from kalanso.hub.portfolio.actions.cells import plan

    state, reason = changes.pop("state", "planned"), changes.pop("reason", "")
    said = {
        "organisation": house(),
        "begins": date(2025, 1, 1),
        "ends": date(2025, 12, 31),
        "target": 48,
    } | changes
    return plan(
        by=by, intervention=one, place_code=place_code, said=said, now=NOW, state=state, reason=reason
    )


def reported(by: Any, cell: Any, period: str = "2025Q1", **changes: Any) -> Any:
    """Return a report that somebody wrote, sent unless said otherwise."""
    from kalanso.hub.portfolio.actions.reports import write

    more = {name: changes.pop(name) for name in ("send", "version", "photo", "photo_alt") if name in changes}
    said = {"quantity": 12, "reached": 40, "expected": 55, "narrative": "Trois soirs par semaine."} | changes
    return write(by=by, cell=cell, period=period, said=said, now=NOW, **({"send": True} | more))


def sheet(*rows: list[Any], heads: list[Any] | None = None) -> bytes:
    """Return a workbook of one sheet."""
    book = Workbook()
    page = book.active
    assert page is not None
    for row in (
        heads or ["Code", "Intervention", "District", "Début", "Fin", "Cible", "État", "Raison"],
        *rows,
    ):
        page.append(row)
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


def brought(by: Any, data: bytes, path: Any, *, lead: Any = None) -> Any:
    """Return a sheet that somebody tried."""
    from kalanso.hub.portfolio.actions.loads import try_sheet

    file = path / "portefeuille.xlsx"
    file.write_bytes(data)
    return try_sheet(
        by=by, organisation=lead or house(), path=file, sheet="", file_name="portefeuille.xlsx", sha256="a" * 64, now=NOW
    )  # fmt: skip


def in_every_state(by: Any, team: Any, code: str) -> dict[str, str]:
    """Return the keys of a line with all that a line can have, and of sheets that were tried and loaded."""
    from pathlib import Path
    from tempfile import mkdtemp

    from kalanso.hub.people.models import PlaceMirror
    from kalanso.hub.portfolio.actions.cells import correct_plan, set_milestone
    from kalanso.hub.portfolio.actions.loads import apply
    from kalanso.hub.portfolio.actions.reports import send_back

    place = PlaceMirror.objects.get(code=code)
    line, bare = (
        intervention(by, "FPP-001", title_fr="Séances du soir au marché"),
        intervention(by, "FPP-002"),
    )
    intervention(by, "FPP-005", title_fr="Nulle part encore")
    cell = planned(by, line, place.code, state="delayed", reason="La route est coupée par la crue.")
    correct_plan(by=by, one=cell, said={}, version=1, now=NOW, targets={"2025Q1": 12, "2025Q2": 12})
    set_milestone(by=by, one=cell, title="Relais formés", due=date(2025, 4, 1), now=NOW)
    reported(team, cell)
    old = reported(team, planned(by, bare, place.code, begins=date(2024, 7, 1)), "2024Q4")
    send_back(by=by, one=old, note="Combien de soirs en décembre ?", version=1, now=NOW)
    folder = Path(mkdtemp())
    done = brought(by, sheet(["FPP-003", "Pirogues", place.name, "01/02/2025", "31/12/2025", 24]), folder)
    apply(by=by, one=done, now=NOW)
    rows = (
        ["FPP-001", "Séances du soir au marché", place.name, None, None, 60],
        ["FPP-004", "Griots", "Nulle Part", None, None, "45 %"],
    )
    return {
        "cell": str(cell.pk), "line_bare": "FPP-005", "cell_back": str(old.cell_id), "load_done": str(done.pk), "load_tried": str(brought(by, sheet(*rows), folder).pk),
    }  # fmt: skip
