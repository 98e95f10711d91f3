"""How is a run asked for, stopped, noted by the worker, checked, and let out or taken back?

A change of state is one conditional update, so that of two people who act at once only one wins. The
published tables follow by a job (`tasks.runs.release`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from kalanso.coverage import Question
from kalanso.hub.evidence.models import AgreedSentence, Run, RunCheck, RunStep
from kalanso.hub.evidence.permissions import BACKWARD, RUN_STEPS
from kalanso.hub.evidence.queries.runs import cut_beside, held_checks
from kalanso.hub.jobs.actions import ask as ask_for
from kalanso.hub.jobs.actions import cancel as cancel_job
from kalanso.hub.jobs.models import Job
from kalanso.hub.people.actions import record, state_of
from kalanso.hub.people.models import Person
from kalanso.hub.people.permissions import WHOLE_COUNTRY, may, refuse_unless

ESTIMATE, ADOPT, RELEASE, LOOK = (
    "evidence.estimate",
    "evidence.adopt",
    "evidence.release",
    "evidence.look",
)
# A machine that is switched off every night gives a long run back as often.
MOST_ATTEMPTS = 20
State, Work = Run.State, Run.Work


def mark_of(question: Mapping[str, Any], quarters: int, snapshots: Mapping[str, str]) -> str:
    """Return what is the same wherever the same is asked of the same evidence."""
    said = json.dumps([dict(question), quarters, dict(sorted(snapshots.items()))], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:32]


@transaction.atomic
def ask_run(
    *, by: Person, question: Question, quarters: int, why: str, snapshots: Mapping[str, str], now: datetime,
) -> Run:  # fmt: skip
    """Ask for an estimate and return its run; the same question on the same evidence is asked once.

    One that was stopped or broke down may be asked for again. A region may ask for previews only.
    """
    refuse_unless(by, "evidence.ask_preview" if question.preview else "evidence.ask_run", WHOLE_COUNTRY)
    if not why.strip():
        raise ValidationError(_("Dites pourquoi ce calcul est demandé."), code="why")
    asked = question.as_dict()
    mark = mark_of(asked, quarters, snapshots)
    earlier = list(Run.objects.select_related("job").filter(key__startswith=f"{mark}."))
    again = [run for run in earlier if run.standing not in {Work.FAILED, Work.CANCELLED}]
    if again:
        return again[0]
    run, made = Run.objects.get_or_create(
        key=f"{mark}.{len(earlier)}",
        defaults={
            "question": asked, "quarters": quarters, "preview": question.preview, "why": why.strip(), "asked_by": by,
            "asked": now, "snapshots": sorted(snapshots.values()),
            "warm": None if question.preview else preview_of(asked, quarters, sorted(snapshots.values())),
        },
    )  # fmt: skip
    if made:
        run.job = ask_for(
            by=by, kind=ESTIMATE, arguments={"run": run.pk}, key=f"{ESTIMATE}:{run.pk}", now=now,
            most_attempts=MOST_ATTEMPTS,
        )  # fmt: skip
        run.save(update_fields=["job"])
        record(by=by, verb="evidence.run_asked", thing=run, now=now, after=state_of(run, "question", "quarters"),
               reason=run.why)  # fmt: skip
    return run


def preview_of(question: Mapping[str, Any], quarters: int, snapshots: list[str]) -> Run | None:
    """Return a finished preview of the same question on the same evidence, from which a longer run starts."""
    free = {"preview", "seed", "draws"}
    wanted = {name: value for name, value in question.items() if name not in free}
    for run in Run.objects.filter(work=Work.DONE, preview=True, quarters=quarters)[:50]:
        own = {name: value for name, value in run.question.items() if name not in free}
        if own == wanted and run.snapshots == snapshots:
            return run
    return None


@transaction.atomic
def adopt_run(*, by: Person, name: str, why: str, now: datetime) -> Run:
    """Write the run that the store's pages show, computed outside the hub, into the list of runs."""
    refuse_unless(by, "evidence.ask_run", WHOLE_COUNTRY)
    if not why.strip():
        raise ValidationError(_("Dites d'où vient ce calcul."), code="why")
    run, made = Run.objects.get_or_create(
        key=f"adopt.{name}", defaults={"question": {}, "why": why.strip(), "asked_by": by, "asked": now}
    )
    if made:
        run.job = ask_for(by=by, kind=ADOPT, arguments={"run": run.pk}, key=f"{ADOPT}:{run.pk}", now=now)
        run.save(update_fields=["job"])
        record(by=by, verb="evidence.run_adopted", thing=run, now=now, reason=run.why)
    return run


