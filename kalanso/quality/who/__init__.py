"""How good is routine data by the metrics of WHO's data quality review, so that it can be compared with other tools?

The four domains of the review (Data quality review: a toolkit for facility data quality assessment,
WHO 2017, module 1 "Framework and metrics", updated 2020): completeness and timeliness (1a to 1d),
internal consistency (2a to 2e), external consistency (3a), and the populations behind the shares
(4a, 4b). One file per domain; plain tables in and out. The findings of the robust checks stand beside
them, in the package above.
"""

from kalanso.quality.who.metrics import metrics
from kalanso.quality.who.numbers import Numbers, gather

__all__ = ["Numbers", "gather", "metrics"]
