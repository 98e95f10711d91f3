"""Which file may come in, for which place, and what do people say its columns mean?

A file is known by its bytes. What a quick look can tell is refused at once; what takes time is found out by
the worker.
"""

from __future__ import annotations

import re
import unicodedata
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kalanso.hub.evidence.models import Upload
from kalanso.hub.evidence.queries import blank_sheets
from kalanso.hub.evidence.queries import uploads as queries
from kalanso.hub.evidence.queries.connections import is_connected
from kalanso.hub.evidence.queries.sources import last_used, offered
from kalanso.hub.people.forms.files import kept_apart
from kalanso.sources import BadFile
from kalanso.sources.archives import MEBIBYTE
from kalanso.sources.workbooks import refuse_other_formats
from kalanso.vocabulary import format_value

LARGEST = 200 * MEBIBYTE
FORM_AROUND = MEBIBYTE  # of a request, beside the file itself
LOOKED_AT = 65536
LONGEST_NAME = 80
UNPACKED = 1024 * MEBIBYTE
PARTS = 10_000
OTHER, COUNTRY = "-", "-"
RARE = ("reader", "other_source")
MONTHS = 24  # for which a sheet to fill in is offered


class Bounded(FileUploadHandler):
    """Keeps nothing of a request that is larger than any file may be."""

    def handle_raw_input(
        self, input_data: Any, META: Any, content_length: int, boundary: Any, encoding: Any = None
    ) -> None:
        """Note whether the request is too large, before any of it is kept."""
        self.too_large = content_length > LARGEST + FORM_AROUND
        if self.request is not None:
            self.request.too_large = self.too_large  # type: ignore[attr-defined]

    def new_file(self, *args: Any, **options: Any) -> None:
        """Read a file away that is too large."""
        super().new_file(*args, **options)
        if self.too_large:
            raise SkipFile

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Pass the bytes on."""
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """Leave the file to the next handler."""


def clean_name(name: str, kind: str) -> str:
    """Return a file's name without folders, control characters and tricks, ending as what it is."""
    base = re.split(r"[\\/]", unicodedata.normalize("NFC", name))[-1]
    stem = base.rsplit(".", 1)[0] if "." in base else base
    kept = "".join(letter if letter.isalnum() or letter in " ._-()" else "_" for letter in stem)
    kept = " ".join(kept.split()).strip(". _-")[:LONGEST_NAME].rstrip(". _-")
    return f"{kept or 'fichier'}.{kind}"


class UploadForm(forms.Form):
    """A sheet, the place it speaks for, and the source under which its numbers stand."""

    file = forms.FileField(
        label=gettext_lazy("Votre fichier"), allow_empty_file=True, max_length=255,
        help_text=gettext_lazy("Un tableau Excel (.xlsx) ou CSV, 200 Mo au plus. Sans noms d'enfants ni de parents."),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.xlsx,.txt,text/csv"}),
    )  # fmt: skip
    place = forms.ChoiceField(
        label=gettext_lazy("De quel lieu parle-t-il ?"),
        help_text=gettext_lazy("Seules les lignes de ce lieu et de ce qu'il contient seront prises."),
    )  # fmt: skip
    organisation = forms.ModelChoiceField(
        queryset=None, label=gettext_lazy("Au nom de quelle organisation ?"), empty_label=None
    )
    reader = forms.ChoiceField(
        label=gettext_lazy("Que contient-il ?"), choices=Upload.Reader.choices, required=False, widget=forms.RadioSelect,
        initial=Upload.Reader.TABLES,
        help_text=gettext_lazy("Des recomptages : les doses retrouvées au registre lors d'une visite, à côté de celles du rapport. Un stock par lot : l'extrait de l'e-SIGL, un lot par ligne."),
    )  # fmt: skip
    source = forms.ChoiceField(
        label=gettext_lazy("D'où viennent ces chiffres ?"),
        help_text=gettext_lazy(
            "Un chiffre publié sous la même source, pour le même lieu et le même mois, sera remplacé."
        ),
    )
    other_source = forms.CharField(
        label=gettext_lazy("Autre source : son nom court"), required=False, max_length=60,
        help_text=gettext_lazy("Seulement si elle n'est pas dans la liste. Exemple : rapport-district-niono"),
    )  # fmt: skip

    rare_title = gettext_lazy("Des recomptages, un stock par lot, une autre source ?")

    def __init__(self, person: Any, *args: Any, too_large: bool = False, **options: Any) -> None:
        super().__init__(*args, **options)
        self.too_large, self.only_place = too_large, ""
        self.kind = self.sha256 = ""
        self.draft: Path | None = None
        places = queries.places_to_speak_for(person)
        country = [(COUNTRY, gettext_lazy("Tout le pays"))] if None in places else []
        self.fields["place"].choices = [*country, *queries.choices_of(p for p in places if p)]  # type: ignore[attr-defined]
        known = {o.pk for o in queries.organisations(person)}
        if len(places) == 1 and places[0]:
            self.initial["place"], self.only_place = self.fields["place"].choices[0]  # type: ignore[attr-defined]
            self.fields["place"].widget = forms.HiddenInput()
        organisation = self.fields["organisation"]
        organisation.queryset = type(queries.organisations(person)[0]).objects.filter(pk__in=known)  # type: ignore[attr-defined]
        if len(known) == 1:
            organisation.initial = next(iter(known))
            organisation.widget = forms.HiddenInput()
        self.fields["source"].choices = [  # type: ignore[attr-defined]
            ("", gettext_lazy("Choisissez")),
            *offered(person),
            (OTHER, gettext_lazy("Une autre source")),
        ]
        self.initial.setdefault("source", last_used(person))

    @property
    def rare(self) -> list[forms.BoundField]:
        """The questions that most sheets leave as they are, asked apart."""
        return [self[name] for name in RARE]

    @property
    def usual(self) -> list[forms.BoundField]:
        """The questions asked of every sheet."""
        return [field for field in self.visible_fields() if field.name not in RARE]

    @property
    def rare_open(self) -> bool:
        """Whether something was said, or must be said, in the part asked apart."""
        said = self.data.get("reader", Upload.Reader.TABLES) != Upload.Reader.TABLES
        return said or bool(self.data.get("other_source")) or any(self[name].errors for name in RARE)

    def clean_file(self) -> UploadedFile:
        """Look at the first bytes, and keep the file apart with its checksum."""
        file: UploadedFile = self.cleaned_data["file"]
        if not file.size:
            raise forms.ValidationError(
                _("Ce fichier est vide. Ouvrez-le, vérifiez-le, et déposez-le de nouveau.")
            )
        if file.size > LARGEST:
            raise forms.ValidationError(self._too_large())
        head = file.read(LOOKED_AT)
        self.kind = "xlsx" if head.startswith(b"PK") else "csv"
        if self.kind == "xlsx":
            _refuse_archive(file)
        else:
            try:
                refuse_other_formats(head, head, clean_name(file.name or "", "csv"))
            except BadFile as error:
                raise forms.ValidationError(error.render(queries.language())) from error
        return file

    @staticmethod
    def _too_large() -> str:
        return _("Ce fichier dépasse 200 Mo. Déposez-en moins de mois à la fois.")

    def clean(self) -> dict[str, Any]:
        """Settle the source."""
        cleaned = super().clean() or {}
        if self.too_large:
            self.errors.pop("file", None)
            self.add_error("file", self._too_large())
        cleaned["reader"] = cleaned.get("reader") or Upload.Reader.TABLES
        if cleaned.get("place") == COUNTRY:
            cleaned["place"] = ""
        source = cleaned.get("source")
        if source == OTHER:
            source = str(cleaned.get("other_source") or "").strip().lower()
            if not re.fullmatch(r"[a-z0-9][a-z0-9-]{1,59}", source):
                self.add_error(
                    "other_source",
                    _(
                        "Écrivez un nom court : lettres sans accent, chiffres et tirets, comme rapport-district-niono."
                    ),
                )
        if source and is_connected(source):
            self.add_error(
                "source",
                _(
                    "Cette source vient d'elle-même d'un serveur relié : la collecte suivante remplacerait votre feuille."
                ),
            )
        cleaned["source"] = source
        return cleaned

    def keep(self) -> tuple[Path, str]:
        """Return the file in a place of its own, and its checksum."""
        return kept_apart(self.cleaned_data["file"], "kalanso-upload-")


