"""Do indicators of the framework compute themselves, say what they rest on, and betray nobody?"""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.test import override_settings

from tests.hub import money_desk
from tests.hub.portfolio_desk import NOW, intervention, planned, reported
from tests.hub.test_hub_estimates import estimated  # noqa: F401 - a fixture
from tests.hub.test_hub_pages import text_of
from tests.hub.visitors import person, visitor

PAGE = "/agir/indicateurs/"
QUARTER = "2025Q1"
TODAY = date(2025, 8, 1)
SD2 = "extended_hours_sessions_held"


@pytest.fixture(autouse=True)
def hand(quick_hand: Any) -> None:
    """Nothing is drawn here."""


@pytest.fixture
def centre(hub: None) -> Any:
    return person("national")


def agreed(by: Any, grant: Any, indicator: str = SD2, **changes: Any) -> Any:
    from kalanso.hub.grants.actions.framework import agree

    said = {
        "indicator": indicator, "unit": "share", "chain": "activity", "kind": "core", "better": "up", "cumulative": False,
        "baseline": Decimal("0.5"), "baseline_day": date(2023, 12, 31), "baseline_source": "enquête", "target": Decimal("0.9"),
        "target_day": date(2027, 12, 31), "data_source": "rapports", "frequency": "quarter",
    }  # fmt: skip
    return agree(by=by, grant=grant, said=said | changes, now=NOW)


def approved(by: Any, writer: Any, cell: Any, quantity: int, period: str = QUARTER) -> Any:
    from kalanso.hub.portfolio.actions.reports import approve

    return approve(by=by, one=reported(writer, cell, period, quantity=quantity), version=1, now=NOW)


@pytest.fixture
def work(centre: Any, niono: str, code_of: Any) -> dict[str, Any]:
    """Sessions of two districts: 10 of 12 in one, 6 of 8 in a cell kept to its team in the other, one without a report."""
    from kalanso.hub.grants.actions.framework import count
    from kalanso.hub.portfolio.actions.cells import correct_plan
    from kalanso.hub.portfolio.models import Cell

    away, found = code_of("Bougouni", "district"), {}
    for name, code, place, target, done in (
        ("near", "FPP-001", niono, 12, 10),
        ("kept", "FPP-002", away, 8, 6),
        ("silent", "FPP-003", niono, 5, None),
    ):
        cell = planned(centre, intervention(centre, code), place, state="ongoing")
        cell = correct_plan(by=centre, one=cell, said={}, version=1, now=NOW, targets={QUARTER: target})
        if done is not None:
            approved(centre, person("national", name="writer"), cell, done)
        found[name] = cell
    Cell.objects.filter(pk=found["kept"].pk).update(sensitive=True)
    count(by=centre, indicator=SD2, interventions=[one.intervention for one in found.values()], now=NOW)
    return found | {"away": away, "niono": niono}


def measured(who: Any, place: str = "ML", key: str = SD2, today: date = TODAY, quarter: str = QUARTER) -> Any:
    from kalanso.hub.grants.queries.framework import counted
    from kalanso.hub.portfolio.queries import framework

    ground = framework.ground(who, place, [quarter])
    return framework.measures(ground, place, [quarter], counted(), today=today, report_days=30)[key][0]


def test_reports_make_the_value_and_what_is_lacking_is_told(work: dict[str, Any], centre: Any) -> None:
    one = measured(centre)
    assert (one.numerator, one.denominator, one.value) == (16, 20, 0.8)
    assert (one.counted, one.left_out, one.flags) == (2, 1, ("incomplete",))
    assert measured(centre, work["niono"]).value == pytest.approx(10 / 12)
    assert measured(centre, key="sessions_led_by_women").reason == "no_intervention"
    assert measured(centre, key="facilities_coached").value is None


