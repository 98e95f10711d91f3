"""With which number does a command end, and what is said when it fails?

Numbers are part of the interface: scripts rely on them, and `kalanso --help` lists them.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any

from rich.console import Console

from kalanso.cli.language import NotALanguage, say


class ExitCode(IntEnum):
    """How a command ended."""

    DONE = 0
    WITH_REJECTIONS = 1
    BAD_USAGE = 2
    BAD_FILE = 3
    STORE_PROBLEM = 4
    NOT_FETCHED = 5
    NOT_SURE_ENOUGH = 6
    STOPPED = 130


def code_of(error: BaseException) -> ExitCode | None:
    """Return the exit code of a refusal, or None for a fault of the software itself."""
    # Loading the readers takes seconds; `--help` does not need them.
    from kalanso import coverage, places, sources, store
    from kalanso.coverage.faults import EstimateRefused
    from kalanso.coverage.writing import NotARun
    from kalanso.pipeline import AlreadyComputing, Cancelled, CannotImport, NotADemo, NothingToWorkOn
    from kalanso.pipeline.household_surveys import CannotAnalyse
    from kalanso.pipeline.quality_report import CannotReport
    from kalanso.pipeline.study_rounds import CannotReadRound
    from kalanso.pipeline.worklist import NoSuchPlace, SeveralPlaces, UnknownEnding
    from kalanso.sources.fetching import NotFetched
    from kalanso.surveys.handed_in import SurveyRefused
    from kalanso.triangulation import TriangulationRefused

    kinds: tuple[tuple[Any, ExitCode], ...] = (
        (NotALanguage, ExitCode.BAD_USAGE),
        ((CannotImport, NotADemo, NotARun, coverage.QuestionRefused), ExitCode.BAD_USAGE),
        ((CannotReport, NoSuchPlace, SeveralPlaces, UnknownEnding), ExitCode.BAD_USAGE),
        (Cancelled, ExitCode.STOPPED),
        (NotFetched, ExitCode.NOT_FETCHED),
        ((sources.BadFile, coverage.EvidenceRefused, TriangulationRefused), ExitCode.BAD_FILE),
        (EstimateRefused, ExitCode.NOT_SURE_ENOUGH),
        ((places.PlacesRefused, CannotAnalyse, CannotReadRound, SurveyRefused), ExitCode.BAD_FILE),
        (store.TableRefused, ExitCode.BAD_FILE),
        ((store.NoSuchStore, store.NoSuchSnapshot, store.CannotWithdraw), ExitCode.STORE_PROBLEM),
        ((store.EngineMissing, store.NotVisible, NothingToWorkOn, AlreadyComputing), ExitCode.STORE_PROBLEM),
        (OSError, ExitCode.STORE_PROBLEM),
    )
    return next((code for kind, code in kinds if isinstance(error, kind)), None)


def report(error: BaseException, locale: str) -> int:
    """Say on stderr what was refused and return the exit code; raise what nobody foresaw."""
    code = code_of(error)
    if code is None:
        raise error
    render = getattr(error, "render", None)
    text = render(locale) if render else str(error)
    console = Console(stderr=True, highlight=False)
    console.print(say(locale, "cli.refused"), text, style="red", markup=False)
    return int(code)
