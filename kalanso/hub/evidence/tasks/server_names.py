"""How does the worker keep what people said of the places of a connected server?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kalanso.hub.evidence.actions import pulls as answers
from kalanso.hub.evidence.models import Connection
from kalanso.hub.evidence.tasks import reviewed_names
from kalanso.hub.evidence.tasks.connections import now, refusals
from kalanso.hub.jobs.tasks import Work, store_of_hub
from kalanso.pipeline.dhis2_places import VINTAGE


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
    signed = {"system": connection.source, "vintage": VINTAGE, "by": by, "date": moment.date().isoformat()}
    return reviewed_names.keep(store_of_hub(), [{**one, **signed} for one in decisions], by=by, now=moment)
