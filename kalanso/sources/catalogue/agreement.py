"""Do two sources that hold the same number say the same, and where do they lie apart?

Numbers are lifted to the coarser level of the two, and compared place by place and period by period:
overlap, equal numbers, ratio and its spread. Nobody is declared right here.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd

from kalanso.definitions import Pack
from kalanso.sources.catalogue.cells import additive
from kalanso.sources.catalogue.tables import SOURCE_AGREEMENT, SOURCE_DIFFERENCES
from kalanso.vocabulary import Level

# Numbers are lifted along the health tree alone: communes and districts cannot be summed into each other.
LIFTED = (Level.COUNTRY, Level.REGION, Level.DISTRICT, Level.HEALTH_AREA, Level.FACILITY)
PAIR = ["source", "series", "other", "other_series", "indicator", "product", "level", "period_type"]
Lift = Callable[[str, str, str, str, str, str], pd.DataFrame]


@dataclass(frozen=True, kw_only=True)
class Rules:
    """When two sources count as the same, close or apart; shares and relative differences.

    `equal`: relative difference below which two numbers are the same. `copied`: share of equal numbers from
    which a place stands in both as a copy; `redundant`: share of such places that makes two sources one
    fact. `near`: difference that still counts as close. `near_share`: share of
    close numbers that makes two sources close. `spread`: ratio of the 90th to the 10th percentile up
    to which a difference is steady. `apart`: distance of a place from the usual ratio that is named.
    `periods`: fewest periods to speak of a place, `overlap` fewest numbers to speak of a pair.
    """

    equal: float
    copied: float
    redundant: float
    near: float
    near_share: float
    spread: float
    apart: float
    side: float
    periods: int
    overlap: int

    @classmethod
    def of(cls, pack: Pack) -> Rules:
        """Return the rules of a country's pack (`catalogue.*` among its thresholds)."""
        section = pack.section("catalogue")
        given: dict[str, Any] = {one.name: float(section[one.name]) for one in fields(cls)}
        return cls(**given | {name: int(given[name]) for name in ("periods", "overlap")})


def agreement(pairs: Mapping[tuple[Any, ...], pd.DataFrame], rules: Rules) -> pd.DataFrame:
    """Return the rows of SOURCE_AGREEMENT for compared pairs (see `compared`)."""
    made = [dict(zip(PAIR, key, strict=True)) | _judged(both, rules) for key, both in pairs.items()]
    return pd.DataFrame(made, columns=list(SOURCE_AGREEMENT.column_names))


def differences(pairs: Mapping[tuple[Any, ...], pd.DataFrame], rules: Rules) -> pd.DataFrame:
    """Return the rows of SOURCE_DIFFERENCES: places steadily away from the usual ratio of a pair.

    Months in which a place departs from the usual ratio by no more than rounding say nothing. A place is
    named where at least `rules.periods` months do, `rules.side` of them on one side, and its ratio over
    all months but the strangest one differs from the usual ratio by more than `rules.apart`.
    """
    made: list[dict[str, Any]] = []
    for key, both in pairs.items():
        known = both[(both["a"] > 0) & both["b"].notna()]
        if len(known) < rules.overlap or known["place_code"].nunique() < 2:
            continue
        usual = float((known["b"] / known["a"]).median())
        for place, own in known.groupby("place_code"):
            found = _apart(own, usual, rules)
            if found:
                made.append(
                    dict(zip(PAIR, key, strict=True)) | {"place_code": place, "usual_ratio": usual} | found
                )
    return pd.DataFrame(made, columns=list(SOURCE_DIFFERENCES.column_names))


