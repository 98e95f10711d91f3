"""What do the pages ask of the published tables?

`shelf` opens the store; every other file answers one family of questions with plain values.
"""
