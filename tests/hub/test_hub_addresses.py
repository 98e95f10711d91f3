"""Is every address of the hub answered as its table says, to everybody, for what is theirs and what is not?

The table stands in `addresses`, people and things in `address_ground`. An address without a row fails: whoever adds
a page says who may ask for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import override_settings

from tests.hub.address_ground import NOBODY, VISITOR, Answer, Asked, Who, build, guess
from tests.hub.addresses import ACCOUNTS, FEW, TABLE, Row
from tests.hub.circles import Ground
from tests.hub.conftest import QuickHand

pytestmark = pytest.mark.long

NAMES = sorted({row.name for row in TABLE})
LOGIN = "/compte/login/"


@pytest.fixture(scope="module")
def asked(hub: None, ground: Ground, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    """Everybody and everything, made once and undone at the end."""
    from django.db import transaction

    from kalanso.hub.api import api
    from kalanso.hub.explore import tasks
    from kalanso.hub.people import tasks as of_people
    from kalanso.store import Store

    folder = tmp_path_factory.mktemp("addresses")
    here = override_settings(
        KALANSO_STORE=ground.folder, KALANSO_CACHE=folder / "cache", KALANSO_DATA=folder, MEDIA_ROOT=folder / "media",
        TEMPLATES=bare_frame(),
    )  # fmt: skip
    with pytest.MonkeyPatch.context() as patch, here, transaction.atomic():
        hand = QuickHand()
        patch.setattr(tasks, "renderer", lambda: hand)
        patch.setattr(api.Pace, "allow_request", lambda self, request: True)
        of_people.mirror(Store.open(ground.folder, memory="1GB", threads=1), today=date(2025, 2, 15))
        yield build(ground)
        transaction.set_rollback(True)


def bare_frame() -> list[dict[str, Any]]:
    """Return the settings of templates with a bare frame around pages: drawing the whole one takes most of the time."""
    from django.conf import settings

    bare = "<title>{% block title %}{% endblock %}</title><main>{% block content %}{% endblock %}</main>"
    folders = "django.template.loaders.app_directories.Loader"
    loaders = [("django.template.loaders.locmem.Loader", {"site/base.html": bare}), folders]
    (usual,) = settings.TEMPLATES
    options = dict(usual["OPTIONS"])
    frame = "kalanso.hub.site.queries.chrome"
    options["context_processors"] = [name for name in options["context_processors"] if name != frame]
    options |= {"loaders": [("django.template.loaders.cached.Loader", loaders)]}
    return [{**usual, "APP_DIRS": False, "OPTIONS": options}]


def named() -> set[str]:
    """Return the names of all addresses; one without a name is known by how it is written."""
    from django.urls import URLPattern, URLResolver, get_resolver

    def walk(patterns: list[Any], space: str, before: str) -> Iterator[str]:
        for one in patterns:
            written = before + str(one.pattern)
            if isinstance(one, URLResolver):
                yield from walk(
                    one.url_patterns, f"{space}{one.namespace}:" if one.namespace else space, written
                )
            elif isinstance(one, URLPattern):
                yield f"{space}{one.name}" if one.name else written

    return set(walk(get_resolver().url_patterns, "", ""))


def address_of(row: Row, thing: dict[str, Any]) -> str:
    """Return the address of a thing."""
    from django.urls import NoReverseMatch, reverse

    for given in (thing, {name: value for name, value in thing.items() if name != "width"}):
        try:
            return reverse(row.name, kwargs=given) + row.query
        except NoReverseMatch:
            continue
    return f"/{row.name}{row.query}"


def form_of(row: Row) -> dict[str, Any]:
    soon = (datetime.now(UTC).date() + timedelta(days=5)).isoformat()
    return {name: soon if value == "SOON" else value for name, value in row.form.items()}


def told(answer: Answer, thing: dict[str, Any]) -> tuple[int, str]:
    """Return what an answer says, without the keys that were asked for and the places of a like name."""
    main = re.search(r"<main.*</main>", answer.body, flags=re.DOTALL)
    text = main[0] if main else answer.body
    text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", text)
    text = re.sub(r"<h2>Cherchiez-vous.*?</ul>", "", text, flags=re.DOTALL)
    for value in thing.values():
        for spelt in (str(value), str(value).rsplit("-", 1)[0]):
            text = text.replace(spelt, "…") if len(spelt) > 4 else text
    return answer.status, " ".join(text.split())


def difference(one: tuple[int, str], other: tuple[int, str]) -> str:
    """Return where two answers part."""
    if one[0] != other[0]:
        return f"{one[0]} and {other[0]}"
    first = next((n for n, (a, b) in enumerate(zip(one[1], other[1], strict=False)) if a != b), 0)
    return f"{one[1][max(0, first - 60) : first + 60]!r} and {other[1][max(0, first - 60) : first + 60]!r}"


def wrong_cells(asked: Asked, row: Row, who: Who, method: str) -> Iterator[str]:
    thing = asked.things[row.about](who)
    address = address_of(row, thing)
    answer, expected = asked.ask(who, method, address, form_of(row)), row.expected(who, method)
    cell = f"{method} {row.name} ({row.about}) as {' '.join(who)}"
    if answer.status != expected:
        yield f"{cell}: {answer.status} {answer.to}, expected {expected}"
    if who == VISITOR and row.door == 302 and not answer.to.startswith(LOGIN):
        yield f"{cell}: led to {answer.to}"
    refused = answer.status >= 400 or (who == VISITOR and row.door is not None)
    if answer.wrote and (refused or method == "GET") and row.name not in LETS_IN:
        yield f"{cell}: wrote to {', '.join(sorted(answer.wrote))}"
    if who != VISITOR and "private" not in answer.kept and row.name not in SAME_FOR_ALL:
        yield f"{cell}: kept as {answer.kept!r}"
    if who not in row.knows and who in GUESSERS and thing != guess(thing):
        nowhere = address_of(row, guess(thing))
        there, guessed = (
            told(answer, thing),
            told(asked.ask(who, method, nowhere, form_of(row)), guess(thing)),
        )
        if there != guessed:
            yield f"{cell}: told from what does not exist: {difference(there, guessed)}"


# The link of the machine notes that its person came in.
LETS_IN = {"enter"}
# Who guesses keys: one of each kind of people that are refused.
GUESSERS = {
    NOBODY,
    ("reader", "wide"),
    ("partner", "home"),
    ("partner", "other"),
    ("district", "away"),
    ("researcher", "wide"),
}
# The program that keeps pages holds nothing of anybody; who asks `offline_state` is told to no cache at all.
SAME_FOR_ALL = {"offline_worker", "offline_state"}


def test_every_address_stands_in_the_table() -> None:
    written = {*NAMES, *ACCOUNTS}
    assert named() - written == set(), "addresses for which nobody said who may ask"
    assert written - named() == set(), "rows for addresses that are gone"


@pytest.mark.parametrize("name", NAMES)
def test_everybody_is_answered_as_the_table_says(name: str, asked: Asked) -> None:
    wrong = [
        said
        for row in TABLE if row.name == name
        for method in ("GET", "POST")
        for who in row.asked_by(method)
        for said in wrong_cells(asked, row, who, method)
    ]  # fmt: skip
    assert not wrong, "\n".join(wrong)


# Of links and of other houses, which nobody here has.
MADE_UP = {
    "account_confirm_email": {"key": "abc"}, "account_reset_password_from_key": {"uidb36": "zz", "key": "set-password"},
    "openid_connect_login": {"provider_id": "nowhere"}, "openid_connect_callback": {"provider_id": "nowhere"},
}  # fmt: skip
# Nobody opens an account for themselves, whatever they send.
NEWCOMER = {"username": "inconnu", "password1": "un long secret 1", "password2": "un long secret 1"}


@pytest.mark.parametrize("name", ACCOUNTS)
def test_pages_of_the_account_ask_who_is_there_and_change_nothing_for_empty_forms(
    name: str, asked: Asked
) -> None:
    row = Row(name=name)
    address = address_of(row, MADE_UP.get(name, {})).replace("<path:rest>", "nowhere")
    form = NEWCOMER if name == "account_signup" else {}
    for who in FEW:
        expected = ACCOUNTS[name][:2] if who == VISITOR else ACCOUNTS[name][2:]
        answers = [asked.ask(who, method, address, form) for method in ("GET", "POST")]
        assert tuple(answer.status for answer in answers) == expected, f"{name} as {' '.join(who)}"
        assert not any(answer.wrote for answer in answers), f"{name} as {' '.join(who)} wrote"


def test_no_file_is_served_beside_the_addresses(asked: Asked) -> None:
    from django.conf import settings

    name = asked.things["photo's file"](VISITOR)["file"]
    for who in FEW:
        assert asked.ask(who, "GET", f"{settings.MEDIA_URL}{name}").status == 404
        assert asked.ask(who, "GET", f"/static/../media/{name}").status == 404


def test_an_answer_kept_for_one_is_not_taken_for_anothers(asked: Asked) -> None:
    kept = {}
    for who in (VISITOR, ("partner", "home"), ("national", "wide")):
        browser = asked.browsers[who]
        for address in ("/", "/api/v1/tables"):
            response = browser.get(address, headers={"If-None-Match": kept.get(address, '"none"')})
            assert response.status_code == 200, f"{address}: {who[0]} is told that another's copy still holds"
            kept[address] = response.headers.get("ETag", kept.get(address, '"none"'))
