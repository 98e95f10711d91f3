"""Which indicator is each element of WHO's immunization metadata package for DHIS2?

Servers on which the package was installed keep its codes and identifiers, which name a number more
surely than words do. Facts by code stand in `immunization_package.yaml`, with their source.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from types import MappingProxyType

from kalanso.definitions.entries import Entry, read_yaml, rows_of

FILE = "immunization_package.yaml"


@dataclass(frozen=True, kw_only=True)
class PackageElement:
    """One data element of the package and what it counts; `to_confirm` where the package leaves it open."""

    code: str
    uid: str
    indicator: str
    product: str
    to_confirm: bool


@dataclass(frozen=True, kw_only=True)
class PackageOption:
    """One option of the package; `age_band` is empty where it says no age."""

    code: str
    uid: str
    age_band: str
    to_confirm: bool


@dataclass(frozen=True, kw_only=True)
class ImmunizationPackage:
    """Elements and options, each by code in capitals and by uid."""

    source: str
    elements: Mapping[str, PackageElement]
    options: Mapping[str, PackageOption]


@lru_cache
def immunization_package() -> ImmunizationPackage:
    """Return the facts about the package, or raise PackFault where the file cannot be used."""
    path = Path(str(resources.files("kalanso.definitions") / FILE))
    whole = Entry(read_yaml(path), file=FILE, key="package")
    elements: dict[str, PackageElement] = {}
    for entry in rows_of(whole.raw("elements", "a list"), file=FILE):
        element = PackageElement(
            code=entry.text("code"), uid=entry.text("uid"), indicator=entry.text("indicator"),
            product=entry.text("product"), to_confirm=entry.truth("to_confirm"),
        )  # fmt: skip
        entry.done()
        elements |= {element.code.upper(): element, element.uid: element}
    options: dict[str, PackageOption] = {}
    for entry in rows_of(whole.raw("options", "a list"), file=FILE):
        option = PackageOption(
            code=entry.text("code"), uid=entry.text("uid"), age_band=entry.text("age_band"),
            to_confirm=entry.truth("to_confirm"),
        )  # fmt: skip
        entry.done()
        options |= {option.code.upper(): option, option.uid: option}
    source = whole.text("source")
    whole.done()
    return ImmunizationPackage(
        source=source, elements=MappingProxyType(elements), options=MappingProxyType(options)
    )
