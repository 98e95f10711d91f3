"""How do the numbers of one analysis look beside each other?

Chooses for each analysis of `kalanso.triangulation` the kind of figure that shows it, and hands over the rows of one place.
The numbers, and which of them disagree, come from the analysis.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from math import ceil
from typing import Final

import pandas as pd

from kalanso.figures import words
from kalanso.figures.answers import interval_rows
from kalanso.figures.cell_grids import MOST_ROWS, cell_grid
from kalanso.figures.evidence_axes import evidence_axis
from kalanso.figures.figure import Figure, FigureRefused, Subject, check_locale, each
from kalanso.figures.pictured import PICTURED, is_pictured
from kalanso.figures.timelines import timeline
from kalanso.figures.trends import trend
from kalanso.triangulation.case_strata import ALL_AGES, DUE
from kalanso.triangulation.sentences import word
from kalanso.vocabulary import Period, PeriodType, format_value

_NUMBERS: Final = {
    "administrative": "reported", "official": "reported", "survey": "surveyed", "who_unicef": "published", "external": "published", "lots": "surveyed",
    "estimate": "estimated", "derived": "estimated", "implied": "estimated", "computed": "estimated",
}  # fmt: skip
_COUNTED: Final = {
    "reported": "reported",
    "surveyed": "surveyed",
    "published": "reported",
    "estimated": "estimated",
}


_PLAIN: Final = ("value", "low", "high", "reference")  # numbers that may all be empty in plain rows
_MEASURES: Final = (
    "reported_coverage",
    "implied_coverage",
    "expected_share_of_cases",
    "vaccinated_share_of_cases",
    "left_by_routine",
    "zero_dose_share_of_cases",
)


def beside(
    analysis: str, rows: pd.DataFrame, *, subject: Subject, locale: str = "fr", title: str | None = None
) -> Figure | None:
    """Return the figure of one analysis and place, or None where it has nothing to draw.

    `rows` has the columns of `triangulation` and speaks of one place. Grades come with their letter as `verdict`, and with `quality` and
    `agreement`; breaks may bring `named`, what people call their indicator; the counts of the review with the analysis as `source`, the kind of finding as `measure` and the places as `value`. The measure and the unit of the subject are those of
    the analysis; its place, sources and caveats stay. Raises FigureRefused for rows of several places.
    """
    check_locale(locale)
    own = rows[rows["analysis"] == analysis]
    if own["place_code"].nunique() > 1:
        raise FigureRefused(
            f"beside: expected rows of one place, got {sorted(own['place_code'].unique())[:3]}"
        )
    if analysis not in PICTURES or not is_pictured(analysis, own["measure"]):
        return None
    return PICTURES[analysis](own, subject, locale, title)


def beside_sources(
    table: pd.DataFrame, *, analysis: str, subject: Subject, locale: str = "fr", title: str | None = None
) -> Figure:
    """Return the same figure from plain rows, as another process asks for it; refused where the analysis has no picture."""
    numbers = table.assign(**{name: pd.to_numeric(table[name]) for name in _PLAIN})
    figure = beside(analysis, numbers, subject=subject, locale=locale, title=title)
    if figure is None:
        raise FigureRefused(f"analysis: expected one of {', '.join(PICTURED)} with rows, got {analysis!r}")
    return figure


def _coverage(rows: pd.DataFrame, subject: Subject, locale: str, title: str | None) -> Figure:
    first = rows[
        rows["indicator"] == ("dtp1" if (rows["indicator"] == "dtp1").any() else rows["indicator"].iloc[0])
    ]
    named = [
        f"{word('kind', kind, locale)} ({source})"
        for kind, source in zip(first["kind"], first["source"], strict=True)
    ]
    table = first[["period", "value", "low", "high"]].assign(kind=first["kind"].map(_NUMBERS), source=named)
    dose = format_value(str(first["indicator"].iloc[0]), "dose", locale)
    about = replace(subject, measure=words.say(locale, "figures.beside.coverage", dose=dose), unit="share")
    return evidence_axis(table, subject=about, locale=locale, title=title)


def _zero_dose(rows: pd.DataFrame, subject: Subject, locale: str, title: str | None) -> Figure:
    counted = rows[rows["measure"] == "zero_dose"]
    several = counted.groupby("period")["source"].transform("nunique") > 1
    latest = _latest(counted[several] if several.any() else counted)
    about = replace(subject, measure=words.say(locale, "figures.beside.zero_dose"), unit="count")
    return _intervals(
        latest,
        latest["source"].map(lambda code: word("estimator", code, locale)),
        "estimate",
        about,
        locale,
        title,
    )


def _populations(rows: pd.DataFrame, subject: Subject, locale: str, title: str | None) -> Figure:
    several = rows.groupby("period")["source"].transform("nunique") > 1
    latest = _latest(rows[several] if several.any() else rows)
    named = [
        f"{word('population', kind, locale)} ({source})"
        for kind, source in zip(latest["kind"], latest["source"], strict=True)
    ]
    about = replace(subject, measure=words.say(locale, "figures.beside.surviving_infants"), unit="count")
    return _intervals(latest, pd.Series(named, index=latest.index), "official", about, locale, title)


def _cases(rows: pd.DataFrame, subject: Subject, locale: str, title: str | None) -> Figure:
    ages = rows["age_band"].fillna("") if "age_band" in rows else pd.Series("", index=rows.index)
    latest = _spoken(_latest(rows.assign(age_band=ages)))
    compared = {"implied_coverage": "reported_coverage", "zero_dose_share_of_cases": "left_by_routine"}
    stated = latest[latest["measure"].isin(list(compared)) & latest["reference"].notna()].assign(
        measure=lambda t: t["measure"].map(compared),
        value=lambda t: t["reference"],
        low=float("nan"),
        high=float("nan"),
        kind="administrative",
    )
    shown = pd.concat([latest, stated])
    order = {name: number for number, name in enumerate(_MEASURES)}
    shown = (
        shown.assign(_order=shown["measure"].map(order))
        .dropna(subset=["_order"])
        .sort_values(["source", "_order"])
        .reset_index(drop=True)
    )
    labels = [
        f"{_sick(source, age, locale)} – {_measure(measure, locale)}"
        for source, age, measure in zip(shown["source"], shown["age_band"], shown["measure"], strict=True)
    ]
    about = replace(subject, measure=words.say(locale, "figures.beside.cases"), unit="rate")
    if shown["source"].nunique() > 1:  # the lowest and the highest of several diseases say nothing together
        title = title or _headline(subject, locale, "cases", n=shown["source"].nunique())
    return _intervals(shown, pd.Series(labels, index=shown.index), "", about, locale, title)


def _spoken(rows: pd.DataFrame) -> pd.DataFrame:
    """Return for each disease the ages for which its doses were due, where some of them could be compared, else all ages."""
    due = rows[(rows["age_band"] == DUE) & rows["reference"].notna()]
    aged = rows["source"].isin(due["source"])
    return rows[(aged & (rows["age_band"] == DUE)) | (~aged & (rows["age_band"] == ALL_AGES))]


def _sick(disease: str, age: str, locale: str) -> str:
    named = word("disease", disease, locale)
    return f"{named}, {word('age', age, locale)}" if age else named


def _measure(code: str, locale: str) -> str:
    return words.say(locale, f"figures.beside.measure_{code}")


def _dropout(rows: pd.DataFrame, subject: Subject, locale: str, title: str | None) -> Figure:
    named = rows["measure"].map(
        lambda code: " – ".join(format_value(dose, "dose", locale) for dose in code.split("_"))
    )
    return _over_time(rows, named, words.say(locale, "figures.beside.dropout"), subject, locale, title)


def _over_time(
    rows: pd.DataFrame, series: pd.Series | list[str], measure: str, subject: Subject, locale: str, title: str | None,
) -> Figure:  # fmt: skip
    """Return ratios of a place, a line for each series."""
    about = replace(subject, measure=measure, unit="rate")
    return trend(rows[["period", "value"]].assign(series=series), subject=about, locale=locale, title=title)


def _ratios(rows: pd.DataFrame, subject: Subject, locale: str, title: str | None) -> Figure:
    """Show two counts of the same children as one over the other, year after year."""
    named = [
        f"{_count(last, locale)} / {_count(first, locale)}"
        for last, first in zip(rows["source"], rows["reference_source"], strict=True)
    ]
    alone = named[0] if len(set(named)) == 1 else words.say(locale, "figures.beside.ratios")
    return _over_time(rows, named, alone, subject, locale, title)


def _count(code: str, locale: str) -> str:
    dose = code.removesuffix("_doses")
    return (
        format_value(dose, "dose", locale)
        if dose != code
        else words.say(locale, f"figures.beside.count_{code}")
    )


def _sectors(rows: pd.DataFrame, subject: Subject, locale: str, title: str | None) -> Figure:
    named = rows["source"].map(lambda code: word("sector", code, locale))
    return _over_time(rows, named, words.say(locale, "figures.beside.sectors"), subject, locale, title)


def _susceptibles(rows: pd.DataFrame, subject: Subject, locale: str, title: str | None) -> Figure:
    """Show children without protection beside one birth cohort, from which on a campaign is due."""
    table = pd.concat(
        [
            rows[["period"]].assign(value=rows[column], series=words.say(locale, f"figures.beside.{name}"))
            for column, name in (("value", "susceptible"), ("reference", "birth_cohort"))
        ]
    )
    about = replace(subject, measure=words.say(locale, "figures.beside.susceptibles"), unit="count")
    return trend(table.reset_index(drop=True), subject=about, locale=locale, title=title)


def _campaigns(rows: pd.DataFrame, subject: Subject, locale: str, title: str | None) -> Figure:
    """Show the share that each round of the newest year found without a dose beside the one that routine leaves."""
    latest = _latest(rows)
    routine = latest.iloc[[0]].assign(
        value=latest["reference"].iloc[0], low=float("nan"), high=float("nan"), kind="administrative"
    )
    shown = pd.concat([latest, routine], ignore_index=True)
    labels = [*latest["source"], words.say(locale, "figures.beside.left_by_routine")]
    about = replace(subject, measure=words.say(locale, "figures.beside.campaigns"), unit="rate")
    return _intervals(shown, pd.Series(labels), "", about, locale, title)


def _stockouts(rows: pd.DataFrame, subject: Subject, locale: str, title: str | None) -> Figure | None:
    lags = rows[rows["measure"] == "fall_after_stockout"]
    if lags.empty:
        return None
    labels = lags["source"].map(
        lambda code: words.say(locale, "figures.beside.lag", n=int(code.split("_")[1]))
    )
    about = replace(subject, measure=words.say(locale, "figures.beside.fall"), unit="rate")
    return _intervals(lags, labels, "", about, locale, title)


_GROUPS: Final = (
    ("coverage_sex_female", "coverage_sex_male"),
    tuple(f"coverage_wealth_{fifth}" for fifth in range(1, 6)),
)
MOST_ABOVE: Final = 10  # years and doses above 100 % that one figure shows
_SHADES: Final = {"good": 4, "fair": 2, "unknown": 1, "poor": 0, "A": 4, "B": 3, "C": 1, "D": 0}


def _above_full(rows: pd.DataFrame, subject: Subject, locale: str, title: str | None) -> Figure:
    """Show each coverage above 100 % with the cause that the evidence supports."""
    newest = rows.sort_values(["period", "indicator"], ascending=[False, True]).head(MOST_ABOVE)
    labels = [
        words.say(
            locale, "figures.beside.above_row", dose=format_value(row.indicator, "dose", locale), period=words.period(row.period, locale),
            cause=words.say(locale, f"figures.beside.cause_{row.verdict}"),
        )
        for row in each(newest)
    ]  # fmt: skip
    about = replace(subject, measure=words.say(locale, "figures.beside.above_full"), unit="share")
    table = newest[["value"]].assign(label=labels)
    headline = title or _headline(
        subject, locale, "above_full", n=len(rows), none=int((rows["verdict"] == "not_established").sum())
    )
    return interval_rows(table, subject=about, locale=locale, title=headline)


def _silence(rows: pd.DataFrame, subject: Subject, locale: str, title: str | None) -> Figure:
    """Show a change of doses as the part that reports explain and the part that doses per report explain."""
    row = rows.iloc[0]
    parts = {
        "doses": row["value"],
        "reports": row["reference"],
        "per_report": row["value"] / row["reference"],
    }
    labels = [_sentence(words.say(locale, f"figures.beside.change_{name}")) for name in parts]
    table = pd.DataFrame({"label": labels, "value": [float(one) - 1 for one in parts.values()]})
    about = replace(subject, measure=words.say(locale, "figures.beside.silence"), unit="rate")
    changed = words.number(table["value"].iloc[0], "rate", locale)
    # Without known reports nothing is said of what they explain.
    which = row["verdict"] if pd.notna(row["reference"]) or row["verdict"] == "steady" else "rise"
    changed = f"+{changed}" if table["value"].iloc[0] > 0 else changed
    headline = title or _headline(subject, locale, f"silence_{which}", change=changed)
    return interval_rows(
        table, subject=about, locale=locale, when=str(row["period"]), title=headline, reach=(0, 0)
    )


def _access(rows: pd.DataFrame, subject: Subject, locale: str, title: str | None) -> Figure:
    """Show how far each measure of access ranks districts as children without a dose do."""
    latest = _latest(rows)
    labels = latest["source"].map(lambda code: _sentence(word("access_measure", code, locale) or code))
    about = replace(subject, measure=words.say(locale, "figures.beside.access"), unit="ratio")
    clear = int((latest["verdict"] != "agrees").sum())
    headline = title or _headline(subject, locale, "access", n=len(latest), clear=clear)
    return _intervals(latest, labels, "", about, locale, headline, reach=(-1, 1))


def _breaks(rows: pd.DataFrame, subject: Subject, locale: str, title: str | None) -> Figure:
    """Show when series broke, and whether a dated event stands beside each break."""
    known = {code: words.say(locale, f"figures.beside.break_{code}") for code in ("unexplained", "explained")}
    # Any indicator of a country may break: who asks knows what people call it.
    labels = (
        rows["named"] if "named" in rows else rows["indicator"].map(lambda code: code.removesuffix("_doses"))
    )
    months = [Period.parse(code).to(PeriodType.MONTH).code for code in rows["period"]]
    table = pd.DataFrame(
        {"label": labels.map(_sentence), "period": months, "mark": rows["verdict"].map(known)}
    )
    about = replace(subject, measure=words.say(locale, "figures.beside.breaks"))
    alone = int((rows["verdict"] == "unexplained").sum())
    headline = title or _headline(subject, locale, "breaks", n=len(rows), alone=alone)
    return timeline(table, subject=about, locale=locale, marks=list(known.values()), title=headline)


def _inequality(rows: pd.DataFrame, subject: Subject, locale: str, title: str | None) -> Figure | None:
    """Show the coverage of each fifth of districts, the least covered first, and that of groups of children."""
    fifths = _latest(rows[rows["measure"] == "fifth_coverage"]).sort_values("source")
    grouped = pd.concat([_latest(rows[rows["measure"].isin(group)]) for group in _GROUPS])
    last = len(fifths)
    labels = [
        words.say(locale, f"figures.beside.fifth_{'worst' if at == 1 else 'best' if at == last else 'between'}", n=at)
        for at in range(1, last + 1)
    ]  # fmt: skip
    labels += [
        words.say(
            locale,
            f"figures.beside.{row.measure}",
            source=row.source,
            period=words.period(row.period, locale),
        )
        for row in each(grouped)
    ]
    about = replace(subject, measure=words.say(locale, "figures.beside.inequality"), unit="share")
    shown = pd.concat([fifths, grouped], ignore_index=True)
    return _intervals(shown, pd.Series(labels).map(_sentence), "", about, locale, title)


def _confidence(rows: pd.DataFrame, subject: Subject, locale: str, title: str | None) -> Figure:
    """Show the grade of every source with what it is made of: quality and agreement."""
    columns = [
        words.say(locale, f"figures.beside.column_{name}") for name in ("grade", "quality", "agreement")
    ]
    cells = []
    surest = rows.sort_values(["verdict", "period"], ascending=[True, False])
    for row in each(surest.drop_duplicates(["source", "kind", "indicator"]).head(MOST_ROWS)):
        said = (
            format_value(row.indicator, "dose", locale)
            if row.indicator
            else words.say(locale, "figures.beside.target")
        )
        label = f"{_sentence(said)} {words.period(row.period, locale)}, {word('kind', row.kind, locale)} ({row.source})"
        told = (row.verdict, word("quality", row.quality, locale), word("agreement", row.agreement, locale))
        shades = [_SHADES[code] for code in (row.verdict, row.quality, row.agreement)]
        cells += [
            {"label": label, "column": name, "text": text, "shade": shade}
            for name, text, shade in zip(columns, told, shades, strict=True)
        ]
    about = replace(subject, measure=words.say(locale, "figures.beside.confidence"))
    sure = int(rows["verdict"].isin(["A", "B"]).sum())
    headline = title or _headline(subject, locale, "confidence", n=len(rows), sure=sure)
    return cell_grid(pd.DataFrame(cells), subject=about, locale=locale, title=headline)  # fmt: skip


def _narrative(rows: pd.DataFrame, subject: Subject, locale: str, title: str | None) -> Figure:
    """Show in how many places each analysis finds what changed, what disagrees, what to check and what is missing."""
    most = max(float(rows["value"].max()), 1.0)
    cells = [
        {
            "label": word("analysis", row.source, locale), "column": word("section", row.measure, locale),
            "text": words.number(row.value, "count", locale) if row.value else "", "shade": ceil(4 * row.value / most),
        }
        for row in each(rows)
    ]  # fmt: skip
    about = replace(
        subject, measure=words.say(locale, "figures.beside.narrative"), unit="count", number="counted"
    )
    told = rows[(rows["value"] > 0) & (rows["measure"] != "missing")]["source"].nunique()
    headline = title or _headline(subject, locale, "narrative", n=told, all=rows["source"].nunique())
    when = str(rows["period"].iloc[0])
    return cell_grid(pd.DataFrame(cells), subject=about, locale=locale, when=when, title=headline)


def _headline(subject: Subject, locale: str, name: str, **numbers: object) -> str:
    return words.placed(subject, words.say(locale, f"figures.beside.title_{name}", **numbers), locale)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _intervals(
    rows: pd.DataFrame, labels: pd.Series, chosen: str, subject: Subject, locale: str, title: str | None, *,
    reach: tuple[float, ...] = (),
) -> Figure:  # fmt: skip
    numbers = rows["kind"].map(_NUMBERS).fillna("reported").map(_COUNTED)
    table = rows[["value", "low", "high"]].assign(label=labels, number=numbers, chosen=rows["kind"] == chosen)
    return interval_rows(
        table, subject=subject, locale=locale, when=str(rows["period"].iloc[0]), title=title, reach=reach
    )


def _latest(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["period"] == rows["period"].max()].reset_index(drop=True)


PICTURES: Mapping[str, Callable[[pd.DataFrame, Subject, str, str | None], Figure | None]] = {
    "coverage_sources": _coverage,
    "zero_dose": _zero_dose,
    "denominators": _populations,
    "cases": _cases,
    "dropout": _dropout,
    "vials": _stockouts,
    "first_contacts": _ratios,
    "same_visit": _ratios,
    "susceptibles": _susceptibles,
    "campaigns": _campaigns,
    "sectors": _sectors,
    "above_full": _above_full,
    "silence": _silence,
    "access": _access,
    "breaks": _breaks,
    "inequality": _inequality,
    "confidence": _confidence,
    "narrative": _narrative,
}
