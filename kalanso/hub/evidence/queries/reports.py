"""Which reports on data quality may somebody read, and do they still rest on what is published?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import ibis.expr.types as ir
from django.http import Http404
from django.utils.translation import gettext as _

from kalanso.hub.evidence.models import QualityReport
from kalanso.hub.evidence.queries import published
from kalanso.quality.scorecards import hardly, reported_months
from kalanso.quality.tables import QUALITY_FINDINGS, QUALITY_METRICS, QUALITY_SCORES
from kalanso.store import Audience, NotVisible, Scope

# What every reader of these tables may see: protected places late and coarse, whoever asks for the report.
SCOPE = Scope(audience=Audience.PARTNER)
TABLES = (QUALITY_METRICS, QUALITY_SCORES, QUALITY_FINDINGS)
SHOWN = 12


@dataclass(frozen=True, kw_only=True)
class Told:
    """A report, and whether something was published since that would change it."""

    report: QualityReport
    stale: bool


def refuse_closed() -> None:
    """Raise NotVisible where the reader may not see the tables on which the report rests."""
    for spec in TABLES:
        if not published.sees(spec):
            raise NotVisible(spec.name)


def newest_snapshots() -> tuple[str, ...]:
    """Return the snapshots out of which a report would be made now; nothing where one of them is missing."""
    with published.opened() as store:
        found = [store.latest(spec.name) for spec in TABLES]
    return tuple(manifest.id for manifest in found if manifest is not None) if all(found) else ()


def years() -> list[int]:
    """Return the years of which there are score cards, the newest first."""
    if not newest_snapshots():
        return []
    rows = published.rows(QUALITY_SCORES, lambda t: t.select("period").distinct())
    return sorted((int(row["period"]) for row in rows), reverse=True)


def usual_year(offered: Sequence[int]) -> int | None:
    """Return the newest of some years in which enough was reported and whose reports have all arrived; None of no years."""
    if not offered:
        return None
    least = float(published.pack().section("quality")["scorecards"]["hardly"])

    def question(table: ir.Table) -> ir.Table:
        return table.group_by("period").agg(
            judged=table.judged.sum(where=reported_months(table)), open=table.provisional.any()
        )

    rows = {row["period"]: row for row in published.rows(QUALITY_SCORES, question)}
    thin = hardly({year: row["judged"] or 0.0 for year, row in rows.items()}, least)
    told = [year for year in offered if str(year) not in thin] or list(offered)
    whole = [year for year in told if str(year) in rows and not rows[str(year)]["open"]]
    return max(whole or told)


def made() -> list[Told]:
    """Return the reports that can be read, the newest first."""
    now = set(newest_snapshots())
    found = QualityReport.objects.filter(made__isnull=False).select_related("asked_by", "job")[:SHOWN]
    return [Told(report=one, stale=set(one.snapshots) != now) for one in found]


def under_way() -> list[QualityReport]:
    """Return the reports that are being written, and those whose writing failed and that nobody asked for again."""
    found = QualityReport.objects.filter(made__isnull=True, job__isnull=False).select_related(
        "asked_by", "job"
    )
    return [
        one
        for one in found[:SHOWN]
        if one.job is not None and one.job.state != "cancelled" and not _overtaken(one)
    ]


def _overtaken(report: QualityReport) -> bool:
    return QualityReport.objects.filter(mode=report.mode, year=report.year, asked__gt=report.asked).exists()


def one(number: int) -> QualityReport:
    """Return a report that was made. Raises Http404."""
    found = QualityReport.objects.filter(pk=number, made__isnull=False).first()
    if found is None:
        raise Http404(_("Ce rapport n'existe pas, ou n'est pas encore écrit."))
    return found
