"""Who has the weights of a round computed out of its draw, and what is kept of them?

The sample that the worker makes stands in place of one that somebody brought; it rests on the files that stood when it was asked for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from kalanso.hub.jobs.actions import ask
from kalanso.hub.people.actions import record
from kalanso.hub.people.models import Person
from kalanso.hub.people.permissions import refuse_unless
from kalanso.hub.studies.actions.files import refuse_without_ethics, take
from kalanso.hub.studies.actions.rounds import held, refuse_published, refuse_under_way
from kalanso.hub.studies.models import Round, RoundFile, Weighting
from kalanso.hub.studies.queries import draws
from kalanso.hub.studies.queries.weights import MEMBERS, READ

KIND = "studies.weigh"
State = Weighting.State


@transaction.atomic
def ask_weights(
    *, by: Person, one: Round, listed: Mapping[str, int], margins: Mapping[str, Mapping[str, float]], now: datetime
) -> Weighting:  # fmt: skip
    """Have the weights of the newest draw computed from the files that stand."""
    kept = held(one)
    refuse_unless(by, "studies.declare", kept)
    refuse_published(kept)
    refuse_under_way(kept)
    refuse_without_ethics(kept, today=now.date())
    drawn, before = draws.newest(kept), kept.weightings.select_related("job").first()
    if drawn is None:
        raise ValidationError(_("Aucune grappe n'est encore tirée."), code="draw")
    if before is not None and before.waits:
        return before
    files = {file.kind: file for file in kept.files.filter(kind__in=(*READ, MEMBERS), replaced__isnull=True)}
    if not files.keys() >= set(READ):
        raise ValidationError(
            _("Apportez d'abord les réponses et la liste des ménages : les poids en ont besoin."),
            code="files",
        )
    made = Weighting.objects.create(
        round=kept, number=before.number + 1 if before else 1, draw=drawn, homes=files["homes"], answers=files["answers"],
        members=files.get(MEMBERS),
        listed=dict(listed), margins={name: dict(shares) for name, shares in margins.items()}, lines=drawn.replacements.count(),
        by=by, asked=now,
    )  # fmt: skip
    made.job = ask(
        by=by, kind=KIND, arguments={"weighting": made.pk}, key=f"{KIND}:{made.pk}", now=now, place_code=kept.place_code,
        organisation_id=kept.organisation_id,
    )  # fmt: skip
    made.save(update_fields=["job"])
    record(
        by=by,
        verb="studies.weights_asked",
        thing=kept,
        now=now,
        after={"weighting": made.number, "draw": drawn.number},
    )
    return made


@transaction.atomic
def note_weighed(
    *, weighting: Weighting, sample: Path, factors: list[dict[str, Any]], rates: Mapping[str, float | None], now: datetime
) -> None:  # fmt: skip
    """Keep the sample that was made as the one that stands, with every factor; `sample` is moved away."""
    kept = Weighting.objects.select_for_update(of=("self",)).get(pk=weighting.pk)
    if kept.state != State.ASKED:
        return
    digest = hashlib.sha256(sample.read_bytes()).hexdigest()
    kept.sample = take(
        by=kept.by, one=kept.round, kind=RoundFile.Kind.SAMPLE, draft=sample, sha256=digest, now=now,
        file_name=f"poids-{kept.number}-tirage-{kept.draw.number}.csv", joined=[pk for pk in (kept.homes_id, kept.answers_id, kept.members_id) if pk],
    )  # fmt: skip
    kept.state, kept.ended, kept.factors, kept.rates = State.DONE, now, factors, dict(rates)
    kept.save()


@transaction.atomic
def note_unweighed(*, weighting: Weighting, fault: Mapping[str, str], now: datetime) -> None:
    """Keep why no weights could be computed."""
    kept = Weighting.objects.select_for_update(of=("self",)).get(pk=weighting.pk)
    if kept.state == State.ASKED:
        kept.state, kept.ended, kept.fault = State.FAILED, now, dict(fault)
        kept.save()
