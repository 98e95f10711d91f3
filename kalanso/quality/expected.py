"""Which findings does something known beside them lead one to expect: a stock-out, a closed facility, a dated event?

Such a finding stays, says so, and is asked after those that nothing explains. What explains must hold at the place or one above it
(of a stock-out: at a share of the facilities below), for a share of the months of the finding, and in its direction: no
stock-out explains too many doses. It may explain; whether it does is still asked.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Final

import pandas as pd
import pyarrow as pa

from kalanso.quality.evidence import Evidence
from kalanso.quality.tables import with_param
from kalanso.vocabulary import Period, PeriodType

SERVICE: Final = ("strike", "conflict", "closure", "epidemic")
CLOSED: Final = "facilities_closed"
OF_REPORTS: Final = frozenset({"completeness", "timeliness", "silence"})
# `dropout` is left out: first and third doses come from the same vials, and planted faults are as frequent among what stands
# beside a shortage as elsewhere (30 % against 20 %; `birth_doses` 36 % against 30 %). Marking them would hide the right ones.
OF_DOSES: Final = frozenset({"shared_falls", "zeros", "outliers", "same_visit"})
_NUMBERS: Final = ("indicator", "first", "last", "one", "other", "larger")
# Sentences of too many doses or reports: nothing that was lacking explains them.
_TOO_MANY: Final = frozenset({
    "quality.outliers.high", "quality.outliers.irregular", "quality.outliers.score",
    "quality.completeness.over", "quality.timeliness.more_than_received", "quality.zeros.blank_for_zero", "quality.silence.heard",
})  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is known to have happened, by place and month.

    `events` maps a place to (kind, first month, last month), `closed` and `out` say of which months facilities were closed, and which
    products lacked there (of a place above facilities: at enough of them). `above` leads from a place to itself and all above.
    """

    above: Mapping[str, tuple[str, ...]]
    events: Mapping[str, tuple[tuple[str, str, str], ...]]
    closed: Collection[tuple[str, str]]
    out: Collection[tuple[str, str, str]]
    doses: Mapping[str, tuple[str, ...]]
    share: float

    def explains(
        self, check: str, message: str, place: str, months: tuple[str, ...], numbers: Collection[str]
    ) -> str:
        """Return what leads one to expect a finding: a kind of event, `stockout` or `closed`; nothing where nothing is known."""
        if check not in OF_REPORTS | OF_DOSES or message in _TOO_MANY:
            return ""
        least = max(1.0, self.share * len(months))
        line = self.above.get(place, (place,))
        if check in OF_REPORTS and sum((place, month) in self.closed for month in months) >= least:
            return "closed"
        products = {product for number in numbers for product in self.doses.get(number, ())}
        if check in OF_DOSES and sum(self._lacks(place, month, products) for month in months) >= least:
            return "stockout"
        for kind in SERVICE:
            held = [one for code in line for one in self.events.get(code, ()) if one[0] == kind]
            if sum(any(first <= month <= last for _k, first, last in held) for month in months) >= least:
                return kind
        return ""

    def _lacks(self, place: str, month: str, products: Collection[str]) -> bool:
        """Whether a product lacked in a month, or in the one before: doses of a month are given from what was left."""
        return any(
            (place, one, product) in self.out for product in products for one in (month, _before(month))
        )

    def marked(self, findings: pa.Table) -> pa.Table:
        """Return findings in the columns of QUALITY_FINDINGS; what is expected carries `explained_by` among its params."""
        if not set(findings["check"].unique().to_pylist()) & (OF_REPORTS | OF_DOSES):
            return findings
        params = findings["params"].to_pylist()
        names = ("check", "message", "place_code", "period")
        columns = [findings[name].to_pylist() for name in names]
        for at, (check, message, place, period) in enumerate(zip(*columns, strict=True)):
            if check in OF_REPORTS | OF_DOSES:
                given = json.loads(params[at])
                if check == "outliers" and (given.get("value") or 0) > (given.get("expected") or 0):
                    continue
                numbers = {str(given[name]) for name in _NUMBERS if isinstance(given.get(name), str)}
                if why := self.explains(check, message, place, _months(period), numbers):
                    params[at] = with_param(params[at], "explained_by", why)
        column = findings.schema.get_field_index("params")
        return findings.set_column(column, findings.schema.field("params"), pa.array(params, pa.string()))


@lru_cache(maxsize=4096)
def _months(period: str) -> tuple[str, ...]:
    return tuple(month.code for month in Period.parse(period).months())


@lru_cache(maxsize=4096)
def _before(month: str) -> str:
    return (Period.parse(month) + -1).code


def known(evidence: Evidence) -> Known:
    """Return what the evidence of the checks holds of stock-outs, closed facilities and dated events."""
    line = evidence.lineage.select("place_code", "ancestor_code").to_pandas()
    doses: dict[str, list[str]] = {}
    for product, codes in evidence.threshold("stock.doses_by_product").items():
        for code in codes:
            doses.setdefault(code, []).append(product)
    return Known(
        above={str(code): tuple(own) for code, own in line.groupby("place_code")["ancestor_code"]},
        events=_events(evidence), closed=_closed(evidence), out=_out(evidence, float(evidence.threshold("expected.facilities"))),
        doses={code: tuple(products) for code, products in doses.items()}, share=float(evidence.threshold("expected.months")),
    )  # fmt: skip


def _events(evidence: Evidence) -> dict[str, tuple[tuple[str, str, str], ...]]:
    if evidence.events is None:
        return {}
    rows = evidence.events.filter(evidence.events.kind.isin(list(SERVICE)))
    found: dict[str, list[tuple[str, str, str]]] = {}
    for row in rows.select("place_code", "kind", "first_day", "last_day").to_pandas().itertuples():
        last = evidence.today if pd.isna(row.last_day) else row.last_day
        found.setdefault(str(row.place_code), []).append((str(row.kind), _code(row.first_day), _code(last)))
    return {place: tuple(own) for place, own in found.items()}


def _code(day: Any) -> str:
    on: date = pd.Timestamp(day).date()
    return Period.containing(on, PeriodType.MONTH).code


def _closed(evidence: Evidence) -> frozenset[tuple[str, str]]:
    o = evidence.observations
    rows = o.filter((o.indicator == CLOSED) & (o.period_type == "month") & (o.value > 0))
    return frozenset(
        rows.select("place_code", "period").distinct().to_pandas().itertuples(index=False, name=None)
    )


def _out(evidence: Evidence, share: float) -> frozenset[tuple[str, str, str]]:
    """Return place, month and product of stock-outs: of places above facilities, where enough of those with a stock card lacked it."""
    o = evidence.observations
    cards = o.filter((o.indicator == "stockout_days") & (o.period_type == "month") & o.value.notnull())
    cards = cards.select("place_code", "period", "product", "value")
    line = evidence.lineage.select("place_code", "ancestor_code")
    spread = cards.inner_join(line, "place_code").group_by("ancestor_code", "period", "product")
    told = spread.agg(lacked=lambda t: (t.value > 0).cast("float64").mean())
    enough = told.filter(told.lacked >= share).select("ancestor_code", "period", "product")
    return frozenset(enough.to_pandas().itertuples(index=False, name=None))
