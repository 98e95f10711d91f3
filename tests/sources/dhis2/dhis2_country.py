"""A made-up country inside a DHIS2 server: places, forms, numbers that can be edited and deleted.

Numbers follow from a rule, so that a country of millions of values needs no memory; what is edited or
deleted is laid over them with the moment of the change.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

DEFAULT = "HllvX50cXC0"  # the option combination that every DHIS2 has
UNDER_1, OVER_1 = "JKuWbG5bWAu", "UIQxmxgioxH"  # of the combination "Age (immunization)"
FIRST_SAVED = datetime(2025, 1, 5, 8, 0)  # noqa: DTZ001 - the server's local time
Key = tuple[str, str, str, str]  # element, period, unit, option combination
# Codes and uids of some elements of the immunization package, and one that only its name explains.
PACKAGE = (
    ("EPI_BCG_GIVEN", "WSy7zOZx1Wl", "EPI - BCG doses given"),
    ("EPI_DPT-HEPB-HIB1_GIVEN", "hJJlOnVOkV2", "EPI - DPT-HepB-HIB 1 doses given"),
    ("EPI_DPT-HEPB-HIB3_GIVEN", "TWWbtMMWD51", "EPI - DPT-HepB-HIB 3 doses given"),
    ("EPI_MR1_GIVEN", "kGrnHR9zV2G", "EPI - MR 1 doses given"),
)


def uid(kind: str, number: int) -> str:
    """Return an identifier of eleven letters and digits, as DHIS2 makes them."""
    return f"{kind}{number:0{11 - len(kind)}d}"


@dataclass
class Change:
    """A value laid over the rule; `value` is None where it was deleted."""

    value: str | None
    saved: datetime
    comment: str = ""


@dataclass
class Country:
    """Regions of districts of health areas of facilities, one monthly form."""

    regions: int = 2
    districts: int = 2
    areas: int = 2
    facilities: int = 2
    elements: int = 4
    months: tuple[str, ...] = ("202401", "202402", "202403")
    ages: bool = False
    now: datetime = FIRST_SAVED + timedelta(days=30)
    units: list[dict[str, Any]] = field(default_factory=list)
    changed: dict[Key, Change] = field(default_factory=dict)
    touched: dict[tuple[str, str], list[Key]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.data_set = uid("DSvacc", 1)
        self.levels = [
            {"id": uid("LV", n), "level": n, "name": name}
            for n, name in enumerate(("Pays", "Région", "District sanitaire", "Aire de santé", "CSCom"), 1)
        ]
        self.groups = [{"id": uid("GRcs", 1), "name": "CSCom", "code": "CSCOM"}]
        self._plant()
        self.data_elements = [self._element(n) for n in range(self.elements)]
        self.order = {e["id"]: n for n, e in enumerate(self.data_elements)}
        self.facility_order = {u["id"]: n for n, u in enumerate(self.at_level(5))}

    def _plant(self) -> None:
        root = self._unit("ImspTQPwCqd", "Mali", None, 1, 0)
        count = {2: 0, 3: 0, 4: 0, 5: 0}

        def grow(parent: dict[str, Any], level: int) -> None:
            number = {2: self.regions, 3: self.districts, 4: self.areas, 5: self.facilities}[level]
            word = {2: "Région", 3: "District", 4: "Aire", 5: "CSCom"}[level]
            for _ in range(number):
                count[level] += 1
                unit = self._unit(
                    uid(f"OU{level}x", count[level]),
                    f"{word} {count[level]:04d}",
                    parent,
                    level,
                    count[level],
                )
                if level < 5:
                    grow(unit, level + 1)

        grow(root, 2)

    def _unit(
        self, id: str, name: str, parent: dict[str, Any] | None, level: int, number: int
    ) -> dict[str, Any]:
        unit: dict[str, Any] = {
            "id": id, "code": f"ML{level}{number:04d}", "name": name, "shortName": name[:50], "level": level,
            "path": f"{parent['path'] if parent else ''}/{id}", "openingDate": "1990-01-01T00:00:00.000",
            "lastUpdated": "2024-01-01T00:00:00.000",
            "organisationUnitGroups": [{"id": self.groups[0]["id"]}] if level == 5 else [],
        }  # fmt: skip
        if parent:
            unit["parent"] = {"id": parent["id"]}
        if level == 5:
            unit["geometry"] = {
                "type": "Point",
                "coordinates": [-8 + number * 0.001 % 8, 12 + number * 0.0007 % 6],
            }
        self.units.append(unit)
        return unit

    def _element(self, number: int) -> dict[str, Any]:
        code, id, name = (
            PACKAGE[number]
            if number < len(PACKAGE)
            else (f"SIG_{number:03d}", uid("DEx", number), f"Élément {number}")
        )
        options = [(UNDER_1, "<1 year", "EPI-U01Y"), (OVER_1, "1+ year", "EPI-01PLUSY")]
        combo = (
            {
                "id": "Sh24BLPjCF4",
                "categoryOptionCombos": [{"id": i, "name": n, "code": c} for i, n, c in options],
            }
            if self.ages
            else {
                "id": "bjDvmb4bfuf",
                "categoryOptionCombos": [{"id": DEFAULT, "name": "default", "code": "default"}],
            }
        )
        return {
            "id": id, "code": code, "name": name, "shortName": name[:50], "formName": name,
            "valueType": "INTEGER_ZERO_OR_POSITIVE", "aggregationType": "SUM", "domainType": "AGGREGATE",
            "zeroIsSignificant": number % 2 == 0, "categoryCombo": combo,
            "dataSetElements": [{"dataSet": {"id": self.data_set}}], "translations": [],
        }  # fmt: skip

    @property
    def options(self) -> tuple[str, ...]:
        """Option combinations of every element."""
        return (UNDER_1, OVER_1) if self.ages else (DEFAULT,)

    def data_sets(self) -> list[dict[str, Any]]:
        """The one form."""
        return [
            {
                "id": self.data_set, "name": "Vaccination mensuelle", "code": "PEV", "periodType": "Monthly",
                "expiryDays": 0, "timelyDays": 15, "openFuturePeriods": 0, "categoryCombo": {"id": "bjDvmb4bfuf"},
                "organisationUnits": len(self.at_level(5)),
                "dataSetElements": [{"dataElement": {"id": e["id"]}} for e in self.data_elements],
            }
        ]  # fmt: skip

    def at_level(self, level: int) -> list[dict[str, Any]]:
        """Units of a level, in order of planting."""
        return [unit for unit in self.units if unit["level"] == level]

    def below(self, id: str) -> list[dict[str, Any]]:
        """A unit and everything below it."""
        return [unit for unit in self.units if id in unit["path"].split("/")]

    def base(self, element: str, period: str, unit: str) -> int | None:
        """What the rule says: about one value in nine is not there."""
        f = self.facility_order.get(unit)
        if f is None or element not in self.order or period not in self.months:
            return None
        e, p = self.order[element], self.months.index(period)
        number = f * 7919 + e * 104729 + p * 1299709
        return None if number % 9 == 4 else number % 97

    def edit(
        self, element: str, period: str, unit: str, value: str | None, *, option: str = "", comment: str = ""
    ) -> None:
        """Save a value at the country's present moment, or delete it."""
        key = (element, period, unit, option or self.options[0])
        self.changed[key] = Change(value=value, saved=self.now, comment=comment)
        listed = self.touched.setdefault((unit, period), [])
        if key not in listed:
            listed.append(key)

    def pass_time(self, **span: float) -> None:
        """Move the server's clock."""
        self.now += timedelta(**span)

    def values(self, unit: str, period: str) -> Iterator[tuple[str, str, str | None, datetime, str]]:
        """Give element, option, value (None where deleted), moment and comment of one unit and period."""
        own = {key: self.changed[key] for key in self.touched.get((unit, period), ())}
        for element in self.data_elements:
            number = self.base(element["id"], period, unit)
            for option in self.options:
                change = own.pop((element["id"], period, unit, option), None)
                if change is not None:
                    yield element["id"], option, change.value, change.saved, change.comment
                elif number is not None:
                    yield element["id"], option, str(number), FIRST_SAVED, ""
        for (element_id, _, _, option), change in own.items():
            yield element_id, option, change.value, change.saved, change.comment

    def truth(self) -> dict[Key, str]:
        """Every value that is there now."""
        found: dict[Key, str] = {}
        places = [u["id"] for u in self.at_level(5)] + [u for u, _ in self.touched]
        for unit in dict.fromkeys(places):
            periods = dict.fromkeys([*self.months, *(p for u, p in self.touched if u == unit)])
            for period in periods:
                for element, option, value, _, _ in self.values(unit, period):
                    if value is not None:
                        found[element, period, unit, option] = value
        return found

    def reported(self, unit: str, period: str) -> tuple[int, int]:
        """Whether a facility's report came, and came in time."""
        f = self.facility_order.get(unit, 0)
        p = self.months.index(period) if period in self.months else 0
        return int((f * 31 + p * 17) % 10 != 3), int(
            (f * 31 + p * 17) % 10 < 7 and (f * 31 + p * 17) % 10 != 3
        )
