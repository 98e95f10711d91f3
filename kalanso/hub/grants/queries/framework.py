"""What was agreed for the grants that somebody may see, and how far is their money on a quarter?

The definitions of the country name the indicators; an agreement says from which value to which. Money is told grant by
grant in the currency of the grant, never added over grants.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext as _

from kalanso.definitions.indicators import IndicatorDefinition
from kalanso.hub.grants.models import AgreedIndicator, CountedIntervention, Grant
from kalanso.hub.grants.queries import accounts, scope
from kalanso.hub.grants.queries.exchange import Exchange
from kalanso.hub.people.permissions import may
from kalanso.hub.people.queries.places import country_pack
from kalanso.indicators.measures import MONEY, About, Measure, absent, share
from kalanso.indicators.verdicts import Way
from kalanso.vocabulary import Period

DISBURSED, USED = "grant_disbursement", "grant_utilisation"
CHAIN = ("input", "activity", "intermediate", "outcome")


def pack_indicators() -> dict[str, IndicatorDefinition]:
    """Return the indicators of the framework by code, as the country defines them, along the chain of results."""
    found = [one for one in country_pack().indicators.values() if one.frame]
    return {
        one.code: one for one in sorted(found, key=lambda one: (CHAIN.index(one.chain), one.frame, one.code))
    }


def agreed(person: Any, grant: Grant | None = None) -> QuerySet[AgreedIndicator]:
    """Return what is agreed and holds, of the grants that somebody may see, or of one of them."""
    found = AgreedIndicator.objects.filter(
        withdrawn__isnull=True, grant__in=scope.visible_grants(person).order_by().values("pk")
    )
    found = found.filter(grant=grant) if grant is not None else found
    return found.select_related("grant")


def withdrawn(person: Any, grant: Grant) -> QuerySet[AgreedIndicator]:
    """Return what was agreed for a grant and no longer holds."""
    return AgreedIndicator.objects.filter(
        withdrawn__isnull=False, grant=grant, grant__in=scope.visible_grants(person).order_by().values("pk")
    ).select_related("grant")  # fmt: skip


def one_agreed(person: Any, pk: int) -> AgreedIndicator:
    """Return an agreed indicator of a grant that somebody may see; any other is not there (Http404)."""
    visible = scope.visible_grants(person).order_by().values("pk")
    found = AgreedIndicator.objects.select_related("grant").filter(pk=pk, grant__in=visible).first()
    if found is None:
        raise Http404(_("Aucun indicateur convenu ne porte cette adresse, ou il n'est pas pour vous."))
    return found


def name_of(key: str, own: AgreedIndicator | None = None) -> str:
    """Return what people call an indicator: by its definition, or by the agreement that names it itself."""
    if own is not None and own.own:
        return str(own.name_en if scope.language() == "en" else own.name_fr)
    known = country_pack().indicators.get(key)
    return str(known.name[scope.language()]) if known is not None else key


def unit_of(key: str, own: AgreedIndicator | None = None) -> str:
    """Return the unit of an indicator: a share, a count, days."""
    known = country_pack().indicators.get(key)
    if known is None:
        return str(own.unit) if own is not None else "share"
    return "days" if key == "delay_to_first_delivery" else str(known.unit)


def way_of(one: AgreedIndicator) -> Way:
    """Return the way from the agreed baseline to the agreed target."""
    return Way(
        baseline=_plain(one.baseline), baseline_day=one.baseline_day, target=_plain(one.target), target_day=one.target_day,
        better=str(one.better),
    )  # fmt: skip


def _plain(value: Decimal | None) -> float | None:
    return float(value) if value is not None else None


def counted() -> dict[str, frozenset[int]]:
    """Return the interventions whose reports are counted, by the key of the indicator."""
    found: dict[str, set[int]] = {}
    for key, pk in CountedIntervention.objects.values_list("indicator", "intervention_id"):
        found.setdefault(key, set()).add(pk)
    return {key: frozenset(pks) for key, pks in found.items()}


def money(person: Any, quarters: Iterable[str], *, today: date) -> dict[tuple[str, int], list[Measure]]:
    """Return disbursement and use of each grant that somebody may see, by code and grant, to the end of each quarter.

    What is planned of a year is shared evenly among the quarters that the grant has in it. Money without a rate is
    flagged; so is a grant of which somebody sees only some lines.
    """
    wanted = sorted(quarters)
    if not may(person, "grants.read"):
        return {}
    exchange, lines, found = Exchange.of_today(), scope.visible_lines(person), {}
    for grant in scope.visible_grants(person):
        own = accounts.account(lines.filter(grant=grant), grant.currency, exchange, reader=person)
        last = max([today, *(Period.parse(code).end for code in wanted)])
        steps = accounts.quarters(own, grant, last)
        flags = ["unsummed"] if own.left else []
        flags += ["protected"] if own.until else []
        flags += [] if scope.rights(person, grant).whole else ["partly"]
        found |= _of_grant(grant, steps, wanted, flags, today)
    return found


def _of_grant(
    grant: Grant, steps: list[accounts.Quarter], wanted: list[str], flags: list[str], today: date
) -> dict[tuple[str, int], list[Measure]]:
    found: dict[tuple[str, int], list[Measure]] = {(DISBURSED, grant.pk): [], (USED, grant.pk): []}
    for code in wanted:
        gone = [one for one in steps if one.code <= code]
        planned = float(sum((one.planned for one in gone), Decimal(0)))
        disbursed = float(sum((one.tally.disbursed for one in gone), Decimal(0)))
        spent = float(sum((one.tally.spent for one in gone), Decimal(0)))
        more = [*flags, "unfinished"] if Period.parse(code).end >= today else flags
        for key, above, below in ((DISBURSED, disbursed, planned), (USED, spent, disbursed)):
            about = About(code=key, place_code="", period=code, basis=MONEY, source=grant.code)
            if Period.parse(code).end < grant.begins:
                found[key, grant.pk].append(absent(about, "not_yet"))
            else:
                found[key, grant.pk].append(share(about, above, below, flags=more))
    return found


def without_money(code: str, quarters: Iterable[str], reason: str) -> list[Measure]:
    """Return the measures of money where none is told, with the reason."""
    about = About(code=code, place_code="", period="", basis=MONEY)
    return [absent(replace(about, period=quarter), reason) for quarter in quarters]
