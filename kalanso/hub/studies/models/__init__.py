"""What does the hub keep of studies: rounds with their files and analyses, their layout, and the fieldwork?"""

from kalanso.hub.studies.models.fieldwork import Correction, FieldCount
from kalanso.hub.studies.models.layouts import Draw, Instrument, Replacement, SampleSize
from kalanso.hub.studies.models.rounds import (
    ANALYSED,
    ETHICS,
    HEARD,
    HOUSEHOLDS,
    Analysis,
    PlaceVoices,
    Round,
    RoundFile,
    RoundSalt,
)
from kalanso.hub.studies.models.transfers import Transfer
from kalanso.hub.studies.models.weights import Weighting

__all__ = [
    "ANALYSED",
    "ETHICS",
    "HEARD",
    "HOUSEHOLDS",
    "Analysis",
    "Correction",
    "Draw",
    "FieldCount",
    "Instrument",
    "PlaceVoices",
    "Replacement",
    "Round",
    "RoundFile",
    "RoundSalt",
    "SampleSize",
    "Transfer",
    "Weighting",
]
