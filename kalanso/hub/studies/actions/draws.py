"""How are the clusters of a round drawn, and how is one replaced that could not be visited?

A draw is never changed: another is a further version, with a reason, and none follows once answers have come. Reserves are taken in
their order alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import pandas as pd
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from kalanso.hub.people.actions import record
from kalanso.hub.people.models import Person
from kalanso.hub.people.permissions import refuse_unless
from kalanso.hub.studies.actions.rounds import held, refuse_published
from kalanso.hub.studies.models import Draw, Replacement, Round
from kalanso.hub.studies.queries import draws as queries
from kalanso.hub.studies.queries.rounds import language
from kalanso.surveys.design import reach
from kalanso.surveys.handed_in import SurveyRefused

CLUSTERS_AT_MOST = 2_000


@transaction.atomic
def draw(
    *, by: Person, one: Round, frame: Sequence[Mapping[str, Any]], outside: Sequence[Mapping[str, str]], asked: Mapping[str, Any],
    seed: int, reason: str, now: datetime,
) -> Draw:  # fmt: skip
    """Draw clusters and keep them. `frame` has unit_code, name, place_code, stratum, stratum_name and children, all above 0."""
    kept = held(one)
    refuse_unless(by, "studies.declare", kept)
    refuse_published(kept)
    before = queries.newest(kept)
    if before is not None and kept.taken is not None:
        raise ValidationError(
            _("Des réponses sont déjà venues de ce tirage : il ne peut plus être refait. Une grappe manquée se remplace."), code="taken"
        )  # fmt: skip
    if before is not None and not reason.strip():
        raise ValidationError(_("Dites pourquoi le tirage est refait."), code="reason")
    strata = {str(row["stratum"]) for row in frame}
    if len(strata) * (int(asked["clusters"]) + int(asked["reserves"])) > CLUSTERS_AT_MOST:
        raise ValidationError(
            _("Ce tirage donnerait plus de 2 000 grappes : vérifiez les nombres."), code="many"
        )
    if not frame:
        raise ValidationError(
            _("Aucun lieu de cette liste n'a de nombre d'enfants : il n'y a rien à tirer."), code="empty"
        )
    try:
        clusters = queries.chosen(frame, asked, seed)
    except SurveyRefused as error:
        raise ValidationError(error.render(language()), code="frame") from error
    number = before.number + 1 if before else 1
    if number > 1:
        # an interview tells by its cluster from which draw it comes
        clusters = [row | {"cluster": f"{row['cluster']}-t{number}"} for row in clusters]
    made = Draw.objects.create(
        round=kept, number=number, asked=dict(asked), seed=seed, units=len(frame),
        children=float(sum(float(row["children"]) for row in frame)), outside=[dict(row) for row in outside], clusters=clusters,
        reason=reason.strip(), by=by, drawn=now,
    )  # fmt: skip
    record(
        by=by, verb="studies.drawn", thing=kept, now=now, reason=made.reason,
        after={"draw": made.number, "seed": str(seed), "clusters": len(clusters)},
    )  # fmt: skip
    return made


@transaction.atomic
def replace(
    *, by: Person, one: Round, cluster: str, reason: str, told: str, decided_on: date, now: datetime
) -> Replacement:
    """Note that a cluster of the newest draw could not be visited; the next reserve of its stratum goes in its place."""
    kept = held(one)
    refuse_unless(by, "studies.declare", kept)
    refuse_published(kept)
    drawn = queries.newest(kept)
    if drawn is None:
        raise ValidationError(_("Aucune grappe n'est encore tirée."), code="draw")
    lines = list(drawn.replacements.select_related("by"))
    rows = {row["cluster"]: row for row in drawn.clusters}
    if cluster not in rows:
        raise ValidationError(_("Cette grappe n'est pas de ce tirage."), code="cluster")
    line = Replacement(
        draw=drawn, cluster=cluster, reason=reason, told=told.strip(), decided_on=decided_on, by=by, recorded=now,
        replaced_by=_next_reserve(drawn, lines, rows[cluster]["stratum"]),
    )  # fmt: skip
    try:
        reach(pd.DataFrame(drawn.clusters), queries.log_of([*lines, line]))
    except SurveyRefused as error:
        raise ValidationError(error.render(language()), code="log") from error
    line.save(force_insert=True)
    record(
        by=by, verb="studies.cluster_replaced", thing=kept, now=now,
        after={"cluster": cluster, "replaced_by": line.replaced_by, "why": reason},
    )  # fmt: skip
    return line


def _next_reserve(drawn: Draw, lines: Sequence[Replacement], stratum: str) -> str:
    """Return the reserve whose turn it is in a stratum; "" where none is left."""
    used = {line.replaced_by for line in lines} | {line.cluster for line in lines}
    waiting = [
        row for row in drawn.clusters if row["stratum"] == stratum and row["role"] == "reserve" and row["cluster"] not in used
    ]  # fmt: skip
    return min(waiting, key=lambda row: row["reserve_order"])["cluster"] if waiting else ""
