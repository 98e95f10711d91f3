"""Which runs are there for a reader, how do two of them differ, and what do official figures say beside them?

Numbers of places are read through `store.visible` with the reader's own scope. The national numbers of a run
stand in its record; whoever may see the run may read them: the programme every run, partners those that are
validated, everybody the published one.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import ibis.expr.types as ir
from django.conf import settings
from django.db.models import QuerySet

from kalanso import pipeline
from kalanso.coverage.summaries import readable
from kalanso.coverage.tables import COVERAGE_ESTIMATES, KEPT_RUNS
from kalanso.hub.evidence.models import AgreedSentence, Run, RunCheck, RunStep
from kalanso.hub.jobs.models import Job
from kalanso.hub.people.models import PlaceMirror
from kalanso.hub.people.permissions import may
from kalanso.hub.people.queries.here import scope
from kalanso.indicators.tables import COVERAGE_SERIES
from kalanso.pipeline.kept_runs import evidence_snapshots
from kalanso.store import Audience, Store, TableSpec, visible

LOOK = "evidence.look"
NUMBERS = ("coverage", "missed_children", "surviving_infants")
OFFICIAL = ("ADMIN", "OFFICIAL", "WUENIC")
LEVELS = ("region", "district", "health_area")
MOST_PLACES = 15
YEARS_SHOWN = 8


class _Desk:
    """The store, opened once in this process, and the lock of its one reader at a time."""

    def __init__(self, folder: Path, memory: str) -> None:
        self.store = Store.open(folder, memory=memory, threads=1)
        self.lock = threading.RLock()


@lru_cache(maxsize=4)
def _desk(folder: Path, memory: str) -> _Desk:
    return _Desk(folder, memory)


def desk() -> _Desk:
    """Return the store of the settings."""
    return _desk(Path(settings.KALANSO_STORE), settings.KALANSO_MEMORY)


def _rows(spec: TableSpec, narrow: Any) -> list[dict[str, Any]]:
    """Return rows of a table as the reader of this moment may see them; raises NotVisible."""
    here = desk()
    with here.lock:
        table: ir.Table = visible(here.store, spec, scope(), today=datetime.now(UTC).date())
        found: list[dict[str, Any]] = narrow(table).to_pyarrow().to_pylist()
    return found


def snapshots() -> dict[str, str]:
    """Return the newest snapshot of every table that an estimate would hear."""
    return evidence_snapshots(desk().store)


def last_look(quarters: int) -> tuple[Job | None, bool]:
    """Return the newest count of the evidence over so many quarters, and whether it is of what stands there now."""
    found = Job.objects.filter(kind=LOOK, arguments__quarters=quarters).order_by("-asked").first()
    if found is None or found.state != Job.State.DONE:
        return found, True
    return found, found.answer.get("snapshots") == snapshots()


def visible_runs(person: Any) -> QuerySet[Run]:
    """Return the runs that somebody may know of."""
    runs = Run.objects.select_related("asked_by", "job", "validated_by", "checked_by")
    if person.is_authenticated and may(person, "evidence.read_runs"):
        return runs
    if scope().widest >= Audience.PARTNER:
        return runs.filter(state__in=("validated", "published"))
    return runs.filter(state="published")


def in_programme(person: Any) -> bool:
    """Whether somebody sees runs that nobody validated."""
    return bool(person.is_authenticated and may(person, "evidence.read_runs"))


@dataclass(frozen=True)
class Circles:
    """Which run each circle of readers sees: the programme, partners and donors, everybody."""

    programme: Run | None
    partners: Run | None
    public: Run | None


def circles() -> Circles:
    """Return which run is meant for whom now."""
    held = {
        run.state: run for run in Run.objects.filter(state__in=("technical_review", "validated", "published"))
    }
    review, validated, published = (held.get(one) for one in ("technical_review", "validated", "published"))
    return Circles(review or validated or published, validated or published, published)


def shown_for(person: Any) -> Run | None:
    """Return the run whose numbers somebody should read: the newest that was validated, for the public published."""
    now = circles()
    if in_programme(person) or scope().widest >= Audience.PARTNER:
        return now.partners
    return now.public


@dataclass(frozen=True)
class SetAside:
    """Who set a run aside (their organisation, where they have one), when, why, and under which number it is kept."""

    number: int
    by: str
    at: datetime
    reason: str


def set_aside(name: str) -> SetAside | None:
    """Return that a run was set aside, by its own name; None where it stands, or was taken up again under any number."""
    rows = list(Run.objects.filter(name=name).only("pk", "state")) if name else []
    if not rows or any(run.state != Run.State.REJECTED for run in rows):
        return None
    steps = RunStep.objects.filter(run__in=rows, after=Run.State.REJECTED).select_related("by")
    return _who_and_why(steps[0]) if steps else None


def set_aside_last(run: Run) -> SetAside | None:
    """Return who set this very run aside and why; None where it stands."""
    if run.state != Run.State.REJECTED:
        return None
    step = run.steps.filter(after=Run.State.REJECTED).select_related("by").first()
    return _who_and_why(step) if step else None


def _who_and_why(step: RunStep) -> SetAside:
    held = step.by.memberships.select_related("organisation").first()
    who = str(held.organisation) if held else str(step.by)
    return SetAside(step.run_id, who, step.at, step.reason)


def outside() -> dict[str, Any] | None:
    """Return the run that the store's pages show, where it was computed outside the hub and nobody wrote it in."""
    store = desk().store
    manifest = store.latest(COVERAGE_ESTIMATES.name)
    if manifest is None or not manifest.rows:
        return None
    name = str(manifest.provenance.note).removeprefix("run ").partition(" ")[0]
    if not name or Run.objects.filter(name=name).exists() or Run.objects.filter(key=f"adopt.{name}").exists():
        return None
    for folder in sorted(store.folder.glob("estimates*")):
        found = pipeline.kept_run(folder)
        if found is not None and found.run == name and found.finished:
            return {"name": name, "created": manifest.created, "preview": found.preview}
    return None


