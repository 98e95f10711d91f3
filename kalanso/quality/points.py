"""Which points and outlines of places cannot be right?

The geometry itself is judged by `places.geometry_findings`; here its rows become findings beside
those about numbers.
"""

from __future__ import annotations

import ibis.expr.types as ir
import pandas as pd

from kalanso.quality.evidence import Evidence
from kalanso.quality.findings import nothing
from kalanso.quality.tables import QUALITY_FINDINGS

NAME = "points"


def find(evidence: Evidence) -> ir.Table:
    """Return what `places.geometry_findings` found, for the year of the evidence.

    The sentences stay those of `kalanso.places`. `value` is the distance in km where there is one,
    else the share of the outline; `detail` names the other place where two are meant.
    """
    found = evidence.misplaced
    if found is None or found.empty:
        return nothing()
    year = evidence.today.year
    origin = evidence.places.select("place_code", "source").to_pandas().set_index("place_code").source
    rows = pd.DataFrame(
        {
            "check": NAME,
            "source": found.place_code.map(origin).fillna("places"),
            "place_code": found.place_code,
            "period": str(year),
            "period_type": "year",
            "period_start": evidence.today.replace(month=1, day=1),
            "indicator": "geometry",
            "detail": found.other_code.fillna(""),
            "value": found.distance_km.astype(float).fillna(found.share.astype(float)),
            "expected": None,
            "severity": found.severity,
            "message": found.message,
            "params": found.params,
        }
    )
    rows = rows.astype({"expected": "float64"})
    records = rows.astype(object).where(rows.notna(), None).to_dict("records")
    return evidence.engine_rows(QUALITY_FINDINGS.arrow(records))
