"""Who changed what, when and why, as people read it, and how much of it may somebody read?

Each app declares its verbs as sentences (`declare`); the trail keeps the verb, so that everybody reads it in
their own language. Changes at places under a security flag stay with those who are cleared for them: others
see how many there were by district and month, once the month is over.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Count, DateField, Q, QuerySet
from django.db.models.functions import TruncMonth
from django.utils.timezone import get_current_timezone
from django.utils.translation import gettext_lazy as _

from kalanso.hub.people.models import Event, Membership, Person, PlaceMirror
from kalanso.hub.people.queries.access import CLEARED, Reach, access_of, reach_of
from kalanso.hub.people.queries.language import page_language
from kalanso.hub.people.queries.places import names_of
from kalanso.vocabulary import format_value

PAGE = 30
EXPORTED_AT_MOST = 20_000
COARSE_MONTHS = 12
PERSON, MEMBERSHIP, COMMENT = "people.person", "people.membership", "people.comment"

VERBS: dict[str, Any] = {
    "people.invited": _("%(who)s a invité %(what)s."),
    "people.joined": _("%(who)s a accepté l'invitation et ouvert son compte."),
    "people.invitation_withdrawn": _("%(who)s a retiré l'invitation de %(what)s."),
    "people.role_given": _("%(who)s a donné un rôle à %(what)s."),
    "people.role_ended": _("%(who)s a mis fin à un rôle de %(what)s."),
    "people.password_reset": _("%(who)s a donné un nouveau mot de passe à %(what)s."),
    "people.password_chosen": _("%(who)s a choisi son propre mot de passe."),
    "people.account_closed": _("%(who)s a fermé le compte de %(what)s."),
    "people.account_opened": _("%(who)s a rouvert le compte de %(what)s."),
    "people.second_proof_reset": _("%(who)s a retiré la double vérification de %(what)s."),
    "people.organisation_added": _("%(who)s a ajouté l'organisation %(what)s."),
}
# What the changed fields are called.
FIELDS: dict[str, Any] = {
    "role": _("Rôle"),
    "place_code": _("Lieu"),
    "name": _("Nom"),
    "code": _("Code"),
    "kind": _("Genre"),
    "ends": _("Fin"),
    "begins": _("Début"),
    "is_active": _("Compte ouvert"),
    "text": _("Texte"),
    "state": _("État"),
    "reason": _("Raison"),
    "photo": _("Photo"),
    "photo_alt": _("Ce que montre la photo"),
    "withdrawn": _("Retiré"),
    "version": _("Version"),
}
# What only those who run the hub need to read of a change.
TECHNICAL = frozenset({"version"})
# Records for which no place means the whole country; elsewhere it was not said.
WIDE = frozenset({MEMBERSHIP, "people.invitation"})
_SENTENCES: dict[str, Any] = {}
_FIELDS: dict[str, Any] = {}
_VALUES: dict[str, Callable[[Any], str]] = {}
_TECHNICAL: set[str] = set()
_KEPT_INSIDE: list[Callable[[], Q]] = []


def declare(
    verbs: Mapping[str, Any],
    fields: Mapping[str, Any] | None = None,
    *,
    values: Mapping[str, Callable[[Any], str]] | None = None,
    technical: Iterable[str] = (),
) -> None:
    """Add an app's verbs as sentences with the blanks who, what and place, and how its fields read.

    `fields` are their names; `values` say how a field's value reads, where neither the record's own choices nor its
    kind does; `technical` are those that stand apart.
    """
    _SENTENCES.update(verbs)
    _FIELDS.update(fields or {})
    _VALUES.update(values or {})
    _TECHNICAL.update(technical)


def keep_inside(condition: Callable[[], Q]) -> None:
    """Add a condition on events that are for those cleared at their place alone, though the place has no security flag."""
    if condition not in _KEPT_INSIDE:
        _KEPT_INSIDE.append(condition)


def named_fields() -> frozenset[str]:
    """Return the fields that have a name for people."""
    return frozenset(_FIELDS)


def declared() -> dict[str, Any]:
    """Return all sentences by verb."""
    return dict(_SENTENCES)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Which events: of a verb, by a person's user name, between two days (both included), before an event."""

    verb: str = ""
    who: str = ""
    since: date | None = None
    until: date | None = None
    before: int | None = None


