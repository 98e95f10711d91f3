"""How many children have a paper, and how good is it?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from kalanso.surveys.measures.measure import Measure, of_children
from kalanso.surveys.record import NOT_SOUGHT, PAPERS, Record


def measures(record: Record) -> Iterator[Measure]:
    """Return RI_QUAL_01 for card, register and either (seen; with a date; with date or tick; dates only), and RI_QUAL_02.

    All respondents stand in the denominator. The register is left out where records were not sought.
    """
    everyone = np.ones(len(record), dtype=bool)
    quality = {
        source: _quality(record, source)
        for source in PAPERS
        if source == "card" or record.policy != NOT_SOUGHT
    }
    if len(quality) > 1:
        quality["either"] = {
            kind: quality["card"][kind] | quality["register"][kind] for kind in quality["card"]
        }
    for source, kinds in quality.items():
        for kind, found in kinds.items():
            yield of_children(f"paper_{kind}", "RI_QUAL_01", source, found, everyone)
    yield of_children("card_ever", "RI_QUAL_02", "card", record.says("card_ever"), everyone)


def _quality(record: Record, source: str) -> dict[str, np.ndarray]:
    seen = record.has_card if source == "card" else record.has_register
    dated = (~np.isnat(record.days[source])).any(axis=1) & seen
    ticked = record.ticks[source].any(axis=1) & seen
    return {
        "seen": seen,
        "with_date": dated,
        "with_date_or_tick": dated | ticked,
        "dates_only": dated & ~ticked,
    }
