"""Which records does the portfolio keep?

One file per kind of record; everything is imported here, since Django looks only here.
"""

from kalanso.hub.portfolio.models.cells import Cell, Milestone, Target
from kalanso.hub.portfolio.models.interventions import Intervention
from kalanso.hub.portfolio.models.loads import Load
from kalanso.hub.portfolio.models.reports import Report

__all__ = ["Cell", "Intervention", "Load", "Milestone", "Report", "Target"]
