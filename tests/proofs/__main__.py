"""Which long proofs exist, and when did each last hold?

`make prove` runs those that were not finished for the code as it stands; `make prove PROOF=kill` one
of them. A proof can be interrupted and goes on where it stopped. Results stand, dated, in
docs/reference/proofs.md.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import calibrate  # type: ignore[import-not-found]  # its neighbours in this folder
import dhis2_pull  # type: ignore[import-not-found]
import dhis2_trouble  # type: ignore[import-not-found]
import household_survey  # type: ignore[import-not-found]
import hub_backup  # type: ignore[import-not-found]
import hub_kill  # type: ignore[import-not-found]
import hub_load  # type: ignore[import-not-found]
import kill  # type: ignore[import-not-found]
import offline_cuts  # type: ignore[import-not-found]
import portfolio_load  # type: ignore[import-not-found]
import spark_check  # type: ignore[import-not-found]
import survey_intervals  # type: ignore[import-not-found]
import survey_ways  # type: ignore[import-not-found]

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "docs" / "reference" / "proofs.md"
TABLE = "| proof | held on | what was seen |"
# The order is the order in which they run.
PROOFS = {
    "kill": kill,
    "dhis2_pull": dhis2_pull,
    "dhis2_trouble": dhis2_trouble,
    "hub_kill": hub_kill,
    "hub_backup": hub_backup,
    "hub_load": hub_load,
    "portfolio_load": portfolio_load,
    "offline_cuts": offline_cuts,
    "spark_check": spark_check,
    "survey_intervals": survey_intervals,
    "survey_ways": survey_ways,
    "household_survey": household_survey,
    "calibrate": calibrate,
}


def main(names: list[str]) -> int:
    """Run the named proofs, or all, and write their dated results."""
    unknown = set(names) - set(PROOFS)
    if unknown:
        print(f"expected proofs among {', '.join(PROOFS)}, got {', '.join(sorted(unknown))}")
        return 2
    for name in names or PROOFS:
        line = PROOFS[name].prove(ROOT / "build" / "proofs" / name)
        _record(name, f"{datetime.now(UTC):%Y-%m-%d}", line)
        print(f"{name}: {line}")
    return 0


def _record(name: str, day: str, line: str) -> None:
    """Write a result into the table of proofs: in place of the proof's last one, or as the table's last row."""
    lines = RESULTS.read_text(encoding="utf-8").splitlines()
    row = f"| {name} | {day} | {line} |"
    first = lines.index(TABLE)
    end = next(n for n in range(first, len(lines)) if not lines[n].startswith("|"))
    rows = lines[first:end]
    place = next((n for n, text in enumerate(rows) if text.startswith(f"| {name} |")), len(rows))
    rows[place : place + 1] = [row]
    RESULTS.write_text("\n".join([*lines[:first], *rows, *lines[end:]]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
