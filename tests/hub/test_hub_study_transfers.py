"""Is every transfer of a study's data abroad a recorded decision, by who may decide, and does none go without?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import override_settings

from tests.hub import study_desk
from tests.hub.study_desk import NOW, PAGE, analysed
from tests.hub.test_hub_pages import text_of
from tests.hub.visitors import person, visitor


@pytest.fixture(autouse=True)
def own_folder(quick_hand: Any, tmp_path: Path) -> Iterator[None]:
    with override_settings(KALANSO_DATA=tmp_path / "data", KALANSO_CREDENTIAL_KEYS=[study_desk.KEY]):
        yield


TOLD = {
    "data": "pseudonymous", "recipient": "Université de Genève, Dr Ba", "country": "Suisse", "ground": "authorised", "decision": "APDP 2025-031",
    "decided_on": "2025-01-20",
}  # fmt: skip


def test_a_transfer_abroad_is_noted_with_its_decision_and_ended_with_a_reason(
    hub: None, tmp_path: Path
) -> None:
    from kalanso.hub.people.models import Event

    one, centre = analysed(person("researcher"), tmp_path), visitor("national")
    address = f"{PAGE}{one.pk}/transferts/"
    assert "aucune donnée sur des personnes ne peut partir" in text_of(centre.get(address))
    assert centre.post(address, TOLD).status_code == 302
    said = text_of(visitor("researcher").get(address))
    for word in (
        "Université de Genève, Dr Ba, Suisse",
        "APDP 2025-031 du 20/01/2025",
        "Décisions en vigueur : 1",
    ):
        assert word in said
    made = one.transfers.get()
    assert centre.post(address, {"number": made.pk, "why": ""}).status_code == 422
    assert centre.post(address, {"number": made.pk, "why": "Analyse terminée"}).status_code == 302
    assert centre.post(address, {"number": made.pk, "why": "encore"}).status_code == 422
    said = text_of(centre.get(address))
    assert "plus aucune décision n'est en vigueur" in said
    assert "Analyse terminée" in said
    verbs = list(
        Event.objects.filter(verb__startswith="studies.transfer").order_by("id").values_list("verb", "reason")
    )
    assert verbs == [("studies.transfer_noted", ""), ("studies.transfer_ended", "Analyse terminée")]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"country": "Mali"}, "n'est pas un transfert"), ({"country": "ml"}, "n'est pas un transfert"), ({"decision": ""}, "obligatoire"),
        ({"decided_on": "2999-01-01"}, "pas encore prise"), ({"ground": "rumour"}, "choix valide"),
    ],
)  # fmt: skip
def test_a_transfer_without_what_makes_it_a_decision_is_refused(
    hub: None, tmp_path: Path, changes: dict[str, str], says: str
) -> None:
    one = analysed(person("researcher"), tmp_path)
    answer = visitor("national").post(f"{PAGE}{one.pk}/transferts/", TOLD | changes)
    assert answer.status_code == 422
    assert says in text_of(answer)
    assert not one.transfers.exists()


def test_researchers_read_decisions_and_only_the_centre_notes_them(hub: None, tmp_path: Path) -> None:
    one = analysed(person("researcher"), tmp_path)
    address = f"{PAGE}{one.pk}/transferts/"
    assert "Le CNI note ces décisions" in text_of(visitor("researcher").get(address))
    assert visitor("researcher").post(address, TOLD).status_code == 403
    assert visitor("partner").get(address).status_code in (403, 404)


def test_the_database_refuses_a_transfer_without_its_decision_or_ended_without_a_reason(
    hub: None, tmp_path: Path
) -> None:
    from kalanso.hub.studies.models import Transfer

    by = person("national")
    one = analysed(person("researcher"), tmp_path)
    whole: dict[str, Any] = {**TOLD, "round": one, "by": by, "noted": NOW}
    for changes in ({"decision": ""}, {"country": ""}, {"ground": "rumour"}, {"ended": NOW, "ended_by": by}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Transfer.objects.create(**{**whole, **changes})
