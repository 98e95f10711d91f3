"""Which records does the portfolio keep?

One file per kind of record; everything is imported here, since Django looks only here.
"""

from kalanso.hub.portfolio.models.cells import Cell, Milestone, Target
from kalanso.hub.portfolio.models.decisions import Decision, Meeting
from kalanso.hub.portfolio.models.factors import Factor
from kalanso.hub.portfolio.models.follow_up import ActionPoint, Escalation
from kalanso.hub.portfolio.models.interventions import Intervention
from kalanso.hub.portfolio.models.loads import Load
from kalanso.hub.portfolio.models.reports import Report

__all__ = [
    "ActionPoint",
    "Cell",
    "Decision",
    "Escalation",
    "Factor",
    "Intervention",
    "Load",
    "Meeting",
    "Milestone",
    "Report",
    "Target",
]
