"""Is what a telephone sends kept once, for the right person, and answered one by one; and may only right pages be kept?"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import override_settings
from django.urls import get_resolver
from PIL import Image

from tests.hub.visitors import person, stranger, visitor

STATIC = Path(__file__).resolve().parents[2] / "kalanso" / "hub" / "offline" / "static" / "offline"
WRITTEN = "2025-02-14T09:30:00+00:00"
PROGRAMS = ("page", "outbox", "sending", "writing", "desk")
DONE: list[str] = []


def receive(*, by: Any, sent: Any, now: datetime) -> str:
    """Do what the text of a test message says."""
    from kalanso.hub.offline.forms import Differs

    text = sent.fields["text"]
    DONE.append(text)
    if text == "refuse":
        raise ValidationError("Non, parce que.")
    if text == "forbid":
        raise PermissionDenied("Pas vous.")
    if text == "differ":
        raise Differs("A changé.", theirs={"text": "la leur"}, merge={"version": "4"})
    if text == "break":
        raise OSError("the disk is away")
    return f"/fait/{sent.uuid}/"


@pytest.fixture(autouse=True)
def form(hub: None, tmp_path: Path) -> Iterator[None]:
    from kalanso.hub.offline import forms

    DONE.clear()
    forms.join(
        forms.OfflineForm(name="test", version=3, accepts=(2,), fields=("text",), photos=("photo",),
                          receive="tests.hub.test_hub_offline.receive")
    )  # fmt: skip
    with override_settings(MEDIA_ROOT=tmp_path / "media"):
        yield
    forms._JOINED.pop("test")


def message(who: Any, text: str = "bien", **options: Any) -> dict[str, Any]:
    given = {"uuid": str(uuid4()), "person": who.pk, "form": "test", "version": 3, "captured_at": WRITTEN}
    return given | {"fields": {"text": text}} | options


def send(client: Any, rows: Any, **files: Any) -> Any:
    return client.post("/hors-ligne/envoi/", {"records": json.dumps(rows), **files})


def answers(response: Any) -> list[dict[str, Any]]:
    assert response.status_code == 200, response.content
    found: list[dict[str, Any]] = response.json()["answers"]
    return found


def test_a_batch_is_kept_and_answered_one_by_one() -> None:
    from kalanso.hub.offline.models import Received

    who = person("district")
    rows = [message(who, text) for text in ("bien", "refuse", "forbid", "differ")]
    told = answers(send(visitor("district"), rows))

    assert [one["state"] for one in told] == ["kept", "invalid", "invalid", "conflict"]
    assert [one["uuid"] for one in told] == [row["uuid"] for row in rows]
    assert told[0]["address"] == f"/fait/{rows[0]['uuid']}/"
    assert told[1]["sentence"] == "Non, parce que."
    assert told[2]["sentence"] == "Pas vous."
    assert (told[3]["theirs"], told[3]["merge"]) == ({"text": "la leur"}, {"version": "4"})
    kept = Received.objects.get()
    assert (str(kept.uuid), kept.person_id, kept.form, kept.form_version) == (
        rows[0]["uuid"],
        who.pk,
        "test",
        3,
    )
    assert kept.captured == datetime.fromisoformat(WRITTEN)


def test_the_same_message_is_done_once_however_often_it_comes() -> None:
    who, client = person("district"), visitor("district")
    row = message(who)
    states = [answers(send(client, [row]))[0] for _ in range(3)]

    assert [one["state"] for one in states] == ["kept", "already", "already"]
    assert len({one["address"] for one in states}) == 1
    assert DONE == ["bien"]
    assert [one["state"] for one in answers(send(client, [row, row]))] == ["already", "already"]


def test_a_message_that_another_one_raced_is_done_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from kalanso.hub.offline import actions

    who = person("district")
    row, real = message(who), actions._earlier
    answers(send(visitor("district"), [row]))
    asked: list[bool] = []

    def late(by: Any, sent: Any) -> Any:
        asked.append(True)
        return None if len(asked) == 1 else real(by, sent)  # the other one comes between look and write

    monkeypatch.setattr(actions, "_earlier", late)

    assert answers(send(visitor("district"), [row]))[0]["state"] == "already"
    assert DONE == ["bien"]


def test_what_fails_at_our_side_is_sent_again_and_stops_no_other(caplog: pytest.LogCaptureFixture) -> None:
    from kalanso.hub.offline.models import Received

    who, client = person("district"), visitor("district")
    broken, good = message(who, "break"), message(who)
    told = answers(send(client, [broken, good]))

    assert [one["state"] for one in told] == ["later", "kept"]
    assert "the disk is away" not in told[0]["sentence"]
    assert list(Received.objects.values_list("uuid", flat=True)) == [UUID(good["uuid"])]
    assert answers(send(client, [broken | {"fields": {"text": "mieux"}}]))[0]["state"] == "kept"


def test_a_refused_message_leaves_no_mark_and_may_come_again_mended() -> None:
    who, client = person("district"), visitor("district")
    row = message(who, "refuse")
    assert answers(send(client, [row]))[0]["state"] == "invalid"
    assert answers(send(client, [row | {"fields": {"text": "bien"}}]))[0]["state"] == "kept"


def test_a_message_is_sent_by_nobody_but_its_writer() -> None:
    writer, other = person("district"), visitor("region")
    row = message(writer)
    assert "autre personne" in answers(send(other, [row]))[0]["sentence"]
    answers(send(visitor("district"), [row]))
    stolen = answers(send(other, [row | {"person": person("region").pk}]))[0]

    assert stolen["state"] == "invalid"
    assert stolen["address"] == ""
    assert DONE == ["bien"]


def test_a_stranger_is_told_to_log_in_and_nothing_is_kept() -> None:
    answer = send(stranger(), [message(person("district"))])
    assert answer.status_code == 401
    assert "restent sur ce téléphone" in answer.json()["sentence"]
    assert not DONE


def test_a_form_of_another_site_sends_nothing() -> None:
    from django.test import Client

    client = Client(HTTP_HOST="127.0.0.1", enforce_csrf_checks=True)
    client.force_login(person("district"))
    row = message(person("district"))
    assert send(client, [row]).status_code == 403
    token = client.get("/hors-ligne/etat/").json()["token"]
    assert answers(send(client, [row], csrfmiddlewaretoken=token))[0]["state"] == "kept"


@pytest.mark.parametrize(
    "records",
    [
        "",
        "x",
        "{}",
        "[]",
        "null",
        "[1]",
        '[{"uuid": 1}]',
        '[{"uuid": "x"}]',
        json.dumps([{"uuid": str(uuid4())}] * 21),
    ],
)
def test_what_is_no_batch_of_messages_is_refused_whole(records: str) -> None:
    answer = visitor("district").post("/hors-ligne/envoi/", {"records": records})
    assert answer.status_code == 400
    assert "expected" in answer.json()["sentence"]


@pytest.mark.parametrize(
    "wrong",
    [{"form": "unknown"}, {"form": None}, {"form": ["test"]}, {"version": 1}, {"version": 99}, {"version": "3"}, {"version": True},
     {"fields": None}, {"fields": {"other": "x"}}, {"fields": {"text": 5}}, {"fields": {"text": "a\x00b"}},
     {"fields": {"text": "x" * 20_001}}, {"person": None}, {"person": "1"}],
)  # fmt: skip
def test_a_wrong_message_is_answered_with_a_sentence_and_stops_no_other(wrong: dict[str, Any]) -> None:
    who = person("district")
    told = answers(send(visitor("district"), [message(who) | wrong, message(who)]))
    assert [one["state"] for one in told] == ["invalid", "kept"]
    assert len(told[0]["sentence"]) > 15
    assert len(DONE) == 1


def test_a_form_of_an_earlier_version_is_still_received() -> None:
    assert answers(send(visitor("district"), [message(person("district"), version=2)]))[0]["state"] == "kept"


@pytest.mark.parametrize("moment", ["yesterday", None, 5, "2025-02-14T09:30:00", "1970-01-01T00:00:00+00:00"])
def test_a_clock_that_says_nothing_counts_as_now(moment: Any) -> None:
    from kalanso.hub.offline.models import Received

    since = datetime.now(UTC)
    answers(send(visitor("district"), [message(person("district"), captured_at=moment)]))
    assert Received.objects.get().captured >= since


def test_sentences_are_in_the_language_of_the_page() -> None:
    row = message(person("district"), form="unknown")
    answer = visitor("district").post("/en/hors-ligne/envoi/", {"records": json.dumps([row])})
    assert answers(answer)[0]["sentence"] == "This form no longer exists. Copy your text into another."


def test_a_form_joins_once_and_an_undeclared_one_is_an_error() -> None:
    from kalanso.hub.offline.panels import offline_form

    assert 'data-offline="test" data-version="3" data-fields="text" data-photos="photo"' in offline_form(
        "test"
    )
    with pytest.raises(LookupError, match="joined"):
        offline_form("nothing")


def test_every_joined_form_names_a_function_that_exists() -> None:
    from django.utils.module_loading import import_string

    from kalanso.hub.offline.forms import joined

    assert {"people.comment", "people.comment_change"} <= set(joined())
    for one in joined().values():
        assert callable(import_string(one.receive))


def comment(who: Any, place: str, **options: Any) -> dict[str, Any]:
    fields = {"object_type": "place", "object_id": place, "place_code": place, "text": "Vu sans réseau", "answers": "",
              "photo_alt": "Un frigo"}  # fmt: skip
    return message(who, form="people.comment", version=1, fields=fields) | options


def test_a_comment_written_without_network_is_kept_with_its_photo_and_its_moment() -> None:
    from kalanso.hub.people.models import Comment, PlaceMirror

    place = PlaceMirror.objects.filter(level="district", flagged=False).first()
    assert place is not None
    out = BytesIO()
    Image.new("RGB", (60, 40), "red").save(out, "JPEG")
    row = comment(person("district", place.code), place.code)
    file = SimpleUploadedFile("photo.jpg", out.getvalue(), "image/jpeg")
    told = answers(send(visitor("district", place.code), [row], **{f"{row['uuid']}/photo": file}))

    kept = Comment.objects.get(key=row["uuid"])
    assert told[0] | {"sentence": ""} == told[0]
    assert told[0]["address"] == f"/lieux/{place.code}/#commentaire-{kept.pk}"
    assert (kept.text, kept.written) == ("Vu sans réseau", datetime.fromisoformat(WRITTEN))
    with kept.photo.open("rb") as file_kept, Image.open(file_kept) as image:
        assert image.size == (60, 40)


def test_a_comment_of_somebody_who_lost_the_right_is_refused_with_a_sentence_and_kept_nowhere() -> None:
    from kalanso.hub.people.models import Comment, PlaceMirror

    here, there = PlaceMirror.objects.filter(level="district", flagged=False)[:2]
    told = answers(send(visitor("district", here.code), [comment(person("district", here.code), there.code)]))
    assert told[0]["state"] == "invalid"
    assert "ne permettent pas" in told[0]["sentence"]
    assert not Comment.objects.exists()


def test_a_changed_comment_meets_a_conflict_and_then_takes_its_place() -> None:
    from kalanso.hub.people.models import Comment, PlaceMirror

    place = PlaceMirror.objects.filter(level="district", flagged=False).first()
    assert place is not None
    who, client = person("national"), visitor("national")
    first = comment(who, place.code)
    answers(send(client, [first]))
    change = {"form": "people.comment_change", "version": 1}
    fields = {"key": first["uuid"], "version": "1", "text": "d'ici"}
    answers(send(client, [message(who, fields=fields | {"text": "d'ailleurs"}, **change)]))

    row = message(who, fields=fields, **change)
    differs = answers(send(client, [row]))[0]
    assert differs["state"] == "conflict"
    assert differs["theirs"] == {"text": "d'ailleurs"}
    again = row | {"fields": fields | differs["merge"]}
    assert answers(send(client, [again]))[0]["state"] == "kept"
    assert Comment.objects.get().text == "d'ici"


@pytest.mark.parametrize("wrong", [{"key": "x"}, {"version": "x"}, {"key": str(uuid4())}])
def test_a_damaged_change_is_refused(wrong: dict[str, str]) -> None:
    fields = {"key": str(uuid4()), "version": "1", "text": "x"} | wrong
    row = message(person("national"), form="people.comment_change", version=1, fields=fields)
    assert answers(send(visitor("national"), [row]))[0]["state"] == "invalid"


def test_the_keeper_of_pages_is_named_by_edition_and_reaches_the_whole_site(hub: None) -> None:
    from django.conf import settings

    answer = stranger().get("/sw.js")
    text = answer.content.decode()
    assert answer["Content-Type"] == "text/javascript; charset=utf-8"
    assert (answer["Service-Worker-Allowed"], answer["Cache-Control"]) == ("/", "no-cache")
    known = json.loads(text.removeprefix("const KALANSO = ").split(";\n")[0])
    assert known["edition"] == settings.KALANSO_EDITION
    for address in known["shell"]:
        found = stranger().get(address)
        assert found.status_code == 200, address
        found.close()


def test_the_page_without_network_holds_nothing_of_anybody() -> None:
    for address in ("/hors-ligne/sans-reseau/", "/en/hors-ligne/sans-reseau/"):
        assert visitor("district").get(address).content == stranger().get(address).content


def test_the_manifest_names_icons_that_are_there() -> None:
    told = stranger().get("/hors-ligne/kalanso.webmanifest").json()
    assert told["start_url"] == "/"
    for icon in told["icons"]:
        answer = stranger().get(icon["src"])
        with Image.open(BytesIO(b"".join(answer))) as image:
            assert "{}x{}".format(*image.size) == icon["sizes"]
        answer.close()


@pytest.mark.parametrize("who", ["district", None])
def test_every_page_says_whose_it_is_and_only_named_ones_may_be_kept(
    who: str | None, quick_hand: Any
) -> None:
    client = visitor(who) if who else stranger()
    number = str(person(who).pk if who else 0)
    for address, kept in (
        ("/methode/", True),
        ("/glossaire/", True),
        ("/compte/login/", False),
        ("/nulle-part/", False),
    ):
        answer = client.get(address)
        if answer.status_code == 302:
            continue
        assert answer["X-Kalanso-Person"] == number
        assert answer.get("X-Kalanso-Keep") == ("1" if kept else None)
        assert f'data-person="{number}"' in answer.content.decode()


def test_every_page_that_may_be_kept_exists_and_none_is_of_accounts() -> None:
    from django.conf import settings

    known = {name for name in get_resolver().reverse_dict if isinstance(name, str)}
    assert known >= settings.KALANSO_KEPT_OFFLINE
    assert not [
        n
        for n in settings.KALANSO_KEPT_OFFLINE
        if n.startswith(("account", "mfa", "usersessions", "enter", "invit"))
    ]


def test_the_state_names_the_person_and_is_kept_by_no_cache() -> None:
    answer = visitor("district").get("/hors-ligne/etat/")
    assert answer.json()["person"] == person("district").pk
    assert stranger().get("/hors-ligne/etat/").json()["person"] == 0
    assert answer["Cache-Control"] == stranger().get("/hors-ligne/etat/")["Cache-Control"] == "no-store"


def test_scripts_of_a_page_stay_small() -> None:
    whole = b"".join((STATIC / f"{name}.js").read_bytes() for name in PROGRAMS)
    assert len(gzip.compress(whole, 9)) <= 12 * 1024


def test_scripts_say_no_sentence_of_their_own_and_every_word_they_ask_for_is_there() -> None:
    from kalanso.hub.offline.panels import words

    known, asked = set(words()), set()
    for path in STATIC.glob("*.js"):
        text = re.sub(r"//.*", "", path.read_text(encoding="utf-8"))
        asked |= set(re.findall(r"words\.(\w+)", text)) | set(re.findall(r"askCode\(\"(\w+)\"\)", text))
        for said in re.findall(r"\"([^\"\n]*)\"|`([^`\n]*)`", text):
            assert not re.search(r"[À-ÿ]|\b[a-z]+ [a-z]+ [a-z]+\b", "".join(said)) or "use strict" in said, (
                path.name,
                said,
            )
        assert "innerHTML" not in text
        assert "eval(" not in text
    assert asked <= known
    assert known <= asked | {"choose", "give", "give_file", "desk_url"}
