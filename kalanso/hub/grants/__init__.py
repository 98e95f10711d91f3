"""Where is the money: what was granted, planned, committed, disbursed and spent, for which intervention and where?

Grants, their budget lines by intervention, organisation, district and year, and an append-only ledger of entries.
Currencies are never added up without saying by which rate.
"""
