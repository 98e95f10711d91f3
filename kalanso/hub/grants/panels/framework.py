"""How does an indicator of a performance framework look inside a page: its value, its way to the target, its trend?

Template tags and filters (a builtin of every template). A number never stands without its basis, and none is shown as zero
because it is lacking: the reason stands in its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import template
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from kalanso.coverage.summaries import readable
from kalanso.hub.grants.models import Chain
from kalanso.hub.grants.queries.scope import language
from kalanso.indicators.measures import Measure
from kalanso.vocabulary import format_value

register = template.Library()
WIDTH, HEIGHT = 120, 28
# Icon, word and colour of each verdict: never by colour alone.
VERDICTS = {
    "reached": ("★", gettext_lazy("cible atteinte"), "good"), "on_way": ("▲", gettext_lazy("en bonne voie"), "good"),
    "off": ("▼", gettext_lazy("en retard sur la cible"), "serious"), "unsure": ("≈", gettext_lazy("ne se distingue pas"), "note"),
    "unknown": ("?", gettext_lazy("ne se juge pas"), "note"),
}  # fmt: skip
BASES = {
    "reported": gettext_lazy("notifié"), "estimated": gettext_lazy("estimé"), "recorded": gettext_lazy("rapporté au portefeuille"),
    "money": gettext_lazy("grand livre"),
}  # fmt: skip
REASONS = {
    "no_table": gettext_lazy("aucune table publiée ne le contient"),
    "no_value": gettext_lazy("aucune valeur publiée pour ce trimestre et ce lieu"),
    "no_numerator": gettext_lazy("le numérateur manque, ou il est trop petit pour être montré"),
    "no_denominator": gettext_lazy("le dénominateur n'est tenu nulle part"),
    "nothing_expected": gettext_lazy("rien n'était attendu : le dénominateur est nul, ou négatif"),
    "no_source": gettext_lazy("aucune source ne le donne encore ici"),
    "no_intervention": gettext_lazy("personne n'a dit quelles interventions comptent"),
    "no_report": gettext_lazy("aucun rapport approuvé"),
    "no_plan": gettext_lazy("rien n'est prévu par trimestre"),
    "no_state": gettext_lazy("l'état à cette date n'est pas connu"),
    "not_half": gettext_lazy("moins de la moitié ont livré : pas encore de médiane"),
    "not_for_you": gettext_lazy("l'argent n'est pas montré à votre rôle"),
    "not_at_this_level": gettext_lazy("se lit pour une région ou le pays"),
    "by_grant": gettext_lazy("se lit par subvention, pour le pays"),
    "no_estimate": gettext_lazy("aucune estimation n'est validée pour votre rôle"),
    "unsettled": gettext_lazy("le calcul n'a pas passé son propre contrôle"),
    "protected": gettext_lazy("lignes protégées, comptées 90 jours après le trimestre"),
    "not_yet": gettext_lazy("la subvention n'avait pas commencé"),
    "not_added": gettext_lazy("des estimations ne s'ajoutent pas d'un trimestre à l'autre"),
}
FLAGS = {
    "negative": gettext_lazy("négatif : plus de doses que d'enfants attendus, à vérifier"),
    "above_whole": gettext_lazy("dépasse 100 %"),
    "incomplete": gettext_lazy("incomplet"),
    "provisional": gettext_lazy("provisoire"),
    "partly": gettext_lazy("seulement les lignes que vous voyez"),
    "unfinished": gettext_lazy("trimestre en cours"),
    "protected": gettext_lazy("des lignes protégées attendent 90 jours"),
    "unsummed": gettext_lazy("une monnaie sans cours est à côté"),
}


def _shown(value: float, unit: str) -> str:
    """Return a value in its unit as people read it."""
    if unit == "share":
        return format_value(value, "percent1" if abs(value) < 0.1 else "percent", language())
    number = format_value(value, "count", language())
    return ngettext("%(n)s jour", "%(n)s jours", round(value)) % {"n": number} if unit == "days" else number


@register.filter
def agreed_value(value: Any, unit: str) -> str:
    """Show an agreed value in its unit."""
    return _("pas de donnée") if value is None else _shown(float(value), unit)


def in_words(one: Measure) -> str:
    """Return the value of a measure as a sentence says it; between its bounds where it has some; why there is none."""
    if not one.known:
        return str(REASONS[one.reason])
    if one.low is None or one.high is None:
        return _shown(one.value or 0.0, one.unit)
    low, high = one.low, one.high
    if one.unit == "count":
        low, high = (readable(number, one.low, one.high) for number in (one.low, one.high))
    between = _("entre %(low)s et %(high)s") % {"low": _shown(low, one.unit), "high": _shown(high, one.unit)}
    if one.value is None:
        return between
    middle = readable(one.value, one.low, one.high) if one.unit == "count" else one.value
    return f"{_shown(middle, one.unit)} ({between})"


@register.filter
def measured(one: Measure) -> str:
    """Show the value of a measure."""
    return in_words(one)


@register.filter
def basis_word(basis: str) -> str:
    """Show whose number it is."""
    return str(BASES[basis])


@register.filter
def flag_words(one: Measure) -> list[str]:
    """Return what a reader must know of a measure."""
    return [str(FLAGS[flag]) for flag in one.flags]


@register.filter
def fraction(one: Measure) -> str:
    """Show of what a measure is made: numerator and denominator, or what was taken from what; nothing where it is neither."""
    above, below = (
        format_value(end, "count", language()) if end is not None else "?"
        for end in (one.numerator, one.denominator)
    )
    if one.denominator is None:
        return above if one.numerator is not None else ""
    if one.numerator is None and one.known:
        return _("sur %(n)s") % {"n": below}
    return f"{below} − {above}" if one.unit == "count" else f"{above} / {below}"


@register.simple_tag
def chain_word(step: str) -> str:
    """Show a step of the chain of results."""
    return str(Chain(step).label)


@register.inclusion_tag("grants/verdict.html")
def verdict_mark(verdict: str) -> dict[str, Any]:
    """Show how an indicator stands on its way: icon, word and colour."""
    icon, word, mark = VERDICTS[verdict]
    return {"icon": icon, "word": word, "mark": mark}


@register.simple_tag
def indicator_trend(measures: Sequence[Measure]) -> SafeString:
    """Draw the quarters of an indicator: a broken line where one is lacking, strokes between bounds; a table stands elsewhere."""
    ends = [end for one in measures for end in (one.value, one.low, one.high) if end is not None]
    if not ends:
        return mark_safe("")
    least, most = min([0.0, *ends]), max(ends)
    scale = (HEIGHT - 6) / (most - least) if most > least else 0.0
    step = (WIDTH - 6) / max(1, len(measures) - 1)

    def point(at: int, value: float) -> tuple[int, int]:
        return round(3 + at * step), round(HEIGHT - 3 - (value - least) * scale)

    strokes, way, drawn = [], "", False
    for at, one in enumerate(measures):
        if one.low is not None and one.high is not None:
            (x, low), (_x, high) = point(at, one.low), point(at, one.high)
            strokes.append(f'<path d="M{x} {low}V{high}" stroke="#9fb0d6" stroke-width="3"/>')
        if one.value is None:
            drawn = False
            continue
        x, y = point(at, one.value)
        way += f"{'L' if drawn else 'M'}{x} {y}"
        strokes.append(f'<circle cx="{x}" cy="{y}" r="2" fill="#28427b"/>')
        drawn = True
    line = f'<path d="{way}" fill="none" stroke="#28427b" stroke-width="1.5"/>' if way else ""
    return mark_safe(  # noqa: S308 - numbers only
        f'<svg width="{WIDTH}" height="{HEIGHT}" aria-hidden="true">{"".join(strokes)}{line}</svg>'
    )
