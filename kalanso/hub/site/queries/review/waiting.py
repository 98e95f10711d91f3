"""What waits for a decision?

Four rules, said on the page: a line that is suspended or late and to which no decision and no open action answers; a heavy
open obstacle without an action; an action that is more than a month late; a report that was sent more than a month ago
and that nobody approved or sent back.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kalanso.figures.reviews import Linked, Listing, Section
from kalanso.hub.people.queries.places import names_of
from kalanso.hub.portfolio.models import ActionPoint, Decision, Report
from kalanso.hub.portfolio.models.factors import FACTOR_OVER, FactorKind
from kalanso.hub.portfolio.models.follow_up import TO_DO, ActionState
from kalanso.hub.portfolio.queries import factors, follow_up, keeping, scope
from kalanso.hub.site.queries.review.asked import Asked, bounds, count, day, not_listed, shortened
from kalanso.hub.site.queries.review.cells import STOPPED

HEAVY = 4  # of five, from which an obstacle decides most sessions
LONG = timedelta(days=31)
SHOWN = 12

Row = tuple[str, str, str, str, str]  # what, where it is shown, place code, why it waits, since when


def section(asked: Asked) -> Section:
    """Return what waits for a decision in the place."""
    rows = [*_cells(asked), *_factors(asked), *_actions(asked), *_reports(asked)]
    n = len(rows)
    message = (
        ngettext("%(n)s point attend une décision.", "%(n)s points attendent une décision.", n)
        % {"n": count(n)}
        if n
        else _("Rien n'attend de décision selon ces règles.")
    )
    names = names_of({place for _what, _led, place, _why, _since in rows[:SHOWN]})
    listing = Listing(
        title=_("À décider"), headings=(_("Quoi"), _("Lieu"), _("Pourquoi maintenant"), _("Depuis")),
        rows=[
            (Linked(what, led), Linked(names.get(place, place) or _("tout le pays")), Linked(why), Linked(since))
            for what, led, place, why, since in rows[:SHOWN]
        ],
        widths=(4, 1.5, 3.2, 1.3), more=not_listed(n, min(n, SHOWN)),
    )  # fmt: skip
    rule = _("Attend une décision : une ligne arrêtée sans action ni décision depuis le début du trimestre ; un obstacle de poids 4 ou 5 sans action ; une action en retard de plus d'un mois ; un rapport envoyé il y a plus d'un mois que personne n'a relu.")  # fmt: skip
    return Section(
        name="waiting", title=_("Qu'est-ce qui attend une décision ?"), message=message, listings=[listing] if rows else (), notes=(rule,)
    )  # fmt: skip


def _cells(asked: Asked) -> Iterator[Row]:
    first, _last = bounds(asked.quarter)
    answered = ActionPoint.objects.filter(cell=OuterRef("pk"), state__in=(*TO_DO, ActionState.DONE))
    decided = Decision.objects.filter(cells=OuterRef("pk"), date__gte=first.date())
    seen = ~keeping.kept_from(asked.person, keeping.flagged() | Q(sensitive=True))
    rows = scope.cells(asked.person).filter(seen, asked.at(), ~Exists(answered), ~Exists(decided), state__in=STOPPED, intervention__closed=False)  # fmt: skip
    for one in rows.order_by("since", "pk"):
        why = _("%(state)s, sans action ni décision : %(reason)s") % {"state": one.get_state_display(), "reason": shortened(one.reason, 70)}  # fmt: skip
        yield (
            f"{one.intervention.code} · {shortened(one.intervention.title, 60)}", reverse("cell", args=[one.pk]), one.place_code, why,
            day(one.since.date()),
        )  # fmt: skip


def _factors(asked: Asked) -> Iterator[Row]:
    answered = ActionPoint.objects.filter(factor=OuterRef("pk")).exclude(state=ActionState.CANCELLED)
    seen = factors.visible_factors(asked.person).filter(asked.at(), ~Exists(answered), kind=FactorKind.BARRIER, severity__gte=HEAVY)  # fmt: skip
    for one in seen.exclude(state__in=FACTOR_OVER).order_by("-severity", "named"):
        why = _("Obstacle de poids %(n)s, sans action") % {"n": one.severity}
        yield (
            shortened(one.what, 80),
            reverse("factor", args=[one.pk]),
            one.place_code,
            why,
            day(one.named.date()),
        )


def _actions(asked: Asked) -> Iterator[Row]:
    seen = follow_up.visible_actions(asked.person).filter(asked.at())
    for one in follow_up.late(seen, asked.today - LONG).order_by("due", "pk"):
        days = one.days_late(asked.today)
        why = ngettext("En retard de %(n)s jour", "En retard de %(n)s jours", days) % {"n": count(days)}
        yield (
            follow_up.called(one),
            reverse("action", args=[one.reference]),
            one.place_code,
            why,
            day(one.due),
        )


def _reports(asked: Asked) -> Iterator[Row]:
    seen = ~keeping.kept_from(asked.person, keeping.flagged() | Q(sensitive=True))
    cells = scope.cells(asked.person).filter(seen, asked.at(), intervention__closed=False)
    rows = Report.objects.filter(
        cell__in=cells.order_by().values("pk"),
        state=Report.State.SUBMITTED,
        submitted__lt=asked.moment - LONG,
    ).select_related("cell__intervention")
    for one in rows.order_by("submitted", "pk"):
        line = one.cell.intervention
        since = day(one.submitted.date()) if one.submitted else ""
        yield (
            f"{line.code} · {shortened(line.title, 60)}", reverse("report", args=[one.cell_id, one.period]), one.cell.place_code,
            _("Rapport envoyé, ni approuvé ni renvoyé"), since,
        )  # fmt: skip
