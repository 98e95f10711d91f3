"""Are girls vaccinated as boys are, and the poorest as the richest?

From coverage by sex or by fifth of wealth, as surveys state it, and from routine doses by sex: girls per boy among vaccinated
infants beside girls per boy among all. Every place and the newest year of each source.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import pandas as pd

from kalanso.triangulation.dossier import Dossier
from kalanso.triangulation.findings import Finding, newest
from kalanso.triangulation.inputs import each
from kalanso.vocabulary import Message

ENDS = {
    "sex": ("female", "male"),
    "wealth": ("1", "5"),
}  # who is compared with whom: the first is feared to be behind
Z = 1.959964


def read(dossier: Dossier) -> tuple[list[dict[str, Any]], list[Finding], list[str]]:
    """Return rows, findings, and the names of what is absent."""
    groups = dossier.rows("groups")
    rows: list[dict[str, Any]] = []
    told: list[Finding] = []
    found: set[str] = set()
    if len(groups):
        for about, part in newest(groups, ["place_code", "source", "kind", "by"]).groupby(
            ["place_code", "source", "kind", "by"]
        ):
            _place, _source, kind, by = (str(one) for one in cast(tuple[Any, ...], about))
            by_group = {row.group: row for row in each(part)}
            if not set(ENDS[by]) <= set(by_group):
                continue
            behind, ahead = (by_group[end] for end in ENDS[by])
            answer = (
                _doses(dossier, behind, ahead) if kind == "doses" else _coverage(dossier, by, behind, ahead)
            )
            if answer is None:
                continue
            found.add(by)
            rows += answer[0]
            if kind == "coverage":
                rows += [_row(row, f"coverage_{by}_{row.group}", row.value) for row in each(part)]
            told.append(answer[1])
    poverty = dossier.rows("access")
    absent = [] if "sex" in found else ["sex"]
    if "wealth" not in found and not (poverty["measure"] == "poverty").any():
        absent.append("access_poverty")
    return rows, told, absent


def _row(row: Any, measure: str, value: float) -> dict[str, Any]:
    return {
        "place_code": row.place_code, "period": row.year, "indicator": row.indicator, "measure": measure, "source": row.source,
        "kind": "survey", "value": value, "unit": "share",
    }  # fmt: skip


def _coverage(
    dossier: Dossier, by: str, behind: Any, ahead: Any
) -> tuple[Sequence[dict[str, Any]], Finding] | None:
    """Compare coverage of the two ends; the limit of what is told is that of sources for sex, of fifths for wealth."""
    if pd.isna(behind.value) or pd.isna(ahead.value):
        return None
    gap = ahead.value - behind.value
    limit = dossier.threshold("coverage.points" if by == "sex" else "inequality.difference")
    which = "narrow" if abs(gap) <= limit else "wide"
    verdict = "agrees" if which == "narrow" else "below" if gap > 0 else "above"
    row = _row(behind, f"{by}_difference", gap) | {
        "reference_source": "other_end",
        "numerator": None,
        "verdict": verdict,
    }
    params = {
        "place": behind.place_code, "period": str(behind.year), "indicator": behind.indicator, "source": behind.source,
        "behind": behind.value, "ahead": ahead.value,
    }  # fmt: skip
    return [row], _told(dossier, f"{by}_{which}", behind, ahead, params, behind.value, ahead.value)


def _doses(dossier: Dossier, girls: Any, boys: Any) -> tuple[Sequence[dict[str, Any]], Finding] | None:
    """Compare girls per boy among doses with girls per boy among infants; intervals are of chance alone."""
    fewest = dossier.threshold("silence.smallest")
    if not (girls.doses >= fewest and boys.doses >= fewest):
        return None
    ratio, expected = girls.doses / boys.doses, dossier.threshold("inequality.girls_per_boy")
    reach = Z * float(np.sqrt(1 / girls.doses + 1 / boys.doses))
    low, high = ratio * float(np.exp(-reach)), ratio * float(np.exp(reach))
    slack = dossier.threshold("inequality.girls_slack")
    verdict = (
        "below" if high < expected * (1 - slack) else "above" if low > expected * (1 + slack) else "agrees"
    )
    row = _row(girls, "girls_per_boy", ratio) | {
        "kind": "administrative", "unit": "ratio", "low": low, "high": high, "numerator": girls.doses, "denominator": boys.doses,
        "reference_source": "infants", "reference": expected, "verdict": verdict,
    }  # fmt: skip
    params = {
        "place": girls.place_code, "period": str(girls.year), "indicator": girls.indicator, "source": girls.source,
        "girls": girls.doses, "boys": boys.doses, "ratio": ratio, "expected": expected,
    }  # fmt: skip
    which = {"below": "girls_fewer", "above": "girls_more", "agrees": "girls_alike"}[verdict]
    return [row], _told(dossier, which, girls, boys, params, ratio, expected)


def _told(
    dossier: Dossier, which: str, one: Any, other: Any, params: dict[str, Any], value: float, expected: float
) -> Finding:
    calm = which.endswith(("narrow", "alike"))
    return Finding(
        kind="agrees" if calm else "check", place_code=one.place_code, period=str(one.year), indicator=one.indicator, source=one.source,
        value=value, expected=expected, severity="note" if calm else "attention",
        message=Message(f"triangulation.inequality.{which}", params),
        evidence=(dossier.evidence("groups", one), dossier.evidence("groups", other)),
    )  # fmt: skip
