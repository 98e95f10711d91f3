"""Which reports reached the ministry, and how are their numbers laid out?

Gaps and delays, clustered in space and time, and the rows of `observations`: split by age,
strategy and product as the forms of each time did. Which numbers stand on the forms comes from
`children` and `faults`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy.special import ndtr

from kalanso.indicators.tables import OBSERVATIONS
from kalanso.simulation.disruptions import FORM_CHANGE, HEXA_FROM, HUB_FROM, Disruptions
from kalanso.simulation.learning_hub import of_hub, unreported
from kalanso.simulation.territory import Territory
from kalanso.simulation.timeline import MONTHS, month, month_columns, month_of

Numbers = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

SOURCE = "demo-snis"
STOCK_FROM = month(2022, 1)  # the first month in which health centres report stock
FORM_CHANGED = month_of(FORM_CHANGE, 0)
COMPLETENESS = {"public": 0.965, "ngo": 0.88, "private": 0.62}
CONFLICT_COMPLETENESS = 0.74
ON_TIME = {"public": 0.86, "ngo": 0.75, "private": 0.45}
BLANK_SHARE = 0.006  # of the cells of reports that came


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of the monthly form: the series that it counts and how it is stored."""

    series: str
    indicator: str
    age_band: str
    by_strategy: bool = False


LINES = (
    Line(series="bcg", indicator="bcg_doses", age_band="0-11m"),
    Line(series="dtp1", indicator="dtp1_doses", age_band="0-11m", by_strategy=True),
    Line(series="dtp1_late", indicator="dtp1_doses", age_band="12-23m"),
    Line(series="dtp2", indicator="dtp2_doses", age_band="0-11m"),
    Line(series="dtp3", indicator="dtp3_doses", age_band="0-11m", by_strategy=True),
    Line(series="dtp3_late", indicator="dtp3_doses", age_band="12-23m"),
    Line(series="opv1", indicator="opv1_doses", age_band="0-11m"),
    Line(series="pcv1", indicator="pcv1_doses", age_band="0-11m"),
    Line(series="ipv1", indicator="ipv1_doses", age_band="0-11m"),
    Line(series="mcv1", indicator="mcv1_doses", age_band="0-11m"),
    Line(series="mcv2", indicator="mcv2_doses", age_band="12-23m"),
    Line(series="yf", indicator="yf_doses", age_band="0-11m"),
    Line(series="anc1", indicator="anc1_visits", age_band="all"),
)
PRIVATE_LINES = tuple(
    Line(series=series, indicator=f"{series}_doses", age_band="unknown")
    for series in ("bcg", "dtp1", "dtp3", "mcv1")
)
OTHER_LINES = (
    Line(series="opd", indicator="opd_visits", age_band="all"),
    Line(series="deliveries", indicator="facility_live_births", age_band="all"),
)
DTP = {"dtp1", "dtp1_late", "dtp2", "dtp3", "dtp3_late"}


@dataclass(frozen=True, kw_only=True)
class Received:
    """Whether each facility's report of each month came, and came on time."""

    received: Flags
    on_time: Flags


def received(territory: Territory, disrupted: Disruptions, rng: np.random.Generator) -> Received:
    """Decide which reports came: gaps last for months, strike whole districts, and are worse in conflict."""
    facilities = territory.facilities
    chance = np.array([COMPLETENESS[s] for s in facilities["sector"]])[:, None] * np.ones(MONTHS)
    conflict = territory.in_conflict()[facilities["area"]]
    chance = np.where(conflict, chance * CONFLICT_COMPLETENESS / COMPLETENESS["public"], chance)
    remote = territory.areas["remote"].to_numpy()[facilities["area"]][:, None]
    chance = chance - 0.03 * remote + np.linspace(-0.015, 0.015, MONTHS)[None, :]
    chance = np.clip(chance * disrupted.reporting, 0.01, 0.995)
    came = ndtr(_clustered(territory, rng)) < chance
    came &= disrupted.open
    prompt = np.array([ON_TIME[s] for s in facilities["sector"]])[:, None] - 0.25 * conflict
    on_time = came & (ndtr(_clustered(territory, rng)) < prompt)
    documented = of_hub(territory) & facilities["vaccinates"].to_numpy()
    told = np.arange(MONTHS) >= HUB_FROM
    came = np.where(documented[:, None] & told[None, :], ~unreported(territory), came)
    return Received(received=came, on_time=on_time & came)


