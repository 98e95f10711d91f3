"""Is a month's sheet decided in a few taps: sound names at once, none asked twice, errors of typing pointed out?"""

from __future__ import annotations

import io
from typing import Any

import openpyxl
import pytest

from kalanso.store import Store
from tests.hub import desk
from tests.hub.test_hub_evidence_uploads import decide, published
from tests.hub.test_hub_pages import text_of
from tests.hub.visitors import person, visitor

pytestmark = pytest.mark.long

HEADING = "Aire de santé;Mois;Penta 1;Penta 3\n"


def areas(place: str) -> list[str]:
    """Return the names of the health areas below a place."""
    from kalanso.hub.people.models import PlaceMirror

    home = PlaceMirror.objects.get(code=place)
    below = PlaceMirror.objects.filter(path__startswith=home.path, level="health_area")
    return list(below.order_by("name").values_list("name", flat=True))


def sheet(*rows: tuple[str, int, int], name: str = "mois.csv") -> Any:
    lines = "".join(f"{place};janv-25;{first};{third}\n" for place, first, third in rows)
    return desk.file(HEADING + lines, name)


def names_page(upload: Any) -> str:
    return f"/preuves/depot/{upload.pk}/correspondances/"


def test_all_areas_of_a_district_spelled_as_published_are_certain(store: Store, awa: Any, niono: str) -> None:
    upload = desk.tried(awa, niono, sheet(*((name, 40, 38) for name in areas(niono))))

    assert not upload.names.exists()
    assert upload.receipt["lacking"] == []
    assert "Rapprochés par ressemblance" not in text_of(awa.get(f"/preuves/depot/{upload.pk}/accuse/"))


def test_a_name_taken_by_likeness_is_listed_and_may_be_corrected(
    store: Store, awa: Any, niono: str, code_of: Any
) -> None:
    upload = desk.tried(awa, niono, sheet(("Ndebugu", 34, 30)))
    name = upload.names.get()
    receipt = text_of(awa.get(f"/preuves/depot/{upload.pk}/accuse/"))

    assert (name.status, name.decision, upload.receipt["stored"]) == ("matched", "open", 2)
    assert "Rapprochés par ressemblance : 1" in receipt
    assert "« Ndebugu » → Ndébougou" in receipt
    assert "en attente de votre décision" not in receipt

    decide(awa, upload, "Ndebugu", f"place:{code_of('Niono Nord', 'health_area')}")
    awa.post(f"/preuves/depot/{upload.pk}/essai/")
    desk.work()
    name.refresh_from_db()
    assert (name.status, name.place_code) == ("reviewed", code_of("Niono Nord", "health_area"))


def test_a_name_that_a_word_parts_from_its_place_is_listed_on_the_receipt(
    store: Store, awa: Any, niono: str
) -> None:
    upload = desk.tried(awa, niono, sheet(("CSCom de Ndébougou", 34, 30)))
    receipt = text_of(awa.get(f"/preuves/depot/{upload.pk}/accuse/"))
    assert [one["name"] for one in upload.receipt["respelled"]] == ["CSCom de Ndébougou"]
    assert "Écrits autrement, mais d'un seul lieu possible : 1" in receipt
    assert "« CSCom de Ndébougou » → Ndébougou" in receipt


def test_what_waits_for_a_decision_is_not_called_refused(store: Store, awa: Any, niono: str) -> None:
    upload = desk.tried(awa, niono)
    receipt = text_of(awa.get(f"/preuves/depot/{upload.pk}/accuse/"))

    assert "Sur 14 lues, 7 gardées, 4 en attente de votre décision et 3 refusées." in receipt


