"""Which weights does a round have, do they still rest on what stands, and what is said of them beside results?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kalanso.hub.studies.models import Analysis, Draw, Round, RoundFile, Weighting
from kalanso.hub.studies.queries.draws import expected_clusters, protected
from kalanso.vocabulary import format_value

# Of what the parts of the population may be known.
VARIABLES = {
    "sex": gettext_lazy("sexe"), "stratum": gettext_lazy("strate"), "cohort": gettext_lazy("cohorte"),
    "mother_education": gettext_lazy("école de la mère"), "displaced": gettext_lazy("ménage déplacé"), "place_code": gettext_lazy("lieu de vie"),
}  # fmt: skip
# What codes of these are called.
CATEGORIES = {
    "female": gettext_lazy("fille"), "male": gettext_lazy("garçon"), "yes": gettext_lazy("oui"), "no": gettext_lazy("non"),
    "none": gettext_lazy("aucune"), "koranic": gettext_lazy("coranique"), "primary": gettext_lazy("primaire"),
    "secondary": gettext_lazy("secondaire"),
}  # fmt: skip
READ, MEMBERS = ("answers", "homes"), "members"


def newest(one: Round) -> Weighting | None:
    """Return the newest time that weights were asked for."""
    return one.weightings.select_related("job", "by", "draw", "sample").first()


def of_sample(sample: RoundFile) -> Weighting | None:
    """Return how a sample was made; None where somebody brought it."""
    return Weighting.objects.filter(sample=sample).select_related("draw").first()


def stale(one: Round, sample: RoundFile) -> bool:
    """Whether a sample that Kalanso made rests on files or replacements that are no longer those that stand."""
    made = of_sample(sample)
    if made is None:
        return False
    standing = dict(
        one.files.filter(kind__in=(*READ, MEMBERS), replaced__isnull=True).values_list("kind", "pk")
    )
    used = {"homes": made.homes_id, "answers": made.answers_id, MEMBERS: made.members_id}
    same = standing == {kind: pk for kind, pk in used.items() if pk is not None}
    return not same or made.lines != made.draw.replacements.count()


def in_use(draw: Draw | None) -> list[dict[str, Any]]:
    """Return the clusters that are to be visited by a draw."""
    return [] if draw is None else expected_clusters(draw)


def span(made: Weighting) -> dict[str, Any] | None:
    """Return the least and the greatest weight of clusters with interviews, and whether a place is so large that it was due several times."""
    weights = [float(row["weight"]) for row in made.factors if row["children_completed"]]
    if not weights:
        return None
    return {
        "low": min(weights),
        "high": max(weights),
        "large": any(row["p_cluster"] > 1 for row in made.factors),
    }


def rows(made: Weighting, person: Any) -> list[dict[str, Any]]:
    """Return the factors of each cluster that somebody may see."""
    hidden = protected(made.draw, person)
    names = {row["cluster"]: row["name"] for row in made.draw.clusters}
    return [
        {**row, "name": names.get(row["cluster"], "")} for row in made.factors if row["cluster"] not in hidden
    ]


def silent_children(made: Weighting, locale: str) -> str:
    """Say which children without an interview the weights know of."""
    if made.members_id is None:
        return _("Pour les enfants, seuls les refus sont comptés : la liste des enfants des ménages n'est pas venue, ceux que personne n'a rencontrés ne sont pas connus.")  # fmt: skip
    numbers = {
        name: format_value(made.rates.get(name) or 0, "count", locale) for name in ("unmet", "ageless")
    }
    return _("Enfants de l'âge de l'étude, listés mais sans interview (refus, absent, incapable) : %(unmet)s, pris en compte. Sans âge connu, laissés de côté : %(ageless)s.") % numbers  # fmt: skip


def margins(made: Weighting, locale: str) -> list[str]:
    """Say to which shares the weights are brought, a variable a line."""
    return margin_lines(made.margins, locale)


def margin_lines(given: Mapping[str, Mapping[str, float]], locale: str) -> list[str]:
    """Say which shares are known of the population, a variable a line."""
    return [
        f"{VARIABLES[name]} : "
        + ", ".join(
            f"{CATEGORIES.get(category, category)} {format_value(share, 'percent1', locale)}"
            for category, share in shares.items()
        )
        for name, shares in given.items()
    ]


def told(analysis: Analysis, locale: str) -> list[str]:
    """Say beside results where their weights come from."""
    made = of_sample(analysis.sample) if analysis.sample is not None else None
    if made is None:
        return [_("Les poids sont ceux de l'échantillon qui a été apporté ; Kalanso ne les a pas calculés.")]
    rates = {
        name: format_value(made.rates[name], "percent", locale)
        for name in ("households", "children")
        if made.rates.get(name) is not None
    }
    found = [
        _("Les poids viennent du tirage %(number)s : chance de la grappe, du segment et du ménage, puis non-réponse. Ont répondu : ménages %(households)s, enfants %(children)s.")
        % {"number": made.draw.number, "households": rates.get("households", "—"), "children": rates.get("children", "—")}
    ]  # fmt: skip
    found.append(silent_children(made, locale))
    if made.rates.get("lost"):
        found.append(
            _("Grappes sans aucune interview, dont les autres de la strate portent le poids : %(n)s.")
            % {"n": format_value(made.rates["lost"], "count", locale)}
        )
    if made.margins:
        names = ", ".join(str(VARIABLES[name]) for name in made.margins)
        found.append(
            _(
                "Ils sont calés sur ce qui est connu de la population (%(names)s) ; les intervalles en tiennent compte."
            )
            % {"names": names}
        )
    return found


def broken(analysis: Analysis, locale: str) -> list[str]:
    """Say where the factors that are kept do not give the weight."""
    found = {
        row["what"]: format_value(row["n"], "count", locale)
        for row in analysis.receipt
        if row["part"] == "weights"
    }
    if not found:
        return []
    return [
        _("Attention : les facteurs gardés des poids ne donnent pas partout le poids. Sur %(rows)s lignes de l'échantillon, leur produit est un autre nombre dans %(differing)s, et un facteur manque dans %(lacking)s. Les résultats reposent sur le poids tel qu'il est écrit ; d'où il vient ne peut pas être vérifié.")
        % found
    ]  # fmt: skip
