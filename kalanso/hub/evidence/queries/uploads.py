"""Which sheets may somebody see, what may they do with each, and what would its withdrawal take along?"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from kalanso.hub.evidence.models import PlaceName, SavedMap, Upload
from kalanso.hub.evidence.permissions import BRING, EVERYWHERE, PARTNERS, WORK_ON
from kalanso.hub.evidence.queries import published
from kalanso.hub.people.models import Membership, Organisation, PlaceMirror
from kalanso.hub.people.permissions import may
from kalanso.hub.people.queries.access import CLEARED, access_of
from kalanso.hub.people.queries.language import page_language
from kalanso.store import Store
from kalanso.vocabulary import Message, UnknownMessage

# Tables whose rows a sheet brings; its receipt, its names and its places stay when they are withdrawn.
DATA = ("observations", "coverage_series", "events", "recounts")
# Why rows stay out that somebody may still bring in, by saying which place a name is.
UNDECIDED = frozenset({"pipeline.rejected.place_ambiguous", "pipeline.rejected.place_unmatched"})
START = "\u2063"
SHOWN = 50


def visible_uploads(person: Any) -> QuerySet[Upload]:
    """Return the sheets that somebody may see: the same as `evidence.read_upload` says of each."""
    access = access_of(person)
    found = Upload.objects.select_related("by", "organisation", "job", "published_by", "saved_map")
    allowed = Q(pk__in=[])
    for membership in access.memberships:
        if membership.role in EVERYWHERE and not membership.place_code:
            return found
        if membership.role not in WORK_ON:
            continue
        one = Q(pk__isnull=False)
        if membership.place_code:
            path = access.paths.get(membership.place_code)
            if path is None:
                continue
            below = PlaceMirror.objects.filter(path__startswith=path)
            one &= Q(place_code__in=below.values("code"))
        if membership.role in PARTNERS:
            one &= Q(organisation_id=membership.organisation_id)
        allowed |= one
    return found.filter(allowed)


@dataclass(frozen=True)
class Rights:
    """What somebody may do with a sheet, and whether its rows may be shown to them."""

    map: bool
    match: bool
    bring: bool
    publish: bool
    withdraw: bool
    rows: bool


def rights(person: Any, upload: Upload) -> Rights:
    """Return what somebody may do with a sheet."""
    return Rights(
        map=may(person, "evidence.map", upload), match=may(person, "evidence.match", upload),
        bring=may(person, "evidence.upload", upload), publish=may(person, "evidence.publish", upload),
        withdraw=may(person, "evidence.withdraw", upload), rows=sees_rows(person, upload),
    )  # fmt: skip


def sees_rows(person: Any, upload: Upload) -> bool:
    """Whether somebody may see rows of a sheet.

    Where rows are about places under a security flag, or nobody knows yet, they are for those who see such
    places as they are; before the dry run tells, whoever brought the sheet sees what they brought.
    """
    if upload.flagged is False:
        return True
    access = access_of(person)
    if any(m.role in CLEARED and access.reaches(m, upload.place_code) for m in access.memberships):
        return True
    return upload.flagged is None and upload.by_id == person.pk


def homes(person: Any) -> list[tuple[Membership, PlaceMirror | None]]:
    """Return the memberships with which somebody may bring sheets, each with its place."""
    held = [m for m in access_of(person).memberships if m.role in BRING]
    known = PlaceMirror.objects.in_bulk([m.place_code for m in held if m.place_code])
    return [(m, known.get(m.place_code)) for m in held if not m.place_code or m.place_code in known]


def places_to_speak_for(person: Any) -> list[PlaceMirror | None]:
    """Return the places for which somebody may bring a sheet, down to the district; None is the country."""
    found: dict[str, PlaceMirror | None] = {}
    for _membership, place in homes(person):
        if place is None:
            found.setdefault("", None)
        within = PlaceMirror.objects.exclude(level="country").filter(level__in=("region", "district"))
        if place is not None:
            found[place.code] = place
            within = within.filter(path__startswith=place.path)
        found.update({one.code: one for one in within})
    return list(found.values())


def choices_of(places: Iterable[PlaceMirror]) -> list[tuple[str, str]]:
    """Return places to choose from by code and name, with the level where two of them share a name."""
    found = list(places)
    names = Counter(one.name for one in found)
    words = published.pack()
    return [
        (
            one.code,
            one.name
            if names[one.name] == 1
            else f"{one.name} ({words.name(f'level.{one.level}', language())})",
        )
        for one in found
    ]


def places_of_sheet(place_code: str) -> tuple[str, list[str]]:
    """Return what a sheet of a place calls its lines, and the names of the places that these are: health areas, or districts."""
    home = PlaceMirror.objects.filter(code=place_code).first()
    for level, heading in (("health_area", "Aire de santé"), ("district", "District")):
        below = PlaceMirror.objects.filter(level=level, path__startswith=home.path if home else "-")
        if names := list(below.order_by("name").values_list("name", flat=True)):
            return heading, names
    return "Lieu", [home.name] if home else []


def level_of_visits(upload: Upload) -> str:
    """Return the level of places whose papers are counted: facilities, or areas where none is known."""
    return _visited(upload.place_code)[0]


def places_of_visits(place_code: str) -> tuple[str, list[tuple[str, str]]]:
    """Return what a sheet of visits calls the places above, and the places to visit, each with the one above it."""
    _level, visited = _visited(place_code)
    above = PlaceMirror.objects.in_bulk([one.parent_code for one in visited])
    areas = {one.level for one in above.values()} == {"health_area"}
    names = [(above[one.parent_code].name if one.parent_code in above else "", one.name) for one in visited]
    return ("Aire de santé" if areas else "District"), sorted(names)


def _visited(place_code: str) -> tuple[str, list[PlaceMirror]]:
    home = PlaceMirror.objects.filter(code=place_code).first() if place_code else None
    within = PlaceMirror.objects.filter(path__startswith=home.path) if home else PlaceMirror.objects.all()
    for level in ("facility", "health_area"):
        if found := list(within.filter(level=level)):
            return level, found
    return "facility", [home] if home else []


def organisations(person: Any) -> list[Organisation]:
    """Return the organisations in whose name somebody may bring a sheet."""
    return list({m.organisation_id: m.organisation for m, _place in homes(person)}.values())


def brings_numbers(snapshots: Iterable[str]) -> bool:
    """Whether any of these snapshots holds rows that checks and indicators read."""
    return any(one.rpartition("-")[0] in DATA for one in snapshots)


def same_file(person: Any, sha256: str) -> QuerySet[Upload]:
    """Return the sheets with the same bytes that somebody may see and that were not put aside."""
    return visible_uploads(person).filter(sha256=sha256).exclude(state=Upload.State.DISCARDED)


def levels_of_places() -> list[str]:
    """Return the levels that places have, as codes."""
    known = PlaceMirror.objects.exclude(level="").values_list("level", flat=True)
    return sorted(known.distinct().order_by())


def saved_map_for(upload: Upload, mark: str) -> SavedMap | None:
    """Return the newest saved map for sheets with these headings: of the same organisation first."""
    known = SavedMap.objects.filter(headings=mark)
    return known.filter(organisation=upload.organisation).first() or known.filter(shared=True).first()


def decisions(upload: Upload) -> list[PlaceName]:
    """Return the names of a sheet on which somebody decided."""
    decided = (PlaceName.Decision.PLACE, PlaceName.Decision.NONE)
    return list(
        upload.names.filter(decision__in=decided).select_related("decided_by").order_by("code", "parent_name")
    )


def earlier_decisions(upload: Upload) -> dict[tuple[str, str], PlaceName]:
    """Return what people decided on names with other sheets that are not published yet, by the name's key.

    Of the same source, place, organisation and list of names; the newest decision counts. What was published
    stands in the store.
    """
    decided = (PlaceName.Decision.PLACE, PlaceName.Decision.NONE)
    found = PlaceName.objects.filter(
        decision__in=decided, upload__source=upload.source, upload__place_code=upload.place_code,
        upload__organisation=upload.organisation, upload__state__in=(*Upload.OPEN, Upload.State.PUBLISHING),
    )  # fmt: skip
    others = found.exclude(upload=upload).select_related("upload", "decided_by").order_by("decided", "pk")
    return {
        (one.code, one.parent_name): one for one in others if _list_of(one.upload) == _list_of(upload)
    }  # fmt: skip


def _list_of(upload: Upload) -> tuple[str, str, str]:
    place = upload.column_map.get("place", {})
    return (*(str(place.get(name) or "") for name in ("system", "vintage", "level")),)  # type: ignore[return-value]


def mark_of(upload: Upload) -> str:
    """Return the fingerprint of all on which a dry run rests: file, source, columns, decisions on names."""
    told: list[Any] = [upload.sha256, upload.source, upload.place_code, upload.column_map]
    told += [] if upload.has_columns_to_say else [upload.reader]
    told += [[one.code, one.parent_name, one.decision, one.place_code] for one in decisions(upload)]
    return hashlib.sha256(json.dumps(told, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def language() -> str:
    """Return the language of the page, `fr` or `en`."""
    return page_language()


def reason_text(reason: str, params: Mapping[str, Any] | None = None) -> str:
    """Return a reason in the page's language, without where it was met."""
    blanks = dict.fromkeys(("file", "sheet", "row", "column", "found", "expected"), "…")
    try:
        text = Message(reason, {**blanks, "file": START, "n": 1, **(params or {})}).render(language())
    except (UnknownMessage, KeyError, ValueError):
        return reason
    # Sentences about one cell begin with where it stands, which the page says in columns of its own.
    return re.sub(rf"^{START}[^:]*:\s*", "", text).replace(START, "…")


