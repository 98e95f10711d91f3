"""What should somebody ask this month, of whom, for which of their places?

The findings that the reader may see, joined with what people said of them until this moment. Which questions
follow, and in which order, is said by `kalanso.quality.worklist`. What comes from published tables is kept until
something new is published; what people say is read each time.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs, urlencode

import ibis
import ibis.expr.types as ir
import pandas as pd
from django.conf import settings
from django.db.models import Count, Max, Sum
from django.urls import reverse

from kalanso.hub.evidence.models import FindingStatus
from kalanso.hub.evidence.queries import published
from kalanso.hub.evidence.queries.findings import key_of
from kalanso.hub.jobs.models import Job
from kalanso.hub.people.models import PlaceMirror
from kalanso.hub.people.queries import here
from kalanso.hub.people.queries.access import access_of, mirrored
from kalanso.indicators.tables import OBSERVATIONS
from kalanso.pipeline.worklist_month import checks_behind, reports_checked, spoken
from kalanso.places.tables import PLACES
from kalanso.quality import missing_reports
from kalanso.quality import worklist as lists
from kalanso.quality.evidence import EXTRAORDINARY
from kalanso.quality.tables import QUALITY_FINDINGS
from kalanso.store import Scope
from kalanso.vocabulary import Period, PeriodType

MONTHS_OFFERED = 12
KEY_SHOWN, LONGEST_BACK = 12, 300  # of a fingerprint in an address; of the query of a list
FIRST_DOSES, AGES = "dtp1_doses", ("0-11m", "unknown", "all")
YEARS_BACK = 3  # a population older than this says nothing of the children of a month
CHECKING = ("evidence.check", "evidence.recompute")  # kinds of work that end in new findings
READ = (QUALITY_FINDINGS, OBSERVATIONS)
_WHOLE = ("strategy", "sector", "sex")


@dataclass(frozen=True, kw_only=True)
class Basis:
    """What a list rests on, as far as the reader may see it: findings, what is usual, and which places lie in which."""

    findings: pd.DataFrame
    known: lists.Known
    names: dict[str, str]


def place_of(person: Any, code: str) -> PlaceMirror | None:
    """Return the place that was asked for, else the reader's own, else the country; None where none is published."""
    found = mirrored(code)
    if found is not None:
        return found
    access = access_of(person)
    for membership in access.memberships:
        if membership.place_code in access.homes:
            return access.homes[membership.place_code]
    return PlaceMirror.objects.filter(level="country").first()


def months(place: PlaceMirror | None, today: date) -> list[Period]:
    """Return the months that can be asked about below a place, the usual one first; never the month that still runs.

    The usual one is that of `quality.worklist.month_asked`, by the reports that the checks have read, for all readers of a
    place and for the command line. The others stand by their date, newer ones that have findings too.
    """
    last = Period.month(today.year, today.month) + -1
    if not published.sees(QUALITY_FINDINGS):
        return [last + -back for back in range(MONTHS_OFFERED)]
    told, given = _told_months(*_kept_for(), _code(place))
    rules = published.pack().section("quality")["worklist"]
    usual = lists.month_asked(given, rules, last=last)
    newer = [Period.parse(code) for code in told if usual.code < code <= last.code]
    return [usual, *newer, *(usual + -back for back in range(1, MONTHS_OFFERED))]


def checks_under_way() -> str:
    """Return whether the checks still read what was published: "running", "behind" where none has begun yet, else ""."""
    with published.opened() as store:
        behind = checks_behind(store)
    if not behind:
        return ""
    begun = Job.objects.filter(kind__in=CHECKING, state__in=(Job.State.WAITING, Job.State.RUNNING)).exists()
    return "running" if begun else "behind"


def reported_share() -> float:
    """Return the share of the places of the fullest month that makes a month the usual one."""
    return float(published.pack().section("quality")["worklist"]["reported"]["share"])


def questions(place: PlaceMirror | None, month: Period) -> tuple[pd.DataFrame, Basis]:
    """Return the lines of a month below a place, in the columns of `quality.worklist.COLUMNS` with `key`. Raises NotVisible."""
    basis = _basis(*_kept_for(), _code(place), month.code)
    rules = published.pack().section("quality")["worklist"]
    told = _said(set(basis.findings["place_code"]))
    rows = lists.worklist(basis.findings, told, basis.known, rules, month=month, reader=_code(place))
    keys = [key_of(row) for row in rows.to_dict("records")]
    return rows.assign(key=pd.Series(keys, index=rows.index, dtype=object)), basis


def open_questions(person: Any, today: date) -> tuple[int, PlaceMirror | None, Period | None]:
    """Return how many questions wait for the places of somebody who may answer them, where, and in which month."""
    if not published.sees(QUALITY_FINDINGS):
        return 0, None, None
    place = place_of(person, "")
    month = months(place, today)[0]
    said = FindingStatus.objects.aggregate(n=Count("pk"), versions=Sum("version"), at=Max("at"))
    code = place.code if place is not None else ""
    return _open_number(*_kept_for(), code, month.code, tuple(said.values())), place, month


