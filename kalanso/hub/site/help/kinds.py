"""In which three short answers is a page explained, and who asks for most of them?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Help:
    """Three short answers: what stands here, who asks for it, what it is used for."""

    what: Any
    who: Any
    use: Any


TEAMS = _("Les équipes de district et de région, le CNI et leurs partenaires.")
ANALYSTS = _("Le CNI, les chercheurs et ceux qui vérifient un chiffre avant de le citer.")
SUPERVISORS = _("Les directions régionales, le CNI et les administrateurs.")
YOURSELF = _("Vous seul.")
EVERYBODY = _("Tout le monde.")
