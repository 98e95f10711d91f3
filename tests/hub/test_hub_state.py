"""Does whoever keeps the hub read on one page how it stands, and nobody else?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from kalanso.store import Store
from kalanso.vocabulary import Message
from tests.hub.visitors import ROLES, person, visitor

NOW = datetime.now(UTC)


def text_of(client: Any, address: str = "/systeme/") -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return str(answer.content.decode().replace("’", "'"))


def facts(**settings_of: Any) -> dict[str, Any]:
    """Return the facts by name, with some settings."""
    from kalanso.hub.site.configuration import Configuration
    from kalanso.hub.site.queries.state import state

    told = {"hosts": [], "backups": None} | settings_of
    with override_settings(CONFIGURATION=Configuration(**told)):
        return {fact.name.replace("’", "'"): fact for part in state(now=NOW) for fact in part.facts}


def job(**state: Any) -> Any:
    from kalanso.hub.jobs.actions import ask
    from kalanso.hub.jobs.models import Job

    asked = ask(by=person("administrator"), kind="site.clean_up", arguments={}, key="state", now=NOW)
    Job.objects.filter(pk=asked.pk).update(**state)
    return asked


@pytest.mark.parametrize("role", ROLES)
def test_only_administrators_of_the_country_read_the_page_and_are_led_there(
    role: str, code_of: Any, hub: None
) -> None:
    way = 'href="/systeme/"'
    client = visitor(role)
    allowed = role == "administrator"
    assert client.get("/systeme/").status_code == (200 if allowed else 403)
    assert (way in text_of(client, "/moi/")) is allowed
    assert (way in text_of(client, "/travaux/")) is allowed
    near = visitor(role, code_of("Niono", "district"))
    assert near.get("/systeme/").status_code == 403


def test_the_page_tells_software_worker_room_data_and_protection(hub: None) -> None:
    from kalanso import __version__

    page = text_of(visitor("administrator"))
    for name in (
        "Version", "Base de données", "Mises à jour de la base", "Dernier signe du travailleur", "Travaux en attente",
        "Travaux en échec", "Dernière sauvegarde", "Place libre, tables publiées", "Place libre, saisies et photos",
        "Taille des tables publiées", "Dernière publication", "Double vérification", "Courrier",
    ):  # fmt: skip
        assert f"<dt>{name}</dt>" in page, name
    assert __version__ in page
    assert visitor("administrator").post("/systeme/").status_code == 405


def test_a_worker_is_missed_when_it_said_nothing_for_hours_or_work_waits(hub: None) -> None:
    assert facts()["Dernier signe du travailleur"].attention
    job(state="done", started=NOW - timedelta(minutes=3), ended=NOW - timedelta(minutes=2))
    assert not facts()["Dernier signe du travailleur"].attention
    job(state="waiting", ended=None, not_before=NOW - timedelta(minutes=6))
    assert facts()["Dernier signe du travailleur"].attention
    assert facts()["Travaux en attente"].attention
    long_ago = NOW - timedelta(hours=3)
    job(state="failed", started=long_ago, ended=long_ago, not_before=NOW)
    assert facts()["Dernier signe du travailleur"].attention
    assert facts()["Travaux en échec"].attention


def test_the_last_backup_is_named_with_its_age_and_an_old_one_asks_for_attention(
    hub: None, tmp_path: Path
) -> None:
    told = facts()["Dernière sauvegarde"]
    assert "KALANSO_BACKUPS" in told.value
    assert facts(backups=tmp_path / "nowhere")["Dernière sauvegarde"].attention
    for age in (timedelta(days=3), timedelta(hours=5)):
        name = f"{NOW - age:%Y%m%dT%H%M%SZ}"
        (tmp_path / name).mkdir()
        (tmp_path / name / "backup.json").touch()
        (tmp_path / f".being-made-{name}").mkdir()
        told = facts(backups=tmp_path)["Dernière sauvegarde"]
        assert told.value.startswith(name)
        assert bool(told.attention) is (age > timedelta(days=2))


def test_every_setting_at_risk_of_a_service_is_told_in_words(hub: None) -> None:
    from kalanso.hub.site.configuration import RISKS, Configuration, at_risk
    from kalanso.hub.site.queries.state import RISKS as IN_WORDS

    assert RISKS.keys() == IN_WORDS.keys()
    open_hub = {"hosts": ["*"], "https": False, "secret_key": "court", "second_proof": False, "database": ""}
    assert set(at_risk(Configuration(**open_hub))) == RISKS.keys() - {"secret_key"}
    assert "KALANSO_BACKUPS" in facts(**open_hub)["Réglage à risque"].attention
    assert "Réglage à risque" not in facts(secret_key="court")


def test_roles_of_a_place_that_are_held_for_the_country_are_counted(hub: None) -> None:
    name = "Rôles d'un lieu tenus pour tout le pays"
    assert facts()[name].value == "0"
    held = person("district").memberships.get()
    assert facts()[name].value == "1"
    assert facts()[name].attention
    held.ends = NOW.date() - timedelta(days=1)
    held.save()
    assert facts()[name].value == "0"


@pytest.mark.parametrize("role", ROLES)
def test_ones_own_page_says_in_a_sentence_what_a_role_opens(role: str, hub: None) -> None:
    from kalanso.hub.people.queries.roles import SAYS

    assert set(SAYS) == set(ROLES)
    page = text_of(visitor(role), "/moi/")
    assert f"<p>{SAYS[role]}</p>".replace("’", "'").replace("\u202f", " ") in page.replace("\u202f", " ")
    assert 'href="/preuves/tables/"' in page
    assert ("Les commentaires sur" in page) is (role not in {"reader", "donor"})


def test_a_hub_without_backups_is_never_said_to_be_well(hub: None) -> None:
    job(state="done", started=NOW, ended=NOW)
    text = text_of(visitor("administrator"))
    assert "rien ne demande votre attention" not in text
    assert "Aucune sauvegarde ne se fait" in text
    assert "aucune lettre ne part" in text
    assert facts()["Dernière sauvegarde"].mild, "the example country on one's own computer"
    assert facts()["Courrier"].mild
    assert not facts(hosts=["example.org"])["Courrier"].mild


def test_an_estimate_beside_the_queue_is_counted_among_what_runs(hub: None, tmp_path: Path) -> None:
    from kalanso.hub.jobs.queries import standing
    from kalanso.pipeline.computation_status import StatusFile

    store = Store.create(tmp_path / "store", country="ML", now=NOW)
    with override_settings(KALANSO_STORE=store.folder):
        assert standing(now=NOW)["running"] == 0
        StatusFile(store, of="x").say("running", Message("pipeline.estimate.reading"), 0.42, "published")
        assert standing(now=NOW)["running"] == 1
        for address in ("/travaux/", "/preuves/calculs/"):
            text = text_of(visitor("administrator"), address)
            assert "Une estimation se calcule derrière les pages" in text
            assert "42 %" in text.replace("\xa0", " ").replace("\u202f", " ")
