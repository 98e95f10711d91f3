"""What does the worker do for the evidence desk?"""
