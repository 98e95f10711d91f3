"""What does the whole example country consist of?

Runs the parts in order, from the map to the reports, and gathers every table. Each part draws from
its own stream of chance, so that a change in one leaves the others as they were.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from kalanso.indicators.tables import EVENTS
from kalanso.simulation import gazetteer as gazetteers
from kalanso.simulation import learning_hub as hub
from kalanso.simulation import truth
from kalanso.simulation.around import around
from kalanso.simulation.attendance import Attendance, attendance
from kalanso.simulation.children import Vaccinated, vaccinated
from kalanso.simulation.coverage import Reach, reach
from kalanso.simulation.denominators import population_rows
from kalanso.simulation.disruptions import Disruptions, disruptions, event_rows
from kalanso.simulation.faults import Planted, plant
from kalanso.simulation.gazetteer import Gazetteer
from kalanso.simulation.geography import land
from kalanso.simulation.other_sources import OtherSources, other_sources
from kalanso.simulation.population import Population, population
from kalanso.simulation.reports import (
    SOURCE,
    STOCK_FROM,
    Block,
    Received,
    observation_rows,
    received,
    routine_blocks,
)
from kalanso.simulation.rounds import catch_up_strength, round_blocks, round_events
from kalanso.simulation.series import series
from kalanso.simulation.stock import stock_records, unbalance
from kalanso.simulation.surveys import surveys
from kalanso.simulation.territory import Territory, territory
from kalanso.simulation.timeline import MONTHS, REPORTED, SPAN

Numbers = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

PENTA_SERIES = ("dtp1", "dtp2", "dtp3", "dtp1_late", "dtp2_late", "dtp3_late")
SIZES = ("full", "small")
PARTS = (
    "land", "territory", "population", "coverage", "disruptions", "attendance", "children", "facilities",
    "reports", "faults", "forms", "stock", "codes", "denominators", "rounds", "surveys", "series",
    "other_sources",
)  # fmt: skip


class NoSuchSize(ValueError):
    """The example country comes in two sizes only."""


@dataclass(frozen=True)
class Life:
    """Everything that happened in the country, before anyone wrote it down or took it for truth."""

    territory: Territory
    gazetteer: Gazetteer
    people: Population
    official: Numbers
    reach: Reach
    disruptions: Disruptions
    attendance: Attendance
    children: Vaccinated
    catch_up: Numbers
    given: dict[str, Counts]
    natural_dtp1: Counts
    came: Received


def live(size: str, chance: dict[str, np.random.Generator]) -> Life:
    """Let four years pass."""
    where = territory(land(size, chance["land"]), chance["territory"])
    people = population(where, chance["population"])
    reachable = reach(where, people.surviving_infants, chance["coverage"])
    disrupted = disruptions(where, hub.SHORTAGE_AREA, chance["disruptions"])
    attending = attendance(where, disrupted.open, chance["attendance"])
    strength = catch_up_strength(where, chance["rounds"])
    service, penta = disrupted.service.copy(), np.ones((len(where.areas), SPAN))
    service[:, REPORTED] *= attending.access
    penta[:, REPORTED] = attending.seen_by_area(disrupted.penta)
    children = vaccinated(
        people.births, people.surviving_infants, reachable, service, penta, strength, chance["children"]
    )
    given = _given_at_facilities(where, people, disrupted, attending, children, chance["facilities"])
    official = hub.with_hub_targets(where, people.official, given["dtp1"])
    fitted = hub.with_hub_doses(where, given, hub.under_one_target(official))
    return Life(
        territory=where, gazetteer=Gazetteer(where), people=people, official=official, reach=reachable,
        disruptions=disrupted, attendance=attending, children=children, catch_up=strength, given=fitted,
        natural_dtp1=given["dtp1"], came=received(where, disrupted, chance["reports"]),
    )  # fmt: skip


def _given_at_facilities(
    where: Territory, people: Population, disrupted: Disruptions, attending: Attendance,
    children: Vaccinated, rng: np.random.Generator,
) -> dict[str, Counts]:  # fmt: skip
    """Return doses by facility and month, and the other services of their forms."""
    count = len(where.facilities)
    given = {}
    for name, doses in children.doses.items():
        drawn_to = disrupted.penta if name.startswith("dtp") else None
        given[name] = attending.spread(doses, drawn_to, count, rng)
    births = people.births[:, REPORTED].mean(axis=1)[where.facilities["area"]]
    busy = rng.lognormal(0, 0.5, count)[:, None] * np.ones(MONTHS)
    given["opd"] = rng.poisson(births[:, None] * 2.2 * busy)
    given["deliveries"] = rng.poisson(births[:, None] * 0.12 * busy)
    return given


def observations(
    life: Life, chance: dict[str, np.random.Generator], *, faultless: bool = False
) -> tuple[pa.Table, Planted]:
    """Return what was reported, and the faults that were planted in it: none where it is `faultless`."""
    where, came, planted = life.territory, life.came, Planted()
    # The series of the hub's areas is documented: no fault may be planted there.
    exempt = np.repeat(hub.of_hub(where)[:, None] | faultless, MONTHS, axis=1)
    written = plant(life.given, came.received, exempt, planted, chance["faults"])
    blocks = list(routine_blocks(where, written, came, chance["forms"]))
    blocks += list(round_blocks(where, life.people, life.children.catch_up, life.catch_up, chance["rounds"]))
    blocks += list(_stock_blocks(life, exempt, planted, chance["stock"]))
    rows = observation_rows(where, blocks, came, SOURCE)
    targets = population_rows(life.gazetteer, life.people, life.official, chance["denominators"])
    return pa.concat_tables([rows, targets]), planted


def _stock_blocks(
    life: Life, exempt: npt.NDArray[np.bool_], planted: Planted, rng: np.random.Generator
) -> list[Block]:
    """Lay out the stock form of public health centres, from its introduction."""
    where = life.territory
    rows = np.flatnonzero(where.facilities["kind"].isin({"CSCom", "CSRéf"}).to_numpy())
    since = slice(STOCK_FROM, MONTHS)
    given = np.sum([life.given[name] for name in PENTA_SERIES], axis=0)
    centres = np.arange(len(where.areas))
    rounds = life.children.catch_up.sum(axis=2)
    given[centres] += rounds
    wastage = np.where(
        where.areas["setting"].to_numpy()[where.facilities["area"][rows]] == "rural", 0.14, 0.07
    )
    records = stock_records(given[rows, since], life.disruptions.penta[rows, since], wastage, rng)
    local = Planted()
    unbalance(records, local, exempt[rows, since], rng)
    for kind, f, t, months, name, true, wrong in local.lines:
        planted.lines.append((kind, rows[f], t + STOCK_FROM, months, name, true, wrong))
    stock_came = life.came.received[rows, since] & (rng.random((len(rows), MONTHS - STOCK_FROM)) < 0.97)
    return [
        Block(
            facilities=rows,
            first_month=STOCK_FROM,
            indicator=name,
            product="penta",
            values=np.where(stock_came, values, np.nan),
            seen=stock_came,
        )
        for name, values in records.items()
    ]


def streams(seed: int) -> dict[str, np.random.Generator]:
    """Return one generator of chance for each part, all from one seed."""
    return dict(zip(PARTS, np.random.default_rng(seed).spawn(len(PARTS)), strict=True))


@dataclass(frozen=True, kw_only=True)
class ExampleCountry:
    """Every table of the example country, in the columns of its declaration.

    The first block is meant to be published. `survey_clusters` and `survey_children` are raw answers,
    as interviewers have them. The `truth_` tables and `planted_faults` are for scoring alone (their
    columns stand in `simulation/tables.py`). `hub_report` is the Learning Hub's progress report, as
    CSV text. `other_sources` came beside the monthly reports, and `planted_sources` says what was
    planted in them.
    """

    seed: int
    size: str
    places: pa.Table
    place_parents: pa.Table
    place_codes: pa.Table
    place_contexts: pa.Table
    place_flags: pa.Table
    place_boundaries: pa.Table
    place_crosswalk: pa.Table
    observations: pa.Table
    events: pa.Table
    coverage_series: pa.Table
    hub_report: str
    survey_clusters: pa.Table
    survey_children: pa.Table
    truth_births: pa.Table
    truth_coverage: pa.Table
    truth_zero_dose: pa.Table
    truth_survey_children: pa.Table
    planted_faults: pa.Table
    other_sources: OtherSources
    planted_sources: pa.Table


def example_country(seed: int = 2024, size: str = "full", *, faultless: bool = False) -> ExampleCountry:
    """Return the example country of one seed.

    `size` is `full` (11 regions, 75 districts, some 1,300 health areas) or `small` (2 regions, 5
    districts, 25 health areas). The same seed gives the same tables. Where it is `faultless` everybody wrote down
    what was done: reports are still missing, late or blank here and there, and strikes and stock-outs still happen.
    """
    if size not in SIZES:
        raise NoSuchSize(f"size: expected one of {', '.join(SIZES)}, got {size!r}")
    chance = streams(seed)
    life = live(size, chance)
    where, book, people, children = life.territory, life.gazetteer, life.people, life.children
    rows, planted = observations(life, chance, faultless=faultless)
    fieldwork = surveys(where, people, children, size, chance["surveys"])
    others = _other_sources(life, rows, chance["other_sources"])
    published = series(rows, list(where.areas["code"]), people, children, fieldwork, chance["series"])
    return ExampleCountry(
        seed=seed,
        size=size,
        places=gazetteers.places(book),
        place_parents=gazetteers.parents(book),
        place_codes=gazetteers.codes(book, chance["codes"]),
        place_contexts=gazetteers.contexts(book),
        place_flags=gazetteers.flags(book),
        place_boundaries=gazetteers.boundaries(book),
        place_crosswalk=gazetteers.crosswalk(book),
        observations=rows,
        events=_events(life),
        coverage_series=published,
        hub_report=hub.report_csv(where),
        survey_clusters=fieldwork.clusters,
        survey_children=fieldwork.children,
        truth_births=truth.births_table(where, people),
        truth_coverage=truth.coverage_table(where, people, children, life.reach),
        truth_zero_dose=truth.zero_dose_table(where, people, children),
        truth_survey_children=fieldwork.truth,
        planted_faults=truth.faults_table(
            where, planted, life.came.received, life.natural_dtp1, life.given["dtp1"]
        ),
        other_sources=others,
        planted_sources=others.planted,
    )


def _other_sources(life: Life, rows: pa.Table, rng: np.random.Generator) -> OtherSources:
    """Return the workbooks of the districts and the surveillance of measles and of flaccid paralysis."""
    where, codes = life.territory, life.gazetteer.districts
    facilities = where.facilities
    district_of = dict(zip(facilities["code"], [codes[d] for d in facilities["district"]], strict=True))
    infants = life.people.surviving_infants[:, REPORTED]
    missed = infants * (1 - life.reach.mcv1[:, REPORTED])
    zero = infants * (1 - life.reach.dtp1[:, REPORTED])
    # Measles finds a tenth of the children whom the first dose did not reach.
    cases, born, without = (np.zeros((len(codes), MONTHS)) for _ in range(3))
    for sums, by_area in ((cases, 0.1 * missed), (born, infants), (without, zero)):
        np.add.at(sums, where.areas["district"].to_numpy(), by_area)
    return other_sources(
        rows,
        district_of,
        cases,
        list(codes),
        rng,
        infants=born,
        without=without / np.maximum(born, 1),
        known_around=_around(life, rng.spawn(1)[0]),
    )


def _around(life: Life, rng: np.random.Generator) -> Iterator[tuple[str, str, npt.NDArray[np.float64]]]:
    """Return what is known around the services of each district."""
    where = life.territory
    facilities = np.bincount(
        where.facilities["area"][where.facilities["area"] >= 0], minlength=len(where.areas)
    )
    areas = {
        "district": where.areas["district"].to_numpy(float), "remote": where.areas["remote"].to_numpy(float),
        "people": life.people.people[:, REPORTED].mean(axis=1), "facilities": facilities.astype(float),
    }  # fmt: skip
    return around(areas, where.in_conflict(), rng)


def _events(life: Life) -> pa.Table:
    districts = life.territory.land.districts["district"]
    codes = dict(zip(districts, life.gazetteer.districts, strict=True))
    told = [*life.disruptions.events, *round_events(life.territory, life.catch_up)]
    return EVENTS.arrow(event_rows(told, life.gazetteer.regions, codes))


def learning_hub_report(country: ExampleCountry) -> str:
    """Return the Learning Hub's progress report as CSV text: wide, French headings, percent.

    One of its health areas stands there under another name than in `places`.
    """
    return country.hub_report
