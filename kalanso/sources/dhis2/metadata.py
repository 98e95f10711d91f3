"""What does a server count, for which places, on which forms?

Organisation units with outline and groups, levels, data elements, option combinations, data sets and
indicators, with named fields only (`fields=*` is heavy and differs between versions). DHIS2 Web API
manual, "Metadata".
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from kalanso.sources.dhis2.faults import DhisFault
from kalanso.sources.dhis2.paging import listed
from kalanso.sources.dhis2.transport import Transport

FIELDS: Mapping[str, str] = {
    "organisationUnitLevels": "id,level,name",
    "organisationUnitGroups": "id,name,code",
    "organisationUnits": (
        "id,code,name,shortName,level,path,parent[id],openingDate,closedDate,geometry,lastUpdated,"
        "organisationUnitGroups[id]"
    ),
    "dataElements": (
        "id,code,name,shortName,formName,valueType,aggregationType,domainType,zeroIsSignificant,"
        "categoryCombo[id,categoryOptionCombos[id,name,code]],dataSetElements[dataSet[id]],translations[property,locale,value]"
    ),
    "categoryOptionCombos": "id,name,code,categoryOptions[id,name,code]",
    "dataSets": (
        "id,name,code,periodType,expiryDays,timelyDays,openFuturePeriods,categoryCombo[id],"
        "organisationUnits~size,dataSetElements[dataElement[id],categoryCombo[id]]"
    ),
    "indicators": "id,name,code,numerator,denominator,indicatorType[id,factor],annualized",
}
FILTERS: Mapping[str, tuple[str, ...]] = {"dataElements": ("domainType:eq:AGGREGATE",)}
Entry = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Metadata:
    """Lists of entries as the server gave them, by resource."""

    lists: Mapping[str, list[Entry]] = field(default_factory=dict, repr=False)

    def of(self, resource: str) -> list[Entry]:
        """Return one list; empty where it was not asked for."""
        return self.lists.get(resource, [])

    @cached_property
    def units(self) -> dict[str, Entry]:
        """Organisation units by uid."""
        return {unit["id"]: unit for unit in self.of("organisationUnits")}

    @cached_property
    def elements(self) -> dict[str, Entry]:
        """Data elements by uid."""
        return {element["id"]: element for element in self.of("dataElements")}

    @cached_property
    def data_sets(self) -> dict[str, Entry]:
        """Data sets by uid."""
        return {data_set["id"]: data_set for data_set in self.of("dataSets")}

    @cached_property
    def option_names(self) -> dict[str, str]:
        """Names of category option combinations by uid."""
        names = {o["id"]: str(o.get("name", "")) for o in self.of("categoryOptionCombos")}
        for element in self.of("dataElements"):
            for option in (element.get("categoryCombo") or {}).get("categoryOptionCombos") or ():
                names.setdefault(option["id"], str(option.get("name", "")))
        return names

    @cached_property
    def level_names(self) -> dict[int, str]:
        """What the server calls its levels."""
        return {int(e["level"]): str(e.get("name", "")) for e in self.of("organisationUnitLevels")}

    @cached_property
    def group_names(self) -> dict[str, str]:
        """Names of groups of organisation units by uid."""
        return {group["id"]: str(group.get("name", "")) for group in self.of("organisationUnitGroups")}

    @cached_property
    def children(self) -> dict[str, tuple[str, ...]]:
        """Uids of the units directly below each unit, in order."""
        below: dict[str, list[str]] = {}
        for uid, unit in self.units.items():
            if above := (unit.get("parent") or {}).get("id"):
                below.setdefault(above, []).append(uid)
        return {uid: tuple(sorted(found)) for uid, found in below.items()}

    def elements_of(self, data_set: str) -> tuple[str, ...]:
        """Return the data elements of a data set, in order."""
        listed_elements = self.data_sets.get(data_set, {}).get("dataSetElements") or ()
        return tuple(sorted({e["dataElement"]["id"] for e in listed_elements if e.get("dataElement")}))

    def blank_may_be_zero(self, elements: Iterable[str]) -> list[str]:
        """Return the names of elements whose zeros the server does not store (`zeroIsSignificant`)."""
        found = [self.elements[uid] for uid in elements if uid in self.elements]
        return sorted(str(e.get("name", e["id"])) for e in found if not e.get("zeroIsSignificant"))

    def save(self, path: Path) -> Path:
        """Write everything as JSON."""
        draft = path.with_suffix(".tmp")
        draft.write_text(json.dumps(dict(self.lists), ensure_ascii=False), encoding="utf-8")
        return draft.replace(path)


def load_metadata(path: Path) -> Metadata:
    """Return what `Metadata.save` wrote."""
    return Metadata(lists=json.loads(path.read_text(encoding="utf-8")))


def fetch_metadata(transport: Transport, resources: Iterable[str] = tuple(FIELDS)) -> Metadata:
    """Ask a server for its lists, in their order. Raises DhisFault, also where there is no unit."""
    found = {
        name: listed(transport, name, fields=FIELDS[name], filters=FILTERS.get(name, ()))
        for name in resources
    }
    if "organisationUnits" in found and not found["organisationUnits"]:
        raise DhisFault("no_units", url="organisationUnits")
    return Metadata(lists=found)