def message_text(told: Mapping[str, Any]) -> str:
    """Return a kept message (`id`, `params`) in the page's language."""
    try:
        return Message(told["id"], told["params"]).render(language())
    except (UnknownMessage, KeyError, ValueError):
        return str(told["id"])


def left_out(receipt: Mapping[str, Any]) -> tuple[int, int]:
    """Return how many rows or values wait for a decision on the name of their place, and how many are refused."""
    found = receipt.get("rejected") or {}
    waiting = sum(int(count) for reason, count in found.items() if reason in UNDECIDED)
    return waiting, sum(int(count) for count in found.values()) - waiting


def counted(receipt: Mapping[str, Any], kind: str) -> list[tuple[str, int]]:
    """Return the reasons of a kind on a receipt in words, the most frequent first; without names that wait."""
    found = {reason: n for reason, n in (receipt.get(kind) or {}).items() if reason not in UNDECIDED}
    return [
        (reason_text(reason).rstrip(" ."), count)
        for reason, count in sorted(found.items(), key=lambda r: (-r[1], r[0]))
    ]


def refused(upload: Upload) -> Iterator[dict[str, Any]]:
    """Yield the rows of the newest dry run that no decision on a name could still bring in."""
    return (row for row in rejected(upload) if row["reason"] not in UNDECIDED)


