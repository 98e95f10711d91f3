"""Can people read who changed what, in sentences, and only what is theirs to read?"""

from __future__ import annotations

import ast
import csv
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from tests.hub.visitors import person, stranger, visitor

HUB = Path(__file__).resolve().parents[2] / "kalanso" / "hub"
NOW = datetime.now(UTC)


def event(by: Any, place: str = "", *, at: datetime = NOW, thing: Any = None, **told: Any) -> Any:
    from kalanso.hub.people.actions.trail import record

    with transaction.atomic():
        return record(
            by=by,
            verb="people.role_given",
            thing=thing or by.memberships.first(),
            now=at,
            place_code=place,
            **told,
        )


def page(client: Any, address: str = "/traces/") -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return str(answer.content.decode().replace("’", "'"))


def recorded_verbs() -> dict[str, str]:
    """Every verb that code records, with the file that does."""
    found = {}
    for path in HUB.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = (
                    node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                )
                for word in node.keywords:
                    if name == "record" and word.arg == "verb" and isinstance(word.value, ast.Constant):
                        found[str(word.value.value)] = str(path.relative_to(HUB))
    return found


def test_every_verb_that_is_recorded_has_a_sentence() -> None:
    from kalanso.hub.people.queries.trail import declared

    recorded = recorded_verbs()
    assert len(recorded) > 10
    assert {verb: where for verb, where in recorded.items() if verb not in declared()} == {}


def recorded_fields() -> dict[str, str]:
    """Every field that code hands to the trail by name, with the file that does."""
    found = {}
    for path in HUB.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            given = list(node.args[1:]) if name == "state_of" else []
            for word in node.keywords if name == "record" else ():
                if word.arg in {"before", "after"} and isinstance(word.value, ast.Dict):
                    given += [key for key in word.value.keys if key is not None]
            for one in given:
                if isinstance(one, ast.Constant):
                    found[str(one.value)] = str(path.relative_to(HUB))
    return found


def test_every_field_that_is_recorded_has_a_name_for_people() -> None:
    from kalanso.hub.evidence.actions.sources import COLUMNS
    from kalanso.hub.people.queries.trail import named_fields

    recorded = recorded_fields() | dict.fromkeys(COLUMNS, "evidence")
    assert len(recorded) > 20
    assert {name: where for name, where in recorded.items() if name not in named_fields()} == {}


def lines_of(object_type: str, before: dict[str, Any], after: dict[str, Any], name: str = "x") -> Any:
    from kalanso.hub.people.models import Event
    from kalanso.hub.people.queries.trail import lines

    told = Event(
        at=NOW, verb="people.commented", object_type=object_type, object_id="1", object_name=name,
        before=before, after=after,
    )  # fmt: skip
    return lines([told])[0]


@pytest.mark.parametrize(
    ("object_type", "field", "before", "after", "reads"),
    [
        ("evidence.placename", "decision", "open", "place", ("Décision", "À décider", "C'est ce lieu")),
        ("evidence.placename", "place_code", "", "CODE", ("Lieu", "non dit", "Niono")),
        ("people.membership", "place_code", "", "CODE", ("Lieu", "tout le pays", "Niono")),
        ("people.membership", "role", "coach", "district", ("Rôle", "Coach", "Équipe de district")),
        ("people.membership", "ends", None, "2025-02-14", ("Fin", "", "14/02/2025")),
        ("people.organisation", "kind", "un", "cso", ("Genre", "Nations unies", "Société civile")),
        ("evidence.upload", "state", "tried", "published", ("État", "À relire avant publication", "Publié")),
        ("evidence.findingstatus", "status", "new", "known", ("Statut", "Nouvelle", "Demandée, réponse attendue")),
        ("evidence.run", "gates", "x", "fine", ("Les contrôles des tirages sont passés", "x", "vu, rien à redire")),
        ("api.token", "parts", "['me']", "['me', 'jobs']", ("Ce qu'il ouvre", "Qui je suis", "Qui je suis, Mes travaux")),
        ("gone.record", "state", "a", "b", ("État", "a", "b")),
    ],
)  # fmt: skip
def test_a_changed_field_reads_in_words(
    object_type: str, field: str, before: Any, after: Any, reads: tuple[str, ...], code_of: Any
) -> None:
    code = code_of("Niono", "district")
    known = {"CODE": code}
    line = lines_of(object_type, {field: known.get(before, before)}, {field: known.get(after, after)})
    assert tuple(text.replace("’", "'") for text in line.changes[0]) == reads
    assert line.technical == ()


