"""How does the worker compute a run, count the evidence, and let the published tables follow a decision?

Each may be killed at any moment and done again: an estimate goes on from its checkpoint, and the tables are
brought to what the records say, whatever stood there.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import override

from kalanso import __version__, pipeline
from kalanso.coverage import EstimateRefused, EvidenceRefused, Question, QuestionRefused
from kalanso.coverage.tables import KEPT_RUNS
from kalanso.hub.evidence.actions import runs as write
from kalanso.hub.evidence.actions.figures import follow_estimates
from kalanso.hub.evidence.models import Run, RunStep
from kalanso.hub.jobs.tasks import Refused, Work, store_of_hub
from kalanso.hub.people.tasks import MACHINE
from kalanso.pipeline import KeptRun, NothingToWorkOn, Shown
from kalanso.pipeline.estimate_account import engine_mark
from kalanso.pipeline.evidence import still_stand
from kalanso.pipeline.kept_runs import discard_unfinished, folder_of_kept
from kalanso.pipeline.one_at_a_time import is_computing
from kalanso.pipeline.progress import Cancelled
from kalanso.store import Store, visible
from kalanso.vocabulary import Message

LOCALES = ("fr", "en")


def _now() -> datetime:
    return datetime.now(UTC)


def look(work: Work) -> Mapping[str, Any]:
    """Count what an estimate would hear now."""
    store = store_of_hub()
    try:
        return pipeline.look(
            store,
            quarters=int(work.arguments["quarters"]),
            progress=work.progress,
            cancel=work.cancel,
            now=_now(),
        )
    except (EvidenceRefused, NothingToWorkOn) as refusal:
        raise Refused(_said(refusal)["fr"]) from refusal


def estimate(work: Work) -> Mapping[str, Any]:
    """Compute a run, from where an earlier attempt was killed."""
    run = Run.objects.select_related("warm").get(pk=work.arguments["run"])
    store = store_of_hub()
    if run.work not in {Run.Work.ASKED, Run.Work.COMPUTING}:
        return {"run": run.name}
    try:
        work.wait_while(lambda: is_computing(store), "pipeline.computing.waiting")
        write.begin_run(run=run, evidence=None, now=_now())
        asked = {one.rpartition("-")[0]: one for one in run.snapshots}
        # What was published since is for the next run: otherwise each month's sheet would begin this one anew.
        frozen = asked if still_stand(store, asked) else None
        heard = pipeline.look(store, quarters=run.quarters, snapshots=frozen, cancel=work.cancel, now=_now())
        write.begin_run(run=run, evidence=heard, now=_now())
        kept = pipeline.keep_estimate(
            store, str(run.pk), question=Question.from_dict(run.question), quarters=run.quarters, warm=_warm(store, run),
            snapshots=heard["snapshots"], progress=work.progress, cancel=work.cancel, now=_now(),
        )  # fmt: skip
    except Cancelled:
        run.job.refresh_from_db()
        if run.job.cancel_asked is not None:  # a lost lease stops the work too, and another goes on with it
            write.note_stopped(run=run, now=_now())
            discard_unfinished(store, str(run.pk))
        raise
    except (EstimateRefused, EvidenceRefused, QuestionRefused, NothingToWorkOn) as refusal:
        _refuse(store, run, refusal)
        raise Refused(_said(refusal)["fr"]) from refusal
    write.end_run(run=run, found=_computed(store, kept), now=_now())
    return {"run": kept.run}


def adopt(work: Work) -> Mapping[str, Any]:
    """Keep the run that the store's pages show."""
    run, store = Run.objects.get(pk=work.arguments["run"]), store_of_hub()
    try:
        kept = pipeline.adopt(store, str(run.pk), now=_now())
    except NothingToWorkOn as refusal:
        _refuse(store, run, refusal)
        raise Refused(_said(refusal)["fr"]) from refusal
    write.end_run(run=run, found=_computed(store, kept), now=_now())
    return {"run": kept.run}


def _warm(store: Store, run: Run) -> Path | None:
    """Return the folder of the preview from which a run starts, where it is still there."""
    if run.warm_id is None:
        return None
    folder = folder_of_kept(store, str(run.warm_id))
    return folder if (folder / "warm.npz").is_file() else None


def _said(refusal: Exception) -> dict[str, str]:
    """Return the sentence of a refusal in both languages."""
    render = getattr(refusal, "render", None) or _nothing_there
    return {one: render(one) for one in LOCALES}


def _nothing_there(locale: str) -> str:
    """Say that the store lacks what the work needs: the library's own words name folders of the machine."""
    with override(locale):
        return _(
            "L'entrepôt n'a pas ce qu'il faut : aucun fichier de ce calcul, ou aucune table à entendre. Importez des "
            "données, ou demandez le calcul ici."
        )


