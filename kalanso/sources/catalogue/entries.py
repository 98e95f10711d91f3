"""What do people declare of each source: owner, system, places, population, money, agreement, fallback?

One row per source of the country's pack, every declared field a column, so that the catalogue can be read beside what was
measured, without the pack. What people wrote in the hub stays there: it may name persons.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import pandas as pd

from kalanso.definitions import Declarations, DeclaredSource
from kalanso.sources.catalogue.tables import SOURCE_ENTRIES

_LANGUAGES = ("fr", "en")
_UNTOLD = {"match", "series"}  # patterns by which rows are found, not facts about a source


def entries(declared: Declarations) -> pd.DataFrame:
    """Return the rows of SOURCE_ENTRIES, in the order of the declarations."""
    rows = [_entry(one) for one in declared.sources]
    return pd.DataFrame(rows, columns=list(SOURCE_ENTRIES.column_names))


def _entry(one: DeclaredSource) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for item in fields(DeclaredSource):
        if item.name in _UNTOLD:
            continue
        value = getattr(one, item.name)
        if isinstance(value, Mapping):
            found |= {f"{item.name}_{language}": value[language] for language in _LANGUAGES}
        else:
            found[item.name] = ", ".join(value) if isinstance(value, tuple) else value
    found["declared"] = found.pop("code")
    for language in _LANGUAGES:
        found[f"declared_by_{language}"] = found.pop(f"source_{language}")
    return found
