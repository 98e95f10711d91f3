"""How do tests make interventions, a grant with lines, and entries on them?"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

NOW = datetime(2025, 3, 1, 8, 0, tzinfo=UTC)
PAGE = "/agir/subventions/"


def house(code: str = "house", kind: str = "government") -> Any:
    """Return an organisation."""
    from kalanso.hub.people.models import Organisation

    return Organisation.objects.get_or_create(code=code, defaults={"name": code.title(), "kind": kind})[0]


def intervention(code: str = "INT-001", lead: Any = None, **more: Any) -> Any:
    """Return an intervention of the portfolio."""
    from kalanso.hub.portfolio.models import Intervention

    told = {
        "title_fr": f"Intervention {code}",
        "title_en": f"Intervention {code}",
        "lead": lead or house(),
        **more,
    }
    return Intervention.objects.get_or_create(code=code, defaults=told)[0]


def said(**changes: Any) -> dict[str, Any]:
    """Return what is said of a grant."""
    told = {
        "code": "FAE-1", "title_fr": "Fonds d'équité", "title_en": "Equity fund", "lever": "fae", "funder": house("gavi", "donor"),
        "holder": house("cni"), "begins": date(2024, 1, 1), "ends": date(2027, 12, 31), "amount": Decimal(1_000_000_000),
        "currency": "XOF", "status": "active", "source_note": "Convention du 31/10/2024",
    }  # fmt: skip
    return told | changes


def grant(by: Any, **changes: Any) -> Any:
    """Return a grant that somebody added."""
    from kalanso.hub.grants.actions import grants

    return grants.add(by=by, said=said(**changes), now=NOW)


def line(
    by: Any,
    of: Any,
    what: Any = None,
    *,
    planned: int = 10_000_000,
    place: str = "",
    year: int = 2024,
    organisation: Any = None,
) -> Any:
    """Return a budget line that somebody planned."""
    from kalanso.hub.grants.actions import grants

    what = what or intervention()
    return grants.plan_line(
        by=by, grant=of, intervention=what, organisation=organisation or what.lead, place_code=place, year=year,
        planned=Decimal(planned), now=NOW,
    )  # fmt: skip


def entry(
    by: Any,
    on: Any,
    kind: str = "disbursement",
    amount: Any = 4_000_000,
    day: date = date(2024, 5, 2),
    **more: Any,
) -> Any:
    """Return an entry that somebody wrote."""
    from kalanso.hub.grants.actions import entries

    told = {"currency": on.currency, "reference": f"BV {kind} {day}", **more}
    return entries.write(by=by, line=on, kind=kind, day=day, amount=Decimal(amount), now=NOW, **told)


def rate(
    by: Any, base: str = "USD", quote: str = "XOF", day: date = date(2024, 1, 1), value: str = "600"
) -> Any:
    """Return a rate that somebody wrote."""
    from kalanso.hub.grants.actions import grants

    return grants.write_rate(
        by=by, base=base, quote=quote, day=day, rate=Decimal(value), source="BCEAO", now=NOW
    )


def in_every_state(centre: Any, partner: Any) -> dict[str, str]:
    """Return by names for addresses a grant with lines in two districts, entries in every state, and a sheet that was tried."""
    from tempfile import NamedTemporaryFile

    from kalanso.hub.grants.actions import entries, framework, grants, loads
    from kalanso.hub.people.models import PlaceMirror

    own = partner.memberships.get().organisation
    whole = grant(
        centre, code="GAVI-6", lever="consolidated", ends=date(2030, 12, 31), amount=Decimal(5_000_000_000)
    )
    one = grant(centre)
    grants.group(by=centre, grant=one, parent=whole, since=date(2025, 1, 1), reason="Gavi 6.0", now=NOW)
    rate(centre, "EUR", "XOF", date(2023, 12, 31), "655.957")
    what = intervention(
        "INT-001", own, title_fr="Cliniques mobiles trimestrielles", title_en="Quarterly mobile clinics"
    )
    places = PlaceMirror.objects.filter(level="district").order_by("code")[:2]
    lines = [line(partner, one, what, place=place.code, organisation=own) for place in places]
    lines.append(line(centre, one, intervention("INT-002"), planned=1_000_000))
    written = [entry(partner, on, kind, amount, day) for on in lines[:2] for kind, amount, day in (
        ("commitment", 9_000_000, date(2024, 2, 1)), ("disbursement", 6_000_000, date(2024, 4, 2)), ("expenditure", 4_500_000, date(2024, 8, 9)),
    )]  # fmt: skip
    entry(partner, lines[0], "expenditure", 2_000, date(2024, 9, 1), currency="USD")
    entry(centre, lines[2], "expenditure", 1_200_000, date(2024, 9, 1))
    entries.reconcile(by=centre, entry=written[0], now=NOW)
    entries.ask(by=centre, entry=written[1], question="La pièce est illisible.", now=NOW)
    entries.adjust(
        by=partner,
        entry=written[2],
        amount=Decimal(-500_000),
        day=date(2024, 9, 9),
        reference="AV 1",
        reason="lue deux fois",
        now=NOW,
    )
    with NamedTemporaryFile(suffix=".csv", mode="w", encoding="utf-8") as sheet:
        sheet.write("Intervention;Année;Prévu\nINT-002;2025;3000000\nINT-999;2025;5\n")
        sheet.flush()
        load = loads.attempt(
            by=centre,
            grant=one,
            kind="lines",
            path=Path(sheet.name),
            file_name="budget.csv",
            sha256="0" * 64,
            now=NOW,
        )
    agreed = framework.agree(by=centre, grant=one, now=NOW, said={
        "indicator": "mobile_clinics_on_time", "unit": "share", "chain": "activity", "kind": "core", "better": "up", "baseline": Decimal("0.5"),
        "baseline_day": date(2023, 12, 31), "baseline_source": "Rapport annuel 2023", "target": Decimal("0.9"), "target_day": date(2027, 12, 31),
        "data_source": "rapports du portefeuille",
    })  # fmt: skip
    return {
        "grant": str(one.pk), "grant_line": str(lines[0].pk), "grant_entry": str(written[4].pk), "grant_load": str(load.pk),
        "grant_intervention": str(what.pk), "agreed": str(agreed.pk),
    }  # fmt: skip