@dataclass(frozen=True, kw_only=True)
class Line:
    """An event as people read it; `changes` are (field, before, after), `technical` those for who runs the hub."""

    event: Event
    says: str
    place: str
    changes: tuple[tuple[str, str, str], ...]
    technical: tuple[tuple[str, str, str], ...] = ()


def visible_events(person: Person, within: Reach) -> QuerySet[Event]:
    """Return the events that a person may read: in their reach, of their own hand, or about themselves."""
    own = _own(person)
    return Event.objects.filter((within.covers() & ~_kept_inside(person)) | own)


def _own(person: Person) -> Q:
    mine = [str(pk) for pk in Membership.objects.filter(person=person).values_list("pk", flat=True)]
    return (
        Q(by=person)
        | Q(object_type=PERSON, object_id=str(person.pk))
        | Q(object_type=MEMBERSHIP, object_id__in=mine)
    )


def _kept_inside(person: Person) -> Q:
    """Return the condition that an event is of a flagged place, or of protected work, for which a person is not cleared."""
    cleared = reach_of(access_of(person), CLEARED)
    if cleared.everywhere:
        return Q(pk__in=())
    kept = Q(place_code__in=PlaceMirror.objects.filter(flagged=True).values("code"))
    for condition in _KEPT_INSIDE:
        kept |= condition()
    return kept & ~cleared.covers()


def of_object(events: QuerySet[Event], object_type: str, object_id: str) -> QuerySet[Event]:
    """Keep what happened to one record."""
    return events.filter(object_type=object_type, object_id=object_id)


def of_place(events: QuerySet[Event], code: str) -> QuerySet[Event]:
    """Keep what happened at a place or below it."""
    path = PlaceMirror.objects.filter(code=code).values_list("path", flat=True).first()
    if path is None:
        return events.none()
    return events.filter(place_code__in=PlaceMirror.objects.filter(path__startswith=path).values("code"))


def of_person(events: QuerySet[Event], person: Person) -> QuerySet[Event]:
    """Keep what a person did and what was done to their account and roles."""
    return events.filter(_own(person))


def narrowed(events: QuerySet[Event], asked: Asked) -> QuerySet[Event]:
    """Keep what was asked for."""
    if asked.verb:
        events = events.filter(verb=asked.verb)
    if asked.who:
        events = events.filter(by__username__iexact=asked.who)
    if asked.since:
        events = events.filter(at__gte=datetime.combine(asked.since, datetime.min.time(), UTC))
    if asked.until:
        after = asked.until + timedelta(days=1)
        events = events.filter(at__lt=datetime.combine(after, datetime.min.time(), UTC))
    return events


def page(events: QuerySet[Event], asked: Asked) -> tuple[list[Line], int | None]:
    """Return the newest events before the one asked for, and from which the next page goes on.

    Walks along the index: no page counts the trail, however long.
    """
    wanted = narrowed(events, asked)
    last = events.filter(pk=asked.before).first() if asked.before else None
    if last is not None:
        wanted = wanted.filter(Q(at__lt=last.at) | Q(at=last.at, pk__lt=last.pk))
    rows = list(wanted.select_related("by", "organisation")[: PAGE + 1])
    return lines(rows[:PAGE]), rows[PAGE - 1].pk if len(rows) > PAGE else None


def exported(events: QuerySet[Event], asked: Asked) -> Iterator[Line]:
    """Yield the newest events that were asked for, a page at a time, at most `EXPORTED_AT_MOST`."""
    for first in range(0, EXPORTED_AT_MOST, PAGE):
        told, after = page(events, asked)
        yield from told
        if after is None or first + PAGE >= EXPORTED_AT_MOST:
            return
        asked = Asked(verb=asked.verb, who=asked.who, since=asked.since, until=asked.until, before=after)


def lines(events: list[Event]) -> list[Line]:
    """Return events as sentences with their changes; names of places are read at once."""
    codes = {event.place_code for event in events} | {
        e.object_name for e in events if e.object_type == COMMENT
    }
    for event in events:
        codes |= {str(side.get("place_code") or "") for side in (event.before, event.after)}
    names = names_of(codes)
    return [_line(event, names) for event in events]


