"""How is a movement of money written down, put right, reconciled or questioned? Nothing written is changed or removed."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from kalanso.hub.grants.models import BudgetLine, Entry
from kalanso.hub.people.actions import record
from kalanso.hub.people.models import Person
from kalanso.hub.people.permissions import refuse_unless


@transaction.atomic
def write(
    *,
    by: Person,
    line: BudgetLine,
    kind: str,
    day: date,
    amount: Decimal,
    currency: str,
    reference: str,
    now: datetime,
) -> Entry:
    """Write a commitment, disbursement or expenditure on a line; writing the same twice is refused."""
    refuse_unless(by, "grants.write", line)
    if kind == Entry.Kind.ADJUSTMENT:
        raise ValidationError(_("Une correction se fait sur l'écriture qu'elle corrige."), code="kind")
    if day > now.date():
        raise ValidationError(
            _("Ce jour n'est pas encore venu : n'écrivez que ce qui a eu lieu."), code="day"
        )
    if day.year < line.grant.begins.year:
        raise ValidationError(_("Ce jour vient avant le début de la subvention."), code="day")
    one = Entry(
        line=line,
        kind=kind,
        day=day,
        amount=amount,
        currency=currency,
        reference=reference.strip(),
        by=by,
        written=now,
    )
    return _kept(one, "grants.entry_written", now)


@transaction.atomic
def adjust(
    *, by: Person, entry: Entry, amount: Decimal, day: date, reference: str, reason: str, now: datetime
) -> Entry:
    """Put an entry right by another that adds to it or takes from it; a question about it is answered thereby."""
    kept = (
        Entry.objects.select_for_update(of=("self",))
        .select_related("line__grant", "line__intervention")
        .get(pk=entry.pk)
    )
    refuse_unless(by, "grants.write", kept.line)
    if kept.corrects_id is not None:
        raise ValidationError(_("Corrigez l'écriture d'origine, non une correction."), code="kind")
    if day > now.date():
        raise ValidationError(
            _("Ce jour n'est pas encore venu : n'écrivez que ce qui a eu lieu."), code="day"
        )
    if day < kept.day:
        raise ValidationError(_("Une correction ne peut pas venir avant ce qu'elle corrige."), code="day")
    before = Entry.objects.filter(corrects=kept).aggregate(n=Sum("amount"))["n"] or Decimal(0)
    if kept.amount + before + amount < 0:
        raise ValidationError(_("Cette correction ôterait plus que ce qui est écrit."), code="amount")
    if not reason.strip():
        raise ValidationError(_("Dites pourquoi cette écriture est corrigée."), code="reason")
    one = Entry(
        line=kept.line, kind=Entry.Kind.ADJUSTMENT, day=day, amount=amount, currency=kept.currency, reference=reference.strip(),
        corrects=kept, reason=reason.strip(), by=by, written=now,
    )  # fmt: skip
    if kept.question:
        kept.question, kept.asked_by = "", None
        kept.save(update_fields=["question", "asked_by"])
    return _kept(one, "grants.entry_corrected", now, reason=one.reason)


def _kept(one: Entry, verb: str, now: datetime, reason: str = "") -> Entry:
    try:
        with transaction.atomic():
            one.save(force_insert=True)
    except IntegrityError as error:
        if Entry.objects.filter(line=one.line, kind=one.kind, day=one.day, reference=one.reference).exists():
            raise ValidationError(
                _("Cette écriture est déjà là : même ligne, même jour, même pièce, même montant."),
                code="twice",
            ) from error
        raise ValidationError(
            _("Un montant est un nombre plus grand que zéro, et une pièce a un nom."), code="amount"
        ) from error
    record(by=one.by, verb=verb, thing=one, now=now, after=told(one), reason=reason)
    return one


def told(one: Entry) -> dict[str, Any]:
    """Return what is said of an entry, as the trail keeps it."""
    said = {
        "kind": str(one.kind), "day": one.day.isoformat(), "amount": str(one.amount), "currency": one.currency,
        "reference": one.reference,
    }  # fmt: skip
    return {**said, "corrects": one.corrects.reference} if one.corrects is not None else said


def _to_reconcile(by: Person, entry: Entry) -> Entry:
    kept = (
        Entry.objects.select_for_update(of=("self",))
        .select_related("line__grant", "line__intervention")
        .get(pk=entry.pk)
    )
    refuse_unless(by, "grants.reconcile", kept)
    if kept.by_id == by.pk:
        raise PermissionDenied(_("Une autre personne que celle qui a écrit doit rapprocher."))
    if kept.reconciled is not None:
        raise ValidationError(_("Cette écriture est déjà rapprochée."), code="reconciled")
    return kept


@transaction.atomic
def reconcile(*, by: Person, entry: Entry, now: datetime) -> Entry:
    """Say that an entry agrees with its document; by another person than who wrote it."""
    kept = _to_reconcile(by, entry)
    kept.reconciled, kept.reconciled_by, kept.question, kept.asked_by = now, by, "", None
    kept.save(update_fields=["reconciled", "reconciled_by", "question", "asked_by"])
    record(by=by, verb="grants.reconciled", thing=kept, now=now, after={"reconciled": now.isoformat()})
    return kept


@transaction.atomic
def ask(*, by: Person, entry: Entry, question: str, now: datetime) -> Entry:
    """Ask about an entry that does not agree with its document; who wrote it is told on their page."""
    kept = _to_reconcile(by, entry)
    if not question.strip():
        raise ValidationError(
            _("Écrivez ce qui ne va pas : la personne lira votre question."), code="question"
        )
    kept.question, kept.asked_by = question.strip(), by
    kept.save(update_fields=["question", "asked_by"])
    record(by=by, verb="grants.questioned", thing=kept, now=now, reason=kept.question)
    return kept
