"""How do programs read what pages show, and with whose eyes?"""
