"""Which records of a store support a cause of missed children, and where can they be read?

Vaccine that was not there (stock cards, dated stock-outs) and sessions that were not held (closures,
strikes), in the quarters of the newest estimate. A context such as conflict is no record of what
happened; reasons that mothers give, and interviews, come when the store holds them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import ibis
import pandas as pd

from kalanso.coverage.pocket_words import RECORD_COLUMNS, latest_window
from kalanso.pipeline.evidence import Holdings
from kalanso.pipeline.evidence_folder import Gathered
from kalanso.vocabulary import Antigen, Period, PeriodType

STOCKOUT_SHARE = 1 / 12  # of the reported days of a place's facilities: a month in the year
# Kinds of events that support a cause, and the kind of record that each is.
EVENT_KINDS: Mapping[str, str] = {"stockout": "stock", "closure": "session", "strike": "session"}


def pocket_records(gathered: Gathered) -> pd.DataFrame:
    """Return what supports a cause by place (RECORD_COLUMNS): `stockout`, `closure` or `strike`.

    Only what touches DTP and the newest four quarters counts. References name the table, the source and
    the rows; stock cards also the days without vaccine of the days reported.
    """
    periods = gathered.evidence.periods
    quarters = [Period.parse(periods[at]) for at in latest_window(periods)[2]]
    first, last = quarters[0].start, quarters[-1].end
    rows = [*_stock_cards(gathered, first, last), *_events(gathered, first, last)]
    return pd.DataFrame(rows, columns=list(RECORD_COLUMNS))


def _stock_cards(gathered: Gathered, first: date, last: date) -> Iterator[dict[str, str]]:
    holdings = gathered.holdings
    rows = _stockout_days(holdings, first, last)
    if rows.empty:
        return
    area = rows["place_code"].map(dict(gathered.area_of)).fillna(rows["place_code"])
    rows = rows.assign(area=area)[area.isin(gathered.evidence.area_index)]
    for (place, source), own in rows.groupby(["area", "source"]):
        days = sum(Period.parse(code).days for code in own["period"])
        out = float(own["value"].sum())
        if out < STOCKOUT_SHARE * days:
            continue
        where = f"observations/{source}/stockout_days/{own['period'].min()}-{own['period'].max()}"
        yield _record(str(place), "stockout", "stock", f"{where}: {out:.0f}/{days}")


def _stockout_days(holdings: Holdings, first: date, last: date) -> pd.DataFrame:
    products = [product.code for product in holdings.pack.products if Antigen.DTP in product.antigens]
    table = holdings.observations
    rows = table.filter(
        (table.indicator == "stockout_days")
        & table.product.isin(products)
        & (table.period_type == PeriodType.MONTH.value)
        & table.value.notnull()
        & (table.period_start >= ibis.literal(first))
        & (table.period_start <= ibis.literal(last))
    )
    # Two products that carry DTP stand in for each other: a place is without only where both are out.
    return rows.group_by("source", "place_code", "period").agg(value=rows.value.min()).to_pandas()


def _events(gathered: Gathered, first: date, last: date) -> Iterator[dict[str, str]]:
    if gathered.holdings.events is None:
        return
    known = set(gathered.evidence.aggregates)
    rows = gathered.holdings.events.filter(ibis._.kind.isin(list(EVENT_KINDS))).to_pandas()
    for event in rows.to_dict("records"):
        begun, ended = pd.Timestamp(event["first_day"]).date(), _day(event["last_day"], last)
        place = str(gathered.area_of.get(event["place_code"], event["place_code"]))
        if begun > last or ended < first or place not in known:
            continue
        antigen = event["antigen"] if isinstance(event["antigen"], str) else ""
        if antigen not in ("", Antigen.DTP.value):
            continue
        kind = str(event["kind"])
        where = f"events/{event['source']}/{event['place_code']}/{kind}/{begun}"
        yield _record(place, kind, EVENT_KINDS[kind], where)


def _day(value: Any, otherwise: date) -> date:
    return otherwise if pd.isna(value) else pd.Timestamp(value).date()


def _record(place: str, cause: str, kind: str, reference: str) -> dict[str, str]:
    return {"place_code": place, "cause": cause, "kind": kind, "reference": reference}
