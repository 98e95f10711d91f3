"""Which period does a cell of a spreadsheet mean?

Reads months, quarters, weeks and years as people write them in French and English. Codes of DHIS2
are the business of `kalanso.vocabulary`.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Callable
from datetime import date, datetime, timedelta

from kalanso.vocabulary import NotAPeriod, Period, PeriodType

_NAMES: tuple[tuple[str, ...], ...] = (
    ("janvier", "january", "janv", "jan"),
    ("fevrier", "february", "fevr", "fev", "feb", "febr"),
    ("mars", "march", "mar", "mrs"),
    ("avril", "april", "avr", "apr"),
    ("mai", "may"),
    ("juin", "june", "jun"),
    ("juillet", "july", "juil", "jul"),
    ("aout", "august", "aug", "aou"),
    ("septembre", "september", "sept", "sep"),
    ("octobre", "october", "oct"),
    ("novembre", "november", "nov"),
    ("decembre", "december", "dec"),
)
MONTHS = {name: number for number, names in enumerate(_NAMES, 1) for name in names}
_ORDINALS = {
    "premier": 1, "1er": 1, "first": 1, "1st": 1, "i": 1, "ier": 1,
    "deuxieme": 2, "second": 2, "2nd": 2, "ii": 2, "iie": 2,
    "troisieme": 3, "third": 3, "3rd": 3, "iii": 3, "iiie": 3,
    "quatrieme": 4, "fourth": 4, "4th": 4, "iv": 4, "ive": 4,
}  # fmt: skip
_EXCEL_ZERO = date(1899, 12, 30)
_EXCEL_DAYS = range(25_569, 73_416)  # 1970 to 2100
_MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
_YEAR = r"(?P<year>(?:19|20|21)\d\d|\d\d)"
_LONG_YEAR = r"(?P<year>(?:19|20|21)\d\d)"
_GAP = r"[\s\-_/.,']*"
_NTH = rf"(?P<n>[1-4]|{'|'.join(_ORDINALS)})(?:er|e|eme|st|nd|rd|th)?"
_QUARTER = r"(?:t|q|tr|trim|trimestre|quarter|qtr)"
_HALF = r"(?:semestre|half|h)"
_WEEK = r"(?:semaine|sem|week|wk|w|se|sepi|s)"
_OF = r"(?:(?:de|of|du|l|annee|year|the|epidemiologique|epid|epi)\b\s*)*"


def find_period(
    cell: object, *, year: int | None = None, kind: PeriodType | None = None, day_first: bool | None = None
) -> Period:
    """Return the period that a cell names.

    Understands `Décembre 2023`, `déc-23`, `2023-12`, `12/2023`, `202312`, `T4 2023`, `Q4 2023`,
    `4e trimestre 2023`, `oct-déc 2023`, `Semaine 3 2024`, `2024W3`, `S1 2024` where `kind` says
    what S means, `2023`, dates, and the day numbers of Excel. `year` completes a month that stands
    alone. A date such as 05/04/2023 is refused unless `day_first` says how it is written. With
    `kind`, a date gives the period of that type, and any other type is refused.

    Raises NotAPeriod, with the nearest name of a month where one is misspelt.
    """
    if isinstance(cell, (date, datetime)):
        day = cell.date() if isinstance(cell, datetime) else cell
        return Period.containing(day, kind or PeriodType.MONTH)
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    text = plain(str(cell))
    if not text or isinstance(cell, bool):
        raise NotAPeriod(f"expected a period, got {cell!r}")
    found = _from_text(text, str(cell), year, kind, day_first)
    if kind and found.type is not kind:
        raise NotAPeriod(f"expected a {kind.value}, got {cell!r} ({found.type.value})")
    return found


def month_number(cell: object) -> int | None:
    """Return the month (1 to 12) that a cell names or numbers, or None."""
    text = plain(str(cell)).rstrip(".")
    if text in MONTHS:
        return MONTHS[text]
    number = re.fullmatch(r"(?:mois|month|m)?\s*0?(\d{1,2})(?:\.0)?", text)
    return int(number[1]) if number and 1 <= int(number[1]) <= 12 else None


def year_number(cell: object) -> int | None:
    """Return the year that a cell names (`2023`, `2023.0`, `Année 2023`, a date), or None."""
    if isinstance(cell, (date, datetime)):
        return cell.year
    found = re.fullmatch(rf"(?:annee|year|an|exercice|fy)?\s*{_LONG_YEAR}(?:\.0)?", plain(str(cell)))
    return int(found["year"]) if found else None


def plain(text: str) -> str:
    """Return a text in small letters, without accents, unusual spaces, dashes and quotes."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(letter for letter in letters if not unicodedata.combining(letter))
    letters = re.sub(r"[\u2010-\u2015\u2212]", "-", letters).replace("’", "'")
    return " ".join(letters.split())


