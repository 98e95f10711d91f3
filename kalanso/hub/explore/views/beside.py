"""What do all sources say together: the review of a place, and one analysis at a time?"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from kalanso.figures.pictured import is_pictured
from kalanso.hub.evidence.queries.sources import distinct_titles
from kalanso.hub.explore.panels import locale, period, word
from kalanso.hub.explore.queries import beside as queries
from kalanso.hub.explore.queries import doors, shelf
from kalanso.hub.explore.queries.analyses import EXPLAINED, MEASURES, REFERENCES, VERDICTS
from kalanso.hub.explore.queries.freshness import freshness
from kalanso.hub.explore.queries.places import Place
from kalanso.hub.explore.queries.proofs import Proof, proofs
from kalanso.hub.explore.queries.shelf import Shelf
from kalanso.hub.explore.tasks import Picture
from kalanso.hub.explore.views import asked, pictures
from kalanso.hub.explore.views.asked import Choice
from kalanso.triangulation import Sentence, breaks, confidence, narrative
from kalanso.triangulation.narrative import SECTIONS
from kalanso.triangulation.sentences import word as family_word
from kalanso.triangulation.tables import TRIANGULATION, TRIANGULATION_FINDINGS
from kalanso.vocabulary import Message, NotAPeriod, Period, format_value

NUMBERS_SHOWN = 40
OTHERS_SHOWN = 20
DRAWN = ("analysis", "place_code", "period", "indicator", "measure", "source", "kind", "value", "low", "high", "reference", "reference_source", "verdict", "age_band")  # fmt: skip
DRAWN_FROM = {narrative.NAME: TRIANGULATION_FINDINGS}
NAMES_SOURCES = ("coverage_sources", "denominators")  # pictures that name sources, not ways of counting
STYLES = {"share": "percent", "ratio": "decimal"}


@dataclass(frozen=True, kw_only=True)
class Told:
    """One sentence as a page shows it, with the place of which it speaks and the rows on which it rests."""

    message: Message
    severity: str
    analysis: str
    place_code: str
    proofs: Sequence[Proof]


@dataclass(frozen=True, kw_only=True)
class Line:
    """One number beside what it is compared with, in words."""

    period: str
    measure: str
    source: str
    value: str
    between: str
    against: str
    gap: str
    verdict: str


def review(request: HttpRequest) -> HttpResponse:
    """Show the monthly review of a place in words, then every analysis with how many places it finds something in."""
    here, place, answer = _opened(request, "beside")
    if answer is not None or place is None:
        return answer or render(request, "explore/beside.html", {})
    when = period_asked(request, here, place)
    sentences = queries.review(here, place.code, when.value)
    context = _frame(request, here, place, when) | {
        "manifest": here.manifest(TRIANGULATION_FINDINGS),
        "sections": [(name, family_word("section", name, locale()), _told(here, sentences, name, place)) for name in SECTIONS],
        "serious": sum(one.severity == "serious" for one in sentences),
        "said": sum(one.section != "missing" for one in sentences),
        "analyses": [(one, EXPLAINED[one.name]) for one in queries.analyses(here, place.code, when.value)],
        "lacking": sorted({name for one in queries.grades(here, place.code) for name in one.missing}),
        "picture": _picture(here, place, narrative.NAME, when.value, {}),
        "by_estimate": queries.rests_on_estimate({"evidence": str(one.evidence).replace("'", '"')} for one in sentences),
    }  # fmt: skip
    return render(request, "explore/beside.html", context)


def analysis(request: HttpRequest, analysis: str) -> HttpResponse:
    """Show how one analysis answers its question for a place."""
    if analysis not in EXPLAINED:
        raise Http404(_("Aucune analyse ne s'appelle « %(name)s ».") % {"name": analysis})
    here, place, answer = _opened(request, "confidence" if analysis == confidence.NAME else "beside_analysis")
    if answer is not None or place is None:
        return answer or render(request, "explore/analysis.html", {"explained": EXPLAINED[analysis]})
    when = period_asked(request, here, place)
    rows = queries.numbers_of(here, place.code, analysis, when.value)
    titles = distinct_titles()
    own, others = queries.found_by(here, place.code, analysis, when.value)
    is_graded = analysis == confidence.NAME
    grades = queries.grades(here, place.code) if is_graded else []
    spec = queries.grades_table(here) if is_graded else TRIANGULATION
    context = _frame(request, here, place, when) | {
        "analysis": analysis, "explained": EXPLAINED[analysis], "manifest": here.manifest(spec), "table_name": spec.name, "part": f"&analyse={analysis}" if spec is TRIANGULATION else "",
        "standing": queries.standing(rows),
        "own": [_found(here, row) for row in own], "others": [_found(here, row) for row in others[:OTHERS_SHOWN]],
        "more_others": max(0, len(others) - OTHERS_SHOWN),
        "lines": [_line(row, titles) for row in rows[:NUMBERS_SHOWN]], "more_lines": max(0, len(rows) - NUMBERS_SHOWN),
        "verdicts": [VERDICTS[one] for one in VERDICTS if any(row["verdict"] == one for row in rows)],
        "picture": _picture(here, place, analysis, when.value, titles),
        "asked_of": next(one for one in queries.analyses(here, place.code, when.value) if one.name == analysis),
        "grades": [(one, proofs(here, one.evidence, place.code)) for one in grades],
        "by_estimate": queries.rests_on_estimate([*rows, *own, *others, *(one.row for one in grades)]),
    }  # fmt: skip
    return render(request, "explore/analysis.html", context)


def _opened(request: HttpRequest, page: str) -> tuple[Shelf, Place | None, HttpResponse | None]:
    """Return from where and of which place the reader reads; or the page that says why they may not, or asks which is meant."""
    own = shelf.current()
    where = asked.where(request, own)
    if unclear := asked.unclear(request, where):
        return own, where.place, unclear
    here = doors.reading(own, where.place)
    return here, where.place, asked.closed(request, here, page, where.place)


def _frame(request: HttpRequest, here: Shelf, place: Place, when: Choice) -> dict[str, Any]:
    """Return what both pages share."""
    return asked.shared(request, here, place) | {
        "when": when, "choices": [when], "wrong": [when] if when.wrong else [], "fresh": freshness(here),
        "wrong_place": asked.where(request, shelf.current()).wrong,
    }  # fmt: skip


def period_asked(request: HttpRequest, here: Shelf, place: Place) -> Choice:
    """Return the period of which the reader asks: a year in which something is found, or a quarter or month of one."""
    known = [(code, period(code)) for code in queries.years(here, place.code)]
    text = request.GET.get("periode", "").strip()
    if text and text not in dict(known) and _is_told(here, place, text):
        known = [(text, period(text)), *known]
    return asked.choose(request, "periode", _("Période"), known)


def _is_told(here: Shelf, place: Place, text: str) -> bool:
    try:
        Period.parse(text)
    except NotAPeriod:
        return False
    return queries.is_told(here, place.code, text)


def _told(here: Shelf, sentences: Sequence[Sentence], section: str, place: Place) -> list[Told]:
    return [
        Told(message=one.message, severity=one.severity, analysis=one.analysis, place_code=one.place_code,
             proofs=proofs(here, one.evidence, one.place_code))
        for one in sentences if one.section == section
    ]  # fmt: skip


def _found(here: Shelf, row: dict[str, Any]) -> Told:
    return Told(
        message=Message.from_json(row["message"], row["params"]), severity=row["severity"], analysis=row["analysis"],
        place_code=row["place_code"], proofs=proofs(here, json.loads(row["evidence"]), row["place_code"]),
    )  # fmt: skip


def _line(row: dict[str, Any], titles: Mapping[str, str]) -> Line:
    style = STYLES.get(row["unit"], "count")

    def number(value: float | None) -> str:
        return format_value(value, style, locale()) if value is not None else ""

    dose = word(row["indicator"]) if row["indicator"] else ""
    measured = MEASURES.get(row["measure"])
    age = family_word("age", row["age_band"], locale()) if row["age_band"] else ""
    pair = " – ".join(word(part) for part in row["measure"].split("_"))
    low, high = number(row["low"]), number(row["high"])
    reference = str(REFERENCES.get(row["reference_source"], "")) or _source(
        row["reference_source"], "", titles
    )
    return Line(
        period=period(row["period"]), measure=" · ".join(filter(None, [str(measured or pair), dose if measured else "", age])),
        source=_source(row["source"], row["kind"], titles), value=number(row["value"]),
        between=_("entre %(low)s et %(high)s") % {"low": low, "high": high} if low and high else "",
        against=" ".join(filter(None, [reference, number(row["reference"])])),
        gap=_gap(row, number), verdict=str(VERDICTS.get(row["verdict"], "")),
    )  # fmt: skip


def _source(code: str, kind: str, titles: Mapping[str, str]) -> str:
    """Return whose number it is: a way of counting, a count of services, or a source with its kind."""
    if not code:
        return ""
    named = (
        family_word("estimator", code, locale())
        or family_word("sector", code, locale())
        or family_word("disease", code, locale())
        or word(code)
    )
    if named == code:
        code = named = titles.get(code, code)
    told = (family_word("kind", kind, locale()) or family_word("population", kind, locale())) if kind else ""
    return f"{named} ({told})" if told and named == code else named


def _gap(row: dict[str, Any], number: Any) -> str:
    if row["gap"] is None:
        return ""
    if row["unit"] == "share":
        points = _("%(n)s points") % {"n": format_value(round(100 * row["gap"]), "count", locale())}
    else:
        points = number(row["gap"])
    if row["gap_children"] is None:
        return points
    children = _("%(n)s enfants") % {"n": format_value(round(row["gap_children"]), "count", locale())}
    return f"{points} · {children}"


def _titled(row: dict[str, Any], analysis: str, titles: Mapping[str, str]) -> dict[str, str]:
    """Return what a picture names of a row beside its codes: the source by its title, the indicator of a break."""
    if analysis == breaks.NAME:
        return {"named": word(row["indicator"])}
    return {"source": titles.get(row["source"], row["source"])} if analysis in NAMES_SOURCES else {}


def _drawn_rows(
    here: Shelf, place: Place, analysis: str, when: str, titles: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Return the rows of a picture up to the end of the period: numbers of an analysis, grades, or counts of the review."""
    empty = dict.fromkeys(DRAWN) | {
        "analysis": analysis,
        "place_code": place.code,
        "indicator": "",
        "kind": "",
    }
    if analysis == narrative.NAME:
        return [empty | {"period": when} | row for row in queries.tally(here, place.code, when)]
    if analysis == confidence.NAME:
        return [
            {**empty, **{name: one.row[name] for name in ("period", "indicator", "kind", "value", "quality", "agreement")},
             "measure": "grade", "source": titles.get(one.row["source"], one.row["source"]), "verdict": one.row["grade"]}
            for one in queries.grades(here, place.code)
        ]  # fmt: skip
    end = Period.parse(when).end if when else None
    return [
        {name: row[name] for name in DRAWN} | _titled(row, analysis, titles)
        for row in queries.numbers(here, place.code, analysis)
        if end is None or row["period_start"] <= end
    ]


def _picture(
    here: Shelf, place: Place, analysis: str, when: str, titles: Mapping[str, str]
) -> Picture | None:
    """Draw what an analysis says of a place."""
    plain = _drawn_rows(here, place, analysis, when, titles)
    if not is_pictured(analysis, (row["measure"] for row in plain)):
        return None
    subject: dict[str, Any] = {"measure": "", "place": place.name}
    if queries.rests_on_estimate(plain):
        subject["caveats"] = pictures.reviewed(here)
    spec = DRAWN_FROM.get(analysis) or TRIANGULATION
    if analysis == confidence.NAME:
        spec = queries.grades_table(here)
    return pictures.draw(here, "beside_sources", plain, subject, [spec], analysis=analysis)
