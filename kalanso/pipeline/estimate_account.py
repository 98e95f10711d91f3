"""What does a run of the estimate say about itself?

Its inputs with their checksums, what was asked, which software ran, what became of every row, and
the sentence that answers the question for the country.
"""

from __future__ import annotations

import hashlib
import json
import platform
import shutil
from collections.abc import Mapping
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from kalanso import __version__, coverage
from kalanso.coverage.faults import EstimateRefused
from kalanso.coverage.folder import FILES
from kalanso.coverage.steps import DEFAULT, STEPS
from kalanso.coverage.summaries import readable
from kalanso.vocabulary import Message
from kalanso.vocabulary.messages import LOCALES

FIRST_AREAS = 10
_LIBRARIES = ("numpy", "scipy", "numba", "pandas", "pyarrow")


def checksums(folder: Path) -> dict[str, str]:
    """Return the checksum of every file of evidence in a folder."""
    paths = [folder / f"{name}.csv" for name in FILES]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths if path.is_file()}


def identity(inputs: Mapping[str, str], question: coverage.Question) -> str:
    """Return the name of a run: the same inputs, question and software give the same."""
    said = json.dumps([dict(sorted(inputs.items())), question.as_dict(), __version__], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def engine_mark() -> str:
    """Return a mark of the engine's own code: what one engine kept half-done, another cannot take up."""
    found = hashlib.sha256()
    folder = Path(coverage.__file__).parent
    for path in sorted(folder.rglob("*")):
        if path.suffix in {".py", ".yaml"}:
            found.update(str(path.relative_to(folder)).encode() + path.read_bytes())
    return found.hexdigest()[:16]


def kept_folder(folder: Path, run: str) -> Path:
    """Return the folder of what a run has so far; that of another run, or of another engine, is emptied."""
    about = folder / "about.json"
    ours = {"run": run, "engine": engine_mark()}
    try:
        known = json.loads(about.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        known = None
    if known != ours:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        about.write_text(json.dumps(ours), encoding="utf-8")
    return folder


def short_name(text: str) -> str:
    """Return a short name for a file, the same for the same text."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def document(
    evidence: coverage.Evidence,
    question: coverage.Question,
    *,
    inputs: Mapping[str, str],
    run: str,
    now: datetime,
) -> dict[str, Any]:
    """Return what `diagnostics.json` says before the engine has spoken."""
    return {
        "format": 1,
        "run": run,
        "state": "draft",
        "made_at": now.isoformat(),
        "seed": question.seed,
        "question": question.as_dict(),
        "versions": {
            "kalanso": __version__,
            "python": platform.python_version(),
            **{name: metadata.version(name) for name in _LIBRARIES},
        },
        "inputs": dict(sorted(inputs.items())),
        "receipt": evidence.receipt,
        "notes": [noted(note) for note in evidence.notes],
        "areas": len(evidence.areas),
        "periods": list(evidence.periods),
        "rows": {name: len(getattr(evidence, name)) for name in (*FILES, "catchup")},
    }


def noted(message: Message) -> dict[str, Any]:
    """Return a sentence as diagnostics keep it."""
    return {"id": message.id, "params": dict(message.params), **both(message)}


def both(message: Message) -> dict[str, str]:
    """Return a sentence in all languages."""
    return {locale: message.render(locale) for locale in LOCALES}


def refuse_if_missed(posterior: Any) -> None:
    """Raise EstimateRefused where a gate of the published engine was missed.

    A preview is never refused: it says that it is one.
    """
    gates = posterior.diagnostics.get("gates", {})
    missed = [
        name
        for name, gate in gates.items()
        if not (gate.get("passed") if isinstance(gate, Mapping) else gate)
    ]
    if missed and posterior.engine == "published":
        draws = gates.get("effective_draws")
        told = (
            f"{draws['value']:.0f} / {draws['limit']:.0f}"
            if isinstance(draws, Mapping)
            else ", ".join(missed)
        )
        raise EstimateRefused("pipeline.estimate.gates_missed", diagnostics=posterior.diagnostics, found=told)


def headline(
    tables: Mapping[str, pa.Table], evidence: coverage.Evidence, names: Mapping[str, str]
) -> Message:
    """Return the answer for the country: how many children of the newest cohort had no first dose."""
    rows = tables["coverage_estimates_yearly"].to_pandas()
    rows = rows[rows["span"] == "rolling4"] if len(rows) else rows
    span = "year"
    if not len(rows):
        rows, span = tables["coverage_estimates"].to_pandas(), "quarter"
    first = _first(rows)
    own = rows[(rows["place_code"] == evidence.country) & (rows["indicator"] == first)]
    row = own.sort_values("period").iloc[-1]
    low, high = row["missed_children_q025"], row["missed_children_q975"]
    return Message(
        f"pipeline.estimate.headline.{span}" if first == DEFAULT[0] else f"pipeline.estimate.headline.{span}_other",
        {
            "place": names.get(evidence.country, evidence.country), "period": row["period"],
            "dose": first, "missed": readable(row["missed_children_mean"], low, high),
            "low": readable(low, low, high), "high": readable(high, low, high),
            "due": _target(row), "coverage": row["coverage_mean"],
            "coverage_low": row["coverage_q025"], "coverage_high": row["coverage_q975"],
        },
    )  # fmt: skip


def _first(rows: pd.DataFrame) -> str:
    """Return the first dose of a run: its indicator that no other one precedes."""
    there = set(rows["indicator"])
    seconds = {second for first, second in STEPS if first in there}
    return str(next((one for one in rows["indicator"] if one not in seconds), DEFAULT[0]))


def _target(row: pd.Series) -> float:
    low, high = row["surviving_infants_q025"], row["surviving_infants_q975"]
    return readable(row["surviving_infants_mean"], low, high)


def first_areas(tables: Mapping[str, pa.Table]) -> pd.DataFrame:
    """Return the areas with most missed children in the newest quarters, most first."""
    rows = tables["burden"].to_pandas()
    if not len(rows):
        rows = tables["coverage_estimates"].to_pandas()
        rows = rows[(rows["indicator"] == _first(rows)) & (rows["place_level"] == "area")]
        rows = rows.rename(columns={"coverage_q250": "_"})
    newest = rows[rows["period"] == rows["period"].max()]
    return newest.sort_values("missed_children_mean", ascending=False).head(FIRST_AREAS)
