"""What of the portfolio do other pages show?"""
