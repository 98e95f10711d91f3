"""Which findings are about a period whose numbers may still grow, and what follows from it?

Such a finding says so and is at most `attention`: what is missing may only be late. After how long a number counts as
final is taught by `kalanso.indicators.delays`; where nothing was learnt, recent periods are open until their reports are
in, as for indicators. What no late report can undo (`provisional.final` of `quality.yaml`) stays as it was found.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from kalanso.indicators.delays import Delays
from kalanso.quality.evidence import Evidence
from kalanso.quality.tables import with_param
from kalanso.vocabulary import Level, Period, PeriodType

MOST = "attention"
LONGEST = timedelta(days=3 * 366)  # no period that began before may still be open

Month = tuple[str, str, str]  # source, district or country, code of the month


@dataclass(frozen=True, kw_only=True)
class Open:
    """The periods of each series that are not final on a day.

    `district_of` leads from a place to its district, `received` says which share of the reports of a month is in;
    places above the districts are judged by the whole country. A quarter or year is open while its last month is.
    """

    delays: Delays
    complete: float
    today: date
    final: frozenset[str]
    country: str
    district_of: Mapping[str, str]
    received: Mapping[Month, float]
    _known: dict[tuple[str, str, str, str], bool] = field(default_factory=dict, repr=False)

    def holds(self, source: str, indicator: str, place: str, code: str) -> bool:
        """Whether the number of a period may still grow."""
        unit = self.district_of.get(place, self.country)
        key = (source, indicator, unit, code)
        if key not in self._known:
            self._known[key] = self._judge(*key)
        return self._known[key]

    def _judge(self, source: str, indicator: str, unit: str, code: str) -> bool:
        period = Period.parse(code)
        if not self.delays.provisional(source, indicator, unit, period, known_on=self.today):
            return False
        if period.end >= self.today or (source, indicator, unit) in self.delays.final_after:
            return True
        last = Period.containing(period.end, PeriodType.MONTH).code
        return self.received.get((source, unit, last), 0.0) < self.complete

    def marked(self, findings: pa.Table) -> pa.Table:
        """Return findings in the columns of QUALITY_FINDINGS, those of open periods marked and never serious."""
        recent = pc.greater_equal(findings["period_start"], pa.scalar(self.today - LONGEST, pa.date32()))
        if not pc.any(recent).as_py():
            return findings
        severity, params = findings["severity"].to_pylist(), findings["params"].to_pylist()
        names = ("check", "source", "indicator", "place_code", "period")
        columns = [findings[name].to_pylist() for name in names]
        for at in pc.indices_nonzero(recent).to_pylist():
            check, source, indicator, place, code = (column[at] for column in columns)
            if check in self.final or not self.holds(source, indicator, place, code):
                continue
            severity[at] = MOST if severity[at] == "serious" else severity[at]
            params[at] = with_param(params[at], "provisional", value=True)
        for name, values in (("severity", severity), ("params", params)):
            column = findings.schema.get_field_index(name)
            findings = findings.set_column(column, findings.schema.field(name), pa.array(values, pa.string()))
        return findings


def open_periods(evidence: Evidence, delays: Delays, *, complete: float) -> Open:
    """Return the periods that are open on the day of the checks; `complete` is the share of reports that ends one."""
    lineage: Any = evidence.lineage
    above = lineage.filter(lineage.ancestor_level.isin([Level.DISTRICT.value, Level.COUNTRY.value]))
    rows = above.to_pandas()
    districts = rows[rows["ancestor_level"] == Level.DISTRICT.value]
    countries = rows.loc[rows["ancestor_level"] == Level.COUNTRY.value, "ancestor_code"]
    return Open(
        delays=delays, complete=complete, today=evidence.today, final=frozenset(evidence.threshold("provisional.final")),
        country=str(countries.iloc[0]) if len(countries) else "",
        district_of=dict(zip(districts["place_code"], districts["ancestor_code"], strict=True)),
        received=_received(evidence, above, timedelta(days=delays.days)),
    )  # fmt: skip


def _received(evidence: Evidence, above: Any, within: timedelta) -> dict[Month, float]:
    """Return the share of the reports of recent months that is in, by source and district, and for the country."""
    told = evidence.observations
    recent = told.filter(
        told.period_type == PeriodType.MONTH.value, told.reports_expected > 0,
        told.period_start >= evidence.today - within - timedelta(days=31),
    )  # fmt: skip
    spread = recent.select("source", "place_code", "period", "reports_expected", "reports_received")
    sums = (
        spread.inner_join(above, "place_code").group_by("source", "ancestor_code", "period")
        .agg(due=lambda t: t.reports_expected.sum(), came=lambda t: t.reports_received.fill_null(0.0).sum())
        .to_pandas()
    )  # fmt: skip
    return {
        (str(row.source), str(row.ancestor_code), str(row.period)): float(row.came) / float(row.due)
        for row in sums.itertuples()
    }
