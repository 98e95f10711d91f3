"""What do people fill in about themselves and others?"""

from kalanso.hub.people.forms.logins import ChangePassword, Login, ResetPassword, SecondProof

__all__ = ["ChangePassword", "Login", "ResetPassword", "SecondProof"]
