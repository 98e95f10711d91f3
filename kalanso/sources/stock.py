"""How much of each vaccine did a facility hold, receive and use in a month, lot by lot?

Reads the stock table of an e-LMIS: the fields of OpenLMIS requisitions and stock cards under their French or English
headings (RequisitionLineItem.java of openlmis-requisition; WHO's EPI package of DHIS2), one row per facility, month,
product and lot. Vials become doses by a size that the file, the person or the country declares; what nobody declares
is refused. Adding lots up and checking them belongs to `stock_lots`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from kalanso.definitions import Pack, load
from kalanso.sources.faults import BadFile
from kalanso.sources.judging import ListedPlace
from kalanso.sources.listed_rows import Dialect, Ledger, ListedRow, ListedRows, find_rows, is_note
from kalanso.sources.months import find_period, month_number, plain, year_number
from kalanso.sources.readings import Reading
from kalanso.sources.receipts import Receipt
from kalanso.sources.stock_lots import QUANTITIES, LotRow, reading_of
from kalanso.sources.workbooks import Limits, open_workbook
from kalanso.vocabulary import Message, NotAPeriod, Period, PeriodType

UNITS = ("doses", "vials")
LARGEST_VIAL = 50  # doses; multi-dose vials of routine vaccines hold 2 to 20
STOCK = Dialect(
    name="stock",
    fields={
        "facility": ("facility", "facility name", "facilityName", "structure", "formation sanitaire", "CSCom", "centre", "dépôt"),
        "code": ("code", "facility_code", "facilityCode", "code structure", "uid"),
        "parent": ("district", "district sanitaire", "geographic zone", "geographicZone", "aire de santé", "parent"),
        "period": ("period", "période", "processing period", "processingPeriod", "mois et année", "month and year"),
        "month": ("month", "mois"),
        "year": ("year", "année"),
        "product": ("product", "produit", "orderable", "full product name", "fullProductName", "vaccin", "vaccine", "article"),
        "lot": ("lot", "lot code", "lotCode", "numéro de lot", "numéro lot", "n° de lot", "n° lot", "batch", "batch number"),
        "expires": ("expirationDate", "expiration date", "expiry date", "expiry", "péremption", "date de péremption", "date d'expiration"),
        "unit": ("unit", "unité", "unit of measure"),
        "doses_per_vial": ("doses per vial", "doses_per_vial", "doses par flacon", "vial size", "taille du flacon", "conditionnement"),
        "opening": ("beginningBalance", "beginning balance", "opening balance", "stock initial", "stock de début", "stock de début de mois", "solde initial"),
        "received": ("totalReceivedQuantity", "total received quantity", "received", "quantité reçue", "doses reçues", "reçu", "entrées"),
        "used": ("totalConsumedQuantity", "total consumed quantity", "consumed", "used", "doses used", "quantité utilisée", "quantité consommée", "doses utilisées", "consommation", "utilisé", "consommé"),
        "wasted": ("wasted", "losses", "pertes", "quantité perdue", "doses perdues", "perdu"),
        "adjusted": ("totalLossesAndAdjustments", "total losses and adjustments", "adjustments", "pertes et ajustements", "ajustements"),
        "issued": ("issued", "quantityIssued", "sorties", "livré", "quantité livrée"),
        "closing": ("stockOnHand", "stock on hand", "closing balance", "stock final", "stock de fin", "stock de fin de mois", "stock disponible", "solde"),
        "stockout_days": ("totalStockoutDays", "total stockout days", "stockout days", "jours de rupture", "jours de rupture de stock"),
    },
    required=("facility", "product", "closing"),
)  # fmt: skip
_DOSES_IN_NAME = re.compile(r"\b(\d{1,3})[\s-]*(?:doses?|ds)\b")
_WORDS_OF_PACKING = re.compile(
    r"\b(?:vaccins?|vaccines?|anti|flacons?|vials?|fl|de|du|of|par|per|inj|injectable)\b|[/(),;]"
)


@dataclass
class _Desk:
    """What one file is read with, and what was understood on the way."""

    found: ListedRows
    ledger: Ledger
    pack: Pack
    unit: str
    declared: Mapping[str, int]
    rows: list[LotRow] = field(default_factory=list)
    spoilt: dict[tuple[object, ...], int] = field(default_factory=dict)
    sizes: dict[str, set[int]] = field(default_factory=dict)

    def refuse(
        self, reason: str, row: ListedRow, found: str = "", *, spoils: tuple[object, ...] = ()
    ) -> None:
        """Book a row that cannot be used; the month of its product is then not known as a whole."""
        self.ledger.reject(f"sources.rejected.{reason}", row.number, found=found or None)
        if spoils:
            self.spoilt.setdefault(spoils, row.number)


def read(
    path: Path, *, country: str = "", vintage: str = "", level: str = "facility", unit: str = "",
    doses_per_vial: str = "", system: str = "e-lmis", limits: Limits | None = None,
) -> Reading:  # fmt: skip
    """Return the stock of a file in doses, by facility, month and product, lots added up.

    `unit` says in what the file counts where no column does; `doses_per_vial` holds sizes as `penta=10, bcg=20`. A size
    comes from the row's own column or the product's name, else from `doses_per_vial`, else from the country's products.
    `system` and `vintage` name the list in which its facilities stand. Where one lot of a product cannot be read, its whole month is refused: a sum without it would look like any other.
    Raises BadFile where headings are missing, or where nothing says vials or doses.
    """
    if unit not in ("", *UNITS):
        raise BadFile(
            "sources.stock.bad_option",
            file=Path(path).name,
            column="unit",
            found=unit,
            expected=", ".join(UNITS),
        )
    pack = load(country or "generic")
    declared = _declared(doses_per_vial, pack, Path(path).name)
    book = open_workbook(Path(path), limits=limits)
    found = find_rows(book, (STOCK,), reader="stock")
    if not ({"period", "month"} & set(found.headings)):
        raise BadFile("sources.file.no_such_column", file=book.file, sheet=found.sheet.name, row=found.heading_row,
                      expected=STOCK.fields["period"][1], found=", ".join(found.headings.values()))  # fmt: skip
    if not unit and "unit" not in found.headings:
        raise BadFile("sources.stock.no_unit", file=book.file, sheet=found.sheet.name, row=found.heading_row)
    receipt = Receipt(reader="stock", file_name=book.file, unit="rows")
    desk = _Desk(found, Ledger(receipt=receipt, sheet=found.sheet.name), pack, unit, declared)
    for row in found.rows:
        _take(desk, row)
    receipt.notes += found.notes()
    for product, sizes in sorted(desk.sizes.items()):
        told = ", ".join(map(str, sorted(sizes)))
        receipt.notes.append(Message("sources.note.vial_size", {"product": product, "n": told}))
    return reading_of(
        desk.rows, desk.spoilt, desk.ledger, fields=frozenset(found.headings), level=level, system=system,
        vintage=vintage,
    )  # fmt: skip


def headings(path: Path, *, limits: Limits | None = None) -> tuple[str, list[str], int]:
    """Return the sheet of a file that holds a stock, its headings and how many rows stand below; raises BadFile."""
    found = find_rows(open_workbook(Path(path), limits=limits), (STOCK,), reader="stock")
    return found.sheet.name, list(found.headings.values()), len(found.rows)


def _declared(told: str, pack: Pack, file: str) -> dict[str, int]:
    """Return the sizes of vials that the country and then the person declare."""
    sizes = {one.code: one.doses_per_vial for one in pack.products if one.doses_per_vial}
    for part in filter(None, (one.strip() for one in told.split(","))):
        name, _, size = (one.strip() for one in part.partition("="))
        code = _product(name, pack)
        if not code or not size.isdigit() or not 1 <= int(size) <= LARGEST_VIAL:
            raise BadFile(
                "sources.stock.bad_option",
                file=file,
                column="doses_per_vial",
                found=part,
                expected="penta=10, bcg=20",
            )
        sizes[code] = int(size)
    return sizes


def _take(desk: _Desk, row: ListedRow) -> None:
    place = ListedPlace(row.text("code") or row.text("facility"), row.text("facility"), row.text("parent"))
    if not place.name:
        if is_note(row, ("period", "month", *QUANTITIES)):
            desk.ledger.skip("sources.skipped.note")
        else:
            desk.refuse("no_place", row)
        return None
    period, named = _period(row), row.text("product")
    product = _product(named, desk.pack)
    if period is None:
        return desk.refuse(
            "unknown_period", row, row.text("period") or f"{row.text('month')} {row.text('year')}".strip()
        )
    if not product:
        return desk.refuse("unknown_product", row, named)
    key = (place.code, place.parent, period, product)
    numbers = _numbers(desk, row, key)
    if numbers is None:
        return None
    if all(number is None for number in numbers.values()):
        return desk.ledger.skip("sources.skipped.no_stock")
    times = _doses_in_one(desk, row, product)
    if isinstance(times, str):
        return desk.refuse(times, row, row.text("unit") if times == "unknown_unit" else named, spoils=key)
    expires = _day(row.cells.get("expires"), row.text("expires"))
    if isinstance(expires, str):
        return desk.refuse(expires, row, row.text("expires"), spoils=key)
    counts = {name: None if (held := numbers[name]) is None else times * held for name in QUANTITIES}
    desk.rows.append(
        LotRow(number=row.number, place=place, period=period, product=product, lot=row.text("lot").upper(), expires=expires,
               stockout_days=numbers["stockout_days"], doses=counts)
    )  # fmt: skip
    return None


def _numbers(desk: _Desk, row: ListedRow, key: tuple[object, ...]) -> dict[str, float | None] | None:
    """Return the quantities of a row, or None where one of them is refused."""
    numbers: dict[str, float | None] = {}
    for name in (*QUANTITIES, "stockout_days"):
        number = desk.found.number(row, name)
        if isinstance(number, str):
            desk.refuse(number.removeprefix("sources.rejected."), row, row.text(name), spoils=key)
            return None
        if number is not None and number < 0 and name != "adjusted":
            desk.refuse("stock_negative", row, row.text(name), spoils=key)
            return None
        numbers[name] = number
    return numbers


def _period(row: ListedRow) -> Period | None:
    if row.text("period"):
        try:
            return find_period(row.cells["period"], kind=PeriodType.MONTH)
        except NotAPeriod:
            return None
    month = month_number(row.text("month")) if row.text("month") else None
    year = year_number(row.text("year")) if row.text("year") else None
    if month and year:
        return Period.month(year, month)
    try:
        return find_period(row.cells["month"], kind=PeriodType.MONTH) if row.text("month") else None
    except NotAPeriod:
        return None


def _product(named: str, pack: Pack) -> str:
    """Return the code of the product that a name writes, with or without the size of its vial."""
    bare = " ".join(_WORDS_OF_PACKING.sub(" ", _DOSES_IN_NAME.sub(" ", plain(named))).split()).strip("- ")
    for one in pack.products:
        if {plain(named), bare} & {plain(word) for word in (*one.spellings, *one.name.values())}:
            return one.code
    return ""


def _doses_in_one(desk: _Desk, row: ListedRow, product: str) -> int | str:
    """Return how many doses one of what a row counts holds, or the reason why nobody can say."""
    told = plain(row.text("unit"))
    unit = "doses" if re.match(r"dose", told) else "vials" if re.match(r"fl(?:acon)?s?\b|vial", told) else ""
    if told and not unit:
        return "unknown_unit"
    unit = unit or desk.unit
    if not unit:
        return "unknown_unit"
    if unit == "doses":
        return 1
    stated = desk.found.number(row, "doses_per_vial")
    named = _DOSES_IN_NAME.search(plain(row.text("product")))
    sizes = {float(named[1])} if named else set()
    if isinstance(stated, str):
        return "vial_unknown"
    sizes |= {stated} if stated is not None else set()
    if len(sizes) > 1:
        return "vial_contradicts"
    size = sizes.pop() if sizes else desk.declared.get(product)
    if size is None or not float(size).is_integer() or not 1 <= size <= LARGEST_VIAL:
        return "vial_unknown"
    desk.sizes.setdefault(product, set()).add(int(size))
    return int(size)


def _day(cell: Any, text: str) -> date | str | None:
    """Return the last day on which a lot may be used; a month alone means its end (GS1: day 00)."""
    if not text:
        return None
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    if isinstance(cell, (int, float)) and 36_526 <= cell < 73_051:  # days of Excel, 2000 to 2099
        return date(1899, 12, 30) + timedelta(days=int(cell))
    for form in ("%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y"):
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007  # a day of the calendar
        except ValueError:
            continue
    try:
        return find_period(cell, kind=PeriodType.MONTH).end
    except NotAPeriod:
        return "expiry_unreadable"