def test_several_names_are_decided_by_one_form_and_the_trial_follows(
    store: Store, awa: Any, niono: str, code_of: Any
) -> None:
    upload = desk.tried(awa, niono)
    first, second = upload.names.get(name="Niono Est"), upload.names.get(name="Nulle Part")
    told = {
        f"choice-{first.pk}": "other", f"other-{first.pk}": code_of("Niono Nord", "health_area"),
        f"choice-{second.pk}": "none",
    }  # fmt: skip
    answer = awa.post(names_page(upload), told)
    upload.refresh_from_db()
    assert (answer.url, upload.state) == (f"/preuves/depot/{upload.pk}/", "trying")

    desk.work()
    upload.refresh_from_db()
    assert (upload.state, upload.receipt["stored"]) == ("tried", 9)
    assert {one.decided_by for one in upload.names.all()} == {person("district", niono)}


def test_one_wrong_answer_keeps_none_of_a_form(store: Store, awa: Any, niono: str, code_of: Any) -> None:
    upload = desk.tried(awa, niono)
    first, second = upload.names.get(name="Niono Est"), upload.names.get(name="Nulle Part")
    told = {
        f"choice-{second.pk}": "none", f"choice-{first.pk}": f"place:{code_of('Karangana', 'health_area')}",
    }  # fmt: skip
    page = awa.post(names_page(upload), told)

    assert page.status_code == 422
    assert "« Niono Est » : Ce lieu est hors du lieu" in text_of(page)
    assert f'name="choice-{second.pk}" value="none" checked' in page.content.decode(), "what was ticked stays"
    assert set(upload.names.values_list("decision", flat=True)) == {"open"}


def test_a_refused_form_keeps_another_place_that_was_chosen(
    store: Store, awa: Any, niono: str, code_of: Any
) -> None:
    upload = desk.tried(awa, niono)
    first, second = upload.names.get(name="Niono Est"), upload.names.get(name="Nulle Part")
    chosen = code_of("Niono Nord", "health_area")
    page = awa.post(names_page(upload), {f"other-{first.pk}": chosen, f"choice-{second.pk}": "place:NOWHERE"})
    html = page.content.decode()

    assert f'name="choice-{first.pk}" value="other" checked' in html
    assert f'<option value="{chosen}" selected>' in html
    assert set(upload.names.values_list("decision", flat=True)) == {"open"}


@pytest.mark.parametrize("told", [{}, {"accept": ["x:y", "999999:ML"]}, {"choice-1x": "none"}])
def test_a_form_without_an_answer_decides_nothing(
    told: dict[str, Any], store: Store, awa: Any, niono: str
) -> None:
    upload = desk.tried(awa, niono)
    said = text_of(awa.post(names_page(upload), told, follow=True))

    assert "Répondez à un nom au moins." in said
    assert set(upload.names.values_list("decision", flat=True)) == {"open"}


def proposed(upload: Any, code: str, **evidence: Any) -> Any:
    """Make the name « Nulle Part » one with a single candidate."""
    from kalanso.hub.people.models import PlaceMirror

    one = {
        "place_code": code, "name": PlaceMirror.objects.get(code=code).name, "parent_name": "", "score": 0.8,
        "name_score": 0.83, "against": [], "claimed_by": [], **evidence,
    }  # fmt: skip
    upload.names.filter(name="Nulle Part").update(
        status="ambiguous", score=0.8, candidates={"reason": "not_alike_enough", "candidates": [one]}
    )
    return upload.names.get(name="Nulle Part")


def test_sound_proposals_are_accepted_at_once(store: Store, awa: Any, niono: str, code_of: Any) -> None:
    upload, code = desk.tried(awa, niono), code_of("Niono Nord", "health_area")
    name = proposed(upload, code)
    page = awa.get(names_page(upload)).content.decode()
    assert "Tout accepter (1)" in page
    assert f'name="accept" value="{name.pk}:{code}"' in page

    awa.post(names_page(upload), {"accept": [f"{name.pk}:{code}"]})
    name.refresh_from_db()
    assert (name.decision, name.place_code) == ("place", code)


