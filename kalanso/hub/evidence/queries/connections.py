"""Which servers are connected, how does each stand, and when does the next pull begin?"""

from __future__ import annotations

import calendar
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from kalanso.hub.evidence.models import Connection, Pull
from kalanso.hub.evidence.queries import published
from kalanso.hub.evidence.queries.sources import titles
from kalanso.hub.evidence.queries.uploads import language
from kalanso.hub.jobs.models import Job
from kalanso.hub.jobs.queries import error_of
from kalanso.hub.people.permissions import WHOLE_COUNTRY, may
from kalanso.sources.dhis2.tables import DHIS2_PULLS
from kalanso.sources.hosts import Doorkeeper

HOUR = 1  # of the night, in the hub's own time
PULLS_SHOWN = 10


def may_manage(person: Any) -> bool:
    """Whether somebody may connect servers."""
    return may(person, "evidence.manage_connections", WHOLE_COUNTRY)


def doorkeeper() -> Doorkeeper:
    """Return who looks at the addresses to which a host leads."""
    return Doorkeeper(tuple(settings.KALANSO_INNER_HOSTS))


def open_connections() -> QuerySet[Connection]:
    """Return the connections that are not closed."""
    return Connection.objects.filter(closed__isnull=True)


def is_filled_otherwise(source: str) -> bool:
    """Whether numbers are published under a source that no pull brought: a pull would replace all of them."""
    if source not in published.told_by_source():
        return False
    with published.opened() as store:
        if store.latest(DHIS2_PULLS.name) is None:
            return True
        pulls = store.read(DHIS2_PULLS)
        return not pulls.filter(pulls.source == source).count().execute()


def is_connected(source: str) -> bool:
    """Whether a source comes from a connected DHIS2 server, so that sheets under its name would be replaced."""
    return open_connections().filter(source=source, kind=Connection.Kind.DHIS2).exists()


def first_due(cadence: str, *, now: datetime) -> datetime | None:
    """Return when the first pull begins by itself: the next night; None where none does."""
    return (
        None
        if cadence == Connection.Cadence.NEVER
        else _at_night(timezone.localtime(now) + timedelta(days=1))
    )


def next_due(cadence: str, *, now: datetime) -> datetime | None:
    """Return when the pull after one that begins now begins: a day, a week or a month later, by night."""
    here = timezone.localtime(now)
    if cadence == Connection.Cadence.MONTHLY:
        year, month = here.year + here.month // 12, here.month % 12 + 1
        return _at_night(
            here.replace(year=year, month=month, day=min(here.day, calendar.monthrange(year, month)[1]))
        )
    days = {Connection.Cadence.DAILY: 1, Connection.Cadence.WEEKLY: 7}.get(Connection.Cadence(cadence))
    return None if days is None else _at_night(here + timedelta(days=days))


def _at_night(day: datetime) -> datetime:
    return day.replace(hour=HOUR, minute=0, second=0, microsecond=0)


@dataclass(frozen=True)
class Standing:
    """A connection as the list shows it: its newest pull, and the newest that brought something."""

    connection: Connection
    title: str
    newest: Pull | None
    brought: Pull | None

    @property
    def fault(self) -> str:
        """Why the server was refused, or the newest pull failed, in the page's language."""
        told, job = in_language(self.connection.fault), self.connection.job
        if not told and self.connection.checked is None and job is not None and job.state == Job.State.FAILED:
            told = error_of(job)
        return told or (fault_of_pull(self.newest) if self.newest is not None else "")

    @property
    def needs_attention(self) -> bool:
        """Whether a person should do something about it."""
        return self.connection.closed is None and bool(self.fault)

    @property
    def state(self) -> str:
        """How it stands, as one word: closed, asking, never, refused, failed, works."""
        if self.connection.closed is not None:
            return "closed"
        if self.connection.waits:
            return "asking"
        if self.connection.fault or (self.connection.checked is None and self.fault):
            return "refused"
        if self.connection.checked is None:
            return "never"
        failed = self.newest is not None and self.newest.standing == Pull.State.FAILED
        return "failed" if failed else "works"


def fault_of_pull(pull: Pull) -> str:
    """Return why a pull failed, also where its work ended without a word; nothing where it did not."""
    if pull.standing != Pull.State.FAILED:
        return ""
    return in_language(pull.fault) or (error_of(pull.job) if pull.job is not None else "")


def clock_of(connection: Connection) -> str:
    """Return what time it was at a server when it was looked at, by its own clock, as people write it."""
    try:
        return datetime.fromisoformat(str(connection.told.get("server_time", ""))).strftime("%d/%m/%Y %H:%M")
    except ValueError:
        return ""


def in_language(both: dict[str, str]) -> str:
    """Return a sentence that is kept in both languages in the page's own."""
    return str(both.get(language(), "")) if both else ""


def standings(connections: Iterable[Connection]) -> list[Standing]:
    """Return how connections stand, in two questions however many they are."""
    found = list(connections)
    called = titles({one.source for one in found})
    newest: dict[int, Pull] = {}
    brought: dict[int, Pull] = {}
    for pull in Pull.objects.filter(connection__in=found).select_related("job").order_by("number"):
        newest[pull.connection_id] = pull
        if pull.state == Pull.State.DONE:
            brought[pull.connection_id] = pull
    return [
        Standing(one, called[one.source], newest.get(one.pk), brought.get(one.pk)) for one in found
    ]  # fmt: skip


def all_standings() -> list[Standing]:
    """Return how all connections stand, the open ones first."""
    return standings(
        Connection.objects.select_related("job", "made_by", "secret", "secret__set_by").order_by(
            "closed", "source"
        )
    )


def of_source(source: str) -> Standing | None:
    """Return how the connection stands from which a source comes; None where it comes otherwise."""
    found = standings(open_connections().filter(source=source).select_related("job"))
    return found[0] if found else None


def access_of_connection(connection: Connection) -> Any:
    """Return who gave the words of access, when and of which kind; None where there are none."""
    secrets = type(connection.secret).objects if hasattr(connection, "secret") else None  # type: ignore[attr-defined]
    return None if secrets is None else connection.secret  # type: ignore[attr-defined]


def failing() -> list[Standing]:
    """Return the connections with a rhythm whose newest pull failed, for those who keep the hub."""
    waiting = open_connections().exclude(cadence=Connection.Cadence.NEVER)
    return [one for one in standings(waiting) if one.newest is not None and one.newest.standing == "failed"]


def is_ready(connection: Connection) -> bool:
    """Whether people said what is to be read: a form, or what at least one number counts."""
    if not connection.counts:
        return bool(connection.form)
    return any(one.get("status") == "confirmed" for one in connection.plan.get("elements", ()))


def next_step(connection: Connection) -> tuple[str, str]:
    """Return what is to be done next with a connection: its name, and a sentence."""
    if not connection.works:
        return "look", _("Vérifiez que le serveur répond et que l'accès suffit.")
    if not connection.counts:
        if not is_ready(connection):
            return "form", _("Choisissez le formulaire à lire.")
        return "pull", _("Tout est prêt pour une collecte.")
    if not connection.plan:
        return "propose", _("Faites proposer ce que compte chaque nombre du serveur.")
    if not is_ready(connection):
        return "decide", _("Confirmez ce que comptent les nombres : rien n'est lu avant.")
    return "pull", _("Tout est prêt pour une collecte.")
