"""Which places are there, which touch, and what is known of each?

Settles `places`, `neighbours` and `covariates`; where neighbours are missing, stands in for them
with the nearest points or with the places of the same parent, and says so.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection
from typing import Any

import numpy as np
import pandas as pd

from kalanso.coverage import evidence_tables as tables
from kalanso.coverage.evidence_tables import EvidenceTable
from kalanso.coverage.faults import EvidenceRefused
from kalanso.coverage.reading.cells import ROW, Cells, is_text, numbers_of, refuse_rows, typed
from kalanso.coverage.reading.receipts import Receipt

NEAREST = 4  # areas joined to each area where only points are known
LARGEST_FAMILY = 12  # areas of one parent that are all joined where not even points are known


def settle_places(cells: Cells | None, receipt: Receipt) -> pd.DataFrame:
    """Return the tree of places; raises EvidenceRefused for none, unknown parents and circles."""
    if cells is None:
        raise EvidenceRefused("coverage.evidence.no_area", file="places.csv")
    frame = without_repeats(typed(cells, tables.PLACES, receipt), tables.PLACES, receipt)
    codes = set(frame["place_code"])
    above = frame["parent_code"]
    known_above("places", frame, (above == "") | above.isin(codes), "parent_code", codes)
    _refuse_circles(frame)
    frame = _points(frame, receipt)
    return tables.PLACES.typed(frame)


def _refuse_circles(frame: pd.DataFrame) -> None:
    above = dict(zip(frame["place_code"], frame["parent_code"], strict=True))
    sound: set[str] = {""}
    for number, start in enumerate(above):
        path: list[str] = []
        code = start
        while code not in sound:
            if code in path:
                circle = [*path[path.index(code) :], code]
                raise EvidenceRefused(
                    "coverage.folder.circle", file="places.csv", row=int(frame[ROW].iloc[number]),
                    column="parent_code", found=" → ".join(circle[:6]),
                )  # fmt: skip
            path.append(code)
            code = above[code]
        sound.update(path)


def _points(frame: pd.DataFrame, receipt: Receipt) -> pd.DataFrame:
    half = frame["longitude"].isna() ^ frame["latitude"].isna() if "longitude" in frame and "latitude" in frame else (
        pd.Series(True, index=frame.index) if {"longitude", "latitude"} & set(frame) else None
    )  # fmt: skip
    if half is None:
        return frame.assign(longitude=np.nan, latitude=np.nan)
    frame = frame.assign(longitude=frame.get("longitude", np.nan), latitude=frame.get("latitude", np.nan))
    receipt.handled("places", "half_a_point", frame.loc[half, ROW])
    nowhere = (frame["longitude"] == 0) & (frame["latitude"] == 0)
    receipt.handled("places", "null_island", frame.loc[nowhere, ROW])
    frame.loc[half | nowhere, ["longitude", "latitude"]] = np.nan
    return frame


def settle_neighbours(
    cells: Cells | None, places: pd.DataFrame, areas: list[str], receipt: Receipt
) -> pd.DataFrame:
    """Return pairs of areas that touch, in both directions.

    Without a file, each area is joined to its nearest points; areas without a point are joined to
    all areas of the same parent where these are few, and stay alone where they are many.
    """
    if cells is None:
        return _stand_in(places, areas, receipt)
    frame = typed(cells, tables.NEIGHBOURS, receipt)
    for column in ("place_code", "neighbour_code"):
        known_place(frame, "neighbours", places, column)
    frame = only_areas(frame, "neighbours", areas, receipt, "place_code", "neighbour_code")
    itself = frame["place_code"] == frame["neighbour_code"]
    receipt.set_aside("neighbours", "own_neighbour", frame.loc[itself, ROW])
    frame = without_repeats(frame[~itself], tables.NEIGHBOURS, receipt)
    linked = {*frame["place_code"], *frame["neighbour_code"]}
    alone = [area for area in areas if area not in linked]
    if alone and len(areas) > 1:
        receipt.say("alone", n=len(alone), example=alone[0])
    return tables.NEIGHBOURS.typed(frame)


def _stand_in(places: pd.DataFrame, areas: list[str], receipt: Receipt) -> pd.DataFrame:
    if len(areas) < 2:
        return tables.NEIGHBOURS.empty()
    at = places.set_index("place_code").loc[areas]
    located = at.index[at["longitude"].notna()]
    pairs: list[tuple[str, str]] = []
    if len(located) > 1:
        pairs += _nearest(at.loc[located])
        receipt.say("nearest_neighbours", n=len(located), nearest=min(NEAREST, len(located) - 1))
    rest = at.drop(index=located) if len(located) > 1 else at
    joined = _siblings(rest, at, areas)
    pairs += joined
    if len(rest):
        linked = {code for pair in joined for code in pair}
        receipt.say("sibling_neighbours", n=int(rest.index.isin(list(linked)).sum()))
        if lonely := [code for code in rest.index if code not in linked]:
            receipt.say("alone", n=len(lonely), example=lonely[0])
    if not pairs:
        return tables.NEIGHBOURS.empty()
    return tables.NEIGHBOURS.typed(pd.DataFrame(pairs, columns=["place_code", "neighbour_code"]))


def _nearest(at: pd.DataFrame) -> list[tuple[str, str]]:
    from scipy.spatial import cKDTree

    # On a sphere of radius 1, straight-line distance orders points as distance on the ground does.
    longitude, latitude = np.radians(at["longitude"].to_numpy()), np.radians(at["latitude"].to_numpy())
    points = np.column_stack(
        [np.cos(latitude) * np.cos(longitude), np.cos(latitude) * np.sin(longitude), np.sin(latitude)]
    )
    count = min(NEAREST + 1, len(at))
    _, found = cKDTree(points).query(points, k=count)
    codes = at.index.to_numpy()
    return [(codes[i], codes[j]) for i, row in enumerate(found) for j in row if i != j]


def _siblings(rest: pd.DataFrame, at: pd.DataFrame, areas: list[str]) -> list[tuple[str, str]]:
    families = at.groupby("parent_code", sort=False).groups
    pairs = []
    for code, parent in rest["parent_code"].items():
        family = families[parent]
        if 1 < len(family) <= LARGEST_FAMILY:
            pairs += [(str(code), str(other)) for other in family if other != code]
    return pairs


def settle_covariates(
    cells: Cells | None, places: pd.DataFrame, areas: list[str], receipt: Receipt
) -> pd.DataFrame:
    """Return one row per area: gaps filled with the column's mean, columns that say nothing left out."""
    if cells is None:
        return tables.COVARIATES.empty()
    frame = typed(cells, tables.COVARIATES, receipt)
    words = []
    for name in cells.frame.columns:
        if name in {"place_code", ROW, ""}:
            continue
        if _only_words(cells.frame[name]):
            words.append(str(name))
            continue
        frame[name] = numbers_of(cells, name, share=True)
    if words:
        receipt.say("words_as_covariates", found=", ".join(words), n=len(words))
    known_place(frame, "covariates", places, "place_code")
    frame = only_areas(frame, "covariates", areas, receipt, "place_code")
    frame = without_repeats(frame, tables.COVARIATES, receipt)
    return _filled(frame.drop(columns=ROW), areas, receipt)


