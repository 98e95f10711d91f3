"""Who may say what of a place, is it kept once and shown safely, and who is told?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import override_settings
from PIL import Image

from tests.hub.visitors import ROLES, person, stranger, visitor

NOW = datetime(2025, 2, 15, 12, 0, tzinfo=UTC)
READERS = set(ROLES) - {"reader", "donor"}
CLEARED = {"district", "facility", "region", "national", "administrator"}


@pytest.fixture(autouse=True)
def media(hub: None, tmp_path: Path) -> Iterator[Path]:
    """Photos of a test are gone after it."""
    with override_settings(MEDIA_ROOT=tmp_path / "media"):
        yield tmp_path / "media"


@pytest.fixture
def places(hub: None) -> dict[str, str]:
    """A district that is open, one beside it, and one under a security flag."""
    from kalanso.hub.people.models import PlaceMirror

    found = list(PlaceMirror.objects.filter(level="district").order_by("code"))
    open_ = [place for place in found if not place.flagged]
    # The small country flags none: the flag is set here as the mirror of a flagged country has it.
    flagged = open_.pop()
    PlaceMirror.objects.filter(path__startswith=flagged.path).update(flagged=True)
    return {"here": open_[0].code, "there": open_[1].code, "flagged": flagged.code}


def say(by: Any, place: str, text: str = "La piste est coupée.", **options: Any) -> Any:
    from kalanso.hub.people.actions.discussion import write_comment

    given = {"key": uuid4(), "written": NOW, "now": NOW} | options
    return write_comment(by=by, object_type="place", object_id=place, place_code=place, text=text, **given)


def picture(size: tuple[int, int] = (2400, 1200), form: str = "JPEG", **options: Any) -> bytes:
    out = BytesIO()
    Image.effect_noise(size, 12).convert("RGB").save(out, form, **options)
    return out.getvalue()


@pytest.mark.parametrize("where", ["here", "there", "flagged"])
@pytest.mark.parametrize("home", ["", "here", "there", "flagged"])
@pytest.mark.parametrize("role", ROLES)
def test_each_role_reads_and_writes_just_where_its_rule_says(
    role: str, home: str, where: str, places: dict[str, str]
) -> None:
    from kalanso.hub.people.queries.subjects import may_read, readers_among, subject

    who, at, author = person(role, places.get(home, "")), places[where], person("administrator")
    comment = say(author, at, "Une rupture de trois semaines.", photo=picture((40, 30)), photo_alt="Un frigo")
    near = home in {"", where}
    reads = role in READERS and (where != "flagged" or (role in CLEARED and near))
    everywhere = role in {"national", "administrator", "researcher", "editor"} and home == ""
    writes = reads and (everywhere or near)
    withdraws = reads and near and role in {"district", "region", "national", "administrator"}
    client = visitor(role, places.get(home, ""))

    page = client.get(f"/discussion/place/{at}/")
    image = client.get(f"/commentaires/{comment.key}/photo/")
    change = client.get(f"/commentaires/{comment.key}/modifier/")
    withdraw = client.get(f"/commentaires/{comment.key}/retirer/")
    sent = client.post(f"/discussion/place/{at}/ecrire/", {"key": str(uuid4()), "text": "Vu."})
    followed = client.post(f"/discussion/place/{at}/suivre/", {"suivre": "oui"})

    assert may_read(who, subject("place", at)) == reads
    assert readers_among([who], subject("place", at)) == ([who] if reads else [])
    assert page.status_code == image.status_code == (200 if reads else 404)
    assert ("Une rupture" in page.content.decode()) == reads
    if reads:
        list(image)
    assert change.status_code == (403 if reads and who.pk != author.pk else 200 if reads else 404)
    assert withdraw.status_code == (404 if not reads else 200 if withdraws or who.pk == author.pk else 403)
    assert sent.status_code == (302 if writes else 403 if reads else 404)
    assert followed.status_code == (302 if reads else 404)
    if not writes:
        with pytest.raises(PermissionDenied):
            say(who, at)


def test_a_stranger_is_led_to_the_login_and_learns_nothing(places: dict[str, str]) -> None:
    comment = say(person("administrator"), places["here"], photo=picture((40, 30)), photo_alt="Un frigo")
    for address in (
        f"/discussion/place/{places['here']}/", f"/commentaires/{comment.key}/photo/", f"/commentaires/{uuid4()}/photo/",
        f"/commentaires/{comment.key}/modifier/", f"/commentaires/{comment.key}/retirer/",
    ):  # fmt: skip
        answer = stranger().get(address)
        assert answer.status_code == 302
        assert answer["Location"].startswith("/compte/login/")


def test_a_photo_lies_at_no_address_of_the_web_server(places: dict[str, str], media: Path) -> None:
    comment = say(person("administrator"), places["here"], photo=picture((40, 30)), photo_alt="Un frigo")
    assert (media / comment.photo.name).is_file()
    for address in (
        f"/fichiers/{comment.photo.name}",
        f"/media/{comment.photo.name}",
        f"/static/{comment.photo.name}",
    ):
        assert visitor("administrator").get(address).status_code == 404


def test_what_is_written_twice_is_kept_once(places: dict[str, str]) -> None:
    from kalanso.hub.people.models import Comment, Event, Notification

    key, by = uuid4(), person("national")
    first = say(by, places["here"], "Bonjour @administrator-all-house", key=key)
    person("administrator")
    again = say(by, places["here"], "Bonjour @administrator-all-house", key=key)

    assert first == again
    assert Comment.objects.filter(key=key).count() == 1
    assert Event.objects.filter(verb="people.commented", object_id=str(first.pk)).count() == 1
    assert Notification.objects.filter(address__endswith=f"-{first.pk}").count() <= 1


def test_the_key_of_somebody_else_is_refused(places: dict[str, str]) -> None:
    key = uuid4()
    say(person("national"), places["here"], key=key)
    with pytest.raises(ValidationError, match="marque"):
        say(person("administrator"), places["here"], key=key)
    with pytest.raises(ValidationError, match="marque"):
        say(person("national"), places["there"], key=key)


@pytest.mark.parametrize(("text", "why"), [("  \n ", "Écrivez"), ("x" * 4001, "4001")])
def test_a_text_that_says_nothing_or_too_much_is_refused(text: str, why: str, places: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match=why):
        say(person("national"), places["here"], text)


def test_only_what_exists_can_be_discussed_and_at_its_own_place(places: dict[str, str]) -> None:
    from kalanso.hub.people.actions.discussion import write_comment

    given = {"by": person("national"), "key": uuid4(), "text": "x", "written": NOW, "now": NOW}
    with pytest.raises(ValidationError, match="plus publié"):
        write_comment(object_type="place", object_id="ML-X", place_code="ML-X", **given)
    with pytest.raises(ValidationError, match="plus publié"):
        write_comment(object_type="people.person", object_id="1", place_code="", **given)
    with pytest.raises(ValidationError, match="changé de lieu"):
        write_comment(object_type="place", object_id=places["flagged"], place_code=places["here"], **given)


XSS = (
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "javascript:alert(1)", "https://x.org/\"onmouseover=alert(1)",
    "https://x.org/'><svg/onload=alert(1)>", "@a<b>c", "&lt;script&gt;", "https://x.org/<script>", "{{ 7|add:7 }} {% now 'Y' %}",
    "http://x.org/`onclick=1", "data:text/html,<script>1</script>", "</p></article><h1>x", "https://a.b/?q=<iframe src=//evil>",
)  # fmt: skip


@pytest.mark.parametrize("text", XSS)
def test_no_markup_of_a_writer_reaches_a_page(text: str, places: dict[str, str]) -> None:
    from html.parser import HTMLParser

    found: list[tuple[str, dict[str, str | None]]] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.append((tag, dict(attrs)))

    say(person("national"), places["here"], f"avant {text}\n\n{text} après")
    page = visitor("national").get(f"/discussion/place/{places['here']}/").content.decode()
    written = page[page.index("<article") : page.index("</article>")]
    Reader().feed(written)

    tags = {tag for tag, _ in found}
    assert tags <= {"article", "p", "strong", "br", "a"}
    for _tag, attributes in found:
        assert set(attributes) <= {"id", "class", "href", "rel"}
        assert (attributes.get("href") or "/").startswith(("/", "https://", "http://"))
    assert page.count("<h1") == 1


def test_a_photo_with_a_wicked_name_or_words_is_shown_safely(places: dict[str, str]) -> None:
    comment = say(
        person("national"), places["here"], photo=picture((40, 30)), photo_alt='"><script>1</script>'
    )
    page = visitor("national").get(f"/discussion/place/{places['here']}/").content.decode()
    assert "<script>1" not in page
    assert comment.photo.name.endswith(".jpg")


def test_a_photo_says_its_size_so_that_the_page_does_not_jump(places: dict[str, str]) -> None:
    say(person("national"), places["here"], photo=picture((2400, 1200)), photo_alt="Un frigo")
    page = visitor("national").get(f"/discussion/place/{places['here']}/").content.decode()
    assert 'width="1600" height="800" loading="lazy"' in page


def test_photos_of_before_are_measured_and_a_lost_one_is_passed_over(
    places: dict[str, str], media: Path
) -> None:
    from importlib import import_module

    from django.apps import apps

    from kalanso.hub.people.models import Comment

    for name in ("Un frigo", "Une piste"):
        say(person("national"), places["here"], photo=picture((40, 30)), photo_alt=name)
    Comment.objects.update(photo_width=None, photo_height=None, photo_bytes=None)
    kept, lost = Comment.objects.exclude(photo="").order_by("pk")
    (media / lost.photo.name).unlink()

    import_module("kalanso.hub.people.migrations.0003_photo_size").measure(apps, None)

    kept.refresh_from_db()
    lost.refresh_from_db()
    assert (kept.photo_width, kept.photo_height) == (40, 30)
    assert lost.photo_width is None


def test_links_and_paragraphs_are_shown_as_they_were_meant() -> None:
    from kalanso.hub.people.queries.discussion import paragraphs

    shown = paragraphs("Voir https://dhis2.org/a?b=1&c=2.\nSuite @awa.\n\nFin @inconnu", ["awa"])

    assert '<a href="https://dhis2.org/a?b=1&amp;c=2" rel="nofollow noopener noreferrer ugc">' in shown
    assert shown.count("<p>") == 2
    assert "<br>Suite <strong>@awa</strong>." in shown
    assert "Fin @inconnu" in shown


def test_who_is_named_is_told_and_follows_from_then_on(places: dict[str, str]) -> None:
    from kalanso.hub.people.models import Notification, Subscription

    named, writer = person("district", places["here"], name="awa.t"), person("national")
    say(writer, places["here"], "Qu'en dis-tu, @Awa.T. ?")
    say(writer, places["here"], "Autre chose.")

    told = list(Notification.objects.filter(person=named).order_by("id").values_list("sentence", flat=True))
    assert told == ["people.mentioned", "people.commented"]
    assert Subscription.objects.filter(person=named, object_id=places["here"]).exists()
    assert not Notification.objects.filter(person=writer).exists()


def test_the_form_names_those_who_follow_and_may_read(places: dict[str, str]) -> None:
    by, near = person("national"), person("district", places["here"])
    far = person("reader")
    say(near, places["here"])
    from kalanso.hub.people.models import Subscription

    for one in (by, far):
        Subscription.objects.get_or_create(
            person=one, object_type="place", object_id=places["here"], defaults={"since": NOW}
        )
    page = visitor("national").get(f"/discussion/place/{places['here']}/").content.decode()
    fold = page.partition("Qui prévenir")[2].partition("</details>")[0]
    assert f"@{near.username}" in fold
    assert f"@{by.username}" not in fold
    assert f"@{far.username}" not in fold
    quiet = visitor("partner", places["there"]).get(f"/discussion/place/{places['here']}/").content.decode()
    assert "Qui prévenir" not in quiet


def test_the_form_offers_colleagues_before_anybody_wrote_the_nearest_first(places: dict[str, str]) -> None:
    from kalanso.hub.people.queries.discussion import to_name
    from kalanso.hub.people.queries.subjects import subject

    writer = person("national")
    here, there = (
        person("district", places["here"], name="zan"),
        person("district", places["there"], name="ba"),
    )
    far = person("district", places["here"], name="other", organisation="elsewhere")
    offered = [one.username for one in to_name(writer, subject("place", places["here"]))]

    assert offered[0] == here.username
    assert there.username not in offered
    assert far.username not in offered
    assert writer.username not in offered


@pytest.mark.parametrize("name", ["moussa", "personne"])
def test_a_name_that_reaches_nobody_is_told_to_the_writer_whether_it_exists_or_not(
    name: str, places: dict[str, str]
) -> None:
    person("reader", name="moussa")
    near = person("district", places["here"], name="awa")
    form = {"text": f"Qu'en dis-tu, @{name} ? Et @{near.username}.", "key": str(uuid4())}
    page = visitor("national").post(f"/discussion/place/{places['here']}/ecrire/", form, follow=True)

    said = page.content.decode()
    assert f"@{name}. Vérifiez" in said
    assert "Prévenus" in said


def test_people_who_may_not_see_the_place_are_not_told(places: dict[str, str]) -> None:
    from kalanso.hub.people.models import Mention, Notification

    outside = person("district", places["there"], name="moussa")
    donor = person("donor", name="jeanne")
    say(person("national"), places["flagged"], "Incident : @moussa @jeanne @personne")

    assert not Notification.objects.filter(person__in=[outside, donor]).exists()
    assert not Mention.objects.filter(person__in=[outside, donor]).exists()


def test_a_follower_who_loses_the_right_is_no_longer_told(places: dict[str, str]) -> None:
    from kalanso.hub.people.actions.discussion import follow
    from kalanso.hub.people.models import Notification, PlaceMirror
    from kalanso.hub.people.queries.subjects import subject

    follower = person("partner")
    follow(by=follower, about=subject("place", places["here"]), now=NOW)
    PlaceMirror.objects.filter(code=places["here"]).update(flagged=True)
    say(person("national"), places["here"])

    assert not Notification.objects.filter(person=follower).exists()


def test_following_can_be_ended_on_the_page(places: dict[str, str]) -> None:
    client, address = visitor("partner"), f"/discussion/place/{places['here']}/suivre/"
    client.post(address, {"suivre": "oui"})
    assert "Ne plus suivre" in client.get(f"/discussion/place/{places['here']}/").content.decode()
    client.post(address, {"suivre": "non"})
    assert "Suivre cette discussion" in client.get(f"/discussion/place/{places['here']}/").content.decode()


def test_a_change_names_who_was_not_named_before_and_tells_them_once(places: dict[str, str]) -> None:
    from kalanso.hub.people.actions.discussion import change_comment
    from kalanso.hub.people.models import Event, Notification

    named, writer = person("researcher", name="mariam"), person("national")
    comment = say(writer, places["here"], "Sans nom")
    changed = change_comment(by=writer, key=comment.key, text="Avec @mariam", version=1, now=NOW)
    change_comment(by=writer, key=comment.key, text="Toujours avec @mariam", version=2, now=NOW)

    assert changed.version == 2
    assert Notification.objects.filter(person=named).count() == 1
    event = Event.objects.filter(verb="people.comment_changed").last()
    assert event is not None
    assert (event.before["text"], event.after["text"]) == ("Sans nom", "Avec @mariam")


def test_a_change_over_another_change_shows_both_texts(places: dict[str, str]) -> None:
    comment = say(person("national"), places["here"], "premier")
    client, address = visitor("national"), f"/commentaires/{comment.key}/modifier/"
    client.post(address, {"version": 1, "text": "d'un autre appareil"})
    late = client.post(address, {"version": 1, "text": "mon texte"})

    assert late.status_code == 409
    assert "un autre appareil" in late.content.decode()
    assert "mon texte" in late.content.decode()
    assert 'name="version" value="2"' in late.content.decode()
    assert client.post(address, {"version": 2, "text": "mon texte"}).status_code == 302


def test_nobody_changes_the_words_of_another(places: dict[str, str]) -> None:
    from kalanso.hub.people.actions.discussion import change_comment

    comment = say(person("district", places["here"]), places["here"])
    with pytest.raises(PermissionDenied):
        change_comment(by=person("administrator"), key=comment.key, text="faux", version=1, now=NOW)
    answer = visitor("administrator").post(
        f"/commentaires/{comment.key}/modifier/", {"version": 1, "text": "faux"}
    )
    assert answer.status_code == 403


def test_a_withdrawn_comment_shows_neither_text_nor_photo_and_stays_in_the_trail(
    places: dict[str, str],
) -> None:
    from kalanso.hub.people.actions.discussion import change_comment
    from kalanso.hub.people.models import Event

    writer = person("national")
    comment = say(writer, places["here"], "à retirer", photo=picture((40, 30)), photo_alt="Un frigo")
    client = visitor("national")
    answer = client.post(f"/commentaires/{comment.key}/retirer/", {"reason": "erreur de lieu"})

    assert answer.status_code == 302
    page = client.get(f"/discussion/place/{places['here']}/").content.decode()
    assert "à retirer" not in page
    assert "Un frigo" not in page
    assert "Commentaire retiré" in page
    assert client.get(f"/commentaires/{comment.key}/photo/").status_code == 404
    assert Event.objects.get(verb="people.comment_withdrawn").reason == "erreur de lieu"
    with pytest.raises(ValidationError, match="retiré"):
        change_comment(by=writer, key=comment.key, text="encore", version=2, now=NOW)


def test_an_answer_to_an_answer_stands_under_the_same_head(places: dict[str, str]) -> None:
    by = person("national")
    head = say(by, places["here"], "tête")
    answer = say(by, places["here"], "réponse", answers=head)
    deeper = say(by, places["here"], "encore", answers=answer)

    assert deeper.answers == head
    with pytest.raises(ValidationError, match="même chose"):
        say(by, places["there"], "ailleurs", answers=head)
    page = visitor("national").get(f"/discussion/place/{places['here']}/").content.decode()
    assert page.index("tête") < page.index("réponse") < page.index("encore")


def test_a_photo_loses_where_and_with_what_it_was_taken_and_stands_upright() -> None:
    from kalanso.hub.people.actions.photos import clean_photo

    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0x010F] = "TelephoneMaker"
    exif.get_ifd(0x8825).update({1: "N", 2: (14.0, 29.0, 9.0), 3: "W", 4: (4.0, 11.0, 44.0)})
    given = picture((2400, 1200), exif=exif, comment=b"secret comment", icc_profile=b"secret profile")
    assert b"TelephoneMaker" in given

    cleaned = clean_photo(given)

    with Image.open(BytesIO(cleaned)) as image:
        assert image.format == "JPEG"
        assert image.size == (800, 1600)
        assert not image.getexif()
        assert "icc_profile" not in image.info
        assert "comment" not in image.info
    assert b"TelephoneMaker" not in cleaned
    assert b"secret" not in cleaned
    assert len(cleaned) <= 300_000


@pytest.mark.parametrize("form", ["PNG", "WEBP", "JPEG"])
def test_photos_of_each_usual_kind_become_small_jpegs(form: str) -> None:
    from kalanso.hub.people.actions.photos import clean_photo

    with Image.open(BytesIO(clean_photo(picture((1000, 700), form)))) as image:
        assert (image.format, image.size) == ("JPEG", (1000, 700))


def bomb() -> bytes:
    """A small PNG that says it has 40,000 x 40,000 points."""
    import struct
    import zlib

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 40_000, 40_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    "given",
    [b"", b"not a photo", b"<svg onload='alert(1)'/>", b"GIF89a" + b"\0" * 40, picture((40, 30), "BMP"), picture((40, 30))[:200],
     b"%PDF-1.7", b"<html><script>1</script></html>", bomb(), b"\xff\xd8\xff" + b"a" * 12_000_001],
    ids=["empty", "text", "svg", "gif", "bmp", "cut short", "pdf", "html", "bomb", "too heavy"],
)  # fmt: skip
def test_what_is_no_photo_or_a_trap_is_refused_with_a_sentence(given: bytes, places: dict[str, str]) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    from kalanso.hub.people.models import Comment

    form = {
        "key": str(uuid4()),
        "text": "Voici",
        "photo_alt": "x",
        "photo": SimpleUploadedFile("x.jpg", given, "image/jpeg"),
    }
    answer = visitor("national").post(f"/discussion/place/{places['here']}/ecrire/", form)

    assert answer.status_code == 422
    assert 'class="error"' in answer.content.decode()
    assert not Comment.objects.filter(key=form["key"]).exists()


def test_a_photo_without_words_for_who_does_not_see_it_is_sent_back(places: dict[str, str]) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    form = {
        "key": str(uuid4()),
        "text": "Voici",
        "photo": SimpleUploadedFile("x.jpg", picture((40, 30)), "image/jpeg"),
    }
    answer = visitor("national").post(f"/discussion/place/{places['here']}/ecrire/", form)
    assert answer.status_code == 422
    assert "Dites en une phrase" in answer.content.decode()
    with pytest.raises(ValidationError, match="Dites en une phrase"):
        say(person("national"), places["here"], photo=picture((40, 30)))


def test_a_photo_is_sent_as_a_picture_only_and_not_again_while_unchanged(places: dict[str, str]) -> None:
    comment = say(person("national"), places["here"], photo=picture((40, 30)), photo_alt="Un frigo")
    client, address = visitor("national"), f"/commentaires/{comment.key}/photo/"
    answer = client.get(address)
    assert (answer["Content-Type"], answer["X-Content-Type-Options"]) == ("image/jpeg", "nosniff")
    assert answer["Cache-Control"] == "private, no-cache"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert b"".join(answer)[:3] == b"\xff\xd8\xff"

    assert client.get(address, headers={"if-none-match": answer["ETag"]}).status_code == 304
    other = visitor("donor").get(address, headers={"if-none-match": answer["ETag"]})
    assert other.status_code == 404


def test_the_page_of_a_place_carries_its_discussion(places: dict[str, str], quick_hand: Any) -> None:
    say(person("national"), places["here"], "Vu sur le terrain")
    seen = visitor("national").get(f"/lieux/{places['here']}/").content.decode()
    closed = visitor("partner").get(f"/lieux/{places['flagged']}/").content.decode()

    assert "Vu sur le terrain" in seen
    assert 'data-offline="people.comment"' in seen
    assert "réservée aux équipes de ce lieu" in closed
    assert 'data-offline="people.comment"' not in closed


@pytest.mark.parametrize(
    ("who", "place", "offered"),
    [
        (("partner",), "here", True), (("partner",), "flagged", False), (("partner", "there"), "here", False),
        (("national",), "flagged", True), (("donor",), "here", None),
    ],
)  # fmt: skip
def test_a_place_offers_to_comment_only_where_a_comment_is_taken(
    places: dict[str, str], quick_hand: Any, who: tuple[str, ...], place: str, offered: bool | None
) -> None:
    client = visitor(who[0], places[who[1]] if who[1:] else "")
    seen = client.get(f"/lieux/{places[place]}/").content.decode()

    assert ('href="#ecrire"' in seen) is bool(offered)
    assert ('id="ecrire"' in seen) is bool(offered)
    assert ("Commenter ce lieu est réservé à ses équipes" in seen) is (offered is False)


def test_a_long_discussion_costs_no_query_more_than_a_short_one(places: dict[str, str]) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client, address = visitor("national"), f"/discussion/place/{places['here']}/"

    def asked() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get(address).status_code == 200
        return len(queries)

    say(person("national"), places["here"])
    few = asked()
    for number in range(15):
        say(person("national"), places["here"], f"numéro {number} @national-all-house")

    assert asked() <= few


def test_telling_many_followers_asks_no_more_than_telling_few(places: dict[str, str]) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from kalanso.hub.people.actions.discussion import follow
    from kalanso.hub.people.models import Notification
    from kalanso.hub.people.queries.subjects import subject

    about, writer = subject("place", places["here"]), person("national")

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            say(writer, places["here"])
        return len(queries)

    asked()
    few = asked()
    for number in range(12):
        follow(by=person("partner", name=f"follower{number}"), about=about, now=NOW)

    assert asked() <= few + 1  # the notifications themselves are one question
    assert Notification.objects.filter(sentence="people.commented").count() == 12


def test_a_telephone_whose_clock_runs_ahead_writes_no_comment_of_tomorrow(places: dict[str, str]) -> None:
    comment = say(person("national"), places["here"], written=NOW + timedelta(days=3))
    assert comment.written <= NOW + timedelta(minutes=10)


def test_a_form_of_another_site_adds_nothing(places: dict[str, str]) -> None:
    from django.test import Client

    from kalanso.hub.people.models import Comment

    client = Client(HTTP_HOST="127.0.0.1", enforce_csrf_checks=True)
    client.force_login(person("national"))
    key = UUID(int=7)
    answer = client.post(f"/discussion/place/{places['here']}/ecrire/", {"key": str(key), "text": "x"})
    assert answer.status_code == 403
    assert not Comment.objects.filter(key=key).exists()
