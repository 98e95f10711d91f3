"""How alike do people read what families said?

`krippendorff` tells how far coders of the same words agree beyond chance, on any scale and with gaps; `agreement` adds an interval and
what it allows to be said. Codebooks, matrices and their exchange are to follow.
"""

from kalanso.qualitative.agreement import Agreement, CodesRefused, agreement, krippendorff

__all__ = ["Agreement", "CodesRefused", "agreement", "krippendorff"]
