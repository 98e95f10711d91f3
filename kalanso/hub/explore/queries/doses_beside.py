"""Which doses does an estimate count with an area that a facility of the whole district gave?

A facility that hangs on a district (a reference health centre) serves the nearest area for the estimate, while
indicators count it with the district alone. What is said here is checked: the doses of such a facility must be
what the evidence counts more than the area's own reports.
"""

from __future__ import annotations

from dataclasses import dataclass

from kalanso.hub.explore.queries import evidence_of_places, other_answers, places, series
from kalanso.hub.explore.queries.shelf import Shelf, remembered
from kalanso.indicators.tables import OBSERVATIONS
from kalanso.vocabulary import Level, Period, PeriodType

ROLLED = 4  # quarters
NEAR = 0.01  # share by which two counts of the same doses may differ
ROUNDS = ("catch_up", "campaign")


@dataclass(frozen=True, kw_only=True)
class Beside:
    """Doses of four quarters that stand in the evidence of an area: its own, and those of a facility of the district."""

    facility: str
    own: float
    beside: float
    due: float
    period: str

    @property
    def together(self) -> float:
        """All that the evidence counts."""
        return self.own + self.beside

    @property
    def own_coverage(self) -> float:
        """Administrative coverage with the area's own doses alone."""
        return self.own / self.due


@remembered
def of_area(shelf: Shelf, code: str) -> Beside | None:
    """Return the doses of a facility of the district that an area's evidence holds; None where it holds none, or it is not sure."""
    known, period = places.tree(shelf), other_answers.compared_period(shelf)
    place = known.places[code]
    basis = next(iter(series.bases(shelf, "dtp1_coverage")), None)
    methods = {one.method: one for one in other_answers.methods_of(shelf, code, "dtp1")}
    stated = methods.get("administrative")
    if (
        place.level != Level.HEALTH_AREA
        or not period
        or basis is None
        or stated is None
        or not stated.children
    ):
        return None
    quarters = [(Period.parse(period) + -back).code for back in range(ROLLED)]
    counted = {
        row["period"]: row["numerator"]
        for row in evidence_of_places.said_by_sources(shelf, code)
        if row["kind"] == "reported" and row["indicator"] == "dtp1" and row["period"] in quarters
    }
    own = series.at(shelf, (code,), "dtp1_coverage", period, rolled=True).get(code)
    if len(counted) < ROLLED or own is None or own.numerator is None:
        return None
    together = sum(counted.values())
    more = together - own.numerator
    for name, doses in _of_district(shelf, place.parent or "", basis.source, tuple(quarters)).items():
        if doses > 0 and abs(doses - more) <= max(1.0, NEAR * together):
            return Beside(facility=name, own=own.numerator, beside=more, due=stated.children, period=period)
    return None


@remembered
def _of_district(shelf: Shelf, code: str, source: str, quarters: tuple[str, ...]) -> dict[str, float]:
    """Return the first doses to infants that each facility right below a district gave in some quarters."""
    known = places.tree(shelf)
    if code not in known.places or not shelf.sees(OBSERVATIONS):
        return {}
    facilities = {p.code: p.name for p in known.children(code) if p.level == Level.FACILITY}
    rows = shelf.table(OBSERVATIONS)
    wanted = rows.filter(
        rows.place_code.isin(list(facilities)) & (rows.indicator == "dtp1_doses") & (rows.age_band == "0-11m")
        & (rows.source == source) & (rows.period_type == PeriodType.MONTH.value) & rows.strategy.notin(list(ROUNDS))
        & rows.sex.isin(["all", "unknown"]) & rows.value.notnull()
    )  # fmt: skip
    found: dict[str, float] = {}
    for row in shelf.rows(wanted.select("place_code", "period", "value")):
        if Period.parse(row["period"]).to(PeriodType.QUARTER).code in quarters:
            name = facilities[row["place_code"]]
            found[name] = found.get(name, 0.0) + row["value"]
    return found
