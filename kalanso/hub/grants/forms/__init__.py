"""What do people fill in about money?"""
