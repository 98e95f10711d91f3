"""Which pages does the hub have, and how are they put together?"""
