"""Which lines of the portfolio are on track, which are not, and why?

A line is off track where it is late or suspended, its end or its beginning has passed, or a point of its plan has. Of
protected lines readers outside the team know the state and whether the end has passed, and nothing else.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from kalanso.figures.reviews import Drawing, Fact, Linked, Listing, Section
from kalanso.hub.explore.panels import locale, period
from kalanso.hub.people.queries.places import names_of
from kalanso.hub.portfolio.models import Cell, Milestone
from kalanso.hub.portfolio.models.cells import OVER, State
from kalanso.hub.portfolio.queries import cells as of_cells
from kalanso.hub.portfolio.queries import scope
from kalanso.hub.portfolio.queries.grid import ICONS
from kalanso.hub.site.queries.review.asked import SHOWN, Asked, count, day, not_listed, shortened
from kalanso.vocabulary import Level

NOT_BEGUN = frozenset({State.PLANNED, State.PREPARING})
STOPPED = (State.SUSPENDED, State.DELAYED)


@dataclass(frozen=True)
class Standing:
    """A line as a review judges it: `why` says why it is off track, "" where it is not."""

    cell: Cell
    detail: bool
    why: str

    @property
    def state(self) -> str:
        """Its state with its icon."""
        return f"{ICONS[State(self.cell.state)]} {State(self.cell.state).label}"

    @property
    def reason(self) -> str:
        """Why it was stopped, for who may know."""
        return self.cell.reason if self.detail else ""

    @property
    def rank(self) -> tuple[int, str]:
        """The order of lists: what is stopped first."""
        order = {state: number for number, state in enumerate(STOPPED)}
        return order.get(State(self.cell.state), len(STOPPED)), self.cell.intervention.code


def standings(asked: Asked) -> list[Standing]:
    """Return the lines of the place, each judged as the reader may know it."""
    cells = list(scope.cells(asked.person).filter(asked.at(), intervention__closed=False))
    flagged = scope.flagged_among(one.place_code for one in cells)
    missed: dict[int, Milestone] = {}
    points = Milestone.objects.filter(
        done__isnull=True, due__lt=asked.today, cell__in=[one.pk for one in cells]
    )
    for point in points.order_by("-due"):
        missed[point.cell_id] = point
    found = []
    for one in cells:
        detail = scope.detail(asked.person, one, flagged)
        found.append(
            Standing(one, detail, _why(one, asked.today, missed.get(one.pk) if detail else None, detail))
        )
    return found


def _why(one: Cell, today: date, point: Milestone | None, detail: bool) -> str:
    if one.state in OVER:
        return ""
    found = []
    if one.state in STOPPED:
        found.append(str(State(one.state).label))
    if of_cells.late(one, today):
        found.append(_("fin dépassée"))
    elif detail and one.state in NOT_BEGUN and one.begins is not None and one.begins < today:
        found.append(_("début dépassé"))
    if point is not None:
        found.append(_("étape en retard : %(point)s") % {"point": shortened(point.title, 60)})
    return ", ".join(found)


def section(asked: Asked) -> Section | None:
    """Return which lines are on track, and the table of those that are not."""
    title = _("Qu'est-ce qui avance, qu'est-ce qui n'avance pas ?")
    lines = standings(asked)
    if not lines:
        return Section(
            name="cells", title=title, message=_("Aucune intervention du portefeuille n'est prévue ici."),
            notes=(_("Une organisation en prévoit une depuis la page de l'intervention, ou le CNI charge une feuille."),),
        )  # fmt: skip
    off = sorted((one for one in lines if one.why), key=lambda one: one.rank)
    counts = Counter(one.cell.state for one in lines)
    on = len(lines) - len(off) - counts[State.COMPLETED] - counts[State.DROPPED]
    said = {
        "n": count(len(lines)), "on": count(on), "off": count(len(off)), "done": count(counts[State.COMPLETED]),
        "dropped": count(counts[State.DROPPED]),
    }  # fmt: skip
    message = (
        _(
            "Lignes du portefeuille : %(n)s. Dans les temps : %(on)s. Hors calendrier : %(off)s. Terminées : %(done)s. Abandonnées : %(dropped)s."
        )
        % said
    )
    return Section(
        name="cells", title=title, message=message, facts=_facts(asked, said), listings=_listings(off), drawings=[_bars(asked, message, counts)],
        notes=(
            _("Hors calendrier : en retard ou suspendue, début ou fin dépassés, étape du plan en retard. Au jour de la page, quel que soit le trimestre."),
            _("D'une ligne protégée, seuls l'état et la fin dépassée comptent pour qui n'est pas de son équipe."),
            _("L'indicateur du cadre de résultats compte autrement : au dernier jour du trimestre, par l'état et la fin seuls."),
        ),
    )  # fmt: skip


def portfolio_of(asked: Asked, **narrowed: str) -> str:
    """Return the page of the portfolio that shows the lines of the place."""
    if asked.place.level == Level.DISTRICT:
        return reverse("portfolio_district", args=[asked.place.code])
    kept = narrowed if asked.whole else {"region": asked.place.code, **narrowed}
    return f"{reverse('portfolio')}?{urlencode(kept)}" if kept else reverse("portfolio")


def _facts(asked: Asked, said: dict[str, str]) -> list[Fact]:
    address = portfolio_of(asked)
    labels = (
        ("on", _("Dans les temps")),
        ("off", _("Hors calendrier")),
        ("done", _("Terminées")),
        ("dropped", _("Abandonnées")),
    )
    return [Fact(label=label, value=Linked(said[name], address)) for name, label in labels]


def _listings(off: list[Standing]) -> list[Listing]:
    if not off:
        return []
    shown = off[:SHOWN]
    names = names_of({one.cell.place_code for one in shown})
    return [
        Listing(
            title=_("Hors calendrier, ce qui est arrêté d'abord"), headings=(_("Intervention"), _("District"), _("Pourquoi"), _("Raison donnée")),
            rows=[_row(one, names) for one in shown], widths=(3.2, 1.4, 2.2, 3), more=not_listed(len(off), len(shown)),
        )
    ]  # fmt: skip


def _row(one: Standing, names: dict[str, str]) -> tuple[Linked, ...]:
    line = one.cell.intervention
    return (
        Linked(f"{line.code} · {shortened(line.title, 60)}", reverse("cell", args=[one.cell.pk])),
        Linked(names.get(one.cell.place_code, one.cell.place_code)),
        Linked(one.why),
        Linked(shortened(one.reason) if one.detail else _("réservée à l'équipe")),
    )


def _bars(asked: Asked, message: str, counts: Counter[str]) -> Drawing:
    rows = [{"place": str(one.label), "value": counts[one]} for one in State if counts.get(one)]
    about: dict[str, Any] = {
        "measure": _("lignes du portefeuille"), "unit": "count", "place": asked.place.name, "number": "counted", "demo": asked.here.store.demo,
        "sources": [{"system": _("Portefeuille"), "snapshot": asked.today.isoformat()}],
    }  # fmt: skip
    return Drawing(
        job={"kind": "ranked_bars", "table": rows, "arguments": {"subject": about, "title": message}, "locale": locale()}
    )  # fmt: skip


def ends_of(one: Standing) -> str:
    """Return when a line ends: the day for its team, the quarter for others, "" where that is not said."""
    if one.cell.ends is None:
        return ""
    return day(one.cell.ends) if one.detail else period(of_cells.quarter_of(one.cell.ends))
