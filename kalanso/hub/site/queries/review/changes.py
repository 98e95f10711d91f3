"""What changed since the quarter before?

Counted by the day on which it was written in the trail or on the record, in both quarters alike; records that are kept
from the reader are in neither.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from kalanso.figures.reviews import Linked, Listing, Section
from kalanso.hub.explore.panels import period as called
from kalanso.hub.explore.panels import sentence, snapshot_url
from kalanso.hub.explore.queries import evidence_of_places, runs, said
from kalanso.hub.people.models import Event
from kalanso.hub.people.queries.places import names_of
from kalanso.hub.portfolio.models import Report
from kalanso.hub.portfolio.models.follow_up import ActionState
from kalanso.hub.portfolio.queries import decisions, factors, follow_up, keeping, scope
from kalanso.hub.portfolio.queries import reports as of_reports
from kalanso.hub.site.queries.review import money, reports
from kalanso.hub.site.queries.review.asked import SHOWN, Asked, count, not_listed, shortened
from kalanso.hub.site.queries.review.cells import portfolio_of
from kalanso.vocabulary import Period

STEPPED = ("portfolio.cell_planned", "portfolio.cell_advanced")
Counted = Callable[[Asked, Period], int]


def section(asked: Asked) -> Section:
    """Return the quarter beside the one before it, and the lines whose state changed."""
    counts = [
        (name, led, ask(asked, asked.before), ask(asked, asked.quarter)) for name, led, ask in _counted(asked)
    ]
    moved = counts[0]
    message = _("Lignes nouvelles ou dont l'état a changé au %(period)s : %(moved)s ; au trimestre d'avant : %(earlier)s.") % {
        "period": called(asked.period), "moved": count(moved[3]), "earlier": count(moved[2]),
    }  # fmt: skip
    rows = [
        (Linked(name), Linked(count(before), led), Linked(count(now), led))
        for name, led, before, now in counts
    ]
    table = Listing(
        title=_("Un trimestre après l'autre"), headings=(_("Ce qui est compté"), called(str(asked.before)), called(asked.period)),
        rows=[*rows, *money.quarter_by_quarter(asked)], widths=(5, 2, 2), numbers=frozenset({1, 2}),
    )  # fmt: skip
    notes = [] if asked.over else [_("Le trimestre n'est pas fini : sa colonne grandit encore.")]
    return Section(
        name="changes", title=_("Qu'est-ce qui a changé depuis le trimestre d'avant ?"), message=message, told=_of_estimate(asked),
        listings=[table, *_moved(asked)], notes=notes,
    )  # fmt: skip


def _counted(asked: Asked) -> list[tuple[str, str, Counted]]:
    return [
        (_("Lignes nouvelles ou dont l'état a changé"), portfolio_of(asked), _steps),
        (_("Rapports reçus"), reports.address(asked), _received),
        (_("Obstacles nommés"), asked.list_of("factors", nature="barrier"), _named),
        (_("Actions fixées"), asked.list_of("actions"), _set),
        (_("Actions vérifiées"), asked.list_of("actions", etat="verified"), _verified),
        (_("Décisions prises"), asked.list_of("decisions"), _decided),
    ]


def _seen_cells(asked: Asked) -> Any:
    seen = ~keeping.kept_from(asked.person, keeping.flagged() | Q(sensitive=True))
    return scope.cells(asked.person).filter(seen, asked.at())


def _steps(asked: Asked, quarter: Period) -> int:
    cells = _seen_cells(asked)
    own = {str(pk) for pk in cells.values_list("pk", flat=True)}
    told = Event.objects.filter(asked.within("at", quarter), verb__in=STEPPED).values_list(
        "object_id", flat=True
    )
    since = cells.filter(asked.within("since", quarter)).values_list("pk", flat=True)
    return len((own & set(told)) | {str(pk) for pk in since})


def _received(asked: Asked, quarter: Period) -> int:
    cells = scope.cells(asked.person).filter(
        asked.at(), of_reports.expected_in(str(quarter)), intervention__closed=False
    )
    return Report.objects.filter(period=str(quarter), state__in=reports.SENT, cell__in=cells.order_by().values("pk")).count()  # fmt: skip


def _named(asked: Asked, quarter: Period) -> int:
    return (
        factors.visible_factors(asked.person)
        .filter(asked.at(), asked.within("named", quarter), kind="barrier")
        .count()
    )


def _set(asked: Asked, quarter: Period) -> int:
    return follow_up.visible_actions(asked.person).filter(asked.at(), asked.within("made", quarter)).count()


def _verified(asked: Asked, quarter: Period) -> int:
    seen = follow_up.visible_actions(asked.person).filter(asked.at(), asked.within("verified", quarter))
    return seen.filter(state=ActionState.VERIFIED).count()


def _decided(asked: Asked, quarter: Period) -> int:
    return (
        decisions.visible_decisions(asked.person)
        .filter(asked.at(), asked.within_days("date", quarter))
        .count()
    )


def _of_estimate(asked: Asked) -> list[Linked]:
    """Return whether coverage changed from one year to the next, with its probability, where a run says so of this span."""
    row = (
        evidence_of_places.changes(asked.here, asked.place.code).get("dtp1")
        if said.tellable(asked.here)
        else None
    )
    if row is None or Period.parse(row["after"]).end > asked.quarter.end:
        return []
    spec = runs.spec_of(asked.here, "coverage_changes")
    manifest = asked.here.manifest(spec) if spec is not None else None
    return [Linked(sentence(row), snapshot_url(manifest.id) if manifest else "")]


def _moved(asked: Asked) -> list[Listing]:
    rows = _seen_cells(asked).filter(asked.within("since")).order_by("-since", "pk")
    shown = list(rows[:SHOWN])
    if not shown:
        return []
    names = names_of({one.place_code for one in shown})
    return [
        Listing(
            title=_("Les lignes nouvelles ou dont l'état a changé en dernier"), headings=(_("Intervention"), _("District"), _("État et raison")),
            rows=[
                (
                    Linked(f"{one.intervention.code} · {shortened(one.intervention.title, 60)}", reverse("cell", args=[one.pk])),
                    Linked(names.get(one.place_code, one.place_code)),
                    Linked(f"{one.get_state_display()} : {shortened(one.reason)}" if one.reason else one.get_state_display()),
                )
                for one in shown
            ],
            widths=(4, 1.5, 4), more=not_listed(rows.count(), len(shown)),
        )
    ]  # fmt: skip
