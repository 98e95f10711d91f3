"""How did the tables of the evidence desk come about? Written by Django."""
