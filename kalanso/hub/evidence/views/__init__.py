"""How do the pages of the evidence desk answer?"""
