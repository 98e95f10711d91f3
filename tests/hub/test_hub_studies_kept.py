"""Is a published study heard by the estimate and told to those concerned, and are its raw data gone on their day?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import override_settings

from kalanso.pipeline.publish_surveys import published_rounds
from kalanso.store import Store
from kalanso.surveys.evidence_rows import evidence_row, evidence_table
from kalanso.vocabulary import Message
from tests.hub import desk, study_desk
from tests.hub.study_desk import NOW, PAGE, analysed, declared, taken
from tests.hub.test_hub_pages import text_of
from tests.hub.visitors import person, visitor

DAY = date(2026, 2, 28)
ON_THE_DAY = datetime(2026, 2, 28, 1, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def own_folder(quick_hand: Any, tmp_path: Path) -> Iterator[None]:
    with override_settings(KALANSO_DATA=tmp_path / "data", KALANSO_CREDENTIAL_KEYS=[study_desk.KEY]):
        yield


@pytest.fixture
def own_store(tmp_path: Path) -> Iterator[Store]:
    """A store of the hub's own that tests may write."""
    store = Store.create(tmp_path / "store", country="ML", demo=True, now=NOW, memory="1GB", threads=1)
    with override_settings(KALANSO_STORE=store.folder):
        yield store


def with_evidence(one: Any) -> Any:
    """Give an analysed round the evidence that its analysis would have left."""
    row = evidence_row(
        Message("surveys.household.chosen", {"survey": one.survey}), ("surveys.household.assume.drawn",), round=one.survey,
        kind="household", form="counts", place_code="ML-H1", cluster="1", start="2023Q1", end="2023Q4", indicator="dtp1",
        children=30.0, vaccinated=20.0, bias_sd=0.0, chosen=True,
    )  # fmt: skip
    evidence_table([row]).to_parquet(one.shown.folder / "survey_evidence.parquet")
    return one


def test_a_study_is_heard_from_its_publication_to_its_withdrawal(
    own_store: Store, hub: None, tmp_path: Path
) -> None:
    from kalanso.hub.studies.actions import rounds

    one = with_evidence(analysed(person("researcher"), tmp_path))
    assert published_rounds(own_store) == frozenset(), "not before it is published"
    rounds.let_out(by=person("national"), one=one, now=NOW)
    job = desk.work()
    one.refresh_from_db()
    assert (job.kind, job.state) == ("studies.hand_on", "done"), job.error
    assert published_rounds(own_store) == {"menages-2025"}
    assert one.snapshot == own_store.latest("survey_evidence").id
    assert "La prochaine estimation entendra cette étude" in text_of(
        visitor("national").get(f"{PAGE}{one.pk}/")
    )

    rounds.withdraw(by=person("national"), one=one, reason="poids faux", now=NOW)
    assert desk.work().state == "done"
    one.refresh_from_db()
    assert published_rounds(own_store) == frozenset()
    assert own_store.latest("survey_evidence").reason == "poids faux"
    assert one.snapshot == ""


def test_an_analysis_without_evidence_is_refused_aloud(own_store: Store, hub: None, tmp_path: Path) -> None:
    from kalanso.hub.studies.actions import rounds

    one = analysed(person("researcher"), tmp_path)
    rounds.let_out(by=person("national"), one=one, now=NOW)
    job = desk.work()
    assert job.state == "failed"
    assert "analysez-la de nouveau" in job.error
    assert "pas encore portée à l'estimation" in text_of(visitor("national").get(f"{PAGE}{one.pk}/"))


def test_teams_of_the_places_are_told_once_and_nobody_of_their_own_doing(hub: None, tmp_path: Path) -> None:
    from kalanso.hub.people.models import Notification, PlaceMirror
    from kalanso.hub.studies.actions import rounds

    area = PlaceMirror.objects.filter(level="health_area", flagged=False).first()
    assert area is not None
    elsewhere = PlaceMirror.objects.filter(level="health_area").exclude(parent_code=area.parent_code).first()
    team = person("district", area.parent_code)
    others = person("district", elsewhere.parent_code)
    one = analysed(person("researcher"), tmp_path, places=(area.code, area.code))
    rounds.let_out(by=person("national"), one=one, now=NOW)
    told = list(Notification.objects.filter(sentence="studies.published").values_list("person", flat=True))
    assert sorted(told) == sorted([team.pk, one.declared_by_id])
    assert others.pk not in told
    assert one.published_by_id != one.declared_by_id


