"""Who has a round analysed, and what is kept of what the worker found?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from kalanso.hub.jobs.actions import ask
from kalanso.hub.people.actions import record
from kalanso.hub.people.models import Person
from kalanso.hub.people.permissions import refuse_unless
from kalanso.hub.studies.actions.files import refuse_without_ethics
from kalanso.hub.studies.actions.rounds import held, refuse_published
from kalanso.hub.studies.actions.salts import keep_salt
from kalanso.hub.studies.models import ANALYSED, Analysis, Correction, Round, RoundFile
from kalanso.hub.studies.queries.rounds import analysable
from kalanso.hub.studies.queries.weights import stale

KIND = "studies.analyse"


@dataclass(frozen=True, kw_only=True)
class Found:
    """What an analysis gave, as its record keeps it."""

    children: int
    receipt: Sequence[Mapping[str, Any]]
    results: Sequence[Mapping[str, Any]]
    strata: Mapping[str, Any] = field(default_factory=dict)
    outputs: Sequence[str] = ()


@transaction.atomic
def ask_analysis(*, by: Person, one: Round, now: datetime) -> Analysis:
    """Have the files that stand analysed; asking while that is under way asks nothing more."""
    kept = held(one)
    refuse_unless(by, "studies.analyse", kept)
    refuse_published(kept)
    refuse_without_ethics(kept, today=now.date())
    if kept.last_day > now.date():
        raise ValidationError(
            _("La collecte n'est pas finie : les résultats d'une partie des grappes tromperaient. Suivez-la sur la page du terrain."), code="early"
        )  # fmt: skip
    newest = Analysis.objects.filter(round=kept).select_related("job").first()
    if newest is not None and newest.waits:
        return newest
    read = _read(kept)
    if kept.of_households:
        keep_salt(one=kept, now=now)
    if newest is not None:
        _settle(newest, now=now)
    analysis = Analysis.objects.create(
        round=kept, number=newest.number + 1 if newest else 1, asked_by=by, asked=now, **read,
        decided=list(kept.corrections.filter(state=Correction.State.AGREED).order_by("pk").values_list("pk", flat=True)),
    )  # fmt: skip
    analysis.job = ask(
        by=by, kind=KIND, arguments={"analysis": analysis.pk}, key=f"{KIND}:{analysis.pk}", now=now,
        place_code=kept.place_code, organisation_id=kept.organisation_id,
    )  # fmt: skip
    analysis.save(update_fields=["job"])
    record(by=by, verb="studies.analysis_asked", thing=kept, now=now, after={"number": analysis.number})
    return analysis


def _read(one: Round) -> dict[str, Any]:
    """Return the files that an analysis of a round will read, by the fields of its record. Raises ValidationError where they cannot be read."""
    files = {
        file.kind: file
        for file in RoundFile.objects.filter(round=one, kind__in=one.analysed_kinds, replaced__isnull=True)
    }
    if not one.of_households:
        if not analysable(one, files):
            raise ValidationError(_("Apportez d'abord le tableau, ou l'export du formulaire."), code="files")
        return {"reads": sorted(file.pk for file in files.values())}
    if len(files) < len(ANALYSED):
        raise ValidationError(
            _("Apportez d'abord les réponses et l'échantillon : l'analyse a besoin des deux."), code="files"
        )
    if stale(one, files["sample"]):
        raise ValidationError(
            _("Les poids reposent sur des réponses, des visites ou des remplacements d'avant : calculez-les de nouveau."), code="weights"
        )  # fmt: skip
    return {"answers": files["answers"], "sample": files["sample"]}


def both(say: Callable[[], str]) -> dict[str, str]:
    """Return a sentence in both languages."""
    found = {}
    for locale in ("fr", "en"):
        with translation.override(locale):
            found[locale] = say()
    return found


def _settle(newest: Analysis, *, now: datetime) -> None:
    """Note how an analysis ended whose job said nothing more."""
    if newest.state != Analysis.State.ASKED:
        return
    newest.state, newest.ended = newest.standing, now
    if newest.state == Analysis.State.FAILED:
        newest.fault = both(lambda: _("Le travail s'est arrêté avant la fin."))
    newest.save(update_fields=["state", "ended", "fault"])


@transaction.atomic
def note_analysed(*, analysis: Analysis, found: Found, now: datetime) -> None:
    """Keep what an analysis gave, once its files stand on the disk; an earlier attempt may have done so."""
    one = held(analysis.round)
    kept = Analysis.objects.get(pk=analysis.pk)
    if kept.state != Analysis.State.ASKED:
        return
    kept.state, kept.ended, kept.children = Analysis.State.DONE, now, found.children
    kept.receipt, kept.results = list(found.receipt), list(found.results)
    kept.strata, kept.outputs, kept.fault = dict(found.strata), list(found.outputs), {}
    kept.save()
    before = one.state
    one.state, one.shown = Round.State.ANALYSED, kept
    # What informants counted may have been declared, with no file at all: it came when it was answered.
    one.taken = one.taken or now
    one.save(update_fields=["state", "shown", "taken"])
    record(
        by=None, verb="studies.analysed", thing=one, now=now, before={"state": before},
        after={"state": one.state, "number": kept.number},
    )  # fmt: skip


@transaction.atomic
def note_refused(*, analysis: Analysis, fault: Mapping[str, str], now: datetime) -> None:
    """Keep why the files could not be analysed."""
    one = held(analysis.round)
    kept = Analysis.objects.get(pk=analysis.pk)
    if kept.state != Analysis.State.ASKED:
        return
    kept.state, kept.ended, kept.fault = Analysis.State.FAILED, now, dict(fault)
    kept.save(update_fields=["state", "ended", "fault"])
    record(by=None, verb="studies.analysis_refused", thing=one, now=now, after={"number": kept.number})