def _only_words(values: pd.Series) -> bool:
    if not is_text(values):
        return False
    texts = [str(v) for v in values.unique() if v is not None and str(v).strip()]
    return bool(texts) and not any(any(c.isdigit() for c in text) or text.lower() in _FLAGS for text in texts)


_FLAGS = {"yes", "no", "true", "false", "oui", "non", "vrai", "faux", "-", "nd", "na", "n/a"}


def _filled(frame: pd.DataFrame, areas: list[str], receipt: Receipt) -> pd.DataFrame:
    table = frame.set_index("place_code").reindex(areas)
    known = set(frame["place_code"])
    absent = [area for area in areas if area not in known]
    if absent:
        receipt.say("covariates_absent", n=len(absent), example=absent[0])
    for name in table.columns:
        gaps = int(table[name].isna().sum()) - len(absent)
        if gaps:
            receipt.say("covariates_filled", n=gaps, found=str(name))
    table = table.fillna(table.mean())
    flat = [str(name) for name in table.columns if not table[name].nunique() > 1]
    if flat and len(areas) > 1:
        receipt.say("flat_covariates", found=", ".join(flat), n=len(flat))
    return tables.COVARIATES.typed(table.drop(columns=flat).reset_index())


def known_place(frame: pd.DataFrame, name: str, places: pd.DataFrame, column: str = "place_code") -> None:
    """Raise EvidenceRefused for a code that `places` does not hold, naming the likeliest one."""
    codes = set(places["place_code"])
    known_above(name, frame, frame[column].isin(codes), column, codes)


def known_above(name: str, frame: pd.DataFrame, known: Any, column: str, codes: Collection[str]) -> None:
    """Raise EvidenceRefused for the first row that is not `known`."""
    unknown = ~np.asarray(known, bool)
    if unknown.any():
        found = str(frame[column].iloc[int(np.flatnonzero(unknown)[0])])
        close = difflib.get_close_matches(found, [str(code) for code in codes], n=1, cutoff=0.6)
        example = close[0] if close else str(next(iter(sorted(codes)), ""))
        refuse_rows(name, frame, unknown, "coverage.folder.unknown_place", column, example)


def only_areas(
    frame: pd.DataFrame, name: str, areas: list[str], receipt: Receipt, *columns: str
) -> pd.DataFrame:
    """Set aside rows about places that have places below them, which would count twice."""
    inside = frame[list(columns)].isin(set(areas)).all(axis=1)
    example = frame.loc[~inside, columns[0]]
    receipt.set_aside(name, "not_an_area", frame.loc[~inside, ROW], example=next(iter(example), ""))
    return frame[inside]


def without_repeats(
    frame: pd.DataFrame, table: EvidenceTable, receipt: Receipt, *, key: tuple[str, ...] = (), name: str = ""
) -> pd.DataFrame:
    """Count identical rows once; raise EvidenceRefused for two rows of one key that differ."""
    identity = [column for column in key or table.key if column in frame]
    name = name or table.name
    content = [column for column in frame.columns if column != ROW]
    twins = frame.duplicated(content, keep="first")
    receipt.set_aside(name, "repeated", frame.loc[twins, ROW])
    frame = frame[~twins]
    clash = frame.duplicated(identity, keep="first")
    if clash.any():
        at = int(np.flatnonzero(clash.to_numpy())[0])
        second = frame.iloc[at]
        same = (frame[identity] == second[identity]).all(axis=1)
        first = frame[same].iloc[0]
        differ = next(c for c in content if c not in identity and not _equal(first[c], second[c]))
        raise EvidenceRefused(
            "coverage.folder.contradiction", file=f"{name}.csv", row=int(second[ROW]), column=differ,
            expected=str(first[differ]), found=str(second[differ]), other=int(first[ROW]),
            key=", ".join(f"{second[c]}" for c in identity), n=int(clash.sum()),
        )  # fmt: skip
    return frame


def _equal(one: Any, other: Any) -> bool:
    return bool(one == other or (one != one and other != other))
