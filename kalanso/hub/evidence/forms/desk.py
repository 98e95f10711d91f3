"""What may people say of a finding or a source, and by what do they narrow a list?"""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kalanso.hub.evidence.actions.findings import LONGEST_COMMENT
from kalanso.hub.evidence.models import FindingStatus, SourceCard
from kalanso.hub.evidence.queries import findings, published
from kalanso.hub.evidence.queries.uploads import choices_of, language, places_to_speak_for
from kalanso.hub.people.models import PlaceMirror
from kalanso.quality import CHECKS, SEVERITIES
from kalanso.quality.tables import OF_SILENCE
from kalanso.vocabulary import NotAPeriod, Period, format_value


class FindingFilter(forms.Form):
    """Narrow the findings by place, severity, check, status and, where a link says so, period."""

    lieu = forms.ChoiceField(label=gettext_lazy("Dans quel lieu ?"), required=False)
    gravite = forms.ChoiceField(label=gettext_lazy("Gravité des alertes"), required=False)
    controle = forms.ChoiceField(label=gettext_lazy("Contrôle qui l'a trouvée"), required=False)
    statut = forms.ChoiceField(label=gettext_lazy("Ce que les gens en ont dit"), required=False)
    periode = forms.ChoiceField(label=gettext_lazy("De quelle période ?"), required=False)

    def __init__(self, person: Any, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        names = published.pack()
        every = [("", _("toutes"))]
        near = [p for p in places_to_speak_for(person) if p is not None]
        near = near or list(PlaceMirror.objects.filter(level__in=("region", "district")))
        # Links of other pages lead to any place: it is offered beside one's own.
        near += PlaceMirror.objects.filter(code=self.data.get("lieu", "")).exclude(
            code__in=[p.code for p in near]
        )
        self.fields["lieu"].choices = [("", _("partout")), *choices_of(near)]  # type: ignore[attr-defined]
        severities = [(one, names.name(f"severity.{one}", language())) for one in reversed(SEVERITIES)]
        self.fields["gravite"].choices = [*every, *severities]  # type: ignore[attr-defined]
        self.fields["controle"].choices = [
            ("", _("tous")),
            *((one, one) for one in sorted({check.NAME for check in CHECKS})),
        ]  # type: ignore[attr-defined]
        open_ones = (findings.OPEN, _("sans explication ni correction"))
        gone = (findings.CLEARED, _("plus trouvées par les contrôles, mais on en a parlé"))
        self.fields["statut"].choices = [*every, open_ones, *FindingStatus.Status.choices, gone]  # type: ignore[attr-defined]
        self._offer_period(self.data.get("periode", ""))

    def _offer_period(self, code: str) -> None:
        """Offer the period that a link names, and all; no field where none is named."""
        try:
            said = format_value(Period.parse(code), "period", language()) if code else ""
        except NotAPeriod:
            said = ""
        if not said:
            del self.fields["periode"]
            return
        self.fields["periode"].choices = [("", _("toutes")), (code, said)]  # type: ignore[attr-defined]

    def wanted(self) -> findings.Wanted:
        """Return what was asked; what makes no sense is left out."""
        told = self.cleaned_data if self.is_valid() else getattr(self, "cleaned_data", {})
        return findings.Wanted(
            place=told.get("lieu", ""), severity=told.get("gravite", ""), check=told.get("controle", ""),
            status=told.get("statut", ""), period=told.get("periode", ""),
        )  # fmt: skip


class FindingForm(forms.Form):
    """What somebody says of one finding."""

    status = forms.ChoiceField(label=gettext_lazy("Qu'en est-il ?"), choices=FindingStatus.Status.choices)
    comment = forms.CharField(
        label=gettext_lazy("Ce que vous savez"), required=False, max_length=LONGEST_COMMENT,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Obligatoire si elle est expliquée, ou si ce n'est pas une erreur. Pas de nom d'enfant ni de parent."),
    )  # fmt: skip
    version = forms.IntegerField(widget=forms.HiddenInput())

    def __init__(self, *args: Any, check: str = "", **options: Any) -> None:
        super().__init__(*args, **options)
        offered = [
            one for one in FindingStatus.Status.choices if check == "silence" or one[0] not in OF_SILENCE
        ]
        self.fields["status"].choices = offered  # type: ignore[attr-defined]


class ContactForm(forms.Form):
    """Whom to call at a place: a post and its telephone, no name."""

    post = forms.CharField(
        label=gettext_lazy("Quel poste ?"), max_length=80,
        help_text=gettext_lazy("Exemple : chef de poste, chargé PEV. Pas de nom : les gens changent, le poste reste."),
    )  # fmt: skip
    phone = forms.CharField(
        label=gettext_lazy("Son téléphone de service"), max_length=20,
        widget=forms.TextInput(attrs={"type": "tel", "inputmode": "tel", "autocomplete": "off"}),
    )  # fmt: skip
    version = forms.IntegerField(widget=forms.HiddenInput())


class SourceForm(forms.Form):
    """What somebody writes about a source."""

    title = forms.CharField(label=gettext_lazy("Nom de la source"), max_length=200, required=False)
    what = forms.CharField(
        label=gettext_lazy("Ce que c'est"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    importer = forms.CharField(
        label=gettext_lazy("Comment elle arrive ici"), max_length=100, required=False,
        help_text=gettext_lazy("Exemple : dépôt mensuel d'un fichier, ou lecteur « countdown »"),
    )  # fmt: skip
    licence = forms.CharField(label=gettext_lazy("Licence ou accord"), max_length=200, required=False)
    contact = forms.CharField(
        label=gettext_lazy("À qui demander"), max_length=200, required=False,
        help_text=gettext_lazy("Un service et son adresse, plutôt que le numéro d'une personne"),
    )  # fmt: skip
    cadence = forms.ChoiceField(label=gettext_lazy("Rythme"), choices=SourceCard.Cadence.choices)
    patience_days = forms.IntegerField(
        label=gettext_lazy("Jours laissés après la fin de la période"), min_value=0, max_value=730
    )
    owner = forms.CharField(label=gettext_lazy("Propriétaire"), max_length=200, required=False)
    system = forms.CharField(
        label=gettext_lazy("Système et version"), max_length=200, required=False,
        help_text=gettext_lazy("Exemple : DHIS2 2.40, ou classeur Excel du district"),
    )  # fmt: skip
    levels = forms.CharField(
        label=gettext_lazy("Niveaux"), max_length=200, required=False,
        help_text=gettext_lazy("Du plus haut au plus fin : pays, région, district, aire de santé, établissement"),
    )  # fmt: skip
    population = forms.CharField(
        label=gettext_lazy("Qui est couvert"), max_length=300, required=False,
        help_text=gettext_lazy("Public, privé, ONG ; toutes les zones, ou celles où l'on va"),
    )  # fmt: skip
    periods = forms.CharField(label=gettext_lazy("Période des chiffres"), max_length=100, required=False)
    denominator = forms.CharField(
        label=gettext_lazy("Rapporté à qui"), max_length=300, required=False,
        help_text=gettext_lazy("Origine et année du dénominateur. Exemple : projection du recensement de 2009"),
    )  # fmt: skip
    places_list = forms.CharField(
        label=gettext_lazy("Liste des lieux"), max_length=200, required=False,
        help_text=gettext_lazy("Laquelle, et de quelle année"),
    )  # fmt: skip
    identifiers = forms.CharField(
        label=gettext_lazy("Codes des lieux"), max_length=200, required=False,
        help_text=gettext_lazy("Exemple : UID du DHIS2, P-codes de 2023, noms écrits à la main"),
    )  # fmt: skip
    access = forms.ChoiceField(
        label=gettext_lazy("Comment on y accède"), required=False,
        choices=[("", gettext_lazy("comme déclaré")), *SourceCard.Access.choices],
    )  # fmt: skip
    funder = forms.CharField(label=gettext_lazy("Qui la paie"), max_length=200, required=False)
    funding_ends = forms.DateField(
        label=gettext_lazy("Payée jusqu'au"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )  # fmt: skip
    agreement = forms.ChoiceField(
        label=gettext_lazy("Accord avec son propriétaire"), required=False,
        choices=[("", gettext_lazy("comme déclaré")), *SourceCard.Agreement.choices],
    )  # fmt: skip
    request = forms.ChoiceField(
        label=gettext_lazy("Demande d'accès"), required=False,
        choices=[("", gettext_lazy("comme déclaré")), *SourceCard.Request.choices],
    )  # fmt: skip
    next_release = forms.CharField(
        label=gettext_lazy("Prochaine parution"), max_length=200, required=False,
        help_text=gettext_lazy("Exemple : rapport final de l'enquête, mars 2027"),
    )  # fmt: skip
    fallback = forms.CharField(
        label=gettext_lazy("Si elle vient à manquer"), max_length=200, required=False,
        help_text=gettext_lazy("La source que l'on prendrait à sa place"),
    )  # fmt: skip
    biases = forms.CharField(
        label=gettext_lazy("Biais connus"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )  # fmt: skip
    notes = forms.CharField(
        label=gettext_lazy("Notes"), max_length=4000, required=False, widget=forms.Textarea(attrs={"rows": 4})
    )
    version = forms.IntegerField(widget=forms.HiddenInput())
