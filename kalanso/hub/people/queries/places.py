"""Which place is meant by what somebody typed?"""

from __future__ import annotations

import json
import unicodedata
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from kalanso.definitions import Pack, load
from kalanso.hub.people.models import PlaceMirror
from kalanso.hub.people.queries.access import Reach, ask_for_places
from kalanso.hub.people.queries.language import page_language

OFFERED = 30


def country_pack() -> Pack:
    """Return the definitions of the country whose store this is; the generic ones where there is no store."""
    return _pack_of(settings.KALANSO_STORE)


@lru_cache(maxsize=4)
def _pack_of(store: Path | None) -> Pack:
    about = Path(store) / "store.json" if store is not None else None
    if about is None or not about.is_file():
        return load()
    return load(str(json.loads(about.read_text(encoding="utf-8"))["country"]))


def folded(text: str) -> str:
    """Return a text without accents, capitals and doubled spaces, so that spellings of a name meet."""
    plain = unicodedata.normalize("NFKD", text.replace("’", "'")).encode("ascii", "ignore").decode()
    return " ".join(plain.casefold().replace("-", " ").split())


def places_meant(text: str, *, within: Reach) -> list[PlaceMirror]:
    """Return the places within reach that a name or code may mean, the highest first.

    A code or a whole name wins over a part of a name; at most `OFFERED`.
    """
    asked = folded(text)
    if not asked:
        return []
    inside = PlaceMirror.objects.filter(within.places())
    exact = inside.filter(code__iexact=text.strip()).first()
    if exact is not None:
        return [exact]
    names = [(code, folded(name)) for code, name in inside.values_list("code", "name")]
    whole = [code for code, name in names if name == asked]
    codes = (whole or [code for code, name in names if asked in name])[:OFFERED]
    return sorted(PlaceMirror.objects.filter(code__in=codes), key=lambda one: (one.path.count("/"), one.path))


def way_to(places: list[PlaceMirror]) -> dict[str, str]:
    """Return each place with its level and the name of the one above it, by code: "Niono, district (Ségou)"."""
    above = dict(
        PlaceMirror.objects.filter(code__in={p.parent_code for p in places if p.parent_code}).values_list(
            "code", "name"
        )
    )
    pack, language = load(), page_language()
    return {
        p.code: f"{p.name}, {pack.name(f'level.{p.level}', language)}"
        + (f" ({above[p.parent_code]})" if p.parent_code in above else "")
        for p in places
    }


def names_of(codes: set[str]) -> dict[str, str]:
    """Return the names of places by code."""
    return {code: place.name for code, place in ask_for_places(codes).items()}