def test_a_new_record_tells_only_what_it_has_and_keeps_what_is_technical_apart(code_of: Any) -> None:
    code = code_of("Niono", "district")
    after = {"text": "Une crue", "photo_alt": "", "photo": False, "version": 1}
    line = lines_of("people.comment", {}, after, name=code)
    assert line.says.endswith("a écrit un commentaire sur Niono.")
    assert [field for field, _before, _after in line.changes] == ["Texte"]
    assert [(field, now) for field, _before, now in line.technical] == [("Version", "1")]
    sheet = lines_of("evidence.upload", {}, {"import": "7", "snapshots": "imports-000002"})
    assert sheet.changes == ()
    assert {now for _field, _before, now in sheet.technical} == {"7", "imports-000002"}


def test_every_sentence_fills_with_who_what_and_place() -> None:
    from kalanso.hub.people.queries.trail import declared

    for verb, says in declared().items():
        told = str(says) % {"who": "Awa", "what": "Niono", "place": "Ségou"}
        assert "Awa" in told, verb


def test_a_change_is_told_with_who_why_before_and_after(code_of: Any) -> None:
    from kalanso.hub.people.actions.persons import end_membership

    who = person("district", code_of("Niono", "district"), name="awa")
    end_membership(by=person("national"), membership=who.memberships.get(), reason="mutation", now=NOW)
    told = page(visitor("national"))

    assert "a mis fin à un rôle de awa" in told
    assert "« mutation »" in told
    assert '<th scope="col">Avant</th>' in told
    assert "Niono" in told


def test_events_are_never_changed_or_removed() -> None:
    from django.core.exceptions import PermissionDenied

    kept = event(person("national"))
    with pytest.raises(PermissionDenied):
        kept.save()
    with pytest.raises(PermissionDenied):
        kept.delete()


@pytest.mark.parametrize(
    ("role", "home", "reads"),
    [
        ("national", "", True),
        ("administrator", "", True),
        ("researcher", "", True),
        ("region", "Ségou", True),
        ("district", "Niono", True),
        ("region", "Sikasso", False),
        ("partner", "", False),
        ("donor", "", False),
        ("editor", "", False),
        ("reader", "", False),
    ],
)
def test_the_trail_of_a_place_is_for_those_who_answer_for_it(
    role: str, home: str, reads: bool, code_of: Any
) -> None:
    level = "district" if home == "Niono" else "region"
    code = code_of("Niono", "district")
    event(person("national"), code, reason="raison-secrète")
    client = visitor(role, code_of(home, level) if home else "")

    assert ("raison-secrète" in page(client)) is reads
    answer = client.get(f"/traces/lieu/{code}/")
    assert answer.status_code == (200 if reads else 404)


def test_visitors_are_led_to_the_login_page() -> None:
    for address in ("/traces/", "/traces/lieu/ML/", "/traces/personne/1/", "/traces/people.person/1/"):
        assert stranger().get(address).status_code == 302


def test_everybody_reads_what_they_did_and_what_was_done_to_them() -> None:
    from kalanso.hub.people.actions.persons import give_role

    who = person("partner", name="oumar")
    give_role(
        by=person("administrator"), person=who, organisation=who.memberships.get().organisation, role="reader",
        now=NOW, reason="raison-donnée",
    )  # fmt: skip
    assert "raison-donnée" in page(visitor("partner", name="oumar"))
    assert "raison-donnée" not in page(visitor("partner", name="autre"))


@pytest.fixture
def flagged(code_of: Any) -> str:
    """A health area under a security flag."""
    from kalanso.hub.people.models import PlaceMirror

    code = code_of("Ndébougou", "health_area")
    PlaceMirror.objects.filter(code=code).update(flagged=True)
    return code


def test_what_happens_in_a_protected_area_reaches_others_only_as_counts_of_past_months(
    flagged: str, code_of: Any
) -> None:
    by, last_month = person("national", name="chef"), NOW.replace(day=1) - timedelta(days=3)
    event(by, flagged, at=last_month, reason="secret-passé")
    event(by, flagged, at=last_month, reason="secret-passé")
    event(by, flagged, reason="secret-de-ce-mois")
    told = page(visitor("researcher"))

    assert "secret" not in told
    assert "Ndébougou" not in told
    assert f'<td>{last_month:%m/%Y}</td><td>Niono</td><td class="number">2</td>' in told
    assert f"<td>{NOW:%m/%Y}</td>" not in told
    near = page(visitor("district", code_of("Niono", "district")))
    assert "secret-passé" in near
    assert "Dans les zones protégées" not in near


