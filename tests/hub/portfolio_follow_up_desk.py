"""How do tests of the portfolio make cells, name obstacles, set actions and note decisions?"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from typing import Any
from uuid import uuid4

NOW = datetime.now(UTC).replace(microsecond=0)
TODAY = NOW.date()
BARRIERS, ACTIONS = "/agir/obstacles/", "/agir/actions/"
DECISIONS, MEETINGS = "/agir/decisions/", "/agir/reunions/"
WORDS = "Les séances avancées sont annulées depuis juin : la moto du CSCom est en panne."


def house(code: str = "house") -> Any:
    """Return an organisation."""
    from kalanso.hub.people.models import Organisation

    return Organisation.objects.get_or_create(
        code=code, defaults={"name": code.title(), "kind": "government"}
    )[0]


def cell(place_code: str, *, code: str = "INT-001", **more: Any) -> Any:
    """Return an intervention in a district."""
    from kalanso.hub.portfolio.models import Cell, Intervention

    line, _made = Intervention.objects.get_or_create(
        code=code, defaults={"title_fr": "Cliniques mobiles", "title_en": "Mobile clinics", "lead": house()}
    )
    told = {"organisation": house(), "state": "ongoing", "since": NOW - timedelta(days=200)} | more
    return Cell.objects.create(intervention=line, place_code=place_code, **told)


def said(place_code: str, **changes: Any) -> dict[str, Any]:
    """Return what is said of a factor."""
    told = {
        "kind": "barrier", "domain": "access", "level": "district", "place_code": place_code, "severity": 3, "what": WORDS, "cell": None,
    }  # fmt: skip
    return told | changes


def named(by: Any, place_code: str, *, rests_on: str = "", at: datetime = NOW, **changes: Any) -> Any:
    """Return a factor that somebody named."""
    from kalanso.hub.portfolio.actions.factors import name_factor

    return name_factor(
        by=by, key=uuid4(), said=said(place_code, **changes), rests_on=rests_on, written=at, now=at
    )


def moved(by: Any, one: Any, after: str, reason: str = "") -> Any:
    """Return a factor after somebody said where it stands."""
    from kalanso.hub.portfolio.actions.factors import move_factor

    one.refresh_from_db()
    return move_factor(by=by, one=one, after=after, reason=reason, version=one.version, now=NOW)


def set_by(by: Any, place_code: str = "", *, owner: Any = None, rests_on: str = "", **changes: Any) -> Any:
    """Return an action that somebody set, for themselves unless an owner is named."""
    from kalanso.hub.portfolio.actions.follow_up import set_action

    who = owner or by
    told = {
        "text": "Réparer la moto et reprendre les séances.", "place_code": place_code, "owner": who,
        "organisation": who.memberships.get().organisation, "due": TODAY + timedelta(days=20), "priority": "normal",
    }  # fmt: skip
    at = changes.pop("at", NOW)
    return set_action(by=by, said=told | changes, rests_on=[rests_on] if rests_on else [], now=at)


def late(one: Any, days: int) -> Any:
    """Return an action that is late by some days."""
    from kalanso.hub.portfolio.models import ActionPoint

    ActionPoint.objects.filter(pk=one.pk).update(due=TODAY - timedelta(days=days))
    one.refresh_from_db()
    return one


def closed(by: Any, one: Any, **more: Any) -> Any:
    """Return an action that somebody closed."""
    from kalanso.hub.portfolio.actions.follow_up import close_action

    one.refresh_from_db()
    told = {"closing": "La moto roule ; le carnet de bord est au CSCom."} | more
    return close_action(by=by, one=one, version=one.version, now=NOW, **told)


def verified(by: Any, one: Any) -> Any:
    """Return an action that somebody verified."""
    from kalanso.hub.portfolio.actions.follow_up import verify_action

    one.refresh_from_db()
    return verify_action(by=by, one=one, version=one.version, now=NOW)


def met(by: Any, place_code: str = "", day: date = TODAY, title: str = "Revue du trimestre") -> Any:
    """Return a meeting that somebody noted."""
    from kalanso.hub.portfolio.actions.decisions import note_meeting

    told = {"title": title, "date": day, "place_code": place_code, "minutes": ""}
    return note_meeting(by=by, said=told, present=[house()], now=NOW)


def decided(
    by: Any, place_code: str = "", *, rests_on: tuple[str, ...] = (), meeting: Any = None, **more: Any
) -> Any:
    """Return a decision that somebody noted, on a number that they read unless something else is its ground."""
    from kalanso.hub.portfolio.actions.decisions import decide

    told = {
        "text": "Ouvrir deux séances avancées par mois.",
        "body": "Comité du PEV",
        "date": TODAY,
        "place_code": place_code,
        "meeting": meeting,
    }
    ground = (
        {} if rests_on else {"number": "6 séances sur 8 annulées", "source": "registre du CSCom, septembre"}
    )
    return decide(by=by, said=told, rests_on=list(rests_on), now=NOW, **ground, **more)


def mark(one: Any) -> str:
    """Return by what mark a record is cited."""
    return f"{one._meta.label_lower}:{one.pk}"


def form(client: Any, address: str, **changes: Any) -> dict[str, Any]:
    """Return the form of a page as somebody fills it in, the rest as it is preset."""
    shown = client.get(address).context["form"]
    found = {field.html_name: field.value() for field in shown} | changes
    return {name: value for name, value in found.items() if value not in (None, False)}


def photo() -> bytes:
    """A photo as a telephone takes it."""
    from PIL import Image

    out = BytesIO()
    Image.new("RGB", (640, 480), "white").save(out, "JPEG")
    return out.getvalue()


def things(author: Any, *, home: str, flagged: str) -> dict[str, Any]:
    """Return, for the table of addresses, a factor, actions, a decision and a meeting at home, and some at a flagged place."""
    factor, hidden = named(author, home), named(author, flagged)
    action, done = set_by(author, home, rests_on=mark(factor)), set_by(author, home)
    closed(author, done, photo=photo(), photo_alt="La moto devant le CSCom")
    secret = set_by(author, flagged)
    meeting = met(author, home)
    decision = decided(author, home, rests_on=(mark(factor),), meeting=meeting)
    return {
        "factor": lambda who: {"pk": factor.pk}, "factor of a flagged place": lambda who: {"pk": hidden.pk},
        "action": lambda who: {"reference": action.reference}, "action that is done": lambda who: {"reference": done.reference},
        "action of a flagged place": lambda who: {"reference": secret.reference},
        "decision": lambda who: {"reference": decision.reference}, "meeting": lambda who: {"pk": meeting.pk},
    }  # fmt: skip


def in_every_state(centre: Any, team: Any, place: str) -> dict[str, str]:
    """Return by names for addresses factors, actions, a meeting and decisions, each in its states."""
    cell(place, code="INT-014", state="delayed", reason="véhicule en panne", since=NOW)
    first = named(team, place, rests_on=f"place_estimate:{place}")
    over = named(team, place, what="La piste était coupée.")
    helps = named(
        team,
        place,
        kind="facilitator",
        domain="demand",
        what="Les groupements de femmes appellent les mères.",
    )
    action, done, seen = (set_by(team, place, rests_on=mark(one)) for one in (first, first, over))
    overdue = late(set_by(centre, "", owner=team), 9)
    closed(team, done, photo=photo(), photo_alt="La moto devant le CSCom")
    verified(centre, closed(team, seen))
    moved(team, over, "lifted", "La piste est ouverte depuis mardi.")
    met(centre, "", TODAY - timedelta(days=60), "Revue précédente")
    meeting = met(centre)
    decision = decided(centre, place, rests_on=(mark(first),), meeting=meeting)
    set_by(centre, place, owner=team, rests_on=mark(decision))
    return {
        "factor_open": str(first.pk), "factor_lifted": str(over.pk), "factor_helps": str(helps.pk), "action_open": action.reference,
        "action_done": done.reference, "action_verified": seen.reference, "action_late": overdue.reference,
        "meeting": str(meeting.pk), "decision": decision.reference,
    }  # fmt: skip
