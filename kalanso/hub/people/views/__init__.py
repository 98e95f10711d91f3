"""Which pages stand around people: accounts, roles, organisations, the trail, notifications?"""