def test_no_page_or_file_of_an_outsider_tells_a_flagged_event(flagged: str) -> None:
    by = person("national", name="chef")
    kept = event(by, flagged, reason="secret")
    client = visitor("researcher")
    addresses = (
        "/traces/?csv=1", f"/traces/?avant={kept.pk + 1}", f"/traces/lieu/{flagged}/", f"/traces/lieu/{flagged}/?csv=1",
        f"/traces/{kept.object_type}/{kept.object_id}/", "/traces/?qui=chef", "/traces/organisation/house/",
    )  # fmt: skip
    for address in addresses:
        answer = client.get(address)
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        assert b"secret" not in body, address


def test_an_object_of_which_nothing_may_be_read_is_not_there(code_of: Any) -> None:
    kept = event(person("national"), code_of("Sikasso", "region"))
    address = f"/traces/{kept.object_type}/{kept.object_id}/"
    assert visitor("national").get(address).status_code == 200
    assert visitor("district", code_of("Niono", "district")).get(address).status_code == 404
    assert visitor("national").get("/traces/people.person/999999/").status_code == 404


def test_pages_go_on_from_the_last_event_without_counting_the_trail() -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    by = person("national")
    for number in range(70):
        event(by, at=NOW - timedelta(minutes=number), reason=f"n{number:03}.")
    client = visitor("national")
    seen, address = [], "/traces/?qui=national-all-house"
    with CaptureQueriesContext(
        connection,
    ) as asked:
        for _ in range(3):
            told = page(client, address)
            seen += [number for number in range(70) if f"n{number:03}." in told]
            address = "/traces/" + told.partition('class="pager"><a href="/traces/')[2].partition('"')[
                0
            ].replace("&amp;", "&")
    assert seen == list(range(70))
    of_the_trail = [q["sql"] for q in asked.captured_queries if 'FROM "people_event"' in q["sql"]]
    assert not [sql for sql in of_the_trail if "COUNT(" in sql and "GROUP BY" not in sql]
    assert [sql for sql in of_the_trail if "LIMIT 31" in sql]


@pytest.mark.parametrize(
    "question", ["avant=x", "avant=99999999999999999999", "depuis=hier", "quoi=rien", "jusque=2025-13-45"]
)
def test_a_question_that_makes_no_sense_is_answered_with_a_page(question: str) -> None:
    assert visitor("national").get(f"/traces/?{question}").status_code == 200


def test_the_trail_is_narrowed_by_verb_person_and_days() -> None:
    by, other = person("national"), person("administrator")
    event(by, at=NOW - timedelta(days=10), reason="vieux-fait")
    event(other, reason="fait-récent")
    client, day = visitor("national"), (NOW - timedelta(days=5)).date()
    assert "vieux-fait" not in page(client, f"/traces/?depuis={day}")
    assert "fait-récent" not in page(client, f"/traces/?jusque={day}")
    assert "fait-récent" not in page(client, "/traces/?qui=national-all-house")
    assert "fait-récent" not in page(client, "/traces/?quoi=people.invited")
    assert "fait-récent" in page(client, "/traces/?quoi=people.role_given")


def test_the_file_holds_the_same_lines_and_no_formula() -> None:
    event(person("national"), reason="=cmd|' /C calc'!A0")
    answer = visitor("national").get("/traces/?csv=1")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))

    assert answer["Content-Disposition"] == 'attachment; filename="traces.csv"'
    assert any(row["Pourquoi"] == "'=cmd|' /C calc'!A0" for row in rows)
    assert not [cell for row in rows for cell in row.values() if cell and cell[0] in "=+-@"]


def test_the_same_event_is_read_in_english() -> None:
    event(person("national"))
    assert "gave" in visitor("national").get("/en/traces/").content.decode()


def test_a_new_password_is_read_by_those_who_answer_for_the_persons_place(code_of: Any) -> None:
    from kalanso.hub.people.actions.persons import reset_password

    who = person("facility", code_of("Niono", "district"), name="moussa")
    reset_password(by=person("national"), person=who, reason="mot-oublié", now=NOW)
    assert "mot-oublié" in page(visitor("region", code_of("Ségou", "region")))
    assert "mot-oublié" not in page(visitor("region", code_of("Sikasso", "region")))
