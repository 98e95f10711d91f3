"""How do survey rounds of every kind enter the joint estimate?

Each kind makes rows of `survey_evidence`; here they are checked and laid out as the model's tables `surveys`
(clusters), `lots` and `survey_areas` (estimates). What bias is known in direction and size is taken off on the way,
what is not stays as the round's own `bias_sd`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from kalanso.surveys.tables import SURVEY_EVIDENCE
from kalanso.vocabulary import Message

LOT_COLUMNS = (
    "round", "place_code", "start", "end", "indicator", "children", "vaccinated", "decision", "decision_value", "bias_sd",
)  # fmt: skip
SURVEY_COLUMNS = (
    "survey", "cluster", "place_code", "start", "end", "indicator", "vaccinated", "children", "bias_sd", "kind",
    "card_share",
)  # fmt: skip
AREA_COLUMNS = (
    "survey", "place_code", "start", "end", "indicator", "coverage", "standard_error", "bias_sd", "kind",
)  # fmt: skip
_EMPTY: dict[str, Any] = {
    "cluster": "", "children": np.nan, "vaccinated": np.nan, "decision": "", "decision_value": np.nan,
    "coverage": np.nan, "standard_error": np.nan, "card_share": np.nan, "chosen": False, "bias": 0.0, "bias_sd": np.nan, "bias_direction": "unknown",
}  # fmt: skip


def evidence_row(label: Message, assumptions: Sequence[str], **values: Any) -> dict[str, Any]:
    """Return one row of `survey_evidence`; what is not given is empty.

    An estimate carries its label, its interval and what must hold for it wherever it goes: none of them is optional.
    """
    row = {**_EMPTY, **values, "message": label.id, "params": label.params_json()}
    row["assumptions"] = json.dumps(list(assumptions))
    if unknown := set(row) - set(SURVEY_EVIDENCE.column_names):
        raise ValueError(f"survey_evidence: unknown columns {sorted(unknown)}")
    return {name: row[name] for name in SURVEY_EVIDENCE.column_names}


def evidence_table(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return rows as the declared table; raises ValueError where a form lacks what it speaks with."""
    table = pd.DataFrame(list(rows), columns=list(SURVEY_EVIDENCE.column_names))
    needs = {
        "counts": ("children", "vaccinated"),
        "decision": ("children", "decision_value"),
        "estimate": ("coverage", "standard_error"),
    }
    for form, columns in needs.items():
        chosen = table[table["form"] == form]
        for column in columns:
            if chosen[column].isna().any():
                first = chosen[chosen[column].isna()].iloc[0]
                raise ValueError(f"{first['round']}, {first['place_code']}: {form} need a value of {column}")
    loose = (table["form"] == "counts") & (table["cluster"] == "") & (table["kind"] != "lots")
    if loose.any():
        first = table[loose].iloc[0]
        raise ValueError(f"{first['round']}, {first['place_code']}: counts need their cluster")
    SURVEY_EVIDENCE.arrow(pa.Table.from_pandas(table, preserve_index=False))
    if table.duplicated(list(SURVEY_EVIDENCE.key)).any():
        twice = table[table.duplicated(list(SURVEY_EVIDENCE.key))].iloc[0]
        raise ValueError(
            f"{twice['round']}, {twice['place_code']}, {twice['indicator']}: stands twice in the evidence"
        )
    return table


def lot_rows(evidence: pd.DataFrame) -> pd.DataFrame:
    """Return lots as the joint model's table `lots`: counts, or a decision with the value that it rests on."""
    chosen = evidence[(evidence["kind"] == "lots") & (evidence["cluster"] == "")]
    return chosen[list(LOT_COLUMNS)].reset_index(drop=True)


def cluster_rows(evidence: pd.DataFrame) -> pd.DataFrame:
    """Return counts of clusters as the joint model's table `surveys`."""
    chosen = evidence[(evidence["form"] == "counts") & (evidence["cluster"] != "")].assign(kind="survey")
    return chosen.rename(columns={"round": "survey"})[list(SURVEY_COLUMNS)].reset_index(drop=True)


def area_rows(evidence: pd.DataFrame) -> pd.DataFrame:
    """Return estimates as the joint model's table `survey_areas`, the known part of their bias taken off.

    The model knows how far a round may lie off (`bias_sd`), not to which side; the side is corrected here on the
    logit scale, and the standard error follows with the slope. An estimate of exactly 0 or 1 cannot be moved on
    that scale and is brought within one standard error of it first.
    """
    chosen = evidence[evidence["form"] == "estimate"].reset_index(drop=True)
    error = chosen["standard_error"].to_numpy(float)
    edge = np.clip(error, 1e-4, 0.25)
    share = np.clip(chosen["coverage"].to_numpy(float), edge, 1 - edge)
    moved = 1 / (1 + (1 - share) / share * np.exp(chosen["bias"].to_numpy(float)))
    kept = chosen["bias"].to_numpy(float) == 0
    table = chosen.assign(
        coverage=np.where(kept, chosen["coverage"], moved),
        standard_error=np.where(kept, error, error * moved * (1 - moved) / (share * (1 - share))),
        kind="survey",
    )
    return table.rename(columns={"round": "survey"})[list(AREA_COLUMNS)]
