"""What is believed before any evidence is read?

Reads `priors.yaml`, the one place where priors stand with their reasons, and says how dense each is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

PRIORS_FILE = Path(__file__).with_name("priors.yaml")
KINDS = ("normal", "away", "lognormal", "beta", "fixed")


class PriorRefused(ValueError):
    """A line of the priors' file that says nothing understood."""


def bounded(kind: str, x: float) -> tuple[float, float]:
    """Return the natural value of a coordinate and its slope."""
    if kind == "log":
        value = math.exp(x)
        return value, value
    if kind == "logit":
        value = 1.0 / (1.0 + math.exp(-x))
        return value, value * (1.0 - value)
    if kind == "tanh":
        value = math.tanh(x / 2)
        return value, 0.5 * (1.0 - value * value)
    return x, 1.0


@dataclass(frozen=True)
class Prior:
    """One prior: its kind, its numbers, and why.

    `normal` (mean, sd); `away` (rate,) of an exponential density; `lognormal` (median, sd of log);
    `beta` (a, b); `fixed` (value,).
    """

    kind: str
    numbers: tuple[float, ...]
    why: str

    @property
    def value(self) -> float:
        """The number of a fixed prior, or the middle of another."""
        if self.kind == "away":
            return math.log(2) / self.numbers[0]
        if self.kind == "beta":
            return self.numbers[0] / sum(self.numbers)
        return self.numbers[0]


@dataclass(frozen=True)
class Priors:
    """All priors by section and name."""

    entries: Mapping[tuple[str, str], Prior]

    def __call__(self, section: str, name: str) -> Prior:
        """Return one prior."""
        try:
            return self.entries[section, name]
        except KeyError:
            known = sorted(n for s, n in self.entries if s == section)
            raise PriorRefused(f"{section}: expected a prior among {known}, got {name}") from None

    def of_dose(self, section: str, name: str, dose: str) -> Prior:
        """Return the prior named for a dose, such as `intercept_mcv1`; else the one for all doses."""
        return self.entries.get((section, f"{name}_{dose}")) or self(section, name)

    def fixed(self, section: str, name: str) -> float:
        """Return the value of one prior that is a fixed number."""
        return self(section, name).value


def read_priors(text: str) -> Priors:
    """Return the priors of a file's text. Raises PriorRefused naming the line that is not understood."""
    entries = {
        (section, name): _prior(f"{section}.{name}", line)
        for section, lines in yaml.safe_load(text).items()
        for name, line in lines.items()
    }
    return Priors(entries)


@cache
def default_priors() -> Priors:
    """Return the priors that ship with the package."""
    return read_priors(PRIORS_FILE.read_text(encoding="utf-8"))


def _prior(where: str, line: Mapping[str, Any]) -> Prior:
    kinds = [kind for kind in KINDS if kind in line]
    if len(kinds) != 1 or "why" not in line:
        raise PriorRefused(
            f"{where}: expected one of {', '.join(KINDS)} and a reason (why), got {dict(line)}"
        )
    kind = kinds[0]
    given = line[kind]
    if kind == "away":
        return Prior(kind, (-math.log(given["chance"]) / given["beyond"],), line["why"])
    numbers = tuple(float(x) for x in (given if isinstance(given, list) else [given]))
    return Prior(kind, numbers, line["why"])
