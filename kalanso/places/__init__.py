"""Which places are there, where do they lie, what belongs to what, and which name means which?

Two dated trees (health and administrative), codes of other systems, outlines, catchments,
neighbours, splits and mergers, and the matching of names. Tables are declared in `tables`; nothing
here reads a setting or a clock.
"""

from kalanso.places.borders import neighbours
from kalanso.places.catchments import catchments
from kalanso.places.codes import mint_codes
from kalanso.places.containment import containing
from kalanso.places.crosswalks import carry_over, crosswalk
from kalanso.places.distances import area_km2, distance_km
from kalanso.places.faults import PlacesRefused
from kalanso.places.flags import contexts_on, flagged
from kalanso.places.geojson import from_geojson
from kalanso.places.geometry import GEOMETRY_FINDINGS, GEOMETRY_LIMITS, geometry_findings
from kalanso.places.listings import from_rows
from kalanso.places.matching import MATCH_THRESHOLDS, explain, match, summary, with_review
from kalanso.places.names import normalise
from kalanso.places.orgunits import from_dhis2
from kalanso.places.outlines import repaired
from kalanso.places.redrawing import Redrawing, merge, split
from kalanso.places.simplification import simplify
from kalanso.places.soundness import tree_findings
from kalanso.places.tables import LISTED_PLACES
from kalanso.places.trees import ancestors, children, lineage, subtree

__all__ = [
    "GEOMETRY_FINDINGS",
    "GEOMETRY_LIMITS",
    "LISTED_PLACES",
    "MATCH_THRESHOLDS",
    "PlacesRefused",
    "Redrawing",
    "ancestors",
    "area_km2",
    "carry_over",
    "catchments",
    "children",
    "containing",
    "contexts_on",
    "crosswalk",
    "distance_km",
    "explain",
    "flagged",
    "from_dhis2",
    "from_geojson",
    "from_rows",
    "geometry_findings",
    "lineage",
    "match",
    "merge",
    "mint_codes",
    "neighbours",
    "normalise",
    "repaired",
    "simplify",
    "split",
    "subtree",
    "summary",
    "tree_findings",
    "with_review",
]
