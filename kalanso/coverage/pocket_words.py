"""What is a pocket called, who lives there, and what is known of its cause?

Turns pockets into tables: named by place and contexts, rate and burden side by side. A cause is
"not established" unless a survey, interview, stock or session record supports it; the record is
linked.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from kalanso.coverage.aggregates import (
    QUARTER,
    ROLLING,
    Indices,
    Numbers,
    PlaceTree,
    area_draws,
    place_tree,
    windows,
)
from kalanso.coverage.pockets import LEVEL, Pocket, members_table, neighbour_matrix, pockets
from kalanso.coverage.summaries import chances, interval, readable
from kalanso.vocabulary import Message

if TYPE_CHECKING:
    from kalanso.coverage.evidence import Evidence
    from kalanso.coverage.posterior import Posterior

NOT_ESTABLISHED = "not established"
RECORD_KINDS = ("survey", "interview", "stock", "session")
RECORD_COLUMNS = ("place_code", "cause", "kind", "reference")
MOST = 0.5  # share of a pocket's children from which a context names it
FAR = 1.0  # standard deviations from all areas from which another covariate is told
POCKET_COLUMNS = (
    "pocket", "place_code", "period", "span", "indicator", "threshold", "level",
    "areas", "leading_area", "area_codes", "joint_probability", "core_areas", "core_probability",
    "coverage_mean", "coverage_q025", "coverage_q975",
    "surviving_infants_mean", "surviving_infants_q025", "surviving_infants_q975",
    "missed_children_mean", "missed_children_q025", "missed_children_q975", "share_of_missed_mean",
    "contexts", "cause", "cause_records", "message", "params",
)  # fmt: skip


def latest_window(periods: Sequence[str]) -> tuple[str, str, list[int]]:
    """Return the span, the period and the quarters of the newest four rolling quarters.

    A series of fewer than four quarters gives its newest quarter.
    """
    for span in (ROLLING, QUARTER):
        if found := windows(periods, span):
            return span, *found[-1]
    raise ValueError("periods: expected at least one quarter, got none")


def pocket_tables(
    posterior: Posterior, evidence: Evidence, thresholds: Sequence[float], *, indicator: str = "",
    level: float = LEVEL, records: pd.DataFrame | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:  # fmt: skip
    """Return the pockets of the newest four quarters under each threshold, and their areas.

    The first table has POCKET_COLUMNS, most missed children first; the second one row per area:
    pocket, place_code, probability_below, in_core. `records` (RECORD_COLUMNS) are what supports a
    cause; `reference` says where it can be read. Raises ValueError for records of another kind, or
    without a reference.
    """
    indicator = indicator or posterior.first
    span, period, quarters = latest_window(posterior.periods)
    tree, touching = place_tree(posterior, evidence), neighbour_matrix(evidence)
    records = _checked(records)
    surviving, vaccinated = area_draws(posterior, indicator, quarters)
    tables, members = [], []
    for threshold in sorted(set(thresholds), reverse=True):
        found = pockets(vaccinated / surviving, touching, threshold=threshold, level=level)
        rows = [_row(pocket, surviving, vaccinated, tree, evidence, records) for pocket in found]
        for row in rows:
            row |= {
                "period": period,
                "span": span,
                "indicator": indicator,
                "threshold": threshold,
                "level": level,
            }
            row["pocket"] = f"{indicator}-{round(100 * threshold)}-{period}-{row['leading_area']}"
            row["message"], row["params"] = _sentence(row)
        members.append(members_table(found, list(tree.codes), [row["pocket"] for row in rows]))
        tables.append(
            pd.DataFrame(rows, columns=list(POCKET_COLUMNS)).sort_values(
                "missed_children_mean", ascending=False
            )
        )
    return pd.concat(tables, ignore_index=True), pd.concat(members, ignore_index=True)


def _row(
    pocket: Pocket, surviving: Numbers, vaccinated: Numbers, tree: PlaceTree, evidence: Evidence,
    records: pd.DataFrame,
) -> dict[str, Any]:  # fmt: skip
    missed = surviving - vaccinated
    codes = [tree.codes[area] for area in pocket.areas]
    of_pocket = missed[pocket.areas]
    total, infants = of_pocket.sum(axis=0)[None, :], surviving[pocket.areas].sum(axis=0)[None, :]
    numbers = (
        interval("coverage", 1 - total / infants)
        | interval("surviving_infants", infants)
        | interval("missed_children", total)
    )
    supporting = _supporting(records, codes, evidence)
    return {
        "place_code": common_place(codes, evidence),
        "areas": len(codes),
        "leading_area": codes[int(np.argmax(of_pocket.mean(axis=1)))],
        "area_codes": json.dumps(codes, ensure_ascii=False),
        "joint_probability": pocket.joint,
        "core_areas": len(pocket.core),
        "core_probability": pocket.core_joint,
        **{name: float(values[0]) for name, values in numbers.items()},
        "share_of_missed_mean": float((total[0] / missed.sum(axis=0)).mean()),
        "contexts": json.dumps(
            contexts_of(pocket.areas, surviving.mean(axis=1), evidence), ensure_ascii=False
        ),
        "cause": "; ".join(supporting["cause"].value_counts().index) or NOT_ESTABLISHED,
        "cause_records": json.dumps(supporting.to_dict("records"), ensure_ascii=False),
    }


def _sentence(row: dict[str, Any]) -> tuple[str, str]:
    low, high = row["missed_children_q025"], row["missed_children_q975"]
    told = {
        "n": row["areas"], "leading": row["leading_area"], "place": row["place_code"],
        "dose": row["indicator"], "threshold": row["threshold"], "period": row["period"],
        "quarters": 4 if row["span"] == ROLLING else 1, "coverage": row["coverage_mean"],
        "missed": readable(row["missed_children_mean"], low, high), "low": readable(low, low, high),
        "high": readable(high, low, high), "chances": chances(row["joint_probability"]),
        "core": row["core_areas"],
    }  # fmt: skip
    kind = "together" if told["chances"] else "loose"
    message = Message(f"coverage.pocket.{kind}", told)
    return message.id, message.params_json()


def cause_message(cause: str, records: str) -> Message:
    """Return the sentence on a pocket's cause, from its columns `cause` and `cause_records`."""
    if cause == NOT_ESTABLISHED:
        return Message("coverage.pocket.cause_not_established")
    linked = "; ".join(record["reference"] for record in json.loads(records))
    return Message("coverage.pocket.cause_supported", {"cause": cause, "records": linked})


