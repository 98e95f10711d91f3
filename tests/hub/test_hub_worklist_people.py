"""Does a district officer find whom to call, pass on what others must answer, and say what became of a silent facility?"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import pytest

from kalanso.quality.tables import QUALITY_FINDINGS
from kalanso.store import Mode, Provenance, Store
from tests.hub import desk
from tests.hub.test_hub_pages import text_of
from tests.hub.test_hub_worklist import MONTH, answer, area, doubt, key
from tests.hub.visitors import person, visitor

__all__ = ["area"]

NOW = datetime(2025, 2, 15, 12, 0, tzinfo=UTC)
PAGE = f"/preuves/a-demander/?periode={MONTH}"


def silence(place: str) -> dict[str, Any]:
    return doubt(place, "silence", "stopped", period="202406", severity="serious", params={"n": 5})


def population(place: str) -> dict[str, Any]:
    return doubt(
        place, "denominators", "jump", period="2024", indicator="surviving_infants", params={"growth": 0.4}
    )


@pytest.fixture(scope="module")
def silent(small_store: Store, code_of: Any, tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A silent area and a wild number in Niono, a population that the region answers for, a wild number under a flag."""
    area, niono = code_of("Ndébougou", "health_area"), code_of("Niono", "district")
    rows = [silence(area), doubt(area), population(niono), doubt(code_of("Karangana", "health_area"))]
    own = desk.copied(small_store, tmp_path_factory.mktemp("silent"))
    own.publish(
        QUALITY_FINDINGS,
        QUALITY_FINDINGS.arrow(rows),
        provenance=Provenance(),
        now=NOW,
        mode=Mode.REPLACE_ALL,
    )
    return own


@pytest.fixture
def asking(silent: Store, quick_hand: Any) -> Iterator[Store]:
    from django.test import override_settings

    with override_settings(KALANSO_STORE=silent.folder):
        yield silent


def line_of(page: Any, row: dict[str, Any]) -> Any:
    groups = [
        *page.context["near"],
        *page.context["away"],
        *page.context["waiting"],
        *page.context["answered"],
    ]
    return next(line for group in groups for line in group.lines if line.key == key(row))


def test_where_nobody_is_known_the_page_says_so_and_leads_to_writing_whom_to_call(
    asking: Store, niono: str, area: str
) -> None:
    client = visitor("district", niono)
    page = client.get(PAGE)
    text = text_of(page)

    assert "Niono Dans vos lieux · 1 question à poser" in text
    assert "2 lieux à appeler n'ont ni compte ni contact connu Ndébougou Écrire qui appeler Ségou" in text
    assert "Ndébougou : appelez son CSCom ; ni compte ni contact connu. Écrire qui appeler" in text
    assert f'href="/preuves/a-demander/contact/{area}/"' in page.content.decode()


def test_a_place_whose_contact_is_known_is_no_longer_counted_among_those_without(
    asking: Store, niono: str, area: str
) -> None:
    client = visitor("district", niono)
    client.post(
        f"/preuves/a-demander/contact/{area}/",
        {"post": "chef de poste", "phone": "70 11 22 33", "version": 0},
    )

    assert [one.name for one in client.get(PAGE).context["unreachable"]] == ["Ségou"]


def test_what_a_post_settles_from_its_papers_stands_apart_from_what_it_asks_of_its_structures() -> None:
    from kalanso.hub.evidence.queries.asked_lines import _whom

    rows = pd.DataFrame(
        {
            "asked": ["district", "district", "district", "facility"],
            "asked_place": ["D", "D", "D", "F"],
            "place_code": ["D", "F", "D", "F"],
            "structures": [(), (), (("F", ("202401",)),), ()],
        }
    )

    assert [alone for _asked, _place, alone in _whom(rows, {"D"})] == [True, False, False, True]


