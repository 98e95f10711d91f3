"""At which level may an estimate be used, and what would be lost without each source?

A refusal is a plain sentence: where the interval is too wide to decide anything, or a kind of
evidence is missing altogether. `without_each_source` estimates again without one source after the
other; `compared` sets two posteriors beside each other (the cut one, another assumption).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from kalanso.coverage.aggregates import AREA, Numbers, PlaceTree, area_draws, place_tree
from kalanso.coverage.faults import EstimateRefused, EvidenceRefused
from kalanso.coverage.pocket_words import latest_window
from kalanso.coverage.sanity import refuse_impossible
from kalanso.coverage.summaries import INTERVAL, interval, quantiles
from kalanso.vocabulary import Message

if TYPE_CHECKING:
    from kalanso.coverage.evidence import Evidence
    from kalanso.coverage.posterior import Posterior
    from kalanso.coverage.question import Question

Estimate = Callable[["Evidence", "Question", np.random.Generator], "Posterior"]
TOO_WIDE = 0.35  # width of the 95 % interval of coverage from which nothing can be decided
MOST_PLACES = 0.5  # share of too wide places from which a level is refused as a whole
USE_COLUMNS = ("place_code", "place_level", "depth", "width", "usable", "message", "params")
WITHOUT_COLUMNS = (
    "source", "kind", "place_level", "depth", "places", "width_ratio_median", "width_ratio_q90",
    "country_shift", "message", "params",
)  # fmt: skip
COMPARED_COLUMNS = (
    "place_code", "place_level", "coverage_mean", "other_mean", "difference", "difference_sd", "message", "params",
)  # fmt: skip
FAR = 2.0  # posterior standard deviations from which two posteriors are said to differ


def doubt(posterior: Posterior) -> Message | None:
    """Return what must be said of a preview whose chains disagree badly, or None.

    A published posterior that misses a gate is refused; a preview is shown, but nobody shall decide on it.
    """
    gates = posterior.diagnostics.get("gates", {})
    missed = [gate for gate in gates.values() if isinstance(gate, Mapping) and not gate.get("passed", True)]
    if posterior.engine != "preview" or not missed:
        return None
    return Message(
        "coverage.preview.chains_disagree", {"found": missed[0]["value"], "limit": missed[0]["limit"]}
    )


def usability(posterior: Posterior, evidence: Evidence, *, limit: float = TOO_WIDE) -> pd.DataFrame:
    """Return for every place whether its coverage of the newest four quarters may be used.

    A place is not usable where its 95 % interval is wider than `limit`, and none is in a preview whose
    chains disagree (`doubt`). Columns: USE_COLUMNS.
    """
    if not 0 < limit <= 1:
        raise ValueError(f"limit: expected a width as a share above 0 and up to 1, got {limit}")
    tree, share = _latest(posterior, evidence)
    bounds = quantiles(share, INTERVAL)
    width = bounds[:, 1] - bounds[:, 0]
    doubted = doubt(posterior) is not None
    said = [
        Message(
            f"coverage.use.{'doubtful' if doubted else 'fine' if wide <= limit else 'too_wide'}",
            {"place": code, "low": float(low), "high": float(high), "limit": limit, "dose": posterior.first},
        )
        for code, wide, (low, high) in zip(tree.codes, width, bounds, strict=True)
    ]
    return pd.DataFrame(
        {
            "place_code": tree.codes, "place_level": tree.levels, "depth": tree.depths, "width": width,
            "usable": (width <= limit) & (not doubted), "message": [one.id for one in said],
            "params": [one.params_json() for one in said],
        }
    )[list(USE_COLUMNS)]  # fmt: skip


def refusals(posterior: Posterior, evidence: Evidence, *, limit: float = TOO_WIDE) -> tuple[Message, ...]:
    """Return what this estimate must not be used for, in sentences; empty where all levels hold."""
    doubted = doubt(posterior)
    found = [*([] if doubted is None else [doubted]), *_missing_kinds(evidence)]
    if doubted is not None:
        return tuple(found)
    table = usability(posterior, evidence, limit=limit)
    for level, rows in _by_level(table):
        wide = int((~rows["usable"]).sum())
        told = {"level": level, "n": len(rows), "wide": wide, "limit": limit, "share": wide / len(rows)}
        if wide / len(rows) >= MOST_PLACES:
            found.append(Message(f"coverage.refusal.{_kind(level)}", told))
        elif wide:
            many = "one" if wide == 1 and _kind(level) != "country" else "some"
            found.append(Message(f"coverage.refusal.{many}_{_kind(level)}", told))
    return tuple(found)


def _kind(level: str) -> str:
    return level if level in (AREA, "country") else "parent"


def _by_level(table: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the places of each level: areas; places above them by depth ("2" = two steps down)."""
    areas = table["place_level"] == AREA
    if areas.any():
        yield AREA, table[areas]
    for depth, rows in table[~areas].groupby("depth", sort=True):
        yield str(depth) if int(str(depth)) else "country", rows


