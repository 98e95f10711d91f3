"""What do we write back to a health centre about its month: received, doubtful, one praise, one question?

Rules over the centre's own numbers and findings. The praise names something that the numbers show; where they show nothing, it thanks
for the report that came, or for the last one. The question is the most useful one that the numbers raise. Nothing is said that no number carries.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from kalanso.triangulation.faults import TriangulationRefused
from kalanso.triangulation.inputs import each
from kalanso.vocabulary import Message, Period, PeriodType

DOSES = ("dtp1_doses", "dtp3_doses", "mcv1_doses")
MOST_DOUBTFUL = 3
FINDING_MONTHS = 3  # how far back a doubtful number is still told
# Checks whose findings a register can settle.
RECOUNTED = (
    "outliers",
    "copies",
    "heaping",
    "impossible",
    "same_visit",
    "dropout",
    "stock",
    "zeros",
    "blanks",
)
_LONG = 3  # months in a row that are praised
_COLUMNS = ("place_code", "period", "indicator", "value", "completeness")


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of numbers: doses of the month, of the same month a year before, and since January; None: no number."""

    indicator: str
    month: float | None
    year_before: float | None
    year_to_date: float | None


@dataclass(frozen=True, kw_only=True)
class Bulletin:
    """What one centre reads about one month. `doubtful` holds findings of quality as messages (id and parameters)."""

    place_code: str
    period: str
    received: Message
    lines: tuple[Line, ...]
    doubtful: tuple[Message, ...]
    praise: Message
    question: Message


def bulletin(
    counts: pd.DataFrame, findings: pd.DataFrame, *, place: str, period: str, target: float | None = None
) -> Bulletin:
    """Return the bulletin of one place and month.

    `counts` has place_code, period (months), indicator, value, completeness (reports received / expected); `findings` the columns
    of `quality_findings` for the place and what lies below it. `target` is the yearly number of surviving infants.
    Raises TriangulationRefused where the place has no number up to the month.
    """
    if lacking := [name for name in _COLUMNS if name not in counts]:
        raise TriangulationRefused(
            "triangulation.refused.column",
            table="counts",
            column=lacking[0],
            found=", ".join(map(str, counts.columns)),
        )
    month = Period.parse(period)
    own = counts[
        (counts["place_code"] == place) & counts["indicator"].isin(DOSES) & (counts["period"] <= period)
    ]
    if own.empty:
        raise TriangulationRefused("triangulation.refused.no_bulletin", place=place, period=period)
    wide = own.pivot_table(index="period", columns="indicator", values="value", aggfunc="sum").reindex(
        columns=list(DOSES)
    )
    complete = own.groupby("period")["completeness"].max()
    recent = _recent(findings, month)
    return Bulletin(
        place_code=place, period=period, received=_received(complete, month), lines=tuple(_line(wide, name, month) for name in DOSES),
        doubtful=tuple(Message.from_json(row.message, row.params) for row in recent[:MOST_DOUBTFUL]),
        praise=_praise(wide, complete, recent, month), question=_question(wide, complete, recent, month, target),
    )  # fmt: skip


def _received(complete: pd.Series[float], month: Period) -> Message:
    share = complete.get(month.code, np.nan)
    params = {"period": month.code, "share": None if pd.isna(share) else share}
    if month.code not in complete.index or share == 0:
        return Message("triangulation.bulletin.received.nothing", {"period": month.code})
    if pd.isna(share):
        return Message("triangulation.bulletin.received.unknown", {"period": month.code})
    return Message(f"triangulation.bulletin.received.{'all' if share >= 1 else 'some'}", params)


def _line(wide: pd.DataFrame, indicator: str, month: Period) -> Line:
    series = wide[indicator]
    since = [
        code
        for code in (one.code for one in Period.month(month.year, 1).until(month))
        if code in series.index
    ]
    total = series.loc[since].sum(min_count=1) if since else np.nan
    return Line(
        indicator=indicator,
        month=_value(series, month),
        year_before=_value(series, month + -12),
        year_to_date=_known(total),
    )


def _value(series: pd.Series[float], month: Period) -> float | None:
    return _known(series.get(month.code, np.nan))


def _known(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)


def _recent(findings: pd.DataFrame, month: Period) -> list[Any]:
    """Return findings on months near this one, or on its year, the serious ones first and the newest of them."""
    if findings.empty:
        return []
    near = {(month + -back).code for back in range(FINDING_MONTHS)} | {
        str(month.year),
        month.to(PeriodType.QUARTER).code,
    }
    rows = findings[findings["period"].isin(near) & (findings["severity"] != "note")]
    order = {"serious": 0, "attention": 1}
    keyed = rows.assign(_order=rows["severity"].map(order), _when=-rows["period"].str.len())
    keyed = keyed.sort_values(
        ["_order", "_when", "period", "check", "indicator"], ascending=[True, True, False, True, True]
    )
    return each(keyed.drop_duplicates("check"))


def _praise(wide: pd.DataFrame, complete: pd.Series[float], recent: Sequence[Any], month: Period) -> Message:
    """Return the first of the rules that holds: long completeness, no doubt, more doses, low dropout, thanks."""
    row = 0
    while complete.get((month + -row).code, 0) >= 1:
        row += 1
    if row >= _LONG:
        return Message("triangulation.bulletin.praise.complete", {"n": row})
    now, before = _value(wide["dtp1_doses"], month), _value(wide["dtp1_doses"], month + -12)
    if now is not None and before and now > 1.05 * before:
        return Message("triangulation.bulletin.praise.more", {"now": now, "before": before})
    third = _value(wide["dtp3_doses"], month)
    if now and third is not None and now >= 10 and 0 <= 1 - third / now < 0.1:
        return Message("triangulation.bulletin.praise.kept", {"now": now, "third": third})
    if not recent and complete.get(month.code, 0) > 0:
        return Message("triangulation.bulletin.praise.clean", {"period": month.code})
    came = [code for code in complete.index if complete[code] > 0]
    if came:
        return Message("triangulation.bulletin.praise.thanks", {"period": max(came)})
    return Message("triangulation.bulletin.praise.work")


def _question(
    wide: pd.DataFrame, complete: pd.Series[float], recent: Sequence[Any], month: Period, target: float | None
) -> Message:  # fmt: skip
    """Return the question of the first rule that holds: no report, impossible dropout, lost children, a doubt, too many or too few doses."""
    if month.code not in complete.index or complete.get(month.code) == 0:
        return Message("triangulation.bulletin.question.report", {"period": month.code})
    quarter = [(month + -back).code for back in range(3)]
    sums = wide.reindex(quarter).sum(min_count=1)
    first, third = _known(sums["dtp1_doses"]), _known(sums["dtp3_doses"])
    if first and third is not None and third > 1.02 * first + 3:
        return Message("triangulation.bulletin.question.more_third", {"first": first, "third": third})
    if recent and recent[0].severity == "serious" and recent[0].check in RECOUNTED:
        return Message("triangulation.bulletin.question.doubt", {"period": month.code})
    if first and third is not None and first >= 10 and 1 - third / first > 0.2:
        return Message(
            "triangulation.bulletin.question.lost",
            {"first": first, "third": third, "n": round(first - third)},
        )
    if first and target and first > target / 4:
        return Message("triangulation.bulletin.question.elsewhere", {"first": first, "expected": target / 4})
    if first is not None and target and first < 0.7 * target / 4:
        return Message("triangulation.bulletin.question.unreached", {"first": first, "expected": target / 4})
    return Message("triangulation.bulletin.question.village", {"period": month.code})
