"""What went wrong, where and when, and which dated events tell of it?

Strikes, stock-outs, closures, conflict and floods as factors on service, supply and reporting, with
the events that a chronicler would have written down. What children lose by it is worked out in
`children`; planted errors of the reports themselves in `faults`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import numpy.typing as npt

from kalanso.simulation.territory import Territory
from kalanso.simulation.timeline import BEFORE, MONTHS, SPAN, month, month_of
from kalanso.vocabulary import Level

Numbers = npt.NDArray[np.float64]

HUB_FROM = month(2022, 10)  # from here the documented series say what happened in the hub's areas
DATA_STRIKE = ("Kayes", "Koulikoro", "Bamako")
STAFF_STRIKE = ("Ségou", "Sikasso", "Bamako")
PENTA_SHORTAGE = ("Sikasso", "Mopti", "Tombouctou", "Gao")
OFFENSIVE = ("Ménaka", "Gao")
HEXA_FROM = {"Sikasso": date(2024, 4, 1), "Kayes": date(2024, 7, 1), "Bamako": date(2024, 7, 1)}
FORM_CHANGE = date(2023, 1, 1)
SOURCE = "demo-events"


@dataclass(frozen=True, kw_only=True)
class Event:
    """A dated event at a place: a region or district by name with its level, any other by code."""

    place: str
    level: Level | None = None
    first_day: date
    last_day: date | None
    kind: str
    antigen: str = ""
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Disruptions:
    """Factors from 0 (nothing works) to 1 (as usual).

    `service` by area and month of the whole span; `penta` (share of the month with vaccine),
    `open` (whether the facility worked) and `reporting` (factor on the chance of a report) by
    facility and month of reports.
    """

    service: Numbers
    penta: Numbers
    open: npt.NDArray[np.bool_]
    reporting: Numbers
    events: tuple[Event, ...]


# Of whole regions: (kind, regions, first day, last day, factor, antigen, note)
REGIONAL = (
    ("data_strike", DATA_STRIKE, date(2021, 10, 1), date(2021, 12, 31), 0.35, "", "DÉMO : rétention des données sanitaires"),
    ("strike", STAFF_STRIKE, date(2022, 2, 1), date(2022, 3, 31), 0.45, "", "DÉMO : grève des agents de santé"),
    ("stockout", PENTA_SHORTAGE, date(2022, 8, 1), date(2022, 9, 30), 0.25, "dtp", "DÉMO : rupture nationale de Penta"),
    ("conflict", OFFENSIVE, date(2022, 3, 1), date(2022, 8, 31), 0.40, "", "DÉMO : attaques et déplacements"),
)  # fmt: skip


def disruptions(territory: Territory, hub_shortage: str, rng: np.random.Generator) -> Disruptions:
    """Return all disruptions; `hub_shortage` names the hub's area that lacked Penta in spring 2023."""
    service = np.ones((len(territory.areas), SPAN))
    facilities = len(territory.facilities)
    penta, reporting = np.ones((facilities, MONTHS)), np.ones((facilities, MONTHS))
    events: list[Event] = []
    _regional(territory, service, penta, reporting, events)
    _seasonal(territory, service, rng)
    opened, closures = _closures(territory, rng)
    _local_shortages(territory, penta, events, rng)
    _spare_the_hub(territory, service, penta, opened, hub_shortage, events, rng)
    events += [event for event in closures if not _in_hub(territory, event.place)]
    events += _announced(territory)
    return Disruptions(service=service, penta=penta, open=opened, reporting=reporting, events=tuple(events))


def _regional(
    territory: Territory, service: Numbers, penta: Numbers, reporting: Numbers, events: list[Event]
) -> None:
    districts, areas, facilities = territory.land.districts, territory.areas, territory.facilities
    region_of_area = districts["region"].to_numpy()[areas["district"]]
    region_of_facility = districts["region"].to_numpy()[facilities["district"]]
    for kind, regions, first, last, factor, antigen, note in REGIONAL:
        present = [name for name in regions if name in set(districts["region"])]
        months = slice(month_of(first, 0), month_of(last, 0) + 1)
        in_areas, in_facilities = np.isin(region_of_area, present), np.isin(region_of_facility, present)
        if kind in {"strike", "conflict"}:
            service[in_areas, months.start + BEFORE : months.stop + BEFORE] *= factor
        if kind in {"data_strike", "conflict"}:
            reporting[in_facilities, months] *= factor
        if kind == "stockout":
            penta[in_facilities, months] *= factor
        told = "strike" if kind == "data_strike" else kind
        events += [
            Event(
                place=p,
                level=Level.REGION,
                first_day=first,
                last_day=last,
                kind=told,
                antigen=antigen,
                note=note,
            )
            for p in present
        ]


def _seasonal(territory: Territory, service: Numbers, rng: np.random.Generator) -> None:
    """Floods cut off islands from August to October, rain slows remote places, harvest empties sessions."""
    areas = territory.areas
    calendar = np.arange(SPAN) % 12
    island, remote = areas["island"].to_numpy()[:, None], areas["remote"].to_numpy()[:, None]
    service *= np.where(island & np.isin(calendar, (7, 8, 9)), 0.65, 1.0)
    service *= np.where(remote & np.isin(calendar, (6, 7, 8)), 0.88, 1.0)
    months = np.arange(SPAN)[None, :] - BEFORE
    troubled = areas["conflict_from"].to_numpy()[:, None] <= months
    service *= np.where(troubled & (rng.random(service.shape) < 0.15), 0.4, 1.0)
    service *= np.clip(rng.normal(0.99, 0.05, service.shape), 0.7, 1.0)


