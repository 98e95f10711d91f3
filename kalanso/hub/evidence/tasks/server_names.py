"""How does the worker keep what people said of the places of a connected server?"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kalanso import pipeline
from kalanso.hub.evidence.actions import pulls as answers
from kalanso.hub.evidence.models import Connection
from kalanso.hub.evidence.tasks.connections import now, refusals
from kalanso.hub.jobs.tasks import Work, store_of_hub
from kalanso.pipeline.dhis2_places import VINTAGE
from kalanso.pipeline.reviewing import COLUMNS, NONE


def keep(work: Work) -> Mapping[str, Any]:
    """Hand decisions on names to the store, as a reviewed table signed by whoever took them."""
    connection = Connection.objects.get(pk=work.arguments["connection"])
    decisions = work.arguments["decisions"]
    by = work.job.asked_by.username if work.job.asked_by else ""
    with refusals(lambda fault: answers.note_refused(job=work.job, fault=fault, now=now())):
        work.once("matches", lambda: _publish(connection, decisions, by))
    return {"connection": connection.pk, "names": len(decisions)}


def _publish(connection: Connection, decisions: list[Mapping[str, str]], by: str) -> dict[str, int]:
    moment = now()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "correspondances.csv"
        with path.open("w", encoding="utf-8-sig", newline="") as stream:
            writer = csv.DictWriter(stream, fieldnames=COLUMNS)
            writer.writeheader()
            for one in decisions:
                told = {"place_code": one["place_code"] or NONE, "by": by, "date": moment.date().isoformat()}
                writer.writerow({**one, **told, "system": connection.source, "vintage": VINTAGE})
        return pipeline.keep_matches(store_of_hub(), path, by=by, now=moment)
