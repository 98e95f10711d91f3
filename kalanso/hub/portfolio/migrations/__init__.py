"""How did the tables of the portfolio come about? Written by Django."""
