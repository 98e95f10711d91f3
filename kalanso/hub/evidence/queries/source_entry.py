"""What is known of one source, field by field: what people wrote here before what the country's pack declares, then what the checks doubt?"""

from __future__ import annotations

import fnmatch
from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from kalanso.definitions import DeclaredSource
from kalanso.hub.evidence.models import SourceCard
from kalanso.hub.evidence.queries import published
from kalanso.hub.evidence.queries.catalogue import Measured, Names
from kalanso.hub.evidence.queries.uploads import language
from kalanso.quality.tables import QUALITY_FINDINGS
from kalanso.vocabulary import format_value

PERIODS: dict[str, Promise] = {
    "week": gettext_lazy("semaine"), "month": gettext_lazy("mois"), "quarter": gettext_lazy("trimestre"), "year": gettext_lazy("année"),
}  # fmt: skip
REFRESH: dict[str, Promise] = {
    "weekly": gettext_lazy("Chaque semaine"), "monthly": SourceCard.Cadence.MONTHLY.label, "quarterly": SourceCard.Cadence.QUARTERLY.label,
    "yearly": SourceCard.Cadence.YEARLY.label, "sometimes": SourceCard.Cadence.SOMETIMES.label,
}  # fmt: skip

MOST_NAMED = 6


def facts(known: Measured | None, card: SourceCard | None) -> list[tuple[str, str]]:
    """Return what is said of a source in words, name by name; what nobody said is left out."""
    one = known.declared if known else None
    words = known.words if known else {}
    names = Names()

    def own(name: str) -> Any:
        return getattr(card, name, "")  # of no card nothing is written

    def said(name: str) -> Any:
        return own(name) or words.get(name, getattr(one, name, ""))

    agreement, request, ends, access = (
        said(name) for name in ("agreement", "request", "funding_ends", "access")
    )
    fallback = own("fallback") or (names.source(one.fallback) if one and one.fallback else "")
    found: list[tuple[str, Any]] = [
        (_("Propriétaire"), said("owner")),
        (_("À qui s'adresser, selon sa déclaration"), one.contact if one and not own("contact") else ""),
        (_("Système et version"), own("system") or (" ".join(filter(None, [one.system, one.version])) if one else "")),
        (_("Niveaux"), own("levels") or (", ".join(known.levels) if known else "")),
        *_origin(one, names),
        (_("Qui est couvert"), said("population")),
        (_("Période des chiffres"), own("periods") or (str(PERIODS.get(one.period, one.period)) if one else "")),
        *_rhythm(one),
        (_("Rapporté à qui"), said("denominator")),
        (_("Liste des lieux"), said("places_list")),
        (_("Codes des lieux"), said("identifiers")),
        (_("Comment on y accède"), SourceCard.Access(access).label if access else ""),
        (_("Licence déclarée"), "" if own("licence") else words.get("licence")),
        (_("Biais connus"), said("biases")),
        (_("Qui la paie"), said("funder")),
        (_("Payée jusqu'au"), format_value(ends, "date", language()) if ends else ""),
        (_("Accord avec son propriétaire"), SourceCard.Agreement(agreement).label if agreement else ""),
        (_("Demande d'accès"), SourceCard.Request(request).label if request else ""),
        (_("Prochaine parution"), said("next_release")),
        (_("Si elle vient à manquer"), fallback),
        (_("Déclaré d'après"), words.get("source")),
    ]  # fmt: skip
    return [(str(name), str(value)) for name, value in found if value]


def _origin(one: DeclaredSource | None, names: Names) -> Iterator[tuple[str, str]]:
    """Yield where numbers begin and are typed in, what they count, and which sources they come from or go to."""
    if one is None:
        return
    feeding = [other.code for other in names.pack.sources.sources if one.code in other.feeds]
    yield _("Ses chiffres naissent"), names.level(one.arises_at)
    yield _("Ils sont saisis"), names.level(one.entered_at)
    yield _("Chiffres déclarés"), _counted(one.indicators, names)
    yield _("Elle reprend"), ", ".join(map(names.source, feeding))
    yield _("Elle est reprise par"), ", ".join(map(names.source, one.feeds))


def _counted(patterns: tuple[str, ...], names: Names) -> str:
    """Name the numbers that a source counts, the first of many; a pattern for which nothing is known stands as it is."""
    found = [
        name
        for one in patterns
        for name in [names.indicator(code) for code in fnmatch.filter(names.pack.indicators, one)] or [one]
    ]
    shown, more = ", ".join(found[:MOST_NAMED]), len(found) - MOST_NAMED
    if more <= 0:
        return shown
    told = ngettext("%(shown)s et %(n)s autre nombre", "%(shown)s et %(n)s autres nombres", more)
    return told % {"shown": shown, "n": more}


def _rhythm(one: DeclaredSource | None) -> Iterator[tuple[str, str]]:
    if one is None:
        return
    yield _("Rythme déclaré"), str(REFRESH.get(one.refresh, one.refresh))
    if one.lag_days is not None:
        days = ngettext(
            "%(n)s jour après la fin de la période", "%(n)s jours après la fin de la période", one.lag_days
        )
        yield _("Délai déclaré"), days % {"n": one.lag_days}


def doubts(code: str) -> list[tuple[str, int]]:
    """Return how many findings that ask for something the checks have about a source, by WHO's domains, in their order."""
    if not published.sees(QUALITY_FINDINGS) or published.latest(QUALITY_FINDINGS) is None:
        return []
    domains = published.pack().section("quality")["scorecards"]["domains"]
    domain_of = {check: name for name, checks in domains.items() for check in checks}
    rows = published.rows(
        QUALITY_FINDINGS,
        lambda t: (
            t.filter(t.source == code, t.severity != "note")
            .group_by("check")
            .aggregate(n=lambda rows: rows.count())
        ),
    )
    found: Counter[str] = Counter()
    for row in rows:
        if row["check"] in domain_of:
            found[domain_of[row["check"]]] += row["n"]
    return [(name, found[name]) for name in domains]
