"""Does a report go from a team's telephone to approval by somebody else, once, and does everybody see who has not reported?"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from PIL import Image

from tests.hub.portfolio_desk import NOW, PAGE, intervention, planned, reported
from tests.hub.test_hub_pages import text_of
from tests.hub.visitors import person, visitor

FORM = {
    "version": "0",
    "quantity": "12",
    "reached": "40",
    "expected": "55",
    "narrative": "Trois soirs",
    "send": "1",
}


@pytest.fixture(autouse=True)
def hand(quick_hand: Any) -> None:
    """Nothing is drawn here."""


@pytest.fixture
def cell(hub: None, niono: str) -> Any:
    by = person("national")
    return planned(by, intervention(by), niono, state="ongoing")


@pytest.fixture
def team(cell: Any, niono: str) -> Any:
    return person("district", niono)


def address(cell: Any, period: str = "2025Q1") -> str:
    return f"{PAGE}ligne/{cell.pk}/rapport/{period}/"


def test_a_report_is_sent_approved_by_another_and_counts_then_alone(cell: Any, team: Any) -> None:
    from kalanso.hub.people.models import Notification
    from kalanso.hub.portfolio.actions.reports import approve
    from kalanso.hub.portfolio.queries.reports import progress

    one = reported(team, cell)
    assert (one.state, progress(team, cell).done, progress(team, cell).waiting) == ("submitted", 0, 1)
    done = approve(by=person("national"), one=one, version=1, now=NOW)
    assert (done.state, progress(team, cell).done, progress(team, cell).share(48)) == ("approved", 12, 0.25)
    assert Notification.objects.get(person=team).sentence == "portfolio.report_approved"
    with pytest.raises(ValidationError, match="pendant que vous écriviez"):
        reported(team, cell, version=2, quantity=99)


def test_nobody_approves_their_own_report(cell: Any) -> None:
    from kalanso.hub.portfolio.actions.reports import approve
    from kalanso.hub.portfolio.models import Report

    by = person("national")
    one = reported(by, cell)
    with pytest.raises(ValidationError, match="autre personne"):
        approve(by=by, one=one, version=1, now=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        Report.objects.filter(pk=one.pk).update(state="approved", reviewed=NOW, reviewed_by=by)


def test_a_returned_report_says_why_and_is_sent_again(cell: Any, team: Any) -> None:
    from kalanso.hub.portfolio.actions.reports import send_back

    one = reported(team, cell)
    with pytest.raises(ValidationError, match="à corriger"):
        send_back(by=person("national"), one=one, note=" ", version=1, now=NOW)
    send_back(by=person("national"), one=one, note="Combien en mars ?", version=1, now=NOW)
    client = visitor("district", cell.place_code)
    assert "Combien en mars ?" in text_of(client.get(address(cell)))
    assert client.post(address(cell), FORM | {"version": "2", "quantity": "15"}).status_code == 302
    one.refresh_from_db()
    assert (one.state, one.quantity, one.note, one.version) == ("submitted", 15, "", 3)


@pytest.mark.parametrize(
    ("period", "changes", "code"),
    [
        ("2025Q2", {}, "period"), ("2024Q4", {}, "period"), ("2025Q5", {}, "period"), ("2025", {}, "period"), ("x", {}, "period"),
        ("2025Q1", {"quantity": None}, "quantity"), ("2025Q1", {"reached": 60}, "reached"),
    ],
)  # fmt: skip
def test_what_cannot_be_reported_is_refused(
    cell: Any, team: Any, period: str, changes: dict[str, Any], code: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        reported(team, cell, period, **changes)
    assert caught.value.code == code


def test_a_draft_needs_no_quantity_and_only_its_circle_reads_it(cell: Any, team: Any) -> None:
    reported(team, cell, quantity=None, send=False)
    assert "Brouillon" in text_of(visitor("district", cell.place_code).get(address(cell)))
    assert visitor("donor").get(address(cell)).status_code == 404
    assert visitor("researcher").get(address(cell)).status_code == 404


def test_a_message_of_a_telephone_is_kept_once_and_differs_aloud(cell: Any, team: Any) -> None:
    from kalanso.hub.offline.actions import keep
    from kalanso.hub.offline.forms import Sent
    from kalanso.hub.portfolio.models import Report

    def sent(**fields: str) -> Any:
        told = FORM | {"cell": str(cell.pk), "period": "2025Q1"} | fields
        return keep(
            by=team,
            sent=Sent(uuid=fields_uuid[0], form="portfolio.report", version=1, captured=NOW, fields=told),
            now=NOW,
        )

    fields_uuid = [uuid4()]
    assert sent(send="0").state == "kept"
    assert sent(send="0").state == "already"
    assert Report.objects.count() == 1
    fields_uuid[0] = uuid4()
    answer = sent(version="0", quantity="20")
    assert (answer.state, answer.theirs["quantity"], answer.merge) == ("conflict", "12", {"version": "1"})
    assert sent(version="1", quantity="20").state == "kept"
    fields_uuid[0] = uuid4()
    assert sent(version="2", quantity="21").state == "invalid"
    assert Report.objects.get().quantity == 20
    for wrong in ({"quantity": "douze"}, {"cell": "987654"}, {"cell": "x"}, {"period": "2031Q1"}):
        fields_uuid[0] = uuid4()
        assert sent(**wrong).state == "invalid"


def test_who_has_not_reported_is_shown_by_organisation_and_district(
    cell: Any, team: Any, code_of: Any
) -> None:
    from kalanso.hub.portfolio.queries.who_reported import status

    by = person("national")
    other = planned(by, intervention(by, "INT-002"), code_of("Bougouni", "district"), state="ongoing")
    planned(by, intervention(by, "INT-003"), cell.place_code, begins=date(2026, 1, 1), ends=None)
    planned(by, intervention(by, "INT-004"), cell.place_code, state="dropped", reason="fonds repris")
    reported(team, cell)
    told = status(by, "2025Q1")
    assert (told.expected, told.received, [one.pk for one in told.missing]) == (
        2,
        1,
        [other.pk],
    )
    assert dict(told.organisations)["House"] == {"submitted": 1, "none": 1}


def test_who_answers_for_a_cell_is_reminded_once_a_quarter(cell: Any, team: Any) -> None:
    from kalanso.hub.people.models import Notification
    from kalanso.hub.portfolio.actions.cells import correct_plan
    from kalanso.hub.portfolio.actions.reports import remind

    correct_plan(by=person("national"), one=cell, said={"owner": team}, version=1, now=NOW)
    april = datetime(2025, 4, 7, 6, 0, tzinfo=UTC)
    assert [remind(now=april), remind(now=april)] == [1, 0]
    assert Notification.objects.get(person=team).params["quarter"] == "2025Q1"
    reported(team, cell)
    Notification.objects.all().delete()
    assert remind(now=april) == 0


def test_words_and_photos_of_protected_work_stay_with_the_team(hub: None, niono: str) -> None:
    from kalanso.hub.portfolio.actions.reports import approve

    by, photo = person("national"), BytesIO()
    Image.new("RGB", (8, 8), "red").save(photo, "JPEG")
    one = planned(by, intervention(by), niono, state="ongoing", sensitive=True)
    told = reported(
        person("district", niono),
        one,
        narrative="Passés par Siribala",
        photo=photo.getvalue(),
        photo_alt="La piste",
    )
    approve(by=by, one=told, version=1, now=NOW)
    for role, open_ in {"national": True, "partner": True, "donor": False, "researcher": False}.items():
        client = visitor(role)
        said = text_of(client.get(address(one)))
        assert ("Siribala" in said) is open_, role
        assert "12" in said
        assert (client.get(f"{PAGE}rapport/{told.pk}/photo/").status_code == 200) is open_, role


def test_only_those_of_the_place_and_the_organisation_report_and_only_above_approve(
    cell: Any, team: Any, code_of: Any
) -> None:
    from kalanso.hub.portfolio.actions.reports import approve

    for who in (
        person("partner", organisation="other"),
        person("district", code_of("Bougouni", "district")),
        person("researcher"),
        person("donor"),
    ):
        with pytest.raises(PermissionDenied):
            reported(who, cell)
    one = reported(person("partner"), cell)
    for who in (team, person("partner", name="colleague"), person("region", code_of("Sikasso", "region"))):
        with pytest.raises(PermissionDenied):
            approve(by=who, one=one, version=1, now=NOW)
    assert (
        approve(by=person("region", code_of("Ségou", "region")), one=one, version=1, now=NOW).state
        == "approved"
    )


def test_the_pages_lead_from_the_cell_to_the_report_and_to_its_review(cell: Any, team: Any) -> None:
    client, above = visitor("district", cell.place_code), visitor("national")
    assert client.post(address(cell), FORM | {"reached": "60"}).status_code == 422
    assert client.post(address(cell), FORM).status_code == 302
    assert "1 rapport attend" in text_of(above.get(f"{PAGE}ligne/{cell.pk}/"))
    assert "INT-001" in text_of(above.get(f"{PAGE}rapports/?trimestre=2025Q1"))
    assert above.post(f"{address(cell)}renvoyer/", {"version": 1, "note": ""}).status_code == 422
    assert above.post(f"{address(cell)}approuver/", {"version": 1}).status_code == 302
    assert "Approuvé" in text_of(visitor("donor").get(address(cell)))
    assert "Fait et approuvé : 12 sur 48" in text_of(client.get(f"{PAGE}ligne/{cell.pk}/"))


def test_an_obstacle_rests_on_a_report_and_both_lead_to_each_other(cell: Any, team: Any) -> None:
    from kalanso.hub.portfolio.actions.factors import name_factor
    from kalanso.hub.portfolio.actions.reports import send_back
    from kalanso.hub.portfolio.queries.reports_cited import of_reports

    one = reported(team, cell)
    send_back(by=person("national"), one=one, note="Combien en mars ?", version=1, now=NOW)
    said = {
        "kind": "barrier", "domain": "access", "level": "facility", "place_code": cell.place_code, "severity": 4, "what": "La moto est en panne.",
        "cell": cell,
    }  # fmt: skip
    made = name_factor(
        by=team,
        key=uuid4(),
        written=NOW,
        now=NOW,
        rests_on=f"portfolio.report:{one.pk}",
        number="",
        source="",
        said=said,
    )
    client = visitor("district", cell.place_code)
    assert f"/agir/obstacles/{made.pk}/" in client.get(address(cell)).content.decode()
    assert address(cell) in client.get(f"/agir/obstacles/{made.pk}/").content.decode()
    assert f"/agir/obstacles/{made.pk}/" in client.get(f"{PAGE}ligne/{cell.pk}/").content.decode()
    [part] = of_reports(person("national"), "", date(2025, 2, 1), date(2025, 3, 11))
    assert [point.beside for point in part.points] == ["Combien en mars ?"]
    assert of_reports(person("donor"), "", date(2025, 2, 1), date(2025, 3, 11))[0].total == 0


def test_a_telephone_keeps_the_forms_that_wait_but_nothing_of_a_protected_line(hub: None, niono: str) -> None:
    from kalanso.hub.portfolio.queries.waiting import to_report

    by, ends = person("national"), date(2040, 12, 31)
    open_ = planned(by, intervention(by), niono, state="ongoing", ends=ends)
    secret = planned(by, intervention(by, "INT-002"), niono, state="ongoing", ends=ends, sensitive=True)
    team = visitor("district", niono)

    for one, kept in ((open_, "1"), (secret, "0")):
        for page in (address(one), f"{PAGE}ligne/{one.pk}/"):
            assert team.get(page)["X-Kalanso-Keep"] == kept, page
    waiting = {task.address: task.in_the_field for task in to_report(person("district", niono))}
    assert set(waiting.values()) == {True, False}
    said = team.get("/moi/").content.decode()
    for where, kept_before in waiting.items():
        assert (f'href="{where}" data-keep' in said) is kept_before, where


def test_what_has_no_owner_waits_for_the_team_of_its_district_and_many_are_one_line(
    hub: None, niono: str
) -> None:
    from kalanso.hub.portfolio.queries.waiting import FEW, to_report

    by, ends = person("national"), date(2040, 12, 31)
    for number in range(FEW + 3):
        planned(by, intervention(by, f"INT-{number:03d}"), niono, state="ongoing", ends=ends)
    owned = planned(by, intervention(by, "INT-900"), niono, state="ongoing", ends=ends, owner=by)

    told = to_report(person("district", niono))

    assert [task.can_wait for task in told] == [False] * FEW + [True]
    assert "3" in told[-1].says
    assert str(owned) not in " ".join(task.says for task in told)
    assert [task.address for task in to_report(by)] == [to_report(by)[0].address]


def test_what_systems_already_told_of_the_quarter_stands_beside_the_form_with_its_source(
    cell: Any, niono: str
) -> None:
    from kalanso.hub.explore.queries import series, shelf
    from kalanso.hub.people.queries.access import access_of, scope_of
    from kalanso.hub.people.queries.here import reading_as

    team, quarter = visitor("district", niono), "2024Q3"
    with reading_as(scope_of(access_of(person("district", niono)))):
        known = series.at(shelf.current(), (niono,), "dtp1_coverage", quarter)[niono]
    planned_then = planned(
        person("national"), intervention(person("national"), "INT-002"), niono, begins=date(2024, 7, 1)
    )

    said = text_of(team.get(address(planned_then, quarter)))
    later = text_of(team.get(address(cell, "2025Q1")))

    assert "Premières doses notifiées dans tout le district" in said
    assert re.search(r"tels que publiés le \d\d/\d\d/\d{4}", said), (
        "the day of what is shown stands beside it"
    )
    assert f"{known.numerator:,.0f}".replace(",", "\u202f") in said
    assert "Source" in said
    assert "Premières doses notifiées" not in later


def test_counts_of_who_has_reported_are_those_of_a_plain_count_and_the_list_is_short(
    cell: Any, team: Any, monkeypatch: Any
) -> None:
    from collections import Counter

    from kalanso.hub.people.models import PlaceMirror
    from kalanso.hub.portfolio.models import Cell, Report
    from kalanso.hub.portfolio.queries import who_reported

    by, states = person("national"), ("draft", "returned", "submitted", "approved", "")
    districts = sorted(PlaceMirror.objects.filter(level="district").values_list("code", flat=True))
    begins, ends = date(2025, 1, 1), date(2025, 12, 31)
    for number in range(9):
        line = intervention(by, f"INT-9{number:02d}")
        for at, code in enumerate(districts):
            one = planned(by, line, code, state="ongoing", begins=begins, ends=ends)
            if state := states[(number + at) % len(states)]:
                sent = {"submitted": NOW, "quantity": 3} if state != "draft" else {}
                if state in ("returned", "approved"):
                    sent |= {"reviewed": NOW, "reviewed_by": by, "note": "Relu."}
                Report.objects.create(
                    cell=one, period="2025Q1", state=state, by=team, written=NOW, changed=NOW, **sent
                )

    told = who_reported.status(team, "2025Q1")

    reports = dict(Report.objects.filter(period="2025Q1").values_list("cell", "state"))
    cells = [one for one in Cell.objects.all() if one.begins and one.begins <= date(2025, 3, 31)]
    assert told.counts == Counter(reports.get(one.pk, "none") for one in cells)
    assert {code: sum(found.values()) for code, _name, found in told.districts} == Counter(
        one.place_code for one in cells
    )
    unsent = [one for one in cells if reports.get(one.pk, "none") not in ("submitted", "approved")]
    assert {one.pk for one in told.missing} == {one.pk for one in unsent}
    assert (told.unsent, told.expected) == (len(unsent), len(cells))
    home = [one.pk for one in unsent if one.place_code == cell.place_code]
    assert (
        {one.pk for one in told.missing[: len(home)]}
        == set(home)
        == {one.pk for one in told.missing if one.mine}
    )

    monkeypatch.setattr(who_reported, "LISTED", 7)
    short = who_reported.status(team, "2025Q1")
    assert (short.missing, short.unsent) == (told.missing[:7], len(unsent))


def test_who_sent_a_report_is_led_to_the_next_that_waits_for_them(hub: None, niono: str) -> None:
    from kalanso.hub.portfolio.queries.waiting import to_report

    by, ends = person("national"), date(2040, 12, 31)
    for code in ("INT-001", "INT-002"):
        planned(by, intervention(by, code), niono, state="ongoing", ends=ends)
    team = visitor("district", niono)
    here, then = (task.address for task in to_report(person("district", niono)))
    given = {"quantity": "3", "send": "1", "version": "0"}

    sent = team.post(here, given, follow=True).content.decode()
    assert f'<a class="button" href="{then}">' in sent
    assert "ligne suivante" not in visitor("national").get(here).content.decode()
    assert "ligne suivante" not in team.post(then, given, follow=True).content.decode()


def test_a_list_that_was_narrowed_shows_what_it_found_before_its_filter(cell: Any) -> None:
    barriers = PAGE.replace("portefeuille", "obstacles")
    found = visitor("national").get(f"{barriers}?etat=still").content.decode()
    assert "Une partie de la liste est montrée." in found
    assert "Une partie de la liste" not in visitor("national").get(barriers).content.decode()
