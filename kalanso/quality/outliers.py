"""Which numbers stand far from what their series usually shows?

Median and median deviation over about two to three years of the same series, the same month of
other years respected. Sudden zeros belong to `zeros`, lasting changes to `breaks`, falls that many
places share to `shared_falls`.

Modes for comparison with other tools: `who_z` (WHO data quality review: |x - mean| / sample sd),
`who_modified_z` (|x - median| / 1.486 MAD, with 1.253314 mean absolute deviations where MAD = 0),
`dhis2_z` (population sd) and `dhis2_modified_z` (0.6745 |x - median| / MAD; series with MAD = 0
are left out), each over the whole series.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
from ibis import _

from kalanso.quality.company import with_company
from kalanso.quality.evidence import Evidence
from kalanso.quality.findings import findings, grade, together
from kalanso.quality.spread import scale, usual_levels

NAME = "outliers"
MODES = ("median", "who_z", "who_modified_z", "dhis2_z", "dhis2_modified_z")


def find(evidence: Evidence) -> ir.Table:
    """Return the numbers that stand apart, in the mode of `outliers.mode`."""
    mode = evidence.threshold("outliers.mode")
    if mode not in MODES:
        raise ValueError(f"quality.outliers.mode: expected one of {', '.join(MODES)}, got {mode!r}")
    if mode != "median":
        return _compatible(evidence, mode)
    far = evidence.keep(_with_runs(_far_from_season(evidence, _far(evidence))))
    often = ibis.greatest(evidence.threshold("outliers.often") * _.n, evidence.threshold("outliers.fewest"))
    rows = _with_company(evidence, far.filter(_.apart < often))
    return together(_single(evidence, rows), _irregular(evidence, far.filter(_.apart >= often)))


def _single(evidence: Evidence, rows: ir.Table) -> ir.Table:
    alone = _.share < evidence.threshold("outliers.shared")
    wild = _.score.abs() >= evidence.threshold("outliers.limit_serious")
    return findings(
        evidence, rows, message="quality.outliers", value=_.value, expected=_.median,
        case=ibis.cases((~alone, "shared"), (_.score > 0, "high"), else_="low"),
        severity=grade(attention=alone, serious=alone & wild),
        params={"n": _.n, "score": _.score, "scatter": _.scatter, "mad": _.mad, "share": _.share},
    )  # fmt: skip


def _with_runs(far: ir.Table) -> ir.Table:
    """Add `apart`: how many numbers of the same series and time stand apart."""
    return far.mutate(apart=far.value.count().over(group_by=["series", "block"]))


def _irregular(evidence: Evidence, far: ir.Table) -> ir.Table:
    """Tell once a series so many of whose numbers stand apart that none of them is an outlier."""
    sums = far.group_by("series", "block").agg(
        step=far.step.min(), value=far.value.max(), median=far.median.max(),
        apart=far.apart.max(), n=far.n.max(),
    )  # fmt: skip
    return findings(
        evidence, evidence.located(sums), message="quality.outliers.irregular", value=_.value, expected=_.median,
        severity="note", params={"apart": _.apart, "n": _.n},
    )  # fmt: skip


def robust_scores(numbers: ir.Table, usual: ir.Table, *, floor: float) -> ir.Table:
    """Return the numbers with `score`: how many robust standard deviations from their median.

    `usual` holds n, median, mad and mean_ad by series and block (`spread.usual_levels`).
    """
    joined = numbers.join(usual, ["series", "block"])
    return joined.mutate(scatter=scale(floor)).mutate(score=(_.value - _.median) / _.scatter)


def _far(evidence: Evidence) -> ir.Table:
    # Vaccine comes in few large deliveries, so stock has no usual month: see `stock`.
    stock = evidence.series.filter(evidence.series.indicator.isin(evidence.stock_codes))
    numbers = evidence.numbers.anti_join(stock, "series")
    scored = robust_scores(numbers, evidence.usual, floor=evidence.threshold("outliers.floor"))
    return scored.filter(
        _.score.abs() >= evidence.threshold("outliers.limit"),
        (_.value - _.median).abs() >= evidence.threshold("outliers.difference"),
        _.n >= evidence.threshold("outliers.shortest"),
        # An isolated zero among positive numbers is a matter of missing and zero.
        (_.value != 0) | (_.median <= 0),
    )


def _far_from_season(evidence: Evidence, far: ir.Table) -> ir.Table:
    needed = far.select("series", "season").distinct()
    same = evidence.numbers.join(needed, ["series", "season"])
    seasonal = same.group_by("series", "season").agg(same_month=same.value.median(), years=same.value.count())
    least = evidence.threshold("outliers.season") * evidence.threshold("outliers.limit")
    joined = far.join(seasonal, ["series", "season"])
    apart = (joined.value - joined.same_month).abs() >= least * joined.scatter
    return joined.filter((joined.years < 2) | apart)


def _with_company(evidence: Evidence, far: ir.Table) -> ir.Table:
    series, usual = evidence.series, evidence.usual
    judged = usual.filter(usual.n >= evidence.threshold("outliers.shortest")).select("series").distinct()
    return with_company(evidence.located(far), series.join(judged, "series"), up=_.score > 0)


def _compatible(evidence: Evidence, mode: str) -> ir.Table:
    scored = compatible_scores(evidence.numbers, mode)
    name = {"who_z": "who_z", "dhis2_z": "dhis2_z"}.get(mode, "modified_z")
    rows = evidence.located(scored.filter(_.score.abs() >= evidence.threshold(f"outliers.limit_{name}")))
    return findings(
        evidence, rows, message="quality.outliers.score", value=_.value, expected=_.centre, severity="attention",
        params={"n": _.n, "score": _.score, "scatter": _.scatter, "mode": mode},
    )  # fmt: skip


def compatible_scores(numbers: ir.Table, mode: str) -> ir.Table:
    """Return the numbers with centre, scatter and score as another tool computes them.

    Series whose scatter is zero have no score and are left out, as there.
    """
    if mode in {"who_z", "dhis2_z"}:
        how = "sample" if mode == "who_z" else "pop"
        known = numbers.filter(numbers.value.notnull())
        about = known.group_by("series").agg(
            n=known.count(), centre=known.value.mean(), scatter=known.value.std(how=how)
        )
    else:
        level = usual_levels(numbers, ["series"])
        if mode == "dhis2_modified_z":
            scatter = level.mad / 0.6745
        else:
            scatter = ibis.ifelse(level.mad > 0, 1.486 * level.mad, 1.253314 * level.mean_ad)
        about = level.mutate(centre=level.median, scatter=scatter).select("series", "n", "centre", "scatter")
    joined = numbers.join(about.filter(_.scatter > 0), "series")
    return joined.filter(joined.value.notnull()).mutate(score=(_.value - _.centre) / _.scatter)
