"""How is money written down: grants, lines, entries, rates, sheets?"""
