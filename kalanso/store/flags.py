"""Which places lie under a security flag, from when to when, and which neighbour is withheld with one that stands alone?

Reads the published places, their tree and their flags. What readers without clearance then see of a
table is for `visibility` to say.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from kalanso.store.store import Store
from kalanso.vocabulary import Level

Span = tuple[date, date]  # from when to when; a flag without an end guards all periods
EVER: Span = (date.min, date.max)
SPANS = pa.schema([
    ("flagged_code", pa.string()), ("coarse_code", pa.string()), ("since", pa.date32()), ("until", pa.date32()),
])  # fmt: skip


class NotVisible(PermissionError):
    """The table is for a narrower circle than the reader's, or it is not known what its flags hide."""


def places_table(store: Store, name: str) -> ir.Table | None:
    """Return a table of places by its name, since their declaration stands above this package."""
    manifest = store.latest(name)
    if manifest is None or not manifest.parts:
        return None
    return store.engine.parquet([store.part_path(part.sha256) for part in manifest.parts])


def current_parents(store: Store, today: date) -> ir.Table | None:
    """Return the tree of places as it stands today (place_code, tree, parent_code and more)."""
    parents = places_table(store, "place_parents")
    if parents is None:
        return None
    day = ibis.literal(today)
    begun = parents.valid_from.isnull() | (parents.valid_from <= day)
    lasting = parents.valid_to.isnull() | (parents.valid_to >= day)
    return parents.filter(begun & lasting)


def ancestors(store: Store, today: date) -> ir.Table:
    """Return (place_code, ancestor_code, ancestor_level), each place being its own ancestor too.

    Raises NotVisible where no places are published.
    """
    places = places_table(store, "places")
    if places is None:
        raise NotVisible("places: flags stand without places; publish the places first")
    parents = current_parents(store, today)
    steps = [places.select("place_code", ancestor_code=places.place_code)]
    for _ in range(len(Level)):
        if parents is None:
            break
        last = steps[-1]
        up = parents.select(below="place_code", above="parent_code").view()
        steps.append(
            last.inner_join(up, last.ancestor_code == up.below).select("place_code", ancestor_code="above")
        )
    lines = steps[0]
    for step in steps[1:]:
        lines = lines.union(step)
    lines = lines.distinct()
    levels = places.select(level_code="place_code", ancestor_level="level").view()
    return lines.inner_join(levels, lines.ancestor_code == levels.level_code).select(
        "place_code", "ancestor_code", "ancestor_level"
    )


def flagged_today(store: Store, today: date) -> frozenset[str]:
    """Return the places that lie, today, under a flag of their own or of a place above."""
    flags = places_table(store, "place_flags")
    if flags is None:
        return frozenset()
    lasting = flags.filter(flags.valid_to.isnull() | (flags.valid_to >= ibis.literal(today)))
    above = ancestors(store, today)
    found = (
        above.semi_join(lasting, above.ancestor_code == lasting.place_code).select("place_code").distinct()
    )
    return frozenset(found.to_pyarrow().column("place_code").to_pylist())


def withheld_spans(store: Store, *, coarsen_to: str, today: date) -> pa.Table:
    """Return whose rows are withheld from readers without clearance (flagged_code, coarse_code, since, until).

    They are the places under a flag, with all below them; `coarse_code` is the place of the level `coarsen_to`
    that stands in for each, or the place itself where it lies above. A place below that level which is the only one
    withheld under its parent takes the next one with it: by subtraction from the parent's total it would be
    known all the same (Hundepool et al., *Statistical Disclosure Control*, 2012,
    §4.2, secondary suppression).
    """
    flags = places_table(store, "place_flags")
    if flags is None:
        return SPANS.empty_table()
    lines = ancestors(store, today).to_pyarrow().to_pylist()
    below: dict[str, list[str]] = defaultdict(list)
    for line in lines:
        below[line["ancestor_code"]].append(line["place_code"])
    spans: dict[str, set[Span]] = defaultdict(set)
    for flag in flags.select("place_code", "valid_from", "valid_to").to_pyarrow().to_pylist():
        lasting = flag["valid_to"] is None or flag["valid_to"] >= today
        for code in below.get(flag["place_code"], ()):
            spans[code].add(EVER if lasting else (flag["valid_from"] or date.min, flag["valid_to"]))
    coarse = {
        line["place_code"]: line["ancestor_code"] for line in lines if line["ancestor_level"] == coarsen_to
    }
    parents = current_parents(store, today)
    tree = (
        parents.select("place_code", "parent_code", "tree").to_pyarrow().to_pylist()
        if parents is not None
        else []
    )
    for companion, span in _companions(
        tree, spans, {code for code, above in coarse.items() if above != code}
    ):
        for code in below[companion]:
            spans[code].add(span)
    rows = [
        {"flagged_code": code, "coarse_code": coarse.get(code, code), "since": since, "until": until}
        for code in sorted(spans)
        for since, until in sorted(spans[code])
    ]
    return pa.Table.from_pylist(rows, schema=SPANS)


def _companions(
    tree: list[dict[str, Any]], spans: dict[str, set[Span]], fine: set[str]
) -> list[tuple[str, Span]]:
    """Return the neighbour that is withheld with each place that would stand alone under its parent, and when."""
    families: dict[tuple[str, str], list[str]] = defaultdict(list)
    for line in tree:
        families[line["tree"], line["parent_code"]].append(line["place_code"])
    found = []
    for family in families.values():
        children = sorted(family)
        for number, code in enumerate(children):
            for span in sorted(spans.get(code, ())) if code in fine else ():
                others = [other for other in children if other != code]
                if others and not any(_covers(one, span) for other in others for one in spans.get(other, ())):
                    found.append((children[(number + 1) % len(children)], span))
    return found


def _covers(one: Span, other: Span) -> bool:
    """Whether a place withheld over one span is withheld over all of another."""
    return one[0] <= other[0] and one[1] >= other[1]
