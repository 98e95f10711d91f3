"""How does a person correct a value of an interview, and who agrees?

The received files are never changed. What is decided counts at the next analysis; where the study asks for a second look, only once
somebody else agreed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from kalanso.hub.people.actions import record
from kalanso.hub.people.models import Person
from kalanso.hub.people.permissions import refuse_unless
from kalanso.hub.studies.actions.rounds import held, refuse_published, refuse_under_way
from kalanso.hub.studies.models import Correction, Round
from kalanso.hub.studies.queries import corrections as queries

State = Correction.State


@transaction.atomic
def propose(*, by: Person, one: Round, said: Sequence[Mapping[str, str]], now: datetime) -> list[Correction]:
    """Keep corrections, all or none; each has table, child, dose, source, field, before, after and why.

    Raises ValidationError naming the line (from 1) that does not fit what was received.
    """
    kept = held(one)
    refuse_unless(by, "studies.analyse", kept)
    refuse_published(kept)
    refuse_under_way(kept)
    if kept.shown is None:
        raise ValidationError(
            _("Analysez d'abord : une correction dit ce qui est changé de ce qui est venu."), code="shown"
        )
    made = []
    for number, line in enumerate(said, start=1):
        _refuse_unfit(kept, line, number)
        state = State.PROPOSED if kept.second_look else State.AGREED
        looked = {} if kept.second_look else {"looked_at_by": by, "looked_at": now}
        told = {
            name: line.get(name, "")
            for name in ("table", "child", "dose", "source", "field", "before", "after", "why")
        }
        try:
            with transaction.atomic():
                made.append(
                    Correction.objects.create(round=kept, by=by, proposed=now, state=state, **looked, **told)
                )
        except IntegrityError as error:
            raise _wrong(number, _("cette valeur est déjà corrigée, ou rien n'y change")) from error
    record(by=by, verb="studies.corrections_proposed", thing=kept, now=now, after={"corrections": len(made)})
    return made


def _wrong(number: int, why: str) -> ValidationError:
    return ValidationError(
        _("Correction %(number)s : %(why)s.") % {"number": number, "why": why}, code="line"
    )


def _refuse_unfit(one: Round, line: Mapping[str, str], number: int) -> None:
    """Refuse what no received line holds, and values that cannot be."""
    table, field, after = line.get("table", ""), line.get("field", ""), line.get("after", "")
    if field not in queries.FIELDS.get(table, ()):
        raise _wrong(number, _("« %(field)s » n'est pas un champ qui se corrige") % {"field": field})
    if not line.get("why", "").strip():
        raise _wrong(number, _("dites pourquoi"))
    if after and field in queries.CODES and after not in queries.CODES[field]:
        raise _wrong(number, _("« %(value)s » n'est pas une réponse possible") % {"value": after})
    if after and field in queries.DATES:
        try:
            date.fromisoformat(after)
        except ValueError as error:
            raise _wrong(
                number, _("« %(value)s » n'est pas une date ; écrivez-la comme 31/01/2025") % {"value": after}
            ) from error
    assert one.shown is not None
    held_values = [queries.text_of(row.get(field)) for row in queries.find(one.shown, line)]
    if not line.get("child") or not held_values:
        raise _wrong(number, _("aucune interview reçue n'y correspond"))
    if line.get("before", "") not in held_values:
        raise _wrong(
            number, _("la valeur reçue n'est pas « %(before)s » mais « %(found)s »") % {"before": line.get("before", ""), "found": held_values[0]}
        )  # fmt: skip


@transaction.atomic
def look_at(*, by: Person, one: Round, pk: int, verdict: str, now: datetime) -> Correction:
    """Agree with a proposed correction, refuse it, or take one back that was agreed; nobody agrees with their own."""
    kept = held(one)
    refuse_unless(by, "studies.analyse", kept)
    refuse_published(kept)
    refuse_under_way(kept)
    line = Correction.objects.filter(round=kept, pk=pk).first()
    allowed = {
        State.PROPOSED: {State.AGREED, State.REFUSED, State.TAKEN_BACK},
        State.AGREED: {State.TAKEN_BACK},
    }
    if line is None or verdict not in allowed.get(State(line.state), set()):
        raise ValidationError(_("Cette correction n'attend plus rien de tel."), code="state")
    if verdict == State.AGREED and line.by_id == by.pk:
        raise ValidationError(_("Une autre personne que celle qui propose doit relire."), code="same")
    before = line.state
    line.state, line.looked_at_by, line.looked_at = State(verdict), by, now
    line.save(update_fields=["state", "looked_at_by", "looked_at"])
    record(
        by=by, verb="studies.correction_looked_at", thing=kept, now=now, before={"correction_state": before},
        after={"correction_state": line.state, "correction": line.pk},
    )  # fmt: skip
    return line
