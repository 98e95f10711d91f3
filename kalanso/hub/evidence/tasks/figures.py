"""How does everything computed follow the observations once a sheet was published or taken back, and a run let out?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext as _

from kalanso import pipeline
from kalanso.hub.evidence.queries.figures import is_another_running
from kalanso.hub.jobs.tasks import Refused, Work, store_of_hub
from kalanso.triangulation import TriangulationRefused


def _now() -> datetime:
    return datetime.now(UTC)


def recompute(work: Work) -> Mapping[str, Any]:
    """Have checks, indicators, catalogue and analyses follow all observations, after any other that does the same.

    One that began earlier read older observations: were it to end last, its figures would stand. The answer
    says on which state of the observations the figures rest. An attempt that was killed goes on after the parts that
    it had done, unless other observations were published meanwhile.
    """
    work.wait_while(lambda: is_another_running(work.job, now=_now()), "")
    try:
        done = pipeline.recompute(
            store_of_hub(), once=work.once, progress=work.progress, cancel=work.cancel, now=_now()
        )
    except pipeline.NothingToWorkOn as nothing:
        raise Refused(
            _(
                "Aucune donnée n'est publiée : il n'y a rien à calculer. Les chiffres d'avant restent affichés."
            )
        ) from nothing
    except TriangulationRefused as refusal:
        raise Refused(_refused(refusal)) from refusal
    return {
        "observations": done.observations, "findings": done.findings, "rows": done.rows, "beside": done.beside
    }  # fmt: skip


def set_beside(work: Work) -> Mapping[str, Any]:
    """Set every source beside every other again, since an estimate that stands among them changed."""
    work.wait_while(lambda: is_another_running(work.job, now=_now()), "")
    try:
        done = pipeline.triangulate(store_of_hub(), progress=work.progress, cancel=work.cancel, now=_now())
    except pipeline.NothingToWorkOn as nothing:
        raise Refused(_("Aucune donnée n'est publiée : il n'y a rien à mettre côte à côte.")) from nothing
    except TriangulationRefused as refusal:
        raise Refused(_refused(refusal)) from refusal
    return {"snapshots": len(done.snapshots)}


def _refused(refusal: TriangulationRefused) -> str:
    return _(
        "Les sources n'ont pas pu être mises côte à côte : %(why)s Ce qui était affiché le reste, avec sa date."
    ) % {"why": refusal.render("fr")}
