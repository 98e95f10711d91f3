"""What does a round without a household survey say, on what does it rest, and how far is it?

The sentence and its label are those of the library and go together. Lots of places under a flag are for those who see such places.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kalanso.hub.people.queries.places import country_pack, names_of
from kalanso.hub.studies.models import Analysis, Round
from kalanso.hub.studies.queries.rounds import language, unseen
from kalanso.hub.studies.queries.weights import margin_lines
from kalanso.surveys.instruments.without_households import FORMS
from kalanso.surveys.lots import decision_rule, operating_curve, smallest_plan
from kalanso.surveys.ways import rule
from kalanso.vocabulary import Message, format_value

Way = Round.Way
CODE_COLUMN = "place_code"
# When a way is the one to take, and what it gives.
WHEN = {
    Way.LOTS: gettext_lazy("Les équipes peuvent entrer. Quelques enfants par district, tirés au hasard : passe ou échoue, vague après vague. N'estime pas une petite zone."),
    Way.PHONE: gettext_lazy("Personne ne peut entrer, mais des familles ont le téléphone. Donne une couverture, et des bornes pour les enfants sans téléphone."),
    Way.RESPONDENT_DRIVEN: gettext_lazy("Des familles cachées ou déplacées qui se connaissent : chacune en amène d'autres, avec des coupons. Vaut pour ce réseau."),
    Way.TIME_LOCATION: gettext_lazy("Des familles qui passent par des marchés, des puits, des campements. Vaut pour celles qui y passent."),
    Way.CAPTURE_RECAPTURE: gettext_lazy("Deux listes d'enfants manqués ou plus (relais, ONG, écoles coraniques), rapprochées : combien ne sont sur aucune ?"),
    Way.KEY_INFORMANTS: gettext_lazy("Relais et chefs de village listent les enfants manqués ; un contrôle au hasard dit ce que la liste vaut."),
    Way.SETTLEMENTS: gettext_lazy("Aucun contact possible : les bâtiments vus du ciel disent combien d'enfants vivent là, et dans quelles localités personne n'est allé. Ne donne pas de couverture."),
}  # fmt: skip
DIRECTIONS = {
    "too_high": gettext_lazy("Il se trompe sans doute vers le haut : la vraie couverture est plutôt plus basse."),
    "too_low": gettext_lazy("Il se trompe sans doute vers le bas : la vraie couverture est plutôt plus haute."),
    "unknown": gettext_lazy("On ne sait pas de quel côté il se trompe."),
}  # fmt: skip
DECISIONS = {
    "pass": gettext_lazy("passe"),
    "fail": gettext_lazy("échoue"),
    "undecided": gettext_lazy("pas décidé"),
}
CHANGES = {
    "first": gettext_lazy("première vague"), "better": gettext_lazy("mieux"), "worse": gettext_lazy("moins bien"), "same": gettext_lazy("pareil"),
    "unclear": gettext_lazy("pas clair"),
}  # fmt: skip
SETTINGS = {
    "children": gettext_lazy("Enfants par lot"), "lower": gettext_lazy("Trop bas dès"), "upper": gettext_lazy("Assez haut dès"),
    "alpha": gettext_lazy("Risque de faire échouer un bon lot"), "beta": gettext_lazy("Risque de laisser passer un mauvais lot"),
    "children_per_cluster": gettext_lazy("Enfants par village visité"), "icc": gettext_lazy("Ressemblance dans un village"),
    "phoneless_share": gettext_lazy("Enfants sans téléphone à la maison"), "population": gettext_lazy("Familles du réseau"),
    "target": gettext_lazy("Enfants de cet âge"), "target_low": gettext_lazy("au moins"), "target_high": gettext_lazy("au plus"),
    "listed": gettext_lazy("Listés"), "checked": gettext_lazy("Contrôlés"), "checked_missed": gettext_lazy("Contrôlés et vraiment manqués"),
    "found_missed": gettext_lazy("Manqués trouvés sans la liste"), "found_listed": gettext_lazy("dont sur la liste"),
    "inhabited": gettext_lazy("Bâtiments habités"), "people_per_building": gettext_lazy("Personnes par bâtiment"),
    "child_share": gettext_lazy("Part des enfants"),
}  # fmt: skip
SHARES = frozenset({"lower", "upper", "alpha", "beta", "phoneless_share", "inhabited", "child_share"})


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a round says: `sentences` with their label, towards which side it errs, what must hold; `few`: too few children to be told."""

    sentences: Sequence[str]
    direction: str
    assumptions: Sequence[str]
    few: bool
    speaks: bool  # to the estimate
    lots: Sequence[Mapping[str, Any]]
    larger: Sequence[Mapping[str, Any]]
    children: Sequence[Mapping[str, Any]]
    curve: Sequence[Mapping[str, Any]]
    held_back: int
    counted: Sequence[str]
    newest: str  # how many lots of the newest round failed and passed
    number: Mapping[str, float] | None