def _apart(own: pd.DataFrame, usual: float, rules: Rules) -> dict[str, Any] | None:
    departs = own["b"] - usual * own["a"]
    rounding = 0.5 * max(1.0, usual) if own["a"].max() > 2 else 0.0  # shares are not rounded to whole numbers
    told = departs[departs.abs() > rounding]
    if len(told) < rules.periods or not usual:
        return None
    rest = own.drop(index=departs.abs().idxmax())
    ratio = float(rest["b"].sum() / rest["a"].sum())
    side = float((np.sign(told) == np.sign(ratio - usual)).mean())
    if abs(ratio / usual - 1) <= rules.apart or side < rules.side:
        return None
    return {"periods": len(own), "ratio": ratio, "same_side_share": side}


def compared(levels: pd.DataFrame, lift: Lift, pack: Pack) -> dict[tuple[Any, ...], pd.DataFrame]:
    """Return, for each pair of sources with a common indicator, its numbers side by side.

    `levels` has source, series, indicator, product, period_type and `level`, the level at which each holds
    most numbers. `lift(source, series, indicator, product, period_type, level)` returns place_code, period
    and value at a level. Frames have place_code, period, a and b (empty where one has none).
    """
    made: dict[tuple[Any, ...], pd.DataFrame] = {}
    groups: Any = levels.groupby(["indicator", "product", "period_type"])
    for (indicator, product, kind), rows in groups:
        for first, second, level in _pairs(rows, additive(pack, str(indicator))):
            a = lift(first.source, first.series, indicator, product, kind, level)
            b = lift(second.source, second.series, indicator, product, kind, level)
            both = a.rename(columns={"value": "a"}).merge(
                b.rename(columns={"value": "b"}), on=["place_code", "period"], how="outer"
            )
            key = (first.source, first.series, second.source, second.series, indicator, product, level, kind)
            made[key] = both
    return made


def _pairs(rows: pd.DataFrame, sums: bool) -> Iterator[tuple[Any, Any, str]]:
    listed: list[Any] = list(rows.itertuples(index=False))
    ordered = sorted(listed, key=lambda row: (row.source, row.series))
    for first, second in itertools.combinations(ordered, 2):
        if first.level == second.level:
            yield first, second, first.level
        elif sums and {first.level, second.level} <= {level.value for level in LIFTED}:
            yield first, second, min((first.level, second.level), key=lambda name: Level(name).depth)


def _judged(both: pd.DataFrame, rules: Rules) -> dict[str, Any]:
    a, b = both["a"], both["b"]
    told = both[a.notna() & b.notna()]
    counts = {"numbers": int(a.notna().sum()), "other_numbers": int(b.notna().sum()), "overlap": len(told)}
    empty: dict[str, Any] = dict.fromkeys(
        ("equal_share", "copied_share", "near_share", "ratio", "ratio_low", "ratio_high")
    )
    if told.empty:
        return counts | empty | {"verdict": "too_few"}
    larger = told[["a", "b"]].abs().max(axis=1)
    gap = (told["a"] - told["b"]).abs() / larger.where(larger > 0, 1.0)
    same = gap <= rules.equal
    copied = same.groupby(told["place_code"]).mean() >= rules.copied
    found = empty | {
        "equal_share": float(same.mean()), "copied_share": float(copied.mean()),
        "near_share": float((gap <= rules.near).mean()),
    }  # fmt: skip
    sure = told[(told["a"] > 0) & (told["b"] > 0)]
    if len(sure):
        low, middle, high = np.quantile(sure["b"] / sure["a"], [0.1, 0.5, 0.9])
        found |= {"ratio": float(middle), "ratio_low": float(low), "ratio_high": float(high)}
    return counts | found | {"verdict": _verdict(counts["overlap"], found, rules)}


def _verdict(overlap: int, found: Mapping[str, Any], rules: Rules) -> str:
    if overlap < rules.overlap or found["ratio"] is None:
        return "too_few"
    if found["copied_share"] >= rules.redundant:
        return "redundant"
    if found["near_share"] >= rules.near_share:
        return "close"
    return "biased" if found["ratio_high"] / found["ratio_low"] <= rules.spread else "scattered"
