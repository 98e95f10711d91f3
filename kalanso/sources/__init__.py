"""What does each file from outside say, and what became of every row of it?

One file per system: each reads the bytes as they are and returns rows that name places as the file
does, with a receipt. Turning names into our codes and storing is the work of `kalanso.pipeline`.
To add a system, write a file with a function `read` and add a line to READERS.
"""

from types import MappingProxyType

from kalanso.sources import (
    boundaries,
    countdown,
    facilities,
    mapped,
    places_list,
    population,
    rasters,
    recounts,
    stock,
    subnational,
    wiisemart,
)
from kalanso.sources.column_maps import ColumnMap, load_map
from kalanso.sources.faults import BadFile
from kalanso.sources.guesses import Guess, guess_map
from kalanso.sources.readings import Reading
from kalanso.sources.receipts import Receipt, Rejection

READERS = MappingProxyType(
    {
        "tables": mapped,
        "countdown": countdown,
        "wiisemart": wiisemart,
        "subnational": subnational,
        "boundaries": boundaries,
        "facilities": facilities,
        "population": population,
        "raster": rasters,
        "places": places_list,
        "recounts": recounts,
        "stock": stock,
    }
)

__all__ = [
    "READERS", "BadFile", "ColumnMap", "Guess", "Reading", "Receipt", "Rejection", "guess_map", "load_map",
]  # fmt: skip
