"""Which rounds may somebody see, what do they say, and what waits for whom?"""
