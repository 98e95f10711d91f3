"""What is remembered of a DHIS2 server: its tree at each pull, what changed in it, and each pull?

The numbers themselves stand in `observations`. Earlier pictures of the tree are earlier snapshots.
"""

from __future__ import annotations

from kalanso.sources.dhis2.hierarchy import KINDS
from kalanso.store import Audience, Column, TableSpec

DHIS2_UNITS = TableSpec(
    name="dhis2_units",
    version=1,
    meaning="The tree of places of a DHIS2 server as it stood at the last pull",
    columns=(
        Column(name="source", type="string", meaning="short name of the server"),
        Column(name="uid", type="string", meaning="identifier of the organisation unit"),
        Column(name="path", type="string", meaning="identifiers from the top down to the unit"),
        Column(name="level", type="int", meaning="rung of the server's tree, the top being 1", minimum=1),
        Column(name="code", type="string", meaning="code of the unit; empty if unsaid"),
        Column(name="name", type="string", meaning="name of the unit"),
        Column(name="closed_on", type="date", meaning="day on which it closed; empty while it is open", nullable=True),
        Column(name="shape", type="string", meaning="checksum of its outline or point; empty where it has none"),
    ),
    key=("source", "uid"),
    part_by=("source",),
    audience=Audience.PRIVATE,
)  # fmt: skip

DHIS2_CHANGES = TableSpec(
    name="dhis2_changes",
    version=1,
    meaning="What changed in the tree of a DHIS2 server from one pull to the next",
    columns=(
        Column(name="source", type="string", meaning="short name of the server"),
        Column(name="seen_on", type="date", meaning="day of the pull that saw it; the change came at some time before"),
        Column(name="uid", type="string", meaning="identifier of the organisation unit"),
        Column(name="kind", type="string", meaning="what changed", values=KINDS),
        Column(name="name", type="string", meaning="name of the unit"),
        Column(name="before", type="string", meaning="what stood there before: a name, code, day or place above"),
        Column(name="after", type="string", meaning="what stands there since"),
    ),
    key=("source", "seen_on", "uid", "kind"),
    audience=Audience.PROGRAMME,
    cleared_only=True,
)  # fmt: skip

DHIS2_PULLS = TableSpec(
    name="dhis2_pulls",
    version=1,
    meaning="Every pull from a DHIS2 server: what was asked, and from when the next one must ask",
    columns=(
        Column(name="pull_id", type="string", meaning="identifier of the pull, also that of its receipt"),
        Column(name="source", type="string", meaning="short name of the server"),
        Column(name="server", type="string", meaning="address of the server"),
        Column(name="system_id", type="string", meaning="identifier that the server gives itself; empty if unsaid"),
        Column(name="version", type="string", meaning="version of DHIS2"),
        Column(name="feed", type="string", meaning="where numbers came from", values=("values", "analytics")),
        Column(name="mode", type="string", meaning="everything, or only what changed", values=("full", "increment")),
        Column(name="data_sets", type="string", meaning="forms that were read (identifiers)"),
        Column(name="first_month", type="string", meaning="first month that was read"),
        Column(name="last_month", type="string", meaning="last month that was read"),
        Column(name="taken_at", type="timestamp", meaning="when it began, by the server's own clock"),
        Column(name="since", type="string", meaning="from when changes were asked for; empty for everything"),
        Column(name="watermark", type="string", meaning="from when the next pull asks, by the server's own clock"),
        Column(name="received", type="int", meaning="rows that came", minimum=0),
        Column(name="added", type="int", meaning="values that were new", minimum=0),
        Column(name="altered", type="int", meaning="values that were others before", minimum=0),
        Column(name="removed", type="int", meaning="values that are no longer there", minimum=0),
        Column(name="requests", type="int", meaning="questions put to the server", minimum=0),
    ),
    key=("pull_id",),
    audience=Audience.PROGRAMME,
    cleared_only=True,
)  # fmt: skip

TABLES = (DHIS2_UNITS, DHIS2_CHANGES, DHIS2_PULLS)
