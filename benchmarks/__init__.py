"""How fast is each part, and how far from the limit and from its peers?

Ratios measured in one run on one machine; absolute seconds are only for the person who ran it.
"""
