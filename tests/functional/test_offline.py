"""Do people lose nothing where there is no network, and does nobody else on the telephone see what is theirs?

In a real browser, over a real server: pages kept, messages written without network, cut connections, wrong
codes, a shared telephone, a file that goes to another device.
"""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.functional import telephone
from tests.functional.telephone import (
    CODE,
    SENT,
    begin,
    cut_sending,
    enter,
    give_code,
    press_send,
    send_after_cut,
    until,
    wait_sent,
    waiting,
)

pytestmark = pytest.mark.browser

PLACE = "/lieux/ML-D0001/"


def opened(context: Any, path: str = PLACE) -> Any:
    return telephone.opened(context, path)


def photo() -> dict[str, Any]:
    from PIL import Image

    out = BytesIO()
    Image.effect_noise((2400, 1800), 12).convert("RGB").save(out, "JPEG", quality=92)
    return {"name": "seance.jpg", "mimeType": "image/jpeg", "buffer": out.getvalue()}


def unfold(page: Any) -> None:
    """Open the folded form of a comment as a person does: by the button that leads to it."""
    if not page.is_visible("#ecrire"):
        page.click("a[href='#ecrire']")


def write(page: Any, text: str, *, with_photo: bool = False) -> None:
    unfold(page)
    page.fill("#ecrire textarea", text)
    if with_photo:
        page.set_input_files("#ecrire input[type=file]", photo())
        page.fill("#ecrire [name=photo_alt]", "La séance sous le manguier")
    page.click("#ecrire button:not([type=button])")


def refusal(page: Any) -> str:
    """Return why a code was refused, once that is said."""
    place = page.locator("#boite-code-faux")
    until(page, "document.getElementById('boite-code-faux').textContent !== ''")
    said = place.inner_text()
    page.evaluate("document.getElementById('boite-code-faux').textContent = ''")
    return str(said)


def comments_with(context: Any, text: str) -> int:
    page = context.new_page()
    page.goto("/discussion/place/ML-D0001/")
    found = page.locator(".thread p", has_text=text).count()
    page.close()
    return found


def test_a_comment_with_a_photo_written_without_network_is_sent_once_after_the_page_was_closed(
    phone: Any,
) -> None:
    context, text = phone(), f"piste coupée {uuid4()}"
    opened(context).close()

    context.set_offline(True)
    page = opened(context)
    assert "copie gardée" in page.inner_text("#copie-gardee")
    write(page, text, with_photo=True)
    give_code(page)
    page.wait_for_selector(".boite-reponse.caveat")
    assert [row["state"] for row in waiting(page)] == ["waiting"]
    page.close()
    page = opened(context)
    until(page, "document.getElementById('boite-envoie').textContent === 'Envoyer (1)'")
    context.set_offline(False)
    press_send(page)
    wait_sent(page)

    assert comments_with(context, text) == 1
    page.goto("/discussion/place/ML-D0001/")
    article = page.locator("article", has_text=text)
    image = article.locator("img")
    assert not image.evaluate("one => one.complete && one.naturalWidth")  # nobody pays for it unasked
    article.locator("summary").click()
    assert (
        image.evaluate("one => one.decode().then(() => Math.max(one.naturalWidth, one.naturalHeight))")
        == 1600
    )


def test_it_leaves_by_itself_when_the_network_comes_back(phone: Any) -> None:
    context, text = phone(), f"rupture {uuid4()}"
    page = opened(context)
    context.set_offline(True)
    write(page, text)
    give_code(page)
    page.wait_for_selector(".boite-reponse.caveat")

    context.set_offline(False)
    wait_sent(page)

    assert comments_with(context, text) == 1


def test_two_messages_in_a_row_are_both_kept_while_the_first_is_on_its_way(phone: Any) -> None:
    context, mark = phone(), str(uuid4())
    page = opened(context)
    begin(page)
    held: list[Any] = []
    page.route(SENT, lambda route: held.append(route) if not held else route.continue_())

    write(page, f"premier {mark}")
    page.wait_for_selector(".boite-reponse.caveat")
    until(page, "document.getElementById('boite-dit').textContent.startsWith('Envoi')")
    page.fill("#ecrire textarea", f"second {mark}")
    page.wait_for_timeout(500)
    held[0].continue_()
    until(page, "kalanso.outbox.rowsOf(kalanso.writing.person).then(all => all.length === 0)")
    assert page.input_value("#ecrire textarea") == f"second {mark}"  # what is being written stays
    with page.expect_response(SENT):
        page.click("#ecrire button:not([type=button])")
    wait_sent(page)

    assert comments_with(context, mark) == 2


def test_with_network_a_comment_asks_for_no_code(phone: Any) -> None:
    context, text = phone(), f"direct {uuid4()}"
    page = opened(context)

    write(page, text)
    page.wait_for_selector(f"article:has-text('{text}')")

    assert not page.is_visible("#boite-code")
    assert comments_with(context, text) == 1


