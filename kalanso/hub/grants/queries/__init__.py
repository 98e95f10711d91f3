"""What of the money may somebody see, how is it counted, and what waits for whom?"""
