"""From which frame and how does somebody draw clusters, and which of them could not be visited?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from kalanso.hub.studies.forms.own_frames import cells_of, rows_of
from kalanso.hub.studies.queries.frames import Measure

FILE, CELLS = "file", "cells"
CLUSTERS_AT_MOST = 2_000
STRATA = (
    ("", gettext_lazy("Aucune : tout ensemble")),
    ("district", gettext_lazy("Par district")),
    ("region", gettext_lazy("Par région")),
)
REASONS = (
    ("insecurity", gettext_lazy("Insécurité")),
    ("flooded", gettext_lazy("Inondation, piste coupée")),
    ("authority_refused", gettext_lazy("Refus des autorités")),
    ("community_refused", gettext_lazy("Refus de la communauté")),
    ("too_far", gettext_lazy("Trop loin")),
    ("emptied", gettext_lazy("Les habitants sont partis")),
    ("no_children", gettext_lazy("Aucun enfant de ces âges n'y vit")),
    ("not_found", gettext_lazy("Le lieu n'existe pas ou n'a pas été trouvé")),
)


def _number(
    label: Any, help_text: Any, *, low: int, high: int, initial: int | None, required: bool = True
) -> forms.IntegerField:
    return forms.IntegerField(
        label=label, help_text=help_text, min_value=low, max_value=high, initial=initial, required=required
    )  # fmt: skip


class DrawForm(forms.Form):
    """From what clusters are drawn, how many, and how they are shared out."""

    frame = forms.ChoiceField(
        label=gettext_lazy("Tirer dans quelle liste de lieux ?"),
        help_text=gettext_lazy("Un lieu où vivent plus d'enfants a plus de chances d'être tiré. Mieux vaut une liste de villages, si vous l'avez : apportez-la plus bas, dans « Liste à vous, segments et graine »."),
    )  # fmt: skip
    file = forms.FileField(
        label=gettext_lazy("Votre liste"), required=False, max_length=255,
        help_text=gettext_lazy(
            "Un CSV, un lieu par ligne : unit_code, children (le nombre d'enfants ou d'habitants) et, si vous voulez, name, stratum, place_code. L'ordre des lignes compte : rangez les lieux par zone. Pour une grille : cell_code, place_code (son aire ou son district), longitude, latitude, children, et si vous voulez stratum ; 8 000 cases au plus."
        ),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,text/csv"}),
    )  # fmt: skip
    least = _number(
        gettext_lazy("Grille : enfants au moins par unité"), gettext_lazy("Pour les cases d'une grille : des cases voisines, les vides aussi, sont réunies jusqu'à ce nombre. Assez pour qu'une équipe y trouve ses ménages."),
        low=1, high=1_000_000, initial=None, required=False,
    )  # fmt: skip
    strata = forms.ChoiceField(
        label=gettext_lazy("Strates"), choices=STRATA, required=False,
        help_text=gettext_lazy("Le même nombre de grappes dans chacune, pour un résultat par strate. Une liste à vous garde sa colonne stratum."),
    )  # fmt: skip
    clusters = _number(
        gettext_lazy("Grappes par strate"),
        gettext_lazy("La taille de l'échantillon dit combien."),
        low=2,
        high=500,
        initial=None,
    )
    reserves = _number(
        gettext_lazy("Réserves par strate"), gettext_lazy("Tirées en même temps ; elles ne servent que si une grappe ne peut être visitée, dans leur ordre."),
        low=0, high=100, initial=3,
    )  # fmt: skip
    households = _number(gettext_lazy("Ménages à visiter par grappe"), "", low=1, high=500, initial=20)
    teams = _number(
        gettext_lazy("Équipes"),
        gettext_lazy("Les grappes voisines vont à la même équipe."),
        low=1,
        high=100,
        initial=2,
    )
    segment_above = _number(
        gettext_lazy("Couper en segments au-delà de (enfants)"), gettext_lazy("Dans un grand lieu, l'équipe ne visite qu'un segment, tiré d'avance. Vide : pas de segments."),
        low=1, high=10_000_000, initial=None, required=False,
    )  # fmt: skip
    segment_size = _number(
        gettext_lazy("Enfants par segment"), gettext_lazy("L'équipe dessine les segments et les numérote à partir du nord-ouest, avant de regarder lequel est tiré."),
        low=1, high=1_000_000, initial=None, required=False,
    )  # fmt: skip
    seed = _number(
        gettext_lazy("Graine du tirage"), gettext_lazy("Vide : le hasard la choisit. Avec la même graine et la même liste, le tirage se refait à l'identique."),
        low=0, high=2**31 - 1, initial=None, required=False,
    )  # fmt: skip
    reason = forms.CharField(
        label=gettext_lazy("Pourquoi tirer de nouveau ?"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Le premier tirage reste lisible. Tirer jusqu'à ce que le résultat plaise fausserait l'étude."),
    )  # fmt: skip
    rare_title = gettext_lazy("Liste à vous, segments et graine")
    RARE = ("file", "least", "segment_above", "segment_size", "seed")

    def __init__(
        self,
        *args: Any,
        measures: Sequence[Measure],
        again: bool,
        clusters: int | None = None,
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        offered = [(one.key, _told(one)) for one in measures]
        self.fields["frame"].choices = [
            *offered,
            (FILE, gettext_lazy("Ma propre liste (CSV)")),
            (CELLS, gettext_lazy("Les cases d'une grille (CSV) : population ou bâtiments")),
        ]  # type: ignore[attr-defined]
        self.fields["clusters"].initial = clusters
        if not again:
            del self.fields["reason"]

    @property
    def usual(self) -> list[forms.BoundField]:
        """The questions asked of every draw."""
        return [field for field in self.visible_fields() if field.name not in self.RARE]

    @property
    def rare(self) -> list[forms.BoundField]:
        """What most draws leave as it is."""
        return [self[name] for name in self.RARE]

    @property
    def rare_open(self) -> bool:
        """Whether something must be said there."""
        return self["frame"].value() in (FILE, CELLS) or any(self[name].errors for name in self.RARE)

    def clean(self) -> dict[str, Any]:
        """Hold frame and file, and both numbers of segments together."""
        cleaned = super().clean() or {}
        if cleaned.get("frame") in (FILE, CELLS) and "file" not in self.errors:
            if not cleaned.get("file"):
                self.add_error("file", _("Choisissez le fichier de votre liste."))
            else:
                try:
                    cleaned["rows"] = (rows_of if cleaned["frame"] == FILE else cells_of)(cleaned["file"])
                except forms.ValidationError as error:
                    self.add_error("file", error)
        if cleaned.get("frame") == CELLS and not cleaned.get("least") and "least" not in self.errors:
            self.add_error("least", _("Dites combien d'enfants une unité doit avoir au moins."))
        if bool(cleaned.get("segment_above")) != bool(cleaned.get("segment_size")) and not self.errors:
            self.add_error("segment_size", _("Dites les deux nombres des segments, ou aucun."))
        return cleaned


def _told(one: Measure) -> str:
    return ngettext(
        "%(name)s, %(year)s : %(places)s aire de santé sur %(of)s (%(source)s)",
        "%(name)s, %(year)s : %(places)s aires de santé sur %(of)s (%(source)s)",
        one.places,
    ) % {"name": one.name, "year": one.year, "source": one.source, "places": one.places, "of": one.of}


class ReplacementForm(forms.Form):
    """Which cluster could not be visited, and why."""

    cluster = forms.ChoiceField(label=gettext_lazy("Quelle grappe ?"))
    reason = forms.ChoiceField(label=gettext_lazy("Pourquoi ?"), choices=REASONS)
    decided_on = forms.DateField(
        label=gettext_lazy("Décidé le"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    told = forms.CharField(
        label=gettext_lazy("Ce qui s'est passé"), max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Une phrase, sans nom de personne."),
    )  # fmt: skip

    def __init__(self, *args: Any, clusters: Sequence[tuple[str, str]], today: date, **options: Any) -> None:
        super().__init__(*args, **options)
        self.today = today
        self.fields["cluster"].choices = list(clusters)  # type: ignore[attr-defined]
        self.fields["decided_on"].initial = today

    def clean_decided_on(self) -> date:
        """Take a day that has come."""
        day: date = self.cleaned_data["decided_on"]
        if day > self.today:
            raise forms.ValidationError(_("Ce jour est encore à venir."))
        return day


__all__ = ["CELLS", "CLUSTERS_AT_MOST", "FILE", "REASONS", "DrawForm", "ReplacementForm", "rows_of"]
