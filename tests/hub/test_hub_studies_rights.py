"""Does everybody see and do with a study what is theirs, does the database hold what must hold, and do pages stay small?"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.test import override_settings

from tests.hub import study_desk
from tests.hub.study_desk import ETHICS, NOW, PAGE, analysed, declared, said
from tests.hub.test_hub_pages import text_of
from tests.hub.visitors import person, stranger, visitor


@pytest.fixture(autouse=True)
def own_folder(quick_hand: Any, tmp_path: Path) -> Iterator[None]:
    with override_settings(KALANSO_DATA=tmp_path / "data", KALANSO_CREDENTIAL_KEYS=[study_desk.KEY]):
        yield


@pytest.fixture
def study(tmp_path: Path) -> Any:
    """A round that is analysed, of the organisation `house`."""
    return analysed(person("researcher"), tmp_path)


def status(client: Any, one: Any, page: str = "") -> int:
    answer = client.get(f"{PAGE}{one.pk}/{page}")
    for _part in getattr(answer, "streaming_content", ()):  # `close` would end the test's own connection too
        pass
    return int(answer.status_code)


OTHER = {"organisation": "other"}
# Who sees a round before and after it is let out: role, place or none, organisation.
SEES = {
    ("researcher", "house"): (200, 200), ("national", "other"): (200, 200), ("administrator", "other"): (200, 200),
    ("researcher", "other"): (404, 200), ("partner", "house"): (404, 200), ("partner", "other"): (404, 200),
    ("donor", "other"): (404, 200), ("editor", "house"): (404, 200), ("reader", "house"): (404, 404), (None, "house"): (404, 404),
}  # fmt: skip


@pytest.mark.parametrize(("role", "house"), SEES)
def test_organisations_see_their_own_rounds_and_partners_those_let_out(
    study: Any, role: str | None, house: str
) -> None:
    from kalanso.hub.studies.actions import rounds
    from kalanso.hub.studies.queries.rounds import visible_rounds

    client = visitor(role, organisation=house)
    before, after = SEES[role, house]
    pages = ("", "resultats/", "rapport-fr.pdf")
    assert [status(client, study, page) for page in pages] == [before] * 3
    rounds.let_out(by=person("national"), one=study, now=NOW)
    assert [status(client, study, page) for page in pages] == [after] * 3
    assert visible_rounds(person(role, organisation=house)).exists() == (after == 200)


def test_a_district_team_sees_rounds_of_its_organisation_only(study: Any, niono: str) -> None:
    assert status(visitor("district", niono), study, "accuse/") == 200
    assert status(visitor("district", niono, organisation="other"), study) == 404


def test_a_withdrawn_study_leaves_its_reason_and_no_result(study: Any) -> None:
    from kalanso.hub.studies.actions import rounds

    rounds.let_out(by=person("national"), one=study, now=NOW)
    answer = visitor("national").post(f"{PAGE}{study.pk}/retirer/", {"reason": "poids faux"})
    assert answer.status_code == 302
    partner = visitor("partner")
    assert "poids faux" in text_of(partner.get(f"{PAGE}{study.pk}/"))
    assert status(partner, study, "resultats/") == 404
    assert status(partner, study, "rapport-fr.pdf") == 404
    assert visitor("national").post(f"{PAGE}{study.pk}/retirer/", {"reason": " "}).status_code == 422


@pytest.mark.parametrize(
    ("role", "house", "may"),
    [
        ("researcher", "house", {"declare", "analyse"}),
        ("researcher", "other", set()),
        ("national", "other", {"declare", "analyse", "publish"}),
        ("administrator", "house", set()),
        ("partner", "house", set()),
        ("donor", "house", set()),
    ],
)
def test_researchers_work_on_their_rounds_and_the_centre_publishes(
    study: Any, role: str, house: str, may: set[str]
) -> None:
    from kalanso.hub.studies.actions import analyses, rounds

    by = person(role, organisation=house)
    done = set()
    for name, do in (
        ("declare", lambda: rounds.correct(by=by, one=study, said={}, version=study.version, now=NOW)),
        ("analyse", lambda: analyses.ask_analysis(by=by, one=study, now=NOW)),
        ("publish", lambda: rounds.let_out(by=by, one=study, now=NOW)),
    ):
        point = transaction.savepoint()
        try:
            do()
            done.add(name)
        except PermissionDenied:
            pass
        finally:
            transaction.savepoint_rollback(point)
    assert done == may


def test_nobody_declares_for_another_organisation_or_place(niono: str, code_of: Any) -> None:
    other = study_desk.house("other")
    with pytest.raises(PermissionDenied):
        declared(person("researcher"), organisation=other)
    local = person("researcher", niono)
    with pytest.raises(PermissionDenied):
        declared(local, place_code=code_of("Yorosso", "district"))
    one = declared(local, place_code=niono)
    from kalanso.hub.studies.actions import rounds

    with pytest.raises(PermissionDenied):
        rounds.correct(by=local, one=one, said={"place_code": ""}, version=one.version, now=NOW)


def test_of_a_protected_place_partners_read_the_whole_only(tmp_path: Path) -> None:
    from kalanso.hub.people.models import PlaceMirror
    from kalanso.hub.studies.actions import rounds

    place = PlaceMirror.objects.filter(level="health_area", flagged=False).first()
    PlaceMirror.objects.filter(pk=place.pk).update(flagged=True)
    one = analysed(person("researcher"), tmp_path, places=(place.code, "ML-H2"))
    rounds.let_out(by=person("national"), one=one, now=NOW)
    partner = visitor("partner")
    page = text_of(partner.get(f"{PAGE}{one.pk}/resultats/"))
    assert "zéro dose" in page
    assert "Aire ML-H1" not in page
    assert "Aire ML-H2" not in page, "what is left would tell the protected one"
    assert status(partner, one, "rapport-fr.pdf") == 404
    for cleared in (visitor("national"), visitor("researcher")):
        assert "Aire ML-H1" in text_of(cleared.get(f"{PAGE}{one.pk}/resultats/"))
    assert "Aire ML-H1" not in text_of(
        visitor("researcher", organisation="other").get(f"{PAGE}{one.pk}/resultats/")
    )


def test_small_cells_are_hidden_and_larger_ones_bracketed(tmp_path: Path) -> None:
    rows = [
        study_desk.row("crude_coverage", "dtp1", "12-23m", share=0.61, status="bracketed"),
        study_desk.row("zero_dose", "dtp1", "12-23m", share=None, status="suppressed", children=12),
    ]
    one = analysed(person("researcher"), tmp_path, rows=rows)
    page = text_of(visitor("researcher").get(f"{PAGE}{one.pk}/resultats/"))
    assert "[61 %" in page.replace("\u202f", " ")
    assert "trop peu d'enfants" in page
    assert "pas de donnée" in page


SOUND: dict[str, Any] = {"declared": NOW}


@pytest.mark.parametrize(
    "wrong",
    [
        {"survey": ""},
        {"title_en": ""},
        {"last_day": NOW.date().replace(year=2020)},
        {"cohorts": []},
        {"policy": "x"},
        {"mode": "x"},
        {"destroyed_on": NOW.date()},
        {"taken": NOW, "approval": ""},
        {"taken": NOW, "kept_until": None},
        {"state": "analysed"},
        {"state": "x", "taken": NOW},
    ],
    ids=str,
)
def test_the_database_refuses_a_round_that_cannot_be(wrong: dict[str, Any]) -> None:
    from kalanso.hub.studies.models import Round

    Round.objects.create(**said(), declared_by=person("researcher"), declared=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        Round.objects.create(
            **(said(survey="autre") | {"declared": NOW, "declared_by": person("researcher")} | wrong)
        )


def test_the_database_holds_states_files_and_analyses(study: Any) -> None:
    from kalanso.hub.studies.models import Analysis, Round, RoundFile

    here = Round.objects.filter(pk=study.pk)
    for wrong in (
        {"state": "published"},
        {"state": "withdrawn", "published": NOW, "published_by": study.declared_by},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            here.update(**wrong)
    file = {
        "round": study,
        "kind": "answers",
        "file_name": "x",
        "size": 1,
        "sha256": "0",
        "by": study.declared_by,
        "received": NOW,
    }
    for wrong in (
        {},
        {"replaced": NOW, "approval": ""},
        {"replaced": NOW, "kind": "x"},
        {"replaced": NOW, "kept_until": None},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            RoundFile.objects.create(**(file | ETHICS | wrong))
    done = study.shown
    common = {
        "round": study,
        "asked_by": study.declared_by,
        "asked": NOW,
        "answers": done.answers,
        "sample": done.sample,
    }
    Analysis.objects.create(number=2, **common)
    for wrong in (
        {},
        {"state": "done", "ended": NOW},
        {"state": "failed", "ended": NOW},
        {"state": "cancelled"},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Analysis.objects.create(number=3, **(common | wrong))


def test_what_is_published_stands_until_it_is_withdrawn(study: Any, tmp_path: Path) -> None:
    from kalanso.hub.studies.actions import analyses, rounds

    centre = person("national")
    rounds.let_out(by=centre, one=study, now=NOW)
    for refused in (
        lambda: study_desk.taken(centre, study, tmp_path),
        lambda: analyses.ask_analysis(by=centre, one=study, now=NOW),
        lambda: rounds.let_out(by=centre, one=study, now=NOW),
    ):
        with pytest.raises(ValidationError):
            refused()


def test_every_step_leaves_its_line_and_waits_for_whom_it_should(study: Any) -> None:
    from kalanso.hub.people.models import Event
    from kalanso.hub.studies.actions import rounds

    centre = visitor("national")
    assert "Relire et publier l'étude" in text_of(centre.get("/moi/"))
    assert "Relire et publier l'étude" not in text_of(visitor("researcher").get("/moi/"))
    rounds.let_out(by=person("national"), one=study, now=NOW)
    rounds.withdraw(by=person("national"), one=study, reason="poids faux", now=NOW)
    told = set(Event.objects.filter(object_type="studies.round").values_list("verb", flat=True))
    assert told == {
        f"studies.{verb}" for verb in ("declared", "file_taken", "analysed", "published", "withdrawn")
    }


def test_pages_are_small_ask_little_and_speak_both_languages(study: Any, tmp_path: Path) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = visitor("researcher")
    for page in ("", "resultats/", "accuse/", "modifier/", "fichiers/"):
        with CaptureQueriesContext(connection) as asked:
            answer = client.get(f"{PAGE}{study.pk}/{page}")
        assert len(gzip.compress(answer.content)) < 30_000, page
        assert len(asked) <= 24, (page, len(asked))
        english = text_of(client.get(f"/en{PAGE}{study.pk}/{page}"))
        assert "Studies" in english, page
        assert "étude" not in english.replace("étude «", ""), page
    with CaptureQueriesContext(connection) as few:
        client.get(PAGE)
    for number in range(6):
        declared(person("researcher"), survey=f"autre-{number}")
    with CaptureQueriesContext(connection) as many:
        client.get(PAGE)
    assert len(many) <= len(few) + 1


def test_visitors_are_led_to_the_login(study: Any) -> None:
    for page in ("", f"{study.pk}/", f"{study.pk}/resultats/", f"{study.pk}/rapport-fr.pdf", "nouvelle/"):
        assert stranger().get(f"{PAGE}{page}").status_code == 302