@pytest.mark.parametrize(
    "evidence", [{"against": ["marks"]}, {"claimed_by": ["Niono N."]}, {"score": 0.5}]
)  # fmt: skip
def test_a_name_with_anything_against_it_is_asked_by_itself(
    evidence: dict[str, Any], store: Store, awa: Any, niono: str, code_of: Any
) -> None:
    upload = desk.tried(awa, niono)
    proposed(upload, code_of("Niono Nord", "health_area"), **evidence)

    assert "Tout accepter" not in text_of(awa.get(names_page(upload)))


def test_names_decided_with_a_sheet_that_waits_are_not_asked_again(
    store: Store, awa: Any, niono: str, code_of: Any
) -> None:
    first = desk.tried(awa, niono)
    decide(awa, first, "Niono Est", f"place:{code_of('Niono Nord', 'health_area')}")
    second = desk.tried(awa, niono, desk.file(desk.SHEET.replace("34;30", "35;31"), "fevrier.csv"))
    name = second.names.get(name="Niono Est")

    assert (name.decision, name.status, name.decided_by) == ("place", "reviewed", person("district", niono))
    assert second.names.get(name="Nulle Part").decision == "open"
    assert second.receipt["stored"] == 9
    published(visitor("national"), second)

    from kalanso.places.tables import PLACE_MATCHES

    kept = Store.open(store.folder, threads=1).read(PLACE_MATCHES).to_pyarrow().to_pylist()
    assert ("Niono Est", "reviewed") in {(row["name"], row["status"]) for row in kept}


def test_decisions_of_another_place_or_of_a_sheet_put_aside_are_not_taken(
    store: Store, awa: Any, niono: str, code_of: Any
) -> None:
    first = desk.tried(awa, niono)
    decide(awa, first, "Nulle Part", "none")
    region = desk.tried(
        visitor("region", code_of("Ségou", "region")), code_of("Ségou", "region"),
        desk.file(desk.SHEET.replace("34;30", "36;32")),
    )  # fmt: skip
    awa.post(f"/preuves/depot/{first.pk}/ecarter/", {"reason": "doublon"})
    again = desk.tried(awa, niono, desk.file(desk.SHEET.replace("34;30", "35;31"), "fevrier.csv"))

    assert region.names.get(name="Nulle Part").decision == "open"
    assert again.names.get(name="Nulle Part").decision == "open"


def test_an_error_of_typing_is_shown_with_its_row_and_blocks_nothing(
    store: Store, awa: Any, niono: str
) -> None:
    upload = desk.tried(awa, niono, sheet(("Ndébougou", 34, 30), ("Kalawèrè", 44, 1200)))
    receipt = text_of(awa.get(f"/preuves/depot/{upload.pk}/accuse/"))

    assert upload.receipt["stored"] == 4
    assert {(one["kind"], one["row"], one["value"]) for one in upload.receipt["doubts"]} >= {
        ("later_above_first", 3, 1200.0)
    }
    assert "Ligne 3, Kalawèrè" in receipt
    assert "Plus de dernières doses que de premières." in receipt
    assert f"{len(areas(niono)) - 2} des {len(areas(niono))} lieux de Niono ne sont pas dans la feuille" in (
        receipt
    )

    cni = visitor("national")
    assert "sera publié" in text_of(cni.get(f"/preuves/depot/{upload.pk}/publier/")) or "seront publiés" in (
        text_of(cni.get(f"/preuves/depot/{upload.pk}/publier/"))
    )
    published(cni, upload)
    assert upload.receipt["doubts_total"]


def test_doubtful_numbers_of_protected_places_are_for_those_who_see_rows(
    store: Store, awa: Any, niono: str
) -> None:
    upload = desk.tried(awa, niono, sheet(("Kalawèrè", 44, 1200)))
    type(upload).objects.filter(pk=upload.pk).update(flagged=True)
    said = text_of(visitor("researcher").get(f"/preuves/depot/{upload.pk}/accuse/"))

    assert "Kalawèrè" not in said
    assert "ne sont pas dans la feuille" not in said


