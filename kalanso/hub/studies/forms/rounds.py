"""Which study does somebody declare: what it is called, when and where it was, by which rules, on which approvals?

Cohorts and doses are those of the Learning Hub unless somebody says others. The approvals may wait, but no file is taken
without them.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kalanso.hub.people.models import Organisation
from kalanso.hub.people.queries.places import country_pack, way_to
from kalanso.hub.studies.forms.places import code_meant
from kalanso.hub.studies.models import ETHICS, Round
from kalanso.hub.studies.queries import rounds as queries
from kalanso.surveys.rounds import OLDER, YOUNGER, Cohort, RoundRefused
from kalanso.surveys.rounds import Round as Asked
from kalanso.surveys.schedule import EVERYWHERE

COUNTRY = "-"
USUAL = (
    "title_fr", "title_en", "survey", "organisation", "place", "first_day", "last_day", "policy", "chosen_places", "approval",
    "data_protection", "consent_version", "kept_until", "destroyed_on",
)  # fmt: skip
RARE = ("cohorts", "doses", "mode", "grace_days", "groups", "swap_day_month", "second_look")
PRESET = "\n".join(f"{one.name} {one.from_days} {one.to_days}" for one in (YOUNGER, OLDER))
# Of the country's schedule, those that the Learning Hub asked for.
PRESET_DOSES = frozenset(
    {"bcg", "opv0", "dtp1", "dtp2", "dtp3", "opv1", "opv2", "opv3", "pcv1", "pcv2", "pcv3", "rota1", "rota2", "rota3", "ipv1",
     "mcv1", "yf", "mcv2"}
)  # fmt: skip
NEEDED = frozenset({"dtp1", "dtp3"})  # without which nobody can be called zero-dose or dropout
GROUPS = (
    ("sex", gettext_lazy("Sexe")),
    ("mother_education", gettext_lazy("École de la mère")),
    ("distance", gettext_lazy("Distance du centre")),
    ("displaced", gettext_lazy("Ménages déplacés")),
)
_COHORT = re.compile(r"([\w-]{1,20})\s+(\d{1,5})\s+(\d{1,5})")
_DAY = {"type": "date"}


def _day(label: Any, help_text: Any = "", *, required: bool = True) -> forms.DateField:
    return forms.DateField(
        label=label, help_text=help_text, required=required, widget=forms.DateInput(attrs=_DAY, format="%Y-%m-%d")
    )  # fmt: skip


def _text(label: Any, help_text: Any) -> forms.CharField:
    return forms.CharField(label=label, help_text=help_text, required=False, max_length=120)


class RoundForm(forms.Form):
    """What is declared of a round."""

    title_fr = forms.CharField(
        label=gettext_lazy("Titre en français"), max_length=200,
        help_text=gettext_lazy("Exemple : Enquête auprès des ménages dans six aires de santé, 2025"),
    )  # fmt: skip
    title_en = forms.CharField(label=gettext_lazy("Titre en anglais"), max_length=200)
    survey = forms.SlugField(
        label=gettext_lazy("Nom court"), max_length=60,
        help_text=gettext_lazy(
            "Lettres sans accent, chiffres et tirets, comme menages-2025. Il accompagne chaque chiffre."
        ),
        error_messages={"invalid": gettext_lazy("Écrivez-le sans espace ni accent : des lettres, des chiffres et des tirets, comme menages-2025.")},
    )  # fmt: skip
    organisation = forms.ModelChoiceField(
        queryset=Organisation.objects.none(),
        label=gettext_lazy("Au nom de quelle organisation ?"),
        empty_label=None,
    )
    place = forms.ChoiceField(label=gettext_lazy("De quel lieu parle-t-elle ?"))
    first_day = _day(gettext_lazy("Premier jour de collecte"))
    last_day = _day(gettext_lazy("Dernier jour de collecte"))
    policy = forms.ChoiceField(
        label=gettext_lazy("Les registres des centres ont-ils été cherchés ?"), choices=Round.Policy.choices
    )
    chosen_places = forms.BooleanField(
        label=gettext_lazy("Les lieux ont été choisis, non tirés au sort : les résultats ne parlent que d'eux"), required=False
    )  # fmt: skip
    approval = _text(
        gettext_lazy("Accord du comité d'éthique"),
        gettext_lazy("Son numéro. Aucun fichier n'est pris tant que ces cinq lignes ne sont pas remplies."),
    )
    data_protection = _text(
        gettext_lazy("Déclaration des données personnelles"), gettext_lazy("Le numéro donné par l'APDP.")
    )
    consent_version = _text(
        gettext_lazy("Version du texte de consentement"),
        gettext_lazy("Avec ses langues, comme : 2, français et bambara."),
    )
    kept_until = _day(gettext_lazy("Données gardées jusqu'au"), required=False)
    destroyed_on = _day(
        gettext_lazy("Données détruites le"),
        gettext_lazy("Passé ce jour, les fichiers ne sont plus lus."),
        required=False,
    )
    cohorts = forms.CharField(
        label=gettext_lazy("Cohortes"), initial=PRESET, widget=forms.Textarea(attrs={"rows": 3}), max_length=400,
        help_text=gettext_lazy(
            "Une par ligne : son nom court, puis l'âge en jours, du premier au dernier. Préréglées : 18 semaines à 11 mois (18w-11m, de 126 à 364 jours), 12 à 23 mois (12-23m)."
        ),
    )  # fmt: skip
    doses = forms.MultipleChoiceField(
        label=gettext_lazy("Doses demandées"), widget=forms.CheckboxSelectMultiple
    )
    mode = forms.ChoiceField(
        label=gettext_lazy("Selon quelles règles une dose est-elle valide ?"), choices=Round.Mode.choices, initial=Round.Mode.VCQI
    )  # fmt: skip
    grace_days = forms.IntegerField(
        label=gettext_lazy("Jours de grâce"), min_value=0, max_value=10, initial=0,
        help_text=gettext_lazy("Ôtés des âges et des intervalles minimaux. 0 : aucun ; certains pays en accordent 4."),
    )  # fmt: skip
    groups = forms.MultipleChoiceField(
        label=gettext_lazy("Comparer les enfants par"), widget=forms.CheckboxSelectMultiple, choices=GROUPS, required=False,
        initial=[code for code, _name in GROUPS],
    )  # fmt: skip
    swap_day_month = forms.BooleanField(
        label=gettext_lazy("Remettre dans l'ordre un jour et un mois inversés (2024-13-05)"), required=False,
        help_text=gettext_lazy(
            "Un mois 13 n'existe pas : c'était sans doute le 13 mai. Sans cette case, la dose compte comme reçue, mais sa date est perdue ; l'accusé dit combien. Cochez-la si vos équipes ont recopié les dates à la main."
        ),
    )  # fmt: skip
    second_look = forms.BooleanField(
        label=gettext_lazy("Une seconde personne relit chaque correction"), required=False, initial=True,
        help_text=gettext_lazy("Une valeur corrigée ne compte qu'une fois qu'une autre personne est d'accord."),
    )  # fmt: skip

    rare_title = gettext_lazy("Cohortes, doses et règles : préréglées pour le Centre d'apprentissage")

    def __init__(self, person: Any, *args: Any, today: date, **options: Any) -> None:
        super().__init__(*args, **options)
        self.person, self.today = person, today
        self.scopes = scopes()
        for number, (scope, codes) in enumerate(self.scopes.items()):
            self.fields[f"scope_{number}"] = _scope_field(scope, codes)
        everywhere, inside = queries.places(person)
        called = way_to(inside)
        country = [(COUNTRY, gettext_lazy("Tout le pays"))] if everywhere else []
        self.fields["place"].choices = [*country, *((one.code, called[one.code]) for one in inside)]  # type: ignore[attr-defined]
        own = queries.organisations(person)
        self.fields["organisation"].queryset = own  # type: ignore[attr-defined]
        for name in ETHICS:
            self.fields[name].hint_says_when = True  # type: ignore[attr-defined]  # asked before the first file
        self.initial.setdefault("doses", [code for code in _doses() if code in PRESET_DOSES])
        self.fields["doses"].choices = [(code, dose_name(code)) for code in _doses()]  # type: ignore[attr-defined]
        if own.count() == 1:
            self.fields["organisation"].widget = forms.HiddenInput()
            self.initial.setdefault("organisation", own.get().pk)

    @property
    def usual(self) -> list[forms.BoundField]:
        """The questions asked of every round."""
        return [self[name] for name in USUAL if not self[name].is_hidden]

    @property
    def rare(self) -> list[forms.BoundField]:
        """The questions that most rounds leave as they are, asked apart."""
        return [self[name] for name in self._rare]

    @property
    def _rare(self) -> tuple[str, ...]:
        return (*RARE, *(f"scope_{number}" for number in range(len(self.scopes))))

    @property
    def rare_open(self) -> bool:
        """Whether something must be said in the part asked apart."""
        return any(self[name].errors for name in self._rare)

    def clean_cohorts(self) -> list[dict[str, Any]]:
        """Read a cohort a line."""
        found = []
        for line in str(self.cleaned_data["cohorts"]).splitlines():
            if not line.strip():
                continue
            said = _COHORT.fullmatch(line.strip())
            if said is None:
                raise forms.ValidationError(
                    _("« %(line)s » : écrivez un nom et deux âges en jours, comme 12-23m 365 730.")
                    % {"line": line.strip()}
                )
            found.append({"name": said[1], "from_days": int(said[2]), "to_days": int(said[3])})
        return found

    def clean_doses(self) -> list[str]:
        """Keep the order of the schedule, and the doses on which every result rests."""
        chosen = set(self.cleaned_data["doses"])
        if not chosen >= NEEDED:
            raise forms.ValidationError(
                _("Gardez %(first)s et %(third)s : sans elles, ni zéro dose ni abandon ne peuvent se dire.")
                % {"first": dose_name("dtp1"), "third": dose_name("dtp3")}
            )
        return [code for code in _doses() if code in chosen]

    def clean_destroyed_on(self) -> date | None:
        """Take a day that is still to come."""
        day: date | None = self.cleaned_data["destroyed_on"]
        if day is not None and day < self.today:
            raise forms.ValidationError(_("Ce jour est passé : les données devraient être détruites déjà."))
        return day

    def clean(self) -> dict[str, Any]:
        """Hold the days and the ages of cohorts together."""
        cleaned = super().clean() or {}
        self._read_scopes(cleaned)
        first, last = cleaned.get("first_day"), cleaned.get("last_day")
        if first and last and last < first:
            self.add_error("last_day", _("Le dernier jour est avant le premier."))
        kept, gone = cleaned.get("kept_until"), cleaned.get("destroyed_on")
        if kept and gone and gone < kept:
            self.add_error("destroyed_on", _("Les données seraient détruites avant la fin de leur garde."))
        if not self.errors:
            try:
                Asked(
                    survey=cleaned["survey"], first_day=first, last_day=last, doses=tuple(cleaned["doses"]),
                    cohorts=tuple(Cohort(**one) for one in cleaned["cohorts"]),
                )  # type: ignore[arg-type]  # fmt: skip
            except RoundRefused:
                self.add_error(
                    "cohorts",
                    _("Il faut au moins une cohorte, chacune d'un autre nom, aux âges croissants, sans jour en commun."),
                )  # fmt: skip
        return cleaned

    def _read_scopes(self, cleaned: dict[str, Any]) -> None:
        """Read a place a line, where a dose is offered in some places only."""
        for name in (f"scope_{number}" for number in range(len(self.scopes))):
            codes: list[str] = []
            for line in str(cleaned.get(name) or "").splitlines():
                if not line.strip():
                    continue
                try:
                    codes.append(code_meant(self.person, line.strip()))
                except forms.ValidationError as error:
                    self.add_error(name, [f"« {line.strip()} » : {told}" for told in error.messages])
            cleaned[name] = list(dict.fromkeys(codes))

    def said(self) -> dict[str, Any]:
        """Return what was declared, by the fields of the record."""
        told = dict(self.cleaned_data)
        place = told.pop("place")
        places = {scope: told.pop(f"scope_{number}") for number, scope in enumerate(self.scopes)}
        told["scopes"] = {scope: codes for scope, codes in places.items() if codes}
        return {**told, "place_code": "" if place == COUNTRY else place}


def dose_name(code: str) -> str:
    """Return what people call a dose."""
    return country_pack().name(f"dose.{code}", queries.language())


def _doses() -> list[str]:
    """Return the doses of the country's schedule, in its order."""
    return list(dict.fromkeys(row.dose.code for row in country_pack().schedule))


