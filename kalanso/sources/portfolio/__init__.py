"""What does a sheet of the Full Portfolio Planning say: which interventions, where, until when, how much?

`sheet.read` finds the layout (one row per intervention and district, or districts as columns), `headings` what a column
is called, `values` what a cell means. Nothing is guessed: what cannot be told is a fault with its row and reason.
"""

from kalanso.sources.portfolio.sheet import PlannedCell, PlannedIntervention, PortfolioSheet, SheetFault, read

__all__ = ["PlannedCell", "PlannedIntervention", "PortfolioSheet", "SheetFault", "read"]
