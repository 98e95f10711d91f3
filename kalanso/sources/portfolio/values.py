"""What does a cell of a portfolio sheet mean: a quantity, a day, a state, a word of a list?

Each reader returns the value, or raises `Unclear` with the sentence that says why it cannot be told.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from kalanso.sources.months import plain
from kalanso.sources.numbers import is_blank, written_number
from kalanso.sources.workbooks import Cell, FaultyCell

YEARS = range(2015, 2041)  # a portfolio of grants; other years are slips of the pen
MOST = 10_000_000
_DAY_FIRST = re.compile(r"(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4})")
_YEAR_FIRST = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ].*)?")
_QUARTER = re.compile(
    r"(?:t|q|trim(?:estre)?)\s*([1-4])\s*[-/ ]?\s*(\d{4})|(\d{4})\s*[-/ ]?\s*(?:t|q)\s*([1-4])"
)
STATES: Mapping[str, str] = {
    "prevue": "planned", "prevu": "planned", "planifie": "planned", "planifiee": "planned", "planned": "planned",
    "en preparation": "preparing", "preparation": "preparing", "preparing": "preparing",
    "en cours": "ongoing", "ongoing": "ongoing", "demarre": "ongoing", "demarree": "ongoing", "in progress": "ongoing",
    "en retard": "delayed", "retard": "delayed", "delayed": "delayed", "late": "delayed",
    "suspendue": "suspended", "suspendu": "suspended", "suspended": "suspended", "on hold": "suspended",
    "terminee": "completed", "termine": "completed", "acheve": "completed", "achevee": "completed",
    "realise": "completed", "realisee": "completed", "completed": "completed", "done": "completed",
    "abandonnee": "dropped", "abandonne": "dropped", "annule": "dropped", "annulee": "dropped", "dropped": "dropped",
    "cancelled": "dropped",
}  # fmt: skip
TICKS = frozenset({"x", "xx", "oui", "yes", "ok", "✓", "✔", "v", "vrai", "true"})
APPROACHES: Mapping[str, str] = {
    "extended_hours": r"horaires? (?:elargi|etendu).*|extended hours.*",
    "microplanning": r"micro ?plan.*",
    "rolling_logistics": r"logistique (?:tournante|roulante).*|rolling logistic.*",
    "womens_groups": r"groupe(?:ment)?s? (?:de |des )?femmes.*|women s groups?.*",
    "gender": r"(?:autre travail sur le )?genre|gender(?: work)?",
    "paid_relais": r"relais (?:payes?|remuneres?).*|paid (?:relais|community health workers).*|asc remuneres?.*",
    "community_care": r"(?:vaccination dans les )?soins communautaires.*|community care.*|asc|icc?m",
    "ngo_partnership": r"partenariat.*ong.*|ngo partnership.*|ong",
    "mobile_clinic": r"cliniques? mobiles?.*|mobile clinics?.*|equipes? mobiles?",
    "supply": r"chaine du froid.*|stocks?|cold chain.*|supply.*|approvisionnement.*",
    "data": r"donnees.*|data.*|suivi.*",
    "coaching": r"coaching.*|c2p(?:ev)?|coach2pev|accompagnement.*",
    "other": r"autres?|other",
}  # fmt: skip
GENDERS: Mapping[str, str] = {
    "unaware": r"(?:ne regarde pas le genre|neutre|aveugle|0|unaware|blind)",
    "sensitive": r"(?:sensible|tient compte.*|1|sensitive)",
    "responsive": r"(?:repond.*|reactif|2|responsive)",
    "transformative": r"(?:transform.*|change.*|3)",
}
STEPS: Mapping[str, str] = {
    "identify": r"i|ident.*", "reach": r"r|atteindre|reach", "monitor": r"suiv.*|monitor.*|m1",
    "measure": r"mesur.*|measure.*|m2", "advocate": r"a|plaid.*|advoca.*",
}  # fmt: skip


class Unclear(ValueError):
    """A cell that does not say what it means. `message` is the id of the sentence."""

    def __init__(self, message: str, found: object) -> None:
        self.message, self.found = message, str(found)[:80]
        super().__init__(message)


def bare(cell: Cell) -> str:
    """Return a cell as plain words."""
    return " ".join(re.sub(r"[^\w✓✔%]+", " ", plain(str(cell))).split())


def empty(cell: Cell) -> bool:
    """Whether a cell says nothing."""
    return cell is None or (isinstance(cell, str) and is_blank(cell))


def words(cell: Cell) -> str:
    """Return a cell as it was written, without spare spaces."""
    _no_fault(cell)
    if isinstance(cell, (datetime, date)):
        raise Unclear("sources.portfolio.day_for_words", cell)
    return " ".join(str(cell).split())


def quantity(cell: Cell) -> int:
    """Return a whole number above zero. A percent, a fraction and a number with two readings are unclear."""
    _no_fault(cell)
    if isinstance(cell, (bool, datetime, date)):
        raise Unclear("sources.portfolio.not_a_quantity", cell)
    if isinstance(cell, (int, float)):
        number: float | None = float(cell)
    else:
        written = written_number(str(cell))
        if written.percent:
            raise Unclear("sources.portfolio.percent", cell)
        if written.ambiguous:
            raise Unclear("sources.portfolio.two_numbers", cell)
        number = written.value("")
    if number is None:
        raise Unclear("sources.portfolio.not_a_quantity", cell)
    if 0 < number < 1:
        raise Unclear("sources.portfolio.percent", cell)
    if number <= 0:
        raise Unclear("sources.portfolio.zero", cell)
    if not number.is_integer() or number > MOST:
        raise Unclear("sources.portfolio.not_a_quantity", cell)
    return int(number)


def cost(cell: Cell) -> float:
    """Return what one unit costs, above zero."""
    _no_fault(cell)
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        number: float | None = float(cell)
    else:
        written = written_number(
            re.sub(r"\s*(?:f\s*cfa|fcfa|xof|francs?)\s*$", "", str(cell), flags=re.IGNORECASE)
        )
        number = None if written.percent else written.value("")
    if number is None or number <= 0:
        raise Unclear("sources.portfolio.not_a_cost", cell)
    return number


def first_day(cell: Cell) -> str:
    """Return a day in ISO form; a quarter is its first day."""
    return _day(cell, last=False).isoformat()


def last_day(cell: Cell) -> str:
    """Return a day in ISO form; a quarter is its last day."""
    return _day(cell, last=True).isoformat()


def _day(cell: Cell, *, last: bool) -> date:
    _no_fault(cell)
    if isinstance(cell, datetime):
        return _of_the_time(cell.date(), cell)
    if isinstance(cell, date):
        return _of_the_time(cell, cell)
    text = str(cell).strip()
    if found := _QUARTER.fullmatch(plain(text)):
        quarter, year = (int(found[1]), int(found[2])) if found[1] else (int(found[4]), int(found[3]))
        month = 3 * quarter - (0 if last else 2)
        return _of_the_time(date(year, month, calendar.monthrange(year, month)[1] if last else 1), cell)
    if found := _DAY_FIRST.fullmatch(text):
        parts = int(found[3]), int(found[2]), int(found[1])
    elif found := _YEAR_FIRST.fullmatch(text):
        parts = int(found[1]), int(found[2]), int(found[3])
    else:
        raise Unclear("sources.portfolio.not_a_day", cell)
    try:
        return _of_the_time(date(*parts), cell)
    except ValueError as error:
        if isinstance(error, Unclear):
            raise
        raise Unclear("sources.portfolio.no_such_day", cell) from error


def _of_the_time(day: date, cell: Cell) -> date:
    if day.year not in YEARS:
        raise Unclear("sources.portfolio.far_day", cell)
    return day


def state(cell: Cell) -> str:
    """Return the code of a state."""
    _no_fault(cell)
    if found := STATES.get(bare(cell)):
        return found
    raise Unclear("sources.portfolio.unknown_state", cell)


def approach(cell: Cell) -> str:
    """Return the code of an approach."""
    return _one_of(cell, APPROACHES, "sources.portfolio.unknown_approach")


def gender(cell: Cell) -> str:
    """Return the code of a gender marker."""
    return _one_of(cell, GENDERS, "sources.portfolio.unknown_gender")


def steps(cell: Cell) -> list[str]:
    """Return the codes of IRMMA steps, in their order; `IRMMA` is all of them."""
    _no_fault(cell)
    if bare(cell) == "irmma":
        return list(STEPS)
    found = {_one_of(part, STEPS, "sources.portfolio.unknown_step") for part in re.split(r"[,;/+]| et | and ", str(cell)) if part.strip()}  # fmt: skip
    return [step for step in STEPS if step in found]


def many(cell: Cell) -> list[str]:
    """Return names that are parted by commas, semicolons or slashes."""
    return [part.strip() for part in re.split(r"[,;/]", words(cell)) if part.strip()]


def _one_of(cell: Cell, known: Mapping[str, str], message: str) -> str:
    _no_fault(cell)
    text = bare(cell)
    for code, form in known.items():
        if text in {code, code.replace("_", " ")} or re.fullmatch(form, text):
            return code
    raise Unclear(message, cell)


def _no_fault(cell: Cell) -> None:
    if isinstance(cell, FaultyCell):
        raise Unclear("sources.portfolio.broken_cell", cell)


READERS: Mapping[str, Callable[[Cell], Any]] = {
    "title_fr": words, "title_en": words, "lead": words, "objective": words, "theory": words, "unit": words, "organisation": words,
    "reason": words, "partners": many, "approach": approach, "steps": steps, "gender": gender, "unit_cost": cost, "begins": first_day,
    "ends": last_day, "target": quantity, "state": state,
}  # fmt: skip
