"""What may people type about a round of a survey, and what is said where it makes no sense?"""
