"""What do people do with evidence: bring it in, review it, ask for estimates from it, and let them out?"""
