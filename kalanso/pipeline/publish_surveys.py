"""How does what a study says become evidence of the country's store, and how is it taken back?

A study's rows replace its earlier ones; a withdrawal takes them back with the reason that readers see.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pandas as pd
import pyarrow as pa

from kalanso.store import CannotWithdraw, Manifest, Mode, Provenance, Store
from kalanso.surveys.evidence_rows import evidence_table
from kalanso.surveys.tables import SMALL, SURVEY_EVIDENCE

EVIDENCE_FILE = "survey_evidence.parquet"  # in the folder of an analysis


def publish_survey(
    store: Store, rows: pd.DataFrame, *, by: str = "kalanso", note: str = "", now: datetime
) -> Manifest | None:
    """Publish the evidence of one study or round in place of its earlier evidence; None where it says nothing.

    Rows that stand already make no new snapshot. Raises ValueError and TableRefused, with nothing published, for rows that
    break the declaration of `survey_evidence`, speak of several rounds, or tell a share of fewer than 25 children in words.
    """
    table = evidence_table(
        [{str(name): value for name, value in row.items()} for row in rows.to_dict("records")]
    )
    rounds = sorted(set(table["round"]))
    if not rounds:
        return None
    if len(rounds) > 1:
        raise ValueError(f"survey_evidence: expected the rows of one round, got {', '.join(rounds)}")
    few = table["children"].lt(SMALL) & table["params"].str.contains('"coverage"', regex=False)
    if few.any():
        first = table[few].iloc[0]
        raise ValueError(
            f"{rounds[0]}, {first['place_code']}: expected {SMALL} children or more, got {first['children']:g}: the label tells the number"
        )
    return store.publish(
        SURVEY_EVIDENCE, SURVEY_EVIDENCE.arrow(pa.Table.from_pandas(table, preserve_index=False)),
        provenance=Provenance(sources=tuple(rounds), by=by, note=note), now=now, mode=Mode.REPLACE_SOURCE,
    )  # fmt: skip


def publish_analysis(
    store: Store, folder: Path, *, by: str = "kalanso", note: str = "", now: datetime
) -> Manifest | None:
    """Publish the evidence that stands in the folder of an analysis; see `publish_survey`."""
    return publish_survey(store, pd.read_parquet(Path(folder) / EVIDENCE_FILE), by=by, note=note, now=now)


def publish_answer(
    store: Store, folder: Path, survey: str, *, by: str = "kalanso", note: str = "", now: datetime
) -> Manifest | None:
    """Publish what a way without a household survey says, each round of lots by itself; None where it tells the estimate nothing.

    Rounds of this survey that stand in the store and that it no longer has are withdrawn. Raises as `publish_survey`.
    """
    path, found = Path(folder) / EVIDENCE_FILE, None
    rows = pd.read_parquet(path) if path.is_file() else evidence_table([])
    for gone in sorted(rounds_of(store, survey) - set(rows["round"])):
        withdraw_survey(store, gone, reason=note or survey, by=by, now=now)
    for _name, own in rows.groupby("round", sort=True):
        found = publish_survey(store, own, by=by, note=note, now=now) or found
    return found


def rounds_of(store: Store, survey: str) -> frozenset[str]:
    """Return the rounds of one survey that stand in the store: itself, or `survey:round` for each round of lots."""
    return frozenset(one for one in published_rounds(store) if one == survey or one.startswith(f"{survey}:"))


def published_rounds(store: Store) -> frozenset[str]:
    """Return the rounds whose evidence stands in the store."""
    latest = store.latest(SURVEY_EVIDENCE.name)
    return frozenset(str(part.bucket["round"]) for part in latest.parts) if latest else frozenset()


def withdraw_survey(store: Store, survey: str, *, reason: str, by: str, now: datetime) -> Manifest | None:
    """Take back the evidence of a round, with a reason that readers see; None where none stands.

    Where the states before it were pruned, so that nothing can return, all other rounds are published without it.
    """
    found = None
    while survey in published_rounds(store):
        try:
            found = store.withdraw(_brought(store, survey), reason=reason, by=by, now=now)
        except (CannotWithdraw, StopIteration):
            rows = store.read(SURVEY_EVIDENCE)
            others = rows.filter(rows["round"] != survey)
            told = Provenance(sources=(survey,), by=by, note=reason)
            found = store.publish(SURVEY_EVIDENCE, others, provenance=told, now=now, mode=Mode.REPLACE_ALL)
    return found


def _brought(store: Store, survey: str) -> str:
    """Return the publication that brought the files of a round which stand now; a withdrawal only lets them return."""
    history = store.history(SURVEY_EVIDENCE.name)
    files = [{part.sha256 for part in one.parts if part.bucket["round"] == survey} for one in history]
    return next(
        one.id
        for at, one in enumerate(history)
        if one.kind == "publish" and files[-1] <= files[at] and (at == 0 or not files[-1] & files[at - 1])
    )
