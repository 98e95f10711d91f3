"""How far is the fieldwork by the files that have come, cluster by cluster and team by team, and what should a supervisor look at?

Puts exports of the forms into the tables that `progress` takes. What does not fit the sample is counted apart, never dropped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from kalanso.surveys.instruments.answers import flat, read_answers
from kalanso.surveys.instruments.loading import besd_items, load
from kalanso.surveys.instruments.progress import HOUSEHOLD_OUTCOMES, back_checks, interview_flags, progress

SHORTEST_MINUTES, LONGEST_MINUTES = 10, 120
# Items with an answer of four steps, and how many of them must be answered alike to be looked at.
SCALE_LISTS = ("besd_important", "besd_safe", "besd_much", "besd_easy", "besd_satisfied")
LEAST_ALIKE = 5
CHECKED_AGAIN = ("sex", "ever_card", "card_seen", "bcg_scar", "penta1_history", "mother_education")
NO_TEAM = ""


def field_count(
    expected: Sequence[Mapping[str, Any]], *, homes: pd.DataFrame | None = None, answers: pd.DataFrame | None = None,
    second: pd.DataFrame | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Return how far the fieldwork is, as plain values.

    `expected`: cluster, team, households; empty where no sample was drawn. `homes`, `answers`, `second`: exports of the household list, of
    the child form, and of the child form filled a second time. Without the household list, interviews are counted: nobody then
    knows of absent households. Raises SurveyRefused for exports that cannot be read.
    """
    visits, unclear = (None, 0) if homes is None else household_visits(homes)
    talks, repeated = (None, 0) if answers is None else child_interviews(answers)
    clusters, elsewhere = _clusters(expected, visits, talks)
    found: dict[str, Any] = {
        "basis": "homes" if visits is not None else "answers", "clusters": clusters, "teams": _teams(clusters), "elsewhere": elsewhere, "unclear": unclear,
        "repeated": repeated, "interviews": 0 if talks is None else len(talks), "days": _days(visits, talks),
    }  # fmt: skip
    found["flags"], found["timed"] = ([], 0) if talks is None else _flags(talks)
    found["second"], found["unmatched"] = (
        ([], 0) if second is None or talks is None else _second(talks, child_interviews(second)[0])
    )
    return found


