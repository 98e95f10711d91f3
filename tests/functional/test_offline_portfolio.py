"""Does a report, or an obstacle, written where the network fails arrive once, whatever moment the network chose to fail?

In a real browser, over a real server: as a team does it that visits a village and comes back. What the box of the
telephone does with any message is tested beside, in test_offline.
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from tests.functional.telephone import (
    begin,
    cut_sending,
    give_code,
    opened,
    send_after_cut,
    until,
    wait_sent,
    waiting,
)

pytestmark = pytest.mark.browser

TEAM, CENTRE = "awa", "ibrahim"
NEW_FACTOR = "/agir/obstacles/nouveau/"


def report_page(ground: dict[str, str], quarter: str) -> str:
    """Return where the team reports on a quarter that no other test reports on."""
    return f"/agir/portefeuille/ligne/{ground['cell']}/rapport/{quarter}/"


def fill_report(page: Any, words: str, *, quantity: int = 9) -> None:
    page.fill("[name=quantity]", str(quantity))
    page.fill("[name=reached]", "31")
    page.fill("[name=expected]", "40")
    page.fill("[name=narrative]", words)
    page.click("form.fill button[type=submit]")


def fill_factor(page: Any, words: str) -> None:
    page.fill("[name=what]", words)
    page.select_option("[name=domain]", index=1)
    page.click("form.fill button[type=submit]")


def read(context: Any, path: str) -> str:
    page = context.new_page()
    page.goto(path)
    said = str(page.inner_text("main"))
    page.close()
    return said


def factors_with(context: Any, words: str) -> int:
    page = context.new_page()
    page.goto(f"/agir/obstacles/?q={words}")
    found = page.locator("main a[href^='/agir/obstacles/']", has_text=words).count()
    page.close()
    return int(found)


def times_written(context: Any, path: str) -> int:
    """Return how often a report was written: its version, which the form of who reads it again carries."""
    page = context.new_page()
    page.goto(path)
    version = page.locator("form[action$='/approuver/'] [name=version]").get_attribute("value")
    page.close()
    return int(version)


def test_a_report_written_without_network_leaves_once_after_the_telephone_was_closed(
    phone: Any, ground: dict[str, str]
) -> None:
    context, words, path = phone(TEAM), f"Piste coupée {uuid4()}", report_page(ground, "2025Q2")
    page = opened(context, path)
    until(page, "caches.match(location.href, {ignoreVary: true}).then(Boolean)")
    page.close()
    context.set_offline(True)
    page = opened(context, path)
    fill_report(page, words)
    give_code(page)
    page.wait_for_selector(".boite-reponse.caveat")
    assert [row["state"] for row in waiting(page)] == ["waiting"]
    page.close()

    context.set_offline(False)
    page = opened(context, "/methode/")
    wait_sent(page)

    assert words in read(context, path)
    assert times_written(phone(CENTRE), path) == 1


@pytest.mark.parametrize("moment", ["before the server had it", "after the server answered"])
def test_a_cut_while_a_report_is_sent_loses_and_doubles_nothing(
    moment: str, phone: Any, ground: dict[str, str]
) -> None:
    quarter = "2025Q3" if moment.startswith("before") else "2025Q4"
    context, words, path = phone(TEAM), f"Crue {uuid4()}", report_page(ground, quarter)
    page = opened(context, path)
    begin(page)
    cuts = cut_sending(page, moment)
    fill_report(page, words)
    send_after_cut(page)

    assert cuts
    assert words in read(context, path)
    assert times_written(phone(CENTRE), path) == 1


@pytest.mark.parametrize("moment", ["before the server had it", "after the server answered"])
def test_a_cut_while_an_obstacle_is_sent_loses_and_doubles_nothing(moment: str, phone: Any) -> None:
    context, words = phone(TEAM), f"rupture-{uuid4()}"
    page = opened(context, NEW_FACTOR)
    begin(page)
    cuts = cut_sending(page, moment)
    fill_factor(page, words)
    send_after_cut(page)

    assert cuts
    assert factors_with(context, words) == 1


def test_an_obstacle_named_without_network_leaves_by_itself_when_it_comes_back(phone: Any) -> None:
    context, words = phone(TEAM), f"route-{uuid4()}"
    page = opened(context, NEW_FACTOR)
    context.set_offline(True)
    fill_factor(page, words)
    give_code(page)
    page.wait_for_selector(".boite-reponse.caveat")

    context.set_offline(False)
    wait_sent(page)

    assert factors_with(context, words) == 1


def test_the_forms_that_a_team_will_need_are_kept_before_anybody_opened_them(phone: Any) -> None:
    context = phone(TEAM)
    page = opened(context, "/agir/obstacles/")
    until(page, f"caches.match('{NEW_FACTOR}', {{ignoreVary: true}}).then(Boolean)")
    page.close()
    context.set_offline(True)

    page = opened(context, NEW_FACTOR)

    assert page.locator("[name=what]").is_visible()
