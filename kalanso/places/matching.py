"""Which listed name is which known place?

Accepts what is certain, asks where it is not, and never guesses: the outcome of each listed name is
`matched`, `ambiguous` or `unmatched`, with the evidence. What a person decided before (`reviewed`,
`rejected`) is used again. Evidence on single pairs is weighed in `likeness`.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import pandas as pd

from kalanso.places.declared import inside_first
from kalanso.places.faults import PlacesRefused
from kalanso.places.frames import days, frame, optional, text
from kalanso.places.likeness import Candidate, NameList, candidates, ranked
from kalanso.places.names import SAME_SOUND, normalise
from kalanso.places.tables import PLACE_MATCHES
from kalanso.vocabulary import Message

MATCH_THRESHOLDS: Mapping[str, float] = MappingProxyType(
    {
        "accept": 0.90,  # score from which a lone candidate is accepted
        "ask": 0.74,  # score from which a person is asked
        "margin": 0.04,  # by which the best must lead the next
        "parent_alike": 0.90,  # likeness of two names of the place above that makes them one
        "crowd_likeness": 0.75,  # where so like names ...
        "crowd": 2,  # ... of so many further places stand, a spelling that is only near is not enough
        "near_km": 2.0,  # facilities and health areas: so close speaks for it
        "far_km": 50.0,  # so far forbids to accept it unasked
        "near_km_area": 60.0,  # larger areas, whose points may be capital or centre
        "far_km_area": 250.0,
        "others": 5,  # neighbours that must all be matched before the last pair may be inferred
        "shown": 5,  # candidates kept as evidence
    }
)


@dataclass
class _Verdict:
    status: str = "unmatched"
    place: int | None = None
    place_code: str | None = None
    reason: str = "no_candidate"
    score: float = 0.0
    shown: list[Candidate] = field(default_factory=list)
    reviewed_by: str | None = None
    reviewed_on: Any = None


def match(
    listed: Any,
    known: Any,
    *,
    system: str,
    vintage: str,
    reviewed: Any = None,
    within: frozenset[str] | None = None,
    thresholds: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """Return one row of PLACE_MATCHES for each listed name, in the order given.

    `listed` has columns code, name and, where known, parent_name, level, latitude, longitude.
    `known` has place_code, name and, where known, the same and `aliases` and `ancestor_names` (lists,
    or texts parted by "|"). `reviewed` are earlier rows of PLACE_MATCHES: those of this system and
    vintage with status reviewed or rejected win. `within` holds the codes of the places that the list says
    it speaks of, where it says so: they come first (see `declared`). `thresholds` replace single
    MATCH_THRESHOLDS.

    A name is matched where its best candidate reaches `accept`, leads the next by `margin`, and
    nothing speaks against it (nor stands among many names that are nearly the same); words such as Est, Nord, Central or II that differ or are spelled otherwise, another kind of
    facility, another parent or a far point always make it ambiguous. Two listed names that claim one
    place are both ambiguous, unless one of them alone has it to the letter.
    """
    limits = {**MATCH_THRESHOLDS, **(thresholds or {})}
    rows = frame(listed, ("code", "name"), what="listed")
    places = frame(known, ("place_code", "name"), what="known")
    theirs, ours = NameList.of(rows), NameList.of(places)
    found = candidates(theirs, ours, limits)
    if within is not None:
        inside = frozenset(at for at, code in enumerate(text(places["place_code"])) if code in within)
        found = inside_first(found, candidates(theirs, ours, limits, inside), inside, limits)
    verdicts = [_Verdict(shown=weighed) for weighed in found]
    keys = _keys(rows)
    settled = _apply_reviewed(verdicts, rows, places, reviewed, system=system, vintage=vintage)
    groups = _groups(rows, theirs)
    _decide(verdicts, groups, settled, limits)
    _infer_last_pairs(verdicts, groups, theirs, ours, limits)
    return _table(verdicts, rows, keys, places, ours, groups, system, vintage, limits)


def _keys(rows: pd.DataFrame) -> list[tuple[str, str]]:
    parents = text(optional(rows, "parent_name"))
    return list(zip(text(rows["code"]), parents, strict=True))


def _groups(rows: pd.DataFrame, theirs: NameList) -> list[Hashable]:
    """Say which rows are one listed name: same code, or no code but the same spelling."""
    groups: list[Hashable] = []
    for code, name, parent, level in zip(
        text(rows["code"]), theirs.names, theirs.parents, theirs.levels, strict=True
    ):
        own = "" if normalise(code) == normalise(name) else code
        groups.append((own, normalise(name), normalise(parent), level))
    return groups


def _apply_reviewed(
    verdicts: list[_Verdict], rows: pd.DataFrame, places: pd.DataFrame, reviewed: Any,
    *, system: str, vintage: str,
) -> set[int]:  # fmt: skip
    if reviewed is None or len(reviewed) == 0:
        return set()
    table = frame(
        reviewed, ("system", "vintage", "code", "parent_name", "status", "place_code"), what="reviewed"
    )
    ours = (table["system"] == system) & (table["vintage"] == vintage)
    table = table[ours & table["status"].isin(["reviewed", "rejected"])].reset_index(drop=True)
    decided = {key: at for at, key in enumerate(_keys(table))}
    by, on = optional(table, "reviewed_by"), days(optional(table, "reviewed_on"))
    position = {code: at for at, code in enumerate(text(places["place_code"]))}
    settled = set()
    for row, key in enumerate(_keys(rows)):
        if key not in decided:
            continue
        at = decided[key]
        verdict = verdicts[row]
        settled.add(row)
        verdict.status = verdict.reason = table["status"][at]
        verdict.reviewed_by = None if pd.isna(by[at]) else str(by[at])
        verdict.reviewed_on = on[at]
        if verdict.status == "reviewed":
            code = table["place_code"][at]
            if not isinstance(code, str) or not code:
                raise PlacesRefused("places.refused.reviewed_without_place", code=key[0], parent=key[1])
            verdict.place_code, verdict.place = code, position.get(code)
            verdict.score = 1.0
    return settled


def _decide(
    verdicts: list[_Verdict], groups: Sequence[Hashable], settled: set[int], limits: Mapping[str, float]
) -> None:
    owners = _owners(verdicts, groups, settled)
    for row, verdict in enumerate(verdicts):
        if row not in settled:
            _judge(verdict, groups[row], owners, limits)
    _question_shared_claims(verdicts, groups, settled, limits)


def _owners(
    verdicts: list[_Verdict], groups: Sequence[Hashable], settled: set[int]
) -> dict[int, set[Hashable]]:
    """Return, for places whose exact name is listed (or that were reviewed), which names own them."""
    owners: dict[int, set[Hashable]] = defaultdict(set)
    for row, verdict in enumerate(verdicts):
        if row in settled:
            if verdict.place is not None:
                owners[verdict.place].add(groups[row])
            continue
        exact = [candidate for candidate in verdict.shown if candidate.exact]
        if len(exact) == 1:
            owners[exact[0].place].add(groups[row])
    return owners


def _judge(
    verdict: _Verdict, group: Hashable, owners: Mapping[int, set[Hashable]], limits: Mapping[str, float]
) -> None:
    """Decide on one listed name by its own candidates, apart from those that another name owns."""
    free = [c for c in verdict.shown if not (owners.get(c.place, set()) - {group})]
    owned = [
        c for c in verdict.shown if c not in free and (c.score >= limits["accept"] or c.name_score == 1.0)
    ]
    weighed = ranked([*free, *owned])
    if not weighed or max(c.score for c in weighed) < limits["ask"]:
        verdict.score = verdict.shown[0].score if verdict.shown else 0.0
        verdict.reason = "too_unlike" if verdict.shown else "no_candidate"
        return
    best = weighed[0]
    verdict.score, verdict.status = best.score, "ambiguous"
    rivals = [
        c
        for c in weighed[1:]
        if c.score > best.score - limits["margin"] and (c.exact or not best.exact or c.score > best.score)
    ]
    if best.against:
        verdict.reason = f"{best.against[0]}_differ"
    elif best in owned:
        verdict.reason = "claimed"
    elif best.score < limits["accept"]:
        verdict.reason = "not_alike_enough"
    elif best.name_score < SAME_SOUND and _crowd(verdict, best, limits) >= limits["crowd"]:
        verdict.reason = "crowd"
    elif rivals:
        verdict.reason = "several"
    else:
        verdict.status, verdict.place = "matched", best.place
        verdict.reason = "same_name" if best.exact else "alike"


def _crowd(verdict: _Verdict, best: Candidate, limits: Mapping[str, float]) -> int:
    """Count the further places with like names: acronyms such as ASACODA, ASACODAR, ASACODES."""
    others = {c.place for c in verdict.shown if c.name_score >= limits["crowd_likeness"]} - {best.place}
    return len(others)


def _question_shared_claims(
    verdicts: list[_Verdict], groups: Sequence[Hashable], settled: set[int], limits: Mapping[str, float]
) -> None:
    """Ask about each place that several listed names claim, or that an unsettled one may well be."""
    claims: dict[int, list[tuple[Hashable, Candidate, int]]] = defaultdict(list)
    for row, verdict in enumerate(verdicts):
        if row in settled:
            continue
        for candidate in verdict.shown:
            taken_elsewhere = verdict.status == "matched" and verdict.place != candidate.place
            if candidate.score >= limits["accept"] - limits["margin"] and not taken_elsewhere:
                claims[candidate.place].append((groups[row], candidate, row))
    doubtful = set()
    for row, verdict in enumerate(verdicts):
        if row in settled or verdict.status != "matched" or verdict.place is None:
            continue
        own = next(c for c in verdict.shown if c.place == verdict.place)
        for group, other, _ in claims[verdict.place]:
            serious = other.exact if own.exact else other.score > own.score - limits["margin"]
            if group != groups[row] and serious:
                doubtful.add(row)
    for row in doubtful:
        verdicts[row].status, verdicts[row].place, verdicts[row].reason = "ambiguous", None, "claimed"


def _infer_last_pairs(
    verdicts: list[_Verdict], groups: Sequence[Hashable], theirs: NameList, ours: NameList,
    limits: Mapping[str, float],
) -> None:  # fmt: skip
    """Accept the one pair left when all other names under one parent have found each other.

    Only where the two share a name as far as `ask`, nothing speaks against it, and both lists are as
    long: "Tharaka Nithi" is Tharaka once the other 46 counties are matched.
    """
    taken = {verdict.place for verdict in verdicts if verdict.place is not None}
    families: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row, (parent, level) in enumerate(zip(theirs.parents, theirs.levels, strict=True)):
        families[normalise(parent), level].append(row)
    for rows in families.values():
        open_rows = [
            row for row in rows if verdicts[row].place is None and verdicts[row].status != "rejected"
        ]
        if len({groups[row] for row in open_rows}) != 1:
            continue
        verdict = verdicts[open_rows[0]]
        others = {verdicts[row].place for row in rows} - {None}
        fit = [
            c for c in verdict.shown if not c.against and c.score >= limits["ask"] and c.place not in taken
        ]
        if verdict.status != "ambiguous" or len(fit) != 1 or len(others) < limits["others"]:
            continue
        if _siblings(fit[0].place, ours) == {*others, fit[0].place}:
            for row in open_rows:
                verdicts[row].status, verdicts[row].place = "matched", fit[0].place
                verdicts[row].score, verdicts[row].reason = fit[0].score, "last_pair"


def _siblings(place: int, ours: NameList) -> set[int | None]:
    family = normalise(ours.parents[place]), ours.levels[place]
    return {
        at
        for at, (parent, level) in enumerate(zip(ours.parents, ours.levels, strict=True))
        if (normalise(parent), level) == family
    }


def _table(
    verdicts: list[_Verdict], rows: pd.DataFrame, keys: list[tuple[str, str]], places: pd.DataFrame,
    ours: NameList, groups: Sequence[Hashable], system: str, vintage: str, limits: Mapping[str, float],
) -> pd.DataFrame:  # fmt: skip
    codes = text(places["place_code"]).tolist()
    holders: dict[int, list[str]] = defaultdict(list)
    names = text(rows["name"]).tolist()
    for row, verdict in enumerate(verdicts):
        if verdict.place is not None:
            holders[verdict.place].append(names[row])
    records = []
    for row, verdict in enumerate(verdicts):
        code = verdict.place_code or (None if verdict.place is None else codes[verdict.place])
        records.append(
            {
                "system": system, "vintage": vintage, "code": keys[row][0], "name": names[row],
                "parent_name": keys[row][1], "status": verdict.status, "place_code": code,
                "score": verdict.score,
                "candidates": _evidence(verdict, codes, ours, names[row], holders, limits),
                "reviewed_by": verdict.reviewed_by, "reviewed_on": verdict.reviewed_on,
            }
        )  # fmt: skip
    return _matches_frame(records)


def _matches_frame(records: list[dict[Any, Any]]) -> pd.DataFrame:
    table = pd.DataFrame(records, columns=list(PLACE_MATCHES.column_names))
    for name in ("place_code", "reviewed_by", "reviewed_on"):
        # Text columns of pandas would turn None into NaN, which is no text.
        held = [record[name] if not pd.isna(record[name]) else None for record in records]
        table[name] = pd.Series(held, index=table.index, dtype=object)
    return table


def _evidence(
    verdict: _Verdict, codes: list[str], ours: NameList, name: str,
    holders: Mapping[int, list[str]], limits: Mapping[str, float],
) -> str:  # fmt: skip
    shown = [
        {
            "place_code": codes[c.place],
            "name": ours.names[c.place],
            "parent_name": ours.parents[c.place],
            "score": c.score,
            "name_score": c.name_score,
            "parent": c.parent,
            "distance_km": c.distance_km,
            "marks": {"listed": list(c.marks[0]), "known": list(c.marks[1])},
            "kinds": {"listed": c.kinds[0], "known": c.kinds[1]},
            "against": list(c.against),
            "claimed_by": [other for other in holders.get(c.place, []) if other != name],
        }
        for c in verdict.shown[: int(limits["shown"])]
    ]
    return json.dumps({"reason": verdict.reason, "candidates": shown}, ensure_ascii=False)


def explain(row: Mapping[str, Any]) -> Message:
    """Return the sentence that tells a person why a row of PLACE_MATCHES came out as it did."""
    evidence = json.loads(row["candidates"])
    best = evidence["candidates"][0] if evidence["candidates"] else {}
    return Message(
        f"places.match.{evidence['reason']}",
        {
            "name": row["name"],
            "known": best.get("name", ""),
            "parent": row["parent_name"],
            "known_parent": best.get("parent_name", ""),
            "score": row["score"],
            "km": best.get("distance_km"),
            "n": len(evidence["candidates"]),
        },
    )


def summary(matches: pd.DataFrame) -> dict[str, int]:
    """Return how many listed names came out in each way; the counts add up to the rows."""
    counts = Counter(matches["status"])
    return {status: counts.get(status, 0) for status in PLACE_MATCHES.column("status").values}


def with_review(
    matches: pd.DataFrame, decisions: Mapping[tuple[str, str], str | None], *, by: str, on: Any
) -> pd.DataFrame:
    """Return matches after a person's decisions: code and parent_name -> place_code, or None to reject.

    Raises PlacesRefused where a decision is about a name that was not listed.
    """
    known = dict.fromkeys(zip(matches["code"], matches["parent_name"], strict=True))
    if strange := [key for key in decisions if key not in known]:
        raise PlacesRefused("places.refused.unlisted_decision", code=strange[0][0], parent=strange[0][1])
    records: list[dict[Any, Any]] = []
    for record in matches.to_dict("records"):
        key = (record["code"], record["parent_name"])
        if key in decisions:
            place = decisions[key]
            status = "reviewed" if place else "rejected"
            record |= {"status": status, "place_code": place, "reviewed_by": by, "reviewed_on": on}
        records.append(record)
    return _matches_frame(records)


__all__ = ["MATCH_THRESHOLDS", "explain", "match", "summary", "with_review"]
