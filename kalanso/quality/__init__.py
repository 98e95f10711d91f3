"""What is this package for? (its author says so here)"""
