"""How does the worker write the report on data quality, in every language and format?"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.urls import reverse

from kalanso.hub.evidence.actions.reports import note_made
from kalanso.hub.evidence.models import QualityReport
from kalanso.hub.evidence.queries.reports import SCOPE
from kalanso.hub.jobs.tasks import Refused, Work, store_of_hub
from kalanso.pipeline.quality_report import CannotReport, write_quality_reports


def forget(*, asked_before: datetime) -> int:
    """Remove reports that were asked for long ago, with their files, and return how many.

    Any of them can be asked for again; that it was asked for stays in the trail. One that is still being written stays.
    """
    over = QualityReport.objects.filter(asked__lt=asked_before).select_related("job")
    gone = [one for one in over if one.job is None or one.job.over]
    for report in gone:
        folder = report.folder
        report.delete()
        shutil.rmtree(folder, ignore_errors=True)
    return len(gone)


def write(work: Work) -> Mapping[str, Any]:
    """Write the files of a report; an attempt that was killed leaves none that counts, and is done again."""
    report = QualityReport.objects.get(pk=work.arguments["report"])
    address = {"address": reverse("quality_reports")}
    if report.made is not None:
        return address
    now = datetime.now(UTC)
    try:
        written = write_quality_reports(
            store_of_hub(), report.folder, mode=report.mode, year=report.year, scope=SCOPE, progress=work.progress,
            cancel=work.cancel, now=now,
        )  # fmt: skip
    except CannotReport as refusal:
        raise Refused(refusal.render("fr")) from refusal
    note_made(report=report, snapshots=written.snapshots, files=written.files, now=datetime.now(UTC))
    return address
