"""Do the pages hold in a real browser: on a phone, by keyboard, with scripts off, and on paper?

Accessibility is judged by axe-core (WCAG 2.2 AA); rules of our own stand beside it where the look
asks for more: stronger contrast of numbers, larger targets.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

pytestmark = pytest.mark.browser

PAGES = (
    "/", "/lieux/", "/lieux/?q=segou", "/lieux/ML/", "/lieux/ML-D0001/", "/lieux/ML-F0001/", "/agir/", "/apprendre/",
    "/methode/", "/glossaire/", "/preuves/", "/preuves/tables/", "/preuves/tables/indicator_values/",
    "/preuves/tables/places/provenance/", "/preuves/tables/observations/graphique/",
    "/preuves/tables/indicator_values/carte/", "/preuves/qualite/", "/centre-apprentissage/tendances/",
    "/ou/", "/ou/?mesure=seuil&verite=1", "/ou/?lieu=ML-D0001&mesure=incertitude", "/ou/poches/", "/lieux/ML/estimation/",
    "/lieux/ML-D0001/estimation/", "/lieux/ML-H0017/estimation/?verite=1", "/preuves/registre/",
    "/preuves/registre/?lieu=ML-H0017", "/preuves/comparaison/?verite=1", "/preuves/hypotheses/",
    "/moi/", "/personnes/", "/personnes/?role=coach", "/personnes/inviter/", "/personnes/invitations/", "/personnes/4/",
    "/personnes/1/role/", "/organisations/", "/traces/", "/traces/?quoi=people.role_given", "/notifications/",
    "/moi/preferences/", "/compte/password/change/", "/compte/2fa/", "/compte/sessions/", "/compte/logout/",
    "/invitation/rien/", "/en/moi/", "/en/traces/",
    "/preuves/hypotheses/?reglage=0.1", "/discussion/place/ML-D0001/", "/hors-ligne/",
    "/hors-ligne/sans-reseau/", "/nulle-part/", "/en/ou/", "/en/lieux/ML-D0001/", "/en/centre-apprentissage/tendances/",
)  # fmt: skip
WCAG = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"],
    "resultTypes": ["violations"],
}
MISSING = ("/nulle-part/", "/invitation/rien/")
PHONE, DESK = {"width": 360, "height": 740}, {"width": 1200, "height": 900}

UNNAMED = """() => [...document.querySelectorAll('a, button, input:not([type=hidden]), select, summary, img, nav, [role=region]')]
  .filter(e => !((e.getAttribute('aria-label') || e.getAttribute('aria-labelledby') || e.alt || e.textContent.trim()
    || (e.labels && e.labels.length && e.labels[0].textContent.trim()))))
  .map(e => e.outerHTML.slice(0, 120))"""
SMALL_TARGETS = """() => [...document.querySelectorAll('nav a, button, .button, input:not([type=hidden]), select, summary, .downloads a, .ways a')]
  .filter(e => e.checkVisibility() && !e.closest('.wide, .tick'))
  .map(e => [e.getBoundingClientRect(), e]).filter(([r]) => r.height > 0 && (r.height < 43.5))
  .map(([r, e]) => Math.round(r.width) + 'x' + Math.round(r.height) + ' ' + e.outerHTML.slice(0, 90))"""
POOR_CONTRAST = """() => {
  const parse = c => { const m = c.match(/[\\d.]+/g).map(Number); return m.length < 4 ? [...m, 1] : m };
  const light = ([r, g, b]) => [r, g, b].map(v => { v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4 })
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const behind = e => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c[3] > 0) return c } return [255, 255, 255, 1] };
  const found = new Set();
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const e = walk.currentNode.parentElement;
    if (!walk.currentNode.textContent.trim() || !e.checkVisibility() || e.closest('.unseen, .skip')) continue;
    const a = light(parse(getComputedStyle(e).color)), b = light(behind(e));
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    const needed = e.closest('.number, .figure-number') ? 7 : 4.5;
    if (ratio < needed) found.add(ratio.toFixed(1) + ' ' + e.outerHTML.slice(0, 90));
  }
  return [...found];
}"""
BROKEN_IMAGES = """async () => {
  for (const i of document.images) i.loading = 'eager';
  const bad = [];
  for (const i of document.images) { try { await i.decode() } catch { bad.push(i.currentSrc) } }
  return bad;
}"""


@pytest.fixture
def visit(chromium: Any, hub_address: str, entered: Any) -> Iterator[Any]:
    """Open a page of a size, with scripts of pages off, and remember what the browser complained of."""
    contexts = []

    def open_page(path: str, size: dict[str, int], **options: Any) -> Any:
        context = chromium.new_context(viewport=size, base_url=hub_address, storage_state=entered, **options)
        contexts.append(context)
        page = context.new_page()
        page.complaints = []
        page.hosts = set()
        page.on(
            "console",
            lambda said: page.complaints.append(said.text) if said.type in {"error", "warning"} else None,
        )
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on("request", lambda asked: page.hosts.add(asked.url.split("/")[2]))
        page.goto(path, wait_until="networkidle")
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.mark.parametrize("path", PAGES)
def test_a_page_fits_is_named_readable_and_quiet(path: str, visit: Any, hub_address: str) -> None:
    page = visit(path, PHONE)
    for size in (PHONE, DESK):
        page.set_viewport_size(size)

        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        assert page.evaluate("document.querySelectorAll('h1').length") == 1
        assert not page.evaluate(UNNAMED)
        assert not page.evaluate(POOR_CONTRAST)
        assert not page.evaluate(SMALL_TARGETS)
        assert not page.evaluate(BROKEN_IMAGES)
    complaints = [text for text in page.complaints if not ("404" in text and path in MISSING)]
    assert not complaints
    assert page.hosts == {hub_address.split("/")[2]}


@pytest.mark.parametrize("language", ["", "/en"], ids=["fr", "en"])
@pytest.mark.parametrize("path", [path for path in PAGES if not path.startswith("/en/")])
def test_axe_finds_nothing_amiss(path: str, language: str, visit: Any) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed").Axe()
    page = visit(language + path, PHONE)
    for size in (PHONE, DESK):
        page.set_viewport_size(size)

        judged = axe.run(page, options=WCAG).response

        assert judged["testEngine"]["name"] == "axe-core"
        assert not [
            (broken["id"], node["html"][:160], node["failureSummary"])
            for broken in judged["violations"]
            for node in broken["nodes"]
        ]


def test_axe_sees_a_figure_without_words_and_pale_text(visit: Any) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed").Axe()
    page = visit("/", PHONE)
    page.evaluate(
        "document.querySelector('main').insertAdjacentHTML('beforeend', '<img src=x><p id=pale>texte trop clair</p>')"
    )
    page.evaluate("document.getElementById('pale').style.color = '#ddd'")

    found = {broken["id"] for broken in axe.run(page, options=WCAG).response["violations"]}

    assert found == {"image-alt", "color-contrast"}


def test_the_keyboard_reaches_the_content_first_and_sees_where_it_is(visit: Any) -> None:
    page = visit("/", PHONE)

    page.keyboard.press("Tab")
    first = page.evaluate("document.activeElement.textContent")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    page.keyboard.press("Enter")

    assert first == "Aller au contenu"
    assert outline != "none"
    assert page.evaluate("document.activeElement.id") == "contenu"


def test_a_person_walks_from_home_to_a_health_area_and_back_by_the_breadcrumbs(visit: Any) -> None:
    page = visit("/", PHONE, java_script_enabled=False)

    page.fill("#lieu-cherche", "ndebougou")
    page.press("#lieu-cherche", "Enter")
    page.click(".ways a >> text=Ndébougou >> nth=0")
    page.wait_for_load_state("networkidle")
    heading = page.inner_text("h1")
    page.click(".crumbs a >> text=Niono")
    page.wait_for_load_state("networkidle")

    assert "Ndébougou" in heading
    assert "Niono" in page.inner_text("h1")


def test_a_person_finds_the_area_with_most_missed_children_and_what_to_do_without_scripts(visit: Any) -> None:
    page = visit("/", PHONE, java_script_enabled=False)

    page.click("text=Voir où ils sont")
    page.wait_for_load_state("networkidle")
    page.click("nav.choice >> text=Couverture")
    page.wait_for_load_state("networkidle")
    page.click(".button >> text=où il en manque le plus")
    page.wait_for_load_state("networkidle")
    page.click(".button >> text=Que faire à")
    page.wait_for_load_state("networkidle")

    assert "mesure=couverture" in page.evaluate("document.referrer")
    assert "Que faire ici ?" in page.inner_text("main").replace("\u202f", " ")


def test_the_chosen_period_stays_when_one_goes_to_a_place_inside(visit: Any) -> None:
    page = visit("/lieux/ML/", DESK)

    page.click(".chooser summary")
    page.select_option("#chooser-periode", "2024Q2")
    page.click(".chooser button")
    page.wait_for_load_state("networkidle")
    page.click("table th a >> nth=0")
    page.wait_for_load_state("networkidle")

    assert "periode=2024Q2" in page.url
    assert "T2 2024" in page.inner_text("main")


def test_the_language_changes_on_the_same_page(visit: Any) -> None:
    page = visit("/centre-apprentissage/tendances/", PHONE)
    page.click("text=English")
    page.wait_for_load_state("networkidle")
    assert page.url.endswith("/en/centre-apprentissage/tendances/")
    assert page.inner_text("h1").startswith("Study sub-districts")


def test_a_page_prints_on_a4_without_its_controls(visit: Any) -> None:
    page = visit("/lieux/ML-D0001/", DESK)
    page.emulate_media(media="print")

    assert not page.is_visible(".search")
    assert not page.is_visible("nav.words")
    assert page.pdf(format="A4").startswith(b"%PDF")
