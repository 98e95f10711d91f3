"""How do the sources of populations hang together, and how far may each be off?

Rows of `populations.yaml`: a pattern of source names, the source it was derived from, the year from
which it was projected, the error of its total. A country's rows are asked before the generic ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from kalanso.definitions.entries import rows_of


@dataclass(frozen=True, kw_only=True)
class PopulationSource:
    """What is known of the sources whose name a pattern finds.

    `parent` is the source from which it was derived (empty if independent), `base_year` the year
    from which it was projected (None if it was not), `bias_sd` how far its total may be off
    (standard deviation, log scale), `anchor` whether its total may fix the level of all others.
    """

    match: str
    parent: str = ""
    base_year: int | None = None
    bias_sd: float
    anchor: bool = False
    source: str
    to_confirm: bool = False

    def fits(self, name: str) -> bool:
        """Whether a source has such a name."""
        return re.search(self.match, name) is not None


def read_populations(value: Any, file: str) -> tuple[PopulationSource, ...]:
    """Return the rows of `populations.yaml`."""
    found = []
    for entry in rows_of(value, file=file):
        row = PopulationSource(
            match=entry.text("match"),
            parent=entry.text("parent", default=""),
            base_year=entry.days("base_year") if entry.has("base_year") else None,
            bias_sd=entry.number("bias_sd"),
            anchor=entry.truth("anchor") if entry.has("anchor") else False,
            source=entry.text("source"),
            to_confirm=entry.truth("to_confirm") if entry.has("to_confirm") else False,
        )
        try:
            re.compile(row.match)
        except re.error as error:
            raise entry.fault("match", "a regular expression") from error
        if not 0 < row.bias_sd <= 1:
            raise entry.fault("bias_sd", "a standard deviation above 0 and up to 1 (log scale)")
        entry.done()
        found.append(row)
    return tuple(found)


def population_source(rows: Iterable[PopulationSource], name: str) -> PopulationSource | None:
    """Return the first row whose pattern finds a source's name."""
    return next((row for row in rows if row.fits(name)), None)