def test_raw_data_go_on_their_day_and_results_stay(hub: None, tmp_path: Path) -> None:
    from kalanso.hub.people.models import Notification
    from kalanso.hub.studies.actions import destruction
    from kalanso.hub.studies.actions.analyses import ask_analysis
    from kalanso.hub.studies.actions.salts import keep_salt
    from kalanso.hub.studies.models import RoundSalt
    from kalanso.hub.studies.queries.destruction import with_raw_data

    one = analysed(person("researcher"), tmp_path, kept_until=DAY, destroyed_on=DAY)
    keep_salt(one=one, now=NOW)
    assert [(found.pk, day) for found, day in with_raw_data()] == [(one.pk, DAY)]
    assert not destruction.destroy(one=one, now=ON_THE_DAY - timedelta(days=1)), "not before its day"
    assert destruction.warn(one=one, day=DAY, now=ON_THE_DAY - timedelta(days=20)) > 0
    assert destruction.warn(one=one, day=DAY, now=ON_THE_DAY - timedelta(days=19)) == 0, "told once"
    assert (
        "28/02/2026" in Notification.objects.filter(sentence="studies.to_be_destroyed").first().params["day"]
    )

    assert destruction.destroy(one=one, now=ON_THE_DAY)

    one.refresh_from_db()
    left = {path.relative_to(one.folder).as_posix() for path in one.folder.rglob("*") if path.is_file()}
    assert {"analyses/1/report-fr.pdf", "analyses/1/report-en.docx", "analyses/1/pictures.json"} <= left
    assert not [name for name in left if name.startswith("files/") or "private" in name]
    assert not RoundSalt.objects.filter(round=one).exists()
    assert list(with_raw_data()) == []
    assert not destruction.destroy(one=one, now=ON_THE_DAY)
    page = text_of(visitor("national").get(f"{PAGE}{one.pk}/"))
    assert "les résultats restent" in page
    assert "Analyser de nouveau" not in page
    assert "12 à 23 mois" in text_of(visitor("national").get(f"{PAGE}{one.pk}/resultats/"))
    with pytest.raises(Exception, match="détruits"):
        ask_analysis(by=person("researcher"), one=one, now=NOW)


def test_the_earliest_day_that_was_promised_counts(hub: None, tmp_path: Path) -> None:
    from kalanso.hub.studies.queries.destruction import day_of

    one = analysed(person("researcher"), tmp_path)
    one.files.filter(kind="answers").update(kept_until=DAY, destroyed_on=DAY)
    assert day_of(one) == DAY, "a later day that was declared since does not lengthen it"
    assert day_of(declared(person("researcher"), survey="vide")) is None


def test_the_schedule_destroys_what_is_due_and_waits_for_an_analysis(hub: None, tmp_path: Path) -> None:
    from kalanso.hub.jobs.actions import ask
    from kalanso.hub.studies.actions.analyses import ask_analysis

    past = date(2025, 3, 1)
    busy = declared(person("researcher"), survey="busy", kept_until=past, destroyed_on=past)
    taken(person("researcher"), busy, tmp_path)
    waiting = ask_analysis(by=person("researcher"), one=busy, now=NOW)
    due = analysed(person("researcher"), tmp_path, survey="due", kept_until=past, destroyed_on=past)
    later = analysed(person("researcher"), tmp_path, survey="later")
    type(waiting.job).objects.filter(pk=waiting.job_id).update(
        not_before=datetime.now(UTC) + timedelta(days=1)
    )
    ask(by=None, kind="studies.destroy_due", arguments={}, key="due", now=NOW)

    job = desk.work()

    assert job.state == "done", job.error
    for one, destroyed in ((busy, False), (due, True), (later, False)):
        one.refresh_from_db()
        assert (one.destroyed is not None) is destroyed, one.survey
    assert list((later.folder / "files").iterdir())
    from django.conf import settings

    assert ("studies.destroy_due", "daily", 1) in settings.KALANSO_DUE


def test_the_handover_leaves_raw_files_out_and_says_so(hub: None, tmp_path: Path) -> None:
    from kalanso.hub.site.exports import _files, _studies

    one = analysed(person("researcher"), tmp_path)
    (tmp_path / "into").mkdir()
    _files(tmp_path / "into")
    out = {
        path.relative_to(tmp_path / "into").as_posix()
        for path in (tmp_path / "into").rglob("*")
        if path.is_file()
    }
    assert f"studies/{one.pk}/analyses/1/report-fr.pdf" in out
    assert not [name for name in out if "/files/" in name or "/private/" in name]
    assert "menages-2025 : à détruire / to be destroyed 2035-02-28" in _studies()


