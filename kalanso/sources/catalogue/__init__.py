"""Which source holds which number at which level, and how far do the sources agree?

The measured half of the source catalogue; the declared half stands in the country's pack
(`kalanso.definitions.sources`). It lives among the sources because it describes them, and may use only
what stands below (indicators, places, store): quality and triangulation read its tables. Reading a
store and publishing the answers is the work of `kalanso.pipeline.catalogue`.
"""

from kalanso.sources.catalogue.agreement import Rules, agreement, differences
from kalanso.sources.catalogue.cells import cells_of, published_cells, shared, told
from kalanso.sources.catalogue.entries import entries
from kalanso.sources.catalogue.facts import facts
from kalanso.sources.catalogue.gaps import Ground, gaps
from kalanso.sources.catalogue.holdings import holdings
from kalanso.sources.catalogue.revisions import Vintage, arrivals, revisions
from kalanso.sources.catalogue.tables import TABLES

__all__ = [
    "TABLES",
    "Ground",
    "Rules",
    "Vintage",
    "agreement",
    "arrivals",
    "cells_of",
    "differences",
    "entries",
    "facts",
    "gaps",
    "holdings",
    "published_cells",
    "revisions",
    "shared",
    "told",
]
