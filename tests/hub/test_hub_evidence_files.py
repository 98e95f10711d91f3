"""Is a file taken for what it is, whatever it calls itself, and refused aloud where it is none of ours?"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest

from tests.hub import desk
from tests.hub.test_hub_pages import text_of
from tests.hub.visitors import visitor


@pytest.fixture(autouse=True)
def data(hub: None, tmp_path: Path) -> Iterator[Path]:
    from django.test import override_settings

    with override_settings(KALANSO_DATA=tmp_path / "data"):
        yield tmp_path / "data"


def workbook(**more: bytes) -> bytes:
    """A small workbook, with further entries in its archive."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (("Aire de santé", "Mois", "Penta 1", "Penta 3"), ("Ndébougou", "2025-01", 34, 30)):
        sheet.append(row)
    stream = io.BytesIO()
    book.save(stream)
    with zipfile.ZipFile(stream, "a", zipfile.ZIP_DEFLATED) as archive:
        for name, content in more.items():
            archive.writestr(name.replace("__", "/").replace("_bin", ".bin"), content)
    return stream.getvalue()


BOMB = workbook(xl__media__big_bin=b"\x00" * (60 << 20))
SAFE_NAMES = {
    "../../etc/passwd.csv": "passwd.csv",
    "..\\\\..\\\\windows\\\\rapport.csv": "rapport.csv",
    ".htaccess": "fichier.csv",
    "rapport\r\nSet-Cookie: x.csv": "rapport__Set-Cookie_ x.csv",
    "<script>alert(1)</script>.csv": "script.csv",
    "a" * 200 + ".csv": "a" * 80 + ".csv",
    "Données été.xlsx": "Données été.csv",
    "con.csv.exe": "con.csv.csv",
}


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (b"", "vide.csv", "Ce fichier est vide"),
        (b"<!doctype html><html><body>Connexion</body></html>", "export.csv", "page web"),
        (b"<?xml version='1.0'?><x/>", "export.csv", "XML"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "ancien.xlsx", ".xls"),
        (b"%PDF-1.7 rapport", "rapport.csv", "rapport.csv"),
        (b"\x1f\x8b\x08\x00zip", "rapport.csv", "rapport.csv"),
        (b"PK\x03\x04abc", "abime.xlsx", "Ce classeur est abîmé"),
        (workbook(xl__vbaProject_bin=b"x"), "macros.xlsx", "contient des macros"),
    ],
)  # fmt: skip
def test_what_is_no_table_is_refused_at_once(
    content: bytes, name: str, said: str, niono: str, data: Path
) -> None:
    from kalanso.hub.evidence.models import Upload

    response = desk.bring(visitor("district", niono), niono, desk.file(content, name))

    assert response.status_code == 422
    assert said in text_of(response)
    assert not Upload.objects.exists()
    assert not list(data.glob("uploads/*"))


def test_an_archive_that_is_no_workbook_is_refused(niono: str) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("photo.jpg", b"x")
    response = desk.bring(visitor("district", niono), niono, desk.file(stream.getvalue(), "photos.xlsx"))

    assert response.status_code == 422
    assert "ni un classeur .xlsx ni un texte CSV" in text_of(response)


def test_a_workbook_that_unpacks_beyond_measure_is_refused_by_the_worker(niono: str) -> None:
    client = visitor("district", niono)
    assert desk.bring(client, niono, desk.file(BOMB, "bombe.xlsx")).status_code == 302
    desk.work()
    upload = desk.newest()

    assert upload.state == "refused"
    assert upload.job.state == "failed"
    assert (
        upload.fault["fr"] in text_of(client.get(f"/preuves/depot/{upload.pk}/")).replace("'", "’")
        or upload.fault
    )


