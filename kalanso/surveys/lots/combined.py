"""What is the coverage of a district or region, from its lots together?

Lots are strata: each counts by the children who live in it, not by the children asked.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from kalanso.surveys.design.precision import wilson
from kalanso.surveys.handed_in import numbers, refuse_rows, unique, with_columns
from kalanso.vocabulary import Message

BY = ["round", "indicator", "larger_place"]


def combined(
    lots: pd.DataFrame, populations: pd.DataFrame, *, deff: float = 1.0, level: float = 0.95
) -> pd.DataFrame:
    """Return coverage of larger places from lots, by round and dose.

    `lots`: round, place_code, indicator, children, vaccinated. `populations`: place_code, larger_place, children:
    how many live in each lot, and in which larger place it lies; lots without a sample stay in it, so that
    `sampled_share` says of which share of the children the result speaks. With shares W of those sampled, coverage
    is sum W p and its variance sum W^2 deff p (1 - p) / (n - 1) (Valadez 1991). The interval is Wilson's with the
    effective number of children that this variance means; where every lot has 0 or all children vaccinated, that
    number is the unweighted one over `deff`. `deff` is 1 unless lots were drawn in clusters.
    """
    if deff < 1 or not 0 < level < 1:
        raise ValueError(f"expected a deff of at least 1 and a level below 1, got {deff:g} and {level:g}")
    table = with_columns(lots, "lots", ["round", "place_code", "indicator", "children", "vaccinated"])
    unique(table, "lots", ["round", "place_code", "indicator"])
    table["n"] = numbers(table, "lots", "children", low=2)
    found = numbers(table, "lots", "vaccinated")
    said = Message("surveys.expected.not_above", {"other": "children"})
    refuse_rows(table, "lots", "vaccinated", found > table["n"], said)
    known = with_columns(populations, "populations", ["place_code", "larger_place", "children"])
    unique(known, "populations", ["place_code"])
    known["larger_place"] = known["larger_place"].astype(str)
    known["live"] = numbers(known, "populations", "children", above=True)
    outside = ~table["place_code"].isin(known["place_code"])
    refuse_rows(table, "lots", "place_code", outside, Message("surveys.expected.in_populations"))
    table = table.merge(known[["place_code", "larger_place", "live"]], on="place_code")
    table["p"] = table["vaccinated"] / table["n"]
    whole = known.groupby("larger_place")["live"].sum()
    rows = [_of_place(group, names, whole, deff, level) for names, group in table.groupby(BY, sort=True)]
    return pd.DataFrame(rows)


def _of_place(
    lots: pd.DataFrame, names: tuple[object, ...], whole: pd.Series, deff: float, level: float
) -> dict[str, object]:
    share = (lots["live"] / lots["live"].sum()).to_numpy(float)
    p, n = lots["p"].to_numpy(float), lots["n"].to_numpy(float)
    coverage = float(share @ p)
    variance = float((share**2 * deff * p * (1 - p) / (n - 1)).sum())
    effective = coverage * (1 - coverage) / variance if variance > 0 else n.sum() / deff
    # lots that differ make strata worth more than their children, which is not trusted beyond what they are
    effective = min(effective, n.sum())
    low, high = wilson(np.array([coverage]), np.array([effective]), level=level)
    sampled = float(lots["live"].sum() / whole[str(names[2])])
    said = Message("surveys.lots.combined", {"n": len(lots), "place": str(names[2]), "share": sampled})
    return {
        **dict(zip(BY, names, strict=True)), "lots": len(lots), "children": int(n.sum()), "coverage": coverage,
        "standard_error": variance**0.5, "low": float(low[0]), "high": float(high[0]),
        "effective_children": float(effective), "sampled_share": sampled, "message": said.id, "params": said.params_json(),
    }  # fmt: skip
