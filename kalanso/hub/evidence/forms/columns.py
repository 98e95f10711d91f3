"""What does each column of a sheet mean, as a person says it in a form?

One choice for each column, one for what each heading counts. What the form does not ask (merged blanks,
decimal marks, constants) is kept as proposed; whoever needs more edits the map as text.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import yaml
from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kalanso.definitions import Pack
from kalanso.hub.evidence.models import Upload
from kalanso.hub.evidence.queries import published
from kalanso.hub.evidence.queries import uploads as queries
from kalanso.hub.evidence.queries.uploads import language, message_text
from kalanso.indicators.tables import AGE_BANDS
from kalanso.sources import BadFile
from kalanso.sources.column_maps import QUALITIES, REPORTS, from_document
from kalanso.sources.guess_words import named_period
from kalanso.sources.headings import slug
from kalanso.vocabulary import NotAPeriod, format_value

IGNORE, NUMBER = "ignore", "number"
ROLES = (
    (IGNORE, gettext_lazy("Ne pas lire")),
    ("place.name", gettext_lazy("Nom du lieu")),
    ("place.parent", gettext_lazy("Lieu au-dessus (district, région)")),
    ("place.code", gettext_lazy("Code du lieu")),
    ("period.column", gettext_lazy("Période : mois, trimestre ou année")),
    ("period.month", gettext_lazy("Mois seul")),
    ("period.year", gettext_lazy("Année seule")),
    (NUMBER, gettext_lazy("Nombre : son en-tête dit ce qui est compté")),
    ("value", gettext_lazy("Nombre : une autre colonne dit ce qui est compté")),
    ("indicator", gettext_lazy("Ce qui est compté (vaccin, dose)")),
    ("age_band", gettext_lazy("Âge des enfants")),
    ("strategy", gettext_lazy("Stratégie (fixe, avancée, mobile)")),
    ("sector", gettext_lazy("Secteur (public, privé)")),
    ("sex", gettext_lazy("Sexe")),
    ("product", gettext_lazy("Produit")),
    ("reports_expected", gettext_lazy("Rapports attendus")),
    ("reports_received", gettext_lazy("Rapports reçus")),
    ("reports_on_time", gettext_lazy("Rapports reçus à temps")),
)
ONCE = tuple(role for role, _name in ROLES if role not in {IGNORE, NUMBER})
UNITS = (
    ("", gettext_lazy("un nombre")),
    ("percent", gettext_lazy("un pourcentage")),
    ("share", gettext_lazy("une part de 0 à 1")),
)
WHOLE = ("level", "constant", "year_is", "name")
# What a person says of the age of all doses of a sheet; single columns may say another.
AGES = ("0-11m", "all", "unknown")
# Doses of other ages and campaigns have their own columns of age and strategy.
DERIVED = ("_late_", "_unknown_age_", "_catch_up_")


# What the rows of headings of a wide table say, beside the roles of columns.
ROWS_SAY = {
    "indicator": gettext_lazy("ce qui est compté"), "period": gettext_lazy("la période"),
    "month": gettext_lazy("le mois"), "year": gettext_lazy("l'année"), "nothing": gettext_lazy("rien à lire"),
}  # fmt: skip


def _in_words(code: Any) -> str:
    """Return a period as people say it, where that is understood when it comes back; else its code."""
    try:
        said = format_value(str(code), "period", language()) if code else ""
    except NotAPeriod:
        return str(code)
    found = named_period(said)
    return said if found and found.code == str(code) else str(code or "")


def reason_words(told: Mapping[str, Any], pack: Pack) -> str:
    """Return why something was proposed, with roles and counts in words."""
    params = dict(told["params"])
    said = {**ROWS_SAY, **dict(ROLES)} if str(told["id"]).endswith(".column") else {**dict(ROLES), **ROWS_SAY}
    if params.get("role") in said:
        role = str(said[params["role"]])
        params["role"] = role[:1].lower() + role[1:]
    if params.get("indicator") in pack.indicators:
        params["indicator"] = pack.name(params["indicator"], language())
    return message_text({"id": told["id"], "params": params})


class ColumnsForm(forms.Form):
    """The meaning of the columns of one sheet."""

    age = forms.ChoiceField(
        label=gettext_lazy("Quel âge avaient les enfants de ces doses ?"), required=False, widget=forms.RadioSelect,
        help_text=gettext_lazy(
            "Seules les doses de 0 à 11 mois comptent dans les couvertures. Celles de tous âges ou d'âge non précisé "
            "sont gardées à part, et n'y entrent pas là où la source dit l'âge ailleurs."
        ),
    )  # fmt: skip
    level = forms.ChoiceField(label=gettext_lazy("Que sont ces lieux ?"))
    constant = forms.CharField(
        label=gettext_lazy("Une seule période pour tout le fichier"), required=False, max_length=20,
        help_text=gettext_lazy("Seulement si aucune colonne ne la dit. Exemple : janvier 2025, T1 2025 ou 2025"),
    )  # fmt: skip
    year_is = forms.IntegerField(
        label=gettext_lazy("L'année des mois écrits seuls"), required=False, min_value=1974, max_value=2100
    )
    name = forms.CharField(
        label=gettext_lazy("Garder ces réponses sous un nom"), required=False, max_length=80,
        help_text=gettext_lazy("Elles seront proposées pour le prochain fichier de même forme. Exemple : rapport mensuel Niono"),
    )  # fmt: skip
    version = forms.IntegerField(widget=forms.HiddenInput())

    def __init__(self, upload: Upload, *args: Any, examples: bool = True, **options: Any) -> None:
        self.upload, self.document = upload, dict(upload.column_map)
        self.columns: list[dict[str, Any]] = list(upload.reading.get("columns", []))
        place = self.document.get("place", {})
        period = self.document.get("period", {})
        options.setdefault("initial", {}).update(
            {
                "level": place.get("level", ""), "constant": _in_words(period.get("constant", "")),
                "year_is": period.get("year_is"), "version": upload.version,
                "name": upload.saved_map.name if upload.saved_map else "",
            }
        )  # fmt: skip
        super().__init__(*args, **options)
        self.examples = examples
        self.pack = names = published.pack()
        levels = [(level, names.name(f"level.{level}", language())) for level in queries.levels_of_places()]
        self.fields["level"].choices = [("", _("Choisissez")), *levels]  # type: ignore[attr-defined]
        for at, column in enumerate(self.columns):
            self.fields[f"c{at}"] = forms.ChoiceField(
                choices=ROLES, initial=self._role(column), label=column["heading"] or column["letter"]
            )
        self.labels = self._labels()
        self._ask_meanings()
        self.order_fields([*(f"c{at}" for at in range(len(self.columns))), "level", "constant", "year_is"])

    def _role(self, column: Mapping[str, Any]) -> str:
        """Return the role that the map gives a column."""
        m, reference = self.document, column["reference"]
        for part in ("place", "period"):
            for name in ("name", "parent", "code", "column", "year", "month"):
                if m.get(part, {}).get(name) == reference:
                    return f"{part}.{name}"
        for name in ("indicator", "value"):
            if m.get(name) == reference:
                return name
        for name, heading in m.get("columns", {}).items():
            if heading == reference:
                return str(name)
        return NUMBER if m.get("wide") and reference not in m.get("ignore", ()) else IGNORE

    def _labels(self) -> list[str]:
        """Return what is counted: headings of numbers, and words that a column of a long table holds."""
        found = list(self.document.get("indicators", {}))
        if "indicator" in self.document.get("wide", ("indicator",)) and not self.document.get("value"):
            found += [
                column["label"] for column in self.columns if column["label"] and self._may_count(column)
            ]
        return list(dict.fromkeys(found))

    def _may_count(self, column: Mapping[str, Any]) -> bool:
        """Whether a column holds numbers, or was left aside although some of its cells are."""
        role = self._role(column)
        numbers = any(text[:1].isdigit() for text in column["examples"])
        return role == NUMBER or (role == IGNORE and numbers)

    def _ask_meanings(self) -> None:
        names = self.pack
        usual = [
            (code, names.name(code, language()))
            for code, one in names.indicators.items()
            if one.kind in {"count", "population"} and not any(word in code for word in DERIVED)
        ]
        words = {age: names.name(f"age_band.{age}", language()) for age in AGE_BANDS}
        ages = [("", _("comme tout le fichier")), *words.items()]
        self.fields["age"].choices = [(age, words[age]) for age in AGES]  # type: ignore[attr-defined]
        common = self._common_age()
        self.initial["age"] = common
        for at, label in enumerate(self.labels):
            said = self.document.get("indicators", {}).get(label, {})
            said = {"indicator": said} if isinstance(said, str) else said
            code = said.get("indicator", "")
            known = {one for one, _name in usual}
            apart = code if code and code not in known else slug(label)
            own = [
                (apart, _("garder à part (« %(code)s ») : n'entre dans aucune couverture") % {"code": apart})
            ]
            guessed = code not in self.pack.indicators and self.upload.saved_map is None
            self.fields[f"m{at}"] = forms.ChoiceField(
                choices=[("", _("à dire")), *(own if apart else []), *usual], initial="" if guessed else code,
                required=False, label=label,
            )  # fmt: skip
            self.fields[f"u{at}"] = forms.ChoiceField(
                choices=UNITS, initial="" if said.get("unit") == "count" else said.get("unit", ""), required=False,
                label=_("c'est"),
            )  # fmt: skip
            self.fields[f"a{at}"] = forms.ChoiceField(
                choices=ages, initial="" if common else said.get("age_band", ""), required=False,
                label=_("âge des enfants"),
            )  # fmt: skip

    def _common_age(self) -> str:
        """Return the age that the map says of all doses; empty where it says none, or several."""
        told = self.document.get("indicators", {}).values()
        ages = {
            one.get("age_band", "") if isinstance(one, Mapping) else ""
            for one in told if self._is_dose(one.get("indicator", "") if isinstance(one, Mapping) else one)
        }  # fmt: skip
        age = ages.pop() if len(ages) == 1 else ""
        return age if age in AGES else ""

    def _is_dose(self, code: str) -> bool:
        """Whether the age of the children decides what a number counts toward."""
        known = self.pack.indicators.get(code)
        return known is not None and bool(known.ages)

    def _age_is_said(self, roles: Mapping[int, str]) -> bool:
        """Whether a column, a row of headings or a constant of the sheet says the age."""
        said = (*roles.values(), *self.document.get("wide", ()), *self.document.get("constants", {}))
        return "age_band" in said

    def column_fields(self) -> list[tuple[Any, Mapping[str, Any]]]:
        """Return each column's question with what stands in it."""
        return [(self[f"c{at}"], column) for at, column in enumerate(self.columns)]

    def open_columns(self) -> list[tuple[Any, Mapping[str, Any]]]:
        """Return the questions on columns that the machine would not read, or that were answered wrongly."""
        return [(field, one) for field, one in self.column_fields() if self._is_asked(field, one)]

    def known_columns(self) -> list[tuple[Any, Mapping[str, Any]]]:
        """Return the questions on columns that somebody need only look at."""
        return [(field, one) for field, one in self.column_fields() if not self._is_asked(field, one)]

    def _is_asked(self, field: Any, column: Mapping[str, Any]) -> bool:
        """Whether somebody should say what a column is; one in which nothing stands can stay unread."""
        return bool(field.errors) or (bool(column["examples"]) and field.field.initial == IGNORE)

    def meaning_fields(self) -> list[tuple[Any, Any, Any, bool]]:
        """Return the three questions on each thing that is counted, and whether its age matters or may."""
        found = []
        for at in range(len(self.labels)):
            code = str(self[f"m{at}"].value() or "")
            found.append((self[f"m{at}"], self[f"u{at}"], self[f"a{at}"], not code or self._is_dose(code)))
        return found

    def open_meanings(self) -> list[tuple[Any, Any, Any, bool]]:
        """Return the questions on numbers whose meaning nobody knows yet."""
        return [told for told in self.meaning_fields() if self._is_unknown(told[0])]

    def known_meanings(self) -> list[tuple[Any, Any, Any, bool]]:
        """Return the questions on numbers that the machine recognised."""
        return [told for told in self.meaning_fields() if not self._is_unknown(told[0])]

    def _is_unknown(self, field: Any) -> bool:
        return bool(field.errors) or field.field.initial not in self.pack.indicators

    def age_is_open(self) -> bool:
        """Whether the age of the children of some doses is still to be said."""
        return bool(self["age"].errors) or not self.initial["age"]

    def other_fields(self) -> list[Any]:
        """Return the questions on the whole sheet that nothing in it answers."""
        period = self.document.get("period", {})
        told = {"level"} if self.initial.get("level") else set()
        if period.get("column") or (period.get("year") and period.get("month")):
            told |= {"constant", "year_is"}
        return [self[name] for name in WHOLE if self[name].errors or name not in told]

    def settled_fields(self) -> list[Any]:
        """Return the questions on the whole sheet that the sheet itself answers."""
        opened = {field.name for field in self.other_fields()}
        return [self[name] for name in WHOLE if name not in opened]

    def recognised(self) -> list[tuple[str, str]]:
        """Return how each known column would be read, in words: its heading, and what it means."""
        roles, found = dict(ROLES), []
        codes = {label: f"m{at}" for at, label in enumerate(self.labels)}
        for field, column in self.known_columns():
            said = str(roles.get(field.value(), ""))
            if field.value() == IGNORE and not column["examples"]:
                said = _("rien n'y est écrit")
            meaning = codes.get(column["label"])
            if field.value() == NUMBER and meaning:
                if self._is_unknown(self[meaning]):
                    continue
                said = self._in_words(meaning)
            found.append((column["heading"] or column["letter"], said))
        return found

    def _in_words(self, name: str) -> str:
        """Return what a number counts, with its age where that is said."""
        code = self[name].value()
        told = self.pack.name(code, language()) if code in self.pack.indicators else ""
        age = self["a" + name[1:]].value() or (self.initial["age"] if self._is_dose(code) else "")
        return f"{told}, {self.pack.name(f'age_band.{age}', language())}" if age and told else told

    def clean_constant(self) -> str:
        """Return the period as a map says it, from the words of a person."""
        told = str(self.cleaned_data["constant"] or "").strip()
        found = named_period(told) if told else None
        return found.code if found else told

    def clean(self) -> dict[str, Any]:
        """Put the answers together; what the library refuses is told in its words."""
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        roles = {at: cleaned[f"c{at}"] for at in range(len(self.columns))}
        for role in ONCE:
            twice = [at for at, one in roles.items() if one == role]
            for at in twice[1:]:
                self.add_error(
                    f"c{at}", _("Une autre colonne est déjà « %(role)s ».") % {"role": dict(ROLES)[role]}
                )
        if self.errors:
            return cleaned
        self._ask_again(roles, cleaned)
        if self.errors:
            return cleaned
        document = self._put_together(roles, cleaned)
        self._settle_age(roles, cleaned, document["indicators"])
        if self.errors:
            return cleaned
        try:
            from_document(document, file=self.upload.file_name)
        except BadFile as error:
            self.add_error(None, error.message(language()).render(language()))
        cleaned["document"] = document
        return cleaned

    def _ask_again(self, roles: Mapping[int, str], cleaned: Mapping[str, Any]) -> None:
        """Refuse numbers of which nobody said what they count: under a name of their own they would enter nothing."""
        read = {self.columns[at]["label"] for at, role in roles.items() if role == NUMBER}
        for at, label in enumerate(self.labels):
            if label in read and not cleaned.get(f"m{at}"):
                self.add_error(
                    f"m{at}",
                    _("Dites ce que compte ce nombre, gardez-le à part, ou laissez sa colonne de côté."),
                )

    def _settle_age(
        self, roles: Mapping[int, str], cleaned: Mapping[str, Any], meanings: dict[str, Any]
    ) -> None:
        """Give doses without an age of their own that of the sheet; nobody's silence is taken for an answer."""
        without = [
            one for one in meanings.values() if self._is_dose(one["indicator"]) and not one.get("age_band")
        ]
        if not without or self._age_is_said(roles):
            return
        if not cleaned.get("age"):
            self.add_error(
                "age", _("Dites l'âge des enfants de ces doses : sans cela, elles ne comptent pas juste.")
            )
        for one in without:
            one["age_band"] = cleaned.get("age", "")

    def _put_together(self, roles: Mapping[int, str], cleaned: Mapping[str, Any]) -> dict[str, Any]:
        document = copy.deepcopy(self.document)
        named = {role: self.columns[at]["reference"] for at, role in roles.items()}
        numbers = [self.columns[at] for at, role in roles.items() if role == NUMBER]
        long = "value" in named
        place = {k: v for k, v in document.get("place", {}).items() if k not in {"name", "parent", "code"}}
        place |= {k: named[f"place.{k}"] for k in ("name", "parent", "code") if f"place.{k}" in named}
        document["place"] = {**place, "level": cleaned["level"]}
        period = {k: v for k, v in document.get("period", {}).items() if k == "type"}
        period |= {k: named[f"period.{k}"] for k in ("column", "year", "month") if f"period.{k}" in named}
        period |= {k: cleaned[k] for k in ("constant", "year_is") if cleaned.get(k)}
        document["period"] = period
        headings = self.upload.reading.get("headings") or [1]
        wide = document.get("wide") or [*["nothing"] * (len(headings) - 1), "indicator"]
        document["wide"] = [] if long else wide
        document["value"], document["indicator"] = named.get("value", ""), named.get("indicator", "")
        document["columns"] = {role: named[role] for role in (*QUALITIES, *REPORTS) if role in named}
        document["ignore"] = [self.columns[at]["reference"] for at, role in roles.items() if role == IGNORE]
        used = {*named.values()} - {*document["ignore"]}
        document["fill_down"] = [one for one in document.get("fill_down", []) if one in used]
        wanted = None if long or document["indicator"] else {c["label"] for c in numbers}
        document["indicators"] = self._meanings(cleaned, wanted)
        return document

    def _meanings(self, cleaned: Mapping[str, Any], wanted: set[str] | None) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for at, label in enumerate(self.labels):
            if (wanted is not None and label not in wanted) or not cleaned.get(f"m{at}"):
                continue
            said = self.document.get("indicators", {}).get(label, {})
            said = dict(said) if isinstance(said, Mapping) else {}
            changed = said.get("indicator") != cleaned[f"m{at}"]
            # What the words of the heading told of the old meaning does not hold for another.
            kept = {} if changed else {k: v for k, v in said.items() if k not in {"unit", "age_band"}}
            told = {"indicator": cleaned[f"m{at}"], "unit": cleaned[f"u{at}"], "age_band": cleaned[f"a{at}"]}
            found[label] = {**kept, **{k: v for k, v in told.items() if v}}
        return found


class MapTextForm(forms.Form):
    """The column map as text, as the command line reads and writes it."""

    text = forms.CharField(
        label=gettext_lazy("Le plan de colonnes (YAML)"), max_length=60_000,
        widget=forms.Textarea(attrs={"rows": 20, "spellcheck": "false"}),
    )  # fmt: skip
    version = forms.IntegerField(widget=forms.HiddenInput())

    def clean_text(self) -> dict[str, Any]:
        """Return the map as plain values; what is wrong is told in the library's words."""
        try:
            document = yaml.safe_load(self.cleaned_data["text"])
            column_map = from_document(document, file="plan.yaml")
        except yaml.YAMLError as error:
            raise forms.ValidationError(_("Ce texte n'est pas du YAML : %(why)s") % {"why": error}) from error
        except BadFile as error:
            raise forms.ValidationError(error.render(language())) from error
        levels = queries.levels_of_places()
        if column_map.place.level not in levels:
            raise forms.ValidationError(
                _("place.level : attendu l'un de %(levels)s.") % {"levels": ", ".join(levels)}
            )
        return column_map.as_document()
