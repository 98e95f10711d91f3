"""What was decided in the quarter, by whom, and when does one meet next?"""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kalanso.figures.reviews import Linked, Listing, Section
from kalanso.hub.explore.panels import period as called
from kalanso.hub.people.queries.places import names_of
from kalanso.hub.portfolio.queries import decisions
from kalanso.hub.site.queries.review.asked import SHOWN, Asked, count, day, not_listed, shortened


def section(asked: Asked) -> Section:
    """Return the decisions of the quarter and the meetings at which they were taken."""
    rows = (
        decisions.visible_decisions(asked.person)
        .filter(asked.at(), asked.within_days("date"))
        .order_by("-date", "-pk")
    )
    n, shown = rows.count(), list(rows[:SHOWN])
    said = {"n": count(n), "period": called(asked.period)}
    message = (
        ngettext("%(n)s décision prise au %(period)s.", "%(n)s décisions prises au %(period)s.", n) % said
        if n
        else _("Aucune décision n'est notée pour le %(period)s.") % said
    )
    notes = () if n else (_("Une décision se note depuis une réunion, avec ce sur quoi elle s'appuie."),)
    return Section(
        name="decisions", title=_("Qu'a-t-on décidé ?"), message=message, told=_meetings(asked), listings=_listing(shown, n), notes=notes
    )  # fmt: skip


def _listing(shown: list[object], total: int) -> list[Listing]:
    if not shown:
        return []
    names = names_of({one.place_code for one in shown})  # type: ignore[attr-defined]
    return [
        Listing(
            title=_("Décisions du trimestre"), headings=(_("Décision"), _("Qui a décidé"), _("Lieu"), _("Le")),
            rows=[
                (
                    Linked(f"{one.reference} · {shortened(one.text)}", reverse("decision", args=[one.reference])), Linked(shortened(one.body, 60)),  # type: ignore[attr-defined]
                    Linked(names.get(one.place_code, one.place_code) or _("tout le pays")), Linked(day(one.date)),  # type: ignore[attr-defined]
                )
                for one in shown
            ],
            widths=(5, 2.2, 1.6, 1.3), more=not_listed(total, len(shown)),
        )
    ]  # fmt: skip


def _meetings(asked: Asked) -> list[Linked]:
    """Return the meetings of the quarter, and the next one of the place."""
    seen = decisions.visible_meetings(asked.person).filter(asked.at())
    held = seen.filter(asked.within_days("date"), date__lte=asked.today).order_by("date", "pk")[:5]
    found = [
        Linked(_("Réunion tenue : %(title)s, le %(day)s") % {"title": one.title, "day": day(one.date)}, reverse("meeting", args=[one.pk]))
        for one in held
    ]  # fmt: skip
    following = seen.filter(date__gt=asked.today).order_by("date", "pk").first()
    if following is not None:
        told = _("Prochaine réunion : %(title)s, le %(day)s.") % {
            "title": following.title,
            "day": day(following.date),
        }
        found.append(Linked(told, reverse("meeting", args=[following.pk])))
    return found