def scopes() -> dict[str, list[str]]:
    """Return the places that the country's schedule means by words where a dose is offered in some only, each with its doses."""
    found: dict[str, list[str]] = {}
    for row in country_pack().schedule:
        if row.where != EVERYWHERE:
            found.setdefault(row.where, [])
            found[row.where] += [row.dose.code] * (row.dose.code not in found[row.where])
    return found


def _scope_field(scope: str, codes: list[str]) -> forms.CharField:
    return forms.CharField(
        label=_("Où se donnent %(doses)s ?") % {"doses": ", ".join(dose_name(code) for code in codes)}, required=False, max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Le calendrier ne les prévoit que dans certains lieux (« %(scope)s »). Un lieu par ligne, nom ou code : région, district ou aire. Vide : ces doses restent sans résultat, et l'accusé le dit.") % {"scope": scope},
    )  # fmt: skip


def initial_of(one: Round) -> dict[str, Any]:
    """Return a round as the form shows it."""
    plain = {
        name: getattr(one, name)
        for name in (*USUAL, *RARE)
        if name not in {"organisation", "place", "cohorts"}
    }
    lines = [f"{cohort['name']} {cohort['from_days']} {cohort['to_days']}" for cohort in one.cohorts]
    return {
        **plain,
        "organisation": one.organisation_id,
        "place": one.place_code or COUNTRY,
        "cohorts": "\n".join(lines),
        **{f"scope_{number}": "\n".join(one.scopes.get(scope, ())) for number, scope in enumerate(scopes())},
    }
