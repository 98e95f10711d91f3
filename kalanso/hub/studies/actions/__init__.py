"""How do rounds of surveys change? Atomic, signed `by`, each with its line in the trail."""
