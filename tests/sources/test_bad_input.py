"""Is every faulty file refused aloud, naming the file, the row and the column?"""

from __future__ import annotations

import contextlib
import io
import zipfile
import zlib
from collections.abc import Callable
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kalanso.sources import mapped
from kalanso.sources.column_maps import ColumnMap, FileForm, Meaning, PeriodColumns, PlaceColumns
from kalanso.sources.faults import BadFile
from kalanso.sources.guesses import guess_map
from kalanso.sources.workbooks import Limits, open_workbook

LONG = ColumnMap(
    place=PlaceColumns(name="Aire"),
    period=PeriodColumns(column="Mois"),
    indicator="Indicateur",
    value="Valeur",
)
WIDE = ColumnMap(
    place=PlaceColumns(name="Aire"),
    period=PeriodColumns(column="Mois"),
    wide=("indicator",),
    indicators={"Penta 1": Meaning(indicator="dtp1_doses"), "BCG": Meaning(indicator="bcg_doses")},
)
HEAD = ["Aire", "Mois", "Indicateur", "Valeur"]


def xlsx(
    *rows: list[object], sheet: str = "Données", change: Callable[[openpyxl.Workbook], None] | None = None
) -> bytes:
    book = openpyxl.Workbook()
    book.active.title = sheet
    for row in rows:
        book.active.append(row)
    if change:
        change(book)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


GOOD = xlsx(HEAD, ["Boura", "2024-01", "BCG", 5], ["Boura", "2024-02", "BCG", 6])


def ole(*streams: str) -> bytes:
    """Build the first sectors of an OLE compound file with a directory of these streams."""
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 16 + b"\x3e\x00\x03\x00\xfe\xff\x09\x00"
    directory = b"".join(name.encode("utf-16-le").ljust(64, b"\x00").ljust(128, b"\x00") for name in streams)
    return (header.ljust(512, b"\x00") + directory).ljust(2048, b"\x00")


