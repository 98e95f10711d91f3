"""What makes a value doubtful?

The ids of the sentences, worst first: a value carries the first that applies. The sentences stand in
`locale/`.
"""

from __future__ import annotations

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir

# The order is the order of gravity.
CAVEATS = (
    "no_report",
    "adjustment_refused",
    "no_denominator",
    "target_not_positive",
    "no_first_dose",
    "no_category",
    "missed_negative",
    "missed_negative_somewhere",
    "coverage_above_one",
    "dropout_negative",
    "age_never_recorded",
    "age_partly_unknown",
    "target_incomplete",
    "unequal_reports",
    "doubtful_product",
    "parent_differs",
    "target_differs",
    "places_without_value",
    "low_completeness",
    "grown_target",
    "ages_widened",
)


def worst(conditions: Mapping[str, ir.BooleanValue]) -> ir.StringValue:
    """Return the id of the gravest caveat whose condition holds, or null."""
    if unknown := set(conditions) - set(CAVEATS):
        raise KeyError(f"caveats: unknown {sorted(unknown)}")
    ordered = [
        (conditions[name].fill_null(False), f"indicators.caveat.{name}")
        for name in CAVEATS
        if name in conditions
    ]
    return ibis.cases(*ordered, else_=ibis.null("string"))
