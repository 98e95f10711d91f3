"""How is it kept how many children a round needs, and which forms it uses?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from kalanso.hub.people.actions import record
from kalanso.hub.people.models import Person
from kalanso.hub.people.permissions import refuse_unless
from kalanso.hub.studies.actions.rounds import held, refuse_published
from kalanso.hub.studies.models import Instrument, Round, SampleSize
from kalanso.hub.studies.queries import forms, heard, sizes
from kalanso.surveys.instruments import codebook

LANGUAGES = ("fr", "en")


@transaction.atomic
def keep_size(*, by: Person, one: Round, asked: Mapping[str, Any], now: datetime) -> SampleSize:
    """Compute how many children are needed and keep question and answer, as a further version."""
    kept = held(one)
    refuse_unless(by, "studies.declare", kept)
    refuse_published(kept)
    try:
        needs = sizes.needs(asked)
    except ValueError as error:
        raise ValidationError(
            _("Ces nombres ne vont pas ensemble : %(why)s") % {"why": str(error)}, code="size"
        ) from error
    before = sizes.newest(kept)
    made = SampleSize.objects.create(
        round=kept, number=before.number + 1 if before else 1, asked=dict(asked), needs=needs, by=by, made=now
    )  # fmt: skip
    clusters = max(row["clusters"] for row in needs)
    record(
        by=by, verb="studies.sized", thing=kept, now=now, after={"size": made.number, "clusters": clusters}
    )
    return made


@transaction.atomic
def choose_form(*, by: Person, one: Round, name: str, language: str, now: datetime) -> Instrument:
    """Choose a form for a round, as it is filled now; an earlier choice of it stays, replaced. Raises SurveyRefused."""
    kept = held(one)
    refuse_unless(by, "studies.declare", kept)
    refuse_published(kept)
    if language not in LANGUAGES:
        raise ValidationError(_("Cette langue n'est pas offerte."), code="language")
    if not kept.of_households and name != heard.form_of(kept):
        raise ValidationError(_("Ce formulaire n'est pas celui de ce chemin."), code="form")
    form = forms.filled(kept, name)
    Instrument.objects.filter(round=kept, form=name, replaced__isnull=True).update(replaced=now)
    made = Instrument.objects.create(
        round=kept, form=name, version=form.version, language=language, chosen_by=by, chosen=now,
        codebook=codebook(form).to_csv(index=False),
    )  # fmt: skip
    record(
        by=by,
        verb="studies.form_chosen",
        thing=kept,
        now=now,
        after={"form": name, "form_version": form.version},
    )
    return made
