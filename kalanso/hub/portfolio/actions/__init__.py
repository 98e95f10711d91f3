"""How do records of the portfolio change? Atomic, signed `by`, each with its line in the trail."""
