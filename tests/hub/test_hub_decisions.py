"""Does a meeting speak of what changed, does each decision say on what it rests, and is the chain walked both ways?"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from tests.hub import portfolio_follow_up_desk as desk
from tests.hub.portfolio_follow_up_desk import ACTIONS, BARRIERS, DECISIONS, MEETINGS, NOW, TODAY, mark
from tests.hub.test_hub_pages import text_of
from tests.hub.visitors import person, visitor


@pytest.fixture(autouse=True)
def drawn(quick_hand: Any) -> None:
    """Figures cost nothing here."""


@pytest.fixture
def team(niono: str) -> Any:
    """Somebody of the team of Niono, whose browser is `awa`."""
    return person("district", niono)


def test_the_agenda_is_what_changed_since_the_meeting_before(awa: Any, team: Any, niono: str) -> None:
    long_ago = NOW - timedelta(days=40)
    desk.met(team, niono, TODAY - timedelta(days=30), "Revue précédente")
    old = desk.named(team, niono, at=long_ago, what="Ancien obstacle dont on a parlé.")
    new = desk.named(team, niono, what="Nouvel obstacle à discuter.")
    lifted = desk.moved(
        team,
        desk.named(team, niono, at=long_ago, what="La piste était coupée."),
        "lifted",
        "La piste est ouverte.",
    )
    overdue = desk.late(desk.set_by(team, niono), 5)
    done = desk.set_by(team, niono)
    desk.closed(team, done)
    desk.cell(niono, code="INT-007", state="delayed", reason="véhicule en panne", since=NOW)
    desk.cell(niono, code="INT-008", since=long_ago)
    meeting = desk.met(team, niono)
    page = text_of(awa.get(f"{MEETINGS}{meeting.pk}/"))
    for words in (
        new.what,
        lifted.what,
        overdue.reference,
        done.reference,
        "INT-007",
        "véhicule en panne",
        "Revue précédente",
    ):
        assert words in page.replace("’", "'"), words
    assert old.what not in page
    assert "INT-008" not in page


def test_the_first_meeting_of_a_place_looks_back_a_quarter(team: Any, niono: str) -> None:
    from kalanso.hub.portfolio.queries import agenda

    meeting = desk.met(team, niono)
    assert agenda.since(meeting) == TODAY - timedelta(days=92)
    assert agenda.agenda(team, meeting) == []


def test_minutes_are_written_and_not_lost_to_another_writer(awa: Any, team: Any, niono: str) -> None:
    form = desk.form(awa, f"{MEETINGS}nouvelle/", title="Revue", date=TODAY.isoformat(), place=niono)
    assert awa.post(f"{MEETINGS}nouvelle/", form).status_code == 302
    assert awa.post(f"{MEETINGS}nouvelle/", form).status_code == 422, "noted twice is one meeting"
    from kalanso.hub.portfolio.models import Meeting

    one = Meeting.objects.get(title="Revue")
    here = f"{MEETINGS}{one.pk}/"
    told = desk.form(
        awa,
        f"{here}modifier/",
        minutes="On a parlé de la moto.",
        present=[desk.house().pk],
        date=TODAY.isoformat(),
    )
    assert awa.post(f"{here}modifier/", told).status_code == 302
    assert "On a parlé de la moto." in text_of(awa.get(here))
    again = awa.post(f"{here}modifier/", {**told, "minutes": "Autre chose."})
    assert again.status_code == 422
    assert "pendant que vous écriviez" in text_of(again)
    assert "compte rendu écrit" in text_of(awa.get(MEETINGS))


def test_a_decision_without_a_ground_is_refused(awa: Any, team: Any, niono: str) -> None:
    form = desk.form(
        awa,
        f"{DECISIONS}nouvelle/",
        text="Ouvrir deux séances.",
        body="Comité",
        place=niono,
        date=TODAY.isoformat(),
    )
    answer = awa.post(f"{DECISIONS}nouvelle/", form)
    assert answer.status_code == 422
    assert "Une décision dit sur quoi elle s'appuie" in text_of(answer).replace("’", "'")
    half = awa.post(f"{DECISIONS}nouvelle/", {**form, "number": "6 sur 8"})
    assert half.context["form"].errors["source"]
    full = awa.post(f"{DECISIONS}nouvelle/", {**form, "number": "6 séances sur 8", "source": "registre"})
    assert full.status_code == 302
    assert "registre : 6 séances sur 8" in text_of(awa.get(full["Location"]))
    with pytest.raises(ValidationError):
        desk.decided(team, niono, rests_on=("portfolio.factor:987654",))


def test_the_chain_is_walked_from_the_estimate_to_the_action_and_back(
    awa: Any, team: Any, niono: str
) -> None:
    cell = desk.cell(niono)
    factor = desk.named(team, niono, cell=cell, rests_on=f"place_estimate:{niono}")
    meeting = desk.met(team, niono)
    decision = desk.decided(
        team,
        niono,
        rests_on=(mark(factor),),
        meeting=meeting,
        cells=[cell],
        interventions=[cell.intervention],
    )
    action = desk.set_by(team, niono, rests_on=mark(decision))

    def leads(address: str, to: str) -> bool:
        return f'href="{to}"' in awa.get(address).content.decode()

    estimate, barrier = f"/lieux/{niono}/estimation/", f"{BARRIERS}{factor.pk}/"
    decided, acted = f"{DECISIONS}{decision.reference}/", f"{ACTIONS}{action.reference}/"
    assert leads(barrier, decided), "forwards"
    assert leads(decided, acted)
    assert leads(acted, decided), "backwards"
    assert leads(decided, barrier)
    assert leads(barrier, estimate)
    assert leads(f"{MEETINGS}{meeting.pk}/", decided)
    assert leads(decided, f"{MEETINGS}{meeting.pk}/")
    from kalanso.hub.people.queries import citations

    def names(chain: Any) -> set[str]:
        return {line.cited.object_type for line in chain.lines}

    assert names(citations.cited_by(team, "place_estimate", niono)) == {"portfolio.factor"}
    assert names(citations.cited_by(team, "portfolio.cell", str(cell.pk))) == {
        "portfolio.factor",
        "portfolio.decision",
    }
    assert names(citations.cited_by(team, "portfolio.intervention", str(cell.intervention_id))) == {
        "portfolio.decision"
    }


def test_the_points_of_an_agenda_are_offered_as_grounds(awa: Any, team: Any, niono: str) -> None:
    factor = desk.named(team, niono)
    meeting = desk.met(team, niono)
    address = f"{DECISIONS}nouvelle/?from={mark(meeting)}"
    form = awa.get(address).context["form"]
    assert [value for value, _words in form.fields["grounds"].choices] == [mark(factor)]
    told = desk.form(
        awa, address, text="Réparer.", body="Comité", date=TODAY.isoformat(), grounds=[mark(factor)]
    )
    answer = awa.post(address, told)
    assert answer.status_code == 302, answer.context["form"].errors
    assert "Réparer." in text_of(awa.get(f"{MEETINGS}{meeting.pk}/"))


def test_a_decision_from_a_finding_or_a_place_is_preset(awa: Any, niono: str, small_store: Any) -> None:
    from kalanso.hub.evidence.queries.findings import key_of
    from kalanso.hub.people.models import PlaceMirror
    from kalanso.quality.tables import QUALITY_FINDINGS

    rows = small_store.read(QUALITY_FINDINGS).to_pyarrow().to_pylist()
    inside = set(PlaceMirror.objects.filter(path__contains=f"/{niono}/").values_list("code", flat=True))
    row = next((one for one in rows if one["place_code"] in inside), rows[0])
    page = visitor("national").get(f"{DECISIONS}nouvelle/?from=evidence.finding:{key_of(row)}")
    assert "Alerte de qualité" in text_of(page)
    assert page.context["form"].initial["grounds"] == [f"evidence.finding:{key_of(row)}"]
    finding = visitor("national").get(f"/preuves/alertes/{key_of(row)}/").content.decode()
    assert f"/agir/decisions/nouvelle/?from=evidence.finding%3A{key_of(row)}" in finding
    assert "/agir/obstacles/nouveau/?from=place%3A" in awa.get(f"/lieux/{niono}/").content.decode()


def test_a_decision_is_corrected_and_keeps_its_grounds(awa: Any, team: Any, niono: str) -> None:
    one = desk.decided(team, niono)
    here = f"{DECISIONS}{one.reference}/"
    told = desk.form(awa, f"{here}modifier/", text="Ouvrir trois séances.", date=TODAY.isoformat())
    assert awa.post(f"{here}modifier/", told).status_code == 302
    page = text_of(awa.get(here))
    assert "Ouvrir trois séances." in page
    assert "registre du CSCom" in page
    assert awa.post(f"{here}modifier/", {**told, "text": "Quatre."}).status_code == 422


def test_who_may_not_decide_or_meet_is_refused(team: Any, niono: str) -> None:
    for role in ("partner", "donor", "facility", "researcher", "administrator"):
        with pytest.raises(PermissionDenied):
            desk.decided(person(role, niono if role in {"partner", "facility"} else ""), niono)
    with pytest.raises(PermissionDenied):
        desk.decided(team, "")
    with pytest.raises(PermissionDenied):
        desk.met(team, "")


def test_a_number_is_asked_before_the_long_list_of_grounds(hub: None) -> None:
    """A meeting offers dozens of grounds to tick; on a telephone nobody would find the number below them."""
    from kalanso.hub.people.queries.citations import Cited
    from kalanso.hub.portfolio.forms.decisions import DecisionForm

    offered = [
        Cited(
            object_type="portfolio.factor",
            object_id="1",
            kind="Obstacle",
            name="Une piste coupée",
            address="/",
        )
    ]
    names = [field.name for field in DecisionForm(person("national"), today=TODAY, offered=offered).usual]
    assert names[-3:] == ["number", "source", "grounds"]