def test_a_sheet_to_fill_in_is_read_back_without_a_question(store: Store, awa: Any, niono: str) -> None:
    answer = awa.get("/preuves/depot/modele.xlsx", {"lieu": niono})
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    rows = list(book.active.iter_rows(values_only=True))
    assert rows[0] == (
        "Aire de santé", "Mois", "BCG 0-11 mois", "Penta 1 0-11 mois", "Penta 3 0-11 mois", "VAR 1 0-11 mois",
    )  # fmt: skip
    assert [row[0] for row in rows[1:]] == areas(niono)

    upload = filled_in(awa, niono, answer.content)
    assert (upload.state, upload.receipt["stored"], upload.names.count()) == (
        "tried",
        2 * len(areas(niono)),
        0,
    )
    said = text_of(awa.get(f"/preuves/depot/{upload.pk}/accuse/"))
    assert "« Penta 1 0-11 mois » : Doses de Penta 1 (DTC 1), 0 à 11 mois" in said
    assert "« VAR 1 0-11 mois » : rien n'y est écrit" in said


def filled_in(client: Any, place: str, workbook: bytes) -> Any:
    """Fill in a model sheet as a district does, bring it, and return it after whatever the worker did."""
    book = openpyxl.load_workbook(io.BytesIO(workbook))
    for row in book.active.iter_rows(min_row=2):
        for cell in row[2:]:
            if str(book.active.cell(1, cell.column).value).startswith("Penta"):
                cell.value = 40 - cell.column
    kept = io.BytesIO()
    book.save(kept)
    desk.bring(client, place, desk.file(kept.getvalue(), "modele.xlsx"))
    desk.work(2)
    return desk.newest()


def test_a_sheet_to_fill_in_without_ages_is_asked_for_the_age_alone(
    store: Store, awa: Any, niono: str
) -> None:
    answer = awa.get("/preuves/depot/modele.xlsx", {"lieu": niono, "ages": "non-dit"})
    upload = filled_in(awa, niono, answer.content)
    form = awa.get(f"/preuves/depot/{upload.pk}/colonnes/").context["form"]

    assert upload.state == "mapping"
    assert form.age_is_open()
    assert (form.open_columns(), form.open_meanings()) == ([], [])
    assert [field.name for field in form.other_fields()] == ["name"]


def test_a_sheet_to_fill_in_with_two_ages_keeps_them_apart(store: Store, awa: Any, niono: str) -> None:
    answer = awa.get("/preuves/depot/modele.xlsx", {"lieu": niono, "ages": "0-23"})
    upload = filled_in(awa, niono, answer.content)

    assert upload.state == "tried"
    ages = {label: said["age_band"] for label, said in upload.column_map["indicators"].items()}
    assert ages["Penta 1 0-11 mois"] == "0-11m"
    assert ages["Penta 1 12-23 mois"] == "12-23m"


@pytest.mark.parametrize("asked", [{"lieu": "elsewhere"}, {"mois": "209901"}])
def test_no_sheet_is_given_for_a_place_or_month_that_is_not_offered(
    asked: dict[str, str], store: Store, awa: Any, code_of: Any
) -> None:
    yorosso = code_of("Yorosso", "district")
    asked = {name: yorosso if told == "elsewhere" else told for name, told in asked.items()}
    assert awa.get("/preuves/depot/modele.xlsx", asked).status_code == 404


def test_the_period_of_a_title_stands_in_the_form_in_words(store: Store, awa: Any, niono: str) -> None:
    titled = "Rapport mensuel - Janvier 2025;;\n;;\nAire de santé;Penta 1;Penta 3\nNdébougou;34;30\n"
    desk.bring(awa, niono, desk.file(titled))
    desk.work()
    upload = desk.newest()
    page = text_of(awa.get(f"/preuves/depot/{upload.pk}/colonnes/"))
    told = desk.answers(awa, upload)

    assert told["constant"] == "janvier 2025"
    assert "dtp1_doses" not in page
    assert "porte : indicator" not in page
    assert "202501" not in page
    awa.post(f"/preuves/depot/{upload.pk}/colonnes/", told)
    upload.refresh_from_db()
    assert upload.column_map["period"] == {"constant": "202501"}