def nearest_month(text: str) -> str | None:
    """Return the name of a month that a misspelt word resembles, or None."""
    for word in re.findall(r"[a-z]{3,}", plain(text)):
        full = [name for names in _NAMES for name in names[:2]]
        if near := difflib.get_close_matches(word, full, n=1, cutoff=0.75):
            return near[0]
    return None


def _from_text(
    text: str, original: str, year: int | None, kind: PeriodType | None, day_first: bool | None
) -> Period:
    try:
        code = Period.parse(original.strip())
    except NotAPeriod:
        pass
    else:
        # 2024S1 is the first half-year to DHIS2; where weeks are wanted it is the first week.
        if not (kind is PeriodType.WEEK and code.type is PeriodType.HALF):
            return code
    if (day := _as_day(text, day_first)) is not None:
        return Period.containing(day, kind or PeriodType.MONTH)
    if year is not None and (month := month_number(text)) is not None:
        return Period.month(year, month)
    for form, build in _FORMS:
        if found := form.fullmatch(text):
            return build(found, kind)
    near = nearest_month(original)
    hint = f"; did you mean {near}?" if near else ""
    raise NotAPeriod(f"expected a period such as 2023-12, décembre 2023 or T4 2023, got {original!r}{hint}")


def _as_day(text: str, day_first: bool | None) -> date | None:
    if re.fullmatch(r"\d{5}(?:\.\d+)?", text) and int(float(text)) in _EXCEL_DAYS:
        return _EXCEL_ZERO + timedelta(days=int(float(text)))
    clock = r"(?:[t\s]\d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?z?)?"
    if iso := re.fullmatch(rf"(\d{{4}})[-/.](\d{{1,2}})[-/.](\d{{1,2}}){clock}", text):
        return _day(text, int(iso[1]), int(iso[2]), int(iso[3]))
    if named := re.fullmatch(
        rf"(\d{{1,2}})(?:er|st|nd|rd|th)?[\s\-/.]+({_MONTH})\.?,?[\s\-/.]+(\d{{4}})", text
    ):
        return _day(text, int(named[3]), MONTHS[named[2]], int(named[1]))
    if not (found := re.fullmatch(rf"(\d{{1,2}})[-/.](\d{{1,2}})[-/.](\d{{4}}){clock}", text)):
        return None
    first, second, year = int(found[1]), int(found[2]), int(found[3])
    if day_first is None:
        if first <= 12 and second <= 12 and first != second:
            raise NotAPeriod(f"{text!r} may be day/month or month/day; say which in the column map (dates)")
        day_first = first > 12 or first == second
    return _day(text, year, second, first) if day_first else _day(text, year, first, second)


