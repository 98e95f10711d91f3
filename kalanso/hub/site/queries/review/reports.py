"""Which reports on the quarter came, which are missing, and what do those that were approved count?"""

from __future__ import annotations

from collections import Counter
from urllib.parse import urlencode

from django.db.models import Count, QuerySet, Sum
from django.urls import reverse
from django.utils.translation import gettext as _

from kalanso.figures.reviews import Fact, Linked, Listing, Section
from kalanso.hub.explore.panels import period as called
from kalanso.hub.portfolio.models import Cell, Report
from kalanso.hub.portfolio.queries import reports, scope
from kalanso.hub.portfolio.queries.keeping import kept_lines, told_until
from kalanso.hub.site.queries.review.asked import SHOWN, Asked, count, not_listed

State = Report.State
SENT = (State.SUBMITTED, State.APPROVED)


def section(asked: Asked) -> Section:
    """Return who has reported on the quarter."""
    title = _("Qui a rendu compte du trimestre ?")
    cells = scope.cells(asked.person).filter(asked.at(), intervention__closed=False)
    expected = cells.filter(reports.expected_in(asked.period))
    houses = dict(
        expected.order_by().values_list("organisation__name").annotate(n=Count("pk")).values_list("organisation__name", "n")
    )  # fmt: skip
    total = sum(houses.values())
    if not total:
        return Section(
            name="reports", title=title, message=_("Aucun rapport n'est attendu ici pour le %(period)s.") % {"period": called(asked.period)},
            notes=(_("Un rapport est attendu de chaque ligne dont le plan dit qu'elle a commencé."),),
        )  # fmt: skip
    found = Report.objects.filter(period=asked.period, cell__in=expected.order_by().values("pk"))
    states = Counter(dict(found.order_by().values_list("state").annotate(n=Count("pk"))))
    came = dict(found.filter(state__in=SENT).order_by().values_list("cell__organisation__name").annotate(n=Count("pk")))  # fmt: skip
    sent = states[State.SUBMITTED] + states[State.APPROVED]
    said = {"sent": count(sent), "total": count(total), "approved": count(states[State.APPROVED]), "period": called(asked.period)}  # fmt: skip
    message = (
        _("Rapports reçus pour le %(period)s : %(sent)s, sur %(total)s attendus. Approuvés : %(approved)s.")
        % said
    )
    return Section(
        name="reports", title=title, message=message, facts=_facts(asked, states, total - sent, found),
        listings=_listings(houses, came, address(asked)), notes=_notes(asked, expected),
    )  # fmt: skip


def address(asked: Asked) -> str:
    """Return the page that shows who has reported on the quarter."""
    return f"{reverse('reports')}?{urlencode({'trimestre': asked.period})}"


def _facts(asked: Asked, states: Counter[str], missing: int, found: QuerySet[Report]) -> list[Fact]:
    led = address(asked)
    counted = reports.approved(asked.person).filter(
        pk__in=found.values("pk"), reached__isnull=False, expected__isnull=False
    )
    sums = counted.order_by().aggregate(vaccinated=Sum("reached"), sought=Sum("expected"))
    told = [
        Fact(label=_("Non reçus"), value=Linked(count(missing), led)),
        Fact(label=_("À approuver"), value=Linked(count(states[State.SUBMITTED]), led)),
        Fact(label=_("Approuvés"), value=Linked(count(states[State.APPROVED]), led)),
    ]
    if sums["sought"]:
        beside = _("sur %(n)s cherchés, rapports approuvés") % {"n": count(sums["sought"])}
        told.append(Fact(label=_("Enfants vaccinés par ces activités"), value=Linked(count(sums["vaccinated"]), led), beside=beside))  # fmt: skip
    return told


def _listings(houses: dict[str, int], came: dict[str, int], led: str) -> list[Listing]:
    rows = sorted(
        ((name, n, n - came.get(name, 0)) for name, n in houses.items()), key=lambda row: (-row[2], row[0])
    )
    missing = [row for row in rows if row[2]]
    if not missing:
        return []
    return [
        Listing(
            title=_("Les organisations dont des rapports manquent"), headings=(_("Organisation"), _("Attendus"), _("Reçus"), _("Manquants")),
            rows=[
                (Linked(name), Linked(count(n), led), Linked(count(n - left), led), Linked(count(left), led)) for name, n, left in missing[:SHOWN]
            ],
            widths=(4, 1, 1, 1.2), numbers=frozenset({1, 2, 3}), more=not_listed(len(missing), SHOWN),
        )
    ]  # fmt: skip


def _notes(asked: Asked, expected: QuerySet[Cell]) -> list[str]:
    found = [_("Les enfants vaccinés sont ceux que les équipes ont comptés dans ces activités : ils ne se comparent pas à l'estimation.")]  # fmt: skip
    if asked.period > told_until(asked.today) and expected.filter(kept_lines(asked.person)).exists():
        found.append(_("Ceux des lignes protégées ne sont comptés que 90 jours après la fin du trimestre."))
    if not asked.over:
        found.append(_("Le trimestre n'est pas fini : ces rapports peuvent encore arriver à temps."))
    return found
