"""What do all simulated countries together say of the estimator?

Turns the lines of the proof into the tables of the model card: calibration from the prior, stress,
large countries, accuracy beside the usual methods.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from kalanso.coverage.baselines.comparison import ACCURACY_COLUMNS
from kalanso.coverage.scoring import SCORE_COLUMNS, binomial_band

BEGIN, END = "<!-- calibration: begin -->", "<!-- calibration: end -->"
QUANTITIES = {
    "dtp1": "DTP1 coverage",
    "dtp3": "DTP3 coverage",
    "surviving_infants": "children due",
    "missed_dtp1": "children without DTP1",
    "missed_dtp3": "children without DTP3",
}
LOWEST = 0.90  # a stress cell under it is named
NOT_RUN = "The proof has not been run for this version: `make calibrate`."


def scores_of(lines: Iterable[dict[str, Any]], engine: str) -> pd.DataFrame:
    """Return the scores of all countries that an engine estimated, with their cell and number."""
    rows = [
        (line["cell"], line["index"], *score)
        for line in lines
        for score in line["runs"].get(engine, {}).get("scores", [])
    ]
    return pd.DataFrame(rows, columns=["cell", "index", *SCORE_COLUMNS])


def pooled(scores: pd.DataFrame, quantity: str, group: str, measure: str) -> tuple[float, float, float, int]:
    """Return the mean over all cases, the lowest and highest country, and the number of cases."""
    own = scores.query("quantity == @quantity and group == @group and measure == @measure")
    if own.empty:
        return np.nan, np.nan, np.nan, 0
    mean = float(np.average(own["value"], weights=own["count"]))
    return mean, float(own["value"].min()), float(own["value"].max()), int(own["count"].sum())


def summary(lines: list[dict[str, Any]], day: str, code: str) -> str:
    """Return the section of the model card: tables in Markdown."""
    if not lines:
        return NOT_RUN
    parts = [_head(lines, day, code)]
    for engine, title in (("published", "Published posterior"), ("preview", "Preview")):
        scores = scores_of(lines, engine)
        if scores.empty:
            continue
        plain = scores.query("cell == 'prior'")
        if len(plain):
            parts += [f"### {title}: countries drawn from the prior", _calibration(plain)]
        stress = [cell for cell in dict.fromkeys(scores["cell"]) if cell not in {"prior", "large"}]
        if stress:
            parts += [
                f"### {title}: what goes wrong on purpose",
                _stress(scores, ["prior", *stress] if len(plain) else stress),
            ]
        if (scores["cell"] == "large").any():
            parts += [f"### {title}: large countries", _large(lines, scores, engine)]
    table = _accuracy(lines)
    if table:
        parts += ["### Beside the usual methods", table]
    return "\n\n".join(parts)


def _head(lines: list[dict[str, Any]], day: str, code: str) -> str:
    counts = pd.Series([line["cell"] for line in lines]).value_counts(sort=False)
    sizes = sorted({(line["areas"], line["quarters"]) for line in lines})
    failed = [
        f"{line['cell']} {line['index']} {name}: {run['failed']}"
        for line in lines
        for name, run in line["runs"].items()
        if run["failed"]
    ]
    draws = sorted({run["draws"] for line in lines for run in line["runs"].values() if not run["failed"]})
    seeds = sorted({line["seed"] for line in lines})
    said = (
        f"Run on {day}, code `{code}`, seed {', '.join(map(str, seeds))}, draws kept {', '.join(map(str, draws))}{_asked(lines)}, "
        f"{' and '.join(f'{areas} areas x {quarters} quarters' for areas, quarters in sizes)}. "
        f"Countries: {', '.join(f'{name} {count}' for name, count in counts.items())}. "
    )
    missed = [
        line["cell"]
        for line in lines
        for run in line["runs"].values()
        for gates in [run.get("diagnostics", {}).get("gates", {})]
        if not all(gate["passed"] for gate in gates.values())
    ]
    if missed:
        said += f"Runs that missed a gate and would not be published, counted all the same: {len(missed)}. "
    if failed:
        shown = "; ".join(failed[:5]) + (" ..." if len(failed) > 5 else "")
        return said + f"Without an estimate: {len(failed)} ({shown})."
    return said + "None was left without an estimate."


def _asked(lines: list[dict[str, Any]]) -> str:
    """Say where fewer effective draws were asked for than a publication needs."""
    asked = sorted({line["effective"] for line in lines if line.get("effective")})
    return (
        f" (effective draws of totals asked for: {', '.join(f'{one:g}' for one in asked)})" if asked else ""
    )


def _calibration(scores: pd.DataFrame) -> str:
    countries = scores["index"].nunique()
    rows = []
    for quantity, words in QUANTITIES.items():
        everywhere = pooled(scores, quantity, "all", "covers95")
        if not everywhere[3]:
            continue
        region, country = (pooled(scores, quantity, group, "covers95") for group in ("region", "country"))
        rows.append(
            [
                words,
                f"{everywhere[0]:.3f} ({everywhere[1]:.2f} to {everywhere[2]:.2f})",
                f"{pooled(scores, quantity, 'all', 'covers50')[0]:.3f}",
                *[f"{pooled(scores, quantity, group, 'covers95')[0]:.3f}" for group in ("conflict", "unsurveyed")],
                _band(region),
                _band(country),
                f"{pooled(scores, quantity, 'country', 'pit')[0]:.2f} / {pooled(scores, quantity, 'country', 'pit_spread')[0]:.2f}",
            ]
        )  # fmt: skip
    head = [
        "interval of", "95 %, areas (countries from to)", "50 %, areas", "95 %, conflict", "95 %, no cluster",
        "95 %, regions", f"95 %, {countries} countries", "position of the truth, mean / spread",
    ]  # fmt: skip
    note = (
        "Areas: every area and quarter. Regions and countries: the sum of all quarters; in brackets the 99 % binomial "
        "band about .95, for regions as if those of one country were independent. The position is .5 with spread 1 "
        "where the intervals are right."
    )
    return _table(head, rows) + "\n\n" + note


def _band(found: tuple[float, float, float, int]) -> str:
    low, high = binomial_band(found[3], 0.95)
    inside = "" if np.isnan(found[0]) or low <= found[0] <= high else " **outside**"
    return f"{found[0]:.3f} ({low:.2f} to {high:.2f}){inside}"


def _stress(scores: pd.DataFrame, cells: list[str]) -> str:
    rows = []
    for cell in cells:
        own = scores[scores["cell"] == cell]
        values = [pooled(own, quantity, "all", "covers95")[0] for quantity in QUANTITIES]
        values += [pooled(own, quantity, "conflict", "covers95")[0] for quantity in ("dtp1", "missed_dtp1")]
        values += [pooled(own, quantity, "country", "covers95")[0] for quantity in ("dtp1", "surviving_infants", "missed_dtp1")]  # fmt: skip
        biases = [pooled(own, "dtp1", group, "bias")[0] for group in ("country", "conflict")]
        marked = [f"**{value:.2f}**" if value < LOWEST else f"{value:.2f}" for value in values]
        rows.append([cell.replace("_", " "), str(own["index"].nunique()), *marked, *[f"{100 * one:+.1f}" for one in biases]])  # fmt: skip
    head = [
        "cell", "countries", "DTP1", "DTP3", "children due", "without DTP1", "without DTP3", "DTP1, conflict",
        "without DTP1, conflict", "DTP1, country", "due, country", "without DTP1, country",
        "bias of DTP1, country (points)", "in conflict areas",
    ]  # fmt: skip
    return _table(head, rows) + "\n\nCoverage of 95 % intervals; under .90 in bold."


def _large(lines: list[dict[str, Any]], scores: pd.DataFrame, engine: str) -> str:
    own = scores[scores["cell"] == "large"]
    runs = [line["runs"][engine] for line in lines if line["cell"] == "large" and engine in line["runs"]]
    seconds = [run["seconds"] for run in runs if not run["failed"]]
    rows = []
    for quantity, words in QUANTITIES.items():
        value = pooled(own, quantity, "country", "covers95")
        if value[3]:
            areas = pooled(own, quantity, "all", "covers95")[0]
            rows.append([words, f"{round(value[0] * value[3])} of {value[3]}", f"{areas:.3f}"])
    head = ["interval of", "countries whose truth lies inside", "95 %, areas"]
    return (
        _table(head, rows)
        + f"\n\nSeconds per country: {np.median(seconds):.0f} (median), {max(seconds):.0f} (slowest)."
    )


def _accuracy(lines: list[dict[str, Any]]) -> str:
    told = [line["accuracy"] for line in lines if line["cell"] == "prior" and line.get("accuracy")]
    found = [row for rows in told for row in rows]
    if not found:
        return ""
    table = pd.DataFrame(found, columns=list(ACCURACY_COLUMNS))
    numbers = ["squares", "crps", "reference_squares", "reference_crps", "cases"]
    sums = table.groupby(["method", "quantity", "group"], sort=False)[numbers].sum()
    methods = list(dict.fromkeys(table["method"]))
    rows = []
    for method in methods:
        row = [method]
        for quantity, group in (("dtp1", "all"), ("dtp1", "unsurveyed"), ("missed_dtp1", "all"), ("missed_dtp1", "unsurveyed"), ("missed_dtp3", "all")):  # fmt: skip
            one = sums.loc[method, quantity, group]
            squares = np.sqrt(one["reference_squares"] / one["squares"]) if one["squares"] > 0 else np.nan
            row.append(f"{squares:.2f} / {one['reference_crps'] / one['crps']:.2f}")
        recall = sums.loc[method, "pockets", "all"]
        row.append(f"{recall['crps'] / recall['cases']:.2f}")
        rows.append(row)
    head = [
        "method", "DTP1", "DTP1, no cluster", "children without DTP1", "same, no cluster",
        "children without DTP3", "share of true pockets on its list",
    ]  # fmt: skip
    reference = methods[0]
    note = (
        f"{len(told)} countries. Root mean squared error and CRPS of {reference} over those of the method, on the areas "
        "and quarters that both have: .50 means half the error. Methods without intervals are scored as single numbers; quantiles are the "
        "published ones for all."
    )
    return _table(head, rows) + "\n\n" + note


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(cells) + " |" for cells in [head, ["---"] * len(head), *rows]]
    return "\n".join(lines)


def write_section(page: Path, text: str) -> None:
    """Put the text between the page's markers. Raises ValueError where the page has none."""
    before = page.read_text(encoding="utf-8")
    if BEGIN not in before or END not in before:
        raise ValueError(f"{page.name}: expected the markers {BEGIN} and {END}, found none")
    head, tail = before.partition(BEGIN)[0], before.partition(END)[2]
    page.write_text(f"{head}{BEGIN}\n\n{text}\n\n{END}{tail}", encoding="utf-8")
