"""Why was a definitions pack refused?"""

from __future__ import annotations


class PackFault(ValueError):
    """An entry of a pack that cannot be used: which file, which key, what was expected, what came."""

    def __init__(self, *, file: str, key: str, expected: str, found: object) -> None:
        self.file, self.key, self.expected, self.found = file, key, expected, found
        super().__init__(f"{file}: {key}: expected {expected}, found {found!r}")


class UnknownCode(KeyError):
    """A code that the pack does not hold."""

    def __str__(self) -> str:
        return str(self.args[0])