def test_a_workbook_that_admits_its_size_is_refused_at_once(
    niono: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kalanso.hub.evidence.forms import uploads

    monkeypatch.setattr(uploads, "UNPACKED", 1 << 20)
    response = desk.bring(visitor("district", niono), niono, desk.file(BOMB, "bombe.xlsx"))

    assert response.status_code == 422
    assert "bien trop grand une fois ouvert" in text_of(response)


def test_a_request_that_is_too_large_is_kept_nowhere(niono: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from kalanso.hub.evidence.forms import uploads
    from kalanso.hub.evidence.models import Upload

    monkeypatch.setattr(uploads, "LARGEST", 1000)
    monkeypatch.setattr(uploads, "FORM_AROUND", 500)
    response = desk.bring(visitor("district", niono), niono, desk.file("a;b\n" * 2000))

    assert response.status_code == 422
    assert "dépasse 200 Mo" in text_of(response)
    assert not Upload.objects.exists()


@pytest.mark.parametrize("name", sorted(SAFE_NAMES))
def test_a_name_keeps_neither_folders_nor_tricks(name: str) -> None:
    from kalanso.hub.evidence.forms.uploads import clean_name

    assert clean_name(name, "csv") == SAFE_NAMES[name]


def test_a_file_is_kept_outside_everything_that_is_served(niono: str, data: Path) -> None:
    from django.conf import settings

    desk.bring(visitor("district", niono), niono, desk.file(desk.SHEET, "../../rapport.csv"))
    upload = desk.newest()

    assert upload.path == data / "uploads" / str(upload.pk) / "rapport.csv"
    assert upload.path.read_text(encoding="utf-8") == desk.SHEET
    assert upload.path.stat().st_mode & 0o777 == 0o600
    for served in (settings.MEDIA_ROOT, settings.STATIC_ROOT):
        assert not upload.path.is_relative_to(Path(served))


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + desk.SHEET.encode(),
        desk.SHEET.encode("cp1252"),
        desk.SHEET.replace(";", ",").encode(),
        desk.SHEET.replace(";", "\t").encode("utf-16"),
    ],
    ids=["mark", "windows", "commas", "utf-16"],
)
def test_a_text_is_read_in_any_of_the_usual_encodings(content: bytes, niono: str) -> None:
    desk.bring(visitor("district", niono), niono, desk.file(content))
    desk.work()
    upload = desk.newest()

    assert upload.state == "mapping", upload.fault
    assert [column["heading"] for column in upload.reading["columns"]][:2] == ["Aire de santé", "Mois"]
    assert upload.column_map["place"]["level"] == "health_area"


def test_a_workbook_is_read_and_another_of_its_sheets_on_request(niono: str) -> None:
    book = openpyxl.load_workbook(io.BytesIO(workbook()))
    other = book.create_sheet("Février")
    other.append(("Aire de santé", "Mois", "VAR 1"))
    other.append(("Kalawèrè", "2025-02", 5))
    stream = io.BytesIO()
    book.save(stream)
    client = visitor("district", niono)
    desk.bring(client, niono, desk.file(stream.getvalue(), "deux.xlsx"))
    desk.work()
    upload = desk.newest()
    client.post(f"/preuves/depot/{upload.pk}/relire/", {"sheet": "Février"})
    desk.work()
    upload.refresh_from_db()

    assert (upload.kind, upload.reading["sheet"]) == ("xlsx", "Février")
    assert [column["heading"] for column in upload.reading["columns"]] == ["Aire de santé", "Mois", "VAR 1"]


def test_letters_that_were_lost_are_a_refusal_that_says_so(niono: str) -> None:
    client = visitor("district", niono)
    desk.bring(client, niono, desk.file(desk.SHEET.encode().replace("é".encode(), "\ufffd".encode())))
    desk.work()
    upload = desk.newest()

    assert upload.state == "refused"
    assert set(upload.fault) == {"fr", "en"}


def test_headings_are_shown_as_text_never_as_code(niono: str) -> None:
    client = visitor("district", niono)
    sheet = "Aire de santé;Mois;<img src=x onerror=alert(1)>\nNdébougou;2025-01;<script>x</script>\n"
    desk.bring(client, niono, desk.file(sheet, "x<b>.csv"))
    desk.work()
    page = client.get(f"/preuves/depot/{desk.newest().pk}/colonnes/").content.decode()

    assert "<script>x" not in page
    assert "<img src=x" not in page
    assert "&lt;script&gt;x" in page


def test_columns_that_contradict_each_other_are_told_beside_the_form(niono: str) -> None:
    client = visitor("district", niono)
    desk.bring(client, niono)
    desk.work()
    upload = desk.newest()
    told = desk.answers(client, upload, c1="place.name", level="")
    response = client.post(f"/preuves/depot/{upload.pk}/colonnes/", told)
    upload.refresh_from_db()

    assert response.status_code == 422
    assert upload.state == "mapping"
    without_period = client.post(
        f"/preuves/depot/{upload.pk}/colonnes/", desk.answers(client, upload, c1="ignore", c2="number")
    )
    assert without_period.status_code == 422
    assert "période" in text_of(without_period)


def test_a_map_that_the_table_belies_comes_back_with_the_reason(niono: str) -> None:
    client = visitor("district", niono)
    desk.bring(client, niono)
    desk.work()
    upload = desk.newest()
    client.post(
        f"/preuves/depot/{upload.pk}/colonnes/", desk.answers(client, upload, c2="ignore", c3="ignore")
    )
    desk.work()
    upload.refresh_from_db()

    assert upload.state == "mapping"
    assert "aucune colonne ne contient de nombres" in text_of(
        client.get(f"/preuves/depot/{upload.pk}/colonnes/")
    )