def _clustered(territory: Territory, rng: np.random.Generator) -> Numbers:
    """Return standard normal noise by facility and month that districts share and months remember."""
    district = territory.facilities["district"].to_numpy()
    own = _remembering(rng.normal(size=(len(district), MONTHS)), 0.55)
    shared = _remembering(rng.normal(size=(district.max() + 1, MONTHS)), 0.5)
    lasting = rng.normal(size=(len(district), 1))
    return np.asarray(np.sqrt(0.45) * own + np.sqrt(0.25) * shared[district] + np.sqrt(0.30) * lasting)


def _remembering(noise: Numbers, memory: float) -> Numbers:
    for t in range(1, noise.shape[1]):
        noise[:, t] = memory * noise[:, t - 1] + np.sqrt(1 - memory**2) * noise[:, t]
    return noise


@dataclass(frozen=True, kw_only=True)
class Block:
    """Rows of one line and variant: facility rows, first month, values (NaN where no number).

    `seen` says where a form of its own came, by facility and month of the block; None means that
    the line stands on the monthly report.
    """

    facilities: Counts
    first_month: int
    values: Numbers
    indicator: str
    product: str = ""
    age_band: str = "all"
    strategy: str = "all"
    seen: Flags | None = None


def routine_blocks(
    territory: Territory, written: dict[str, Counts], came: Received, rng: np.random.Generator
) -> Iterator[Block]:
    """Lay out the monthly forms of all facilities."""
    facilities = territory.facilities
    vaccinates = facilities["vaccinates"].to_numpy()
    private = (facilities["sector"] == "private").to_numpy()
    for line in LINES:
        yield from _line_blocks(territory, line, written, np.flatnonzero(vaccinates & ~private), came, rng)
    for line in PRIVATE_LINES:
        yield from _line_blocks(territory, line, written, np.flatnonzero(vaccinates & private), came, rng)
    for line in OTHER_LINES:
        yield from _line_blocks(territory, line, written, np.flatnonzero(~vaccinates), came, rng)


def _line_blocks(
    territory: Territory, line: Line, written: dict[str, Counts], rows: Counts, came: Received,
    rng: np.random.Generator,
) -> Iterator[Block]:  # fmt: skip
    if not len(rows):
        return
    values = written[line.series][rows]
    seen = came.received[rows]
    if line.by_strategy:
        before, after = slice(0, FORM_CHANGED), slice(FORM_CHANGED, MONTHS)
        yield from _products(territory, line, rows, 0, values[:, before], seen[:, before], "all", rng)
        share = _outreach_share(territory, rows)
        away = rng.binomial(values[:, after], share[:, None])
        fixed = values[:, after] - away
        yield from _products(territory, line, rows, FORM_CHANGED, fixed, seen[:, after], "fixed", rng)
        mobile = _is_mobile(territory, rows)
        for strategy, chosen in (("outreach", ~mobile), ("mobile", mobile)):
            some = rows[chosen]
            if len(some):
                yield from _products(
                    territory, line, some, FORM_CHANGED, away[chosen], seen[chosen, after], strategy, rng
                )
    else:
        strategy = "unknown" if line.age_band == "unknown" else "all"
        yield from _products(territory, line, rows, 0, values, seen, strategy, rng)


