"""How many faults of its own kind does each check find, and how many of its alarms are right?

A copy of the example country in which everybody wrote down what was done gets faults of all kinds, from a seed of its
own; the checks run over it and over the copy as it was. Reports are missing, late or blank in both, and strikes and
stock-outs happen in both. Recall counts alarms (what asks for attention) and, apart, notes. Precision is the share of
named places and times at which something was planted: an alarm that stands without any fault as well counts as wrong,
and the last columns say how many of these there are and how many stand at the place and time of a dated event (a strike, a
stock-out, a closure). `explained` counts wrong ones that the finding itself says something known leads one to expect, and
`right_explained` right ones of which it says so: what ranking them lower costs.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.planting import FAULTS, WITHOUT, planted
from benchmarks.planting.desk import MAP, PEOPLE, REPORTS
from kalanso import quality, simulation
from kalanso.pipeline.check import gather
from kalanso.pipeline.demo import publish_tables
from kalanso.pipeline.evidence import Holdings
from kalanso.quality.tables import QUALITY_FINDINGS
from kalanso.simulation import ExampleCountry
from kalanso.simulation.reports import SOURCE
from kalanso.store import Store
from kalanso.vocabulary import Level, Period, PeriodType, Tree

SEED, COUNT = 102, 12
NOW = datetime(2025, 1, 15, tzinfo=UTC)
# What these tell is about a place, whatever the period under which it stands.
LASTING = frozenset({"silence", "heaping", "coverage", "benford", "names", "points", "target_growth"})
# What each check speaks of; all others speak of reports.
ABOUT = {
    "denominators": {PEOPLE},
    "target_growth": {PEOPLE},
    "coverage": {PEOPLE, REPORTS},
    "names": {"names"},
    "points": {MAP},
}
INSIDE = frozenset(
    {"district", "health_area"}
)  # what is wrong with reports there shows in the facilities below
# A fall is found where it is named as what it was.
CASES = {"service_fell": "service", "product_fell": "product"}
Named = tuple[str, str, tuple[str, ...]]  # source, place, months (none where they do not matter)
COLUMNS = (
    "check",
    "fault",
    "planted",
    "found",
    "found_or_noted",
    "named",
    "right",
    "standing",
    "dated",
    "explained",
    "right_explained",
)


def score(folder: Path, size: str = "full", *, seed: int = SEED, count: int = COUNT) -> pd.DataFrame:
    """Plant, check with and without, and return a row in COLUMNS for each check and kind of fault."""
    whole = simulation.example_country(seed=seed, size=size, faultless=True)
    desk = planted(whole, count, seed)
    before, _ = _told(folder / "whole", whole)
    told, lineage = _told(folder / "planted", desk.written())
    dated = pd.concat([whole.events.to_pandas(), _stockouts(whole)], ignore_index=True)
    return scored(told, before, desk.planted(), dated, lineage)


def _stockouts(country: ExampleCountry) -> pd.DataFrame:
    """Return the months in which facilities write days without vaccine on the stock card, as events."""
    rows = country.observations.to_pandas()
    out = rows[(rows["indicator"] == "stockout_days") & (rows["value"] > 0)]
    return pd.DataFrame(
        {"place_code": out["place_code"], "first_day": out["period_start"], "last_day": out["period_start"],
         "kind": "stockout"}
    )  # fmt: skip


def _told(folder: Path, country: ExampleCountry) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Publish a country and return the findings of all checks, and the lineage of its places."""
    store = Store.create(folder, country="ML", demo=True, now=NOW)
    publish_tables(store, country, "planted faults", now=NOW)
    holdings = Holdings(store, NOW.date())
    evidence = gather(holdings)
    beside = quality.known_beside(evidence)
    parts = [
        beside.marked(QUALITY_FINDINGS.arrow(found.to_pyarrow())).to_pandas()
        for _name, found in quality.check_all(evidence)
    ]
    return pd.concat(parts, ignore_index=True), holdings.lineage(Tree.HEALTH).to_pandas()