def undecided(upload: Upload) -> Iterator[dict[str, Any]]:
    """Yield the rows of the newest dry run that stay out until somebody says which place a name is."""
    return (row for row in rejected(upload) if row["reason"] in UNDECIDED)


def rejected(upload: Upload) -> Iterator[dict[str, Any]]:
    """Yield the rows that the newest dry run left out, each with its sentence."""
    if not upload.rejected_path.is_file():
        return
    with upload.rejected_path.open(encoding="utf-8") as stream:
        for line in stream:
            row = json.loads(line)
            params = {name: row[name] for name in ("found", "expected") if row[name] is not None}
            yield {**row, "why": reason_text(row["reason"], params)}


@dataclass(frozen=True)
class Brought:
    """One snapshot that a sheet brought: its table, rows it added, whether it is taken back already.

    `later` names the snapshots that stand in the way of its withdrawal, the newest first.
    """

    snapshot: str
    table: str
    rows: int
    withdrawn: bool
    later: tuple[str, ...] = ()


@dataclass(frozen=True)
class TakenAlong:
    """What the withdrawal of a sheet takes with it.

    `computed` are tables that were computed from its snapshots: they stay as they are until computed anew.
    """

    brought: tuple[Brought, ...]
    computed: tuple[str, ...]
    in_the_way: tuple[Upload, ...]

    @property
    def possible(self) -> bool:
        """Whether nothing stands in the way."""
        return not any(one.later for one in self.brought if not one.withdrawn)


def taken_along(upload: Upload) -> TakenAlong:
    """Say what the withdrawal of a published sheet would take along, from the histories of the tables."""
    with published.opened() as store:
        brought = tuple(
            _brought(store, snapshot)
            for snapshot in upload.snapshots if snapshot.rsplit("-", 1)[0] in DATA
        )  # fmt: skip
        mine = {one.snapshot for one in brought}
        computed = tuple(
            table for table in store.tables()
            if (newest := store.latest(table)) is not None and mine & _made_from(store, table, newest)
        )  # fmt: skip
    later = {snapshot for one in brought for snapshot in one.later}
    others = [
        other for other in Upload.objects.filter(state=Upload.State.PUBLISHED).exclude(pk=upload.pk)
        if later & set(other.snapshots)
    ]  # fmt: skip
    return TakenAlong(brought=brought, computed=computed, in_the_way=tuple(others))


def _brought(store: Store, snapshot: str) -> Brought:
    table = snapshot.rsplit("-", 1)[0]
    history = store.history(table)
    wrong = next((m for m in history if m.id == snapshot), None)
    if wrong is None:
        return Brought(snapshot=snapshot, table=table, rows=0, withdrawn=False, later=(snapshot,))
    before = [m for m in history if m.number < wrong.number]
    earlier = {part.sha256 for part in before[-1].parts} if before else set()
    mine = {part.sha256 for part in wrong.parts} - earlier
    rows = wrong.rows - (before[-1].rows if before else 0)
    withdrawn = any(m.withdrew == snapshot for m in history)
    gone = mine - {part.sha256 for part in history[-1].parts}
    later = tuple(m.id for m in reversed(history) if m.number > wrong.number and m.kind == "publish")
    return Brought(
        snapshot=snapshot, table=table, rows=max(rows, 0), withdrawn=withdrawn,
        later=later if gone and not withdrawn else (),
    )  # fmt: skip


def _made_from(store: Store, table: str, newest: Any) -> set[str]:
    """Return the snapshots from which a table was computed, and the later ones that it already holds."""
    found = set(newest.provenance.made_from)
    for one in list(found):
        name, _dash, number = one.rpartition("-")
        if name in DATA and table not in DATA and number.isdigit():
            found |= {m.id for m in store.history(name) if m.number <= int(number)}
    return found


def fault_of(upload: Upload) -> str:
    """Return why the last step was refused, in the page's language."""
    return str(upload.fault.get(language(), "")) if upload.fault else ""


def place_names(codes: set[str]) -> dict[str, str]:
    """Return the names of places by code; the whole country has the empty code."""
    names = dict(PlaceMirror.objects.filter(code__in=codes).values_list("code", "name"))
    return {"": _("Tout le pays"), **names}
