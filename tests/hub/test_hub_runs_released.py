"""Does a run leave the desk only step by step, by those who may, and does each circle see what is meant for it?"""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from kalanso.coverage.tables import (
    COVERAGE_ESTIMATES,
    COVERAGE_ESTIMATES_PARTNERS,
    COVERAGE_ESTIMATES_PUBLIC,
    KEPT_RUNS,
)
from kalanso.store import Audience, NotVisible, Scope, TableSpec, visible
from tests.hub.run_desk import NOW, Desk, desk
from tests.hub.visitors import person, stranger, visitor

pytestmark = pytest.mark.long

__all__ = ["desk"]
ROLES = ("reader", "district", "facility", "coach", "region", "national", "partner", "researcher", "editor", "donor", "administrator")  # fmt: skip
STATES = ("draft", "technical_review", "validated", "published", "replaced")
# From where to where, and which roles may; everything else is refused to everybody.
MAY = {
    ("draft", "technical_review"): {"national", "researcher"},
    ("technical_review", "draft"): {"national", "researcher"},
    ("technical_review", "validated"): {"national"},
    ("validated", "technical_review"): {"national"},
    ("validated", "published"): {"national"},
    ("published", "validated"): {"national"},
    ("published", "technical_review"): {"national"},
    ("replaced", "technical_review"): {"national", "researcher"},
}
LOCAL = {"district": "D", "facility": "H1", "coach": "R", "region": "R"}


def stand(run: Any, state: str) -> None:
    """Put a run into a state, as far as the database allows it."""
    from django.db.models import F

    from kalanso.hub.evidence.models import Run

    others = {"validated_by": person("national"), "checked_by": person("researcher", name="relectrice")}
    Run.objects.filter(pk=run.pk).update(state=state, steps_taken=F("steps_taken") + 1, **others)
    run.refresh_from_db()
    if state == "technical_review":
        number = {"number": run.steps_taken, "at": NOW, "by": person("national")}
        run.steps.create(before="draft", after=state, **number)


def seen_in(desk: Desk, spec: TableSpec) -> set[tuple[str, str]]:
    rows = desk.store.read(spec).to_pandas()
    return set(zip(rows["run"], rows["state"], strict=True))


def test_every_role_moves_a_run_only_where_the_table_says(desk: Desk) -> None:
    from kalanso.hub.evidence.actions.runs import move_run

    run = desk.computed()
    people = {role: person(role, LOCAL.get(role, "")) for role in ROLES}
    from django.db import transaction

    for before in STATES:
        for after in STATES:
            for role, by in people.items():
                allowed = role in MAY.get((before, after), set())
                with transaction.atomic():
                    stand(run, before)
                    if before == "technical_review":
                        desk.check(run)
                    if allowed:
                        move_run(by=by, run=run, after=after, reason="parce que", now=NOW)
                        run.refresh_from_db()
                        assert run.state == after
                    else:
                        with pytest.raises((PermissionDenied, ValidationError)):
                            move_run(by=by, run=run, after=after, reason="parce que", now=NOW)
                        run.refresh_from_db()
                        assert run.state == before
                    transaction.set_rollback(True)


def test_roles_held_for_a_region_validate_nothing(desk: Desk) -> None:
    from kalanso.hub.evidence.actions.runs import move_run

    run = desk.brought_to("technical_review")
    desk.check(run)
    with pytest.raises(PermissionDenied):
        move_run(by=person("national", "R"), run=run, after="validated", now=NOW)


def test_whoever_takes_a_run_back_says_why(desk: Desk) -> None:
    from kalanso.hub.evidence.actions.runs import move_run

    onward = {("draft", "technical_review"), ("technical_review", "validated"), ("validated", "published")}
    run = desk.computed()
    for before, after in set(MAY) - onward:
        stand(run, before)
        with pytest.raises(ValidationError, match="raisons"):
            move_run(by=person("national"), run=run, after=after, reason="  ", now=NOW)


