"""What is written back to the health areas of a place about a month, as far as the reader may see their numbers?

The rules of a bulletin are those of `kalanso.triangulation`; here the rows are read, always through the reader's scope.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import ibis.expr.types as ir
import pandas as pd

from kalanso import __version__
from kalanso.figures.bulletin_pages import Imprint
from kalanso.hub.explore.queries import places
from kalanso.hub.explore.queries.places import Place
from kalanso.hub.explore.queries.shelf import Shelf, remembered
from kalanso.indicators.tables import INDICATOR_VALUES
from kalanso.pipeline.bulletins import compose, months_told
from kalanso.quality.tables import QUALITY_FINDINGS
from kalanso.triangulation.bulletins import Bulletin
from kalanso.vocabulary import Level, Tree

MONTHS_OFFERED = 12
TABLES = (INDICATOR_VALUES, QUALITY_FINDINGS)


@dataclass(frozen=True, kw_only=True)
class Written:
    """The bulletins of some areas and a month, and the areas that never sent a number."""

    bulletins: tuple[Bulletin, ...]
    silent: tuple[str, ...]


def areas(shelf: Shelf, place: Place) -> list[Place]:
    """Return the health areas of which a bulletin speaks: a district's, the area itself, or that of a facility."""
    known = places.tree(shelf)
    if place.level == Level.FACILITY:
        above = [one for one in known.above(place.code) if one.level == Level.HEALTH_AREA]
        return above[-1:]
    if place.level == Level.HEALTH_AREA:
        return [place]
    if place.level != Level.DISTRICT:
        return []
    return [one for one in known.children(place.code) if one.level == Level.HEALTH_AREA]


def may_read(shelf: Shelf) -> bool:
    """Whether the reader sees any of the tables that a bulletin needs."""
    return all(shelf.sees(spec) and shelf.manifest(spec) is not None for spec in TABLES)


def months(shelf: Shelf, codes: tuple[str, ...]) -> tuple[str, ...]:
    """Return the months of which some areas sent a number that the reader may see, the newest first."""
    return _months(shelf, codes)[:MONTHS_OFFERED] if codes and may_read(shelf) else ()


@remembered
def _months(shelf: Shelf, codes: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(months_told(shelf.table(INDICATOR_VALUES), list(codes), _runs(shelf)))


@remembered
def written(shelf: Shelf, codes: tuple[str, ...], month: str) -> Written:
    """Return the bulletins of some areas and a month."""
    values, findings = (shelf.table(spec) for spec in TABLES)
    made, silent = compose(
        values, findings, _places(shelf, codes), list(codes), month, tree=Tree.HEALTH, run=_runs(shelf)
    )
    return Written(bulletins=tuple(made), silent=tuple(silent))


def imprint(shelf: Shelf) -> Imprint:
    """Return what stands below every bulletin."""
    manifest = shelf.manifest(INDICATOR_VALUES)
    assert manifest is not None  # whoever has a bulletin has read its numbers
    sources = tuple(manifest.provenance.sources)
    return Imprint(
        sources=sources, day=manifest.created.date(), version=__version__, demo=shelf.store.demo
    )  # fmt: skip


def _runs(shelf: Shelf) -> Callable[[ir.Table], pd.DataFrame]:
    def run(question: ir.Table) -> pd.DataFrame:
        found: pd.DataFrame = shelf.arrow(question).to_pandas()
        return found

    return run


def _places(shelf: Shelf, codes: tuple[str, ...]) -> pd.DataFrame:
    """Return some areas and what lies below them, as a bulletin needs them."""
    known = places.tree(shelf).places
    below = {one for code in codes for one in places.below(shelf, code)}
    rows = [(code, known[code].parent or "", known[code].level) for code in sorted(below)]
    return pd.DataFrame(rows, columns=["place_code", "parent_code", "level"])
