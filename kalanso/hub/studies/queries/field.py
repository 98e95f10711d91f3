"""How far is the fieldwork of a round, as somebody may see it?

Clusters in places under a flag are for the team and for those who see such places; others read them in their team's sum alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from kalanso.hub.people.permissions import may
from kalanso.hub.studies.models import Draw, FieldCount, Round
from kalanso.hub.studies.queries import draws

BAR = 100
CSV_COLUMNS = ("cluster", "team", "expected", "visited", "completed", "refused", "absent", "other")


@dataclass(frozen=True, kw_only=True)
class Seen:
    """The newest count as somebody may see it. Rows carry `parts`: widths of the bar, of a hundred; `hidden` counts rows left out."""

    count: FieldCount
    total: Mapping[str, Any]
    teams: list[dict[str, Any]]
    clusters: list[dict[str, Any]]
    hidden: int
    days: list[date]
    second: list[dict[str, Any]]


def newest(one: Round) -> FieldCount | None:
    """Return the newest count, under way or not."""
    return one.field_counts.select_related("job", "draw").first()


def newest_done(one: Round) -> FieldCount | None:
    """Return the newest count that ended well."""
    return one.field_counts.filter(state=FieldCount.State.DONE).select_related("draw", "round").first()


def expected_of(draw: Draw | None) -> list[dict[str, Any]]:
    """Return the clusters that are to be visited: the drawn ones, reserves in place of those that could not be."""
    return [
        {"cluster": row["cluster"], "team": str(row["team"]), "households": int(row["households"])}
        for row in (draws.expected_clusters(draw) if draw is not None else ())
    ]


def seen(one: Round, person: Any) -> Seen | None:
    """Return the newest count that ended well, as somebody may see it; None where there is none."""
    count = newest_done(one)
    if count is None:
        return None
    found = count.found
    hidden = draws.protected(count.draw, person) if count.draw is not None else frozenset()
    # Without a draw nobody can tell which cluster lies where: clusters are for those who work on the study.
    bare = count.draw is None and not may(person, "studies.analyse", one)
    kept = [] if bare else [row for row in found["clusters"] if row["cluster"] not in hidden]
    names = {row["cluster"]: row["name"] for row in count.draw.clusters} if count.draw is not None else {}
    teams = [_drawn(row) for row in found["teams"]]
    total = {
        name: _sum([row[name] for row in teams]) for name in ("clusters", "begun", "expected", "visited", "completed", "refused", "absent", "other")
    }  # fmt: skip
    return Seen(
        count=count, total=_drawn(total), teams=teams, clusters=[_drawn(row) | {"name": names.get(row["cluster"], "")} for row in kept],
        hidden=len(found["clusters"]) - len(kept), days=[date.fromisoformat(day) for day in found["days"]],
        second=[{**row, "share": row["same"] / row["checked"] if row["checked"] else None} for row in found["second"]],
    )  # fmt: skip


def _sum(values: list[int | None]) -> int | None:
    return (
        None
        if any(value is None for value in values)
        else sum(value for value in values if value is not None)
    )


def _drawn(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row with the share done and the parts of its bar: of what was expected, else of what was visited."""
    whole = max(row["expected"] or 0, row["visited"] or 0)
    parts, at = [], 0.0
    for name in ("completed", "refused", "absent", "other"):
        width = BAR * (row[name] or 0) / whole if whole else 0.0
        parts.append({"kind": name, "at": round(at, 2), "width": round(width, 2)})
        at += width
    asked = (row["completed"] or 0) + (row["refused"] or 0)
    return {
        **row, "parts": parts, "done": row["visited"] / row["expected"] if row["expected"] else None,
        "refusing": (row["refused"] or 0) / asked if asked else None,
    }  # fmt: skip
