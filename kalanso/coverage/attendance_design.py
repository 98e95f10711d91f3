"""Which areas' children may be vaccinated in which other areas?

Named by `attendance.csv`: hubs that attract from afar (a district's referral centre, a town's health centre, a
host site), and places inside which areas exchange children with those they touch. Only areas so
named are concerned; all others vaccinate their own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kalanso.coverage.evidence import Evidence
from kalanso.coverage.priors import Priors
from kalanso.coverage.question import Question
from kalanso.coverage.records import Flags, Floats, Ints, Reports

HUB, NEIGHBOURS = "hub", "neighbours"
# The attraction that all exchange among neighbours shares.
EXCHANGE = "neighbours"


@dataclass(frozen=True, eq=False)
class AttendanceDesign:
    """Areas concerned (S) and the ways between them (W): from `home` to `away` (places in `areas`), by which
    attraction (`pull`), at which log weight. Attractions have normal priors (log odds of going there
    against staying). `reports` are those of all areas as they came; `seen1`, `seen3` (S,T)."""

    areas: Ints
    home: Ints
    away: Ints
    pull: Ints
    log_weight: Floats
    attractions: list[str]
    mean: Floats
    sd: Floats
    reports: Reports
    seen1: Flags
    seen3: Flags
    lost: bool

    def silenced(self) -> Reports:
        """Return the reports without those of the areas concerned, which the term hears instead."""
        seen1, seen3 = self.reports.seen1.copy(), self.reports.seen3.copy()
        seen1[self.areas] = False
        seen3[self.areas] = False
        return self.reports._replace(seen1=seen1, seen3=seen3)


def attendance_design(
    evidence: Evidence, question: Question, priors: Priors, reports: Reports
) -> AttendanceDesign:
    """Return the ways of the places named. `lost` says that a row of the file leads nowhere."""
    used = question.attendance and question.routine
    ways, lost = ways_of(evidence) if used else ({}, False)
    areas = np.array(sorted({i for way in ways for i in way[:2]}), np.int64)
    at = {int(i): s for s, i in enumerate(areas)}
    names = list(dict.fromkeys(way[2] for way in ways))
    out = np.zeros(len(areas))
    for home, _, name in ways:
        out[at[home]] += name == EXCHANGE
    weights = [-np.log(out[at[home]]) if name == EXCHANGE else 0.0 for home, _, name in ways]
    mean, sd = _beliefs(evidence, priors, names)
    return AttendanceDesign(
        areas, np.array([at[w[0]] for w in ways], np.int64), np.array([at[w[1]] for w in ways], np.int64),
        np.array([names.index(w[2]) for w in ways], np.int64), np.array(weights), names, mean, sd, reports,
        reports.seen1[areas], reports.seen3[areas], lost,
    )  # fmt: skip


def ways_of(evidence: Evidence) -> tuple[dict[tuple[int, int, str], None], bool]:
    """Return (home, away, attraction) of all ways, in order, and whether a row leads nowhere."""
    ways: dict[tuple[int, int, str], None] = {}
    lost = False
    index = evidence.area_index
    for row in evidence.attendance.to_dict("records"):
        place, kind, before = row["place_code"], row["kind"], len(ways)
        if kind == HUB and place in index:
            reach = row["from_code"] or evidence.parents[place] or place
            for home in evidence.members(reach):
                if home != index[place]:
                    ways[int(home), index[place], str(place)] = None
        elif kind == NEIGHBOURS:
            inside = set(evidence.members(place).tolist())
            pairs = evidence.neighbours
            for one, other in zip(pairs["place_code"], pairs["neighbour_code"], strict=True):
                if index[one] in inside:
                    ways[index[one], index[other], EXCHANGE] = None
        lost |= len(ways) == before
    # A way to a hub is not also one to a neighbour.
    hubs = {way[:2] for way in ways if way[2] != EXCHANGE}
    return {way: None for way in ways if way[2] != EXCHANGE or way[:2] not in hubs}, lost


def _beliefs(evidence: Evidence, priors: Priors, names: list[str]) -> tuple[Floats, Floats]:
    """Return prior mean and standard deviation of each attraction; a stated share moves the mean."""
    frame = evidence.attendance
    stated = frame[(frame["kind"] == HUB) & frame["share"].notna()].groupby("place_code")["share"].mean()
    mean, sd = np.zeros(len(names)), np.zeros(len(names))
    for a, name in enumerate(names):
        mean[a], sd[a] = priors("attendance", EXCHANGE if name == EXCHANGE else HUB).numbers
        if name in stated.index:
            share = min(max(float(stated[name]), 0.005), 0.95)
            mean[a], sd[a] = np.log(share / (1 - share)), priors.fixed("attendance", "stated_sd")
    return mean, sd
