"""What should be asked this month, and of whom?

Takes findings and what people said of them, and returns one line per question: whom to ask, about which place
and number, how many children are at stake for the count of zero-dose children, how it stands, and what was
answered last month. Small tables in memory; which numbers are doubtful was decided by the checks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from kalanso.definitions import Pack
from kalanso.quality.evidence import Evidence
from kalanso.quality.missing_reports import EMPTY, lacking
from kalanso.quality.sentences import sentence
from kalanso.quality.tables import CLOSED_STATUSES, WAITING_STATUSES
from kalanso.vocabulary import Level, Period, PeriodType
from kalanso.vocabulary.messages import catalogue

ASKED = ("facility", "district", "region", "national")
SECTIONS = ("open", "waiting", "answered")
_ASKED_AT: Mapping[str, str] = {  # level of a place -> who answers for it
    Level.COUNTRY: "national", Level.REGION: "region", Level.DISTRICT: "district", Level.CERCLE: "district",
}  # fmt: skip
_ADMINISTRATIVE = (Level.CERCLE.value, Level.ARRONDISSEMENT.value, Level.COMMUNE.value)
_KEY = ["check", "source", "place_code", "period", "indicator", "detail"]
COLUMNS = (
    "rank", "section", "asked", "asked_place", "place_code", "period", "check", "source", "indicator", "detail",
    "severity", "value", "expected", "children", "weight", "more", "others", "structures", "status", "said_on", "message",
    "question", "params",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Known:
    """What a worklist needs to know of places.

    `lineage` has place_code, ancestor_code, ancestor_level (each place with itself); `usual` maps a place to
    its usual monthly first doses of DTP, `children` to the children of a year, where a population is known. `reports`
    are those that did not come, or came late, as `missing_reports.by_structure` returns them.
    """

    lineage: pd.DataFrame
    usual: Mapping[str, float]
    children: Mapping[str, float] = field(default_factory=dict)
    reports: pd.DataFrame = field(default_factory=lambda: EMPTY)


def month_asked(spoken: Mapping[str, int], rules: Mapping[str, Any], *, last: Period) -> Period:
    """Return the month that a list is about where nobody says another: the newest that is complete enough.

    `spoken` says how many places reported in each month among the reports that the checks have read, `rules` is `worklist`
    of `quality.yaml`, `last` the last month that has ended. It is the newest month in which at least a share (`reported`) as
    many places reported as in the fullest of the last ones: one early sheet does not move a whole country, and what was
    published after the checks began moves nothing until they have read it.
    """
    recent = sorted((code for code in spoken if code <= last.code), reverse=True)[
        : int(rules["reported"]["months"])
    ]
    enough = max((spoken[code] for code in recent), default=0) * float(rules["reported"]["share"])
    return Period.parse(next((code for code in recent if spoken[code] >= enough), last.code))


def worklist(
    findings: pd.DataFrame,
    statuses: pd.DataFrame,
    known: Known,
    rules: Mapping[str, Any],
    *,
    month: Period,
    place: str = "",
    reader: str = "",
) -> pd.DataFrame:
    """Return the questions of a month in COLUMNS, by who is asked; below `place`, or of the whole country.

    What is asked at `reader` (default: `place`) or below it stands before what others above must answer.
    `findings` has the columns of QUALITY_FINDINGS, `statuses` of FINDING_STATUSES; `rules` is the section
    `worklist` of `quality.yaml`. Findings of the month, of the quarter or year that holds it, and of the
    months just before that nobody has answered, and what lasts (a silent facility), unless they are notes. What was explained, corrected or
    dismissed since the month before, or is about the month itself, stands in the section `answered`, older
    answers nowhere. What somebody was asked, and has not settled, stands in the section `waiting`.
    """
    if month.type is not PeriodType.MONTH:
        raise ValueError(f"worklist: expected a month such as 202412, got {month.code}")
    rows = findings[findings["severity"].isin(list(rules["severity"]))]
    if place:
        below = known.lineage.loc[known.lineage["ancestor_code"] == place, "place_code"]
        rows = rows[rows["place_code"].isin(set(below) | {place})]
    begun = rows["check"].isin(list(rules["lasting"])) & _begun(rows["period"], month)
    rows = rows[_timely(rows["period"], month, int(rules["months_back"])) | begun]
    # Several sentences about one number are one question: the gravest stands for all.
    order = {name: number for number, name in enumerate(rules["severity"])}
    rows = rows.assign(gravity=rows["severity"].map(order)).sort_values(["gravity", "message"])
    rows = rows.drop_duplicates(_KEY)
    said = (
        statuses[[*_KEY, "status", "said_on"]]
        if len(statuses)
        else pd.DataFrame(columns=[*_KEY, "status", "said_on"])
    )
    rows = rows.merge(said, on=_KEY, how="left")
    rows["status"] = rows["status"].fillna("new")
    rows["section"] = [_section(row, month) for row in rows.itertuples()]
    rows["section"] = _carried(rows, rules)
    rows = rows[rows["section"] != ""].reset_index(drop=True)
    if rows.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    rows = asked_of(_once(_weighed(rows, known, rules), rules), known.lineage, rules)
    rows["question"] = [_question(*said) for said in zip(rows["check"], rows["message"], strict=True)]
    rows["structures"] = lacking(rows, known.reports, known.lineage)
    return _ranked(
        rows, set(known.lineage.loc[known.lineage["ancestor_code"] == (reader or place), "place_code"])
    )


def _once(rows: pd.DataFrame, rules: Mapping[str, Any]) -> pd.DataFrame:
    """Keep one line of findings that ask the same of a place: the gravest, then the newest.

    `more` counts the others, `others` are their numbers and periods, the newest first.
    """
    ordered = rows.assign(
        matter=rows["section"] + "|" + _matter(rows, rules), unsaid=~rows["status"].isin(CLOSED_STATUSES)
    ).sort_values(
        ["unsaid", "gravity", "children", "weight", "period"], ascending=[True, True, False, False, False]
    )
    first = ordered.drop_duplicates("matter")
    rest = ordered.drop(index=first.index).sort_values(["period", "indicator"], ascending=[False, True])
    told: dict[str, list[tuple[str, str]]] = {}
    for row in rest.itertuples():
        told.setdefault(str(row.matter), []).append((str(row.indicator), str(row.period)))
    others = [tuple(told.get(matter, ())) for matter in first["matter"]]
    kept = first.assign(
        more=[len(one) for one in others], others=pd.Series(others, index=first.index, dtype=object)
    )
    return kept.drop(columns=["matter", "unsaid"])


def _matter(rows: pd.DataFrame, rules: Mapping[str, Any]) -> pd.Series:
    """Return what a finding asks about: alike for all that are one question."""
    ever, period = rows["check"].isin(list(rules["once"])), rows["check"].isin(list(rules["once_a_period"]))
    matter = rows["check"] + "|" + rows["place_code"]
    return matter.where(ever, (matter + "|" + rows["period"]).where(period, rows.index.astype(str)))


def _carried(rows: pd.DataFrame, rules: Mapping[str, Any]) -> list[str]:
    """Return the sections of findings, where an answer speaks for all of its question.

    A finding of which nobody spoke goes where the answer went, or where somebody was asked, unless it is graver, or began
    after the answered period and was not over when it was said: that is asked anew.
    """
    matters, spans = _matter(rows, rules), {code: Period.parse(code) for code in rows["period"].unique()}
    closed = rows["status"].isin((*CLOSED_STATUSES, *WAITING_STATUSES))
    answers: dict[str, list[Any]] = {}
    for matter, row in zip(matters[closed], rows[closed].itertuples(), strict=True):
        answers.setdefault(matter, []).append(row)
    found: list[str] = []
    for matter, row, done in zip(matters, rows.itertuples(), closed, strict=True):
        span = spans[row.period]
        standing = [
            str(one.section) for one in answers.get(matter, ())
            if row.gravity >= one.gravity and not pd.isna(one.said_on)
            and (span.start <= spans[one.period].end or span.end < pd.Timestamp(one.said_on).date())
        ]  # fmt: skip
        found.append(str(row.section) if done or not standing else max(standing))
    return found


def _ranked(rows: pd.DataFrame, near: set[str]) -> pd.DataFrame:
    """Group lines by who is asked and where, and number them within each group.

    Lines stand by how grave they are, then by the children at stake; groups by their first line, and where these are
    alike from facilities upwards. Where `near` names places, groups asked elsewhere come after theirs.
    """
    order = {name: number for number, name in enumerate(ASKED)}
    # What something known leads one to expect is asked after what nothing explains, a step less grave.
    expected = rows["params"].str.contains('"explained_by"', regex=False)
    rows = rows.assign(gravity=rows["gravity"] + expected.astype(int))
    whom = ["section", "asked", "asked_place"]
    rows = rows.assign(who=rows["asked"].map(order)).sort_values(
        ["gravity", "children", "weight", "place_code", "check", "indicator", "period"],
        ascending=[True, False, False, True, True, True, True],
    )
    firsts = rows.groupby(whom)[["gravity", "children"]].transform("first")
    away = ~rows["asked_place"].isin(near) & bool(near)
    stage = rows["section"].map({name: number for number, name in enumerate(SECTIONS)})
    rows = rows.assign(stage=stage, top=firsts["gravity"], most=firsts["children"], away=away).sort_values(
        ["stage", "away", "top", "most", "who", "asked_place"],
        ascending=[True, True, True, False, True, True],
        kind="stable",
    )
    rows["rank"] = rows.groupby(whom).cumcount() + 1
    return rows[list(COLUMNS)].reset_index(drop=True)


def usual_first_doses(evidence: Evidence) -> dict[str, float]:
    """Return the usual monthly first doses of DTP of each place: the median of its last twelve months."""
    s = evidence.series
    wanted = s.filter(
        s.indicator == "dtp1_doses", s.period_type == "month", s.age_band.isin(["0-11m", "unknown", "all"])
    )
    n = evidence.numbers.filter(evidence.numbers.value.notnull())
    own = n.select("series", "step", "value").join(wanted.select("series", "source", "place_code"), "series")
    frame: pd.DataFrame = own.to_pandas()
    lineage: pd.DataFrame = evidence.lineage.select("place_code", "ancestor_code").to_pandas()
    return usual_of(frame, lineage)


def usual_of(first_doses: pd.DataFrame, lineage: pd.DataFrame) -> dict[str, float]:
    """Return the usual monthly number of each place and of all places above: the median of its last twelve months.

    `first_doses` has source, place_code, step (a month as a number) and value; where sources differ, the larger
    counts. `lineage` has place_code and ancestor_code. A place that reports by itself is not given the numbers of
    those below it as well.
    """
    if first_doses.empty:
        return {}
    sums = _raised(first_doses, lineage, "step")
    recent = sums[sums["step"] > sums.groupby("source")["step"].transform("max") - 12]
    usual = recent.groupby(["source", "ancestor_code"])["value"].median()
    return {str(code): float(value) for code, value in usual.groupby("ancestor_code").max().items()}


def children_of(populations: pd.DataFrame, lineage: pd.DataFrame) -> dict[str, float]:
    """Return the children of a year of each place and of all places above, by the newest year of each source.

    `populations` has source, place_code, year and value (surviving infants). Of several sources the one that states most
    places counts: that is the target which everybody divides by, where head counts and projections state a few.
    Communes and other places of the administrative tree hold the children of the health areas again, and are not added to them.
    """
    itself = lineage["place_code"] == lineage["ancestor_code"]
    again = lineage.loc[itself & lineage["ancestor_level"].isin(_ADMINISTRATIVE), "place_code"]
    populations = populations[~populations["place_code"].isin(again)]
    if populations.empty:
        return {}
    newest = populations["year"] == populations.groupby("source")["year"].transform("max")
    sums = _raised(populations[newest], lineage, "year")
    order = populations[newest].groupby("source")["place_code"].nunique()
    ranked = sums.assign(states=sums["source"].map(order)).sort_values(
        ["states", "source"], ascending=[False, True]
    )
    first = ranked.drop_duplicates("ancestor_code")
    return {str(code): float(n) for code, n in zip(first["ancestor_code"], first["value"], strict=True)}


def _raised(rows: pd.DataFrame, lineage: pd.DataFrame, when: str) -> pd.DataFrame:
    """Return sums by source, time and ancestor; nothing is added to, or past, a place that the source tells itself."""
    line = lineage[["place_code", "ancestor_code"]].drop_duplicates()
    spread = rows.merge(line, on="place_code")
    telling = rows[["source", "place_code"]].drop_duplicates()
    upper = telling.merge(line, on="place_code").query("place_code != ancestor_code")
    between = upper.merge(
        telling.rename(columns={"place_code": "ancestor_code"}), on=["source", "ancestor_code"]
    )
    past = between.merge(
        line.rename(columns={"place_code": "ancestor_code", "ancestor_code": "above"}), on="ancestor_code"
    )
    blocked = pd.MultiIndex.from_frame(past[["source", "place_code", "above"]])
    own = pd.MultiIndex.from_frame(spread[["source", "place_code", "ancestor_code"]])
    free = spread[~own.isin(blocked)]
    return pd.DataFrame(free.groupby(["source", when, "ancestor_code"], as_index=False)["value"].sum())


def question(row: Mapping[Any, Any], pack: Pack, locale: str, titles: Mapping[str, str] | None = None) -> str:
    """Return the question of a line in plain words; `titles` is what sources are called."""
    return sentence(row["question"], row["params"], pack, locale, titles)


def finding(row: Mapping[Any, Any], pack: Pack, locale: str, titles: Mapping[str, str] | None = None) -> str:
    """Return what was found, as the check says it; `titles` is what sources are called."""
    return sentence(row["message"], row["params"], pack, locale, titles)


def steps(check: str, rules: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    """Return what is asked after the question of a check, one thing after the other, each with its papers."""
    return [
        (f"quality.step.{check}.{one['name']}", list(one["documents"]))
        for one in rules["steps"].get(check, ())
    ]


def papers(check: str, indicator: str, rules: Mapping[str, Any]) -> list[str]:
    """Return which papers answer the question of a check about a number; `rules` is the section `worklist`.

    Numbers that are no doses do not stand in the papers of vaccination: their own register takes the place of these.
    """
    named = list(rules["documents"][check])
    own = rules["registers"].get(indicator)
    if own is None:
        return named
    others = [name for name in named if name not in rules["of_vaccination"]]
    return [own, *others] if len(others) < len(named) else others


def _timely(codes: pd.Series, month: Period, back: int) -> pd.Series:
    first = (month + -back).start

    def fits(code: str) -> bool:
        period = Period.parse(code)
        if period.type is PeriodType.MONTH:
            return bool(first <= period.start <= month.start)
        return bool(period.start <= month.start <= period.end)

    fit = {code: fits(code) for code in codes.unique()}
    return codes.map(fit).astype(bool)


def _begun(codes: pd.Series, month: Period) -> pd.Series:
    return codes.map({code: Period.parse(code).start <= month.start for code in codes.unique()}).astype(bool)


def _section(row: Any, month: Period) -> str:
    if row.status not in CLOSED_STATUSES:
        return "waiting" if row.status in WAITING_STATUSES else "open"
    said = row.said_on
    if row.period == month.code:
        return "answered"
    if pd.isna(said):
        return ""
    return "answered" if (month + -1).start <= pd.Timestamp(said).date() else ""


def _weighed(rows: pd.DataFrame, known: Known, rules: Mapping[str, Any]) -> pd.DataFrame:
    """Add `children`, about how many children's counts hang on a finding, and `weight`, by which lines are ranked.

    A count of doses that differs from what was expected: the difference, at most a year of the place's first
    doses. Numbers of other services (`registers` of the rules): none. Everything else: the first doses of the months
    that it is about. Doses may be more than the children there are: `children` never exceeds the usual first doses, nor the
    children known, of the period that the finding speaks of; where what is usual is unknown it is empty, and no zero. The
    weight keeps how far a count lies apart.
    """
    own = rows["place_code"].map(dict(known.usual)).astype(float)
    usual = own.fillna(0.0)
    months = rows["period"].map({code: _months(code) for code in rows["period"].unique()}).astype(float)
    counted = rows["check"].isin(list(rules["counts"])) & rows["indicator"].str.endswith("_doses")
    apart = (rows["value"].astype(float) - rows["expected"].astype(float)).abs()
    difference = apart.where(counted & apart.notna())
    capped = difference.where(difference <= 12 * usual, 12 * usual).where(difference.notna())
    of_doses = ~rows["indicator"].isin(list(rules["registers"]))
    moved = capped.where(capped.notna(), usual * months).where(of_doses, 0.0)
    there = rows["place_code"].map(dict(known.children)).astype(float) * months / 12
    least = pd.concat([difference, own * months, there], axis=1).min(axis=1).round()
    children = least.mask(own.isna()).where(of_doses, 0.0)
    matters = rows["indicator"].map(dict(rules["indicators"])).fillna(float(rules["indicator_else"]))
    matters = matters.where(~rows["check"].isin(list(rules["always"])), 1.0).astype(float)
    grave = rows["severity"].map(dict(rules["severity"])).astype(float)
    return rows.assign(children=children, weight=moved.round() * matters * grave)


def _months(code: str) -> int:
    period = Period.parse(code)
    return (period.end.year - period.start.year) * 12 + period.end.month - period.start.month + 1


def asked_of(rows: pd.DataFrame, lineage: pd.DataFrame, rules: Mapping[str, Any]) -> pd.DataFrame:
    """Add who is asked, and at which place: who answers for the place itself, or for the one above it."""
    order = {level.value: level.depth for level in Level}
    line: dict[str, list[tuple[int, str, str]]] = {}
    for row in lineage.itertuples():
        depth = order.get(str(row.ancestor_level), 9)
        line.setdefault(str(row.place_code), []).append(
            (depth, str(row.ancestor_code), str(row.ancestor_level))
        )
    asked: list[str] = []
    where: list[str] = []
    for place, check in zip(rows["place_code"].astype(str), rows["check"], strict=True):
        above = sorted(line.get(place, [(9, place, "facility")]), reverse=True)
        own = next(((level, code) for _, code, level in above if code == place), ("facility", place))
        upper = [(level, code) for _, code, level in above if code != place and level in _ASKED_AT]
        itself = check in rules["itself"] and own[0] in _ASKED_AT  # it asks for the reports of those below it
        level, code = upper[0] if check in rules["above"] and upper and not itself else own
        asked.append(_ASKED_AT.get(level, "facility"))
        where.append(code)
    return rows.assign(asked=asked, asked_place=where)


def _question(check: str, message: str) -> str:
    """Return the id of the question: that of the case where there is one, else that of the check."""
    case = f"quality.ask.{check}.{message.rsplit('.', 1)[-1]}"
    return case if catalogue("quality", "fr").get(case) is not None else f"quality.ask.{check}"