def _products(
    territory: Territory, line: Line, rows: Counts, first: int, values: Counts, seen: Flags,
    strategy: str, rng: np.random.Generator,
) -> Iterator[Block]:  # fmt: skip
    """Divide DTP doses between Penta and, from its introduction, Hexa; both in the month of the change."""
    filled = _with_blanks(values, seen, of_hub(territory)[rows], rng)
    common = {
        "first_month": first,
        "indicator": line.indicator,
        "age_band": line.age_band,
        "strategy": strategy,
    }
    if line.series not in DTP:
        yield Block(facilities=rows, values=filled, product="", **common)  # type: ignore[arg-type]
        return
    months = first + np.arange(values.shape[1])
    starts = hexa_from(territory)[territory.facilities["district"].to_numpy()[rows]]
    early = months[None, :] < starts[:, None]
    change = months[None, :] == starts[:, None]
    half = np.floor(filled / 2)
    penta = np.where(early, filled, np.where(change, filled - half, np.inf))
    hexa = np.where(early, np.inf, np.where(change, half, filled))
    for product, part in (("penta", penta), ("hexa", hexa)):
        some = np.isfinite(part) | np.isnan(part)
        if some.any():
            yield Block(facilities=rows, values=part, product=product, **common)  # type: ignore[arg-type]


def hexa_from(territory: Territory) -> Counts:
    """Return by district the month in which Hexa replaces Penta (beyond the last month where never)."""
    regions = territory.land.districts["region"]
    return np.array([month_of(HEXA_FROM.get(name), MONTHS) for name in regions], dtype=np.int64)


def _with_blanks(values: Counts, seen: Flags, exempt: Flags, rng: np.random.Generator) -> Numbers:
    """Leave single cells of reports blank."""
    blank = (rng.random(values.shape) < BLANK_SHARE) & ~exempt[:, None]
    return np.where(seen & ~blank, values, np.nan)


def _outreach_share(territory: Territory, rows: Counts) -> Numbers:
    areas = territory.areas.iloc[territory.facilities["area"].to_numpy()[rows]]
    share = np.where(areas["remote"], 0.45, np.where(areas["setting"] == "rural", 0.30, 0.08))
    referral = (territory.facilities["kind"].iloc[rows] == "CSRéf").to_numpy()
    return np.where(referral, 0.02, share)


def _is_mobile(territory: Territory, rows: Counts) -> Flags:
    areas = territory.areas.iloc[territory.facilities["area"].to_numpy()[rows]]
    return (areas["nomads"] | areas["island"]).to_numpy()


def observation_rows(territory: Territory, blocks: Sequence[Block], came: Received, source: str) -> pa.Table:
    """Return blocks as rows in the columns of `observations`."""
    parts = [_numbers(block, index, came) for index, block in enumerate(blocks)]
    facility, months, value, block_of, seen, on_time = (
        np.concatenate(column) for column in zip(*parts, strict=True)
    )
    status = np.where(np.isnan(value), 0, np.where(value == 0, 1, 2))
    sector = {"public": 0, "ngo": 1, "private": 2}
    sectors = np.array([sector[s] for s in territory.facilities["sector"]])
    columns = {
        "source": pa.repeat(source, len(value)),
        "place_code": pa.array(territory.facilities["code"]).cast(pa.string()).take(pa.array(facility)),
        **month_columns(months),
        "value": pa.array(value, from_pandas=True),
        "status": pa.array(["missing", "zero", "reported"]).take(pa.array(status)),
        "sector": pa.array(["public", "ngo", "private"]).take(pa.array(sectors[facility])),
        "sex": pa.repeat("all", len(value)),
        "reports_expected": pa.array(np.ones(len(value))),
        "reports_received": pa.array(seen.astype(float)),
        "reports_on_time": pa.array(on_time.astype(float)),
    }
    taken = pa.array(block_of)
    for name in ("indicator", "product", "age_band", "strategy"):
        columns[name] = pa.array([getattr(block, name) for block in blocks]).take(taken)
    return OBSERVATIONS.arrow(pa.table(columns))


def _numbers(block: Block, index: int, came: Received) -> tuple[npt.NDArray[Any], ...]:
    count, length = block.values.shape
    present = ~np.isinf(block.values).ravel()  # infinity marks cells that this form does not have
    facility = np.repeat(block.facilities, length)[present]
    months = np.tile(block.first_month + np.arange(length), count)[present]
    value = block.values.ravel()[present]
    if block.seen is None:
        seen, on_time = came.received[facility, months], came.on_time[facility, months]
    else:
        seen = on_time = block.seen.ravel()[present]
    return facility, months, value, np.full(len(value), index, dtype=np.int32), seen, on_time
