"""Does each circle find pages that make sense, with links to open pages only, and no number that is not for it?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
from django.test import override_settings

from kalanso.store import Audience
from tests.hub.circles import DRAFT, RELEASED, SPECS, Ground
from tests.hub.test_hub_pages import text_of
from tests.hub.visitors import stranger, visitor

WHO = (
    ("visitor", None), ("nobody", None), ("reader", ""), ("donor", ""), ("partner", ""), ("editor", ""),
    ("facility", "area"), ("coach", "region"), ("district", "district"), ("region", "region"),
    ("researcher", ""), ("national", ""), ("administrator", ""), ("national", "other_region"),
)  # fmt: skip
STARTS = (
    "/", "/ou/", "/ou/?lieu={district}", "/ou/?lieu={other_district}", "/lieux/", "/lieux/?q=segou", "/lieux/{country}/",
    "/lieux/{district}/", "/lieux/{area}/", "/lieux/{facility}/", "/lieux/{other_area}/", "/lieux/{country}/estimation/",
    "/lieux/{area}/estimation/", "/lieux/{other_area}/estimation/", "/lieux/{flagged}/estimation/", "/lieux/{district}/fiche/", "/lieux/{other_area}/fiche/",
    "/lieux/{facility}/fiche/", "/lieux/{area}/semblables/", "/preuves/",
    "/preuves/tables/", "/methode/", "/apprendre/", "/glossaire/",
)  # fmt: skip
PAGE_TABLES = {
    "/ou/poches/": "pockets", "/preuves/registre/": "evidence_ledger", "/preuves/comparaison/": "method_comparison",
    "/preuves/hypotheses/": "assumption_runs", "/preuves/qualite/": "quality_findings",
    "/centre-apprentissage/tendances/": "indicator_values",
}  # fmt: skip
PUBLIC, PARTNER, PROGRAMME = Audience.PUBLIC, Audience.PARTNER, Audience.PROGRAMME
# Written out here a second time on purpose: what the roles open for the country, and at home.
OPENS = {
    "reader": (PUBLIC, PUBLIC), "donor": (PARTNER, PARTNER), "partner": (PARTNER, PARTNER), "editor": (PARTNER, PARTNER),
    "facility": (PARTNER, PROGRAMME), "coach": (PARTNER, PROGRAMME), "district": (PARTNER, PROGRAMME),
    "region": (PARTNER, PROGRAMME), "researcher": (PROGRAMME, PROGRAMME), "national": (PROGRAMME, PROGRAMME),
    "administrator": (PROGRAMME, PROGRAMME),
}  # fmt: skip
ASKED = re.compile(r"^/(?:ou|lieux|preuves|centre-apprentissage|methode|apprendre|glossaire|$)")


def enter(who: tuple[str, str | None], ground: Ground) -> Any:
    """Return a browser of somebody of a role at a place of the ground."""
    role, place = who
    if role == "visitor":
        return stranger()
    return visitor(None if role == "nobody" else role, ground.codes[place] if place else "")


@pytest.fixture
def told(quick_hand: Any, ground: Ground) -> Iterator[Ground]:
    with override_settings(KALANSO_STORE=ground.folder):
        yield ground


def links_of(response: Any) -> list[str]:
    found = re.findall(r'href="([^"#]+)', response.content.decode())
    return [unescape(link) for link in found if ASKED.match(link) and not link.startswith("//")]


def audience_of(who: tuple[str, str | None]) -> tuple[Audience, Audience]:
    """Return which tables a role opens for the country and at home, as the table of roles declares it."""
    if who[0] in {"visitor", "nobody"}:
        return Audience.PUBLIC, Audience.PUBLIC
    country, home = OPENS[who[0]]
    return (min(country, PARTNER), home) if who[1] else (country, home)


def leads_to_a_closed_page(link: str, who: tuple[str, str | None], ground: Ground) -> bool:
    """Judge a link by what is declared of its table, its place and the reader's role, page by page."""
    country, home = audience_of(who)
    path, _question, query = link.removeprefix("/en").partition("?")
    asked = dict(part.split("=", 1) for part in query.split("&") if "=" in part)
    table = re.match(r"/preuves/tables/([a-z_]+)", path)
    needed = table[1] if table else PAGE_TABLES.get(path)
    if needed is None:
        return False
    spec = SPECS[needed]
    if spec.audience <= country:
        return False
    if spec.audience > home or spec.place_column is None or not who[1]:
        return True
    own = ground.codes[who[1]]
    place = asked.get("lieu", own)
    return table is None and own not in (place, *ground.above(place))


@pytest.mark.parametrize("who", WHO, ids=lambda who: "-".join(filter(None, who)))
def test_no_page_fails_and_no_link_leads_to_a_closed_page(who: tuple[str, str | None], told: Ground) -> None:
    client = enter(who, told)
    for start in STARTS:
        response = client.get(start.format(**told.codes))
        assert response.status_code == 200, start
        wrong = {link for link in links_of(response) if leads_to_a_closed_page(link, who, told)}
        assert not wrong, f"{who[0]}: {start} leads to closed pages"


@pytest.mark.parametrize("who", WHO, ids=lambda who: "-".join(filter(None, who)))
def test_drafts_are_shown_to_the_programme_and_to_teams_for_their_own_places_only(
    who: tuple[str, str | None], told: Ground
) -> None:
    client = enter(who, told)
    role, place = who
    for name in ("country", "region", "district", "area", "sibling", "other_district", "other_area"):
        code = told.codes[name]
        text = client.get(f"/lieux/{code}/estimation/").content.decode()
        home = place is not None and place != "" and told.codes[place] in (code, *told.above(code))
        free = role in {"researcher", "national", "administrator"} and not place
        assert (DRAFT in text) == (home or free), f"{role} reads {name}"
        public = name in {"country", "region", "district", "other_district"}
        released = not (home or free) and (public or role not in {"visitor", "nobody", "reader"})
        assert ("Couverture estimée" in text) == (home or free or released), f"{role} reads {name}"
        assert (RELEASED in text) == (not home and not free)


@pytest.mark.parametrize(
    "page",
    [
        "/ou/poches/",
        "/preuves/registre/",
        "/preuves/comparaison/",
        "/preuves/hypotheses/",
        "/preuves/qualite/",
        "/centre-apprentissage/tendances/",
    ],
)
def test_a_closed_page_says_to_a_visitor_in_a_sentence_where_to_go(page: str, told: Ground) -> None:
    response = stranger().get(page)
    assert response.status_code == 200
    assert "Se connecter" in text_of(response)
    assert "elle s'ouvre à ceux qui y travaillent" in text_of(response)


@pytest.mark.parametrize("role", ["reader", "donor", "partner", "researcher", "national"])
def test_one_title_stands_for_one_period_whoever_reads(role: str, told: Ground) -> None:
    """Four rolling quarters of the country, as the programme reads them: not one quarter under the same question."""
    text = text_of(visitor(role).get("/ou/"))
    assert (
        "sur les 20 000 qui devaient recevoir leur première dose dans les quatre trimestres jusqu'au T4 2024"
        in text
    )
