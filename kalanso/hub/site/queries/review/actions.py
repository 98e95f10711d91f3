"""Which actions are late, wait to be verified, were verified in the quarter, and fall due next?"""

from __future__ import annotations

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kalanso.figures.reviews import Fact, Linked, Listing, Section
from kalanso.hub.people.queries.places import names_of
from kalanso.hub.portfolio.models.follow_up import TO_DO, ActionState
from kalanso.hub.portfolio.queries import follow_up
from kalanso.hub.site.queries.review.asked import SHOWN, Asked, count, day, kept_in, not_listed
from kalanso.hub.site.queries.review.factors import inside


def section(asked: Asked) -> Section:
    """Return what was promised in the place and is late."""
    title = _("Quelles actions sont en retard ?")
    seen = follow_up.visible_actions(asked.person).filter(asked.at())
    n = seen.order_by().aggregate(
        late=Count("pk", filter=Q(state__in=TO_DO, due__lt=asked.today)), open=Count("pk", filter=Q(state__in=TO_DO)),
        done=Count("pk", filter=Q(state=ActionState.DONE)),
        verified=Count("pk", filter=Q(state=ActionState.VERIFIED) & asked.within("verified")), all=Count("pk"),
    )  # fmt: skip
    notes = _kept(asked)
    if not n["all"]:
        return Section(
            name="actions", title=title, message=_("Aucune action n'est fixée ici."),
            notes=(_("Une action se fixe depuis un obstacle, une alerte, une estimation ou « Actions » : qui, quoi, pour quand."), *notes),
        )  # fmt: skip
    said = {name: count(number) for name, number in n.items()}
    message = _("Actions en retard : %(late)s, sur %(open)s à faire. À vérifier : %(done)s. Vérifiées au trimestre : %(verified)s.") % said  # fmt: skip
    facts = [
        Fact(label=_("En retard"), value=Linked(said["late"], asked.list_of("actions", etat="late"))),
        Fact(label=_("À faire"), value=Linked(said["open"], asked.list_of("actions", etat="to_do"))),
        Fact(label=_("À vérifier"), value=Linked(said["done"], asked.list_of("actions", etat="done"))),
        Fact(label=_("Vérifiées, au trimestre"), value=Linked(said["verified"], asked.list_of("actions", etat="verified"))),
    ]  # fmt: skip
    return Section(
        name="actions", title=title, message=message, facts=facts, listings=_late(asked), notes=notes
    )


def _late(asked: Asked) -> list[Listing]:
    seen = follow_up.visible_actions(asked.person).filter(asked.at())
    rows = follow_up.late(seen, asked.today).order_by("due", "pk")
    return _listing(asked, rows, SHOWN, _("En retard, les plus anciennes d'abord"))


def listings(asked: Asked, most: int) -> list[Listing]:
    """Return the actions that are still to do, those due first before others."""
    seen = follow_up.visible_actions(asked.person).filter(asked.at(), state__in=TO_DO)
    return _listing(asked, seen.order_by("due", "pk"), most, _("À faire, par date"))


def _listing(asked: Asked, rows: object, most: int, title: str) -> list[Listing]:
    shown = list(rows[:most])  # type: ignore[index]
    if not shown:
        return []
    names = names_of({one.place_code for one in shown})
    return [
        Listing(
            title=title, headings=(_("Action"), _("Organisation"), _("Lieu"), _("Pour le"), _("Retard")),
            rows=[
                (
                    Linked(follow_up.called(one), reverse("action", args=[one.reference])), Linked(str(one.organisation)),
                    Linked(names.get(one.place_code, one.place_code) or _("tout le pays")), Linked(day(one.due)),
                    Linked(_late_by(one.days_late(asked.today))),
                )
                for one in shown
            ],
            widths=(4.2, 2, 1.5, 1.3, 1.1), more=not_listed(rows.count(), len(shown)),  # type: ignore[attr-defined]
        )
    ]  # fmt: skip


def _late_by(days: int) -> str:
    return ngettext("%(n)s jour", "%(n)s jours", days) % {"n": count(days)} if days else "–"


def _kept(asked: Asked) -> list[str]:
    n = kept_in(asked, follow_up.kept_counts(asked.person, day=asked.today), inside(asked))
    if not n:
        return []
    told = ngettext(
        "%(n)s action d'une zone protégée est réservée à son équipe : elle n'est pas comptée ici.",
        "%(n)s actions de zones protégées sont réservées à leurs équipes : elles ne sont pas comptées ici.",
        n,
    )
    return [told % {"n": count(n)}]
