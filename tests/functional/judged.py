"""What must hold on every page, as a browser shows it?

Accessibility is judged by axe-core (WCAG 2.2 AA); rules of our own stand beside it where the look asks for
more: stronger contrast of numbers, larger targets, a first view that a slow link carries, no need of scripts.
"""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest

PHONE, DESK = {"width": 360, "height": 740}, {"width": 1200, "height": 900}
FIRST_VIEW = 60_000  # bytes on their way: page, style, scripts and the figures that load at first
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"]
# What may differ by width where every element is shown at both and in the same colours.
BY_WIDTH = ["target-size", "scrollable-region-focusable"]

UNNAMED = """() => [...document.querySelectorAll('a, button, input:not([type=hidden]), select, summary, img, nav, [role=region]')]
  .filter(e => !((e.getAttribute('aria-label') || e.getAttribute('aria-labelledby') || e.alt || e.textContent.trim()
    || (e.labels && e.labels.length && e.labels[0].textContent.trim()))))
  .map(e => e.outerHTML.slice(0, 120))"""
# A tick takes a finger over all of its label, which is what is measured.
SMALL_TARGETS = """() => [...document.querySelectorAll('nav a, button, .button, input:not([type=hidden]), select, summary, .downloads a, .ways a')]
  .filter(e => e.checkVisibility() && !e.closest('.wide'))
  .map(e => [(e.matches('[type=checkbox], [type=radio]') && e.closest('label') || e).getBoundingClientRect(), e]).filter(([r]) => r.height > 0 && (r.height < 43.5))
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
TOO_WIDE = """() => document.documentElement.scrollWidth <= document.documentElement.clientWidth ? [] :
  [...document.querySelectorAll('main *, header *, footer *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest('.wide'))
  .map(e => e.outerHTML.slice(0, 120)).slice(0, 5).concat('the page is wider than the screen')"""
HEADINGS = "() => document.querySelectorAll('h1').length === 1 ? [] : [document.querySelectorAll('h1').length + ' h1']"
RULES = {
    "unnamed": UNNAMED, "small": SMALL_TARGETS, "pale": POOR_CONTRAST, "broken": BROKEN_IMAGES, "wide": TOO_WIDE,
    "headings": HEADINGS,
}  # fmt: skip
WEIGHT = """() => [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
  .map(one => [one.encodedBodySize, one.name])"""
PAINTED = """() => [...document.body.querySelectorAll('*')].map(e => { const s = getComputedStyle(e); return e.checkVisibility() ? s.color + s.backgroundColor : '' })"""


def own_faults(page: Any) -> list[str]:
    """Return what our own rules find at the width at which the page stands."""
    return [f"{name}: {found}" for name, rule in RULES.items() for found in page.evaluate(rule)]


class Axe:
    """axe-core inside one page that was just opened."""

    def __init__(self, page: Any) -> None:
        known = pytest.importorskip("axe_playwright_python.base", reason="axe is not installed")
        self.page = page
        page.evaluate(known.AXE_FILE_PATH.read_text())

    def faults(self, only: list[str] | None = None, *, colours: bool = True) -> list[tuple[str, ...]]:
        """Return what axe finds, by its own tags or by some rules alone."""
        run = {"type": "rule", "values": only} if only else {"type": "tag", "values": TAGS}
        options = {"runOnly": run, "resultTypes": ["violations"], "preload": False}
        if not colours:
            options["rules"] = {"color-contrast": {"enabled": False}}
        judged = self.page.evaluate("options => axe.run(document, options)", options)
        assert judged["testEngine"]["name"] == "axe-core"
        return [
            (broken["id"], node["html"][:160], node["failureSummary"])
            for broken in judged["violations"]
            for node in broken["nodes"]
        ]


def weight(page: Any) -> tuple[int, list[tuple[int, str]]]:
    """Return how many bytes came at first view, and each file with its own."""
    files = [(size, name) for size, name in page.evaluate(WEIGHT)]
    return sum(size for size, _name in files), sorted(files, reverse=True)


class _Plain(HTMLParser):
    """What a page offers as it was sent, before any script ran."""

    EMPTY = frozenset({"input", "img", "br", "hr", "meta", "link", "source", "col", "wbr", "area", "path"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, bool]] = []
        self.forms: list[int] = []
        self.text: list[str] = []
        self.faults: list[str] = []

    @property
    def hidden(self) -> bool:
        return any(hidden for _tag, hidden in self.open)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        shown = not self.hidden and "hidden" not in told
        within = any(name == "form" for name, _hidden in self.open) or "form" in told
        if tag == "form":
            self.forms.append(0)
        sends = tag == "button" and told.get("type", "submit") == "submit"
        if sends and self.forms:
            self.forms[-1] += 1
        ours = "defer" in told and (told.get("src") or "").startswith("/static/")
        wrong = {
            "a script that the page waits for": tag == "script" and not ours and told.get("type") != "application/json",
            "a button that needs a script": tag == "button" and shown and not (sends and within),
            "a link that leads nowhere": tag == "a" and shown and (told.get("href") or "#") == "#",
            "a script in an attribute": any(name.startswith("on") for name in told)
            or any((value or "").startswith("javascript:") for value in told.values()),
        }  # fmt: skip
        self.faults += [f"{what}: <{tag} {told}>" for what, is_so in wrong.items() if is_so]
        if tag not in self.EMPTY:
            self.open.append((tag, "hidden" in told or tag in {"dialog", "script", "template"}))

    def handle_endtag(self, tag: str) -> None:
        while self.open and tag in {name for name, _hidden in self.open}:
            name, hidden = self.open.pop()
            if name == "form" and not self.forms[-1] and not (hidden or self.hidden):
                self.faults.append("a form that nothing sends")
            if name == tag:
                break

    def handle_data(self, data: str) -> None:
        if any(tag == "main" for tag, _hidden in self.open) and not self.hidden:
            self.text.append(data)


def faults_without_scripts(html: str) -> list[str]:
    """Return what a reader without scripts could not do on a page, by what the server sent."""
    plain = _Plain()
    plain.feed(html)
    said = len("".join(plain.text).split())
    return plain.faults + ([] if said > 5 else [f"main says {said} words before scripts run"])
