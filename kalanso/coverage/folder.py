"""How does a plain folder of CSV files become evidence, and evidence a folder?

`places.csv` is needed; every other file may be missing, which means missing evidence and is said in
`Evidence.notes`. The meaning of each column stands in `evidence_tables`; what is set aside, filled
or refused is decided in `reading`, file by file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pandas as pd

from kalanso.coverage.evidence import Evidence
from kalanso.coverage.evidence_tables import EVIDENCE_TABLES
from kalanso.coverage.faults import EvidenceRefused
from kalanso.coverage.reading import denominators, doses, places, strata, supplies, surveys
from kalanso.coverage.reading.cells import Cells, given_cells, read_cells
from kalanso.coverage.reading.receipts import Receipt
from kalanso.vocabulary import Message

FILES = tuple(table.name for table in EVIDENCE_TABLES if table.name != "catchup")

SAID_WHERE_NEEDED = {"strata"}  # files whose absence matters only to some evidence


def from_folder(folder: Path) -> Evidence:
    """Read a folder of evidence.

    Raises EvidenceRefused (file, row, column, expected, found, what to try) for what contradicts
    itself or cannot be read, and `sources.BadFile` for a file whose letters are broken.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise EvidenceRefused("coverage.folder.no_folder", found=str(folder))
    receipt = Receipt()
    strangers = sorted(p.name for p in folder.glob("*.csv") if p.stem not in FILES)
    evidence = _settle(lambda name: read_cells(folder / f"{name}.csv", name, receipt), receipt)
    if not strangers:
        return evidence
    note = Message("coverage.folder.unknown_files", {"found": ", ".join(strangers), "n": len(strangers)})
    return replace(evidence, notes=(*evidence.notes, note))


def from_frames(frames: Mapping[str, pd.DataFrame]) -> Evidence:
    """Settle rows that stand in memory by the rules of a folder; names and columns are the same.

    Raises EvidenceRefused, and ValueError for a name that is no file of a folder.
    """
    if unknown := set(frames) - set(FILES):
        raise ValueError(f"expected tables among {FILES}, got {sorted(unknown)}")
    receipt = Receipt()
    return _settle(lambda name: given_cells(name, frames[name], receipt) if name in frames else None, receipt)


def to_folder(evidence: Evidence, folder: Path) -> Path:
    """Write evidence as a folder that `from_folder` reads back unchanged.

    Files of evidence that is missing are not written, and removed where an earlier run left them.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        frame = _as_written(evidence, name)
        path = folder / f"{name}.csv"
        if len(frame):
            path.write_text(frame.to_csv(index=False, lineterminator="\n"), encoding="utf-8")
        else:
            path.unlink(missing_ok=True)
    return folder


def _as_written(evidence: Evidence, name: str) -> pd.DataFrame:
    frame: pd.DataFrame = getattr(evidence, name)
    if name == "denominator_sources":
        return frame.assign(anchor=frame["anchor"].map({True: "yes", False: "no"}))
    if name != "doses" or evidence.catchup.empty:
        return frame
    late = evidence.catchup.rename(columns={"doses": "value"}).assign(indicator="dtp1_doses")
    return pd.concat([frame.assign(age_band="0-11m", strategy=""), late], ignore_index=True)


def _settle(cells_of: Callable[[str], Cells | None], receipt: Receipt) -> Evidence:
    tree = places.settle_places(cells_of("places"), receipt)
    above = set(tree["parent_code"])
    areas = [code for code in tree["place_code"] if code not in above]
    cells = {name: cells_of(name) for name in FILES if name != "places"}
    for name, rows in cells.items():
        if rows is None and name not in SAID_WHERE_NEEDED:
            receipt.say(f"missing.{name}")
    given, late = doses.settle_doses(cells["doses"], tree, areas, receipt)
    populations = denominators.settle_denominators(cells["denominators"], tree, areas, receipt)
    shares = strata.settle_strata(cells["strata"], tree, receipt)
    clusters, results = surveys.settle_surveys(
        cells["surveys"], cells["survey_areas"], tree, areas, given, shares, receipt
    )
    strata.say_assumed(
        shares, clusters, dict(zip(tree["place_code"], tree["parent_code"], strict=True)), receipt
    )
    found = {
        "places": tree,
        "neighbours": places.settle_neighbours(cells["neighbours"], tree, areas, receipt),
        "covariates": places.settle_covariates(cells["covariates"], tree, areas, receipt),
        "doses": given,
        "catchup": late,
        "denominators": populations,
        "denominator_sources": denominators.settle_sources(
            cells["denominator_sources"], populations, receipt
        ),
        "surveys": clusters,
        "strata": shares,
        "survey_areas": results,
        "stock": supplies.settle_stock(cells["stock"], tree, receipt),
        "recounts": supplies.settle_recounts(cells["recounts"], tree, areas, receipt),
        "facility_status": supplies.settle_status(cells["facility_status"], tree, receipt),
        "lots": surveys.settle_lots(cells["lots"], tree, given, receipt),
        "attendance": supplies.settle_attendance(cells["attendance"], tree, areas, receipt),
        "displacement": supplies.settle_displacement(cells["displacement"], tree, areas, receipt),
    }
    _say_areas_without_data(found, areas, receipt)
    evidence = Evidence.of(**found, notes=receipt.notes, receipt=receipt.as_dict())
    _ = evidence.periods  # refuses evidence that speaks of no quarter
    return evidence


def _say_areas_without_data(found: Mapping[str, pd.DataFrame], areas: list[str], receipt: Receipt) -> None:
    spoken = set().union(
        *(found[name]["place_code"] for name in ("doses", "surveys", "denominators", "recounts"))
    )
    silent = [area for area in areas if area not in spoken]
    if silent:
        receipt.say("areas_without_data", n=len(silent), example=silent[0])
