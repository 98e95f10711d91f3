"""What do people fill in at the evidence desk?"""