def test_the_database_knows_no_destruction_of_what_was_never_taken(hub: None) -> None:
    one = declared(person("researcher"))
    with pytest.raises(IntegrityError), transaction.atomic():
        type(one).objects.filter(pk=one.pk).update(destroyed=NOW)


def test_places_without_a_household_survey_name_who_was_heard(hub: None, tmp_path: Path) -> None:
    from kalanso.hub.people.models import PlaceMirror
    from kalanso.hub.studies.actions import rounds
    from kalanso.hub.studies.exports import voices

    client = visitor("researcher")
    one = analysed(person("researcher"), tmp_path)
    place = PlaceMirror.objects.filter(level="district").first()
    address = f"{PAGE}{one.pk}/entretiens/"
    assert "Rien n'est encore noté" in text_of(client.get(address))
    assert (
        client.post(address, {"place": place.code, "interviews": "12", "focus_groups": "3"}).status_code
        == 302
    )
    assert "Entretiens : 12. Groupes de discussion : 3." in text_of(client.get(address))
    assert (
        client.post(address, {"place": "nulle part", "interviews": "1", "focus_groups": "0"}).status_code
        == 422
    )
    assert list(voices()) == [], "not before the study is published"
    rounds.let_out(by=person("national"), one=one, now=NOW)
    assert list(voices()) == [
        {"round": "menages-2025", "place_code": place.code, "interviews": 12, "focus_groups": 3}
    ]
    assert (
        client.post(address, {"place": place.code, "interviews": "0", "focus_groups": "0"}).status_code == 302
    )
    assert not one.voices.exists()
    assert visitor("partner").get(address).status_code == 403


def test_the_page_of_a_place_says_what_studies_say_there(own_store: Store, hub: None) -> None:
    from kalanso.hub.explore.queries.shelf import Ground, Shelf
    from kalanso.hub.explore.queries.studied import studied
    from kalanso.places.tables import PLACES
    from kalanso.store import Audience, Provenance, Scope
    from kalanso.surveys.tables import SURVEY_EVIDENCE, SURVEY_VOICES
    from tests.pipeline.test_evidence_folder import place_rows
    from tests.pipeline.test_studies_into_estimate import told

    place_rows(own_store)
    assert own_store.latest(PLACES.name) is not None
    own_store.publish(
        SURVEY_VOICES, [{"round": "r", "place_code": "H2", "interviews": 12, "focus_groups": 3}], provenance=Provenance(), now=NOW
    )  # fmt: skip
    told(own_store, {"place_code": "H1"})
    assert own_store.latest(SURVEY_EVIDENCE.name) is not None
    ground = Ground(own_store.folder, memory="512MB")
    here = Shelf(ground, Scope(audience=Audience.PROGRAMME))
    without, asked, whole = (studied(here, code) for code in ("H2", "H1", "D"))
    assert without is not None
    assert asked is not None
    assert whole is not None
    assert not without.household
    assert (
        without.beside.render("fr")
        == "Pas d’enquête ménages ici ; entretiens : 12, groupes de discussion : 3."
    )
    assert without.labels == ()
    assert asked.household
    assert whole.household
    assert [name for name, _params in asked.labels] == ["surveys.household.drawn"]
    assert studied(Shelf(ground, Scope(audience=Audience.PARTNER)), "H2") is None


def test_drawings_stand_with_their_tables_and_those_by_stratum_stay_with_the_cleared(
    hub: None, tmp_path: Path
) -> None:
    from kalanso.hub.people.models import PlaceMirror
    from kalanso.hub.studies.actions import rounds

    flagged = PlaceMirror.objects.filter(flagged=True).first()
    assert flagged is not None
    one = analysed(person("researcher"), tmp_path, places=(flagged.code, flagged.code))
    page = visitor("national").get(f"{PAGE}{one.pk}/resultats/")
    assert "Le tableau de cette figure" in text_of(page)
    assert page.content.decode().count("<figure") == 2
    rounds.let_out(by=person("national"), one=one, now=NOW)
    partner = visitor("partner", organisation="other")
    assert partner.get(f"{PAGE}{one.pk}/resultats/").content.decode().count("<figure") == 1

    def status(client: Any, name: str) -> int:
        answer = client.get(f"{PAGE}{one.pk}/figure-{name}.svg")
        for _part in getattr(answer, "streaming_content", ()):
            pass
        return int(answer.status_code)

    assert [status(partner, name) for name in ("1-fr-328", "2-fr-328", "1-de-328", "9-fr-328")] == [
        200,
        404,
        404,
        404,
    ]
    assert status(visitor("national"), "2-en-640") == 200
    assert status(visitor("reader"), "1-fr-328") == 404