def test_a_run_is_validated_only_when_every_point_is_signed(desk: Desk) -> None:
    from kalanso.hub.evidence.actions.runs import check_run, move_run

    run = desk.brought_to("technical_review")
    with pytest.raises(ValidationError, match="à relire et à signer"):
        move_run(by=person("national"), run=run, after="validated", now=NOW)
    desk.check(run)
    check_run(by=person("researcher"), run=run, answers={"cut": (False, "loin de l'entière")}, now=NOW)
    with pytest.raises(ValidationError, match="version coupée"):
        move_run(by=person("national"), run=run, after="validated", now=NOW)
    check_run(by=person("researcher"), run=run, answers={"cut": (True, "proche de l'entière")}, now=NOW)
    move_run(by=person("national"), run=run, after="validated", now=NOW)
    run.refresh_from_db()
    assert (run.state, run.validated_by, run.checked_by.username) == (
        "validated",
        person("national"),
        "relectrice",
    )


def test_checks_of_an_earlier_review_do_not_count_for_a_later_one(desk: Desk) -> None:
    from kalanso.hub.evidence.actions.runs import move_run

    run = desk.brought_to("technical_review")
    desk.check(run)
    desk.move(run, "draft", reason="les populations ont changé")
    desk.move(run, "technical_review")
    with pytest.raises(ValidationError, match="à relire et à signer"):
        move_run(by=person("national"), run=run, after="validated", now=NOW)


def test_a_check_that_finds_fault_or_a_difference_says_what(desk: Desk) -> None:
    from kalanso.hub.evidence.actions.runs import check_run

    run = desk.brought_to("technical_review")
    for point, fine in (("gates", False), ("difference", True), ("cut", True)):
        with pytest.raises(ValidationError, match="écrivez ce que vous avez vu"):
            check_run(by=person("researcher"), run=run, answers={point: (fine, "")}, now=NOW)


def test_who_asked_for_a_run_does_not_validate_it_alone(desk: Desk) -> None:
    from kalanso.hub.evidence.actions.runs import move_run

    asker = person("national", name="demandeuse")
    run = desk.computed(asker)
    desk.move(run, "technical_review", asker)
    desk.check(run, asker)
    with pytest.raises(ValidationError, match="une autre personne"):
        move_run(by=asker, run=run, after="validated", now=NOW)
    desk.check(run, person("researcher"))
    desk.move(run, "validated", asker)
    assert (run.validated_by, run.checked_by) == (asker, person("researcher"))


def test_another_person_may_validate_what_its_asker_checked(desk: Desk) -> None:
    asker = person("researcher", name="chercheuse")
    run = desk.computed(asker)
    desk.move(run, "technical_review", asker)
    desk.check(run, asker)
    desk.move(run, "validated", person("national"))
    assert run.state == "validated"


@pytest.mark.parametrize("changes", [{"preview": True}, {"cut": True, "preview": True}])
def test_previews_and_cut_versions_stay_drafts(desk: Desk, changes: dict[str, bool]) -> None:
    from kalanso.hub.evidence.actions.runs import move_run

    run = desk.computed(**changes)
    with pytest.raises(ValidationError):
        move_run(by=person("national"), run=run, after="technical_review", now=NOW)


def test_one_run_is_reviewed_at_a_time(desk: Desk) -> None:
    from kalanso.hub.evidence.actions.runs import move_run

    desk.brought_to("technical_review")
    other = desk.computed(seed=2)
    with pytest.raises(ValidationError, match="Un autre calcul est en revue"):
        move_run(by=person("national"), run=other, after="technical_review", now=NOW)


def test_of_two_people_who_decide_at_once_one_wins(desk: Desk) -> None:
    from kalanso.hub.evidence.actions import runs
    from kalanso.hub.evidence.models import Run

    run = desk.computed()
    stale = Run.objects.get(pk=run.pk)
    desk.move(run, "technical_review")
    with pytest.raises(ValidationError, match="vient de changer"):
        runs._step(by=person("national"), run=stale, after="technical_review", reason="", now=NOW)


