"""How does the worker read a sheet, try it out, publish it and take it back?

Each may be cut short anywhere and be done again: reading and trying change nothing that is published, the
pipeline completes an import that was cut short with the same codes, and what is withdrawn already is left.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
from django.utils import translation
from django.utils.translation import gettext as _

from kalanso import pipeline
from kalanso.hub.evidence.actions import answers
from kalanso.hub.evidence.models import PlaceName, Upload
from kalanso.hub.evidence.queries import blank_sheets, published
from kalanso.hub.evidence.queries.uploads import (
    DATA,
    SHOWN,
    decisions,
    earlier_decisions,
    level_of_visits,
    levels_of_places,
    mark_of,
    saved_map_for,
)
from kalanso.hub.evidence.tasks import reviewed_names, trials
from kalanso.hub.evidence.tasks.sheets import LIMITS, look_at, look_at_known
from kalanso.hub.jobs.tasks import Refused, Work, store_of_hub
from kalanso.hub.people import tasks as of_people
from kalanso.hub.people.models import PlaceMirror
from kalanso.places.tables import PLACE_MATCHES
from kalanso.sources import BadFile
from kalanso.sources.column_maps import ColumnMap, from_document
from kalanso.store import CannotWithdraw, Manifest, Store, TableRefused

UNITS = {Upload.Reader.STOCK: "doses", Upload.Reader.VIALS: "vials"}  # where no column says it
LISTED = 10_000  # refused rows in the list; what is beyond is counted


def _now() -> datetime:
    return datetime.now(UTC)


def _both(say: Callable[[], str]) -> dict[str, str]:
    """Return a sentence in both languages."""
    found = {}
    for language in ("fr", "en"):
        with translation.override(language):
            found[language] = say()
    return found


@contextmanager
def _refusals(work: Work) -> Iterator[None]:
    """Keep on the sheet why it is refused, for whoever looks at it, and end the job with the same words."""
    try:
        yield
    except (BadFile, pipeline.CannotImport) as error:
        fault = {language: error.render(language) for language in ("fr", "en")}
    except _Refusal as error:
        fault = error.fault
    except (TableRefused, CannotWithdraw) as error:
        told = str(error)
        fault = _both(lambda: _("Le magasin a refusé ces lignes : %(why)s") % {"why": told})
    else:
        return
    answers.note_refusal(job=work.job, fault=fault, now=_now())
    raise Refused(fault["fr"])


class _Refusal(ValueError):
    """A sheet that cannot go on; `fault` says why in both languages."""

    def __init__(self, say: Callable[[], str]) -> None:
        self.fault = _both(say)
        super().__init__(self.fault["en"])


def _upload(work: Work) -> Upload:
    """Return the sheet of a job, its file as it came."""
    upload = Upload.objects.select_related("by", "organisation").get(pk=work.arguments["upload"])
    if not upload.path.is_file() or _checksum(upload.path) != upload.sha256:
        raise _Refusal(
            lambda: _("Le fichier déposé manque ou n'est plus celui qui est venu. Déposez-le de nouveau.")
        )
    return upload


def _checksum(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read(work: Work) -> Mapping[str, Any]:
    """See what stands in a sheet and propose what its columns mean."""
    with _refusals(work):
        work.progress("pipeline.import.reading", 0.1)
        upload = _upload(work)
        if not upload.has_columns_to_say:
            reading = look_at_known(upload.path, upload.reader)
            answers.note_reading(job=work.job, reading=reading, saved_map=None, known=True, now=_now())
            return {"columns": len(reading["headings"]), "rows": reading["rows"]}
        reading = look_at(upload.path, sheet=str(work.arguments.get("sheet", "")))
        saved = saved_map_for(upload, reading["mark"])
        known = blank_sheets.needs_no_question(
            reading, saved.document if saved else None, pack=published.pack(), levels=levels_of_places()
        )
        answers.note_reading(job=work.job, reading=reading, saved_map=saved, known=known, now=_now())
    return {"columns": len(reading["columns"]), "rows": reading["rows"]}


def try_out(work: Work) -> Mapping[str, Any]:
    """Do everything that publishing does, but publish nothing, and keep the receipt."""
    with _refusals(work):
        upload = _upload(work)
        mark, earlier = mark_of(upload), earlier_decisions(upload)
        store = store_of_hub()
        imported = _import(work, store, upload, dry_run=True, earlier=tuple(earlier.values()))
        names = _open_names(imported)
        flagged = _flagged(imported, upload)
        _list_rejected(upload, imported)
        _keep_first_rows(upload, imported)
        answers.note_trial(
            job=work.job, receipt={**receipt_of(imported), **trials.looked_through(upload, imported)},
            names=names, earlier=earlier, flagged=bool(flagged), import_id=imported.import_id, mark=mark, now=_now(),
        )  # fmt: skip
    return {"stored": imported.receipt.stored, "rejected": imported.receipt.rejected.total()}


def _refuse_unless_awaited(work: Work, state: str) -> None:
    """Refuse a job that nobody waits for any more: taken up again later, it would undo what was decided since."""
    if not answers.is_awaited(work.job, state):
        raise _Refusal(lambda: _("Cette demande ne tient plus : le fichier a changé d'état depuis."))


def publish(work: Work) -> Mapping[str, Any]:
    """Publish what was tried: decisions on names first, then the rows; then refresh the mirror of places."""
    with _refusals(work):
        _refuse_unless_awaited(work, Upload.State.PUBLISHING)
        upload = _upload(work)
        if not upload.tried or upload.tried != mark_of(upload):
            raise _Refusal(
                lambda: _("Des décisions ont changé depuis l'essai. Refaites l'essai, relisez, puis publiez.")
            )
        store = store_of_hub()
        work.once("matches", lambda: _keep_decisions(store, upload))
        imported = _import(work, store, upload, dry_run=False)
        snapshots = brought_by(store, upload)
        of_people.mirror(store, today=_now().date())
        answers.note_published(job=work.job, snapshots=snapshots, receipt=receipt_of(imported), now=_now())
    return {"snapshots": snapshots, "stored": imported.receipt.stored}


def withdraw(work: Work) -> Mapping[str, Any]:
    """Take back the rows that a sheet brought, the newest snapshot first."""
    with _refusals(work):
        _refuse_unless_awaited(work, Upload.State.WITHDRAWING)
        upload = Upload.objects.select_related("organisation").get(pk=work.arguments["upload"])
        store = store_of_hub()
        for snapshot in reversed([s for s in upload.snapshots if s.rsplit("-", 1)[0] in DATA]):
            _take_back(work, store, upload, snapshot)
        of_people.mirror(store, today=_now().date())
        answers.note_withdrawn(job=work.job, now=_now())
    return {"withdrawn": upload.snapshots}


def _take_back(work: Work, store: Store, upload: Upload, snapshot: str) -> None:
    if any(m.withdrew == snapshot for m in store.history(snapshot.rsplit("-", 1)[0])):
        return
    try:
        # Readers of the table see who withdrew: the organisation; the person stands in the trail.
        pipeline.withdraw(
            store, snapshot, reason=upload.reason, by=str(upload.organisation), progress=work.progress,
            cancel=work.cancel, now=_now(),
        )  # fmt: skip
    except CannotWithdraw as error:
        raise _Refusal(
            lambda: _(
                "Des données plus récentes se sont mêlées à celles-ci : retirez d'abord les envois suivants."
            )
        ) from error


def _import(
    work: Work, store: Store, upload: Upload, *, dry_run: bool, earlier: Sequence[PlaceName] = ()
) -> pipeline.Imported:
    if upload.has_columns_to_say:
        options: dict[str, Any] = {"column_map": map_of(upload)}
    else:
        system, vintage = list_of_names(upload)
        options = {"system": system, "vintage": vintage, "level": level_of_visits(upload)}
    if upload.reader in UNITS:
        options["unit"] = UNITS[upload.reader]
    return pipeline.import_file(
        store, "stock" if upload.reader in UNITS else upload.reader, upload.path, source=upload.source, options={**options, "limits": LIMITS},
        dry_run=dry_run, reviewed=_reviewed(upload, earlier), within=_within(upload), shown=SHOWN if dry_run else 0,
        progress=work.progress, cancel=work.cancel, now=_now(),
    )  # fmt: skip


def map_of(upload: Upload) -> ColumnMap:
    """Return what the columns of a sheet mean, its names being those of its own list."""
    document = json.loads(json.dumps(upload.column_map))
    place = document.setdefault("place", {})
    place["system"], place["vintage"] = list_of_names(upload)
    return from_document(document, file=upload.file_name)


def list_of_names(upload: Upload) -> tuple[str, str]:
    """Return in which list, and which edition of it, the names of a sheet stand.

    Two districts may use one name for two places: names are remembered for the source and place of the
    sheet, unless its map names the list itself.
    """
    place = upload.column_map.get("place", {})
    system, vintage = str(place.get("system") or "tables"), str(place.get("vintage") or "")
    return (upload.source, vintage or upload.place_code) if system == "tables" else (system, vintage)


def _within(upload: Upload) -> frozenset[str] | None:
    """Return the places for which a sheet may speak; None is the country."""
    if not upload.place_code:
        return None
    home = PlaceMirror.objects.filter(code=upload.place_code).first()
    if home is None:
        raise _Refusal(
            lambda: _("Le lieu de ce fichier n'est plus publié. Déposez le fichier pour un autre lieu.")
        )
    return frozenset(PlaceMirror.objects.filter(path__startswith=home.path).values_list("code", flat=True))


def _reviewed(upload: Upload, earlier: Sequence[PlaceName]) -> pd.DataFrame | None:
    """Return decisions on names as a reviewed list, its own after earlier ones; None where nobody decided anything."""
    own = decisions(upload)
    decided = {(one.code, one.parent_name) for one in own}
    rows = _rows_of(upload, [*(one for one in earlier if (one.code, one.parent_name) not in decided), *own])
    # As objects: in columns of text, an empty place would become a number that is none.
    return pd.DataFrame(rows, columns=list(PLACE_MATCHES.column_names), dtype=object) if rows else None


def _rows_of(upload: Upload, decided: Sequence[PlaceName]) -> list[dict[str, Any]]:
    """Return decisions on names as rows of `place_matches`."""
    system, vintage = list_of_names(upload)
    return [
        {
            "system": system, "vintage": vintage, "code": one.code, "name": one.name,
            "parent_name": one.parent_name,
            "status": "reviewed" if one.decision == PlaceName.Decision.PLACE else "rejected",
            "place_code": one.place_code or None, "score": 1.0,
            "candidates": '{"reason": "reviewed", "candidates": []}',
            "reviewed_by": one.decided_by.username if one.decided_by else "",
            "reviewed_on": one.decided.date() if one.decided else _now().date(),
        }
        for one in decided
    ]  # fmt: skip


def _keep_decisions(store: Store, upload: Upload) -> None:
    rows = _rows_of(upload, decisions(upload))
    if rows:
        told = [{**row, "by": row["reviewed_by"], "date": row["reviewed_on"].isoformat()} for row in rows]
        reviewed_names.keep(store, told, by=upload.by.username, now=_now())


def brought_by(store: Store, upload: Upload) -> list[str]:
    """Return the snapshots that the publication of a sheet made, the withdrawn ones left out."""

    def mine(manifest: Manifest) -> bool:
        return manifest.provenance.note == f"import {upload.import_id}" and manifest.kind == "publish"

    found = []
    for table in store.tables():
        history = store.history(table)
        withdrawn = {m.withdrew for m in history}
        found += [m.id for m in history if mine(m) and m.id not in withdrawn]
    return found


def _open_names(imported: pipeline.Imported) -> list[dict[str, Any]]:
    """Return the names that wait for a person, that a person decided, and that likeness alone told."""
    refused = [r for r in imported.receipt.rejections if r.reason.rpartition(".")[2].startswith("place_")]
    rows = {r.found: r.row for r in refused if r.found}
    flagged = _flagged_places()
    found = []
    for match in imported.matches.to_dict("records"):
        candidates = json.loads(match["candidates"])
        if match["status"] == "matched":
            if candidates["reason"] == "same_name":
                continue
            candidates["matched"] = match["place_code"]
        shown = f"{match['name']} ({match['parent_name']})" if match["parent_name"] else match["name"]
        codes = {one["place_code"] for one in candidates["candidates"]} | {match["place_code"]}
        found.append(
            {
                "code": match["code"], "parent_name": match["parent_name"], "name": match["name"],
                "status": match["status"], "score": float(match["score"]), "candidates": candidates,
                "row": rows.get(shown), "flagged": bool(codes & flagged),
            }
        )  # fmt: skip
    return found


def _flagged_places() -> set[str]:
    return set(PlaceMirror.objects.filter(flagged=True).values_list("code", flat=True))


def _flagged(imported: pipeline.Imported, upload: Upload) -> set[str]:
    """Return the places under a security flag that rows of a sheet are, or may be, about."""
    maybe = {
        one["place_code"]
        for match in imported.matches["candidates"]
        for one in json.loads(match)["candidates"]
    }
    return (set(imported.placed) | maybe | {upload.place_code}) & _flagged_places()


def receipt_of(imported: pipeline.Imported) -> dict[str, Any]:
    """Return the receipt as plain values."""
    told = json.loads(json.dumps(imported.receipt.as_dict(), default=str))
    return {**told, "places": dict(imported.places), "placed": len(imported.placed)}


def _list_rejected(upload: Upload, imported: pipeline.Imported) -> None:
    """Keep the refused rows in a file of the sheet's folder, whole or not at all."""
    upload.rejected_path.parent.mkdir(exist_ok=True)
    draft = upload.rejected_path.with_suffix(".tmp")
    with draft.open("w", encoding="utf-8") as stream:
        for one in imported.receipt.rejections[:LISTED]:
            row = {
                "sheet": one.sheet, "row": one.row, "column": one.column, "reason": one.reason,
                "found": None if one.found is None else str(one.found)[:300],
                "expected": None if one.expected is None else str(one.expected)[:300],
            }  # fmt: skip
            stream.write(json.dumps(row, ensure_ascii=False) + "\n")
    draft.replace(upload.rejected_path)


def _keep_first_rows(upload: Upload, imported: pipeline.Imported) -> None:
    """Keep the first rows that would stand, so that whoever publishes sees values before; whole or not at all."""
    told = {"total": imported.observed, "rows": [dict(row) for row in imported.first_rows]}
    upload.first_rows_path.parent.mkdir(exist_ok=True)
    draft = upload.first_rows_path.with_suffix(".tmp")
    draft.write_text(json.dumps(told, ensure_ascii=False, default=str), encoding="utf-8")
    draft.replace(upload.first_rows_path)