@transaction.atomic
def ask_look(*, by: Person, quarters: int, snapshots: Mapping[str, str], now: datetime) -> Job:
    """Ask what an estimate would hear now; the same evidence is counted once."""
    refuse_unless(by, "evidence.ask_preview", WHOLE_COUNTRY)
    mark = mark_of({}, quarters, snapshots)
    tried = Job.objects.filter(kind=LOOK, key__startswith=f"{LOOK}:{mark}.")
    ended = tried.filter(state__in=(Job.State.FAILED, Job.State.CANCELLED)).count()
    return ask_for(by=by, kind=LOOK, arguments={"quarters": quarters}, key=f"{LOOK}:{mark}.{ended}", now=now)


@transaction.atomic
def cancel_run(*, by: Person, run: Run, now: datetime) -> None:
    """Stop a run that is not over: one's own, or any where the role allows it."""
    run = Run.objects.select_for_update(of=("self",)).select_related("job").get(pk=run.pk)
    if run.asked_by_id != by.pk:
        refuse_unless(by, "evidence.cancel_run", run)
    if run.over or run.job is None:
        raise ValidationError(_("Ce calcul est déjà terminé : il n'y a rien à arrêter."), code="over")
    cancel_job(by=by, job=run.job, now=now)
    run.job.refresh_from_db()
    if run.job.state == Job.State.CANCELLED:
        note_stopped(run=run, now=now)
    record(by=by, verb="evidence.run_cancelled", thing=run, now=now)


def begin_run(*, run: Run, evidence: Mapping[str, Any] | None, now: datetime) -> None:
    """Note that the worker computes a run now, and from which evidence."""
    changes: dict[str, Any] = {"work": Work.COMPUTING, "begun": run.begun or now}
    if evidence is not None:
        changes |= {"evidence": dict(evidence), "snapshots": sorted(evidence["snapshots"].values())}
    Run.objects.filter(pk=run.pk, work__in=(Work.ASKED, Work.COMPUTING)).update(**changes)


@dataclass(frozen=True, kw_only=True)
class Computed:
    """What a computed run says of itself; see `Run`."""

    name: str
    engine: str
    software: str
    snapshots: list[str]
    periods: list[str]
    provisional: list[str]
    gates: list[dict[str, Any]]
    notes: list[dict[str, Any]]
    headline: list[dict[str, Any]]
    question: Mapping[str, Any]


@transaction.atomic
def end_run(*, run: Run, found: Computed, now: datetime) -> None:
    """Note that a run is computed: it is a draft from now on."""
    before = state_of(run, "work", "state")
    changed = Run.objects.filter(pk=run.pk, work__in=(Work.ASKED, Work.COMPUTING)).update(
        work=Work.DONE, state=State.DRAFT, ended=now, name=found.name, engine=found.engine, software=found.software,
        snapshots=found.snapshots, periods=found.periods, provisional=found.provisional, gates=found.gates,
        notes=found.notes, headline=found.headline, question=dict(found.question), preview=found.engine == "preview",
    )  # fmt: skip
    if changed:
        run.refresh_from_db()
        record(by=None, verb="evidence.run_computed", thing=run, now=now, before=before,
               after=state_of(run, "work", "state"))  # fmt: skip


