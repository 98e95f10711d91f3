"""Is money counted right: by quarter and year, in one currency with its rate said, put right, reconciled by another?"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction

from tests.hub import money_desk as desk
from tests.hub.money_desk import NOW, PAGE
from tests.hub.test_hub_pages import text_of
from tests.hub.visitors import person, visitor


@pytest.fixture
def centre(hub: None) -> Any:
    return person("national")


def account_of(grant: Any) -> Any:
    from kalanso.hub.grants.models import BudgetLine
    from kalanso.hub.grants.queries.accounts import account
    from kalanso.hub.grants.queries.exchange import Exchange

    return account(
        BudgetLine.objects.filter(grant=grant), grant.currency, Exchange.of_today(), reader=person("national")
    )


def test_money_is_summed_by_quarter_year_and_kind(centre: Any) -> None:
    from kalanso.hub.grants.queries.accounts import quarters

    grant = desk.grant(centre)
    one, other = desk.line(centre, grant), desk.line(centre, grant, year=2025, planned=6_000_000)
    desk.entry(centre, one, "commitment", 10_000_000, date(2024, 2, 1))
    desk.entry(centre, one, "disbursement", 8_000_000, date(2024, 5, 2))
    desk.entry(centre, one, "expenditure", 6_000_000, date(2024, 9, 30))
    desk.entry(centre, other, "disbursement", 1_000_000, date(2025, 1, 31))
    found = account_of(grant)
    assert (found.total.planned, found.total.committed, found.total.disbursed, found.total.spent) == (
        16_000_000, 10_000_000, 9_000_000, 6_000_000,
    )  # fmt: skip
    assert found.total.absorbed == pytest.approx(6 / 9)
    assert found.total.paid == pytest.approx(9 / 16)
    assert found.years[2024].used == pytest.approx(0.6)
    assert found.quarters["2024Q3"].spent == 6_000_000
    shown = {one.code: one for one in quarters(found, grant, date(2025, 3, 1))}
    assert list(shown) == ["2024Q1", "2024Q2", "2024Q3", "2024Q4", "2025Q1"]
    assert shown["2024Q2"].planned == 2_500_000, "an even share of the year"


def test_a_grant_that_begins_in_a_year_shares_the_year_among_its_own_quarters(centre: Any) -> None:
    from kalanso.hub.grants.queries.accounts import quarters

    grant = desk.grant(centre, begins=date(2024, 7, 1))
    desk.line(centre, grant)
    shown = quarters(account_of(grant), grant, date(2024, 12, 1))
    assert [(one.code, one.planned) for one in shown] == [("2024Q3", 5_000_000), ("2024Q4", 5_000_000)]


def test_another_currency_is_converted_by_a_dated_rate_or_left_out_and_told(centre: Any) -> None:
    grant = desk.grant(centre)
    one = desk.line(centre, grant)
    desk.entry(centre, one, "expenditure", 1000, date(2024, 6, 1), currency="USD")
    found = account_of(grant)
    assert found.total.spent == 0
    assert [(left.part, left.amount, left.currency) for left in found.left] == [("spent", 1000, "USD")]
    page = text_of(visitor("national").get(f"{PAGE}{grant.pk}/"))
    assert "Non additionné, faute de cours" in page
    assert "une monnaie sans cours empêche d'en juger" in page.replace("’", "'")
    desk.rate(centre, day=date(2024, 5, 1), value="610")
    desk.rate(centre, day=date(2024, 1, 1), value="600")
    found = account_of(grant)
    assert (found.total.spent, found.left) == (610_000, [])
    page = text_of(visitor("national").get(f"{PAGE}{grant.pk}/"))
    assert "Converti à 610 FCFA pour 1 USD (01/05/2024, BCEAO)" in page


def test_a_rate_counts_both_ways_and_not_for_longer_than_a_year(centre: Any) -> None:
    from kalanso.hub.grants.queries.exchange import Exchange

    desk.rate(centre, day=date(2023, 1, 1), value="600")
    exchange = Exchange.of_today()
    assert exchange.worth(Decimal(6000), "XOF", "USD", date(2023, 6, 1))[0] == 10
    assert exchange.worth(Decimal(10), "USD", "XOF", date(2024, 1, 2))[0] == 6000
    assert exchange.worth(Decimal(10), "USD", "XOF", date(2024, 1, 3)) is None
    assert exchange.worth(Decimal(10), "USD", "XOF", date(2022, 12, 31)) is None
    assert exchange.worth(Decimal(10), "EUR", "XOF", date(2023, 6, 1)) is None
    with pytest.raises(ValidationError):
        desk.rate(centre, "XOF", "USD", day=date(2023, 1, 1), value="0.002")


def test_spending_more_than_planned_and_before_the_money_came_is_flagged(centre: Any) -> None:
    from kalanso.hub.grants.models import BudgetLine
    from kalanso.hub.grants.queries.exchange import Exchange
    from kalanso.hub.grants.queries.flags import flags

    grant = desk.grant(centre)
    over, ahead, fine = (
        desk.line(centre, grant, desk.intervention(f"INT-00{n}"), planned=5_000_000) for n in (1, 2, 3)
    )
    desk.entry(centre, over, "disbursement", 7_000_000, date(2024, 2, 1))
    desk.entry(centre, over, "expenditure", 6_000_000, date(2024, 3, 1))
    desk.entry(centre, ahead, "expenditure", 1_000_000, date(2024, 2, 1))
    desk.entry(centre, ahead, "disbursement", 2_000_000, date(2024, 3, 1))
    desk.entry(centre, fine, "disbursement", 1_000_000, date(2024, 2, 1))
    desk.entry(centre, fine, "expenditure", 1_000_000, date(2024, 2, 1))
    found = flags(BudgetLine.objects.filter(grant=grant), Exchange.of_today())
    assert [(one.kind, one.line.pk, one.amount, one.since) for one in found] == [
        ("overspent", over.pk, 1_000_000, None), ("ahead", ahead.pk, 1_000_000, date(2024, 2, 1)),
    ]  # fmt: skip
    page = text_of(visitor("national").get(f"{PAGE}{grant.pk}/"))
    assert "dépassement" in page
    assert "dépensé avant d" in page


def test_nothing_written_is_changed_and_a_correction_counts_as_what_it_corrects(centre: Any) -> None:
    from kalanso.hub.grants.actions import entries

    grant = desk.grant(centre)
    one = desk.line(centre, grant)
    wrong = desk.entry(centre, one, "expenditure", 900_000, date(2024, 4, 2))
    told = {"by": centre, "entry": wrong, "reference": "AV 1", "now": NOW}
    entries.adjust(amount=Decimal(-400_000), day=date(2024, 5, 3), reason="facture lue deux fois", **told)
    found = account_of(grant)
    assert (found.total.spent, found.quarters["2024Q2"].spent) == (500_000, 500_000)
    for amount, day, reason in (
        (Decimal(-600_000), date(2024, 6, 1), "trop"), (Decimal(1), date(2024, 6, 1), " "), (Decimal(1), date(2024, 4, 1), "avant"),
        (Decimal(1), date(2030, 1, 1), "à venir"), (Decimal(0), date(2024, 6, 1), "rien"),
    ):  # fmt: skip
        with pytest.raises(ValidationError):
            entries.adjust(amount=amount, day=day, reason=reason, **told)
    correction = wrong.corrections.get()
    with pytest.raises(ValidationError):
        entries.adjust(
            by=centre,
            entry=correction,
            amount=Decimal(1),
            day=date(2024, 7, 1),
            reference="x",
            reason="x",
            now=NOW,
        )
    with pytest.raises(ValidationError):
        desk.entry(centre, one, "adjustment", 5)


def test_the_same_movement_is_written_once_and_never_ahead_of_time(centre: Any) -> None:
    one = desk.line(centre, desk.grant(centre))
    desk.entry(centre, one)
    for wrong in (
        {},
        {"day": date(2025, 3, 2)},
        {"day": date(2023, 12, 31)},
        {"amount": -5, "reference": "autre"},
        {"amount": 0, "reference": "b"},
    ):
        with pytest.raises(ValidationError):
            desk.entry(centre, one, **wrong)
    assert one.entries.count() == 1


def test_another_person_reconciles_and_asks(centre: Any) -> None:
    from kalanso.hub.grants.actions import entries
    from kalanso.hub.people.queries.tasks import tasks_of

    writer = person("partner")
    one = desk.line(writer, desk.grant(centre))
    written, own = desk.entry(writer, one), desk.entry(centre, one, reference="du centre")
    client, queue = visitor("national"), f"{PAGE}rapprochement/"
    page = text_of(client.get(queue))
    assert "1 écriture d" in page
    assert "Une écriture est de vous" not in page
    assert "Rapprocher 1 écriture" in " ".join(task.says for task in tasks_of(centre))
    with pytest.raises(PermissionDenied):
        entries.reconcile(by=centre, entry=own, now=NOW)
    with pytest.raises(PermissionDenied):
        entries.reconcile(by=writer, entry=written, now=NOW)
    answer = client.post(
        f"{PAGE}ecritures/{written.pk}/rapprocher/", {"answer": "ask", "question": "pièce illisible"}
    )
    assert answer.status_code == 302
    assert "pièce illisible" in text_of(client.get(queue))
    assert "Répondre à une question" in " ".join(task.says for task in tasks_of(writer))
    entries.adjust(
        by=writer,
        entry=written,
        amount=Decimal(-1),
        day=date(2024, 5, 3),
        reference="scan 2",
        reason="relu",
        now=NOW,
    )
    written.refresh_from_db()
    assert written.question == ""
    assert client.post(f"{PAGE}ecritures/{written.pk}/rapprocher/", {"answer": "agrees"}).status_code == 302
    written.refresh_from_db()
    assert written.reconciled_by_id == centre.pk
    with pytest.raises(ValidationError):
        entries.reconcile(by=person("national", organisation="other"), entry=written, now=NOW)


def test_a_grant_changes_its_parent_and_keeps_its_history(centre: Any) -> None:
    from kalanso.hub.grants.actions import grants
    from kalanso.hub.grants.models import BudgetLine
    from kalanso.hub.grants.queries.accounts import consolidated
    from kalanso.hub.grants.queries.exchange import Exchange
    from kalanso.hub.grants.queries.overview import overview

    child = desk.grant(centre)
    big, later = (
        desk.grant(
            centre, code=code, lever="consolidated", ends=date(2030, 12, 31), amount=Decimal(5_000_000_000)
        )
        for code in ("GAVI6", "GAVI7")
    )
    lines = [desk.line(centre, child, year=year) for year in (2024, 2025, 2026)]
    desk.entry(centre, lines[0], "expenditure", 100, date(2024, 6, 30))
    desk.entry(centre, lines[0], "expenditure", 30, date(2024, 7, 1))
    desk.entry(centre, lines[0], "expenditure", 7, date(2025, 2, 1))
    told = {"by": centre, "grant": child, "now": NOW}
    grants.group(parent=big, since=date(2024, 7, 1), reason="Gavi 6.0", **told)
    grants.group(parent=later, since=date(2025, 1, 1), reason="suite", **told)
    spent = {
        one.code: consolidated(one, BudgetLine.objects.all(), Exchange.of_today(), reader=centre).total
        for one in (big, later)
    }
    assert (spent["GAVI6"].spent, spent["GAVI7"].spent) == (30, 7)
    assert (spent["GAVI6"].planned, spent["GAVI7"].planned) == (0, 20_000_000)
    assert account_of(child).total.spent == 137, "its own history stays whole"
    assert [(one.parent.code, one.begins, one.ends) for one in child.parents.all()] == [
        ("GAVI6", date(2024, 7, 1), date(2024, 12, 31)), ("GAVI7", date(2025, 1, 1), None),
    ]  # fmt: skip
    for parent, since, reason in (
        (child, date(2025, 6, 1), "x"), (later, date(2025, 6, 1), "x"), (big, date(2024, 9, 1), "x"), (big, date(2025, 6, 1), " "),
    ):  # fmt: skip
        with pytest.raises(ValidationError):
            grants.group(parent=parent, since=since, reason=reason, **told)
    with pytest.raises(ValidationError):
        grants.group(by=centre, grant=later, parent=child, since=date(2025, 6, 1), reason="cercle", now=NOW)
    whole, rows = overview(centre, today=date(2025, 3, 1))
    assert (whole.granted, whole.count) == (10_000_000_000, 2), "what is counted within another is not added"
    assert [row.grant.code for row in rows] == ["GAVI6", "GAVI7", "FAE-1"]
    assert "comptée dans GAVI7 depuis le 01/01/2025" in text_of(visitor("national").get(PAGE))


def test_the_database_itself_refuses_what_must_never_stand(centre: Any) -> None:
    from kalanso.hub.grants.models import BudgetLine, Entry, ExchangeRate, Grant, GrantParent

    grant = desk.grant(centre)
    one = desk.line(centre, grant)
    written = desk.entry(person("partner"), one)
    rate = {
        "base": "USD",
        "quote": "XOF",
        "day": date(2024, 1, 1),
        "rate": 1,
        "source": "x",
        "by": centre,
        "at": NOW,
    }
    usual = {
        "line": one,
        "day": date(2024, 6, 1),
        "kind": "expenditure",
        "amount": 5,
        "currency": "XOF",
        "reference": "x",
        "by": centre,
        "written": NOW,
    }
    link = {"child": grant, "begins": date(2024, 1, 1), "reason": "x", "by": centre, "at": NOW}
    wrong = [
        lambda: Grant.objects.filter(pk=grant.pk).update(source_note=""),
        lambda: Grant.objects.filter(pk=grant.pk).update(amount=0),
        lambda: Grant.objects.filter(pk=grant.pk).update(ends=date(2020, 1, 1)),
        lambda: Grant.objects.filter(pk=grant.pk).update(currency="fcfa"[:3]),
        lambda: Grant.objects.filter(pk=grant.pk).update(lever="don"),
        lambda: BudgetLine.objects.filter(pk=one.pk).update(planned=-1),
        lambda: BudgetLine.objects.create(grant=grant, intervention=one.intervention, organisation=one.organisation, year=2024, planned=1, currency="XOF"),
        lambda: BudgetLine.objects.filter(pk=one.pk).update(year=24),
        lambda: Entry.objects.create(**{**usual, "amount": -5}),
        lambda: Entry.objects.create(**{**usual, "reference": ""}),
        lambda: Entry.objects.create(**{**usual, "kind": "adjustment"}),
        lambda: Entry.objects.create(**{**usual, "kind": "adjustment", "corrects": written}),
        lambda: Entry.objects.create(**{**usual, "corrects": written}),
        lambda: Entry.objects.filter(pk=written.pk).update(reconciled=NOW),
        lambda: Entry.objects.filter(pk=written.pk).update(reconciled=NOW, reconciled_by=written.by_id),
        lambda: Entry.objects.filter(pk=written.pk).update(question="?"),
        lambda: ExchangeRate.objects.create(**{**rate, "quote": "USD"}),
        lambda: ExchangeRate.objects.create(**{**rate, "rate": 0}),
        lambda: ExchangeRate.objects.create(**{**rate, "source": ""}),
        lambda: GrantParent.objects.create(**link, parent=grant),
        lambda: GrantParent.objects.create(**link, parent=desk.grant(centre, code="B"), ends=date(2023, 1, 1)),
    ]  # fmt: skip
    for do in wrong:
        with pytest.raises(IntegrityError), transaction.atomic():
            do()


def test_the_years_of_lines_stay_within_the_grant(centre: Any) -> None:
    from kalanso.hub.grants.actions import grants

    grant = desk.grant(centre)
    desk.line(centre, grant, year=2027)
    with pytest.raises(ValidationError):
        desk.line(centre, grant, year=2028)
    with pytest.raises(ValidationError):
        desk.line(centre, grant, year=2027)
    with pytest.raises(ValidationError):
        grants.correct(
            by=centre, grant=grant, said={"ends": date(2026, 12, 31)}, version=grant.version, now=NOW
        )
    kept = grants.correct(
        by=centre, grant=grant, said={"ends": date(2028, 12, 31)}, version=grant.version, now=NOW
    )
    with pytest.raises(ValidationError):
        grants.correct(by=centre, grant=grant, said={"title_fr": "x"}, version=kept.version - 1, now=NOW)
    with pytest.raises(ValidationError):
        desk.grant(centre)


def test_amounts_read_as_people_say_them() -> None:
    from django.utils.translation import override

    from kalanso.hub.grants.panels import money, money_words

    assert money(Decimal("26641172400.00"), "XOF") == "26\u202f641\u202f172\u202f400\u202fFCFA"
    assert money(Decimal("44401954.50"), "USD") == "44\u202f401\u202f954,50\u202fUSD"
    assert money_words(Decimal("26641172400"), "XOF") == "26,6 milliards FCFA"
    assert money_words(Decimal("1200000000"), "XOF") == "1,2 milliard FCFA"
    assert money_words(Decimal("640400000"), "XOF") == "640,4 millions FCFA"
    assert money_words(Decimal("999999"), "XOF") == "999\u202f999\u202fFCFA"
    assert money_words(None, "XOF") == "pas de donnée"
    with override("en"):
        assert money_words(Decimal("26641172400"), "XOF") == "26.6 billion FCFA"