def test_a_health_centre_reads_what_its_district_answers_open_and_that_somebody_there_is_told(
    silent: Store, quick_hand: Any, niono: str, area: str, tmp_path: Any
) -> None:
    from django.test import override_settings

    own = desk.copied(silent, tmp_path)
    only = QUALITY_FINDINGS.arrow([population(area)])
    own.publish(QUALITY_FINDINGS, only, provenance=Provenance(), now=NOW, mode=Mode.REPLACE_ALL)
    person("district", niono)
    with override_settings(KALANSO_STORE=own.folder):
        client = visitor("facility", area)
        page = client.get(PAGE)
        text = text_of(page)
        assert page.context["near"] == []
        assert "Niono : 1 personne y a un compte ; son nom ne vous est pas montré." in text
        assert "ni compte ni contact connu" not in text
        assert "À vérifier d'abord à votre poste" in text
        assert '<details class="fold" open><summary class="ask">' in page.content.decode()
        answer(client, population(area), "handed_on")
        text = text_of(client.get(PAGE))
        assert "Plus rien à demander pour ce mois. 1 attend sa réponse" in text


def test_the_list_to_take_along_is_a_tap_away_from_the_top(asking: Store, niono: str) -> None:
    page = visitor("district", niono).get(PAGE).content.decode()

    assert page.index('<a class="tel" href="#emporter">') < page.index("<ol")
    assert page.count('id="emporter"') == 1


def test_a_contact_is_written_once_and_stands_beside_the_questions_for_those_who_answer_for_the_place(
    asking: Store, niono: str, area: str
) -> None:
    from kalanso.hub.people.models import Event

    client, address = visitor("district", niono), f"/preuves/a-demander/contact/{area}/"
    wrong = client.post(address, {"post": "chef de poste", "phone": "appelez-moi", "version": 0})
    sent = client.post(address, {"post": "chef de poste", "phone": "70 11 22 33", "version": 0})
    shown = client.get(PAGE).content.decode()

    assert wrong.status_code == 422
    assert sent.status_code == 302
    assert "chef de poste" in shown
    assert 'href="tel:+22370112233"' in shown
    for who in (("partner", ""), ("researcher", ""), ("donor", "")):
        assert "70112233" not in visitor(*who).get(f"{PAGE}&lieu={niono}").content.decode()
    events = Event.objects.filter(object_type="evidence.placecontact")
    assert [event.verb for event in events] == ["evidence.contact_kept"]
    assert "70112233" not in str([(event.before, event.after) for event in events]), (
        "the trail keeps the post alone"
    )


def test_a_contact_is_changed_by_whoever_saw_it_and_taken_away(asking: Store, niono: str, area: str) -> None:
    from kalanso.hub.evidence.models import PlaceContact

    client, address = visitor("district", niono), f"/preuves/a-demander/contact/{area}/"
    told = {"post": "chargé PEV", "phone": "70112233"}
    assert client.post(address, told | {"version": 0}).status_code == 302
    late = client.post(address, told | {"version": 0})
    assert late.status_code == 422
    assert "Quelqu'un a changé ce contact" in text_of(late)
    assert client.post(address, told | {"version": 1, "remove": "1"}).status_code == 302
    assert not PlaceContact.objects.exists()


def test_nobody_of_elsewhere_reads_or_writes_whom_to_call(asking: Store, area: str, code_of: Any) -> None:
    address = f"/preuves/a-demander/contact/{area}/"
    for who in (
        ("district", code_of("Bougouni", "district")),
        ("partner", ""),
        ("researcher", ""),
        ("coach", area),
    ):
        assert visitor(*who).get(address).status_code == 403
        assert (
            visitor(*who).post(address, {"post": "x", "phone": "70112233", "version": 0}).status_code == 403
        )
    assert visitor("national").get("/preuves/a-demander/contact/nulle/").status_code == 404


def test_a_silent_facility_is_said_to_be_closed_open_or_no_longer_vaccinating(
    asking: Store, niono: str, area: str
) -> None:
    from kalanso.hub.evidence.exports import finding_statuses

    client = visitor("district", niono)
    offered = [one.status for one in line_of(client.get(PAGE), silence(area)).answers]
    numbers = [one.status for one in line_of(client.get(PAGE), doubt(area)).answers]
    assert offered == ["not_entered", "place_closed", "not_vaccinating", "known", "no_error"]
    assert numbers == ["known", "explained", "corrected", "no_error"]

    assert answer(client, doubt(area), "place_closed").status_code == 422
    page = client.get(answer(client, silence(area), "place_closed", "depuis mars").headers["Location"])
    assert "Structure fermée : depuis mars" in text_of(page)
    assert [(row["place_code"], row["status"]) for row in finding_statuses()] == [(area, "place_closed")]
    assert "Structure fermée" in text_of(client.get(f"/preuves/alertes/{key(silence(area))}/"))


