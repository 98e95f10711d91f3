"""Were the reports that came filled in?

Numbers present out of those that the reports received should carry, by indicator, place and year.
A number that a place never gives is no blank; neither are the months before it first gave it, nor a line that the
source gives nowhere any more. A year in which a place leaves a line blank throughout counts as any other.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
from ibis import _

from kalanso.quality.evidence import Evidence
from kalanso.quality.findings import findings, grade, in_year

NAME = "blanks"
_FORM = ["source", "indicator", "product", "age_band"]


def find(evidence: Evidence) -> ir.Table:
    """Return indicators that are often blank in reports that came (WHO data quality review, 1c)."""
    low, poor = evidence.threshold("blanks.low"), evidence.threshold("blanks.poor")
    by_series = _filled(evidence)
    levels = evidence.ancestry.filter(_.ancestor_level.isin(list(evidence.threshold("levels"))))
    judged = levels.select("ancestor_code").distinct()
    spread = evidence.upwards(by_series).semi_join(judged, "ancestor_code")
    keys = ["source", "indicator", "product", "age_band", "year"]
    sums = spread.group_by(keys, place_code=spread.ancestor_code).agg(
        given=spread.given.sum(), due=spread.due.sum(), places=spread.count()
    )
    rows = sums.mutate(share=_.given / _.due).filter(
        _.share < low, _.due >= evidence.threshold("blanks.smallest_expected")
    )
    what = ibis.ifelse(_["product"] != "", _["product"], ibis.ifelse(_.age_band == "all", "", _.age_band))
    return findings(
        evidence, in_year(rows), message="quality.blanks.often", value=_.share, expected=low, detail=what,
        severity=grade(attention=_.share < poor, serious=ibis.literal(False)),
        params={"given": _.given, "due": _.due, "n": _.due - _.given, "places": _.places},
    )  # fmt: skip


def _filled(evidence: Evidence) -> ir.Table:
    """Return numbers given, and due since the first one, by series and year of months, years without any too."""
    # Where numbers are tiny a blank mostly stands for a zero, which `zeros` tells.
    tiny = evidence.usual.group_by("series").agg(level=evidence.usual.median.max())
    n = evidence.numbers.anti_join(tiny.filter(_.level <= evidence.threshold("zeros.small")), "series")
    known = n.filter(n.value.notnull())
    given = known.group_by("series", "year").agg(given=known.count(), opening=known.season.min())
    start = given.group_by("series").agg(
        first_year=given.year.min(), opening=given.opening.argmin(given.year)
    )
    monthly = evidence.series.filter(evidence.series.period_type == "month")
    reports = evidence.spoken.filter(evidence.spoken.period_type == "month")
    months = reports.group_by("source", "place_code", "year").agg(reports=reports.count())
    asked = (
        start.join(monthly, "series")
        .join(months, ["source", "place_code"])
        .join(_last_years(given, monthly), _FORM)
    )
    years = asked.filter(asked.year >= asked.first_year, asked.year <= asked.last_year)
    joined = years.left_join(given.select("series", "year", "given"), ["series", "year"])
    joined = joined.drop(*(name for name in joined.columns if name.endswith("_right"))).mutate(
        given=_.given.fill_null(0)
    )
    since = 13 - joined.opening
    due = ibis.ifelse(joined.year == joined.first_year, ibis.least(joined.reports, since), joined.reports)
    return joined.mutate(due=ibis.greatest(due, joined.given))


def _last_years(given: ir.Table, monthly: ir.Table) -> ir.Table:
    """Return the last year in which a source gives each line of its form: a line that left the form is no blank."""
    lines = given.select("series", "year").join(monthly, "series")
    return lines.group_by(_FORM).agg(last_year=lines.year.max())
