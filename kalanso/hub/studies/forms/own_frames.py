"""Which units does somebody's own frame hold: places as listed, or cells of a grid?"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from kalanso.hub.people.models import PlaceMirror
from kalanso.hub.studies.forms.files import personal_columns

LARGEST = 5 * 1024 * 1024
ROWS_AT_MOST, CELLS_AT_MOST = 50_000, 8_000
COLUMNS = ("unit_code", "children")
CELL_COLUMNS = ("cell_code", "place_code", "longitude", "latitude", "children")
_CODE = re.compile(r"[\w.-]{1,30}")


def _reader(file: UploadedFile, wanted: Collection[str], allowed: Collection[str]) -> csv.DictReader[str]:
    """Return the rows of a CSV file that has the wanted columns, and of those that name somebody the allowed alone."""
    if file.size is None or file.size > LARGEST:
        raise forms.ValidationError(_("Cette liste dépasse 5 Mo."))
    try:
        text = file.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise forms.ValidationError(_("Cette liste n'est pas un CSV en UTF-8.")) from error
    if "\x00" in text:
        raise forms.ValidationError(_("Cette liste n'est pas un CSV en UTF-8."))
    reader = csv.DictReader(io.StringIO(text), delimiter=";" if ";" in text.split("\n", 1)[0] else ",")
    headings = [str(one).strip() for one in reader.fieldnames or []]
    reader.fieldnames = headings
    if missing := [one for one in wanted if one not in headings]:
        raise forms.ValidationError(
            _("Il manque à cette liste : %(columns)s.") % {"columns": ", ".join(missing)}
        )
    if named := [one for one in personal_columns(headings) if one not in allowed]:
        raise forms.ValidationError(
            _("Cette colonne peut faire reconnaître quelqu'un : %(columns)s. Ôtez-la, puis apportez le fichier.") % {"columns": ", ".join(named[:5])}
        )  # fmt: skip
    return reader


def rows_of(file: UploadedFile) -> list[dict[str, Any]]:
    """Return the rows of somebody's own frame; raises ValidationError naming the row and what was expected."""
    found: list[dict[str, Any]] = []
    seen: set[str] = set()
    for number, row in enumerate(_reader(file, COLUMNS, {"name"}), start=2):
        found.append(_row(row, number, seen))
        if len(found) > ROWS_AT_MOST:
            raise forms.ValidationError(_("Cette liste a plus de 50 000 lignes."))
    if not found:
        raise forms.ValidationError(_("Cette liste n'a aucune ligne."))
    return found


def _row(row: dict[str, Any], number: int, seen: set[str], key: str = "unit_code") -> dict[str, Any]:
    said = {
        name: (row.get(name) or "").strip() for name in (key, "children", "name", "stratum", "place_code")
    }
    code, written = (
        said[key],
        said["children"].replace(" ", "").replace("\u202f", "").replace(",", "."),
    )
    if not code or code in seen:
        raise forms.ValidationError(
            _("Ligne %(row)s : %(name)s manque ou se répète (« %(found)s »).")
            % {"row": number, "name": key, "found": code}
        )
    try:
        children = float(written)
    except ValueError:
        children = -1.0
    if not 0 <= children < 1e9:
        raise forms.ValidationError(
            _("Ligne %(row)s : children doit être un nombre, pas « %(found)s ».") % {"row": number, "found": said["children"]}
        )  # fmt: skip
    if said["stratum"] and not _CODE.fullmatch(said["stratum"]):
        raise forms.ValidationError(
            _("Ligne %(row)s : stratum doit être un code court sans espace, pas « %(found)s ».") % {"row": number, "found": said["stratum"]}
        )  # fmt: skip
    seen.add(code)
    return {
        key: code,
        "children": children,
        "name": said["name"] or code,
        "stratum": said["stratum"],
        "place_code": said["place_code"],
    }


def cells_of(file: UploadedFile) -> list[dict[str, Any]]:
    """Return the cells of a grid; raises ValidationError naming the row and what was expected. Their middles are no homes."""
    found: list[dict[str, Any]] = []
    seen: set[str] = set()
    for number, row in enumerate(_reader(file, CELL_COLUMNS, {"longitude", "latitude"}), start=2):
        told = _row(row, number, seen, "cell_code")
        if any(letter.isspace() for letter in told["cell_code"]):
            raise forms.ValidationError(
                _("Ligne %(row)s : cell_code est un code sans espace, pas « %(found)s ».")
                % {"row": number, "found": told["cell_code"]}
            )
        at = {
            name: _degrees(row, name, number, most) for name, most in (("longitude", 180), ("latitude", 90))
        }
        found.append({name: told[name] for name in ("cell_code", "children", "stratum", "place_code")} | at)
        if len(found) > CELLS_AT_MOST:
            raise forms.ValidationError(
                _(
                    "Cette grille a plus de 8 000 cases : prenez des cases plus grandes, ou un district à la fois."
                )
            )
    if not found:
        raise forms.ValidationError(_("Cette liste n'a aucune ligne."))
    _refuse_unknown_places({one["place_code"] for one in found})
    return found  # fmt: skip


def _refuse_unknown_places(codes: set[str]) -> None:
    """Refuse cells of no known place: by its place alone is a cell protected where its place is."""
    unknown = sorted(codes - set(PlaceMirror.objects.filter(code__in=codes).values_list("code", flat=True)))
    if unknown:
        raise forms.ValidationError(
            _("place_code : ces lieux ne sont pas connus : %(codes)s. Écrivez le code de l'aire ou du district de chaque case.")
            % {"codes": ", ".join(f"« {code} »" for code in unknown[:5])}
        )  # fmt: skip


def _degrees(row: dict[str, Any], name: str, number: int, most: int) -> float:
    written = (row.get(name) or "").strip().replace(",", ".")
    try:
        value = float(written)
    except ValueError:
        value = most + 1.0
    if not -most <= value <= most:
        raise forms.ValidationError(
            _("Ligne %(row)s : %(name)s doit être en degrés, de -%(most)s à %(most)s, pas « %(found)s ».")
            % {"row": number, "name": name, "most": most, "found": written}
        )
    return value
