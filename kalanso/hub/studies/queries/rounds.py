"""Which rounds may somebody see, what may they do with each, and what comes next?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _

from kalanso.hub.people.models import Organisation, PlaceMirror, Role
from kalanso.hub.people.permissions import COUNTRY, PROGRAMME, may, reach
from kalanso.hub.people.queries.access import CLEARED, access_of
from kalanso.hub.people.queries.citations import Cited
from kalanso.hub.people.queries.language import page_language
from kalanso.hub.studies.models import ANALYSED, Analysis, Correction, Round, RoundFile

State = Round.State
NAME = "studies.round"
# What readers without a right to the round itself may know of: also that it was withdrawn, and why.
LET_OUT = (State.PUBLISHED, State.WITHDRAWN)


def language() -> str:
    """Return the language of the page, `fr` or `en`."""
    return page_language()


def title_of(one: Round) -> str:
    """Return the title of a round in the language of the page."""
    return str(one.title_en if language() == "en" else one.title_fr)


def visible_rounds(person: Any) -> QuerySet[Round]:
    """Return the rounds that somebody may see: by `studies.read` each, by `studies.read_published` those let out."""
    found = Round.objects.select_related("organisation", "declared_by", "published_by", "shown")
    allowed = Q(pk__in=[])
    for membership in access_of(person).memberships:
        if membership.role in COUNTRY and not membership.place_code:
            return found
        if membership.role in PROGRAMME:
            allowed |= Q(organisation_id=membership.organisation_id)
        if membership.role != Role.READER:
            allowed |= Q(state__in=LET_OUT)
    return found.filter(allowed)


def one_round(person: Any, pk: int) -> Round:
    """Return a round that somebody may see; any other is not there (Http404)."""
    found = visible_rounds(person).filter(pk=pk).first()
    if found is None:
        raise Http404(_("Aucune étude ne porte cette adresse, ou elle n'est pas pour vous."))
    return found


def one_of_households(person: Any, pk: int) -> Round:
    """Return a round of households that somebody may see: rounds of other ways draw and weigh none (Http404)."""
    found = one_round(person, pk)
    if not found.of_households:
        raise Http404(
            _(
                "Aucun ménage n'est tiré sur ce chemin : cette page n'existe que pour les enquêtes auprès des ménages."
            )
        )
    return found  # fmt: skip


def cited(person: Any, keys: Sequence[str]) -> dict[str, Cited]:
    """Return the rounds that somebody may see among some keys, as what can be cited."""
    rows = visible_rounds(person).filter(pk__in=[key for key in keys if key.isdigit() and len(key) < 15])
    return {
        str(one.pk): Cited(
            object_type=NAME, object_id=str(one.pk), kind=_("Étude"), name=title_of(one), address=reverse("round", args=[one.pk]),
            place_code=one.place_code,
        )
        for one in rows
    }  # fmt: skip


@dataclass(frozen=True)
class Rights:
    """What somebody may do with a round."""

    read: bool
    declare: bool
    analyse: bool
    publish: bool
    results: bool
    detail: bool


def rights(person: Any, one: Round) -> Rights:
    """Return what somebody may do with a round."""
    read = may(person, "studies.read", one)
    results = one.shown_id is not None and (read or one.state == State.PUBLISHED)
    return Rights(
        read=read, declare=may(person, "studies.declare", one), analyse=may(person, "studies.analyse", one),
        publish=may(person, "studies.publish", one), results=results, detail=results and sees_detail(person, one),
    )  # fmt: skip


def sees_detail(person: Any, one: Round) -> bool:
    """Whether somebody may see a round stratum by stratum, and its report.

    Where a place of the study is under a security flag, they are for those who see such places as they are and for those
    who analyse the study.
    """
    codes = {one.place_code} - {""}
    if one.shown is not None:
        codes |= {code for told in one.shown.strata.values() for code in told["places"]}
    return not unseen(person, one, codes)


def unseen(person: Any, one: Round, codes: Iterable[str]) -> frozenset[str]:
    """Return those of some places of a round under a flag which somebody may not see: neither of its team nor cleared for them."""
    flagged = set(
        PlaceMirror.objects.filter(code__in=set(codes), flagged=True).values_list("code", flat=True)
    )
    if not flagged or may(person, "studies.analyse", one):
        return frozenset()
    access = access_of(person)
    held = [m for m in access.memberships if m.role in CLEARED]
    return frozenset(code for code in flagged if not any(access.reaches(m, code) for m in held))


def files_of(one: Round) -> dict[str, RoundFile]:
    """Return the files that stand, by kind."""
    return {
        str(file.kind): file for file in one.files.filter(replaced__isnull=True).select_related("by", "round")
    }


def newest_analysis(one: Round) -> Analysis | None:
    """Return the newest analysis of a round."""
    return one.analyses.select_related("job", "asked_by", "answers", "sample").first()


def analysable(one: Round, files: dict[str, RoundFile]) -> bool:
    """Whether the files that stand are enough to be analysed."""
    if one.of_households:
        return set(ANALYSED) <= set(files)
    return one.way == Round.Way.KEY_INFORMANTS or bool({"table", "answers"} & set(files))


def changed_since(one: Round, files: dict[str, RoundFile]) -> bool:
    """Whether files came after the analysis that is read."""
    if one.shown is None:
        return False
    return {file.pk for kind, file in files.items() if kind in one.analysed_kinds} != one.shown.files


def decided_since(one: Round) -> bool:
    """Whether persons decided other corrections than those on which the analysis rests that is read."""
    if one.shown is None:
        return False
    agreed = one.corrections.filter(state=Correction.State.AGREED).values_list("pk", flat=True)
    return set(agreed) != set(one.shown.decided)


def organisations(person: Any) -> QuerySet[Organisation]:
    """Return the organisations in whose name somebody may declare a round."""
    access = access_of(person)
    if any(m.role == Role.NATIONAL and not m.place_code for m in access.memberships):
        return Organisation.objects.all()
    held = {m.organisation_id for m in access.memberships if m.role in (Role.NATIONAL, Role.RESEARCHER)}
    return Organisation.objects.filter(pk__in=held)


def places(person: Any) -> tuple[bool, list[PlaceMirror]]:
    """Return whether somebody may declare a round of the whole country, and the regions and districts that they may."""
    far = reach(person, "studies.declare")
    inside = PlaceMirror.objects.filter(far.places()).filter(level__in=("region", "district"))
    return far.everywhere, list(inside)
