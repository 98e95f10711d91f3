"""What may somebody see, whom do they know, and what happened? Reads only."""