class BlankSheetForm(forms.Form):
    """For which place and month somebody wants a sheet to fill in."""

    lieu = forms.ChoiceField(label=gettext_lazy("Pour quel lieu ?"))
    mois = forms.ChoiceField(label=gettext_lazy("Pour quel mois ?"))
    ages = forms.ChoiceField(
        label=gettext_lazy("Quel modèle ?"),
        choices=[
            *blank_sheets.AGES,
            (blank_sheets.VISITS, gettext_lazy("un tableau de recomptages")),
        ],
    )

    def __init__(self, person: Any, *args: Any, today: date | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        places = [p for p in queries.places_to_speak_for(person) if p is not None]
        self.fields["lieu"].choices = queries.choices_of(places)  # type: ignore[attr-defined]
        now = today or datetime.now(UTC).date()
        self.fields["mois"].choices = [
            (m, format_value(m, "period", queries.language())) for m in _months(now)
        ]  # type: ignore[attr-defined]

    @property
    def of_any(self) -> bool:
        """Whether there is a place to fill a sheet in for."""
        return bool(self.fields["lieu"].choices)  # type: ignore[attr-defined]


def _months(today: date) -> list[str]:
    """Return the last months, that before this one first, as codes."""
    ended = today.year * 12 + today.month - 1
    return [f"{month // 12}{month % 12 + 1:02d}" for month in range(ended - 1, ended - 1 - MONTHS, -1)]


def _refuse_archive(file: UploadedFile) -> None:
    """Refuse what the directory of an archive gives away: no workbook, macros, far too large inside."""
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            names = {entry.filename.lower() for entry in entries[:PARTS]}
            kinds = archive.read("[Content_Types].xml") if "[content_types].xml" in names else b""
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError, KeyError) as error:
        raise forms.ValidationError(
            _("Ce classeur est abîmé. Ouvrez-le, enregistrez-le de nouveau en .xlsx, et déposez-le.")
        ) from error
    if len(entries) > PARTS or sum(entry.file_size for entry in entries) > UNPACKED:
        raise forms.ValidationError(
            _("Ce classeur est bien trop grand une fois ouvert. Gardez la seule feuille utile.")
        )
    if any(name.endswith("vbaproject.bin") for name in names) or b"macroEnabled" in kinds:
        raise forms.ValidationError(
            _("Ce classeur contient des macros. Enregistrez-le en .xlsx (sans macros) et déposez-le.")
        )
    if "xl/workbook.xml" not in names:
        raise forms.ValidationError(_("Ce fichier n'est ni un classeur .xlsx ni un texte CSV."))


class ReasonForm(forms.Form):
    """Why something is put aside or taken back."""

    reason = forms.CharField(
        label=gettext_lazy("Pourquoi ?"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Une phrase. Elle reste dans l'historique."),
    )  # fmt: skip
