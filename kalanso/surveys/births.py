"""When was a child born, if card, register and caregiver do not say the same?

The rule of VCQI: parts of a date that agree are put together, even from different sources; otherwise the earliest
whole date counts that makes the child eligible, since it makes most doses valid; otherwise nobody knows, and no dose
can be judged by age.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from kalanso.surveys.corrections import Corrections
from kalanso.surveys.rounds import Round
from kalanso.surveys.written_dates import FULL, IMPOSSIBLE, UNREADABLE, read_dates

BIRTHS = ("birth_card", "birth_register", "birth_history")
AGREED, EARLIEST, UNKNOWN = "agreed", "earliest", "unknown"


def birth_dates(children: pd.DataFrame, asked: Round, log: Corrections) -> pd.DataFrame:
    """Return `birth_date` (NaT where unknown) and `birth_rule` (agreed, earliest, unknown) for each child."""
    read = {name: _read(children, name, asked, log) for name in BIRTHS}
    parts = {
        part: np.stack([one[part].to_numpy(dtype=float) for one in read.values()])
        for part in ("year", "month", "day")
    }
    agree = np.ones(len(children), dtype=bool)
    together = {}
    for part, values in parts.items():
        low, high = _lowest(values), -_lowest(-values)
        agree &= ~(low < high)
        together[part] = low
    combined = pd.to_datetime(pd.DataFrame(together), errors="coerce").to_numpy(dtype="datetime64[D]")
    combined = np.where(agree, combined, np.datetime64("NaT", "D"))
    first, last = np.datetime64(asked.first_birth, "D"), np.datetime64(asked.last_birth, "D")
    whole = np.stack([one["date"].to_numpy(dtype="datetime64[D]") for one in read.values()])
    eligible = np.where((whole >= first) & (whole <= last), whole, np.datetime64("9999-01-01", "D"))
    earliest = eligible.min(axis=0)
    earliest = np.where(earliest == np.datetime64("9999-01-01", "D"), np.datetime64("NaT", "D"), earliest)
    known = ~np.isnat(combined)
    found = np.where(known, combined, earliest)
    rule = np.select([known, ~np.isnat(found)], [AGREED, EARLIEST], UNKNOWN)
    conflict = children[~agree]
    log.add(
        "survey_children",
        conflict,
        "birth_date",
        pd.Series(found, index=children.index)[~agree].astype("string"),
        "birth_conflict",
    )
    log.count("birth_unknown", int((rule == UNKNOWN).sum()))
    outside = ~np.isnat(found) & ((found < first) | (found > last))
    log.count("birth_outside_window", int(outside.sum()))
    return pd.DataFrame(
        {"birth_date": found.astype("datetime64[s]"), "birth_rule": rule}, index=children.index
    )


def _read(children: pd.DataFrame, name: str, asked: Round, log: Corrections) -> pd.DataFrame:
    read = read_dates(children[name])
    if asked.swap_day_month:
        swap = read["swappable"].to_numpy(dtype=bool)
        log.add(
            "survey_children",
            children[swap],
            name,
            read.loc[swap, "swapped"].astype("string"),
            "day_month_swapped",
        )
        read.loc[swap, "date"], read.loc[swap, "state"] = read.loc[swap, "swapped"], FULL
        for part in ("year", "month", "day"):
            read.loc[swap, part] = getattr(read.loc[swap, "swapped"].dt, part).astype("float64")
    else:
        log.count("day_month_could_be_swapped", int(read["swappable"].sum()))
    lost = read["state"].isin([IMPOSSIBLE, UNREADABLE])
    log.add("survey_children", children[lost.to_numpy(dtype=bool)], name, None, "birth_date_impossible")
    return read


def _lowest(values: np.ndarray) -> np.ndarray:
    """Return the smallest known value of each column, NaN where none is known."""
    least = np.where(np.isnan(values), np.inf, values).min(axis=0)
    return np.where(np.isinf(least), np.nan, least)
