"""Who are we on this server, which server is it, and what time is it there?

Asked before anything else: `/api/me` says whose places and data sets may be read, `/api/system/info`
the version, the calendar and the server's clock, by which increments are counted (DHIS2 Web API
manual, "Current user information" and "System info"; SystemInfo.java of core 2.42).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import total_ordering
from typing import Any

from kalanso.sources.dhis2.faults import DhisFault
from kalanso.sources.dhis2.transport import Transport, fields, mapping

OVERLAP = timedelta(hours=1)  # two clocks, and values saved while a pull began
ANY_ZONE = timedelta(hours=14)  # the zone that is furthest from UTC
ME = "id,username,userCredentials[username],organisationUnits[id,level],dataViewOrganisationUnits[id,level],authorities,dataSets"
STAMP = "%Y-%m-%dT%H:%M:%S"


@total_ordering
@dataclass(frozen=True)
class Version:
    """A release such as 2.41.8.1; snapshots (`2.42.7-SNAPSHOT`) count as their release."""

    text: str

    @property
    def numbers(self) -> tuple[int, ...]:
        """The numbers in order; `2.40` and `40` are one release, as DHIS2 writes both."""
        found = re.match(r"\s*v?(\d+(?:\.\d+)*)", self.text)
        parts = tuple(int(part) for part in found[1].split(".")) if found else ()
        return parts if not parts or parts[0] == 2 else (2, *parts)

    def __lt__(self, other: Version) -> bool:
        return self.numbers < other.numbers


OLDEST, NEWEST_KNOWN = Version("2.38"), Version("2.44")  # from 2.38 to all of 2.43


@dataclass(frozen=True, kw_only=True)
class Identity:
    """A server and our user on it.

    `server_now` is the server's own local time as it writes it, without a zone, since `lastUpdated` is
    compared with it; `clock_known` is False where only the Date header was there and `server_now` is
    UTC. `capture` and `view` are the places whose values, and whose analytics, we may read, with their level.
    """

    address: str
    username: str
    version: Version
    system_id: str
    server_now: datetime
    clock_known: bool
    capture: tuple[tuple[str, int], ...]
    view: tuple[tuple[str, int], ...]
    data_sets: frozenset[str]
    authorities: frozenset[str]
    analytics_at: str = ""

    @property
    def sees_all(self) -> bool:
        """Whether the user is a superuser, which a program should not be."""
        return "ALL" in self.authorities

    @property
    def newer_than_known(self) -> bool:
        """Whether the version came after those that this connector was written for."""
        return not self.version < NEWEST_KNOWN

    def watermark(self) -> str:
        """Return from when the next increment asks, with an hour of overlap."""
        back = OVERLAP if self.clock_known else OVERLAP + ANY_ZONE
        return (self.server_now - back).strftime(STAMP)


def who_am_i(transport: Transport) -> Identity:
    """Return who we are, or raise DhisFault where the server cannot be worked with."""
    me = mapping(transport.get_json("me", fields(fields=ME)), "me")
    if "id" not in me:
        raise DhisFault("other_shape", url="me", found=", ".join(sorted(me))[:80])
    info = mapping(transport.get_json("system/info"), "system/info")
    version = Version(str(info.get("version") or ""))
    if not version.numbers:
        raise DhisFault("no_version", found=str(info.get("version"))[:40])
    if version < OLDEST:
        raise DhisFault("too_old", found=version.text, expected=OLDEST.text)
    calendar = str(info.get("calendar") or "iso8601")
    if calendar != "iso8601":
        raise DhisFault("calendar", found=calendar[:40])
    now, known = _server_now(info, transport)
    return Identity(
        address=transport.address, username=_username(me), version=version,
        system_id=str(info.get("systemId") or ""), server_now=now, clock_known=known,
        capture=_units(me.get("organisationUnits")),
        view=_units(me.get("dataViewOrganisationUnits")) or _units(me.get("organisationUnits")),
        data_sets=frozenset(map(_id, me.get("dataSets") or ())),
        authorities=frozenset(map(str, me.get("authorities") or ())),
        analytics_at=str(info.get("lastAnalyticsTableSuccess") or ""),
    )  # fmt: skip


def _username(me: Mapping[str, Any]) -> str:
    # Before 2.42 the name may stand in the credentials, which 2.42 removed.
    inner = me.get("userCredentials") or {}
    return str(me.get("username") or inner.get("username") or "")


def _units(listed: Any) -> tuple[tuple[str, int], ...]:
    return tuple((str(unit["id"]), int(unit.get("level") or 0)) for unit in listed or () if unit.get("id"))


def _id(entry: Any) -> str:
    return str(entry.get("id", "") if isinstance(entry, Mapping) else entry)


def _server_now(info: Mapping[str, Any], transport: Transport) -> tuple[datetime, bool]:
    written = str(info.get("serverDate") or "")
    found = re.match(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)", written)
    if found:
        # The digits are the server's local time; a zone behind them would not change what it compares.
        return datetime.strptime(found[1], STAMP), True  # noqa: DTZ007
    if transport.server_time is None:
        raise DhisFault("no_clock", found=written[:40])
    return transport.server_time.replace(tzinfo=None), False