@transaction.atomic
def refuse_run(
    *, run: Run, sentence: Mapping[str, str], gates: list[dict[str, Any]], name: str, now: datetime
) -> None:
    """Note that the software refused a run, with its sentence in both languages."""
    changed = Run.objects.filter(pk=run.pk, work__in=(Work.ASKED, Work.COMPUTING)).update(
        work=Work.REFUSED, ended=now, refused=dict(sentence), gates=gates, name=name
    )
    if changed:
        record(
            by=None,
            verb="evidence.run_refused",
            thing=run,
            now=now,
            reason=str(sentence.get("fr", ""))[:2000],
        )


def note_stopped(*, run: Run, now: datetime) -> None:
    """Note that a run stopped because somebody asked."""
    Run.objects.filter(pk=run.pk, work__in=(Work.ASKED, Work.COMPUTING)).update(
        work=Work.CANCELLED, ended=now
    )


@transaction.atomic
def check_run(
    *, by: Person, run: Run, answers: Mapping[str, tuple[bool, str]], now: datetime
) -> list[RunCheck]:
    """Sign what was looked at of a run in review: for each point whether it is fine, and a note."""
    refuse_unless(by, "evidence.review_run", run)
    run = Run.objects.select_for_update().get(pk=run.pk)
    if run.state != State.REVIEW:
        raise ValidationError(_("Seul un calcul en revue technique se relit."), code="state")
    made = []
    # A tick alone will do only where there is something to have looked at.
    told = {RunCheck.Point.DIFFERENCE.value, *(() if cut_beside(run) else (RunCheck.Point.CUT.value,))}
    for point, (fine, note) in answers.items():
        note = note.strip()
        if not note and (not fine or point in told):
            raise ValidationError(
                _("« %(point)s » : écrivez ce que vous avez vu."),
                code="note",
                params={"point": RunCheck.Point(point).label},
            )
        made.append(
            RunCheck.objects.create(
                run=run, point=point, fine=fine, note=note, by=by, at=now, round=run.steps_taken
            )
        )
    record(
        by=by,
        verb="evidence.run_checked",
        thing=run,
        now=now,
        after={one.point: "fine" if one.fine else one.note for one in made},
    )
    return made


def refuse_step(by: Person, run: Run, after: str, reason: str) -> None:
    """Raise PermissionDenied or ValidationError unless somebody may move a run to a state now."""
    way = (run.state, after)
    if way not in RUN_STEPS:
        raise ValidationError(
            _("Ce calcul est « %(state)s » : cette étape n'existe pas de là."), code="way",
            params={"state": run.get_state_display()},
        )  # fmt: skip
    refuse_unless(by, RUN_STEPS[way], run)
    if way in BACKWARD and not reason.strip():
        raise ValidationError(_("Un retour dit ses raisons : écrivez-les."), code="reason")
    if State.REJECTED in way:  # whatever it is, who reviews may set it aside, and take that back
        return
    if run.preview:
        raise ValidationError(
            _("Un aperçu reste un brouillon : demandez le calcul à publier."), code="preview"
        )
    if run.cut:
        raise ValidationError(_("Une version coupée sert à comparer, elle n'est pas validée."), code="cut")
    if after == State.VALIDATED and run.state == State.REVIEW:
        _refuse_unchecked(by, run)
    for state, sentence in (
        (State.REVIEW, _("Un autre calcul est en revue technique : terminez-la d'abord.")),
        (State.VALIDATED, _("Un autre calcul est validé : renvoyez celui-ci en revue technique.")),
    ):
        onward = state == State.VALIDATED and run.state == State.REVIEW  # the other one is replaced
        if after == state and not onward and Run.objects.filter(state=state).exclude(pk=run.pk).exists():
            raise ValidationError(sentence, code="other")


def _refuse_unchecked(by: Person, run: Run) -> None:
    held = held_checks(run)
    missing = [
        point.label for point in RunCheck.Point if point.value not in held or not held[point.value].fine
    ]
    if missing:
        raise ValidationError(
            _("Avant de valider, ces points sont à relire et à signer : %(points)s."),
            code="unchecked",
            params={"points": " ; ".join(str(label) for label in missing)},
        )
    if by.pk == run.asked_by_id and all(one.by_id == run.asked_by_id for one in held.values()):
        raise ValidationError(
            _("Vous avez demandé ce calcul : une autre personne doit l'avoir relu, ou le valider."),
            code="four_eyes",
        )


