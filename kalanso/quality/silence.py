"""Which places have stopped reporting, were silent for long, or never spoke; and in which months did a whole source bring nothing?

A place speaks in a month in which any of its numbers is given, or any number of a place below it in the same source. Months
in which the source heard of nobody are a gap of the source, told once, and no silence of any place. Whether the reports of
a district are complete is asked by `completeness`.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
from ibis import _

from kalanso.quality.evidence import Evidence
from kalanso.quality.findings import findings, grade, together
from kalanso.vocabulary import Level

NAME = "silence"
_WHERE = ["source", "period_type"]


def find(evidence: Evidence) -> ir.Table:
    """Return places that fell silent, gaps of several months, and places never heard of."""
    spoken = evidence.spoken.filter(evidence.spoken.period_type == "month")
    pulse = evidence.keep(_pulse(spoken))
    wide = evidence.keep(_with_below(evidence, spoken).join(pulse, [*_WHERE, "step"]))
    return together(
        _stopped(evidence, spoken, wide, pulse),
        _gaps(evidence, wide),
        _source_gaps(evidence, spoken, pulse),
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


def _pulse(spoken: ir.Table) -> ir.Table:
    """Return the months in which each source heard of anybody, counted from its first: `nth`."""
    months = spoken.select(*_WHERE, "step").distinct()
    return months.mutate(nth=ibis.row_number().over(group_by=_WHERE, order_by="step"))


def _with_below(evidence: Evidence, spoken: ir.Table) -> ir.Table:
    """Return in which months each place that speaks, or any place below it, spoke in the same source."""
    key = [*_WHERE, "place_code"]
    above = evidence.ancestry.filter(_.ancestor_code != _.place_code).select("place_code", "ancestor_code")
    below = spoken.select(*key, "step").join(above, "place_code")
    raised = below.select(*_WHERE, "step", place_code="ancestor_code").select(*key, "step")
    speakers = spoken.select(key).distinct()
    return spoken.select(*key, "step").union(raised.semi_join(speakers, key)).distinct()


def _stopped(evidence: Evidence, spoken: ir.Table, wide: ir.Table, pulse: ir.Table) -> ir.Table:
    months, serious = evidence.threshold("silence.months"), evidence.threshold("silence.months_serious")
    own = spoken.group_by(*_WHERE, "place_code").agg(spoke=spoken.count())
    last = wide.group_by(*_WHERE, "place_code").agg(step=wide.step.max(), nth=wide.nth.max())
    last = last.join(own, [*_WHERE, "place_code"])
    ends = latest_steps(spoken).join(pulse, _WHERE).filter(_.step == _.latest)
    rows = last.join(ends.select(*_WHERE, latest_nth="nth"), _WHERE).mutate(silent=_.latest_nth - _.nth)
    silent = _without_risen(evidence, spoken, rows.filter(_.silent >= months))
    told = _heard_elsewhere(last, silent)
    return findings(
        evidence, evidence.dated(told), message="quality.silence", case=ibis.cases((_.heard, "heard"), else_="stopped"),
        indicator=evidence.lead, value=_.silent, expected=0.0, params={"n": _.silent, "spoke": _.spoke},
        severity=grade(attention=_.silent >= months, serious=(_.silent >= serious) & ~_.heard),
    )  # fmt: skip


def _without_risen(evidence: Evidence, spoken: ir.Table, silent: ir.Table) -> ir.Table:
    """Leave out places for which a place above began to speak after they fell silent: the source changed its level."""
    first = spoken.group_by(*_WHERE, ancestor_code="place_code").agg(begun=spoken.step.min())
    above = evidence.ancestry.filter(_.ancestor_code != _.place_code).select("place_code", "ancestor_code")
    later = silent.join(above, "place_code").join(first, [*_WHERE, "ancestor_code"]).filter(_.begun > _.step)
    return silent.anti_join(later.select(*_WHERE, "place_code").distinct(), [*_WHERE, "place_code"])


def _heard_elsewhere(last: ir.Table, silent: ir.Table) -> ir.Table:
    """Add whether another source tells of a place for longer: it works, and its reports are lost on the way."""
    others = last.select(other="source", period_type="period_type", place_code="place_code", until="step")
    later = silent.join(others, ["period_type", "place_code"]).filter(_.other != _.source, _.until > _.step)
    named = later.select("source", "period_type", "place_code").distinct().mutate(heard=True)
    both = silent.left_join(named, ["source", "period_type", "place_code"]).select(silent, named.heard)
    return both.mutate(heard=both.heard.fill_null(False))


def _gaps(evidence: Evidence, wide: ir.Table) -> ir.Table:
    own = ibis.window(group_by=[*_WHERE, "place_code"], order_by="step")
    after = wide.mutate(before=wide.step.lag(1).over(own), before_nth=wide.nth.lag(1).over(own))
    gaps = after.mutate(silent=_.nth - _.before_nth - 1).filter(
        _.silent >= evidence.threshold("silence.months")
    )
    # The step before the gap is one at which the place spoke, hence one of the calendar.
    rows = gaps.mutate(step=_.before)
    return findings(
        evidence, evidence.dated(rows), message="quality.silence.gap", indicator=evidence.lead,
        value=_.silent, expected=0.0, severity="note", params={"n": _.silent},
    )  # fmt: skip


def _source_gaps(evidence: Evidence, spoken: ir.Table, pulse: ir.Table) -> ir.Table:
    """Find months in which a source heard of nobody, before it went on: told once, for the country."""
    own = ibis.window(group_by=_WHERE, order_by="step")
    after = pulse.mutate(before=pulse.step.lag(1).over(own))
    gaps = after.mutate(silent=_.step - _.before - 1).filter(_.silent >= evidence.threshold("silence.months"))
    top = evidence.ancestry.filter(_.ancestor_level == Level.COUNTRY.value)
    roots = spoken.select("source", "place_code").distinct().join(top, "place_code")
    roots = roots.group_by("source").agg(place_code=roots.ancestor_code.min())
    rows = gaps.mutate(step=_.before).join(roots, "source")
    return findings(
        evidence, evidence.dated(rows), message="quality.silence.source", indicator=evidence.lead,
        value=_.silent, expected=0.0, severity="attention", params={"n": _.silent, "source": _.source},
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
