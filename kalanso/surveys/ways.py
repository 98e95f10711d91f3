"""What do children say whom no household survey asked: lots, telephones, chains, sites, lists, informants, settlements?

One way, one table, a few settings; one answer with its sentences, tables and rows for the joint estimate. How each is
computed is decided in `kalanso.surveys.lots` and `kalanso.surveys.access`; reading files is the pipeline's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from kalanso.surveys import lots
from kalanso.surveys.access.capture_recapture import chapman, chosen_count, log_linear
from kalanso.surveys.access.counts import Count, Z, coverage_of
from kalanso.surveys.access.findings import Finding, evidence
from kalanso.surveys.access.key_informants import Validation, corrected_listing
from kalanso.surveys.access.methods import METHODS
from kalanso.surveys.access.phone import phone_coverage
from kalanso.surveys.access.recruitment import chains, diagnosis
from kalanso.surveys.access.respondent_driven import respondent_driven
from kalanso.surveys.access.settlements import Factor, children_of_settlements
from kalanso.surveys.access.time_location import time_location
from kalanso.surveys.due_quarters import due_quarters
from kalanso.surveys.evidence_rows import evidence_table
from kalanso.surveys.handed_in import SurveyRefused, among, numbers, refuse_rows, with_columns
from kalanso.surveys.lots.rounds import ASSUMPTIONS as LOT_ASSUMPTIONS
from kalanso.surveys.tables import SMALL
from kalanso.vocabulary import Message

Settings = Mapping[str, Any]
TARGET = {"target": "812", "target_low": "690", "target_high": "950"}
FACTORS = ("inhabited", "people_per_building", "child_share")
FACTOR = "{value: 6.1, low: 5.4, high: 6.9, source: …}"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Of whom: the round, its place and days, ages in months (12 and 24: 12 to 23 completed months), and the dose."""

    survey: str
    place_code: str
    first_day: date
    last_day: date
    ages_months: tuple[int, int]
    indicator: str


@dataclass(frozen=True, kw_only=True)
class Answer:
    """`sentences` are shown with the number wherever it goes, `assumptions` must hold, `direction` is that of the bias of coverage.

    `finding` is None where a way gives decisions or children, not a coverage. `tables` are shown beside; `evidence` are rows
    of `survey_evidence`, none where nothing can be told to the estimate.
    """

    sentences: tuple[Message, ...]
    assumptions: tuple[Message, ...]
    direction: str
    finding: Finding | None = None
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    evidence: pd.DataFrame = field(default_factory=lambda: evidence_table([]))

    @property
    def children(self) -> int:
        """Of how many children it was told: those asked about, missed children that were counted, or all of its lots."""
        if self.finding is not None:
            return self.finding.children
        return int(self.evidence["children"].sum()) if len(self.evidence) else 0

    @property
    def few(self) -> bool:
        """Whether its coverage rests on too few children to be told."""
        return self.finding is not None and self.finding.children < SMALL


@dataclass(frozen=True, kw_only=True)
class Way:
    """How a way answers; the settings that it needs and may have, each with an example; whether it reads a table, and has one place."""

    answer: Callable[[pd.DataFrame, Settings, Asked, np.random.Generator], Answer]
    needs: Mapping[str, str] = field(default_factory=dict)
    may: Mapping[str, str] = field(default_factory=dict)
    table: str = ""  # its usual file
    one_place: bool = True


def answer(
    way: str, table: pd.DataFrame | None, settings: Settings, asked: Asked, *, rng: np.random.Generator
) -> Answer:
    """Return what a way says. `settings` are those of the way; columns of `table` those of the function that it names.

    Raises SurveyRefused for an unknown way, a setting that lacks, is unknown or cannot be, and for tables that cannot be used.
    """
    if way not in WAYS:
        raise SurveyRefused("surveys.ways.unknown", found=way, expected=", ".join(WAYS))
    known = WAYS[way]
    for name, example in known.needs.items():
        if settings.get(name) is None:
            raise SurveyRefused("surveys.ways.setting", way=way, setting=name, expected=example)
    if unknown := sorted(set(settings) - set(known.needs) - set(known.may)):
        raise SurveyRefused(
            "surveys.ways.unknown_setting", way=way, found=", ".join(unknown), expected=", ".join([*known.needs, *known.may]) or "–"
        )  # fmt: skip
    if table is None and known.table:
        raise SurveyRefused("surveys.ways.no_table", way=way, file=known.table)
    try:
        return known.answer(pd.DataFrame() if table is None else table, settings, asked, rng)
    except SurveyRefused:
        raise
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise SurveyRefused("surveys.ways.impossible", way=way, reason=str(error)) from error


