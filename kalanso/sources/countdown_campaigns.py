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
    by_key = {parse_name(written).key: place for place, written in spelling.items()}
    rows: list[dict[str, Any]] = []
    seen: set[tuple[Any, ...]] = set()
    for number, cells in enumerate(sheet.rows[first:], start=first + 1):
        told = {role: cells[index] for role, index in columns.items()}
        if all(told.get(role) is None for role in ("details", "year", "vaccine", "places")):
            continue
        for name in _names(told) or [""]:
            receipt.read += 1
            place = by_key.get(parse_name(name).key) if name else None
            reason, expected = _fault(told, name, place, spelling)
            event = None if reason else _event(told, place, spelling, region, country)
            key = tuple(event[k] for k in ("listed_code", "first_day", "kind", "antigen")) if event else ()
            if event and key in seen:
                reason, event = "sources.rejected.repeated_campaign", None
            if event is None:
                text = (
                    name
                    or " ".join(str(told.get(role) or "") for role in ("year", "month", "vaccine")).strip()
                )
                receipt.rejections.append(
                    Rejection(
                        reason=reason,
                        sheet=sheet.name,
                        row=number,
                        column=str(sheet.rows[first - 1][columns["places"]] or "")[:40]
                        if name and "places" in columns
                        else "",
                        found=text,
                        expected=expected,
                    )
                )
                continue
            seen.add(key)
            receipt.stored += 1
            if place:
                counted[place] += 1
            rows.append(event)
    return pa.Table.from_pylist(rows, schema=LISTED_EVENTS)


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
