"""How does the worker bring what is new on a server, and which pulls does the night begin?

Stopped anywhere, the next pull goes on where this one was: the pieces that arrived lie beside the store. The
published tables follow as after a sheet.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from kalanso import pipeline
from kalanso.hub.evidence.actions import pulls as actions
from kalanso.hub.evidence.models import Connection, Pull
from kalanso.hub.evidence.queries.connections import open_connections
from kalanso.hub.evidence.tasks import connections as servers
from kalanso.hub.evidence.tasks.uploads import receipt_of
from kalanso.hub.jobs.tasks import Refused, Work, store_of_hub
from kalanso.hub.people import tasks as of_people
from kalanso.pipeline.progress import Cancelled
from kalanso.sources import odk
from kalanso.sources.dhis2.meanings import from_document
from kalanso.store import Manifest, Store


def ask_due(work: Work) -> Mapping[str, Any]:
    """Begin the pulls whose night has come."""
    begun = []
    for connection in open_connections().filter(due__lte=servers.now()).order_by("due"):
        if work.cancel():
            raise Cancelled
        pull = actions.ask_due_pull(connection=connection, now=servers.now())
        begun += [pull.pk] if pull is not None else []
    return {"pulls": begun}


def pull(work: Work) -> Mapping[str, Any]:
    """Bring what is new on a server: numbers into the published tables, answers to a form into raw tables."""
    found = Pull.objects.select_related("connection").get(pk=work.arguments["pull"])
    if found.state != Pull.State.ASKED or found.connection.closed is not None:
        raise Refused(_("Cette collecte est finie : demandez-en une autre sur la page de sa connexion."))
    with servers.refusals(
        lambda fault: actions.note_pull_failed(job=work.job, fault=fault, now=servers.now())
    ):
        if found.connection.counts:
            return _numbers(work, found)
        return _answers(work, found)


def _numbers(work: Work, found: Pull) -> Mapping[str, Any]:
    connection, store = found.connection, store_of_hub()
    plan = from_document(connection.plan)
    assert connection.first_month is not None  # a constraint of the database
    with servers.dhis2_of(connection, work, servers.PULL) as transport:
        pulled = pipeline.pull_dhis2(
            store, transport, plan, source=connection.source, first=connection.first_month, full=found.whole,
            new_places=connection.new_places, progress=work.progress, cancel=work.cancel, now=servers.now(),
        )  # fmt: skip
    of_people.mirror(store, today=servers.now().date())
    snapshots = _brought(store, pulled.request.pull_id)
    receipt = receipt_of(pulled.imported)
    told = {
        "mode": pulled.request.mode, "resumed": pulled.resumed, "watermark": pulled.request.watermark,
        "received": pulled.laid.received, "added": pulled.laid.added, "altered": pulled.laid.altered,
        "removed": pulled.laid.removed, "last": pulled.request.last,
    }  # fmt: skip
    actions.note_pulled(job=work.job, receipt=receipt, told=told, snapshots=snapshots, now=servers.now())
    return {"snapshots": snapshots, "stored": receipt["stored"]}


def _brought(store: Store, pull_id: str) -> list[str]:
    """Return the snapshots that a pull published."""

    def mine(manifest: Manifest) -> bool:
        return manifest.provenance.note == f"import {pull_id}" and manifest.kind == "publish"

    return [m.id for table in store.tables() for m in store.history(table) if mine(m)]


def _answers(work: Work, found: Pull) -> Mapping[str, Any]:
    connection: Connection = found.connection
    work.progress("pipeline.dhis2.asking", 0.05)
    with servers.forms_of(connection, work) as server:
        try:
            done = odk.pull(
                server, connection.form, connection.folder, url=server.transport.base, whole=found.whole,
                progress=lambda rows: work.progress("pipeline.dhis2.values", min(0.9, rows / (rows + 5000))),
                cancel=work.cancel, now=servers.now(),
            )  # fmt: skip
        except odk.NotPulled as error:
            if work.cancel():
                raise Cancelled from error
            raise
    files = [
        {"table": table, "name": path.name, "rows": done.rows[table], "bytes": path.stat().st_size}
        for table, path in done.files.items()
    ]
    told = {"came": done.came, "since": done.since, "watermark": done.watermark, "files": files}
    actions.note_pulled(job=work.job, receipt={}, told=told, snapshots=(), now=servers.now())
    return {"came": done.came}
