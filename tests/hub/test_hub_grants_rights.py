"""Does everybody read the money that is theirs and no other, is a protected place kept, and do pages stay small?"""

from __future__ import annotations

import csv
import gzip
import io
import re
from datetime import date
from random import Random
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from tests.hub import money_desk as desk
from tests.hub.money_desk import NOW, PAGE
from tests.hub.test_hub_pages import text_of
from tests.hub.visitors import person, stranger, visitor


@pytest.fixture
def laid(hub: None, niono: str, code_of: Any) -> dict[str, Any]:
    """A grant of Gavi: a line of `house` in Niono, one of `other` in Bougouni whose cell is kept to the team, one for the country."""
    from kalanso.hub.portfolio.models import Cell

    by, away = person("national"), code_of("Bougouni", "district")
    grant = desk.grant(by)
    what, other = desk.intervention(), desk.house("other")
    lines = {
        "near": desk.line(by, grant, what, place=niono, planned=10_000_000),
        "kept": desk.line(by, grant, what, place=away, planned=20_000_000, organisation=other),
        "wide": desk.line(by, grant, what, planned=40_000_000),
    }
    Cell.objects.create(intervention=what, place_code=away, organisation=other, since=NOW, sensitive=True)
    for number, line in enumerate(lines.values(), 1):
        desk.entry(by, line, "disbursement", 100 * number, date(2024, 5, 2), reference=f"BV {number}")
    return {"grant": grant, **lines}


def seen(client: Any, grant: Any) -> set[str]:
    """Return which lines a browser is given as a file, by their planned amount."""
    answer = client.get(f"{PAGE}{grant.pk}/lignes.csv")
    if answer.status_code != 200:
        return set()
    return {
        row["planned"].split(".")[0]
        for row in csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
    }


def drawn(seed: int) -> Random:
    return Random(seed)  # noqa: S311 - invented money guards nothing


ALL = {"10000000", "20000000", "40000000"}
SEES = {
    ("national", "", "house"): ALL, ("administrator", "", "house"): ALL, ("donor", "", "gavi"): ALL, ("donor", "", "house"): set(),
    ("partner", "", "house"): {"10000000", "40000000"}, ("partner", "", "other"): {"20000000"}, ("partner", "niono", "other"): {"20000000"},
    ("region", "niono", "house"): {"10000000"}, ("national", "niono", "house"): {"10000000"}, ("researcher", "", "house"): set(),
    ("editor", "", "house"): set(), ("reader", "", "house"): set(), ("district", "niono", "house"): set(), ("coach", "niono", "house"): set(),
    ("facility", "niono", "house"): set(), (None, "", "house"): set(),
}  # fmt: skip


@pytest.mark.parametrize(("role", "at", "house"), SEES)
def test_everybody_reads_the_lines_that_are_theirs(
    laid: Any, niono: str, role: str | None, at: str, house: str
) -> None:
    client = visitor(role, niono if at else "", organisation=house)
    wanted = SEES[role, at, house]
    assert seen(client, laid["grant"]) == wanted
    assert client.get(f"{PAGE}{laid['grant'].pk}/").status_code == (200 if wanted else 404)
    door = client.get(PAGE).status_code
    assert door == (200 if role in {"national", "administrator", "donor", "partner", "region"} else 403)
    assert stranger().get(PAGE).status_code == 302


def test_sums_hold_what_one_may_see_and_say_so(laid: Any) -> None:
    page = text_of(visitor("partner", organisation="other").get(f"{PAGE}{laid['grant'].pk}/"))
    assert "20 millions FCFA prévus" in page
    assert "que vous pouvez voir" in page
    assert "50 millions" not in page
    whole = text_of(visitor("national").get(f"{PAGE}{laid['grant'].pk}/"))
    assert "70 millions FCFA prévus" in whole
    assert "que vous pouvez voir" not in whole


def test_place_day_and_document_of_a_protected_line_stay_with_the_team(laid: Any) -> None:
    donor, team = visitor("donor", organisation="gavi"), visitor("partner", organisation="other")
    address = f"{PAGE}lignes/{laid['kept'].pk}/"
    page = text_of(donor.get(address))
    assert "lieu protégé" in page
    assert "T2 2024 : décaissé 200" in page.replace("\xa0", " ")
    for secret in ("Bougouni", "BV 2", "02/05/2024"):
        assert secret not in page, secret
        assert secret in text_of(team.get(address)), secret
    by_place = text_of(donor.get(f"{PAGE}{laid['grant'].pk}/?par=place"))
    assert "lieux protégés, ensemble" in by_place
    assert "Niono" in by_place
    assert "Bougouni" not in by_place
    assert "Bougouni" not in text_of(donor.get(f"{PAGE}interventions/{laid['kept'].intervention_id}/"))
    for name in ("lignes.csv", "ecritures.csv"):
        text = donor.get(f"{PAGE}{laid['grant'].pk}/{name}").content.decode()
        assert laid["kept"].place_code not in text
        assert "BV 2" not in text
        assert "BV 1" in text or name == "lignes.csv"
    entry = laid["kept"].entries.get()
    assert donor.get(f"{PAGE}ecritures/{entry.pk}/corriger/").status_code == 404


