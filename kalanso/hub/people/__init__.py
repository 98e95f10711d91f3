"""Who works with the hub, in which role and for which places, and what did they say and change?"""
