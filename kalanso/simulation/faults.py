"""Which errors crept into the reports, and where exactly?

Plants the faults of real routine data and remembers each one, so that every check can be scored
against the truth. Which reports never came is decided in `reports`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

TYPING = ("bcg", "dtp1", "dtp2", "dtp3", "opv1", "pcv1", "ipv1", "mcv1", "mcv2", "yf")
TYPO_SHARE = 0.0004  # of the values in TYPING
TRANSPOSED_SHARE = 0.0006
SWAPPED_SHARE = 0.0015  # of reports
COPIED_SHARE = 0.005
LUMPED_SHARE = 0.16  # of the gaps after which a report comes
ZERO_SHARE = 0.002
HEAPING_SHARE = 0.06  # of facilities
OVER_REPORTING_SHARE = 0.20


@dataclass
class Planted:
    """The planted faults, one line each: kind, facility row, month (first), months, series, true, reported."""

    lines: list[tuple[str, Counts, Counts, int, str, npt.NDArray[np.float64], npt.NDArray[np.float64]]] = (
        field(default_factory=list)
    )

    def add(
        self, kind: str, facility: Counts, month: Counts, series: str,
        true: npt.NDArray[np.generic], reported: npt.NDArray[np.generic], months: int = 1,
    ) -> None:  # fmt: skip
        """Remember faults of one kind in one series."""
        self.lines.append((kind, facility, month, months, series, true.astype(float), reported.astype(float)))


def plant(
    doses: dict[str, Counts], reported: Flags, exempt: Flags, planted: Planted, rng: np.random.Generator
) -> dict[str, Counts]:
    """Return the numbers as they were written down.

    `doses` maps a series to counts by facility and month; `reported` says where a report came;
    `exempt` where nothing may be touched.
    """
    written = {name: counts.copy() for name, counts in doses.items()}
    _over_report(written, exempt, planted, rng)
    _heap(written, exempt, planted, rng)
    _lump(written, reported, exempt, planted, rng)
    _copy_month(written, reported, exempt, planted, rng)
    _swap_doses(written, reported, exempt, planted, rng)
    for name in TYPING:
        _typing_errors(name, written[name], reported & ~exempt, planted, rng)
    _zero_reports(written, reported, exempt, planted, rng)
    return written


def _over_report(
    written: dict[str, Counts], exempt: Flags, planted: Planted, rng: np.random.Generator
) -> None:
    """Some facilities write more than they did, most of all when the quarter ends."""
    count, months = written["dtp1"].shape
    chosen = np.flatnonzero((rng.random(count) < OVER_REPORTING_SHARE) & _may_err(written, exempt))
    factor = rng.uniform(1.10, 1.75, len(chosen))[:, None] * np.ones(months)[None, :]
    factor[:, 2::3] *= 1.08
    for name in ("bcg", "dtp1", "dtp2", "dtp3", "mcv1"):
        true = written[name][chosen]
        written[name][chosen] = np.round(true * factor).astype(np.int64)
        if name == "dtp1":
            planted.add(
                "over_reporting",
                chosen,
                np.zeros(len(chosen), dtype=np.int64),
                name,
                true.sum(axis=1),
                written[name][chosen].sum(axis=1),
                months,
            )


def _heap(written: dict[str, Counts], exempt: Flags, planted: Planted, rng: np.random.Generator) -> None:
    """Some facilities round every number to the next five."""
    count, months = written["dtp1"].shape
    chosen = np.flatnonzero((rng.random(count) < HEAPING_SHARE) & _may_err(written, exempt))
    for name in written:
        true = written[name][chosen]
        written[name][chosen] = 5 * np.round(true / 5).astype(np.int64)
        if name == "dtp1":
            planted.add(
                "digit_heaping",
                chosen,
                np.zeros(len(chosen), dtype=np.int64),
                name,
                true.sum(axis=1),
                written[name][chosen].sum(axis=1),
                months,
            )


def _lump(
    written: dict[str, Counts], reported: Flags, exempt: Flags, planted: Planted, rng: np.random.Generator
) -> None:
    """Where a report is missing, a part of its doses turns up in the report of the next month."""
    gap = ~reported[:, :-1] & reported[:, 1:] & ~exempt[:, 1:]
    f, t = np.nonzero(gap & (rng.random(gap.shape) < LUMPED_SHARE))
    for name in written:
        true = written[name][f, t + 1]
        lumped = true + written[name][f, t]
        written[name][f, t + 1] = lumped
        if name == "dtp1":
            planted.add("lumped_month", f, t + 1, name, true, lumped)


def _copy_month(
    written: dict[str, Counts], reported: Flags, exempt: Flags, planted: Planted, rng: np.random.Generator
) -> None:
    """A whole report is the one of the month before."""
    chosen = (rng.random(reported.shape) < COPIED_SHARE) & reported & ~exempt
    chosen[:, 1:] &= reported[:, :-1]
    chosen[:, 0] = False
    chosen[:, 1:] &= ~chosen[:, :-1]  # a copy of a copy would be recorded with the wrong original
    f, t = np.nonzero(chosen & (written["dtp1"] > 0))
    for name in written:
        true = written[name][f, t]
        written[name][f, t] = written[name][f, t - 1]
        if name == "dtp1":
            planted.add("copied_month", f, t, name, true, written[name][f, t])


def _swap_doses(
    written: dict[str, Counts], reported: Flags, exempt: Flags, planted: Planted, rng: np.random.Generator
) -> None:
    """The columns of the first and the third dose are mistaken for each other."""
    differs = written["dtp1"] > written["dtp3"]
    f, t = np.nonzero((rng.random(reported.shape) < SWAPPED_SHARE) & reported & ~exempt & differs)
    first, third = written["dtp1"][f, t], written["dtp3"][f, t]
    written["dtp1"][f, t], written["dtp3"][f, t] = third, first
    planted.add("swapped_doses", f, t, "dtp1", first, third)
    planted.add("swapped_doses", f, t, "dtp3", third, first)


def _may_err(written: dict[str, Counts], exempt: Flags) -> Flags:
    return np.asarray((written["dtp1"].sum(axis=1) > 0) & ~exempt.any(axis=1))


def _zero_reports(
    written: dict[str, Counts], reported: Flags, exempt: Flags, planted: Planted, rng: np.random.Generator
) -> None:
    """A report that nobody filled in is entered as if nothing had been done."""
    chosen = (rng.random(reported.shape) < ZERO_SHARE) & reported & ~exempt & (written["dtp1"] >= 5)
    f, t = np.nonzero(chosen)
    for name in written:
        true = written[name][f, t]
        written[name][f, t] = 0
        if name == "dtp1":
            planted.add("zero_for_missing", f, t, name, true, np.zeros(len(f)))


def _typing_errors(
    name: str, values: Counts, where: Flags, planted: Planted, rng: np.random.Generator
) -> None:
    f, t = np.nonzero((rng.random(values.shape) < TYPO_SHARE) & where & (values >= 5))
    true = values[f, t]
    values[f, t] = true * 10 + rng.integers(0, 10, len(f))
    planted.add("typo_times_ten", f, t, name, true, values[f, t])
    turned = _transposed(values)
    differs = (np.abs(turned - values) >= 0.4 * values) & (values >= 12)
    f2, t2 = np.nonzero((rng.random(values.shape) < TRANSPOSED_SHARE) & where & differs)
    fresh = ~np.isin(f2 * values.shape[1] + t2, f * values.shape[1] + t)
    f2, t2 = f2[fresh], t2[fresh]
    true = values[f2, t2]
    values[f2, t2] = turned[f2, t2]
    planted.add("transposed_digits", f2, t2, name, true, values[f2, t2])


def _transposed(values: Counts) -> Counts:
    """Return each number with its last two digits exchanged."""
    tens, ones = values // 10 % 10, values % 10
    return np.asarray(values - 10 * tens - ones + 10 * ones + tens)
