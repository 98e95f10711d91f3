"""What do the tables of places look like?

A place has our own code, which is never reused. What other systems call it stands in
`place_codes`; where it belongs, in two dated trees, in `place_parents`.
"""

from __future__ import annotations

import pyarrow as pa

from kalanso.store import Audience, Column, TableSpec
from kalanso.vocabulary import Level

LEVELS = tuple(level.value for level in Level)
_CODE = Column(name="place_code", type="string", meaning="our key of the place, never reused")
_FROM = Column(
    name="valid_from", type="date", meaning="first day on which this holds; empty if unknown", nullable=True
)
_TO = Column(
    name="valid_to", type="date", meaning="last day on which this holds; empty while it lasts", nullable=True
)
_SOURCE = Column(name="source", type="string", meaning="short name of the import that brought it")

LISTED_PLACES = pa.schema(
    [
        ("code", pa.string()),  # code in the list, or the spelling where it has none
        ("name", pa.string()),
        ("parent_code", pa.string()),  # empty where the list has no codes
        ("parent_name", pa.string()),  # empty where unsaid
        ("level", pa.string()),
        ("tree", pa.string()),
        ("kind", pa.string()),
        ("latitude", pa.float64()),
        ("longitude", pa.float64()),
        ("geometry", pa.binary()),  # outline as WKB, or null
        ("row", pa.int64()),  # where it stood in the file
    ]
)

PLACES = TableSpec(
    name="places",
    version=1,
    meaning="Every place of the country, from the nation to the facility",
    columns=(
        _CODE,
        Column(name="name", type="string", meaning="name shown to people"),
        Column(name="level", type="string", meaning="rung of its tree", values=LEVELS),
        Column(name="kind", type="string", meaning="type of facility or of area as the source says; empty if unsaid"),
        Column(name="latitude", type="float", meaning="of its point", unit="degrees", nullable=True, minimum=-90, maximum=90),
        Column(name="longitude", type="float", meaning="of its point", unit="degrees", nullable=True, minimum=-180, maximum=180),
        _FROM, _TO, _SOURCE,
    ),
    key=("place_code",),
    audience=Audience.PUBLIC,
)  # fmt: skip

PLACE_PARENTS = TableSpec(
    name="place_parents",
    version=1,
    meaning="Which place belongs to which, in the health tree and in the administrative tree, and since when",
    columns=(
        _CODE,
        Column(name="tree", type="string", meaning="which of the two trees", values=("health", "administrative")),
        Column(name="parent_code", type="string", meaning="the place above"),
        _FROM, _TO, _SOURCE,
    ),
    key=("place_code", "tree", "valid_from"),
    audience=Audience.PUBLIC,
)  # fmt: skip

PLACE_CODES = TableSpec(
    name="place_codes",
    version=1,
    meaning="What other systems call a place; a code means nothing without its system and vintage",
    columns=(
        Column(name="system", type="string", meaning="list or system, such as cod-ab, dhis2, mali-snis"),
        Column(name="vintage", type="string", meaning="edition of the list, such as 2017 or 2023"),
        Column(name="code", type="string", meaning="code in that list, or the spelling where it has no codes"),
        Column(name="name", type="string", meaning="name in that list"),
        Column(name="parent_name", type="string", meaning="name of the place above in that list; empty if unsaid"),
        _CODE, _SOURCE,
    ),
    key=("system", "vintage", "code", "parent_name"),
    audience=Audience.PUBLIC,
)  # fmt: skip

PLACE_BOUNDARIES = TableSpec(
    name="place_boundaries",
    version=1,
    meaning="Outlines of places: published ones, and approximate catchments where none is published",
    columns=(
        _CODE,
        Column(name="vintage", type="string", meaning="edition of the boundary file"),
        Column(name="kind", type="string", meaning="published, or an approximate catchment", values=("published", "catchment")),
        Column(name="geometry", type="bytes", meaning="outline in longitude and latitude (WKB)"),
        Column(name="area_km2", type="float", meaning="its area", unit="km2", minimum=0),
        Column(name="licence", type="string", meaning="under which it may be used"),
        _SOURCE,
    ),
    key=("place_code", "vintage", "kind"),
    audience=Audience.PUBLIC,
)  # fmt: skip

