"""How far can a source be trusted in a place?

A grade from quality x agreement, by a written rubric. Quality is the worst of what is known of the source itself: reports
that came and findings of the checks for reported doses; interval, cards and age for surveys; interval for estimates. Agreement is the
furthest gap to sources of the same place that do not depend on it. A number that cannot be (coverage above 100 %) agrees with nothing.
The grade never improves where quality or agreement becomes worse; what is not known counts worse than fair.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from kalanso.triangulation import above_full
from kalanso.triangulation.denominators import side_by_side
from kalanso.triangulation.dossier import INDEPENDENT, Dossier
from kalanso.triangulation.findings import MOST_EVIDENCE, Answer, Finding, newest
from kalanso.triangulation.inputs import each
from kalanso.triangulation.tables import CONFIDENCE_GRADES, QUALITIES
from kalanso.vocabulary import Message, Period

NAME = "confidence"
ESTIMATE = "estimate"
NEEDS = ("coverage",)
HELPS = ("quality", "counts", "populations", "surveys")
# quality -> grade by agreement, in the order of QUALITIES: good, fair, unknown, poor.
_LOW = {True: "triangulation.confidence.low", False: "triangulation.confidence.low_target"}
RUBRIC = {
    "good": ("A", "B", "C", "C"),
    "fair": ("B", "C", "C", "D"),
    "unknown": ("C", "D", "D", "D"),
    "poor": ("C", "D", "D", "D"),
}


@dataclass(kw_only=True)
class Assessment:
    """What speaks for and against a source in a place, gathered part by part."""

    quality: str = "good"
    agreement: str = "unknown"
    reasons: list[Message] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    def judge(self, part: str, level: str, **params: Any) -> None:
        """Take in one part of quality: the worst part counts."""
        self.quality = worst((self.quality, level))
        self.reasons.append(Message(f"triangulation.reason.{part}.{level}", params))

    @property
    def grade(self) -> str:
        """The grade of the rubric."""
        return grade(self.quality, self.agreement)


def grade(quality: str, agreement: str) -> str:
    """Return A to D."""
    return RUBRIC[quality][QUALITIES.index(agreement)]


def worst(levels: Iterable[str]) -> str:
    """Return the worst of several levels of QUALITIES."""
    return max(levels, key=QUALITIES.index)


def compare(dossier: Dossier) -> Answer:
    """Return what to check because its grade is D; the grades themselves stand in `grades`."""
    rows = grades(dossier)
    told = tuple(
        Finding(
            kind="check", place_code=row.place_code, period=row.period, indicator=row.indicator, source=row.source, value=row.value,
            message=Message(_LOW[bool(row.indicator)], {
                "place": row.place_code, "period": row.period, "indicator": row.indicator, "kind": row.kind, "grade": row.grade,
                "quality": row.quality, "agreement": row.agreement,
            }),
            severity="attention", evidence=tuple(json.loads(row.evidence)),
        )
        for row in each(rows[rows["grade"] == "D"])
    )  # fmt: skip
    return Answer(analysis=NAME, findings=told)


def grades(dossier: Dossier) -> pd.DataFrame:
    """Return a grade for the newest DTP1 and DTP3 coverage of every source and place, and for targets."""
    rows = dossier.rows("coverage")
    rows = newest(
        # A lot classifies a place: it states no number that could be graded.
        rows[rows["indicator"].isin(["dtp1", "dtp3"]) & (rows["kind"] != "lots")],
        ["place_code", "indicator", "source", "kind"],
    )
    surveys = _surveys(dossier)
    context = _Context(dossier)
    found = [
        _graded(dossier, row, context, surveys.get((row.place_code, row.indicator), [])) for row in each(rows)
    ]
    found += [_target(dossier, row) for row in _targets(dossier)]
    frame = pd.DataFrame(found, columns=list(CONFIDENCE_GRADES.column_names))
    return frame.sort_values(list(CONFIDENCE_GRADES.key)).reset_index(drop=True)


def for_partners(graded: pd.DataFrame) -> pd.DataFrame:
    """Return the grades that rest on no estimate: partners see one only when it is validated."""
    return graded[graded["kind"] != ESTIMATE].reset_index(drop=True)


class _Context:
    """What is known of reports: completeness by place and year, and the share of places below with serious findings."""

    def __init__(self, dossier: Dossier) -> None:
        counts = dossier.rows("counts")
        own = counts[(counts["indicator"] == "dtp1_doses") & (counts["period"].str.len() == 4)]
        self.completeness = {(r.place_code, int(r.period)): r.completeness for r in each(own)}
        self.checked = dossier.has("quality")
        self.below = _sizes(dossier)
        self.doubtful: dict[tuple[str, int], int] = {}
        rows = dossier.rows("quality")
        serious = rows[
            (rows["severity"] == "serious")
            & rows["check"].isin([*above_full.NUMBER_CHECKS, "silence", "completeness"])
        ]
        for place, year in sorted({(r.place_code, int(r.period[:4])) for r in each(serious)}):
            code = place
            while code:
                self.doubtful[code, year] = self.doubtful.get((code, year), 0) + 1
                code = dossier.parents.get(code, "")


def _sizes(dossier: Dossier) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for code in dossier.parents:
        above = code
        while above:
            sizes[above] = sizes.get(above, 0) + 1
            above = dossier.parents.get(above, "")
    return sizes


def _surveys(dossier: Dossier) -> dict[tuple[str, str], list[Any]]:
    rows = dossier.rows("coverage")
    found: dict[tuple[str, str], list[Any]] = {}
    for row in each(rows[rows["kind"] == "survey"].sort_values(["year", "source"])):
        found.setdefault((row.place_code, row.indicator), []).append(row)
    return found


def _graded(dossier: Dossier, row: Any, context: _Context, surveys: Sequence[Any]) -> dict[str, Any]:
    found = Assessment()
    if row.kind == "administrative":
        _reports(dossier, row, context, found)
    elif row.kind == "survey":
        _survey(dossier, row, found)
    elif row.kind == ESTIMATE:
        _width(dossier, row, found)
    elif row.kind == "who_unicef":
        found.judge("reviewed", "fair")
    else:
        found.judge("undocumented", "unknown")
    referees = [
        one for one in surveys if (one.source, one.year) != (row.source, row.year) or row.kind != "survey"
    ]
    evidence = [dossier.evidence("coverage", row), *_agree(dossier, row, referees, found)]
    return _columns(dossier, row, str(row.year), row.indicator, row.value, found, evidence)


def _reports(dossier: Dossier, row: Any, context: _Context, found: Assessment) -> None:
    complete = context.completeness.get((row.place_code, int(row.year)), np.nan)
    if np.isnan(complete):
        found.judge("completeness", "unknown")
        found.missing.append("completeness")
    else:
        found.judge(
            "completeness", _level(complete, dossier, "confidence.complete", higher=True), share=complete
        )
    if not context.checked:
        found.judge("findings", "unknown")
        found.missing.append("quality")
        return
    doubtful = context.doubtful.get((row.place_code, int(row.year)), 0)
    below = max(context.below.get(row.place_code, 1), 1)
    found.judge(
        "findings", _level(doubtful / below, dossier, "confidence.doubtful"), doubtful=doubtful, below=below
    )


def _survey(dossier: Dossier, row: Any, found: Assessment) -> None:
    _width(dossier, row, found)
    if np.isnan(row.card_share):
        found.judge("cards", "unknown")
        found.missing.append("cards")
    else:
        found.judge(
            "cards", _level(row.card_share, dossier, "confidence.cards", higher=True), share=row.card_share
        )
    age = dossier.today.year - int(row.year)
    found.judge("age", _level(age, dossier, "confidence.age"), years=age)


def _width(dossier: Dossier, row: Any, found: Assessment) -> None:
    if np.isnan(row.low + row.high):
        found.judge("interval", "unknown")
        found.missing.append("interval")
    else:
        found.judge(
            "interval",
            _level(row.high - row.low, dossier, "confidence.width"),
            points=100 * (row.high - row.low),
        )


def _level(value: float, dossier: Dossier, path: str, *, higher: bool = False) -> str:
    good, fair = dossier.threshold(f"{path}.good"), dossier.threshold(f"{path}.fair")
    if higher:
        return "good" if value >= good else "fair" if value >= fair else "poor"
    return "good" if value <= good else "fair" if value <= fair else "poor"


def _agree(dossier: Dossier, row: Any, referees: Sequence[Any], found: Assessment) -> list[dict[str, Any]]:
    """Set the agreement with the surveys of the place whose cohort lies within reach, and return them as evidence."""
    if row.value > 1:
        found.agreement = "poor"
        found.reasons.append(Message("triangulation.reason.agreement.impossible", {"value": row.value}))
    near = [one for one in referees if abs(one.year - row.year) <= dossier.threshold("coverage.years")]
    if not near:
        found.missing.append("survey")
        if row.value <= 1:
            found.reasons.append(Message("triangulation.reason.agreement.unknown"))
        return []
    furthest = max(near, key=lambda one: (abs(one.value - row.value), one.source))
    gap = abs(furthest.value - row.value)
    half = 0.0 if np.isnan(furthest.high - furthest.low) else (furthest.high - furthest.low) / 2
    good, fair = (max(dossier.threshold(f"confidence.gap.{name}"), half) for name in ("good", "fair"))
    level = "good" if gap <= good else "fair" if gap <= fair else "poor"
    found.agreement = level if row.value <= 1 else "poor"
    params = {"points": 100 * gap, "source": furthest.source, "value": furthest.value}
    found.reasons.append(Message(f"triangulation.reason.agreement.{level}", params))
    return [dossier.evidence("coverage", one) for one in near]


def _targets(dossier: Dossier) -> list[Any]:
    rows = side_by_side(dossier)
    own = rows[rows["kind"].isin(["official", "projection"])]
    other = rows[rows["kind"].isin(INDEPENDENT) & rows["ratio"].notna()].copy()
    other["far"] = np.log(other["ratio"]).abs()
    furthest = other.sort_values(["far", "source"]).drop_duplicates(
        ["place_code", "year", "reference_source"], keep="last"
    )
    other_columns = furthest[["place_code", "year", "reference_source", "ratio", "source"]].rename(
        columns={"reference_source": "source", "source": "other", "ratio": "other_ratio"}
    )
    latest = newest(own, ["place_code", "source"])
    return list(each(latest.merge(other_columns, on=["place_code", "year", "source"], how="left")))


def _target(dossier: Dossier, row: Any) -> dict[str, Any]:
    found = Assessment()
    found.judge("target", "fair")
    if np.isnan(row.other_ratio):
        found.missing.append("population")
        found.reasons.append(Message("triangulation.reason.agreement.unknown"))
    else:
        far = abs(np.log(row.other_ratio))
        good, fair = (np.log(1 + dossier.threshold(f"confidence.ratio.{name}")) for name in ("good", "fair"))
        found.agreement = "good" if far <= good else "fair" if far <= fair else "poor"
        params = {"ratio": row.other_ratio, "source": row.other}
        found.reasons.append(Message(f"triangulation.reason.population.{found.agreement}", params))
    return _columns(
        dossier, row, str(row.year), "", row.surviving_infants, found, [dossier.evidence("populations", row)]
    )


def _columns(
    dossier: Dossier, row: Any, period: str, indicator: str, value: float, found: Assessment, evidence: list[dict[str, Any]]
) -> dict[str, Any]:  # fmt: skip
    when = Period.parse(period)
    reasons = [{"message": one.id, "params": dict(one.params)} for one in found.reasons]
    return {
        "place_code": row.place_code, "level": dossier.levels.get(row.place_code, ""), "period": when.code, "period_type": when.type.value,
        "period_start": when.start, "indicator": indicator, "source": row.source, "kind": row.kind, "value": float(value), "grade": found.grade,
        "quality": found.quality, "agreement": found.agreement, "reasons": json.dumps(reasons, ensure_ascii=False, sort_keys=True, default=float),
        "missing": json.dumps(sorted(set(found.missing))), "evidence": json.dumps(evidence[:MOST_EVIDENCE], ensure_ascii=False, sort_keys=True),
    }  # fmt: skip
