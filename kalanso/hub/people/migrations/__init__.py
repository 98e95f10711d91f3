"""How did the tables of people change?"""
