"""How many planted errors do the checks find, how many alarms are false, and how long does it take?

Precision and recall per check on the simulated faults of the example country, beside the z-score rules of DHIS2
and WHO on the same numbers; recall and precision of every check on faults planted for each of them (`faults`); and the time of all checks on 3,000 facilities, 60 months and 40 numbers (the goal is
a minute on two cores), with that of WHO's metrics.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from benchmarks import country, faults
from benchmarks.measuring import keep, measure, show

NOW = datetime(2025, 1, 15, tzinfo=UTC)
FACILITIES, MONTHS, NUMBERS = 3_000, 60, 40
# planted kind -> the check that should name it; lasting ones are told of a place, the others of its month
MONTHLY = {
    "typo_times_ten": "outliers", "lumped_month": "outliers", "transposed_digits": "outliers", "copied_month": "copies",
    "zero_for_missing": "zeros", "swapped_doses": "dropout",
}  # fmt: skip
LASTING = {"digit_heaping": "heaping", "stock_unbalanced": "stock"}
RIVALS = {"who_z": "WHO, z > 3", "who_modified_z": "WHO, modified z > 3.5", "dhis2_z": "DHIS2, z >= 3",
          "dhis2_modified_z": "DHIS2, modified z >= 3.5"}  # fmt: skip


def main() -> None:
    """Print precision and recall, then the times."""
    size = os.environ.get("BENCH_SIZE", "small")
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_FOLDER")) as name:
        folder = Path(name)
        print(f"\nPlanted errors of the example country ({size})", flush=True)
        scored = score(folder / "demo", size)
        print_scores(scored)
        print("\nFaults planted for every check in a copy without faults", flush=True)
        every = faults.score(folder / "faults", os.environ.get("BENCH_FAULTS", "full"))
        faults.print_table(every)
        lines = [
            measure("kalanso check (all checks, scores)", FACILITIES * MONTHS * NUMBERS, timed_check, folder)
        ]
        show(lines[-1])
        for part, seconds in lines[-1].result.items():
            print(f"    {part:<40}{seconds:>9.1f} s")
        keep(Path("bench-results") / "quality.json", lines)
        scored.to_csv(Path("bench-results") / "quality-scores.csv", index=False)
        every.to_csv(Path("bench-results") / "quality-faults.csv", index=False)


def score(folder: Path, size: str) -> pd.DataFrame:
    """Return recall by kind of error and precision by check, for ours and for the rivals' outlier rules."""
    from kalanso import pipeline
    from kalanso.pipeline.check import gather
    from kalanso.pipeline.evidence import Holdings
    from kalanso.quality import outliers
    from kalanso.quality.tables import QUALITY_FINDINGS
    from kalanso.simulation.tables import PLANTED_FAULTS

    built = pipeline.demo(folder, size=size, now=NOW)
    faults = built.store.read(PLANTED_FAULTS).to_pandas()
    faults = faults[faults["reached"]]
    findings = built.store.read(QUALITY_FINDINGS).to_pandas()
    holdings = Holdings(built.store, NOW.date())
    facilities = set(holdings.places.loc[holdings.places["level"] == "facility", "place_code"])
    heavy = findings[findings["place_code"].isin(facilities) & (findings["severity"] != "note")]
    rows = [
        _line("ours", check, heavy[heavy["check"] == check], faults)
        for check in dict.fromkeys([*MONTHLY.values(), *LASTING.values()])
    ]
    evidence = gather(holdings)
    for mode, name in RIVALS.items():
        rules = dict(evidence.thresholds) | {"outliers": evidence.thresholds["outliers"] | {"mode": mode}}
        told = outliers.find(replace(evidence, thresholds=rules)).to_pandas()
        rows.append(_line(name, "outliers", told[told["place_code"].isin(facilities)], faults))
    return pd.DataFrame([line for lines in rows for line in lines])


