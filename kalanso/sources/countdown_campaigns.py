"""Which vaccination campaigns does a Countdown workbook list, where and when?

One row per campaign, its districts in one cell separated by commas. A campaign becomes an event
per district; one without a month is refused, since a whole year would explain everything.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Any

import pyarrow as pa

from kalanso.places.names import parse_name
from kalanso.sources.countdown_headings import key_role
from kalanso.sources.countries import country_name
from kalanso.sources.months import MONTHS, plain, year_number
from kalanso.sources.readings import LISTED_EVENTS
from kalanso.sources.receipts import Receipt, Rejection
from kalanso.sources.workbooks import Cell, Sheet, nearest
from kalanso.vocabulary import Period

_ANTIGENS = (
    (r"measles|rougeole|\bm[rc]v?\b|\brr\b|\bvar\b|\bmmr\b", "mcv"), (r"polio|opv|vpo", "opv"),
    (r"\bipv|\bvpi", "ipv"), (r"penta|\bdtc|\bdtp", "dtp"), (r"yellow|jaune|\byf\b|\bvaa\b", "yf"),
    (r"mening|\bmen", "mena"), (r"hpv|vph", "hpv"), (r"vitamin|\bvita", "vita"), (r"bcg", "bcg"),
)  # fmt: skip
_CATCH_UP = re.compile(r"catch|rattrapage|\bpiri\b|intensif|periodic")
_YES = {"yes", "oui", "y", "o", "1", "1.0", "true", "national", "nationale", "nationwide", "tous", "all"}


def read_campaigns(
    sheet: Sheet, spelling: Mapping[str, str], region: Mapping[str, str], country: str, receipt: Receipt,
    counted: Counter[str],
) -> pa.Table | None:  # fmt: skip
    """Return campaigns as LISTED_EVENTS; each district of each campaign is one value of the receipt.

    `spelling` and `region` say how districts are written, by normalised name. A district that the
    workbook does not know is refused with the nearest ones, not guessed. `counted` is added to.
    """
    found = _columns(sheet)
    if found is None:
        return None
    columns, first = found
    book = _Book(sheet, columns, first, spelling, region, country)
    rows: list[dict[str, Any]] = []
    seen: set[tuple[Any, ...]] = set()
    for number, cells in enumerate(sheet.rows[first:], start=first + 1):
        told = {role: cells[index] for role, index in columns.items()}
        if all(told.get(role) is None for role in ("details", "year", "vaccine", "places")):
            continue
        for name in _names(told) or [""]:
            receipt.read += 1
            event, rejection = book.event(told, name, number, seen)
            if rejection is not None:
                receipt.rejections.append(rejection)
            if event is not None:
                receipt.stored += 1
                rows.append(event)
                if place := book.place(name):
                    counted[place] += 1
    return pa.Table.from_pylist(rows, schema=LISTED_EVENTS)


class _Book:
    """What is known of the workbook while its campaigns are read."""

    def __init__(
        self, sheet: Sheet, columns: Mapping[str, int], first: int, spelling: Mapping[str, str],
        region: Mapping[str, str], country: str,
    ) -> None:  # fmt: skip
        self.sheet, self.columns, self.first = sheet, columns, first
        self.spelling, self.region, self.country = spelling, region, country
        self.by_key = {parse_name(written).key: place for place, written in spelling.items()}

    def place(self, name: str) -> str | None:
        """Return the district of a name, spelled apart or together, or None."""
        return self.by_key.get(parse_name(name).key) if name else None

    def event(
        self, told: Mapping[str, Cell], name: str, row: int, seen: set[tuple[Any, ...]]
    ) -> tuple[dict[str, Any] | None, Rejection | None]:
        """Return the event of one campaign in one place, or why there is none."""
        place = self.place(name)
        reason, expected = _fault(told, name, place, self.spelling)
        if not reason:
            event = _event(told, place, self.spelling, self.region, self.country)
            key = tuple(event[k] for k in ("listed_code", "first_day", "kind", "antigen"))
            if key not in seen:
                seen.add(key)
                return event, None
            reason = "sources.rejected.repeated_campaign"
        said = " ".join(str(told.get(role) or "") for role in ("year", "month", "vaccine")).strip()
        heading = (
            self.sheet.rows[self.first - 1][self.columns["places"]]
            if name and "places" in self.columns
            else ""
        )
        return None, Rejection(
            reason=reason, sheet=self.sheet.name, row=row, column=str(heading or "")[:40], found=name or said,
            expected=expected,
        )  # fmt: skip


def _columns(sheet: Sheet) -> tuple[dict[str, int], int] | None:
    best: dict[str, int] = {}
    last = 0
    for number, row in enumerate(sheet.rows[:6]):
        here: dict[str, int] = {}
        for index, cell in enumerate(row):
            if cell is not None and (role := key_role([str(cell)], "campaigns")):
                here.setdefault(role, index)
        if "year" in here:
            best = {**here, **best}
            last = number
    return (best, last + 1) if {"year", "month"} <= set(best) else None


def _names(told: Mapping[str, Cell]) -> list[str]:
    """Return the districts named in a cell, what stands in brackets left out; none where national."""
    text = str(told.get("places") or "")
    text = re.sub(r"\([^)]*\)?", " ", text)
    parts = re.split(r"[,;\n/]|\bet\b|\band\b|&", text)
    names = [re.sub(r"(?i)\b(?:county|counties|districts?|régions?|region)\b", " ", part) for part in parts]
    return [" ".join(name.split()).strip(" .") for name in names if name.strip(" .")]


def _fault(
    told: Mapping[str, Cell], name: str, place: str | None, spelling: Mapping[str, str]
) -> tuple[str, str | None]:
    if year_number(told.get("year")) is None:
        return "sources.rejected.campaign_without_year", None
    if _months(told.get("month")) is None:
        return "sources.rejected.campaign_without_month", None
    if name and place is None:
        return "sources.rejected.unknown_district", ", ".join(nearest(name, spelling.values())) or None
    if not name and plain(str(told.get("national") or "")) not in _YES:
        return "sources.rejected.campaign_without_place", None
    return "", None


def _months(cell: Cell) -> tuple[int, int] | None:
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        return (int(cell), int(cell)) if 1 <= cell <= 12 else None
    found = [MONTHS[word] for word in re.findall(r"[a-z]+", plain(str(cell or ""))) if word in MONTHS]
    return (found[0], found[-1]) if found and found[0] <= found[-1] else None


def _event(
    told: Mapping[str, Cell],
    place: str | None,
    spelling: Mapping[str, str],
    region: Mapping[str, str],
    country: str,
) -> dict[str, Any]:
    year, months = year_number(told.get("year")), _months(told.get("month"))
    assert year is not None
    assert months is not None
    first: date = Period.month(year, months[0]).start
    vaccine = plain(str(told.get("vaccine") or ""))
    details = " ".join(str(told.get("details") or "").split())
    antigen = next(
        (code for form, code in _ANTIGENS if re.search(form, vaccine)), re.sub(r"[^a-z0-9]+", "_", vaccine)
    )
    written = spelling[place] if place else country_name(country, "en") or "national"
    note = "; ".join(str(t) for t in (details, told.get("vaccine"), told.get("age")) if t)
    return {
        "listed_code": written, "listed_name": written,
        "listed_parent": region.get(place, "") if place else "",
        "first_day": first, "last_day": Period.month(year, months[1]).end,
        "kind": "catch_up" if _CATCH_UP.search(plain(details)) else "campaign",
        "antigen": antigen, "note": note or None,
    }  # fmt: skip
