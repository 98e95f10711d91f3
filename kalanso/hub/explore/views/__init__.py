"""Which page answers which address? Views translate; `queries` read."""
