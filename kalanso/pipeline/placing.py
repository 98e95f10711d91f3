"""Which place is each name of a list, and which names are new places?

Known codes of the same list first, then matching by name; places are minted where the store has
none of a level, or where the person asks for it. Nothing is guessed: what is ambiguous stays open.
Links to the place above and outlines follow. Storing is the work of `import_file`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pandas as pd
from babel.core import Locale, get_global

from kalanso import places
from kalanso.pipeline.linking import link
from kalanso.pipeline.outlining import DEPTHS
from kalanso.pipeline.places_known import KnownPlaces, records
from kalanso.places.names import normalise
from kalanso.vocabulary import Level

Key = tuple[str, str]  # code and name of the place above in the list


@dataclass(kw_only=True)
class Placing:
    """What became of the names of one list.

    `codes` leads from (code, parent name) in the list to our code; `minted` holds those that are
    new; `outside` those that are places for which the list may not speak. `matches` are rows of
    PLACE_MATCHES. The other fields are rows for the tables of that name.
    """

    codes: dict[Key, str] = field(default_factory=dict)
    minted: set[str] = field(default_factory=set)
    outside: set[Key] = field(default_factory=set)
    matches: list[dict[str, Any]] = field(default_factory=list)
    places: list[dict[str, Any]] = field(default_factory=list)
    parents: list[dict[str, Any]] = field(default_factory=list)
    place_codes: list[dict[str, Any]] = field(default_factory=list)
    other_parents: list[str] = field(default_factory=list)
    without_parent: list[str] = field(default_factory=list)
    outside_parent: list[str] = field(default_factory=list)

    def status(self) -> dict[str, int]:
        """Return how many listed names were matched, minted, or left open, by outcome."""
        counts = dict.fromkeys(("matched", "reviewed", "minted", "ambiguous", "unmatched", "rejected"), 0)
        for row in self.matches:
            counts[row["status"]] += 1
        counts["minted"] = len(self.minted)
        counts["matched"] += len(self.codes) - counts["minted"] - counts["matched"] - counts["reviewed"]
        return counts


@dataclass(frozen=True, kw_only=True)
class PlacingRules:
    """How names of one list are to be placed.

    `new_places` mints what matches nothing even where the level is known; `valid_from` dates links
    that differ from the stored ones, which otherwise stay as they are. `within` holds the only places
    that the list may speak for. With `own_codes` the listed codes are our own, and no name is matched.
    """

    system: str
    vintage: str
    source: str
    new_places: bool = False
    valid_from: date | None = None
    within: frozenset[str] | None = None
    own_codes: bool = False
    thresholds: Mapping[str, float] = field(default_factory=dict)


def place_names(
    listed: pd.DataFrame, known: KnownPlaces, rules: PlacingRules, reviewed: pd.DataFrame
) -> Placing:
    """Return which place each row of LISTED_PLACES is, level by level from the top.

    `reviewed` are rows of PLACE_MATCHES that persons decided; they are added to those in the store.
    """
    placing = Placing()
    if rules.own_codes:
        own = set(known.places["place_code"])
        placing.codes = {
            (row["code"], row["parent_name"]): row["code"] for row in records(listed) if row["code"] in own
        }
        if rules.within is not None:
            _keep_within(placing, rules.within)
        return placing
    earlier = _codes_of_list(known, rules)
    _place_country(known, rules, placing)
    for level in sorted(set(listed["level"]), key=lambda name: (DEPTHS.get(name, 9), name)):
        rows = listed[listed["level"] == level].reset_index(drop=True)
        if level == Level.COUNTRY.value:
            _match_country(rows, known, rules, placing)
            continue
        before = dict(placing.codes)
        _match_level(rows, level, known, rules, placing, earlier, reviewed)
        _mint_level(rows, level, known, rules, placing, earlier)
        for row in records(rows):
            key = (row["code"], row["parent_name"])
            if key in placing.codes and key not in before:
                placing.place_codes.append(_code_row(row, placing.codes[key], rules))
    if rules.within is not None:
        _keep_within(placing, rules.within)
    links = link(listed, placing.codes, known, source=rules.source, valid_from=rules.valid_from)
    placing.parents = links.rows
    placing.other_parents = links.other_parents
    placing.without_parent = links.without_parent
    placing.outside_parent = links.outside_parent
    return placing


def _keep_within(placing: Placing, within: frozenset[str]) -> None:
    """Leave out names of places elsewhere, and new places: nobody has said where those lie."""
    placing.outside = {key for key, code in placing.codes.items() if code not in within}
    placing.codes = {key: code for key, code in placing.codes.items() if code in within}
    placing.minted &= within
    placing.places = [row for row in placing.places if row["place_code"] in within]
    placing.place_codes = [row for row in placing.place_codes if row["place_code"] in within]
    placing.matches = [m for m in placing.matches if (m["code"], m["parent_name"]) not in placing.outside]


def _codes_of_list(known: KnownPlaces, rules: PlacingRules) -> dict[Key, str]:
    same = known.codes[(known.codes["system"] == rules.system) & (known.codes["vintage"] == rules.vintage)]
    return {(row["code"], row["parent_name"]): row["place_code"] for row in records(same)}


def _place_row(code: str, name: str, level: str, row: Mapping[str, Any], source: str) -> dict[str, Any]:
    return {
        "place_code": code, "name": name, "level": level, "kind": row.get("kind", ""),
        "latitude": _number(row.get("latitude")), "longitude": _number(row.get("longitude")),
        "valid_from": None, "valid_to": None, "source": source,
    }  # fmt: skip


def _code_row(row: Mapping[str, Any], place: str, rules: PlacingRules) -> dict[str, Any]:
    return {
        "system": rules.system, "vintage": rules.vintage, "code": row["code"], "name": row["name"],
        "parent_name": row["parent_name"], "place_code": place, "source": rules.source,
    }  # fmt: skip


def _number(value: Any) -> float | None:
    return None if value is None or value != value else float(value)


def country_names(country: str) -> set[str]:
    """Return what a list may call a country: ISO codes of two and three letters, number, names."""
    aliases = {old for old, new in get_global("territory_aliases").items() if list(new) == [country]}
    names = {Locale(language).territories.get(country, "") for language in ("fr", "en")}
    return {normalise(name) for name in {country, *aliases, *names} if name}


def _place_country(known: KnownPlaces, rules: PlacingRules, placing: Placing) -> None:
    if known.country not in set(known.places["place_code"]):
        name = Locale("fr").territories.get(known.country, known.country)
        placing.places.append(_place_row(known.country, name, Level.COUNTRY.value, {}, rules.source))


def _match_country(rows: pd.DataFrame, known: KnownPlaces, rules: PlacingRules, placing: Placing) -> None:
    names = country_names(known.country)
    names |= {normalise(name) for name in known.places[known.places["level"] == "country"]["name"]}
    for row in records(rows):
        key = (row["code"], row["parent_name"])
        if {normalise(row["code"]), normalise(row["name"])} & names:
            placing.codes[key] = known.country
            placing.place_codes.append(_code_row(row, known.country, rules))
        else:
            placing.matches.append(_open_row(row, rules))


def _open_row(row: Mapping[str, Any], rules: PlacingRules) -> dict[str, Any]:
    return {
        "system": rules.system, "vintage": rules.vintage, "code": row["code"], "name": row["name"],
        "parent_name": row["parent_name"], "status": "unmatched", "place_code": None, "score": 0.0,
        "candidates": '{"reason": "no_candidate", "candidates": []}', "reviewed_by": None, "reviewed_on": None,
    }  # fmt: skip


def _match_level(
    rows: pd.DataFrame, level: str, known: KnownPlaces, rules: PlacingRules, placing: Placing,
    earlier: Mapping[Key, str], reviewed: pd.DataFrame,
) -> None:  # fmt: skip
    keys = list(zip(rows["code"], rows["parent_name"], strict=True))
    stored = set(known.places["place_code"])
    settled = {key: earlier[key] for key in keys if earlier.get(key) in stored}
    decided = set(zip(reviewed["code"], reviewed["parent_name"], strict=True)) if len(reviewed) else set()
    settled = {key: code for key, code in settled.items() if key not in decided}
    placing.codes |= settled
    open_rows = rows[[key not in settled for key in keys]].reset_index(drop=True)
    if open_rows.empty or not known.has_level(level):
        return
    ours = known.frame(level)
    # Where no known place of the level has a region, a region in the list is no evidence.
    silent = not (ours["parent_name"] != "").any()
    asked = open_rows.assign(parent_name="") if silent else open_rows
    wanted = list(zip(open_rows["code"], open_rows["parent_name"], strict=True))
    found = places.match(
        asked[["code", "name", "parent_name", "level", "kind", "latitude", "longitude"]],
        ours, system=rules.system, vintage=rules.vintage,
        reviewed=reviewed.assign(parent_name="") if silent else reviewed, within=rules.within,
        thresholds=rules.thresholds,
    )  # fmt: skip
    for (code, parent), match in zip(wanted, records(found), strict=True):
        placing.matches.append(match | {"code": code, "parent_name": parent})
        if match["status"] in {"matched", "reviewed"}:
            placing.codes[(code, parent)] = match["place_code"]


def _mint_level(
    rows: pd.DataFrame, level: str, known: KnownPlaces, rules: PlacingRules, placing: Placing,
    earlier: Mapping[Key, str],
) -> None:  # fmt: skip
    mint_all = rules.new_places or not known.has_level(level)
    unmatched = {(m["code"], m["parent_name"]) for m in placing.matches if m["status"] == "unmatched"}
    judged = {(m["code"], m["parent_name"]) for m in placing.matches}
    fresh: dict[Key, dict[str, Any]] = {}
    for row in records(rows):
        key = (row["code"], row["parent_name"])
        may = mint_all and (key in unmatched or key not in judged)
        # An import cut short may have given the code already and not yet the place.
        if key not in placing.codes and key not in fresh and (may or key in earlier):
            fresh[key] = row
    wanted = [key for key in fresh if key not in earlier]
    taken = {*known.taken, *placing.minted}
    numbers = iter(places.mint_codes(known.country, level, len(wanted), taken))
    for key, row in fresh.items():
        code = earlier.get(key) or next(numbers)
        placing.codes[key] = code
        placing.minted.add(code)
        placing.places.append(_place_row(code, row["name"], level, row, rules.source))
    placing.matches = [m for m in placing.matches if (m["code"], m["parent_name"]) not in fresh]
