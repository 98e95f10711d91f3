"""How do score cards, WHO's metrics and recounts read on a page?

Template filters, a builtin of every template. Names of metrics and domains are those of the national report, so that
page and paper use the same words.
"""

from __future__ import annotations

import re
from typing import Any

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kalanso.hub.evidence.queries import published
from kalanso.hub.evidence.queries.sources import called, title_of
from kalanso.hub.evidence.queries.uploads import language
from kalanso.vocabulary import Message, UnknownMessage, format_value

register = template.Library()
OF_SHARES = frozenset({"1d", "3a"})  # whose numerator and denominator are shares themselves
OF_COUNTS = frozenset({"2a", "2b", "2c"})  # judged by how many values stand out
RELATIONS = frozenset({"equal", "at_least", "dropout", "level"})
# Nobody is called bad: a letter says whether and when to look.
GRADES = {
    "A": gettext_lazy("A · peu de doutes"),
    "B": gettext_lazy("B · quelques points à voir"),
    "C": gettext_lazy("C · à regarder"),
    "D": gettext_lazy("D · à regarder d'abord"),
    "none": gettext_lazy("pas jugé"),
}
FLAGS = {
    "good": gettext_lazy("dans les limites"),
    "poor": gettext_lazy("sous le seuil"),
    "divergent": gettext_lazy("hors des limites"),
    "not_judged": gettext_lazy("pas jugé"),
}
STEPS = {
    "register_over_report": gettext_lazy("registre sur rapport mensuel"),
    "tally_over_report": gettext_lazy("feuille de pointage sur rapport mensuel"),
    "report_over_system": gettext_lazy("rapport mensuel sur DHIS2"),
    "register_over_system": gettext_lazy("registre sur DHIS2"),
}
VERDICTS = {
    "over_reported": gettext_lazy("on déclare plus qu'on ne retrouve"),
    "agrees": gettext_lazy("concorde"),
    "under_reported": gettext_lazy("on retrouve plus qu'on ne déclare"),
    "unsure": gettext_lazy("trop peu de structures pour trancher"),
    "not_judged": gettext_lazy("rien à comparer"),
}


def _said(message: str, **params: Any) -> str:
    try:
        return Message(message, params).render(language())
    except (UnknownMessage, KeyError):
        return message


def _named(code: str) -> str:
    return str(published.pack().name(code, language()))


@register.filter
def domain_name(code: str) -> str:
    """Show the name of a domain of WHO's review, or of all together."""
    return _said(f"figures.quality.domain.{code}")


@register.filter
def grade_words(grade: str) -> str:
    """Show the letter of a score with what to do about it."""
    return str(GRADES.get(grade, grade))


@register.filter
def finding_source(row: dict[str, Any]) -> str:
    """Show whose number a finding doubts: its source, and for a coverage the population by which it was divided."""
    said_by = called([row["source"]])[0] if row.get("source") else ""
    population = re.search(r"@([^:]+)", row.get("detail") or "")
    if population is None:
        return said_by
    divided = _("population : %(name)s") % {"name": called([population.group(1)])[0]}
    return f"{said_by}, {divided}"


@register.filter
def halves(value: float) -> str:
    """Show a count that may hold halves."""
    return format_value(value, "count" if float(value).is_integer() else "decimal", language())


@register.filter
def metric_name(metric: str) -> str:
    """Show the name of one of WHO's metrics."""
    return _said(f"figures.quality.metric.{metric}")


@register.filter
def metric_reason(name: str) -> str:
    """Show a reason of a score by WHO's metrics: the metric, and the number that it judges."""
    metric, _space, indicator = name.partition(" ")
    return f"{metric} {metric_name(metric)}" + (f" ({_named(indicator)})" if indicator else "")


@register.filter
def metric_of(row: dict[str, Any]) -> str:
    """Show what a metric compares: a number, and with which other."""
    name, detail = _named(row["indicator"]), str(row["detail"])
    kind, colon, other = detail.partition(":")
    if colon and kind in RELATIONS:
        return _said(f"figures.quality.relation.{kind}", one=name, other=_named(other))
    if not detail:
        return name
    code = detail.split(" | ")[0]  # another number, or a source or survey
    with_ = _named(code)
    return _said("figures.quality.against", one=name, other=title_of(code) if with_ == code else with_)


@register.filter
def metric_number(row: dict[str, Any], column: str) -> str:
    """Show the numerator, the denominator or the value of a metric; why it is empty where it is."""
    value = row[column]
    if value is None:
        return _("pas de donnée")
    shares = column == "value" or row["metric"] in OF_SHARES
    return format_value(value, "percent1" if shares else "count", language())


@register.filter
def metric_limits(row: dict[str, Any]) -> str:
    """Show which values are accepted."""
    if row["metric"] in OF_COUNTS:
        return _said(f"figures.quality.enough.{row['metric']}")
    low, high = (
        None if row[name] is None else format_value(row[name], "percent", language())
        for name in ("lower", "upper")
    )
    if low is None or high is None:
        return _("au moins %(low)s") % {"low": low} if low else _("aucune")
    return _("de %(low)s à %(high)s") % {"low": low, "high": high}


@register.filter
def metric_verdict(row: dict[str, Any]) -> str:
    """Show how a metric is judged, and on which side it is beyond."""
    if row["flag"] == "divergent" and row["metric"] not in OF_COUNTS and row["value"] is not None:
        if row["upper"] is not None and row["value"] > row["upper"]:
            return _("au-dessus des limites")
        if row["lower"] is not None and row["value"] < row["lower"]:
            return _("en dessous des limites")
    if row["flag"] == "divergent" and row["metric"] in OF_COUNTS:
        return _("trop de valeurs à part")
    return str(FLAGS.get(row["flag"], row["flag"]))


@register.filter
def step_named(step: str) -> str:
    """Show what was counted again, over what it was reported as."""
    return str(STEPS.get(step, step))


@register.filter
def verdict_words(verdict: str) -> str:
    """Show what a verification factor says."""
    return str(VERDICTS.get(verdict, verdict))


@register.filter
def factor(value: float | None) -> str:
    """Show a verification factor with two decimals, as reviews write it."""
    if value is None:
        return _("pas de donnée")
    return f"{value:.2f}".replace(".", "," if language() == "fr" else ".")
