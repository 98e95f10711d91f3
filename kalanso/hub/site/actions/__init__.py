"""How is a hub made ready to be entered: its first people, its machine's link, its mirror of places?

Called by the machine's command line, never from a page but for using the link.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from random import Random

from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.conf import settings
from django.core import signing
from django.db import transaction

from kalanso.hub.evidence.models import SourceCard
from kalanso.hub.explore.queries import shelf
from kalanso.hub.explore.queries.evidence_of_places import all_pockets
from kalanso.hub.explore.queries.places import below
from kalanso.hub.grants.actions import demonstration, demonstration_framework
from kalanso.hub.people import tasks
from kalanso.hub.people.actions.persons import first_administrator, give_role
from kalanso.hub.people.models import Organisation, Person, PlaceMirror, Role
from kalanso.hub.people.queries.access import access_of, scope_of
from kalanso.hub.people.queries.here import reading_as
from kalanso.hub.people.queries.persons import MACHINE
from kalanso.hub.portfolio.actions import demonstration as of_portfolio
from kalanso.hub.portfolio.actions import demonstration_story
from kalanso.hub.site.queries import DEMO_ORGANISATIONS, DEMO_PEOPLE, DEMO_SECOND_PROOF, DEMO_SOURCES
from kalanso.indicators.tables import OBSERVATIONS

LINK_LASTS = timedelta(minutes=30)
SALT = "kalanso.machine-link"
DEMO_SEED = 79


def machine_link(*, person: Person) -> str:
    """Return the secret of a link that lets its holder in as a person, once, within half an hour."""
    return signing.dumps({"person": person.pk, "once": secrets.token_hex(8)}, salt=SALT)


def use_machine_link(*, secret: str, now: datetime) -> Person | None:
    """Return the person of a link, and make the link useless; None for a link that is used, old or made up."""
    try:
        told = signing.loads(secret, salt=SALT, max_age=LINK_LASTS)
    except signing.BadSignature:
        return None
    used = settings.KALANSO_DATA / "links" / str(told["once"])
    used.parent.mkdir(parents=True, exist_ok=True)
    try:
        used.touch(exist_ok=False)
    except FileExistsError:
        return None
    return Person.objects.filter(pk=told["person"], is_active=True).first()


def prepare(*, now: datetime) -> None:
    """Make a hub ready: the mirror of places and, in a simulated country, its people."""
    if settings.KALANSO_STORE is None:
        return
    store = shelf.current().store
    tasks.mirror(store, today=now.date())
    if store.demo:
        make_demo_people(now=now)
        describe_demo_sources(now=now)
        centre = Person.objects.filter(
            username__in=[one[0] for one in DEMO_PEOPLE if one[2] == Role.NATIONAL]
        ).first()
        if centre is not None:
            of_portfolio.seed(by=centre, now=now)
            _tell_demo_story(centre=centre, now=now)
        _show_demo_money(now=now)
        if centre is not None:
            demonstration_framework.seed(by=centre, now=now)


def _tell_demo_story(*, centre: Person, now: datetime) -> None:
    """Let the simulated people report, name obstacles, act, meet and decide, on the numbers that the centre reads."""
    names = [one[0] for one in DEMO_PEOPLE]
    parts = {
        part: Person.objects.filter(username__in=names, memberships__role=role).order_by("pk").first()
        for part, role in (("team", Role.DISTRICT), ("region", Role.REGION), ("partner", Role.PARTNER))
    }
    if not all(parts.values()):
        return
    home = parts["team"].memberships.all()[0].place_code  # type: ignore[union-attr]
    with reading_as(scope_of(access_of(centre))):
        here = shelf.current()
        inside = below(here, home)
        marks = [
            f"pocket:{pocket.key}"
            for pocket in all_pockets(here)
            if any(area["place_code"] in inside for area in pocket.areas)
        ]
        demonstration_story.tell(centre=centre, now=now, pockets=marks[:1], **parts)  # type: ignore[arg-type]


def _show_demo_money(*, now: datetime) -> None:
    """Give the simulated country its grants, over the interventions that are there; written by its partner.

    The national centre then finds entries of another to reconcile.
    """
    partner = Person.objects.filter(
        memberships__role=Role.PARTNER, username__in=[one[0] for one in DEMO_PEOPLE]
    ).first()
    if partner is not None:
        demonstration.seed(by=partner, now=now, rng=Random(DEMO_SEED))  # noqa: S311 - invented money guards nothing


@transaction.atomic
def make_demo_people(*, now: datetime) -> int:
    """Make the simulated people that are not there yet, and return how many were made."""
    organisations = {
        code: Organisation.objects.get_or_create(code=code, defaults={"name": str(name), "kind": kind})[0]
        for code, name, kind in DEMO_ORGANISATIONS
    }
    homes, made = _demo_homes(), 0
    for username, name, role, house, level in DEMO_PEOPLE:
        first, _space, last = name.partition(" ")
        if Person.objects.filter(username=username).exists() or (level and level not in homes):
            continue
        person = Person(username=username, first_name=first, last_name=last)
        person.set_unusable_password()
        person.save()
        give_role(
            by=None, person=person, organisation=organisations[house], role=role,
            place_code=homes[level] if level else "", now=now,
        )  # fmt: skip
        if username in DEMO_SECOND_PROOF:
            TOTP.activate(person, generate_totp_secret())
        made += 1
    return made


@transaction.atomic
def describe_demo_sources(*, now: datetime) -> int:
    """Give the simulated sources that have numbers a title, unless somebody did, and return how many got one."""
    national = Person.objects.filter(
        memberships__role=Role.NATIONAL, username__in=[one[0] for one in DEMO_PEOPLE]
    ).first()
    newest = shelf.current().store.latest(OBSERVATIONS.name)
    held = {str(part.bucket["source"]) for part in newest.parts} if newest else set()
    made = 0
    for code, title in DEMO_SOURCES:
        if national is None or code not in held:
            continue
        words = {"title": str(title), "changed_by": national, "changed": now}
        made += SourceCard.objects.get_or_create(code=code, defaults=words)[1]
    return made


def _demo_homes() -> dict[str, str]:
    """Return one line of places from region to health area: the first that has all levels."""
    area = PlaceMirror.objects.filter(level="health_area").first()
    if area is None:
        return {}
    codes = [code for code in area.path.split("/") if code]
    return dict(PlaceMirror.objects.filter(code__in=codes).values_list("level", "code"))


def my_own_machine(*, now: datetime) -> Person:
    """Return the person who holds this machine: its first administrator."""
    return first_administrator(username=MACHINE, password=None, now=now)