@lru_cache(maxsize=1024)
def _open_number(
    _folder: str, _marks: tuple[str, ...], _scope: Scope, code: str, month_code: str, _said: tuple[Any, ...]
) -> int:
    """Count the questions that are open; kept until data, places, the day or an answer change, since my page asks each time."""
    place = PlaceMirror.objects.filter(code=code).first() if code else None
    rows, _basis_of_it = questions(place, Period.parse(month_code))
    return int((rows["section"] == "open").sum())


def list_again(back: str, key: str) -> str:
    """Return the address of the list in which a finding was answered, at the question that comes next.

    `back` is the query of that list as its page wrote it: lieu, periode, page, and puis for the next question.
    """
    given = parse_qs(back[:LONGEST_BACK])
    told = {name: given[name][0] for name in ("lieu", "periode", "page", "puis") if name in given}
    query = urlencode(told | {"repondu": key[:KEY_SHOWN]})
    return f"{reverse('worklist')}?{query}#{'q-' + told['puis'] if told.get('puis') else 'repondu'}"


def said_just_now(key: str) -> FindingStatus | None:
    """Return what was said last of a finding, by the beginning of its key as an address carries it."""
    if len(key) != KEY_SHOWN:
        return None
    return FindingStatus.objects.filter(key__startswith=key).exclude(status="new").first()


def said_of(keys: Collection[str]) -> dict[str, FindingStatus]:
    """Return what people said of findings by key."""
    return FindingStatus.objects.select_related("by").in_bulk(list(keys), field_name="key")


def _said(codes: set[str]) -> pd.DataFrame:
    """Return what was said of findings about some places, in the columns that a list needs."""
    columns = ("check_name", "source", "place_code", "period", "indicator", "detail", "status", "at")
    found = FindingStatus.objects.values_list(*columns)
    rows = [row for row in found.iterator() if row[2] in codes]
    frame = pd.DataFrame(rows, columns=["check", *columns[1:-1], "said_on"])
    return frame.assign(said_on=[at.date() for at in frame["said_on"]])


def _code(place: PlaceMirror | None) -> str:
    """Return the code below which is read; "" for the whole country."""
    return "" if place is None or place.level == "country" else place.code


def _standing() -> tuple[str, tuple[str, ...]]:
    """Return on what answers rest: the store, its newest snapshots, the mirror of places, the day."""
    with published.opened() as store:
        newest = [store.latest(spec.name) for spec in (QUALITY_FINDINGS, OBSERVATIONS, PLACES)]
    mirror = PlaceMirror.objects.values_list("snapshot", flat=True).first() or ""
    marks = (*(manifest.id if manifest else "" for manifest in newest), mirror, f"{datetime.now(UTC):%Y%m%d}")
    return str(settings.KALANSO_STORE), marks


Ask = Callable[..., list[dict[str, Any]]]


def _kept_for() -> tuple[str, tuple[str, ...], Scope]:
    """Return on what an answer rests, and all readers for whom it may be kept."""
    return (*_standing(), published.alike(*READ))


@lru_cache(maxsize=1024)
def _told_months(
    _folder: str, _marks: tuple[str, ...], scope: Scope, code: str
) -> tuple[tuple[str, ...], dict[str, int]]:
    """Return the months below a place with a finding that is asked about, newest first, and how many places reported in each."""
    asked, given = _months_by_place(_folder, _marks, scope, _own_question(scope, code))
    codes = _below(code)
    if codes is not None:
        asked, given = (frame[frame["place_code"].isin(codes)] for frame in (asked, given))
    told = tuple(sorted(set(asked["period"]), reverse=True))
    return told, given.groupby("period")["place_code"].nunique().to_dict()


def _own_question(scope: Scope, code: str) -> str:
    """Return the place below which the store is asked: "" where one question for the country serves all who share it.

    Whoever shares with few asks of their places alone, since what is protected elsewhere would be found for nothing.
    """
    return "" if scope.places is None else code


