"""Who does what, where: how many interventions has each organisation in each district, and where do several or none work?"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any

from kalanso.hub.people.models import Organisation, PlaceMirror
from kalanso.hub.portfolio.models.cells import OVER
from kalanso.hub.portfolio.models.interventions import Approach
from kalanso.hub.portfolio.queries import scope
from kalanso.hub.portfolio.queries.reports import expected_in


@dataclass(frozen=True)
class Work:
    """The matrix of organisations and districts, with gaps and overlaps.

    `gaps` are published districts where nothing goes on; `overlaps` are (district, approach, organisations) where several
    organisations work by one approach in one district.
    """

    districts: tuple[tuple[str, str], ...]
    rows: tuple[tuple[Organisation, tuple[int, ...], int], ...]
    gaps: tuple[tuple[str, str], ...]
    overlaps: tuple[tuple[str, str, str, str], ...]

    @property
    def by_place(self) -> dict[str, int]:
        """How many interventions each district has."""
        return {
            code: sum(row[at] for _house, row, _total in self.rows)
            for at, (code, _name) in enumerate(self.districts)
        }


def who_does_what(person: Any, period: str = "") -> Work:
    """Return who works where: of cells that are not over, or of those planned in a quarter and not dropped."""
    names = dict(PlaceMirror.objects.filter(level="district").order_by("name").values_list("code", "name"))
    counts: Counter[tuple[int, str]] = Counter()
    together: dict[tuple[str, str], set[str]] = defaultdict(set)
    cells = scope.cells(person).select_related(None).filter(intervention__closed=False)
    going = cells.filter(expected_in(period)) if period else cells.exclude(state__in=OVER)
    told = going.order_by().values_list(
        "organisation_id", "organisation__name", "place_code", "intervention__approach"
    )
    for house, name, place, approach in told:
        counts[house, place] += 1
        together[place, approach].add(name)
    held = {place for _house, place in counts}
    columns = [(code, name) for code, name in names.items() if code in held]
    houses = Organisation.objects.filter(pk__in={house for house, _place in counts})
    rows = [(one, tuple(counts[one.pk, code] for code, _name in columns)) for one in houses]
    overlaps = [
        (code, names[code], str(Approach(approach).label), ", ".join(sorted(found)))
        for (code, approach), found in together.items()
        if len(found) > 1 and code in names
    ]
    return Work(
        districts=tuple(columns),
        rows=tuple(sorted(((one, row, sum(row)) for one, row in rows), key=lambda told: -told[2])),
        gaps=tuple((code, name) for code, name in names.items() if code not in held),
        overlaps=tuple(sorted(overlaps, key=lambda told: (told[1], told[2]))),
    )
