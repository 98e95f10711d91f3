"""Who may bring evidence in, connect servers, review it, ask for estimates from it, and let them out?"""

from kalanso.hub.evidence.permissions.connections import CONNECTION_RULES
from kalanso.hub.evidence.permissions.desk import BRING, DESK_RULES, EVERYWHERE, PARTNERS, WORK_ON
from kalanso.hub.evidence.permissions.runs import BACKWARD, NOBODY, RUN_RULES, RUN_STEPS

RULES = (*DESK_RULES, *CONNECTION_RULES, *RUN_RULES)

__all__ = [
    "BACKWARD",
    "BRING",
    "CONNECTION_RULES",
    "DESK_RULES",
    "EVERYWHERE",
    "NOBODY",
    "PARTNERS",
    "RULES",
    "RUN_RULES",
    "RUN_STEPS",
    "WORK_ON",
]
