"""Is a survey declared, brought, analysed by the worker, read and taken along as a report, and is bad input told?"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import override_settings

from kalanso.store import Store
from tests.hub import desk, study_desk
from tests.hub.study_desk import NOW, PAGE, analysed, bring, declared, form, row
from tests.hub.test_hub_pages import text_of
from tests.hub.visitors import person, visitor


@pytest.fixture(autouse=True)
def own_folder(quick_hand: Any, tmp_path: Path) -> Iterator[None]:
    with override_settings(KALANSO_DATA=tmp_path / "data", KALANSO_CREDENTIAL_KEYS=[study_desk.KEY]):
        yield


@pytest.fixture
def mariam(hub: None) -> Any:
    """The browser of a researcher."""
    return visitor("researcher")


def newest() -> Any:
    from kalanso.hub.studies.models import Round

    return Round.objects.latest("pk")


def test_without_a_study_the_page_teaches_what_will_stand_there(mariam: Any) -> None:
    page = text_of(mariam.get(PAGE))
    assert "0 étude est publiée" in page
    assert "un pas après l'autre" in page
    assert "Déclarer une étude" in page
    assert "Déclarer une étude" not in text_of(visitor("partner").get(PAGE))


def test_a_study_goes_from_its_declaration_to_a_published_report(mariam: Any) -> None:
    answer = mariam.post(f"{PAGE}nouvelle/", form(mariam))
    assert answer.status_code == 302, answer.context["form"].errors
    one = newest()
    assert [cohort["name"] for cohort in one.cohorts] == ["18w-11m", "12-23m"]
    way = text_of(mariam.get(f"{PAGE}{one.pk}/"))
    assert "Combien d'enfants faut-il" in way
    assert "Calculer la taille de l'échantillon" in way
    for kind in ("answers", "sample"):
        assert bring(mariam, one, kind).status_code == 302
    assert mariam.post(f"{PAGE}{one.pk}/analyser/").status_code == 302
    assert "Analyse en cours" in text_of(mariam.get(f"{PAGE}{one.pk}/"))
    assert mariam.post(f"{PAGE}{one.pk}/analyser/").status_code == 302, "asking twice asks once"
    job = desk.work(2)
    one.refresh_from_db()

    assert (job.state, job.share) == ("done", 1.0), job.error
    assert one.state == "analysed"
    assert one.analyses.count() == 1
    assert one.shown.children == 570
    page = text_of(mariam.get(f"{PAGE}{one.pk}/resultats/"))
    for words in ("18 semaines à 11 mois", "12 à 23 mois", "Ndébougou", "dont aucun vaccin", "dont BCG ou polio reçu",
                  "Sait où aller", "ces résultats ne parlent que d'eux", "ces chiffres ne se citent pas"):  # fmt: skip
        assert words in page, words
    for words in (
        "Où les enfants se perdent",
        "DTC1 → DTC3",
        "Qui est laissé",
        "filles",
        "garçons",
        "selon la vaccination de l'enfant",
        "DTC1 sans DTC3",
    ):
        assert words.lower() in page.lower(), words
    receipt = text_of(mariam.get(f"{PAGE}{one.pk}/accuse/"))
    assert "570 enfants sont analysés" in receipt
    assert "Jour et mois inversés" in receipt
    assert "Ce qui étonne dans le fichier" in receipt
    ibrahim = visitor("national")
    assert ibrahim.post(f"{PAGE}{one.pk}/publier/").status_code == 302
    partner = visitor("partner", organisation="other")
    assert "ces chiffres ne se citent pas" not in text_of(partner.get(f"{PAGE}{one.pk}/resultats/"))
    pdf = b"".join(partner.get(f"{PAGE}{one.pk}/rapport-fr.pdf").streaming_content)
    word = b"".join(partner.get(f"{PAGE}{one.pk}/rapport-en.docx").streaming_content)
    assert pdf.startswith(b"%PDF")
    with zipfile.ZipFile(io.BytesIO(word)) as found:
        assert "Survey in three areas" in found.read("word/document.xml").decode()


def test_an_analysis_of_before_shows_what_it_kept_and_no_empty_table(mariam: Any, tmp_path: Path) -> None:
    page = text_of(mariam.get(f"{PAGE}{analysed(person('researcher'), tmp_path).pk}/resultats/"))

    assert "12 à 23 mois" in page
    assert "Où les enfants se perdent" not in page
    assert "Qui est laissé" not in page
    assert "selon la vaccination" not in page


def test_answers_by_vaccination_say_whether_they_differ_and_hide_few_children(
    mariam: Any, tmp_path: Path
) -> None:
    told = {"domain_kind": "vaccination", "p_value": 0.01}
    rows = [
        row("besd_positive", "intention", "12-23m", share=share, status=status, domain=name, **told)
        for name, share, status in (
            ("zero_dose", None, "suppressed"),
            ("dropout", 0.6, "shown"),
            ("dtp3", 0.9, "shown"),
        )
    ]
    rows.append(
        row("besd_positive", "access", "12-23m", domain="dtp3", domain_kind="vaccination", p_value=None)
    )
    one = analysed(person("researcher"), tmp_path, rows=[*study_desk.results(), *rows])
    page = text_of(mariam.get(f"{PAGE}{one.pk}/resultats/"))
    part = page.split("selon la vaccination de l'enfant")[1].split("Test de Rao")[0]
    for words in ("trop peu d'enfants", "60", "90", "les réponses diffèrent"):
        assert words in part, part


def test_rows_of_single_children_and_files_have_no_address(mariam: Any, tmp_path: Path) -> None:
    one = analysed(person("researcher"), tmp_path)
    for name in ("rapport-fr.csv", "rapport-fr.docx", "rapport-de.pdf", "private/survey_children.csv", "answers.csv",
                 "rapport-../private/survey_children.csv", "survey_estimates.parquet", "files/1.csv"):  # fmt: skip
        assert visitor("national").get(f"{PAGE}{one.pk}/{name}").status_code == 404, name


def test_the_secret_of_a_study_is_sealed_and_rotates_with_the_other_keys(
    mariam: Any, tmp_path: Path, capsys: Any
) -> None:
    from argparse import Namespace

    from cryptography.fernet import Fernet

    from kalanso.hub import running
    from kalanso.hub.site.actions import records
    from kalanso.hub.site.exports import SECRET_TABLES
    from kalanso.hub.studies.actions.analyses import ask_analysis
    from kalanso.hub.studies.models import RoundSalt
    from kalanso.hub.studies.queries.salts import salt_of

    one = declared(person("researcher"))
    study_desk.taken(person("researcher"), one, tmp_path)
    ask_analysis(by=person("researcher"), one=one, now=NOW)
    secret = salt_of(one)
    assert len(secret) == 64
    assert secret not in RoundSalt.objects.get().sealed
    assert records.label_of(RoundSalt) in SECRET_TABLES, "a handover leaves it out"
    newer = Fernet.generate_key().decode()
    with override_settings(KALANSO_CREDENTIAL_KEYS=[newer, study_desk.KEY]):
        assert running.rotate_credentials(Namespace()) == 0
    with override_settings(KALANSO_CREDENTIAL_KEYS=[newer]):
        assert salt_of(one) == secret


def test_without_a_key_no_analysis_is_asked_and_a_sentence_says_why(mariam: Any, tmp_path: Path) -> None:
    one = declared(person("researcher"))
    study_desk.taken(person("researcher"), one, tmp_path)
    with override_settings(KALANSO_CREDENTIAL_KEYS=[]):
        page = mariam.post(f"{PAGE}{one.pk}/analyser/", follow=True)
    assert "aucune clé n'est réglée" in text_of(page)
    assert not one.analyses.exists()


def test_a_lost_key_ends_the_analysis_with_a_sentence(mariam: Any, tmp_path: Path) -> None:
    from cryptography.fernet import Fernet

    one = declared(person("researcher"))
    study_desk.taken(person("researcher"), one, tmp_path)
    mariam.post(f"{PAGE}{one.pk}/analyser/")
    with override_settings(KALANSO_CREDENTIAL_KEYS=[Fernet.generate_key().decode()]):
        assert desk.work().state == "failed"
    assert "la clé qui l'a scellé n'est plus réglée" in text_of(mariam.get(f"{PAGE}{one.pk}/"))


def test_files_that_cannot_be_analysed_say_why_in_both_languages(mariam: Any) -> None:
    one = declared(person("researcher"))
    bring(mariam, one, "answers", b"cluster,consent\nelsewhere,1\n")
    bring(mariam, one, "sample", b"cluster,stratum,place_code,cohort,weight\n1,s,ML,12-23m,1\n")
    mariam.post(f"{PAGE}{one.pk}/analyser/")
    job = desk.work(2)
    analysis = one.analyses.get()

    assert (job.state, analysis.state) == ("failed", "failed")
    assert set(analysis.fault) == {"fr", "en"}
    assert analysis.fault["fr"] != analysis.fault["en"]
    assert "La dernière analyse n'a pas abouti." in text_of(mariam.get(f"{PAGE}{one.pk}/"))
    one.refresh_from_db()
    assert (one.state, one.shown) == ("draft", None)
    assert mariam.post(f"{PAGE}{one.pk}/analyser/").status_code == 302
    assert one.analyses.count() == 2, "another may be asked for"


def test_an_analysis_can_be_stopped_and_asked_for_again(mariam: Any, tmp_path: Path) -> None:
    one = declared(person("researcher"))
    study_desk.taken(person("researcher"), one, tmp_path)
    mariam.post(f"{PAGE}{one.pk}/analyser/")
    mariam.post(f"/travaux/{one.analyses.get().job_id}/arreter/")
    assert one.analyses.get().standing == "cancelled"
    assert "s'est arrêtée avant la fin" in text_of(mariam.get(f"{PAGE}{one.pk}/"))
    mariam.post(f"{PAGE}{one.pk}/analyser/")
    assert [a.state for a in one.analyses.all()] == ["asked", "cancelled"]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"last_day": "2025-01-01"}, "Le dernier jour est avant le premier"),
        ({"destroyed_on": "2030-01-01"}, "avant la fin de leur garde"),
        ({"destroyed_on": "2020-01-01", "kept_until": ""}, "Ce jour est passé"),
        ({"cohorts": "12-23m un an"}, "écrivez un nom et deux âges"),
        ({"cohorts": "a 10 20\nb 15 30"}, "sans jour en commun"),
        ({"cohorts": "a 30 20"}, "sans jour en commun"),
        ({"cohorts": "\n \n"}, "Corrigez"),
        ({"doses": ["bcg", "dtp1"]}, "Gardez Penta 1 (DTC 1) et Penta 3 (DTC 3)"),
        ({"doses": ["inconnue"]}, "Corrigez"),
        ({"survey": "deux mots"}, "sans espace ni accent"),
        ({"place": "ML-X0000"}, "Corrigez"),
        ({"grace_days": "-1"}, "Corrigez"),
    ],
)
def test_a_declaration_that_makes_no_sense_is_explained(
    mariam: Any, wrong: dict[str, Any], words: str
) -> None:
    from kalanso.hub.studies.models import Round

    answer = mariam.post(f"{PAGE}nouvelle/", form(mariam, **wrong))
    assert answer.status_code == 422
    assert words in text_of(answer)
    assert not Round.objects.exists()


def test_two_studies_do_not_share_a_short_name(mariam: Any) -> None:
    declared(person("researcher"))
    answer = mariam.post(f"{PAGE}nouvelle/", form(mariam))
    assert answer.status_code == 422
    assert "Une étude porte déjà ce nom court" in text_of(answer)


@pytest.mark.parametrize(
    ("kind", "data", "words"),
    [
        ("answers", b"", "Ce fichier est vide"),
        ("answers", b"PK\x03\x04 a workbook", "n'est pas un CSV"),
        ("answers", b"\xff\xfe,\x00b\n", "n'est pas un CSV"),
        ("answers", b"one column\n1\n", "n'est pas un CSV"),
        ("answers", "id,Prénom,sex\n1,Awa,f\n".encode(), "faire reconnaître quelqu'un"),
        ("answers", b"id,household_gps\n1,2\n", "faire reconnaître quelqu'un"),
        ("sample", b"cluster,stratum\n1,2\n", "place_code, cohort, weight"),
        ("answers", b"cluster,sex\n1,f\n", "consent"),
        ("nothing", b"a,b\n", "Corrigez"),
    ],
)
def test_a_file_that_cannot_come_in_is_refused_with_a_sentence(
    mariam: Any, kind: str, data: bytes, words: str
) -> None:
    one = declared(person("researcher"))
    answer = bring(mariam, one, kind, data)
    assert answer.status_code == 422
    assert words in text_of(answer)
    assert not one.files.exists()


def test_doses_are_asked_and_judged_by_the_schedule_of_the_country_of_the_store(
    mariam: Any, store: Store
) -> None:
    from kalanso.hub.studies.tasks import declaration

    shown = mariam.get(f"{PAGE}nouvelle/").context["form"]

    assert {"rota3", "malaria1"} <= {code for code, _name in shown.fields["doses"].choices}
    assert "rota3" in shown["doses"].value()
    assert declaration(declared(person("researcher")))["country"] == store.country == "ML"


def test_a_file_is_known_by_its_headings_whatever_it_is_called(mariam: Any) -> None:
    from tests.hub.study_desk import csv_files

    one = declared(person("researcher"))
    answers, sample = csv_files()
    bring(mariam, one, "answers", sample, "reponses.csv")
    missing = text_of(mariam.get(f"{PAGE}{one.pk}/"))
    bring(mariam, one, "sample", answers, "echantillon.csv")

    assert "Il manque : les réponses." in missing
    assert {file.kind: file.file_name for file in one.files.all()} == {
        "sample": "reponses.csv", "answers": "echantillon.csv",
    }  # fmt: skip
    assert "Réponses et échantillon sont là." in text_of(mariam.get(f"{PAGE}{one.pk}/"))


def test_no_file_is_taken_before_the_ethics_are_said(mariam: Any) -> None:
    one = declared(person("researcher"), approval="", destroyed_on=None)
    answer = bring(mariam, one, "answers")
    assert answer.status_code == 422
    assert "avant que l'éthique soit dite" in text_of(answer)
    assert "Compléter l'éthique" in text_of(mariam.get(f"{PAGE}{one.pk}/"))
    assert not one.files.exists()


def test_a_file_replaces_that_before_and_both_stay_as_they_came(mariam: Any) -> None:
    one = declared(person("researcher"))
    sample = study_desk.csv_files()[1]
    bring(mariam, one, "sample", name="../../etc/sample\x07.csv")
    bring(mariam, one, "sample", sample + b"\n")
    first, second = one.files.order_by("pk")
    assert (first.replaced is None, second.replaced is None) == (False, True)
    assert first.path.read_bytes() == sample
    assert first.path.stat().st_mode & 0o077 == 0
    assert "/" not in first.file_name
    assert first.approval == "CE 2025/7"


def test_new_files_and_new_words_make_results_stale(mariam: Any, tmp_path: Path) -> None:
    one = analysed(person("researcher"), tmp_path)
    bring(mariam, one, "sample")
    assert "Des fichiers sont venus depuis" in text_of(mariam.get(f"{PAGE}{one.pk}/"))
    centre = visitor("national")
    assert "analysez de nouveau" in text_of(centre.post(f"{PAGE}{one.pk}/publier/", follow=True))
    one.refresh_from_db()
    assert one.state == "analysed"
    told = form(mariam, title_fr="Autre titre", version=one.version)
    assert mariam.post(f"{PAGE}{one.pk}/modifier/", told).status_code == 302
    one.refresh_from_db()
    assert (one.state, one.shown, one.title_fr) == ("draft", None, "Autre titre")
    stale = mariam.post(f"{PAGE}{one.pk}/modifier/", told)
    assert "Quelqu'un a changé cette étude" in text_of(stale)
    empty = mariam.post(f"{PAGE}{one.pk}/modifier/", told | {"approval": "", "version": one.version})
    assert "ne peut plus être laissée vide" in text_of(empty)


def test_past_the_day_of_destruction_nothing_is_read(tmp_path: Path) -> None:
    from datetime import UTC, datetime

    from kalanso.hub.studies.actions.analyses import ask_analysis

    one = declared(person("researcher"))
    study_desk.taken(person("researcher"), one, tmp_path)
    with pytest.raises(ValidationError, match="devaient être détruites"):
        ask_analysis(by=person("researcher"), one=one, now=datetime(2036, 1, 1, tzinfo=UTC))


def test_results_say_of_whom_they_speak_where_clusters_could_not_be_reached(tmp_path):
    from kalanso.hub.studies.queries.results import unreached

    one = analysed(person("researcher"), tmp_path)
    kept = one.shown
    assert unreached(kept, detail=True) == []
    kept.receipt = [
        *kept.receipt,
        {"part": "reached", "what": "ML-H1", "n": 2, "drawn": 12, "share": 10 / 12},
        {"part": "left_out", "what": "malaria1", "scope": "19 districts", "n": 3},
    ]
    kept.save(update_fields=["receipt"])

    page = text_of(visitor("researcher").get(f"{PAGE}{one.pk}/resultats/"))
    assert "on a pu atteindre" in page
    assert "Aire ML-H1 : grappes tirées" in page
    assert "pu atteindre : 2 sur 12" in page
    assert len(unreached(kept, detail=False)) == 1, "strata are named to those who may see them"
    receipt = text_of(visitor("researcher").get(f"{PAGE}{one.pk}/accuse/"))
    assert "Doses sans résultat" in receipt
