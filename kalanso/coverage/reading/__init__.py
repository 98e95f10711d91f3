"""How do the files of an evidence folder become sound tables?

One file per kind of evidence; `cells` reads a CSV, `receipts` remembers what became of every row.
The door to use is `kalanso.coverage.folder`.
"""