def common_place(codes: Sequence[str], evidence: Evidence) -> str:
    """Return the lowest place that holds all these areas; one area stands for itself."""
    if len(codes) == 1:
        return codes[0]
    lines = [evidence.ancestors(code) for code in codes]
    return next(place for place in lines[0] if all(place in line for line in lines))


def contexts_of(areas: Indices, infants: Numbers, evidence: Evidence) -> list[dict[str, Any]]:
    """Return what is known of the people in some areas, weighted by their infants.

    A covariate that runs from 0 to 1 is a context where at least half of the infants live in it;
    any other covariate is told where the areas lie a standard deviation from all others.
    """
    found: list[dict[str, Any]] = []
    for name in evidence.covariate_names:
        values = evidence.covariates[name].to_numpy(dtype=float)
        inside = float(np.average(values[areas], weights=infants[areas]))
        if values.min() >= 0 and values.max() <= 1:
            if inside >= MOST:
                found.append({"context": name, "share": round(inside, 3)})
            continue
        spread = float(values.std())
        away = (inside - float(values.mean())) / spread if spread > 0 else 0.0
        if abs(away) >= FAR:
            found.append({"covariate": name, "value": round(inside, 3), "deviations": round(away, 2)})
    return found


def _checked(records: pd.DataFrame | None) -> pd.DataFrame:
    if records is None:
        return pd.DataFrame(columns=list(RECORD_COLUMNS))
    if missing := set(RECORD_COLUMNS) - set(records.columns):
        raise ValueError(
            f"records: expected the columns {', '.join(RECORD_COLUMNS)}; missing {sorted(missing)}"
        )
    for number, row in enumerate(records.to_dict("records"), 1):
        if row["kind"] not in RECORD_KINDS:
            raise ValueError(
                f"records, row {number}: expected a kind among {', '.join(RECORD_KINDS)}, got {row['kind']!r}"
            )
        if not str(row["reference"] or "").strip() or not str(row["cause"] or "").strip():
            raise ValueError(
                f"records, row {number}: a cause needs a name and a reference to what supports it"
            )
    return records[list(RECORD_COLUMNS)]


def _supporting(records: pd.DataFrame, codes: Sequence[str], evidence: Evidence) -> pd.DataFrame:
    """Return the records on an area of the pocket, or on a place that holds all of it."""
    whole = set.intersection(*(set(evidence.ancestors(code)) for code in codes)) - {evidence.country}
    return records[records["place_code"].isin({*codes, *whole})]