@lru_cache(maxsize=64)
def _months_by_place(
    _folder: str, _marks: tuple[str, ...], scope: Scope, code: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return place_code and period of findings that are asked about, and of the reports that the checks read, each pair once."""

    def asked(table: ir.Table) -> ir.Table:
        chosen = table.filter(table.period_type == "month", table.severity != "note")
        return chosen.select("place_code", "period").distinct()

    with here.reading_as(scope), published.several(_below(code)) as ask:
        found = ask(QUALITY_FINDINGS, asked)
        read = _reports_checked()
        rows = ask(OBSERVATIONS, spoken, as_of=read) if published.sees(OBSERVATIONS) else []
    columns = ["place_code", "period"]
    return pd.DataFrame(found, columns=columns), pd.DataFrame(rows, columns=columns)


def _reports_checked() -> str | None:
    with published.opened() as store:
        return reports_checked(store)


@lru_cache(maxsize=32)
def _basis(_folder: str, _marks: tuple[str, ...], scope: Scope, code: str, month_code: str) -> Basis:
    codes = _below(code)
    told = _told(_folder, _marks, scope, _own_question(scope, code), month_code)
    if codes is not None:
        told = tuple(frame[frame["place_code"].isin(codes)].reset_index(drop=True) for frame in told)
    findings, doses, populations, reports = told
    lineage, names = _lineage(codes)
    return Basis(
        findings=findings,
        known=lists.Known(
            lineage=lineage,
            usual=lists.usual_of(doses, lineage),
            children=lists.children_of(populations, lineage),
            reports=reports,
        ),
        names=names,
    )


@lru_cache(maxsize=32)
def _told(
    _folder: str, _marks: tuple[str, ...], scope: Scope, code: str, month_code: str
) -> tuple[pd.DataFrame, ...]:
    """Return the findings that a list of a month may ask about, first doses and populations by which they are weighed, and reports owed."""
    month = Period.parse(month_code)
    with here.reading_as(scope), published.several(_below(code)) as ask:
        findings = _findings(ask, month)
        counted = published.sees(OBSERVATIONS)
        doses = _first_doses(ask, month) if counted else _sums("step")
        populations = _populations(ask, month) if counted else _sums("year")
        owed = _reports(ask, month, findings) if counted else missing_reports.EMPTY
    return findings, doses, populations, owed


def _reports(ask: Ask, month: Period, findings: pd.DataFrame) -> pd.DataFrame:
    """Return the reports of the year of a month that did not come, or came late, of the forms that the findings speak of."""
    forms = missing_reports.asked_for(findings)
    if not forms:
        return missing_reports.EMPTY
    back = int(published.pack().section("quality")["worklist"]["months_back"])
    first = date((month + -back).start.year, 1, 1)
    rows = ask(OBSERVATIONS, lambda table: missing_reports.by_structure(table, forms, first, month.end))
    return pd.DataFrame(rows, columns=list(missing_reports.COLUMNS))


def _sums(when: str, rows: Any = ()) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["source", "place_code", when, "value"])


def _populations(ask: Ask, month: Period) -> pd.DataFrame:
    """Return surviving infants by source, place and year, of the last years until that of a month."""

    def question(table: ir.Table) -> ir.Table:
        wanted = table.filter(
            table.indicator == "surviving_infants", table.period_type == PeriodType.YEAR.value, table.sex == "all",
            table.value.notnull(), table.period_start <= month.start,
            table.period_start >= date(month.year - YEARS_BACK, 1, 1),
        )  # fmt: skip
        return wanted.select("source", "place_code", "value", year=wanted.period_start.year())

    return _sums("year", ask(OBSERVATIONS, question))


def _below(code: str) -> frozenset[str] | None:
    """Return a place with all below it; None for the whole country."""
    if not code:
        return None
    path = PlaceMirror.objects.get(code=code).path
    return frozenset(PlaceMirror.objects.filter(path__startswith=path).values_list("code", flat=True))


def _findings(ask: Ask, month: Period) -> pd.DataFrame:
    """Return the findings that a list of a month may ask about: no more of a long past than is needed."""
    rules = published.pack().section("quality")["worklist"]
    first = min((month + -int(rules["months_back"])).start, date(month.start.year, 1, 1))

    def question(table: ir.Table) -> ir.Table:
        lasts = table.check.isin(list(rules["lasting"]))
        return table.filter(
            table.severity.isin(list(rules["severity"])),
            table.period_start <= month.end,
            (table.period_start >= first) | lasts,
        )

    rows = ask(QUALITY_FINDINGS, question)
    return pd.DataFrame(rows, columns=list(QUALITY_FINDINGS.column_names))


def _first_doses(ask: Ask, month: Period) -> pd.DataFrame:
    """Return the first doses of DTP by source, place and month of the last year; where a whole is given, without its parts."""

    def question(table: ir.Table) -> ir.Table:
        wanted = table.filter(
            table.indicator == FIRST_DOSES, table.period_type == PeriodType.MONTH.value, table.age_band.isin(AGES),
            table.strategy.notin(EXTRAORDINARY), table.status != "suppressed", table.value.notnull(),
            table.period_start >= (month + -11).start, table.period_start <= month.start,
        )  # fmt: skip
        whole = ibis.and_(*(wanted[name] == "all" for name in _WHOLE)) & (wanted["product"] == "")
        step = wanted.period_start.year() * 12 + wanted.period_start.month()
        return (
            wanted.mutate(whole=whole, step=step)
            .group_by("source", "place_code", "step")
            .agg(value=lambda t: ibis.coalesce(t.value.sum(where=t.whole), t.value.sum(where=~t.whole)))
        )

    return _sums("step", ask(OBSERVATIONS, question))


def _lineage(codes: frozenset[str] | None) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return each place with itself and those above it, and the names of all of them."""
    held = {row[0]: row for row in PlaceMirror.objects.values_list("code", "level", "path", "name")}
    rows = [
        (code, above, held[above][1])
        for code, (_code_again, _level, path, _name) in held.items()
        if codes is None or code in codes
        for above in path.strip("/").split("/")
        if above in held
    ]
    names = {code: held[code][3] for row in rows for code in row[:2]}
    return pd.DataFrame(rows, columns=["place_code", "ancestor_code", "ancestor_level"]), names
