"""Which file of a round may come in, and why is something withdrawn?

What a quick look can tell is refused at once: another format, a heading that names persons, a sample without its
columns. What takes time is found out by the worker.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from pathlib import Path
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kalanso.hub.people.forms.files import kept_apart
from kalanso.hub.studies.models import RoundFile

MEBIBYTE = 1024 * 1024
LARGEST = 50 * MEBIBYTE
LOOKED_AT = 65536
LONGEST_NAME = 80
SAMPLE = ("cluster", "stratum", "place_code", "cohort", "weight")
HOMES = ("cluster", "household", "outcome")
MEMBERS = ("child", "child_outcome")
ANSWERS = ("cluster", "consent")  # variables of the form; an export writes the groups before them
# Of persons: nothing by which a child or a caregiver is known comes in.
_PERSONAL = re.compile(
    r"(^|[_/. -])(nom|prenom|name|surname|phone|phone_number|telephone|tel|gps|latitude|longitude|altitude)$"
)
_OF_PLACES = frozenset({"stratum_name", "cluster_name", "place_name"})


def personal_columns(headings: list[str]) -> list[str]:
    """Return the headings by which somebody could be known; those that name places are none."""
    return [one for one in headings if _PERSONAL.search(_plain(one)) and one not in _OF_PLACES]


def clean_name(name: str) -> str:
    """Return a file's name without folders, control characters and tricks."""
    base = re.split(r"[\\/]", unicodedata.normalize("NFC", name))[-1]
    kept = "".join(letter if letter.isalnum() or letter in " ._-()" else "_" for letter in base)
    return " ".join(kept.split()).strip(". _-")[:LONGEST_NAME] or "fichier.csv"


class RoundFileForm(forms.Form):
    """One file of a round."""

    file = forms.FileField(
        label=gettext_lazy("Le fichier"), allow_empty_file=True, max_length=255,
        help_text=gettext_lazy(
            "Les réponses : l'export CSV du formulaire « enfant ». La liste des ménages : l'export de ce formulaire, et à part celui de ses enfants (« members »). L'échantillon : une ligne par grappe et cohorte, avec cluster, stratum, place_code, cohort, weight. Kalanso reconnaît lequel c'est. 50 Mo au plus ; sans noms, téléphones ni coordonnées des ménages."
        ),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,text/csv"}),
    )  # fmt: skip
    adds = forms.BooleanField(
        label=gettext_lazy("Ce fichier n'est qu'une partie : l'ajouter à ce qui est déjà venu"), required=False,
        help_text=gettext_lazy("Une interview qui revient remplace sa version d'avant : rien n'est compté deux fois. Sans cela, le fichier remplace tout."),
    )  # fmt: skip
    second = forms.BooleanField(
        label=gettext_lazy("Ce sont des contre-visites : les mêmes ménages, interrogés une seconde fois par un superviseur"), required=False
    )  # fmt: skip

    def __init__(self, *args: Any, too_large: bool = False, **options: Any) -> None:
        super().__init__(*args, **options)
        self.too_large = too_large

    def clean_file(self) -> UploadedFile:
        """Look at the first bytes and the headings."""
        file: UploadedFile = self.cleaned_data["file"]
        if not file.size:
            raise forms.ValidationError(_("Ce fichier est vide."))
        if file.size > LARGEST:
            raise forms.ValidationError(self._says_too_large())
        head = file.read(LOOKED_AT)
        headings = headings_of(head)
        if headings is None:
            raise forms.ValidationError(
                _("Ce fichier n'est pas un CSV en UTF-8. Exportez-le de nouveau en CSV, depuis ODK ou Kobo.")
            )
        if named := personal_columns(headings):
            raise forms.ValidationError(
                _("Cette colonne peut faire reconnaître quelqu'un : %(columns)s. Ôtez-la, puis apportez le fichier.")
                % {"columns": ", ".join(named[:5])}
            )  # fmt: skip
        kind = self.kind_of(headings)
        if kind is None:
            raise forms.ValidationError(self.says_unknown(headings))
        if kind == RoundFile.Kind.ANSWERS and self.data.get("second"):
            kind = str(RoundFile.Kind.SECOND)
        self.cleaned_data["kind"] = kind
        return file

    def kind_of(self, headings: list[str]) -> str | None:
        """Return which file of the round has these headings; None where it is none."""
        return kind_of(headings)

    def says_unknown(self, headings: list[str]) -> str:
        """Say what lacks in a file that is none of the round."""
        return _("Ce ne sont ni les réponses (il y manque : %(answers)s), ni la liste des ménages (%(homes)s), ni l'échantillon (%(sample)s).") % {
            name: ", ".join(lacking(wanted, headings)) for name, wanted in (("answers", ANSWERS), ("homes", HOMES), ("sample", SAMPLE))
        }  # fmt: skip

    @staticmethod
    def _says_too_large() -> str:
        return _("Ce fichier dépasse 50 Mo.")

    def clean(self) -> dict[str, Any]:
        """Say of a request that was read away why."""
        cleaned = super().clean() or {}
        if self.too_large:
            self.errors.pop("file", None)
            self.add_error("file", self._says_too_large())
        return cleaned

    def keep(self) -> tuple[Path, str]:
        """Return the file in a place of its own, and its checksum."""
        return kept_apart(self.cleaned_data["file"], "kalanso-round-")


def kind_of(headings: list[str]) -> str | None:
    """Return which file of a round has these headings; None where it is neither."""
    if not lacking(SAMPLE, headings):
        return str(RoundFile.Kind.SAMPLE)
    if not lacking(HOMES, headings):
        return str(RoundFile.Kind.HOUSEHOLDS)
    if not lacking(MEMBERS, headings):
        return str(RoundFile.Kind.MEMBERS)
    return None if lacking(ANSWERS, headings) else str(RoundFile.Kind.ANSWERS)


def lacking(wanted: tuple[str, ...], headings: list[str]) -> list[str]:
    """Return the wanted headings that a file has not, whatever the groups written before them."""
    told = {re.split(r"[/.-]", one)[-1] for one in headings}
    return [one for one in wanted if one not in told]


def headings_of(head: bytes) -> list[str] | None:
    """Return the headings of a CSV file by its first bytes; None where it is none."""
    if b"\x00" in head or head.startswith(b"PK"):
        return None
    line = re.split(rb"\r\n|\n|\r", head, maxsplit=1)[0]
    try:
        text = line.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    found = next(csv.reader(io.StringIO(text)), [])
    return [one.strip() for one in found] if len(found) > 1 else None


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()


class WithdrawForm(forms.Form):
    """Why a published round is withdrawn."""

    reason = forms.CharField(
        label=gettext_lazy("Pourquoi la retirer ?"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Une phrase. Ceux qui lisaient l'étude la verront."),
    )  # fmt: skip
