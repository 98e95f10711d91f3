"""Does a sheet go from a person's hands to what is published, and back, with nothing lost, doubled or unasked?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kalanso.indicators.tables import OBSERVATIONS
from kalanso.store import Store
from tests.hub import desk
from tests.hub.test_hub_pages import text_of
from tests.hub.visitors import person, visitor

pytestmark = pytest.mark.long


def counted(store: Store, source: str = "demo-snis") -> int:
    table = Store.open(store.folder, threads=1).read(OBSERVATIONS)
    return int(table.filter(table.source == source).count().to_pyarrow().as_py())


def decide(client: Any, upload: Any, name: str, choice: str, other: str = "") -> Any:
    held = upload.names.get(name=name)
    return client.post(
        f"/preuves/depot/{upload.pk}/correspondances/{held.pk}/", {"choice": choice, "other": other}
    )


def test_a_sheet_goes_from_upload_to_published_and_back(
    store: Store, awa: Any, niono: str, code_of: Any
) -> None:
    before = counted(store)
    upload = desk.tried(awa, niono)

    assert (upload.state, upload.receipt["read"], upload.receipt["stored"]) == ("tried", 14, 7)
    assert {one.name: one.status for one in upload.names.all()} == {
        "Niono Est": "ambiguous",
        "Nulle Part": "unmatched",
    }
    assert upload.receipt["rejected"]["pipeline.rejected.place_outside"] == 2
    assert counted(store) == before

    decide(awa, upload, "Niono Est", f"place:{code_of('Niono Nord', 'health_area')}")
    decide(awa, upload, "Nulle Part", "none")
    assert awa.post(f"/preuves/depot/{upload.pk}/publier/").status_code == 403
    awa.post(f"/preuves/depot/{upload.pk}/essai/")
    desk.work()
    upload.refresh_from_db()
    assert (upload.state, upload.receipt["stored"]) == ("tried", 9)

    cni = visitor("national")
    cni.post(f"/preuves/depot/{upload.pk}/publier/")
    desk.work()
    upload.refresh_from_db()
    assert upload.state == "published", upload.fault
    assert counted(store) == before + 9
    assert any(snapshot.startswith("observations-") for snapshot in upload.snapshots)

    page = text_of(cni.get(f"/preuves/depot/{upload.pk}/retirer/"))
    assert "9 lignes ajoutées" in page
    cni.post(f"/preuves/depot/{upload.pk}/retirer/", {"reason": "mois compté deux fois"})
    desk.work()
    upload.refresh_from_db()
    assert (upload.state, upload.reason) == ("withdrawn", "mois compté deux fois")
    assert counted(store) == before


def all_decided(client: Any, upload: Any, code_of: Any) -> None:
    """Decide the two open names of the sheet and have it tried again."""
    decide(client, upload, "Niono Est", f"place:{code_of('Niono Nord', 'health_area')}")
    decide(client, upload, "Nulle Part", "none")
    client.post(f"/preuves/depot/{upload.pk}/essai/")
    desk.work()
    upload.refresh_from_db()


def published(client: Any, upload: Any) -> None:
    """Have a sheet published by the national centre."""
    client.post(f"/preuves/depot/{upload.pk}/publier/")
    desk.work()
    upload.refresh_from_db()
    assert upload.state == "published", upload.fault


def test_each_candidate_stands_with_the_places_above_it_in_the_health_tree(
    store: Store, awa: Any, niono: str
) -> None:
    sheet = "Formation sanitaire;Mois;Penta 1\nCSCom Niono Cental;janv-25;34\nCSCom Ndébougou;janv-25;31\n"
    upload = desk.tried(awa, niono, desk.file(sheet))
    page = awa.get(f"/preuves/depot/{upload.pk}/correspondances/").content.decode()

    assert "n’y est pas écrit pareil" in page
    assert (
        'CSCom Niono Central <span class="hint">(aire de santé Niono Central, district sanitaire Niono)'
        in page
    )


def test_a_decision_after_the_dry_run_must_be_tried_before_it_is_published(
    store: Store, awa: Any, niono: str
) -> None:
    upload = desk.tried(awa, niono)
    decide(awa, upload, "Nulle Part", "none")
    page = visitor("national").post(f"/preuves/depot/{upload.pk}/publier/", follow=True)
    upload.refresh_from_db()

    assert upload.state == "tried"
    assert "Des décisions ont changé depuis l'essai" in text_of(page)


def test_decisions_are_remembered_for_the_next_sheet_of_the_same_source_and_place_only(
    store: Store, awa: Any, niono: str, code_of: Any
) -> None:
    from kalanso.places.tables import PLACE_MATCHES

    upload = desk.tried(awa, niono)
    all_decided(awa, upload, code_of)
    published(visitor("national"), upload)
    kept = [
        row for row in Store.open(store.folder, threads=1).read(PLACE_MATCHES).to_pyarrow().to_pylist()
        if row["status"] in {"reviewed", "rejected"}
    ]  # fmt: skip
    again = desk.tried(awa, niono, desk.file(desk.SHEET.replace("34;30", "35;31"), "fevrier.csv"))
    region = visitor("region", code_of("Ségou", "region"))
    wider = desk.tried(region, code_of("Ségou", "region"), desk.file(desk.SHEET.replace("34;30", "36;32")))

    assert {(row["name"], row["status"], row["vintage"]) for row in kept} == {
        ("Niono Est", "reviewed", niono),
        ("Nulle Part", "rejected", niono),
    }
    assert not again.names.filter(name="Niono Est").exists()
    assert not again.names.exclude(name="Nulle Part").exists()
    assert wider.names.filter(name="Nulle Part", status="unmatched").exists()


def test_publishing_that_was_killed_is_completed_once(
    store: Store, awa: Any, niono: str, code_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kalanso.hub.evidence.actions import answers
    from kalanso.hub.jobs.models import Job

    before = counted(store)
    upload = desk.tried(awa, niono)
    all_decided(awa, upload, code_of)

    def killed(**_told: Any) -> bool:
        raise OSError("the machine went away")

    with monkeypatch.context() as broken:
        broken.setattr(answers, "note_published", killed)
        visitor("national").post(f"/preuves/depot/{upload.pk}/publier/")
        desk.work()
    upload.refresh_from_db()
    first = (upload.state, upload.job.state, counted(store))
    Job.objects.filter(pk=upload.job_id).update(not_before=datetime.now(UTC) - timedelta(minutes=1))
    job = desk.work()
    upload.refresh_from_db()

    assert first == ("publishing", "waiting", before + 9)
    assert job is not None
    assert (job.state, job.attempts, upload.state, counted(store)) == ("done", 2, "published", before + 9)
    histories = [s for s in upload.snapshots if s.startswith("observations-")]
    assert len(histories) == 1


def test_a_request_that_was_stopped_publishes_nothing_when_it_is_taken_up_after_the_withdrawal(
    store: Store, awa: Any, niono: str
) -> None:
    from kalanso.hub.jobs.models import Job

    before, cni = counted(store), visitor("national")
    upload = desk.tried(awa, niono)
    cni.post(f"/preuves/depot/{upload.pk}/publier/")
    first = Job.objects.get(kind="evidence.publish")
    cni.post(f"/travaux/{first.pk}/arreter/")
    cni.post(f"/preuves/depot/{upload.pk}/publier/")
    desk.work()
    cni.post(f"/preuves/depot/{upload.pk}/retirer/", {"reason": "mois compté deux fois"})
    desk.work()
    cni.post(f"/travaux/{first.pk}/relancer/")
    again = desk.work()
    upload.refresh_from_db()

    assert (again.pk, again.state) == (first.pk, "failed")
    assert "ne tient plus" in again.error
    assert (upload.state, counted(store)) == ("withdrawn", before)


def test_a_trial_that_is_repeated_keeps_each_name_and_decision_once(
    store: Store, awa: Any, niono: str
) -> None:
    upload = desk.tried(awa, niono)
    decide(awa, upload, "Nulle Part", "none")
    for _time in range(2):
        awa.post(f"/preuves/depot/{upload.pk}/essai/")
        desk.work()

    assert sorted(upload.names.values_list("name", "decision")) == [
        ("Niono Est", "open"),
        ("Nulle Part", "none"),
    ]


def test_pressing_a_button_twice_asks_once(store: Store, awa: Any, niono: str) -> None:
    from kalanso.hub.jobs.models import Job

    upload = desk.tried(awa, niono)
    for _time in range(2):
        awa.post(f"/preuves/depot/{upload.pk}/essai/")

    assert Job.objects.filter(kind="evidence.try", state="waiting").count() == 1


def test_the_same_file_twice_is_said_and_published_once(
    store: Store, awa: Any, niono: str, code_of: Any
) -> None:
    cni = visitor("national")
    first = desk.tried(awa, niono)
    published(cni, first)
    said = text_of(desk.bring(awa, niono) and awa.get(f"/preuves/depot/{desk.newest().pk}/"))
    desk.work()
    second = desk.newest()
    awa.post(f"/preuves/depot/{second.pk}/colonnes/", desk.answers(awa, second, c2="number"))
    desk.work()
    refused = text_of(cni.post(f"/preuves/depot/{second.pk}/publier/", follow=True))
    second.refresh_from_db()

    assert "Ce même fichier a déjà été déposé" in said
    assert "Ce même fichier est déjà publié sous cette source" in refused
    assert second.state == "tried"


def test_a_later_sheet_stands_in_the_way_of_a_withdrawal_and_is_named(
    store: Store, awa: Any, niono: str
) -> None:
    cni = visitor("national")
    first = desk.tried(awa, niono)
    published(cni, first)
    later = desk.tried(awa, niono, desk.file(desk.SHEET.replace("34;30", "39;33"), "correction.csv"))
    published(cni, later)
    page = cni.get(f"/preuves/depot/{first.pk}/retirer/")
    refused = cni.post(f"/preuves/depot/{first.pk}/retirer/", {"reason": "doublon"})
    first.refresh_from_db()

    assert "À retirer d'abord" in text_of(page)
    assert "correction.csv" in text_of(page)
    assert (refused.status_code, first.state) == (422, "published")


def test_a_map_saved_under_a_name_is_taken_for_the_next_sheet_of_the_same_shape(
    store: Store, awa: Any, niono: str
) -> None:
    desk.bring(awa, niono)
    desk.work()
    first = desk.newest()
    awa.post(
        f"/preuves/depot/{first.pk}/colonnes/", desk.answers(awa, first, c2="number", name="mensuel Niono")
    )
    desk.bring(awa, niono, desk.file(desk.SHEET.replace("34", "44"), "mars.csv"))
    desk.work(2)
    second = desk.newest()

    assert (first.state, second.state) == ("mapping", "trying")
    desk.work()
    second.refresh_from_db()
    assert (second.state, second.receipt["stored"]) == ("tried", 7)
    assert second.saved_map.name == "mensuel Niono"
    assert second.column_map["indicators"].keys() == {"Penta 1", "Penta 3"}
    assert "Ces réponses viennent de « mensuel Niono »" in text_of(
        awa.get(f"/preuves/depot/{second.pk}/colonnes/")
    )
    assert "lues comme « mensuel Niono »" in text_of(awa.get(f"/preuves/depot/{second.pk}/"))


def test_a_saved_map_with_a_period_of_its_own_is_asked_again_each_month(
    store: Store, awa: Any, niono: str
) -> None:
    sheet = "Aire de santé;Penta 1;Penta 3\nNdébougou;{n};30\nKalawèrè;22;19\n"
    desk.bring(awa, niono, desk.file(sheet.format(n=34)))
    desk.work()
    first = desk.newest()
    said = desk.answers(awa, first, constant="janvier 2025", name="sans mois")
    assert awa.post(f"/preuves/depot/{first.pk}/colonnes/", said).status_code == 302
    desk.bring(awa, niono, desk.file(sheet.format(n=44), "fevrier.csv"))
    desk.work(2)
    assert (desk.newest().state, desk.newest().saved_map.name) == ("mapping", "sans mois")


def test_two_people_who_map_one_sheet_do_not_overwrite_one_another(
    store: Store, awa: Any, niono: str
) -> None:
    desk.bring(awa, niono)
    desk.work()
    upload = desk.newest()
    stale = desk.answers(awa, upload, c2="number")
    awa.post(f"/preuves/depot/{upload.pk}/colonnes/", stale)
    desk.work()
    late = visitor("national").post(f"/preuves/depot/{upload.pk}/colonnes/", stale)

    assert late.status_code == 422
    assert "Quelqu'un a changé ce fichier pendant que vous écriviez" in text_of(late)


def test_a_long_table_is_mapped_by_its_words(store: Store, awa: Any, niono: str) -> None:
    long = (
        "aire de santé,période,indicateur,valeur\nNdébougou,202501,Penta 1,34\nKalawèrè,202501,Penta 3,30\n"
    )
    upload = desk.tried(awa, niono, desk.file(long))

    assert (upload.receipt["unit"], upload.receipt["stored"]) == ("rows", 2)


def test_a_map_written_as_text_is_the_one_of_the_command_line(store: Store, awa: Any, niono: str) -> None:
    from kalanso.sources.column_maps import from_document

    desk.bring(awa, niono)
    desk.work()
    upload = desk.newest()
    import yaml

    text = awa.get(f"/preuves/depot/{upload.pk}/colonnes.yaml").content.decode()
    wrong = awa.post(
        f"/preuves/depot/{upload.pk}/colonnes/texte/", {"text": "place: [", "version": upload.version}
    )
    document = yaml.safe_load(text) | {"other_columns": "ignore"}
    kept = awa.post(
        f"/preuves/depot/{upload.pk}/colonnes/texte/",
        {"text": yaml.safe_dump(document), "version": upload.version},
    )
    upload.refresh_from_db()

    assert from_document(yaml.safe_load(text)).place.name == "Aire de santé"
    assert (wrong.status_code, kept.status_code, upload.state) == (422, 302, "trying")
    assert upload.column_map["other_columns"] == "ignore"


def test_a_sheet_put_aside_waits_for_nobody_and_its_late_answer_changes_nothing(
    store: Store, awa: Any, niono: str
) -> None:
    desk.bring(awa, niono)
    upload = desk.newest()
    awa.post(f"/preuves/depot/{upload.pk}/ecarter/", {"reason": "mauvais mois"})
    desk.work()
    upload.refresh_from_db()

    assert (upload.state, upload.reason, upload.reading) == ("discarded", "mauvais mois", {})


def test_a_file_that_changed_on_the_disk_is_not_read(store: Store, awa: Any, niono: str) -> None:
    desk.bring(awa, niono)
    upload = desk.newest()
    upload.path.chmod(0o600)
    upload.path.write_text("autre;chose\n", encoding="utf-8")
    desk.work()
    upload.refresh_from_db()

    assert upload.state == "refused"
    assert "plus celui qui est venu" in upload.fault["fr"]
    assert "no longer the one that came" in upload.fault["en"]


def test_refused_rows_are_given_as_a_file_whose_cells_no_spreadsheet_executes(
    store: Store, awa: Any, niono: str
) -> None:
    sheet = "Aire de santé;Mois;Penta 3\nNdébougou;janv-25;=cmd|' /C calc'!A0\nNdébougou;févr-25;3\n" * 1
    sheet += "@SUM(1+1);janv-25;4\nKalawèrè;janv-25;5\nKalawèrè;févr-25;6\n"
    upload = desk.tried(awa, niono, desk.file(sheet))
    answer = awa.get(f"/preuves/depot/{upload.pk}/accuse/refusees.csv")
    names = awa.get(f"/preuves/depot/{upload.pk}/correspondances.csv")
    import csv
    import io

    cells = [
        cell
        for one in (answer, names)
        for row in csv.reader(io.StringIO(one.content.decode("utf-8-sig")))
        for cell in row
    ]
    assert any("cmd" in cell for cell in cells)
    assert not [
        cell for cell in cells if cell[:1] in {"=", "+", "@", "\t"} or (cell[:1] == "-" and cell != "-")
    ]
    assert answer["Content-Disposition"].startswith("attachment;")


def test_after_publishing_the_checks_run_again_and_the_mirror_of_places_is_new(
    store: Store, awa: Any, niono: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kalanso import pipeline
    from kalanso.hub.people.models import PlaceMirror

    found = pipeline.Checked(
        by_check={"silence": 3}, by_severity={"note": 3}, snapshot="quality_findings-000002"
    )
    monkeypatch.setattr(pipeline, "check", lambda store, **_told: found)
    cni = visitor("national")
    PlaceMirror.objects.update(snapshot="old")
    published(cni, desk.tried(awa, niono))
    cni.post("/preuves/alertes/relancer/")
    cni.post("/preuves/alertes/relancer/")
    job = desk.work()

    assert not PlaceMirror.objects.filter(snapshot="old").exists()
    assert (job.kind, job.state) == ("evidence.check", "done")
    assert job.answer["findings"] == 3
    assert desk.work() is None


def test_every_change_of_a_sheet_stands_in_the_trail(
    store: Store, awa: Any, niono: str, code_of: Any
) -> None:
    from kalanso.hub.people.models import Event

    upload = desk.tried(awa, niono)
    all_decided(awa, upload, code_of)
    published(visitor("national"), upload)
    told = list(
        Event.objects.filter(object_id=str(upload.pk)).order_by("id").values_list("verb", "by__username")
    )

    national = person("national").username
    assert told == [
        ("evidence.uploaded", person("district", niono).username),
        ("evidence.mapped", person("district", niono).username),
        ("evidence.publish_asked", national),
        ("evidence.published", national),
    ]
    assert Event.objects.filter(verb="evidence.matched").count() == 2


def test_a_form_sent_as_it_stands_is_taken_where_a_team_has_one_place(store: Store, niono: str) -> None:
    client = visitor("district", niono)
    form = client.get("/preuves/depot/nouveau/").context["form"]
    told = {name: form[name].value() or "" for name in form.fields if name != "file"}

    answer = client.post(
        "/preuves/depot/nouveau/", {**told, "source": "-", "other_source": "feuille", "file": desk.file()}
    )

    assert told["place"] == niono, "a hidden field holds the code of the place, not its name"
    assert answer.status_code == 302, answer.context["form"].errors


def test_what_is_wrong_with_a_hidden_answer_is_said_too(store: Store, niono: str) -> None:
    answer = visitor("district", niono).post(
        "/preuves/depot/nouveau/", {"place": "Niono", "file": desk.file()}
    )

    assert answer.status_code == 422
    assert "De quel lieu parle-t-il" in answer.content.decode()


def test_a_number_that_nobody_named_is_asked_for_and_may_be_kept_apart(store: Store, niono: str) -> None:
    client = visitor("district", niono)
    desk.bring(client, niono, desk.file("Aire de santé;Mois;Penta 1;Visites rares\nNdébougou;janv-25;9;4\n"))
    desk.work()
    upload = desk.newest()
    address = f"/preuves/depot/{upload.pk}/colonnes/"
    asked = client.get(address).context["form"]
    at = asked.labels.index("Visites rares")
    column = next(n for n, one in enumerate(upload.reading["columns"]) if one["heading"] == "Visites rares")
    told = desk.answers(client, upload, age="0-11m", **{f"c{column}": "number"})
    assert not told.get(f"m{at}"), "a name made of its heading is nobody's answer"

    refused = client.post(address, told)
    kept = client.post(address, {**told, f"m{at}": "visites_rares"})

    assert refused.status_code == 422
    assert "Dites ce que compte ce nombre" in refused.content.decode()
    assert kept.status_code == 302, kept.context["form"].errors
