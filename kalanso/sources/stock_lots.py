"""What do the lots of a product hold together, and do they add up?

Lots of one facility, month and product become doses of the product; how many lots there are and what of them expires
is counted beside. Checked on each lot, where sums would hide it: opening + received - used - wasted + adjusted -
issued = on hand, and the opening of a month is what was on hand in the month before (requisitions of OpenLMIS). A
lot that breaks a rule is stored and counted as doubtful: `kalanso.quality` judges what is published.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from kalanso.sources.column_maps import REPORTS, ColumnMap, Meaning, PlaceColumns
from kalanso.sources.judging import ListedPlace, Value, completed
from kalanso.sources.listed_rows import Ledger
from kalanso.sources.observation_rows import ObservationRows, listed_places
from kalanso.sources.readings import Reading
from kalanso.vocabulary import Period

QUANTITIES = ("opening", "received", "used", "wasted", "adjusted", "issued", "closing")
LEVELS = ("opening", "closing")
INDICATORS: Mapping[str, str] = {
    "opening": "stock_opening_doses", "received": "doses_received", "used": "doses_used", "wasted": "doses_wasted",
    "issued": "doses_issued", "closing": "stock_closing_doses",
}  # fmt: skip
# Counted for each product apart: their indicators do not say which vaccine they are of.
OF_A_PRODUCT = (
    *INDICATORS.values(),
    "stockout_days",
    "stock_lots",
    "stock_expired_doses",
    "stock_expiring_doses",
)
EXPIRING = timedelta(days=90)  # a quarter: time enough to move a lot to where it is used
ROUNDING = 0.5

Key = tuple[object, ...]


@dataclass(frozen=True, kw_only=True)
class LotRow:
    """One lot of a product in a facility and month, in doses; `adjusted` is negative where doses were lost."""

    number: int
    place: ListedPlace
    period: Period
    product: str
    lot: str
    expires: date | None
    stockout_days: float | None
    doses: Mapping[str, float | None]

    @property
    def key(self) -> Key:
        """The facility, month and product to whose sum the lot belongs."""
        return (self.place.code, self.place.parent, self.period, self.product)


def reading_of(
    rows: Sequence[LotRow], spoilt: Mapping[Key, int], ledger: Ledger, *, fields: frozenset[str], level: str,
    system: str, vintage: str,
) -> Reading:  # fmt: skip
    """Return the stock of each product as observations; `spoilt` leads to the row that could not be read."""
    groups = _groups(rows, spoilt, ledger)
    _doubt_lots([row for lots in groups.values() for row in lots], ledger)
    told, places = ObservationRows(), dict[ListedPlace, int]()
    counted: dict[tuple[str, str], int] = defaultdict(int)
    for lots in groups.values():
        first = lots[0]
        places.setdefault(first.place, first.number)
        counted[first.place.code, first.place.parent] += len(lots)
        for indicator, number in _sums(lots, fields, ledger).items():
            status = "missing" if number is None else "zero" if number == 0 else "reported"
            meaning = completed(Meaning(indicator=indicator, product=first.product))
            told.add(first.place, first.period, meaning, Value(number, status), dict.fromkeys(REPORTS))
    ledger.receipt.check()
    edition = vintage or max((str(row.period.year) for row in rows), default="")
    columns = ColumnMap(place=PlaceColumns(level=level, system=system, vintage=edition))
    return Reading(
        receipt=ledger.receipt, system=system, vintage=edition, places=listed_places(places, columns),
        observations=told.table(), counted=dict(counted), facts={"source": "e-lmis"},
    )  # fmt: skip


def _groups(rows: Sequence[LotRow], spoilt: Mapping[Key, int], ledger: Ledger) -> dict[Key, list[LotRow]]:
    """Return the lots of each facility, month and product; where one is missing or twice, all are refused."""
    groups: dict[Key, list[LotRow]] = defaultdict(list)
    for row in rows:
        groups[row.key].append(row)
    whole = {}
    for key, lots in groups.items():
        seen: dict[str, int] = {}
        twice = [row for row in lots if seen.setdefault(row.lot, row.number) != row.number]
        for row in lots:
            if row in twice:
                ledger.reject("sources.rejected.stock_lot_twice", row.number, found=row.lot or row.product)
            elif key in spoilt or twice:
                at = spoilt.get(key) or twice[0].number
                ledger.reject(
                    "sources.rejected.stock_lot_refused",
                    row.number,
                    found=row.lot or row.product,
                    expected=at,
                )
            else:
                ledger.store()
        if key not in spoilt and not twice:
            whole[key] = lots
    return whole


def _sums(lots: Sequence[LotRow], fields: frozenset[str], ledger: Ledger) -> dict[str, float | None]:
    """Return the numbers of one product in a month, each where its column stands in the file."""
    total = {name: _total(name, lots) for name in QUANTITIES if name in fields}
    adjusted = total.pop("adjusted", None)
    if adjusted is not None:
        # What was found again came into stock; what was written off left it.
        up = sum(max(0.0, row.doses["adjusted"] or 0.0) for row in lots)
        total["received"] = (total.get("received") or 0.0) + up
        total["wasted"] = (total.get("wasted") or 0.0) + up - adjusted
        ledger.doubt("sources.suspicious.stock_adjusted_up", up > 0)
    found = {INDICATORS[name]: number for name, number in total.items()}
    if "stockout_days" in fields:
        days = {row.stockout_days for row in lots}
        ledger.doubt("sources.suspicious.stock_days_differ", len(days) > 1)
        found["stockout_days"] = days.pop() if len(days) == 1 else None
    if "lot" in fields:
        found["stock_lots"] = float(sum(bool(row.doses["closing"]) for row in lots))
    if "expires" in fields:
        end = lots[0].period.end
        unsaid = any(row.expires is None for row in lots if row.doses["closing"])
        ledger.doubt("sources.suspicious.stock_no_expiry", unsaid)
        found["stock_expired_doses"] = None if unsaid else _until(lots, end)
        found["stock_expiring_doses"] = None if unsaid else _until(lots, end + EXPIRING) - _until(lots, end)
    return found


def _total(name: str, lots: Sequence[LotRow]) -> float | None:
    """Return the sum over lots: a lot without a flow moved nothing, a lot without a level leaves it unknown."""
    numbers = [row.doses[name] for row in lots]
    known = [number for number in numbers if number is not None]
    if not known or (name in LEVELS and len(known) < len(numbers)):
        return None
    return sum(known)


def _until(lots: Iterable[LotRow], day: date) -> float:
    return sum(row.doses["closing"] or 0.0 for row in lots if row.expires is not None and row.expires <= day)


def _doubt_lots(rows: Sequence[LotRow], ledger: Ledger) -> None:
    """Count lots that break an identity, were used after they expired, or have two days of expiry."""
    held = {(row.key, row.lot): row.doses["closing"] for row in rows}
    expiry: dict[tuple[str, str], set[date]] = defaultdict(set)
    for row in rows:
        ledger.doubt(
            "sources.suspicious.fractional",
            any(n is not None and not n.is_integer() for n in row.doses.values()),
        )
        ledger.doubt("sources.suspicious.stock_balance", not _balances(row))
        before = (row.place.code, row.place.parent, row.period + -1, row.product)
        carried, opening = held.get((before, row.lot)), row.doses["opening"]
        ledger.doubt(
            "sources.suspicious.stock_carried",
            carried is not None and opening is not None and abs(carried - opening) > ROUNDING,
        )
        if row.expires is not None:
            ledger.doubt(
                "sources.suspicious.stock_used_expired",
                bool(row.doses["used"]) and row.expires < row.period.start,
            )
            if row.lot:
                expiry[row.product, row.lot].add(row.expires)
    for days in expiry.values():
        ledger.doubt("sources.suspicious.stock_two_expiries", len(days) > 1)


def _balances(row: LotRow) -> bool:
    opening, closing = row.doses["opening"], row.doses["closing"]
    if opening is None or closing is None:
        return True
    flow = {name: row.doses[name] or 0.0 for name in QUANTITIES}
    left = opening + flow["received"] + flow["adjusted"] - flow["used"] - flow["wasted"] - flow["issued"]
    return abs(left - closing) <= ROUNDING