def scored(
    told: pd.DataFrame,
    before: pd.DataFrame,
    faults: pd.DataFrame,
    events: pd.DataFrame,
    lineage: pd.DataFrame,
) -> pd.DataFrame:
    """Return a row in COLUMNS for each check and kind; a check without faults has one row with its reason.

    `told` and `before` are findings with and without the planted `faults`, `events` what is dated in the country.
    """
    levels = _levels(lineage)
    at_event = _months_of_events(events, lineage)
    rows: list[dict[str, Any]] = []
    for check in quality.CHECKS:
        kinds = [plant.__name__ for plant in FAULTS.get(check.NAME, ())]
        own = faults[faults["kind"].isin(kinds)]
        if own.empty:
            rows.append({"check": check.NAME, "fault": WITHOUT.get(check.NAME, "none could be planted")})
            continue
        mine = _where(told[told["check"] == check.NAME], own, levels)
        heavy = _alarms(mine)
        alarms = _named(heavy, check.NAME)
        stood = set(_named(_alarms(_where(before[before["check"] == check.NAME], own, levels)), check.NAME))
        about = ABOUT.get(check.NAME, {REPORTS})
        at_fault = _months_of_faults(faults[faults["about"].isin(about)], lineage, levels)
        right = [one for one in alarms if _hit(one, at_fault)]
        marked = heavy["params"].str.contains('"explained_by"', regex=False)
        said = set(_named(heavy[marked], check.NAME)) - set(_named(heavy[~marked], check.NAME))
        rest = [one for one in alarms if one not in set(right)]
        counts = {
            "named": len(alarms), "right": len(right), "standing": sum(one in stood for one in rest),
            "dated": sum(_hit(one, at_event) for one in rest),
            "explained": sum(one in said for one in rest), "right_explained": sum(one in said for one in right),
        }  # fmt: skip
        for kind in kinds:
            of_kind = own[own["kind"] == kind]
            found, noted = (
                sum(_found(fault, rows, check.NAME) for fault in of_kind.itertuples())
                for rows in (heavy, mine)
            )
            rows.append(
                {
                    "check": check.NAME,
                    "fault": kind,
                    "planted": len(of_kind),
                    "found": found,
                    "found_or_noted": noted,
                }
                | counts
            )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _levels(lineage: pd.DataFrame) -> dict[str, str]:
    itself = lineage[lineage["place_code"] == lineage["ancestor_code"]]
    return dict(zip(itself["place_code"], itself["ancestor_level"], strict=True))


def _where(told: pd.DataFrame, own: pd.DataFrame, levels: dict[str, str]) -> pd.DataFrame:
    """Keep the findings of the sources and levels in which faults were planted, with their months."""
    chosen = {levels.get(code, "facility") for code in own["place_code"]}
    sources = set(own["source"]) - {""}
    fit = told["place_code"].map(lambda code: levels.get(code, "facility")).isin(chosen)
    if sources:
        fit &= told["source"].isin(sources)
    kept = told[fit]
    months = {code: _months(code) for code in kept["period"].unique()}
    return kept.assign(months=kept["period"].map(months))


def _alarms(told: pd.DataFrame) -> pd.DataFrame:
    """Return what asks for attention; of a check that only ever notes, its notes."""
    heavy = told[told["severity"] != "note"]
    return heavy if len(heavy) or told.empty else told


def _named(told: pd.DataFrame, check: str) -> list[Named]:
    """Return the sources, places and times named, each once."""
    lasting = check in LASTING
    return sorted(
        {
            (str(row.source), str(row.place_code), () if lasting else tuple(row.months))
            for row in told.itertuples()
        }
    )