def _line(event: Event, names: Mapping[str, str]) -> Line:
    place = names.get(event.place_code, event.place_code)
    blanks = {
        "who": str(event.by) if event.by else str(_("Kalanso")),
        "what": called(event, names),
        "place": place or str(_("tout le pays")),
    }
    says = str(_SENTENCES.get(event.verb, _("%(who)s a changé %(what)s."))) % blanks
    known = list(_FIELDS)
    changed = sorted(
        event.before.keys() | event.after.keys(),
        key=lambda name: (known.index(name) if name in known else len(known), name),
    )

    def told(technical: bool) -> tuple[tuple[str, str, str], ...]:
        return tuple(
            (
                str(_FIELDS.get(name, name)),
                *(shown(event, name, side[name], names) if name in side else "" for side in (event.before, event.after)),
            )
            for name in changed
            # What is empty in a new record says nothing.
            if (name in _TECHNICAL) is technical and (event.before or _is_told(event, name))
        )  # fmt: skip

    return Line(event=event, says=says, place=place, changes=told(False), technical=told(True))


def _is_told(event: Event, name: str) -> bool:
    return event.after[name] not in (None, "", False) or (name == "place_code" and event.object_type in WIDE)


def called(event: Event, names: Mapping[str, str]) -> str:
    """Return what a change was made to: a comment is known by the place of which it speaks."""
    name = event.object_name or event.object_id
    return names.get(name, name) if event.object_type == COMMENT else name


def shown(event: Event, name: str, value: Any, names: Mapping[str, str]) -> str:
    """Return a field's value as people read it."""
    if name == "place_code":
        nowhere = _("tout le pays") if event.object_type in WIDE else _("non dit")
        return names.get(str(value), str(value)) or str(nowhere)
    if value is None or value == "":
        return ""
    if name in _VALUES:
        return _VALUES[name](value)
    if isinstance(value, bool):
        return str(_("oui") if value else _("non"))
    field = _field(event.object_type, name)
    if isinstance(field, DateField):
        return _day(str(value))
    return str(dict(getattr(field, "flatchoices", ())).get(value, value))


def _field(object_type: str, name: str) -> Any:
    """Return the field of a record that changed; None where there is no such field any more."""
    try:
        return apps.get_model(object_type)._meta.get_field(name)
    except (LookupError, ValueError, FieldDoesNotExist):
        return None


def _day(text: str) -> str:
    """Return the day of a date or moment, in the zone of the country."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    day = moment.astimezone(get_current_timezone()).date() if moment.tzinfo else moment.date()
    return format_value(day, "date", page_language())


@dataclass(frozen=True, kw_only=True)
class Coarse:
    """How many changes happened in a district under a security flag in a month."""

    month: date
    district: str
    changes: int


def coarse(person: Person, within: Reach, *, today: date, place: str = "") -> list[Coarse]:
    """Return what somebody who is not cleared may know of flagged places: past months, by district."""
    if not within.everywhere and not within.paths:
        return []
    first = today.replace(day=1)
    since = (first - timedelta(days=31 * COARSE_MONTHS)).replace(day=1)
    events = Event.objects.filter(within.covers() & _kept_inside(person) & ~_own(person))
    if place:
        events = of_place(events, place)
    counted = (
        events.filter(at__gte=_midnight(since), at__lt=_midnight(first))
        .annotate(month=TruncMonth("at", tzinfo=UTC))
        .values("month", "place_code")
        .annotate(changes=Count("pk"))
        .order_by()
    )
    rows = list(counted)
    districts = _districts({str(row["place_code"]) for row in rows})
    totals: Counter[tuple[date, str]] = Counter()
    for row in rows:
        totals[row["month"].date(), districts.get(str(row["place_code"]), "")] += int(row["changes"])
    return [
        Coarse(month=month, district=district, changes=changes)
        for (month, district), changes in sorted(totals.items(), key=lambda item: (-item[0][0].toordinal(), item[0][1]))
    ]  # fmt: skip


def _midnight(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time(), UTC)


def _districts(codes: set[str]) -> dict[str, str]:
    """Return the name of the district of each place; a place above districts is called by its own name."""
    paths = dict(PlaceMirror.objects.filter(code__in=codes).values_list("code", "path"))
    steps = {step for path in paths.values() for step in path.split("/") if step}
    known = {p.code: p for p in PlaceMirror.objects.filter(code__in=steps).only("code", "name", "level")}
    found = {}
    for code, path in paths.items():
        way = [known[step] for step in path.split("/") if step in known]
        district = next((p for p in way if p.level == "district"), way[-1] if way else None)
        found[code] = district.name if district else ""
    return found
