"""Is an estimate asked for once, computed by the worker, resumed, stopped and refused aloud?"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction

from kalanso.coverage.tables import COVERAGE_ESTIMATES
from kalanso.indicators.tables import OBSERVATIONS
from kalanso.pipeline.kept_runs import folder_of_kept
from tests.coverage.made_up_engine import MadeUpEngine
from tests.hub.run_desk import NOW, Desk, desk
from tests.hub.visitors import person, visitor
from tests.pipeline.test_evidence_folder import put, seen

pytestmark = pytest.mark.long

__all__ = ["desk"]
ASKERS = {"national", "researcher", "administrator"}
ROLES = ("reader", "district", "facility", "coach", "region", "national", "partner", "researcher", "editor", "donor", "administrator")  # fmt: skip


def test_a_run_is_computed_by_the_worker_and_kept_apart(desk: Desk) -> None:
    run = desk.ask(preview=True)
    assert (run.work, run.state, run.over) == ("asked", "", False)
    desk.work()
    run.refresh_from_db()
    assert (run.work, run.state, run.preview, run.engine) == ("done", "draft", True, "preview")
    assert run.gates == [{"name": "r_hat", "value": 1.0, "limit": 1.01, "passed": True}]
    newest = [row for row in run.headline if row["indicator"] == "dtp1"][-1]
    assert newest["missed_children_q025"] < newest["missed_children_mean"] < newest["missed_children_q975"]
    assert run.evidence["areas"] == 2
    assert run.snapshots
    assert " · " in run.software
    assert desk.store.latest(COVERAGE_ESTIMATES.name) is None


def test_asking_twice_asks_once_and_a_stopped_run_may_be_asked_again(desk: Desk) -> None:
    from kalanso.hub.evidence.actions.runs import cancel_run
    from kalanso.hub.jobs.models import Job

    first, again = desk.ask(), desk.ask(person("national"))
    assert first.pk == again.pk
    assert Job.objects.filter(kind="evidence.estimate").count() == 1
    assert desk.ask(seed=2).pk != first.pk
    cancel_run(by=first.asked_by, run=first, now=NOW)
    assert desk.ask().pk != first.pk


@pytest.mark.parametrize("preview", [True, False])
def test_only_some_roles_ask_and_regions_ask_for_previews_alone(desk: Desk, preview: bool) -> None:
    for seed, role in enumerate(ROLES):
        by = person(role, "R" if role in {"region", "district", "facility", "coach"} else "")
        if role in ASKERS or (role == "region" and preview):
            assert desk.ask(by, preview=preview, seed=seed).asked_by == by
            continue
        with pytest.raises(PermissionDenied):
            desk.ask(by, preview=preview, seed=seed)


def test_a_role_for_one_region_asks_for_no_run_of_the_country(desk: Desk) -> None:
    with pytest.raises(PermissionDenied):
        desk.ask(person("researcher", "R"))
    with pytest.raises(PermissionDenied):
        desk.ask(person("national", "R"))


def test_a_run_that_nobody_explains_is_not_asked(desk: Desk) -> None:
    from kalanso.coverage import Question
    from kalanso.hub.evidence.actions.runs import ask_run

    with pytest.raises(ValidationError, match="pourquoi"):
        ask_run(by=person("national"), question=Question(), quarters=36, why="  ", snapshots={}, now=NOW)


def test_a_run_whose_worker_was_killed_goes_on_where_it_was(desk: Desk) -> None:
    from kalanso.hub.jobs.actions import LEASE, take
    from kalanso.hub.jobs.tasks import Work, work_once

    run = desk.ask()
    job = take(holder="dead", now=NOW)
    assert job is not None
    desk.engine = MadeUpEngine(stop_at=2)
    from kalanso.hub.evidence.tasks import runs as tasks

    with pytest.raises(KeyboardInterrupt):
        tasks.estimate(Work(job, "dead"))
    run.refresh_from_db()
    assert run.standing == "computing"
    job.refresh_from_db()
    desk.engine = MadeUpEngine()
    done = work_once("alive", now=job.leased_until + LEASE)
    run.refresh_from_db()
    assert done is not None
    assert (done.state, done.attempts, run.work) == ("done", 2, "done")
    assert desk.engine.steps == [2, 3]


def test_what_was_computed_before_its_worker_died_is_not_computed_again(desk: Desk) -> None:
    from kalanso.hub.evidence.tasks import runs as tasks
    from kalanso.hub.jobs.actions import LEASE, take
    from kalanso.hub.jobs.tasks import Work, work_once

    run = desk.ask()
    job = take(holder="dead", now=NOW)
    assert job is not None
    end, tasks.write.end_run = tasks.write.end_run, _die
    try:
        with pytest.raises(KeyboardInterrupt):
            tasks.estimate(Work(job, "dead"))
    finally:
        tasks.write.end_run = end
    job.refresh_from_db()
    desk.engine = MadeUpEngine()
    work_once("alive", now=job.leased_until + LEASE)
    run.refresh_from_db()
    assert run.work == "done"
    assert desk.engine.steps == []


def _die(**_: Any) -> None:
    raise KeyboardInterrupt


def test_a_run_that_is_cancelled_while_it_waits_is_never_computed(desk: Desk) -> None:
    from kalanso.hub.evidence.actions.runs import cancel_run

    run = desk.ask()
    cancel_run(by=person("national"), run=run, now=NOW)
    assert desk.work() == []
    run.refresh_from_db()
    assert (run.work, run.state) == ("cancelled", "")
    with pytest.raises(ValidationError, match="rien à arrêter"):
        cancel_run(by=person("national"), run=run, now=NOW)


def test_a_run_that_is_cancelled_while_it_is_computed_stops_at_its_next_word(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kalanso.hub.evidence.actions.runs import cancel_run
    from kalanso.hub.jobs.tasks import Work

    run = desk.ask()
    told: list[str] = []

    def progress(work: Any, step: str, share: float) -> None:
        told.append(step)
        if step == "coverage.progress.sampling" and len(told) > 3 and not work.stop_asked.is_set():
            cancel_run(by=person("national"), run=run, now=NOW)
            work.stop_asked.set()  # as the heartbeat does

    monkeypatch.setattr(Work, "progress", progress)
    job = desk.work()[0]
    run.refresh_from_db()
    assert (job.state, run.work) == ("cancelled", "cancelled")
    assert len(desk.engine.steps) < 4
    # nothing half-done stays, and no page says that somebody's computation waits to be taken up
    assert not folder_of_kept(desk.store, str(run.pk)).exists()


def test_only_those_who_answer_for_the_country_stop_the_runs_of_others(desk: Desk) -> None:
    from kalanso.hub.evidence.actions.runs import cancel_run
    from kalanso.hub.jobs.models import Job

    for seed, role in enumerate(ROLES):
        run = desk.ask(person("researcher", name="autre"), seed=seed)
        if role in {"national", "administrator"}:
            cancel_run(by=person(role), run=run, now=NOW)
            assert Job.objects.get(pk=run.job_id).state == "cancelled"
            continue
        with pytest.raises(PermissionDenied):
            cancel_run(by=person(role), run=run, now=NOW)


def test_a_missed_gate_is_a_refusal_with_its_sentence_on_the_page(desk: Desk, quick_hand: Any) -> None:
    desk.engine = MadeUpEngine(missed=True)
    run = desk.ask()
    job = desk.work()[0]
    run.refresh_from_db()
    assert (job.state, run.work, run.state) == ("failed", "refused", "")
    assert "r_hat" in run.refused["fr"]
    assert run.refused["fr"] != run.refused["en"]
    assert run.gates[0]["passed"] is False
    page = visitor("national").get(f"/preuves/calculs/{run.pk}/").content.decode()
    assert "a été refusé" in page
    assert "tirages indépendants, obtenus / demandés" in page
    english = visitor("national").get(f"/en/preuves/calculs/{run.pk}/").content.decode()
    assert "criterion missed" in english or run.refused["en"].split(".")[0][:20] in english
    # the same question on the same evidence would be refused again
    assert desk.ask().pk == run.pk


def test_an_empty_store_refuses_with_a_sentence(desk: Desk) -> None:
    from kalanso.hub.evidence.actions.runs import refuse_run

    run = desk.ask()
    refuse_run(run=run, sentence={"fr": "rien", "en": "nothing"}, gates=[], name="", now=NOW)
    desk.work()
    run.refresh_from_db()
    assert (run.work, run.refused["en"]) == ("refused", "nothing")


def test_a_run_waits_while_another_computation_works_in_the_store(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kalanso.hub.evidence.tasks import runs as tasks

    looks = iter([True, True, False])
    monkeypatch.setattr(tasks, "is_computing", lambda _store: next(looks))
    monkeypatch.setattr("kalanso.hub.jobs.tasks.LOOKS_AGAIN", 0.0)
    assert desk.computed().state == "draft"


def test_a_preview_is_where_the_longer_run_starts(desk: Desk) -> None:
    preview = desk.computed(preview=True)
    run = desk.ask()
    assert run.warm_id == preview.pk
    desk.work()
    assert "gamma" in desk.engine.warm
    assert (folder_of_kept(desk.store, str(run.pk)) / "diagnostics.json").is_file()


def test_a_job_that_died_without_a_word_shows_as_failed(desk: Desk) -> None:
    from kalanso.hub.jobs.models import Job

    run = desk.ask()
    Job.objects.filter(pk=run.job_id).update(state="failed", ended=NOW)
    run = type(run).objects.get(pk=run.pk)
    assert (run.standing, run.over) == ("failed", True)
    assert "panne" in visitor("national").get(f"/preuves/calculs/{run.pk}/").content.decode()


def test_a_run_of_the_command_line_is_written_in_and_can_be_reviewed(desk: Desk, quick_hand: Any) -> None:
    from kalanso import pipeline
    from kalanso.coverage import Question

    pipeline.estimate(desk.store, question=Question(draws=20), engine=MadeUpEngine(), now=NOW)
    client = visitor("national")
    assert "hors de cette page" in client.get("/preuves/calculs/").content.decode()
    client.post("/preuves/calculs/inscrire/", {"reason": "calcul de la nuit"})
    desk.work()
    from kalanso.hub.evidence.models import Run

    run = Run.objects.get()
    assert (run.work, run.state, run.question["draws"]) == ("done", "draft", 20)
    assert "hors de cette page" not in client.get("/preuves/calculs/").content.decode()


def test_the_database_holds_what_must_always_hold(desk: Desk) -> None:
    from kalanso.hub.evidence.models import Run, RunStep

    run = desk.computed()
    other = desk.computed(seed=2)
    wrong: list[dict[str, Any]] = [
        {"work": "done", "state": ""}, {"work": "computing", "state": "draft"}, {"why": ""}, {"ended": None},
        {"preview": True, "state": "validated"}, {"state": "validated"},
        {"state": "published", "validated_by": run.asked_by, "checked_by": run.asked_by},
    ]  # fmt: skip
    for changes in wrong:
        with pytest.raises(IntegrityError), transaction.atomic():
            Run.objects.filter(pk=run.pk).update(**changes)
    free = person("national")
    fine = {"validated_by": free, "checked_by": free}
    for state in ("published", "validated", "technical_review"):
        Run.objects.filter(pk=run.pk).update(state=state, **fine)
        with pytest.raises(IntegrityError), transaction.atomic():
            Run.objects.filter(pk=other.pk).update(state=state, **fine)
    for before, after, reason in (
        ("draft", "published", ""), ("draft", "validated", ""), ("technical_review", "draft", ""),
        ("published", "validated", ""), ("replaced", "published", "x"),
    ):  # fmt: skip
        with pytest.raises(IntegrityError), transaction.atomic():
            RunStep.objects.create(
                run=run, number=99, before=before, after=after, by=free, at=NOW, reason=reason
            )


def test_an_old_lease_does_not_keep_a_cancelled_run_open(desk: Desk) -> None:
    from kalanso.hub.evidence.actions.runs import cancel_run
    from kalanso.hub.jobs.actions import LEASE, give_back, take

    run = desk.ask()
    take(holder="dead", now=NOW)
    cancel_run(by=run.asked_by, run=run, now=NOW)
    give_back(now=NOW + LEASE + timedelta(seconds=1))
    assert type(run).objects.get(pk=run.pk).standing == "cancelled"


@pytest.mark.parametrize("role", [role for role in ROLES if role not in ASKERS])
def test_whether_a_run_waits_to_be_written_in_is_not_told_by_a_refusal(desk: Desk, role: str) -> None:
    response = visitor(role).post("/preuves/calculs/inscrire/", {"reason": "calcul de la nuit"})
    assert response.status_code == 403, "who may not write a run in is refused before anybody looks for one"


def test_a_run_is_computed_on_the_data_for_which_it_was_asked(desk: Desk) -> None:
    run = desk.ask()
    put(desk.store, OBSERVATIONS, [seen("F1", "202412", 99, source="sheet")])
    desk.work()
    run.refresh_from_db()
    assert run.work == "done"
    assert "observations-000001" in run.snapshots
    later = desk.ask()
    assert later.pk != run.pk
    assert "observations-000002" in later.snapshots


def test_a_preview_of_the_command_line_is_not_promised_a_validation(desk: Desk, quick_hand: Any) -> None:
    from kalanso import pipeline
    from kalanso.coverage import Question

    pipeline.estimate(desk.store, question=Question(draws=20, preview=True), engine=MadeUpEngine(), now=NOW)
    page = visitor("national").get("/preuves/calculs/").content.decode()
    assert "il ne se valide pas" in page
    assert "puis validé ici" not in page