def cut_beside(run: Run) -> Run | None:
    """Return the finished cut version of a run: the same question on the same evidence, doses kept apart."""
    free = {"preview", "seed", "draws", "cut"}
    wanted = {name: value for name, value in run.question.items() if name not in free}
    for other in Run.objects.filter(work=Run.Work.DONE, quarters=run.quarters, question__cut=True)[:100]:
        own = {name: value for name, value in other.question.items() if name not in free}
        if own == wanted and other.snapshots == run.snapshots and other.pk != run.pk:
            return other
    return None


def last_validated(run: Run) -> Run | None:
    """Return the run that was validated last before this one, to be set beside it."""
    others = Run.objects.exclude(pk=run.pk).filter(work=Run.Work.DONE)
    held = others.filter(state__in=("validated", "published")).order_by("-steps__at").first()
    return held or others.filter(state="replaced").order_by("-steps__at").first()


def headline(run: Run) -> list[dict[str, Any]]:
    """Return the national numbers of a run in its newest period, one row for each dose."""
    rows = run.headline
    newest = max((row["period"] for row in rows), default="")
    return [row for row in rows if row["period"] == newest]


@dataclass(frozen=True)
class Interval:
    """A number with its 95 % interval; a count is said as roundly as its interval allows (`said`)."""

    mean: float
    low: float
    high: float

    @property
    def said(self) -> Interval:
        """The same as a sentence may say it."""
        return Interval(*(readable(value, self.low, self.high) for value in (self.mean, self.low, self.high)))


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One thing in which two runs differ, as each has it."""

    name: str
    first: Any
    second: Any


def differences(first: Run, second: Run) -> list[Difference]:
    """Return in which answers of the question two runs differ."""
    one = {**first.question, "quarters": first.quarters, "preview": first.preview, "software": first.software}
    two = {
        **second.question,
        "quarters": second.quarters,
        "preview": second.preview,
        "software": second.software,
    }
    names = [*one, *(name for name in two if name not in one)]
    return [
        Difference(name=name, first=one.get(name), second=two.get(name))
        for name in names
        if one.get(name) != two.get(name)
    ]


def evidence_differences(first: Run, second: Run) -> list[Difference]:
    """Return of which tables two runs heard other numbers of rows; None of a run for which that was not noted.

    What a run heard that was made outside these pages nobody counted here: that is not nothing.
    """
    one, two = first.evidence.get("tables"), second.evidence.get("tables")
    rows = [
        Difference(
            name=name, first=None if one is None else one.get(name, 0), second=None if two is None else two.get(name, 0)
        )
        for name in sorted({*(one or {}), *(two or {})})
    ]  # fmt: skip
    return [row for row in rows if row.first != row.second]


@dataclass(frozen=True, kw_only=True)
class Beside:
    """What two runs say of the same: a label, and the numbers of each with their intervals."""

    name: str
    code: str
    indicator: str
    period: str
    first: dict[str, Any]
    second: dict[str, Any]

    @property
    def moved(self) -> float:
        """By how many missed children the second lies above the first."""
        return float(self.second["missed_children_mean"] - self.first["missed_children_mean"])

    @property
    def apart(self) -> bool:
        """Whether the intervals of coverage do not touch."""
        one, two = self.first, self.second
        return bool(
            one["coverage_q975"] < two["coverage_q025"] or two["coverage_q975"] < one["coverage_q025"]
        )


def national(first: Run, second: Run) -> list[Beside]:
    """Return the country's numbers of two runs side by side, for the newest period that both have."""
    one = {(row["period"], row["span"], row["indicator"]): row for row in first.headline}
    two = {(row["period"], row["span"], row["indicator"]): row for row in second.headline}
    both = sorted(one.keys() & two.keys(), reverse=True)
    return [
        Beside(name="", code="", indicator=key[2], period=key[0], first=one[key], second=two[key])
        for key in sorted((key for key in both if key[0] == both[0][0]), key=lambda key: key[2])
    ]