def household_visits(table: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Return the visits in their order, and how many have an outcome that the form does not know."""
    form = load("household_list")
    rows = read_answers({"": table}, form).rows
    found = flat(rows, form)
    found["household"] = found["household"].map(_whole)
    clear = found["outcome"].isin(HOUSEHOLD_OUTCOMES)
    found["outcome"] = found["outcome"].where(clear, "not_visited")
    order = in_order(found)
    return order.assign(cluster=order["cluster"].fillna("").astype(str)).reset_index(drop=True), int(
        (~clear).sum()
    )


def in_order(visits: pd.DataFrame) -> pd.DataFrame:
    """Return rows of the household list in the order of their visits; an attempt that is not said was the first."""
    return visits.assign(attempt=visits["attempt"].fillna(1)).sort_values(
        ["today", "attempt"], na_position="first", kind="stable"
    )


def child_interviews(table: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Return the last interview about each child, and how many came before it."""
    form = load("child")
    rows = read_answers({"": table}, form).rows
    found = flat(rows, form)
    for name in ("start", "end"):
        own = rows[rows["variable"] == name]
        found[name] = found["row"].map(dict(zip(own["row"], own["value"], strict=True)))
    keys = (found[name].map(_whole).fillna("") for name in ("cluster", "household", "child"))
    found["key"] = ["/".join(parts) for parts in zip(*keys, strict=True)]
    found["interviewer"] = found["interviewer"].map(_whole).fillna("?")
    last = found.sort_values("today", na_position="first", kind="stable").drop_duplicates("key", keep="last")
    return last.assign(cluster=last["cluster"].map(_whole).fillna("")).reset_index(drop=True), len(
        found
    ) - len(last)


def _whole(value: object) -> object:
    return str(int(value)) if isinstance(value, float) and value == value and value.is_integer() else value


def _clusters(
    expected: Sequence[Mapping[str, Any]], visits: pd.DataFrame | None, talks: pd.DataFrame | None
) -> tuple[list[dict[str, Any]], int]:
    plan = pd.DataFrame(list(expected), columns=["cluster", "team", "households"])
    if visits is not None:
        known, elsewhere = _known(plan, visits)
        whole = plan if len(plan) else _made_up(visits)
        table = progress(whole, known)
        rows = [
            _row(
                row, expected=row["expected"] if len(plan) else None, absent=row["absent"], other=row["other"]
            )
            for row in table.to_dict("records")
        ]
        return rows, elsewhere
    if talks is None:
        return [_row(row, expected=row["households"]) for row in plan.to_dict("records")], 0
    known, elsewhere = _known(plan, talks)
    whole = plan if len(plan) else _made_up(talks)
    done = known[known["consent"] == "1"].groupby("cluster").size()
    refused = known[known["consent"] == "0"].groupby("cluster").size()
    rows = [
        _row(
            {**row, "completed": done.get(row["cluster"], 0), "refused": refused.get(row["cluster"], 0)},
            expected=None,
        )
        for row in whole.to_dict("records")
    ]
    return rows, elsewhere


def _known(plan: pd.DataFrame, rows: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Return the rows in expected clusters, and how many lie elsewhere; without a plan all are known."""
    if plan.empty:
        return rows, 0
    inside = rows["cluster"].isin(set(plan["cluster"]))
    return rows[inside], int((~inside).sum())


def _made_up(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the clusters that are there, where no sample says which should be."""
    clusters = sorted(set(rows["cluster"]))
    return pd.DataFrame({"cluster": clusters, "team": NO_TEAM, "households": 1})


def _row(row: Mapping[Any, Any], *, expected: Any, absent: Any = None, other: Any = None) -> dict[str, Any]:
    completed, refused = int(row.get("completed", 0)), int(row.get("refused", 0))
    return {
        "cluster": str(row["cluster"]), "team": str(row["team"]), "expected": None if expected is None else int(expected),
        "completed": completed, "refused": refused, "absent": None if absent is None else int(absent),
        "other": None if other is None else int(other), "visited": completed + refused + int(absent or 0) + int(other or 0),
    }  # fmt: skip


def _teams(clusters: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the sums of each team, in the order of their numbers; a sum of what nobody knows is not known."""
    teams: dict[str, list[Mapping[str, Any]]] = {}
    for row in clusters:
        teams.setdefault(row["team"], []).append(row)
    return [
        {"team": team, "clusters": len(rows), "begun": sum(row["visited"] > 0 for row in rows)}
        | {name: _sum([row[name] for row in rows]) for name in ("expected", "visited", "completed", "refused", "absent", "other")}
        for team, rows in sorted(teams.items(), key=lambda one: (len(one[0]), one[0]))
    ]  # fmt: skip


def _sum(values: Sequence[int | None]) -> int | None:
    return (
        None
        if any(value is None for value in values)
        else sum(value for value in values if value is not None)
    )


def _days(*tables: pd.DataFrame | None) -> list[str]:
    """Return the first and the last day of what came; nothing where no day is known."""
    days = sorted({str(day) for table in tables if table is not None for day in table["today"].dropna()})
    return [days[0], days[-1]] if days else []


def _flags(talks: pd.DataFrame) -> tuple[list[dict[str, Any]], int]:
    """Return by interviewer how many interviews to look at, and how many say when they began and ended."""
    items = besd_items()
    scale = [name for name in items.loc[items["list"].isin(SCALE_LISTS), "variable"] if name in talks]
    asked = talks[talks["consent"] == "1"].rename(columns={"start": "started", "end": "ended"})
    flags = interview_flags(
        asked, scale, shortest_minutes=SHORTEST_MINUTES, longest_minutes=LONGEST_MINUTES, least_answers=LEAST_ALIKE
    )  # fmt: skip
    found = [
        {
            "interviewer": str(who), "interviews": len(rows), "timed": int(rows["minutes"].notna().sum()),
            "minutes": None if rows["minutes"].isna().all() else round(float(rows["minutes"].median()), 1),
            **{name: int(rows[name].sum()) for name in ("too_short", "too_long", "straight_lined")},
        }
        for who, rows in flags.groupby("interviewer", sort=True)
    ]  # fmt: skip
    return found, int(flags["minutes"].notna().sum())


def _second(talks: pd.DataFrame, again: pd.DataFrame) -> tuple[list[dict[str, Any]], int]:
    """Return by interviewer how often a second visit found the same, and how many second visits fit no first one."""
    variables = [name for name in CHECKED_AGAIN if name in talks and name in again]
    fits = again["key"].isin(set(talks["key"]))
    first = talks.drop(columns="household").rename(columns={"key": "household"})
    second = again[fits].drop(columns="household").rename(columns={"key": "household"})
    table = back_checks(first, second, variables)
    found = [
        {"interviewer": str(who), "checked": int(rows["checked"].sum()), "same": int(rows["same"].sum())}
        for who, rows in table.groupby("interviewer", sort=True)
    ]
    return found, int((~fits).sum())
