"""What do household surveys say, from design to published estimates, and what where none can go?

Schedules and dose validity, cleaning with a log of every correction, design-based estimates, indicators as
VCQI computes them. Survey evidence in the joint estimate belongs to `kalanso.coverage`.
"""

from kalanso.surveys import estimation
from kalanso.surveys.cleaning import ChildrenRefused, Cleaned, clean
from kalanso.surveys.comparisons import compare
from kalanso.surveys.corrections import CorrectionRefused, rule_sentence
from kalanso.surveys.dose_ages import cumulative_coverage, cumulative_interval, dose_by_age
from kalanso.surveys.estimates import estimate, low_clusters
from kalanso.surveys.measures import MEASURES, Measure
from kalanso.surveys.record import Record, RecordRefused, record
from kalanso.surveys.rounds import OLDER, YOUNGER, Cohort, Round, RoundRefused
from kalanso.surveys.schedule import Rules, ScheduleRefused, rules_for, schedule_table
from kalanso.surveys.tables import POLICIES, SURVEY_ESTIMATES
from kalanso.surveys.validity import STRICT, VCQI

__all__ = [
    "MEASURES",
    "OLDER",
    "POLICIES",
    "STRICT",
    "SURVEY_ESTIMATES",
    "VCQI",
    "YOUNGER",
    "ChildrenRefused",
    "Cleaned",
    "Cohort",
    "CorrectionRefused",
    "Measure",
    "Record",
    "RecordRefused",
    "Round",
    "RoundRefused",
    "Rules",
    "ScheduleRefused",
    "clean",
    "compare",
    "cumulative_coverage",
    "cumulative_interval",
    "dose_by_age",
    "estimate",
    "estimation",
    "low_clusters",
    "record",
    "rule_sentence",
    "rules_for",
    "schedule_table",
]
