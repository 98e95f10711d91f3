"""What do people say of a server, of what opens it, and of what its numbers count?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import httpx
import yaml
from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kalanso.hub.evidence.models import Connection
from kalanso.hub.evidence.queries import readings
from kalanso.hub.evidence.queries.connections import doorkeeper
from kalanso.hub.evidence.queries.uploads import language
from kalanso.sources import odk
from kalanso.sources.dhis2 import DhisFault, Meanings
from kalanso.sources.dhis2.addresses import base_address
from kalanso.sources.dhis2.meanings import MOST_DOSES, ElementMeaning

LARGEST_PLAN, DEEPEST = 2_000_000, 10
SECRETS = ("token", "password")
EARLIEST = date(1990, 1, 1)


def _hidden(label: Any, hint: Any) -> forms.CharField:
    """Return a field for a secret: never filled in with what it held."""
    widget = forms.PasswordInput(render_value=False, attrs={"autocomplete": "new-password"})
    return forms.CharField(
        label=label, help_text=hint, required=False, max_length=1000, widget=widget, strip=False
    )


class ConnectionForm(forms.Form):
    """Where a server is, with what it is opened, what is asked of it, and how often."""

    kind = forms.ChoiceField(
        label=gettext_lazy("Quel serveur ?"), choices=Connection.Kind.choices,
        help_text=gettext_lazy("DHIS2 apporte des nombres ; ODK et KoboToolbox, les réponses à un formulaire."),
    )  # fmt: skip
    source = forms.CharField(
        label=gettext_lazy("Nom court de la source"), max_length=60,
        help_text=gettext_lazy("Lettres sans accent, chiffres et tirets, comme snis-mali. Il ne sert qu'à ce serveur."),
    )  # fmt: skip
    address = forms.CharField(
        label=gettext_lazy("Adresse du serveur"), max_length=300,
        help_text=gettext_lazy("Elle commence par https, comme https://snis.example.org/dhis."),
        widget=forms.TextInput(attrs={"inputmode": "url", "autocapitalize": "none", "spellcheck": "false"}),
    )  # fmt: skip
    project = forms.IntegerField(
        label=gettext_lazy("Numéro du projet (ODK Central)"), required=False, min_value=1, max_value=1_000_000
    )
    token = _hidden(
        gettext_lazy("Jeton d'accès"),
        gettext_lazy("Mieux qu'un mot de passe : il se limite à la lecture et se retire seul."),
    )
    user = forms.CharField(
        label=gettext_lazy("Ou nom du compte"), required=False, max_length=200,
        help_text=gettext_lazy("Un compte qui ne peut que lire. Pour ODK Central, son adresse e-mail."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )  # fmt: skip
    password = _hidden(gettext_lazy("Et son mot de passe"), "")
    first_month = forms.CharField(
        label=gettext_lazy("Depuis quel mois (DHIS2)"), required=False,
        help_text=gettext_lazy("Année et mois, comme 2022-01."), widget=forms.TextInput(attrs={"type": "month"}),
    )  # fmt: skip
    new_places = forms.BooleanField(
        label=gettext_lazy("Créer les lieux du serveur que Kalanso ne connaît pas (DHIS2)"), required=False
    )
    cadence = forms.ChoiceField(
        label=gettext_lazy("À quel rythme collecter ?"), choices=Connection.Cadence.choices,
        help_text=gettext_lazy("La nuit, à partir de la nuit prochaine."),
    )  # fmt: skip
    version = forms.IntegerField(widget=forms.HiddenInput(), required=False)

    def __init__(self, *args: Any, connection: Connection | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.connection = connection
        for name in ("project", "token", "user", "password", "first_month"):
            self.fields[name].hint_says_when = True  # type: ignore[attr-defined]
        if connection is None:
            return
        del self.fields["kind"], self.fields["source"]
        kept = gettext_lazy("Laissez vide pour garder celui qui est là.")
        for name in ("token", "password"):
            self.fields[name].help_text = kept
        if not connection.counts:
            del self.fields["first_month"], self.fields["new_places"]
        if connection.kind != Connection.Kind.CENTRAL:
            del self.fields["project"]

    @property
    def _kind(self) -> str:
        return self.connection.kind if self.connection else str(self.cleaned_data.get("kind", ""))

    def clean_source(self) -> str:
        """Settle the short name."""
        source = str(self.cleaned_data["source"]).strip().lower()
        if not re.fullmatch(r"[a-z0-9][a-z0-9-]{1,59}", source):
            raise forms.ValidationError(
                _(
                    "Écrivez un nom court : lettres sans accent, chiffres et tirets, comme rapport-district-niono."
                )
            )
        return source

    def clean_first_month(self) -> date | None:
        """Return the first day of the month."""
        told = str(self.cleaned_data.get("first_month") or "").strip()
        if not told:
            return None
        try:
            found = date.fromisoformat(f"{told}-01" if len(told) == 7 else told).replace(day=1)
        except ValueError as error:
            raise forms.ValidationError(_("Écrivez l'année et le mois, comme 2022-01.")) from error
        if not EARLIEST <= found <= date.today():  # noqa: DTZ011  # a month of the calendar
            raise forms.ValidationError(_("Écrivez un mois passé, depuis 1990."))
        return found

    def clean(self) -> dict[str, Any]:
        """Settle the address, what each kind of server needs, and the access."""
        cleaned = super().clean() or {}
        kind = self._kind
        if "@" in str(self.data.get("address", "")):
            # What stands before it may be a password: it does not come back with the form.
            self.data = self.data.copy()  # type: ignore[attr-defined]
            self.data["address"] = ""  # type: ignore[index]
        if cleaned.get("address"):
            try:
                cleaned["address"] = address_of(kind, cleaned["address"])
            except (DhisFault, odk.NotPulled) as error:
                self.add_error("address", error.render(language()))
        if (
            kind == Connection.Kind.DHIS2
            and not cleaned.get("first_month")
            and "first_month" not in self.errors
        ):
            self.add_error("first_month", _("Dites depuis quel mois lire."))
        if kind == Connection.Kind.CENTRAL and not cleaned.get("project") and "project" not in self.errors:
            self.add_error("project", _("Donnez le numéro du projet : il est dans l'adresse de sa page."))
        if kind != Connection.Kind.CENTRAL and "project" in self.fields:
            cleaned["project"] = None
        if kind != Connection.Kind.DHIS2 and "first_month" in self.fields:
            cleaned["first_month"], cleaned["new_places"] = None, False
        self._refuse_half_access(kind, cleaned)
        return cleaned

    def _refuse_half_access(self, kind: str, cleaned: Mapping[str, Any]) -> None:
        token, user, password = (str(cleaned.get(name) or "") for name in ("token", "user", "password"))
        if any(ord(letter) < 32 for letter in token + user + password):
            self.add_error(
                "token" if token else "password",
                _("Ce texte contient un saut de ligne : copiez-le de nouveau."),
            )
        elif token:
            return
        elif kind == Connection.Kind.KOBO and (user or password):
            self.add_error("token", _("KoboToolbox s'ouvre avec un jeton : donnez le sien."))
        elif bool(user) != bool(password):
            self.add_error(
                "password" if user else "user", _("Donnez le nom du compte et son mot de passe ensemble.")
            )
        elif self.connection is None and not user:
            self.add_error("token", _("Donnez un jeton, ou un nom et son mot de passe."))

    def access(self) -> dict[str, str]:
        """Return what opens the server; nothing where that of before is kept."""
        told = self.cleaned_data
        if told.get("token"):
            return {"token": str(told["token"]).strip()}
        if told.get("user") and told.get("password"):
            return {"user": str(told["user"]), "password": str(told["password"])}
        return {}

    def words(self) -> dict[str, Any]:
        """Return all that is no secret."""
        names = ("address", "project", "first_month", "new_places", "cadence")
        return {name: self.cleaned_data[name] for name in names if name in self.cleaned_data}


def address_of(kind: str, text: str) -> str:
    """Return an address as connections keep it. Raises DhisFault or NotPulled.

    A host inside the network is refused here where the address says so itself; where a name leads is looked at
    by the worker, each time.
    """
    if kind == Connection.Kind.DHIS2:
        found = base_address(text)
    else:
        with httpx.Client(trust_env=False) as nobody:
            found = odk.Transport(text, client=nobody).base
    host = httpx.URL(found).host
    if not doorkeeper().admits(host):
        if kind == Connection.Kind.DHIS2:
            raise DhisFault("inner_host", host=host)
        raise odk.NotPulled("sources.odk.inner_host", host=host)
    return found


class FormChoice(forms.Form):
    """Which form of a server of forms is read."""

    form = forms.ChoiceField(label=gettext_lazy("Quel formulaire ?"))

    def __init__(self, connection: Connection, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        told = connection.told.get("forms", [])
        self.fields["form"].choices = [(one["code"], one["title"] or one["code"]) for one in told]  # type: ignore[attr-defined]
        self.fields["form"].initial = connection.form


class FrameForm(forms.Form):
    """Which level of the server is which of ours, which of its forms are read, and by which door."""

    def __init__(self, connection: Connection, plan: Meanings, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        ours = [("", _("Ne pas lire ce niveau")), *readings.levels()]
        self.levels = [int(number) for number, _name in connection.told.get("levels", [])]
        for number, name in connection.told.get("levels", []):
            self.fields[f"level-{number}"] = forms.ChoiceField(
                label=_("Niveau %(number)s du serveur : %(name)s") % {"number": number, "name": name},
                choices=ours, required=False, initial=plan.levels.get(int(number), ""),
            )  # fmt: skip
        self.fields["data_sets"] = forms.MultipleChoiceField(
            label=_("Formulaires lus"), widget=forms.CheckboxSelectMultiple,
            choices=[(one["id"], one["name"]) for one in connection.told.get("data_sets", [])],
            initial=list(plan.data_sets),
        )  # fmt: skip
        self.fields["feed"] = forms.ChoiceField(
            label=_("D'où viennent les chiffres"), widget=forms.RadioSelect, choices=list(readings.FEED_NAMES.items()),
            initial=plan.feed, help_text=_feed_hint(str(connection.told.get("analytics_at", ""))[:10]),
        )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """Refuse one of our levels twice."""
        cleaned = super().clean() or {}
        taken: set[str] = set()
        for number in self.levels:
            level = cleaned.get(f"level-{number}")
            if level and level in taken:
                self.add_error(f"level-{number}", _("Ce niveau est déjà pris : chacun ne sert qu'une fois."))
            taken.add(level or "")
        return cleaned

    def told(self) -> dict[int, str]:
        """Return the levels that are read."""
        return {
            n: self.cleaned_data[f"level-{n}"] for n in self.levels if self.cleaned_data.get(f"level-{n}")
        }


def _feed_hint(at: str) -> str:
    """Say when analytics serve, and what they cannot do (DHIS2 Web API manual, "Analytics")."""
    when = _(
        "Gardez les valeurs saisies tant que le compte peut les lire. Les analyses servent là où il ne voit que des résultats : elles ne connaissent une valeur, ou sa suppression, qu'après le calcul que le serveur fait la nuit ; elles ne disent pas ce qui a changé, donc chaque collecte relit tout ; elles additionnent les combinaisons d'attributs."
    )
    last = _("Dernier calcul du serveur : %(day)s.") % {"day": at} if at else _(
        "Le serveur ne dit pas quand il a calculé pour la dernière fois."
    )  # fmt: skip
    return f"{when} {last}"


class MeaningForm(forms.Form):
    """What one number counts."""

    indicator = forms.ChoiceField(label=gettext_lazy("Que compte ce nombre ?"))
    product = forms.CharField(
        label=gettext_lazy("Produit"), required=False, max_length=40,
        help_text=gettext_lazy("Comme le serveur le distingue, par exemple Penta ou Hexa."),
    )  # fmt: skip
    age_band = forms.ChoiceField(label=gettext_lazy("Âge des enfants"), required=False)
    strategy = forms.ChoiceField(label=gettext_lazy("Stratégie de vaccination"), required=False)
    sector = forms.ChoiceField(label=gettext_lazy("Secteur"), required=False)
    sex = forms.ChoiceField(label=gettext_lazy("Sexe"), required=False)
    attributes = forms.ChoiceField(
        label=gettext_lazy("S'il vient en plusieurs parts (attributs)"),
        choices=[("one", gettext_lazy("Refuser")), ("sum", gettext_lazy("Additionner"))],
    )  # fmt: skip
    doses_each = forms.IntegerField(
        label=gettext_lazy("S'il compte des flacons : doses par flacon"), min_value=1, max_value=MOST_DOSES,
        required=False,
        help_text=gettext_lazy("Pour un stock seulement, par exemple 20 pour le BCG. Laissez 1 s'il compte des doses."),
    )  # fmt: skip
    seen = forms.CharField(widget=forms.HiddenInput())

    def __init__(self, entry: ElementMeaning, *args: Any, **options: Any) -> None:
        names = ("indicator", "product", "age_band", "strategy", "sector", "sex", "attributes", "doses_each")
        start = {**{name: getattr(entry, name) for name in names}, "seen": entry.status}
        super().__init__(*args, initial=start, **options)
        self.fields["indicator"].choices = [("", _("Choisissez")), *readings.indicators()]  # type: ignore[attr-defined]
        for name in ("age_band", "strategy", "sector", "sex"):
            unsaid = (
                _("non dit : des doses ne compteraient pas dans la couverture")
                if name == "age_band"
                else _("non dit")
            )
            self.fields[name].choices = [("", unsaid), *readings.codes_of(name)]  # type: ignore[attr-defined]


class PlanForm(forms.Form):
    """A whole reading plan, as the command line writes it."""

    plan = forms.FileField(
        label=gettext_lazy("Plan de lecture (YAML)"), max_length=200,
        help_text=gettext_lazy("Il remplace celui qui est là. 2 Mo au plus."),
        widget=forms.ClearableFileInput(attrs={"accept": ".yaml,.yml"}),
    )  # fmt: skip
    document: Any = None

    def clean_plan(self) -> Any:
        """Read the document; one that refers to itself could grow without end."""
        file = self.cleaned_data["plan"]
        if file.size > LARGEST_PLAN:
            raise forms.ValidationError(_("Ce plan dépasse 2 Mo."))
        try:
            text = file.read().decode("utf-8-sig")
            loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
            _refuse_growth(yaml.parse(text, Loader=loader))
            self.document = yaml.load(text, Loader=loader)  # noqa: S506  # one of the safe loaders
        except (UnicodeDecodeError, yaml.YAMLError, RecursionError, ValueError) as error:
            raise forms.ValidationError(_("Ce fichier n'est pas un plan de lecture en YAML.")) from error
        return file


def _refuse_growth(events: Iterable[yaml.Event]) -> None:
    """Refuse a document that refers to itself, or is nested deeper than any plan: it could grow without end."""
    depth = 0
    for one in events:
        depth += isinstance(one, yaml.CollectionStartEvent) - isinstance(one, yaml.CollectionEndEvent)
        if isinstance(one, yaml.AliasEvent) or depth > DEEPEST:
            raise forms.ValidationError(
                _("Ce plan renvoie à lui-même ou s'emboîte trop : écrivez chaque ligne en entier.")
            )
