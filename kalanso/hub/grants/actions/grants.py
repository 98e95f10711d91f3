"""How is a grant added, corrected, and counted within another from a day on?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Max, Min
from django.utils.translation import gettext as _

from kalanso.hub.grants.models import BudgetLine, ExchangeRate, Grant, GrantParent, IatiIdentifier
from kalanso.hub.people.actions import record, state_of
from kalanso.hub.people.models import Organisation, Person
from kalanso.hub.people.permissions import WHOLE_COUNTRY, refuse_unless
from kalanso.hub.portfolio.models import Intervention

SAID = (
    "code", "title_fr", "title_en", "lever", "funder", "holder", "begins", "ends", "amount", "currency", "status", "source_note",
)  # fmt: skip


def told(one: Grant) -> dict[str, Any]:
    """Return what is said of a grant, as the trail keeps it."""
    state = state_of(
        one, "code", "title_fr", "title_en", "lever", "begins", "ends", "amount", "currency", "status", "source_note",
    )  # fmt: skip
    return {**state, "paid_by": str(one.funder), "holder": str(one.holder)}


def says_changed() -> ValidationError:
    """Return the refusal to write over what somebody else wrote meanwhile."""
    return ValidationError(
        _("Quelqu'un a changé cette fiche pendant que vous écriviez. Rechargez la page et reprenez."),
        code="version",
    )


@transaction.atomic
def add(*, by: Person, said: Mapping[str, Any], now: datetime) -> Grant:
    """Add a grant; `said` holds its fields."""
    refuse_unless(by, "grants.manage", WHOLE_COUNTRY)
    one = Grant(**{name: said[name] for name in SAID})
    _save(one)
    record(by=by, verb="grants.added", thing=one, now=now, after=told(one))
    return one


@transaction.atomic
def correct(*, by: Person, grant: Grant, said: Mapping[str, Any], version: int, now: datetime) -> Grant:
    """Correct what is said of a grant. Raises ValidationError where lines would fall outside its years."""
    kept = Grant.objects.select_for_update(of=("self",)).get(pk=grant.pk)
    refuse_unless(by, "grants.manage", kept)
    if kept.version != version:
        raise says_changed()
    before = told(kept)
    for name in SAID:
        if name in said:
            setattr(kept, name, said[name])
    years = BudgetLine.objects.filter(grant=kept).aggregate(first=Min("year"), last=Max("year"))
    outside = [year for year in (years["first"], years["last"]) if year and not kept.holds_year(year)]
    if outside:
        raise ValidationError(
            _("Une ligne de budget est prévue pour %(year)s : les dates doivent contenir cette année.") % {"year": outside[0]},
            code="years",
        )  # fmt: skip
    kept.version += 1
    _save(kept)
    record(by=by, verb="grants.corrected", thing=kept, now=now, before=before, after=told(kept))
    return kept


def _save(one: Grant) -> None:
    if one.ends < one.begins:
        raise ValidationError(_("La fin vient avant le début."), code="ends")
    try:
        with transaction.atomic():
            one.save()
    except IntegrityError as error:
        if Grant.objects.filter(code=one.code).exclude(pk=one.pk).exists():
            raise ValidationError(_("Une subvention porte déjà ce code."), code="code") from error
        raise


@transaction.atomic
def group(
    *, by: Person, grant: Grant, parent: Grant | None, since: date, reason: str, now: datetime
) -> GrantParent | None:
    """Count a grant within another from a day on (None: within no other); what was before stays as it was."""
    child = Grant.objects.select_for_update(of=("self",)).get(pk=grant.pk)
    refuse_unless(by, "grants.manage", child)
    if not reason.strip():
        raise ValidationError(
            _("Dites pourquoi : l'histoire de la subvention gardera cette raison."), code="reason"
        )
    open_ = GrantParent.objects.filter(child=child, ends__isnull=True).select_related("parent").first()
    _refuse_grouping(child, parent, open_, since)
    before = {"parent": open_.parent.code if open_ else ""}
    if open_ is not None:
        open_.ends = since - timedelta(days=1)
        open_.save(update_fields=["ends"])
    made = None
    if parent is not None:
        made = GrantParent.objects.create(
            child=child, parent=parent, begins=since, reason=reason.strip(), by=by, at=now
        )
    record(
        by=by, verb="grants.grouped", thing=child, now=now, before=before, reason=reason.strip(),
        after={"parent": parent.code if parent else "", "begins": since.isoformat()},
    )  # fmt: skip
    return made


def _refuse_grouping(child: Grant, parent: Grant | None, open_: GrantParent | None, since: date) -> None:
    if parent is None and open_ is None:
        raise ValidationError(_("Cette subvention n'est rattachée à aucune autre."), code="parent")
    if open_ is not None and parent is not None and open_.parent_id == parent.pk:
        raise ValidationError(_("Elle y est déjà rattachée."), code="parent")
    if parent is not None and parent.pk in {child.pk, *_within(child)}:
        raise ValidationError(_("Une subvention ne peut pas être comptée dans elle-même."), code="circle")
    last = GrantParent.objects.filter(child=child).order_by("-begins").first()
    if last is not None and since <= max(last.begins, last.ends or last.begins):
        raise ValidationError(
            _("Elle a changé de rattachement après ce jour : choisissez un jour après le %(day)s.")
            % {"day": max(last.begins, last.ends or last.begins).strftime("%d/%m/%Y")},
            code="since",
        )  # fmt: skip


def _within(grant: Grant) -> set[int]:
    """Return the grants that are counted within one, at any depth."""
    found: set[int] = set()
    wave = {grant.pk}
    while wave:
        wave = set(
            GrantParent.objects.filter(parent__in=wave, ends__isnull=True).values_list("child_id", flat=True)
        ) - found  # fmt: skip
        found |= wave
    return found


@transaction.atomic
def plan_line(
    *, by: Person, grant: Grant, intervention: Intervention, organisation: Organisation, place_code: str, year: int,
    planned: Any, now: datetime,
) -> BudgetLine:  # fmt: skip
    """Plan money on a line that is not there yet, in the currency of its grant."""
    if not grant.holds_year(year):
        raise ValidationError(_("Cette année est hors de la subvention."), code="year")
    one = BudgetLine(
        grant=grant, intervention=intervention, organisation=organisation, place_code=place_code, year=year,
        planned=planned, currency=grant.currency,
    )  # fmt: skip
    refuse_unless(by, "grants.write", one)
    try:
        with transaction.atomic():
            one.save(force_insert=True)
    except IntegrityError as error:
        raise ValidationError(_("Cette ligne de budget existe déjà."), code="line") from error
    record(by=by, verb="grants.line_planned", thing=one, now=now, after=of_line(one))
    return one


@transaction.atomic
def correct_line(*, by: Person, line: BudgetLine, planned: Any, version: int, now: datetime) -> BudgetLine:
    """Correct what is planned on a line."""
    kept = BudgetLine.objects.select_for_update(of=("self",)).get(pk=line.pk)
    refuse_unless(by, "grants.write", kept)
    if kept.version != version:
        raise says_changed()
    before, kept.planned, kept.version = kept.planned, planned, kept.version + 1
    kept.save(update_fields=["planned", "version"])
    record(
        by=by, verb="grants.line_corrected", thing=kept, now=now, before={"planned": str(before)}, after={"planned": str(planned)}
    )  # fmt: skip
    return kept


def of_line(one: BudgetLine) -> dict[str, Any]:
    """Return what is said of a line, as the trail keeps it."""
    return {
        "grant": one.grant.code, "intervention": one.intervention.code, "year": one.year, "planned": str(one.planned),
        "currency": one.currency,
    }  # fmt: skip


@transaction.atomic
def write_rate(
    *, by: Person, base: str, quote: str, day: date, rate: Any, source: str, now: datetime
) -> ExchangeRate:
    """Write what one currency was worth in another on a day."""
    refuse_unless(by, "grants.manage", WHOLE_COUNTRY)
    one = ExchangeRate(base=base, quote=quote, day=day, rate=rate, source=source, by=by, at=now)
    if ExchangeRate.objects.filter(base=quote, quote=base, day=day).exists():
        raise ValidationError(_("Le cours de ces deux monnaies est déjà écrit pour ce jour."), code="rate")
    try:
        with transaction.atomic():
            one.save(force_insert=True)
    except IntegrityError as error:
        raise ValidationError(
            _("Le cours de ces deux monnaies est déjà écrit pour ce jour."), code="rate"
        ) from error
    said = {"base": base, "quote": quote, "day": day.isoformat(), "rate": str(rate), "rate_source": source}
    record(by=by, verb="grants.rate_written", thing=one, now=now, after=said)
    return one


@transaction.atomic
def write_identifier(
    *, by: Person, organisation: Organisation, identifier: str, now: datetime
) -> IatiIdentifier:
    """Write under which identifier IATI knows an organisation."""
    refuse_unless(by, "grants.manage", WHOLE_COUNTRY)
    before = IatiIdentifier.objects.filter(organisation=organisation).first()
    if IatiIdentifier.objects.filter(identifier=identifier).exclude(organisation=organisation).exists():
        raise ValidationError(_("Une autre organisation porte déjà cet identifiant."), code="identifier")
    one, _made = IatiIdentifier.objects.update_or_create(
        organisation=organisation, defaults={"identifier": identifier, "by": by, "at": now}
    )
    record(
        by=by, verb="grants.identifier_written", thing=one, now=now,
        before={"identifier": before.identifier} if before else {}, after={"identifier": identifier},
    )  # fmt: skip
    return one
