"""Which share of a place's children lives in each stratum of the surveys?

Settles `strata`, and says which areas have surveys of several strata but no shares.
"""

from __future__ import annotations

import pandas as pd

from kalanso.coverage import evidence_tables as tables
from kalanso.coverage.reading.cells import ROW, Cells, refuse_rows, typed
from kalanso.coverage.reading.places import known_place, without_repeats
from kalanso.coverage.reading.receipts import Receipt

ROUNDING = 0.02  # by which the shares of a place may miss 1


def settle_strata(cells: Cells | None, places: pd.DataFrame, receipt: Receipt) -> pd.DataFrame:
    """Return shares that sum to one at each place; raises EvidenceRefused where they do not nearly."""
    if cells is None:
        return tables.STRATA.empty()
    frame = typed(cells, tables.STRATA, receipt)
    known_place(frame, "strata", places)
    blank = frame["share"].isna()
    receipt.set_aside("strata", "blank_value", frame.loc[blank, ROW])
    frame = without_repeats(frame[~blank], tables.STRATA, receipt)
    total = frame.groupby("place_code")["share"].transform("sum")
    refuse_rows(
        "strata", frame.assign(share=total.round(3)), (total - 1).abs() > ROUNDING,
        "coverage.folder.strata_sum", "share", "1",
    )  # fmt: skip
    return tables.STRATA.typed(frame.assign(share=frame["share"] / total))


def say_assumed(
    strata: pd.DataFrame, clusters: pd.DataFrame, above: dict[str, str], receipt: Receipt
) -> None:
    """Say where shares are taken from the children asked: areas of strata without a stated share.

    `above` is the place above each place.
    """
    stated = set(strata["place_code"])

    def known(code: str) -> bool:
        while code and code not in stated:
            code = above.get(code, "")
        return bool(code)

    areas = dict.fromkeys(clusters.loc[clusters["stratum"] != "", "place_code"])
    silent = [area for area in areas if not known(str(area))]
    if silent and clusters["stratum"].nunique() > 1:
        receipt.say("strata_by_sample", n=len(silent), example=silent[0])
