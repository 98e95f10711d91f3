"""How do people work where there is no network? Kept pages, an outbox on the telephone, forms that may wait."""
