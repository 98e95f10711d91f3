"""What do the tables look like that set an estimate beside other answers?

Every method of the same place, what each source says of it, the same estimate under other assumptions
and without one source after the other. The last two are made after a run, by `kalanso assumptions`.
"""

from __future__ import annotations

from kalanso.coverage.run_columns import (
    INDICATOR,
    LEVEL,
    PLACE,
    SENTENCE,
    interval,
    number,
    of_run,
    text,
)
from kalanso.store import Column

METHODS = ("joint", "administrative", "countdown", "surveys_only", "who_unicef")
EVIDENCE_KINDS = REPORTED, SURVEYED, POPULATION, PUBLISHED = (
    "reported",
    "surveyed",
    "population",
    "published",
)
ASSUMPTIONS = ("none", "anchor_bias", "conflict_reporting", "recall", "cut")
_LATEST = text("period", "the newest four quarters by the last of them, as in `burden`")


def _whole(name: str, meaning: str) -> Column:
    return Column(name=name, type="int", meaning=meaning, minimum=0)


METHOD_COMPARISON = of_run(
    "method_comparison",
    "What every method says of the same place over the newest four quarters; a method without a number has no row",
    (
        PLACE, _LATEST, INDICATOR, text("method", "this estimate, or a method in use", METHODS),
        number("coverage_mean", "children-weighted coverage of the four quarters; may exceed 1", "share"),
        number("coverage_q025", "lower end of its 95 % interval; empty: the method claims none", "share", optional=True),
        number("coverage_q975", "upper end", "share", optional=True),
        number("surviving_infants_mean", "children due over the four quarters", "children", optional=True),
        number("missed_children_mean", "children without the dose; may be below 0", "children", optional=True, low=None),
        LEVEL,
    ),
    ("place_code", "period", "indicator", "method"),
)  # fmt: skip
PLACE_EVIDENCE = of_run(
    "place_evidence",
    "What every source says of a place, as it stands, on one axis",
    (
        PLACE, text("period", "quarter, or the last one of which the source speaks"), text("period_from", "the first one"),
        text("indicator", "dtp1 or dtp3; empty for populations"), text("source", "survey, or source of the population"),
        text("kind", "doses over the source's population, a survey, a population, or an estimate by others", EVIDENCE_KINDS),
        number("value", "share vaccinated; reported ones may exceed 1; empty for populations", "share", optional=True),
        number("low", "lower end of the 95 % interval from sampling alone", "share", optional=True, high=1.0),
        number("high", "upper end", "share", optional=True, high=1.0),
        number("numerator", "children vaccinated, or doses", "children", optional=True),
        number("denominator", "children asked about; children due per quarter", "children", optional=True),
        number("design_effect", "by which the variance of a survey's clusters exceeds that of children drawn one by one", "ratio", optional=True),
        LEVEL,
    ),
    ("place_code", "period", "period_from", "indicator", "source", "kind"),
)  # fmt: skip
ASSUMPTION_RUNS = of_run(
    "assumption_runs",
    "The same estimate under other assumptions: one preview per point, to be read beside the point `none`",
    (
        text("assumption", "what was moved; `none`: nothing", ASSUMPTIONS),
        number("setting", "by how much, from what the run assumed: log of the anchor's bias, log of over-reporting in conflict areas, share of vaccinated children whose mothers say so; 0 for `none`, 1 for `cut`", "", low=None),
        PLACE, _LATEST, INDICATOR, *interval("coverage", "share of due children with the dose", "share"),
        *interval("missed_children", "children of the four quarters without the dose", "children"), LEVEL,
    ),
    ("assumption", "setting", "place_code", "indicator"),
)  # fmt: skip
WITHOUT_SOURCES = of_run(
    "without_sources",
    "How much wider the intervals would be without each source, by level",
    (
        text("place_code", "the country"), text("source", "the source left out"), text("kind", "table of evidence that holds it"),
        text("place_level", "level of the places compared; empty where no estimate is possible without the source"),
        _whole("depth", "steps below the country"), _whole("places", "how many places were compared"),
        number("width_ratio_median", "width of the 95 % interval of coverage without over with it, median of the places", "ratio", optional=True),
        number("width_ratio_q90", "the same, 90 % quantile of the places", "ratio", optional=True),
        number("country_shift", "change of national coverage", "share", optional=True, low=-1, high=1), *SENTENCE,
    ),
    ("place_code", "source", "kind", "place_level", "depth"),
)  # fmt: skip

COMPARISON_TABLES = (METHOD_COMPARISON, PLACE_EVIDENCE)
LATER_TABLES = (ASSUMPTION_RUNS, WITHOUT_SOURCES)
