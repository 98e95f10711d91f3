"""What does the machine do for the portfolio by itself?"""
