"""What does every page need to know, whatever it shows?"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from kalanso.hub.explore.panels import table_title
from kalanso.hub.explore.queries import doors, shelf, tables
from kalanso.hub.people.models import Membership, Person, Role
from kalanso.hub.people.permissions import may
from kalanso.hub.people.queries import notices
from kalanso.hub.people.queries.access import Access
from kalanso.hub.people.queries.language import page_language
from kalanso.hub.portfolio.queries import followed
from kalanso.hub.site import help as help_

NAVIGATION = (
    ("home", _("Accueil")),
    ("missed", _("Où")),
    ("act", _("Agir")),
    ("evidence", _("Preuves")),
    ("learn", _("Apprendre")),
)
# The pages of a section, beside one another under its word.
PAGES = {
    "missed": (("missed", _("Enfants manqués")), ("pockets", _("Poches")), ("where", _("Lieux"))),
    "act": (
        ("act", _("À faire")),
        ("portfolio", _("Portefeuille")),
        ("reports", _("Rapports")),
        ("factors", _("Obstacles")),
        ("actions", _("Actions")),
        ("decisions", _("Décisions")),
        ("grants", _("Subventions")),
        ("indicators", _("Indicateurs")),
    ),
    "evidence": (
        ("evidence", _("Vue d'ensemble")),
        ("uploads", _("Dépôt")),
        ("quality", _("Qualité")),
        ("sources", _("Catalogue")),
        ("beside", _("Croisement")),
        ("rounds", _("Études")),
        ("tables", _("Tables")),
    ),
    "estimation": (
        ("runs", _("Calculs")),
        ("ledger", _("Registre")),
        ("methods", _("Comparaison")),
        ("assumptions", _("Hypothèses")),
        ("method", _("Méthode")),
    ),
}
# Two halves of one section, each a step from the other, since ten tabs side by side fit no telephone.
HALVES = {"evidence": ("estimation", _("L'estimation ›")), "estimation": ("evidence", _("‹ Les données"))}
# Pages that only somebody who is logged in, or holds a verb, can open.
FOLLOW_UP = ("factors", "actions", "decisions")
HELD = {
    "uploads": "evidence.read_upload",
    "runs": "",
    "quality": "",
    "rounds": "studies.read_published",
    "portfolio": "portfolio.read",
    "reports": "portfolio.read",
    **dict.fromkeys(FOLLOW_UP, "portfolio.read"),
    "grants": "grants.read",
    "indicators": "portfolio.read",
}
# Pages that belong to one of those without having a name of their own there.
UPLOAD_PAGES = (
    "upload", "upload_new", "upload_columns", "upload_map_text", "upload_names", "upload_receipt", "upload_publish",
    "upload_discard", "upload_withdraw",
)  # fmt: skip
CONNECTION_PAGES = (
    "connections", "connection", "connection_new", "connection_edit", "connection_close", "connection_reading",
    "connection_meaning", "connection_frame", "connection_names", "pull",
)  # fmt: skip
RUN_PAGES = (
    "runs", "runs_look", "runs_ask", "runs_compare", "runs_one", "runs_check", "runs_step", "official", "official_sentence",
)  # fmt: skip
STUDY_PAGES = (
    "round",
    "round_new",
    "round_edit",
    "round_files",
    "round_publish",
    "round_withdraw",
    "round_receipt",
    "round_voices",
    "round_transfers",
    "access_ways",
    "access_new",
    "lot_plan",
    "round_results",
    "round_size",
    "round_forms",
    "round_draw",
    "round_draw_new",
    "round_replace",
    "round_weights",
    "round_field",
    "round_corrections",
    "round_findings",
    "round_correct",
)
PORTFOLIO_PAGES = (
    "portfolio_district", "intervention", "intervention_new", "intervention_edit", "intervention_plan", "cell", "cell_plan", "cell_advance",
    "cell_milestone", "load_new", "load", "portfolio_who", "design",
)  # fmt: skip
GRANT_PAGES = (
    "grant", "grant_new", "grant_edit", "grant_group", "grant_line", "grant_line_new", "grant_entry_new", "grant_entry_correct",
    "grant_intervention", "grant_reconciliation", "grant_rates", "grant_loads", "grant_load_new", "grant_load", "grant_iati", "grant_children",
    "grant_framework", "grant_agree", "agreed_edit", "agreed_withdraw",
)  # fmt: skip
UNDER = {
    "place": "where",
    "alike": "where",
    "sheet": "where",
    "choose_place": "where",
    "place_estimate": "missed",
    "findings": "quality",
    "finding": "quality",
    "worklist": "quality",
    "scorecard": "quality",
    "quality_reports": "quality",
    "bulletin": "where",
    "beside_analysis": "beside",
    "targets": "beside",
    "source": "sources",
    "source_flows": "sources",
    **dict.fromkeys(UPLOAD_PAGES, "uploads"),
    **dict.fromkeys(CONNECTION_PAGES, "sources"),
    **dict.fromkeys(RUN_PAGES, "runs"),
    **dict.fromkeys(STUDY_PAGES, "rounds"),
    **dict.fromkeys(PORTFOLIO_PAGES, "portfolio"),
    **dict.fromkeys(("report", "report_back"), "reports"),
    **dict.fromkeys(
        ("factor", "factor_new", "factor_edit", "factor_move", "factor_matrix", "factors_lifted"), "factors"
    ),
    **dict.fromkeys(
        ("action", "action_new", "action_edit", "action_close", "action_verify", "action_cancel"), "actions"
    ),
    **dict.fromkeys(("decision", "decision_new", "decision_edit"), "decisions"),
    **dict.fromkeys(("meetings", "meeting", "meeting_new", "meeting_edit"), "decisions"),
    **dict.fromkeys(GRANT_PAGES, "grants"),
    **dict.fromkeys(("review", "district_sheet"), "decisions"),
    **dict.fromkeys(("indicator", "indicator_counted"), "indicators"),
}
# The section of each page that stands beside others, and of those that stand alone.
SECTIONS = {
    name: "evidence" if half in HALVES else half for half, found in PAGES.items() for name, _called in found
} | {
    "trends": "learn",
    "glossary": "learn",
    "api_docs": "evidence",
}


def chrome(request: HttpRequest) -> dict[str, Any]:
    """Return what the frame of a page shows: navigation, language, the mark of a demo store."""
    match = getattr(request, "resolver_match", None)
    page = (match.url_name or "") if match else ""
    english = page_language() == "en"
    shown = UNDER.get(page, "tables" if page.startswith("table") else page)
    person = getattr(request, "user", None)  # nobody yet, where a request failed before it was known
    return {
        "navigation": NAVIGATION,
        "section": (section := SECTIONS.get(shown, shown)),
        "pages": _tabs(section, shown, person),
        "shown_page": shown,  # not "page": lists call so the page of their rows
        "language": "en" if english else "fr",
        "other_language": "fr" if english else "en",
        "demo": bool(settings.KALANSO_STORE) and shelf.current().store.demo,
        "person": (known := person if person is not None and person.is_authenticated else None),
        "unread": notices.unread(known).count() if known is not None else 0,
        "other_house": settings.KALANSO_OTHER_HOUSE,
        "mail": settings.KALANSO_MAIL,
        "help": help_.of_page(page),
        "search_text": request.GET.get("q", ""),
    }


def _tabs(section: str, page: str, person: Any) -> tuple[tuple[str, Any], ...]:
    """Return the pages that stand beside one another, with the way to the other half of the section."""
    half = (
        next((name for name in HALVES if page in dict(PAGES[name])), section)
        if section in HALVES
        else section
    )
    found = _open_pages(half, person)
    if half not in HALVES:
        return found
    other, called = HALVES[half]
    first = next(iter(_open_pages(other, person)), None)
    step = ((first[0], called),) if first else ()
    return (*step, *found) if half == "estimation" else (*found, *step)


def _open_pages(section: str, person: Any) -> tuple[tuple[str, Any], ...]:
    """Return the pages of a section that are open to the reader."""
    if settings.KALANSO_STORE is None:
        return PAGES.get(section, ())
    here = shelf.current()
    return tuple(
        page for page in PAGES.get(section, ()) if _is_held(page[0], person) and doors.is_open(here, page[0])
    )


def _is_held(page: str, person: Any) -> bool:
    if page not in HELD:
        return True
    if person is None or not person.is_authenticated:
        return False
    return not HELD[page] or may(person, HELD[page])


# A machine's own link stands for the second proof: whoever uses it holds the machine.
MACHINE_LINK = "entered_by_machine_link"
# The people of a simulated country: user name, name, role, organisation, level of their place.
DEMO_PEOPLE = (
    ("awa", "Awa Traoré", Role.DISTRICT, "csref", "district"),
    ("moussa", "Moussa Coulibaly", Role.FACILITY, "csref", "health_area"),
    ("fatou", "Fatoumata Diarra", Role.REGION, "drs", "region"),
    ("ibrahim", "Ibrahim Keïta", Role.NATIONAL, "cni", ""),
    ("oumar", "Oumar Maïga", Role.PARTNER, "ong", ""),
    ("mariam", "Mariam Sidibé", Role.RESEARCHER, "capev", ""),
    ("kadidia", "Kadidia Sangaré", Role.COACH, "capev", "region"),
    ("adama", "Adama Dembélé", Role.EDITOR, "capev", ""),
    ("jeanne", "Jeanne Martin", Role.DONOR, "bailleur", ""),
    ("seydou", "Seydou Konaté", Role.ADMINISTRATOR, "cni", ""),
    ("salimata", "Salimata Touré", Role.ADMINISTRATOR, "cni", ""),
)
# Who of them has a second proof, so that it can be tried; its key is drawn by chance for each database.
DEMO_SECOND_PROOF = frozenset({"salimata"})
DEMO_ORGANISATIONS = (
    ("cni", _("Centre national d'immunisation"), "government"),
    ("drs", _("Direction régionale de la santé"), "government"),
    ("csref", _("Centre de santé de référence"), "government"),
    ("ong", _("Une organisation partenaire"), "cso"),
    ("capev", _("Learning Hub"), "academia"),
    ("bailleur", _("Un bailleur"), "donor"),
)
DEMO_SOURCES = (
    ("demo-snis", _("Rapports mensuels du SNIS (simulés)")),
    ("demo-population", _("Population officielle projetée (simulée)")),
    ("demo-un", _("Projections des Nations unies (simulées)")),
    ("demo-census-2022", _("Recensement de 2022 (simulé)")),
    ("demo-dvdmt", _("Classeurs des districts (simulés)")),
    ("demo-surveillance", _("Surveillance de la rougeole et de la PFA (simulée)")),
    ("demo-sessions", _("Séances de vaccination (simulées)")),
    ("demo-access", _("Accès aux services (simulé)")),
    ("demo-facility-status", _("État des formations sanitaires (simulé)")),
    ("demo-displacement", _("Suivi des déplacements (simulé)")),
    ("demo-security", _("Incidents de sécurité (simulés)")),
    ("demo-hub-report", _("Rapport du Learning Hub (simulé)")),
)


def demo_usernames() -> frozenset[str]:
    """Return the user names of the simulated people."""
    return frozenset(row[0] for row in DEMO_PEOPLE)


def demo_people() -> list[tuple[Person, Membership]]:
    """Return the simulated people with what they hold; nobody outside a simulated country."""
    if settings.KALANSO_STORE is None or not shelf.current().store.demo:
        return []
    found = Membership.objects.filter(person__username__in=demo_usernames()).select_related("person")
    order = {row[0]: number for number, row in enumerate(DEMO_PEOPLE)}
    return sorted(((m.person, m) for m in found), key=lambda pair: order[pair[0].username])


def held(access: Access) -> list[tuple[Membership, str]]:
    """Return memberships with the names of their places."""
    names = {code: place.name for code, place in access.homes.items()}
    return [(m, names.get(m.place_code, m.place_code)) for m in access.memberships]


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One thing that a feed tells."""

    key: str
    says: str
    address: str
    at: datetime


