"""What may people type at the evidence desk, and what is said where it makes no sense?"""