def test_an_answer_about_a_silent_facility_stands_by_no_other_check(asking: Store, niono: str) -> None:
    from django.db import IntegrityError, transaction

    from kalanso.hub.evidence.models import FindingStatus

    with pytest.raises(IntegrityError), transaction.atomic():
        FindingStatus.objects.create(
            key="x", check_name="outliers", source="s", place_code=niono, period="2024", indicator="i",
            status="place_closed", by=person("national"), at=NOW,
        )  # fmt: skip


def test_what_a_region_must_answer_is_passed_on_to_those_who_work_there(
    asking: Store, niono: str, code_of: Any
) -> None:
    from kalanso.hub.people.models import Notification

    ségou = person("region", code_of("Ségou", "region"))
    client = visitor("district", niono)
    row = population(niono)
    passing = line_of(client.get(PAGE), row).passing
    sent = answer(client, row, "handed_on")
    page = client.get(sent.headers["Location"])

    assert (passing.to, passing.telling) == ("Ségou", 1)
    told = Notification.objects.get(person=ségou)
    assert (told.sentence, told.address) == ("evidence.question_handed_on", f"/preuves/alertes/{key(row)}/")
    assert "Transmise : 1 personne est prévenue dans Kalanso." in text_of(page)
    assert "Transmise, réponse attendue" in text_of(page)
    assert page.context["waiting_total"] == 1


def test_a_question_is_passed_on_as_a_text_that_names_nobody_and_none_of_a_protected_place(
    asking: Store, niono: str, code_of: Any
) -> None:
    client = visitor("district", niono)
    passing = line_of(client.get(PAGE), population(niono)).passing
    html = client.get(PAGE).content.decode()

    assert passing.telling == 0
    assert "https://wa.me/?text=Question%20sur%20les%20donn%C3%A9es" in html
    assert "mailto:?subject=" in html
    assert passing.text.endswith(f"/preuves/alertes/{key(population(niono))}/")
    assert str(person("district", niono)) not in passing.text
    assert "Personne de Ségou n'a de compte" in text_of(client.get(PAGE))

    yorosso = code_of("Yorosso", "district")
    there = visitor("district", yorosso).get(f"{PAGE}&lieu={yorosso}")
    assert "Lieu protégé : la question ne sort pas de Kalanso." in text_of(there)
    assert "wa.me" not in there.content.decode()


def test_nothing_of_ones_own_post_is_passed_on(asking: Store, niono: str, area: str) -> None:
    page = visitor("district", niono).get(PAGE)

    assert line_of(page, silence(area)).passing is None, "the district itself is asked"
    assert line_of(page, doubt(area)).passing is not None, "the facility is asked"


def test_the_page_says_that_the_checks_still_read_what_has_arrived(
    asking: Store, niono: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kalanso.hub.evidence.actions.findings import ask_to_check
    from kalanso.hub.evidence.queries import worklist

    client = visitor("district", niono)
    assert "Des rapports plus récents" not in text_of(client.get(PAGE))
    monkeypatch.setattr(worklist, "checks_behind", lambda _store: True)
    assert "les contrôles ne les ont pas encore lus" in text_of(client.get(PAGE))
    ask_to_check(by=person("national"), now=NOW)
    assert "les contrôles les lisent en ce moment" in text_of(client.get(PAGE))


def test_the_file_says_how_grave_in_the_words_of_the_page(asking: Store, niono: str) -> None:
    client = visitor("district", niono)
    text = client.get(f"/preuves/a-demander/liste.csv?periode={MONTH}").content.decode("utf-8-sig")

    assert {row["Gravité"] for row in csv.DictReader(io.StringIO(text), delimiter=";")} == {
        "sérieux",
        "à vérifier",
    }
    assert "sérieux" in text_of(client.get(PAGE))
