"""Do far more children seem to get the dose at birth than ever come for the first dose of DTP?

BCG is given to births, DTP1 six weeks later to the infants who lived: a little fewer. Many more doses of BCG
than of DTP1 in a year mean children who were never called back, births of elsewhere (maternities), or
doses wrongly counted. Which of these is not decided.
"""

from __future__ import annotations

import ibis.expr.types as ir
from ibis import _

from kalanso.quality.dropout import age_detail, both_by_place
from kalanso.quality.evidence import Evidence
from kalanso.quality.findings import findings, grade, in_year, nothing, together

NAME = "birth_doses"


def find(evidence: Evidence) -> ir.Table:
    """Return years in which birth doses exceed first doses of DTP, beyond mortality and chance."""
    pairs = [(a, b) for a, b in evidence.threshold("birth_doses.pairs") if evidence.has(a, b)]
    return together(*(_of_pair(evidence, *pair) for pair in pairs)) if pairs else nothing()


def _of_pair(evidence: Evidence, birth: str, first: str) -> ir.Table:
    both = both_by_place(evidence, first, birth)
    years = both.group_by("source", "place_code", "age_band", "year").agg(
        first=both.earlier.sum(), birth=both.later.sum(), n=both.count()
    )
    limit, serious = (evidence.threshold(f"birth_doses.{name}") for name in ("limit", "limit_serious"))
    years = years.filter(years["first"] >= evidence.threshold("birth_doses.smallest")).mutate(
        ratio=years.birth / years["first"],
        excess=(years.birth - years["first"]) / (years.birth + years["first"]).sqrt(),
    )
    rows = years.filter(_.ratio > limit, _.excess > evidence.threshold("birth_doses.chance"))
    return findings(
        evidence, in_year(rows).mutate(detail=age_detail()), message="quality.birth_doses.many", indicator=first,
        value=_["first"], expected=_.birth, severity=grade(attention=_.ratio > limit, serious=_.ratio > serious),
        params={"one": birth, "other": first, "ratio": _.ratio, "n": _.n, "lost": _.birth - _["first"]},
    )  # fmt: skip
