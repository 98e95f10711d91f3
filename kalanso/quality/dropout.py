"""Do later doses exceed first doses, or do far too many children seem to be lost in between?

By period and by year, for places as reported and for those above. Every period in which later
doses exceed first doses is told; only what neither tolerance nor chance explains asks for
attention. A year is judged where enough of it was reported: five areas of one month are no year of a
country. Dropout itself, as an indicator, belongs to `kalanso.indicators`.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
from ibis import _

from kalanso.quality.calendars import PER_YEAR
from kalanso.quality.evidence import Evidence
from kalanso.quality.findings import findings, grade, in_year, nothing, together

NAME = "dropout"
AGES = ("0-11m", "unknown", "all")  # later doses of older children follow no first dose of that age


def find(evidence: Evidence) -> ir.Table:
    """Return negative dropout by period and year, and very high dropout by year."""
    pairs = [
        (first, last) for first, last in evidence.threshold("dropout.pairs") if evidence.has(first, last)
    ]
    if not pairs:
        return nothing()
    # One story: the months of the first pair are told, the other pairs confirm it by year.
    return together(
        *(f for nth, pair in enumerate(pairs) for f in _of_pair(evidence, *pair, periods=nth == 0))
    )


def _of_pair(evidence: Evidence, first: str, last: str, *, periods: bool) -> list[ir.Table]:
    counts = both_by_place(evidence, first, last)
    counts = evidence.keep(
        counts.mutate(
            negative=(_.later > _.earlier).cast("int64"),
            excess=(_.later - _.earlier) / (_.later + _.earlier).sqrt(),
        )
    )
    smallest = evidence.threshold("dropout.smallest")
    judged = counts.filter(_.earlier >= smallest)
    keys = ["source", "place_code", "age_band", "year"]
    years = counts.group_by(keys).agg(
        earlier=counts.earlier.sum(),
        later=counts.later.sum(),
        periods=counts.count(),
        negative=counts.negative.sum(),
        reports=counts.reports.sum(),
        per_year=counts.per_year.max(),
    )
    years = _enough(evidence, years.filter(_.earlier >= smallest))
    years = in_year(years).mutate(
        dropout=(_.earlier - _.later) / _.earlier, excess=(_.later - _.earlier) / (_.later + _.earlier).sqrt()
    )
    tell = {"first": first, "last": last, "earlier": _.earlier, "later": _.later}
    told = [_negative_periods(evidence, evidence.dated(judged), last, tell)] if periods else []
    return [
        *told,
        _negative_years(evidence, years, last, tell),
        _high(evidence, years, last, tell),
    ]


def both_by_place(evidence: Evidence, first: str, last: str) -> ir.Table:
    """Return the sums of two doses over the places that report both, by place and period.

    Places as reported, and those above at the levels of the definitions; children under one. A month with a negative
    number is no month of both: `impossible` tells it.
    """
    # Chance is judged by the root of a sum, and one negative number would stop all checks there.
    d = evidence.doses.filter((evidence.doses[first] >= 0) & (evidence.doses[last] >= 0))
    units = evidence.units.filter(evidence.units.age_band.isin(AGES))
    own = d.select("unit", "step", "year", first, last).join(units, "unit")
    spread = evidence.upwards(own)
    per_year = spread.period_type.cases(*((kind.value, n) for kind, n in PER_YEAR.items()), else_=1)
    return spread.group_by(
        "source", "age_band", "period_type", "step", "year", place_code=spread.ancestor_code
    ).agg(
        earlier=spread[first].sum(), later=spread[last].sum(), reports=spread.count(), per_year=per_year.max()
    )  # fmt: skip


def _enough(evidence: Evidence, years: ir.Table) -> ir.Table:
    """Keep the years of which enough was reported: places below that report in a period, times periods.

    The reports of a full year are those of all places known below, of the levels at which this source reports
    there, in all periods of a year. `dropout.smallest_share` of them must hold both doses.
    """
    below = evidence.ancestry.join(evidence.places.select("place_code", "level"), "place_code")
    speaking = evidence.units.select("source", "place_code").distinct().join(below, "place_code")
    levels = speaking.select("source", "ancestor_code", "level").distinct()
    known = levels.join(below.select("place_code", "ancestor_code", "level"), ["ancestor_code", "level"])
    places = known.group_by("source", "ancestor_code").agg(places=known.place_code.nunique())
    counted = years.left_join(
        places, (years.source == places.source) & (years.place_code == places.ancestor_code)
    )
    full = counted.places.fill_null(1) * counted.per_year
    enough = counted.reports >= evidence.threshold("dropout.smallest_share") * full
    return counted.filter(enough).select(*years.columns)


def _negative_periods(evidence: Evidence, rows: ir.Table, last: str, tell: dict[str, object]) -> ir.Table:
    tolerance, chance = evidence.threshold("dropout.tolerance"), evidence.threshold("dropout.chance")
    more = rows.filter(_.later > _.earlier).mutate(detail=age_detail())
    plain = (_.later > _.earlier * (1 + tolerance)) & (_.excess > chance)
    return findings(
        evidence, more, message="quality.dropout", case=ibis.ifelse(plain, "negative", "negative_slight"),
        indicator=last, value=_.later, expected=_.earlier, severity=ibis.ifelse(plain, "attention", "note"),
        params=tell,
    )  # fmt: skip


def _negative_years(evidence: Evidence, years: ir.Table, last: str, tell: dict[str, object]) -> ir.Table:
    tolerance, chance = evidence.threshold("dropout.tolerance"), evidence.threshold("dropout.chance")
    rows = years.filter((_.dropout < -tolerance) & (_.excess > chance)).mutate(detail=age_detail())
    return findings(
        evidence, rows, message="quality.dropout.negative_year", indicator=last, value=_.dropout, expected=0.0,
        severity="serious", params=tell | {"negative": _.negative, "n": _.periods},
    )  # fmt: skip


def _high(evidence: Evidence, years: ir.Table, last: str, tell: dict[str, object]) -> ir.Table:
    high, very = evidence.threshold("dropout.high"), evidence.threshold("dropout.very_high")
    rows = years.filter(_.dropout > high).mutate(detail=age_detail())
    return findings(
        evidence, rows, message="quality.dropout.high", indicator=last, value=_.dropout, expected=high,
        severity=grade(attention=_.dropout > high, serious=_.dropout > very),
        params=tell | {"n": _.periods},
    )  # fmt: skip


def age_detail() -> ir.Deferred:
    """Return the age band as what tells findings apart, empty for all ages."""
    return ibis.ifelse(_.age_band == "all", "", _.age_band)
