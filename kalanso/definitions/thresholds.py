"""Which numbers decide, and where do they come from?

A threshold is known by its dotted path, such as `rec.access_minimum`. An entry is a bare value or
`{value, source, to_confirm}`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kalanso.definitions.entries import Entry
from kalanso.definitions.faults import PackFault

# Asked for by the evaluator, whatever the indicator.
REQUIRED = (
    "coverage.highest_plausible",
    "completeness.low",
    "adjustment.k",
    "adjustment.minimum_completeness",
    "provisional.days",
    "provisional.complete",
    "aggregation.parent_tolerance",
    "denominators.annual_growth",
)


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """A value that decides something, with its source; `to_confirm` marks a choice still open."""

    value: Any
    source: str = ""
    to_confirm: bool = False


def read_thresholds(value: Any, file: str, *, under: str = "") -> dict[str, Threshold]:
    """Return the thresholds of a file by dotted path."""
    if not isinstance(value, Mapping):
        raise PackFault(file=file, key=under or "(whole file)", expected="keys with values", found=value)
    found: dict[str, Threshold] = {}
    for name, below in value.items():
        path = f"{under}.{name}" if under else str(name)
        if isinstance(below, Mapping) and {"value", "source", "to_confirm"} & set(below):
            found[path] = _threshold(below, file, path)
        elif isinstance(below, Mapping):
            found |= read_thresholds(below, file, under=path)
        elif below is None:
            raise PackFault(file=file, key=path, expected="a value", found=below)
        else:
            found[path] = Threshold(value=below)
    return found


def check_number(thresholds: Mapping[str, Threshold], path: str, *, file: str, key: str) -> None:
    """Refuse a path at which there is no number."""
    found = thresholds.get(path)
    if found is None or isinstance(found.value, bool) or not isinstance(found.value, int | float):
        expected = "the path of a number in thresholds.yaml"
        raise PackFault(file=file, key=key, expected=expected, found=path if found is None else found.value)


def _threshold(value: Mapping[str, Any], file: str, path: str) -> Threshold:
    entry = Entry(value, file=file, key=path)
    threshold = Threshold(
        value=entry.raw("value", "a value"),
        source=entry.text("source", default=""),
        to_confirm=entry.truth("to_confirm") if entry.has("to_confirm") else False,
    )
    entry.done()
    return threshold


def nested(thresholds: Mapping[str, Threshold], section: str) -> dict[str, Any]:
    """Return the plain values below a path, as nested mappings."""
    tree: dict[str, Any] = {}
    for path, threshold in thresholds.items():
        if not path.startswith(f"{section}."):
            continue
        *folders, leaf = path.removeprefix(f"{section}.").split(".")
        here = tree
        for folder in folders:
            here = here.setdefault(folder, {})
        here[leaf] = threshold.value
    return tree
