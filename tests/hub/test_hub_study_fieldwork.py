"""Is the fieldwork counted as files come, is nothing counted twice, and do persons' corrections count, once somebody agreed?"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import override_settings

from tests.hub import desk, study_desk
from tests.hub.study_desk import CORRECTION, NOW, PAGE, analysed, bring, declared, drawn
from tests.hub.test_hub_pages import text_of
from tests.hub.visitors import person, visitor

pytestmark = pytest.mark.long


@pytest.fixture(autouse=True)
def own_folder(quick_hand: Any, tmp_path: Path) -> Iterator[None]:
    with override_settings(KALANSO_DATA=tmp_path / "data", KALANSO_CREDENTIAL_KEYS=[study_desk.KEY]):
        yield


@pytest.fixture
def mariam(hub: None) -> Any:
    """The browser of a researcher."""
    return visitor("researcher")


def visits(*rows: tuple[str, str, str, str]) -> bytes:
    """Return a household list: key, cluster, household, outcome."""
    lines = [
        f"{key},{cluster},{household},{outcome},2025-01-15,1,E1" for key, cluster, household, outcome in rows
    ]
    return "\n".join(["KEY,cluster,household,outcome,today,attempt,interviewer", *lines, ""]).encode()


def add(client: Any, one: Any, data: bytes, **more: str) -> Any:
    file = SimpleUploadedFile("partie.csv", data)
    return client.post(f"{PAGE}{one.pk}/fichiers/", {"file": file, **more})


def test_parts_that_come_again_are_counted_once_in_their_newest_version(mariam: Any) -> None:
    one = declared(person("researcher"))
    cluster = next(
        row["cluster"] for row in drawn(person("researcher"), one).clusters if row["role"] == "main"
    )
    add(mariam, one, visits(("a", cluster, "1", "absent"), ("b", cluster, "2", "completed")))
    answer = add(
        mariam, one, visits(("a", cluster, "1", "completed"), ("c", cluster, "3", "refused")), adds="on"
    )
    assert answer.status_code == 302, text_of(answer)
    whole = one.files.get(kind="homes", replaced=None)
    assert len(whole.joined) == 2
    assert one.files.filter(kind="homes").count() == 3, "each part stays as it came"
    job = desk.work(2)
    assert job.state == "done", job.error
    count = one.field_counts.first()
    row = next(row for row in count.found["clusters"] if row["cluster"] == cluster)
    assert (row["completed"], row["refused"], row["absent"], row["visited"]) == (2, 1, 0, 3)
    page = text_of(mariam.get(f"{PAGE}{one.pk}/terrain/"))
    assert "3 ménages visités sur 120 attendus" in page
    assert "1 refus, 0 absents" in page
    sheet = mariam.get(f"{PAGE}{one.pk}/terrain.csv").content.decode("utf-8-sig")
    assert f"{cluster},1,20,3,2,1,0,0" in sheet


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (b"cluster,household,outcome\nc1,1,absent\n", "la même colonne"),
        (b"KEY,cluster,household,outcome\n,c1,1,absent\n", "n'ont rien dans la colonne KEY"),
    ],
)
def test_a_part_that_cannot_be_told_apart_is_refused(mariam: Any, part: bytes, words: str) -> None:
    one = declared(person("researcher"))
    add(mariam, one, visits(("a", "c1", "1", "absent")))
    answer = add(mariam, one, part, adds="on")
    assert answer.status_code == 422
    assert words in text_of(answer)
    assert one.files.count() == 1
    sample = b"cluster,stratum,place_code,cohort,weight\n1,s,ML,12-23m,1\n"
    bring(mariam, one, "sample", sample)
    assert "ne vient pas par parties" in text_of(add(mariam, one, sample, adds="on"))


def test_interviews_and_back_checks_of_a_whole_survey_are_counted(mariam: Any) -> None:
    one = declared(person("researcher"))
    bring(mariam, one, "answers")
    add(mariam, one, study_desk.csv_files()[0], second="on")
    assert {file.kind for file in one.files.filter(replaced=None)} == {"answers", "second"}
    assert desk.work(2).state == "done"
    found = one.field_counts.first().found
    assert found["basis"] == "answers"
    assert sum(row["completed"] for row in found["clusters"]) == found["interviews"] - sum(
        row["refused"] for row in found["clusters"]
    )
    assert found["second"]
    assert all(row["same"] == row["checked"] for row in found["second"])
    page = text_of(mariam.get(f"{PAGE}{one.pk}/terrain/"))
    for words in ("Sans la liste des ménages", "n'a pas les heures", "Contre-visites"):
        assert words in page, words
    other = text_of(visitor("national", organisation="other").get(f"{PAGE}{one.pk}/terrain/"))
    assert "Contre-visites" in other


def test_a_file_that_cannot_be_counted_says_why(mariam: Any) -> None:
    one = declared(person("researcher"))
    add(mariam, one, b"cluster,household,outcome\nc1,1,absent\n")
    assert desk.work().state == "failed"
    assert "n'a pas pu être compté" in text_of(mariam.get(f"{PAGE}{one.pk}/terrain/"))


@pytest.fixture
def study(hub: None, tmp_path: Path) -> Any:
    """A round that is analysed, with the lines of one child."""
    one = analysed(person("researcher"), tmp_path, second_look=True)
    study_desk.received(one.shown)
    return one


def test_lines_are_for_those_who_analyse_the_study_alone(study: Any, mariam: Any) -> None:
    pages = ("corrections/", "corrections/regle-date_partial/", "corrections/survey_doses/1/")
    for page in pages:
        assert mariam.get(f"{PAGE}{study.pk}/{page}").status_code == 200, page
        assert visitor("administrator").get(f"{PAGE}{study.pk}/{page}").status_code == 403, page
        assert visitor("partner").get(f"{PAGE}{study.pk}/{page}").status_code == 404, page
    assert "2024-13-05" in text_of(mariam.get(f"{PAGE}{study.pk}/corrections/regle-date_partial/"))
    for gone in ("corrections/regle-dose_twice/", "corrections/survey_doses/9/", "corrections/round/1/"):
        assert mariam.get(f"{PAGE}{study.pk}/{gone}").status_code == 404, gone


def test_a_correction_counts_once_another_person_agreed(study: Any, mariam: Any) -> None:
    from kalanso.hub.studies.actions import rounds

    here = f"{PAGE}{study.pk}/corrections/"
    sent = {"field": "date", "after": "13/05/2024", "why": "photo de la carte"}
    assert mariam.post(f"{here}survey_doses/1/", sent).status_code == 302
    line = study.corrections.get()
    assert (line.state, line.before, line.dose, line.source) == ("proposed", "2024-13-05", "dtp1", "card")
    assert line.after == "2024-05-13", "a day as people write it"
    mariam.post(f"{here}{line.pk}/relire/", {"verdict": "agreed"})
    line.refresh_from_db()
    assert line.state == "proposed", "nobody agrees with their own"
    asked = "Relire 1 correction de l'étude"
    assert asked in text_of(visitor("national").get("/moi/"))
    assert asked not in text_of(mariam.get("/moi/"))
    with pytest.raises(ValidationError, match=r"attendent d.être relues"):
        rounds.let_out(by=person("national"), one=study, now=NOW)
    centre = visitor("national")
    assert centre.post(f"{here}{line.pk}/relire/", {"verdict": "agreed"}).status_code == 302
    line.refresh_from_db()
    assert (line.state, line.looked_at_by) == ("agreed", person("national"))
    assert "Des corrections ont été décidées depuis" in text_of(mariam.get(f"{PAGE}{study.pk}/"))
    with pytest.raises(ValidationError, match="analysez de nouveau"):
        rounds.let_out(by=person("national"), one=study, now=NOW)
    mariam.post(f"{here}{line.pk}/relire/", {"verdict": "back"})
    rounds.let_out(by=person("national"), one=study, now=NOW)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"before": "2024-01-01"}, "la valeur reçue n'est pas"),
        ({"child": "personne"}, "aucune interview reçue"),
        ({"field": "weight"}, "pas un champ"),
        ({"table": "survey_answers"}, "pas un champ"),
        ({"after": "13/13/2024"}, "pas une date"),
        ({"field": "answer", "before": "yes", "after": "peut-être"}, "pas une réponse possible"),
        ({"after": "2024-13-05"}, "pas une date"),
        ({"why": " "}, "dites pourquoi"),
    ],
)
def test_one_wrong_line_of_a_file_and_none_is_taken(
    study: Any, mariam: Any, wrong: dict[str, str], words: str
) -> None:
    import csv
    import io

    text = io.StringIO()
    writer = csv.DictWriter(text, list(CORRECTION))
    writer.writeheader()
    other = CORRECTION | {"source": "history", "field": "answer", "before": "yes", "after": "no"}
    writer.writerows([other, CORRECTION | wrong])
    file = SimpleUploadedFile("corrections.csv", text.getvalue().encode())
    answer = mariam.post(f"{PAGE}{study.pk}/corrections/", {"file": file})
    assert answer.status_code == 422
    assert words in text_of(answer)
    assert "Correction 2" in text_of(answer)
    assert not study.corrections.exists()


def test_corrections_reach_the_analysis_and_its_receipt_counts_them(mariam: Any) -> None:
    import pandas as pd

    one = declared(person("researcher"), second_look=False)
    for kind in ("answers", "sample"):
        bring(mariam, one, kind)
    mariam.post(f"{PAGE}{one.pk}/analyser/")
    assert desk.work(2).state == "done"
    one.refresh_from_db()
    children = pd.read_parquet(one.shown.folder / "private" / "survey_children.parquet")
    dated = children[children["birth_card"].notna()].iloc[0]
    sent = {"field": "birth_card", "after": "2024-01-09", "why": "photo de la carte"}
    assert mariam.post(f"{PAGE}{one.pk}/corrections/survey_children/{dated['row']}/", sent).status_code == 302
    assert mariam.post(f"{PAGE}{one.pk}/analyser/").status_code == 302
    job = desk.work()
    assert job.state == "done", job.error
    one.refresh_from_db()
    counted = {row["what"]: row["n"] for row in one.shown.receipt if row["part"] == "cleaned"}
    assert counted["person"] == 1
    log = pd.read_parquet(one.shown.folder / "private" / "survey_corrections.parquet")
    line = log[log["rule"] == "person"].iloc[0]
    assert (line["before"], line["after"], line["why"]) == (
        dated["birth_card"],
        "2024-01-09",
        "photo de la carte",
    )
    assert one.files.get(kind="answers").path.read_bytes() == study_desk.csv_files()[0], "raw stays raw"


def test_a_correction_that_no_longer_fits_stops_the_analysis_aloud(study: Any) -> None:
    from kalanso.hub.studies.actions import corrections
    from kalanso.hub.studies.actions.analyses import ask_analysis

    line = corrections.propose(by=person("researcher"), one=study, said=[CORRECTION], now=NOW)[0]
    corrections.look_at(by=person("national"), one=study, pk=line.pk, verdict="agreed", now=NOW)
    client = visitor("researcher")
    for kind in ("answers", "sample"):
        bring(client, study, kind)
    analysis = ask_analysis(by=person("researcher"), one=study, now=NOW)
    desk.work(2)
    analysis.refresh_from_db()
    assert analysis.state == "failed"
    assert analysis.decided == [line.pk]
    assert CORRECTION["before"] in analysis.fault["fr"]


def test_the_database_holds_what_counts_and_corrections_must_hold(study: Any) -> None:
    from kalanso.hub.studies.models import Correction, FieldCount

    by = person("researcher")
    line = {"round": study, "by": by, "proposed": NOW, **CORRECTION}
    Correction.objects.create(**line)
    count = {"round": study, "number": 1, "files": {}, "asked": NOW}
    wrong: list[tuple[Any, dict[str, Any]]] = [
        (Correction, line), (Correction, line | {"dose": ""}), (Correction, line | {"field": "answer", "why": ""}),
        (Correction, line | {"field": "answer", "after": CORRECTION["before"]}), (Correction, line | {"field": "answer", "state": "agreed"}),
        (Correction, line | {"field": "answer", "table": "x"}), (FieldCount, count | {"state": "done", "counted": NOW}),
        (FieldCount, count | {"state": "failed", "counted": NOW}), (FieldCount, count | {"counted": NOW}),
    ]  # fmt: skip
    for model, values in wrong:
        with pytest.raises(IntegrityError), transaction.atomic():
            model.objects.create(**values)


def test_pages_of_layout_and_fieldwork_are_small_and_speak_both_languages(tmp_path: Path, hub: None) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    one = analysed(person("researcher"), tmp_path)
    study_desk.laid_out(person("researcher"), one)
    client = visitor("researcher")
    for page in ("", "taille/", "formulaires/", "tirage/", "tirage/nouveau/", "tirage/remplacer/", "terrain/", "corrections/",
                 "corrections/regle-date_partial/", "corrections/survey_doses/1/"):  # fmt: skip
        with CaptureQueriesContext(connection) as asked:
            answer = client.get(f"{PAGE}{one.pk}/{page}")
        assert answer.status_code == 200, page
        assert len(gzip.compress(answer.content)) < 30_000, page
        assert len(asked) <= 30, (page, len(asked))
        english = text_of(client.get(f"/en{PAGE}{one.pk}/{page}"))
        assert "étude" not in english, page
        assert "grappe" not in english, page


def test_every_step_of_layout_and_fieldwork_leaves_its_line(tmp_path: Path, hub: None) -> None:
    from kalanso.hub.people.models import Event

    one = analysed(person("researcher"), tmp_path)
    study_desk.laid_out(person("researcher"), one)
    told = set(Event.objects.filter(object_type="studies.round").values_list("verb", flat=True))
    assert told >= {
        f"studies.{verb}" for verb in ("sized", "form_chosen", "drawn", "cluster_replaced", "corrections_proposed")
    }  # fmt: skip


@pytest.mark.parametrize(
    ("field", "written", "kept"),
    [
        ("date", "3/5/2024", "2024-05-03"), ("date", "2024-05-03", "2024-05-03"), ("answer", "Oui", "yes"), ("answer", "ne sait pas", "unknown"),
        ("sex", "garçon", "male"), ("sex", "female", "female"), ("answer", "", ""), ("date", "oui", "oui"),
    ],
)  # fmt: skip
def test_values_are_taken_as_people_write_them(field: str, written: str, kept: str) -> None:
    from kalanso.hub.studies.forms.corrections import meant

    assert meant(field, written) == kept
