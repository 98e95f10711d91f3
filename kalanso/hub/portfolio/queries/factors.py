"""Which obstacles and facilitators may somebody see, how are they narrowed, and what is like them elsewhere?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _
from rapidfuzz import fuzz

from kalanso.hub.people.models import PlaceMirror
from kalanso.hub.people.permissions import may, reach
from kalanso.hub.people.queries.citations import Cited
from kalanso.hub.people.queries.places import folded, names_of
from kalanso.hub.people.queries.subjects import Subject
from kalanso.hub.portfolio.models import Cell, Factor
from kalanso.hub.portfolio.models.factors import FACTOR_OVER, FactorKind, FactorState
from kalanso.hub.portfolio.queries import contexts, keeping

NAME = "portfolio.factor"
SHOWN, LONGEST_NAME = 20, 80
# Levels at which a factor stands: what lies above a district is a matter of its level, not of its place.
LEVELS = ("district", "health_area", "facility")
ALIKE_FROM, ALIKE_AMONG, ALIKE_SHOWN = 62.0, 600, 5
PLACES_OFFERED = 250


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which factors; "" is any. `state` "still" is what is not over, `context` the typology of the district."""

    kind: str = ""
    domain: str = ""
    state: str = ""
    weight: str = ""
    place: str = ""
    context: str = ""
    text: str = ""


STILL = "still"


def kept() -> Q:
    """Return the condition that one is for its team alone."""
    return keeping.flagged() | Q(cell__sensitive=True)


def visible_factors(person: Any, *, within: str = "") -> QuerySet[Factor]:
    """Return the factors that somebody may read: not those kept from them, but always those of their own hand.

    `within`: the place at or below which alone they are asked for, "" for all.
    """
    if not may(person, "portfolio.read"):
        return Factor.objects.none()
    found = Factor.objects.select_related("cell__intervention", "organisation", "by", "state_by")
    if within:
        found = found.filter(keeping.below(within))
    return found.filter(~keeping.kept_from(person, kept(), within=within) | Q(by=person))


def counts(factors: QuerySet[Factor]) -> dict[str, int]:
    """Return how many of some factors there are, how many barriers stand, and how many of those nobody answers yet."""
    barrier = Q(kind=FactorKind.BARRIER)
    return factors.order_by().aggregate(
        all=Count("pk"), barriers=Count("pk", filter=barrier & ~Q(state__in=FACTOR_OVER)),
        unanswered=Count("pk", filter=barrier & Q(state=FactorState.OPEN)),
    )  # fmt: skip


def kept_counts(person: Any, *, today: Any) -> list[keeping.Counted]:
    """Return how many factors are kept from somebody, by district and past quarter."""
    if not may(person, "portfolio.read"):
        return []
    held_back = Factor.objects.filter(keeping.kept_from(person, kept()) & ~Q(by=person))
    return keeping.counted(held_back.values_list("place_code", "named"), today=today)


def is_kept(one: Factor) -> bool:
    """Whether a factor is for the team alone."""
    if one.cell_id is not None and one.cell is not None and one.cell.sensitive:
        return True
    return PlaceMirror.objects.filter(code=one.place_code, flagged=True).exists()


def one_factor(person: Any, pk: int) -> Factor:
    """Return a factor that somebody may see; any other is not there (Http404)."""
    found = visible_factors(person).filter(pk=pk).first()
    if found is None:
        raise Http404(_("Aucun obstacle ne porte cette adresse, ou il n'est pas pour vous."))
    return found


def narrowed(factors: QuerySet[Factor], wanted: Wanted) -> QuerySet[Factor]:
    """Keep what was asked for."""
    if wanted.kind:
        factors = factors.filter(kind=wanted.kind)
    if wanted.domain:
        factors = factors.filter(domain=wanted.domain)
    if wanted.state == STILL:
        factors = factors.exclude(state__in=FACTOR_OVER)
    elif wanted.state:
        factors = factors.filter(state=wanted.state)
    if wanted.weight.isdigit():
        factors = factors.filter(severity__gte=int(wanted.weight))
    if wanted.place:
        factors = factors.filter(keeping.below(wanted.place))
    if wanted.text:
        factors = factors.filter(what__icontains=wanted.text)
    if wanted.context:
        factors = factors.filter(_in_context(wanted.context))
    return factors


UNSAID = "unsaid"


def _in_context(context: str) -> Q:
    """Return the condition that the district of a factor has a context; `UNSAID`: that none is published for it."""
    known = contexts.of_districts()
    homes = {code for code, held in known.items() if (context in held or context == UNSAID)}
    inside = Q(pk__in=())
    for path in PlaceMirror.objects.filter(code__in=homes).values_list("path", flat=True):
        inside |= Q(path__startswith=path)
    codes = PlaceMirror.objects.filter(inside).values("code")
    return ~Q(place_code__in=codes) if context == UNSAID else Q(place_code__in=codes)


