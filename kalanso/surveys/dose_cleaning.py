"""Which written dates of doses can stand, and what do ticks stand for?

The three rules of VCQI's `cleanup_RI_dates_and_ticks`, in its order: dates that cannot be become ticks; dates of
a series out of order become ticks; a later dose fills the gap before it. A tick is proof of a dose without its day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from kalanso.surveys.corrections import Corrections
from kalanso.surveys.interviews import of_kept_interviews
from kalanso.surveys.rounds import Round
from kalanso.surveys.schedule import vaccine_of
from kalanso.surveys.tables import SOURCES
from kalanso.surveys.written_dates import FULL, IMPOSSIBLE, PARTIAL, UNREADABLE, read_dates

TABLE = "survey_doses"
_ANSWERS = ("yes", "no", "unknown")


def known_rows(
    doses: pd.DataFrame, children: pd.DataFrame, received: pd.DataFrame, asked: Round, log: Corrections
) -> pd.DataFrame:
    """Return the rows that speak of a known dose, source and child in the interview that counts, each once.

    The others are set aside and counted.
    """
    rows = log.set_aside(TABLE, doses, ~doses["dose"].isin(asked.doses), "dose_unknown")
    rows = log.set_aside(TABLE, rows, ~rows["source"].isin(SOURCES), "source_unknown")
    rows = log.set_aside(TABLE, rows, ~rows["child"].isin(received["child"]), "dose_without_child")
    rows = log.set_aside(TABLE, rows, ~rows["child"].isin(children["child"]), "dose_of_child_set_aside")
    rows = of_kept_interviews(TABLE, rows, received, children, log)
    rows = log.set_aside(TABLE, rows, rows.duplicated(["child", "dose", "source"]), "dose_twice")
    odd = rows["answer"].notna() & ~rows["answer"].isin(_ANSWERS)
    log.add(TABLE, rows[odd], "answer", None, "answer_unknown")
    return rows.assign(answer=rows["answer"].where(~odd))


def dated(rows: pd.DataFrame, children: pd.DataFrame, asked: Round, log: Corrections) -> pd.DataFrame:
    """Return the rows with `day` (NaT) and `tick`: rule 1, dates that cannot be become ticks."""
    read = read_dates(rows["date"])
    day, written = read["date"], ~read["state"].eq("none")
    if asked.swap_day_month:
        swap = read["swappable"].to_numpy(dtype=bool)
        log.add(TABLE, rows[swap], "date", read.loc[swap, "swapped"].astype("string"), "day_month_swapped")
        day = day.where(~swap, read["swapped"])
        read.loc[swap, "state"] = FULL
    else:
        log.count("day_month_could_be_swapped", int(read["swappable"].sum()))
    for state, rule in (
        (IMPOSSIBLE, "date_impossible"),
        (UNREADABLE, "date_unreadable"),
        (PARTIAL, "date_partial"),
    ):
        log.add(TABLE, rows[read["state"].eq(state)], "date", "tick", rule)
    own = children.set_index("child").loc[rows["child"], ["birth_date", "interview_date"]]
    born, asked_on = (own[name].set_axis(rows.index) for name in ("birth_date", "interview_date"))
    first, last = pd.Timestamp(asked.first_birth), pd.Timestamp(asked.last_day)
    refused = pd.Series(False, index=rows.index)
    for rule, wrong in (
        ("date_before_birth", day < born),
        ("date_before_window", (day < first) & ~(day < born)),
        ("date_after_survey", day > last),
    ):
        log.add(TABLE, rows[wrong], "date", "tick", rule)
        refused |= wrong
    log.count("date_after_interview", int(((day > asked_on) & ~refused).sum()))
    day = day.where(~refused)
    tick = (written & day.isna()) | (day.isna() & rows["answer"].eq("yes"))
    return rows.assign(day=day, tick=tick)


def in_order(
    rows: pd.DataFrame, series: Mapping[str, Sequence[str]], asked: Round, log: Corrections
) -> pd.DataFrame:
    """Return the rows after rules 2 and 3; rows that fill a gap are added.

    Rule 2, per source: of two dates of a series of which the later dose is not the later day, both become ticks, with
    all between them. Rule 3: where a later dose is known and an earlier one is not, the earlier is a tick; in
    what caregivers say only if the round asks for it.
    """
    kept, added = rows, []
    for source in SOURCES:
        for names in series.values():
            if len(names) < 2:
                continue
            own = kept[(kept["source"] == source) & kept["dose"].isin(names)]
            kept = _ticks_for_disorder(kept, own, names, log)
            if source != "history" or asked.fill_history:
                own = kept.loc[own.index]
                added.append(_gaps(own, names, source))
    gaps = [gap for gap in added if len(gap)]
    filled = pd.concat(gaps, ignore_index=True) if gaps else rows.head(0)
    log.add(TABLE, filled.drop(columns="date", errors="ignore"), "answer", "tick", "gap_filled")
    return _with_gaps(kept, filled)


def _ticks_for_disorder(
    kept: pd.DataFrame, own: pd.DataFrame, names: Sequence[str], log: Corrections
) -> pd.DataFrame:
    wide = own.pivot(index="child", columns="dose", values="day").reindex(columns=list(names))
    days = wide.to_numpy(dtype="datetime64[D]")
    wrong = np.zeros(days.shape, dtype=bool)
    for one, two in combinations(range(len(names)), 2):
        wrong[:, one : two + 1] |= (days[:, one] >= days[:, two])[:, None]
    wrong &= ~np.isnat(days)
    if not wrong.any():
        log.count("out_of_order", 0)
        return kept
    bad = pd.DataFrame(wrong, index=wide.index, columns=list(names)).stack()
    bad.index.names = ["child", "dose"]
    pairs = pd.MultiIndex.from_frame(own[["child", "dose"]])
    chosen = own.index[bad.reindex(pairs, fill_value=False).to_numpy(dtype=bool)]
    log.add(TABLE, kept.loc[chosen], "date", "tick", "out_of_order")
    changed = kept.copy()
    changed.loc[chosen, "day"], changed.loc[chosen, "tick"] = pd.NaT, True
    return changed


def _gaps(own: pd.DataFrame, names: Sequence[str], source: str) -> pd.DataFrame:
    if own.empty:
        return own
    known = own.assign(known=own["day"].notna() | own["tick"])
    wide = known.pivot(index="child", columns="dose", values="known").reindex(columns=list(names))
    there = wide.eq(True).to_numpy(dtype=bool)
    later = np.flip(np.logical_or.accumulate(np.flip(there, axis=1), axis=1), axis=1)
    child, dose = np.nonzero(later & ~there)
    reason = own.groupby("child").first()[["survey", "row"]]  # the received row that stands nearest
    entries: dict[str, Any] = {
        "child": wide.index[child], "dose": np.asarray(names, dtype=object)[dose], "source": source, "answer": None,
        "day": pd.NaT, "tick": True,
    }  # fmt: skip
    return pd.DataFrame(entries).join(reason, on="child")


def _with_gaps(kept: pd.DataFrame, filled: pd.DataFrame) -> pd.DataFrame:
    key = ["child", "dose", "source"]
    if filled.empty:
        return kept
    gaps = pd.MultiIndex.from_frame(filled[key])
    others = kept[~pd.MultiIndex.from_frame(kept[key]).isin(gaps)]
    filled = filled.assign(day=pd.Series(pd.NaT, index=filled.index, dtype="datetime64[s]"))
    columns = ["survey", "row", *key, "answer", "day", "tick"]
    return pd.concat([others[columns], filled[columns]], ignore_index=True)


def series_of(doses: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the doses of each vaccine in order."""
    found: dict[str, list[str]] = {}
    for dose in doses:
        found.setdefault(vaccine_of(dose), []).append(dose)
    return {vaccine: tuple(sorted(names)) for vaccine, names in found.items()}
