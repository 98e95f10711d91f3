"""Do several people talk of one finding in turn, signed and dated, and only those who may see it?"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError

from kalanso.quality.tables import QUALITY_FINDINGS
from kalanso.store import Store
from tests.hub.test_hub_pages import outline, text_of
from tests.hub.visitors import person, stranger, visitor

NOW = datetime(2025, 2, 15, 12, 0, tzinfo=UTC)


def write(client: Any, key: str, text: str, **more: str) -> Any:
    told = {"key": str(uuid4()), "text": text, **more}
    return client.post(f"/discussion/evidence.finding/{key}/ecrire/", told)


def test_a_centre_and_a_district_talk_of_a_finding_in_turn_on_its_page(
    finding: dict[str, Any],
    niono: str,
    quick_hand: Any,
) -> None:
    from kalanso.hub.people.models import Comment

    key = finding["key"]
    write(visitor("national"), key, "Est-ce une ressaisie ?")
    head = Comment.objects.get()
    sent = write(visitor("district", niono), key, "Non : trois séances mobiles.", answers=str(head.key))
    page = visitor("coach", niono).get(f"/preuves/alertes/{key}/")
    text = text_of(page)

    assert sent.headers["Location"] == f"/preuves/alertes/{key}/#commentaire-{Comment.objects.last().pk}"
    assert text.index("Est-ce une ressaisie ?") < text.index("Non : trois séances mobiles.")
    assert all(str(one.by) in text for one in Comment.objects.all())
    assert "Que disent les équipes de Ndébougou" in text
    assert 'name="text"' in page.content.decode(), "a coach of the place may answer too"


def test_the_talk_of_a_finding_is_not_the_talk_of_its_place(
    finding: dict[str, Any],
    quick_hand: Any,
) -> None:
    client = visitor("national")
    write(client, finding["key"], "Le registre est au district.")

    assert "Le registre est au district." not in text_of(
        client.get(f"/discussion/place/{finding['place_code']}/")
    )


def test_lists_say_how_much_was_said_of_a_finding(finding: dict[str, Any], quick_hand: Any) -> None:
    client = visitor("national")
    write(client, finding["key"], "Vu.")
    write(client, finding["key"], "Vu aussi.")
    rows = client.get(f"/preuves/alertes/?lieu={finding['place_code']}").context["rows"]

    assert {row["talked"] for row in rows if row["key"] == finding["key"]} == {2}
    assert {row["talked"] for row in rows if row["key"] != finding["key"]} <= {0}


def test_what_was_withdrawn_is_not_counted_and_donors_learn_no_number(
    finding: dict[str, Any],
    quick_hand: Any,
) -> None:
    from kalanso.hub.people.actions.discussion import withdraw_comment
    from kalanso.hub.people.models import Comment
    from kalanso.hub.people.queries.discussion import numbers

    write(visitor("national"), finding["key"], "Vu.")
    assert numbers(person("national"), "evidence.finding", [finding["key"]]) == {finding["key"]: 1}
    assert numbers(person("donor"), "evidence.finding", [finding["key"]]) == {}
    withdraw_comment(by=Comment.objects.get().by, key=Comment.objects.get().key, now=NOW)
    assert numbers(person("national"), "evidence.finding", [finding["key"]]) == {}


@pytest.mark.parametrize(
    ("role", "place", "reads", "writes"),
    [
        ("national", "", True, True), ("researcher", "", True, True), ("district", "Niono", True, True),
        ("facility", "Niono", True, True), ("district", "Bougouni", True, False), ("partner", "Bougouni", True, False),
        ("donor", "", False, False), ("reader", "", False, False),
    ],
)  # fmt: skip
def test_each_role_reads_and_writes_of_a_finding_just_where_its_rule_says(
    finding: dict[str, Any],
    code_of: Any,
    quick_hand: Any,
    role: str,
    place: str,
    reads: bool,
    writes: bool,
) -> None:
    client = visitor(role, code_of(place, "district") if place else "")
    page = client.get(f"/discussion/evidence.finding/{finding['key']}/")
    sent = write(client, finding["key"], "Vu.")

    assert page.status_code == (200 if reads else 404)
    assert sent.status_code == (302 if writes else 403 if reads else 404)


def test_a_finding_of_a_protected_place_is_discussed_by_cleared_people_only(
    small_store: Store, code_of: Any, quick_hand: Any
) -> None:
    from kalanso.hub.evidence.queries.findings import key_of
    from kalanso.hub.people.models import PlaceMirror

    yorosso = code_of("Yorosso", "district")
    path = PlaceMirror.objects.get(code=yorosso).path
    below = set(PlaceMirror.objects.filter(path__startswith=path).values_list("code", flat=True))
    rows = small_store.read(QUALITY_FINDINGS).to_pyarrow().to_pylist()
    key = next(key_of(row) for row in rows if row["place_code"] in below)
    write(visitor("district", yorosso), key, "La route est fermée.")

    for client, status in (
        (visitor("district", yorosso), 200), (visitor("national"), 200), (visitor("partner"), 404),
        (visitor("district", code_of("Bougouni", "district")), 404),
    ):  # fmt: skip
        answer = client.get(f"/discussion/evidence.finding/{key}/")
        assert answer.status_code == status
        assert ("La route est fermée." in answer.content.decode()) == (status == 200)


def test_a_finding_that_is_not_there_is_not_discussed(quick_hand: Any) -> None:
    from kalanso.hub.people.actions.discussion import write_comment

    for key in ("f" * 64, "short"):
        assert visitor("national").get(f"/discussion/evidence.finding/{key}/").status_code == 404
        with pytest.raises(ValidationError):
            write_comment(
                by=person("national"), key=uuid4(), object_type="evidence.finding", object_id=key, place_code="ML",
                text="Vu.", written=NOW, now=NOW,
            )  # fmt: skip
    assert stranger().get(f"/discussion/evidence.finding/{'f' * 64}/").status_code == 302


def test_who_follows_a_finding_is_told_and_the_trail_names_what_was_said(
    finding: dict[str, Any],
    niono: str,
    quick_hand: Any,
) -> None:
    from kalanso.hub.people.models import Notification

    write(visitor("district", niono), finding["key"], "Je recompte.")
    write(visitor("national"), finding["key"], "Merci.")
    told = Notification.objects.get(sentence="people.commented")

    assert told.address.startswith(f"/preuves/alertes/{finding['key']}/#commentaire-")
    assert "Ndébougou" in told.params["about"]
    assert "commentaire" in text_of(visitor("national").get("/traces/"))


def test_the_discussion_speaks_english_too(finding: dict[str, Any], quick_hand: Any) -> None:
    page = visitor("national").get(f"/en/preuves/alertes/{finding['key']}/")

    assert "What the teams of the place itself say" in text_of(page)
    assert len(outline(page).all("h1")) == 1