def test_the_tables_follow_and_each_circle_keeps_what_was_validated_for_it(desk: Desk) -> None:
    desk.follow = True
    first = desk.brought_to("published")
    second = desk.brought_to("technical_review", seed=2)
    assert seen_in(desk, COVERAGE_ESTIMATES) == {(second.name, "technical_review")}
    assert seen_in(desk, COVERAGE_ESTIMATES_PARTNERS) == {(first.name, "published")}
    assert seen_in(desk, COVERAGE_ESTIMATES_PUBLIC) == {(first.name, "published")}
    desk.check(second)
    step = desk.move(second, "validated")
    assert step.settled is not None
    assert seen_in(desk, COVERAGE_ESTIMATES_PARTNERS) == {(second.name, "validated")}
    assert seen_in(desk, COVERAGE_ESTIMATES_PUBLIC) == {(first.name, "published")}
    desk.move(second, "technical_review", reason="une source manque")
    assert seen_in(desk, COVERAGE_ESTIMATES_PARTNERS) == {(first.name, "published")}
    desk.check(second)
    desk.move(second, "validated")
    desk.move(second, "published")
    first.refresh_from_db()
    assert (first.state, second.state) == ("replaced", "published")
    assert seen_in(desk, COVERAGE_ESTIMATES_PUBLIC) == {(second.name, "published")}
    assert set(desk.store.read(COVERAGE_ESTIMATES_PUBLIC).to_pandas()["place_code"]) == {"ML", "R", "D"}
    desk.move(second, "validated", reason="retiré du public le temps d'une vérification")
    assert seen_in(desk, COVERAGE_ESTIMATES_PUBLIC) == set()
    assert seen_in(desk, COVERAGE_ESTIMATES_PARTNERS) == {(second.name, "validated")}