def _missing_kinds(evidence: Evidence) -> Iterator[Message]:
    if not len(evidence.surveys) and not len(evidence.survey_areas):
        yield Message("coverage.refusal.no_survey")
    if not len(evidence.denominators):
        yield Message("coverage.refusal.no_population")
    if not len(evidence.doses):
        yield Message("coverage.refusal.no_doses")


def _latest(posterior: Posterior, evidence: Evidence) -> tuple[PlaceTree, Numbers]:
    tree = place_tree(posterior, evidence)
    return tree, _coverage(posterior, tree, latest_window(posterior.periods)[2])


def _coverage(posterior: Posterior, tree: PlaceTree, quarters: list[int]) -> Numbers:
    surviving, vaccinated = (
        tree.add_up(counts) for counts in area_draws(posterior, posterior.first, quarters)
    )
    return vaccinated / surviving


def sources_of(evidence: Evidence) -> list[tuple[str, str]]:
    """Return (kind, name) of every source that can be left out."""
    found = [("doses", "doses")] if len(evidence.doses) else []
    for kind, column in (
        ("surveys", "survey"),
        ("survey_areas", "survey"),
        ("denominators", "source"),
        ("lots", "round"),
    ):
        found += [(kind, str(name)) for name in getattr(evidence, kind)[column].unique()]
    found += [(kind, kind) for kind in ("stock", "recounts") if len(getattr(evidence, kind))]
    return found


def without(evidence: Evidence, kind: str, name: str) -> Evidence:
    """Return the evidence without one source (see `sources_of`)."""
    if (kind, name) not in sources_of(evidence):
        raise ValueError(f"source: expected one of {sources_of(evidence)}, got {(kind, name)}")
    table = getattr(evidence, kind)
    column = {"surveys": "survey", "survey_areas": "survey", "denominators": "source", "lots": "round"}.get(
        kind
    )
    kept = table.iloc[:0] if column is None else table[table[column].astype(str) != name]
    changes: dict[str, Any] = {kind: kept.reset_index(drop=True)}
    if kind == "denominators":
        listed = evidence.denominator_sources
        # a source that was derived from the one that goes stands alone from now on
        orphan = listed["parent_source"].where(listed["parent_source"] != name, "")
        changes["denominator_sources"] = listed.assign(parent_source=orphan)[listed["source"] != name]
    return replace(evidence, **changes)


def without_each_source(
    posterior: Posterior, evidence: Evidence, question: Question, estimate: Estimate, *,
    progress: Callable[[str, float], None] = lambda _name, _share: None,
) -> pd.DataFrame:  # fmt: skip
    """Return how much wider intervals would be without each source, by level.

    `estimate` is the engine; it is asked for previews with the question's seed, so that `posterior`
    should be a preview too. Width ratios (without / with) are of the 95 % interval of coverage over
    the newest quarters that both have, median and 90 % quantile of the places of a level;
    `country_shift` is the change of national coverage. A source without which no estimate is
    possible, or the engine goes astray, has empty numbers. Columns: WITHOUT_COLUMNS.
    """
    sources = sources_of(evidence)
    tables = []
    for number, (kind, name) in enumerate(sources, 1):
        tables.append(without_source(posterior, evidence, question, estimate, kind, name))
        progress(name, number / len(sources))
    if not tables:
        return pd.DataFrame(columns=list(WITHOUT_COLUMNS))
    return pd.concat(tables, ignore_index=True)


def without_source(
    posterior: Posterior, evidence: Evidence, question: Question, estimate: Estimate, kind: str, name: str
) -> pd.DataFrame:
    """Return the rows of one source; see `without_each_source`."""
    rest = without(evidence, kind, name)
    try:
        other = estimate(rest, question.with_(preview=True), np.random.default_rng(question.seed))
        refuse_impossible(other, rest)
        found = _without(posterior, evidence, other, kind, name)
    except (EvidenceRefused, EstimateRefused):
        message = Message("coverage.without.impossible", {"source": name})
        row = {
            "source": name, "kind": kind, "place_level": "", "depth": 0, "places": 0,
            "message": message.id, "params": message.params_json(),
        }  # fmt: skip
        found = pd.DataFrame([row])
    return found.reindex(columns=list(WITHOUT_COLUMNS))


