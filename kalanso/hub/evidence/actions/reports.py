"""Who has the report on data quality written, and what is kept of it?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from kalanso.hub.evidence.models import QualityReport
from kalanso.hub.jobs.actions import ask
from kalanso.hub.jobs.models import Job
from kalanso.hub.people.actions import record
from kalanso.hub.people.models import Person
from kalanso.hub.people.permissions import refuse_unless

KIND = "evidence.quality_report"


@transaction.atomic
def ask_report(
    *, by: Person, mode: str, year: int, known_years: Sequence[int], now: datetime
) -> QualityReport:
    """Have the report of a year written; asking while it is being written asks nothing more."""
    refuse_unless(by, "evidence.ask_quality_report")
    if mode not in QualityReport.Mode.values:
        raise ValidationError(_("Choisissez des règles de la liste."), code="mode")
    if year not in known_years:
        raise ValidationError(_("Aucune fiche de qualité n'existe pour cette année."), code="year")
    busy = QualityReport.objects.filter(
        mode=mode, year=year, made__isnull=True, job__state__in=(Job.State.WAITING, Job.State.RUNNING)
    ).first()
    if busy is not None:
        return busy
    report = QualityReport.objects.create(mode=mode, year=year, asked_by=by, asked=now)
    report.job = ask(by=by, kind=KIND, arguments={"report": report.pk}, key=f"{KIND}:{report.pk}", now=now)
    report.save(update_fields=["job"])
    record(by=by, verb="evidence.quality_report_asked", thing=report, now=now)
    return report


@transaction.atomic
def note_made(
    *, report: QualityReport, snapshots: Sequence[str], files: Sequence[str], now: datetime
) -> None:
    """Keep out of what a report was made, once its files stand on the disk."""
    report.snapshots, report.files, report.made = list(snapshots), list(files), now
    report.save(update_fields=["snapshots", "files", "made"])