def test_lines_kept_to_their_team_wait_ninety_days_for_others(work: dict[str, Any], centre: Any) -> None:
    partner = person("partner", organisation="elsewhere")
    soon = date(2025, 3, 31) + timedelta(days=89)
    early = measured(partner, today=soon)
    assert (early.numerator, early.denominator) == (10, 12)
    assert "protected" in early.flags
    assert measured(partner, work["away"], today=soon).reason == "protected"
    assert measured(partner, work["away"], today=soon).numerator is None
    assert measured(partner, today=soon + timedelta(days=1)).numerator == 16
    assert measured(centre, today=soon).numerator == 16
    delay = measured(
        partner, work["away"], key="delay_to_first_delivery", quarter="2025Q2", today=date(2026, 1, 1)
    )
    assert delay.reason == "protected", "days of such lines are for the team, however late"


def test_states_are_those_of_the_end_of_the_quarter(work: dict[str, Any], centre: Any) -> None:
    from kalanso.hub.portfolio.actions.cells import advance
    from kalanso.hub.portfolio.models import Cell

    cell = Cell.objects.get(pk=work["near"].pk)
    advance(
        by=centre,
        one=cell,
        state="delayed",
        reason="crue",
        version=cell.version,
        now=datetime(2025, 5, 2, tzinfo=UTC),
    )
    then, after = (
        measured(centre, key="interventions_on_track"),
        measured(centre, key="interventions_on_track", quarter="2025Q2"),
    )
    assert (then.numerator, then.denominator) == (3, 3)
    assert (after.numerator, after.denominator) == (2, 3)
    before = measured(centre, key="interventions_on_track", quarter="2024Q4")
    assert before.reason == "no_state", "nobody knows how far lines were before they were written down"


def test_reports_received_and_first_sent_on_time(work: dict[str, Any], centre: Any) -> None:
    assert measured(centre, key="district_report_completeness").value == pytest.approx(2 / 3)
    assert measured(centre, key="district_report_timeliness").value == 1
    running = measured(centre, key="district_report_completeness", today=date(2025, 3, 2))
    assert "unfinished" in running.flags


def test_money_is_told_by_grant_to_the_end_of_the_quarter(centre: Any) -> None:
    from kalanso.hub.grants.queries.framework import DISBURSED, USED, money

    grant = money_desk.grant(centre)
    one = money_desk.line(centre, grant, planned=8_000_000)
    money_desk.entry(centre, one, "disbursement", 3_000_000, date(2024, 5, 2))
    money_desk.entry(centre, one, "expenditure", 1_500_000, date(2024, 8, 2))
    told = money(centre, ["2023Q4", "2024Q2", "2024Q3"], today=TODAY)
    first, half, third = told[DISBURSED, grant.pk]
    assert first.reason == "not_yet"
    assert (half.numerator, half.denominator, half.value) == (3_000_000, 4_000_000, 0.75)
    assert third.denominator == 6_000_000
    assert [one.value for one in told[USED, grant.pk]] == [None, 0, 0.5]
    assert money(person("researcher"), ["2024Q2"], today=TODAY) == {}
    assert (DISBURSED, grant.pk) not in money(person("donor", organisation="other"), ["2024Q2"], today=TODAY)


