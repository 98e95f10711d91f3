"""How do the feedback bulletins of a district, or of one health area, become files?

Reads the months and the findings of the places, and writes one PDF with a page each, and a picture each for telephones. What a bulletin
says is decided by `kalanso.triangulation`, how it looks by `kalanso.figures`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import ibis.expr.types as ir
import pandas as pd

from kalanso import __version__
from kalanso.figures.bulletin_pages import Imprint, to_pages, to_pictures
from kalanso.indicators.tables import INDICATOR_VALUES
from kalanso.pipeline.evidence import Holdings
from kalanso.pipeline.progress import Cancel, Progress, never, quiet, step
from kalanso.pipeline.triangulation_evidence import Run, in_memory, places_table, yearly_rows
from kalanso.pipeline.triangulation_services import at_level
from kalanso.quality.tables import QUALITY_FINDINGS
from kalanso.store import Store
from kalanso.triangulation import TriangulationRefused
from kalanso.triangulation.bulletins import DOSES, Bulletin, bulletin
from kalanso.vocabulary import Tree

AREA = "health_area"


@dataclass(frozen=True, kw_only=True)
class BulletinsWritten:
    """What was written: the PDF, the pictures in the order of its pages, and places without any number."""

    pdf: Path
    pictures: tuple[Path, ...]
    period: str
    without_numbers: tuple[str, ...]


def bulletins(
    store: Store, out: Path, *, place: str, period: str = "", locale: str = "fr", pictures: bool = True,
    progress: Progress = quiet, cancel: Cancel = never, now: datetime,
) -> BulletinsWritten:  # fmt: skip
    """Write the bulletins of a health area, or of all health areas of a place above, for one month (by default the newest).

    Places that never sent a number get no bulletin and are named in the result. Raises TriangulationRefused for an unknown place
    or one without any number.
    """
    step(progress, cancel, "pipeline.bulletins.reading", 0.0)
    holdings = Holdings(store, now.date())
    places = places_table(holdings, holdings.trees()[0])
    areas = _areas(places, place)
    values, findings = (holdings.store.read(spec) for spec in (INDICATOR_VALUES, QUALITY_FINDINGS))
    month = period or next(iter(months_told(values, areas)), f"{now:%Y%m}")
    made, silent = compose(values, findings, places, areas, month, tree=holdings.trees()[0])
    if not made:
        raise TriangulationRefused("triangulation.refused.no_bulletin", place=place, period=month)
    step(progress, cancel, "pipeline.bulletins.setting", 0.4)
    common: dict[str, Any] = {
        "names": dict(zip(places["place_code"], places["name"], strict=True)), "districts": at_level(places, "district"), "pack": holdings.pack,
        "imprint": Imprint(sources=holdings.sources(), day=_day(store, now), version=__version__, demo=store.demo), "locale": locale,
    }  # fmt: skip
    out.mkdir(parents=True, exist_ok=True)
    pdf = out / f"bulletins-{_file_name(place)}-{month}-{locale}.pdf"
    pdf.write_bytes(to_pages(made, **common))
    drawn = []
    if pictures:
        step(progress, cancel, "pipeline.bulletins.drawing", 0.6)
        for one, picture in zip(made, to_pictures(made, **common), strict=True):
            drawn.append(out / f"bulletin-{_file_name(one.place_code)}-{month}-{locale}.png")
            drawn[-1].write_bytes(picture)
    progress("pipeline.bulletins.done", 1.0)
    return BulletinsWritten(pdf=pdf, pictures=tuple(drawn), period=month, without_numbers=tuple(silent))


def _areas(places: pd.DataFrame, place: str) -> list[str]:
    known = dict(zip(places["place_code"], places["level"], strict=True))
    if place not in known:
        raise TriangulationRefused("triangulation.refused.no_such_place", found=place)
    if known[place] == AREA:
        return [place]
    above = at_level(places, known[place])
    return sorted(code for code, level in known.items() if level == AREA and above.get(code) == place)


def compose(
    values: ir.Table, findings: ir.Table, places: pd.DataFrame, areas: Sequence[str], month: str, *, tree: Tree,
    run: Run = in_memory,
) -> tuple[list[Bulletin], list[str]]:  # fmt: skip
    """Return the bulletins of some areas and a month, and the areas that never sent a number.

    `values` and `findings` are rows of `indicator_values` and `quality_findings`, as far as whoever asks may see them;
    `places` has place_code, parent_code and level; `run` answers questions, where readers take turns.
    """
    counts = run(_asked_months(values, areas)).pipe(_first_tree)
    area_of = at_level(places, AREA)
    inside = sorted(code for code, area in area_of.items() if area in set(areas))
    found = run(findings.filter(findings.place_code.isin(inside)))
    found = found.assign(area=found["place_code"].map(area_of))
    targets = _targets(values, areas, int(month[:4]), tree, run)
    made, silent = [], []
    for area in areas:
        own = counts[(counts["place_code"] == area) & (counts["period"] <= month)]
        if own.empty:
            silent.append(area)
            continue
        made.append(
            bulletin(own, found[found["area"] == area], place=area, period=month, target=targets.get(area))
        )
    return made, silent


def months_told(values: ir.Table, areas: Sequence[str], run: Run = in_memory) -> list[str]:
    """Return the months of which some areas sent a number, the newest first."""
    asked = _asked_months(values, areas).select("period").distinct()
    return sorted(run(asked)["period"], reverse=True)


def _asked_months(v: ir.Table, areas: Sequence[str]) -> ir.Table:
    rows = v.filter(
        v.place_code.isin(list(areas)) & (v.period_type == "month") & ~v.adjusted & ~v.cumulative
        & v.indicator.isin(list(DOSES)) & v.value.notnull()
    )  # fmt: skip
    return rows.select("place_code", "period", "indicator", "value", "completeness", "tree")


def _first_tree(frame: pd.DataFrame) -> pd.DataFrame:
    """Return each number once: that of the health tree before the other's."""
    newest = frame.sort_values("tree", ascending=False)
    return newest.drop_duplicates(["place_code", "period", "indicator"]).drop(columns="tree")


def _targets(values: ir.Table, areas: Sequence[str], year: int, tree: Tree, run: Run) -> dict[str, float]:
    """Return the official surviving infants of a year by area."""
    own = values.filter(values.place_code.isin(list(areas)) & (values.indicator == "dtp1_coverage"))
    rows = yearly_rows(own, tree, run)
    rows = rows[(rows["year"] == year) & rows["kind"].isin(["official", "projection"])]
    rows = rows.sort_values(["kind", "population"]).drop_duplicates("place_code")
    return dict(zip(rows["place_code"], rows["denominator"], strict=True))


def _day(store: Store, now: datetime) -> date:
    manifest = store.latest(INDICATOR_VALUES.name)
    return manifest.created.date() if manifest else now.date()


def _file_name(code: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]", "_", code)
