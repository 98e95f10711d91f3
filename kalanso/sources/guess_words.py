"""Which part of a column map does the wording of a heading suggest?"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from kalanso.sources import judging
from kalanso.sources.headings import quality_code, recognised
from kalanso.sources.months import find_period, month_number, plain, year_number
from kalanso.sources.numbers import written_number
from kalanso.sources.workbooks import Cell, Sheet
from kalanso.vocabulary import Level, NotAPeriod, Period

# From the finest to the coarsest: the finest names the place, the next one its parent.
PLACES: tuple[tuple[str, str], ...] = (
    (r"(?:nom d\w* )?(?:etablissement|formation sanitaire|structure|centre de sante|cscom|csps|facility|health facility|health center|fosa)(?: name)?", Level.FACILITY),
    (r"(?:aire|aires)(?: de sante| sanitaire)?|health area|zone de sante|catchment", Level.HEALTH_AREA),
    (r"commune|ward|payam", Level.COMMUNE),
    (r"arrondissement|sub\W?county|sous\W?prefecture", Level.ARRONDISSEMENT),
    (r"cercle|county|comte|prefecture|admin ?2(?! ?\w*code)[\w ]*", Level.CERCLE),
    (r"district(?: sanitaire| name)?|health district", Level.DISTRICT),
    (r"region(?: sanitaire)?|province|first admin level|admin ?1(?! ?\w*code)[\w ]*|dept|departement", Level.REGION),
    (r"organi[sz]ation ?unit(?: name)?|org ?unit(?: name)?|unite d'organisation|lieu|place|localite|location|name|nom|geo ?name", ""),
    (r"pays|country|nation|iso3?|admin ?0(?! ?\w*code)[\w ]*", Level.COUNTRY),
)  # fmt: skip
ROLES: tuple[tuple[str, str], ...] = (
    (r"(?:org(?:anisation)? ?unit ?)?(?:p?code|uid|id|identifiant|code .*|.* code|.*pcode|organi[sz]ation ?unit id)", "place.code"),
    (r"periode?s?(?: id| name| code)?|date|trimestre|quarter|semaine|week|mois\W*annee|month\W*year", "period.column"),
    (r"annees?|years?|an|exercice", "period.year"),
    (r"mois|months?", "period.month"),
    (r"indicat(?:eu|o)rs?(?: name)?|data ?elements?(?: name)?|elements? de donnees|antigenes?|antigens?|vaccins?|vaccines?|variables?|kind|data", "indicator"),
    (r"valeurs?|values?|nombre|number|effectifs?|doses?(?: administrees)?|count|n|total", "value"),
    (r"(?:rapports? )?attendus?|(?:reports? )?expected(?: reports?)?|rapports attendus", "reports_expected"),
    (r"(?:rapports? )?recus?|(?:reports? )?received(?: reports?)?|rapports recus|actual reports", "reports_received"),
    (r"(?:rapports? )?(?:a temps|dans les delais)|(?:reports? )?on time|actual reports on time", "reports_on_time"),
    (r"(?:tranches? d')?ages?|age ?(?:group|band)|groupe d'age", "age_band"),
    (r"strategies?|strategy", "strategy"),
    (r"sexes?|sex|gender|genre", "sex"),
    (r"secteurs?|sectors?", "sector"),
    (r"produits?|products?", "product"),
)  # fmt: skip


def filled(sheet: Sheet, number: int) -> list[Cell]:
    row: list[Cell] = []
    for cell in sheet.rows[number - 1]:
        row.append(row[-1] if blank(cell) and row else cell)
    return row


def role_of(cells: Sequence[Cell]) -> str:
    """Return the role that most cells of a row of headings play."""
    votes = Counter(heading_role(cell) for cell in cells)
    return votes.most_common(1)[0][0] if votes else "nothing"


def heading_role(cell: Cell) -> str:
    text = judging.cell_text(cell)
    if recognised(text):
        return "indicator"
    if (year_number(cell) and not isinstance(cell, str)) or re.fullmatch(r"(?:19|20)\d\d", text):
        return "period" if not isinstance(cell, (int, float, str)) else "year"
    if named_period(cell) is not None:
        return "period"
    if re.search("[a-z]", plain(text)) and month_number(text):
        return "month"
    if quality_code("age_band", text, {}) and re.search(r"\d", text):
        return "age_band"
    return "indicator"


def speaks(cell: Cell) -> bool:
    """Return whether a cell says what headings say."""
    if blank(cell) or isinstance(cell, bool):
        return False
    text = plain(judging.cell_text(cell)).replace("_", " ")
    words = any(re.fullmatch(form, text) for form, _ in (*ROLES, *PLACES))
    return (
        words or recognised(text) is not None or (isinstance(cell, str) and heading_role(cell) != "indicator")
    )


def is_heading(row: Sequence[Cell]) -> bool:
    filled = [cell for cell in row if not blank(cell)]
    numbers = [
        cell for cell in filled if written_value(cell) is not None and heading_role(cell) == "indicator"
    ]
    return len(filled) > 1 and not numbers and any(map(speaks, filled))


def named_period(cell: Cell) -> Period | None:
    if isinstance(cell, (bool, float)) or (isinstance(cell, int) and not 190_001 <= cell <= 220_012):
        return None
    try:
        return find_period(cell)
    except NotAPeriod:
        return None


def period_inside(cell: Cell) -> Period | None:
    if named_period(cell):
        return named_period(cell)
    words = judging.cell_text(cell).replace(":", " ").split()
    for length in (3, 2, 1):
        for start in range(len(words) - length + 1):
            if found := named_period(" ".join(words[start : start + length])):
                return found
    return None


def year_inside(cell: Cell) -> int | None:
    found = re.search(r"\b(?:19|20)\d\d\b", judging.cell_text(cell))
    return int(found[0]) if found else None


def written_value(cell: Cell) -> float | None:
    if isinstance(cell, str):
        written = written_number(cell)
        return written.point if written.point is not None else written.comma
    return float(cell) if isinstance(cell, (int, float)) and not isinstance(cell, bool) else None


def blank(cell: Cell) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())