def moved_places(first: Run, second: Run, level: str, indicator: str) -> list[Beside]:
    """Return the places of a level whose numbers lie furthest apart, most missed children first.

    Only places that the reader may see; raises NotVisible for a reader who may see none.
    """
    names = {first.name, second.name}
    rows = _rows(KEPT_RUNS, lambda t: t.filter(t.run.isin(names) & (t.indicator == indicator)))
    known = dict(PlaceMirror.objects.filter(level=level).values_list("code", "name"))
    newest = {name: max((r["period"] for r in rows if r["run"] == name), default="") for name in names}
    sides = {
        name: {
            r["place_code"]: r for r in rows
            if r["run"] == name and r["period"] == newest[name] and r["place_code"] in known
        }
        for name in names
    }  # fmt: skip
    one, two = sides[first.name], sides[second.name]
    found = [
        Beside(
            name=known[code],
            code=code,
            indicator=indicator,
            period=two[code]["period"],
            first=one[code],
            second=two[code],
        )
        for code in one.keys() & two.keys()
    ]
    return sorted(found, key=lambda row: (-abs(row.moved), row.code))


@dataclass(frozen=True, kw_only=True)
class Official:
    """What others published for a year beside the estimate: shares by category, and the estimate's row."""

    year: str
    shares: dict[str, float]
    estimate: dict[str, Any] | None


def official(run: Run | None, indicator: str) -> list[Official]:
    """Return the official series of the country by year, newest first, beside a run's calendar years.

    The four quarters up to the fourth are the year. Of several editions of a series the last holds.
    """
    root = PlaceMirror.objects.filter(level="country").values_list("code", flat=True).first()
    rows = _rows(
        COVERAGE_SERIES,
        lambda t: t.filter(
            (t.place_code == root) & (t.indicator == f"{indicator}_coverage") & (t.period_type == "year")
            & t.category.isin(OFFICIAL) & t.coverage.notnull()
        ).order_by("vintage").select("period", "category", "coverage"),
    )  # fmt: skip
    years: dict[str, dict[str, float]] = {}
    for row in rows:
        years.setdefault(row["period"], {})[row["category"]] = row["coverage"]
    own = {
        row["period"][:4]: row
        for row in (run.headline if run else [])
        if row["indicator"] == indicator and row["span"] == "rolling4" and row["period"].endswith("Q4")
    }
    known = sorted(years.keys() | own.keys(), reverse=True)[:YEARS_SHOWN]
    return [Official(year=year, shares=years.get(year, {}), estimate=own.get(year)) for year in known]


def agreed() -> AgreedSentence | None:
    """Return the sentence that holds now."""
    return AgreedSentence.objects.select_related("by").first()


def held_checks(run: Run) -> dict[str, RunCheck]:
    """Return the last answer to each point since the run came into review last."""
    entered = (
        run.steps.filter(after=Run.State.REVIEW).order_by("-number").values_list("number", flat=True).first()
    )
    return {one.point: one for one in run.checks.filter(round=entered or 0).select_related("by")}
