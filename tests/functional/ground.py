"""What stands in the database of the served hub, so that none of its pages is empty?

A sheet in each state, runs asked for, computed, checked and published, findings that somebody judged, comments
with a photo, jobs, an invitation, a token: all brought about by the actions that people's pages call. It runs as a
program of its own before the hub is served, and prints by which keys and secrets the pages are reached.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from unittest import mock
from uuid import uuid4

NOW = datetime.now(UTC)
PASSWORD = "la-piste-est-longue-2024"


def lay(folder: Path) -> dict[str, str]:
    """Fill the database of the hub of a store and return the names that addresses of pages are made of."""
    os.environ |= {
        "KALANSO_STORE": str(folder), "KALANSO_SECOND_PROOF": "false",
        "DJANGO_SETTINGS_MODULE": "kalanso.hub.site.settings",
    }  # fmt: skip
    import django
    from django.core.management import call_command
    from django.test.utils import setup_test_environment

    django.setup()
    setup_test_environment()
    call_command("migrate", interactive=False, verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    from kalanso.hub.site import actions

    actions.prepare(now=NOW)
    # What waits for good comes last: a worker takes the oldest first.
    steps = (
        _studies, _portfolio, _follow_up, _money, _findings, _runs, _servers, _sheets, _talk, _people, _doors, _jobs, _waiting,
    )  # fmt: skip
    return {name: key for step in steps for name, key in step().items()}


def _person(username: str) -> Any:
    from kalanso.hub.people.models import Person

    return Person.objects.get(username=username)


def _browser(username: str) -> Any:
    from tests.hub.visitors import stranger

    client = stranger()
    client.force_login(_person(username))
    return client


def _said(answer: Any, status: int = 302) -> None:
    assert answer.status_code == status, (answer.status_code, answer.content.decode()[-3000:])


def _sheet(month: str) -> str:
    """The sheet that tests bring, of another month for each."""
    from tests.hub.desk import SHEET

    return SHEET.replace("janv-25", f"janv-{month}").replace("févr-25", f"févr-{month}")


def _sheets() -> dict[str, str]:
    """Bring a sheet to every state that there is."""
    from kalanso.hub.evidence.actions import uploads
    from kalanso.hub.people.models import PlaceMirror
    from tests.hub import desk

    place = PlaceMirror.objects.get(name="Niono", level="district").code
    client, centre = _browser("ibrahim"), _person("ibrahim")
    made = {}

    def brought(month: str) -> Any:
        file = desk.file(_sheet(month), f"rapport 20{month}.csv")
        _said(desk.bring(client, place, file, organisation="cni"))
        return desk.newest()

    def tried(month: str) -> Any:
        return desk.tried(
            client, place, desk.file(_sheet(month), f"rapport 20{month}.csv"), organisation="cni"
        )

    def published(month: str) -> Any:
        sheet = tried(month)
        uploads.ask_to_publish(by=centre, upload=sheet, now=NOW)
        desk.work()
        sheet.refresh_from_db()
        assert sheet.state == "published", sheet.fault
        return sheet

    made["published"], made["withdrawn"], made["withdrawing"] = (
        published(year) for year in ("21", "20", "19")
    )
    uploads.ask_to_withdraw(by=centre, upload=made["withdrawn"], reason="mois compté deux fois", now=NOW)
    desk.work()
    made["tried"], made["discarded"], made["publishing"] = (tried(year) for year in ("22", "18", "17"))
    uploads.discard(by=centre, upload=made["discarded"], reason="mauvais mois", now=NOW)
    broken = desk.file("\x00".join("pas un tableau"), "abîmé.csv")
    _said(desk.bring(client, place, broken, organisation="cni"))
    desk.work()
    made["refused"] = desk.newest()
    made["mapping"] = brought("16")
    desk.work()
    made["trying"] = brought("15")
    desk.work()
    _said(client.post(f"/preuves/depot/{made['trying'].pk}/colonnes/", desk.answers(client, made["trying"])))
    uploads.ask_to_publish(by=centre, upload=made["publishing"], now=NOW)
    uploads.ask_to_withdraw(by=centre, upload=made["withdrawing"], reason="doublon", now=NOW)
    made["reading"] = brought("14")
    for state, sheet in made.items():
        sheet.refresh_from_db()
        assert sheet.state == state, (state, sheet.state, sheet.fault)
    return {f"sheet_{state}": str(sheet.pk) for state, sheet in made.items()}


def _servers() -> dict[str, str]:
    """Connect servers on this machine: one that refuses, one of forms, one pulled from, one closed."""
    from kalanso.hub.evidence.actions import connections
    from tests.hub import server_desk
    from tests.sources import form_server
    from tests.sources.dhis2.dhis2_country import Country
    from tests.sources.dhis2.dhis2_server import Dhis2, running

    client, made = _browser("ibrahim"), {}
    with server_desk.open_hub(), running(Dhis2(Country(ages=True))) as server, form_server.running() as forms:
        forms.add("a1", "2024-05-01T08:00:00.000Z", {"age": 9}, centre="Niono")
        told = {
            "kind": "kobo",
            "source": "supervision",
            "address": forms.url,
            "token": form_server.TOKEN,
            "cadence": "weekly",
        }
        made["forms"] = server_desk.connected(client, told)
        _said(client.post(f"/preuves/connexions/{made['forms'].pk}/formulaire/", {"form": "aX1"}))
        assert server_desk.pulled(client, made["forms"]).state == "done"
        made["refused"] = server_desk.connected(
            client, server_desk.form(server, source="snis-kita", token="d2pat_" + "0" * 40)
        )
        made["closed"] = server_desk.connected(client, server_desk.form(server, source="snis-essai"))
        connections.close(by=_person("ibrahim"), connection=made["closed"], reason="serveur d'essai", now=NOW)
        made["pulled"] = server_desk.read(
            client, server_desk.connected(client, server_desk.form(server, cadence="daily"))
        )
        made["pulled"] = _half_decided(made["pulled"])
        assert server_desk.pulled(client, made["pulled"]).state == "done"
        server.token = "d2pat_" + "1" * 40
        assert server_desk.pulled(client, made["pulled"]).state == "failed"
    return {f"server_{state}": str(one.pk) for state, one in made.items()}


def _studies() -> dict[str, str]:
    """Bring rounds of a survey to every state."""
    from tests.hub.study_desk import in_every_state

    return in_every_state(_person("ibrahim"), _work)


def _portfolio() -> dict[str, str]:
    """Plan a line with all that a line can have, and bring a sheet that is tried and one that is loaded."""
    from tests.hub.portfolio_desk import in_every_state

    return in_every_state(_person("ibrahim"), _person("awa"), "ML-D0001")


def _follow_up() -> dict[str, str]:
    """Name obstacles, set actions, meet and decide."""
    from tests.hub.portfolio_follow_up_desk import in_every_state

    return in_every_state(_person("ibrahim"), _person("awa"), "ML-D0001")


def _money() -> dict[str, str]:
    """Fill a grant: lines over places, entries of two people, one too many, a sheet that was tried."""
    from tests.hub.money_desk import in_every_state

    return in_every_state(_person("ibrahim"), _person("oumar"))


def _half_decided(connection: Any) -> Any:
    """Leave numbers with a doubt, and one that is read as a whole, among those of a plan."""
    plan = dict(connection.plan)
    first = next(one for one in plan["elements"] if one["indicator"])
    odd = {
        **first,
        "option": "*",
        "element": "WSy7zOZx1Wl",
        "status": "proposed",
        "doubt": "twin",
        "by": "",
        "on": "",
        "option_name": "",
    }
    rest = [one for one in plan["elements"] if one["element"] != "WSy7zOZx1Wl"]
    connection.plan = {**plan, "elements": [odd, *rest]}
    connection.save()
    return connection


def _runs() -> dict[str, str]:
    """Ask for runs, let them be computed by an engine that samples nothing, and publish one."""
    from kalanso.hub.evidence.actions import runs
    from kalanso.hub.evidence.models import RunCheck
    from tests.coverage.made_up_engine import MadeUpEngine
    from tests.hub import made_up_run

    analyst, centre, engine = _person("mariam"), _person("ibrahim"), MadeUpEngine()
    # A run made by rule left no files: adopting it is refused.
    made = {
        "refused": runs.adopt_run(by=analyst, name=made_up_run.RUN, why="calculé au CNI", now=NOW),
        "published": _asked(analyst), "review": _asked(analyst, seed=2),
        "draft": _asked(analyst, preview=True, drift=False),
    }  # fmt: skip
    runs.ask_look(by=analyst, quarters=36, snapshots=_snapshots(), now=NOW)
    with mock.patch("kalanso.pipeline.estimate.published_engine", return_value=engine):
        _work()
    answers = {point.value: (True, "vu et expliqué") for point in RunCheck.Point}
    steps = (
        ("published", "technical_review"),
        ("published", "validated"),
        ("published", "published"),
        ("review", "technical_review"),
    )
    for name, step in steps:
        made[name].refresh_from_db()
        if step == "validated":
            runs.check_run(by=centre, run=made[name], answers=answers, now=NOW)
        runs.move_run(by=centre, run=made[name], after=step, reason="", now=NOW)
    _work()
    runs.agree_sentence(
        by=centre, fr="Le chiffre officiel fait foi ; l'estimation dit où chercher.",
        en="The official figure stands; the estimate says where to look.", agreed_with="CNI, OMS et UNICEF",
        after=0, now=NOW,
    )  # fmt: skip
    for name, state in (("published", "published"), ("review", "technical_review"), ("draft", "draft")):
        made[name].refresh_from_db()
        assert made[name].state == state, (name, made[name].state, made[name].work, made[name].refused)
    _show_by_rule()
    return {f"run_{name}": str(run.pk) for name, run in made.items()}


def _show_by_rule() -> None:
    """Let the programme see the run made by rule again: it fills every page of the estimate."""
    from kalanso.hub.explore.queries import shelf
    from kalanso.hub.people.models import PlaceMirror
    from kalanso.places.tables import PLACES
    from tests.hub import made_up_run

    store = shelf.current().store
    paths = PlaceMirror.objects.values_list("code", "path")
    parents = {code: path.strip("/").split("/")[-2] for code, path in paths if path.count("/") > 2}
    made_up_run.publish(store, store.read(PLACES).to_pyarrow().to_pylist(), parents, now=NOW)


def _work() -> None:
    from kalanso.hub.jobs.tasks import work_once

    while work_once("ground") is not None:
        pass


def _waiting() -> dict[str, str]:
    """Leave one run to be computed, and stop another; connect a server that nobody looks at yet."""
    from kalanso.hub.evidence.actions import runs
    from kalanso.hub.evidence.models import Connection
    from tests.hub import server_desk

    analyst = _person("mariam")
    made = {name: _asked(analyst, seed=seed) for seed, name in enumerate(("asked", "stopped"), start=4)}
    runs.cancel_run(by=analyst, run=made["stopped"], now=NOW)
    server = {
        "kind": "dhis2",
        "source": "snis-kayes",
        "address": "https://snis.example.org",
        "token": "d2pat_1",
        "first_month": "2024-01",
    }
    with server_desk.open_hub():
        _said(_browser("ibrahim").post("/preuves/connexions/nouvelle/", {**server, "cadence": "never"}))
    found = {f"run_{name}": str(run.pk) for name, run in made.items()}
    return {**found, "server_new": str(Connection.objects.get(source="snis-kayes").pk)}


def _snapshots() -> Mapping[str, str]:
    from kalanso.hub.evidence.queries.runs import snapshots

    return snapshots()


def _asked(by: Any, **changes: Any) -> Any:
    from kalanso.coverage import Question
    from kalanso.hub.evidence.actions import runs

    question = Question(**({"draws": 20} | changes))
    return runs.ask_run(
        by=by, question=question, quarters=12, why="la revue du trimestre", snapshots=_snapshots(), now=NOW
    )


def _findings() -> dict[str, str]:
    """Say of a few findings what each is, and describe a source."""

    from kalanso.hub.evidence.models import SourceCard
    from kalanso.hub.evidence.queries.findings import key_of
    from kalanso.hub.explore.queries import shelf
    from kalanso.quality.tables import QUALITY_FINDINGS

    client, made = _browser("ibrahim"), {}
    rows = shelf.current().store.read(QUALITY_FINDINGS).to_pyarrow().to_pylist()
    for row, status in zip(rows, ("correcting", "no_error", "new"), strict=False):
        made[f"finding_{status}"] = key_of(row)
        if status != "new":
            told = {"status": status, "comment": "registre recompté au CSCom", "version": 0}
            _said(client.post(f"/preuves/alertes/{key_of(row)}/", told))
    words = {
        "title": "Le SNIS de démonstration",
        "what": "Rapports mensuels des centres de santé",
        "cadence": "monthly",
        "patience_days": 30,
        "version": SourceCard.objects.get(
            code="demo-snis"
        ).version,  # the example country has a title already
    }
    _said(client.post("/preuves/sources/demo-snis/", words))
    return made


def _photo() -> bytes:
    from PIL import Image

    out = BytesIO()
    Image.effect_noise((1200, 900), 40).convert("RGB").save(out, "JPEG", quality=80)
    return out.getvalue()


def _talk() -> dict[str, str]:
    """Write on a place, with a photo, an answer, somebody named, and a contribution taken back."""
    from kalanso.hub.people.actions.discussion import withdraw_comment, write_comment

    place, made = "ML-D0001", {}

    def write(by: str, text: str, **more: Any) -> Any:
        told = {"answers": None, "photo": None, "photo_alt": ""} | more
        return write_comment(
            by=_person(by), key=uuid4(), object_type="place", object_id=place, place_code=place, text=text,
            written=NOW, now=NOW, **told,
        )  # fmt: skip

    head = write("awa", "La piste est coupée depuis mardi : https://example.org/carte\n\n@ibrahim, que faire ?",
                 photo=_photo(), photo_alt="La piste sous l'eau, à dix kilomètres du CSCom")  # fmt: skip
    write("ibrahim", "Une pirogue part jeudi ; elle prend la glacière.", answers=head)
    made["comment"], made["own_comment"] = head.key, write("ibrahim", "Les doses de la semaine sont là.").key
    gone = write("ibrahim", "Erreur de lieu.")
    withdraw_comment(by=_person("ibrahim"), key=gone.key, now=NOW, reason="autre lieu")
    return {name: str(key) for name, key in made.items()}


def _people() -> dict[str, str]:
    """Invite somebody, close a door, make a token, and ask for the keys of letters."""
    from allauth.account.forms import default_token_generator
    from allauth.account.utils import user_pk_to_url_str

    from kalanso.hub.api.actions import make_token
    from kalanso.hub.people.actions.persons import invite
    from kalanso.hub.people.models import Membership, Organisation
    from kalanso.hub.people.queries import letters

    centre, awa = _person("ibrahim"), _person("awa")
    house = Organisation.objects.get(code="csref")
    told = {"by": centre, "organisation": house, "role": "district", "place_code": "ML-D0001", "now": NOW}
    invitation, secret = invite(name="Aminata Diallo", email="aminata@example.org", **told)
    token, _key = make_token(
        by=centre, name="tableau de bord", parts=["places"], expires=NOW + timedelta(days=90), now=NOW
    )
    # Somebody who does not log in here: a login makes the link useless.
    away = _person("fatou")
    reset = f"{user_pk_to_url_str(away)}-{default_token_generator.make_token(away)}"
    role = Membership.objects.get(person=awa).pk
    numbers = {person: str(_person(person).pk) for person in ("awa", "ibrahim", "seydou")}
    return {
        "invitation": secret, "invitation_number": str(invitation.pk), "token": str(token.pk), "letter": letters.sealed(centre, letters.STOP),
        "reset": reset, "membership": str(role), **numbers,
    }  # fmt: skip


def _doors() -> dict[str, str]:
    """Let two people come in with a password, one of them with a second proof, and stop at each door on the way."""
    from tests.hub.test_hub_people_second_proof import set_up
    from tests.hub.visitors import stranger

    def come_in(username: str) -> Any:
        client = stranger()
        _said(client.post("/compte/login/", {"login": username, "password": PASSWORD, "remember": "on"}))
        return client

    for username in ("hawa", "sekou"):
        _joined(username)
    plain, sealed = come_in("hawa"), come_in("sekou")
    set_up(sealed)
    page = sealed.get("/compte/2fa/recovery-codes/").content.decode()
    code = page.partition('class="codes"><li>')[2].partition("<")[0]
    halfway, last = come_in("sekou"), come_in("sekou")
    _said(last.post("/compte/2fa/authenticate/", {"code": code}))
    doors = {"plain": plain, "sealed": sealed, "halfway": halfway, "last": last}
    for client in (plain, sealed):
        _long_known(client)
    return {f"session_{name}": client.cookies["sessionid"].value for name, client in doors.items()}


def _long_known(client: Any) -> None:
    """Let a session count as just opened for as long as tests last."""
    session = client.session
    for one in session["account_authentication_methods"]:
        one["at"] += 24 * 3600
    session.save()


def _joined(username: str) -> None:
    from kalanso.hub.people.actions.persons import accept, invite
    from kalanso.hub.people.models import Organisation

    house = Organisation.objects.get(code="csref")
    told = {
        "by": _person("ibrahim"),
        "organisation": house,
        "role": "district",
        "place_code": "ML-D0001",
        "now": NOW,
    }
    _invitation, secret = invite(name=f"{username.title()} Touré", **told)
    accept(secret=secret, username=username, password=PASSWORD, language="fr", now=NOW)


def _jobs() -> dict[str, str]:
    """Leave one job in each state."""
    from kalanso.hub.jobs import actions

    centre, made = _person("ibrahim"), {}
    faults = {
        "failed": "jobs.fault\nTraceback: File x.py line 3 KeyError",
        "refused": "colonne « Mois » : vide",
    }

    def ask(name: str) -> Any:
        return actions.ask(by=centre, kind="site.clean_up", arguments={}, key=f"ground-{name}", now=NOW - timedelta(days=30))  # fmt: skip

    for name in ("failed", "refused", "running", "done", "stopped", "waiting"):
        made[name] = str(ask(name).pk)
        if name == "stopped":
            actions.cancel(by=centre, job=ask(name), now=NOW)
        if name in {"stopped", "waiting"}:
            continue
        job = actions.take(holder="ground", now=NOW)
        assert job is not None
        assert str(job.pk) == made[name], f"{job.kind} was before it"
        if name in faults:
            actions.fail(job=job, holder="ground", error=faults[name], now=NOW, final=True)
        elif name == "done":
            actions.finish(job=job, holder="ground", answer={"address": "/preuves/"}, now=NOW)
        else:
            actions.tell(job=job, holder="ground", step="Noms rapprochés", share=0.42, now=NOW)
    return {f"job_{name}": key for name, key in made.items()}


if __name__ == "__main__":
    print(json.dumps(lay(Path(sys.argv[1]))))
