"""How do the published places become rows that SQL can ask? All at once, or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction

from kalanso.hub.people.models import PlaceMirror

DEEPEST = 20


@transaction.atomic
def mirror_places(*, rows: Iterable[Mapping[str, Any]], snapshot: str) -> int:
    """Replace the mirror by these places and return their number.

    Rows hold code, name, level, parent_code ("" or None at the top) and flagged. A place is flagged with
    everything below it. Raises ValueError for a place whose parents go in circles or are not there.
    """
    by_code = {str(row["code"]): row for row in rows}
    paths: dict[str, tuple[str, bool]] = {}
    for code in by_code:
        paths[code] = _path(code, by_code)
    PlaceMirror.objects.all().delete()
    PlaceMirror.objects.bulk_create(
        [
            PlaceMirror(
                code=code,
                name=str(row["name"])[:200],
                level=str(row["level"]),
                parent_code=str(row.get("parent_code") or ""),
                path=paths[code][0],
                flagged=paths[code][1],
                snapshot=snapshot,
            )
            for code, row in by_code.items()
        ],
        batch_size=500,
    )
    return len(by_code)


def _path(code: str, by_code: Mapping[str, Mapping[str, Any]]) -> tuple[str, bool]:
    """Return the path from the top down to a place, and whether a flag stands anywhere on it."""
    steps, flagged, here = [], False, code
    while here:
        if here not in by_code:
            raise ValueError(f"{code}: expected its parent {here} among the places, found none")
        if here in steps or len(steps) > DEEPEST:
            raise ValueError(f"{code}: its parents go in circles at {here}")
        steps.append(here)
        flagged = flagged or bool(by_code[here].get("flagged"))
        here = str(by_code[here].get("parent_code") or "")
    return "/" + "".join(f"{step}/" for step in reversed(steps)), flagged
