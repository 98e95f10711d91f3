"""What may people type about the portfolio, and what is said where it makes no sense?"""
