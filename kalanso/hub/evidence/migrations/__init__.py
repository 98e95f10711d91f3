"""How did the tables of the evidence desk come to be?"""
