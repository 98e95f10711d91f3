"""How many children, households and clusters does a round need in each stratum?

The numbers are those of `kalanso.surveys.design` (WHO 2018, annex B). Cohorts are never put together: the one that needs most
clusters decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kalanso.hub.studies.models import Round, SampleSize
from kalanso.surveys.design import Cohort, SampleQuestion, sample_size


def needs(asked: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what each cohort needs; `asked` has cohorts (name, expected, half_width, children_per_household), icc, households, response
    and weight_cv, shares from 0 to 1. Raises ValueError for numbers that cannot be."""
    question = SampleQuestion(
        cohorts=tuple(Cohort(**one) for one in asked["cohorts"]), households_per_cluster=int(asked["households"]), icc=float(asked["icc"]),
        response=float(asked["response"]), weight_cv=float(asked["weight_cv"]),
    )  # fmt: skip
    return [
        {
            "cohort": str(row["cohort"]), "expected": float(row["expected"]), "half_width": float(row["half_width"]),
            "effective": int(row["effective_children"]), "deff": float(row["deff"]), "children": int(row["children"]),
            "selected": int(row["children_selected"]), "households": int(row["households"]), "clusters": int(row["clusters"]),
            "drives": bool(row["drives"]),
        }
        for row in sample_size(question).to_dict("records")
    ]  # fmt: skip


def newest(one: Round) -> SampleSize | None:
    """Return the answer that counts: the newest."""
    return one.sizes.select_related("by").first()


def clusters_needed(one: Round) -> int | None:
    """Return how many clusters each stratum needs; None where nobody asked."""
    size = newest(one)
    return max((int(row["clusters"]) for row in size.needs), default=None) if size is not None else None
