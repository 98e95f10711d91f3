"""A reading plan that a person has confirmed, for tests of pulls."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from kalanso.definitions import load
from kalanso.sources.dhis2 import Meanings, Transport, fetch_metadata, suggest
from kalanso.sources.dhis2.meanings import ElementMeaning
from tests.sources.dhis2.dhis2_country import Country

FIRST, LAST = date(2024, 1, 1), date(2024, 3, 31)


def confirmed(transport: Transport, source: str = "snis") -> Meanings:
    """What the wizard proposes, every proposal with an indicator confirmed."""
    found = suggest(fetch_metadata(transport), load("ML"), source=source)
    entries = [replace(e, status="confirmed" if e.indicator else "rejected") for e in found.elements]
    return replace(found, elements=tuple(entries))


def every_element(country: Country, source: str = "snis") -> Meanings:
    """A plan in which each element is an indicator of its own, so that observations are values one by one."""
    return Meanings(
        source=source, levels={1: "country", 2: "region", 3: "district", 4: "health_area", 5: "facility"},
        data_sets=(country.data_set,),
        elements=tuple(
            ElementMeaning(
                element=e["id"], indicator=f"made_up_{n}", age_band="all", status="confirmed", by="A. Traoré", on="2025-01-01"
            )
            for n, e in enumerate(country.data_elements)
        ),
    )  # fmt: skip
