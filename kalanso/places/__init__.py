"""Which places are there, where do they lie, what belongs to what, and which name means which?

Two dated trees (health and administrative), codes of other systems, outlines, catchments,
neighbours, splits and merges, and the matching of names. Tables are declared in `tables`; nothing
here reads a setting or a clock.
"""

from kalanso.places.codes import mint_codes
from kalanso.places.faults import PlacesRefused
from kalanso.places.geojson import from_geojson
from kalanso.places.listings import from_rows
from kalanso.places.matching import MATCH_THRESHOLDS, explain, match, summary, with_review
from kalanso.places.names import normalise
from kalanso.places.tables import LISTED_PLACES
from kalanso.places.trees import ancestors, children, lineage, subtree

__all__ = [
    "LISTED_PLACES",
    "MATCH_THRESHOLDS",
    "PlacesRefused",
    "ancestors",
    "children",
    "explain",
    "from_geojson",
    "from_rows",
    "lineage",
    "match",
    "mint_codes",
    "normalise",
    "subtree",
    "summary",
    "with_review",
]
