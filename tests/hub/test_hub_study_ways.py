"""Can a round without a household survey be declared, answered, read with its label, published and withdrawn in the hub?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import override_settings

from kalanso.pipeline.publish_surveys import published_rounds
from kalanso.store import Store
from tests.hub import desk, study_desk
from tests.hub.study_desk import NOW, PAGE, house
from tests.hub.test_hub_pages import text_of
from tests.hub.visitors import person, visitor
from tests.hub.ways_desk import TERMS, answered, bring, declared, keep, lots, respondents

SETTLED = (
    "settlement,place_code,buildings,visited\n"
    + "".join(f"S{at},{{place}},40,{at % 2}\n" for at in range(20))
)  # fmt: skip
CHAINS = "person,recruiter,network_size,vaccinated,position\n" + "".join(
    f"p{at},{'' if at < 4 else f'p{at - 4}'},{3 + at % 5},{int(at % 3 > 0)},{at}\n" for at in range(120)
)
SITES = "person,site_day,p_site_day,counted,interviewed,visits,vaccinated\n" + "".join(
    f"p{at},d{at % 12},0.2,60,10,{1 + at % 4},{int(at % 3 > 0)}\n" for at in range(120)
)
HISTORIES = "relais,ong,count\n1,1,30\n1,0,60\n0,1,50\n"


@pytest.fixture(autouse=True)
def own_folder(quick_hand: Any, tmp_path: Path) -> Iterator[None]:
    with override_settings(KALANSO_DATA=tmp_path / "data", KALANSO_CREDENTIAL_KEYS=[study_desk.KEY]):
        yield


@pytest.fixture
def own_store(tmp_path: Path) -> Iterator[Store]:
    store = Store.create(tmp_path / "store", country="ML", demo=True, now=NOW, memory="1GB", threads=1)
    with override_settings(KALANSO_STORE=store.folder):
        yield store


def places(flagged: bool = False) -> list[str]:
    from kalanso.hub.people.models import PlaceMirror

    found = PlaceMirror.objects.filter(level="district", flagged=flagged).order_by("code")
    return [one.code for one in found]


def filled(client: Any, way: str, **changes: Any) -> dict[str, Any]:
    """Return the form of a way as somebody fills it in."""
    shown = client.get(f"{PAGE}sans-menages/{way}/").context["form"]
    preset = {
        field.html_name: field.value() for field in shown if field.value() is not None and field.value() != ""
    }
    told = {
        "survey": "sans-2025", "title_fr": "Yorosso par téléphone", "title_en": "Yorosso by telephone", "organisation": house().pk,
        "place": places()[0], "first_day": "2025-01-13", "last_day": "2025-02-12", **{name: str(value) for name, value in study_desk.ETHICS.items()},
    }  # fmt: skip
    return preset | told | changes


def test_a_telephone_round_goes_from_its_form_to_a_number_with_its_label(hub: None) -> None:
    mariam = visitor("researcher")
    page = mariam.get(f"{PAGE}sans-menages/")
    assert "Par téléphone" in text_of(page)
    answer = mariam.post(f"{PAGE}sans-menages/phone/", filled(mariam, "phone", phoneless_share="35"))
    assert answer.status_code == 302, text_of(answer)
    from kalanso.hub.studies.models import Round

    one = Round.objects.get(survey="sans-2025")
    assert one.terms == {
        "ages_months": [12, 24],
        "indicator": "dtp1",
        "settings": {"phoneless_share": 0.35},
    }
    home = text_of(mariam.get(f"{PAGE}{one.pk}/"))
    assert "Apporter un fichier" in home
    assert "Tirer l'échantillon" not in home
    assert bring(mariam, one, respondents()).status_code == 302
    assert mariam.post(f"{PAGE}{one.pk}/analyser/").status_code == 302
    job = desk.work()
    assert (job.kind, job.state) == ("studies.analyse", "done"), job.error
    said = text_of(mariam.get(f"{PAGE}{one.pk}/resultats/"))
    assert "Pas d'enquête ménages : 120 réponses par téléphone, 55" in said
    assert "la vraie couverture est plutôt plus basse" in said
    assert "aucune carte n'a été vue" in said


@pytest.mark.parametrize(
    ("way", "table", "says"),
    [
        ("respondent_driven", CHAINS, "personnes recrutées parmi leurs connaissances"),
        ("time_location", SITES, "personnes rencontrées lors de 12 journées"),
        ("capture_recapture", HISTORIES, "enfants manqués déduits de plusieurs listes"),
        ("key_informants", "", "d'après les listes d'informateurs"),
    ],
)
def test_every_way_says_its_number_with_its_label(
    hub: None, tmp_path: Path, way: str, table: str, says: str
) -> None:
    one = answered(person("researcher"), declared(person("researcher"), way, places()[0]), tmp_path, table)
    assert says in text_of(visitor("researcher").get(f"{PAGE}{one.pk}/resultats/"))
    home = visitor("researcher").get(f"{PAGE}{one.pk}/")
    assert home.status_code == 200
    assert "Chemin" in text_of(home)


def test_buildings_give_children_by_place_and_tell_the_estimate_nothing(hub: None, tmp_path: Path) -> None:
    one = declared(person("researcher"), "settlements")
    answered(person("researcher"), one, tmp_path, SETTLED.format(place=places()[0]))
    said = text_of(visitor("researcher").get(f"{PAGE}{one.pk}/resultats/"))
    assert "Cette étude ne dit rien à l'estimation" in said
    assert "10 localités visitées" in said
    assert "4 % (3,5 % – 4,5 %) · recensement" in said.replace("\u202f", " ").replace("\xa0", " ")


def test_interviews_held_there_stand_beside_the_number(hub: None, tmp_path: Path) -> None:
    from kalanso.hub.studies.actions.voices import say_voices

    by, place = person("researcher"), places()[0]
    one = declared(by, "phone", place)
    say_voices(by=by, one=one, place_code=place, interviews=12, focus_groups=3, now=NOW)
    answered(by, one, tmp_path, respondents())
    assert "entretiens : 12, groupes de discussion : 3" in text_of(
        visitor("researcher").get(f"{PAGE}{one.pk}/resultats/")
    )


def test_few_children_are_neither_shown_nor_told_to_the_estimate(
    hub: None, tmp_path: Path, own_store: Store
) -> None:
    from kalanso.hub.studies.actions import rounds

    one = answered(
        person("researcher"),
        declared(person("researcher"), "phone", places()[0]),
        tmp_path,
        respondents(20, 9),
    )
    said = text_of(visitor("researcher").get(f"{PAGE}{one.pk}/resultats/"))
    assert "Moins de 25 enfants" in said
    assert "45" not in said.split("Source")[0].split("Moins de 25")[1][:200]
    rounds.let_out(by=person("national"), one=one, now=NOW)
    assert desk.work().state == "done"
    assert published_rounds(own_store) == frozenset()


def test_each_round_of_lots_is_published_by_itself_and_one_that_is_gone_is_withdrawn(
    hub: None, tmp_path: Path, own_store: Store
) -> None:
    from kalanso.hub.studies.actions import rounds

    by, (here, there) = person("researcher"), places()[:2]
    one = declared(by, "lots")
    answered(by, one, tmp_path, lots(("v1", here, 9), ("v1", there, 17), ("v2", here, 18), ("v2", there, 8)))
    said = text_of(visitor("researcher").get(f"{PAGE}{one.pk}/resultats/"))
    assert "✓ passe" in said
    assert "moins bien" in said
    assert "Vague v2. Échouent : 1 ; passent : 1" in said
    page = visitor("researcher").get(f"{PAGE}{one.pk}/resultats/")
    assert "lots qui échouent : 1 sur 2" in page.content.decode().replace("\xa0", " ").replace("\u202f", " ")
    drawing = visitor("researcher").get(f"{PAGE}{one.pk}/figure-1-fr-328.svg")
    assert b"<svg" in b"".join(drawing.streaming_content)
    rounds.let_out(by=person("national"), one=one, now=NOW)
    assert desk.work().state == "done"
    assert published_rounds(own_store) == {"lots-2025:v1", "lots-2025:v2"}

    rounds.withdraw(by=person("national"), one=one, reason="une vague de trop", now=NOW)
    assert desk.work().state == "done"
    assert published_rounds(own_store) == frozenset()
    one.refresh_from_db()
    one.state = "analysed"
    one.save()
    answered(by, one, tmp_path, lots(("v1", here, 9), ("v1", there, 17)))
    rounds.let_out(by=person("national"), one=one, now=NOW)
    assert desk.work().state == "done"
    assert published_rounds(own_store) == {"lots-2025:v1"}


def test_lots_are_put_together_by_the_children_who_live_there(hub: None, tmp_path: Path) -> None:
    by, (here, there) = person("researcher"), places()[:2]
    one = declared(by, "lots")
    keep(by, one, tmp_path, f"place_code,larger_place,children\n{here},R,3000\n{there},R,1000\n", "larger")
    answered(by, one, tmp_path, lots(("v1", here, 19), ("v1", there, 0)))
    page = text_of(visitor("researcher").get(f"{PAGE}{one.pk}/resultats/"))
    assert "Lots réunis" in page
    assert "du 13/01/2025 au 12/02/2025" in page
    assert "75 %" in page.replace("\u202f", " ").replace("\xa0", " ")


def test_a_lot_of_a_protected_place_is_counted_and_not_named_to_partners(hub: None, tmp_path: Path) -> None:
    from kalanso.hub.studies.actions import rounds

    by, away, here = person("researcher"), places(flagged=True)[0], places()[0]
    one = answered(by, declared(by, "lots"), tmp_path, lots(("v1", away, 9), ("v1", here, 17)))
    rounds.let_out(by=person("national"), one=one, now=NOW)
    said = text_of(visitor("partner").get(f"{PAGE}{one.pk}/resultats/"))
    assert "1 ligne d'un lieu protégé" in said
    assert "figure-1" not in visitor("partner").get(f"{PAGE}{one.pk}/resultats/").content.decode()
    assert visitor("partner").get(f"{PAGE}{one.pk}/figure-1-fr-640.svg").status_code == 404
    file = visitor("partner").get(f"{PAGE}{one.pk}/resultats-lots.csv")
    assert here in file.content.decode()
    assert away not in file.content.decode()
    assert away in visitor("national").get(f"{PAGE}{one.pk}/resultats-lots.csv").content.decode()
    assert visitor("partner").get(f"{PAGE}{one.pk}/resultats-children.csv").status_code == 200
    assert visitor("partner").get(f"{PAGE}{one.pk}/resultats-x.csv").status_code == 404


def test_a_table_takes_the_place_of_an_export_and_nothing_is_left_out_in_silence(
    hub: None, tmp_path: Path
) -> None:
    by = person("researcher")
    one = declared(by, "phone", places()[0])
    keep(by, one, tmp_path, "consent,today\n1,2025-01-20\n", "answers")
    table = keep(by, one, tmp_path, respondents())
    assert [file.kind for file in one.files.filter(replaced__isnull=True)] == ["table"]
    answered(by, one, tmp_path)
    assert one.shown.reads == [table.pk]


def test_a_file_that_is_none_of_the_way_is_refused_with_what_lacks(hub: None) -> None:
    one, mariam = declared(person("researcher"), "lots"), visitor("researcher")
    answer = bring(mariam, one, "a,b\n1,2\n")
    assert answer.status_code == 422
    assert "place_code" in text_of(answer)
    named = bring(mariam, one, "respondent,telephone,vaccinated\n1,2,3\n")
    assert named.status_code == 422
    assert "reconnaître" in text_of(named)


def test_a_table_that_cannot_be_is_refused_by_the_worker_in_both_languages(hub: None, tmp_path: Path) -> None:
    from kalanso.hub.studies.actions.analyses import ask_analysis

    by = person("researcher")
    one = declared(by, "lots")
    keep(by, one, tmp_path, lots(("v1", places()[0], 25)))
    ask_analysis(by=by, one=one, now=NOW)
    assert desk.work().state == "failed"
    fault = one.analyses.get().fault
    assert fault["fr"] != fault["en"]
    assert "n'a pas abouti" in text_of(visitor("researcher").get(f"{PAGE}{one.pk}/"))


def test_without_ethics_or_a_table_nothing_is_taken_or_answered(hub: None, tmp_path: Path) -> None:
    from kalanso.hub.studies.actions.analyses import ask_analysis

    by = person("researcher")
    bare = declared(by, "phone", places()[0], approval="")
    assert "éthique" in text_of(bring(visitor("researcher"), bare, respondents()))
    with pytest.raises(ValidationError, match="tableau"):
        ask_analysis(by=by, one=declared(by, "phone", places()[0], survey="autre"), now=NOW)


def test_the_database_refuses_a_way_without_terms_or_without_its_place(hub: None) -> None:
    by = person("researcher")
    one = declared(by, "phone", places()[0])
    for changes in ({"terms": {}}, {"place_code": ""}, {"way": "rumour"}, {"way": "households"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            type(one).objects.filter(pk=one.pk).update(**changes)


def test_what_was_declared_is_shown_again_and_corrected(hub: None) -> None:
    by, mariam = person("researcher"), visitor("researcher")
    for way in TERMS:
        one = declared(by, way, "" if way in {"lots", "settlements"} else places()[0])
        shown = mariam.get(f"{PAGE}{one.pk}/modifier/").context["form"]
        again = {
            field.html_name: field.value()
            for field in shown
            if field.value() is not None and field.value() != ""
        }
        again |= {
            name: str(value) for name, value in again.items() if name.endswith(("_day", "_until", "_on"))
        }
        answer = mariam.post(
            f"{PAGE}{one.pk}/modifier/", again | {"version": one.version, "title_fr": "Autre"}
        )
        assert answer.status_code == 302, (way, text_of(answer))
        before, one = one.terms, type(one).objects.get(pk=one.pk)
        assert one.title_fr == "Autre"
        assert one.terms == before, way


@pytest.mark.parametrize(
    ("way", "changes", "says"),
    [
        ("phone", {"phoneless_share": "135"}, "99"),
        ("phone", {"phoneless_share": "35", "age_below": "12"}, "plus haut que le premier"),
        ("lots", {"lower": "80", "upper": "50"}, "plus haute que la première"),
        (
            "capture_recapture",
            {"target": "900", "target_low": "1000", "target_high": "1100"},
            "pas entre « au moins »",
        ),
        ("phone", {"phoneless_share": "35", "margins": "sexe fille 40"}, "100 ensemble"),
        ("phone", {"phoneless_share": "100"}, "99"),
        ("lots", {"children_per_cluster": "4"}, "se diviser en villages"),
        ("lots", {"indicator": "mcv1", "age_from": "0", "age_below": "6"}, "pas encore due"),
        (
            "key_informants",
            {
                "listed": "40",
                "checked": "41",
                "found_missed": "9",
                "found_listed": "8",
                "target": "812",
                "target_low": "690",
                "target_high": "950",
            },
            "une partie du précédent",
        ),
    ],
)
def test_settings_that_cannot_be_are_refused_beside_their_question(
    hub: None, way: str, changes: dict[str, str], says: str
) -> None:
    mariam = visitor("researcher")
    answer = mariam.post(f"{PAGE}sans-menages/{way}/", filled(mariam, way, **changes))
    assert answer.status_code == 422
    assert says in text_of(answer)


def test_publishing_lots_says_that_few_children_are_shown_and_of_buildings_that_nothing_is_estimated(
    hub: None, tmp_path: Path
) -> None:
    by, centre = person("researcher"), visitor("national")
    one = answered(by, declared(by, "lots"), tmp_path, lots(("v1", places()[0], 9)))
    page = text_of(centre.get(f"{PAGE}{one.pk}/publier/"))
    assert "même s'ils sont moins de 25" in page
    assert "restent cachés" not in page
    other = answered(by, declared(by, "settlements"), tmp_path, SETTLED.format(place=places()[0]))
    page = text_of(centre.get(f"{PAGE}{other.pk}/publier/"))
    assert "ne dit rien à l'estimation" in page
    assert "restent cachés" in page


def test_settings_are_asked_in_english_too(hub: None) -> None:
    page = text_of(visitor("researcher").get(f"/en{PAGE}sans-menages/settlements/"))
    assert "Share of buildings that are inhabited: at least, in %" in page
    assert "en %" not in page


def test_pages_of_households_do_not_exist_for_a_way(hub: None) -> None:
    one, mariam = declared(person("researcher"), "phone", places()[0]), visitor("researcher")
    for page in ("taille/", "tirage/", "tirage/poids/", "terrain/"):
        assert mariam.get(f"{PAGE}{one.pk}/{page}").status_code == 404, page
    forms = mariam.get(f"{PAGE}{one.pk}/formulaires/")
    assert [each.name for each in forms.context["offered"]] == ["phone"]


def test_only_those_who_declare_studies_choose_a_way_and_all_teams_read_the_rule_of_a_lot(hub: None) -> None:
    for role, answer in (("researcher", 200), ("national", 200), ("partner", 403), ("district", 403)):
        assert visitor(role).get(f"{PAGE}sans-menages/").status_code == answer, role
        assert visitor(role).get(f"{PAGE}sans-menages/phone/").status_code == answer, role
    assert visitor("researcher").get(f"{PAGE}sans-menages/rumour/").status_code == 404
    page = visitor("district").get(f"{PAGE}regle-de-lots/?lower=50&upper=80&children=19&alpha=10&beta=10")
    assert "passe dès 13 vaccinés" in text_of(page)
    refused = visitor("district").get(f"{PAGE}regle-de-lots/?lower=70&upper=72&children=19&alpha=10&beta=10")
    assert refused.status_code == 422
    assert "Prenez plus d'enfants" in text_of(refused)
