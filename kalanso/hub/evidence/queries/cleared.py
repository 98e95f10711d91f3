"""What do people still read of a finding that they spoke of or rest something on, and the checks no longer find?

Tables of earlier checks stand unchanged, so that its sentence is that of the last checks which found it, as far as the
reader may see it. Findings of which nobody said anything and on which nothing rests are gone with the checks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db.models import Max, QuerySet

from kalanso.hub.evidence.models import FindingStatus
from kalanso.hub.evidence.queries import published
from kalanso.hub.evidence.queries.findings import FINDING, GRAVEST, KEY_LENGTH, Wanted, keyed
from kalanso.hub.people.models import Citation, Comment, PlaceMirror
from kalanso.hub.people.queries.access import mirrored
from kalanso.quality.tables import QUALITY_FINDINGS
from kalanso.vocabulary import Period

SEARCHED = 60  # checks looked back at, the newest first
SPOKEN = 200  # findings that people spoke of last, among which a list looks

Places = tuple[tuple[str, str], ...]  # fingerprints with the place of each, "" where it is not known
Held = tuple[tuple[str, datetime, Places], ...]


def one(key: str) -> dict[str, Any] | None:
    """Return a finding that is no longer found as it was last found, with `cleared`: since when. None where it is found, or hidden."""
    if len(key) != KEY_LENGTH or not published.sees(QUALITY_FINDINGS):
        return None
    return _rows(_spoken(key=key) or _rested_on(key=key)).get(key)


def among(keys: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return those of some findings on which records rest, and which are no longer found, as the reader may see them."""
    wanted = sorted({key for key in keys if len(key) == KEY_LENGTH})
    return _rows(tuple((key, "") for key in wanted)) if published.sees(QUALITY_FINDINGS) else {}


def listed(wanted: Wanted) -> list[dict[str, Any]]:
    """Return the findings of a choice that are no longer found and that people spoke of, what was said last first."""
    if not published.sees(QUALITY_FINDINGS):
        return []
    spoken, rested = _spoken(place=wanted.place), _rested_on()
    found = _rows(rested) | _rows(spoken)
    below = set(_below(wanted.place)) if wanted.place else None
    period = Period.parse(wanted.period) if wanted.period else None
    return [
        found[key]
        for key in dict((*spoken, *rested))
        if key in found
        and (below is None or found[key]["place_code"] in below)
        and wanted.severity in ("", found[key]["severity"])
        and wanted.check in ("", found[key]["check"])
        and (period is None or period.start <= found[key]["period_start"] <= period.end)
    ]


def _spoken(*, key: str = "", place: str = "") -> Places:
    """Return the findings that people judged or talked of, each with its place, what was said last first."""
    said = FindingStatus.objects.all()
    talks = Comment.objects.filter(object_type=FINDING)
    if key:
        said, talks = said.filter(key=key), talks.filter(object_id=key)
    if place:
        below = _below(place)
        said, talks = said.filter(place_code__in=below), talks.filter(place_code__in=below)
    rows = [*said.order_by("-at").values_list("at", "key", "place_code")[:SPOKEN]]
    newest = talks.values_list("object_id", "place_code").annotate(at=Max("received")).order_by("-at")
    rows += [(at, one, code) for one, code, at in newest[:SPOKEN]]
    return tuple({one: code for _at, one, code in sorted(rows, reverse=True)}.items())


def _below(place: str) -> QuerySet[PlaceMirror, str]:
    there = mirrored(place)
    below = PlaceMirror.objects.filter(path__startswith=there.path if there else "\x1f")
    return below.values_list("code", flat=True)


def _rested_on(*, key: str = "") -> Places:
    """Return the findings on which records rest, the newest first; a citation does not say where they are."""
    rows = Citation.objects.filter(to_type=FINDING)
    rows = rows.filter(to_id=key) if key else rows
    return tuple(
        (one, "") for one in dict.fromkeys(rows.order_by("-at").values_list("to_id", flat=True)[:SPOKEN])
    )


def _rows(spoken: Places) -> dict[str, dict[str, Any]]:
    """Return those that are no longer found, by fingerprint, as the reader may see them."""
    newest = published.latest(QUALITY_FINDINGS)
    if newest is None or not spoken:
        return {}
    found: dict[str, dict[str, Any]] = {}
    held = _last_held(str(settings.KALANSO_STORE), newest.id, spoken)
    with published.several(frozenset(code for _id, _at, places in held for _key, code in places)) as ask:
        for snapshot, since, places in held:
            keys = [key for key, _code in places]
            rows = ask(
                QUALITY_FINDINGS,
                lambda t, keys=keys: keyed(t).filter(lambda t: t.key.isin(keys)),
                as_of=snapshot,
            )  # type: ignore[misc]
            for row in sorted(rows, key=lambda row: (GRAVEST.get(row["severity"], 2), row["message"])):
                found.setdefault(row["key"], {**row, "cleared": since})
    return found


@lru_cache(maxsize=256)
def _last_held(_folder: str, _newest: str, spoken: Places) -> Held:
    """Return by which checks findings were found last, when the next ones ran, and which they are; no row of them."""
    places: Mapping[str, str] = dict(spoken)
    left, held = set(places), []
    with published.opened() as store:
        newer: datetime | None = None
        for manifest in reversed(store.history(QUALITY_FINDINGS.name)[-SEARCHED:]):
            table = store.read(QUALITY_FINDINGS, as_of=manifest.id)
            near = {places[key] for key in left}
            table = table if "" in near else table.filter(table.place_code.isin(sorted(near)))
            asked = keyed(table)
            asked = asked.filter(asked.key.isin(sorted(left)))
            rows = asked.select("key", "place_code").distinct().to_pyarrow().to_pylist()
            there = {row["key"]: row["place_code"] for row in rows}
            if newer is not None and there:
                held.append((manifest.id, newer, tuple(sorted(there.items()))))
            left, newer = left - set(there), manifest.created
            if not left:
                break
    return tuple(held)