def _found(fault: Any, told: pd.DataFrame, check: str) -> bool:
    rows = told[told["place_code"] == fault.place_code]
    if fault.source:
        rows = rows[rows["source"] == fault.source]
    if fault.indicator:
        rows = rows[rows["indicator"] == fault.indicator]
    if fault.kind in CASES:
        rows = rows[rows["message"].str.endswith(f".{CASES[fault.kind]}")]
    if check in LASTING:
        return bool(len(rows))
    return any(set(months) & set(_between(fault.first, fault.last)) for months in rows["months"])


def _months_of_faults(
    faults: pd.DataFrame, lineage: pd.DataFrame, levels: dict[str, str]
) -> dict[tuple[str, str], set[str]]:
    """Return by source and place in which months something was planted there, in a place below an area, or in one above it."""
    below = lineage.groupby("ancestor_code")["place_code"].agg(list).to_dict()
    areas = lineage[lineage["ancestor_level"] == Level.HEALTH_AREA.value]
    area_of = dict(zip(areas["place_code"], areas["ancestor_code"], strict=True))
    found: dict[tuple[str, str], set[str]] = {}
    for fault in faults.itertuples():
        place, months = str(fault.place_code), _between(str(fault.first), str(fault.last))
        reports = fault.about == REPORTS and fault.source == SOURCE
        inside = below.get(place, []) if reports and levels.get(place) in INSIDE else []
        for one in {*inside, place, *([area_of[place]] if reports and place in area_of else [])}:
            found.setdefault((str(fault.source), one), set()).update(months)
    return found


def _months_of_events(events: pd.DataFrame, lineage: pd.DataFrame) -> dict[tuple[str, str], set[str]]:
    """Return by place in which months something was dated there, or at a place above or below it."""
    below = lineage.groupby("ancestor_code")["place_code"].agg(list).to_dict()
    above = lineage.groupby("place_code")["ancestor_code"].agg(list).to_dict()
    found: dict[tuple[str, str], set[str]] = {}
    for event in events[~events["kind"].isin(["form_change"])].itertuples():
        first, last = pd.Timestamp(event.first_day), pd.Timestamp(event.last_day or NOW.date())
        months = _between(f"{first:%Y%m}", f"{last:%Y%m}")
        for place in {*below.get(event.place_code, ()), *above.get(event.place_code, ())}:
            found.setdefault(("", str(place)), set()).update(months)
    return found


def _hit(named: Named, at: dict[tuple[str, str], set[str]]) -> bool:
    source, place, months = named
    known = at.get((source, place), set()) | at.get(("", place), set())
    return bool(known) and (not months or bool(known & set(months)))


def _months(code: str) -> tuple[str, ...]:
    return tuple(month.code for month in Period.parse(code).months())


def _between(first: str, last: str) -> list[str]:
    start = Period.parse(first)
    steps = Period.parse(last) - start
    assert start.type is PeriodType.MONTH
    return [(start + step).code for step in range(steps + 1)]


def print_table(table: pd.DataFrame) -> None:
    """Print recall by kind of fault and precision by check, and the reason of each check without faults."""
    print(
        f"  {'check':<14}{'fault':<28}{'recall':>16}{'with notes':>12}{'precision':>18}{'stood before':>14}{'dated':>7}{'explained':>11}"
    )
    last = ""
    for row in table.itertuples():
        if pd.isna(row.planted):
            print(f"  {row.check:<14}{row.fault}")
            continue
        ours = row.check != last
        precision = f"{row.right / row.named:.0%} ({row.right:.0f}/{row.named:.0f})" if row.named else "-"
        ends = (
            f"{precision:>18}{row.standing:>14.0f}{row.dated:>7.0f}{row.explained:>6.0f}/{row.right_explained:.0f}"
            if ours
            else ""
        )
        share = f"{row.found / row.planted:.0%} ({row.found:.0f}/{row.planted:.0f})" if row.planted else "-"
        noted = f"{row.found_or_noted / row.planted:.0%}" if row.planted else "-"
        print(
            f"  {row.check if ours else '':<14}{row.fault.replace('_', ' '):<28}{share:>16}{noted:>12}{ends}"
        )
        last = row.check