@pytest.mark.parametrize("moment", ["before the server had it", "after the server answered"])
@pytest.mark.parametrize("box", ["open", "not there yet"])
def test_a_cut_in_the_middle_of_sending_loses_and_doubles_nothing(moment: str, box: str, phone: Any) -> None:
    context, text = phone(), f"coupure {uuid4()}"
    page = opened(context)
    if box == "open":
        begin(page)
    cuts = cut_sending(page, moment)
    write(page, text)
    if box != "open":
        give_code(page)
    send_after_cut(page)

    assert cuts
    assert comments_with(context, text) == 1


def test_a_wrong_code_costs_time_and_no_message(phone: Any) -> None:
    context, text = phone(), f"code {uuid4()}"
    page = opened(context)
    context.set_offline(True)
    write(page, text)
    give_code(page)
    page.wait_for_selector(".boite-reponse.caveat")
    page.evaluate("kalanso.outbox.lock()")

    page.click("#boite-envoie")
    said = []
    for _ in range(4):
        give_code(page, "pas le bon", first=False)
        said.append(refusal(page))
    give_code(page, CODE, first=False)
    last = refusal(page)

    assert said[0].startswith("Ce n’est pas le bon code.")
    assert "Attendez" in said[2]
    assert "Attendez" in last  # even the right one, for now
    assert len(waiting(page)) == 1
    page.evaluate("""async () => { const ask = indexedDB.open('kalanso', 1);
      const db = await new Promise(done => { ask.onsuccess = () => done(ask.result) });
      const keys = db.transaction('keys', 'readwrite').objectStore('keys'), all = keys.getAll();
      await new Promise(done => { all.onsuccess = () => { for (const row of all.result) keys.put({...row, until: 0}); done() } }) }""")
    context.set_offline(False)
    give_code(page, CODE, first=False)
    wait_sent(page)
    assert comments_with(context, text) == 1


def test_the_box_closes_after_five_minutes_without_a_touch(phone: Any) -> None:
    context = phone()
    page = opened(context)
    begin(page)
    assert page.evaluate("kalanso.outbox.isOpen(kalanso.writing.person)")

    page.evaluate("const now = Date.now; Date.now = () => now() + 5 * 60000 + 1000")

    assert not page.evaluate("kalanso.outbox.isOpen(kalanso.writing.person)")


def test_what_stands_on_the_telephone_is_encrypted(phone: Any) -> None:
    context = phone()
    page = opened(context)
    context.set_offline(True)
    write(page, "un secret du terrain")
    give_code(page)
    page.wait_for_selector(".boite-reponse.caveat")

    raw = page.evaluate("""async () => { const ask = indexedDB.open('kalanso', 1);
      const db = await new Promise(done => { ask.onsuccess = () => done(ask.result) }), found = [];
      for (const store of db.objectStoreNames) {
        const all = db.transaction(store).objectStore(store).getAll();
        await new Promise(done => { all.onsuccess = done });
        for (const row of all.result) {
          found.push(JSON.stringify(row), ...Object.values(row).filter(one => one instanceof ArrayBuffer).map(one => new TextDecoder('latin1').decode(one)));
          if (row.key instanceof CryptoKey) await crypto.subtle.exportKey('raw', row.key).then(() => found.push('KEY READ'), () => {});
        } }
      return found.join(' ') }""")

    assert raw
    assert "secret" not in raw
    assert CODE not in raw
    assert "KEY READ" not in raw


def test_another_person_on_the_same_telephone_sees_nothing(phone: Any) -> None:
    context, text = phone("ibrahim"), f"privé {uuid4()}"
    page = opened(context)
    context.set_offline(True)
    write(page, text)
    give_code(page)
    page.wait_for_selector(".boite-reponse.caveat")
    page.evaluate("kalanso.outbox.lock()")
    page.close()
    context.set_offline(False)
    first = context.request.get("/hors-ligne/etat/").json()["person"]

    enter(context, "oumar")
    page = opened(context, "/methode/")
    context.set_offline(True)
    page.goto(PLACE)
    assert "n’est pas gardée" in page.inner_text("main")
    assert "Bougouni" not in page.content()
    context.set_offline(False)
    page.goto("/hors-ligne/")
    until(page, "document.getElementById('bureau-dit').textContent === 'Rien n’attend sur ce téléphone.'")
    names = page.evaluate("caches.keys()")
    assert f"kalanso-pages-{first}" not in names
    assert not page.is_visible("#boite")
    page.close()

    enter(context, "ibrahim")
    page = opened(context, "/hors-ligne/")
    assert len(waiting(page)) == 1  # nothing was lost either
    page.click("#bureau-ouvre")
    give_code(page, first=False)
    wait_sent(page)
    assert comments_with(context, text) == 1


