"""How do records of the evidence desk change? Atomic, signed `by`, each with its line in the trail."""
