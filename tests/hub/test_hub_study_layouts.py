"""Is a study laid out as a whole: its size, its forms, its clusters by chance, and those that could not be visited?"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import override_settings

from tests.hub import study_desk
from tests.hub.study_desk import NOW, PAGE, declared, drawn, frame
from tests.hub.test_hub_pages import text_of
from tests.hub.visitors import person, visitor


@pytest.fixture(autouse=True)
def own_folder(quick_hand: Any, tmp_path: Path) -> Iterator[None]:
    with override_settings(KALANSO_DATA=tmp_path / "data", KALANSO_CREDENTIAL_KEYS=[study_desk.KEY]):
        yield


@pytest.fixture
def study(hub: None) -> Any:
    """A round that is declared, of the organisation `house`."""
    return declared(person("researcher"))


@pytest.fixture
def mariam(hub: None) -> Any:
    """The browser of a researcher."""
    return visitor("researcher")


def rows_of(answer: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def test_the_way_leads_from_one_step_to_the_next(study: Any, mariam: Any) -> None:
    from kalanso.hub.studies.queries.rounds import files_of
    from kalanso.hub.studies.queries.steps import way

    by = person("researcher")

    def following(day: date = date(2025, 1, 20)) -> str:
        study.refresh_from_db()
        found = way(study, by, files=files_of(study), newest=None, today=day)
        return found.next.name if found.next else ""

    assert following() == "size"
    sent = {
        "expected_0": 80, "width_0": "0.1", "per_household_0": 25, "expected_1": 50, "width_1": "0.1", "per_household_1": 30,
        "icc": "0.16666666666666666", "households": 20, "response": 95, "weight_cv": "0.2",
    }  # fmt: skip
    assert mariam.post(f"{PAGE}{study.pk}/taille/", sent).status_code == 302
    assert following() == "draw"
    drawn(by, study)
    assert following() == "forms", "a form that is chosen after the draw lists its clusters"
    assert "Ensuite : choisir les formulaires" in text_of(mariam.get(f"{PAGE}{study.pk}/tirage/"))
    assert (
        mariam.post(f"{PAGE}{study.pk}/formulaires/", {"form": "child", "language": "fr"}).status_code == 302
    )
    assert following() == "field"
    assert "Ensuite : choisir les formulaires" not in text_of(mariam.get(f"{PAGE}{study.pk}/tirage/"))
    assert following(date(2025, 3, 1)) == "files"
    page = text_of(mariam.get(f"{PAGE}{study.pk}/"))
    assert "Apporter les fichiers" in page
    assert "lieux choisis" in page
    assert "tout le pays" not in page


def test_the_size_is_that_of_the_manual_and_each_asking_is_kept(study: Any, mariam: Any) -> None:
    sent = {
        "expected_0": 80, "width_0": "0.1", "per_household_0": 25, "expected_1": 50, "width_1": "0.1", "per_household_1": 25,
        "icc": "0.16666666666666666", "households": 20, "response": 100, "weight_cv": "0",
    }  # fmt: skip
    mariam.post(f"{PAGE}{study.pk}/taille/", sent)
    mariam.post(f"{PAGE}{study.pk}/taille/", sent | {"households": 40})
    newer, older = study.sizes.all()
    assert [row["effective"] for row in older.needs] == [88, 103]
    assert older.needs[1]["deff"] == pytest.approx(1 + 4 / 6)
    assert [row["drives"] for row in older.needs] == [False, True]
    assert (newer.number, newer.asked["households"]) == (2, 40)
    page = text_of(mariam.get(f"{PAGE}{study.pk}/taille/"))
    assert "Calcul 1" in page
    assert "12 à 23 mois qui en demande le plus" in page
    assert mariam.post(f"{PAGE}{study.pk}/taille/", sent | {"expected_0": 140}).status_code == 422


def test_a_form_stays_as_it_was_chosen_and_says_when_the_clusters_changed(study: Any, mariam: Any) -> None:
    from openpyxl import load_workbook

    here = f"{PAGE}{study.pk}/formulaires/"
    mariam.post(here, {"form": "child", "language": "fr"})
    first = study.instruments.get()
    drawn(person("researcher"), study)
    assert "choisissez-le de nouveau" in text_of(mariam.get(here))
    mariam.post(here, {"form": "child", "language": "en"})
    second = study.instruments.get(replaced=None)
    assert (study.instruments.count(), second.version != first.version) == (2, True)
    book = load_workbook(io.BytesIO(mariam.get(f"{here}child.xlsx").content), read_only=True)
    listed = {str(row[1].value) for row in book["choices"].iter_rows() if row[0].value == "drawn_clusters"}
    assert listed == {row["cluster"] for row in study.draws.get().clusters}
    codes = rows_of(mariam.get(f"{here}child-codes.csv"))
    assert "penta1_card_date" in {row["variable"] for row in codes}
    assert mariam.get(f"{here}lqas.xlsx").status_code == 404
    for wrong in ({"form": "../child", "language": "fr"}, {"form": "child", "language": "xx"}):
        mariam.post(here, wrong)
    assert study.instruments.count() == 2


def test_a_seed_repeats_its_draw_and_probabilities_follow_children(study: Any) -> None:
    one = drawn(person("researcher"), study)
    again = drawn(person("researcher"), study, reason="liste corrigée")
    assert one.clusters == [row | {"cluster": row["cluster"].removesuffix("-t2")} for row in again.clusters]
    assert (again.number, again.reason) == (2, "liste corrigée")
    other = drawn(person("researcher"), study, seed=8, reason="essai")
    assert other.clusters != one.clusters
    for stratum in ("S0", "S1"):
        rows = [row for row in one.clusters if row["stratum"] == stratum]
        total = sum(row["children"] for row in frame() if row["stratum"] == stratum)
        assert [row["role"] for row in rows].count("main") == 3
        assert all(row["p_cluster"] == pytest.approx(3 * row["children"] / total) for row in rows)


def test_large_places_are_cut_and_the_chance_of_a_segment_is_kept(study: Any) -> None:
    asked = study_desk.ASKED | {"segment_above": 55, "segment_size": 20}
    one = drawn(person("researcher"), study, asked=asked)
    for row in one.clusters:
        assert row["segments"] == (round(row["children"] / 20) if row["children"] > 55 else 1)
        assert 1 <= row["segment"] <= row["segments"]
        assert row["p_segment"] == pytest.approx(1 / row["segments"])


def test_a_draw_is_never_changed_and_not_repeated_once_answers_came(study: Any, tmp_path: Path) -> None:
    drawn(person("researcher"), study)
    with pytest.raises(ValidationError, match="Dites pourquoi"):
        drawn(person("researcher"), study)
    with pytest.raises(PermissionDenied):
        drawn(person("researcher", organisation="other"), study, reason="x")
    with pytest.raises(ValidationError, match="plus de 2"):
        drawn(person("researcher"), study, reason="x", asked=study_desk.ASKED | {"clusters": 5000})
    study_desk.taken(person("researcher"), study, tmp_path)
    with pytest.raises(ValidationError, match="ne peut plus être refait"):
        drawn(person("researcher"), study, reason="x")
    assert study.draws.count() == 1


def test_somebody_draws_from_published_areas_or_from_a_list_of_their_own(study: Any, mariam: Any) -> None:
    here = f"{PAGE}{study.pk}/tirage/nouveau/"
    plan = {"clusters": 3, "reserves": 1, "households": 20, "teams": 2, "strata": "", "seed": 5}
    villages = (
        "unit_code;children;name;stratum\n"
        + "".join(f"V{n};{100 + n};Village {n};Nord\n" for n in range(9))
        + "V9;0;Vide;Nord\n"
    )
    sent = plan | {"frame": "file", "file": SimpleUploadedFile("villages.csv", villages.encode())}
    assert mariam.post(here, sent).status_code == 302
    first = study.draws.get()
    assert (first.units, [row["name"] for row in first.outside]) == (9, ["Vide"])
    assert "Nord-001" in text_of(mariam.get(f"{PAGE}{study.pk}/tirage/"))
    keys = [key for key, _told in mariam.get(here).context["form"].fields["frame"].choices]
    assert keys[0].startswith("surviving_infants|")
    answer = mariam.post(
        here, plan | {"frame": keys[0], "strata": "district", "reason": "aires au lieu de villages"}
    )
    assert answer.status_code in (302, 422)
    if answer.status_code == 302:
        second = study.draws.first()
        assert second.asked["frame"] == keys[0]
        assert all(row["children"] > 0 for row in second.clusters)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a,b\n1,2\n", "Il manque à cette liste"),
        ("unit_code,children\nA,12\nA,13\n", "se répète"),
        ("unit_code,children\nA,beaucoup\n", "doit être un nombre"),
        ("unit_code,children\nA,-3\n", "doit être un nombre"),
        ("unit_code,children,stratum\nA,3,deux mots\n", "code court"),
        ("unit_code,children,telephone\nA,3,70\n", "faire reconnaître"),
        ("unit_code,children\n", "aucune ligne"),
        ("", "vide"),
    ],
)
def test_a_list_that_cannot_be_used_says_where(study: Any, mariam: Any, text: str, words: str) -> None:
    plan = {"clusters": 3, "reserves": 1, "households": 20, "teams": 2, "frame": "file"}
    answer = mariam.post(
        f"{PAGE}{study.pk}/tirage/nouveau/", plan | {"file": SimpleUploadedFile("v.csv", text.encode())}
    )
    assert answer.status_code == 422
    assert words in text_of(answer)
    assert not study.draws.exists()


def test_reserves_go_in_their_order_and_the_result_says_whom_it_reached(study: Any, mariam: Any) -> None:
    one = drawn(person("researcher"), study)
    own = [row for row in one.clusters if row["stratum"] == "S0"]
    main = [row["cluster"] for row in own if row["role"] == "main"]
    spare = next(row["cluster"] for row in own if row["role"] == "reserve")
    here = f"{PAGE}{study.pk}/tirage/remplacer/"
    for cluster in main[:2]:
        sent = {
            "cluster": cluster,
            "reason": "insecurity",
            "decided_on": "2025-01-14",
            "told": "piste fermée",
        }
        assert mariam.post(here, sent).status_code == 302
    lines = {line.cluster: line.replaced_by for line in one.replacements.all()}
    assert lines == {main[0]: spare, main[1]: ""}
    page = text_of(mariam.get(f"{PAGE}{study.pk}/tirage/"))
    assert "Aucune réserve ne restait" in page
    assert "la seule population accessible" in page
    twice = mariam.post(here, {"cluster": main[0], "reason": "flooded", "decided_on": "2025-01-14"})
    tomorrow = mariam.post(here, {"cluster": main[2], "reason": "flooded", "decided_on": "2999-01-14"})
    assert (twice.status_code, tomorrow.status_code) == (422, 422)
    assert one.replacements.count() == 2


def test_a_protected_cluster_stays_with_the_team(study: Any) -> None:
    from kalanso.hub.people.models import PlaceMirror
    from kalanso.hub.studies.actions import draws

    place = PlaceMirror.objects.filter(level="health_area", flagged=False).first()
    PlaceMirror.objects.filter(pk=place.pk).update(flagged=True)
    one = drawn(person("researcher"), study, place.code)
    first = next(row["cluster"] for row in one.clusters if row["role"] == "main")
    draws.replace(
        by=person("researcher"), one=study, cluster=first, reason="insecurity", told="embuscade", decided_on=date(2025, 1, 14), now=NOW
    )  # fmt: skip
    away = PlaceMirror.objects.filter(level="district").exclude(code=place.parent_code).first()
    stranger, team = visitor("district", away.code), visitor("researcher")
    seen, whole = (text_of(client.get(f"{PAGE}{study.pk}/tirage/")) for client in (stranger, team))
    assert "lieu protégé" in seen
    for words in ("Village 1", "embuscade", "14/01/2025"):
        assert words not in seen, words
        assert words in whole, words
    assert {row["name"] for row in rows_of(stranger.get(f"{PAGE}{study.pk}/tirage-1.csv"))} == {""}
    assert {row["unit_code"] for row in rows_of(team.get(f"{PAGE}{study.pk}/tirage-1.csv"))}.isdisjoint({""})
    assert text_of(visitor("national").get(f"{PAGE}{study.pk}/tirage/")).count("Village") > 0


def test_the_database_holds_what_a_layout_must_hold(study: Any) -> None:
    from kalanso.hub.studies.models import Draw, Instrument, Replacement, SampleSize

    one, by = drawn(person("researcher"), study), person("researcher")
    first = one.clusters[0]["cluster"]
    Replacement.objects.create(
        draw=one, cluster=first, reason="flooded", decided_on=NOW.date(), by=by, recorded=NOW
    )
    again = {
        "round": study,
        "asked": {"a": 1},
        "seed": 1,
        "units": 3,
        "children": 1.0,
        "clusters": [1],
        "by": by,
        "drawn": NOW,
    }
    line = {
        "draw": one,
        "cluster": "x",
        "reason": "flooded",
        "decided_on": NOW.date(),
        "by": by,
        "recorded": NOW,
    }
    form = {
        "round": study,
        "form": "child",
        "version": "1",
        "language": "fr",
        "chosen_by": by,
        "chosen": NOW,
        "codebook": "x",
    }
    Instrument.objects.create(**form)
    wrong: list[tuple[Any, dict[str, Any]]] = [
        (Draw, again | {"number": 2}), (Draw, again | {"number": 1}), (Draw, again | {"number": 2, "reason": "x", "clusters": []}),
        (Replacement, line | {"cluster": first}), (Replacement, line | {"reason": ""}), (Replacement, line | {"replaced_by": "x"}),
        (Instrument, form), (Instrument, form | {"form": "lqas", "codebook": ""}),
        (SampleSize, {"round": study, "number": 1, "asked": {}, "needs": [1], "by": by, "made": NOW}),
    ]  # fmt: skip
    for model, values in wrong:
        with pytest.raises(IntegrityError), transaction.atomic():
            model.objects.create(**values)


def test_no_result_is_asked_for_while_teams_are_in_the_field(study: Any, tmp_path: Path) -> None:
    from kalanso.hub.studies.actions.analyses import ask_analysis

    study_desk.taken(person("researcher"), study, tmp_path)
    with pytest.raises(ValidationError, match="La collecte"):
        ask_analysis(by=person("researcher"), one=study, now=datetime(2025, 2, 1, tzinfo=UTC))


def test_what_says_nothing_is_left_out_of_a_draw_and_places_drawn_twice_are_explained(
    study: Any, mariam: Any
) -> None:
    by = person("researcher")
    drawn(by, study)
    page = text_of(mariam.get(f"{PAGE}{study.pk}/tirage/"))
    assert "Strate 1" in page
    assert "Segment" not in page.split("Grappes tirées")[-1]
    assert "plusieurs fois" not in page
    whole = [
        row
        | {"stratum": "T", "stratum_name": "Tout", "children": 900.0 if row["unit_code"] == "V00" else 10.0}
        for row in frame()
    ]
    drawn(by, study, frame=whole, reason="une seule strate")
    page = text_of(mariam.get(f"{PAGE}{study.pk}/tirage/"))
    assert "Un lieu très peuplé peut être tiré plusieurs fois" in page
    assert "Strate" not in page.split("plusieurs fois")[-1]


def test_the_two_forms_that_households_are_asked_by_stand_before_the_others(study: Any, mariam: Any) -> None:
    page = text_of(mariam.get(f"{PAGE}{study.pk}/formulaires/"))
    first, others = page.split("D'autres formulaires")
    assert "Liste des ménages" in first
    assert "Enfant : carte, registre, souvenir" in first
    assert "Lot (LQAS)" in others
