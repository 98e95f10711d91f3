"""What does a live DHIS2 server hold, and how is it brought here whole?

One file per question: `transport` asks, `identity` and `metadata` say whom and what, `chunks`,
`values` and `collecting` bring numbers, `reports` what was due and came, `hierarchy` what changed in
the tree, `meanings` and `suggesting` what each number counts. Storing is the verb `pull_dhis2` of
`kalanso.pipeline`. Releases 2.38 to 2.43; nothing is ever written to a server.
"""

from kalanso.sources.dhis2.credentials import Credentials, from_environment
from kalanso.sources.dhis2.faults import DhisFault
from kalanso.sources.dhis2.identity import Identity, who_am_i
from kalanso.sources.dhis2.journal import Journal
from kalanso.sources.dhis2.meanings import FEEDS, Meanings, load_meanings
from kalanso.sources.dhis2.metadata import Metadata, fetch_metadata
from kalanso.sources.dhis2.suggesting import suggest
from kalanso.sources.dhis2.transport import Limits, PullStopped, Transport

__all__ = [
    "FEEDS", "Credentials", "DhisFault", "Identity", "Journal", "Limits", "Meanings", "Metadata", "PullStopped", "Transport",
    "fetch_metadata", "from_environment", "load_meanings", "suggest", "who_am_i",
]  # fmt: skip
