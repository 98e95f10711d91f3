"""Does the IATI file hold to the official schema, add nothing up twice, and keep protected places to itself?"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.hub import money_desk as desk
from tests.hub.money_desk import NOW, PAGE
from tests.hub.visitors import person, visitor

etree = pytest.importorskip("lxml.etree")
SCHEMA = Path(__file__).resolve().parents[1] / "iati" / "iati-activities-schema.xsd"
LATER = datetime(2025, 8, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def schema() -> Any:
    return etree.XMLSchema(etree.parse(str(SCHEMA)))


@pytest.fixture
def laid(hub: None, niono: str) -> Any:
    """A consolidated grant with one within it, lines in Niono and in a protected district, entries in two currencies."""
    from kalanso.hub.grants.actions import entries, grants
    from kalanso.hub.people.models import PlaceMirror
    from kalanso.hub.portfolio.models import Cell

    by, writer = person("national"), person("partner")
    big = desk.grant(
        by, code="GAVI6", lever="consolidated", ends=date(2030, 12, 31), amount=Decimal(5_000_000_000)
    )
    grant = desk.grant(by, begins=date(2024, 3, 1))
    grants.group(by=by, grant=grant, parent=big, since=date(2025, 1, 1), reason="Gavi 6.0", now=NOW)
    what = desk.intervention(theory="Des équipes payées vont plus loin.")
    near = desk.line(by, grant, what, place=niono)
    other = PlaceMirror.objects.filter(level="district").exclude(code=niono).first()
    Cell.objects.create(
        intervention=what, place_code=other.code, organisation=what.lead, since=NOW, sensitive=True
    )
    hidden = desk.line(by, grant, what, place=other.code, year=2025)
    wrong = desk.entry(writer, near, "expenditure", 900, currency="USD")
    entries.adjust(
        by=writer,
        entry=wrong,
        amount=Decimal(-100),
        day=date(2024, 6, 1),
        reference="AV",
        reason="trop",
        now=NOW,
    )
    desk.entry(writer, near, "commitment", 10)
    desk.entry(writer, hidden, "disbursement", 20, date(2025, 1, 17))
    desk.entry(writer, hidden, "disbursement", 22, date(2025, 2, 17))
    return {"grant": grant, "big": big, "hidden": other}


def exported(now: datetime = LATER) -> Any:
    from kalanso.hub.grants.queries import iati

    return etree.fromstring(iati.document(now=now))


def named(by: Any, code: str = "cni", identifier: str = "XM-TEST-1") -> None:
    from kalanso.hub.grants.actions import grants

    grants.write_identifier(by=by, organisation=desk.house(code), identifier=identifier, now=NOW)


def test_the_file_holds_to_the_official_schema(laid: Any, schema: Any) -> None:
    named(person("national"))
    named(person("national"), "gavi", "XM-DAC-47122")
    found = exported()
    assert schema.validate(found), schema.error_log
    assert found.get("version") == "2.03"
    names = [one.findtext("iati-identifier") for one in found]
    assert names == ["XM-TEST-1-FAE-1", "XM-TEST-1-FAE-1-INT-001", "XM-TEST-1-GAVI6"]
    assert [one.get("hierarchy") for one in found] == ["2", "3", "1"]
    related = {
        (one.findtext("iati-identifier"), r.get("ref"), r.get("type"))
        for one in found
        for r in one.iter("related-activity")
    }
    assert related == {
        ("XM-TEST-1-GAVI6", "XM-TEST-1-FAE-1", "2"), ("XM-TEST-1-FAE-1", "XM-TEST-1-GAVI6", "1"),
        ("XM-TEST-1-FAE-1", "XM-TEST-1-FAE-1-INT-001", "2"), ("XM-TEST-1-FAE-1-INT-001", "XM-TEST-1-FAE-1", "1"),
    }  # fmt: skip
    roles = [(one.get("role"), one.findtext("narrative")) for one in found[1].iter("participating-org")]
    assert roles == [("1", "Gavi"), ("2", "Cni"), ("4", "House")]
    assert {one.get("code") for one in found.iter("recipient-country")} == {"ML"}


def test_a_schema_that_was_cut_short_would_be_noticed(laid: Any, schema: Any) -> None:
    named(person("national"))
    found = exported()
    for tag in ("title", "reporting-org", "activity-status"):
        broken = etree.fromstring(etree.tostring(found))
        one = next(broken.iter(tag))
        one.getparent().remove(one)
        assert not schema.validate(broken), tag


def test_money_stands_at_the_lowest_level_with_its_own_currency_and_corrections(laid: Any) -> None:
    named(person("national"))
    found = exported()

    def moved(one: Any) -> list[tuple[str, str, str, str]]:
        return [
            (t.find("transaction-type").get("code"), t.find("transaction-date").get("iso-date"), t.findtext("value"), t.find("value").get("currency"))
            for t in one.iter("transaction")
        ]  # fmt: skip

    assert moved(found[0]) == [("11", "2024-03-01", "1000000000.00", "XOF")], (
        "promised to whoever answers for it, not paid out"
    )
    assert moved(found[1]) == [
        ("4", "2024-05-02", "900.00", "USD"), ("2", "2024-05-02", "10.00", "XOF"), ("4", "2024-06-01", "-100.00", "USD"),
        ("3", "2025-03-31", "42.00", "XOF"),
    ]  # fmt: skip
    periods = [
        (b.find("period-start").get("iso-date"), b.find("period-end").get("iso-date"), b.findtext("value"))
        for b in found[1].iter("budget")
    ]
    assert periods == [
        ("2024-03-01", "2024-12-31", "10000000.00"),
        ("2025-01-01", "2025-12-31", "10000000.00"),
    ]


def test_protected_places_leave_without_name_and_day_and_late(laid: Any) -> None:
    named(person("national"))
    found = exported()
    text = etree.tostring(found, encoding="unicode")
    assert laid["hidden"].name not in text
    assert laid["hidden"].code not in text
    assert "2025-01-17" not in text
    assert [one.findtext("name/narrative") for one in found.iter("location")] == ["Niono"]
    sooner = etree.tostring(exported(datetime(2025, 6, 1, tzinfo=UTC)), encoding="unicode")
    assert "42.00" not in sooner, "a quarter that ended lately is held back"


def test_without_an_identifier_nothing_leaves_and_the_page_says_whose(laid: Any) -> None:
    from kalanso.hub.grants.queries import iati

    with pytest.raises(iati.Lacking):
        exported()
    client = visitor("national")
    assert "attend l’identifiant IATI de : Cni" in client.get(f"{PAGE}iati/").content.decode().replace(
        "\xa0", " "
    )
    assert client.get(f"{PAGE}iati.xml").status_code == 302
    told = {"organisation": desk.house("cni").pk, "identifier": "sans tiret"}
    assert client.post(f"{PAGE}iati/", told).status_code == 422
    assert client.post(f"{PAGE}iati/", told | {"identifier": "ML-GOV-7"}).status_code == 302
    answer = client.get(f"{PAGE}iati.xml")
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("application/xml")
    assert b"ML-GOV-7-FAE-1" in answer.content
