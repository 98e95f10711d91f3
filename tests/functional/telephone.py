"""How does a test hold a telephone: enter, open a page, write without network, give the code, and wait until it is sent?"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

Error = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").Error

CODE = "sahel-2024"
SENT = "**/hors-ligne/envoi/"


def enter(context: Any, person: str) -> None:
    """Enter as somebody of the simulated country, whoever was there before."""
    page = context.new_page()
    page.goto("/")
    if page.locator(".me").inner_text() not in {"Se connecter"}:
        page.goto("/compte/logout/")
        page.click("main form button")
        page.goto("/")
    page.click(f"form[action='/entrer-comme/{person}/'] button")
    until(page, "navigator.serviceWorker.ready.then(() => true)")
    page.close()


def until(page: Any, expression: str) -> None:
    """Wait until an expression holds; it may be a promise, and the page may be leaving meanwhile."""
    for _ in range(200):
        with suppress(Error):
            if page.evaluate(expression):
                return
        page.wait_for_timeout(100)
    raise AssertionError(f"never came true: {expression}")


def opened(context: Any, path: str) -> Any:
    """Open a page, and wait until the telephone answers for it."""
    page = context.new_page()
    page.goto(path)
    until(page, "Boolean(navigator.serviceWorker.controller)")
    return page


def begin(page: Any) -> None:
    """Make the outbox of whoever is there, open."""
    page.evaluate(f"kalanso.outbox.begin(kalanso.writing.person, '{CODE}')")


def give_code(page: Any, code: str = CODE, *, first: bool = True) -> None:
    """Fill in the code that is asked, twice where it is chosen."""
    page.wait_for_selector("#boite-code[open]")
    page.fill("#boite-code-un", code)
    if first:
        page.fill("#boite-code-deux", code)
    page.click("#boite-code-demande button:not([type=button])")


def waiting(page: Any) -> list[dict[str, Any]]:
    """Return the messages that wait in the outbox."""
    return page.evaluate(
        "kalanso.outbox.rowsOf(kalanso.writing.person).then(all => all.map(({uuid, state}) => ({uuid, state})))"
    )


def wait_sent(page: Any) -> None:
    """Wait until nothing is left in the outbox."""
    until(page, "kalanso.outbox.rowsOf(kalanso.writing.person).then(all => all.length === 0)")


def cut_sending(page: Any, moment: str) -> list[str]:
    """Cut the network whenever something is sent, before the server has it or after it answered; return the cuts."""
    cuts: list[str] = []

    def cut(route: Any) -> None:
        if moment.startswith("after"):
            assert route.fetch().status == 200
        cuts.append(moment)
        route.abort("connectionreset")

    page.route(SENT, cut)
    return cuts


def press_send(page: Any) -> None:
    """Press the button that sends, which hides itself where the page has sent on its own meanwhile."""
    page.evaluate("document.getElementById('boite-envoie').click()")


def send_after_cut(page: Any) -> None:
    """See that a message is kept for want of network, bring the network back and send by hand."""
    page.wait_for_selector(".boite-reponse.caveat")
    until(page, "document.getElementById('boite-dit').textContent.startsWith('Pas de réseau')")
    assert len(waiting(page)) == 1
    page.unroute(SENT)
    press_send(page)
    wait_sent(page)
