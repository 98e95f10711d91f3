"""Which interventions are planned in which district, how far is each, and who answers for it?

The Full Portfolio Planning as partners see it: interventions, cells (an intervention in a district), their plan,
their state and its reasons. Money stands in `grants`, numbers of children in the published tables.
"""
