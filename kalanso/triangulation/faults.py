"""Why can sources not be set beside one another as they were given?"""

from __future__ import annotations

from kalanso.vocabulary import Refusal


class TriangulationRefused(Refusal, ValueError):
    """Tables or numbers that cannot be compared: says what was expected, what came, and where."""
