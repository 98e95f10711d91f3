"""Which obstacles and facilitators are new, open and lifted, and which of them has no answer?"""

from __future__ import annotations

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kalanso.figures.reviews import Fact, Linked, Listing, Section
from kalanso.hub.explore.panels import period as called
from kalanso.hub.people.models import PlaceMirror
from kalanso.hub.people.queries.places import names_of
from kalanso.hub.portfolio.models.factors import FACTOR_OVER, FactorKind, FactorState
from kalanso.hub.portfolio.models.follow_up import ActionState
from kalanso.hub.portfolio.queries import factors
from kalanso.hub.site.queries.review.asked import SHOWN, Asked, count, kept_in, not_listed, shortened

BARRIER, FACILITATOR = FactorKind.BARRIER, FactorKind.FACILITATOR


def section(asked: Asked) -> Section:
    """Return what holds vaccination back in the place, and what helps it."""
    title = _("Qu'est-ce qui bloque, qu'est-ce qui aide ?")
    seen = factors.visible_factors(asked.person).filter(asked.at())
    new, still = asked.within("named"), ~Q(state__in=FACTOR_OVER)
    lifted = Q(state=FactorState.LIFTED) & asked.within("since")
    n = seen.order_by().aggregate(
        new=Count("pk", filter=Q(kind=BARRIER) & new), open=Count("pk", filter=Q(kind=BARRIER) & still),
        lifted=Count("pk", filter=Q(kind=BARRIER) & lifted), helps=Count("pk", filter=Q(kind=FACILITATOR) & still),
        all=Count("pk"),
    )  # fmt: skip
    notes = _kept(asked)
    if not n["all"]:
        message = _("Personne n'a encore nommé d'obstacle ni de facilitateur ici.")
        return Section(name="factors", title=title, message=message, notes=(_("Qui travaille quelque part y nomme ce qui bloque ou aide, aussi sans réseau, depuis « Obstacles »."), *notes))  # fmt: skip
    said = {name: count(number) for name, number in n.items()} | {"period": called(asked.period)}
    message = _("Obstacles ouverts : %(open)s. Nouveaux au %(period)s : %(new)s. Levés : %(lifted)s. Facilitateurs : %(helps)s.") % said  # fmt: skip
    facts = [
        Fact(label=_("Obstacles ouverts"), value=Linked(said["open"], asked.list_of("factors", nature="barrier", etat="still"))),
        Fact(label=_("Nouveaux, au trimestre"), value=Linked(said["new"], asked.list_of("factors", nature="barrier"))),
        Fact(label=_("Levés, au trimestre"), value=Linked(said["lifted"], asked.list_of("factors", nature="barrier", etat="lifted"))),
        Fact(label=_("Facilitateurs"), value=Linked(said["helps"], asked.list_of("factors", nature="facilitator", etat="still"))),
    ]  # fmt: skip
    return Section(
        name="factors", title=title, message=message, facts=facts, listings=[*listings(asked, SHOWN), *_helping(asked)], notes=notes
    )  # fmt: skip


def listings(asked: Asked, most: int) -> list[Listing]:
    """Return the open obstacles, the heaviest first, with how many actions answer each."""
    seen = factors.visible_factors(asked.person).filter(asked.at(), kind=BARRIER)
    rows = seen.exclude(state__in=FACTOR_OVER).annotate(
        answers=Count("actions", filter=~Q(actions__state=ActionState.CANCELLED), distinct=True)
    )
    shown = list(rows.order_by("-severity", "-named")[:most])
    if not shown:
        return []
    names = names_of({one.place_code for one in shown})
    return [
        Listing(
            title=_("Les obstacles ouverts, les plus lourds d'abord"),
            headings=(_("Obstacle"), _("Domaine"), _("Lieu"), _("Poids"), _("Actions")),
            rows=[
                (
                    Linked(shortened(one.what), reverse("factor", args=[one.pk])), Linked(one.get_domain_display()),
                    Linked(names.get(one.place_code, one.place_code)), Linked(_("%(n)s sur 5") % {"n": one.severity}),
                    Linked(count(one.answers) if one.answers else _("aucune")),
                )
                for one in shown
            ],
            widths=(4.4, 1.7, 1.5, 0.9, 1), more=not_listed(rows.count(), len(shown)),
        )
    ]  # fmt: skip


def _helping(asked: Asked) -> list[Listing]:
    seen = factors.visible_factors(asked.person).filter(asked.at(), kind=FACILITATOR)
    rows = seen.exclude(state__in=FACTOR_OVER).order_by("-severity", "-named")
    shown = list(rows[:5])
    if not shown:
        return []
    names = names_of({one.place_code for one in shown})
    return [
        Listing(
            title=_("Ce qui aide"), headings=(_("Facilitateur"), _("Domaine"), _("Lieu")),
            rows=[
                (
                    Linked(shortened(one.what), reverse("factor", args=[one.pk])), Linked(one.get_domain_display()),
                    Linked(names.get(one.place_code, one.place_code)),
                )
                for one in shown
            ],
            widths=(5, 2, 2), more=not_listed(rows.count(), len(shown)),
        )
    ]  # fmt: skip


def inside(asked: Asked) -> frozenset[str]:
    """Return the names of the districts of the place, by which counts of kept records are told."""
    if asked.whole:
        return frozenset()
    rows = PlaceMirror.objects.filter(asked.at("code"), level="district")
    return frozenset(rows.values_list("name", flat=True))


def _kept(asked: Asked) -> list[str]:
    n = kept_in(asked, factors.kept_counts(asked.person, today=asked.today), inside(asked))
    if not n:
        return []
    told = ngettext(
        "%(n)s obstacle d'une zone protégée est réservé à son équipe : il n'est pas compté ici.",
        "%(n)s obstacles de zones protégées sont réservés à leurs équipes : ils ne sont pas comptés ici.",
        n,
    )
    return [told % {"n": count(n)}]
