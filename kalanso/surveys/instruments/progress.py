"""How far is the fieldwork, and which interviews should be asked again?

By cluster and team: expected, done, refused. Flags are questions to a supervisor, never reasons to drop an interview.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from kalanso.surveys.handed_in import among, numbers, unique, with_columns

HOUSEHOLD_OUTCOMES = ("completed", "refused", "absent", "not_capable", "not_visited", "vacant", "destroyed", "not_a_dwelling")  # fmt: skip


def progress(expected: pd.DataFrame, households: pd.DataFrame) -> pd.DataFrame:
    """Return by cluster what was expected and what was done.

    `expected`: cluster, team, households. `households` (answers to the household list): cluster, household, outcome. Columns: cluster,
    team, expected, visited, completed, refused, absent, other, done_share (visited / expected), refused_share (of those
    who could be asked). A household visited twice counts by its last line; a cluster not begun has zeros.
    """
    plan = with_columns(expected, "expected", ["cluster", "team", "households"])
    unique(plan, "expected", ["cluster"])
    plan["expected"] = numbers(plan, "expected", "households", low=1)
    found = with_columns(households, "households", ["cluster", "household", "outcome"])
    among(found, "households", "cluster", list(plan["cluster"]))
    among(found, "households", "outcome", HOUSEHOLD_OUTCOMES)
    last = found.drop_duplicates(["cluster", "household"], keep="last")
    last = last[last["outcome"] != "not_visited"]

    def count(rows: pd.DataFrame) -> pd.Series:
        return plan["cluster"].map(rows.groupby("cluster").size()).fillna(0).astype(int)

    table = plan[["cluster", "team", "expected"]].copy()
    table["visited"] = count(last)
    for outcome in ("completed", "refused", "absent"):
        table[outcome] = count(last[last["outcome"] == outcome])
    table["other"] = table["visited"] - table["completed"] - table["refused"] - table["absent"]
    table["done_share"] = table["visited"] / table["expected"]
    asked = table["completed"] + table["refused"]
    table["refused_share"] = (table["refused"] / asked.where(asked > 0)).astype(float)
    return table


def interview_flags(
    interviews: pd.DataFrame,
    scale: Sequence[str],
    *,
    shortest_minutes: float,
    longest_minutes: float = 180,
    least_answers: int = 8,
) -> pd.DataFrame:
    """Return interviews with what should be looked at: too_short, too_long, straight_lined.

    `interviews`: submission, interviewer, started, ended (timestamps), and the variables of `scale` (answers
    to items of one kind). straight_lined: at least `least_answers` items answered, all alike. Keeps minutes and the
    number of answers, so that each flag can be checked.
    """
    if not 0 < shortest_minutes < longest_minutes:
        raise ValueError(f"expected minutes in order, got {shortest_minutes:g} and {longest_minutes:g}")
    table = with_columns(interviews, "interviews", ["submission", "interviewer", "started", "ended", *scale])
    unique(table, "interviews", ["submission"])
    took = pd.to_datetime(table["ended"], utc=True) - pd.to_datetime(table["started"], utc=True)
    table["minutes"] = took.dt.total_seconds() / 60
    given = table[list(scale)]
    table["answers"] = given.notna().sum(axis=1)
    table["too_short"] = table["minutes"] < shortest_minutes
    table["too_long"] = table["minutes"] > longest_minutes
    table["straight_lined"] = (table["answers"] >= least_answers) & (given.nunique(axis=1) == 1)
    return table[
        ["submission", "interviewer", "minutes", "answers", "too_short", "too_long", "straight_lined"]
    ]


def back_checks(first: pd.DataFrame, second: pd.DataFrame, variables: Sequence[str]) -> pd.DataFrame:
    """Return by interviewer and variable how often a second visit found the same answer.

    `first` has household, interviewer and the variables, `second` household and the variables. Columns:
    interviewer, variable, checked, same, agreement (share). Pairs in which either is missing are not counted.
    """
    one = with_columns(first, "first", ["household", "interviewer", *variables])
    two = with_columns(second, "second", ["household", *variables])
    unique(one, "first", ["household"])
    unique(two, "second", ["household"])
    among(two, "second", "household", list(one["household"]))
    both = one.merge(two[["household", *variables]], on="household", suffixes=("", "_again"))
    rows = []
    for variable in variables:
        known = both[both[variable].notna() & both[f"{variable}_again"].notna()]
        same = known[variable] == known[f"{variable}_again"]
        for interviewer, group in same.groupby(known["interviewer"], sort=True):
            rows.append((interviewer, variable, len(group), int(group.sum()), float(group.mean())))
    return pd.DataFrame(rows, columns=["interviewer", "variable", "checked", "same", "agreement"])
