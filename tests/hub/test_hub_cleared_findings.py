"""Does what was said of a finding stay readable, for those who may see it, once the checks no longer find it?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from kalanso.quality.tables import QUALITY_FINDINGS
from kalanso.store import Mode, Provenance, Store
from tests.hub import desk
from tests.hub import portfolio_follow_up_desk as follow_up
from tests.hub.test_hub_pages import text_of
from tests.hub.visitors import visitor

GONE_ON, BACK_ON = datetime(2025, 3, 4, 6, 0, tzinfo=UTC), datetime(2025, 3, 9, 6, 0, tzinfo=UTC)


@pytest.fixture
def store(small_store: Store, quick_hand: Any, tmp_path: Path) -> Iterator[Store]:
    """A store of one's own, whose checks may run again."""
    from django.test import override_settings

    own = desk.copied(small_store, tmp_path)
    with override_settings(KALANSO_STORE=own.folder):
        yield own


def checked(store: Store, *, without: str = "", now: datetime) -> None:
    """Let the checks find again what they found at first, without one finding."""
    from kalanso.hub.evidence.queries.findings import key_of

    first = store.read(QUALITY_FINDINGS, as_of=store.history(QUALITY_FINDINGS.name)[0].id)
    rows = [row for row in first.to_pyarrow().to_pylist() if key_of(row) != without]
    kept = QUALITY_FINDINGS.arrow(rows)
    store.publish(QUALITY_FINDINGS, kept, provenance=Provenance(), now=now, mode=Mode.REPLACE_ALL)


def write(client: Any, key: str, text: str) -> Any:
    return client.post(f"/discussion/evidence.finding/{key}/ecrire/", {"key": str(uuid4()), "text": text})


def judge(client: Any, key: str) -> Any:
    told = {"status": "correcting", "comment": "registre recompté", "version": 0}
    return client.post(f"/preuves/alertes/{key}/", told)


def test_a_finding_that_is_no_longer_found_keeps_its_talk_its_history_and_the_day_it_went(
    store: Store, finding: dict[str, Any], niono: str
) -> None:
    key, team = finding["key"], visitor("district", niono)
    judge(team, key)
    write(team, key, "Le registre est au district.")
    checked(store, without=key, now=GONE_ON)
    checked(store, without=key, now=BACK_ON)
    page = team.get(f"/preuves/alertes/{key}/")
    text = text_of(page)

    assert "Les contrôles ne la trouvent plus depuis le 04/03/2025" in text
    assert "En cours de correction : registre recompté" in text
    assert "Le registre est au district." in text
    assert "Qu'en est-il ?" not in text, "there is nothing left to judge"
    assert judge(team, key).status_code == 403
    assert "Le registre est au district." in text_of(team.get(f"/discussion/evidence.finding/{key}/"))
    assert write(team, key, "Corrigé en mars.").status_code == 302


def test_it_is_listed_apart_from_the_worklist_on_and_leaves_that_list_when_it_comes_back(
    store: Store, finding: dict[str, Any], niono: str, code_of: Any
) -> None:
    key, team = finding["key"], visitor("district", niono)
    write(team, key, "Le registre est au district.")
    checked(store, without=key, now=GONE_ON)
    address = f"/preuves/alertes/?lieu={niono}&statut=cleared"
    listed = team.get(address)

    assert address.replace("&", "&amp;") in team.get("/preuves/a-demander/").content.decode()
    assert [row["key"] for row in listed.context["rows"]] == [key]
    assert "Plus trouvée depuis le 04/03/2025." in text_of(listed)
    assert "Relire ce qu'on en a dit (1 message)" in text_of(listed)
    elsewhere = f"/preuves/alertes/?lieu={code_of('Ségou', 'district')}&statut=cleared"
    assert visitor("national").get(elsewhere).context["rows"] == []
    assert team.get(f"{address}&gravite={'note' if finding['severity'] != 'note' else 'serious'}").context["rows"] == []  # fmt: skip
    checked(store, now=BACK_ON)
    assert team.get(address).context["rows"] == []
    assert "ne la trouvent plus" not in text_of(team.get(f"/preuves/alertes/{key}/"))


def test_one_of_which_nobody_spoke_is_gone(store: Store, finding: dict[str, Any]) -> None:
    checked(store, without=finding["key"], now=GONE_ON)

    client = visitor("national")
    assert client.get(f"/preuves/alertes/{finding['key']}/").status_code == 404
    assert client.get("/preuves/alertes/?statut=cleared").context["rows"] == []


def test_who_could_not_see_a_finding_does_not_see_it_once_it_is_gone(store: Store, code_of: Any) -> None:
    from kalanso.hub.evidence.queries.findings import key_of
    from kalanso.hub.people.models import PlaceMirror

    yorosso = code_of("Yorosso", "district")
    below = set(PlaceMirror.objects.filter(path__contains=f"/{yorosso}/").values_list("code", flat=True))
    rows = store.read(QUALITY_FINDINGS).to_pyarrow().to_pylist()
    key = next(key_of(row) for row in rows if row["place_code"] in below)
    write(visitor("district", yorosso), key, "La route est fermée.")
    checked(store, without=key, now=GONE_ON)

    for client, sees in (
        (visitor("district", yorosso), True), (visitor("national"), True), (visitor("partner"), False),
        (visitor("donor"), False), (visitor("district", code_of("Bougouni", "district")), False),
    ):  # fmt: skip
        assert (client.get(f"/preuves/alertes/{key}/").status_code == 200) == sees
        assert bool(client.get("/preuves/alertes/?statut=cleared").context["rows"]) == sees


def test_it_is_said_in_english_too(store: Store, finding: dict[str, Any]) -> None:
    client = visitor("national")
    write(client, finding["key"], "Seen.")
    checked(store, without=finding["key"], now=GONE_ON)

    assert "The checks no longer find it since" in text_of(
        client.get(f"/en/preuves/alertes/{finding['key']}/")
    )


def test_a_decision_keeps_the_finding_that_it_rests_on_though_nobody_spoke_of_it(
    store: Store, finding: dict[str, Any], niono: str, code_of: Any
) -> None:
    key, team = finding["key"], visitor("district", niono)
    address = f"/agir/decisions/nouvelle/?from=evidence.finding:{key}"
    told = {"text": "Recompter mars.", "body": "Comité du PEV", "date": "2025-03-01", "place_code": niono}
    answer = team.post(address, follow_up.form(team, address, **told))
    assert answer.status_code == 302, answer.context["form"].errors
    before = text_of(team.get(answer.url))
    assert "Alerte de qualité" in before
    assert "Alerte de qualité levée" not in before
    checked(store, without=key, now=GONE_ON)
    checked(store, without=key, now=BACK_ON)

    assert "Alerte de qualité levée" in text_of(team.get(answer.url))
    kept = text_of(team.get(f"/preuves/alertes/{key}/"))
    assert "Les contrôles ne la trouvent plus depuis le 04/03/2025" in kept
    assert "Recompter mars." in kept
    listed = team.get(f"/preuves/alertes/?lieu={niono}&statut=cleared").context["rows"]
    assert [row["key"] for row in listed] == [key]
    elsewhere = f"/preuves/alertes/?lieu={code_of('Ségou', 'district')}&statut=cleared"
    assert visitor("national").get(elsewhere).context["rows"] == []
    checked(store, now=BACK_ON)
    assert "Alerte de qualité levée" not in text_of(team.get(answer.url))