def with_entry(raw: bytes, name: str, content: bytes) -> bytes:
    stream = io.BytesIO(raw)
    with zipfile.ZipFile(stream, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return stream.getvalue()


def replaced(raw: bytes, old: bytes, new: bytes) -> bytes:
    """Return the workbook with a text replaced in its first sheet."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(raw)) as source,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for info in source.infolist():
            content = source.read(info)
            target.writestr(
                info.filename, content.replace(old, new) if "worksheets/sheet" in info.filename else content
            )
    return out.getvalue()


def refusal(
    tmp_path: Path, raw: bytes, name: str = "envoi.xlsx", column_map: ColumnMap = LONG, **options: Limits
) -> BadFile:
    file = tmp_path / name
    file.write_bytes(raw)
    with pytest.raises(BadFile) as caught:
        mapped.read(file, column_map=column_map, **options)
    for locale in ("fr", "en"):
        assert caught.value.render(locale).startswith(name)
        assert "{" not in caught.value.render(locale)
    return caught.value


@pytest.mark.parametrize(
    ("raw", "case"),
    [
        (b"", "empty"),
        (b" \n\n", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (GOOD[: len(GOOD) // 2], "damaged_workbook"),
        (GOOD[:-10], "damaged_workbook"),
        (b"PK\x03\x04 nothing else", "damaged_workbook"),
        (ole("EncryptionInfo", "EncryptedPackage"), "password"),
        (ole("Workbook"), "legacy_xls"),
        (b"<html><table><tr><td>1</td></tr></table>", "web_page"),
        (b"<?xml version='1.0'?><Workbook/>", "xml"),
        (b"%PDF-1.7 ...", "binary"),
        (bytes(range(256)) * 8, "binary"),
        (zlib.compress(b"x" * 9999) * 3, "binary"),
        (b"\x1f\x8b\x08" + b"a" * 50, "packed"),
        (xlsx(), "empty"),
        (xlsx(HEAD), "only_headings"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_table_is_refused_by_what_it_is(tmp_path: Path, raw: bytes, case: str) -> None:
    assert refusal(tmp_path, raw).message_id == f"sources.file.{case}"


def test_an_archive_that_is_no_workbook_is_refused(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("donnees.csv", "a,b\n1,2\n")

    assert refusal(tmp_path, stream.getvalue()).message_id == "sources.file.packed"


def test_other_workbook_formats_are_named(tmp_path: Path) -> None:
    for entry, content, case in (
        ("xl/workbook.bin", b"x", "xlsb"),
        ("mimetype", b"application/vnd.oasis.opendocument.spreadsheet", "opendocument"),
    ):
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            archive.writestr(entry, content)
        assert refusal(tmp_path, stream.getvalue()).message_id == f"sources.file.{case}"


def test_an_encrypted_archive_is_refused_as_protected(tmp_path: Path) -> None:
    raw = bytearray(GOOD)
    at = raw.rfind(b"PK\x01\x02")
    raw[at + 8] |= 1  # the flag of encryption in the directory

    assert refusal(tmp_path, bytes(raw)).message_id == "sources.file.password"


def test_a_zip_bomb_is_refused_before_it_unfolds(tmp_path: Path) -> None:
    bomb = with_entry(GOOD, "xl/media/zeros.bin", b"\x00" * (24 << 20))

    error = refusal(tmp_path, bomb)

    assert error.message_id == "sources.file.bomb"
    assert "200" in error.render("fr")


def test_the_limit_of_unpacked_bytes_can_be_set(tmp_path: Path) -> None:
    file = tmp_path / "bon.xlsx"
    file.write_bytes(GOOD)

    assert mapped.read(file, column_map=LONG).receipt.stored == 2
    assert refusal(tmp_path, GOOD, limits=Limits(unpacked_bytes=1000)).message_id == "sources.file.bomb"


def test_a_directory_that_lies_about_sizes_is_refused(tmp_path: Path) -> None:
    raw = bytearray(with_entry(GOOD, "xl/media/big.bin", b"\x00" * 100_000))
    at = raw.rfind(b"PK\x01\x02")
    raw[at + 24 : at + 28] = (10).to_bytes(4, "little")  # the declared size

    assert refusal(tmp_path, bytes(raw)).message_id == "sources.file.damaged_workbook"


def test_archives_nested_too_deep_are_refused_and_their_bytes_counted(tmp_path: Path) -> None:
    inner = b"harmless"
    for depth in range(5):
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"{depth}.zip", inner)
        inner = stream.getvalue()
    hidden = io.BytesIO()
    with zipfile.ZipFile(hidden, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", b"\x00" * (24 << 20))

    assert (
        refusal(tmp_path, with_entry(GOOD, "xl/embeddings/a.zip", inner)).message_id == "sources.file.nested"
    )
    assert (
        refusal(tmp_path, with_entry(GOOD, "xl/embeddings/b.zip", hidden.getvalue())).message_id
        == "sources.file.bomb"
    )


def test_a_cell_far_away_is_refused_instead_of_filling_the_memory(tmp_path: Path) -> None:
    far = xlsx(HEAD, change=lambda book: book.active.cell(1_048_576, 16_384, "x"))

    error = refusal(tmp_path, far)

    assert error.message_id == "sources.file.too_many_cells"
    assert error.params["n"] > 10**10


def test_a_folder_and_a_missing_file_are_named(tmp_path: Path) -> None:
    for path, case in ((tmp_path, "folder"), (tmp_path / "absent.csv", "missing")):
        with pytest.raises(BadFile) as caught:
            mapped.read(path, column_map=LONG)
        assert caught.value.message_id == f"sources.file.{case}"


@pytest.mark.parametrize(
    ("text", "case", "row", "column"),
    [
        ("Aire;Mois;Indicateur;Valeur\nBoura;2024-01;BCG;1\nSÃ©gou;2024-01;BCG;1\n", "mojibake", 3, "A"),
        (
            "Aire;Mois;Indicateur;Valeur\nBoura;2024-01;BCG;1\nBoura;f�vrier 2024;BCG;1\n",
            "lost_letters",
            3,
            "B",
        ),
    ],
)
def test_lost_letters_are_refused_with_their_row_and_column(
    tmp_path: Path, text: str, case: str, row: int, column: str
) -> None:
    error = refusal(tmp_path, text.encode("utf-8"), "envoi.csv")

    assert (error.message_id, error.row, error.column) == (f"sources.file.{case}", row, column)


def test_bytes_of_no_known_encoding_are_refused_with_their_row_and_column(tmp_path: Path) -> None:
    raw = b"Aire;Mois\nBoura;2024-01\nX;" + bytes([0xB7, 0xB9, 0xBA, 0xD7, 0xAD, 0xC5, 0x9D, 0xF0, 0xFB]) * 3

    error = refusal(tmp_path, raw, "envoi.csv")

    assert (error.message_id, error.row, error.column) == ("sources.file.undecodable", 3, "B")


def test_a_stated_encoding_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    utf8 = ColumnMap(**{**vars(LONG), "file": FileForm(encoding="utf-8")})

    error = refusal(tmp_path, "Aire;Mois\nSégou;2024".encode("cp1252"), "envoi.csv", utf8)

    assert (error.message_id, error.row, error.column) == ("sources.file.undecodable", 2, "A")


def test_lost_letters_in_a_workbook_are_refused_too(tmp_path: Path) -> None:
    error = refusal(tmp_path, xlsx(HEAD, ["SÃ©gou", "2024-01", "BCG", 1]))

    assert (error.message_id, error.sheet, error.row, error.column) == (
        "sources.file.mojibake",
        "Données",
        2,
        "A",
    )


def test_a_missing_column_is_named_with_the_nearest_headings(tmp_path: Path) -> None:
    error = refusal(tmp_path, xlsx(["Aires", "Mois", "Indicateur", "Valeur"], ["Boura", "2024-01", "BCG", 1]))

    assert (error.message_id, error.row, error.expected, error.found) == (
        "sources.file.no_such_column", 1, "Aire", "Aires",
    )  # fmt: skip


def test_headings_that_stand_elsewhere_are_found_and_said(tmp_path: Path) -> None:
    error = refusal(tmp_path, xlsx(["Titre"], [], HEAD, ["Boura", "2024-01", "BCG", 1]))

    assert (error.message_id, error.params["other"]) == ("sources.file.column_elsewhere", 3)


def test_a_wrong_sheet_is_named_with_those_that_exist(tmp_path: Path) -> None:
    error = refusal(
        tmp_path, GOOD, column_map=ColumnMap(**{**vars(LONG), "file": FileForm(sheet="Donnees 2")})
    )

    assert (error.message_id, error.found) == ("sources.file.no_such_sheet", "Données")


def test_several_filled_sheets_need_a_choice(tmp_path: Path) -> None:
    two = xlsx(HEAD, change=lambda book: book.create_sheet("Autre").append(["x"]))

    assert refusal(tmp_path, two).message_id == "sources.file.which_sheet"


def test_an_unknown_month_in_a_heading_is_refused_with_its_cell(tmp_path: Path) -> None:
    months = ColumnMap(
        place=PlaceColumns(name="Aire"), wide=("period",), constants={"indicator": "bcg_doses"}
    )

    error = refusal(tmp_path, xlsx(["Aire", "Janv 2024", "Fevrrr 2024"], ["Boura", 1, 2]), column_map=months)

    assert (error.message_id, error.row, error.column, error.found) == (
        "sources.file.unknown_period", 1, "C", "Fevrrr 2024",
    )  # fmt: skip


def test_a_column_without_heading_that_holds_numbers_is_refused_as_shifted(tmp_path: Path) -> None:
    error = refusal(
        tmp_path, xlsx(["Aire", "Mois", "Penta 1", "BCG"], ["Boura", "2024-01", 1, 2, 3]), column_map=WIDE
    )

    assert (error.message_id, error.row, error.column) == ("sources.file.unnamed_column", 2, "E")


def test_a_column_that_the_map_does_not_know_is_refused(tmp_path: Path) -> None:
    error = refusal(
        tmp_path, xlsx(["Aire", "Mois", "Penta 1", "BGC"], ["Boura", "2024-01", 1, 2]), column_map=WIDE
    )

    assert (error.message_id, error.column, error.expected) == ("sources.file.unknown_column", "D", "BCG")


def test_two_columns_of_one_meaning_are_refused(tmp_path: Path) -> None:
    error = refusal(
        tmp_path, xlsx(["Aire", "Mois", "BCG", "BCG"], ["Boura", "2024-01", 1, 2]), column_map=WIDE
    )

    assert (error.message_id, error.found) == ("sources.file.repeated_column", "C, D")


def test_percents_where_shares_are_expected_are_refused(tmp_path: Path) -> None:
    shares = ColumnMap(**{**vars(LONG), "unit": "share"})

    error = refusal(tmp_path, xlsx(HEAD, ["A", "2024-01", "t", 0.5], ["A", "2024-02", "t", 85], ["A", "2024-03", "t", 90]),
                    column_map=shares)  # fmt: skip

    assert (error.message_id, error.row, error.column, error.found) == (
        "sources.file.percent_where_share", 3, "Valeur", "85",
    )  # fmt: skip


def rejected(
    tmp_path: Path, raw: bytes, column_map: ColumnMap = LONG, name: str = "envoi.xlsx"
) -> list[tuple[str, int, str]]:
    file = tmp_path / name
    file.write_bytes(raw)
    reading = mapped.read(file, column_map=column_map)
    reading.receipt.check()
    for rejection in reading.receipt.rejections:
        for locale in ("fr", "en"):
            assert name in rejection.message(name).render(locale)
            assert str(rejection.row) in rejection.message(name).render(locale)
    return [(r.reason.removeprefix("sources.rejected."), r.row, r.column) for r in reading.receipt.rejections]


@pytest.mark.parametrize(
    ("row", "found"),
    [
        (["Boura", "Decmbre 2023", "BCG", 1], ("unknown_period", "Mois")),
        (["Boura", "05/04/2023", "BCG", 1], ("ambiguous_period", "Mois")),
        (["Boura", None, "BCG", 1], ("no_period", "Mois")),
        ([None, "2023-12", "BCG", 1], ("no_place", "Aire")),
        ([12, "2023-12", "BCG", 1], ("shifted", "Aire")),
        (["Boura", "2023-12", None, 1], ("no_indicator", "Indicateur")),
        (["Boura", "2023-12", "BCG", "douze"], ("not_a_number", "Valeur")),
        (["Boura", "2023-12", "BCG", date(2023, 1, 1)], ("not_a_number", "Valeur")),
        (["Boura", "2023-12", "BCG", True], ("not_a_number", "Valeur")),
        (["Boura", "2023-12", "BCG", "1,234"], ("ambiguous_number", "Valeur")),
        (["Boura", "2023-12", "BCG", "85 %"], ("percent_sign", "Valeur")),
        (["Boura", "2023-12", "BCG", 1e20], ("out_of_range", "Valeur")),
        (["Boura", "2023-12", "BCG", "=1+1"], ("formula", "Valeur")),
        (["Boura", "2023-12", "BCG", "#DIV/0!"], ("error_cell", "Valeur")),
        (["#REF!", "2023-12", "BCG", 4], ("error_cell", "Aire")),
    ],
)
def test_one_bad_cell_rejects_its_row_and_no_other(
    tmp_path: Path, row: list[object], found: tuple[str, str]
) -> None:
    raw = xlsx(HEAD, ["Boura", "2024-01", "BCG", 5], row, ["Boura", "2024-02", "BCG", 6])

    assert rejected(tmp_path, raw) == [(found[0], 3, found[1])]


def test_an_error_cell_of_a_calculated_workbook_is_no_blank(tmp_path: Path) -> None:
    raw = replaced(GOOD, b'<c r="D2" t="n"><v>5</v>', b'<c r="D2" t="e"><f>1/0</f><v>#DIV/0!</v>')

    assert rejected(tmp_path, raw) == [("error_cell", 2, "Valeur")]


def test_repeated_rows_that_differ_are_all_rejected(tmp_path: Path) -> None:
    raw = xlsx(HEAD, ["A", "2024-01", "BCG", 5], ["A", "janvier 2024", "BCG", 6], ["B", "2024-01", "BCG", 1])

    assert rejected(tmp_path, raw) == [
        ("repeated_differently", 2, "Valeur"),
        ("repeated_differently", 3, "Valeur"),
    ]


def test_a_single_percent_among_shares_is_rejected(tmp_path: Path) -> None:
    shares = ColumnMap(**{**vars(LONG), "unit": "share"})
    raw = xlsx(HEAD, *[["A", f"2024-{m:02d}", "t", 0.5] for m in range(1, 9)], ["A", "2024-09", "t", 85])

    assert rejected(tmp_path, raw, shares) == [("percent_where_share", 10, "Valeur")]


def test_shifted_and_cut_rows_of_a_text_file_are_rejected(tmp_path: Path) -> None:
    text = "Aire;Mois;Indicateur;Valeur\nA;2024-01;BCG;1\nA;;2024-02;BCG;2\nA;2024-03;BC"

    assert rejected(tmp_path, text.encode(), name="envoi.csv") == [
        ("too_many_cells", 3, "E"),
        ("too_few_cells", 4, "Valeur"),
    ]


def test_a_number_in_a_merged_cell_belongs_to_nobody(tmp_path: Path) -> None:
    raw = xlsx(["Aire", "Mois", "Penta 1", "BCG"], ["A", "2024-01", 7, None], ["A", "2024-02", 1, 2],
               change=lambda book: book.active.merge_cells("C2:D2"))  # fmt: skip

    assert rejected(tmp_path, raw, WIDE) == [("merged_number", 2, "Penta 1"), ("merged_number", 2, "BCG")]


CSV = "Aire;Mois;Indicateur;Valeur\nBoura;2024-01;BCG;1 234\nSégou;déc-23;Penta 1;n/a\nTotal;;;9\n".encode()


@st.composite
def mutations(draw: st.DrawFn, raw: bytes) -> bytes:
    changed = bytearray(raw)
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(changed) - 1))
        kind = draw(st.sampled_from(["flip", "cut", "insert", "zero"]))
        if kind == "flip":
            changed[at] ^= 1 << draw(st.integers(0, 7))
        elif kind == "cut":
            del changed[at : at + draw(st.integers(1, 40))]
        elif kind == "insert":
            changed[at:at] = draw(st.binary(min_size=1, max_size=12))
        else:
            changed[at : at + 4] = b"\x00" * len(changed[at : at + 4])
        changed = changed or bytearray(b"x")
    return bytes(changed)


@settings(
    max_examples=120,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.one_of(st.binary(max_size=300), mutations(GOOD), mutations(CSV)))
def test_damaged_bytes_are_read_or_refused_and_nothing_else(tmp_path: Path, raw: bytes) -> None:
    file = tmp_path / "hasard.bin"
    file.write_bytes(raw)

    for reader in (
        lambda: mapped.read(file, column_map=LONG),
        lambda: guess_map(file),
        lambda: open_workbook(file),
    ):
        with contextlib.suppress(BadFile):
            reader()
