"""Where do sheets, matches of names, findings and sources stand that people looked at?"""
