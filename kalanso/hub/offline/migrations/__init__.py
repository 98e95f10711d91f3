"""How did the table of jobs change?"""
