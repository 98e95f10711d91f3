"""How are sparse Gaussian fields on a graph of areas built and factored?

Structure matrices of neighbourhoods, and a sparse Cholesky factor with what the estimator needs of
it: solves with one triangle at a time, its determinant, and the diagonal of the inverse. Knows
nothing of vaccination.
"""

from kalanso.coverage.gmrf.cholesky import Factor, NotPositiveDefinite, Pattern
from kalanso.coverage.gmrf.icar import Structure, structure

__all__ = ["Factor", "NotPositiveDefinite", "Pattern", "Structure", "structure"]