def _closures(territory: Territory, rng: np.random.Generator) -> tuple[npt.NDArray[np.bool_], list[Event]]:
    """Close every fourth vaccinating facility where conflict has come, for half a year or for good."""
    facilities = territory.facilities
    opened = np.ones((len(facilities), MONTHS), dtype=bool)
    since = territory.areas["conflict_from"].to_numpy()[facilities["area"]]
    at_risk = (since < MONTHS - 3) & facilities["vaccinates"].to_numpy() & (facilities["kind"] != "CSRéf")
    events = []
    for number in np.flatnonzero(at_risk & (rng.random(len(facilities)) < 0.25)):
        first = max(0, int(since[number])) + int(rng.integers(0, 30))
        last = first + int(rng.integers(6, 40))
        if first >= MONTHS:
            continue
        opened[number, first : last + 1] = False
        ended = _month_end(last) if last < MONTHS else None
        code = str(facilities["code"].iloc[number])
        events.append(
            Event(
                place=code,
                first_day=_month_start(first),
                last_day=ended,
                kind="closure",
                note="DÉMO : centre fermé, insécurité",
            )
        )
    return opened, events


def _local_shortages(
    territory: Territory, penta: Numbers, events: list[Event], rng: np.random.Generator
) -> None:
    """Let districts run out of Penta now and then for a month or two, and single facilities for days."""
    district = territory.facilities["district"].to_numpy()
    names = territory.land.districts["district"].to_numpy()
    for number, begins in zip(*np.nonzero(rng.random((len(names), MONTHS)) < 0.012), strict=True):
        ends = min(begins + int(rng.integers(0, 2)), MONTHS - 1)
        own = np.flatnonzero(district == number)
        penta[own, begins : ends + 1] *= rng.uniform(0.1, 0.5, (len(own), 1))
        if rng.random() < 0.6:  # the others nobody wrote down
            events.append(
                Event(
                    place=str(names[number]),
                    level=Level.DISTRICT,
                    first_day=_month_start(begins),
                    last_day=_month_end(ends),
                    kind="stockout",
                    antigen="dtp",
                    note="DÉMO : rupture de Penta au dépôt du district",
                )
            )
    alone = rng.random(penta.shape) < 0.012
    penta[alone] *= rng.uniform(0.2, 0.8, int(alone.sum()))


def _spare_the_hub(
    territory: Territory, service: Numbers, penta: Numbers, opened: npt.NDArray[np.bool_],
    hub_shortage: str, events: list[Event], rng: np.random.Generator,
) -> None:  # fmt: skip
    """In the hub's areas only what the documented series shows may happen."""
    areas, facilities = territory.areas, territory.facilities
    hub = (areas["hub"] >= 0).to_numpy()
    of_hub = hub[facilities["area"]]
    service[hub, HUB_FROM + BEFORE :] = 1.0
    penta[np.ix_(of_hub, np.arange(HUB_FROM, MONTHS))] = 1.0
    opened[of_hub] = True
    short = np.flatnonzero((areas["name"] == hub_shortage).to_numpy())
    first, last = month(2023, 4), month(2023, 6)
    lacking = np.flatnonzero(np.isin(facilities["area"], short))
    penta[lacking, first : last + 1] = rng.uniform(0.25, 0.35, (len(lacking), 3))
    for area in short:
        code = str(areas["code"].iloc[area])
        events.append(
            Event(
                place=code,
                first_day=_month_start(first),
                last_day=_month_end(last),
                kind="stockout",
                antigen="dtp",
                note="DÉMO : rupture de Penta, autres antigènes disponibles",
            )
        )


def _announced(territory: Territory) -> list[Event]:
    """Return the events that everyone knew: new product, new form, the coming of conflict."""
    districts, areas = territory.land.districts, territory.areas
    regions = set(districts["region"])
    hexa, form = "DÉMO : introduction de l'Hexavalent", "DÉMO : nouveau rapport mensuel, doses par stratégie"
    unreached = "DÉMO : une partie du district n'est plus accessible"
    events = [Event(place="ML", first_day=FORM_CHANGE, last_day=None, kind="form_change", note=form)]
    for name, day in HEXA_FROM.items():
        if name in regions:
            told = Event(place=name, level=Level.REGION, first_day=day, last_day=None, kind="product_change")
            events.append(replace(told, antigen="dtp", note=hexa))
    since = areas.groupby("district")["conflict_from"].min()
    for number, began in enumerate(since.sort_index()):
        if 0 <= began < MONTHS:
            name, day = str(districts["district"].iloc[number]), _month_start(began)
            told = Event(place=name, level=Level.DISTRICT, first_day=day, last_day=None, kind="conflict")
            events.append(replace(told, note=unreached))
    return events


def _in_hub(territory: Territory, facility: str) -> bool:
    row = territory.facilities.loc[territory.facilities["code"] == facility, "area"]
    return bool(len(row) and territory.areas["hub"].iloc[int(row.iloc[0])] >= 0)


def _month_start(position: int) -> date:
    years, months = divmod(int(position), 12)
    return date(2021 + years, months + 1, 1)


def _month_end(position: int) -> date:
    return date.fromordinal(_month_start(position + 1).toordinal() - 1)


def event_rows(
    events: Sequence[Event], regions: Mapping[str, str], districts: Mapping[str, str]
) -> list[dict[str, object]]:
    """Return events as rows of `events`, names of regions and districts replaced by their codes."""
    codes: Mapping[Level | None, Mapping[str, str]] = {Level.REGION: regions, Level.DISTRICT: districts}
    return [
        {
            "source": SOURCE,
            "place_code": codes[e.level][e.place] if e.level in codes else e.place,
            "first_day": e.first_day,
            "last_day": e.last_day,
            "kind": e.kind,
            "antigen": e.antigen,
            "note": e.note,
        }
        for e in events
    ]
