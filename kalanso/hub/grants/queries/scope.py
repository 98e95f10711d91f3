"""Which grants, lines and entries may somebody see, what may they do there, and what is kept from them?

Whoever reads by place or by organisation sees their own lines of a grant, and is told so. Where a line lies under a
security flag, or its cell is kept to the team, those who are not of the team read sums by quarter, without place,
day or document.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import F, Q, QuerySet
from django.db.models.expressions import Exists, OuterRef
from django.db.models.functions import Coalesce
from django.http import Http404
from django.utils.translation import gettext as _

from kalanso.hub.grants.models import BudgetLine, Entry, Grant
from kalanso.hub.grants.permissions import PLACED
from kalanso.hub.people.models import Organisation, PlaceMirror, Role
from kalanso.hub.people.permissions import COUNTRY, WHOLE_COUNTRY, may
from kalanso.hub.people.queries.access import CLEARED, access_of, reach_of, today
from kalanso.hub.people.queries.language import page_language
from kalanso.hub.people.queries.places import names_of
from kalanso.hub.portfolio.models import Cell, Intervention
from kalanso.hub.portfolio.queries.keeping import told_until
from kalanso.vocabulary import Period

WHOLE = ("grant", "intervention", "organisation")


def language() -> str:
    """Return the language of the page, `fr` or `en`."""
    return page_language()


def title_of(one: Grant | Intervention) -> str:
    """Return the title of a grant or an intervention in the language of the page."""
    return str((one.title_en if language() == "en" else "") or one.title_fr)


def visible_lines(person: Any) -> QuerySet[BudgetLine]:
    """Return the budget lines that somebody may see."""
    access = access_of(person)
    placed = reach_of(access, PLACED)
    allowed = Q(pk__in=()) if not placed.everywhere and not placed.paths else placed.covers()
    paying = {m.organisation_id for m in access.memberships if m.role == Role.DONOR}
    spending = {m.organisation_id for m in access.memberships if m.role == Role.PARTNER}
    allowed |= Q(grant__funder__in=paying) | Q(organisation__in=spending)
    return BudgetLine.objects.filter(allowed)


def visible_entries(person: Any) -> QuerySet[Entry]:
    """Return the entries of the lines that somebody may see."""
    return Entry.objects.filter(line__in=visible_lines(person).values("pk"))


def told_entries(person: Any, lines: QuerySet[BudgetLine]) -> QuerySet[Entry]:
    """Return the entries of some lines that may stand in a sum for somebody.

    Those of lines guarded from them count once their quarter has ended ninety days ago, in every sum alike: no
    difference of two sums may tell what a page keeps.
    """
    kept = lines.order_by().filter(guarded(person)).values("pk")
    first = Period.parse(told_until(today())).end + timedelta(days=1)
    return Entry.objects.filter(line__in=lines.order_by().values("pk")).exclude(line__in=kept, day__gte=first)


def waiting_after(person: Any, lines: QuerySet[BudgetLine]) -> str:
    """Return the last quarter that sums tell of guarded lines, where some lines are guarded from somebody; else ""."""
    return told_until(today()) if lines.order_by().filter(guarded(person)).exists() else ""


def sees_all(person: Any) -> bool:
    """Whether somebody sees every line of every grant."""
    return any(m.role in COUNTRY and not m.place_code for m in access_of(person).memberships)


def visible_grants(person: Any) -> QuerySet[Grant]:
    """Return the grants that somebody may see, wholly or in part."""
    found = Grant.objects.select_related("funder", "holder")
    if sees_all(person):
        return found
    paying = {m.organisation_id for m in access_of(person).memberships if m.role == Role.DONOR}
    return found.filter(Q(funder__in=paying) | Q(pk__in=visible_lines(person).values("grant")))


def one_grant(person: Any, pk: int) -> Grant:
    """Return a grant that somebody may see; any other is not there (Http404)."""
    found = visible_grants(person).filter(pk=pk).first()
    if found is None:
        raise Http404(_("Aucune subvention ne porte cette adresse, ou elle n'est pas pour vous."))
    return found


def one_line(person: Any, pk: int) -> BudgetLine:
    """Return a budget line that somebody may see; any other is not there (Http404)."""
    found = visible_lines(person).select_related(*WHOLE, "intervention__lead").filter(pk=pk).first()
    if found is None:
        raise Http404(_("Aucune ligne de budget ne porte cette adresse, ou elle n'est pas pour vous."))
    return found


def one_entry(person: Any, pk: int) -> Entry:
    """Return an entry of a line that somebody may see and of which nothing is kept from them (Http404)."""
    shown = visible_entries(person).select_related(
        "line__grant", "line__intervention", "line__organisation", "by", "corrects"
    )
    found = shown.filter(pk=pk).first()
    if found is None or is_guarded(person, found.line):
        raise Http404(_("Aucune écriture ne porte cette adresse, ou elle n'est pas pour vous."))
    return found


def one_intervention(person: Any, pk: int) -> Intervention:
    """Return an intervention of which somebody sees a line (Http404)."""
    lines = visible_lines(person).filter(intervention=pk)
    found = Intervention.objects.select_related("lead").filter(pk=pk).first()
    if found is None or not (sees_all(person) or lines.exists()):
        raise Http404(_("Aucune intervention ne porte cette adresse, ou son argent n'est pas pour vous."))
    return found


@dataclass(frozen=True)
class Rights:
    """What somebody may do with money; `whole`: they see every line of the grant at hand."""

    whole: bool
    manage: bool
    write: bool
    load: bool
    reconcile: bool
    iati: bool


def rights(person: Any, grant: Grant | None = None) -> Rights:
    """Return what somebody may do with money, of one grant where it is given."""
    whole = sees_all(person) or (grant is not None and may(person, "grants.read_grant", grant))
    return Rights(
        whole=whole, manage=may(person, "grants.manage", grant or WHOLE_COUNTRY), write=may(person, "grants.write"),
        load=may(person, "grants.load"), reconcile=may(person, "grants.reconcile"), iati=may(person, "grants.export_iati", WHOLE_COUNTRY),
    )  # fmt: skip


def sensitive(prefix: str = "") -> Q:
    """Return the condition that a line lies under a security flag, or in a cell that is kept to the team."""
    flagged = PlaceMirror.objects.filter(flagged=True).values("code")
    return Q(**{f"{prefix}place_code__in": flagged}) | Exists(
        Cell.objects.filter(
            sensitive=True,
            intervention=OuterRef(f"{prefix}intervention"),
            place_code=OuterRef(f"{prefix}place_code"),
        )
    )


def guarded(person: Any) -> Q:
    """Return the condition that place, day and document of a line are kept from somebody."""
    access = access_of(person)
    cleared = reach_of(access, CLEARED)
    if cleared.everywhere:
        return Q(pk__in=())
    spending = {m.organisation_id for m in access.memberships if m.role == Role.PARTNER}
    return sensitive() & ~Q(organisation__in=spending) & ~cleared.covers()


def is_guarded(person: Any, line: BudgetLine) -> bool:
    """Whether place, day and document of a line are kept from somebody."""
    return BudgetLine.objects.filter(guarded(person), pk=line.pk).exists()


def guarded_lines(person: Any, lines: QuerySet[BudgetLine]) -> set[int]:
    """Return which of some lines are guarded from somebody."""
    return set(lines.filter(guarded(person)).values_list("pk", flat=True))


def writing_for(person: Any) -> QuerySet[Organisation]:
    """Return the organisations on whose lines somebody may write."""
    access = access_of(person)
    if any(m.role == Role.NATIONAL and not m.place_code for m in access.memberships):
        return Organisation.objects.all()
    held = {m.organisation_id for m in access.memberships if m.role in (Role.NATIONAL, Role.PARTNER)}
    return Organisation.objects.filter(pk__in=held)


def counted_as(prefix: str = "") -> Any:
    """Return the expression of the kind as which an entry counts: a correction as what it corrects."""
    return Coalesce(F(f"{prefix}corrects__kind"), F(f"{prefix}kind"))


def place_names(codes: set[str]) -> dict[str, str]:
    """Return the names of places; the whole country under ""."""
    return {**names_of(codes), "": str(_("tout le pays"))}