def test_a_release_that_was_killed_is_brought_to_its_end(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from kalanso.hub.evidence.actions.runs import move_run
    from kalanso.hub.evidence.tasks import runs as tasks
    from kalanso.hub.jobs.actions import LEASE, take
    from kalanso.hub.jobs.tasks import Work, work_once

    desk.follow = True
    run = desk.brought_to("technical_review")
    desk.check(run)
    step = move_run(by=person("national"), run=run, after="validated", now=NOW)
    job = take(holder="dead", now=NOW)
    assert job is not None

    def die(**_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as context:
        context.setattr(tasks.write, "note_settled", die)
        with pytest.raises(KeyboardInterrupt):
            tasks.release(Work(job, "dead"))
    step.refresh_from_db()
    assert step.settled is None
    job.refresh_from_db()
    done = work_once("alive", now=job.leased_until + LEASE)
    step.refresh_from_db()
    assert done is not None
    assert (done.state, done.answer) == ("done", {"snapshots": 0})
    assert step.settled is not None


def test_a_release_whose_files_are_gone_says_so(desk: Desk) -> None:
    from kalanso.hub.evidence.actions.runs import move_run
    from kalanso.pipeline.kept_runs import folder_of_kept

    run = desk.computed()
    (folder_of_kept(desk.store, str(run.pk)) / "diagnostics.json").unlink()
    move_run(by=person("national"), run=run, after="technical_review", now=NOW)
    job = desk.work()[-1]
    assert job.state == "failed"
    assert "ne sont plus dans l’entrepôt" in job.error


def test_a_job_on_which_a_run_rests_is_kept_when_old_jobs_are_forgotten(desk: Desk) -> None:
    from datetime import timedelta

    from kalanso.hub.jobs.actions import ask, forget
    from kalanso.hub.jobs.models import Job

    run = desk.computed()
    ask(by=None, kind="site.clean_up", arguments={}, key="alone", now=NOW)
    Job.objects.filter(key="alone").update(state="done", ended=Job.objects.get(pk=run.job_id).ended)
    assert forget(ended_before=Job.objects.get(pk=run.job_id).ended + timedelta(days=1)) == 1
    assert set(Job.objects.values_list("pk", flat=True)) >= {run.job_id}


def test_files_of_runs_that_were_never_let_out_go_when_they_are_old(desk: Desk) -> None:
    from datetime import timedelta

    from kalanso.hub.evidence.models import Run
    from kalanso.hub.evidence.tasks.runs import forget_files
    from kalanso.pipeline.kept_runs import folder_of_kept

    desk.follow = True
    draft, reviewed, refused = (
        desk.computed(),
        desk.brought_to("technical_review", seed=2),
        desk.computed(seed=3),
    )
    Run.objects.filter(pk=refused.pk).update(work="refused", state="")
    ended = max(Run.objects.values_list("ended", flat=True))
    assert forget_files(desk.store, ended_before=ended - timedelta(days=1)) == 0
    assert forget_files(desk.store, ended_before=ended + timedelta(days=1)) == 2
    there = {run.pk: folder_of_kept(desk.store, str(run.pk)).is_dir() for run in (draft, reviewed, refused)}
    assert there == {draft.pk: False, reviewed.pk: True, refused.pk: False}
    draft.refresh_from_db()
    assert draft.headline, "what it said stays on record"


def test_every_step_stands_in_the_trail_with_who_when_and_why(desk: Desk) -> None:
    from kalanso.hub.people.models import Event

    run = desk.brought_to("technical_review")
    desk.move(run, "draft", reason="l'enquête de 2024 manque")
    verbs = list(Event.objects.filter(object_type="evidence.run", object_id=str(run.pk)).order_by("id").values_list("verb", "by__username", "reason"))  # fmt: skip
    assert [verb for verb, _by, _why in verbs] == ["evidence.run_asked", "evidence.run_computed", "evidence.run_moved", "evidence.run_moved"]  # fmt: skip
    assert verbs[-1] == ("evidence.run_moved", person("national").username, "l'enquête de 2024 manque")


# --- what donors, partners and the public may know -------------------------------------------------------------

OUTSIDERS = ("donor", "partner", "editor")


def client_of(role: str) -> Any:
    return stranger() if role == "public" else visitor(role)


@pytest.mark.parametrize("state", ["draft", "technical_review", "validated", "published"])
def test_outsiders_know_of_no_run_before_it_is_validated_or_published(
    desk: Desk, quick_hand: Any, state: str
) -> None:
    run = desk.brought_to(state)
    for role in (*OUTSIDERS, "reader", "public"):
        knows_only_what_is_theirs(run, state, role)


def knows_only_what_is_theirs(run: Any, state: str, role: str) -> None:
    knows = state == "published" or (state == "validated" and role in OUTSIDERS)
    client = client_of(role)
    listing = client.get("/preuves/calculs/").content.decode()
    assert (f"/preuves/calculs/{run.pk}/" in listing) == knows
    assert client.get(f"/preuves/calculs/{run.pk}/").status_code == (200 if knows else 404)
    official = client.get("/preuves/officiel/").content.decode()
    assert (f"/preuves/calculs/{run.pk}/" in official) == knows
    assert ("entre " in official.split("<table")[1]) == knows
    for address in (
        f"/preuves/calculs/comparer/?a={run.pk}&b={run.pk}", f"/preuves/calculs/comparer.csv?a={run.pk}&b={run.pk}",
        f"/preuves/calculs/{run.pk}/relire/", f"/preuves/calculs/{run.pk}/etape/published/", "/preuves/calculs/preuves/",
        "/preuves/calculs/demander/", "/preuves/officiel/phrase/",
    ):  # fmt: skip
        assert client.get(address).status_code in {302, 403, 404}, address
    for address in ("arreter", "coupe"):
        assert client.post(f"/preuves/calculs/{run.pk}/{address}/").status_code in {302, 403, 404}


def test_outsiders_who_know_a_run_read_neither_its_evidence_nor_its_review(
    desk: Desk, quick_hand: Any
) -> None:
    run = desk.brought_to("published")
    for role in (*OUTSIDERS, "reader", "public"):
        page = client_of(role).get(f"/preuves/calculs/{run.pk}/").content.decode()
        for hidden in (
            "la revue du trimestre",
            "observations-0",
            "vu et expliqué",
            "r_hat",
            "researcher-all-house",
        ):
            assert hidden not in page, role


def rows_for(desk: Desk, spec: TableSpec, audience: Audience) -> int:
    return int(visible(desk.store, spec, Scope(audience=audience), today=NOW.date()).count().execute())


@pytest.mark.parametrize("state", ["draft", "technical_review", "validated", "published"])
def test_tables_hold_for_partners_and_public_only_what_is_theirs(desk: Desk, state: str) -> None:
    desk.follow = True
    desk.brought_to(state)
    assert (rows_for(desk, COVERAGE_ESTIMATES_PARTNERS, Audience.PARTNER) > 0) == (state in {"validated", "published"})  # fmt: skip
    assert (rows_for(desk, COVERAGE_ESTIMATES_PUBLIC, Audience.PUBLIC) > 0) == (state == "published")
    for spec in (COVERAGE_ESTIMATES, KEPT_RUNS):
        for audience in (Audience.PARTNER, Audience.PUBLIC):
            with pytest.raises(NotVisible):
                rows_for(desk, spec, audience)


def test_downloads_of_runs_that_are_not_theirs_are_refused(desk: Desk, quick_hand: Any) -> None:
    desk.follow = True
    desk.brought_to("technical_review")
    for role in (*OUTSIDERS, "public"):
        downloads_only_what_is_theirs(role)


def downloads_only_what_is_theirs(role: str) -> None:
    client = client_of(role)
    for table in ("coverage_estimates", "kept_runs", "burden", "coverage_estimates_yearly"):
        for ending in (".csv", ".xlsx"):
            assert client.get(f"/preuves/tables/{table}{ending}").status_code in {302, 403, 404}
    if role == "public":
        assert client.get("/preuves/tables/coverage_estimates_partners.csv").status_code in {302, 403, 404}
    else:
        text = b"".join(client.get("/preuves/tables/coverage_estimates_partners.csv")).decode()
        assert "technical_review" not in text


def test_a_page_kept_by_a_browser_is_not_shown_again_after_a_run_was_taken_back(
    desk: Desk, quick_hand: Any
) -> None:
    run = desk.brought_to("published")
    client = stranger()
    before = client.get("/preuves/calculs/")
    assert f"/preuves/calculs/{run.pk}/" in before.content.decode()
    assert before["Cache-Control"] == "private, no-store"
    assert "ETag" not in before
    desk.move(run, "validated", reason="une erreur")
    for address in ("/preuves/calculs/", "/preuves/officiel/"):
        again = client.get(address, headers={"If-None-Match": before.get("ETag", '"x"')})
        assert again.status_code == 200
        assert f"/preuves/calculs/{run.pk}/" not in again.content.decode()


# --- the agreed sentence -----------------------------------------------------------------------------------------


def test_only_the_centre_words_the_agreed_sentence() -> None:
    from kalanso.hub.evidence.actions.runs import agree_sentence

    told = {"fr": "Les deux diffèrent.", "en": "The two differ.", "agreed_with": "le groupe technique"}
    for role in ROLES:
        if role == "national":
            continue
        with pytest.raises(PermissionDenied):
            agree_sentence(by=person(role), after=0, now=NOW, **told)
    made = agree_sentence(by=person("national"), after=0, now=NOW, **told)
    assert (made.version, made.by) == (1, person("national"))


def test_the_agreed_sentence_stands_in_the_readers_language_and_keeps_its_versions(
    desk: Desk, quick_hand: Any
) -> None:
    client = visitor("national")
    assert "pas encore convenu" in client.get("/preuves/officiel/").content.decode()
    words = {
        "fr": "Les deux <b>diffèrent</b>.",
        "en": "The two differ.",
        "agreed_with": "le groupe",
        "after": 0,
    }
    assert client.post("/preuves/officiel/phrase/", words).status_code == 302
    page = stranger().get("/preuves/officiel/").content.decode()
    assert "Les deux &lt;b&gt;diffèrent&lt;/b&gt;." in page
    assert "The two differ." in stranger().get("/en/preuves/officiel/").content.decode()
    # somebody else's version is not written over unseen
    late = client.post("/preuves/officiel/phrase/", words)
    assert late.status_code == 200
    assert "relisez-la" in late.content.decode()
    client.post("/preuves/officiel/phrase/", words | {"fr": "Autrement.", "after": 1})
    versions = client.get("/preuves/officiel/phrase/").content.decode()
    assert "Autrement." in versions
    assert "diffèrent" in versions


def test_official_series_stand_beside_the_validated_estimate_of_the_year(desk: Desk, quick_hand: Any) -> None:
    desk.brought_to("validated")
    page = visitor("donor").get("/preuves/officiel/").content.decode()
    row = page.split("<tbody>")[1].split("</tr>")[0].replace("\u202f", " ").replace("\xa0", " ")
    assert "2024" in row
    for share in ("104 %", "92 %", "77 %"):
        assert share in row
    assert "entre" in row
    public = stranger().get("/preuves/officiel/").content.decode()
    assert "Aucune estimation validée" in public