def _without(
    posterior: Posterior, evidence: Evidence, other: Posterior, kind: str, name: str
) -> pd.DataFrame:
    shared = [code for code in posterior.periods if code in set(other.periods)]
    if not shared:
        raise EvidenceRefused("coverage.evidence.no_period", file=kind)
    _, _, window = latest_window(shared)
    codes = [shared[at] for at in window]
    tree = place_tree(posterior, evidence)
    full, less = (
        _coverage(one, tree, [one.periods.index(code) for code in codes]) for one in (posterior, other)
    )
    width_full, width_less = (np.diff(quantiles(share, INTERVAL), axis=1)[:, 0] for share in (full, less))
    table = pd.DataFrame({"place_level": tree.levels, "depth": tree.depths})
    table["ratio"] = width_less / np.maximum(width_full, 1e-9)
    shift = float(less[-1].mean() - full[-1].mean())
    rows = []
    for level, places in _by_level(table):
        ratio = float(places["ratio"].median())
        told = {"source": name, "ratio": ratio, "level": level, "n": len(places)}
        message = Message(f"coverage.without.{_kind(level)}", told)
        rows.append(
            {
                "source": name, "kind": kind, "place_level": places["place_level"].iloc[0],
                "depth": int(places["depth"].iloc[0]), "places": len(places), "width_ratio_median": ratio,
                "width_ratio_q90": float(places["ratio"].quantile(0.9)), "country_shift": shift,
                "message": message.id, "params": message.params_json(),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def compared(posterior: Posterior, other: Posterior, evidence: Evidence, *, name: str) -> pd.DataFrame:
    """Return the coverage of two posteriors of the same evidence, for every place above the areas.

    `name` says what the other one is ("cut", an assumption). `difference_sd` is the difference in
    standard deviations of the first; from 2 on the message warns. Columns: COMPARED_COLUMNS.
    """
    if other.areas != posterior.areas or other.periods != posterior.periods:
        raise ValueError("compared: expected two posteriors of the same areas and quarters")
    tree, share = _latest(posterior, evidence)
    _, else_share = _latest(other, evidence)
    above = slice(tree.area_count if len(tree.codes) > tree.area_count else 0, None)
    mean, else_mean = share[above].mean(axis=1), else_share[above].mean(axis=1)
    difference = else_mean - mean
    apart = difference / np.maximum(share[above].std(axis=1), 1e-9)
    said = [
        Message(
            f"coverage.compared.{'apart' if abs(far) >= FAR else 'close'}",
            {"place": code, "name": name, "one": float(a), "other": float(b)},
        )
        for code, far, a, b in zip(tree.codes[above], apart, mean, else_mean, strict=True)
    ]
    return pd.DataFrame(
        {
            "place_code": tree.codes[above], "place_level": tree.levels[above], "coverage_mean": mean,
            "other_mean": else_mean, "difference": difference, "difference_sd": apart,
            "message": [one.id for one in said], "params": [one.params_json() for one in said],
        }
    )[list(COMPARED_COLUMNS)]  # fmt: skip


def corrected_populations(posterior: Posterior, evidence: Evidence) -> pd.DataFrame:
    """Return the target population of each area and year beside that of every source.

    Columns: source, place_code, period (year), stated, surviving_infants (mean and interval, of the
    whole year) and ratio (stated / estimated, mean and interval); years of which all quarters are
    estimated only.
    """
    years: dict[str, list[int]] = {}
    for at, code in enumerate(posterior.periods):
        years.setdefault(code[:4], []).append(at)
    rows = evidence.denominators
    rows = rows[rows["place_code"].isin(evidence.area_index)]
    tables = []
    for year, quarters in years.items():
        of_year = rows[rows["period"] == int(year)]
        if len(quarters) < 4 or of_year.empty:
            continue
        area = of_year["place_code"].map(evidence.area_index).to_numpy(dtype=np.intp)
        infants = area_draws(posterior, posterior.first, quarters)[0][area]
        stated = of_year["surviving_infants"].to_numpy(dtype=np.float64)
        columns = {
            "source": of_year["source"].to_numpy(),
            "place_code": of_year["place_code"].to_numpy(),
            "period": year,
        }
        numbers = {
            "stated": stated,
            **interval("surviving_infants", infants),
            **interval("ratio", stated[:, None] / infants),
        }
        tables.append(pd.DataFrame(columns | numbers))
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()
