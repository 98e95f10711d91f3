"""What does the hub do by itself, behind the pages, and how does none of it get lost or done twice?"""
