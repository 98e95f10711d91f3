"""How do tests of the checks write down their little tables?"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import date
from importlib import resources
from typing import Any

import ibis
import pandas as pd
import pyarrow as pa
import pytest
import yaml

from kalanso.indicators.tables import EVENTS, INDICATOR_VALUES, OBSERVATIONS
from kalanso.places.tables import PLACES
from kalanso.quality import Evidence
from kalanso.vocabulary import Message, Period

PLAIN: dict[str, Any] = {
    "source": "hmis", "place_code": "D1", "product": "", "age_band": "0-11m", "strategy": "all",
    "sector": "all", "sex": "all", "reports_expected": None, "reports_received": None, "reports_on_time": None,
}  # fmt: skip


def thresholds(**changed: Any) -> dict[str, Any]:
    """The thresholds of the generic pack, with sections replaced where a test wants others."""
    text = (resources.files("kalanso.definitions") / "packs/generic/quality.yaml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(text)
    for section, values in changed.items():
        found[section] = found[section] | values
    return found


def observed(
    indicator: str, values: Iterable[float | None], *, first: str = "202201", **more: Any
) -> list[dict[str, Any]]:
    """Rows of one series from a first period on; None is a blank."""
    start = Period.parse(first)
    return [
        PLAIN
        | {
            "indicator": indicator, "value": None if value is None else float(value),
            "status": "missing" if value is None else "zero" if value == 0 else "reported",
            "period": (start + number).code, "period_type": start.type.value, "period_start": (start + number).start,
        }
        | more
        for number, value in enumerate(values)
    ]  # fmt: skip


def evidence_of(
    rows: list[dict[str, Any]], *, tree: dict[str, str] | None = None, levels: dict[str, str] | None = None,
    names: dict[str, str] | None = None, events: list[dict[str, Any]] | None = None,
    coverage: list[dict[str, Any]] | None = None, engine: Any = None, **changed: Any,
) -> Evidence:  # fmt: skip
    """Evidence from rows; `tree` names each place's parent, `levels` their level (else district)."""
    codes = sorted({row["place_code"] for row in rows} | set(tree or {}) | set((tree or {}).values()))
    level = {code: (levels or {}).get(code, "district") for code in codes}
    lineage = []
    for code in codes:
        above: str | None = code
        while above is not None:
            lineage.append({"place_code": code, "ancestor_code": above, "ancestor_level": level[above]})
            above = (tree or {}).get(above)
    places = [
        {"place_code": c, "name": (names or {}).get(c, c), "level": level[c], "kind": "", "source": "test"}
        for c in codes
    ]
    table = engine or (lambda rows, spec: _table(rows, spec))
    return Evidence(
        observations=table(rows, OBSERVATIONS),
        lineage=table(pd.DataFrame(lineage), None),
        places=table(places, PLACES),
        events=None if events is None else table(events, EVENTS),
        coverage=None if coverage is None else table(coverage, INDICATOR_VALUES),
        thresholds=thresholds(**changed),
        today=date(2025, 1, 15),
    )


def _table(rows: Any, spec: Any) -> Any:
    arrow = pa.Table.from_pandas(rows, preserve_index=False) if spec is None else spec.arrow(rows)
    return shared_duckdb().create_table(ibis.util.gen_name("rows"), arrow, temp=True)


_CONNECTION: list[Any] = []


def shared_duckdb() -> Any:
    """One engine for all tests of a process: connecting costs more than the tests."""
    if not _CONNECTION:
        _CONNECTION.append(ibis.duckdb.connect(threads=1))
    return _CONNECTION[0]


def found(table: Any) -> pd.DataFrame:
    """Findings as a frame, sorted, with params read and each sentence rendered in both languages."""
    frame = table.to_pandas()
    keys = ["place_code", "period", "indicator", "detail", "message"]
    frame = frame.sort_values(keys).reset_index(drop=True)
    frame["params"] = [json.loads(text) for text in frame.params]
    frame["fr"] = [Message(m, p).render("fr") for m, p in zip(frame.message, frame.params, strict=True)]
    frame["en"] = [Message(m, p).render("en") for m, p in zip(frame.message, frame.params, strict=True)]
    assert not frame.duplicated(["check", "source", *keys]).any()
    assert set(frame.severity) <= {"note", "attention", "serious"}
    return frame


@pytest.fixture(scope="session", name="observed")
def _observed() -> Callable[..., list[dict[str, Any]]]:
    """A maker of rows: one series from a first period on."""
    return observed


@pytest.fixture(scope="session", name="evidence")
def _evidence() -> Callable[..., Evidence]:
    """A maker of evidence from rows."""
    return evidence_of


@pytest.fixture(scope="session", name="found")
def _found() -> Callable[..., pd.DataFrame]:
    """A reader of findings: sorted, params read, both sentences rendered, keys unique."""
    return found