def test_nobody_writes_for_others_and_readers_do_not_write(laid: Any, niono: str) -> None:
    from kalanso.hub.grants.actions import grants

    for who in (
        person("partner", organisation="other"),
        person("donor", organisation="gavi"),
        person("region", niono),
        person("administrator"),
    ):
        with pytest.raises(PermissionDenied):
            desk.entry(who, laid["near"], amount=5, reference="x")
        with pytest.raises(PermissionDenied):
            desk.line(who, laid["grant"], year=2026)
        with pytest.raises(PermissionDenied):
            grants.add(by=who, said=desk.said(code="B"), now=NOW)
        with pytest.raises(PermissionDenied):
            desk.rate(who)
    assert desk.entry(person("partner"), laid["near"], amount=5, reference="x").pk


def test_a_form_writes_a_movement_and_says_what_is_wrong(laid: Any) -> None:
    client = visitor("partner")
    address = f"{PAGE}lignes/{laid['near'].pk}/ecriture/"
    told = {
        "kind": "expenditure",
        "day": "2024-07-01",
        "amount": "1 250 000",
        "currency": "XOF",
        "reference": "F 33",
    }
    for wrong in (
        {"amount": "1,5 M"},
        {"amount": "-5"},
        {"amount": "0"},
        {"day": "2199-01-01"},
        {"reference": ""},
        {"kind": "adjustment"},
    ):
        assert client.post(address, told | wrong).status_code == 422, wrong
    assert client.post(address, told).status_code == 302
    assert laid["near"].entries.get(reference="F 33").amount == 1_250_000
    assert client.post(address, told).status_code == 422, "twice"
    correction = f"{PAGE}ecritures/{laid['near'].entries.get(reference='F 33').pk}/corriger/"
    less = {
        "way": "less",
        "amount": "250 000",
        "day": "2024-07-02",
        "reference": "AV",
        "reason": "lue deux fois",
    }
    assert client.post(correction, less | {"amount": "9 000 000"}).status_code == 422
    assert client.post(correction, less).status_code == 302
    assert laid["near"].entries.get(reference="AV").amount == -250_000


def test_a_grant_is_added_corrected_and_counted_within_another_from_the_pages(laid: Any) -> None:
    from kalanso.hub.grants.models import Grant

    client = visitor("national")
    told = {
        name: getattr(value, "pk", value)
        for name, value in desk.said(code="RSS3-1", lever="rss3", amount="44 401 954", currency="USD").items()
    }
    assert client.post(f"{PAGE}nouvelle/", told | {"source_note": ""}).status_code == 422
    assert client.post(f"{PAGE}nouvelle/", told | {"ends": "2020-01-01"}).status_code == 422
    assert client.post(f"{PAGE}nouvelle/", told).status_code == 302
    made = Grant.objects.get(code="RSS3-1")
    assert (made.amount, made.currency) == (44_401_954, "USD")
    assert client.post(f"{PAGE}nouvelle/", told).status_code == 422
    edit = f"{PAGE}{made.pk}/modifier/"
    assert client.post(edit, told | {"title_fr": "Autre", "version": "1"}).status_code == 302
    assert client.post(edit, told | {"title_fr": "Encore", "version": "1"}).status_code == 422
    group = f"{PAGE}{laid['grant'].pk}/rattacher/"
    assert client.post(group, {"parent": made.pk, "since": "2025-01-01", "reason": ""}).status_code == 422
    assert (
        client.post(group, {"parent": made.pk, "since": "2025-01-01", "reason": "Gavi 6.0"}).status_code
        == 302
    )
    assert client.post(group, {"parent": "", "since": "2025-02-01", "reason": "sortie"}).status_code == 302
    assert [one.ends for one in laid["grant"].parents.all()] == [date(2025, 1, 31)]
    assert (
        client.post(
            f"{PAGE}cours/", {"base": "USD", "quote": "USD", "rate": "1", "day": "2024-01-01", "source": "x"}
        ).status_code
        == 422
    )
    assert (
        client.post(
            f"{PAGE}cours/",
            {"base": "USD", "quote": "XOF", "rate": "600", "day": "2024-01-01", "source": "BCEAO"},
        ).status_code
        == 302
    )
    assert "1 USD = 600 XOF" in text_of(client.get(f"{PAGE}cours/"))