PLACE_CONTEXTS = TableSpec(
    name="place_contexts",
    version=1,
    meaning="What life is like in a place: urban, rural remote, conflict-affected, island, displaced ...; several per place, dated",
    columns=(
        _CODE,
        Column(name="context", type="string", meaning="one context", values=(
            "urban", "peri_urban", "rural", "rural_remote", "conflict", "island", "displaced", "refugees", "miners", "nomads", "migrants")),
        _FROM, _TO, _SOURCE,
    ),
    key=("place_code", "context", "valid_from"),
    place_column="place_code",
    audience=Audience.PARTNER,
)  # fmt: skip

PLACE_FLAGS = TableSpec(
    name="place_flags",
    version=1,
    meaning="Places whose detail could endanger people, since when and until when",
    columns=(
        _CODE,
        Column(name="flag", type="string", meaning="kind of danger", values=("security",)),
        _FROM, _TO, _SOURCE,
        Column(name="note", type="string", meaning="why, for those who may know", nullable=True),
    ),
    key=("place_code", "flag", "valid_from"),
    place_column="place_code",
    audience=Audience.PRIVATE,
)  # fmt: skip

PLACE_NEIGHBOURS = TableSpec(
    name="place_neighbours",
    version=1,
    meaning="Which places of one level touch, and how islands are joined",
    columns=(
        _CODE,
        Column(name="neighbour_code", type="string", meaning="the other place"),
        Column(name="link", type="string", meaning="shared border, or nearest for an island", values=("border", "nearest")),
        Column(name="border_km", type="float", meaning="length of the shared border; 0 for islands", unit="km", minimum=0),
    ),
    key=("place_code", "neighbour_code"),
    audience=Audience.PUBLIC,
)  # fmt: skip

PLACE_CROSSWALK = TableSpec(
    name="place_crosswalk",
    version=1,
    meaning="How the people of an old place divide among new ones after a split, merge or redrawing",
    columns=(
        Column(name="from_code", type="string", meaning="the old place"),
        Column(name="to_code", type="string", meaning="the new place"),
        Column(name="share", type="float", meaning="share of the old place's people", minimum=0, maximum=1),
        Column(name="share_low", type="float", meaning="lower bound of the share", minimum=0, maximum=1),
        Column(name="share_high", type="float", meaning="upper bound of the share", minimum=0, maximum=1),
        Column(name="basis", type="string", meaning="how the share was found: population, facilities, area, stated"),
        Column(name="changed_on", type="date", meaning="day of the change", nullable=True),
        _SOURCE,
    ),
    key=("from_code", "to_code"),
    audience=Audience.PUBLIC,
)  # fmt: skip

PLACE_MATCHES = TableSpec(
    name="place_matches",
    version=1,
    meaning="Which name in a list is which place, with the evidence, and who confirmed it",
    columns=(
        Column(name="system", type="string", meaning="the list that was matched"),
        Column(name="vintage", type="string", meaning="its edition"),
        Column(name="code", type="string", meaning="code or spelling in the list"),
        Column(name="name", type="string", meaning="name in the list"),
        Column(name="parent_name", type="string", meaning="name of the place above in the list; empty if unsaid"),
        Column(name="status", type="string", meaning="outcome", values=("matched", "ambiguous", "unmatched", "reviewed", "rejected")),
        Column(name="place_code", type="string", meaning="the place; empty unless matched or reviewed", nullable=True),
        Column(name="score", type="float", meaning="likeness of the best candidate, 0 to 1", minimum=0, maximum=1),
        Column(name="candidates", type="string", meaning="the best candidates with scores and evidence (JSON)"),
        Column(name="reviewed_by", type="string", meaning="who confirmed or rejected it", nullable=True),
        Column(name="reviewed_on", type="date", meaning="when", nullable=True),
    ),
    key=("system", "vintage", "code", "parent_name"),
    audience=Audience.PROGRAMME,
    cleared_only=True,
)  # fmt: skip

TABLES = (
    PLACES, PLACE_PARENTS, PLACE_CODES, PLACE_BOUNDARIES, PLACE_CONTEXTS, PLACE_FLAGS,
    PLACE_NEIGHBOURS, PLACE_CROSSWALK, PLACE_MATCHES,
)  # fmt: skip