def told(one: Round, analysis: Analysis, person: Any) -> Told:
    """Return what the analysis says, for somebody; lots and localities of places that they may not see are counted, not shown."""
    found, counted = analysis.results[0], []
    away = hidden_places(one, analysis, person)
    tables = found["tables"]
    rows = {
        name: [row for row in tables.get(name, ()) if row.get(CODE_COLUMN) not in away] for name in tables
    }
    held_back = sum(len(tables[name]) - len(rows[name]) for name in ("lots", "children") if name in tables)
    for row in analysis.receipt:
        if row["part"] == "heard":
            counted.append(Message(f"surveys.ways.rule.{row['what']}", {"n": row["n"]}).render(language()))
    # Larger places are put together of their lots: who may not see one of these learns it from the rest.
    larger = rows.get("larger_places", []) if not held_back else []
    names = names_of(
        {str(row[CODE_COLUMN]) for name in ("lots", "children") for row in rows.get(name, ())}
        | {str(row["larger_place"]) for row in larger}
    )
    return Told(
        sentences=found.get("sentences", {}).get(language(), ()), direction=str(DIRECTIONS[found["direction"]]), assumptions=found["assumptions"][language()],
        few=bool(found.get("few")), speaks=speaks(analysis), lots=[_lot(row, names) for row in rows.get("lots", ())],
        larger=[{**row, "name": names.get(row["larger_place"], row["larger_place"])} for row in larger],
        children=[{**row, "name": names.get(row[CODE_COLUMN], row[CODE_COLUMN])} for row in rows.get("children", ())],
        curve=list(tables.get("operating_curve", ()))[::2], held_back=held_back, counted=counted, newest=_newest(rows.get("lots", ()), str(found.get("newest", ""))),
        number=_drawn(found) if "coverage" in found else None,
    )  # fmt: skip


def speaks(analysis: Analysis) -> bool:
    """Whether the estimate hears what was analysed, once it is published."""
    return bool(analysis.results[0].get("evidence"))


def _drawn(found: Mapping[str, Any]) -> dict[str, float]:
    """Return a coverage with its interval, and where they stand on a line of 100."""
    number = {name: float(found[name]) for name in ("coverage", "low", "high")}
    at_low, wide = 100 * number["low"], 100 * (number["high"] - number["low"])
    return {
        **number,
        "at": round(100 * number["coverage"] - 0.5, 1),
        "at_low": round(at_low, 1),
        "wide": round(wide, 1),
    }


def _newest(lots: Sequence[Mapping[str, Any]], name: str) -> str:
    """Say how the lots of the newest round that somebody may see were decided; "" where there are none."""
    decided = [row["decision"] for row in lots if row["round"] == name]
    if not decided:
        return ""
    told = {code: format_value(decided.count(code), "count", language()) for code in DECISIONS}
    return _("Vague %(name)s. Échouent : %(fail)s ; passent : %(pass)s ; pas décidés : %(undecided)s.") % {
        "name": name,
        **told,
    }


def _lot(row: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {
        **row, "name": names.get(row[CODE_COLUMN], row[CODE_COLUMN]), "says": str(DECISIONS[row["decision"]]), "since": str(CHANGES[row["change"]])
    }  # fmt: skip


def hidden_places(one: Round, analysis: Analysis, person: Any) -> frozenset[str]:
    """Return the places of a round under a flag which somebody may not see: neither of the team nor cleared for them."""
    return unseen(person, one, {code for each in analysis.strata.values() for code in each["places"]})


def offered() -> list[dict[str, Any]]:
    """Return the ways to choose from, with what each is for and whether there is a form to take along."""
    return [{"code": str(way.value), "name": str(way.label), "when": str(says)} for way, says in WHEN.items()]


def form_of(one: Round) -> str:
    """Return the form of the library whose export a round reads; "" where it reads a table alone."""
    return FORMS[one.way][0] if one.way in FORMS else ""


def ages(one: Round) -> str:
    """Return of which children a round speaks."""
    first, below = one.terms["ages_months"]
    return _("de %(first)s à %(last)s mois") % {"first": first, "last": below - 1}


def dose(one: Round) -> str:
    """Return what people call the dose of a round."""
    return country_pack().name(f"dose.{one.terms['indicator']}", language())


def settings(one: Round) -> list[tuple[str, str]]:
    """Return the settings of a round in words."""
    found = []
    for name, value in one.terms["settings"].items():
        if isinstance(value, dict) and "value" in value:
            shown = f"{_number(name, value['value'])} ({_number(name, value['low'])} – {_number(name, value['high'])}) · {value['source']}"
        elif isinstance(value, dict):
            found += [(str(_("Calé sur")), line) for line in margin_lines(value, language())]
            continue
        else:
            shown = _number(name, value)
        found.append((str(SETTINGS.get(name, name)), shown))
    return found


def _number(name: str, value: float) -> str:
    if name in SHARES:
        whole = round(100 * value, 6).is_integer()
        return format_value(value, "percent" if whole else "percent1", language())
    if not float(value).is_integer():
        return f"{value:g}".replace(".", "," if language() == "fr" else ".")
    return format_value(value, "count", language())


@dataclass(frozen=True, kw_only=True)
class Planned:
    """The rule of a lot: how many children, from how many vaccinated on it passes, and how often it does so at each coverage."""

    says: str
    curve: Sequence[Mapping[str, float]]


def planned(*, lower: float, upper: float, alpha: float, beta: float, children: int | None) -> Planned:
    """Return the rule for limits and risks (shares); the smallest lot where no number of children is told. Raises SurveyRefused, ValueError."""
    plan = (
        smallest_plan(lower=lower, upper=upper, alpha=alpha, beta=beta)
        if children is None
        else decision_rule(children, lower=lower, upper=upper, alpha=alpha, beta=beta)
    )
    curve = operating_curve(plan, [at / 10 for at in range(11)])
    return Planned(
        says=rule(plan, lower=lower, upper=upper).render(language()), curve=curve.to_dict("records")
    )  # type: ignore[arg-type]  # fmt: skip
