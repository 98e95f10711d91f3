"""How do records of the evidence desk change? Atomic, keyword-only, signed `by`, each with its line in the trail."""
