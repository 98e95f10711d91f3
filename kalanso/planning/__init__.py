"""What should be done where under a budget, and where would the next survey teach most?

Plans are chosen on the joint draws of the estimate, so that a doubt about coverage or about the
effect of an action reaches the number of children that a plan may promise. Every plan says whom it
leaves out.
"""

from kalanso.planning.design import Costing, Shares, Suggestion, costing, suggest
from kalanso.planning.options import Approach, Options, options
from kalanso.planning.plans import CAREFUL, EXPECTED, Plan, PlanRefused, frontier, plan
from kalanso.planning.survey_sites import next_clusters, survey_value

__all__ = [
    "CAREFUL",
    "EXPECTED",
    "Approach",
    "Costing",
    "Options",
    "Plan",
    "PlanRefused",
    "Shares",
    "Suggestion",
    "costing",
    "frontier",
    "next_clusters",
    "options",
    "plan",
    "suggest",
    "survey_value",
]
