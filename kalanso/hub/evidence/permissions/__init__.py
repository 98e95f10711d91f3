"""Who may bring evidence in, review it, ask for estimates from it, and let them out?"""

from kalanso.hub.evidence.permissions.desk import DESK_RULES
from kalanso.hub.evidence.permissions.runs import BACKWARD, NOBODY, RUN_RULES, RUN_STEPS

RULES = (*DESK_RULES, *RUN_RULES)

__all__ = ["BACKWARD", "DESK_RULES", "NOBODY", "RULES", "RUN_RULES", "RUN_STEPS"]
