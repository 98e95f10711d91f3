"""Does an analysis know from which draw its interviews come, and does a fault nobody foresaw leave nothing half done?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from tests.hub import desk, study_desk
from tests.hub.study_desk import NOW, PAGE, declared, drawn, form
from tests.hub.test_hub_pages import text_of
from tests.hub.visitors import person, visitor


@pytest.fixture(autouse=True)
def own_folder(quick_hand: Any, tmp_path: Path) -> Iterator[None]:
    with override_settings(KALANSO_DATA=tmp_path / "data", KALANSO_CREDENTIAL_KEYS=[study_desk.KEY]):
        yield


@pytest.fixture
def study(hub: None) -> Any:
    return declared(person("researcher"))


def asked(one: Any) -> Any:
    from kalanso.hub.studies.actions.analyses import ask_analysis

    return ask_analysis(by=person("researcher"), one=one, now=NOW)


def test_a_fault_nobody_foresaw_ends_the_work_with_a_sentence_and_nothing_half_made(
    study: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kalanso.hub.studies import tasks

    def break_down(folder: Path, out: Path, **_told: Any) -> None:
        (out / "receipt.csv").write_text("half", encoding="utf-8")
        raise ZeroDivisionError("no such luck")

    monkeypatch.setattr(tasks, "analyse_survey", break_down)
    study_desk.taken(person("researcher"), study, tmp_path)
    analysis = asked(study)
    job = desk.work()
    analysis.refresh_from_db()
    assert (job.state, analysis.state) == ("failed", "failed")
    assert "faute imprévue" in job.error
    assert "no such luck" not in job.error
    assert "unexpected fault" in analysis.fault["en"]
    assert not analysis.folder.exists()
    assert "faute imprévue" in text_of(visitor("researcher").get(f"{PAGE}{study.pk}/"))
    assert asked(study).number == 2, "it can be asked again"


def test_a_count_that_breaks_down_says_so(study: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from kalanso.hub.studies import tasks

    def break_down(*_given: Any, **_told: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(tasks, "field_count", break_down)
    study_desk.bring(visitor("researcher"), study, "answers")
    assert desk.work().state == "failed"
    assert "faute imprévue" in text_of(visitor("researcher").get(f"{PAGE}{study.pk}/terrain/"))


def test_the_clusters_of_a_further_draw_have_names_of_their_own(study: Any) -> None:
    from kalanso.hub.studies.queries.draws import drawn_for

    first = drawn(person("researcher"), study)
    second = drawn(person("researcher"), study, seed=8, reason="liste corrigée")
    old, new = ({row["cluster"]: row["place_code"] for row in one.clusters} for one in (first, second))
    assert not set(old) & set(new)
    assert drawn_for(study, old) == first, "interviews of an older draw are known as such"
    assert drawn_for(study, new) == second
    assert drawn_for(study, {**old, "elsewhere": ""}) is None


def test_a_draw_in_other_places_is_not_that_of_the_interviews(study: Any) -> None:
    from kalanso.hub.studies.queries.draws import drawn_for

    one = drawn(person("researcher"), study, "ML-1")
    codes = [row["cluster"] for row in one.clusters]
    assert drawn_for(study, dict.fromkeys(codes, "ML-1")) == one
    assert drawn_for(study, dict.fromkeys(codes, "")) == one
    assert drawn_for(study, dict.fromkeys(codes, "ML-2")) is None


def test_replaced_clusters_of_another_draw_are_never_passed_over(study: Any, tmp_path: Path) -> None:
    from kalanso.hub.studies.actions import draws

    one = drawn(person("researcher"), study)
    main = next(row["cluster"] for row in one.clusters if row["role"] == "main")
    draws.replace(
        by=person("researcher"), one=study, cluster=main, reason="insecurity", told="", decided_on=NOW.date(), now=NOW
    )  # fmt: skip
    study_desk.taken(person("researcher"), study, tmp_path)
    analysis = asked(study)
    assert desk.work().state == "failed"
    analysis.refresh_from_db()
    assert "d’aucun tirage" in analysis.fault["fr"]


def test_a_round_says_where_a_dose_is_offered_in_some_places_only(study: Any) -> None:
    from kalanso.hub.people.models import PlaceMirror
    from kalanso.hub.studies.models import Round
    from kalanso.hub.studies.tasks import declaration

    client, district = visitor("national"), PlaceMirror.objects.filter(level="district").first()
    told = form(client, survey="paludisme", scope_0=f"{district.code}\n")
    wrong = client.post(f"{PAGE}nouvelle/", told | {"scope_0": "Nulle-Part-Du-Tout"})
    assert wrong.status_code == 422
    assert "Nulle-Part-Du-Tout" in text_of(wrong)
    assert client.post(f"{PAGE}nouvelle/", told).status_code == 302
    one = Round.objects.get(survey="paludisme")
    assert list(one.scopes.values()) == [[district.code]]
    areas = set(PlaceMirror.objects.filter(parent_code=district.code).values_list("code", flat=True))
    (codes,) = declaration(one)["scopes"].values()
    assert areas | {district.code} <= set(codes), "areas of a district are meant with it"
    assert district.name in text_of(client.get(f"{PAGE}{one.pk}/"))
    shown = client.get(f"{PAGE}{one.pk}/modifier/").context["form"]
    assert shown["scope_0"].value() == district.code
