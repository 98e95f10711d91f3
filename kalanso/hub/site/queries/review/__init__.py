"""What does a quarterly review say of a place, as its reader may know it?

It is built from what the apps hold: a section is one file of this package and one line of `SECTIONS`. A section returns
what it says, or nothing where it has nothing to say to this reader. Apps know nothing of one another here: they are asked
by their queries, and put together.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from kalanso.figures.reviews import Linked, Review, Section
from kalanso.hub.explore.panels import locale, moment, period, state
from kalanso.hub.explore.queries import doors, runs, shelf
from kalanso.hub.explore.queries.places import Place
from kalanso.hub.portfolio.queries import reports as of_reports
from kalanso.hub.site.queries.review import (
    actions,
    cells,
    changes,
    children,
    decisions,
    factors,
    money,
    reports,
    waiting,
)
from kalanso.hub.site.queries.review.asked import Asked
from kalanso.vocabulary import Level

# Sections in the order of a meeting: to add one, add a file and a line here.
SECTIONS: tuple[Callable[[Asked], Section | None], ...] = (
    children.section,
    changes.section,
    cells.section,
    reports.section,
    factors.section,
    actions.section,
    decisions.section,
    waiting.section,
    money.section,
)
LEVELS = frozenset({Level.COUNTRY, Level.REGION, Level.DISTRICT})


def asked_by(person: Any, place: Place, quarter: str, now: datetime) -> Asked:
    """Return what a reader asks for, from the shelf of the reader of this moment."""
    own = shelf.current()
    return Asked(
        person=person,
        place=place,
        period=quarter,
        moment=now,
        own=own,
        here=doors.reading(own, place),
    )


def quarters(today: date) -> list[str]:
    """Return the quarters of which there can be a review, newest first."""
    return of_reports.quarters(today)


def usual_quarter(today: date) -> str:
    """Return the quarter that a review is of where nobody says: the newest that is over."""
    return of_reports.last_quarter(today)


def review(asked: Asked) -> Review:
    """Return the review of a place and quarter in the language of the moment."""
    return told(asked, tuple(one for ask in SECTIONS if (one := ask(asked)) is not None))


def told(asked: Asked, sections: tuple[Section, ...], *, title: str = "", page: str = "") -> Review:
    """Return sections as a document: what it is of, when it was built, and what must be read first."""
    called = {"place": asked.place.name, "period": period(asked.period)}
    kept = {"lieu": asked.place.code, "periode": asked.period}
    return Review(
        title=title or _("Revue du %(period)s · %(place)s") % called,
        subtitle=_("Où en est-on, qu'est-ce qui a changé, que décide-t-on ?"),
        locale=locale(),
        built=_("État au %(moment)s") % {"moment": moment(asked.moment)},
        page=Linked(_("Voir dans Kalanso"), page or f"{reverse('review')}?{urlencode(kept)}"),
        sections=sections,
        marks=marks(asked),
        demo=asked.here.store.demo,
    )


def marks(asked: Asked) -> tuple[str, ...]:
    """Return what must be read before any number: simulated data, a run that is a draft, a quarter that still runs."""
    run = runs.run(asked.here)
    found = [_("DÉMO : chiffres simulés")] if asked.here.store.demo else []
    if run is not None:
        found.append(_("Estimation : %(state)s") % {"state": state(run.state)})
    if not asked.over:
        found.append(_("Trimestre en cours : chiffres provisoires"))
    return tuple(found)
