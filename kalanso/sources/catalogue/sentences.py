"""How is a gap, or an agreement between two sources, said to a person?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from kalanso.vocabulary import Level, Message

Name = Callable[[str], str]


GROUP = ["kind", "source", "series", "level", "place_code", "first_period", "last_period", "periods"]


def grouped(gaps: pd.DataFrame) -> pd.DataFrame:
    """Return rows of CATALOGUE_GAPS with the indicators of one gap in one row, separated by spaces, in order.

    What nobody holds stays number by number: each is asked of somebody else.
    """
    if gaps.empty:
        return gaps
    alone = gaps["indicator"].where(gaps["source"] == "", "")
    joined = gaps.assign(alone=alone).groupby([*GROUP, "alone"], sort=False)["indicator"].agg(" ".join)
    return joined.reset_index().drop(columns="alone")


def grouped_pairs(agreed: pd.DataFrame) -> pd.DataFrame:
    """Return rows of SOURCE_AGREEMENT with one row per two sources and verdict, the weakest share of each kind."""
    if agreed.empty:
        return agreed
    groups = agreed.groupby(["source", "series", "other", "other_series", "verdict"], sort=False)
    return groups.agg(
        indicator=("indicator", lambda codes: " ".join(dict.fromkeys(codes))), overlap=("overlap", "sum"),
        copied_share=("copied_share", "min"), near_share=("near_share", "min"), ratio=("ratio", "median"),
    ).reset_index()  # fmt: skip


def gap_message(row: Any, *, source: Name, indicator: Name, place: Name, level: Name) -> Message:
    """Return the sentence of a row of CATALOGUE_GAPS (or `grouped`); the functions give the names that readers know."""
    kind = row.kind
    if kind == "silent" and not row.last_period:
        kind = "silent_since"
    elif kind == "silent" and row.level == Level.COUNTRY.value:
        kind = "silent_source"
    params = {
        "source": source(row.source), "place": place(row.place_code),
        "indicator": ", ".join(indicator(code) for code in row.indicator.split()),
        "level": level(row.level), "first": row.first_period, "last": row.last_period, "n": int(row.periods),
    }  # fmt: skip
    return Message(f"sources.gap.{kind}", params)


def agreement_message(row: Any, *, source: Name, indicator: Name) -> Message:
    """Return the sentence of a row of SOURCE_AGREEMENT (or `grouped_pairs`)."""
    first = " · ".join(filter(None, [source(row.source), row.series]))
    second = " · ".join(filter(None, [source(row.other), row.other_series]))
    params = {
        "first": first, "second": second, "n": int(row.overlap),
        "indicator": ", ".join(indicator(code) for code in row.indicator.split()),
        "copied": row.copied_share, "near": row.near_share, "ratio": row.ratio,
    }  # fmt: skip
    return Message(f"sources.agreement.{row.verdict}", params)