def _day(text: str, year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError as error:
        raise NotAPeriod(f"expected a date, got {text!r}") from error


def _year(found: re.Match[str]) -> int:
    number = int(found["year"])
    if number >= 100:
        return number
    return number + (2000 if number < 69 else 1900)


def _named_month(found: re.Match[str], kind: PeriodType | None) -> Period:
    return Period.month(_year(found), MONTHS[found["month"]])


def _numbered_month(found: re.Match[str], kind: PeriodType | None) -> Period:
    return Period.month(_year(found), int(found["month"]))


def _quarter(found: re.Match[str], kind: PeriodType | None) -> Period:
    return Period.quarter(_year(found), _nth(found))


def _half(found: re.Match[str], kind: PeriodType | None) -> Period:
    return Period(type=PeriodType.HALF, year=_year(found), number=_nth(found))


def _nth(found: re.Match[str]) -> int:
    return int(found["n"]) if found["n"].isdigit() else _ORDINALS[found["n"]]


def _week(found: re.Match[str], kind: PeriodType | None) -> Period:
    number, word = int(found["n"]), found["word"]
    if word in {"s", "sem"} and number <= 2 and kind is None:
        raise NotAPeriod(
            f"{found[0]!r} may be a week or a half-year; say which in the column map (period type)"
        )
    if kind is PeriodType.HALF and word in {"s", "sem"}:
        return Period(type=PeriodType.HALF, year=_year(found), number=number)
    return Period(type=PeriodType.WEEK, year=_year(found), number=number)


def _span(found: re.Match[str], kind: PeriodType | None) -> Period:
    first, last, year = MONTHS[found["first"]], MONTHS[found["last"]], _year(found)
    if last - first == 2 and first % 3 == 1:
        return Period.quarter(year, first // 3 + 1)
    if last - first == 5 and first in {1, 7}:
        return Period(type=PeriodType.HALF, year=year, number=first // 6 + 1)
    if (first, last) == (1, 12):
        return Period(type=PeriodType.YEAR, year=year)
    raise NotAPeriod(f"expected a quarter, half-year or year, got {found[0]!r}")


def _whole_year(found: re.Match[str], kind: PeriodType | None) -> Period:
    return Period(type=PeriodType.YEAR, year=_year(found))


_Build = Callable[[re.Match[str], PeriodType | None], Period]
_NUMBER = r"(?P<month>0?[1-9]|1[0-2])"
_WEEK_NUMBER = r"(?:n[o°]?\s*)?(?P<n>0?[1-9]|[1-4]\d|5[0-3])"
_FORMS: tuple[tuple[re.Pattern[str], _Build], ...] = tuple(
    (re.compile(form), build)
    for form, build in (
        (rf"(?P<month>{_MONTH})\.?{_GAP}{_OF}{_YEAR}", _named_month),
        (rf"{_LONG_YEAR}{_GAP}(?P<month>{_MONTH})\.?", _named_month),
        (rf"{_NUMBER}\s?[-/._]\s?{_LONG_YEAR}", _numbered_month),
        (rf"{_LONG_YEAR}\s?[-/._]?m?\s?{_NUMBER}", _numbered_month),
        (rf"{_QUARTER}\.?{_GAP}{_NTH}{_GAP}{_OF}{_YEAR}", _quarter),
        (rf"{_NTH}{_GAP}{_QUARTER}\.?{_GAP}{_OF}{_YEAR}", _quarter),
        (rf"{_LONG_YEAR}{_GAP}{_QUARTER}\.?{_GAP}{_NTH}", _quarter),
        (rf"{_LONG_YEAR}{_GAP}{_NTH}{_GAP}{_QUARTER}", _quarter),
        (rf"{_HALF}{_GAP}(?P<n>[12]){_GAP}{_OF}{_YEAR}", _half),
        (rf"(?P<n>[12])(?:er|e|eme|st|nd)?{_GAP}{_HALF}{_GAP}{_OF}{_YEAR}", _half),
        (rf"{_LONG_YEAR}{_GAP}{_HALF}{_GAP}(?P<n>[12])", _half),
        (rf"(?P<word>{_WEEK})\.?{_GAP}{_OF}{_WEEK_NUMBER}{_GAP}{_OF}{_LONG_YEAR}", _week),
        (rf"{_LONG_YEAR}{_GAP}(?P<word>{_WEEK})\.?{_GAP}{_WEEK_NUMBER}", _week),
        (rf"(?P<first>{_MONTH})\.?\s*(?:-|/|a|to|au)\s*(?P<last>{_MONTH})\.?{_GAP}{_YEAR}", _span),
        (rf"(?:annee|year|an|exercice)\s*{_LONG_YEAR}", _whole_year),
        (rf"{_LONG_YEAR}(?:\.0)?", _whole_year),
    )
)
