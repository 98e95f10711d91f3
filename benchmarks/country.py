"""Which rows are measured?

Facilities with a code, months and counts of doses: as many rows as asked, with gaps, spikes and
copied months, as one long CSV that a DHIS2 could have exported. Places are published beforehand.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from kalanso.places.tables import PLACE_CODES, PLACE_PARENTS, PLACES
from kalanso.store import Provenance, Store

MONTHS = 48
INDICATORS = (
    "bcg_doses", "dtp1_doses", "dtp2_doses", "dtp3_doses", "opv1_doses", "opv3_doses", "pcv1_doses",
    "pcv3_doses", "rota1_doses", "mcv1_doses", "mcv2_doses", "yf_doses", "anc1_visits", "facility_live_births",
)  # fmt: skip
SYSTEM = "benchmark"
NOW = datetime(2025, 6, 1, tzinfo=UTC)
MAP = {
    "version": 1,
    "file": {"separator": ",", "encoding": "utf-8", "decimal": "."},
    "place": {"code": "orgunit", "level": "facility", "system": SYSTEM, "vintage": "2025"},
    "period": {"column": "period", "type": "month"},
    "indicator": "dataelement",
    "value": "value",
    "columns": {"reports_expected": "expected", "reports_received": "received"},
    "constants": {"age_band": "0-11m"},
}


def facilities_for(rows: int) -> int:
    """Return how many facilities give this many rows in 48 months."""
    return max(40, -(-rows // (MONTHS * len(INDICATORS))))


def write_csv(path: Path, rows: int, *, first_month: int = 0, months: int = MONTHS) -> int:
    """Write the counts of some months as CSV and return how many rows there are."""
    facilities = facilities_for(rows)
    names = ", ".join(f"'{name}'" for name in INDICATORS)
    connection = duckdb.connect(config={"memory_limit": "4GB"})
    # hash() gives the same pseudo-random counts on every machine and in every order
    connection.execute(f"""
        COPY (
          SELECT printf('HF%07d', f) AS orgunit,
                 printf('%d%02d', 2021 + m // 12, m % 12 + 1) AS period,
                 list_extract([{names}], i) AS dataelement,
                 CASE WHEN h % 97 = 0 THEN base * 10
                      WHEN h % 89 = 0 THEN 0
                      ELSE greatest(0, base + (h % 13)::INT - 6 + ((m % 12 = 11)::INT * -8)) END AS value,
                 1 AS expected, 1 AS received
          FROM (
            SELECT f, m, i, hash(f * 100000 + m * 100 + i) AS h, 20 + (hash(f) % 30)::INT - i AS base
            FROM range({facilities}) f(f), range({first_month}, {first_month + months}) m(m),
                 range(1, {len(INDICATORS) + 1}) i(i)
          ) WHERE h % 50 > 0
        ) TO '{path}' (FORMAT csv, HEADER)
    """)
    found = connection.execute(
        f"SELECT count(*) FROM range({facilities}) f(f), range({first_month}, {first_month + months}) m(m), "
        f"range(1, {len(INDICATORS) + 1}) i(i) WHERE hash(f * 100000 + m * 100 + i) % 50 > 0"
    ).fetchone()
    connection.close()
    return int(found[0]) if found else 0


def make_store(folder: Path, rows: int) -> None:
    """Publish the places of the country: 11 regions, districts of 40 facilities, facilities."""
    facilities = facilities_for(rows)
    districts = -(-facilities // 40)
    store = Store.create(folder, country="ML", demo=True, now=NOW)
    codes = {
        "region": [f"ML-R{i:04d}" for i in range(11)],
        "district": [f"ML-D{i:06d}" for i in range(districts)],
        "facility": [f"ML-F{i:08d}" for i in range(facilities)],
    }
    above = ["ML"] * 11
    above += [codes["region"][i % 11] for i in range(districts)]
    above += [codes["district"][i // 40] for i in range(facilities)]
    everyone = [code for level in codes.values() for code in level]
    count = len(everyone)
    none, names = [None] * (count + 1), ["ML", *everyone]
    levels = ["country", *(level for level, of in codes.items() for _ in of)]
    blank = {"valid_from": none, "valid_to": none, "source": [SYSTEM] * (count + 1)}
    store.publish(PLACES, PLACES.arrow(pa.table({
        "place_code": names, "name": names, "level": levels, "kind": [""] * (count + 1),
        "latitude": none, "longitude": none, **blank})), provenance=Provenance(), now=NOW)  # fmt: skip
    store.publish(PLACE_PARENTS, PLACE_PARENTS.arrow(pa.table({
        "place_code": everyone, "tree": ["health"] * count, "parent_code": above,
        "valid_from": none[1:], "valid_to": none[1:], "source": [SYSTEM] * count})),
        provenance=Provenance(), now=NOW)  # fmt: skip
    store.publish(PLACE_CODES, PLACE_CODES.arrow(pa.table({
        "system": [SYSTEM] * facilities, "vintage": ["2025"] * facilities,
        "code": [f"HF{i:07d}" for i in range(facilities)], "name": [f"HF{i:07d}" for i in range(facilities)],
        "parent_name": [""] * facilities, "place_code": codes["facility"],
        "source": [SYSTEM] * facilities})), provenance=Provenance(), now=NOW)  # fmt: skip
