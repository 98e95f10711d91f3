"""What do people fill in about themselves and others?"""

from kalanso.hub.people.forms.logins import Login

__all__ = ["Login"]
