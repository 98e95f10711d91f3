"""How many children are missed, where, and how sure is that? From the estimate that was released to the reader's circle."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kalanso.figures.reviews import Drawing, Fact, Linked, Listing, Section
from kalanso.hub.evidence.queries import published
from kalanso.hub.evidence.queries import runs as of_evidence
from kalanso.hub.explore import tasks
from kalanso.hub.explore.panels import between_count, between_percent, snapshot_url
from kalanso.hub.explore.panels import period as called
from kalanso.hub.explore.queries import estimates, places, runs, series, withheld
from kalanso.hub.explore.queries.estimates import Estimate
from kalanso.hub.explore.queries.places import Place
from kalanso.hub.explore.views import estimate_pictures, pictures
from kalanso.hub.explore.views.missed import drawn_places
from kalanso.hub.site.queries.review.asked import SHOWN, Asked, count, not_listed, percent
from kalanso.indicators.tables import COVERAGE_SERIES, INDICATOR_VALUES
from kalanso.store import Manifest, NotVisible
from kalanso.vocabulary import Period

RANKED = 15
OFFICIAL, WUENIC = "OFFICIAL", "WUENIC"


def section(asked: Asked) -> Section:
    """Return what is known of missed children: nothing of a run that failed its own check."""
    title = _("Combien d'enfants manqués, et où ?")
    run, when = runs.run(asked.here), period_of(asked)
    beside = _beside(asked)
    sources = _sources(asked, when)
    if run is None or when is None or run.unsettled:
        return Section(
            name="children", title=title, message=_nothing(run, when), facts=beside, sources=sources
        )
    values = estimates.values(asked.here, "dtp1", when)
    own = values.get(asked.place.code)
    if own is None:
        return Section(
            name="children", title=title, message=_nothing(None, when), facts=beside, sources=sources
        )
    return Section(
        name="children", title=title, message=_message(asked, own), facts=(*_facts(asked, when, own), *beside),
        listings=_listings(asked, when, values), drawings=_drawings(asked, when, values), notes=_notes(asked, when, own), sources=sources,
    )  # fmt: skip


def period_of(asked: Asked) -> str | None:
    """Return the newest period of estimates that does not reach beyond the quarter; None where there is none."""
    last = asked.quarter.end
    return next((code for code in estimates.spans(asked.here) if Period.parse(code).end <= last), None)


def _nothing(run: Any, when: str | None) -> str:
    if run is not None and run.unsettled:
        return _(
            "Une estimation existe, mais elle n'a pas passé son contrôle : aucun de ses nombres n'est montré."
        )
    if run is not None and when is None:
        return _("Aucune estimation ne va jusqu'à ce trimestre ou avant lui.")
    return _("Aucune estimation que vous puissiez lire n'existe encore pour ce lieu.")


def _message(asked: Asked, own: Estimate) -> str:
    missed, infants = own.missed.said, own.infants.said
    said = {
        "n": count(missed.mean), "between": between_count(missed), "of": count(infants.mean), "period": called(own.period),
        "place": asked.place.name,
    }  # fmt: skip
    if own.rolled:
        return _(
            "%(place)s : environ %(n)s enfants zéro dose (%(between)s) sur %(of)s attendus dans les quatre trimestres jusqu'au %(period)s."
        ) % said  # fmt: skip
    return (
        _("%(place)s : environ %(n)s enfants zéro dose (%(between)s) sur %(of)s attendus au %(period)s.")
        % said
    )


def snapshot(asked: Asked, when: str) -> Manifest | None:
    """Return the snapshot from which the estimates of a period are read."""
    spec = runs.spec_of(asked.here, estimates.source(asked.here, when))
    return asked.here.manifest(spec) if spec is not None else None


def _facts(asked: Asked, when: str, own: Estimate) -> list[Fact]:
    manifest = snapshot(asked, when)
    address = snapshot_url(manifest.id) if manifest else ""
    third = estimates.values(asked.here, "dtp3", when).get(asked.place.code)
    found = [
        Fact(label=_("Enfants zéro dose"), value=Linked(count(own.missed.said.mean), address), beside=between_count(own.missed.said)),
        Fact(label=_("Couverture DTC1 estimée"), value=Linked(percent(own.coverage.mean), address), beside=between_percent(own.coverage)),
    ]  # fmt: skip
    if third is not None:
        found += [
            Fact(label=_("Enfants sans DTC3, zéro dose compris"), value=Linked(count(third.missed.said.mean), address), beside=between_count(third.missed.said)),
            Fact(label=_("Couverture DTC3 estimée"), value=Linked(percent(third.coverage.mean), address), beside=between_percent(third.coverage)),
        ]  # fmt: skip
    return found


def _beside(asked: Asked) -> list[Fact]:
    """Return what was reported in the quarter, and the official figure where it exists."""
    return [*_reported(asked), *_official(asked)]


def _reported(asked: Asked) -> list[Fact]:
    if not asked.own.sees(INDICATOR_VALUES):
        return []
    points = series.at(asked.own, (asked.place.code,), "dtp1_coverage", asked.period)
    point, manifest = points.get(asked.place.code), asked.own.manifest(INDICATOR_VALUES)
    label = _("Couverture DTC1 notifiée, %(period)s") % {"period": called(asked.period)}
    if point is None or point.value is None or manifest is None:
        return [Fact(label=label, value=Linked(_("pas de donnée")))]
    told = _("%(doses)s doses, %(target)s enfants attendus") % {
        "doses": count(point.numerator),
        "target": count(point.denominator),
    }
    beside = f"{told} ({_('provisoire')})" if point.provisional else told
    return [Fact(label=label, value=Linked(percent(point.value), snapshot_url(manifest.id)), beside=beside)]


def _official(asked: Asked) -> list[Fact]:
    """Return what the country declared, and how WHO and UNICEF read it, of the newest year up to the quarter."""
    if not asked.whole or not published.sees(COVERAGE_SERIES):
        return []
    try:
        years = of_evidence.official(None, "dtp1")
    except NotVisible:
        return []
    manifest = asked.own.manifest(COVERAGE_SERIES)
    year = next((one for one in years if one.shares and int(one.year) <= asked.quarter.start.year), None)
    if year is None or manifest is None:
        return []
    names = {
        OFFICIAL: _("Couverture DTC1 officielle, %(year)s"),
        WUENIC: _("Couverture DTC1 OMS/UNICEF, %(year)s"),
    }
    return [
        Fact(label=name % {"year": year.year}, value=Linked(percent(year.shares[code]), snapshot_url(manifest.id)))
        for code, name in names.items()
        if code in year.shares
    ]  # fmt: skip


def _shown(asked: Asked, values: dict[str, Estimate]) -> list[Place]:
    found = [one for one in drawn_places(asked.here, asked.place) if one.code in values]
    return sorted(found, key=lambda one: (-values[one.code].missed.mean, one.name))


def _listings(asked: Asked, when: str, values: dict[str, Estimate]) -> list[Listing]:
    shown = _shown(asked, values)
    if not shown:
        return []
    manifest = snapshot(asked, when)
    address = snapshot_url(manifest.id) if manifest else ""
    rows = [
        (
            Linked(one.name, reverse("place_estimate", args=[one.code])), Linked(count(values[one.code].missed.said.mean), address),
            Linked(between_count(values[one.code].missed.said)), Linked(percent(values[one.code].coverage.mean), address),
            Linked(between_percent(values[one.code].coverage)),
        )
        for one in shown[:SHOWN]
    ]  # fmt: skip
    headings = (
        _("Lieu"),
        _("Zéro dose"),
        _("Intervalle à 95 %"),
        _("Couverture DTC1"),
        _("Intervalle à 95 %"),
    )
    return [
        Listing(
            title=_("Où en manque-t-il le plus ?"), headings=headings, rows=rows, widths=(2.4, 1.2, 2.2, 1.4, 2.2), numbers=frozenset({1, 3}),
            more=not_listed(len(shown), len(rows)),
        )
    ]  # fmt: skip


def _drawings(asked: Asked, when: str, values: dict[str, Estimate]) -> list[Drawing]:
    """Return the map of missed children and the ranking of the places inside, with intervals."""
    here, place = asked.here, asked.place
    shown, hidden = drawn_places(here, place), withheld.of_estimates(here, place.code)
    found: list[Drawing] = []
    if len([one for one in shown if one.code in values]) < 2:
        return found
    named = hidden.named(place) if hidden.among(shown) else place
    drawn = []
    if any(one.code in places.outlined(here) for one in shown):
        drawn.append(
            estimate_pictures.estimate_map(
                here, named, shown, values, estimate_pictures.MISSED, "dtp1", threshold=0.8, chances={}, partial=hidden.among(shown)
            )
        )  # fmt: skip
    drawn.append(_ranking(asked, named, when, values))
    return [Drawing(job=tasks.job_of(one.key), shown=one) for one in drawn]


def _ranking(asked: Asked, named: Place, when: str, values: dict[str, Estimate]) -> Any:
    inside = _shown(asked, values)
    rows = [
        {"place": one.name, "value": said.mean, "low": said.low, "high": said.high}
        for one in inside
        for said in (values[one.code].missed.said,)
    ]
    about = {
        "measure": estimate_pictures.missed_words("dtp1"), "unit": "count", "number": "estimated", "place": named.name, "level": inside[0].level,
    }  # fmt: skip
    specs = estimate_pictures.specs(asked.here, estimates.source(asked.here, when))
    return pictures.draw(asked.here, "ranked_bars", rows, about, specs, when=when, most=RANKED)


def _notes(asked: Asked, when: str, own: Estimate) -> list[str]:
    found = []
    if Period.parse(when).end < asked.quarter.end:
        found.append(
            _("L'estimation la plus récente va jusqu'au %(until)s ; aucune n'existe encore pour le %(period)s.")
            % {"until": called(when), "period": called(asked.period)}
        )  # fmt: skip
    if own.provisional:
        found.append(_("Période provisoire : des rapports peuvent encore arriver."))
    if hidden := withheld.of_estimates(asked.here, asked.place.code):
        told = ngettext(
            "%(n)s lieu ne vous est pas montré (zone protégée) : le total le compte, les cartes et les listes non.",
            "%(n)s lieux ne vous sont pas montrés (zones protégées) : le total les compte, les cartes et les listes non.",
            hidden.count,
        )
        found.append(told % {"n": count(hidden.count)})
    return [
        *found,
        _("Zéro dose : aucune première dose de DTC (Penta1) à 12 mois. C'est une cohorte de naissance, pas les enfants à rattraper aujourd'hui."),
        _("L'intervalle contient la vérité dans 95 cas sur 100, si les hypothèses tiennent."),
    ]  # fmt: skip


def _sources(asked: Asked, when: str | None) -> list[Linked]:
    found = [snapshot(asked, when)] if when else []
    if asked.own.sees(INDICATOR_VALUES):
        found.append(asked.own.manifest(INDICATOR_VALUES))
    return [Linked(one.id, snapshot_url(one.id)) for one in found if one is not None]