def _line(who: str, check: str, told: pd.DataFrame, faults: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a row per kind that a check should find: found, planted, named, and named rightly."""
    lasting = check in LASTING.values()
    keys = ["place_code"] if lasting else ["place_code", "period"]
    kinds = [kind for kind, of in (LASTING if lasting else MONTHLY).items() if of == check]
    # A month with any planted error is rightly named: one slip shows in several numbers.
    any_error = faults[faults["kind"].isin(kinds if lasting else [*MONTHLY, "zero_for_missing"])]
    named = told[keys].drop_duplicates()
    right = named.merge(any_error[keys].drop_duplicates(), on=keys)
    lines = []
    for kind in kinds:
        of_kind = faults[faults["kind"] == kind]
        if lasting:
            found = of_kind[of_kind["place_code"].isin(set(told["place_code"]))]
        else:
            same = (
                ["place_code", "period"] if check in {"copies", "zeros", "dropout"} else [*keys, "indicator"]
            )
            found = of_kind.merge(told[same].drop_duplicates(), on=same)
        lines.append(
            {"rule": who, "check": check, "kind": kind, "planted": len(of_kind), "found": len(found), "named": len(named), "right": len(right)}
        )  # fmt: skip
    return lines


def print_scores(scored: pd.DataFrame) -> None:
    """Print recall by kind and precision by check."""
    print(f"  {'rule':<26}{'check':<10}{'error':<20}{'recall':>16}{'precision':>18}")
    for row in scored.itertuples():
        recall = f"{row.found / row.planted:.0%} ({row.found}/{row.planted})" if row.planted else "-"
        precision = f"{row.right / row.named:.0%} ({row.right}/{row.named})" if row.named else "-"
        print(f"  {row.rule:<26}{row.check:<10}{row.kind:<20}{recall:>16}{precision:>18}")


def timed_check(folder: Path) -> Mapping[str, float]:
    """Check 3,000 facilities x 60 months x 40 numbers and return seconds by part."""
    from kalanso import quality
    from kalanso.pipeline.check import check, gather
    from kalanso.pipeline.evidence import Holdings
    from kalanso.quality import who
    from kalanso.store import Store

    store = folder / "large"
    _make_large(store)
    opened = Store.open(store, memory="3GB")
    parts: dict[str, float] = {}
    start = time.perf_counter()
    check(opened, now=NOW)
    parts["everything, from store to published tables"] = time.perf_counter() - start
    evidence = gather(Holdings(opened, NOW.date()))
    start = time.perf_counter()
    for _name, found in quality.check_all(evidence):
        found.count().execute()
    parts["the checks alone"] = time.perf_counter() - start
    start = time.perf_counter()
    who.metrics(who.gather(evidence), evidence.threshold("who"))
    parts["WHO's metrics alone"] = time.perf_counter() - start
    shutil.rmtree(store)
    return parts


def _make_large(folder: Path) -> None:
    """Publish the places and 7.2 million monthly numbers with season, chance and a few slips."""
    from kalanso import definitions
    from kalanso.indicators.tables import OBSERVATIONS
    from kalanso.store import Provenance, Store

    country.make_store(folder, FACILITIES * country.MONTHS * len(country.INDICATORS))
    store = Store.open(folder)
    counts = [
        code
        for code, d in definitions.load("ML").indicators.items()
        if d.kind == "count" and code.endswith("_doses")
    ]
    plain = [code for code in counts if "late" not in code and "unknown" not in code]
    codes = [*dict.fromkeys([*country.INDICATORS, *plain])][:NUMBERS]
    names = ", ".join(f"'{code}'" for code in codes)
    target = folder.parent / "large.parquet"
    connection = duckdb.connect(config={"memory_limit": "3GB"})
    connection.execute("SET enable_progress_bar = false")
    connection.execute(f"""
        COPY (
          SELECT 'bench' AS source, printf('ML-F%08d', f) AS place_code, strftime(day, '%Y%m') AS period,
                 'month' AS period_type, day AS period_start, list_extract([{names}], i) AS indicator,
                 CASE WHEN h % 997 = 0 THEN base * 10.0
                      ELSE greatest(0.0, base + (h % 13)::INT - 6 + ((m % 12 = 11)::INT * -8)) END::DOUBLE AS value,
                 'reported' AS status, '' AS product, '0-11m' AS age_band, 'all' AS strategy, 'all' AS sector, 'all' AS sex,
                 1::DOUBLE AS reports_expected, 1::DOUBLE AS reports_received, NULL::DOUBLE AS reports_on_time
          FROM (
            SELECT f, m, i, DATE '2019-01-01' + to_months(m::INT) AS day0, (DATE '2019-01-01' + to_months(m::INT))::DATE AS day,
                   hash(f * 100000 + m * 100 + i) AS h, 20 + (hash(f) % 60)::INT AS base
            FROM range({FACILITIES}) f(f), range({MONTHS}) m(m), range(1, {len(codes) + 1}) i(i)
          )
        ) TO '{target}' (FORMAT parquet)
    """)
    store.publish(OBSERVATIONS, target, provenance=Provenance(sources=("bench",)), now=NOW)
    target.unlink()
