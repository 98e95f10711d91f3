"""Which places have stopped reporting, were silent for long, or never spoke?

A place speaks in a month in which any of its numbers is given. Whether the reports of a district
are complete is asked by `completeness`.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
from ibis import _

from kalanso.quality.evidence import Evidence
from kalanso.quality.findings import findings, grade, together

NAME = "silence"


def find(evidence: Evidence) -> ir.Table:
    """Return places that fell silent, gaps of several months, and places never heard of."""
    spoken = evidence.spoken.filter(evidence.spoken.period_type == "month")
    return together(
        _stopped(evidence, spoken),
        _gaps(evidence, spoken),
        _blank(evidence, spoken),
        _absent(evidence, spoken),
    )


def latest_steps(spoken: ir.Table) -> ir.Table:
    """Return the last step of each source at which at least half of its usual places spoke.

    Reports of the last months arrive late, and must not make every place look silent.
    """
    steps = spoken.group_by("source", "period_type", "step").agg(places=spoken.count())
    best = steps.group_by("source", "period_type").agg(most=steps.places.max())
    full = steps.join(best, ["source", "period_type"]).filter(_.places >= 0.5 * _.most)
    return full.group_by("source", "period_type").agg(latest=full.step.max(), earliest=full.step.min())


def _stopped(evidence: Evidence, spoken: ir.Table) -> ir.Table:
    months, serious = evidence.threshold("silence.months"), evidence.threshold("silence.months_serious")
    last = spoken.group_by("source", "period_type", "place_code").agg(
        step=spoken.step.max(), spoke=spoken.count()
    )
    rows = last.join(latest_steps(spoken), ["source", "period_type"]).mutate(silent=_.latest - _.step)
    told = _heard_elsewhere(last, rows.filter(_.silent >= months))
    return findings(
        evidence, evidence.dated(told), message="quality.silence", case=ibis.cases((_.heard, "heard"), else_="stopped"),
        indicator=evidence.lead, value=_.silent, expected=0.0, params={"n": _.silent, "spoke": _.spoke},
        severity=grade(attention=_.silent >= months, serious=(_.silent >= serious) & ~_.heard),
    )  # fmt: skip


def _heard_elsewhere(last: ir.Table, silent: ir.Table) -> ir.Table:
    """Add whether another source tells of a place for longer: it works, and its reports are lost on the way."""
    others = last.select(other="source", period_type="period_type", place_code="place_code", until="step")
    later = silent.join(others, ["period_type", "place_code"]).filter(_.other != _.source, _.until > _.step)
    named = later.select("source", "period_type", "place_code").distinct().mutate(heard=True)
    both = silent.left_join(named, ["source", "period_type", "place_code"]).select(silent, named.heard)
    return both.mutate(heard=both.heard.fill_null(False))


def _gaps(evidence: Evidence, spoken: ir.Table) -> ir.Table:
    own = ibis.window(group_by=["source", "period_type", "place_code"], order_by="step")
    after = spoken.mutate(before=spoken.step.lag(1).over(own))
    gaps = after.mutate(silent=_.step - _.before - 1).filter(_.silent >= evidence.threshold("silence.months"))
    # The step before the gap is one at which the place spoke, hence one of the calendar.
    rows = gaps.mutate(step=_.before)
    return findings(
        evidence, evidence.dated(rows), message="quality.silence.gap", indicator=evidence.lead,
        value=_.silent, expected=0.0, severity="note", params={"n": _.silent},
    )  # fmt: skip


def _blank(evidence: Evidence, spoken: ir.Table) -> ir.Table:
    units = evidence.units.filter(evidence.units.period_type == "month")
    places = units.select("source", "period_type", "place_code").distinct()
    never = places.anti_join(spoken, ["source", "period_type", "place_code"])
    rows = never.join(latest_steps(spoken), ["source", "period_type"]).mutate(step=_.earliest)
    return findings(
        evidence, evidence.dated(rows), message="quality.silence.never", indicator=evidence.lead,
        value=0.0, expected=_.latest - _.earliest + 1, severity="attention", params={},
    )  # fmt: skip


def _absent(evidence: Evidence, spoken: ir.Table) -> ir.Table:
    """Find listed places without any row, beside reporting places of the same level and parent."""
    levels = evidence.places.select("place_code", "level")
    nearest = _parent_of_listed(evidence)
    here = spoken.select("source", "period_type", "place_code").distinct().join(levels, "place_code")
    heard = here.join(nearest, "place_code")
    groups = heard.group_by("source", "period_type", "group_code", "level").agg(heard=heard.count())
    listed = nearest.join(levels, "place_code").join(groups, ["group_code", "level"])
    missing = listed.anti_join(here, ["source", "period_type", "place_code"])
    told = missing.group_by("source", "period_type", "group_code", "level", "heard").agg(
        absent=missing.count(), codes=missing.place_code.collect().sort()
    )
    rows = told.join(latest_steps(spoken), ["source", "period_type"]).mutate(
        step=_.earliest, place_code=_.group_code, codes=_.codes[: evidence.threshold("shared_falls.listed")]
    )
    return findings(
        evidence, evidence.dated(rows), message="quality.silence.absent", indicator=evidence.lead,
        detail=_.level, value=_.absent, expected=0.0, severity="note",
        params={"n": _.absent, "heard": _.heard, "places": _.codes, "level": _.level},
    )  # fmt: skip


def _parent_of_listed(evidence: Evidence) -> ir.Table:
    """Return each listed place with the lowest place above it at a level where numbers are added up."""
    own = evidence.lineage.filter(
        _.ancestor_code != _.place_code, _.ancestor_level.isin(list(evidence.threshold("levels")))
    )
    return evidence.lowest(own)
