"""What does the evidence desk know, for whom?"""