def _of(
    found: Finding, asked: Asked, *more: Message, tables: Mapping[str, pd.DataFrame] | None = None
) -> Answer:
    start, end = due_quarters(asked.first_day, asked.last_day, asked.ages_months, asked.indicator)
    rows = evidence(
        found, round=asked.survey, place_code=asked.place_code, start=start, end=end, indicator=asked.indicator
    )  # fmt: skip
    return Answer(
        sentences=(found.label, *more), assumptions=found.assumptions, direction=found.method.direction, finding=found,
        tables=tables or {}, evidence=rows,
    )  # fmt: skip


def _whole(table: pd.DataFrame, name: str, columns: tuple[str, ...]) -> pd.DataFrame:
    """Return a table whose columns of 0 and 1 may have been written as text."""
    rows = with_columns(table, name, columns)
    for column in columns:
        among(rows, name, column, ["0", "1", 0, 1])
        rows[column] = rows[column].astype(int)
    return rows


def _phone(table: pd.DataFrame, given: Settings, asked: Asked, rng: np.random.Generator) -> Answer:
    """Table: respondent, vaccinated, numbers_held, columns of `margins`; see `phone_coverage`."""
    ratio = given.get("odds_ratio")
    found = phone_coverage(
        _whole(table, "respondents", ("vaccinated",)), margins=given.get("margins") or {}, phoneless_share=float(given["phoneless_share"]),
        odds_ratio=(float(ratio[0]), float(ratio[1])) if ratio else None,
    )  # fmt: skip
    return _of(found.reachable, asked, found.bounds)


def _chains(table: pd.DataFrame, given: Settings, asked: Asked, rng: np.random.Generator) -> Answer:
    """Table: person, recruiter, network_size, vaccinated, position; see `chains`."""
    sample = chains(_whole(table, "people", ("vaccinated",)))
    population = given.get("population")
    found = respondent_driven(sample, population=None if population is None else int(population), rng=rng)
    doubts = diagnosis(sample, found.coverage)
    known = [(row["message"], json.loads(row["params"])) for row in doubts.to_dict("records")]
    told = [Message(name, params) for name, params in known if None not in params.values()]
    return _of(found, asked, *told, tables={"chains": doubts})


def _sites(table: pd.DataFrame, given: Settings, asked: Asked, rng: np.random.Generator) -> Answer:
    """Table: person, site_day, p_site_day, counted, interviewed, visits, vaccinated; see `time_location`."""
    return _of(time_location(_whole(table, "people", ("vaccinated",))), asked)


def _missed(missed: Count, given: Settings, asked: Asked, **tables: pd.DataFrame) -> Answer:
    """Return the coverage that missed children mean among the target, which is known with its interval."""
    value, low, high = (float(given[name]) for name in TARGET)
    target = Count(
        method="settlements", estimate=value, low=low, high=high, standard_error=(high - low) / (2 * Z)
    )
    return _of(coverage_of(missed, target), asked, tables=tables)


def _lists(table: pd.DataFrame, given: Settings, asked: Asked, rng: np.random.Generator) -> Answer:
    """Table: a column of 0 and 1 for each list of missed children, and `count`; see `chapman` (two lists), `log_linear` (more)."""
    names = tuple(str(name) for name in table if name != "count")
    if len(names) < 2:
        raise SurveyRefused("surveys.ways.lists", found=", ".join(names) or "–")
    rows = _whole(with_columns(table, "histories", [*names, "count"]), "histories", names)
    rows["count"] = numbers(rows, "histories", "count")
    if len(names) > 2:
        models = log_linear(rows, names)
        return _missed(chosen_count(models), given, asked, models=models)
    on = [rows[name].eq(1) for name in names]
    first, second, both = (int(rows.loc[held, "count"].sum()) for held in (*on, on[0] & on[1]))
    return _missed(chapman(first, second, both), given, asked)


def _informants(table: pd.DataFrame, given: Settings, asked: Asked, rng: np.random.Generator) -> Answer:
    """No table: how many were listed, and what the check found; see `Validation` and `corrected_listing`."""
    checked = Validation(
        **{name: int(given[name]) for name in ("checked", "checked_missed", "found_missed", "found_listed")}
    )
    found = corrected_listing(int(given["listed"]), checked, deff=float(given.get("deff", 1.0)), rng=rng)
    return _missed(found, given, asked, check=checked.shares())


