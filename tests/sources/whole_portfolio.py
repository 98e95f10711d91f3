"""What does a sheet of the whole portfolio look like as partners send it: 79 interventions by 44 districts, and untidy?

The table of `FAULTY` says which rows cannot be kept, and why: tests compare, and count everything else.
"""

from __future__ import annotations

import io
from datetime import date
from typing import Any

from openpyxl import Workbook

INTERVENTIONS, DISTRICTS = 79, 44
REGIONS = ("Kayes", "Koulikoro", "Sikasso", "Ségou")
# Each of these rows stands in place of the one that said the same rightly; the last column is the reason that is told.
FAULTY = (
    (("INT-003", 5), {"district": "Nulle Part"}, "unknown_district"),
    (("INT-007", 9), {"begins": "31/02/2025"}, "no_such_day"),
    (("INT-011", 2), {"target": "45 %"}, "percent"),
    (("INT-020", 30), {"begins": "01/03/2026", "ends": "01/02/2025"}, "ends_first"),
    (("INT-044", 12), {"state": "presque fini"}, "unknown_state"),
    (("INT-061", 40), {"target": "beaucoup"}, "not_a_quantity"),
)  # fmt: skip


def districts() -> list[tuple[str, str, str]]:
    """Return 44 districts as (place_code, name, region's name)."""
    return [
        (f"PF-{n:02d}", f"{chr(65 + n // 26)}{chr(97 + n % 26)}ville", REGIONS[n % len(REGIONS)])
        for n in range(DISTRICTS)
    ]


def whole_sheet() -> bytes:
    """Return the workbook: a title over merged cells, headings in two rows, a merged code for its rows, faults, a double."""
    book = Workbook()
    page = book.active
    assert page is not None
    page.append(["Full Portfolio Planning 2025", *[None] * 8])
    page.append([None, None, "Lieu", None, "Calendrier", None, None, None, None])
    page.append(["Code", "Intervention", "Région", "District", "Début", "Fin", "Cible", "État", "Raison"])
    page.merge_cells("A1:I1")
    page.merge_cells("C2:D2")
    page.merge_cells("E2:F2")
    wrong = {where: what for where, what, _reason in FAULTY}
    for number in range(1, INTERVENTIONS + 1):
        code, first = f"INT-{number:03d}", page.max_row + 1
        for at, (_place, name, region) in enumerate(districts()):
            row = _row(number, at, name, region) | wrong.get((code, at), {})
            shown = (code, f"Activité {number}") if at == 0 else (None, None)
            page.append(
                [
                    *shown,
                    region,
                    *(row[key] for key in ("district", "begins", "ends", "target", "state", "reason")),
                ]
            )
        page.merge_cells(start_row=first, end_row=page.max_row, start_column=1, end_column=1)
        page.merge_cells(start_row=first, end_row=page.max_row, start_column=2, end_column=2)
    page.append(
        ["INT-001", None, None, "DS de Abville", "01/01/2025", "31/12/2025", "7", "en cours", None]
    )  # said twice
    page.append(["Total", None, None, None, None, None, 12345, None, None])
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


def _row(number: int, at: int, name: str, region: str) -> dict[str, Any]:
    """Return what one line says, in one of the ways in which people write the same."""
    ways = (
        {"begins": date(2025, 1, 1), "ends": "31/12/2025", "target": 48},
        {"begins": "2025-01-01", "ends": "T4 2025", "target": "48"},
        {"begins": "01.01.2025", "ends": date(2025, 12, 31), "target": " 1 200 "},
    )
    state, reason = (("en retard", "Route coupée"), ("EN COURS", None), ("Prévu", None))[(number + at) % 3]
    called = (name, f"DS de {name}", name.upper())[at % 3]
    return {"district": called, "state": state, "reason": reason, **ways[(number * 7 + at) % 3]}
