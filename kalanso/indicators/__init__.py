"""What does an indicator say, for a place and a period?"""
