"""How do programs read the portfolio? What is planned and done in one router, what holds it back and was decided in another."""