def _settlements(table: pd.DataFrame, given: Settings, asked: Asked, rng: np.random.Generator) -> Answer:
    """Table: settlement, place_code, buildings, visited (0 or 1). Gives children, not coverage: nothing goes to the estimate."""
    rows = _whole(table, "settlements", ("visited",))
    inhabited, people_per_building, child_share = (Factor(**given[name]) for name in FACTORS)
    found, by_visit = children_of_settlements(
        rows.assign(visited=rows["visited"].astype(bool)), inhabited=inhabited, people_per_building=people_per_building,
        child_share=child_share, rng=rng,
    )  # fmt: skip
    counts = pd.DataFrame(
        [(place, one.estimate, one.low, one.high) for place, one in found.items()],
        columns=["place_code", "children", "low", "high"],
    )
    method = METHODS["settlements"]
    return Answer(
        sentences=tuple(Message(row["message"], json.loads(row["params"])) for row in by_visit.to_dict("records")),
        assumptions=tuple(map(Message, method.assumptions)), direction=method.direction, tables={"children": counts, "settled": by_visit},
    )  # fmt: skip


def plan_of(given: Settings) -> lots.LotPlan:
    """Return the rule of a plan: the smallest decision value that keeps both errors. Raises SurveyRefused."""
    return lots.decision_rule(
        int(given["children"]), lower=float(given["lower"]), upper=float(given["upper"]), alpha=float(given.get("alpha", 0.1)),
        beta=float(given.get("beta", 0.1)), children_per_cluster=int(given.get("children_per_cluster", 1)), icc=float(given.get("icc", 0)),
    )  # fmt: skip


def rule(plan: lots.LotPlan, *, lower: float, upper: float) -> Message:
    """Return the sentence on from how many vaccinated children on a lot passes, and how often that errs at both limits."""
    errors = {"passing": plan.pass_probability(lower), "failing": 1 - plan.pass_probability(upper)}
    told = {"children": plan.children, "decision": plan.decision, "lower": lower, "upper": upper}
    return Message("surveys.ways.rule", told | errors)


def _lots(table: pd.DataFrame, given: Settings, asked: Asked, rng: np.random.Generator) -> Answer:
    """Table: round, place_code, indicator, children, vaccinated, interviewed_from, interviewed_to; the rule is made from the settings.

    Rounds stand in the order of their first day. Each is one of the evidence, named survey:round also where it is alone, so that it keeps
    its name once another comes.
    """
    plan = plan_of(given)
    rows = with_columns(
        table,
        "lots",
        ["round", "place_code", "indicator", "children", "vaccinated", "interviewed_from", "interviewed_to"],
    )
    for name in ("interviewed_from", "interviewed_to"):
        days = pd.to_datetime(rows[name], errors="coerce", format="%Y-%m-%d")
        refuse_rows(rows, "lots", name, days.isna(), Message("surveys.ways.day"))
        rows[name] = days.dt.date
    backwards = rows["interviewed_to"] < rows["interviewed_from"]
    refuse_rows(rows, "lots", "interviewed_to", backwards, Message("surveys.ways.last_day"))
    judged = lots.judged(rows, plan)
    order = list(judged.sort_values("interviewed_from", kind="stable")["round"].drop_duplicates())
    told = lots.evidence(
        judged.assign(round=f"{asked.survey}:" + judged["round"]), ages_months=asked.ages_months
    )
    tables = {
        "lots": lots.over_time(judged, order),
        "operating_curve": lots.operating_curve(plan, [at / 20 for at in range(21)]),
    }
    return Answer(
        sentences=(rule(plan, lower=float(given["lower"]), upper=float(given["upper"])),), assumptions=tuple(map(Message, LOT_ASSUMPTIONS)), direction="unknown",
        tables=tables, evidence=told,
    )  # fmt: skip


WAYS: Mapping[str, Way] = {
    "lots": Way(
        answer=_lots, table="lots.csv", needs={"children": "19", "lower": "0.5", "upper": "0.8"}, one_place=False,
        may={"alpha": "0.1", "beta": "0.1", "children_per_cluster": "1", "icc": "0.1"},
    ),
    "phone": Way(
        answer=_phone, table="respondents.csv", needs={"phoneless_share": "0.35"},
        may={"margins": "{mother_education: {none: 0.7, some: 0.3}}", "odds_ratio": "[0.3, 0.7]"},
    ),
    "respondent_driven": Way(answer=_chains, table="people.csv", may={"population": "4000"}),
    "time_location": Way(answer=_sites, table="people.csv"),
    "capture_recapture": Way(answer=_lists, table="histories.csv", needs=TARGET),
    "key_informants": Way(
        answer=_informants, may={"deff": "1.5"},
        needs={"listed": "140", "checked": "40", "checked_missed": "31", "found_missed": "25", "found_listed": "17", **TARGET},
    ),
    "settlements": Way(
        answer=_settlements, table="settlements.csv", one_place=False,
        needs=dict.fromkeys(FACTORS, FACTOR),
    ),
}  # fmt: skip
