"""Do doses given at the same visit agree?

DTP1, OPV1, PCV1 and Rota1 are given together, and so are others. Doses that one place gives and
another does not, and stock-outs of one product, explain part of the differences.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
from ibis import _

from kalanso.quality.dropout import age_detail, both_by_place
from kalanso.quality.evidence import Evidence
from kalanso.quality.findings import findings, grade, in_year, nothing, together

NAME = "same_visit"


def find(evidence: Evidence) -> ir.Table:
    """Return years, and single periods, in which doses of one visit differ."""
    pairs = [(a, b) for a, b in evidence.threshold("same_visit.pairs") if evidence.has(a, b)]
    if not pairs:
        return nothing()
    return together(*(found for pair in pairs for found in _of_pair(evidence, *pair)))


def _of_pair(evidence: Evidence, one: str, other: str) -> list[ir.Table]:
    counts = evidence.keep(both_by_place(evidence, one, other))
    keys = ["source", "place_code", "age_band", "year"]
    years = counts.group_by(keys).agg(
        earlier=counts.earlier.sum(), later=counts.later.sum(), periods=counts.count()
    )
    year, month = evidence.threshold("same_visit.year"), evidence.threshold("same_visit.month")
    far = in_year(_judged(evidence, years).filter((_.ratio - 1).abs() > year))
    # Where the whole year differs, its months are not told again.
    single = _judged(evidence, counts).filter(
        ((_.ratio - 1) > month) | ((1 / _.ratio - 1) > month)
    ).anti_join(far.select(keys), keys)  # fmt: skip
    apart = (_.ratio - 1).abs() > evidence.threshold("same_visit.year_serious")
    tell = {"one": one, "other": other, "earlier": _.earlier, "later": _.later, "ratio": _.ratio}
    return [
        findings(
            evidence, far.mutate(detail=age_detail()), message="quality.same_visit.year", indicator=other,
            value=_.later, expected=_.earlier, severity=grade(attention=apart, serious=ibis.literal(False)),
            params=tell | {"n": _.periods},
        ),
        findings(
            evidence, evidence.dated(single.mutate(detail=age_detail())), message="quality.same_visit.period",
            indicator=other, value=_.later, expected=_.earlier, severity="attention", params=tell,
        ),
    ]  # fmt: skip


def _judged(evidence: Evidence, counts: ir.Table) -> ir.Table:
    """Keep pairs large enough to judge, both given, whose difference chance does not explain."""
    both = counts.mutate(
        ratio=_.later / _.earlier, score=(_.later - _.earlier).abs() / (_.later + _.earlier).sqrt()
    )
    return both.filter(
        _.earlier >= evidence.threshold("same_visit.smallest"), _.later > 0,
        _.score > evidence.threshold("same_visit.chance"),
    )  # fmt: skip
