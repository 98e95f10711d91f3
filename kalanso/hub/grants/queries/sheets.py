"""What would a sheet of money change, row by row, and which rows say nothing that can be kept?

Rules, each said with the row that it refuses: an intervention that the portfolio does not know; a year outside the
grant; an amount written short ("1,5 M") or in words; a negative amount (an entry is put right where it stands); a
percent; a number that may mean two; a place that is no district; the same row twice. Nothing is guessed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import override

from kalanso.hub.grants.models import BudgetLine, Entry, Grant
from kalanso.hub.people.models import Organisation, PlaceMirror
from kalanso.hub.people.permissions import Somewhere, may
from kalanso.hub.people.queries.places import folded
from kalanso.hub.portfolio.models import Intervention
from kalanso.sources.archives import MEBIBYTE, Limits
from kalanso.sources.numbers import is_blank, written_number
from kalanso.sources.workbooks import Cell, FaultyCell, Sheet, open_workbook

LIMITS = Limits(file_bytes=5 * MEBIBYTE, unpacked_bytes=60 * MEBIBYTE, cells=400_000)
ROWS = 20_000
HEAD_WITHIN = 12
# What the headings may be called.
HEADINGS = {
    "intervention": ("intervention", "code intervention", "code de l'intervention", "intervention code", "code"),
    "organisation": ("organisation", "organization", "structure", "partenaire", "partner"),
    "place": ("district", "lieu", "place", "district sanitaire"),
    "year": ("annee", "year", "exercice"),
    "planned": ("prevu", "planned", "budget", "montant prevu", "montant"),
    "currency": ("monnaie", "devise", "currency"),
    "kind": ("nature", "kind", "type", "mouvement"),
    "day": ("date", "jour", "day"),
    "amount": ("montant", "amount"),
    "reference": ("piece", "reference", "document", "n piece", "numero de piece"),
}  # fmt: skip
NEEDED = {
    "lines": ("intervention", "year", "planned"),
    "entries": ("intervention", "year", "kind", "day", "amount", "reference"),
}
USED = {"lines": (*NEEDED["lines"], "organisation", "place", "currency"), "entries": (*NEEDED["entries"], "organisation", "place", "currency")}  # fmt: skip
KINDS = {
    "engagement": "commitment", "commitment": "commitment", "decaissement": "disbursement", "disbursement": "disbursement",
    "depense": "expenditure", "expenditure": "expenditure", "depenses": "expenditure",
}  # fmt: skip
CURRENCIES = {"fcfa": "XOF", "f cfa": "XOF", "xof": "XOF", "$": "USD", "us$": "USD", "€": "EUR"}
UNIT = re.compile(r"\s*(f\s*cfa|xof)\s*$", re.IGNORECASE)


class RowFault(Exception):
    """Why a row says nothing that can be kept; rendered where it is raised."""


class NoHeadings(Exception):
    """The sheet has no row of headings; `missing` are those that were not found."""

    def __init__(self, missing: Sequence[str]) -> None:
        super().__init__(", ".join(missing))
        self.missing = tuple(missing)


@dataclass
class Read:
    """What a sheet would change, what it leaves, and what was refused."""

    changes: list[dict[str, Any]] = field(default_factory=list)
    faults: list[dict[str, Any]] = field(default_factory=list)
    same: int = 0
    rows: int = 0
    absent: int = 0
    mark: str = ""

    @property
    def counts(self) -> dict[str, int]:
        """Return it in numbers."""
        added = sum(one["before"] is None for one in self.changes)
        return {
            "rows": self.rows, "added": added, "changed": len(self.changes) - added, "same": self.same,
            "refused": len(self.faults), "absent": self.absent,
        }  # fmt: skip


@dataclass
class Ground:
    """What rows are read against: what the hub knows of the grant, as far as the person may write."""

    grant: Grant
    kind: str
    writer: Any
    interventions: dict[str, Intervention]
    organisations: dict[str, Organisation]
    places: dict[str, list[PlaceMirror]]
    lines: dict[tuple[int, int, str, int], BudgetLine]
    allowed: dict[tuple[str, int], bool] = field(default_factory=dict)

    @classmethod
    def of(cls, grant: Grant, kind: str, writer: Any) -> Ground:
        """Read it once for a sheet."""
        known, places = {}, {}
        for one in Organisation.objects.all():
            known[folded(one.code)] = known[folded(one.name)] = one
        for place in PlaceMirror.objects.filter(level="district"):
            for name in (place.code, place.name):
                places.setdefault(folded(name), []).append(place)
        lines = BudgetLine.objects.filter(grant=grant).select_related("intervention", "organisation", "grant")
        return cls(
            grant=grant, kind=kind, writer=writer,
            interventions={folded(one.code): one for one in Intervention.objects.select_related("lead")},
            organisations=known, places=places,
            lines={(one.intervention_id, one.organisation_id, one.place_code, one.year): one for one in lines},
        )  # fmt: skip

    def may_write(self, place: str, organisation: int) -> bool:
        """Whether the person may write on lines of an organisation at a place."""
        if (place, organisation) not in self.allowed:
            self.allowed[place, organisation] = may(
                self.writer, "grants.write", Somewhere(place, organisation)
            )
        return self.allowed[place, organisation]


def read(path: Path, ground: Ground, *, today: date) -> Read:
    """Read a sheet against what stands. Raises BadFile for what is no sheet, NoHeadings for one without headings."""
    sheet = open_workbook(path, limits=LIMITS).sheet()
    at, columns = headings(sheet, ground.kind)
    found = Read(mark=mark_of(ground))
    seen: dict[Any, int] = {}
    for number, cells in enumerate(sheet.rows[at + 1 : at + 1 + ROWS], at + 2):
        row = {
            name: _text(cells[place]) if name not in ("day", "planned", "amount") else cells[place]
            for name, place in columns.items()
        }
        if all(_text(cell) == "" for cell in cells):
            continue
        found.rows += 1
        try:
            key, change = _judged(row, ground, today, seen)
        except RowFault:
            says = _in_both(partial(_judged, row, ground, today, seen))
            found.faults.append({"row": number, "says": says, "what": row.get("intervention", "")[:60]})
            continue
        seen[key] = number
        if change is None:
            found.same += 1
        else:
            found.changes.append({"row": number, **change})
    if len(sheet.rows) > at + 1 + ROWS:
        found.faults.append({"row": at + 2 + ROWS, "says": _in_both(_too_long), "what": ""})
    if ground.kind == "lines":
        found.absent = len(set(ground.lines) - set(seen))
    return found


def _judged(
    row: dict[str, Any], ground: Ground, today: date, seen: dict[Any, int]
) -> tuple[Any, dict[str, Any] | None]:
    """Return what a row speaks of and what it would change. Raises RowFault."""
    key, change = (_line if ground.kind == "lines" else _entry)(row, ground, today)
    if key in seen:
        raise RowFault(_("la même ligne qu'à la ligne %(n)s") % {"n": seen[key]})
    return key, change


def _too_long() -> None:
    raise RowFault(_("la feuille continue au-delà de 20 000 lignes : coupez-la"))


def _in_both(judge: Callable[[], Any]) -> dict[str, str]:
    """Return why something is refused, in both languages: who reads it may speak another than who brought it."""
    said = {}
    for code in ("fr", "en"):
        with override(code):
            try:
                judge()
            except RowFault as fault:
                said[code] = str(fault)
    return said


def mark_of(ground: Ground) -> str:
    """Return a checksum of the money of a grant as it stands."""
    said = [f"{key}{one.planned}{one.version}" for key, one in sorted(ground.lines.items())]
    last = Entry.objects.filter(line__grant=ground.grant).order_by("-pk").values_list("pk", flat=True).first()
    return hashlib.sha256(f"{said}{last}{ground.grant.version}".encode()).hexdigest()


def headings(sheet: Sheet, kind: str) -> tuple[int, dict[str, int]]:
    """Return which row holds the headings, and the column of each. Raises NoHeadings."""
    best: tuple[int, dict[str, int]] = (0, {})
    for at, cells in enumerate(sheet.rows[:HEAD_WITHIN]):
        found: dict[str, int] = {}
        for place, cell in enumerate(cells):
            text = folded(_text(cell)).replace("°", "").replace(".", "").strip()
            name = next((one for one in USED[kind] if text in HEADINGS[one] and one not in found), None)
            if name:
                found[name] = place
        if len(found) > len(best[1]):
            best = (at, found)
    missing = [name for name in NEEDED[kind] if name not in best[1]]
    if missing:
        raise NoHeadings(missing)
    return best


def _text(cell: Cell) -> str:
    if cell is None or isinstance(cell, FaultyCell):
        return "" if cell is None else str(cell)
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell).strip()


def amount_of(cell: Cell) -> Decimal:
    """Return the amount that a cell means. Raises RowFault, saying by which rule it is refused."""
    if cell is None or (isinstance(cell, str) and is_blank(cell)):
        raise RowFault(_("le montant manque"))
    if isinstance(cell, (FaultyCell, bool, datetime, date)) or not isinstance(cell, (int, float, str)):
        raise RowFault(_("le montant n'est pas un nombre : « %(cell)s »") % {"cell": _text(cell)[:40]})
    if isinstance(cell, str):
        return _positive(_written(cell), cell)
    try:
        return _positive(Decimal(str(cell)), str(cell))
    except InvalidOperation as error:
        raise RowFault(
            _("le montant n'est pas un nombre : « %(cell)s »") % {"cell": str(cell)[:40]}
        ) from error


def _written(text: str) -> Decimal:
    bare = UNIT.sub("", text).strip()
    if bare[-1:].isalpha() and any(letter.isdigit() for letter in bare):
        raise RowFault(
            _("le montant est écrit en abrégé (« %(cell)s ») : écrivez le nombre entier")
            % {"cell": text[:40]}
        )
    number = written_number(bare)
    if number.percent:
        raise RowFault(_("un pourcentage n'est pas un montant : « %(cell)s »") % {"cell": text[:40]})
    if number.ambiguous:
        raise RowFault(
            _("« %(cell)s » peut se lire de deux façons : écrivez-le sans virgule ni point")
            % {"cell": text[:40]}
        )
    value = number.value("")
    if value is None:
        raise RowFault(_("le montant n'est pas un nombre : « %(cell)s »") % {"cell": text[:40]})
    return Decimal(str(value))


def _positive(amount: Decimal, cell: str) -> Decimal:
    if amount < 0:
        raise RowFault(
            _("le montant est négatif (« %(cell)s ») : une erreur se corrige sur l'écriture elle-même")
            % {"cell": cell[:40]}
        )
    if amount >= Decimal(10) ** 15:
        raise RowFault(_("le montant est trop grand : « %(cell)s »") % {"cell": cell[:40]})
    return amount.quantize(Decimal("0.01"))


def _where(row: dict[str, Any], ground: Ground) -> tuple[Intervention, Organisation, str, int]:
    """Return of which line a row speaks."""
    asked = folded(row["intervention"])
    intervention = ground.interventions.get(asked) or ground.interventions.get(
        asked.split(" ")[0] if asked else ""
    )
    if intervention is None:
        near = get_close_matches(asked, list(ground.interventions), n=1)
        more = _(" (vouliez-vous %(code)s ?)") % {"code": ground.interventions[near[0]].code} if near else ""
        raise RowFault(
            _("intervention inconnue du portefeuille : « %(code)s »") % {"code": row["intervention"][:40]}
            + more
        )
    said = row.get("organisation", "")
    organisation = ground.organisations.get(folded(said)) if said else intervention.lead
    if organisation is None:
        raise RowFault(_("organisation inconnue : « %(name)s »") % {"name": said[:60]})
    place = _place(row.get("place", ""), ground)
    if not ground.may_write(place, organisation.pk):
        raise RowFault(_("vous n'écrivez pas ici pour « %(name)s »") % {"name": organisation})
    return intervention, organisation, place, _year(row["year"], ground)


def _place(said: str, ground: Ground) -> str:
    if not said or folded(said) in {"pays", "national", "tout le pays", "mali", "country"}:
        return ""
    meant = ground.places.get(folded(said), [])
    if len({one.code for one in meant}) != 1:
        raise RowFault(
            _("plusieurs districts s'appellent « %(name)s » : écrivez son code") % {"name": said[:60]}
            if meant
            else _("district inconnu : « %(name)s »") % {"name": said[:60]}
        )
    return meant[0].code


def _year(said: str, ground: Ground) -> int:
    if not said.isdigit() or len(said) != 4:
        raise RowFault(_("l'année n'est pas une année : « %(cell)s »") % {"cell": said[:20]})
    if not ground.grant.holds_year(int(said)):
        raise RowFault(
            _("%(year)s est hors de la subvention (%(first)s à %(last)s)")
            % {"year": said, "first": ground.grant.begins.year, "last": ground.grant.ends.year}
        )
    return int(said)


def _money(row: dict[str, Any], ground: Ground) -> str:
    said = row.get("currency", "")
    currency = CURRENCIES.get(said.casefold(), said.upper()) if said else ground.grant.currency
    if len(currency) != 3 or not currency.isascii() or not currency.isalpha():
        raise RowFault(_("monnaie inconnue : « %(name)s » (trois lettres, comme XOF)") % {"name": said[:20]})
    return currency


def _line(row: dict[str, Any], ground: Ground, today: date) -> tuple[Any, dict[str, Any] | None]:
    intervention, organisation, place, year = _where(row, ground)
    planned, currency = amount_of(row["planned"]), _money(row, ground)
    key = (intervention.pk, organisation.pk, place, year)
    stands = ground.lines.get(key)
    if stands is not None and stands.currency != currency:
        raise RowFault(
            _("la ligne est en %(one)s, la feuille en %(other)s")
            % {"one": stands.currency, "other": currency}
        )
    if stands is not None and stands.planned == planned:
        return key, None
    before = str(stands.planned) if stands is not None else None
    return key, {
        "key": list(key), "code": intervention.code, "organisation": str(organisation), "place": place, "year": year,
        "before": before, "after": str(planned), "currency": currency,
    }  # fmt: skip


def _entry(row: dict[str, Any], ground: Ground, today: date) -> tuple[Any, dict[str, Any] | None]:
    intervention, organisation, place, year = _where(row, ground)
    line = ground.lines.get((intervention.pk, organisation.pk, place, year))
    if line is None:
        raise RowFault(
            _("aucune ligne de budget pour cette intervention, cette organisation, ce lieu et cette année")
        )
    said = folded(row["kind"])
    if said not in KINDS:
        more = (
            _("une correction se fait sur l'écriture qu'elle corrige") if said.startswith("correct") else ""
        )
        raise RowFault(
            more
            or _("nature inconnue : « %(name)s » (engagement, décaissement ou dépense)")
            % {"name": row["kind"][:40]}
        )
    day, amount = _day(row["day"], ground, today), amount_of(row["amount"])
    if not amount:
        raise RowFault(_("le montant est nul"))
    reference = row["reference"][:120]
    if not reference:
        raise RowFault(_("la pièce manque : rien n'est écrit sans pièce"))
    key = (line.pk, KINDS[said], day.isoformat(), reference, str(amount), _money(row, ground))
    if Entry.objects.filter(
        line=line, kind=key[1], day=day, reference=reference, amount=amount, currency=key[5]
    ).exists():
        return key, None
    return key, {
        "key": list(key), "code": intervention.code, "organisation": str(organisation), "place": place, "year": year,
        "before": None, "after": str(amount), "currency": key[5], "kind": key[1], "day": key[2], "reference": reference,
    }  # fmt: skip


def _day(cell: Cell, ground: Ground, today: date) -> date:
    found: date | None = None
    if isinstance(cell, datetime):
        found = cell.date()
    elif isinstance(cell, date):
        found = cell
    elif isinstance(cell, str):
        found = next(_dates(cell.strip()), None)
    if found is None:
        raise RowFault(
            _("la date n'est pas une date : « %(cell)s » (jour/mois/année)") % {"cell": _text(cell)[:40]}
        )
    if found > today or found.year < ground.grant.begins.year:
        raise RowFault(
            _("la date est à venir, ou avant la subvention : %(day)s") % {"day": found.strftime("%d/%m/%Y")}
        )
    return found


def _dates(text: str) -> Iterator[date]:
    for form in ("%d/%m/%Y", "%Y-%m-%d", "%d-%m-%Y", "%d.%m.%Y"):
        try:
            yield datetime.strptime(text, form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