def _refuse(store: Store, run: Run, refusal: Exception) -> None:
    kept = pipeline.kept_run(folder_of_kept(store, str(run.pk)))
    found = kept if kept is not None and not kept.finished else None
    write.refuse_run(
        run=run, sentence=_said(refusal), gates=_gates(found.document) if found else [], now=_now(),
        name=found.run if found else "",
    )  # fmt: skip


def _gates(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what the run had to pass, and whether it did."""
    told = document.get("engine_diagnostics", {}).get("gates", {})
    return [
        {"name": name, "value": gate.get("value"), "limit": gate.get("limit"), "passed": bool(gate.get("passed"))}
        if isinstance(gate, Mapping)
        else {"name": name, "value": None, "limit": None, "passed": bool(gate)}
        for name, gate in told.items()
    ]  # fmt: skip


def _computed(store: Store, kept: KeptRun) -> write.Computed:
    told = kept.document
    rows = visible(store, KEPT_RUNS, MACHINE, today=_now().date())
    own = rows.filter((rows.run == kept.run) & (rows.place_level == "country")).to_pyarrow().to_pylist()
    numbers = ("coverage", "surviving_infants", "missed_children")
    headline = [
        {"period": row["period"], "span": row["span"], "indicator": row["indicator"], "provisional": row["provisional"]}
        | {f"{name}_{end}": row[f"{name}_{end}"] for name in numbers for end in ("mean", "q025", "q975")}
        for row in sorted(own, key=lambda row: (row["indicator"], row["period"]))
    ]  # fmt: skip
    version = str(told.get("versions", {}).get("kalanso", __version__))
    notes = [{one: note.get(one, "") for one in ("id", *LOCALES)} for note in told.get("notes", ())]
    return write.Computed(
        name=kept.run, engine=str(told.get("engine", "")), software=f"{version} · {engine_mark()}",
        snapshots=sorted(one for one in told.get("inputs", {}) if one != "quarters"), periods=list(told["periods"]),
        provisional=list(told["provisional"]), gates=_gates(told), notes=notes, headline=headline,
        question=told["question"],
    )  # fmt: skip


def release(work: Work) -> Mapping[str, Any]:
    """Bring the published tables to what the records say: each circle sees the run that is meant for it."""
    store = store_of_hub()
    waiting = list(RunStep.objects.filter(settled__isnull=True).values_list("pk", flat=True))
    step = RunStep.objects.select_related("by").get(pk=work.arguments["step"])
    states = {run.state: run for run in Run.objects.exclude(state__in=("", "draft", "replaced", "rejected"))}
    shown = {
        state: Shown(kept=kept, state=state)
        for state, run in states.items()
        if (kept := pipeline.kept_run(folder_of_kept(store, str(run.pk)))) is not None
    }
    lost = [str(states[state].pk) for state in states.keys() - shown.keys()]
    if lost:
        raise Refused(
            Message("pipeline.kept_runs.files_gone", {"found": ", ".join(sorted(lost))}).render("fr")
        )
    review, validated, published = (shown.get(one) for one in ("technical_review", "validated", "published"))
    programme = review or validated or published or _returned(store)
    snapshots = pipeline.show_runs(
        store, programme=programme, partners=validated or published, public=published,
        ours=set(Run.objects.exclude(name="").values_list("name", flat=True)), by=step.by.username, now=_now(),
    )  # fmt: skip
    write.note_settled(steps=waiting, now=_now())
    follow_estimates(by=step.by, key=str(work.job.pk), now=_now())
    return {"snapshots": len(snapshots)}


def _returned(store: Store) -> Shown | None:
    """Return the run that was taken back last and still stands in the programme's tables: a draft again."""
    last = RunStep.objects.filter(after=Run.State.DRAFT).select_related("run").first()
    if last is None or last.run.state != Run.State.DRAFT:
        return None
    kept = pipeline.kept_run(folder_of_kept(store, str(last.run_id)))
    return Shown(kept=kept, state="draft") if kept is not None else None


def forget_files(store: Store, *, ended_before: datetime) -> int:
    """Remove the files of runs that ended long ago and were never let out; return how many. What they said stays on record.

    Runs that were reviewed, validated or published keep theirs, and so do previews from which one of these began.
    """
    let_out = Run.objects.filter(steps__isnull=False)
    needed = {*let_out.values_list("pk", flat=True), *let_out.values_list("warm_id", flat=True)}
    over = Run.objects.filter(ended__lt=ended_before).exclude(work__in=("asked", "computing"))
    folders = [
        folder_of_kept(store, str(key)) for key in over.values_list("pk", flat=True) if key not in needed
    ]
    gone = [folder for folder in folders if folder.is_dir()]
    for folder in gone:
        shutil.rmtree(folder, ignore_errors=True)
    return len(gone)