def test_the_box_closes_when_its_person_leaves(phone: Any) -> None:
    context = phone("ibrahim")
    page = opened(context, "/methode/")
    begin(page)
    page.close()

    enter(context, "oumar")
    page = opened(context, "/methode/")

    until(
        page,
        """new Promise(done => { indexedDB.open('kalanso').onsuccess = event => {
          event.target.result.transaction('open').objectStore('open').count().onsuccess = told => done(told.target.result === 0) } })""",
    )


def test_pages_are_emptied_at_logout_even_before_the_answer(phone: Any) -> None:
    context = phone()
    page = opened(context)
    until(page, "caches.keys().then(all => all.some(name => /^kalanso-pages-[1-9]/.test(name)))")
    page.goto("/compte/logout/")
    page.route("**/compte/logout/", lambda route: route.abort())

    page.click("main form button")
    page = context.new_page()
    context.set_offline(True)
    page.goto(PLACE)

    assert "n’est pas gardée" in page.inner_text("main")


def test_the_box_goes_to_another_device_in_an_encrypted_file(phone: Any, tmp_path: Path) -> None:
    context, text = phone(), f"par bluetooth {uuid4()}"
    page = opened(context)
    until(page, "caches.match('/hors-ligne/').then(Boolean)")
    context.set_offline(True)
    write(page, text, with_photo=True)
    give_code(page)
    page.wait_for_selector(".boite-reponse.caveat")
    page.goto("/hors-ligne/")
    with page.expect_download() as asked:
        page.click("#bureau-exporte")
        give_code(page, "code du fichier")
    file = tmp_path / asked.value.suggested_filename
    asked.value.save_as(file)
    assert text not in file.read_text()
    assert json.loads(file.read_text())["kalanso"] == "outbox"

    other = phone()
    desk = opened(other, "/hors-ligne/")
    desk.set_input_files("#bureau-fichier", file)
    give_code(desk, "code faux du fichier", first=False)
    until(desk, "document.getElementById('bureau-dit').textContent.includes('pas une boîte')")
    desk.set_input_files("#bureau-fichier", file)
    give_code(desk, "code du fichier", first=False)
    desk.wait_for_selector("#boite-code-encore:visible")
    give_code(desk, "autre code")
    until(desk, "document.getElementById('bureau-dit').textContent.startsWith('Repris')")
    wait_sent(desk)
    context.set_offline(False)
    wait_sent(page)

    assert comments_with(other, text) == 1


def test_a_file_of_somebody_else_is_not_opened(phone: Any, tmp_path: Path) -> None:
    context = phone("ibrahim")
    page = opened(context, "/hors-ligne/")
    begin(page)
    page.evaluate("kalanso.outbox.save({uuid: kalanso.outbox.uuid7(), person: kalanso.writing.person, form: 'x', version: 1, "
                  "captured_at: new Date().toISOString(), fields: {}, labels: {}, files: {}}, 'invalid')")  # fmt: skip
    with page.expect_download() as asked:
        page.click("#bureau-exporte")
        give_code(page, "code du fichier")
    asked.value.save_as(tmp_path / "x.kalanso")

    desk = opened(phone("mariam"), "/hors-ligne/")
    desk.set_input_files("#bureau-fichier", tmp_path / "x.kalanso")
    give_code(desk, "code du fichier", first=False)

    until(desk, "document.getElementById('bureau-dit').textContent.includes('autre personne')")
    assert waiting(desk) == []


def test_a_conflict_shows_both_versions_and_mine_can_take_the_place(phone: Any) -> None:
    context, mark = phone(), str(uuid4())
    page = opened(context)
    write(page, f"premier texte {mark}")
    page.wait_for_selector(f"article:has-text('{mark}')")
    change = page.locator("article", has_text=mark).locator("a", has_text="Modifier").get_attribute("href")
    here = opened(context, change)
    begin(here)
    there = context.new_page()
    there.goto(change)

    context.set_offline(True)
    here.fill("main textarea", f"ma version {mark}")
    here.click("main form button:not([type=button])")
    here.wait_for_selector(".boite-reponse.caveat")
    here.close()
    there.evaluate("kalanso.outbox.lock()")
    context.set_offline(False)
    there.fill("main textarea", f"autre version {mark}")
    there.click("main form button:not([type=button])")
    there.wait_for_selector(f"article:has-text('autre version {mark}')")
    desk = opened(context, "/hors-ligne/")
    desk.click("#bureau-ouvre")
    give_code(desk, first=False)
    desk.wait_for_selector("#bureau-liste blockquote")

    assert desk.inner_text("#bureau-liste blockquote") == f"autre version {mark}"
    assert desk.input_value("#bureau-liste textarea") == f"ma version {mark}"
    assert desk.is_visible("text=La version du site")
    desk.click("text=Mettre la mienne à la place")
    wait_sent(desk)
    assert comments_with(context, f"ma version {mark}") == 1
    assert comments_with(context, f"autre version {mark}") == 0