@dataclass(frozen=True, kw_only=True)
class MatrixRow:
    """One domain: how many factors in districts of each context."""

    domain: str
    label: str
    cells: Sequence[tuple[str, int]]
    total: int


def matrix(
    factors: QuerySet[Factor], domains: Sequence[tuple[str, str]]
) -> tuple[list[str], list[MatrixRow]]:
    """Return the contexts (columns) and domains (rows) with counts; a factor counts in each context of its district."""
    rows = list(factors.values_list("domain", "place_code"))
    homes, known = keeping.districts({code for _domain, code in rows}), contexts.of_districts()
    counts: dict[tuple[str, str], int] = {}
    totals: dict[str, int] = {}
    for domain, code in rows:
        home = homes.get(code)
        held = known.get(home.code if home is not None else "") or frozenset({UNSAID})
        totals[domain] = totals.get(domain, 0) + 1
        for context in held:
            counts[domain, context] = counts.get((domain, context), 0) + 1
    columns = [one for one in (*contexts.names(), UNSAID) if any(context == one for _d, context in counts)]
    return columns, [
        MatrixRow(
            domain=domain, label=str(label), cells=[(one, counts.get((domain, one), 0)) for one in columns],
            total=totals.get(domain, 0),
        )
        for domain, label in domains
    ]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Alike:
    """A factor of another district that says nearly the same."""

    factor: Factor
    district: str


def alike(person: Any, one: Factor) -> list[Alike]:
    """Return factors of the same kind and domain in other districts whose words are close, the closest first.

    Words are compared without accents and order (token sets); one for each district.
    """
    others = visible_factors(person).filter(kind=one.kind, domain=one.domain).exclude(pk=one.pk)
    others = others.exclude(state=FactorState.GONE)[:ALIKE_AMONG]
    candidates = list(others)
    homes = keeping.districts({other.place_code for other in candidates} | {one.place_code})
    own, words = homes.get(one.place_code), folded(one.what)
    found: dict[str, tuple[float, Alike]] = {}
    for other in candidates:
        home = homes.get(other.place_code)
        if home is None or (own is not None and home.code == own.code):
            continue
        score = fuzz.token_set_ratio(words, folded(other.what))
        if score >= ALIKE_FROM and score > found.get(home.code, (0.0, None))[0]:
            found[home.code] = (score, Alike(factor=other, district=home.name))
    ranked = sorted(found.values(), key=lambda pair: -pair[0])
    return [like for _score, like in ranked[:ALIKE_SHOWN]]


def places(person: Any, *, also: str = "") -> list[PlaceMirror]:
    """Return the places at which somebody may name a factor: districts, and what lies in them where that is not too much."""
    far = reach(person, "portfolio.name_factor")
    inside = PlaceMirror.objects.filter(far.places(), level__in=LEVELS)
    found = list(inside[: PLACES_OFFERED + 1])
    if len(found) > PLACES_OFFERED:
        found = list(inside.filter(level="district"))
    if also and also not in {one.code for one in found}:
        found = [*inside.filter(code=also), *found]
    return found


def cells(person: Any, codes: Sequence[str]) -> list[Cell]:
    """Return the cells in the districts of some places that somebody may name with a factor."""
    homes = {one.code for one in keeping.districts(set(codes)).values()}
    if not may(person, "portfolio.read") or not homes:
        return []
    found = Cell.objects.filter(place_code__in=homes).select_related("intervention")
    return list(
        found.filter(~keeping.kept_from(person, keeping.flagged() | Q(sensitive=True)))[:PLACES_OFFERED]
    )


def called(one: Factor) -> str:
    """Return a factor's words as a name."""
    words = " ".join(one.what.split())
    return words if len(words) <= LONGEST_NAME else f"{words[: LONGEST_NAME - 1].rstrip()}…"


def cited(person: Any, keys: Sequence[str]) -> dict[str, Cited]:
    """Return the factors that somebody may see among some keys, as what can be cited."""
    rows = visible_factors(person).filter(pk__in=[key for key in keys if key.isdigit() and len(key) < 15])
    return {
        str(one.pk): Cited(
            object_type=NAME, object_id=str(one.pk), kind=one.get_kind_display(), name=called(one),
            address=reverse("factor", args=[one.pk]), place_code=one.place_code,
        )
        for one in rows
    }  # fmt: skip


def subject(key: str) -> Subject | None:
    """Return a factor as what can be discussed; those of sensitive cells are discussed by their teams elsewhere."""
    one = (
        Factor.objects.select_related("cell").filter(pk=key).first()
        if key.isdigit() and len(key) < 15
        else None
    )
    if one is None or (one.cell is not None and one.cell.sensitive):
        return None
    place = names_of({one.place_code}).get(one.place_code, one.place_code)
    return Subject(
        object_type=NAME, object_id=str(one.pk), place_code=one.place_code, name=f"{place} ({str(one).lower()})",
        address=reverse("factor", args=[one.pk]),
    )  # fmt: skip
