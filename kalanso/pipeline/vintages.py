"""What did each kept state of the store know of a source's monthly numbers?

Sums by district and month from the part files of every snapshot. Parts never change, so each is read
once, however many snapshots share it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import ibis
import pandas as pd

from kalanso.indicators.tables import OBSERVATIONS
from kalanso.sources.catalogue import Vintage
from kalanso.store import Part, Store
from kalanso.store.engines import read_parts

NEWEST = 36  # states looked back upon
KEY = ["source", "indicator", "place_code", "period"]


def vintages(
    store: Store, indicators: Collection[str], district_of: Mapping[str, str], *, newest: int = NEWEST
) -> list[Vintage]:
    """Return the newest kept states of the observations, oldest first.

    Months only, routine and rounds together, all ages: what is followed is how a number grows, not what
    it means. Withdrawn snapshots are no states. `district_of` maps places to their district.
    """
    history = store.history(OBSERVATIONS.name)
    withdrawn = {manifest.withdrew for manifest in history if manifest.withdrew}
    kept = [m for m in history if m.id not in withdrawn and m.kind == "publish"][-newest:]
    read: dict[str, pd.DataFrame] = {}
    found: list[Vintage] = []
    for manifest in kept:
        parts = [_sums(store, part, indicators, district_of, read) for part in manifest.parts]
        rows = pd.concat(parts) if parts else pd.DataFrame(columns=[*KEY, "value"])
        sums = rows.groupby(KEY)["value"].sum().reset_index()
        found.append(Vintage(snapshot=manifest.id, known_on=manifest.created.date(), numbers=sums))
    return found


def _sums(
    store: Store, part: Part, indicators: Collection[str], district_of: Mapping[str, str], read: dict[str, pd.DataFrame]
) -> pd.DataFrame:  # fmt: skip
    if part.sha256 not in read:
        table = read_parts(OBSERVATIONS, [(store.part_path(part.sha256), part.schema_version)], store.engine)
        wanted = table.filter(
            table.indicator.isin(sorted(indicators)) & (table.period_type == "month") & table.value.notnull()
        )
        rows = wanted.group_by(KEY).agg(value=ibis._.value.sum()).to_pandas()
        rows["place_code"] = rows["place_code"].map(district_of)
        rows = rows.dropna(subset=["place_code"])
        read[part.sha256] = rows.groupby(KEY)["value"].sum().reset_index()
    return read[part.sha256]


def changes(states: list[Vintage]) -> Iterator[Vintage]:
    """Yield, source by source, the states in which a source's numbers differ from its state before."""
    before: dict[str, pd.DataFrame] = {}
    for state in states:
        for source, rows in state.numbers.groupby("source"):
            rows = rows.reset_index(drop=True)
            if str(source) in before and before[str(source)].equals(rows):
                continue
            before[str(source)] = rows
            yield Vintage(snapshot=state.snapshot, known_on=state.known_on, numbers=rows)


def triangle(states: list[Vintage], country: str) -> pd.DataFrame:
    """Return what `reporting_delays` reads: each change of each source, by district and for the country.

    A state is looked at once a day: of several on one day the last counts.
    """
    rows = [state.numbers.assign(known_on=state.known_on) for state in changes(states)]
    columns = [*KEY, "known_on"]
    if not rows:
        return pd.DataFrame(columns=[*columns, "value"])
    every = pd.concat(rows)
    whole = every.assign(place_code=country).groupby(columns, as_index=False)["value"].sum()
    return pd.concat([every, whole]).drop_duplicates(columns, keep="last").reset_index(drop=True)
