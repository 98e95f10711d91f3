"""How do clusters of a survey whose published positions were moved (DHS) become evidence of a store?

Reads a CSV with one row per cluster and dose, places each cluster by chances (`surveys.displacement`) and publishes the rows of
`survey_evidence`. Positions themselves are kept nowhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import pandas as pd
import shapely

from kalanso.pipeline.evidence import Holdings
from kalanso.pipeline.progress import Cancel, Progress, never, quiet, step
from kalanso.pipeline.publish_surveys import publish_survey
from kalanso.places.trees import links_on
from kalanso.store import Manifest, Store
from kalanso.surveys.displacement import COUNTS, chances, evidence, placed
from kalanso.surveys.handed_in import SurveyRefused, with_columns
from kalanso.vocabulary import Refusal, Tree

POSITION = ("longitude", "latitude", "urban")


class CannotPlace(Refusal, ValueError):
    """Clusters that cannot be placed: what was expected, what came, what to try."""


@dataclass(frozen=True, kw_only=True)
class Placed:
    """How many clusters were placed in an area, in a larger place, and in none; and the snapshot of the evidence."""

    in_areas: int
    in_larger: int
    nowhere: int
    snapshot: Manifest | None


def publish_displaced(
    store: Store,
    file: Path,
    *,
    level: str = "health_area",
    progress: Progress = quiet,
    cancel: Cancel = never,
    now: datetime,
) -> Placed:
    """Place the clusters of one survey and publish what they say.

    The file has survey, cluster, longitude, latitude, urban (yes, no), start, end (quarters in which the children were due),
    indicator, children, vaccinated and, where known for certain, within (a place code). `level` is that of the areas, which need outlines; their
    people count where the store knows surviving infants of all. Raises CannotPlace.
    """
    step(progress, cancel, "pipeline.survey.reading", 0.0)
    holdings = Holdings(store, now.date())
    outlines = _outlines(holdings, level)
    above = _above(holdings, list(outlines), now.date())
    try:
        rows = with_columns(
            pd.read_csv(file, dtype={"cluster": str, "within": str}), file.name, [*COUNTS, *POSITION]
        )
        clusters = rows.drop_duplicates(["survey", "cluster", *POSITION])
        step(progress, cancel, "pipeline.survey.estimating", 0.2)
        where = placed(chances(clusters, outlines, above, people_per_km2=_people(holdings, level)), above)
        found = evidence(rows[list(COUNTS)], where, list(outlines))
        manifest = publish_survey(store, found, note=file.name, now=now)
    except SurveyRefused as error:
        raise CannotPlace(error.message.id, **error.message.params) from error
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise CannotPlace("pipeline.survey.unreadable", file=file.name, reason=str(error)) from error
    inside = int(where["place_code"].isin(list(outlines)).sum())
    progress("pipeline.evidence.done", 1.0)
    return Placed(
        in_areas=inside, in_larger=len(where) - inside, nowhere=len(clusters) - len(where), snapshot=manifest
    )


def _outlines(holdings: Holdings, level: str) -> dict[str, shapely.Geometry]:
    places = set(holdings.places.loc[holdings.places["level"] == level, "place_code"])
    rows = holdings.boundaries
    rows = (
        rows[rows["place_code"].isin(places)]
        .sort_values("vintage")
        .drop_duplicates("place_code", keep="last")
    )
    if rows.empty or len(rows) < len(places):
        raise CannotPlace("pipeline.survey.no_outlines", level=level, n=len(places) - len(rows))
    return dict(zip(rows["place_code"], shapely.from_wkb(rows["geometry"].to_numpy()), strict=True))


def _above(holdings: Holdings, areas: list[str], today: date) -> dict[str, list[str]]:
    links = links_on(holdings.parents, tree=Tree.ADMINISTRATIVE.value, on=today)
    links |= links_on(holdings.parents, tree=Tree.HEALTH.value, on=today)
    found = {}
    for area in areas:
        line = [area]
        while (upper := links.get(line[-1])) and upper not in line:
            line.append(upper)
        found[area] = line[1:]
    return found


def _people(holdings: Holdings, level: str) -> Mapping[str, float] | None:
    """Return infants per km2 of each place of a level in the newest year, where the store knows any."""
    rows = holdings.stated_infants.select("place_code", "period", "value").to_pandas()
    codes = set(holdings.places.loc[holdings.places["level"] == level, "place_code"])
    rows = (
        rows[rows["place_code"].isin(codes)].sort_values("period").drop_duplicates("place_code", keep="last")
    )
    if rows.empty:
        return None
    outlines = holdings.boundaries.sort_values("vintage").drop_duplicates("place_code", keep="last")
    size = dict(zip(outlines["place_code"], outlines["area_km2"], strict=True))
    return {
        code: value / size[code]
        for code, value in rows[["place_code", "value"]].itertuples(index=False)
        if size.get(code)
    }
