"""What of the answers may leave the team, without leading anybody to a door?

Photographs and sound go; positions become one displaced point per cluster. Small cells of results are the business of whoever
publishes them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd

from kalanso.surveys.handed_in import SurveyRefused, with_columns
from kalanso.surveys.instruments.forms import Form

KM_PER_DEGREE = 111.32


def shareable(
    table: pd.DataFrame, form: Form, *, radius_km: Mapping[str, float], rng: np.random.Generator
) -> pd.DataFrame:
    """Return a flat table of answers (see `flat`) without what its form marks as sensitive.

    A position becomes that of its cluster, the mean of its answers, moved to a point drawn evenly from a disc of
    `radius_km` (by cluster): the same for all households of the cluster, since many points moved one by one would show
    their middle. Two kilometres in towns and five elsewhere are usual (DHS). Columns are
    `<name>_longitude` and `<name>_latitude`; the identifiers of submissions and rows are replaced by numbers. Raises
    SurveyRefused for a cluster without a radius.
    """
    found = with_columns(table, "answers", ["submission", "row"])
    sensitive = [one for one, _ in form.questions() if one.sensitive and one.name in found]
    points = [one.name for one in sensitive if one.type == "geopoint"]
    if points:
        found = with_columns(found, "answers", ["cluster"])
    for name in points:
        moved = _moved(found, name, radius_km, rng)
        for part in ("longitude", "latitude"):
            at = {cluster: point[part] for cluster, point in moved.items()}
            found[f"{name}_{part}"] = [at.get(str(cluster), math.nan) for cluster in found["cluster"]]
    order = rng.permutation(len(found))
    found = found.iloc[order].reset_index(drop=True)
    for name in ("submission", "row"):
        found[name] = pd.factorize(found[name])[0] + 1
    return found.drop(columns=[one.name for one in sensitive])


def _moved(
    table: pd.DataFrame, name: str, radius_km: Mapping[str, float], rng: np.random.Generator
) -> dict[str, dict[str, float]]:
    read = [_point(value) for value in table[name]]
    known = pd.DataFrame(
        [(str(cluster), *point) for cluster, point in zip(table["cluster"], read, strict=True) if point],
        columns=["cluster", "latitude", "longitude"],
    )
    moved = {}
    for cluster, group in known.groupby("cluster", sort=True):
        if not radius_km.get(str(cluster), 0.0) > 0:
            raise SurveyRefused("surveys.instruments.no_radius", cluster=str(cluster))
        middle = group[["latitude", "longitude"]].mean()
        far = radius_km[str(cluster)] * math.sqrt(rng.uniform()) / KM_PER_DEGREE
        way = rng.uniform(0, 2 * math.pi)
        latitude = float(middle["latitude"]) + far * math.cos(way)
        longitude = float(middle["longitude"]) + far * math.sin(way) / math.cos(math.radians(latitude))
        moved[str(cluster)] = {"latitude": round(latitude, 4), "longitude": round(longitude, 4)}
    return moved


def _point(value: object) -> tuple[float, float] | None:
    """Return latitude and longitude of a position as telephones write it: latitude longitude altitude accuracy."""
    try:
        latitude, longitude = (float(one) for one in str(value).split()[:2])
    except ValueError:
        return None
    return (latitude, longitude) if abs(latitude) <= 90 and abs(longitude) <= 180 else None
