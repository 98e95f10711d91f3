"""What of the portfolio may somebody see, and how is it counted?"""