def test_a_refused_message_stays_with_its_reason_until_it_is_mended(phone: Any) -> None:
    context, mark = phone(), str(uuid4())
    page = opened(context)
    begin(page)
    page.evaluate("document.querySelector('#ecrire textarea').removeAttribute('maxlength')")
    write(page, "x" * 4001)
    until(page, "document.getElementById('boite-dit').textContent.includes('À revoir')")
    page.goto("/hors-ligne/")
    page.wait_for_selector("#bureau-liste .error")
    assert "4001 caractères" in page.inner_text("#bureau-liste .error")

    page.locator("#bureau-liste textarea").first.fill(f"plus court {mark}")
    page.click("text=Enregistrer et envoyer")
    wait_sent(page)

    assert comments_with(context, mark) == 1


def test_without_javascript_the_same_form_is_a_plain_form(phone: Any) -> None:
    context, text = phone(java_script_enabled=True), f"sans script {uuid4()}"
    plain = context.browser.new_context(
        base_url=context.request.get("/").url,
        java_script_enabled=False,
        storage_state=context.storage_state(),
    )
    page = plain.new_page()
    page.goto(PLACE)
    write(page, text, with_photo=True)
    page.wait_for_load_state()

    assert page.locator("article", has_text=text).locator("img").count() == 1
    plain.close()


def test_twenty_pages_at_most_are_kept_and_account_pages_never(phone: Any) -> None:
    context = phone()
    page = opened(context, "/methode/")
    for number in range(24):
        page.goto(f"/methode/?n={number}")
    page.goto("/compte/password/change/")
    until(page, "caches.match('/methode/?n=23').then(Boolean)")

    kept = page.evaluate("""async () => { const found = [];
      for (const name of await caches.keys()) if (name.startsWith('kalanso-pages-'))
        for (const one of await (await caches.open(name)).keys()) found.push(new URL(one.url).pathname);
      return found }""")
    assert len([path for path in kept if not path.startswith("/figures/")]) == 20
    assert not [path for path in kept if path.startswith("/compte/")]


# A moment after the last sending (the login), and a server that answers late.
SLOW = "(() => { sent = 0; const real = self.fetch; self.fetch = one => new Promise(done => setTimeout(done, 6000)).then(() => real(one)) })()"
IS_KEPT = "caches.match(location.href, {ignoreVary: true}).then(Boolean)"


def test_a_slow_page_gives_way_to_its_kept_copy_and_says_when_the_present_one_has_come(phone: Any) -> None:
    context = phone()
    page = opened(context, "/methode/")
    page.goto("/methode/")
    until(page, IS_KEPT)
    context.service_workers[0].evaluate(SLOW)

    page.goto("/methode/", timeout=15000)

    assert page.inner_text("#copie-gardee").startswith("Réponse lente")
    page.click("#copie-gardee a", timeout=15000)
    until(page, "!document.documentElement.dataset.kept && document.getElementById('copie-gardee').hidden")


def test_a_slow_page_whose_answer_never_comes_says_so(phone: Any) -> None:
    context = phone()
    page = opened(context, "/methode/")
    page.goto("/methode/")
    until(page, IS_KEPT)
    context.service_workers[0].evaluate(
        "void (sent = 0, self.fetch = () => new Promise((_, fail) => setTimeout(() => fail(new TypeError('cut')), 9000)))"
    )

    page.goto("/methode/", timeout=15000)

    assert page.evaluate("document.documentElement.dataset.keptBecause") == "slow"
    until(page, "document.getElementById('copie-gardee').textContent.startsWith('Pas de réseau')")


def test_who_has_just_sent_something_waits_for_the_page_that_shows_it(phone: Any) -> None:
    context = phone()
    page = opened(context, "/methode/")
    page.goto("/methode/")
    until(page, IS_KEPT)
    worker = context.service_workers[0]
    worker.evaluate(SLOW)
    worker.evaluate("sent = Date.now()")

    page.goto("/methode/", timeout=20000)

    assert page.locator("#copie-gardee").is_hidden()


def test_a_form_that_leads_to_another_query_of_the_same_page_goes_there_and_shows_the_place(
    phone: Any,
) -> None:
    """Reloading at once would undo the way there: the reader stood at the top, without a word."""
    page = opened(phone(), "/methode/")
    with page.expect_navigation(url="**/methode/?n=7#contenu"):
        page.evaluate("kalanso.writing.go('/methode/?n=7#contenu')")
    page.wait_for_load_state()

    assert page.evaluate("location.search + location.hash") == "?n=7#contenu"
