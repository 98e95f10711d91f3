"""What do published studies say of a place, with which reserve, and was any household asked there at all?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kalanso.hub.explore.queries import places
from kalanso.hub.explore.queries.shelf import Shelf, shared
from kalanso.places.tables import PLACE_PARENTS, PLACES
from kalanso.store import TableSpec
from kalanso.surveys.access.findings import beside
from kalanso.surveys.tables import SURVEY_EVIDENCE, SURVEY_VOICES
from kalanso.vocabulary import Message

AT_MOST = 12  # labels of one place


@dataclass(frozen=True, kw_only=True)
class Studied:
    """Whether households were asked in the place, who was heard beside, and the labels that go with what studies found."""

    household: bool
    beside: Message
    labels: tuple[tuple[str, str], ...]


@shared(SURVEY_EVIDENCE, SURVEY_VOICES, PLACES, PLACE_PARENTS)
def studied(shelf: Shelf, code: str) -> Studied | None:
    """Return what studies say of a place and of those inside it, as the reader may see; None where no study says anything.

    Rows of households are those of clusters, or results for the place itself or one inside; a result for a larger place asked nobody here that
    could be named.
    """
    if not shelf.sees(SURVEY_EVIDENCE) or not shelf.sees(SURVEY_VOICES):
        return None
    within = sorted(places.below(shelf, code))
    found = _rows(shelf, SURVEY_EVIDENCE, within)
    heard = _rows(shelf, SURVEY_VOICES, within)
    if not found and not heard:
        return None
    # A label tells the numbers of its row, which are not for a reader from whom the row's count is hidden.
    shown = [row for row in found if row["kind"] == "household" or row["children"] is not None]
    told = sorted({(str(row["round"]), str(row["message"]), str(row["params"])) for row in shown})[:AT_MOST]
    return Studied(
        household=any(row["kind"] == "household" for row in found),
        beside=beside(sum(row["interviews"] for row in heard), sum(row["focus_groups"] for row in heard)),
        labels=tuple((name, params) for _round, name, params in told),
    )


def _rows(shelf: Shelf, spec: TableSpec, within: list[str]) -> list[dict[str, Any]]:
    if shelf.manifest(spec) is None:
        return []
    table = shelf.table(spec)
    return list(shelf.rows(table.filter(table.place_code.isin(within))))
