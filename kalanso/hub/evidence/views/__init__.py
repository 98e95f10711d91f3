"""Which pages does the evidence desk have?"""