def test_an_agreement_is_the_centres_and_says_its_source(centre: Any) -> None:
    from kalanso.hub.grants.actions.framework import correct, withdraw
    from kalanso.hub.grants.models import AgreedIndicator

    grant = money_desk.grant(centre)
    one = agreed(centre, grant)
    with pytest.raises(ValidationError, match="déjà convenu"):
        agreed(centre, grant)
    with pytest.raises(PermissionDenied):
        agreed(person("donor", organisation="gavi"), grant, "dtp1_coverage")
    for wrong in (
        {"baseline_source": ""},
        {"target_day": None},
        {"target_day": date(2020, 1, 1)},
        {"unit": "euros"},
        {"name_fr": "Seul"},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            AgreedIndicator.objects.filter(pk=one.pk).update(**wrong)
    kept = correct(by=centre, agreed=one, said={"target": Decimal("0.95")}, version=1, now=NOW)
    with pytest.raises(ValidationError, match="pendant que vous écriviez"):
        correct(by=centre, agreed=one, said={"target": Decimal("0.5")}, version=1, now=NOW)
    withdraw(by=centre, agreed=kept, since=date(2025, 6, 1), reason="remplacé", version=2, now=NOW)
    assert agreed(centre, grant).pk != one.pk, "what was withdrawn may be agreed anew"


def test_the_page_says_value_way_and_source(work: dict[str, Any], centre: Any) -> None:
    from kalanso.hub.grants.models import AgreedIndicator

    grant = money_desk.grant(centre)
    agreed(centre, grant)
    agreed(
        centre,
        grant,
        "dtp1_coverage",
        baseline=None,
        baseline_day=None,
        baseline_source="",
        chain="intermediate",
    )
    client = visitor("national")
    answer = client.get(f"{PAGE}?trimestre=2025Q1&subvention={grant.pk}")
    page = text_of(answer)
    for words in ("80 %", "16 / 20", "50 % → 90 %", "en bonne voie", "incomplet", "1 non compté"):
        assert words in page.replace("\u202f", " ").replace("\xa0", " "), words
    assert len(gzip.compress(answer.content)) < 60_000
    assert "Penta 1" in page
    one = text_of(client.get(f"{PAGE}{SD2}/?trimestre=2025Q1"))
    assert "10 / 12" not in one.split("Dans chaque partie")[0]
    assert "Selon le contexte" in one
    assert "On the way" in text_of(client.get(f"/en{PAGE}?trimestre=2025Q1&subvention={grant.pk}"))
    assert client.get(f"{PAGE}rien/").status_code == 404
    assert client.get(f"{PAGE}?lieu=nulle-part&trimestre=x&subvention=y").status_code == 200
    district = text_of(client.get(f"{PAGE}?lieu={work['niono']}&trimestre=2025Q1&subvention={grant.pk}"))
    assert "elles ne jugent pas ce lieu" in district
    assert "en bonne voie" not in district.split("Comment lire")[0]
    assert AgreedIndicator.objects.count() == 2


def test_reported_coverage_of_the_store_is_read_with_its_snapshot(hub: None) -> None:
    answer = visitor("national").get(f"{PAGE}dtp1_coverage/?trimestre=2024Q4")
    page = text_of(answer)
    assert "indicator_values-" in page
    assert "aucune estimation" in page
    row = next(row for row in answer.context["rows"] if row.basis == "reported")
    assert row.measure.value == row.measure.numerator / row.measure.denominator
    assert row.measure.source == "demo-snis"
    assert len(row.trend) == 8


@pytest.fixture
def shown(hub: None, estimated: Path) -> Iterator[None]:  # noqa: F811
    with override_settings(KALANSO_STORE=estimated):
        yield


def test_estimates_stand_beside_reports_with_their_interval(shown: None) -> None:
    answer = visitor("national").get(f"{PAGE}?trimestre=2024Q4")
    rows = {(row.key, row.basis): row for row in answer.context["rows"]}
    one = rows["dtp1_missed_children", "estimated"].measure
    assert one.low < one.value < one.high
    assert one.snapshot.startswith("coverage_estimates-")
    assert rows["dtp1_coverage", "reported"].measure.low is None
    assert "entre" in text_of(answer)
    others = visitor("partner").get(f"{PAGE}?trimestre=2024Q4")
    told = {(row.key, row.basis): row for row in others.context["rows"]}
    assert told["dtp1_missed_children", "estimated"].measure.reason == "no_estimate", (
        "a draft is for the programme"
    )


def test_files_hold_a_line_for_each_quarter(work: dict[str, Any], centre: Any) -> None:
    grant = money_desk.grant(centre)
    agreed(centre, grant)
    client = visitor("national")
    answer = client.get(f"{PAGE[:-1]}.csv?trimestre=2025Q1&subvention={grant.pk}")
    lines = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    last = [line for line in lines if line["indicator"] == SD2 and line["quarter"] == QUARTER]
    assert [(line["value"], line["target"], line["verdict"]) for line in last] == [("0.8", "0.9", "on_way")]
    assert len([line for line in lines if line["indicator"] == SD2]) == 8
    assert client.get(f"{PAGE[:-1]}.pdf").status_code == 404
    book = client.get(f"{PAGE[:-1]}.xlsx")
    assert b"".join(book.streaming_content)[:2] == b"PK"


def test_an_own_indicator_is_counted_from_named_interventions_and_quarters_add_up(
    work: dict[str, Any], centre: Any
) -> None:
    from kalanso.hub.grants.models import AgreedIndicator

    grant, client = money_desk.grant(centre), visitor("national")
    form = {
        "indicator": "own", "name_fr": "Séances du soir", "name_en": "Evening sessions", "unit": "count", "data_source": "rapports",
        "frequency": "quarter", "kind": "core", "baseline": "0", "baseline_day": "2023-12-31", "baseline_source": "accord", "target": "400",
        "target_day": "2027-12-31", "cumulative": "on",
    }  # fmt: skip
    answer = client.post(f"/agir/subventions/{grant.pk}/cadre/nouveau/", form)
    one = AgreedIndicator.objects.get()
    assert answer["Location"] == f"{PAGE}{one.key}/interventions/"
    assert (one.kind, one.better, one.cumulative) == ("tailored", "up", True)
    done = client.post(
        answer["Location"], {"interventions": [work["near"].intervention_id, work["silent"].intervention_id]}
    )
    assert done.status_code == 302
    approved(
        centre,
        person("national", name="writer"),
        planned(centre, work["near"].intervention, work["away"], begins=date(2024, 10, 1)),
        7,
        "2024Q4",
    )
    rows = client.get(f"{PAGE}?trimestre=2025Q1&subvention={grant.pk}").context["rows"]
    assert [(row.name, row.measure.value) for row in rows if row.key == one.key] == [("Séances du soir", 17)]


def test_shares_are_typed_in_percent(centre: Any) -> None:
    from kalanso.hub.grants.models import AgreedIndicator

    grant, client = money_desk.grant(centre), visitor("national")
    form = {
        "indicator": "dtp1_dtp3_dropout", "data_source": "SNIS", "frequency": "quarter", "kind": "core", "target": "8,5", "target_day": "2027-12-31",
    }  # fmt: skip
    assert client.post(f"/agir/subventions/{grant.pk}/cadre/nouveau/", form).status_code == 302
    one = AgreedIndicator.objects.get()
    assert (one.target, one.better, one.chain, one.unit) == (
        Decimal("0.085"),
        "down",
        "intermediate",
        "share",
    )
    page = client.get(f"/agir/subventions/cadre/{one.pk}/")
    assert 'value="8.5"' in page.content.decode()
    assert "8,5 %" in text_of(client.get(f"/agir/subventions/{grant.pk}/cadre/")).replace("\u202f", " ")
    half = client.post(
        f"/agir/subventions/{grant.pk}/cadre/nouveau/",
        form | {"indicator": "dtp1_coverage", "target_day": ""},
    )
    assert half.status_code == 422


def test_outsiders_see_neither_page_nor_file(hub: None) -> None:
    for client in (visitor("reader"), visitor(None)):
        for address in (PAGE, f"{PAGE}dtp1_coverage/", f"{PAGE[:-1]}.csv"):
            assert client.get(address).status_code == 403, address


def test_the_demonstration_agrees_its_framework_once(centre: Any) -> None:
    from kalanso.hub.grants.actions import demonstration_framework
    from kalanso.hub.grants.models import AgreedIndicator

    money_desk.grant(centre, code="DEMO-FAE", ends=date(2027, 12, 31))
    intervention(centre)
    made = demonstration_framework.seed(by=centre, now=NOW)
    assert made == AgreedIndicator.objects.count() == len(demonstration_framework.AGREED["DEMO-FAE"])
    assert demonstration_framework.seed(by=centre, now=NOW) == 0
    assert not AgreedIndicator.objects.exclude(baseline_source__startswith="DÉMO").exists()