def publications(here: shelf.Shelf) -> list[Entry]:
    """Return the newest snapshot of every table that the reader may see."""
    return [
        Entry(
            key=card.manifest.id,
            says=str(_("Nouvel état de la table « %(table)s »")) % {"table": table_title(card.spec)},
            address=reverse("table", args=[card.spec.name]),
            at=card.manifest.created,
        )
        for card in tables.cards(here)
        if card.manifest
    ]


def told(person: Person) -> list[Entry]:
    """Return what a person was told lately."""
    rows, _more = notices.page(person)
    return [
        Entry(key=f"n{row.pk}", says=says, address=address or reverse("notices"), at=row.at)
        for row, (says, address) in zip(rows, notices.told_outside(rows), strict=True)
    ]


def changed(person: Person) -> list[Entry]:
    """Return what changed lately in what a person follows of the portfolio, nothing of it protected."""
    return [
        Entry(key=f"e{one.key}", says=one.says, address=one.address, at=one.at) for one in followed.changes(person)
    ]  # fmt: skip


def login_address() -> str:
    """Return where people log in, in the language of the moment."""
    return reverse("account_login")


def healthy() -> bool:
    """Whether the database and the store can be read."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return settings.KALANSO_STORE is None or (settings.KALANSO_STORE / "store.json").is_file()
    except DatabaseError:
        return False


MODEL_CARD = Path(__file__).resolve().parents[4] / "docs" / "explanation" / "model-card.md"
# Rows of the card's tables, and what they are called on the page.
INTERVALS_OF = {
    "DTP1 coverage": _("Couverture DTC1"),
    "DTP3 coverage": _("Couverture DTC3"),
    "children due": _("Enfants attendus"),
    "children without DTP1": _("Enfants sans DTC1"),
    "children without DTP3": _("Enfants sans DTC3"),
}
METHODS_OF = {
    "administrative": _("Administratif"),
    "countdown": _("Méthode Countdown"),
    "surveys_only": _("Enquêtes seules"),
    "who_unicef": _("À la manière OMS/UNICEF"),
    "one population believed": _("Une seule population, crue"),
}


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """What the model card proves: how often intervals held the truth, and the error beside other methods.

    `intervals` are (name, shares of areas at 95 %, at 50 %, of conflict areas, of areas without a
    cluster, of countries); `methods` are (name, error of coverage and of missed children relative to the
    method's, part of the true pockets on its list).
    """

    day: str
    countries: int
    intervals: tuple[tuple[str, tuple[float, ...]], ...]
    methods: tuple[tuple[str, tuple[float, ...]], ...]


@lru_cache(maxsize=1)
def calibration() -> Calibration | None:
    """Return the newest calibration from the model card; None where the card is not installed."""
    if not MODEL_CARD.is_file():
        return None
    text = MODEL_CARD.read_text(encoding="utf-8")
    when, drawn = re.search(r"Run on (\d{4}-\d\d-\d\d)", text), re.search(r"\bprior (\d+)", text)
    if when is None or drawn is None:
        return None
    held = _rows_under(text, "### Published posterior: countries drawn from the prior")
    beside = _rows_under(text, "### Beside the usual methods")
    return Calibration(
        day=when[1],
        countries=int(drawn[1]),
        intervals=tuple(
            (name, tuple(_first_number(row[at]) for at in (1, 2, 3, 4, 6)))
            for code, name in INTERVALS_OF.items()
            if (row := held.get(code)) and len(row) > 6
        ),
        methods=tuple(
            (name, tuple(_first_number(row[at]) for at in (1, 3, 6)))
            for code, name in METHODS_OF.items()
            if (row := beside.get(code)) and len(row) > 6
        ),
    )


def _rows_under(text: str, heading: str) -> dict[str, list[str]]:
    """Return the rows of the first table under a heading, by their first cell."""
    part = text.partition(heading)[2].partition("\n### ")[0]
    lines = [line.strip().strip("|") for line in part.splitlines() if line.strip().startswith("|")]
    cells = [[cell.strip() for cell in line.split("|")] for line in lines]
    return {row[0]: row for row in cells}


def _first_number(cell: str) -> float:
    found = re.match(r"\d*\.?\d+", cell)
    return float(found[0]) if found else float("nan")


GLOSSARY = Path(__file__).resolve().parents[4] / "GLOSSARY.md"


@lru_cache(maxsize=1)
def glossary() -> tuple[list[str], list[list[str]]]:
    """Return headings and rows of the tables in GLOSSARY.md; nothing where it is not installed."""
    if not GLOSSARY.is_file():
        return [], []
    rows = [
        [
            part.strip().replace("**", "").replace("`", "").replace("*", "")
            for part in line.strip().strip("|").split("|")
        ]
        for line in GLOSSARY.read_text(encoding="utf-8").splitlines()
        if line.strip().startswith("|")
    ]
    words = [row for row in rows if not all(set(part) <= set("-: ") for part in row)]
    return (words[0], [row for row in words[1:] if row != words[0]]) if words else ([], [])