def test_the_simulated_country_gets_two_grants_with_the_published_total_once(hub: None, niono: str) -> None:
    from kalanso.hub.grants.actions.demonstration import TOTAL, seed
    from kalanso.hub.grants.models import BudgetLine, Entry, Grant
    from kalanso.hub.portfolio.models import Cell

    by = person("partner")
    person("national")
    desk.house("gavi", "donor")
    assert seed(by=by, now=NOW, rng=drawn(1)) == {"grants": 2, "lines": 0, "entries": 0}, (
        "without interventions"
    )
    assert sum(one.amount for one in Grant.objects.all()) == TOTAL
    assert all("DÉMO" in one.title_fr and "inventés" in one.source_note for one in Grant.objects.all())
    for number in range(12):
        what = desk.intervention(f"INT-{number:03}")
        if number % 2:
            Cell.objects.create(intervention=what, place_code=niono, organisation=what.lead, since=NOW)
    made = seed(by=by, now=NOW, rng=drawn(1))
    assert made["lines"] > 40
    assert made["entries"] == Entry.objects.count() > 40
    assert BudgetLine.objects.filter(place_code=niono).exists()
    assert not Entry.objects.filter(day__gte=NOW.date()).exists()
    assert seed(by=by, now=NOW, rng=drawn(2)) == {"grants": 0, "lines": 0, "entries": 0}, "once"
    page = visitor("national").get(PAGE)
    assert "Sur 26,6 milliards FCFA accordés" in text_of(page)


def test_pages_stay_small_and_ask_the_database_little(laid: Any) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    by, what = person("national"), desk.intervention("INT-002")
    for year in (2024, 2025, 2026, 2027):
        for number in range(40):
            line = desk.line(by, laid["grant"], desk.intervention(f"INT-1{number:02}"), year=year)
            desk.entry(by, line, "expenditure", 7_000, reference=f"F {year} {number}")
    assert what
    client = visitor("national")
    for path, most in (
        ("", 24),
        (f"{laid['grant'].pk}/", 30),
        (f"{laid['grant'].pk}/?par=place", 30),
        ("rapprochement/", 24),
        (f"lignes/{laid['near'].pk}/", 24),
    ):
        client.get(f"{PAGE}{path}")
        with CaptureQueriesContext(
            connection,
        ) as asked:
            answer = client.get(f"{PAGE}{path}")
        assert answer.status_code == 200
        assert len(gzip.compress(answer.content)) < 20_000, path
        assert len(asked) <= most, (path, len(asked))


def test_what_moved_lately_on_a_protected_line_is_in_no_sum_of_those_outside_its_team(
    laid: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kalanso.hub.grants.queries import scope

    by, kept = person("national"), laid["kept"]
    monkeypatch.setattr(scope, "today", lambda: NOW.date())
    desk.entry(by, kept, "disbursement", 7_000_000, date(2025, 2, 1), reference="BV 9")
    donor, team, api = (
        visitor("donor", organisation="gavi"),
        visitor("partner", organisation="other"),
        "/api/v1/grants",
    )
    pages = (
        PAGE, f"{PAGE}{laid['grant'].pk}/", f"{PAGE}{laid['grant'].pk}/?par=place", f"{PAGE}lignes/{kept.pk}/",
        f"{PAGE}interventions/{kept.intervention_id}/", "/agir/revue/",
    )  # fmt: skip
    for page in pages:
        outside, inside = (text_of(who.get(page)).replace("\xa0", " ") for who in (donor, team))
        assert "7 millions" not in outside, page
        assert "7 000 000" not in outside, page
        assert "7 000 600" not in outside, page
        assert re.search("7 millions|7 000 [26]00|7 000 000", inside), page
        assert "lignes protégées" in outside, page
        assert "lignes protégées compte ici jusqu" not in inside, page
    assert "7000000" not in donor.get(f"{PAGE}{laid['grant'].pk}/ecritures.csv").content.decode()
    for path in ("lines", "quarters"):
        assert "7000" not in donor.get(f"{api}/{laid['grant'].pk}/{path}").content.decode(), path
        assert "7000" in team.get(f"{api}/{laid['grant'].pk}/{path}").content.decode(), path
