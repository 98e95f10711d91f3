"""Which records does the evidence desk keep? One file per kind; Django looks only here."""

from kalanso.hub.evidence.models.connections import Connection, ConnectionSecret, Pull
from kalanso.hub.evidence.models.contacts import PlaceContact
from kalanso.hub.evidence.models.findings import FindingStatus
from kalanso.hub.evidence.models.matches import PlaceName
from kalanso.hub.evidence.models.reports import QualityReport
from kalanso.hub.evidence.models.runs import AgreedSentence, Run, RunCheck, RunStep
from kalanso.hub.evidence.models.sources import SourceCard
from kalanso.hub.evidence.models.uploads import SavedMap, Upload

__all__ = [
    "AgreedSentence",
    "Connection",
    "ConnectionSecret",
    "FindingStatus",
    "PlaceContact",
    "PlaceName",
    "Pull",
    "QualityReport",
    "Run",
    "RunCheck",
    "RunStep",
    "SavedMap",
    "SourceCard",
    "Upload",
]
