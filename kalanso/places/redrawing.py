"""Which rows change when places are split or merged?

Old places are closed, new ones get new codes, and a crosswalk says who goes where: an old code never
comes to mean something else. Shares from outlines and people are computed in `crosswalks`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pandas as pd

from kalanso.places.codes import mint_codes
from kalanso.places.faults import PlacesRefused
from kalanso.places.frames import days, frame, text
from kalanso.places.tables import PLACE_CROSSWALK, PLACE_PARENTS, PLACES


@dataclass(frozen=True, kw_only=True)
class Redrawing:
    """The tables after a change, and the crosswalk that it needs.

    `places` and `place_parents` hold all rows, changed and new ones included; `place_crosswalk` only
    those of this change.
    """

    places: pd.DataFrame
    place_parents: pd.DataFrame
    place_crosswalk: pd.DataFrame


def split(
    places: Any,
    parents: Any,
    old: str,
    into: Mapping[str, float],
    *,
    children: Mapping[str, str],
    country: str,
    on: date,
    taken: Iterable[str] = (),
    source: str = "split",
) -> Redrawing:
    """Replace a place by several new ones from a day on.

    `into` gives the names of the new places with their shares of the people, which add up to 1 (better
    shares may follow from `crosswalk`); `children` says to which new name each place directly below
    goes. `taken` are codes ever given beyond those in `places`. Raises PlacesRefused where shares do not
    add up, a child is not assigned, or the place does not exist on that day.
    """
    if abs(sum(into.values()) - 1) > 1e-6 or min(into.values(), default=-1) < 0:
        raise PlacesRefused("places.refused.shares", place=old, found=sum(into.values()))
    known, links = _tables(places, parents)
    level = _level(known, old, on)
    codes = mint_codes(country, level, len(into), {*text(known["place_code"]), *taken})
    code_of = dict(zip(into, codes, strict=True))
    below = _below(links, {old}, on)
    if strange := sorted({child for child, _ in below} ^ set(children)) or sorted(
        set(children.values()) - set(into)
    ):
        raise PlacesRefused("places.refused.children", place=old, found=", ".join(strange))
    fresh = {code_of[child_name]: child_name for child_name in into}
    walk = [(old, code_of[name], share) for name, share in into.items()]
    moves = [(child, tree, code_of[children[child]]) for child, tree in below]
    return _redrawn(known, links, {old}, fresh, level, walk, moves, on, source)


def merge(
    places: Any,
    parents: Any,
    old: Sequence[str],
    name: str,
    *,
    country: str,
    on: date,
    taken: Iterable[str] = (),
    source: str = "merger",
) -> Redrawing:
    """Replace several places of one level and parent by one new place from a day on.

    Everything directly below the old ones goes to the new one. Raises PlacesRefused where the places
    are not of one level or do not exist on that day.
    """
    known, links = _tables(places, parents)
    levels = {_level(known, code, on) for code in old}
    if len(levels) != 1:
        raise PlacesRefused(
            "places.refused.merge_levels", places=", ".join(old), found=", ".join(sorted(levels))
        )
    level = levels.pop()
    (code,) = mint_codes(country, level, 1, {*text(known["place_code"]), *taken})
    walk = [(one, code, 1.0) for one in old]
    moves = [(child, tree, code) for child, tree in _below(links, set(old), on)]
    return _redrawn(known, links, set(old), {code: name}, level, walk, moves, on, source)


def _tables(places: Any, parents: Any) -> tuple[pd.DataFrame, pd.DataFrame]:
    return (
        frame(places, PLACES.column_names, what="places"),
        frame(parents, PLACE_PARENTS.column_names, what="place_parents"),
    )


def _open_on(rows: pd.DataFrame, on: date) -> pd.Series:
    open_rows = [
        (first is None or first < on) and (last is None or last >= on)
        for first, last in zip(days(rows["valid_from"]), days(rows["valid_to"]), strict=True)
    ]
    return pd.Series(open_rows, index=rows.index, dtype=bool)


def _level(known: pd.DataFrame, code: str, on: date) -> str:
    found = known[(known["place_code"] == code) & _open_on(known, on)]
    if found.empty:
        raise PlacesRefused("places.refused.not_open", place=code, day=on.isoformat())
    return str(found["level"].iloc[0])


def _below(links: pd.DataFrame, old: set[str], on: date) -> list[tuple[str, str]]:
    held = links[links["parent_code"].isin(old) & _open_on(links, on)]
    return list(zip(held["place_code"], held["tree"], strict=True))


def _redrawn(
    known: pd.DataFrame, links: pd.DataFrame, old: set[str], fresh: Mapping[str, str], level: str,
    walk: list[tuple[str, str, float]], moves: list[tuple[str, str, str]], on: date, source: str,
) -> Redrawing:  # fmt: skip
    closing = known["place_code"].isin(old) & _open_on(known, on)
    open_links = _open_on(links, on)
    upward = links[open_links & links["place_code"].isin(old)]
    ends = open_links & (links["place_code"].isin(old) | links["parent_code"].isin(old))
    kind = str(known.loc[closing, "kind"].iloc[0])
    born = [
        {
            "place_code": code, "name": name, "level": level, "kind": kind, "latitude": None,
            "longitude": None, "valid_from": on, "valid_to": None, "source": source,
        }
        for code, name in fresh.items()
    ]  # fmt: skip
    above = dict.fromkeys(zip(upward["tree"], upward["parent_code"], strict=True))
    if len({tree for tree, _ in above}) < len(above):
        raise PlacesRefused("places.refused.merge_parents", places=", ".join(sorted(old)))
    joins = [(code, tree, parent) for code in fresh for tree, parent in above] + moves
    joined = [
        {
            "place_code": child,
            "tree": tree,
            "parent_code": parent,
            "valid_from": on,
            "valid_to": None,
            "source": source,
        }
        for child, tree, parent in joins
    ]
    crossing = [
        {
            "from_code": one, "to_code": other, "share": share, "share_low": share, "share_high": share,
            "basis": "stated", "changed_on": on, "source": source,
        }
        for one, other, share in walk
    ]  # fmt: skip
    return Redrawing(
        places=_closed_and_added(known, closing, born, on),
        place_parents=_closed_and_added(links, ends, joined, on),
        place_crosswalk=pd.DataFrame(crossing, columns=list(PLACE_CROSSWALK.column_names)),
    )


def _closed_and_added(
    rows: pd.DataFrame, closing: pd.Series, added: list[dict[str, Any]], on: date
) -> pd.DataFrame:
    records: list[dict[Any, Any]] = rows.astype(object).where(rows.notna(), None).to_dict("records")
    for record, closes in zip(records, closing, strict=True):
        if closes:
            record["valid_to"] = on - timedelta(days=1)
    return pd.DataFrame([*records, *added], columns=list(rows.columns))
