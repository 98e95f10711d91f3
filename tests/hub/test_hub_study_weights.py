"""Do the weights of a round come out of its draw, and do its results say so?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import override_settings

from tests.hub import desk, study_desk
from tests.hub.study_desk import NOW, PAGE, bring, declared, drawn
from tests.hub.test_hub_pages import text_of
from tests.hub.test_hub_study_fieldwork import visits
from tests.hub.visitors import person, visitor


@pytest.fixture(autouse=True)
def own_folder(quick_hand: Any, tmp_path: Path) -> Iterator[None]:
    with override_settings(KALANSO_DATA=tmp_path / "data", KALANSO_CREDENTIAL_KEYS=[study_desk.KEY]):
        yield


@pytest.fixture
def mariam(hub: None) -> Any:
    return visitor("researcher")


def talks(codes: list[str]) -> bytes:
    rows = [
        f"c{code}{home},2025-01-16,{code},{home},1,{int(home != 4)}" for code in codes for home in range(1, 5)
    ]
    return "\n".join(["KEY,today,cluster,household,child,consent", *rows, ""]).encode()


def in_the_field(mariam: Any) -> tuple[Any, list[str]]:
    """Return a round with a draw and files from the field, and the clusters that were visited."""
    one = declared(person("researcher"))
    draw = drawn(person("researcher"), one, "ML-1")
    codes = [row["cluster"] for row in draw.clusters if row["role"] == "main"]
    homes = [
        (f"h{code}{home}", code, str(home), "completed" if home < 5 else "absent")
        for code in codes
        for home in range(1, 6)
    ]
    assert bring(mariam, one, "homes", visits(*homes)).status_code == 302
    assert bring(mariam, one, "answers", talks(codes)).status_code == 302
    desk.work(2)
    return one, codes


def listed(codes: list[str], homes: int = 50) -> str:
    return "\n".join(f"{code} {homes}" for code in codes)


def test_weights_come_out_of_the_draw_and_become_the_sample(mariam: Any) -> None:
    one, codes = in_the_field(mariam)
    here = f"{PAGE}{one.pk}/tirage/poids/"
    assert "Calculer les poids" in text_of(mariam.get(f"{PAGE}{one.pk}/"))
    answer = mariam.post(here, {"listed": listed(codes), "margins": "sexe fille 49,6\nsexe garçon 50,4"})
    assert answer.status_code == 302, text_of(answer)
    job = desk.work()
    assert (job.kind, job.state) == ("studies.weigh", "done"), job.error
    made = one.weightings.get()
    assert made.margins == {"sex": {"female": pytest.approx(0.496), "male": pytest.approx(0.504)}}
    row = made.factors[0]
    chance = next(each["p_cluster"] for each in made.draw.clusters if each["cluster"] == row["cluster"])
    # five of fifty households, four of five answered; three of four children
    assert row["weight"] == pytest.approx(1 / (chance * 0.1) * 5 / 4 * 4 / 3)
    sample = one.files.get(kind="sample", replaced=None)
    assert sample == made.sample
    assert sample.path.read_text().startswith("cluster,stratum,place_code,weight,cohort,stratum_name")
    page = text_of(mariam.get(here))
    assert "tirage 1" in page
    assert "1,25" in page
    assert re.search(r"fille 49,6\s%", page), "shares of margins in words, to a tenth"
    written = mariam.get(here).context["form"]["margins"].value().splitlines()
    assert sorted(written) == ["sexe fille 49,6", "sexe garçon 50,4"], "kept in any order of the database"
    assert mariam.get(f"{PAGE}{one.pk}/tirage/poids.csv").status_code == 200


def children_of(codes: list[str]) -> bytes:
    """The children of the household list: a second one of household 1, who was away."""
    rows = [f"m{code},h{code}1,2,2024-02-01,,absent" for code in codes]
    return "\n".join(["KEY,PARENT_KEY,child,dob_history,age_months,child_outcome", *rows, ""]).encode()


def test_children_who_were_listed_and_not_met_are_allowed_for(mariam: Any) -> None:
    one, codes = in_the_field(mariam)
    here = f"{PAGE}{one.pk}/tirage/poids/"
    mariam.post(here, {"listed": listed(codes)})
    desk.work()
    assert "seuls les refus sont comptés" in text_of(mariam.get(here))
    assert bring(mariam, one, "members", children_of(codes)).status_code == 302
    assert one.files.get(kind="members", replaced=None)
    assert "calculez de nouveau" in text_of(mariam.get(here)), (
        "weights know of fewer children than stand there"
    )
    mariam.post(here, {"listed": listed(codes)})
    assert desk.work().state == "done"
    made = one.weightings.first()
    assert made.members is not None
    assert made.rates["unmet"] == len(codes)
    assert [row["child_response"] for row in made.factors] == pytest.approx([5 / 3] * len(codes))
    page = text_of(mariam.get(here))
    assert f"(refus, absent, incapable) : {len(codes)}" in page


def test_weights_of_earlier_files_are_not_analysed(mariam: Any) -> None:
    from kalanso.hub.studies.actions.analyses import ask_analysis

    one, codes = in_the_field(mariam)
    mariam.post(f"{PAGE}{one.pk}/tirage/poids/", {"listed": listed(codes)})
    desk.work()
    bring(mariam, one, "answers", talks(codes))
    with pytest.raises(ValidationError, match="calculez-les de nouveau"):
        ask_analysis(by=person("researcher"), one=one, now=NOW)
    assert "calculez de nouveau" in text_of(mariam.get(f"{PAGE}{one.pk}/tirage/poids/"))


def test_what_does_not_fit_is_said_and_leaves_no_sample(mariam: Any) -> None:
    one, codes = in_the_field(mariam)
    here = f"{PAGE}{one.pk}/tirage/poids/"
    for wrong in (
        {"listed": listed(codes[:-1])}, {"listed": listed([*codes, "X-001"])}, {"listed": listed([*codes, codes[0]])},
        {"listed": listed(codes), "margins": "sexe fille 49,6"}, {"listed": listed(codes), "margins": "ethnie a 100"},
    ):  # fmt: skip
        assert mariam.post(here, wrong).status_code == 422, wrong
    assert mariam.post(here, {"listed": listed(codes, homes=2)}).status_code == 302
    assert desk.work().state == "failed"
    made = one.weightings.get()
    assert (made.state, made.sample) == ("failed", None)
    assert not one.files.filter(kind="sample").exists()
    assert "n’ont pas pu être calculés" in text_of(mariam.get(here)).replace("'", "’")


def test_results_say_where_their_weights_come_from(mariam: Any, tmp_path: Path) -> None:
    from kalanso.hub.studies import tasks
    from kalanso.hub.studies.models import RoundFile, Weighting

    one = study_desk.analysed(person("researcher"), tmp_path)
    there = f"{PAGE}{one.pk}/resultats/"
    assert "l’échantillon qui a été apporté" in text_of(mariam.get(there)).replace("'", "’")
    draw = drawn(person("researcher"), declared(person("researcher"), survey="autre"))
    answers, sample = (
        RoundFile.objects.get(pk=one.shown.answers_id),
        RoundFile.objects.get(pk=one.shown.sample_id),
    )
    told = {
        "round": one, "number": 1, "draw": draw, "homes": answers, "answers": answers, "listed": {"a": 1}, "by": one.declared_by, "asked": NOW,
    }  # fmt: skip
    Weighting.objects.create(
        **told, state="done", ended=NOW, factors=[{"cluster": "a"}], sample=sample, margins={"sex": {"female": 1.0}},
        rates={"households": 0.9, "children": 0.95, "lost": 2.0},
    )  # fmt: skip
    page = text_of(mariam.get(there))
    assert "tirage 1" in page
    assert "sexe" in page
    folder = tmp_path / "laid"
    folder.mkdir()
    tasks._lay(one.shown, folder)
    assert (folder / "weights.csv").read_text().split() == ["cluster", "a"], "the report follows them"
    assert "sex" in (folder / "round.yaml").read_text()
    assert "ne donnent pas partout le poids" not in page
    broken = [
        {"part": "weights", "what": name, "n": n}
        for name, n in (("rows", 8), ("differing", 3), ("lacking", 0))
    ]
    one.shown.receipt = [*one.shown.receipt, *broken]
    one.shown.save()
    assert "Sur 8 lignes" in text_of(mariam.get(there))
    for wrong in (
        {"listed": {}},
        {"state": "done", "ended": NOW},
        {"state": "failed", "ended": NOW},
        {"ended": NOW},
        {"number": 1},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Weighting.objects.create(**{**told, "number": 2, **wrong})