@transaction.atomic
def move_run(*, by: Person, run: Run, after: str, reason: str = "", now: datetime) -> RunStep:
    """Let a run out one step further, or take it back with reasons; the published tables follow by a job."""
    run = Run.objects.select_for_update().get(pk=run.pk)
    refuse_step(by, run, after, reason)
    if after in {State.VALIDATED, State.PUBLISHED}:
        for other in Run.objects.select_for_update().filter(state=after).exclude(pk=run.pk):
            _step(by=by, run=other, after=State.REPLACED, reason="", now=now)
    more: dict[str, Any] = {}
    if after == State.VALIDATED and run.state == State.REVIEW:
        held = held_checks(run).values()
        others = [one.by_id for one in held if one.by_id != run.asked_by_id]
        more = {"validated_by": by, "checked_by_id": next(iter(others), run.asked_by_id)}
    step = _step(by=by, run=run, after=after, reason=reason.strip(), now=now, **more)
    ask_for(by=by, kind=RELEASE, arguments={"step": step.pk}, key=f"{RELEASE}:{step.pk}", now=now,
            most_attempts=MOST_ATTEMPTS)  # fmt: skip
    return step


def _step(*, by: Person, run: Run, after: str, reason: str, now: datetime, **more: Any) -> RunStep:
    before = run.state
    held = Run.objects.filter(pk=run.pk, state=before, steps_taken=run.steps_taken)
    try:
        with transaction.atomic():
            won = held.update(state=after, steps_taken=run.steps_taken + 1, **more)
    except IntegrityError:  # another run came into that state in the same moment
        won = 0
    if not won:
        raise ValidationError(
            _("Quelqu'un d'autre vient de changer ce calcul : relisez-le avant d'agir."), code="late"
        )
    run.refresh_from_db()
    step = RunStep.objects.create(
        run=run, number=run.steps_taken, before=before, after=after, by=by, at=now, reason=reason
    )
    record(by=by, verb="evidence.run_moved", thing=run, now=now, before={"state": before}, after={"state": after},
           reason=reason)  # fmt: skip
    return step


def note_settled(*, steps: list[int], now: datetime) -> None:
    """Note that the published tables have followed these steps."""
    RunStep.objects.filter(pk__in=steps, settled__isnull=True).update(settled=now)


@transaction.atomic
def agree_sentence(
    *, by: Person, fr: str, en: str, agreed_with: str, after: int, now: datetime
) -> AgreedSentence:
    """Keep a new version of the sentence that stands beside official figures.

    `after` is the version that its writer had before their eyes: a newer one is not written over unseen.
    """
    refuse_unless(by, "evidence.agree_sentence", WHOLE_COUNTRY)
    if not (fr.strip() and en.strip() and agreed_with.strip()):
        raise ValidationError(
            _("Il faut la phrase dans les deux langues, et avec qui elle est convenue."), code="empty"
        )
    last = AgreedSentence.objects.select_for_update().first()
    if (last.version if last else 0) != after:
        raise ValidationError(
            _("Quelqu'un d'autre vient de changer cette phrase : relisez-la d'abord."), code="late"
        )
    made = AgreedSentence.objects.create(
        version=after + 1, fr=fr.strip(), en=en.strip(), agreed_with=agreed_with.strip(), by=by, at=now
    )
    record(by=by, verb="evidence.sentence_agreed", thing=made, now=now, before=state_of(last, "fr", "en") if last else {},
           after=state_of(made, "fr", "en", "agreed_with"))  # fmt: skip
    return made


def steps_open(person: Person, run: Run) -> list[str]:
    """Return the states to which somebody may move a run, as far as roles go."""
    ways = {after: verb for (before, after), verb in RUN_STEPS.items() if before == run.state}
    if run.preview or run.cut:
        ways = {after: verb for after, verb in ways.items() if State.REJECTED in (run.state, after)}
    return [after for after, verb in ways.items() if may(person, verb, run)]
