"""Which findings of the checks may somebody see, and what did people say of each?"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir

from kalanso.hub.evidence.models import FindingStatus
from kalanso.hub.evidence.queries import published
from kalanso.hub.people.models import PlaceMirror
from kalanso.hub.people.queries.access import access_of
from kalanso.hub.people.queries.discussion import numbers
from kalanso.quality.tables import CLOSED_STATUSES, QUALITY_FINDINGS
from kalanso.vocabulary import Period

FINDING = "evidence.finding"  # as it is cited and discussed
KEY = ("check", "source", "place_code", "period", "indicator", "detail")
KEY_LENGTH = 64  # letters of a fingerprint
SEPARATOR = "\x1f"
SHOWN = 20
GRAVEST = {"serious": 0, "attention": 1}
CLEARED = "cleared"  # asked for instead of a status: what people spoke of and the checks no longer find
OPEN = "open"  # asked for instead of a status: whatever nobody explained, corrected or dismissed


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which findings: by place with all below it, severity, check, status and the period in which they begin; "" is any."""

    place: str = ""
    severity: str = ""
    check: str = ""
    status: str = ""
    period: str = ""


def key_of(row: dict[str, Any]) -> str:
    """Return the fingerprint by which a finding is known when the checks run again."""
    return hashlib.sha256(SEPARATOR.join(str(row[name]) for name in KEY).encode()).hexdigest()


def keyed(table: ir.Table) -> ir.Table:
    """Add the fingerprint of each finding."""
    parts = ibis.literal(SEPARATOR).join([table[name] for name in KEY])
    return table.mutate(key=parts.hexdigest("sha256"))


def _chosen(table: ir.Table, wanted: Wanted) -> ir.Table:
    for column in ("check", "severity"):
        if value := getattr(wanted, column):
            table = table.filter(table[column] == value)
    if wanted.period:
        period = Period.parse(wanted.period)
        table = table.filter(table.period_start >= period.start, table.period_start <= period.end)
    if wanted.place:
        place = PlaceMirror.objects.filter(code=wanted.place).first()
        below = (
            PlaceMirror.objects.filter(path__startswith=place.path) if place else PlaceMirror.objects.none()
        )
        table = table.filter(table.place_code.isin([*below.values_list("code", flat=True)] or [""]))
    table = keyed(table)
    if wanted.status == OPEN:
        said = FindingStatus.objects.filter(status__in=CLOSED_STATUSES).values_list("key", flat=True)
        return table.filter(~table.key.isin([*said] or [""]))
    if wanted.status == FindingStatus.Status.NEW:
        said = FindingStatus.objects.exclude(status=wanted.status).values_list("key", flat=True)
        return table.filter(~table.key.isin([*said] or [""]))
    if wanted.status:
        said = FindingStatus.objects.filter(status=wanted.status).values_list("key", flat=True)
        return table.filter(table.key.isin([*said] or [""]))
    return table


def listed(person: Any, wanted: Wanted, number: int) -> tuple[list[dict[str, Any]], int]:
    """Return one page of findings with what people said and how much they talk of each, and how many there are in all.

    Own places come first, then the gravest and newest. Both are asked at once: hiding what is protected is
    the dearest part of the question.
    """
    own = _own_places(person)

    def question(table: ir.Table) -> ir.Table:
        chosen = _chosen(table, wanted)
        weight = ibis.cases((chosen.severity == "serious", 0), (chosen.severity == "attention", 1), else_=2)
        far = ~chosen.place_code.isin(own or [""])
        ordered = chosen.mutate(weight=weight, far=far, total=chosen.count().over(ibis.window())).order_by(
            "far", "weight", ibis.desc("period_start"), "check", "place_code", "indicator", "message"
        )
        return ordered.limit(SHOWN, offset=(max(number, 1) - 1) * SHOWN)

    found = published.rows(QUALITY_FINDINGS, question)
    if not found and number > 1:
        return listed(person, wanted, 1)
    return spoken_of(person, found), int(found[0]["total"]) if found else 0


def spoken_of(person: Any, found: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return findings with what people said and how much they talk of each."""
    keys = [row["key"] for row in found]
    said = FindingStatus.objects.select_related("by").in_bulk(keys, field_name="key")
    talked = numbers(person, FINDING, keys)
    return [{**row, "said": said.get(row["key"]), "talked": talked.get(row["key"], 0)} for row in found]


def number(wanted: Wanted) -> int:
    """Return how many findings the reader sees of a choice, each question once; none for those who see no findings."""
    if not published.sees(QUALITY_FINDINGS):
        return 0

    def question(table: ir.Table) -> ir.Table:
        chosen = _chosen(table, wanted)
        return chosen.aggregate(n=chosen.count())

    return int(published.rows(QUALITY_FINDINGS, question)[0]["n"])


def one(key: str) -> dict[str, Any] | None:
    """Return a finding that the reader may see by its key; the gravest where several sentences share it."""
    found = published.rows(QUALITY_FINDINGS, lambda t: keyed(t).filter(lambda t: t.key == key))
    return min(found, key=lambda row: (GRAVEST.get(row["severity"], 2), row["message"]), default=None)


def among(keys: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return those findings among some keys that the reader may see, each once, asked at once."""
    wanted = [key for key in keys if len(key) == KEY_LENGTH]
    if not wanted:
        return {}
    found = published.rows(QUALITY_FINDINGS, lambda t: keyed(t).filter(lambda t: t.key.isin(wanted)))
    return {row["key"]: row for row in sorted(found, key=lambda row: str(row["message"]), reverse=True)}


def _own_places(person: Any) -> list[str]:
    access = access_of(person)
    codes: set[str] = set()
    for path in access.paths.values():
        codes |= set(PlaceMirror.objects.filter(path__startswith=path).values_list("code", flat=True))
    return sorted(codes)
