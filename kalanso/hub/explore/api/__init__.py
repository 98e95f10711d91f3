"""How do programs read tables, places, series, estimates and findings? One router a file."""