def test_before_publishing_silent_places_and_another_waiting_sheet_are_named(
    store: Store, awa: Any, niono: str
) -> None:
    first = desk.tried(awa, niono, sheet(("Ndébougou", 34, 30), ("Kalawèrè", 44, 41), name="avant.csv"))
    second = desk.tried(awa, niono, sheet(("Ndébougou", 35, 31), name="apres.csv"))
    other_source = desk.tried(awa, niono, sheet(("Ndébougou", 36, 32), name="autre.csv"))
    type(other_source).objects.filter(pk=other_source.pk).update(source="classeurs")
    later = HEADING + "Ndébougou;févr-25;30;28\n"
    other_month = desk.tried(awa, niono, desk.file(later, "fevrier.csv"))
    desk.tried(awa, niono, sheet(("Kalawèrè", 44, 41), name="ailleurs.csv"))
    cni = visitor("national")

    said = text_of(cni.get(f"/preuves/depot/{second.pk}/publier/"))

    assert second.receipt["periods"] == ["202501"]
    assert "Une autre feuille attend pour la même source et peut porter sur les mêmes chiffres." in said
    assert "avant.csv · janvier 2025" in said
    assert not {"autre.csv", "fevrier.csv", "ailleurs.csv"} & set(said.split())
    assert f"Muets : {len(areas(niono)) - 1} des {len(areas(niono))} lieux de Niono" in said
    assert "Kalawèrè" in said
    assert "attend pour" not in text_of(cni.get(f"/preuves/depot/{other_month.pk}/publier/"))
    assert "attend pour" not in text_of(cni.get(f"/preuves/depot/{other_source.pk}/publier/"))

    awa.post(f"/preuves/depot/{first.pk}/ecarter/", {"reason": "doublon"})
    assert "attend pour" not in text_of(cni.get(f"/preuves/depot/{second.pk}/publier/"))


def test_a_waiting_sheet_whose_places_are_not_known_is_named_and_said_to_be_so(
    store: Store, awa: Any, niono: str
) -> None:
    first = desk.tried(awa, niono, sheet(("Ndébougou", 34, 30), name="avant.csv"))
    second = desk.tried(awa, niono, sheet(("Kalawèrè", 35, 31), name="apres.csv"))
    address = f"/preuves/depot/{second.pk}/publier/"
    assert "attend pour" not in text_of(visitor("national").get(address)), "they share no place"

    told = {name: value for name, value in first.receipt.items() if name != "about"}
    type(first).objects.filter(pk=first.pk).update(receipt=told)
    said = text_of(visitor("national").get(address))
    assert "avant.csv · janvier 2025 · lieux pas encore connus : peut-être d'autres" in said


def test_another_waiting_sheet_is_named_only_to_whom_it_is_open(store: Store, awa: Any, niono: str) -> None:
    from kalanso.hub.evidence.queries import doubts

    upload = desk.tried(awa, niono, sheet(("Kalawèrè", 44, 40)))
    desk.tried(awa, niono, sheet(("Kalawèrè", 45, 41), name="apres.csv"))

    assert doubts.rivals(person("partner", organisation="other"), upload) == []
    assert doubts.rivals(person("district", "ML-D0001"), upload) == []
    assert len(doubts.rivals(person("national"), upload)) == 1


def test_who_comes_from_a_place_need_not_choose_it_again(store: Store, niono: str) -> None:
    cni = visitor("national")
    chosen = cni.get(f"/preuves/depot/nouveau/?lieu={niono}").context["form"]["place"].value()
    page = cni.get(f"/lieux/{niono}/").content.decode()

    assert chosen == niono
    assert f'href="/preuves/depot/nouveau/?lieu={niono}"' in page
    assert cni.get("/preuves/depot/nouveau/?lieu=ML-D9999").status_code == 200
