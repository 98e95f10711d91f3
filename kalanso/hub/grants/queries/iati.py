"""How do grants read as an activities file of IATI 2.03?

One activity for each grant and one for each intervention that it pays, a level below; money stands at the lowest level
alone, so that nobody adds it up twice. What lies under a security flag leaves without a place, summed by quarter and
late; how much is still held back is told on the page.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from django.db.models import Sum
from django.db.models.functions import TruncQuarter

from kalanso.hub.grants.models import BudgetLine, Entry, Grant, GrantParent, IatiIdentifier
from kalanso.hub.grants.queries.scope import counted_as, sensitive
from kalanso.hub.people.models import Organisation
from kalanso.hub.people.queries.places import country_pack, names_of
from kalanso.hub.portfolio.models import Intervention
from kalanso.hub.portfolio.queries.keeping import told_until
from kalanso.vocabulary import Period, PeriodType

LANG = "{http://www.w3.org/XML/1998/namespace}lang"
VERSION = "2.03"
SECTOR = "12250"  # OECD DAC: infectious disease control, immunization included
STATUSES = {"planned": "1", "active": "2", "suspended": "6", "closed": "4"}
HOUSES = {"government": "10", "un": "40", "cso": "22", "academia": "80", "firm": "70", "donor": "90"}
TRANSACTIONS = {"commitment": "2", "disbursement": "3", "expenditure": "4"}
INCOMING_COMMITMENT = "11"
FUNDING, ACCOUNTABLE, IMPLEMENTING = "1", "2", "4"
PARENT, CHILD = "1", "2"


class Lacking(Exception):
    """Organisations without an identifier answer for grants: their activities could not be named."""

    def __init__(self, organisations: list[Organisation]) -> None:
        super().__init__(", ".join(str(one) for one in organisations))
        self.organisations = organisations


def lacking() -> list[Organisation]:
    """Return the organisations that answer for grants and have no identifier."""
    return list(
        Organisation.objects.filter(grants_held__isnull=False, iati_identifier__isnull=True).distinct()
    )


def held_back() -> int:
    """Return how many entries lie under a security flag and leave only as sums by quarter, without place."""
    return Entry.objects.filter(line__in=BudgetLine.objects.filter(sensitive()).values("pk")).count()


def document(*, now: datetime) -> bytes:
    """Return the file. Raises Lacking."""
    if without := lacking():
        raise Lacking(without)
    return tostring(_Writer(now).activities(), encoding="utf-8", xml_declaration=True)


class _Writer:
    """Writes all grants, having read what they share once."""

    def __init__(self, now: datetime) -> None:
        self.now, self.today = now, now.date()
        self.refs = dict(IatiIdentifier.objects.values_list("organisation_id", "identifier"))
        links = [one for one in GrantParent.objects.all() if one.holds_on(self.today)]
        self.parent = {one.child_id: one.parent_id for one in links}
        self.grants = {one.pk: one for one in Grant.objects.select_related("funder", "holder")}
        self.guarded = set(BudgetLine.objects.filter(sensitive()).values_list("pk", flat=True))

    def activities(self) -> Element:
        root = Element(
            "iati-activities",
            {"version": VERSION, "generated-datetime": self.now.strftime("%Y-%m-%dT%H:%M:%SZ")},
        )
        for grant in self.grants.values():
            lines = list(grant.lines.select_related("intervention", "organisation"))
            by_intervention: dict[int, list[BudgetLine]] = defaultdict(list)
            for line in lines:
                by_intervention[line.intervention_id].append(line)
            root.append(self._of_grant(grant, [found[0].intervention for found in by_intervention.values()]))
            root.extend(self._of_intervention(grant, found) for found in by_intervention.values())
        indent(root)
        return root

    def _name(self, grant: Grant, intervention: Intervention | None = None) -> str:
        name = f"{self.refs[grant.holder_id]}-{grant.code}"
        return f"{name}-{intervention.code}" if intervention is not None else name

    def _level(self, grant: Grant) -> int:
        level, seen, at = 1, {grant.pk}, self.parent.get(grant.pk)
        while at is not None and at not in seen:
            level, at = level + 1, self.parent.get(at)
        return level

    def _head(
        self, grant: Grant, level: int, name: str, titles: tuple[str, str], about: tuple[str, str]
    ) -> Element:
        one = Element(
            "iati-activity", {LANG: "fr", "default-currency": grant.currency, "hierarchy": str(level)}
        )
        SubElement(one, "iati-identifier").text = name
        house = SubElement(
            one, "reporting-org", {"ref": self.refs[grant.holder_id], "type": HOUSES[grant.holder.kind]}
        )
        _told(house, grant.holder.name)
        _told(SubElement(one, "title"), *titles)
        _told(SubElement(one, "description", {"type": "1"}), *about)
        return one

    def _house(self, one: Element, house: Organisation, role: str, tag: str = "participating-org") -> None:
        known = {"ref": self.refs[house.pk]} if house.pk in self.refs else {}
        kind = {} if house.kind == "donor" else {"type": HOUSES[house.kind]}
        found = SubElement(one, tag, {**known, **kind, **({"role": role} if role else {})})
        _told(found, house.name)

    def _when_and_where(self, one: Element, grant: Grant) -> None:
        SubElement(one, "activity-status", {"code": STATUSES[grant.status]})
        days = [("1", grant.begins), ("3", grant.ends)]
        days += [("2", grant.begins)] if grant.begins <= self.today else []
        days += (
            [("4", grant.ends)] if grant.ends <= self.today and grant.status == Grant.Status.CLOSED else []
        )
        for kind, day in days:
            SubElement(one, "activity-date", {"type": kind, "iso-date": day.isoformat()})
        SubElement(one, "recipient-country", {"code": str(country_pack().country.code)})

    def _of_grant(self, grant: Grant, interventions: Iterable[Intervention]) -> Element:
        about = f"{grant.get_lever_display()}. {grant.source_note}"
        one = self._head(
            grant, self._level(grant), self._name(grant), (grant.title_fr, grant.title_en), (about, "")
        )
        self._house(one, grant.funder, FUNDING)
        self._house(one, grant.holder, ACCOUNTABLE)
        self._when_and_where(one, grant)
        SubElement(one, "sector", {"vocabulary": "1", "code": SECTOR})
        # What was promised to whoever answers for it; what leaves stands with the interventions.
        promised = _transaction(one, INCOMING_COMMITMENT, grant.begins, grant.amount, grant.currency)
        self._house(promised, grant.funder, "", "provider-org")
        self._house(promised, grant.holder, "", "receiver-org")
        if (above := self.parent.get(grant.pk)) is not None:
            SubElement(one, "related-activity", {"ref": self._name(self.grants[above]), "type": PARENT})
        for child in (self.grants[pk] for pk, parent in self.parent.items() if parent == grant.pk):
            SubElement(one, "related-activity", {"ref": self._name(child), "type": CHILD})
        for intervention in interventions:
            SubElement(one, "related-activity", {"ref": self._name(grant, intervention), "type": CHILD})
        return one

    def _of_intervention(self, grant: Grant, lines: list[BudgetLine]) -> Element:
        what = lines[0].intervention
        titles = (what.title_fr, what.title_en)
        name = self._name(grant, what)
        one = self._head(grant, self._level(grant) + 1, name, titles, (what.theory or what.title_fr, ""))
        self._house(one, grant.funder, FUNDING)
        self._house(one, grant.holder, ACCOUNTABLE)
        for house in sorted({line.organisation for line in lines}, key=lambda house: house.name):
            self._house(one, house, IMPLEMENTING)
        self._when_and_where(one, grant)
        self._places(one, lines)
        SubElement(one, "sector", {"vocabulary": "1", "code": SECTOR})
        self._budgets(one, grant, lines)
        self._transactions(one, grant, lines)
        SubElement(one, "related-activity", {"ref": self._name(grant), "type": PARENT})
        return one

    def _places(self, one: Element, lines: list[BudgetLine]) -> None:
        codes = {line.place_code for line in lines if line.pk not in self.guarded} - {""}
        # A place that is guarded in one year is not named by the line of another.
        codes -= {line.place_code for line in lines if line.pk in self.guarded}
        for code, name in sorted(names_of(codes).items()):
            place = SubElement(one, "location", {"ref": code})
            SubElement(place, "location-reach", {"code": "1"})
            _told(SubElement(place, "name"), name)

    def _budgets(self, one: Element, grant: Grant, lines: list[BudgetLine]) -> None:
        sums: dict[tuple[int, str], Decimal] = defaultdict(Decimal)
        for line in lines:
            sums[line.year, line.currency] += line.planned
        for (year, currency), amount in sorted(sums.items()):
            first, last = max(date(year, 1, 1), grant.begins), min(date(year, 12, 31), grant.ends)
            budget = SubElement(one, "budget", {"type": "1", "status": "1"})
            SubElement(budget, "period-start", {"iso-date": first.isoformat()})
            SubElement(budget, "period-end", {"iso-date": last.isoformat()})
            _value(budget, amount, currency, first)

    def _transactions(self, one: Element, grant: Grant, lines: list[BudgetLine]) -> None:
        houses = {line.pk: line.organisation for line in lines}
        open_ = Entry.objects.filter(line__in=[line.pk for line in lines if line.pk not in self.guarded])
        for entry in open_.select_related("corrects").order_by("day", "pk"):
            made = _transaction(one, TRANSACTIONS[entry.counts_as], entry.day, entry.amount, entry.currency)
            self._ends(made, grant, houses[entry.line_id])
        kept = Entry.objects.filter(
            line__in=[line.pk for line in lines if line.pk in self.guarded]
        ).order_by()
        sums = kept.annotate(counted=counted_as(), quarter=TruncQuarter("day")).values_list(
            "counted", "quarter", "currency"
        )
        for kind, first, currency, amount in sums.annotate(total=Sum("amount")).order_by(
            "quarter", "counted", "currency"
        ):
            quarter = Period.containing(first, PeriodType.QUARTER)
            if quarter.code <= told_until(self.today) and amount:
                _transaction(one, TRANSACTIONS[kind], quarter.end, amount, currency)

    def _ends(self, made: Element, grant: Grant, house: Organisation) -> None:
        self._house(made, grant.funder, "", "provider-org")
        self._house(made, house, "", "receiver-org")


def _told(above: Element, french: str, english: str = "") -> None:
    SubElement(above, "narrative").text = french
    if english and english != french:
        SubElement(above, "narrative", {LANG: "en"}).text = english


def _value(above: Element, amount: Decimal, currency: str, day: date) -> None:
    SubElement(above, "value", {"currency": currency, "value-date": day.isoformat()}).text = f"{amount:.2f}"


def _transaction(above: Element, kind: str, day: date, amount: Decimal, currency: str) -> Element:
    made = SubElement(above, "transaction")
    SubElement(made, "transaction-type", {"code": kind})
    SubElement(made, "transaction-date", {"iso-date": day.isoformat()})
    _value(made, amount, currency, day)
    return made
