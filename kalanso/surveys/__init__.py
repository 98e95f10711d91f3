"""What do household surveys say, from design to published estimates, and what where none can go?

Schedules and dose validity, cleaning with a log of every correction, design-based estimates, indicators as
VCQI computes them. Survey evidence in the joint estimate belongs to `kalanso.coverage`.
"""

from kalanso.surveys import estimation

__all__ = ["estimation"]
